/* SPDX-License-Identifier: BSD-2-Clause */
/* What outlives a lost connection (`registration_grace`), and who may come back
 * to it. */
#include "digest.h"
#include "registrar.h"
#include "runner.h"

#include "session/invariants.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SECOND ((h46017_time)1000)
#define UTC 1600000000

/* -- a lost connection ----------------------------------------------------- */

static void lose(peer *p) {
  ck_assert_int_eq(
      h46017_connection_transport_down(p->conn, H46017_ERR_CLOSED, p->w->now),
      0);
  peer_free(p);
}

static void grace_world(world *w, peer *p, const h46017_identity *who) {
  h46017_gatekeeper_settings s;
  world_settings(&s);
  s.registration_grace = 20000;
  (void)world_init(w, &s, NULL);
  one_device(w, H46017_AUTH_EITHER);
  peer_init(p, w, who);
}

START_TEST(in_grace_a_keep_alive_of_the_same_peer_rebinds) {
  h46017_identity mine = proved(DEVICE, 1);
  h46017_identity other = proved(DEVICE, 2);
  char id[32];
  world w;
  peer p;
  peer q;
  grace_world(&w, &p, &mine);
  send_rrq(&p, 1, DEVICE);
  id_of(&w, DEVICE, id);
  lose(&p);
  ck_assert(tells(&w, "gk lost " DEVICE " CLOSED"));
  ck_assert_int_eq(world_count(&w, "gk unregistered"), 0);
  ck_assert_ptr_null(find(&w, DEVICE)->connection);
  ck_assert(find(&w, DEVICE)->expires == w.now + 20000);
  /* The identifier alone is worth nothing, nor is the name. */
  peer_init(&q, &w, &other);
  send_keep_alive(&q, 1, id);
  ck_assert(tells(&w, "gk rejected WRONG_CONNECTION fullRegistrationRequired"));
  send_rrq(&q, 2, DEVICE);
  ck_assert(tells(&w, "gk rejected DUPLICATE_ALIAS duplicateAlias"));
  peer_init(&p, &w, &mine);
  pass(&w, 19999);
  send_keep_alive(&p, 1, id);
  ck_assert_int_eq((int)peer_last_kind(&p), (int)H46017_RAS_RCF);
  ck_assert_ptr_eq(find(&w, DEVICE)->connection, p.conn);
  ck_assert(find(&w, DEVICE)->replaced);
  ck_assert(tells(&w, "gk refreshed " DEVICE));
  pass(&w, 60 * SECOND);
  ck_assert_uint_eq(h46017_gatekeeper_registration_count(w.gk), 1);
  peer_free(&p);
  peer_free(&q);
  world_free(&w);
}
END_TEST

START_TEST(in_grace_a_full_rrq_of_the_same_peer_keeps_the_identifier) {
  char id[32];
  world w;
  peer p;
  grace_world(&w, &p, NULL);
  w.password = H46017_PASSWORD_VALID; /* what a certificate is elsewhere */
  send_rrq(&p, 1, DEVICE);
  id_of(&w, DEVICE, id);
  lose(&p);
  ck_assert(tells(&w, "gk lost " DEVICE));
  peer_init(&p, &w, NULL);
  /* It was the program that checked the token of the full RRQ, and of a
   * lightweight one it is not asked. */
  send_keep_alive(&p, 1, id);
  ck_assert(tells(&w, "gk rejected WRONG_CONNECTION"));
  send_rrq(&p, 2, DEVICE);
  ck_assert_int_eq((int)peer_last_kind(&p), (int)H46017_RAS_RCF);
  ck_assert_str_eq(find(&w, DEVICE)->endpoint_identifier, id);
  ck_assert_ptr_eq(find(&w, DEVICE)->connection, p.conn);
  ck_assert(tells(&w, "gk registered " DEVICE " by password ttl 120 replaced"));
  ck_assert_int_eq(world_count(&w, "gk unregistered"), 0);
  peer_free(&p);
  world_free(&w);
}
END_TEST

