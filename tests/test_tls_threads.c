/* SPDX-License-Identifier: BSD-2-Clause */
/* Handshakes and decryption on worker threads, the gatekeeper on its own: what
 * a worker decrypts goes through a mailbox to the gatekeeper's thread, and what
 * the gatekeeper says comes back the same way. And what threads may share. */
#include "octets.h"
#include "runner.h"
#include "tlspair.h"

#include <h46017/endpoint.h>
#include <h46017/gatekeeper.h>
#include <h46017/trust.h>

#include <check.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define WORKERS 4
#define BOX 65536
#define NAME "0090332f688a"

/* Between a worker and the gatekeeper's thread; everything under the lock. */
typedef struct mailbox {
  pthread_mutex_t lock;
  const h46017_identity *peer; /* handed over once, constant from then on */
  uint8_t in[BOX], out[BOX];
  size_t in_len, out_len;
  bool over; /* the worker is done: the connection can go */
} mailbox;

typedef struct worker {
  pthread_t thread;
  int number;
  mailbox box;
  /* the worker's own */
  pair p;
  h46017_endpoint *ep;
  int registered, unregistered;
  uint8_t tx[BOX];
  size_t tx_len;
  /* the gatekeeper's own */
  h46017_connection *conn;
  bool gone;
} worker;

static worker workers[WORKERS];
static pair contexts;

/* -- a worker: behind its TLS stands the mailbox --------------------------- */

static int box_recv(void *object, const uint8_t *data, size_t len,
                    h46017_time now) {
  mailbox *b = &((worker *)object)->box;

  (void)now;
  ck_assert_int_eq(pthread_mutex_lock(&b->lock), 0);
  ck_assert_uint_le(len, BOX - b->in_len);
  memcpy(b->in + b->in_len, data, len);
  b->in_len += len;
  ck_assert_int_eq(pthread_mutex_unlock(&b->lock), 0);
  return 0;
}

static size_t box_peek(const void *object, const uint8_t **pdata) {
  const worker *k = object;

  *pdata = k->tx;
  return k->tx_len;
}

static int box_ack(void *object, size_t n, h46017_time now) {
  worker *k = object;

  (void)now;
  memmove(k->tx, k->tx + n, k->tx_len - n);
  k->tx_len -= n;
  return 0;
}

static int box_up(void *object, const h46017_identity *peer, h46017_time now) {
  mailbox *b = &((worker *)object)->box;

  (void)now;
  ck_assert_int_eq(pthread_mutex_lock(&b->lock), 0);
  b->peer = peer;
  ck_assert_int_eq(pthread_mutex_unlock(&b->lock), 0);
  return 0;
}

static int box_down(void *object, int why, h46017_time now) {
  (void)object;
  (void)why;
  (void)now;
  return 0;
}

static bool box_want_read(const void *object) {
  (void)object;
  return true;
}

static bool box_want_write(const void *object) {
  return ((const worker *)object)->tx_len > 0;
}

static int worker_connect(h46017_endpoint *ep, size_t index, void *user_data) {
  (void)ep;
  (void)index;
  (void)user_data;
  return 0;
}

static int worker_rand(uint8_t *dest, size_t len, void *user_data) {
  memset(dest, ((worker *)user_data)->number + 1, len);
  return 0;
}

static int worker_registered(h46017_endpoint *ep, uint32_t id,
                             const h46017_ras *rcf, void *user_data) {
  (void)ep;
  (void)id;
  (void)rcf;
  ((worker *)user_data)->registered++;
  return 0;
}

static int worker_unregistered(h46017_endpoint *ep, uint32_t id, int why,
                               void *user_data) {
  (void)ep;
  (void)id;
  (void)why;
  ((worker *)user_data)->unregistered++;
  return 0;
}

