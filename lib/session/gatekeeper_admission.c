/* SPDX-License-Identifier: BSD-2-Clause */
#include "session/gatekeeper.h"

#include "asn1/h225_aliases.h"
#include "base/intmath.h"
#include "session/ras_io.h"

#include <stdio.h>
#include <string.h>

/* May a call be made, taken, widened; it is over. H.225.0 7.11 to 7.13 */

typedef struct admission {
  h46017_connection *c;
  h46017_h225 *msg;
  uint16_t seq;
  gk_registration *r; /* the one it names, on this connection; NULL */
  uint8_t guid[H46017_CALL_GUID];
  bool has_guid;
  bool answer; /* of the called side */
  uint16_t reference;
  uint32_t bandwidth;
  const uint8_t *per; /* the ARQ's octets */
  size_t len;
} admission;

/* -- reading --------------------------------------------------------------- */

static h46017_h225_value admission_get(const admission *a,
                                       const char *component) {
  return h46017_h225_get(h46017_h225_at(h46017_h225_root(a->msg), 0),
                         component);
}

static void admission_read(admission *a, const char *answer) {
  char id[4 * 128 + 1];
  h46017_text text = {id, 0};
  const uint8_t *octets;
  size_t len;
  uint64_t number;

  if (h46017_h225_read_text(admission_get(a, "endpointIdentifier"), id,
                            sizeof(id), &text.len) == 0) {
    a->r = gk_find_identifier(a->c->gk, &text);
    if (a->r != NULL && a->r->pub.connection != a->c) {
      a->r = NULL; /* somebody else's: the connection is the identity */
    }
  }
  if (h46017_h225_read_octets(admission_get(a, "callIdentifier.guid"), &octets,
                              &len) == 0 &&
      len == H46017_CALL_GUID) {
    memcpy(a->guid, octets, len);
    a->has_guid = true;
  }
  (void)h46017_h225_read_bool(admission_get(a, answer), &a->answer);
  if (h46017_h225_read_uint(admission_get(a, "callReferenceValue"), &number) ==
      0) {
    /* GnuGk sends the flag with it. */
    a->reference = (uint16_t)(number & H46017_Q931_MAX_CALL_REFERENCE);
  }
  if (h46017_h225_read_uint(admission_get(a, "bandWidth"), &number) == 0) {
    a->bandwidth = (uint32_t)number;
  }
}

/* -- answering ------------------------------------------------------------- */

typedef struct reply {
  gk_message *m;
  const char *root;
  int rv;
  char path[96];
} reply;

static const char *reply_path(reply *r, const char *component) {
  (void)snprintf(r->path, sizeof(r->path), "%s.%s", r->root, component);
  return r->path;
}

#define SET(r, what)                                                           \
  do {                                                                         \
    if ((r)->rv == 0) {                                                        \
      (r)->rv = (what);                                                        \
    }                                                                          \
  } while (0)

static void reply_uint(reply *r, const char *component, uint64_t value) {
  SET(r, h46017_h225_set_uint(r->m->msg, reply_path(r, component), value));
}

static void reply_bool(reply *r, const char *component, bool value) {
  SET(r, h46017_h225_set_bool(r->m->msg, reply_path(r, component), value));
}

static void reply_present(reply *r, const char *component) {
  SET(r, h46017_h225_set_present(r->m->msg, reply_path(r, component)));
}

static void reply_octets(reply *r, const char *component, const uint8_t *octets,
                         size_t len) {
  SET(r,
      h46017_h225_set_octets(r->m->msg, reply_path(r, component), octets, len));
}

static bool reply_begin(reply *r, h46017_connection *c, h46017_ras_kind kind,
                        uint16_t seq) {
  memset(r, 0, sizeof(*r));
  r->root = h46017_ras_kind_name(kind);
  r->m = gk_message_take(c->gk);
  if (r->m == NULL) {
    gk_connection_fail(c, H46017_ERR_NOMEM);
    return false;
  }
  r->rv = h46017_h225_create(r->m->msg, h46017_h225_ras_message());
  reply_uint(r, "requestSeqNum", seq);
  return true;
}

static void reply_send(reply *r, h46017_connection *c, h46017_ras_kind kind,
                       uint16_t seq) {
  if (r->rv != 0) {
    gk_message_give(c->gk, r->m);
    gk_connection_fail(c, r->rv);
    return;
  }
  gk_send_built(c, r->m, kind, seq);
}

