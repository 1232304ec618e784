/* SPDX-License-Identifier: BSD-2-Clause */
#include "asn1/per_plain.h"
#include "asn1/per_write.h"

#include <h46017/error.h>

#include <string.h>

/* What encodes takes the position to write at, and returns the one behind what
 * it wrote, or PER_FAILED. */
static size_t per_encode_value(per_encoder *e, const h46017_node *n,
                               const void *st, size_t pos);

/* -- simple types ----------------------------------------------------- */

static size_t per_encode_null(per_encoder *e, const h46017_node *n,
                              const void *st, size_t pos) {
  (void)e;
  (void)n;
  (void)st;
  return pos;
}

static size_t per_encode_boolean(per_encoder *e, const h46017_node *n,
                                 const void *st, size_t pos) {
  (void)n;
  return h46017_bits_put_few(&e->room, pos, *(const BOOLEAN_t *)st != 0, 1);
}

static size_t per_out_of_bounds(per_encoder *e, size_t pos) {
  return per_refuse(e, pos, H46017_ERR_OUT_OF_RANGE,
                    "the number is outside of the type's bounds");
}

static size_t per_encode_integer(per_encoder *e, const h46017_node *n,
                                 const void *st, size_t pos) {
  int64_t v = h46017_per_native(n, st);

  return v >= n->lb && v <= n->ub
             ? per_put_constrained(e, pos, n->form, n->form_bits,
                                   (uint64_t)v - (uint64_t)n->lb)
             : per_out_of_bounds(e, pos);
}

static size_t per_encode_wide(per_encoder *e, const h46017_node *n,
                              const void *st, size_t pos) {
  const INTEGER_t *in = st;
  static const h46017_node any = {.size_lb = 1,
                                  .size_ub = H46017_SIZE_UNBOUNDED,
                                  .size_form = H46017_NUMBER_FREE};
  int64_t v;

  if (in->buf == NULL || in->size == 0) {
    return per_refuse_missing(e, pos);
  }
  if (n->form <= H46017_NUMBER_VARIABLE) {
    bool inside = h46017_per_to_int64(in->buf, (size_t)in->size, &v) &&
                  v >= n->lb && v <= n->ub;
    if (n->extensible) {
      pos = h46017_bits_put_few(&e->room, pos, !inside, 1);
    } else if (!inside) {
      return per_out_of_bounds(e, pos);
    }
    if (inside) {
      return per_put_constrained(e, pos, n->form, n->form_bits,
                                 (uint64_t)v - (uint64_t)n->lb);
    }
  }
  return h46017_per_put_string(e, pos, &any, in->buf, (size_t)in->size, 8);
}

/* X.691 11.6. */
static size_t per_put_small(const per_encoder *e, size_t pos, uint32_t v) {
  unsigned octets = per_octets_of(v);

  if (v < 64) {
    return h46017_bits_put_few(&e->room, pos, v, 7);
  }
  pos = h46017_bits_put_few(&e->room, pos, 1, 1);
  pos = h46017_bits_put_number(&e->room, pos, octets, 1);
  return h46017_bits_put_number(&e->room, pos, v, octets);
}

static size_t per_encode_enumerated(per_encoder *e, const h46017_node *n,
                                    const void *st, size_t pos) {
  const ENUMERATED_t *in = st;
  const asn_INTEGER_specifics_t *names = n->names;
  const h46017_unknown *u = h46017_enum_unknown(in);
  int64_t v;
  size_t i = 0;

  if (in->buf == NULL) {
    return per_refuse_missing(e, pos);
  }
  if (u != NULL) {
    pos = h46017_bits_put_few(&e->room, pos, 1, 1);
    return per_put_small(e, pos, u->index);
  }
  if (!h46017_per_to_int64(in->buf, (size_t)in->size, &v)) {
    return per_out_of_bounds(e, pos);
  }
  while (i < n->nmembers && names->value2enum[i].nat_value != v) {
    i++;
  }
  if (i == n->nmembers) {
    return per_out_of_bounds(e, pos);
  }
  if (n->extensible) {
    pos = h46017_bits_put_few(&e->room, pos, i >= n->nroot, 1);
  }
  return i >= n->nroot ? per_put_small(e, pos, (uint32_t)(i - n->nroot))
                       : per_put_constrained(e, pos, n->form, n->form_bits, i);
}

