/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef EXAMPLES_HEX_H
#define EXAMPLES_HEX_H

/* Octets as hexadecimal digits, and SHA-256 fingerprints as people write them.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { HEX_SHA256 = 32, HEX_SHA256_TEXT = 2 * HEX_SHA256 + 1 };

/* Lower-case digits and a NUL: `out` has at least 2 * len + 1 octets. */
void hex_print(const uint8_t *octets, size_t len, char *out);

/* 64 digits; between two octets any of the characters of `between`. */
bool hex_sha256(const char *text, const char *between, uint8_t out[HEX_SHA256]);

#endif
