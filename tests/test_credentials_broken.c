/* SPDX-License-Identifier: BSD-2-Clause */
/* Two hundred broken files, made of real keys: each ends in an error that says
 * what is wrong with it, and none is given more work than a good one. */
#include "filetext.h"

#include <openssl/bio.h>
#include <openssl/bn.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/pkcs12.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include <h46017/credentials.h>
#include <h46017/error.h>

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static h46017_credential *ca;
static h46017_credential *device; /* below ca */
static h46017_credential *other;
static filetext t;
static size_t variants;

static void make_pki(void) {
  h46017_cert_spec spec;

  h46017_cert_spec_default(&spec);
  spec.cn = "root";
  ck_assert_int_eq(h46017_credential_authority(&ca, &spec, NULL), 0);
  spec.cn = "0090332f688a";
  ck_assert_int_eq(
      h46017_credential_issue(&device, ca, &spec, NULL, 0, NULL, NULL), 0);
  spec.cn = "other";
  ck_assert_int_eq(h46017_credential_selfsigned(&other, &spec, NULL, NULL), 0);
}

static void free_pki(void) {
  h46017_credential_del(ca);
  h46017_credential_del(device);
  h46017_credential_del(other);
}

static void add_key(const h46017_credential *cred, bool pkcs8) {
  BIO *bio = BIO_new(BIO_s_mem());
  EVP_PKEY *key = h46017_credential_key(cred);

  if (pkcs8) {
    PEM_write_bio_PKCS8PrivateKey(bio, key, NULL, NULL, 0, NULL, NULL);
  } else {
    PEM_write_bio_PrivateKey_traditional(bio, key, NULL, NULL, 0, NULL, NULL);
  }
  filetext_add_bio(&t, bio);
}

static void whole_pem(void) {
  t.len = 0;
  add_key(device, true);
  filetext_add_cert(&t, device);
  filetext_add_cert(&t, ca);
}

/* 0: any code of the store's class. */
static void broken(const char *what, int code) {
  h46017_credential *cred = NULL;
  int rv = h46017_credential_import(&cred, (const uint8_t *)t.data, t.len, NULL,
                                    0, "pass", true, NULL, NULL);

  ck_assert_msg(code != 0 ? rv == code
                          : h46017_error_class(rv) == H46017_ERROR_STORE,
                "%s: %s", what, h46017_error_name(rv));
  ck_assert_ptr_null(cred);
  ck_assert_uint_eq(ERR_peek_error(), 0);
  variants++;
}

/* -- PEM ------------------------------------------------------------------ */

START_TEST(a_pem_that_is_cut) {
  size_t until;

  t.len = 0;
  add_key(device, true);
  until = t.len;
  filetext_add_cert(&t, device);
  until += (t.len - until) / 2;
  for (size_t i = 0; i < 40; i++) {
    t.len = until * i / 40;
    broken("cut", 0);
    whole_pem();
  }
}
END_TEST

/* Every line of dashes, made another. */
START_TEST(labels_that_do_not_fit) {
  static const char *const ways[] = {"-----BEGIN X", "-----ENDE", "----------",
                                     "-----BEGIN NOTHING-----"};

  for (size_t way = 0; way < sizeof(ways) / sizeof(ways[0]); way++) {
    for (size_t nth = 0; nth < 4; nth++) {
      char *at;
      size_t seen = 0;

      whole_pem();
      t.data[t.len] = '\0';
      for (at = strstr(t.data, "-----"); at != NULL && seen < nth; seen++) {
        at = strstr(strchr(at, '\n'), "-----");
      }
      ck_assert_ptr_nonnull(at);
      memcpy(at, ways[way], strlen(ways[way]));
      broken("label", 0);
    }
  }
}
END_TEST

