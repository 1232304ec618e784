/* SPDX-License-Identifier: BSD-2-Clause */
#include "world.h"

#include "base/mem.h"
#include "session/gatekeeper.h"

#include <check.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* -- the story ------------------------------------------------------------- */

__attribute__((format(printf, 2, 3))) static void tell(world *w,
                                                       const char *fmt, ...) {
  char line[256];
  va_list ap;
  int len;

  va_start(ap, fmt);
  len = vsnprintf(line, sizeof(line) - 1, fmt, ap);
  va_end(ap);
  ck_assert_int_gt(len, 0);
  line[len] = '\n';
  if (w->story_cap - w->story_len < (size_t)len + 2) {
    w->story_cap = w->story_cap * 2 + 512;
    w->story = realloc(w->story, w->story_cap);
    ck_assert_ptr_nonnull(w->story);
  }
  memcpy(w->story + w->story_len, line, (size_t)len + 1);
  w->story_len += (size_t)len + 1;
  w->story[w->story_len] = '\0';
}

int world_count(const world *w, const char *start) {
  int count = 0;

  for (const char *p = w->story; p != NULL && *p != '\0';) {
    const char *end = strchr(p, '\n');
    count += strncmp(p, start, strlen(start)) == 0;
    p = end + 1;
  }
  return count;
}

void world_forget(world *w) {
  w->story_len = 0;
  if (w->story != NULL) {
    w->story[0] = '\0';
  }
}

/* A callback that has nothing to say but may be told to fail. */
static int said(world *w) {
  if (w->fail_callback > 0 && --w->fail_callback == 0) {
    return w->fail_with != 0 ? w->fail_with : -1;
  }
  return 0;
}

/* -- callbacks ------------------------------------------------------------- */

static int world_rand_w(world *w, uint8_t *dest, size_t len) {
  for (size_t i = 0; i < len; i++) {
    w->random = w->random * 1103515245 + 12345;
    dest[i] = (uint8_t)(w->random >> 16);
  }
  return said(w);
}

static int gk_rand(uint8_t *dest, size_t len, void *user_data) {
  return world_rand_w(user_data, dest, len);
}

static int ep_rand(uint8_t *dest, size_t len, void *user_data) {
  return world_rand_w(((world_line *)user_data)->w, dest, len);
}

static int ep_connect(h46017_endpoint *ep, size_t index, void *user_data) {
  world_line *line = user_data;

  (void)ep;
  line->wanted = true;
  line->index = index;
  line->connects++;
  tell(line->w, "ep%d connect %zu", line->number, index);
  return said(line->w);
}

static int ep_state(h46017_endpoint *ep, h46017_endpoint_state from,
                    h46017_endpoint_state to, void *user_data) {
  world_line *line = user_data;

  ck_assert_int_eq((int)h46017_endpoint_get_state(ep), (int)to);
  tell(line->w, "ep%d %s -> %s", line->number, h46017_endpoint_state_name(from),
       h46017_endpoint_state_name(to));
  return said(line->w);
}

static int ep_reg_state(h46017_endpoint *ep, uint32_t id,
                        h46017_registration_state from,
                        h46017_registration_state to, void *user_data) {
  world_line *line = user_data;

  ck_assert_int_eq((int)h46017_endpoint_registration_state(ep, id), (int)to);
  tell(line->w, "ep%d reg%u %s -> %s", line->number, (unsigned)id,
       h46017_registration_state_name(from),
       h46017_registration_state_name(to));
  return said(line->w);
}

static int ep_registered(h46017_endpoint *ep, uint32_t id,
                         const h46017_ras *rcf, void *user_data) {
  world_line *line = user_data;

  (void)ep;
  tell(line->w, "ep%d reg%u registered ttl %u", line->number, (unsigned)id,
       (unsigned)rcf->u.rcf.time_to_live);
  return said(line->w);
}

static int ep_refreshed(h46017_endpoint *ep, uint32_t id, const h46017_ras *rcf,
                        void *user_data) {
  world_line *line = user_data;

  (void)ep;
  (void)rcf;
  tell(line->w, "ep%d reg%u refreshed", line->number, (unsigned)id);
  return said(line->w);
}

static int ep_rejected(h46017_endpoint *ep, uint32_t id, const h46017_ras *rrj,
                       int code, void *user_data) {
  world_line *line = user_data;

  (void)ep;
  tell(line->w, "ep%d reg%u rejected %s %s", line->number, (unsigned)id,
       h46017_rrj_reason_name(rrj->u.rrj.reason), h46017_error_name(code));
  return said(line->w);
}

