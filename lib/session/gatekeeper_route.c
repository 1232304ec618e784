/* SPDX-License-Identifier: BSD-2-Clause */
#include "session/gatekeeper.h"

#include "asn1/h225_aliases.h"
#include "base/mem.h"

#include <stdio.h>
#include <string.h>

/* What becomes of a call's messages on the way: decoded, changed where a
 * gatekeeper has to, encoded. What needs no change keeps its
 * octets, call reference apart. */

/* -- on the way ------------------------------------------------------------ */

#define BODY "h323-uu-pdu.h323-message-body"

/* True if something was there, and is no more. */
static bool route_remove(h46017_h225 *m, const char *body,
                         const char *component) {
  char path[128];

  (void)snprintf(path, sizeof(path), BODY ".%s.%s", body, component);
  return h46017_h225_remove(m, path) == 0;
}

/* What either side says of the connection to us is not what we say of ours. */
static bool route_connection_flag(h46017_h225 *m, const char *body,
                                  const char *component) {
  bool yes = true;
  char path[128];

  (void)snprintf(path, sizeof(path), BODY ".%s.%s", body, component);
  return h46017_h225_read_bool(h46017_h225_get(h46017_h225_root(m), path),
                               &yes) == 0 &&
         !yes && h46017_h225_set_bool(m, path, true) == 0;
}

/* What belongs to one side only goes. True: something was changed. */
static bool route_change(h46017_h225 *m) {
  static const char *const gone[] = {"tokens",
                                     "cryptoTokens",
                                     "h245Address",
                                     "sourceCallSignalAddress",
                                     "destCallSignalAddress",
                                     "endpointIdentifier"};
  const char *body = h46017_h225_value_name(
      h46017_h225_at(h46017_h225_get(h46017_h225_root(m), BODY), 0));
  bool changed = false;

  for (size_t i = 0; i < sizeof(gone) / sizeof(gone[0]); i++) {
    changed = route_remove(m, body, gone[i]) || changed;
  }
  changed = route_connection_flag(m, body, "multipleCalls") || changed;
  return route_connection_flag(m, body, "maintainConnection") || changed;
}

int gk_route_room(h46017_gatekeeper *gk, size_t size) {
  uint8_t *relay;

  if (size <= gk->relay_size) {
    return 0;
  }
  relay = h46017_mem_resize(&gk->mem, gk->relay, size);
  if (relay == NULL) {
    return H46017_ERR_NOMEM;
  }
  gk->relay = relay;
  gk->relay_size = size;
  return 0;
}

static uint8_t *route_put(uint8_t *out, const uint8_t *octets, size_t len) {
  memcpy(out, octets, len);
  return out + len;
}

/* An element that others take the place of; no octets: nothing does. */
typedef struct route_piece {
  h46017_q931_ie old;
  const uint8_t *octets;
  size_t len;
} route_piece;

/* The message with another call reference, and with the pieces in the place of
 * what they replace, in its order; every other octet as it is. */
static int route_splice(h46017_gatekeeper *gk, const h46017_q931 *q931,
                        uint16_t reference, bool flag,
                        const route_piece *pieces, size_t count, size_t *plen) {
  const uint8_t *from = q931->data + q931->ies;
  size_t size = 5 + q931->len;
  uint8_t *out;
  int rv;

  for (size_t i = 0; i < count; i++) {
    size += pieces[i].len;
  }
  rv = gk_route_room(gk, size);
  if (rv != 0) {
    return rv;
  }
  out = gk->relay;
  *out++ = 0x08;
  *out++ = 0x02;
  *out++ = (uint8_t)((flag ? 0x80 : 0) | reference >> 8);
  *out++ = (uint8_t)reference;
  *out++ = q931->type;
  for (size_t i = 0; i < count; i++) {
    const route_piece *p = &pieces[i];
    out = route_put(out, from, (size_t)(p->old.raw - from));
    out = route_put(out, p->octets, p->len);
    from = p->old.raw + p->old.raw_len;
  }
  out = route_put(out, from, (size_t)(q931->data + q931->len - from));
  *plen = (size_t)(out - gk->relay);
  return 0;
}

/* Octets of a User-User element before what was encoded. */
#define USER_USER_HEAD 4

