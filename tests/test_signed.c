/* SPDX-License-Identifier: BSD-2-Clause */
/* That a signature was verified is believed, of this very certificate by that
 * very issuer, and nothing else is believed with it. */
#include "pki.h"
#include "runner.h"
#include "tls/trust.h"

#include <check.h>
#include <time.h>

static pki_cert root;
static pki_cert middle;
static pki_cert leaf;

#define DAY (24L * 60 * 60)

/* The root ends after six days, the middle one begins two days ago and ends
 * after four, the leaf lives longer than either. */
static void setup(void) {
  static const pki_spec root_spec = {
      .cn = {PKI_CN("root")}, .ca = true, .from_days = -3, .to_days = 6};
  static const pki_spec middle_spec = {
      .cn = {PKI_CN("middle")}, .ca = true, .from_days = -2, .to_days = 4};
  static const pki_spec leaf_spec = {
      .cn = {PKI_CN("leaf")}, .from_days = -9, .to_days = 9};

  root = pki_make(&root_spec, NULL);
  middle = pki_make(&middle_spec, &root);
  leaf = pki_make(&leaf_spec, &middle);
}

static void teardown(void) {
  pki_free(&root);
  pki_free(&middle);
  pki_free(&leaf);
}

typedef enum way { VERIFIED, NOTED, BELIEVED } way;

/* A path to this authority, with the others sent along, `days` from now. */
static int verify(X509 *x, X509 *sent, X509 *authority, int days,
                  unsigned long flags, way how) {
  X509_STORE_CTX *store = X509_STORE_CTX_new();
  STACK_OF(X509) *untrusted = sk_X509_new_null();
  STACK_OF(X509) *trusted = sk_X509_new_null();
  X509_VERIFY_PARAM *param;
  int rv;

  ck_assert(sent == NULL || sk_X509_push(untrusted, sent) > 0);
  ck_assert_int_gt(sk_X509_push(trusted, authority), 0);
  ck_assert_int_eq(X509_STORE_CTX_init(store, NULL, x, untrusted), 1);
  X509_STORE_CTX_set0_trusted_stack(store, trusted);
  param = X509_STORE_CTX_get0_param(store);
  X509_VERIFY_PARAM_set_time(param, time(NULL) + days * DAY);
  ck_assert_int_eq(
      X509_VERIFY_PARAM_set_flags(param, X509_V_FLAG_PARTIAL_CHAIN |
                                             X509_V_FLAG_TRUSTED_FIRST | flags),
      1);
  if (how == BELIEVED) {
    h46017_tls_believe_signed(store);
  }
  rv = X509_verify_cert(store);
  ck_assert(rv == 1 || X509_STORE_CTX_get_error(store) != X509_V_OK);
  if (how == NOTED) {
    ck_assert_int_eq(rv, 1);
    h46017_tls_note_signed(store);
  }
  X509_STORE_CTX_free(store);
  sk_X509_free(untrusted);
  sk_X509_free(trusted);
  return rv;
}

/* Of the whole path. */
static int path(int days, way how) {
  return verify(leaf.x509, middle.x509, root.x509, days, 0, how);
}

START_TEST(what_was_verified_is_believed_and_nothing_before) {
  ck_assert_int_eq(path(0, BELIEVED), 0);
  ck_assert_int_eq(path(0, VERIFIED), 1);
  ck_assert_int_eq(path(0, BELIEVED), 0);
  ck_assert_int_eq(path(0, NOTED), 1);
  ck_assert_int_eq(path(0, BELIEVED), 1);
  ck_assert_int_eq(path(0, NOTED), 1); /* again: in the place of the first */
  ck_assert_int_eq(path(0, BELIEVED), 1);
  /* a part of it is none of what was not */
  ck_assert_int_eq(verify(leaf.x509, NULL, middle.x509, 0, 0, BELIEVED), 1);
  ck_assert_int_eq(verify(root.x509, NULL, root.x509, 0, 0, BELIEVED), 1);
}
END_TEST

static int yes(int ok, X509_STORE_CTX *store) {
  (void)ok;
  (void)store;
  return 1;
}

START_TEST(what_somebody_passed_over_is_not_noted) {
  static const pki_spec spec = {.cn = {PKI_CN("forged")},
                                .bad_signature = true};
  pki_cert forged = pki_make(&spec, &root);
  STACK_OF(X509) *trusted = sk_X509_new_null();
  X509_STORE_CTX *store = X509_STORE_CTX_new();

  ck_assert_int_gt(sk_X509_push(trusted, root.x509), 0);
  ck_assert_int_eq(X509_STORE_CTX_init(store, NULL, forged.x509, NULL), 1);
  X509_STORE_CTX_set0_trusted_stack(store, trusted);
  X509_STORE_CTX_set_verify_cb(store, yes);
  ck_assert_int_eq(X509_verify_cert(store), 1);
  h46017_tls_note_signed(store);
  X509_STORE_CTX_free(store);
  ck_assert_int_eq(verify(forged.x509, NULL, root.x509, 0, 0, BELIEVED), 0);
  sk_X509_free(trusted);
  pki_free(&forged);
}
END_TEST

