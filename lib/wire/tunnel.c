/* SPDX-License-Identifier: BSD-2-Clause */
#include "wire/inside.h"

#include "base/intmath.h"
#include "base/mem.h"
#include "base/settings.h"
#include "wire/facility.h"

#include <stdio.h>
#include <string.h>

/* -- life ----------------------------------------------------------------- */

static const h46017_tunnel_settings tunnel_defaults = {
    .struct_size = sizeof(h46017_tunnel_settings),
    .lenient = H46017_LENIENT_DEFAULT,
    .max_pdu = H46017_TPKT_MAX,
    .max_tx = 256 * 1024,
    .max_ras_per_facility = 8,
    .max_bad_facilities = 8,
    .pdu_timeout_ms = 10000,
    .log_level = H46017_LOG_WARN,
    .h225 = NULL,
};

void h46017_tunnel_settings_default_sized(h46017_tunnel_settings *settings,
                                          size_t size) {
  h46017_settings_fill(settings, size, &tunnel_defaults,
                       sizeof(tunnel_defaults));
}

void h46017_tunnel_callbacks_default_sized(h46017_tunnel_callbacks *callbacks,
                                           size_t size) {
  static const h46017_tunnel_callbacks none = {.struct_size = sizeof(none)};
  h46017_settings_fill(callbacks, size, &none, sizeof(none));
}

static void tunnel_log_write(h46017_log_level level, const char *line,
                             size_t len, void *user_data) {
  h46017_tunnel *t = user_data;

  t->observing++;
  t->cb.log_write(level, line, len, t->user_data);
  t->observing--;
}

static int tunnel_make_parts(h46017_tunnel *t) {
  h46017_tpkt_settings s;
  int rv;

  h46017_tpkt_settings_default(&s);
  s.lenient = t->settings.lenient;
  s.max_pdu = t->settings.max_pdu;
  rv = h46017_tpkt_init(&t->tpkt, &s, &t->mem);
  if (rv == 0) {
    rv = h46017_h225_new(&t->h225, t->settings.h225, &t->mem);
  }
  t->settings.h225 = NULL; /* copied; the caller's may go */
  return rv;
}

void h46017_tunnel_free(h46017_tunnel *t) {
  h46017_tpkt_free(&t->tpkt);
  h46017_h225_del(t->h225);
  h46017_txbuf_free(&t->tx);
}

int h46017_tunnel_init(h46017_tunnel *t, const h46017_tunnel_settings *settings,
                       const h46017_tunnel_callbacks *callbacks,
                       const h46017_mem *mem, void *user_data,
                       h46017_time now) {
  h46017_tunnel_settings s = tunnel_defaults;
  h46017_tunnel_callbacks cb = {.struct_size = sizeof(cb)};
  int rv = 0;

  if (settings != NULL) {
    rv = h46017_settings_copy(&s, sizeof(s), sizeof(s), settings);
  }
  if (rv == 0) {
    rv = h46017_settings_copy(&cb, sizeof(cb), sizeof(cb), callbacks);
  }
  if (rv != 0) {
    return rv;
  }
  if (s.max_tx == 0 || s.max_ras_per_facility == 0) {
    return H46017_ERR_INVALID_ARGUMENT;
  }
  memset(t, 0, sizeof(*t));
  rv = h46017_mem_init(&t->mem, mem);
  if (rv != 0) {
    return rv;
  }
  t->settings = s;
  t->cb = cb;
  t->user_data = user_data;
  t->log.write = cb.log_write != NULL ? tunnel_log_write : NULL;
  t->log.user_data = t;
  t->log.level = s.log_level;
  t->now = h46017_time_seen(0, now);
  t->deadline = H46017_TIME_NEVER;
  h46017_txbuf_init(&t->tx, &t->mem, s.max_tx);
  h46017_txbuf_lend(&t->tx, t->room, sizeof(t->room));
  rv = tunnel_make_parts(t);
  if (rv != 0) {
    h46017_tunnel_free(t);
  }
  return rv;
}

static void tunnel_release(h46017_tunnel *t) {
  h46017_mem mem = t->mem;

  h46017_tunnel_free(t);
  h46017_mem_release(&mem, t);
}

