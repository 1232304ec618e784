/* SPDX-License-Identifier: BSD-2-Clause */
#include "session/gatekeeper.h"

#include "base/intmath.h"
#include "base/mem.h"

#include <string.h>

/* A full RRQ that was let in becomes a registration: the older ones that stand
 * in its way make room, or keep it out. */

/* -- who is whose ---------------------------------------------------------- */

static bool admission_is_for(const gk_registration *r, const char *device) {
  const char *own = r->names.device;

  return own == NULL || device == NULL ? own == device
                                       : strcmp(own, device) == 0;
}

/* The newcomer proves that it is the one that the registration is of. */
static bool admission_is_same(const h46017_connection *c, const gk_decision *d,
                              const gk_registration *r) {
  return gk_registration_is_of(r, c) ||
         (d->password && d->device != NULL && admission_is_for(r, d->device));
}

/* It is on this connection, or has none and waits for this peer. */
static bool admission_is_ours(const h46017_connection *c, const gk_decision *d,
                              const gk_registration *r) {
  return r->pub.connection == c ||
         (r->pub.connection == NULL && admission_is_same(c, d, r));
}

static bool admission_may_replace(const h46017_connection *c,
                                  const gk_decision *d,
                                  const gk_registration *r) {
  return admission_is_ours(c, d, r) ||
         (c->gk->settings.duplicates != H46017_DUPLICATES_REJECT &&
          r->pub.connection != NULL && admission_is_same(c, d, r));
}

/* The registration that the RRQ speaks of: the one it names, else the one that
 * holds one of its names. */
static gk_registration *admission_previous(const h46017_connection *c,
                                           const h46017_rrq *rrq,
                                           const gk_decision *d) {
  gk_registration *r = gk_find_identifier(c->gk, &rrq->endpoint_identifier);

  if (r != NULL && admission_is_ours(c, d, r)) {
    return r;
  }
  for (size_t i = 0; i < d->names.count; i++) {
    for (const gk_name *name = gk_name_first(c->gk, &d->names.list[i]);
         name != NULL; name = name->behind) {
      if (admission_is_ours(c, d, name->holder)) {
        return name->holder;
      }
    }
  }
  return NULL;
}

gk_registration *gk_standing(const h46017_connection *c, const h46017_rrq *rrq,
                             const h46017_aliases *names, const char *device) {
  const h46017_text *id = &rrq->endpoint_identifier;
  gk_registration *r = c->registrations;

  return r != NULL && !rrq->additive_registration &&
                 (id->text == NULL ? r->next == NULL
                                   : gk_registration_named(c, id) == r) &&
                 admission_is_for(r, device) && gk_names_stand(r, names)
             ? r
             : NULL;
}

/* Where a name may have several holders: so many, since each of them is looked
 * at when one comes or goes. */
#define HOLDERS_MAX 64

/* Of as many as there may be, the one that keeps another out: an older one of
 * the newcomer's own, which may be dead, or the first. */
static gk_registration *admission_crowd(const h46017_connection *c,
                                        const gk_decision *d,
                                        const gk_name *name) {
  gk_registration *holder = NULL;
  size_t count = 0;

  for (; name != NULL; name = name->behind, count++) {
    if (admission_is_ours(c, d, name->holder)) {
      return NULL; /* its place is free */
    }
    if (holder == NULL || admission_is_same(c, d, name->holder)) {
      holder = name->holder;
    }
  }
  return count >= HOLDERS_MAX ? holder : NULL;
}

/* One who keeps the name to itself. */
static gk_registration *admission_keeper(const h46017_connection *c,
                                         const gk_decision *d,
                                         const gk_name *name) {
  while (name != NULL && admission_may_replace(c, d, name->holder)) {
    name = name->behind;
  }
  return name != NULL ? name->holder : NULL;
}

