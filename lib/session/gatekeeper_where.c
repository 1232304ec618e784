/* SPDX-License-Identifier: BSD-2-Clause */
#include "session/gatekeeper.h"

#include "base/intmath.h"
#include "base/mem.h"
#include "session/aliases.h"

#include <string.h>

/* Where a call goes: to who holds the name, or where the program says, at once
 * or later. What waits for its word is an ARQ, or a Setup that none came
 * before; either is kept in the octets it came in. */

/* -- who holds a name ------------------------------------------------------ */

static gk_registration *where_holder(const h46017_gatekeeper *gk,
                                     const h46017_aliases *called) {
  for (size_t i = 0; i < called->count && i < gk->settings.max_aliases; i++) {
    gk_name *name = gk_name_find(gk, &called->list[i]);
    if (name != NULL) {
      return name->holder;
    }
  }
  return NULL;
}

int gk_where_admitted(const gk_call *call, const h46017_aliases *called,
                      gk_registration **pcallee) {
  const h46017_aliases routed = {call->routed, 1, true};
  gk_registration *callee =
      where_holder(call->gk, call->routed != NULL ? &routed : called);

  if (callee == NULL || callee->pub.connection == NULL) {
    return H46017_ERR_CALL_ROUTE;
  }
  *pcallee = callee;
  return 0;
}

int gk_where_decide(gk_call *call, const h46017_aliases *called,
                    uint32_t bandwidth, const h46017_route_answer *answer,
                    gk_registration **pcallee) {
  h46017_gatekeeper *gk = call->gk;
  uint32_t most =
      answer->bandwidth != 0 ? answer->bandwidth : gk->settings.max_bandwidth;
  int rv = 0;

  if (answer->refuse != 0) {
    return answer->refuse < 0 ? answer->refuse : H46017_ERR_REFUSED;
  }
  if (answer->to != NULL) {
    rv = h46017_aliases_dup(&gk->mem, answer->to, 1, &call->routed);
  }
  if (rv == 0) {
    rv = gk_where_admitted(call, called, pcallee);
  }
  /* The caller's leg is there already. */
  if (rv == 0 &&
      (call->pub.caller->leg_count > gk->settings.max_calls ||
       (*pcallee)->pub.connection->leg_count >= gk->settings.max_calls)) {
    rv = H46017_ERR_CALL_LIMIT;
  }
  if (rv != 0) {
    return rv;
  }
  most = most != 0 ? H46017_MIN(most, gk_call_may_take(call))
                   : gk_call_may_take(call);
  if (bandwidth > 0 && most == 0) {
    return H46017_ERR_BANDWIDTH;
  }
  gk_call_take(call, H46017_MIN(bandwidth, most));
  return 0;
}

/* -- the question ---------------------------------------------------------- */

static void where_tell_dropped(h46017_gatekeeper *gk, uint64_t id) {
  if (gk->callbacks.question_dropped != NULL) {
    gk->callbacks.question_dropped(gk, id, gk->user_data);
  }
}

/* The program answers later: GK_WHERE_LATER, if that can be kept. */
static int where_keep(gk_call *call, const gk_asking *what, uint64_t id) {
  h46017_gatekeeper *gk = call->gk;
  h46017_connection *c = call->pub.caller;
  gk_question *q = NULL;
  int rv = H46017_ERR_CLOSED;

  if (!call->over) {
    rv = c->question_count >= gk->settings.max_pending ? H46017_ERR_OVERLOAD
                                                       : H46017_ERR_NOMEM;
  }
  if (rv == H46017_ERR_NOMEM) {
    q = gk_question_of_call(c, what, id);
  }
  if (q == NULL) {
    where_tell_dropped(gk, id);
    return rv;
  }
  q->call = call;
  call->question = q;
  q->deadline = h46017_time_add(gk->now, gk->settings.question_timeout);
  gk_question_arm(q);
  if (q->seq != 0) {
    gk_send_rip(c, q->seq);
  }
  return GK_WHERE_LATER;
}

int gk_where_ask(gk_call *call, const gk_asking *what,
                 gk_registration **pcallee) {
  h46017_gatekeeper *gk = call->gk;
  const gk_registration *callee = where_holder(gk, what->called);
  const h46017_route_question asked = {
      .connection = call->pub.caller,
      .caller = &call->legs[GK_CALLER].registration->pub,
      .called = what->called,
      .callee = callee != NULL ? &callee->pub : NULL,
      .call_identifier = call->guid,
      .bandwidth = what->bandwidth,
      .message = what->message};
  h46017_route_answer answer = {.to = NULL};
  uint64_t id;

  if (gk->callbacks.route_call != NULL) {
    id = ++gk->last_question;
    if (gk->callbacks.route_call(gk, id, &asked, &answer, gk->user_data) ==
        H46017_LATER) {
      return where_keep(call, what, id);
    }
    if (call->over) {
      return H46017_ERR_CLOSED;
    }
  }
  return gk_where_decide(call, what->called, what->bandwidth, &answer, pcallee);
}

/* -- while it pends -------------------------------------------------------- */

