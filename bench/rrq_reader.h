/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef H46017_BENCH_RRQ_READER_H
#define H46017_BENCH_RRQ_READER_H

/* What the codec is measured against: a reader of one message, written by hand
 * for that message, as a gatekeeper would have it that needed nothing else. It
 * checks every length against the end of the input, takes out what a registrar
 * looks at, and allocates nothing. It knows no version but the present one, no
 * gateways, and keeps nothing that it does not need. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define RRQ_MAX_ALIASES 32
#define RRQ_MAX_DIGITS 512

typedef struct rrq_text {
  const uint8_t *octets; /* in the input, or in `digits` */
  size_t len;
} rrq_text;

typedef struct rrq_alias {
  unsigned type;
  rrq_text text;
} rrq_alias;

typedef struct rrq_facts {
  uint16_t request_seq_num;
  bool keep_alive;
  uint32_t time_to_live;
  rrq_text endpoint_identifier;   /* UTF-16, big-endian */
  rrq_text gatekeeper_identifier; /* likewise */
  size_t alias_count;
  rrq_alias aliases[RRQ_MAX_ALIASES];
  size_t digit_count;
  uint8_t digits[RRQ_MAX_DIGITS]; /* of all dialledDigits */
} rrq_facts;

/* False: it is not an RRQ, is malformed, or has something in it that is not
 * read here. */
bool rrq_read(const uint8_t *per, size_t len, rrq_facts *out);

#endif /* H46017_BENCH_RRQ_READER_H */
