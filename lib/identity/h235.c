/* SPDX-License-Identifier: BSD-2-Clause */
#include "identity/h235.h"

#include "base/mem.h"
#include "base/settings.h"
#include "base/text.h"

#include <h46017/error.h>

#include <string.h>

#define HMAC_BLOCK 64 /* of SHA-1 */

const uint8_t h235_oid_prefix[5] = {0x00, 0x08, 0x81, 0x6b, 0x00};

static const uint8_t oid_md5[] = {0x2a, 0x86, 0x48, 0x86,
                                  0xf7, 0x0d, 0x02, 0x05};
const h46017_octets h235_oid_md5 = {oid_md5, sizeof(oid_md5)};

static const uint8_t oid_cat[] = {0x2a, 0x86, 0x48, 0x86, 0xf7,
                                  0x0c, 0x0a, 0x01, 0x02, 0x01};
const h46017_octets h235_oid_cat = {oid_cat, sizeof(oid_cat)};

void h46017_crypto_default_sized(h46017_crypto *crypto, size_t size) {
  h46017_crypto def;

  memset(&def, 0, sizeof(def));
  h46017_settings_fill(crypto, size, &def, sizeof(def));
}

uint32_t h46017_h235_kinds_of(h46017_ras_kind kind) {
  switch (kind) {
  case H46017_RAS_UNKNOWN:
  case H46017_RAS_ACF_SEQUENCE: /* has no tokens of its own */
    return 0;
  case H46017_RAS_RRQ:
  case H46017_RAS_ARQ:
    return H46017_H235_ALL;
  case H46017_RAS_URQ:
  case H46017_RAS_BRQ:
  case H46017_RAS_DRQ:
  case H46017_RAS_IRR:
    return H46017_H235_HMAC | H46017_H235_PWD_HASH;
  case H46017_RAS_GRQ:
  case H46017_RAS_GCF:
  case H46017_RAS_GRJ:
  case H46017_RAS_RCF:
  case H46017_RAS_RRJ:
  case H46017_RAS_UCF:
  case H46017_RAS_URJ:
  case H46017_RAS_ACF:
  case H46017_RAS_ARJ:
  case H46017_RAS_BCF:
  case H46017_RAS_BRJ:
  case H46017_RAS_DCF:
  case H46017_RAS_DRJ:
  case H46017_RAS_LRQ:
  case H46017_RAS_LCF:
  case H46017_RAS_LRJ:
  case H46017_RAS_IRQ:
  case H46017_RAS_NSM:
  case H46017_RAS_XRS:
  case H46017_RAS_RIP:
  case H46017_RAS_RAI:
  case H46017_RAS_RAC:
  case H46017_RAS_IACK:
  case H46017_RAS_INAK:
  case H46017_RAS_SCI:
  case H46017_RAS_SCR:
    break;
  }
  return H46017_H235_HMAC;
}

bool h235_is_equal(const uint8_t *a, const uint8_t *b, size_t len) {
  volatile uint8_t differ = 0;

  for (size_t i = 0; i < len; i++) {
    differ = (uint8_t)(differ | (a[i] ^ b[i]));
  }
  return differ == 0;
}

/* -- hashes ---------------------------------------------------------------- */

static int h235_digest(const h46017_h235_secret *s, h46017_digest which,
                       const h46017_octets *parts, size_t count, uint8_t *out) {
  return s->crypto.digest(which, parts, count, out, s->crypto.user_data) == 0
             ? 0
             : H46017_ERR_DIGEST;
}

/* RFC 2104, for a key that is shorter than a block. */
int h235_hmac(const h46017_h235_secret *s, const uint8_t *per, size_t len,
              size_t at, uint8_t out[H235_HMAC_LEN]) {
  static const uint8_t zero[H235_HMAC_LEN] = {0};
  uint8_t pad[HMAC_BLOCK];
  uint8_t full[H235_SHA1_LEN];
  const h46017_octets inner[] = {
      {pad, sizeof(pad)},
      {per, at},
      {zero, sizeof(zero)},
      {per + at + sizeof(zero), len - at - sizeof(zero)}};
  const h46017_octets outer[] = {{pad, sizeof(pad)}, {full, sizeof(full)}};
  int rv;

  memset(pad, 0x36, sizeof(pad));
  for (size_t i = 0; i < sizeof(s->key); i++) {
    pad[i] = (uint8_t)(pad[i] ^ s->key[i]);
  }
  rv = h235_digest(s, H46017_DIGEST_SHA1, inner, 4, full);
  if (rv == 0) {
    for (size_t i = 0; i < sizeof(pad); i++) {
      pad[i] = pad[i] ^ 0x36 ^ 0x5c;
    }
    rv = h235_digest(s, H46017_DIGEST_SHA1, outer, 2, full);
  }
  if (rv == 0) {
    memcpy(out, full, H235_HMAC_LEN);
  }
  h46017_mem_wipe(pad, sizeof(pad));
  h46017_mem_wipe(full, sizeof(full));
  return rv;
}

/* X.691 11.5.7.4: as many octets as it takes, their number before them. */
static size_t h235_put_time(uint8_t *p, uint32_t time) {
  uint32_t v = time - 1;
  size_t octets = 1;

  while (octets < 4 && v >> (8 * octets) != 0) {
    octets++;
  }
  *p++ = (uint8_t)((octets - 1) << 6);
  for (size_t i = octets; i > 0; i--) {
    *p++ = (uint8_t)(v >> (8 * (i - 1)));
  }
  return 1 + octets;
}

