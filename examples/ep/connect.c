/* SPDX-License-Identifier: BSD-2-Clause */
#include "ep.h"

#include "common/events.h"
#include "common/hex.h"
#include "common/report.h"
#include "common/wallclock.h"

#include <openssl/ssl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* One try to reach one gatekeeper: its addresses one after the other, then the
 * connection for as long as it stands. */
struct attempt {
  uvlink link;
  uv_connect_t connect;
  endpoint *endpoint; /* NULL: given up, waits for libuv, c-ares to let go */
  route route;
  const host_port *at; /* whose address is tried */
  bool link_made;
  int failure; /* UV_E… of the last address tried */
  bool tls;
  bool srv;          /* `connecting` waits until the host is known */
  size_t gatekeeper; /* of the list, and as whom we came there */
  uint32_t ctx_number;
  bool pinned; /* with --pin: to this certificate; else the first is awaited */
  uint8_t pin[H46017_CERT_ID_LEN];
  app *app;
  attempt *following; /* in app.attempts */
  attempt *preceding;
};

static attempt *attempt_make(endpoint *e) {
  attempt *a = calloc(1, sizeof *a);
  if (a != NULL) {
    a->app = e->app;
    a->following = e->app->attempts;
    if (a->following != NULL) {
      a->following->preceding = a;
    }
    e->app->attempts = a;
  }
  return a;
}

static void attempt_free(attempt *a) {
  if (a->preceding != NULL) {
    a->preceding->following = a->following;
  } else {
    a->app->attempts = a->following;
  }
  if (a->following != NULL) {
    a->following->preceding = a->preceding;
  }
  route_clear(&a->route);
  free(a);
}

static void link_closed(uvlink *l) {
  attempt *a = l->owner;
  a->link_made = false;
  if (a->endpoint == NULL) {
    attempt_free(a);
  } else {
    app_touch(a->endpoint); /* the next address, see connect_service() */
  }
}

/* The endpoint is told from the loop, never inside a call it made itself. */
static void attempt_failed(attempt *a, int code, const char *text) {
  endpoint *e = a->endpoint;
  report_line(H46017_LOG_WARN, "%s: %s", e->peer, text);
  e->transport_failed = code;
  connect_abandon(e);
  app_touch(e);
}

void connect_abandon(endpoint *e) {
  attempt *a = e->attempt;
  if (a == NULL) {
    return;
  }
  e->attempt = NULL;
  a->endpoint = NULL;
  if (a->link_made) {
    uvlink_close(&a->link, H46017_ERR_CLOSED);
  } else if (!a->route.looking) {
    attempt_free(a);
  } /* else: when the answer comes */
}

/* At the end: also those that linger. */
void connect_close_all(app *p) {
  for (attempt *a = p->attempts; a != NULL; a = a->following) {
    if (a->link_made) {
      uvlink_close(&a->link, H46017_ERR_CLOSED);
    }
  }
}

/* -- TLS ----------------------------------------------------------------------
 */

static bool utc_now(int64_t *seconds, void *user_data) {
  const attempt *a = user_data;
  return clock_utc_by(seconds, a->endpoint->app->trusted.clock);
}

/* As whom the list has it, also where an alternate or DNS led elsewhere. */
static const gatekeeper_address *listed(const endpoint *e) {
  return &e->app->gatekeepers[e->gatekeeper];
}

static void handshake_completed(h46017_tls *t, const h46017_identity *peer,
                                void *user_data) {
  const attempt *a = user_data;
  json_t *event = endpoint_event(a->endpoint, "tls");
  json_object_set_new(event, "version", json_string(h46017_tls_version(t)));
  json_object_set_new(event, "cipher", json_string(h46017_tls_cipher(t)));
  json_object_set_new(event, "resumed", json_boolean(h46017_tls_is_resumed(t)));
  events_text(event, "cn", peer->cn, peer->cn_len);
  json_object_set_new(event, "verified",
                      json_boolean(peer->proof == H46017_PROOF_CERTIFICATE));
  events_code(event, peer->error);
  events_emit(event);
  if (a->endpoint->app->pin && !a->pinned &&
      trust_pin(a->endpoint->app, listed(a->endpoint), h46017_tls_ssl(t),
                peer) != 0) {
    (void)h46017_tls_close(t, uv_now(a->endpoint->app->loop));
  }
}

void connect_forget(endpoint *e) {
  SSL_SESSION_free(e->session);
  e->session = NULL;
}

/* A fleet that lost its gatekeeper comes back with a short handshake. Whom an
 * alternate would resume, the gatekeeper that named it cannot know. */
static void keep_session(const attempt *a) {
  endpoint *e = a->endpoint;
  if (h46017_tls_identity(a->link.tls) != NULL && !e->is_alternate) {
    connect_forget(e);
    e->session = SSL_get1_session(h46017_tls_ssl(a->link.tls));
    e->session_at = a->gatekeeper;
    e->session_ctx = a->ctx_number;
  }
}

