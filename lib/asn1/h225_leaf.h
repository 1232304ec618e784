/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef H46017_ASN1_H225_LEAF_H
#define H46017_ASN1_H225_LEAF_H

#include "asn1/h225_message.h"

typedef enum h46017_leaf_form {
  H46017_LEAF_PRESENT, /* nothing but being there */
  H46017_LEAF_BOOL,
  H46017_LEAF_UINT,
  H46017_LEAF_INT,
  H46017_LEAF_OCTETS,
  H46017_LEAF_BITS,
  H46017_LEAF_TEXT
} h46017_leaf_form;

/* A value as a setter was given it. */
typedef struct h46017_leaf {
  h46017_leaf_form form;
  uint64_t number;     /* BOOL, UINT; INT modulo 2^64 */
  const uint8_t *data; /* OCTETS, BITS, TEXT: *borrowed* */
  size_t len;          /* octets; BITS: bits */
} h46017_leaf;

/* Can a component of this type have this value? 0, TYPE_MISMATCH,
 * OUT_OF_RANGE, TEXT; `*ptext` says why not. */
int h46017_leaf_check(const h46017_node *n, const h46017_leaf *leaf,
                      const char **ptext);

/* Writes a value that was checked into the C structure, with its octets copied
 * to the arena. PER_BUDGET, NOMEM: recorded, `st` as it was. */
int h46017_leaf_write(h46017_h225 *m, const h46017_node *n, void *st,
                      const h46017_leaf *leaf);

#endif /* H46017_ASN1_H225_LEAF_H */
