/* SPDX-License-Identifier: BSD-2-Clause */
/* Whom a trust list lets in, and what becomes of it when it changes. Each
 * attack here works against an implementation that puts every trusted
 * certificate into one store. */
#include "trusting.h"

#include <h46017/error.h>

#include <check.h>
#include <stdlib.h>
#include <string.h>

static const int versions[] = {TLS1_2_VERSION, TLS1_3_VERSION};

static void setup(void) {
  trusting_setup(NULL);
}

/* -- two kinds of entry --------------------------------------------------- */

START_TEST(an_end_entity_is_this_very_certificate) {
  static const pki_spec self = {.cn = {PKI_CN("0090332f688a")}};
  pki_cert phone = pki_make(&self, NULL);
  pki_cert other = pki_make(&self, NULL);

  ck_assert_int_eq(trusting_outcome(&phone, NULL),
                   H46017_ERR_SELF_SIGNED_UNTRUSTED);
  trusting_end_entity(&phone);
  ck_assert_int_eq(trusting_outcome(&phone, NULL), 0);
  ck_assert_int_eq(trusting_outcome(&other, NULL),
                   H46017_ERR_SELF_SIGNED_UNTRUSTED);
  /* one of an authority, without that authority */
  ck_assert_int_eq(trusting_outcome(&pair_phone, NULL), H46017_ERR_UNKNOWN_CA);
  trusting_end_entity(&pair_phone);
  ck_assert_int_eq(trusting_outcome(&pair_phone, NULL), 0);
  pki_free(&phone);
  pki_free(&other);
}
END_TEST

START_TEST(an_end_entity_never_issues_anything) {
  static const pki_spec soft[] = {
      {.cn = {PKI_CN("soft phone")}, .ca = true}, /* openssl req -x509 */
      {.cn = {PKI_CN("soft phone")}, .v1 = true},
  };

  for (size_t i = 0; i < 2; i++) {
    pki_cert phone = pki_make(&soft[i], NULL);
    pki_cert forged = pki_leaf("0090332f688a", &phone);
    const pki_cert *chain[] = {&phone, NULL};

    trusting_end_entity(&phone);
    ck_assert_int_eq(trusting_outcome(&phone, NULL), 0);
    ck_assert_int_ne(trusting_outcome(&forged, chain), 0);
    ck_assert_int_ne(trusting_outcome(&forged, NULL), 0);
    pki_free(&phone);
    pki_free(&forged);
  }
}
END_TEST

START_TEST(an_authority_issues_and_is_nobody) {
  trusting_authority(&pair_root);
  ck_assert_int_eq(trusting_outcome(&pair_phone, NULL), 0);
  ck_assert_int_eq(trusting_outcome(&pair_root, NULL), H46017_ERR_CERT_IS_CA);
}
END_TEST

START_TEST(an_authority_merely_sent_along_proves_nothing) {
  static const pki_spec self = {.cn = {PKI_CN("0090332f688a")}};
  pki_cert forged = pki_make(&self, NULL);
  const pki_cert *chain[] = {&pair_root, NULL};
  const pki_cert *other[] = {&pair_phone, NULL};

  trusting_authority(&pair_root);
  trusting_end_entity(&pair_phone);
  ck_assert_int_ne(trusting_outcome(&forged, chain), 0);
  ck_assert_int_ne(trusting_outcome(&forged, other), 0);
  pki_free(&forged);
}
END_TEST

START_TEST(any_authority_of_the_chain_may_be_the_anchor) {
  static const pki_spec middle_spec = {.cn = {PKI_CN("middle")}, .ca = true};
  pki_cert middle = pki_make(&middle_spec, &pair_root);
  pki_cert leaf = pki_leaf("0090332f688a", &middle);
  const pki_cert *chain[] = {&middle, NULL};

  trusting_authority(&middle);
  ck_assert_int_eq(trusting_outcome(&leaf, chain), 0);
  ck_assert_int_eq(trusting_outcome(&leaf, NULL), 0);
  ck_assert_int_eq(trusting_outcome(&pair_phone, NULL), H46017_ERR_UNKNOWN_CA);
  ck_assert_int_eq(h46017_trust_clear(trusting_list, NULL), 0);
  trusting_authority(&pair_root);
  ck_assert_int_eq(trusting_outcome(&leaf, chain), 0);
  ck_assert_int_eq(trusting_outcome(&leaf, NULL), H46017_ERR_UNKNOWN_CA);
  pki_free(&middle);
  pki_free(&leaf);
}
END_TEST

