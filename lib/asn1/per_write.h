/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef H46017_ASN1_PER_WRITE_H
#define H46017_ASN1_PER_WRITE_H

/* The state of the encoder. */

#include "asn1/bits.h"
#include "asn1/per.h"

typedef struct per_encoder {
  h46017_bitwriter w;
  h46017_fault *fault;
  h46017_per_mark *mark; /* may be NULL */
  uint32_t depth;        /* still allowed */
} per_encoder;

#endif /* H46017_ASN1_PER_WRITE_H */
