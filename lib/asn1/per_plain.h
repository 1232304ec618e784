/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef H46017_ASN1_PER_PLAIN_H
#define H46017_ASN1_PER_PLAIN_H

/* Straight-line paths for structures that are in every message and nearly
 * always look alike: an IPv4 address, a vendor, a name. Each takes the plain
 * form of one type, no extension and nothing out of the ordinary, and leaves
 * all else to the engine, having done nothing, neither in the structure nor in
 * the arena. So they have no errors of their own; what they make is octet for
 * octet what the engine makes, the order of what they take from the arena
 * included (doc/adr/0007). */

#include "asn1/per.h"

struct per_decoder;
struct per_encoder;

/* As the engine's for the node's kind. */
struct h46017_plain {
  const asn_TYPE_descriptor_t *type;
  int (*decode)(struct per_decoder *d, const h46017_node *n, void *st);
  size_t (*encode)(struct per_encoder *e, const h46017_node *n, const void *st,
                   size_t pos);
};

/* NULL: there is none for this type. */
const h46017_plain *h46017_plain_find(const asn_TYPE_descriptor_t *type);

#endif /* H46017_ASN1_PER_PLAIN_H */
