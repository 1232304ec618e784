/* SPDX-License-Identifier: BSD-2-Clause */
/* The calls of one connection: what time does to them. */
#include "callpair.h"
#include "runner.h"

#include <check.h>
#include <string.h>

#define SETUP                                                                  \
  "080200050504038890a570038134327e006a0520b0060008914a000601400b0030003000"   \
  "390030003300330032006600360038003800610200010080750000010203040506070809"   \
  "0a0b0c0d0e0f00d90f8000001100101112131415161718191a1b1c1d1e1f010001000906"   \
  "0031005f0067006b0180018010800180"

static callpair p;

static void begin(const h46017_calls_settings *settings) {
  ck_assert_int_eq(callpair_init(&p, settings, NULL), 0);
}

/* -- time ------------------------------------------------------------------ */

static const struct {
  int stage;
  h46017_time due;
  uint8_t cause;
} timers[] = {
    {0, 15000, 102}, /* T303 */
    {1, 30000, 102}, /* T304 */
    {2, 60000, 102}, /* T310 */
    {3, 180000, 19}, /* T301 */
};

START_TEST(a_timer_releases_the_call_when_it_is_due_and_not_before) {
  h46017_call *b;
  h46017_time start;
  begin(NULL);
  (void)callpair_at(&p, timers[_i].stage, &b);
  start = p.now;
  ck_assert(h46017_calls_next_expiry(p.side[0].calls) ==
            start + timers[_i].due);
  p.now = start + timers[_i].due - 1;
  ck_assert_int_eq(h46017_calls_handle_expiry(p.side[0].calls, p.now), 0);
  p.now++;
  ck_assert_int_eq(h46017_calls_handle_expiry(p.side[0].calls, p.now), 0);
  ck_assert_int_eq(p.side[0].last_code, H46017_ERR_CALL_TIMEOUT);
  ck_assert_uint_eq(p.side[0].last_cause, timers[_i].cause);
  ck_assert_int_eq(callpair_carry(&p), 0);
  ck_assert_uint_eq(p.side[1].last_cause, timers[_i].cause);
  ck_assert_int_eq(p.side[1].last_code, H46017_ERR_CALL_RELEASED);
  callpair_free(&p);
}
END_TEST

START_TEST(progress_gives_as_long_as_alerting_does) {
  h46017_call *a, *b;
  begin(NULL);
  a = callpair_at(&p, 2, &b);
  p.now += 30000;
  callpair_answer(&p, b, H46017_Q931_PROGRESS);
  ck_call_state(a, H46017_CALL_OUTGOING_PROCEEDING);
  ck_assert(h46017_calls_next_expiry(p.side[0].calls) == p.now + 180000);
  callpair_free(&p);
}
END_TEST

START_TEST(digits_begin_the_overlap_time_again) {
  h46017_call *a, *b;
  begin(NULL);
  a = callpair_at(&p, 1, &b);
  p.now += 20000;
  callpair_answer(&p, a, H46017_Q931_INFORMATION);
  ck_assert(h46017_calls_next_expiry(p.side[0].calls) == p.now + 30000);
  callpair_free(&p);
}
END_TEST

START_TEST(an_inquiry_is_answered_with_the_state) {
  h46017_call *a, *b;
  begin(NULL);
  a = callpair_up(&p, 0, &b);
  ck_assert_int_eq(
      h46017_call_write(a, H46017_Q931_STATUS_INQUIRY, NULL, p.now), 0);
  ck_assert(h46017_calls_next_expiry(p.side[0].calls) == p.now + 4000);
  ck_assert_int_eq(callpair_carry(&p), 0);
  ck_assert_int_eq(callside_count(&p.side[1], "message statusInquiry"), 1);
  ck_assert_int_eq(callside_count(&p.side[0], "message status"), 1);
  ck_assert(h46017_calls_next_expiry(p.side[0].calls) == H46017_TIME_NEVER);
  ck_call_state(a, H46017_CALL_ACTIVE);
  callpair_free(&p);
}
END_TEST

