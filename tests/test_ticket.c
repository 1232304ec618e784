/* SPDX-License-Identifier: BSD-2-Clause */
/* When a session is resumed, and when a full handshake decides again: with a
 * context's own keys, and with those that several share. */
#include "failmem.h"
#include "resumed.h"
#include "runner.h"

#include <h46017/error.h>

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const int versions[] = {TLS1_2_VERSION, TLS1_3_VERSION};

static void setup(void) {
  trusting_setup(NULL);
}

/* -- a context's own keys ------------------------------------------------- */

START_TEST(a_session_is_resumed_with_the_whole_identity) {
  uint8_t id[32];
  uint8_t used[32];
  pair p;

  trusting_authority(&pair_root);
  trusting_id(&pair_root, id);
  meet_twice(&p, versions[_i]);
  for (int i = 0; i < 3; i++) {
    SSL_SESSION *s = left_by(&p);

    again(&p, s);
    SSL_SESSION_free(s);
    expect_resumed(&p, true);
    ck_assert_int_eq(
        h46017_trust_used(trusting_list, h46017_tls_ssl(p.server.t), used), 0);
    ck_assert_mem_eq(used, id, 32);
  }
  pair_free(&p);
}
END_TEST

START_TEST(a_connection_that_was_lost_is_resumed) {
  SSL_SESSION *s;
  pair p;

  trusting_authority(&pair_root);
  meet_twice(&p, versions[_i]);
  s = left_by(&p);
  (void)h46017_tls_transport_down(p.client.t, 0, p.now);
  (void)h46017_tls_transport_down(p.server.t, 0, p.now);
  again(&p, s);
  expect_resumed(&p, true);
  SSL_SESSION_free(s);
  pair_free(&p);
}
END_TEST

START_TEST(an_entry_that_is_gone_ends_resumption) {
  uint8_t id[32];
  SSL_SESSION *s;
  pair p;

  trusting_authority(&pair_root);
  trusting_id(&pair_root, id);
  meet_twice(&p, versions[_i]);
  s = left_by(&p);
  /* other changes do not */
  trusting_end_entity(&pair_gk);
  again(&p, s);
  expect_resumed(&p, true);
  SSL_SESSION_free(s);
  s = left_by(&p);
  ck_assert_int_eq(h46017_trust_remove(trusting_list, id), 0);
  again(&p, s);
  ck_assert_int_eq(p.server.error, H46017_ERR_UNKNOWN_CA);
  SSL_SESSION_free(s);
  pair_free(&p);
}
END_TEST

START_TEST(an_authority_made_an_end_entity_ends_resumption) {
  uint8_t id[32];
  SSL_SESSION *s;
  pair p;

  trusting_authority(&pair_root);
  trusting_end_entity(&pair_gk);
  trusting_id(&pair_root, id);
  meet_twice(&p, versions[_i]);
  s = left_by(&p);
  ck_assert_int_eq(
      h46017_trust_set_kind(trusting_list, id, H46017_TRUST_END_ENTITY), 0);
  again(&p, s);
  ck_assert_int_eq(p.server.error, H46017_ERR_UNKNOWN_CA);
  SSL_SESSION_free(s);
  pair_free(&p);
}
END_TEST

