/* SPDX-License-Identifier: BSD-2-Clause */
#include "hex.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

void hex_print(const uint8_t *octets, size_t len, char *out) {
  static const char digits[] = "0123456789abcdef";
  for (size_t i = 0; i < len; i++) {
    *out++ = digits[octets[i] >> 4];
    *out++ = digits[octets[i] & 15];
  }
  *out = '\0';
}

bool hex_sha256(const char *text, const char *between,
                uint8_t out[HEX_SHA256]) {
  size_t digits = 0;
  for (; *text != '\0'; text++) {
    if (strchr(between, *text) != NULL && digits > 0 && digits % 2 == 0) {
      continue;
    }
    if (!isxdigit((unsigned char)*text) || digits == 2 * (size_t)HEX_SHA256) {
      return false;
    }
    const char digit[2] = {*text, '\0'};
    unsigned nibble = (unsigned)strtoul(digit, NULL, 16);
    out[digits / 2] =
        (uint8_t)(digits % 2 ? out[digits / 2] | nibble : nibble << 4);
    digits++;
  }
  return digits == 2 * (size_t)HEX_SHA256;
}
