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

/* The words that a usage begins with: those of a command with a help of its
 * own. */
static int command_len(const char *usage) {
  const char *end = usage;
  for (const char *p = usage; islower((unsigned char)*p);) {
    size_t n = strcspn(p, " ");
    if (strspn(p, "abcdefghijklmnopqrstuvwxyz") < n) {
      break;
    }
    end = p + n;
    p = end + (*end == ' ');
  }
  return (int)(end - usage);
}

static int try_help(const option_text *text) {
  int len = command_len(text->usage);
  fprintf(stderr, "Try '%s%s%.*s --help'.\n", report_name(), len ? " " : "",
          len, text->usage);
  return -1;
}

int options_bad_value(const option_spec *specs, size_t count, int id,
                      const char *value) {
  for (size_t i = 0; i < count; i++) {
    if (specs[i].id == id) {
      return report_usage("--%s: '%s' is not %s", specs[i].name, value,
                          specs[i].arg);
    }
  }
  return report_usage("'%s' is not a value for this option", value);
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

  /* getopt puts argv[0] before what it says: a command's name, or an operand */
  char name[32];
  char *command = argv[0];
  snprintf(name, sizeof name, "%s", report_name());
  argv[0] = name;
  /* programs look at their options before they have threads */
  int id = getopt_long(argc, argv, letters, table, /* NOLINT */
                       NULL);
  argv[0] = command;
  *argument = optarg;
  *first = optind;
  switch (id) {
  case -1:
    return 0;
  case '?':
    return try_help(text);
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
