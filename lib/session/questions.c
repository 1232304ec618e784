/* SPDX-License-Identifier: BSD-2-Clause */
#include "session/gatekeeper.h"

#include "base/intmath.h"
#include "base/mem.h"
#include "session/aliases.h"
#include "session/ras_io.h"

#include <string.h>

/* What a full RRQ needs before anybody is asked. */
static int question_check(const h46017_connection *c, const h46017_rrq *rrq) {
  const h46017_gatekeeper_settings *s = &c->gk->settings;

  if (rrq->additive_registration) {
    return H46017_ERR_NOT_ADDITIVE; /* no RCF of ours has offered it */
  }
  if (rrq->terminal_alias.count == 0) {
    return H46017_ERR_ALIAS_INVALID;
  }
  if (rrq->terminal_alias.count > s->max_aliases ||
      c->question_count >= s->max_pending) {
    return H46017_ERR_LIMIT;
  }
  for (size_t i = 0; i < rrq->terminal_alias.count; i++) {
    int rv = h46017_alias_check(&rrq->terminal_alias.list[i]);
    if (rv != 0) {
      return rv;
    }
  }
  return 0;
}

/* The program's answer against what the peer proved. Every name has to belong
 * to the device, and to be covered. */
static int question_decide(const h46017_connection *c, const h46017_rrq *rrq,
                           const h46017_registration_answer *answer,
                           h46017_auth_used *pauth) {
  *pauth = H46017_AUTH_USED_OPEN;
  if (answer->refuse != 0) {
    return answer->refuse < 0 ? answer->refuse : H46017_ERR_REFUSED;
  }
  if (answer->device == NULL) {
    if (answer->password == H46017_PASSWORD_WRONG) {
      return H46017_ERR_PASSWORD_WRONG;
    }
    return answer->open ? 0 : H46017_ERR_UNKNOWN_DEVICE;
  }
  for (size_t i = 0; i < rrq->terminal_alias.count; i++) {
    const h46017_text *name = &rrq->terminal_alias.list[i].text;
    int rv;
    if (h46017_device_fits(answer->device, name->text, name->len, NULL) ==
        H46017_FIT_NONE) {
      return H46017_ERR_ALIAS_CONFLICT;
    }
    rv = h46017_policy_decide(answer->device, c->peer, answer->password,
                              name->text, name->len, pauth);
    if (rv != 0) {
      return rv;
    }
  }
  return 0;
}

static void question_settle(h46017_connection *c, const h46017_ras *ras,
                            const h46017_registration_answer *answer) {
  const h46017_gatekeeper *gk = c->gk;
  h46017_auth_used auth;
  int code = question_decide(c, &ras->u.rrq, answer, &auth);
  int state = GK_REG_DECIDING;

  gk_registration_goto(c, &state, code == 0 ? GK_REG_REGISTERED : GK_REG_ENDED,
                       code == 0 ? GK_REG_EV_GRANTED : GK_REG_EV_REFUSED);

  if (gk->trace != NULL) {
    h46017_trace_event ev = {.kind = H46017_TRACE_IDENTITY_DECIDED,
                             .now = gk->now,
                             .subject = c,
                             .object = "registration",
                             .code = code,
                             .event = code == 0 ? h46017_auth_used_name(auth)
                                                : h46017_error_name(code)};
    gk->trace(&ev, c->gk);
  }
  if (code != 0) {
    gk_refuse(c, ras->request_seq_num, &ras->u.rrq, code, NULL);
    return;
  }
  gk_register(c, ras, answer, auth);
}

/* -- pending --------------------------------------------------------------- */

static void question_unlink(gk_question *q) {
  h46017_connection *c = q->connection;
  h46017_gatekeeper *gk = c->gk;
  gk_question **link = &c->questions;

  while (*link != q) {
    link = &(*link)->next;
  }
  *link = q->next;
  c->question_count--;
  h46017_map_remove(&gk->questions, &q->by_id);
  h46017_heap_leave(&gk->timers, &q->timer);
}

static void question_free(gk_question *q) {
  question_unlink(q);
  h46017_mem_release(&q->connection->gk->mem, q);
}

static gk_question *question_find(const h46017_gatekeeper *gk, uint64_t id) {
  return h46017_map_find(&gk->questions, (const uint8_t *)&id, sizeof(id));
}

static gk_question *question_keep(h46017_connection *c, uint64_t id,
                                  uint16_t seq, const uint8_t *per,
                                  size_t len) {
  h46017_gatekeeper *gk = c->gk;
  gk_question *q = h46017_mem_alloc(&gk->mem, sizeof(*q) + len);

  if (q == NULL) {
    return NULL;
  }
  memset(q, 0, sizeof(*q));
  q->id = id;
  q->connection = c;
  q->seq = seq;
  q->len = len;
  memcpy(q->per, per, len);
  if (h46017_heap_join(&gk->timers, &q->timer, GK_TIMER_QUESTION) != 0) {
    h46017_mem_release(&gk->mem, q);
    return NULL;
  }
  if (h46017_map_add(&gk->questions, &q->by_id, (const uint8_t *)&q->id,
                     sizeof(q->id), q) != 0) {
    h46017_heap_leave(&gk->timers, &q->timer);
    h46017_mem_release(&gk->mem, q);
    return NULL;
  }
  q->next = c->questions;
  c->questions = q;
  c->question_count++;
  return q;
}

