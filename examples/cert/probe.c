/* SPDX-License-Identifier: BSD-2-Clause */
#include "entries.h"
#include "visit.h"

#include "common/address.h"
#include "common/events.h"
#include "common/hex.h"
#include "common/own.h"
#include "common/tls_files.h"
#include "common/wallclock.h"

#include <openssl/ssl.h>
#include <stdio.h>
#include <string.h>

/* Is there a gatekeeper with H.460.17, over TLS or without, and would an
 * endpoint of this state directory believe it? */

enum {
  PROBE_NAME = 256,
  PROBE_SAN,
  PROBE_DN,
  PROBE_ALIAS,
  PROBE_TIMEOUT,
  PATIENCE = 5 /* seconds */
};

typedef struct probe {
  cert *c;
  host_port at;
  const char *name; /* the server's; NULL: the host */
  bool san;         /* in its subjectAltName: a CN is no name */
  const char *dn;   /* or its subject */
  const char *alias;
  uint32_t patience; /* ms */
  int64_t utc;
  trust_state trust;
  own_certs own;
  json_t *visits;
  bool answers; /* somebody does, and may be believed */
  int code;     /* the first reason why not */
} probe;

static int take(void *arg, int id, const char *value) {
  probe *p = arg;
  uint64_t seconds = 0;
  switch (id) {
  case PROBE_NAME:
    p->name = value;
    return 0;
  case PROBE_SAN:
    p->san = true;
    return 0;
  case PROBE_DN:
    p->dn = value;
    return 0;
  case PROBE_ALIAS:
    p->alias = value;
    return 0;
  default:
    if (!options_number(value, 1, 600, &seconds)) {
      return report_usage("--timeout: '%s' is not a number of seconds", value);
    }
    p->patience = (uint32_t)seconds * 1000;
    return 0;
  }
}

/* -- telling --------------------------------------------------------------- */

static void add_text(json_t *o, const char *key, const char *text) {
  events_text(o, key, text && text[0] ? text : NULL, text ? strlen(text) : 0);
}

/* What the server showed, and what an endpoint decides about it: `refused` is
 * its code, or 0. */
static json_t *describe_tls(const visit *v, int refused) {
  char hex[65];
  json_t *o = json_object();
  add_text(o, "version", v->version);
  add_text(o, "cipher", v->cipher);
  json_object_set(o, "chain", v->chain);
  json_object_set_new(o, "accepted", json_boolean(refused == 0));
  events_code(o, refused);
  if (v->trusted) {
    hex_print(v->entry, sizeof v->entry, hex);
    json_object_set_new(o, "trusted_by", json_string(hex));
  }
  return o;
}

static void record(probe *p, const visit *v, int refused) {
  json_t *o = json_object();
  int code = refused ? refused : v->code;
  add_text(o, "transport", v->ctx ? "tls" : "tcp");
  json_object_set_new(o, "port", json_integer(v->port));
  json_object_set_new(o, "connected", json_boolean(v->connected));
  json_object_set_new(o, "heard", json_boolean(v->heard));
  json_object_set_new(o, "echo", json_boolean(v->echoed));
  json_object_set_new(o, "tls",
                      v->tls ? describe_tls(v, refused) : json_null());
  json_object_set_new(o, "h46017", json_boolean(v->answer != NULL));
  add_text(o, "answer", v->answer);
  add_text(o, "reason", v->reason);
  add_text(o, "gatekeeper", v->gatekeeper);
  add_text(o, "text", v->text);
  events_code(o, v->code);
  json_array_append_new(p->visits, o);
  p->answers = p->answers || (v->answer != NULL && refused == 0);
  p->code = p->code ? p->code : code;
}

static void print_code(int code, const char *text) {
  printf("  %s%s", h46017_strerror(code), text[0] ? ": " : "");
  entries_print_text(text);
  printf(" (%s)\n    %s\n", h46017_error_name(code), h46017_error_remedy(code));
}

static void print_chain(const visit *v, int refused) {
  static const char *const keys[] = {"subject", "issuer", "not_after",
                                     "san",     "key",    "sha256"};
  size_t i;
  json_t *x;
  json_array_foreach(v->chain, i, x) {
    json_t *some = json_object();
    for (size_t k = 0; k < sizeof keys / sizeof *keys; k++) {
      json_object_set(some, keys[k], json_object_get(x, keys[k]));
    }
    printf("  certificate %zu\n", i);
    entries_print(some);
  }
  if (refused != 0) {
    printf("  an endpoint here refuses it:\n");
    print_code(refused, "");
  } else if (v->trusted) {
    char hex[65];
    hex_print(v->entry, sizeof v->entry, hex);
    printf("  an endpoint here accepts it, by entry %.12s of the trust list\n",
           hex);
  }
}

static void print_visit(const probe *p, const visit *v, int refused) {
  if (p->c->json) {
    return;
  }
  printf("%s port %u, %s: ", v->host, v->port, v->ctx ? "TLS" : "TCP");
  if (v->tls) {
    printf("%s, %s\n", v->version, v->cipher);
    print_chain(v, refused);
  } else {
    printf("%s\n", v->connected ? "connected" : "no connection");
  }
  if (v->answer != NULL) {
    printf("  a gatekeeper with H.460.17, '");
    entries_print_text(v->gatekeeper);
    printf("': %s%s%s\n", v->answer, v->reason ? ", " : "",
           v->reason ? v->reason : "");
    return;
  }
  if (v->echoed) {
    printf("  it sends back what it is sent: no gatekeeper\n");
  } else if (v->connected && !v->heard) {
    printf("  it takes connections and says nothing: is there anything behind "
           "it?\n");
  }
  print_code(v->code, v->text);
}

