/* SPDX-License-Identifier: BSD-2-Clause */
/* The whole slice in one process: an endpoint and a gatekeeper with TLS between
 * them, and a certificate as the only credential. */
#include "failmem.h"
#include "octets.h"
#include "runner.h"
#include "trusting.h"

#include <h46017/endpoint.h>
#include <h46017/gatekeeper.h>

#include <check.h>
#include <stdlib.h>
#include <string.h>

static const int versions[] = {TLS1_2_VERSION, TLS1_3_VERSION};

/* -- a gatekeeper that knows one device ----------------------------------- */

typedef struct world {
  h46017_endpoint *ep;
  h46017_gatekeeper *gk;
  h46017_connection *conn;
  pair p;
  const char *device; /* its name and hardware ID */
  int registered_at_ep;
  int registered_at_gk;
  int rejected_at_ep;
  int rejected_code;
  int unregistered_at_gk;
  int unregistered_why;
  int connects;
  int backing_off_code;
} world;

static int world_rand(uint8_t *dest, size_t len, void *user_data) {
  static uint8_t next;

  (void)user_data;
  for (size_t i = 0; i < len; i++) {
    dest[i] = next++;
  }
  return 0;
}

static h46017_answered world_select(h46017_gatekeeper *gk, uint64_t question,
                                    const h46017_registration_question *asked,
                                    h46017_registration_answer *answer,
                                    void *user_data) {
  static h46017_device dev;
  static const char *ids[1];
  world *w = user_data;

  (void)gk;
  (void)question;
  ck_assert(asked->peer->tls);
  ids[0] = w->device;
  h46017_device_default(&dev);
  dev.name = w->device;
  dev.hardware_ids = ids;
  dev.hardware_id_count = 1;
  dev.tls_only = true;
  answer->device = &dev;
  return H46017_ANSWERED;
}

static int world_gk_registered(h46017_gatekeeper *gk,
                               const h46017_registered *reg, void *user_data) {
  (void)gk;
  ck_assert_int_eq((int)reg->auth, (int)H46017_AUTH_USED_CERTIFICATE);
  ((world *)user_data)->registered_at_gk++;
  return 0;
}

static int world_gk_unregistered(h46017_gatekeeper *gk,
                                 const h46017_registered *reg, int why,
                                 void *user_data) {
  world *w = user_data;

  (void)gk;
  (void)reg;
  w->unregistered_at_gk++;
  w->unregistered_why = why;
  return 0;
}

static int world_gk_rejected(h46017_gatekeeper *gk, h46017_connection *c,
                             const h46017_rrq *rrq, int code,
                             h46017_rrj_reason reason, void *user_data) {
  (void)gk;
  (void)c;
  (void)rrq;
  (void)reason;
  ((world *)user_data)->rejected_code = code;
  return 0;
}

static int world_connect(h46017_endpoint *ep, size_t index, void *user_data) {
  (void)ep;
  (void)index;
  ((world *)user_data)->connects++;
  return 0;
}

static int world_ep_registered(h46017_endpoint *ep, uint32_t id,
                               const h46017_ras *rcf, void *user_data) {
  (void)ep;
  (void)id;
  (void)rcf;
  ((world *)user_data)->registered_at_ep++;
  return 0;
}

static int world_ep_rejected(h46017_endpoint *ep, uint32_t id,
                             const h46017_ras *rrj, int code, void *user_data) {
  (void)ep;
  (void)id;
  (void)rrj;
  (void)code;
  ((world *)user_data)->rejected_at_ep++;
  return 0;
}

static int world_backing_off(h46017_endpoint *ep, uint32_t delay, int code,
                             void *user_data) {
  (void)ep;
  (void)delay;
  ((world *)user_data)->backing_off_code = code;
  return 0;
}

static world *current; /* the one of the test that runs */

