/* SPDX-License-Identifier: BSD-2-Clause */
#include "sim_parts.h"

#include "session/gatekeeper.h"
#include "session/invariants.h"

#include <string.h>

static const h46017_registered *holder(const sim_gk *g,
                                       const h46017_alias *alias) {
  const gk_name *name = gk_name_find(g->gk, alias);

  return name != NULL ? &name->holder->pub : NULL;
}

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
    if (holder(g, &reg->aliases[i]) != reg) {
      sim_fail(g->s, "INV-30: gk%d: %s is held twice", g->number,
               reg->aliases[i].text.text);
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

/* A walk through all that it knows: in a large network one step in several has
 * to do, or there would be fewer networks. */
void sim_check_gk(sim *s, sim_gk *g) {
  const char *broken;

  if (g->gk == NULL || s->result->steps - g->checked < s->host_count / 4) {
    return;
  }
  broken = h46017_gatekeeper_check_invariants(g->gk);
  if (broken != NULL) {
    sim_fail(s, "gk%d: %s", g->number, broken);
    return;
  }
  if (g->changed > g->checked) {
    (void)h46017_gatekeeper_each(g->gk, check_one, g);
  }
  (void)h46017_gatekeeper_each_call(g->gk, check_call, g);
  check_memory(s, g);
  g->checked = s->result->steps;
}

static bool sim_host_is_known(const sim_host *h, size_t i) {
  const sim_name *name = &h->names[i][0];
  const h46017_alias alias = {name->type, 0, {name->text, strlen(name->text)}};
  const h46017_registered *reg;

  if (h->link == NULL || h->link->conn == NULL) {
    return false;
  }
  reg = holder(h->link->gk, &alias);
  return reg != NULL &&
         (reg->connection == h->link->conn || h->link->gk->shared);
}

/* Whether it believes what nobody knows, since when. */
static void look_at_belief(sim_host *h, size_t i) {
  if (h->ids[i] == 0 ||
      h46017_endpoint_registration_state(h->ep, h->ids[i]) !=
          H46017_REGISTRATION_REGISTERED ||
      sim_host_is_known(h, i)) {
    h->unknown[i] = H46017_TIME_NEVER;
  } else if (h->unknown[i] == H46017_TIME_NEVER) {
    h->unknown[i] = h->s->now;
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

static bool is_changed(const sim *s, const sim_host *h) {
  return h->changed > s->rested ||
         (h->link != NULL && h->link->gk->changed > s->rested);
}

/* Nobody believes for longer than it was promised. */
void sim_check_rest(sim *s) {
  for (size_t i = 0; i < s->host_count; i++) {
    sim_host *h = &s->hosts[i];
    bool changed = is_changed(s, h);
    for (size_t k = 0; k < SIM_REGISTRATIONS && h->ep != NULL; k++) {
      h46017_time limit = (10 + (h46017_time)h->ttl[k]) * SIM_SECOND;
      if (changed) {
        look_at_belief(h, k);
      }
      if (h->unknown[k] < s->now && s->now - h->unknown[k] > limit) {
        sim_fail(s, "INV-38: ep%d believes in a registration nobody knows",
                 h->number);
      }
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
