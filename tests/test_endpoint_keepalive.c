/* SPDX-License-Identifier: BSD-2-Clause */
/* A keep-alive RRQ that says what the last one said is not built again
 * (INV-47); one that does not, is. */
#include "octets.h"
#include "played.h"
#include "runner.h"
#include "scene.h"
#include "session/endpoint.h"
#include "session/invariants.h"

#include <check.h>
#include <string.h>

#define TTL 100U

static played p;

static void look(void) {
  ck_assert_ptr_null(h46017_endpoint_check_invariants(p.ep));
}

/* The answer to the last message; what it does not say is TTL, "gk" and the
 * identifier "1_endp". */
static void confirm(const char *id, const char *gk) {
  played_build_rcf(&p, played_last(&p)->seq, NULL, TTL);
  if (id != NULL) {
    ck_assert_int_eq(
        h46017_h225_set_text(p.out, "registrationConfirm.endpointIdentifier",
                             id, strlen(id)),
        0);
  }
  if (gk != NULL) {
    ck_assert_int_eq(
        h46017_h225_set_text(p.out, "registrationConfirm.gatekeeperIdentifier",
                             gk, strlen(gk)),
        0);
  }
  ck_assert_int_eq(played_give(&p), 0);
  look();
}

/* A registration with the name, confirmed. */
static void add(const char *name) {
  ck_assert_int_eq(played_add(&p, name), 0);
  ck_assert(!played_last(&p)->keep_alive);
  look();
  confirm(name, NULL);
}

static void begin(void) {
  ck_assert_int_eq(played_init(&p, NULL, NULL), 0);
  ck_assert_int_eq(played_up(&p), 0);
  add("first");
}

/* The next keep-alive; made of the last one? */
static void next_keep_alive(bool again, const char *id, const char *gk) {
  const endpoint_registration *before = p.ep->again;
  const uint16_t seq = p.ep->last_seq;
  const int count = p.count;

  ck_assert_int_eq(played_until(&p, h46017_endpoint_next_expiry(p.ep)), 0);
  look();
  ck_assert_int_eq(p.count, count + 1);
  ck_assert(played_last(&p)->keep_alive);
  ck_assert_uint_eq(played_last(&p)->seq, seq + 1U);
  ck_assert_str_eq(played_last(&p)->identifier, id);
  ck_assert_str_eq(played_last(&p)->gatekeeper, gk);
  ck_assert(played_last(&p)->discovery_complete && !played_last(&p)->additive);
  ck_assert_ptr_nonnull(p.ep->again);
  ck_assert_str_eq(p.ep->again->endpoint_identifier, id);
  ck_assert_int_eq(before == p.ep->again, again);
}

START_TEST(what_is_sent_again_differs_in_its_number) {
  begin();
  next_keep_alive(false, "first", "gk");
  for (int i = 0; i < 20; i++) {
    octets first = {NULL, 0};
    confirm("first", NULL);
    octets_append(&first, p.ep->scratch, p.ep->scratch_len);
    next_keep_alive(true, "first", "gk");
    ck_assert_uint_eq(first.len, p.ep->scratch_len);
    /* requestSeqNum, less one, is in octets 2 and 3 */
    ck_assert_int_eq(memcmp(first.data, p.ep->scratch, 2), 0);
    ck_assert_int_ne(memcmp(first.data + 2, p.ep->scratch + 2, 2), 0);
    ck_assert_int_eq(memcmp(first.data + 4, p.ep->scratch + 4, first.len - 4),
                     0);
    octets_free(&first);
  }
  ck_assert_int_eq(p.refreshed, 20);
  /* That it would be built so is looked at from inside. */
  p.ep->registrations->terminal_type = H46017_TERMINAL_GATEWAY;
  ck_assert_ptr_nonnull(
      strstr(h46017_endpoint_check_invariants(p.ep), "INV-47"));
  played_free(&p);
}
END_TEST

START_TEST(numbers_go_round) {
  begin();
  next_keep_alive(false, "first", "gk");
  p.ep->last_seq = 65533;
  for (unsigned i = 0; i < 4; i++) {
    confirm("first", NULL);
    ck_assert_int_eq(played_until(&p, h46017_endpoint_next_expiry(p.ep)), 0);
    look();
    ck_assert_uint_eq(played_last(&p)->seq, (65533 + i) % 65535 + 1);
    ck_assert_ptr_nonnull(p.ep->again);
  }
  played_free(&p);
}
END_TEST

START_TEST(another_identifier_is_said) {
  begin();
  next_keep_alive(false, "first", "gk");
  confirm("other", NULL);
  next_keep_alive(false, "other", "gk");
  confirm("other", "elsewhere");
  next_keep_alive(false, "other", "elsewhere");
  confirm("other", "elsewhere");
  next_keep_alive(true, "other", "elsewhere");
  played_free(&p);
}
END_TEST

