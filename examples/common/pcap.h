/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef EXAMPLES_PCAP_H
#define EXAMPLES_PCAP_H

/* A capture of what the library reads and writes (what TLS hides on the wire),
 * as TCP on port 1720, so that Wireshark puts it together and decodes it. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

typedef struct capture capture;

/* One connection of the capture: where its two directions stand. */
typedef struct capture_flow {
  struct sockaddr_storage client;
  struct sockaddr_storage server;
  uint32_t next[2]; /* sequence numbers: of the client, of the server */
  bool open;
} capture_flow;

/* Begins a file; NULL after a report. */
capture *capture_open(const char *path);
void capture_close(capture *c);

/* The connection came up; the server's port is written as 1720. Address
 * families that differ, or are neither IPv4 nor IPv6, become documentation
 * addresses. A NULL capture is fine in all of these. */
void capture_begin(capture *c, capture_flow *flow,
                   const struct sockaddr *client,
                   const struct sockaddr *server);
void capture_data(capture *c, capture_flow *flow, bool from_client,
                  const uint8_t *data, size_t len);
void capture_end(capture *c, capture_flow *flow);

#endif
