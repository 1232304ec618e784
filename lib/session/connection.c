/* SPDX-License-Identifier: BSD-2-Clause */
#include "session/gatekeeper.h"

#include "base/fetch.h"
#include "base/intmath.h"
#include "base/mem.h"
#include "identity/identity.h"
#include "session/fsm.h"

#include <inttypes.h>
#include <stdio.h>

/* ms a closing connection may take to flush. */
#define CLOSE_TIMEOUT 5000

#define EV(e) H46017_FSM_BIT(GK_CONN_EV_##e)
#define ST(s) H46017_FSM_BIT(GK_CONN_##s)

static const char *const connection_events[GK_CONN_EV_COUNT] = {
    [GK_CONN_EV_CLOSE] = "CLOSE",
    [GK_CONN_EV_ERROR] = "ERROR",
    [GK_CONN_EV_TIMER] = "TIMER",
    [GK_CONN_EV_DOWN] = "DOWN",
};

static const h46017_fsm_state connection_states[] = {
    [GK_CONN_UP] = {.name = "UP",
                    .handles = EV(CLOSE) | EV(ERROR) | EV(TIMER) | EV(DOWN),
                    .next = ST(CLOSING) | ST(CLOSED),
                    .timer = "register"},
    [GK_CONN_CLOSING] = {.name = "CLOSING",
                         .handles = EV(TIMER) | EV(DOWN),
                         .ignores = EV(CLOSE) | EV(ERROR),
                         .next = ST(CLOSED),
                         .timer = "close"},
    [GK_CONN_CLOSED] = {.name = "CLOSED",
                        .ignores = EV(CLOSE) | EV(ERROR) | EV(TIMER) | EV(DOWN),
                        .waits_for = "its deletion"},
};

const h46017_fsm h46017_gatekeeper_connection_fsm = {
    .name = "connection",
    .states = connection_states,
    .state_count = sizeof(connection_states) / sizeof(connection_states[0]),
    .events = connection_events,
    .event_count = GK_CONN_EV_COUNT,
};

void gk_connection_ready(h46017_connection *c) {
  h46017_gatekeeper *gk = c->gk;

  if (c->ready) {
    return;
  }
  c->ready = true;
  c->ready_prev = gk->ready_last;
  c->ready_next = NULL;
  if (gk->ready_last != NULL) {
    gk->ready_last->ready_next = c;
  } else {
    gk->ready_first = c;
  }
  gk->ready_last = c;
}

static void connection_unready(h46017_connection *c) {
  h46017_gatekeeper *gk = c->gk;

  if (!c->ready) {
    return;
  }
  c->ready = false;
  if (c->ready_prev != NULL) {
    c->ready_prev->ready_next = c->ready_next;
  } else {
    gk->ready_first = c->ready_next;
  }
  if (c->ready_next != NULL) {
    c->ready_next->ready_prev = c->ready_prev;
  } else {
    gk->ready_last = c->ready_prev;
  }
}

bool h46017_gatekeeper_next_ready(h46017_gatekeeper *gk,
                                  h46017_connection **pconn) {
  h46017_connection *c = gk->depth > 0 ? NULL : gk->ready_first;

  if (c == NULL) {
    return false;
  }
  connection_unready(c);
  *pconn = c;
  return true;
}

static void connection_goto(h46017_connection *c, gk_connection_state to,
                            gk_connection_event event) {
  h46017_gatekeeper *gk = c->gk;
  h46017_trace_event ev = {.now = gk->now, .subject = c, .code = c->error};

  (void)h46017_fsm_goto(&h46017_gatekeeper_connection_fsm, &c->state, (int)to,
                        (int)event, gk->trace, gk, &ev);
  c->state_timer = to == GK_CONN_CLOSING
                       ? h46017_time_add(gk->now, CLOSE_TIMEOUT)
                       : H46017_TIME_NEVER;
  gk_connection_ready(c);
}

/* -- the tunnel ------------------------------------------------------------ */

static int connection_signalling_received(h46017_tunnel *t,
                                          const h46017_q931 *msg,
                                          const uint8_t *q931, size_t len,
                                          void *user_data) {
  h46017_connection *c = user_data;
  const h46017_gatekeeper_callbacks *cb = &c->gk->callbacks;

  (void)t;
  if (c->state == GK_CONN_UP && gk_routes(c->gk)) {
    gk_call_signalling(c, msg);
  } else if (c->state == GK_CONN_UP) {
    (void)gk_connection_go_on(
        c, cb->signalling_received(c->gk, c, msg, q931, len, c->gk->user_data));
  }
  return 0;
}