START_TEST(of_a_path_each_signature_is_noted) {
  X509 *other = X509_dup(middle.x509);

  ck_assert_int_eq(path(0, NOTED), 1);
  /* the same certificate, and nobody verified it here */
  ck_assert_int_eq(verify(leaf.x509, other, root.x509, 0, 0, BELIEVED), 0);
  ck_assert_int_eq(verify(leaf.x509, other, root.x509, 0, 0, VERIFIED), 1);
  ck_assert_int_eq(path(0, BELIEVED), 1);
  X509_free(other);
}
END_TEST

START_TEST(an_issuer_of_the_same_name_is_another) {
  static const pki_spec spec = {
      .cn = {PKI_CN("middle")}, .ca = true, .from_days = -2, .to_days = 4};
  pki_cert other = pki_make(&spec, &root);

  ck_assert_int_eq(path(0, NOTED), 1);
  ck_assert_int_eq(verify(leaf.x509, NULL, other.x509, 0, 0, BELIEVED), 0);
  ck_assert_int_eq(verify(leaf.x509, other.x509, root.x509, 0, 0, BELIEVED), 0);
  pki_free(&other);
}
END_TEST

START_TEST(a_certificate_that_was_changed_is_another) {
  const ASN1_BIT_STRING *signature;
  unsigned char *octets;

  ck_assert_int_eq(path(0, NOTED), 1);
  X509_get0_signature(&signature, NULL, leaf.x509);
  octets = (unsigned char *)(uintptr_t)ASN1_STRING_get0_data(signature);
  octets[ASN1_STRING_length(signature) - 1] ^= 1;
  ck_assert_int_eq(path(0, BELIEVED), 0);
  octets[ASN1_STRING_length(signature) - 1] ^= 1;
  ck_assert_int_eq(path(0, BELIEVED), 1);
}
END_TEST

START_TEST(the_time_is_asked_of_the_whole_path) {
  ck_assert_int_eq(path(0, NOTED), 1);
  ck_assert_int_eq(path(3, BELIEVED), 1);
  ck_assert_int_eq(path(5, BELIEVED), 0);
  ck_assert_int_eq(path(-1, BELIEVED), 1);
  ck_assert_int_eq(path(-3, BELIEVED), 0);
  /* the root alone would end it too */
  ck_assert_int_eq(verify(middle.x509, NULL, root.x509, 7, 0, BELIEVED), 0);
  ck_assert_int_eq(verify(root.x509, NULL, root.x509, 7, 0, BELIEVED), 0);
  ck_assert_int_eq(verify(root.x509, NULL, root.x509, 5, 0, BELIEVED), 1);
}
END_TEST

START_TEST(what_beside_signatures_is_asked_for_is_asked) {
  pki_spec spec = {.cn = {PKI_CN("server")}, .eku = "serverAuth"};
  pki_cert server = pki_make(&spec, &root);

  ck_assert_int_eq(path(0, NOTED), 1);
  /* an authority is gone */
  ck_assert_int_eq(verify(leaf.x509, NULL, root.x509, 0, 0, BELIEVED), 0);
  ck_assert_int_eq(verify(leaf.x509, middle.x509, server.x509, 0, 0, BELIEVED),
                   0);
  /* whoever asks for the root's own signature too is not told of it */
  ck_assert_int_eq(verify(leaf.x509, middle.x509, root.x509, 0,
                          X509_V_FLAG_CHECK_SS_SIGNATURE, BELIEVED),
                   0);
  pki_free(&server);
}
END_TEST

START_TEST(with_what_a_list_has_nothing_is_noted) {
  X509 *shown = X509_dup(middle.x509);

  /* the list's middle one takes the place of the one that was shown */
  ck_assert_int_eq(verify(shown, root.x509, middle.x509, 0, 0, NOTED), 1);
  ck_assert_int_eq(verify(middle.x509, NULL, root.x509, 0, 0, BELIEVED), 0);
  ck_assert_int_eq(verify(shown, NULL, root.x509, 0, 0, BELIEVED), 0);
  X509_free(shown);
}
END_TEST

int main(void) {
  Suite *s = suite_create("signed");
  TCase *tc = tcase_create("signed");

  tcase_add_checked_fixture(tc, setup, teardown);
  tcase_add_test(tc, what_was_verified_is_believed_and_nothing_before);
  tcase_add_test(tc, what_somebody_passed_over_is_not_noted);
  tcase_add_test(tc, of_a_path_each_signature_is_noted);
  tcase_add_test(tc, an_issuer_of_the_same_name_is_another);
  tcase_add_test(tc, a_certificate_that_was_changed_is_another);
  tcase_add_test(tc, the_time_is_asked_of_the_whole_path);
  tcase_add_test(tc, what_beside_signatures_is_asked_for_is_asked);
  tcase_add_test(tc, with_what_a_list_has_nothing_is_noted);
  suite_add_tcase(s, tc);
  return run_suite(s);
}
