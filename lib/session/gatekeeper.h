/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef H46017_SESSION_GATEKEEPER_H
#define H46017_SESSION_GATEKEEPER_H

/* The gatekeeper's inside, shared by the files that implement it:
 * gatekeeper.c (life, ready list, timers, looking), connection.c (one
 * connection's edge and machine), registrar.c (registrations), questions.c
 * (the program's policy), gatekeeper_ras.c (messages in and out),
 * gatekeeper_requests.c (requests that are not about registration). */

#include <h46017/gatekeeper.h>
#include <h46017/tunnel.h>

#include "base/heap.h"
#include "base/log.h"
#include "base/map.h"

/* -- machines -------------------------------------------------------------- */

typedef enum gk_connection_state {
  GK_CONN_UP,
  GK_CONN_CLOSING, /* flushes */
  GK_CONN_CLOSED   /* wants nothing */
} gk_connection_state;

typedef enum gk_connection_event {
  GK_CONN_EV_CLOSE, /* the program wants it to end, or the library does */
  GK_CONN_EV_ERROR, /* it cannot go on */
  GK_CONN_EV_TIMER,
  GK_CONN_EV_DOWN, /* the transport went */
  GK_CONN_EV_COUNT
} gk_connection_event;

typedef enum gk_registration_state {
  GK_REG_DECIDING, /* the program has been asked */
  GK_REG_REGISTERED,
  GK_REG_EXPIRING, /* the TTL is over, the grace is not */
  GK_REG_ENDED
} gk_registration_state;

typedef enum gk_registration_event {
  GK_REG_EV_GRANTED, /* a full RRQ was let in */
  GK_REG_EV_REFUSED, /* a full RRQ was refused */
  GK_REG_EV_REFRESH, /* a lightweight RRQ came */
  GK_REG_EV_TIMER,
  GK_REG_EV_END, /* unregistered, replaced, or the connection went */
  GK_REG_EV_COUNT
} gk_registration_event;

/* -- objects --------------------------------------------------------------- */

/* Owners of heap nodes. */
enum { GK_TIMER_CONNECTION, GK_TIMER_REGISTRATION, GK_TIMER_QUESTION };

/* 130 bits of randomness, five a character. */
#define GK_IDENTIFIER_LEN 26

typedef struct gk_registration gk_registration;
struct gk_registration {
  h46017_registered pub; /* what the program sees */
  h46017_heap_node timer;
  gk_registration *next; /* of the same connection; once ended, of gk->ended */
  int state;             /* a gk_registration_state */
  bool told;             /* the program has heard of it */
  h46017_map_entry by_identifier;
  char identifier[GK_IDENTIFIER_LEN + 1];
  h46017_alias *aliases;     /* owned */
  h46017_map_entry *by_name; /* owned: one an alias, keys behind them */
  size_t name_count;
  char *device; /* owned */
};

typedef struct gk_question gk_question;
struct gk_question {
  uint64_t id;
  h46017_connection *connection;
  gk_question *next; /* of the same connection */
  h46017_map_entry by_id;
  h46017_heap_node timer; /* the next RIP, or the deadline */
  h46017_time deadline;   /* rejected then */
  uint16_t seq;
  size_t len;
  uint8_t per[]; /* the RRQ */
};

struct h46017_connection {
  h46017_gatekeeper *gk;
  h46017_connection *prev;
  h46017_connection *next;
  h46017_connection *ready_prev;
  h46017_connection *ready_next;
  h46017_connection *doomed_next;
  bool ready;
  bool doomed; /* deleted by the program: now, or when the outer call ends */
  bool down;   /* the transport is gone */
  void *user_data;
  h46017_identity *peer; /* owned */
  h46017_tunnel *tunnel;
  int state; /* a gk_connection_state */
  int error;
  h46017_heap_node timer;  /* the earliest of what follows and the tunnel's */
  h46017_time state_timer; /* register or close */
  gk_registration *registrations;
  uint32_t registration_count;
  gk_question *questions;
  uint32_t question_count;
  uint32_t bad_ras;
};

/* A decoded message in use; kept for the next when done. */
typedef struct gk_message gk_message;
struct gk_message {
  gk_message *next;
  h46017_h225 *msg;
};

struct h46017_gatekeeper {
  h46017_mem mem;
  h46017_gatekeeper_settings settings;
  h46017_gatekeeper_callbacks callbacks;
  void *user_data;
  h46017_log log;
  h46017_time now;
  char *identifier; /* owned */
  bool closing;

  h46017_connection *connections;
  size_t connection_count;
  h46017_connection *ready_first;
  h46017_connection *ready_last;
  h46017_heap timers;
  h46017_map names;       /* alias key -> gk_registration */
  h46017_map identifiers; /* endpointIdentifier -> gk_registration */
  h46017_map questions;   /* id -> gk_question */
  uint64_t last_question;
  uint16_t last_seq;
  size_t registration_count;

  /* Ended, and out of everything. They are released when the outer call
   * returns: a callback may end any registration, and whoever is up the stack
   * finds the state ENDED, not a stale pointer. */
  gk_registration *ended;

