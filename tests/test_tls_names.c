/* SPDX-License-Identifier: BSD-2-Clause */
/* Which of a certificate's names an identity has, and what the judgement of a
 * resumed session still depends on. */
#include "failmem.h"
#include "resumed.h"
#include "runner.h"

#include <h46017/error.h>

#include <check.h>
#include <stdio.h>
#include <string.h>

static void setup(void) {
  trusting_setup(NULL);
}

/* -- names ---------------------------------------------------------------- */

/* The subject is this CN alone; takes the names. */
static pki_cert certificate(int type, const char *cn, int cn_len,
                            GENERAL_NAMES *names) {
  pki_cert c = pki_leaf("x", &pair_root);
  X509_NAME *subject = X509_NAME_new();
  X509_NAME_ENTRY *entry = X509_NAME_ENTRY_new();
  ASN1_STRING *value = ASN1_STRING_type_new(type);

  if (cn != NULL) {
    ck_assert_int_eq(ASN1_STRING_set(value, cn, cn_len), 1);
    ck_assert_int_eq(
        X509_NAME_ENTRY_set_object(entry, OBJ_nid2obj(NID_commonName)), 1);
    ck_assert_int_eq(X509_NAME_ENTRY_set_data(entry, type,
                                              ASN1_STRING_get0_data(value),
                                              ASN1_STRING_length(value)),
                     1);
    ck_assert_int_eq(X509_NAME_add_entry(subject, entry, -1, 0), 1);
  }
  ck_assert_int_eq(X509_set_subject_name(c.x509, subject), 1);
  if (names != NULL) {
    ck_assert_int_eq(X509_add1_ext_i2d(c.x509, NID_subject_alt_name, names, 1,
                                       X509V3_ADD_DEFAULT),
                     1);
  }
  ck_assert_int_gt(X509_sign(c.x509, pair_root.key, EVP_sha256()), 0);
  X509_NAME_ENTRY_free(entry);
  X509_NAME_free(subject);
  ASN1_STRING_free(value);
  GENERAL_NAMES_free(names);
  return c;
}

static void add_name(GENERAL_NAMES *names, int type, const void *octets,
                     int len) {
  GENERAL_NAME *name = GENERAL_NAME_new();
  ASN1_STRING *value = ASN1_STRING_type_new(
      type == GEN_IPADD ? V_ASN1_OCTET_STRING : V_ASN1_IA5STRING);

  ck_assert_int_eq(ASN1_STRING_set(value, octets, len), 1);
  GENERAL_NAME_set0_value(name, type, value);
  ck_assert_int_gt(sk_GENERAL_NAME_push(names, name), 0);
}

/* The phone with this certificate, let in, or refused as nobody. */
static void show(pair *p, pki_cert *c) {
  trusting_authority(&pair_root);
  trusting_meet(p, 0, H46017_TLS_MODERN, c, NULL);
  ck_assert_int_eq(p->server.error, 0);
  pki_free(c);
}

START_TEST(a_name_that_a_log_could_not_show_is_left_out) {
  static const struct {
    const char *text;
    int len;
    bool good;
  } rows[] = {
      {"!", 1, true},           {"~", 1, true},         {"a b", 3, false},
      {" a", 2, false},         {"a\x7f", 2, false},    {"a\x1b[2J", 5, false},
      {"a\0b", 3, false},       {"\xc3\xa4", 2, false}, {"", 0, false},
      {"gk.example", 10, true},
  };
  enum { ROWS = sizeof(rows) / sizeof(rows[0]) };
  GENERAL_NAMES *names = GENERAL_NAMES_new();
  const h46017_identity *id;
  size_t n = 0;
  pki_cert c;
  pair p;

  for (size_t i = 0; i < ROWS; i++) {
    add_name(names, GEN_URI, rows[i].text, rows[i].len);
  }
  c = certificate(V_ASN1_UTF8STRING, "0090332f688a", 12, names);
  show(&p, &c);
  id = h46017_tls_identity(p.server.t);
  for (size_t i = 0; i < ROWS; i++) {
    if (rows[i].good) {
      ck_assert_uint_lt(n, id->san_count);
      ck_assert_str_eq(id->sans[n++].text, rows[i].text);
    }
  }
  ck_assert_uint_eq(id->san_count, n);
  pair_free(&p);
}
END_TEST

