/* SPDX-License-Identifier: BSD-2-Clause */
#include "tls/internal.h"

#include <openssl/sslerr.h>
#include <openssl/tls1.h>

#include <stdio.h>

/* An alert that says "your certificate". */
static bool failure_is_about_certificate(const h46017_tls *t, int alert) {
  const uint8_t *types = NULL;

  switch (alert) {
  case SSL_AD_NO_CERTIFICATE:
  case SSL_AD_BAD_CERTIFICATE:
  case SSL_AD_UNSUPPORTED_CERTIFICATE:
  case SSL_AD_CERTIFICATE_REVOKED:
  case SSL_AD_CERTIFICATE_EXPIRED:
  case SSL_AD_CERTIFICATE_UNKNOWN:
  case SSL_AD_UNKNOWN_CA:
  case SSL_AD_ACCESS_DENIED:
  case TLS13_AD_CERTIFICATE_REQUIRED:
    return true;
  case SSL_AD_HANDSHAKE_FAILURE:
    /* TLS 1.2 has no better word for "no certificate": when the server asked
     * for one, the negotiation itself was done. */
    return t->role == H46017_TLS_CLIENT &&
           SSL_get0_certificate_types(t->ssl, &types) > 0;
  default:
    return false;
  }
}

/* 0: says nothing that others do not say better. */
static int failure_code(const h46017_tls *t, unsigned long e) {
  int reason = ERR_GET_REASON(e);

  if (reason == ERR_R_MALLOC_FAILURE) {
    return H46017_ERR_NOMEM;
  }
  if (ERR_GET_LIB(e) != ERR_LIB_SSL) {
    return 0;
  }
  if (reason > SSL_AD_REASON_OFFSET && reason < SSL_AD_REASON_OFFSET + 256 &&
      failure_is_about_certificate(t, reason - SSL_AD_REASON_OFFSET)) {
    return H46017_ERR_CERT_REFUSED_BY_PEER;
  }
  switch (reason) {
  case SSL_R_CERTIFICATE_VERIFY_FAILED: {
    int code = h46017_error_from_verify_result(SSL_get_verify_result(t->ssl));

    return code != 0 ? code : H46017_ERR_CERT_REJECTED;
  }
  case SSL_R_PEER_DID_NOT_RETURN_A_CERTIFICATE:
    return H46017_ERR_CERT_MISSING;
  case SSL_R_EXCESSIVE_MESSAGE_SIZE: /* the only one that is limited low */
    return H46017_ERR_CERT_CHAIN;
  case SSL_R_HTTP_REQUEST:
  case SSL_R_HTTPS_PROXY_REQUEST:
  case SSL_R_WRONG_VERSION_NUMBER:
    return t->state == H46017_TLS_HANDSHAKE ? H46017_ERR_NOT_TLS : 0;
  default:
    return 0;
  }
}

int h46017_tls_failure(h46017_tls *t, int ssl_error) {
  unsigned long first = ERR_peek_error();
  unsigned long decided = 0;
  unsigned long e;
  int code = 0;
  const char *words;

  while ((e = ERR_get_error()) != 0) {
    if (code == 0) {
      code = failure_code(t, e);
      decided = code != 0 ? e : decided;
    }
  }
  if (t->bio_error != 0) {
    code = t->bio_error;
    t->error_text[0] = '\0';
    return code;
  }
  words = ERR_reason_error_string(decided != 0 ? decided : first);
  if (words != NULL && code <= -300 && code > -400) {
    long result = SSL_get_verify_result(t->ssl);

    /* "certificate verify failed" says less than why */
    if (result > X509_V_OK && result < 1000) {
      words = X509_verify_cert_error_string(result);
    }
  }
  (void)snprintf(t->error_text, sizeof(t->error_text), "%s",
                 words != NULL                    ? words
                 : ssl_error == SSL_ERROR_SYSCALL ? "unexpected end"
                                                  : "");
  return code != 0 ? code : H46017_ERR_TLS;
}
