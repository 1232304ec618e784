/* SPDX-License-Identifier: BSD-2-Clause */
/* RAS octets into a Facility and out of one, and the exchange that a gatekeeper
 * spends its days with: an endpoint's keep-alive RRQ and its RCF, both sides in
 * one process, from the endpoint's timer to the endpoint's next timer. */
#include "bench.h"
#include "pdus.h"

#include <h46017/h46017.h>
#ifdef BENCH_TLS
#include <h46017/tls.h>
#endif

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define DEVICE "0090332f688a"
#define MESSAGE_SIZE 512
#define IDLE_CONNECTIONS 256

/* -- the tunnel ------------------------------------------------------------ */

typedef struct tunnel_subject {
  h46017_tunnel *tunnel;
  uint8_t per[MESSAGE_SIZE];
  size_t len;
  uint8_t tpkt[MESSAGE_SIZE * 2];
  size_t tpkt_len;
  size_t received;
  const bench_case *in_case;
  const bench_case *out_case;
} tunnel_subject;

static tunnel_subject tunnel_keepalive;

static int tunnel_received(h46017_tunnel *t, const uint8_t *per, size_t len,
                           void *user_data) {
  tunnel_subject *s = user_data;

  (void)t;
  s->received += len == s->len && per[0] == s->per[0];
  return 0;
}

static void run_tunnel_out(void *arg, unsigned times) {
  tunnel_subject *s = arg;
  const uint8_t *octets;
  int rv = 0;

  for (; times > 0; times--) {
    rv |= h46017_tunnel_write_ras(s->tunnel, s->per, s->len);
    rv |= h46017_tunnel_ack_tx(s->tunnel,
                               h46017_tunnel_peek_tx(s->tunnel, &octets), 0);
  }
  bench_check(rv, "tunnel out");
}

static void run_tunnel_in(void *arg, unsigned times) {
  tunnel_subject *s = arg;
  size_t before = s->received;
  int rv = 0;

  for (unsigned i = 0; i < times; i++) {
    rv |= h46017_tunnel_recv(s->tunnel, s->tpkt, s->tpkt_len, 0);
  }
  bench_check(rv != 0 || s->received - before == times ? rv
                                                       : H46017_ERR_INTERNAL,
              "tunnel in");
}

static void tunnel_add(tunnel_subject *s, const uint8_t *per, size_t len) {
  h46017_tunnel_callbacks cb;
  const uint8_t *octets;

  h46017_tunnel_callbacks_default(&cb);
  cb.ras_received = tunnel_received;
  memcpy(s->per, per, len);
  s->len = len;
  bench_check(h46017_tunnel_new(&s->tunnel, NULL, &cb, &bench_mem, s, 0),
              "tunnel");
  bench_check(h46017_tunnel_write_ras(s->tunnel, s->per, s->len), "tunnel");
  s->tpkt_len = h46017_tunnel_peek_tx(s->tunnel, &octets);
  memcpy(s->tpkt, octets, s->tpkt_len);
  bench_check(h46017_tunnel_ack_tx(s->tunnel, s->tpkt_len, 0), "tunnel");
  s->out_case = bench_add(run_tunnel_out, s);
  s->in_case = bench_add(run_tunnel_in, s);
}

/* -- the sessions ---------------------------------------------------------- */

/* One of the two messages of the exchange, on its own. */
typedef struct exchange_message {
  h46017_h225 *in;
  h46017_h225 *out;
  uint8_t per[MESSAGE_SIZE];
  uint8_t copy[MESSAGE_SIZE];
  size_t len;
} exchange_message;

typedef struct exchange {
  h46017_time now;
  h46017_endpoint *endpoint;
  h46017_gatekeeper *gatekeeper;
  h46017_connection *connection;
  size_t refreshed;
  size_t allocations; /* of one exchange, once warm */
  size_t idle;        /* octets an idle registered connection holds */
  exchange_message rrq;
  exchange_message rcf;
  const h46017_crypto *crypto; /* NULL: without a password */
  const bench_case *whole;
  const bench_case *codec; /* the four operations, in turn */
  const bench_case *each[4];
} exchange;

