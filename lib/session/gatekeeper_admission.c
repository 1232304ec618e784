/* SPDX-License-Identifier: BSD-2-Clause */
#include "session/gatekeeper.h"

#include "asn1/h225_aliases.h"
#include "base/intmath.h"
#include "base/mem.h"

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

static void admission_confirm(const admission *a, const gk_call *call,
                              uint32_t granted) {
  static const char *const uuies[] = {
      "setup",       "callProceeding",  "connect",       "alerting",
      "information", "releaseComplete", "facility",      "progress",
      "empty",       "status",          "statusInquiry", "setupAcknowledge",
      "notify"};
  static const uint8_t nowhere[4] = {0};
  const h46017_aliases routed = {call->routed, 1, true};
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
  if (can_map && call->routed != NULL && !a->answer) {
    SET(&r, h46017_h225_set_aliases(r.m->msg, reply_path(&r, "destinationInfo"),
                                    &routed));
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
  default:
    return h46017_error_class(code) == H46017_ERROR_TRUST ? "securityDenial"
                                                          : "requestDenied";
  }
}

/* The callee's: only for a call that came through here. */
static void admission_answer(const admission *a) {
  gk_leg *leg = gk_leg_find(a->c, a->guid, true);
  uint32_t most = a->c->gk->settings.max_bandwidth;

  if (leg == NULL || leg->call == NULL) {
    admission_reject(a, H46017_RAS_ARJ, "routeCallToGatekeeper", 0);
    return;
  }
  leg->admitted = true;
  leg->registration = a->r;
  admission_confirm(a, leg->of,
                    most != 0 ? H46017_MIN(most, a->bandwidth) : a->bandwidth);
}

static void admission_call(const admission *a) {
  h46017_connection *c = a->c;
  h46017_gatekeeper *gk = c->gk;
  gk_leg *leg = gk_leg_find(c, a->guid, false);
  gk_registration *callee = NULL;
  h46017_alias *routed = NULL;
  h46017_aliases called = {NULL, 0, false};
  uint32_t granted = 0;
  const uint8_t *octets;
  size_t len;
  gk_call *call;
  int rv = h46017_h225_read_aliases(a->msg, admission_get(a, "destinationInfo"),
                                    &called);

  if (leg != NULL) {
    admission_reject(a, H46017_RAS_ARJ, "requestDenied", 0); /* twice */
    return;
  }
  if (rv == 0) {
    rv = gk_route_find(c, a->r, &called, a->guid, a->bandwidth, a->msg, &callee,
                       &granted, &routed);
  }
  if (c->state != GK_CONN_UP || a->r->state == GK_REG_ENDED) {
    h46017_mem_release(&gk->mem, rv == 0 ? routed : NULL);
    return;
  }
  if (rv != 0) {
    admission_reject(a, H46017_RAS_ARJ, admission_reason(rv), 0);
    return;
  }
  call = gk_call_make(c, a->r, a->guid);
  if (call == NULL) {
    h46017_mem_release(&gk->mem, routed);
    gk_connection_fail(c, H46017_ERR_NOMEM);
    return;
  }
  if (h46017_h225_read_octets(admission_get(a, "conferenceID"), &octets,
                              &len) == 0 &&
      len == H46017_CALL_GUID) {
    memcpy(call->conference, octets, len);
  }
  call->routed = routed;
  call->pub.bandwidth = granted;
  call->legs[GK_CALLER].admitted = true;
  call->legs[GK_CALLER].reference = a->reference;
  if (called.count > 0 && called.list[0].text.text != NULL) {
    len = H46017_MIN(called.list[0].text.len, sizeof(call->to) - 1);
    memcpy(call->to, called.list[0].text.text, len);
  }
  h46017_heap_set(&gk->timers, &call->timer,
                  h46017_time_add(gk->now, gk->settings.admission_timeout));
  admission_confirm(a, call, granted);
}

/* -- BRQ, DRQ -------------------------------------------------------------- */

static void admission_bandwidth(const admission *a) {
  gk_leg *leg = gk_leg_find(a->c, a->guid, a->answer);
  uint32_t most = a->c->gk->settings.max_bandwidth;
  reply r;

  if (a->r == NULL) {
    admission_reject(a, H46017_RAS_BRJ, "notBound", 0);
    return;
  }
  if (leg == NULL) {
    admission_reject(a, H46017_RAS_BRJ, "invalidConferenceID", 0);
    return;
  }
  if (most != 0 && a->bandwidth > most) {
    admission_reject(a, H46017_RAS_BRJ, "insufficientResources", most);
    return;
  }
  if (!a->answer) {
    leg->of->pub.bandwidth = a->bandwidth;
  }
  if (reply_begin(&r, a->c, H46017_RAS_BCF, a->seq)) {
    reply_uint(&r, "bandWidth", a->bandwidth);
    reply_send(&r, a->c, H46017_RAS_BCF, a->seq);
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

bool gk_admission(h46017_connection *c, h46017_h225 *msg,
                  const h46017_ras *ras) {
  admission a = {.c = c, .msg = msg, .seq = ras->request_seq_num};

  switch ((int)ras->kind) {
  case H46017_RAS_ARQ:
    admission_read(&a, "answerCall");
    if (a.r == NULL) {
      admission_reject(&a, H46017_RAS_ARJ, "callerNotRegistered", 0);
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
  case H46017_RAS_DRQ:
    admission_read(&a, "answeredCall");
    admission_disengage(&a);
    return true;
  default:
    return false;
  }
}

void gk_send_forced_drop(gk_leg *leg) {
  h46017_connection *c = leg->connection;
  const gk_registration *before = c->speaker;
  const gk_registration *of = leg->registration;
  uint16_t seq = gk_next_seq(c->gk);
  const uint8_t *conference = leg->call != NULL
                                  ? h46017_call_conference(leg->call)
                                  : leg->of->conference;
  reply r;

  if (!reply_begin(&r, c, H46017_RAS_DRQ, seq)) {
    return;
  }
  SET(&r, h46017_h225_set_text(r.m->msg, reply_path(&r, "endpointIdentifier"),
                               of->identifier, GK_IDENTIFIER_LEN));
  reply_octets(&r, "conferenceID", conference, H46017_CALL_GUID);
  reply_uint(&r, "callReferenceValue", leg->reference);
  reply_present(&r, "disengageReason.forcedDrop");
  reply_octets(&r, "callIdentifier.guid", leg->of->guid, H46017_CALL_GUID);
  SET(&r, h46017_h225_set_text(r.m->msg, reply_path(&r, "gatekeeperIdentifier"),
                               c->gk->identifier, strlen(c->gk->identifier)));
  reply_bool(&r, "answeredCall", leg == &leg->of->legs[GK_CALLEE]);
  c->speaker = of;
  reply_send(&r, c, H46017_RAS_DRQ, seq);
  c->speaker = before;
}
