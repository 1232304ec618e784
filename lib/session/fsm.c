/* SPDX-License-Identifier: BSD-2-Clause */
#include "session/fsm.h"

#include <h46017/error.h>

#include <assert.h>

h46017_fsm_verdict h46017_fsm_check(const h46017_fsm *fsm, int state,
                                    int event) {
  const h46017_fsm_state *s = &fsm->states[state];

  if ((s->handles & H46017_FSM_BIT(event)) != 0) {
    return H46017_FSM_HANDLE;
  }
  return (s->ignores & H46017_FSM_BIT(event)) != 0 ? H46017_FSM_IGNORE
                                                   : H46017_FSM_REFUSE;
}

int h46017_fsm_goto(const h46017_fsm *fsm, int *pstate, int to, int event,
                    h46017_trace trace, void *trace_data,
                    const h46017_trace_event *ev) {
  const h46017_fsm_state *from = &fsm->states[*pstate];
  h46017_trace_event told;

  if ((from->next & H46017_FSM_BIT(to)) == 0) {
    assert(to == -1); /* the table does not allow it */
    return H46017_ERR_INTERNAL;
  }
  *pstate = to;
  if (trace != NULL) {
    told = *ev;
    told.kind = H46017_TRACE_STATE_CHANGED;
    told.object = fsm->name;
    told.from = from->name;
    told.to = fsm->states[to].name;
    told.event = fsm->events[event];
    told.timer = fsm->states[to].timer;
    trace(&told, trace_data);
  }
  return 0;
}