START_TEST(an_expired_path_ends_resumption) {
  static const pki_spec middle_spec = {
      .cn = {PKI_CN("middle")}, .ca = true, .from_days = -1, .to_days = 2};
  pki_cert middle = pki_make(&middle_spec, &pair_root);
  pki_cert leaf = pki_leaf("0090332f688a", &middle);
  const pki_cert *chain[] = {&middle, NULL};
  SSL_SESSION *s;
  pair p;

  trusting_authority(&pair_root);
  pair_init(&p, versions[_i], H46017_TLS_MODERN);
  pki_use(p.cctx, &leaf, chain);
  pki_use(p.sctx, &pair_gk, NULL);
  for (int i = 0; i < 2; i++) {
    ck_assert_int_eq(
        h46017_trust_attach(trusting_list, i == 0 ? p.sctx : p.cctx,
                            i == 0 ? H46017_TLS_SERVER : H46017_TLS_CLIENT,
                            H46017_CLIENT_CERT_REQUIRE),
        0);
  }
  p.sset.trust = p.cset.trust = trusting_list;
  p.cset.server_name = "gk.example.net";
  pair_begin(&p);
  pair_run(&p);
  ck_assert_int_eq(p.server.error, 0);
  s = left_by(&p);
  p.server.utc = trusting_now() + 86400;
  again(&p, s);
  expect_resumed(&p, true);
  SSL_SESSION_free(s);
  s = left_by(&p);
  /* the leaf is good for weeks, what it rests on is not */
  p.server.utc = trusting_now() + INT64_C(3) * 86400;
  again(&p, s);
  ck_assert_int_eq(p.server.error, H46017_ERR_CERT_EXPIRED);
  SSL_SESSION_free(s);
  pair_free(&p);
  pki_free(&middle);
  pki_free(&leaf);
}
END_TEST

START_TEST(a_path_is_good_for_its_last_second_and_no_longer) {
  static const pki_spec middle_spec = {
      .cn = {PKI_CN("middle")}, .ca = true, .from_days = -1, .to_days = 2};
  pki_cert middle = pki_make(&middle_spec, &pair_root);
  pki_cert leaf = pki_leaf("0090332f688a", &middle);
  const pki_cert *chain[] = {&middle, NULL};
  h46017_trust_entry e;
  uint8_t id[32];
  char hex[65];
  pair p;

  trusting_authority(&middle);
  trusting_authority(&pair_root); /* for the client */
  trusting_id(&middle, id);
  trusting_hex(id, hex);
  ck_assert_int_eq(h46017_trust_find(trusting_list, hex, &e), 0);
  for (int64_t late = 0; late < 2; late++) {
    SSL_SESSION *s;

    meet_begin(&p, versions[_i]);
    SSL_CTX_clear_chain_certs(p.cctx);
    pki_use(p.cctx, &leaf, chain);
    meet_end(&p);
    s = left_by(&p);
    p.server.utc = e.not_after + late;
    again(&p, s);
    ck_assert_int_eq(p.server.error, late == 0 ? 0 : H46017_ERR_CERT_EXPIRED);
    ck_assert(h46017_tls_is_resumed(p.server.t) == (late == 0));
    SSL_SESSION_free(s);
    pair_free(&p);
  }
  pki_free(&middle);
  pki_free(&leaf);
}
END_TEST

START_TEST(who_proves_nothing_is_resumed_where_nothing_is_asked) {
  static const h46017_client_cert_mode modes[] = {H46017_CLIENT_CERT_NONE,
                                                  H46017_CLIENT_CERT_REQUEST};
  pki_cert stranger = pki_leaf("0090332f688a", NULL);
  SSL_SESSION *s;
  pair p;

  trusting_end_entity(&pair_gk);
  for (size_t i = 0; i < 2; i++) {
    bool asked = modes[i] != H46017_CLIENT_CERT_NONE;

    meet_begin(&p, versions[_i]);
    ck_assert_int_eq(
        h46017_trust_attach(trusting_list, p.sctx, H46017_TLS_SERVER, modes[i]),
        0);
    pki_use(p.cctx, &stranger, NULL);
    meet_end(&p);
    s = left_by(&p);
    again(&p, s);
    ck_assert_int_eq(p.server.error, 0);
    ck_assert(h46017_tls_is_resumed(p.server.t) == !asked);
    ck_assert_int_eq((int)h46017_tls_identity(p.server.t)->proof,
                     (int)H46017_PROOF_NONE);
    ck_assert_int_eq(h46017_tls_identity(p.server.t)->error,
                     asked ? H46017_ERR_SELF_SIGNED_UNTRUSTED : 0);
    SSL_SESSION_free(s);
    pair_free(&p);
  }
  pki_free(&stranger);
}
END_TEST

