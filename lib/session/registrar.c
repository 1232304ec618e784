/* SPDX-License-Identifier: BSD-2-Clause */
#include "session/gatekeeper.h"

#include "base/intmath.h"
#include "base/mem.h"
#include "session/aliases.h"
#include "session/fsm.h"

#include <string.h>

#define EV(e) H46017_FSM_BIT(GK_REG_EV_##e)
#define ST(s) H46017_FSM_BIT(GK_REG_##s)

static const char *const registration_events[GK_REG_EV_COUNT] = {
    [GK_REG_EV_GRANTED] = "GRANTED", [GK_REG_EV_REFUSED] = "REFUSED",
    [GK_REG_EV_REFRESH] = "REFRESH", [GK_REG_EV_TIMER] = "TIMER",
    [GK_REG_EV_END] = "END",
};

static const h46017_fsm_state registration_states[] = {
    [GK_REG_DECIDING] = {.name = "DECIDING",
                         .handles =
                             EV(GRANTED) | EV(REFUSED) | EV(TIMER) | EV(END),
                         .next = ST(REGISTERED) | ST(ENDED),
                         .timer = "question"},
    [GK_REG_REGISTERED] = {.name = "REGISTERED",
                           .handles =
                               EV(GRANTED) | EV(REFRESH) | EV(TIMER) | EV(END),
                           .ignores = EV(REFUSED),
                           .next = ST(REGISTERED) | ST(EXPIRING) | ST(ENDED),
                           .timer = "ttl"},
    [GK_REG_EXPIRING] = {.name = "EXPIRING",
                         .handles =
                             EV(GRANTED) | EV(REFRESH) | EV(TIMER) | EV(END),
                         .ignores = EV(REFUSED),
                         .next = ST(REGISTERED) | ST(ENDED),
                         .timer = "grace"},
    [GK_REG_ENDED] = {.name = "ENDED",
                      .ignores = EV(GRANTED) | EV(REFUSED) | EV(REFRESH) |
                                 EV(TIMER) | EV(END),
                      .waits_for = "nothing: it is no more"},
};

const h46017_fsm h46017_gatekeeper_registration_fsm = {
    .name = "registration",
    .states = registration_states,
    .state_count = sizeof(registration_states) / sizeof(registration_states[0]),
    .events = registration_events,
    .event_count = GK_REG_EV_COUNT,
};

void gk_registration_goto(h46017_connection *c, int *pstate,
                          gk_registration_state to,
                          gk_registration_event event) {
  const h46017_gatekeeper *gk = c->gk;
  h46017_trace_event ev = {.now = gk->now, .subject = c};

  (void)h46017_fsm_goto(&h46017_gatekeeper_registration_fsm, pstate, (int)to,
                        (int)event, gk->trace, c->gk, &ev);
}

/* -- look-up --------------------------------------------------------------- */

gk_registration *gk_find_identifier(const h46017_gatekeeper *gk,
                                    const h46017_text *id) {
  return id->text != NULL ? h46017_map_find(&gk->identifiers,
                                            (const uint8_t *)id->text, id->len)
                          : NULL;
}

static gk_registration *registrar_holder(const h46017_gatekeeper *gk,
                                         const h46017_alias *alias) {
  uint8_t key[H46017_ALIAS_KEY_MAX];
  size_t len = h46017_alias_key(alias, key);

  return len > 0 ? h46017_map_find(&gk->names, key, len) : NULL;
}

/* -- what a registration owns ---------------------------------------------- */

/* One entry a name that the list does not hold twice, the keys behind them. */
static int registrar_make_names(const h46017_gatekeeper *gk,
                                const h46017_aliases *aliases,
                                h46017_map_entry **pnames, size_t *pcount) {
  uint8_t key[H46017_ALIAS_KEY_MAX];
  h46017_map_entry *names;
  size_t size = aliases->count * sizeof(*names);
  size_t count = 0;
  uint8_t *room;

  for (size_t i = 0; i < aliases->count; i++) {
    size += h46017_alias_key(&aliases->list[i], key);
  }
  names = h46017_mem_alloc(&gk->mem, size);
  if (names == NULL) {
    return H46017_ERR_NOMEM;
  }
  room = (uint8_t *)(names + aliases->count);
  for (size_t i = 0; i < aliases->count; i++) {
    size_t len = h46017_alias_key(&aliases->list[i], key);
    bool twice = false;
    for (size_t k = 0; k < count && !twice; k++) {
      twice = names[k].len == len && memcmp(names[k].key, key, len) == 0;
    }
    if (!twice) {
      memcpy(room, key, len);
      names[count].key = room;
      names[count++].len = len;
      room += len;
    }
  }
  *pnames = names;
  *pcount = count;
  return 0;
}

