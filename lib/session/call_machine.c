/* SPDX-License-Identifier: BSD-2-Clause */
#include "session/call.h"

#include "base/intmath.h"
#include "session/fsm.h"

/* One call's machine. H.225.0 takes Q.931's states and leaves out what a
 * connection of its own makes needless: Disconnect, Release, Connect
 * Acknowledge. What a state lets pass are answers that come twice or late. */

#define EV(e) H46017_FSM_BIT(CALL_EV_##e)
#define ST(s) H46017_FSM_BIT(H46017_CALL_##s)

/* The connection may go and either side may release at any time. */
#define ENDS (EV(RELEASE) | EV(SEND_RELEASE) | EV(DOWN))
#define TALK (EV(OTHER) | EV(SEND_OTHER))
#define ANSWERS (EV(PROCEEDING) | EV(PROGRESS) | EV(ALERTING) | EV(CONNECT))
#define SENDS                                                                  \
  (EV(SEND_PROCEEDING) | EV(SEND_PROGRESS) | EV(SEND_ALERTING) |               \
   EV(SEND_CONNECT))

static const char *const machine_events[CALL_EV_COUNT] = {
    [CALL_EV_SETUP] = "SETUP",
    [CALL_EV_SETUP_ACK] = "SETUP_ACK",
    [CALL_EV_PROCEEDING] = "PROCEEDING",
    [CALL_EV_PROGRESS] = "PROGRESS",
    [CALL_EV_ALERTING] = "ALERTING",
    [CALL_EV_CONNECT] = "CONNECT",
    [CALL_EV_RELEASE] = "RELEASE",
    [CALL_EV_OTHER] = "OTHER",
    [CALL_EV_SEND_SETUP] = "SEND_SETUP",
    [CALL_EV_SEND_SETUP_ACK] = "SEND_SETUP_ACK",
    [CALL_EV_SEND_PROCEEDING] = "SEND_PROCEEDING",
    [CALL_EV_SEND_PROGRESS] = "SEND_PROGRESS",
    [CALL_EV_SEND_ALERTING] = "SEND_ALERTING",
    [CALL_EV_SEND_CONNECT] = "SEND_CONNECT",
    [CALL_EV_SEND_RELEASE] = "SEND_RELEASE",
    [CALL_EV_SEND_OTHER] = "SEND_OTHER",
    [CALL_EV_TIMER] = "TIMER",
    [CALL_EV_DOWN] = "DOWN",
};

static const h46017_fsm_state machine_states[] = {
    [H46017_CALL_IDLE] = {.name = "IDLE",
                          .handles = EV(SETUP) | EV(SEND_SETUP) |
                                     EV(SEND_RELEASE) | EV(DOWN),
                          .next = ST(INITIATED) | ST(PRESENT) | ST(RELEASED),
                          .waits_for = "its Setup"},
    [H46017_CALL_INITIATED] = {.name = "INITIATED",
                               .handles = EV(SETUP_ACK) | ANSWERS | TALK |
                                          ENDS | EV(TIMER),
                               .next = ST(OVERLAP_SENDING) |
                                       ST(OUTGOING_PROCEEDING) | ST(DELIVERED) |
                                       ST(ACTIVE) | ST(RELEASED),
                               .timer = "T303"},
    [H46017_CALL_OVERLAP_SENDING] = {.name = "OVERLAP_SENDING",
                                     .handles =
                                         ANSWERS | TALK | ENDS | EV(TIMER),
                                     .ignores = EV(SETUP_ACK),
                                     .next = ST(OUTGOING_PROCEEDING) |
                                             ST(DELIVERED) | ST(ACTIVE) |
                                             ST(RELEASED),
                                     .timer = "T304"},
    [H46017_CALL_OUTGOING_PROCEEDING] = {.name = "OUTGOING_PROCEEDING",
                                         .handles =
                                             ANSWERS | TALK | ENDS | EV(TIMER),
                                         .ignores = EV(SETUP_ACK),
                                         .next = ST(DELIVERED) | ST(ACTIVE) |
                                                 ST(RELEASED),
                                         .timer = "T310"},
    [H46017_CALL_DELIVERED] = {.name = "DELIVERED",
                               .handles = ANSWERS | TALK | ENDS | EV(TIMER),
                               .ignores = EV(SETUP_ACK),
                               .next = ST(ACTIVE) | ST(RELEASED),
                               .timer = "T301"},
    [H46017_CALL_PRESENT] = {.name = "PRESENT",
                             .handles =
                                 EV(SEND_SETUP_ACK) | SENDS | TALK | ENDS,
                             .ignores = EV(SETUP),
                             .next = ST(OVERLAP_RECEIVING) |
                                     ST(INCOMING_PROCEEDING) | ST(RECEIVED) |
                                     ST(ACTIVE) | ST(RELEASED),
                             .waits_for = "the program; the caller has timers"},
    [H46017_CALL_OVERLAP_RECEIVING] = {.name = "OVERLAP_RECEIVING",
                                       .handles = SENDS | TALK | ENDS,
                                       .ignores = EV(SETUP),
                                       .next = ST(INCOMING_PROCEEDING) |
                                               ST(RECEIVED) | ST(ACTIVE) |
                                               ST(RELEASED),
                                       .waits_for = "digits, and the program"},
    [H46017_CALL_INCOMING_PROCEEDING] = {.name = "INCOMING_PROCEEDING",
                                         .handles = SENDS | TALK | ENDS,
                                         .ignores = EV(SETUP),
                                         .next = ST(RECEIVED) | ST(ACTIVE) |
                                                 ST(RELEASED),
                                         .waits_for = "the program"},
    [H46017_CALL_RECEIVED] = {.name = "RECEIVED",
                              .handles = SENDS | TALK | ENDS,
                              .ignores = EV(SETUP),
                              .next = ST(ACTIVE) | ST(RELEASED),
                              .waits_for = "the program"},
    [H46017_CALL_ACTIVE] = {.name = "ACTIVE",
                            .handles =
                                EV(PROGRESS) | EV(SEND_PROGRESS) | TALK | ENDS,
                            .ignores = EV(SETUP) | EV(SETUP_ACK) |
                                       EV(PROCEEDING) | EV(ALERTING) |
                                       EV(CONNECT),
                            .next = ST(RELEASED),
                            .waits_for = "its release"},
    /* Only references chosen here rest: the peer takes care of its own. */
    [H46017_CALL_RELEASED] = {.name = "RELEASED",
                              .handles = EV(TIMER),
                              .ignores = EV(SETUP) | EV(SETUP_ACK) | ANSWERS |
                                         EV(RELEASE) | EV(OTHER) | EV(DOWN),
                              .next = ST(IDLE),
                              .timer = "quarantine"},
};

