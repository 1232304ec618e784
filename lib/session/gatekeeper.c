/* SPDX-License-Identifier: BSD-2-Clause */
#include "session/gatekeeper.h"

#include "base/intmath.h"
#include "base/mem.h"
#include "base/settings.h"
#include "base/text.h"
#include "session/aliases.h"

#include <string.h>

#define CALLBACKS_V1                                                           \
  (offsetof(h46017_gatekeeper_callbacks, utc_now) + sizeof(void (*)(void)))

/* Messages in use nest as deep as callbacks do; more than these are freed. */
#define MESSAGES_KEPT 4

void h46017_gatekeeper_callbacks_default_sized(
    h46017_gatekeeper_callbacks *callbacks, size_t size) {
  static const h46017_gatekeeper_callbacks def = {.struct_size = sizeof(def)};
  h46017_settings_fill(callbacks, size, &def, sizeof(def));
}

static void gatekeeper_free(h46017_gatekeeper *gk) {
  const h46017_gatekeeper_callbacks last = {.struct_size = sizeof(last),
                                            .question_dropped =
                                                gk->callbacks.question_dropped};
  h46017_mem mem = gk->mem;

  /* What the program calls from question_dropped finds a busy object whose
   * connections are all closed: nothing begins any more. */
  gk->depth = 1;
  gk->callbacks = last;
  gk->log.write = NULL;
  gk->trace = NULL;
  for (h46017_connection *c = gk->connections; c != NULL; c = c->next) {
    c->state = GK_CONN_CLOSED;
    gk_drop_questions(c); /* so that none finds its way free */
  }
  while (gk->connections != NULL) {
    gk_connection_free(gk->connections);
  }
  while (gk->graced != NULL) {
    gk_registration_end(gk->graced, GK_REG_EV_END, H46017_ERR_CLOSED,
                        H46017_URQ_REASON_ABSENT);
  }
  gk_release_ended(gk);
  gk_calls_free(gk);
  while (gk->messages != NULL) {
    gk_message *m = gk->messages;
    gk->messages = m->next;
    h46017_h225_del(m->msg);
    h46017_mem_release(&mem, m);
  }
  h46017_map_free(&gk->names);
  h46017_map_free(&gk->identifiers);
  h46017_map_free(&gk->questions);
  gk_passwords_free(gk);
  h46017_heap_free(&gk->timers);
  h46017_mem_release(&mem, gk->scratch);
  h46017_mem_release(&mem, (void *)gk->alternates);
  h46017_mem_release(&mem, gk->identifier);
  h46017_mem_release(&mem, gk);
}

/* What can fail; the rest is in place. */
static int gatekeeper_fill(h46017_gatekeeper *gk,
                           const h46017_gatekeeper_settings *s) {
  const char *id = s->identifier;
  int rv = gk_alternates_dup(&gk->mem, s, &gk->alternates);

  if (rv == 0) {
    gk->identifier = h46017_mem_strndup(&gk->mem, id, strlen(id));
    rv = gk->identifier != NULL ? 0 : H46017_ERR_NOMEM;
  }
  if (rv == 0) {
    rv = h46017_heap_join(&gk->timers, &gk->queue_timer, GK_TIMER_QUEUE);
  }
  gk->settings.identifier = gk->identifier;
  gk->settings.alternates = gk->alternates;
  return rv;
}