int h46017_tunnel_new(h46017_tunnel **pt,
                      const h46017_tunnel_settings *settings,
                      const h46017_tunnel_callbacks *callbacks,
                      const h46017_mem *mem, void *user_data, h46017_time now) {
  h46017_tunnel *t;
  h46017_mem m;
  int rv = h46017_mem_init(&m, mem);

  if (rv != 0) {
    return rv;
  }
  if (pt == NULL) {
    return H46017_ERR_INVALID_ARGUMENT;
  }
  t = h46017_mem_alloc(&m, sizeof(*t));
  if (t == NULL) {
    return H46017_ERR_NOMEM;
  }
  rv = h46017_tunnel_init(t, settings, callbacks, mem, user_data, now);
  if (rv != 0) {
    h46017_mem_release(&m, t);
    return rv;
  }
  *pt = t;
  return 0;
}

void h46017_tunnel_del(h46017_tunnel *t) {
  if (t == NULL) {
    return;
  }
  if (t->depth > 0) {
    t->deleted = true;
    return;
  }
  tunnel_release(t);
}

/* -- what every call does ------------------------------------------------- */

static void tunnel_see(h46017_tunnel *t, h46017_time now) {
  t->now = h46017_time_seen(t->now, now);
}

/* Ends an outer call or a write: what was deleted inside goes now. */
static int tunnel_leave(h46017_tunnel *t, int rv) {
  bool gone = t->deleted;

  t->depth--;
  if (gone) {
    rv = H46017_ERR_CLOSED;
    if (t->depth == 0) {
      tunnel_release(t);
    }
  }
  return rv;
}

static int tunnel_end(h46017_tunnel *t, int code) {
  t->error = code;
  t->deadline = H46017_TIME_NEVER;
  return code;
}

H46017_SELDOM static int tunnel_fail(h46017_tunnel *t, int code,
                                     const char *why) {
  h46017_log_code(&t->log, H46017_LOG_ERROR, code, "%s", why);
  return tunnel_end(t, code);
}

static void tunnel_trace(h46017_tunnel *t, h46017_trace_kind kind,
                         h46017_trace_pdu pdu, const uint8_t *data, size_t len,
                         int code) {
  h46017_trace_event ev = {.kind = kind};

  if (t->cb.trace == NULL) {
    return;
  }
  ev.now = t->now;
  ev.pdu = pdu;
  ev.data = data;
  ev.len = len;
  ev.code = code;
  ev.object = "tunnel";
  ev.subject = t;
  t->observing++;
  t->cb.trace(&ev, t->user_data);
  t->observing--;
}

/* After an event callback: may the call go on? */
static int tunnel_called(h46017_tunnel *t, int rv) {
  t->calling--;
  if (t->deleted) {
    return H46017_ERR_CLOSED;
  }
  if (rv != 0) {
    return tunnel_fail(t, H46017_ERR_CALLBACK_FAILURE,
                       "a callback reported failure");
  }
  return 0;
}

/* -- in ------------------------------------------------------------------- */

static void tunnel_trace_in(h46017_tunnel *t, const h46017_tpkt_pdu *pdu,
                            h46017_trace_pdu kind, int code) {
  tunnel_trace(t, H46017_TRACE_PDU_RECEIVED, kind, pdu->data, pdu->len, code);
}

static int tunnel_keepalive(h46017_tunnel *t, const h46017_tpkt_pdu *pdu) {
  tunnel_trace_in(t, pdu, H46017_TRACE_PDU_KEEPALIVE, 0);
  if (t->cb.keepalive_received == NULL || t->deleted) {
    return t->deleted ? H46017_ERR_CLOSED : 0;
  }
  t->calling++;
  return tunnel_called(t, t->cb.keepalive_received(t, t->user_data));
}

static int tunnel_signalling(h46017_tunnel *t, const h46017_tpkt_pdu *pdu,
                             const h46017_q931 *msg) {
  tunnel_trace_in(t, pdu, H46017_TRACE_PDU_SIGNALLING, 0);
  if (t->cb.signalling_received == NULL || t->deleted) {
    return t->deleted ? H46017_ERR_CLOSED : 0;
  }
  t->calling++;
  return tunnel_called(
      t, t->cb.signalling_received(t, msg, msg->data, msg->len, t->user_data));
}

/* A Facility that cannot be used and belongs to no call: some are ignored,
 * one too many is an attack or a peer that will never work. */
