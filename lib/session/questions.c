/* SPDX-License-Identifier: BSD-2-Clause */
#include "session/gatekeeper.h"

#include "base/fetch.h"
#include "base/intmath.h"
#include "base/mem.h"
#include "session/aliases.h"
#include "session/ras_io.h"

#include <string.h>

/* -- before and after the program is asked --------------------------------- */

static bool question_is_for_us(const h46017_connection *c,
                               const h46017_text *identifier) {
  const char *mine = c->gk->identifier;

  return c->gk->settings.any_identifier || identifier->text == NULL ||
         (identifier->len == strlen(mine) &&
          memcmp(identifier->text, mine, identifier->len) == 0);
}

static int question_check_additive(const h46017_connection *c,
                                   const h46017_rrq *rrq) {
  const gk_registration *r =
      gk_find_identifier(c->gk, &rrq->endpoint_identifier);

  if (r == NULL) {
    return H46017_ERR_NOT_REGISTERED;
  }
  return r->pub.connection == c ? 0 : H46017_ERR_WRONG_CONNECTION;
}

static int question_check_names(const h46017_gatekeeper *gk,
                                const h46017_aliases *names) {
  int rv = 0;

  if (names->count == 0) {
    return H46017_ERR_ALIAS_INVALID;
  }
  if (names->count > gk->settings.max_aliases) {
    return H46017_ERR_LIMIT;
  }
  for (size_t i = 0; rv == 0 && i < names->count; i++) {
    rv = h46017_alias_check(&names->list[i]);
  }
  return rv;
}

/* What a full RRQ needs before anybody is asked. */
static int question_check(const h46017_connection *c, const h46017_ras *ras) {
  const h46017_rrq *rrq = &ras->u.rrq;
  int rv;

  if (ras->protocol_version == 1) {
    return H46017_ERR_REVISION;
  }
  if (!question_is_for_us(c, &rrq->gatekeeper_identifier)) {
    return H46017_ERR_WRONG_GATEKEEPER;
  }
  rv = question_check_names(c->gk, &rrq->terminal_alias);
  if (rv == 0 && rrq->additive_registration) {
    rv = question_check_additive(c, rrq);
  }
  return rv;
}

/* A password that is right but came in the open is none, unless the settings
 * say so; of what the program checked it knows best. */
static int question_permit(const h46017_connection *c,
                           const h46017_device *device, const gk_decision *d,
                           h46017_password_outcome password,
                           const h46017_text *name, h46017_auth_used *pauth) {
  const bool open =
      d->login != NULL && !c->peer->tls && !c->gk->settings.password_over_tcp;
  int rv = h46017_policy_decide(device, c->peer,
                                open ? H46017_PASSWORD_ABSENT : password,
                                name->text, name->len, pauth);

  return open && (rv == H46017_ERR_PASSWORD_MISSING ||
                  rv == H46017_ERR_UNAUTHENTICATED)
             ? H46017_ERR_PASSWORD_OVER_TCP
             : rv;
}

/* The program's answer against what the peer proved. Every name that is to be
 * granted has to belong to the device, and to be covered. The decision borrows
 * from the answer. */
static int question_decide(const gk_question *q, const h46017_h225 *msg,
                           const h46017_rrq *rrq, const h46017_aliases *names,
                           const h46017_registration_answer *answer,
                           gk_decision *d) {
  h46017_connection *c = q->connection;
  h46017_password_outcome password;
  int rv;

  *d = (gk_decision){.auth = H46017_AUTH_USED_OPEN,
                     .time_to_live = answer->time_to_live};
  if (answer->refuse != 0) {
    return answer->refuse < 0 ? answer->refuse : H46017_ERR_REFUSED;
  }
  if (answer->device == NULL) {
    if (answer->password == H46017_PASSWORD_WRONG) {
      return H46017_ERR_PASSWORD_WRONG;
    }
    return answer->open ? 0 : H46017_ERR_UNKNOWN_DEVICE;
  }
  for (size_t i = 0; i < names->count; i++) {
    h46017_text name = h46017_alias_name(&names->list[i]);
    if (h46017_device_fits(answer->device, name.text, name.len, NULL) ==
        H46017_FIT_NONE) {
      return H46017_ERR_ALIAS_CONFLICT;
    }
  }
  rv = gk_password_judge(c, msg, rrq, q->per, q->len, answer, d, &password);
  for (size_t i = 0; rv == 0 && i < names->count; i++) {
    h46017_text name = h46017_alias_name(&names->list[i]);
    rv = question_permit(c, answer->device, d, password, &name, &d->auth);
  }
  d->password = password == H46017_PASSWORD_VALID;
  d->device = answer->device->name;
  return rv;
}

