/* SPDX-License-Identifier: BSD-2-Clause */
#include "sim_parts.h"

#include <stdlib.h>
#include <string.h>

static int gk_rand(uint8_t *dest, size_t len, void *user_data) {
  return sim_random_octets(((sim_gk *)user_data)->s, dest, len);
}

void sim_gk_let_go(sim_link *l) {
  h46017_connection *c = l->conn;

  l->conn = NULL;
  sim_pipe_finish(l->gk->s, l, &l->down);
  h46017_connection_del(c);
}

static void gk_forget_question(sim_question *q) {
  q->id = 0;
  q->answer_at = H46017_TIME_NEVER;
}

/* Who has a password has to show it; of the others it is the policy's to say.
 */
static void gk_look_up(const sim_gk *g, int phone,
                       h46017_registration_answer *answer) {
  sim *s = g->s;
  const sim_host *h = &s->hosts[phone];

  answer->open = !g->strict;
  answer->time_to_live = sim_chance(s, 4) ? 15 + sim_draw(s, 300) : 0;
  if (h->has_password) {
    answer->device = &h->device;
    answer->secret = s->storm && sim_chance(s, 32) ? "another" : h->secret;
    answer->secret_len = strlen(answer->secret);
  }
}

/* Now and then to somebody else than was asked for. */
static void gk_look_up_call(sim_gk *g, h46017_route_answer *answer) {
  sim *s = g->s;

  if (s->storm && sim_chance(s, 16)) {
    const sim_name *name =
        &s->hosts[sim_draw(s, (uint32_t)s->host_count)].names[0][0];
    g->elsewhere.type = name->type;
    g->elsewhere.text = (h46017_text){name->text, strlen(name->text)};
    answer->to = &g->elsewhere;
  }
}

void sim_gk_answer(sim_gk *g, size_t i) {
  sim *s = g->s;
  h46017_registration_answer answer = {.refuse = 0};
  h46017_route_answer route = {.refuse = 0};
  uint64_t id = g->questions[i].id;
  int phone = g->questions[i].phone;
  int rv;

  gk_forget_question(&g->questions[i]);
  s->speaking = NULL; /* whoever waited behind it is served too */
  if (phone < 0) {
    gk_look_up_call(g, &route);
    route.refuse = s->storm && sim_chance(s, 8) ? H46017_ERR_REFUSED : 0;
    rv = h46017_gatekeeper_answer_call(g->gk, id, &route, sim_clock(s));
    s->result->later += rv == 0;
  } else {
    gk_look_up(g, phone, &answer);
    rv = h46017_gatekeeper_answer(g->gk, id, &answer, sim_clock(s));
  }
  if (rv != 0 && rv != H46017_ERR_NOT_FOUND && rv != H46017_ERR_NOMEM) {
    sim_fail(s, "gk%d answer: %s", g->number, h46017_error_name(rv));
  }
}

/* What a program may do in a callback. */
static int gk_mischief(sim_gk *g, h46017_connection *c) {
  sim *s = g->s;
  sim_link *l = c != NULL ? h46017_connection_user_data(c) : NULL;
  const sim_host *h = &s->hosts[sim_draw(s, (uint32_t)s->host_count)];
  size_t i;

  if (!s->storm || !s->mischief || !sim_chance(s, 64)) {
    return 0;
  }
  switch (sim_draw(s, 7)) {
  case 0:
    if (l != NULL && l->conn != NULL) {
      (void)h46017_connection_close(l->conn, H46017_ERR_REFUSED, sim_clock(s));
    }
    return 0;
  case 1:
    if (l != NULL && l->conn != NULL) {
      sim_tell(s, "gk%d deletes the connection of a callback", g->number);
      sim_gk_let_go(l);
    }
    return 0;
  case 2:
    (void)h46017_gatekeeper_unregister(g->gk, h->names[0][0].text,
                                       strlen(h->names[0][0].text),
                                       H46017_URQ_MAINTENANCE, sim_clock(s));
    return 0;
  case 3:
    i = sim_draw(s, SIM_QUESTIONS);
    if (g->questions[i].id != 0) {
      sim_gk_answer(g, i);
    }
    return 0;
  case 4:
    (void)h46017_gatekeeper_drop_call(g->gk, g->call, sim_clock(s));
    return 0;
  case 5:
    return -1;
  default:
    return H46017_ERR_REFUSED;
  }
}

