/* SPDX-License-Identifier: BSD-2-Clause */
#include "asn1/per_plain.h"
#include "asn1/per_write.h"

#include <h46017/error.h>

#include <string.h>

#define PER_FRAGMENT 16384U

static int per_encode_value(per_encoder *e, const h46017_node *n,
                            const void *st);

PER_SELDOM static void per_note(per_encoder *e, int code, const char *text) {
  e->fault->code = code;
  e->fault->bit = e->w.pos;
  e->fault->text = text;
}

static inline int per_refuse(per_encoder *e, int code, const char *text) {
  per_note(e, code, text);
  return code;
}

static int per_refuse_missing(per_encoder *e) {
  return per_refuse(e, H46017_ERR_INCOMPLETE,
                    "this mandatory component has no value");
}

/* -- numbers and lengths ---------------------------------------------- */

static inline unsigned per_octets_of(uint64_t v) {
  return (63 - h46017_bits_leading(v | 1)) / 8 + 1;
}

static inline void per_put_constrained(per_encoder *e, unsigned form,
                                       unsigned bits, uint64_t v) {
  unsigned octets;

  switch (form) {
  case H46017_NUMBER_NONE:
    break;
  case H46017_NUMBER_BITS:
    h46017_bits_put_few(&e->w, (unsigned)v, bits);
    break;
  case H46017_NUMBER_OCTET:
    h46017_bits_put_number(&e->w, v, 1);
    break;
  case H46017_NUMBER_TWO:
    h46017_bits_put_number(&e->w, v, 2);
    break;
  default:
    octets = per_octets_of(v);
    h46017_bits_put_few(&e->w, octets - 1, bits);
    h46017_bits_put_number(&e->w, v, octets);
    break;
  }
}

/* The general length of less than 16384. */
static inline void per_put_length(per_encoder *e, size_t len) {
  if (len < 128) {
    h46017_bits_put_number(&e->w, len, 1);
  } else {
    h46017_bits_put_number(&e->w, 0x8000 | len, 2);
  }
}

/* The length before the next part of `left` units, a fragment or the last.
 * Returns how many are in it; `*pmore` when another length follows those. */
static size_t per_put_part(per_encoder *e, size_t left, bool *pmore) {
  size_t k = left / PER_FRAGMENT < 4 ? left / PER_FRAGMENT : 4;

  *pmore = k > 0;
  if (k > 0) {
    h46017_bits_put_number(&e->w, 0xc0 | k, 1);
    return k * PER_FRAGMENT;
  }
  per_put_length(e, left);
  return left;
}

/* X.691 11.6. */
static void per_put_small(per_encoder *e, uint32_t v) {
  unsigned octets;

  if (v < 64) {
    h46017_bits_put_few(&e->w, v, 7);
    return;
  }
  h46017_bits_put_few(&e->w, 1, 1);
  octets = per_octets_of(v);
  h46017_bits_put_number(&e->w, octets, 1);
  h46017_bits_put_number(&e->w, v, octets);
}

/* -- strings ---------------------------------------------------------- */

static int per_check_size(per_encoder *e, const h46017_node *n, size_t count) {
  return count < n->size_lb || count > n->size_ub
             ? per_refuse(e, H46017_ERR_OUT_OF_RANGE,
                          "the length is outside of the type's SIZE")
             : 0;
}

/* Units of 1, 8 or 16 bits. */
static void per_put_units(per_encoder *e, const uint8_t *data, size_t count,
                          unsigned unit) {
  size_t bits = count * unit;

  h46017_bits_put_octets(&e->w, data, bits / 8);
  if ((bits & 7) != 0) {
    unsigned rest = (unsigned)(bits & 7);
    h46017_bits_put_few(&e->w, (unsigned)data[bits / 8] >> (8 - rest), rest);
  }
}

/* The length before a string; false: it goes in fragments. */
static bool per_put_size(per_encoder *e, const h46017_node *n, size_t count) {
  if (n->size_form != H46017_NUMBER_FREE) {
    per_put_constrained(e, n->size_form, n->size_bits, count - n->size_lb);
    if (n->aligned) {
      h46017_bits_put_align(&e->w);
    }
    return true;
  }
  if (count >= PER_FRAGMENT) {
    return false;
  }
  per_put_length(e, count);
  return true;
}

