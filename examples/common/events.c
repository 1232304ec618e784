/* SPDX-License-Identifier: BSD-2-Clause */
#include "events.h"
#include "hex.h"
#include "report.h"
#include "terminal.h"

#include <h46017/error.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static bool events_json;

void events_init(bool json) {
  events_json = json;
}

static void *events_need(void *p) {
  if (p == NULL) {
    report_code(H46017_ERR_NOMEM, "an event");
    abort();
  }
  return p;
}

void events_time(char *out, size_t size) {
  struct timespec now;
  struct tm parts;
  clock_gettime(CLOCK_REALTIME, &now);
  gmtime_r(&now.tv_sec, &parts);
  size_t len = strftime(out, size, "%Y-%m-%dT%H:%M:%S", &parts);
  snprintf(out + len, size - len, ".%03dZ", (int)(now.tv_nsec / 1000000));
}

json_t *events_new(const char *name) {
  char now[48];
  events_time(now, sizeof now);
  json_t *event = events_need(json_object());
  json_object_set_new(event, "time", events_need(json_string(now)));
  json_object_set_new(event, "event", events_need(json_string(name)));
  return event;
}

/* JSON is UTF-8; octets of a peer need not be. */
static json_t *events_string(const char *text, size_t len) {
  json_t *value = json_stringn(text, len);
  if (value != NULL) {
    return value;
  }
  char *copy = events_need(malloc(len + 1));
  for (size_t i = 0; i < len; i++) {
    unsigned char c = (unsigned char)text[i];
    copy[i] = text[i];
    if (c < 0x20 || c > 0x7e) {
      copy[i] = '?';
    }
  }
  value = events_need(json_stringn(copy, len));
  free(copy);
  return value;
}

void events_text(json_t *event, const char *key, const char *text, size_t len) {
  json_object_set_new(event, key,
                      text ? events_string(text, len) : json_null());
}

void events_octets(json_t *event, const char *key, const uint8_t *octets,
                   size_t len) {
  char *text = events_need(malloc(2 * len + 1));
  hex_print(octets, len, text);
  events_text(event, key, text, 2 * len);
  free(text);
}

void events_code(json_t *event, int code) {
  if (code == 0) {
    return;
  }
  char id[24];
  snprintf(id, sizeof id, "H46017-%d", -code);
  json_object_set_new(event, "code", json_string(h46017_error_name(code)));
  json_object_set_new(event, "id", json_string(id));
  json_object_set_new(event, "meaning", json_string(h46017_strerror(code)));
  json_object_set_new(event, "remedy", json_string(h46017_error_remedy(code)));
}

json_t *events_names(const h46017_alias *aliases, size_t count) {
  json_t *names = events_need(json_array());
  for (size_t i = 0; i < count; i++) {
    const h46017_text *text = &aliases[i].text;
    json_array_append_new(
        names, text->text ? events_string(text->text, text->len) : json_null());
  }
  return names;
}

/* -- text ------------------------------------------------------------------ */

static void events_print_value(json_t *value) {
  size_t i;
  json_t *item;
  switch (json_typeof(value)) {
  case JSON_STRING:
    terminal_put(stdout, json_string_value(value));
    break;
  case JSON_INTEGER:
    printf("%" JSON_INTEGER_FORMAT, json_integer_value(value));
    break;
  case JSON_TRUE:
    fputs("yes", stdout);
    break;
  case JSON_FALSE:
    fputs("no", stdout);
    break;
  case JSON_ARRAY:
    json_array_foreach(value, i, item) {
      fputs(i ? "," : "", stdout);
      events_print_value(item);
    }
    break;
  case JSON_OBJECT:
  case JSON_REAL:
  case JSON_NULL:
    fputs("-", stdout);
    break;
  }
}

/* TIME EVENT key=value …; what it means and what to do on lines below */
static void events_print(json_t *event) {
  const char *key;
  json_t *value;
  printf("%s %s", json_string_value(json_object_get(event, "time")),
         json_string_value(json_object_get(event, "event")));
  json_object_foreach(event, key, value) {
    if (strcmp(key, "time") == 0 || strcmp(key, "event") == 0 ||
        strcmp(key, "meaning") == 0 || strcmp(key, "remedy") == 0 ||
        json_is_null(value)) {
      continue;
    }
    printf(" %s=", key);
    events_print_value(value);
  }
  const char *meaning = json_string_value(json_object_get(event, "meaning"));
  const char *remedy = json_string_value(json_object_get(event, "remedy"));
  if (meaning != NULL && remedy != NULL) {
    printf("\n  %s: %s", meaning, remedy);
  }
  fputc('\n', stdout);
}

void events_emit(json_t *event) {
  if (events_json) {
    json_dumpf(event, stdout, JSON_COMPACT | JSON_ENSURE_ASCII);
    fputc('\n', stdout);
  } else {
    events_print(event);
  }
  /* whoever reads the events may have gone: the gatekeeper goes on */
  if (fflush(stdout) != 0) {
    clearerr(stdout);
  }
  json_decref(event);
}
