/* SPDX-License-Identifier: BSD-2-Clause */
/* An endpoint's calls and its gatekeeper: leave beforehand, bandwidth, reports.
 */
#include "callworld.h"
#include "runner.h"

#include "session/endpoint.h"
#include "session/gatekeeper.h"

#include <check.h>
#include <stdio.h>
#include <string.h>

/* What went over the wires. */
static unsigned arqs, drqs, brqs, irrs, irrs_unsolicited;
static size_t irr_calls;      /* perCallInfo of the last IRR */
static char irr_status[32];   /* its irrStatus */
static uint64_t irr_capacity; /* its capacity: terminals */
static bool irr_originator;   /* of its first call */

static void seen_irr(const uint8_t *per, size_t len) {
  h46017_h225 *m;
  h46017_h225_value irr;
  bool unsolicited = false;
  size_t n;
  ck_assert_int_eq(h46017_h225_new(&m, NULL, NULL), 0);
  ck_assert_int_eq(h46017_h225_decode(m, h46017_h225_ras_message(), per, len),
                   0);
  irr = h46017_h225_at(h46017_h225_root(m), 0);
  irrs++;
  (void)h46017_h225_read_bool(h46017_h225_get(irr, "unsolicited"),
                              &unsolicited);
  irrs_unsolicited += unsolicited;
  irr_calls = h46017_h225_count(h46017_h225_get(irr, "perCallInfo"));
  irr_status[0] = '\0';
  (void)h46017_h225_read_text(h46017_h225_get(irr, "irrStatus"), irr_status,
                              sizeof(irr_status), &n);
  irr_originator = false;
  (void)h46017_h225_read_bool(h46017_h225_get(irr, "perCallInfo[0].originator"),
                              &irr_originator);
  irr_capacity = 0;
  (void)h46017_h225_read_uint(
      h46017_h225_get(irr,
                      "capacity.currentCallCapacity.terminalCallsAvailable[0]."
                      "calls"),
      &irr_capacity);
  h46017_h225_del(m);
}

static void seen(world *of, bool at_gatekeeper, const uint8_t *per,
                 size_t len) {
  h46017_ras_kind kind;
  uint16_t seq;
  (void)of;
  ck_assert_int_eq(h46017_ras_peek(per, len, &kind, &seq), 0);
  arqs += kind == H46017_RAS_ARQ;
  drqs += kind == H46017_RAS_DRQ;
  brqs += kind == H46017_RAS_BRQ;
  if (at_gatekeeper && kind == H46017_RAS_IRR) {
    seen_irr(per, len);
  }
}

static void begin_seen(const h46017_gatekeeper_settings *settings) {
  arqs = drqs = brqs = irrs = irrs_unsolicited = 0;
  begin(settings);
  w.seen = seen;
}

static void hang_up(void) {
  world_break(&w, line[0]);
  world_break(&w, line[1]);
  world_break(&w, line[2]);
  run();
  end();
}

/* -- leave beforehand ------------------------------------------------------ */

START_TEST(with_leave_beforehand_nobody_is_asked) {
  h46017_gatekeeper_settings s;
  world_settings(&s);
  s.pre_granted = true;
  begin_seen(&s);
  answers = true;
  (void)call(0, "b");
  ck_assert_uint_eq(parties[0].admitted, 1);
  ck_assert_uint_eq(parties[0].bandwidth, 640);
  ck_assert_uint_eq(parties[1].admitted, 1);
  ck_assert_int_eq(last_state, H46017_ROUTE_CONNECT);
  ck_assert_uint_eq(routes_asked, 1);
  write_and_run(0, H46017_Q931_RELEASE_COMPLETE);
  ck_assert_uint_eq(parties[1].released, 1);
  ck_assert_uint_eq(arqs + drqs, 0);
  end();
}
END_TEST

