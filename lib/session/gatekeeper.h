/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef H46017_SESSION_GATEKEEPER_H
#define H46017_SESSION_GATEKEEPER_H

/* The gatekeeper's inside, shared by the files that implement it:
 * gatekeeper.c (life, ready list, timers, looking), gatekeeper_settings.c,
 * connection.c (one connection's edge and machine), gatekeeper_ras.c (messages
 * in and out), repeats.c (requests that come twice, or too often),
 * questions.c (full RRQs under way: the program's policy), queue.c (what they
 * wait for besides), registrar.c (the life of a registration), admission.c (a
 * full RRQ becomes one), names.c (who holds which name),
 * gatekeeper_requests.c (requests that are not about registration),
 * gatekeeper_admission.c (those that are about calls), gatekeeper_calls.c (the
 * calls), gatekeeper_where.c (where one goes), gatekeeper_route.c (its
 * messages). */

#include <h46017/gatekeeper.h>
#include <h46017/h235.h>
#include <h46017/tunnel.h>

#include "session/call.h"
#include "wire/inside.h"

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
  GK_REG_GRACE,    /* without a connection: it may come back on another */
  GK_REG_ENDED
} gk_registration_state;

typedef enum gk_registration_event {
  GK_REG_EV_GRANTED, /* a full RRQ was let in */
  GK_REG_EV_REFUSED, /* a full RRQ was refused */
  GK_REG_EV_REFRESH, /* a lightweight RRQ came */
  GK_REG_EV_TIMER,
  GK_REG_EV_LOST, /* the connection went, and the settings have patience */
  GK_REG_EV_END,  /* unregistered, replaced, or the connection went */
  GK_REG_EV_COUNT
} gk_registration_event;

/* -- objects --------------------------------------------------------------- */

/* Owners of heap nodes. */
enum {
  GK_TIMER_CONNECTION,
  GK_TIMER_REGISTRATION,
  GK_TIMER_QUESTION,
  GK_TIMER_QUEUE,
  GK_TIMER_CALL
};

/* 130 bits of randomness, five a character. */
#define GK_IDENTIFIER_LEN 26

/* A text address with room for a scope. */
#define GK_ORIGIN_MAX 63

typedef struct gk_registration gk_registration;
typedef struct gk_sender gk_sender; /* passwords.c */
typedef struct gk_login gk_login;

/* One name of a registration. The first of those that hold the same name is in
 * gk->names; the others stand behind it (duplicates may be allowed). */
typedef struct gk_name gk_name;
struct gk_name {
  h46017_map_entry entry;  /* object: this; NULL: it is not the first */
  gk_registration *holder; /* NULL: it was taken away */
  gk_name *behind;
};

/* What a registration is to have, and then has: in one block. `list` has a name
 * for each alias, with its key; where one is there twice, the second has none
 * (entry.len 0) and is nobody's. */
typedef struct gk_names {
  gk_name *list; /* owned, with all that follows; NULL: none are made */
  h46017_alias *aliases;
  size_t count;
  char *device; /* NULL: none */
} gk_names;

/* What a keep-alive looks at comes first: of a million registrations, none is
 * in a cache, and each line of it is waited for. */
struct gk_registration {
  h46017_registered pub; /* what the program sees */
  h46017_heap_node timer;
  h46017_gatekeeper *gk;
  int state;       /* a gk_registration_state */
  bool told;       /* the program has heard of it */
  bool alternates; /* it wants to hear of alternate gatekeepers */
  bool by_tls;     /* in GRACE: that connection was TLS */
  uint64_t rcf;    /* stands for what its last RCF said; 0: that has changed, or
                      there was none that can be sent again */
  gk_login *login; /* held; NULL: it came without a password */
  char identifier[GK_IDENTIFIER_LEN + 1];
  gk_names names;

  gk_registration *next;  /* of the same connection, of gk->graced; once ended,
                             of gk->ended */
  gk_registration **link; /* what points here */
  h46017_map_entry by_identifier;
  uint8_t *key; /* owned: in GRACE, of the certificate that the peer had; NULL:
                   it had none */
};

