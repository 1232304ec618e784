/* SPDX-License-Identifier: BSD-2-Clause */
#include "asn1/per_write.h"

#include <string.h>

/* Units of 1, 8 or 16 bits. */
static size_t per_put_units(const per_encoder *e, size_t pos,
                            const uint8_t *data, size_t count, unsigned unit) {
  size_t octets = count * unit / 8;
  unsigned rest = (unsigned)(count * unit & 7);

  if ((pos & 7) == 0) {
    pos = h46017_bits_put_octets(&e->room, pos, data, octets);
  } else {
    for (size_t i = 0; i < octets; i++) {
      pos = h46017_bits_put_few(&e->room, pos, data[i], 8);
    }
  }
  if (rest == 0) {
    return pos;
  }
  return h46017_bits_put_few(&e->room, pos,
                             (unsigned)data[octets] >> (8 - rest), rest);
}

/* The length before a string that goes in no fragments. */
static size_t per_put_size(const per_encoder *e, size_t pos,
                           const h46017_node *n, size_t count) {
  pos = per_put_count(e, pos, n, count);
  return n->aligned ? h46017_bits_align_up(pos) : pos;
}

size_t h46017_per_put_parts(const per_encoder *e, size_t pos,
                            const uint8_t *data, size_t count, unsigned unit) {
  bool more;
  size_t part;

  do {
    pos = per_put_part(e, pos, count, &part, &more);
    pos = per_put_units(e, pos, data, part, unit);
    data += part * unit / 8;
    count -= part;
  } while (more);
  return pos;
}

size_t h46017_per_put_string(per_encoder *e, size_t pos, const h46017_node *n,
                             const uint8_t *data, size_t count, unsigned unit) {
  if (!per_is_size(n, count)) {
    return per_refuse_size(e, pos);
  }
  if (!per_is_fragmented(n, count)) {
    pos = per_put_size(e, pos, n, count);
    return per_put_units(e, pos, data, count, unit);
  }
  return h46017_per_put_parts(e, pos, data, count, unit);
}

/* The usual string: its number of units is fixed or in an octet or less, what
 * follows stands on octets, and there is room. Writes that number and tells
 * where the units go, `*ppos` behind them already. False: it is none, and
 * nothing has happened. */
static inline bool per_put_usual_size(const per_encoder *e, size_t *ppos,
                                      const h46017_node *n, size_t count,
                                      unsigned unit, uint8_t **pout) {
  size_t bits = count * unit;
  size_t at = *ppos;
  size_t v = count;

  if (!per_is_size(n, count)) {
    return false;
  }
  if (n->size_form <= H46017_NUMBER_BITS) { /* 8 bits at the most, or none */
    at = h46017_bits_align_up(at + n->size_bits);
    if (!n->aligned || at + bits > e->room.cap) {
      return false;
    }
    if (n->size_bits > 0) {
      (void)h46017_bits_put_few(&e->room, *ppos, (unsigned)(count - n->size_lb),
                                n->size_bits);
    }
  } else {
    at = h46017_bits_align_up(at) + 8;
    if (n->size_form == H46017_NUMBER_OCTET) {
      v -= n->size_lb;
    } else if (n->size_form != H46017_NUMBER_FREE || v >= 0x80) {
      return false;
    }
    if (at + bits > e->room.cap) {
      return false;
    }
    e->room.data[at / 8 - 1] = (uint8_t)v;
  }
  *ppos = at + bits;
  *pout = e->room.data + at / 8;
  return true;
}

/* A string in units of whole octets. */
static inline size_t per_put_octets(per_encoder *e, size_t pos,
                                    const h46017_node *n, const uint8_t *data,
                                    size_t count, unsigned unit) {
  size_t end = pos;
  uint8_t *out;

  if (!per_put_usual_size(e, &end, n, count, unit, &out)) {
    return h46017_per_put_string(e, pos, n, data, count, unit);
  }
  return h46017_bits_copy(out, data, count * unit / 8, end);
}

