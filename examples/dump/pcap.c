/* SPDX-License-Identifier: BSD-2-Clause */
/* --input pcap: packets of a capture -> TCP segments and UDP datagrams.
 *
 *     link layer -> IPv4 or IPv6 -> TCP: dump_tcp_segment()
 *                                -> UDP: dump_datagram()
 *
 * IP fragments are not put together: they are counted and told. */

#include <arpa/inet.h>
#include <errno.h>
#include <inttypes.h>
#include <pcap/pcap.h>
#include <string.h>

#include "dump.h"

#define RAS_PORT 1719

#define ETHERTYPE_IP4 0x0800
#define ETHERTYPE_IP6 0x86dd
#define ETHERTYPE_VLAN 0x8100
#define ETHERTYPE_QINQ 0x88a8

#define PROTOCOL_TCP 6
#define PROTOCOL_UDP 17

/* Octets still to be looked at. */
typedef struct view {
  const uint8_t *data;
  size_t len;
} view;

typedef struct packet {
  uint8_t source[16];
  uint8_t destination[16];
  size_t address_len; /* 4 or 16 */
  uint8_t protocol;
  dump_origin origin;
} packet;

typedef struct capture {
  dump *d;
  pcap_t *pcap;
  int link;
  dump_tcp *tcp;
  uint64_t fragments;
  uint64_t cut; /* packets of which not every octet was captured */
} capture;

static bool view_skip(view *v, size_t n) {
  if (v->len < n) {
    return false;
  }
  v->data += n;
  v->len -= n;
  return true;
}

static unsigned get16(const uint8_t *p) {
  return (unsigned)p[0] << 8 | p[1];
}

static uint32_t get32(const uint8_t *p) {
  return (uint32_t)get16(p) << 16 | get16(p + 2);
}

/* Skips the link layer; returns the ethertype, 0 when there is none. */
static unsigned link_skip(const capture *c, view *v) {
  unsigned type = 0;
  switch (c->link) {
  case DLT_EN10MB:
    if (v->len < 14) {
      return 0;
    }
    type = get16(v->data + 12);
    view_skip(v, 14);
    break;
  case DLT_LINUX_SLL:
    if (v->len < 16) {
      return 0;
    }
    type = get16(v->data + 14);
    view_skip(v, 16);
    break;
  case DLT_LINUX_SLL2:
    if (v->len < 20) {
      return 0;
    }
    type = get16(v->data);
    view_skip(v, 20);
    break;
  case DLT_NULL: /* an address family in somebody's byte order: IP tells */
  case DLT_LOOP:
    if (!view_skip(v, 4)) {
      return 0;
    }
    break;
  default: /* DLT_RAW and its like */
    break;
  }
  while ((type == ETHERTYPE_VLAN || type == ETHERTYPE_QINQ) && v->len >= 4) {
    type = get16(v->data + 2);
    view_skip(v, 4);
  }
  if (type == 0 && v->len > 0) {
    type = v->data[0] >> 4 == 4   ? ETHERTYPE_IP4
           : v->data[0] >> 4 == 6 ? ETHERTYPE_IP6
                                  : 0;
  }
  return type;
}

/* The length fields are upper bounds: a link layer pads short packets. */
static void view_limit(view *v, size_t len) {
  if (len < v->len) {
    v->len = len;
  }
}

static bool ip4_skip(capture *c, view *v, packet *p) {
  if (v->len < 20 || v->data[0] >> 4 != 4) {
    return false;
  }
  size_t header = (size_t)(v->data[0] & 15) * 4;
  size_t total = get16(v->data + 2);
  if (total == 0) { /* the network card was to fill it in */
    total = v->len;
  }
  if ((get16(v->data + 6) & 0x3fff) != 0) {
    c->fragments++;
    return false;
  }
  p->address_len = 4;
  p->protocol = v->data[9];
  memcpy(p->source, v->data + 12, 4);
  memcpy(p->destination, v->data + 16, 4);
  if (header < 20 || total < header) {
    return false;
  }
  view_limit(v, total);
  return view_skip(v, header);
}

static bool ip6_skip(capture *c, view *v, packet *p) {
  if (v->len < 40 || v->data[0] >> 4 != 6) {
    return false;
  }
  size_t payload = get16(v->data + 4);
  uint8_t next = v->data[6];
  p->address_len = 16;
  memcpy(p->source, v->data + 8, 16);
  memcpy(p->destination, v->data + 24, 16);
  view_skip(v, 40);
  if (payload > 0) {
    view_limit(v, payload);
  }
  /* hop-by-hop options, routing, destination options; then a fragment */
  while (next == 0 || next == 43 || next == 60 || next == 44) {
    if (v->len < 8) {
      return false;
    }
    if (next == 44 && (get16(v->data + 2) & 0xfff9) != 0) {
      c->fragments++;
      return false;
    }
    size_t len = next == 44 ? 8 : ((size_t)v->data[1] + 1) * 8;
    next = v->data[0];
    if (!view_skip(v, len)) {
      return false;
    }
  }
  p->protocol = next;
  return true;
}

static void endpoint_print(char *out, size_t cap, const uint8_t *address,
                           size_t len, unsigned port) {
  char text[INET6_ADDRSTRLEN] = "?";
  inet_ntop(len == 4 ? AF_INET : AF_INET6, address, text, sizeof(text));
  snprintf(out, cap, len == 4 ? "%s:%u" : "[%s]:%u", text, port);
}

static void packet_ports(packet *p, unsigned source, unsigned destination) {
  endpoint_print(p->origin.from, sizeof(p->origin.from), p->source,
                 p->address_len, source);
  endpoint_print(p->origin.to, sizeof(p->origin.to), p->destination,
                 p->address_len, destination);
}