/* Any string. */
PER_APART static int per_put_string(per_encoder *e, const h46017_node *n,
                                    const uint8_t *data, size_t count,
                                    unsigned unit) {
  bool more;
  int rv = per_check_size(e, n, count);

  if (rv != 0) {
    return rv;
  }
  if (per_put_size(e, n, count)) {
    per_put_units(e, data, count, unit);
    return 0;
  }
  do {
    size_t part = per_put_part(e, count, &more);
    per_put_units(e, data, part, unit);
    data += part * unit / 8;
    count -= part;
  } while (more);
  return 0;
}

/* The usual string: its number of units is fixed or in an octet or less, what
 * follows stands on octets, and there is room. Writes that number and returns
 * where the units go, the writer behind them already. Looks first: where it is
 * NULL, nothing has happened. */
static inline uint8_t *per_put_usual_size(per_encoder *e, const h46017_node *n,
                                          size_t count, unsigned unit) {
  size_t bits = count * unit;
  size_t v = count - n->size_lb;
  size_t at; /* in bits */

  if (count < n->size_lb || count > n->size_ub) {
    return NULL;
  }
  if (n->size_form <= H46017_NUMBER_BITS) { /* 8 bits at the most */
    unsigned used = (unsigned)(e->w.pos & 7);
    unsigned rest = 16 - used - n->size_bits;
    uint8_t *p = e->w.data + e->w.pos / 8;
    at = h46017_bits_align_up(e->w.pos + n->size_bits);
    if (!n->aligned || bits == 0 || at + bits > e->w.cap) {
      return NULL;
    }
    v = v << rest | (size_t)h46017_bits_kept(p, used) << 8;
    p[0] = (uint8_t)(v >> 8);
    if (rest < 8) {
      p[1] = (uint8_t)v;
    }
  } else {
    at = h46017_bits_align_up(e->w.pos) + 8;
    v = n->size_form == H46017_NUMBER_FREE ? count : v;
    if (n->size_form != H46017_NUMBER_OCTET &&
        (n->size_form != H46017_NUMBER_FREE || v >= 0x80)) {
      return NULL;
    }
    if (at + bits > e->w.cap) {
      return NULL;
    }
    e->w.data[at / 8 - 1] = (uint8_t)v;
  }
  e->w.pos = at + bits;
  return e->w.data + at / 8;
}

/* Units of whole octets. */
static inline bool per_put_usual(per_encoder *e, const h46017_node *n,
                                 const uint8_t *data, size_t count,
                                 unsigned unit) {
  uint8_t *p = per_put_usual_size(e, n, count, unit);

  if (p == NULL) {
    return false;
  }
  memcpy(p, data, count * unit / 8);
  return true;
}

static int per_encode_octets(per_encoder *e, const h46017_node *n,
                             const void *st) {
  const OCTET_STRING_t *in = st;

  if (in->buf == NULL) {
    return per_refuse_missing(e);
  }
  return per_put_usual(e, n, in->buf, (size_t)in->size, 8)
             ? 0
             : per_put_string(e, n, in->buf, (size_t)in->size, 8);
}

static int per_encode_bmp(per_encoder *e, const h46017_node *n,
                          const void *st) {
  const BMPString_t *in = st;

  if (in->buf == NULL) {
    return per_refuse_missing(e);
  }
  return per_put_usual(e, n, in->buf, (size_t)in->size / 2, 16)
             ? 0
             : per_put_string(e, n, in->buf, (size_t)in->size / 2, 16);
}

static int per_encode_bit_string(per_encoder *e, const h46017_node *n,
                                 const void *st) {
  const BIT_STRING_t *in = st;
  int rv;

  if (in->buf == NULL) {
    return per_refuse_missing(e);
  }
  rv = per_put_string(e, n, in->buf,
                      (size_t)in->size * 8 - (size_t)in->bits_unused, 1);
  if (e->mark != NULL && e->mark->octets == in->buf) {
    e->mark->end = e->w.pos / 8;
  }
  return rv;
}

/* Digits take half an octet each: two at a time. False where it is not so
 * simple, or one of them is none; then nothing has happened. */
