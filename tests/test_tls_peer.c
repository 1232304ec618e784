/* SPDX-License-Identifier: BSD-2-Clause */
/* Who the peer is: every kind of certificate, in TLS 1.2 and 1.3. */
#include "runner.h"
#include "tlspair.h"

#include <h46017/error.h>
#include <h46017/policy.h>

#include <check.h>
#include <string.h>

#define SERIAL "0090332f688a"

static const int versions[] = {TLS1_2_VERSION, TLS1_3_VERSION};

/* Who issued a client's certificate. */
typedef enum issued_by {
  BY_ROOT,         /* trusted, sent along or not */
  BY_INTERMEDIATE, /* of the trusted root, sent along */
  BY_MISSING,      /* the same, not sent along */
  BY_EXPIRED,      /* an expired intermediate */
  BY_STRANGER,     /* a root that nobody trusts, sent along */
  BY_ITSELF,       /* self-signed */
  BY_LEAF,         /* another end entity, CA:FALSE, of the trusted root */
  BY_V1,           /* an X.509 v1 certificate of the trusted root */
  BY_PATHLEN,      /* an intermediate below one with pathlen 0 */
  BY_DEEP,         /* too many intermediates */
  BY_CONSTRAINED   /* an intermediate for names below example.net */
} issued_by;

typedef struct client_row {
  const char *what;
  issued_by by;
  pki_spec spec;
  h46017_tls_profile profile;
  int error; /* why it proves nobody; 0: it proves SERIAL */
  bool up;   /* the handshake is good all the same: trusted, yet nobody */
} client_row;

#define MODERN H46017_TLS_MODERN
#define LEGACY H46017_TLS_LEGACY_DEVICE
#define NAMED .cn = {PKI_CN(SERIAL)}