/* So much of one. */
#define GK_REGISTRATION_HOT offsetof(gk_registration, next)

/* What the program said of a full RRQ, and what that makes of the peer. */
typedef struct gk_decision {
  gk_names names;            /* what it is granted */
  gk_registration *standing; /* has just that already; NULL: none, see names */
  const char *device;        /* NULL: none */
  h46017_auth_used auth;
  bool password;   /* the peer knows the device's */
  gk_login *login; /* held; with it, where the library has seen that */
  uint32_t time_to_live;
} gk_decision;

typedef enum gk_question_state {
  GK_QUESTION_QUEUED,  /* so many full RRQs a second, and this one is not yet */
  GK_QUESTION_ASKED,   /* the program has been asked */
  GK_QUESTION_PROBING, /* who holds a name is asked whether it still lives */
  GK_QUESTION_BEHIND   /* one before it is about the same registration */
} gk_question_state;

typedef struct gk_call gk_call;

/* A message of a call that waits until it is known where its Setup goes. */
typedef struct gk_held gk_held;
struct gk_held {
  gk_held *next;
  size_t len;
  uint8_t octets[];
};

/* A request that is not answered yet: a full RRQ, one that has to wait for such
 * a one, or an ARQ or a Setup of which the program says later where it goes. */
typedef struct gk_question gk_question;
struct gk_question {
  uint64_t id;
  h46017_connection *connection;
  gk_question *next;  /* of the same connection, as they came */
  gk_question *also;  /* of the same queue, of the same holder's probers */
  gk_question **link; /* what points here in that list */
  h46017_connection *holder; /* PROBING: who is asked */
  gk_decision decision;      /* PROBING */
  h46017_map_entry by_id;
  h46017_heap_node timer; /* the next RIP, or the deadline */
  h46017_time deadline;   /* then it is decided without an answer */
  gk_question_state state;
  const gk_question *behind; /* BEHIND: one that it waits for; NULL: that has
                                gone, and there may be another */
  h46017_ras_kind kind;
  uint16_t seq;  /* 0: a Setup */
  gk_call *call; /* whose way is asked for; NULL: it is about no call */
  gk_held *held; /* owned: what came after that Setup */
  size_t mark_count;
  uint32_t *marks; /* what registration it is about; behind the octets */
  size_t len;
  uint8_t *per; /* the request; behind this */
};

/* An answer that may be asked for again. */
typedef struct gk_answered gk_answered;
struct gk_answered {
  gk_answered *next; /* the one before */
  h46017_time when;
  uint64_t rcf; /* the registration's, when this was its RCF; else 0 */
  h46017_ras_kind request;
  uint16_t seq;
  size_t cap;
  size_t len; /* 0: it is a connection's `answer`, and is not in use */
  uint8_t *per;
};

/* An RCF to one or two names fits in. */
#define GK_ANSWER_ROOM 160

/* A leg is found by callIdentifier, role and connection. */
enum { GK_LEG_KEY = H46017_CALL_GUID + 1 + sizeof(void *) };

/* One side of a call through the gatekeeper. */
typedef struct gk_leg gk_leg;
struct gk_leg {
  gk_call *of;
  h46017_connection *connection; /* NULL: not yet, or no more */
  gk_registration *registration; /* on it */
  gk_leg *next;                  /* of the same connection */
  gk_leg **link;                 /* what points here */
  h46017_map_entry by_key;       /* in gk->legs; object NULL: not */
  uint8_t key[GK_LEG_KEY];
  h46017_call *call;  /* NULL: no Setup yet, or over */
  bool admitted;      /* by an ACF: it hears a DRQ */
  uint16_t reference; /* for that DRQ */
  uint16_t limiting;  /* requestSeqNum of a BRQ of ours; 0: none */
};

enum { GK_CALLER, GK_CALLEE };