int gk_where_hold(gk_question *q, const h46017_q931 *msg) {
  h46017_gatekeeper *gk = q->connection->gk;
  gk_held **link = &q->held;
  size_t all = msg->len;
  gk_held *held;

  for (; *link != NULL; link = &(*link)->next) {
    all += sizeof(**link) + (*link)->len; /* the shortest are not for nothing */
  }
  if (all > gk->settings.max_pdu) {
    return H46017_ERR_FLOOD;
  }
  held = h46017_mem_alloc(&gk->mem, sizeof(*held) + msg->len);
  if (held == NULL) {
    return H46017_ERR_NOMEM;
  }
  held->next = NULL;
  held->len = msg->len;
  memcpy(held->octets, msg->data, msg->len);
  *link = held;
  return 0;
}

void gk_where_release_held(gk_question *q) {
  while (q->held != NULL) {
    gk_held *held = q->held;
    q->held = held->next;
    h46017_mem_release(&q->connection->gk->mem, held);
  }
}

/* What the caller said meanwhile goes after its Setup. */
static int where_catch_up(gk_call *call, const gk_question *q, h46017_h225 *m) {
  int rv = 0;

  for (const gk_held *held = q->held; held != NULL && rv == 0 && !call->over;
       held = held->next) {
    h46017_q931 q931;
    h46017_call_message msg = {0, &q931, NULL};
    rv = h46017_q931_parse(&q931, held->octets, held->len,
                           H46017_LENIENT_DEFAULT);
    if (rv == 0) {
      rv = gk_where_decode(m, &q931, &msg.uui);
    }
    msg.type = q931.type;
    if (rv == 0) {
      rv = gk_route_message(&call->legs[GK_CALLER], &msg);
    }
  }
  return rv;
}

int gk_where_decode(h46017_h225 *m, const h46017_q931 *q931,
                    h46017_h225 **puui) {
  const uint8_t *per;
  size_t len;
  int rv = h46017_q931_user_user(q931, &per, &len);

  *puui = NULL;
  if (rv != 0) {
    return 0; /* it has none, and was taken without */
  }
  rv = h46017_h225_decode(m, h46017_h225_user_information(), per, len);
  if (rv == 0) {
    *puui = m;
  }
  return rv;
}

/* -- the answer ------------------------------------------------------------ */

/* The request is read again, and goes on. */
static int where_resume(gk_question *q, const h46017_route_answer *answer) {
  h46017_gatekeeper *gk = q->connection->gk;
  h46017_connection *c = q->connection;
  gk_call *call = q->call;
  const gk_registration *before = c->speaker;
  gk_message *m = gk_message_take(gk);
  int rv;

  if (m == NULL) {
    return H46017_ERR_NOMEM;
  }
  c->speaker = call->legs[GK_CALLER].registration;
  rv = q->seq != 0 ? gk_admission_resume(q, m->msg, answer)
                   : gk_route_resume(q, m->msg, answer);
  c->speaker = before;
  if (rv == 0) {
    rv = where_catch_up(call, q, m->msg);
    gk_question_release(q);
    if (rv != 0) {
      gk_connection_fail(c, rv);
      rv = 0;
    }
    gk_connection_rearm(c);
  }
  gk_message_give(gk, m);
  return rv; /* NOMEM: the question stands; its timer runs */
}

int h46017_gatekeeper_answer_call(h46017_gatekeeper *gk, uint64_t question,
                                  const h46017_route_answer *answer,
                                  h46017_time now) {
  gk_question *q;
  int rv = gk_enter_nested(gk, now);

  if (rv != 0) {
    return rv;
  }
  q = h46017_map_find(&gk->questions, (const uint8_t *)&question,
                      sizeof(question));
  if (answer == NULL) {
    rv = H46017_ERR_INVALID_ARGUMENT;
  } else if (q == NULL || q->call == NULL ||
             q->connection->state != GK_CONN_UP) {
    rv = H46017_ERR_NOT_FOUND; /* void, or about to be dropped */
  } else {
    rv = where_resume(q, answer);
  }
  return gk_leave(gk, rv);
}

void gk_where_timer(gk_question *q) {
  const h46017_route_answer late = {.refuse = H46017_ERR_UNANSWERED};
  h46017_connection *c = q->connection;
  h46017_gatekeeper *gk = c->gk;
  uint64_t id = q->id;

  if (where_resume(q, &late) != 0) {
    gk_call_end(q->call, NULL, 47, H46017_ERR_UNANSWERED, NULL);
    gk_connection_rearm(c);
  } else {
    where_tell_dropped(gk, id);
  }
}

void gk_where_drop(gk_call *call) {
  gk_question *q = call->question;
  h46017_connection *c = q->connection;
  const gk_registration *before = c->speaker;
  h46017_gatekeeper *gk = c->gk;
  uint64_t id = q->id;

  gk_question_unlink(q);
  if (q->seq != 0 && c->state == GK_CONN_UP) {
    c->speaker = call->legs[GK_CALLER].registration;
    gk_refuse_request(c, q->kind, q->seq, H46017_ERR_REFUSED);
    c->speaker = before;
  }
  gk_question_release(q);
  where_tell_dropped(gk, id);
}
