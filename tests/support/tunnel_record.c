/* SPDX-License-Identifier: BSD-2-Clause */
#include "tunnel_record.h"

#include <h46017/tpkt.h>

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void record_text(tunnel_record *r, const char *text) {
  octets_append(&r->text, (const uint8_t *)text, strlen(text));
}

static void record_hex(tunnel_record *r, const uint8_t *data, size_t len) {
  static const char digits[] = "0123456789abcdef";
  static uint8_t hex[2 * H46017_TPKT_MAX]; /* appended at once: it is copied */

  ck_assert_uint_le(len, H46017_TPKT_MAX);
  for (size_t i = 0; i < len; i++) {
    hex[2 * i] = (uint8_t)digits[data[i] >> 4];
    hex[2 * i + 1] = (uint8_t)digits[data[i] & 15];
  }
  octets_append(&r->text, hex, 2 * len);
  record_text(r, "\n");
}

static int record_event(tunnel_record *r) {
  int rv = 0;

  r->events++;
  if (r->on_event != NULL) {
    rv = r->on_event(r);
  }
  return r->events == r->fail_at ? 1 : rv;
}

static int record_ras(h46017_tunnel *t, const uint8_t *per, size_t len,
                      void *user_data) {
  tunnel_record *r = user_data;

  ck_assert_ptr_eq(t, r->t);
  r->ras++;
  record_text(r, "ras ");
  record_hex(r, per, len);
  return record_event(r);
}

static int record_signalling(h46017_tunnel *t, const h46017_q931 *msg,
                             const uint8_t *q931, size_t len, void *user_data) {
  tunnel_record *r = user_data;
  char line[64];

  ck_assert_ptr_eq(t, r->t);
  ck_assert_ptr_eq(q931, msg->data);
  ck_assert_uint_eq(len, msg->len);
  r->signalling++;
  (void)snprintf(line, sizeof(line), "%s crv %u flag %d ",
                 h46017_q931_type_name(msg->type), msg->call_reference,
                 msg->call_reference_flag);
  record_text(r, line);
  record_hex(r, q931, len);
  return record_event(r);
}

static int record_keepalive(h46017_tunnel *t, void *user_data) {
  tunnel_record *r = user_data;

  ck_assert_ptr_eq(t, r->t);
  r->keepalives++;
  record_text(r, "keepalive\n");
  return record_event(r);
}

static void record_log(h46017_log_level level, const char *line, size_t len,
                       void *user_data) {
  tunnel_record *r = user_data;

  ck_assert_uint_eq(strlen(line), len);
  ck_assert(level > H46017_LOG_WARN || strncmp(line, "[H46017-", 8) == 0);
  (void)snprintf(r->last_log, sizeof(r->last_log), "%s", line);
  r->log_lines++;
}

static void record_trace(const h46017_trace_event *ev, void *user_data) {
  tunnel_record *r = user_data;

  ck_assert_ptr_eq(ev->subject, r->t);
  octets_append(ev->kind == H46017_TRACE_PDU_SENT ? &r->traced_out
                                                  : &r->traced_in,
                ev->data, ev->len);
}

void tunnel_record_init(tunnel_record *r) {
  memset(r, 0, sizeof(*r));
  h46017_tunnel_settings_default(&r->settings);
  r->settings.log_level = H46017_LOG_DEBUG;
}

int tunnel_record_start(tunnel_record *r) {
  h46017_tunnel_callbacks cb;

  h46017_tunnel_callbacks_default(&cb);
  cb.ras_received = record_ras;
  cb.signalling_received = record_signalling;
  cb.keepalive_received = record_keepalive;
  cb.log_write = record_log;
  cb.trace = record_trace;
  return h46017_tunnel_new(&r->t, &r->settings, &cb, r->mem, r, r->now);
}

void tunnel_record_stop(tunnel_record *r) {
  h46017_tunnel_del(r->t);
  r->t = NULL;
  octets_free(&r->text);
  octets_free(&r->traced_in);
  octets_free(&r->traced_out);
}

int tunnel_record_feed(tunnel_record *r, const uint8_t *data, size_t len,
                       size_t chunk) {
  int rv = 0;

  while (len > 0 && rv == 0) {
    size_t n = len < chunk ? len : chunk;
    uint8_t *piece = octets_exact(data, n);

    rv = h46017_tunnel_recv(r->t, piece, n, r->now);
    free(piece);
    data += n;
    len -= n;
  }
  if (rv != 0) {
    char line[64];
    (void)snprintf(line, sizeof(line), "error %s\n", h46017_error_name(rv));
    record_text(r, line);
  }
  return rv;
}

int tunnel_record_feed_hex(tunnel_record *r, const char *hex, size_t chunk) {
  octets o = octets_hex(hex);
  int rv = tunnel_record_feed(r, o.data, o.len, chunk);

  octets_free(&o);
  return rv;
}

const char *tunnel_record_text(tunnel_record *r) {
  octets_append(&r->text, (const uint8_t *)"", 0);
  r->text.data[r->text.len] = '\0';
  return (const char *)r->text.data;
}

char *tunnel_record_take(tunnel_record *r) {
  char *text;

  (void)tunnel_record_text(r);
  text = (char *)r->text.data;
  r->text = (octets){NULL, 0};
  return text;
}

char *tunnel_record_run(const char *hex, size_t chunk,
                        const h46017_tunnel_settings *settings) {
  tunnel_record r;
  char *text;

  tunnel_record_init(&r);
  if (settings != NULL) {
    r.settings = *settings;
  }
  ck_assert_int_eq(tunnel_record_start(&r), 0);
  (void)tunnel_record_feed_hex(&r, hex, chunk);
  text = tunnel_record_take(&r);
  tunnel_record_stop(&r);
  return text;
}

octets tunnel_record_sent(tunnel_record *r) {
  octets o = {NULL, 0};
  const uint8_t *p;
  size_t n = h46017_tunnel_peek_tx(r->t, &p);

  octets_append(&o, p, n);
  ck_assert_int_eq(h46017_tunnel_ack_tx(r->t, n, r->now), 0);
  return o;
}