static const client_row client_rows[] = {
    {"issued by the root", BY_ROOT, {NAMED}, MODERN, 0, false},
    {"with a purpose that fits",
     BY_ROOT,
     {NAMED, .eku = "clientAuth"},
     MODERN,
     0,
     false},
    {"for both purposes",
     BY_ROOT,
     {NAMED, .eku = "clientAuth,serverAuth"},
     MODERN,
     0,
     false},
    {"an RSA key of 2048 bits",
     BY_ROOT,
     {NAMED, .rsa_bits = 2048},
     MODERN,
     0,
     false},
    {"issued by an intermediate", BY_INTERMEDIATE, {NAMED}, MODERN, 0, false},
    {"intermediate not sent",
     BY_MISSING,
     {NAMED},
     MODERN,
     H46017_ERR_UNKNOWN_CA,
     false},
    {"intermediate expired",
     BY_EXPIRED,
     {NAMED},
     MODERN,
     H46017_ERR_CERT_EXPIRED,
     false},
    {"expired",
     BY_ROOT,
     {NAMED, .from_days = -20, .to_days = -1},
     MODERN,
     H46017_ERR_CERT_EXPIRED,
     false},
    {"not yet valid",
     BY_ROOT,
     {NAMED, .from_days = 1, .to_days = 20},
     MODERN,
     H46017_ERR_CERT_NOT_YET_VALID,
     false},
    {"self-signed",
     BY_ITSELF,
     {NAMED},
     MODERN,
     H46017_ERR_SELF_SIGNED_UNTRUSTED,
     false},
    {"of an unknown authority that is sent along",
     BY_STRANGER,
     {NAMED},
     MODERN,
     H46017_ERR_UNKNOWN_CA,
     false},
    {"issued by another device",
     BY_LEAF,
     {NAMED},
     MODERN,
     H46017_ERR_CERT_CHAIN,
     false},
    {"issued by a version 1 certificate",
     BY_V1,
     {NAMED},
     MODERN,
     H46017_ERR_CERT_CHAIN,
     false},
    {"below a path length",
     BY_PATHLEN,
     {NAMED},
     MODERN,
     H46017_ERR_CERT_CHAIN,
     false},
    {"a chain too deep",
     BY_DEEP,
     {NAMED},
     MODERN,
     H46017_ERR_CERT_CHAIN,
     false},
    {"within the names its authority may issue",
     BY_CONSTRAINED,
     {NAMED, .san = "DNS:phone.example.net"},
     MODERN,
     0,
     false},
    {"outside of the names its authority may issue",
     BY_CONSTRAINED,
     {NAMED, .san = "DNS:phone.example.org"},
     MODERN,
     H46017_ERR_CERT_REJECTED,
     false},
    {"for servers only",
     BY_ROOT,
     {NAMED, .eku = "serverAuth"},
     MODERN,
     H46017_ERR_CERT_PURPOSE,
     false},
    {"a critical extension that nobody knows",
     BY_ROOT,
     {NAMED, .odd_extension = true},
     MODERN,
     H46017_ERR_CERT_CRITICAL_EXTENSION,
     false},
    {"a spoilt signature",
     BY_ROOT,
     {NAMED, .bad_signature = true},
     MODERN,
     H46017_ERR_CERT_SIGNATURE,
     false},
    {"an authority of the trusted root",
     BY_ROOT,
     {NAMED, .ca = true},
     MODERN,
     H46017_ERR_CERT_IS_CA,
     false},
    {"RSA 1024 among modern ones",
     BY_ROOT,
     {NAMED, .rsa_bits = 1024},
     MODERN,
     H46017_ERR_CERT_WEAK,
     false},
    {"RSA 1024 of an old phone",
     BY_ROOT,
     {NAMED, .rsa_bits = 1024},
     LEGACY,
     0,
     false},
    {"RSA 768 of an old phone",
     BY_ROOT,
     {NAMED, .rsa_bits = 768},
     LEGACY,
     H46017_ERR_CERT_WEAK,
     false},
    {"signed with SHA-1",
     BY_ROOT,
     {NAMED, .digest = "SHA1"},
     MODERN,
     H46017_ERR_CERT_WEAK,
     false},
    {"signed with SHA-1, of an old phone",
     BY_ROOT,
     {NAMED, .digest = "SHA1"},
     LEGACY,
     H46017_ERR_CERT_WEAK,
     false},
    /* trusted, and nobody */
    {"no CN",
     BY_ROOT,
     {.cn = {{0, NULL, 0}}},
     MODERN,
     H46017_ERR_CERT_NAME,
     true},
    {"two CNs",
     BY_ROOT,
     {.cn = {PKI_CN(SERIAL), PKI_CN("0090332f688b")}},
     MODERN,
     H46017_ERR_CERT_NAME,
     true},
    {"the same CN twice",
     BY_ROOT,
     {.cn = {PKI_CN(SERIAL), PKI_CN(SERIAL)}},
     MODERN,
     H46017_ERR_CERT_NAME,
     true},
    {"an empty CN",
     BY_ROOT,
     {.cn = {PKI_CN("")}},
     MODERN,
     H46017_ERR_CERT_NAME,
     true},
    {"a NUL in the CN",
     BY_ROOT,
     {.cn = {PKI_CN(SERIAL "\0.evil.example")}},
     MODERN,
     H46017_ERR_CERT_NAME,
     true},
    {"a NUL at the end of the CN",
     BY_ROOT,
     {.cn = {PKI_CN(SERIAL "\0")}},
     MODERN,
     H46017_ERR_CERT_NAME,
     true},
    {"a line break in the CN",
     BY_ROOT,
     {.cn = {PKI_CN(SERIAL "\n")}},
     MODERN,
     H46017_ERR_CERT_NAME,
     true},
    {"a blank behind the CN",
     BY_ROOT,
     {.cn = {PKI_CN(SERIAL " ")}},
     MODERN,
     H46017_ERR_CERT_NAME,
     true},
    {"a BMPString with a NUL character",
     BY_ROOT,
     {.cn = {{V_ASN1_BMPSTRING,
              "\0"
              "0\0\0",
              4}}},
     MODERN,
     H46017_ERR_CERT_NAME,
     true},
    /* what is not text in its own string type OpenSSL does not even read */
    /* the same name in other string types */
    {"a BMPString",
     BY_ROOT,
     {.cn = {{V_ASN1_BMPSTRING,
              "\0"
              "0\0"
              "0\0"
              "9\0"
              "0\0"
              "3\0"
              "3\0"
              "2\0"
              "f\0"
              "6\0"
              "8\0"
              "8\0"
              "a",
              24}}},
     MODERN,
     0,
     false},
    {"a PrintableString",
     BY_ROOT,
     {.cn = {{V_ASN1_PRINTABLESTRING, SERIAL, 12}}},
     MODERN,
     0,
     false},
    {"a TeletexString",
     BY_ROOT,
     {.cn = {{V_ASN1_T61STRING, SERIAL, 12}}},
     MODERN,
     0,
     false},
    {"an IA5String",
     BY_ROOT,
     {.cn = {{V_ASN1_IA5STRING, SERIAL, 12}}},
     MODERN,
     0,
     false},
};

