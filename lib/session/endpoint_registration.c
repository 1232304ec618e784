/* SPDX-License-Identifier: BSD-2-Clause */
#include "session/endpoint.h"

#include "base/intmath.h"
#include "base/mem.h"
#include "session/aliases.h"
#include "session/fsm.h"

#include <string.h>

/* A gatekeeper that says "in progress" for ever is one that does not answer. */
#define MAX_EXTENSIONS 20

#define EV(e) H46017_FSM_BIT(REG_EV_##e)
#define ST(s) H46017_FSM_BIT(H46017_REGISTRATION_##s)

static const char *const registration_events[REG_EV_COUNT] = {
    [REG_EV_UP] = "UP",       [REG_EV_DOWN] = "DOWN",
    [REG_EV_RCF] = "RCF",     [REG_EV_RRJ] = "RRJ",
    [REG_EV_RIP] = "RIP",     [REG_EV_URQ] = "URQ",
    [REG_EV_UCF] = "UCF",     [REG_EV_TIMER] = "TIMER",
    [REG_EV_NAMES] = "NAMES", [REG_EV_REMOVE] = "REMOVE",
};

/* Answers that come when nothing is pending are dropped before they get here:
 * they are matched by requestSeqNum. */
static const h46017_fsm_state registration_states[] = {
    [H46017_REGISTRATION_UNREGISTERED] = {.name = "UNREGISTERED",
                                          .handles = EV(UP),
                                          .ignores =
                                              EV(DOWN) | EV(NAMES) | EV(REMOVE),
                                          .next = ST(REGISTERING),
                                          .waits_for = "the connection"},
    [H46017_REGISTRATION_REGISTERING] = {.name = "REGISTERING",
                                         .handles = EV(DOWN) | EV(RCF) |
                                                    EV(RRJ) | EV(RIP) |
                                                    EV(TIMER) | EV(REMOVE),
                                         .ignores = EV(NAMES),
                                         .next = ST(UNREGISTERED) |
                                                 ST(REGISTERING) |
                                                 ST(REGISTERED) | ST(HELD) |
                                                 ST(UNREGISTERING),
                                         .timer = "request"},
    [H46017_REGISTRATION_REGISTERED] =
        {.name = "REGISTERED",
         .handles = EV(DOWN) | EV(URQ) | EV(TIMER) | EV(NAMES) | EV(REMOVE),
         .next = ST(UNREGISTERED) | ST(REGISTERING) | ST(REFRESHING) |
                 ST(UNREGISTERING) | ST(HELD),
         .timer = "refresh"},
    [H46017_REGISTRATION_REFRESHING] = {.name = "REFRESHING",
                                        .handles = EV(DOWN) | EV(RCF) |
                                                   EV(RRJ) | EV(RIP) | EV(URQ) |
                                                   EV(TIMER) | EV(REMOVE),
                                        .ignores = EV(NAMES),
                                        .next =
                                            ST(UNREGISTERED) | ST(REGISTERED) |
                                            ST(REGISTERING) | ST(REFRESHING) |
                                            ST(UNREGISTERING) | ST(HELD),
                                        .timer = "request"},
    [H46017_REGISTRATION_UNREGISTERING] = {.name = "UNREGISTERING",
                                           .handles = EV(DOWN) | EV(UCF) |
                                                      EV(RIP) | EV(URQ) |
                                                      EV(TIMER),
                                           .ignores = EV(NAMES) | EV(REMOVE),
                                           .next = ST(UNREGISTERED),
                                           .timer = "request"},
    [H46017_REGISTRATION_HELD] = {.name = "HELD",
                                  .handles = EV(DOWN) | EV(TIMER) | EV(REMOVE),
                                  .ignores = EV(NAMES),
                                  .next = ST(UNREGISTERED) | ST(REGISTERING),
                                  .timer = "hold"},
};

const h46017_fsm h46017_endpoint_registration_fsm = {
    .name = "registration",
    .states = registration_states,
    .state_count = sizeof(registration_states) / sizeof(registration_states[0]),
    .events = registration_events,
    .event_count = REG_EV_COUNT,
};

