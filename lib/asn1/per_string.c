/* SPDX-License-Identifier: BSD-2-Clause */
#include "asn1/per_read.h"

#include <string.h>

const uint8_t *h46017_per_copy_units(per_decoder *d, size_t count,
                                     unsigned unit) {
  size_t bits = count * unit;
  size_t octets = (bits + 7) / 8;
  uint8_t *copy;

  if ((d->r.pos & 7) == 0) {
    const uint8_t *p = d->r.data + d->r.pos / 8;
    if ((p[octets - 1] & (0xffU >> (bits & 7))) == 0) {
      d->r.pos += bits;
      return p;
    }
  }
  copy = per_take(d, octets);
  if (copy == NULL) {
    return NULL;
  }
  for (size_t i = 0; i < octets; i++) {
    unsigned take = bits < 8 ? (unsigned)bits : 8;
    copy[i] = (uint8_t)(h46017_bits_get(&d->r, take) << (8 - take));
    bits -= take;
  }
  return copy;
}

/* What follows a first fragment of `first` units: measures all, then puts it
 * together. Every fragment but the last is a multiple of 16384 units, whole
 * octets whatever the unit. */
per_units h46017_per_get_fragments(per_decoder *d, size_t first,
                                   unsigned unit) {
  per_units all = {NULL, 0};
  size_t start = d->r.pos;
  int part = (int)first | PER_MORE;
  uint8_t *copy;
  size_t done = 0;

  for (;;) {
    size_t bits = (size_t)(part & ~PER_MORE) * unit;
    if (bits > h46017_bits_left(&d->r)) {
      (void)per_truncated(d);
      return all;
    }
    d->r.pos += bits;
    all.count += (size_t)(part & ~PER_MORE);
    if (part < PER_MORE) {
      break;
    }
    part = per_get_length(d);
    if (part < 0) {
      return all;
    }
  }
  copy = per_take(d, all.count * unit / 8 + 1);
  if (copy == NULL) {
    return all;
  }
  d->r.pos = start;
  for (part = (int)first | PER_MORE;;) {
    size_t units = (size_t)(part & ~PER_MORE);
    const uint8_t *p = per_get_units(d, units, unit);
    if (p == NULL) {
      return all;
    }
    memcpy(copy + done, p, (units * unit + 7) / 8);
    done += (units * unit + 7) / 8;
    if (part < PER_MORE) {
      break;
    }
    part = per_get_length(d);
    if (part < 0) {
      return all;
    }
  }
  all.data = copy;
  return all;
}

per_units h46017_per_get_fragmented(per_decoder *d, const h46017_node *n,
                                    size_t first, unsigned unit) {
  per_units all = h46017_per_get_fragments(d, first, unit);

  if (all.data != NULL && per_check_size(d, n, all.count) < 0) {
    all.data = NULL;
  }
  return all;
}

PER_APART static int per_decode_unusual(per_decoder *d, const h46017_node *n,
                                        OCTET_STRING_t *out, unsigned unit) {
  per_units s = per_get_string(d, n, unit);

  if (s.data == NULL) {
    return d->fault->code;
  }
  out->buf = per_unconst(s.data);
  out->size = (int)(s.count * unit / 8);
  return 0;
}

static inline int per_decode_string(per_decoder *d, const h46017_node *n,
                                    OCTET_STRING_t *out, unsigned unit) {
  per_units s;

  if (!per_get_usual(d, n, unit, &s)) {
    return per_decode_unusual(d, n, out, unit);
  }
  out->buf = per_unconst(s.data);
  out->size = (int)(s.count * unit / 8);
  return 0;
}

int h46017_per_decode_octets(per_decoder *d, const h46017_node *n, void *st) {
  return per_decode_string(d, n, st, 8);
}

int h46017_per_decode_bmp(per_decoder *d, const h46017_node *n, void *st) {
  return per_decode_string(d, n, st, 16);
}

int h46017_per_decode_bit_string(per_decoder *d, const h46017_node *n,
                                 void *st) {
  BIT_STRING_t *out = st;
  per_units s = per_get_string(d, n, 1);

  if (s.data == NULL) {
    return d->fault->code;
  }
  out->buf = per_unconst(s.data);
  out->size = (int)((s.count + 7) / 8);
  out->bits_unused = (int)((8 - (s.count & 7)) & 7);
  return 0;
}

static int per_bad_character(per_decoder *d, size_t behind) {
  d->r.pos -= behind;
  return per_fail(d, H46017_ERR_PER_CONSTRAINT,
                  "a character outside of the permitted alphabet");
}

/* Digits take half an octet each: two at a time. False: one of them is none. */
static bool per_expand_digits(const h46017_alphabet *a, const uint8_t *in,
                              size_t count, uint8_t *text) {
  int last = a->count - 1;
  int beyond = 0; /* negative: one of them was */

  for (; count > 1; count -= 2, in++, text += 2) {
    int high = *in >> 4;
    int low = *in & 15;
    beyond |= (last - high) | (last - low);
    text[0] = a->to_char[high];
    text[1] = a->to_char[low];
  }
  if (count > 0) {
    beyond |= last - (*in >> 4);
    text[0] = a->to_char[*in >> 4];
  }
  return beyond >= 0;
}

/* Characters of fewer than eight bits become one octet each. */
static int per_expand_characters(per_decoder *d, const h46017_node *n,
                                 size_t count, OCTET_STRING_t *out) {
  unsigned unit = n->char_bits;
  uint8_t *text;
  size_t i = 0;

  if (count * unit > h46017_bits_left(&d->r)) {
    return per_truncated(d);
  }
  text = per_take(d, count);
  if (text == NULL) {
    return d->fault->code;
  }
  if (unit == 4 && n->indexed && (d->r.pos & 7) == 0 &&
      per_expand_digits(n->alphabet, d->r.data + d->r.pos / 8, count, text)) {
    d->r.pos += count * 4;
    i = count;
  }
  for (; i < count; i++) {
    uint32_t v = h46017_bits_get(&d->r, unit);
    if (n->indexed) {
      if (v >= n->alphabet->count) {
        return per_bad_character(d, unit);
      }
      v = n->alphabet->to_char[v];
    } else if (n->alphabet != NULL && n->alphabet->to_index[v & 0x7f] < 0) {
      return per_bad_character(d, unit);
    }
    text[i] = (uint8_t)v;
  }
  out->buf = text;
  out->size = (int)count;
  return 0;
}

int h46017_per_decode_characters(per_decoder *d, const h46017_node *n,
                                 void *st) {
  OCTET_STRING_t *out = st;
  size_t count;
  size_t good;
  int rv;

  if (n->char_bits != 8) {
    rv = per_get_size(d, n);
    if (rv < 0) {
      return rv;
    }
    if (rv >= PER_MORE) {
      return per_fail(d, H46017_ERR_PER_LENGTH, "too long for this type");
    }
    if (n->aligned) {
      h46017_bits_align(&d->r);
    }
    return per_expand_characters(d, n, (size_t)rv, out);
  }
  rv = per_decode_string(d, n, out, 8);
  if (rv != 0) {
    return rv;
  }
  count = (size_t)out->size;
  good = h46017_per_check_text(n, out->buf, count);
  return good < count ? per_bad_character(d, (count - good) * 8) : 0;
}