static bool per_put_digits(per_encoder *e, const h46017_node *n,
                           const uint8_t *in, size_t count) {
  const h46017_alphabet *a = n->alphabet;
  size_t start = e->w.pos;
  unsigned all = 0; /* 0x80 in it: one of them was none */
  uint8_t *out;

  if (n->char_bits != 4 || !n->indexed || a == NULL) {
    return false;
  }
  out = per_put_usual_size(e, n, count, 4);
  if (out == NULL) {
    return false;
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
  if (all >= 0x80) {
    e->w.pos = start;
  }
  return all < 0x80;
}

/* Characters of fewer than eight bits. */
static void per_put_characters(per_encoder *e, const h46017_node *n,
                               const uint8_t *text, size_t count) {
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
      h46017_bits_put(&e->w, bits, waiting);
      waiting = 0;
    }
  }
}

static int per_encode_characters(per_encoder *e, const h46017_node *n,
                                 const void *st) {
  const OCTET_STRING_t *in = st;
  size_t count = (size_t)in->size;
  int rv;

  if (in->buf == NULL) {
    return per_refuse_missing(e);
  }
  if (per_put_digits(e, n, in->buf, count)) {
    return 0;
  }
  if (h46017_per_check_text(n, in->buf, count) < count) {
    return per_refuse(e, H46017_ERR_OUT_OF_RANGE,
                      "a character outside of the permitted alphabet");
  }
  if (n->char_bits == 8) {
    return per_put_usual(e, n, in->buf, count, 8)
               ? 0
               : per_put_string(e, n, in->buf, count, 8);
  }
  rv = per_check_size(e, n, count);
  if (rv != 0) {
    return rv;
  }
  if (!per_put_size(e, n, count)) {
    return per_refuse(e, H46017_ERR_OUT_OF_RANGE, "too long for this type");
  }
  per_put_characters(e, n, in->buf, count);
  return 0;
}

/* -- simple types ----------------------------------------------------- */

static int per_encode_null(per_encoder *e, const h46017_node *n,
                           const void *st) {
  (void)e;
  (void)n;
  (void)st;
  return 0;
}

static int per_encode_boolean(per_encoder *e, const h46017_node *n,
                              const void *st) {
  (void)n;
  h46017_bits_put_few(&e->w, *(const BOOLEAN_t *)st != 0, 1);
  return 0;
}

static int per_out_of_bounds(per_encoder *e) {
  return per_refuse(e, H46017_ERR_OUT_OF_RANGE,
                    "the number is outside of the type's bounds");
}

static int per_encode_integer(per_encoder *e, const h46017_node *n,
                              const void *st) {
  int64_t v = h46017_per_native(n, st);

  if (v < n->lb || v > n->ub) {
    return per_out_of_bounds(e);
  }
  per_put_constrained(e, n->form, n->form_bits, (uint64_t)v - (uint64_t)n->lb);
  return 0;
}

static int per_encode_wide(per_encoder *e, const h46017_node *n,
                           const void *st) {
  const INTEGER_t *in = st;
  static const h46017_node any = {.size_lb = 1,
                                  .size_ub = H46017_SIZE_UNBOUNDED,
                                  .size_form = H46017_NUMBER_FREE};
  int64_t v;

  if (in->buf == NULL || in->size == 0) {
    return per_refuse_missing(e);
  }
  if (n->form <= H46017_NUMBER_VARIABLE) {
    bool inside = h46017_per_to_int64(in->buf, (size_t)in->size, &v) &&
                  v >= n->lb && v <= n->ub;
    if (n->extensible) {
      h46017_bits_put_few(&e->w, !inside, 1);
    } else if (!inside) {
      return per_out_of_bounds(e);
    }
    if (inside) {
      per_put_constrained(e, n->form, n->form_bits,
                          (uint64_t)v - (uint64_t)n->lb);
      return 0;
    }
  }
  return per_put_string(e, &any, in->buf, (size_t)in->size, 8);
}