/* What is wrong with a certificate is wrong also where it is in the list. */
typedef struct wrong_row {
  const char *what;
  pki_spec spec;
  int by_list;      /* outcome as an entry of the list */
  int by_authority; /* and by the authority it is of */
} wrong_row;

static const wrong_row wrong_rows[] = {
    {"good", {.cn = {PKI_CN("a")}}, 0, 0},
    {"no server",
     {.cn = {PKI_CN("a")}, .eku = "serverAuth"},
     H46017_ERR_CERT_PURPOSE,
     H46017_ERR_CERT_PURPOSE},
    {"odd",
     {.cn = {PKI_CN("a")}, .odd_extension = true},
     H46017_ERR_CERT_CRITICAL_EXTENSION,
     H46017_ERR_CERT_CRITICAL_EXTENSION},
    {"weak",
     {.cn = {PKI_CN("a")}, .rsa_bits = 1024},
     H46017_ERR_CERT_WEAK,
     H46017_ERR_CERT_WEAK},
    {"forged",
     {.cn = {PKI_CN("a")}, .bad_signature = true},
     0, /* this very certificate was looked at and trusted */
     H46017_ERR_CERT_SIGNATURE},
    {"version 1",
     {.cn = {PKI_CN("a")}, .v1 = true},
     0,
     H46017_ERR_CERT_VERSION},
    {"authority", {.cn = {PKI_CN("a")}, .ca = true}, 0, H46017_ERR_CERT_IS_CA},
};

START_TEST(what_is_wrong_with_a_certificate_stays_wrong) {
  const wrong_row *row = &wrong_rows[_i];
  pki_cert leaf = pki_make(&row->spec, &pair_root);
  int code;

  trusting_end_entity(&leaf);
  code = trusting_outcome(&leaf, NULL);
  ck_assert_msg(code == row->by_list, "%s: %s", row->what,
                h46017_error_name(code));
  ck_assert_int_eq(h46017_trust_clear(trusting_list, NULL), 0);
  trusting_authority(&pair_root);
  code = trusting_outcome(&leaf, NULL);
  ck_assert_msg(code == row->by_authority, "%s: %s", row->what,
                h46017_error_name(code));
  pki_free(&leaf);
}
END_TEST

START_TEST(a_path_is_as_long_as_its_authority_says) {
  static const pki_spec top_spec = {
      .cn = {PKI_CN("top")}, .ca = true, .pathlen = 1};
  static const pki_spec middle_spec = {.cn = {PKI_CN("middle")}, .ca = true};
  pki_cert top = pki_make(&top_spec, NULL);
  pki_cert middle = pki_make(&middle_spec, &top);
  pki_cert leaf = pki_leaf("a", &middle);
  const pki_cert *chain[] = {&middle, NULL};

  trusting_authority(&top);
  ck_assert_int_eq(trusting_outcome(&leaf, chain), H46017_ERR_CERT_CHAIN);
  pki_free(&top);
  pki_free(&middle);
  pki_free(&leaf);
}
END_TEST

/* -- time ----------------------------------------------------------------- */

static int at_time(int64_t utc, bool no_clock) {
  pair p;
  int code;

  pair_init(&p, 0, H46017_TLS_MODERN);
  pki_use(p.cctx, &pair_phone, NULL);
  pki_use(p.sctx, &pair_gk, NULL);
  pki_trust(p.cctx, &pair_root);
  ck_assert_int_eq(h46017_trust_attach(trusting_list, p.sctx, H46017_TLS_SERVER,
                                       H46017_CLIENT_CERT_REQUIRE),
                   0);
  p.sset.trust = trusting_list;
  p.cset.server_name = "gk.example.net";
  p.server.utc = utc;
  p.server.no_clock = no_clock;
  pair_begin(&p);
  pair_run(&p);
  code = p.server.error;
  pair_free(&p);
  return code;
}