const char *h46017_registration_state_name(h46017_registration_state state) {
  return (unsigned)state <
                 (unsigned)h46017_endpoint_registration_fsm.state_count
             ? registration_states[state].name
             : "UNKNOWN";
}

void endpoint_registration_free(h46017_endpoint *ep, endpoint_registration *r) {
  endpoint_password_free(ep, r);
  h46017_mem_release(&ep->mem, r->aliases);
  h46017_mem_release(&ep->mem, r->granted);
  h46017_mem_release(&ep->mem, r->endpoint_identifier);
  h46017_mem_release(&ep->mem, r);
}

void endpoint_sweep(h46017_endpoint *ep) {
  endpoint_registration **link = &ep->registrations;

  while (*link != NULL) {
    endpoint_registration *r = *link;
    if (r->removing && r->state == H46017_REGISTRATION_UNREGISTERED) {
      *link = r->next;
      ep->registration_count--;
      endpoint_registration_free(ep, r);
    } else {
      link = &r->next;
    }
  }
}

static int registration_goto(h46017_endpoint *ep, endpoint_registration *r,
                             h46017_registration_state to,
                             registration_event event, h46017_time timer) {
  h46017_trace_event ev = {.now = ep->now, .subject = ep, .id = r->id};
  h46017_registration_state from = (h46017_registration_state)r->state;
  int rv = h46017_fsm_goto(&h46017_endpoint_registration_fsm, &r->state,
                           (int)to, (int)event, ep->trace, ep, &ev);

  if (rv != 0) {
    return rv;
  }
  r->timer = timer;
  if (ep->callbacks.registration_changed == NULL) {
    return 0;
  }
  return endpoint_callback(ep, ep->callbacks.registration_changed(
                                   ep, r->id, from, to, ep->user_data));
}

static h46017_time registration_request_deadline(const h46017_endpoint *ep) {
  return h46017_time_add(ep->now, ep->settings.request_timeout);
}

static void registration_forget_identifier(h46017_endpoint *ep,
                                           endpoint_registration *r) {
  h46017_mem_release(&ep->mem, r->endpoint_identifier);
  r->endpoint_identifier = NULL;
  r->endpoint_identifier_len = 0;
  ep->again = ep->again == r ? NULL : ep->again;
}

static int registration_register(h46017_endpoint *ep, endpoint_registration *r,
                                 registration_event event) {
  int rv;

  r->leaving = false;
  rv = registration_goto(ep, r, H46017_REGISTRATION_REGISTERING, event,
                         registration_request_deadline(ep));
  if (rv != 0 || r->state != H46017_REGISTRATION_REGISTERING) {
    return rv; /* the program removed it when it heard of the state */
  }
  return endpoint_send_rrq(ep, r, ENDPOINT_RRQ_FULL);
}

/* Only so many wait for an answer at once: a gateway with many names does not
 * flood a gatekeeper that just came back. */
int endpoint_register_next(h46017_endpoint *ep) {
  uint32_t waiting = 0;
  int rv = 0;

  if (ep->discovery != 0) {
    return 0;
  }
  for (const endpoint_registration *r = ep->registrations; r != NULL;
       r = r->next) {
    waiting += r->state == H46017_REGISTRATION_REGISTERING;
  }
  /* Callbacks may close the endpoint, and may add registrations, which are
   * sent at once. */
  for (endpoint_registration *r = ep->registrations;
       r != NULL && rv == 0 && waiting < ep->settings.max_registering &&
       ep->state == H46017_ENDPOINT_UP && ep->error == 0;
       r = r->next) {
    if (r->state == H46017_REGISTRATION_UNREGISTERED && !r->removing) {
      rv = endpoint_event_registration(ep, r, REG_EV_UP, NULL, 0);
      waiting++;
    }
  }
  return rv;
}

/* Tells the end of a registration that the program knows of. */
static int registration_tell_end(h46017_endpoint *ep, endpoint_registration *r,
                                 int why) {
  if (!r->told) {
    return 0;
  }
  r->told = false;
  h46017_log_line(&ep->log, H46017_LOG_INFO, "registration %u ended: %s",
                  (unsigned)r->id, h46017_strerror(why));
  if (ep->callbacks.unregistered == NULL) {
    return 0;
  }
  return endpoint_callback(
      ep, ep->callbacks.unregistered(ep, r->id, why, ep->user_data));
}

