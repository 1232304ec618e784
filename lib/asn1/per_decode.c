/* SPDX-License-Identifier: BSD-2-Clause */
#include "asn1/per_plain.h"
#include "asn1/per_read.h"

#include <h46017/error.h>

#include <string.h>

/* A list of elements that take no bits costs the sender nothing: NULLs. */
#define PER_MAX_FREE_ELEMENTS 1024

/* X.691 would allow fragments here too; no type has 16384 additions. */
#define PER_MAX_ADDITIONS 16383

static int per_decode_value(per_decoder *d, const h46017_node *n, void *st);

/* -- simple types ----------------------------------------------------- */

static int per_decode_null(per_decoder *d, const h46017_node *n, void *st) {
  (void)d;
  (void)n;
  (void)st;
  return 0;
}

static int per_decode_boolean(per_decoder *d, const h46017_node *n, void *st) {
  bool flag;
  int rv = per_get_flag(d, &flag);

  (void)n;
  if (rv == 0) {
    *(BOOLEAN_t *)st = flag;
  }
  return rv;
}

static int per_decode_integer(per_decoder *d, const h46017_node *n, void *st) {
  uint64_t v;
  size_t start = d->r.pos;
  int rv = per_get_constrained(d, n->form, n->form_bits, &v);

  if (rv != 0) {
    return rv;
  }
  if (v > (uint64_t)(n->ub - n->lb)) {
    d->r.pos = start;
    return per_fail(d, H46017_ERR_PER_CONSTRAINT,
                    "the number is outside of the type's bounds");
  }
  /* modulo 2^64 the addition is right for a negative bound too */
  v += (uint64_t)n->lb;
  if (n->is_unsigned) {
    unsigned long u = (unsigned long)v;
    memcpy(st, &u, sizeof(u));
  } else {
    long l = (long)(int64_t)v;
    memcpy(st, &l, sizeof(l));
  }
  return 0;
}

/* Contents octets of an INTEGER in the arena: two's complement, shortest. */
static int per_store_wide(per_decoder *d, int64_t v, INTEGER_t *out) {
  size_t len = h46017_per_int64_size(v);
  uint8_t *p = per_take(d, len);

  if (p == NULL) {
    return d->fault->code;
  }
  out->buf = p;
  out->size = (int)len;
  for (uint64_t u = (uint64_t)v; len > 0; u >>= 8) {
    p[--len] = (uint8_t)(u & 0xff);
  }
  return 0;
}

static int per_decode_wide_root(per_decoder *d, const h46017_node *n,
                                INTEGER_t *out) {
  uint64_t v;
  size_t start = d->r.pos;
  int rv = per_get_constrained(d, n->form, n->form_bits, &v);

  if (rv != 0) {
    return rv;
  }
  if (v > (uint64_t)(n->ub - n->lb)) {
    d->r.pos = start;
    return per_fail(d, H46017_ERR_PER_CONSTRAINT,
                    "the number is outside of the type's bounds");
  }
  return per_store_wide(d, (int64_t)(v + (uint64_t)n->lb), out);
}

/* INTEGER of any width: the octets as they are. */
static int per_decode_wide(per_decoder *d, const h46017_node *n, void *st) {
  INTEGER_t *out = st;
  static const h46017_node any = {.size_lb = 1,
                                  .size_ub = H46017_SIZE_UNBOUNDED,
                                  .size_form = H46017_NUMBER_FREE};
  per_units octets;
  bool beyond = false;
  int rv;

  if (n->extensible) {
    rv = per_get_flag(d, &beyond);
    if (rv != 0) {
      return rv;
    }
  }
  if (n->form <= H46017_NUMBER_VARIABLE && !beyond) {
    return per_decode_wide_root(d, n, out);
  }
  octets = per_get_string(d, &any, 8);
  if (octets.data == NULL) {
    return d->fault->code;
  }
  out->buf = per_unconst(octets.data);
  out->size = (int)octets.count;
  return 0;
}

