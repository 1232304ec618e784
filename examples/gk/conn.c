/* SPDX-License-Identifier: BSD-2-Clause */
#include "gk.h"

#include "common/events.h"
#include "common/report.h"
#include "common/wallclock.h"

#include <h46017/tls.h>

#include <openssl/ssl.h>
#include <stdlib.h>
#include <string.h>

static json_t *conn_event(const conn *c, const char *name) {
  json_t *event = events_new(name);
  json_object_set_new(event, "conn", json_integer((json_int_t)c->number));
  events_text(event, "peer", c->peer, strlen(c->peer));
  json_object_set_new(event, "transport", json_string(c->tls ? "tls" : "tcp"));
  return event;
}

/* -- the connection's edge --------------------------------------------------
 */

static int edge_recv(void *object, const uint8_t *data, size_t len,
                     h46017_time now) {
  return h46017_connection_recv(object, data, len, now);
}

static size_t edge_peek_tx(const void *object, const uint8_t **pdata) {
  return h46017_connection_peek_tx(object, pdata);
}

static int edge_ack_tx(void *object, size_t len, h46017_time now) {
  return h46017_connection_ack_tx(object, len, now);
}

static int edge_transport_down(void *object, int why, h46017_time now) {
  return h46017_connection_transport_down(object, why, now);
}

static bool edge_want_read(const void *object) {
  return h46017_connection_want_read(object);
}

static bool edge_want_write(const void *object) {
  return h46017_connection_want_write(object);
}

static void connection_edge(h46017_tls_behind *edge) {
  h46017_tls_behind_default(edge);
  edge->recv = edge_recv;
  edge->peek_tx = edge_peek_tx;
  edge->ack_tx = edge_ack_tx;
  edge->transport_down = edge_transport_down;
  edge->want_read = edge_want_read;
  edge->want_write = edge_want_write;
}

/* -- up and down ------------------------------------------------------------
 */

static void capture_up(conn *c) {
  struct sockaddr_storage peer = {0};
  struct sockaddr_storage own = {0};
  int peer_len = sizeof peer;
  int own_len = sizeof own;
  if (c->gk->capture != NULL &&
      uv_tcp_getpeername(&c->link.tcp, (struct sockaddr *)&peer, &peer_len) ==
          0 &&
      uv_tcp_getsockname(&c->link.tcp, (struct sockaddr *)&own, &own_len) ==
          0) {
    capture_begin(c->gk->capture, &c->flow, (struct sockaddr *)&peer,
                  (struct sockaddr *)&own);
  }
}

/* An h46017_trace: every PDU, also what TLS hides. */
void conn_capture(const h46017_trace_event *event, void *user_data) {
  gk *g = user_data;
  if (g->capture == NULL || (event->kind != H46017_TRACE_PDU_RECEIVED &&
                             event->kind != H46017_TRACE_PDU_SENT)) {
    return;
  }
  conn *c = h46017_connection_user_data(event->subject);
  capture_data(g->capture, &c->flow, event->kind == H46017_TRACE_PDU_RECEIVED,
               event->data, event->len);
}

/* Wrong passwords are counted by address: without the port. */
static void set_origin(conn *c) {
  char origin[ADDRESS_TEXT];
  snprintf(origin, sizeof origin, "%s", c->peer);
  char *port = strrchr(origin, ':');
  if (port != NULL) {
    *port = '\0';
  }
  (void)h46017_connection_set_origin(c->connection, origin);
}

static int connection_up(conn *c, const h46017_identity *peer) {
  int code = h46017_connection_new(&c->connection, c->gk->gatekeeper, peer, c,
                                   uv_now(c->gk->loop));
  if (code == 0) {
    set_origin(c);
    capture_up(c);
  }
  return code;
}

static void handshake_completed(h46017_tls *t, const h46017_identity *peer,
                                void *user_data) {
  conn *c = user_data;
  c->handshake = false;
  c->gk->handshakes--;
  json_t *event = conn_event(c, "tls");
  json_object_set_new(event, "version", json_string(h46017_tls_version(t)));
  json_object_set_new(event, "cipher", json_string(h46017_tls_cipher(t)));
  json_object_set_new(event, "resumed", json_boolean(h46017_tls_is_resumed(t)));
  events_text(event, "cn", peer->cn, peer->cn_len);
  json_object_set_new(event, "verified",
                      json_boolean(peer->proof == H46017_PROOF_CERTIFICATE));
  events_code(event, peer->error);
  if (peer->error != 0) { /* --client-cert request: it goes on, and is kept */
    trust_state_note(&c->gk->trust, h46017_tls_ssl(t), c->peer, event);
  }
  events_emit(event);

  int code = connection_up(c, peer);
  if (code == 0) {
    code = h46017_tls_attach_connection(t, c->connection);
  }
  if (code != 0) {
    report_code(code, "connection %llu", (unsigned long long)c->number);
    (void)h46017_tls_close(t, uv_now(c->gk->loop));
  }
}