START_TEST(two_registrations_are_not_taken_for_each_other) {
  begin();
  ck_assert_int_eq(played_until(&p, p.now + 1000), 0);
  add("second");
  for (int i = 0; i < 3; i++) {
    next_keep_alive(false, "first", "gk");
    confirm("first", NULL);
    next_keep_alive(false, "second", "gk");
    confirm("second", NULL);
  }
  /* The second one has gone, and an answer to that was the last thing. */
  ck_assert_int_eq(h46017_endpoint_remove(p.ep, p.ids[1], p.now), 0);
  ck_assert_int_eq(played_until(&p, p.now), 0);
  ck_assert_int_eq((int)played_last(&p)->kind, (int)H46017_RAS_URQ);
  ck_assert_ptr_null(p.ep->again);
  played_build(&p, &(h46017_ras){.kind = H46017_RAS_UCF,
                                 .request_seq_num = played_last(&p)->seq});
  ck_assert_int_eq(played_give(&p), 0);
  next_keep_alive(false, "first", "gk");
  confirm("first", NULL);
  next_keep_alive(true, "first", "gk");
  played_free(&p);
}
END_TEST

/* A URQ, a lost connection, a refusal: whatever ends a registration. */
START_TEST(one_that_ended_is_registered_anew) {
  begin();
  next_keep_alive(false, "first", "gk");
  if (_i == 0) {
    ck_assert_int_eq(played_down(&p, H46017_ERR_CLOSED), 0);
    ck_assert_ptr_null(p.ep->again);
    ck_assert_int_eq(played_until(&p, p.now + 5000), 0);
    ck_assert_int_eq(played_up(&p), 0);
  } else {
    h46017_ras ras = {.kind = H46017_RAS_RRJ,
                      .request_seq_num = played_last(&p)->seq};
    ras.u.rrj.reason = H46017_RRJ_FULL_REGISTRATION_REQUIRED;
    played_build(&p, &ras);
    ck_assert_int_eq(played_give(&p), 0);
  }
  ck_assert_int_eq((int)played_last(&p)->kind, (int)H46017_RAS_RRQ);
  ck_assert(!played_last(&p)->keep_alive);
  confirm("anew", NULL);
  next_keep_alive(false, "anew", "gk");
  confirm("anew", NULL);
  next_keep_alive(true, "anew", "gk");
  played_free(&p);
}
END_TEST

/* It ended since the first was not answered; the second one's time comes. */
START_TEST(on_a_connection_that_ended_none_is_sent) {
  endpoint_registration *second;
  const uint8_t *data;
  begin();
  ck_assert_int_eq(played_until(&p, p.now + 1000), 0);
  add("second");
  next_keep_alive(false, "first", "gk");
  next_keep_alive(false, "second", "gk");
  confirm("second", NULL);
  second = p.ep->registrations->next;
  ck_assert_int_eq(played_until(&p, h46017_endpoint_next_expiry(p.ep)), 0);
  ck_assert_int_eq(h46017_endpoint_error(p.ep), H46017_ERR_TIMEOUT);
  ck_assert_ptr_eq(p.ep->again, second);
  p.now = second->timer;
  ck_assert_int_eq(h46017_endpoint_handle_expiry(p.ep, p.now), 0);
  ck_assert_int_eq(second->state, H46017_REGISTRATION_REFRESHING);
  ck_assert_uint_eq(h46017_endpoint_peek_tx(p.ep, &data), 0);
  look();
  played_free(&p);
}
END_TEST

/* It names what it asks for, and is no keep-alive. */
START_TEST(an_additive_rrq_is_not_sent_for_one) {
  begin();
  next_keep_alive(false, "first", "gk");
  played_build_rcf(&p, played_last(&p)->seq, NULL, TTL);
  ck_assert_int_eq(
      h46017_h225_set_text(p.out, "registrationConfirm.endpointIdentifier",
                           "first", 5),
      0);
  ck_assert_int_eq(
      h46017_h225_set_present(
          p.out, "registrationConfirm.supportsAdditiveRegistration"),
      0);
  ck_assert_int_eq(played_give(&p), 0);
  ck_assert_int_eq(played_names(&p, p.ids[0], "more"), 0);
  ck_assert(played_last(&p)->additive && !played_last(&p)->keep_alive);
  look();
  confirm("first", NULL);
  next_keep_alive(false, "first", "gk");
  played_free(&p);
}
END_TEST

static int built;

static int on_building(h46017_endpoint *ep, h46017_h225 *msg,
                       h46017_ras_kind kind, void *user_data) {
  (void)ep;
  (void)msg;
  (void)user_data;
  built += kind == H46017_RAS_RRQ;
  return 0;
}