START_TEST(base64_that_is_none) {
  static const char wrong[] = "!=-*";

  for (size_t i = 0; i < 40; i++) {
    char *at;

    t.len = 0;
    add_key(device, true);
    filetext_add_cert(&t, device);
    t.data[t.len] = '\0';
    at = strstr(t.data, "-----BEGIN CERT") + 28;
    at[i * 8] = wrong[i % 4];
    broken("base64", 0);
  }
}
END_TEST

START_TEST(pairs_that_do_not_belong_together) {
  for (int i = 0; i < 16; i++) {
    const bool pkcs8 = (i & 1) != 0;

    t.len = 0;
    if ((i & 2) != 0) {
      filetext_add_cert(&t, ca);
    }
    if ((i & 4) != 0) {
      add_key(other, pkcs8);
    }
    filetext_add_cert(&t, device);
    if ((i & 4) == 0) {
      add_key(other, pkcs8);
    }
    if ((i & 8) != 0) {
      add_key(device, !pkcs8); /* two keys: which? */
    }
    broken("mismatch", H46017_ERR_KEY_MISMATCH);
  }
}
END_TEST

START_TEST(files_in_which_something_is_not_there) {
  t.len = 0;
  filetext_add_cert(&t, device);
  broken("no key", H46017_ERR_KEY_ABSENT);
  filetext_add_cert(&t, ca);
  broken("no key, a chain", H46017_ERR_KEY_ABSENT);
  t.len = 0;
  add_key(device, true);
  broken("no certificate", H46017_ERR_CERT_ABSENT);
  t.len = 0;
  add_key(device, false);
  broken("no certificate", H46017_ERR_CERT_ABSENT);
  add_key(device, true); /* the same key twice is one */
  broken("no certificate", H46017_ERR_CERT_ABSENT);
  t.len = 0;
  broken("nothing", H46017_ERR_FORMAT);
}
END_TEST

/* -- DER ------------------------------------------------------------------ */

/* A length of each element in turn says 4 GiB. */
START_TEST(lengths_that_lie) {
  unsigned char *der = NULL;
  int len = i2d_X509(h46017_credential_leaf(device), &der);
  size_t done = 0;

  for (int i = 0; i + 6 < len && done < 40; i++) {
    if (der[i] == 0x30 || der[i] == 0x31 || der[i] == 0x06) {
      t.len = 0;
      filetext_add(&t, der, (size_t)len);
      memcpy(t.data + i + 1, "\x84\xff\xff\xff\xff", 5);
      broken("length", 0);
      done++;
    }
  }
  ck_assert_uint_ge(done, 20);
  OPENSSL_free(der);
}
END_TEST

static void whole_p12(void) {
  BIO *bio = BIO_new(BIO_s_mem());
  PKCS12 *p12 = PKCS12_create("pass", NULL, h46017_credential_key(device),
                              h46017_credential_leaf(device), NULL,
                              NID_aes_256_cbc, NID_aes_256_cbc, 2, 2, 0);

  ck_assert_int_eq(i2d_PKCS12_bio(bio, p12), 1);
  PKCS12_free(p12);
  t.len = 0;
  filetext_add_bio(&t, bio);
}

START_TEST(a_pkcs12_that_is_cut_or_changed) {
  for (size_t i = 0; i < 20; i++) {
    whole_p12();
    t.len = t.len * i / 20;
    broken("PKCS#12 cut", 0);
  }
  for (size_t i = 0; i < 20; i++) { /* under its MAC */
    whole_p12();
    t.data[60 + i * 16] ^= 0x10;
    broken("PKCS#12 changed", 0);
  }
}
END_TEST

/* -- work ----------------------------------------------------------------- */

/* The device's key, encrypted with so many rounds; what it holds is not the
 * key, since nobody could wait for that either. */
