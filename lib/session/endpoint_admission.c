/* SPDX-License-Identifier: BSD-2-Clause */
#include "session/endpoint.h"

#include "asn1/h225_aliases.h"
#include "base/intmath.h"
#include "base/mem.h"
#include "session/ras_io.h"

#include <stdio.h>
#include <string.h>

/* The gatekeeper's leave for each of an endpoint's calls: ARQ before, BRQ
 * meanwhile, DRQ after; unless it was given beforehand. H.225.0 7.11 to 7.13 */

#define OWNER(node, type, member)                                              \
  ((type *)(void *)((char *)(node)-offsetof(type, member)))

#define SET(what) rv = rv != 0 ? rv : (what)

endpoint_registration *endpoint_admission_registration(h46017_endpoint *ep,
                                                       uint32_t id) {
  for (endpoint_registration *r = ep->registrations; r != NULL; r = r->next) {
    if ((id == 0 || r->id == id) &&
        (r->state == H46017_REGISTRATION_REGISTERED ||
         r->state == H46017_REGISTRATION_REFRESHING)) {
      return r;
    }
  }
  return NULL;
}

/* -- which is which -------------------------------------------------------- */

/* False: the call has no callIdentifier, and is not found by it. */
static bool admission_key(uint8_t key[ENDPOINT_CALL_KEY], const uint8_t *guid,
                          bool answer) {
  static const uint8_t none[H46017_CALL_GUID] = {0};

  memcpy(key, guid, H46017_CALL_GUID);
  key[H46017_CALL_GUID] = answer;
  return memcmp(guid, none, sizeof(none)) != 0;
}

static endpoint_call *admission_find(const h46017_endpoint *ep,
                                     const uint8_t *guid, bool answer) {
  uint8_t key[ENDPOINT_CALL_KEY];

  return admission_key(key, guid, answer)
             ? h46017_map_find(&ep->admission_ids, key, sizeof(key))
             : NULL;
}

static endpoint_call *admission_awaits(const h46017_endpoint *ep,
                                       uint16_t seq) {
  return h46017_map_find(&ep->admission_requests, (const uint8_t *)&seq,
                         sizeof(seq));
}

/* Two calls of the same callIdentifier in the same role: a peer's mistake, or
 * worse. The first is the one that is found. */
static int admission_join(h46017_endpoint *ep, endpoint_call *a) {
  int rv = h46017_heap_join(&ep->admission_timers, &a->timer, 0);

  if (rv == 0 &&
      admission_key(a->key, h46017_call_identifier(a->call), a->answer) &&
      h46017_map_find(&ep->admission_ids, a->key, sizeof(a->key)) == NULL) {
    rv = h46017_map_add(&ep->admission_ids, &a->by_identifier, a->key,
                        sizeof(a->key), a);
    if (rv != 0) {
      h46017_heap_leave(&ep->admission_timers, &a->timer);
    }
  }
  return rv;
}

int endpoint_admission_make(h46017_endpoint *ep, h46017_call *call, uint32_t id,
                            bool answer, uint32_t bandwidth,
                            endpoint_call **pa) {
  endpoint_call *a = h46017_mem_zalloc(&ep->mem, 1, sizeof(*a));

  if (a == NULL) {
    return H46017_ERR_NOMEM;
  }
  a->call = call;
  a->registration = id;
  a->answer = answer;
  a->bandwidth = bandwidth;
  a->deadline = a->irr_at = H46017_TIME_NEVER;
  if (admission_join(ep, a) != 0) {
    h46017_mem_release(&ep->mem, a);
    return H46017_ERR_NOMEM;
  }
  a->next = ep->admissions;
  if (a->next != NULL) {
    a->next->prev = a;
  }
  ep->admissions = a;
  call->owner = a;
  *pa = a;
  return 0;
}

static void admission_rearm(h46017_endpoint *ep, endpoint_call *a) {
  h46017_heap_set(&ep->admission_timers, &a->timer,
                  H46017_MIN(a->deadline, a->irr_at));
}

/* Nothing is waited for any more. */
static void admission_heard(h46017_endpoint *ep, endpoint_call *a) {
  if (a->pending != 0) {
    h46017_map_remove(&ep->admission_requests, &a->by_request);
  }
  a->pending = 0;
  a->deadline = H46017_TIME_NEVER;
  admission_rearm(ep, a);
}

