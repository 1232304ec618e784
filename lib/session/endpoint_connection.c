/* SPDX-License-Identifier: BSD-2-Clause */
#include "session/endpoint.h"

#include "base/intmath.h"
#include "session/fsm.h"

/* ms a connection that ended may take to send what is queued. */
#define FLUSH_TIMEOUT 5000

#define EV(e) H46017_FSM_BIT(EP_EV_##e)
#define ST(s) H46017_FSM_BIT(H46017_ENDPOINT_##s)

static const char *const connection_events[EP_EV_COUNT] = {
    [EP_EV_START] = "START",
    [EP_EV_TRANSPORT_UP] = "TRANSPORT_UP",
    [EP_EV_TRANSPORT_DOWN] = "TRANSPORT_DOWN",
    [EP_EV_TIMER] = "TIMER",
    [EP_EV_CLOSE] = "CLOSE",
};

/* TRANSPORT_DOWN is ignored where no transport is: a program may tell it
 * twice. An early or late TIMER never reaches a state without one. */
static const h46017_fsm_state connection_states[] = {
    [H46017_ENDPOINT_IDLE] = {.name = "IDLE",
                              .handles = EV(START),
                              .ignores = EV(TRANSPORT_DOWN) | EV(CLOSE),
                              .next = ST(CONNECTING),
                              .waits_for = "the program's start"},
    [H46017_ENDPOINT_CONNECTING] = {.name = "CONNECTING",
                                    .handles = EV(TRANSPORT_UP) |
                                               EV(TRANSPORT_DOWN) | EV(TIMER) |
                                               EV(CLOSE),
                                    .next = ST(UP) | ST(BACKOFF) | ST(IDLE),
                                    .timer = "connect"},
    [H46017_ENDPOINT_UP] = {.name = "UP",
                            .handles = EV(TRANSPORT_DOWN) | EV(CLOSE),
                            .next = ST(CLOSING) | ST(BACKOFF),
                            .waits_for = "the transport's end; the "
                                         "registrations have timers"},
    [H46017_ENDPOINT_CLOSING] = {.name = "CLOSING",
                                 .handles = EV(TRANSPORT_DOWN) | EV(TIMER),
                                 .ignores = EV(CLOSE),
                                 .next = ST(IDLE) | ST(CONNECTING),
                                 .timer = "close"},
    [H46017_ENDPOINT_BACKOFF] = {.name = "BACKOFF",
                                 .handles = EV(START) | EV(TIMER) | EV(CLOSE),
                                 .ignores = EV(TRANSPORT_DOWN),
                                 .next = ST(CONNECTING) | ST(IDLE),
                                 .timer = "backoff"},
};

const h46017_fsm h46017_endpoint_connection_fsm = {
    .name = "connection",
    .states = connection_states,
    .state_count = sizeof(connection_states) / sizeof(connection_states[0]),
    .events = connection_events,
    .event_count = EP_EV_COUNT,
};

const char *h46017_endpoint_state_name(h46017_endpoint_state state) {
  return (unsigned)state < (unsigned)h46017_endpoint_connection_fsm.state_count
             ? connection_states[state].name
             : "UNKNOWN";
}

static int connection_goto(h46017_endpoint *ep, h46017_endpoint_state to,
                           endpoint_event event, h46017_time timer) {
  h46017_trace_event ev = {.now = ep->now, .subject = ep};
  h46017_endpoint_state from = (h46017_endpoint_state)ep->state;
  int rv = h46017_fsm_goto(&h46017_endpoint_connection_fsm, &ep->state, (int)to,
                           (int)event, ep->trace, ep, &ev);

  if (rv != 0) {
    return rv;
  }
  ep->timer = timer;
  if (ep->callbacks.state_changed == NULL) {
    return 0;
  }
  return endpoint_callback(
      ep, ep->callbacks.state_changed(ep, from, to, ep->user_data));
}