START_TEST(a_ticket_of_another_listener_is_not_taken) {
  unsigned char keys[80];
  SSL_SESSION *s;
  pair p;
  pair q;

  trusting_authority(&pair_root);
  meet_twice(&p, versions[_i]);
  s = left_by(&p);
  meet_twice(&q, versions[_i]);
  /* even where both seal their tickets with the same keys */
  ck_assert_int_eq(SSL_CTX_get_tlsext_ticket_keys(p.sctx, keys, sizeof(keys)),
                   1);
  ck_assert_int_eq(SSL_CTX_set_tlsext_ticket_keys(q.sctx, keys, sizeof(keys)),
                   1);
  again(&q, s);
  expect_resumed(&q, false);
  SSL_SESSION_free(s);
  pair_free(&p);
  pair_free(&q);
}
END_TEST

START_TEST(without_a_list_there_are_no_tickets) {
  SSL_SESSION *s;
  pair p;

  pair_good_run(&p, versions[_i]);
  ck_assert((SSL_CTX_get_options(p.cctx) & SSL_OP_NO_TICKET) != 0);
  ck_assert((SSL_CTX_get_options(p.sctx) & SSL_OP_NO_TICKET) != 0);
  s = left_by(&p);
  ck_assert_int_eq(SSL_SESSION_has_ticket(s), 0);
  SSL_SESSION_free(s);
  pair_free(&p);
}
END_TEST

/* -- keys that are shared ------------------------------------------------- */

/* Two listeners, in one process or two: contexts of their own. */
static void share(pair *p, const h46017_ticket_keys *keys, const char *name) {
  ck_assert_int_eq(h46017_ticket_keys_attach(keys, p->sctx, name), 0);
}

static h46017_ticket_keys *keys_of(const h46017_store *store) {
  h46017_ticket_keys *keys = NULL;

  ck_assert_int_eq(h46017_ticket_keys_new(&keys, store, NULL), 0);
  return keys;
}

static int version_at;

/* A session made at `first`, offered at `second`, `later` seconds after. */
static void offer(const h46017_ticket_keys *first, const char *first_name,
                  const h46017_ticket_keys *second, const char *second_name,
                  int64_t later, bool resumed) {
  int64_t at = trusting_now() / 7200 * 7200 + 100; /* where a period begins */
  SSL_SESSION *s;
  pair p;
  pair q;

  meet_begin(&p, versions[version_at]);
  share(&p, first, first_name);
  p.server.utc = p.client.utc = at;
  meet_end(&p);
  s = left_by(&p);
  meet_begin(&q, versions[version_at]);
  share(&q, second, second_name);
  q.server.utc = q.client.utc = at + later;
  meet_end(&q);
  again(&q, s);
  expect_resumed(&q, resumed);
  SSL_SESSION_free(s);
  pair_free(&p);
  pair_free(&q);
}

START_TEST(a_fleet_is_resumed_wherever_the_secret_is) {
  char root[] = "/tmp/h46017-tickets-XXXXXX";
  h46017_store_dir *dir = NULL;
  h46017_ticket_keys *one;
  h46017_ticket_keys *two;
  h46017_store store;
  char command[100];

  version_at = _i;
  trusting_authority(&pair_root);
  ck_assert_ptr_nonnull(mkdtemp(root));
  ck_assert_int_eq(h46017_store_dir_new(&dir, root, NULL), 0);
  h46017_store_dir_store_unsynced(dir, &store);
  one = keys_of(&store);
  two = keys_of(&store); /* after a restart, or in another process */
  offer(one, "tls", two, "tls", 0, true);
  offer(one, "tls", two, "legacy", 0, false);
  h46017_ticket_keys_del(two);
  two = keys_of(NULL);
  offer(one, "tls", two, "tls", 0, false);
  h46017_ticket_keys_del(two);
  /* a damaged secret is another one */
  ck_assert_int_eq(
      store.put(dir, "tickets", "secret", (const uint8_t *)"x", 1, 0), 0);
  two = keys_of(&store);
  offer(one, "tls", two, "tls", 0, false);
  h46017_ticket_keys_del(one);
  one = keys_of(&store);
  offer(one, "tls", two, "tls", 0, true);
  h46017_ticket_keys_del(one);
  h46017_ticket_keys_del(two);
  h46017_store_dir_del(dir);
  (void)snprintf(command, sizeof(command), "rm -rf %s", root);
  ck_assert_int_eq(system(command), 0);
}
END_TEST

