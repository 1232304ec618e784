/* SPDX-License-Identifier: BSD-2-Clause */
#include "pcap.h"
#include "address.h"
#include "report.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <pcap/pcap.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <unistd.h>

enum {
  SEGMENT = 16384, /* octets of data in one packet */
  TCP_HEADER = 20,
  FLAG_FIN = 0x01,
  FLAG_SYN = 0x02,
  FLAG_PSH = 0x08,
  FLAG_ACK = 0x10,
  PROTOCOL_TCP = 6
};

struct capture {
  pcap_t *handle;
  pcap_dumper_t *dumper;
};

capture *capture_open(const char *path) {
  capture *c = calloc(1, sizeof *c);
  if (c == NULL) {
    return NULL;
  }
  /* names and numbers of people are in it: for its owner only */
  FILE *file = NULL;
  int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  if (fd >= 0) {
    file = fdopen(fd, "w");
  }
  c->handle = pcap_open_dead(DLT_RAW, 65535);
  if (file != NULL && c->handle != NULL) {
    c->dumper = pcap_dump_fopen(c->handle, file);
  }
  if (c->dumper == NULL) {
    report("cannot write the capture %s", path);
    if (file != NULL) {
      fclose(file);
    }
    if (c->handle != NULL) {
      pcap_close(c->handle);
    }
    free(c);
    return NULL;
  }
  return c;
}

void capture_close(capture *c) {
  if (c != NULL) {
    pcap_dump_close(c->dumper);
    pcap_close(c->handle);
    free(c);
  }
}

static void put16(uint8_t *p, uint32_t v) {
  p[0] = (uint8_t)(v >> 8);
  p[1] = (uint8_t)v;
}

static void put32(uint8_t *p, uint32_t v) {
  put16(p, v >> 16);
  put16(p + 2, v & 0xffff);
}

static uint32_t sum16(const uint8_t *p, size_t len, uint32_t sum) {
  for (size_t i = 0; i + 1 < len; i += 2) {
    sum += (uint32_t)p[i] << 8 | p[i + 1];
  }
  if (len % 2 != 0) {
    sum += (uint32_t)p[len - 1] << 8;
  }
  return sum;
}

static uint32_t sum_fold(uint32_t sum) {
  while (sum >> 16) {
    sum = (sum & 0xffff) + (sum >> 16);
  }
  return ~sum & 0xffff;
}

static uint16_t port_of(const struct sockaddr_storage *address) {
  struct sockaddr_in in; /* the port stands where IPv6 has it too */
  memcpy(&in, address, sizeof in);
  return ntohs(in.sin_port);
}

/* Writes the IP header; returns its length. *sum gets the part of the TCP
 * checksum that covers addresses. */
static size_t put_ip(uint8_t *p, const struct sockaddr_storage *from,
                     const struct sockaddr_storage *to, size_t tcp_len,
                     uint32_t *sum) {
  if (from->ss_family == AF_INET) {
    struct sockaddr_in a;
    struct sockaddr_in b;
    memcpy(&a, from, sizeof a);
    memcpy(&b, to, sizeof b);
    memset(p, 0, 20);
    p[0] = 0x45;
    put16(p + 2, (uint32_t)(20 + tcp_len));
    p[8] = 64;
    p[9] = PROTOCOL_TCP;
    memcpy(p + 12, &a.sin_addr, 4);
    memcpy(p + 16, &b.sin_addr, 4);
    put16(p + 10, sum_fold(sum16(p, 20, 0)));
    *sum = sum16(p + 12, 8, 0);
    return 20;
  }
  struct sockaddr_in6 a;
  struct sockaddr_in6 b;
  memcpy(&a, from, sizeof a);
  memcpy(&b, to, sizeof b);
  memset(p, 0, 40);
  p[0] = 0x60;
  put16(p + 4, (uint32_t)tcp_len);
  p[6] = PROTOCOL_TCP;
  p[7] = 64;
  memcpy(p + 8, &a.sin6_addr, 16);
  memcpy(p + 24, &b.sin6_addr, 16);
  *sum = sum16(p + 8, 32, 0);
  return 40;
}

