/* SPDX-License-Identifier: BSD-2-Clause */
#include "tls/trust.h"

/* Verify results of our own: far from OpenSSL's, which are below a hundred,
 * and within a 32-bit long. */
#define VERIFY_OWN_BASE 0x46017000L
#define VERIFY_OWN_MAX 999L

long h46017_tls_own_verify_result(int code) {
  return VERIFY_OWN_BASE - code;
}

int h46017_error_from_verify_result(int64_t result) {
  static const struct {
    int result;
    int code;
  } map[] = {
      {X509_V_OK, 0},
      {X509_V_ERR_CERT_HAS_EXPIRED, H46017_ERR_CERT_EXPIRED},
      {X509_V_ERR_CERT_NOT_YET_VALID, H46017_ERR_CERT_NOT_YET_VALID},
      {X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT,
       H46017_ERR_SELF_SIGNED_UNTRUSTED},
      {X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN, H46017_ERR_UNKNOWN_CA},
      {X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT, H46017_ERR_UNKNOWN_CA},
      {X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY, H46017_ERR_UNKNOWN_CA},
      {X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE, H46017_ERR_UNKNOWN_CA},
      {X509_V_ERR_CERT_UNTRUSTED, H46017_ERR_UNKNOWN_CA},
      {X509_V_ERR_INVALID_PURPOSE, H46017_ERR_CERT_PURPOSE},
      {X509_V_ERR_KEYUSAGE_NO_DIGITAL_SIGNATURE, H46017_ERR_CERT_PURPOSE},
      {X509_V_ERR_UNHANDLED_CRITICAL_EXTENSION,
       H46017_ERR_CERT_CRITICAL_EXTENSION},
      {X509_V_ERR_EE_KEY_TOO_SMALL, H46017_ERR_CERT_WEAK},
      {X509_V_ERR_CA_KEY_TOO_SMALL, H46017_ERR_CERT_WEAK},
      {X509_V_ERR_CA_MD_TOO_WEAK, H46017_ERR_CERT_WEAK},
      {X509_V_ERR_CERT_SIGNATURE_FAILURE, H46017_ERR_CERT_SIGNATURE},
      {X509_V_ERR_UNABLE_TO_DECRYPT_CERT_SIGNATURE, H46017_ERR_CERT_SIGNATURE},
      {X509_V_ERR_UNABLE_TO_DECODE_ISSUER_PUBLIC_KEY,
       H46017_ERR_CERT_SIGNATURE},
      {X509_V_ERR_SIGNATURE_ALGORITHM_MISMATCH, H46017_ERR_CERT_SIGNATURE},
      {X509_V_ERR_CERT_CHAIN_TOO_LONG, H46017_ERR_CERT_CHAIN},
      {X509_V_ERR_PATH_LENGTH_EXCEEDED, H46017_ERR_CERT_CHAIN},
      {X509_V_ERR_INVALID_CA, H46017_ERR_CERT_CHAIN},
      {X509_V_ERR_INVALID_NON_CA, H46017_ERR_CERT_CHAIN},
      {X509_V_ERR_KEYUSAGE_NO_CERTSIGN, H46017_ERR_CERT_CHAIN},
      {X509_V_ERR_HOSTNAME_MISMATCH, H46017_ERR_SERVER_NAME},
      {X509_V_ERR_IP_ADDRESS_MISMATCH, H46017_ERR_SERVER_NAME},
      {X509_V_ERR_OUT_OF_MEM, H46017_ERR_NOMEM},
  };

  if (result > VERIFY_OWN_BASE && result <= VERIFY_OWN_BASE + VERIFY_OWN_MAX) {
    return (int)(VERIFY_OWN_BASE - result);
  }
  for (size_t i = 0; i < sizeof(map) / sizeof(map[0]); i++) {
    if (map[i].result == result) {
      return map[i].code;
    }
  }
  return H46017_ERR_CERT_REJECTED;
}

