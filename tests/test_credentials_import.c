/* SPDX-License-Identifier: BSD-2-Clause */
/* What others write: every layout of the field's documents with real keys, and
 * many broken ones. */
#include "filetext.h"
#include "runner.h"

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/pkcs12.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>

#include <h46017/credentials.h>
#include <h46017/error.h>

#include <check.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static h46017_credential *ca;
static h46017_credential *device; /* RSA, below ca */
static h46017_credential *other;
static filetext t;

static void make_pki(void) {
  h46017_cert_spec spec;

  h46017_cert_spec_default(&spec);
  spec.cn = "My root CA";
  ck_assert_int_eq(h46017_credential_authority(&ca, &spec, NULL), 0);
  spec.cn = "0090332f688a";
  spec.key = H46017_KEY_RSA;
  ck_assert_int_eq(
      h46017_credential_issue(&device, ca, &spec, NULL, 0, NULL, NULL), 0);
  spec.key = H46017_KEY_EC;
  spec.cn = "other";
  ck_assert_int_eq(h46017_credential_selfsigned(&other, &spec, NULL, NULL), 0);
}

static void free_pki(void) {
  h46017_credential_del(ca);
  h46017_credential_del(device);
  h46017_credential_del(other);
}

/* -- layouts -------------------------------------------------------------- */

static void say(const char *words) {
  filetext_add(&t, words, strlen(words));
}

typedef enum key_form { PKCS1, PKCS8, PKCS1_AS_PKCS8, SEALED, OLD_SEALED } form;

static void add_key(const h46017_credential *cred, form f) {
  BIO *bio = BIO_new(BIO_s_mem());
  EVP_PKEY *key = h46017_credential_key(cred);
  unsigned char *der = NULL;
  int len;

  switch (f) {
  case PKCS1:
    PEM_write_bio_PrivateKey_traditional(bio, key, NULL, NULL, 0, NULL, NULL);
    break;
  case PKCS8:
    PEM_write_bio_PKCS8PrivateKey(bio, key, NULL, NULL, 0, NULL, NULL);
    break;
  case PKCS1_AS_PKCS8:
    len = i2d_PrivateKey(key, &der);
    PEM_write_bio(bio, "PRIVATE KEY", "", der, len);
    OPENSSL_free(der);
    break;
  case SEALED:
    PEM_write_bio_PKCS8PrivateKey(bio, key, EVP_aes_256_cbc(), "pass", 4, NULL,
                                  NULL);
    break;
  case OLD_SEALED:
    PEM_write_bio_PrivateKey_traditional(bio, key, EVP_aes_128_cbc(),
                                         (const unsigned char *)"pass", 4, NULL,
                                         NULL);
    break;
  }
  filetext_add_bio(&t, bio);
}

static int import(const char *password, uint32_t *pnotes,
                  h46017_credential **pcred) {
  return h46017_credential_import(pcred, (const uint8_t *)t.data, t.len, NULL,
                                  0, password, true, pnotes, NULL);
}

/* It is the device's, whole, and what was put right is told. */
static void imports(const char *password, uint32_t notes) {
  h46017_credential *cred = NULL;
  uint32_t got = 99;
  int rv = import(password, &got, &cred);

  ck_assert_msg(rv == 0, "%s", h46017_error_name(rv));
  ck_assert_uint_eq(got, notes);
  ck_assert_int_eq(
      X509_cmp(h46017_credential_leaf(cred), h46017_credential_leaf(device)),
      0);
  ck_assert_int_eq(
      EVP_PKEY_eq(h46017_credential_key(cred), h46017_credential_key(device)),
      1);
  ck_assert_uint_eq(h46017_credential_chain_count(cred), 1);
  h46017_credential_del(cred);
}

static void refused(const char *password, int code) {
  h46017_credential *cred = NULL;
  int rv = import(password, NULL, &cred);

  ck_assert_msg(rv == code, "%s, not %s", h46017_error_name(rv),
                h46017_error_name(code));
  ck_assert_ptr_null(cred);
}

START_TEST(the_documents_own_layout_with_words_between) {
  t.len = 0;
  say("Device private key\r\n");
  add_key(device, (form)_i);
  say("Device certificate\n");
  filetext_add_cert(&t, device);
  say("Root CA certificate\n");
  filetext_add_cert(&t, ca);
  imports(NULL, 0);
}
END_TEST

