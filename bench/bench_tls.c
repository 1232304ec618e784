/* SPDX-License-Identifier: BSD-2-Clause */
/* What TLS costs a registration: handshakes of two bare SSL objects against the
 * same handshakes with trust lists, engines and a registration behind them;
 * what an idle registered connection holds; and a list of ten end entities
 * against one of ten thousand. */
#include "bench.h"

#include <h46017/h46017.h>
#include <h46017/tls.h>
#include <h46017/trust.h>

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include <stdalign.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define DEVICE "0090332f688a"
#define SERVER "gk.example.net"
#define IDLE 64
#define MANY 10000

/* -- OpenSSL's heap, by side ------------------------------------------------
 */

typedef struct counted {
  size_t size;
  bool server;
  alignas(max_align_t) unsigned char data[];
} counted;

static bool server_runs;
static size_t server_octets; /* that OpenSSL holds for servers */

static counted *counted_of(void *ptr) {
  return (counted *)(void *)((unsigned char *)ptr - offsetof(counted, data));
}

static void *counted_malloc(size_t size, const char *file, int line) {
  counted *c = malloc(sizeof(*c) + size);

  (void)file;
  (void)line;
  if (c == NULL) {
    return NULL;
  }
  c->size = size;
  c->server = server_runs;
  server_octets += c->server ? size : 0;
  return c->data;
}

static void counted_free(void *ptr, const char *file, int line) {
  (void)file;
  (void)line;
  if (ptr != NULL) {
    server_octets -= counted_of(ptr)->server ? counted_of(ptr)->size : 0;
    free(counted_of(ptr));
  }
}

static void *counted_realloc(void *ptr, size_t size, const char *file,
                             int line) {
  counted *c = ptr != NULL ? counted_of(ptr) : NULL;
  void *more = NULL;

  if (size > 0) {
    more = counted_malloc(size, file, line);
    if (more == NULL) {
      return NULL;
    }
    if (c != NULL) {
      memcpy(more, ptr, c->size < size ? c->size : size);
    }
  }
  counted_free(ptr, file, line);
  return more;
}

/* -- certificates -----------------------------------------------------------
 */

typedef struct own {
  X509 *x509;
  EVP_PKEY *key;
} own;

static void good(bool what, const char *words) {
  bench_check(what ? 0 : H46017_ERR_TLS, words);
}

static void make_extension(X509 *x, const X509 *issuer, int nid,
                           const char *value) {
  X509_EXTENSION *e;
  X509V3_CTX ctx;

  X509V3_set_ctx(&ctx, (X509 *)(uintptr_t)issuer, x, NULL, NULL, 0);
  e = X509V3_EXT_conf_nid(NULL, &ctx, nid, value);
  good(e != NULL && X509_add_ext(x, e, -1) == 1, "extension");
  X509_EXTENSION_free(e);
}

/* EC P-256; the key given, or a new one. */
static own make_own(const char *cn, const own *issuer, EVP_PKEY *key) {
  static long serial;
  own o = {X509_new(), key != NULL ? key : EVP_EC_gen("P-256")};
  X509_NAME *name = X509_get_subject_name(o.x509);
  const own *by = issuer != NULL ? issuer : &o;
  char san[64];

  (void)snprintf(san, sizeof(san), "DNS:%s", cn);
  good(o.x509 != NULL && o.key != NULL &&
           X509_set_version(o.x509, X509_VERSION_3) == 1 &&
           ASN1_INTEGER_set(X509_get_serialNumber(o.x509), ++serial) == 1 &&
           X509_gmtime_adj(X509_getm_notBefore(o.x509), -86400) != NULL &&
           X509_gmtime_adj(X509_getm_notAfter(o.x509), 864000) != NULL &&
           X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_UTF8,
                                      (const unsigned char *)cn, -1, -1,
                                      0) == 1 &&
           X509_set_issuer_name(o.x509, X509_get_subject_name(by->x509)) == 1 &&
           X509_set_pubkey(o.x509, o.key) == 1,
       "certificate");
  make_extension(o.x509, by->x509, NID_basic_constraints,
                 issuer != NULL ? "critical,CA:FALSE" : "critical,CA:TRUE");
  make_extension(o.x509, by->x509, NID_key_usage,
                 issuer != NULL ? "critical,digitalSignature"
                                : "critical,keyCertSign");
  make_extension(o.x509, by->x509, NID_subject_alt_name, san);
  good(X509_sign(o.x509, by->key, EVP_sha256()) > 0, "signature");
  return o;
}

