/* SPDX-License-Identifier: BSD-2-Clause */
/* What TLS refuses: other protocols, old versions, floods, a server of another
 * name; and an SSL that the library does not run. */
#include "octets.h"
#include "runner.h"
#include "tlspair.h"

#include <h46017/error.h>

#include <check.h>
#include <stdlib.h>
#include <string.h>

static const int versions[] = {TLS1_2_VERSION, TLS1_3_VERSION};

/* -- what is not TLS ------------------------------------------------------ */

START_TEST(what_is_not_tls_is_told_from_its_first_octet) {
  static const struct {
    const char *data;
    size_t len;
    int error;
  } rows[] = {
      {"\x03\x00\x00\x04", 4, H46017_ERR_NOT_TLS}, /* TPKT */
      {"\x03", 1, H46017_ERR_NOT_TLS},
      {"GET / HTTP/1.0\r\n\r\n", 18, H46017_ERR_NOT_TLS},
      {"\0\0\0\0", 4, H46017_ERR_NOT_TLS},
      {"\x16\x03\x01\x00\x05hello", 10, H46017_ERR_TLS},
      {"\x16hello there", 12, H46017_ERR_NOT_TLS},
      {"\x15\x03\x01\x00\x02\x02\x28", 7, H46017_ERR_TLS},
  };

  for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
    for (int role = 0; role < 2; role++) {
      pair p;
      side *s;
      uint8_t *exact = octets_exact((const uint8_t *)rows[i].data, rows[i].len);
      int rv;

      pair_good_begin(&p, 0);
      s = role == 0 ? &p.server : &p.client;
      rv = h46017_tls_recv(s->t, exact, rows[i].len, p.now);
      ck_assert_msg(rv == rows[i].error, "row %zu, role %d: %s (%s)", i, role,
                    h46017_error_name(rv), h46017_tls_error_text(s->t));
      ck_assert_int_eq(s->app.down_why, rv);
      ck_assert_int_eq(s->app.ups, 0);
      if (i == 0 && role == 0) {
        ck_assert(!h46017_tls_want_write(s->t)); /* a TPKT peer reads no TLS */
      }
      free(exact);
      pair_free(&p);
    }
  }
}
END_TEST

START_TEST(older_versions_are_refused) {
  pair p;

  pair_good_init(&p, 0);
  SSL_CTX_set_security_level(p.cctx, 0);
  ck_assert_int_eq(SSL_CTX_set_cipher_list(p.cctx, "ALL"), 1);
  SSL_CTX_set_min_proto_version(p.cctx, TLS1_VERSION);
  SSL_CTX_set_max_proto_version(p.cctx, TLS1_1_VERSION);
  pair_begin(&p);
  pair_run(&p);
  ck_assert_int_eq(p.server.error, H46017_ERR_TLS);
  ck_assert_int_eq(p.client.error, H46017_ERR_TLS);
  pair_free(&p);
}
END_TEST

START_TEST(old_ciphers_are_for_old_devices) {
  for (int legacy = 0; legacy < 2; legacy++) {
    static const pki_spec rsa = {.cn = {PKI_CN("gk.example.net")},
                                 .rsa_bits = 2048};
    pki_cert server = pki_make(&rsa, &pair_root);
    pair p;

    pair_init(&p, TLS1_2_VERSION,
              legacy ? H46017_TLS_LEGACY_DEVICE : H46017_TLS_MODERN);
    ck_assert_int_eq(SSL_CTX_set_cipher_list(p.cctx, "AES128-SHA"), 1);
    pki_use(p.cctx, &pair_phone, NULL);
    pki_use(p.sctx, &server, NULL);
    pki_trust(p.cctx, &pair_root);
    pki_trust(p.sctx, &pair_root);
    pair_begin(&p);
    pair_run(&p);
    ck_assert_int_eq(p.server.error, legacy ? 0 : H46017_ERR_TLS);
    if (legacy) {
      ck_assert_str_eq(h46017_tls_cipher(p.server.t),
                       "TLS_RSA_WITH_AES_128_CBC_SHA");
    }
    pair_free(&p);
    pki_free(&server);
  }
}
END_TEST