static void connection_log(h46017_log_level level, const char *line, size_t len,
                           void *user_data) {
  const h46017_connection *c = user_data;

  gk_log_write(level, line, len, c->gk);
}

static void connection_trace(const h46017_trace_event *event, void *user_data) {
  const h46017_connection *c = user_data;
  h46017_trace_event told = *event;

  told.subject = c;
  gk_trace(&told, c->gk);
}

static int connection_open_tunnel(h46017_connection *c) {
  const h46017_gatekeeper *gk = c->gk;
  h46017_tunnel_settings s;
  h46017_tunnel_callbacks cb;

  h46017_tunnel_settings_default(&s);
  s.lenient = gk->settings.lenient;
  s.max_pdu = (uint32_t)gk->settings.max_pdu;
  s.max_tx = (uint32_t)gk->settings.max_tx;
  s.log_level = gk->settings.log_level;
  h46017_tunnel_callbacks_default(&cb);
  cb.ras_received = gk_ras_received;
  cb.signalling_received = connection_signalling_received;
  cb.log_write = gk->log.write != NULL ? connection_log : NULL;
  cb.trace = gk->trace != NULL ? connection_trace : NULL;
  return h46017_tunnel_init(&c->tunnel, &s, &cb, &gk->mem, c, gk->now);
}

/* -- life ------------------------------------------------------------------ */

static void connection_release(h46017_connection *c) {
  h46017_mem mem = c->gk->mem;

  h46017_calls_del(c->calls);
  h46017_tunnel_free(&c->tunnel);
  h46017_mem_release(&mem, c->peer);
  h46017_mem_release(&mem, c);
}

static int connection_make(h46017_connection **pc, h46017_gatekeeper *gk,
                           const h46017_identity *peer) {
  h46017_connection *c = h46017_mem_zalloc(&gk->mem, 1, sizeof(*c));
  int rv;

  if (c == NULL) {
    return H46017_ERR_NOMEM;
  }
  c->gk = gk;
  c->state = GK_CONN_UP;
  (void)snprintf(c->origin, sizeof(c->origin), "#%" PRIu64,
                 ++gk->last_connection);
  c->state_timer = H46017_TIME_NEVER;
  c->answer.per = c->answer_room;
  c->answer.cap = sizeof(c->answer_room);
  rv = h46017_identity_dup(&gk->mem, &c->peer, peer);
  if (rv == 0) {
    rv = connection_open_tunnel(c);
  }
  if (rv == 0) {
    rv = h46017_heap_join(&gk->timers, &c->timer, GK_TIMER_CONNECTION);
  }
  if (rv != 0) {
    connection_release(c);
    return rv;
  }
  *pc = c;
  return 0;
}

int h46017_connection_new(h46017_connection **pc, h46017_gatekeeper *gk,
                          const h46017_identity *peer, void *user_data,
                          h46017_time now) {
  h46017_connection *c = NULL;
  int rv = gk_enter(gk, now);

  if (rv != 0) {
    return rv;
  }
  if (gk->closing) {
    rv = H46017_ERR_INVALID_STATE;
  } else if (gk->connection_count >= gk->settings.max_connections) {
    rv = H46017_ERR_LIMIT;
  } else {
    rv = connection_make(&c, gk, peer);
  }
  if (rv != 0) {
    return gk_leave(gk, rv);
  }
  c->user_data = user_data;
  c->next = gk->connections;
  if (c->next != NULL) {
    c->next->prev = c;
  }
  gk->connections = c;
  gk->connection_count++;
  gk_connection_rearm(c);
  *pc = c;
  return gk_leave(gk, 0);
}

/* Its registrations end, or wait for another connection; its questions are
 * void; who wanted to know whether it lives, knows. */
static void connection_drop_all(h46017_connection *c, bool lost, int why,
                                h46017_urq_reason reason) {
  gk_calls_drop(c, NULL, why);
  while (c->registrations != NULL) {
    if (lost) {
      gk_registration_lose(c->registrations, why);
    } else {
      gk_registration_end(c->registrations, GK_REG_EV_END, why, reason);
    }
  }
  gk_drop_questions(c);
  gk_probes_over(c, false);
}

/* -- its end --------------------------------------------------------------- */

static h46017_urq_reason connection_urq_reason(int why) {
  if (why == H46017_ERR_SHUTDOWN) {
    return H46017_URQ_MAINTENANCE;
  }
  return h46017_error_class(why) == H46017_ERROR_TRUST
             ? H46017_URQ_SECURITY_DENIAL
             : H46017_URQ_UNDEFINED_REASON;
}

