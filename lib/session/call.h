/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef H46017_SESSION_CALL_H
#define H46017_SESSION_CALL_H

/* The call table's inside, shared by the files that implement it: call_table.c
 * (life, references, time), call_machine.c (one call's machine), call.c
 * (messages in and out), call_build.c and call_read.c (what they say),
 * call_cause.c (why a call ended). */

#include <h46017/call.h>

#include "base/heap.h"
#include "base/log.h"
#include "base/map.h"

/* What a message does to a call, received and sent. OTHER changes no state. */
typedef enum call_event {
  CALL_EV_SETUP,
  CALL_EV_SETUP_ACK,
  CALL_EV_PROCEEDING,
  CALL_EV_PROGRESS,
  CALL_EV_ALERTING,
  CALL_EV_CONNECT,
  CALL_EV_RELEASE,
  CALL_EV_OTHER,
  CALL_EV_SEND_SETUP,
  CALL_EV_SEND_SETUP_ACK,
  CALL_EV_SEND_PROCEEDING,
  CALL_EV_SEND_PROGRESS,
  CALL_EV_SEND_ALERTING,
  CALL_EV_SEND_CONNECT,
  CALL_EV_SEND_RELEASE,
  CALL_EV_SEND_OTHER,
  CALL_EV_TIMER,
  CALL_EV_DOWN, /* the connection went */
  CALL_EV_COUNT,
  CALL_EV_NONE = -1
} call_event;

/* From a message received to the same one sent. */
#define CALL_EV_SENT(ev) ((call_event)((ev) + CALL_EV_SEND_SETUP))

struct h46017_call {
  h46017_calls *calls;
  h46017_call *prev;
  h46017_call *next; /* of the table; once forgotten, of calls->forgotten */
  h46017_map_entry by_reference;
  h46017_heap_node timer; /* the earlier of the two */
  h46017_time state_timer;
  h46017_time inquiry_timer; /* T322 */
  void *user_data;
  void *owner;        /* what the table's owner keeps of it */
  int state;          /* an h46017_call_state */
  uint16_t reference; /* 1..32767 */
  uint8_t key[2];     /* of the map: the reference, 8000 for ours */
  bool ours;          /* this side chose the reference */
  bool h245_refused;  /* the peer does not tunnel */
  bool forgotten;     /* goes when the outer call returns */
  uint8_t inquiries;  /* sent and not answered */
  uint8_t identifier[H46017_CALL_GUID];
  uint8_t conference[H46017_CALL_GUID];
};

/* What a message needs while it is read or made; may serve several tables that
 * are never entered one inside the other. */
typedef struct call_workspace {
  h46017_mem mem;
  h46017_h225 *in;
  h46017_h225 *out;
  uint8_t *scratch; /* grows to the largest message made */
  size_t scratch_size;
  bool building;
} call_workspace;

struct h46017_calls {
  h46017_mem mem;
  h46017_calls_settings settings;
  h46017_calls_callbacks callbacks;
  void *user_data;
  h46017_log log;
  h46017_trace trace; /* calls_trace, or NULL when nobody traces */
  h46017_time now;
  h46017_map references;
  h46017_heap timers;
  h46017_call *first;
  h46017_call *forgotten;
  size_t count;            /* not over */
  uint16_t last_reference; /* chosen here */
  call_workspace own;
  call_workspace *work; /* &own, or the owner's */
  int error;
  int depth;
  int observing;
  bool doomed;
  bool down;                     /* its connection is going: no call begins */
  void (*left)(void *user_data); /* nobody is in it any more; may be NULL */
};

/* -- call_table.c ---------------------------------------------------------- */

void h46017_call_workspace_init(call_workspace *w, const h46017_mem *mem);
void h46017_call_workspace_free(call_workspace *w);
/* Makes `in` and `out` where they are not there yet. */
int h46017_call_workspace_need(call_workspace *w);

/* As h46017_calls_new(), with a workspace of the owner's. */
int h46017_calls_make(h46017_calls **pcalls,
                      const h46017_calls_settings *settings,
                      const h46017_calls_callbacks *callbacks,
                      const h46017_mem *mem, call_workspace *work,
                      void *user_data, h46017_time now);

/* Bracket every entry that may call back; enter: REENTRANT in a callback, or
 * the sticky error; enter_nested is for what callbacks may call. */
int calls_enter(h46017_calls *calls, h46017_time now);
int calls_enter_nested(h46017_calls *calls, h46017_time now);
int calls_leave(h46017_calls *calls, int rv);

/* CALLBACK_FAILURE made sticky; 0 where all is well. */
int calls_callback(h46017_calls *calls, int rv);

/* Any record under this reference, one that rests too. */
h46017_call *calls_lookup(const h46017_calls *calls, bool ours,
                          uint16_t reference);
/* A record under a reference that has none. LIMIT, NOMEM. */
int calls_add(h46017_calls *calls, bool ours, uint16_t reference,
              h46017_call **pcall);
/* It goes when the outer call returns. */
void calls_forget(h46017_call *call);
void calls_rearm(h46017_call *call);

/* -- call_machine.c -------------------------------------------------------- */

/* NONE: the type is no event of a call. */
call_event call_event_of(uint8_t type);

/* Moves a call by an event that its state handles, sets its timers, tells the
 * program; `why` where the event ends it. */
int call_move(h46017_call *call, call_event ev, const h46017_call_ended *why);

/* The state timer is due. */
int call_timer(h46017_call *call);

/* -- call.c ---------------------------------------------------------------- */

int calls_emit(h46017_calls *calls, const uint8_t *q931, size_t len);
/* Ends it with a message of ours. */
int call_end(h46017_call *call, uint8_t cause, int code);

/* -- call_build.c ---------------------------------------------------------- */

/* Whom a message is for. */
typedef struct call_address {
  uint16_t reference;
  bool flag;
  uint8_t state;             /* for a Status, as Q.931 has it */
  const uint8_t *identifier; /* NULL: not known */
  const uint8_t *conference;
} call_address;

/* Makes a message in calls->work; `call` is shown to `building`, NULL: not. */
int call_build(h46017_calls *calls, h46017_call *call,
               const call_address *address, uint8_t type,
               const h46017_call_content *content, const uint8_t **pq931,
               size_t *plen);

/* -- call_read.c ----------------------------------------------------------- */

/* "h323-uu-pdu.h323-message-body.<what is there>.<component>" */
h46017_h225_value call_component(const h46017_h225 *uui, const char *component);
/* callIdentifier and conferenceID of a message, where it has them. */
void call_read_guids(const h46017_h225 *uui, h46017_call *call);
/* 1 or 0 as h245Tunnelling says and means; -1: nothing. */
int call_tunnelling(const h46017_h225 *uui);
/* The first octet of an element's contents after `skip`, its extension bit
 * off; 0: there is none. */
uint8_t call_ie_octet(const h46017_q931 *msg, uint8_t id, size_t skip);
/* The cause that a Release Complete gives, by its element or its reason. */
uint8_t call_read_cause(const h46017_call_message *msg,
                        h46017_release_reason *preason);

#endif /* H46017_SESSION_CALL_H */