static void put_packet(capture *c, capture_flow *flow, bool from_client,
                       int flags, const uint8_t *data, size_t len) {
  static uint8_t packet[40 + TCP_HEADER + SEGMENT];
  const struct sockaddr_storage *from =
      from_client ? &flow->client : &flow->server;
  const struct sockaddr_storage *to =
      from_client ? &flow->server : &flow->client;
  uint32_t *sequence = &flow->next[from_client ? 0 : 1];
  uint32_t acknowledged = flow->next[from_client ? 1 : 0];

  uint32_t sum = 0;
  size_t ip = put_ip(packet, from, to, TCP_HEADER + len, &sum);
  uint8_t *tcp = packet + ip;
  memset(tcp, 0, TCP_HEADER);
  put16(tcp, port_of(from));
  put16(tcp + 2, port_of(to));
  put32(tcp + 4, *sequence);
  put32(tcp + 8, flags & FLAG_ACK ? acknowledged : 0);
  tcp[12] = 5 << 4;
  tcp[13] = (uint8_t)flags;
  put16(tcp + 14, 65535);
  if (len > 0) {
    memcpy(tcp + TCP_HEADER, data, len);
  }
  sum += PROTOCOL_TCP + (uint32_t)(TCP_HEADER + len);
  put16(tcp + 16, sum_fold(sum16(tcp, TCP_HEADER + len, sum)));

  struct pcap_pkthdr header = {0};
  gettimeofday(&header.ts, NULL);
  header.caplen = header.len = (bpf_u_int32)(ip + TCP_HEADER + len);
  pcap_dump((u_char *)c->dumper, &header, packet);
  *sequence += (uint32_t)len + (flags & (FLAG_SYN | FLAG_FIN) ? 1U : 0U);
}

/* IPv4 in IPv6's clothes goes back to IPv4 */
static void plain_address(const struct sockaddr *from,
                          struct sockaddr_storage *to) {
  memset(to, 0, sizeof *to);
  if (from != NULL && from->sa_family == AF_INET) {
    memcpy(to, from, sizeof(struct sockaddr_in));
    return;
  }
  if (from != NULL && from->sa_family == AF_INET6) {
    struct sockaddr_in6 in6;
    memcpy(&in6, from, sizeof in6);
    if (!IN6_IS_ADDR_V4MAPPED(&in6.sin6_addr)) {
      memcpy(to, &in6, sizeof in6);
      return;
    }
    struct sockaddr_in in = {.sin_family = AF_INET, .sin_port = in6.sin6_port};
    memcpy(&in.sin_addr, &in6.sin6_addr.s6_addr[12], 4);
    memcpy(to, &in, sizeof in);
  }
}

void capture_begin(capture *c, capture_flow *flow,
                   const struct sockaddr *client,
                   const struct sockaddr *server) {
  if (c == NULL) {
    return;
  }
  plain_address(client, &flow->client);
  plain_address(server, &flow->server);
  if (flow->client.ss_family != flow->server.ss_family ||
      flow->client.ss_family == AF_UNSPEC) {
    struct sockaddr_in in = {.sin_family = AF_INET, .sin_port = htons(49152)};
    inet_pton(AF_INET, "192.0.2.2", &in.sin_addr); /* RFC 5737 */
    memcpy(&flow->client, &in, sizeof in);
    inet_pton(AF_INET, "192.0.2.1", &in.sin_addr);
    memcpy(&flow->server, &in, sizeof in);
  }
  uint16_t port = htons(ADDRESS_PORT_TCP);
  struct sockaddr_in in;
  memcpy(&in, &flow->server, sizeof in);
  in.sin_port = port; /* the port stands where IPv6 has it too */
  memcpy(&flow->server, &in, sizeof in);
  flow->next[0] = 0;
  flow->next[1] = 0;
  flow->open = true;
  put_packet(c, flow, true, FLAG_SYN, NULL, 0);
  put_packet(c, flow, false, FLAG_SYN | FLAG_ACK, NULL, 0);
  put_packet(c, flow, true, FLAG_ACK, NULL, 0);
}

void capture_data(capture *c, capture_flow *flow, bool from_client,
                  const uint8_t *data, size_t len) {
  if (c == NULL || !flow->open) {
    return;
  }
  while (len > 0) {
    size_t n = len < SEGMENT ? len : SEGMENT;
    put_packet(c, flow, from_client, FLAG_PSH | FLAG_ACK, data, n);
    data += n;
    len -= n;
  }
  /* somebody looks while it is running */
  (void)pcap_dump_flush(c->dumper);
}

void capture_end(capture *c, capture_flow *flow) {
  if (c == NULL || !flow->open) {
    return;
  }
  put_packet(c, flow, true, FLAG_FIN | FLAG_ACK, NULL, 0);
  put_packet(c, flow, false, FLAG_FIN | FLAG_ACK, NULL, 0);
  put_packet(c, flow, true, FLAG_ACK, NULL, 0);
  flow->open = false;
  (void)pcap_dump_flush(c->dumper);
}
