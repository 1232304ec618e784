/* SPDX-License-Identifier: BSD-2-Clause */
/* Errors and origins, in the form asked for. */

#include <inttypes.h>
#include <string.h>

#include "dump.h"

dump_error dump_error_make(int code, uint64_t offset, const char *text,
                           const char *layer) {
  dump_error e = {code, offset, 0, "", text, layer};
  return e;
}

dump_error dump_error_of(const h46017_h225 *m, int code, const char *layer) {
  const h46017_h225_error *last = h46017_h225_last_error(m);
  dump_error e = dump_error_make(code, 0, h46017_strerror(code), layer);
  if (last != NULL && last->code == code) {
    e.offset = last->offset;
    e.bit = last->bit;
    e.path = last->path != NULL ? last->path : "";
    e.text = last->text != NULL ? last->text : e.text;
  }
  return e;
}

void dump_error_json(dump *d, const dump_error *e) {
  json *j = &d->json;
  d->errors++;
  json_key(j, "error");
  json_open(j, '{');
  json_key(j, "code");
  json_text(j, h46017_error_name(e->code));
  json_key(j, "offset");
  json_uint(j, e->offset);
  json_key(j, "bit");
  json_uint(j, e->bit);
  json_key(j, "path");
  json_text(j, e->path);
  json_key(j, "text");
  json_text(j, e->text);
  if (e->layer != NULL) {
    json_key(j, "layer");
    json_text(j, e->layer);
  }
  json_close(j, '}');
}

static void error_print(FILE *out, const dump_error *e) {
  fprintf(out, "[H46017-%d] %s", -e->code, h46017_error_name(e->code));
  if (e->layer != NULL) {
    fprintf(out, " in %s", e->layer);
  }
  fprintf(out, " at octet %" PRIu64, e->offset);
  if (e->bit != 0) {
    fprintf(out, ", bit %u", e->bit);
  }
  if (e->path[0] != '\0') {
    fprintf(out, ", %s", e->path);
  }
  fprintf(out, ": %s; %s\n", e->text, h46017_error_remedy(e->code));
}

void dump_error_text(dump *d, const dump_error *e, int depth) {
  d->errors++;
  fprintf(d->out, "%*serror: ", 2 * depth, "");
  error_print(d->out, e);
}

void dump_error_stderr(dump *d, const dump_error *e, const char *where) {
  d->errors++;
  fputs(DUMP_PROGRAM ": ", d->err);
  if (where != NULL) {
    fprintf(d->err, "%s: ", where);
  }
  error_print(d->err, e);
}

void dump_origin_json(dump *d, const dump_origin *o) {
  json *j = &d->json;
  if (o == NULL) {
    return;
  }
  json_key(j, "time");
  fprintf(j->out, "%" PRId64 ".%06" PRIu32, o->seconds, o->micros);
  j->comma = true;
  json_key(j, "from");
  json_text(j, o->from);
  json_key(j, "to");
  json_text(j, o->to);
}

void dump_origin_text(dump *d, const dump_origin *o) {
  if (o != NULL) {
    fprintf(d->out, "%" PRId64 ".%06" PRIu32 " %s -> %s ", o->seconds,
            o->micros, o->from, o->to);
  }
}

void dump_error_line(dump *d, const dump_origin *o, const dump_error *e,
                     const char *where) {
  char from_to[2 * sizeof(o->from) + 8];
  d->pdus++;
  switch (d->format) {
  case DUMP_JSON:
    json_open(&d->json, '{');
    dump_origin_json(d, o);
    dump_error_json(d, e);
    json_close(&d->json, '}');
    json_end_line(&d->json);
    break;
  case DUMP_TEXT:
    dump_origin_text(d, o);
    dump_error_text(d, e, 0);
    break;
  case DUMP_REENCODE:
    putc('\n', d->out);
    if (where == NULL && o != NULL) {
      snprintf(from_to, sizeof(from_to), "%s -> %s", o->from, o->to);
      where = from_to;
    }
    dump_error_stderr(d, e, where);
    break;
  }
}