static exchange sessions;
#ifdef BENCH_TLS
static exchange protected_sessions;
#endif

static int exchange_connect(h46017_endpoint *ep, size_t index,
                            void *user_data) {
  (void)ep;
  (void)index;
  (void)user_data;
  return 0;
}

static void exchange_keep(exchange_message *m, const uint8_t *per, size_t len) {
  bench_check(len <= sizeof(m->per) ? 0 : H46017_ERR_TOO_LARGE, "message");
  memcpy(m->per, per, len);
  m->len = len;
}

/* The first keep-alive and its answer; later ones are not looked at. */
static int exchange_rrq_received(h46017_gatekeeper *gk, h46017_connection *c,
                                 h46017_h225 *msg, const h46017_ras *ras,
                                 const uint8_t *per, size_t len,
                                 void *user_data) {
  exchange *x = user_data;

  (void)gk;
  (void)c;
  (void)msg;
  if (ras->u.rrq.keep_alive && x->rrq.len == 0) {
    exchange_keep(&x->rrq, per, len);
  }
  return 0;
}

static int exchange_rcf_received(h46017_endpoint *ep, h46017_h225 *msg,
                                 const h46017_ras *ras, const uint8_t *per,
                                 size_t len, void *user_data) {
  exchange *x = user_data;

  (void)ep;
  (void)msg;
  (void)ras;
  if (x->rrq.len > 0 && x->rcf.len == 0) {
    exchange_keep(&x->rcf, per, len);
  }
  return 0;
}

static h46017_answered
exchange_select_device(h46017_gatekeeper *gk, uint64_t question,
                       const h46017_registration_question *asked,
                       h46017_registration_answer *answer, void *user_data) {
  static const char *const ids[] = {DEVICE};
  static h46017_device device;

  (void)gk;
  (void)question;
  const exchange *x = user_data;
  (void)asked;
  h46017_device_default(&device);
  device.name = DEVICE;
  device.hardware_ids = ids;
  device.hardware_id_count = 1;
  device.auth = H46017_AUTH_OPEN;
  answer->device = &device;
  answer->secret = x->crypto != NULL ? "a password" : NULL;
  answer->secret_len = 10;
  return H46017_ANSWERED;
}

static int exchange_refreshed(h46017_gatekeeper *gk,
                              const h46017_registered *reg, void *user_data) {
  exchange *x = user_data;

  (void)gk;
  (void)reg;
  x->refreshed++;
  return 0;
}

/* What is queued goes across, either way, until nothing is. */
static int exchange_carry(exchange *x) {
  h46017_connection *ready;
  const uint8_t *octets;
  size_t len;
  int rv = 0;

  do {
    len = h46017_endpoint_peek_tx(x->endpoint, &octets);
    if (len > 0) {
      rv |= h46017_connection_recv(x->connection, octets, len, x->now);
      rv |= h46017_endpoint_ack_tx(x->endpoint, len, x->now);
    }
    while (h46017_gatekeeper_next_ready(x->gatekeeper, &ready)) {
      len = h46017_connection_peek_tx(ready, &octets);
      rv |= h46017_endpoint_recv(x->endpoint, octets, len, x->now);
      rv |= h46017_connection_ack_tx(ready, len, x->now);
    }
  } while (rv == 0 && h46017_endpoint_want_write(x->endpoint));
  return rv;
}

static void run_exchange(void *arg, unsigned times) {
  exchange *x = arg;
  size_t before = x->refreshed;
  int rv = 0;

  for (unsigned i = 0; i < times; i++) {
    x->now = h46017_endpoint_next_expiry(x->endpoint);
    rv |= h46017_endpoint_handle_expiry(x->endpoint, x->now);
    rv |= exchange_carry(x);
  }
  bench_check(rv != 0 || x->refreshed - before == times ? rv
                                                        : H46017_ERR_INTERNAL,
              "exchange");
}

static void run_message_decode(void *arg, unsigned times) {
  exchange_message *m = arg;
  int rv = 0;

  for (; times > 0; times--) {
    rv |= h46017_h225_decode(m->in, h46017_h225_ras_message(), m->per, m->len);
  }
  bench_check(rv, "decode");
}

