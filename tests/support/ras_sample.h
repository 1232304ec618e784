/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef H46017_TESTS_RAS_SAMPLE_H
#define H46017_TESTS_RAS_SAMPLE_H

/* RAS messages from hex, and what tests of views and builders ask of them. The
 * functions fail the test (libcheck) where they cannot do what they say. */

#include "octets.h"

#include <h46017/ras.h>

/* One message, and the octets that it borrows. */
typedef struct sample {
  h46017_h225 *m;
  octets per;
} sample;

void sample_free(sample *s);

/* Decodes hex and fills a view, which borrows from the sample. */
sample view_hex(const char *hex, h46017_ras *ras);

h46017_text text_of(const char *text);

/* An empty view of version 6, which the documented octets have. */
h46017_ras ras_of(h46017_ras_kind kind, uint16_t seq);

/* Whether the message, of that kind, has a component. */
bool sample_has(const char *hex, h46017_ras_kind kind, const char *component);

/* The shortest of the generated vectors of a kind: hex, static. */
const char *sample_of(h46017_ras_kind kind);

#define assert_text(TEXT, EXPECTED)                                            \
  do {                                                                         \
    ck_assert_ptr_nonnull((TEXT).text);                                        \
    ck_assert_str_eq((TEXT).text, (EXPECTED));                                 \
    ck_assert_uint_eq((TEXT).len, strlen(EXPECTED));                           \
  } while (0)

#define assert_no_text(TEXT)                                                   \
  do {                                                                         \
    ck_assert_ptr_null((TEXT).text);                                           \
    ck_assert_uint_eq((TEXT).len, 0);                                          \
  } while (0)

/* Octets written by hand and read by tshark. */
#define FULL_RRQ                                                               \
  "0e800000060008914a0006000000020001400b"                                     \
  "003000300039003000330033003200660036003800380061"                           \
  "00b500534c348b000000020077010001000180"
#define LIGHT_RRQ                                                              \
  "0e400001060008914a00068000000200400067006b00b500534c348f000000"             \
  "020077018009060031005f0067006b01000180"
#define RCF                                                                    \
  "12c00000060008914a00060001400b"                                             \
  "003000300039003000330033003200660036003800380061"                           \
  "020067006b060031005f0067006b268a000002007701000180"
#define RRJ(REASON) "14000001060008914a0006" REASON
#define URQ "1a40000800060031005f0067006b1408000120"
#define UCF "1c0008"
#define RIP "80050000060bb7"
#define XRS "62000c062003024c00"

#endif /* H46017_TESTS_RAS_SAMPLE_H */