static void admission_reject(const admission *a, h46017_ras_kind kind,
                             const char *reason, uint32_t bandwidth) {
  char path[64];
  reply r;

  if (!reply_begin(&r, a->c, kind, a->seq)) {
    return;
  }
  (void)snprintf(path, sizeof(path), "rejectReason.%s", reason);
  reply_present(&r, path);
  if (kind == H46017_RAS_BRJ) {
    reply_uint(&r, "allowedBandWidth", bandwidth);
  }
  reply_send(&r, a->c, kind, a->seq);
}

/* -- ARQ ------------------------------------------------------------------- */

/* `instead`: the name to call instead of the one asked for; NULL. */
static void admission_confirm(const admission *a, const h46017_alias *instead,
                              uint32_t granted) {
  static const char *const uuies[] = {
      "setup",       "callProceeding",  "connect",       "alerting",
      "information", "releaseComplete", "facility",      "progress",
      "empty",       "status",          "statusInquiry", "setupAcknowledge",
      "notify"};
  static const uint8_t nowhere[4] = {0};
  const h46017_aliases routed = {instead, 1, true};
  bool can_map = false;
  char path[64];
  reply r;

  if (!reply_begin(&r, a->c, H46017_RAS_ACF, a->seq)) {
    return;
  }
  reply_uint(&r, "bandWidth", granted);
  reply_present(&r, "callModel.gatekeeperRouted");
  reply_octets(&r, "destCallSignalAddress.ipAddress.ip", nowhere,
               sizeof(nowhere));
  reply_uint(&r, "destCallSignalAddress.ipAddress.port", 0);
  (void)h46017_h225_read_bool(admission_get(a, "canMapAlias"), &can_map);
  if (can_map && instead != NULL && !a->answer) {
    SET(&r, h46017_h225_set_aliases(r.m->msg, reply_path(&r, "destinationInfo"),
                                    &routed));
  }
  if (a->c->gk->settings.irr_frequency != 0) {
    reply_uint(&r, "irrFrequency", a->c->gk->settings.irr_frequency);
  }
  reply_bool(&r, "willRespondToIRR", false);
  for (size_t i = 0; i < sizeof(uuies) / sizeof(uuies[0]); i++) {
    (void)snprintf(path, sizeof(path), "uuiesRequested.%s", uuies[i]);
    reply_bool(&r, path, false);
  }
  reply_bool(&r, "multipleCalls", true);
  reply_send(&r, a->c, H46017_RAS_ACF, a->seq);
}

static const char *admission_reason(int code) {
  switch (code) {
  case H46017_ERR_CALL_ROUTE:
    return "calledPartyNotRegistered";
  case H46017_ERR_CALL_LIMIT:
    return "exceedsCallCapacity";
  case H46017_ERR_REFUSED:
    return "invalidPermission";
  case H46017_ERR_UNANSWERED:
  case H46017_ERR_OVERLOAD:
    return "resourceUnavailable";
  default:
    return h46017_error_class(code) == H46017_ERROR_TRUST ? "securityDenial"
                                                          : "requestDenied";
  }
}

/* Of bandwidth, for one call. */
static uint32_t admission_most(const admission *a) {
  const uint32_t most = a->c->gk->settings.max_bandwidth;

  return most != 0 ? most : UINT32_MAX;
}

/* The callee's: only for a call that came through here. */
static void admission_answer(const admission *a) {
  gk_leg *leg = gk_leg_find(a->c, a->guid, true);

  if (leg == NULL || leg->call == NULL) {
    admission_reject(a, H46017_RAS_ARJ, "routeCallToGatekeeper", 0);
    return;
  }
  leg->admitted = true;
  leg->registration = a->r;
  admission_confirm(a, NULL, H46017_MIN(admission_most(a), a->bandwidth));
}

/* The call is let through, or not. */
static void admission_settle(const admission *a, gk_call *call, int rv) {
  h46017_connection *c = a->c;
  h46017_gatekeeper *gk = c->gk;

  if (c->state != GK_CONN_UP || a->r->state == GK_REG_ENDED) {
    return; /* what ended it ended the call, and there is nobody to tell */
  }
  if (rv == H46017_ERR_NOMEM) {
    gk_connection_fail(c, rv);
  } else if (rv != 0) {
    admission_reject(a, H46017_RAS_ARJ, admission_reason(rv), 0);
    gk_call_end(call, NULL, h46017_release_cause(gk_route_reason(rv)), rv,
                NULL);
  } else {
    call->legs[GK_CALLER].admitted = true;
    h46017_heap_set(&gk->timers, &call->timer,
                    h46017_time_add(gk->now, gk->settings.admission_timeout));
    admission_confirm(a, call->routed, call->pub.bandwidth);
  }
}

/* What the call is before anybody says where it goes. NULL: no memory, and the
 * connection ended. */