static int per_encode_enumerated(per_encoder *e, const h46017_node *n,
                                 const void *st) {
  const ENUMERATED_t *in = st;
  const asn_INTEGER_specifics_t *names = n->names;
  const h46017_unknown *u = h46017_enum_unknown(in);
  int64_t v;
  size_t i = 0;

  if (in->buf == NULL) {
    return per_refuse_missing(e);
  }
  if (u != NULL) {
    h46017_bits_put_few(&e->w, 1, 1);
    per_put_small(e, u->index);
    return 0;
  }
  if (!h46017_per_to_int64(in->buf, (size_t)in->size, &v)) {
    return per_out_of_bounds(e);
  }
  while (i < n->nmembers && names->value2enum[i].nat_value != v) {
    i++;
  }
  if (i == n->nmembers) {
    return per_out_of_bounds(e);
  }
  if (n->extensible) {
    h46017_bits_put_few(&e->w, i >= n->nroot, 1);
  }
  if (i >= n->nroot) {
    per_put_small(e, (uint32_t)(i - n->nroot));
  } else {
    per_put_constrained(e, n->form, n->form_bits, i);
  }
  return 0;
}

static int per_encode_oid(per_encoder *e, const h46017_node *n,
                          const void *st) {
  const OBJECT_IDENTIFIER_t *in = st;

  (void)n;
  if (in->buf == NULL) {
    return per_refuse_missing(e);
  }
  if (in->size >= (int)PER_FRAGMENT) {
    return per_refuse(e, H46017_ERR_OUT_OF_RANGE,
                      "an OBJECT IDENTIFIER this long");
  }
  per_put_length(e, (size_t)in->size);
  h46017_bits_put_octets(&e->w, in->buf, (size_t)in->size);
  return 0;
}

/* -- structured types ------------------------------------------------- */

static void per_put_open_octets(per_encoder *e, const uint8_t *octets,
                                size_t len) {
  bool more;

  do {
    size_t part = per_put_part(e, len, &more);
    h46017_bits_put_octets(&e->w, octets, part);
    octets += part;
    len -= part;
  } while (more);
}

/* Octets that the lengths of an open type of `len` octets take. */
static size_t per_lengths_of(size_t len) {
  size_t rest = len % (4 * PER_FRAGMENT);

  return len / (4 * PER_FRAGMENT) + (rest >= PER_FRAGMENT) +
         (rest % PER_FRAGMENT < 128 ? 1 : 2);
}

/* The contents stand in `len` octets behind octet `at` + 1: makes room for a
 * length of more than an octet before them and, where there are fragments,
 * between them. */
PER_APART static void per_close_long(per_encoder *e, size_t at, size_t len) {
  size_t lengths = per_lengths_of(len);
  bool fragmented = len >= PER_FRAGMENT;
  const uint8_t *from;
  bool more;

  if (e->mark != NULL && e->mark->end > at) {
    e->mark->end = fragmented ? 0 : e->mark->end + lengths - 1;
  }
  e->w.pos = (at + lengths + len) * 8;
  if (!h46017_bits_fit(&e->w)) {
    return;
  }
  from = e->w.data + at + lengths;
  memmove(e->w.data + at + lengths, e->w.data + at + 1, len);
  e->w.pos = at * 8;
  do {
    size_t part = per_put_part(e, len, &more);
    if (fragmented) {
      memmove(e->w.data + e->w.pos / 8, from, part);
      from += part;
    }
    e->w.pos += part * 8;
    len -= part;
  } while (more);
}

/* X.691 11.2: whole octets, at least one. */
static inline int per_encode_open(per_encoder *e, const h46017_node *n,
                                  const void *st) {
  size_t at;
  size_t start;
  size_t len;
  int rv;

  if (n->kind == H46017_NODE_BOOLEAN) { /* most additions are */
    h46017_bits_put_number(&e->w, *(const BOOLEAN_t *)st != 0 ? 0x0180 : 0x0100,
                           2);
    return 0;
  }
  h46017_bits_put_align(&e->w);
  at = e->w.pos / 8;
  e->w.pos += 8; /* mostly, the length takes one octet */
  start = e->w.pos;
  rv = per_encode_value(e, n, st);
  if (rv != 0) {
    return rv;
  }
  if (e->w.pos == start) {
    h46017_bits_put_few(&e->w, 0, 8);
  }
  h46017_bits_put_align(&e->w);
  len = (e->w.pos - start) / 8;
  if (len >= 128) {
    per_close_long(e, at, len);
  } else if (h46017_bits_fit(&e->w)) {
    e->w.data[at] = (uint8_t)len;
  }
  return 0;
}