/* A request that is about to be sent will be waited for. */
static int admission_wait(h46017_endpoint *ep, endpoint_call *a, uint16_t seq) {
  int rv;

  admission_heard(ep, a);
  a->pending = seq;
  rv = h46017_map_add(&ep->admission_requests, &a->by_request,
                      (const uint8_t *)&a->pending, sizeof(a->pending), a);
  if (rv != 0) {
    a->pending = 0;
    return rv;
  }
  a->deadline = h46017_time_add(ep->now, ep->settings.request_timeout);
  admission_rearm(ep, a);
  return 0;
}

void endpoint_admission_free(h46017_endpoint *ep, endpoint_call *a) {
  admission_heard(ep, a);
  h46017_heap_leave(&ep->admission_timers, &a->timer);
  if (a->by_identifier.object != NULL) {
    h46017_map_remove(&ep->admission_ids, &a->by_identifier);
  }
  if (a->prev != NULL) {
    a->prev->next = a->next;
  } else {
    ep->admissions = a->next;
  }
  if (a->next != NULL) {
    a->next->prev = a->prev;
  }
  a->call->owner = NULL;
  h46017_mem_release(&ep->mem, a);
}

int endpoint_admissions_open(h46017_endpoint *ep) {
  uint8_t seed[16];

  if (ep->callbacks.rand(seed, sizeof(seed), ep->user_data) != 0) {
    return H46017_ERR_CALLBACK_FAILURE;
  }
  h46017_map_init(&ep->admission_ids, &ep->mem, seed);
  h46017_map_init(&ep->admission_requests, &ep->mem, seed);
  h46017_heap_init(&ep->admission_timers, &ep->mem);
  return 0;
}

void endpoint_admissions_free(h46017_endpoint *ep) {
  while (ep->admissions != NULL) {
    endpoint_admission_free(ep, ep->admissions);
  }
  h46017_map_free(&ep->admission_ids);
  h46017_map_free(&ep->admission_requests);
  h46017_heap_free(&ep->admission_timers);
}

/* -- out ------------------------------------------------------------------- */

static int admission_begin(h46017_endpoint *ep, h46017_ras_kind kind,
                           uint16_t seq) {
  char path[64];
  int rv = h46017_h225_create(ep->out, h46017_h225_ras_message());

  (void)snprintf(path, sizeof(path), "%s.requestSeqNum",
                 h46017_ras_kind_name(kind));
  SET(h46017_h225_set_uint(ep->out, path, seq));
  return rv;
}

int endpoint_put_capacity(h46017_endpoint *ep, const endpoint_registration *r,
                          const char *message) {
  size_t calls = h46017_calls_count(ep->calls);
  size_t most = ep->calls->settings.max_calls;
  const char *what =
      r->terminal_type == H46017_TERMINAL_GATEWAY ? "voiceGwCallsAvailable"
      : r->terminal_type == H46017_TERMINAL_MCU   ? "mcuCallsAvailable"
                                                  : "terminalCallsAvailable";
  char path[96];

  (void)snprintf(path, sizeof(path),
                 "%s.capacity.currentCallCapacity.%s[0].calls", message, what);
  return h46017_h225_set_uint(ep->out, path, most > calls ? most - calls : 0);
}

/* What ARQ, BRQ and DRQ say alike of the call. */
static int admission_put_call(h46017_endpoint *ep, const endpoint_call *a,
                              endpoint_registration *r, h46017_ras_kind kind) {
  const char *message = h46017_ras_kind_name(kind);
  h46017_h225 *m = ep->out;
  char path[64];
  int rv;

#define PATH(component)                                                        \
  ((void)snprintf(path, sizeof(path), "%s." component, message), path)
  rv = h46017_h225_set_text(m, PATH("endpointIdentifier"),
                            r->endpoint_identifier, r->endpoint_identifier_len);
  SET(h46017_h225_set_octets(m, PATH("conferenceID"),
                             h46017_call_conference(a->call),
                             H46017_CALL_GUID));
  SET(h46017_h225_set_uint(m, PATH("callReferenceValue"),
                           h46017_call_reference(a->call)));
  SET(h46017_h225_set_octets(m, PATH("callIdentifier.guid"),
                             h46017_call_identifier(a->call),
                             H46017_CALL_GUID));
  SET(h46017_h225_set_bool(
      m, kind == H46017_RAS_ARQ ? PATH("answerCall") : PATH("answeredCall"),
      a->answer));
  if (ep->gatekeeper_identifier_len > 0) {
    SET(h46017_h225_set_text(m, PATH("gatekeeperIdentifier"),
                             ep->gatekeeper_identifier,
                             ep->gatekeeper_identifier_len));
  }
#undef PATH
  SET(endpoint_put_capacity(ep, r, message));
  ep->speaker = r;
  return rv;
}