/* A call: two legs, and what the program sees. In the list gk->calls; each leg
 * is on its connection's list and found in the map of legs. */
struct gk_call {
  h46017_route pub;
  h46017_gatekeeper *gk;
  gk_call *prev;
  gk_call *next; /* of gk->calls; once over, of gk->ended_calls */
  gk_leg legs[2];
  h46017_map_entry by_id;
  h46017_heap_node timer; /* from ACF to Setup */
  gk_question *question;  /* where it goes, while that is not known; NULL */
  h46017_alias *routed;   /* owned: the program's word where it goes; NULL */
  bool over;
  bool proceeded; /* the caller has had a Call Proceeding of ours */
  uint8_t guid[H46017_CALL_GUID];
  uint8_t conference[H46017_CALL_GUID];
  char from[48]; /* cut where it is longer */
  char to[48];
};

/* Again, first what a keep-alive looks at; the tunnel's first is that too. */
struct h46017_connection {
  h46017_gatekeeper *gk;
  gk_registration *registrations;
  gk_answered *answered;
  int state; /* a gk_connection_state */
  int error;
  bool ready;
  bool doomed;    /* deleted by the program: now, or when the outer call ends */
  bool down;      /* the transport is gone */
  bool advancing; /* those that waited are being served */
  uint32_t requests;         /* in this second */
  h46017_time requests_from; /* when it began */
  gk_question *questions;
  gk_question *probers; /* of others, who want to know whether this one lives */
  const gk_registration *speaker; /* whose request is served */
  h46017_calls *calls;            /* NULL: no call yet */
  h46017_heap_node timer;  /* the earliest of what follows and the tunnel's */
  h46017_time state_timer; /* register or close */
  h46017_connection *ready_prev;
  h46017_connection *ready_next;
  h46017_tunnel tunnel;
  gk_answered answer; /* room for one, which may be in `answered` */
  uint8_t answer_room[GK_ANSWER_ROOM];

  uint32_t registration_count;
  uint32_t question_count;
  h46017_connection *prev;
  h46017_connection *next;
  h46017_connection *doomed_next;
  void *user_data;
  h46017_identity *peer; /* owned */
  uint32_t bad_ras;
  uint32_t leg_count;
  gk_leg *legs;                   /* of calls that are not over */
  char origin[GK_ORIGIN_MAX + 1]; /* where wrong passwords come from */
};

/* So much of one, besides the two rooms. */
#define GK_CONNECTION_HOT offsetof(h46017_connection, tunnel.tpkt.cap)

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
  char *identifier;        /* owned */
  const char **alternates; /* owned, texts behind them */
  bool closing;

  h46017_connection *connections;
  size_t connection_count;
  h46017_connection *ready_first;
  h46017_connection *ready_last;
  h46017_heap timers;
  h46017_map names;       /* alias key -> gk_name */
  h46017_map identifiers; /* endpointIdentifier -> gk_registration */
  h46017_map questions;   /* id -> gk_question */
  uint64_t last_question;
  uint16_t last_seq;
  size_t registration_count;
  gk_registration *graced; /* those without a connection */

  h46017_crypto crypto; /* a copy; without a digest where there is none */
  gk_sender *senders;
  gk_sender **senders_end;
  h46017_map sender_names; /* device name -> gk_sender */
  h46017_text *callers;    /* owned: names that one may call itself by */
  size_t callers_room;
  uint32_t last_random; /* of our own tokens */
  uint64_t last_rcf;
  uint64_t rcf_void; /* those up to here say what the settings said before */
  uint64_t last_connection;

  /* Full RRQs that wait until it is their turn. */
  gk_question *queue;
  gk_question **queue_end;
  size_t queue_count;
  h46017_heap_node queue_timer;
  h46017_time allowance_at; /* when the allowance was counted last */
  uint64_t allowance;       /* thousandths of a full RRQ */

  /* Ended, and out of everything. They are released when the outer call
   * returns: a callback may end any registration, and whoever is up the stack
   * finds the state ENDED, not a stale pointer. */
  gk_registration *ended;

  gk_call *calls;
  h46017_map call_ids;  /* id -> gk_call */
  h46017_map legs;      /* leg key -> gk_leg */
  gk_call *ended_calls; /* released as `ended` is */
  size_t call_count;
  uint64_t bandwidth; /* of all calls */
  uint64_t last_call;
  call_workspace call_work; /* of all tables */
  uint8_t *relay;           /* for a message that goes on */
  size_t relay_size;

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
H46017_SELDOM void gk_connection_fail(h46017_connection *c, int code);