static size_t per_encode_oid(per_encoder *e, const h46017_node *n,
                             const void *st, size_t pos) {
  const OBJECT_IDENTIFIER_t *in = st;

  (void)n;
  if (in->buf == NULL) {
    return per_refuse_missing(e, pos);
  }
  if (in->size >= (int)PER_FRAGMENT) {
    return per_refuse(e, pos, H46017_ERR_OUT_OF_RANGE,
                      "an OBJECT IDENTIFIER this long");
  }
  pos = per_put_length(e, pos, (size_t)in->size);
  return h46017_bits_put_octets(&e->room, pos, in->buf, (size_t)in->size);
}

/* -- structured types ------------------------------------------------- */

/* Octets that the lengths of an open type of `len` octets take. */
static size_t per_lengths_of(size_t len) {
  size_t rest = len % (4 * PER_FRAGMENT);

  return len / (4 * PER_FRAGMENT) + (rest >= PER_FRAGMENT) +
         (rest % PER_FRAGMENT < 128 ? 1 : 2);
}

/* The contents stand in `len` octets behind octet `at` + 1: makes room for a
 * length of more than an octet before them and, where there are fragments,
 * between them. Returns the position behind all. */
PER_APART static size_t per_close_long(const per_encoder *e, size_t at,
                                       size_t len) {
  size_t lengths = per_lengths_of(len);
  bool fragmented = len >= PER_FRAGMENT;
  size_t end = (at + lengths + len) * 8;
  size_t pos = at * 8;
  size_t part;
  const uint8_t *from;
  bool more;

  if (e->mark != NULL && e->mark->end > at) {
    e->mark->end = fragmented ? 0 : e->mark->end + lengths - 1;
  }
  if (end > e->room.cap) {
    return end;
  }
  from = e->room.data + at + lengths;
  memmove(e->room.data + at + lengths, e->room.data + at + 1, len);
  do {
    pos = per_put_part(e, pos, len, &part, &more);
    if (fragmented) {
      memmove(e->room.data + pos / 8, from, part);
      from += part;
    }
    pos += part * 8;
    len -= part;
  } while (more);
  return end;
}

/* X.691 11.2: whole octets, at least one. */
static inline size_t per_encode_open(per_encoder *e, const h46017_node *n,
                                     const void *st, size_t pos) {
  size_t start = h46017_bits_align_up(pos) + 8; /* mostly, the length is 1 */
  size_t len;

  if (n->kind == H46017_NODE_BOOLEAN) { /* most additions are */
    return h46017_bits_put_number(
        &e->room, pos, *(const BOOLEAN_t *)st != 0 ? 0x0180 : 0x0100, 2);
  }
  pos = per_encode_value(e, n, st, start);
  if (pos == PER_FAILED) {
    return pos;
  }
  if (pos == start) {
    pos = h46017_bits_put_few(&e->room, pos, 0, 8);
  }
  pos = h46017_bits_align_up(pos);
  len = (pos - start) / 8;
  if (len >= 128) {
    return per_close_long(e, start / 8 - 1, len);
  }
  if (pos <= e->room.cap) {
    e->room.data[start / 8 - 1] = (uint8_t)len;
  }
  return pos;
}

/* The failure was in component `m`. */
PER_SELDOM static size_t per_within(const per_encoder *e,
                                    const h46017_member *m) {
  h46017_fault_push(e->fault, m->name, m->name_len);
  return PER_FAILED;
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
    there = there * 2 + per_is_there(at);
    there = there * 2 + per_is_there(at + sizeof(void *));
    there = there * 2 + per_is_there(at + 2 * sizeof(void *));
    there = there * 2 + per_is_there(at + 3 * sizeof(void *));
  }
  for (; left > 0; left--, at += sizeof(void *)) {
    there = there * 2 + per_is_there(at);
  }
  return there << (64 - known);
}

