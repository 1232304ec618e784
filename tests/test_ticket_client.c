/* SPDX-License-Identifier: BSD-2-Clause */
/* When a client offers a session, and when it would not believe its server any
 * more. */
#include "resumed.h"
#include "runner.h"

#include <h46017/error.h>

#include <check.h>

static const int versions[] = {TLS1_2_VERSION, TLS1_3_VERSION};

static void setup(void) {
  trusting_setup(NULL);
}

START_TEST(a_client_asks_again_whether_its_server_may_pass) {
  uint8_t id[32];
  SSL_SESSION *s;
  pair p;

  trusting_authority(&pair_root);
  meet_twice(&p, versions[_i]);
  s = left_by(&p);
  /* another name: the session is not offered, and the handshake fails */
  p.cset.server_name = "gk2.example.net";
  again(&p, s);
  ck_assert_int_eq(p.client.error, H46017_ERR_SERVER_NAME);
  p.cset.server_name = "gk.example.net";
  trusting_id(&pair_root, id);
  trusting_end_entity(&pair_phone);
  ck_assert_int_eq(h46017_trust_remove(trusting_list, id), 0);
  again(&p, s);
  ck_assert_int_eq(p.client.error, H46017_ERR_UNKNOWN_CA);
  SSL_SESSION_free(s);
  pair_free(&p);
}
END_TEST

START_TEST(a_session_by_a_cn_is_none_where_a_cn_does_not_count) {
  pki_cert gk = pki_leaf("gk.example.net", &pair_root);
  SSL_SESSION *s;
  pair p;

  trusting_authority(&pair_root);
  meet_gatekeeper(&p, versions[_i], H46017_TLS_MODERN, &gk, NULL);
  meet_end(&p);
  s = left_by(&p);
  again(&p, s);
  expect_resumed(&p, true);
  p.cset.server_check = H46017_SERVER_CHECK_SAN;
  again(&p, s);
  ck_assert_int_eq(p.client.error, H46017_ERR_SERVER_NAME);
  SSL_SESSION_free(s);
  pair_free(&p);
  pki_free(&gk);
}
END_TEST

START_TEST(a_session_is_offered_only_by_who_can_judge_it) {
  SSL_SESSION *none = SSL_SESSION_new();
  SSL_SESSION *s;
  pair p;

  trusting_authority(&pair_root);
  meet_twice(&p, versions[_i]);
  s = left_by(&p);
  p.cset.trust = NULL;
  again(&p, s);
  ck_assert_int_eq(p.client.error, 0);
  ck_assert(!h46017_tls_is_resumed(p.client.t));
  p.cset.trust = trusting_list;
  again(&p, none); /* of nobody's */
  expect_resumed(&p, false);
  p.cset.server_check = H46017_SERVER_CHECK_NONE;
  again(&p, s);
  ck_assert_int_eq(p.client.error, 0);
  ck_assert(!h46017_tls_is_resumed(p.client.t));
  SSL_SESSION_free(none);
  SSL_SESSION_free(s);
  pair_free(&p);
}
END_TEST

START_TEST(a_pinned_server_is_resumed_and_another_pin_is_not_overlooked) {
  uint8_t pin[32];
  SSL_SESSION *s;
  pair p;

  trusting_authority(&pair_root);
  meet_twice(&p, versions[_i]);
  s = left_by(&p);
  trusting_id(&pair_gk, pin);
  p.cset.server_name = NULL;
  p.cset.server_check = H46017_SERVER_CHECK_PIN;
  p.cset.server_pin = pin;
  again(&p, s);
  ck_assert_int_eq(p.client.error, 0);
  ck_assert(h46017_tls_is_resumed(p.client.t));
  ck_assert_int_eq((int)h46017_tls_identity(p.client.t)->proof,
                   (int)H46017_PROOF_CERTIFICATE);
  pin[0] ^= 1;
  p.cset.server_pin = pin;
  again(&p, s);
  ck_assert_int_eq(p.client.error, H46017_ERR_SERVER_CHANGED);
  SSL_SESSION_free(s);
  pair_free(&p);
}
END_TEST

/* A session is offered by the judgement of a full handshake, in which only the
 * signatures are not verified again: what follows is what would let a server in
 * longer than it may be. */

START_TEST(a_session_that_lay_in_a_file_is_judged_as_well) {
  unsigned char *der = NULL;
  const unsigned char *at;
  uint8_t id[32];
  SSL_SESSION *s;
  SSL_SESSION *read;
  int len;
  pair p;

  trusting_authority(&pair_root);
  meet_twice(&p, versions[_i]);
  s = left_by(&p);
  len = i2d_SSL_SESSION(s, &der);
  at = der;
  read = d2i_SSL_SESSION(NULL, &at, len);
  ck_assert_ptr_nonnull(read);
  again(&p, read);
  expect_resumed(&p, true);
  ck_assert(h46017_tls_is_resumed(p.client.t));
  trusting_id(&pair_root, id);
  trusting_end_entity(&pair_phone);
  ck_assert_int_eq(h46017_trust_remove(trusting_list, id), 0);
  again(&p, read);
  ck_assert_int_eq(p.client.error, H46017_ERR_UNKNOWN_CA);
  OPENSSL_free(der);
  SSL_SESSION_free(s);
  SSL_SESSION_free(read);
  pair_free(&p);
}
END_TEST

