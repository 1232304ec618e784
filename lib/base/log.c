/* SPDX-License-Identifier: BSD-2-Clause */
#include "base/log.h"
#include "base/text.h"

#include <h46017/error.h>

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define LOG_LINE 512

static bool log_wanted(const h46017_log *log, h46017_log_level level) {
  return log->write != NULL && level <= log->level;
}

/* What is no character that can be shown: C0 and C1, and what is not UTF-8,
 * which a terminal may take for C1. */
static void log_clean(char *line, size_t len) {
  for (size_t pos = 0; pos < len;) {
    size_t at = pos;
    uint32_t c = h46017_text_next(line, len, &pos);

    if (c < 0x20 || (c >= 0x7f && c < 0xa0) || c == H46017_TEXT_INVALID) {
      line[at] = '?';
      pos = at + 1;
    }
  }
}

/* `code` 0: there is none to begin with. */
H46017_PRINTF(4, 0)
static void log_format(const h46017_log *log, h46017_log_level level, int code,
                       const char *fmt, va_list ap) {
  char line[LOG_LINE];
  int head = 0;
  int tail;
  size_t len;

  if (code != 0) {
    head = snprintf(line, sizeof(line), "[H46017-%03d] ", -code);
  }
  /* The analyzer takes a parameter for one that va_start() has not seen. */
  /* NOLINTNEXTLINE(clang-analyzer-valist.Uninitialized) */
  tail = vsnprintf(line + head, sizeof(line) - (size_t)head, fmt, ap);
  if (tail < 0) {
    return;
  }
  len = (size_t)head + (size_t)tail;
  if (len >= sizeof(line)) {
    len = sizeof(line) - 1;
    memset(line + len - 3, '.', 3);
  }
  log_clean(line, len);
  log->write(level, line, len, log->user_data);
}

void h46017_log_line(const h46017_log *log, h46017_log_level level,
                     const char *fmt, ...) {
  va_list ap;

  if (!log_wanted(log, level)) {
    return;
  }
  va_start(ap, fmt);
  log_format(log, level, 0, fmt, ap);
  va_end(ap);
}

void h46017_log_code(const h46017_log *log, h46017_log_level level, int code,
                     const char *fmt, ...) {
  va_list ap;

  if (!log_wanted(log, level)) {
    return;
  }
  va_start(ap, fmt);
  log_format(log, level, code, fmt, ap);
  va_end(ap);
}
