/* SPDX-License-Identifier: BSD-2-Clause */
/* What ends a call through a gatekeeper, when, and what either side hears of
 * it. */
#include "callworld.h"
#include "registrar.h"
#include "runner.h"

#include "session/gatekeeper.h"

#include <check.h>
#include <stdio.h>
#include <string.h>

/* -- every state, every end ------------------------------------------------ */

/* How far a call has come: what the callee has said. */
static const struct stage {
  uint8_t said[3];
  h46017_route_state state;
  h46017_call_state caller;
} stages[] = {
    {{0}, H46017_ROUTE_SETUP, H46017_CALL_INITIATED},
    {{H46017_Q931_SETUP_ACKNOWLEDGE},
     H46017_ROUTE_SETUP,
     H46017_CALL_OVERLAP_SENDING},
    {{H46017_Q931_CALL_PROCEEDING},
     H46017_ROUTE_PROCEEDING,
     H46017_CALL_OUTGOING_PROCEEDING},
    {{H46017_Q931_CALL_PROCEEDING, H46017_Q931_ALERTING},
     H46017_ROUTE_ALERTING,
     H46017_CALL_DELIVERED},
    {{H46017_Q931_CALL_PROCEEDING, H46017_Q931_ALERTING, H46017_Q931_CONNECT},
     H46017_ROUTE_CONNECT,
     H46017_CALL_ACTIVE},
};

typedef enum ending {
  CALLER_RELEASES,
  CALLEE_RELEASES,
  BOTH_RELEASE,
  CALLER_LOST,
  CALLEE_LOST,
  CALLER_UNREGISTERED,
  CALLEE_UNREGISTERED,
  CALLER_LEAVES, /* by a URQ of its own */
  CALLEE_LEAVES,
  DROPPED,
  CLOSED, /* the gatekeeper goes */
  ENDINGS
} ending;

static const struct {
  int code;      /* what the gatekeeper tells */
  uint8_t cause; /* what who is left hears */
} endings[ENDINGS] = {
    [CALLER_RELEASES] = {H46017_ERR_CALL_RELEASED, 21},
    [CALLEE_RELEASES] = {H46017_ERR_CALL_RELEASED, 17},
    [BOTH_RELEASE] = {H46017_ERR_CALL_RELEASED, 0},
    [CALLER_LOST] = {H46017_ERR_CLOSED, 27},
    [CALLEE_LOST] = {H46017_ERR_CLOSED, 27},
    [CALLER_UNREGISTERED] = {H46017_ERR_UNREGISTERED, 27},
    [CALLEE_UNREGISTERED] = {H46017_ERR_UNREGISTERED, 27},
    [CALLER_LEAVES] = {H46017_ERR_UNREGISTERED, 27},
    [CALLEE_LEAVES] = {H46017_ERR_UNREGISTERED, 27},
    [DROPPED] = {H46017_ERR_CALL_ENDED, 16},
    [CLOSED] = {H46017_ERR_SHUTDOWN, 27},
};

static void release(int who, uint8_t cause) {
  ck_assert_int_eq(h46017_call_release(parties[who].call, cause, w.now), 0);
}

static void happens(ending how) {
  switch (how) {
  case CALLER_RELEASES:
    release(0, 21);
    break;
  case CALLEE_RELEASES:
    release(1, 17);
    break;
  case BOTH_RELEASE:
    release(0, 21);
    release(1, 17);
    break;
  case CALLER_LOST:
    world_break(&w, line[0]);
    break;
  case CALLEE_LOST:
    world_break(&w, line[1]);
    break;
  case CALLER_UNREGISTERED:
  case CALLEE_UNREGISTERED:
    ck_assert_int_eq(h46017_gatekeeper_unregister(
                         w.gk, how == CALLER_UNREGISTERED ? "a" : "b", 1,
                         H46017_URQ_MAINTENANCE, w.now),
                     0);
    break;
  case CALLER_LEAVES:
  case CALLEE_LEAVES: {
    world_line *l = line[how == CALLER_LEAVES ? 0 : 1];
    ck_assert_int_eq(h46017_endpoint_remove(l->ep, l->reg, w.now), 0);
    break;
  }
  case DROPPED:
    ck_assert_int_eq(h46017_gatekeeper_drop_call(w.gk, last_id, w.now), 0);
    break;
  case CLOSED:
    ck_assert_int_eq(h46017_gatekeeper_close(w.gk, w.now), 0);
    break;
  case ENDINGS:
    break;
  }
  run();
}

/* Who hears of it from the other side. */
static bool hears(int who, ending how) {
  switch (how) {
  case CALLER_RELEASES:
  case CALLER_LOST:
    return who == 1;
  case CALLEE_RELEASES:
  case CALLEE_LOST:
    return who == 0;
  case CALLER_UNREGISTERED:
  case CALLEE_UNREGISTERED:
  case CALLER_LEAVES:
  case CALLEE_LEAVES:
  case DROPPED:
    return true;
  case BOTH_RELEASE:
  case CLOSED:
  case ENDINGS:
    break;
  }
  return false;
}

static void walk(const struct stage *stage, ending how) {
  begin(NULL);
  (void)call(0, "b");
  for (size_t i = 0; i < 3 && stage->said[i] != 0; i++) {
    write_and_run(1, stage->said[i]);
  }
  ck_assert_int_eq(last_state, stage->state);
  ck_assert_int_eq(h46017_call_get_state(parties[0].call), stage->caller);
  happens(how);
  ck_assert_int_eq(last_state, H46017_ROUTE_RELEASED);
  ck_assert_int_eq(last_code, endings[how].code);
  ck_assert_uint_eq(routes_over, 1);
  for (int i = 0; i < 2; i++) {
    ck_assert_uint_eq(parties[i].released, 1);
    if (hears(i, how)) {
      ck_assert_uint_eq(parties[i].cause, endings[how].cause);
    }
  }
  end();
}

