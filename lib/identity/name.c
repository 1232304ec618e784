/* SPDX-License-Identifier: BSD-2-Clause */
#include "identity/identity.h"

#include "base/text.h"

#include <h46017/error.h>

#include <string.h>

/* A CN this short is a prefix of too much: vendor octets, a product line. */
#define NAME_PREFIX_LEAST 6
#define NAME_MAC_DIGITS 12

const char *h46017_match_rule_name(h46017_match_rule rule) {
  switch (rule) {
  case H46017_MATCH_SERIAL:
    return "serial";
  case H46017_MATCH_EXACT:
    return "exact";
  case H46017_MATCH_PREFIX:
    return "prefix";
  }
  return "unknown";
}

/* -- characters ----------------------------------------------------------- */

/* ASCII only and without <ctype.h>: a name is the same in every locale. */
static bool name_is_hex(char c) {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') ||
         (c >= 'A' && c <= 'F');
}

/* What a model or a suffix is made of: [A-Za-z0-9_.] */
static bool name_is_word(char c) {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') ||
         (c >= 'A' && c <= 'Z') || c == '_' || c == '.';
}

static bool name_are_words(const char *s, size_t len) {
  for (size_t i = 0; i < len; i++) {
    if (!name_is_word(s[i])) {
      return false;
    }
  }
  return len > 0;
}

static bool name_are_hex(const char *s, size_t len) {
  for (size_t i = 0; i < len; i++) {
    if (!name_is_hex(s[i])) {
      return false;
    }
  }
  return true;
}

/* Controls (C0, DEL, C1), line and paragraph separators, and the formatting
 * characters that make a name look like another one in a log. */
static bool name_is_hidden(uint32_t cp) {
  return cp < 0x20 || (cp >= 0x7f && cp <= 0x9f) || cp == 0xad ||
         cp == 0x200b || cp == 0x200e || cp == 0x200f ||
         (cp >= 0x2028 && cp <= 0x202e) || (cp >= 0x2060 && cp <= 0x206f) ||
         cp == 0xfeff || (cp >= 0xe0000 && cp <= 0xe007f);
}

/* Unicode's White_Space that is not a control. */
static bool name_is_blank(uint32_t cp) {
  return cp == ' ' || cp == 0xa0 || cp == 0x1680 ||
         (cp >= 0x2000 && cp <= 0x200a) || cp == 0x202f || cp == 0x205f ||
         cp == 0x3000;
}

bool h46017_name_is_clean(const char *name, size_t len) {
  uint32_t cp = H46017_TEXT_INVALID;

  if (name == NULL || len == 0 || len > H46017_CN_MAX) {
    return false;
  }
  for (size_t pos = 0; pos < len;) {
    bool first = pos == 0;

    cp = h46017_text_next(name, len, &pos);
    if (cp == H46017_TEXT_INVALID || name_is_hidden(cp) ||
        (first && name_is_blank(cp))) {
      return false;
    }
  }
  return !name_is_blank(cp);
}

/* -- serials -------------------------------------------------------------- */

/* A MAC address in one spelling at the front of a name: `groups` groups of
 * `digits` digits with `sep` between them. Its length, or 0. */
static size_t name_mac_spelled(const char *s, size_t len, size_t groups,
                               size_t digits, char sep) {
  size_t pos = 0;

  for (size_t i = 0; i < groups; i++) {
    if (i > 0) {
      if (pos == len || s[pos] != sep) {
        return 0;
      }
      pos++;
    }
    if (len - pos < digits || !name_are_hex(s + pos, digits)) {
      return 0;
    }
    pos += digits;
  }
  return pos;
}

/* A MAC address in any spelling at the front of a name: its length, or 0. At
 * most one spelling fits. */
static size_t name_mac_at(const char *s, size_t len) {
  static const struct {
    size_t groups;
    size_t digits;
    char sep;
  } spellings[] = {
      {1, NAME_MAC_DIGITS, 0}, {6, 2, ':'}, {6, 2, '-'}, {3, 4, '.'}};

  for (size_t i = 0; i < sizeof(spellings) / sizeof(spellings[0]); i++) {
    size_t n = name_mac_spelled(s, len, spellings[i].groups,
                                spellings[i].digits, spellings[i].sep);
    if (n > 0) {
      return n;
    }
  }
  return 0;
}

static void name_mac_digits(const char *s, size_t len,
                            char out[NAME_MAC_DIGITS]) {
  size_t n = 0;

  for (size_t i = 0; i < len; i++) {
    if (name_is_hex(s[i])) {
      out[n++] = h46017_text_lower(s[i]);
    }
  }
}