/* An orderly end, with a URQ for each registration. */
void gk_connection_end(h46017_connection *c, int why);

/* A callback's outcome; anything but 0 fails the connection. True: go on. */
bool gk_connection_go_on(h46017_connection *c, int callback_rv);

/* Sets the connection's timer anew after whatever happened. */
void gk_connection_rearm(h46017_connection *c);
void gk_connection_timer(h46017_connection *c);

/* -- gatekeeper_settings.c ------------------------------------------------- */

/* Fills `settings`, and the crypto that they lead to, from what a program gave;
 * NULL: the defaults. INVALID_ARGUMENT: a struct_size, or a value out of its
 * range. */
int gk_settings_read(h46017_gatekeeper_settings *settings,
                     h46017_crypto *crypto,
                     const h46017_gatekeeper_settings *given);
/* A deep copy of the list of alternates; NULL for none. NOMEM. */
int gk_alternates_dup(const h46017_mem *mem,
                      const h46017_gatekeeper_settings *settings,
                      const char ***pout);
/* Adds the alternate gatekeepers below `path`. */
int gk_put_alternates(const h46017_gatekeeper *gk, h46017_h225 *msg,
                      const char *path);

/* -- gatekeeper_ras.c ------------------------------------------------------ */

int gk_ras_received(h46017_tunnel *t, const uint8_t *per, size_t len,
                    void *user_data);
/* What a request asks for; whoever waited before it has been served. */
void gk_serve(h46017_connection *c, h46017_h225 *msg, const h46017_ras *ras,
              const uint8_t *per, size_t len);
void gk_send(h46017_connection *c, const h46017_ras *ras);
/* What `m` holds; `m` is given back. */
void gk_send_built(h46017_connection *c, gk_message *m, h46017_ras_kind kind,
                   uint16_t seq);
/* Octets that were sent before. */
void gk_send_again(h46017_connection *c, const uint8_t *per, size_t len);
void gk_send_rip(h46017_connection *c, uint16_t seq);
uint16_t gk_next_seq(h46017_gatekeeper *gk);
void gk_send_rcf(gk_registration *r, uint16_t seq);
/* What it says, without a token and what the program adds. */
int gk_build_rcf(const gk_registration *r, uint16_t seq, h46017_h225 *msg);
void gk_send_urq(gk_registration *r, h46017_urq_reason reason);
/* An RRJ; `held`: the alias of DUPLICATE_ALIAS. */
h46017_rrj_reason gk_send_rrj(h46017_connection *c, uint16_t seq, int code,
                              const h46017_alias *held);
/* Refuses an RRQ: RRJ, log, callback. */
H46017_SELDOM void gk_refuse(h46017_connection *c, uint16_t seq,
                             const h46017_rrq *rrq, int code,
                             const h46017_alias *held);
/* Refuses a request of any kind: in an RRJ, or in its own words. */
H46017_SELDOM void gk_refuse_message(h46017_connection *c,
                                     const h46017_ras *ras, int code);

/* -- gatekeeper_calls.c ---------------------------------------------------- */

/* Calls are routed here, not by the program. */
bool gk_routes(const h46017_gatekeeper *gk);
/* A message of a call. */
void gk_call_signalling(h46017_connection *c, const h46017_q931 *msg);
/* The connection's table; NULL: no memory, and the connection ended. */
h46017_calls *gk_calls_of(h46017_connection *c);
/* A call that begins, with its caller's leg. NULL: no memory. */
gk_call *gk_call_make(h46017_connection *c, gk_registration *r,
                      const uint8_t guid[H46017_CALL_GUID]);