static int ep_unregistered(h46017_endpoint *ep, uint32_t id, int why,
                           void *user_data) {
  world_line *line = user_data;

  (void)ep;
  tell(line->w, "ep%d reg%u unregistered %s", line->number, (unsigned)id,
       h46017_error_name(why));
  return said(line->w);
}

static int ep_backing_off(h46017_endpoint *ep, uint32_t delay, int code,
                          void *user_data) {
  world_line *line = user_data;

  (void)ep;
  ck_assert_uint_gt(delay, 0);
  tell(line->w, "ep%d backing off %s", line->number, h46017_error_name(code));
  return said(line->w);
}

static int ep_probe(h46017_endpoint *ep, size_t index, void *user_data) {
  world_line *line = user_data;

  (void)ep;
  line->probed |= (uint32_t)1 << index;
  tell(line->w, "ep%d probe %zu", line->number, index);
  return said(line->w);
}

static void hook(world *w, const char *callback, h46017_connection *c) {
  if (w->hook != NULL) {
    w->hook(w, callback, c);
  }
}

static int gk_ras(h46017_gatekeeper *gk, h46017_connection *c, h46017_h225 *msg,
                  const h46017_ras *ras, const uint8_t *per, size_t len,
                  void *user_data) {
  world *w = user_data;

  (void)gk;
  (void)msg;
  (void)ras;
  ck_assert_uint_gt(len, 0);
  if (w->seen != NULL) {
    w->seen(w, true, per, len);
  }
  hook(w, "ras_received", c);
  return said(w);
}

static int gk_building(h46017_gatekeeper *gk, h46017_connection *c,
                       h46017_h225 *msg, h46017_ras_kind kind,
                       void *user_data) {
  (void)gk;
  (void)msg;
  (void)kind;
  hook(user_data, "ras_building", c);
  return said(user_data);
}

static int gk_signalling(h46017_gatekeeper *gk, h46017_connection *c,
                         const h46017_q931 *msg, const uint8_t *q931,
                         size_t len, void *user_data) {
  (void)gk;
  (void)msg;
  (void)q931;
  (void)len;
  hook(user_data, "signalling_received", c);
  return said(user_data);
}

static bool gk_utc(int64_t *seconds, void *user_data) {
  const world *w = user_data;

  *seconds = w->utc + (int64_t)(w->now / 1000);
  return w->utc >= 0;
}

static bool ep_utc(int64_t *seconds, void *user_data) {
  const world *w = ((world_line *)user_data)->w;

  *seconds = w->ep_utc + (int64_t)(w->now / 1000);
  return w->ep_utc >= 0;
}

static int ep_ras(h46017_endpoint *ep, h46017_h225 *msg, const h46017_ras *ras,
                  const uint8_t *per, size_t len, void *user_data) {
  world *w = ((world_line *)user_data)->w;

  (void)ep;
  (void)msg;
  (void)ras;
  if (w->seen != NULL) {
    w->seen(w, false, per, len);
  }
  return 0;
}

static void gk_log(h46017_log_level level, const char *line, size_t len,
                   void *user_data) {
  (void)level;
  ck_assert_uint_eq(strlen(line), len);
  hook(user_data, "log_write", NULL);
}

static void gk_traced(const h46017_trace_event *ev, void *user_data) {
  ck_assert_ptr_nonnull(ev->object);
  hook(user_data, "trace", NULL);
}

static h46017_answered gk_select(h46017_gatekeeper *gk, uint64_t question,
                                 const h46017_registration_question *asked,
                                 h46017_registration_answer *answer,
                                 void *user_data) {
  world *w = user_data;

  (void)gk;
  ck_assert_uint_gt(question, w->question);
  ck_assert_uint_gt(asked->per_len, 0);
  ck_assert_ptr_nonnull(asked->peer);
  w->question = question;
  tell(w, "gk asked");
  answer->refuse = w->refuse;
  answer->device = w->device.name != NULL ? &w->device : NULL;
  answer->open = w->open;
  answer->aliases = w->grant;
  answer->alias_count = w->grant_count;
  answer->secret = w->secret;
  answer->secret_len = w->secret != NULL ? strlen(w->secret) : 0;
  answer->password = w->password;
  hook(w, "select_device", asked->connection);
  return w->answered;
}