/* -- pending --------------------------------------------------------------- */

void gk_question_unlink(gk_question *q) {
  h46017_connection *c = q->connection;
  h46017_gatekeeper *gk = c->gk;
  gk_question **link = &c->questions;

  while (*link != q) {
    link = &(*link)->next;
  }
  *link = q->next;
  c->question_count--;
  for (gk_question *later = q->next; later != NULL; later = later->next) {
    if (later->behind == q) {
      later->behind = NULL;
    }
  }
  gk_queue_leave(q);
  h46017_map_remove(&gk->questions, &q->by_id);
  h46017_heap_leave(&gk->timers, &q->timer);
  if (q->call != NULL) {
    q->call->question = NULL;
  }
}

void gk_question_release(gk_question *q) {
  h46017_gatekeeper *gk = q->connection->gk;

  gk_where_release_held(q);
  gk_login_drop(gk, q->decision.login);
  gk_names_release(gk, &q->decision.names);
  h46017_mem_release(&gk->mem, q);
}

void gk_question_free(gk_question *q) {
  gk_question_unlink(q);
  gk_question_release(q);
}

static gk_question *question_find(const h46017_gatekeeper *gk, uint64_t id) {
  gk_question *q =
      h46017_map_find(&gk->questions, (const uint8_t *)&id, sizeof(id));

  return q != NULL && q->state == GK_QUESTION_ASKED && q->call == NULL ? q
                                                                       : NULL;
}

/* With room for marks, and a copy of the octets. */
static gk_question *question_make(h46017_connection *c, h46017_ras_kind kind,
                                  uint16_t seq, size_t marks,
                                  const uint8_t *octets, size_t len) {
  gk_question *q = h46017_mem_zalloc(
      &c->gk->mem, 1, sizeof(*q) + marks * sizeof(*q->marks) + len);

  if (q == NULL) {
    return NULL;
  }
  q->connection = c;
  q->kind = kind;
  q->seq = seq;
  q->marks = (uint32_t *)(void *)(q + 1);
  q->per = (uint8_t *)(q->marks + marks);
  q->len = len;
  memcpy(q->per, octets, len);
  return q;
}

/* At the end of the connection's list. False: no memory, and it is gone. */
static bool question_join(gk_question *q, uint64_t id) {
  h46017_connection *c = q->connection;
  h46017_gatekeeper *gk = c->gk;
  gk_question **link = &c->questions;

  q->id = id;
  if (h46017_heap_join(&gk->timers, &q->timer, GK_TIMER_QUESTION) != 0) {
    goto no_timer;
  }
  if (h46017_map_add(&gk->questions, &q->by_id, (const uint8_t *)&q->id,
                     sizeof(q->id), q) != 0) {
    goto no_id;
  }
  while (*link != NULL) {
    link = &(*link)->next;
  }
  *link = q;
  c->question_count++;
  return true;

no_id:
  h46017_heap_leave(&gk->timers, &q->timer);
no_timer:
  h46017_mem_release(&gk->mem, q);
  return false;
}

gk_question *gk_question_keep(h46017_connection *c, const h46017_ras *ras,
                              const uint8_t *per, size_t len) {
  gk_question *q = question_make(c, ras->kind, ras->request_seq_num,
                                 gk_marks_max(ras), per, len);

  return q != NULL && question_join(q, ++c->gk->last_question) ? q : NULL;
}

void gk_question_mark(gk_question *q, const h46017_h225 *msg,
                      const h46017_ras *ras) {
  q->mark_count =
      gk_marks(q->connection, msg, ras, q->marks, gk_marks_max(ras));
}

gk_question *gk_question_of_call(h46017_connection *c, const gk_asking *what,
                                 uint64_t id) {
  gk_question *q =
      question_make(c, what->kind, what->seq, 0, what->octets, what->len);

  if (q == NULL) {
    return NULL;
  }
  q->state = GK_QUESTION_ASKED;
  return question_join(q, id) ? q : NULL;
}

