/* SPDX-License-Identifier: BSD-2-Clause */
#include "session/endpoint.h"

#include "asn1/ras_number.h"
#include "base/mem.h"
#include "session/ras_io.h"

#include <string.h>

/* -- out ------------------------------------------------------------------- */

static int ras_build(void *owner, h46017_h225 *msg, h46017_ras_kind kind) {
  h46017_endpoint *ep = owner;
  int rv = 0;

  if (ep->callbacks.ras_building == NULL) {
    return 0;
  }
  /* The program may have the endpoint send something else from there: that is
   * built in a message of its own. */
  ep->out = ep->spare;
  ep->spare = NULL;
  if (ep->out == NULL) {
    rv = h46017_h225_new(&ep->out, NULL, &ep->mem);
  }
  if (rv == 0) {
    rv = endpoint_callback(
        ep, ep->callbacks.ras_building(ep, msg, kind, ep->user_data));
  }
  if (ep->spare == NULL) {
    ep->spare = ep->out;
  } else {
    h46017_h225_del(ep->out);
  }
  ep->out = msg;
  return rv;
}

/* Is the connection over with that? */
static int ras_sent(h46017_endpoint *ep, int rv) {
  if (rv != 0 && !h46017_error_is_fatal(rv)) {
    /* The peer does not take what is queued: it is as good as gone. */
    endpoint_fail(ep, rv);
    rv = 0;
  }
  return rv;
}

/* Builds from `ras`, or sends what is built where it is NULL. */
static int ras_send_kind(h46017_endpoint *ep, const h46017_ras *ras,
                         h46017_ras_kind kind) {
  h46017_ras_writer w = {.mem = &ep->mem,
                         .scratch = &ep->scratch,
                         .scratch_size = &ep->scratch_size,
                         .plen = &ep->scratch_len,
                         .message = ep->out,
                         .building = ras_build,
                         .owner = ep};
  endpoint_registration *r = ep->speaker;
  h46017_h235_token token;
  int rv;

  ep->speaker = NULL;
  if (ep->tunnel == NULL || ep->error != 0) {
    return 0; /* the answer that is not sent is not waited for either */
  }
  if (r == NULL && ep->registration_count == 1) {
    r = ep->registrations;
  }
  if (r != NULL && r->secret != NULL) {
    rv = endpoint_password_token(ep, r, kind, &token);
    if (rv != 0) {
      endpoint_fail(ep, rv);
      return 0;
    }
    w.secret = r->secret;
    w.token = &token;
  }
  ep->again = NULL;
  rv = ras != NULL ? h46017_ras_write(&w, ep->tunnel, ras)
                   : h46017_ras_write_built(&w, ep->tunnel, kind);
  if (rv == 0 && ras != NULL && ras->kind == H46017_RAS_RRQ &&
      ras->u.rrq.keep_alive && w.secret == NULL &&
      ep->callbacks.ras_building == NULL) {
    ep->again = r;
  }
  return ras_sent(ep, rv);
}

static int ras_send(h46017_endpoint *ep, const h46017_ras *ras) {
  return ras_send_kind(ep, ras, ras->kind);
}

int endpoint_send_built(h46017_endpoint *ep, h46017_ras_kind kind) {
  return ras_send_kind(ep, NULL, kind);
}

uint16_t endpoint_next_seq(h46017_endpoint *ep) {
  /* H.225.0: 1 to 65535; 0 cannot be encoded. */
  ep->last_seq = ep->last_seq == 65535 ? 1 : (uint16_t)(ep->last_seq + 1);
  return ep->last_seq;
}

h46017_text endpoint_gatekeeper_identifier(const h46017_endpoint *ep) {
  h46017_text none = {NULL, 0};
  h46017_text text = {ep->gatekeeper_identifier, ep->gatekeeper_identifier_len};

  return ep->gatekeeper_identifier_len > 0 ? text : none;
}

