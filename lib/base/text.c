/* SPDX-License-Identifier: BSD-2-Clause */
#include "base/text.h"

#include <string.h>

uint32_t h46017_text_next(const char *text, size_t len, size_t *pos) {
  const unsigned char *s = (const unsigned char *)text + *pos;
  size_t left = len - *pos;
  uint32_t cp;
  size_t n;
  uint32_t least;

  if (s[0] < 0x80) {
    (*pos)++;
    return s[0] != 0 ? s[0] : H46017_TEXT_INVALID;
  }
  if (s[0] >= 0xc2 && s[0] <= 0xdf) {
    cp = s[0] & 0x1fU;
    n = 2;
    least = 0x80;
  } else if (s[0] >= 0xe0 && s[0] <= 0xef) {
    cp = s[0] & 0x0fU;
    n = 3;
    least = 0x800;
  } else if (s[0] >= 0xf0 && s[0] <= 0xf4) {
    cp = s[0] & 0x07U;
    n = 4;
    least = 0x10000;
  } else {
    return H46017_TEXT_INVALID;
  }
  if (left < n) {
    return H46017_TEXT_INVALID;
  }
  for (size_t i = 1; i < n; i++) {
    if ((s[i] & 0xc0U) != 0x80) {
      return H46017_TEXT_INVALID;
    }
    cp = cp << 6 | (s[i] & 0x3fU);
  }
  if (cp < least || cp > 0x10ffff || (cp >= 0xd800 && cp <= 0xdfff)) {
    return H46017_TEXT_INVALID;
  }
  *pos += n;
  return cp;
}

/* Eight octets as they lie in memory: no carry crosses from one to the next in
 * what is done with them, so that the order does not matter. */
static uint64_t text_word(const void *octets) {
  uint64_t word;

  memcpy(&word, octets, sizeof(word));
  return word;
}

/* Eight octets of ASCII, none of them NUL: 0x7f more sets the highest bit of
 * each. */
static bool text_word_is_plain(const char *text) {
  const uint64_t ones = 0x0101010101010101U;
  uint64_t word = text_word(text);

  return (word & 0x80 * ones) == 0 &&
         ((word + 0x7f * ones) & 0x80 * ones) == 0x80 * ones;
}

/* Identifiers and most names are ASCII: how many octets of it, none of them
 * NUL, a text begins with. */
static size_t text_plain(const char *text, size_t len) {
  size_t n = 0;

  while (len - n >= 8 && text_word_is_plain(text + n)) {
    n += 8;
  }
  if (n > 0 && len - n < 8 && text_word_is_plain(text + len - 8)) {
    return len;
  }
  while (n < len && (unsigned char)text[n] - 1U < 0x7f) {
    n++;
  }
  return n;
}

bool h46017_text_is_valid(const char *text, size_t len) {
  for (size_t pos = text_plain(text, len); pos < len;) {
    if (h46017_text_next(text, len, &pos) == H46017_TEXT_INVALID) {
      return false;
    }
  }
  return true;
}

size_t h46017_text_bmp_size(const char *text, size_t len) {
  size_t plain = text_plain(text, len);
  size_t size = plain * 2;

  for (size_t pos = plain; pos < len;) {
    uint32_t cp = h46017_text_next(text, len, &pos);
    if (cp == H46017_TEXT_INVALID) {
      return 0;
    }
    size += cp > 0xffff ? 4 : 2;
  }
  return size;
}

static uint8_t *text_put16(uint8_t *out, uint32_t unit) {
  out[0] = (uint8_t)(unit >> 8);
  out[1] = (uint8_t)(unit & 0xff);
  return out + 2;
}

/* ASCII to BMP and back; the loops are for the compiler to make vectors of. */
static void text_widen(const char *restrict text, size_t count,
                       uint8_t *restrict out) {
  for (size_t i = 0; i < count; i++) {
    out[2 * i] = 0;
    out[2 * i + 1] = (uint8_t)text[i];
  }
}

static void text_narrow(const uint8_t *restrict bmp, size_t count,
                        unsigned char *restrict out) {
  for (size_t i = 0; i < count; i++) {
    out[i] = bmp[2 * i + 1];
  }
}

void h46017_text_to_bmp(const char *text, size_t len, uint8_t *out,
                        size_t size) {
  size_t plain = size == 2 * len ? len : text_plain(text, len);

  text_widen(text, plain, out);
  out += plain * 2;
  for (size_t pos = plain; pos < len;) {
    uint32_t cp = h46017_text_next(text, len, &pos);
    if (cp > 0xffff) {
      out = text_put16(out, 0xd800 + ((cp - 0x10000) >> 10));
      out = text_put16(out, 0xdc00 + ((cp - 0x10000) & 0x3ff));
    } else {
      out = text_put16(out, cp);
    }
  }
}