static bool port_wanted(const dump *d, unsigned port) {
  for (size_t i = 0; i < d->nports; i++) {
    if (d->ports[i] == port) {
      return true;
    }
  }
  return false;
}

static void tcp_packet(capture *c, view v, packet *p) {
  if (v.len < 20) {
    return;
  }
  unsigned source = get16(v.data);
  unsigned destination = get16(v.data + 2);
  if (!port_wanted(c->d, source) && !port_wanted(c->d, destination)) {
    return;
  }
  dump_segment s;
  uint8_t flags = v.data[13];
  memset(&s, 0, sizeof(s));
  memcpy(s.key, p->source, p->address_len);
  memcpy(s.key + 16, v.data, 2);
  memcpy(s.key + 18, p->destination, p->address_len);
  memcpy(s.key + 34, v.data + 2, 2);
  s.seq = get32(v.data + 4);
  s.syn = (flags & 0x02) != 0;
  s.fin = (flags & 0x01) != 0;
  s.rst = (flags & 0x04) != 0;
  size_t header = (size_t)(v.data[12] >> 4) * 4;
  if (header < 20 || !view_skip(&v, header)) {
    return;
  }
  packet_ports(p, source, destination);
  s.data = v.data;
  s.len = v.len;
  s.origin = &p->origin;
  dump_tcp_segment(c->tcp, &s);
}

static void udp_packet(capture *c, view v, packet *p) {
  if (v.len < 8) {
    return;
  }
  unsigned source = get16(v.data);
  unsigned destination = get16(v.data + 2);
  unsigned len = get16(v.data + 4);
  if ((source != RAS_PORT && destination != RAS_PORT) || len < 8) {
    return;
  }
  packet_ports(p, source, destination);
  view_limit(&v, len);
  view_skip(&v, 8);
  dump_datagram(c->d, &p->origin, v.data, v.len);
}

static void packet_look(capture *c, const struct pcap_pkthdr *header,
                        const uint8_t *data) {
  packet p;
  view v = {data, header->caplen};
  memset(&p, 0, sizeof(p));
  p.origin.seconds = header->ts.tv_sec;
  p.origin.micros = (uint32_t)header->ts.tv_usec;
  c->cut += header->caplen < header->len;
  unsigned type = link_skip(c, &v);
  if ((type == ETHERTYPE_IP4 && ip4_skip(c, &v, &p)) ||
      (type == ETHERTYPE_IP6 && ip6_skip(c, &v, &p))) {
    if (p.protocol == PROTOCOL_TCP) {
      tcp_packet(c, v, &p);
    } else if (p.protocol == PROTOCOL_UDP) {
      udp_packet(c, v, &p);
    }
  }
}

static bool link_known(int link) {
  switch (link) {
  case DLT_EN10MB:
  case DLT_LINUX_SLL:
  case DLT_LINUX_SLL2:
  case DLT_NULL:
  case DLT_LOOP:
  case DLT_RAW:
  case DLT_IPV4:
  case DLT_IPV6:
    return true;
  default:
    return false;
  }
}

static int packets(capture *c, const char *file) {
  struct pcap_pkthdr *header;
  const uint8_t *data;
  int rv = 1;
  while (!dump_out_failed(c->d) &&
         (rv = pcap_next_ex(c->pcap, &header, &data)) == 1) {
    uint64_t before = c->d->pdus;
    packet_look(c, header, data);
    if (c->d->pdus != before) {
      fflush(c->d->out); /* whoever captures live wants to see it now */
    }
  }
  if (rv == PCAP_ERROR) {
    fprintf(c->d->err, DUMP_PROGRAM ": %s: %s\n", file, pcap_geterr(c->pcap));
    return -1;
  }
  return 0;
}

int dump_pcap_file(dump *d, const char *file) {
  FILE *stream = strcmp(file, "-") == 0 ? stdin : fopen(file, "rb");
  if (stream == NULL) {
    fprintf(d->err, DUMP_PROGRAM ": %s: %s\n", file, strerror(errno));
    return -1;
  }
  return dump_pcap_stream(d, stream, file);
}

int dump_pcap_stream(dump *d, FILE *stream, const char *file) {
  char text[PCAP_ERRBUF_SIZE];
  capture c;
  int rv = -1;
  memset(&c, 0, sizeof(c));
  c.d = d;
  c.pcap = pcap_fopen_offline(stream, text); /* takes it, when it can */
  if (c.pcap == NULL) {
    fprintf(d->err, DUMP_PROGRAM ": %s: %s\n", file, text);
    fclose(stream);
    return -1;
  }
  c.link = pcap_datalink(c.pcap);
  c.tcp = dump_tcp_new(d);
  if (!link_known(c.link)) {
    fprintf(d->err,
            DUMP_PROGRAM ": %s: packets of link type %d are not understood; "
                         "capture on an Ethernet interface, or on \"any\"\n",
            file, c.link);
  } else if (c.tcp == NULL) {
    fprintf(d->err, DUMP_PROGRAM ": no memory\n");
  } else {
    rv = packets(&c, file);
  }
  dump_tcp_del(c.tcp);
  pcap_close(c.pcap);
  if (c.fragments > 0) {
    fprintf(d->err,
            DUMP_PROGRAM ": %" PRIu64
                         " IP fragments were passed over: they are not put "
                         "together here\n",
            c.fragments);
  }
  if (c.cut > 0) {
    fprintf(d->err,
            DUMP_PROGRAM ": %" PRIu64
                         " packets were not captured whole; capture again "
                         "with a larger snapshot length\n",
            c.cut);
  }
  return rv;
}