static void connection_finish(h46017_connection *c, gk_connection_event event,
                              int why, h46017_urq_reason reason) {
  bool lost = event == GK_CONN_EV_DOWN && c->down && c->state == GK_CONN_UP &&
              !c->gk->closing;

  if (h46017_fsm_check(&h46017_gatekeeper_connection_fsm, c->state,
                       (int)event) != H46017_FSM_HANDLE) {
    return;
  }
  if (c->error == 0) {
    c->error = why;
  }
  /* First the state, so that nothing that follows begins it again. */
  connection_goto(c,
                  event == GK_CONN_EV_DOWN || c->state == GK_CONN_CLOSING
                      ? GK_CONN_CLOSED
                      : GK_CONN_CLOSING,
                  event);
  connection_drop_all(c, lost, why, reason);
  gk_connection_rearm(c);
}

void gk_connection_fail(h46017_connection *c, int code) {
  if (c->state == GK_CONN_UP) {
    h46017_log_code(&c->gk->log, H46017_LOG_WARN, code, "connection ends: %s",
                    h46017_strerror(code));
  }
  connection_finish(c, GK_CONN_EV_ERROR, code, H46017_URQ_REASON_ABSENT);
}

void gk_connection_end(h46017_connection *c, int why) {
  connection_finish(c, GK_CONN_EV_CLOSE, why, connection_urq_reason(why));
}

bool gk_connection_go_on(h46017_connection *c, int callback_rv) {
  if (callback_rv != 0) {
    gk_connection_fail(c, H46017_ERR_CALLBACK_FAILURE);
  }
  return c->state == GK_CONN_UP;
}

int h46017_connection_close(h46017_connection *c, int why, h46017_time now) {
  int rv = gk_enter_nested(c->gk, now);

  if (rv != 0) {
    return rv;
  }
  gk_connection_end(c, why != 0 ? why : H46017_ERR_CLOSED);
  return gk_leave(c->gk, 0);
}

int h46017_connection_transport_down(h46017_connection *c, int why,
                                     h46017_time now) {
  h46017_gatekeeper *gk = c->gk;
  int rv = gk_enter(gk, now);

  if (rv != 0) {
    return rv;
  }
  c->down = true;
  connection_finish(c, GK_CONN_EV_DOWN, why != 0 ? why : H46017_ERR_CLOSED,
                    H46017_URQ_REASON_ABSENT);
  return gk_leave(gk, 0);
}

/* -- deleting ---------------------------------------------------------------
 */

void gk_connection_free(h46017_connection *c) {
  h46017_gatekeeper *gk = c->gk;

  /* First its state: what callbacks begin now comes too late. */
  connection_finish(c, GK_CONN_EV_DOWN, H46017_ERR_CLOSED,
                    H46017_URQ_REASON_ABSENT);
  connection_drop_all(c, false, c->error, H46017_URQ_REASON_ABSENT);
  gk_drop_answers(c);
  connection_unready(c);
  if (c->prev != NULL) {
    c->prev->next = c->next;
  } else {
    gk->connections = c->next;
  }
  if (c->next != NULL) {
    c->next->prev = c->prev;
  }
  gk->connection_count--;
  h46017_heap_leave(&gk->timers, &c->timer);
  connection_release(c);
}

void h46017_connection_del(h46017_connection *c) {
  h46017_gatekeeper *gk;

  if (c == NULL || c->doomed) {
    return;
  }
  gk = c->gk;
  c->doomed = true;
  if (gk->depth > 0) {
    c->doomed_next = gk->doomed_connections;
    gk->doomed_connections = c;
    if (gk->observing == 0) {
      gk_connection_fail(c, H46017_ERR_CLOSED);
    }
    return;
  }
  gk->depth++; /* the end of its registrations is told in callbacks */
  gk_connection_free(c);
  (void)gk_leave(gk, 0);
}

/* -- time ------------------------------------------------------------------ */

void gk_connection_rearm(h46017_connection *c) {
  h46017_gatekeeper *gk = c->gk;
  h46017_time expiry;

  if (c->state == GK_CONN_UP) {
    if (c->registrations != NULL) {
      c->state_timer = H46017_TIME_NEVER;
    } else if (c->state_timer == H46017_TIME_NEVER &&
               gk->settings.register_timeout > 0) {
      c->state_timer = h46017_time_add(gk->now, gk->settings.register_timeout);
    }
  }
  expiry = c->state_timer;
  if (c->state == GK_CONN_UP) {
    /* A question holds the end up, but does not begin the time again: asking
     * for ever gains nothing. */
    expiry = H46017_MIN(c->questions != NULL ? H46017_TIME_NEVER : expiry,
                        h46017_tunnel_next_expiry(&c->tunnel));
    if (c->calls != NULL) {
      expiry = H46017_MIN(expiry, h46017_calls_next_expiry(c->calls));
    }
  }
  h46017_heap_set(&gk->timers, &c->timer, expiry);
}