START_TEST(renegotiation_is_refused) {
  pair p;
  SSL *ssl;

  pair_good_run(&p, TLS1_2_VERSION);
  ssl = h46017_tls_ssl(p.client.t);
  SSL_clear_options(ssl, SSL_OP_NO_RENEGOTIATION);
  ck_assert_int_eq(SSL_renegotiate(ssl), 1);
  (void)SSL_do_handshake(ssl);
  pair_run(&p);
  /* the server answered "no", which OpenSSL's client takes for the end */
  ck_assert_str_eq(h46017_tls_error_text(p.client.t), "no renegotiation");
  ck_assert_int_eq(p.server.completed, 1);
  ck_assert_int_eq(p.server.error, H46017_ERR_TLS); /* the client gave up */
  pair_free(&p);
}
END_TEST

START_TEST(a_certificate_list_without_end_is_refused) {
  static const pki_spec big = {
      .cn = {PKI_CN("Heavy")}, .ca = true, .rsa_bits = 2048};
  pki_cert heavy = pki_make(&big, NULL);
  pair p;

  pair_good_init(&p, versions[_i]);
  for (int i = 0; i < 60; i++) {
    ck_assert_int_eq(SSL_CTX_add1_chain_cert(p.cctx, heavy.x509), 1);
  }
  pair_begin(&p);
  pair_run(&p);
  ck_assert_int_eq(p.server.error, H46017_ERR_CERT_CHAIN);
  pair_free(&p);
  pki_free(&heavy);
}
END_TEST

START_TEST(key_updates_without_end_are_a_flood) {
  const uint8_t *tx;
  SSL *ssl;
  int rv = 0;
  pair p;

  pair_good_init(&p, TLS1_3_VERSION);
  p.sset.max_tx = 4096;
  pair_begin(&p);
  pair_run(&p);
  ssl = h46017_tls_ssl(p.client.t);
  for (int i = 0; i < 9999 && rv == 0; i++) {
    uint8_t *copy;
    size_t len;

    ck_assert_int_eq(SSL_key_update(ssl, SSL_KEY_UPDATE_REQUESTED), 1);
    (void)SSL_do_handshake(ssl);
    len = h46017_tls_peek_tx(p.client.t, &tx);
    ck_assert_uint_gt(len, 0);
    copy = octets_exact(tx, len);
    ck_assert_int_eq(h46017_tls_ack_tx(p.client.t, len, p.now), 0);
    /* what the server answers is never read */
    rv = h46017_tls_recv(p.server.t, copy, len, p.now);
    free(copy);
    ck_assert_uint_le(h46017_tls_peek_tx(p.server.t, &tx), 4096 + 65536);
  }
  ck_assert_int_eq(rv, H46017_ERR_FLOOD);
  ck_assert_uint_gt(h46017_tls_peek_tx(p.server.t, &tx), 65000);
  pair_free(&p);
}
END_TEST

/* -- the server's name ---------------------------------------------------- */

typedef struct name_row {
  const char *san;
  const char *cn;
  const char *expect;
  bool good;
} name_row;

static const name_row name_rows[] = {
    {"DNS:gk.example.net", "x", "gk.example.net", true},
    {"DNS:gk.example.net", "x", "GK.Example.NET", true},
    {"DNS:gk.example.net", "x", "gk.example.net.", true},
    {"DNS:a.example,DNS:gk.example.net", "x", "gk.example.net", true},
    {"DNS:gk.example.net", "x", "gk2.example.net", false},
    {"DNS:gk.example.net", "x", "example.net", false},
    {"DNS:gk.example.net", "x", "a.gk.example.net", false},
    {"DNS:*.example.net", "x", "gk.example.net", false},
    {NULL, "gk.example.net", "gk.example.net", true},
    {NULL, "gk.example.net", "gk2.example.net", false},
    {"DNS:other.example", "gk.example.net", "gk.example.net", false},
    {"IP:192.0.2.1", "x", "192.0.2.1", true},
    {"IP:192.0.2.1", "x", "192.0.2.2", false},
    {NULL, "192.0.2.1", "192.0.2.1", false},
    {"DNS:192.0.2.1", "x", "192.0.2.1", false},
    {"IP:2001:db8::1", "x", "2001:db8:0::1", true},
    {"IP:2001:db8::1", "x", "2001:db8::2", false},
    {NULL, "0090332f688a", "gk.example.net", false}, /* a phone poses */
};

