/* SPDX-License-Identifier: BSD-2-Clause */
/* The calls of one connection: what a program may do in their callbacks, and
 * what they take of its memory. */
#include "callpair.h"
#include "failmem.h"
#include "runner.h"

#include <check.h>
#include <string.h>

#define SETUP                                                                  \
  "080200050504038890a570038134327e006a0520b0060008914a000601400b0030003000"   \
  "390030003300330032006600360038003800610200010080750000010203040506070809"   \
  "0a0b0c0d0e0f00d90f8000001100101112131415161718191a1b1c1d1e1f010001000906"   \
  "0031005f0067006b0180018010800180"
/* the same, sent by who called */
#define RELEASE_BY_CALLER                                                      \
  "080200055a080280907e0023052580060008914a000615000011001011121314151617181"  \
  "91a1b1c1d1e1f10800180"

static callpair p;

static void begin(const h46017_calls_settings *settings) {
  ck_assert_int_eq(callpair_init(&p, settings, NULL), 0);
}

/* -- callbacks ------------------------------------------------------------- */

static const char *hooked;

static void release_hook(callside *s, const char *callback, h46017_call *call) {
  if (strcmp(callback, hooked) == 0 &&
      h46017_call_get_state(call) != H46017_CALL_RELEASED) {
    ck_assert_int_eq(h46017_call_release(call, 0, s->pair->now), 0);
  }
}

static const char *const hooks[] = {"setup", "message", "h245", "state"};

START_TEST(a_call_may_be_released_in_every_callback) {
  h46017_call *a, *b;
  static const uint8_t h245[] = {1, 2, 3};
  begin(NULL);
  hooked = hooks[_i];
  a = callpair_up(&p, 0, &b);
  p.side[0].hook = p.side[1].hook = release_hook;
  if (_i == 0 || _i == 3) {
    (void)callpair_out(&p, 0);
    if (_i == 3) {
      (void)h46017_call_release(a, 0, p.now);
    }
  } else {
    ck_assert_int_eq(h46017_call_h245(a, h245, 3, p.now), 0);
  }
  ck_assert_int_eq(callpair_carry(&p), 0);
  ck_assert_uint_ge(p.side[0].over, 1);
  ck_assert_uint_eq(p.side[0].over, p.side[1].over);
  callpair_free(&p);
}
END_TEST

static void reentrant_hook(callside *s, const char *callback,
                           h46017_call *call) {
  h46017_q931 msg = {0};
  (void)callback;
  (void)call;
  ck_assert_int_eq(h46017_calls_receive(s->calls, &msg, 0),
                   H46017_ERR_REENTRANT);
  ck_assert_int_eq(h46017_calls_handle_expiry(s->calls, 0),
                   H46017_ERR_REENTRANT);
  ck_assert_int_eq(h46017_calls_down(s->calls, 0, 0), H46017_ERR_REENTRANT);
}

START_TEST(what_callbacks_may_not_call_is_refused) {
  h46017_call *a, *b;
  begin(NULL);
  p.side[0].hook = p.side[1].hook = reentrant_hook;
  a = callpair_up(&p, 0, &b);
  ck_assert_int_eq(h46017_call_release(a, 0, p.now), 0);
  ck_assert_int_eq(callpair_carry(&p), 0);
  callpair_free(&p);
}
END_TEST

static void delete_hook(callside *s, const char *callback, h46017_call *call) {
  (void)call;
  if (strcmp(callback, hooked) == 0) {
    h46017_calls_del(s->calls);
  }
}

START_TEST(the_table_may_be_deleted_in_every_callback) {
  octets setup = octets_hex(SETUP);
  begin(NULL);
  hooked = _i == 1 ? "released" : hooks[_i];
  p.side[1].hook = delete_hook;
  ck_assert_int_eq(callpair_feed(&p, 1, setup.data, setup.len), 0);
  if (_i == 1) {
    ck_assert_int_eq(callpair_feed_hex(&p, 1, RELEASE_BY_CALLER), 0);
  } else if (_i == 2) {
    /* nothing tunnelled came: it still stands */
    h46017_calls_del(p.side[1].calls);
  }
  p.side[1].calls = NULL;
  octets_free(&setup);
  callpair_free(&p);
}
END_TEST

