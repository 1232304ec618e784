/* SPDX-License-Identifier: BSD-2-Clause */
#include "session/gatekeeper.h"

#include "base/intmath.h"
#include "session/aliases.h"
#include "session/ras_io.h"

#include <string.h>

/* What a request waits for, besides the program: one before it that is about
 * the same registration, its turn among the full RRQs of all, or word from the
 * holder of a name. */

/* -- the same registration ------------------------------------------------- */

/* Marks need not be unguessable: a peer that makes two of its own registrations
 * look alike makes them wait for each other. FNV-1a */
static uint32_t queue_mark(uint32_t seed, const uint8_t *data, size_t len) {
  uint32_t hash = 2166136261U ^ seed;

  for (size_t i = 0; i < len; i++) {
    hash = (hash ^ data[i]) * 16777619U;
  }
  return hash;
}

static uint32_t queue_mark_identifier(const char *text, size_t len) {
  return queue_mark(1, (const uint8_t *)text, len);
}

size_t gk_marks_max(const h46017_ras *ras) {
  /* an identifier of the request, one of the registration it means */
  return (ras->kind == H46017_RAS_RRQ ? ras->u.rrq.terminal_alias.count : 0) +
         2;
}

static size_t queue_mark_names(const h46017_connection *c,
                               const h46017_aliases *names, uint32_t *marks,
                               size_t max) {
  uint8_t key[H46017_ALIAS_KEY_MAX];
  const gk_registration *known = NULL;
  size_t count = 0;

  for (size_t i = 0; i < names->count && count < max; i++) {
    size_t len = h46017_alias_key(&names->list[i], key);
    const gk_name *held = gk_name_find(c->gk, &names->list[i]);
    marks[count++] = queue_mark(0, key, len);
    if (known == NULL && held != NULL && held->holder->pub.connection == c) {
      known = held->holder;
    }
  }
  if (known != NULL && count < max) {
    marks[count++] =
        queue_mark_identifier(known->identifier, GK_IDENTIFIER_LEN);
  }
  return count;
}

/* Where the requests that belong to a registration say which. */
static const char *queue_identifier_path(h46017_ras_kind kind) {
  static const struct {
    h46017_ras_kind kind;
    const char *path;
  } paths[] = {
      {H46017_RAS_RRQ, "registrationRequest.endpointIdentifier"},
      {H46017_RAS_URQ, "unregistrationRequest.endpointIdentifier"},
      {H46017_RAS_ARQ, "admissionRequest.endpointIdentifier"},
      {H46017_RAS_BRQ, "bandwidthRequest.endpointIdentifier"},
      {H46017_RAS_DRQ, "disengageRequest.endpointIdentifier"},
      {H46017_RAS_LRQ, "locationRequest.endpointIdentifier"},
      {H46017_RAS_RAI, "resourcesAvailableIndicate.endpointIdentifier"},
  };

  for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++) {
    if (paths[i].kind == kind) {
      return paths[i].path;
    }
  }
  return NULL;
}

/* So that two requests are compared in one go. */
static void queue_sort(uint32_t *marks, size_t count) {
  for (size_t i = 1; i < count; i++) {
    const uint32_t mark = marks[i];
    size_t k = i;
    for (; k > 0 && marks[k - 1] > mark; k--) {
      marks[k] = marks[k - 1];
    }
    marks[k] = mark;
  }
}

size_t gk_marks(const h46017_connection *c, const h46017_h225 *msg,
                const h46017_ras *ras, uint32_t *marks, size_t max) {
  char id[GK_IDENTIFIER_LEN + 1];
  const char *path = queue_identifier_path(ras->kind);
  size_t count = 0;
  size_t len;

  if (path != NULL && max > 0 &&
      h46017_h225_read_text(h46017_h225_get(h46017_h225_root(msg), path), id,
                            sizeof(id), &len) == 0) {
    marks[count++] = queue_mark_identifier(id, len);
  }
  if (ras->kind == H46017_RAS_RRQ && !ras->u.rrq.keep_alive) {
    count += queue_mark_names(c, &ras->u.rrq.terminal_alias, marks + count,
                              max - count);
  } else if (ras->kind == H46017_RAS_URQ && count == 0 &&
             c->registration_count == 1 && max > 0) {
    marks[count++] =
        queue_mark_identifier(c->registrations->identifier, GK_IDENTIFIER_LEN);
  }
  queue_sort(marks, count);
  return count;
}

