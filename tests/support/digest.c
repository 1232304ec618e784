/* SPDX-License-Identifier: BSD-2-Clause */
#include "digest.h"

#include <string.h>

typedef struct state {
  h46017_digest which;
  uint32_t h[5];
  uint8_t block[64];
  uint64_t len;
} state;

static uint32_t rotate(uint32_t v, unsigned n) {
  return v << n | v >> (32 - n);
}

/* RFC 1321 3.4; its table is the integer part of 2^32 |sin(i)|. */
static void md5_block(state *s) {
  static const uint32_t k[64] = {
      0xd76aa478, 0xe8c7b756, 0x242070db, 0xc1bdceee, 0xf57c0faf, 0x4787c62a,
      0xa8304613, 0xfd469501, 0x698098d8, 0x8b44f7af, 0xffff5bb1, 0x895cd7be,
      0x6b901122, 0xfd987193, 0xa679438e, 0x49b40821, 0xf61e2562, 0xc040b340,
      0x265e5a51, 0xe9b6c7aa, 0xd62f105d, 0x02441453, 0xd8a1e681, 0xe7d3fbc8,
      0x21e1cde6, 0xc33707d6, 0xf4d50d87, 0x455a14ed, 0xa9e3e905, 0xfcefa3f8,
      0x676f02d9, 0x8d2a4c8a, 0xfffa3942, 0x8771f681, 0x6d9d6122, 0xfde5380c,
      0xa4beea44, 0x4bdecfa9, 0xf6bb4b60, 0xbebfbc70, 0x289b7ec6, 0xeaa127fa,
      0xd4ef3085, 0x04881d05, 0xd9d4d039, 0xe6db99e5, 0x1fa27cf8, 0xc4ac5665,
      0xf4292244, 0x432aff97, 0xab9423a7, 0xfc93a039, 0x655b59c3, 0x8f0ccc92,
      0xffeff47d, 0x85845dd1, 0x6fa87e4f, 0xfe2ce6e0, 0xa3014314, 0x4e0811a1,
      0xf7537e82, 0xbd3af235, 0x2ad7d2bb, 0xeb86d391};
  static const uint8_t turns[4][4] = {
      {7, 12, 17, 22}, {5, 9, 14, 20}, {4, 11, 16, 23}, {6, 10, 15, 21}};
  uint32_t a = s->h[0];
  uint32_t b = s->h[1];
  uint32_t c = s->h[2];
  uint32_t d = s->h[3];

  for (unsigned i = 0; i < 64; i++) {
    const unsigned g[4] = {i, 5 * i + 1, 3 * i + 5, 7 * i};
    const uint8_t *p = s->block + (size_t)4 * (g[i / 16] % 16);
    const uint32_t f[4] = {(b & c) | (~b & d), (d & b) | (~d & c), b ^ c ^ d,
                           c ^ (b | ~d)};
    uint32_t word = (uint32_t)p[0] | (uint32_t)p[1] << 8 |
                    (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24;
    uint32_t sum = f[i / 16] + a + k[i] + word;

    a = d;
    d = c;
    c = b;
    b += rotate(sum, turns[i / 16][i % 4]);
  }
  s->h[0] += a;
  s->h[1] += b;
  s->h[2] += c;
  s->h[3] += d;
}

/* FIPS 180-4 6.1.2 */
static void sha1_block(state *s) {
  static const uint32_t k[4] = {0x5a827999, 0x6ed9eba1, 0x8f1bbcdc, 0xca62c1d6};
  uint32_t w[80];
  uint32_t v[5];

  for (size_t i = 0; i < 16; i++) {
    const uint8_t *p = s->block + 4 * i;
    w[i] = (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 |
           p[3];
  }
  for (size_t i = 16; i < 80; i++) {
    w[i] = rotate(w[i - 3] ^ w[i - 8] ^ w[i - 14] ^ w[i - 16], 1);
  }
  memcpy(v, s->h, sizeof(v));
  for (size_t i = 0; i < 80; i++) {
    const uint32_t f[4] = {(v[1] & v[2]) | (~v[1] & v[3]), v[1] ^ v[2] ^ v[3],
                           (v[1] & v[2]) | (v[1] & v[3]) | (v[2] & v[3]),
                           v[1] ^ v[2] ^ v[3]};
    uint32_t t = rotate(v[0], 5) + f[i / 20] + v[4] + k[i / 20] + w[i];
    v[4] = v[3];
    v[3] = v[2];
    v[2] = rotate(v[1], 30);
    v[1] = v[0];
    v[0] = t;
  }
  for (size_t i = 0; i < 5; i++) {
    s->h[i] += v[i];
  }
}

static void update(state *s, const uint8_t *data, size_t len) {
  for (size_t i = 0; i < len; i++) {
    s->block[s->len++ % 64] = data[i];
    if (s->len % 64 == 0) {
      if (s->which == H46017_DIGEST_MD5) {
        md5_block(s);
      } else {
        sha1_block(s);
      }
    }
  }
}

static void begin(state *s, h46017_digest which) {
  static const uint32_t h[5] = {0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476,
                                0xc3d2e1f0};

  memset(s, 0, sizeof(*s));
  s->which = which;
  memcpy(s->h, h, sizeof(h));
}

static void finish(state *s, uint8_t *out) {
  const bool little = s->which == H46017_DIGEST_MD5;
  const uint64_t bits = s->len * 8;
  const uint8_t one = 0x80;
  const uint8_t zero = 0;
  uint8_t length[8];

  for (size_t i = 0; i < 8; i++) {
    length[i] = (uint8_t)(bits >> 8 * (little ? i : 7 - i));
  }
  update(s, &one, 1);
  while (s->len % 64 != 56) {
    update(s, &zero, 1);
  }
  update(s, length, sizeof(length));
  for (size_t i = 0; i < (little ? 16 : 20); i++) {
    out[i] = (uint8_t)(s->h[i / 4] >> 8 * (little ? i % 4 : 3 - i % 4));
  }
}

static int digest(h46017_digest which, const h46017_octets *parts, size_t count,
                  uint8_t *out, void *user_data) {
  state s;

  (void)user_data;
  begin(&s, which);
  for (size_t i = 0; i < count; i++) {
    update(&s, parts[i].data, parts[i].len);
  }
  finish(&s, out);
  return 0;
}

void digest_of(h46017_digest which, const uint8_t *data, size_t len,
               uint8_t *out) {
  const h46017_octets part = {data, len};

  (void)digest(which, &part, 1, out, NULL);
}

void digest_crypto(h46017_crypto *crypto) {
  h46017_crypto_default(crypto);
  crypto->digest = digest;
}
