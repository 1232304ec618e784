/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef H46017_BASE_TEXT_H
#define H46017_BASE_TEXT_H

/* UTF-8 outside, BMPString (16-bit units, big-endian, as on the wire) inside.
 * Characters beyond the BMP travel as surrogate pairs. */

#include <h46017/common.h>

#include <string.h>

/* What h46017_text_next() returns where there is no character. */
#define H46017_TEXT_INVALID UINT32_MAX

/* The code point at *pos, which is below `len`, and steps over it. U+0000 and
 * whatever is not well-formed UTF-8 is H46017_TEXT_INVALID: stop there. */
uint32_t h46017_text_next(const char *text, size_t len, size_t *pos);

/* True for well-formed UTF-8 without U+0000. Surrogates and overlong forms are
 * not well-formed. */
bool h46017_text_is_valid(const char *text, size_t len);

/* Octets of BMPString that `text` becomes; 0 where it is empty or invalid. */
size_t h46017_text_bmp_size(const char *text, size_t len);

/* Writes them: `size` octets, as h46017_text_bmp_size() said. */
void h46017_text_to_bmp(const char *text, size_t len, uint8_t *out,
                        size_t size);

/* Octets of UTF-8 that a BMPString of `len` octets becomes, not counting a
 * terminator; 0 where it is empty or invalid: an odd length, U+0000 or an
 * unpaired surrogate. */
size_t h46017_text_utf8_size(const uint8_t *bmp, size_t len);

/* Writes them, `size` octets as h46017_text_utf8_size() said, and a NUL. */
void h46017_text_from_bmp(const uint8_t *bmp, size_t len, char *out,
                          size_t size);

/* Nothing but ASCII: eight octets at a time, and the last eight once more. */
static inline bool h46017_text_is_ascii(const void *text, size_t len) {
  const unsigned char *p = text;
  uint64_t all = 0;
  uint64_t word;

  if (len < sizeof(word)) {
    for (size_t i = 0; i < len; i++) {
      all |= p[i];
    }
    return all < 0x80;
  }
  for (size_t i = 0; i + sizeof(word) < len; i += sizeof(word)) {
    memcpy(&word, p + i, sizeof(word));
    all |= word;
  }
  memcpy(&word, p + len - sizeof(word), sizeof(word));
  return ((all | word) & UINT64_C(0x8080808080808080)) == 0;
}

/* Nothing but what one dials: `0` to `9`, `#`, `*`, `,`. */
bool h46017_text_is_digits(const char *text, size_t len);

/* ASCII only, no locale. */
char h46017_text_lower(char c);
bool h46017_text_equal_nocase(const char *a, size_t alen, const char *b,
                              size_t blen);

#endif /* H46017_BASE_TEXT_H */