const h46017_fsm h46017_call_fsm = {
    .name = "call",
    .states = machine_states,
    .state_count = sizeof(machine_states) / sizeof(machine_states[0]),
    .events = machine_events,
    .event_count = CALL_EV_COUNT,
};

const char *h46017_call_state_name(h46017_call_state state) {
  return (unsigned)state < (unsigned)h46017_call_fsm.state_count
             ? machine_states[state].name
             : "UNKNOWN";
}

uint8_t h46017_call_state_q931(h46017_call_state state) {
  static const uint8_t values[] = {
      [H46017_CALL_IDLE] = 0,
      [H46017_CALL_INITIATED] = 1,
      [H46017_CALL_OVERLAP_SENDING] = 2,
      [H46017_CALL_OUTGOING_PROCEEDING] = 3,
      [H46017_CALL_DELIVERED] = 4,
      [H46017_CALL_PRESENT] = 6,
      [H46017_CALL_OVERLAP_RECEIVING] = 25,
      [H46017_CALL_INCOMING_PROCEEDING] = 9,
      [H46017_CALL_RECEIVED] = 7,
      [H46017_CALL_ACTIVE] = 10,
      [H46017_CALL_RELEASED] = 0,
  };

  return (size_t)state < sizeof(values) ? values[state] : 0;
}

call_event call_event_of(uint8_t type) {
  switch (type) {
  case H46017_Q931_SETUP:
    return CALL_EV_SETUP;
  case H46017_Q931_SETUP_ACKNOWLEDGE:
    return CALL_EV_SETUP_ACK;
  case H46017_Q931_CALL_PROCEEDING:
    return CALL_EV_PROCEEDING;
  case H46017_Q931_PROGRESS:
    return CALL_EV_PROGRESS;
  case H46017_Q931_ALERTING:
    return CALL_EV_ALERTING;
  case H46017_Q931_CONNECT:
    return CALL_EV_CONNECT;
  case H46017_Q931_RELEASE_COMPLETE:
    return CALL_EV_RELEASE;
  case H46017_Q931_INFORMATION:
  case H46017_Q931_USER_INFORMATION:
  case H46017_Q931_NOTIFY:
  case H46017_Q931_FACILITY:
  case H46017_Q931_STATUS:
  case H46017_Q931_STATUS_INQUIRY:
    return CALL_EV_OTHER;
  default:
    return CALL_EV_NONE;
  }
}

/* Answers may come in any order that goes forward. */
static h46017_call_state machine_forward(h46017_call_state from,
                                         h46017_call_state to) {
  return from < to ? to : from;
}