static own root, gatekeeper_own, phone;

static h46017_trust *new_list(void) {
  h46017_trust *t = NULL;

  bench_check(h46017_trust_new(&t, NULL, &bench_mem), "trust list");
  return t;
}

static void put(BIO *pem, const own *o) {
  good(PEM_write_bio_X509(pem, o->x509) == 1, "PEM");
}

static void add(h46017_trust *t, BIO *pem, h46017_trust_kind kind) {
  h46017_trust_add_options options;
  char *text = NULL;
  long len = BIO_get_mem_data(pem, &text);

  h46017_trust_add_options_default(&options);
  options.kind = kind;
  options.utc_now = (int64_t)time(NULL);
  bench_check(h46017_trust_add(t, (const uint8_t *)text, (size_t)len, &options,
                               NULL, NULL),
              "trust");
  BIO_free(pem);
}

/* The phone, and others up to so many. */
static h46017_trust *list_of(int count) {
  h46017_trust *t = new_list();
  BIO *pem = BIO_new(BIO_s_mem());

  put(pem, &phone);
  for (int i = 1; i < count; i++) {
    own o = make_own("another phone", &root, phone.key);

    put(pem, &o);
    X509_free(o.x509);
  }
  add(t, pem, H46017_TRUST_END_ENTITY);
  return t;
}

/* -- contexts ---------------------------------------------------------------
 */

static SSL_CTX *new_context(h46017_tls_role role, const own *o) {
  SSL_CTX *ctx = SSL_CTX_new(role == H46017_TLS_SERVER ? TLS_server_method()
                                                       : TLS_client_method());

  good(ctx != NULL, "context");
  bench_check(h46017_tls_ctx_defaults(ctx, role, H46017_TLS_MODERN), "context");
  good(SSL_CTX_use_cert_and_key(ctx, o->x509, o->key, NULL, 1) == 1, "own");
  return ctx;
}

/* As a program without this library has it: a store, OpenSSL's verification,
 * one ticket. */
static void make_bare(SSL_CTX *ctx, bool server) {
  SSL_CTX_set_cert_verify_callback(ctx, NULL, NULL);
  SSL_CTX_set_verify(ctx, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT,
                     NULL);
  SSL_CTX_clear_options(ctx, SSL_OP_NO_TICKET);
  good(X509_STORE_add_cert(SSL_CTX_get_cert_store(ctx), root.x509) == 1 &&
           (!server || SSL_CTX_set_num_tickets(ctx, 1) == 1),
       "bare context");
}

static void make_ours(SSL_CTX *ctx, const h46017_trust *trust,
                      h46017_tls_role role) {
  bench_check(h46017_trust_attach(trust, ctx, role, H46017_CLIENT_CERT_REQUIRE),
              "attach");
}

/* -- bare -------------------------------------------------------------------
 */

typedef struct subject {
  SSL_CTX *client, *server;
  const h46017_trust *trust, *client_trust; /* NULL: bare */
  SSL_SESSION *session;                     /* NULL: full handshakes */
  const bench_case *timed;
} subject;

static void bare_step(SSL *ssl) {
  int rv;

  ERR_clear_error();
  rv = SSL_do_handshake(ssl);
  good(rv == 1 || SSL_get_error(ssl, rv) == SSL_ERROR_WANT_READ, "handshake");
}

