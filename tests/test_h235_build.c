/* SPDX-License-Identifier: BSD-2-Clause */
/* Tokens of our own. */
#include "checked.h"
#include "runner.h"

#include <h46017/error.h>

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* -- making -----------------------------------------------------------------
 */

START_TEST(all_kinds_together_verify) {
  checked f;
  h46017_h235_token t = token_of(H46017_H235_ALL);
  uint32_t kinds = 0;

  checked_init(&f, "secret");
  checked_protect(&f, &t);
  ck_assert_int_eq(checked_octets(&f, f.per.data, f.per.len, &kinds), 0);
  ck_assert_uint_eq(kinds, H46017_H235_ALL);
  checked_free(&f);
}
END_TEST

/* The hash is found wherever lengths before it move it to. */
START_TEST(names_of_any_length_verify) {
  char name[128];

  memset(name, 'n', sizeof(name));
  for (size_t len = 1; len <= 127; len++) {
    checked f;
    h46017_h235_token t = token_of(H46017_H235_ALL);
    checked_init(&f, "secret");
    f.senders[0] = (h46017_text){name, len};
    f.recipient = f.senders[0];
    t.sender = f.senders[0];
    t.recipient = f.senders[0];
    checked_protect(&f, &t);
    ck_assert_int_eq(checked_octets(&f, f.per.data, f.per.len, NULL), 0);
    checked_free(&f);
  }
}
END_TEST

START_TEST(every_ras_message_takes_the_hmac) {
  for (int kind = 0; kind < H46017_RAS_ACF_SEQUENCE; kind++) {
    const char *name = h46017_ras_kind_name((h46017_ras_kind)kind);
    h46017_h235_token t = token_of(H46017_H235_HMAC);
    char path[160];
    checked f;

    ck_assert(
        (h46017_h235_kinds_of((h46017_ras_kind)kind) & H46017_H235_HMAC) != 0);
    checked_init(&f, "secret");
    ck_assert_int_eq(h46017_h225_create(f.m, h46017_h225_ras_message()), 0);
    (void)snprintf(path, sizeof(path), "%s.requestSeqNum", name);
    ck_assert_int_eq(h46017_h225_set_uint(f.m, path, 1), 0);
    ck_assert_int_eq(h46017_h235_add(f.m, f.secret, &t), 0);
    checked_free(&f);
  }
  ck_assert_uint_eq(h46017_h235_kinds_of(H46017_RAS_ACF_SEQUENCE), 0);
  ck_assert_uint_eq(h46017_h235_kinds_of(H46017_RAS_UNKNOWN), 0);
}
END_TEST

START_TEST(the_random_sent_is_31_bits_and_not_zero) {
  static const uint32_t given[] = {0, 1, 0x80000000u, 0xffffffffu};
  static const int64_t sent[] = {1, 1, 1, 0x7fffffff};

  for (size_t i = 0; i < 4; i++) {
    h46017_h235_token t = token_of(H46017_H235_HMAC);
    int64_t random = 0;
    checked f;
    checked_init(&f, "secret");
    t.random = given[i];
    checked_protect(&f, &t);
    ck_assert_int_eq(h46017_h225_decode(f.m, h46017_h225_ras_message(),
                                        f.per.data, f.per.len),
                     0);
    ck_assert_int_eq(
        h46017_h225_read_int(
            h46017_h225_get(h46017_h225_root(f.m), TOKEN "hashedVals.random"),
            &random),
        0);
    ck_assert_int_eq(random, sent[i]);
    checked_free(&f);
  }
}
END_TEST

START_TEST(a_small_buffer_is_said_and_does_no_harm) {
  checked f;
  h46017_h235_token t = token_of(H46017_H235_HMAC);
  uint8_t buf[256];
  size_t len = 0;
  size_t size = 0;

  checked_init(&f, "secret");
  checked_rrq(&f);
  ck_assert_int_eq(h46017_h235_add(f.m, f.secret, &t), 0);
  ck_assert_int_eq(h46017_h235_encode(f.m, f.secret, NULL, 0, &size), 0);
  for (size_t cap = 1; cap < size; cap++) {
    ck_assert_int_eq(h46017_h235_encode(f.m, f.secret, buf, cap, &len),
                     H46017_ERR_BUFFER_TOO_SMALL);
    ck_assert_uint_eq(len, size);
  }
  ck_assert_int_eq(h46017_h235_encode(f.m, f.secret, buf, size, &len), 0);
  assert_octets(buf, len, RRQ_HMAC);
  checked_free(&f);
}
END_TEST

/* Where a token with its hash is there already, another one's is filled in; and
 * what is open is twelve octets, not sixteen. */
