/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef EXAMPLES_CERT_CERT_H
#define EXAMPLES_CERT_CERT_H

/* The certificate tool: one command a file, found by name in main.c's table.
 * No daemon is needed; the state directory is shared with those that run. */

#include "common/options.h"
#include "common/report.h"

#include <jansson.h>
#include <stdbool.h>

/* What every command understands, before and after its name. */
typedef struct cert {
  const char *state;
  bool json;
  bool yes; /* do not ask */
  /* h46017-ctl: has a running gatekeeper take up a change of trust, and end
   * the connections that rest on entry `drop`, hex or NULL. How many these
   * were. NULL: nobody is told (h46017-cert). */
  size_t (*changed)(const char *state, const char *drop);
} cert;

typedef struct cert_command {
  const char *name;
  int (*run)(cert *c, int argc, char **argv); /* argv[0] is the name */
  const char *help;                           /* lines of h46017-cert --help */
} cert_command;

extern const cert_command cert_app; /* own.c */
extern const cert_command cert_batch;
extern const cert_command cert_ca; /* authority.c */
extern const cert_command cert_csr;
extern const cert_command cert_delete; /* own.c */
extern const cert_command cert_doctor;
extern const cert_command cert_explain;
extern const cert_command cert_export; /* own.c */
extern const cert_command cert_import; /* own.c */
extern const cert_command cert_probe;
extern const cert_command cert_rejected;   /* also of h46017-ctl */
extern const cert_command cert_renew;      /* own.c */
extern const cert_command cert_selfsigned; /* own.c */
extern const cert_command cert_show;
extern const cert_command cert_trust; /* also of h46017-ctl */

/* The options of one command, or of one verb of it. */
typedef struct cert_syntax {
  const option_spec *specs; /* ids from 256 on */
  size_t count;
  option_text text;
  size_t least; /* operands after the names of command and verb */
  size_t most;
} cert_syntax;

/* Takes one option; `value` is NULL where it has none. 0, or EXIT_USAGE after a
 * report (cert_bad_value()). */
typedef int (*cert_take)(void *arg, int id, const char *value);

/* Reads argv[1…]: the command's options and the common ones, operands anywhere
 * between them. `operands` borrows from argv; clear it either way. 0, or
 * EXIT_USAGE after a report. */
int cert_arguments(cert *c, const cert_syntax *syntax, int argc, char **argv,
                   cert_take take, void *arg, text_list *operands);

/* The common options before the command's name, which is argv[*first]. */
int cert_common(cert *c, int argc, char **argv, const option_text *text,
                int *first);

/* "--OPTION: 'VALUE' is not …"; returns EXIT_USAGE. */
int cert_bad_value(const cert_syntax *syntax, int id, const char *value);

/* Runs the verb that argv[1] names, as `csr new` does. */
int cert_verb(cert *c, const cert_command *verbs, size_t count, int argc,
              char **argv);

/* What a person is told of a code, and a program with --json. `next`: what to
 * do, where the program knows better than the library; NULL: it does not.
 * Returns EXIT_REFUSED. */
#define cert_fail(C, CODE, ...) cert_fail_next((C), (CODE), NULL, __VA_ARGS__)
int cert_fail_next(const cert *c, int code, const char *next,
                   const char *format, ...)
    __attribute__((format(printf, 4, 5)));

/* Done: with --json prints {"ok":true} and the members of `members` (*taken*,
 * may be NULL), else releases them. Returns EXIT_DONE. */
int cert_done(const cert *c, json_t *members);

/* Not done, with more to say than cert_fail() does: prints `members` (*taken*)
 * with ok and the code. The reports were made. Returns EXIT_REFUSED. */
int cert_refuse(const cert *c, int code, json_t *members);

/* Prints a JSON value and a newline, and releases it. */
void cert_print(json_t *value);

/* Asks a question on the terminal. 0 at once with --yes; a status where the
 * answer is no, or nobody is there to ask. */
int cert_confirm(const cert *c, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* The same where there is a terminal; a script is believed. */
int cert_confirm_person(const cert *c, const char *what);

#endif