/* Gives what the client ends up with, when asked. */
static SSL_SESSION *bare_once(subject *s, bool want) {
  SSL *client = SSL_new(s->client);
  SSL *server = SSL_new(s->server);
  SSL_SESSION *session = NULL;
  BIO *a = NULL;
  BIO *b = NULL;
  char octet;

  good(client != NULL && server != NULL && BIO_new_bio_pair(&a, 0, &b, 0) == 1,
       "SSL");
  SSL_set_bio(client, a, a);
  SSL_set_bio(server, b, b);
  SSL_set_connect_state(client);
  SSL_set_accept_state(server);
  good(SSL_set1_host(client, SERVER) == 1 &&
           (s->session == NULL || SSL_set_session(client, s->session) == 1),
       "SSL");
  while (SSL_is_init_finished(client) == 0 ||
         SSL_is_init_finished(server) == 0) {
    bare_step(client);
    bare_step(server);
  }
  (void)SSL_read(client, &octet, 1); /* the ticket */
  good(SSL_session_reused(server) == (s->session != NULL), "resumption");
  if (want) {
    session = SSL_get1_session(client);
  }
  SSL_set_shutdown(client, SSL_SENT_SHUTDOWN | SSL_RECEIVED_SHUTDOWN);
  SSL_set_shutdown(server, SSL_SENT_SHUTDOWN | SSL_RECEIVED_SHUTDOWN);
  SSL_free(client);
  SSL_free(server);
  return session;
}

static void run_bare(void *arg, unsigned times) {
  for (; times > 0; times--) {
    (void)bare_once(arg, false);
  }
}

/* -- ours -------------------------------------------------------------------
 */

typedef struct meeting {
  h46017_tls *client, *server;
  h46017_endpoint *endpoint;
  h46017_connection *connection;
  h46017_time now;
  bool registered;
} meeting;

static h46017_gatekeeper *gatekeeper;

static h46017_answered on_select(h46017_gatekeeper *gk, uint64_t question,
                                 const h46017_registration_question *asked,
                                 h46017_registration_answer *answer,
                                 void *user_data) {
  static const char *const ids[] = {DEVICE};
  static h46017_device device;

  (void)gk;
  (void)question;
  (void)asked;
  (void)user_data;
  h46017_device_default(&device);
  device.name = "lobby";
  device.hardware_ids = ids;
  device.hardware_id_count = 1;
  device.tls_only = true;
  answer->device = &device;
  return H46017_ANSWERED;
}

static int on_connect(h46017_endpoint *ep, size_t index, void *user_data) {
  (void)ep;
  (void)index;
  (void)user_data;
  return 0;
}

static int on_registered(h46017_endpoint *ep, uint32_t id,
                         const h46017_ras *rcf, void *user_data) {
  meeting *m = user_data;

  (void)ep;
  (void)id;
  (void)rcf;
  m->registered = true;
  return 0;
}

/* The gatekeeper's connection comes with the identity. */
static void on_completed(h46017_tls *t, const h46017_identity *peer,
                         void *user_data) {
  meeting *m = user_data;

  if (t == m->server) {
    bench_check(
        h46017_connection_new(&m->connection, gatekeeper, peer, m, m->now),
        "connection");
    bench_check(h46017_tls_attach_connection(t, m->connection), "attach");
  }
}

static void new_gatekeeper(void) {
  h46017_gatekeeper_settings settings;
  h46017_gatekeeper_callbacks cb;

  h46017_gatekeeper_settings_default(&settings);
  h46017_gatekeeper_callbacks_default(&cb);
  cb.select_device = on_select;
  cb.rand = bench_rand;
  bench_check(
      h46017_gatekeeper_new(&gatekeeper, &settings, &cb, &bench_mem, NULL, 0),
      "gatekeeper");
}

