/* SPDX-License-Identifier: BSD-2-Clause */
#include <h46017/common.h>

const char *h46017_version(uint32_t least) {
  return least <= H46017_VERSION_NUM ? H46017_VERSION : NULL;
}
