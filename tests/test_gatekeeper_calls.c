/* SPDX-License-Identifier: BSD-2-Clause */
/* Calls between endpoints through a gatekeeper, all of it in one process. */
#include "callworld.h"
#include "runner.h"

#include "session/call.h"
#include "session/endpoint.h"
#include "session/gatekeeper.h"
#include "session/invariants.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

START_TEST(a_call_goes_through_with_its_h245) {
  static const uint8_t one[] = {1, 2, 3}, two[] = {4, 5};
  h46017_call *a, *b;
  begin(NULL);
  a = call(0, "b");
  b = parties[1].call;
  ck_assert_ptr_nonnull(b);
  ck_assert_uint_eq(parties[0].admitted, 1);
  ck_assert_uint_eq(parties[1].admitted, 1);
  ck_assert_mem_eq(h46017_call_identifier(a), h46017_call_identifier(b), 16);
  ck_assert_mem_eq(h46017_call_conference(a), h46017_call_conference(b), 16);
  ck_assert_int_eq(last_state, H46017_ROUTE_SETUP);
  write_and_run(1, H46017_Q931_CALL_PROCEEDING);
  ck_assert_int_eq(last_state, H46017_ROUTE_PROCEEDING);
  write_and_run(1, H46017_Q931_ALERTING);
  ck_assert_int_eq(last_state, H46017_ROUTE_ALERTING);
  ck_assert_int_eq(h46017_call_get_state(a), H46017_CALL_DELIVERED);
  write_and_run(1, H46017_Q931_CONNECT);
  ck_assert_int_eq(last_state, H46017_ROUTE_CONNECT);
  ck_assert_int_eq(h46017_call_h245(a, one, 3, w.now), 0);
  ck_assert_int_eq(h46017_call_h245(b, two, 2, w.now), 0);
  run();
  ck_assert_uint_eq(parties[1].h245.len, 3);
  ck_assert_mem_eq(parties[1].h245.data, one, 3);
  ck_assert_uint_eq(parties[0].h245.len, 2);
  ck_assert_mem_eq(parties[0].h245.data, two, 2);
  ck_assert_int_eq(h46017_call_release(_i == 0 ? a : b, 21, w.now), 0);
  run();
  ck_assert_uint_eq(parties[0].released, 1);
  ck_assert_uint_eq(parties[1].released, 1);
  ck_assert_uint_eq(parties[_i == 0 ? 1 : 0].cause, 21);
  ck_assert_int_eq(last_state, H46017_ROUTE_RELEASED);
  ck_assert_int_eq(last_code, H46017_ERR_CALL_RELEASED);
  ck_assert_uint_eq(last_cause, 21);
  end();
}
END_TEST

START_TEST(any_number_of_calls_between_the_same_two) {
  h46017_gatekeeper_settings s;
  world_settings(&s);
  s.request_rate = 0;
  begin(&s);
  answers = true;
  for (int i = 0; i < 200; i++) {
    (void)call(i % 2, i % 2 == 0 ? "b" : "a");
  }
  ck_assert_uint_eq(h46017_gatekeeper_call_count(w.gk), 200);
  ck_assert_uint_eq(h46017_calls_count(h46017_endpoint_calls(line[0]->ep)),
                    200);
  world_break(&w, line[0]);
  run();
  ck_assert_uint_eq(parties[0].released, 200);
  ck_assert_uint_eq(parties[1].released, 200);
  ck_assert_uint_eq(parties[1].cause, 27);
  ck_assert_uint_eq(routes_over, 200);
  end();
}
END_TEST

START_TEST(a_name_that_nobody_holds_is_rejected_at_once) {
  begin(NULL);
  (void)call(0, "nobody");
  ck_assert_uint_eq(parties[0].released, 1);
  ck_assert_int_eq(parties[0].code, H46017_ERR_REJECTED);
  ck_assert_uint_eq(parties[0].cause, 20);
  ck_assert_uint_eq(parties[0].admitted, 0);
  end();
}
END_TEST

START_TEST(the_program_may_refuse_or_send_it_elsewhere) {
  static const h46017_alias c = {H46017_ALIAS_H323_ID, 0, {"c", 1}};
  begin(NULL);
  route_says = H46017_ERR_REFUSED;
  (void)call(0, "b");
  ck_assert_uint_eq(parties[0].released, 1);
  ck_assert_uint_eq(parties[1].setups, 0);
  route_says = 0;
  route_to = &c;
  (void)call(0, "anything");
  ck_assert_uint_eq(parties[2].setups, 1);
  ck_assert_str_eq(parties[2].to, "c");
  write_and_run(2, H46017_Q931_CONNECT);
  write_and_run(0, H46017_Q931_RELEASE_COMPLETE);
  ck_assert_uint_eq(parties[2].released, 1);
  end();
}
END_TEST

