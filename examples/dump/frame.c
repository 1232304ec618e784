/* SPDX-License-Identifier: BSD-2-Clause */
/* One TPKT: its Q.931 message, the user-user part, each RAS message in it.
 *
 * A RAS message is tunnelled as a raw parameter 1 of the generic data 17
 * (H.460.17). It is looked for in every message type, not in Facility alone:
 * this program is there to show what peers send. */

#include <string.h>

#include "frame.h"

/* The list of generic data, from the message itself. */
#define GENERIC_DATA "h323-uu-pdu.genericData"

static void frame_read(dump *d, frame *f, const h46017_tpkt_pdu *pdu) {
  const uint8_t *per;
  size_t len;
  memset(f, 0, sizeof(*f));
  f->pdu = pdu;
  if (pdu->kind == H46017_TPKT_KEEPALIVE) {
    return;
  }
  int rv =
      h46017_q931_parse(&f->q931, pdu->data + H46017_TPKT_HEADER,
                        pdu->len - H46017_TPKT_HEADER, H46017_LENIENT_DEFAULT);
  if (rv != 0) {
    size_t at = h46017_q931_fault(pdu->data + H46017_TPKT_HEADER,
                                  pdu->len - H46017_TPKT_HEADER,
                                  H46017_LENIENT_DEFAULT);
    f->error = dump_error_make(rv, at, h46017_strerror(rv), "q931");
    return;
  }
  f->has_q931 = true;
  rv = h46017_q931_user_user(&f->q931, &per, &len);
  if (rv == H46017_ERR_ABSENT || rv == H46017_ERR_UNEXPECTED) {
    return;
  }
  if (rv != 0) {
    f->error = dump_error_make(rv, 0, h46017_strerror(rv), "uuie");
    return;
  }
  rv = h46017_h225_decode(d->message, h46017_h225_user_information(), per, len);
  if (rv != 0) {
    f->error = dump_error_of(d->message, rv, "uuie");
    return;
  }
  f->has_uuie = true;
}

ras_cursor dump_ras_begin(const dump *d) {
  ras_cursor c;
  memset(&c, 0, sizeof(c));
  c.data = h46017_h225_get(h46017_h225_root(d->message), GENERIC_DATA);
  return c;
}

static bool ras_is(h46017_h225_value v, const char *path, uint64_t wanted) {
  uint64_t standard;
  return h46017_h225_read_uint(h46017_h225_get(v, path), &standard) == 0 &&
         standard == wanted;
}

bool dump_ras_next(ras_cursor *c) {
  for (; c->i < h46017_h225_count(c->data); c->i++, c->k = 0) {
    h46017_h225_value generic = h46017_h225_at(c->data, c->i);
    h46017_h225_value parameters = h46017_h225_get(generic, "parameters");
    if (!ras_is(generic, "id.standard", 17)) {
      continue;
    }
    while (c->k < h46017_h225_count(parameters)) {
      size_t k = c->k++;
      h46017_h225_value p = h46017_h225_at(parameters, k);
      if (ras_is(p, "id.standard", 1) &&
          h46017_h225_read_octets(h46017_h225_get(p, "content.raw"), &c->per,
                                  &c->len) == 0) {
        snprintf(c->path, sizeof(c->path),
                 GENERIC_DATA "[%zu].parameters[%zu].content.raw", c->i, k);
        return true;
      }
    }
  }
  return false;
}

/* -- as JSON ---------------------------------------------------------------*/

