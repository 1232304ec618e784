/* SPDX-License-Identifier: BSD-2-Clause */
#include "runner.h"
#include "session/fsm.h"

#include <h46017/error.h>

#include <check.h>
#include <string.h>

static const h46017_fsm *const tables[] = {
    &h46017_endpoint_connection_fsm,     &h46017_call_fsm,
    &h46017_endpoint_registration_fsm,   &h46017_gatekeeper_connection_fsm,
    &h46017_gatekeeper_registration_fsm,
};

START_TEST(every_state_has_a_name_and_something_that_ends_it) {
  const h46017_fsm *fsm = tables[_i];
  ck_assert_ptr_nonnull(fsm->name);
  for (int s = 0; s < fsm->state_count; s++) {
    const h46017_fsm_state *st = &fsm->states[s];
    ck_assert_ptr_nonnull(st->name);
    ck_assert_msg(st->timer != NULL || st->waits_for != NULL,
                  "%s %s: neither a timer nor a word on what it waits for",
                  fsm->name, st->name);
    ck_assert_msg(st->timer == NULL || st->waits_for == NULL, "%s %s: both",
                  fsm->name, st->name);
    for (int other = 0; other < s; other++) {
      ck_assert_str_ne(st->name, fsm->states[other].name);
    }
  }
  for (int e = 0; e < fsm->event_count; e++) {
    ck_assert_ptr_nonnull(fsm->events[e]);
  }
}
END_TEST

START_TEST(masks_stay_inside_the_table) {
  const h46017_fsm *fsm = tables[_i];
  uint32_t states = H46017_FSM_BIT(fsm->state_count) - 1;
  uint32_t events = H46017_FSM_BIT(fsm->event_count) - 1;
  for (int s = 0; s < fsm->state_count; s++) {
    const h46017_fsm_state *st = &fsm->states[s];
    ck_assert_uint_eq(st->next & ~states, 0);
    ck_assert_uint_eq((st->handles | st->ignores) & ~events, 0);
    ck_assert_uint_eq(st->handles & st->ignores, 0);
    /* A state that moves on handles something, one that cannot does not. */
    ck_assert_int_eq(st->next != 0, st->handles != 0);
  }
}
END_TEST

START_TEST(every_state_is_reached_from_the_first) {
  const h46017_fsm *fsm = tables[_i];
  uint32_t seen = 1;
  for (int round = 0; round < fsm->state_count; round++) {
    for (int s = 0; s < fsm->state_count; s++) {
      if ((seen & H46017_FSM_BIT(s)) != 0) {
        seen |= fsm->states[s].next;
      }
    }
  }
  ck_assert_uint_eq(seen, H46017_FSM_BIT(fsm->state_count) - 1);
}
END_TEST

START_TEST(every_state_that_has_a_timer_handles_its_firing) {
  const h46017_fsm *fsm = tables[_i];
  int timer = -1;
  for (int e = 0; e < fsm->event_count; e++) {
    if (strcmp(fsm->events[e], "TIMER") == 0) {
      timer = e;
    }
  }
  ck_assert_int_ge(timer, 0);
  for (int s = 0; s < fsm->state_count; s++) {
    if (fsm->states[s].timer != NULL) {
      ck_assert_int_eq((int)h46017_fsm_check(fsm, s, timer),
                       (int)H46017_FSM_HANDLE);
    }
  }
}
END_TEST

static void traced(const h46017_trace_event *event, void *user_data) {
  *(h46017_trace_event *)user_data = *event;
}

START_TEST(a_move_is_checked_and_told) {
  h46017_trace_event told;
  const h46017_trace_event given = {.now = 7, .subject = tables};
  const h46017_fsm *fsm = tables[0];
  int state = 0;
  memset(&told, 0, sizeof(told));
  ck_assert_int_eq(h46017_fsm_goto(fsm, &state, 1, 0, traced, &told, &given),
                   0);
  ck_assert_int_eq(state, 1);
  ck_assert_int_eq((int)told.kind, (int)H46017_TRACE_STATE_CHANGED);
  ck_assert_str_eq(told.object, "connection");
  ck_assert_str_eq(told.from, "IDLE");
  ck_assert_str_eq(told.to, "CONNECTING");
  ck_assert_str_eq(told.event, "START");
  ck_assert(told.now == 7);
  ck_assert_ptr_eq(told.subject, (const void *)tables);
}
END_TEST

int main(void) {
  Suite *s = suite_create("fsm");
  TCase *tc = tcase_create("fsm");
  int n = sizeof(tables) / sizeof(tables[0]);
  tcase_add_loop_test(tc, every_state_has_a_name_and_something_that_ends_it, 0,
                      n);
  tcase_add_loop_test(tc, masks_stay_inside_the_table, 0, n);
  tcase_add_loop_test(tc, every_state_is_reached_from_the_first, 0, n);
  tcase_add_loop_test(tc, every_state_that_has_a_timer_handles_its_firing, 0,
                      n);
  tcase_add_test(tc, a_move_is_checked_and_told);
  suite_add_tcase(s, tc);
  return run_suite(s);
}
