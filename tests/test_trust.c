/* SPDX-License-Identifier: BSD-2-Clause */
/* Whom a trust list lets in, and what becomes of it when it changes. Each
 * attack here works against an implementation that puts every trusted
 * certificate into one store. */
#include "failmem.h"
#include "runner.h"
#include "trusting.h"

#include "tls/internal.h"

#include <h46017/error.h>

#include <check.h>
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

/* nameConstraints bind the authority that has them, also where it is the one
 * in the list, and those below it. A CN is looked at where it could be a host's
 * and no DNS name stands beside it: a MAC address is not, and is for the device
 * table to decide. */
static const struct {
  pki_cn cn;
  const char *san;
  bool good;
} constrained_rows[] = {
    {PKI_CN("a"), "DNS:phone.example.net", true},
    {PKI_CN("phone.example.net"), NULL, true},
    {PKI_CN("0090332f688a"), NULL, true},
    {PKI_CN("a"), "IP:192.0.2.7", true},
    {PKI_CN("a"), "DNS:phone.example.com", false},
    {PKI_CN("a"), "DNS:phone.example.net,DNS:other", false},
    {PKI_CN("phone.example.com"), NULL, false},
    {PKI_CN("a"), "DNS:bad.example.net", false},
    {PKI_CN("a"), "IP:198.51.100.7", false},
};

START_TEST(an_authority_gives_only_the_names_that_it_may) {
  static const pki_spec top_spec = {.cn = {PKI_CN("top")},
                                    .ca = true,
                                    .permitted =
                                        "permitted;DNS:example.net,"
                                        "permitted;IP:192.0.2.0/255.255.255.0,"
                                        "excluded;DNS:bad.example.net"};
  static const pki_spec middle_spec = {.cn = {PKI_CN("middle")}, .ca = true};
  const pki_spec spec = {.cn = {constrained_rows[_i].cn},
                         .san = constrained_rows[_i].san};
  const int outcome = constrained_rows[_i].good ? 0 : H46017_ERR_CERT_REJECTED;
  pki_cert top = pki_make(&top_spec, NULL);
  pki_cert middle = pki_make(&middle_spec, &top);
  pki_cert leaf = pki_make(&spec, &top);
  pki_cert below = pki_make(&spec, &middle);
  const pki_cert *chain[] = {&middle, NULL};

  trusting_authority(&top);
  ck_assert_int_eq(trusting_outcome(&leaf, NULL), outcome);
  ck_assert_int_eq(trusting_outcome(&below, chain), outcome);
  /* this very certificate was looked at: nothing is asked of its issuer */
  trusting_end_entity(&leaf);
  ck_assert_int_eq(trusting_outcome(&leaf, NULL), 0);
  pki_free(&top);
  pki_free(&middle);
  pki_free(&leaf);
  pki_free(&below);
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
      {{.cn = {PKI_CN("a")}, .ed25519 = true}, {0, 0, 0}},
      {{.cn = {PKI_CN("a")}, .rsa_bits = 768},
       {H46017_ERR_CERT_WEAK, H46017_ERR_CERT_WEAK, H46017_ERR_CERT_WEAK}},
      /* which OpenSSL's level 1 holds for as good */
      {{.cn = {PKI_CN("a")}, .rsa_bits = 1023},
       {H46017_ERR_CERT_WEAK, 0, H46017_ERR_CERT_WEAK}},
  };

  /* nothing rests on the signature of the anchor */
  static const pki_spec old_spec = {.cn = {PKI_CN("old authority")},
                                    .ca = true,
                                    .rsa_bits = 2048,
                                    .digest = "MD5"};
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

START_TEST(strength_is_no_trust) {
  pki_cert stranger = pki_leaf("0090332f688a", NULL);

  for (int profile = 0; profile < 3; profile++) {
    pair p;

    trusting_meet(&p, 0, (h46017_tls_profile)profile, &stranger, NULL);
    ck_assert_int_eq(p.server.error, H46017_ERR_SELF_SIGNED_UNTRUSTED);
    pair_free(&p);
  }
  pki_free(&stranger);
}
END_TEST