START_TEST(grace_ends_and_is_for_those_who_proved_something) {
  h46017_identity mine = proved(DEVICE, 1);
  size_t count = 0;
  world w;
  peer p;
  grace_world(&w, &p, &mine);
  send_rrq(&p, 1, DEVICE);
  lose(&p);
  pass(&w, 19999);
  ck_assert_ptr_nonnull(find(&w, DEVICE));
  pass(&w, 1);
  ck_assert_ptr_null(find(&w, DEVICE));
  ck_assert(tells(&w, "gk unregistered " DEVICE " CLOSED"));
  /* Who is let in without proof has nothing to come back with. */
  w.device.auth = H46017_AUTH_OPEN;
  peer_init(&p, &w, NULL);
  send_rrq(&p, 1, DEVICE);
  lose(&p);
  ck_assert_ptr_null(find(&w, DEVICE));
  ck_assert_int_eq(world_count(&w, "gk lost"), 1);
  /* Unregistered by the program, or closed with the gatekeeper, in grace. */
  for (int i = 0; i < 2; i++) {
    peer_init(&p, &w, &mine);
    send_rrq(&p, 1, DEVICE);
    lose(&p);
    ck_assert_ptr_nonnull(find(&w, DEVICE));
    if (i == 0) {
      ck_assert_int_eq(
          h46017_gatekeeper_unregister(w.gk, DEVICE, strlen(DEVICE),
                                       H46017_URQ_MAINTENANCE, w.now),
          0);
    } else {
      ck_assert_int_eq(h46017_gatekeeper_close(w.gk, w.now), 0);
    }
    ck_assert_ptr_null(find(&w, DEVICE));
    ck_assert_uint_eq(h46017_gatekeeper_registration_count(w.gk), count);
  }
  world_free(&w);
}
END_TEST

static int one_without(const h46017_registered *reg, void *arg) {
  *(int *)arg += reg->connection == NULL;
  return 0;
}

START_TEST(a_gatekeeper_goes_with_those_in_grace) {
  h46017_identity mine = proved("009033010203", 1);
  int without = 0;
  world w;
  peer p;
  grace_world(&w, &p, &mine);
  w.open = true;
  w.device.name = NULL;
  send_rrq(&p, 1, "a");
  send_rrq(&p, 2, "b");
  send_rrq(&p, 3, "c");
  lose(&p);
  ck_assert_int_eq(h46017_gatekeeper_each(w.gk, one_without, &without), 0);
  ck_assert_int_eq(without, 3);
  world_free(&w); /* leaks would be found */
}
END_TEST

/* -- with a password ------------------------------------------------------- */

/* A message with a token of this password. */
static void send_with(peer *p, const h46017_ras *ras, const h46017_crypto *c,
                      const char *password) {
  static uint32_t random;
  h46017_h235_secret *secret = NULL;
  h46017_h235_token t;
  h46017_h225 *m = NULL;
  uint8_t per[512];
  size_t len = 0;

  h46017_h235_token_default(&t);
  t.sender = (h46017_text){DEVICE, strlen(DEVICE)};
  t.now = UTC + (int64_t)(p->w->now / 1000);
  t.random = ++random;
  ck_assert_int_eq(
      h46017_h235_secret_new(&secret, c, password, strlen(password), NULL), 0);
  ck_assert_int_eq(h46017_h225_new(&m, NULL, NULL), 0);
  ck_assert_int_eq(h46017_ras_build(m, ras), 0);
  ck_assert_int_eq(h46017_h235_add(m, secret, &t), 0);
  ck_assert_int_eq(h46017_h235_encode(m, secret, per, sizeof(per), &len), 0);
  ck_assert_int_eq(h46017_tunnel_write_ras(p->tunnel, per, len), 0);
  ck_assert_int_eq(peer_carry(p), 0);
  h46017_h225_del(m);
  h46017_h235_secret_del(secret);
}

/* A device with a password that is registered over TLS, and then alone. */
static void password_world(world *w, peer *p, h46017_crypto *crypto,
                           const h46017_identity *who, h46017_device_auth auth,
                           char id[32]) {
  h46017_ras rrq = peer_rrq(1, DEVICE, NULL);
  h46017_gatekeeper_settings s;

  digest_crypto(crypto);
  world_settings(&s);
  s.crypto = crypto;
  s.registration_grace = 20000;
  s.password_over_tcp = true;
  (void)world_init(w, &s, NULL);
  one_device(w, auth);
  w->secret = "secret";
  w->utc = UTC;
  peer_init(p, w, who);
  send_with(p, &rrq, crypto, "secret");
  ck_assert_int_eq((int)peer_last_kind(p), (int)H46017_RAS_RCF);
  id_of(w, DEVICE, id);
}