/* -- visiting -------------------------------------------------------------- */

static void begin(const probe *p, visit *v, uint16_t port) {
  *v = (visit){.host = p->at.host,
               .port = port,
               .name = p->alias,
               .patience = p->patience,
               .trust = p->trust.trust,
               .utc = p->utc};
}

static bool is_refusal(int code) {
  return h46017_error_class(code) == H46017_ERROR_TRUST;
}

/* False: it does not speak TLS. */
static bool visit_tls(probe *p, uint16_t port, SSL_CTX *ctx, bool quiet) {
  visit v;
  int refused = 0;
  begin(p, &v, port);
  v.ctx = ctx;
  v.check = p->dn    ? H46017_SERVER_CHECK_SUBJECT
            : p->san ? H46017_SERVER_CHECK_SAN
                     : H46017_SERVER_CHECK_NAME;
  v.server_name = p->dn ? p->dn : p->name;
  visit_run(&v);
  if (!v.tls && is_refusal(v.code)) {
    /* what an endpoint would do is known; now what is there all the same */
    refused = v.code;
    json_decref(v.chain);
    begin(p, &v, port);
    v.ctx = ctx;
    v.check = H46017_SERVER_CHECK_NONE;
    visit_run(&v);
  }
  bool is_tls = v.tls || v.code == H46017_ERR_CERT_REFUSED_BY_PEER;
  if (is_tls || !quiet || !v.connected) {
    record(p, &v, refused);
    print_visit(p, &v, refused);
  }
  json_decref(v.chain);
  return is_tls || !v.connected;
}

static void visit_tcp(probe *p, uint16_t port) {
  visit v;
  begin(p, &v, port);
  visit_run(&v);
  record(p, &v, 0);
  print_visit(p, &v, 0);
  json_decref(v.chain);
}

static int make_context(probe *p, SSL_CTX **pctx) {
  tls_files files = {
      .role = H46017_TLS_CLIENT, .own = &p->own, .trust = p->trust.trust};
  int code = own_open(&p->own, &p->trust.store);
  code = code ? code : tls_files_context(pctx, &files);
  if (code == H46017_ERR_NOT_FOUND) {
    files.own = NULL; /* looking makes none */
    code = tls_files_context(pctx, &files);
  }
  return code;
}

static int go(probe *p) {
  const int64_t floor = CLOCK_FLOOR;
  uint16_t given = p->at.port;
  SSL_CTX *ctx = NULL;
  int status = entries_open(p->c, &p->trust);
  if (status != 0) {
    return status;
  }
  int code = make_context(p, &ctx);
  if (code == 0) {
    p->name = p->name ? p->name : p->at.host;
    code = tls_files_server(ctx, p->name, p->dn);
  }
  if (code != 0) {
    SSL_CTX_free(ctx);
    return cert_fail(p->c, code, "%s", p->dn ? p->dn : p->name);
  }
  if (!clock_utc_now(&p->utc, &floor)) {
    p->utc = 0;
  }
  /* one port: whatever is spoken there; else each at its own */
  if (!visit_tls(p, given ? given : ADDRESS_PORT_TLS, ctx, given != 0) ||
      given == 0) {
    visit_tcp(p, given ? given : ADDRESS_PORT_TCP);
  }
  SSL_CTX_free(ctx);
  json_t *members = json_object();
  add_text(members, "host", p->at.host);
  json_object_set(members, "visits", p->visits);
  return p->answers ? cert_done(p->c, members)
                    : cert_refuse(p->c, p->code, members);
}

static int probe_host(cert *c, int argc, char **argv) {
  static const option_spec specs[] = {
      {PROBE_NAME, "server-name", "NAME", "the name in its certificate; HOST"},
      {PROBE_SAN, "server-san", NULL,
       "that name has to be in its subjectAltName: a CN is none"},
      {PROBE_DN, "server-dn", "DN",
       "the whole subject of its certificate instead: CN=gk,O=Example"},
      {PROBE_ALIAS, "alias", "NAME", "what to register; h46017-probe"},
      {PROBE_TIMEOUT, "timeout", "S", "seconds to wait for each step; 5"},
  };
  static const cert_syntax syntax = {
      specs,
      sizeof specs / sizeof *specs,
      {"probe HOST[:PORT] [OPTION]...",
       "Finds out whether a gatekeeper with H.460.17 is there: TLS or TCP, "
       "its\n"
       "certificates and what an endpoint here would decide about them, and\n"
       "whether it answers a registration, which is given back at once.\n"
       "Without PORT: TLS at 1300 and TCP at 1720.",
       "  h46017-cert probe gk.example\n"
       "  h46017-cert probe 192.0.2.1:1300 --server-dn CN=gk,O=Example\n"},
      1,
      1};
  text_list operands = {0};
  probe p = {.c = c,
             .alias = "h46017-probe",
             .patience = PATIENCE * 1000,
             .visits = json_array()};
  int status = cert_arguments(c, &syntax, argc, argv, take, &p, &operands);
  if (status == 0 &&
      (!host_port_parse(operands.items[0], 0, &p.at) || p.at.host[0] == '\0')) {
    status = report_usage("'%s' is not HOST[:PORT]", operands.items[0]);
  }
  if (status == 0 && p.dn != NULL && (p.san || p.name != NULL)) {
    status = report_usage("--server-dn says the whole of it: no --server-name "
                          "and no --server-san beside it");
  }
  if (status == 0) {
    status = go(&p);
  }
  own_close(&p.own);
  trust_state_close(&p.trust);
  json_decref(p.visits);
  text_list_clear(&operands);
  return status;
}

const cert_command cert_probe = {
    "probe", probe_host, "  probe HOST[:PORT]  is a gatekeeper there?\n"};
