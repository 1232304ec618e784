/* SPDX-License-Identifier: BSD-2-Clause */
#include "session/gatekeeper.h"

#include "asn1/h225_share.h"

#include <stdio.h>
#include <string.h>

/* A callee's Call Proceeding where the caller has had one of ours: it would be
 * the second, and what it says (fastStart, tunnelled H.245, features) goes on
 * in a Facility.  H.225.0 FacilityReason, forwardedElements */

#define PDU "h323-uu-pdu."
#define FACILITY PDU "h323-message-body.facility."

static int forward_share(h46017_h225 *out, const char *where, const char *name,
                         h46017_h225_value v) {
  char path[128];
  int rv;

  (void)snprintf(path, sizeof(path), "%s%s", where, name);
  rv = h46017_h225_share(out, path, v);
  /* Absent, or an addition of which nobody knows what it means there. */
  return rv == H46017_ERR_ABSENT || rv == H46017_ERR_TYPE_MISMATCH ||
                 rv == H46017_ERR_NOT_FOUND
             ? 0
             : rv;
}

static int forward_fill(h46017_h225 *out, const h46017_h225 *in) {
  static const char *const same[] = {"protocolIdentifier", "destinationInfo",
                                     "callIdentifier",     "h245SecurityMode",
                                     "fastStart",          "fastConnectRefused",
                                     "featureSet"};
  h46017_h225_value pdu = h46017_h225_get(h46017_h225_root(in), "h323-uu-pdu");
  h46017_h225_value body =
      h46017_h225_get(pdu, "h323-message-body.callProceeding");
  int rv = h46017_h225_create(out, h46017_h225_user_information());

  for (size_t i = 0; i < h46017_h225_count(pdu) && rv == 0; i++) {
    h46017_h225_value v = h46017_h225_at(pdu, i);
    const char *name = h46017_h225_value_name(v);
    if (strcmp(name, "h323-message-body") != 0) {
      rv = forward_share(out, PDU, name, v);
    }
  }
  for (size_t i = 0; i < sizeof(same) / sizeof(same[0]) && rv == 0; i++) {
    rv = forward_share(out, FACILITY, same[i], h46017_h225_get(body, same[i]));
  }
  if (rv == 0) {
    rv = h46017_h225_set_present(out, FACILITY "reason.forwardedElements");
  }
  if (rv == 0) {
    rv = h46017_h225_set_bool(out, FACILITY "multipleCalls", true);
  }
  return rv != 0
             ? rv
             : h46017_h225_set_bool(out, FACILITY "maintainConnection", true);
}

/* The message around it: an empty Facility element as always, and what a
 * Display says. H.225.0 7.4.1 */
static int forward_put(gk_leg *to, const h46017_q931 *from, h46017_h225 *m,
                       size_t *plen) {
  h46017_gatekeeper *gk = to->of->gk;
  h46017_q931_ie ies[2] = {{.id = H46017_Q931_IE_FACILITY}};
  h46017_q931_build q;
  uint8_t *per;
  int rv;

  h46017_q931_build_default(&q);
  q.type = H46017_Q931_FACILITY;
  q.call_reference = h46017_call_reference(to->call);
  q.call_reference_flag = !h46017_call_is_ours(to->call);
  q.ies = ies;
  q.nies = h46017_q931_find(from, H46017_Q931_IE_DISPLAY, &ies[1]) ? 2 : 1;
  rv = gk_route_encode(gk, m, &per, &q.user_user_len);
  q.user_user = per;
  if (rv == 0) {
    rv = h46017_q931_encode(&q, NULL, 0, plen);
  }
  if (rv == 0 || rv == H46017_ERR_BUFFER_TOO_SMALL) {
    rv = gk_route_room(gk, *plen);
  }
  return rv == 0 ? h46017_q931_encode(&q, gk->relay, gk->relay_size, plen) : rv;
}

int gk_forward(gk_leg *to, const h46017_call_message *msg, size_t *plen) {
  h46017_gatekeeper *gk = to->of->gk;
  gk_message *m;
  int rv;

  if (msg->uui == NULL) {
    return H46017_ERR_ABSENT;
  }
  m = gk_message_take(gk);
  if (m == NULL) {
    return H46017_ERR_NOMEM;
  }
  rv = forward_fill(m->msg, msg->uui);
  if (rv == 0) {
    rv = forward_put(to, msg->q931, m->msg, plen);
  }
  gk_message_give(gk, m);
  return rv;
}