START_TEST(an_address_has_four_octets_or_sixteen) {
  static const unsigned char octets[17] = {192, 0, 2, 1, 0, 0, 0, 9};
  static const unsigned char own[16] = {[15] = 1};
  GENERAL_NAMES *names = GENERAL_NAMES_new();
  const h46017_identity *id;
  pki_cert c;
  pair p;

  for (int len = 3; len <= 17; len++) {
    add_name(names, GEN_IPADD, octets, len);
  }
  add_name(names, GEN_IPADD, own, sizeof(own));
  c = certificate(V_ASN1_UTF8STRING, "0090332f688a", 12, names);
  show(&p, &c);
  id = h46017_tls_identity(p.server.t);
  ck_assert_uint_eq(id->san_count, 3);
  ck_assert_str_eq(id->sans[0].text, "192.0.2.1");
  ck_assert_str_eq(id->sans[1].text, "c000:201:0:9::");
  ck_assert_str_eq(id->sans[2].text, "::1");
  pair_free(&p);
}
END_TEST

START_TEST(two_and_thirty_names_are_looked_at) {
  GENERAL_NAMES *names = GENERAL_NAMES_new();
  const h46017_identity *id;
  pki_cert c;
  pair p;

  for (int i = 0; i < 40; i++) {
    char name[16];
    int len = snprintf(name, sizeof(name), "n%d.example", i);

    add_name(names, GEN_DNS, name, len);
  }
  c = certificate(V_ASN1_UTF8STRING, "0090332f688a", 12, names);
  show(&p, &c);
  id = h46017_tls_identity(p.server.t);
  ck_assert_uint_eq(id->san_count, 32);
  ck_assert_str_eq(id->sans[31].text, "n31.example");
  pair_free(&p);
}
END_TEST

START_TEST(a_cn_may_be_all_that_there_is_if_it_is_text) {
  static const char *const bad[] = {"", NULL};
  const h46017_identity *id;
  pki_cert c = certificate(V_ASN1_UTF8STRING, "0090332f688a", 12, NULL);
  pair p;

  show(&p, &c);
  id = h46017_tls_identity(p.server.t);
  ck_assert_int_eq((int)id->proof, (int)H46017_PROOF_CERTIFICATE);
  ck_assert_str_eq(id->cn, "0090332f688a");
  ck_assert_uint_eq(id->san_count, 0);
  ck_assert_ptr_null(id->sans);
  pair_free(&p);
  for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
    c = certificate(V_ASN1_UTF8STRING, bad[i], 0, NULL);
    show(&p, &c);
    id = h46017_tls_identity(p.server.t);
    ck_assert_int_eq((int)id->proof, (int)H46017_PROOF_NONE);
    ck_assert_int_eq(id->error, H46017_ERR_CERT_NAME);
    ck_assert_ptr_null(id->cn);
    pair_free(&p);
  }
}
END_TEST

START_TEST(a_server_needs_no_cn_and_a_stranger_is_one_with_or_without) {
  GENERAL_NAMES *names = GENERAL_NAMES_new();
  pki_cert stranger = pki_leaf("x", NULL);
  X509_NAME *nobody = X509_NAME_new();
  pki_cert gk;
  pair p;

  ck_assert_int_eq(X509_set_subject_name(stranger.x509, nobody), 1);
  ck_assert_int_eq(X509_set_issuer_name(stranger.x509, nobody), 1);
  ck_assert_int_gt(X509_sign(stranger.x509, stranger.key, EVP_sha256()), 0);
  add_name(names, GEN_DNS, "gk.example.net", 14);
  gk = certificate(V_ASN1_UTF8STRING, NULL, 0, names);
  trusting_authority(&pair_root);
  meet_gatekeeper(&p, TLS1_3_VERSION, H46017_TLS_MODERN, &gk, NULL);
  pki_use(p.cctx, &stranger, NULL);
  ck_assert_int_eq(h46017_trust_attach(trusting_list, p.sctx, H46017_TLS_SERVER,
                                       H46017_CLIENT_CERT_REQUEST),
                   0);
  meet_end(&p);
  ck_assert_int_eq(h46017_tls_identity(p.client.t)->error, 0);
  ck_assert_int_eq((int)h46017_tls_identity(p.client.t)->proof,
                   (int)H46017_PROOF_CERTIFICATE);
  ck_assert_int_eq(h46017_tls_identity(p.server.t)->error,
                   H46017_ERR_SELF_SIGNED_UNTRUSTED);
  pair_free(&p);
  X509_NAME_free(nobody);
  pki_free(&stranger);
  pki_free(&gk);
}
END_TEST