static void registrar_take_names_out(gk_registration *r) {
  h46017_gatekeeper *gk = r->pub.connection->gk;

  for (size_t i = 0; i < r->name_count; i++) {
    if (r->by_name[i].object != NULL) {
      h46017_map_remove(&gk->names, &r->by_name[i]);
    }
  }
  r->name_count = 0;
}

/* Two spellings of one name are one. */
static bool registrar_has(const h46017_alias *list, size_t count,
                          const uint8_t *key, size_t len) {
  uint8_t other[H46017_ALIAS_KEY_MAX];

  for (size_t i = 0; i < count; i++) {
    if (h46017_alias_key(&list[i], other) == len &&
        memcmp(other, key, len) == 0) {
      return true;
    }
  }
  return false;
}

bool gk_registration_reduce(gk_registration *r, const h46017_aliases *gone) {
  h46017_gatekeeper *gk = r->pub.connection->gk;
  uint8_t key[H46017_ALIAS_KEY_MAX];
  size_t left = 0;
  size_t kept = 0;

  for (size_t i = 0; i < r->name_count; i++) {
    const h46017_map_entry *e = &r->by_name[i];
    left += e->object != NULL &&
            !registrar_has(gone->list, gone->count, e->key, e->len);
  }
  if (left == 0) {
    return false;
  }
  for (size_t i = 0; i < r->pub.alias_count; i++) {
    size_t len = h46017_alias_key(&r->aliases[i], key);
    if (!registrar_has(gone->list, gone->count, key, len)) {
      r->aliases[kept++] = r->aliases[i];
    }
  }
  r->pub.alias_count = kept;
  for (size_t i = 0; i < r->name_count; i++) {
    h46017_map_entry *e = &r->by_name[i];
    if (e->object != NULL &&
        registrar_has(gone->list, gone->count, e->key, e->len)) {
      h46017_map_remove(&gk->names, e);
      e->object = NULL;
    }
  }
  return true;
}

/* Five bits a character, without those that people confuse. */
static int registrar_make_identifier(h46017_gatekeeper *gk, char *out) {
  static const char digits[] = "abcdefghjkmnpqrstuvwxyz023456789";
  uint8_t octets[GK_IDENTIFIER_LEN];

  if (gk->callbacks.rand(octets, sizeof(octets), gk->user_data) != 0) {
    return H46017_ERR_CALLBACK_FAILURE;
  }
  for (size_t i = 0; i < GK_IDENTIFIER_LEN; i++) {
    out[i] = digits[octets[i] & 31];
  }
  out[GK_IDENTIFIER_LEN] = '\0';
  return 0;
}

/* Nobody finds it any more, and its timer is stopped. */
static void registrar_take_out(gk_registration *r) {
  h46017_gatekeeper *gk = r->pub.connection->gk;

  registrar_take_names_out(r);
  h46017_map_remove(&gk->identifiers, &r->by_identifier);
  h46017_heap_leave(&gk->timers, &r->timer);
}

static void registrar_free(h46017_gatekeeper *gk, gk_registration *r) {
  h46017_mem_release(&gk->mem, r->by_name);
  h46017_mem_release(&gk->mem, r->aliases);
  h46017_mem_release(&gk->mem, r->device);
  h46017_mem_release(&gk->mem, r);
}

void gk_release_ended(h46017_gatekeeper *gk) {
  while (gk->ended != NULL) {
    gk_registration *r = gk->ended;
    gk->ended = r->next;
    registrar_free(gk, r);
  }
}