static void worker_begin(worker *k) {
  h46017_endpoint_callbacks cb;
  h46017_tls_behind v;
  h46017_registration reg;
  h46017_alias alias;
  char name[] = NAME "-0";
  uint32_t id;
  pair *p = &k->p;

  p->chunk = SIZE_MAX;
  p->now = contexts.now;
  p->cset = contexts.cset;
  p->sset = contexts.sset;
  p->cctx = contexts.cctx;
  p->sctx = contexts.sctx;
  h46017_endpoint_callbacks_default(&cb);
  cb.connect = worker_connect;
  cb.rand = worker_rand;
  cb.registered = worker_registered;
  cb.unregistered = worker_unregistered;
  ck_assert_int_eq(h46017_endpoint_new(&k->ep, NULL, &cb, NULL, k, p->now), 0);
  name[sizeof(name) - 2] = (char)('0' + k->number);
  memset(&alias, 0, sizeof(alias));
  alias.type = H46017_ALIAS_H323_ID;
  alias.text.text = name;
  alias.text.len = strlen(name);
  h46017_registration_default(&reg);
  reg.aliases = &alias;
  reg.alias_count = 1;
  ck_assert_int_eq(h46017_endpoint_add(k->ep, &reg, &id, p->now), 0);
  ck_assert_int_eq(h46017_endpoint_start(k->ep, p->now), 0);
  ck_assert_int_eq(
      side_new(&p->server, p->sctx, H46017_TLS_SERVER, &p->sset, p->now), 0);
  ck_assert_int_eq(
      side_new(&p->client, p->cctx, H46017_TLS_CLIENT, &p->cset, p->now), 0);
  h46017_tls_behind_default(&v);
  v.recv = box_recv;
  v.peek_tx = box_peek;
  v.ack_tx = box_ack;
  v.transport_up = box_up;
  v.transport_down = box_down;
  v.want_read = box_want_read;
  v.want_write = box_want_write;
  ck_assert_int_eq(h46017_tls_attach(p->server.t, &v, k), 0);
  ck_assert_int_eq(h46017_tls_attach_endpoint(p->client.t, k->ep), 0);
}

static void nap(void) {
  static const struct timespec ms = {0, 1000000};
  (void)nanosleep(&ms, NULL);
}

/* Carries what there is until `*what` has happened. */
static void worker_until(worker *k, const int *what) {
  for (int i = 0; i < 20000 && *what == 0; i++) {
    ck_assert_int_eq(pthread_mutex_lock(&k->box.lock), 0);
    ck_assert_uint_le(k->box.out_len, BOX - k->tx_len);
    memcpy(k->tx + k->tx_len, k->box.out, k->box.out_len);
    k->tx_len += k->box.out_len;
    k->box.out_len = 0;
    ck_assert_int_eq(pthread_mutex_unlock(&k->box.lock), 0);
    (void)h46017_tls_pump(k->p.client.t, k->p.now);
    (void)h46017_tls_pump(k->p.server.t, k->p.now);
    pair_run(&k->p);
    ck_assert(k->p.server.error == 0 ||
              k->p.server.error == H46017_ERR_TLS_CLOSED);
    if (*what == 0) {
      nap();
    }
  }
  ck_assert_int_eq(*what, 1);
}

static void *worker_run(void *arg) {
  worker *k = arg;

  worker_begin(k);
  worker_until(k, &k->registered);
  ck_assert_int_eq(h46017_endpoint_close(k->ep, k->p.now), 0);
  worker_until(k, &k->unregistered);
  ck_assert_int_eq(pthread_mutex_lock(&k->box.lock), 0);
  k->box.over = true;
  ck_assert_int_eq(pthread_mutex_unlock(&k->box.lock), 0);
  return k;
}

/* -- the gatekeeper's thread ----------------------------------------------- */

static h46017_answered gk_select(h46017_gatekeeper *gk, uint64_t question,
                                 const h46017_registration_question *asked,
                                 h46017_registration_answer *answer,
                                 void *user_data) {
  static const char *const ids[] = {NAME};
  static h46017_device device;

  (void)gk;
  (void)question;
  (void)user_data;
  ck_assert(asked->peer->tls);
  h46017_device_default(&device);
  device.name = NAME;
  device.hardware_ids = ids;
  device.hardware_id_count = 1;
  device.tls_only = true;
  answer->device = &device;
  return H46017_ANSWERED;
}

static int gk_rand(uint8_t *dest, size_t len, void *user_data) {
  static uint8_t next;

  (void)user_data;
  for (size_t i = 0; i < len; i++) {
    dest[i] = next++;
  }
  return 0;
}

static int gk_registered(h46017_gatekeeper *gk, const h46017_registered *reg,
                         void *user_data) {
  (void)gk;
  ck_assert_int_eq((int)reg->auth, (int)H46017_AUTH_USED_CERTIFICATE);
  ++*(int *)user_data;
  return 0;
}