/* Whose names these are: the first digits in each tell. */
static int gk_phone(const sim *s, const h46017_aliases *names) {
  const char *text = names->count > 0 ? names->list[0].text.text : "";
  unsigned long phone = strtoul(text + strcspn(text, "0123456789"), NULL, 10);

  return phone < s->host_count ? (int)phone : 0;
}

/* False: it has to be answered at once. */
static bool gk_answers_later(sim_gk *g, uint64_t question, int phone) {
  sim *s = g->s;
  sim_question *q = &g->questions[sim_draw(s, SIM_QUESTIONS)];

  /* A question that is forgotten is one that is never answered. */
  if (!sim_chance(s, s->storm ? 2 : 8) || (q->id != 0 && !s->storm)) {
    return false;
  }
  q->id = question;
  q->phone = phone;
  q->answer_at = s->now + sim_draw(s, s->storm ? 15000 : 3000);
  return true;
}

static h46017_answered gk_select(h46017_gatekeeper *gk, uint64_t question,
                                 const h46017_registration_question *asked,
                                 h46017_registration_answer *answer,
                                 void *user_data) {
  sim_gk *g = user_data;
  sim *s = g->s;
  int phone = gk_phone(s, &asked->rrq->terminal_alias);

  (void)gk;
  (void)gk_mischief(g, asked->connection);
  if (gk_answers_later(g, question, phone)) {
    return H46017_LATER;
  }
  gk_look_up(g, phone, answer);
  if (sim_chance(s, 16)) { /* the first of the names is enough */
    answer->aliases = asked->rrq->terminal_alias.list;
    answer->alias_count = 1;
  }
  answer->refuse = !s->storm || !sim_chance(s, 8) ? 0
                   : sim_chance(s, 2)             ? H46017_ERR_LIMIT
                                                  : H46017_ERR_REFUSED;
  return H46017_ANSWERED;
}

static void gk_dropped(h46017_gatekeeper *gk, uint64_t question,
                       void *user_data) {
  sim_gk *g = user_data;

  (void)gk;
  for (size_t i = 0; i < SIM_QUESTIONS; i++) {
    if (g->questions[i].id == question) {
      gk_forget_question(&g->questions[i]);
    }
  }
}

static int gk_told(sim_gk *g, const h46017_registered *reg, bool full) {
  g->changed = g->s->result->steps;
  sim_tell(g->s, "gk%d has %s", g->number, reg->aliases[0].text.text);
  sim_witness_told(g, reg, full);
  return gk_mischief(g, reg->connection);
}

static int gk_registered(h46017_gatekeeper *gk, const h46017_registered *reg,
                         void *user_data) {
  (void)gk;
  return gk_told(user_data, reg, true);
}

static int gk_refreshed(h46017_gatekeeper *gk, const h46017_registered *reg,
                        void *user_data) {
  (void)gk;
  return gk_told(user_data, reg, false);
}

static int gk_unregistered(h46017_gatekeeper *gk, const h46017_registered *reg,
                           int why, void *user_data) {
  sim_gk *g = user_data;

  (void)gk;
  g->changed = g->s->result->steps;
  sim_tell(g->s, "gk%d has no %s: %s", g->number, reg->aliases[0].text.text,
           h46017_error_name(why));
  sim_witness_unregistered(g, reg, why);
  return gk_mischief(g, reg->connection);
}

static int gk_lost(h46017_gatekeeper *gk, const h46017_registered *reg,
                   h46017_connection *c, int why, void *user_data) {
  sim_gk *g = user_data;

  (void)gk;
  sim_witness_lost(g, reg, c);
  g->changed = g->s->result->steps;
  sim_tell(g->s, "gk%d waits for %s: %s", g->number, reg->aliases[0].text.text,
           h46017_error_name(why));
  return gk_mischief(g, NULL);
}

