/* SPDX-License-Identifier: BSD-2-Clause */
#include "wire/facility.h"

#include "fuzz_codec.h"

#include <h46017/tpkt.h>

/* Differential. The input is an H323-UserInformation: the short way to the RAS
 * message of a plain Facility must find what decoding it finds. Then it is a
 * RAS message: what is written around it must be plain, and be taken off. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

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

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  h46017_h225 *m = fuzz_message();

  fuzz_compare(m, data, size);
  if (size > 0 && size <= 16000) {
    fuzz_write(m, data, size);
  }
  h46017_h225_del(m);
  return 0;
}
