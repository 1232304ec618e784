/* SPDX-License-Identifier: BSD-2-Clause */
#include "session/gatekeeper.h"

#include "base/intmath.h"
#include "base/mem.h"
#include "session/fsm.h"

#include <string.h>

#define EV(e) H46017_FSM_BIT(GK_REG_EV_##e)
#define ST(s) H46017_FSM_BIT(GK_REG_##s)

static const char *const registration_events[GK_REG_EV_COUNT] = {
    [GK_REG_EV_GRANTED] = "GRANTED", [GK_REG_EV_REFUSED] = "REFUSED",
    [GK_REG_EV_REFRESH] = "REFRESH", [GK_REG_EV_TIMER] = "TIMER",
    [GK_REG_EV_LOST] = "LOST",       [GK_REG_EV_END] = "END",
};

static const h46017_fsm_state registration_states[] = {
    [GK_REG_DECIDING] = {.name = "DECIDING",
                         .handles = EV(GRANTED) | EV(REFUSED) | EV(TIMER) |
                                    EV(LOST) | EV(END),
                         .next = ST(REGISTERED) | ST(ENDED),
                         .timer = "question"},
    [GK_REG_REGISTERED] = {.name = "REGISTERED",
                           .handles = EV(GRANTED) | EV(REFRESH) | EV(TIMER) |
                                      EV(LOST) | EV(END),
                           .ignores = EV(REFUSED),
                           .next = ST(REGISTERED) | ST(EXPIRING) | ST(GRACE) |
                                   ST(ENDED),
                           .timer = "ttl"},
    [GK_REG_EXPIRING] = {.name = "EXPIRING",
                         .handles = EV(GRANTED) | EV(REFRESH) | EV(TIMER) |
                                    EV(LOST) | EV(END),
                         .ignores = EV(REFUSED),
                         .next = ST(REGISTERED) | ST(GRACE) | ST(ENDED),
                         .timer = "grace"},
    [GK_REG_GRACE] = {.name = "GRACE",
                      .handles =
                          EV(GRANTED) | EV(REFRESH) | EV(TIMER) | EV(END),
                      .ignores = EV(REFUSED) | EV(LOST),
                      .next = ST(REGISTERED) | ST(ENDED),
                      .timer = "registration_grace"},
    [GK_REG_ENDED] = {.name = "ENDED",
                      .ignores = EV(GRANTED) | EV(REFUSED) | EV(REFRESH) |
                                 EV(TIMER) | EV(LOST) | EV(END),
                      .waits_for = "nothing: it is no more"},
};

const h46017_fsm h46017_gatekeeper_registration_fsm = {
    .name = "registration",
    .states = registration_states,
    .state_count = sizeof(registration_states) / sizeof(registration_states[0]),
    .events = registration_events,
    .event_count = GK_REG_EV_COUNT,
};

static bool registrar_handles(const gk_registration *r,
                              gk_registration_event event) {
  return h46017_fsm_check(&h46017_gatekeeper_registration_fsm, r->state,
                          (int)event) == H46017_FSM_HANDLE;
}

void gk_registration_goto(h46017_gatekeeper *gk, h46017_connection *c,
                          int *pstate, gk_registration_state to,
                          gk_registration_event event) {
  h46017_trace_event ev = {.now = gk->now, .subject = c};

  (void)h46017_fsm_goto(&h46017_gatekeeper_registration_fsm, pstate, (int)to,
                        (int)event, gk->trace, gk, &ev);
}

/* -- look-up --------------------------------------------------------------- */

gk_registration *gk_find_identifier(const h46017_gatekeeper *gk,
                                    const h46017_text *id) {
  return id->text != NULL ? h46017_map_find(&gk->identifiers,
                                            (const uint8_t *)id->text, id->len)
                          : NULL;
}

/* Nearly always it is the connection's only one: it is at hand, and the table
 * of all is in no cache. */
gk_registration *gk_registration_named(const h46017_connection *c,
                                       const h46017_text *id) {
  gk_registration *r = c->registrations;

  if (r != NULL && id->text != NULL && id->len == GK_IDENTIFIER_LEN &&
      memcmp(r->identifier, id->text, GK_IDENTIFIER_LEN) == 0) {
    return r;
  }
  return gk_find_identifier(c->gk, id);
}

bool gk_registration_is_of(const gk_registration *r,
                           const h46017_connection *c) {
  if (r->pub.connection != NULL) {
    return h46017_identity_is_same(c->peer, r->pub.connection->peer);
  }
  return r->key != NULL && c->peer->proof == H46017_PROOF_CERTIFICATE &&
         memcmp(r->key, c->peer->key_sha256, sizeof(c->peer->key_sha256)) == 0;
}