static void gk_dropped(h46017_gatekeeper *gk, uint64_t question,
                       void *user_data) {
  world *w = user_data;

  (void)gk;
  w->dropped = question;
  tell(w, "gk question dropped");
  hook(w, "question_dropped", NULL);
}

static int gk_registered(h46017_gatekeeper *gk, const h46017_registered *reg,
                         void *user_data) {
  world *w = user_data;
  const h46017_text *name = &reg->aliases[0].text;
  h46017_connection *c = reg->connection;

  ck_assert(w->shared ||
            h46017_gatekeeper_find(gk, name->text, name->len) == reg);
  ck_assert_uint_eq(strlen(reg->endpoint_identifier), 26);
  tell(w, "gk registered %s by %s ttl %u%s", name->text,
       h46017_auth_used_name(reg->auth), (unsigned)reg->time_to_live,
       reg->replaced ? " replaced" : "");
  if (w->in_registered != NULL) {
    w->in_registered(w, c);
  }
  hook(w, "registered", c);
  return said(w);
}

static int gk_refreshed(h46017_gatekeeper *gk, const h46017_registered *reg,
                        void *user_data) {
  world *w = user_data;

  (void)gk;
  tell(w, "gk refreshed %s", reg->aliases[0].text.text);
  hook(w, "refreshed", reg->connection);
  ck_assert_uint_eq(strlen(reg->endpoint_identifier), 26);
  return said(w);
}

static int gk_rejected(h46017_gatekeeper *gk, h46017_connection *c,
                       const h46017_rrq *rrq, int code,
                       h46017_rrj_reason reason, void *user_data) {
  world *w = user_data;

  (void)gk;
  (void)rrq;
  tell(w, "gk rejected %s %s", h46017_error_name(code),
       h46017_rrj_reason_name(reason));
  hook(w, "rejected", c);
  return said(w);
}

static int gk_lost(h46017_gatekeeper *gk, const h46017_registered *reg,
                   h46017_connection *c, int why, void *user_data) {
  world *w = user_data;
  const h46017_text *name = &reg->aliases[0].text;

  ck_assert_ptr_null(reg->connection);
  ck_assert_ptr_eq(h46017_gatekeeper_find(gk, name->text, name->len), reg);
  tell(w, "gk lost %s %s", name->text, h46017_error_name(why));
  hook(w, "lost", c);
  return said(w);
}

static int gk_unregistered(h46017_gatekeeper *gk, const h46017_registered *reg,
                           int why, void *user_data) {
  world *w = user_data;
  const h46017_text *name = &reg->aliases[0].text;

  ck_assert_ptr_ne(h46017_gatekeeper_find(gk, name->text, name->len), reg);
  tell(w, "gk unregistered %s %s", name->text, h46017_error_name(why));
  hook(w, "unregistered", reg->connection);
  ck_assert_uint_gt(strlen(name->text), 0); /* borrowed for the whole call */
  return said(w);
}

/* -- making ---------------------------------------------------------------- */

void world_settings(h46017_gatekeeper_settings *settings) {
  h46017_gatekeeper_settings_default(settings);
  settings->ttl_spread = 0;
}

void (*world_tune_gatekeeper)(h46017_gatekeeper_callbacks *callbacks);
void (*world_tune_endpoint)(h46017_endpoint_callbacks *callbacks);

int world_init(world *w, const h46017_gatekeeper_settings *settings,
               const h46017_mem *mem) {
  h46017_gatekeeper_callbacks cb;
  h46017_gatekeeper_settings s;
  int rv;

  world_settings(&s);
  memset(w, 0, sizeof(*w));
  w->now = 1000;
  w->mem = mem;
  w->random = 4711;
  w->open = true;
  h46017_device_default(&w->device);
  h46017_gatekeeper_callbacks_default(&cb);
  cb.select_device = gk_select;
  cb.question_dropped = gk_dropped;
  cb.rand = gk_rand;
  cb.registered = gk_registered;
  cb.refreshed = gk_refreshed;
  cb.rejected = gk_rejected;
  cb.unregistered = gk_unregistered;
  cb.lost = gk_lost;
  cb.ras_received = gk_ras;
  cb.ras_building = gk_building;
  cb.signalling_received = gk_signalling;
  cb.log_write = gk_log;
  cb.trace = gk_traced;
  cb.utc_now = gk_utc;
  if (world_tune_gatekeeper != NULL) {
    world_tune_gatekeeper(&cb);
  }
  rv = h46017_gatekeeper_new(&w->gk, settings != NULL ? settings : &s, &cb, mem,
                             w, w->now);
  if (mem == NULL) {
    ck_assert_int_eq(rv, 0);
  }
  return rv;
}

