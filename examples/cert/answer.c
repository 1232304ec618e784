/* SPDX-License-Identifier: BSD-2-Clause */
#include "cert.h"

#include "common/events.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { TEXT_MAX = 1024 };

void cert_print(json_t *value) {
  json_dumpf(value, stdout, JSON_COMPACT | JSON_ENSURE_ASCII);
  fputc('\n', stdout);
  json_decref(value);
}

int cert_fail_next(const cert *c, int code, const char *next,
                   const char *format, ...) {
  char text[TEXT_MAX];
  va_list args;
  va_start(args, format);
  vsnprintf(text, sizeof text, format, args);
  va_end(args);
  report_code_next(code, next, "%s", text);
  if (c->json) {
    json_t *answer = json_object();
    json_object_set_new(answer, "ok", json_false());
    events_code(answer, code);
    if (next != NULL) {
      json_object_set_new(answer, "remedy", json_string(next));
    }
    events_text(answer, "text", text, strlen(text));
    cert_print(answer);
  }
  return EXIT_REFUSED;
}

int cert_done(const cert *c, json_t *members) {
  if (c->json) {
    json_t *answer = json_object();
    json_object_set_new(answer, "ok", json_true());
    if (members != NULL) {
      json_object_update(answer, members);
    }
    cert_print(answer);
  }
  json_decref(members);
  return EXIT_DONE;
}

int cert_refuse(const cert *c, int code, json_t *members) {
  if (c->json) {
    json_t *answer = json_object();
    json_object_set_new(answer, "ok", json_false());
    events_code(answer, code);
    json_object_update(answer, members);
    cert_print(answer);
  }
  json_decref(members);
  return EXIT_REFUSED;
}

int cert_confirm_person(const cert *c, const char *what) {
  return isatty(STDIN_FILENO) == 0 ? 0 : cert_confirm(c, "%s", what);
}

int cert_confirm(const cert *c, const char *format, ...) {
  static const char next[] = "--yes says yes";
  char text[TEXT_MAX];
  char answer[16] = "";
  va_list args;
  va_start(args, format);
  vsnprintf(text, sizeof text, format, args);
  va_end(args);
  if (c->yes) {
    return 0;
  }
  if (isatty(STDIN_FILENO) == 0) {
    return cert_fail_next(c, H46017_ERR_REFUSED, next,
                          "%s nobody is there to ask", text);
  }
  fprintf(stderr, "%s [y/N] ", text);
  if (fgets(answer, sizeof answer, stdin) != NULL &&
      (answer[0] == 'y' || answer[0] == 'Y')) {
    return 0;
  }
  return cert_refuse(
      c, H46017_ERR_REFUSED,
      json_pack("{s:s,s:s}", "text", "the answer was no", "remedy", next));
}
