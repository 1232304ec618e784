/* SPDX-License-Identifier: BSD-2-Clause */
#include "session/gatekeeper.h"

#include "base/intmath.h"
#include "base/mem.h"
#include "session/aliases.h"

#include <string.h>

/* A full RRQ that was let in becomes a registration: the older ones that stand
 * in its way make room, or keep it out. */

/* -- who is whose ---------------------------------------------------------- */

/* The newcomer proves that it is the one that the registration is of. */
static bool admission_is_same(const h46017_connection *c, const gk_decision *d,
                              const gk_registration *r) {
  return gk_registration_is_of(r, c) ||
         (d->password && r->device != NULL && d->device != NULL &&
          strcmp(r->device, d->device) == 0);
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
  for (size_t i = 0; i < rrq->terminal_alias.count; i++) {
    for (const gk_name *name =
             gk_name_find(c->gk, &rrq->terminal_alias.list[i]);
         name != NULL; name = name->behind) {
      if (admission_is_ours(c, d, name->holder)) {
        return name->holder;
      }
    }
  }
  return NULL;
}

gk_registration *gk_obstacle(const h46017_connection *c, const h46017_rrq *rrq,
                             const gk_decision *d, const h46017_alias **pheld) {
  if (c->gk->settings.duplicates == H46017_DUPLICATES_ALLOW) {
    return NULL;
  }
  for (size_t i = 0; i < rrq->terminal_alias.count; i++) {
    for (const gk_name *name =
             gk_name_find(c->gk, &rrq->terminal_alias.list[i]);
         name != NULL; name = name->behind) {
      if (!admission_may_replace(c, d, name->holder)) {
        *pheld = &rrq->terminal_alias.list[i];
        return name->holder;
      }
    }
  }
  return NULL;
}