static bool name_mac_equal(const char *a, size_t alen, const char *b,
                           size_t blen) {
  char da[NAME_MAC_DIGITS];
  char db[NAME_MAC_DIGITS];

  name_mac_digits(a, alen, da);
  name_mac_digits(b, blen, db);
  return memcmp(da, db, sizeof(da)) == 0;
}

static bool name_is_mac(const char *s, size_t len) {
  return len > 0 && name_mac_at(s, len) == len;
}

/* MODEL-xx-xx-xx. A "model" of two hexadecimal digits is a MAC address cut
 * short (00-90-33-2f), which names many devices. */
static bool name_is_short_form(const char *s, size_t len) {
  const size_t tail = 9; /* -xx-xx-xx */
  size_t model;

  if (len <= tail) {
    return false;
  }
  model = len - tail;
  for (size_t i = model; i < len; i += 3) {
    if (s[i] != '-' || !name_are_hex(s + i + 1, 2)) {
      return false;
    }
  }
  return name_are_words(s, model) && !(model == 2 && name_are_hex(s, model));
}

bool h46017_name_is_serial(const char *name, size_t len) {
  return name != NULL &&
         (name_is_mac(name, len) || name_is_short_form(name, len));
}

/* Where the host of `user@host` begins; its end where there is none. */
static size_t name_host_at(const char *s, size_t len) {
  size_t host = len;

  while (host > 0 && s[host - 1] != '@') {
    host--;
  }
  return host > 0 ? host : len;
}

bool h46017_name_is_equal(const char *a, size_t alen, const char *b,
                          size_t blen) {
  size_t host;

  if (a == NULL || b == NULL || alen == 0) {
    return false;
  }
  if (name_is_mac(a, alen) && name_is_mac(b, blen)) {
    return name_mac_equal(a, alen, b, blen);
  }
  if (name_is_short_form(a, alen)) {
    return h46017_text_equal_nocase(a, alen, b, blen);
  }
  host = name_host_at(a, alen);
  return alen == blen && memcmp(a, b, host) == 0 &&
         h46017_text_equal_nocase(a + host, alen - host, b + host, blen - host);
}

/* -- the rules ------------------------------------------------------------ */

/* How much of the front of `name` a complete serial takes up; 0: it does not
 * stand there. */
static size_t name_serial_at(const char *serial, size_t serial_len,
                             const char *name, size_t len) {
  size_t n;

  if (name_is_mac(serial, serial_len)) {
    n = name_mac_at(name, len);
    return n > 0 && name_mac_equal(serial, serial_len, name, n) ? n : 0;
  }
  return serial_len <= len &&
                 h46017_text_equal_nocase(serial, serial_len, name, serial_len)
             ? serial_len
             : 0;
}

static bool name_match_serial(const char *cn, size_t cn_len, const char *name,
                              size_t len) {
  size_t n;

  if (!h46017_name_is_serial(cn, cn_len)) {
    return false;
  }
  n = name_serial_at(cn, cn_len, name, len);
  return n > 0 && n < len && name[n] == '-' &&
         name_are_words(name + n + 1, len - n - 1);
}

static bool name_match_prefix(const char *cn, size_t cn_len, const char *name,
                              size_t len) {
  size_t chars = 0;

  for (size_t pos = 0; pos < cn_len; chars++) {
    (void)h46017_text_next(cn, cn_len, &pos);
  }
  if (chars < NAME_PREFIX_LEAST) {
    return false;
  }
  if (h46017_name_is_serial(cn, cn_len) &&
      name_serial_at(cn, cn_len, name, len) > 0) {
    return true;
  }
  if (cn_len > len) {
    return false;
  }
  return name_are_hex(cn, cn_len)
             ? h46017_text_equal_nocase(cn, cn_len, name, cn_len)
             : memcmp(cn, name, cn_len) == 0;
}

int h46017_name_match(h46017_match_rule rule, const char *cn, size_t cn_len,
                      const char *name, size_t name_len) {
  bool covered = false;

  if (!h46017_name_is_clean(cn, cn_len)) {
    return H46017_ERR_CERT_NAME;
  }
  if (!h46017_name_is_clean(name, name_len)) {
    return H46017_ERR_IDENTITY_MISMATCH;
  }
  covered = h46017_name_is_equal(cn, cn_len, name, name_len);
  if (!covered) {
    switch (rule) {
    case H46017_MATCH_SERIAL:
      covered = name_match_serial(cn, cn_len, name, name_len);
      break;
    case H46017_MATCH_EXACT:
      break;
    case H46017_MATCH_PREFIX:
      covered = name_match_prefix(cn, cn_len, name, name_len);
      break;
    }
  }
  return covered ? 0 : H46017_ERR_IDENTITY_MISMATCH;
}
