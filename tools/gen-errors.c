/* SPDX-License-Identifier: BSD-2-Clause */
/* Writes doc/errors.md from the library's own list:
 *     ninja -C build errors-doc */
#include <h46017/error.h>

#include <stdio.h>
#include <stdlib.h>

static const struct {
  int class_number;
  const char *title;
} classes[] = {
    {1, "1xx: the caller. The object is unharmed."},
    {2, "2xx: the peer broke the protocol. Flush what is queued, close."},
    {3, "3xx: trust. Close, and write it to the security log."},
    {4, "4xx: an outcome. The program's own policy says what next."},
    {5, "5xx: store and credentials. Tell the operator; nothing held is lost."},
    {6, "6xx: TLS."},
    {9, "9xx: fatal. Delete the object."},
};

typedef struct writer {
  FILE *out;
  int class_number;
  int in_class;
  int total;
} writer;

static void count(int code, void *user_data) {
  writer *w = user_data;
  (void)code;
  w->total++;
}

static void row(int code, void *user_data) {
  writer *w = user_data;
  if ((int)h46017_error_class(code) != w->class_number) {
    return;
  }
  w->in_class++;
  (void)fprintf(w->out, "| %d | %s | %s | %s | %s |\n", -code,
                h46017_error_name(code), h46017_strerror(code),
                h46017_error_remedy(code),
                h46017_error_to_ras_reject_reason(code));
}

int main(int argc, char **argv) {
  writer w = {stdout, 0, 0, 0};
  int written = 0;
  if (argc > 1) {
    w.out = fopen(argv[1], "w");
    if (w.out == NULL) {
      perror(argv[1]);
      return EXIT_FAILURE;
    }
  }
  (void)fputs(
      "<!-- SPDX-License-Identifier: BSD-2-Clause -->\n"
      "<!-- Made by tools/gen-errors.c from h46017/error.h; do not edit. -->\n"
      "# Errors\n\n"
      "A function that can fail returns 0 or one of these numbers, negated.\n"
      "Log lines of level WARN and ERROR start with `[H46017-nnn]`; JSON has "
      "the\nname as `code`. The last column is the reason that a gatekeeper "
      "puts into the\nRRJ.\n",
      w.out);
  for (size_t i = 0; i < sizeof(classes) / sizeof(classes[0]); i++) {
    w.class_number = classes[i].class_number;
    w.in_class = 0;
    (void)fprintf(w.out,
                  "\n## %s\n\n| nnn | name | what it means | what to do | RRJ "
                  "reason |\n|---|---|---|---|---|\n",
                  classes[i].title);
    h46017_error_each(row, &w);
    written += w.in_class;
  }
  h46017_error_each(count, &w);
  if (written != w.total) {
    (void)fprintf(stderr, "a class has no heading: %d of %d written\n", written,
                  w.total);
    return EXIT_FAILURE;
  }
  if (w.out != stdout && fclose(w.out) != 0) {
    perror(argv[1]);
    return EXIT_FAILURE;
  }
  return EXIT_SUCCESS;
}