START_TEST(a_callee_that_goes_or_refuses_releases_the_caller) {
  begin(NULL);
  (void)call(0, "b");
  world_break(&w, line[1]);
  run();
  ck_assert_uint_eq(parties[0].released, 1);
  ck_assert_uint_eq(parties[0].cause, 27);
  ck_assert_int_eq(last_code, H46017_ERR_CLOSED);
  ck_assert_int_eq(world_run(&w, w.now + 3000), 0); /* it comes back */
  (void)call(0, "b");
  ck_assert_int_eq(h46017_call_release(parties[1].call, 17, w.now), 0);
  run();
  ck_assert_uint_eq(parties[0].released, 2);
  ck_assert_uint_eq(parties[0].cause, 17);
  end();
}
END_TEST

START_TEST(a_caller_that_unregisters_ends_its_calls) {
  begin(NULL);
  answers = true;
  (void)call(0, "b");
  ck_assert_int_eq(
      h46017_gatekeeper_unregister(w.gk, "a", 1, H46017_URQ_MAINTENANCE, w.now),
      0);
  run();
  ck_assert_uint_eq(parties[1].released, 1);
  ck_assert_uint_eq(parties[0].released, 1);
  end();
}
END_TEST

START_TEST(a_forced_drop_ends_both_sides) {
  begin(NULL);
  answers = true;
  (void)call(0, "b");
  ck_assert_int_eq(last_state, H46017_ROUTE_CONNECT);
  ck_assert_int_eq(h46017_gatekeeper_drop_call(w.gk, last_id, w.now), 0);
  run();
  ck_assert_uint_eq(parties[0].released, 1);
  ck_assert_uint_eq(parties[1].released, 1);
  ck_assert_int_eq(last_code, H46017_ERR_CALL_ENDED);
  ck_assert_int_eq(h46017_gatekeeper_drop_call(w.gk, last_id, w.now),
                   H46017_ERR_NOT_FOUND);
  end();
}
END_TEST

START_TEST(both_may_call_each_other_at_the_same_time) {
  h46017_alias alias[2] = {{H46017_ALIAS_H323_ID, 0, {"b", 1}},
                           {H46017_ALIAS_H323_ID, 0, {"a", 1}}};
  h46017_call *made[2];
  begin(NULL);
  answers = true;
  for (int i = 0; i < 2; i++) {
    const h46017_aliases list = {&alias[i], 1, true};
    (void)snprintf(parties[i].to, sizeof(parties[i].to), "%s",
                   alias[i].text.text);
    ck_assert_int_eq(h46017_endpoint_call(line[i]->ep, line[i]->reg, &list, 0,
                                          NULL, &made[i], w.now),
                     0);
  }
  run();
  ck_assert_uint_eq(h46017_gatekeeper_call_count(w.gk), 2);
  for (int i = 0; i < 2; i++) {
    ck_assert_int_eq(h46017_call_get_state(made[i]), H46017_CALL_ACTIVE);
    ck_assert_int_eq(h46017_call_release(made[i], 0, w.now), 0);
  }
  run();
  end();
}
END_TEST

START_TEST(nobody_answers_and_the_timers_run_out) {
  begin(NULL);
  (void)call(0, "b");
  ck_assert_int_eq(world_run(&w, w.now + 20000), 0);
  ck_assert_uint_eq(parties[0].released, 1);
  ck_assert_uint_eq(parties[1].released, 1);
  ck_assert_uint_eq(parties[1].cause, 102);
  end();
}
END_TEST

START_TEST(a_limit_on_calls_holds_at_it_and_one_past) {
  h46017_gatekeeper_settings s;
  world_settings(&s);
  s.max_calls = 2;
  begin(&s);
  answers = true;
  (void)call(0, "b");
  (void)call(0, "b");
  ck_assert_uint_eq(parties[1].setups, 2);
  (void)call(2, "b");
  ck_assert_int_eq(parties[2].code, H46017_ERR_REJECTED);
  ck_assert_uint_eq(parties[1].setups, 2);
  world_break(&w, line[1]);
  run();
  end();
}
END_TEST

/* -- callIdentifiers ------------------------------------------------------- */