/* Has a SEQUENCE additions, known here or not? */
static inline bool per_is_extended(const h46017_node *n, const void *st,
                                   uint64_t there) {
  const h46017_unknown_list *unknown = h46017_node_ctx_const(n, st)->ptr;

  return there != 0 || (unknown != NULL && unknown->count > 0);
}

/* How long the bitmap of one that has some must be: as received, if that covers
 * what is there; else all that is known here, and whatever more. */
static size_t per_bitmap_length(const h46017_node *n, const void *st,
                                uint64_t there) {
  const asn_struct_ctx_t *ctx = h46017_node_ctx_const(n, st);
  const h46017_unknown_list *unknown = ctx->ptr;
  size_t known = (size_t)(n->nmembers - n->nroot);
  size_t received = ctx->context > 0 ? (size_t)ctx->context : 0;
  size_t unknowns = unknown != NULL && unknown->count > 0
                        ? unknown->items[unknown->count - 1].index + (size_t)1
                        : 0;

  if (received >= unknowns && (received >= 64 || there << received == 0)) {
    return received;
  }
  return unknowns > known ? unknowns : known;
}

/* X.691 19.7 and 19.8: how many, and a bit for each. */
static inline size_t per_put_bitmap(const per_encoder *e, size_t pos,
                                    const h46017_node *n, uint64_t there,
                                    const h46017_unknown_list *unknown,
                                    size_t length) {
  size_t known = (size_t)(n->nmembers - n->nroot);
  size_t count = unknown != NULL ? unknown->count : 0;
  size_t next = 0;

  if (count == 0 && length <= 50) { /* all of it at once */
    return h46017_bits_put(&e->room, pos,
                           ((uint64_t)length - 1) << length |
                               there >> (64 - length),
                           7 + (unsigned)length);
  }
  if (length <= 64) {
    pos = h46017_bits_put_few(&e->room, pos, (unsigned)length - 1, 7);
  } else {
    pos = h46017_bits_put_few(&e->room, pos, 1, 1);
    pos = per_put_length(e, pos, length);
  }
  for (size_t i = 0; i < length; i++) {
    bool set;
    if (i < known) {
      set = (there >> (63 - i) & 1) != 0;
    } else {
      set = next < count && unknown->items[next].index == i;
      next += set;
    }
    pos = h46017_bits_put_few(&e->room, pos, set, 1);
  }
  return pos;
}

/* X.691 19.7 - 19.9. */
PER_APART static size_t per_encode_additions(per_encoder *e,
                                             const h46017_node *n,
                                             const void *st, size_t pos,
                                             uint64_t there) {
  const h46017_unknown_list *unknown = h46017_node_ctx_const(n, st)->ptr;
  size_t count = unknown != NULL ? unknown->count : 0;

  pos = per_put_bitmap(e, pos, n, there, unknown,
                       per_bitmap_length(n, st, there));
  for (const h46017_member *m = n->members + n->nroot; there != 0;
       m++, there <<= 1) {
    unsigned absent = h46017_bits_leading(there);
    m += absent;
    there <<= absent;
    pos = per_encode_open(e, m->node, h46017_member_get(m, st), pos);
    if (pos == PER_FAILED) {
      return per_within(e, m);
    }
  }
  for (size_t i = 0; i < count; i++) {
    pos = h46017_per_put_parts(e, pos, unknown->items[i].octets,
                               unknown->items[i].len, 8);
  }
  return pos;
}

/* A level down; it is gone up again only where all went well. */
static inline bool per_enter(per_encoder *e, size_t pos) {
  if (e->depth == 0) {
    (void)per_refuse(e, pos, H46017_ERR_PER_DEPTH,
                     "nested deeper than the limit");
    return false;
  }
  e->depth--;
  return true;
}

/* The extension bit, and one for each OPTIONAL of the root. */
static inline size_t per_put_preamble(const per_encoder *e, size_t pos,
                                      const h46017_node *n, const void *st,
                                      bool extended) {
  unsigned bits = (unsigned)n->noptional + n->extensible;
  uint32_t preamble = extended;
  uint32_t left = n->optional;

  for (const h46017_member *m = n->members; left != 0; m++, left >>= 1) {
    if ((left & 1) != 0) {
      preamble = preamble << 1 | per_is_there(h46017_at_const(st, m->offset));
    }
  }
  if (bits > 9) {
    return h46017_bits_put(&e->room, pos, preamble, bits);
  }
  return bits > 0 ? h46017_bits_put_few(&e->room, pos, preamble, bits) : pos;
}