static h46017_call_state machine_next(h46017_call_state from, call_event ev) {
  switch (ev) {
  case CALL_EV_SETUP:
    return H46017_CALL_PRESENT;
  case CALL_EV_SEND_SETUP:
    return H46017_CALL_INITIATED;
  case CALL_EV_SETUP_ACK:
    return H46017_CALL_OVERLAP_SENDING;
  case CALL_EV_PROCEEDING:
    return machine_forward(from, H46017_CALL_OUTGOING_PROCEEDING);
  case CALL_EV_ALERTING:
    return H46017_CALL_DELIVERED;
  case CALL_EV_SEND_SETUP_ACK:
    return H46017_CALL_OVERLAP_RECEIVING;
  case CALL_EV_SEND_PROCEEDING:
    return machine_forward(from, H46017_CALL_INCOMING_PROCEEDING);
  case CALL_EV_SEND_ALERTING:
    return H46017_CALL_RECEIVED;
  case CALL_EV_CONNECT:
  case CALL_EV_SEND_CONNECT:
    return H46017_CALL_ACTIVE;
  case CALL_EV_RELEASE:
  case CALL_EV_SEND_RELEASE:
  case CALL_EV_TIMER:
  case CALL_EV_DOWN:
    return H46017_CALL_RELEASED;
  case CALL_EV_PROGRESS:
  case CALL_EV_SEND_PROGRESS:
  case CALL_EV_OTHER:
  case CALL_EV_SEND_OTHER:
  case CALL_EV_COUNT:
  case CALL_EV_NONE:
    break;
  }
  return from;
}

/* What runs in a state that was just entered. */
static h46017_time machine_timer(const h46017_calls *calls,
                                 h46017_call_state state) {
  const h46017_calls_settings *s = &calls->settings;
  uint32_t delay = 0;

  switch (state) {
  case H46017_CALL_INITIATED:
    delay = s->t303;
    break;
  case H46017_CALL_OVERLAP_SENDING:
    delay = s->t304;
    break;
  case H46017_CALL_OUTGOING_PROCEEDING:
    delay = s->t310;
    break;
  case H46017_CALL_DELIVERED:
    delay = s->t301;
    break;
  case H46017_CALL_RELEASED:
    delay = s->quarantine;
    break;
  case H46017_CALL_IDLE:
  case H46017_CALL_PRESENT:
  case H46017_CALL_OVERLAP_RECEIVING:
  case H46017_CALL_INCOMING_PROCEEDING:
  case H46017_CALL_RECEIVED:
  case H46017_CALL_ACTIVE:
    return H46017_TIME_NEVER;
  }
  return h46017_time_add(calls->now, delay);
}

static void machine_set_timer(h46017_call *call, h46017_time expiry) {
  call->state_timer = expiry;
  calls_rearm(call);
}

static int machine_end(h46017_call *call, const h46017_call_ended *why) {
  h46017_calls *calls = call->calls;

  calls->count--;
  call->inquiry_timer = H46017_TIME_NEVER;
  calls_rearm(call);
  if (!call->ours || calls->settings.quarantine == 0) {
    calls_forget(call);
  }
  if (calls->callbacks.released == NULL || calls->doomed) {
    return 0;
  }
  return calls_callback(
      calls, calls->callbacks.released(calls, call, why, calls->user_data));
}

int call_move(h46017_call *call, call_event ev, const h46017_call_ended *why) {
  h46017_calls *calls = call->calls;
  h46017_call_state from = (h46017_call_state)call->state;
  h46017_call_state to = machine_next(from, ev);
  h46017_trace_event told = {
      .now = calls->now, .subject = calls, .id = call->reference};
  int rv;

  if (to == from) {
    /* Somebody is being reached, and more than a tone may follow: as long as
     * it may take to answer. */
    if (ev == CALL_EV_PROGRESS && call->state_timer != H46017_TIME_NEVER) {
      machine_set_timer(call,
                        h46017_time_add(calls->now, calls->settings.t301));
    }
    if (ev == CALL_EV_SEND_OTHER && from == H46017_CALL_OVERLAP_SENDING) {
      machine_set_timer(call, machine_timer(calls, from));
    }
    return 0;
  }
  told.code = why != NULL ? why->code : 0;
  rv = h46017_fsm_goto(&h46017_call_fsm, &call->state, (int)to, (int)ev,
                       calls->trace, calls, &told);
  if (rv != 0) {
    return rv;
  }
  machine_set_timer(call, machine_timer(calls, to));
  if (to == H46017_CALL_RELEASED) {
    return machine_end(call, why);
  }
  if (calls->callbacks.state_changed == NULL || calls->doomed) {
    return 0;
  }
  return calls_callback(calls, calls->callbacks.state_changed(
                                   calls, call, from, to, calls->user_data));
}

int call_timer(h46017_call *call) {
  h46017_calls *calls = call->calls;
  h46017_trace_event told = {
      .now = calls->now, .subject = calls, .id = call->reference};

  if (call->state == H46017_CALL_RELEASED) {
    (void)h46017_fsm_goto(&h46017_call_fsm, &call->state, H46017_CALL_IDLE,
                          CALL_EV_TIMER, calls->trace, calls, &told);
    calls_forget(call);
    return 0;
  }
  /* Q.931 table 9-1: 19 where the user was alerted, 102 where nothing came. */
  return call_end(call, call->state == H46017_CALL_DELIVERED ? 19 : 102,
                  H46017_ERR_CALL_TIMEOUT);
}