/* In everything else the full RRQ asks for what is there. */
START_TEST(another_password_counts_from_the_full_rrq_that_had_it) {
  h46017_identity tls;
  h46017_crypto crypto;
  h46017_ras ras = peer_rrq(2, DEVICE, NULL);
  char id[32];
  world w;
  peer p;
  h46017_identity_default(&tls);
  tls.tls = true;
  password_world(&w, &p, &crypto, &tls, H46017_AUTH_PASSWORD, id);
  w.secret = "other";
  send_with(&p, &ras, &crypto, "other");
  ck_assert_int_eq((int)peer_last_kind(&p), (int)H46017_RAS_RCF);
  ck_assert(h46017_registered_password_is(find(&w, DEVICE), "other", 5));
  ras = keep_alive(3, id);
  send_with(&p, &ras, &crypto, "secret");
  ck_assert(tells(&w, "gk rejected PASSWORD_WRONG securityDenial"));
  ras = keep_alive(4, id);
  send_with(&p, &ras, &crypto, "other");
  ck_assert_int_eq((int)peer_last_kind(&p), (int)H46017_RAS_RCF);
  peer_free(&p);
  world_free(&w);
}
END_TEST

START_TEST(in_grace_a_keep_alive_with_the_password_rebinds) {
  h46017_identity tls;
  h46017_crypto crypto;
  h46017_ras ras;
  char id[32];
  world w;
  peer p;
  peer q;
  h46017_identity_default(&tls);
  tls.tls = true;
  password_world(&w, &p, &crypto, &tls, H46017_AUTH_PASSWORD, id);
  lose(&p);
  ck_assert(tells(&w, "gk lost " DEVICE));
  /* The identifier alone is worth nothing, nor with another password, nor
   * where somebody on the way can read along when before nobody could. */
  peer_init(&q, &w, &tls);
  send_keep_alive(&q, 1, id);
  ck_assert(tells(&w, "gk rejected PASSWORD_MISSING securityDenial"));
  ras = keep_alive(2, id);
  send_with(&q, &ras, &crypto, "guess");
  ck_assert(tells(&w, "gk rejected PASSWORD_WRONG securityDenial"));
  peer_free(&q);
  peer_init(&q, &w, NULL);
  ras = keep_alive(1, id);
  send_with(&q, &ras, &crypto, "secret");
  ck_assert(tells(&w, "gk rejected WRONG_CONNECTION fullRegistrationRequired"));
  ck_assert_ptr_null(find(&w, DEVICE)->connection);
  peer_free(&q);
  peer_init(&q, &w, &tls);
  send_with(&q, &ras, &crypto, "secret");
  ck_assert_int_eq((int)peer_last_kind(&q), (int)H46017_RAS_RCF);
  ck_assert_ptr_eq(find(&w, DEVICE)->connection, q.conn);
  ck_assert_str_eq(find(&w, DEVICE)->endpoint_identifier, id);
  ck_assert(tells(&w, "gk refreshed " DEVICE));
  pass(&w, 60 * SECOND);
  ck_assert_uint_eq(h46017_gatekeeper_registration_count(w.gk), 1);
  ck_assert_int_eq(world_count(&w, "gk unregistered"), 0);
  peer_free(&q);
  world_free(&w);
}
END_TEST

START_TEST(who_had_a_certificate_needs_it_again_whatever_the_password) {
  h46017_identity mine = proved(DEVICE, 1);
  h46017_identity other = proved(DEVICE, 2);
  h46017_crypto crypto;
  h46017_ras ras;
  char id[32];
  world w;
  peer p;
  peer q;
  password_world(&w, &p, &crypto, &mine, H46017_AUTH_BOTH, id);
  lose(&p);
  peer_init(&q, &w, &other);
  ras = keep_alive(1, id);
  send_with(&q, &ras, &crypto, "secret");
  ck_assert(tells(&w, "gk rejected WRONG_CONNECTION fullRegistrationRequired"));
  peer_free(&q);
  peer_init(&q, &w, &mine);
  send_keep_alive(&q, 1, id); /* both means both */
  ck_assert(tells(&w, "gk rejected PASSWORD_MISSING securityDenial"));
  ck_assert_ptr_null(find(&w, DEVICE)->connection);
  ras = keep_alive(2, id);
  send_with(&q, &ras, &crypto, "secret");
  ck_assert_ptr_eq(find(&w, DEVICE)->connection, q.conn);
  peer_free(&q);
  world_free(&w);
}
END_TEST

/* A token that was not looked at, since the registration was another
 * connection's then, proves nothing once it is nobody's. */