static void add_sealed(X509_ALGOR *algorithm) {
  X509_SIG *sig = X509_SIG_new();
  X509_ALGOR *place = NULL;
  ASN1_OCTET_STRING *octets = NULL;
  BIO *bio = BIO_new(BIO_s_mem());

  ck_assert_ptr_nonnull(algorithm);
  X509_SIG_getm(sig, &place, &octets);
  ck_assert_int_eq(X509_ALGOR_copy(place, algorithm), 1);
  ck_assert_int_eq(
      ASN1_OCTET_STRING_set(octets, (const unsigned char *)t.data, 160), 1);
  ck_assert_int_eq(PEM_write_bio_PKCS8(bio, sig), 1);
  X509_ALGOR_free(algorithm);
  X509_SIG_free(sig);
  t.len = 0;
  filetext_add_bio(&t, bio);
  filetext_add_cert(&t, device);
}

static void repack(ASN1_TYPE **to, const ASN1_ITEM *item, void *value) {
  ck_assert_ptr_nonnull(ASN1_TYPE_pack_sequence(item, value, to));
}

static X509_ALGOR *pbkdf2_with(const char *rounds) {
  X509_ALGOR *a = PKCS5_pbe2_set_iv(EVP_aes_256_cbc(), 2, NULL, 0, NULL,
                                    NID_hmacWithSHA256);
  PBE2PARAM *pbes2 =
      ASN1_TYPE_unpack_sequence(ASN1_ITEM_rptr(PBE2PARAM), a->parameter);
  PBKDF2PARAM *pbkdf2 = ASN1_TYPE_unpack_sequence(ASN1_ITEM_rptr(PBKDF2PARAM),
                                                  pbes2->keyfunc->parameter);
  BIGNUM *n = NULL;

  ck_assert_int_gt(BN_hex2bn(&n, rounds), 0);
  ck_assert_ptr_nonnull(BN_to_ASN1_INTEGER(n, pbkdf2->iter));
  repack(&pbes2->keyfunc->parameter, ASN1_ITEM_rptr(PBKDF2PARAM), pbkdf2);
  repack(&a->parameter, ASN1_ITEM_rptr(PBE2PARAM), pbes2);
  BN_free(n);
  PBKDF2PARAM_free(pbkdf2);
  PBE2PARAM_free(pbes2);
  return a;
}

static X509_ALGOR *scrypt_with(const uint64_t cost[3]) {
  unsigned char salt[8] = {0};
  X509_ALGOR *a = PKCS5_pbe2_set_scrypt(EVP_aes_256_cbc(), salt, sizeof(salt),
                                        NULL, 2, 1, 1);
  PBE2PARAM *pbes2 =
      ASN1_TYPE_unpack_sequence(ASN1_ITEM_rptr(PBE2PARAM), a->parameter);
  SCRYPT_PARAMS *scrypt = ASN1_TYPE_unpack_sequence(
      ASN1_ITEM_rptr(SCRYPT_PARAMS), pbes2->keyfunc->parameter);

  ASN1_INTEGER_set_uint64(scrypt->costParameter, cost[0]);
  ASN1_INTEGER_set_uint64(scrypt->blockSize, cost[1]);
  ASN1_INTEGER_set_uint64(scrypt->parallelizationParameter, cost[2]);
  repack(&pbes2->keyfunc->parameter, ASN1_ITEM_rptr(SCRYPT_PARAMS), scrypt);
  repack(&a->parameter, ASN1_ITEM_rptr(PBE2PARAM), pbes2);
  SCRYPT_PARAMS_free(scrypt);
  PBE2PARAM_free(pbes2);
  return a;
}

