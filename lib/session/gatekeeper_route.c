/* SPDX-License-Identifier: BSD-2-Clause */
#include "session/gatekeeper.h"

#include "asn1/h225_aliases.h"
#include "base/mem.h"
#include "session/aliases.h"

#include <stdio.h>
#include <string.h>

/* Where a call goes, and what becomes of its messages on the way: decoded,
 * changed where a gatekeeper has to, encoded. What needs no change keeps its
 * octets, call reference apart. */

/* -- where to -------------------------------------------------------------- */

static gk_registration *route_holder(const h46017_gatekeeper *gk,
                                     const h46017_alias *alias) {
  gk_name *name = gk_name_find(gk, alias);

  return name != NULL ? name->holder : NULL;
}

static gk_registration *route_holder_of(const h46017_gatekeeper *gk,
                                        const h46017_aliases *called) {
  gk_registration *r = NULL;

  for (size_t i = 0; i < called->count && i < gk->settings.max_aliases; i++) {
    r = r != NULL ? r : route_holder(gk, &called->list[i]);
  }
  return r;
}

int gk_route_find(h46017_connection *c, gk_registration *caller,
                  const h46017_aliases *called, const uint8_t *guid,
                  uint32_t bandwidth, h46017_h225 *msg,
                  gk_registration **pcallee, uint32_t *pgranted,
                  h46017_alias **prouted) {
  h46017_gatekeeper *gk = c->gk;
  gk_registration *callee = route_holder_of(gk, called);
  const h46017_route_question asked = {.connection = c,
                                       .caller = &caller->pub,
                                       .called = called,
                                       .callee = callee ? &callee->pub : NULL,
                                       .call_identifier = guid,
                                       .bandwidth = bandwidth,
                                       .message = msg};
  h46017_route_answer answer = {NULL, 0};
  h46017_alias *routed = NULL;
  uint32_t most = gk->settings.max_bandwidth;
  int rv = 0;

  if (gk->callbacks.route_call != NULL) {
    rv = gk->callbacks.route_call(gk, &asked, &answer, gk->user_data);
  }
  if (rv == 0 && answer.to != NULL) {
    callee = route_holder(gk, answer.to);
    rv = h46017_aliases_dup(&gk->mem, answer.to, 1, &routed);
  } else if (rv == 0 && callee != NULL && callee->state == GK_REG_ENDED) {
    callee = route_holder_of(gk, called); /* the program ended it meanwhile */
  }
  if (rv == 0 && (callee == NULL || callee->pub.connection == NULL)) {
    rv = H46017_ERR_CALL_ROUTE;
  }
  if (rv == 0 &&
      (c->leg_count >= gk->settings.max_calls ||
       callee->pub.connection->leg_count >= gk->settings.max_calls)) {
    rv = H46017_ERR_CALL_LIMIT;
  }
  if (rv != 0) {
    h46017_mem_release(&gk->mem, routed);
    return rv;
  }
  if (answer.bandwidth != 0) {
    most = answer.bandwidth;
  }
  *pcallee = callee;
  *pgranted = most != 0 && bandwidth > most ? most : bandwidth;
  *prouted = routed;
  return 0;
}

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

