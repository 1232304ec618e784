/* SPDX-License-Identifier: BSD-2-Clause */
#include "tls/trust.h"

#include "base/settings.h"
#include "tls/place.h"

#include <openssl/core_names.h>
#include <openssl/hmac.h>
#include <openssl/rand.h>

#include <string.h>

#define KEYS_COLLECTION "tickets"
#define KEYS_ENTRY "secret"
#define KEYS_SECRET 32 /* octets */
#define KEYS_NAME 16   /* OpenSSL's for a ticket's key */
#define KEYS_PART 32   /* of SHA-256 */
#define KEYS_LISTENER_MAX 64

/* Nothing but the secret: the keys of a time follow from it, so that whoever
 * has it has the same ones, and nothing changes while threads use it. */
struct h46017_ticket_keys {
  h46017_mem mem;
  uint8_t secret[KEYS_SECRET];
};

/* What a context has of it. */
typedef struct keys_attached {
  const h46017_ticket_keys *keys;
  char listener[KEYS_LISTENER_MAX];
} keys_attached;

/* -- its place in a context ----------------------------------------------- */

static void keys_free_attached(void *ours) {
  OPENSSL_free(ours);
}

/* OpenSSL's callback gets no argument of ours: the context has it. */
static h46017_tls_place keys_place = {CRYPTO_EX_INDEX_SSL_CTX,
                                      keys_free_attached, 0};

/* -- derived -------------------------------------------------------------- */

typedef enum keys_part { KEYS_IS_NAME = 1, KEYS_IS_AES, KEYS_IS_MAC } keys_part;

/* Another key for each listener, time and purpose; RFC 5869's extract step is
 * not needed, the secret is random. */
static bool keys_derive(const keys_attached *a, uint64_t epoch, keys_part part,
                        uint8_t out[KEYS_PART]) {
  static const char label[] = "h46017 ticket";
  uint8_t text[sizeof(label) + KEYS_LISTENER_MAX + 9];
  unsigned len = 0;
  size_t n = sizeof(label);

  memcpy(text, label, sizeof(label));
  memcpy(text + n, a->listener, sizeof(a->listener)); /* padded with zeros */
  n += sizeof(a->listener);
  text[n++] = (uint8_t)part;
  for (int shift = 56; shift >= 0; shift -= 8) {
    text[n++] = (uint8_t)(epoch >> shift);
  }
  return HMAC(EVP_sha256(), a->keys->secret, KEYS_SECRET, text, n, out, &len) !=
         NULL;
}

/* 0 where the time is not known: nobody is verified then, so nothing that such
 * a ticket holds will be believed. */
static uint64_t keys_epoch(const SSL *ssl) {
  int64_t utc = 0;

  return h46017_tls_time(SSL_get0_param((SSL *)(uintptr_t)ssl), &utc) && utc > 0
             ? (uint64_t)utc / H46017_TLS_TICKET_LIFE
             : 0;
}

/* The time whose key has this name: now's, the one before, in which tickets
 * that are good still were made, and the next, by another's clock. */
static bool keys_find(const keys_attached *a, uint64_t now,
                      const unsigned char name[KEYS_NAME], uint64_t *pepoch) {
  const uint64_t candidates[] = {now, now - 1, now + 1};

  for (size_t i = 0; now > 0 && i < 3; i++) {
    uint8_t own[KEYS_PART];

    if (keys_derive(a, candidates[i], KEYS_IS_NAME, own) &&
        CRYPTO_memcmp(own, name, KEYS_NAME) == 0) {
      *pepoch = candidates[i];
      return true;
    }
  }
  return false;
}

static bool keys_use(const keys_attached *a, uint64_t epoch,
                     const unsigned char *iv, EVP_CIPHER_CTX *cipher,
                     EVP_MAC_CTX *mac, int seal) {
  uint8_t aes[KEYS_PART];
  uint8_t key[KEYS_PART];
  char digest[] = "SHA256";
  OSSL_PARAM params[] = {
      OSSL_PARAM_construct_octet_string(OSSL_MAC_PARAM_KEY, key, sizeof(key)),
      OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, digest, 0),
      OSSL_PARAM_construct_end(),
  };
  bool done =
      keys_derive(a, epoch, KEYS_IS_AES, aes) &&
      keys_derive(a, epoch, KEYS_IS_MAC, key) &&
      EVP_MAC_CTX_set_params(mac, params) == 1 &&
      EVP_CipherInit_ex(cipher, EVP_aes_256_cbc(), NULL, aes, iv, seal) == 1;

  OPENSSL_cleanse(aes, sizeof(aes));
  OPENSSL_cleanse(key, sizeof(key));
  return done;
}

/* SSL_CTX_set_tlsext_ticket_key_evp_cb(3): 1 good, 2 good and to be made anew,
 * 0 unknown, -1 failed. */
