/* SPDX-License-Identifier: BSD-2-Clause */
#include "session/invariants.h"

#include "base/mem.h"
#include "session/endpoint.h"
#include "session/gatekeeper.h"

#include <string.h>

/* The first that does not hold is what is returned. */
#define HOLDS(what, text)                                                      \
  do {                                                                         \
    if (!(what)) {                                                             \
      return text;                                                             \
    }                                                                          \
  } while (0)

#define FIRST(check)                                                           \
  do {                                                                         \
    const char *said = (check);                                                \
    if (said != NULL) {                                                        \
      return said;                                                             \
    }                                                                          \
  } while (0)

/* -- the gatekeeper -------------------------------------------------------- */

/* What was counted on the way, to be compared with what the object believes. */
typedef struct gk_census {
  size_t connections;
  size_t registrations;
  size_t names; /* those that are found: the first of each */
  size_t questions;
  size_t timers;
  size_t ready;
  size_t legs;
} gk_census;

static const char *check_timer(const h46017_gatekeeper *gk,
                               const h46017_heap_node *n, int kind) {
  HOLDS(n->kind == kind, "INV-34: a timer of another kind");
  HOLDS(n->expiry == H46017_TIME_NEVER ||
            (n->index < gk->timers.count &&
             h46017_heap_at(&gk->timers, n->index)->node == n &&
             h46017_heap_at(&gk->timers, n->index)->expiry <= n->expiry),
        "INV-34: a timer that runs and is not where it should be");
  return NULL;
}

static const char *check_heap(const h46017_heap *h) {
  for (size_t i = 1; i < h->count; i++) {
    HOLDS(h46017_heap_at(h, (i - 1) / 2)->expiry <=
              h46017_heap_at(h, i)->expiry,
          "INV-34: timers out of order");
  }
  HOLDS(h->count == 0 ||
            h46017_heap_at(h, 0)->expiry == h46017_heap_at(h, 0)->node->expiry,
        "INV-34: the first timer was put off");
  HOLDS(h->count <= h->members &&
            h->members <= h->chunk_count * H46017_HEAP_CHUNK,
        "INV-34: more timers than owners");
  return NULL;
}

static const char *check_name(const h46017_gatekeeper *gk,
                              const gk_registration *r, const gk_name *name,
                              gk_census *n) {
  const gk_name *first =
      h46017_map_find(&gk->names, name->entry.key, name->entry.len);
  size_t here = 0;

  HOLDS(name->holder == r, "INV-30: a name that another holds");
  HOLDS(first != NULL, "INV-30: a name that is not found");
  HOLDS(name->entry.object == (first == name ? name : NULL),
        "INV-30: a name that does not know its place");
  n->names += first == name;
  for (const gk_name *i = first; i != NULL; i = i->behind) {
    here += i == name;
  }
  HOLDS(here == 1, "INV-30: a name that does not stand among its holders");
  return NULL;
}

/* Is what is kept what was built? Without memory: it may be. */
static bool check_kept(const uint8_t *kept, size_t kept_len, h46017_h225 *m) {
  const h46017_mem *mem = h46017_mem_default();
  uint8_t *per = h46017_mem_alloc(mem, kept_len);
  size_t len = 0;
  bool same = per == NULL || (h46017_h225_encode(m, per, kept_len, &len) == 0 &&
                              len == kept_len && memcmp(per, kept, len) == 0);

  h46017_mem_release(mem, per);
  return same;
}

static bool check_kept_rcf(const gk_registration *r, const gk_answered *kept) {
  h46017_h225 *m = NULL;
  bool same = h46017_h225_new(&m, NULL, NULL) != 0 ||
              (gk_build_rcf(r, kept->seq, m) == 0 &&
               check_kept(kept->per, kept->len, m));

  h46017_h225_del(m);
  return same;
}

