/* SPDX-License-Identifier: BSD-2-Clause */
/* Any value of a message, indented, for people. */

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include <arpa/inet.h>

#include "dump.h"

/* Octets of a long octet string on a line. */
#define TEXT_WRAP ((size_t)32)

void text_hex(FILE *out, const uint8_t *data, size_t len) {
  static const char digits[] = "0123456789abcdef";
  for (size_t i = 0; i < len; i++) {
    putc(digits[data[i] >> 4], out);
    putc(digits[data[i] & 15], out);
  }
}

char *dump_read_text(h46017_h225_value v, char *small, size_t cap, int *prv) {
  size_t len = 0;
  char *text = small;
  *prv = h46017_h225_read_text(v, small, cap, &len);
  if (*prv == H46017_ERR_BUFFER_TOO_SMALL) {
    text = malloc(len + 1);
    *prv = text == NULL ? H46017_ERR_NOMEM
                        : h46017_h225_read_text(v, text, len + 1, &len);
  }
  if (*prv != 0 && text != small) {
    free(text);
  }
  return *prv == 0 ? text : NULL;
}

/* Text that another computer sent goes to a terminal: nothing in it may be a
 * control sequence. */
static void text_quoted(FILE *out, const char *text) {
  putc('"', out);
  for (; *text != '\0'; text++) {
    unsigned char c = (unsigned char)*text;
    unsigned char next = (unsigned char)text[1];
    if (c == '"' || c == '\\') {
      fprintf(out, "\\%c", c);
    } else if (c < 0x20 || c == 0x7f) {
      fprintf(out, "\\x%02x", c);
    } else if (c == 0xc2 && next < 0xa0) { /* U+0080 to U+009F */
      fprintf(out, "\\u%04x", next);
      text++;
    } else {
      putc(c, out);
    }
  }
  putc('"', out);
}

/* How many octets look like text: all of them but for NULs at the end, which
 * some products count in. 0: they do not. */
static size_t text_printable(const uint8_t *data, size_t len) {
  while (len > 0 && data[len - 1] == 0) {
    len--;
  }
  for (size_t i = 0; i < len; i++) {
    if (data[i] < 0x20 || data[i] > 0x7e) {
      return 0;
    }
  }
  return len >= 3 ? len : 0;
}

/* Hex; behind it what it seems to be. */
static void text_octets(FILE *out, h46017_h225_value v, const uint8_t *data,
                        size_t len, int depth) {
  const char *name = h46017_h225_value_name(v);
  if (len == 0) {
    fputs(" (no octets)\n", out);
    return;
  }
  if (len > TEXT_WRAP) {
    fprintf(out, " %zu octets\n", len);
    for (size_t at = 0; at < len; at += TEXT_WRAP) {
      size_t n = len - at < TEXT_WRAP ? len - at : TEXT_WRAP;
      fprintf(out, "%*s", 2 * (depth + 1), "");
      text_hex(out, data + at, n);
      putc('\n', out);
    }
    return;
  }
  putc(' ', out);
  text_hex(out, data, len);
  char address[INET6_ADDRSTRLEN];
  if (strcmp(name, "ip") == 0 && (len == 4 || len == 16) &&
      inet_ntop(len == 4 ? AF_INET : AF_INET6, data, address,
                sizeof(address)) != NULL) {
    fprintf(out, " (%s)", address);
  } else if (text_printable(data, len) > 0) {
    fprintf(out, " (\"%.*s\")", (int)text_printable(data, len),
            (const char *)data);
  }
  putc('\n', out);
}

static void text_units(FILE *out, const uint8_t *data, size_t len) {
  fputs(" \"", out);
  for (size_t i = 0; i + 1 < len; i += 2) {
    unsigned u = (unsigned)data[i] << 8 | data[i + 1];
    if (u >= 0x20 && u < 0x7f && u != '"' && u != '\\') {
      putc((int)u, out);
    } else {
      fprintf(out, "\\u%04x", u);
    }
  }
  fputs("\"\n", out);
}