static void q931_json(json *j, const h46017_q931 *msg) {
  h46017_q931_cursor at = H46017_Q931_CURSOR_INIT;
  h46017_q931_ie ie;
  json_key(j, "q931");
  json_open(j, '{');
  json_key(j, "message");
  json_text(j, h46017_q931_type_name(msg->type));
  json_key(j, "type");
  json_uint(j, msg->type);
  json_key(j, "crv");
  json_uint(j, msg->call_reference);
  json_key(j, "flag");
  json_bool(j, msg->call_reference_flag);
  json_key(j, "ies");
  json_open(j, '[');
  while (h46017_q931_next(msg, &at, &ie)) {
    json_open(j, '{');
    json_key(j, "id");
    json_uint(j, ie.id);
    json_key(j, "name");
    json_text(j, h46017_q931_ie_name(ie.codeset, ie.id));
    if (ie.codeset != 0) {
      json_key(j, "codeset");
      json_uint(j, ie.codeset);
    }
    json_key(j, "hex");
    json_hex(j, ie.contents, ie.len);
    json_close(j, '}');
  }
  json_close(j, ']');
  json_close(j, '}');
}

/* The value of a decoded message, and what is odd about it. */
static void value_json(dump *d, const h46017_h225 *m, const char *name,
                       const char *layer) {
  json *j = &d->json;
  size_t trailing = h46017_h225_trailing(m);
  json_key(j, name);
  int rv = json_value(j, h46017_h225_root(m));
  if (trailing > 0) {
    json_key(j, "trailing");
    json_uint(j, trailing);
  }
  if (rv != 0) {
    dump_error e = dump_error_make(rv, 0, h46017_strerror(rv), layer);
    dump_error_json(d, &e);
  }
}

static void ras_json(dump *d, const uint8_t *per, size_t len) {
  json *j = &d->json;
  int rv = h46017_h225_decode(d->ras, h46017_h225_ras_message(), per, len);
  json_open(j, '{');
  json_key(j, "hex");
  json_hex(j, per, len);
  if (rv == 0) {
    value_json(d, d->ras, "value", "ras");
  } else {
    dump_error e = dump_error_of(d->ras, rv, "ras");
    dump_error_json(d, &e);
  }
  json_close(j, '}');
}

static void frame_json(dump *d, const dump_origin *o, const frame *f) {
  json *j = &d->json;
  json_open(j, '{');
  dump_origin_json(d, o);
  json_key(j, "tpkt");
  json_open(j, '{');
  json_key(j, "length");
  json_uint(j, f->pdu->len);
  json_close(j, '}');
  if (f->pdu->kind == H46017_TPKT_KEEPALIVE) {
    json_key(j, "keepalive");
    json_bool(j, true);
  }
  if (f->has_q931) {
    q931_json(j, &f->q931);
  }
  if (f->error.code != 0) {
    dump_error_json(d, &f->error);
  } else if (f->has_uuie) {
    value_json(d, d->message, "uuie", "uuie");
  } else {
    json_key(j, "uuie");
    json_null(j);
  }
  json_key(j, "ras");
  json_open(j, '[');
  ras_cursor c = dump_ras_begin(d);
  while (f->has_uuie && dump_ras_next(&c)) {
    ras_json(d, c.per, c.len);
  }
  json_close(j, ']');
  json_close(j, '}');
  json_end_line(j);
}

/* -- as text ---------------------------------------------------------------*/

static void q931_text(dump *d, const h46017_q931 *msg) {
  h46017_q931_cursor at = H46017_Q931_CURSOR_INIT;
  h46017_q931_ie ie;
  fprintf(d->out, "  Q.931 %s (0x%02x), call reference %u, flag %d\n",
          h46017_q931_type_name(msg->type), msg->type, msg->call_reference,
          msg->call_reference_flag);
  while (h46017_q931_next(msg, &at, &ie)) {
    fprintf(d->out, "    %s (0x%02x)", h46017_q931_ie_name(ie.codeset, ie.id),
            ie.id);
    if (ie.codeset != 0) {
      fprintf(d->out, " of codeset %u", ie.codeset);
    }
    if (ie.id >= 0x80) {
      putc('\n', d->out);
    } else if (ie.codeset == 0 && ie.id == H46017_Q931_IE_USER_USER) {
      fprintf(d->out, ": %zu octets\n", ie.len);
    } else {
      fputs(": ", d->out);
      text_hex(d->out, ie.contents, ie.len);
      putc('\n', d->out);
    }
  }
}