int h46017_gatekeeper_new(h46017_gatekeeper **pgk,
                          const h46017_gatekeeper_settings *settings,
                          const h46017_gatekeeper_callbacks *callbacks,
                          const h46017_mem *mem, void *user_data,
                          h46017_time now) {
  h46017_gatekeeper_settings s = {.struct_size = 0};
  h46017_crypto crypto = {.struct_size = 0};
  h46017_gatekeeper_callbacks cb = {.struct_size = sizeof(cb)};
  uint8_t seed[22];
  h46017_mem m;
  h46017_gatekeeper *gk;
  int rv = h46017_mem_init(&m, mem);

  if (rv == 0) {
    rv = gk_settings_read(&s, &crypto, settings);
  }
  if (rv == 0) {
    rv = h46017_settings_copy(&cb, sizeof(cb), CALLBACKS_V1, callbacks);
  }
  if (rv != 0) {
    return rv;
  }
  if (pgk == NULL || cb.select_device == NULL || cb.rand == NULL) {
    return H46017_ERR_INVALID_ARGUMENT;
  }
  if (cb.rand(seed, sizeof(seed), user_data) != 0) {
    return H46017_ERR_CALLBACK_FAILURE;
  }
  gk = h46017_mem_zalloc(&m, 1, sizeof(*gk));
  if (gk == NULL) {
    return H46017_ERR_NOMEM;
  }
  gk->mem = m;
  gk->settings = s;
  gk->settings.crypto = NULL;
  gk->crypto = crypto;
  gk->callbacks = cb;
  gk->user_data = user_data;
  gk->log =
      (h46017_log){cb.log_write != NULL ? gk_log_write : NULL, gk, s.log_level};
  gk->trace = cb.trace != NULL ? gk_trace : NULL;
  gk->now = h46017_time_seen(0, now);
  gk->last_seq = (uint16_t)(seed[16] << 8 | seed[17]);
  h46017_heap_init(&gk->timers, &m);
  h46017_call_workspace_init(&gk->call_work, &m);
  h46017_map_init(&gk->names, &m, seed);
  h46017_map_init(&gk->identifiers, &m, seed);
  h46017_map_init(&gk->questions, &m, seed);
  h46017_map_init(&gk->call_ids, &m, seed);
  h46017_map_init(&gk->legs, &m, seed);
  h46017_map_init(&gk->sender_names, &m, seed);
  gk->senders_end = &gk->senders;
  memcpy(&gk->last_random, seed + 18, sizeof(gk->last_random));
  gk->queue_end = &gk->queue;
  gk->allowance = UINT32_MAX; /* nobody has used any */
  rv = gatekeeper_fill(gk, &s);
  if (rv != 0) {
    gatekeeper_free(gk);
    return rv;
  }
  *pgk = gk;
  return 0;
}

void h46017_gatekeeper_del(h46017_gatekeeper *gk) {
  if (gk == NULL) {
    return;
  }
  if (gk->depth > 0) {
    gk->doomed = true;
    return;
  }
  gatekeeper_free(gk);
}

int gk_enter(h46017_gatekeeper *gk, h46017_time now) {
  return gk->depth > 0 ? H46017_ERR_REENTRANT : gk_enter_nested(gk, now);
}

int gk_enter_nested(h46017_gatekeeper *gk, h46017_time now) {
  if (gk->observing > 0) {
    return H46017_ERR_REENTRANT;
  }
  gk->now = h46017_time_seen(gk->now, now);
  gk->depth++;
  return 0;
}

int gk_leave(h46017_gatekeeper *gk, int rv) {
  if (gk->depth == 1) {
    /* Freeing tells the end of registrations, which may doom another one. */
    while (gk->doomed_connections != NULL && !gk->doomed) {
      h46017_connection *c = gk->doomed_connections;
      gk->doomed_connections = c->doomed_next;
      gk_connection_free(c);
    }
    gk_release_ended(gk);
    gk_release_ended_calls(gk);
  }
  gk->depth--;
  if (gk->depth == 0 && gk->doomed) {
    gatekeeper_free(gk);
  }
  return rv;
}

void gk_trace(const h46017_trace_event *event, void *user_data) {
  h46017_gatekeeper *gk = user_data;

  gk->observing++;
  gk->callbacks.trace(event, gk->user_data);
  gk->observing--;
}

void gk_log_write(h46017_log_level level, const char *line, size_t len,
                  void *user_data) {
  h46017_gatekeeper *gk = user_data;

  gk->observing++;
  gk->callbacks.log_write(level, line, len, gk->user_data);
  gk->observing--;
}