static const char *check_rcf(const gk_registration *r) {
  const h46017_connection *c = r->pub.connection;
  const h46017_gatekeeper *gk = r->gk;

  HOLDS(c == NULL || c->answered == NULL || r->rcf <= gk->rcf_void ||
            c->answered->rcf != r->rcf || check_kept_rcf(r, c->answered),
        "INV-44: an RCF that is kept, and says what is not so");
  return NULL;
}

static const char *check_registration(const h46017_gatekeeper *gk,
                                      const gk_registration *r, gk_census *n) {
  const h46017_text id = {r->identifier, GK_IDENTIFIER_LEN};
  size_t held = 0;

  n->registrations++;
  n->timers++;
  HOLDS(r->gk == gk && *r->link == r, "INV-31: a registration out of its list");
  HOLDS(gk_find_identifier(gk, &id) == r,
        "INV-30: an endpointIdentifier that leads elsewhere");
  HOLDS(r->timer.expiry != H46017_TIME_NEVER,
        "INV-32: a registration that nothing ends");
  HOLDS(r->state == GK_REG_EXPIRING || r->timer.expiry == r->pub.expires,
        "INV-32: a registration that ends at another time than it says");
  FIRST(check_timer(gk, &r->timer, GK_TIMER_REGISTRATION));
  FIRST(check_rcf(r));
  for (size_t i = 0; i < r->names.count; i++) {
    if (r->names.list[i].holder != NULL) {
      held++;
      FIRST(check_name(gk, r, &r->names.list[i], n));
    }
  }
  HOLDS(held > 0 && r->pub.alias_count >= held,
        "INV-30: a registration without a name");
  return NULL;
}

/* Who waits for another waits for one that came before it. */
static bool questions_wait(const h46017_connection *c, const gk_question *q) {
  const gk_question *before = c->questions;

  while (before != q && before != q->behind) {
    before = before->next;
  }
  return before != q;
}

static const char *check_questions(const h46017_connection *c, gk_census *n) {
  const h46017_gatekeeper *gk = c->gk;
  size_t count = 0;

  for (const gk_question *q = c->questions; q != NULL; q = q->next) {
    count++;
    n->timers++;
    HOLDS(q->connection == c, "INV-33: a question of another connection");
    HOLDS(h46017_map_find(&gk->questions, (const uint8_t *)&q->id,
                          sizeof(q->id)) == q,
          "INV-33: a question that is not found");
    HOLDS(q->timer.expiry != H46017_TIME_NEVER,
          "INV-33: a question that nothing ends");
    HOLDS(q->call != NULL || q->mark_count > 0,
          "INV-21: a question that nobody waits for");
    HOLDS(q->state != GK_QUESTION_BEHIND || questions_wait(c, q),
          "INV-33: a request that waits for nothing");
    HOLDS(q->call == NULL || (q->call->question == q && !q->call->over),
          "INV-33: a question about another call");
    FIRST(check_timer(gk, &q->timer, GK_TIMER_QUESTION));
  }
  HOLDS(count == c->question_count, "INV-33: questions counted wrong");
  n->questions += count;
  return NULL;
}

/* -- calls ----------------------------------------------------------------- */

/* A table of calls: found by reference, in order of their timers. */
static const char *check_table(const h46017_calls *calls) {
  size_t live = 0;
  size_t all = 0;

  HOLDS(calls->depth == 0 && calls->observing == 0 && calls->forgotten == NULL,
        "INV-36: a table of calls that is busy");
  for (const h46017_call *call = calls->first; call != NULL;
       call = call->next) {
    all++;
    live += call->state != H46017_CALL_RELEASED;
    HOLDS(call->calls == calls &&
              (call->prev == NULL ? calls->first == call
                                  : call->prev->next == call),
          "INV-40: a call out of its list");
    HOLDS(calls_lookup(calls, call->ours, call->reference) == call,
          "INV-40: a call reference that leads elsewhere");
  }
  HOLDS(live == calls->count && all == calls->references.count,
        "INV-40: calls counted wrong");
  return NULL;
}

