/* SPDX-License-Identifier: BSD-2-Clause */
#include "tls/credential.h"

#include <openssl/rsa.h>

int h46017_key_make(EVP_PKEY **pkey, const h46017_cert_spec *spec) {
  EVP_PKEY *key = NULL;

  ERR_clear_error();
  switch (spec->key) {
  case H46017_KEY_EC:
    key = EVP_EC_gen("P-256");
    break;
  case H46017_KEY_RSA:
    if (spec->rsa_bits != 1024 && spec->rsa_bits != 2048 &&
        spec->rsa_bits != 4096) {
      return H46017_ERR_KEY_TYPE;
    }
    key = EVP_RSA_gen(spec->rsa_bits);
    break;
  case H46017_KEY_ED25519:
    key = EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");
    break;
  default:
    return H46017_ERR_KEY_TYPE;
  }
  ERR_clear_error();
  if (key == NULL) {
    return H46017_ERR_TLS;
  }
  *pkey = key;
  return 0;
}

/* Ed25519 hashes for itself. */
const EVP_MD *h46017_key_digest(const EVP_PKEY *key) {
  return EVP_PKEY_is_a(key, "ED25519") == 1 ? NULL : EVP_sha256();
}
