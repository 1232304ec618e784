/* SPDX-License-Identifier: BSD-2-Clause */
#include "asn1/node.h"

#include "asn1/per_plain.h"

#include <stdatomic.h>
#include <string.h>

/* What h225.asn1 needs, and some room. Too little is found by the first test
 * that decodes anything. */
#define NODE_MAX 608
#define MEMBER_MAX 1856
#define KEY_MAX 720
#define TYPE_MAX 256
#define ALPHABET_MAX 8

/* Which node a descriptor became under which constraints. */
typedef struct node_key {
  const asn_TYPE_descriptor_t *td;
  const asn_per_constraints_t *pc;
  const h46017_node *node;
} node_key;

static h46017_node node_store[NODE_MAX];
static h46017_member member_store[MEMBER_MAX];
static h46017_alphabet alphabet_store[ALPHABET_MAX];
static struct h46017_h225_type type_store[TYPE_MAX];
static h46017_node_table table_store;

/* Only while building. */
static node_key key_store[KEY_MAX];
static size_t node_count;
static size_t member_count;
static size_t alphabet_count;
static size_t key_count;

const h46017_node h46017_node_unknown = {.kind = H46017_NODE_UNKNOWN};

static unsigned node_bits_of(uint64_t range_less_one) {
  unsigned bits = 0;

  while (range_less_one > 0) {
    bits++;
    range_less_one >>= 1;
  }
  return bits;
}

/* X.691 11.5.7: how a number in a range of this size travels. */
static h46017_number_form node_number_form(uint64_t range_less_one,
                                           uint8_t *pbits) {
  if (range_less_one == 0) {
    *pbits = 0;
    return H46017_NUMBER_NONE;
  }
  if (range_less_one < 255) {
    *pbits = (uint8_t)node_bits_of(range_less_one);
    return H46017_NUMBER_BITS;
  }
  if (range_less_one == 255) {
    *pbits = 8;
    return H46017_NUMBER_OCTET;
  }
  if (range_less_one <= 65535) {
    *pbits = 16;
    return H46017_NUMBER_TWO;
  }
  /* the count of octets is itself a number from 1 to the most needed */
  *pbits = (uint8_t)node_bits_of((node_bits_of(range_less_one) + 7) / 8 - 1);
  return H46017_NUMBER_VARIABLE;
}

/* asn1c keeps bounds in a long: where that has 32 bits, 4294967295 reads -1. */
static int64_t node_upper_bound(const asn_per_constraint_t *c) {
  return c->upper_bound < c->lower_bound ? (int64_t)(uint32_t)c->upper_bound
                                         : (int64_t)c->upper_bound;
}

static void node_set_value_bounds(h46017_node *n,
                                  const asn_per_constraint_t *c) {
  n->form = H46017_NUMBER_FREE;
  if (c == NULL) {
    return;
  }
  n->extensible = (c->flags & APC_EXTENSIBLE) != 0;
  if ((c->flags & APC_CONSTRAINED) != 0) {
    n->lb = c->lower_bound;
    n->ub = node_upper_bound(c);
    n->form =
        (uint8_t)node_number_form((uint64_t)(n->ub - n->lb), &n->form_bits);
  } else if ((c->flags & APC_SEMI_CONSTRAINED) != 0) {
    n->lb = c->lower_bound;
    n->ub = INT64_MAX;
    n->form = H46017_NUMBER_SEMI;
  }
}

/* False: a size with an extension marker, for which there is no rule here as
 * no type of H.225.0 has one. */
static bool node_set_size_bounds(h46017_node *n,
                                 const asn_per_constraint_t *c) {
  n->size_lb = 0;
  n->size_ub = H46017_SIZE_UNBOUNDED;
  n->size_form = H46017_NUMBER_FREE;
  if (c == NULL || c->flags == APC_UNCONSTRAINED) {
    return true;
  }
  if ((c->flags & APC_EXTENSIBLE) != 0 || c->lower_bound < 0) {
    return false;
  }
  n->size_lb = (uint32_t)c->lower_bound;
  if ((c->flags & APC_CONSTRAINED) != 0) {
    n->size_ub = (uint32_t)node_upper_bound(c);
    if (n->size_ub < 65536) { /* X.691 11.9.4.1: above, as if unbounded */
      n->size_form =
          (uint8_t)node_number_form(n->size_ub - n->size_lb, &n->size_bits);
    }
  }
  return true;
}