static bool registration_is_there(const endpoint_registration *r) {
  return r->state == H46017_REGISTRATION_REGISTERED ||
         r->state == H46017_REGISTRATION_REFRESHING ||
         r->state == H46017_REGISTRATION_UNREGISTERING;
}

static int registration_end(h46017_endpoint *ep, endpoint_registration *r,
                            registration_event event, int why) {
  int rv;

  r->pending = 0;
  registration_forget_identifier(ep, r);
  endpoint_names_forget(ep, r);
  rv = registration_goto(ep, r, H46017_REGISTRATION_UNREGISTERED, event,
                         H46017_TIME_NEVER);
  return rv != 0 ? rv : registration_tell_end(ep, r, why);
}

/* Refused: wait before the next attempt, the longer the more often. */
static int registration_hold(h46017_endpoint *ep, endpoint_registration *r,
                             registration_event event, bool denied) {
  const h46017_endpoint_settings *s = &ep->settings;
  uint64_t delay = s->backoff_first;
  uint32_t jitter;
  int rv;

  for (uint32_t i = 0; i < r->refusals && delay < s->backoff_max; i++) {
    delay *= 2;
  }
  delay = H46017_MIN(delay, (uint64_t)s->backoff_max);
  if (denied) {
    delay = H46017_MAX(delay, (uint64_t)s->backoff_denied);
  }
  rv = endpoint_random(
      ep, (uint32_t)H46017_MIN(delay / 5, (uint64_t)UINT32_MAX - 1) + 1,
      &jitter);
  if (rv != 0) {
    return rv;
  }
  if (r->refusals < UINT32_MAX) {
    r->refusals++;
  }
  registration_forget_identifier(ep, r);
  return registration_goto(ep, r, H46017_REGISTRATION_HELD, event,
                           h46017_time_add(ep->now, delay + jitter));
}

static int registration_remove(h46017_endpoint *ep, endpoint_registration *r,
                               int why) {
  int rv;

  if (ep->error == 0 && r->state == H46017_REGISTRATION_REGISTERING) {
    /* The gatekeeper may be about to confirm it: wait, then unregister. */
    r->leaving = true;
    return 0;
  }
  if (ep->error != 0 || r->endpoint_identifier == NULL) {
    return registration_end(ep, r, REG_EV_REMOVE, why);
  }
  rv = registration_goto(ep, r, H46017_REGISTRATION_UNREGISTERING,
                         REG_EV_REMOVE, registration_request_deadline(ep));
  return rv != 0 ? rv : endpoint_send_urq(ep, r);
}

/* -- answers --------------------------------------------------------------- */

static int registration_keep_granted(h46017_endpoint *ep,
                                     endpoint_registration *r,
                                     const h46017_rcf *rcf) {
  const h46017_text *id = &rcf->endpoint_identifier;
  int rv;

  if (id->text != NULL &&
      (r->endpoint_identifier == NULL ||
       r->endpoint_identifier_len != id->len ||
       memcmp(r->endpoint_identifier, id->text, id->len) != 0)) {
    char *copy = h46017_mem_strndup(&ep->mem, id->text, id->len);
    if (copy == NULL) {
      return H46017_ERR_NOMEM;
    }
    registration_forget_identifier(ep, r);
    r->endpoint_identifier = copy;
    r->endpoint_identifier_len = id->len;
  }
  rv = endpoint_learn_gatekeeper(ep, &rcf->gatekeeper_identifier);
  if (rv == 0) {
    rv = endpoint_names_granted(ep, r, &rcf->terminal_alias);
  }
  r->additive = rcf->supports_additive_registration;
  return rv;
}

/* When to refresh: at refresh_percent of the TTL at the latest, up to a fifth
 * earlier, so that many registrations do not refresh together. */
