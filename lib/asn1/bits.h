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
  size_t pos;  /* the next bit */
  size_t wide; /* before it, eight octets can be looked at in one piece: all of
                  them are the buffer's, though not all may be before `end` */
  size_t end;  /* behind the last bit, a multiple of 8 */
} h46017_bitreader;

static inline h46017_bitreader h46017_bits_reader(const uint8_t *data,
                                                  size_t len) {
  h46017_bitreader r = {data, 0, len >= 8 ? (len - 7) * 8 : 0, len * 8};

  return r;
}

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

/* h46017_bits_get() in the last octets of a buffer. In line all the same: a
 * function that calls nothing needs no registers saved. */
static inline uint32_t h46017_bits_get_last(const uint8_t *p, unsigned used,
                                            unsigned n) {
  uint64_t word = *p;
  unsigned have = 8;

  for (; have < used + n; have += 8) {
    word = word << 8 | *++p;
  }
  return (uint32_t)(word >> (have - used - n) & (UINT64_MAX >> (64 - n)));
}

/* 57 bits and more from `pos` on, the first one the highest; `pos` is before
 * `wide`. */
static inline uint64_t h46017_bits_word(const h46017_bitreader *r, size_t pos) {
  const uint8_t *p = r->data + (pos >> 3);
  /* compilers know this for one load */
  uint64_t word = (uint64_t)p[0] << 56 | (uint64_t)p[1] << 48 |
                  (uint64_t)p[2] << 40 | (uint64_t)p[3] << 32 |
                  (uint64_t)p[4] << 24 | (uint64_t)p[5] << 16 |
                  (uint64_t)p[6] << 8 | p[7];

  return word << (pos & 7);
}

/* The next `n` bits, 1 to 32; the caller has seen that they are there. */
static inline uint32_t h46017_bits_get(h46017_bitreader *r, unsigned n) {
  size_t pos = r->pos;

  r->pos += n;
  if (pos < r->wide) {
    return (uint32_t)(h46017_bits_word(r, pos) >> (64 - n));
  }
  return h46017_bits_get_last(r->data + (pos >> 3), (unsigned)(pos & 7), n);
}

/* Where bits are written to. A position behind it is counted on with, so that
 * it ends as the size, whether all fitted or not; nothing is written there.
 * What writes takes the position and returns the one behind: it stays in a
 * register, while octets that are written may be anything in memory. */
typedef struct h46017_bitroom {
  uint8_t *data;
  size_t cap; /* bits of room, a multiple of 8 */
} h46017_bitroom;

/* The `used` bits that are in an octet already. */
static inline unsigned h46017_bits_kept(const uint8_t *p, unsigned used) {
  return *p & 0xff00U >> used;
}

/* `v` in `n` bits, 1 to 9 of them: two octets at the most, and no call. An
 * octet's unused low bits are zero. */
static inline size_t h46017_bits_put_few(const h46017_bitroom *r, size_t pos,
                                         unsigned v, unsigned n) {
  unsigned used = (unsigned)(pos & 7);

  if (pos + n <= r->cap) {
    uint8_t *p = r->data + (pos >> 3);
    v = v << (16 - used - n) | h46017_bits_kept(p, used) << 8;
    p[0] = (uint8_t)(v >> 8);
    if (used + n > 8) {
      p[1] = (uint8_t)v;
    }
  }
  return pos + n;
}

/* The `n` low bits of `v`, 0 to 57. */
size_t h46017_bits_put(const h46017_bitroom *r, size_t pos, uint64_t v,
                       unsigned n);

/* The low octets of `v`, at most 8, on a whole octet. */
static inline size_t h46017_bits_put_number(const h46017_bitroom *r, size_t pos,
                                            uint64_t v, unsigned octets) {
  pos = h46017_bits_align_up(pos) + (size_t)octets * 8;
  if (pos <= r->cap) {
    uint8_t *p = r->data + (pos >> 3);
    for (; octets > 0; octets--, v >>= 8) {
      *--p = (uint8_t)v;
    }
  }
  return pos;
}

/* Copies so many octets that a call pays, and returns `end`. */
size_t h46017_bits_copy_many(uint8_t *to, const uint8_t *from, size_t n,
                             size_t end);

/* Copies `n` octets and returns `end`, a position. Up to 64 without a call, in
 * two halves that overlap: most strings are short, and who calls nothing keeps
 * no registers. */
static inline size_t h46017_bits_copy(uint8_t *to, const uint8_t *from,
                                      size_t n, size_t end) {
  if (n > 64) {
    return h46017_bits_copy_many(to, from, n, end);
  }
  if (n > 32) {
    memcpy(to, from, 32);
    memcpy(to + n - 32, from + n - 32, 32);
  } else if (n >= 16) {
    memcpy(to, from, 16);
    memcpy(to + n - 16, from + n - 16, 16);
  } else if (n >= 8) {
    memcpy(to, from, 8);
    memcpy(to + n - 8, from + n - 8, 8);
  } else if (n >= 4) {
    memcpy(to, from, 4);
    memcpy(to + n - 4, from + n - 4, 4);
  } else {
    for (; n > 0; n--) {
      *to++ = *from++;
    }
  }
  return end;
}

/* Whole octets, from a whole octet on. */
static inline size_t h46017_bits_put_octets(const h46017_bitroom *r, size_t pos,
                                            const uint8_t *src, size_t n) {
  size_t end = pos + n * 8;

  return end <= r->cap ? h46017_bits_copy(r->data + (pos >> 3), src, n, end)
                       : end;
}

#endif /* H46017_ASN1_BITS_H */