/* One look into a mailbox; the lock is held for copies only. */
static void gk_serve(h46017_gatekeeper *gk, worker *k, h46017_time now) {
  static uint8_t in[BOX];
  const h46017_identity *peer;
  const uint8_t *data;
  size_t len;
  bool over;

  ck_assert_int_eq(pthread_mutex_lock(&k->box.lock), 0);
  peer = k->box.peer;
  over = k->box.over;
  len = k->box.in_len;
  memcpy(in, k->box.in, len);
  k->box.in_len = 0;
  ck_assert_int_eq(pthread_mutex_unlock(&k->box.lock), 0);
  if (peer == NULL) {
    return;
  }
  if (k->conn == NULL) {
    ck_assert_int_eq(h46017_connection_new(&k->conn, gk, peer, k, now), 0);
  }
  if (len > 0) {
    (void)h46017_connection_recv(k->conn, in, len, now);
  }
  len = h46017_connection_peek_tx(k->conn, &data);
  if (len > 0) {
    ck_assert_int_eq(pthread_mutex_lock(&k->box.lock), 0);
    len = len < BOX - k->box.out_len ? len : BOX - k->box.out_len;
    memcpy(k->box.out + k->box.out_len, data, len);
    k->box.out_len += len;
    ck_assert_int_eq(pthread_mutex_unlock(&k->box.lock), 0);
    (void)h46017_connection_ack_tx(k->conn, len, now);
  }
  if (over) {
    h46017_connection_del(k->conn);
    k->conn = NULL;
    k->gone = true;
  }
}

START_TEST(tls_on_worker_threads_and_one_gatekeeper) {
  static const int versions[] = {TLS1_2_VERSION, TLS1_3_VERSION};
  h46017_gatekeeper_callbacks cb;
  h46017_gatekeeper *gk = NULL;
  int registered = 0;
  int left = WORKERS;

  pair_good_init(&contexts, versions[_i]);
  h46017_gatekeeper_callbacks_default(&cb);
  cb.select_device = gk_select;
  cb.rand = gk_rand;
  cb.registered = gk_registered;
  ck_assert_int_eq(
      h46017_gatekeeper_new(&gk, NULL, &cb, NULL, &registered, contexts.now),
      0);
  memset(workers, 0, sizeof(workers));
  for (int i = 0; i < WORKERS; i++) {
    workers[i].number = i;
    ck_assert_int_eq(pthread_mutex_init(&workers[i].box.lock, NULL), 0);
    ck_assert_int_eq(
        pthread_create(&workers[i].thread, NULL, worker_run, &workers[i]), 0);
  }
  for (int round = 0; round < 60000 && left > 0; round++) {
    left = 0;
    for (int i = 0; i < WORKERS; i++) {
      if (!workers[i].gone) {
        gk_serve(gk, &workers[i], contexts.now);
      }
      left += workers[i].gone ? 0 : 1;
    }
    nap();
  }
  ck_assert_int_eq(left, 0);
  ck_assert_int_eq(registered, WORKERS);
  ck_assert_uint_eq(h46017_gatekeeper_registration_count(gk), 0);
  for (int i = 0; i < WORKERS; i++) {
    ck_assert_int_eq(pthread_join(workers[i].thread, NULL), 0);
    side_free(&workers[i].p.client);
    side_free(&workers[i].p.server);
    h46017_endpoint_del(workers[i].ep);
    ck_assert_int_eq(pthread_mutex_destroy(&workers[i].box.lock), 0);
  }
  h46017_gatekeeper_del(gk);
  pair_free(&contexts);
}
END_TEST

/* -- the digests of all ---------------------------------------------------- */

static const h46017_octets hashed = {(const uint8_t *)"abc", 3};
static uint8_t hash[20];

static void *hash_often(void *arg) {
  const h46017_crypto *crypto = arg;
  uint8_t out[20];

  for (int i = 0; i < 5000; i++) {
    ck_assert_int_eq(
        crypto->digest(H46017_DIGEST_SHA1, &hashed, 1, out, crypto->user_data),
        0);
    ck_assert_mem_eq(out, hash, sizeof(out));
  }
  return NULL;
}

START_TEST(threads_share_the_digests) {
  pthread_t threads[WORKERS];
  h46017_tls_digests *digests = NULL;
  h46017_crypto crypto;

  ck_assert_int_eq(h46017_tls_digests_new(&digests, NULL), 0);
  h46017_crypto_default(&crypto);
  h46017_tls_crypto(&crypto, digests);
  ck_assert_int_eq(
      crypto.digest(H46017_DIGEST_SHA1, &hashed, 1, hash, crypto.user_data), 0);
  for (int i = 0; i < WORKERS; i++) {
    ck_assert_int_eq(pthread_create(&threads[i], NULL, hash_often, &crypto), 0);
  }
  for (int i = 0; i < WORKERS; i++) {
    ck_assert_int_eq(pthread_join(threads[i], NULL), 0);
  }
  h46017_tls_digests_del(digests);
}
END_TEST

/* -- trust changes while handshakes go on ---------------------------------- */

#define HANDSHAKES 10