START_TEST(what_let_a_peer_in_is_told_and_nothing_else) {
  pki_cert stranger = pki_leaf("0090332f688a", NULL);
  uint8_t used[32];
  uint8_t id[32];
  pair p;

  trusting_authority(&pair_root);
  trusting_id(&pair_root, id);
  trusting_meet(&p, 0, H46017_TLS_MODERN, &pair_phone, NULL);
  ck_assert_int_eq(
      h46017_trust_used(trusting_list, h46017_tls_ssl(p.server.t), used), 0);
  ck_assert_mem_eq(used, id, sizeof(id));
  /* of a connection that the list decided nothing about */
  ck_assert_int_eq(
      h46017_trust_used(trusting_list, h46017_tls_ssl(p.client.t), used),
      H46017_ERR_NOT_FOUND);
  pair_free(&p);
  trusting_meet(&p, 0, H46017_TLS_MODERN, &stranger, NULL);
  ck_assert_int_eq(p.server.error, H46017_ERR_SELF_SIGNED_UNTRUSTED);
  ck_assert_int_eq(
      h46017_trust_used(trusting_list, h46017_tls_ssl(p.server.t), used),
      H46017_ERR_NOT_FOUND);
  pair_free(&p);
  pki_free(&stranger);
}
END_TEST

START_TEST(what_verification_comes_to_is_a_code) {
  long base = h46017_tls_own_verify_result(0);

  ck_assert_int_eq(h46017_error_from_verify_result(X509_V_OK), 0);
  ck_assert_int_eq(h46017_error_from_verify_result(base + 1), -1);
  ck_assert_int_eq(h46017_error_from_verify_result(base + 999), -999);
  /* and never one that says it was good */
  ck_assert_int_eq(h46017_error_from_verify_result(base),
                   H46017_ERR_CERT_REJECTED);
  ck_assert_int_eq(h46017_error_from_verify_result(base + 1000),
                   H46017_ERR_CERT_REJECTED);
  ck_assert_int_eq(h46017_error_from_verify_result(-1),
                   H46017_ERR_CERT_REJECTED);
  ck_assert_int_eq(h46017_error_from_verify_result(INT64_MAX),
                   H46017_ERR_CERT_REJECTED);
}
END_TEST

START_TEST(a_list_is_attached_to_a_context_with_a_role_and_a_mode) {
  SSL_CTX *ctx = SSL_CTX_new(TLS_method());

  ck_assert_int_eq(h46017_trust_attach(trusting_list, NULL, H46017_TLS_SERVER,
                                       H46017_CLIENT_CERT_REQUIRE),
                   H46017_ERR_INVALID_ARGUMENT);
  ck_assert_int_eq(h46017_trust_attach(trusting_list, ctx, (h46017_tls_role)9,
                                       H46017_CLIENT_CERT_REQUIRE),
                   H46017_ERR_INVALID_ARGUMENT);
  ck_assert_int_eq(h46017_trust_attach(trusting_list, ctx, H46017_TLS_SERVER,
                                       (h46017_client_cert_mode)9),
                   H46017_ERR_INVALID_ARGUMENT);
  ck_assert_int_eq(SSL_CTX_get_verify_mode(ctx), SSL_VERIFY_NONE);
  SSL_CTX_free(ctx);
}
END_TEST