void gk_connection_timer(h46017_connection *c) {
  h46017_gatekeeper *gk = c->gk;
  int rv = 0;

  if (c->state == GK_CONN_UP) {
    rv = h46017_tunnel_handle_expiry(&c->tunnel, gk->now);
    gk_calls_timer(c);
  }
  if (rv != 0) {
    gk_connection_fail(c, rv);
  } else if (c->state_timer <= gk->now &&
             (c->state != GK_CONN_UP || c->questions == NULL)) {
    c->state_timer = H46017_TIME_NEVER;
    connection_finish(c, GK_CONN_EV_TIMER, H46017_ERR_TIMEOUT,
                      H46017_URQ_REASON_ABSENT);
  }
  gk_connection_rearm(c);
}

/* -- the edge -------------------------------------------------------------- */

/* What a keep-alive needs. */
static void connection_fetch(const h46017_connection *c) {
  h46017_fetch(c, GK_CONNECTION_HOT);
  h46017_fetch(c->tunnel.room, 192);
  h46017_fetch(&c->answer, sizeof(c->answer) + 128);
  h46017_fetch(c->registrations, GK_REGISTRATION_HOT);
}

int h46017_connection_recv(h46017_connection *c, const uint8_t *data,
                           size_t datalen, h46017_time now) {
  h46017_gatekeeper *gk = c->gk;
  int rv;

  connection_fetch(c);
  rv = gk_enter(gk, now);
  if (rv != 0) {
    return rv;
  }
  if (c->state != GK_CONN_UP) {
    return gk_leave(gk, c->error != 0 ? c->error : H46017_ERR_CLOSED);
  }
  rv = h46017_tunnel_recv(&c->tunnel, data, datalen, gk->now);
  if (rv != 0 && rv != H46017_ERR_INVALID_ARGUMENT) {
    gk_connection_fail(c, rv);
  }
  if (rv == 0) {
    rv = c->error;
  }
  if (datalen > 0) {
    gk_probes_over(c, c->state == GK_CONN_UP);
  }
  gk_connection_rearm(c);
  return gk_leave(gk, rv);
}

size_t h46017_connection_peek_tx(const h46017_connection *c,
                                 const uint8_t **pdata) {
  return h46017_tunnel_peek_tx(&c->tunnel, pdata);
}

int h46017_connection_ack_tx(h46017_connection *c, size_t len,
                             h46017_time now) {
  int rv = gk_enter(c->gk, now);

  if (rv != 0) {
    return rv;
  }
  rv = h46017_tunnel_ack_tx(&c->tunnel, len, c->gk->now);
  if (rv == 0 && len > 0 && c->state == GK_CONN_CLOSING &&
      !h46017_tunnel_want_write(&c->tunnel)) {
    gk_connection_ready(c); /* it wants nothing any more */
  }
  return gk_leave(c->gk, rv);
}

bool h46017_connection_want_read(const h46017_connection *c) {
  return c->state == GK_CONN_UP && h46017_tunnel_want_read(&c->tunnel);
}

bool h46017_connection_want_write(const h46017_connection *c) {
  return c->state != GK_CONN_CLOSED && h46017_tunnel_want_write(&c->tunnel);
}

int h46017_connection_write_signalling(h46017_connection *c,
                                       const uint8_t *q931, size_t len,
                                       h46017_time now) {
  int rv = gk_enter_nested(c->gk, now);

  if (rv != 0) {
    return rv;
  }
  rv = c->state != GK_CONN_UP
           ? H46017_ERR_INVALID_STATE
           : h46017_tunnel_write_signalling(&c->tunnel, q931, len);
  if (rv == 0) {
    gk_connection_ready(c);
  }
  return gk_leave(c->gk, rv);
}

int h46017_connection_error(const h46017_connection *c) {
  return c->error;
}

void *h46017_connection_user_data(const h46017_connection *c) {
  return c->user_data;
}

const h46017_identity *h46017_connection_peer(const h46017_connection *c) {
  return c->peer;
}

h46017_gatekeeper *h46017_connection_gatekeeper(const h46017_connection *c) {
  return c->gk;
}
