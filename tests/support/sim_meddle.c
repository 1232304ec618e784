/* SPDX-License-Identifier: BSD-2-Clause */
#include "sim_parts.h"

#include "session/endpoint.h"

#include <string.h>

/* Between two messages, on a link on which nothing was lost: there a whole one
 * has its place. */
static bool is_between(const sim_host *h) {
  const sim_link *l = h->link;

  return h->ep != NULL && l != NULL && l->conn != NULL && l->up.len == 0 &&
         !l->up.fin && !l->cut && !l->stalled && l->left == SIZE_MAX &&
         h46017_endpoint_get_state(h->ep) == H46017_ENDPOINT_UP &&
         !h46017_endpoint_want_write(h->ep);
}

/* A number that the endpoint does not wait for. */
static uint16_t other_number(const sim_host *h) {
  uint16_t seq = (uint16_t)(1 + sim_draw(h->s, 65535));

  for (const endpoint_registration *r = h->ep->registrations; r != NULL;
       r = r->next) {
    seq = r->pending == seq ? (uint16_t)(seq / 2 + 1) : seq;
  }
  return seq;
}

typedef struct chosen {
  sim *s;
  const sim_link *link; /* on it; NULL: anywhere */
  bool lost;            /* without a connection */
  uint32_t seen;
  const h46017_registered *reg;
} chosen;

static int choose(const h46017_registered *reg, void *arg) {
  chosen *c = arg;

  if ((c->link == NULL || reg->connection == c->link->conn) &&
      (!c->lost || reg->connection == NULL) && sim_draw(c->s, ++c->seen) == 0) {
    c->reg = reg;
  }
  return 0;
}

/* Twice, at times, as some endpoints do. */
static void send(sim_host *h, const h46017_ras *ras) {
  sim *s = h->s;
  h46017_h225 *m = NULL;
  h46017_tunnel *t = NULL;
  h46017_tunnel_callbacks cb;
  uint8_t per[1024];
  const uint8_t *p;
  size_t len = 0;

  h46017_tunnel_callbacks_default(&cb);
  if (h46017_h225_new(&m, NULL, NULL) == 0 &&
      h46017_tunnel_new(&t, NULL, &cb, NULL, NULL, 0) == 0 &&
      h46017_ras_build(m, ras) == 0 &&
      h46017_h225_encode(m, per, sizeof(per), &len) == 0 &&
      h46017_tunnel_write_ras(t, per, len) == 0) {
    len = h46017_tunnel_peek_tx(t, &p);
    sim_tell(s, "somebody says %s %u for ep%d", h46017_ras_kind_name(ras->kind),
             (unsigned)ras->request_seq_num, h->number);
    for (uint32_t i = sim_draw(s, 2) + 1; i > 0; i--) {
      sim_pipe_send(s, &h->link->up, p, len);
    }
  }
  h46017_tunnel_del(t);
  h46017_h225_del(m);
}

/* Some of its names go; it is not told. The first stays, by which it is known
 * when the weather clears. */
static void meddle_urq(const h46017_registered *reg, h46017_ras *ras) {
  ras->kind = H46017_RAS_URQ;
  ras->u.urq.endpoint_identifier =
      (h46017_text){reg->endpoint_identifier, strlen(reg->endpoint_identifier)};
  ras->u.urq.reason = H46017_URQ_REASON_ABSENT;
  ras->u.urq.endpoint_alias = (h46017_aliases){
      &reg->aliases[reg->alias_count - 1], reg->alias_count > 1, true};
}

/* Back to what it lost by a full RRQ, and at once by a keep-alive. */
static void meddle_back(sim_host *h, const h46017_registered *reg) {
  h46017_ras ras = {.kind = H46017_RAS_RRQ, .request_seq_num = other_number(h)};

  ras.u.rrq.endpoint_identifier =
      (h46017_text){reg->endpoint_identifier, strlen(reg->endpoint_identifier)};
  ras.u.rrq.terminal_alias =
      (h46017_aliases){reg->aliases, reg->alias_count, true};
  send(h, &ras);
  ras.request_seq_num = other_number(h);
  ras.u.rrq.keep_alive = true;
  ras.u.rrq.terminal_alias.present = false;
  send(h, &ras);
}

void sim_meddle(sim *s, sim_host *h) {
  h46017_ras ras = {.kind = H46017_RAS_RRQ};
  chosen any = {.s = s};
  chosen own = {.s = s, .link = h->link};
  chosen lost = {.s = s, .lost = true};
  const sim_host *other = &s->hosts[sim_draw(s, (uint32_t)s->host_count)];
  h46017_alias alias = {
      other->names[0][0].type,
      0,
      {other->names[0][0].text, strlen(other->names[0][0].text)}};

  if (!is_between(h)) {
    return;
  }
  ras.request_seq_num = other_number(h);
  (void)h46017_gatekeeper_each(h->link->gk->gk, choose, &any);
  (void)h46017_gatekeeper_each(h->link->gk->gk, choose, &own);
  (void)h46017_gatekeeper_each(h->link->gk->gk, choose, &lost);
  if (lost.reg != NULL && sim_chance(s, 2)) {
    meddle_back(h, lost.reg);
    return;
  }
  switch (sim_draw(s, 4)) {
  case 0: /* a keep-alive for anybody's registration, or for its own */
  case 1:
    any.reg = sim_chance(s, 2) ? own.reg : any.reg;
    if (any.reg == NULL) {
      return;
    }
    ras.u.rrq.keep_alive = true;
    ras.u.rrq.time_to_live = 60;
    ras.u.rrq.endpoint_identifier = (h46017_text){
        any.reg->endpoint_identifier, strlen(any.reg->endpoint_identifier)};
    break;
  case 2:
    if (own.reg == NULL || own.reg->alias_count < 2) {
      return;
    }
    meddle_urq(own.reg, &ras);
    break;
  default: /* it would have somebody's name */
    ras.u.rrq.terminal_alias = (h46017_aliases){&alias, 1, true};
    break;
  }
  send(h, &ras);
}