static bool utc_now(int64_t *seconds, void *user_data) {
  const conn *c = user_data;
  return clock_utc_by(seconds, c->gk->trust.clock);
}

static void conn_ended(uvlink *l, int why) {
  conn *c = l->owner;
  json_t *event;
  if (c->handshake) {
    c->handshake = false;
    c->gk->handshakes--;
    c->gk->counters.tls_refused++;
    event = conn_event(c, "refused");
    events_code(event, why);
    const char *text = h46017_tls_error_text(l->tls);
    events_text(event, "text", text, strlen(text));
    trust_state_note(&c->gk->trust, h46017_tls_ssl(l->tls), c->peer, event);
  } else {
    int error = c->connection ? h46017_connection_error(c->connection) : 0;
    event = conn_event(c, "closed");
    error = error ? error : why;
    json_object_set_new(event, "why", json_string(h46017_error_name(error)));
  }
  events_emit(event);
  capture_end(c->gk->capture, &c->flow);
  h46017_connection_del(c->connection);
  c->connection = NULL;
}

static void conn_closed(uvlink *l) {
  conn *c = l->owner;
  gk *g = c->gk;
  if (c->prev != NULL) {
    c->prev->next = c->next;
  } else {
    g->conns = c->next;
  }
  if (c->next != NULL) {
    c->next->prev = c->prev;
  }
  g->conn_count--;
  free(c);
}

/* the loop looks at every timer and every ready connection by itself */
static const uvlink_ops conn_ops = {NULL, conn_ended, conn_closed};

/* -- accepting ---------------------------------------------------------------
 */

static int start_tcp(conn *c) {
  h46017_tls_behind edge;
  int code = connection_up(c, NULL);
  if (code == 0) {
    connection_edge(&edge);
    uvlink_start(&c->link, &edge, c->connection);
  }
  return code;
}

static int start_tls(conn *c, const listener *l) {
  h46017_tls_settings settings;
  h46017_tls_callbacks callbacks;
  h46017_tls *tls = NULL;
  h46017_tls_settings_default(&settings);
  settings.handshake_timeout_ms = c->gk->config.handshake_timeout * 1000;
  settings.trust = c->gk->trust.trust;
  settings.log_level = report_level();
  h46017_tls_callbacks_default(&callbacks);
  callbacks.handshake_completed = handshake_completed;
  callbacks.utc_now = utc_now;
  callbacks.log_write = report_log;
  if (c->gk->handshakes >= c->gk->config.handshakes) {
    return H46017_ERR_LIMIT;
  }
  trust_look(c->gk); /* also the context */
  int code = h46017_tls_new(&tls, l->ctx, H46017_TLS_SERVER, &settings,
                            &callbacks, NULL, c, uv_now(c->gk->loop));
  if (code == 0) {
    c->handshake = true;
    c->gk->handshakes++;
    uvlink_start_tls(&c->link, tls);
  }
  return code;
}

static void print_peer(conn *c) {
  struct sockaddr_storage peer = {0};
  int len = sizeof peer;
  (void)uv_tcp_getpeername(&c->link.tcp, (struct sockaddr *)&peer, &len);
  address_print((struct sockaddr *)&peer, c->peer, sizeof c->peer);
}

void conn_accept(listener *l) {
  gk *g = l->gk;
  conn *c = calloc(1, sizeof *c);
  if (c == NULL || uvlink_init(&c->link, g->loop, &conn_ops, c) != 0) {
    free(c);
    return;
  }
  c->gk = g;
  c->tls = l->tls;
  c->number = ++g->conn_number;
  c->next = g->conns;
  if (g->conns != NULL) {
    g->conns->prev = c;
  }
  g->conns = c;
  g->conn_count++;
  if (uv_accept((uv_stream_t *)l->tcp, (uv_stream_t *)&c->link.tcp) != 0) {
    uvlink_close(&c->link, H46017_ERR_CONNECT);
    return;
  }
  print_peer(c);
  int code = H46017_ERR_LIMIT;
  if (g->conn_count <= g->config.connections) {
    g->counters.connections++;
    events_emit(conn_event(c, "connected"));
    code = c->tls ? start_tls(c, l) : start_tcp(c);
  }
  if (code != 0) {
    json_t *event = conn_event(c, "closed");
    json_object_set_new(event, "why", json_string(h46017_error_name(code)));
    events_emit(event);
    uvlink_close(&c->link, code);
  }
}
