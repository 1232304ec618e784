/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef H46017_FUZZ_CODEC_H
#define H46017_FUZZ_CODEC_H

/* What fuzz_ras, fuzz_uuie and fuzz_roundtrip ask of the codec. */

#include <h46017/error.h>
#include <h46017/h225.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FUZZ_MUST(cond)                                                        \
  do {                                                                         \
    if (!(cond)) {                                                             \
      (void)fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__, #cond);         \
      abort();                                                                 \
    }                                                                          \
  } while (0)

static inline h46017_h225 *fuzz_message(void) {
  h46017_h225 *m = NULL;
  int rv = h46017_h225_new(&m, NULL, NULL);

  FUZZ_MUST(rv == 0);
  return m;
}

/* Reads all of a value in every way it can be read. */
static inline void fuzz_walk(h46017_h225_value v) {
  char text[64];
  const uint8_t *data;
  size_t len = 0;
  int64_t i;
  uint64_t u;
  bool flag;
  volatile unsigned sum = 0;

  (void)h46017_h225_read_bool(v, &flag);
  (void)h46017_h225_read_int(v, &i);
  (void)h46017_h225_read_uint(v, &u);
  (void)h46017_h225_read_text(v, text, sizeof(text), &len);
  if (h46017_h225_read_bits(v, &data, &len) == 0) {
    for (size_t k = 0; k < (len + 7) / 8; k++) {
      sum += data[k];
    }
  }
  if (h46017_h225_read_octets(v, &data, &len) == 0) {
    for (size_t k = 0; k < len; k++) {
      sum += data[k];
    }
  }
  (void)sum; /* the reads were the point */
  len = h46017_h225_count(v);
  for (size_t k = 0; k < len; k++) {
    h46017_h225_value child = h46017_h225_at(v, k);
    const char *name = h46017_h225_value_name(child);
    FUZZ_MUST(h46017_h225_value_kind(child) != H46017_H225_ABSENT);
    if (*name != '\0') {
      FUZZ_MUST(h46017_h225_get(v, name).data == child.data);
    }
    fuzz_walk(child);
  }
  FUZZ_MUST(h46017_h225_value_kind(h46017_h225_at(v, len)) ==
            H46017_H225_ABSENT);
}

/* Encodes into a block of exactly the size that was asked for; the caller
 * frees it. */
static inline uint8_t *fuzz_encode(h46017_h225 *m, size_t *plen) {
  size_t need = 0;
  size_t len = 0;
  uint8_t *out;

  FUZZ_MUST(h46017_h225_encode(m, NULL, 0, &need) == 0);
  out = malloc(need);
  FUZZ_MUST(out != NULL);
  FUZZ_MUST(h46017_h225_encode(m, out, need, &len) == 0);
  FUZZ_MUST(len == need);
  *plen = len;
  return out;
}

/* Whatever decodes can be read, encodes, and what it encodes to decodes to
 * the same octets again; if it does not decode, the error says where. */
static inline void fuzz_codec(const h46017_h225_type *type, const uint8_t *data,
                              size_t size) {
  h46017_h225 *m = fuzz_message();
  h46017_h225 *again = fuzz_message();
  int rv = h46017_h225_decode(m, type, data, size);

  if (rv != 0) {
    const h46017_h225_error *e = h46017_h225_last_error(m);
    FUZZ_MUST(e->code == rv && e->offset <= size && e->bit < 8);
    FUZZ_MUST(rv <= H46017_ERR_TRUNCATED && rv >= H46017_ERR_PER_BUDGET);
    FUZZ_MUST(h46017_h225_message_type(m) == NULL);
  } else {
    size_t len;
    size_t len2;
    uint8_t *out;
    uint8_t *out2;
    fuzz_walk(h46017_h225_root(m));
    out = fuzz_encode(m, &len);
    FUZZ_MUST(h46017_h225_decode(again, type, out, len) == 0);
    FUZZ_MUST(h46017_h225_trailing(again) == h46017_h225_trailing(m));
    out2 = fuzz_encode(again, &len2);
    FUZZ_MUST(len == len2 && memcmp(out, out2, len) == 0);
    free(out2);
    free(out);
  }
  h46017_h225_del(again);
  h46017_h225_del(m);
}

#endif /* H46017_FUZZ_CODEC_H */