static int per_decode_enumerated(per_decoder *d, const h46017_node *n,
                                 void *st) {
  ENUMERATED_t *out = st;
  const asn_INTEGER_specifics_t *names = n->names;
  bool beyond = false;
  uint64_t v = 0;
  uint32_t index;
  int rv = 0;

  if (n->extensible) {
    rv = per_get_flag(d, &beyond);
  }
  if (rv == 0 && !beyond) {
    rv = per_get_constrained(d, n->form, n->form_bits, &v);
    if (rv == 0 && v >= n->nroot) {
      return per_fail(d, H46017_ERR_PER_CONSTRAINT,
                      "there is no item of this number");
    }
  } else if (rv == 0) {
    rv = per_get_small(d, &index);
    v = rv == 0 ? (uint64_t)n->nroot + index : 0;
  }
  if (rv != 0) {
    return rv;
  }
  if (v >= n->nmembers) {
    h46017_unknown *u = per_take(d, sizeof(*u));
    if (u == NULL) {
      return d->fault->code;
    }
    h46017_unknown_init(u, (uint32_t)(v - n->nroot));
    out->buf = (uint8_t *)(void *)u;
    out->size = 0;
    return 0;
  }
  return per_store_wide(d, names->value2enum[v].nat_value, out);
}

static int per_decode_oid(per_decoder *d, const h46017_node *n, void *st) {
  OBJECT_IDENTIFIER_t *out = st;
  int len = per_get_whole_length(d, "an OBJECT IDENTIFIER this long");
  const uint8_t *data;

  (void)n;
  if (len < 0) {
    return len;
  }
  /* X.690 8.19 knows no empty one, GnuGk does: its empty-Facility keep-alive
   * has it for protocolIdentifier. */
  data = per_get_units(d, (size_t)len, 8);
  if (data == NULL) {
    return d->fault->code;
  }
  if (len > 0 && (data[len - 1] & 0x80) != 0) {
    d->r.pos -= 8;
    return per_fail(d, H46017_ERR_PER_CONSTRAINT,
                    "an OBJECT IDENTIFIER that ends within an arc");
  }
  out->buf = per_unconst(data);
  out->size = len;
  return 0;
}

/* -- structured types ------------------------------------------------- */

/* A complete encoding in octets of its own, a fragment of `first` ahead. */
PER_SELDOM static int per_decode_moved(per_decoder *d, const h46017_node *n,
                                       void *st, size_t start, size_t first) {
  h46017_bitreader outer;
  size_t outer_fixed = d->fixed_bit;
  per_units octets = h46017_per_get_fragments(d, first, 8);
  int rv;

  if (octets.data == NULL) {
    return d->fault->code;
  }
  if (d->fixed_bit == SIZE_MAX) {
    d->fixed_bit = start;
  }
  outer = d->r;
  d->r = h46017_bits_reader(octets.data, octets.count);
  rv = per_decode_value(d, n, st);
  d->r = outer;
  d->fixed_bit = outer_fixed;
  return rv;
}

/* X.691 11.2: a complete encoding in a hole of its own length. One that ends
 * before the hole does is taken as a sender of a later version would mean it:
 * the rest is skipped. */
static inline int per_decode_open(per_decoder *d, const h46017_node *n,
                                  void *st) {
  size_t start = d->r.pos;
  size_t outer = d->r.end;
  size_t end;
  int len = per_get_length(d);
  int rv;

  if (len < 0) {
    return len;
  }
  if (len >= PER_MORE) {
    return per_decode_moved(d, n, st, start, (size_t)(len - PER_MORE));
  }
  if ((size_t)len * 8 > h46017_bits_left(&d->r)) {
    return per_truncated(d);
  }
  end = d->r.pos + (size_t)len * 8;
  if (n->kind == H46017_NODE_BOOLEAN && len > 0) { /* most additions are */
    *(BOOLEAN_t *)st = d->r.data[d->r.pos / 8] >> 7;
    d->r.pos = end;
    return 0;
  }
  d->r.end = end;
  rv = per_decode_value(d, n, st);
  d->r.pos = end;
  d->r.end = outer;
  return rv;
}