#define CLIENT_ROWS (sizeof(client_rows) / sizeof(client_rows[0]))

/* -- a client of a row ---------------------------------------------------- */

#define DEEP 8

typedef struct world {
  pki_cert root;
  pki_cert server;
  pki_cert between[DEEP];
  int nbetween;
  pki_cert client;
} world;

static pki_cert world_between(const char *cn, const pki_cert *issuer,
                              int pathlen, bool expired, bool ca, bool v1) {
  pki_spec spec = {.cn = {PKI_CN("Between")}, .ca = ca, .v1 = v1};

  spec.cn[0].octets = cn;
  spec.cn[0].len = (int)strlen(cn);
  spec.pathlen = pathlen;
  if (expired) {
    spec.from_days = -20;
    spec.to_days = -1;
  }
  return pki_make(&spec, issuer);
}

/* Makes the issuers that a row needs, root's side first. */
static void world_issuers(world *w, issued_by by) {
  w->nbetween = 0;
  switch (by) {
  case BY_ROOT:
  case BY_ITSELF:
    break;
  case BY_INTERMEDIATE:
  case BY_MISSING:
    w->between[w->nbetween++] =
        world_between("Between", &w->root, 0, false, true, false);
    break;
  case BY_EXPIRED:
    w->between[w->nbetween++] =
        world_between("Between", &w->root, 0, true, true, false);
    break;
  case BY_STRANGER:
    w->between[w->nbetween++] = pki_ca("Stranger");
    break;
  case BY_LEAF:
    w->between[w->nbetween++] =
        world_between("0090332f0000", &w->root, 0, false, false, false);
    break;
  case BY_V1:
    w->between[w->nbetween++] =
        world_between("0090332f0000", &w->root, 0, false, true, true);
    break;
  case BY_PATHLEN:
    w->between[w->nbetween++] =
        world_between("Upper", &w->root, 1, false, true, false);
    w->between[w->nbetween++] =
        world_between("Lower", &w->between[0], 0, false, true, false);
    break;
  case BY_CONSTRAINED: {
    pki_spec spec = {.cn = {PKI_CN("Between")},
                     .ca = true,
                     .permitted = "critical,permitted;DNS:example.net"};

    w->between[w->nbetween++] = pki_make(&spec, &w->root);
    break;
  }
  case BY_DEEP:
    for (int i = 0; i < DEEP; i++) {
      char cn[16] = "Between 0";

      cn[8] = (char)('0' + i);
      w->between[i] = world_between(cn, i > 0 ? &w->between[i - 1] : &w->root,
                                    0, false, true, false);
      w->nbetween++;
    }
    break;
  }
}

static void world_make(world *w, const client_row *row) {
  pki_spec server = {.cn = {PKI_CN("gk")}, .san = "DNS:gk.example.net"};
  const pki_cert *issuer;

  memset(w, 0, sizeof(*w));
  w->root = pki_ca("Example Root");
  w->server = pki_make(&server, &w->root);
  world_issuers(w, row->by);
  issuer = w->nbetween > 0        ? &w->between[w->nbetween - 1]
           : row->by == BY_ITSELF ? NULL
                                  : &w->root;
  w->client = pki_make(&row->spec, issuer);
}