H46017_SELDOM static int tunnel_bad_facility(h46017_tunnel *t,
                                             const h46017_tpkt_pdu *pdu,
                                             int code, const char *why) {
  tunnel_trace_in(t, pdu, H46017_TRACE_PDU_OTHER, code);
  if (t->bad_facilities >= t->settings.max_bad_facilities) {
    return tunnel_fail(t, H46017_ERR_UUIE, "too many malformed Facilities");
  }
  t->bad_facilities++;
  h46017_log_code(&t->log, H46017_LOG_WARN, code, "Facility ignored: %s", why);
  return t->deleted ? H46017_ERR_CLOSED : 0;
}

static int tunnel_ras(h46017_tunnel *t, const h46017_tpkt_pdu *pdu,
                      const h46017_facility *f) {
  h46017_uui_cursor at = {0, 0};
  const uint8_t *per;
  size_t len;
  int rv = 0;

  if (f->ras > t->settings.max_ras_per_facility) {
    tunnel_trace_in(t, pdu, H46017_TRACE_PDU_OTHER, H46017_ERR_FLOOD);
    return tunnel_fail(t, H46017_ERR_FLOOD,
                       "more than max_ras_per_facility in one Facility");
  }
  tunnel_trace_in(t, pdu, H46017_TRACE_PDU_RAS, 0);
  if (f->ignored > 0 || f->ras == 0) {
    h46017_log_line(&t->log, H46017_LOG_DEBUG,
                    "Facility with %u RAS messages, %u parameters ignored",
                    (unsigned)f->ras, (unsigned)f->ignored);
  }
  while (rv == 0 && !t->deleted && t->cb.ras_received != NULL &&
         h46017_facility_next(f, t->h225, &at, &per, &len)) {
    t->calling++;
    rv = tunnel_called(t, t->cb.ras_received(t, per, len, t->user_data));
  }
  return t->deleted ? H46017_ERR_CLOSED : rv;
}

/* What a strict tunnel does not put up with; NULL: nothing. */
static const char *tunnel_objection(const h46017_tunnel *t,
                                    const h46017_q931 *msg,
                                    const h46017_facility *f) {
  uint32_t strict = ~t->settings.lenient;
  h46017_q931_ie ie;

  if ((strict & H46017_LENIENT_RAS_CALL_REFERENCE) != 0 &&
      msg->call_reference != 0) {
    return "RAS under the call reference of a call";
  }
  if ((strict & H46017_LENIENT_RAS_CALL_REFERENCE_FLAG) != 0 &&
      msg->call_reference == 0 && msg->call_reference_flag) {
    return "RAS with the call reference flag set";
  }
  if ((strict & H46017_LENIENT_RAS_NO_FACILITY_IE) != 0 &&
      !h46017_q931_find(msg, H46017_Q931_IE_FACILITY, &ie)) {
    return "RAS without a Facility element";
  }
  if ((strict & H46017_LENIENT_RAS_ANY_BODY) != 0 && !f->body_empty) {
    return "RAS beside another body than empty";
  }
  if ((strict & H46017_LENIENT_RAS_NO_H245_TUNNELLING) != 0 &&
      !f->h245_tunnelling) {
    return "RAS without h245Tunnelling TRUE";
  }
  return NULL;
}

/* `per` is NULL: there is none, the element is too short. */
H46017_SELDOM static int tunnel_bad_uuie(h46017_tunnel *t,
                                         const h46017_tpkt_pdu *pdu,
                                         const h46017_q931 *msg,
                                         const uint8_t *per) {
  const h46017_h225_error *e = h46017_h225_last_error(t->h225);
  char why[128];

  if (per == NULL || e->code == 0) {
    return tunnel_bad_facility(t, pdu, H46017_ERR_UUIE,
                               "its User-User element is malformed");
  }
  (void)snprintf(why, sizeof(why), "%s, at octet %zu of the Q.931 message",
                 e->text, (size_t)(per - msg->data) + e->offset);
  return tunnel_bad_facility(t, pdu, H46017_ERR_UUIE, why);
}