/* By its subjectAltName alone too, where a CN is no name. */
START_TEST(a_server_is_who_was_asked_for) {
  const name_row *row = &name_rows[_i / 2];
  bool strict = _i % 2 != 0;
  pki_spec spec = {.cn = {PKI_CN("x")}, .san = row->san};
  pki_cert server;
  pair p;

  spec.cn[0].octets = row->cn;
  spec.cn[0].len = (int)strlen(row->cn);
  server = pki_make(&spec, &pair_root);
  pair_init(&p, 0, H46017_TLS_MODERN);
  pki_use(p.cctx, &pair_phone, NULL);
  pki_use(p.sctx, &server, NULL);
  pki_trust(p.cctx, &pair_root);
  pki_trust(p.sctx, &pair_root);
  p.cset.server_name = row->expect;
  if (strict) {
    p.cset.server_check = H46017_SERVER_CHECK_SAN;
  }
  pair_begin(&p);
  pair_run(&p);
  if (row->good && (row->san != NULL || !strict)) {
    ck_assert_msg(p.client.error == 0, "%s: %s", row->expect,
                  h46017_tls_error_text(p.client.t));
    ck_assert_int_eq((int)h46017_tls_identity(p.client.t)->proof,
                     (int)H46017_PROOF_CERTIFICATE);
  } else {
    ck_assert_int_eq(p.client.error, H46017_ERR_SERVER_NAME);
    ck_assert_int_eq(p.server.error, H46017_ERR_CERT_REFUSED_BY_PEER);
  }
  pair_free(&p);
  pki_free(&server);
}
END_TEST

START_TEST(a_client_has_to_say_how_it_judges_the_server) {
  static const char *const bad[] = {NULL,  "",    ".",     "a..b",
                                    "a b", "-\n", "*.net", "gk.example.net/x"};
  pair p;
  h46017_tls *t = NULL;

  pair_good_init(&p, 0);
  for (size_t i = 0; i < 2 * sizeof(bad) / sizeof(bad[0]); i++) {
    p.cset.server_name = bad[i / 2];
    p.cset.server_check =
        i % 2 != 0 ? H46017_SERVER_CHECK_SAN : H46017_SERVER_CHECK_NAME;
    ck_assert_int_eq(h46017_tls_new(&t, p.cctx, H46017_TLS_CLIENT, &p.cset,
                                    NULL, NULL, NULL, 0),
                     H46017_ERR_INVALID_ARGUMENT);
  }
  ck_assert_int_eq(
      h46017_tls_new(&t, p.cctx, H46017_TLS_CLIENT, NULL, NULL, NULL, NULL, 0),
      H46017_ERR_INVALID_ARGUMENT);
  p.cset.server_check = (h46017_server_check)9;
  ck_assert_int_eq(h46017_tls_new(&t, p.cctx, H46017_TLS_CLIENT, &p.cset, NULL,
                                  NULL, NULL, 0),
                   H46017_ERR_INVALID_ARGUMENT);
  ck_assert_ptr_null(t);
  pair_free(&p);
}
END_TEST

START_TEST(a_server_is_known_by_its_whole_subject) {
  static const struct {
    const char *dn;
    int error;
  } rows[] = {
      {"CN=gk.example.net,O=Example", 0},
      {"CN=GK.Example.net, O=example", 0},
      {"cn=gk.example.net,o=Example", 0},
      {"CN=gk.example.net", H46017_ERR_SERVER_NAME},
      {"O=Example", H46017_ERR_SERVER_NAME},
      {"O=Example,CN=gk.example.net", H46017_ERR_SERVER_NAME},
      {"CN=gk.example.net,O=Example,C=DE", H46017_ERR_SERVER_NAME},
  };

  for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
    pair p;

    pair_good_init(&p, versions[_i]);
    p.cset.server_name = rows[i].dn;
    p.cset.server_check = H46017_SERVER_CHECK_SUBJECT;
    pair_begin(&p);
    pair_run(&p);
    ck_assert_int_eq(p.client.error, rows[i].error);
    ck_assert_int_eq(p.server.error,
                     rows[i].error == 0 ? 0 : H46017_ERR_CERT_REFUSED_BY_PEER);
    pair_free(&p);
  }
}
END_TEST

START_TEST(a_subject_that_is_none_is_refused_at_once) {
  h46017_tls *t = NULL;
  pair p;

  pair_good_init(&p, 0);
  p.cset.server_check = H46017_SERVER_CHECK_SUBJECT;
  p.cset.server_name = "gk.example.net";
  ck_assert_int_eq(h46017_tls_new(&t, p.cctx, H46017_TLS_CLIENT, &p.cset, NULL,
                                  NULL, NULL, 0),
                   H46017_ERR_DN);
  p.cset.server_name = NULL;
  ck_assert_int_eq(h46017_tls_new(&t, p.cctx, H46017_TLS_CLIENT, &p.cset, NULL,
                                  NULL, NULL, 0),
                   H46017_ERR_INVALID_ARGUMENT);
  ck_assert_int_eq(h46017_tls_expect_subject(NULL, "CN=a"),
                   H46017_ERR_INVALID_ARGUMENT);
  pair_free(&p);
}
END_TEST