gk_message *gk_message_take(h46017_gatekeeper *gk) {
  gk_message *m = gk->messages;

  if (m != NULL) {
    gk->messages = m->next;
    return m;
  }
  m = h46017_mem_zalloc(&gk->mem, 1, sizeof(*m));
  if (m == NULL) {
    return NULL;
  }
  if (h46017_h225_new(&m->msg, NULL, &gk->mem) != 0) {
    h46017_mem_release(&gk->mem, m);
    return NULL;
  }
  return m;
}

void gk_message_give(h46017_gatekeeper *gk, gk_message *m) {
  int idle = 0;

  for (const gk_message *i = gk->messages; i != NULL; i = i->next) {
    idle++;
  }
  if (idle >= MESSAGES_KEPT) {
    h46017_h225_del(m->msg);
    h46017_mem_release(&gk->mem, m);
    return;
  }
  m->next = gk->messages;
  gk->messages = m;
}

h46017_time h46017_gatekeeper_next_expiry(const h46017_gatekeeper *gk) {
  const h46017_heap_node *n = h46017_heap_first(&gk->timers);

  return n != NULL ? n->expiry : H46017_TIME_NEVER;
}

#define OWNER(node, type, member)                                              \
  ((type *)(void *)((char *)(node)-offsetof(type, member)))

int h46017_gatekeeper_handle_expiry(h46017_gatekeeper *gk, h46017_time now) {
  int rv = gk_enter(gk, now);
  h46017_heap_node *n;

  if (rv != 0) {
    return rv;
  }
  /* Every timer is stopped before it is served, and set again later than now,
   * or for the last time (the end of a connection
   * whose question is over): the loop ends. */
  while ((n = h46017_heap_first(&gk->timers)) != NULL && n->expiry <= gk->now) {
    h46017_heap_set(&gk->timers, n, H46017_TIME_NEVER);
    switch (n->kind) {
    case GK_TIMER_CONNECTION:
      gk_connection_timer(OWNER(n, h46017_connection, timer));
      break;
    case GK_TIMER_REGISTRATION:
      gk_registration_timer(OWNER(n, gk_registration, timer));
      break;
    case GK_TIMER_QUEUE:
      gk_queue_timer(gk);
      break;
    case GK_TIMER_CALL:
      gk_call_timer(OWNER(n, gk_call, timer));
      break;
    default:
      gk_question_timer(OWNER(n, gk_question, timer));
      break;
    }
  }
  return gk_leave(gk, 0);
}

int h46017_gatekeeper_close(h46017_gatekeeper *gk, h46017_time now) {
  int rv = gk_enter_nested(gk, now);

  if (rv != 0) {
    return rv;
  }
  gk->closing = true;
  for (h46017_connection *c = gk->connections; c != NULL; c = c->next) {
    gk_connection_end(c, H46017_ERR_SHUTDOWN);
  }
  while (gk->graced != NULL) {
    gk_registration_end(gk->graced, GK_REG_EV_END, H46017_ERR_SHUTDOWN,
                        H46017_URQ_REASON_ABSENT);
  }
  return gk_leave(gk, 0);
}

/* -- looking --------------------------------------------------------------- */

/* A partyNumber is of one of five kinds, two of which have six types of number;
 * which, nobody says who looks for its digits. */
static const gk_name *gatekeeper_find_number(const h46017_gatekeeper *gk,
                                             const char *digits, size_t len) {
  enum { E164 = 0, PRIVATE = 3 }; /* PartyNumber's alternatives */
  for (int32_t kind = 0; kind < 5; kind++) {
    const int32_t types = kind == E164 || kind == PRIVATE ? 6 : 1;
    for (int32_t type = 0; type < types; type++) {
      h46017_alias alias = {
          H46017_ALIAS_PARTY_NUMBER, kind * 256 + type, {digits, len}};
      const gk_name *held = gk_name_find(gk, &alias);
      if (held != NULL) {
        return held;
      }
    }
  }
  return NULL;
}