int gk_route_encode(h46017_gatekeeper *gk, h46017_h225 *m, uint8_t **pper,
                    size_t *plen) {
  call_workspace *w = &gk->call_work;
  size_t size = 0;
  uint8_t *scratch;
  bool room = w->scratch_size > USER_USER_HEAD;
  int rv =
      h46017_h225_encode(m, room ? w->scratch + USER_USER_HEAD : NULL,
                         room ? w->scratch_size - USER_USER_HEAD : 0, &size);

  if (rv == H46017_ERR_BUFFER_TOO_SMALL || (rv == 0 && !room)) {
    scratch = h46017_mem_resize(&w->mem, w->scratch, size + 64);
    if (scratch == NULL) {
      return H46017_ERR_NOMEM;
    }
    w->scratch = scratch;
    w->scratch_size = size + 64;
    rv = h46017_h225_encode(m, scratch + USER_USER_HEAD, size, &size);
  }
  if (rv == 0) {
    *pper = w->scratch + USER_USER_HEAD;
    *plen = size;
  }
  return rv;
}

/* The H.323 part anew. */
static int route_user_user(h46017_gatekeeper *gk,
                           const h46017_call_message *msg, route_piece *p) {
  uint8_t *head;
  size_t len = 0;
  int rv = gk_route_encode(gk, msg->uui, &head, &len);

  if (rv != 0) {
    return rv;
  }
  if (len >= UINT16_MAX) {
    return H46017_ERR_OUT_OF_RANGE;
  }
  if (!h46017_q931_find(msg->q931, H46017_Q931_IE_USER_USER, &p->old)) {
    return H46017_ERR_INTERNAL;
  }
  head -= USER_USER_HEAD;
  head[0] = H46017_Q931_IE_USER_USER;
  head[1] = (uint8_t)((len + 1) >> 8);
  head[2] = (uint8_t)(len + 1);
  head[3] = 0x05;
  p->octets = head;
  p->len = USER_USER_HEAD + len;
  return 0;
}

/* A Called Party Number, unknown type, E.164 plan, and its digits. */
#define NUMBER_MAX (3 + 128)

/* Of a Setup that the program sends elsewhere: the digits there, or, where that
 * is a name, none. False: there is no number, or it stays. Q.931 4.5.8 */
static bool route_number(const gk_call *call, const h46017_call_message *msg,
                         uint8_t number[NUMBER_MAX], route_piece *p) {
  const h46017_alias *to = call->routed;

  if (to == NULL || msg->type != H46017_Q931_SETUP ||
      !h46017_q931_find(msg->q931, H46017_Q931_IE_CALLED_PARTY_NUMBER,
                        &p->old)) {
    return false;
  }
  p->octets = number;
  p->len = 0;
  if (to->type == H46017_ALIAS_DIALLED_DIGITS && to->text.len <= 128) {
    number[0] = H46017_Q931_IE_CALLED_PARTY_NUMBER;
    number[1] = (uint8_t)(1 + to->text.len);
    number[2] = 0x81;
    memcpy(number + 3, to->text.text, to->text.len);
    p->len = 3 + to->text.len;
  }
  return true;
}

static int route_rewrite(gk_leg *to, const h46017_call_message *msg,
                         bool changed, size_t *plen) {
  h46017_gatekeeper *gk = to->of->gk;
  uint16_t reference = h46017_call_reference(to->call);
  bool flag = !h46017_call_is_ours(to->call);
  uint8_t number[NUMBER_MAX];
  route_piece pieces[2];
  size_t count = route_number(to->of, msg, number, &pieces[0]) ? 1 : 0;
  int rv = 0;

  if (msg->uui != NULL && (route_change(msg->uui) || changed)) {
    rv = route_user_user(gk, msg, &pieces[count]);
    count++;
  }
  if (rv != 0) {
    return rv;
  }
  if (count == 2 && pieces[0].old.raw > pieces[1].old.raw) {
    const route_piece last = pieces[0];
    pieces[0] = pieces[1];
    pieces[1] = last;
  }
  return route_splice(gk, msg->q931, reference, flag, pieces, count, plen);
}

int gk_route_send(h46017_connection *c, size_t len) {
  if (len > H46017_TPKT_MAX - H46017_TPKT_HEADER ||
      h46017_txbuf_len(&c->tunnel.tx) + len > c->tunnel.tx.limit / 2) {
    return H46017_ERR_QUEUE_FULL;
  }
  return h46017_calls_send(c->calls, c->gk->relay, len, NULL, c->gk->now);
}

int gk_route_rewrite(gk_leg *to, const h46017_call_message *msg, size_t *plen) {
  return route_rewrite(to, msg, false, plen);
}

