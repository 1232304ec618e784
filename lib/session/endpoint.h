/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef H46017_SESSION_ENDPOINT_H
#define H46017_SESSION_ENDPOINT_H

/* The endpoint's inside, shared by the files that implement it: endpoint.c
 * (life and edge), endpoint_connection.c (the connection's machine),
 * endpoint_alternates.c (gatekeepers that another one named),
 * endpoint_failback.c (back to a preferred gatekeeper), endpoint_discovery.c
 * (GRQ, where it is wanted), endpoint_registration.c (one registration's
 * machine), endpoint_names.c (its names: wanted, refused, granted),
 * endpoint_ras.c (messages in and out), endpoint_irr.c (one of them),
 * endpoint_calls.c (its calls), endpoint_admission.c (the gatekeeper's leave
 * for them), endpoint_resources.c (how many more there may be). */

#include <h46017/endpoint.h>
#include <h46017/h235.h>
#include <h46017/tunnel.h>

#include "session/call.h"

#include "base/heap.h"
#include "base/log.h"
#include "base/map.h"

typedef enum endpoint_event {
  EP_EV_START,          /* the program wants it to run */
  EP_EV_TRANSPORT_UP,   /* the transport is there */
  EP_EV_TRANSPORT_DOWN, /* it went, or could not be had */
  EP_EV_TIMER,          /* the state's timer fired */
  EP_EV_CLOSE,          /* the program wants it to end */
  EP_EV_COUNT
} endpoint_event;

typedef enum registration_event {
  REG_EV_UP,     /* the connection came up */
  REG_EV_DOWN,   /* the connection went */
  REG_EV_RCF,    /* the pending RRQ was confirmed */
  REG_EV_RRJ,    /* the pending RRQ was rejected */
  REG_EV_RIP,    /* the pending request needs more time */
  REG_EV_URQ,    /* the gatekeeper unregisters it */
  REG_EV_UCF,    /* the pending URQ was answered, by UCF or URJ */
  REG_EV_TIMER,  /* the state's timer fired */
  REG_EV_NAMES,  /* it has names that were not asked for yet */
  REG_EV_REMOVE, /* the program wants it gone */
  REG_EV_COUNT
} registration_event;

#define ENDPOINT_MAX_ALIASES 256

typedef enum endpoint_rrq {
  ENDPOINT_RRQ_FULL,
  ENDPOINT_RRQ_KEEP_ALIVE,
  ENDPOINT_RRQ_ADDITIVE
} endpoint_rrq;

typedef struct endpoint_registration endpoint_registration;
struct endpoint_registration {
  endpoint_registration *next;
  uint32_t id;
  int state;           /* an h46017_registration_state */
  h46017_time timer;   /* of the state */
  bool removing;       /* forget it once it is unregistered */
  bool restart;        /* to be said in the next full RRQ */
  bool leaving;        /* unregister as soon as the pending RRQ is answered */
  bool told;           /* the program knows of it: it hears of the end too */
  endpoint_rrq rrq;    /* the last that was sent */
  uint16_t pending;    /* requestSeqNum waited for; 0: none */
  uint32_t refusals;   /* since a refresh went well: the hold grows with them */
  uint32_t extensions; /* RIPs for the pending request */
  uint32_t ttl;        /* seconds granted; 0: for ever */
  char *endpoint_identifier; /* granted; NULL: none */
  size_t endpoint_identifier_len;
  h46017_terminal_type terminal_type;
  h46017_alias *aliases; /* owned, texts included: one block */
  size_t alias_count;
  h46017_h235_secret *secret; /* owned; NULL: no password */
  h46017_h235_replay *replay; /* owned, with it: of the gatekeeper's tokens */
  char *user;                 /* owned: whose password it is */
  size_t user_len;
  uint32_t password_kinds;
  uint32_t last_random; /* of our tokens */
  /* Of the aliases: first those that are confirmed, then those that the pending
   * RRQ asks for, up to `asked`; the last `refused` are not asked for again on
   * this connection. */
  size_t confirmed;
  size_t asked;
  size_t refused;
  h46017_alias *granted; /* owned; NULL: just those that are confirmed */
  size_t granted_count;
  bool additive; /* the gatekeeper takes additive RRQs */
  bool may_call; /* without asking: preGrantedARQ */
  bool may_answer;
  uint16_t irr_every; /* seconds in such a call; 0: never */
};

/* What a gatekeeper says of it is found by callIdentifier and role. */
enum { ENDPOINT_CALL_KEY = H46017_CALL_GUID + 1 };

