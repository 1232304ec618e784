/* SPDX-License-Identifier: BSD-2-Clause */
#include "session/endpoint.h"

#include "session/ras_io.h"

#include <stdio.h>

/* An InfoRequestResponse: who is registered, and that there are no calls. The
 * addresses that it must have say nothing on this connection.
 * H.225.0 7.15 */

#define IRR "infoRequestResponse."

/* The gatekeeper knows them all; these are for a person's eye. */
static bool irr_lists(const h46017_alias *alias) {
  return alias->type == H46017_ALIAS_DIALLED_DIGITS ||
         alias->type == H46017_ALIAS_H323_ID ||
         alias->type == H46017_ALIAS_URL_ID ||
         alias->type == H46017_ALIAS_EMAIL_ID;
}

static int irr_alias(h46017_h225 *m, size_t i, const h46017_alias *alias) {
  static const char *const names[] = {"dialledDigits", "h323-ID", "url-ID", "",
                                      "email-ID"};
  char path[64];

  if (!irr_lists(alias)) {
    return 0;
  }
  (void)snprintf(path, sizeof(path), IRR "endpointAlias[%zu].%s", i,
                 names[alias->type]);
  return h46017_h225_set_text(m, path, alias->text.text, alias->text.len);
}

static int irr_fill(h46017_h225 *m, const endpoint_registration *r,
                    const h46017_aliases *granted, uint16_t seq) {
  static const uint8_t nowhere[4] = {0};
  size_t listed = 0;
  int rv = h46017_h225_create(m, h46017_h225_ras_message());

#define SET(what) rv = rv != 0 ? rv : (what)
  SET(h46017_h225_set_uint(m, IRR "requestSeqNum", seq));
  SET(h46017_h225_set_bool(m, IRR "endpointType.mc", false));
  SET(h46017_h225_set_bool(m, IRR "endpointType.undefinedNode", false));
  SET(h46017_h225_set_present(m, r->terminal_type == H46017_TERMINAL_GATEWAY
                                     ? IRR "endpointType.gateway"
                                     : IRR "endpointType.terminal"));
  SET(h46017_h225_set_text(m, IRR "endpointIdentifier", r->endpoint_identifier,
                           r->endpoint_identifier_len));
  SET(h46017_h225_set_octets(m, IRR "rasAddress.ipAddress.ip", nowhere,
                             sizeof(nowhere)));
  SET(h46017_h225_set_uint(m, IRR "rasAddress.ipAddress.port", 0));
  SET(h46017_h225_set_present(m, IRR "callSignalAddress"));
  for (size_t i = 0; i < granted->count; i++) {
    SET(irr_alias(m, listed, &granted->list[i]));
    listed += irr_lists(&granted->list[i]) ? 1 : 0;
  }
  SET(h46017_h225_set_bool(m, IRR "needResponse", false));
  SET(h46017_h225_set_bool(m, IRR "unsolicited", false));
#undef SET
  return rv;
}

int endpoint_send_irr(h46017_endpoint *ep, const h46017_ras *irq) {
  h46017_aliases granted;
  int rv = 0;

  /* The question names no registration: each of this connection answers. */
  for (endpoint_registration *r = ep->registrations; r != NULL && rv == 0;
       r = r->next) {
    if ((r->state == H46017_REGISTRATION_REGISTERED ||
         r->state == H46017_REGISTRATION_REFRESHING) &&
        h46017_endpoint_granted(ep, r->id, &granted) == 0) {
      rv = irr_fill(ep->out, r, &granted, irq->request_seq_num);
      if (rv == 0) {
        ep->speaker = r;
        rv = endpoint_send_built(ep, H46017_RAS_IRR);
      }
    }
  }
  return rv;
}
