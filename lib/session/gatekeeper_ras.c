/* SPDX-License-Identifier: BSD-2-Clause */
#include "session/gatekeeper.h"

#include "asn1/ras_number.h"
#include "base/mem.h"
#include "session/ras_io.h"

#include <stdio.h>
#include <string.h>

/* -- out ------------------------------------------------------------------- */

typedef struct ras_outgoing {
  h46017_connection *c;
  const gk_registration *to; /* NULL: to none in particular */
  bool alternates;           /* the alternate gatekeepers go along */
  gk_registration *again;    /* this RCF may be sent to it again; NULL */
} ras_outgoing;

static int ras_put_alternates(const h46017_gatekeeper *gk, h46017_h225 *msg,
                              h46017_ras_kind kind) {
  int rv;

  if (kind != H46017_RAS_RRJ) {
    return gk_put_alternates(gk, msg,
                             kind == H46017_RAS_RCF
                                 ? "registrationConfirm.alternateGatekeeper"
                                 : "unregistrationRequest.alternateGatekeeper");
  }
  rv = gk_put_alternates(gk, msg,
                         "registrationReject.altGKInfo.alternateGatekeeper");
  return rv != 0
             ? rv
             : h46017_h225_set_bool(
                   msg, "registrationReject.altGKInfo.altGKisPermanent", false);
}

/* Leave for every call beforehand. H.225.0 7.9.2 */
static int ras_put_leave(const h46017_gatekeeper *gk, h46017_h225 *msg) {
  static const char *const all[] = {
      "makeCall", "useGKCallSignalAddressToMakeCall", "answerCall",
      "useGKCallSignalAddressToAnswer"};
  char path[96];
  int rv = 0;

  for (size_t i = 0; rv == 0 && i < sizeof(all) / sizeof(all[0]); i++) {
    (void)snprintf(path, sizeof(path), "registrationConfirm.preGrantedARQ.%s",
                   all[i]);
    rv = h46017_h225_set_bool(msg, path, true);
  }
  if (rv == 0 && gk->settings.irr_frequency != 0) {
    rv = h46017_h225_set_uint(
        msg, "registrationConfirm.preGrantedARQ.irrFrequencyInCall",
        gk->settings.irr_frequency);
  }
  return rv;
}

/* What the settings add. */
static int ras_put_settings(const h46017_gatekeeper *gk, h46017_h225 *msg,
                            h46017_ras_kind kind, bool alternates) {
  int rv = 0;

  if (alternates && gk->settings.alternate_count > 0) {
    rv = ras_put_alternates(gk, msg, kind);
  }
  if (rv == 0 && kind == H46017_RAS_RCF && gk->settings.pre_granted) {
    rv = ras_put_leave(gk, msg);
  }
  return rv;
}

static int ras_build(void *owner, h46017_h225 *msg, h46017_ras_kind kind) {
  const ras_outgoing *out = owner;
  h46017_connection *c = out->c;
  const h46017_gatekeeper_callbacks *cb = &c->gk->callbacks;
  int rv = ras_put_settings(c->gk, msg, kind, out->alternates);

  if (rv != 0 || cb->ras_building == NULL) {
    return rv;
  }
  return cb->ras_building(c->gk, c, msg, kind, c->gk->user_data) == 0
             ? 0
             : H46017_ERR_CALLBACK_FAILURE;
}

static void ras_sent(h46017_connection *c, int rv) {
  if (rv == 0) {
    gk_connection_ready(c);
    return;
  }
  /* A peer that does not take what it asked for. */
  gk_connection_fail(c, rv == H46017_ERR_QUEUE_FULL ? H46017_ERR_FLOOD : rv);
}

/* Builds from `ras`, or sends what is built where it is NULL. Gives `m` back.
 */
static void ras_send(ras_outgoing *out, gk_message *m, const h46017_ras *ras,
                     h46017_ras_kind kind, uint16_t seq) {
  h46017_connection *c = out->c;
  h46017_gatekeeper *gk = c->gk;
  uint64_t rcf = 0;
  size_t len = 0;
  /* what ras_building begins may put another in its place */
  gk_login *login = gk_login_hold(out->to != NULL ? out->to->login : NULL);
  h46017_h235_token token;
  h46017_ras_writer w = {.mem = &gk->mem,
                         .scratch = &gk->scratch,
                         .scratch_size = &gk->scratch_size,
                         .plen = &len,
                         .message = m->msg,
                         .secret = gk_password_token(out->to, &token),
                         .token = &token,
                         .building = ras_build,
                         .owner = out};
  int rv = ras != NULL ? h46017_ras_write(&w, &c->tunnel, ras)
                       : h46017_ras_write_built(&w, &c->tunnel, kind);

  if (rv == 0 && out->again != NULL) {
    rcf = out->again->rcf = ++gk->last_rcf;
  }
  gk_login_drop(gk, login);
  gk_message_give(gk, m);
  if (rv == 0) {
    gk_keep_answer(c, kind, seq, rcf, gk->scratch, len);
  }
  ras_sent(c, rv);
}