int world_add(world *w, world_line **pline, const char *alias,
              const h46017_endpoint_settings *settings) {
  world_line *line = &w->lines[w->line_count];
  h46017_alias name = {H46017_ALIAS_H323_ID, 0, {alias, strlen(alias)}};
  h46017_registration reg;
  h46017_endpoint_callbacks cb;
  int rv;

  ck_assert_int_lt(w->line_count, WORLD_LINES);
  memset(line, 0, sizeof(*line));
  line->w = w;
  line->number = w->line_count++;
  line->chunk = SIZE_MAX;
  line->reachable = true;
  h46017_endpoint_callbacks_default(&cb);
  cb.connect = ep_connect;
  cb.rand = ep_rand;
  cb.state_changed = ep_state;
  cb.registration_changed = ep_reg_state;
  cb.registered = ep_registered;
  cb.refreshed = ep_refreshed;
  cb.rejected = ep_rejected;
  cb.unregistered = ep_unregistered;
  cb.backing_off = ep_backing_off;
  cb.probe = ep_probe;
  cb.ras_received = ep_ras;
  cb.utc_now = ep_utc;
  if (world_tune_endpoint != NULL) {
    world_tune_endpoint(&cb);
  }
  h46017_registration_default(&reg);
  reg.aliases = &name;
  reg.alias_count = 1;
  reg.password = w->ep_password;
  reg.password_len = w->ep_password != NULL ? strlen(w->ep_password) : 0;
  reg.user = w->ep_user;
  reg.password_kinds = w->ep_kinds;
  rv = h46017_endpoint_new(&line->ep, settings, &cb, w->mem, line, w->now);
  if (rv == 0) {
    rv = h46017_endpoint_add(line->ep, &reg, &line->reg, w->now);
  }
  if (rv == 0) {
    rv = h46017_endpoint_start(line->ep, w->now);
  }
  if (w->mem == NULL) {
    ck_assert_int_eq(rv, 0);
  }
  *pline = line;
  return rv;
}

void world_starve(world *w) {
  while (w->gk->messages != NULL) {
    gk_message *m = gk_message_take(w->gk);
    h46017_h225_del(m->msg);
    h46017_mem_release(&w->gk->mem, m);
  }
}

void world_free(world *w) {
  for (int i = 0; i < w->line_count; i++) {
    h46017_endpoint_del(w->lines[i].ep);
  }
  h46017_gatekeeper_del(w->gk);
  free(w->story);
}

/* -- the wires ------------------------------------------------------------- */

static int wire_fatal(int rv) {
  return h46017_error_is_fatal(rv) ? rv : 0;
}

static int wire_open(world_line *line) {
  world *w = line->w;
  int rv;

  line->wanted = false;
  if (!line->reachable ||
      (line->unreachable & (uint32_t)1 << line->index) != 0) {
    return wire_fatal(
        h46017_endpoint_transport_down(line->ep, H46017_ERR_CONNECT, w->now));
  }
  rv = h46017_connection_new(&line->conn, w->gk, line->peer, line, w->now);
  if (rv != 0) {
    return wire_fatal(
        h46017_endpoint_transport_down(line->ep, H46017_ERR_CONNECT, w->now));
  }
  line->cut = false;
  return wire_fatal(h46017_endpoint_transport_up(line->ep, w->proves, w->now));
}

static int wire_close(world_line *line) {
  world *w = line->w;
  int rv;

  (void)h46017_connection_transport_down(line->conn, H46017_ERR_CLOSED, w->now);
  h46017_connection_del(line->conn);
  line->conn = NULL;
  rv = h46017_endpoint_transport_down(line->ep, H46017_ERR_CLOSED, w->now);
  return wire_fatal(rv);
}

void world_remove(world *w, world_line *line) {
  if (line->conn != NULL) {
    (void)h46017_connection_transport_down(line->conn, H46017_ERR_CLOSED,
                                           w->now);
    h46017_connection_del(line->conn);
    line->conn = NULL;
  }
  h46017_endpoint_del(line->ep);
  line->ep = NULL;
}

