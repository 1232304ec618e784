/* SPDX-License-Identifier: BSD-2-Clause */
#include "sim_parts.h"

#include "session/invariants.h"

#include <string.h>

static int check_one(const h46017_registered *reg, void *arg) {
  sim_gk *g = arg;
  const sim_link *l = reg->connection != NULL
                          ? h46017_connection_user_data(reg->connection)
                          : NULL;

  if (l != NULL && l->conn != reg->connection) {
    sim_fail(g->s, "INV-31: gk%d: %s is on a connection that was deleted",
             g->number, reg->aliases[0].text.text);
  }
  for (size_t i = 0; i < reg->alias_count && !g->shared; i++) {
    const h46017_text *name = &reg->aliases[i].text;
    if (h46017_gatekeeper_find(g->gk, name->text, name->len) != reg) {
      sim_fail(g->s, "INV-30: gk%d: %s is held twice", g->number, name->text);
    }
  }
  return 0;
}

/* A side of a call that is not gone is on a connection that is not either. */
static int check_call(const h46017_route *call, void *arg) {
  sim_gk *g = arg;
  const h46017_connection *sides[] = {call->caller, call->callee};

  for (size_t i = 0; i < 2; i++) {
    const sim_link *l =
        sides[i] != NULL ? h46017_connection_user_data(sides[i]) : NULL;
    if (l != NULL && (l->conn != sides[i] || l->gk != g)) {
      sim_fail(g->s, "INV-41: gk%d: a call on a connection that was deleted",
               g->number);
    }
  }
  return 0;
}

/* What waits to be sent is counted apart: it has limits of its own. */
static void check_memory(sim *s, const sim_gk *g) {
  size_t waiting = 0;
  size_t allowed = 131072 + 8192 * h46017_gatekeeper_connection_count(g->gk) +
                   2048 * h46017_gatekeeper_registration_count(g->gk) +
                   1024 * h46017_gatekeeper_call_count(g->gk);

  for (const sim_link *l = s->links; l != NULL; l = l->next) {
    const uint8_t *p;
    if (l->gk == g && l->conn != NULL) {
      waiting += h46017_connection_peek_tx(l->conn, &p);
    }
  }
  if (g->mem.octets > allowed + waiting * 2) {
    sim_fail(s, "INV-37: gk%d uses %zu octets, %zu are allowed", g->number,
             g->mem.octets, allowed + waiting * 2);
  }
}

void sim_check_gk(sim *s, sim_gk *g) {
  const char *broken;

  if (g->gk == NULL) {
    return;
  }
  broken = h46017_gatekeeper_check_invariants(g->gk);
  if (broken != NULL) {
    sim_fail(s, "gk%d: %s", g->number, broken);
    return;
  }
  (void)h46017_gatekeeper_each(g->gk, check_one, g);
  (void)h46017_gatekeeper_each_call(g->gk, check_call, g);
  check_memory(s, g);
}

static bool sim_host_is_known(const sim_host *h, size_t i) {
  const h46017_registered *reg;

  if (h->link == NULL || h->link->conn == NULL) {
    return false;
  }
  reg = h46017_gatekeeper_find(h->link->gk->gk, h->names[i][0].text,
                               strlen(h->names[i][0].text));
  return reg != NULL &&
         (reg->connection == h->link->conn || h->link->gk->shared);
}

/* Nobody believes for longer than it was promised. */
static void check_belief(sim *s, sim_host *h, size_t i) {
  h46017_time limit = (h46017_time)h->ttl[i] * SIM_SECOND + 10 * SIM_SECOND;

  if (h->ids[i] == 0 ||
      h46017_endpoint_registration_state(h->ep, h->ids[i]) !=
          H46017_REGISTRATION_REGISTERED ||
      sim_host_is_known(h, i)) {
    h->unknown[i] = H46017_TIME_NEVER;
  } else if (h->unknown[i] == H46017_TIME_NEVER) {
    h->unknown[i] = s->now;
  } else if (s->now - h->unknown[i] > limit) {
    sim_fail(s, "INV-38: ep%d believes in a registration nobody knows",
             h->number);
  }
}

void sim_check_host(sim *s, sim_host *h) {
  const char *broken =
      h->ep != NULL ? h46017_endpoint_check_invariants(h->ep) : NULL;

  if (broken != NULL) {
    sim_fail(s, "ep%d: %s", h->number, broken);
  }
  if (h->mem.octets > 131072) {
    sim_fail(s, "INV-37: ep%d uses %zu octets", h->number, h->mem.octets);
  }
}

void sim_check_rest(sim *s) {
  for (size_t i = 0; i < s->host_count; i++) {
    for (size_t k = 0; k < SIM_REGISTRATIONS && s->hosts[i].ep != NULL; k++) {
      check_belief(s, &s->hosts[i], k);
    }
  }
}

bool sim_is_well(const sim *s) {
  for (size_t i = 0; i < s->gk_count; i++) {
    if (h46017_gatekeeper_call_count(s->gks[i].gk) > 0) {
      return false;
    }
  }
  for (size_t i = 0; i < s->host_count; i++) {
    const sim_host *h = &s->hosts[i];
    const h46017_calls *calls =
        h->ep != NULL ? h46017_endpoint_calls(h->ep) : NULL;
    if (calls != NULL && h46017_calls_count(calls) > 0) {
      return false;
    }
    for (size_t k = 0; k < SIM_REGISTRATIONS && !h->rival; k++) {
      if (h->ep == NULL || h->ids[k] == 0 || !sim_host_is_known(h, k) ||
          h46017_endpoint_registration_state(h->ep, h->ids[k]) !=
              H46017_REGISTRATION_REGISTERED) {
        return false;
      }
    }
  }
  return true;
}