int endpoint_learn_gatekeeper(h46017_endpoint *ep, const h46017_text *gk) {
  char *copy;

  if (gk->text == NULL || ep->gatekeeper_identifier_fixed ||
      (ep->gatekeeper_identifier_len == gk->len &&
       memcmp(ep->gatekeeper_identifier, gk->text, gk->len) == 0)) {
    return 0;
  }
  copy = h46017_mem_strndup(&ep->mem, gk->text, gk->len);
  if (copy == NULL) {
    return H46017_ERR_NOMEM;
  }
  h46017_mem_release(&ep->mem, ep->gatekeeper_identifier);
  ep->gatekeeper_identifier = copy;
  ep->gatekeeper_identifier_len = gk->len;
  ep->again = NULL;
  return 0;
}

/* The names that are asked for, and of those what was said of them before. */
static void ras_ask_names(endpoint_registration *r, endpoint_rrq what,
                          h46017_aliases *out) {
  const size_t from = what == ENDPOINT_RRQ_ADDITIVE ? r->asked : 0;

  if (what == ENDPOINT_RRQ_FULL) {
    r->asked = 0;
    /* where it is to add to a registration, that stays what it is */
    r->confirmed =
        r->state == H46017_REGISTRATION_REFRESHING ? r->confirmed : 0;
  }
  r->asked += endpoint_names_unasked(r);
  out->list = r->aliases + from;
  out->count = r->asked - from;
  out->present = true;
}

/* What every RRQ of the registration says. */
static void ras_view_rrq(const h46017_endpoint *ep,
                         const endpoint_registration *r, uint16_t seq,
                         h46017_ras *out) {
  h46017_rrq *rrq = &out->u.rrq;

  *out = (h46017_ras){.kind = H46017_RAS_RRQ, .request_seq_num = seq};
  rrq->terminal_type = r->terminal_type;
  rrq->vendor = ep->settings.vendor;
  rrq->time_to_live = ep->settings.time_to_live;
  rrq->gatekeeper_identifier = endpoint_gatekeeper_identifier(ep);
  rrq->maintain_connection = true;
}

/* And what those say that are about one that is there. */
static void ras_view_again(const endpoint_registration *r, bool keep_alive,
                           h46017_rrq *rrq) {
  rrq->keep_alive = keep_alive;
  rrq->additive_registration = !keep_alive;
  rrq->discovery_complete = true;
  rrq->endpoint_identifier.text = r->endpoint_identifier;
  rrq->endpoint_identifier.len = r->endpoint_identifier_len;
}

int endpoint_build_keep_alive(const h46017_endpoint *ep,
                              const endpoint_registration *r, uint16_t seq,
                              h46017_h225 *msg) {
  h46017_ras ras;

  ras_view_rrq(ep, r, seq, &ras);
  ras_view_again(r, true, &ras.u.rrq);
  return h46017_ras_build(msg, &ras);
}

int endpoint_send_rrq(h46017_endpoint *ep, endpoint_registration *r,
                      endpoint_rrq what) {
  h46017_ras ras;
  h46017_rrq *rrq = &ras.u.rrq;

  r->rrq = what;
  r->pending = endpoint_next_seq(ep);
  r->extensions = 0;
  if (what == ENDPOINT_RRQ_KEEP_ALIVE && ep->again == r && ep->error == 0) {
    (void)h46017_ras_renumber(ep->scratch, ep->scratch_len, r->pending);
    return ras_sent(
        ep, h46017_tunnel_write_ras(ep->tunnel, ep->scratch, ep->scratch_len));
  }
  ras_view_rrq(ep, r, r->pending, &ras);
  if (what == ENDPOINT_RRQ_FULL) {
    rrq->discovery_complete = ep->discovered;
  } else {
    ras_view_again(r, what == ENDPOINT_RRQ_KEEP_ALIVE, rrq);
  }
  if (what != ENDPOINT_RRQ_KEEP_ALIVE) {
    ras_ask_names(r, what, &rrq->terminal_alias);
    rrq->multiple_calls = true;
    rrq->supports_alt_gk = ep->settings.max_alternates > 0;
    rrq->restart = r->restart;
  }
  ep->speaker = r;
  return ras_send(ep, &ras);
}

