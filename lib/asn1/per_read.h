/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef H46017_ASN1_PER_READ_H
#define H46017_ASN1_PER_READ_H

/* What the sources of the decoder share: its state, how it fails, numbers and
 * lengths (inline: every component has some), and strings. */

#include "asn1/bits.h"
#include "asn1/per.h"

#include <h46017/error.h>

typedef struct per_decoder {
  h46017_bitreader r;
  h46017_arena *arena;
  h46017_fault *fault;
  size_t fixed_bit;  /* where errors are said to be, while the reader stands on
                        octets put together from fragments; else SIZE_MAX */
  uint32_t depth;    /* still allowed */
  uint32_t elements; /* still allowed */
} per_decoder;

PER_SELDOM static void per_note(per_decoder *d, int code, const char *text) {
  d->fault->code = code;
  d->fault->bit = d->fixed_bit != SIZE_MAX ? d->fixed_bit : d->r.pos;
  d->fault->text = text;
}

static inline int per_fail(per_decoder *d, int code, const char *text) {
  per_note(d, code, text);
  return code;
}

static inline int per_truncated(per_decoder *d) {
  return per_fail(d, H46017_ERR_TRUNCATED, "the input ends here");
}

PER_SELDOM static void per_fail_memory(per_decoder *d) {
  per_note(d, d->arena->nomem ? H46017_ERR_NOMEM : H46017_ERR_PER_BUDGET,
           d->arena->nomem ? "no memory"
                           : "the message needs more memory than the limit");
}

/* Clear, as all that an arena gives. */
static inline void *per_take(per_decoder *d, size_t size) {
  void *p = h46017_arena_alloc(d->arena, size);

  if (p == NULL) {
    per_fail_memory(d);
  }
  return p;
}

/* -- numbers and lengths ---------------------------------------------- */

/* A number of so many whole octets, aligned; at most 8. */
static inline int per_get_aligned(per_decoder *d, size_t octets,
                                  uint64_t *out) {
  uint64_t v = 0;
  const uint8_t *p;

  h46017_bits_align(&d->r);
  if (octets > h46017_bits_left(&d->r) / 8) {
    return per_truncated(d);
  }
  p = d->r.data + d->r.pos / 8;
  for (size_t i = 0; i < octets; i++) {
    v = v << 8 | p[i];
  }
  d->r.pos += octets * 8;
  *out = v;
  return 0;
}

static inline int per_get_bits(per_decoder *d, unsigned bits, uint64_t *out) {
  if (bits > h46017_bits_left(&d->r)) {
    return per_truncated(d);
  }
  *out = bits > 0 ? h46017_bits_get(&d->r, bits) : 0;
  return 0;
}

static inline int per_get_flag(per_decoder *d, bool *out) {
  if (h46017_bits_left(&d->r) == 0) {
    return per_truncated(d);
  }
  *out = h46017_bits_at(&d->r, d->r.pos++);
  return 0;
}

/* X.691 11.5: a number with both bounds, less its lower one. */
static inline int per_get_constrained(per_decoder *d, unsigned form,
                                      unsigned bits, uint64_t *out) {
  uint64_t octets = 0;
  int rv;

  switch (form) {
  case H46017_NUMBER_NONE:
    *out = 0;
    return 0;
  case H46017_NUMBER_BITS:
    return per_get_bits(d, bits, out);
  case H46017_NUMBER_OCTET:
    return per_get_aligned(d, 1, out);
  case H46017_NUMBER_TWO:
    return per_get_aligned(d, 2, out);
  default:
    rv = per_get_bits(d, bits, &octets);
    return rv != 0 ? rv : per_get_aligned(d, (size_t)octets + 1, out);
  }
}

/* X.691 11.9.3.5 - 11.9.3.8: the general length. `*pmore`: a fragment, another
 * length follows it. */
static inline int per_get_length(per_decoder *d, size_t *plen, bool *pmore) {
  uint64_t first;
  uint64_t second;
  int rv = per_get_aligned(d, 1, &first);

  *pmore = false;
  if (rv != 0) {
    return rv;
  }
  if ((first & 0x80) == 0) {
    *plen = (size_t)first;
    return 0;
  }
  if ((first & 0x40) == 0) {
    rv = per_get_aligned(d, 1, &second);
    if (rv == 0) {
      *plen = (size_t)((first & 0x3f) << 8 | second);
    }
    return rv;
  }
  if (first < 0xc1 || first > 0xc4) {
    d->r.pos -= 8;
    return per_fail(d, H46017_ERR_PER_LENGTH,
                    "a fragment has 1 to 4 times 16384 units");
  }
  *plen = (size_t)(first & 0x3f) << 14;
  *pmore = true;
  return 0;
}