/* The leg of a connection, and of whoever has called (`answer` false) or was
 * called, with this callIdentifier; NULL: there is none, or it is all zero,
 * which names no call. */
gk_leg *gk_leg_find(h46017_connection *c, const uint8_t *guid, bool answer);
/* NOMEM: it did not. There is no other of the same key. */
int gk_leg_join(gk_leg *leg, h46017_connection *c, gk_registration *r);
void gk_call_step(gk_call *call, h46017_route_state state);
/* The program hears of it. */
void gk_call_tell(gk_call *call);
/* It has this much from now on. */
void gk_call_take(gk_call *call, uint32_t bandwidth);
/* The most that it could have, of all there is. */
uint32_t gk_call_may_take(const gk_call *call);
/* Ends both legs but for `gone`, with a cause, or with the octets of the
 * Release Complete that came (`msg`). */
void gk_call_end(gk_call *call, const gk_leg *gone, uint8_t cause, int code,
                 const h46017_call_message *msg);
void gk_call_timer(gk_call *call);
void gk_calls_timer(h46017_connection *c);
/* Those of a connection, or of a registration, that goes. */
void gk_calls_drop(h46017_connection *c, const gk_registration *r, int code);
void gk_release_ended_calls(h46017_gatekeeper *gk);
void gk_calls_free(h46017_gatekeeper *gk);

/* -- gatekeeper_where.c ---------------------------------------------------- */

/* What an ARQ, or a Setup, asks for. */
typedef struct gk_asking {
  const h46017_aliases *called;
  uint32_t bandwidth;
  h46017_h225 *message; /* it, decoded */
  h46017_ras_kind kind;
  uint16_t seq;          /* 0: it is a Setup */
  const uint8_t *octets; /* the RAS message, or the Q.931 one */
  size_t len;
} gk_asking;

/* The program's word will come later. */
#define GK_WHERE_LATER 1

/* Asks the program. 0, and the callee is set, the granted bandwidth and what
 * the program called it are in the call; GK_WHERE_LATER: it has a question;
 * CLOSED: the call ended meanwhile; CALL_ROUTE, CALL_LIMIT, or what the program
 * said. */
int gk_where_ask(gk_call *call, const gk_asking *what,
                 gk_registration **pcallee);
/* The same with the program's answer. */
int gk_where_decide(gk_call *call, const h46017_aliases *called,
                    uint32_t bandwidth, const h46017_route_answer *answer,
                    gk_registration **pcallee);
/* Of a call that was admitted: who holds its name now. CALL_ROUTE. */
int gk_where_admitted(const gk_call *call, const h46017_aliases *called,
                      gk_registration **pcallee);
/* A message of the caller's waits with its Setup. FLOOD: too much does. */
int gk_where_hold(gk_question *q, const h46017_q931 *msg);
void gk_where_release_held(gk_question *q);
/* The H.323 part of a message; NULL: it has none. */
int gk_where_decode(h46017_h225 *m, const h46017_q931 *q931,
                    h46017_h225 **puui);
/* Nobody answered in time. */
void gk_where_timer(gk_question *q);
/* The call ends: its question is void. */
void gk_where_drop(gk_call *call);

/* -- gatekeeper_route.c ---------------------------------------------------- */

/* The program's word on a Setup that waited for it; the question is out of
 * everything then, and is the caller's. NOMEM: nothing happened. */
int gk_route_resume(gk_question *q, h46017_h225 *m,
                    const h46017_route_answer *answer);
/* Why a call is not made, for its caller. */
h46017_release_reason gk_route_reason(int code);
/* The name that it is called by, for the program. */
void gk_call_name(gk_call *call, const h46017_aliases *called);
/* A Setup came. */
int gk_route_setup(h46017_connection *c, h46017_call *call,
                   const h46017_call_message *msg);