static int keys_asked(SSL *ssl, unsigned char *name, unsigned char *iv,
                      EVP_CIPHER_CTX *cipher, EVP_MAC_CTX *mac, int seal) {
  const keys_attached *a =
      h46017_tls_place_get(&keys_place, SSL_get_SSL_CTX(ssl));
  uint64_t now = keys_epoch(ssl);
  uint64_t epoch = now;
  uint8_t own[KEYS_PART];

  if (a == NULL) {
    return seal == 0 ? 0 : -1; /* the program switched the context */
  }
  if (seal == 0) {
    if (!keys_find(a, now, name, &epoch)) {
      return 0;
    }
    return !keys_use(a, epoch, iv, cipher, mac, 0) ? -1 : epoch == now ? 1 : 2;
  }
  if (!keys_derive(a, now, KEYS_IS_NAME, own) ||
      RAND_bytes(iv, EVP_MAX_IV_LENGTH) != 1 ||
      !keys_use(a, now, iv, cipher, mac, 1)) {
    return -1;
  }
  memcpy(name, own, KEYS_NAME);
  return 1;
}

int h46017_ticket_keys_attach(const h46017_ticket_keys *keys, SSL_CTX *ctx,
                              const char *listener) {
  size_t len = listener != NULL ? strlen(listener) : 0;
  keys_attached *a;
  uint8_t id[KEYS_PART];

  if (keys == NULL || ctx == NULL || len == 0 || len >= KEYS_LISTENER_MAX) {
    return H46017_ERR_INVALID_ARGUMENT;
  }
  a = OPENSSL_zalloc(sizeof(*a));
  if (a == NULL) {
    return H46017_ERR_NOMEM;
  }
  a->keys = keys;
  memcpy(a->listener, listener, len);
  if (h46017_tls_place_put(&keys_place, ctx, a) != 0) {
    OPENSSL_free(a);
    return H46017_ERR_NOMEM;
  }
  /* the same listener in another process, or after a restart */
  if (EVP_Digest(listener, len, id, NULL, EVP_sha256(), NULL) != 1 ||
      SSL_CTX_set_session_id_context(ctx, id, sizeof(id)) != 1 ||
      SSL_CTX_set_tlsext_ticket_key_evp_cb(ctx, keys_asked) != 1) {
    ERR_clear_error();
    return H46017_ERR_TLS;
  }
  return 0;
}

/* -- the secret ----------------------------------------------------------- */

static int keys_take(const uint8_t *data, size_t len, void *user_data) {
  h46017_ticket_keys *k = user_data;

  if (len != KEYS_SECRET) {
    return H46017_ERR_STORE_CORRUPT;
  }
  memcpy(k->secret, data, len);
  return 0;
}

/* What is there, or a new one. A damaged one is replaced: all it costs is a
 * full handshake each. */
static int keys_keep(h46017_ticket_keys *k, const h46017_store *s) {
  int rv = s->begin != NULL ? s->begin(s->object, KEYS_COLLECTION) : 0;

  if (rv != 0) {
    return rv;
  }
  rv = s->get(s->object, KEYS_COLLECTION, KEYS_ENTRY, keys_take, k);
  if (rv == H46017_ERR_NOT_FOUND || rv == H46017_ERR_STORE_CORRUPT) {
    rv = s->put(s->object, KEYS_COLLECTION, KEYS_ENTRY, k->secret, KEYS_SECRET,
                H46017_STORE_SECRET);
  }
  if (s->end != NULL) {
    s->end(s->object, KEYS_COLLECTION);
  }
  return rv;
}

static int keys_begin(h46017_ticket_keys *k, const h46017_store *store) {
  h46017_store own;
  int rv;

  if (RAND_bytes(k->secret, KEYS_SECRET) != 1) {
    ERR_clear_error();
    return H46017_ERR_TLS;
  }
  if (store == NULL) {
    return 0;
  }
  h46017_store_default(&own);
  rv = h46017_settings_copy(&own, sizeof(own), sizeof(h46017_store), store);
  if (rv == 0 && (own.get == NULL || own.put == NULL ||
                  (own.begin == NULL) != (own.end == NULL))) {
    rv = H46017_ERR_INVALID_ARGUMENT;
  }
  return rv != 0 ? rv : keys_keep(k, &own);
}

int h46017_ticket_keys_new(h46017_ticket_keys **pkeys,
                           const h46017_store *store, const h46017_mem *mem) {
  h46017_mem own;
  h46017_ticket_keys *k;
  int rv;

  if (pkeys == NULL) {
    return H46017_ERR_INVALID_ARGUMENT;
  }
  rv = h46017_mem_init(&own, mem);
  if (rv != 0) {
    return rv;
  }
  k = h46017_mem_zalloc(&own, 1, sizeof(*k));
  if (k == NULL) {
    return H46017_ERR_NOMEM;
  }
  k->mem = own;
  rv = keys_begin(k, store);
  if (rv != 0) {
    h46017_ticket_keys_del(k);
    return rv;
  }
  *pkeys = k;
  return 0;
}

void h46017_ticket_keys_del(h46017_ticket_keys *keys) {
  h46017_mem mem;

  if (keys != NULL) {
    mem = keys->mem;
    h46017_mem_wipe(keys, sizeof(*keys));
    h46017_mem_release(&mem, keys);
  }
}