START_TEST(a_server_of_any_name_is_still_a_trusted_one) {
  pair p;

  pair_good_init(&p, versions[_i]);
  p.cset.server_name = NULL;
  p.cset.server_check = H46017_SERVER_CHECK_TRUSTED;
  pair_begin(&p);
  pair_run(&p);
  ck_assert_int_eq(p.client.error, 0);
  ck_assert_int_eq((int)h46017_tls_identity(p.client.t)->proof,
                   (int)H46017_PROOF_CERTIFICATE);
  pair_free(&p);
  pair_init(&p, versions[_i], H46017_TLS_MODERN);
  pki_use(p.cctx, &pair_phone, NULL);
  pki_use(p.sctx, &pair_gk, NULL);
  pki_trust(p.sctx, &pair_root); /* the client trusts nobody */
  p.cset.server_name = NULL;
  p.cset.server_check = H46017_SERVER_CHECK_TRUSTED;
  pair_begin(&p);
  pair_run(&p);
  ck_assert_int_eq(p.client.error, H46017_ERR_UNKNOWN_CA);
  ck_assert_int_eq(p.server.error, H46017_ERR_CERT_REFUSED_BY_PEER);
  pair_free(&p);
}
END_TEST

START_TEST(an_unverified_server_proves_nothing_and_the_log_says_so) {
  pair p;

  pair_init(&p, versions[_i], H46017_TLS_MODERN);
  pki_use(p.cctx, &pair_phone, NULL);
  pki_use(p.sctx, &pair_gk, NULL);
  pki_trust(p.sctx, &pair_root);
  pki_trust(p.cctx, &pair_root); /* even where it could have been verified */
  p.cset.server_name = NULL;
  p.cset.server_check = H46017_SERVER_CHECK_NONE;
  pair_begin(&p);
  ck_assert_ptr_nonnull(strstr(p.client.log, "[H46017-301]"));
  ck_assert_ptr_nonnull(strstr(p.client.log, "not verified"));
  pair_run(&p);
  ck_assert_int_eq(p.client.error, 0);
  ck_assert_int_eq((int)h46017_tls_identity(p.client.t)->proof,
                   (int)H46017_PROOF_NONE);
  ck_assert_int_eq(h46017_tls_identity(p.client.t)->error,
                   H46017_ERR_UNAUTHENTICATED);
  ck_assert_str_eq(h46017_tls_identity(p.client.t)->cn, "gk.example.net");
  pair_free(&p);
}
END_TEST

/* -- a pinned server ------------------------------------------------------ */

/* A client that pins (NULL: for the first time) meets a server; its code. The
 * identity's SHA-256, if it got so far. */
static int pin_meet(int version, const pki_cert *server, const uint8_t *pin,
                    uint8_t seen[32], int *proof) {
  int code;
  pair p;

  pair_init(&p, version, H46017_TLS_MODERN);
  pki_use(p.cctx, &pair_phone, NULL);
  pki_use(p.sctx, server, NULL);
  pki_trust(p.sctx, &pair_root);
  pki_trust(p.cctx, &pair_root); /* which counts for nothing here */
  p.cset.server_name = NULL;
  p.cset.server_check = H46017_SERVER_CHECK_PIN;
  p.cset.server_pin = pin;
  pair_begin(&p);
  pair_run(&p);
  code = p.client.error;
  if (code == 0) {
    const h46017_identity *id = h46017_tls_identity(p.client.t);

    memcpy(seen, id->cert_sha256, 32);
    *proof = (int)id->proof;
    code = id->error;
  }
  pair_free(&p);
  return code;
}

