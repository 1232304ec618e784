/* SPDX-License-Identifier: BSD-2-Clause */
/* A Q.931 message. What parses strictly parses leniently; the elements cover
 * the octets without a gap; written again and read again they are the same. */
#include <h46017/error.h>
#include <h46017/q931.h>

#include <stdint.h>

#include "fuzz.h"

#define MAX_IES 4096

static h46017_q931_ie ies[MAX_IES];

static size_t walk(const h46017_q931 *m) {
  h46017_q931_cursor at = H46017_Q931_CURSOR_INIT;
  size_t offset = m->ies;
  size_t n = 0;
  h46017_q931_ie ie;

  while (h46017_q931_next(m, &at, &ie)) {
    FUZZ_ASSERT(ie.raw == m->data + offset && ie.raw_len >= 1);
    FUZZ_ASSERT(ie.raw_len <= m->len - offset && ie.codeset < 8);
    FUZZ_ASSERT(ie.len == 0 || ie.contents + ie.len == ie.raw + ie.raw_len);
    FUZZ_ASSERT(h46017_q931_ie_name(ie.codeset, ie.id) != NULL);
    offset += ie.raw_len;
    if (n < MAX_IES) {
      ies[n++] = ie;
    }
  }
  FUZZ_ASSERT(offset == m->len);
  return n;
}

/* Elements of a codeset and id, shifts left out: how many, and what is in
 * them in their order. */
static uint64_t digest(const h46017_q931_ie *list, size_t n) {
  uint64_t h = 0;

  for (size_t i = 0; i < n; i++) {
    uint64_t one = FUZZ_DIGEST_INIT;
    uint8_t key[2] = {list[i].codeset, list[i].id};

    if ((list[i].id & 0xf0) == H46017_Q931_IE_SHIFT) {
      continue;
    }
    fuzz_digest(&one, key, sizeof(key));
    fuzz_digest(&one, list[i].contents, list[i].len);
    h += one; /* the order may change */
  }
  return h;
}

static void again(const h46017_q931 *m, size_t n) {
  uint64_t before = digest(ies, n);
  h46017_q931_build b;
  h46017_q931 back;
  const uint8_t *per;
  const uint8_t *per_back;
  uint8_t *buf;
  size_t len;
  size_t written;
  size_t per_len;
  size_t per_back_len;
  int rv = h46017_q931_user_user(m, &per, &per_len);

  h46017_q931_build_default(&b);
  b.type = m->type;
  b.call_reference = m->call_reference;
  b.call_reference_flag = m->call_reference_flag;
  b.ies = ies;
  b.nies = n;
  if (h46017_q931_encode(&b, NULL, 0, &len) != 0) {
    FUZZ_ASSERT(m->len > 65000); /* shifts may make it longer */
    return;
  }
  buf = malloc(len);
  FUZZ_ASSERT(buf != NULL);
  FUZZ_ASSERT(h46017_q931_encode(&b, buf, len, &written) == 0);
  FUZZ_ASSERT(written == len);
  FUZZ_ASSERT(h46017_q931_parse(&back, buf, len, 0) == 0);
  FUZZ_ASSERT(back.type == m->type && back.call_reference == m->call_reference);
  FUZZ_ASSERT(back.call_reference_flag == m->call_reference_flag);
  FUZZ_ASSERT(rv == h46017_q931_user_user(&back, &per_back, &per_back_len));
  FUZZ_ASSERT(rv != 0 ||
              (per_len == per_back_len && memcmp(per, per_back, per_len) == 0));
  FUZZ_ASSERT(digest(ies, walk(&back)) == before);
  free(buf);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  uint8_t *copy = fuzz_exact(data, size);
  h46017_q931 strict;
  h46017_q931 m;
  int rv = h46017_q931_parse(&m, copy, size, H46017_LENIENT_DEFAULT);

  FUZZ_ASSERT(rv == 0 || rv == H46017_ERR_Q931);
  if (h46017_q931_parse(&strict, copy, size, 0) == 0) {
    FUZZ_ASSERT(rv == 0 && strict.ies == m.ies);
  }
  if (rv == 0) {
    size_t n = walk(&m);

    FUZZ_ASSERT(h46017_q931_type_name(m.type) != NULL);
    /* behind a national escape is what no builder takes */
    if (n < MAX_IES && m.type != H46017_Q931_NATIONAL_ESCAPE) {
      again(&m, n);
    }
  }
  free(copy);
  return 0;
}
