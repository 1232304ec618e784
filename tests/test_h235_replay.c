/* SPDX-License-Identifier: BSD-2-Clause */
/* A token counts once, and what is remembered of it is bounded. */
#include "checked.h"
#include "digest.h"
#include "failmem.h"
#include "runner.h"

#include <h46017/error.h>

#include <check.h>
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

/* What a memory never saw is older than the first that begins anew. */
START_TEST(what_begins_is_no_older_than_what_began_before) {
  checked f;
  h46017_h235_replay *replay = NULL;

  checked_init(&f, "secret");
  for (uint32_t kind = 1; kind <= H46017_H235_ALL; kind++) {
    ck_assert_int_eq(h46017_h235_replay_new(&replay, 0, NULL), 0);
    f.check.replay = replay;
    f.check.begins = true;
    ck_assert_int_eq(checked_made(&f, kind, WHEN, 1), 0);
    ck_assert_int_eq(checked_made(&f, kind, WHEN - 1, 2),
                     H46017_ERR_TOKEN_REPLAYED);
    ck_assert_int_eq(checked_made(&f, kind, WHEN, 3), 0);
    f.check.begins = false;
    ck_assert_int_eq(checked_made(&f, kind, WHEN - 1, 4),
                     (kind & H46017_H235_PWD_HASH) == 0
                         ? 0 /* a message of another's registration */
                         : H46017_ERR_TOKEN_REPLAYED);
    ck_assert_int_eq(checked_made(&f, kind, WHEN + 9, 5), 0);
    f.check.begins = true;
    ck_assert_int_eq(checked_made(&f, kind, WHEN + 8, 6),
                     (kind & H46017_H235_PWD_HASH) == 0
                         ? 0 /* what does not begin does not count */
                         : H46017_ERR_TOKEN_REPLAYED);
    h46017_h235_replay_del(replay);
  }
  checked_free(&f);
}
END_TEST

/* -- what is remembered ---------------------------------------------------- */

static void remember(h46017_h235_replay *r, uint32_t time, uint64_t hash) {
  h235_seen seen = {H46017_H235_HMAC, time, hash, false};

  ck_assert_int_eq(h235_replay_reserve(r, 1, WHEN, 300), 0);
  h235_replay_remember(r, &seen, WHEN);
}

static int check(const h46017_h235_replay *r, uint32_t kind, uint32_t time,
                 uint64_t hash) {
  h235_seen seen = {kind, time, hash, false};

  return h235_replay_check(r, &seen, WHEN);
}

static h46017_h235_replay *memory_of(size_t max, const h46017_mem *mem) {
  h46017_h235_replay *r = NULL;

  ck_assert_int_eq(h46017_h235_replay_new(&r, max, mem), 0);
  return r;
}

START_TEST(a_token_is_its_kind_its_time_and_its_hash) {
  h46017_h235_replay *r = memory_of(0, NULL);

  remember(r, WHEN, 7);
  ck_assert_int_eq(check(r, H46017_H235_HMAC, WHEN, 7),
                   H46017_ERR_TOKEN_REPLAYED);
  ck_assert_int_eq(check(r, H46017_H235_ACCESS_TOKEN, WHEN, 7), 0);
  ck_assert_int_eq(check(r, H46017_H235_HMAC, WHEN + 1, 7), 0);
  ck_assert_int_eq(check(r, H46017_H235_HMAC, WHEN, 8), 0);
  h46017_h235_replay_del(r);
}
END_TEST

START_TEST(as_many_as_said_are_remembered_and_1024_by_default) {
  static const size_t limits[] = {4, 0};
  static const size_t limit[] = {4, 1024};

  for (size_t k = 0; k < 2; k++) {
    h46017_h235_replay *r = memory_of(limits[k], NULL);

    for (size_t i = 0; i < limit[k]; i++) {
      remember(r, WHEN + (i > 0), i);
    }
    ck_assert_int_eq(check(r, H46017_H235_HMAC, WHEN, 0),
                     H46017_ERR_TOKEN_REPLAYED);
    ck_assert_int_eq(check(r, H46017_H235_HMAC, WHEN, 9999), 0);
    /* one more: what is as old as the one that goes is taken no longer */
    remember(r, WHEN + 1, limit[k]);
    ck_assert_int_eq(check(r, H46017_H235_HMAC, WHEN, 9999),
                     H46017_ERR_TOKEN_REPLAYED);
    ck_assert_int_eq(check(r, H46017_H235_HMAC, WHEN + 1, 9999), 0);
    h46017_h235_replay_del(r);
  }
}
END_TEST

