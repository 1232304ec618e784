/* SPDX-License-Identifier: BSD-2-Clause */
#include "digest.h"
#include "failmem.h"
#include "runner.h"

#include <h46017/error.h>
#include <h46017/tls.h>

#include <openssl/err.h>
#include <openssl/evp.h>

#include <check.h>
#include <string.h>

static h46017_crypto crypto_new(h46017_tls_digests **pdigests) {
  h46017_crypto crypto;

  ck_assert_int_eq(h46017_tls_digests_new(pdigests, NULL), 0);
  ck_assert_uint_eq(ERR_peek_error(), 0);
  h46017_crypto_default(&crypto);
  h46017_tls_crypto(&crypto, *pdigests);
  return crypto;
}

START_TEST(openssl_and_the_tests_hashes_agree) {
  uint8_t data[300];
  uint8_t a[20];
  uint8_t b[20];
  h46017_tls_digests *digests;
  h46017_crypto crypto = crypto_new(&digests);

  for (size_t i = 0; i < sizeof(data); i++) {
    data[i] = (uint8_t)(i * 7);
  }
  for (size_t len = 0; len <= sizeof(data); len++) {
    const h46017_octets parts[] = {
        {data, len / 3}, {NULL, 0}, {data + len / 3, len - len / 3}};
    for (int which = H46017_DIGEST_MD5; which <= H46017_DIGEST_SHA1; which++) {
      size_t size = which == H46017_DIGEST_MD5 ? 16 : 20;
      ck_assert_int_eq(
          crypto.digest((h46017_digest)which, parts, 3, a, crypto.user_data),
          0);
      digest_of((h46017_digest)which, data, len, b);
      ck_assert_mem_eq(a, b, size);
    }
  }
  h46017_tls_digests_del(digests);
}
END_TEST

START_TEST(an_unknown_hash_is_refused) {
  const h46017_octets part = {NULL, 0};
  uint8_t out[20];
  h46017_tls_digests *digests;
  h46017_crypto crypto = crypto_new(&digests);

  ck_assert_int_eq(
      crypto.digest((h46017_digest)3, &part, 1, out, crypto.user_data),
      H46017_ERR_DIGEST);
  ck_assert_uint_eq(ERR_peek_error(), 0);
  h46017_tls_digests_del(digests);
}
END_TEST

START_TEST(what_the_providers_lack_is_missed_when_it_is_needed) {
  const h46017_octets part = {(const uint8_t *)"a", 1};
  uint8_t out[20];
  h46017_tls_digests *digests;
  h46017_crypto crypto;

  ck_assert_int_eq(EVP_set_default_properties(NULL, "fips=yes"), 1);
  crypto = crypto_new(&digests);
  ck_assert_int_eq(EVP_set_default_properties(NULL, ""), 1);
  for (int which = H46017_DIGEST_MD5; which <= H46017_DIGEST_SHA1; which++) {
    ck_assert_int_eq(
        crypto.digest((h46017_digest)which, &part, 1, out, crypto.user_data),
        H46017_ERR_DIGEST);
  }
  ck_assert_uint_eq(ERR_peek_error(), 0);
  h46017_tls_digests_del(digests);
}
END_TEST

static int digests_scenario(failmem *f, void *arg) {
  h46017_tls_digests *digests = NULL;
  int rv = h46017_tls_digests_new(&digests, &f->mem);

  (void)arg;
  ck_assert((rv == 0) == (digests != NULL));
  h46017_tls_digests_del(digests);
  return rv;
}

START_TEST(every_allocation_may_fail) {
  ck_assert_uint_gt(failmem_sweep(digests_scenario, NULL), 0);
}
END_TEST

static Suite *tls_crypto_suite(void) {
  Suite *s = suite_create("tls_crypto");
  TCase *tc = tcase_create("hashes");

  tcase_add_test(tc, openssl_and_the_tests_hashes_agree);
  tcase_add_test(tc, an_unknown_hash_is_refused);
  tcase_add_test(tc, what_the_providers_lack_is_missed_when_it_is_needed);
  tcase_add_test(tc, every_allocation_may_fail);
  suite_add_tcase(s, tc);
  return s;
}

int main(void) {
  return run_suite(tls_crypto_suite());
}
