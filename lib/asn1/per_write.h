/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef H46017_ASN1_PER_WRITE_H
#define H46017_ASN1_PER_WRITE_H

/* What the sources of the encoder share: its state, how it fails, numbers and
 * lengths (inline: every component has some), and strings. */

#include "asn1/bits.h"
#include "asn1/per.h"

#include <h46017/error.h>

/* What an encoding function returns in place of the position behind what it
 * wrote: the fault says why. */
#define PER_FAILED SIZE_MAX

typedef struct per_encoder {
  h46017_bitroom room;
  h46017_fault *fault;
  h46017_per_mark *mark; /* may be NULL */
  uint32_t depth;        /* still allowed */
} per_encoder;

PER_SELDOM static size_t per_refuse(per_encoder *e, size_t pos, int code,
                                    const char *text) {
  e->fault->code = code;
  e->fault->bit = pos;
  e->fault->text = text;
  return PER_FAILED;
}

static inline size_t per_refuse_missing(per_encoder *e, size_t pos) {
  return per_refuse(e, pos, H46017_ERR_INCOMPLETE,
                    "this mandatory component has no value");
}

#define PER_FRAGMENT 16384U

/* -- numbers and lengths ---------------------------------------------- */

static inline unsigned per_octets_of(uint64_t v) {
  return (63 - h46017_bits_leading(v | 1)) / 8 + 1;
}

static inline size_t per_put_constrained(const per_encoder *e, size_t pos,
                                         unsigned form, unsigned bits,
                                         uint64_t v) {
  unsigned octets;

  switch (form) {
  case H46017_NUMBER_NONE:
    return pos;
  case H46017_NUMBER_BITS:
    return h46017_bits_put_few(&e->room, pos, (unsigned)v, bits);
  case H46017_NUMBER_OCTET:
    return h46017_bits_put_number(&e->room, pos, v, 1);
  case H46017_NUMBER_TWO:
    return h46017_bits_put_number(&e->room, pos, v, 2);
  default:
    octets = per_octets_of(v);
    pos = h46017_bits_put_few(&e->room, pos, octets - 1, bits);
    return h46017_bits_put_number(&e->room, pos, v, octets);
  }
}

/* The general length of less than 16384. */
static inline size_t per_put_length(const per_encoder *e, size_t pos,
                                    size_t len) {
  return len < 128 ? h46017_bits_put_number(&e->room, pos, len, 1)
                   : h46017_bits_put_number(&e->room, pos, 0x8000 | len, 2);
}

/* The length before the next part of `left` units, a fragment or the last, of
 * which `*ppart` are in it; `*pmore` when another length follows those. */
static inline size_t per_put_part(const per_encoder *e, size_t pos, size_t left,
                                  size_t *ppart, bool *pmore) {
  size_t k = left / PER_FRAGMENT < 4 ? left / PER_FRAGMENT : 4;

  *pmore = k > 0;
  if (k > 0) {
    *ppart = k * PER_FRAGMENT;
    return h46017_bits_put_number(&e->room, pos, 0xc0 | k, 1);
  }
  *ppart = left;
  return per_put_length(e, pos, left);
}

static inline bool per_is_size(const h46017_node *n, size_t count) {
  return count >= n->size_lb && count <= n->size_ub;
}

static inline size_t per_refuse_size(per_encoder *e, size_t pos) {
  return per_refuse(e, pos, H46017_ERR_OUT_OF_RANGE,
                    "the length is outside of the type's SIZE");
}

static inline bool per_is_fragmented(const h46017_node *n, size_t count) {
  return n->size_form == H46017_NUMBER_FREE && count >= PER_FRAGMENT;
}

/* How many units or elements there are, where they go in no fragments. */
static inline size_t per_put_count(const per_encoder *e, size_t pos,
                                   const h46017_node *n, size_t count) {
  return n->size_form == H46017_NUMBER_FREE
             ? per_put_length(e, pos, count)
             : per_put_constrained(e, pos, n->size_form, n->size_bits,
                                   count - n->size_lb);
}

/* -- strings: per_put_string.c ---------------------------------------- */

/* Units of 1, 8 or 16 bits under a general length: in fragments, where there
 * are many. An open type's octets are such units too. */
size_t h46017_per_put_parts(const per_encoder *e, size_t pos,
                            const uint8_t *data, size_t count, unsigned unit);

/* Any string of units of 1, 8 or 16 bits. */
size_t h46017_per_put_string(per_encoder *e, size_t pos, const h46017_node *n,
                             const uint8_t *data, size_t count, unsigned unit);

size_t h46017_per_encode_octets(per_encoder *e, const h46017_node *n,
                                const void *st, size_t pos);
size_t h46017_per_encode_bmp(per_encoder *e, const h46017_node *n,
                             const void *st, size_t pos);
size_t h46017_per_encode_bit_string(per_encoder *e, const h46017_node *n,
                                    const void *st, size_t pos);
size_t h46017_per_encode_characters(per_encoder *e, const h46017_node *n,
                                    const void *st, size_t pos);

/* -- structures: per_encode.c ------------------------------------------ */

/* What is not plain. */
size_t h46017_per_encode_kind(per_encoder *e, const h46017_node *n,
                              const void *st, size_t pos);

#endif /* H46017_ASN1_PER_WRITE_H */
