/* SPDX-License-Identifier: BSD-2-Clause */
#include "report.h"
#include "terminal.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

static const char *report_program = "h46017";
static h46017_log_level report_threshold = H46017_LOG_WARN;

static const char *const level_names[] = {
    [H46017_LOG_ERROR] = "error",
    [H46017_LOG_WARN] = "warn",
    [H46017_LOG_INFO] = "info",
    [H46017_LOG_DEBUG] = "debug",
};

void report_init(const char *program) {
  report_program = program;
}

const char *report_name(void) {
  return report_program;
}

/* There may be somebody else's words in it. */
__attribute__((format(printf, 1, 0))) static void
report_words(const char *format, va_list args) {
  char *text = NULL;
  if (vasprintf(&text, format, args) < 0) {
    return;
  }
  char *rest = text;
  for (char *line; (line = strsep(&rest, "\n")) != NULL;) {
    terminal_put(stderr, line);
    if (rest != NULL) {
      fputc('\n', stderr);
    }
  }
  free(text);
}

__attribute__((format(printf, 1, 0))) static void
report_text(const char *format, va_list args) {
  fprintf(stderr, "%s: ", report_program);
  report_words(format, args);
}

void report(const char *format, ...) {
  va_list args;
  va_start(args, format);
  report_text(format, args);
  va_end(args);
  fputc('\n', stderr);
}

static void report_meaning(int code, const char *next) {
  fprintf(stderr, ": %s (%s, H46017-%d)\n  %s\n", h46017_strerror(code),
          h46017_error_name(code), -code, next);
}

void report_code(int code, const char *format, ...) {
  va_list args;
  va_start(args, format);
  report_text(format, args);
  va_end(args);
  report_meaning(code, h46017_error_remedy(code));
}

void report_code_next(int code, const char *next, const char *format, ...) {
  va_list args;
  va_start(args, format);
  report_text(format, args);
  va_end(args);
  report_meaning(code, next ? next : h46017_error_remedy(code));
}

int report_usage(const char *format, ...) {
  va_list args;
  va_start(args, format);
  report_text(format, args);
  va_end(args);
  fprintf(stderr, "\nTry '%s --help'.\n", report_program);
  return EXIT_USAGE;
}

void report_set_level(h46017_log_level level) {
  report_threshold = level;
}

h46017_log_level report_level(void) {
  return report_threshold;
}

h46017_log_level report_level_find(const char *name) {
  for (h46017_log_level level = H46017_LOG_ERROR; level <= H46017_LOG_DEBUG;
       level++) {
    if (strcasecmp(name, level_names[level]) == 0) {
      return level;
    }
  }
  return (h46017_log_level)0;
}

static const char *report_level_name(h46017_log_level level) {
  return level >= H46017_LOG_ERROR && level <= H46017_LOG_DEBUG
             ? level_names[level]
             : "debug";
}

void report_log(h46017_log_level level, const char *line, size_t len,
                void *user_data) {
  (void)user_data;
  if (level <= report_threshold) {
    fprintf(stderr, "%s: %s: %.*s\n", report_program, report_level_name(level),
            (int)len, line);
  }
}

void report_line(h46017_log_level level, const char *format, ...) {
  if (level > report_threshold) {
    return;
  }
  va_list args;
  va_start(args, format);
  fprintf(stderr, "%s: %s: ", report_program, report_level_name(level));
  report_words(format, args);
  va_end(args);
  fputc('\n', stderr);
}