#define ARQ "admissionRequest."

int endpoint_send_arq(h46017_endpoint *ep, endpoint_call *a,
                      endpoint_registration *r,
                      const h46017_aliases *destination) {
  h46017_h225 *m = ep->out;
  uint16_t seq = endpoint_next_seq(ep);
  int rv = admission_begin(ep, H46017_RAS_ARQ, seq);

  SET(h46017_h225_set_present(m, ARQ "callType.pointToPoint"));
  SET(h46017_h225_set_present(m, ARQ "callModel.gatekeeperRouted"));
  SET(h46017_h225_set_aliases(m, ARQ "destinationInfo", destination));
  SET(h46017_h225_set_present(m, ARQ "srcInfo"));
  for (size_t i = 0; i < r->alias_count; i++) {
    static const char *const names[] = {"dialledDigits", "h323-ID", "url-ID",
                                        "", "email-ID"};
    char path[64];
    if (r->aliases[i].type <= H46017_ALIAS_EMAIL_ID &&
        r->aliases[i].type != H46017_ALIAS_TRANSPORT_ID) {
      (void)snprintf(path, sizeof(path), ARQ "srcInfo[%zu].%s",
                     h46017_h225_count(
                         h46017_h225_get(h46017_h225_root(m), ARQ "srcInfo")),
                     names[r->aliases[i].type]);
      SET(h46017_h225_set_text(m, path, r->aliases[i].text.text,
                               r->aliases[i].text.len));
    }
  }
  SET(h46017_h225_set_uint(m, ARQ "bandWidth", a->bandwidth));
  SET(h46017_h225_set_bool(m, ARQ "activeMC", false));
  SET(h46017_h225_set_bool(m, ARQ "canMapAlias", true));
  SET(h46017_h225_set_bool(m, ARQ "willSupplyUUIEs", false));
  SET(admission_put_call(ep, a, r, H46017_RAS_ARQ));
  SET(admission_wait(ep, a, seq));
  a->widening = false;
  return rv != 0 ? rv : endpoint_send_built(ep, H46017_RAS_ARQ);
}

int endpoint_send_drq(h46017_endpoint *ep, const endpoint_call *a) {
  endpoint_registration *r =
      endpoint_admission_registration(ep, a->registration);
  int rv;

  if (r == NULL || ep->tunnel == NULL) {
    return 0;
  }
  rv = admission_begin(ep, H46017_RAS_DRQ, endpoint_next_seq(ep));
  SET(h46017_h225_set_present(ep->out,
                              "disengageRequest.disengageReason.normalDrop"));
  SET(admission_put_call(ep, a, r, H46017_RAS_DRQ));
  return rv != 0 ? rv : endpoint_send_built(ep, H46017_RAS_DRQ);
}

static int admission_send_brq(h46017_endpoint *ep, endpoint_call *a,
                              endpoint_registration *r, uint32_t bandwidth) {
  uint16_t seq = endpoint_next_seq(ep);
  int rv = admission_begin(ep, H46017_RAS_BRQ, seq);

  SET(h46017_h225_set_uint(ep->out, "bandwidthRequest.bandWidth", bandwidth));
  SET(admission_put_call(ep, a, r, H46017_RAS_BRQ));
  SET(admission_wait(ep, a, seq));
  return rv != 0 ? rv : endpoint_send_built(ep, H46017_RAS_BRQ);
}

/* -- what was given -------------------------------------------------------- */

static uint32_t admission_uint(h46017_h225_value v, const char *component) {
  uint64_t number = 0;

  (void)h46017_h225_read_uint(h46017_h225_get(v, component), &number);
  return (uint32_t)number;
}