START_TEST(a_server_may_show_what_may_issue) {
  static const pki_spec spec = {.cn = {PKI_CN("gk.example.net")},
                                .ca = true,
                                .no_key_usage = true,
                                .san = "DNS:gk.example.net"};
  pki_cert gk = pki_make(&spec, &pair_root);
  pair p;

  trusting_authority(&pair_root);
  trusting_meet_gatekeeper(&p, &gk);
  ck_assert_int_eq(p.client.error, 0);
  /* whom nobody trusts is not blamed for its name first */
  ck_assert_int_eq(h46017_trust_clear(trusting_list, NULL), 0);
  side_free(&p.client);
  side_free(&p.server);
  p.cset.server_check = H46017_SERVER_CHECK_SUBJECT;
  p.cset.server_name = "CN=somebody else";
  pair_begin(&p);
  pair_run(&p);
  ck_assert_int_eq(p.client.error, H46017_ERR_UNKNOWN_CA);
  pair_free(&p);
  /* nor does it matter where there is no list */
  pair_good_init(&p, 0);
  pki_use(p.sctx, &gk, NULL);
  pair_begin(&p);
  pair_run(&p);
  ck_assert_int_eq(p.client.error, 0);
  pair_free(&p);
  pki_free(&gk);
}
END_TEST

/* -- changes ------------------------------------------------------------- */

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

/* -- ends ----------------------------------------------------------------- */

/* All that one side has to send; false: neither has. */
static bool flight(pair *p) {
  side *from = h46017_tls_want_write(p->client.t) ? &p->client : &p->server;
  side *to = from == &p->client ? &p->server : &p->client;
  const uint8_t *data;
  size_t len = h46017_tls_peek_tx(from->t, &data);

  if (len == 0) {
    return false;
  }
  (void)h46017_tls_recv(to->t, data, len, p->now);
  ck_assert_int_eq(h46017_tls_ack_tx(from->t, len, p->now), 0);
  return true;
}

/* What OpenSSL holds is for LeakSanitizer to see. */
static bool cut_after(int flights, int version, const pki_cert *client) {
  bool more = true;
  failmem f;
  pair p;

  failmem_init(&f);
  pair_init(&p, version, H46017_TLS_MODERN);
  pki_use(p.cctx, client, NULL);
  pki_use(p.sctx, &pair_gk, NULL);
  pki_trust(p.cctx, &pair_root);
  ck_assert_int_eq(h46017_trust_attach(trusting_list, p.sctx, H46017_TLS_SERVER,
                                       H46017_CLIENT_CERT_REQUIRE),
                   0);
  p.sset.trust = trusting_list;
  p.cset.server_name = "gk.example.net";
  p.client.mem = p.server.mem = &f.mem;
  pair_begin(&p);
  for (int i = 0; more && i < flights; i++) {
    more = flight(&p);
  }
  pair_free(&p);
  ck_assert_uint_eq(f.blocks, 0);
  ck_assert_uint_gt(f.calls, 0);
  return more;
}

START_TEST(a_handshake_that_ends_at_any_flight_leaves_nothing) {
  pki_cert stranger = pki_leaf("0090332f688a", NULL);
  const pki_cert *clients[] = {&pair_phone, &stranger};

  trusting_authority(&pair_root);
  for (int i = 0; i < 2; i++) {
    int flights = 0;

    while (cut_after(flights, versions[_i], clients[i])) {
      flights++;
    }
    ck_assert_int_ge(flights, 3);
  }
  pki_free(&stranger);
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
  tcase_add_loop_test(tc, an_authority_gives_only_the_names_that_it_may, 0,
                      sizeof(constrained_rows) / sizeof(*constrained_rows));
  tcase_add_test(tc, only_what_is_valid_now_is_trusted);
  tcase_add_test(tc, weak_devices_need_a_profile_that_says_so);
  tcase_add_test(tc, strength_is_no_trust);
  tcase_add_test(tc, what_let_a_peer_in_is_told_and_nothing_else);
  tcase_add_test(tc, what_verification_comes_to_is_a_code);
  tcase_add_test(tc, a_list_is_attached_to_a_context_with_a_role_and_a_mode);
  tcase_add_test(tc, a_server_may_show_what_may_issue);
  tcase_add_loop_test(tc, live_connections_stay_when_trust_changes, 0, both);
  tcase_add_loop_test(tc, a_handshake_that_ends_at_any_flight_leaves_nothing, 0,
                      both);
  suite_add_tcase(s, tc);
  return s;
}

int main(void) {
  return run_suite(trust_suite());
}
