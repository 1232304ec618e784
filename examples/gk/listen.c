/* SPDX-License-Identifier: BSD-2-Clause */
#include "gk.h"

#include "common/events.h"
#include "common/report.h"
#include "common/tls_files.h"
#include "common/wallclock.h"

#include <openssl/ssl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { BACKLOG = 1024, COMPLAIN_EVERY = 10000 /* ms */ };

static void incoming(uv_stream_t *server, int status) {
  listener *l = server->data;
  if (status == 0) {
    conn_accept(l);
    return;
  }
  /* No file left: libuv has accepted and closed what was waiting, so it does
   * not come back at once; a flood of lines would be no better. */
  uint64_t now = uv_now(l->gk->loop);
  if (l->complained == 0 || now - l->complained > COMPLAIN_EVERY) {
    l->complained = now;
    report("cannot accept a connection: %s; raise the limit of open files",
           uv_strerror(status));
  }
}

static int bind_address(uv_tcp_t *tcp, const char *host, int port) {
  struct sockaddr_storage at;
  int rc = strchr(host, ':') != NULL
               ? uv_ip6_addr(host, port, (struct sockaddr_in6 *)&at)
               : uv_ip4_addr(host, port, (struct sockaddr_in *)&at);
  return rc ? rc : uv_tcp_bind(tcp, (struct sockaddr *)&at, 0);
}

static void free_handle(uv_handle_t *handle) {
  free(handle);
}

static int try_listen(listener *l, uv_loop_t *loop, const char *host,
                      int port) {
  uv_tcp_t *tcp = malloc(sizeof *tcp);
  int rc = tcp ? uv_tcp_init(loop, tcp) : UV_ENOMEM;
  if (rc != 0) {
    free(tcp);
    return rc;
  }
  tcp->data = l;
  rc = bind_address(tcp, host, port);
  if (rc == 0) {
    rc = uv_listen((uv_stream_t *)tcp, BACKLOG, incoming);
  }
  if (rc != 0) {
    uv_close((uv_handle_t *)tcp, free_handle);
    return rc;
  }
  l->tcp = tcp;
  return 0;
}

static bool listener_open(gk *g, listener *l, const host_port *at) {
  l->gk = g;
  int rc;
  if (at->host[0] != '\0') {
    rc = try_listen(l, g->loop, at->host, at->port);
  } else {
    /* IPv6 takes IPv4 along; a machine without IPv6 has IPv4 */
    rc = try_listen(l, g->loop, "::", at->port);
    if (rc == UV_EAFNOSUPPORT || rc == UV_EADDRNOTAVAIL || rc == UV_EINVAL) {
      rc = try_listen(l, g->loop, "0.0.0.0", at->port);
    }
  }
  if (rc != 0) {
    char setting[64];
    snprintf(setting, sizeof setting, "--%s", l->tls ? "tls" : "tcp");
    if (l->name[0] != '\0') {
      snprintf(setting, sizeof setting, "[tls %s] listen", l->name);
    }
    report("cannot listen for %s on %s port %u: %s; choose another address "
           "with %s",
           l->tls ? "TLS" : "TCP", at->host[0] ? at->host : "any address",
           at->port, uv_strerror(rc), setting);
    return false;
  }
  struct sockaddr_storage own = {0};
  int len = sizeof own;
  char text[ADDRESS_TEXT];
  (void)uv_tcp_getsockname(l->tcp, (struct sockaddr *)&own, &len);
  address_print((struct sockaddr *)&own, text, sizeof text);
  json_t *event = events_new("listening");
  events_text(event, "address", text, strlen(text));
  json_object_set_new(event, "transport", json_string(l->tls ? "tls" : "tcp"));
  if (l->name[0] != '\0') {
    events_text(event, "name", l->name, strlen(l->name));
  }
  events_emit(event);
  return true;
}

/* -- TLS ---------------------------------------------------------------------
 */

static own_maker maker; /* one gatekeeper a process */