/* The failure was in component `m`. */
PER_SELDOM static int per_within(per_encoder *e, const h46017_member *m,
                                 int rv) {
  h46017_fault_push(e->fault, m->name, m->name_len);
  return rv;
}

static inline unsigned per_is_there(const unsigned char *at) {
  const void *p;

  memcpy(&p, at, sizeof(p));
  return p != NULL;
}

/* The additions known here that are there, a bit each from the highest on. In
 * C they are pointers, side by side (node.c sees to it). */
static inline uint64_t per_additions(const h46017_node *n, const void *st) {
  unsigned known = (unsigned)(n->nmembers - n->nroot);
  unsigned left = known;
  const unsigned char *at;
  uint64_t there = 0;

  if (known == 0) {
    return 0;
  }
  at = h46017_at_const(st, n->members[n->nroot].offset);
  for (; left >= 4; left -= 4, at += 4 * sizeof(void *)) {
    there = there << 4 | per_is_there(at) << 3 |
            per_is_there(at + sizeof(void *)) << 2 |
            per_is_there(at + 2 * sizeof(void *)) << 1 |
            per_is_there(at + 3 * sizeof(void *));
  }
  for (; left > 0; left--, at += sizeof(void *)) {
    there = there << 1 | per_is_there(at);
  }
  return there << (64 - known);
}

/* How long the bitmap must be: as received, if that covers what is there; else
 * all that is known here, and whatever more. 0: there are no additions. */
static size_t per_bitmap_length(const h46017_node *n, const void *st,
                                uint64_t there) {
  const asn_struct_ctx_t *ctx = h46017_node_ctx_const(n, st);
  const h46017_unknown_list *unknown = ctx->ptr;
  size_t known = (size_t)(n->nmembers - n->nroot);
  size_t received = ctx->context > 0 ? (size_t)ctx->context : 0;
  size_t unknowns = unknown != NULL && unknown->count > 0
                        ? unknown->items[unknown->count - 1].index + (size_t)1
                        : 0;

  if (unknowns == 0 && there == 0) {
    return 0;
  }
  if (received >= unknowns && (received >= 64 || there << received == 0)) {
    return received;
  }
  return unknowns > known ? unknowns : known;
}

/* X.691 19.7 and 19.8: how many, and a bit for each. */
static void per_put_bitmap(per_encoder *e, const h46017_node *n, uint64_t there,
                           const h46017_unknown_list *unknown, size_t length) {
  size_t known = (size_t)(n->nmembers - n->nroot);
  size_t count = unknown != NULL ? unknown->count : 0;
  size_t next = 0;

  if (count == 0 && length <= 50) { /* all of it at once */
    h46017_bits_put(&e->w,
                    ((uint64_t)length - 1) << length | there >> (64 - length),
                    7 + (unsigned)length);
    return;
  }
  if (length <= 64) {
    h46017_bits_put_few(&e->w, (unsigned)length - 1, 7);
  } else {
    h46017_bits_put_few(&e->w, 1, 1);
    per_put_length(e, length);
  }
  for (size_t i = 0; i < length; i++) {
    bool set;
    if (i < known) {
      set = (there >> (63 - i) & 1) != 0;
    } else {
      set = next < count && unknown->items[next].index == i;
      next += set;
    }
    h46017_bits_put_few(&e->w, set, 1);
  }
}

/* X.691 19.7 - 19.9. */
PER_APART static int per_encode_additions(per_encoder *e, const h46017_node *n,
                                          const void *st, uint64_t there,
                                          size_t length) {
  const h46017_unknown_list *unknown = h46017_node_ctx_const(n, st)->ptr;
  size_t count = unknown != NULL ? unknown->count : 0;

  per_put_bitmap(e, n, there, unknown, length);
  for (const h46017_member *m = n->members + n->nroot; there != 0;
       m++, there <<= 1) {
    unsigned absent = h46017_bits_leading(there);
    int rv;
    m += absent;
    there <<= absent;
    rv = per_encode_open(e, m->node, h46017_member_get(m, st));
    if (rv != 0) {
      return per_within(e, m, rv);
    }
  }
  for (size_t i = 0; i < count; i++) {
    per_put_open_octets(e, unknown->items[i].octets, unknown->items[i].len);
  }
  return 0;
}