static const char *check_leg(const gk_leg *leg, gk_census *n) {
  const gk_call *call = leg->of;
  const h46017_connection *c = leg->connection;
  bool answer = leg == &call->legs[GK_CALLEE];

  HOLDS(c != NULL && c->state == GK_CONN_UP && *leg->link == leg,
        "INV-41: a leg without a connection that is up");
  HOLDS(leg->registration != NULL && leg->registration->pub.connection == c,
        "INV-41: a leg without a registration");
  HOLDS(leg->by_key.object == NULL ||
            h46017_map_find(&call->gk->legs, leg->key, sizeof(leg->key)) == leg,
        "INV-41: a callIdentifier that leads elsewhere");
  HOLDS((answer ? call->pub.callee : call->pub.caller) == c,
        "INV-41: a leg on a connection that nobody was told of");
  HOLDS(leg->call == NULL ||
            (leg->call->calls == c->calls && leg->call->user_data == leg &&
             leg->call->state != H46017_CALL_RELEASED),
        "INV-41: a leg of another's call");
  n->legs += leg->by_key.object != NULL;
  return NULL;
}

/* Until its Setup a call has one leg and a timer, from then on two legs. */
static const char *check_call(const gk_call *call, gk_census *n) {
  const gk_leg *caller = &call->legs[GK_CALLER];
  const gk_leg *callee = &call->legs[GK_CALLEE];

  n->timers++;
  HOLDS(!call->over && call->pub.state != H46017_ROUTE_RELEASED,
        "INV-36: a call that is over and was not released");
  HOLDS(h46017_map_find(&call->gk->call_ids, (const uint8_t *)&call->pub.id,
                        sizeof(call->pub.id)) == call,
        "INV-41: a call that is not found");
  FIRST(check_timer(call->gk, &call->timer, GK_TIMER_CALL));
  FIRST(check_leg(caller, n));
  if (call->pub.state == H46017_ROUTE_ADMITTED) {
    HOLDS((caller->call == NULL || call->question != NULL) &&
              callee->connection == NULL,
          "INV-41: a call before its Setup");
    HOLDS(call->timer.expiry != H46017_TIME_NEVER || call->question != NULL,
          "INV-32: an admission that nothing ends");
    HOLDS(call->question == NULL || call->question->call == call,
          "INV-33: a question about another call");
    return NULL;
  }
  HOLDS(caller->call != NULL && callee->call != NULL && call->question == NULL,
        "INV-41: a leg without its twin");
  return check_leg(callee, n);
}

static const char *check_calls(const h46017_gatekeeper *gk, gk_census *n) {
  size_t count = 0;
  size_t keyed;
  uint64_t bandwidth = 0;

  for (const gk_call *call = gk->calls; call != NULL; call = call->next) {
    count++;
    bandwidth += call->pub.bandwidth;
    FIRST(check_call(call, n));
  }
  keyed = n->legs;
  HOLDS(count == gk->call_count && count == gk->call_ids.count &&
            keyed == gk->legs.count,
        "INV-41: calls counted wrong");
  HOLDS(bandwidth == gk->bandwidth, "INV-41: bandwidth counted wrong");
  return NULL;
}

static const char *check_legs(const h46017_connection *c) {
  size_t count = 0;

  for (const gk_leg *leg = c->legs; leg != NULL; leg = leg->next) {
    count++;
    HOLDS(leg->connection == c && !leg->of->over,
          "INV-41: a leg on a connection that is not its own");
  }
  HOLDS(count == c->leg_count, "INV-41: legs counted wrong");
  return c->calls != NULL ? check_table(c->calls) : NULL;
}

/* -- connections ----------------------------------------------------------- */

