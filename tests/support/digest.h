/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef H46017_TESTS_DIGEST_H
#define H46017_TESTS_DIGEST_H

/* MD5 and SHA-1 written for the tests: those of the core need no OpenSSL, and
 * what OpenSSL says is compared with them. */

#include <h46017/h235.h>

/* Fills a crypto, struct_size too. */
void digest_crypto(h46017_crypto *crypto);

/* Of one run of octets; 16 or 20 octets come out. */
void digest_of(h46017_digest which, const uint8_t *data, size_t len,
               uint8_t *out);

#endif /* H46017_TESTS_DIGEST_H */
