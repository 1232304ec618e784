/* SPDX-License-Identifier: BSD-2-Clause */
#include "failmem.h"
#include "octets.h"
#include "runner.h"
#include "world.h"

#include <check.h>
#include <string.h>

#define DEVICE "0090332f688a"
#define SECOND ((h46017_time)1000)

static bool tells(const world *w, const char *line) {
  return world_count(w, line) > 0;
}

START_TEST(registers_refreshes_and_unregisters) {
  h46017_endpoint_settings s;
  world w;
  world_line *line;
  h46017_endpoint_settings_default(&s);
  s.time_to_live = 100;
  (void)world_init(&w, NULL, NULL);
  (void)world_add(&w, &line, DEVICE, &s);
  ck_assert_int_eq(world_run(&w, 1001 * SECOND), 0);
  ck_assert(tells(&w, "gk registered " DEVICE " by open ttl 100"));
  ck_assert(tells(&w, "ep0 reg1 registered ttl 100"));
  /* Refreshed between 56 and 70 % of the TTL: 14 to 17 times. */
  ck_assert_int_ge(world_count(&w, "ep0 reg1 refreshed"), 14);
  ck_assert_int_le(world_count(&w, "ep0 reg1 refreshed"), 18);
  ck_assert_int_eq(world_count(&w, "ep0 reg1 refreshed"),
                   world_count(&w, "gk refreshed"));
  ck_assert_int_eq(world_count(&w, "gk unregistered"), 0);
  ck_assert_int_eq(h46017_endpoint_close(line->ep, w.now), 0);
  ck_assert_int_eq(world_run(&w, w.now + SECOND), 0);
  ck_assert(tells(&w, "ep0 reg1 unregistered UNREGISTERED"));
  ck_assert(tells(&w, "gk unregistered " DEVICE " UNREGISTERED"));
  ck_assert(tells(&w, "ep0 CLOSING -> IDLE"));
  ck_assert_int_eq((int)h46017_endpoint_get_state(line->ep),
                   (int)H46017_ENDPOINT_IDLE);
  ck_assert_ptr_null(line->conn);
  ck_assert(h46017_endpoint_next_expiry(line->ep) == H46017_TIME_NEVER);
  world_free(&w);
}
END_TEST

START_TEST(the_story_is_the_same_for_every_cut) {
  static char *first;
  world w;
  world_line *line;
  (void)world_init(&w, NULL, NULL);
  (void)world_add(&w, &line, DEVICE, NULL);
  line->chunk = chunk_size(_i);
  ck_assert_int_eq(world_run(&w, 300 * SECOND), 0);
  ck_assert_int_eq(h46017_endpoint_close(line->ep, w.now), 0);
  ck_assert_int_eq(world_run(&w, w.now + SECOND), 0);
  ck_assert(tells(&w, "gk unregistered"));
  /* A fork a case: what to compare with is made anew. */
  if (first == NULL) {
    world v;
    world_line *other;
    (void)world_init(&v, NULL, NULL);
    (void)world_add(&v, &other, DEVICE, NULL);
    ck_assert_int_eq(world_run(&v, 300 * SECOND), 0);
    ck_assert_int_eq(h46017_endpoint_close(other->ep, v.now), 0);
    ck_assert_int_eq(world_run(&v, v.now + SECOND), 0);
    ck_assert_str_eq(w.story, v.story);
    world_free(&v);
  }
  world_free(&w);
}
END_TEST

START_TEST(a_refusal_holds_and_is_tried_again) {
  world w;
  world_line *line;
  (void)world_init(&w, NULL, NULL);
  w.open = false;
  (void)world_add(&w, &line, DEVICE, NULL);
  ck_assert_int_eq(world_run(&w, 5 * SECOND), 0);
  ck_assert(tells(&w, "gk rejected UNKNOWN_DEVICE securityDenial"));
  ck_assert(tells(&w, "ep0 reg1 rejected securityDenial REJECTED"));
  ck_assert_int_eq((int)h46017_endpoint_registration_state(line->ep, line->reg),
                   (int)H46017_REGISTRATION_HELD);
  /* Not before a minute has gone, the longer the more often. */
  w.open = true;
  ck_assert_int_eq(world_run(&w, 20 * SECOND), 0);
  ck_assert_int_eq(world_count(&w, "gk asked"), 1);
  ck_assert_int_eq(world_run(&w, 180 * SECOND), 0);
  ck_assert(tells(&w, "ep0 reg1 registered"));
  world_free(&w);
}
END_TEST