static h46017_route_state route_step(uint8_t type) {
  switch (type) {
  case H46017_Q931_CALL_PROCEEDING:
    return H46017_ROUTE_PROCEEDING;
  case H46017_Q931_ALERTING:
    return H46017_ROUTE_ALERTING;
  case H46017_Q931_CONNECT:
    return H46017_ROUTE_CONNECT;
  default:
    return H46017_ROUTE_ADMITTED;
  }
}

int gk_route_message(gk_leg *leg, const h46017_call_message *msg) {
  gk_call *call = leg->of;
  gk_leg *to =
      &call->legs[leg == &call->legs[GK_CALLER] ? GK_CALLEE : GK_CALLER];
  h46017_connection *c = to->connection;
  size_t len = 0;
  int rv;

  /* Where a side stands is between it and us. */
  if (msg->type == H46017_Q931_STATUS ||
      msg->type == H46017_Q931_STATUS_INQUIRY || call->over) {
    return 0;
  }
  if (to->call == NULL) {
    return call->question != NULL ? gk_where_hold(call->question, msg->q931)
                                  : 0;
  }
  rv = call->proceeded && msg->type == H46017_Q931_CALL_PROCEEDING
           ? gk_forward(to, msg, &len)
           : gk_route_rewrite(to, msg, &len);
  if (rv != 0) {
    return rv == H46017_ERR_ABSENT ? 0 : rv;
  }
  rv = gk_route_send(c, len);
  if (rv == H46017_ERR_INVALID_STATE) {
    /* it does not fit where the other side stands: it is not passed on */
    h46017_log_line(&c->gk->log, H46017_LOG_DEBUG, "call %llu: not relayed",
                    (unsigned long long)call->pub.id);
    return 0;
  }
  if (rv != 0) {
    gk_call_end(call, NULL, h46017_release_cause(gk_route_reason(rv)), rv,
                NULL);
    return 0;
  }
  gk_connection_rearm(c);
  gk_call_step(call, route_step(msg->type));
  return 0;
}

/* -- Setup ----------------------------------------------------------------- */

/* Who cannot even be told that the call is refused ends. */
static void route_refuse(h46017_call *call, h46017_release_reason reason,
                         h46017_time now) {
  h46017_connection *c = h46017_calls_user_data(h46017_call_table(call));
  h46017_call_content content;
  int rv;

  h46017_call_content_default(&content);
  content.reason = reason;
  content.cause = h46017_release_cause(reason);
  rv = h46017_call_write(call, H46017_Q931_RELEASE_COMPLETE, &content, now);
  if (rv != 0 && rv != H46017_ERR_INVALID_STATE) {
    gk_connection_fail(c, rv == H46017_ERR_QUEUE_FULL ? H46017_ERR_FLOOD : rv);
  }
}

h46017_release_reason gk_route_reason(int code) {
  switch (code) {
  case H46017_ERR_CALL_ROUTE:
    return H46017_RELEASE_CALLED_PARTY_NOT_REGISTERED;
  case H46017_ERR_CALL_LIMIT:
    return H46017_RELEASE_IN_CONF;
  case H46017_ERR_REFUSED:
    return H46017_RELEASE_NO_PERMISSION;
  case H46017_ERR_BANDWIDTH:
    return H46017_RELEASE_NO_BANDWIDTH;
  case H46017_ERR_UNANSWERED:
  case H46017_ERR_OVERLOAD:
  case H46017_ERR_QUEUE_FULL:
    return H46017_RELEASE_GATEKEEPER_RESOURCES;
  default:
    return h46017_error_class(code) == H46017_ERROR_TRUST
               ? H46017_RELEASE_SECURITY_DENIED
               : H46017_RELEASE_DESTINATION_REJECTION;
  }
}

/* One hop more; false: it was the last.  H.225.0 Setup-UUIE, hopCount */
static bool route_hop(h46017_h225 *m, bool *pchanged) {
  uint64_t hops;

  if (h46017_h225_read_uint(call_component(m, "hopCount"), &hops) != 0) {
    return true;
  }
  *pchanged = true;
  return hops > 1 &&
         h46017_h225_set_uint(m, BODY ".setup.hopCount", hops - 1) == 0;
}

/* Names by the H.323 part; digits by the element where it has none. */
static int route_called(const h46017_call_message *msg,
                        h46017_call_content *content, h46017_alias *digits) {
  int rv = h46017_call_read(msg, content);

  if (rv == 0 && content->destination.count == 0 &&
      content->called_number.text != NULL) {
    digits->type = H46017_ALIAS_DIALLED_DIGITS;
    digits->subtype = 0;
    digits->text = content->called_number;
    content->destination = (h46017_aliases){digits, 1, true};
  }
  return rv;
}