/* What waits to be sent begins with a Release Complete of this call. */
static bool releases(const world_line *to, uint8_t reference) {
  const uint8_t *tx;
  size_t len = h46017_connection_peek_tx(to->conn, &tx);
  return len > 8 && tx[4] == 8 && tx[6] == 0x80 && tx[7] == reference &&
         tx[8] == H46017_Q931_RELEASE_COMPLETE;
}

static void begin_with_ep2(void) {
  world_line *ep2;
  begin(NULL);
  ck_assert_int_eq(world_add(&w, &ep2, "ep2", NULL), 0);
  run();
}

START_TEST(a_call_that_went_in_a_circle_is_refused_and_the_first_stays) {
  octets setup = captured_setup();
  world_line *again;
  begin_with_ep2();
  again = _i == 0 ? line[0] : line[2];
  came(line[0], &setup, 1);
  run();
  ck_assert_uint_eq(parties[3].setups, 1);
  ck_assert_int_eq(last_state, H46017_ROUTE_SETUP);
  came(again, &setup, 2);
  ck_assert(releases(again, 2));
  run();
  ck_assert_uint_eq(parties[3].setups, 1);
  ck_assert_uint_eq(parties[3].released, 0);
  ck_assert_uint_eq(h46017_gatekeeper_call_count(w.gk), 1);
  /* once it is over, the name is free again */
  write_and_run(3, H46017_Q931_RELEASE_COMPLETE);
  ck_assert_uint_eq(h46017_gatekeeper_call_count(w.gk), 0);
  came(again, &setup, 3);
  run();
  ck_assert_uint_eq(parties[3].setups, 2);
  ck_assert_uint_eq(h46017_gatekeeper_call_count(w.gk), 1);
  world_break(&w, again);
  run();
  octets_free(&setup);
  end();
}
END_TEST

START_TEST(calls_whose_identifier_is_all_zero_are_calls_of_their_own) {
  static const uint8_t none[H46017_CALL_GUID];
  octets setup = captured_setup();
  identify(&setup, 0);
  begin_with_ep2();
  for (uint8_t i = 1; i <= 3; i++) {
    came(line[i < 3 ? 0 : 2], &setup, i);
  }
  ck_assert_uint_eq(h46017_gatekeeper_call_count(w.gk), 3);
  ck_assert_uint_eq(line[0]->conn->leg_count, 2);
  ck_assert_ptr_null(gk_leg_find(line[0]->conn, none, false));
  look(&w);
  /* nothing leads to them, so nobody is admitted to one of them */
  run();
  ck_assert_uint_eq(parties[3].setups, 3);
  ck_assert_uint_eq(parties[3].admitted, 0);
  ck_assert_uint_eq(parties[3].released, 3);
  ck_assert_uint_eq(routes_over, 3);
  octets_free(&setup);
  end();
}
END_TEST

/* -- the check itself ------------------------------------------------------ */

static void noticed(const char *what) {
  const char *broken = h46017_gatekeeper_check_invariants(w.gk);

  ck_assert_ptr_nonnull(broken);
  ck_assert_str_eq(broken, what);
}

/* A check that finds nothing wrong must be able to. INV-40 */
START_TEST(a_broken_table_of_calls_is_noticed) {
  h46017_calls *calls;
  h46017_call *first, *second;
  begin(NULL);
  ring();
  ring();
  calls = line[0]->conn->calls;
  first = calls->first;
  second = first->next;
  calls->count++;
  noticed("INV-40: calls counted wrong");
  calls->count--;
  first->reference ^= 0x4000;
  noticed("INV-40: a call reference that leads elsewhere");
  first->reference ^= 0x4000;
  first->ours = !first->ours;
  noticed("INV-40: a call reference that leads elsewhere");
  first->ours = !first->ours;
  second->prev = NULL;
  noticed("INV-40: a call out of its list");
  second->prev = first;
  first->calls = line[1]->conn->calls;
  noticed("INV-40: a call out of its list");
  first->calls = calls;
  calls->depth++;
  noticed("INV-36: a table of calls that is busy");
  calls->depth--;
  look(&w);
  world_break(&w, line[0]);
  run();
  end();
}
END_TEST

