/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef EXAMPLES_GK_SETTINGS_H
#define EXAMPLES_GK_SETTINGS_H

/* What can be said of a configuration, for the file and the command line alike:
 * a table of where each setting stands, what it is, and what it may be. */

#include "config.h"

#include <stddef.h>

enum { CHOICES = 5 };
enum kind { ADDRESS, TEXT, LIST, IP_LIST, FLAG, NUMBER, CHOICE, SOME, DATE };

typedef struct setting {
  const char *section; /* NULL: the command line only */
  const char *key;
  enum kind kind;
  size_t offset; /* in a config */
  uint32_t least;
  uint32_t most;
  const char *choices[CHOICES];
} setting;

enum {
  SET_TCP,
  SET_TLS,
  SET_CERT,
  SET_KEY,
  SET_TRUST,
  SET_PROFILE,
  SET_CLIENT_CERT,
  SET_OPEN,
  SET_TTL,
  SET_MIN_TTL,
  SET_MAX_TTL,
  SET_TTL_SPREAD,
  SET_GRACE,
  SET_MATCH,
  SET_IDENTITY,
  SET_DUPLICATES,
  SET_PROBE_TIMEOUT,
  SET_REGISTRATION_GRACE,
  SET_ANY_IDENTIFIER,
  SET_PASSWORD_WINDOW,
  SET_PASSWORD_KINDS,
  SET_PASSWORD_OVER_TCP,
  SET_PASSWORD_ATTEMPTS,
  SET_PASSWORD_HOLD,
  SET_PASSWORD_BY_NAME,
  SET_SECURITY_ERRORS,
  SET_STRICT,
  SET_CONNECTIONS,
  SET_REGISTRATIONS,
  SET_HANDSHAKES,
  SET_HANDSHAKE_TIMEOUT,
  SET_REGISTER_TIMEOUT,
  SET_ALL_REGISTRATIONS,
  SET_ALIASES,
  SET_PENDING,
  SET_PENDING_TIMEOUT,
  SET_RIP_DELAY,
  SET_ANSWERS,
  SET_ANSWER_TIME,
  SET_MALFORMED,
  SET_PDU,
  SET_OUTPUT,
  SET_REQUEST_RATE,
  SET_FULL_RATE,
  SET_CALLS,
  SET_CALL_BANDWIDTH,
  SET_ADMISSION_TIMEOUT,
  SET_ALL_BANDWIDTH,
  SET_CALL_REPORT,
  SET_PRE_GRANTED,
  SET_IDENTIFIER,
  SET_ALTERNATE,
  SET_FILE,
  SET_STATE,
  SET_KEYLOG,
  SET_PCAP,
  SET_LOG,
  SET_TIME_FLOOR,
  SETTINGS
};

#define WHY_SIZE 200

extern const setting settings[SETTINGS];

/* Puts a value where it belongs. False: *why* says what is wrong with it, and
 * what stood there still does. */
bool setting_put(void *to, const setting *s, const char *value, char *why);

#endif