void endpoint_admission_learn(h46017_endpoint *ep, endpoint_registration *r) {
  h46017_h225_value given = h46017_h225_get(
      h46017_h225_root(ep->in), "registrationConfirm.preGrantedARQ");

  /* A refresh that says nothing of it changes nothing. */
  if (h46017_h225_value_kind(given) == H46017_H225_ABSENT &&
      r->rrq != ENDPOINT_RRQ_FULL) {
    return;
  }
  r->may_call = r->may_answer = false;
  (void)h46017_h225_read_bool(h46017_h225_get(given, "makeCall"), &r->may_call);
  (void)h46017_h225_read_bool(h46017_h225_get(given, "answerCall"),
                              &r->may_answer);
  r->irr_every = (uint16_t)admission_uint(given, "irrFrequencyInCall");
}

static int admission_give(h46017_endpoint *ep, endpoint_call *a,
                          uint32_t bandwidth, uint16_t irr_every,
                          const h46017_aliases *destination) {
  a->bandwidth = bandwidth;
  a->irr_every = irr_every;
  if (irr_every > 0) {
    a->irr_at = h46017_time_add(ep->now, (uint64_t)irr_every * 1000);
  }
  admission_rearm(ep, a);
  if (ep->callbacks.call_admitted == NULL) {
    return 0;
  }
  return endpoint_callback(
      ep, ep->callbacks.call_admitted(ep, a->call, bandwidth, destination,
                                      ep->user_data));
}

int endpoint_admission_ask(h46017_endpoint *ep, endpoint_call *a,
                           endpoint_registration *r,
                           const h46017_aliases *destination) {
  static const h46017_aliases as_asked = {NULL, 0, false};

  return (a->answer ? r->may_answer : r->may_call)
             ? admission_give(ep, a, a->bandwidth, r->irr_every, &as_asked)
             : endpoint_send_arq(ep, a, r, destination);
}

/* -- in -------------------------------------------------------------------- */

static int admission_confirmed(h46017_endpoint *ep, endpoint_call *a) {
  h46017_h225_value acf = h46017_h225_at(h46017_h225_root(ep->in), 0);
  h46017_aliases destination = {NULL, 0, false};
  int rv = h46017_h225_read_aliases(
      ep->in, h46017_h225_get(acf, "destinationInfo"), &destination);

  admission_heard(ep, a);
  a->admitted = true;
  return rv != 0 ? rv
                 : admission_give(ep, a, admission_uint(acf, "bandWidth"),
                                  (uint16_t)admission_uint(acf, "irrFrequency"),
                                  &destination);
}

int endpoint_admission_refuse(h46017_endpoint *ep, endpoint_call *a,
                              uint8_t cause, int code) {
  a->refused = code;
  admission_heard(ep, a);
  return h46017_call_release(a->call, cause, ep->now);
}

static int admission_rejected(h46017_endpoint *ep, endpoint_call *a) {
  /* 20: subscriber absent; else the gatekeeper's word, not the peer's. */
  h46017_h225_value reason = h46017_h225_at(
      h46017_h225_get(h46017_h225_root(ep->in), "admissionReject.rejectReason"),
      0);
  bool absent =
      strcmp(h46017_h225_value_name(reason), "calledPartyNotRegistered") == 0;

  return endpoint_admission_refuse(ep, a, absent ? 20 : 47,
                                   H46017_ERR_REJECTED);
}

/* The BRQ of ours is answered, or nobody did. */
static int admission_bandwidth(h46017_endpoint *ep, endpoint_call *a,
                               uint32_t bandwidth, int code) {
  admission_heard(ep, a);
  a->bandwidth = code == 0 ? bandwidth : a->bandwidth;
  if (ep->callbacks.bandwidth_answered == NULL) {
    return 0;
  }
  return endpoint_callback(ep, ep->callbacks.bandwidth_answered(ep, a->call,
                                                                bandwidth, code,
                                                                ep->user_data));
}

