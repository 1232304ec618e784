/* SPDX-License-Identifier: BSD-2-Clause */
#include "terminal.h"

#include <stddef.h>
#include <stdint.h>

/* How many octets the character has that the text begins with; 0: none that can
 * be shown, or its end. */
static size_t shown(const char *text) {
  static const uint32_t least[] = {0, 0, 0xa0, 0x800, 0x10000};
  const unsigned char *s = (const unsigned char *)text;
  if (s[0] < 0x80) {
    return s[0] >= 0x20 && s[0] != 0x7f;
  }
  if (s[0] < 0xc2 || s[0] > 0xf4) {
    return 0;
  }
  size_t len = s[0] < 0xe0 ? 2 : s[0] < 0xf0 ? 3 : 4;
  uint32_t c = s[0] & (0x7fU >> len);
  for (size_t i = 1; i < len; i++) {
    if ((s[i] & 0xc0) != 0x80) {
      return 0;
    }
    c = c << 6 | (s[i] & 0x3fU);
  }
  return c < least[len] || c > 0x10ffff || (c >= 0xd800 && c <= 0xdfff) ? 0
                                                                        : len;
}

void terminal_put(FILE *to, const char *text) {
  while (*text != '\0') {
    size_t good = 0;
    for (size_t n; (n = shown(text + good)) > 0;) {
      good += n;
    }
    (void)fwrite(text, 1, good, to);
    text += good;
    if (*text != '\0') {
      fputc('?', to);
      text++;
    }
  }
}