START_TEST(leave_is_taken_back_by_a_registration_without_it) {
  h46017_gatekeeper_settings s;
  world_settings(&s);
  s.pre_granted = true;
  begin_seen(&s);
  s.pre_granted = false;
  ck_assert_int_eq(h46017_gatekeeper_set_settings(w.gk, &s, w.now), 0);
  /* refreshed, it has what it had */
  ck_assert_int_eq(world_run(&w, w.now + 60000), 0);
  (void)call(0, "b");
  ck_assert_uint_eq(arqs, 0);
  hang_up();
  begin_seen(&s);
  (void)call(0, "b");
  ck_assert_uint_eq(arqs, 2);
  hang_up();
}
END_TEST

static bool ends_it(h46017_call *made) {
  if (h46017_call_is_ours(made)) {
    ck_assert_int_eq(h46017_call_release(made, 16, w.now), 0);
  }
  return true;
}

START_TEST(a_call_may_end_before_it_was_handed_out) {
  h46017_gatekeeper_settings s;
  world_settings(&s);
  s.pre_granted = true;
  begin_seen(&s);
  admitted_hook = ends_it;
  ck_assert_ptr_null(call(0, "b"));
  ck_assert_uint_eq(parties[0].released, 1);
  ck_assert_uint_eq(h46017_calls_count(h46017_endpoint_calls(line[0]->ep)), 0);
  end();
}
END_TEST

START_TEST(what_the_gatekeeper_ends_the_program_did_not) {
  begin_seen(NULL);
  ring();
  ck_assert_int_eq(h46017_gatekeeper_drop_call(w.gk, last_id, w.now), 0);
  run();
  for (int i = 0; i < 2; i++) {
    ck_assert_uint_eq(parties[i].released, 1);
    ck_assert_int_eq(parties[i].code, H46017_ERR_REJECTED);
    ck_assert_uint_eq(parties[i].cause, 16);
  }
  end();
}
END_TEST

/* Of several registrations it is the called one that takes the call: the others
 * may go. */
START_TEST(a_call_is_of_the_registration_that_it_is_for) {
  const h46017_alias name = {H46017_ALIAS_H323_ID, 0, {"second", 6}};
  const h46017_registration reg = {.struct_size = sizeof(reg),
                                   .aliases = &name,
                                   .alias_count = 1,
                                   .terminal_type = H46017_TERMINAL_TERMINAL};
  uint32_t second;
  begin_seen(NULL);
  answers = true;
  ck_assert_int_eq(h46017_endpoint_add(line[1]->ep, &reg, &second, w.now), 0);
  run();
  (void)call(0, "second");
  ck_assert_int_eq(last_state, H46017_ROUTE_CONNECT);
  ck_assert_int_eq(h46017_endpoint_remove(
                       line[1]->ep, _i == 0 ? line[1]->reg : second, w.now),
                   0);
  run();
  ck_assert_uint_eq(h46017_gatekeeper_call_count(w.gk), _i == 0 ? 1 : 0);
  if (_i == 0) {
    write_and_run(0, H46017_Q931_RELEASE_COMPLETE);
    ck_assert_uint_eq(drqs, 2); /* each side's */
  }
  end();
}
END_TEST

/* -- inside of a call ------------------------------------------------------ */

static bool deleting;

/* The program's own call into one of its calls is what it is inside of. */
static void delete_inside(void) {
  if (deleting) {
    deleting = false;
    ck_assert_int_eq(h46017_endpoint_recv(line[0]->ep, NULL, 0, w.now),
                     H46017_ERR_REENTRANT);
    ck_assert_int_eq(h46017_endpoint_transport_down(line[0]->ep, 0, w.now),
                     H46017_ERR_REENTRANT);
    (void)h46017_endpoint_close(line[0]->ep, w.now);
    h46017_endpoint_del(line[0]->ep);
  }
}

static int deletes_building(h46017_calls *calls, h46017_call *made,
                            uint8_t type, h46017_h225 *msg, void *user_data) {
  (void)calls, (void)made, (void)type, (void)msg, (void)user_data;
  delete_inside();
  return 0;
}

static int deletes_ras(h46017_endpoint *ep, h46017_h225 *msg,
                       h46017_ras_kind kind, void *user_data) {
  (void)ep, (void)msg, (void)kind, (void)user_data;
  delete_inside();
  return 0;
}