static void run_message_encode(void *arg, unsigned times) {
  exchange_message *m = arg;
  size_t len;
  int rv = 0;

  for (; times > 0; times--) {
    rv |= h46017_h225_encode(m->out, m->copy, sizeof(m->copy), &len);
  }
  bench_check(rv, "encode");
}

/* What the codec does in an exchange, one after the other as it does it there:
 * an operation that follows itself is faster than in any program. */
static void run_codec(void *arg, unsigned times) {
  exchange *x = arg;

  for (; times > 0; times--) {
    run_message_encode(&x->rrq, 1);
    run_message_decode(&x->rrq, 1);
    run_message_encode(&x->rcf, 1);
    run_message_decode(&x->rcf, 1);
  }
}

/* Time goes on for the tokens too, whatever the machine's clock says. */
static bool exchange_utc(int64_t *seconds, void *user_data) {
  const exchange *x = user_data;

  *seconds = 1600000000 + (int64_t)(x->now / 1000);
  return true;
}

static void exchange_new_gatekeeper(exchange *x) {
  h46017_gatekeeper_settings settings;
  h46017_gatekeeper_callbacks cb;

  x->now = 1000;
  h46017_gatekeeper_callbacks_default(&cb);
  cb.select_device = exchange_select_device;
  cb.rand = bench_rand;
  cb.refreshed = exchange_refreshed;
  cb.ras_received = exchange_rrq_received;
  cb.utc_now = exchange_utc;
  h46017_gatekeeper_settings_default(&settings);
  settings.crypto = x->crypto;
  bench_check(h46017_gatekeeper_new(&x->gatekeeper, &settings, &cb, &bench_mem,
                                    x, x->now),
              "gatekeeper");
}

/* A connection, and an endpoint that registers on it. */
static void exchange_register(exchange *x, const char *name,
                              const h46017_mem *mem) {
  const h46017_alias alias = {H46017_ALIAS_H323_ID, 0, {name, strlen(name)}};
  h46017_endpoint_settings settings;
  h46017_endpoint_callbacks cb;
  h46017_registration r;
  size_t before = h46017_gatekeeper_registration_count(x->gatekeeper);

  h46017_endpoint_callbacks_default(&cb);
  cb.connect = exchange_connect;
  cb.rand = bench_rand;
  cb.ras_received = exchange_rcf_received;
  cb.utc_now = exchange_utc;
  h46017_endpoint_settings_default(&settings);
  settings.crypto = x->crypto;
  h46017_registration_default(&r);
  r.aliases = &alias;
  r.alias_count = 1;
  r.password = x->crypto != NULL ? "a password" : NULL;
  r.password_len = 10;
  bench_check(
      h46017_connection_new(&x->connection, x->gatekeeper, NULL, NULL, x->now),
      "connection");
  bench_check(h46017_endpoint_new(&x->endpoint, &settings, &cb, mem, x, x->now),
              "endpoint");
  bench_check(h46017_endpoint_add(x->endpoint, &r, NULL, x->now), "endpoint");
  bench_check(h46017_endpoint_start(x->endpoint, x->now), "endpoint");
  bench_check(h46017_endpoint_transport_up(x->endpoint, NULL, x->now),
              "endpoint");
  bench_check(exchange_carry(x), "registering");
  bench_check(h46017_gatekeeper_registration_count(x->gatekeeper) == before + 1
                  ? 0
                  : H46017_ERR_NOT_REGISTERED,
              "registering");
}

/* What a connection costs while nothing happens on it: many are registered,
 * each has had one keep-alive. */
static size_t exchange_idle_octets(void) {
  static exchange x;
  size_t before = 0;

  exchange_new_gatekeeper(&x);
  for (unsigned i = 0; i <= IDLE_CONNECTIONS; i++) {
    char name[32];
    (void)snprintf(name, sizeof(name), DEVICE "-%u", i);
    exchange_register(&x, name, NULL);
    run_exchange(&x, 1);
    h46017_endpoint_del(x.endpoint); /* the connection is not told */
    if (i == 0) {
      before = bench_heap_now.octets; /* with what the gatekeeper shares */
    }
  }
  before = bench_heap_now.octets - before;
  h46017_gatekeeper_del(x.gatekeeper);
  return before / IDLE_CONNECTIONS;
}