static int registration_refresh_time(h46017_endpoint *ep,
                                     const endpoint_registration *r,
                                     h46017_time *out) {
  uint64_t latest;
  uint32_t jitter;
  int rv;

  if (r->ttl == 0) {
    *out = H46017_TIME_NEVER;
    return 0;
  }
  latest = (uint64_t)r->ttl * 10 * ep->settings.refresh_percent;
  rv = endpoint_random(
      ep, (uint32_t)H46017_MIN(latest / 5, (uint64_t)UINT32_MAX - 1) + 1,
      &jitter);
  if (rv == 0) {
    *out = h46017_time_add(ep->now, latest - jitter);
  }
  return rv;
}

/* Names that were not asked for when the last RRQ went out. The registration is
 * there meanwhile, and stays what it is if they are refused. */
static int registration_ask_names(h46017_endpoint *ep, endpoint_registration *r,
                                  registration_event event) {
  int rv;

  if (endpoint_names_unasked(r) == 0) {
    return 0;
  }
  rv = registration_goto(ep, r, H46017_REGISTRATION_REFRESHING, event,
                         registration_request_deadline(ep));
  if (rv != 0 || r->state != H46017_REGISTRATION_REFRESHING) {
    return rv;
  }
  return endpoint_send_rrq(
      ep, r, r->additive ? ENDPOINT_RRQ_ADDITIVE : ENDPOINT_RRQ_FULL);
}

/* The pending RRQ is one of those. */
static bool registration_is_adding(const endpoint_registration *r) {
  return r->state == H46017_REGISTRATION_REFRESHING &&
         r->rrq != ENDPOINT_RRQ_KEEP_ALIVE;
}

/* The answer is dealt with, and the program was told: what has waited for it?
 */
static int registration_settled(h46017_endpoint *ep, endpoint_registration *r) {
  if (r->state != H46017_REGISTRATION_REGISTERED) {
    return 0;
  }
  return r->leaving ? registration_remove(ep, r, H46017_ERR_UNREGISTERED)
                    : registration_ask_names(ep, r, REG_EV_NAMES);
}

static int registration_confirmed(h46017_endpoint *ep, endpoint_registration *r,
                                  const h46017_ras *ras) {
  bool full = r->rrq == ENDPOINT_RRQ_FULL;
  int (*tell)(h46017_endpoint *, uint32_t, const h46017_ras *, void *) =
      full ? ep->callbacks.registered : ep->callbacks.refreshed;
  h46017_time refresh;
  int rv = registration_keep_granted(ep, r, &ras->u.rcf);

  if (rv != 0) {
    return rv;
  }
  /* Without one there is no end to it; but a refresh that says nothing changes
   * nothing. */
  if (full || ras->u.rcf.time_to_live != 0) {
    r->ttl = ras->u.rcf.time_to_live;
  }
  if (r->state == H46017_REGISTRATION_REFRESHING) {
    /* it held: a refusal is the first again */
    r->refusals = 0;
  }
  r->restart = false;
  r->told = true;
  (void)endpoint_alternates_learn(ep, ras);
  ep->attempts = 0;
  if (!ep->confirmed) {
    ep->confirmed = true;
    endpoint_failback_arm(ep);
  }
  rv = registration_refresh_time(ep, r, &refresh);
  if (rv == 0) {
    rv = registration_goto(ep, r, H46017_REGISTRATION_REGISTERED, REG_EV_RCF,
                           refresh);
  }
  if (rv != 0) {
    return rv;
  }
  if (full) {
    h46017_log_line(
        &ep->log, H46017_LOG_INFO,
        "registration %u confirmed, endpoint \"%s\", ttl %u s", (unsigned)r->id,
        r->endpoint_identifier != NULL ? r->endpoint_identifier : "",
        (unsigned)r->ttl);
  }
  if (tell != NULL) {
    rv = endpoint_callback(ep, tell(ep, r->id, ras, ep->user_data));
  }
  return rv != 0 ? rv : registration_settled(ep, r);
}

/* What to do about each reason of H.225.0 RegistrationRejectReason. Nothing is
 * given up for good: what is wrong may be put right at the gatekeeper, and a
 * device must not need a visit then. */