static int tunnel_facility(h46017_tunnel *t, const h46017_tpkt_pdu *pdu,
                           const h46017_q931 *msg) {
  h46017_facility f;
  const uint8_t *per = NULL;
  const char *objection;
  size_t len;
  int rv = h46017_q931_user_user(msg, &per, &len);

  if (rv == H46017_ERR_ABSENT || rv == H46017_ERR_UNEXPECTED) {
    return tunnel_signalling(t, pdu, msg); /* nothing of H.323 in it */
  }
  if (rv == 0) {
    rv = h46017_facility_read(&f, t->h225, per, len);
  }
  if (h46017_error_is_fatal(rv)) {
    return tunnel_fail(t, rv, "no memory to decode a Facility");
  }
  if (rv != 0 && msg->call_reference == 0) {
    return tunnel_bad_uuie(t, pdu, msg, per);
  }
  if (rv != 0 || !f.tunnelled) {
    return tunnel_signalling(t, pdu, msg); /* the call's business */
  }
  objection = tunnel_objection(t, msg, &f);
  if (objection != NULL) {
    return tunnel_bad_facility(t, pdu, H46017_ERR_UNEXPECTED, objection);
  }
  return tunnel_ras(t, pdu, &f);
}

static int tunnel_pdu(h46017_tunnel *t, const h46017_tpkt_pdu *pdu) {
  uint32_t lenient = t->settings.lenient;
  const uint8_t *q931 = pdu->data + H46017_TPKT_HEADER;
  size_t len = pdu->len - H46017_TPKT_HEADER;
  h46017_q931 msg;
  int rv;

  if (pdu->kind == H46017_TPKT_KEEPALIVE) {
    return tunnel_keepalive(t, pdu);
  }
  rv = h46017_q931_parse(&msg, q931, len, lenient);
  if (rv != 0) {
    tunnel_trace_in(t, pdu, H46017_TRACE_PDU_OTHER, rv);
    h46017_log_code(&t->log, H46017_LOG_ERROR, rv,
                    "malformed Q.931 message at octet %zu of %zu",
                    h46017_q931_fault(q931, len, lenient), len);
    return tunnel_end(t, rv);
  }
  if (msg.type == H46017_Q931_FACILITY) {
    return tunnel_facility(t, pdu, &msg);
  }
  return tunnel_signalling(t, pdu, &msg);
}

/* The time runs from a TPKT's first octet and is not extended by the next
 * ones: a peer that sends one a second gains nothing. */
static void tunnel_arm(h46017_tunnel *t, bool another) {
  if (t->settings.pdu_timeout_ms == 0 || h46017_tpkt_pending(&t->tpkt) == 0) {
    t->deadline = H46017_TIME_NEVER;
  } else if (another || t->deadline == H46017_TIME_NEVER) {
    t->deadline = h46017_time_add(t->now, t->settings.pdu_timeout_ms);
  }
}

int h46017_tunnel_recv(h46017_tunnel *t, const uint8_t *data, size_t len,
                       h46017_time now) {
  h46017_tpkt_pdu pdu;
  bool another = false;
  int rv;

  if (t->calling > 0 || t->observing > 0) {
    return H46017_ERR_REENTRANT;
  }
  if (t->error != 0) {
    return t->error;
  }
  if (data == NULL && len > 0) {
    return H46017_ERR_INVALID_ARGUMENT;
  }
  tunnel_see(t, now);
  t->depth++;
  while ((rv = h46017_tpkt_read(&t->tpkt, &data, &len, &pdu)) == 0 &&
         pdu.kind != H46017_TPKT_NONE) {
    another = true;
    rv = tunnel_pdu(t, &pdu);
    if (rv != 0) {
      return tunnel_leave(t, rv);
    }
  }
  if (rv != 0) {
    rv = tunnel_fail(t, rv, "the octets are no TPKT that is taken here");
  } else {
    tunnel_arm(t, another);
  }
  return tunnel_leave(t, rv);
}

/* -- time ----------------------------------------------------------------- */

h46017_time h46017_tunnel_next_expiry(const h46017_tunnel *t) {
  return t->deadline;
}

int h46017_tunnel_handle_expiry(h46017_tunnel *t, h46017_time now) {
  int rv = 0;

  if (t->calling > 0 || t->observing > 0) {
    return H46017_ERR_REENTRANT;
  }
  if (t->error != 0) {
    return t->error;
  }
  tunnel_see(t, now);
  t->depth++;
  if (t->now >= t->deadline) {
    rv = tunnel_fail(t, H46017_ERR_PDU_TIMEOUT,
                     "a TPKT was begun and not finished");
  }
  return tunnel_leave(t, rv);
}