START_TEST(line_ends_that_became_blanks) {
  t.len = 0;
  say("Device private key ");
  add_key(device, PKCS1);
  say("Device certificate ");
  filetext_add_cert(&t, device);
  filetext_add_cert(&t, ca);
  for (size_t i = 0; i < t.len; i++) {
    t.data[i] = t.data[i] == '\n' ? ' ' : t.data[i];
  }
  imports(NULL, 0);
}
END_TEST

START_TEST(any_order_is_put_right_with_a_word) {
  t.len = 0;
  filetext_add_cert(&t, ca);
  filetext_add_cert(&t, device);
  add_key(device, PKCS8);
  imports(NULL, H46017_IMPORT_REORDERED);
  filetext_add_cert(&t, other);
  filetext_add_cert(&t, other);
  imports(NULL, H46017_IMPORT_REORDERED | H46017_IMPORT_LEFT_OUT);
}
END_TEST

START_TEST(encrypted_keys_of_both_kinds) {
  t.len = 0;
  add_key(device, _i == 0 ? SEALED : OLD_SEALED);
  filetext_add_cert(&t, device);
  filetext_add_cert(&t, ca);
  imports("pass", 0);
  refused(NULL, H46017_ERR_PASSWORD_NEEDED);
  refused("wrong", H46017_ERR_BAD_PASSWORD);
}
END_TEST

START_TEST(the_key_in_a_file_of_its_own_and_der) {
  h46017_credential *cred = NULL;
  unsigned char *key = NULL;
  unsigned char *der = NULL;
  int key_len = i2d_PrivateKey(h46017_credential_key(device), &key);
  int der_len = i2d_X509(h46017_credential_leaf(device), &der);

  ck_assert_int_eq(h46017_credential_import(&cred, der, (size_t)der_len, key,
                                            (size_t)key_len, NULL, true, NULL,
                                            NULL),
                   0);
  h46017_credential_del(cred);
  cred = NULL;
  ck_assert_int_eq(h46017_credential_import(&cred, der, (size_t)der_len, NULL,
                                            0, NULL, true, NULL, NULL),
                   H46017_ERR_KEY_ABSENT);
  ck_assert_int_eq(h46017_credential_import(&cred, der, (size_t)der_len, NULL,
                                            0, NULL, false, NULL, NULL),
                   0);
  ck_assert_ptr_null(h46017_credential_key(cred));
  h46017_credential_del(cred);
  cred = NULL;
  ck_assert_int_eq(h46017_credential_import(&cred, key, (size_t)key_len, NULL,
                                            0, NULL, true, NULL, NULL),
                   H46017_ERR_CERT_ABSENT);
  OPENSSL_free(key);
  OPENSSL_free(der);
}
END_TEST

/* -- PKCS#12 -------------------------------------------------------------- */

static void add_p12(const char *password, int nid, int iterations,
                    int mac_iterations) {
  STACK_OF(X509) *chain = sk_X509_new_null();
  BIO *bio = BIO_new(BIO_s_mem());
  PKCS12 *p12;

  sk_X509_push(chain, h46017_credential_leaf(ca));
  p12 = PKCS12_create(password, NULL, h46017_credential_key(device),
                      h46017_credential_leaf(device), chain, nid, nid,
                      iterations, mac_iterations, 0);
  ck_assert_ptr_nonnull(p12);
  ck_assert_int_eq(i2d_PKCS12_bio(bio, p12), 1);
  PKCS12_free(p12);
  sk_X509_free(chain);
  t.len = 0;
  filetext_add_bio(&t, bio);
}

START_TEST(pkcs12_with_without_and_with_an_empty_password) {
  add_p12("pass", NID_aes_256_cbc, 0, 0);
  imports("pass", 0);
  refused(NULL, H46017_ERR_PASSWORD_NEEDED);
  refused("", H46017_ERR_BAD_PASSWORD);
  refused("wrong", H46017_ERR_BAD_PASSWORD);
  add_p12("pass", NID_pbe_WithSHA1And3_Key_TripleDES_CBC, 0, 0);
  imports("pass", 0);
  add_p12("pass", NID_aes_256_cbc, 0, -1); /* no MAC */
  imports("pass", 0);
  refused("wrong", H46017_ERR_BAD_PASSWORD);
  add_p12("", NID_pbe_WithSHA1And3_Key_TripleDES_CBC, 0, 0);
  imports("", 0);
  imports(NULL, 0);
  add_p12(NULL, NID_pbe_WithSHA1And3_Key_TripleDES_CBC, 0, 0);
  imports(NULL, 0);
  imports("", 0);
  add_p12(NULL, -1, 0, -1); /* nothing at all */
  imports(NULL, 0);
}
END_TEST