static size_t per_encode_sequence(per_encoder *e, const h46017_node *n,
                                  const void *st, size_t pos) {
  const h46017_member *end = n->members + n->nroot;
  uint32_t given = (uint32_t)h46017_node_ctx_const(n, st)->left;
  /* of each component, from the lowest bit on: it may be absent; and in the
   * upper half: it is not a pointer, but has no value */
  uint64_t told = (uint64_t)(n->counted & ~given) << 32 | n->optional;
  uint64_t there = 0;

  if (!per_enter(e, pos)) {
    return PER_FAILED;
  }
  if (n->extensible) {
    there = per_additions(n, st);
  }
  pos = per_put_preamble(e, pos, n, st,
                         n->extensible && per_is_extended(n, st, there));
  for (const h46017_member *m = n->members; m < end; m++, told >>= 1) {
    const void *target = h46017_member_get(m, st);
    if (target == NULL ? (told & 1) == 0 : (told >> 32 & 1) != 0) {
      (void)per_refuse_missing(e, pos);
      return per_within(e, m);
    }
    if (target != NULL) {
      pos = per_encode_value(e, m->node, target, pos);
      if (pos == PER_FAILED) {
        return per_within(e, m);
      }
    }
  }
  if (n->extensible && per_is_extended(n, st, there)) {
    pos = per_encode_additions(e, n, st, pos, there);
    if (pos == PER_FAILED) {
      return pos;
    }
  }
  e->depth++;
  return pos;
}

/* Something not known here, or nothing at all. */
PER_APART static size_t per_encode_unknown(per_encoder *e, const h46017_node *n,
                                           const void *st, size_t pos) {
  const h46017_unknown *u = h46017_node_ctx_const(n, st)->ptr;

  if (u == NULL || !n->extensible) {
    return per_refuse(e, pos, H46017_ERR_INCOMPLETE, "nothing is chosen here");
  }
  e->depth++;
  pos = h46017_bits_put_few(&e->room, pos, 1, 1);
  pos = per_put_small(e, pos, u->index);
  return h46017_per_put_parts(e, pos, u->octets, u->len, 8);
}

static size_t per_encode_choice(per_encoder *e, const h46017_node *n,
                                const void *st, size_t pos) {
  unsigned index = (unsigned)h46017_choice_present(n, st) - 1;
  const h46017_member *m;
  const void *target;

  if (!per_enter(e, pos)) {
    return PER_FAILED;
  }
  if (index >= n->nmembers) {
    return per_encode_unknown(e, n, st, pos);
  }
  m = &n->members[index];
  target = h46017_member_get(m, st);
  if (target == NULL) {
    return per_refuse_missing(e, pos);
  }
  if (index >= n->nroot) {
    pos = h46017_bits_put_few(&e->room, pos, 1, 1);
    pos = per_put_small(e, pos, index - n->nroot);
    pos = per_encode_open(e, m->node, target, pos);
  } else {
    /* no CHOICE has so many alternatives that the index were no bit field */
    unsigned bits = n->extensible + (unsigned)n->form_bits;
    pos = bits > 0 ? h46017_bits_put_few(&e->room, pos, index, bits) : pos;
    pos = per_encode_value(e, m->node, target, pos);
  }
  if (pos == PER_FAILED) {
    return per_within(e, m);
  }
  e->depth++;
  return pos;
}

static inline size_t per_encode_elements(per_encoder *e, const h46017_node *n,
                                         const h46017_list *list, size_t pos,
                                         size_t i, size_t end) {
  const h46017_node *element = n->members[0].node;

  for (; i < end; i++) {
    pos = per_encode_value(e, element, list->array[i], pos);
    if (pos == PER_FAILED) {
      h46017_fault_push_index(e->fault, i);
      return pos;
    }
  }
  return pos;
}

