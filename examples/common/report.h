/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef EXAMPLES_REPORT_H
#define EXAMPLES_REPORT_H

/* What a program says to a person, on standard error: what happened, whose
 * fault it is, what to do next, with the code of the library's vocabulary. */

#include <h46017/error.h>

/* The exit statuses that the programs share; h46017-ep has more. */
#define EXIT_DONE 0
#define EXIT_REFUSED 1
#define EXIT_USAGE 2

/* The name that stands before every message; borrowed. */
void report_init(const char *program);
const char *report_name(void);

/* "PROGRAM: text" */
void report(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* "PROGRAM: text: what CODE means (NAME, H46017-nnn); then what to do" */
void report_code(int code, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* The same where the program knows better what to do next; NULL: it does not.
 */
void report_code_next(int code, const char *next, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* A mistake on the command line; returns EXIT_USAGE. */
int report_usage(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Lines of the library up to this level are printed. */
void report_set_level(h46017_log_level level);
h46017_log_level report_level(void);

/* `error`, `warn`, `info`, `debug`; 0 when it is none of them. */
h46017_log_level report_level_find(const char *name);

/* An h46017_log_write. */
void report_log(h46017_log_level level, const char *line, size_t len,
                void *user_data);

/* A line of the program's own, of a level. */
void report_line(h46017_log_level level, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

#endif