/* The octets of an open type, put together where they come in fragments. */
static int per_get_unknown(per_decoder *d, uint32_t index,
                           h46017_unknown *out) {
  int len = per_get_length(d);
  per_units octets = {NULL, 0};

  h46017_unknown_init(out, index);
  if (len < 0) {
    return len;
  }
  if (len >= PER_MORE) {
    octets = h46017_per_get_fragments(d, (size_t)(len - PER_MORE), 8);
  } else {
    octets.data = per_get_units(d, (size_t)len, 8);
    octets.count = (size_t)len;
  }
  if (octets.data == NULL) {
    return d->fault->code;
  }
  out->octets = octets.data;
  out->len = octets.count;
  return 0;
}

/* The failure was in component `m`. */
PER_SELDOM static int per_within(per_decoder *d, const h46017_member *m,
                                 int rv) {
  h46017_fault_push(d->fault, m->name, m->name_len);
  return rv;
}

/* Where component `m` of `st` goes: a structure of its own where the C member
 * is a pointer. */
static inline void *per_target(per_decoder *d, const h46017_member *m,
                               void *st) {
  void *target;

  if (!m->pointer) {
    return h46017_at_offset(st, m->offset);
  }
  target = per_new(d, m->node);
  if (target != NULL) {
    h46017_member_link(m, st, target);
  }
  return target;
}

static inline int per_decode_member(per_decoder *d, const h46017_member *m,
                                    void *st) {
  void *target = per_target(d, m, st);
  int rv =
      target != NULL ? per_decode_value(d, m->node, target) : d->fault->code;

  return rv != 0 ? per_within(d, m, rv) : 0;
}

/* Behind the extension marker: in an open type. */
static inline int per_decode_addition(per_decoder *d, const h46017_member *m,
                                      void *st) {
  void *target = per_target(d, m, st);
  int rv =
      target != NULL ? per_decode_open(d, m->node, target) : d->fault->code;

  return rv != 0 ? per_within(d, m, rv) : 0;
}

/* The additions of a bitmap that are behind those known here. */
PER_APART static int per_decode_unknown(per_decoder *d, size_t bitmap,
                                        size_t from, size_t to,
                                        asn_struct_ctx_t *ctx) {
  h46017_unknown_list *list;
  size_t count = 0;

  for (size_t i = from; i < to; i++) {
    count += h46017_bits_at(&d->r, bitmap + i);
  }
  if (count == 0) {
    return 0;
  }
  if (count > h46017_bits_left(&d->r) / 8) { /* each has a length at least */
    return per_truncated(d);
  }
  list = per_take(d, sizeof(*list));
  if (list == NULL) {
    return d->fault->code;
  }
  list->count = 0;
  list->items = per_take(d, count * sizeof(*list->items));
  if (list->items == NULL) {
    return d->fault->code;
  }
  ctx->ptr = list;
  for (size_t i = from; i < to; i++) {
    if (h46017_bits_at(&d->r, bitmap + i)) {
      h46017_unknown *u = &list->items[list->count];
      int rv = per_get_unknown(d, (uint32_t)i, u);
      if (rv != 0) {
        h46017_fault_push(d->fault, u->name, strlen(u->name));
        return rv;
      }
      list->count++;
    }
  }
  return 0;
}

/* The first `n` bits of a bitmap, at most 64, from the highest on. */
static inline uint64_t per_bitmap_word(const per_decoder *d, size_t bitmap,
                                       size_t n) {
  uint64_t word = 0;

  if (n > 0 && n <= 57 && bitmap < d->r.wide) {
    return h46017_bits_word(&d->r, bitmap) & UINT64_MAX << (64 - n);
  }
  for (size_t i = 0; i < n; i++) {
    word |= (uint64_t)h46017_bits_at(&d->r, bitmap + i) << (63 - i);
  }
  return word;
}