static void world_free(world *w) {
  pki_free(&w->root);
  pki_free(&w->server);
  pki_free(&w->client);
  for (int i = 0; i < w->nbetween; i++) {
    pki_free(&w->between[i]);
  }
}

/* The client's own context has to take its weak certificate. */
static void world_pair(world *w, pair *p, const client_row *row, int version) {
  const pki_cert *chain[DEEP + 1] = {NULL};

  pair_init(p, version, row->profile);
  SSL_CTX_set_security_level(p->cctx, 0);
  for (int i = 0; i < w->nbetween && row->by != BY_MISSING; i++) {
    chain[i] = &w->between[w->nbetween - 1 - i];
  }
  pki_use(p->cctx, &w->client, chain);
  pki_use(p->sctx, &w->server, NULL);
  pki_trust(p->cctx, &w->root);
  pki_trust(p->sctx, &w->root);
}

static void expect_good(const pair *p, const char *what) {
  const h46017_identity *id = h46017_tls_identity(p->server.t);

  ck_assert_msg(p->server.error == 0, "%s: %s (%s)", what,
                h46017_error_name(p->server.error),
                h46017_tls_error_text(p->server.t));
  ck_assert_msg(p->client.error == 0, "%s: client: %s (%s)", what,
                h46017_error_name(p->client.error),
                h46017_tls_error_text(p->client.t));
  ck_assert_ptr_nonnull(id);
  ck_assert(id->tls);
}

START_TEST(a_client_s_certificate_where_one_is_required) {
  const client_row *row = &client_rows[(size_t)_i / 2];
  int version = versions[_i % 2];
  /* a broken signature is answered by decrypt_error, which says no more */
  int refused = row->error == H46017_ERR_CERT_SIGNATURE
                    ? H46017_ERR_TLS
                    : H46017_ERR_CERT_REFUSED_BY_PEER;
  world w;
  pair p;

  world_make(&w, row);
  world_pair(&w, &p, row, version);
  pair_begin(&p);
  pair_run(&p);
  if (row->error == 0 || row->up) {
    const h46017_identity *id = h46017_tls_identity(p.server.t);

    expect_good(&p, row->what);
    ck_assert_msg(id->error == row->error, "%s: %s", row->what,
                  h46017_error_name(id->error));
    ck_assert_int_eq(
        (int)id->proof,
        (int)(row->error == 0 ? H46017_PROOF_CERTIFICATE : H46017_PROOF_NONE));
    if (row->error == 0) {
      ck_assert_uint_eq(id->cn_len, 12);
      ck_assert_str_eq(id->cn, SERIAL);
    } else {
      ck_assert_ptr_null(id->cn);
    }
    ck_assert_int_eq(p.server.app.ups, 1);
    ck_assert_int_eq(p.client.app.ups, 1);
  } else {
    ck_assert_msg(p.server.error == row->error, "%s: server: %s (%s)",
                  row->what, h46017_error_name(p.server.error),
                  h46017_tls_error_text(p.server.t));
    ck_assert_msg(p.client.error == refused, "%s: client: %s (%s)", row->what,
                  h46017_error_name(p.client.error),
                  h46017_tls_error_text(p.client.t));
    ck_assert_int_eq(p.server.app.ups, 0);
    ck_assert_int_eq(p.server.app.downs, 1);
    ck_assert_int_eq(p.server.app.down_why, row->error);
    /* TLS 1.3: the client was up when the news came */
    ck_assert_int_eq(p.client.app.ups, version == TLS1_3_VERSION ? 1 : 0);
    ck_assert_int_eq(p.client.app.downs, 1);
    ck_assert_int_eq(p.client.app.down_why, refused);
    ck_assert(!h46017_tls_want_read(p.server.t));
    ck_assert(!h46017_tls_want_write(p.server.t));
    ck_assert_ptr_null(h46017_tls_identity(p.server.t));
    ck_assert_uint_gt(strlen(h46017_tls_error_text(p.server.t)), 0);
  }
  pair_free(&p);
  world_free(&w);
}
END_TEST