/* A quarter before the requester's patience ends there is another RIP. */
static void question_arm(gk_question *q) {
  h46017_gatekeeper *gk = q->connection->gk;
  uint32_t delay = gk->settings.rip_delay;
  h46017_time rip = h46017_time_add(gk->now, delay - delay / 4);

  h46017_heap_set(&gk->timers, &q->timer, H46017_MIN(rip, q->deadline));
}

static void question_send_rip(h46017_connection *c, uint16_t seq) {
  h46017_ras rip = {.kind = H46017_RAS_RIP, .request_seq_num = seq};

  rip.u.rip.delay = (uint16_t)c->gk->settings.rip_delay;
  gk_send(c, &rip);
}

bool gk_is_pending(h46017_connection *c, uint16_t seq) {
  for (const gk_question *q = c->questions; q != NULL; q = q->next) {
    if (q->seq == seq) {
      question_send_rip(c, seq);
      return true;
    }
  }
  return false;
}

void gk_ask(h46017_connection *c, h46017_h225 *msg, const h46017_ras *ras,
            const uint8_t *per, size_t len) {
  h46017_gatekeeper *gk = c->gk;
  h46017_registration_question asked = {.connection = c,
                                        .peer = c->peer,
                                        .rrq = &ras->u.rrq,
                                        .message = msg,
                                        .per = per,
                                        .per_len = len};
  h46017_registration_answer answer = {.device = NULL};
  int rv = question_check(c, &ras->u.rrq);
  h46017_answered said;
  gk_question *q;
  uint64_t id;

  if (rv != 0) {
    gk_refuse(c, ras->request_seq_num, &ras->u.rrq, rv, NULL);
    return;
  }
  /* The question exists before it is asked, so that an answer that comes from
   * within the callback finds it. */
  id = ++gk->last_question;
  q = question_keep(c, id, ras->request_seq_num, per, len);
  if (q == NULL) {
    gk_refuse(c, ras->request_seq_num, &ras->u.rrq, H46017_ERR_NOMEM, NULL);
    return;
  }
  said = gk->callbacks.select_device(gk, id, &asked, &answer, gk->user_data);
  q = question_find(gk, id);
  if (q == NULL) {
    return; /* answered, or gone with its connection */
  }
  if (said == H46017_LATER) {
    q->deadline = h46017_time_add(gk->now, gk->settings.question_timeout);
    question_arm(q);
    question_send_rip(c, ras->request_seq_num);
    return;
  }
  question_free(q);
  question_settle(c, ras, &answer);
}

/* An answer that came later: the RRQ is read again. */
static int question_resume(gk_question *q,
                           const h46017_registration_answer *answer) {
  h46017_connection *c = q->connection;
  h46017_gatekeeper *gk = c->gk;
  gk_message *m = gk_message_take(gk);
  h46017_ras ras;
  int rv;

  if (m == NULL) {
    return H46017_ERR_NOMEM; /* the question stands; its timer runs */
  }
  rv = h46017_ras_read(m->msg, q->per, q->len, &gk->log, &ras);
  if (rv == 0) {
    /* The octets live until the RRQ is dealt with; the question does not. */
    question_unlink(q);
    question_settle(c, &ras, answer);
    h46017_mem_release(&gk->mem, q);
    gk_connection_rearm(c);
  }
  gk_message_give(gk, m);
  return rv;
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

/* -- void ------------------------------------------------------------------ */

static void question_drop(gk_question *q) {
  h46017_gatekeeper *gk = q->connection->gk;
  uint64_t id = q->id;

  question_free(q);
  if (gk->callbacks.question_dropped != NULL) {
    gk->callbacks.question_dropped(gk, id, gk->user_data);
  }
}

void gk_question_timer(gk_question *q) {
  h46017_connection *c = q->connection;
  const h46017_registration_answer late = {.refuse = H46017_ERR_UNANSWERED};
  uint64_t id = q->id;
  h46017_gatekeeper *gk = c->gk;

  if (gk->now < q->deadline) {
    question_arm(q);
    question_send_rip(c, q->seq);
  } else if (question_resume(q, &late) != 0) {
    question_drop(q);
    gk_connection_rearm(c);
  } else if (gk->callbacks.question_dropped != NULL) {
    gk->callbacks.question_dropped(gk, id, gk->user_data);
  }
}

void gk_drop_questions(h46017_connection *c) {
  while (c->questions != NULL) {
    question_drop(c->questions);
  }
}