static bool queue_same(const uint32_t *a, size_t a_count, const uint32_t *b,
                       size_t b_count) {
  size_t i = 0;
  size_t k = 0;

  while (i < a_count && k < b_count) {
    if (a[i] == b[k]) {
      return true;
    }
    if (a[i] < b[k]) {
      i++;
    } else {
      k++;
    }
  }
  return false;
}

/* The first of those before `end` that is about the same registration; NULL:
 * none is. */
static const gk_question *queue_blocker(const h46017_connection *c,
                                        const uint32_t *marks, size_t count,
                                        const gk_question *end) {
  for (const gk_question *q = c->questions; q != end; q = q->next) {
    if (queue_same(q->marks, q->mark_count, marks, count)) {
      return q;
    }
  }
  return NULL;
}

/* Does it wait for one before it, and for which? */
static bool queue_waits(gk_question *q) {
  q->behind = queue_blocker(q->connection, q->marks, q->mark_count, q);
  return q->behind != NULL;
}

/* There is no room to wait in. What is about a registration whose turn it is
 * not is refused, since out of turn it may undo what comes before it. */
static bool queue_turns_away(h46017_connection *c, const h46017_h225 *msg,
                             const h46017_ras *ras) {
  uint32_t marks[2];
  size_t count = gk_marks(c, msg, ras, marks, 2);

  if (queue_blocker(c, marks, count, NULL) == NULL) {
    return false;
  }
  gk_refuse_message(c, ras, H46017_ERR_OVERLOAD);
  return true;
}

bool gk_waits(h46017_connection *c, h46017_h225 *msg, const h46017_ras *ras,
              const uint8_t *per, size_t len) {
  const bool full = ras->kind == H46017_RAS_RRQ && !ras->u.rrq.keep_alive;
  const bool crowded = c->question_count >= c->gk->settings.max_pending;
  gk_question *q;

  if (c->questions == NULL || queue_identifier_path(ras->kind) == NULL) {
    return false;
  }
  if (full && (crowded ||
               ras->u.rrq.terminal_alias.count > c->gk->settings.max_aliases)) {
    return false; /* gk_ask() refuses it */
  }
  if (crowded) {
    return queue_turns_away(c, msg, ras);
  }
  q = gk_question_keep(c, ras, per, len);
  if (q == NULL) {
    gk_connection_fail(c, H46017_ERR_NOMEM);
    return true;
  }
  gk_question_mark(q, msg, ras);
  if (!queue_waits(q)) {
    gk_question_free(q);
    return false;
  }
  q->state = GK_QUESTION_BEHIND;
  q->deadline = H46017_TIME_NEVER; /* it has the patience of those before it */
  gk_question_arm(q);
  gk_send_rip(c, q->seq);
  return true;
}

/* Only one whose blocker has gone is looked at again, and the next one is
 * mostly the first there is: a peer that makes many wait for each other has
 * each of them compared with all a few times, not with every answer. */
static gk_question *queue_next_free(const h46017_connection *c) {
  for (gk_question *q = c->questions; q != NULL; q = q->next) {
    if (q->state == GK_QUESTION_BEHIND && q->behind == NULL &&
        !queue_waits(q)) {
      return q;
    }
  }
  return NULL;
}

/* Its octets live as long as it is served. */
static void queue_serve(gk_question *q) {
  h46017_connection *c = q->connection;
  h46017_gatekeeper *gk = c->gk;
  gk_message *m = gk_message_take(gk);
  h46017_ras ras;
  int rv = m != NULL ? h46017_ras_read(m->msg, q->per, q->len, &gk->log, &ras)
                     : H46017_ERR_NOMEM;

  if (rv != 0) {
    gk_question_free(q);
    gk_connection_fail(c, rv);
  } else {
    gk_question_serve(q, m->msg, &ras);
  }
  if (m != NULL) {
    gk_message_give(gk, m);
  }
}

void gk_advance(h46017_connection *c) {
  gk_question *q;

  if (c->advancing) {
    return; /* whoever is at it goes on */
  }
  c->advancing = true;
  while (c->state == GK_CONN_UP && (q = queue_next_free(c)) != NULL) {
    queue_serve(q);
  }
  c->advancing = false;
}

