/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef H46017_FUZZ_FUZZ_H
#define H46017_FUZZ_FUZZ_H

/* What the targets share. */

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Holds in every build: this is what the target is for. */
#define FUZZ_ASSERT(cond)                                                      \
  do {                                                                         \
    if (!(cond)) {                                                             \
      (void)fprintf(stderr, "%s:%d: %s does not hold\n", __FILE__, __LINE__,   \
                    #cond);                                                    \
      abort();                                                                 \
    }                                                                          \
  } while (0)

/* A copy in a block that ends where it ends: sanitizers see one octet more. */
static inline uint8_t *fuzz_exact(const uint8_t *data, size_t len) {
  uint8_t *copy = malloc(len > 0 ? len : 1);
  FUZZ_ASSERT(copy != NULL);
  if (len > 0) {
    memcpy(copy, data, len);
  }
  return copy;
}

/* A digest of what happened: two runs that should be the same have the same.
 * (FNV-1a, 64 bits.) */
static inline void fuzz_digest(uint64_t *h, const void *data, size_t len) {
  const uint8_t *p = data;
  for (size_t i = 0; i < len; i++) {
    *h = (*h ^ p[i]) * 1099511628211u;
  }
  for (size_t i = 0; i < sizeof(len); i++) {
    *h = (*h ^ (len >> 8 * i & 0xff)) * 1099511628211u;
  }
}

#define FUZZ_DIGEST_INIT 14695981039346656037u

/* Sizes of the pieces that a stream is cut into, from an octet of the input:
 * 1..16, or irregular ones. */
static inline size_t fuzz_chunk(uint8_t how, size_t nth) {
  return how < 0xf0 ? how % 16u + 1u : (nth * 7u + how) % 37u + 1u;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#endif /* H46017_FUZZ_FUZZ_H */
