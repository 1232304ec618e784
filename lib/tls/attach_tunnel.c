/* SPDX-License-Identifier: BSD-2-Clause */
#include "tls/internal.h"

static int tunnel_recv(void *object, const uint8_t *data, size_t datalen,
                       h46017_time now) {
  return h46017_tunnel_recv(object, data, datalen, now);
}

static size_t tunnel_peek_tx(const void *object, const uint8_t **pdata) {
  return h46017_tunnel_peek_tx(object, pdata);
}

static int tunnel_ack_tx(void *object, size_t n, h46017_time now) {
  return h46017_tunnel_ack_tx(object, n, now);
}

static bool tunnel_want_read(const void *object) {
  return h46017_tunnel_want_read(object);
}

static bool tunnel_want_write(const void *object) {
  return h46017_tunnel_want_write(object);
}

int h46017_tls_attach_tunnel(h46017_tls *t, h46017_tunnel *tunnel) {
  h46017_tls_behind behind;

  h46017_tls_behind_default(&behind);
  behind.recv = tunnel_recv;
  behind.peek_tx = tunnel_peek_tx;
  behind.ack_tx = tunnel_ack_tx;
  behind.want_read = tunnel_want_read;
  behind.want_write = tunnel_want_write;
  return h46017_tls_attach(t, &behind, tunnel);
}