/* The gatekeeper's connection is made with the identity in hand. */
static void world_accepted(side *s) {
  world *w = current;
  int rv = h46017_connection_new(&w->conn, w->gk, h46017_tls_identity(s->t), s,
                                 w->p.now);

  if (rv == H46017_ERR_NOMEM && s->mem != NULL) {
    return; /* the engine ends: nothing is behind it */
  }
  ck_assert_int_eq(rv, 0);
  ck_assert_int_eq(h46017_tls_attach_connection(s->t, w->conn), 0);
}

/* Everything but the transport, on the memory given. */
static int world_make(world *w, int version, const char *name,
                      const char *device, const h46017_mem *mem) {
  h46017_endpoint_callbacks ecb;
  h46017_gatekeeper_callbacks gcb;
  h46017_registration reg;
  h46017_alias alias;
  uint32_t id = 0;
  int rv;

  memset(w, 0, sizeof(*w));
  current = w;
  w->device = device;
  pair_good_init(&w->p, version);
  w->p.client.mem = w->p.server.mem = mem;
  h46017_endpoint_callbacks_default(&ecb);
  ecb.connect = world_connect;
  ecb.rand = world_rand;
  ecb.registered = world_ep_registered;
  ecb.rejected = world_ep_rejected;
  ecb.backing_off = world_backing_off;
  h46017_gatekeeper_callbacks_default(&gcb);
  gcb.select_device = world_select;
  gcb.rand = world_rand;
  gcb.registered = world_gk_registered;
  gcb.unregistered = world_gk_unregistered;
  gcb.rejected = world_gk_rejected;
  rv = h46017_endpoint_new(&w->ep, NULL, &ecb, mem, w, w->p.now);
  if (rv == 0) {
    rv = h46017_gatekeeper_new(&w->gk, NULL, &gcb, mem, w, w->p.now);
  }
  memset(&alias, 0, sizeof(alias));
  alias.type = H46017_ALIAS_H323_ID;
  alias.text.text = name;
  alias.text.len = strlen(name);
  h46017_registration_default(&reg);
  reg.aliases = &alias;
  reg.alias_count = 1;
  if (rv == 0) {
    rv = h46017_endpoint_add(w->ep, &reg, &id, w->p.now);
  }
  return rv == 0 ? h46017_endpoint_start(w->ep, w->p.now) : rv;
}

static void world_begin(world *w, int version, const char *name,
                        const char *device) {
  ck_assert_int_eq(world_make(w, version, name, device, NULL), 0);
  ck_assert_int_eq(w->connects, 1);
}

static int world_engines(world *w) {
  int rv;

  w->p.server.on_completed = world_accepted;
  rv = side_new(&w->p.server, w->p.sctx, H46017_TLS_SERVER, &w->p.sset,
                w->p.now);
  if (rv == 0) {
    rv = side_new(&w->p.client, w->p.cctx, H46017_TLS_CLIENT, &w->p.cset,
                  w->p.now);
  }
  return rv == 0 ? h46017_tls_attach_endpoint(w->p.client.t, w->ep) : rv;
}

static void world_transport(world *w) {
  ck_assert_int_eq(world_engines(w), 0);
  pair_run(&w->p);
}

static void world_end(world *w) {
  h46017_tls_del(w->p.client.t);
  h46017_tls_del(w->p.server.t);
  w->p.client.t = w->p.server.t = NULL;
  h46017_connection_del(w->conn);
  h46017_endpoint_del(w->ep);
  h46017_gatekeeper_del(w->gk);
  pair_free(&w->p);
  current = NULL;
}

/* -- the tests ------------------------------------------------------------- */