/* One code point of a BMPString; H46017_TEXT_INVALID where there is none,
 * `*pos` moved behind the unit all the same. */
static uint32_t text_bmp_next(const uint8_t *bmp, size_t len, size_t *pos) {
  uint32_t unit;
  uint32_t low;

  if (len - *pos < 2) {
    *pos = len;
    return H46017_TEXT_INVALID;
  }
  unit = (uint32_t)bmp[*pos] << 8 | bmp[*pos + 1];
  *pos += 2;
  if (unit == 0 || (unit >= 0xdc00 && unit <= 0xdfff)) {
    return H46017_TEXT_INVALID;
  }
  if (unit < 0xd800 || unit > 0xdbff) {
    return unit;
  }
  if (len - *pos < 2) {
    return H46017_TEXT_INVALID;
  }
  low = (uint32_t)bmp[*pos] << 8 | bmp[*pos + 1];
  if (low < 0xdc00 || low > 0xdfff) {
    return H46017_TEXT_INVALID;
  }
  *pos += 2;
  return 0x10000 + ((unit - 0xd800) << 10) + (low - 0xdc00);
}

/* Four characters of a BMPString that are ASCII and not NUL. */
static bool text_bmp_word_is_plain(const uint8_t *bmp) {
  static const uint8_t above[] = {0xff, 0x80, 0xff, 0x80,
                                  0xff, 0x80, 0xff, 0x80};
  static const uint8_t most[] = {0, 0x7f, 0, 0x7f, 0, 0x7f, 0, 0x7f};
  static const uint8_t high[] = {0, 0x80, 0, 0x80, 0, 0x80, 0, 0x80};
  uint64_t word = text_word(bmp);

  return (word & text_word(above)) == 0 &&
         ((word + text_word(most)) & text_word(high)) == text_word(high);
}

/* As text_plain(): octets, two a character. */
static size_t text_bmp_plain(const uint8_t *bmp, size_t len) {
  size_t n = 0;

  while (len - n >= 8 && text_bmp_word_is_plain(bmp + n)) {
    n += 8;
  }
  if (n > 0 && len - n < 8 && len % 2 == 0 &&
      text_bmp_word_is_plain(bmp + len - 8)) {
    return len;
  }
  while (len - n >= 2 && bmp[n] == 0 && bmp[n + 1] - 1U < 0x7f) {
    n += 2;
  }
  return n;
}

size_t h46017_text_utf8_size(const uint8_t *bmp, size_t len) {
  size_t plain = text_bmp_plain(bmp, len);
  size_t size = plain / 2;

  for (size_t pos = plain; pos < len;) {
    uint32_t cp = text_bmp_next(bmp, len, &pos);
    if (cp == H46017_TEXT_INVALID) {
      return 0;
    }
    size += cp < 0x80 ? 1 : cp < 0x800 ? 2 : cp < 0x10000 ? 3 : 4;
  }
  return size;
}

void h46017_text_from_bmp(const uint8_t *bmp, size_t len, char *out,
                          size_t size) {
  unsigned char *p = (unsigned char *)out;
  size_t plain = size == len / 2 ? len : text_bmp_plain(bmp, len);

  text_narrow(bmp, plain / 2, p);
  p += plain / 2;
  for (size_t pos = plain; pos < len;) {
    uint32_t cp = text_bmp_next(bmp, len, &pos);
    if (cp < 0x80) {
      *p++ = (unsigned char)cp;
      continue;
    }
    if (cp < 0x800) {
      *p++ = (unsigned char)(0xc0 | cp >> 6);
    } else {
      if (cp < 0x10000) {
        *p++ = (unsigned char)(0xe0 | cp >> 12);
      } else {
        *p++ = (unsigned char)(0xf0 | cp >> 18);
        *p++ = (unsigned char)(0x80 | (cp >> 12 & 0x3f));
      }
      *p++ = (unsigned char)(0x80 | (cp >> 6 & 0x3f));
    }
    *p++ = (unsigned char)(0x80 | (cp & 0x3f));
  }
  *p = '\0';
}

bool h46017_text_is_digits(const char *text, size_t len) {
  for (size_t i = 0; i < len; i++) {
    if (text[i] == '\0' || strchr("0123456789#*,", text[i]) == NULL) {
      return false;
    }
  }
  return true;
}

char h46017_text_lower(char c) {
  return (char)(c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c);
}

bool h46017_text_equal_nocase(const char *a, size_t alen, const char *b,
                              size_t blen) {
  if (alen != blen) {
    return false;
  }
  for (size_t i = 0; i < alen; i++) {
    if (h46017_text_lower(a[i]) != h46017_text_lower(b[i])) {
      return false;
    }
  }
  return true;
}
