/* SPDX-License-Identifier: BSD-2-Clause */
#include "asn1/h225_message.h"
#include "asn1/plain_check.h"
#include "wire/facility.h"

#include <h46017/error.h>
#include <h46017/h225.h>
#include <h46017/tpkt.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Everything that has to agree about the same octets. The first octet chooses
 * a type of the schema, the second how tight the limits are and what is changed
 * in what was decoded. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define FUZZ_MUST(cond)                                                        \
  do {                                                                         \
    if (!(cond)) {                                                             \
      (void)fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__, #cond);         \
      abort();                                                                 \
    }                                                                          \
  } while (0)

/* -- the codec and itself -------------------------------------------------- */

static h46017_h225 *fuzz_message(void) {
  h46017_h225 *m = NULL;
  int rv = h46017_h225_new(&m, NULL, NULL);

  FUZZ_MUST(rv == 0);
  return m;
}

/* Reads all of a value in every way it can be read. */
static void fuzz_walk(h46017_h225_value v) {
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
static uint8_t *fuzz_encode(h46017_h225 *m, size_t *plen) {
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
static void fuzz_round(const h46017_h225_type *type, const uint8_t *data,
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

/* -- and what is changed in it --------------------------------------------- */

/* Copies a value into another message through the setters. Paths that grow
 * long, and what text or octets cannot set, are left out. */
static void fuzz_copy(h46017_h225 *to, h46017_h225_value v, const char *path) {
  char below[512];
  const uint8_t *data;
  size_t len;
  int64_t i;
  bool flag;
  size_t count = h46017_h225_count(v);

  if (strlen(path) > sizeof(below) - 64 || count > 64) {
    return;
  }
  if (h46017_h225_read_bool(v, &flag) == 0) {
    (void)h46017_h225_set_bool(to, path, flag);
  } else if (h46017_h225_read_int(v, &i) == 0) {
    (void)h46017_h225_set_int(to, path, i);
  } else if (h46017_h225_read_octets(v, &data, &len) == 0) {
    (void)h46017_h225_set_octets(to, path, data, len);
  } else if (h46017_h225_read_bits(v, &data, &len) == 0) {
    (void)h46017_h225_set_bits(to, path, data, len);
  } else if (count == 0) {
    (void)h46017_h225_set_present(to, path);
  }
  for (size_t k = 0; k < count; k++) {
    h46017_h225_value child = h46017_h225_at(v, k);
    const char *name = h46017_h225_value_name(child);
    if (*name == '\0') {
      (void)snprintf(below, sizeof(below), "%s[%zu]", path, k);
    } else {
      (void)snprintf(below, sizeof(below), "%s%s%s", path,
                     *path != '\0' ? "." : "", name);
    }
    fuzz_copy(to, child, below);
  }
}

/* Takes out the components that `mask` chooses, at every level of the first
 * one left. */
static void fuzz_remove(h46017_h225 *m, unsigned mask) {
  char path[512] = "";
  h46017_h225_value v = h46017_h225_root(m);

  while (strlen(path) < sizeof(path) - 64 && h46017_h225_count(v) > 0) {
    h46017_h225_value child = h46017_h225_at(v, mask % h46017_h225_count(v));
    const char *name = h46017_h225_value_name(child);
    char below[600];
    int rv;
    if (*name == '\0') {
      (void)snprintf(below, sizeof(below), "%s[%zu]", path,
                     mask % h46017_h225_count(v));
    } else {
      (void)snprintf(below, sizeof(below), "%s%s%s", path,
                     *path != '\0' ? "." : "", name);
    }
    rv = (mask & 1) != 0 ? h46017_h225_remove(m, below)
                         : H46017_ERR_INVALID_ARGUMENT;
    if (rv == 0) {
      return;
    }
    FUZZ_MUST(rv == H46017_ERR_INVALID_ARGUMENT);
    if (strlen(below) >= sizeof(path)) {
      return;
    }
    memcpy(path, below, strlen(below) + 1);
    v = child;
    mask = mask >> 1 | (mask & 1) << 7;
  }
}

/* What encodes decodes again, to the same octets. */
static void fuzz_stays(h46017_h225 *m, h46017_h225 *scratch) {
  const h46017_h225_type *type = h46017_h225_message_type(m);
  size_t need = 0;
  uint8_t *out;
  uint8_t *out2;
  size_t len;
  size_t len2;

  if (h46017_h225_encode(m, NULL, 0, &need) != 0) {
    return; /* something mandatory was not copied */
  }
  out = fuzz_encode(m, &len);
  FUZZ_MUST(h46017_h225_decode(scratch, type, out, len) == 0);
  out2 = fuzz_encode(scratch, &len2);
  FUZZ_MUST(len == len2 && memcmp(out, out2, len) == 0);
  free(out2);
  free(out);
}

static void fuzz_change(const h46017_h225_type *type, const uint8_t *data,
                        size_t size, unsigned mask) {
  h46017_h225 *m = fuzz_message();
  h46017_h225 *copy = fuzz_message();
  h46017_h225 *scratch = fuzz_message();

  if (h46017_h225_decode(m, type, data, size) == 0) {
    FUZZ_MUST(h46017_h225_create(copy, type) == 0);
    fuzz_copy(copy, h46017_h225_root(m), "");
    fuzz_stays(copy, scratch);
    fuzz_remove(m, mask);
    fuzz_stays(m, scratch);
  }
  h46017_h225_del(scratch);
  h46017_h225_del(copy);
  h46017_h225_del(m);
}

/* -- the straight-line paths and the engine ---------------------------------
 */

static void fuzz_same(const char *text) {
  if (text != NULL) {
    (void)fprintf(stderr, "%s\n", text);
    abort();
  }
}

/* Without one component of the second level, wherever it may be missed. */
static void fuzz_without(const h46017_h225_type *type, const uint8_t *data,
                         size_t size, unsigned which) {
  h46017_h225 *m = fuzz_message();
  char path[256];
  h46017_h225_value v;
  h46017_h225_value child;

  if (h46017_h225_decode(m, type, data, size) == 0) {
    v = h46017_h225_at(h46017_h225_root(m), 0);
    if (h46017_h225_count(v) > 0) {
      child = h46017_h225_at(v, which % h46017_h225_count(v));
      (void)snprintf(path, sizeof(path), "%s.%s", h46017_h225_value_name(v),
                     h46017_h225_value_name(child));
      (void)h46017_h225_remove(m, path);
    }
    fuzz_same(h46017_plain_check_encode(type->node, m->root, 64));
  }
  h46017_h225_del(m);
}

static void fuzz_plain(const h46017_h225_type *type, const uint8_t *data,
                       size_t size, unsigned how) {
  h46017_plain_limits limits = {(size_t)1 << 20, {64, 65536}};

  if ((how & 3) == 1) {
    limits.per.depth = 1 + (how >> 2) % 16;
  } else if ((how & 3) == 2) {
    limits.budget = (size_t)(how >> 2) * 64;
  } else if ((how & 3) == 3) {
    limits.per.elements = how >> 4;
  }
  fuzz_same(h46017_plain_check_decode(type->node, data, size, &limits, NULL));
  fuzz_without(type, data, size, how);
}

/* -- the short way to the RAS message of a plain Facility -------------------
 */

static void fuzz_compare(h46017_h225 *m, const uint8_t *data, size_t size) {
  h46017_facility f;
  h46017_facility decoded;
  h46017_uui_cursor at = {0, 0};
  h46017_uui_cursor decoded_at = {0, 0};
  const uint8_t *per;
  const uint8_t *decoded_per;
  size_t len;
  size_t decoded_len;
  bool more;

  if (h46017_facility_read(&f, m, data, size) != 0 || f.only == NULL) {
    return; /* it was decoded */
  }
  FUZZ_MUST(h46017_facility_decode(&decoded, m, data, size) == 0);
  FUZZ_MUST(decoded.tunnelled == f.tunnelled);
  FUZZ_MUST(decoded.body_empty == f.body_empty);
  FUZZ_MUST(decoded.h245_tunnelling == f.h245_tunnelling);
  FUZZ_MUST(decoded.ras == f.ras);
  FUZZ_MUST(decoded.ignored == f.ignored);
  FUZZ_MUST(h46017_h225_trailing(m) == 0);
  do {
    more = h46017_facility_next(&f, m, &at, &per, &len);
    FUZZ_MUST(h46017_facility_next(&decoded, m, &decoded_at, &decoded_per,
                                   &decoded_len) == more);
    FUZZ_MUST(!more || (per == decoded_per && len == decoded_len));
  } while (more);
}

static void fuzz_write(h46017_h225 *m, const uint8_t *ras, size_t size) {
  size_t len = h46017_facility_size(size);
  uint8_t *tpkt = malloc(len);
  h46017_facility f;
  h46017_q931 msg;
  const uint8_t *per;
  size_t per_len;

  FUZZ_MUST(tpkt != NULL);
  h46017_facility_write(tpkt, ras, size);
  FUZZ_MUST(h46017_q931_parse(&msg, tpkt + H46017_TPKT_HEADER,
                              len - H46017_TPKT_HEADER,
                              H46017_LENIENT_DEFAULT) == 0);
  FUZZ_MUST(h46017_q931_user_user(&msg, &per, &per_len) == 0);
  FUZZ_MUST(h46017_facility_read(&f, m, per, per_len) == 0);
  FUZZ_MUST(f.only != NULL && f.only_len == size &&
            memcmp(f.only, ras, size) == 0);
  fuzz_compare(m, per, per_len);
  free(tpkt);
}

/* An H323-UserInformation has what decoding finds in it; and what is written
 * around a RAS message is plain, and is taken off. */
static void fuzz_facility(const h46017_h225_type *type, const uint8_t *data,
                          size_t size) {
  h46017_h225 *m = fuzz_message();

  if (type == h46017_h225_user_information()) {
    fuzz_compare(m, data, size);
  } else if (type == h46017_h225_ras_message() && size > 0 && size <= 16000) {
    fuzz_write(m, data, size);
  }
  h46017_h225_del(m);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  const h46017_h225_type *type;
  unsigned how;

  if (size < 2) {
    return 0;
  }
  type = h46017_h225_type_at(data[0]);
  how = data[1];
  if (type == NULL) {
    return 0;
  }
  data += 2;
  size -= 2;
  fuzz_round(type, data, size);
  fuzz_change(type, data, size, how);
  fuzz_plain(type, data, size, how);
  fuzz_facility(type, data, size);
  return 0;
}
