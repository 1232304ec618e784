/* SPDX-License-Identifier: BSD-2-Clause */
#include "fuzz_codec.h"

/* The input is a RasMessage. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  fuzz_codec(h46017_h225_ras_message(), data, size);
  return 0;
}