/* Any other message of a leg goes on to the other. */
int gk_route_message(gk_leg *leg, const h46017_call_message *msg);
/* The same for a message that goes to a call of another reference: changed
 * where a gatekeeper has to, octets as they are elsewhere; in gk->relay. */
int gk_route_rewrite(gk_leg *to, const h46017_call_message *msg, size_t *plen);
/* Sends there what is in gk->relay. QUEUE_FULL, and nothing is sent: it is
 * longer than a TPKT, by what changed on its way, or does not fit behind what
 * waits. Others may fill half of what may wait for a connection, so that who
 * sends faster than the other side takes it loses the call, and that side
 * nothing else. The other half is for what the gatekeeper says itself, the end
 * of the call first. */
int gk_route_send(h46017_connection *c, size_t len);
/* gk->relay has this much room. */
int gk_route_room(h46017_gatekeeper *gk, size_t size);
/* Encodes into the scratch that all calls share; there is room before it for
 * the head of a User-User element. */
int gk_route_encode(h46017_gatekeeper *gk, h46017_h225 *m, uint8_t **pper,
                    size_t *plen);

/* -- gatekeeper_forward.c -------------------------------------------------- */

/* What a Call Proceeding says, for a caller that has had one: a Facility, in
 * gk->relay. ABSENT: nothing. */
int gk_forward(gk_leg *to, const h46017_call_message *msg, size_t *plen);

/* -- gatekeeper_resources.c ------------------------------------------------ */

/* A message of a registration may say what calls it can still take. */
void gk_resources(gk_registration *r, const h46017_h225 *msg);

/* -- gatekeeper_admission.c ------------------------------------------------ */

/* ARQ, BRQ, DRQ. False: it is none of these. */
bool gk_admission(h46017_connection *c, h46017_h225 *msg, const h46017_ras *ras,
                  const uint8_t *per, size_t len);
/* As gk_route_resume(), of an ARQ. */
int gk_admission_resume(gk_question *q, h46017_h225 *m,
                        const h46017_route_answer *answer);
void gk_send_forced_drop(gk_leg *leg);
void gk_send_brq(gk_leg *leg, uint32_t bandwidth);

/* -- gatekeeper_requests.c ------------------------------------------------- */

/* A request that is not about registration. */
void gk_answer_request(h46017_connection *c, const h46017_h225 *request,
                       const h46017_ras *ras, const uint8_t *per, size_t len);
/* Refuses one of any kind, in its own words; those that know none are passed
 * over. */
void gk_refuse_request(h46017_connection *c, h46017_ras_kind kind, uint16_t seq,
                       int code);
void gk_send_irq(gk_registration *r);
void gk_irr(h46017_connection *c, const h46017_h225 *irr);

/* -- repeats.c ------------------------------------------------------------- */

/* A request with this number is pending, or was answered just now: it gets RIP
 * or that answer, and true. */
bool gk_repeats(h46017_connection *c, h46017_ras_kind kind, uint16_t seq);
/* Keeps what was sent, if it is an answer; `rcf`: see gk_answered. */
void gk_keep_answer(h46017_connection *c, h46017_ras_kind kind, uint16_t seq,
                    uint64_t rcf, const uint8_t *per, size_t len);
void gk_drop_answers(h46017_connection *c);
/* One more of those that the program would hear of. OVERLOAD: one too many.
 * FLOOD: the connection has ended for it. */
int gk_count_request(h46017_connection *c);
/* The same for a RAS message: false if it is one too many, and then it is
 * refused. */
bool gk_within_rate(h46017_connection *c, const uint8_t *per, size_t len);

/* -- questions.c ----------------------------------------------------------- */

/* A full RRQ: asks the program, then registers, refuses, or waits. */
void gk_ask(h46017_connection *c, h46017_h225 *msg, const h46017_ras *ras,
            const uint8_t *per, size_t len);