gk_registration *gk_obstacle(const h46017_connection *c, const gk_decision *d,
                             const h46017_alias **pheld) {
  const bool shared = c->gk->settings.duplicates == H46017_DUPLICATES_ALLOW;

  for (size_t i = 0; i < d->names.count; i++) {
    const gk_name *name = gk_name_first(c->gk, &d->names.list[i]);
    gk_registration *holder =
        shared ? admission_crowd(c, d, name) : admission_keeper(c, d, name);
    if (holder != NULL) {
      *pheld = &d->names.aliases[i];
      return holder;
    }
  }
  return NULL;
}

static int admission_check(const h46017_connection *c, const h46017_rrq *rrq,
                           const gk_decision *d, const h46017_alias **pheld) {
  const h46017_gatekeeper *gk = c->gk;
  const gk_registration *previous = admission_previous(c, rrq, d);

  if (gk_obstacle(c, d, pheld) != NULL) {
    return H46017_ERR_DUPLICATE_ALIAS;
  }
  if ((previous == NULL || previous->pub.connection != c) &&
      c->registration_count >= gk->settings.max_registrations) {
    return H46017_ERR_LIMIT;
  }
  return previous == NULL && gk->settings.max_registered > 0 &&
                 gk->registration_count >= gk->settings.max_registered
             ? H46017_ERR_LIMIT
             : 0;
}

/* -- making room ----------------------------------------------------------- */

/* One who holds a name, is not `keep`, and does not share it. */
static gk_registration *admission_rival(const h46017_connection *c,
                                        const gk_decision *d,
                                        const gk_registration *keep) {
  bool shared = c->gk->settings.duplicates == H46017_DUPLICATES_ALLOW;

  for (size_t i = 0; i < d->names.count; i++) {
    for (const gk_name *name = gk_name_first(c->gk, &d->names.list[i]);
         name != NULL; name = name->behind) {
      if (name->holder != keep &&
          (!shared || name->holder->pub.connection == c)) {
        return name->holder;
      }
    }
  }
  return NULL;
}

/* Everybody else who holds one of the names makes room. Callbacks that hear of
 * it may let others in, and end whom they want: it is all looked at again after
 * each. They may answer only so many questions. */
static int admission_evict(h46017_connection *c, const h46017_rrq *rrq,
                           const gk_decision *d, bool *preplaced,
                           const h46017_alias **pheld) {
  gk_registration *holder;
  int rv = 0;

  while (rv == 0 && (holder = admission_rival(
                         c, d, admission_previous(c, rrq, d))) != NULL) {
    h46017_connection *old = holder->pub.connection;
    *preplaced = *preplaced || old != c;
    gk_registration_end(holder, GK_REG_EV_END, H46017_ERR_REPLACED,
                        old != c ? H46017_URQ_UNDEFINED_REASON
                                 : H46017_URQ_REASON_ABSENT);
    if (old != NULL && old != c && old->registrations == NULL) {
      gk_connection_end(old, H46017_ERR_REPLACED);
    }
    rv = c->state == GK_CONN_UP ? admission_check(c, rrq, d, pheld)
                                : H46017_ERR_CLOSED;
  }
  return rv;
}

/* -- putting it there ------------------------------------------------------ */

/* What can fail comes first, so that nothing held is lost to it. `*pfresh`: for
 * where there is no previous one. */
static int admission_prepare(h46017_connection *c, const h46017_rrq *rrq,
                             const gk_decision *d, gk_registration **pfresh) {
  int rv = h46017_map_reserve(&c->gk->names, d->names.count);

  if (rv == 0 && admission_previous(c, rrq, d) == NULL) {
    *pfresh = gk_registration_make(c->gk, &rv);
  }
  return rv;
}

/* The registration to install in: what was prepared may have been overtaken by
 * callbacks. */
