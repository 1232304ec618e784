/* SPDX-License-Identifier: BSD-2-Clause */
#include "fuzz_codec.h"

/* The first octet chooses a type, the second what is done to the value: every
 * type of the schema, and messages that are changed after they were decoded. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

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

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  const h46017_h225_type *type;
  h46017_h225 *m;
  h46017_h225 *copy;
  h46017_h225 *scratch;
  unsigned action;

  if (size < 2) {
    return 0;
  }
  type = h46017_h225_type_at(data[0]);
  action = data[1];
  if (type == NULL) {
    return 0;
  }
  data += 2;
  size -= 2;
  fuzz_codec(type, data, size);
  m = fuzz_message();
  copy = fuzz_message();
  scratch = fuzz_message();
  if (h46017_h225_decode(m, type, data, size) == 0) {
    FUZZ_MUST(h46017_h225_create(copy, type) == 0);
    fuzz_copy(copy, h46017_h225_root(m), "");
    fuzz_stays(copy, scratch);
    fuzz_remove(m, action);
    fuzz_stays(m, scratch);
  }
  h46017_h225_del(scratch);
  h46017_h225_del(copy);
  h46017_h225_del(m);
  return 0;
}
