/* SPDX-License-Identifier: BSD-2-Clause */
#include "session/gatekeeper.h"

#include "base/intmath.h"
#include "base/mem.h"
#include "base/settings.h"
#include "base/text.h"
#include "session/aliases.h"

#include <string.h>

#define SETTINGS_V1                                                            \
  (offsetof(h46017_gatekeeper_settings, log_level) + sizeof(h46017_log_level))
#define CALLBACKS_V1                                                           \
  (offsetof(h46017_gatekeeper_callbacks, trace) + sizeof(h46017_trace))

/* Messages in use nest as deep as callbacks do; more than these are freed. */
#define MESSAGES_KEPT 4

static const h46017_gatekeeper_settings gatekeeper_settings = {
    .struct_size = sizeof(gatekeeper_settings),
    .identifier = "h46017",
    .time_to_live = 120,
    .min_time_to_live = 15,
    .max_time_to_live = 3600,
    .grace = 10000,
    .register_timeout = 30000,
    .question_timeout = 10000,
    .rip_delay = 5000,
    .max_connections = 20000,
    .max_registrations = 64,
    .max_aliases = 32,
    .max_pending = 64,
    .max_bad_ras = 8,
    .max_tx = 262144,
    .max_pdu = 65535,
    .lenient = H46017_LENIENT_DEFAULT,
    .log_level = H46017_LOG_INFO,
};

void h46017_gatekeeper_settings_default_sized(
    h46017_gatekeeper_settings *settings, size_t size) {
  h46017_settings_fill(settings, size, &gatekeeper_settings,
                       sizeof(gatekeeper_settings));
}

void h46017_gatekeeper_callbacks_default_sized(
    h46017_gatekeeper_callbacks *callbacks, size_t size) {
  static const h46017_gatekeeper_callbacks def = {.struct_size = sizeof(def)};
  h46017_settings_fill(callbacks, size, &def, sizeof(def));
}

static bool gatekeeper_settings_valid(const h46017_gatekeeper_settings *s) {
  size_t len = s->identifier != NULL ? strlen(s->identifier) : 0;

  return len > 0 && h46017_text_is_valid(s->identifier, len) &&
         h46017_text_bmp_size(s->identifier, len) <= 256 &&
         s->min_time_to_live > 0 &&
         s->min_time_to_live <= s->max_time_to_live && s->time_to_live > 0 &&
         s->question_timeout > 0 && s->rip_delay > 0 && s->rip_delay <= 65535 &&
         s->max_connections > 0 && s->max_registrations > 0 &&
         s->max_aliases > 0 && s->max_pending > 0 && s->max_tx > 0 &&
         s->max_tx <= UINT32_MAX && s->max_pdu >= 4 && s->max_pdu <= 65535;
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
  }
  while (gk->connections != NULL) {
    gk_connection_free(gk->connections);
  }
  gk_release_ended(gk);
  while (gk->messages != NULL) {
    gk_message *m = gk->messages;
    gk->messages = m->next;
    h46017_h225_del(m->msg);
    h46017_mem_release(&mem, m);
  }
  h46017_map_free(&gk->names);
  h46017_map_free(&gk->identifiers);
  h46017_map_free(&gk->questions);
  h46017_heap_free(&gk->timers);
  h46017_mem_release(&mem, gk->scratch);
  h46017_mem_release(&mem, gk->identifier);
  h46017_mem_release(&mem, gk);
}

int h46017_gatekeeper_new(h46017_gatekeeper **pgk,
                          const h46017_gatekeeper_settings *settings,
                          const h46017_gatekeeper_callbacks *callbacks,
                          const h46017_mem *mem, void *user_data,
                          h46017_time now) {
  h46017_gatekeeper_settings s = gatekeeper_settings;
  h46017_gatekeeper_callbacks cb = {.struct_size = sizeof(cb)};
  uint8_t seed[18];
  h46017_mem m;
  h46017_gatekeeper *gk;
  int rv = h46017_mem_init(&m, mem);

  if (rv == 0 && settings != NULL) {
    rv = h46017_settings_copy(&s, sizeof(s), SETTINGS_V1, settings);
  }
  if (rv == 0) {
    rv = h46017_settings_copy(&cb, sizeof(cb), CALLBACKS_V1, callbacks);
  }
  if (rv != 0) {
    return rv;
  }
  if (pgk == NULL || cb.select_device == NULL || cb.rand == NULL ||
      !gatekeeper_settings_valid(&s)) {
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
  gk->callbacks = cb;
  gk->user_data = user_data;
  gk->log =
      (h46017_log){cb.log_write != NULL ? gk_log_write : NULL, gk, s.log_level};
  gk->trace = cb.trace != NULL ? gk_trace : NULL;
  gk->now = h46017_time_seen(0, now);
  gk->last_seq = (uint16_t)(seed[16] << 8 | seed[17]);
  h46017_heap_init(&gk->timers, &m);
  h46017_map_init(&gk->names, &m, seed);
  h46017_map_init(&gk->identifiers, &m, seed);
  h46017_map_init(&gk->questions, &m, seed);
  gk->identifier = h46017_mem_strndup(&m, s.identifier, strlen(s.identifier));
  if (gk->identifier == NULL) {
    gatekeeper_free(gk);
    return H46017_ERR_NOMEM;
  }
  gk->settings.identifier = gk->identifier;
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
  return gk_leave(gk, 0);
}

/* -- looking --------------------------------------------------------------- */

static gk_registration *gatekeeper_find_name(const h46017_gatekeeper *gk,
                                             const char *name, size_t len) {
  static const h46017_alias_type types[] = {
      H46017_ALIAS_H323_ID, H46017_ALIAS_DIALLED_DIGITS, H46017_ALIAS_URL_ID,
      H46017_ALIAS_EMAIL_ID, H46017_ALIAS_PARTY_NUMBER};
  uint8_t key[H46017_ALIAS_KEY_MAX];

  for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
    h46017_alias alias = {types[i], 0, {name, len}};
    size_t n = h46017_alias_key(&alias, key);
    gk_registration *r = n > 0 ? h46017_map_find(&gk->names, key, n) : NULL;
    if (r != NULL) {
      return r;
    }
  }
  return NULL;
}

const h46017_registered *h46017_gatekeeper_find(const h46017_gatekeeper *gk,
                                                const char *name, size_t len) {
  const gk_registration *r = gatekeeper_find_name(gk, name, len);

  return r != NULL ? &r->pub : NULL;
}

int h46017_gatekeeper_each(const h46017_gatekeeper *gk,
                           int (*fn)(const h46017_registered *reg, void *arg),
                           void *arg) {
  for (const h46017_connection *c = gk->connections; c != NULL; c = c->next) {
    for (const gk_registration *r = c->registrations; r != NULL; r = r->next) {
      int rv = fn(&r->pub, arg);
      if (rv != 0) {
        return rv;
      }
    }
  }
  return 0;
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

int h46017_gatekeeper_unregister(h46017_gatekeeper *gk, const char *name,
                                 size_t len, h46017_urq_reason reason,
                                 h46017_time now) {
  gk_registration *r;
  int rv = gk_enter_nested(gk, now);

  if (rv != 0) {
    return rv;
  }
  r = gatekeeper_find_name(gk, name, len);
  if (r == NULL) {
    return gk_leave(gk, H46017_ERR_NOT_FOUND);
  }
  gk_registration_end(r, GK_REG_EV_END, H46017_ERR_UNREGISTERED, reason);
  return gk_leave(gk, 0);
}
