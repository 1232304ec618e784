/* SPDX-License-Identifier: BSD-2-Clause */
#include <h46017/store.h>

#include "base/settings.h"

#include <string.h>

#define STORE_NAME_MAX 100

void h46017_store_default_sized(h46017_store *store, size_t size) {
  h46017_store def;

  memset(&def, 0, sizeof(def));
  h46017_settings_fill(store, size, &def, sizeof(def));
}

static bool store_is_word(char c) {
  return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
}

bool h46017_store_is_name(const char *name) {
  size_t len = 0;

  if (name == NULL || !store_is_word(name[0])) {
    return false;
  }
  for (; name[len] != '\0'; len++) {
    if (len == STORE_NAME_MAX ||
        (!store_is_word(name[len]) && name[len] != '.' && name[len] != '_' &&
         name[len] != '-')) {
      return false;
    }
  }
  return true;
}
