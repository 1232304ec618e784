/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef H46017_ASN1_BITS_H
#define H46017_ASN1_BITS_H

/* Bits of a PER encoding, most significant first. Positions count bits from
 * the start of the buffer; both ends of what is read or written stand on whole
 * octets, so that aligning never leaves it. */

#include <h46017/common.h>

#include <string.h>

/* No buffer of more octets than this: a position in bits must fit size_t. */
#define H46017_BITS_MAX_OCTETS (SIZE_MAX / 16)

typedef struct h46017_bitreader {
  const uint8_t *data;
  size_t pos; /* the next bit */
  size_t end; /* behind the last bit, a multiple of 8 */
} h46017_bitreader;

static inline size_t h46017_bits_left(const h46017_bitreader *r) {
  return r->end - r->pos;
}

/* Zeros before the first one of a word that is not zero. */
static inline unsigned h46017_bits_leading(uint64_t word) {
#ifdef __GNUC__
  return (unsigned)__builtin_clzll(word);
#else
  unsigned n = 0;

  for (; word >> 63 == 0; word <<= 1) {
    n++;
  }
  return n;
#endif
}

static inline size_t h46017_bits_align_up(size_t pos) {
  return (pos + 7) & ~(size_t)7;
}

static inline void h46017_bits_align(h46017_bitreader *r) {
  r->pos = h46017_bits_align_up(r->pos);
}

/* Bit `pos` of the buffer, wherever the reader stands. */
static inline bool h46017_bits_at(const h46017_bitreader *r, size_t pos) {
  return (r->data[pos >> 3] >> (7 - (pos & 7)) & 1) != 0;
}

/* The next `n` bits, 1 to 32; the caller has seen that they are there. */
static inline uint32_t h46017_bits_get(h46017_bitreader *r, unsigned n) {
  const uint8_t *p = r->data + (r->pos >> 3);
  unsigned have = 8 - (unsigned)(r->pos & 7);
  uint32_t v = *p & (0xffU >> (8 - have));

  r->pos += n;
  if (n <= have) {
    return v >> (have - n);
  }
  n -= have;
  while (n >= 8) {
    v = v << 8 | *++p;
    n -= 8;
  }
  if (n > 0) {
    v = v << n | (uint32_t)(*++p) >> (8 - n);
  }
  return v;
}

/* Writes as far as there is room and counts on behind it: `pos` ends as the
 * size, whether it fitted or not. */
typedef struct h46017_bitwriter {
  uint8_t *data;
  size_t pos; /* the next bit */
  size_t cap; /* bits of room, a multiple of 8 */
} h46017_bitwriter;

static inline bool h46017_bits_fit(const h46017_bitwriter *w) {
  return w->pos <= w->cap;
}

/* The `n` low bits of `v`, 0 to 32. An octet's unused low bits are zero. */
static inline void h46017_bits_put(h46017_bitwriter *w, uint32_t v,
                                   unsigned n) {
  uint8_t *p;
  unsigned used = (unsigned)(w->pos & 7);
  size_t start = w->pos;
  unsigned all = used + n; /* bits from the first octet on, 39 at the most */
  uint64_t bits;

  w->pos += n;
  if (w->pos > w->cap || n == 0) {
    return;
  }
  p = w->data + (start >> 3);
  bits = v & (UINT64_MAX >> (64 - n));
  if (used != 0) {
    bits |= (uint64_t)(*p >> (8 - used)) << n;
  }
  for (; all > 8; all -= 8) {
    *p++ = (uint8_t)(bits >> (all - 8));
  }
  *p = (uint8_t)(bits << (8 - all));
}

static inline void h46017_bits_put_align(h46017_bitwriter *w) {
  w->pos = h46017_bits_align_up(w->pos);
}

/* The low octets of `v`, at most 8, on a whole octet. */
static inline void h46017_bits_put_number(h46017_bitwriter *w, uint64_t v,
                                          unsigned octets) {
  uint8_t *p;

  h46017_bits_put_align(w);
  w->pos += (size_t)octets * 8;
  if (w->pos > w->cap) {
    return;
  }
  p = w->data + (w->pos >> 3);
  for (; octets > 0; octets--, v >>= 8) {
    *--p = (uint8_t)v;
  }
}

/* Whole octets; fast where the writer stands on one. */
static inline void h46017_bits_put_octets(h46017_bitwriter *w,
                                          const uint8_t *src, size_t n) {
  if ((w->pos & 7) != 0) {
    for (size_t i = 0; i < n; i++) {
      h46017_bits_put(w, src[i], 8);
    }
    return;
  }
  w->pos += n * 8;
  if (w->pos <= w->cap && n > 0) {
    memcpy(w->data + (w->pos >> 3) - n, src, n);
  }
}

#endif /* H46017_ASN1_BITS_H */