typedef enum rrj_reaction {
  RRJ_AGAIN, /* to a refresh: the full RRQ at once */
  RRJ_NAMES, /* at once without the names it lists, else wait long */
  RRJ_HOLD,  /* wait, the longer the more often */
  RRJ_LONG,  /* somebody has to change something: wait long */
  RRJ_NEXT   /* another gatekeeper may do better */
} rrj_reaction;

static const rrj_reaction rrj_reactions[] = {
    [H46017_RRJ_DISCOVERY_REQUIRED] = RRJ_AGAIN,
    [H46017_RRJ_INVALID_REVISION] = RRJ_LONG,
    [H46017_RRJ_INVALID_CALL_SIGNAL_ADDRESS] = RRJ_LONG,
    [H46017_RRJ_INVALID_RAS_ADDRESS] = RRJ_LONG,
    [H46017_RRJ_DUPLICATE_ALIAS] = RRJ_HOLD,
    [H46017_RRJ_INVALID_TERMINAL_TYPE] = RRJ_LONG,
    [H46017_RRJ_UNDEFINED_REASON] = RRJ_HOLD,
    [H46017_RRJ_TRANSPORT_NOT_SUPPORTED] = RRJ_LONG,
    [H46017_RRJ_TRANSPORT_QOS_NOT_SUPPORTED] = RRJ_LONG,
    [H46017_RRJ_RESOURCE_UNAVAILABLE] = RRJ_NEXT,
    [H46017_RRJ_INVALID_ALIAS] = RRJ_LONG,
    [H46017_RRJ_SECURITY_DENIAL] = RRJ_LONG,
    [H46017_RRJ_FULL_REGISTRATION_REQUIRED] = RRJ_AGAIN,
    [H46017_RRJ_ADDITIVE_REGISTRATION_NOT_SUPPORTED] = RRJ_LONG,
    [H46017_RRJ_INVALID_TERMINAL_ALIASES] = RRJ_NAMES,
    [H46017_RRJ_GENERIC_DATA_REASON] = RRJ_HOLD,
    [H46017_RRJ_NEEDED_FEATURE_NOT_SUPPORTED] = RRJ_LONG,
    [H46017_RRJ_SECURITY_ERROR] = RRJ_LONG,
    [H46017_RRJ_REGISTER_WITH_ASSIGNED_GK] = RRJ_NEXT,
};

static rrj_reaction registration_reaction(h46017_rrj_reason reason) {
  size_t i = (size_t)reason;

  return reason >= 0 && i < sizeof(rrj_reactions) / sizeof(rrj_reactions[0])
             ? rrj_reactions[i]
             : RRJ_HOLD;
}

/* With nobody registered here, and others in the list, the connection is not
 * worth keeping. */
static void registration_try_next(h46017_endpoint *ep) {
  for (const endpoint_registration *r = ep->registrations; r != NULL;
       r = r->next) {
    if (registration_is_there(r)) {
      return;
    }
  }
  if (endpoint_gatekeepers(ep) > 1) {
    ep->confirmed = false;
    endpoint_fail(ep, H46017_ERR_REJECTED);
  }
}

static int registration_tell_rejected(h46017_endpoint *ep,
                                      endpoint_registration *r,
                                      const h46017_ras *rrj) {
  if (ep->callbacks.rejected == NULL) {
    return 0;
  }
  return endpoint_callback(ep, ep->callbacks.rejected(ep, r->id, rrj,
                                                      H46017_ERR_REJECTED,
                                                      ep->user_data));
}

/* The names that were to be added are not; what was registered still is. One
 * that takes no additive RRQ after all is asked by a full one. */
static int registration_not_added(h46017_endpoint *ep, endpoint_registration *r,
                                  const h46017_ras *ras) {
  h46017_time refresh;
  int rv;

  if (r->rrq == ENDPOINT_RRQ_ADDITIVE &&
      ras->u.rrj.reason == H46017_RRJ_ADDITIVE_REGISTRATION_NOT_SUPPORTED) {
    r->additive = false;
    r->asked = r->confirmed;
    return registration_ask_names(ep, r, REG_EV_RRJ);
  }
  endpoint_names_refuse_asked(r);
  rv = registration_refresh_time(ep, r, &refresh);
  if (rv == 0) {
    rv = registration_goto(ep, r, H46017_REGISTRATION_REGISTERED, REG_EV_RRJ,
                           refresh);
  }
  if (rv == 0) {
    rv = registration_tell_rejected(ep, r, ras);
  }
  return rv != 0 ? rv : registration_settled(ep, r);
}