static bool all_have_contexts(const gk *g) {
  bool all = true;
  for (uint32_t i = 0; i < g->tls_count; i++) {
    all = all && g->tls[i].ctx != NULL;
  }
  return all;
}

static void make_own(uv_work_t *work) {
  own_maker *m = work->data;
  (void)own_make(m);
}

/* Where it was made, those who connect see it; where not, the listener does not
 * open, or goes on with what it has. */
static void made_own(uv_work_t *work, int status) {
  gk *g = work->loop->data;
  g->making = false;
  if (status != 0 || g->closing) {
    return;
  }
  if (maker.code != 0) {
    report_code(maker.code, "making the gatekeeper's own certificate: %s",
                maker.why);
  } else {
    listen_refresh(g);
  }
  if (!all_have_contexts(g) && !g->making) {
    g->status = EXIT_REFUSED;
    gk_close(g);
  }
}

static int start_making(gk *g, const config *c) {
  int64_t now = c->time_floor;
  if (g->making) {
    return 0;
  }
  (void)clock_utc_by(&now, g->trust.clock);
  maker = (own_maker){.server = true, .not_before = now - 86400};
  snprintf(maker.state, sizeof maker.state, "%s", c->state);
  own_host_name(maker.cn, sizeof maker.cn);
  g->work.data = &maker;
  report("making a key and a self-signed certificate for '%s'", maker.cn);
  g->making = uv_queue_work(g->loop, &g->work, make_own, made_own) == 0;
  return g->making ? 0 : H46017_ERR_NOMEM;
}

/* Its own files, else those of [tls]. */
static own_choice shown(const config *c, const tls_terms *t) {
  const tls_terms *of = t->certs.count > 0 ? t : &c->tls[0];
  return (own_choice){.certs = of->certs, .keys = of->keys};
}

/* What one listener, profile or mode let in is not let in by another. */
static int attach_tickets(gk *g, const tls_terms *t, SSL_CTX *ctx) {
  char name[64];
  snprintf(name, sizeof name, "tls %d %d %s", (int)t->profile,
           (int)t->client_cert, t->name);
  return h46017_ticket_keys_attach(g->tickets, ctx, name);
}

static int make_context(gk *g, const config *c, const tls_terms *t,
                        SSL_CTX **pctx) {
  static const h46017_client_cert_mode modes[] = {
      [CLIENT_CERT_NONE] = H46017_CLIENT_CERT_NONE,
      [CLIENT_CERT_REQUEST] = H46017_CLIENT_CERT_REQUEST,
      [CLIENT_CERT_REQUIRE] = H46017_CLIENT_CERT_REQUIRE,
  };
  static const h46017_tls_profile profiles[] = {
      [PROFILE_MODERN] = H46017_TLS_MODERN,
      [PROFILE_LEGACY_DEVICE] = H46017_TLS_LEGACY_DEVICE,
      [PROFILE_LEGACY_SHA1] = H46017_TLS_LEGACY_SHA1,
  };
  tls_files files = {
      .role = H46017_TLS_SERVER,
      .profile = profiles[t->profile],
      .mode = modes[t->client_cert],
      .own = &g->own,
      .choice = shown(c, t),
      .trust = g->trust.trust,
  };
  int code = tls_files_context(pctx, &files);
  if (code == 0) {
    code = attach_tickets(g, t, *pctx);
  }
  if (code != 0) {
    SSL_CTX_free(*pctx);
    *pctx = NULL;
  }
  return code;
}

int listen_contexts(gk *g, const config *c, SSL_CTX *ctxs[TLS_LISTENERS]) {
  int code = 0;
  bool none = false;
  for (uint32_t i = 0; i < TLS_LISTENERS; i++) {
    ctxs[i] = NULL;
  }
  for (uint32_t i = 0; code == 0 && i < g->tls_count; i++) {
    const tls_terms *t = config_tls(c, g->tls[i].name);
    code = t != NULL ? make_context(g, c, t, &ctxs[i]) : 0;
    if (code == H46017_ERR_NOT_FOUND) {
      none = true;
      code = 0;
    }
  }
  if (code == 0 && none) {
    code = start_making(g, c);
  }
  for (uint32_t i = 0; code != 0 && i < g->tls_count; i++) {
    SSL_CTX_free(ctxs[i]);
    ctxs[i] = NULL;
  }
  return code;
}