static int identify(failmem *f, void *arg) {
  h46017_identity *id = NULL;
  int rv = h46017_identity_from_ssl(&id, trusting_list, arg, &f->mem);

  ck_assert((id == NULL) == (rv != 0));
  h46017_identity_del(id);
  return rv;
}

START_TEST(an_identity_takes_memory_that_may_fail) {
  h46017_mem none = {NULL, NULL, NULL, NULL, NULL};
  h46017_identity *id = NULL;
  pair p;

  trusting_authority(&pair_root);
  meet_twice(&p, TLS1_3_VERSION);
  ck_assert_int_eq(h46017_identity_from_ssl(&id, trusting_list,
                                            h46017_tls_ssl(p.server.t), &none),
                   H46017_ERR_INVALID_ARGUMENT);
  ck_assert_uint_gt(failmem_sweep(identify, h46017_tls_ssl(p.server.t)), 1);
  pair_free(&p);
}
END_TEST

/* -- a resumed session ---------------------------------------------------- */

static int error_by(const h46017_trust *list, const SSL *ssl) {
  h46017_identity *id = NULL;
  int error;

  ck_assert_int_eq(h46017_identity_from_ssl(&id, list, ssl, NULL), 0);
  error = id->error;
  ck_assert((error == 0) == (id->proof == H46017_PROOF_CERTIFICATE));
  h46017_identity_del(id);
  return error;
}

START_TEST(a_resumed_session_is_good_by_its_list_and_its_time) {
  h46017_trust *other = NULL;
  const h46017_identity *id;
  X509_VERIFY_PARAM *param;
  SSL_SESSION *s;
  SSL *ssl;
  pair p;

  ck_assert_int_eq(h46017_trust_new(&other, NULL, NULL), 0);
  ck_assert_int_eq(trusting_add(other, &pair_root, H46017_TRUST_AUTHORITY), 0);
  trusting_authority(&pair_root);
  meet_twice(&p, TLS1_3_VERSION);
  s = left_by(&p);
  again(&p, s);
  expect_resumed(&p, true);
  SSL_SESSION_free(s);
  ssl = h46017_tls_ssl(p.server.t);
  id = h46017_tls_identity(p.server.t);
  ck_assert_int_eq(error_by(trusting_list, ssl), 0);
  ck_assert_int_eq(error_by(NULL, ssl), 0);
  /* of a list that did not ask for it nothing is known */
  ck_assert_int_eq(error_by(other, ssl), H46017_ERR_UNAUTHENTICATED);
  /* a client's was judged before it was offered */
  ck_assert_int_eq(error_by(other, h46017_tls_ssl(p.client.t)), 0);
  param = SSL_get0_param(ssl);
  X509_VERIFY_PARAM_set_time(param, (time_t)id->not_after);
  ck_assert_int_eq(error_by(NULL, ssl), 0);
  X509_VERIFY_PARAM_set_time(param, (time_t)id->not_after + 1);
  ck_assert_int_eq(error_by(NULL, ssl), H46017_ERR_CERT_EXPIRED);
  X509_VERIFY_PARAM_set_time(param, (time_t)id->not_before);
  ck_assert_int_eq(error_by(NULL, ssl), 0);
  X509_VERIFY_PARAM_set_time(param, (time_t)id->not_before - 1);
  ck_assert_int_eq(error_by(NULL, ssl), H46017_ERR_CERT_NOT_YET_VALID);
  pair_free(&p);
  h46017_trust_del(other);
}
END_TEST

START_TEST(at_the_first_contact_what_is_wrong_comes_first) {
  const h46017_identity *id;
  SSL_SESSION *s;
  SSL *ssl;
  pair p;

  trusting_authority(&pair_root);
  meet_twice(&p, TLS1_3_VERSION);
  s = left_by(&p);
  p.cset.server_name = NULL;
  p.cset.server_check = H46017_SERVER_CHECK_PIN;
  again(&p, s);
  SSL_SESSION_free(s);
  ssl = h46017_tls_ssl(p.client.t);
  id = h46017_tls_identity(p.client.t);
  ck_assert(h46017_tls_is_resumed(p.client.t));
  ck_assert_int_eq(id->error, H46017_ERR_UNAUTHENTICATED);
  X509_VERIFY_PARAM_set_time(SSL_get0_param(ssl), (time_t)id->not_after + 1);
  ck_assert_int_eq(error_by(trusting_list, ssl), H46017_ERR_CERT_EXPIRED);
  pair_free(&p);
}
END_TEST