START_TEST(a_pinned_server_is_that_certificate_and_no_other) {
  static const pki_spec other = {.cn = {PKI_CN("gk.example.net")},
                                 .san = "DNS:gk.example.net"};
  /* whoever issued it, and whatever its name is */
  pki_cert mine = pki_leaf("mine", NULL);
  pki_cert renewed = pki_make(&other, &pair_root);
  uint8_t pin[32];
  uint8_t seen[32];
  int proof = -1;

  ck_assert_int_eq(pin_meet(versions[_i], &mine, NULL, pin, &proof),
                   H46017_ERR_UNAUTHENTICATED);
  ck_assert_int_eq(proof, (int)H46017_PROOF_NONE);
  ck_assert_int_eq(pin_meet(versions[_i], &mine, pin, seen, &proof), 0);
  ck_assert_int_eq(proof, (int)H46017_PROOF_CERTIFICATE);
  ck_assert_mem_eq(seen, pin, sizeof(pin));
  ck_assert_int_eq(pin_meet(versions[_i], &renewed, pin, seen, &proof),
                   H46017_ERR_SERVER_CHANGED);
  pin[31] ^= 1;
  ck_assert_int_eq(pin_meet(versions[_i], &mine, pin, seen, &proof),
                   H46017_ERR_SERVER_CHANGED);
  ck_assert_int_eq(h46017_tls_expect_certificate(NULL, pin),
                   H46017_ERR_INVALID_ARGUMENT);
  pki_free(&mine);
  pki_free(&renewed);
}
END_TEST

START_TEST(what_is_pinned_has_to_be_in_order) {
  static const struct {
    pki_spec spec;
    int code;
  } rows[] = {
      {{.cn = {PKI_CN("a")}, .from_days = -9, .to_days = -1},
       H46017_ERR_CERT_EXPIRED},
      {{.cn = {PKI_CN("a")}, .from_days = 1, .to_days = 9},
       H46017_ERR_CERT_NOT_YET_VALID},
      {{.cn = {PKI_CN("a")}, .eku = "clientAuth"}, H46017_ERR_CERT_PURPOSE},
      {{.cn = {PKI_CN("a")}, .odd_extension = true},
       H46017_ERR_CERT_CRITICAL_EXTENSION},
  };

  for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
    pki_cert c = pki_make(&rows[i].spec, &pair_root);
    uint8_t pin[32];
    int proof;

    ck_assert_int_eq(pin_meet(TLS1_3_VERSION, &c, NULL, pin, &proof),
                     rows[i].code);
    ck_assert_int_eq(X509_digest(c.x509, EVP_sha256(), pin, NULL), 1);
    ck_assert_int_eq(pin_meet(TLS1_3_VERSION, &c, pin, pin, &proof),
                     rows[i].code);
    pki_free(&c);
  }
}
END_TEST

/* -- an SSL of the program's own ------------------------------------------ */

static int yes(X509_STORE_CTX *store, void *arg) {
  (void)store;
  (void)arg;
  return 1;
}

static int yes_to_all(int ok, X509_STORE_CTX *store) {
  (void)ok;
  (void)store;
  return 1;
}

/* Two SSLs over a pair of BIOs, the library nowhere. */
static void own_ssl(SSL_CTX *cctx, SSL_CTX *sctx, SSL **pc, SSL **ps) {
  BIO *cb = NULL;
  BIO *sb = NULL;

  *pc = SSL_new(cctx);
  *ps = SSL_new(sctx);
  ck_assert_int_eq(BIO_new_bio_pair(&cb, 0, &sb, 0), 1);
  SSL_set_bio(*pc, cb, cb);
  SSL_set_bio(*ps, sb, sb);
  SSL_set_connect_state(*pc);
  SSL_set_accept_state(*ps);
  for (int i = 0; i < 20; i++) {
    (void)SSL_do_handshake(*pc);
    (void)SSL_do_handshake(*ps);
  }
}

