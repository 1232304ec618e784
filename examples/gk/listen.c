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

static bool listener_open(gk *g, listener *l, const host_port *at, bool tls) {
  l->gk = g;
  l->tls = tls;
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
    report("cannot listen for %s on %s port %u: %s; choose another address "
           "with --%s",
           tls ? "TLS" : "TCP", at->host[0] ? at->host : "any address",
           at->port, uv_strerror(rc), tls ? "tls" : "tcp");
    return false;
  }
  struct sockaddr_storage own = {0};
  int len = sizeof own;
  char text[ADDRESS_TEXT];
  (void)uv_tcp_getsockname(l->tcp, (struct sockaddr *)&own, &len);
  address_print((struct sockaddr *)&own, text, sizeof text);
  json_t *event = events_new("listening");
  events_text(event, "address", text, strlen(text));
  json_object_set_new(event, "transport", json_string(tls ? "tls" : "tcp"));
  events_emit(event);
  return true;
}

/* -- TLS ---------------------------------------------------------------------
 */

static own_maker maker; /* one gatekeeper a process */

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
  if (g->tls_ctx == NULL && !g->making) {
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

int listen_context(gk *g, const config *c, SSL_CTX **pctx) {
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
      .profile = profiles[c->profile],
      .mode = modes[c->client_cert],
      .own = &g->own,
      .choice = {.certs = c->certs, .keys = c->keys},
      .trust = g->trust.trust,
  };
  *pctx = NULL;
  int code = tls_files_context(pctx, &files);
  if (code == H46017_ERR_NOT_FOUND) {
    return start_making(g, c);
  }
  if (code == 0) {
    /* what one profile or mode let in is not let in by another */
    char name[32];
    snprintf(name, sizeof name, "tls %d %d", (int)c->profile,
             (int)c->client_cert);
    code = h46017_ticket_keys_attach(g->tickets, *pctx, name);
    if (code != 0) {
      SSL_CTX_free(*pctx);
      *pctx = NULL;
    }
  }
  return code;
}

/* Connections that are up keep the context they have. */
void listen_take(gk *g, SSL_CTX *ctx) {
  const own_choice choice = {.certs = g->config.certs, .keys = g->config.keys};
  SSL_CTX_free(g->tls_ctx);
  g->tls_ctx = ctx;
  own_tell(&g->own, &choice, ctx, &g->trust);
}

void listen_refresh(gk *g) {
  SSL_CTX *ctx = NULL;
  bool first = g->tls_ctx == NULL;
  if (listen_context(g, &g->config, &ctx) != 0 || ctx == NULL) {
    return;
  }
  listen_take(g, ctx);
  if (first && !listener_open(g, &g->tls, &g->config.tls.at, true)) {
    SSL_CTX_free(g->tls_ctx);
    g->tls_ctx = NULL;
  }
}

/* TLS starts when its credentials are there; TCP does not wait for them */
static bool tls_start(gk *g) {
  int code = own_open(&g->own, &g->trust.store);
  if (code != 0) {
    report_code(code, "the credentials of %s", g->config.state);
    return false;
  }
  listen_refresh(g);
  return g->tls_ctx != NULL || g->making;
}

static void warn_of_config(const gk *g) {
  const config *c = &g->config;
  if (c->open) {
    report("WARNING: --open: every name that no device holds is let in, "
           "whoever claims it");
  }
  if (!c->tls.off && c->client_cert == CLIENT_CERT_REQUIRE &&
      h46017_trust_count(g->trust.trust) == 0) {
    report("the trust list is empty: every device's certificate will be "
           "refused; h46017-ctl trust add FILE, or rejected trust ID");
  }
  if (!c->tls.off && c->profile == PROFILE_LEGACY_SHA1) {
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
  if (!g->config.tcp.off &&
      !listener_open(g, &g->tcp, &g->config.tcp.at, false)) {
    return false;
  }
  return g->config.tls.off || tls_start(g);
}

void listen_stop(gk *g) {
  listener *all[] = {&g->tcp, &g->tls};
  for (size_t i = 0; i < 2; i++) {
    if (all[i]->tcp != NULL) {
      uv_close((uv_handle_t *)all[i]->tcp, free_handle);
      all[i]->tcp = NULL;
    }
  }
}