/* Without a list: the context's own store, in which all are authorities. 0
 * where the chain is good, else a verify result. */
static long verify_chain(X509_STORE_CTX *store, const SSL *ssl) {
  X509 *leaf = X509_STORE_CTX_get0_cert(store);
  h46017_tls_pin pin = h46017_tls_pin_of(ssl, leaf);
  int64_t utc;
  int rv;

  if (!h46017_tls_time(X509_STORE_CTX_get0_param(store), &utc)) {
    return h46017_tls_own_verify_result(H46017_ERR_CLOCK_NOT_SET);
  }
  if (pin != H46017_TLS_PIN_NONE) {
    return h46017_trust_decide_pinned(store, leaf, pin);
  }
  rv = X509_verify_cert(store);
  if (rv != 1) {
    long result = X509_STORE_CTX_get_error(store);

    return result != X509_V_OK ? result : X509_V_ERR_UNSPECIFIED;
  }
  /* A device is an end entity. Whoever has an authority's key can have any
   * name; that it is trusted to issue says nothing about who it is. */
  if (SSL_is_server(ssl) != 0 && X509_check_ca(leaf) != 0) {
    return h46017_tls_own_verify_result(H46017_ERR_CERT_IS_CA);
  }
  return h46017_tls_is_subject(ssl, leaf)
             ? X509_V_OK
             : h46017_tls_own_verify_result(H46017_ERR_SERVER_NAME);
}

/* Instead of X509_verify_cert() inside the handshake. What is set as error
 * picks the alert and becomes SSL_get_verify_result(). */
static int verify_peer(X509_STORE_CTX *store, void *arg) {
  SSL *ssl =
      X509_STORE_CTX_get_ex_data(store, SSL_get_ex_data_X509_STORE_CTX_idx());
  bool is_server = SSL_is_server(ssl) != 0;
  long result = arg == NULL ? verify_chain(store, ssl)
                            : h46017_trust_decide(arg, store, ssl);

  if (result == X509_V_OK && !is_server) {
    h46017_tls_note_signed(store); /* a server's sessions bring back no chain */
  }
  X509_STORE_CTX_set_error(store, (int)result);
  if (result == X509_V_OK) {
    return 1;
  }
  /* H46017_CLIENT_CERT_REQUEST: on without an identity, the true reason kept */
  return is_server && (SSL_get_verify_mode(ssl) &
                       SSL_VERIFY_FAIL_IF_NO_PEER_CERT) == 0
             ? 1
             : 0;
}

/* -1: no such role or mode. */
static int verify_mode(h46017_tls_role role, h46017_client_cert_mode mode) {
  if (role == H46017_TLS_CLIENT) {
    return SSL_VERIFY_PEER;
  }
  if (role != H46017_TLS_SERVER) {
    return -1;
  }
  switch (mode) {
  case H46017_CLIENT_CERT_REQUIRE:
    return SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT;
  case H46017_CLIENT_CERT_REQUEST:
    return SSL_VERIFY_PEER;
  case H46017_CLIENT_CERT_NONE:
    return SSL_VERIFY_NONE;
  }
  return -1;
}

int h46017_trust_attach(const h46017_trust *trust, SSL_CTX *ctx,
                        h46017_tls_role role, h46017_client_cert_mode mode) {
  int verify = verify_mode(role, mode);

  if (ctx == NULL || verify < 0) {
    return H46017_ERR_INVALID_ARGUMENT;
  }
  if (trust != NULL && role == H46017_TLS_SERVER) {
    int rv = h46017_trust_attach_tickets(trust, ctx);

    if (rv != 0) {
      return rv;
    }
  } else if (trust != NULL) {
    SSL_CTX_clear_options(ctx, SSL_OP_NO_TICKET);
  }
  SSL_CTX_set_verify(ctx, verify, NULL);
  /* read only: what threads share is reached through a pointer in it */
  SSL_CTX_set_cert_verify_callback(ctx, verify_peer, (void *)(uintptr_t)trust);
  return 0;
}
