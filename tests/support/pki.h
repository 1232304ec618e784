/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef H46017_TESTS_PKI_H
#define H46017_TESTS_PKI_H

/* Certificates made while the test runs: nothing that is a key lies in a file
 * of this repository. */

#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include <stdbool.h>

/* A common name as it goes into the subject: octets of an ASN.1 string type
 * (V_ASN1_UTF8STRING …), nothing converted. */
typedef struct pki_cn {
  int type;
  const char *octets;
  int len;
} pki_cn;

#define PKI_CN(text)                                                           \
  { V_ASN1_UTF8STRING, text, (int)sizeof(text) - 1 }

typedef struct pki_spec {
  pki_cn cn[3];       /* up to the first without a type */
  bool ca;            /* basicConstraints CA:TRUE, keyUsage keyCertSign */
  bool no_key_usage;  /* CA: without that extension */
  bool v1;            /* X.509 version 1: no extensions */
  int pathlen;        /* CA: 0 none, else the limit + 1 */
  int rsa_bits;       /* 0: EC P-256 */
  bool ed25519;       /* instead; its issuer has a key of another kind */
  const char *digest; /* of the signature; NULL: SHA256 */
  int from_days;      /* validity, relative to now; both 0: -1 to +30 */
  int to_days;
  const char *eku;       /* `clientAuth`; NULL: no such extension */
  const char *san;       /* `DNS:gk.example.net,IP:192.0.2.1` */
  const char *permitted; /* name constraints: `permitted;DNS:.example.net` */
  bool odd_extension;    /* a critical one that nobody knows */
  bool bad_signature;
} pki_spec;

typedef struct pki_cert {
  X509 *x509;
  EVP_PKEY *key;
} pki_cert;

/* Signed by `issuer`, or by itself where that is NULL. Fails the test where it
 * cannot be made. */
pki_cert pki_make(const pki_spec *spec, const pki_cert *issuer);
void pki_free(pki_cert *cert);

/* For what is not special: a CA, an end entity with one CN. */
pki_cert pki_ca(const char *cn);
pki_cert pki_leaf(const char *cn, const pki_cert *issuer);

/* Into a context: own certificate with the chain sent along (NULL-terminated
 * issuers), and an authority to trust. */
void pki_use(SSL_CTX *ctx, const pki_cert *own, const pki_cert *const *chain);
void pki_trust(SSL_CTX *ctx, const pki_cert *authority);

/* PEM files, for programs beside the test. */
void pki_write(const char *path, const pki_cert *cert, bool with_key);

#endif /* H46017_TESTS_PKI_H */