static SSL_SESSION *session_for(endpoint *e) {
  return !e->is_alternate && e->session_at == e->gatekeeper &&
                 e->session_ctx == e->app->tls_ctx_number
             ? e->session
             : NULL;
}

static int start_tls(attempt *a) {
  endpoint *e = a->endpoint;
  app *p = e->app;
  h46017_tls_settings settings;
  h46017_tls_callbacks callbacks;
  h46017_tls *tls = NULL;
  h46017_tls_settings_default(&settings);
  settings.server_check = p->insecure     ? H46017_SERVER_CHECK_NONE
                          : p->pin        ? H46017_SERVER_CHECK_PIN
                          : p->server_dn  ? H46017_SERVER_CHECK_SUBJECT
                          : p->server_san ? H46017_SERVER_CHECK_SAN
                                          : H46017_SERVER_CHECK_NAME;
  /* With SRV that is the domain, never the target, and with an alternate the
   * host of the list, never the address: whoever can forge a DNS answer could
   * name a host that he has a certificate for. */
  settings.server_name = p->server_dn     ? p->server_dn
                         : p->server_name ? p->server_name
                                          : listed(e)->at.host;
  settings.trust = p->trusted.trust;
  settings.log_level = report_level();
  h46017_tls_callbacks_default(&callbacks);
  callbacks.handshake_completed = handshake_completed;
  callbacks.utc_now = utc_now;
  callbacks.log_write = report_log;
  trust_look(p);
  a->pinned = p->pin && trust_pinned(p, listed(e), a->pin);
  settings.server_pin = a->pinned ? a->pin : NULL;
  a->gatekeeper = e->gatekeeper;
  a->ctx_number = p->tls_ctx_number;
  settings.session = session_for(e);
  int code = h46017_tls_new(&tls, p->tls_ctx, H46017_TLS_CLIENT, &settings,
                            &callbacks, NULL, a, uv_now(p->loop));
  if (code == 0) {
    code = h46017_tls_attach_endpoint(tls, e->ep);
    if (code != 0) {
      h46017_tls_del(tls);
      return code;
    }
    uvlink_start_tls(&a->link, tls);
  }
  return code;
}

/* -- TCP: the endpoint's edge -------------------------------------------------
 */

static int edge_recv(void *object, const uint8_t *data, size_t len,
                     h46017_time now) {
  return h46017_endpoint_recv(object, data, len, now);
}

static size_t edge_peek_tx(const void *object, const uint8_t **pdata) {
  return h46017_endpoint_peek_tx(object, pdata);
}

static int edge_ack_tx(void *object, size_t len, h46017_time now) {
  return h46017_endpoint_ack_tx(object, len, now);
}

static int edge_transport_down(void *object, int why, h46017_time now) {
  return h46017_endpoint_transport_down(object, why, now);
}

static bool edge_want_read(const void *object) {
  return h46017_endpoint_want_read(object);
}

static bool edge_want_write(const void *object) {
  return h46017_endpoint_want_write(object);
}

static int start_tcp(attempt *a) {
  h46017_tls_behind edge;
  endpoint *e = a->endpoint;
  h46017_tls_behind_default(&edge);
  edge.recv = edge_recv;
  edge.peek_tx = edge_peek_tx;
  edge.ack_tx = edge_ack_tx;
  edge.transport_down = edge_transport_down;
  edge.want_read = edge_want_read;
  edge.want_write = edge_want_write;
  int code = h46017_endpoint_transport_up(e->ep, NULL, uv_now(e->app->loop));
  if (code == 0) {
    uvlink_start(&a->link, &edge, e->ep);
  }
  return code;
}

/* -- the link
 * ------------------------------------------------------------------ */

/* The alarm of --pin. */
static void say_changed(const attempt *a, const endpoint *e, json_t *event) {
  const char *shown = json_string_value(json_object_get(event, "rejected_id"));
  char hex[65];
  hex_print(a->pin, sizeof a->pin, hex);
  json_object_set_new(event, "pinned", json_string(hex));
  report_code(H46017_ERR_SERVER_CHANGED,
              "%s was %s and now is %s: renewed, or somebody else? If that is "
              "right: h46017-cert --state %s trust replace %.12s %.12s",
              e->peer, hex, shown ? shown : "not recorded", e->app->state, hex,
              shown ? shown : "FILE");
}

/* The handshake failed: with our refusal the certificate is kept. */
static void say_refused(const attempt *a, endpoint *e, h46017_tls *tls,
                        int why) {
  json_t *event = endpoint_event(e, "refused");
  events_code(event, why);
  trust_state_note(&e->app->trusted, h46017_tls_ssl(tls), e->peer, event);
  if (why == H46017_ERR_SERVER_CHANGED) {
    say_changed(a, e, event);
  }
  events_emit(event);
}