START_TEST(a_lost_connection_is_made_again) {
  world w;
  world_line *line;
  (void)world_init(&w, NULL, NULL);
  (void)world_add(&w, &line, DEVICE, NULL);
  ck_assert_int_eq(world_run(&w, 5 * SECOND), 0);
  world_break(&w, line);
  ck_assert(tells(&w, "gk unregistered " DEVICE " CLOSED"));
  ck_assert(tells(&w, "ep0 reg1 unregistered CLOSED"));
  ck_assert(tells(&w, "ep0 backing off CLOSED"));
  world_forget(&w);
  ck_assert_int_eq(world_run(&w, 8 * SECOND), 0);
  ck_assert(tells(&w, "ep0 reg1 registered"));
  ck_assert_uint_eq(line->connects, 2);
  world_free(&w);
}
END_TEST

START_TEST(attempts_grow_rarer_and_go_through_the_list) {
  h46017_endpoint_settings s;
  world w;
  world_line *line;
  h46017_endpoint_settings_default(&s);
  s.gatekeeper_count = 2;
  (void)world_init(&w, NULL, NULL);
  (void)world_add(&w, &line, DEVICE, &s);
  line->reachable = false;
  ck_assert_int_eq(world_run(&w, 600 * SECOND), 0);
  ck_assert_int_ge(world_count(&w, "ep0 connect 0"), 5);
  ck_assert_int_ge(world_count(&w, "ep0 connect 1"), 5);
  ck_assert_uint_ge(line->connects, 10);
  ck_assert_uint_le(line->connects, 30);
  line->reachable = true;
  ck_assert_int_eq(world_run(&w, 700 * SECOND), 0);
  ck_assert(tells(&w, "ep0 reg1 registered"));
  world_free(&w);
}
END_TEST

START_TEST(a_silent_gatekeeper_is_a_timeout) {
  world w;
  world_line *line;
  (void)world_init(&w, NULL, NULL);
  (void)world_add(&w, &line, DEVICE, NULL);
  ck_assert_int_eq(world_run(&w, 1500), 0);
  ck_assert(tells(&w, "ep0 reg1 registered"));
  line->cut = true;
  /* The refresh goes unanswered: 70 % of 60 s and 8 s later it is over. */
  ck_assert_int_eq(world_run(&w, 53 * SECOND), 0);
  ck_assert(tells(&w, "ep0 backing off TIMEOUT"));
  ck_assert(tells(&w, "ep0 reg1 unregistered TIMEOUT"));
  ck_assert_int_eq(world_run(&w, 60 * SECOND), 0);
  ck_assert_int_eq(world_count(&w, "ep0 reg1 registered"), 2);
  world_free(&w);
}
END_TEST

START_TEST(full_registration_is_repeated_when_the_gatekeeper_forgot) {
  h46017_endpoint_settings s;
  world w;
  world_line *line;
  h46017_endpoint_settings_default(&s);
  s.time_to_live = 20; /* refreshed before an idle connection is closed */
  (void)world_init(&w, NULL, NULL);
  (void)world_add(&w, &line, DEVICE, &s);
  ck_assert_int_eq(world_run(&w, 2 * SECOND), 0);
  ck_assert_int_eq(h46017_gatekeeper_unregister(w.gk, DEVICE, strlen(DEVICE),
                                                H46017_URQ_REASON_ABSENT,
                                                w.now),
                   0);
  ck_assert_int_eq(world_run(&w, 60 * SECOND), 0);
  ck_assert(tells(&w, "gk rejected NOT_REGISTERED fullRegistrationRequired"));
  ck_assert(tells(&w, "ep0 reg1 REFRESHING -> REGISTERING"));
  ck_assert_int_eq(world_count(&w, "ep0 reg1 registered"), 2);
  ck_assert_uint_eq(line->connects, 1);
  world_free(&w);
}
END_TEST

START_TEST(a_urq_is_confirmed_and_followed_by_a_new_registration) {
  world w;
  world_line *line;
  (void)world_init(&w, NULL, NULL);
  (void)world_add(&w, &line, DEVICE, NULL);
  ck_assert_int_eq(world_run(&w, 2 * SECOND), 0);
  ck_assert_int_eq(
      h46017_gatekeeper_unregister(w.gk, DEVICE, strlen(DEVICE),
                                   H46017_URQ_REREGISTRATION_REQUIRED, w.now),
      0);
  ck_assert_int_eq(world_run(&w, 10 * SECOND), 0);
  ck_assert(tells(&w, "ep0 reg1 unregistered REJECTED"));
  ck_assert_int_eq(world_count(&w, "ep0 reg1 registered"), 2);
  ck_assert_uint_eq(line->connects, 1);
  world_free(&w);
}
END_TEST

