/* SPDX-License-Identifier: BSD-2-Clause */
#include "fuzz_codec.h"

#include "asn1/h225_message.h"
#include "asn1/plain_check.h"

/* The codec's straight-line paths are the engine: the first octet chooses a
 * type, the second how tight the limits are and which component goes before
 * what is left is encoded once more. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

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

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  h46017_plain_limits limits = {(size_t)1 << 20, {64, 65536}};
  const h46017_h225_type *type;
  unsigned how;

  if (size < 2) {
    return 0;
  }
  type = data[0] == 0xff ? h46017_h225_ras_message()
                         : h46017_h225_type_at(data[0]);
  how = data[1];
  if (type == NULL) {
    return 0;
  }
  data += 2;
  size -= 2;
  if ((how & 3) == 1) {
    limits.per.depth = 1 + (how >> 2) % 16;
  } else if ((how & 3) == 2) {
    limits.budget = (size_t)(how >> 2) * 64;
  } else if ((how & 3) == 3) {
    limits.per.elements = how >> 4;
  }
  fuzz_same(h46017_plain_check_decode(type->node, data, size, &limits, NULL));
  fuzz_without(type, data, size, how);
  return 0;
}