static h46017_answered gk_route(h46017_gatekeeper *gk, uint64_t question,
                                const h46017_route_question *asked,
                                h46017_route_answer *answer, void *user_data) {
  sim_gk *g = user_data;

  (void)gk;
  if (gk_mischief(g, asked->connection) != 0) {
    answer->refuse = H46017_ERR_REFUSED;
    return H46017_ANSWERED;
  }
  if (gk_answers_later(g, question, -1)) {
    return H46017_LATER;
  }
  gk_look_up_call(g, answer);
  return H46017_ANSWERED;
}

static int gk_call(h46017_gatekeeper *gk, const h46017_route *call,
                   void *user_data) {
  sim_gk *g = user_data;

  (void)gk;
  g->call = call->id;
  sim_tell(g->s, "gk%d call %s -> %s: %s %u", g->number, call->from, call->to,
           h46017_route_state_name(call->state), (unsigned)call->cause);
  g->s->result->calls += call->state == H46017_ROUTE_CONNECT;
  return gk_mischief(g, call->caller);
}

static bool gk_utc(int64_t *seconds, void *user_data) {
  const sim_gk *g = user_data;

  *seconds = SIM_UTC + (int64_t)(g->s->now / 1000);
  return true;
}

static int gk_rejected(h46017_gatekeeper *gk, h46017_connection *c,
                       const h46017_rrq *rrq, int code,
                       h46017_rrj_reason reason, void *user_data) {
  sim_gk *g = user_data;

  (void)gk;
  (void)rrq;
  (void)reason;
  sim_tell(g->s, "gk%d rejects: %s", g->number, h46017_error_name(code));
  return gk_mischief(g, c);
}

static int gk_building(h46017_gatekeeper *gk, h46017_connection *c,
                       h46017_h225 *msg, h46017_ras_kind kind,
                       void *user_data) {
  (void)gk;
  (void)msg;
  (void)kind;
  return gk_mischief(user_data, c);
}

static int gk_ras(h46017_gatekeeper *gk, h46017_connection *c, h46017_h225 *msg,
                  const h46017_ras *ras, const uint8_t *per, size_t len,
                  void *user_data) {
  (void)gk;
  (void)msg;
  (void)per;
  (void)len;
  sim_witness_request(user_data, c, ras);
  return gk_mischief(user_data, c);
}

void sim_gk_settings(sim_gk *g, h46017_gatekeeper_settings *settings) {
  static const char *const alternates[] = {"10.0.0.1:1719", "10.0.0.3:1719",
                                           "[fd00::1]:1719", "10.0.0.2:1719"};
  sim *s = g->s;

  h46017_gatekeeper_settings_default(settings);
  settings->crypto = &s->crypto;
  settings->password_over_tcp = true;
  settings->security_errors = sim_chance(s, 2);
  settings->alternate_count = sim_draw(s, 5);
  settings->alternates = alternates;
  settings->registration_grace = sim_chance(s, 2) ? 20000 : 0;
  if (s->storm) {
    settings->time_to_live = 15 + sim_draw(s, 300);
    settings->max_time_to_live = 15 + sim_draw(s, 600);
    settings->duplicates = (h46017_duplicates)sim_draw(s, 3);
    settings->full_rate = sim_chance(s, 2) ? 1 + sim_draw(s, 20) : 2000;
    settings->max_registered = sim_chance(s, 4) ? 1 + sim_draw(s, 8) : 0;
    settings->max_connections = sim_chance(s, 8) ? 1 + sim_draw(s, 4) : 20000;
    settings->answers_kept = sim_draw(s, 5);
    settings->max_pending = sim_chance(s, 4) ? 1 + sim_draw(s, 3) : 64;
    settings->request_rate = sim_chance(s, 8) ? 2 + sim_draw(s, 20) : 500;
    settings->max_calls = sim_chance(s, 8) ? 1 + sim_draw(s, 2) : 2000;
    settings->max_aliases = sim_chance(s, 8) ? 2 : 32;
  }
  g->keeps = settings->answers_kept;
  g->shared = g->shared || settings->duplicates == H46017_DUPLICATES_ALLOW;
}