/* A length where fragments make no sense. */
static inline int per_get_whole_length(per_decoder *d, size_t *plen,
                                       const char *text) {
  bool more;
  int rv = per_get_length(d, plen, &more);

  return rv == 0 && more ? per_fail(d, H46017_ERR_PER_LENGTH, text) : rv;
}

/* X.691 11.6: indices and counts that are mostly below 64. */
static inline int per_get_small(per_decoder *d, uint32_t *out) {
  uint64_t v = 0;
  bool large;
  size_t octets;
  int rv = per_get_flag(d, &large);

  if (rv != 0) {
    return rv;
  }
  if (!large) {
    rv = per_get_bits(d, 6, &v);
  } else {
    rv = per_get_whole_length(d, &octets, "an index of this many octets");
    if (rv == 0 && (octets == 0 || octets > 4)) {
      return per_fail(d, H46017_ERR_PER_LENGTH, "an index takes 1 to 4 octets");
    }
    rv = rv != 0 ? rv : per_get_aligned(d, octets, &v);
  }
  if (rv == 0) {
    *out = (uint32_t)v;
  }
  return rv;
}

/* asn1c's buffers are not const; what is decoded is never written to. */
static inline uint8_t *per_unconst(const uint8_t *p) {
  uint8_t *out;

  memcpy(&out, &p, sizeof(out));
  return out;
}

/* Does the type's SIZE allow it? */
static inline int per_check_size(per_decoder *d, const h46017_node *n,
                                 size_t count) {
  if (count < n->size_lb || count > n->size_ub) {
    return per_fail(d, H46017_ERR_PER_LENGTH,
                    "the length is outside of the type's SIZE");
  }
  return 0;
}

/* A count by the type's SIZE; `*pmore` as with per_get_length(). */
static inline int per_get_size(per_decoder *d, const h46017_node *n,
                               size_t *pcount, bool *pmore) {
  uint64_t v = 0;
  int rv;

  *pmore = false;
  if (n->size_form == H46017_NUMBER_FREE) {
    rv = per_get_length(d, pcount, pmore);
    return rv != 0 || *pmore ? rv : per_check_size(d, n, *pcount);
  }
  rv = per_get_constrained(d, n->size_form, n->size_bits, &v);
  if (rv != 0) {
    return rv;
  }
  *pcount = n->size_lb + (size_t)v;
  return per_check_size(d, n, *pcount);
}

/* -- strings: per_string.c -------------------------------------------- */

/* `count` units of `unit` bits that do not stand on octets, or do not end
 * with one: a copy, the last octet's unused bits zero. They are all there. */
int h46017_per_copy_units(per_decoder *d, size_t count, unsigned unit,
                          const uint8_t **pdata);

/* `count` units of `unit` bits as octets; in place where they are some. No
 * length is so large that the product does not fit. */
static inline int per_get_units(per_decoder *d, size_t count, unsigned unit,
                                const uint8_t **pdata) {
  size_t bits = count * unit;

  if (bits > h46017_bits_left(&d->r)) {
    return per_truncated(d);
  }
  if (((d->r.pos | bits) & 7) != 0) {
    return h46017_per_copy_units(d, count, unit, pdata);
  }
  *pdata = d->r.data + d->r.pos / 8;
  d->r.pos += bits;
  return 0;
}

/* What follows a first fragment of `first` units, put together. */
int h46017_per_get_fragments(per_decoder *d, size_t first, unsigned unit,
                             const uint8_t **pdata, size_t *pcount);

/* A whole string of units, its length before it. */
static inline int per_get_string(per_decoder *d, const h46017_node *n,
                                 unsigned unit, const uint8_t **pdata,
                                 size_t *pcount) {
  bool more;
  int rv = per_get_size(d, n, pcount, &more);

  if (rv != 0) {
    return rv;
  }
  if (more) {
    rv = h46017_per_get_fragments(d, *pcount, unit, pdata, pcount);
    return rv != 0 ? rv : per_check_size(d, n, *pcount);
  }
  if (n->aligned) {
    h46017_bits_align(&d->r);
  }
  return per_get_units(d, *pcount, unit, pdata);
}

int h46017_per_decode_octets(per_decoder *d, const h46017_node *n, void *st);
int h46017_per_decode_bmp(per_decoder *d, const h46017_node *n, void *st);
int h46017_per_decode_bit_string(per_decoder *d, const h46017_node *n,
                                 void *st);
int h46017_per_decode_characters(per_decoder *d, const h46017_node *n,
                                 void *st);

#endif /* H46017_ASN1_PER_READ_H */