void gk_call_name(gk_call *call, const h46017_aliases *called) {
  const h46017_text *text;
  size_t len;

  if (called->count == 0 || called->list[0].text.text == NULL) {
    return;
  }
  text = &called->list[0].text;
  len = text->len < sizeof(call->to) ? text->len : sizeof(call->to) - 1;
  memcpy(call->to, text->text, len);
  call->to[len] = '\0';
}

/* The Setup goes on to the callee. What fails there is the callee's. */
static int route_place(gk_call *call, gk_registration *callee,
                       const h46017_call_message *msg, bool changed) {
  h46017_gatekeeper *gk = call->gk;
  h46017_connection *c = callee->pub.connection;
  h46017_calls *calls = gk_calls_of(c);
  gk_leg *leg = &call->legs[GK_CALLEE];
  size_t len = 0;
  int rv;

  if (calls == NULL) {
    return H46017_ERR_CALL_ROUTE;
  }
  rv = h46017_call_new(calls, leg, &leg->call, gk->now);
  if (rv != 0) {
    leg->call = NULL;
    if (rv == H46017_ERR_LIMIT || rv == H46017_ERR_CALL_REFERENCES) {
      return H46017_ERR_CALL_LIMIT;
    }
    if (rv != H46017_ERR_NOMEM) { /* its table is no good any more */
      gk_connection_fail(c, rv);
      return H46017_ERR_CALL_ROUTE;
    }
    return rv;
  }
  leg->reference = h46017_call_reference(leg->call);
  rv = gk_leg_join(leg, c, callee);
  if (rv != 0) {
    h46017_call_set_user_data(leg->call, NULL);
    (void)h46017_call_release(leg->call, 0, gk->now); /* without a word */
    leg->call = NULL;
    return rv;
  }
  call->pub.callee = c;
  rv = route_rewrite(leg, msg, changed, &len);
  if (rv == 0) {
    rv = gk_route_send(c, len);
  }
  gk_connection_rearm(c);
  return rv;
}

/* `*preason`: what the caller is told where it is nothing that the code says.
 */
static int route_begin(gk_call *call, gk_registration *callee,
                       const h46017_call_message *msg,
                       h46017_release_reason *preason) {
  const h46017_aliases routed = {call->routed, 1, true};
  bool changed = call->routed != NULL;
  int rv = 0;

  if (!route_hop(msg->uui, &changed)) {
    *preason = H46017_RELEASE_HOP_COUNT_EXCEEDED;
    return H46017_ERR_CALL_ENDED;
  }
  if (gk_leg_find(callee->pub.connection, call->guid, true) != NULL) {
    /* it has this call already: it went in a circle, or is a forgery */
    *preason = H46017_RELEASE_UNDEFINED_REASON;
    return H46017_ERR_CALL_ENDED;
  }
  if (call->routed != NULL) {
    rv = h46017_h225_set_aliases(msg->uui, BODY ".setup.destinationAddress",
                                 &routed);
  }
  return rv != 0 ? rv : route_place(call, callee, msg, changed);
}

/* Which of the connection's registrations calls: the one it names, the first
 * where it names none. */
static gk_registration *route_caller(const h46017_connection *c,
                                     const h46017_text *identifier) {
  gk_registration *r =
      identifier->text != NULL ? gk_find_identifier(c->gk, identifier) : NULL;

  return r != NULL && r->pub.connection == c ? r : c->registrations;
}

/* It is known where the Setup goes, or that it does not (`rv`). */
static int route_go(gk_call *call, gk_registration *callee,
                    const h46017_call_message *msg, int rv) {
  h46017_gatekeeper *gk = call->gk;
  gk_leg *leg = &call->legs[GK_CALLER];
  h46017_release_reason reason = H46017_RELEASE_ABSENT;

  if (call->over) {
    return 0;
  }
  if (rv == 0) {
    rv = route_begin(call, callee, msg, &reason);
  }
  if (rv == H46017_ERR_NOMEM) {
    return rv;
  }
  if (rv == 0) {
    gk_call_step(call, H46017_ROUTE_SETUP);
    return 0;
  }
  if (leg->call != NULL) {
    h46017_call *in = leg->call;
    reason = reason != H46017_RELEASE_ABSENT ? reason : gk_route_reason(rv);
    h46017_log_code(&gk->log, H46017_LOG_WARN, rv, "call of \"%s\": %s",
                    call->from, h46017_release_reason_name(reason));
    h46017_call_set_user_data(in, NULL);
    leg->call = NULL;
    route_refuse(in, reason, gk->now);
    gk_call_end(call, NULL, h46017_release_cause(reason), rv, NULL);
  }
  return 0;
}