START_TEST(a_client_s_certificate_where_one_is_asked_for) {
  const client_row *row = &client_rows[(size_t)_i / 2];
  const h46017_identity *id;
  world w;
  pair p;

  world_make(&w, row);
  world_pair(&w, &p, row, versions[_i % 2]);
  ck_assert_int_eq(h46017_trust_attach(NULL, p.sctx, H46017_TLS_SERVER,
                                       H46017_CLIENT_CERT_REQUEST),
                   0);
  pair_begin(&p);
  pair_run(&p);
  expect_good(&p, row->what);
  id = h46017_tls_identity(p.server.t);
  ck_assert_msg(id->error == row->error, "%s: %s", row->what,
                h46017_error_name(id->error));
  ck_assert_int_eq(
      (int)id->proof,
      (int)(row->error == 0 ? H46017_PROOF_CERTIFICATE : H46017_PROOF_NONE));
  pair_free(&p);
  world_free(&w);
}
END_TEST

/* -- no certificate ------------------------------------------------------- */

static void no_certificate(int version, h46017_client_cert_mode mode, pair *p,
                           world *w) {
  static const client_row plain = {"", BY_ROOT, {NAMED}, MODERN, 0, false};

  world_make(w, &plain);
  pair_init(p, version, MODERN);
  pki_use(p->sctx, &w->server, NULL);
  pki_trust(p->cctx, &w->root);
  pki_trust(p->sctx, &w->root);
  ck_assert_int_eq(h46017_trust_attach(NULL, p->sctx, H46017_TLS_SERVER, mode),
                   0);
  pair_begin(p);
  pair_run(p);
}

START_TEST(no_certificate_where_one_is_required) {
  world w;
  pair p;

  no_certificate(versions[_i], H46017_CLIENT_CERT_REQUIRE, &p, &w);
  ck_assert_int_eq(p.server.error, H46017_ERR_CERT_MISSING);
  ck_assert_int_eq(p.client.error, H46017_ERR_CERT_REFUSED_BY_PEER);
  pair_free(&p);
  world_free(&w);
}
END_TEST

START_TEST(no_certificate_where_one_is_asked_for) {
  world w;
  pair p;

  no_certificate(versions[_i], H46017_CLIENT_CERT_REQUEST, &p, &w);
  expect_good(&p, "none");
  ck_assert_int_eq(h46017_tls_identity(p.server.t)->error,
                   H46017_ERR_CERT_MISSING);
  ck_assert_int_eq((int)h46017_tls_identity(p.server.t)->proof, 0);
  pair_free(&p);
  world_free(&w);
}
END_TEST

START_TEST(no_certificate_where_none_is_asked_for) {
  world w;
  pair p;

  no_certificate(versions[_i], H46017_CLIENT_CERT_NONE, &p, &w);
  expect_good(&p, "none");
  ck_assert_int_eq(h46017_tls_identity(p.server.t)->error, 0);
  ck_assert_int_eq((int)h46017_tls_identity(p.server.t)->proof, 0);
  pair_free(&p);
  world_free(&w);
}
END_TEST

/* -- what an identity says ------------------------------------------------ */

