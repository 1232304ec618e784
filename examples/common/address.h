/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef EXAMPLES_ADDRESS_H
#define EXAMPLES_ADDRESS_H

/* ADDR:PORT and gatekeeper lists as operators write them. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

#define ADDRESS_TEXT 80 /* octets that address_print() needs at most */

/* The default ports of H.323 over TLS and over TCP, and of RAS by itself. */
#define ADDRESS_PORT_TLS 1300
#define ADDRESS_PORT_TCP 1720
#define ADDRESS_PORT_RAS 1719

typedef struct host_port {
  char host[256]; /* without brackets; empty: every address */
  uint16_t port;
} host_port;

/* HOST, HOST:PORT, [V6], [V6]:PORT, :PORT, *:PORT. False when it is none. */
bool host_port_parse(const char *text, uint16_t default_port, host_port *out);

/* One gatekeeper of a list. */
typedef struct gatekeeper_address {
  host_port at;
  bool tls;
  bool srv; /* at.host is a domain to look up; it has no port */
} gatekeeper_address;

/* [tls:|tcp:][h323:[USER@]]HOST[:PORT] or [tls:|tcp:]srv:DOMAIN, separated by
 * commas -> at most max entries; returns their number, 0 after a mistake that
 * is put into why. */
size_t gatekeeper_list_parse(const char *text, gatekeeper_address *out,
                             size_t max, char *why, size_t why_size);

/* `192.0.2.1:1300`, `[2001:db8::1]:1300`; an IPv4 address mapped into IPv6 is
 * printed as IPv4. */
void address_print(const struct sockaddr *address, char *out, size_t size);

#endif