static void deletes_traced(const h46017_trace_event *event, void *user_data) {
  (void)event, (void)user_data;
  if (deleting) {
    deleting = false;
    h46017_endpoint_del(line[0]->ep);
  }
}

static int deletes_in;

static void tune_deleting(h46017_endpoint_callbacks *cb,
                          h46017_calls_callbacks *calls) {
  calls->building = deletes_in == 0 ? deletes_building : NULL;
  cb->ras_building = deletes_in == 1 ? deletes_ras : NULL;
  cb->trace = deletes_in == 2 ? deletes_traced : NULL;
}

START_TEST(an_endpoint_deleted_inside_of_a_call_goes_when_that_returns) {
  deleting = false;
  deletes_in = _i;
  tune_further = tune_deleting;
  begin_seen(NULL);
  ring();
  deleting = true;
  (void)h46017_call_write(parties[0].call, H46017_Q931_RELEASE_COMPLETE, NULL,
                          w.now);
  ck_assert(!deleting);
  line[0]->ep = NULL; /* it went */
  world_remove(&w, line[0]);
  run();
  tune_further = NULL;
  end();
}
END_TEST

/* -- bandwidth ------------------------------------------------------------- */

static void ask(int who, uint32_t bandwidth) {
  ck_assert_int_eq(h46017_endpoint_bandwidth(line[who]->ep, parties[who].call,
                                             bandwidth, w.now),
                   0);
  /* one request at a time */
  ck_assert_int_eq(h46017_endpoint_bandwidth(line[who]->ep, parties[who].call,
                                             bandwidth, w.now),
                   H46017_ERR_INVALID_STATE);
  run();
}

static int bandwidth_of(const h46017_route *route, void *arg) {
  *(uint32_t *)arg = route->bandwidth;
  return 1;
}

static uint32_t bandwidth(void) {
  uint32_t has = 0;
  (void)h46017_gatekeeper_each_call(w.gk, bandwidth_of, &has);
  return has;
}

START_TEST(what_a_call_may_have_holds_at_the_limit_and_one_past) {
  h46017_gatekeeper_settings s;
  unsigned told;
  world_settings(&s);
  s.max_bandwidth = 640 - (uint32_t)_i;
  begin_seen(&s);
  answers = true;
  (void)call(0, "b");
  ck_assert_uint_eq(parties[0].bandwidth, 640U - (unsigned)_i);
  ck_assert_uint_eq(parties[1].bandwidth, 640U - (unsigned)_i);
  told = routes_told;
  ask(0, 100);
  ck_assert_uint_eq(routes_told, told + 1);
  ck_assert_int_eq(parties[0].widened_code, 0);
  ck_assert_uint_eq(parties[0].widened_to, 100);
  ck_assert_uint_eq(bandwidth(), 100);
  ask(0, s.max_bandwidth);
  ck_assert_int_eq(parties[0].widened_code, 0);
  ck_assert_uint_eq(bandwidth(), s.max_bandwidth);
  ask(0, s.max_bandwidth + 1);
  ck_assert_int_eq(parties[0].widened_code, H46017_ERR_REJECTED);
  ck_assert_uint_eq(parties[0].widened_to, s.max_bandwidth);
  ck_assert_uint_eq(bandwidth(), s.max_bandwidth);
  ask(1, s.max_bandwidth + 1);
  ck_assert_int_eq(parties[1].widened_code, H46017_ERR_REJECTED);
  hang_up();
}
END_TEST

START_TEST(what_is_left_of_all_is_granted_and_when_nothing_is_none) {
  h46017_gatekeeper_settings s;
  h46017_call *first;
  world_settings(&s);
  s.total_bandwidth = 1000;
  begin_seen(&s);
  answers = true;
  first = call(0, "b");
  ck_assert_uint_eq(parties[0].bandwidth, 640);
  (void)call(2, "b");
  ck_assert_uint_eq(parties[2].bandwidth, 360);
  (void)call(2, "b");
  ck_assert_uint_eq(parties[2].released, 1);
  ck_assert_int_eq(last_code, H46017_ERR_BANDWIDTH);
  ck_assert_uint_eq(last_cause, 34);
  parties[0].call = first;
  ask(0, 641);
  ck_assert_int_eq(parties[0].widened_code, H46017_ERR_REJECTED);
  ck_assert_uint_eq(parties[0].widened_to, 640);
  ask(0, 600);
  (void)call(2, "b");
  ck_assert_uint_eq(parties[2].bandwidth, 40);
  ck_assert_int_eq(h46017_call_release(first, 16, w.now), 0);
  run();
  (void)call(2, "b");
  ck_assert_uint_eq(parties[2].bandwidth, 600);
  hang_up();
}
END_TEST