START_TEST(rounds_without_end_are_not_run) {
  static const char *const rounds[] = {"1e8481",
                                       "ffffff",
                                       "7fffffff",
                                       "80000000",
                                       "ffffffff",
                                       "100000000",
                                       "7fffffffffffffff",
                                       "8000000000000000",
                                       "-1",
                                       "-80000000",
                                       "ffffffffffffffffffffffffffffffff"};
  static const uint64_t scrypt[][3] = {{1ULL << 40, 8, 1},
                                       {1ULL << 20, 1 << 30, 1},
                                       {1 << 14, 8, 1 << 20},
                                       {1 << 14, 64, 64}};
  unsigned char salt[8] = {0};

  for (size_t i = 0; i < sizeof(rounds) / sizeof(rounds[0]); i++) {
    add_sealed(pbkdf2_with(rounds[i]));
    broken(rounds[i], H46017_ERR_IMPORT_LIMIT);
  }
  for (int i = 1; i <= 4; i++) {
    add_sealed(PKCS5_pbe_set(NID_pbe_WithSHA1And3_Key_TripleDES_CBC,
                             0x1fffffff * i, salt, sizeof(salt)));
    broken("PBES1", H46017_ERR_IMPORT_LIMIT);
  }
  for (size_t i = 0; i < sizeof(scrypt) / sizeof(scrypt[0]); i++) {
    add_sealed(scrypt_with(scrypt[i]));
    broken("scrypt", H46017_ERR_IMPORT_LIMIT);
  }
}
END_TEST

/* -- size ----------------------------------------------------------------- */

static void add_large(size_t octets) {
  X509 *x = X509_dup(h46017_credential_leaf(device));
  ASN1_OCTET_STRING *value = ASN1_OCTET_STRING_new();
  X509_EXTENSION *extension;
  BIO *bio = BIO_new(BIO_s_mem());
  unsigned char *zero = OPENSSL_zalloc(octets);

  ck_assert_int_eq(ASN1_OCTET_STRING_set(value, zero, (int)octets), 1);
  extension =
      X509_EXTENSION_create_by_NID(NULL, NID_netscape_comment, 0, value);
  ck_assert_int_eq(X509_add_ext(x, extension, -1), 1);
  ck_assert_int_gt(X509_sign(x, h46017_credential_key(ca), EVP_sha256()), 0);
  ck_assert_int_eq(PEM_write_bio_X509(bio, x), 1);
  OPENSSL_free(zero);
  ASN1_OCTET_STRING_free(value);
  X509_EXTENSION_free(extension);
  X509_free(x);
  filetext_add_bio(&t, bio);
}

START_TEST(a_certificate_of_a_megabyte) {
  h46017_credential *cred = NULL;

  for (size_t i = 0; i < 4; i++) {
    t.len = 0;
    add_key(device, true);
    add_large((256 << i) * (size_t)512);
    if (i == 0) { /* 128 KiB, 174 as PEM: large, and nothing is wrong */
      ck_assert_int_eq(h46017_credential_import(&cred, (const uint8_t *)t.data,
                                                t.len, NULL, 0, NULL, true,
                                                NULL, NULL),
                       0);
      h46017_credential_del(cred);
    } else {
      broken("large", H46017_ERR_IMPORT_LIMIT);
    }
  }
}
END_TEST

int main(void) {
  Suite *s = suite_create("credentials_broken");
  TCase *tc = tcase_create("files");
  SRunner *r;
  int failed;

  tcase_add_unchecked_fixture(tc, make_pki, free_pki);
  tcase_add_test(tc, a_pem_that_is_cut);
  tcase_add_test(tc, labels_that_do_not_fit);
  tcase_add_test(tc, base64_that_is_none);
  tcase_add_test(tc, pairs_that_do_not_belong_together);
  tcase_add_test(tc, files_in_which_something_is_not_there);
  tcase_add_test(tc, lengths_that_lie);
  tcase_add_test(tc, a_pkcs12_that_is_cut_or_changed);
  tcase_add_test(tc, rounds_without_end_are_not_run);
  tcase_add_test(tc, a_certificate_of_a_megabyte);
  suite_add_tcase(s, tc);
  r = srunner_create(s);
  srunner_set_fork_status(r, CK_NOFORK); /* `variants` is of all of them */
  srunner_run_all(r, CK_ENV);
  failed = srunner_ntests_failed(r);
  srunner_free(r);
  if (failed == 0 && variants < 200) {
    (void)fprintf(stderr, "%zu variants are not two hundred\n", variants);
    failed = 1;
  }
  return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