/* The program is asked where a Setup goes that no ARQ came before. */
static int route_ask(gk_call *call, const h46017_call_message *msg,
                     const h46017_aliases *called) {
  const gk_asking what = {.called = called,
                          .message = msg->uui,
                          .kind = H46017_RAS_UNKNOWN,
                          .octets = msg->q931->data,
                          .len = msg->q931->len};
  gk_registration *callee = NULL;
  int rv = gk_where_ask(call, &what, &callee);

  if (rv != GK_WHERE_LATER) {
    return route_go(call, callee, msg, rv);
  }
  /* So that the caller is patient. Q.931 T303 */
  call->proceeded = true;
  return h46017_call_write(call->legs[GK_CALLER].call,
                           H46017_Q931_CALL_PROCEEDING, NULL, call->gk->now);
}

int gk_route_resume(gk_question *q, h46017_h225 *m,
                    const h46017_route_answer *answer) {
  gk_call *call = q->call;
  gk_registration *callee = NULL;
  h46017_q931 q931;
  h46017_call_message msg = {H46017_Q931_SETUP, &q931, NULL};
  h46017_call_content content;
  h46017_alias digits;
  int rv = h46017_q931_parse(&q931, q->per, q->len, H46017_LENIENT_DEFAULT);

  h46017_call_content_default(&content);
  if (rv == 0) {
    rv = gk_where_decode(m, &q931, &msg.uui);
  }
  if (rv == 0) {
    rv = route_called(&msg, &content, &digits);
  }
  if (rv != 0) {
    return rv;
  }
  gk_question_unlink(q);
  rv = gk_where_decide(call, &content.destination, 0, answer, &callee);
  rv = route_go(call, callee, &msg, rv);
  if (rv != 0) {
    gk_connection_fail(q->connection, rv);
  }
  return 0;
}

/* A call that no ARQ came before. */
static int route_new(h46017_connection *c, h46017_call *in,
                     const h46017_call_content *content, gk_call **pcall) {
  gk_call *call;
  int rv = gk_count_request(c);

  if (rv == 0 && c->leg_count >= c->gk->settings.max_calls) {
    rv = H46017_ERR_CALL_LIMIT;
  }
  if (rv != 0) {
    route_refuse(in, gk_route_reason(rv), c->gk->now);
    return rv;
  }
  call = gk_call_make(c, route_caller(c, &content->endpoint_identifier),
                      h46017_call_identifier(in));
  if (call == NULL) {
    return H46017_ERR_NOMEM;
  }
  gk_call_name(call, &content->destination);
  *pcall = call;
  return 0;
}

/* The call of an ACF, or a new one. */
static int route_admit(h46017_connection *c, h46017_call *in,
                       const h46017_call_message *msg,
                       const h46017_call_content *content) {
  gk_leg *leg = gk_leg_find(c, h46017_call_identifier(in), false);
  bool admitted = leg != NULL;
  gk_call *call = admitted ? leg->of : NULL;
  gk_registration *callee = NULL;
  int rv = 0;

  if (admitted && (leg->call != NULL || call->question != NULL)) {
    /* twice, or before it may */
    route_refuse(in, H46017_RELEASE_UNDEFINED_REASON, c->gk->now);
    return 0;
  }
  if (!admitted) {
    rv = route_new(c, in, content, &call);
  }
  if (rv != 0) {
    return rv == H46017_ERR_NOMEM ? rv : 0;
  }
  leg = &call->legs[GK_CALLER];
  leg->call = in;
  leg->reference = h46017_call_reference(in);
  h46017_call_set_user_data(in, leg);
  h46017_heap_set(&c->gk->timers, &call->timer, H46017_TIME_NEVER);
  if (!admitted) {
    return route_ask(call, msg, &content->destination);
  }
  rv = gk_where_admitted(call, &content->destination, &callee);
  return route_go(call, callee, msg, rv);
}

int gk_route_setup(h46017_connection *c, h46017_call *in,
                   const h46017_call_message *msg) {
  h46017_call_content content;
  h46017_alias digits;
  int rv;

  h46017_call_set_user_data(in, NULL);
  if (c->registrations == NULL) {
    route_refuse(in, H46017_RELEASE_CALLER_NOT_REGISTERED, c->gk->now);
    return 0;
  }
  h46017_call_content_default(&content);
  rv = route_called(msg, &content, &digits);
  return rv != 0 ? rv : route_admit(c, in, msg, &content);
}