static gk_call *admission_begin(const admission *a,
                                const h46017_aliases *called) {
  gk_call *call = gk_call_make(a->c, a->r, a->guid);
  const uint8_t *octets;
  size_t len;

  if (call == NULL) {
    gk_connection_fail(a->c, H46017_ERR_NOMEM);
    return NULL;
  }
  if (h46017_h225_read_octets(admission_get(a, "conferenceID"), &octets,
                              &len) == 0 &&
      len == H46017_CALL_GUID) {
    memcpy(call->conference, octets, len);
  }
  call->legs[GK_CALLER].reference = a->reference;
  gk_call_name(call, called);
  return call;
}

static void admission_call(const admission *a) {
  h46017_connection *c = a->c;
  gk_registration *callee = NULL;
  h46017_aliases called = {NULL, 0, false};
  const gk_asking what = {.called = &called,
                          .bandwidth = a->bandwidth,
                          .message = a->msg,
                          .kind = H46017_RAS_ARQ,
                          .seq = a->seq,
                          .octets = a->per,
                          .len = a->len};
  gk_call *call;
  int rv = h46017_h225_read_aliases(a->msg, admission_get(a, "destinationInfo"),
                                    &called);

  if (gk_leg_find(c, a->guid, false) != NULL) {
    admission_reject(a, H46017_RAS_ARJ, "requestDenied", 0); /* twice */
    return;
  }
  if (rv == 0 && c->leg_count >= c->gk->settings.max_calls) {
    rv = H46017_ERR_CALL_LIMIT;
  }
  if (rv != 0) {
    admission_reject(a, H46017_RAS_ARJ, admission_reason(rv), 0);
    return;
  }
  call = admission_begin(a, &called);
  if (call == NULL) {
    return;
  }
  rv = gk_where_ask(call, &what, &callee);
  if (rv != GK_WHERE_LATER) {
    admission_settle(a, call, rv);
  }
}

int gk_admission_resume(gk_question *q, h46017_h225 *m,
                        const h46017_route_answer *answer) {
  h46017_gatekeeper *gk = q->connection->gk;
  admission a = {.c = q->connection, .msg = m, .seq = q->seq};
  gk_call *call = q->call;
  gk_registration *callee = NULL;
  h46017_aliases called = {NULL, 0, false};
  h46017_ras ras;
  int rv = h46017_ras_read(m, q->per, q->len, &gk->log, &ras);

  if (rv == 0) {
    admission_read(&a, "answerCall");
    rv = h46017_h225_read_aliases(m, admission_get(&a, "destinationInfo"),
                                  &called);
  }
  if (rv != 0) {
    return rv;
  }
  gk_question_unlink(q);
  admission_settle(
      &a, call, gk_where_decide(call, &called, a.bandwidth, answer, &callee));
  return 0;
}

/* -- BRQ, DRQ -------------------------------------------------------------- */

static void admission_bandwidth(const admission *a) {
  gk_leg *leg = gk_leg_find(a->c, a->guid, a->answer);
  uint32_t most = admission_most(a);
  bool changed;
  reply r;

  if (a->r == NULL) {
    admission_reject(a, H46017_RAS_BRJ, "notBound", 0);
    return;
  }
  if (leg == NULL && gk_routes(a->c->gk)) {
    admission_reject(a, H46017_RAS_BRJ, "invalidConferenceID", 0);
    return;
  }
  if (leg != NULL && !a->answer) {
    /* A call counts once, by what its caller has. */
    most = H46017_MIN(most, gk_call_may_take(leg->of));
  }
  if (a->bandwidth > most) {
    admission_reject(a, H46017_RAS_BRJ, "insufficientResources", most);
    return;
  }
  changed = leg != NULL && !a->answer && a->bandwidth != leg->of->pub.bandwidth;
  if (changed) {
    gk_call_take(leg->of, a->bandwidth);
  }
  if (reply_begin(&r, a->c, H46017_RAS_BCF, a->seq)) {
    reply_uint(&r, "bandWidth", a->bandwidth);
    reply_send(&r, a->c, H46017_RAS_BCF, a->seq);
  }
  if (changed && a->c->state == GK_CONN_UP) {
    gk_call_tell(leg->of); /* last: the program may end it */
  }
}

/* A BRQ of ours is answered. */
static void admission_limited(const admission *a, bool confirmed) {
  gk_leg *leg = a->c->legs;
  uint64_t bandwidth;

  while (leg != NULL && leg->limiting != a->seq) {
    leg = leg->next;
  }
  if (leg == NULL) {
    return;
  }
  leg->limiting = 0;
  if (confirmed && leg == &leg->of->legs[GK_CALLER] &&
      h46017_h225_read_uint(admission_get(a, "bandWidth"), &bandwidth) == 0) {
    gk_call_take(leg->of, (uint32_t)bandwidth);
    gk_call_tell(leg->of);
  }
}

