/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef H46017_SESSION_INVARIANTS_H
#define H46017_SESSION_INVARIANTS_H

/* What always holds inside a gatekeeper and an endpoint between two calls, by
 * the numbers of doc/invariants.md. For the tests, the simulator and the fuzz
 * targets: no library has it. It looks at everything, and costs as much. */

#include <h46017/endpoint.h>
#include <h46017/gatekeeper.h>

/* NULL, or what does not hold: static text that begins with its number. Not
 * from callbacks. */
const char *h46017_gatekeeper_check_invariants(const h46017_gatekeeper *gk);
const char *h46017_endpoint_check_invariants(const h46017_endpoint *ep);

#endif /* H46017_SESSION_INVARIANTS_H */