/* What is between a call and the gatekeeper. */
typedef struct endpoint_call endpoint_call;
struct endpoint_call {
  endpoint_call *prev;
  endpoint_call *next;
  h46017_call *call;              /* its owner is this */
  h46017_map_entry by_identifier; /* object NULL: it is not found */
  h46017_map_entry by_request;    /* while something is waited for */
  h46017_heap_node timer;         /* the earlier of the two */
  h46017_time deadline;           /* for the answer */
  h46017_time irr_at;             /* the gatekeeper wants to hear of it */
  uint32_t registration;
  uint32_t bandwidth; /* asked for, then granted */
  uint16_t irr_every; /* seconds; 0: never */
  uint16_t pending;   /* requestSeqNum of the ARQ or BRQ waited for; 0: none */
  bool widening;      /* it is a BRQ */
  bool answer;        /* the call came */
  bool admitted;      /* by an ACF: its end is told, by a DRQ */
  uint8_t key[ENDPOINT_CALL_KEY];
  int refused; /* REJECTED, TIMEOUT: what the program is told */
};

struct h46017_endpoint {
  h46017_mem mem;
  h46017_endpoint_settings settings;
  h46017_endpoint_callbacks callbacks;
  void *user_data;
  h46017_log log;
  h46017_time now; /* the latest told */

  int state; /* an h46017_endpoint_state */
  h46017_time timer;
  h46017_time keepalive_timer;
  h46017_time flush_timer; /* for the rest of a connection that ended */
  bool flushed;            /* it is over: nothing more is sent */
  size_t gatekeeper;
  uint32_t attempts; /* that failed, one after the other */
  bool denied;       /* the last failure was about trust */
  bool confirmed;    /* a registration was, on this connection */
  bool tls;          /* this connection is TLS */
  bool proved;       /* and the gatekeeper proved who it is */
  bool heard;        /* something came from the gatekeeper on it */
  h46017_time failback_timer;
  size_t failback_index;  /* the preferred gatekeeper that answers again */
  uint32_t failback_hits; /* so often in a row */
  bool failback_answered; /* since it was asked last */
  bool moving;            /* closing, to connect to failback_index */
  h46017_alternate *alternates; /* owned, max_alternates of them; NULL: none */
  size_t alternate_count;
  bool redirected;             /* the next attempt is the first alternate's */
  uint16_t discovery;          /* requestSeqNum of the GRQ; 0: none pending */
  h46017_time discovery_timer; /* until it has to be answered */
  bool discovered;             /* it was, on this connection */
  uint32_t auth_mode;          /* tokens that the GCF is content with; 0: any */
  int error;                   /* what ended the connection */
  int fatal;                   /* what ended the endpoint */
  h46017_tunnel *tunnel;       /* while the transport is there */
  h46017_h225 *in;
  h46017_h225 *out;
  h46017_h225 *spare; /* is `out` while ras_building runs; NULL: not yet made */
  uint8_t *scratch;   /* for encoding; grows to what is needed */
  size_t scratch_size;
  size_t scratch_len; /* of the message that it holds, the last one sent */
  /* That is this one's keep-alive, and the next would be the same but for its
   * number (INV-47); NULL: of none. */
  const endpoint_registration *again;

  h46017_crypto crypto; /* a copy; without a digest where there is none */
  endpoint_registration *speaker; /* whose message is sent next; NULL: of the
                                     only one, if there is one only */
  h46017_calls_callbacks call_callbacks; /* where callbacks.calls is set */
  h46017_calls *calls;                   /* NULL: no connection yet */
  endpoint_call *admissions;             /* while there is a table */
  h46017_map admission_ids;
  h46017_map admission_requests;
  h46017_heap admission_timers;

  endpoint_registration *registrations;
  uint32_t registration_count;
  uint32_t last_id;
  uint16_t last_seq;
  char *product_id; /* the vendor's texts, owned */
  char *version_id;
  char *gatekeeper_identifier; /* learnt or configured; NULL: unknown */
  size_t gatekeeper_identifier_len;
  bool gatekeeper_identifier_fixed; /* configured: not to be overwritten */

  int depth;          /* calls into it that are under way */
  int observing;      /* log_write or trace running: they may only look */
  h46017_trace trace; /* endpoint_trace, or NULL when nobody traces */
  bool doomed;        /* del was called inside a callback */
};

/* Bracket every entry that may call back. enter: REENTRANT inside a callback,
 * or the sticky fatal error; 0 otherwise, and leave must follow. leave: deletes
 * a doomed endpoint; the caller touches it no more. */
