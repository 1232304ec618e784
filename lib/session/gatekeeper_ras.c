/* SPDX-License-Identifier: BSD-2-Clause */
#include "session/gatekeeper.h"

#include "base/mem.h"
#include "session/ras_io.h"

/* -- out ------------------------------------------------------------------- */

static int ras_build(void *owner, h46017_h225 *msg, h46017_ras_kind kind) {
  h46017_connection *c = owner;
  const h46017_gatekeeper_callbacks *cb = &c->gk->callbacks;

  if (cb->ras_building == NULL) {
    return 0;
  }
  return cb->ras_building(c->gk, c, msg, kind, c->gk->user_data) == 0
             ? 0
             : H46017_ERR_CALLBACK_FAILURE;
}

/* Builds from `ras`, or sends what is built where it is NULL. Gives `m` back.
 */
static void ras_send(h46017_connection *c, gk_message *m, const h46017_ras *ras,
                     h46017_ras_kind kind) {
  h46017_gatekeeper *gk = c->gk;
  h46017_ras_writer w = {.mem = &gk->mem,
                         .scratch = &gk->scratch,
                         .scratch_size = &gk->scratch_size,
                         .message = m->msg,
                         .building = ras_build,
                         .owner = c};
  int rv = ras != NULL ? h46017_ras_write(&w, c->tunnel, ras)
                       : h46017_ras_write_built(&w, c->tunnel, kind);

  gk_message_give(gk, m);
  if (rv == 0) {
    gk_connection_ready(c);
    return;
  }
  /* A peer that does not take what it asked for. */
  gk_connection_fail(c, rv == H46017_ERR_QUEUE_FULL ? H46017_ERR_FLOOD : rv);
}

static bool ras_can_send(const h46017_connection *c) {
  return c->state != GK_CONN_CLOSED && !c->down;
}

void gk_send(h46017_connection *c, const h46017_ras *ras) {
  gk_message *m;

  if (!ras_can_send(c)) {
    return;
  }
  m = gk_message_take(c->gk);
  if (m == NULL) {
    gk_connection_fail(c, H46017_ERR_NOMEM);
    return;
  }
  ras_send(c, m, ras, ras->kind);
}

void gk_send_built(h46017_connection *c, gk_message *m, h46017_ras_kind kind) {
  if (!ras_can_send(c)) {
    gk_message_give(c->gk, m);
    return;
  }
  ras_send(c, m, NULL, kind);
}

uint16_t gk_next_seq(h46017_gatekeeper *gk) {
  gk->last_seq = gk->last_seq == 65535 ? 1 : (uint16_t)(gk->last_seq + 1);
  return gk->last_seq;
}

static h46017_text ras_gatekeeper_identifier(const h46017_connection *c) {
  const char *id = c->gk->identifier;
  h46017_text text = {id, 0};

  while (id[text.len] != '\0') {
    text.len++;
  }
  return text;
}

static h46017_text ras_endpoint_identifier(const gk_registration *r) {
  h46017_text text = {r->identifier, GK_IDENTIFIER_LEN};

  return text;
}

void gk_send_rcf(gk_registration *r, uint16_t seq) {
  h46017_connection *c = r->pub.connection;
  h46017_ras ras = {.kind = H46017_RAS_RCF, .request_seq_num = seq};
  h46017_rcf *rcf = &ras.u.rcf;

  rcf->terminal_alias.list = r->aliases;
  rcf->terminal_alias.count = r->pub.alias_count;
  rcf->terminal_alias.present = true;
  rcf->gatekeeper_identifier = ras_gatekeeper_identifier(c);
  rcf->endpoint_identifier = ras_endpoint_identifier(r);
  rcf->time_to_live = r->pub.time_to_live;
  rcf->maintain_connection = true;
  gk_send(c, &ras);
}

void gk_send_urq(gk_registration *r, h46017_urq_reason reason) {
  h46017_connection *c = r->pub.connection;
  h46017_ras ras = {.kind = H46017_RAS_URQ,
                    .request_seq_num = gk_next_seq(c->gk)};

  ras.u.urq.endpoint_identifier = ras_endpoint_identifier(r);
  ras.u.urq.gatekeeper_identifier = ras_gatekeeper_identifier(c);
  ras.u.urq.reason = reason;
  gk_send(c, &ras);
}

void gk_refuse(h46017_connection *c, uint16_t seq, const h46017_rrq *rrq,
               int code, const h46017_alias *held) {
  h46017_gatekeeper *gk = c->gk;
  const h46017_aliases *names = &rrq->terminal_alias;
  h46017_ras ras = {.kind = H46017_RAS_RRJ, .request_seq_num = seq};
  h46017_rrj *rrj = &ras.u.rrj;

  rrj->reason = h46017_rrj_reason_find(h46017_error_to_ras_reject_reason(code));
  if (held != NULL) {
    rrj->duplicate_alias.list = held;
    rrj->duplicate_alias.count = 1;
    rrj->duplicate_alias.present = true;
  }
  rrj->gatekeeper_identifier = ras_gatekeeper_identifier(c);
  gk_send(c, &ras);
  h46017_log_code(&gk->log, H46017_LOG_WARN, code,
                  "registration of \"%s\" refused: %s",
                  names->count > 0 && names->list[0].text.text != NULL
                      ? names->list[0].text.text
                      : "",
                  h46017_strerror(code));
  if (c->state == GK_CONN_UP && gk->callbacks.rejected != NULL) {
    (void)gk_connection_go_on(
        c,
        gk->callbacks.rejected(gk, c, rrq, code, rrj->reason, gk->user_data));
  }
}

/* -- in -------------------------------------------------------------------- */