  gk_message *messages; /* idle ones */
  uint8_t *scratch;     /* for encoding */
  size_t scratch_size;

  int depth;          /* outer and nested calls under way */
  int observing;      /* log_write or trace running: they may only look */
  h46017_trace trace; /* gk_trace, or NULL when the program does not trace */
  bool doomed;
  h46017_connection *doomed_connections;
};

/* -- gatekeeper.c ---------------------------------------------------------- */

/* Bracket every entry. enter: REENTRANT in a callback; enter_nested is for
 * calls that callbacks may make, all but log_write and trace. leave: frees what
 * was deleted and what ended meanwhile. */
int gk_enter(h46017_gatekeeper *gk, h46017_time now);
int gk_enter_nested(h46017_gatekeeper *gk, h46017_time now);
int gk_leave(h46017_gatekeeper *gk, int rv);

/* The program's trace and log_write, watched; `user_data` is the gatekeeper. */
void gk_trace(const h46017_trace_event *event, void *user_data);
void gk_log_write(h46017_log_level level, const char *line, size_t len,
                  void *user_data);

/* NULL: no memory. */
gk_message *gk_message_take(h46017_gatekeeper *gk);
void gk_message_give(h46017_gatekeeper *gk, gk_message *m);

/* -- connection.c ---------------------------------------------------------- */

void gk_connection_free(h46017_connection *c);
void gk_connection_ready(h46017_connection *c);

/* It cannot go on: its registrations end, what is queued is flushed. */
void gk_connection_fail(h46017_connection *c, int code);

/* An orderly end, with a URQ for each registration. */
void gk_connection_end(h46017_connection *c, int why);

/* A callback's outcome; anything but 0 fails the connection. True: go on. */
bool gk_connection_go_on(h46017_connection *c, int callback_rv);

/* Sets the connection's timer anew after whatever happened. */
void gk_connection_rearm(h46017_connection *c);
void gk_connection_timer(h46017_connection *c);

/* -- gatekeeper_ras.c ------------------------------------------------------ */

int gk_ras_received(h46017_tunnel *t, const uint8_t *per, size_t len,
                    void *user_data);
void gk_send(h46017_connection *c, const h46017_ras *ras);
/* What `m` holds; `m` is given back. */
void gk_send_built(h46017_connection *c, gk_message *m, h46017_ras_kind kind);
uint16_t gk_next_seq(h46017_gatekeeper *gk);
void gk_send_rcf(gk_registration *r, uint16_t seq);
void gk_send_urq(gk_registration *r, h46017_urq_reason reason);
/* Refuses an RRQ: RRJ, log, callback. `held`: the alias of DUPLICATE_ALIAS. */
void gk_refuse(h46017_connection *c, uint16_t seq, const h46017_rrq *rrq,
               int code, const h46017_alias *held);

/* -- gatekeeper_requests.c ------------------------------------------------- */

/* A request that is not about registration. */
void gk_answer_request(h46017_connection *c, const h46017_h225 *request,
                       const h46017_ras *ras, const uint8_t *per, size_t len);
void gk_send_irq(gk_registration *r);
void gk_irr(h46017_connection *c, const h46017_h225 *irr);

/* -- questions.c ----------------------------------------------------------- */

/* A full RRQ: asks the program, then registers, refuses, or waits. */
void gk_ask(h46017_connection *c, h46017_h225 *msg, const h46017_ras *ras,
            const uint8_t *per, size_t len);
/* Whether this request is one that is being decided: it gets another RIP. */
bool gk_is_pending(h46017_connection *c, uint16_t seq);
void gk_question_timer(gk_question *q);
void gk_drop_questions(h46017_connection *c);

/* -- registrar.c ----------------------------------------------------------- */

/* Everything is checked: enter it, answer it. */
void gk_register(h46017_connection *c, const h46017_ras *ras,
                 const h46017_registration_answer *answer,
                 h46017_auth_used auth);
void gk_refresh(gk_registration *r, uint16_t seq);
/* A sign of life: the TTL runs anew. */
void gk_extend(gk_registration *r);

/* Takes names away from a registration. False: none would be left, and nothing
 * was done. */
bool gk_registration_reduce(gk_registration *r, const h46017_aliases *gone);

/* Ends a registration; with a URQ unless `reason` is ABSENT. The connection's
 * other registrations are untouched. Nothing happens to one that has ended. */
void gk_registration_end(gk_registration *r, gk_registration_event event,
                         int why, h46017_urq_reason reason);
void gk_registration_timer(gk_registration *r);
gk_registration *gk_find_identifier(const h46017_gatekeeper *gk,
                                    const h46017_text *id);
void gk_release_ended(h46017_gatekeeper *gk);

/* Moves a registration's, or a question's, state. */
void gk_registration_goto(h46017_connection *c, int *pstate,
                          gk_registration_state to,
                          gk_registration_event event);

#endif /* H46017_SESSION_GATEKEEPER_H */