static const char *check_connection(const h46017_connection *c, gk_census *n) {
  const h46017_gatekeeper *gk = c->gk;
  size_t count = 0;

  n->connections++;
  n->timers++;
  n->ready += c->ready;
  HOLDS(c->prev == NULL || c->prev->next == c,
        "INV-31: a connection out of its list");
  HOLDS(!c->doomed, "INV-35: a connection that was deleted and is there");
  HOLDS(c->state == GK_CONN_UP ||
            (c->registrations == NULL && c->questions == NULL),
        "INV-31: registrations or questions of a connection that ended");
  HOLDS(c->state != GK_CONN_UP || (!c->down && c->error == 0),
        "INV-31: a connection that is up and has ended");
  HOLDS(c->state != GK_CONN_UP || c->registrations == NULL ||
            c->state_timer == H46017_TIME_NEVER,
        "INV-32: a connection that is registered, and is to register in time");
  FIRST(check_timer(gk, &c->timer, GK_TIMER_CONNECTION));
  for (const gk_registration *r = c->registrations; r != NULL; r = r->next) {
    count++;
    HOLDS(r->pub.connection == c &&
              (r->state == GK_REG_REGISTERED || r->state == GK_REG_EXPIRING),
          "INV-31: a registration on a connection that is not its own");
    FIRST(check_registration(gk, r, n));
  }
  HOLDS(count == c->registration_count, "INV-31: registrations counted wrong");
  FIRST(check_legs(c));
  return check_questions(c, n);
}

static const char *check_ready(const h46017_gatekeeper *gk, size_t ready) {
  const h46017_connection *last = NULL;
  size_t count = 0;

  for (const h46017_connection *c = gk->ready_first; c != NULL;
       c = c->ready_next) {
    HOLDS(c->ready && c->ready_prev == last && c->gk == gk && ++count <= ready,
          "INV-35: the ready list");
    last = c;
  }
  HOLDS(gk->ready_last == last && count == ready, "INV-35: the ready list");
  return NULL;
}

const char *h46017_gatekeeper_check_invariants(const h46017_gatekeeper *gk) {
  gk_census n = {.timers = 1 /* of the queue */};

  HOLDS(gk->depth == 0 && gk->observing == 0, "INV-36: a call that goes on");
  HOLDS(gk->ended == NULL && gk->ended_calls == NULL &&
            gk->doomed_connections == NULL,
        "INV-36: something that ended was not released");
  for (const h46017_connection *c = gk->connections; c != NULL; c = c->next) {
    FIRST(check_connection(c, &n));
  }
  for (const gk_registration *r = gk->graced; r != NULL; r = r->next) {
    HOLDS(r->pub.connection == NULL && r->state == GK_REG_GRACE,
          "INV-31: a registration without a connection and without grace");
    FIRST(check_registration(gk, r, &n));
  }
  FIRST(check_calls(gk, &n));
  HOLDS(n.connections == gk->connection_count,
        "INV-31: connections counted wrong");
  HOLDS(n.registrations == gk->registration_count &&
            n.registrations == gk->identifiers.count,
        "INV-31: registrations counted wrong");
  HOLDS(n.names == gk->names.count, "INV-30: a name that nobody holds");
  HOLDS(n.questions == gk->questions.count && gk->queue_count <= n.questions,
        "INV-33: a question of nobody");
  HOLDS(n.timers == gk->timers.members, "INV-34: a timer of nobody");
  FIRST(check_heap(&gk->timers));
  return check_ready(gk, n.ready);
}

/* -- the endpoint ---------------------------------------------------------- */