/* What the openssl program wrote with RC2-40. Without the provider the code
 * says so. */
START_TEST(pkcs12_of_the_old_kind) {
  char dir[] = "/tmp/h46017-import-XXXXXX";
  char pem[64];
  char p12[64];
  char command[400];
  FILE *f;
  h46017_credential *cred = NULL;
  int rv;

  ck_assert_ptr_nonnull(mkdtemp(dir));
  snprintf(pem, sizeof(pem), "%s/a.pem", dir);
  snprintf(p12, sizeof(p12), "%s/a.p12", dir);
  t.len = 0;
  add_key(device, PKCS8);
  filetext_add_cert(&t, device);
  filetext_add_cert(&t, ca);
  f = fopen(pem, "w");
  ck_assert_uint_eq(fwrite(t.data, 1, t.len, f), t.len);
  fclose(f);
  snprintf(command, sizeof(command),
           "openssl pkcs12 -export -legacy -in %s -out %s -passout pass:pass "
           "2>/dev/null",
           pem, p12);
  rv = system(command); /* NOLINT */
  f = rv == 0 ? fopen(p12, "r") : NULL;
  if (f != NULL) {
    t.len = 0;
    t.len = fread(t.data, 1, sizeof(t.data), f);
    fclose(f);
    rv = import("pass", NULL, &cred);
    ck_assert_msg(rv == 0 || rv == H46017_ERR_LEGACY_ENCRYPTION, "%s",
                  h46017_error_name(rv));
    refused("wrong", H46017_ERR_BAD_PASSWORD);
    h46017_credential_del(cred);
  }
  remove(pem);
  remove(p12);
  rmdir(dir);
}
END_TEST

/* Refused before it is run: a peer's file decides how long that takes. */
START_TEST(absurd_iteration_counts_are_not_run) {
  static const unsigned char two[] = {0x02, 0x02, 0x08, 0x00};
  static const unsigned char many[] = {0x02, 0x02, 0x7f, 0xff};
  time_t start = time(NULL);
  h46017_credential *cred = NULL;
  size_t found = 0;

  add_p12("pass", NID_aes_256_cbc, H46017_IMPORT_MAX_ITERATIONS, 1);
  refused("pass", H46017_ERR_IMPORT_LIMIT);
  /* within the limit a count that was changed is run, and opens nothing */
  add_p12("pass", NID_aes_256_cbc, 2048, 2048);
  for (size_t i = 0; i + 4 <= t.len; i++) {
    if (memcmp(t.data + i, two, 4) == 0) {
      memcpy(t.data + i, many, 4);
      found++;
    }
  }
  ck_assert_uint_ge(found, 2);
  ck_assert_int_eq(import("pass", NULL, &cred), H46017_ERR_BAD_PASSWORD);
  if (getenv("H46017_NO_TIMES") == NULL) {
    ck_assert_int_lt(time(NULL) - start, 30);
  }
}
END_TEST

/* -- broken --------------------------------------------------------------- */

START_TEST(key_and_certificate_must_belong_together) {
  t.len = 0;
  add_key(other, PKCS8);
  filetext_add_cert(&t, device);
  filetext_add_cert(&t, ca);
  refused(NULL, H46017_ERR_KEY_MISMATCH);
  t.len = 0;
  add_key(other, PKCS8);
  add_key(device, PKCS8);
  filetext_add_cert(&t, device);
  refused(NULL, H46017_ERR_KEY_MISMATCH);
}
END_TEST

START_TEST(more_than_the_limits) {
  t.len = 0;
  memset(t.data, 'A', 1024 * 1024);
  memcpy(t.data, "-----BEGIN CERTIFICATE-----", 27);
  t.len = 1024 * 1024;
  refused(NULL, H46017_ERR_IMPORT_LIMIT);
  t.len = H46017_IMPORT_MAX + 1;
  refused(NULL, H46017_ERR_IMPORT_LIMIT);
  t.len = H46017_IMPORT_MAX;
  refused(NULL, H46017_ERR_FORMAT);
}
END_TEST

START_TEST(one_certificate_more_than_the_limit) {
  h46017_credential *cred = NULL;
  h46017_cert_spec spec;

  h46017_cert_spec_default(&spec);
  spec.cn = "one of many";
  t.len = 0;
  for (int i = 0; i < H46017_IMPORT_MAX_CERTS; i++) {
    h46017_credential *one = NULL;

    ck_assert_int_eq(h46017_credential_selfsigned(&one, &spec, NULL, NULL), 0);
    if (i == 0) {
      add_key(one, PKCS8);
    }
    filetext_add_cert(&t, one);
    h46017_credential_del(one);
  }
  ck_assert_int_eq(import(NULL, NULL, &cred), 0);
  h46017_credential_del(cred);
  filetext_add_cert(&t, other);
  refused(NULL, H46017_ERR_IMPORT_LIMIT);
}
END_TEST