START_TEST(several_registrations_share_the_connection) {
  static const char *const names[] = {"009033010203-TEL1", "009033010203-TEL2",
                                      "009033010203-TEL3"};
  world w;
  world_line *line;
  uint32_t ids[3];
  (void)world_init(&w, NULL, NULL);
  (void)world_add(&w, &line, names[0], NULL);
  ids[0] = line->reg;
  for (size_t i = 1; i < 3; i++) {
    h46017_alias name = {H46017_ALIAS_H323_ID, 0, {names[i], strlen(names[i])}};
    h46017_registration reg;
    h46017_registration_default(&reg);
    reg.aliases = &name;
    reg.alias_count = 1;
    ck_assert_int_eq(h46017_endpoint_add(line->ep, &reg, &ids[i], w.now), 0);
  }
  ck_assert_int_eq(world_run(&w, 2 * SECOND), 0);
  ck_assert_uint_eq(h46017_gatekeeper_registration_count(w.gk), 3);
  ck_assert_uint_eq(h46017_gatekeeper_connection_count(w.gk), 1);
  ck_assert_int_eq(h46017_endpoint_remove(line->ep, ids[1], w.now), 0);
  ck_assert_int_eq(h46017_endpoint_remove(line->ep, 99, w.now),
                   H46017_ERR_NOT_FOUND);
  ck_assert_int_eq(world_run(&w, 4 * SECOND), 0);
  ck_assert(tells(&w, "gk unregistered 009033010203-TEL2 UNREGISTERED"));
  ck_assert_uint_eq(h46017_gatekeeper_registration_count(w.gk), 2);
  ck_assert_int_eq(h46017_endpoint_remove(line->ep, ids[1], w.now),
                   H46017_ERR_NOT_FOUND);
  world_free(&w);
}
END_TEST

START_TEST(removing_while_registering_leaves_nothing_behind) {
  world w;
  world_line *line;
  (void)world_init(&w, NULL, NULL);
  w.answered = H46017_LATER;
  (void)world_add(&w, &line, DEVICE, NULL);
  ck_assert_int_eq(world_run(&w, 2 * SECOND), 0);
  ck_assert_int_eq(h46017_endpoint_remove(line->ep, line->reg, w.now), 0);
  {
    h46017_registration_answer yes = {.open = true};
    ck_assert_int_eq(h46017_gatekeeper_answer(w.gk, w.question, &yes, w.now),
                     0);
  }
  ck_assert_int_eq(world_run(&w, 4 * SECOND), 0);
  ck_assert(tells(&w, "gk registered"));
  ck_assert(tells(&w, "gk unregistered " DEVICE " UNREGISTERED"));
  ck_assert_uint_eq(h46017_gatekeeper_registration_count(w.gk), 0);
  world_free(&w);
}
END_TEST

START_TEST(bad_arguments_are_refused_and_change_nothing) {
  h46017_endpoint_settings s;
  h46017_endpoint_callbacks cb;
  h46017_endpoint *ep = NULL;
  world w;
  world_line *line;
  const uint8_t *p;
  h46017_endpoint_callbacks_default(&cb);
  ck_assert_int_eq(h46017_endpoint_new(&ep, NULL, &cb, NULL, NULL, 0),
                   H46017_ERR_INVALID_ARGUMENT);
  h46017_endpoint_settings_default(&s);
  s.struct_size = 3;
  ck_assert_int_eq(h46017_endpoint_new(&ep, &s, &cb, NULL, NULL, 0),
                   H46017_ERR_INVALID_ARGUMENT);
  ck_assert_ptr_null(ep);
  (void)world_init(&w, NULL, NULL);
  (void)world_add(&w, &line, DEVICE, NULL);
  ck_assert_int_eq(h46017_endpoint_start(line->ep, w.now),
                   H46017_ERR_INVALID_STATE);
  ck_assert_int_eq(h46017_endpoint_add(line->ep, NULL, NULL, w.now),
                   H46017_ERR_INVALID_ARGUMENT);
  ck_assert_int_eq(h46017_endpoint_recv(line->ep, (const uint8_t *)"x", 1, 0),
                   H46017_ERR_INVALID_STATE);
  ck_assert_uint_eq(h46017_endpoint_peek_tx(line->ep, &p), 0);
  ck_assert_int_eq(world_run(&w, 2 * SECOND), 0);
  ck_assert_int_eq(h46017_endpoint_ack_tx(line->ep, 1, w.now),
                   H46017_ERR_INVALID_ARGUMENT);
  ck_assert_int_eq(world_run(&w, 3 * SECOND), 0);
  ck_assert(tells(&w, "ep0 reg1 registered"));
  world_free(&w);
}
END_TEST

