/* SPDX-License-Identifier: BSD-2-Clause */
#include "tls/internal.h"

/* -- an endpoint ---------------------------------------------------------- */

static int endpoint_recv(void *object, const uint8_t *data, size_t datalen,
                         h46017_time now) {
  return h46017_endpoint_recv(object, data, datalen, now);
}

static size_t endpoint_peek_tx(const void *object, const uint8_t **pdata) {
  return h46017_endpoint_peek_tx(object, pdata);
}

static int endpoint_ack_tx(void *object, size_t n, h46017_time now) {
  return h46017_endpoint_ack_tx(object, n, now);
}

static int endpoint_transport_up(void *object, const h46017_identity *peer,
                                 h46017_time now) {
  return h46017_endpoint_transport_up(object, peer, now);
}

static int endpoint_transport_down(void *object, int why, h46017_time now) {
  return h46017_endpoint_transport_down(object, why, now);
}

static bool endpoint_want_read(const void *object) {
  return h46017_endpoint_want_read(object);
}

static bool endpoint_want_write(const void *object) {
  return h46017_endpoint_want_write(object);
}

int h46017_tls_attach_endpoint(h46017_tls *t, h46017_endpoint *endpoint) {
  h46017_tls_behind behind;

  h46017_tls_behind_default(&behind);
  behind.recv = endpoint_recv;
  behind.peek_tx = endpoint_peek_tx;
  behind.ack_tx = endpoint_ack_tx;
  behind.transport_up = endpoint_transport_up;
  behind.transport_down = endpoint_transport_down;
  behind.want_read = endpoint_want_read;
  behind.want_write = endpoint_want_write;
  return h46017_tls_attach(t, &behind, endpoint);
}

/* -- a gatekeeper's connection -------------------------------------------- */

static int connection_recv(void *object, const uint8_t *data, size_t datalen,
                           h46017_time now) {
  return h46017_connection_recv(object, data, datalen, now);
}

static size_t connection_peek_tx(const void *object, const uint8_t **pdata) {
  return h46017_connection_peek_tx(object, pdata);
}

static int connection_ack_tx(void *object, size_t n, h46017_time now) {
  return h46017_connection_ack_tx(object, n, now);
}

static int connection_transport_down(void *object, int why, h46017_time now) {
  return h46017_connection_transport_down(object, why, now);
}

static bool connection_want_read(const void *object) {
  return h46017_connection_want_read(object);
}

static bool connection_want_write(const void *object) {
  return h46017_connection_want_write(object);
}

int h46017_tls_attach_connection(h46017_tls *t, h46017_connection *connection) {
  h46017_tls_behind behind;

  h46017_tls_behind_default(&behind);
  behind.recv = connection_recv;
  behind.peek_tx = connection_peek_tx;
  behind.ack_tx = connection_ack_tx;
  behind.transport_down = connection_transport_down;
  behind.want_read = connection_want_read;
  behind.want_write = connection_want_write;
  return h46017_tls_attach(t, &behind, connection);
}
