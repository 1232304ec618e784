/* SPDX-License-Identifier: BSD-2-Clause */
#include "sim_parts.h"

#include "session/gatekeeper.h"

#include <string.h>

static const sim_link *link_of(const h46017_connection *c) {
  return c != NULL ? h46017_connection_user_data(c) : NULL;
}

static bool has_key(const h46017_identity *peer) {
  return peer->proof == H46017_PROOF_CERTIFICATE;
}

/* Others that were answered meanwhile have taken the answer's place. */
static bool is_displaced(const sim_gk *g, const h46017_connection *c,
                         const sim_link *l) {
  size_t others = 0;

  for (const gk_answered *a = c->answered; a != NULL; a = a->next) {
    others += a->when >= l->shown_at && a->seq != l->seq;
  }
  return others >= g->keeps;
}

/* The same request once more, right behind the first, is answered from what is
 * kept, and shown to nobody. */
void sim_witness_request(sim_gk *g, h46017_connection *c,
                         const h46017_ras *ras) {
  sim *s = g->s;
  sim_link *l = h46017_connection_user_data(c);
  bool again = l->kind == ras->kind && l->seq == ras->request_seq_num &&
               l->shown_at != H46017_TIME_NEVER &&
               g->gk->now - l->shown_at < 5 * SIM_SECOND;

  if (again && !is_displaced(g, c, l) && !s->poor) {
    sim_fail(s, "INV-20: gk%d: %s %u has its effect twice", g->number,
             h46017_ras_kind_name(ras->kind), (unsigned)l->seq);
  }
  l->kind = ras->kind;
  l->seq = ras->request_seq_num;
  l->shown_at = g->keeps > 0 && (ras->kind == H46017_RAS_RRQ ||
                                 ras->kind == H46017_RAS_URQ)
                    ? g->gk->now
                    : H46017_TIME_NEVER;
}

static void check_time(const sim_gk *g, const h46017_registered *reg) {
  const sim *s = g->s;
  h46017_time ttl = (h46017_time)reg->time_to_live * SIM_SECOND;
  h46017_time whole = g->gk->now + ttl;
  /* A URQ takes names away and leaves the time as it is, also one that waited
   * behind another request: of that nobody speaks any more. */
  bool urq = (s->speaking != NULL && s->speaking->kind == H46017_RAS_URQ) ||
             reg->connection->advancing;

  /* A nested call may have been told a later time, where clocks are wrong. */
  if (reg->expires > whole || (!s->skew && !urq && reg->expires < whole)) {
    sim_fail(g->s, "INV-46: gk%d: %s ends in %lld ms, its ttl is %u s",
             g->number, reg->aliases[0].text.text,
             (long long)(reg->expires - g->gk->now),
             (unsigned)reg->time_to_live);
  }
}

/* Who came back proves what it did before, or in a full RRQ the password. */
static void check_back(sim_gk *g, const h46017_registered *reg, bool full) {
  for (size_t i = 0; i < SIM_LOST; i++) {
    sim_lost *lost = &g->lost[i];
    const h46017_identity *peer = h46017_connection_peer(reg->connection);
    if (strcmp(lost->id, reg->endpoint_identifier) != 0) {
      continue;
    }
    if (!(reg->password && (full || !lost->has_key)) &&
        !(lost->has_key && has_key(peer) &&
          memcmp(peer->key_sha256, lost->key, sizeof(lost->key)) == 0)) {
      sim_fail(g->s, "INV-14: gk%d: %s is back as somebody else", g->number,
               reg->aliases[0].text.text);
    }
    lost->id[0] = '\0';
  }
}

void sim_witness_told(sim_gk *g, const h46017_registered *reg, bool full) {
  const sim *s = g->s;
  const sim_link *l = link_of(reg->connection);

  if (l == NULL) {
    sim_fail(g->s, "INV-31: gk%d: one without a connection is refreshed",
             g->number);
    return;
  }
  /* (One that waited behind another request is served when that is.) */
  if (!full && s->speaking != NULL && s->speaking->gk == g &&
      s->speaking != l && !reg->connection->advancing) {
    sim_fail(g->s, "INV-14: gk%d: %s is refreshed by another connection",
             g->number, reg->aliases[0].text.text);
  }
  check_time(g, reg);
  check_back(g, reg, full);
}

/* Whoever took its names is it, or has waited for a sign of life. */
void sim_witness_unregistered(sim_gk *g, const h46017_registered *reg,
                              int why) {
  sim *s = g->s;
  const sim_link *l = link_of(reg->connection);
  const h46017_identity *old;
  const h46017_identity *peer;
  const uint8_t *p;

  if (l == NULL || s->speaking == NULL) {
    return;
  }
  if (why == H46017_ERR_KEEPALIVE && s->speaking == l) {
    sim_fail(s, "INV-13: gk%d: %s lost its name while it spoke", g->number,
             reg->aliases[0].text.text);
  }
  if (why != H46017_ERR_REPLACED || s->speaking == l ||
      s->speaking->conn == NULL) {
    return;
  }
  old = h46017_connection_peer(reg->connection);
  peer = h46017_connection_peer(s->speaking->conn);
  if (!reg->password && (!has_key(old) || !has_key(peer) ||
                         memcmp(old->key_sha256, peer->key_sha256,
                                sizeof(old->key_sha256)) != 0)) {
    sim_fail(s, "INV-13: gk%d: %s is replaced by somebody else", g->number,
             reg->aliases[0].text.text);
  }
  if (h46017_connection_error(reg->connection) == 0 &&
      h46017_connection_peek_tx(reg->connection, &p) == 0) {
    sim_fail(s, "INV-38: gk%d: %s is replaced and not told", g->number,
             reg->aliases[0].text.text);
  }
}

void sim_witness_lost(sim_gk *g, const h46017_registered *reg,
                      const h46017_connection *c) {
  const h46017_identity *peer = h46017_connection_peer(c);
  sim_lost *lost = &g->lost[g->lost_count++ % SIM_LOST];

  (void)snprintf(lost->id, sizeof(lost->id), "%s", reg->endpoint_identifier);
  lost->has_key = has_key(peer);
  memcpy(lost->key, peer->key_sha256, sizeof(lost->key));
}
