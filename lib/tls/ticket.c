/* SPDX-License-Identifier: BSD-2-Clause */
#include "tls/trust.h"

#include <openssl/rand.h>

#include <string.h>

/* Resumption of what a trust list decided. A ticket brings back the leaf and
 * nothing of the chain, so what the decision rested on travels with it, sealed
 * by the ticket's key, and is asked again each time. */

#define TICKET_FORM 1

enum {
  TICKET_ENTRY = 1, /* the form is at 0 */
  TICKET_LEAF = TICKET_ENTRY + H46017_CERT_ID_LEN,
  TICKET_NOT_AFTER = TICKET_LEAF + H46017_CERT_ID_LEN,
  TICKET_GENERATION = TICKET_NOT_AFTER + 8,
  TICKET_LEN = TICKET_GENERATION + 8
};

static void ticket_put(uint8_t *out, uint64_t v) {
  for (int i = 7; i >= 0; i--) {
    out[i] = (uint8_t)(v & 0xff);
    v >>= 8;
  }
}

static uint64_t ticket_get(const uint8_t *in) {
  uint64_t v = 0;

  for (int i = 0; i < 8; i++) {
    v = v << 8 | in[i];
  }
  return v;
}

/* What proved nobody gets no such data, and is never resumed. */
static int ticket_made(SSL *ssl, void *arg) {
  const h46017_peer_record *record = h46017_trust_get_record(arg, ssl);
  const X509 *leaf = SSL_get0_peer_certificate(ssl);
  SSL_SESSION *session = SSL_get_session(ssl);
  uint8_t data[TICKET_LEN];

  if (record == NULL || !record->matched || leaf == NULL || session == NULL) {
    return 1;
  }
  data[0] = TICKET_FORM;
  memcpy(data + TICKET_ENTRY, record->entry, H46017_CERT_ID_LEN);
  ticket_put(data + TICKET_NOT_AFTER, (uint64_t)record->not_after);
  ticket_put(data + TICKET_GENERATION, record->generation);
  return X509_digest(leaf, EVP_sha256(), data + TICKET_LEAF, NULL) == 1 &&
                 SSL_SESSION_set1_ticket_appdata(session, data, sizeof(data)) ==
                     1
             ? 1
             : 0;
}

static bool ticket_is_of_leaf(SSL_SESSION *session, const uint8_t *data) {
  const X509 *leaf = SSL_SESSION_get0_peer(session);
  uint8_t id[H46017_CERT_ID_LEN];

  return leaf != NULL && X509_digest(leaf, EVP_sha256(), id, NULL) == 1 &&
         memcmp(id, data + TICKET_LEAF, sizeof(id)) == 0;
}

/* The entry is there, and is still what it was: an end entity for itself, an
 * authority for others. */
static bool ticket_entry_stands(const h46017_trust *trust,
                                const uint8_t *data) {
  h46017_trust_snapshot *g = h46017_trust_hold(trust);
  const h46017_trust_item *item = h46017_trust_lookup(g, data + TICKET_ENTRY);
  bool itself =
      memcmp(data + TICKET_ENTRY, data + TICKET_LEAF, H46017_CERT_ID_LEN) == 0;
  bool stands = item != NULL &&
                item->entry.kind ==
                    (itself ? H46017_TRUST_END_ENTITY : H46017_TRUST_AUTHORITY);

  h46017_trust_let_go(g);
  return stands;
}

/* False: a full handshake decides. */
static bool ticket_is_good(const h46017_trust *trust, SSL *ssl,
                           SSL_SESSION *session) {
  h46017_peer_record *record;
  void *appdata = NULL;
  size_t len = 0;
  const uint8_t *data;
  int64_t utc;

  if ((SSL_get_verify_mode(ssl) & SSL_VERIFY_PEER) == 0) {
    return true; /* nobody is to prove anything */
  }
  if (SSL_SESSION_get0_ticket_appdata(session, &appdata, &len) != 1 ||
      len != TICKET_LEN) {
    return false;
  }
  data = appdata;
  if (data[0] != TICKET_FORM || !h46017_tls_time(SSL_get0_param(ssl), &utc) ||
      utc > (int64_t)ticket_get(data + TICKET_NOT_AFTER) ||
      !ticket_is_of_leaf(session, data) || !ticket_entry_stands(trust, data)) {
    return false;
  }
  record = h46017_trust_record(trust, ssl);
  if (record == NULL) {
    return false;
  }
  record->matched = true;
  record->generation = ticket_get(data + TICKET_GENERATION);
  record->not_after = (int64_t)ticket_get(data + TICKET_NOT_AFTER);
  memcpy(record->entry, data + TICKET_ENTRY, H46017_CERT_ID_LEN);
  return true;
}