START_TEST(garbage_ends_the_connection_not_the_endpoint) {
  world w;
  world_line *line;
  (void)world_init(&w, NULL, NULL);
  (void)world_add(&w, &line, DEVICE, NULL);
  ck_assert_int_eq(world_run(&w, 2 * SECOND), 0);
  ck_assert_int_eq(
      h46017_endpoint_recv(line->ep, (const uint8_t *)"GET / HT", 8, w.now),
      H46017_ERR_TPKT);
  ck_assert(!h46017_endpoint_want_read(line->ep));
  ck_assert_int_eq(h46017_endpoint_error(line->ep), H46017_ERR_TPKT);
  ck_assert_int_eq(world_run(&w, 5 * SECOND), 0);
  ck_assert(tells(&w, "ep0 backing off TPKT"));
  ck_assert_int_eq(world_count(&w, "ep0 reg1 registered"), 2);
  world_free(&w);
}
END_TEST

static int scenario_failing_callback(int nth) {
  world w;
  world_line *line;
  int rv;
  (void)world_init(&w, NULL, NULL);
  (void)world_add(&w, &line, DEVICE, NULL);
  w.fail_callback = nth;
  rv = world_run(&w, 100 * SECOND);
  if (w.fail_callback == 0) {
    /* The endpoint says so and wants nothing; or a connection of the
     * gatekeeper ended and was made again. */
    ck_assert(rv == 0 || rv == H46017_ERR_CALLBACK_FAILURE);
    if (rv != 0) {
      ck_assert_int_eq(h46017_endpoint_error(line->ep),
                       H46017_ERR_CALLBACK_FAILURE);
      ck_assert(!h46017_endpoint_want_read(line->ep));
      ck_assert(!h46017_endpoint_want_write(line->ep));
    }
  }
  nth = w.fail_callback;
  world_free(&w);
  return nth;
}

START_TEST(a_failing_callback_ends_one_side_only) {
  int n = 1;
  while (scenario_failing_callback(n) == 0) {
    n++;
  }
  ck_assert_int_gt(n, 15);
}
END_TEST

static int scenario_register(failmem *f, void *arg) {
  world w;
  world_line *line;
  int rv = world_init(&w, NULL, &f->mem);
  (void)arg;
  if (rv != 0) {
    return rv;
  }
  rv = world_add(&w, &line, DEVICE, NULL);
  if (rv == 0) {
    rv = world_run(&w, 130 * SECOND);
  }
  if (rv == 0) {
    rv = h46017_endpoint_close(line->ep, w.now);
  }
  if (rv == 0) {
    rv = world_run(&w, w.now + 2 * SECOND);
  }
  world_free(&w);
  return rv;
}

START_TEST(every_allocation_may_fail) {
  ck_assert_uint_gt(failmem_sweep(scenario_register, NULL), 20);
}
END_TEST

START_TEST(a_steady_registration_allocates_nothing) {
  failmem f;
  world w;
  world_line *line;
  size_t calls;
  failmem_init(&f);
  ck_assert_int_eq(world_init(&w, NULL, &f.mem), 0);
  ck_assert_int_eq(world_add(&w, &line, DEVICE, NULL), 0);
  ck_assert_int_eq(world_run(&w, 200 * SECOND), 0);
  ck_assert_int_ge(world_count(&w, "gk refreshed"), 3);
  calls = f.calls;
  ck_assert_int_eq(world_run(&w, 2000 * SECOND), 0);
  ck_assert_int_ge(world_count(&w, "gk refreshed"), 40);
  ck_assert_uint_eq(f.calls, calls);
  world_free(&w);
}
END_TEST

int main(void) {
  Suite *s = suite_create("endpoint");
  TCase *tc = tcase_create("endpoint");
  tcase_set_timeout(tc, 60);
  tcase_add_test(tc, registers_refreshes_and_unregisters);
  tcase_add_loop_test(tc, the_story_is_the_same_for_every_cut, 0, CHUNK_SIZES);
  tcase_add_test(tc, a_refusal_holds_and_is_tried_again);
  tcase_add_test(tc, a_lost_connection_is_made_again);
  tcase_add_test(tc, attempts_grow_rarer_and_go_through_the_list);
  tcase_add_test(tc, a_silent_gatekeeper_is_a_timeout);
  tcase_add_test(tc, full_registration_is_repeated_when_the_gatekeeper_forgot);
  tcase_add_test(tc, a_urq_is_confirmed_and_followed_by_a_new_registration);
  tcase_add_test(tc, several_registrations_share_the_connection);
  tcase_add_test(tc, removing_while_registering_leaves_nothing_behind);
  tcase_add_test(tc, bad_arguments_are_refused_and_change_nothing);
  tcase_add_test(tc, garbage_ends_the_connection_not_the_endpoint);
  tcase_add_test(tc, a_failing_callback_ends_one_side_only);
  tcase_add_test(tc, every_allocation_may_fail);
  tcase_add_test(tc, a_steady_registration_allocates_nothing);
  suite_add_tcase(s, tc);
  return run_suite(s);
}