/* The sender's call is over, as far as it goes: whatever still stands of it
 * ends too. */
static void admission_disengage(const admission *a) {
  gk_leg *leg = gk_leg_find(a->c, a->guid, a->answer);
  reply r;

  if (a->r == NULL) {
    admission_reject(a, H46017_RAS_DRJ, "notRegistered", 0);
    return;
  }
  if (reply_begin(&r, a->c, H46017_RAS_DCF, a->seq)) {
    reply_send(&r, a->c, H46017_RAS_DCF, a->seq);
  }
  if (leg != NULL && a->c->state == GK_CONN_UP) {
    leg->admitted = false;
    gk_call_end(leg->of, NULL, 16, H46017_ERR_CALL_RELEASED, NULL);
  }
}

/* Where calls are the program's there are no legs, and it had its say
 * (ras_received): who is registered may make and take them. */
bool gk_admission(h46017_connection *c, h46017_h225 *msg, const h46017_ras *ras,
                  const uint8_t *per, size_t len) {
  admission a = {
      .c = c, .msg = msg, .seq = ras->request_seq_num, .per = per, .len = len};

  switch ((int)ras->kind) {
  case H46017_RAS_ARQ:
    admission_read(&a, "answerCall");
    if (a.r == NULL) {
      admission_reject(&a, H46017_RAS_ARJ, "callerNotRegistered", 0);
    } else if (!gk_routes(c->gk)) {
      admission_confirm(&a, NULL, H46017_MIN(admission_most(&a), a.bandwidth));
    } else if (!a.has_guid) {
      admission_reject(&a, H46017_RAS_ARJ, "undefinedReason", 0);
    } else if (a.answer) {
      admission_answer(&a);
    } else {
      admission_call(&a);
    }
    return true;
  case H46017_RAS_BRQ:
    admission_read(&a, "answeredCall");
    admission_bandwidth(&a);
    return true;
  case H46017_RAS_BCF:
  case H46017_RAS_BRJ:
    admission_limited(&a, ras->kind == H46017_RAS_BCF);
    return true;
  case H46017_RAS_DRQ:
    admission_read(&a, "answeredCall");
    admission_disengage(&a);
    return true;
  default:
    return false;
  }
}

/* What DRQ and BRQ say alike of a leg. */
static bool leg_begin(reply *r, gk_leg *leg, h46017_ras_kind kind,
                      uint16_t seq) {
  h46017_connection *c = leg->connection;
  const uint8_t *conference = leg->call != NULL
                                  ? h46017_call_conference(leg->call)
                                  : leg->of->conference;

  if (!reply_begin(r, c, kind, seq)) {
    return false;
  }
  SET(r,
      h46017_h225_set_text(r->m->msg, reply_path(r, "endpointIdentifier"),
                           leg->registration->identifier, GK_IDENTIFIER_LEN));
  reply_octets(r, "conferenceID", conference, H46017_CALL_GUID);
  reply_uint(r, "callReferenceValue", leg->reference);
  reply_octets(r, "callIdentifier.guid", leg->of->guid, H46017_CALL_GUID);
  SET(r, h46017_h225_set_text(r->m->msg, reply_path(r, "gatekeeperIdentifier"),
                              c->gk->identifier, strlen(c->gk->identifier)));
  reply_bool(r, "answeredCall", leg == &leg->of->legs[GK_CALLEE]);
  return true;
}

static void leg_send(reply *r, const gk_leg *leg, h46017_ras_kind kind,
                     uint16_t seq) {
  h46017_connection *c = leg->connection;
  const gk_registration *before = c->speaker;

  c->speaker = leg->registration;
  reply_send(r, c, kind, seq);
  c->speaker = before;
}

void gk_send_forced_drop(gk_leg *leg) {
  uint16_t seq = gk_next_seq(leg->of->gk);
  reply r;

  if (leg_begin(&r, leg, H46017_RAS_DRQ, seq)) {
    reply_present(&r, "disengageReason.forcedDrop");
    leg_send(&r, leg, H46017_RAS_DRQ, seq);
  }
}

void gk_send_brq(gk_leg *leg, uint32_t bandwidth) {
  uint16_t seq = gk_next_seq(leg->of->gk);
  reply r;

  if (leg_begin(&r, leg, H46017_RAS_BRQ, seq)) {
    leg->limiting = seq;
    reply_uint(&r, "bandWidth", bandwidth);
    leg_send(&r, leg, H46017_RAS_BRQ, seq);
  }
}