/* Not yet on its connection: registrar_link() puts it there. */
static gk_registration *registrar_make(h46017_connection *c, int *prv) {
  h46017_gatekeeper *gk = c->gk;
  gk_registration *r = h46017_mem_zalloc(&gk->mem, 1, sizeof(*r));
  int rv = r == NULL ? H46017_ERR_NOMEM : 0;

  if (rv == 0) {
    r->pub.connection = c;
    r->state = GK_REG_REGISTERED;
    rv = registrar_make_identifier(gk, r->identifier);
  }
  if (rv == 0) {
    rv = h46017_heap_join(&gk->timers, &r->timer, GK_TIMER_REGISTRATION);
  }
  if (rv == 0) {
    rv = h46017_map_add(&gk->identifiers, &r->by_identifier,
                        (const uint8_t *)r->identifier, GK_IDENTIFIER_LEN, r);
    if (rv != 0) {
      h46017_heap_leave(&gk->timers, &r->timer);
    }
  }
  if (rv != 0) {
    h46017_mem_release(&gk->mem, r);
    *prv = rv;
    return NULL;
  }
  r->pub.endpoint_identifier = r->identifier;
  return r;
}

static void registrar_link(gk_registration *r) {
  h46017_connection *c = r->pub.connection;

  r->next = c->registrations;
  c->registrations = r;
  c->registration_count++;
  c->gk->registration_count++;
}

/* -- the end of one -------------------------------------------------------- */

void gk_registration_end(gk_registration *r, gk_registration_event event,
                         int why, h46017_urq_reason reason) {
  h46017_connection *c = r->pub.connection;
  h46017_gatekeeper *gk = c->gk;
  gk_registration **link = &c->registrations;

  if (h46017_fsm_check(&h46017_gatekeeper_registration_fsm, r->state,
                       (int)event) != H46017_FSM_HANDLE) {
    return;
  }
  /* First it is out of everything, so that no callback meets it again. */
  while (*link != r) {
    link = &(*link)->next;
  }
  *link = r->next;
  c->registration_count--;
  gk->registration_count--;
  registrar_take_out(r);
  r->next = gk->ended;
  gk->ended = r;
  gk_registration_goto(c, &r->state, GK_REG_ENDED, event);
  if (reason != H46017_URQ_REASON_ABSENT) {
    gk_send_urq(r, reason);
  }
  if (r->told) {
    h46017_log_line(&gk->log, H46017_LOG_INFO, "\"%s\" unregistered: %s",
                    r->aliases[0].text.text, h46017_strerror(why));
  }
  if (r->told && gk->callbacks.unregistered != NULL) {
    (void)gk_connection_go_on(
        c, gk->callbacks.unregistered(gk, &r->pub, why, gk->user_data));
  }
  gk_connection_rearm(c);
}

void gk_registration_timer(gk_registration *r) {
  h46017_connection *c = r->pub.connection;
  h46017_gatekeeper *gk = c->gk;

  if (r->state == GK_REG_REGISTERED) {
    gk_registration_goto(c, &r->state, GK_REG_EXPIRING, GK_REG_EV_TIMER);
    h46017_heap_set(&gk->timers, &r->timer,
                    h46017_time_add(gk->now, (uint64_t)gk->settings.grace + 1));
    gk_send_irq(r); /* any sign of life will do */
    return;
  }
  gk_registration_end(r, GK_REG_EV_TIMER, H46017_ERR_TTL_EXPIRED,
                      H46017_URQ_TTL_EXPIRED);
}

static void registrar_arm(gk_registration *r, gk_registration_event event) {
  h46017_connection *c = r->pub.connection;
  h46017_gatekeeper *gk = c->gk;

  gk_registration_goto(c, &r->state, GK_REG_REGISTERED, event);
  r->pub.expires =
      h46017_time_add(gk->now, (uint64_t)r->pub.time_to_live * 1000);
  h46017_heap_set(&gk->timers, &r->timer, r->pub.expires);
}

/* -- a full RRQ that was let in -------------------------------------------- */

static bool registrar_may_replace(const h46017_connection *c,
                                  const gk_registration *holder) {
  return holder->pub.connection == c ||
         h46017_identity_is_same(c->peer, holder->pub.connection->peer);
}

