/* SPDX-License-Identifier: BSD-2-Clause */
#include "octets.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int hex_digit(char c) {
  static const char digits[] = "0123456789abcdef";
  const char *at = c != '\0' ? strchr(digits, c | 0x20) : NULL;

  return at != NULL ? (int)(at - digits) : -1;
}

octets octets_hex(const char *hex) {
  octets o = {malloc(strlen(hex) / 2 + 1), 0};

  ck_assert_ptr_nonnull(o.data);
  while (*hex != '\0') {
    int high;
    int low;

    if (*hex == ' ' || *hex == '\n') {
      hex++;
      continue;
    }
    high = hex_digit(hex[0]);
    low = hex_digit(hex[1]);
    if (high < 0 || low < 0) {
      ck_abort_msg("not hex: %.8s", hex);
    }
    o.data[o.len++] = (uint8_t)(high << 4 | low);
    hex += 2;
  }
  return o;
}

octets octets_file(const char *name) {
  const char *dir = getenv("H46017_TEST_DIR");
  octets o = {NULL, 0};
  char path[1024];
  uint8_t piece[4096];
  FILE *f;
  size_t n;

  (void)snprintf(path, sizeof(path), "%s/%s", dir != NULL ? dir : "tests",
                 name);
  f = fopen(path, "rb");
  ck_assert_msg(f != NULL, "cannot open %s", path);
  while ((n = fread(piece, 1, sizeof(piece), f)) > 0) {
    octets_append(&o, piece, n);
  }
  ck_assert_int_eq(fclose(f), 0);
  ck_assert_uint_gt(o.len, 0);
  return o;
}

void octets_append(octets *o, const uint8_t *tail, size_t len) {
  uint8_t *grown = realloc(o->data, o->len + len + 1);

  if (grown == NULL) { /* ck_assert writes to a pipe each time: slow here */
    ck_abort_msg("no memory");
  }
  o->data = grown;
  if (len > 0) {
    memcpy(o->data + o->len, tail, len);
  }
  o->len += len;
}

void octets_free(octets *o) {
  free(o->data);
  o->data = NULL;
  o->len = 0;
}

uint8_t *octets_exact(const uint8_t *data, size_t len) {
  /* malloc(0) may be NULL; one octet that no length covers will do */
  uint8_t *copy = malloc(len > 0 ? len : 1);

  if (copy == NULL) {
    ck_abort_msg("no memory");
  }
  if (len > 0) {
    memcpy(copy, data, len);
  }
  return copy;
}

size_t chunk_size(int i) {
  static const size_t sizes[CHUNK_SIZES] = {SIZE_MAX, 1, 2, 3, 4, 5, 7, 1460};

  ck_assert_int_lt(i, CHUNK_SIZES);
  return sizes[i];
}