/* A quarter before the requester's patience ends there is another RIP. */
void gk_question_arm(gk_question *q) {
  h46017_gatekeeper *gk = q->connection->gk;
  uint32_t delay = gk->settings.rip_delay;
  h46017_time rip = h46017_time_add(gk->now, delay - delay / 4);

  h46017_heap_set(&gk->timers, &q->timer, H46017_MIN(rip, q->deadline));
}

/* -- deciding -------------------------------------------------------------- */

/* It is out of everything; `q` is not used again. */
static void question_finish(gk_question *q, const h46017_ras *ras, int code,
                            const h46017_alias *held, gk_decision *decision) {
  h46017_connection *c = q->connection;
  h46017_gatekeeper *gk = c->gk;
  int state = GK_REG_DECIDING;

  gk_question_unlink(q);
  gk_registration_goto(gk, c, &state,
                       code == 0 ? GK_REG_REGISTERED : GK_REG_ENDED,
                       code == 0 ? GK_REG_EV_GRANTED : GK_REG_EV_REFUSED);
  if (gk->trace != NULL) {
    h46017_trace_event ev = {
        .kind = H46017_TRACE_IDENTITY_DECIDED,
        .now = gk->now,
        .subject = c,
        .object = "registration",
        .code = code,
        .event = code == 0 ? h46017_auth_used_name(decision->auth)
                           : h46017_error_name(code)};
    gk->trace(&ev, gk);
  }
  if (code == 0) {
    gk_register(c, ras, decision);
  } else {
    gk_refuse(c, ras->request_seq_num, &ras->u.rrq, code, held);
  }
  gk_question_release(q);
  gk_advance(c);
  gk_connection_rearm(c);
}

/* The program may grant other names than those asked for. The decision borrows
 * from its answer, but for the names. */
static int question_grant(const gk_question *q, const h46017_h225 *msg,
                          const h46017_rrq *rrq,
                          const h46017_registration_answer *answer,
                          gk_decision *d) {
  h46017_connection *c = q->connection;
  h46017_aliases names = rrq->terminal_alias;
  int rv = 0;

  if (answer->aliases != NULL) {
    names = (h46017_aliases){answer->aliases, answer->alias_count, true};
    rv = question_check_names(c->gk, &names);
  }
  if (rv == 0) {
    rv = question_decide(q, msg, rrq, &names, answer, d);
  }
  if (rv == 0) {
    d->standing = gk_standing(c, rrq, &names, d->device);
  }
  return rv == 0 && d->standing == NULL
             ? gk_names_make(c->gk, &names, d->device, &d->names)
             : rv;
}

/* Who holds one of the names, and is not proved to be the same, is asked first
 * whether it lives. The question takes the decision's names. */
static void question_probe(gk_question *q, const h46017_h225 *msg,
                           const h46017_ras *ras, gk_registration *holder,
                           gk_decision *d) {
  q->decision = *d;
  q->decision.device = d->names.device;
  (void)gk_login_hold(d->login);
  d->names = (gk_names){.count = 0};
  gk_question_mark(q, msg, ras);
  gk_probe(q, holder);
}

static void question_settle(gk_question *q, const h46017_h225 *msg,
                            const h46017_ras *ras,
                            const h46017_registration_answer *answer) {
  h46017_connection *c = q->connection;
  h46017_gatekeeper *gk = c->gk;
  const h46017_alias *held = NULL;
  gk_registration *holder = NULL;
  gk_decision d = {.auth = H46017_AUTH_USED_NONE};
  int code = question_grant(q, msg, &ras->u.rrq, answer, &d);

  if (code == 0) {
    holder = gk_obstacle(c, &d, &held);
  }
  if (holder != NULL && holder->pub.connection != NULL) {
    question_probe(q, msg, ras, holder, &d);
  } else {
    question_finish(q, ras, holder != NULL ? H46017_ERR_DUPLICATE_ALIAS : code,
                    held, &d);
  }
  gk_names_release(gk, &d.names);
  gk_login_drop(gk, d.login);
}

/* The octets are read again; what reads them is given back by the caller. */
static int question_read(const gk_question *q, gk_message **pm,
                         h46017_ras *ras) {
  h46017_gatekeeper *gk = q->connection->gk;
  gk_message *m = gk_message_take(gk);
  int rv;

  if (m == NULL) {
    return H46017_ERR_NOMEM;
  }
  rv = h46017_ras_read(m->msg, q->per, q->len, &gk->log, ras);
  if (rv != 0) {
    gk_message_give(gk, m);
    return rv;
  }
  *pm = m;
  return 0;
}