int h235_pwd_hash(const h46017_h235_secret *s, const uint8_t *name,
                  size_t name_len, uint32_t time, bool nul,
                  uint8_t out[H235_MD5_LEN]) {
  static const uint8_t end[2] = {0, 0};
  const size_t end_len = nul ? sizeof(end) : 0;
  /* The ClearToken in aligned PER: its preamble (timeStamp, password and
   * generalID are there), tokenOID 0.0, the time; each text has the number of
   * its characters less one in seven bits. */
  uint8_t head[4 + 5 + 1] = {0x61, 0x00, 0x01, 0x00};
  size_t head_len = 4 + h235_put_time(head + 4, time);
  uint8_t between[1];
  const h46017_octets parts[] = {
      {head, head_len + 1},       {s->bmp, s->bmp_len}, {end, end_len},
      {between, sizeof(between)}, {name, name_len},     {end, end_len}};

  head[head_len] = (uint8_t)(((s->bmp_len + end_len) / 2 - 1) << 1);
  between[0] = (uint8_t)(((name_len + end_len) / 2 - 1) << 1);
  return h235_digest(s, H46017_DIGEST_MD5, parts,
                     sizeof(parts) / sizeof(parts[0]), out);
}

int h235_access_hash(const h46017_h235_secret *s, uint8_t random, uint32_t time,
                     uint8_t out[H235_MD5_LEN]) {
  const uint8_t when[4] = {(uint8_t)(time >> 24), (uint8_t)(time >> 16),
                           (uint8_t)(time >> 8), (uint8_t)time};
  const h46017_octets parts[] = {{&random, 1},
                                 {(const uint8_t *)s->password, s->len},
                                 {when, sizeof(when)}};

  return h235_digest(s, H46017_DIGEST_MD5, parts,
                     sizeof(parts) / sizeof(parts[0]), out);
}

/* -- the password ---------------------------------------------------------- */

/* Each of its characters is one unit: there is no room for surrogates where
 * nobody knows whether a peer counts them as one or two. */
static int secret_check(const char *password, size_t len) {
  size_t pos = 0;

  if (len == 0) {
    return H46017_ERR_OUT_OF_RANGE;
  }
  while (pos < len) {
    if (h46017_text_next(password, len, &pos) > 0xffff) {
      return H46017_ERR_TEXT; /* also where it is none */
    }
  }
  return h46017_text_bmp_size(password, len) <= H235_BMP_MAX - 2
             ? 0
             : H46017_ERR_OUT_OF_RANGE;
}

int h46017_h235_secret_new(h46017_h235_secret **ps, const h46017_crypto *crypto,
                           const char *password, size_t len,
                           const h46017_mem *mem) {
  h46017_octets whole = {(const uint8_t *)password, len};
  h46017_crypto c = {.struct_size = 0};
  h46017_mem m;
  h46017_h235_secret *s;
  int rv = h46017_mem_init(&m, mem);

  if (rv == 0) {
    h46017_crypto_default(&c);
    rv = h46017_settings_copy(&c, sizeof(c), sizeof(h46017_crypto), crypto);
  }
  if (rv == 0 && (c.digest == NULL || (password == NULL && len > 0))) {
    rv = H46017_ERR_INVALID_ARGUMENT;
  }
  rv = rv != 0 ? rv : secret_check(password, len);
  if (rv != 0) {
    return rv;
  }
  s = h46017_mem_zalloc(&m, 1, sizeof(*s) + len);
  if (s == NULL) {
    return H46017_ERR_NOMEM;
  }
  s->mem = m;
  s->crypto = c;
  s->len = len;
  if (len > 0) { /* it is: for those who look at this function alone */
    memcpy(s->password, password, len);
  }
  s->bmp_len = h46017_text_bmp_size(password, len);
  h46017_text_to_bmp(password, len, s->bmp, s->bmp_len);
  rv = h235_digest(s, H46017_DIGEST_SHA1, &whole, 1, s->key);
  if (rv != 0) {
    h46017_h235_secret_del(s);
    return rv;
  }
  *ps = s;
  return 0;
}

void h46017_h235_secret_del(h46017_h235_secret *s) {
  h46017_mem mem;

  if (s == NULL) {
    return;
  }
  mem = s->mem;
  h46017_mem_wipe(s, sizeof(*s) + s->len);
  h46017_mem_release(&mem, s);
}

bool h46017_h235_secret_is_equal(const h46017_h235_secret *a,
                                 const h46017_h235_secret *b) {
  return a != NULL && b != NULL &&
         h235_is_equal(a->key, b->key, sizeof(a->key));
}

bool h235_secret_is(const h46017_h235_secret *s, const char *password,
                    size_t len) {
  const h46017_octets whole = {(const uint8_t *)password, len};
  uint8_t key[H235_SHA1_LEN];
  bool same = h235_digest(s, H46017_DIGEST_SHA1, &whole, 1, key) == 0 &&
              h235_is_equal(key, s->key, sizeof(key));

  h46017_mem_wipe(key, sizeof(key));
  return same;
}