START_TEST(an_identity_says_what_the_certificate_says) {
  static const client_row row = {
      "",
      BY_ROOT,
      {NAMED, .san =
                  "DNS:phone.example.net,IP:192.0.2.1,IP:2001:db8::1:0:0:1,"
                  "IP:::,IP:0:0:1::,IP:1:2:3:4:5:6:7:8,URI:h323:7@example.net,"
                  "email:x@example.net"},
      MODERN,
      0,
      false};
  static const struct {
    h46017_san_type type;
    const char *text;
  } sans[] = {
      {H46017_SAN_DNS, "phone.example.net"},
      {H46017_SAN_IP, "192.0.2.1"},
      {H46017_SAN_IP, "2001:db8::1:0:0:1"},
      {H46017_SAN_IP, "::"},
      {H46017_SAN_IP, "0:0:1::"},
      {H46017_SAN_IP, "1:2:3:4:5:6:7:8"},
      {H46017_SAN_URI, "h323:7@example.net"},
  };
  const h46017_identity *id;
  unsigned char md[32];
  unsigned char *der = NULL;
  unsigned n = 0;
  int len;
  world w;
  pair p;

  world_make(&w, &row);
  world_pair(&w, &p, &row, TLS1_3_VERSION);
  pair_begin(&p);
  pair_run(&p);
  expect_good(&p, "sans");
  id = h46017_tls_identity(p.server.t);
  ck_assert_uint_eq(id->san_count, sizeof(sans) / sizeof(sans[0]));
  for (size_t i = 0; i < id->san_count; i++) {
    ck_assert_int_eq((int)id->sans[i].type, (int)sans[i].type);
    ck_assert_str_eq(id->sans[i].text, sans[i].text);
    ck_assert_uint_eq(id->sans[i].len, strlen(sans[i].text));
  }
  ck_assert_str_eq(id->subject, "CN=" SERIAL ",O=Example");
  ck_assert_str_eq(id->issuer, "CN=Example Root,O=Example");
  ck_assert(id->not_after - id->not_before == 31 * 86400);
  len = i2d_X509(w.client.x509, &der);
  ck_assert_int_eq(EVP_Digest(der, (size_t)len, md, &n, EVP_sha256(), NULL), 1);
  ck_assert_mem_eq(id->cert_sha256, md, 32);
  OPENSSL_free(der);
  der = NULL;
  len = i2d_PUBKEY(w.client.key, &der);
  ck_assert_int_eq(EVP_Digest(der, (size_t)len, md, &n, EVP_sha256(), NULL), 1);
  ck_assert_mem_eq(id->key_sha256, md, 32);
  OPENSSL_free(der);
  /* and the client knows the server */
  id = h46017_tls_identity(p.client.t);
  ck_assert_int_eq((int)id->proof, (int)H46017_PROOF_CERTIFICATE);
  ck_assert_str_eq(id->cn, "gk");
  pair_free(&p);
  world_free(&w);
}
END_TEST

START_TEST(a_device_registers_with_what_tls_proved) {
  static const client_row row = {"", BY_ROOT, {NAMED}, MODERN, 0, false};
  static const char *const ids[] = {SERIAL};
  h46017_auth_used used;
  h46017_device dev;
  world w;
  pair p;

  world_make(&w, &row);
  world_pair(&w, &p, &row, 0);
  pair_begin(&p);
  pair_run(&p);
  expect_good(&p, "device");
  h46017_device_default(&dev);
  dev.name = SERIAL;
  dev.hardware_ids = ids;
  dev.hardware_id_count = 1;
  dev.tls_only = true;
  ck_assert_int_eq(h46017_policy_decide(&dev, h46017_tls_identity(p.server.t),
                                        H46017_PASSWORD_ABSENT, SERIAL "-TEL1",
                                        17, &used),
                   0);
  ck_assert_int_eq((int)used, (int)H46017_AUTH_USED_CERTIFICATE);
  ck_assert_int_eq(h46017_policy_decide(&dev, h46017_tls_identity(p.server.t),
                                        H46017_PASSWORD_ABSENT, "0090332f688b",
                                        12, &used),
                   H46017_ERR_IDENTITY_MISMATCH);
  pair_free(&p);
  world_free(&w);
}
END_TEST

START_TEST(any_authority_of_the_chain_may_be_the_trusted_one) {
  static const client_row row = {"",   BY_INTERMEDIATE, {NAMED}, MODERN, 0,
                                 false};
  world w;
  pair p;

  world_make(&w, &row);
  pair_init(&p, versions[_i], MODERN);
  pki_use(p.cctx, &w.client, NULL);
  pki_use(p.sctx, &w.server, NULL);
  pki_trust(p.cctx, &w.root);
  pki_trust(p.sctx, &w.between[0]); /* not its root */
  pair_begin(&p);
  pair_run(&p);
  expect_good(&p, "intermediate");
  ck_assert_int_eq((int)h46017_tls_identity(p.server.t)->proof,
                   (int)H46017_PROOF_CERTIFICATE);
  pair_free(&p);
  world_free(&w);
}
END_TEST

