/* SPDX-License-Identifier: BSD-2-Clause */
#include "asn1/h225_message.h"

#include <string.h>

static bool path_number(const char **p, size_t *out) {
  const char *s = *p;
  size_t v = 0;

  while (*s >= '0' && *s <= '9') {
    size_t digit = (size_t)(*s - '0');
    if (v > (SIZE_MAX - digit) / 10) {
      return false;
    }
    v = v * 10 + digit;
    s++;
  }
  if (s == *p) {
    return false;
  }
  *p = s;
  *out = v;
  return true;
}

bool h46017_path_next(const char **path, h46017_path_step *step) {
  const char *p = *path;

  if (*p == '\0') {
    return false;
  }
  if (*p == '[') {
    p++;
    if (!path_number(&p, &step->index) || *p != ']') {
      return false;
    }
    p++;
    step->name = NULL;
    step->len = 0;
  } else {
    step->name = p;
    step->len = strcspn(p, ".[");
    if (step->len == 0) {
      return false;
    }
    p += step->len;
  }
  if (*p == '.') {
    p++;
    if (*p == '\0' || *p == '.' || *p == '[') {
      return false;
    }
  } else if (*p != '\0' && *p != '[') {
    return false;
  }
  *path = p;
  return true;
}

bool h46017_path_is_unknown(const h46017_path_step *step, uint32_t *pindex) {
  const char *p;
  const char *end;
  uint64_t v = 0;

  if (step->name == NULL || step->len < 6 || step->len > 15 ||
      memcmp(step->name, "_ext_", 5) != 0) {
    return false;
  }
  end = step->name + step->len;
  for (p = step->name + 5; p < end; p++) {
    if (*p < '0' || *p > '9') {
      return false;
    }
    v = v * 10 + (uint64_t)(*p - '0');
  }
  *pindex = (uint32_t)v;
  return v <= UINT32_MAX;
}
