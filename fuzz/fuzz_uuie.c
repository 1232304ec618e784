/* SPDX-License-Identifier: BSD-2-Clause */
#include "fuzz_codec.h"

/* The input is an H323-UserInformation. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  fuzz_codec(h46017_h225_user_information(), data, size);
  return 0;
}