START_TEST(the_gatekeeper_may_narrow_a_call_and_be_refused) {
  begin_seen(NULL);
  silent = true;
  (void)call(0, "b");
  ck_assert_int_eq(
      h46017_gatekeeper_limit_call(w.gk, w.gk->last_call, 1, w.now),
      H46017_ERR_NOT_FOUND); /* its Setup has not come */
  hang_up();
  begin_seen(NULL);
  answers = true;
  (void)call(0, "b");
  limited_says = _i == 0 ? 0 : H46017_ERR_REFUSED;
  ck_assert_int_eq(h46017_gatekeeper_limit_call(w.gk, last_id, 320, w.now), 0);
  run();
  ck_assert_uint_eq(brqs, 2);
  ck_assert_uint_eq(parties[0].limited, 1);
  ck_assert_uint_eq(parties[1].limited, 1);
  ck_assert_uint_eq(bandwidth(), _i == 0 ? 320 : 640);
  ck_assert_uint_eq(((const endpoint_call *)parties[0].call->owner)->bandwidth,
                    _i == 0 ? 320 : 640);
  hang_up();
}
END_TEST

START_TEST(a_gatekeeper_that_says_nothing_leaves_it_as_it_was) {
  h46017_time asked;
  begin_seen(NULL);
  answers = true;
  (void)call(0, "b");
  line[0]->cut = true;
  asked = w.now;
  ck_assert_int_eq(
      h46017_endpoint_bandwidth(line[0]->ep, parties[0].call, 64, w.now), 0);
  ck_assert_int_eq(world_run(&w, asked + 7999), 0);
  ck_assert_uint_eq(parties[0].widened, 0);
  ck_assert_int_eq(world_run(&w, asked + 8000), 0);
  ck_assert_uint_eq(parties[0].widened, 1);
  ck_assert_int_eq(parties[0].widened_code, H46017_ERR_TIMEOUT);
  ck_assert_uint_eq(parties[0].widened_to, 640);
  ck_assert_uint_eq(parties[0].released, 0);
  line[0]->cut = false;
  hang_up();
}
END_TEST

/* -- reports --------------------------------------------------------------- */

START_TEST(a_call_is_reported_as_often_as_the_gatekeeper_wants) {
  h46017_gatekeeper_settings s;
  h46017_time began;
  world_settings(&s);
  s.irr_frequency = 20;
  s.pre_granted = _i == 1;
  begin_seen(&s);
  answers = true;
  began = w.now;
  (void)call(0, "b");
  ck_assert_int_eq(world_run(&w, began + 19999), 0);
  ck_assert_uint_eq(irrs, 0);
  ck_assert_int_eq(world_run(&w, began + 20000), 0);
  ck_assert_uint_eq(irrs, 2); /* from either side */
  ck_assert_uint_eq(irrs_unsolicited, 2);
  ck_assert_uint_eq(irr_calls, 1);
  ck_assert_uint_eq(irr_capacity, 1999);
  ck_assert_int_eq(world_run(&w, began + 60000), 0);
  ck_assert_uint_eq(irrs, 6);
  write_and_run(0, H46017_Q931_RELEASE_COMPLETE);
  ck_assert_int_eq(world_run(&w, w.now + 60000), 0);
  ck_assert_uint_eq(irrs, 6);
  end();
}
END_TEST