static uint32_t registrar_ttl(const h46017_gatekeeper *gk,
                              const h46017_rrq *rrq, uint32_t answered) {
  const h46017_gatekeeper_settings *s = &gk->settings;
  uint32_t ttl = answered;

  if (ttl == 0) {
    ttl = rrq->time_to_live != 0 ? rrq->time_to_live : s->time_to_live;
    ttl = H46017_MIN(ttl, s->max_time_to_live);
    ttl = H46017_MAX(ttl, s->min_time_to_live);
  }
  return ttl;
}

/* The registration on this connection that the RRQ speaks of: the one it names,
 * else the one that holds one of its names. */
static gk_registration *registrar_previous(const h46017_connection *c,
                                           const h46017_rrq *rrq) {
  gk_registration *r = gk_find_identifier(c->gk, &rrq->endpoint_identifier);

  for (size_t i = 0; r == NULL || r->pub.connection != c; i++) {
    if (i == rrq->terminal_alias.count) {
      return NULL;
    }
    r = registrar_holder(c->gk, &rrq->terminal_alias.list[i]);
  }
  return r;
}

static int registrar_check(const h46017_connection *c, const h46017_rrq *rrq,
                           const h46017_alias **pheld) {
  for (size_t i = 0; i < rrq->terminal_alias.count; i++) {
    const gk_registration *holder =
        registrar_holder(c->gk, &rrq->terminal_alias.list[i]);
    if (holder != NULL && !registrar_may_replace(c, holder)) {
      *pheld = &rrq->terminal_alias.list[i];
      return H46017_ERR_DUPLICATE_ALIAS;
    }
  }
  return registrar_previous(c, rrq) == NULL &&
                 c->registration_count >= c->gk->settings.max_registrations
             ? H46017_ERR_LIMIT
             : 0;
}

/* One who holds a name and is not `keep`. */
static gk_registration *registrar_rival(const h46017_connection *c,
                                        const h46017_rrq *rrq,
                                        const gk_registration *keep) {
  for (size_t i = 0; i < rrq->terminal_alias.count; i++) {
    gk_registration *holder =
        registrar_holder(c->gk, &rrq->terminal_alias.list[i]);
    if (holder != NULL && holder != keep) {
      return holder;
    }
  }
  return NULL;
}

/* Everybody else who holds one of the names makes room. Callbacks that hear of
 * it may let others in, and end whom they want: it is all looked at again after
 * each. They may answer only so many questions. */
static int registrar_evict(h46017_connection *c, const h46017_rrq *rrq,
                           bool *preplaced, const h46017_alias **pheld) {
  gk_registration *holder;
  int rv = 0;

  while (rv == 0 && (holder = registrar_rival(
                         c, rrq, registrar_previous(c, rrq))) != NULL) {
    h46017_connection *old = holder->pub.connection;
    *preplaced = *preplaced || old != c;
    gk_registration_end(holder, GK_REG_EV_END, H46017_ERR_REPLACED,
                        old != c ? H46017_URQ_UNDEFINED_REASON
                                 : H46017_URQ_REASON_ABSENT);
    if (old != c && old->registrations == NULL) {
      gk_connection_end(old, H46017_ERR_REPLACED);
    }
    rv = c->state == GK_CONN_UP ? registrar_check(c, rrq, pheld)
                                : H46017_ERR_CLOSED;
  }
  return rv;
}

/* What can fail comes first, so that nothing held is lost to it. */
typedef struct registrar_parts {
  gk_registration *fresh; /* when there is no previous one */
  h46017_alias *aliases;
  h46017_map_entry *names;
  size_t name_count;
  char *device;
} registrar_parts;

static int registrar_prepare(h46017_connection *c, const h46017_rrq *rrq,
                             const h46017_device *device, registrar_parts *p) {
  h46017_gatekeeper *gk = c->gk;
  const h46017_aliases *a = &rrq->terminal_alias;
  int rv = h46017_aliases_dup(&gk->mem, a->list, a->count, &p->aliases);

  if (rv == 0) {
    rv = registrar_make_names(gk, a, &p->names, &p->name_count);
  }
  if (rv == 0) {
    rv = h46017_map_reserve(&gk->names, p->name_count);
  }
  if (rv == 0 && device != NULL) {
    p->device =
        h46017_mem_strndup(&gk->mem, device->name, strlen(device->name));
    rv = p->device != NULL ? 0 : H46017_ERR_NOMEM;
  }
  if (rv == 0 && registrar_previous(c, rrq) == NULL) {
    p->fresh = registrar_make(c, &rv);
  }
  return rv;
}