START_TEST(keys_go_with_the_time) {
  h46017_ticket_keys *keys = keys_of(NULL);

  version_at = _i;
  trusting_authority(&pair_root);
  offer(keys, "tls", keys, "tls", 7200, true);   /* the period before */
  offer(keys, "tls", keys, "tls", -7200, true);  /* another's clock */
  offer(keys, "tls", keys, "tls", 14400, false); /* long gone */
  offer(keys, "tls", keys, "tls", -14400, false);
  h46017_ticket_keys_del(keys);
}
END_TEST

/* In TLS 1.2 a server says nothing more about a ticket that is good; of a key
 * that is about to go it gives another. */
START_TEST(a_ticket_of_the_last_period_is_renewed) {
  h46017_ticket_keys *keys = keys_of(NULL);
  int64_t at = trusting_now() / 7200 * 7200 + 100;

  trusting_authority(&pair_root);
  for (int64_t later = 0; later <= 7200; later += 7200) {
    const unsigned char *first;
    const unsigned char *second;
    size_t len = 0;
    size_t second_len = 0;
    SSL_SESSION *s;
    SSL_SESSION *t;
    pair p;

    meet_begin(&p, TLS1_2_VERSION);
    share(&p, keys, "tls");
    p.server.utc = p.client.utc = at;
    meet_end(&p);
    s = left_by(&p);
    p.server.utc = at + later;
    again(&p, s);
    expect_resumed(&p, true);
    t = left_by(&p);
    SSL_SESSION_get0_ticket(s, &first, &len);
    SSL_SESSION_get0_ticket(t, &second, &second_len);
    ck_assert((len == second_len && memcmp(first, second, len) == 0) ==
              (later == 0));
    SSL_SESSION_free(s);
    SSL_SESSION_free(t);
    pair_free(&p);
  }
  h46017_ticket_keys_del(keys);
}
END_TEST

START_TEST(a_removed_entry_ends_resumption_under_shared_keys_too) {
  h46017_ticket_keys *keys = keys_of(NULL);
  uint8_t id[32];
  SSL_SESSION *s;
  pair p;

  trusting_authority(&pair_root);
  trusting_end_entity(&pair_gk); /* for the client */
  trusting_id(&pair_root, id);
  meet_begin(&p, versions[_i]);
  share(&p, keys, "tls");
  meet_end(&p);
  s = left_by(&p);
  again(&p, s);
  expect_resumed(&p, true);
  ck_assert_int_eq(h46017_trust_remove(trusting_list, id), 0);
  again(&p, s);
  ck_assert_int_eq(p.server.error, H46017_ERR_UNKNOWN_CA);
  SSL_SESSION_free(s);
  pair_free(&p);
  h46017_ticket_keys_del(keys);
}
END_TEST

START_TEST(many_that_lost_their_connections_at_once_are_all_resumed) {
  enum { MANY = 20 };
  h46017_ticket_keys *keys = keys_of(NULL);
  SSL_SESSION *sessions[MANY];
  pair p;

  trusting_authority(&pair_root);
  meet_begin(&p, versions[_i]);
  share(&p, keys, "tls");
  meet_end(&p);
  for (int i = 0; i < MANY; i++) {
    again(&p, NULL);
    expect_resumed(&p, false);
    sessions[i] = left_by(&p);
    (void)h46017_tls_transport_down(p.client.t, 0, p.now);
    (void)h46017_tls_transport_down(p.server.t, 0, p.now);
  }
  for (int i = 0; i < MANY; i++) {
    again(&p, sessions[i]);
    expect_resumed(&p, true);
    SSL_SESSION_free(sessions[i]);
  }
  pair_free(&p);
  h46017_ticket_keys_del(keys);
}
END_TEST

