/* SPDX-License-Identifier: BSD-2-Clause */
#include "tls/trust.h"

#include <string.h>
#include <time.h>

/* What is asked of keys and signatures where the security level asks for
 * nothing: H46017_TLS_LEGACY_SHA1. */
#define DECIDE_RSA_LEAST 1024
#define DECIDE_EC_LEAST 192

bool h46017_tls_time(const X509_VERIFY_PARAM *param, int64_t *putc) {
  time_t t =
      (X509_VERIFY_PARAM_get_flags(param) & X509_V_FLAG_USE_CHECK_TIME) != 0
          ? X509_VERIFY_PARAM_get_time(param)
          : time(NULL);

  *putc = (int64_t)t;
  return t != H46017_TLS_NO_TIME;
}

h46017_peer_record *h46017_trust_get_record(const h46017_trust *trust,
                                            const SSL *ssl) {
  return trust != NULL ? SSL_get_ex_data(ssl, trust->ssl_index) : NULL;
}

h46017_peer_record *h46017_trust_record(const h46017_trust *trust, SSL *ssl) {
  h46017_peer_record *record = h46017_trust_get_record(trust, ssl);

  if (record == NULL) {
    record = OPENSSL_zalloc(sizeof(*record));
    if (record != NULL && SSL_set_ex_data(ssl, trust->ssl_index, record) != 1) {
      OPENSSL_free(record);
      record = NULL;
    }
  }
  return record;
}

int h46017_trust_used(const h46017_trust *trust, const SSL *ssl,
                      uint8_t id[H46017_CERT_ID_LEN]) {
  const h46017_peer_record *record = h46017_trust_get_record(trust, ssl);

  if (record == NULL || !record->matched) {
    return H46017_ERR_NOT_FOUND;
  }
  memcpy(id, record->entry, H46017_CERT_ID_LEN);
  return 0;
}

/* -- strength without a security level ------------------------------------ */

static bool decide_key_is_weak(const X509 *x) {
  const EVP_PKEY *key = X509_get0_pubkey(x);
  int bits = key != NULL ? EVP_PKEY_get_bits(key) : 0;
  int least = key != NULL && EVP_PKEY_get_base_id(key) == EVP_PKEY_EC
                  ? DECIDE_EC_LEAST
                  : DECIDE_RSA_LEAST;

  if (key != NULL && (EVP_PKEY_get_base_id(key) == EVP_PKEY_ED25519 ||
                      EVP_PKEY_get_base_id(key) == EVP_PKEY_ED448)) {
    return false;
  }
  return bits < least;
}

static bool decide_digest_is_weak(X509 *x) {
  int digest = NID_undef;

  return X509_get_signature_info(x, &digest, NULL, NULL, NULL) != 1 ||
         digest == NID_md5 || digest == NID_md4 || digest == NID_md2 ||
         digest == NID_md5_sha1;
}

static long decide_strength(STACK_OF(X509) * chain) {
  for (int i = 0; i < sk_X509_num(chain); i++) {
    X509 *x = sk_X509_value(chain, i);

    if (decide_key_is_weak(x)) {
      return i == 0 ? X509_V_ERR_EE_KEY_TOO_SMALL : X509_V_ERR_CA_KEY_TOO_SMALL;
    }
    /* nothing rests on the signature of the anchor */
    if (i + 1 < sk_X509_num(chain) && decide_digest_is_weak(x)) {
      return X509_V_ERR_CA_MD_TOO_WEAK;
    }
  }
  return X509_V_OK;
}

/* -- the decision --------------------------------------------------------- */

static long decide_verify(X509_STORE_CTX *store, STACK_OF(X509) * anchors) {
  X509_VERIFY_PARAM *param = X509_STORE_CTX_get0_param(store);

  /* also in a context that h46017_tls_ctx_defaults() never saw */
  if (X509_VERIFY_PARAM_set_flags(param, X509_V_FLAG_PARTIAL_CHAIN |
                                             X509_V_FLAG_TRUSTED_FIRST) != 1) {
    return X509_V_ERR_OUT_OF_MEM;
  }
  X509_STORE_CTX_set0_trusted_stack(store, anchors);
  if (X509_verify_cert(store) == 1) {
    return X509_V_OK;
  }
  return X509_STORE_CTX_get_error(store) != X509_V_OK
             ? X509_STORE_CTX_get_error(store)
             : X509_V_ERR_UNSPECIFIED;
}

/* The very certificate: its time, purpose, extensions and strength are looked
 * at, its issuer is not. It is alone, so that nothing else can come of it. */
long h46017_trust_decide_alone(X509_STORE_CTX *store, X509 *leaf) {
  STACK_OF(X509) *alone = sk_X509_new_null();
  long result = X509_V_ERR_OUT_OF_MEM;

  if (alone != NULL && sk_X509_push(alone, leaf) > 0) {
    X509_STORE_CTX_set0_untrusted(store, NULL);
    result = decide_verify(store, alone);
  }
  X509_STORE_CTX_set0_trusted_stack(store, NULL);
  sk_X509_free(alone);
  return result;
}

long h46017_trust_decide_pinned(X509_STORE_CTX *store, X509 *leaf,
                                h46017_tls_pin pin) {
  return pin == H46017_TLS_PIN_OTHER
             ? h46017_tls_own_verify_result(H46017_ERR_SERVER_CHANGED)
             : h46017_trust_decide_alone(store, leaf);
}

