/* SPDX-License-Identifier: BSD-2-Clause */
#include "cert.h"

#include <getopt.h>
#include <stdio.h>
#include <string.h>

enum {
  SPECS_MAX = 40,
  OPTION_STATE = 0x4000, /* beyond every command's own */
  OPTION_JSON,
  OPTION_YES
};

static const option_spec common_specs[] = {
    {OPTION_STATE, "state", "DIR", "the programs'; ./h46017-state"},
    {OPTION_JSON, "json", NULL, "answers for programs"},
    {OPTION_YES, "yes", NULL, "do not ask"},
};

enum { COMMON_COUNT = sizeof common_specs / sizeof *common_specs };

static size_t merge(const cert_syntax *syntax, option_spec *out) {
  size_t n = 0;
  for (; n < syntax->count && n < SPECS_MAX - COMMON_COUNT; n++) {
    out[n] = syntax->specs[n];
  }
  memcpy(out + n, common_specs, sizeof common_specs);
  return n + COMMON_COUNT;
}

static bool take_common(cert *c, int id, const char *value) {
  switch (id) {
  case OPTION_STATE:
    c->state = value;
    return true;
  case OPTION_JSON:
    c->json = true;
    return true;
  case OPTION_YES:
    c->yes = true;
    return true;
  default:
    return false;
  }
}

int cert_common(cert *c, int argc, char **argv, const option_text *text,
                int *first) {
  const char *value = NULL;
  int id;
  while ((id = options_next(common_specs, COMMON_COUNT, text, argc, argv,
                            &value, first)) > 0) {
    (void)take_common(c, id, value);
  }
  if (id < 0) {
    return EXIT_USAGE;
  }
  return *first < argc ? 0 : report_usage("no command is given");
}

static int check_operands(const cert_syntax *syntax, const text_list *list) {
  if (list->count < syntax->least) {
    return report_usage("something is missing: %s", syntax->text.usage);
  }
  if (list->count > syntax->most) {
    return report_usage("'%s' is too much: %s", list->items[syntax->most],
                        syntax->text.usage);
  }
  return 0;
}

/* Operands may stand between options: getopt stops at each, and goes on after
 * it as from the beginning. */
int cert_arguments(cert *c, const cert_syntax *syntax, int argc, char **argv,
                   cert_take take, void *arg, text_list *operands) {
  option_spec specs[SPECS_MAX];
  size_t count = merge(syntax, specs);
  while (argc > 0) {
    const char *value = NULL;
    int first = 0;
    int id;
    optind = 0; /* glibc: from the beginning */
    while ((id = options_next(specs, count, &syntax->text, argc, argv, &value,
                              &first)) > 0) {
      if (!take_common(c, id, value)) {
        int status = take(arg, id, value);
        if (status != 0) {
          return status;
        }
      }
    }
    if (id < 0) {
      return EXIT_USAGE;
    }
    bool all = first > 1 && strcmp(argv[first - 1], "--") == 0;
    int last = first + 1 < argc && !all ? first + 1 : argc;
    for (int i = first; i < last; i++) {
      if (!text_list_add(operands, argv[i])) {
        return cert_fail(c, H46017_ERR_NOMEM, "reading the command line");
      }
    }
    argc -= last - 1;
    argv += last - 1;
    argc = argc > 1 ? argc : 0;
  }
  return check_operands(syntax, operands);
}

int cert_bad_value(const cert_syntax *syntax, int id, const char *value) {
  return options_bad_value(syntax->specs, syntax->count, id, value);
}

int cert_verb(cert *c, const cert_command *verbs, size_t count, int argc,
              char **argv) {
  if (argc > 1 && strcmp(argv[1], "--help") == 0) {
    printf("usage:\n");
    for (size_t i = 0; i < count; i++) {
      printf("%s", verbs[i].help);
    }
    return EXIT_DONE;
  }
  for (size_t i = 0; argc > 1 && i < count; i++) {
    if (strcmp(argv[1], verbs[i].name) == 0) {
      return verbs[i].run(c, argc - 1, argv + 1);
    }
  }
  return argc > 1 ? report_usage("there is no '%s %s'", argv[0], argv[1])
                  : report_usage("'%s' what?", argv[0]);
}