void sim_gk_start(sim_gk *g) {
  sim *s = g->s;
  h46017_gatekeeper_settings settings;
  h46017_gatekeeper_callbacks cb;

  g->start_at = H46017_TIME_NEVER;
  g->shared = g->strict = false;
  sim_gk_settings(g, &settings);
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
  if (sim_chance(s, 2)) { /* without, an RCF may be sent again */
    cb.ras_building = gk_building;
  }
  cb.route_call = gk_route;
  cb.call_changed = gk_call;
  cb.utc_now = gk_utc;
  if (h46017_gatekeeper_new(&g->gk, &settings, &cb, &g->mem.mem, g, s->now) !=
      0) {
    g->gk = NULL;
    g->start_at = s->now + 1000;
  }
}

static int gk_is_unwelcome(const h46017_registered *reg, void *arg) {
  char *name = arg;

  if (reg->auth != H46017_AUTH_USED_OPEN) {
    return 0;
  }
  (void)snprintf(name, SIM_NAME_SIZE, "%s", reg->aliases[0].text.text);
  return 1;
}

void sim_gk_reload(sim_gk *g, bool strict) {
  sim *s = g->s;
  h46017_gatekeeper_settings settings;
  char name[SIM_NAME_SIZE];

  sim_gk_settings(g, &settings);
  g->strict = strict;
  sim_tell(s, "gk%d has another policy%s", g->number, strict ? ", strict" : "");
  if (h46017_gatekeeper_set_settings(g->gk, &settings, sim_clock(s)) != 0 &&
      !s->storm) {
    sim_fail(s, "gk%d does not take its settings", g->number);
  }
  while (strict && h46017_gatekeeper_each(g->gk, gk_is_unwelcome, name) != 0) {
    (void)h46017_gatekeeper_unregister(
        g->gk, name, strlen(name), H46017_URQ_SECURITY_DENIAL, sim_clock(s));
  }
}

void sim_gk_kill(sim_gk *g) {
  h46017_gatekeeper_del(g->gk);
  g->gk = NULL;
  for (size_t i = 0; i < SIM_QUESTIONS; i++) {
    gk_forget_question(&g->questions[i]);
  }
  for (sim_link *l = g->s->links; l != NULL; l = l->next) {
    if (l->gk == g && l->conn != NULL) {
      l->conn = NULL;
      sim_pipe_finish(g->s, l, &l->down);
    }
  }
  if (g->mem.blocks != 0) {
    sim_fail(g->s, "gk%d leaves %zu blocks", g->number, g->mem.blocks);
  }
}

static void gk_pump_link(sim_link *l) {
  sim *s = l->gk->s;
  const uint8_t *p;
  size_t len;

  while (!l->stalled && (len = h46017_connection_peek_tx(l->conn, &p)) > 0) {
    len = sim_chance(s, 4) ? 1 + sim_draw(s, (uint32_t)len) : len;
    if (!l->cut) {
      sim_pipe_send(s, &l->down, p, len);
    }
    if (h46017_connection_ack_tx(l->conn, len, sim_clock(s)) != 0) {
      sim_fail(s, "gk%d: what it showed is not taken back", l->gk->number);
      return;
    }
  }
  if (!h46017_connection_want_read(l->conn) &&
      !h46017_connection_want_write(l->conn)) {
    (void)h46017_connection_transport_down(l->conn, 0, sim_clock(s));
    if (l->conn != NULL) { /* a callback may have deleted it */
      sim_gk_let_go(l);
    }
  }
}

void sim_gk_pump(sim_gk *g) {
  h46017_connection *c;

  while (g->gk != NULL && h46017_gatekeeper_next_ready(g->gk, &c)) {
    sim_link *l = NULL;
    for (sim_link *i = g->s->links; i != NULL; i = i->next) {
      l = i->conn == c ? i : l;
    }
    if (l == NULL || l->gk != g) {
      sim_fail(g->s, "INV-35: gk%d hands out a connection that was deleted",
               g->number);
      return;
    }
    gk_pump_link(l);
  }
}
