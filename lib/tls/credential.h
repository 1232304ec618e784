/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef H46017_TLS_CREDENTIAL_H
#define H46017_TLS_CREDENTIAL_H

/* What the files about credentials share. */

#include "tls/internal.h"

#include <openssl/pem.h>
#include <openssl/pkcs12.h>
#include <openssl/rand.h>

#include <h46017/credentials.h>

struct h46017_credential {
  h46017_mem mem;
  EVP_PKEY *key; /* NULL: certificates alone */
  X509 *leaf;
  STACK_OF(X509) * chain;
};

struct h46017_credentials {
  h46017_mem mem;
  h46017_store store;
};

/* -- credential.c --------------------------------------------------------- */

/* Takes references of its own. `certs` in any order; the leaf is the one for
 * `key`, or the first. */
int h46017_credential_make(h46017_credential **pcred, EVP_PKEY *key,
                           STACK_OF(X509) * certs, uint32_t *pnotes,
                           const h46017_mem *mem);

/* -- dn.c ----------------------------------------------------------------- */
int h46017_dn_parse(X509_NAME *name, const char *text);
int h46017_san_parse(GENERAL_NAMES **pnames, const char *const *texts,
                     size_t count);

/* -- keys.c --------------------------------------------------------------- */
int h46017_key_make(EVP_PKEY **pkey, const h46017_cert_spec *spec);
const EVP_MD *h46017_key_digest(const EVP_PKEY *key);

/* -- selfsigned.c --------------------------------------------------------- */
int h46017_cert_spec_read(h46017_cert_spec *out, const h46017_cert_spec *in);
int h46017_cert_subject(X509_NAME *name, const h46017_cert_spec *spec);

/* -- import.c, pkcs12.c --------------------------------------------------- */
typedef struct h46017_import {
  EVP_PKEY *key;
  STACK_OF(X509) * certs;
  X509_REQ *request;
  const char *password;
  bool asked;          /* OpenSSL wanted the password */
  uint32_t iterations; /* still allowed */
} h46017_import;

int h46017_import_init(h46017_import *in, const char *password);
void h46017_import_clear(h46017_import *in);
int h46017_import_read(h46017_import *in, const uint8_t *data, size_t len);
int h46017_import_cert(h46017_import *in, X509 *cert);   /* takes it */
int h46017_import_key(h46017_import *in, EVP_PKEY *key); /* takes it */
/* What an algorithm of password encryption asks for, before it is run. */
int h46017_import_budget(h46017_import *in, const X509_ALGOR *algorithm);
int h46017_import_pkcs12(h46017_import *in, PKCS12 *p12);
/* A PKCS#8 key that is encrypted. */
int h46017_import_encrypted(h46017_import *in, const X509_SIG *sig);

#endif
