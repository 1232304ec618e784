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

int cert_fail(const cert *c, int code, const char *format, ...) {
  char text[TEXT_MAX];
  va_list args;
  va_start(args, format);
  vsnprintf(text, sizeof text, format, args);
  va_end(args);
  report_code(code, "%s", text);
  if (c->json) {
    json_t *answer = json_object();
    json_object_set_new(answer, "ok", json_false());
    events_code(answer, code);
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

bool cert_confirm_person(const cert *c, const char *what) {
  return isatty(STDIN_FILENO) == 0 || cert_confirm(c, "%s", what);
}

bool cert_confirm(const cert *c, const char *format, ...) {
  char text[TEXT_MAX];
  char answer[16] = "";
  va_list args;
  va_start(args, format);
  vsnprintf(text, sizeof text, format, args);
  va_end(args);
  if (c->yes) {
    return true;
  }
  if (isatty(STDIN_FILENO) == 0) {
    report("%s: nobody is there to ask; --yes says yes", text);
    return false;
  }
  fprintf(stderr, "%s [y/N] ", text);
  return fgets(answer, sizeof answer, stdin) != NULL &&
         (answer[0] == 'y' || answer[0] == 'Y');
}