size_t h46017_per_encode_octets(per_encoder *e, const h46017_node *n,
                                const void *st, size_t pos) {
  const OCTET_STRING_t *in = st;

  return in->buf != NULL
             ? per_put_octets(e, pos, n, in->buf, (size_t)in->size, 8)
             : per_refuse_missing(e, pos);
}

size_t h46017_per_encode_bmp(per_encoder *e, const h46017_node *n,
                             const void *st, size_t pos) {
  const BMPString_t *in = st;

  return in->buf != NULL
             ? per_put_octets(e, pos, n, in->buf, (size_t)in->size / 2, 16)
             : per_refuse_missing(e, pos);
}

size_t h46017_per_encode_bit_string(per_encoder *e, const h46017_node *n,
                                    const void *st, size_t pos) {
  const BIT_STRING_t *in = st;

  if (in->buf == NULL) {
    return per_refuse_missing(e, pos);
  }
  pos = h46017_per_put_string(
      e, pos, n, in->buf, (size_t)in->size * 8 - (size_t)in->bits_unused, 1);
  if (e->mark != NULL && e->mark->octets == in->buf && pos != PER_FAILED) {
    e->mark->end = pos / 8;
  }
  return pos;
}

/* Digits take half an octet each: two at a time. PER_FAILED where it is not so
 * simple, or one of them is none; then nothing has happened. */
static size_t per_put_digits(const per_encoder *e, size_t pos,
                             const h46017_node *n, const uint8_t *in,
                             size_t count) {
  const h46017_alphabet *a = n->alphabet;
  unsigned all = 0; /* 0x80 in it: one of them was none */
  uint8_t *out;

  if (n->char_bits != 4 || !n->indexed || a == NULL ||
      !per_put_usual_size(e, &pos, n, count, 4, &out)) {
    return PER_FAILED;
  }
  for (; count > 1; count -= 2, in += 2) {
    unsigned high = (uint8_t)a->to_index[in[0] & 0x7f];
    unsigned low = (uint8_t)a->to_index[in[1] & 0x7f];
    all |= high | low | in[0] | in[1];
    *out++ = (uint8_t)(high << 4 | low);
  }
  if (count > 0) {
    unsigned high = (uint8_t)a->to_index[in[0] & 0x7f];
    all |= high | in[0];
    *out = (uint8_t)(high << 4);
  }
  return all < 0x80 ? pos : PER_FAILED;
}

/* Characters of fewer than eight bits. */
static size_t per_put_characters(const per_encoder *e, size_t pos,
                                 const h46017_node *n, const uint8_t *text,
                                 size_t count) {
  uint32_t bits = 0;
  unsigned waiting = 0;

  for (size_t i = 0; i < count; i++) {
    uint32_t c = text[i];
    if (n->indexed) {
      c = (uint32_t)n->alphabet->to_index[c];
    }
    bits = bits << n->char_bits | c;
    waiting += n->char_bits;
    if (waiting > 24 || i + 1 == count) { /* as many as go into a word */
      pos = h46017_bits_put(&e->room, pos, bits, waiting);
      waiting = 0;
    }
  }
  return pos;
}

size_t h46017_per_encode_characters(per_encoder *e, const h46017_node *n,
                                    const void *st, size_t pos) {
  const OCTET_STRING_t *in = st;
  size_t count = (size_t)in->size;
  size_t end;

  if (in->buf == NULL) {
    return per_refuse_missing(e, pos);
  }
  end = per_put_digits(e, pos, n, in->buf, count);
  if (end != PER_FAILED) {
    return end;
  }
  if (h46017_per_check_text(n, in->buf, count) < count) {
    return per_refuse(e, pos, H46017_ERR_OUT_OF_RANGE,
                      "a character outside of the permitted alphabet");
  }
  if (n->char_bits == 8) {
    return per_put_octets(e, pos, n, in->buf, count, 8);
  }
  if (!per_is_size(n, count)) {
    return per_refuse_size(e, pos);
  }
  if (per_is_fragmented(n, count)) {
    return per_refuse(e, pos, H46017_ERR_OUT_OF_RANGE,
                      "too long for this type");
  }
  pos = per_put_size(e, pos, n, count);
  return per_put_characters(e, pos, n, in->buf, count);
}