int endpoint_enter(h46017_endpoint *ep, h46017_time now);
/* Nobody is in it any more, if so: the end of one that was deleted inside. */
void endpoint_left(void *endpoint);
int endpoint_leave(h46017_endpoint *ep, int rv);

/* The program's trace and log_write, watched; `user_data` is the endpoint. */
void endpoint_trace(const h46017_trace_event *event, void *user_data);
void endpoint_log_write(h46017_log_level level, const char *line, size_t len,
                        void *user_data);

/* Calls that a callback may make: nothing is entered, so that leave in the
 * outer call does the sweeping. */
int endpoint_enter_nested(h46017_endpoint *ep, h46017_time now);

/* NULL: there is none of this id. */
endpoint_registration *endpoint_find(const h46017_endpoint *ep, uint32_t id);

/* CALLBACK_FAILURE made sticky. */
int endpoint_callback(h46017_endpoint *ep, int rv);

/* A random number below `bound`. */
int endpoint_random(h46017_endpoint *ep, uint32_t bound, uint32_t *out);

/* endpoint_connection.c */
int endpoint_event_connection(h46017_endpoint *ep, endpoint_event event,
                              int why);
/* Nothing more is to be had from the connection: it wants nothing once what is
 * queued is sent. */
H46017_SELDOM void endpoint_fail(h46017_endpoint *ep, int code);
/* CLOSING ends when no registration is left that waits for an answer. */
void endpoint_check_drained(h46017_endpoint *ep);

/* Sends full RRQs while some registration waits for its turn. */
int endpoint_register_next(h46017_endpoint *ep);

/* endpoint_alternates.c */
/* Those of the program's list and those that were named. */
size_t endpoint_gatekeepers(const h46017_endpoint *ep);
/* Remembers whom `ras`, which ep->in holds, names. True: it names some. */
bool endpoint_alternates_learn(h46017_endpoint *ep, const h46017_ras *ras);
/* The one in use is none of them any more: the next is. False: it was one of
 * the program's list. */
bool endpoint_alternates_forget(h46017_endpoint *ep);

/* endpoint_discovery.c */
int endpoint_discovery_begin(h46017_endpoint *ep);
/* GCF, GRJ or RIP. True: it answers the GRQ, and was dealt with. */
bool endpoint_discovery_answer(h46017_endpoint *ep, const h46017_ras *ras,
                               int *prv);

/* endpoint_failback.c */
/* Begins to look for a preferred gatekeeper, where there is one. */
void endpoint_failback_arm(h46017_endpoint *ep);
int endpoint_failback_timer(h46017_endpoint *ep);

/* endpoint_registration.c */
int endpoint_event_registration(h46017_endpoint *ep, endpoint_registration *r,
                                registration_event event, const h46017_ras *ras,
                                int why);
void endpoint_registration_free(h46017_endpoint *ep, endpoint_registration *r);
/* Takes those off the list that are done with. */
void endpoint_sweep(h46017_endpoint *ep);

/* endpoint_names.c */
/* Names more that the program wants. INVALID_ARGUMENT, QUEUE_FULL: too many. */
int endpoint_names_append(h46017_endpoint *ep, endpoint_registration *r,
                          const h46017_aliases *more);
/* Names that were not asked for on this connection. */
size_t endpoint_names_unasked(const endpoint_registration *r);
/* An RCF came: what it grants. */
int endpoint_names_granted(h46017_endpoint *ep, endpoint_registration *r,
                           const h46017_aliases *list);
/* An additive RRQ was refused: what it asked for is. */
void endpoint_names_refuse_asked(endpoint_registration *r);
/* What an RRJ in ep->in says of them. True: some are refused that were not, and
 * others are left. */
bool endpoint_names_refused(h46017_endpoint *ep, endpoint_registration *r);
/* Takes granted names away; none may be left. */
int endpoint_names_reduce(h46017_endpoint *ep, endpoint_registration *r,
                          const h46017_aliases *gone);
/* One of these was granted. */
bool endpoint_names_hold(const endpoint_registration *r,
                         const h46017_aliases *some);
/* Nothing is asked for, refused or granted: another connection. */
void endpoint_names_forget(h46017_endpoint *ep, endpoint_registration *r);

/* endpoint_ras.c */
uint16_t endpoint_next_seq(h46017_endpoint *ep);
h46017_text endpoint_gatekeeper_identifier(const h46017_endpoint *ep);
int endpoint_learn_gatekeeper(h46017_endpoint *ep, const h46017_text *gk);
int endpoint_ras_received(h46017_tunnel *t, const uint8_t *per, size_t len,
                          void *user_data);
