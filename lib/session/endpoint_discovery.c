/* SPDX-License-Identifier: BSD-2-Clause */
#include "session/endpoint.h"

#include "base/intmath.h"
#include "session/auth_mode.h"
#include "session/ras_io.h"

/* GRQ and its answer, for a gatekeeper that wants to be asked first. There is
 * nothing to discover on a connection that is there: what is learnt is the
 * gatekeeper's name, and that it will have us. H.225.0 7.8 */

#define GRQ "gatekeeperRequest."

/* Of all registrations: there is one GRQ for them. */
static uint32_t discovery_kinds(const h46017_endpoint *ep) {
  uint32_t kinds = 0;

  for (const endpoint_registration *r = ep->registrations; r != NULL;
       r = r->next) {
    kinds |= r->password_kinds;
  }
  return kinds;
}

static int discovery_fill(h46017_endpoint *ep, uint16_t seq) {
  static const uint8_t nowhere[4] = {0};
  static const char version[] = "0.0.8.2250.0.7";
  h46017_text gk = endpoint_gatekeeper_identifier(ep);
  h46017_h225 *m = ep->out;
  int rv = h46017_h225_create(m, h46017_h225_ras_message());

#define SET(what) rv = rv != 0 ? rv : (what)
  SET(h46017_h225_set_uint(m, GRQ "requestSeqNum", seq));
  SET(h46017_h225_set_text(m, GRQ "protocolIdentifier", version,
                           sizeof(version) - 1));
  SET(h46017_h225_set_octets(m, GRQ "rasAddress.ipAddress.ip", nowhere,
                             sizeof(nowhere)));
  SET(h46017_h225_set_uint(m, GRQ "rasAddress.ipAddress.port", 0));
  SET(h46017_h225_set_bool(m, GRQ "endpointType.mc", false));
  SET(h46017_h225_set_bool(m, GRQ "endpointType.undefinedNode", false));
  SET(h46017_h225_set_present(m, ep->registrations->terminal_type ==
                                         H46017_TERMINAL_GATEWAY
                                     ? GRQ "endpointType.gateway"
                                     : GRQ "endpointType.terminal"));
  if (gk.text != NULL) {
    SET(h46017_h225_set_text(m, GRQ "gatekeeperIdentifier", gk.text, gk.len));
  }
  SET(h46017_auth_offer(m, discovery_kinds(ep)));
#undef SET
  return rv;
}

int endpoint_discovery_begin(h46017_endpoint *ep) {
  uint16_t seq = endpoint_next_seq(ep);
  int rv = discovery_fill(ep, seq);

  if (rv != 0) {
    return rv;
  }
  ep->discovery = seq;
  ep->discovery_timer = h46017_time_add(ep->now, ep->settings.request_timeout);
  return endpoint_send_built(ep, H46017_RAS_GRQ);
}

/* Nothing in a GCF proves who sent it. Where the transport does not either, the
 * HMAC stays: the gatekeeper has to answer with one then. */
static void discovery_choose(h46017_endpoint *ep) {
  ep->auth_mode = h46017_auth_chosen(ep->in);
  if (ep->auth_mode != 0 && !ep->proved) {
    ep->auth_mode |= H46017_H235_HMAC;
  }
}

static int discovery_confirmed(h46017_endpoint *ep) {
  char id[4 * 128 + 1];
  h46017_text gk = {id, 0};
  int rv = h46017_h225_read_text(
      h46017_h225_get(h46017_h225_root(ep->in),
                      "gatekeeperConfirm.gatekeeperIdentifier"),
      id, sizeof(id), &gk.len);

  if (rv == 0) {
    rv = endpoint_learn_gatekeeper(ep, &gk);
    if (rv != 0) {
      return rv;
    }
  }
  discovery_choose(ep);
  ep->discovered = true;
  return endpoint_register_next(ep);
}

static void discovery_rejected(h46017_endpoint *ep, const h46017_ras *ras) {
  h46017_h225_value reason = h46017_h225_get(h46017_h225_root(ep->in),
                                             "gatekeeperReject.rejectReason");
  char name[48] = "";
  size_t len;

  (void)h46017_h225_read_text(reason, name, sizeof(name), &len);
  h46017_log_code(&ep->log, H46017_LOG_WARN, H46017_ERR_REJECTED,
                  "the gatekeeper will not have us: %s", name);
  ep->redirected = endpoint_alternates_learn(ep, ras);
  ep->denied =
      h46017_h225_value_kind(h46017_h225_get(reason, "securityDenial")) !=
          H46017_H225_ABSENT ||
      h46017_h225_value_kind(h46017_h225_get(reason, "securityError")) !=
          H46017_H225_ABSENT;
  endpoint_fail(ep, H46017_ERR_REJECTED);
}

bool endpoint_discovery_answer(h46017_endpoint *ep, const h46017_ras *ras,
                               int *prv) {
  *prv = 0;
  if (ep->discovery == 0 || ras->request_seq_num != ep->discovery) {
    return false;
  }
  if (ras->kind == H46017_RAS_RIP) {
    ep->discovery_timer = h46017_time_add(
        ep->now, (uint64_t)ras->u.rip.delay + ep->settings.request_timeout);
    return true;
  }
  if (ras->kind != H46017_RAS_GCF && ras->kind != H46017_RAS_GRJ) {
    return false;
  }
  ep->discovery = 0;
  ep->discovery_timer = H46017_TIME_NEVER;
  if (ras->kind == H46017_RAS_GRJ) {
    discovery_rejected(ep, ras);
  } else {
    *prv = discovery_confirmed(ep);
  }
  return true;
}