/* X.691 19.7 and 19.8: how long the bitmap is; negative: an error code. */
static inline int per_get_bitmap_length(per_decoder *d) {
  int length;

  if (h46017_bits_left(&d->r) >= 7) {
    uint32_t v = h46017_bits_get(&d->r, 7);
    if (v < 64) {
      return (int)v + 1;
    }
    d->r.pos -= 6;
  } else if (h46017_bits_left(&d->r) == 0 ||
             !h46017_bits_at(&d->r, d->r.pos++)) {
    return per_truncated(d);
  }
  length = per_get_whole_length(d, "this many extension additions");
  return length == 0 || length > PER_MAX_ADDITIONS
             ? per_fail(d, H46017_ERR_PER_LENGTH, "an empty extension bitmap")
             : length;
}

/* X.691 19.7 - 19.9. */
PER_APART static int per_decode_additions(per_decoder *d, const h46017_node *n,
                                          void *st) {
  asn_struct_ctx_t *ctx = h46017_node_ctx(n, st);
  size_t known = (size_t)(n->nmembers - n->nroot);
  int length = per_get_bitmap_length(d);
  size_t bitmap = d->r.pos;
  uint64_t there;
  int rv;

  if (length < 0) {
    return length;
  }
  if ((size_t)length > h46017_bits_left(&d->r)) {
    return per_truncated(d);
  }
  d->r.pos += (size_t)length;
  ctx->context = length;
  there = per_bitmap_word(d, bitmap,
                          (size_t)length < known ? (size_t)length : known);
  for (const h46017_member *m = n->members + n->nroot; there != 0;
       m++, there <<= 1) {
    unsigned absent = h46017_bits_leading(there);
    m += absent;
    there <<= absent;
    rv = per_decode_addition(d, m, st);
    if (rv != 0) {
      return rv;
    }
  }
  return (size_t)length > known
             ? per_decode_unknown(d, bitmap, known, (size_t)length, ctx)
             : 0;
}

/* A level down; it is gone up again only where all went well. */
static inline bool per_enter(per_decoder *d) {
  if (d->depth == 0) {
    (void)per_fail(d, H46017_ERR_PER_DEPTH, "nested deeper than the limit");
    return false;
  }
  d->depth--;
  return true;
}

static int per_decode_sequence(per_decoder *d, const h46017_node *n, void *st) {
  unsigned bits = (unsigned)n->noptional + n->extensible;
  const h46017_member *m = n->members;
  const h46017_member *end = m + n->nroot;
  uint32_t preamble = 0; /* the next bit is the highest */
  bool extended = false;
  int rv;

  if (!per_enter(d)) {
    return d->fault->code;
  }
  if (bits > h46017_bits_left(&d->r)) {
    return per_truncated(d);
  }
  if (bits > 0) {
    preamble = h46017_bits_get(&d->r, bits) << (32 - bits);
  }
  if (n->extensible) {
    extended = preamble >> 31 != 0;
    preamble <<= 1;
  }
  h46017_node_ctx(n, st)->left = H46017_PER_ALL_GIVEN;
  for (; m < end; m++) {
    if (m->optional) {
      bool there = preamble >> 31 != 0;
      preamble <<= 1;
      if (!there) {
        continue;
      }
    }
    rv = per_decode_member(d, m, st);
    if (rv != 0) {
      return rv;
    }
  }
  if (extended) {
    rv = per_decode_additions(d, n, st);
    if (rv != 0) {
      return rv;
    }
  }
  d->depth++;
  return 0;
}

