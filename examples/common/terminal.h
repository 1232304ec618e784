/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef EXAMPLES_TERMINAL_H
#define EXAMPLES_TERMINAL_H

#include <stdio.h>

/* Writes text that somebody else has made where a person may look at it. What
 * draws on a terminal instead of being shown there, control characters of C0
 * and C1, becomes `?`, and so does what is not UTF-8. */
void terminal_put(FILE *to, const char *text);

#endif