static int connection_connect(h46017_endpoint *ep, endpoint_event event) {
  int rv;

  ep->error = 0;
  ep->confirmed = ep->heard = false;
  rv = connection_goto(ep, H46017_ENDPOINT_CONNECTING, event,
                       h46017_time_add(ep->now, ep->settings.connect_timeout));

  if (rv != 0) {
    return rv;
  }
  if (ep->state != H46017_ENDPOINT_CONNECTING) {
    return 0; /* the program closed it when it heard of the state */
  }
  return endpoint_callback(
      ep, ep->callbacks.connect(ep, ep->gatekeeper, ep->user_data));
}

static bool connection_is_denial(int code) {
  return h46017_error_class(code) == H46017_ERROR_TRUST ||
         code == H46017_ERR_CERT_REFUSED_BY_PEER;
}

/* ms to wait: doubled with every round through the list, 20 % of jitter, so
 * that a fleet does not come back in one wave. */
static int connection_delay(h46017_endpoint *ep, bool denied, uint32_t *out) {
  const h46017_endpoint_settings *s = &ep->settings;
  uint64_t delay = s->backoff_first;
  size_t rounds = (ep->attempts - 1) / endpoint_gatekeepers(ep);
  uint32_t jitter;
  int rv;

  while (rounds-- > 0 && delay < s->backoff_max) {
    delay *= 2;
  }
  delay = H46017_MIN(delay, (uint64_t)s->backoff_max);
  if (denied) {
    delay = H46017_MAX(delay, (uint64_t)s->backoff_denied);
  }
  rv = endpoint_random(ep, (uint32_t)H46017_MIN(delay * 2 / 5, UINT32_MAX) + 1,
                       &jitter);
  if (rv != 0) {
    return rv;
  }
  delay = delay - delay / 5 + jitter;
  *out = (uint32_t)H46017_MIN(delay, (uint64_t)UINT32_MAX);
  return 0;
}

static int connection_each(h46017_endpoint *ep, registration_event event,
                           int why) {
  int rv = 0;

  for (endpoint_registration *r = ep->registrations; r != NULL && rv == 0;
       r = r->next) {
    rv = endpoint_event_registration(ep, r, event, NULL, why);
  }
  return rv;
}

/* Callbacks may close the endpoint: the state comes first, then what it means
 * for the registrations, and the delay is told only if it is still awaited. */
static int connection_back_off(h46017_endpoint *ep, endpoint_event event,
                               int why) {
  bool denied = ep->denied || connection_is_denial(why);
  uint32_t delay;
  int rv;

  /* An attempt that never came to a registration goes on to the next of the
   * list; a registration that was lost comes back to its gatekeeper first. A
   * hint that led to no trust was none: it keeps nobody from the others. */
  if (!ep->confirmed && denied && endpoint_alternates_forget(ep)) {
    denied = false;
  } else if (!ep->confirmed) {
    ep->gatekeeper = (ep->gatekeeper + 1) % endpoint_gatekeepers(ep);
  }
  if (ep->redirected) { /* it named others, and said that it is not the one */
    ep->redirected = false;
    ep->gatekeeper =
        ep->alternate_count > 0 ? ep->settings.gatekeeper_count : 0;
  }
  if (ep->attempts < UINT32_MAX) {
    ep->attempts++;
  }
  rv = connection_delay(ep, denied, &delay);
  if (rv != 0) {
    return rv;
  }
  h46017_log_code(&ep->log, H46017_LOG_WARN, why,
                  "connection lost or not made: %s; next attempt in %u ms",
                  h46017_strerror(why), (unsigned)delay);
  rv = connection_goto(ep, H46017_ENDPOINT_BACKOFF, event,
                       h46017_time_add(ep->now, delay));
  if (rv == 0) {
    rv = connection_each(ep, REG_EV_DOWN, why);
  }
  if (rv != 0 || ep->state != H46017_ENDPOINT_BACKOFF ||
      ep->callbacks.backing_off == NULL) {
    return rv;
  }
  return endpoint_callback(
      ep, ep->callbacks.backing_off(ep, delay, why, ep->user_data));
}

/* -- the transport --------------------------------------------------------- */

