/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef H46017_ASN1_PLAIN_CHECK_H
#define H46017_ASN1_PLAIN_CHECK_H

/* Are the plain paths the engine? For the tests and the fuzz targets; in no
 * library. The engine alone is the engine on a copy of the nodes that has no
 * plain paths. Not for several threads. */

#include "asn1/per.h"

typedef struct h46017_plain_limits {
  size_t budget; /* octets of the arena */
  h46017_per_limits per;
} h46017_plain_limits;

/* Decodes with and without plain paths: both accept, and then the C structures
 * are the same octets in the same places, or both refuse with the same code,
 * text, bit and path. What was accepted is encoded both ways. Returns what
 * differs, or NULL. `*paccepted` may be NULL. */
const char *h46017_plain_check_decode(const h46017_node *node,
                                      const uint8_t *data, size_t len,
                                      const h46017_plain_limits *limits,
                                      bool *paccepted);

/* Encodes with and without plain paths, into enough room, none, and a bit less
 * than enough. */
const char *h46017_plain_check_encode(const h46017_node *node, const void *root,
                                      uint32_t depth);

#endif /* H46017_ASN1_PLAIN_CHECK_H */
