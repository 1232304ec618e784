/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef H46017_SESSION_FSM_H
#define H46017_SESSION_FSM_H

/* State machines as constant tables. A table says which events a state
 * handles, which it knowingly lets pass, which states may follow, and what
 * makes it move on: a timer, or what it waits for. The state variable of an
 * object is written by h46017_fsm_goto() only. */

#include <h46017/trace.h>

#define H46017_FSM_BIT(n) ((uint32_t)1 << (n))

typedef struct h46017_fsm_state {
  const char *name;
  uint32_t handles;      /* events: bits */
  uint32_t ignores;      /* events that mean nothing here: bits */
  uint32_t next;         /* states that may follow: bits */
  const char *timer;     /* the timer that runs; NULL: none */
  const char *waits_for; /* what ends it where no timer does */
} h46017_fsm_state;

typedef struct h46017_fsm {
  const char *name;
  const h46017_fsm_state *states;
  int state_count;
  const char *const *events;
  int event_count;
} h46017_fsm;

typedef enum h46017_fsm_verdict {
  H46017_FSM_HANDLE = 0,
  H46017_FSM_IGNORE = 1,
  H46017_FSM_REFUSE = 2 /* the event must not come in this state */
} h46017_fsm_verdict;

h46017_fsm_verdict h46017_fsm_check(const h46017_fsm *fsm, int state,
                                    int event);

/* Moves `*pstate`, and traces it. INTERNAL: the table does not allow it, and
 * nothing changed. `ev` brings subject and time, the rest is filled here. */
int h46017_fsm_goto(const h46017_fsm *fsm, int *pstate, int to, int event,
                    h46017_trace trace, void *trace_data,
                    const h46017_trace_event *ev);

/* The tables, for the tests and for the diagrams. */
extern const h46017_fsm h46017_call_fsm;
extern const h46017_fsm h46017_endpoint_connection_fsm;
extern const h46017_fsm h46017_endpoint_registration_fsm;
extern const h46017_fsm h46017_gatekeeper_connection_fsm;
extern const h46017_fsm h46017_gatekeeper_registration_fsm;

#endif /* H46017_SESSION_FSM_H */
