/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef EXAMPLES_CTL_CTL_H
#define EXAMPLES_CTL_CTL_H

#include "common/report.h"

#include <jansson.h>
#include <stdbool.h>

typedef struct ctl {
  const char *state;
  bool json;
} ctl;

/* remote.c: asks the running gatekeeper. *Takes* the request; NULL when there
 * is no gatekeeper (reported unless quiet) or no answer. */
json_t *remote_ask(const ctl *c, json_t *request, bool quiet);

/* Commands of the running gatekeeper; argv[0] is the command. */
int remote_command(const ctl *c, int argc, char **argv);

/* device.c: argv[0] is `device`. */
int device_command(ctl *c, int argc, char **argv);

/* What a person is told of a code, and a program with --json; `next` is what to
 * do, NULL: what the library says. Returns EXIT_REFUSED. */
int ctl_fail(const ctl *c, int code, const char *text, const char *next);
void ctl_done(const ctl *c);

/* Prints a JSON value and a newline, and releases it. */
void ctl_print(json_t *value);

#endif