endpoint_call *endpoint_admission_meant(const h46017_endpoint *ep) {
  h46017_h225_value request = h46017_h225_at(h46017_h225_root(ep->in), 0);
  const uint8_t *guid;
  size_t len = 0;
  bool answered = false;
  endpoint_call *a;

  if (h46017_h225_read_octets(h46017_h225_get(request, "callIdentifier.guid"),
                              &guid, &len) != 0 ||
      len != H46017_CALL_GUID) {
    return NULL;
  }
  (void)h46017_h225_read_bool(h46017_h225_get(request, "answeredCall"),
                              &answered);
  a = admission_find(ep, guid, answered);
  return a != NULL ? a : admission_find(ep, guid, !answered);
}

endpoint_registration *endpoint_admission_pending(h46017_endpoint *ep,
                                                  uint16_t seq) {
  const endpoint_call *a = admission_awaits(ep, seq);

  return a != NULL ? endpoint_admission_registration(ep, a->registration)
                   : NULL;
}

/* An answer about a call is its registration's. */
static void admission_speak(h46017_endpoint *ep, const endpoint_call *a) {
  ep->speaker =
      a != NULL ? endpoint_admission_registration(ep, a->registration) : NULL;
}

/* What the gatekeeper wants ended. H.225.0 7.13.1 */
static int admission_drq(h46017_endpoint *ep, const h46017_ras *ras) {
  endpoint_call *a = endpoint_admission_meant(ep);
  int rv = admission_begin(ep, H46017_RAS_DCF, ras->request_seq_num);

  if (rv == 0) {
    admission_speak(ep, a);
    rv = endpoint_send_built(ep, H46017_RAS_DCF);
  }
  if (rv != 0 || a == NULL) {
    return rv;
  }
  a->admitted = false; /* it knows */
  return endpoint_admission_refuse(ep, a, 16, H46017_ERR_REJECTED);
}

/* What the gatekeeper wants narrower, or allows wider. H.225.0 7.12.1 */
static int admission_brq(h46017_endpoint *ep, const h46017_ras *ras) {
  endpoint_call *a = endpoint_admission_meant(ep);
  uint32_t bandwidth =
      admission_uint(h46017_h225_at(h46017_h225_root(ep->in), 0), "bandWidth");
  const char *reason = a == NULL ? "invalidConferenceID" : NULL;
  int rv = 0;

  if (a != NULL && ep->callbacks.bandwidth_wanted != NULL) {
    rv = ep->callbacks.bandwidth_wanted(ep, a->call, bandwidth, ep->user_data);
    a = endpoint_admission_meant(ep); /* the program may have ended it */
    reason = rv == H46017_ERR_REFUSED || a == NULL ? "undefinedReason" : NULL;
    rv = rv == H46017_ERR_REFUSED ? 0 : endpoint_callback(ep, rv);
  }
  if (rv != 0) {
    return rv;
  }
  if (reason == NULL) {
    a->bandwidth = bandwidth;
    rv = admission_begin(ep, H46017_RAS_BCF, ras->request_seq_num);
    SET(h46017_h225_set_uint(ep->out, "bandwidthConfirm.bandWidth", bandwidth));
    admission_speak(ep, a);
    return rv != 0 ? rv : endpoint_send_built(ep, H46017_RAS_BCF);
  }
  rv = admission_begin(ep, H46017_RAS_BRJ, ras->request_seq_num);
  SET(h46017_h225_set_present(ep->out, a == NULL
                                           ? "bandwidthReject.rejectReason."
                                             "invalidConferenceID"
                                           : "bandwidthReject.rejectReason."
                                             "undefinedReason"));
  SET(h46017_h225_set_uint(ep->out, "bandwidthReject.allowedBandWidth",
                           a != NULL ? a->bandwidth : 0));
  admission_speak(ep, a);
  return rv != 0 ? rv : endpoint_send_built(ep, H46017_RAS_BRJ);
}

/* What comes under the number of a request of ours. False: it is no answer to
 * that one. */