/* -- asking ---------------------------------------------------------------- */

void gk_question_put(gk_question *q, h46017_h225 *msg, const h46017_ras *ras) {
  h46017_connection *c = q->connection;
  h46017_gatekeeper *gk = c->gk;
  h46017_registration_question asked = {.connection = c,
                                        .peer = c->peer,
                                        .rrq = &ras->u.rrq,
                                        .message = msg,
                                        .per = q->per,
                                        .per_len = q->len};
  h46017_registration_answer answer = {.device = NULL};
  uint64_t id = q->id;
  h46017_answered said;

  /* It is there before it is asked, so that an answer that comes from within
   * the callback finds it. */
  q->state = GK_QUESTION_ASKED;
  q->deadline = h46017_time_add(gk->now, gk->settings.question_timeout);
  said = gk->callbacks.select_device(gk, id, &asked, &answer, gk->user_data);
  q = question_find(gk, id);
  if (q == NULL) {
    return; /* answered, or gone with its connection */
  }
  if (said == H46017_LATER) {
    gk_question_mark(q, msg, ras);
    gk_question_arm(q);
    gk_send_rip(c, q->seq);
    return;
  }
  question_settle(q, msg, ras, &answer);
}

void gk_question_put_again(gk_question *q) {
  h46017_connection *c = q->connection;
  gk_message *m;
  h46017_ras ras;
  int rv = question_read(q, &m, &ras);

  if (rv != 0) {
    gk_question_free(q);
    gk_connection_fail(c, rv);
    return;
  }
  gk_question_put(q, m->msg, &ras);
  gk_message_give(c->gk, m);
}

/* Nobody is asked, or in its turn. `rv`: what is wrong with it already. */
static void question_begin(gk_question *q, h46017_h225 *msg,
                           const h46017_ras *ras, int rv) {
  h46017_connection *c = q->connection;

  if (rv == 0 && gk_queue_turn(q, &rv)) {
    gk_question_put(q, msg, ras);
  } else if (rv == 0) {
    gk_question_mark(q, msg, ras);
    gk_send_rip(c, ras->request_seq_num);
  } else {
    gk_question_free(q);
    gk_refuse(c, ras->request_seq_num, &ras->u.rrq, rv, NULL);
  }
}

void gk_ask(h46017_connection *c, h46017_h225 *msg, const h46017_ras *ras,
            const uint8_t *per, size_t len) {
  gk_question *q;
  int rv;

  if (c->registrations != NULL) { /* what gk_standing() is to compare */
    h46017_fetch(c->registrations->names.list, 192);
  }
  rv = question_check(c, ras);
  if (rv == 0 && c->question_count >= c->gk->settings.max_pending) {
    rv = H46017_ERR_LIMIT;
  }
  q = rv == 0 ? gk_question_keep(c, ras, per, len) : NULL;
  if (q != NULL) {
    question_begin(q, msg, ras, 0);
    return;
  }
  gk_refuse(c, ras->request_seq_num, &ras->u.rrq,
            rv != 0 ? rv : H46017_ERR_NOMEM, NULL);
}

/* A full RRQ keeps its place among those that are pending. */
void gk_question_serve(gk_question *q, h46017_h225 *msg,
                       const h46017_ras *ras) {
  h46017_connection *c = q->connection;

  if (ras->kind == H46017_RAS_RRQ && !ras->u.rrq.keep_alive) {
    question_begin(q, msg, ras, question_check(c, ras));
    return;
  }
  gk_question_unlink(q);
  gk_serve(c, msg, ras, q->per, q->len);
  gk_question_release(q);
}

/* -- answers --------------------------------------------------------------- */

static int question_resume(gk_question *q,
                           const h46017_registration_answer *answer) {
  h46017_gatekeeper *gk = q->connection->gk;
  gk_message *m;
  h46017_ras ras;
  int rv = question_read(q, &m, &ras);

  if (rv == 0) {
    question_settle(q, m->msg, &ras, answer);
    gk_message_give(gk, m);
  }
  return rv; /* NOMEM: the question stands; its timer runs */
}