START_TEST(a_device_registers_with_nothing_but_its_certificate) {
  static const char *const names[] = {"0090332f688a", "0090332f688a-TEL1"};
  const h46017_registered *reg;
  const char *name = names[_i % 2];
  h46017_connection *ready = NULL;
  world w;

  world_begin(&w, versions[_i / 2 % 2], name, "0090332f688a");
  w.p.chunk = chunk_size(_i / 4);
  world_transport(&w);
  ck_assert_int_eq(w.p.client.error, 0);
  ck_assert_int_eq(w.p.server.error, 0);
  ck_assert_int_eq(w.registered_at_gk, 1);
  ck_assert_int_eq(w.registered_at_ep, 1);
  reg = h46017_gatekeeper_find(w.gk, name, strlen(name));
  ck_assert_ptr_nonnull(reg);
  ck_assert(reg->connection == w.conn);

  /* the endpoint goes in good order: URQ, UCF, close_notify */
  ck_assert_int_eq(h46017_endpoint_close(w.ep, w.p.now), 0);
  (void)h46017_tls_pump(w.p.client.t, w.p.now);
  pair_run(&w.p);
  ck_assert_int_eq(w.unregistered_at_gk, 1);
  ck_assert_int_eq(w.unregistered_why, H46017_ERR_UNREGISTERED);
  ck_assert_int_eq(h46017_tls_error(w.p.client.t), H46017_ERR_CLOSED);
  ck_assert_int_eq(h46017_tls_error(w.p.server.t), H46017_ERR_TLS_CLOSED);
  ck_assert_uint_eq(h46017_gatekeeper_registration_count(w.gk), 0);
  while (h46017_gatekeeper_next_ready(w.gk, &ready)) {
    ck_assert(ready == w.conn);
  }
  world_end(&w);
}
END_TEST

START_TEST(a_good_certificate_of_another_device_is_no_use) {
  world w;

  world_begin(&w, versions[_i], "0090332f688b", "0090332f688b");
  world_transport(&w);
  ck_assert_int_eq(w.registered_at_gk + w.registered_at_ep, 0);
  ck_assert_int_eq(w.rejected_code, H46017_ERR_IDENTITY_MISMATCH);
  ck_assert_int_eq(w.rejected_at_ep, 1);
  ck_assert_uint_eq(h46017_gatekeeper_registration_count(w.gk), 0);
  world_end(&w);
}
END_TEST

START_TEST(an_impostor_with_a_certificate_of_its_own_making_never_gets_in) {
  pki_cert own;
  world w;

  world_begin(&w, versions[_i], "0090332f688a", "0090332f688a");
  own = pki_leaf("0090332f688a", NULL);
  pki_use(w.p.cctx, &own, NULL);
  world_transport(&w);
  ck_assert_int_eq(w.p.server.error, H46017_ERR_SELF_SIGNED_UNTRUSTED);
  ck_assert_ptr_null(w.conn); /* the gatekeeper never heard of it */
  ck_assert_int_eq(w.registered_at_ep, 0);
  ck_assert_int_eq(w.backing_off_code, H46017_ERR_CERT_REFUSED_BY_PEER);
  pki_free(&own);
  world_end(&w);
}
END_TEST

/* With contexts of its own, or these. */
static void world_trust(world *w, const h46017_trust *list, const pair *of) {
  w->p.sset.trust = w->p.cset.trust = list;
  if (of != NULL) {
    SSL_CTX_free(w->p.cctx);
    SSL_CTX_free(w->p.sctx);
    w->p.cctx = of->cctx;
    w->p.sctx = of->sctx;
    ck_assert_int_eq(SSL_CTX_up_ref(of->cctx), 1);
    ck_assert_int_eq(SSL_CTX_up_ref(of->sctx), 1);
    return;
  }
  ck_assert_int_eq(h46017_trust_attach(list, w->p.sctx, H46017_TLS_SERVER,
                                       H46017_CLIENT_CERT_REQUIRE),
                   0);
  ck_assert_int_eq(h46017_trust_attach(list, w->p.cctx, H46017_TLS_CLIENT,
                                       H46017_CLIENT_CERT_REQUIRE),
                   0);
}

