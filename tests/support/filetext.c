/* SPDX-License-Identifier: BSD-2-Clause */
#include "filetext.h"

#include <openssl/pem.h>

#include <check.h>
#include <string.h>

void filetext_add(filetext *t, const void *data, size_t len) {
  ck_assert_uint_le(t->len + len, sizeof(t->data));
  memcpy(t->data + t->len, data, len);
  t->len += len;
}

void filetext_add_bio(filetext *t, BIO *bio) {
  char *data = NULL;
  long len = BIO_get_mem_data(bio, &data);

  filetext_add(t, data, (size_t)len);
  BIO_free(bio);
}

void filetext_add_cert(filetext *t, const h46017_credential *cred) {
  BIO *bio = BIO_new(BIO_s_mem());

  ck_assert_int_eq(PEM_write_bio_X509(bio, h46017_credential_leaf(cred)), 1);
  filetext_add_bio(t, bio);
}