/* The registration to install in: what was prepared may have been overtaken by
 * callbacks. */
static int registrar_settle(h46017_connection *c, const h46017_rrq *rrq,
                            registrar_parts *p, gk_registration **pr) {
  gk_registration *r = registrar_previous(c, rrq);
  int rv = h46017_map_reserve(&c->gk->names, p->name_count);

  if (rv == 0 && r == NULL) {
    r = p->fresh != NULL ? p->fresh : registrar_make(c, &rv);
    p->fresh = NULL;
    if (r != NULL) {
      registrar_link(r);
    }
  }
  *pr = r;
  return rv;
}

static void registrar_release(h46017_gatekeeper *gk, registrar_parts *p) {
  if (p->fresh != NULL) {
    registrar_take_out(p->fresh);
    registrar_free(gk, p->fresh);
  }
  h46017_mem_release(&gk->mem, p->aliases);
  h46017_mem_release(&gk->mem, p->names);
  h46017_mem_release(&gk->mem, p->device);
}

/* What it had before is left in `p`. */
static void registrar_install(gk_registration *r, const h46017_rrq *rrq,
                              registrar_parts *p) {
  h46017_gatekeeper *gk = r->pub.connection->gk;
  const registrar_parts before = {.aliases = r->aliases,
                                  .names = r->by_name,
                                  .device = r->device,
                                  .fresh = p->fresh};

  registrar_take_names_out(r);
  r->aliases = p->aliases;
  r->by_name = p->names;
  r->name_count = p->name_count;
  r->device = p->device;
  for (size_t i = 0; i < r->name_count; i++) {
    h46017_map_entry *e = &r->by_name[i];
    (void)h46017_map_add(&gk->names, e, e->key, e->len, r); /* reserved */
  }
  r->pub.aliases = r->aliases;
  r->pub.alias_count = rrq->terminal_alias.count;
  r->pub.device = r->device;
  *p = before;
}

static void registrar_tell(gk_registration *r, uint16_t seq) {
  h46017_connection *c = r->pub.connection;
  h46017_gatekeeper *gk = c->gk;

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

void gk_register(h46017_connection *c, const h46017_ras *ras,
                 const h46017_registration_answer *answer,
                 h46017_auth_used auth) {
  const h46017_rrq *rrq = &ras->u.rrq;
  gk_registration *r = NULL;
  const h46017_alias *held = NULL;
  registrar_parts parts = {.aliases = NULL};
  bool replaced = false;
  int rv = registrar_check(c, rrq, &held);

  if (rv == 0) {
    rv = registrar_prepare(c, rrq, answer->device, &parts);
  }
  if (rv == 0) {
    rv = registrar_evict(c, rrq, &replaced, &held);
  }
  if (rv == 0) {
    rv = registrar_settle(c, rrq, &parts, &r);
  }
  if (rv == 0) {
    registrar_install(r, rrq, &parts);
  }
  registrar_release(c->gk, &parts);
  if (rv != 0) {
    if (c->state == GK_CONN_UP) {
      gk_refuse(c, ras->request_seq_num, rrq, rv, held);
    }
    return;
  }
  r->pub.auth = auth;
  r->pub.time_to_live = registrar_ttl(c->gk, rrq, answer->time_to_live);
  r->pub.registered_at = c->gk->now;
  r->pub.replaced = replaced;
  registrar_arm(r, GK_REG_EV_GRANTED);
  registrar_tell(r, ras->request_seq_num);
}

void gk_extend(gk_registration *r) {
  registrar_arm(r, GK_REG_EV_REFRESH);
}

void gk_refresh(gk_registration *r, uint16_t seq) {
  h46017_connection *c = r->pub.connection;
  h46017_gatekeeper *gk = c->gk;

  registrar_arm(r, GK_REG_EV_REFRESH);
  gk_send_rcf(r, seq);
  if (r->state != GK_REG_ENDED && gk->callbacks.refreshed != NULL) {
    (void)gk_connection_go_on(
        c, gk->callbacks.refreshed(gk, &r->pub, gk->user_data));
  }
}