START_TEST(an_ssl_of_the_program_s_own_tells_its_peer_too) {
  /* what the program did, and what its peer proved by that */
  static const struct {
    int verify;
    bool trusts;
    bool lies;      /* cert_verify_callback says yes */
    bool lies_each; /* verify_callback says yes */
    int error;
  } rows[] = {
      {SSL_VERIFY_PEER, true, false, false, 0},
      {SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, true, false, false,
       0},
      {SSL_VERIFY_NONE, true, false, false, 0}, /* not even asked for */
      {SSL_VERIFY_PEER, false, true, false, H46017_ERR_UNAUTHENTICATED},
      {SSL_VERIFY_PEER, true, true, false, H46017_ERR_UNAUTHENTICATED},
      {SSL_VERIFY_PEER, false, false, true, H46017_ERR_UNKNOWN_CA},
  };

  for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
    SSL_CTX *cctx = SSL_CTX_new(TLS_client_method());
    SSL_CTX *sctx = SSL_CTX_new(TLS_server_method());
    h46017_identity *id = NULL;
    SSL *c;
    SSL *s;

    pki_use(cctx, &pair_phone, NULL);
    pki_use(sctx, &pair_gk, NULL);
    if (rows[i].trusts) {
      pki_trust(sctx, &pair_root);
    }
    SSL_CTX_set_session_id_context(sctx, (const unsigned char *)"x", 1);
    SSL_CTX_set_verify(sctx, rows[i].verify,
                       rows[i].lies_each ? yes_to_all : NULL);
    if (rows[i].lies) {
      SSL_CTX_set_cert_verify_callback(sctx, yes, NULL);
    }
    own_ssl(cctx, sctx, &c, &s);
    ck_assert_int_eq(h46017_identity_from_ssl(&id, NULL, s, NULL), 0);
    ck_assert_msg(id->error == rows[i].error, "row %zu: %s", i,
                  h46017_error_name(id->error));
    ck_assert(id->tls);
    ck_assert_int_eq((int)id->proof,
                     (int)(rows[i].error == 0 && rows[i].verify != 0
                               ? H46017_PROOF_CERTIFICATE
                               : H46017_PROOF_NONE));
    h46017_identity_del(id);
    /* a client that verifies nothing has a certificate and no proof */
    ck_assert_int_eq(h46017_identity_from_ssl(&id, NULL, c, NULL), 0);
    ck_assert_int_eq(id->error, H46017_ERR_UNAUTHENTICATED);
    ck_assert_str_eq(id->cn, "gk.example.net");
    h46017_identity_del(id);
    SSL_free(c);
    SSL_free(s);
    SSL_CTX_free(cctx);
    SSL_CTX_free(sctx);
  }
}
END_TEST

START_TEST(an_identity_needs_a_handshake) {
  SSL_CTX *ctx = SSL_CTX_new(TLS_server_method());
  SSL *ssl = SSL_new(ctx);
  h46017_identity *id = NULL;

  ck_assert_int_eq(h46017_identity_from_ssl(&id, NULL, ssl, NULL),
                   H46017_ERR_INVALID_STATE);
  ck_assert_int_eq(h46017_identity_from_ssl(NULL, NULL, ssl, NULL),
                   H46017_ERR_INVALID_ARGUMENT);
  ck_assert_int_eq(h46017_identity_from_ssl(&id, NULL, NULL, NULL),
                   H46017_ERR_INVALID_ARGUMENT);
  ck_assert_ptr_null(id);
  h46017_identity_del(NULL);
  SSL_free(ssl);
  SSL_CTX_free(ctx);
}
END_TEST

int main(void) {
  Suite *s = suite_create("tls_rules");
  TCase *tc = tcase_create("rules");

  tcase_add_unchecked_fixture(tc, pair_pki_setup, pair_pki_teardown);
  tcase_set_timeout(tc, 60);
  tcase_add_test(tc, what_is_not_tls_is_told_from_its_first_octet);
  tcase_add_test(tc, older_versions_are_refused);
  tcase_add_test(tc, old_ciphers_are_for_old_devices);
  tcase_add_test(tc, renegotiation_is_refused);
  tcase_add_loop_test(tc, a_certificate_list_without_end_is_refused, 0, 2);
  tcase_add_test(tc, key_updates_without_end_are_a_flood);
  tcase_add_loop_test(tc, a_server_is_who_was_asked_for, 0,
                      (int)(2 * sizeof(name_rows) / sizeof(name_rows[0])));
  tcase_add_test(tc, a_client_has_to_say_how_it_judges_the_server);
  tcase_add_loop_test(tc, a_server_is_known_by_its_whole_subject, 0, 2);
  tcase_add_test(tc, a_subject_that_is_none_is_refused_at_once);
  tcase_add_loop_test(tc, a_server_of_any_name_is_still_a_trusted_one, 0, 2);
  tcase_add_loop_test(
      tc, an_unverified_server_proves_nothing_and_the_log_says_so, 0, 2);
  tcase_add_loop_test(tc, a_pinned_server_is_that_certificate_and_no_other, 0,
                      2);
  tcase_add_test(tc, what_is_pinned_has_to_be_in_order);
  tcase_add_test(tc, an_ssl_of_the_program_s_own_tells_its_peer_too);
  tcase_add_test(tc, an_identity_needs_a_handshake);
  suite_add_tcase(s, tc);
  return run_suite(s);
}
