/* SPDX-License-Identifier: BSD-2-Clause */
#include <h46017/call.h>

/* Why a call ended: H.225.0 table 5 both ways. */

typedef struct cause_row {
  h46017_release_reason reason;
  const char *name;
  uint8_t cause;
} cause_row;

static const cause_row cause_rows[] = {
#define CAUSE_ROW(name, text, number, cause)                                   \
  {H46017_RELEASE_##name, text, cause},
    H46017_RELEASE_REASON_LIST(CAUSE_ROW)
#undef CAUSE_ROW
};

#define CAUSE_COUNT (sizeof(cause_rows) / sizeof(cause_rows[0]))

static const cause_row *cause_find(h46017_release_reason reason) {
  for (size_t i = 0; i < CAUSE_COUNT; i++) {
    if (cause_rows[i].reason == reason) {
      return &cause_rows[i];
    }
  }
  return NULL;
}

const char *h46017_release_reason_name(h46017_release_reason reason) {
  const cause_row *row = cause_find(reason);

  return row != NULL ? row->name : "unknown";
}

uint8_t h46017_release_cause(h46017_release_reason reason) {
  const cause_row *row = cause_find(reason);

  return row != NULL ? row->cause : 31;
}

h46017_release_reason h46017_release_reason_find(uint8_t cause) {
  for (size_t i = 0; i < CAUSE_COUNT; i++) {
    /* The first of several is the plain one; nonStandardReason needs more than
     * a cause has. */
    if (cause_rows[i].cause == cause &&
        cause_rows[i].reason != H46017_RELEASE_NON_STANDARD_REASON) {
      return cause_rows[i].reason;
    }
  }
  return H46017_RELEASE_ABSENT;
}