START_TEST(what_is_over_makes_room_before_more_is_taken) {
  h235_seen seen = {H46017_H235_HMAC, 0, 0, false};
  failmem f;
  h46017_h235_replay *r;
  size_t calls;

  failmem_init(&f);
  r = memory_of(0, &f.mem);
  calls = f.calls;
  for (uint32_t i = 0; i < 8; i++) {
    remember(r, WHEN, i);
  }
  ck_assert_uint_eq(f.calls, calls + 1);
  /* over: nothing is allocated, and nothing of what is not over is refused */
  ck_assert_int_eq(h235_replay_reserve(r, 8, WHEN + 301, 300), 0);
  ck_assert_uint_eq(f.calls, calls + 1);
  ck_assert_int_eq(check(r, H46017_H235_HMAC, WHEN + 1, 0), 0);
  ck_assert_int_eq(check(r, H46017_H235_HMAC, WHEN, 99),
                   H46017_ERR_TOKEN_REPLAYED);
  for (uint32_t i = 0; i < 8; i++) {
    seen.time = WHEN + 1;
    seen.hash = i;
    h235_replay_remember(r, &seen, WHEN + 301);
  }
  ck_assert_int_eq(h235_replay_reserve(r, 1, WHEN + 301, 300), 0);
  ck_assert_uint_eq(f.calls, calls + 2);
  h46017_h235_replay_del(r);

  /* a full one takes no more memory for what comes in the place of others */
  r = memory_of(8, &f.mem);
  calls = f.calls;
  for (uint32_t i = 0; i < 20; i++) {
    remember(r, WHEN + i, 1);
  }
  ck_assert_uint_eq(f.calls, calls + 1);
  h46017_h235_replay_del(r);
  ck_assert_uint_eq(f.blocks, 0);
}
END_TEST

/* Of the first seconds of 1970 nothing is over. */
START_TEST(before_a_window_has_passed_nothing_is_over) {
  for (int64_t now = 299; now <= 301; now++) {
    h46017_h235_replay *r = memory_of(0, NULL);

    ck_assert_int_eq(h235_replay_reserve(r, 1, now, 300), 0);
    ck_assert_int_eq(check(r, H46017_H235_HMAC, 1, 1), 0);
    h46017_h235_replay_del(r);
  }
}
END_TEST

START_TEST(a_message_has_more_tokens_than_the_least_memory_has_room_for) {
  h46017_h235_replay *r = memory_of(1, NULL);
  checked f;

  checked_init(&f, "secret");
  f.check.replay = r;
  ck_assert_int_eq(checked_made(&f, H46017_H235_ALL, WHEN, 1), 0);
  ck_assert_int_eq(checked_octets(&f, f.per.data, f.per.len, NULL),
                   H46017_ERR_TOKEN_REPLAYED);
  h46017_h235_replay_del(r);
  checked_free(&f);
}
END_TEST

/* A memory that is thrown away while it is idle has forgotten nothing. */
START_TEST(a_memory_is_idle_when_all_that_it_refuses_is_over) {
  h235_seen hash = {H46017_H235_PWD_HASH, WHEN, 1, false};
  h46017_h235_replay *r = memory_of(1, NULL);

  ck_assert(h46017_h235_replay_is_idle(r, WHEN, 300));
  /* the older one comes later, and the younger is refused as forgotten */
  remember(r, WHEN + 5, 1);
  remember(r, WHEN, 2);
  ck_assert_int_eq(check(r, H46017_H235_HMAC, WHEN + 5, 1),
                   H46017_ERR_TOKEN_REPLAYED);
  ck_assert(!h46017_h235_replay_is_idle(r, WHEN + 305, 300));
  ck_assert(h46017_h235_replay_is_idle(r, WHEN + 306, 300));
  h46017_h235_replay_del(r);

  r = memory_of(1, NULL);
  h235_replay_remember(r, &hash, WHEN);
  ck_assert(!h46017_h235_replay_is_idle(r, WHEN + 300, 300));
  ck_assert(h46017_h235_replay_is_idle(r, WHEN + 301, 300));
  /* 0: what is the default */
  ck_assert(!h46017_h235_replay_is_idle(r, WHEN + H46017_H235_WINDOW, 0));
  ck_assert(h46017_h235_replay_is_idle(r, WHEN + H46017_H235_WINDOW + 1, 0));
  ck_assert(h46017_h235_replay_is_idle(r, WHEN + 100, 99));
  ck_assert(!h46017_h235_replay_is_idle(r, WHEN + 100, 100));
  h46017_h235_replay_del(r);
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
  h46017_mem none = {NULL, NULL, NULL, NULL, NULL};
  h46017_h235_replay *r = NULL;

  ck_assert_int_eq(h46017_h235_replay_new(&r, 0, &none),
                   H46017_ERR_INVALID_ARGUMENT);
  ck_assert_uint_gt(failmem_sweep(scenario, NULL), 3);
}
END_TEST

int main(void) {
  Suite *s = suite_create("h235_replay");
  TCase *tc = tcase_create("h235_replay");

  tcase_add_test(tc, a_replay_is_refused_as_long_as_its_time_lasts);
  tcase_add_test(tc, a_refused_message_spends_no_token);
  tcase_add_test(tc, a_full_memory_forgets_no_replay);
  tcase_add_test(tc, a_password_hash_lasts_for_the_messages_of_its_second);
  tcase_add_test(tc, what_begins_is_no_older_than_what_began_before);
  tcase_add_test(tc, a_token_is_its_kind_its_time_and_its_hash);
  tcase_add_test(tc, as_many_as_said_are_remembered_and_1024_by_default);
  tcase_add_test(tc, what_is_over_makes_room_before_more_is_taken);
  tcase_add_test(tc, before_a_window_has_passed_nothing_is_over);
  tcase_add_test(tc,
                 a_message_has_more_tokens_than_the_least_memory_has_room_for);
  tcase_add_test(tc, a_memory_is_idle_when_all_that_it_refuses_is_over);
  tcase_add_test(tc, every_allocation_may_fail);
  suite_add_tcase(s, tc);
  return run_suite(s);
}