START_TEST(a_callback_that_fails_ends_the_table) {
  h46017_call *a, *b, *c;
  begin(NULL);
  a = callpair_up(&p, 0, &b);
  p.side[1].callback_fails = -1;
  ck_assert_int_eq(h46017_call_write(a, H46017_Q931_NOTIFY, NULL, p.now), 0);
  ck_assert_int_eq(callpair_carry(&p), H46017_ERR_CALLBACK_FAILURE);
  ck_assert_int_eq(h46017_calls_error(p.side[1].calls),
                   H46017_ERR_CALLBACK_FAILURE);
  ck_assert_int_eq(h46017_call_release(b, 0, p.now),
                   H46017_ERR_CALLBACK_FAILURE);
  ck_assert_int_eq(h46017_call_new(p.side[1].calls, NULL, &c, p.now),
                   H46017_ERR_CALLBACK_FAILURE);
  ck_assert(h46017_calls_next_expiry(p.side[1].calls) == H46017_TIME_NEVER);
  callpair_free(&p);
}
END_TEST

START_TEST(an_answer_of_the_tables_own_that_cannot_be_sent_stays) {
  begin(NULL);
  p.side[1].write_fails = H46017_ERR_QUEUE_FULL;
  ck_assert_int_eq(callpair_feed_hex(&p, 1, "0802800907"),
                   H46017_ERR_QUEUE_FULL);
  ck_assert_int_eq(h46017_calls_error(p.side[1].calls), H46017_ERR_QUEUE_FULL);
  callpair_free(&p);
}
END_TEST

static uint8_t written[256];
static size_t written_len;
static int write_says;

static int on_write(h46017_calls *calls, const uint8_t *q931, size_t len,
                    void *user_data) {
  (void)calls;
  (void)user_data;
  ck_assert_uint_le(len, sizeof(written));
  memcpy(written, q931, len);
  written_len = len;
  return write_says;
}

static int on_rand(uint8_t *dest, size_t len, void *user_data) {
  (void)user_data;
  memset(dest, 7, len);
  return 0;
}

/* A program that only calls: whoever calls it hears so. Q.850 cause 88. */
START_TEST(who_takes_no_calls_says_so) {
  octets setup = octets_hex(SETUP);
  h46017_calls_callbacks cb;
  h46017_q931 msg;
  h46017_q931_ie cause;
  h46017_calls *calls;
  h46017_call *call = NULL;
  h46017_calls_callbacks_default(&cb);
  cb.write = on_write;
  cb.rand = on_rand;
  write_says = 0;
  written_len = 0;
  ck_assert_int_eq(h46017_calls_new(&calls, NULL, &cb, NULL, NULL, 1), 0);
  ck_assert_int_eq(h46017_q931_parse(&msg, setup.data, setup.len, 0), 0);
  ck_assert_int_eq(h46017_calls_receive(calls, &msg, 1), 0);
  ck_assert_uint_eq(h46017_calls_count(calls), 0);
  ck_assert_int_eq(h46017_q931_parse(&msg, written, written_len, 0), 0);
  ck_assert_uint_eq(msg.type, H46017_Q931_RELEASE_COMPLETE);
  ck_assert(h46017_q931_find(&msg, H46017_Q931_IE_CAUSE, &cause));
  ck_assert_uint_eq(cause.contents[cause.len - 1] & 0x7f, 88);
  /* A program's own error, which is none of ours, is its failure. */
  ck_assert_int_eq(h46017_call_new(calls, NULL, &call, 1), 0);
  write_says = 5;
  ck_assert_int_eq(h46017_call_write(call, H46017_Q931_SETUP, NULL, 1),
                   H46017_ERR_CALLBACK_FAILURE);
  ck_assert_int_eq(h46017_calls_error(calls), H46017_ERR_CALLBACK_FAILURE);
  h46017_calls_del(calls);
  octets_free(&setup);
}
END_TEST

/* -- many, and memory ------------------------------------------------------ */

START_TEST(a_thousand_calls_at_once_on_one_connection) {
  h46017_call *a[1000], *b[1000];
  begin(NULL);
  for (int i = 0; i < 1000; i++) {
    a[i] = callpair_up(&p, i % 2, &b[i]);
  }
  ck_assert_uint_eq(h46017_calls_count(p.side[0].calls), 1000);
  for (int i = 0; i < 1000; i++) {
    ck_assert_int_eq(h46017_call_release(i % 3 != 0 ? a[i] : b[i], 0, p.now),
                     0);
    ck_assert_int_eq(callpair_carry(&p), 0);
  }
  for (int i = 0; i < 2; i++) {
    ck_assert_uint_eq(p.side[i].over, 1000);
    ck_assert_uint_eq(h46017_calls_count(p.side[i].calls), 0);
  }
  callpair_free(&p);
}
END_TEST

