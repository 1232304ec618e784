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
  uint8_t octets[8];
  size_t len = h46017_per_from_int64(v, octets);
  uint8_t *p = per_take(d, len);

  if (p == NULL) {
    return d->fault->code;
  }
  memcpy(p, octets, len);
  out->buf = p;
  out->size = (int)len;
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
  const uint8_t *data;
  size_t len;
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
  rv = per_get_string(d, &any, 8, &data, &len);
  if (rv == 0) {
    out->buf = per_unconst(data);
    out->size = (int)len;
  }
  return rv;
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
  size_t len;
  int rv = per_get_whole_length(d, &len, "an OBJECT IDENTIFIER this long");
  const uint8_t *data;

  (void)n;
  if (rv != 0) {
    return rv;
  }
  /* X.690 8.19 knows no empty one, GnuGk does: its empty-Facility keep-alive
   * has it for protocolIdentifier. */
  rv = per_get_units(d, len, 8, &data);
  if (rv != 0) {
    return rv;
  }
  if (len > 0 && (data[len - 1] & 0x80) != 0) {
    d->r.pos -= 8;
    return per_fail(d, H46017_ERR_PER_CONSTRAINT,
                    "an OBJECT IDENTIFIER that ends within an arc");
  }
  out->buf = per_unconst(data);
  out->size = (int)len;
  return 0;
}

/* -- structured types ------------------------------------------------- */

/* The octets of an open type, put together where they come in fragments. */
static int per_get_open(per_decoder *d, const uint8_t **pdata, size_t *plen,
                        bool *pmoved) {
  size_t len;
  bool more;
  int rv = per_get_length(d, &len, &more);

  *pmoved = more;
  if (rv != 0) {
    return rv;
  }
  if (more) {
    return h46017_per_get_fragments(d, len, 8, pdata, plen);
  }
  *plen = len;
  return per_get_units(d, len, 8, pdata);
}

/* A complete encoding in octets of its own. */
PER_APART static int per_decode_moved(per_decoder *d, const h46017_node *n,
                                      void *st, size_t start, size_t first) {
  h46017_bitreader outer;
  size_t outer_fixed = d->fixed_bit;
  const uint8_t *data;
  size_t len;
  int rv = h46017_per_get_fragments(d, first, 8, &data, &len);

  if (rv != 0) {
    return rv;
  }
  if (d->fixed_bit == SIZE_MAX) {
    d->fixed_bit = start;
  }
  outer = d->r;
  d->r = (h46017_bitreader){data, 0, len * 8};
  rv = per_decode_value(d, n, st);
  d->r = outer;
  d->fixed_bit = outer_fixed;
  return rv;
}

/* X.691 11.2: a complete encoding in a hole of its own length. One that ends
 * before the hole does is taken as a sender of a later version would mean it:
 * the rest is skipped. */
PER_APART static int per_decode_open(per_decoder *d, const h46017_node *n,
                                     void *st) {
  size_t start = d->r.pos;
  size_t end = d->r.end;
  size_t len;
  bool more;
  int rv = per_get_length(d, &len, &more);

  if (rv != 0) {
    return rv;
  }
  if (more) {
    return per_decode_moved(d, n, st, start, len);
  }
  if (len * 8 > h46017_bits_left(&d->r)) {
    return per_truncated(d);
  }
  if (n->kind == H46017_NODE_BOOLEAN && len > 0) { /* most additions are */
    *(BOOLEAN_t *)st = h46017_bits_at(&d->r, d->r.pos);
    d->r.pos += len * 8;
    return 0;
  }
  d->r.end = d->r.pos + len * 8;
  rv = per_decode_value(d, n, st);
  d->r.pos = d->r.end;
  d->r.end = end;
  return rv;
}

