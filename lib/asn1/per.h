/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef H46017_ASN1_PER_H
#define H46017_ASN1_PER_H

/* The aligned-PER engine: octets to the C structures of asn1c, laid out in an
 * arena, and back (X.691, BASIC-PER ALIGNED; the clause numbers are those of
 * its 2015 edition).
 *
 * What the C structures have no place for goes where asn1c's own, resumable
 * decoders would keep their state, the asn_struct_ctx_t of each structure:
 *
 *   SEQUENCE  context  length of the received extension bitmap, 0: none
 *             ptr      h46017_unknown_list of additions not known here
 *             left     mandatory components of the root that have a value,
 *                      a bit each (h46017_per_given)
 *   CHOICE    ptr      h46017_unknown, where `present` is 0 and something
 *                      not known here is chosen
 *   SEQUENCE OF  left  1: present, though it may be empty
 *
 * An ENUMERATED_t with a value not known here has size 0, and its buf points
 * to an h46017_unknown. */

#include "asn1/bits.h"
#include "asn1/node.h"
#include "base/arena.h"
#include "base/text.h"

#include "h46017-asn1.h"

#include <string.h>

#define H46017_PER_PATH_SIZE 256

/* Off the way of what succeeds: seldom run, or too large to be repeated at
 * every place that calls it. */
#ifdef __GNUC__
#define PER_SELDOM __attribute__((noinline))
#define PER_APART __attribute__((noinline))
#else
#define PER_SELDOM
#define PER_APART
#endif

/* Where coding failed, and why. The path grows from its end to its front as
 * the recursion unwinds. */
typedef struct h46017_fault {
  int code;
  size_t bit;
  const char *text;
  size_t path_begin; /* path + path_begin is the text; `]`-less until then */
  bool path_full;
  char path[H46017_PER_PATH_SIZE];
} h46017_fault;

static inline void h46017_fault_init(h46017_fault *f) {
  f->code = 0;
  f->bit = 0;
  f->text = "";
  f->path_begin = sizeof(f->path) - 1;
  f->path_full = false;
  f->path[sizeof(f->path) - 1] = '\0';
}

static inline const char *h46017_fault_path(const h46017_fault *f) {
  return f->path + f->path_begin;
}

/* Puts a component, or an element's index, before what is there. */
void h46017_fault_push(h46017_fault *f, const char *name, size_t len);
void h46017_fault_push_index(h46017_fault *f, size_t index);

/* An addition, alternative or item behind an extension marker that this
 * version of the schema does not have. */
typedef struct h46017_unknown {
  uint32_t index; /* behind the marker */
  const uint8_t *octets;
  size_t len;
  char name[16]; /* `_ext_N` */
} h46017_unknown;

void h46017_unknown_init(h46017_unknown *u, uint32_t index);

/* Octets of the shortest two's complement, 1 to 8. */
static inline size_t h46017_per_int64_size(int64_t v) {
  uint64_t u = v < 0 ? ~(uint64_t)v : (uint64_t)v;

  return u == 0 ? 1 : (64 - h46017_bits_leading(u)) / 8 + 1;
}

/* The shortest two's complement, big-endian. */
size_t h46017_per_from_int64(int64_t v, uint8_t out[8]);
/* False: it does not fit. An empty INTEGER does not either. */
bool h46017_per_to_int64(const uint8_t *octets, size_t len, int64_t *out);

/* INTEGER in a long or unsigned long; all bounds of such types fit. */
static inline int64_t h46017_per_native(const h46017_node *n, const void *st) {
  if (n->is_unsigned) {
    unsigned long u;
    memcpy(&u, st, sizeof(u));
    return (int64_t)u;
  } else {
    long l;
    memcpy(&l, st, sizeof(l));
    return l;
  }
}

/* Where the first octet is that is no character of the type; `count`: nowhere.
 * Most types take all of ASCII, and most texts are fine. */
static inline size_t h46017_per_check_text(const h46017_node *n,
                                           const uint8_t *text, size_t count) {
  size_t i = 0;

  if (n->alphabet == NULL && h46017_text_is_ascii(text, count)) {
    return count;
  }
  while (i < count && text[i] <= 127 &&
         (n->alphabet == NULL || n->alphabet->to_index[text[i]] >= 0)) {
    i++;
  }
  return i;
}