/* -- out ------------------------------------------------------------------ */

size_t h46017_tunnel_peek_tx(const h46017_tunnel *t, const uint8_t **pdata) {
  return h46017_txbuf_peek(&t->tx, pdata);
}

int h46017_tunnel_ack_tx(h46017_tunnel *t, size_t n, h46017_time now) {
  if (t->calling > 0 || t->observing > 0) {
    return H46017_ERR_REENTRANT;
  }
  tunnel_see(t, now);
  return h46017_txbuf_ack(&t->tx, n);
}

bool h46017_tunnel_want_read(const h46017_tunnel *t) {
  return t->error == 0;
}

bool h46017_tunnel_want_write(const h46017_tunnel *t) {
  return h46017_txbuf_len(&t->tx) > 0 && !h46017_error_is_fatal(t->error);
}

int h46017_tunnel_error(const h46017_tunnel *t) {
  return t->error;
}

/* May something be queued, and is there room for `len` octets? */
static int tunnel_reserve(h46017_tunnel *t, size_t len, uint8_t **proom) {
  int rv;

  if (t->observing > 0) {
    return H46017_ERR_REENTRANT;
  }
  if (t->deleted) {
    return H46017_ERR_CLOSED;
  }
  if (t->error != 0) {
    return t->error;
  }
  t->depth++;
  rv = h46017_txbuf_reserve(&t->tx, len, proom);
  if (rv == H46017_ERR_QUEUE_FULL) {
    h46017_log_code(&t->log, H46017_LOG_WARN, rv, "%u octets wait to be sent",
                    (unsigned)h46017_txbuf_len(&t->tx));
  }
  return rv != 0 ? tunnel_leave(t, rv) : 0;
}

/* What was written into the room is a TPKT to be sent. */
static int tunnel_commit(h46017_tunnel *t, h46017_trace_pdu kind,
                         const uint8_t *room, size_t len) {
  h46017_txbuf_commit(&t->tx, len);
  tunnel_trace(t, H46017_TRACE_PDU_SENT, kind, room, len, 0);
  return tunnel_leave(t, 0);
}

int h46017_tunnel_write_ras(h46017_tunnel *t, const uint8_t *per, size_t len) {
  size_t total;
  uint8_t *room;
  int rv;

  if (per == NULL || len == 0) {
    return H46017_ERR_INVALID_ARGUMENT;
  }
  if (len > H46017_TUNNEL_MAX_RAS) {
    return H46017_ERR_OUT_OF_RANGE;
  }
  total = h46017_facility_size(len);
  rv = tunnel_reserve(t, total, &room);
  if (rv != 0) {
    return rv;
  }
  h46017_facility_write(room, per, len);
  return tunnel_commit(t, H46017_TRACE_PDU_RAS, room, total);
}

int h46017_tunnel_write_signalling(h46017_tunnel *t, const uint8_t *q931,
                                   size_t len) {
  uint8_t head[H46017_TPKT_HEADER];
  uint8_t *room;
  int rv;

  if (q931 == NULL || len == 0) {
    return H46017_ERR_INVALID_ARGUMENT;
  }
  rv = h46017_tpkt_write_header(head, len);
  if (rv != 0) {
    return rv;
  }
  rv = tunnel_reserve(t, H46017_TPKT_HEADER + len, &room);
  if (rv != 0) {
    return rv;
  }
  memcpy(room, head, sizeof(head));
  memcpy(room + sizeof(head), q931, len);
  return tunnel_commit(t, H46017_TRACE_PDU_SIGNALLING, room,
                       H46017_TPKT_HEADER + len);
}

int h46017_tunnel_write_keepalive(h46017_tunnel *t) {
  uint8_t *room;
  int rv = tunnel_reserve(t, H46017_TPKT_HEADER, &room);

  if (rv != 0) {
    return rv;
  }
  (void)h46017_tpkt_write_header(room, 0);
  return tunnel_commit(t, H46017_TRACE_PDU_KEEPALIVE, room, H46017_TPKT_HEADER);
}