static int admission_settle(h46017_connection *c, const h46017_rrq *rrq,
                            const gk_decision *d, gk_registration **pfresh,
                            gk_registration **pr) {
  gk_registration *r = admission_previous(c, rrq, d);
  int rv = h46017_map_reserve(&c->gk->names, d->names.count);

  if (rv == 0 && r == NULL) {
    r = *pfresh != NULL ? *pfresh : gk_registration_make(c->gk, &rv);
    *pfresh = NULL;
    if (r != NULL) {
      gk_registration_link(r, c);
    }
  }
  *pr = r;
  return rv;
}

typedef struct admission_newcomer {
  const h46017_connection *c;
  const gk_decision *d;
} admission_newcomer;

static bool admission_comes_first(gk_registration *other, void *arg) {
  const admission_newcomer *n = arg;

  return admission_is_same(n->c, n->d, other);
}

/* What it had before is left in `d`. */
static void admission_install(gk_registration *r, h46017_connection *c,
                              gk_decision *d) {
  admission_newcomer newcomer = {c, d};
  const gk_names before = r->names;

  gk_names_leave(r);
  r->names = d->names;
  gk_names_enter(r, admission_comes_first, &newcomer);
  d->names = before;
  r->rcf = 0;
  r->pub.aliases = r->names.aliases;
  r->pub.alias_count = r->names.count;
  r->pub.device = r->names.device;
}

/* -- what is granted ------------------------------------------------------- */

/* Those who came together do not all refresh together. Who has had its share of
 * chance, `before`, keeps it. */
static uint32_t admission_spread(const h46017_gatekeeper *gk, uint32_t ttl,
                                 uint32_t before) {
  uint32_t least = H46017_MAX(
      gk->settings.min_time_to_live,
      (uint32_t)((uint64_t)ttl * (100 - gk->settings.ttl_spread) / 100));
  uint8_t chance[4];

  if (before >= least && before <= ttl) {
    return before;
  }
  if (least >= ttl ||
      gk->callbacks.rand(chance, sizeof(chance), gk->user_data) != 0) {
    return ttl; /* no chance, no spread: nothing that matters */
  }
  return ttl - ((uint32_t)chance[0] << 24 | (uint32_t)chance[1] << 16 |
                (uint32_t)chance[2] << 8 | chance[3]) %
                   (ttl - least + 1);
}

static uint32_t admission_ttl(const h46017_gatekeeper *gk,
                              const h46017_rrq *rrq, uint32_t answered,
                              uint32_t before) {
  const h46017_gatekeeper_settings *s = &gk->settings;
  uint32_t ttl = answered;

  if (ttl == 0) {
    ttl = rrq->time_to_live != 0 ? rrq->time_to_live : s->time_to_live;
    ttl = H46017_MIN(ttl, s->max_time_to_live);
    ttl = H46017_MAX(ttl, s->min_time_to_live);
    ttl = admission_spread(gk, ttl, before);
  }
  return ttl;
}

static void admission_grant(gk_registration *r, const h46017_rrq *rrq,
                            const gk_decision *d) {
  h46017_gatekeeper *gk = r->gk;
  uint32_t ttl = admission_ttl(gk, rrq, d->time_to_live, r->pub.time_to_live);
  gk_login *login = r->login;

  if (r->pub.time_to_live != ttl || r->alternates != rrq->supports_alt_gk) {
    r->pub.time_to_live = ttl;
    r->alternates = rrq->supports_alt_gk;
    r->rcf = 0;
  }
  r->login = gk_login_hold(d->login);
  gk_login_drop(gk, login);
  r->pub.auth = d->auth;
  r->pub.password = d->password;
  r->pub.registered_at = gk->now;
}

