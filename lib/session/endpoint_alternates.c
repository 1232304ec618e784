/* SPDX-License-Identifier: BSD-2-Clause */
#include "session/endpoint.h"

#include "asn1/h225_aliases.h"
#include "asn1/ras_address.h"
#include "base/intmath.h"
#include "base/mem.h"

#include <string.h>

/* Gatekeepers that another one names. AlternateGK has the address of a RAS
 * socket: of that, only the host is a hint here. Everything else is as the
 * program's list says of the entry that named it, so that no hint leads from
 * TLS to TCP or to another server name. H.225.0 7.6 */

size_t endpoint_gatekeepers(const h46017_endpoint *ep) {
  return ep->settings.gatekeeper_count + ep->alternate_count;
}

int h46017_endpoint_alternate(const h46017_endpoint *ep, size_t index,
                              h46017_alternate *out) {
  const size_t first = ep->settings.gatekeeper_count;

  if (index < first || index - first >= ep->alternate_count) {
    return H46017_ERR_NOT_FOUND;
  }
  *out = ep->alternates[index - first];
  return 0;
}

/* Where it may be, in text. False: nowhere one can connect to. */
static bool alternate_address(h46017_h225_value gk, h46017_alternate *a) {
  static const struct {
    const char *path;
    size_t len;
  } kinds[] = {{"rasAddress.ipAddress.ip", 4},
               {"rasAddress.ip6Address.ip", 16}};
  bool somewhere = false;

  for (size_t k = 0; k < sizeof(kinds) / sizeof(kinds[0]); k++) {
    const uint8_t *ip;
    size_t len;
    if (h46017_h225_read_octets(h46017_h225_get(gk, kinds[k].path), &ip,
                                &len) != 0 ||
        len != kinds[k].len) {
      continue;
    }
    for (size_t i = 0; i < len; i++) {
      somewhere = somewhere || ip[i] != 0;
    }
    (void)h46017_ras_host_format(a->address, ip, len);
  }
  return somewhere;
}

/* Behind those of the same priority: they keep the order they came in. The
 * first `fixed` are not moved. */
static void alternate_add(h46017_endpoint *ep, const h46017_alternate *a,
                          size_t fixed) {
  size_t at = ep->alternate_count;

  for (size_t i = 0; i < ep->alternate_count; i++) {
    if (strcmp(ep->alternates[i].address, a->address) == 0 &&
        ep->alternates[i].learnt_from == a->learnt_from) {
      return;
    }
  }
  if (ep->alternate_count == ep->settings.max_alternates) {
    return;
  }
  while (at > fixed && ep->alternates[at - 1].priority > a->priority) {
    ep->alternates[at] = ep->alternates[at - 1];
    at--;
  }
  ep->alternates[at] = *a;
  ep->alternate_count++;
}

static void alternate_learn(h46017_endpoint *ep, h46017_h225_value gk,
                            size_t learnt_from, bool assigned, size_t fixed) {
  h46017_alternate a = {.learnt_from = learnt_from};
  uint64_t priority = 0;

  if (!alternate_address(gk, &a)) {
    return;
  }
  if (!assigned) { /* the one that is assigned stands before all others */
    (void)h46017_h225_read_uint(h46017_h225_get(gk, "priority"), &priority);
  }
  a.priority = (uint8_t)H46017_MIN(priority, (uint64_t)127);
  alternate_add(ep, &a, fixed);
}

/* Which entry of the program's list the one in use goes by. */
static size_t alternate_entry(const h46017_endpoint *ep) {
  h46017_alternate a;

  return h46017_endpoint_alternate(ep, ep->gatekeeper, &a) == 0
             ? a.learnt_from
             : ep->gatekeeper;
}

bool endpoint_alternates_learn(h46017_endpoint *ep, const h46017_ras *ras) {
  const size_t entry = alternate_entry(ep);
  h46017_h225_value body;
  h46017_h225_value assigned;
  h46017_h225_value list;
  h46017_alternate current;
  size_t count;
  size_t fixed = 0;

  if (ep->settings.max_alternates == 0 ||
      !h46017_h225_may_name_gatekeepers(ep->in)) {
    return false;
  }
  body = h46017_h225_at(h46017_h225_root(ep->in), 0);
  assigned = h46017_h225_get(body, "assignedGatekeeper");
  list = h46017_h225_get(body, ras->kind == H46017_RAS_RRJ ||
                                       ras->kind == H46017_RAS_GRJ
                                   ? "altGKInfo.alternateGatekeeper"
                                   : "alternateGatekeeper");
  count = h46017_h225_count(list);
  if (count == 0 && h46017_h225_count(assigned) == 0) {
    return false;
  }
  /* A new list takes the place of the one before; the one in use stays. */
  if (h46017_endpoint_alternate(ep, ep->gatekeeper, &current) == 0) {
    ep->alternates[0] = current;
    ep->gatekeeper = ep->settings.gatekeeper_count;
    fixed = 1;
  }
  ep->alternate_count = fixed;
  if (h46017_h225_count(assigned) > 0) {
    alternate_learn(ep, assigned, entry, true, fixed);
  }
  for (size_t i = 0; i < count; i++) {
    alternate_learn(ep, h46017_h225_at(list, i), entry, false, fixed);
  }
  return ep->alternate_count > fixed;
}

bool endpoint_alternates_forget(h46017_endpoint *ep) {
  size_t at = ep->gatekeeper;

  if (at < ep->settings.gatekeeper_count) {
    return false;
  }
  at -= ep->settings.gatekeeper_count;
  ep->alternate_count--;
  memmove(&ep->alternates[at], &ep->alternates[at + 1],
          (ep->alternate_count - at) * sizeof(ep->alternates[0]));
  ep->gatekeeper %= endpoint_gatekeepers(ep);
  return true;
}
