/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef H46017_WIRE_INSIDE_H
#define H46017_WIRE_INSIDE_H

/* A reader of TPKTs and a tunnel, for whoever has one as a part of itself. What
 * every frame needs is side by side: of many connections, one whose turn it is
 * lies in no cache. */

#include <h46017/tpkt.h>
#include <h46017/tunnel.h>

#include "base/log.h"
#include "base/txbuf.h"

/* A keep-alive and its answer fit in. */
#define H46017_TUNNEL_ROOM 256

struct h46017_tpkt {
  int error;
  bool handed_out; /* the last PDU lies in buf or head */
  uint8_t head[H46017_TPKT_HEADER];
  uint32_t lenient;
  uint32_t max_pdu;
  size_t have;  /* octets collected, header included */
  size_t total; /* octets the frame has; 0: the header is not whole */
  size_t cap;
  uint8_t *buf; /* the frame being collected, from its header on */
  h46017_mem mem;
};

struct h46017_tunnel {
  h46017_time now;
  h46017_time deadline; /* the begun TPKT must be whole by then */
  void *user_data;
  h46017_h225 *h225;
  int error;
  unsigned depth;     /* outer calls and writes running */
  unsigned calling;   /* event callbacks running: only writes are allowed */
  unsigned observing; /* log_write or trace running: nothing is */
  bool deleted;       /* del was called in a callback */
  uint32_t bad_facilities;
  h46017_txbuf tx;
  h46017_tunnel_callbacks cb;
  h46017_tunnel_settings settings;
  h46017_tpkt tpkt;
  h46017_log log;
  h46017_mem mem;
  uint8_t room[H46017_TUNNEL_ROOM]; /* tx's */
};

/* As _new() and _del(), where it stands; a tunnel that calls nobody. A failed
 * init leaves nothing to be freed. */
int h46017_tpkt_init(h46017_tpkt *r, const h46017_tpkt_settings *settings,
                     const h46017_mem *mem);
void h46017_tpkt_free(h46017_tpkt *r);
int h46017_tunnel_init(h46017_tunnel *t, const h46017_tunnel_settings *settings,
                       const h46017_tunnel_callbacks *callbacks,
                       const h46017_mem *mem, void *user_data, h46017_time now);
void h46017_tunnel_free(h46017_tunnel *t);

#endif /* H46017_WIRE_INSIDE_H */
