/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef H46017_TESTS_CALLPAIR_H
#define H46017_TESTS_CALLPAIR_H

/* Two call tables and what lies between them: messages wait on the wire, in
 * whole, until they are carried. What a side is told is written down, a line
 * an event. */

#include "octets.h"

#include <h46017/call.h>

typedef struct callpair callpair;

typedef struct callside {
  callpair *pair;
  int number; /* 0, 1 */
  h46017_calls *calls;
  h46017_call *latest; /* the last one that came, or was begun */
  octets wire;         /* sent and not carried: two octets of length each */
  octets h245;         /* everything tunnelled that came, in order */
  unsigned sent;       /* messages */
  uint8_t last_sent;   /* type of the last */
  uint8_t last_cause;  /* of the last release */
  int last_code;
  char *story;
  size_t story_len;
  size_t story_cap;
  int write_fails;    /* returned by `write` where not 0 */
  int callback_fails; /* returned by message_received */
  unsigned over;      /* calls released */
  /* Called in every callback, with its name. */
  void (*hook)(struct callside *side, const char *callback, h46017_call *call);
} callside;

struct callpair {
  callside side[2];
  h46017_time now;
  uint32_t random;
};

/* Settings NULL: the defaults. Returns the first failure. */
int callpair_init(callpair *p, const h46017_calls_settings *settings,
                  const h46017_mem *mem);
void callpair_free(callpair *p);

/* Carries one message of a side to the other. False: there is none. */
bool callpair_carry_one(callpair *p, int from, int *prv);
/* Until nothing waits on either side. The first failure of receive. */
int callpair_carry(callpair *p);
/* Time goes on, timers fire, messages are carried. */
int callpair_run(callpair *p, h46017_time until);

/* A call of side `from`, its Setup on the wire. The first that fails, fails the
 * test; so with those below. */
h46017_call *callpair_out(callpair *p, int from);
/* A message of it, carried. */
void callpair_answer(callpair *p, h46017_call *call, uint8_t type);
/* A call of side `from` that stands; *pother: at the other side. */
h46017_call *callpair_up(callpair *p, int from, h46017_call **pother);
/* A call of side 0 in each state that it can be in; `*pother`: at the other. */
enum { CALLPAIR_STAGES = 6 };
h46017_call *callpair_at(callpair *p, int stage, h46017_call **pother);
void ck_call_state(const h46017_call *call, h46017_call_state state);

/* Octets to a side as if the other had sent them. */
int callpair_feed(callpair *p, int to, const uint8_t *q931, size_t len);
int callpair_feed_hex(callpair *p, int to, const char *hex);

/* Lines of a side that start so. */
int callside_count(const callside *s, const char *start);
void callside_forget(callside *s);

/* The octets of the last message on a side's wire, its view; they stay until
 * something is carried. */
h46017_q931 callside_last(const callside *s);

#endif /* H46017_TESTS_CALLPAIR_H */