/* The program is asked now. */
void gk_question_put(gk_question *q, h46017_h225 *msg, const h46017_ras *ras);
/* The same for one that has waited: its octets are read again. */
void gk_question_put_again(gk_question *q);
/* Those before it are decided. */
void gk_question_serve(gk_question *q, h46017_h225 *msg, const h46017_ras *ras);
/* Who was asked whether it lives has been heard, or has not. */
void gk_question_probed(gk_question *q, bool alive);
/* NULL: no memory. At the end of the connection's list. */
gk_question *gk_question_keep(h46017_connection *c, const h46017_ras *ras,
                              const uint8_t *per, size_t len);
/* It stays there: others that are about the same registration wait for it. */
void gk_question_mark(gk_question *q, const h46017_h225 *msg,
                      const h46017_ras *ras);
/* The same for a question that the program has been asked under this id: where
 * a call goes. */
gk_question *gk_question_of_call(h46017_connection *c, const gk_asking *what,
                                 uint64_t id);
void gk_question_free(gk_question *q);
/* The two halves of that: it is known to nobody any more; its memory goes. */
void gk_question_unlink(gk_question *q);
void gk_question_release(gk_question *q);
void gk_question_arm(gk_question *q);
void gk_question_timer(gk_question *q);
void gk_drop_questions(h46017_connection *c);

/* -- passwords.c ----------------------------------------------------------- */

/* What the tokens of a full RRQ prove, where the program has given the device's
 * password: a code, or an outcome for the policy; a login in `d` if it is
 * right.
 */
int gk_password_judge(h46017_connection *c, const h46017_h225 *msg,
                      const h46017_rrq *rrq, const uint8_t *per, size_t len,
                      const h46017_registration_answer *answer, gk_decision *d,
                      h46017_password_outcome *poutcome);
/* What those of a later message have to. */
int gk_password_check(h46017_connection *c, const h46017_h225 *msg,
                      const h46017_ras *ras, const uint8_t *per, size_t len);
/* The registration of this connection that a message is about; NULL: it says
 * none, and there is not exactly one. */
gk_registration *gk_registration_of(const h46017_connection *c,
                                    const h46017_h225 *msg);
/* For a message to a registration: NULL, it goes without; else the token to put
 * in. */
const h46017_h235_secret *gk_password_token(const gk_registration *r,
                                            h46017_h235_token *token);
/* The SecurityErrors alternative for a code, or NULL. */
const char *gk_security_error(int code);
gk_login *gk_login_hold(gk_login *l);
void gk_login_drop(h46017_gatekeeper *gk, gk_login *l);
void gk_passwords_free(h46017_gatekeeper *gk);

/* -- queue.c --------------------------------------------------------------- */

/* What registration a request is about: marks that two requests about the same
 * have in common. Writes at most `max`. */
size_t gk_marks(const h46017_connection *c, const h46017_h225 *msg,
                const h46017_ras *ras, uint32_t *marks, size_t max);
/* Room enough for the marks of a request that gk_ask() does not refuse. */
size_t gk_marks_max(const h46017_ras *ras);
/* One before it is about the same registration: then it waits, and true. */
bool gk_waits(h46017_connection *c, h46017_h225 *msg, const h46017_ras *ras,
              const uint8_t *per, size_t len);
/* One is decided: serves those that waited for it, in order. */
void gk_advance(h46017_connection *c);

/* A full RRQ is to be decided: true if it is its turn now. Else it has joined
 * the queue, or, LIMIT, the queue is full. */
bool gk_queue_turn(gk_question *q, int *prv);
void gk_queue_timer(h46017_gatekeeper *gk);
/* Out of the queue, or of its holder's probers. */
void gk_queue_leave(gk_question *q);

/* Asks the holder of a name whether it lives; `q` waits. */
void gk_probe(gk_question *q, gk_registration *holder);
/* The connection was heard, or is no more: its probers learn it. */
void gk_probes_over(h46017_connection *c, bool alive);

/* -- names.c --------------------------------------------------------------- */

