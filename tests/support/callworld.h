/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef H46017_TESTS_CALLWORLD_H
#define H46017_TESTS_CALLWORLD_H

/* A world (world.h) with a gatekeeper that routes calls, and three endpoints
 * `a`, `b`, `c` that make and take them; after every step everything that must
 * always hold is looked at. */

#include "octets.h"
#include "world.h"

/* What an endpoint saw. */
typedef struct party {
  h46017_call *call; /* the latest that came or was begun; NULL: it is over */
  unsigned setups, admitted, released, messages;
  uint32_t bandwidth; /* of the latest admission */
  unsigned widened;   /* BRQs of its own answered */
  uint32_t widened_to;
  int widened_code;
  unsigned limited; /* BRQs of the gatekeeper's */
  uint8_t cause;    /* of the latest release */
  int code;
  h46017_release_reason reason;
  octets setup;  /* the last that came, whole */
  octets latest; /* the last message that came, of any other kind */
  octets h245;
  char to[64];
} party;

extern world w;
extern party parties[WORLD_LINES];
extern world_line *line[3];

/* What the gatekeeper told of its calls. */
extern h46017_route_state last_state;
extern uint64_t last_id;
extern int last_code;
extern uint8_t last_cause;
extern unsigned routes_told, routes_over;

/* What it was asked, and what is said. */
extern unsigned routes_asked, routes_dropped;
extern uint64_t route_question, route_dropped; /* the latest */
extern h46017_answered route_when;
extern int route_says;
extern const h46017_alias *route_to;
/* Called inside route_call, when set. */
extern void (*route_hook)(void);

extern int limited_says; /* what endpoints say to the gatekeeper's BRQ */
/* Called inside call_admitted, when set; true: nothing else is done there. */
extern bool (*admitted_hook)(h46017_call *call);
extern bool answers;             /* callees connect by themselves */
extern bool silent;              /* callers that are admitted send no Setup */
extern const char *setup_number; /* Called Party Number of Setups; NULL */
extern bool no_random;           /* the gatekeeper's source of it fails */
/* Changes what endpoints tell their program, when set before begin(). */
extern void (*tune_further)(h46017_endpoint_callbacks *cb,
                            h46017_calls_callbacks *calls);

/* NULL: the defaults. */
void begin(const h46017_gatekeeper_settings *settings);
/* The gatekeeper's memory, and no endpoint's, comes from there. */
void begin_in(const h46017_mem *mem);
/* Every call is over, and everything comes back. */
void end(void);
void run(void);
/* Everything that must always hold (doc/invariants.md), on both sides. */
void look(world *of);

/* A call is begun, and carried as far as it comes by itself. */
h46017_call *call(int from, const char *to);
/* One that rings. */
void ring(void);
void write_and_run(int who, uint8_t type);

/* The n-th message of a captured call (vectors/gnugk/README.md) in one of its
 * streams, `s0.ep2gk` …; the call is to `ep2`. No octets: there are no more. */
octets captured(const char *stream, unsigned n);
octets captured_setup(void);
/* Its callIdentifier becomes this octet, 16 times, wherever it stands. */
void identify(octets *setup, uint8_t octet);
/* It comes on this connection, under a call reference, with the flag or not:
 * what the gatekeeper's end says of it, or that says nothing. */
int comes(world_line *from, octets *msg, uint16_t reference, bool flag);
void came_as(world_line *from, octets *msg, uint16_t reference, bool flag);
void came(world_line *from, octets *setup, uint8_t reference);
/* Takes what waits to be sent there: the octets of the last message of a call,
 * none if there is none. `*pcount`: how many there were. */
octets taken(world_line *from, unsigned *pcount);

#endif /* H46017_TESTS_CALLWORLD_H */