START_TEST(a_call_ends_in_every_state_by_whatever_ends_it) {
  for (int how = 0; how < ENDINGS; how++) {
    walk(&stages[_i], (ending)how);
  }
}
END_TEST

/* -- causes ---------------------------------------------------------------- */

START_TEST(every_reason_and_cause_comes_through_both_ways) {
  begin(NULL);
  for (int i = 0; i < 2; i++) {
    for (int reason = 0; reason <= H46017_RELEASE_HOP_COUNT_EXCEEDED;
         reason++) {
      h46017_call_content content;
      uint8_t cause = h46017_release_cause((h46017_release_reason)reason);
      if (reason == H46017_RELEASE_NON_STANDARD_REASON ||
          reason == H46017_RELEASE_REPLACE_WITH_CONFERENCE_INVITE ||
          reason == H46017_RELEASE_SECURITY_ERROR) {
        continue; /* these say more than their name */
      }
      (void)call(0, "b");
      h46017_call_content_default(&content);
      content.reason = (h46017_release_reason)reason;
      content.cause = cause;
      ck_assert_int_eq(h46017_call_write(parties[i].call,
                                         H46017_Q931_RELEASE_COMPLETE, &content,
                                         w.now),
                       0);
      run();
      ck_assert_int_eq(parties[1 - i].reason, reason);
      ck_assert_uint_eq(parties[1 - i].cause, cause);
      ck_assert_uint_eq(last_cause, cause);
    }
    for (uint8_t cause = 1; cause < 128; cause++) {
      (void)call(0, "b");
      ck_assert_int_eq(h46017_call_release(parties[i].call, cause, w.now), 0);
      run();
      ck_assert_uint_eq(parties[1 - i].cause, cause);
      ck_assert_uint_eq(last_cause, cause);
    }
  }
  end();
}
END_TEST

/* -- another takes its place ----------------------------------------------- */

START_TEST(a_registration_that_is_replaced_takes_its_calls_with_it) {
  const h46017_identity right = proved(DEVICE, 1);
  world_line *holder;
  world_line *newcomer;
  begin(NULL);
  one_device(&w, H46017_AUTH_CERTIFICATE);
  ck_assert_int_eq(world_add(&w, &holder, DEVICE, NULL), 0);
  holder->peer = &right;
  run();
  (void)call(0, DEVICE);
  write_and_run(holder->number, H46017_Q931_CONNECT);
  ck_assert_int_eq(last_state, H46017_ROUTE_CONNECT);
  (void)call(1, "c"); /* somebody else's */
  ck_assert_int_eq(world_add(&w, &newcomer, DEVICE, NULL), 0);
  newcomer->peer = &right;
  run();
  ck_assert(tells(&w, "gk unregistered " DEVICE " REPLACED"));
  ck_assert_uint_eq(routes_over, 1);
  ck_assert_int_eq(last_code, H46017_ERR_REPLACED);
  ck_assert_uint_eq(parties[0].released, 1);
  ck_assert_uint_eq(parties[0].cause, 27);
  ck_assert_uint_eq(parties[holder->number].released, 1);
  ck_assert_uint_eq(h46017_gatekeeper_call_count(w.gk), 1);
  /* Who calls now gets the newcomer. */
  (void)call(0, DEVICE);
  ck_assert_uint_eq(parties[holder->number].setups, 1);
  ck_assert_uint_eq(parties[newcomer->number].setups, 1);
  write_and_run(0, H46017_Q931_RELEASE_COMPLETE);
  write_and_run(1, H46017_Q931_RELEASE_COMPLETE);
  end();
}
END_TEST

/* -- time ------------------------------------------------------------------ */

/* The endpoint is admitted and does not call: its Setup does not come. */
START_TEST(an_admission_is_over_in_its_time_and_not_before) {
  h46017_gatekeeper_settings s;
  h46017_time admitted;
  world_settings(&s);
  s.admission_timeout = 7000;
  begin(&s);
  silent = true;
  admitted = w.now;
  (void)call(0, "b");
  ck_assert_uint_eq(parties[0].admitted, 1);
  ck_assert_int_eq(world_run(&w, admitted + 6999), 0);
  ck_assert_uint_eq(h46017_gatekeeper_call_count(w.gk), 1);
  ck_assert_int_eq(world_run(&w, admitted + 7000), 0);
  ck_assert_uint_eq(h46017_gatekeeper_call_count(w.gk), 0);
  ck_assert_int_eq(last_code, H46017_ERR_CALL_TIMEOUT);
  ck_assert_uint_eq(last_cause, 102);
  world_break(&w, line[0]);
  run();
  end();
}
END_TEST

int main(void) {
  Suite *s = suite_create("gatekeeper_calls_rules");
  TCase *tc = tcase_create("gatekeeper_calls_rules");
  tcase_set_timeout(tc, 60);
  tcase_add_loop_test(tc, a_call_ends_in_every_state_by_whatever_ends_it, 0,
                      (int)(sizeof(stages) / sizeof(stages[0])));
  tcase_add_test(tc, every_reason_and_cause_comes_through_both_ways);
  tcase_add_test(tc, a_registration_that_is_replaced_takes_its_calls_with_it);
  tcase_add_test(tc, an_admission_is_over_in_its_time_and_not_before);
  suite_add_tcase(s, tc);
  return run_suite(s);
}