typedef struct shaker {
  pthread_t thread;
  pair p;
  int good, resumed;
} shaker;

static shaker shakers[WORKERS];
static atomic_int shaking;

static void *shaker_run(void *arg) {
  shaker *k = arg;
  pair *p = &k->p;
  SSL_SESSION *session = NULL;

  for (int i = 0; i < HANDSHAKES; i++) {
    p->cset.session = i % 2 != 0 ? session : NULL;
    pair_begin(p);
    pair_run(p);
    k->good += p->server.error == 0 && p->client.error == 0;
    k->resumed += h46017_tls_is_resumed(p->server.t);
    SSL_SESSION_free(session);
    session = SSL_get1_session(h46017_tls_ssl(p->client.t));
    side_free(&p->client);
    side_free(&p->server);
    memset(&p->client, 0, sizeof(p->client));
    memset(&p->server, 0, sizeof(p->server));
  }
  SSL_SESSION_free(session);
  (void)atomic_fetch_sub(&shaking, 1);
  return k;
}

static void trust_one(h46017_trust *trust, const pki_cert *c,
                      h46017_trust_kind kind) {
  h46017_trust_add_options o;
  unsigned char *der = NULL;
  int len = i2d_X509(c->x509, &der);

  h46017_trust_add_options_default(&o);
  o.kind = kind;
  o.utc_now = (int64_t)time(NULL);
  ck_assert_int_eq(h46017_trust_add(trust, der, (size_t)len, &o, NULL, NULL),
                   0);
  OPENSSL_free(der);
}

/* The authority stays, so all are let in; what they rest on comes and goes. */
START_TEST(trust_changes_while_handshakes_go_on) {
  static const int versions[] = {TLS1_2_VERSION, TLS1_3_VERSION};
  h46017_ticket_keys *keys = NULL;
  h46017_trust *trust = NULL;
  uint8_t id[32];
  int changes = 0;

  ck_assert_int_eq(h46017_trust_new(&trust, NULL, NULL), 0);
  ck_assert_int_eq(h46017_ticket_keys_new(&keys, NULL, NULL), 0);
  trust_one(trust, &pair_root, H46017_TRUST_AUTHORITY);
  ck_assert_int_eq(X509_digest(pair_phone.x509, EVP_sha256(), id, NULL), 1);
  pair_good_init(&contexts, versions[_i]);
  ck_assert_int_eq(h46017_trust_attach(trust, contexts.sctx, H46017_TLS_SERVER,
                                       H46017_CLIENT_CERT_REQUIRE),
                   0);
  ck_assert_int_eq(h46017_trust_attach(trust, contexts.cctx, H46017_TLS_CLIENT,
                                       H46017_CLIENT_CERT_REQUIRE),
                   0);
  ck_assert_int_eq(h46017_ticket_keys_attach(keys, contexts.sctx, "tls"), 0);
  contexts.sset.trust = contexts.cset.trust = trust;
  memset(shakers, 0, sizeof(shakers));
  atomic_store(&shaking, WORKERS);
  for (int i = 0; i < WORKERS; i++) {
    shakers[i].p = contexts;
    ck_assert_int_eq(
        pthread_create(&shakers[i].thread, NULL, shaker_run, &shakers[i]), 0);
  }
  while (atomic_load(&shaking) > 0) {
    trust_one(trust, &pair_phone, H46017_TRUST_END_ENTITY);
    ck_assert(h46017_trust_has(trust, id));
    ck_assert_int_eq(h46017_trust_remove(trust, id), 0);
    changes++;
    nap();
  }
  for (int i = 0; i < WORKERS; i++) {
    ck_assert_int_eq(pthread_join(shakers[i].thread, NULL), 0);
    ck_assert_int_eq(shakers[i].good, HANDSHAKES);
  }
  ck_assert_int_gt(changes, 0);
  ck_assert_uint_eq(h46017_trust_count(trust), 1);
  pair_free(&contexts);
  h46017_trust_del(trust);
  h46017_ticket_keys_del(keys);
}
END_TEST

int main(void) {
  Suite *s = suite_create("tls_threads");
  TCase *tc = tcase_create("workers");

  tcase_add_unchecked_fixture(tc, pair_pki_setup, pair_pki_teardown);
  tcase_add_loop_test(tc, tls_on_worker_threads_and_one_gatekeeper, 0, 2);
  tcase_add_loop_test(tc, trust_changes_while_handshakes_go_on, 0, 2);
  suite_add_tcase(s, tc);
  tc = tcase_create("shared");
  tcase_add_test(tc, threads_share_the_digests);
  suite_add_tcase(s, tc);
  return run_suite(s);
}
