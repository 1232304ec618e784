/* SPDX-License-Identifier: BSD-2-Clause */
#include "asn1/per.h"

#include <string.h>

/* U+2026, before a path that was cut. */
#define FAULT_ELLIPSIS "\xe2\x80\xa6"
#define FAULT_ELLIPSIS_LEN (sizeof(FAULT_ELLIPSIS) - 1)

static void fault_prepend(h46017_fault *f, const char *text, size_t len) {
  if (f->path_full) {
    return;
  }
  if (len > f->path_begin - FAULT_ELLIPSIS_LEN) {
    size_t keep = f->path_begin - FAULT_ELLIPSIS_LEN;
    f->path_full = true;
    f->path_begin -= keep;
    memcpy(f->path + f->path_begin, text + len - keep, keep);
    text = FAULT_ELLIPSIS;
    len = FAULT_ELLIPSIS_LEN;
  }
  f->path_begin -= len;
  memcpy(f->path + f->path_begin, text, len);
}

void h46017_fault_push(h46017_fault *f, const char *name, size_t len) {
  char first = f->path[f->path_begin];

  if (first != '\0' && first != '[' && !f->path_full) {
    fault_prepend(f, ".", 1);
  }
  fault_prepend(f, name, len);
}

void h46017_fault_push_index(h46017_fault *f, size_t index) {
  char text[24];
  size_t at = sizeof(text);
  char first = f->path[f->path_begin];

  if (first != '\0' && first != '[' && !f->path_full) {
    fault_prepend(f, ".", 1);
  }
  text[--at] = ']';
  do {
    text[--at] = (char)('0' + index % 10);
    index /= 10;
  } while (index > 0);
  text[--at] = '[';
  fault_prepend(f, text + at, sizeof(text) - at);
}

void h46017_unknown_init(h46017_unknown *u, uint32_t index) {
  char digits[12];
  size_t n = 0;
  char *p;

  memset(u, 0, sizeof(*u));
  u->index = index;
  do {
    digits[n++] = (char)('0' + index % 10);
    index /= 10;
  } while (index > 0);
  memcpy(u->name, "_ext_", 5);
  for (p = u->name + 5; n > 0;) {
    *p++ = digits[--n];
  }
}

size_t h46017_per_from_int64(int64_t v, uint8_t out[8]) {
  size_t len = h46017_per_int64_size(v);

  for (size_t i = 0; i < len && i < 8; i++) {
    out[i] = (uint8_t)((uint64_t)v >> ((len - 1 - i) * 8) & 0xff);
  }
  return len;
}

bool h46017_per_to_int64(const uint8_t *octets, size_t len, int64_t *out) {
  uint64_t v;
  uint8_t sign;

  if (len == 0) {
    return false;
  }
  sign = (octets[0] & 0x80) != 0 ? 0xff : 0;
  while (len > 8) {
    if (octets[0] != sign) {
      return false;
    }
    octets++;
    len--;
    if (len == 8 && ((octets[0] ^ sign) & 0x80) != 0) {
      return false;
    }
  }
  v = sign != 0 ? UINT64_MAX : 0;
  for (size_t i = 0; i < len; i++) {
    v = v << 8 | octets[i];
  }
  *out = (int64_t)v;
  return true;
}