START_TEST(a_hash_that_is_there_is_left_alone) {
  static const char other[] = "registrationRequest.cryptoTokens[1]."
                              "nestedcryptoToken.cryptoHashedToken.token.hash";
  static const uint8_t zero[16] = {0};
  h46017_h235_token t = token_of(H46017_H235_HMAC);

  for (size_t len = 12; len <= 16; len += 4) {
    uint8_t was[16] = {0};
    const uint8_t *hash;
    size_t bits = 0;
    checked f;

    checked_init(&f, "secret");
    checked_protect(&f, &t);
    ck_assert_int_eq(h46017_h225_decode(f.m, h46017_h225_ras_message(),
                                        f.per.data, f.per.len),
                     0);
    if (len == 12) {
      memcpy(was, f.per.data + HMAC_AT, len);
    } else {
      ck_assert_int_eq(
          h46017_h225_set_bits(f.m, TOKEN "token.hash", zero, len * 8), 0);
    }
    ck_assert_int_eq(h46017_h235_add(f.m, f.secret, &t), 0);
    checked_encode(&f);
    ck_assert_int_eq(h46017_h225_decode(f.m, h46017_h225_ras_message(),
                                        f.per.data, f.per.len),
                     0);
    ck_assert_int_eq(
        h46017_h225_read_bits(
            h46017_h225_get(h46017_h225_root(f.m), TOKEN "token.hash"), &hash,
            &bits),
        0);
    ck_assert_uint_eq(bits, len * 8);
    ck_assert_mem_eq(hash, was, len);
    ck_assert_int_eq(
        h46017_h225_read_bits(h46017_h225_get(h46017_h225_root(f.m), other),
                              &hash, &bits),
        0);
    ck_assert_int_eq(h235_hmac(f.secret, f.per.data, f.per.len,
                               (size_t)(hash - f.per.data), was),
                     0);
    ck_assert_mem_eq(hash, was, H235_HMAC_LEN);
    checked_free(&f);
  }
}
END_TEST

START_TEST(the_first_and_the_last_second_and_the_longest_name_can_be_said) {
  static const int64_t times[] = {1, UINT32_MAX};
  char name[129];
  h46017_h235_token t;
  checked f;

  checked_init(&f, "secret");
  for (size_t i = 0; i < 2; i++) {
    t = token_of(H46017_H235_ALL);
    t.now = f.check.now = times[i];
    checked_protect(&f, &t);
    ck_assert_int_eq(checked_octets(&f, f.per.data, f.per.len, NULL), 0);
  }
  memset(name, 'n', sizeof(name));
  t.sender = (h46017_text){name, 127};
  checked_rrq(&f);
  ck_assert_int_eq(h46017_h235_add(f.m, f.secret, &t), 0);
  t.sender.len = 128;
  checked_rrq(&f);
  ck_assert_int_eq(h46017_h235_add(f.m, f.secret, &t), H46017_ERR_OUT_OF_RANGE);
  checked_free(&f);
}
END_TEST

START_TEST(what_cannot_be_made_is_refused) {
  checked f;
  h46017_h235_token t = token_of(8);

  checked_init(&f, "secret");
  checked_rrq(&f);
  ck_assert_int_eq(h46017_h235_add(f.m, f.secret, &t),
                   H46017_ERR_INVALID_ARGUMENT);
  t = token_of(H46017_H235_ALL);
  t.now = 0;
  ck_assert_int_eq(h46017_h235_add(f.m, f.secret, &t),
                   H46017_ERR_INVALID_ARGUMENT);
  t.now = (int64_t)UINT32_MAX + 1;
  ck_assert_int_eq(h46017_h235_add(f.m, f.secret, &t),
                   H46017_ERR_INVALID_ARGUMENT);
  t = token_of(H46017_H235_ALL);
  t.sender = (h46017_text){NULL, 0};
  ck_assert_int_eq(h46017_h235_add(f.m, f.secret, &t),
                   H46017_ERR_INVALID_ARGUMENT);
  t.sender = text_of("\xff");
  ck_assert_int_eq(h46017_h235_add(f.m, f.secret, &t), H46017_ERR_TEXT);
  t = token_of(H46017_H235_HMAC);
  ck_assert_int_eq(h46017_h225_create(f.m, h46017_h225_ras_message()), 0);
  ck_assert_int_eq(h46017_h235_add(f.m, f.secret, &t),
                   H46017_ERR_INVALID_ARGUMENT);
  ck_assert_int_eq(
      h46017_h225_create(f.m, h46017_h225_type_find("H235.ClearToken")), 0);
  ck_assert_int_eq(h46017_h225_set_text(f.m, "tokenOID", "0.0", 3), 0);
  ck_assert_int_eq(h46017_h235_add(f.m, f.secret, &t),
                   H46017_ERR_INVALID_ARGUMENT);
  checked_rrq(&f);
  ck_assert_int_eq(h46017_h235_add(f.m, NULL, &t), H46017_ERR_INVALID_ARGUMENT);
  t = token_of(H46017_H235_HMAC);
  t.struct_size = 1;
  ck_assert_int_eq(h46017_h235_add(f.m, f.secret, &t),
                   H46017_ERR_INVALID_ARGUMENT);
  checked_free(&f);
}
END_TEST

int main(void) {
  Suite *s = suite_create("h235_build");
  TCase *tc = tcase_create("h235_build");

  tcase_add_test(tc, all_kinds_together_verify);
  tcase_add_test(tc, names_of_any_length_verify);
  tcase_add_test(tc, every_ras_message_takes_the_hmac);
  tcase_add_test(tc, the_random_sent_is_31_bits_and_not_zero);
  tcase_add_test(tc, a_small_buffer_is_said_and_does_no_harm);
  tcase_add_test(tc, a_hash_that_is_there_is_left_alone);
  tcase_add_test(
      tc, the_first_and_the_last_second_and_the_longest_name_can_be_said);
  tcase_add_test(tc, what_cannot_be_made_is_refused);
  suite_add_tcase(s, tc);
  return run_suite(s);
}
