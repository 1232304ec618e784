/* SPDX-License-Identifier: BSD-2-Clause */
/* --input hex and bin: PDUs of one type, one a line or one alone. */

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include <unistd.h>

#include "dump.h"

ptrdiff_t dump_read(dump *d, int fd, void *buf, size_t n) {
  ssize_t got;
  fflush(d->out);
  do {
    got = read(fd, buf, n);
  } while (got < 0 && errno == EINTR);
  return got;
}

bool dump_out_failed(const dump *d) {
  return ferror(d->out) != 0;
}

int dump_reserve(dump *d, size_t n) {
  if (n > d->buf_cap) {
    uint8_t *larger = realloc(d->buf, n);
    if (larger == NULL) {
      return H46017_ERR_NOMEM;
    }
    d->buf = larger;
    d->buf_cap = n;
  }
  return 0;
}

int dump_encode(dump *d, h46017_h225 *m, size_t *plen) {
  int rv = dump_reserve(d, 4096);
  if (rv == 0) {
    rv = h46017_h225_encode(m, d->buf, d->buf_cap, plen);
  }
  if (rv == H46017_ERR_BUFFER_TOO_SMALL) {
    rv = dump_reserve(d, *plen);
    if (rv == 0) {
      rv = h46017_h225_encode(m, d->buf, d->buf_cap, plen);
    }
  }
  return rv;
}

static void pdu_json(dump *d) {
  json *j = &d->json;
  size_t trailing = h46017_h225_trailing(d->message);
  json_open(j, '{');
  json_key(j, "value");
  int rv = json_value(j, h46017_h225_root(d->message));
  if (trailing > 0) {
    json_key(j, "trailing");
    json_uint(j, trailing);
  }
  if (rv != 0) {
    dump_error e = dump_error_make(rv, 0, h46017_strerror(rv), NULL);
    dump_error_json(d, &e);
  }
  json_close(j, '}');
  json_end_line(j);
}

static void pdu_text(dump *d) {
  size_t trailing = h46017_h225_trailing(d->message);
  int rv = text_value(d->out, h46017_h225_type_name(d->type),
                      h46017_h225_root(d->message), 0);
  if (trailing > 0) {
    fprintf(d->out, "  (%zu octets behind the end)\n", trailing);
  }
  if (rv != 0) {
    dump_error e = dump_error_make(rv, 0, h46017_strerror(rv), NULL);
    dump_error_text(d, &e, 1);
  }
}

static void pdu_dump(dump *d, const uint8_t *data, size_t len,
                     const char *where) {
  int rv = h46017_h225_decode(d->message, d->type, data, len);
  size_t encoded = 0;
  if (rv == 0 && d->format == DUMP_REENCODE) {
    rv = dump_encode(d, d->message, &encoded);
  }
  if (rv != 0) {
    dump_error e = dump_error_of(d->message, rv, NULL);
    dump_error_line(d, NULL, &e, where);
    return;
  }
  d->pdus++;
  switch (d->format) {
  case DUMP_JSON:
    pdu_json(d);
    break;
  case DUMP_TEXT:
    pdu_text(d);
    break;
  case DUMP_REENCODE:
    text_hex(d->out, d->buf, encoded);
    putc('\n', d->out);
    break;
  }
}

/* A line of hex on its way in: no line is ever held as text. */
typedef struct hex_line {
  uint8_t *data;
  size_t len;
  size_t cap;
  uint64_t number;
  size_t column; /* characters seen */
  bool half;     /* the first digit of data[len] was seen */
  bool begun;    /* something other than white space was seen */
  bool comment;
  int code; /* what is wrong with it; the rest is passed over */
  char text[64];
} hex_line;

static void hex_bad(hex_line *l, int code, const char *text) {
  l->code = code;
  snprintf(l->text, sizeof(l->text), "%s", text);
}

