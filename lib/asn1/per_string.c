/* SPDX-License-Identifier: BSD-2-Clause */
#include "asn1/per_read.h"

#include <string.h>

int h46017_per_copy_units(per_decoder *d, size_t count, unsigned unit,
                          const uint8_t **pdata) {
  size_t bits = count * unit;
  size_t octets = (bits + 7) / 8;
  uint8_t *copy;

  if ((d->r.pos & 7) == 0) {
    const uint8_t *p = d->r.data + d->r.pos / 8;
    if ((p[octets - 1] & (0xffU >> (bits & 7))) == 0) {
      d->r.pos += bits;
      *pdata = p;
      return 0;
    }
  }
  copy = per_take(d, octets);
  if (copy == NULL) {
    return d->fault->code;
  }
  for (size_t i = 0; i < octets; i++) {
    unsigned take = bits < 8 ? (unsigned)bits : 8;
    copy[i] = (uint8_t)(h46017_bits_get(&d->r, take) << (8 - take));
    bits -= take;
  }
  *pdata = copy;
  return 0;
}

/* What follows a first fragment of `first` units: measures all, then puts it
 * together. Every fragment but the last is a multiple of 16384 units, whole
 * octets whatever the unit. */
int h46017_per_get_fragments(per_decoder *d, size_t first, unsigned unit,
                             const uint8_t **pdata, size_t *pcount) {
  size_t start = d->r.pos;
  size_t total = 0;
  size_t part = first;
  bool more = true;
  uint8_t *copy;
  size_t done = 0;
  int rv;

  for (;;) {
    size_t bits;
    bits = part * unit;
    if (bits > h46017_bits_left(&d->r)) {
      return per_truncated(d);
    }
    d->r.pos += bits;
    total += part;
    if (!more) {
      break;
    }
    rv = per_get_length(d, &part, &more);
    if (rv != 0) {
      return rv;
    }
  }
  copy = per_take(d, total * unit / 8 + 1);
  if (copy == NULL) {
    return d->fault->code;
  }
  d->r.pos = start;
  for (part = first, more = true;;) {
    const uint8_t *p = (const uint8_t *)"";
    size_t octets;
    rv = per_get_units(d, part, unit, &p);
    if (rv != 0) {
      return rv;
    }
    octets = (part * unit + 7) / 8;
    memcpy(copy + done, p, octets);
    done += octets;
    if (!more) {
      break;
    }
    rv = per_get_length(d, &part, &more);
    if (rv != 0) {
      return rv;
    }
  }
  *pdata = copy;
  *pcount = total;
  return 0;
}

int h46017_per_decode_octets(per_decoder *d, const h46017_node *n, void *st) {
  OCTET_STRING_t *out = st;
  const uint8_t *data;
  size_t count;
  int rv = per_get_string(d, n, 8, &data, &count);

  if (rv == 0) {
    out->buf = per_unconst(data);
    out->size = (int)count;
  }
  return rv;
}

int h46017_per_decode_bmp(per_decoder *d, const h46017_node *n, void *st) {
  BMPString_t *out = st;
  const uint8_t *data;
  size_t count;
  int rv = per_get_string(d, n, 16, &data, &count);

  if (rv == 0) {
    out->buf = per_unconst(data);
    out->size = (int)(count * 2);
  }
  return rv;
}

int h46017_per_decode_bit_string(per_decoder *d, const h46017_node *n,
                                 void *st) {
  BIT_STRING_t *out = st;
  const uint8_t *data;
  size_t count;
  int rv = per_get_string(d, n, 1, &data, &count);

  if (rv == 0) {
    out->buf = per_unconst(data);
    out->size = (int)((count + 7) / 8);
    out->bits_unused = (int)((8 - (count & 7)) & 7);
  }
  return rv;
}

static int per_bad_character(per_decoder *d, size_t behind) {
  d->r.pos -= behind;
  return per_fail(d, H46017_ERR_PER_CONSTRAINT,
                  "a character outside of the permitted alphabet");
}

/* Digits take half an octet each; then two of them are one. */
static inline uint32_t per_get_character(h46017_bitreader *r, unsigned unit) {
  uint32_t v;

  if (unit != 4 || (r->pos & 3) != 0) {
    return h46017_bits_get(r, unit);
  }
  v = (uint32_t)r->data[r->pos >> 3] >> (4 - (r->pos & 4)) & 15;
  r->pos += 4;
  return v;
}

/* Characters of fewer than eight bits become one octet each. */
static int per_expand_characters(per_decoder *d, const h46017_node *n,
                                 size_t count, OCTET_STRING_t *out) {
  unsigned unit = n->char_bits;
  uint8_t *text;

  if (count * unit > h46017_bits_left(&d->r)) {
    return per_truncated(d);
  }
  text = per_take(d, count);
  if (text == NULL) {
    return d->fault->code;
  }
  for (size_t i = 0; i < count; i++) {
    uint32_t v = per_get_character(&d->r, unit);
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
  const uint8_t *data = (const uint8_t *)"";
  size_t count;
  size_t good;
  int rv;

  if (n->char_bits != 8) {
    bool more;
    rv = per_get_size(d, n, &count, &more);
    if (rv != 0) {
      return rv;
    }
    if (more) {
      return per_fail(d, H46017_ERR_PER_LENGTH, "too long for this type");
    }
    if (n->aligned) {
      h46017_bits_align(&d->r);
    }
    return per_expand_characters(d, n, count, out);
  }
  rv = per_get_string(d, n, 8, &data, &count);
  if (rv != 0) {
    return rv;
  }
  good = h46017_per_check_text(n, data, count);
  if (good < count) {
    return per_bad_character(d, (count - good) * 8);
  }
  out->buf = per_unconst(data);
  out->size = (int)count;
  return 0;
}