/* A level down; it is gone up again only where all went well. */
static inline bool per_enter(per_encoder *e) {
  if (e->depth == 0) {
    (void)per_refuse(e, H46017_ERR_PER_DEPTH, "nested deeper than the limit");
    return false;
  }
  e->depth--;
  return true;
}

/* The extension bit, and one for each OPTIONAL of the root. */
static inline void per_put_preamble(per_encoder *e, const h46017_node *n,
                                    const void *st, bool extended) {
  unsigned bits = (unsigned)n->noptional + n->extensible;
  uint32_t preamble = extended;
  uint32_t left = n->optional;

  for (const h46017_member *m = n->members; left != 0; m++, left >>= 1) {
    if ((left & 1) != 0) {
      const void *target;
      memcpy(&target, h46017_at_const(st, m->offset), sizeof(target));
      preamble += preamble;
      preamble += target != NULL;
    }
  }
  if (bits > 9) {
    h46017_bits_put(&e->w, preamble, bits);
  } else if (bits > 0) {
    h46017_bits_put_few(&e->w, preamble, bits);
  }
}

static int per_encode_sequence(per_encoder *e, const h46017_node *n,
                               const void *st) {
  const h46017_member *end = n->members + n->nroot;
  uint32_t optional = n->optional;
  uint32_t missing = n->counted & ~(uint32_t)h46017_node_ctx_const(n, st)->left;
  uint64_t there = 0;
  size_t length = 0;
  int rv;

  if (!per_enter(e)) {
    return e->fault->code;
  }
  if (n->extensible) {
    there = per_additions(n, st);
    length = per_bitmap_length(n, st, there);
  }
  per_put_preamble(e, n, st, length > 0);
  for (const h46017_member *m = n->members; m < end; m++) {
    const void *target = h46017_member_get(m, st);
    if (target == NULL ? (optional & 1) == 0 : (missing & 1) != 0) {
      return per_within(e, m, per_refuse_missing(e));
    }
    if (target != NULL) {
      rv = per_encode_value(e, m->node, target);
      if (rv != 0) {
        return per_within(e, m, rv);
      }
    }
    optional >>= 1;
    missing >>= 1;
  }
  if (length > 0) {
    rv = per_encode_additions(e, n, st, there, length);
    if (rv != 0) {
      return rv;
    }
  }
  e->depth++;
  return 0;
}

/* Something not known here, or nothing at all. */
PER_APART static int per_encode_unknown(per_encoder *e, const h46017_node *n,
                                        const void *st) {
  const h46017_unknown *u = h46017_node_ctx_const(n, st)->ptr;

  if (u == NULL || !n->extensible) {
    return per_refuse(e, H46017_ERR_INCOMPLETE, "nothing is chosen here");
  }
  h46017_bits_put_few(&e->w, 1, 1);
  per_put_small(e, u->index);
  per_put_open_octets(e, u->octets, u->len);
  e->depth++;
  return 0;
}

static int per_encode_choice(per_encoder *e, const h46017_node *n,
                             const void *st) {
  unsigned index = (unsigned)h46017_choice_present(n, st) - 1;
  const h46017_member *m;
  const void *target;
  int rv;

  if (!per_enter(e)) {
    return e->fault->code;
  }
  if (index >= n->nmembers) {
    return per_encode_unknown(e, n, st);
  }
  m = &n->members[index];
  target = h46017_member_get(m, st);
  if (target == NULL) {
    return per_refuse_missing(e);
  }
  if (index >= n->nroot) {
    h46017_bits_put_few(&e->w, 1, 1);
    per_put_small(e, index - n->nroot);
    rv = per_encode_open(e, m->node, target);
  } else {
    /* no CHOICE has so many alternatives that the index were no bit field */
    h46017_bits_put_few(&e->w, index, n->extensible + (unsigned)n->form_bits);
    rv = per_encode_value(e, m->node, target);
  }
  if (rv != 0) {
    return per_within(e, m, rv);
  }
  e->depth++;
  return 0;
}

