/* SPDX-License-Identifier: BSD-2-Clause */
#include "identity/h235.h"

#include "asn1/h225_message.h"
#include "base/settings.h"
#include "base/text.h"

#include <h46017/error.h>
#include <h46017/identity.h>

#include <string.h>

/* Each costs a hash or two: nobody has a reason to send more. */
#define MAX_TOKENS 8

typedef struct verification {
  const h46017_h235_check *check;
  const h46017_h225 *m;
  const uint8_t *per;
  size_t len;
  int error;       /* the first that was found, but for the next */
  bool hmac_wrong; /* the HMAC is not the password's over this message */
  uint32_t kinds;  /* that were right */
  size_t count;    /* tokens looked at */
  h235_seen seen[MAX_TOKENS];
} verification;

void h46017_h235_check_default_sized(h46017_h235_check *check, size_t size) {
  h46017_h235_check def;

  memset(&def, 0, sizeof(def));
  def.window = H46017_H235_WINDOW;
  def.kinds = H46017_H235_ALL;
  h46017_settings_fill(check, size, &def, sizeof(def));
}

/* -- what a token says ----------------------------------------------------- */

static bool token_oid_is(h46017_h225_value v, const h46017_octets *oid) {
  const uint8_t *data;
  size_t len;

  return h46017_h225_read_octets(v, &data, &len) == 0 && len == oid->len &&
         memcmp(data, oid->data, len) == 0;
}

/* One of H.235.1's, of either version. */
static bool token_oid_is_h2351(h46017_h225_value v, uint8_t last) {
  const uint8_t *data;
  size_t len;

  return h46017_h225_read_octets(v, &data, &len) == 0 && len == H235_OID_LEN &&
         memcmp(data, h235_oid_prefix, sizeof(h235_oid_prefix)) == 0 &&
         (data[5] == 1 || data[5] == 2) && data[6] == last;
}

/* BMPString as UTF-8, without a trailing U+0000. */
typedef struct token_name {
  char text[3 * H235_TEXT_MAX + 1];
  size_t len;
} token_name;

static int token_read_name(h46017_h225_value v, token_name *out) {
  const uint8_t *data;
  size_t len;
  int rv = h46017_h225_read_octets(v, &data, &len);

  if (rv != 0) {
    return rv;
  }
  if (len >= 2 && data[len - 1] == 0 && data[len - 2] == 0) {
    len -= 2;
  }
  out->len = len <= H235_BMP_MAX ? h46017_text_utf8_size(data, len) : 0;
  if (out->len == 0) {
    return H46017_ERR_TOKEN_FORMAT;
  }
  h46017_text_from_bmp(data, len, out->text, out->len);
  return 0;
}

static bool token_is_listed(const token_name *name, const h46017_text *list,
                            size_t count) {
  for (size_t i = 0; i < count; i++) {
    if (h46017_name_is_equal(list[i].text, list[i].len, name->text,
                             name->len)) {
      return true;
    }
  }
  return count == 0;
}

/* `rv`: what reading the name said. One that is not there is nobody's. */
static int token_check_sender(const verification *v, int rv,
                              const token_name *name) {
  const h46017_h235_check *c = v->check;

  if (rv == H46017_ERR_ABSENT) {
    return c->sender_count == 0 ? 0 : H46017_ERR_TOKEN_SENDER;
  }
  if (rv != 0) {
    return rv;
  }
  return token_is_listed(name, c->senders, c->sender_count)
             ? 0
             : H46017_ERR_TOKEN_SENDER;
}

/* Many devices do not say for whom a token is. */
static int token_check_recipient(const verification *v, int rv,
                                 const token_name *name) {
  const h46017_h235_check *c = v->check;

  if (rv != 0) {
    return rv == H46017_ERR_ABSENT ? 0 : rv;
  }
  return token_is_listed(name, c->recipients, c->recipient_count)
             ? 0
             : H46017_ERR_TOKEN_RECIPIENT;
}

