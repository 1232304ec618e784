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

/* The structure of a component of its own. */
static inline void *per_new(per_decoder *d, const h46017_node *n) {
  unsigned char *p = d->arena->next;

  if (n->room > (uintptr_t)d->arena->limit - (uintptr_t)p) {
    return per_take(d, n->struct_size);
  }
  d->arena->next = p + n->room;
  return p;
}

/* -- numbers and lengths ---------------------------------------------- */

/* A number of so many whole octets, aligned; at most 8. */
static inline int per_get_aligned(per_decoder *d, size_t octets,
                                  uint64_t *out) {
  uint64_t v = 0;
  const uint8_t *p;

  h46017_bits_align(&d->r);
  if (octets * 8 > h46017_bits_left(&d->r)) {
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

/* Lengths and counts are what these return; negative: an error code. A
 * fragment of so many units, another length follows it: */
#define PER_MORE 0x100000

/* Of a general length of more than one octet, the rest. */
PER_SELDOM static int per_get_long_length(per_decoder *d, unsigned first) {
  uint64_t second;

  if ((first & 0x40) == 0) {
    int rv = per_get_aligned(d, 1, &second);
    return rv != 0 ? rv : (int)((first & 0x3f) << 8 | (unsigned)second);
  }
  if (first < 0xc1 || first > 0xc4) {
    d->r.pos -= 8;
    return per_fail(d, H46017_ERR_PER_LENGTH,
                    "a fragment has 1 to 4 times 16384 units");
  }
  return (int)((first & 0x3f) << 14 | PER_MORE);
}

/* X.691 11.9.3.5 - 11.9.3.8: the general length. */
static inline int per_get_length(per_decoder *d) {
  uint64_t first;
  int rv = per_get_aligned(d, 1, &first);

  if (rv != 0) {
    return rv;
  }
  return first < 0x80 ? (int)first : per_get_long_length(d, (unsigned)first);
}

/* A length where fragments make no sense. */
static inline int per_get_whole_length(per_decoder *d, const char *text) {
  int len = per_get_length(d);

  return len >= PER_MORE ? per_fail(d, H46017_ERR_PER_LENGTH, text) : len;
}

/* X.691 11.6: indices and counts that are mostly below 64. */
static inline int per_get_small(per_decoder *d, uint32_t *out) {
  uint64_t v = 0;
  bool large;
  int rv = per_get_flag(d, &large);

  if (rv != 0) {
    return rv;
  }
  if (!large) {
    rv = per_get_bits(d, 6, &v);
  } else {
    int octets = per_get_whole_length(d, "an index of this many octets");
    if (octets == 0 || octets > 4) {
      return per_fail(d, H46017_ERR_PER_LENGTH, "an index takes 1 to 4 octets");
    }
    rv = octets < 0 ? octets : per_get_aligned(d, (size_t)octets, &v);
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

/* Does the type's SIZE allow it? Returns the count, or an error code. */
static inline int per_check_size(per_decoder *d, const h46017_node *n,
                                 size_t count) {
  if (count < n->size_lb || count > n->size_ub) {
    return per_fail(d, H46017_ERR_PER_LENGTH,
                    "the length is outside of the type's SIZE");
  }
  return (int)count;
}

/* A count by the type's SIZE, as per_get_length() returns it. */
static inline int per_get_size(per_decoder *d, const h46017_node *n) {
  uint64_t v = 0;
  int rv;

  if (n->size_form == H46017_NUMBER_FREE) {
    rv = per_get_length(d);
    return rv < 0 || rv >= PER_MORE ? rv : per_check_size(d, n, (size_t)rv);
  }
  rv = per_get_constrained(d, n->size_form, n->size_bits, &v);
  return rv != 0 ? rv : per_check_size(d, n, n->size_lb + (size_t)v);
}

/* -- strings: per_string.c -------------------------------------------- */

/* Units as octets. */
typedef struct per_units {
  const uint8_t *data; /* NULL: failed, the fault says why */
  size_t count;
} per_units;

/* `count` units of `unit` bits that do not stand on octets, or do not end
 * with one: a copy, the last octet's unused bits zero. They are all there.
 * NULL: no memory. */
const uint8_t *h46017_per_copy_units(per_decoder *d, size_t count,
                                     unsigned unit);

/* `count` units of `unit` bits as octets; in place where they are some. No
 * length is so large that the product does not fit. NULL: failed. */
static inline const uint8_t *per_get_units(per_decoder *d, size_t count,
                                           unsigned unit) {
  size_t bits = count * unit;
  size_t pos = d->r.pos;

  if (bits > h46017_bits_left(&d->r)) {
    (void)per_truncated(d);
    return NULL;
  }
  if (((pos | bits) & 7) != 0) {
    return h46017_per_copy_units(d, count, unit);
  }
  d->r.pos = pos + bits;
  return d->r.data + pos / 8;
}

/* The usual string: whole octets, their number fixed or in two octets or less,
 * and no fragment. Looks first: where it is false, nothing has happened. */
static inline bool per_get_usual(per_decoder *d, const h46017_node *n,
                                 unsigned unit, per_units *out) {
  size_t at = d->r.pos;
  size_t count = n->size_lb;

  if (n->size_form == H46017_NUMBER_BITS) {
    if (at >= d->r.wide || !n->aligned) {
      return false;
    }
    count += (size_t)(h46017_bits_word(&d->r, at) >> (64 - n->size_bits));
    at = h46017_bits_align_up(at + n->size_bits);
  } else if (n->size_form == H46017_NUMBER_NONE && n->aligned) {
    at = h46017_bits_align_up(at);
  } else {
    size_t v;
    at = h46017_bits_align_up(at);
    if (at >= d->r.end) {
      return false;
    }
    v = d->r.data[at / 8];
    at += 8;
    if (n->size_form == H46017_NUMBER_OCTET) {
      count += v;
    } else if (n->size_form == H46017_NUMBER_FREE && v < 0x80 && v >= count) {
      count = v;
    } else if (n->size_form == H46017_NUMBER_TWO && at < d->r.end) {
      count += v << 8 | d->r.data[at / 8];
      at += 8;
    } else {
      return false;
    }
  }
  if (count > n->size_ub || at + count * unit > d->r.end) {
    return false;
  }
  out->data = d->r.data + at / 8;
  out->count = count;
  d->r.pos = at + count * unit;
  return true;
}

/* What follows a first fragment of `first` units, put together. */
per_units h46017_per_get_fragments(per_decoder *d, size_t first, unsigned unit);

/* A whole string of units, its length before it, in fragments. */
per_units h46017_per_get_fragmented(per_decoder *d, const h46017_node *n,
                                    size_t first, unsigned unit);

/* A whole string of units, its length before it. */
static inline per_units per_get_string(per_decoder *d, const h46017_node *n,
                                       unsigned unit) {
  per_units units = {NULL, 0};
  int count = per_get_size(d, n);

  if (count < 0) {
    return units;
  }
  if (count >= PER_MORE) {
    return h46017_per_get_fragmented(d, n, (size_t)(count - PER_MORE), unit);
  }
  if (n->aligned) {
    h46017_bits_align(&d->r);
  }
  units.count = (size_t)count;
  units.data = per_get_units(d, units.count, unit);
  return units;
}

int h46017_per_decode_octets(per_decoder *d, const h46017_node *n, void *st);
int h46017_per_decode_bmp(per_decoder *d, const h46017_node *n, void *st);
int h46017_per_decode_bit_string(per_decoder *d, const h46017_node *n,
                                 void *st);
int h46017_per_decode_characters(per_decoder *d, const h46017_node *n,
                                 void *st);

/* What is not plain: per_decode.c. */
int h46017_per_decode_kind(per_decoder *d, const h46017_node *n, void *st);

#endif /* H46017_ASN1_PER_READ_H */
