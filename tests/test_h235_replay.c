/* SPDX-License-Identifier: BSD-2-Clause */
/* A token counts once, and what is remembered of it is bounded. */
#include "checked.h"
#include "digest.h"
#include "failmem.h"

#include <h46017/error.h>

#include <check.h>
#include <stdlib.h>
#include <string.h>

/* -- replays ----------------------------------------------------------------
 */

START_TEST(a_replay_is_refused_as_long_as_its_time_lasts) {
  checked f;
  h46017_h235_replay *replay = NULL;

  checked_init(&f, "secret");
  ck_assert_int_eq(h46017_h235_replay_new(&replay, 0, NULL), 0);
  f.check.replay = replay;
  ck_assert_int_eq(checked_made(&f, H46017_H235_HMAC, WHEN, 1), 0);
  for (uint32_t i = 2; i < 100; i++) {
    ck_assert_int_eq(checked_made(&f, H46017_H235_HMAC, WHEN + i % 50, i), 0);
  }
  f.check.now = WHEN + 300;
  ck_assert_int_eq(checked_made(&f, H46017_H235_HMAC, WHEN, 1),
                   H46017_ERR_TOKEN_REPLAYED);
  f.check.now = WHEN + 301;
  ck_assert_int_eq(checked_made(&f, H46017_H235_HMAC, WHEN, 1),
                   H46017_ERR_TOKEN_TIME);
  ck_assert(!h46017_h235_replay_is_idle(replay, WHEN + 349, 300));
  ck_assert(h46017_h235_replay_is_idle(replay, WHEN + 350, 300));
  h46017_h235_replay_del(replay);
  checked_free(&f);
}
END_TEST

START_TEST(a_refused_message_spends_no_token) {
  checked f;
  h46017_h235_replay *replay = NULL;

  checked_init(&f, "secret");
  ck_assert_int_eq(h46017_h235_replay_new(&replay, 0, NULL), 0);
  f.check.replay = replay;
  f.per = octets_hex(RRQ_HMAC);
  f.per.data[HMAC_AT] ^= 1;
  ck_assert_int_eq(checked_octets(&f, f.per.data, f.per.len, NULL),
                   H46017_ERR_PASSWORD_WRONG);
  f.per.data[HMAC_AT] ^= 1;
  ck_assert_int_eq(checked_octets(&f, f.per.data, f.per.len, NULL), 0);
  ck_assert_int_eq(checked_octets(&f, f.per.data, f.per.len, NULL),
                   H46017_ERR_TOKEN_REPLAYED);
  h46017_h235_replay_del(replay);
  checked_free(&f);
}
END_TEST

START_TEST(a_full_memory_forgets_no_replay) {
  checked f;
  h46017_h235_replay *replay = NULL;

  checked_init(&f, "secret");
  ck_assert_int_eq(h46017_h235_replay_new(&replay, 4, NULL), 0);
  f.check.replay = replay;
  for (uint32_t i = 0; i < 20; i++) {
    ck_assert_int_eq(checked_made(&f, H46017_H235_HMAC, WHEN + i, 1), 0);
  }
  for (uint32_t i = 0; i < 20; i++) {
    ck_assert_int_eq(checked_made(&f, H46017_H235_HMAC, WHEN + i, 1),
                     H46017_ERR_TOKEN_REPLAYED);
  }
  /* the price: what is older than what was forgotten comes too late */
  ck_assert_int_eq(checked_made(&f, H46017_H235_HMAC, WHEN + 3, 9),
                   H46017_ERR_TOKEN_REPLAYED);
  ck_assert_int_eq(checked_made(&f, H46017_H235_HMAC, WHEN + 18, 9), 0);
  h46017_h235_replay_del(replay);
  checked_free(&f);
}
END_TEST

START_TEST(a_password_hash_lasts_for_the_messages_of_its_second) {
  checked f;
  h46017_h235_replay *replay = NULL;

  checked_init(&f, "secret");
  ck_assert_int_eq(h46017_h235_replay_new(&replay, 0, NULL), 0);
  f.check.replay = replay;
  ck_assert_int_eq(checked_hex(&f, RRQ_PWD, NULL), 0);
  f.check.now = WHEN + 5;
  ck_assert_int_eq(checked_hex(&f, RRQ_PWD, NULL), 0);
  f.check.now = WHEN + 6;
  ck_assert_int_eq(checked_hex(&f, RRQ_PWD, NULL), H46017_ERR_TOKEN_REPLAYED);
  ck_assert_int_eq(checked_made(&f, H46017_H235_PWD_HASH, WHEN + 1, 1), 0);
  f.check.now = WHEN + 1;
  ck_assert_int_eq(checked_hex(&f, RRQ_PWD, NULL), H46017_ERR_TOKEN_REPLAYED);
  h46017_h235_replay_del(replay);
  checked_free(&f);
}
END_TEST

/* -- memory -----------------------------------------------------------------
 */

static int scenario(failmem *mem, void *arg) {
  h46017_crypto crypto;
  h46017_h235_secret *s = NULL;
  h46017_h235_replay *replay = NULL;
  checked f;
  int rv;

  (void)arg;
  checked_init(&f, "secret");
  digest_crypto(&crypto);
  rv = h46017_h235_secret_new(&s, &crypto, "secret", 6, &mem->mem);
  if (rv == 0) {
    rv = h46017_h235_replay_new(&replay, 0, &mem->mem);
  }
  for (uint32_t i = 0; rv == 0 && i < 20; i++) {
    f.check.secret = s;
    f.check.replay = replay;
    rv = checked_made(&f, H46017_H235_HMAC, WHEN + i, 1);
  }
  h46017_h235_replay_del(replay);
  h46017_h235_secret_del(s);
  checked_free(&f);
  return rv;
}

START_TEST(every_allocation_may_fail) {
  ck_assert_uint_gt(failmem_sweep(scenario, NULL), 3);
}
END_TEST

int main(void) {
  Suite *s = suite_create("h235_replay");
  TCase *tc = tcase_create("h235_replay");
  SRunner *sr;
  int failed;

  tcase_add_test(tc, a_replay_is_refused_as_long_as_its_time_lasts);
  tcase_add_test(tc, a_refused_message_spends_no_token);
  tcase_add_test(tc, a_full_memory_forgets_no_replay);
  tcase_add_test(tc, a_password_hash_lasts_for_the_messages_of_its_second);
  tcase_add_test(tc, every_allocation_may_fail);
  suite_add_tcase(s, tc);
  sr = srunner_create(s);
  srunner_run_all(sr, CK_NORMAL);
  failed = srunner_ntests_failed(sr);
  srunner_free(sr);
  return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