/* True: an RRJ that a full RRQ answers best, at once. One that says so to a
 * full RRQ too is waited for like any other. */
static bool registration_full_is_better(h46017_endpoint *ep,
                                        endpoint_registration *r,
                                        h46017_rrj_reason reason) {
  if (r->leaving) {
    return false;
  }
  if (registration_reaction(reason) == RRJ_NAMES &&
      !registration_is_adding(r)) {
    return endpoint_names_refused(ep, r);
  }
  return r->state == H46017_REGISTRATION_REFRESHING &&
         registration_reaction(reason) == RRJ_AGAIN;
}

static int registration_rejected(h46017_endpoint *ep, endpoint_registration *r,
                                 const h46017_ras *ras) {
  h46017_rrj_reason reason = ras->u.rrj.reason;
  rrj_reaction reaction = registration_reaction(reason);
  bool hinted = endpoint_alternates_learn(ep, ras);
  int rv;

  h46017_log_code(&ep->log, H46017_LOG_WARN, H46017_ERR_REJECTED,
                  "registration %u rejected: %s", (unsigned)r->id,
                  h46017_rrj_reason_name(reason));
  if (registration_full_is_better(ep, r, reason)) {
    registration_forget_identifier(ep, r);
    return registration_register(ep, r, REG_EV_RRJ);
  }
  if (registration_is_adding(r)) {
    return registration_not_added(ep, r, ras);
  }
  rv = r->leaving
           ? registration_end(ep, r, REG_EV_RRJ, H46017_ERR_REJECTED)
           : registration_hold(ep, r, REG_EV_RRJ,
                               reaction == RRJ_LONG || reaction == RRJ_NAMES);
  if (rv == 0) {
    rv = registration_tell_end(ep, r, H46017_ERR_REJECTED);
  }
  if (rv == 0) {
    rv = registration_tell_rejected(ep, r, ras);
  }
  if (rv == 0 && reaction == RRJ_NEXT) {
    ep->redirected = hinted;
    registration_try_next(ep);
  }
  return rv;
}

/* What to do when the gatekeeper unregisters it, by UnregRequestReason. Another
 * reason, or none: wait like after a refusal. */
static rrj_reaction registration_urq_reaction(const endpoint_registration *r,
                                              h46017_urq_reason reason) {
  switch (reason) {
  case H46017_URQ_REREGISTRATION_REQUIRED:
  case H46017_URQ_TTL_EXPIRED:
    /* but not for ever as fast as it goes */
    return r->refusals == 0 ? RRJ_AGAIN : RRJ_HOLD;
  case H46017_URQ_SECURITY_DENIAL:
  case H46017_URQ_SECURITY_ERROR:
    return RRJ_LONG;
  case H46017_URQ_MAINTENANCE:
  case H46017_URQ_REGISTER_WITH_ASSIGNED_GK:
    return RRJ_NEXT;
  case H46017_URQ_UNDEFINED_REASON:
  case H46017_URQ_REASON_ABSENT:
  case H46017_URQ_REASON_UNKNOWN:
    break;
  }
  return RRJ_HOLD;
}

/* The gatekeeper ends it, or takes names away. The UCF went out before. */
static int registration_urq(h46017_endpoint *ep, endpoint_registration *r,
                            const h46017_ras *ras) {
  const h46017_urq *urq = &ras->u.urq;
  rrj_reaction reaction = registration_urq_reaction(r, urq->reason);
  h46017_aliases left;
  int rv;

  if (r->state == H46017_REGISTRATION_UNREGISTERING) {
    return registration_end(ep, r, REG_EV_URQ, H46017_ERR_UNREGISTERED);
  }
  /* H.323 7.2.2: with endpointAlias only these names go. */
  if (urq->endpoint_alias.count > 0) {
    rv = endpoint_names_reduce(ep, r, &urq->endpoint_alias);
    if (rv != 0 ||
        (h46017_endpoint_granted(ep, r->id, &left) == 0 && left.count > 0)) {
      return rv;
    }
  }
  r->pending = 0;
  ep->redirected = endpoint_alternates_learn(ep, ras) && reaction == RRJ_NEXT;
  if (reaction == RRJ_AGAIN) {
    r->refusals++;
    registration_forget_identifier(ep, r);
    rv = registration_register(ep, r, REG_EV_URQ);
  } else {
    rv = registration_hold(ep, r, REG_EV_URQ, reaction == RRJ_LONG);
  }
  if (rv == 0) {
    rv = registration_tell_end(ep, r, H46017_ERR_REJECTED);
  }
  if (rv == 0 && reaction == RRJ_NEXT) {
    registration_try_next(ep);
  }
  return rv;
}