static SSL_TICKET_RETURN ticket_came(SSL *ssl, SSL_SESSION *session,
                                     const unsigned char *name, size_t name_len,
                                     SSL_TICKET_STATUS status, void *arg) {
  bool renew = status == SSL_TICKET_SUCCESS_RENEW;

  (void)name;
  (void)name_len;
  if ((status != SSL_TICKET_SUCCESS && !renew) ||
      !ticket_is_good(arg, ssl, session)) {
    return SSL_TICKET_RETURN_IGNORE_RENEW;
  }
  return renew ? SSL_TICKET_RETURN_USE_RENEW : SSL_TICKET_RETURN_USE;
}

int h46017_trust_attach_tickets(const h46017_trust *trust, SSL_CTX *ctx) {
  unsigned char id[16];

  /* a listener of its own: what another one let in is not let in here */
  if (RAND_bytes(id, sizeof(id)) != 1 ||
      SSL_CTX_set_session_id_context(ctx, id, sizeof(id)) != 1 ||
      SSL_CTX_set_num_tickets(ctx, 1) != 1 ||
      SSL_CTX_set_session_ticket_cb(ctx, ticket_made, ticket_came,
                                    (void *)(uintptr_t)trust) != 1) {
    ERR_clear_error();
    return H46017_ERR_TLS;
  }
  /* Nothing is kept here, and in TLS 1.3 only a ticket that is no mere number
   * passes through the callback. */
  SSL_CTX_set_session_cache_mode(ctx, SSL_SESS_CACHE_OFF);
  SSL_CTX_clear_options(ctx, SSL_OP_NO_TICKET);
  (void)SSL_CTX_set_timeout(ctx, H46017_TLS_TICKET_LIFE);
  return 0;
}

/* -- the client ----------------------------------------------------------- */

/* The decision of a full handshake, on what the session remembers. */
static long ticket_decide_server(const h46017_trust *trust, SSL *ssl,
                                 X509 *leaf, bool believing) {
  X509_STORE_CTX *store = X509_STORE_CTX_new();
  X509_VERIFY_PARAM *param;
  long result = X509_V_ERR_OUT_OF_MEM;

  if (store != NULL &&
      X509_STORE_CTX_init(store, NULL, leaf, SSL_get_peer_cert_chain(ssl)) ==
          1 &&
      X509_STORE_CTX_set_ex_data(store, SSL_get_ex_data_X509_STORE_CTX_idx(),
                                 ssl) == 1 &&
      X509_STORE_CTX_set_default(store, "ssl_server") == 1) {
    param = X509_STORE_CTX_get0_param(store);
    X509_VERIFY_PARAM_set_auth_level(param, SSL_get_security_level(ssl));
    if (believing) {
      h46017_tls_believe_signed(store);
    }
    if (X509_VERIFY_PARAM_set1(param, SSL_get0_param(ssl)) == 1) {
      result = h46017_trust_decide(trust, store, ssl);
    }
  }
  X509_STORE_CTX_free(store);
  return result;
}

int h46017_trust_resume(const h46017_trust *trust, SSL *ssl,
                        SSL_SESSION *session) {
  X509 *leaf = SSL_SESSION_get0_peer(session);

  if (trust == NULL || leaf == NULL ||
      SSL_get_verify_mode(ssl) == SSL_VERIFY_NONE) {
    return 0;
  }
  if (SSL_set_session(ssl, session) != 1) {
    ERR_clear_error();
    return H46017_ERR_NOMEM;
  }
  if (ticket_decide_server(trust, ssl, leaf, true) != X509_V_OK &&
      ticket_decide_server(trust, ssl, leaf, false) != X509_V_OK) {
    (void)SSL_set_session(ssl, NULL);
  }
  ERR_clear_error();
  return 0;
}