static inline int per_encode_elements(per_encoder *e, const h46017_node *n,
                                      const h46017_list *list, size_t i,
                                      size_t end) {
  const h46017_node *element = n->members[0].node;

  for (; i < end; i++) {
    int rv = per_encode_value(e, element, list->array[i]);
    if (rv != 0) {
      h46017_fault_push_index(e->fault, i);
      return rv;
    }
  }
  return 0;
}

PER_SELDOM static int per_encode_fragmented(per_encoder *e,
                                            const h46017_node *n,
                                            const h46017_list *list) {
  size_t done = 0;
  bool more;
  int rv;

  do {
    size_t part = per_put_part(e, (size_t)list->count - done, &more);
    rv = per_encode_elements(e, n, list, done, done + part);
    done += part;
  } while (rv == 0 && more);
  return rv;
}

static int per_encode_sequence_of(per_encoder *e, const h46017_node *n,
                                  const void *st) {
  const h46017_list *list = st;
  size_t count = (size_t)list->count;
  int rv;

  if (!per_enter(e)) {
    return e->fault->code;
  }
  if (count == 0 && h46017_node_ctx_const(n, st)->left == 0) {
    return per_refuse_missing(e);
  }
  rv = per_check_size(e, n, count);
  if (rv != 0) {
    return rv;
  }
  if (n->size_form == H46017_NUMBER_FREE && count >= PER_FRAGMENT) {
    rv = per_encode_fragmented(e, n, list);
  } else {
    if (n->size_form == H46017_NUMBER_FREE) {
      per_put_length(e, count);
    } else {
      per_put_constrained(e, n->size_form, n->size_bits, count - n->size_lb);
    }
    rv = per_encode_elements(e, n, list, 0, count);
  }
  if (rv == 0) {
    e->depth++;
  }
  return rv;
}

typedef int per_encode_kind(per_encoder *e, const h46017_node *n,
                            const void *st);

static per_encode_kind per_encode_plain;

/* By h46017_node.way. */
static per_encode_kind *const per_encoders[] = {
    [H46017_NODE_NULL] = per_encode_null,
    [H46017_NODE_BOOLEAN] = per_encode_boolean,
    [H46017_NODE_INTEGER] = per_encode_integer,
    [H46017_NODE_WIDE] = per_encode_wide,
    [H46017_NODE_ENUM] = per_encode_enumerated,
    [H46017_NODE_BITS] = per_encode_bit_string,
    [H46017_NODE_OCTETS] = per_encode_octets,
    [H46017_NODE_OID] = per_encode_oid,
    [H46017_NODE_CHARS] = per_encode_characters,
    [H46017_NODE_BMP] = per_encode_bmp,
    [H46017_NODE_SEQUENCE] = per_encode_sequence,
    [H46017_NODE_SEQUENCE_OF] = per_encode_sequence_of,
    [H46017_NODE_CHOICE] = per_encode_choice,
    [H46017_NODE_PLAIN] = per_encode_plain,
};

/* A plain path, or the engine's. */
static int per_encode_plain(per_encoder *e, const h46017_node *n,
                            const void *st) {
  return n->plain->encode(e, st) ? 0 : per_encoders[n->kind](e, n, st);
}

static int per_encode_value(per_encoder *e, const h46017_node *n,
                            const void *st) {
  return per_encoders[n->way](e, n, st);
}

int h46017_per_encode(const h46017_node *node, const void *root, uint8_t *buf,
                      size_t cap, uint32_t depth, h46017_per_mark *mark,
                      size_t *plen, h46017_fault *fault) {
  per_encoder e;
  int rv;

  memset(&e, 0, sizeof(e));
  e.w.data = buf;
  e.w.cap = (cap < H46017_BITS_MAX_OCTETS ? cap : H46017_BITS_MAX_OCTETS) * 8;
  e.fault = fault;
  e.mark = mark;
  e.depth = depth;
  h46017_fault_init(fault);
  rv = per_encode_value(&e, node, root);
  if (rv != 0) {
    return rv;
  }
  if (e.w.pos == 0) { /* X.691 11.1.3 */
    h46017_bits_put_few(&e.w, 0, 8);
  }
  *plen = (e.w.pos + 7) / 8;
  if (*plen > cap) {
    return per_refuse(&e, H46017_ERR_BUFFER_TOO_SMALL,
                      "the buffer is too small");
  }
  return 0;
}