START_TEST(an_inquiry_that_nobody_answers_is_repeated_once_then_releases) {
  h46017_call *a, *b;
  unsigned sent;
  begin(NULL);
  a = callpair_up(&p, 0, &b);
  sent = p.side[0].sent;
  ck_assert_int_eq(
      h46017_call_write(a, H46017_Q931_STATUS_INQUIRY, NULL, p.now), 0);
  p.now += 3999;
  ck_assert_int_eq(h46017_calls_handle_expiry(p.side[0].calls, p.now), 0);
  ck_assert_uint_eq(p.side[0].sent, sent + 1);
  p.now++;
  ck_assert_int_eq(h46017_calls_handle_expiry(p.side[0].calls, p.now), 0);
  ck_assert_uint_eq(p.side[0].sent, sent + 2);
  ck_assert_uint_eq(p.side[0].last_sent, H46017_Q931_STATUS_INQUIRY);
  p.now += 4000;
  ck_assert_int_eq(h46017_calls_handle_expiry(p.side[0].calls, p.now), 0);
  ck_assert_uint_eq(p.side[0].last_sent, H46017_Q931_RELEASE_COMPLETE);
  ck_assert_int_eq(p.side[0].last_code, H46017_ERR_CALL_TIMEOUT);
  ck_assert_uint_eq(p.side[0].last_cause, 41);
  callpair_free(&p);
}
END_TEST

START_TEST(a_peer_that_no_more_knows_the_call_ends_it) {
  static const uint8_t status[] = {0x08, 0x02, 0,    5,    H46017_Q931_STATUS,
                                   0x08, 0x02, 0x80, 0x9e, 0x14,
                                   0x01, 0x00};
  unsigned sent;
  begin(NULL);
  ck_assert_int_eq(callpair_feed_hex(&p, 1, SETUP), 0);
  sent = p.side[1].sent;
  ck_assert_int_eq(callpair_feed(&p, 1, status, sizeof(status)), 0);
  ck_assert_int_eq(p.side[1].last_code, H46017_ERR_CALL_LOST);
  ck_assert_uint_eq(p.side[1].last_cause, 30);
  ck_assert_uint_eq(p.side[1].sent, sent);
  callpair_free(&p);
}
END_TEST

START_TEST(a_connection_that_goes_takes_its_calls_along) {
  h46017_call *a, *b;
  begin(NULL);
  for (int i = 0; i < CALLPAIR_STAGES; i++) {
    a = callpair_at(&p, i, &b);
    ck_assert_ptr_nonnull(a);
  }
  a = callpair_up(&p, 1, &b);
  ck_assert_int_eq(h46017_call_release(a, 0, p.now), 0);
  ck_assert_int_eq(callpair_carry(&p), 0);
  p.side[0].sent = p.side[0].over = 0;
  ck_assert_int_eq(
      h46017_calls_down(p.side[0].calls, H46017_ERR_KEEPALIVE, p.now), 0);
  ck_assert_uint_eq(p.side[0].over, CALLPAIR_STAGES);
  ck_assert_int_eq(p.side[0].last_code, H46017_ERR_KEEPALIVE);
  ck_assert_uint_eq(p.side[0].last_cause, 27);
  ck_assert_uint_eq(p.side[0].sent, 0);
  ck_assert(h46017_calls_next_expiry(p.side[0].calls) == H46017_TIME_NEVER);
  (void)callpair_out(&p, 0); /* and can be used again */
  callpair_free(&p);
}
END_TEST

int main(void) {
  Suite *s = suite_create("call_timers");
  TCase *tc = tcase_create("call_timers");
  tcase_set_timeout(tc, 60);
  tcase_add_loop_test(tc,
                      a_timer_releases_the_call_when_it_is_due_and_not_before,
                      0, (int)(sizeof(timers) / sizeof(timers[0])));
  tcase_add_test(tc, progress_gives_as_long_as_alerting_does);
  tcase_add_test(tc, digits_begin_the_overlap_time_again);
  tcase_add_test(tc, an_inquiry_is_answered_with_the_state);
  tcase_add_test(tc,
                 an_inquiry_that_nobody_answers_is_repeated_once_then_releases);
  tcase_add_test(tc, a_peer_that_no_more_knows_the_call_ends_it);
  tcase_add_test(tc, a_connection_that_goes_takes_its_calls_along);
  suite_add_tcase(s, tc);
  return run_suite(s);
}