/* Whoever had a certificate needs it again; a password was proved by this
 * message's token, and where TLS hid it, TLS has to. */
bool gk_registration_is_back(const gk_registration *r,
                             const h46017_connection *c) {
  return r->key != NULL ? gk_registration_is_of(r, c)
                        : r->login != NULL && (c->peer->tls || !r->by_tls);
}

/* -- making ---------------------------------------------------------------- */

/* Five bits a character, without those that people confuse. One that is there
 * already comes from a source that repeats itself, which is none. */
static int registrar_make_identifier(h46017_gatekeeper *gk,
                                     gk_registration *r) {
  static const char digits[] = "abcdefghjkmnpqrstuvwxyz023456789";
  uint8_t octets[GK_IDENTIFIER_LEN];

  if (gk->callbacks.rand(octets, sizeof(octets), gk->user_data) != 0) {
    return H46017_ERR_CALLBACK_FAILURE;
  }
  for (size_t i = 0; i < GK_IDENTIFIER_LEN; i++) {
    r->identifier[i] = digits[octets[i] & 31];
  }
  h46017_map_key(&gk->identifiers, &r->by_identifier,
                 (const uint8_t *)r->identifier, GK_IDENTIFIER_LEN);
  return h46017_map_find_same(&gk->identifiers, &r->by_identifier) == NULL
             ? 0
             : H46017_ERR_CALLBACK_FAILURE;
}