static bool alphabet_equal(const h46017_alphabet *a, const h46017_alphabet *b) {
  return a->count == b->count && memcmp(a->to_char, b->to_char, a->count) == 0;
}

/* Adds the characters for which `permits` says so, in the order of codes. */
static const h46017_alphabet *node_add_alphabet(const bool *permits) {
  h46017_alphabet a;

  memset(&a, 0, sizeof(a));
  for (unsigned c = 0; c < 128; c++) {
    a.to_index[c] = -1;
    if (permits[c]) {
      a.to_index[c] = (int8_t)a.count;
      a.to_char[a.count++] = (uint8_t)c;
    }
  }
  for (size_t i = 0; i < alphabet_count; i++) {
    if (alphabet_equal(&alphabet_store[i], &a)) {
      return &alphabet_store[i];
    }
  }
  if (alphabet_count == ALPHABET_MAX) {
    return NULL;
  }
  alphabet_store[alphabet_count] = a;
  return &alphabet_store[alphabet_count++];
}

/* X.691 30.5.2: characters take a power of two bits, and travel as what they
 * are where that many bits hold the largest. */
static bool node_set_alphabet(h46017_node *n, const bool *permits) {
  unsigned bits = 1;
  unsigned largest;

  n->alphabet = node_add_alphabet(permits);
  if (n->alphabet == NULL || n->alphabet->count < 2) {
    return false;
  }
  while ((1U << bits) < n->alphabet->count) {
    bits *= 2;
  }
  largest = n->alphabet->to_char[n->alphabet->count - 1];
  n->char_bits = (uint8_t)bits;
  n->indexed = largest >= 1U << bits;
  if (n->alphabet->count == 128) {
    n->alphabet = NULL;
  }
  return true;
}