static bool hex_grow(hex_line *l) {
  size_t cap = l->cap == 0 ? 4096 : 2 * l->cap;
  uint8_t *larger = realloc(l->data, cap);
  if (larger == NULL) {
    hex_bad(l, H46017_ERR_NOMEM, h46017_strerror(H46017_ERR_NOMEM));
    return false;
  }
  l->data = larger;
  l->cap = cap;
  return true;
}

static int hex_digit(unsigned char c) {
  if (c >= '0' && c <= '9') {
    return c - '0';
  }
  c |= 0x20;
  return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static void hex_char(hex_line *l, unsigned char c) {
  int digit = hex_digit(c);
  l->column++;
  if (l->comment || l->code != 0 || c == ' ' || c == '\t' || c == '\r') {
    return;
  }
  l->comment = !l->begun && c == '#';
  l->begun = true;
  if (l->comment) {
    return;
  }
  if (digit < 0) {
    hex_bad(l, H46017_ERR_INVALID_ARGUMENT, "");
    snprintf(l->text, sizeof(l->text), "column %zu is not a hex digit",
             l->column);
  } else if (l->half) {
    l->data[l->len] = (uint8_t)(l->data[l->len] | digit);
    l->len++;
    l->half = false;
  } else if (l->len == DUMP_MAX_PDU) {
    hex_bad(l, H46017_ERR_TOO_LARGE, "the line is longer than a PDU may be");
  } else if (l->len < l->cap || hex_grow(l)) {
    l->data[l->len] = (uint8_t)(digit << 4);
    l->half = true;
  }
}

static void hex_end(dump *d, hex_line *l) {
  char where[40];
  l->number++;
  snprintf(where, sizeof(where), "line %" PRIu64, l->number);
  if (l->code == 0 && l->half) {
    hex_bad(l, H46017_ERR_INVALID_ARGUMENT, "an odd number of hex digits");
  }
  if (l->code != 0) {
    dump_error e = dump_error_make(l->code, l->len, l->text, NULL);
    e.bit = l->half ? 4 : 0;
    dump_error_line(d, NULL, &e, where);
  } else if (l->begun && !l->comment) {
    pdu_dump(d, l->data, l->len, where);
  }
  l->len = 0;
  l->column = 0;
  l->half = l->begun = l->comment = false;
  l->code = 0;
}

int dump_hex_file(dump *d, int fd) {
  static char chunk[65536];
  hex_line l;
  ptrdiff_t n;
  memset(&l, 0, sizeof(l));
  while ((n = dump_read(d, fd, chunk, sizeof(chunk))) > 0 &&
         !dump_out_failed(d)) {
    for (ptrdiff_t i = 0; i < n; i++) {
      if (chunk[i] == '\n') {
        hex_end(d, &l);
      } else {
        hex_char(&l, (unsigned char)chunk[i]);
      }
    }
  }
  if (n == 0 && l.column > 0) {
    hex_end(d, &l);
  }
  free(l.data);
  return n < 0 ? -1 : 0;
}

int dump_bin_file(dump *d, int fd) {
  uint8_t *data = NULL;
  size_t len = 0;
  size_t cap = 0;
  ptrdiff_t n;
  do {
    if (len == cap) {
      cap = cap == 0 ? 65536 : 2 * cap;
      uint8_t *larger = realloc(data, cap);
      if (larger == NULL) {
        free(data);
        errno = ENOMEM;
        return -1;
      }
      data = larger;
    }
    n = dump_read(d, fd, data + len, cap - len);
    len += n > 0 ? (size_t)n : 0;
  } while (n > 0 && len <= DUMP_MAX_PDU);
  if (n >= 0 && len > DUMP_MAX_PDU) {
    dump_error e =
        dump_error_make(H46017_ERR_TOO_LARGE, DUMP_MAX_PDU,
                        "the file is longer than a PDU may be", NULL);
    dump_error_line(d, NULL, &e, NULL);
  } else if (n == 0) {
    pdu_dump(d, data, len, NULL);
  }
  free(data);
  return n < 0 ? -1 : 0;
}