/* An IRQ goes to the caller. */
static void inquire(uint16_t reference, const uint8_t *guid) {
  h46017_h225 *m;
  uint8_t per[256];
  size_t len;
  ck_assert_int_eq(h46017_h225_new(&m, NULL, NULL), 0);
  ck_assert_int_eq(h46017_h225_create(m, h46017_h225_ras_message()), 0);
  ck_assert_int_eq(h46017_h225_set_uint(m, "infoRequest.requestSeqNum", 77), 0);
  ck_assert_int_eq(
      h46017_h225_set_uint(m, "infoRequest.callReferenceValue", reference), 0);
  ck_assert_int_eq(
      h46017_h225_set_octets(m, "infoRequest.callIdentifier.guid", guid, 16),
      0);
  ck_assert_int_eq(h46017_h225_encode(m, per, sizeof(per), &len), 0);
  h46017_h225_del(m);
  ck_assert_int_eq(h46017_tunnel_write_ras(&line[0]->conn->tunnel, per, len),
                   0);
  gk_connection_ready(line[0]->conn);
  irrs = 0;
  run();
  ck_assert_uint_eq(irrs, 1);
}

START_TEST(an_irq_is_answered_with_the_calls_it_asks_about) {
  static const uint8_t none[16], other[16] = {9, 9};
  begin_seen(NULL);
  inquire(0, none);
  ck_assert_uint_eq(irr_calls, 0);
  ck_assert_str_eq(irr_status, "");
  ck_assert_uint_eq(irr_capacity, 2000);
  for (int i = 0; i < 3; i++) {
    (void)call(0, "b");
  }
  inquire(0, none);
  ck_assert_uint_eq(irr_calls, 3);
  ck_assert_uint_eq(irr_capacity, 1997);
  ck_assert(irr_originator);
  inquire(h46017_call_reference(parties[0].call),
          h46017_call_identifier(parties[0].call));
  ck_assert_uint_eq(irr_calls, 1);
  ck_assert_str_eq(irr_status, "");
  /* by the reference alone */
  inquire(h46017_call_reference(parties[0].call), none);
  ck_assert_uint_eq(irr_calls, 1);
  inquire((uint16_t)(h46017_call_reference(parties[0].call) ^ 0x4000), other);
  ck_assert_uint_eq(irr_calls, 0);
  ck_assert_str_eq(irr_status, "invalidCall");
  hang_up();
}
END_TEST

START_TEST(an_irr_lists_so_many_calls_and_says_that_there_are_more) {
  static const uint8_t none[16];
  h46017_gatekeeper_settings s;
  world_settings(&s);
  s.request_rate = 0;
  s.pre_granted = true;
  begin_seen(&s);
  answers = true;
  for (int i = 0; i < 256; i++) {
    (void)call(0, "b");
  }
  inquire(0, none);
  ck_assert_uint_eq(irr_calls, 256);
  ck_assert_str_eq(irr_status, "");
  (void)call(0, "b");
  inquire(0, none);
  ck_assert_uint_eq(irr_calls, 256);
  ck_assert_str_eq(irr_status, "incomplete");
  hang_up();
}
END_TEST

START_TEST(a_gateway_says_that_it_is_almost_out_of_resources) {
  const h46017_registered *b;
  begin_seen(NULL);
  b = h46017_gatekeeper_find(w.gk, "b", 1);
  ck_assert(!b->almost_out);
  ck_assert_uint_eq(b->calls_left, UINT32_MAX);
  for (int i = 1; i >= 0; i--) {
    ck_assert_int_eq(
        h46017_endpoint_resources(line[1]->ep, line[1]->reg, i != 0, w.now), 0);
    run();
    ck_assert(b->almost_out == (i != 0));
    ck_assert_uint_eq(b->calls_left, 2000);
  }
  ck_assert_int_eq(h46017_endpoint_resources(line[1]->ep, 99, true, w.now),
                   H46017_ERR_NOT_FOUND);
  end();
}
END_TEST