static bool node_set_characters(h46017_node *n, bool printable,
                                const asn_per_constraints_t *pc) {
  bool permits[128];

  memset(permits, 0, sizeof(permits));
  if (printable) {
    /* The skeleton's own constraint says 4 bits a character, which is wrong:
     * the 74 characters of X.680 41.4 need 8. */
    static const char rest[] = " '()+,-./:=?";
    for (unsigned c = '0'; c < 128; c++) {
      permits[c] = (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') ||
                   (c >= 'a' && c <= 'z');
    }
    for (size_t i = 0; i < sizeof(rest) - 1; i++) {
      permits[(unsigned char)rest[i]] = true;
    }
  } else if (pc == NULL || pc->value.flags == APC_UNCONSTRAINED) {
    memset(permits, true, sizeof(permits));
  } else {
    for (long c = pc->value.lower_bound; c <= pc->value.upper_bound; c++) {
      if (c < 0 || c > 127) {
        return false;
      }
      permits[c] =
          pc->value2code == NULL || pc->value2code((unsigned int)c) >= 0;
    }
  }
  return node_set_alphabet(n, permits);
}

static const h46017_node *node_compile(asn_TYPE_descriptor_t *td,
                                       const asn_per_constraints_t *pc);

static bool node_add_member(asn_TYPE_member_t *elm, h46017_member *m) {
  const asn_per_constraints_t *pc = elm->per_constraints;

  if (elm->default_value != NULL || /* H.225.0 has none */
      strlen(elm->name) > UINT8_MAX) {
    return false;
  }
  m->name = elm->name;
  m->name_len = (uint8_t)strlen(elm->name);
  m->offset = (uint32_t)elm->memb_offset;
  m->pointer = (elm->flags & ATF_POINTER) != 0;
  m->optional = elm->optional != 0;
  m->node = node_compile(elm->type, pc);
  return m->node != NULL;
}

static bool node_compile_members(h46017_node *n, asn_TYPE_descriptor_t *td) {
  h46017_member *members = &member_store[member_count];
  size_t count = (size_t)td->elements_count;

  if (count > MEMBER_MAX - member_count) {
    return false;
  }
  member_count += count;
  n->members = members;
  n->nmembers = (uint16_t)count;
  for (size_t i = 0; i < count; i++) {
    if (!node_add_member(&td->elements[i], &members[i])) {
      return false;
    }
  }
  return true;
}

static uint16_t node_saturate(uint64_t bits) {
  return (uint16_t)(bits > UINT16_MAX ? UINT16_MAX : bits);
}

static bool node_compile_sequence(h46017_node *n, asn_TYPE_descriptor_t *td) {
  const asn_SEQUENCE_specifics_t *spec = td->specifics;
  uint64_t bits = 0;

  n->kind = H46017_NODE_SEQUENCE;
  n->struct_size = (uint32_t)spec->struct_size;
  n->ctx_offset = (uint32_t)spec->ctx_offset;
  n->extensible = spec->ext_before >= 0;
  n->nroot = (uint16_t)td->elements_count;
  if (n->extensible) {
    if (spec->ext_before <= td->elements_count) {
      return false; /* a second root behind the additions: not in H.225.0 */
    }
    n->nroot = (uint16_t)(spec->ext_after + 1);
    bits++;
  }
  if (n->nroot > 32 || !node_compile_members(n, td)) {
    return false; /* the engine takes what is told of each as a word */
  }
  for (size_t i = 0; i < n->nmembers; i++) {
    const h46017_member *m = &n->members[i];
    if (i >= n->nroot) {
      if (!m->pointer || /* could not be absent */
          m->offset !=
              n->members[n->nroot].offset + (i - n->nroot) * sizeof(void *)) {
        return false; /* the encoder looks at all of them in a row */
      }
    } else if (m->optional) {
      if (!m->pointer) {
        return false;
      }
      n->noptional++;
      n->optional |= (uint32_t)1 << i;
    } else {
      if (!m->pointer && m->node->kind < H46017_NODE_SEQUENCE &&
          i < H46017_PER_GIVEN_BITS) {
        n->counted |= (uint32_t)1 << i;
      }
      bits += m->node->min_bits;
    }
  }
  n->min_bits = node_saturate(bits + n->noptional);
  /* so are the preamble, and the additions known */
  return n->noptional + n->extensible <= 32 && n->nmembers - n->nroot <= 64;
}

static bool node_compile_sequence_of(h46017_node *n, asn_TYPE_descriptor_t *td,
                                     const asn_per_constraints_t *pc) {
  const asn_SET_OF_specifics_t *spec = td->specifics;

  n->kind = H46017_NODE_SEQUENCE_OF;
  n->struct_size = (uint32_t)spec->struct_size;
  n->ctx_offset = (uint32_t)spec->ctx_offset;
  return node_set_size_bounds(n, pc != NULL ? &pc->size : NULL) &&
         node_compile_members(n, td) && n->nmembers == 1;
}

static bool node_compile_choice(h46017_node *n, asn_TYPE_descriptor_t *td,
                                const asn_per_constraints_t *pc) {
  const asn_CHOICE_specifics_t *spec = td->specifics;
  uint16_t least = UINT16_MAX;

  n->kind = H46017_NODE_CHOICE;
  n->struct_size = (uint32_t)spec->struct_size;
  n->ctx_offset = (uint32_t)spec->ctx_offset;
  n->pres_offset = (uint32_t)spec->pres_offset;
  n->pres_size = (uint8_t)spec->pres_size;
  if (pc == NULL || (pc->value.flags & APC_CONSTRAINED) == 0 ||
      spec->canonical_order != NULL || n->pres_size != sizeof(int)) {
    return false; /* automatic tags keep the order of the text */
  }
  n->extensible = (pc->value.flags & APC_EXTENSIBLE) != 0;
  n->nroot = (uint16_t)(pc->value.upper_bound + 1);
  n->form = (uint8_t)node_number_form(n->nroot - 1U, &n->form_bits);
  if (n->form > H46017_NUMBER_BITS || !node_compile_members(n, td) ||
      n->nroot > n->nmembers) {
    return false; /* the engine takes the index as a field of bits */
  }
  for (size_t i = 0; i < n->nroot; i++) {
    if (n->members[i].node->min_bits < least) {
      least = n->members[i].node->min_bits;
    }
  }
  if (n->extensible) {
    least = 0; /* an addition; at least as long, but do not rely on it */
  }
  n->min_bits = node_saturate((uint64_t)n->extensible + n->form_bits + least);
  return true;
}

static bool node_compile_enumerated(h46017_node *n,
                                    const asn_TYPE_descriptor_t *td) {
  const asn_INTEGER_specifics_t *spec = td->specifics;

  if (td->uper_decoder != ENUMERATED_decode_uper || spec == NULL) {
    return false; /* asn1c -fwide-types makes no native ones */
  }
  n->kind = H46017_NODE_ENUM;
  n->struct_size = sizeof(ENUMERATED_t);
  n->names = spec;
  n->nmembers = (uint16_t)spec->map_count;
  n->extensible = spec->extension != 0;
  n->nroot = n->extensible ? (uint16_t)(spec->extension - 1) : n->nmembers;
  n->form = (uint8_t)node_number_form(n->nroot - 1U, &n->form_bits);
  n->min_bits = n->form_bits;
  return n->nroot > 0;
}

static bool node_compile_integer(h46017_node *n,
                                 const asn_TYPE_descriptor_t *td,
                                 const asn_per_constraints_t *pc) {
  const asn_INTEGER_specifics_t *spec = td->specifics;

  node_set_value_bounds(n, pc != NULL ? &pc->value : NULL);
  n->min_bits = n->form_bits;
  if (td->uper_decoder == NativeInteger_decode_uper) {
    n->kind = H46017_NODE_INTEGER;
    n->struct_size = sizeof(long);
    n->is_unsigned = spec != NULL && spec->field_unsigned != 0;
    /* what the C member cannot hold must be INTEGER_t */
    return !n->extensible && n->form <= H46017_NUMBER_VARIABLE;
  }
  n->kind = H46017_NODE_WIDE;
  n->struct_size = sizeof(INTEGER_t);
  return true;
}

/* The universal tag of a type: the first one, as asn1c's character strings say
 * behind it that they are stored as OCTET STRINGs. 0: none. */
static unsigned node_universal_tag(const asn_TYPE_descriptor_t *td) {
  for (int i = 0; i < td->all_tags_count; i++) {
    if (BER_TAG_CLASS(td->all_tags[i]) == ASN_TAG_CLASS_UNIVERSAL) {
      return (unsigned)BER_TAG_VALUE(td->all_tags[i]);
    }
  }
  return 0;
}

/* X.691 16.9 - 16.11, 17.5 - 17.8, 30.5.6 - 30.5.7: do the contents of a
 * string of units of so many bits start on an octet? */
static bool node_string_aligned(const h46017_node *n, unsigned unit) {
  uint64_t most = (uint64_t)n->size_ub * unit;

  if (n->size_form == H46017_NUMBER_NONE) {
    return most > 16;
  }
  return n->char_bits == 0 || most >= 16;
}

/* Everything that is neither SEQUENCE (OF) nor CHOICE, by its universal tag. */
static bool node_compile_simple(h46017_node *n, const asn_TYPE_descriptor_t *td,
                                const asn_per_constraints_t *pc) {
  unsigned tag = node_universal_tag(td);
  unsigned unit = 8; /* bits */
  bool sized = true;

  switch (tag) {
  case 1:
    n->kind = H46017_NODE_BOOLEAN;
    n->struct_size = sizeof(BOOLEAN_t);
    n->min_bits = 1;
    return true;
  case 2:
    return node_compile_integer(n, td, pc);
  case 3:
    n->kind = H46017_NODE_BITS;
    n->struct_size = sizeof(BIT_STRING_t);
    unit = 1;
    break;
  case 4:
    n->kind = H46017_NODE_OCTETS;
    n->struct_size = sizeof(OCTET_STRING_t);
    break;
  case 5:
    n->kind = H46017_NODE_NULL;
    n->struct_size = sizeof(NULL_t);
    return true;
  case 6:
    n->kind = H46017_NODE_OID;
    n->struct_size = sizeof(OBJECT_IDENTIFIER_t);
    n->min_bits = 8;
    return true;
  case 10:
    return node_compile_enumerated(n, td);
  case 19:
  case 22:
    n->kind = H46017_NODE_CHARS;
    n->struct_size = sizeof(OCTET_STRING_t);
    sized = node_set_characters(n, tag == 19, pc);
    unit = n->char_bits;
    break;
  case 30:
    n->kind = H46017_NODE_BMP;
    n->struct_size = sizeof(OCTET_STRING_t);
    n->char_bits = 16;
    unit = 16;
    break;
  default:
    return false;
  }
  sized = sized && node_set_size_bounds(n, pc != NULL ? &pc->size : NULL);
  n->aligned = node_string_aligned(n, unit);
  n->min_bits = n->size_form == H46017_NUMBER_FREE ? 8 : n->size_bits;
  return sized;
}

static bool node_equal(const h46017_node *a, const h46017_node *b) {
  return a->kind == b->kind && a->form == b->form && a->lb == b->lb &&
         a->ub == b->ub && a->extensible == b->extensible &&
         a->is_unsigned == b->is_unsigned && a->size_lb == b->size_lb &&
         a->size_ub == b->size_ub && a->alphabet == b->alphabet &&
         a->indexed == b->indexed && a->char_bits == b->char_bits &&
         a->names == b->names;
}

static uint32_t node_room(const h46017_node *n) {
  return (n->struct_size + (uint32_t)H46017_ARENA_ALIGN - 1) &
         ~((uint32_t)H46017_ARENA_ALIGN - 1);
}

/* Simple types that are alike share a node: three hundred NULLs are one. */
static h46017_node *node_add_simple(const h46017_node *n) {
  for (size_t i = 0; i < node_count; i++) {
    if (node_store[i].kind < H46017_NODE_SEQUENCE &&
        node_equal(&node_store[i], n)) {
      return &node_store[i];
    }
  }
  if (node_count == NODE_MAX) {
    return NULL;
  }
  node_store[node_count] = *n;
  return &node_store[node_count++];
}

static node_key *node_add_key(const asn_TYPE_descriptor_t *td,
                              const asn_per_constraints_t *pc,
                              const h46017_node *n) {
  node_key *key;

  if (key_count == KEY_MAX) {
    return NULL;
  }
  key = &key_store[key_count++];
  key->td = td;
  key->pc = pc;
  key->node = n;
  return key;
}

static const h46017_node *node_compile(asn_TYPE_descriptor_t *td,
                                       const asn_per_constraints_t *pc) {
  h46017_node *n;
  bool ok;

  /* The descriptor of an alias is filled in at its first use, by any of its
   * functions: this one does nothing else with a NULL. */
  td->free_struct(td, NULL, 1);
  if (pc == NULL) {
    pc = td->per_constraints;
  }
  for (size_t i = 0; i < key_count; i++) {
    if (key_store[i].td == td && key_store[i].pc == pc) {
      return key_store[i].node;
    }
  }
  if (td->free_struct != SEQUENCE_free && td->free_struct != SET_OF_free &&
      td->free_struct != CHOICE_free) {
    h46017_node simple;
    memset(&simple, 0, sizeof(simple));
    if (!node_compile_simple(&simple, td, pc)) {
      return NULL;
    }
    simple.way = simple.kind;
    simple.room = node_room(&simple);
    n = node_add_simple(&simple);
    return n != NULL && node_add_key(td, pc, n) != NULL ? n : NULL;
  }
  if (node_count == NODE_MAX) {
    return NULL;
  }
  n = &node_store[node_count++];
  n->plain = h46017_plain_find(td);
  n->kind = H46017_NODE_SEQUENCE;        /* not a simple one */
  if (node_add_key(td, pc, n) == NULL) { /* before its members: they recurse */
    return NULL;
  }
  if (td->free_struct == SEQUENCE_free) {
    ok = node_compile_sequence(n, td);
  } else if (td->free_struct == SET_OF_free) {
    ok = node_compile_sequence_of(n, td, pc);
    n->min_bits = n->size_form == H46017_NUMBER_FREE ? 8 : n->size_bits;
  } else {
    ok = node_compile_choice(n, td, pc);
  }
  n->way = n->plain != NULL ? H46017_NODE_PLAIN : n->kind;
  n->room = node_room(n);
  return ok ? n : NULL;
}

/* The schema's name of a type: h225.asn1 prefixes what comes from H.235.0 and
 * H.245, the schema only what would clash. */
static const char *node_schema_name(const char *flat_name) {
  static const char *const own[] = {"H235Key", "H245Security"};
  const char *bare = flat_name + 4;

  if (strncmp(flat_name, "H235", 4) != 0 &&
      strncmp(flat_name, "H245", 4) != 0) {
    return flat_name;
  }
  for (size_t i = 0; i < sizeof(own) / sizeof(own[0]); i++) {
    if (strcmp(flat_name, own[i]) == 0) {
      return flat_name;
    }
  }
  for (size_t i = 0; i < asn_module_type_count; i++) {
    if (strcmp(asn_module_types[i]->name, bare) == 0) {
      return flat_name;
    }
  }
  return bare;
}

static bool node_table_build(void) {
  h46017_node_table *t = &table_store;

  if (asn_module_type_count > TYPE_MAX) {
    return false;
  }
  for (size_t i = 0; i < asn_module_type_count; i++) {
    asn_TYPE_descriptor_t *td = asn_module_types[i];
    struct h46017_h225_type *type = &type_store[i];
    type->node = node_compile(td, NULL);
    if (type->node == NULL) {
      return false;
    }
    type->flat_name = td->name;
    type->name = node_schema_name(td->name);
    if (td == &asn_DEF_RasMessage) {
      t->ras_message = type;
    } else if (td == &asn_DEF_H323_UserInformation) {
      t->user_information = type;
    }
  }
  t->types = type_store;
  t->ntypes = asn_module_type_count;
  return t->ras_message != NULL && t->user_information != NULL;
}

const h46017_node_table *h46017_node_table_get(void) {
  enum { UNBUILT, BUILDING, BUILT, FAILED };
  static atomic_int state = UNBUILT;
  int seen = atomic_load_explicit(&state, memory_order_acquire);

  if (seen == BUILT) {
    return &table_store;
  }
  if (seen == UNBUILT && atomic_compare_exchange_strong_explicit(
                             &state, &seen, BUILDING, memory_order_acquire,
                             memory_order_acquire)) {
    seen = node_table_build() ? BUILT : FAILED;
    atomic_store_explicit(&state, seen, memory_order_release);
  }
  while (seen == BUILDING) { /* another thread; half a millisecond */
    seen = atomic_load_explicit(&state, memory_order_acquire);
  }
  return seen == BUILT ? &table_store : NULL;
}

const h46017_member *h46017_node_member(const h46017_node *node,
                                        const char *name, size_t len) {
  for (size_t i = 0; i < node->nmembers; i++) {
    const h46017_member *m = &node->members[i];
    if (m->name_len == len && memcmp(m->name, name, len) == 0) {
      return m;
    }
  }
  return NULL;
}