static int text_string(FILE *out, h46017_h225_value v, h46017_h225_kind kind,
                       int depth) {
  char small[512];
  int rv;
  char *text = dump_read_text(v, small, sizeof(small), &rv);
  if (text != NULL) {
    putc(' ', out);
    if (kind == H46017_H225_IA5_STRING || kind == H46017_H225_BMP_STRING) {
      text_quoted(out, text);
    } else {
      fputs(text, out);
    }
    putc('\n', out);
    if (text != small) {
      free(text);
    }
    return 0;
  }
  const uint8_t *data;
  size_t len;
  if (rv == H46017_ERR_TEXT && h46017_h225_read_octets(v, &data, &len) == 0) {
    if (kind == H46017_H225_BMP_STRING) {
      text_units(out, data, len);
    } else {
      text_octets(out, v, data, len, depth);
    }
    return 0;
  }
  return rv;
}

static int text_number(FILE *out, h46017_h225_value v) {
  int64_t number;
  uint64_t natural;
  const uint8_t *data;
  size_t len;
  int rv = h46017_h225_read_int(v, &number);
  if (rv == 0) {
    fprintf(out, " %" PRId64 "\n", number);
    return 0;
  }
  rv = h46017_h225_read_uint(v, &natural);
  if (rv == 0) {
    fprintf(out, " %" PRIu64 "\n", natural);
    return 0;
  }
  rv = h46017_h225_read_octets(v, &data, &len);
  if (rv == 0) {
    fputs(" 0x", out);
    text_hex(out, data, len);
    putc('\n', out);
  }
  return rv;
}

/* The components of a SEQUENCE, the elements of a SEQUENCE OF. */
static int text_below(FILE *out, h46017_h225_value v, bool named, int depth) {
  int first = 0;
  size_t n = h46017_h225_count(v);
  fputs(n > 0 ? "\n" : " (empty)\n", out);
  for (size_t i = 0; i < n; i++) {
    char index[32];
    h46017_h225_value below = h46017_h225_at(v, i);
    snprintf(index, sizeof(index), "[%zu]", i);
    int rv = text_value(out, named ? h46017_h225_value_name(below) : index,
                        below, depth + 1);
    first = first != 0 ? first : rv;
  }
  return first;
}

/* What follows the label, to the end of the last line. */
static int text_rest(FILE *out, h46017_h225_value v, int depth) {
  h46017_h225_kind kind = h46017_h225_value_kind(v);
  const uint8_t *data;
  size_t len;
  bool truth;
  int rv = H46017_ERR_TYPE_MISMATCH; /* a kind newer than this program */
  switch (kind) {
  case H46017_H225_NULL:
    putc('\n', out);
    return 0;
  case H46017_H225_BOOLEAN:
    rv = h46017_h225_read_bool(v, &truth);
    if (rv == 0) {
      fputs(truth ? " true\n" : " false\n", out);
    }
    break;
  case H46017_H225_INTEGER:
    rv = text_number(out, v);
    break;
  case H46017_H225_SEQUENCE:
  case H46017_H225_SEQUENCE_OF:
    return text_below(out, v, kind == H46017_H225_SEQUENCE, depth);
  case H46017_H225_CHOICE:
    v = h46017_h225_at(v, 0);
    fprintf(out, " %s", h46017_h225_value_name(v));
    return text_rest(out, v, depth);
  case H46017_H225_OCTET_STRING:
    rv = h46017_h225_read_octets(v, &data, &len);
    if (rv == 0) {
      text_octets(out, v, data, len, depth);
    }
    break;
  case H46017_H225_BIT_STRING:
    rv = h46017_h225_read_bits(v, &data, &len);
    if (rv == 0) {
      putc(' ', out);
      text_hex(out, data, (len + 7) / 8);
      fprintf(out, " (%zu bits)\n", len);
    }
    break;
  case H46017_H225_ENUMERATED:
  case H46017_H225_OBJECT_IDENTIFIER:
  case H46017_H225_IA5_STRING:
  case H46017_H225_BMP_STRING:
    rv = text_string(out, v, kind, depth);
    break;
  case H46017_H225_ABSENT:
    rv = H46017_ERR_ABSENT;
    break;
  }
  if (rv != 0) {
    fprintf(out, " (%s)\n", h46017_strerror(rv));
  }
  return rv;
}

/* The recursion is as deep as the message, which the decoder bounds. */
int text_value(FILE *out, const char *label, h46017_h225_value v, int depth) {
  fprintf(out, "%*s%s:", 2 * depth, "", label);
  return text_rest(out, v, depth);
}