START_TEST(a_gatekeeper_knows_how_many_calls_each_can_still_take) {
  const h46017_registered *a, *b;
  begin_seen(NULL);
  answers = true;
  a = h46017_gatekeeper_find(w.gk, "a", 1);
  b = h46017_gatekeeper_find(w.gk, "b", 1);
  ck_assert_uint_eq(a->calls_left, UINT32_MAX);
  for (unsigned i = 1; i <= 3; i++) {
    (void)call(0, "b");
    ck_assert_uint_eq(a->calls_left, 2000 - i); /* by each ARQ */
    ck_assert_uint_eq(b->calls_left, 2000 - i);
  }
  write_and_run(0, H46017_Q931_RELEASE_COMPLETE);
  ck_assert_uint_eq(a->calls_left, 2000 - 2); /* by its DRQ */
  hang_up();
}
END_TEST

/* Groups of one kind are added, of kinds the most counts; what goes past the
 * number is the largest that means something. */
START_TEST(what_a_gateway_says_of_its_groups_is_summed) {
  static const struct {
    uint32_t voice[2], t38, left;
  } says[] = {{{3, 4}, 5, 7},
              {{3, 4}, 50, 50},
              {{0, 0}, 0, 0},
              {{UINT32_MAX, UINT32_MAX}, 1, UINT32_MAX - 1}};
#define CAPACITY "resourcesAvailableIndicate.capacity.currentCallCapacity."
  const h46017_registered *b;
  h46017_h225 *m;
  begin_seen(NULL);
  b = h46017_gatekeeper_find(w.gk, "b", 1);
  ck_assert_int_eq(h46017_h225_new(&m, NULL, NULL), 0);
  for (size_t i = 0; i < sizeof(says) / sizeof(says[0]); i++) {
    ck_assert_int_eq(h46017_h225_create(m, h46017_h225_ras_message()), 0);
    ck_assert_int_eq(
        h46017_h225_set_uint(m, CAPACITY "voiceGwCallsAvailable[0].calls",
                             says[i].voice[0]),
        0);
    ck_assert_int_eq(
        h46017_h225_set_uint(m, CAPACITY "voiceGwCallsAvailable[1].calls",
                             says[i].voice[1]),
        0);
    ck_assert_int_eq(h46017_h225_set_uint(
                         m,
                         CAPACITY "t38FaxAnnexbOnlyGwCallsAvailable[0].calls",
                         says[i].t38),
                     0);
    gk_resources(line[1]->conn->registrations, m);
    ck_assert_uint_eq(b->calls_left, says[i].left);
  }
  h46017_h225_del(m);
  end();
}
END_TEST

int main(void) {
  Suite *s = suite_create("endpoint_admission");
  TCase *tc = tcase_create("endpoint_admission");
  tcase_set_timeout(tc, 60);
  tcase_add_test(tc, with_leave_beforehand_nobody_is_asked);
  tcase_add_test(tc, leave_is_taken_back_by_a_registration_without_it);
  tcase_add_test(tc, a_call_may_end_before_it_was_handed_out);
  tcase_add_test(tc, what_the_gatekeeper_ends_the_program_did_not);
  tcase_add_loop_test(tc, a_call_is_of_the_registration_that_it_is_for, 0, 2);
  tcase_add_loop_test(
      tc, an_endpoint_deleted_inside_of_a_call_goes_when_that_returns, 0, 3);
  tcase_add_loop_test(tc, what_a_call_may_have_holds_at_the_limit_and_one_past,
                      0, 2);
  tcase_add_test(tc, what_is_left_of_all_is_granted_and_when_nothing_is_none);
  tcase_add_loop_test(tc, the_gatekeeper_may_narrow_a_call_and_be_refused, 0,
                      2);
  tcase_add_test(tc, a_gatekeeper_that_says_nothing_leaves_it_as_it_was);
  tcase_add_loop_test(tc, a_call_is_reported_as_often_as_the_gatekeeper_wants,
                      0, 2);
  tcase_add_test(tc, an_irq_is_answered_with_the_calls_it_asks_about);
  tcase_add_test(tc, an_irr_lists_so_many_calls_and_says_that_there_are_more);
  tcase_add_test(tc, a_gateway_says_that_it_is_almost_out_of_resources);
  tcase_add_test(tc, a_gatekeeper_knows_how_many_calls_each_can_still_take);
  tcase_add_test(tc, what_a_gateway_says_of_its_groups_is_summed);
  suite_add_tcase(s, tc);
  return run_suite(s);
}