START_TEST(a_broken_call_of_an_endpoint_is_noticed) {
  h46017_endpoint *ep;
  endpoint_call *a;
  h46017_calls *calls;
  begin(NULL);
  ring();
  ep = line[0]->ep;
  a = ep->admissions;
  calls = ep->calls;
  a->pending = 7;
  ck_assert_str_eq(h46017_endpoint_check_invariants(ep),
                   "INV-32: an admission that nothing answers");
  a->pending = 0;
  a->call->calls = line[1]->ep->calls;
  ck_assert_str_eq(h46017_endpoint_check_invariants(ep),
                   "INV-40: an admission of a call that is over");
  a->call->calls = calls;
  ep->calls = NULL;
  ck_assert_str_eq(h46017_endpoint_check_invariants(ep),
                   "INV-40: an admission without a table of calls");
  ep->calls = calls;
  calls->count++;
  ck_assert_str_eq(h46017_endpoint_check_invariants(ep),
                   "INV-40: calls counted wrong");
  calls->count--;
  look(&w);
  world_break(&w, line[0]);
  run();
  end();
}
END_TEST

/* INV-41 */
START_TEST(a_broken_leg_is_noticed) {
  gk_call *broken;
  gk_leg *caller, *callee;
  gk_registration *r;
  h46017_call *twin;
  begin(NULL);
  ring();
  broken = w.gk->calls;
  caller = &broken->legs[GK_CALLER];
  callee = &broken->legs[GK_CALLEE];
  r = caller->registration;
  twin = callee->call;
  callee->call = NULL;
  noticed("INV-41: a leg without its twin");
  callee->call = caller->call;
  noticed("INV-41: a leg of another's call");
  callee->call = twin;
  caller->registration = NULL;
  noticed("INV-41: a leg without a registration");
  caller->registration = callee->registration;
  noticed("INV-41: a leg without a registration");
  caller->registration = r;
  caller->key[0] ^= 1;
  noticed("INV-41: a callIdentifier that leads elsewhere");
  caller->key[0] ^= 1;
  broken->pub.callee = line[0]->conn;
  noticed("INV-41: a leg on a connection that nobody was told of");
  broken->pub.callee = line[1]->conn;
  broken->pub.state = H46017_ROUTE_ADMITTED;
  noticed("INV-41: a call before its Setup");
  broken->pub.state = H46017_ROUTE_ALERTING;
  caller->connection = line[1]->conn;
  noticed("INV-41: a leg on a connection that is not its own");
  caller->connection = line[0]->conn;
  line[0]->conn->leg_count++;
  noticed("INV-41: legs counted wrong");
  line[0]->conn->leg_count--;
  w.gk->call_count++;
  noticed("INV-41: calls counted wrong");
  w.gk->call_count--;
  w.gk->bandwidth++;
  noticed("INV-41: bandwidth counted wrong");
  w.gk->bandwidth--;
  broken->pub.id++;
  noticed("INV-41: a call that is not found");
  broken->pub.id--;
  broken->over = true;
  noticed("INV-41: a leg on a connection that is not its own");
  broken->over = false;
  look(&w);
  world_break(&w, line[0]);
  run();
  end();
}
END_TEST

int main(void) {
  Suite *s = suite_create("gatekeeper_calls");
  TCase *tc = tcase_create("gatekeeper_calls");
  tcase_set_timeout(tc, 60);
  tcase_add_loop_test(tc, a_call_goes_through_with_its_h245, 0, 2);
  tcase_add_test(tc, any_number_of_calls_between_the_same_two);
  tcase_add_test(tc, a_name_that_nobody_holds_is_rejected_at_once);
  tcase_add_test(tc, the_program_may_refuse_or_send_it_elsewhere);
  tcase_add_test(tc, a_callee_that_goes_or_refuses_releases_the_caller);
  tcase_add_test(tc, a_caller_that_unregisters_ends_its_calls);
  tcase_add_test(tc, a_forced_drop_ends_both_sides);
  tcase_add_test(tc, both_may_call_each_other_at_the_same_time);
  tcase_add_test(tc, nobody_answers_and_the_timers_run_out);
  tcase_add_test(tc, a_limit_on_calls_holds_at_it_and_one_past);
  tcase_add_loop_test(
      tc, a_call_that_went_in_a_circle_is_refused_and_the_first_stays, 0, 2);
  tcase_add_test(tc, calls_whose_identifier_is_all_zero_are_calls_of_their_own);
  tcase_add_test(tc, a_broken_table_of_calls_is_noticed);
  tcase_add_test(tc, a_broken_call_of_an_endpoint_is_noticed);
  tcase_add_test(tc, a_broken_leg_is_noticed);
  suite_add_tcase(s, tc);
  return run_suite(s);
}
