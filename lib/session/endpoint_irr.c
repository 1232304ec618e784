/* SPDX-License-Identifier: BSD-2-Clause */
#include "session/endpoint.h"

#include "session/ras_io.h"

#include <stdio.h>

/* An InfoRequestResponse: who is registered, and with what calls. The addresses
 * that it must have say nothing on this connection. H.225.0 7.15 */

#define IRR "infoRequestResponse."

/* As many calls are told of in one message; that there are more is said. */
#define IRR_MAX_CALLS 256

/* Which calls it is about. */
typedef struct irr_about {
  uint16_t seq;
  bool unsolicited;
  bool one;                  /* only this one; NULL: it is not there */
  const endpoint_call *call; /* else all of the registration's */
} irr_about;

#define SET(what) rv = rv != 0 ? rv : (what)

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

static int irr_call(h46017_h225 *m, size_t i, const endpoint_call *a) {
  char path[64];
  int rv = 0;

#define PATH(component)                                                        \
  ((void)snprintf(path, sizeof(path), IRR "perCallInfo[%zu]." component, i),   \
   path)
  SET(h46017_h225_set_uint(m, PATH("callReferenceValue"),
                           h46017_call_reference(a->call)));
  SET(h46017_h225_set_octets(m, PATH("conferenceID"),
                             h46017_call_conference(a->call),
                             H46017_CALL_GUID));
  SET(h46017_h225_set_bool(m, PATH("originator"), !a->answer));
  SET(h46017_h225_set_present(m, PATH("h245")));
  SET(h46017_h225_set_present(m, PATH("callSignalling")));
  SET(h46017_h225_set_present(m, PATH("callType.pointToPoint")));
  SET(h46017_h225_set_uint(m, PATH("bandWidth"), a->bandwidth));
  SET(h46017_h225_set_present(m, PATH("callModel.gatekeeperRouted")));
  SET(h46017_h225_set_octets(m, PATH("callIdentifier.guid"),
                             h46017_call_identifier(a->call),
                             H46017_CALL_GUID));
  SET(h46017_h225_set_present(m, PATH("substituteConfIDs")));
#undef PATH
  return rv;
}

static int irr_calls(h46017_endpoint *ep, const endpoint_registration *r,
                     const irr_about *about) {
  h46017_h225 *m = ep->out;
  size_t told = 0;
  int rv = 0;

  if (about->one && about->call == NULL) {
    return h46017_h225_set_present(m, IRR "irrStatus.invalidCall");
  }
  for (const endpoint_call *a = about->one ? about->call : ep->admissions;
       a != NULL && rv == 0; a = about->one ? NULL : a->next) {
    if (a->registration != r->id) {
      continue;
    }
    if (told == IRR_MAX_CALLS) {
      return h46017_h225_set_present(m, IRR "irrStatus.incomplete");
    }
    rv = irr_call(m, told++, a);
  }
  return rv;
}

static int irr_fill(h46017_endpoint *ep, const endpoint_registration *r,
                    const h46017_aliases *granted, const irr_about *about) {
  h46017_h225 *m = ep->out;
  static const uint8_t nowhere[4] = {0};
  size_t listed = 0;
  int rv = h46017_h225_create(m, h46017_h225_ras_message());

  SET(h46017_h225_set_uint(m, IRR "requestSeqNum", about->seq));
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
  SET(h46017_h225_set_bool(m, IRR "unsolicited", about->unsolicited));
  if (ep->calls != NULL) {
    SET(endpoint_put_capacity(ep, r, "infoRequestResponse"));
    SET(irr_calls(ep, r, about));
  }
  return rv;
}

static int irr_send(h46017_endpoint *ep, endpoint_registration *r,
                    const irr_about *about) {
  h46017_aliases granted;
  int rv;

  if (h46017_endpoint_granted(ep, r->id, &granted) != 0) {
    return 0;
  }
  rv = irr_fill(ep, r, &granted, about);
  ep->speaker = r;
  return rv != 0 ? rv : endpoint_send_built(ep, H46017_RAS_IRR);
}

int endpoint_report_call(h46017_endpoint *ep, endpoint_registration *r,
                         endpoint_call *a) {
  const irr_about about = {endpoint_next_seq(ep), true, true, a};

  return irr_send(ep, r, &about);
}

/* The call that an IRQ asks about, by the gatekeeper's word for it; NULL: none,
 * or none of this registration. */
static const endpoint_call *irr_meant(const h46017_endpoint *ep,
                                      const endpoint_registration *r,
                                      uint16_t reference) {
  const endpoint_call *a = endpoint_admission_meant(ep);

  if (a == NULL) {
    /* by one of a version that knows no callIdentifier */
    a = ep->admissions;
    while (a != NULL && (a->registration != r->id ||
                         h46017_call_reference(a->call) != reference)) {
      a = a->next;
    }
  }
  return a != NULL && a->registration == r->id ? a : NULL;
}

int endpoint_send_irr(h46017_endpoint *ep, const h46017_ras *irq) {
  irr_about about = {irq->request_seq_num, false, false, NULL};
  uint64_t reference = 0;
  int rv = 0;

  (void)h46017_h225_read_uint(h46017_h225_get(h46017_h225_root(ep->in),
                                              "infoRequest.callReferenceValue"),
                              &reference);
  about.one = reference != 0;
  /* The question names no registration: each of this connection answers. */
  for (endpoint_registration *r = ep->registrations; r != NULL && rv == 0;
       r = r->next) {
    if (r->state != H46017_REGISTRATION_REGISTERED &&
        r->state != H46017_REGISTRATION_REFRESHING) {
      continue;
    }
    if (about.one) {
      about.call = irr_meant(
          ep, r, (uint16_t)(reference & H46017_Q931_MAX_CALL_REFERENCE));
    }
    rv = irr_send(ep, r, &about);
  }
  return rv;
}
