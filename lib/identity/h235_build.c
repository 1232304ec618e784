/* SPDX-License-Identifier: BSD-2-Clause */
#include "identity/h235.h"

#include "asn1/h225_message.h"
#include "asn1/ras_token.h"
#include "base/settings.h"
#include "base/text.h"

#include <h46017/error.h>

#include <string.h>

void h46017_h235_token_default_sized(h46017_h235_token *token, size_t size) {
  h46017_h235_token def;

  memset(&def, 0, sizeof(def));
  def.kinds = H46017_H235_HMAC;
  h46017_settings_fill(token, size, &def, sizeof(def));
}

/* -- the three ------------------------------------------------------------- */

static const uint8_t open_hash[H235_HMAC_LEN];

static uint32_t token_random(const h46017_h235_token *t) {
  const uint32_t random = t->random & 0x7fffffff; /* Wireshark stops there */

  return random != 0 ? random : 1;
}

/* The names as BMPStrings, each with a trailing U+0000, which `len` is
 * without. */
typedef struct token_bmp {
  uint8_t octets[H235_BMP_MAX];
  size_t len;
} token_bmp;

static int token_bmp_of(const h46017_text *name, token_bmp *out) {
  out->len = h46017_text_bmp_size(name->text, name->len);
  if (out->len == 0) {
    return H46017_ERR_TEXT;
  }
  if (out->len > sizeof(out->octets) - 2) {
    return H46017_ERR_OUT_OF_RANGE;
  }
  h46017_text_to_bmp(name->text, name->len, out->octets, out->len);
  out->octets[out->len] = 0;
  out->octets[out->len + 1] = 0;
  return 0;
}

static int token_add_hmac(h46017_h225 *m, const h46017_h235_token *t,
                          const token_bmp *sender) {
  static const uint8_t oid_a[] = {H235_OID_2(H235_OID_A)};
  static const uint8_t oid_t[] = {H235_OID_2(H235_OID_T)};
  static const uint8_t oid_u[] = {H235_OID_2(H235_OID_U)};
  h46017_ras_token token = {
      .oid = {oid_a, sizeof(oid_a)},
      .clear_oid = {oid_t, sizeof(oid_t)},
      .time = (uint32_t)t->now,
      .random = token_random(t),
      .senders_id = {sender->octets, sender->len},
      .algorithm = {oid_u, sizeof(oid_u)},
      .hash = {open_hash, sizeof(open_hash)},
  };
  token_bmp recipient;
  int rv = 0;

  if (t->recipient.text != NULL) {
    rv = token_bmp_of(&t->recipient, &recipient);
    token.general_id = (h46017_octets){recipient.octets, recipient.len};
  }
  return rv != 0 ? rv : h46017_ras_add_hashed(m, &token);
}

static int token_add_pwd_hash(h46017_h225 *m, const h46017_h235_secret *s,
                              const h46017_h235_token *t,
                              const token_bmp *sender) {
  uint8_t hash[H235_MD5_LEN];
  const h46017_ras_token token = {
      .time = (uint32_t)t->now,
      .senders_id = {sender->octets, sender->len},
      .algorithm = h235_oid_md5,
      .hash = {hash, sizeof(hash)},
  };
  int rv =
      h235_pwd_hash(s, sender->octets, sender->len, token.time, true, hash);

  return rv != 0 ? rv : h46017_ras_add_pwd_hash(m, &token);
}

static int token_add_access(h46017_h225 *m, const h46017_h235_secret *s,
                            const h46017_h235_token *t,
                            const token_bmp *sender) {
  uint8_t hash[H235_MD5_LEN];
  const h46017_ras_token token = {
      .clear_oid = h235_oid_cat,
      .time = (uint32_t)t->now,
      .random = t->random & 0xff,
      .challenge = {hash, sizeof(hash)},
      .general_id = {sender->octets, sender->len + 2},
  };
  int rv = h235_access_hash(s, (uint8_t)token.random, token.time, hash);

  return rv != 0 ? rv : h46017_ras_add_clear(m, &token);
}

int h46017_h235_add(h46017_h225 *m, const h46017_h235_secret *secret,
                    const h46017_h235_token *token) {
  h46017_h235_token t;
  token_bmp sender;
  int rv;

  h46017_h235_token_default(&t);
  rv = h46017_settings_copy(&t, sizeof(t), sizeof(h46017_h235_token), token);
  if (rv == 0 &&
      (secret == NULL || (t.kinds & ~(uint32_t)H46017_H235_ALL) != 0 ||
       t.now < 1 || t.now > UINT32_MAX || t.sender.text == NULL ||
       h46017_h225_message_type(m) != h46017_h225_ras_message() ||
       h46017_h225_count(h46017_h225_root(m)) == 0)) {
    rv = H46017_ERR_INVALID_ARGUMENT;
  }
  if (rv == 0) {
    rv = token_bmp_of(&t.sender, &sender);
  }
  if (rv == 0 && (t.kinds & H46017_H235_ACCESS_TOKEN) != 0) {
    rv = token_add_access(m, secret, &t, &sender);
  }
  if (rv == 0 && (t.kinds & H46017_H235_HMAC) != 0) {
    rv = token_add_hmac(m, &t, &sender);
  }
  if (rv == 0 && (t.kinds & H46017_H235_PWD_HASH) != 0) {
    rv = token_add_pwd_hash(m, secret, &t, &sender);
  }
  return rv;
}

/* -- the hash over the message --------------------------------------------- */

/* The HMAC token's hash that is still open; NULL: there is none. */
static const uint8_t *token_find_open(const h46017_h225 *m) {
  h46017_h225_value list =
      h46017_h225_get(h46017_h225_at(h46017_h225_root(m), 0), "cryptoTokens");

  for (size_t i = 0; i < h46017_h225_count(list); i++) {
    const uint8_t *hash;
    size_t bits;
    if (h46017_h225_read_bits(
            h46017_h225_get(h46017_h225_at(list, i),
                            "nestedcryptoToken.cryptoHashedToken.token.hash"),
            &hash, &bits) == 0 &&
        bits == sizeof(open_hash) * 8 &&
        memcmp(hash, open_hash, sizeof(open_hash)) == 0) {
      return hash;
    }
  }
  return NULL;
}

int h46017_h235_encode(h46017_h225 *m, const h46017_h235_secret *secret,
                       uint8_t *buf, size_t cap, size_t *plen) {
  const uint8_t *hash = secret != NULL ? token_find_open(m) : NULL;
  size_t end = 0;
  int rv;

  if (hash == NULL || cap == 0) {
    return h46017_h225_encode(m, buf, cap, plen);
  }
  rv = h46017_h225_encode_find(m, buf, cap, plen, hash, &end);
  if (rv != 0) {
    return rv;
  }
  if (end < H235_HMAC_LEN) {
    return H46017_ERR_OUT_OF_RANGE;
  }
  return h235_hmac(secret, buf, *plen, end - H235_HMAC_LEN,
                   buf + end - H235_HMAC_LEN);
}
