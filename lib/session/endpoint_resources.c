/* SPDX-License-Identifier: BSD-2-Clause */
#include "session/endpoint.h"

/* Resources Available Indicate: whether more calls may come. H.225.0 7.16 */

#define RAI "resourcesAvailableIndicate."

static int resources_send(h46017_endpoint *ep, endpoint_registration *r,
                          bool almost_out) {
  static const char version[] = "0.0.8.2250.0.7";
  h46017_h225 *m = ep->out;
  int rv = h46017_h225_create(m, h46017_h225_ras_message());

#define SET(what) rv = rv != 0 ? rv : (what)
  SET(h46017_h225_set_uint(m, RAI "requestSeqNum", endpoint_next_seq(ep)));
  SET(h46017_h225_set_text(m, RAI "protocolIdentifier", version,
                           sizeof(version) - 1));
  SET(h46017_h225_set_text(m, RAI "endpointIdentifier", r->endpoint_identifier,
                           r->endpoint_identifier_len));
  SET(h46017_h225_set_present(m, RAI "protocols"));
  SET(h46017_h225_set_bool(m, RAI "almostOutOfResources", almost_out));
  if (ep->calls != NULL) {
    SET(endpoint_put_capacity(ep, r, "resourcesAvailableIndicate"));
  }
#undef SET
  ep->speaker = r;
  return rv != 0 ? rv : endpoint_send_built(ep, H46017_RAS_RAI);
}

int h46017_endpoint_resources(h46017_endpoint *ep, uint32_t id, bool almost_out,
                              h46017_time now) {
  endpoint_registration *r;
  int rv = endpoint_enter_nested(ep, now);

  if (rv != 0) {
    return rv;
  }
  r = endpoint_find(ep, id);
  if (r == NULL) {
    rv = H46017_ERR_NOT_FOUND;
  } else if (endpoint_admission_registration(ep, id) == NULL ||
             ep->tunnel == NULL || ep->error != 0) {
    rv = H46017_ERR_INVALID_STATE;
  } else {
    rv = resources_send(ep, r, almost_out);
  }
  return endpoint_leave(ep, rv);
}