static gk_registration *gatekeeper_find_name(const h46017_gatekeeper *gk,
                                             const char *name, size_t len) {
  static const h46017_alias_type types[] = {
      H46017_ALIAS_H323_ID, H46017_ALIAS_DIALLED_DIGITS, H46017_ALIAS_URL_ID,
      H46017_ALIAS_EMAIL_ID};
  const gk_name *held = NULL;

  for (size_t i = 0; i < sizeof(types) / sizeof(types[0]) && held == NULL;
       i++) {
    h46017_alias alias = {types[i], 0, {name, len}};
    held = gk_name_find(gk, &alias);
  }
  held = held != NULL ? held : gatekeeper_find_number(gk, name, len);
  return held != NULL ? held->holder : NULL;
}

const h46017_registered *h46017_gatekeeper_find(const h46017_gatekeeper *gk,
                                                const char *name, size_t len) {
  const gk_registration *r = gatekeeper_find_name(gk, name, len);

  return r != NULL ? &r->pub : NULL;
}

static int gatekeeper_each_of(const gk_registration *list,
                              int (*fn)(const h46017_registered *reg,
                                        void *arg),
                              void *arg) {
  for (const gk_registration *r = list; r != NULL; r = r->next) {
    int rv = fn(&r->pub, arg);
    if (rv != 0) {
      return rv;
    }
  }
  return 0;
}

int h46017_gatekeeper_each(const h46017_gatekeeper *gk,
                           int (*fn)(const h46017_registered *reg, void *arg),
                           void *arg) {
  int rv = gatekeeper_each_of(gk->graced, fn, arg);

  for (const h46017_connection *c = gk->connections; rv == 0 && c != NULL;
       c = c->next) {
    rv = gatekeeper_each_of(c->registrations, fn, arg);
  }
  return rv;
}

size_t h46017_gatekeeper_connection_count(const h46017_gatekeeper *gk) {
  return gk->connection_count;
}

size_t h46017_gatekeeper_registration_count(const h46017_gatekeeper *gk) {
  return gk->registration_count;
}

void h46017_gatekeeper_set_log_level(h46017_gatekeeper *gk,
                                     h46017_log_level level) {
  gk->settings.log_level = level; /* of the connections to come */
  gk->log.level = level;
}

static int gatekeeper_unregister(h46017_gatekeeper *gk, gk_registration *r,
                                 h46017_urq_reason reason) {
  /* what a URQ of ours can say; securityError wants more than the word */
  if (reason != H46017_URQ_REASON_ABSENT &&
      (reason < 0 || reason == H46017_URQ_SECURITY_ERROR ||
       reason > H46017_URQ_REGISTER_WITH_ASSIGNED_GK)) {
    return gk_leave(gk, H46017_ERR_INVALID_ARGUMENT);
  }
  if (r == NULL) {
    return gk_leave(gk, H46017_ERR_NOT_FOUND);
  }
  gk_registration_end(r, GK_REG_EV_END, H46017_ERR_UNREGISTERED, reason);
  return gk_leave(gk, 0);
}

int h46017_gatekeeper_unregister(h46017_gatekeeper *gk, const char *name,
                                 size_t len, h46017_urq_reason reason,
                                 h46017_time now) {
  gk_registration *r;
  int rv = gk_enter_nested(gk, now);

  if (rv != 0) {
    return rv;
  }
  r = gatekeeper_find_name(gk, name, len);
  return gatekeeper_unregister(gk, r, reason);
}

int h46017_gatekeeper_unregister_endpoint(h46017_gatekeeper *gk,
                                          const char *endpoint_identifier,
                                          h46017_urq_reason reason,
                                          h46017_time now) {
  h46017_text id = {endpoint_identifier, strlen(endpoint_identifier)};
  int rv = gk_enter_nested(gk, now);

  return rv != 0
             ? rv
             : gatekeeper_unregister(gk, gk_find_identifier(gk, &id), reason);
}
