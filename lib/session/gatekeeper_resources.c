/* SPDX-License-Identifier: BSD-2-Clause */
#include "session/gatekeeper.h"

#include "base/intmath.h"

/* What endpoints say of the calls that they can still take, for the program to
 * see. H.225.0 7.16 and CallCapacity */

/* Of one kind of calls: what all its groups have. */
static uint32_t resources_sum(h46017_h225_value list) {
  uint64_t sum = 0;
  uint64_t calls;

  for (size_t i = 0; i < h46017_h225_count(list); i++) {
    if (h46017_h225_read_uint(h46017_h225_get(h46017_h225_at(list, i), "calls"),
                              &calls) == 0) {
      sum += calls; /* each below 2^32, and so many lists fit into no message */
    }
  }
  /* the largest number means that nothing was said */
  return (uint32_t)H46017_MIN(sum, UINT32_MAX - 1);
}

void gk_resources(gk_registration *r, const h46017_h225 *msg) {
  h46017_h225_value body = h46017_h225_at(h46017_h225_root(msg), 0);
  h46017_h225_value all = h46017_h225_get(body, "capacity.currentCallCapacity");
  size_t kinds = h46017_h225_count(all);

  (void)h46017_h225_read_bool(h46017_h225_get(body, "almostOutOfResources"),
                              &r->pub.almost_out);
  if (kinds > 0) {
    r->pub.calls_left = 0;
  }
  /* Kinds of calls are ways to use the same lines, mostly. */
  for (size_t i = 0; i < kinds; i++) {
    r->pub.calls_left =
        H46017_MAX(r->pub.calls_left, resources_sum(h46017_h225_at(all, i)));
  }
}