START_TEST(a_trusted_authority_that_is_merely_sent_along_proves_nothing) {
  static const client_row row = {"", BY_STRANGER, {NAMED}, MODERN, 0, false};
  const pki_cert *chain[3] = {NULL, NULL, NULL};
  world w;
  pair p;

  world_make(&w, &row);
  world_pair(&w, &p, &row, versions[_i]);
  SSL_CTX_clear_chain_certs(p.cctx);
  chain[0] = &w.between[0];
  chain[1] = &w.root; /* public knowledge */
  pki_use(p.cctx, &w.client, chain);
  pair_begin(&p);
  pair_run(&p);
  ck_assert_int_eq(p.server.error, H46017_ERR_UNKNOWN_CA);
  pair_free(&p);
  world_free(&w);
}
END_TEST

/* -- the clock ------------------------------------------------------------ */

START_TEST(without_a_clock_nothing_is_proved) {
  static const client_row row = {"", BY_ROOT, {NAMED}, MODERN, 0, false};
  world w;
  pair p;

  world_make(&w, &row);
  world_pair(&w, &p, &row, versions[_i]);
  p.server.no_clock = true;
  pair_begin(&p);
  pair_run(&p);
  ck_assert_int_eq(p.server.error, H46017_ERR_CLOCK_NOT_SET);
  pair_free(&p);
  world_pair(&w, &p, &row, versions[_i]);
  p.client.no_clock = true;
  pair_begin(&p);
  pair_run(&p);
  ck_assert_int_eq(p.client.error, H46017_ERR_CLOCK_NOT_SET);
  pair_free(&p);
  world_free(&w);
}
END_TEST

START_TEST(validity_is_judged_by_the_program_s_clock) {
  static const client_row row = {"", BY_ROOT, {NAMED}, MODERN, 0, false};
  static const int64_t times[] = {1, 4102444800}; /* 1970, 2100 */
  static const int errors[] = {H46017_ERR_CERT_NOT_YET_VALID,
                               H46017_ERR_CERT_EXPIRED};
  world w;
  pair p;

  world_make(&w, &row);
  world_pair(&w, &p, &row, versions[_i % 2]);
  p.server.utc = times[_i / 2];
  pair_begin(&p);
  pair_run(&p);
  ck_assert_int_eq(p.server.error, errors[_i / 2]);
  pair_free(&p);
  world_free(&w);
}
END_TEST

int main(void) {
  Suite *s = suite_create("tls_peer");
  TCase *tc = tcase_create("certificates");

  tcase_set_timeout(tc, 30);
  tcase_add_loop_test(tc, a_client_s_certificate_where_one_is_required, 0,
                      (int)CLIENT_ROWS * 2);
  tcase_add_loop_test(tc, a_client_s_certificate_where_one_is_asked_for, 0,
                      (int)CLIENT_ROWS * 2);
  tcase_add_loop_test(tc, no_certificate_where_one_is_required, 0, 2);
  tcase_add_loop_test(tc, no_certificate_where_one_is_asked_for, 0, 2);
  tcase_add_loop_test(tc, no_certificate_where_none_is_asked_for, 0, 2);
  tcase_add_test(tc, an_identity_says_what_the_certificate_says);
  tcase_add_test(tc, a_device_registers_with_what_tls_proved);
  tcase_add_loop_test(tc, any_authority_of_the_chain_may_be_the_trusted_one, 0,
                      2);
  tcase_add_loop_test(
      tc, a_trusted_authority_that_is_merely_sent_along_proves_nothing, 0, 2);
  tcase_add_loop_test(tc, without_a_clock_nothing_is_proved, 0, 2);
  tcase_add_loop_test(tc, validity_is_judged_by_the_program_s_clock, 0, 4);
  suite_add_tcase(s, tc);
  return run_suite(s);
}