static void message_add(exchange_message *m, const bench_case **pencode,
                        const bench_case **pdecode) {
  bench_check(h46017_h225_new(&m->in, NULL, &bench_mem), "message");
  bench_check(h46017_h225_new(&m->out, NULL, &bench_mem), "message");
  bench_check(
      h46017_h225_decode(m->out, h46017_h225_ras_message(), m->per, m->len),
      "message");
  *pencode = bench_add(run_message_encode, m);
  *pdecode = bench_add(run_message_decode, m);
}

void bench_exchange_add(void) {
  exchange *x = &sessions;
  size_t before;

  x->idle = exchange_idle_octets();
  exchange_new_gatekeeper(x);
  exchange_register(x, DEVICE, &bench_mem);
  run_exchange(x, 64);
  before = bench_heap_now.allocations;
  run_exchange(x, 1000);
  x->allocations = bench_heap_now.allocations - before;
  tunnel_add(&tunnel_keepalive, x->rrq.per, x->rrq.len);
  message_add(&x->rrq, &x->each[0], &x->each[1]);
  message_add(&x->rcf, &x->each[2], &x->each[3]);
  x->codec = bench_add(run_codec, x);
  x->whole = bench_add(run_exchange, x);
#ifdef BENCH_TLS
  {
    static h46017_crypto crypto;
    static h46017_tls_digests *digests;
    exchange *p = &protected_sessions;
    h46017_crypto_default(&crypto);
    bench_check(h46017_tls_digests_new(&digests, &bench_mem), "digests");
    h46017_tls_crypto(&crypto, digests);
    p->crypto = &crypto;
    exchange_new_gatekeeper(p);
    exchange_register(p, DEVICE, &bench_mem);
    run_exchange(p, 64);
    before = bench_heap_now.allocations;
    run_exchange(p, 1000);
    p->allocations = bench_heap_now.allocations - before;
    p->whole = bench_add(run_exchange, p);
  }
#endif
}

void bench_exchange_report(void) {
  const exchange *x = &sessions;

  printf("\ntunnel: ns, a keep-alive RRQ of %zu octets\n\n",
         tunnel_keepalive.len);
  printf("%-28s %8.0f\n%-28s %8.0f\n", "RAS octets to TPKT",
         bench_ns(tunnel_keepalive.out_case), "TPKT to RAS octets",
         bench_ns(tunnel_keepalive.in_case));
  printf("\nkeep-alive exchange: ns, RRQ of %zu octets, RCF of %zu\n\n",
         x->rrq.len, x->rcf.len);
  printf("%-28s %8.0f\n", "encode RRQ", bench_ns(x->each[0]));
  printf("%-28s %8.0f\n", "decode RRQ", bench_ns(x->each[1]));
  printf("%-28s %8.0f\n", "encode RCF", bench_ns(x->each[2]));
  printf("%-28s %8.0f\n", "decode RCF", bench_ns(x->each[3]));
  printf("%-28s %8.0f\n", "the four, in turn", bench_ns(x->codec));
  printf("%-28s %8.0f\n", "the exchange, both sides", bench_ns(x->whole));
  printf("%-28s %8.2f\n", "  to the sum of the four",
         bench_ratio(x->whole, x->each, 4));
  printf("%-28s %8.2f\n", "  to the four in turn",
         bench_to(x->whole, x->codec));
  printf("%-28s %8zu\n", "allocations in 1000", x->allocations);
  printf("%-28s %8zu\n", "octets an idle connection", x->idle);
#ifdef BENCH_TLS
  {
    const exchange *p = &protected_sessions;
    printf(
        "\nwith a password (H.235.1 both ways): ns, RRQ of %zu octets, RCF of "
        "%zu\n\n",
        p->rrq.len, p->rcf.len);
    printf("%-28s %8.0f\n", "the exchange, both sides", bench_ns(p->whole));
    printf("%-28s %8.2f\n", "  to the one without",
           bench_to(p->whole, x->whole));
    printf("%-28s %8zu\n", "allocations in 1000", p->allocations);
  }
#endif
}