static void ends_in_an_error(size_t len, const char *what) {
  h46017_credential *cred = NULL;
  size_t whole = t.len;
  int rv;

  t.len = len;
  rv = import("pass", NULL, &cred);
  ck_assert_msg(rv < 0 && h46017_error_class(rv) == H46017_ERROR_STORE,
                "%s at %zu: %s", what, len, h46017_error_name(rv));
  ck_assert_ptr_null(cred);
  t.len = whole;
}

/* Each cut somewhere else: a hundred of a PKCS#12, a hundred of a PEM before
 * its certificate is whole. */
START_TEST(two_hundred_truncated_files) {
  size_t until;

  add_p12("pass", NID_aes_256_cbc, 0, 0);
  for (size_t i = 0; i < 100; i++) {
    ends_in_an_error(t.len * i / 100, "PKCS#12");
  }
  t.len = 0;
  add_key(device, PKCS8);
  until = t.len;
  filetext_add_cert(&t, device);
  until = until + (t.len - until) / 2;
  for (size_t i = 0; i < 100; i++) {
    ends_in_an_error(until * i / 100, "PEM");
  }
}
END_TEST

/* A flipped bit is an error or is of no consequence; it is never another
 * pair, and never a crash. */
START_TEST(flipped_bits_never_make_another_pair) {
  t.len = 0;
  add_key(device, PKCS8);
  filetext_add_cert(&t, device);
  for (size_t i = 0; i < t.len; i += 7) {
    h46017_credential *cred = NULL;
    int rv;

    t.data[i] ^= 1;
    rv = import(NULL, NULL, &cred);
    t.data[i] ^= 1;
    ck_assert_msg(rv == 0 || h46017_error_class(rv) == H46017_ERROR_STORE,
                  "%zu: %d", i, rv);
    if (rv == 0) {
      ck_assert_int_eq(X509_check_private_key(h46017_credential_leaf(cred),
                                              h46017_credential_key(cred)),
                       1);
    }
    h46017_credential_del(cred);
  }
}
END_TEST

START_TEST(what_is_no_file_of_credentials) {
  static const char *const nothing[] = {
      "",
      "hello",
      "-----BEGIN CERTIFICATE-----",
      "-----BEGIN CERTIFICATE-----\n-----END CERTIFICATE-----\n",
      "-----BEGIN CERTIFICATE-----\n!!!!\n-----END CERTIFICATE-----\n",
      "-----BEGIN CERTIFICATE-----\nAAAA\n-----END X509 CRL-----\n",
      "-----BEGIN ",
      "-----BEGIN -----",
      "0",
      "0\x82\xff\xff"};

  for (size_t i = 0; i < sizeof(nothing) / sizeof(nothing[0]); i++) {
    t.len = 0;
    say(nothing[i]);
    refused(NULL, H46017_ERR_FORMAT);
  }
  t.len = 0;
  say("-----BEGIN X509 CRL-----\nAAAA\n-----END X509 CRL-----\n");
  refused(NULL, H46017_ERR_CERT_ABSENT);
}
END_TEST

/* -- there and back ------------------------------------------------------- */

static int collect(const uint8_t *data, size_t len, void *user_data) {
  (void)user_data;
  t.len = 0;
  filetext_add(&t, data, len);
  return 0;
}