START_TEST(a_keep_alive_that_had_to_wait_does_not_rebind) {
  const h46017_registration_answer no = {.refuse = H46017_ERR_REFUSED};
  h46017_ras rrq = peer_rrq(1, DEVICE, NULL);
  h46017_identity tls;
  h46017_crypto crypto;
  char id[32];
  world w;
  peer p;
  peer q;
  h46017_identity_default(&tls);
  tls.tls = true;
  password_world(&w, &p, &crypto, &tls, H46017_AUTH_PASSWORD, id);
  peer_init(&q, &w, &tls);
  w.answered = H46017_LATER;
  rrq.u.rrq.endpoint_identifier = (h46017_text){id, strlen(id)};
  ck_assert_int_eq(peer_send_ras(&q, &rrq), 0);
  send_keep_alive(&q, 2, id);
  ck_assert_int_eq((int)peer_last_kind(&q), (int)H46017_RAS_RIP);
  lose(&p);
  ck_assert(tells(&w, "gk lost " DEVICE));
  ck_assert_int_eq(h46017_gatekeeper_answer(w.gk, w.question, &no, w.now), 0);
  ck_assert(tells(&w, "gk rejected WRONG_CONNECTION fullRegistrationRequired"));
  ck_assert_ptr_null(find(&w, DEVICE)->connection);
  peer_free(&q);
  world_free(&w);
}
END_TEST

/* Something about the same registration is asked: its keep-alive has to wait,
 * and it is back all the same. What then ends the connection, or makes it wait
 * for long, finds it like any other. */
START_TEST(who_comes_back_and_has_to_wait_is_back) {
  h46017_identity mine = proved(DEVICE, 1);
  h46017_registration_answer no = {.refuse = H46017_ERR_REFUSED};
  char id[32];
  world w;
  peer p;
  peer q;
  h46017_ras rrq = peer_rrq(1, DEVICE, NULL);
  grace_world(&w, &p, &mine);
  send_rrq(&p, 1, DEVICE);
  id_of(&w, DEVICE, id);
  lose(&p);
  peer_init(&q, &w, &mine);
  w.answered = H46017_LATER;
  rrq.u.rrq.endpoint_identifier = (h46017_text){id, strlen(id)};
  ck_assert_int_eq(peer_send_ras(&q, &rrq), 0);
  ck_assert_ptr_null(find(&w, DEVICE)->connection);
  send_keep_alive(&q, 2, id);
  ck_assert_int_eq((int)peer_last_kind(&q), (int)H46017_RAS_RIP);
  ck_assert_ptr_null(h46017_gatekeeper_check_invariants(w.gk));
  ck_assert_ptr_eq(find(&w, DEVICE)->connection, q.conn);
  ck_assert(find(&w, DEVICE)->expires == w.now + 120 * SECOND);
  if (_i == 0) { /* the question is answered */
    pass(&w, 3 * SECOND);
    ck_assert_int_eq(h46017_gatekeeper_answer(w.gk, w.question, &no, w.now), 0);
    ck_assert_int_eq(peer_carry(&q), 0);
    ck_assert_int_eq((int)peer_last_kind(&q), (int)H46017_RAS_RCF);
    ck_assert(tells(&w, "gk refreshed " DEVICE));
    pass(&w, 25 * SECOND);
    ck_assert_ptr_eq(find(&w, DEVICE)->connection, q.conn);
  } else { /* it is lost again */
    ck_assert_int_eq(
        h46017_connection_transport_down(q.conn, H46017_ERR_CLOSED, w.now), 0);
    ck_assert_ptr_null(find(&w, DEVICE)->connection);
    ck_assert_int_eq(world_count(&w, "gk lost " DEVICE), 2);
    pass(&w, 20 * SECOND);
    ck_assert_ptr_null(find(&w, DEVICE));
  }
  ck_assert_ptr_null(h46017_gatekeeper_check_invariants(w.gk));
  peer_free(&q);
  world_free(&w);
}
END_TEST

int main(void) {
  Suite *s = suite_create("session_grace");
  TCase *tc = tcase_create("session_grace");
  tcase_add_test(tc, in_grace_a_keep_alive_of_the_same_peer_rebinds);
  tcase_add_test(tc, in_grace_a_full_rrq_of_the_same_peer_keeps_the_identifier);
  tcase_add_test(tc, grace_ends_and_is_for_those_who_proved_something);
  tcase_add_test(tc, a_gatekeeper_goes_with_those_in_grace);
  tcase_add_test(tc, another_password_counts_from_the_full_rrq_that_had_it);
  tcase_add_test(tc, in_grace_a_keep_alive_with_the_password_rebinds);
  tcase_add_test(tc,
                 who_had_a_certificate_needs_it_again_whatever_the_password);
  tcase_add_test(tc, a_keep_alive_that_had_to_wait_does_not_rebind);
  tcase_add_loop_test(tc, who_comes_back_and_has_to_wait_is_back, 0, 2);
  suite_add_tcase(s, tc);
  return run_suite(s);
}