static void ras_rrq(h46017_connection *c, h46017_h225 *msg,
                    const h46017_ras *ras, const uint8_t *per, size_t len) {
  const h46017_rrq *rrq = &ras->u.rrq;
  gk_registration *r;

  if (!rrq->keep_alive) {
    if (!gk_is_pending(c, ras->request_seq_num)) {
      gk_ask(c, msg, ras, per, len);
    }
    return;
  }
  /* The connection is the identity: who holds the identifier elsewhere does
   * not matter here. */
  r = gk_find_identifier(c->gk, &rrq->endpoint_identifier);
  if (r == NULL || r->pub.connection != c) {
    gk_refuse(c, ras->request_seq_num, rrq,
              r == NULL ? H46017_ERR_NOT_REGISTERED
                        : H46017_ERR_WRONG_CONNECTION,
              NULL);
    return;
  }
  gk_refresh(r, ras->request_seq_num);
}

static void ras_urq(h46017_connection *c, const h46017_ras *ras) {
  h46017_gatekeeper *gk = c->gk;
  const h46017_aliases *names = &ras->u.urq.endpoint_alias;
  gk_registration *r = gk_find_identifier(gk, &ras->u.urq.endpoint_identifier);
  h46017_ras answer = {.kind = H46017_RAS_UCF,
                       .request_seq_num = ras->request_seq_num};

  if (r == NULL && ras->u.urq.endpoint_identifier.text == NULL &&
      c->registration_count == 1) {
    r = c->registrations; /* there is only one it can mean */
  }
  if (r == NULL || r->pub.connection != c) {
    answer.kind = H46017_RAS_URJ;
    answer.u.urj.reason = H46017_URJ_NOT_CURRENTLY_REGISTERED;
    gk_send(c, &answer);
    return;
  }
  if (names->count > gk->settings.max_aliases) {
    answer.kind = H46017_RAS_URJ; /* nobody has so many */
    answer.u.urj.reason = H46017_URJ_UNDEFINED_REASON;
    gk_send(c, &answer);
    return;
  }
  /* H.323 7.2.2: with endpointAlias only these names go. */
  if (names->count == 0 || !gk_registration_reduce(r, names)) {
    gk_registration_end(r, GK_REG_EV_END, H46017_ERR_UNREGISTERED,
                        H46017_URQ_REASON_ABSENT);
  } else if (gk->callbacks.refreshed != NULL) {
    (void)gk_connection_go_on(
        c, gk->callbacks.refreshed(gk, &r->pub, gk->user_data));
  }
  gk_send(c, &answer);
}

static void ras_dispatch(h46017_connection *c, h46017_h225 *msg,
                         const h46017_ras *ras, const uint8_t *per,
                         size_t len) {
  if (ras->kind == H46017_RAS_RRQ) {
    ras_rrq(c, msg, ras, per, len);
    return;
  }
  if (ras->kind == H46017_RAS_URQ) {
    ras_urq(c, ras);
    return;
  }
  if (ras->kind == H46017_RAS_IRR) {
    gk_irr(c, msg);
  } else if (h46017_ras_is_request(ras->kind)) {
    gk_answer_request(c, msg, ras, per, len);
  }
}

/* The program's word on a message. True: go on with it. */
static bool ras_show(h46017_connection *c, h46017_h225 *msg,
                     const h46017_ras *ras, const uint8_t *per, size_t len) {
  const h46017_gatekeeper_callbacks *cb = &c->gk->callbacks;
  h46017_error_kind kind;
  int rv;

  if (cb->ras_received == NULL) {
    return true;
  }
  rv = cb->ras_received(c->gk, c, msg, ras, per, len, c->gk->user_data);
  kind = h46017_error_class(rv);
  if (rv == 0 || c->state != GK_CONN_UP) {
    return rv == 0 && c->state == GK_CONN_UP;
  }
  if (kind != H46017_ERROR_TRUST && kind != H46017_ERROR_OUTCOME) {
    return gk_connection_go_on(c, rv);
  }
  if (ras->kind == H46017_RAS_RRQ) {
    gk_refuse(c, ras->request_seq_num, &ras->u.rrq, rv, NULL);
  } else if (ras->kind == H46017_RAS_URQ) {
    h46017_ras urj = {.kind = H46017_RAS_URJ,
                      .request_seq_num = ras->request_seq_num};
    urj.u.urj.reason = kind == H46017_ERROR_TRUST ? H46017_URJ_SECURITY_DENIAL
                                                  : H46017_URJ_UNDEFINED_REASON;
    gk_send(c, &urj);
  }
  return false;
}

int gk_ras_received(h46017_tunnel *t, const uint8_t *per, size_t len,
                    void *user_data) {
  h46017_connection *c = user_data;
  h46017_gatekeeper *gk = c->gk;
  gk_message *m;
  h46017_ras ras;
  int rv;

  (void)t;
  if (c->state != GK_CONN_UP) {
    return 0;
  }
  m = gk_message_take(gk);
  if (m == NULL) {
    gk_connection_fail(c, H46017_ERR_NOMEM);
    return 0;
  }
  rv = h46017_ras_read(m->msg, per, len, &gk->log, &ras);
  if (rv == H46017_ERR_RAS && c->bad_ras++ < gk->settings.max_bad_ras) {
    gk_message_give(gk, m);
    return 0; /* dropped and counted */
  }
  if (rv != 0) {
    gk_connection_fail(c, rv);
  } else if (ras_show(c, m->msg, &ras, per, len)) {
    ras_dispatch(c, m->msg, &ras, per, len);
  }
  gk_message_give(gk, m);
  return 0;
}