/* An alternative behind the extension marker, or an index that is cut off. */
PER_APART static int per_decode_beyond(per_decoder *d, const h46017_node *n,
                                       void *st) {
  bool beyond = false;
  uint64_t v;
  uint32_t index = 0;
  h46017_unknown *u;
  int rv = n->extensible ? per_get_flag(d, &beyond) : 0;

  if (rv != 0) {
    return rv;
  }
  if (!beyond) {
    return per_get_bits(d, n->form_bits, &v); /* it is not all there */
  }
  rv = per_get_small(d, &index);
  if (rv != 0) {
    return rv;
  }
  if (index < (uint32_t)(n->nmembers - n->nroot)) {
    h46017_choice_select(n, st, n->nroot + (int)index + 1);
    return per_decode_addition(d, &n->members[n->nroot + index], st);
  }
  u = per_take(d, sizeof(*u));
  if (u == NULL) {
    return d->fault->code;
  }
  rv = per_get_unknown(d, index, u);
  if (rv != 0) {
    h46017_fault_push(d->fault, u->name, strlen(u->name));
    return rv;
  }
  h46017_node_ctx(n, st)->ptr = u;
  return 0;
}

static int per_decode_choice(per_decoder *d, const h46017_node *n, void *st) {
  /* no CHOICE has so many alternatives that the index were no bit field */
  unsigned bits = (unsigned)n->form_bits + n->extensible;
  size_t start = d->r.pos;
  uint32_t v = 0;
  int rv;

  if (!per_enter(d)) {
    return d->fault->code;
  }
  if (bits <= h46017_bits_left(&d->r)) {
    v = bits > 0 ? h46017_bits_get(&d->r, bits) : 0;
  }
  if (d->r.pos - start != bits || (n->extensible && v >> n->form_bits != 0)) {
    d->r.pos = start;
    rv = per_decode_beyond(d, n, st);
  } else if (v >= n->nroot) {
    rv = per_fail(d, H46017_ERR_PER_CONSTRAINT,
                  "there is no alternative of this number");
  } else {
    h46017_choice_select(n, st, (int)v + 1);
    rv = per_decode_member(d, &n->members[v], st);
  }
  if (rv == 0) {
    d->depth++;
  }
  return rv;
}

/* So many elements: why not? 0: there is no reason. */
PER_SELDOM static int per_refuse_elements(per_decoder *d, size_t count,
                                          uint64_t least) {
  if (least == 0 && count > PER_MAX_FREE_ELEMENTS) {
    return per_fail(d, H46017_ERR_PER_BUDGET,
                    "too many elements that take no octets");
  }
  if (count * least > h46017_bits_left(&d->r)) {
    return per_truncated(d);
  }
  return count > d->elements ? per_fail(d, H46017_ERR_PER_BUDGET,
                                        "more elements than the limit allows")
                             : 0;
}

/* `count` elements, `old` of them there already: pointers and structures in
 * one piece, the structures side by side. */
static inline int per_decode_elements(per_decoder *d, const h46017_node *n,
                                      h46017_list *list, size_t old,
                                      size_t count) {
  const h46017_node *element = n->members[0].node;
  uint64_t least = element->min_bits;
  size_t size = element->struct_size;
  size_t pointers = ((old + count) * sizeof(void *) + H46017_ARENA_ALIGN - 1) &
                    ~(H46017_ARENA_ALIGN - 1);
  void **array;
  unsigned char *st;

  if (least == 0 || count * least > h46017_bits_left(&d->r) ||
      count > d->elements) {
    int rv = per_refuse_elements(d, count, least);
    if (rv != 0) {
      return rv;
    }
  }
  d->elements -= (uint32_t)count;
  array = per_take(d, pointers + count * size);
  if (array == NULL) {
    return d->fault->code;
  }
  if (old > 0) {
    memcpy(array, list->array, old * sizeof(void *));
  }
  st = (unsigned char *)array + pointers;
  list->array = array;
  list->count = list->size = (int)(old + count);
  for (size_t i = old; i < old + count; i++) {
    int rv;
    array[i] = st;
    rv = per_decode_value(d, element, st);
    if (rv != 0) {
      h46017_fault_push_index(d->fault, i);
      return rv;
    }
    st += size;
  }
  return 0;
}