gk_registration *gk_registration_make(h46017_gatekeeper *gk, int *prv) {
  gk_registration *r = h46017_mem_zalloc(&gk->mem, 1, sizeof(*r));
  int rv = r == NULL ? H46017_ERR_NOMEM : 0;

  if (rv == 0) {
    r->gk = gk;
    r->state = GK_REG_REGISTERED;
    rv = registrar_make_identifier(gk, r);
  }
  if (rv == 0) {
    rv = h46017_heap_join(&gk->timers, &r->timer, GK_TIMER_REGISTRATION);
  }
  if (rv == 0) {
    rv = h46017_map_put(&gk->identifiers, &r->by_identifier, r);
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
  r->pub.calls_left = UINT32_MAX;
  return r;
}

static void registrar_enlist(gk_registration *r, gk_registration **list) {
  r->next = *list;
  r->link = list;
  if (r->next != NULL) {
    r->next->link = &r->next;
  }
  *list = r;
}

/* Off its connection, or out of those without one. */
static void registrar_delist(gk_registration *r) {
  *r->link = r->next;
  if (r->next != NULL) {
    r->next->link = r->link;
  }
  if (r->pub.connection != NULL) {
    r->pub.connection->registration_count--;
  }
}

void gk_registration_link(gk_registration *r, h46017_connection *c) {
  r->pub.connection = c;
  registrar_enlist(r, &c->registrations);
  c->registration_count++;
  r->gk->registration_count++;
}

void gk_registration_rebind(gk_registration *r, h46017_connection *c) {
  registrar_delist(r);
  r->gk->registration_count--;
  gk_registration_link(r, c);
  h46017_mem_release(&r->gk->mem, r->key);
  r->key = NULL;
  r->pub.replaced = true;
}

/* -- the end of one -------------------------------------------------------- */

/* Nobody finds it any more, and its timer is stopped. */
static void registrar_take_out(gk_registration *r) {
  h46017_gatekeeper *gk = r->gk;

  gk_names_leave(r);
  h46017_map_remove(&gk->identifiers, &r->by_identifier);
  h46017_heap_leave(&gk->timers, &r->timer);
}

static void registrar_free(gk_registration *r) {
  const h46017_mem *mem = &r->gk->mem;

  gk_login_drop(r->gk, r->login);
  gk_names_release(r->gk, &r->names);
  h46017_mem_release(mem, r->key);
  h46017_mem_release(mem, r);
}

void gk_registration_unmake(gk_registration *r) {
  registrar_take_out(r);
  registrar_free(r);
}

void gk_release_ended(h46017_gatekeeper *gk) {
  while (gk->ended != NULL) {
    gk_registration *r = gk->ended;
    gk->ended = r->next;
    registrar_free(r);
  }
}

/* What a callback said of a registration that may have no connection: then
 * there is nothing that it could end. */
static void registrar_go_on(h46017_connection *c, int callback_rv) {
  if (c != NULL) {
    (void)gk_connection_go_on(c, callback_rv);
  }
}

void gk_registration_end(gk_registration *r, gk_registration_event event,
                         int why, h46017_urq_reason reason) {
  h46017_gatekeeper *gk = r->gk;
  h46017_connection *c = r->pub.connection;

  if (!registrar_handles(r, event)) {
    return;
  }
  if (c != NULL) {
    gk_calls_drop(c, r, why);
  }
  if (!registrar_handles(r, event)) {
    return; /* the end of a call ended it */
  }
  /* First it is out of everything, so that no callback meets it again. */
  registrar_delist(r);
  gk->registration_count--;
  registrar_take_out(r);
  r->next = gk->ended;
  gk->ended = r;
  gk_registration_goto(gk, c, &r->state, GK_REG_ENDED, event);
  if (reason != H46017_URQ_REASON_ABSENT && c != NULL) {
    gk_send_urq(r, reason);
  }
  if (r->told) {
    h46017_log_line(&gk->log, H46017_LOG_INFO, "\"%s\" unregistered: %s",
                    r->names.aliases[0].text.text, h46017_strerror(why));
  }
  if (r->told && gk->callbacks.unregistered != NULL) {
    registrar_go_on(
        c, gk->callbacks.unregistered(gk, &r->pub, why, gk->user_data));
  }
  if (c != NULL) {
    gk_connection_rearm(c);
  }
}

/* -- without a connection -------------------------------------------------- */

/* Only who proved something can prove it again. False: no memory either. */
static bool registrar_can_wait(gk_registration *r) {
  const h46017_identity *peer = r->pub.connection->peer;
  size_t size = sizeof(peer->key_sha256);

  r->by_tls = peer->tls;
  if (r->gk->settings.registration_grace == 0 || !r->told) {
    return false;
  }
  if (peer->proof != H46017_PROOF_CERTIFICATE) {
    return r->pub.auth == H46017_AUTH_USED_PASSWORD;
  }
  r->key = h46017_mem_alloc(&r->gk->mem, size);
  if (r->key == NULL) {
    return false;
  }
  memcpy(r->key, peer->key_sha256, size);
  return true;
}

void gk_registration_lose(gk_registration *r, int why) {
  h46017_gatekeeper *gk = r->gk;
  h46017_connection *c = r->pub.connection;

  if (!registrar_handles(r, GK_REG_EV_LOST)) {
    return;
  }
  if (!registrar_can_wait(r)) {
    gk_registration_end(r, GK_REG_EV_END, why, H46017_URQ_REASON_ABSENT);
    return;
  }
  registrar_delist(r);
  r->pub.connection = NULL;
  registrar_enlist(r, &gk->graced);
  gk_registration_goto(gk, c, &r->state, GK_REG_GRACE, GK_REG_EV_LOST);
  r->pub.expires = h46017_time_add(gk->now, gk->settings.registration_grace);
  h46017_heap_set(&gk->timers, &r->timer, r->pub.expires);
  h46017_log_line(&gk->log, H46017_LOG_INFO,
                  "\"%s\" lost its connection, and may come back: %s",
                  r->names.aliases[0].text.text, h46017_strerror(why));
  if (gk->callbacks.lost != NULL) {
    registrar_go_on(c, gk->callbacks.lost(gk, &r->pub, c, why, gk->user_data));
  }
}

/* -- time ------------------------------------------------------------------ */

void gk_registration_timer(gk_registration *r) {
  h46017_gatekeeper *gk = r->gk;

  if (r->state == GK_REG_REGISTERED) {
    gk_registration_goto(gk, r->pub.connection, &r->state, GK_REG_EXPIRING,
                         GK_REG_EV_TIMER);
    h46017_heap_set(&gk->timers, &r->timer,
                    h46017_time_add(gk->now, (uint64_t)gk->settings.grace + 1));
    gk_send_irq(r); /* any sign of life will do */
    return;
  }
  gk_registration_end(r, GK_REG_EV_TIMER,
                      r->state == GK_REG_GRACE ? H46017_ERR_CLOSED
                                               : H46017_ERR_TTL_EXPIRED,
                      H46017_URQ_TTL_EXPIRED);
}

void gk_registration_arm(gk_registration *r, gk_registration_event event) {
  h46017_gatekeeper *gk = r->gk;

  gk_registration_goto(gk, r->pub.connection, &r->state, GK_REG_REGISTERED,
                       event);
  r->pub.expires =
      h46017_time_add(gk->now, (uint64_t)r->pub.time_to_live * 1000);
  h46017_heap_set(&gk->timers, &r->timer, r->pub.expires);
}

void gk_extend(gk_registration *r) {
  gk_registration_arm(r, GK_REG_EV_REFRESH);
}

void gk_refresh(gk_registration *r, uint16_t seq) {
  h46017_connection *c = r->pub.connection;
  h46017_gatekeeper *gk = r->gk;

  gk_registration_arm(r, GK_REG_EV_REFRESH);
  gk_send_rcf(r, seq);
  if (r->state != GK_REG_ENDED && gk->callbacks.refreshed != NULL) {
    (void)gk_connection_go_on(
        c, gk->callbacks.refreshed(gk, &r->pub, gk->user_data));
  }
}
