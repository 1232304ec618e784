/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef EXAMPLES_EP_DNS_H
#define EXAMPLES_EP_DNS_H

/* c-ares on libuv, and the way from an entry of the gatekeeper list to socket
 * addresses:
 *
 *     HOST[:PORT]  -> the host's addresses
 *     srv:DOMAIN   -> SRV records, in the order of RFC 2782 -> the addresses of
 *                     every target, in that order
 *
 * No thread is involved, so that thousands of endpoints may ask at once. */

#include "common/address.h"

#include <ares.h>
#include <uv.h>

typedef struct dns dns;

/* `server`: ADDR[:PORT] of the name server to ask, NULL for the system's.
 * Returns 0, or what went wrong was reported. */
int dns_open(dns **out, uv_loop_t *loop, const char *server);

/* Every question under way is answered, with nothing, before it returns. The
 * memory goes when the loop has run once more. */
void dns_close(dns *d);

typedef struct route_target {
  host_port at;
  uint16_t priority;
  uint16_t weight;
  struct ares_addrinfo *addresses; /* NULL: it has none */
  struct sockaddr_storage literal; /* the host itself, if it is an address */
  struct route *route;
} route_target;

/* The addresses of one gatekeeper. The caller's memory; stays where it is
 * while it looks. */
typedef struct route {
  dns *dns;
  void (*found)(struct route *r);
  void *owner;
  route_target *targets;
  size_t target_count;
  size_t waiting;  /* answers still to come */
  bool looking;    /* `found` has not been called yet */
  bool tls;        /* which kind of record is asked for */
  const char *why; /* static text: why there is no address */

  size_t target; /* the next address: the target it is of, and which */
  const struct ares_addrinfo_node *node;
  bool begun;
} route;

/* `found` is called once, maybe inside this call. */
void route_start(route *r, dns *d, const gatekeeper_address *to,
                 void (*found)(route *r), void *owner);

/* The next address to try, of *at; NULL when there are no more. */
const struct sockaddr *route_next(route *r, const host_port **at);

/* Not while it looks. */
void route_clear(route *r);

#endif