/* The item not known here that an ENUMERATED holds; NULL: it is a known one,
 * or none. */
static inline const h46017_unknown *h46017_enum_unknown(const ENUMERATED_t *v) {
  return v->buf != NULL && v->size == 0 ? (const void *)v->buf : NULL;
}

typedef struct h46017_unknown_list {
  size_t count;
  h46017_unknown *items; /* by rising index */
} h46017_unknown_list;

typedef struct h46017_per_limits {
  uint32_t depth;
  uint32_t elements;
} h46017_per_limits;

typedef struct h46017_per_decoded {
  void *root;
  size_t consumed;   /* octets */
  uint32_t elements; /* of all lists */
} h46017_per_decoded;

/* `*out` is set on success only. The structures live in the arena, or point
 * into `data`. */
int h46017_per_decode(const h46017_node *node, const uint8_t *data, size_t len,
                      h46017_arena *arena, const h46017_per_limits *limits,
                      h46017_per_decoded *out, h46017_fault *fault);

/* A BIT STRING to be looked for while encoding: the one with these octets (the
 * pointer counts). `end` is the octet of the output behind it; 0 when it is not
 * there, or in fragments. */
typedef struct h46017_per_mark {
  const uint8_t *octets;
  size_t end;
} h46017_per_mark;

/* Octets written, or needed where `cap` was too small for them. `mark` may be
 * NULL. */
int h46017_per_encode(const h46017_node *node, const void *root, uint8_t *buf,
                      size_t cap, uint32_t depth, h46017_per_mark *mark,
                      size_t *plen, h46017_fault *fault);

/* What SEQUENCE OF is in C, whatever its elements. */
typedef A_SEQUENCE_OF(void) h46017_list;

static inline void *h46017_at_offset(void *base, size_t offset) {
  return (unsigned char *)base + offset;
}

static inline const void *h46017_at_const(const void *base, size_t offset) {
  return (const unsigned char *)base + offset;
}

static inline asn_struct_ctx_t *h46017_node_ctx(const h46017_node *n,
                                                void *st) {
  return h46017_at_offset(st, n->ctx_offset);
}

static inline const asn_struct_ctx_t *
h46017_node_ctx_const(const h46017_node *n, const void *st) {
  return h46017_at_const(st, n->ctx_offset);
}

/* The component's structure, NULL where it is a pointer and absent. */
static inline const void *h46017_member_get(const h46017_member *m,
                                            const void *st) {
  const void *at = h46017_at_const(st, m->offset);
  const void *target = at;

  if (m->pointer) {
    memcpy(&target, at, sizeof(target));
  }
  return target;
}

static inline void h46017_member_link(const h46017_member *m, void *st,
                                      void *target) {
  memcpy(h46017_at_offset(st, m->offset), &target, sizeof(target));
}

/* CHOICE: 1 + the number of the alternative, 0 for none. */
static inline int h46017_choice_present(const h46017_node *n, const void *st) {
  int present;

  memcpy(&present, h46017_at_const(st, n->pres_offset), sizeof(present));
  return present;
}

static inline void h46017_choice_select(const h46017_node *n, void *st,
                                        int present) {
  memcpy(h46017_at_offset(st, n->pres_offset), &present, sizeof(present));
}

/* Root component `i` of a SEQUENCE that is neither optional nor a pointer: has
 * it a value? Components past the last bit count as given. */
#define H46017_PER_GIVEN_BITS 31

/* Of a SEQUENCE whose mandatory components all have one. */
#define H46017_PER_ALL_GIVEN                                                   \
  ((ber_tlv_len_t)((1U << H46017_PER_GIVEN_BITS) - 1))

static inline bool h46017_per_given(const h46017_node *n, const void *st,
                                    size_t i) {
  return i >= H46017_PER_GIVEN_BITS ||
         ((size_t)h46017_node_ctx_const(n, st)->left >> i & 1) != 0;
}

static inline void h46017_per_give(const h46017_node *n, void *st, size_t i) {
  if (i < H46017_PER_GIVEN_BITS) {
    asn_struct_ctx_t *ctx = h46017_node_ctx(n, st);
    ctx->left = (ber_tlv_len_t)((size_t)ctx->left | (size_t)1 << i);
  }
}

#endif /* H46017_ASN1_PER_H */