static void value_text(dump *d, const h46017_h225 *m, const char *label,
                       const char *layer) {
  size_t trailing = h46017_h225_trailing(m);
  int rv = text_value(d->out, label, h46017_h225_root(m), 1);
  if (trailing > 0) {
    fprintf(d->out, "    (%zu octets behind the end)\n", trailing);
  }
  if (rv != 0) {
    dump_error e = dump_error_make(rv, 0, h46017_strerror(rv), layer);
    dump_error_text(d, &e, 2);
  }
}

static void ras_text(dump *d, const uint8_t *per, size_t len) {
  int rv = h46017_h225_decode(d->ras, h46017_h225_ras_message(), per, len);
  if (rv == 0) {
    value_text(d, d->ras, "RasMessage", "ras");
  } else {
    dump_error e = dump_error_of(d->ras, rv, "ras");
    fprintf(d->out, "  RasMessage: %zu octets\n", len);
    dump_error_text(d, &e, 2);
  }
}

static void frame_text(dump *d, const dump_origin *o, const frame *f) {
  bool keepalive = f->pdu->kind == H46017_TPKT_KEEPALIVE;
  dump_origin_text(d, o);
  fprintf(d->out, "TPKT of %zu octets%s\n", f->pdu->len,
          keepalive ? ", a keep-alive" : "");
  if (f->has_q931) {
    q931_text(d, &f->q931);
  }
  if (f->error.code != 0) {
    dump_error_text(d, &f->error, 1);
  }
  if (f->has_uuie) {
    value_text(d, d->message, "H323-UserInformation", "uuie");
    ras_cursor c = dump_ras_begin(d);
    while (dump_ras_next(&c)) {
      ras_text(d, c.per, c.len);
    }
  }
}

static void reencode_failed(dump *d, const dump_origin *o,
                            const dump_error *e) {
  char where[2 * sizeof(o->from) + 8];
  if (o != NULL) {
    snprintf(where, sizeof(where), "%s -> %s", o->from, o->to);
  } else {
    snprintf(where, sizeof(where), "TPKT %llu", (unsigned long long)d->pdus);
  }
  dump_error_stderr(d, e, where);
}

void dump_frame(dump *d, const dump_origin *o, const h46017_tpkt_pdu *pdu) {
  frame f;
  frame_read(d, &f, pdu);
  d->pdus++;
  switch (d->format) {
  case DUMP_JSON:
    frame_json(d, o, &f);
    break;
  case DUMP_TEXT:
    frame_text(d, o, &f);
    break;
  case DUMP_REENCODE:
    if (dump_frame_again(d, &f) != 0) {
      reencode_failed(d, o, &f.error);
    }
    break;
  }
}

void dump_datagram(dump *d, const dump_origin *o, const uint8_t *per,
                   size_t len) {
  json *j = &d->json;
  size_t encoded = 0;
  d->pdus++;
  switch (d->format) {
  case DUMP_JSON:
    json_open(j, '{');
    dump_origin_json(d, o);
    json_key(j, "udp");
    json_open(j, '{');
    json_key(j, "length");
    json_uint(j, len);
    json_close(j, '}');
    json_key(j, "ras");
    json_open(j, '[');
    ras_json(d, per, len);
    json_close(j, ']');
    json_close(j, '}');
    json_end_line(j);
    break;
  case DUMP_TEXT:
    dump_origin_text(d, o);
    fprintf(d->out, "UDP of %zu octets\n", len);
    ras_text(d, per, len);
    break;
  case DUMP_REENCODE: {
    int rv = h46017_h225_decode(d->ras, h46017_h225_ras_message(), per, len);
    rv = rv != 0 ? rv : dump_encode(d, d->ras, &encoded);
    if (rv == 0) {
      text_hex(d->out, d->buf, encoded);
    }
    putc('\n', d->out);
    if (rv != 0) {
      dump_error e = dump_error_of(d->ras, rv, "ras");
      reencode_failed(d, o, &e);
    }
    break;
  }
  }
}