static int token_check_time(const verification *v, h46017_h225_value time,
                            uint32_t *out) {
  const h46017_h235_check *c = v->check;
  const int64_t window = c->window != 0 ? c->window : H46017_H235_WINDOW;
  uint64_t t;

  if (h46017_h225_read_uint(time, &t) != 0 || t > UINT32_MAX) {
    return H46017_ERR_TOKEN_FORMAT;
  }
  *out = (uint32_t)t;
  return (int64_t)t < c->now - window || (int64_t)t > c->now + window
             ? H46017_ERR_TOKEN_TIME
             : 0;
}

static int token_read_hash(h46017_h225_value v, size_t bits,
                           const uint8_t **phash) {
  size_t have;

  return h46017_h225_read_bits(v, phash, &have) == 0 && have == bits
             ? 0
             : H46017_ERR_TOKEN_FORMAT;
}

/* -- one token ------------------------------------------------------------- */

/* It is right: remembered once the others are too. */
static void token_accept(verification *v, uint32_t kind, uint32_t time,
                         const uint8_t *hash) {
  h235_seen *seen = &v->seen[v->count - 1];

  seen->kind = kind;
  seen->time = time;
  seen->begins = v->check->begins;
  seen->hash = 0;
  for (size_t i = 0; i < 8; i++) {
    seen->hash = seen->hash << 8 | hash[i];
  }
  v->kinds |= kind;
}

/* Where `hash` stands in the message: the decoder leaves it in its input but
 * for what comes in fragments, which has no business with so many tokens. `per`
 * may be a copy of that input: what counts is the distance from its end. */
static bool token_find(const verification *v, const uint8_t *hash,
                       size_t *pat) {
  const uintptr_t end = (uintptr_t)v->m->trailing + v->m->trailing_len;
  const uintptr_t left = end - (uintptr_t)hash;

  if (left < H235_HMAC_LEN || left > v->len) {
    return false;
  }
  *pat = v->len - left;
  return true;
}

/* H.235.1 7: cryptoHashedToken. */
static int token_hmac(verification *v, h46017_h225_value token) {
  h46017_h225_value vals = h46017_h225_get(token, "hashedVals");
  token_name name = {.len = 0};
  const uint8_t *hash;
  uint8_t mine[H235_HMAC_LEN];
  uint32_t time = 0;
  size_t at;
  int rv;

  if (!token_oid_is_h2351(h46017_h225_get(token, "tokenOID"), H235_OID_A) ||
      !token_oid_is_h2351(h46017_h225_get(vals, "tokenOID"), H235_OID_T) ||
      !token_oid_is_h2351(h46017_h225_get(token, "token.algorithmOID"),
                          H235_OID_U)) {
    return H46017_ERR_TOKEN_ALGORITHM;
  }
  rv = token_read_hash(h46017_h225_get(token, "token.hash"),
                       (size_t)H235_HMAC_LEN * 8, &hash);
  if (rv != 0 || !token_find(v, hash, &at)) {
    return H46017_ERR_TOKEN_FORMAT;
  }
  for (size_t i = 0; i + 1 < v->count; i++) {
    if (v->seen[i].kind == H46017_H235_HMAC) {
      return H46017_ERR_TOKEN_FORMAT; /* two cannot cover one another */
    }
  }
  v->seen[v->count - 1].kind = H46017_H235_HMAC;
  rv = token_check_time(v, h46017_h225_get(vals, "timeStamp"), &time);
  if (rv == 0) {
    rv = token_read_name(h46017_h225_get(vals, "sendersID"), &name);
    rv = token_check_sender(v, rv, &name);
  }
  if (rv == 0) {
    rv = token_read_name(h46017_h225_get(vals, "generalID"), &name);
    rv = token_check_recipient(v, rv, &name);
  }
  if (rv == 0) {
    rv = h235_hmac(v->check->secret, v->per, v->len, at, mine);
  }
  if (rv == 0 && !h235_is_equal(mine, hash, sizeof(mine))) {
    rv = H46017_ERR_PASSWORD_WRONG;
  }
  if (rv == 0) {
    token_accept(v, H46017_H235_HMAC, time, hash);
  }
  return rv;
}

/* H.225.0 7.5.1. The alias is whatever it is, its text counts. */
static int token_read_alias(h46017_h225_value alias, token_name *out) {
  h46017_h225_value chosen = h46017_h225_at(alias, 0);

  if (h46017_h225_value_kind(chosen) == H46017_H225_BMP_STRING) {
    return token_read_name(chosen, out);
  }
  return h46017_h225_value_kind(chosen) == H46017_H225_IA5_STRING &&
                 h46017_h225_read_text(chosen, out->text, sizeof(out->text),
                                       &out->len) == 0
             ? 0
             : H46017_ERR_TOKEN_FORMAT;
}

