/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef H46017_ASN1_NODE_H
#define H46017_ASN1_NODE_H

/* What asn1c's descriptors say about a type, worked out once into the form
 * that the engine walks: bounds in 64 bits, how lengths and numbers travel,
 * alphabets in both directions, where components lie in the C structure.
 *
 * The table is built at the first use in a process and is constant from then
 * on (doc/adr: the codec's node table). It lies in static memory: building it
 * cannot fail for want of memory. */

#include <h46017/common.h>

typedef enum h46017_node_kind {
  H46017_NODE_NULL,
  H46017_NODE_BOOLEAN,
  H46017_NODE_INTEGER, /* C: long or unsigned long */
  H46017_NODE_WIDE,    /* INTEGER; C: INTEGER_t, any width */
  H46017_NODE_ENUM,    /* C: ENUMERATED_t */
  H46017_NODE_BITS,
  H46017_NODE_OCTETS,
  H46017_NODE_OID,
  H46017_NODE_CHARS, /* IA5String, PrintableString: one octet a character */
  H46017_NODE_BMP,   /* BMPString: two */
  H46017_NODE_SEQUENCE,
  H46017_NODE_SEQUENCE_OF,
  H46017_NODE_CHOICE,
  H46017_NODE_UNKNOWN /* what stands behind an extension marker, unknown here;
                         `data` of a value is an h46017_unknown */
} h46017_node_kind;

/* Not a kind, but a way to code one: along a plain path (asn1/per_plain.h). */
#define H46017_NODE_PLAIN (H46017_NODE_UNKNOWN + 1)

/* How a whole number with bounds travels (X.691 11.5 - 11.8), lengths and
 * counts too. */
typedef enum h46017_number_form {
  H46017_NUMBER_NONE,     /* one value only: no bits */
  H46017_NUMBER_BITS,     /* range up to 255: a field of bits */
  H46017_NUMBER_OCTET,    /* range 256: one aligned octet */
  H46017_NUMBER_TWO,      /* range up to 64K: two aligned octets */
  H46017_NUMBER_VARIABLE, /* wider: octet count, then aligned octets */
  H46017_NUMBER_SEMI,     /* no upper bound: length, octets above lb */
  H46017_NUMBER_FREE      /* no lower bound: length, two's complement; for
                             sizes: the general length */
} h46017_number_form;

#define H46017_SIZE_UNBOUNDED UINT32_MAX

/* A permitted alphabet. */
typedef struct h46017_alphabet {
  uint8_t count;
  uint8_t to_char[128];
  int8_t to_index[128]; /* -1: not permitted */
} h46017_alphabet;

typedef struct h46017_node h46017_node;
typedef struct h46017_plain h46017_plain; /* asn1/per_plain.h */

typedef struct h46017_member {
  const char *name;
  const h46017_node *node;
  uint32_t offset;
  uint8_t name_len;
  bool pointer;  /* the C member is a pointer */
  bool optional; /* of the root: has a bit in the preamble */
} h46017_member;

struct h46017_node {
  uint8_t kind;       /* h46017_node_kind */
  uint8_t way;        /* how it is coded: its kind, or H46017_NODE_PLAIN */
  uint8_t form;       /* h46017_number_form of the value */
  uint8_t form_bits;  /* bits of BITS, of VARIABLE's octet count, of an index */
  uint8_t size_form;  /* h46017_number_form of the size */
  uint8_t size_bits;  /* bits of it */
  uint8_t char_bits;  /* CHARS, BMP: bits a character */
  bool extensible;    /* an extension marker in the type or value constraint */
  bool is_unsigned;   /* INTEGER: C member is unsigned long */
  bool indexed;       /* CHARS: a character travels as its index */
  bool aligned;       /* strings: what follows the length starts on an octet */
  uint8_t pres_size;  /* CHOICE: octets of `present` */
  uint16_t nmembers;  /* SEQUENCE, CHOICE: all; SEQUENCE OF: 1; ENUM: names */
  uint16_t nroot;     /* of these before the extension marker */
  uint16_t noptional; /* bits in the preamble */
  uint16_t min_bits;  /* no value is shorter */
  uint32_t size_lb;
  uint32_t size_ub; /* H46017_SIZE_UNBOUNDED */
  uint32_t struct_size;
  uint32_t room;        /* what the arena gives for it */
  uint32_t ctx_offset;  /* of asn_struct_ctx_t, where there is one */
  uint32_t pres_offset; /* CHOICE */
  uint32_t optional;    /* SEQUENCE: which of the root are, bit 0 the first */
  uint32_t counted;     /* and which tell by h46017_per_given() of a value */
  int64_t lb;
  int64_t ub; /* both 0 for FREE */
  const h46017_member *members;
  const h46017_alphabet *alphabet; /* CHARS; NULL: 0 to 127 */
  const void *names;               /* ENUM: asn_INTEGER_specifics_t */
  const h46017_plain *plain;       /* a way that is shorter; mostly NULL */
};

/* A type that can be decoded on its own. */
struct h46017_h225_type {
  const char *name;      /* as the schema has it */
  const char *flat_name; /* as h225.asn1 has it */
  const h46017_node *node;
};

typedef struct h46017_node_table {
  const struct h46017_h225_type *types;
  size_t ntypes;
  const struct h46017_h225_type *ras_message;
  const struct h46017_h225_type *user_information;
} h46017_node_table;

/* The table, built on the first call. NULL: the descriptors hold something
 * that the engine has no rule for; a test sees to it that they do not. */
const h46017_node_table *h46017_node_table_get(void);

/* The node of UNKNOWN values. */
extern const h46017_node h46017_node_unknown;

/* Component or alternative by name; NULL: there is none. */
const h46017_member *h46017_node_member(const h46017_node *node,
                                        const char *name, size_t len);

#endif /* H46017_ASN1_NODE_H */
