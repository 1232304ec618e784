/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef H46017_TESTS_FILETEXT_H
#define H46017_TESTS_FILETEXT_H

/* A file of keys and certificates that a test puts together, and spoils. */

#include <openssl/bio.h>

#include <h46017/credentials.h>

typedef struct filetext {
  char data[2048 * 1024];
  size_t len;
} filetext;

/* Too much fails the test. */
void filetext_add(filetext *t, const void *data, size_t len);
/* What was written into it; takes it. */
void filetext_add_bio(filetext *t, BIO *bio);
/* The leaf, as PEM. */
void filetext_add_cert(filetext *t, const h46017_credential *cred);

#endif /* H46017_TESTS_FILETEXT_H */
