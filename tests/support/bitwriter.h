/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef H46017_TESTS_BITWRITER_H
#define H46017_TESTS_BITWRITER_H

/* PDUs put together bit by bit, valid or not. */

#include "asn1/bits.h"

typedef struct bitwriter {
  h46017_bitroom room;
  size_t pos;
} bitwriter;

static inline bitwriter bitwriter_to(uint8_t *data, size_t octets) {
  bitwriter w = {{data, octets * 8}, 0};

  return w;
}

static inline void bitwriter_put(bitwriter *w, uint32_t v, unsigned n) {
  w->pos = h46017_bits_put(&w->room, w->pos, v, n);
}

/* The rest of an octet is zero. */
static inline void bitwriter_align(bitwriter *w) {
  w->pos = h46017_bits_align_up(w->pos);
}

static inline bool bitwriter_fits(const bitwriter *w) {
  return w->pos <= w->room.cap;
}

#endif /* H46017_TESTS_BITWRITER_H */
