/* SPDX-License-Identifier: BSD-2-Clause */
/* A JSON writer, and any value of a message as JSON.
 *
 * Its own, because strings of a message may hold U+0000 and lone surrogates:
 * JSON can say both (\u0000, \ud8xx), most libraries' strings cannot. */

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "dump.h"

static void json_before(json *j) {
  if (j->comma) {
    putc(',', j->out);
  }
  j->comma = true;
}

void json_open(json *j, char bracket) {
  json_before(j);
  putc(bracket, j->out);
  j->comma = false;
}

void json_close(json *j, char bracket) {
  putc(bracket, j->out);
  j->comma = true;
}

void json_end_line(json *j) {
  putc('\n', j->out);
  j->comma = false;
}

/* One octet of UTF-8, or one character below U+0080. */
static void json_octet(json *j, unsigned char c) {
  switch (c) {
  case '"':
  case '\\':
    putc('\\', j->out);
    putc(c, j->out);
    break;
  case '\n':
    fputs("\\n", j->out);
    break;
  case '\r':
    fputs("\\r", j->out);
    break;
  case '\t':
    fputs("\\t", j->out);
    break;
  default:
    if (c < 0x20 || c == 0x7f) {
      fprintf(j->out, "\\u%04x", c);
    } else {
      putc(c, j->out);
    }
  }
}

static void json_quoted(json *j, const char *text) {
  putc('"', j->out);
  for (; *text != '\0'; text++) {
    json_octet(j, (unsigned char)*text);
  }
  putc('"', j->out);
}

void json_key(json *j, const char *name) {
  json_before(j);
  json_quoted(j, name);
  putc(':', j->out);
  j->comma = false;
}

void json_text(json *j, const char *text) {
  json_before(j);
  json_quoted(j, text);
}

void json_hex(json *j, const uint8_t *data, size_t len) {
  json_before(j);
  putc('"', j->out);
  text_hex(j->out, data, len);
  putc('"', j->out);
}

void json_uint(json *j, uint64_t value) {
  json_before(j);
  fprintf(j->out, "%" PRIu64, value);
}

void json_int(json *j, int64_t value) {
  json_before(j);
  fprintf(j->out, "%" PRId64, value);
}

void json_bool(json *j, bool value) {
  json_before(j);
  fputs(value ? "true" : "false", j->out);
}

void json_null(json *j) {
  json_before(j);
  fputs("null", j->out);
}

static unsigned json_unit(const uint8_t *data, size_t i) {
  return (unsigned)data[2 * i] << 8 | data[2 * i + 1];
}

/* 16-bit units, as they were sent. A pair of surrogates is what it means in
 * UTF-16, although BMPString has none. */
static void json_units(json *j, const uint8_t *data, size_t units) {
  json_before(j);
  putc('"', j->out);
  for (size_t i = 0; i < units; i++) {
    unsigned u = json_unit(data, i);
    unsigned low = i + 1 < units ? json_unit(data, i + 1) : 0;
    if (u < 0x80) {
      json_octet(j, (unsigned char)u);
    } else if (u >= 0xa0 && u < 0x800) {
      putc((int)(0xc0 | u >> 6), j->out);
      putc((int)(0x80 | (u & 0x3f)), j->out);
    } else if (u >= 0x800 && (u < 0xd800 || u > 0xdfff)) {
      putc((int)(0xe0 | u >> 12), j->out);
      putc((int)(0x80 | (u >> 6 & 0x3f)), j->out);
      putc((int)(0x80 | (u & 0x3f)), j->out);
    } else if (u < 0xdc00 && low >= 0xdc00 && low <= 0xdfff) {
      fprintf(j->out, "\\u%04x\\u%04x", u, low);
      i++;
    } else { /* half of a pair; a control, to a terminal */
      fprintf(j->out, "\\u%04x", u);
    }
  }
  putc('"', j->out);
}