static int connection_signalling_received(h46017_tunnel *t,
                                          const h46017_q931 *msg,
                                          const uint8_t *q931, size_t len,
                                          void *user_data) {
  h46017_endpoint *ep = user_data;

  (void)t;
  if (ep->calls != NULL) {
    return endpoint_calls_receive(ep, msg);
  }
  if (ep->callbacks.signalling_received == NULL) {
    return 0;
  }
  return endpoint_callback(
      ep, ep->callbacks.signalling_received(ep, msg, q931, len, ep->user_data));
}

static void connection_trace(const h46017_trace_event *event, void *user_data) {
  h46017_endpoint *ep = user_data;
  h46017_trace_event told = *event;

  told.subject = ep;
  endpoint_trace(&told, ep);
}

static int connection_open_tunnel(h46017_endpoint *ep) {
  h46017_tunnel_settings s;
  h46017_tunnel_callbacks cb;

  h46017_tunnel_settings_default(&s);
  s.lenient = ep->settings.lenient;
  s.max_pdu = (uint32_t)ep->settings.max_pdu;
  s.max_tx = (uint32_t)ep->settings.max_tx;
  s.log_level = ep->settings.log_level;
  h46017_tunnel_callbacks_default(&cb);
  cb.ras_received = endpoint_ras_received;
  cb.signalling_received = connection_signalling_received;
  cb.log_write = ep->log.write;
  cb.trace = ep->trace != NULL ? connection_trace : NULL;
  return h46017_tunnel_new(&ep->tunnel, &s, &cb, &ep->mem, ep, ep->now);
}

static int connection_up(h46017_endpoint *ep) {
  int rv = connection_open_tunnel(ep);

  if (rv == 0) {
    rv = endpoint_calls_open(ep);
  }
  if (rv != 0) {
    return rv;
  }
  if (!ep->gatekeeper_identifier_fixed) {
    ep->gatekeeper_identifier_len = 0; /* another gatekeeper, another name */
  }
  ep->denied = false;
  if (ep->settings.keepalive > 0) {
    ep->keepalive_timer = h46017_time_add(ep->now, ep->settings.keepalive);
  }
  rv = connection_goto(ep, H46017_ENDPOINT_UP, EP_EV_TRANSPORT_UP,
                       H46017_TIME_NEVER);
  if (rv != 0 || ep->state != H46017_ENDPOINT_UP) {
    return rv; /* the program closed it when it heard of the state */
  }
  if (ep->settings.discover && ep->registrations != NULL) {
    return endpoint_discovery_begin(ep);
  }
  return endpoint_register_next(ep);
}

/* A refusal of our certificate may look like nothing but an end: TLS 1.3 has
 * the client finish its handshake before the server has seen the certificate.
 */
static int connection_why(const h46017_endpoint *ep, int why) {
  if (ep->error != 0) {
    return ep->error;
  }
  return ep->state == H46017_ENDPOINT_UP && ep->tls && !ep->heard &&
                 (why == H46017_ERR_CLOSED || why == H46017_ERR_TLS_CLOSED ||
                  why == H46017_ERR_TLS_TRUNCATED)
             ? H46017_ERR_CERT_REFUSED_BY_PEER
             : why;
}

static int connection_down(h46017_endpoint *ep, int why) {
  int rv;

  why = connection_why(ep, why);
  rv = endpoint_calls_down(ep, why);
  if (rv != 0) {
    return rv;
  }
  h46017_tunnel_del(ep->tunnel);
  ep->tunnel = NULL;
  ep->keepalive_timer = ep->failback_timer = H46017_TIME_NEVER;
  ep->flush_timer = ep->discovery_timer = H46017_TIME_NEVER;
  ep->discovery = 0;
  ep->auth_mode = 0;
  ep->discovered = ep->flushed = false;
  if (ep->state != H46017_ENDPOINT_CLOSING) {
    return connection_back_off(ep, EP_EV_TRANSPORT_DOWN, why);
  }
  ep->attempts = 0;
  if (ep->moving) {
    ep->moving = false;
    ep->gatekeeper = ep->failback_index;
    rv = connection_each(ep, REG_EV_DOWN, why);
    return rv != 0 || ep->state != H46017_ENDPOINT_CLOSING
               ? rv
               : connection_connect(ep, EP_EV_TRANSPORT_DOWN);
  }
  rv = connection_goto(ep, H46017_ENDPOINT_IDLE, EP_EV_TRANSPORT_DOWN,
                       H46017_TIME_NEVER);
  return rv != 0 ? rv : connection_each(ep, REG_EV_DOWN, why);
}

