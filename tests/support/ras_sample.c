/* SPDX-License-Identifier: BSD-2-Clause */
#include "ras_sample.h"

#include <h46017/error.h>

#include <check.h>
#include <string.h>

static sample sample_octets(octets per) {
  sample s = {NULL, per};

  ck_assert_int_eq(h46017_h225_new(&s.m, NULL, NULL), 0);
  if (h46017_h225_decode(s.m, h46017_h225_ras_message(), s.per.data,
                         s.per.len) != 0) {
    const h46017_h225_error *e = h46017_h225_last_error(s.m);
    ck_abort_msg("octet %zu, %s: %s", e->offset, e->path, e->text);
  }
  return s;
}

void sample_free(sample *s) {
  h46017_h225_del(s->m);
  octets_free(&s->per);
}

sample view_hex(const char *hex, h46017_ras *ras) {
  sample s = sample_octets(octets_hex(hex));

  memset(ras, 0x5a, sizeof(*ras));
  ck_assert_int_eq(h46017_ras_view(s.m, ras), 0);
  return s;
}

h46017_text text_of(const char *text) {
  h46017_text t = {text, strlen(text)};
  return t;
}

h46017_ras ras_of(h46017_ras_kind kind, uint16_t seq) {
  h46017_ras ras;

  memset(&ras, 0, sizeof(ras));
  ras.kind = kind;
  ras.request_seq_num = seq;
  ras.protocol_version = 6;
  return ras;
}