START_TEST(only_what_is_valid_now_is_trusted) {
  const int64_t y2100 = 4102444800;

  for (int i = 0; i < 2; i++) {
    if (i == 0) {
      trusting_end_entity(&pair_phone);
    } else {
      trusting_authority(&pair_root);
    }
    ck_assert_int_eq(at_time(trusting_now(), false), 0);
    ck_assert_int_eq(at_time(y2100, false), H46017_ERR_CERT_EXPIRED);
    ck_assert_int_eq(at_time(1000, false), H46017_ERR_CERT_NOT_YET_VALID);
    ck_assert_int_eq(at_time(0, true), H46017_ERR_CLOCK_NOT_SET);
    ck_assert_int_eq(h46017_trust_clear(trusting_list, NULL), 0);
  }
}
END_TEST

/* -- weak devices --------------------------------------------------------- */

START_TEST(weak_devices_need_a_profile_that_says_so) {
  static const struct {
    pki_spec spec;
    int code[3]; /* modern, legacy-device, legacy-sha1 */
  } rows[] = {
      {{.cn = {PKI_CN("a")}, .rsa_bits = 1024}, {H46017_ERR_CERT_WEAK, 0, 0}},
      {{.cn = {PKI_CN("a")}, .rsa_bits = 2048, .digest = "SHA1"},
       {H46017_ERR_CERT_WEAK, H46017_ERR_CERT_WEAK, 0}},
      {{.cn = {PKI_CN("a")}, .rsa_bits = 2048, .digest = "MD5"},
       {H46017_ERR_CERT_WEAK, H46017_ERR_CERT_WEAK, H46017_ERR_CERT_WEAK}},
      {{.cn = {PKI_CN("a")}, .rsa_bits = 768},
       {H46017_ERR_CERT_WEAK, H46017_ERR_CERT_WEAK, H46017_ERR_CERT_WEAK}},
  };

  static const pki_spec old_spec = {
      .cn = {PKI_CN("old authority")}, .ca = true, .rsa_bits = 2048};
  pki_cert old = pki_make(&old_spec, NULL);

  trusting_authority(&old);
  for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
    pki_cert leaf = pki_make(&rows[i].spec, &old);

    for (int profile = 0; profile < 3; profile++) {
      pair p;

      pair_init(&p, TLS1_2_VERSION, (h46017_tls_profile)profile);
      SSL_CTX_set_security_level(p.cctx, 0); /* the device knows no better */
      pki_use(p.cctx, &leaf, NULL);
      pki_use(p.sctx, &pair_gk, NULL);
      pki_trust(p.cctx, &pair_root);
      ck_assert_int_eq(h46017_trust_attach(trusting_list, p.sctx,
                                           H46017_TLS_SERVER,
                                           H46017_CLIENT_CERT_REQUIRE),
                       0);
      p.sset.trust = trusting_list;
      p.cset.server_name = "gk.example.net";
      pair_begin(&p);
      pair_run(&p);
      ck_assert_msg(p.server.error == rows[i].code[profile],
                    "row %zu, profile %d: %s (%s)", i, profile,
                    h46017_error_name(p.server.error),
                    h46017_tls_error_text(p.server.t));
      pair_free(&p);
    }
    pki_free(&leaf);
  }
  pki_free(&old);
}
END_TEST

/* -- resumption ----------------------------------------------------------- */

/* Another connection with the contexts of `p`, offering what the last one
 * left. */
static void again(pair *p, SSL_SESSION *session) {
  side *all[] = {&p->client, &p->server};

  for (size_t i = 0; i < 2; i++) {
    int64_t utc = all[i]->utc;

    side_free(all[i]);
    memset(all[i], 0, sizeof(*all[i]));
    all[i]->utc = utc;
  }
  p->cset.session = session;
  pair_begin(p);
  p->cset.session = NULL;
  pair_run(p);
}

static SSL_SESSION *left_by(const pair *p) {
  SSL_SESSION *s = SSL_get1_session(h46017_tls_ssl(p->client.t));

  ck_assert_ptr_nonnull(s);
  return s;
}