int endpoint_send_rrq(h46017_endpoint *ep, endpoint_registration *r,
                      endpoint_rrq what);
int endpoint_send_urq(h46017_endpoint *ep, endpoint_registration *r);
/* The keep-alive that would be sent now. */
int endpoint_build_keep_alive(const h46017_endpoint *ep,
                              const endpoint_registration *r, uint16_t seq,
                              h46017_h225 *msg);

/* What ep->out holds. */
int endpoint_send_built(h46017_endpoint *ep, h46017_ras_kind kind);

/* endpoint_password.c */
int endpoint_password_set(h46017_endpoint *ep, endpoint_registration *r,
                          const h46017_registration *registration);
void endpoint_password_free(h46017_endpoint *ep, endpoint_registration *r);
/* The token for a message of a registration with a password. CLOCK_NOT_SET. */
int endpoint_password_token(const h46017_endpoint *ep, endpoint_registration *r,
                            h46017_ras_kind kind, h46017_h235_token *token);
/* False: the message is not the gatekeeper's. */
bool endpoint_password_check(h46017_endpoint *ep,
                             const endpoint_registration *r,
                             const h46017_ras *ras, const uint8_t *per,
                             size_t len);
/* endpoint_calls.c */
/* The table is there, where the program wants one. */
int endpoint_calls_open(h46017_endpoint *ep);
void endpoint_calls_free(h46017_endpoint *ep);
int endpoint_calls_receive(h46017_endpoint *ep, const h46017_q931 *msg);
int endpoint_calls_down(h46017_endpoint *ep, int why);
h46017_time endpoint_calls_expiry(const h46017_endpoint *ep);
int endpoint_calls_timer(h46017_endpoint *ep);
/* ACF, ARJ, BCF, BRJ, RIP, DRQ, BRQ. False: it was none of theirs. */
bool endpoint_calls_ras(h46017_endpoint *ep, const h46017_ras *ras, int *prv);

/* endpoint_admission.c */
/* With the table of calls they come and go. */
int endpoint_admissions_open(h46017_endpoint *ep);
void endpoint_admissions_free(h46017_endpoint *ep);
/* One that is registered; id 0: any. */
endpoint_registration *endpoint_admission_registration(h46017_endpoint *ep,
                                                       uint32_t id);
int endpoint_admission_make(h46017_endpoint *ep, h46017_call *call, uint32_t id,
                            bool answer, uint32_t bandwidth,
                            endpoint_call **pa);
void endpoint_admission_free(h46017_endpoint *ep, endpoint_call *a);
/* The gatekeeper says no, or nothing, or wants it ended: `code` is what the
 * program is told. */
int endpoint_admission_refuse(h46017_endpoint *ep, endpoint_call *a,
                              uint8_t cause, int code);
/* An ARQ; or, where leave was given beforehand, the program is told at once. */
int endpoint_admission_ask(h46017_endpoint *ep, endpoint_call *a,
                           endpoint_registration *r,
                           const h46017_aliases *destination);
int endpoint_send_arq(h46017_endpoint *ep, endpoint_call *a,
                      endpoint_registration *r,
                      const h46017_aliases *destination);
int endpoint_send_drq(h46017_endpoint *ep, const endpoint_call *a);
/* The call that the gatekeeper's request in ep->in is about; NULL: none here.
 */
endpoint_call *endpoint_admission_meant(const h46017_endpoint *ep);
/* What the RCF in ep->in says of leave beforehand. */
void endpoint_admission_learn(h46017_endpoint *ep, endpoint_registration *r);
bool endpoint_admission_ras(h46017_endpoint *ep, const h46017_ras *ras,
                            int *prv);
/* Whose ARQ or BRQ waits for the answer with this number; NULL: nobody's. */
endpoint_registration *endpoint_admission_pending(h46017_endpoint *ep,
                                                  uint16_t seq);
h46017_time endpoint_admission_expiry(const h46017_endpoint *ep);
int endpoint_admission_timer(h46017_endpoint *ep);
/* `capacity` of the message in ep->out: how many more calls there may be. */
int endpoint_put_capacity(h46017_endpoint *ep, const endpoint_registration *r,
                          const char *message);

/* endpoint_irr.c */
/* Answers an IRQ. */
int endpoint_send_irr(h46017_endpoint *ep, const h46017_ras *irq);
/* An IRR that nobody asked for, about one call. */
int endpoint_report_call(h46017_endpoint *ep, endpoint_registration *r,
                         endpoint_call *a);

#endif /* H46017_SESSION_ENDPOINT_H */
