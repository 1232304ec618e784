/* SPDX-License-Identifier: BSD-2-Clause */
#include "base/settings.h"

#include "base/intmath.h"

#include <h46017/error.h>

#include <string.h>

int h46017_settings_copy(void *dst, size_t dst_size, size_t least,
                         const void *src) {
  size_t src_size;
  const unsigned char *octets = src;

  if (src == NULL) {
    return H46017_ERR_INVALID_ARGUMENT;
  }
  memcpy(&src_size, src, sizeof(src_size));
  if (src_size < least || src_size < sizeof(src_size)) {
    return H46017_ERR_INVALID_ARGUMENT;
  }
  for (size_t i = dst_size; i < src_size; i++) {
    if (octets[i] != 0) {
      return H46017_ERR_INVALID_ARGUMENT;
    }
  }
  memcpy(dst, src, H46017_MIN(src_size, dst_size));
  memcpy(dst, &dst_size, sizeof(dst_size));
  return 0;
}

void h46017_settings_fill(void *out, size_t size, const void *def,
                          size_t def_size) {
  if (out == NULL || size < sizeof(size)) {
    return;
  }
  memset(out, 0, size);
  memcpy(out, def, H46017_MIN(size, def_size));
  memcpy(out, &size, sizeof(size));
}