START_TEST(what_is_exported_is_imported) {
  static const uint32_t all = H46017_EXPORT_CHAIN | H46017_EXPORT_PRIVATE_KEY;
  static const char *const passwords[] = {NULL, "pass"};
  unsigned char *der = NULL;

  for (size_t i = 0; i < 2; i++) {
    ck_assert_int_eq(h46017_credential_export(device, H46017_EXPORT_PEM, all,
                                              passwords[i], collect, NULL),
                     0);
    imports(passwords[i], 0);
    ck_assert_int_eq(h46017_credential_export(device, H46017_EXPORT_PKCS12, all,
                                              passwords[i], collect, NULL),
                     0);
    imports(passwords[i], 0);
  }
  /* never the key unless it is asked for by name */
  ck_assert_int_eq(h46017_credential_export(device, H46017_EXPORT_PEM,
                                            H46017_EXPORT_CHAIN, NULL, collect,
                                            NULL),
                   0);
  refused(NULL, H46017_ERR_KEY_ABSENT);
  ck_assert_int_eq(h46017_credential_export(device, H46017_EXPORT_PKCS12,
                                            H46017_EXPORT_CHAIN, NULL, collect,
                                            NULL),
                   0);
  refused(NULL, H46017_ERR_KEY_ABSENT);
  ck_assert_int_eq(h46017_credential_export(device, H46017_EXPORT_DER, all,
                                            NULL, collect, NULL),
                   H46017_ERR_INVALID_ARGUMENT);
  ck_assert_int_eq(h46017_credential_export(device, H46017_EXPORT_DER, 0, NULL,
                                            collect, NULL),
                   0);
  ck_assert_int_eq(i2d_X509(h46017_credential_leaf(device), &der), (int)t.len);
  ck_assert_mem_eq(der, t.data, t.len);
  OPENSSL_free(der);
}
END_TEST

START_TEST(a_key_by_uri) {
  char path[] = "/tmp/h46017-uri-XXXXXX";
  char uri[64];
  int fd = mkstemp(path);
  h46017_credential *cred = NULL;
  unsigned char *der = NULL;
  int len = i2d_X509(h46017_credential_leaf(device), &der);

  t.len = 0;
  add_key(device, PKCS8);
  ck_assert_int_eq(write(fd, t.data, t.len), (int)t.len);
  close(fd);
  snprintf(uri, sizeof(uri), "file:%s", path);
  ck_assert_int_eq(
      h46017_credential_load(&cred, uri, der, (size_t)len, NULL, NULL, NULL),
      0);
  h46017_credential_del(cred);
  cred = NULL;
  /* a whole chain, the key encrypted: nobody is asked at a terminal */
  t.len = 0;
  add_key(device, SEALED);
  filetext_add_cert(&t, ca);
  fd = open(path, O_WRONLY | O_TRUNC);
  ck_assert_int_eq(write(fd, t.data, t.len), (int)t.len);
  close(fd);
  ck_assert_int_eq(
      h46017_credential_load(&cred, uri, der, (size_t)len, "pass", NULL, NULL),
      0);
  ck_assert_uint_eq(h46017_credential_chain_count(cred), 1);
  h46017_credential_del(cred);
  cred = NULL;
  ck_assert_int_eq(
      h46017_credential_load(&cred, uri, der, (size_t)len, NULL, NULL, NULL),
      H46017_ERR_PASSWORD_NEEDED);
  ck_assert_int_eq(
      h46017_credential_load(&cred, uri, der, (size_t)len, "no", NULL, NULL),
      H46017_ERR_BAD_PASSWORD);
  remove(path);
  ck_assert_int_eq(
      h46017_credential_load(&cred, uri, der, (size_t)len, NULL, NULL, NULL),
      H46017_ERR_STORE_IO);
  OPENSSL_free(der);
}
END_TEST

int main(void) {
  Suite *s = suite_create("credentials_import");
  TCase *tc = tcase_create("files");

  tcase_set_timeout(tc, 100);
  tcase_add_unchecked_fixture(tc, make_pki, free_pki);
  tcase_add_loop_test(tc, the_documents_own_layout_with_words_between, PKCS1,
                      PKCS1_AS_PKCS8 + 1);
  tcase_add_test(tc, line_ends_that_became_blanks);
  tcase_add_test(tc, any_order_is_put_right_with_a_word);
  tcase_add_loop_test(tc, encrypted_keys_of_both_kinds, 0, 2);
  tcase_add_test(tc, the_key_in_a_file_of_its_own_and_der);
  tcase_add_test(tc, pkcs12_with_without_and_with_an_empty_password);
  tcase_add_test(tc, pkcs12_of_the_old_kind);
  tcase_add_test(tc, absurd_iteration_counts_are_not_run);
  tcase_add_test(tc, key_and_certificate_must_belong_together);
  tcase_add_test(tc, more_than_the_limits);
  tcase_add_test(tc, one_certificate_more_than_the_limit);
  tcase_add_test(tc, two_hundred_truncated_files);
  tcase_add_test(tc, flipped_bits_never_make_another_pair);
  tcase_add_test(tc, what_is_no_file_of_credentials);
  tcase_add_test(tc, what_is_exported_is_imported);
  tcase_add_test(tc, a_key_by_uri);
  suite_add_tcase(s, tc);
  return run_suite(s);
}