static int yes(int ok, X509_STORE_CTX *store) {
  (void)ok;
  (void)store;
  return 1;
}

static int believe(X509_STORE_CTX *store, void *arg) {
  (void)store;
  (void)arg;
  return 1;
}

/* Contexts that OpenSSL alone verifies in, or this at the server. */
static void meet_bare(pair *p, const pki_cert *phone, const pki_cert *gk,
                      int (*verify)(X509_STORE_CTX *, void *)) {
  pair_good_init(p, 0);
  pki_use(p->cctx, phone, NULL);
  pki_use(p->sctx, gk, NULL);
  SSL_CTX_set_cert_verify_callback(p->cctx, NULL, NULL);
  SSL_CTX_set_cert_verify_callback(p->sctx, verify, NULL);
  SSL_CTX_set_verify(p->sctx, SSL_VERIFY_PEER, yes);
  pair_begin(p);
  pair_run(p);
  ck_assert_int_eq(p->server.error, 0);
  ck_assert_int_eq(p->client.error, 0);
}

START_TEST(an_authority_is_no_device_whoever_verified_it) {
  static const pki_spec phone_spec = {
      .cn = {PKI_CN("0090332f688a")}, .ca = true, .no_key_usage = true};
  static const pki_spec gk_spec = {
      .cn = {PKI_CN("gk.example.net")}, .ca = true, .no_key_usage = true};
  pki_cert phone = pki_make(&phone_spec, &pair_root);
  pki_cert stranger = pki_make(&phone_spec, NULL);
  pki_cert gk = pki_make(&gk_spec, &pair_root);
  pair p;

  meet_bare(&p, &phone, &gk, NULL);
  ck_assert_int_eq(h46017_tls_identity(p.server.t)->error,
                   H46017_ERR_CERT_IS_CA);
  ck_assert_int_eq((int)h46017_tls_identity(p.client.t)->proof,
                   (int)H46017_PROOF_CERTIFICATE);
  pair_free(&p);
  /* what made it no good before that is said */
  meet_bare(&p, &stranger, &gk, NULL);
  ck_assert_int_eq(h46017_tls_identity(p.server.t)->error,
                   H46017_ERR_SELF_SIGNED_UNTRUSTED);
  pair_free(&p);
  meet_bare(&p, &phone, &gk, believe);
  ck_assert_int_eq(h46017_tls_identity(p.server.t)->error,
                   H46017_ERR_UNAUTHENTICATED);
  pair_free(&p);
  pki_free(&phone);
  pki_free(&stranger);
  pki_free(&gk);
}
END_TEST

START_TEST(who_was_not_verified_is_told_why) {
  pair p;

  trusting_authority(&pair_root);
  meet_begin(&p, TLS1_3_VERSION);
  ck_assert_int_eq(h46017_trust_attach(trusting_list, p.sctx, H46017_TLS_SERVER,
                                       H46017_CLIENT_CERT_REQUEST),
                   0);
  p.server.no_clock = true;
  meet_end(&p);
  ck_assert_int_eq(h46017_tls_identity(p.server.t)->error,
                   H46017_ERR_CLOCK_NOT_SET);
  pair_free(&p);
}
END_TEST

int main(void) {
  Suite *s = suite_create("tls_names");
  TCase *tc = tcase_create("tls_names");

  tcase_add_checked_fixture(tc, setup, trusting_teardown);
  tcase_add_test(tc, a_name_that_a_log_could_not_show_is_left_out);
  tcase_add_test(tc, an_address_has_four_octets_or_sixteen);
  tcase_add_test(tc, two_and_thirty_names_are_looked_at);
  tcase_add_test(tc, a_cn_may_be_all_that_there_is_if_it_is_text);
  tcase_add_test(tc,
                 a_server_needs_no_cn_and_a_stranger_is_one_with_or_without);
  tcase_add_test(tc, an_identity_takes_memory_that_may_fail);
  tcase_add_test(tc, a_resumed_session_is_good_by_its_list_and_its_time);
  tcase_add_test(tc, at_the_first_contact_what_is_wrong_comes_first);
  tcase_add_test(tc, an_authority_is_no_device_whoever_verified_it);
  tcase_add_test(tc, who_was_not_verified_is_told_why);
  suite_add_tcase(s, tc);
  return run_suite(s);
}
