/* SPDX-License-Identifier: BSD-2-Clause */
#include "asn1/bits.h"

void h46017_bits_put(h46017_bitwriter *w, uint64_t v, unsigned n) {
  unsigned used = (unsigned)(w->pos & 7);
  unsigned octets = (used + n + 7) / 8; /* 8 at the most */
  uint8_t *p = w->data + (w->pos >> 3);
  uint64_t word;

  w->pos += n;
  if (w->pos > w->cap || n == 0) {
    return;
  }
  word = (v & (UINT64_MAX >> (64 - n))) << (octets * 8 - used - n) |
         (uint64_t)h46017_bits_kept(p, used) << (octets * 8 - 8);
  for (; octets > 0; word >>= 8) {
    p[--octets] = (uint8_t)word;
  }
}