/* Most hash a U+0000 behind each text, the letter of the standard has none. */
static int token_compare_pwd_hash(const verification *v, const token_name *name,
                                  uint32_t time, const uint8_t *hash) {
  uint8_t bmp[H235_BMP_MAX];
  uint8_t with[H235_MD5_LEN];
  uint8_t without[H235_MD5_LEN];
  size_t len = h46017_text_bmp_size(name->text, name->len);
  bool right;
  bool also;
  int rv;

  if (len == 0 || len > sizeof(bmp) - 2) {
    return H46017_ERR_TOKEN_FORMAT;
  }
  h46017_text_to_bmp(name->text, name->len, bmp, len);
  rv = h235_pwd_hash(v->check->secret, bmp, len, time, true, with);
  if (rv == 0) {
    rv = h235_pwd_hash(v->check->secret, bmp, len, time, false, without);
  }
  if (rv != 0) {
    return rv;
  }
  right = h235_is_equal(with, hash, sizeof(with));
  also = h235_is_equal(without, hash, sizeof(without));
  return right || also ? 0 : H46017_ERR_PASSWORD_WRONG;
}

static int token_pwd_hash(verification *v, h46017_h225_value token) {
  token_name name = {.len = 0};
  const uint8_t *hash = NULL;
  uint32_t time = 0;
  int rv;

  if (!token_oid_is(h46017_h225_get(token, "token.algorithmOID"),
                    &h235_oid_md5)) {
    return H46017_ERR_TOKEN_ALGORITHM;
  }
  rv = token_read_hash(h46017_h225_get(token, "token.hash"),
                       (size_t)H235_MD5_LEN * 8, &hash);
  if (rv == 0) {
    rv = token_check_time(v, h46017_h225_get(token, "timeStamp"), &time);
  }
  if (rv == 0) {
    rv = token_read_alias(h46017_h225_get(token, "alias"), &name);
    rv = token_check_sender(v, rv, &name);
  }
  if (rv == 0) {
    rv = token_compare_pwd_hash(v, &name, time, hash);
  }
  if (rv == 0) {
    token_accept(v, H46017_H235_PWD_HASH, time, hash);
  }
  return rv;
}

/* One octet; the sign of an INTEGER is a matter of opinion among senders. */
static int token_read_octet(h46017_h225_value v, uint8_t *out) {
  int64_t i;

  if (h46017_h225_read_int(v, &i) != 0 || i < -128 || i > 255) {
    return H46017_ERR_TOKEN_FORMAT;
  }
  *out = (uint8_t)((uint64_t)i & 0xff);
  return 0;
}

static int token_access(verification *v, h46017_h225_value token) {
  token_name name = {.len = 0};
  const uint8_t *hash;
  uint8_t mine[H235_MD5_LEN];
  uint8_t random;
  uint32_t time = 0;
  size_t len;
  int rv;

  if (h46017_h225_read_octets(h46017_h225_get(token, "challenge"), &hash,
                              &len) != 0 ||
      len != sizeof(mine)) {
    return H46017_ERR_TOKEN_FORMAT;
  }
  rv = token_read_octet(h46017_h225_get(token, "random"), &random);
  if (rv == 0) {
    rv = token_check_time(v, h46017_h225_get(token, "timeStamp"), &time);
  }
  if (rv == 0) {
    rv = token_read_name(h46017_h225_get(token, "generalID"), &name);
    rv = token_check_sender(v, rv, &name);
  }
  if (rv == 0) {
    rv = h235_access_hash(v->check->secret, random, time, mine);
  }
  if (rv == 0 && !h235_is_equal(mine, hash, sizeof(mine))) {
    rv = H46017_ERR_PASSWORD_WRONG;
  }
  if (rv == 0) {
    token_accept(v, H46017_H235_ACCESS_TOKEN, time, hash);
  }
  return rv;
}

/* -- all of a message ------------------------------------------------------ */