static bool admission_answer(h46017_endpoint *ep, endpoint_call *a,
                             const h46017_ras *ras, int *prv) {
  h46017_h225_value msg = h46017_h225_at(h46017_h225_root(ep->in), 0);

  if (ras->kind == H46017_RAS_RIP) {
    a->deadline = h46017_time_add(ep->now, (uint64_t)ras->u.rip.delay +
                                               ep->settings.request_timeout);
    admission_rearm(ep, a);
  } else if (ras->kind == H46017_RAS_XRS) {
    *prv = a->widening
               ? admission_bandwidth(ep, a, a->bandwidth, H46017_ERR_REJECTED)
               : endpoint_admission_refuse(ep, a, 47, H46017_ERR_REJECTED);
  } else if (ras->kind == H46017_RAS_ACF && !a->widening) {
    *prv = admission_confirmed(ep, a);
  } else if (ras->kind == H46017_RAS_ARJ && !a->widening) {
    *prv = admission_rejected(ep, a);
  } else if (ras->kind == H46017_RAS_BCF && a->widening) {
    *prv = admission_bandwidth(ep, a, admission_uint(msg, "bandWidth"), 0);
  } else if (ras->kind == H46017_RAS_BRJ && a->widening) {
    *prv = admission_bandwidth(ep, a, admission_uint(msg, "allowedBandWidth"),
                               H46017_ERR_REJECTED);
  } else {
    return false;
  }
  return true;
}

bool endpoint_admission_ras(h46017_endpoint *ep, const h46017_ras *ras,
                            int *prv) {
  endpoint_call *a;

  if (ras->kind == H46017_RAS_DRQ) {
    *prv = admission_drq(ep, ras);
    return true;
  }
  if (ras->kind == H46017_RAS_BRQ) {
    *prv = admission_brq(ep, ras);
    return true;
  }
  a = h46017_ras_is_request(ras->kind)
          ? NULL
          : admission_awaits(ep, ras->request_seq_num);
  return a != NULL && admission_answer(ep, a, ras, prv);
}

/* -- time ------------------------------------------------------------------ */

h46017_time endpoint_admission_expiry(const h46017_endpoint *ep) {
  const h46017_heap_node *n = h46017_heap_first(&ep->admission_timers);

  return n != NULL ? n->expiry : H46017_TIME_NEVER;
}

/* So the gatekeeper wanted to hear of it. H.225.0 7.15 */
static int admission_report(h46017_endpoint *ep, endpoint_call *a) {
  endpoint_registration *r =
      endpoint_admission_registration(ep, a->registration);

  a->irr_at = h46017_time_add(ep->now, (uint64_t)a->irr_every * 1000);
  admission_rearm(ep, a);
  return r != NULL ? endpoint_report_call(ep, r, a) : 0;
}

int endpoint_admission_timer(h46017_endpoint *ep) {
  h46017_heap_node *n;
  int rv = 0;

  while (rv == 0 && ep->calls != NULL &&
         (n = h46017_heap_first(&ep->admission_timers)) != NULL &&
         n->expiry <= ep->now) {
    endpoint_call *a = OWNER(n, endpoint_call, timer);
    if (a->deadline > ep->now) {
      rv = admission_report(ep, a);
    } else if (a->widening) {
      rv = admission_bandwidth(ep, a, a->bandwidth, H46017_ERR_TIMEOUT);
    } else {
      rv = endpoint_admission_refuse(ep, a, 102, H46017_ERR_TIMEOUT);
    }
  }
  return rv;
}

/* -- for the program ------------------------------------------------------- */

static int admission_widen(h46017_endpoint *ep, h46017_call *call,
                           uint32_t bandwidth) {
  endpoint_call *a = call->owner;
  endpoint_registration *r =
      a != NULL ? endpoint_admission_registration(ep, a->registration) : NULL;
  int rv;

  if (ep->calls == NULL || h46017_call_table(call) != ep->calls || a == NULL) {
    return H46017_ERR_NOT_FOUND;
  }
  if (r == NULL || a->pending != 0 || ep->tunnel == NULL || ep->error != 0) {
    return H46017_ERR_INVALID_STATE;
  }
  a->widening = true;
  rv = admission_send_brq(ep, a, r, bandwidth);
  if (rv != 0) {
    admission_heard(ep, a);
  }
  return rv;
}

int h46017_endpoint_bandwidth(h46017_endpoint *ep, h46017_call *call,
                              uint32_t bandwidth, h46017_time now) {
  int rv = endpoint_enter_nested(ep, now);

  if (rv != 0) {
    return rv;
  }
  return endpoint_leave(ep, admission_widen(ep, call, bandwidth));
}
