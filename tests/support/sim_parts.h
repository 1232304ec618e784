/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef H46017_TESTS_SIM_PARTS_H
#define H46017_TESTS_SIM_PARTS_H

/* The simulator's inside: sim.c (chance, the scheduler, a run), sim_host.c
 * (endpoints, and the programs they are in), sim_call.c (what these do about
 * calls), sim_gk.c (gatekeepers and theirs), sim_witness.c (what these are
 * told, and whether that can be), sim_meddle.c (messages that no endpoint
 * sends), sim_link.c (what is between), sim_weather.c (what happens to them
 * all), sim_check.c (what must hold). */

#include "failmem.h"
#include "sim.h"

#include <h46017/h46017.h>

#define SIM_SECOND ((h46017_time)1000)
#define SIM_UTC 1600000000 /* at 0 ms */
#define SIM_GATEKEEPERS 3
#define SIM_REGISTRATIONS 2
#define SIM_NAMES 4 /* of a registration: the first at once, others added */
#define SIM_NAME_SIZE 40
#define SIM_QUESTIONS 16
#define SIM_LOST 16
#define SIM_CALLS 4 /* that one endpoint's program follows */

typedef struct sim sim;
typedef struct sim_gk sim_gk;
typedef struct sim_host sim_host;
typedef struct sim_link sim_link;

/* Octets on their way, in one direction. */
typedef struct sim_pipe {
  uint8_t *data;
  size_t len;
  size_t cap;
  h46017_time due; /* NEVER: nothing is on its way */
  bool fin;        /* the end of the stream follows */
} sim_pipe;

struct sim_link {
  sim_link *next;
  sim_host *host; /* NULL: its endpoint has let go of it */
  sim_gk *gk;
  h46017_connection *conn; /* NULL: its gatekeeper has let go of it */
  sim_pipe up;
  sim_pipe down;
  bool cut;             /* octets vanish, nobody is told */
  bool stalled;         /* nobody reads */
  size_t left;          /* it breaks after so many octets; SIZE_MAX: never */
  h46017_ras_kind kind; /* the last request that its gatekeeper was shown */
  uint16_t seq;
  h46017_time shown_at; /* by that gatekeeper's time; NEVER: it may be shown
                           again */
  h46017_time reset_at; /* the endpoint's side is told that it is gone */
};

typedef struct sim_question {
  uint64_t id; /* 0: none */
  int phone;   /* whose names it is about; -1: where a call goes */
  h46017_time answer_at;
} sim_question;

/* A registration that waits for its peer. */
typedef struct sim_lost {
  char id[32];
  bool has_key;
  uint8_t key[32];
} sim_lost;

struct sim_gk {
  sim *s;
  int number;
  failmem mem;
  h46017_gatekeeper *gk; /* NULL: not running */
  h46017_time start_at;
  sim_question questions[SIM_QUESTIONS];
  sim_lost lost[SIM_LOST]; /* the latest */
  size_t lost_count;       /* ever */
  size_t keeps;  /* so many answers, in case they are asked for again */
  uint64_t call; /* the latest */
  h46017_alias elsewhere; /* where the program sends a call instead */
  uint64_t touched;       /* the latest step that did something to it */
  uint64_t checked;       /* the step it was looked at last */
  uint64_t changed;       /* the latest step that changed who is registered */
  h46017_time next; /* when something of it is due, unless touched since */
  bool shared;      /* a name may have been held by several since it started */
  bool strict;      /* its policy: nobody without a device */
};

typedef struct sim_name {
  h46017_alias_type type;
  char text[SIM_NAME_SIZE];
} sim_name;

typedef struct sim_call {
  h46017_call *call; /* NULL: none */
  const sim_name *to;
  h46017_time act_at;
} sim_call;

struct sim_host {
  sim *s;
  int number;
  int phone;        /* whose names it has: its own number, or its neighbour's */
  bool rival;       /* another has the same names */
  uint64_t touched; /* these three: as a gatekeeper's */
  h46017_time next;
  uint64_t changed;
  failmem mem;
  h46017_endpoint *ep;
  h46017_identity identity;
  bool has_password;
  char secret[SIM_NAME_SIZE]; /* that one */
  h46017_device device;       /* what gatekeepers know of such a phone */
  char device_name[SIM_NAME_SIZE];
  const char *device_names[SIM_REGISTRATIONS * SIM_NAMES];
  int64_t wrong_by; /* seconds that its time of day is off */
  sim_name names[SIM_REGISTRATIONS][SIM_NAMES];
  size_t name_count[SIM_REGISTRATIONS]; /* of them, what ep was given */
  uint32_t ids[SIM_REGISTRATIONS];      /* 0: not added */
  uint32_t ttl[SIM_REGISTRATIONS];
  h46017_time unknown[SIM_REGISTRATIONS]; /* since when nobody knows of it */
  size_t list[SIM_GATEKEEPERS];           /* the program's list: numbers */
  size_t list_count;
  sim_link *link;
  size_t wanted; /* the number of the gatekeeper to connect to */
  h46017_time connect_at;
  h46017_time start_at; /* of the program, or of the endpoint in it */
  size_t probed;        /* index in the list */
  h46017_time probe_at; /* when it is known whether that one is there */
  sim_call calls[SIM_CALLS];
  const h46017_call *over; /* the latest call that ended */
  bool begins;             /* a call, just now */
};

