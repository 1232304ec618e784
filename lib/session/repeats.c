/* SPDX-License-Identifier: BSD-2-Clause */
#include "session/gatekeeper.h"

#include "base/intmath.h"
#include "base/mem.h"

#include <string.h>

/* Requests that come twice, or too often. TCP loses nothing, but some
 * endpoints repeat what is not answered in the time that H.225.0 has for UDP:
 * such a request must have its effect once. */

/* More than so many times the rate is no mistake any more. */
#define FLOOD_FACTOR 4

/* -- twice ----------------------------------------------------------------- */

/* The request that a message answers; H46017_RAS_UNKNOWN: it answers none. */
static h46017_ras_kind repeats_request(h46017_ras_kind kind) {
  static const struct {
    h46017_ras_kind answer;
    h46017_ras_kind request;
  } pairs[] = {
      {H46017_RAS_GCF, H46017_RAS_GRQ},  {H46017_RAS_GRJ, H46017_RAS_GRQ},
      {H46017_RAS_RCF, H46017_RAS_RRQ},  {H46017_RAS_RRJ, H46017_RAS_RRQ},
      {H46017_RAS_UCF, H46017_RAS_URQ},  {H46017_RAS_URJ, H46017_RAS_URQ},
      {H46017_RAS_ACF, H46017_RAS_ARQ},  {H46017_RAS_ARJ, H46017_RAS_ARQ},
      {H46017_RAS_BCF, H46017_RAS_BRQ},  {H46017_RAS_BRJ, H46017_RAS_BRQ},
      {H46017_RAS_DCF, H46017_RAS_DRQ},  {H46017_RAS_DRJ, H46017_RAS_DRQ},
      {H46017_RAS_LCF, H46017_RAS_LRQ},  {H46017_RAS_LRJ, H46017_RAS_LRQ},
      {H46017_RAS_IACK, H46017_RAS_IRR}, {H46017_RAS_INAK, H46017_RAS_IRR},
      {H46017_RAS_RAC, H46017_RAS_RAI},  {H46017_RAS_SCR, H46017_RAS_SCI},
  };

  for (size_t i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++) {
    if (pairs[i].answer == kind) {
      return pairs[i].request;
    }
  }
  return H46017_RAS_UNKNOWN;
}

static bool repeats_is_old(const h46017_connection *c, const gk_answered *a) {
  return c->gk->now - a->when >= c->gk->settings.answer_time;
}

bool gk_repeats(h46017_connection *c, h46017_ras_kind kind, uint16_t seq) {
  for (const gk_question *q = c->questions; q != NULL; q = q->next) {
    if (q->seq == seq && q->kind == kind) {
      gk_send_rip(c, seq);
      return true;
    }
  }
  for (const gk_answered *a = c->answered; a != NULL; a = a->next) {
    if (a->seq == seq && a->request == kind && !repeats_is_old(c, a)) {
      gk_send_again(c, a->per, a->len);
      return true;
    }
  }
  return false;
}

static void repeats_release(h46017_connection *c, gk_answered *a) {
  if (a == &c->answer) {
    a->len = 0;
  } else {
    h46017_mem_release(&c->gk->mem, a);
  }
}

/* Takes the answers out that are too old or too many, and gives one of them
 * back whose room will do for the next: the connection's own, if it is among
 * them. */
static gk_answered *repeats_make_room(h46017_connection *c, size_t len) {
  gk_answered **link = &c->answered;
  gk_answered *room = NULL;
  uint32_t kept = 1; /* the one to come */

  while (*link != NULL) {
    gk_answered *a = *link;
    if (kept < c->gk->settings.answers_kept && !repeats_is_old(c, a)) {
      kept++;
      link = &a->next;
      continue;
    }
    *link = a->next;
    if (a->cap >= len && (room == NULL || a == &c->answer)) {
      gk_answered *other = room;
      room = a;
      a = other;
    }
    repeats_release(c, a);
  }
  return room == NULL && c->answer.len == 0 && c->answer.cap >= len ? &c->answer
                                                                    : room;
}

/* Without memory the answer is not kept: the worst is that a repetition is
 * served like the first. */
void gk_keep_answer(h46017_connection *c, h46017_ras_kind kind, uint16_t seq,
                    uint64_t rcf, const uint8_t *per, size_t len) {
  const h46017_gatekeeper *gk = c->gk;
  h46017_ras_kind request = repeats_request(kind);
  size_t cap = (len + 31) & ~(size_t)31;
  gk_answered *a;

  if (request == H46017_RAS_UNKNOWN || gk->settings.answers_kept == 0 ||
      gk->settings.answer_time == 0) {
    return;
  }
  a = repeats_make_room(c, len);
  if (a == NULL) {
    a = h46017_mem_alloc(&gk->mem, sizeof(*a) + cap);
    if (a == NULL) {
      return;
    }
    a->cap = cap;
    a->per = (uint8_t *)(a + 1);
  }
  a->when = gk->now;
  a->rcf = rcf;
  a->request = request;
  a->seq = seq;
  a->len = len;
  memcpy(a->per, per, len);
  a->next = c->answered;
  c->answered = a;
}

void gk_drop_answers(h46017_connection *c) {
  while (c->answered != NULL) {
    gk_answered *a = c->answered;
    c->answered = a->next;
    repeats_release(c, a);
  }
}

/* -- too often ------------------------------------------------------------- */

int gk_count_request(h46017_connection *c) {
  const h46017_gatekeeper *gk = c->gk;
  uint64_t rate = gk->settings.request_rate;

  if (rate == 0) {
    return 0;
  }
  if (gk->now - c->requests_from >= 1000) {
    c->requests_from = gk->now;
    c->requests = 0;
  }
  c->requests++;
  if (c->requests > rate * FLOOD_FACTOR) {
    gk_connection_fail(c, H46017_ERR_FLOOD);
    return H46017_ERR_FLOOD;
  }
  return c->requests > rate ? H46017_ERR_OVERLOAD : 0;
}

bool gk_within_rate(h46017_connection *c, const uint8_t *per, size_t len) {
  /* It is not worth reading. */
  static const h46017_rrq nothing_read = {.time_to_live = 0};
  h46017_ras_kind kind;
  uint16_t seq = 0;
  int rv = gk_count_request(c);

  if (rv == 0) {
    return true;
  }
  if (rv == H46017_ERR_FLOOD || h46017_ras_peek(per, len, &kind, &seq) != 0 ||
      seq == 0) {
    return false;
  }
  if (kind != H46017_RAS_RRQ) {
    gk_refuse_request(c, kind, seq, H46017_ERR_OVERLOAD);
  } else if (c->requests == c->gk->settings.request_rate + 1) {
    gk_refuse(c, seq, &nothing_read, H46017_ERR_OVERLOAD, NULL);
  } else {
    /* The program has been told, and its log is spared. */
    (void)gk_send_rrj(c, seq, H46017_ERR_OVERLOAD, NULL);
  }
  return false;
}