PER_SELDOM static size_t per_encode_fragmented(per_encoder *e,
                                               const h46017_node *n,
                                               const h46017_list *list,
                                               size_t pos) {
  size_t done = 0;
  size_t part;
  bool more;

  do {
    pos = per_put_part(e, pos, (size_t)list->count - done, &part, &more);
    pos = per_encode_elements(e, n, list, pos, done, done + part);
    done += part;
  } while (pos != PER_FAILED && more);
  return pos;
}

static size_t per_encode_sequence_of(per_encoder *e, const h46017_node *n,
                                     const void *st, size_t pos) {
  const h46017_list *list = st;
  size_t count = (size_t)list->count;

  if (!per_enter(e, pos)) {
    return PER_FAILED;
  }
  if (count == 0 && h46017_node_ctx_const(n, st)->left == 0) {
    return per_refuse_missing(e, pos);
  }
  if (!per_is_size(n, count)) {
    return per_refuse_size(e, pos);
  }
  if (per_is_fragmented(n, count)) {
    pos = per_encode_fragmented(e, n, list, pos);
  } else {
    pos = per_put_count(e, pos, n, count);
    pos = per_encode_elements(e, n, list, pos, 0, count);
  }
  if (pos != PER_FAILED) {
    e->depth++;
  }
  return pos;
}

typedef size_t per_encode_kind(per_encoder *e, const h46017_node *n,
                               const void *st, size_t pos);

static per_encode_kind per_encode_plain;

/* By h46017_node.way. */
static per_encode_kind *const per_encoders[] = {
    [H46017_NODE_NULL] = per_encode_null,
    [H46017_NODE_BOOLEAN] = per_encode_boolean,
    [H46017_NODE_INTEGER] = per_encode_integer,
    [H46017_NODE_WIDE] = per_encode_wide,
    [H46017_NODE_ENUM] = per_encode_enumerated,
    [H46017_NODE_BITS] = h46017_per_encode_bit_string,
    [H46017_NODE_OCTETS] = h46017_per_encode_octets,
    [H46017_NODE_OID] = per_encode_oid,
    [H46017_NODE_CHARS] = h46017_per_encode_characters,
    [H46017_NODE_BMP] = h46017_per_encode_bmp,
    [H46017_NODE_SEQUENCE] = per_encode_sequence,
    [H46017_NODE_SEQUENCE_OF] = per_encode_sequence_of,
    [H46017_NODE_CHOICE] = per_encode_choice,
    [H46017_NODE_PLAIN] = per_encode_plain,
};

static size_t per_encode_plain(per_encoder *e, const h46017_node *n,
                               const void *st, size_t pos) {
  return n->plain->encode(e, n, st, pos);
}

size_t h46017_per_encode_kind(per_encoder *e, const h46017_node *n,
                              const void *st, size_t pos) {
  return per_encoders[n->kind](e, n, st, pos);
}

static size_t per_encode_value(per_encoder *e, const h46017_node *n,
                               const void *st, size_t pos) {
  return per_encoders[n->way](e, n, st, pos);
}

int h46017_per_encode(const h46017_node *node, const void *root, uint8_t *buf,
                      size_t cap, uint32_t depth, h46017_per_mark *mark,
                      size_t *plen, h46017_fault *fault) {
  per_encoder e;
  size_t pos;

  e.room.data = buf;
  e.room.cap =
      (cap < H46017_BITS_MAX_OCTETS ? cap : H46017_BITS_MAX_OCTETS) * 8;
  e.fault = fault;
  e.mark = mark;
  e.depth = depth;
  h46017_fault_init(fault);
  pos = per_encode_value(&e, node, root, 0);
  if (pos == PER_FAILED) {
    return fault->code;
  }
  if (pos == 0) { /* X.691 11.1.3 */
    pos = h46017_bits_put_few(&e.room, pos, 0, 8);
  }
  *plen = (pos + 7) / 8;
  if (*plen > cap) {
    (void)per_refuse(&e, pos, H46017_ERR_BUFFER_TOO_SMALL,
                     "the buffer is too small");
    return fault->code;
  }
  return 0;
}