static bool ras_can_send(const h46017_connection *c) {
  return c->state != GK_CONN_CLOSED && !c->down;
}

static void ras_send_view(h46017_connection *c, const gk_registration *to,
                          const h46017_ras *ras, bool alternates,
                          gk_registration *again) {
  ras_outgoing out = {c, to, alternates, again};
  gk_message *m;

  if (!ras_can_send(c)) {
    return;
  }
  m = gk_message_take(c->gk);
  if (m == NULL) {
    gk_connection_fail(c, H46017_ERR_NOMEM);
    return;
  }
  ras_send(&out, m, ras, ras->kind, ras->request_seq_num);
}

void gk_send(h46017_connection *c, const h46017_ras *ras) {
  ras_send_view(c, c->speaker, ras, false, NULL);
}

void gk_send_built(h46017_connection *c, gk_message *m, h46017_ras_kind kind,
                   uint16_t seq) {
  ras_outgoing out = {c, c->speaker, false, NULL};

  if (!ras_can_send(c)) {
    gk_message_give(c->gk, m);
    return;
  }
  ras_send(&out, m, NULL, kind, seq);
}

void gk_send_again(h46017_connection *c, const uint8_t *per, size_t len) {
  if (ras_can_send(c)) {
    ras_sent(c, h46017_tunnel_write_ras(&c->tunnel, per, len));
  }
}

