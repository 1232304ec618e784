/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef H46017_TESTS_PLAYED_H
#define H46017_TESTS_PLAYED_H

/* A gatekeeper that the test plays by hand, for one endpoint: it keeps to no
 * state machine, so it can say anything at any time. */

#include <h46017/h46017.h>

#define PLAYED_MESSAGES 256
#define PLAYED_REGISTRATIONS 32

/* What the endpoint sent: one RAS message. */
typedef struct played_message {
  h46017_ras_kind kind;
  uint16_t seq;
  bool keep_alive;
  bool additive;
  bool discovery_complete;
  bool supports_alt_gk;
  char names[512];     /* terminalAlias, a blank between two */
  char identifier[64]; /* endpointIdentifier */
  char gatekeeper[64]; /* gatekeeperIdentifier */
} played_message;

typedef struct played {
  h46017_time now;
  h46017_endpoint *ep;
  h46017_tunnel *tunnel; /* NULL: not connected */
  h46017_h225 *in;       /* to read what comes */
  h46017_h225 *out;      /* to build answers in */
  played_message got[PLAYED_MESSAGES];
  int count;
  int connects;
  size_t index; /* that it asked for last */
  uint32_t ids[PLAYED_REGISTRATIONS];
  int id_count;
  /* the events of the endpoint, counted, and the last code */
  int registered;
  int refreshed;
  int rejected;
  int unregistered;
  int why;
  int backing_off;
  uint32_t delay;
} played;

/* `settings` may be NULL. Started: it has asked to connect. What a failing
 * allocation makes of it where `mem` is given. */
int played_init(played *p, const h46017_endpoint_settings *settings,
                const h46017_mem *mem);
void played_free(played *p);

/* Names with a blank between two, h323-IDs. */
int played_add(played *p, const char *names);
int played_names(played *p, uint32_t id, const char *names);

int played_up(played *p);
int played_down(played *p, int why);

/* Time passes; what the endpoint has to say is taken. */
int played_until(played *p, h46017_time then);

/* Gives it what `out` holds, and takes what it says to it. */
int played_give(played *p);

/* An answer from a view; to be given as it is, or changed in `out` before. */
void played_build(played *p, const h46017_ras *ras);

/* An RCF for the message `seq`; names: its terminalAlias, NULL: none. */
void played_build_rcf(played *p, uint16_t seq, const char *names, uint32_t ttl);
int played_confirm(played *p, uint16_t seq, const char *names, uint32_t ttl);

const played_message *played_last(const played *p);
int played_count(const played *p, h46017_ras_kind kind);

/* The names the endpoint says were granted, a blank between two. */
const char *played_granted(const played *p, uint32_t id);

#endif /* H46017_TESTS_PLAYED_H */
