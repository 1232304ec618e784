/* SPDX-License-Identifier: BSD-2-Clause */
/* Files of keys, certificates and requests: the input is an octet of choices
 * and a file, or two. Whatever they hold is refused with an error of its class,
 * or becomes a credential whose key belongs to its certificate and that comes
 * back the same when it is exported; a request becomes a certificate. */
#include "fuzz.h"

#include "tls/credential.h"

/* Rounds of password hashing: the limit is the library's, but nothing is to be
 * found in the time that they take. */
#define ITERATIONS 4096

static void check_code(int rv) {
  FUZZ_ASSERT(rv == 0 || rv == H46017_ERR_NOMEM ||
              h46017_error_class(rv) == H46017_ERROR_STORE);
}

typedef struct exported {
  uint8_t *octets;
  size_t len;
} exported;

static int exported_take(const uint8_t *data, size_t len, void *user_data) {
  exported *e = user_data;

  e->octets = OPENSSL_memdup(data, len);
  e->len = len;
  return e->octets != NULL ? 0 : H46017_ERR_NOMEM;
}

static void check_back(const h46017_credential *cred, h46017_export_form form) {
  const bool key = h46017_credential_key(cred) != NULL;
  h46017_credential *back = NULL;
  exported e = {NULL, 0};
  int rv = h46017_credential_export(
      cred, form, H46017_EXPORT_CHAIN | (key ? H46017_EXPORT_PRIVATE_KEY : 0),
      NULL, exported_take, &e);

  if (rv != 0) {
    check_code(rv); /* a key that OpenSSL reads and does not write */
    return;
  }
  rv = h46017_credential_import(&back, e.octets, e.len, NULL, 0, NULL, key,
                                NULL, NULL);
  if (rv != H46017_ERR_IMPORT_LIMIT) { /* PEM is longer than DER */
    FUZZ_ASSERT(rv == 0);
    FUZZ_ASSERT(X509_cmp(h46017_credential_leaf(cred),
                         h46017_credential_leaf(back)) == 0);
    FUZZ_ASSERT(h46017_credential_chain_count(cred) ==
                h46017_credential_chain_count(back));
  }
  h46017_credential_del(back);
  OPENSSL_free(e.octets);
}

static void check_credential(const h46017_import *in, bool need_key) {
  h46017_credential *cred = NULL;
  int rv = need_key && in->key == NULL
               ? H46017_ERR_KEY_ABSENT
               : h46017_credential_make(&cred, in->key, in->certs, NULL, NULL);

  check_code(rv);
  if (rv != 0) {
    return;
  }
  FUZZ_ASSERT(h46017_credential_leaf(cred) != NULL);
  FUZZ_ASSERT(h46017_credential_chain_count(cred) < H46017_IMPORT_MAX_CERTS);
  if (in->key != NULL) {
    FUZZ_ASSERT(X509_check_private_key(h46017_credential_leaf(cred), in->key) ==
                1);
  }
  check_back(cred, H46017_EXPORT_PEM);
  check_back(cred, H46017_EXPORT_PKCS12);
  h46017_credential_del(cred);
}

/* It is read anew, as an authority does. */
static void check_request(const uint8_t *file, size_t len) {
  static h46017_credential *authority; /* constant, so kept */
  h46017_credential *cred = NULL;
  h46017_cert_spec spec;
  int rv;

  h46017_cert_spec_default(&spec);
  if (authority == NULL) {
    spec.cn = "authority";
    FUZZ_ASSERT(h46017_credential_authority(&authority, &spec, NULL) == 0);
    spec.cn = NULL;
  }
  rv = h46017_credential_issue(&cred, authority, &spec, file, len, NULL, NULL);
  FUZZ_ASSERT((rv == 0) == (cred != NULL));
  if (rv == 0) {
    EVP_PKEY *key = X509_get0_pubkey(h46017_credential_leaf(authority));
    FUZZ_ASSERT(X509_verify(h46017_credential_leaf(cred), key) == 1);
    FUZZ_ASSERT(X509_check_ca(h46017_credential_leaf(cred)) == 0);
  }
  h46017_credential_del(cred);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  static const char *const passwords[] = {NULL, "", "pass", "pass"};
  h46017_import in;
  size_t first;
  uint8_t *file;
  int rv;

  if (size < 1) {
    return 0;
  }
  /* the key in a file of its own: what is behind the middle */
  first = (data[0] & 8) != 0 ? (size - 1) / 2 : size - 1;
  file = OPENSSL_memdup(data + 1, first); /* NULL where it is empty */
  FUZZ_ASSERT(h46017_import_init(&in, passwords[data[0] & 3]) == 0);
  in.iterations = ITERATIONS;
  rv = h46017_import_read(&in, file, file != NULL ? first : 0);
  check_code(rv);
  if (rv == 0 && in.request != NULL) {
    check_request(file, first);
  }
  if (rv == 0 && first < size - 1) {
    rv = h46017_import_read(&in, data + 1 + first, size - 1 - first);
    check_code(rv);
  }
  if (rv == 0 && sk_X509_num(in.certs) > 0) {
    check_credential(&in, (data[0] & 4) != 0);
  }
  h46017_import_clear(&in);
  OPENSSL_free(file);
  FUZZ_ASSERT(ERR_peek_error() == 0);
  return 0;
}