int h46017_gatekeeper_answer(h46017_gatekeeper *gk, uint64_t question,
                             const h46017_registration_answer *answer,
                             h46017_time now) {
  gk_question *q;
  int rv = gk_enter_nested(gk, now);

  if (rv != 0) {
    return rv;
  }
  q = question_find(gk, question);
  if (answer == NULL) {
    rv = H46017_ERR_INVALID_ARGUMENT;
  } else if (q == NULL || q->connection->state != GK_CONN_UP) {
    rv = H46017_ERR_NOT_FOUND; /* void, or about to be dropped */
  } else {
    rv = question_resume(q, answer);
  }
  return gk_leave(gk, rv);
}

/* The holder is gone: nothing came from it. */
static void question_bury(gk_registration *holder) {
  h46017_connection *old = holder->pub.connection;

  gk_registration_end(holder, GK_REG_EV_END, H46017_ERR_KEEPALIVE,
                      H46017_URQ_UNDEFINED_REASON);
  if (old->registrations == NULL) {
    gk_connection_end(old, H46017_ERR_KEEPALIVE);
  }
}

/* False: it waits for another holder now. */
static bool question_look_again(gk_question *q, bool alive,
                                const h46017_connection *asked, int *pcode,
                                const h46017_alias **pheld) {
  h46017_connection *c = q->connection;
  uint64_t id = q->id;
  h46017_gatekeeper *gk = c->gk;
  gk_registration *holder;

  *pcode = 0;
  while ((holder = gk_obstacle(c, &q->decision, pheld)) != NULL) {
    if (holder->pub.connection == NULL ||
        (alive && holder->pub.connection == asked)) {
      *pcode = H46017_ERR_DUPLICATE_ALIAS;
      return true;
    }
    if (holder->pub.connection != asked) {
      gk_probe(q, holder);
      return false;
    }
    question_bury(holder);
    if (h46017_map_find(&gk->questions, (const uint8_t *)&id, sizeof(id)) !=
        q) {
      return false; /* what heard of it ended the newcomer too */
    }
  }
  return true;
}

void gk_question_probed(gk_question *q, bool alive) {
  h46017_connection *c = q->connection;
  const h46017_connection *asked = q->holder;
  const h46017_alias *held = NULL;
  gk_message *m;
  h46017_ras ras;
  int code;

  gk_queue_leave(q);
  if (c->state != GK_CONN_UP) {
    return; /* it is dropped with its connection */
  }
  code = question_read(q, &m, &ras);
  if (code != 0) {
    gk_question_free(q);
    gk_connection_fail(c, code);
    return;
  }
  if (question_look_again(q, alive, asked, &code, &held)) {
    question_finish(q, &ras, code, held, &q->decision);
  }
  gk_message_give(c->gk, m);
}

/* -- void ------------------------------------------------------------------ */

static void question_drop(gk_question *q) {
  h46017_gatekeeper *gk = q->connection->gk;
  uint64_t id = q->id;
  bool asked = q->state == GK_QUESTION_ASKED;

  if (q->call != NULL) {
    gk_where_drop(q->call);
    return;
  }
  gk_question_free(q);
  if (asked && gk->callbacks.question_dropped != NULL) {
    gk->callbacks.question_dropped(gk, id, gk->user_data);
  }
}

/* Nobody answered in time. */
static void question_time_out(gk_question *q) {
  const h46017_registration_answer late = {
      .refuse = q->state == GK_QUESTION_ASKED ? H46017_ERR_UNANSWERED
                                              : H46017_ERR_OVERLOAD};
  h46017_connection *c = q->connection;
  h46017_gatekeeper *gk = c->gk;
  bool asked = q->state == GK_QUESTION_ASKED;
  uint64_t id = q->id;

  if (question_resume(q, &late) != 0) {
    question_drop(q);
    gk_advance(c); /* who waits behind it has no deadline of its own */
    gk_connection_rearm(c);
  } else if (asked && gk->callbacks.question_dropped != NULL) {
    gk->callbacks.question_dropped(gk, id, gk->user_data);
  }
}

void gk_question_timer(gk_question *q) {
  h46017_connection *c = q->connection;

  if (c->gk->now < q->deadline) {
    gk_question_arm(q);
    if (q->seq != 0) {
      gk_send_rip(c, q->seq);
    }
  } else if (q->call != NULL) {
    gk_where_timer(q);
  } else if (q->state == GK_QUESTION_PROBING) {
    gk_question_probed(q, false);
  } else {
    question_time_out(q);
  }
}

void gk_drop_questions(h46017_connection *c) {
  while (c->questions != NULL) {
    question_drop(c->questions);
  }
}
