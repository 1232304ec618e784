/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef H46017_TESTS_PEER_H
#define H46017_TESTS_PEER_H

/* A peer of the gatekeeper that writes its messages by hand: it keeps to no
 * state machine, so it can be wrong on purpose. */

#include "world.h"

#define PEER_MESSAGES 64

typedef struct peer {
  world *w;
  h46017_connection *conn;
  h46017_tunnel *tunnel;
  char got[PEER_MESSAGES][1024]; /* RAS messages, hex */
  h46017_ras_kind kinds[PEER_MESSAGES];
  int got_count;
} peer;

void peer_init(peer *p, world *w, const h46017_identity *who);
/* Without a connection yet. */
void peer_init_apart(peer *p, world *w);
void peer_free(peer *p);

/* Carries what waits both ways; what recv of the gatekeeper says. */
int peer_carry(peer *p);
/* The same, of the gatekeeper's input only: the connection may be gone after
 * it. */
int peer_push(peer *p);

int peer_send(peer *p, const char *hex);
int peer_send_ras(peer *p, const h46017_ras *ras);

/* A full RRQ for up to two h323-IDs; NULL: one only. */
h46017_ras peer_rrq(uint16_t seq, const char *name, const char *second);
/* In the peer's tunnel, not yet carried. */
void peer_write(peer *p, const h46017_ras *ras);

const char *peer_last(const peer *p);
h46017_ras_kind peer_last_kind(const peer *p);

#endif /* H46017_TESTS_PEER_H */