/* In fragments, the first one of so many elements. */
PER_SELDOM static int per_decode_fragmented(per_decoder *d,
                                            const h46017_node *n,
                                            h46017_list *list, int count) {
  int rv;

  for (;;) {
    size_t part = (size_t)(count & ~PER_MORE);
    rv = part > 0 ? per_decode_elements(d, n, list, (size_t)list->count, part)
                  : 0;
    if (rv != 0 || count < PER_MORE) {
      return rv;
    }
    count = per_get_length(d);
    if (count < 0) {
      return count;
    }
    rv = count < PER_MORE
             ? per_check_size(d, n, (size_t)list->count + (size_t)count)
             : 0;
    if (rv < 0) {
      return rv;
    }
  }
}

static int per_decode_sequence_of(per_decoder *d, const h46017_node *n,
                                  void *st) {
  int count;
  int rv = 0;

  if (!per_enter(d)) {
    return d->fault->code;
  }
  count = per_get_size(d, n);
  if (count < 0) {
    return count;
  }
  h46017_node_ctx(n, st)->left = 1;
  if (count >= PER_MORE) {
    rv = per_decode_fragmented(d, n, st, count);
  } else if (count > 0) {
    rv = per_decode_elements(d, n, st, 0, (size_t)count);
  }
  if (rv == 0) {
    d->depth++;
  }
  return rv;
}

typedef int per_decode_kind(per_decoder *d, const h46017_node *n, void *st);

static per_decode_kind per_decode_plain;

/* By h46017_node.way. */
static per_decode_kind *const per_decoders[] = {
    [H46017_NODE_NULL] = per_decode_null,
    [H46017_NODE_BOOLEAN] = per_decode_boolean,
    [H46017_NODE_INTEGER] = per_decode_integer,
    [H46017_NODE_WIDE] = per_decode_wide,
    [H46017_NODE_ENUM] = per_decode_enumerated,
    [H46017_NODE_BITS] = h46017_per_decode_bit_string,
    [H46017_NODE_OCTETS] = h46017_per_decode_octets,
    [H46017_NODE_OID] = per_decode_oid,
    [H46017_NODE_CHARS] = h46017_per_decode_characters,
    [H46017_NODE_BMP] = h46017_per_decode_bmp,
    [H46017_NODE_SEQUENCE] = per_decode_sequence,
    [H46017_NODE_SEQUENCE_OF] = per_decode_sequence_of,
    [H46017_NODE_CHOICE] = per_decode_choice,
    [H46017_NODE_PLAIN] = per_decode_plain,
};

static int per_decode_plain(per_decoder *d, const h46017_node *n, void *st) {
  return n->plain->decode(d, n, st);
}

int h46017_per_decode_kind(per_decoder *d, const h46017_node *n, void *st) {
  return per_decoders[n->kind](d, n, st);
}

static int per_decode_value(per_decoder *d, const h46017_node *n, void *st) {
  return per_decoders[n->way](d, n, st);
}

int h46017_per_decode(const h46017_node *node, const uint8_t *data, size_t len,
                      h46017_arena *arena, const h46017_per_limits *limits,
                      h46017_per_decoded *out, h46017_fault *fault) {
  per_decoder d;
  void *root;
  int rv;

  d.r = h46017_bits_reader(data, len);
  d.arena = arena;
  d.fault = fault;
  d.fixed_bit = SIZE_MAX;
  d.depth = limits->depth;
  d.elements = limits->elements;
  h46017_fault_init(fault);
  if (len > INT_MAX || len > H46017_BITS_MAX_OCTETS) {
    return per_fail(&d, H46017_ERR_TOO_LARGE, "no PDU is this large");
  }
  if (len == 0) { /* X.691 11.1.3: the shortest encoding is one octet */
    return per_truncated(&d);
  }
  root = per_new(&d, node);
  if (root == NULL) {
    return fault->code;
  }
  rv = per_decode_value(&d, node, root);
  if (rv != 0) {
    return rv;
  }
  out->root = root;
  out->consumed = d.r.pos == 0 ? 1 : (d.r.pos + 7) / 8;
  out->elements = limits->elements - d.elements;
  return 0;
}