int endpoint_send_urq(h46017_endpoint *ep, endpoint_registration *r) {
  h46017_ras ras = {.kind = H46017_RAS_URQ,
                    .request_seq_num = endpoint_next_seq(ep)};

  ras.u.urq.endpoint_identifier.text = r->endpoint_identifier;
  ras.u.urq.endpoint_identifier.len = r->endpoint_identifier_len;
  ras.u.urq.gatekeeper_identifier = endpoint_gatekeeper_identifier(ep);
  ras.u.urq.reason = H46017_URQ_REASON_ABSENT;
  r->pending = ras.request_seq_num;
  r->extensions = 0;
  ep->speaker = r;
  return ras_send(ep, &ras);
}

/* -- in -------------------------------------------------------------------- */

static endpoint_registration *ras_find_pending(h46017_endpoint *ep,
                                               uint16_t seq) {
  for (endpoint_registration *r = ep->registrations; r != NULL; r = r->next) {
    if (r->pending == seq) {
      return r;
    }
  }
  return NULL;
}

static endpoint_registration *ras_find_identifier(h46017_endpoint *ep,
                                                  const h46017_text *id) {
  for (endpoint_registration *r = ep->registrations; r != NULL; r = r->next) {
    if (id->text != NULL && r->endpoint_identifier != NULL &&
        r->endpoint_identifier_len == id->len &&
        memcmp(r->endpoint_identifier, id->text, id->len) == 0) {
      return r;
    }
  }
  return NULL;
}

static int ras_answer(h46017_endpoint *ep, const h46017_ras *ras,
                      registration_event event, uint32_t states) {
  endpoint_registration *r = ras_find_pending(ep, ras->request_seq_num);
  int rv;

  if (r == NULL || (states & (uint32_t)1 << r->state) == 0) {
    h46017_log_line(&ep->log, H46017_LOG_DEBUG, "%s %u answers nothing",
                    h46017_ras_kind_name(ras->kind),
                    (unsigned)ras->request_seq_num);
    return 0;
  }
  if (event == REG_EV_RIP) {
    return endpoint_event_registration(ep, r, event, ras, 0);
  }
  r->pending = 0;
  if (event == REG_EV_RCF) {
    endpoint_admission_learn(ep, r);
  }
  rv = endpoint_event_registration(ep, r, event, ras, 0);
  return rv != 0 ? rv : endpoint_register_next(ep);
}

static int ras_urq(h46017_endpoint *ep, const h46017_ras *ras) {
  const h46017_text *id = &ras->u.urq.endpoint_identifier;
  endpoint_registration *r = id->text == NULL && ep->registration_count == 1
                                 ? ep->registrations /* whom else? */
                                 : ras_find_identifier(ep, id);
  h46017_ras answer = {.kind = H46017_RAS_UCF,
                       .request_seq_num = ras->request_seq_num};
  int rv;

  if (r == NULL || r->endpoint_identifier == NULL) {
    answer.kind = H46017_RAS_URJ;
    answer.u.urj.reason = H46017_URJ_NOT_CURRENTLY_REGISTERED;
    return ras_send(ep, &answer);
  }
  ep->speaker = r;
  rv = ras_send(ep, &answer);
  return rv != 0 ? rv : endpoint_event_registration(ep, r, REG_EV_URQ, ras, 0);
}