/* Both sides with a list: client's name check and all. */
static void meet_twice(pair *p, int version) {
  pair_init(p, version, H46017_TLS_MODERN);
  pki_use(p->cctx, &pair_phone, NULL);
  pki_use(p->sctx, &pair_gk, NULL);
  ck_assert_int_eq(h46017_trust_attach(trusting_list, p->sctx,
                                       H46017_TLS_SERVER,
                                       H46017_CLIENT_CERT_REQUIRE),
                   0);
  ck_assert_int_eq(h46017_trust_attach(trusting_list, p->cctx,
                                       H46017_TLS_CLIENT,
                                       H46017_CLIENT_CERT_REQUIRE),
                   0);
  p->sset.trust = trusting_list;
  p->cset.trust = trusting_list;
  p->cset.server_name = "gk.example.net";
  pair_begin(p);
  pair_run(p);
  ck_assert_int_eq(p->server.error, 0);
  ck_assert_int_eq(p->client.error, 0);
  ck_assert(!h46017_tls_is_resumed(p->server.t));
}

static void expect_resumed(const pair *p, bool resumed) {
  const h46017_identity *id = h46017_tls_identity(p->server.t);

  ck_assert_msg(p->server.error == 0, "%s", h46017_tls_error_text(p->server.t));
  ck_assert_int_eq(p->client.error, 0);
  ck_assert(h46017_tls_is_resumed(p->server.t) == resumed);
  ck_assert_int_eq((int)id->proof, (int)H46017_PROOF_CERTIFICATE);
  ck_assert_str_eq(id->cn, "0090332f688a");
  ck_assert_ptr_nonnull(id->issuer);
  ck_assert_int_eq((int)h46017_tls_identity(p->client.t)->proof,
                   (int)H46017_PROOF_CERTIFICATE);
}

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

START_TEST(live_connections_stay_when_trust_changes) {
  uint8_t id[32];
  pair p;

  trusting_authority(&pair_root);
  trusting_id(&pair_root, id);
  trusting_meet(&p, versions[_i], H46017_TLS_MODERN, &pair_phone, NULL);
  ck_assert_int_eq(p.server.error, 0);
  ck_assert_int_eq(h46017_trust_remove(trusting_list, id), 0);
  p.client.app.out = (const uint8_t *)"hello";
  p.client.app.out_len = 5;
  p.client.app.out_at = 0;
  ck_assert_int_eq(h46017_tls_pump(p.client.t, p.now), 0);
  pair_run(&p);
  ck_assert_uint_eq(p.server.app.in_len, 5);
  pair_free(&p);
}
END_TEST

static Suite *trust_suite(void) {
  Suite *s = suite_create("trust");
  TCase *tc = tcase_create("trust");
  int both = (int)(sizeof(versions) / sizeof(versions[0]));

  tcase_add_checked_fixture(tc, setup, trusting_teardown);
  tcase_set_timeout(tc, 120);
  tcase_add_test(tc, an_end_entity_is_this_very_certificate);
  tcase_add_test(tc, an_end_entity_never_issues_anything);
  tcase_add_test(tc, an_authority_issues_and_is_nobody);
  tcase_add_test(tc, an_authority_merely_sent_along_proves_nothing);
  tcase_add_test(tc, any_authority_of_the_chain_may_be_the_anchor);
  tcase_add_loop_test(tc, what_is_wrong_with_a_certificate_stays_wrong, 0,
                      (int)(sizeof(wrong_rows) / sizeof(wrong_rows[0])));
  tcase_add_test(tc, a_path_is_as_long_as_its_authority_says);
  tcase_add_test(tc, only_what_is_valid_now_is_trusted);
  tcase_add_test(tc, weak_devices_need_a_profile_that_says_so);
  tcase_add_loop_test(tc, a_session_is_resumed_with_the_whole_identity, 0,
                      both);
  tcase_add_loop_test(tc, a_connection_that_was_lost_is_resumed, 0, both);
  tcase_add_loop_test(tc, an_entry_that_is_gone_ends_resumption, 0, both);
  tcase_add_loop_test(tc, an_authority_made_an_end_entity_ends_resumption, 0,
                      both);
  tcase_add_loop_test(tc, an_expired_path_ends_resumption, 0, both);
  tcase_add_loop_test(tc, a_ticket_of_another_listener_is_not_taken, 0, both);
  tcase_add_loop_test(tc, a_client_asks_again_whether_its_server_may_pass, 0,
                      both);
  tcase_add_loop_test(tc, live_connections_stay_when_trust_changes, 0, both);
  suite_add_tcase(s, tc);
  return s;
}

int main(void) {
  SRunner *sr = srunner_create(trust_suite());
  int failed;

  srunner_run_all(sr, CK_ENV);
  failed = srunner_ntests_failed(sr);
  srunner_free(sr);
  return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
