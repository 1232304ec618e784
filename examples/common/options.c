/* SPDX-License-Identifier: BSD-2-Clause */
#include "options.h"
#include "report.h"

#include <h46017/common.h>

#include <ctype.h>
#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { OPTION_HELP = 1000, OPTION_VERSION, OPTIONS_MAX = 48, HELP_COLUMN = 26 };

static void options_line(const option_spec *spec) {
  char left[96];
  int len = snprintf(
      left, sizeof left, "  %c%c%c --%s%s%s", spec->id < 128 ? '-' : ' ',
      spec->id < 128 ? (char)spec->id : ' ', spec->id < 128 ? ',' : ' ',
      spec->name, spec->arg ? " " : "", spec->arg ? spec->arg : "");
  if (len < HELP_COLUMN) {
    printf("%-*s %s\n", HELP_COLUMN, left, spec->help);
  } else {
    printf("%s\n%*s %s\n", left, HELP_COLUMN, "", spec->help);
  }
}

void options_help(const option_spec *specs, size_t count,
                  const option_text *text) {
  printf("usage: %s %s\n\n%s\n\n", report_name(), text->usage, text->about);
  for (size_t i = 0; i < count; i++) {
    options_line(&specs[i]);
  }
  printf("%-*s %s\n", HELP_COLUMN, "      --help", "print this");
  printf("%-*s %s\n", HELP_COLUMN, "      --version", "print the version");
  printf("\nExamples:\n%s", text->examples);
}

int options_next(const option_spec *specs, size_t count,
                 const option_text *text, int argc, char **argv,
                 const char **argument, int *first) {
  struct option table[OPTIONS_MAX] = {{0}};
  char letters[2 * OPTIONS_MAX + 2] = "+";
  size_t n = 0;
  size_t letter = 1;
  for (; n < count && n < OPTIONS_MAX - 3; n++) {
    table[n].name = specs[n].name;
    table[n].has_arg = specs[n].arg ? required_argument : no_argument;
    table[n].val = specs[n].id;
    if (specs[n].id < 128) {
      letters[letter++] = (char)specs[n].id;
      if (specs[n].arg) {
        letters[letter++] = ':';
      }
    }
  }
  table[n++] = (struct option){"help", no_argument, NULL, OPTION_HELP};
  table[n] = (struct option){"version", no_argument, NULL, OPTION_VERSION};

  /* programs look at their options before they have threads */
  int id = getopt_long(argc, argv, letters, table, /* NOLINT */
                       NULL);
  *argument = optarg;
  *first = optind;
  switch (id) {
  case -1:
    return 0;
  case '?':
    fprintf(stderr, "Try '%s --help'.\n", argv[0]);
    return -1;
  case OPTION_HELP:
    options_help(specs, count, text);
    exit(EXIT_DONE); /* NOLINT(concurrency-mt-unsafe) */
  case OPTION_VERSION:
    printf("%s %s (libh46017 %s)\n", report_name(), H46017_VERSION,
           h46017_version(0));
    exit(EXIT_DONE); /* NOLINT(concurrency-mt-unsafe) */
  default:
    return id;
  }
}

bool options_number(const char *text, uint64_t least, uint64_t most,
                    uint64_t *out) {
  if (!isdigit((unsigned char)text[0])) {
    return false; /* strtoull would take blanks and signs */
  }
  char *end = NULL;
  errno = 0;
  uint64_t value = strtoull(text, &end, 10);
  if (errno != 0 || *end != '\0' || value < least || value > most) {
    return false;
  }
  *out = value;
  return true;
}

bool text_list_add(text_list *list, const char *text) {
  const char **items =
      realloc(list->items, (list->count + 1) * sizeof *list->items);
  if (items == NULL) {
    return false;
  }
  items[list->count++] = text;
  list->items = items;
  return true;
}

void text_list_clear(text_list *list) {
  free(list->items);
  *list = (text_list){0};
}

bool text_list_copy(text_list *list, const char *text) {
  char *copy = strdup(text);
  if (copy != NULL && text_list_add(list, copy)) {
    return true;
  }
  free(copy);
  return false;
}

void text_list_free(text_list *list) {
  for (size_t i = 0; i < list->count; i++) {
    void *text;
    memcpy(&text, &list->items[i], sizeof text); /* it is ours: not const */
    free(text);
  }
  text_list_clear(list);
}