static int ras_dispatch(h46017_endpoint *ep, const h46017_ras *ras,
                        const uint8_t *per, size_t len) {
  const uint32_t registering = (uint32_t)1 << H46017_REGISTRATION_REGISTERING |
                               (uint32_t)1 << H46017_REGISTRATION_REFRESHING;
  const uint32_t unregistering = (uint32_t)1
                                 << H46017_REGISTRATION_UNREGISTERING;
  h46017_ras answer;
  int rv = 0;

  if (endpoint_discovery_answer(ep, ras, &rv) ||
      endpoint_calls_ras(ep, ras, &rv)) {
    return rv;
  }
  if (ras->kind == H46017_RAS_RCF) {
    return ras_answer(ep, ras, REG_EV_RCF, registering);
  }
  if (ras->kind == H46017_RAS_RRJ) {
    return ras_answer(ep, ras, REG_EV_RRJ, registering);
  }
  if (ras->kind == H46017_RAS_RIP) {
    return ras_answer(ep, ras, REG_EV_RIP, registering | unregistering);
  }
  if (ras->kind == H46017_RAS_UCF || ras->kind == H46017_RAS_URJ) {
    return ras_answer(ep, ras, REG_EV_UCF, unregistering);
  }
  if (ras->kind == H46017_RAS_URQ) {
    return ras_urq(ep, ras);
  }
  if (ras->kind == H46017_RAS_IRQ) {
    return endpoint_send_irr(ep, ras);
  }
  if (!h46017_ras_is_request(ras->kind) || ras->kind == H46017_RAS_NSM) {
    return 0; /* to a nonStandardMessage there is no answer: the program's */
  }
  h46017_ras_not_understood(&answer, ras->request_seq_num, per, len);
  return ras_send(ep, &answer);
}

/* The registration that a message of the gatekeeper is about, if that can be
 * said. */
static endpoint_registration *ras_registration(h46017_endpoint *ep,
                                               const h46017_ras *ras) {
  char id[4 * 128 + 1];
  h46017_text text = {id, 0};
  const endpoint_call *call =
      ras->kind == H46017_RAS_DRQ || ras->kind == H46017_RAS_BRQ
          ? endpoint_admission_meant(ep)
          : NULL;
  endpoint_registration *r =
      call != NULL ? endpoint_admission_registration(ep, call->registration)
                   : NULL; /* whatever identifier stands beside the call's */

  if (h46017_ras_is_request(ras->kind)) {
    if (r == NULL &&
        h46017_h225_read_text(
            h46017_h225_get(h46017_h225_at(h46017_h225_root(ep->in), 0),
                            "endpointIdentifier"),
            id, sizeof(id), &text.len) == 0) {
      r = ras_find_identifier(ep, &text);
    }
  } else if (ras->request_seq_num != 0) {
    r = ras_find_pending(ep, ras->request_seq_num);
    r = r != NULL ? r : endpoint_admission_pending(ep, ras->request_seq_num);
  }
  return r == NULL && ep->registration_count == 1 ? ep->registrations : r;
}

int endpoint_ras_received(h46017_tunnel *t, const uint8_t *per, size_t len,
                          void *user_data) {
  h46017_endpoint *ep = user_data;
  h46017_ras ras;
  int rv;

  (void)t;
  if (ep->error != 0) {
    return 0;
  }
  rv = h46017_ras_read(ep->in, per, len, &ep->log, &ras);
  if (h46017_error_is_fatal(rv)) {
    ep->fatal = rv;
    return rv;
  }
  if (rv != 0) {
    return 0; /* it was logged; the gatekeeper is not told */
  }
  if (ep->callbacks.ras_received != NULL) {
    rv = ep->callbacks.ras_received(ep, ep->in, &ras, per, len, ep->user_data);
    if (rv == H46017_ERR_REFUSED) {
      return 0;
    }
    if (rv != 0) {
      return endpoint_callback(ep, rv);
    }
  }
  if (!endpoint_password_check(ep, ras_registration(ep, &ras), &ras, per,
                               len)) {
    return 0;
  }
  rv = ras_dispatch(ep, &ras, per, len);
  if (rv != 0) {
    ep->fatal = h46017_error_is_fatal(rv) ? rv : H46017_ERR_INTERNAL;
  }
  return rv;
}