static void new_endpoint(meeting *m, const char *name) {
  const h46017_alias alias = {H46017_ALIAS_H323_ID, 0, {name, strlen(name)}};
  h46017_endpoint_callbacks cb;
  h46017_registration r;
  uint32_t id;

  h46017_endpoint_callbacks_default(&cb);
  cb.connect = on_connect;
  cb.rand = bench_rand;
  cb.registered = on_registered;
  h46017_registration_default(&r);
  r.aliases = &alias;
  r.alias_count = 1;
  bench_check(h46017_endpoint_new(&m->endpoint, NULL, &cb, NULL, m, m->now),
              "endpoint");
  bench_check(h46017_endpoint_add(m->endpoint, &r, &id, m->now), "name");
  bench_check(h46017_endpoint_start(m->endpoint, m->now), "start");
}

static h46017_tls *new_engine(const subject *s, meeting *m,
                              h46017_tls_role role) {
  bool server = role == H46017_TLS_SERVER;
  h46017_tls_settings settings;
  h46017_tls_callbacks cb;
  h46017_tls *t = NULL;

  h46017_tls_settings_default(&settings);
  settings.trust = server ? s->trust : s->client_trust;
  settings.server_name = server ? NULL : SERVER;
  settings.session = server ? NULL : s->session;
  h46017_tls_callbacks_default(&cb);
  cb.handshake_completed = on_completed;
  bench_check(h46017_tls_new(&t, server ? s->server : s->client, role,
                             &settings, &cb, server ? &bench_mem : NULL, m,
                             m->now),
              "engine");
  return t;
}

static bool carry(h46017_tls *from, h46017_tls *to, bool to_server,
                  h46017_time now) {
  const uint8_t *octets;
  size_t len;
  int rv;

  server_runs = !to_server;
  len = h46017_tls_peek_tx(from, &octets);
  if (len == 0) {
    server_runs = false;
    return false;
  }
  server_runs = to_server;
  rv = h46017_tls_recv(to, octets, len, now);
  server_runs = !to_server;
  rv = rv != 0 ? rv : h46017_tls_ack_tx(from, len, now);
  server_runs = false;
  bench_check(rv, "octets");
  return true;
}

static void pump_server(meeting *m) {
  h46017_connection *ready;

  server_runs = true;
  while (h46017_gatekeeper_next_ready(gatekeeper, &ready)) {
  }
  bench_check(h46017_tls_pump(m->server, m->now), "pump");
  server_runs = false;
}

static void meet(const subject *s, meeting *m, const char *name) {
  static h46017_time now; /* goes on: so many at once would have to wait */
  bool moved = true;

  memset(m, 0, sizeof(*m));
  m->now = now += 1000;
  new_endpoint(m, name);
  m->client = new_engine(s, m, H46017_TLS_CLIENT);
  bench_check(h46017_tls_attach_endpoint(m->client, m->endpoint), "attach");
  server_runs = true;
  m->server = new_engine(s, m, H46017_TLS_SERVER);
  server_runs = false;
  while (moved) {
    moved = carry(m->client, m->server, true, m->now);
    pump_server(m);
    moved = carry(m->server, m->client, false, m->now) || moved;
  }
  bench_check(m->registered ? 0 : H46017_ERR_INTERNAL, "registration");
  good(h46017_tls_is_resumed(m->server) == (s->session != NULL), "resumption");
}

static void part(meeting *m) {
  h46017_tls_del(m->client);
  h46017_tls_del(m->server);
  h46017_connection_del(m->connection);
  h46017_endpoint_del(m->endpoint);
}

static void run_ours(void *arg, unsigned times) {
  for (; times > 0; times--) {
    meeting m;

    meet(arg, &m, DEVICE);
    part(&m);
  }
}

/* -- what is compared -------------------------------------------------------
 */

static subject bare_full, bare_resumed, ours_full, ours_resumed, few, many;