START_TEST(a_resumed_connection_is_decided_about_like_any_other) {
  static const char *const names[] = {"0090332f688a", "0090332f688b"};
  h46017_trust *list = NULL;
  world first;
  world w;

  ck_assert_int_eq(h46017_trust_new(&list, NULL, NULL), 0);
  ck_assert_int_eq(trusting_add(list, &pair_root, H46017_TRUST_AUTHORITY), 0);
  world_begin(&first, versions[_i], names[0], names[0]);
  world_trust(&first, list, NULL);
  world_transport(&first);
  ck_assert_int_eq(first.registered_at_gk, 1);
  for (int i = 0; i < 2; i++) {
    /* the device is the other one meanwhile, or still the same */
    world_begin(&w, versions[_i], names[1 - i], names[1 - i]);
    world_trust(&w, list, &first.p);
    w.p.cset.session = SSL_get1_session(h46017_tls_ssl(first.p.client.t));
    world_transport(&w);
    ck_assert(h46017_tls_is_resumed(w.p.server.t));
    ck_assert_int_eq(w.rejected_code,
                     i == 0 ? H46017_ERR_IDENTITY_MISMATCH : 0);
    ck_assert_int_eq(w.registered_at_gk, i);
    SSL_SESSION_free(w.p.cset.session);
    world_end(&w);
  }
  world_end(&first);
  h46017_trust_del(list);
}
END_TEST

START_TEST(a_lost_connection_ends_the_registration) {
  world w;

  world_begin(&w, versions[_i], "0090332f688a", "0090332f688a");
  world_transport(&w);
  ck_assert_int_eq(w.registered_at_gk, 1);
  (void)h46017_tls_transport_down(w.p.server.t, 0, w.p.now);
  ck_assert_int_eq(w.unregistered_at_gk, 1);
  ck_assert_int_eq(w.unregistered_why, H46017_ERR_TLS_TRUNCATED);
  (void)h46017_tls_transport_down(w.p.client.t, 0, w.p.now);
  ck_assert(w.backing_off_code != 0 || w.connects == 2);
  world_end(&w);
}
END_TEST

/* -- memory --------------------------------------------------------------- */

/* Endpoint, gatekeeper and both engines on a memory that fails: whichever of
 * them it is, all of it can be deleted. */
static int slice(failmem *f, void *arg) {
  world w;
  int rv =
      world_make(&w, TLS1_3_VERSION, "0090332f688a", "0090332f688a", &f->mem);

  (void)arg;
  if (rv == 0) {
    rv = world_engines(&w);
  }
  if (rv == 0) {
    pair_run(&w.p);
    if (w.registered_at_gk != 1 || w.registered_at_ep != 1) {
      /* only for want of memory */
      ck_assert_uint_gt(f->failed, 0);
      rv = H46017_ERR_NOMEM;
    }
  }
  world_end(&w);
  return rv;
}

START_TEST(every_allocation_of_ours_may_fail) {
  ck_assert_uint_gt(failmem_sweep(slice, NULL), 20);
}
END_TEST

int main(void) {
  Suite *s = suite_create("tls_session");
  TCase *tc = tcase_create("slice");

  tcase_add_unchecked_fixture(tc, pair_pki_setup, pair_pki_teardown);
  tcase_set_timeout(tc, 60);
  tcase_add_loop_test(tc, a_device_registers_with_nothing_but_its_certificate,
                      0, 4 * CHUNK_SIZES);
  tcase_add_loop_test(tc, a_good_certificate_of_another_device_is_no_use, 0, 2);
  tcase_add_loop_test(
      tc, an_impostor_with_a_certificate_of_its_own_making_never_gets_in, 0, 2);
  tcase_add_loop_test(tc, a_resumed_connection_is_decided_about_like_any_other,
                      0, 2);
  tcase_add_loop_test(tc, a_lost_connection_ends_the_registration, 0, 2);
  tcase_add_test(tc, every_allocation_of_ours_may_fail);
  suite_add_tcase(s, tc);
  return run_suite(s);
}
