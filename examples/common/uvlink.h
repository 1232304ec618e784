/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef EXAMPLES_UVLINK_H
#define EXAMPLES_UVLINK_H

/* One connection on libuv, and the edge of whatever stands on it:
 *
 *     socket readable  -> recv                           (any split)
 *     uvlink_service() -> peek_tx -> socket -> ack_tx
 *                      -> neither want_read nor want_write: close the socket,
 *                         transport_down
 *
 * That edge is a gatekeeper's connection or an endpoint (uvlink_start), or
 * the TLS engine with one of these behind it (uvlink_start_tls): the one line
 * that TCP and TLS differ by. A peer that does not read costs its own object's
 * queue and one chunk here, never another connection's time. */

#include <h46017/tls.h>

#include <stdbool.h>
#include <uv.h>

typedef struct uvlink uvlink;

typedef struct uvlink_ops {
  /* The object was called from here: its timers may have changed. May be
   * NULL. */
  void (*worked)(uvlink *l);

  /* The transport is over, and what stands on it was told so. why: a code.
   * The link does not touch the object again; a TLS engine is still there. */
  void (*ended)(uvlink *l, int why);

  /* Nothing refers to the link any more: its memory may go. */
  void (*closed)(uvlink *l);
} uvlink_ops;

typedef enum uvlink_state {
  UVLINK_NEW = 0,       /* being accepted or connected */
  UVLINK_UP = 1,        /* octets go both ways */
  UVLINK_LINGERING = 2, /* all is sent; the peer may still read it */
  UVLINK_CLOSED = 3
} uvlink_state;

struct uvlink {
  uv_tcp_t tcp; /* first: the program accepts or connects it */
  uv_timer_t timer;
  uv_write_t write;
  uv_shutdown_t shutdown;
  const uvlink_ops *ops;
  void *owner; /* the program's */
  h46017_tls_behind edge;
  void *object;
  h46017_tls *tls; /* NULL: plain TCP */
  char *chunk;     /* what an unfinished uv_write sends */
  size_t chunk_len;
  uvlink_state state;
  bool last;        /* only what is queued goes out, then the end */
  unsigned handles; /* not yet closed */
};

/* Makes the handles; then accept l->tcp or uvlink_connect(). Returns 0 or
 * UV_E…; `ops` and `owner` are borrowed. */
int uvlink_init(uvlink *l, uv_loop_t *loop, const uvlink_ops *ops, void *owner);

/* An address that lets nothing be heard is given up after five seconds: the
 * link closes, and `done` gets UV_ECANCELED. Returns 0 or UV_E…. */
int uvlink_connect(uvlink *l, uv_connect_t *connect,
                   const struct sockaddr *address, uv_connect_cb done);

/* The socket is connected; from now on it is read. */
void uvlink_start(uvlink *l, const h46017_tls_behind *edge, void *object);
void uvlink_start_tls(uvlink *l, h46017_tls *tls /* taken */);

/* Sends what is to be sent; closes the socket if nothing more is wanted. Call
 * it after the object did something that did not come of a call from here. */
void uvlink_service(uvlink *l);

/* Ends it at once; `ended` is told if the link was up. */
void uvlink_close(uvlink *l, int why);

#endif