static const char *check_endpoint_registration(const h46017_endpoint *ep,
                                               const endpoint_registration *r) {
  bool on_wire = ep->tunnel != NULL;
  bool there = r->state == H46017_REGISTRATION_REGISTERED ||
               r->state == H46017_REGISTRATION_REFRESHING;
  bool waits = r->state == H46017_REGISTRATION_REGISTERING ||
               r->state == H46017_REGISTRATION_REFRESHING ||
               r->state == H46017_REGISTRATION_UNREGISTERING ||
               r->state == H46017_REGISTRATION_HELD;

  HOLDS(on_wire || r->state == H46017_REGISTRATION_UNREGISTERED,
        "INV-31: a registration without a connection");
  HOLDS(!waits || ep->error != 0 || r->timer != H46017_TIME_NEVER,
        "INV-32: a registration that nothing ends");
  HOLDS(r->endpoint_identifier == NULL || there ||
            r->state == H46017_REGISTRATION_UNREGISTERING,
        "INV-31: an endpointIdentifier without a registration");
  HOLDS(!there || r->told, "INV-31: a registration that nobody was told of");
  HOLDS(r->alias_count > 0, "INV-30: a registration without a name");
  HOLDS(r->refused <= r->alias_count &&
            r->asked <= r->alias_count - r->refused && r->confirmed <= r->asked,
        "INV-31: names counted wrong");
  return NULL;
}

static bool check_kept_keep_alive(const h46017_endpoint *ep) {
  h46017_ras_kind kind = H46017_RAS_UNKNOWN;
  h46017_h225 *m = NULL;
  uint16_t seq = 0;
  bool same =
      h46017_h225_new(&m, NULL, NULL) != 0 ||
      (h46017_ras_peek(ep->scratch, ep->scratch_len, &kind, &seq) == 0 &&
       endpoint_build_keep_alive(ep, ep->again, seq, m) == 0 &&
       check_kept(ep->scratch, ep->scratch_len, m));

  h46017_h225_del(m);
  return same;
}

/* Who was asked for leave, and has not ended since. */
static const char *check_admissions(const h46017_endpoint *ep) {
  HOLDS(ep->calls == NULL || ep->tunnel != NULL,
        "INV-40: calls without a connection");
  HOLDS(ep->admissions == NULL || ep->calls != NULL,
        "INV-40: an admission without a table of calls");
  for (const endpoint_call *a = ep->admissions; a != NULL; a = a->next) {
    HOLDS(a->call->calls == ep->calls && a->call->state != H46017_CALL_RELEASED,
          "INV-40: an admission of a call that is over");
    HOLDS(ep->error != 0 || a->pending == 0 || a->deadline != H46017_TIME_NEVER,
          "INV-32: an admission that nothing answers");
  }
  return ep->calls != NULL ? check_table(ep->calls) : NULL;
}

const char *h46017_endpoint_check_invariants(const h46017_endpoint *ep) {
  bool on_wire =
      ep->state == H46017_ENDPOINT_UP || ep->state == H46017_ENDPOINT_CLOSING;
  bool again = ep->again == NULL;
  uint32_t count = 0;

  HOLDS(ep->depth == 0 && ep->observing == 0, "INV-36: a call that goes on");
  if (ep->fatal != 0) {
    return NULL; /* it waits to be deleted, as it stood */
  }
  HOLDS(on_wire == (ep->tunnel != NULL),
        "INV-31: a connection in a state that has none");
  HOLDS((ep->state != H46017_ENDPOINT_CONNECTING &&
         ep->state != H46017_ENDPOINT_BACKOFF) ||
            ep->timer != H46017_TIME_NEVER,
        "INV-32: a state that nothing ends");
  for (const endpoint_registration *r = ep->registrations; r != NULL;
       r = r->next) {
    count++;
    again |= ep->again == r;
    HOLDS(!r->removing || r->state != H46017_REGISTRATION_UNREGISTERED,
          "INV-36: a registration that ended was not released");
    FIRST(check_endpoint_registration(ep, r));
  }
  HOLDS(count == ep->registration_count, "INV-31: registrations counted wrong");
  HOLDS(again, "INV-36: a keep-alive of a registration that is gone");
  HOLDS(ep->again == NULL || check_kept_keep_alive(ep),
        "INV-47: a keep-alive that is kept, and says what is not so");
  return check_admissions(ep);
}