static int per_get_unknown(per_decoder *d, uint32_t index,
                           h46017_unknown *out) {
  bool moved;

  h46017_unknown_init(out, index);
  return per_get_open(d, &out->octets, &out->len, &moved);
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
  target = per_take(d, m->node->struct_size);
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
static uint64_t per_bitmap_word(const per_decoder *d, size_t bitmap, size_t n) {
  h46017_bitreader r = d->r;
  uint64_t word = 0;
  size_t rest = n > 32 ? n - 32 : 0;

  r.pos = bitmap;
  if (n > rest) {
    word = (uint64_t)h46017_bits_get(&r, (unsigned)(n - rest))
           << (64 - n + rest);
  }
  if (rest > 0) {
    word |= (uint64_t)h46017_bits_get(&r, (unsigned)rest) << (32 - rest);
  }
  return word;
}

/* X.691 19.7 - 19.9. */
PER_APART static int per_decode_additions(per_decoder *d, const h46017_node *n,
                                          void *st) {
  asn_struct_ctx_t *ctx = h46017_node_ctx(n, st);
  size_t known = (size_t)(n->nmembers - n->nroot);
  bool large;
  uint64_t v;
  size_t length;
  size_t bitmap;
  uint64_t there;
  int rv = per_get_flag(d, &large);

  if (rv != 0) {
    return rv;
  }
  if (!large) {
    rv = per_get_bits(d, 6, &v);
    length = rv == 0 ? (size_t)v + 1 : 0;
  } else {
    rv = per_get_whole_length(d, &length, "this many extension additions");
  }
  if (rv != 0) {
    return rv;
  }
  if (length == 0 || length > PER_MAX_ADDITIONS) {
    return per_fail(d, H46017_ERR_PER_LENGTH, "an empty extension bitmap");
  }
  if (length > h46017_bits_left(&d->r)) {
    return per_truncated(d);
  }
  bitmap = d->r.pos;
  d->r.pos += length;
  ctx->context = (int)length;
  there = per_bitmap_word(d, bitmap, length < known ? length : known);
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
  return length > known ? per_decode_unknown(d, bitmap, known, length, ctx) : 0;
}

PER_APART static int per_decode_sequence(per_decoder *d, const h46017_node *n,
                                         void *st) {
  unsigned bits = (unsigned)n->noptional + n->extensible;
  const h46017_member *end = n->members + n->nroot;
  uint32_t preamble = 0; /* the next bit is the highest */
  bool extended = false;

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
  for (const h46017_member *m = n->members; m < end; m++) {
    int rv;
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
  return extended ? per_decode_additions(d, n, st) : 0;
}

PER_APART static int per_decode_choice(per_decoder *d, const h46017_node *n,
                                       void *st) {
  bool beyond = false;
  uint64_t v;
  uint32_t index = 0;
  h46017_unknown *u;
  int rv = 0;

  if (n->extensible) {
    rv = per_get_flag(d, &beyond);
  }
  if (rv == 0 && !beyond) {
    rv = per_get_constrained(d, n->form, n->form_bits, &v);
    if (rv != 0) {
      return rv;
    }
    if (v >= n->nroot) {
      return per_fail(d, H46017_ERR_PER_CONSTRAINT,
                      "there is no alternative of this number");
    }
    h46017_choice_select(n, st, (int)v + 1);
    return per_decode_member(d, &n->members[v], st);
  }
  rv = rv != 0 ? rv : per_get_small(d, &index);
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

/* `count` more elements behind those that are there; false: no memory. The
 * structures lie side by side. */
static bool per_extend_list(per_decoder *d, const h46017_node *element,
                            h46017_list *list, size_t count) {
  size_t old = (size_t)list->count;
  size_t size = element->struct_size;
  size_t pointers = ((old + count) * sizeof(void *) + H46017_ARENA_ALIGN - 1) &
                    ~(H46017_ARENA_ALIGN - 1);
  void **array;
  unsigned char *first;

  /* pointers and structures in one piece */
  array = per_take(d, pointers + count * size);
  if (array == NULL) {
    return false;
  }
  first = (unsigned char *)array + pointers;
  if (old > 0) {
    memcpy(array, list->array, old * sizeof(void *));
  }
  for (size_t i = 0; i < count; i++) {
    array[old + i] = first + i * size;
  }
  list->array = array;
  list->size = (int)(old + count);
  return true;
}

static int per_decode_elements(per_decoder *d, const h46017_node *n,
                               h46017_list *list, size_t count) {
  const h46017_node *element = n->members[0].node;
  uint64_t least = element->min_bits;

  if (count == 0) {
    return 0;
  }
  if (least == 0 ? count > PER_MAX_FREE_ELEMENTS
                 : count * least > h46017_bits_left(&d->r)) {
    return least == 0 ? per_fail(d, H46017_ERR_PER_BUDGET,
                                 "too many elements that take no octets")
                      : per_truncated(d);
  }
  if (count > d->elements) {
    return per_fail(d, H46017_ERR_PER_BUDGET,
                    "more elements than the limit allows");
  }
  d->elements -= (uint32_t)count;
  if (!per_extend_list(d, element, list, count)) {
    return d->fault->code;
  }
  for (size_t i = 0; i < count; i++) {
    int rv = per_decode_value(d, element, list->array[list->count]);
    if (rv != 0) {
      h46017_fault_push_index(d->fault, (size_t)list->count);
      return rv;
    }
    list->count++;
  }
  return 0;
}

PER_APART static int per_decode_sequence_of(per_decoder *d,
                                            const h46017_node *n, void *st) {
  h46017_list *list = st;
  size_t count;
  bool more;
  int rv = per_get_size(d, n, &count, &more);

  h46017_node_ctx(n, st)->left = 1;
  while (rv == 0) {
    bool last = !more;
    rv = per_decode_elements(d, n, list, count);
    if (rv != 0 || last) {
      return rv;
    }
    rv = per_get_length(d, &count, &more);
    if (rv == 0 && !more) {
      rv = per_check_size(d, n, (size_t)list->count + count);
    }
  }
  return rv;
}

/* A plain path, or the engine's, a level deeper. */
static int per_decode_structure(per_decoder *d, const h46017_node *n,
                                void *st) {
  int rv;

  if (n->plain != NULL && n->plain->decode(d, st)) {
    return 0;
  }
  if (d->depth == 0) {
    return per_fail(d, H46017_ERR_PER_DEPTH, "nested deeper than the limit");
  }
  d->depth--;
  if (n->kind == H46017_NODE_SEQUENCE) {
    rv = per_decode_sequence(d, n, st);
  } else if (n->kind == H46017_NODE_CHOICE) {
    rv = per_decode_choice(d, n, st);
  } else {
    rv = per_decode_sequence_of(d, n, st);
  }
  d->depth++;
  return rv;
}

typedef int per_decode_kind(per_decoder *d, const h46017_node *n, void *st);

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
    [H46017_NODE_SEQUENCE] = per_decode_structure,
    [H46017_NODE_SEQUENCE_OF] = per_decode_structure,
    [H46017_NODE_CHOICE] = per_decode_structure,
};

static int per_decode_value(per_decoder *d, const h46017_node *n, void *st) {
  return per_decoders[n->kind](d, n, st);
}

int h46017_per_decode(const h46017_node *node, const uint8_t *data, size_t len,
                      h46017_arena *arena, const h46017_per_limits *limits,
                      void **proot, size_t *pconsumed, uint32_t *pelements,
                      h46017_fault *fault) {
  per_decoder d;
  void *root;
  int rv;

  memset(&d, 0, sizeof(d));
  d.r.data = data;
  d.r.end = len * 8;
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
  root = per_take(&d, node->struct_size);
  if (root == NULL) {
    return fault->code;
  }
  rv = per_decode_value(&d, node, root);
  if (rv != 0) {
    return rv;
  }
  *proot = root;
  *pconsumed = d.r.pos == 0 ? 1 : (d.r.pos + 7) / 8;
  *pelements = limits->elements - d.elements;
  return 0;
}