static void verify_one(verification *v, h46017_h225_value token, uint32_t kind,
                       int (*fn)(verification *, h46017_h225_value)) {
  int rv;

  if (v->count == MAX_TOKENS) {
    v->error = v->error != 0 ? v->error : H46017_ERR_TOKEN_FORMAT;
    return;
  }
  v->count++;
  rv = fn(v, token);
  if (rv == H46017_ERR_PASSWORD_WRONG && kind == H46017_H235_HMAC) {
    v->hmac_wrong = true;
  } else if (rv != 0 && v->error == 0) {
    v->error = rv;
  }
}

static void verify_all(verification *v, h46017_h225_value message) {
  h46017_h225_value list = h46017_h225_get(message, "tokens");

  for (size_t i = 0; i < h46017_h225_count(list); i++) {
    h46017_h225_value t = h46017_h225_at(list, i);
    if (token_oid_is(h46017_h225_get(t, "tokenOID"), &h235_oid_cat)) {
      verify_one(v, t, H46017_H235_ACCESS_TOKEN, token_access);
    }
  }
  list = h46017_h225_get(message, "cryptoTokens");
  for (size_t i = 0; i < h46017_h225_count(list); i++) {
    h46017_h225_value t = h46017_h225_at(list, i);
    h46017_h225_value hashed =
        h46017_h225_get(t, "nestedcryptoToken.cryptoHashedToken");
    h46017_h225_value pwd = h46017_h225_get(t, "cryptoEPPwdHash");
    if (h46017_h225_value_kind(hashed) != H46017_H225_ABSENT) {
      verify_one(v, hashed, H46017_H235_HMAC, token_hmac);
    } else if (h46017_h225_value_kind(pwd) != H46017_H225_ABSENT) {
      verify_one(v, pwd, H46017_H235_PWD_HASH, token_pwd_hash);
    }
  }
}

static int verify_outcome(const verification *v) {
  if (v->error != 0) {
    return v->error;
  }
  if (v->hmac_wrong) {
    return v->kinds != 0 ? H46017_ERR_TOKEN_INTEGRITY
                         : H46017_ERR_PASSWORD_WRONG;
  }
  return (v->kinds & v->check->kinds) != 0 ? 0 : H46017_ERR_PASSWORD_MISSING;
}

static int verify_replays(const verification *v) {
  const h46017_h235_check *c = v->check;
  int rv = 0;

  if (c->replay == NULL) {
    return 0;
  }
  for (size_t i = 0; rv == 0 && i < v->count; i++) {
    rv = h235_replay_check(c->replay, &v->seen[i], c->now);
  }
  if (rv == 0) {
    rv = h235_replay_reserve(c->replay, v->count, c->now,
                             c->window != 0 ? c->window : H46017_H235_WINDOW);
  }
  for (size_t i = 0; rv == 0 && i < v->count; i++) {
    h235_replay_remember(c->replay, &v->seen[i], c->now);
  }
  return rv;
}

int h46017_h235_verify(const h46017_h225 *m, const uint8_t *per, size_t len,
                       const h46017_h235_check *check, uint32_t *pkinds) {
  h46017_h235_check c;
  verification v;
  int rv;

  h46017_h235_check_default(&c);
  rv = h46017_settings_copy(&c, sizeof(c), sizeof(h46017_h235_check), check);
  if (rv == 0 && (c.secret == NULL || per == NULL ||
                  (c.senders == NULL && c.sender_count > 0) ||
                  (c.recipients == NULL && c.recipient_count > 0) ||
                  h46017_h225_message_type(m) != h46017_h225_ras_message())) {
    rv = H46017_ERR_INVALID_ARGUMENT;
  }
  if (rv != 0) {
    return rv;
  }
  if (c.kinds == 0) {
    c.kinds = H46017_H235_ALL;
  }
  memset(&v, 0, sizeof(v));
  v.check = &c;
  v.m = m;
  v.per = per;
  v.len = len;
  verify_all(&v, h46017_h225_at(h46017_h225_root(m), 0));
  rv = verify_outcome(&v);
  if (rv == 0) {
    rv = verify_replays(&v);
  }
  if (rv == 0 && pkinds != NULL) {
    *pkinds = v.kinds;
  }
  return rv;
}
