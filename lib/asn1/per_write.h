/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef H46017_ASN1_PER_WRITE_H
#define H46017_ASN1_PER_WRITE_H

/* The state of the encoder. */

#include "asn1/bits.h"
#include "asn1/per.h"

/* What an encoding function returns in place of the position behind what it
 * wrote: the fault says why. */
#define PER_FAILED SIZE_MAX

typedef struct per_encoder {
  h46017_bitroom room;
  h46017_fault *fault;
  h46017_per_mark *mark; /* may be NULL */
  uint32_t depth;        /* still allowed */
} per_encoder;

/* What is not plain: per_encode.c. */
size_t h46017_per_encode_kind(per_encoder *e, const h46017_node *n,
                              const void *st, size_t pos);

#endif /* H46017_ASN1_PER_WRITE_H */