/* A chain that leads to an authority by signature. */
static long decide_chain(X509_STORE_CTX *store, const h46017_trust_snapshot *g,
                         X509 *leaf, bool is_server) {
  long result = decide_verify(store, g->authorities);

  X509_STORE_CTX_set0_trusted_stack(store, NULL);
  if (result != X509_V_OK) {
    return result;
  }
  /* A device is an end entity. Whoever has an authority's key can have any
   * name; that it is trusted to issue says nothing about who it is. */
  if (is_server && X509_check_ca(leaf) != 0) {
    return h46017_tls_own_verify_result(H46017_ERR_CERT_IS_CA);
  }
  /* nothing says what a version 1 certificate is for */
  return X509_get_version(leaf) == X509_VERSION_1
             ? h46017_tls_own_verify_result(H46017_ERR_CERT_VERSION)
             : X509_V_OK;
}

static int64_t decide_earliest(STACK_OF(X509) * chain) {
  int64_t earliest = INT64_MAX;

  for (int i = 0; i < sk_X509_num(chain); i++) {
    int64_t from;
    int64_t to;

    if (!h46017_tls_validity(sk_X509_value(chain, i), &from, &to)) {
      return 0; /* long past: no resumption */
    }
    earliest = to < earliest ? to : earliest;
  }
  return earliest;
}

/* What made it good: the last of the path is the anchor. */
static long decide_record_good(h46017_peer_record *record,
                               STACK_OF(X509) * chain, uint64_t generation) {
  const X509 *anchor = sk_X509_value(chain, sk_X509_num(chain) - 1);

  if (anchor == NULL ||
      X509_digest(anchor, EVP_sha256(), record->entry, NULL) != 1) {
    return X509_V_ERR_OUT_OF_MEM;
  }
  record->matched = true;
  record->generation = generation;
  record->not_after = decide_earliest(chain);
  return X509_V_OK;
}

/* Would it be let in as an end entity of the list? Not if that is looked at
 * then too: see h46017_trust_decide_alone(). */
static bool decide_trust_helps(long result, int depth) {
  int code = h46017_error_from_verify_result(result);

  switch (code) {
  case H46017_ERR_CERT_WEAK:
    return result != X509_V_ERR_EE_KEY_TOO_SMALL;
  case H46017_ERR_CERT_PURPOSE:
  case H46017_ERR_CERT_CRITICAL_EXTENSION:
    return depth != 0;
  default:
    return code != H46017_ERR_SERVER_NAME && code != H46017_ERR_SERVER_CHANGED;
  }
}

/* As it came, leaf first. Bounded by what TLS takes in
 * (SSL_CTX_set_max_cert_list). */
static long decide_record_refused(h46017_peer_record *record,
                                  STACK_OF(X509) * sent, long result,
                                  int depth) {
  STACK_OF(X509) *chain = X509_chain_up_ref(sent);

  if (chain == NULL) {
    return X509_V_ERR_OUT_OF_MEM;
  }
  sk_X509_pop_free(record->refused, X509_free);
  record->refused = chain;
  record->code = h46017_error_from_verify_result(result);
  record->trust_helps = decide_trust_helps(result, depth);
  return result;
}

static long decide_by(const h46017_trust_snapshot *g, X509_STORE_CTX *store,
                      const SSL *ssl) {
  X509 *leaf = X509_STORE_CTX_get0_cert(store);
  const h46017_trust_item *item;
  h46017_tls_pin pin = h46017_tls_pin_of(ssl, leaf);
  uint8_t id[H46017_CERT_ID_LEN];
  int64_t utc;
  long result;

  if (!h46017_tls_time(X509_STORE_CTX_get0_param(store), &utc)) {
    return h46017_tls_own_verify_result(H46017_ERR_CLOCK_NOT_SET);
  }
  if (X509_digest(leaf, EVP_sha256(), id, NULL) != 1) {
    return X509_V_ERR_OUT_OF_MEM;
  }
  item = h46017_trust_lookup(g, id);
  result = pin != H46017_TLS_PIN_NONE
               ? h46017_trust_decide_pinned(store, leaf, pin)
           : item != NULL && item->entry.kind == H46017_TRUST_END_ENTITY
               ? h46017_trust_decide_alone(store, leaf)
               : decide_chain(store, g, leaf, SSL_is_server(ssl) != 0);
  if (result == X509_V_OK && SSL_get_security_level(ssl) == 0) {
    result = decide_strength(X509_STORE_CTX_get0_chain(store));
  }
  return result != X509_V_OK || h46017_tls_is_subject(ssl, leaf)
             ? result
             : h46017_tls_own_verify_result(H46017_ERR_SERVER_NAME);
}

long h46017_trust_decide(const h46017_trust *trust, X509_STORE_CTX *store,
                         SSL *ssl) {
  h46017_peer_record *record = h46017_trust_record(trust, ssl);
  STACK_OF(X509) *sent = X509_STORE_CTX_get0_untrusted(store);
  h46017_trust_snapshot *g;
  long result;

  if (record == NULL) {
    return X509_V_ERR_OUT_OF_MEM;
  }
  g = h46017_trust_hold(trust);
  record->matched = false;
  result = decide_by(g, store, ssl);
  if (result == X509_V_OK) {
    result =
        decide_record_good(record, X509_STORE_CTX_get0_chain(store), g->number);
  } else {
    result = decide_record_refused(record, sent, result,
                                   X509_STORE_CTX_get_error_depth(store));
  }
  h46017_trust_let_go(g);
  return result;
}