/* -- in turn --------------------------------------------------------------- */

#define QUEUE_ONE 1000U /* the allowance that one full RRQ takes */

/* What a tenth of a second allows may come at once. */
static uint64_t queue_burst(const h46017_gatekeeper *gk) {
  return H46017_MAX((uint64_t)gk->settings.full_rate * QUEUE_ONE / 10,
                    QUEUE_ONE);
}

static bool queue_take(h46017_gatekeeper *gk) {
  uint64_t rate = gk->settings.full_rate;
  uint64_t burst = queue_burst(gk);
  h46017_time elapsed = gk->now - gk->allowance_at;

  if (rate == 0) {
    return true;
  }
  gk->allowance = elapsed > 1000
                      ? burst
                      : H46017_MIN(burst, gk->allowance + elapsed * rate);
  gk->allowance_at = gk->now;
  if (gk->allowance < QUEUE_ONE) {
    return false;
  }
  gk->allowance -= QUEUE_ONE;
  return true;
}

static void queue_arm(h46017_gatekeeper *gk) {
  h46017_time at = H46017_TIME_NEVER;

  if (gk->queue != NULL) {
    uint64_t rate = H46017_MAX(gk->settings.full_rate, 1U);
    uint64_t lacking =
        QUEUE_ONE - H46017_MIN(gk->allowance, (uint64_t)QUEUE_ONE);
    at = h46017_time_add(gk->now, H46017_MAX((lacking + rate - 1) / rate, 1U));
  }
  h46017_heap_set(&gk->timers, &gk->queue_timer, at);
}

bool gk_queue_turn(gk_question *q, int *prv) {
  h46017_gatekeeper *gk = q->connection->gk;
  const h46017_gatekeeper_settings *s = &gk->settings;

  if (gk->queue == NULL && queue_take(gk)) {
    return true;
  }
  /* More than are served in the time that one may wait would wait in vain. */
  if ((uint64_t)gk->queue_count * 1000 >=
      (uint64_t)s->full_rate * s->question_timeout) {
    *prv = H46017_ERR_OVERLOAD;
    return false;
  }
  q->state = GK_QUESTION_QUEUED;
  q->deadline = h46017_time_add(gk->now, s->question_timeout);
  q->link = gk->queue_end;
  *gk->queue_end = q;
  gk->queue_end = &q->also;
  gk->queue_count++;
  gk_question_arm(q);
  if (gk->queue == q) {
    queue_arm(gk);
  }
  return false;
}

void gk_queue_leave(gk_question *q) {
  h46017_gatekeeper *gk = q->connection->gk;

  if (q->link == NULL) {
    return;
  }
  *q->link = q->also;
  if (q->also != NULL) {
    q->also->link = q->link;
  }
  if (q->state == GK_QUESTION_QUEUED) {
    if (q->also == NULL) {
      gk->queue_end = q->link;
    }
    gk->queue_count--;
    queue_arm(gk);
  }
  q->link = NULL;
  q->also = NULL;
}

void gk_queue_timer(h46017_gatekeeper *gk) {
  gk_question *q;

  while ((q = gk->queue) != NULL && queue_take(gk)) {
    gk_queue_leave(q);
    gk_question_put_again(q);
  }
  queue_arm(gk);
}

/* -- word from a holder ---------------------------------------------------- */

void gk_probe(gk_question *q, gk_registration *holder) {
  h46017_gatekeeper *gk = q->connection->gk;
  h46017_connection *c = holder->pub.connection;
  bool first = c->probers == NULL;

  q->state = GK_QUESTION_PROBING;
  q->holder = c;
  q->deadline = h46017_time_add(gk->now, gk->settings.probe_timeout);
  q->also = c->probers;
  q->link = &c->probers;
  if (q->also != NULL) {
    q->also->link = &q->also;
  }
  c->probers = q;
  gk_question_arm(q);
  gk_send_rip(q->connection, q->seq);
  if (first) {
    gk_send_irq(holder);
  }
}

void gk_probes_over(h46017_connection *c, bool alive) {
  /* None is left there that was: who joins again later has a new question. */
  while (c->probers != NULL) {
    gk_question_probed(c->probers, alive);
  }
}
