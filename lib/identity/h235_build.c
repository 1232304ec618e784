/* SPDX-License-Identifier: BSD-2-Clause */
#include "identity/h235.h"

#include "asn1/h225_message.h"
#include "base/settings.h"
#include "base/text.h"

#include <h46017/error.h>

#include <stdio.h>
#include <string.h>

void h46017_h235_token_default_sized(h46017_h235_token *token, size_t size) {
  h46017_h235_token def;

  memset(&def, 0, sizeof(def));
  def.kinds = H46017_H235_HMAC;
  h46017_settings_fill(token, size, &def, sizeof(def));
}

/* -- writing by path ------------------------------------------------------- */

/* One token of the message, component by component. */
typedef struct builder {
  h46017_h225 *m;
  int rv; /* the first that failed */
  size_t prefix;
  char path[160];
} builder;

static void build_begin(builder *b, h46017_h225 *m, const char *list,
                        const char *below) {
  h46017_h225_value message = h46017_h225_at(h46017_h225_root(m), 0);
  size_t count = h46017_h225_count(h46017_h225_get(message, list));
  int len = snprintf(b->path, sizeof(b->path), "%s.%s[%zu].%s",
                     h46017_h225_value_name(message), list, count, below);

  b->m = m;
  b->rv = 0;
  b->prefix = (size_t)len;
}

static const char *build_path(builder *b, const char *component) {
  (void)snprintf(b->path + b->prefix, sizeof(b->path) - b->prefix, "%s",
                 component);
  return b->path;
}

static void build_octets(builder *b, const char *component, const uint8_t *data,
                         size_t len) {
  if (b->rv == 0) {
    b->rv = h46017_h225_set_octets(b->m, build_path(b, component), data, len);
  }
}

static void build_oid(builder *b, const char *component, uint8_t last) {
  uint8_t oid[H235_OID_LEN];

  memcpy(oid, h235_oid_prefix, sizeof(h235_oid_prefix));
  oid[5] = 2;
  oid[6] = last;
  build_octets(b, component, oid, sizeof(oid));
}

static void build_uint(builder *b, const char *component, uint64_t value) {
  if (b->rv == 0) {
    b->rv = h46017_h225_set_uint(b->m, build_path(b, component), value);
  }
}

static void build_text(builder *b, const char *component,
                       const h46017_text *text) {
  if (b->rv == 0) {
    b->rv = h46017_h225_set_text(b->m, build_path(b, component), text->text,
                                 text->len);
  }
}

/* A HASHED: its algorithm is set, its parameters are none. */
static void build_hash(builder *b, const uint8_t *hash, size_t octets) {
  if (b->rv == 0) {
    b->rv = h46017_h225_set_present(b->m, build_path(b, "token.paramS"));
  }
  if (b->rv == 0) {
    b->rv = h46017_h225_set_bits(b->m, build_path(b, "token.hash"), hash,
                                 octets * 8);
  }
}

/* -- the three ------------------------------------------------------------- */

static const uint8_t open_hash[H235_HMAC_LEN];

static uint32_t token_random(const h46017_h235_token *t) {
  const uint32_t random = t->random & 0x7fffffff; /* Wireshark stops there */

  return random != 0 ? random : 1;
}

static int token_add_hmac(h46017_h225 *m, const h46017_h235_token *t) {
  builder b;

  build_begin(&b, m, "cryptoTokens", "nestedcryptoToken.cryptoHashedToken.");
  build_oid(&b, "tokenOID", H235_OID_A);
  build_oid(&b, "hashedVals.tokenOID", H235_OID_T);
  build_uint(&b, "hashedVals.timeStamp", (uint64_t)t->now);
  build_uint(&b, "hashedVals.random", token_random(t));
  if (t->recipient.text != NULL) {
    build_text(&b, "hashedVals.generalID", &t->recipient);
  }
  build_text(&b, "hashedVals.sendersID", &t->sender);
  build_oid(&b, "token.algorithmOID", H235_OID_U);
  build_hash(&b, open_hash, sizeof(open_hash));
  return b.rv;
}

/* The sender's name with a trailing U+0000, as both MD5 kinds have it. */
static int token_sender_bmp(const h46017_h235_token *t,
                            uint8_t bmp[H235_BMP_MAX], size_t *plen) {
  size_t len = h46017_text_bmp_size(t->sender.text, t->sender.len);

  if (len == 0) {
    return H46017_ERR_TEXT;
  }
  if (len > H235_BMP_MAX - 2) {
    return H46017_ERR_OUT_OF_RANGE;
  }
  h46017_text_to_bmp(t->sender.text, t->sender.len, bmp, len);
  bmp[len] = 0;
  bmp[len + 1] = 0;
  *plen = len + 2;
  return 0;
}

static int token_add_pwd_hash(h46017_h225 *m, const h46017_h235_secret *s,
                              const h46017_h235_token *t) {
  uint8_t bmp[H235_BMP_MAX];
  uint8_t hash[H235_MD5_LEN];
  size_t len;
  builder b;
  int rv = token_sender_bmp(t, bmp, &len);

  if (rv == 0) {
    rv = h235_pwd_hash(s, bmp, len - 2, (uint32_t)t->now, true, hash);
  }
  if (rv != 0) {
    return rv;
  }
  build_begin(&b, m, "cryptoTokens", "cryptoEPPwdHash.");
  build_text(&b, "alias.h323-ID", &t->sender);
  build_uint(&b, "timeStamp", (uint64_t)t->now);
  build_octets(&b, "token.algorithmOID", h235_oid_md5.data, h235_oid_md5.len);
  build_hash(&b, hash, sizeof(hash));
  return b.rv;
}

static int token_add_access(h46017_h225 *m, const h46017_h235_secret *s,
                            const h46017_h235_token *t) {
  const uint8_t random = (uint8_t)(t->random & 0xff);
  uint8_t bmp[H235_BMP_MAX];
  uint8_t hash[H235_MD5_LEN];
  size_t len;
  builder b;
  int rv = token_sender_bmp(t, bmp, &len);

  if (rv == 0) {
    rv = h235_access_hash(s, random, (uint32_t)t->now, hash);
  }
  if (rv != 0) {
    return rv;
  }
  build_begin(&b, m, "tokens", "");
  build_octets(&b, "tokenOID", h235_oid_cat.data, h235_oid_cat.len);
  build_uint(&b, "timeStamp", (uint64_t)t->now);
  build_octets(&b, "challenge", hash, sizeof(hash));
  build_uint(&b, "random", random);
  build_octets(&b, "generalID", bmp, len);
  return b.rv;
}

int h46017_h235_add(h46017_h225 *m, const h46017_h235_secret *secret,
                    const h46017_h235_token *token) {
  h46017_h235_token t;
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
  if (rv == 0 && (t.kinds & H46017_H235_ACCESS_TOKEN) != 0) {
    rv = token_add_access(m, secret, &t);
  }
  if (rv == 0 && (t.kinds & H46017_H235_HMAC) != 0) {
    rv = token_add_hmac(m, &t);
  }
  if (rv == 0 && (t.kinds & H46017_H235_PWD_HASH) != 0) {
    rv = token_add_pwd_hash(m, secret, &t);
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
