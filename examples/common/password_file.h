/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef EXAMPLES_PASSWORD_FILE_H
#define EXAMPLES_PASSWORD_FILE_H

#include <stdbool.h>
#include <stddef.h>

/* 127 characters in UTF-8. */
enum { PASSWORD_MAX = 381 };

/* A password, to be cleared when it is done with. */
typedef struct password {
  char text[PASSWORD_MAX + 1];
  size_t len;
} password;

/* The first line of a file, `-` for standard input; reports what is wrong with
 * it. */
bool password_read(password *out, const char *path);

void password_clear(password *p);

#endif