/* NOMEM: nothing is made. */
int gk_names_make(const h46017_gatekeeper *gk, const h46017_aliases *aliases,
                  const char *device, gk_names *out);
void gk_names_release(const h46017_gatekeeper *gk, gk_names *names);
/* The registration's names come to be found; there is room (map_reserve).
 * `first`: before those of this registration, which hold the same. */
void gk_names_enter(gk_registration *r,
                    bool (*first)(gk_registration *other, void *arg),
                    void *arg);
void gk_names_leave(gk_registration *r);
/* The first holder of a name; gk_name.behind leads to the others. */
gk_name *gk_name_find(const h46017_gatekeeper *gk, const h46017_alias *alias);
gk_name *gk_name_first(const h46017_gatekeeper *gk, const gk_name *name);
/* The registration has exactly these names, in the same words, and nobody else
 * has any of them. */
bool gk_names_stand(const gk_registration *r, const h46017_aliases *aliases);
/* Takes names away from a registration. False: none is left, and it has to end.
 */
bool gk_registration_reduce(gk_registration *r, const h46017_aliases *gone);

/* -- registrar.c ----------------------------------------------------------- */

gk_registration *gk_find_identifier(const h46017_gatekeeper *gk,
                                    const h46017_text *id);
/* The same for what came on `c`: mostly its own. */
gk_registration *gk_registration_named(const h46017_connection *c,
                                       const h46017_text *id);
/* Found by its identifier, with a timer, not yet on its connection. NULL: see
 * `*prv`. */
gk_registration *gk_registration_make(h46017_gatekeeper *gk, int *prv);
void gk_registration_link(gk_registration *r, h46017_connection *c);
/* One that was made and not linked. */
void gk_registration_unmake(gk_registration *r);
/* REGISTERED; the TTL runs. */
void gk_registration_arm(gk_registration *r, gk_registration_event event);
/* It leaves GRACE for a connection. */
void gk_registration_rebind(gk_registration *r, h46017_connection *c);
/* Did the peer of this connection prove with a certificate that it is the one
 * that the registration is of? */
bool gk_registration_is_of(const gk_registration *r,
                           const h46017_connection *c);
/* For one in GRACE: the same of a peer whose message gk_password_check() let
 * pass, with the password too. */
bool gk_registration_is_back(const gk_registration *r,
                             const h46017_connection *c);

void gk_refresh(gk_registration *r, uint16_t seq);
/* A sign of life: the TTL runs anew. */
void gk_extend(gk_registration *r);

/* Ends a registration; with a URQ unless `reason` is ABSENT. The connection's
 * other registrations are untouched. Nothing happens to one that has ended. */
void gk_registration_end(gk_registration *r, gk_registration_event event,
                         int why, h46017_urq_reason reason);
/* Its connection is gone: it waits for another, or ends. */
void gk_registration_lose(gk_registration *r, int why);
void gk_registration_timer(gk_registration *r);
void gk_release_ended(h46017_gatekeeper *gk);

/* Moves a registration's, or a question's, state. */
void gk_registration_goto(h46017_gatekeeper *gk, h46017_connection *c,
                          int *pstate, gk_registration_state to,
                          gk_registration_event event);

/* -- admission.c ----------------------------------------------------------- */

/* The connection's registration, if this changes nothing of it: the RRQ speaks
 * of none other, and what is granted is what it has, and has alone. */
gk_registration *gk_standing(const h46017_connection *c, const h46017_rrq *rrq,
                             const h46017_aliases *names, const char *device);
/* Who holds a name that is granted and neither makes room for this newcomer nor
 * shares it; `*pheld` is that name. NULL: nobody. */
gk_registration *gk_obstacle(const h46017_connection *c, const gk_decision *d,
                             const h46017_alias **pheld);
/* Everything is checked: enter it, answer it. The registration takes the names
 * of the decision, and leaves there what it had before. */
void gk_register(h46017_connection *c, const h46017_ras *ras,
                 gk_decision *decision);

#endif /* H46017_SESSION_GATEKEEPER_H */