static int admission_check(const h46017_connection *c, const h46017_rrq *rrq,
                           const gk_decision *d, const h46017_alias **pheld) {
  const h46017_gatekeeper *gk = c->gk;
  const gk_registration *previous = admission_previous(c, rrq, d);

  if (gk_obstacle(c, rrq, d, pheld) != NULL) {
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
                                        const h46017_rrq *rrq,
                                        const gk_registration *keep) {
  bool shared = c->gk->settings.duplicates == H46017_DUPLICATES_ALLOW;

  for (size_t i = 0; i < rrq->terminal_alias.count; i++) {
    for (const gk_name *name =
             gk_name_find(c->gk, &rrq->terminal_alias.list[i]);
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
                         c, rrq, admission_previous(c, rrq, d))) != NULL) {
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

/* What can fail comes first, so that nothing held is lost to it. */
typedef struct admission_parts {
  gk_registration *fresh; /* when there is no previous one */
  h46017_alias *aliases;
  size_t alias_count;
  gk_name *names;
  size_t name_count;
  char *device;
  gk_login *login;
} admission_parts;

static int admission_prepare(h46017_connection *c, const h46017_rrq *rrq,
                             const gk_decision *d, admission_parts *p) {
  h46017_gatekeeper *gk = c->gk;
  const h46017_aliases *a = &rrq->terminal_alias;
  int rv = h46017_aliases_dup(&gk->mem, a->list, a->count, &p->aliases);

  p->alias_count = a->count;
  p->login = gk_login_hold(d->login);
  if (rv == 0) {
    rv = gk_names_make(gk, a, &p->names, &p->name_count);
  }
  if (rv == 0) {
    rv = h46017_map_reserve(&gk->names, p->name_count);
  }
  if (rv == 0 && d->device != NULL) {
    p->device = h46017_mem_strndup(&gk->mem, d->device, strlen(d->device));
    rv = p->device != NULL ? 0 : H46017_ERR_NOMEM;
  }
  if (rv == 0 && admission_previous(c, rrq, d) == NULL) {
    p->fresh = gk_registration_make(gk, &rv);
  }
  return rv;
}

/* The registration to install in: what was prepared may have been overtaken by
 * callbacks. */
static int admission_settle(h46017_connection *c, const h46017_rrq *rrq,
                            const gk_decision *d, admission_parts *p,
                            gk_registration **pr) {
  gk_registration *r = admission_previous(c, rrq, d);
  int rv = h46017_map_reserve(&c->gk->names, p->name_count);

  if (rv == 0 && r == NULL) {
    r = p->fresh != NULL ? p->fresh : gk_registration_make(c->gk, &rv);
    p->fresh = NULL;
    if (r != NULL) {
      gk_registration_link(r, c);
    }
  }
  *pr = r;
  return rv;
}

static void admission_release(h46017_gatekeeper *gk, admission_parts *p) {
  if (p->fresh != NULL) {
    gk_registration_unmake(p->fresh);
  }
  h46017_mem_release(&gk->mem, p->aliases);
  h46017_mem_release(&gk->mem, p->names);
  h46017_mem_release(&gk->mem, p->device);
  gk_login_drop(gk, p->login);
}

typedef struct admission_newcomer {
  const h46017_connection *c;
  const gk_decision *d;
} admission_newcomer;

static bool admission_comes_first(gk_registration *other, void *arg) {
  const admission_newcomer *n = arg;

  return admission_is_same(n->c, n->d, other);
}

/* What it had before is left in `p`. */
static void admission_install(gk_registration *r, h46017_connection *c,
                              const gk_decision *d, admission_parts *p) {
  admission_newcomer newcomer = {c, d};
  const admission_parts before = {.aliases = r->aliases,
                                  .names = r->names,
                                  .device = r->device,
                                  .login = r->login,
                                  .fresh = p->fresh};

  gk_names_leave(r);
  r->aliases = p->aliases;
  r->names = p->names;
  r->name_count = p->name_count;
  r->device = p->device;
  r->login = p->login;
  gk_names_enter(r, admission_comes_first, &newcomer);
  r->rcf = 0;
  r->pub.aliases = r->aliases;
  r->pub.alias_count = p->alias_count;
  r->pub.device = r->device;
  *p = before;
}

/* -- what is granted ------------------------------------------------------- */

/* Those who came together do not all refresh together. */
static uint32_t admission_spread(const h46017_gatekeeper *gk, uint32_t ttl) {
  uint32_t least = H46017_MAX(
      gk->settings.min_time_to_live,
      (uint32_t)((uint64_t)ttl * (100 - gk->settings.ttl_spread) / 100));
  uint8_t chance[4];

  if (least >= ttl ||
      gk->callbacks.rand(chance, sizeof(chance), gk->user_data) != 0) {
    return ttl; /* no chance, no spread: nothing that matters */
  }
  return ttl - ((uint32_t)chance[0] << 24 | (uint32_t)chance[1] << 16 |
                (uint32_t)chance[2] << 8 | chance[3]) %
                   (ttl - least + 1);
}

static uint32_t admission_ttl(const h46017_gatekeeper *gk,
                              const h46017_rrq *rrq, uint32_t answered) {
  const h46017_gatekeeper_settings *s = &gk->settings;
  uint32_t ttl = answered;

  if (ttl == 0) {
    ttl = rrq->time_to_live != 0 ? rrq->time_to_live : s->time_to_live;
    ttl = H46017_MIN(ttl, s->max_time_to_live);
    ttl = H46017_MAX(ttl, s->min_time_to_live);
    ttl = admission_spread(gk, ttl);
  }
  return ttl;
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
                  r->aliases[0].text.text, h46017_auth_used_name(r->pub.auth),
                  r->identifier, (unsigned)r->pub.time_to_live);
  if (gk->callbacks.registered != NULL) {
    (void)gk_connection_go_on(
        c, gk->callbacks.registered(gk, &r->pub, gk->user_data));
  }
}

/* -- all of it ------------------------------------------------------------- */

static int admission_enter(h46017_connection *c, const h46017_rrq *rrq,
                           const gk_decision *d, gk_registration **pr,
                           const h46017_alias **pheld) {
  admission_parts parts = {.aliases = NULL};
  bool replaced = false;
  int rv = admission_check(c, rrq, d, pheld);

  if (rv == 0) {
    rv = admission_prepare(c, rrq, d, &parts);
  }
  if (rv == 0) {
    rv = admission_evict(c, rrq, d, &replaced, pheld);
  }
  if (rv == 0) {
    rv = admission_settle(c, rrq, d, &parts, pr);
  }
  if (rv == 0 && *pr != NULL) {
    gk_registration *r = *pr;
    r->pub.replaced = replaced;
    if (r->pub.connection != c) {
      gk_registration_rebind(r, c);
    }
    admission_install(r, c, d, &parts);
    r->pub.auth = d->auth;
    r->pub.password = d->password;
    r->pub.time_to_live = admission_ttl(c->gk, rrq, d->time_to_live);
    r->pub.registered_at = c->gk->now;
    r->alternates = rrq->supports_alt_gk;
  }
  admission_release(c->gk, &parts);
  return rv;
}

/* H.323 7.2.2: with additiveRegistration the names come to those that are
 * there. `*plist` is to be released. */
static int admission_add_names(h46017_connection *c, h46017_rrq *rrq,
                               const gk_decision *d, h46017_alias **plist) {
  const gk_registration *r =
      gk_find_identifier(c->gk, &rrq->endpoint_identifier);
  const h46017_aliases *more = &rrq->terminal_alias;
  size_t had;

  if (r == NULL || r->pub.connection != c) {
    return H46017_ERR_NOT_REGISTERED; /* it ended meanwhile */
  }
  if ((r->device == NULL) != (d->device == NULL) ||
      (d->device != NULL && strcmp(r->device, d->device) != 0)) {
    return H46017_ERR_ALIAS_CONFLICT;
  }
  had = r->pub.alias_count;
  if (more->count > c->gk->settings.max_aliases ||
      had + more->count > c->gk->settings.max_aliases) {
    return H46017_ERR_LIMIT;
  }
  *plist = h46017_mem_alloc(&c->gk->mem, (had + more->count) * sizeof(**plist));
  if (*plist == NULL) {
    return H46017_ERR_NOMEM;
  }
  memcpy(*plist, r->aliases, had * sizeof(**plist));
  memcpy(*plist + had, more->list, more->count * sizeof(**plist));
  rrq->terminal_alias.list = *plist;
  rrq->terminal_alias.count = had + more->count;
  return 0;
}

void gk_register(h46017_connection *c, const h46017_ras *ras,
                 const gk_decision *decision) {
  h46017_rrq rrq = ras->u.rrq;
  h46017_alias *list = NULL;
  gk_registration *r = NULL;
  const h46017_alias *held = NULL;
  int rv = 0;

  if (rrq.additive_registration) {
    rv = admission_add_names(c, &rrq, decision, &list);
  }
  if (rv == 0) {
    rv = admission_enter(c, &rrq, decision, &r, &held);
  }
  if (rv != 0) {
    if (c->state == GK_CONN_UP) {
      gk_refuse(c, ras->request_seq_num, &ras->u.rrq, rv, held);
    }
  } else {
    gk_registration_arm(r, GK_REG_EV_GRANTED);
    admission_tell(r, ras->request_seq_num);
  }
  h46017_mem_release(&c->gk->mem, list);
}