START_TEST(an_authority_of_the_same_name_signed_nothing) {
  pki_cert other = pki_ca("Example Root");
  uint8_t id[32];
  SSL_SESSION *s;
  pair p;

  trusting_authority(&pair_root);
  trusting_end_entity(&pair_phone);
  meet_twice(&p, versions[_i]);
  s = left_by(&p);
  trusting_id(&pair_root, id);
  ck_assert_int_eq(h46017_trust_remove(trusting_list, id), 0);
  trusting_authority(&other);
  again(&p, s);
  ck_assert_int_eq(p.client.error, H46017_ERR_CERT_SIGNATURE);
  SSL_SESSION_free(s);
  pair_free(&p);
  pki_free(&other);
}
END_TEST

START_TEST(what_was_believed_blindly_is_judged_before_it_is_offered) {
  static const pki_spec spec = {.cn = {PKI_CN("gk.example.net")},
                                .san = "DNS:gk.example.net",
                                .bad_signature = true};
  pki_cert forged = pki_make(&spec, &pair_root);
  SSL_SESSION *s;
  pair p;

  trusting_authority(&pair_root);
  meet_gatekeeper(&p, versions[_i], H46017_TLS_MODERN, &forged, NULL);
  p.cset.server_check = H46017_SERVER_CHECK_NONE;
  meet_end(&p);
  s = left_by(&p);
  p.cset.server_check = H46017_SERVER_CHECK_NAME;
  again(&p, s);
  ck_assert_int_eq(p.client.error, H46017_ERR_CERT_SIGNATURE);
  SSL_SESSION_free(s);
  pair_free(&p);
  pki_free(&forged);
}
END_TEST

/* What a client comes to whose clock shows this, and what it comes to with its
 * clock right again. */
static void offer_at(pair *p, SSL_SESSION *s, int64_t utc, int code) {
  p->client.utc = utc;
  p->client.no_clock = utc == 0;
  again(p, s);
  ck_assert_int_eq(p->client.error, code);
  p->client.utc = trusting_now();
  p->client.no_clock = false;
  again(p, s);
  expect_resumed(p, true);
}

START_TEST(a_client_s_clock_is_asked_each_time_of_the_whole_path) {
  static const pki_spec middle_spec = {
      .cn = {PKI_CN("middle")}, .ca = true, .from_days = -2, .to_days = 2};
  static const pki_spec gk_spec = {.cn = {PKI_CN("gk.example.net")},
                                   .san = "DNS:gk.example.net",
                                   .from_days = -9,
                                   .to_days = 9};
  pki_cert middle = pki_make(&middle_spec, &pair_root);
  pki_cert gk = pki_make(&gk_spec, &middle);
  const pki_cert *chain[] = {&middle, NULL};
  SSL_SESSION *s;
  pair p;

  trusting_authority(&pair_root);
  trusting_end_entity(&pair_phone);
  meet_gatekeeper(&p, versions[_i], H46017_TLS_MODERN, &gk, chain);
  meet_end(&p);
  s = left_by(&p);
  offer_at(&p, s, trusting_now() + INT64_C(3) * 86400, H46017_ERR_CERT_EXPIRED);
  offer_at(&p, s, trusting_now() - INT64_C(3) * 86400,
           H46017_ERR_CERT_NOT_YET_VALID);
  offer_at(&p, s, 0, H46017_ERR_CLOCK_NOT_SET);
  SSL_SESSION_free(s);
  pair_free(&p);
  pki_free(&middle);
  pki_free(&gk);
}
END_TEST

START_TEST(a_session_of_a_weaker_profile_is_judged_by_the_stronger) {
  static const pki_spec gk_spec = {.cn = {PKI_CN("gk.example.net")},
                                   .san = "DNS:gk.example.net",
                                   .rsa_bits = 1024};
  pki_cert gk = pki_make(&gk_spec, &pair_root);
  SSL_SESSION *s;
  pair p;

  trusting_authority(&pair_root);
  trusting_end_entity(&pair_phone);
  meet_gatekeeper(&p, versions[_i], H46017_TLS_LEGACY_DEVICE, &gk, NULL);
  meet_end(&p);
  s = left_by(&p);
  again(&p, s);
  expect_resumed(&p, true);
  SSL_CTX_set_security_level(p.cctx, 2);
  again(&p, s);
  ck_assert_int_eq(p.client.error, H46017_ERR_CERT_WEAK);
  SSL_SESSION_free(s);
  pair_free(&p);
  pki_free(&gk);
}
END_TEST

int main(void) {
  Suite *s = suite_create("ticket_client");
  TCase *tc = tcase_create("ticket_client");

  tcase_add_checked_fixture(tc, setup, trusting_teardown);
  tcase_set_timeout(tc, 120);
  tcase_add_loop_test(tc, a_session_is_offered_only_by_who_can_judge_it, 0, 2);
  tcase_add_loop_test(tc, a_client_asks_again_whether_its_server_may_pass, 0,
                      2);
  tcase_add_loop_test(tc, a_session_by_a_cn_is_none_where_a_cn_does_not_count,
                      0, 2);
  tcase_add_loop_test(tc, a_session_that_lay_in_a_file_is_judged_as_well, 0, 2);
  tcase_add_loop_test(
      tc, what_was_believed_blindly_is_judged_before_it_is_offered, 0, 2);
  tcase_add_loop_test(tc, an_authority_of_the_same_name_signed_nothing, 0, 2);
  tcase_add_loop_test(tc, a_client_s_clock_is_asked_each_time_of_the_whole_path,
                      0, 2);
  tcase_add_loop_test(
      tc, a_session_of_a_weaker_profile_is_judged_by_the_stronger, 0, 2);
  tcase_add_loop_test(
      tc, a_pinned_server_is_resumed_and_another_pin_is_not_overlooked, 0, 2);
  suite_add_tcase(s, tc);
  return run_suite(s);
}