struct sim {
  uint64_t random;
  h46017_time now;
  bool storm;
  bool skew;     /* a clock that steps back now and then */
  bool mischief; /* callbacks do things */
  bool poor;     /* allocations fail */
  bool alike;    /* both sides begin with the same call reference */
  h46017_time gust_at;
  unsigned unreachable; /* gatekeepers: bits */
  uint64_t rested;      /* the step after which nothing was due last */
  sim_gk gks[SIM_GATEKEEPERS];
  size_t gk_count;
  sim_host *hosts;
  size_t host_count;
  sim_link *links;
  const sim_link *speaking; /* what it brought is being read; NULL: nothing, or
                               something of others too */
  h46017_crypto crypto;
  FILE *story;
  sim_result *result;
};

/* -- sim.c ----------------------------------------------------------------- */

uint64_t sim_random(sim *s);
uint32_t sim_draw(sim *s, uint32_t bound); /* below it */
bool sim_chance(sim *s, uint32_t in);      /* one in so many */
/* A random source that fails now and then, as callbacks want it. */
int sim_random_octets(sim *s, uint8_t *dest, size_t len);
/* What somebody's clock shows. */
h46017_time sim_clock(sim *s);
__attribute__((format(printf, 2, 3))) void sim_tell(sim *s, const char *fmt,
                                                    ...);
__attribute__((format(printf, 2, 3))) void sim_fail(sim *s, const char *fmt,
                                                    ...);

/* -- sim_host.c ------------------------------------------------------------ */

void sim_host_make(sim *s, sim_host *h, int number);
/* The program starts, or goes on with what it has. */
void sim_host_start(sim_host *h);
/* What a call returned; a program whose endpoint is lost starts anew. */
void sim_host_after(sim_host *h, int rv);
/* What waits goes onto the wire, in whatever pieces the sender takes. */
void sim_host_pump(sim_host *h);
void sim_host_lost(sim_host *h, int why);
void sim_host_let_go(sim_host *h);
void sim_host_end(sim_host *h);
void sim_host_probe(sim_host *h);
/* One more name for one of its registrations. */
void sim_host_add_name(sim_host *h);
/* What a program may do in a callback; what the callback says. */
int sim_host_mischief(sim_host *h);

/* -- sim_call.c ------------------------------------------------------------ */

void sim_call_callbacks(h46017_endpoint_callbacks *cb,
                        h46017_calls_callbacks *calls);
/* Calls somebody. */
void sim_call_begin(sim_host *h);
/* Says something in a call, or ends it; in good weather it ends. */
void sim_call_act(sim_host *h, size_t i);
void sim_calls_forget(sim_host *h);

/* -- sim_gk.c -------------------------------------------------------------- */

void sim_gk_settings(sim_gk *g, h46017_gatekeeper_settings *settings);
void sim_gk_start(sim_gk *g);
/* Killed: its peers learn it from their transports, where these still work. */
void sim_gk_kill(sim_gk *g);
void sim_gk_answer(sim_gk *g, size_t i);
/* Another policy, and whom it does not let in any more is told so. */
void sim_gk_reload(sim_gk *g, bool strict);
void sim_gk_pump(sim_gk *g);
void sim_gk_let_go(sim_link *l);

/* -- sim_witness.c --------------------------------------------------------- */

/* A request is shown to the gatekeeper's program. */
void sim_witness_request(sim_gk *g, h46017_connection *c,
                         const h46017_ras *ras);
/* Registered, or (`full` false) refreshed. */
void sim_witness_told(sim_gk *g, const h46017_registered *reg, bool full);
void sim_witness_unregistered(sim_gk *g, const h46017_registered *reg, int why);
void sim_witness_lost(sim_gk *g, const h46017_registered *reg,
                      const h46017_connection *c);

/* -- sim_meddle.c ---------------------------------------------------------- */

/* Somebody says in the name of an endpoint what that does not say. */
void sim_meddle(sim *s, sim_host *h);

/* -- sim_link.c ------------------------------------------------------------ */

void sim_pipe_send(sim *s, sim_pipe *p, const uint8_t *data, size_t len);
void sim_pipe_finish(sim *s, sim_link *l, sim_pipe *p);
void sim_link_open(sim_host *h);
/* Some of what is on its way arrives, or the end of the stream does. */
void sim_link_deliver(sim *s, sim_link *l, bool up);
void sim_links_sweep(sim *s);

/* -- sim_weather.c --------------------------------------------------------- */

void sim_gust(sim *s);
void sim_clear_up(sim *s);

/* -- sim_check.c ----------------------------------------------------------- */

void sim_check_gk(sim *s, sim_gk *g);
void sim_check_host(sim *s, sim_host *h);
/* When nothing is due. */
void sim_check_rest(sim *s);
/* Everybody is registered, and nobody calls any more. */
bool sim_is_well(const sim *s);

#endif /* H46017_TESTS_SIM_PARTS_H */