static void admission_tell(gk_registration *r, uint16_t seq) {
  h46017_connection *c = r->pub.connection;
  h46017_gatekeeper *gk = r->gk;

  gk_send_rcf(r, seq);
  if (r->state == GK_REG_ENDED) {
    return; /* it could not be sent, or ras_building ended it */
  }
  r->told = true;
  h46017_log_line(&gk->log, H46017_LOG_INFO,
                  "\"%s\" registered by %s, endpoint \"%s\", ttl %u s",
                  r->names.aliases[0].text.text,
                  h46017_auth_used_name(r->pub.auth), r->identifier,
                  (unsigned)r->pub.time_to_live);
  if (gk->callbacks.registered != NULL) {
    (void)gk_connection_go_on(
        c, gk->callbacks.registered(gk, &r->pub, gk->user_data));
  }
}

/* -- all of it ------------------------------------------------------------- */

/* Among the others. `*pr` is NULL where it fails. */
static int admission_enter(h46017_connection *c, const h46017_rrq *rrq,
                           gk_decision *d, gk_registration **pr,
                           const h46017_alias **pheld) {
  gk_registration *fresh = NULL;
  gk_registration *r = NULL;
  bool replaced = false;
  int rv = admission_check(c, rrq, d, pheld);

  if (rv == 0) {
    rv = admission_prepare(c, rrq, d, &fresh);
  }
  if (rv == 0) {
    rv = admission_evict(c, rrq, d, &replaced, pheld);
  }
  if (rv == 0) {
    rv = admission_settle(c, rrq, d, &fresh, &r);
  }
  if (rv == 0 && r != NULL) {
    r->pub.replaced = replaced;
    if (r->pub.connection != c) {
      gk_registration_rebind(r, c);
    }
    admission_install(r, c, d);
  }
  if (fresh != NULL) {
    gk_registration_unmake(fresh);
  }
  *pr = rv == 0 ? r : NULL;
  return rv;
}

/* H.323 7.2.2: with additiveRegistration the names come to those that are
 * there. */
static int admission_add_names(h46017_connection *c, const h46017_rrq *rrq,
                               gk_decision *d) {
  const gk_registration *r =
      gk_find_identifier(c->gk, &rrq->endpoint_identifier);
  h46017_aliases all = {.present = true};
  h46017_alias *list;
  gk_names names;
  size_t had;
  int rv;

  if (r == NULL || r->pub.connection != c) {
    return H46017_ERR_NOT_REGISTERED; /* it ended meanwhile */
  }
  if (!admission_is_for(r, d->device)) {
    return H46017_ERR_ALIAS_CONFLICT;
  }
  had = r->pub.alias_count;
  all.count = had + d->names.count;
  if (all.count > c->gk->settings.max_aliases) {
    return H46017_ERR_LIMIT;
  }
  list = h46017_mem_alloc(&c->gk->mem, all.count * sizeof(*list));
  if (list == NULL) {
    return H46017_ERR_NOMEM;
  }
  memcpy(list, r->names.aliases, had * sizeof(*list));
  memcpy(list + had, d->names.aliases, d->names.count * sizeof(*list));
  all.list = list;
  rv = gk_names_make(c->gk, &all, d->device, &names);
  h46017_mem_release(&c->gk->mem, list);
  if (rv == 0) {
    gk_names_release(c->gk, &d->names);
    d->names = names;
    d->device = names.device;
  }
  return rv;
}

void gk_register(h46017_connection *c, const h46017_ras *ras,
                 gk_decision *decision) {
  const h46017_rrq *rrq = &ras->u.rrq;
  gk_registration *r = decision->standing;
  const h46017_alias *held = NULL;
  int rv = 0;

  if (r != NULL) {
    r->pub.replaced = false;
  } else if (rrq->additive_registration) {
    rv = admission_add_names(c, rrq, decision);
  }
  if (rv == 0 && r == NULL) {
    rv = admission_enter(c, rrq, decision, &r, &held);
  }
  if (r != NULL) {
    admission_grant(r, rrq, decision);
    gk_registration_arm(r, GK_REG_EV_GRANTED);
    admission_tell(r, ras->request_seq_num);
  } else if (c->state == GK_CONN_UP) {
    gk_refuse(c, ras->request_seq_num, rrq, rv, held);
  }
}