/* What is queued goes out, but a peer that does not take it holds nobody up. */
static void connection_flush(h46017_endpoint *ep, int error) {
  ep->error = error;
  ep->keepalive_timer = ep->discovery_timer = H46017_TIME_NEVER;
  ep->flush_timer = h46017_time_add(ep->now, FLUSH_TIMEOUT);
}

void endpoint_fail(h46017_endpoint *ep, int code) {
  if (ep->error != 0) {
    return;
  }
  connection_flush(ep, code);
  if (connection_is_denial(code)) {
    ep->denied = true;
  }
  h46017_log_code(&ep->log, H46017_LOG_WARN, code, "connection ends: %s",
                  h46017_strerror(code));
}

void endpoint_check_drained(h46017_endpoint *ep) {
  if (ep->state != H46017_ENDPOINT_CLOSING || ep->error != 0) {
    return;
  }
  for (const endpoint_registration *r = ep->registrations; r != NULL;
       r = r->next) {
    if (r->state == H46017_REGISTRATION_UNREGISTERING ||
        r->state == H46017_REGISTRATION_REGISTERING) {
      return;
    }
  }
  connection_flush(ep, H46017_ERR_CLOSED);
  ep->timer = H46017_TIME_NEVER;
}

static int connection_close(h46017_endpoint *ep) {
  int rv;

  ep->failback_timer = ep->discovery_timer = H46017_TIME_NEVER;
  ep->discovery = 0;
  if (ep->state != H46017_ENDPOINT_UP) {
    return connection_goto(ep, H46017_ENDPOINT_IDLE, EP_EV_CLOSE,
                           H46017_TIME_NEVER);
  }
  rv = connection_goto(ep, H46017_ENDPOINT_CLOSING, EP_EV_CLOSE,
                       h46017_time_add(ep->now, ep->settings.request_timeout));
  if (rv == 0) {
    rv = connection_each(ep, REG_EV_REMOVE, H46017_ERR_UNREGISTERED);
  }
  endpoint_check_drained(ep);
  return rv;
}

static int connection_timer(h46017_endpoint *ep) {
  ep->timer = H46017_TIME_NEVER;
  switch ((h46017_endpoint_state)ep->state) {
  case H46017_ENDPOINT_CONNECTING:
    return connection_back_off(ep, EP_EV_TIMER, H46017_ERR_TIMEOUT);
  case H46017_ENDPOINT_BACKOFF:
    return connection_connect(ep, EP_EV_TIMER);
  case H46017_ENDPOINT_CLOSING:
    endpoint_fail(ep, H46017_ERR_TIMEOUT);
    return 0;
  case H46017_ENDPOINT_IDLE:
  case H46017_ENDPOINT_UP:
    break;
  }
  return H46017_ERR_INTERNAL;
}

int endpoint_event_connection(h46017_endpoint *ep, endpoint_event event,
                              int why) {
  switch (h46017_fsm_check(&h46017_endpoint_connection_fsm, ep->state,
                           (int)event)) {
  case H46017_FSM_IGNORE:
    return 0;
  case H46017_FSM_REFUSE:
    return H46017_ERR_INVALID_STATE;
  case H46017_FSM_HANDLE:
    break;
  }
  switch (event) {
  case EP_EV_START:
    return connection_connect(ep, event);
  case EP_EV_TRANSPORT_UP:
    return connection_up(ep);
  case EP_EV_TRANSPORT_DOWN:
    return connection_down(ep, why);
  case EP_EV_TIMER:
    return connection_timer(ep);
  case EP_EV_CLOSE:
    return connection_close(ep);
  case EP_EV_COUNT:
    break;
  }
  return H46017_ERR_INTERNAL;
}
