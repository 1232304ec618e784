/* SPDX-License-Identifier: BSD-2-Clause */
#include <h46017/error.h>

#include <stdio.h>
#include <string.h>

typedef struct error_entry {
  int code;
  const char *name;
  const char *meaning;
  const char *remedy;
  const char *reason;
} error_entry;

static const error_entry error_entries[] = {
#define ERROR_ENTRY(name, number, meaning, remedy, reason)                     \
  {-(number), #name, meaning, remedy, #reason},
    H46017_ERROR_LIST(ERROR_ENTRY)
#undef ERROR_ENTRY
};

#define ERROR_COUNT (sizeof(error_entries) / sizeof(error_entries[0]))

static const error_entry *error_lookup(int code) {
  for (size_t i = 0; i < ERROR_COUNT; i++) {
    if (error_entries[i].code == code) {
      return &error_entries[i];
    }
  }
  return NULL;
}

const char *h46017_strerror(int code) {
  const error_entry *e = error_lookup(code);
  if (code == 0) {
    return "success";
  }
  return e != NULL ? e->meaning : "an error this version does not know";
}

const char *h46017_error_remedy(int code) {
  const error_entry *e = error_lookup(code);
  return e != NULL ? e->remedy : "nothing to do";
}

const char *h46017_error_name(int code) {
  const error_entry *e = error_lookup(code);
  if (code == 0) {
    return "OK";
  }
  return e != NULL ? e->name : "UNKNOWN";
}

static char error_upper(char c) {
  return (char)(c >= 'a' && c <= 'z' ? c - 'a' + 'A' : c);
}

static bool error_same(const char *a, const char *b) {
  while (*a != '\0' && error_upper(*a) == error_upper(*b)) {
    a++;
    b++;
  }
  return *a == '\0' && *b == '\0';
}

int h46017_error_find(const char *text) {
  char number[24];

  if (text == NULL) {
    return 0;
  }
  for (size_t i = 0; i < ERROR_COUNT; i++) {
    const error_entry *e = &error_entries[i];
    if (error_same(text, e->name)) {
      return e->code;
    }
    (void)snprintf(number, sizeof(number), "H46017-%d", -e->code);
    if (error_same(text, number) ||
        error_same(text, number + strlen("H46017-"))) {
      return e->code;
    }
  }
  return 0;
}

h46017_error_kind h46017_error_class(int code) {
  if (code == 0 || error_lookup(code) == NULL) {
    return H46017_ERROR_NONE;
  }
  return (h46017_error_kind)(-code / 100);
}

bool h46017_error_is_fatal(int code) {
  return h46017_error_class(code) == H46017_ERROR_FATAL;
}

const char *h46017_error_to_ras_reject_reason(int code) {
  const error_entry *e = error_lookup(code);
  return e != NULL ? e->reason : "undefinedReason";
}

void h46017_error_each(void (*fn)(int code, void *user_data), void *user_data) {
  for (size_t i = 0; i < ERROR_COUNT; i++) {
    fn(error_entries[i].code, user_data);
  }
}