START_TEST(a_program_that_adds_something_builds_each) {
  begin();
  built = 0;
  p.ep->callbacks.ras_building = on_building;
  for (int i = 1; i < 4; i++) {
    ck_assert_int_eq(played_until(&p, h46017_endpoint_next_expiry(p.ep)), 0);
    ck_assert(played_last(&p)->keep_alive);
    ck_assert_int_eq(built, i);
    ck_assert_ptr_null(p.ep->again);
    confirm("first", NULL);
  }
  played_free(&p);
}
END_TEST

static h46017_h225 *said;
static unsigned with_token;

static void count_tokens(world *w, bool at_gatekeeper, const uint8_t *per,
                         size_t len) {
  h46017_ras_kind kind = H46017_RAS_UNKNOWN;
  uint16_t number;

  (void)h46017_ras_peek(per, len, &kind, &number);
  if (!at_gatekeeper || kind != H46017_RAS_RRQ) {
    return;
  }
  ck_assert_int_eq(
      h46017_h225_decode(said, h46017_h225_ras_message(), per, len), 0);
  with_token += h46017_h225_value_kind(h46017_h225_get(
                    h46017_h225_root(said),
                    "registrationRequest.cryptoTokens")) != H46017_H225_ABSENT;
  ck_assert_ptr_null(w->lines[0].ep->again);
}

/* Its token is new each time. */
START_TEST(one_with_a_token_is_built_each_time) {
  scene s;
  scene_settings(&s);
  ck_assert_int_eq(scene_world(&s, H46017_AUTH_PASSWORD, NULL), 0);
  ck_assert_int_eq(h46017_h225_new(&said, NULL, NULL), 0);
  s.w.seen = count_tokens;
  with_token = 0;
  ck_assert_int_eq(world_add(&s.w, &s.line, "0090332f688a", &s.ep), 0);
  ck_assert_int_eq(world_run(&s.w, s.w.now + 300000), 0);
  ck_assert_int_gt(world_count(&s.w, "ep0 reg1 refreshed"), 2);
  ck_assert_int_eq((int)with_token,
                   1 + world_count(&s.w, "ep0 reg1 refreshed"));
  h46017_h225_del(said);
  world_free(&s.w);
}
END_TEST

/* A peer that takes nothing: the connection ends, as by any message. */
START_TEST(one_that_finds_no_room_ends_the_connection) {
  h46017_endpoint_settings settings;
  const uint8_t *data;
  uint8_t filler[600] = {8, 2, 0, 1, 5};
  h46017_endpoint_settings_default(&settings);
  settings.max_tx = 1024;
  ck_assert_int_eq(played_init(&p, &settings, NULL), 0);
  ck_assert_int_eq(played_up(&p), 0);
  add("first");
  next_keep_alive(false, "first", "gk");
  confirm("first", NULL);
  while (h46017_endpoint_write_signalling(p.ep, filler, sizeof(filler),
                                          p.now) == 0) {
    memset(filler + 5, 0, sizeof(filler) - 5);
  }
  while (h46017_endpoint_write_signalling(p.ep, filler, 100, p.now) == 0) {
  }
  p.now = h46017_endpoint_next_expiry(p.ep);
  ck_assert_int_eq(h46017_endpoint_handle_expiry(p.ep, p.now), 0);
  ck_assert_int_eq(h46017_endpoint_error(p.ep), H46017_ERR_QUEUE_FULL);
  ck_assert_uint_gt(h46017_endpoint_peek_tx(p.ep, &data), 0);
  look();
  played_free(&p);
}
END_TEST

static Suite *endpoint_keepalive_suite(void) {
  Suite *s = suite_create("endpoint_keepalive");
  TCase *tc = tcase_create("keepalive");

  tcase_add_test(tc, what_is_sent_again_differs_in_its_number);
  tcase_add_test(tc, numbers_go_round);
  tcase_add_test(tc, another_identifier_is_said);
  tcase_add_test(tc, two_registrations_are_not_taken_for_each_other);
  tcase_add_loop_test(tc, one_that_ended_is_registered_anew, 0, 2);
  tcase_add_test(tc, on_a_connection_that_ended_none_is_sent);
  tcase_add_test(tc, an_additive_rrq_is_not_sent_for_one);
  tcase_add_test(tc, a_program_that_adds_something_builds_each);
  tcase_add_test(tc, one_with_a_token_is_built_each_time);
  tcase_add_test(tc, one_that_finds_no_room_ends_the_connection);
  suite_add_tcase(s, tc);
  return s;
}

int main(void) {
  return run_suite(endpoint_keepalive_suite());
}
