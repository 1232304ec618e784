/* SPDX-License-Identifier: BSD-2-Clause */
#include "session/endpoint.h"

#include "asn1/h225_aliases.h"
#include "base/intmath.h"
#include "base/mem.h"

#include <stdio.h>
#include <string.h>

/* An endpoint's calls: the table of its connection, and the gatekeeper's leave
 * for each call: ARQ before, DRQ after. H.225.0 7.11, 7.13 */

static endpoint_call *admission_of(h46017_endpoint *ep,
                                   const h46017_call *call) {
  for (endpoint_call *a = ep->admissions; a != NULL; a = a->next) {
    if (a->call == call) {
      return a;
    }
  }
  return NULL;
}

static endpoint_registration *admission_registration(h46017_endpoint *ep,
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

static int admission_make(h46017_endpoint *ep, h46017_call *call, uint32_t id,
                          bool answer, endpoint_call **pa) {
  endpoint_call *a = h46017_mem_zalloc(&ep->mem, 1, sizeof(*a));

  if (a == NULL) {
    return H46017_ERR_NOMEM;
  }
  a->call = call;
  a->registration = id;
  a->answer = answer;
  a->deadline = H46017_TIME_NEVER;
  a->next = ep->admissions;
  ep->admissions = a;
  *pa = a;
  return 0;
}

static void admission_free(h46017_endpoint *ep, endpoint_call *a) {
  endpoint_call **link;

  for (link = &ep->admissions; *link != a; link = &(*link)->next) {
  }
  *link = a->next;
  h46017_mem_release(&ep->mem, a);
}

/* -- out ------------------------------------------------------------------- */

#define SET(what) rv = rv != 0 ? rv : (what)

static int admission_begin(h46017_endpoint *ep, h46017_ras_kind kind,
                           uint16_t seq) {
  char path[64];
  int rv = h46017_h225_create(ep->out, h46017_h225_ras_message());

  (void)snprintf(path, sizeof(path), "%s.requestSeqNum",
                 h46017_ras_kind_name(kind));
  SET(h46017_h225_set_uint(ep->out, path, seq));
  return rv;
}

#define ARQ "admissionRequest."

static int admission_send_arq(h46017_endpoint *ep, endpoint_call *a,
                              endpoint_registration *r,
                              const h46017_aliases *destination,
                              uint32_t bandwidth) {
  const h46017_aliases source = {r->aliases, r->alias_count, true};
  h46017_h225 *m = ep->out;
  uint16_t seq = endpoint_next_seq(ep);
  int rv = admission_begin(ep, H46017_RAS_ARQ, seq);

  SET(h46017_h225_set_present(m, ARQ "callType.pointToPoint"));
  SET(h46017_h225_set_present(m, ARQ "callModel.gatekeeperRouted"));
  SET(h46017_h225_set_text(m, ARQ "endpointIdentifier", r->endpoint_identifier,
                           r->endpoint_identifier_len));
  SET(h46017_h225_set_aliases(m, ARQ "destinationInfo", destination));
  SET(h46017_h225_set_present(m, ARQ "srcInfo"));
  for (size_t i = 0; i < source.count; i++) {
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
  SET(h46017_h225_set_uint(m, ARQ "bandWidth", bandwidth));
  SET(h46017_h225_set_uint(m, ARQ "callReferenceValue",
                           h46017_call_reference(a->call)));
  SET(h46017_h225_set_octets(m, ARQ "conferenceID",
                             h46017_call_conference(a->call),
                             H46017_CALL_GUID));
  SET(h46017_h225_set_bool(m, ARQ "activeMC", false));
  SET(h46017_h225_set_bool(m, ARQ "answerCall", a->answer));
  SET(h46017_h225_set_bool(m, ARQ "canMapAlias", true));
  SET(h46017_h225_set_octets(m, ARQ "callIdentifier.guid",
                             h46017_call_identifier(a->call),
                             H46017_CALL_GUID));
  if (ep->gatekeeper_identifier_len > 0) {
    SET(h46017_h225_set_text(m, ARQ "gatekeeperIdentifier",
                             ep->gatekeeper_identifier,
                             ep->gatekeeper_identifier_len));
  }
  SET(h46017_h225_set_bool(m, ARQ "willSupplyUUIEs", false));
  if (rv != 0) {
    return rv;
  }
  a->pending = seq;
  a->deadline = h46017_time_add(ep->now, ep->settings.request_timeout);
  ep->speaker = r;
  return endpoint_send_built(ep, H46017_RAS_ARQ);
}

#define DRQ "disengageRequest."

static int admission_send_drq(h46017_endpoint *ep, const endpoint_call *a) {
  endpoint_registration *r = admission_registration(ep, a->registration);
  h46017_h225 *m = ep->out;
  int rv;

  if (r == NULL || ep->tunnel == NULL) {
    return 0;
  }
  rv = admission_begin(ep, H46017_RAS_DRQ, endpoint_next_seq(ep));
  SET(h46017_h225_set_text(m, DRQ "endpointIdentifier", r->endpoint_identifier,
                           r->endpoint_identifier_len));
  SET(h46017_h225_set_octets(m, DRQ "conferenceID",
                             h46017_call_conference(a->call),
                             H46017_CALL_GUID));
  SET(h46017_h225_set_uint(m, DRQ "callReferenceValue",
                           h46017_call_reference(a->call)));
  SET(h46017_h225_set_present(m, DRQ "disengageReason.normalDrop"));
  SET(h46017_h225_set_octets(m, DRQ "callIdentifier.guid",
                             h46017_call_identifier(a->call),
                             H46017_CALL_GUID));
  SET(h46017_h225_set_bool(m, DRQ "answeredCall", a->answer));
  ep->speaker = r;
  return rv != 0 ? rv : endpoint_send_built(ep, H46017_RAS_DRQ);
}

/* What could not be done. The connection ends for it, the endpoint only where
 * nothing else is left; the first reason is the one: where we failed inside of
 * the table, it calls that a callback's failure. */
static int calls_outcome(h46017_endpoint *ep, int rv) {
  if (h46017_error_is_fatal(rv)) {
    ep->fatal = ep->fatal != 0 ? ep->fatal : rv;
    return ep->fatal;
  }
  if (rv != 0) {
    endpoint_fail(ep, rv);
  }
  return 0;
}

/* -- the table's callbacks ------------------------------------------------- */

static int calls_write(h46017_calls *calls, const uint8_t *q931, size_t len,
                       void *user_data) {
  h46017_endpoint *ep = user_data;

  (void)calls;
  return ep->tunnel == NULL || ep->error != 0
             ? H46017_ERR_CLOSED
             : h46017_tunnel_write_signalling(ep->tunnel, q931, len);
}

static int calls_rand(uint8_t *dest, size_t len, void *user_data) {
  h46017_endpoint *ep = user_data;

  return ep->callbacks.rand(dest, len, ep->user_data);
}

/* The gatekeeper is asked whether it may be taken, while the program looks at
 * it. */
static int calls_setup_received(h46017_calls *calls, h46017_call *call,
                                const h46017_call_message *msg,
                                void *user_data) {
  static const h46017_aliases none = {NULL, 0, false};
  h46017_endpoint *ep = user_data;
  endpoint_registration *r = admission_registration(ep, 0);
  endpoint_call *a = NULL;
  int rv = ep->call_callbacks.setup_received(calls, call, msg, ep->user_data);

  if (rv != 0 || h46017_call_get_state(call) == H46017_CALL_RELEASED) {
    return rv;
  }
  if (r == NULL) {
    return calls_outcome(ep, h46017_call_release(call, 31, ep->now));
  }
  rv = admission_make(ep, call, r->id, true, &a);
  if (rv == 0) {
    rv = admission_send_arq(ep, a, r, &none, 1280);
  }
  return calls_outcome(ep, rv);
}

static int calls_message_received(h46017_calls *calls, h46017_call *call,
                                  const h46017_call_message *msg,
                                  void *user_data) {
  h46017_endpoint *ep = user_data;

  return ep->call_callbacks.message_received(calls, call, msg, ep->user_data);
}

static int calls_h245_received(h46017_calls *calls, h46017_call *call,
                               const uint8_t *per, size_t len,
                               void *user_data) {
  h46017_endpoint *ep = user_data;

  return ep->call_callbacks.h245_received(calls, call, per, len, ep->user_data);
}

static int calls_state_changed(h46017_calls *calls, h46017_call *call,
                               h46017_call_state from, h46017_call_state to,
                               void *user_data) {
  h46017_endpoint *ep = user_data;

  return ep->call_callbacks.state_changed(calls, call, from, to, ep->user_data);
}

static int calls_building(h46017_calls *calls, h46017_call *call, uint8_t type,
                          h46017_h225 *msg, void *user_data) {
  h46017_endpoint *ep = user_data;

  return ep->call_callbacks.building(calls, call, type, msg, ep->user_data);
}

static int calls_released(h46017_calls *calls, h46017_call *call,
                          const h46017_call_ended *why, void *user_data) {
  h46017_endpoint *ep = user_data;
  endpoint_call *a = admission_of(ep, call);
  h46017_call_ended told = *why;
  int rv = 0;

  if (a != NULL) {
    told.code = a->refused != 0 ? a->refused : told.code;
    if (a->admitted) {
      rv = admission_send_drq(ep, a);
    }
    admission_free(ep, a);
    rv = calls_outcome(ep, rv);
  }
  if (rv != 0 || ep->call_callbacks.released == NULL) {
    return rv;
  }
  return ep->call_callbacks.released(calls, call, &told, ep->user_data);
}

static void calls_log(h46017_log_level level, const char *line, size_t len,
                      void *user_data) {
  endpoint_log_write(level, line, len, user_data);
}

/* -- the table --------------------------------------------------------------
 */

int endpoint_calls_open(h46017_endpoint *ep) {
  const h46017_calls_callbacks *given = &ep->call_callbacks;
  h46017_calls_settings s;
  h46017_calls_callbacks cb;

  if (ep->callbacks.calls == NULL || ep->calls != NULL) {
    return 0;
  }
  h46017_calls_settings_default(&s);
  s.max_calls = ep->settings.max_calls != 0 ? ep->settings.max_calls : 2000;
  s.vendor = ep->settings.vendor;
  s.log_level = ep->settings.log_level;
  if (ep->registrations != NULL) {
    s.terminal_type = ep->registrations->terminal_type;
  }
  h46017_calls_callbacks_default(&cb);
  cb.write = calls_write;
  cb.rand = calls_rand;
  cb.released = calls_released;
  cb.setup_received =
      given->setup_received != NULL ? calls_setup_received : NULL;
  cb.message_received =
      given->message_received != NULL ? calls_message_received : NULL;
  cb.h245_received = given->h245_received != NULL ? calls_h245_received : NULL;
  cb.state_changed = given->state_changed != NULL ? calls_state_changed : NULL;
  cb.building = given->building != NULL ? calls_building : NULL;
  cb.log_write = ep->log.write != NULL ? calls_log : NULL;
  cb.trace = ep->trace;
  return h46017_calls_new(&ep->calls, &s, &cb, &ep->mem, ep, ep->now);
}

void endpoint_calls_free(h46017_endpoint *ep) {
  h46017_calls_del(ep->calls);
  ep->calls = NULL;
  while (ep->admissions != NULL) {
    admission_free(ep, ep->admissions);
  }
}

int endpoint_calls_receive(h46017_endpoint *ep, const h46017_q931 *msg) {
  return calls_outcome(ep, h46017_calls_receive(ep->calls, msg, ep->now));
}

int endpoint_calls_down(h46017_endpoint *ep, int why) {
  int rv = ep->calls != NULL ? h46017_calls_down(ep->calls, why, ep->now) : 0;

  /* the next connection begins anew, whatever the table met on this one */
  if (rv == 0 && ep->calls != NULL) {
    endpoint_calls_free(ep);
  }
  if (rv != 0) {
    ep->fatal = rv;
  }
  return rv;
}

h46017_time endpoint_calls_expiry(const h46017_endpoint *ep) {
  h46017_time next = ep->calls != NULL ? h46017_calls_next_expiry(ep->calls)
                                       : H46017_TIME_NEVER;

  for (const endpoint_call *a = ep->admissions; a != NULL; a = a->next) {
    next = H46017_MIN(next, a->deadline);
  }
  return next;
}

/* The gatekeeper says no, or nothing. */
static int admission_refused(h46017_endpoint *ep, endpoint_call *a,
                             uint8_t cause, int code) {
  a->refused = code;
  a->pending = 0;
  a->deadline = H46017_TIME_NEVER;
  return h46017_call_release(a->call, cause, ep->now);
}

int endpoint_calls_timer(h46017_endpoint *ep) {
  endpoint_call *next;
  int rv = 0;

  if (ep->calls == NULL) {
    return 0;
  }
  for (endpoint_call *a = ep->admissions; a != NULL && rv == 0; a = next) {
    next = a->next;
    if (a->deadline <= ep->now) {
      rv = admission_refused(ep, a, 102, H46017_ERR_TIMEOUT);
      next = ep->admissions; /* `released` may have ended others */
    }
  }
  if (rv == 0) {
    rv = h46017_calls_handle_expiry(ep->calls, ep->now);
  }
  return calls_outcome(ep, rv);
}

/* -- in -------------------------------------------------------------------- */

static int admission_confirmed(h46017_endpoint *ep, endpoint_call *a) {
  h46017_h225_value acf = h46017_h225_at(h46017_h225_root(ep->in), 0);
  h46017_aliases destination = {NULL, 0, false};
  uint64_t bandwidth = 0;
  int rv = h46017_h225_read_aliases(
      ep->in, h46017_h225_get(acf, "destinationInfo"), &destination);

  (void)h46017_h225_read_uint(h46017_h225_get(acf, "bandWidth"), &bandwidth);
  a->pending = 0;
  a->deadline = H46017_TIME_NEVER;
  a->admitted = true;
  if (rv != 0 || ep->callbacks.call_admitted == NULL) {
    return rv;
  }
  return endpoint_callback(
      ep, ep->callbacks.call_admitted(ep, a->call, (uint32_t)bandwidth,
                                      &destination, ep->user_data));
}

/* What the gatekeeper wants ended. H.225.0 7.13.1 */
static int admission_drq(h46017_endpoint *ep, const h46017_ras *ras) {
  const uint8_t *guid;
  size_t len = 0;
  endpoint_call *a = ep->admissions;
  int rv;

  if (h46017_h225_read_octets(
          h46017_h225_get(h46017_h225_root(ep->in), DRQ "callIdentifier.guid"),
          &guid, &len) != 0 ||
      len != H46017_CALL_GUID) {
    a = NULL;
  }
  while (a != NULL && memcmp(h46017_call_identifier(a->call), guid, len) != 0) {
    a = a->next;
  }
  rv = admission_begin(ep, H46017_RAS_DCF, ras->request_seq_num);
  if (rv == 0) {
    rv = endpoint_send_built(ep, H46017_RAS_DCF);
  }
  if (rv != 0 || a == NULL) {
    return rv;
  }
  a->admitted = false; /* it knows */
  return h46017_call_release(a->call, 16, ep->now);
}

bool endpoint_calls_ras(h46017_endpoint *ep, const h46017_ras *ras, int *prv) {
  endpoint_call *a = ep->admissions;

  if (ep->calls == NULL) {
    return false;
  }
  if (ras->kind == H46017_RAS_DRQ) {
    *prv = calls_outcome(ep, admission_drq(ep, ras));
    return true;
  }
  while (a != NULL && a->pending != ras->request_seq_num) {
    a = a->next;
  }
  if (a == NULL) {
    return false;
  }
  if (ras->kind == H46017_RAS_ACF) {
    *prv = calls_outcome(ep, admission_confirmed(ep, a));
    return true;
  }
  if (ras->kind == H46017_RAS_ARJ || ras->kind == H46017_RAS_XRS) {
    /* 20: subscriber absent; else the gatekeeper's word, not the peer's. */
    h46017_h225_value reason =
        h46017_h225_at(h46017_h225_get(h46017_h225_root(ep->in),
                                       "admissionReject.rejectReason"),
                       0);
    uint8_t cause =
        strcmp(h46017_h225_value_name(reason), "calledPartyNotRegistered") == 0
            ? 20
            : 47;
    *prv =
        calls_outcome(ep, admission_refused(ep, a, cause, H46017_ERR_REJECTED));
    return true;
  }
  if (ras->kind == H46017_RAS_RIP) {
    a->deadline = h46017_time_add(ep->now, (uint64_t)ras->u.rip.delay +
                                               ep->settings.request_timeout);
    return true;
  }
  return false;
}

/* -- for the program ------------------------------------------------------- */

const h46017_calls *h46017_endpoint_calls(const h46017_endpoint *ep) {
  return ep->calls;
}

static int call_begin(h46017_endpoint *ep, uint32_t id,
                      const h46017_aliases *destination, uint32_t bandwidth,
                      void *user_data, h46017_call **pcall) {
  endpoint_registration *r = NULL;
  endpoint_call *a = NULL;
  h46017_call *call = NULL;
  int rv;

  for (r = ep->registrations; r != NULL && r->id != id; r = r->next) {
  }
  if (r == NULL) {
    return H46017_ERR_NOT_FOUND;
  }
  if (ep->calls == NULL || ep->tunnel == NULL || ep->error != 0 ||
      admission_registration(ep, id) == NULL) {
    return H46017_ERR_INVALID_STATE;
  }
  rv = h46017_call_new(ep->calls, user_data, &call, ep->now);
  if (rv != 0) {
    return rv;
  }
  rv = admission_make(ep, call, id, false, &a);
  if (rv == 0) {
    rv = admission_send_arq(ep, a, r, destination, bandwidth);
  }
  if (rv != 0) {
    if (a != NULL) {
      admission_free(ep, a);
    }
    (void)h46017_call_release(call, 0, ep->now);
    return rv;
  }
  *pcall = call;
  return 0;
}

int h46017_endpoint_call(h46017_endpoint *ep, uint32_t id,
                         const h46017_aliases *destination, uint32_t bandwidth,
                         void *user_data, h46017_call **pcall,
                         h46017_time now) {
  int rv;

  if (ep->observing > 0) {
    return H46017_ERR_REENTRANT;
  }
  if (ep->fatal != 0) {
    return ep->fatal;
  }
  ep->now = h46017_time_seen(ep->now, now);
  ep->depth++;
  rv = call_begin(ep, id, destination, bandwidth, user_data, pcall);
  return endpoint_leave(ep, rv);
}
