/* SPDX-License-Identifier: BSD-2-Clause */
#include "asn1/bits.h"

size_t h46017_bits_put(const h46017_bitroom *r, size_t pos, uint64_t v,
                       unsigned n) {
  unsigned used = (unsigned)(pos & 7);
  unsigned octets = (used + n + 7) / 8; /* 8 at the most */
  uint64_t word;
  uint8_t *p;

  if (pos + n > r->cap || n == 0) {
    return pos + n;
  }
  p = r->data + (pos >> 3);
  word = (v & (UINT64_MAX >> (64 - n))) << (octets * 8 - used - n) |
         (uint64_t)h46017_bits_kept(p, used) << (octets * 8 - 8);
  for (; octets > 0; word >>= 8) {
    p[--octets] = (uint8_t)word;
  }
  return pos + n;
}

size_t h46017_bits_copy_many(uint8_t *to, const uint8_t *from, size_t n,
                             size_t end) {
  memcpy(to, from, n);
  return end;
}