/* -- the rest -------------------------------------------------------------- */

static int registration_timer(h46017_endpoint *ep, endpoint_registration *r) {
  int rv;

  r->timer = H46017_TIME_NEVER;
  switch ((h46017_registration_state)r->state) {
  case H46017_REGISTRATION_REGISTERED:
    rv = registration_goto(ep, r, H46017_REGISTRATION_REFRESHING, REG_EV_TIMER,
                           registration_request_deadline(ep));
    return rv != 0 || r->state != H46017_REGISTRATION_REFRESHING
               ? rv
               : endpoint_send_rrq(ep, r, ENDPOINT_RRQ_KEEP_ALIVE);
  case H46017_REGISTRATION_REGISTERING:
  case H46017_REGISTRATION_REFRESHING:
    /* Nothing is lost on a reliable transport: it is broken, or there is no
     * H.460.17 at the other end. */
    endpoint_fail(ep, H46017_ERR_TIMEOUT);
    return 0;
  case H46017_REGISTRATION_UNREGISTERING:
    return registration_end(ep, r, REG_EV_TIMER, H46017_ERR_UNREGISTERED);
  case H46017_REGISTRATION_HELD:
    return registration_register(ep, r, REG_EV_TIMER);
  case H46017_REGISTRATION_UNREGISTERED:
    break;
  }
  return H46017_ERR_INTERNAL;
}

static int registration_rip(h46017_endpoint *ep, endpoint_registration *r,
                            const h46017_ras *ras) {
  if (r->extensions >= MAX_EXTENSIONS) {
    return 0;
  }
  r->extensions++;
  r->timer = h46017_time_add(ep->now, H46017_MAX((uint32_t)ras->u.rip.delay,
                                                 ep->settings.request_timeout));
  return 0;
}

int endpoint_event_registration(h46017_endpoint *ep, endpoint_registration *r,
                                registration_event event, const h46017_ras *ras,
                                int why) {
  switch (h46017_fsm_check(&h46017_endpoint_registration_fsm, r->state,
                           (int)event)) {
  case H46017_FSM_IGNORE:
    return 0;
  case H46017_FSM_REFUSE:
    return H46017_ERR_INTERNAL;
  case H46017_FSM_HANDLE:
    break;
  }
  switch (event) {
  case REG_EV_UP:
    return registration_register(ep, r, event);
  case REG_EV_DOWN:
    /* GnuGk closes instead of sending UCF: what was asked for has happened. */
    return registration_end(ep, r, event,
                            r->state == H46017_REGISTRATION_UNREGISTERING
                                ? H46017_ERR_UNREGISTERED
                                : why);
  case REG_EV_RCF:
    return registration_confirmed(ep, r, ras);
  case REG_EV_RRJ:
    return registration_rejected(ep, r, ras);
  case REG_EV_RIP:
    return registration_rip(ep, r, ras);
  case REG_EV_URQ:
    return registration_urq(ep, r, ras);
  case REG_EV_UCF:
    return registration_end(ep, r, event, H46017_ERR_UNREGISTERED);
  case REG_EV_TIMER:
    return registration_timer(ep, r);
  case REG_EV_NAMES:
    return registration_ask_names(ep, r, event);
  case REG_EV_REMOVE:
    return registration_remove(ep, r, why);
  case REG_EV_COUNT:
    break;
  }
  return H46017_ERR_INTERNAL;
}