void world_break(world *w, world_line *line) {
  (void)w;
  ck_assert_ptr_nonnull(line->conn);
  ck_assert_int_eq(wire_close(line), 0);
}

static int wire_carry(world_line *line, bool up, bool *moved) {
  world *w = line->w;
  const uint8_t *p;
  size_t len = up ? h46017_endpoint_peek_tx(line->ep, &p)
                  : h46017_connection_peek_tx(line->conn, &p);
  uint8_t *copy;
  int rv = 0;

  if (len == 0) {
    return 0;
  }
  len = len > line->chunk ? line->chunk : len;
  copy = malloc(len);
  ck_assert_ptr_nonnull(copy);
  memcpy(copy, p, len);
  rv = up ? h46017_endpoint_ack_tx(line->ep, len, w->now)
          : h46017_connection_ack_tx(line->conn, len, w->now);
  if (rv == 0 && !line->cut && up) {
    if (w->arriving != NULL) {
      w->arriving(w, line);
    }
    /* What ends a connection of the gatekeeper ends nothing else. */
    (void)h46017_connection_recv(line->conn, copy, len, w->now);
  } else if (rv == 0 && !line->cut) {
    rv = h46017_endpoint_recv(line->ep, copy, len, w->now);
  }
  free(copy);
  *moved = true;
  line->carried += len;
  return wire_fatal(rv);
}

static int wire_step(world_line *line, bool *moved) {
  int rv = 0;

  if (line->ep == NULL) {
    return 0;
  }
  for (size_t i = 0; line->probed != 0 && rv == 0; i++) {
    uint32_t bit = (uint32_t)1 << i;
    if ((line->probed & bit & ~line->unreachable) != 0) {
      rv = wire_fatal(h46017_endpoint_reachable(line->ep, i, line->w->now));
    }
    line->probed &= ~bit;
    *moved = true;
  }
  if (rv != 0) {
    return rv;
  }
  if (line->wanted) {
    *moved = true;
    return wire_open(line);
  }
  if (line->conn == NULL) {
    return 0;
  }
  rv = wire_carry(line, true, moved);
  if (rv == 0) {
    rv = wire_carry(line, false, moved);
  }
  if (rv != 0) {
    return rv;
  }
  if ((!h46017_endpoint_want_read(line->ep) &&
       !h46017_endpoint_want_write(line->ep)) ||
      (!h46017_connection_want_read(line->conn) &&
       !h46017_connection_want_write(line->conn))) {
    *moved = true;
    return wire_close(line);
  }
  return 0;
}

static h46017_time world_next(const world *w) {
  h46017_time next = h46017_gatekeeper_next_expiry(w->gk);

  for (int i = 0; i < w->line_count; i++) {
    h46017_time t = w->lines[i].ep != NULL
                        ? h46017_endpoint_next_expiry(w->lines[i].ep)
                        : H46017_TIME_NEVER;
    next = t < next ? t : next;
  }
  return next;
}

static int world_expire(world *w) {
  int rv = h46017_gatekeeper_handle_expiry(w->gk, w->now);

  for (int i = 0; i < w->line_count && rv == 0; i++) {
    if (w->lines[i].ep != NULL) {
      rv = wire_fatal(h46017_endpoint_handle_expiry(w->lines[i].ep, w->now));
    }
  }
  return rv;
}

int world_run(world *w, h46017_time until) {
  for (unsigned steps = 0; steps < 1000000; steps++) {
    bool moved = false;
    h46017_connection *ready;
    h46017_time next;

    for (int i = 0; i < w->line_count; i++) {
      bool here = false;
      int rv = wire_step(&w->lines[i], &here);
      if (rv != 0) {
        return rv;
      }
      if (here && w->moved != NULL) {
        w->moved(w);
      }
      moved = moved || here;
    }
    while (h46017_gatekeeper_next_ready(w->gk, &ready)) {
    }
    if (moved) {
      continue;
    }
    next = world_next(w);
    if (next > until) {
      w->now = until;
      return 0;
    }
    w->now = next > w->now ? next : w->now;
    {
      int rv = world_expire(w);
      if (rv != 0) {
        return rv;
      }
    }
    ck_assert_msg(world_next(w) > w->now, "a timer that does not move on");
  }
  ck_abort_msg("the world does not come to rest");
  return 0;
}
