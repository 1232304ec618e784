/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef H46017_TESTS_OCTETS_H
#define H46017_TESTS_OCTETS_H

/* Octets from hex text and from the files under tests/vectors. */

#include <stddef.h>
#include <stdint.h>

typedef struct octets {
  uint8_t *data;
  size_t len;
} octets;

/* Blanks are for reading only. Fails the test on anything else. */
octets octets_hex(const char *hex);

/* A file; `name` is relative to tests/, found through the environment variable
 * H46017_TEST_DIR (set by meson) or from the root of the sources. */
octets octets_file(const char *name);

/* Puts `tail` behind `o`. */
void octets_append(octets *o, const uint8_t *tail, size_t len);

void octets_free(octets *o);

/* A copy that ends where its block ends, so that a sanitizer sees every read
 * behind it; even of length 0. */
uint8_t *octets_exact(const uint8_t *data, size_t len);

/* How a stream is cut: every stream test runs with all of them. */
#define CHUNK_SIZES 8
size_t chunk_size(int i);

#endif /* H46017_TESTS_OCTETS_H */