/* Connections that are up keep the context they have. */
void listen_take(gk *g, SSL_CTX *const ctxs[TLS_LISTENERS]) {
  for (uint32_t i = 0; i < g->tls_count; i++) {
    if (ctxs[i] != NULL) {
      const tls_terms *t = config_tls(&g->config, g->tls[i].name);
      const own_choice choice = shown(&g->config, t);
      SSL_CTX_free(g->tls[i].ctx);
      g->tls[i].ctx = ctxs[i];
      own_tell(&g->own, &choice, ctxs[i], &g->trust);
    }
  }
}

void listen_free(gk *g) {
  for (uint32_t i = 0; i < g->tls_count; i++) {
    SSL_CTX_free(g->tls[i].ctx);
    g->tls[i].ctx = NULL;
  }
}

void listen_refresh(gk *g) {
  SSL_CTX *ctxs[TLS_LISTENERS];
  if (listen_contexts(g, &g->config, ctxs) != 0) {
    return;
  }
  listen_take(g, ctxs);
  for (uint32_t i = 0; i < g->tls_count; i++) {
    listener *l = &g->tls[i];
    if (ctxs[i] != NULL && l->tcp == NULL &&
        !listener_open(g, l, &config_tls(&g->config, l->name)->at.at)) {
      SSL_CTX_free(l->ctx);
      l->ctx = NULL;
    }
  }
}

/* TLS starts when its credentials are there; TCP does not wait for them */
static bool tls_start(gk *g) {
  for (uint32_t i = 0; i < g->config.tls_count; i++) {
    const tls_terms *t = &g->config.tls[i];
    if (!t->at.off) {
      listener *l = &g->tls[g->tls_count++];
      l->tls = true;
      snprintf(l->name, sizeof l->name, "%s", t->name);
    }
  }
  if (g->tls_count == 0) {
    return true;
  }
  int code = own_open(&g->own, &g->trust.store);
  if (code != 0) {
    report_code(code, "the credentials of %s", g->config.state);
    return false;
  }
  listen_refresh(g);
  return all_have_contexts(g) || g->making;
}

static void warn_of_config(const gk *g) {
  const config *c = &g->config;
  bool required = false;
  bool forgeable = false;
  for (uint32_t i = 0; i < c->tls_count; i++) {
    const tls_terms *t = &c->tls[i];
    required |= !t->at.off && t->client_cert == CLIENT_CERT_REQUIRE;
    forgeable |= !t->at.off && t->profile == PROFILE_LEGACY_SHA1;
  }
  if (c->open) {
    report("WARNING: --open: every name that no device holds is let in, "
           "whoever claims it");
  }
  if (required && h46017_trust_count(g->trust.trust) == 0) {
    report("the trust list is empty: every device's certificate will be "
           "refused; h46017-ctl trust add FILE, or rejected trust ID");
  }
  if (forgeable) {
    report("WARNING: --profile legacy-sha1: who can forge a SHA-1 signature "
           "can pose as any device");
  }
  if (c->keylog != NULL) {
    report("WARNING: TLS secrets are written to %s", c->keylog);
  }
  if (c->pcap != NULL) {
    report("what is said is written to %s, decrypted", c->pcap);
  }
}

bool listen_start(gk *g) {
  warn_of_config(g);
  if (!g->config.tcp.off && !listener_open(g, &g->tcp, &g->config.tcp.at)) {
    return false;
  }
  return tls_start(g);
}

static void listener_close(listener *l) {
  if (l->tcp != NULL) {
    uv_close((uv_handle_t *)l->tcp, free_handle);
    l->tcp = NULL;
  }
}

void listen_stop(gk *g) {
  listener_close(&g->tcp);
  for (uint32_t i = 0; i < g->tls_count; i++) {
    listener_close(&g->tls[i]);
  }
}
