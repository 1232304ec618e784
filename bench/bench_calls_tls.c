/* SPDX-License-Identifier: BSD-2-Clause */
/* From a Setup to its Call Proceeding: on the connection that the caller has,
 * and on one that it has to make first (TLS 1.3, P-256, both certificates
 * checked), as it is where every call has a connection of its own. In one
 * process: the network's round trips, two for that connection, come on top. */
#include "bench.h"
#include "calls.h"

#include <h46017/tls.h>

#include <openssl/evp.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <string.h>

/* A connection's two ends, a tunnel behind each. */
typedef struct tls_wire {
  h46017_tls *end[2]; /* client, server */
  h46017_tunnel *behind[2];
} tls_wire;

static SSL_CTX *contexts[2];
static tls_wire standing;
static switchboard *board;
static unsigned carried; /* messages that came out of a tunnel */
static const bench_case *warm_case;
static const bench_case *cold_case;

static void openssl_check(bool ok, const char *what) {
  bench_check(ok ? 0 : H46017_ERR_TLS, what);
}

/* Its own issuer, as soft phones have them. */
static void make_certificate(SSL_CTX *ctx, SSL_CTX *other) {
  EVP_PKEY *key = EVP_EC_gen("P-256");
  X509 *x = X509_new();
  X509_EXTENSION *san =
      X509V3_EXT_conf_nid(NULL, NULL, NID_subject_alt_name, "DNS:gk.example");
  X509_NAME *name = X509_get_subject_name(x);

  openssl_check(key != NULL && x != NULL && san != NULL, "certificate");
  openssl_check(
      X509_set_version(x, 2) == 1 &&
          ASN1_INTEGER_set(X509_get_serialNumber(x), 1) == 1 &&
          X509_gmtime_adj(X509_getm_notBefore(x), -3600) != NULL &&
          X509_gmtime_adj(X509_getm_notAfter(x), 86400) != NULL &&
          X509_set_pubkey(x, key) == 1 &&
          X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_UTF8,
                                     (const unsigned char *)"0090332f688a", -1,
                                     -1, 0) == 1 &&
          X509_set_issuer_name(x, name) == 1 && X509_add_ext(x, san, -1) == 1 &&
          X509_sign(x, key, EVP_sha256()) > 0,
      "certificate");
  openssl_check(SSL_CTX_use_certificate(ctx, x) == 1 &&
                    SSL_CTX_use_PrivateKey(ctx, key) == 1 &&
                    X509_STORE_add_cert(SSL_CTX_get_cert_store(other), x) == 1,
                "certificate");
  X509_EXTENSION_free(san);
  X509_free(x);
  EVP_PKEY_free(key);
}

static int on_signalling(h46017_tunnel *t, const h46017_q931 *msg,
                         const uint8_t *q931, size_t len, void *user_data) {
  (void)t;
  (void)msg;
  (void)q931;
  (void)len;
  (void)user_data;
  carried++;
  return 0;
}

static void wire_open(tls_wire *w) {
  h46017_tls_settings s;
  h46017_tunnel_callbacks cb;

  h46017_tls_settings_default(&s);
  s.server_name = "gk.example";
  h46017_tunnel_callbacks_default(&cb);
  cb.signalling_received = on_signalling;
  for (int i = 0; i < 2; i++) {
    bench_check(h46017_tls_new(&w->end[i], contexts[i],
                               i == 0 ? H46017_TLS_CLIENT : H46017_TLS_SERVER,
                               &s, NULL, NULL, NULL, board->now),
                "TLS");
    bench_check(
        h46017_tunnel_new(&w->behind[i], NULL, &cb, NULL, NULL, board->now),
        "tunnel");
    bench_check(h46017_tls_attach_tunnel(w->end[i], w->behind[i]), "TLS");
  }
}

static void wire_close(tls_wire *w) {
  for (int i = 0; i < 2; i++) {
    h46017_tls_del(w->end[i]);
    h46017_tunnel_del(w->behind[i]);
  }
}

/* Until nothing waits on either side. */
static void wire_carry(tls_wire *w) {
  bool moved = true;

  while (moved) {
    moved = false;
    for (int i = 0; i < 2; i++) {
      const uint8_t *p;
      size_t n = h46017_tls_peek_tx(w->end[i], &p);
      if (n > 0) {
        bench_check(h46017_tls_recv(w->end[1 - i], p, n, board->now), "TLS");
        bench_check(h46017_tls_ack_tx(w->end[i], n, board->now), "TLS");
        moved = true;
      }
    }
  }
}

static void wire_send(tls_wire *w, int from, const uint8_t *octets,
                      size_t len) {
  unsigned before = carried;

  bench_check(
      h46017_tunnel_write_signalling(w->behind[from], octets + 4, len - 4),
      "message");
  bench_check(h46017_tls_pump(w->end[from], board->now), "TLS");
  wire_carry(w);
  bench_check(carried == before + 1 ? 0 : H46017_ERR_INTERNAL, "message");
}

/* Setup and Call Proceeding, over TLS on the caller's side; the rest of the
 * call, so that it is over, in none of the two cases less. */
static void answered(tls_wire *w) {
  switchboard *b = board;
  uint8_t reference[2];

  b->now += 10;
  bench_check(h46017_gatekeeper_handle_expiry(b->gk, b->now), "expiry");
  for (size_t i = 0; i < b->frame_count; i++) {
    const frame *f = &b->frames[i];
    const uint8_t *out;
    size_t len;
    if (i == 0) {
      wire_send(w, 0, f->octets, f->len);
    }
    len = switchboard_relay(b, f, reference, &out);
    if (i == 1) {
      wire_send(w, 1, out, len);
    }
    bench_check(
        h46017_connection_ack_tx(b->conn[f->by_caller ? 1 : 0], len, b->now),
        "ack");
    if (i == 1) {
      i = b->frame_count - 2; /* the release is next */
    }
  }
}

static void run_warm(void *arg, unsigned times) {
  for (; times > 0; times--) {
    answered(arg);
  }
}

static void run_cold(void *arg, unsigned times) {
  tls_wire w;

  (void)arg;
  for (; times > 0; times--) {
    wire_open(&w);
    wire_carry(&w);
    answered(&w);
    wire_close(&w);
  }
}

void bench_calls_tls_add(switchboard *b) {
  board = b;
  for (int i = 0; i < 2; i++) {
    contexts[i] = SSL_CTX_new(TLS_method());
    openssl_check(contexts[i] != NULL, "context");
    bench_check(h46017_tls_ctx_defaults(
                    contexts[i], i == 0 ? H46017_TLS_CLIENT : H46017_TLS_SERVER,
                    H46017_TLS_MODERN),
                "context");
  }
  make_certificate(contexts[0], contexts[1]);
  make_certificate(contexts[1], contexts[0]);
  wire_open(&standing);
  wire_carry(&standing);
  warm_case = bench_add(run_warm, &standing);
  cold_case = bench_add(run_cold, NULL);
}

void bench_calls_tls_report(void) {
  printf(
      "\nSetup to Call Proceeding (and a release), TLS at the caller: ns\n\n");
  printf("%-36s %8.0f\n", "on the connection that is there",
         bench_ns(warm_case));
  printf("%-36s %8.0f\n", "on one that is made for it", bench_ns(cold_case));
  printf("%-36s %8.1f\n", "  the one to the other",
         bench_to(cold_case, warm_case));
  wire_close(&standing);
  SSL_CTX_free(contexts[0]);
  SSL_CTX_free(contexts[1]);
}