static int make_keys(failmem *f, void *arg) {
  h46017_ticket_keys *keys = NULL;
  int rv = h46017_ticket_keys_new(&keys, NULL, &f->mem);

  (void)arg;
  h46017_ticket_keys_del(keys);
  return rv;
}

START_TEST(what_keys_are_given_is_looked_at) {
  h46017_ticket_keys *keys = keys_of(NULL);
  SSL_CTX *ctx = SSL_CTX_new(TLS_method());
  h46017_store broken;
  char name[65];

  ck_assert_uint_eq(failmem_sweep(make_keys, NULL), 1);
  h46017_store_default(&broken);
  ck_assert_int_eq(h46017_ticket_keys_new(NULL, NULL, NULL),
                   H46017_ERR_INVALID_ARGUMENT);
  ck_assert_int_eq(h46017_ticket_keys_new(&keys, &broken, NULL),
                   H46017_ERR_INVALID_ARGUMENT);
  memset(name, 'a', sizeof(name));
  name[64] = '\0';
  ck_assert_int_eq(h46017_ticket_keys_attach(keys, ctx, name),
                   H46017_ERR_INVALID_ARGUMENT);
  name[63] = '\0';
  ck_assert_int_eq(h46017_ticket_keys_attach(keys, ctx, name), 0);
  ck_assert_int_eq(h46017_ticket_keys_attach(keys, ctx, "again"), 0);
  ck_assert_int_eq(h46017_ticket_keys_attach(keys, ctx, ""),
                   H46017_ERR_INVALID_ARGUMENT);
  ck_assert_int_eq(h46017_ticket_keys_attach(keys, ctx, NULL),
                   H46017_ERR_INVALID_ARGUMENT);
  ck_assert_int_eq(h46017_ticket_keys_attach(NULL, ctx, "a"),
                   H46017_ERR_INVALID_ARGUMENT);
  ck_assert_int_eq(h46017_ticket_keys_attach(keys, NULL, "a"),
                   H46017_ERR_INVALID_ARGUMENT);
  SSL_CTX_free(ctx);
  h46017_ticket_keys_del(keys);
  h46017_ticket_keys_del(NULL);
}
END_TEST

static Suite *ticket_suite(void) {
  Suite *s = suite_create("ticket");
  TCase *tc = tcase_create("ticket");

  tcase_add_checked_fixture(tc, setup, trusting_teardown);
  tcase_set_timeout(tc, 120);
  tcase_add_loop_test(tc, a_session_is_resumed_with_the_whole_identity, 0, 2);
  tcase_add_loop_test(tc, a_connection_that_was_lost_is_resumed, 0, 2);
  tcase_add_loop_test(tc, an_entry_that_is_gone_ends_resumption, 0, 2);
  tcase_add_loop_test(tc, an_authority_made_an_end_entity_ends_resumption, 0,
                      2);
  tcase_add_loop_test(tc, an_expired_path_ends_resumption, 0, 2);
  tcase_add_loop_test(tc, a_path_is_good_for_its_last_second_and_no_longer, 0,
                      2);
  tcase_add_loop_test(tc, who_proves_nothing_is_resumed_where_nothing_is_asked,
                      0, 2);
  tcase_add_test(tc, a_ticket_of_the_last_period_is_renewed);
  tcase_add_loop_test(tc, a_ticket_of_another_listener_is_not_taken, 0, 2);
  tcase_add_loop_test(tc, without_a_list_there_are_no_tickets, 0, 2);
  tcase_add_loop_test(tc, a_fleet_is_resumed_wherever_the_secret_is, 0, 2);
  tcase_add_loop_test(tc, keys_go_with_the_time, 0, 2);
  tcase_add_loop_test(tc, a_removed_entry_ends_resumption_under_shared_keys_too,
                      0, 2);
  tcase_add_loop_test(
      tc, many_that_lost_their_connections_at_once_are_all_resumed, 0, 2);
  tcase_add_test(tc, what_keys_are_given_is_looked_at);
  suite_add_tcase(s, tc);
  return s;
}

int main(void) {
  return run_suite(ticket_suite());
}
