/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef EXAMPLES_OPTIONS_H
#define EXAMPLES_OPTIONS_H

/* One table feeds both getopt_long and --help. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct option_spec {
  int id;           /* 1…; a letter gives the option a short form too */
  const char *name; /* long, without dashes */
  const char *arg;  /* what --help calls its argument; NULL: it takes none */
  const char *help;
} option_spec;

typedef struct option_text {
  const char *usage;    /* the line after "usage: PROGRAM " */
  const char *about;    /* what the program is for */
  const char *examples; /* lines */
} option_text;

/* Walks the options. Returns the id, 0 at the end (then *first is the index of
 * the first operand), -1 after a mistake that was reported. --help and
 * --version are in every table by themselves: they print and end the program
 * with status 0. */
int options_next(const option_spec *specs, size_t count,
                 const option_text *text, int argc, char **argv,
                 const char **argument, int *first);

void options_help(const option_spec *specs, size_t count,
                  const option_text *text);

/* "--OPTION: 'VALUE' is not …"; returns EXIT_USAGE. */
int options_bad_value(const option_spec *specs, size_t count, int id,
                      const char *value);

/* A decimal number from least to most, nothing after it. */
bool options_number(const char *text, uint64_t least, uint64_t most,
                    uint64_t *out);

/* A list of texts that grows. */
typedef struct text_list {
  const char **items;
  size_t count;
} text_list;

/* Borrows the text; false: no memory. */
bool text_list_add(text_list *list, const char *text);
void text_list_clear(text_list *list);

/* The same for a list that owns its texts. */
bool text_list_copy(text_list *list, const char *text);
void text_list_free(text_list *list);

#endif