void gk_send_rip(h46017_connection *c, uint16_t seq) {
  h46017_ras rip = {.kind = H46017_RAS_RIP, .request_seq_num = seq};

  rip.u.rip.delay = (uint16_t)c->gk->settings.rip_delay;
  gk_send(c, &rip);
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

static void ras_view_rcf(const gk_registration *r, uint16_t seq,
                         h46017_ras *out) {
  h46017_rcf *rcf = &out->u.rcf;

  *out = (h46017_ras){.kind = H46017_RAS_RCF, .request_seq_num = seq};
  rcf->terminal_alias.list = r->names.aliases;
  rcf->terminal_alias.count = r->pub.alias_count;
  rcf->terminal_alias.present = true;
  rcf->gatekeeper_identifier = ras_gatekeeper_identifier(r->pub.connection);
  rcf->endpoint_identifier = ras_endpoint_identifier(r);
  rcf->time_to_live = r->pub.time_to_live;
  rcf->maintain_connection = true;
  rcf->supports_additive_registration = true;
}

int gk_build_rcf(const gk_registration *r, uint16_t seq, h46017_h225 *msg) {
  h46017_ras ras;
  int rv;

  ras_view_rcf(r, seq, &ras);
  rv = h46017_ras_build(msg, &ras);
  return rv != 0 ? rv
                 : ras_put_settings(r->gk, msg, H46017_RAS_RCF, r->alternates);
}

/* Nothing comes to what gk_build_rcf() says, but its number: no token, nothing
 * of the program's. */
static bool ras_rcf_is_plain(const gk_registration *r) {
  return r->login == NULL && r->gk->callbacks.ras_building == NULL;
}

/* A plain one, as the last of this connection's answers was, and that still
 * says what is so: only the number differs. False: it is none. INV-44 */
static bool ras_send_rcf_again(const gk_registration *r, uint16_t seq) {
  h46017_connection *c = r->pub.connection;
  h46017_gatekeeper *gk = c->gk;
  const gk_answered *last = c->answered;
  size_t len;
  int rv;

  if (r->rcf <= gk->rcf_void || last == NULL || last->rcf != r->rcf ||
      !ras_can_send(c)) {
    return false;
  }
  len = last->len; /* there was room for it */
  memcpy(gk->scratch, last->per, len);
  h46017_ras_renumber(gk->scratch, len, seq);
  rv = h46017_tunnel_write_ras(&c->tunnel, gk->scratch, len);
  if (rv == 0) {
    gk_keep_answer(c, H46017_RAS_RCF, seq, r->rcf, gk->scratch, len);
  }
  ras_sent(c, rv);
  return true;
}

void gk_send_rcf(gk_registration *r, uint16_t seq) {
  bool plain = ras_rcf_is_plain(r);
  h46017_ras ras;

  if (!plain || !ras_send_rcf_again(r, seq)) {
    ras_view_rcf(r, seq, &ras);
    ras_send_view(r->pub.connection, r, &ras, r->alternates, plain ? r : NULL);
  }
}

void gk_send_urq(gk_registration *r, h46017_urq_reason reason) {
  h46017_connection *c = r->pub.connection;
  h46017_ras ras = {.kind = H46017_RAS_URQ,
                    .request_seq_num = gk_next_seq(c->gk)};

  ras.u.urq.endpoint_identifier = ras_endpoint_identifier(r);
  ras.u.urq.gatekeeper_identifier = ras_gatekeeper_identifier(c);
  ras.u.urq.reason = reason;
  ras_send_view(c, r, &ras, reason == H46017_URQ_MAINTENANCE, NULL);
}

/* An RRJ with what the view has no room for. */
static void ras_send_security_error(h46017_connection *c, const h46017_ras *ras,
                                    const char *what) {
  ras_outgoing out = {c, NULL, false, NULL};
  h46017_ras rrj = *ras;
  char path[96];
  gk_message *m;
  int rv;

  if (!ras_can_send(c)) {
    return;
  }
  m = gk_message_take(c->gk);
  if (m == NULL) {
    gk_connection_fail(c, H46017_ERR_NOMEM);
    return;
  }
  rrj.u.rrj.reason = H46017_RRJ_SECURITY_DENIAL;
  rv = h46017_ras_build(m->msg, &rrj);
  if (rv == 0) {
    (void)snprintf(path, sizeof(path),
                   "registrationReject.rejectReason.securityError.%s", what);
    rv = h46017_h225_set_present(m->msg, path);
  }
  if (rv != 0) {
    gk_message_give(c->gk, m);
    gk_connection_fail(c, rv);
    return;
  }
  ras_send(&out, m, NULL, H46017_RAS_RRJ, ras->request_seq_num);
}

h46017_rrj_reason gk_send_rrj(h46017_connection *c, uint16_t seq, int code,
                              const h46017_alias *held) {
  h46017_ras ras = {.kind = H46017_RAS_RRJ, .request_seq_num = seq};
  h46017_rrj *rrj = &ras.u.rrj;

  rrj->reason = h46017_rrj_reason_find(h46017_error_to_ras_reject_reason(code));
  if (held != NULL) {
    rrj->duplicate_alias.list = held;
    rrj->duplicate_alias.count = 1;
    rrj->duplicate_alias.present = true;
  }
  rrj->gatekeeper_identifier = ras_gatekeeper_identifier(c);
  if (c->gk->settings.security_errors && gk_security_error(code) != NULL) {
    rrj->reason = H46017_RRJ_SECURITY_ERROR;
    ras_send_security_error(c, &ras, gk_security_error(code));
  } else {
    ras_send_view(c, NULL, &ras, rrj->reason == H46017_RRJ_RESOURCE_UNAVAILABLE,
                  NULL);
  }
  return rrj->reason;
}

void gk_refuse(h46017_connection *c, uint16_t seq, const h46017_rrq *rrq,
               int code, const h46017_alias *held) {
  h46017_gatekeeper *gk = c->gk;
  const h46017_aliases *names = &rrq->terminal_alias;
  h46017_rrj_reason reason = gk_send_rrj(c, seq, code, held);

  h46017_log_code(&gk->log, H46017_LOG_WARN, code,
                  "registration of \"%s\" refused: %s",
                  names->count > 0 && names->list[0].text.text != NULL
                      ? names->list[0].text.text
                      : "",
                  h46017_strerror(code));
  if (c->state == GK_CONN_UP && gk->callbacks.rejected != NULL) {
    (void)gk_connection_go_on(
        c, gk->callbacks.rejected(gk, c, rrq, code, reason, gk->user_data));
  }
}

/* -- in -------------------------------------------------------------------- */

static void ras_rrq(h46017_connection *c, h46017_h225 *msg,
                    const h46017_ras *ras, const uint8_t *per, size_t len) {
  const h46017_rrq *rrq = &ras->u.rrq;
  gk_registration *r;

  if (!rrq->keep_alive) {
    gk_ask(c, msg, ras, per, len);
    return;
  }
  /* The connection is the identity: who holds the identifier elsewhere does
   * not matter here. */
  r = gk_registration_named(c, &rrq->endpoint_identifier);
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

static void ras_serve(h46017_connection *c, h46017_h225 *msg,
                      const h46017_ras *ras, const uint8_t *per, size_t len) {
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
  } else if (gk_admission(c, msg, ras, per, len)) {
    return;
  } else if (h46017_ras_is_request(ras->kind)) {
    gk_answer_request(c, msg, ras, per, len);
  }
}

/* Answers go to whoever asked: a registration stays where it is until the outer
 * call returns, also when it ends. */
void gk_serve(h46017_connection *c, h46017_h225 *msg, const h46017_ras *ras,
              const uint8_t *per, size_t len) {
  const gk_registration *before = c->speaker;

  c->speaker = NULL;
  if (ras->kind != H46017_RAS_RRQ) {
    gk_registration *r = gk_registration_of(c, msg);
    if (r != NULL) {
      gk_resources(r, msg);
    }
    c->speaker = r;
  }
  ras_serve(c, msg, ras, per, len);
  c->speaker = before;
}

void gk_refuse_message(h46017_connection *c, const h46017_ras *ras, int code) {
  if (ras->kind == H46017_RAS_RRQ) {
    gk_refuse(c, ras->request_seq_num, &ras->u.rrq, code, NULL);
  } else {
    gk_refuse_request(c, ras->kind, ras->request_seq_num, code);
  }
}

/* The password's. True: go on with it. */
static bool ras_prove(h46017_connection *c, const h46017_h225 *msg,
                      const h46017_ras *ras, const uint8_t *per, size_t len) {
  int code = gk_password_check(c, msg, ras, per, len);

  if (code == 0) {
    return true;
  }
  if (h46017_error_is_fatal(code)) {
    gk_connection_fail(c, code);
    return false;
  }
  if (ras->kind != H46017_RAS_RRQ) { /* an RRJ is logged by itself */
    h46017_log_code(&c->gk->log, H46017_LOG_WARN, code, "%s refused: %s",
                    h46017_ras_kind_name(ras->kind), h46017_strerror(code));
  }
  gk_refuse_message(c, ras, code);
  return false;
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
  gk_refuse_message(c, ras, rv);
  return false;
}

/* A keep-alive for a registration that waits for its peer: it is back if it
 * proves what it did before. Now, and not after what it may have to wait for:
 * its token was looked at just now, in this state. It is a registration like
 * any other from here on; the keep-alive refreshes it in its turn. */
static void ras_come_back(h46017_connection *c, const h46017_ras *ras) {
  gk_registration *r;

  if (c->gk->graced == NULL || ras->kind != H46017_RAS_RRQ ||
      !ras->u.rrq.keep_alive) {
    return;
  }
  r = gk_registration_named(c, &ras->u.rrq.endpoint_identifier);
  if (r != NULL && r->pub.connection == NULL && gk_registration_is_back(r, c) &&
      c->registration_count < c->gk->settings.max_registrations) {
    gk_registration_rebind(r, c);
    gk_extend(r);
  }
}

/* It is read: does it have an effect? */
static void ras_take(h46017_connection *c, h46017_h225 *msg,
                     const h46017_ras *ras, const uint8_t *per, size_t len) {
  if (ras->request_seq_num != 0 &&
      gk_repeats(c, ras->kind, ras->request_seq_num)) {
    return;
  }
  if (!ras_show(c, msg, ras, per, len) || !ras_prove(c, msg, ras, per, len)) {
    return;
  }
  ras_come_back(c, ras);
  if (!gk_waits(c, msg, ras, per, len)) {
    gk_serve(c, msg, ras, per, len);
  }
}

int gk_ras_received(h46017_tunnel *t, const uint8_t *per, size_t len,
                    void *user_data) {
  h46017_connection *c = user_data;
  h46017_gatekeeper *gk = c->gk;
  gk_message *m;
  h46017_ras ras;
  int rv;

  (void)t;
  if (c->state != GK_CONN_UP || !gk_within_rate(c, per, len)) {
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
  } else {
    ras_take(c, m->msg, &ras, per, len);
  }
  gk_message_give(gk, m);
  return 0;
}