static void link_ended(uvlink *l, int why) {
  attempt *a = l->owner;
  endpoint *e = a->endpoint;
  if (e == NULL) {
    return;
  }
  json_t *event = endpoint_event(e, "closed");
  json_object_set_new(event, "why", json_string(h46017_error_name(why)));
  if (l->tls != NULL) {
    const char *text = h46017_tls_error_text(l->tls);
    events_text(event, "text", text, strlen(text));
    keep_session(a);
    if (h46017_tls_identity(l->tls) == NULL) {
      say_refused(a, e, l->tls, why);
    }
  }
  events_emit(event);
  capture_end(e->app->capture, &e->flow);
  e->attempt = NULL;
  a->endpoint = NULL;
  app_touch(e);
}

static void link_worked(uvlink *l) {
  const attempt *a = l->owner;
  if (a->endpoint != NULL) {
    app_touch(a->endpoint);
  }
}

static const uvlink_ops link_ops = {link_worked, link_ended, link_closed};

static void capture_up(endpoint *e, const uv_tcp_t *tcp) {
  struct sockaddr_storage peer = {0};
  struct sockaddr_storage own = {0};
  int peer_len = sizeof peer;
  int own_len = sizeof own;
  if (uv_tcp_getpeername(tcp, (struct sockaddr *)&peer, &peer_len) == 0 &&
      uv_tcp_getsockname(tcp, (struct sockaddr *)&own, &own_len) == 0) {
    address_print((struct sockaddr *)&peer, e->peer, sizeof e->peer);
    capture_begin(e->app->capture, &e->flow, (struct sockaddr *)&own,
                  (struct sockaddr *)&peer);
  }
}

static void connected(uv_connect_t *connect, int status) {
  attempt *a = connect->data;
  endpoint *e = a->endpoint;
  if (e == NULL) {
    return; /* given up; the link is closing */
  }
  if (status != 0) {
    a->failure = status == UV_ECANCELED ? UV_ETIMEDOUT : status;
    uvlink_close(&a->link, H46017_ERR_CONNECT); /* then the next address */
    return;
  }
  capture_up(e, &a->link.tcp);
  events_emit(endpoint_event(e, "connected"));
  int code = a->tls ? start_tls(a) : start_tcp(a);
  if (code != 0) {
    attempt_failed(a, code, h46017_strerror(code));
  }
  app_touch(e);
}

/* `connecting` is said once for each host that is tried */
static void say_connecting(endpoint *e, const host_port *at) {
  snprintf(e->peer, sizeof e->peer,
           strchr(at->host, ':') ? "[%.60s]:%u" : "%.60s:%u", at->host,
           at->port);
  events_emit(endpoint_event(e, "connecting"));
}

static void try_next(attempt *a) {
  endpoint *e = a->endpoint;
  const host_port *at = NULL;
  const struct sockaddr *address = route_next(&a->route, &at);
  if (address == NULL) {
    attempt_failed(a, H46017_ERR_CONNECT,
                   a->failure     ? uv_strerror(a->failure)
                   : a->route.why ? a->route.why
                                  : "it has no address");
    return;
  }
  if (a->srv && at != a->at) {
    a->at = at;
    say_connecting(e, at);
  }
  int rc = uvlink_init(&a->link, e->app->loop, &link_ops, a);
  if (rc == 0) {
    a->link_made = true;
    a->connect.data = a;
    rc = uvlink_connect(&a->link, &a->connect, address, connected);
  }
  if (rc != 0) {
    a->failure = rc;
    if (a->link_made) {
      uvlink_close(&a->link, H46017_ERR_CONNECT);
    } else {
      app_touch(e); /* the next address */
    }
  }
}

static void looked_up(route *r) {
  attempt *a = r->owner;
  if (a->endpoint == NULL) {
    attempt_free(a);
  } else {
    try_next(a);
  }
}

/* Called by the endpoint's `connect` callback: the endpoint hears of it later.
 */
void connect_start(endpoint *e) {
  const gatekeeper_address *to = &e->to;
  connect_abandon(e);
  snprintf(e->peer, sizeof e->peer, to->srv ? "srv:%.70s" : "%.70s",
           to->at.host);
  attempt *a = attempt_make(e);
  if (a == NULL) {
    e->transport_failed = H46017_ERR_NOMEM;
    app_touch(e);
    return;
  }
  e->attempt = a;
  a->endpoint = e;
  a->tls = to->tls;
  a->srv = to->srv;
  if (!to->srv) {
    say_connecting(e, &to->at);
  }
  route_start(&a->route, e->app->dns, to, looked_up, a);
}

/* Before every wait. */
void connect_service(endpoint *e) {
  attempt *a = e->attempt;
  if (e->transport_failed != 0) {
    int code = e->transport_failed;
    e->transport_failed = 0;
    (void)h46017_endpoint_transport_down(e->ep, code, uv_now(e->app->loop));
  } else if (a != NULL && !a->route.looking && !a->link_made) {
    try_next(a);
  } else if (a != NULL && a->link_made) {
    uvlink_service(&a->link);
  }
}