static void add_subjects(const h46017_trust *authority) {
  meeting m;

  bare_full.client = new_context(H46017_TLS_CLIENT, &phone);
  bare_full.server = new_context(H46017_TLS_SERVER, &gatekeeper_own);
  make_bare(bare_full.client, false);
  make_bare(bare_full.server, true);
  bare_resumed = bare_full;
  bare_resumed.session = bare_once(&bare_full, true);

  ours_full.client = new_context(H46017_TLS_CLIENT, &phone);
  ours_full.server = new_context(H46017_TLS_SERVER, &gatekeeper_own);
  ours_full.trust = ours_full.client_trust = authority;
  make_ours(ours_full.client, authority, H46017_TLS_CLIENT);
  make_ours(ours_full.server, authority, H46017_TLS_SERVER);
  ours_resumed = ours_full;
  meet(&ours_full, &m, DEVICE);
  ours_resumed.session = SSL_get1_session(h46017_tls_ssl(m.client));
  part(&m);

  few = many = ours_full;
  few.trust = list_of(10);
  many.trust = list_of(MANY);
  few.server = new_context(H46017_TLS_SERVER, &gatekeeper_own);
  many.server = new_context(H46017_TLS_SERVER, &gatekeeper_own);
  make_ours(few.server, few.trust, H46017_TLS_SERVER);
  make_ours(many.server, many.trust, H46017_TLS_SERVER);

  bare_full.timed = bench_add(run_bare, &bare_full);
  ours_full.timed = bench_add(run_ours, &ours_full);
  bare_resumed.timed = bench_add(run_bare, &bare_resumed);
  ours_resumed.timed = bench_add(run_ours, &ours_resumed);
  few.timed = bench_add(run_ours, &few);
  many.timed = bench_add(run_ours, &many);
}

static void report_idle(void) {
  static meeting idle[IDLE];
  size_t ours = bench_heap_now.octets;
  size_t openssl = server_octets;

  for (int i = 0; i < IDLE; i++) {
    char name[32];

    (void)snprintf(name, sizeof(name), DEVICE "-TEL%d", i);
    meet(&ours_full, &idle[i], name);
  }
  ours = (bench_heap_now.octets - ours) / IDLE;
  openssl = (server_octets - openssl) / IDLE;
  printf("an idle registered connection, server side: %zu octets of heap, "
         "%zu of them ours\n",
         ours + openssl, ours);
  for (int i = 0; i < IDLE; i++) {
    part(&idle[i]);
  }
}

static void report_pair(const char *what, const subject *s,
                        const subject *base) {
  double ratio = bench_to(s->timed, base->timed);

  printf("%-34s %9.0f %9.0f %8.3f %7.1f %%\n", what,
         bench_ns(base->timed) / 1e3, bench_ns(s->timed) / 1e3, ratio,
         100 / ratio);
}

int main(int argc, char **argv) {
  unsigned rounds = argc > 1 ? (unsigned)strtoul(argv[1], NULL, 10) : 101;
  h46017_trust *authority;
  BIO *pem;

  good(CRYPTO_set_mem_functions(counted_malloc, counted_realloc,
                                counted_free) == 1,
       "heap");
  root = make_own("Example Root", NULL, NULL);
  gatekeeper_own = make_own(SERVER, &root, NULL);
  phone = make_own(DEVICE, &root, NULL);
  authority = new_list();
  pem = BIO_new(BIO_s_mem());
  put(pem, &root);
  add(authority, pem, H46017_TRUST_AUTHORITY);
  new_gatekeeper();
  add_subjects(authority);
  report_idle();
  bench_all(rounds);
  printf("%-34s %9s %9s %8s %9s\n", "microseconds, TLS 1.3, P-256", "base",
         "ours", "ratio", "speed");
  report_pair("full + registration : bare", &ours_full, &bare_full);
  report_pair("resumed + registration : bare", &ours_resumed, &bare_resumed);
  report_pair("10000 end entities : 10", &many, &few);
  return EXIT_SUCCESS;
}