static int memory_scenario(failmem *f, void *arg) {
  static const uint8_t h245[] = {1, 2, 3};
  h46017_call *call = NULL;
  int rv = callpair_init(&p, NULL, &f->mem);

  (void)arg;
  if (rv == 0) {
    rv = h46017_call_new(p.side[0].calls, NULL, &call, p.now);
  }
  if (rv == 0) {
    rv = h46017_call_write(call, H46017_Q931_SETUP, NULL, p.now);
  }
  if (rv == 0) {
    rv = callpair_carry(&p);
  }
  if (rv == 0) {
    rv = h46017_call_write(p.side[1].latest, H46017_Q931_CONNECT, NULL, p.now);
  }
  if (rv == 0) {
    rv = callpair_carry(&p);
  }
  if (rv == 0) {
    rv = h46017_call_h245(call, h245, sizeof(h245), p.now);
  }
  if (rv == 0) {
    rv = callpair_carry(&p);
  }
  if (rv == 0) {
    rv = h46017_call_release(call, 0, p.now);
  }
  if (rv == 0) {
    rv = callpair_carry(&p);
  }
  if (rv == 0) {
    rv = callpair_run(&p, p.now + 6000);
  }
  callpair_free(&p);
  return rv;
}

START_TEST(every_allocation_may_fail) {
  ck_assert_uint_gt(failmem_sweep(memory_scenario, NULL), 5);
}
END_TEST

START_TEST(a_call_takes_less_than_a_kibibyte) {
  failmem f;
  h46017_call *a, *b;
  size_t before;
  failmem_init(&f);
  ck_assert_int_eq(callpair_init(&p, NULL, &f.mem), 0);
  a = callpair_up(&p, 0, &b);
  ck_assert_int_eq(h46017_call_release(a, 0, p.now), 0);
  ck_assert_int_eq(callpair_run(&p, p.now + 6000), 0);
  before = f.octets;
  for (int i = 0; i < 1000; i++) {
    (void)callpair_up(&p, 0, &b);
  }
  ck_assert_uint_lt((f.octets - before) / 2000, 512); /* each side's leg */
  ck_assert_int_eq(h46017_calls_down(p.side[0].calls, 0, p.now), 0);
  ck_assert_int_eq(h46017_calls_down(p.side[1].calls, 0, p.now), 0);
  callpair_free(&p);
  ck_assert_uint_eq(f.blocks, 0);
}
END_TEST

START_TEST(settings_that_make_no_sense_are_refused) {
  h46017_calls_settings s;
  h46017_calls_callbacks cb;
  h46017_calls *calls;
  h46017_calls_callbacks_default(&cb);
  ck_assert_int_eq(h46017_calls_new(&calls, NULL, &cb, NULL, NULL, 0),
                   H46017_ERR_INVALID_ARGUMENT);
  for (int i = 0; i < 5; i++) {
    h46017_calls_settings_default(&s);
    *(i == 0   ? &s.max_calls
      : i == 1 ? &s.t301
      : i == 2 ? &s.t303
      : i == 3 ? &s.t310
               : &s.t322) = 0;
    ck_assert_int_eq(callpair_init(&p, &s, NULL), H46017_ERR_INVALID_ARGUMENT);
    callpair_free(&p);
  }
}
END_TEST

int main(void) {
  Suite *s = suite_create("call_program");
  TCase *tc = tcase_create("call_program");
  tcase_set_timeout(tc, 60);
  tcase_add_loop_test(tc, a_call_may_be_released_in_every_callback, 0, 4);
  tcase_add_test(tc, what_callbacks_may_not_call_is_refused);
  tcase_add_loop_test(tc, the_table_may_be_deleted_in_every_callback, 0, 4);
  tcase_add_test(tc, a_callback_that_fails_ends_the_table);
  tcase_add_test(tc, an_answer_of_the_tables_own_that_cannot_be_sent_stays);
  tcase_add_test(tc, who_takes_no_calls_says_so);
  tcase_add_test(tc, a_thousand_calls_at_once_on_one_connection);
  tcase_add_test(tc, every_allocation_may_fail);
  tcase_add_test(tc, a_call_takes_less_than_a_kibibyte);
  tcase_add_test(tc, settings_that_make_no_sense_are_refused);
  suite_add_tcase(s, tc);
  return run_suite(s);
}