static int json_integer(json *j, h46017_h225_value v) {
  int64_t number;
  uint64_t natural;
  const uint8_t *data;
  size_t len;
  int rv = h46017_h225_read_int(v, &number);
  if (rv == 0) {
    json_int(j, number);
    return 0;
  }
  rv = h46017_h225_read_uint(v, &natural);
  if (rv == 0) {
    json_uint(j, natural);
    return 0;
  }
  rv = h46017_h225_read_octets(v, &data, &len);
  if (rv == 0) {
    json_hex(j, data, len);
  }
  return rv;
}

static int json_scalar(json *j, h46017_h225_value v, h46017_h225_kind kind) {
  const uint8_t *data;
  size_t len;
  int rv;
  if (kind == H46017_H225_OBJECT_IDENTIFIER || kind == H46017_H225_ENUMERATED) {
    char small[256];
    char *text = dump_read_text(v, small, sizeof(small), &rv);
    if (text != NULL) {
      json_text(j, text);
    }
    if (text != small) {
      free(text);
    }
    if (rv != H46017_ERR_TEXT) {
      return rv;
    }
    /* An identifier with an arc beyond 64 bits, or one that is not whole: its
     * octets in hex. */
  }
  if (kind == H46017_H225_BIT_STRING) {
    rv = h46017_h225_read_bits(v, &data, &len);
    if (rv == 0) {
      json_open(j, '[');
      json_hex(j, data, (len + 7) / 8);
      json_uint(j, len);
      json_close(j, ']');
    }
    return rv;
  }
  rv = h46017_h225_read_octets(v, &data, &len);
  if (rv != 0) {
    return rv;
  }
  if (kind == H46017_H225_BMP_STRING) {
    json_units(j, data, len / 2);
  } else if (kind == H46017_H225_IA5_STRING) {
    json_before(j);
    putc('"', j->out);
    for (size_t i = 0; i < len; i++) {
      json_octet(j, data[i]);
    }
    putc('"', j->out);
  } else {
    json_hex(j, data, len);
  }
  return 0;
}

static int json_container(json *j, h46017_h225_value v, bool named) {
  int first = 0;
  size_t n = h46017_h225_count(v);
  json_open(j, named ? '{' : '[');
  for (size_t i = 0; i < n; i++) {
    h46017_h225_value below = h46017_h225_at(v, i);
    if (named) {
      json_key(j, h46017_h225_value_name(below));
    }
    int rv = json_value(j, below);
    first = first != 0 ? first : rv;
  }
  json_close(j, named ? '}' : ']');
  return first;
}

/* The recursion is as deep as the message, which the decoder bounds. */
int json_value(json *j, h46017_h225_value v) {
  h46017_h225_kind kind = h46017_h225_value_kind(v);
  bool truth;
  int rv = H46017_ERR_TYPE_MISMATCH; /* a kind newer than this program */
  switch (kind) {
  case H46017_H225_NULL:
    json_null(j);
    return 0;
  case H46017_H225_BOOLEAN:
    rv = h46017_h225_read_bool(v, &truth);
    if (rv == 0) {
      json_bool(j, truth);
    }
    break;
  case H46017_H225_INTEGER:
    rv = json_integer(j, v);
    break;
  case H46017_H225_SEQUENCE:
  case H46017_H225_CHOICE:
    return json_container(j, v, true);
  case H46017_H225_SEQUENCE_OF:
    return json_container(j, v, false);
  case H46017_H225_ENUMERATED:
  case H46017_H225_BIT_STRING:
  case H46017_H225_OCTET_STRING:
  case H46017_H225_OBJECT_IDENTIFIER:
  case H46017_H225_IA5_STRING:
  case H46017_H225_BMP_STRING:
    rv = json_scalar(j, v, kind);
    break;
  case H46017_H225_ABSENT:
    rv = H46017_ERR_ABSENT;
    break;
  }
  if (rv != 0) {
    json_null(j);
  }
  return rv;
}