static int route_room(h46017_gatekeeper *gk, size_t size) {
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

/* The message with another call reference, and, unless NULL, another H.323
 * part in the place of its own; every other octet as it is. */
static int route_splice(h46017_gatekeeper *gk, const h46017_q931 *q931,
                        uint16_t reference, bool flag, const uint8_t *per,
                        size_t per_len, size_t *plen) {
  h46017_q931_ie uu = {.raw = q931->data + q931->len, .raw_len = 0};
  const uint8_t *ies = q931->data + q931->ies;
  const uint8_t *end = q931->data + q931->len;
  uint8_t *out;
  int rv;

  if (per != NULL && !h46017_q931_find(q931, H46017_Q931_IE_USER_USER, &uu)) {
    return H46017_ERR_INTERNAL;
  }
  if (per_len >= UINT16_MAX) {
    return H46017_ERR_OUT_OF_RANGE;
  }
  rv = route_room(gk, q931->len + per_len + 16);
  if (rv != 0) {
    return rv;
  }
  out = gk->relay;
  *out++ = 0x08;
  *out++ = 0x02;
  *out++ = (uint8_t)((flag ? 0x80 : 0) | reference >> 8);
  *out++ = (uint8_t)reference;
  *out++ = q931->type;
  out = route_put(out, ies, (size_t)(uu.raw - ies));
  if (per != NULL) {
    *out++ = H46017_Q931_IE_USER_USER;
    *out++ = (uint8_t)((per_len + 1) >> 8);
    *out++ = (uint8_t)(per_len + 1);
    *out++ = 0x05;
    out = route_put(out, per, per_len);
    out = route_put(out, uu.raw + uu.raw_len,
                    (size_t)(end - uu.raw) - uu.raw_len);
  }
  *plen = (size_t)(out - gk->relay);
  return 0;
}

/* Encodes what was changed into the shared scratch. */
static int route_encode(h46017_gatekeeper *gk, h46017_h225 *m, size_t *plen) {
  call_workspace *w = &gk->call_work;
  size_t size = 0;
  uint8_t *scratch;
  int rv = h46017_h225_encode(m, w->scratch, w->scratch_size, &size);

  if (rv != H46017_ERR_BUFFER_TOO_SMALL && (rv != 0 || w->scratch != NULL)) {
    *plen = size;
    return rv;
  }
  scratch = h46017_mem_resize(&w->mem, w->scratch, size + 64);
  if (scratch == NULL) {
    return H46017_ERR_NOMEM;
  }
  w->scratch = scratch;
  w->scratch_size = size + 64;
  return h46017_h225_encode(m, scratch, size + 64, plen);
}

static int route_rewrite(gk_leg *to, const h46017_call_message *msg,
                         bool changed, size_t *plen) {
  h46017_gatekeeper *gk = to->of->gk;
  uint16_t reference = h46017_call_reference(to->call);
  bool flag = !h46017_call_is_ours(to->call);
  size_t len = 0;
  int rv = 0;

  if (msg->uui == NULL || (!route_change(msg->uui) && !changed)) {
    return route_splice(gk, msg->q931, reference, flag, NULL, 0, plen);
  }
  rv = route_encode(gk, msg->uui, &len);
  if (rv != 0) {
    return rv;
  }
  return route_splice(gk, msg->q931, reference, flag, gk->call_work.scratch,
                      len, plen);
}

int gk_route_rewrite(gk_leg *to, const h46017_call_message *msg, size_t *plen) {
  return route_rewrite(to, msg, false, plen);
}

/* A side that does not take what is sent ends, never the one that sent it. */
static void route_failed(gk_leg *to, h46017_connection *c, int rv) {
  if (rv == H46017_ERR_QUEUE_FULL) {
    gk_connection_fail(c, H46017_ERR_FLOOD);
  } else if (rv == H46017_ERR_INVALID_STATE) {
    /* it does not fit where the other side stands: it is not passed on */
    h46017_log_line(&c->gk->log, H46017_LOG_DEBUG, "call %llu: not relayed",
                    (unsigned long long)to->of->pub.id);
  } else {
    gk_connection_fail(c, rv);
  }
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
      msg->type == H46017_Q931_STATUS_INQUIRY || call->over ||
      to->call == NULL) {
    return 0;
  }
  rv = gk_route_rewrite(to, msg, &len);
  if (rv != 0) {
    return rv;
  }
  rv = h46017_calls_send(c->calls, call->gk->relay, len, NULL, call->gk->now);
  if (rv != 0) {
    route_failed(to, c, rv);
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

static h46017_release_reason route_reason(int code) {
  switch (code) {
  case H46017_ERR_CALL_ROUTE:
    return H46017_RELEASE_CALLED_PARTY_NOT_REGISTERED;
  case H46017_ERR_CALL_LIMIT:
    return H46017_RELEASE_IN_CONF;
  case H46017_ERR_REFUSED:
    return H46017_RELEASE_NO_PERMISSION;
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

static void route_name(gk_call *call, const h46017_aliases *called) {
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
    return rv == H46017_ERR_NOMEM ? rv : H46017_ERR_CALL_LIMIT;
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
    rv = h46017_calls_send(calls, gk->relay, len, NULL, gk->now);
    if (rv != 0) {
      route_failed(leg, c, rv); /* and with it this call */
      return 0;
    }
  }
  gk_connection_rearm(c);
  return rv;
}

static int route_begin(gk_call *call, gk_registration *callee,
                       const h46017_call_message *msg) {
  const h46017_aliases routed = {call->routed, 1, true};
  bool changed = call->routed != NULL;
  int rv = 0;

  if (!route_hop(msg->uui, &changed)) {
    route_refuse(call->legs[GK_CALLER].call, H46017_RELEASE_HOP_COUNT_EXCEEDED,
                 call->gk->now);
    return 0;
  }
  if (gk_leg_find(callee->pub.connection, call->guid, true) != NULL) {
    /* it has this call already: it went in a circle, or is a forgery */
    route_refuse(call->legs[GK_CALLER].call, H46017_RELEASE_UNDEFINED_REASON,
                 call->gk->now);
    return 0;
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

/* The call of an ACF, or a new one. *pcallee NULL: refused, and that is done.
 */
static int route_admit(h46017_connection *c, h46017_call *in,
                       const h46017_call_message *msg,
                       const h46017_call_content *content, gk_call **pcall,
                       gk_registration **pcallee) {
  const h46017_aliases *called = &content->destination;
  gk_registration *caller = route_caller(c, &content->endpoint_identifier);
  const uint8_t *guid = h46017_call_identifier(in);
  gk_leg *leg = gk_leg_find(c, guid, false);
  gk_call *call = leg != NULL ? leg->of : NULL;
  uint32_t granted = 0;
  h46017_alias *routed = NULL;
  int rv = 0;

  *pcallee = NULL;
  if (call != NULL && leg->call != NULL) {
    route_refuse(in, H46017_RELEASE_UNDEFINED_REASON, c->gk->now); /* twice */
    return 0;
  }
  if (call != NULL) {
    h46017_aliases to = {call->routed, 1, true};
    *pcallee = route_holder_of(c->gk, call->routed != NULL ? &to : called);
    rv = *pcallee == NULL || (*pcallee)->pub.connection == NULL
             ? H46017_ERR_CALL_ROUTE
             : 0;
  } else {
    rv = gk_route_find(c, caller, called, guid, 0, msg->uui, pcallee, &granted,
                       &routed);
    if (rv == 0 && c->state != GK_CONN_UP) {
      h46017_mem_release(&c->gk->mem, routed);
      *pcallee = NULL;
      return 0;
    }
  }
  if (rv == H46017_ERR_NOMEM) {
    return rv;
  }
  if (rv != 0) {
    *pcallee = NULL;
    h46017_log_code(&c->gk->log, H46017_LOG_WARN, rv, "call of \"%s\": %s",
                    caller->aliases[0].text.text, h46017_strerror(rv));
    route_refuse(in, route_reason(rv), c->gk->now);
    return 0;
  }
  if (call == NULL) {
    call = gk_call_make(c, caller, guid);
    if (call == NULL) {
      h46017_mem_release(&c->gk->mem, routed);
      return H46017_ERR_NOMEM;
    }
    call->routed = routed;
    route_name(call, called);
  }
  *pcall = call;
  return 0;
}

int gk_route_setup(h46017_connection *c, h46017_call *in,
                   const h46017_call_message *msg) {
  h46017_call_content content;
  h46017_alias digits;
  gk_registration *callee = NULL;
  gk_call *call = NULL;
  gk_leg *leg;
  int rv;

  h46017_call_set_user_data(in, NULL);
  if (c->registrations == NULL) {
    route_refuse(in, H46017_RELEASE_CALLER_NOT_REGISTERED, c->gk->now);
    return 0;
  }
  h46017_call_content_default(&content);
  rv = route_called(msg, &content, &digits);
  if (rv == 0) {
    rv = route_admit(c, in, msg, &content, &call, &callee);
  }
  if (rv != 0 || callee == NULL) {
    return rv;
  }
  leg = &call->legs[GK_CALLER];
  leg->call = in;
  leg->reference = h46017_call_reference(in);
  h46017_call_set_user_data(in, leg);
  h46017_heap_set(&c->gk->timers, &call->timer, H46017_TIME_NEVER);
  rv = route_begin(call, callee, msg);
  if (rv == H46017_ERR_NOMEM) {
    return rv;
  }
  if (rv != 0 && leg->call != NULL) {
    route_refuse(in, route_reason(rv), c->gk->now);
    return 0;
  }
  gk_call_step(call, H46017_ROUTE_SETUP);
  return 0;
}
