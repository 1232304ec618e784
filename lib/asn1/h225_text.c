/* SPDX-License-Identifier: BSD-2-Clause */
#include "asn1/h225_text.h"

#include "base/text.h"

#include <h46017/error.h>

#include <string.h>

/* -- OBJECT IDENTIFIER ------------------------------------------------ */

/* One arc of BER contents; false: it ends within, or is beyond 64 bits. */
static bool oid_next(const uint8_t *octets, size_t len, size_t *pos,
                     uint64_t *out) {
  uint64_t arc = 0;

  while (*pos < len) {
    uint8_t octet = octets[(*pos)++];
    if (arc >> 57 != 0) {
      return false;
    }
    arc = arc << 7 | (octet & 0x7fU);
    if ((octet & 0x80) == 0) {
      *out = arc;
      return true;
    }
  }
  return false;
}

/* A place for text that may be too small: counts on. */
typedef struct text_sink {
  char *buf;
  size_t cap;
  size_t len;
} text_sink;

static void sink_put(text_sink *s, const char *text, size_t len) {
  if (s->len < s->cap && len <= s->cap - s->len) {
    memcpy(s->buf + s->len, text, len);
  }
  s->len += len;
}

static void sink_put_number(text_sink *s, uint64_t v) {
  char digits[20];
  size_t at = sizeof(digits);

  do {
    digits[--at] = (char)('0' + v % 10);
    v /= 10;
  } while (v > 0);
  sink_put(s, digits + at, sizeof(digits) - at);
}

/* Ends the text with a NUL where there is room. */
static int sink_finish(text_sink *s, size_t *plen) {
  if (plen != NULL) {
    *plen = s->len;
  }
  if (s->len >= s->cap) {
    if (s->cap > 0) {
      s->buf[0] = '\0';
    }
    return H46017_ERR_BUFFER_TOO_SMALL;
  }
  s->buf[s->len] = '\0';
  return 0;
}

static int text_of_oid(const uint8_t *octets, size_t len, text_sink *s) {
  uint64_t arc;
  size_t pos = 0;

  if (!oid_next(octets, len, &pos, &arc)) {
    return H46017_ERR_TEXT;
  }
  sink_put_number(s, arc < 80 ? arc / 40 : 2);
  sink_put(s, ".", 1);
  sink_put_number(s, arc < 80 ? arc % 40 : arc - 80);
  while (pos < len) {
    if (!oid_next(octets, len, &pos, &arc)) {
      return H46017_ERR_TEXT;
    }
    sink_put(s, ".", 1);
    sink_put_number(s, arc);
  }
  return 0;
}

static bool oid_number(const char **p, const char *end, uint64_t *out) {
  const char *s = *p;
  uint64_t v = 0;

  while (s < end && *s >= '0' && *s <= '9') {
    uint64_t digit = (uint64_t)(*s - '0');
    if (v > (UINT64_MAX - digit) / 10) {
      return false;
    }
    v = v * 10 + digit;
    s++;
  }
  if (s == *p) {
    return false;
  }
  *p = s;
  *out = v;
  return true;
}

static size_t oid_put(uint8_t *out, size_t at, uint64_t arc) {
  unsigned septets = 1;

  while (septets < 10 && arc >> (septets * 7) != 0) {
    septets++;
  }
  while (septets-- > 0) {
    uint8_t octet = (uint8_t)(arc >> (septets * 7) & 0x7f);
    if (out != NULL) {
      out[at] = (uint8_t)(octet | (septets > 0 ? 0x80 : 0));
    }
    at++;
  }
  return at;
}

size_t h46017_text_to_oid(const char *text, size_t len, uint8_t *out) {
  const char *p = text;
  const char *end = text + len;
  uint64_t first;
  uint64_t arc;
  size_t at;

  if (!oid_number(&p, end, &first) || first > 2 || p == end || *p++ != '.' ||
      !oid_number(&p, end, &arc) || (first < 2 && arc > 39) ||
      arc > UINT64_MAX - 80) {
    return 0;
  }
  at = oid_put(out, 0, first * 40 + arc);
  while (p < end) {
    if (*p++ != '.' || !oid_number(&p, end, &arc)) {
      return 0;
    }
    at = oid_put(out, at, arc);
  }
  return at;
}

/* -- reading ---------------------------------------------------------- */

static int text_of_bmp(const OCTET_STRING_t *string, char *buf, size_t cap,
                       size_t *plen) {
  size_t size = (size_t)string->size;
  size_t len = h46017_text_utf8_size(string->buf, size);

  if (len == 0 && size > 0) {
    return H46017_ERR_TEXT;
  }
  if (plen != NULL) {
    *plen = len;
  }
  if (len >= cap) {
    return H46017_ERR_BUFFER_TOO_SMALL;
  }
  h46017_text_from_bmp(string->buf, size, buf, len);
  return 0;
}

static int text_of_characters(const OCTET_STRING_t *string, text_sink *s) {
  if (memchr(string->buf, '\0', (size_t)string->size) != NULL) {
    return H46017_ERR_TEXT;
  }
  sink_put(s, (const char *)string->buf, (size_t)string->size);
  return 0;
}

const char *h46017_enum_name(const h46017_node *n, const ENUMERATED_t *v) {
  const asn_INTEGER_specifics_t *names = n->names;
  const h46017_unknown *u = h46017_enum_unknown(v);
  int64_t number;

  if (u != NULL) {
    return u->name;
  }
  if (v->buf == NULL ||
      !h46017_per_to_int64(v->buf, (size_t)v->size, &number)) {
    return NULL;
  }
  for (size_t i = 0; i < n->nmembers; i++) {
    if (names->value2enum[i].nat_value == number) {
      return names->value2enum[i].enum_name;
    }
  }
  return NULL;
}

int h46017_h225_read_text(h46017_h225_value v, char *buf, size_t cap,
                          size_t *plen) {
  const h46017_node *n = v.node;
  text_sink s = {buf, cap, 0};
  const char *name = NULL;
  int rv = 0;

  if (n == NULL) {
    return H46017_ERR_ABSENT;
  }
  if (n->kind == H46017_NODE_BMP) {
    return text_of_bmp(v.data, buf, cap, plen);
  }
  if (n->kind == H46017_NODE_CHARS) {
    rv = text_of_characters(v.data, &s);
  } else if (n->kind == H46017_NODE_OID) {
    const OBJECT_IDENTIFIER_t *oid = v.data;
    rv = text_of_oid(oid->buf, (size_t)oid->size, &s);
  } else if (n->kind == H46017_NODE_ENUM || n->kind == H46017_NODE_CHOICE) {
    if (n->kind == H46017_NODE_ENUM) {
      name = h46017_enum_name(n, v.data);
    } else if (h46017_h225_count(v) == 1) {
      name = h46017_h225_value_name(h46017_h225_at(v, 0));
    }
    if (name == NULL) {
      return H46017_ERR_ABSENT;
    }
    sink_put(&s, name, strlen(name));
  } else {
    return H46017_ERR_TYPE_MISMATCH;
  }
  return rv != 0 ? rv : sink_finish(&s, plen);
}
