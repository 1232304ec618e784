/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef H46017_BASE_LOG_H
#define H46017_BASE_LOG_H

#include "base/seldom.h"

#include <h46017/common.h>

/* Where an object's log lines go. `write` NULL: nothing is formatted. */
typedef struct h46017_log {
  h46017_log_write write;
  void *user_data;
  h46017_log_level level; /* lines above it are not formatted */
} h46017_log;

#if defined(__MINGW32__)
/* `printf` would mean the C library of Windows there, which knows no %zu; the
 * build asks for MinGW's own */
#define H46017_PRINTF(f, a) __attribute__((format(gnu_printf, f, a)))
#elif defined(__GNUC__)
#define H46017_PRINTF(f, a) __attribute__((format(printf, f, a)))
#else
#define H46017_PRINTF(f, a)
#endif

/* Formats into a buffer of its own; a longer line is cut and ends in `...`.
 * Control characters from the peer become `?`, so that one message stays one
 * line. */
H46017_PRINTF(3, 4)
H46017_SELDOM
void h46017_log_line(const h46017_log *log, h46017_log_level level,
                     const char *fmt, ...);

/* The same for something that has a code: `[H46017-nnn] text`. */
H46017_PRINTF(4, 5)
H46017_SELDOM
void h46017_log_code(const h46017_log *log, h46017_log_level level, int code,
                     const char *fmt, ...);

#endif /* H46017_BASE_LOG_H */
