/* SPDX-License-Identifier: BSD-2-Clause */
#include "session/endpoint.h"

#include "base/intmath.h"

/* From a gatekeeper further down the list back to a preferred one, when that
 * one has answered several times in a row: going there costs a registration,
 * so a gatekeeper that comes and goes is left alone. */

/* Those that stand before the one in use; an alternate was named, not
 * preferred. */
static size_t failback_preferred(const h46017_endpoint *ep) {
  return H46017_MIN(ep->gatekeeper, ep->settings.gatekeeper_count);
}

void endpoint_failback_arm(h46017_endpoint *ep) {
  if (ep->gatekeeper == 0 || ep->settings.failback == 0 ||
      ep->callbacks.probe == NULL) {
    return;
  }
  ep->failback_hits = 0;
  ep->failback_answered = false;
  ep->failback_timer = h46017_time_add(ep->now, ep->settings.failback);
}

int endpoint_failback_timer(h46017_endpoint *ep) {
  int rv = 0;

  if (!ep->failback_answered) {
    ep->failback_hits = 0;
  }
  ep->failback_answered = false;
  ep->failback_timer = h46017_time_add(ep->now, ep->settings.failback);
  for (size_t i = 0; i < failback_preferred(ep) && rv == 0; i++) {
    rv = endpoint_callback(ep, ep->callbacks.probe(ep, i, ep->user_data));
  }
  return rv;
}

int h46017_endpoint_reachable(h46017_endpoint *ep, size_t index,
                              h46017_time now) {
  int rv = endpoint_enter(ep, now);

  if (rv != 0) {
    return rv;
  }
  if (ep->failback_timer == H46017_TIME_NEVER ||
      index >= failback_preferred(ep)) {
    return endpoint_leave(ep, H46017_ERR_NOT_FOUND);
  }
  /* The most preferred of those that answer is the one that counts. */
  if (ep->failback_answered && index > ep->failback_index) {
    return endpoint_leave(ep, 0);
  }
  if (ep->failback_hits > 0 && index != ep->failback_index) {
    ep->failback_hits = 0;
  }
  ep->failback_index = index;
  ep->failback_answered = true;
  if (++ep->failback_hits < ep->settings.failback_count) {
    return endpoint_leave(ep, 0);
  }
  h46017_log_line(&ep->log, H46017_LOG_INFO,
                  "gatekeeper %zu is back: moving there from %zu", index,
                  ep->gatekeeper);
  ep->moving = true;
  return endpoint_leave(ep, endpoint_event_connection(ep, EP_EV_CLOSE, 0));
}
