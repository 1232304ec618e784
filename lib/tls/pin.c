/* SPDX-License-Identifier: BSD-2-Clause */
#include "tls/place.h"
#include "tls/trust.h"

#include <string.h>

/* A server told by its certificate. Like a subject it stays with the SSL, and
 * is asked for where the certificate is judged. */

typedef struct pin_told {
  bool first; /* none is known yet */
  uint8_t id[H46017_CERT_ID_LEN];
} pin_told;

static void pin_forget(void *ours) {
  OPENSSL_free(ours);
}

static h46017_tls_place pin_place = {CRYPTO_EX_INDEX_SSL, pin_forget, 0};

int h46017_tls_expect_certificate(SSL *ssl, const uint8_t *id) {
  pin_told *told;

  if (ssl == NULL) {
    return H46017_ERR_INVALID_ARGUMENT;
  }
  ERR_clear_error();
  told = OPENSSL_zalloc(sizeof(*told));
  if (told == NULL || h46017_tls_place_put(&pin_place, ssl, told) != 0) {
    OPENSSL_free(told);
    ERR_clear_error();
    return H46017_ERR_NOMEM;
  }
  told->first = id == NULL;
  if (id != NULL) {
    memcpy(told->id, id, sizeof(told->id));
  }
  return 0;
}

h46017_tls_pin h46017_tls_pin_of(const SSL *ssl, const X509 *leaf) {
  const pin_told *told =
      ssl != NULL ? h46017_tls_place_get(&pin_place, ssl) : NULL;
  uint8_t id[H46017_CERT_ID_LEN];

  if (told == NULL) {
    return H46017_TLS_PIN_NONE;
  }
  if (told->first) {
    return H46017_TLS_PIN_FIRST;
  }
  return X509_digest(leaf, EVP_sha256(), id, NULL) == 1 &&
                 memcmp(id, told->id, sizeof(id)) == 0
             ? H46017_TLS_PIN_SAME
             : H46017_TLS_PIN_OTHER;
}
