/* SPDX-License-Identifier: BSD-2-Clause */
/* Whom a trust list lets in, what becomes of it when it changes, and what is
 * kept of those who were refused. Each attack here works against an
 * implementation that puts every trusted certificate into one store. */
#include "failmem.h"
#include "tlspair.h"

#include <h46017/error.h>
#include <h46017/trust.h>

#include <check.h>
#include <openssl/pem.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static const int versions[] = {TLS1_2_VERSION, TLS1_3_VERSION};

static char root[64];
static h46017_store_dir *dir;
static h46017_store store;
static h46017_trust *trust;
static h46017_rejected *rejected;

static void setup(void) {
  (void)snprintf(root, sizeof(root), "/tmp/h46017-trust-XXXXXX");
  ck_assert_ptr_nonnull(mkdtemp(root));
  ck_assert_int_eq(h46017_store_dir_new(&dir, root, NULL), 0);
  h46017_store_dir_store(dir, &store);
  ck_assert_int_eq(h46017_trust_new(&trust, &store, NULL), 0);
  ck_assert_int_eq(h46017_rejected_new(&rejected, &store, NULL, NULL), 0);
  pair_pki_setup();
}

static void teardown(void) {
  char command[100];

  pair_pki_teardown();
  h46017_rejected_del(rejected);
  h46017_trust_del(trust);
  h46017_store_dir_del(dir);
  (void)snprintf(command, sizeof(command), "rm -rf %s", root);
  ck_assert_int_eq(system(command), 0);
}

/* -- short forms ---------------------------------------------------------- */

static int64_t now(void) {
  return (int64_t)time(NULL);
}

static void digest(const pki_cert *c, uint8_t id[32]) {
  ck_assert_int_eq(X509_digest(c->x509, EVP_sha256(), id, NULL), 1);
}

static int add_as(h46017_trust *t, const pki_cert *c, h46017_trust_kind kind) {
  h46017_trust_add_options o;
  unsigned char *der = NULL;
  int len = i2d_X509(c->x509, &der);
  int rv;

  h46017_trust_add_options_default(&o);
  o.kind = kind;
  o.utc_now = now();
  rv = h46017_trust_add(t, der, (size_t)len, &o, NULL, NULL);
  OPENSSL_free(der);
  return rv;
}

static void authority(const pki_cert *c) {
  ck_assert_int_eq(add_as(trust, c, H46017_TRUST_AUTHORITY), 0);
}

static void end_entity(const pki_cert *c) {
  ck_assert_int_eq(add_as(trust, c, H46017_TRUST_END_ENTITY), 0);
}

/* A client with this certificate against a gatekeeper with the list. */
static void meet(pair *p, int version, h46017_tls_profile profile,
                 const pki_cert *client, const pki_cert *const *chain) {
  pair_init(p, version, profile);
  SSL_CTX_set_security_level(p->cctx, 0); /* the peer may be anything */
  pki_use(p->cctx, client, chain);
  pki_use(p->sctx, &pair_gk, NULL);
  pki_trust(p->cctx, &pair_root);
  ck_assert_int_eq(h46017_trust_attach(trust, p->sctx, H46017_TLS_SERVER,
                                       H46017_CLIENT_CERT_REQUIRE),
                   0);
  p->sset.trust = trust;
  p->cset.server_name = "gk.example.net";
  pair_begin(p);
  pair_run(p);
}

static int outcome(const pki_cert *client, const pki_cert *const *chain) {
  pair p;
  int code;

  meet(&p, 0, H46017_TLS_MODERN, client, chain);
  code = p.server.error;
  if (code == 0) {
    ck_assert_int_eq((int)h46017_tls_identity(p.server.t)->proof,
                     (int)H46017_PROOF_CERTIFICATE);
  }
  pair_free(&p);
  return code;
}

/* -- two kinds of entry --------------------------------------------------- */

START_TEST(an_end_entity_is_this_very_certificate) {
  static const pki_spec self = {.cn = {PKI_CN("0090332f688a")}};
  pki_cert phone = pki_make(&self, NULL);
  pki_cert other = pki_make(&self, NULL);

  ck_assert_int_eq(outcome(&phone, NULL), H46017_ERR_SELF_SIGNED_UNTRUSTED);
  end_entity(&phone);
  ck_assert_int_eq(outcome(&phone, NULL), 0);
  ck_assert_int_eq(outcome(&other, NULL), H46017_ERR_SELF_SIGNED_UNTRUSTED);
  /* one of an authority, without that authority */
  ck_assert_int_eq(outcome(&pair_phone, NULL), H46017_ERR_UNKNOWN_CA);
  end_entity(&pair_phone);
  ck_assert_int_eq(outcome(&pair_phone, NULL), 0);
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

    end_entity(&phone);
    ck_assert_int_eq(outcome(&phone, NULL), 0);
    ck_assert_int_ne(outcome(&forged, chain), 0);
    ck_assert_int_ne(outcome(&forged, NULL), 0);
    pki_free(&phone);
    pki_free(&forged);
  }
}
END_TEST

START_TEST(an_authority_issues_and_is_nobody) {
  authority(&pair_root);
  ck_assert_int_eq(outcome(&pair_phone, NULL), 0);
  ck_assert_int_eq(outcome(&pair_root, NULL), H46017_ERR_CERT_IS_CA);
}
END_TEST

START_TEST(an_authority_merely_sent_along_proves_nothing) {
  static const pki_spec self = {.cn = {PKI_CN("0090332f688a")}};
  pki_cert forged = pki_make(&self, NULL);
  const pki_cert *chain[] = {&pair_root, NULL};
  const pki_cert *other[] = {&pair_phone, NULL};

  authority(&pair_root);
  end_entity(&pair_phone);
  ck_assert_int_ne(outcome(&forged, chain), 0);
  ck_assert_int_ne(outcome(&forged, other), 0);
  pki_free(&forged);
}
END_TEST

START_TEST(any_authority_of_the_chain_may_be_the_anchor) {
  static const pki_spec middle_spec = {.cn = {PKI_CN("middle")}, .ca = true};
  pki_cert middle = pki_make(&middle_spec, &pair_root);
  pki_cert leaf = pki_leaf("0090332f688a", &middle);
  const pki_cert *chain[] = {&middle, NULL};

  authority(&middle);
  ck_assert_int_eq(outcome(&leaf, chain), 0);
  ck_assert_int_eq(outcome(&leaf, NULL), 0);
  ck_assert_int_eq(outcome(&pair_phone, NULL), H46017_ERR_UNKNOWN_CA);
  ck_assert_int_eq(h46017_trust_clear(trust, NULL), 0);
  authority(&pair_root);
  ck_assert_int_eq(outcome(&leaf, chain), 0);
  ck_assert_int_eq(outcome(&leaf, NULL), H46017_ERR_UNKNOWN_CA);
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

  end_entity(&leaf);
  code = outcome(&leaf, NULL);
  ck_assert_msg(code == row->by_list, "%s: %s", row->what,
                h46017_error_name(code));
  ck_assert_int_eq(h46017_trust_clear(trust, NULL), 0);
  authority(&pair_root);
  code = outcome(&leaf, NULL);
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

  authority(&top);
  ck_assert_int_eq(outcome(&leaf, chain), H46017_ERR_CERT_CHAIN);
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
  ck_assert_int_eq(h46017_trust_attach(trust, p.sctx, H46017_TLS_SERVER,
                                       H46017_CLIENT_CERT_REQUIRE),
                   0);
  p.sset.trust = trust;
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
      end_entity(&pair_phone);
    } else {
      authority(&pair_root);
    }
    ck_assert_int_eq(at_time(now(), false), 0);
    ck_assert_int_eq(at_time(y2100, false), H46017_ERR_CERT_EXPIRED);
    ck_assert_int_eq(at_time(1000, false), H46017_ERR_CERT_NOT_YET_VALID);
    ck_assert_int_eq(at_time(0, true), H46017_ERR_CLOCK_NOT_SET);
    ck_assert_int_eq(h46017_trust_clear(trust, NULL), 0);
  }
}
END_TEST

START_TEST(only_what_is_valid_now_can_be_added) {
  static const pki_spec past = {
      .cn = {PKI_CN("a")}, .from_days = -10, .to_days = -1};
  static const pki_spec future = {
      .cn = {PKI_CN("a")}, .from_days = 1, .to_days = 10};
  pki_cert old = pki_make(&past, NULL);
  pki_cert coming = pki_make(&future, NULL);
  h46017_trust_add_options o;
  unsigned char *der = NULL;
  int len = i2d_X509(pair_phone.x509, &der);

  ck_assert_int_eq(add_as(trust, &old, H46017_TRUST_AUTO),
                   H46017_ERR_CERT_EXPIRED);
  ck_assert_int_eq(add_as(trust, &coming, H46017_TRUST_AUTO),
                   H46017_ERR_CERT_NOT_YET_VALID);
  h46017_trust_add_options_default(&o);
  ck_assert_int_eq(h46017_trust_add(trust, der, (size_t)len, &o, NULL, NULL),
                   H46017_ERR_CLOCK_NOT_SET);
  ck_assert_int_eq(h46017_trust_add(trust, der, (size_t)len, NULL, NULL, NULL),
                   H46017_ERR_INVALID_ARGUMENT);
  ck_assert_uint_eq(h46017_trust_count(trust), 0);
  OPENSSL_free(der);
  pki_free(&old);
  pki_free(&coming);
}
END_TEST

/* -- the list itself ------------------------------------------------------ */

static h46017_trust_kind kind_of(const pki_spec *spec) {
  pki_cert c = pki_make(spec, NULL);
  h46017_trust_entry e;
  char hex[65];
  uint8_t id[32];

  ck_assert_int_eq(add_as(trust, &c, H46017_TRUST_AUTO), 0);
  digest(&c, id);
  for (int i = 0; i < 32; i++) {
    (void)snprintf(hex + 2 * i, 3, "%02X", id[i]);
  }
  ck_assert_int_eq(h46017_trust_find(trust, hex, &e), 0);
  pki_free(&c);
  return e.kind;
}

START_TEST(without_being_told_only_a_clear_authority_becomes_one) {
  static const pki_spec specs[] = {
      {.cn = {PKI_CN("a")}, .ca = true}, /* and keyCertSign */
      {.cn = {PKI_CN("b")}},
      {.cn = {PKI_CN("c")}, .v1 = true},
      {.cn = {PKI_CN("d")}, .ca = true, .no_key_usage = true},
  };

  ck_assert_int_eq((int)kind_of(&specs[0]), (int)H46017_TRUST_AUTHORITY);
  ck_assert_int_eq((int)kind_of(&specs[1]), (int)H46017_TRUST_END_ENTITY);
  ck_assert_int_eq((int)kind_of(&specs[2]), (int)H46017_TRUST_END_ENTITY);
  ck_assert_int_eq((int)kind_of(&specs[3]), (int)H46017_TRUST_END_ENTITY);
}
END_TEST

START_TEST(a_kind_can_be_changed_but_not_against_the_certificate) {
  uint8_t id[32];

  ck_assert_int_eq(add_as(trust, &pair_phone, H46017_TRUST_AUTHORITY),
                   H46017_ERR_NOT_AN_AUTHORITY);
  end_entity(&pair_phone);
  digest(&pair_phone, id);
  ck_assert_int_eq(h46017_trust_set_kind(trust, id, H46017_TRUST_AUTHORITY),
                   H46017_ERR_NOT_AN_AUTHORITY);
  ck_assert_int_eq(h46017_trust_set_kind(trust, id, H46017_TRUST_AUTO),
                   H46017_ERR_INVALID_ARGUMENT);
  digest(&pair_root, id);
  ck_assert_int_eq(h46017_trust_set_kind(trust, id, H46017_TRUST_AUTHORITY),
                   H46017_ERR_NOT_FOUND);
  end_entity(&pair_root);
  ck_assert_int_eq(h46017_trust_clear(trust, NULL), 0);
  authority(&pair_root);
  ck_assert_int_eq(outcome(&pair_phone, NULL), 0);
  ck_assert_int_eq(h46017_trust_set_kind(trust, id, H46017_TRUST_END_ENTITY),
                   0);
  ck_assert_int_eq(outcome(&pair_phone, NULL), H46017_ERR_UNKNOWN_CA);
}
END_TEST

typedef struct told {
  size_t good;
  size_t bad;
  int codes[8];
} told;

static void tell(size_t at, int code, const h46017_trust_entry *entry,
                 void *user_data) {
  told *t = user_data;

  ck_assert_uint_lt(at, 8);
  ck_assert(code != 0 || entry != NULL);
  t->codes[at] = code;
  *(code == 0 ? &t->good : &t->bad) += 1;
}

static size_t put_pem(char *out, size_t size, const pki_cert *c) {
  BIO *bio = BIO_new(BIO_s_mem());
  char *text = NULL;
  size_t len;

  ck_assert_int_eq(PEM_write_bio_X509(bio, c->x509), 1);
  len = (size_t)BIO_get_mem_data(bio, &text);
  ck_assert_uint_lt(len, size);
  memcpy(out, text, len);
  out[len] = '\0';
  BIO_free(bio);
  return len;
}

START_TEST(a_file_may_hold_many_and_each_is_told) {
  static const pki_spec past = {
      .cn = {PKI_CN("a")}, .from_days = -10, .to_days = -1};
  static char text[16384];
  pki_cert old = pki_make(&past, NULL);
  h46017_trust_add_options o;
  told t = {0};
  size_t n = 0;

  n += (size_t)sprintf(text + n, "Device certificates\n\n");
  n += put_pem(text + n, sizeof(text) - n, &pair_root);
  n += (size_t)sprintf(text + n, "an old one:\r\n");
  n += put_pem(text + n, sizeof(text) - n, &old);
  n += (size_t)sprintf(text + n, "-----BEGIN CERTIFICATE-----\n"
                                 "AAAA\n-----END CERTIFICATE-----\n");
  n += (size_t)sprintf(text + n, "-----BEGIN SOMETHING-----\n"
                                 "AAAA\n-----END SOMETHING-----\n");
  n += put_pem(text + n, sizeof(text) - n, &pair_phone);
  n += put_pem(text + n, sizeof(text) - n, &pair_phone); /* twice */
  h46017_trust_add_options_default(&o);
  o.utc_now = now();
  o.label = "from\nthe file";
  ck_assert_int_eq(
      h46017_trust_add(trust, (const uint8_t *)text, n, &o, tell, &t),
      H46017_ERR_CERT_EXPIRED);
  ck_assert_uint_eq(t.good, 3);
  ck_assert_uint_eq(t.bad, 2);
  ck_assert_int_eq(t.codes[0], 0);
  ck_assert_int_eq(t.codes[1], H46017_ERR_CERT_EXPIRED);
  ck_assert_int_eq(t.codes[2], H46017_ERR_FORMAT);
  ck_assert_int_eq(t.codes[4], 0);
  ck_assert_uint_eq(h46017_trust_count(trust), 2);
  ck_assert_int_eq(
      h46017_trust_add(trust, (const uint8_t *)"nothing", 7, &o, NULL, NULL),
      H46017_ERR_FORMAT);
  ck_assert_int_eq(h46017_trust_add(trust, NULL, 0, &o, NULL, NULL),
                   H46017_ERR_FORMAT);
  pki_free(&old);
}
END_TEST

START_TEST(a_fingerprint_that_was_expected_has_to_fit) {
  h46017_trust_add_options o;
  unsigned char *der = NULL;
  int len = i2d_X509(pair_phone.x509, &der);
  uint8_t id[32];

  digest(&pair_phone, id);
  id[31] ^= 1;
  h46017_trust_add_options_default(&o);
  o.utc_now = now();
  o.expect = id;
  ck_assert_int_eq(h46017_trust_add(trust, der, (size_t)len, &o, NULL, NULL),
                   H46017_ERR_FINGERPRINT);
  id[31] ^= 1;
  ck_assert_int_eq(h46017_trust_add(trust, der, (size_t)len, &o, NULL, NULL),
                   0);
  OPENSSL_free(der);
}
END_TEST

static int count_entry(const h46017_trust_entry *entry, void *user_data) {
  (void)entry;
  (*(int *)user_data)++;
  return 0;
}

START_TEST(what_is_in_the_store_is_there_the_next_time_and_for_others) {
  h46017_trust *other = NULL;
  h46017_trust_add_options o;
  h46017_trust_entry e;
  unsigned char *der = NULL;
  int len = i2d_X509(pair_phone.x509, &der);
  uint64_t generation;
  bool changed = true;
  static const uint8_t none[32];
  uint8_t id[32];
  int n = 0;

  digest(&pair_phone, id);
  ck_assert_int_eq(h46017_trust_new(&other, &store, NULL), 0);
  h46017_trust_add_options_default(&o);
  o.utc_now = now();
  o.label = "the lobby\x1b[2J";
  o.origin = "test";
  generation = h46017_trust_generation(trust);
  ck_assert_int_eq(h46017_trust_add(trust, der, (size_t)len, &o, NULL, NULL),
                   0);
  ck_assert_uint_gt(h46017_trust_generation(trust), generation);
  ck_assert(!h46017_trust_has(other, id));
  ck_assert_int_eq(h46017_trust_refresh(other, &changed), 0);
  ck_assert(changed);
  ck_assert(h46017_trust_has(other, id));
  generation = h46017_trust_generation(other);
  ck_assert_int_eq(h46017_trust_refresh(other, &changed), 0);
  ck_assert(!changed);
  ck_assert_uint_eq(h46017_trust_generation(other), generation);
  ck_assert_int_eq(h46017_trust_find_name(other, "00:90:33:2f:68:8a", none, &e),
                   0);
  ck_assert_str_eq(e.label, "the lobby [2J");
  ck_assert_str_eq(e.origin, "test");
  ck_assert_int_eq((int)e.kind, (int)H46017_TRUST_END_ENTITY);
  ck_assert_int_eq(h46017_trust_each(other, count_entry, &n), 0);
  ck_assert_int_eq(n, 1);
  /* our own changes are no news to us, and hide nobody else's */
  authority(&pair_root);
  ck_assert_int_eq(h46017_trust_refresh(trust, &changed), 0);
  ck_assert(!changed);
  ck_assert_int_eq(h46017_trust_remove(other, id), 0);
  ck_assert_uint_eq(h46017_trust_count(other), 1);
  ck_assert_int_eq(h46017_trust_remove(trust, id), H46017_ERR_NOT_FOUND);
  OPENSSL_free(der);
  h46017_trust_del(other);
}
END_TEST

static int put_text(const char *name, const char *text) {
  return store.put(dir, "trust", name, (const uint8_t *)text, strlen(text), 0);
}

START_TEST(a_damaged_entry_is_passed_over_and_counted) {
  char text[4096];
  char kind[4200];

  (void)put_pem(text, sizeof(text), &pair_phone);
  ck_assert_int_eq(put_text("by-hand.pem", text), 0);
  ck_assert_int_eq(put_text("broken.pem", "-----BEGIN CERTIFICATE-----\nA\n"),
                   0);
  (void)snprintf(kind, sizeof(kind), "Kind: authority\n%s", text);
  ck_assert_int_eq(put_text("no-authority.pem", kind), 0);
  (void)snprintf(kind, sizeof(kind), "Kind: king\n%s", text);
  ck_assert_int_eq(put_text("king.pem", kind), 0);
  ck_assert_int_eq(h46017_trust_refresh(trust, NULL), 0);
  ck_assert_uint_eq(h46017_trust_count(trust), 1);
  ck_assert_uint_eq(h46017_trust_damaged(trust), 3);
  ck_assert_int_eq(outcome(&pair_phone, NULL), 0);
}
END_TEST

START_TEST(the_own_chain_is_trusted_on_request_but_never_the_leaf) {
  static const pki_spec middle_spec = {.cn = {PKI_CN("middle")}, .ca = true};
  pki_cert middle = pki_make(&middle_spec, &pair_root);
  pki_cert leaf = pki_leaf("me", &middle);
  uint8_t id[32];
  char text[16384];
  size_t n = put_pem(text, sizeof(text), &leaf);

  n += put_pem(text + n, sizeof(text) - n, &middle);
  n += put_pem(text + n, sizeof(text) - n, &pair_root);
  for (int i = 0; i < 2; i++) {
    ck_assert_int_eq(
        h46017_trust_add_own_chain(trust, (const uint8_t *)text, n, now()), 0);
    ck_assert_uint_eq(h46017_trust_count(trust), 2);
  }
  digest(&leaf, id);
  ck_assert(!h46017_trust_has(trust, id));
  ck_assert_int_eq(outcome(&pair_phone, NULL), 0);
  end_entity(&pair_phone);
  ck_assert_int_eq(h46017_trust_clear(trust, "own-chain"), 0);
  ck_assert_uint_eq(h46017_trust_count(trust), 1);
  pki_free(&middle);
  pki_free(&leaf);
}
END_TEST

START_TEST(hundreds_of_end_entities_are_each_found) {
  enum { MANY = 300 };
  pki_cert certs[MANY];
  uint8_t id[32];
  h46017_trust *t = NULL;

  ck_assert_int_eq(h46017_trust_new(&t, NULL, NULL), 0);
  for (int i = 0; i < MANY; i++) {
    certs[i] = pki_leaf("x", &pair_root);
    ck_assert_int_eq(add_as(t, &certs[i], H46017_TRUST_END_ENTITY), 0);
  }
  for (int i = 0; i < MANY; i++) {
    digest(&certs[i], id);
    ck_assert(h46017_trust_has(t, id));
    id[0] ^= 0x80;
    ck_assert(!h46017_trust_has(t, id));
    id[0] ^= 0x80;
    if (i % 2 == 0) {
      ck_assert_int_eq(h46017_trust_remove(t, id), 0);
      ck_assert(!h46017_trust_has(t, id));
    }
    pki_free(&certs[i]);
  }
  ck_assert_uint_eq(h46017_trust_count(t), MANY / 2);
  h46017_trust_del(t);
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

  authority(&old);
  for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
    pki_cert leaf = pki_make(&rows[i].spec, &old);

    for (int profile = 0; profile < 3; profile++) {
      pair p;

      pair_init(&p, TLS1_2_VERSION, (h46017_tls_profile)profile);
      SSL_CTX_set_security_level(p.cctx, 0); /* the device knows no better */
      pki_use(p.cctx, &leaf, NULL);
      pki_use(p.sctx, &pair_gk, NULL);
      pki_trust(p.cctx, &pair_root);
      ck_assert_int_eq(h46017_trust_attach(trust, p.sctx, H46017_TLS_SERVER,
                                           H46017_CLIENT_CERT_REQUIRE),
                       0);
      p.sset.trust = trust;
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
  ck_assert_int_eq(h46017_trust_attach(trust, p->sctx, H46017_TLS_SERVER,
                                       H46017_CLIENT_CERT_REQUIRE),
                   0);
  ck_assert_int_eq(h46017_trust_attach(trust, p->cctx, H46017_TLS_CLIENT,
                                       H46017_CLIENT_CERT_REQUIRE),
                   0);
  p->sset.trust = trust;
  p->cset.trust = trust;
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

  authority(&pair_root);
  digest(&pair_root, id);
  meet_twice(&p, versions[_i]);
  for (int i = 0; i < 3; i++) {
    SSL_SESSION *s = left_by(&p);

    again(&p, s);
    SSL_SESSION_free(s);
    expect_resumed(&p, true);
    ck_assert_int_eq(h46017_trust_used(trust, h46017_tls_ssl(p.server.t), used),
                     0);
    ck_assert_mem_eq(used, id, 32);
  }
  pair_free(&p);
}
END_TEST

START_TEST(a_connection_that_was_lost_is_resumed) {
  SSL_SESSION *s;
  pair p;

  authority(&pair_root);
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

  authority(&pair_root);
  digest(&pair_root, id);
  meet_twice(&p, versions[_i]);
  s = left_by(&p);
  /* other changes do not */
  end_entity(&pair_gk);
  again(&p, s);
  expect_resumed(&p, true);
  SSL_SESSION_free(s);
  s = left_by(&p);
  ck_assert_int_eq(h46017_trust_remove(trust, id), 0);
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

  authority(&pair_root);
  end_entity(&pair_gk);
  digest(&pair_root, id);
  meet_twice(&p, versions[_i]);
  s = left_by(&p);
  ck_assert_int_eq(h46017_trust_set_kind(trust, id, H46017_TRUST_END_ENTITY),
                   0);
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

  authority(&pair_root);
  pair_init(&p, versions[_i], H46017_TLS_MODERN);
  pki_use(p.cctx, &leaf, chain);
  pki_use(p.sctx, &pair_gk, NULL);
  for (int i = 0; i < 2; i++) {
    ck_assert_int_eq(
        h46017_trust_attach(trust, i == 0 ? p.sctx : p.cctx,
                            i == 0 ? H46017_TLS_SERVER : H46017_TLS_CLIENT,
                            H46017_CLIENT_CERT_REQUIRE),
        0);
  }
  p.sset.trust = p.cset.trust = trust;
  p.cset.server_name = "gk.example.net";
  pair_begin(&p);
  pair_run(&p);
  ck_assert_int_eq(p.server.error, 0);
  s = left_by(&p);
  p.server.utc = now() + 86400;
  again(&p, s);
  expect_resumed(&p, true);
  SSL_SESSION_free(s);
  s = left_by(&p);
  /* the leaf is good for weeks, what it rests on is not */
  p.server.utc = now() + INT64_C(3) * 86400;
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

  authority(&pair_root);
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

  authority(&pair_root);
  meet_twice(&p, versions[_i]);
  s = left_by(&p);
  /* another name: the session is not offered, and the handshake fails */
  p.cset.server_name = "gk2.example.net";
  again(&p, s);
  ck_assert_int_eq(p.client.error, H46017_ERR_SERVER_NAME);
  p.cset.server_name = "gk.example.net";
  digest(&pair_root, id);
  end_entity(&pair_phone);
  ck_assert_int_eq(h46017_trust_remove(trust, id), 0);
  again(&p, s);
  ck_assert_int_eq(p.client.error, H46017_ERR_UNKNOWN_CA);
  SSL_SESSION_free(s);
  pair_free(&p);
}
END_TEST

START_TEST(live_connections_stay_when_trust_changes) {
  uint8_t id[32];
  pair p;

  authority(&pair_root);
  digest(&pair_root, id);
  meet(&p, versions[_i], H46017_TLS_MODERN, &pair_phone, NULL);
  ck_assert_int_eq(p.server.error, 0);
  ck_assert_int_eq(h46017_trust_remove(trust, id), 0);
  p.client.app.out = (const uint8_t *)"hello";
  p.client.app.out_len = 5;
  p.client.app.out_at = 0;
  ck_assert_int_eq(h46017_tls_pump(p.client.t, p.now), 0);
  pair_run(&p);
  ck_assert_uint_eq(p.server.app.in_len, 5);
  pair_free(&p);
}
END_TEST

/* -- rejected ------------------------------------------------------------- */

static int note(const pki_cert *client, const pki_cert *const *chain,
                int64_t at, uint8_t id[32]) {
  pair p;
  int rv;

  meet(&p, 0, H46017_TLS_MODERN, client, chain);
  ck_assert_int_ne(p.server.error, 0);
  rv = h46017_rejected_note(rejected, trust, h46017_tls_ssl(p.server.t),
                            "192.0.2.1:1234", at, id);
  pair_free(&p);
  return rv;
}

typedef struct seen {
  int entries;
  h46017_rejected_entry last;
  char cn[32];
} seen;

static int see(const h46017_rejected_entry *entry, void *user_data) {
  seen *s = user_data;

  s->entries++;
  s->last = *entry;
  (void)snprintf(s->cn, sizeof(s->cn), "%s",
                 entry->cn != NULL ? entry->cn : "");
  ck_assert_str_eq(entry->peer, "192.0.2.1:1234");
  return 0;
}

START_TEST(a_refused_chain_is_kept_as_it_came_and_can_be_trusted) {
  pki_cert other = pki_ca("other authority");
  pki_cert leaf = pki_leaf("0090332f688a", &other);
  const pki_cert *chain[] = {&other, NULL};
  h46017_trust_add_options o;
  uint8_t id[32];
  uint8_t want[32];
  char hex[65];
  seen s = {0};

  digest(&leaf, want);
  ck_assert_int_eq(note(&leaf, chain, 1000, id), 0);
  ck_assert_mem_eq(id, want, 32);
  ck_assert_int_eq(note(&leaf, chain, 2000, id), 0);
  ck_assert_int_eq(h46017_rejected_each(rejected, see, &s), 0);
  ck_assert_int_eq(s.entries, 1);
  ck_assert_uint_eq(s.last.count, 2);
  ck_assert_int_eq(s.last.first_seen, 1000);
  ck_assert_int_eq(s.last.last_seen, 2000);
  ck_assert_int_eq(s.last.code, H46017_ERR_UNKNOWN_CA);
  ck_assert_int_eq((int)s.last.role, (int)H46017_TLS_SERVER);
  ck_assert_uint_eq(s.last.chain_len, 2);
  ck_assert_str_eq(s.cn, "0090332f688a");

  for (int i = 0; i < 32; i++) {
    (void)snprintf(hex + 2 * i, 3, "%02x", id[i]);
  }
  hex[10] = '\0';
  h46017_trust_add_options_default(&o);
  o.utc_now = now();
  ck_assert_int_eq(
      h46017_rejected_trust(rejected, trust, hex, 2, &o, NULL, NULL),
      H46017_ERR_OUT_OF_RANGE);
  ck_assert_int_eq(
      h46017_rejected_trust(rejected, trust, "00ff", 0, &o, NULL, NULL),
      H46017_ERR_NOT_FOUND);
  ck_assert_int_eq(
      h46017_rejected_trust(rejected, trust, "no", 0, &o, NULL, NULL),
      H46017_ERR_INVALID_ARGUMENT);
  ck_assert_int_eq(
      h46017_rejected_trust(rejected, trust, hex, 0, &o, NULL, NULL), 0);
  ck_assert(h46017_trust_has(trust, id));
  ck_assert_int_eq(outcome(&leaf, chain), 0);
  memset(&s, 0, sizeof(s));
  ck_assert_int_eq(h46017_rejected_each(rejected, see, &s), 0);
  ck_assert_int_eq(s.entries, 0);

  /* its issuer, from another of its devices */
  pki_free(&leaf);
  leaf = pki_leaf("0090332f688b", &other);
  ck_assert_int_eq(note(&leaf, chain, 3000, id), 0);
  for (int i = 0; i < 32; i++) {
    (void)snprintf(hex + 2 * i, 3, "%02x", id[i]);
  }
  ck_assert_int_eq(
      h46017_rejected_trust(rejected, trust, hex, 1, &o, NULL, NULL), 0);
  digest(&other, want);
  ck_assert(h46017_trust_has(trust, want));
  ck_assert_int_eq(outcome(&leaf, NULL), 0);
  pki_free(&other);
  pki_free(&leaf);
}
END_TEST

START_TEST(the_rejected_list_is_bounded) {
  h46017_rejected_settings set;
  uint8_t first[32];
  uint8_t id[32];
  seen s = {0};

  h46017_rejected_del(rejected);
  h46017_rejected_settings_default(&set);
  set.max_entries = 3;
  set.max_rate = 2;
  ck_assert_int_eq(h46017_rejected_new(&rejected, &store, &set, NULL), 0);
  for (int i = 0; i < 5; i++) {
    pki_cert c = pki_leaf("a", NULL);

    ck_assert_int_eq(note(&c, NULL, 1000 + i, i == 0 ? first : id), 0);
    pki_free(&c);
  }
  ck_assert_int_eq(h46017_rejected_each(rejected, see, &s), 0);
  ck_assert_int_eq(s.entries, 3);
  for (int i = 0; i < 3; i++) { /* in one second */
    pki_cert c = pki_leaf("a", NULL);

    ck_assert_int_eq(note(&c, NULL, 9000, id), i < 2 ? 0 : H46017_ERR_LIMIT);
    pki_free(&c);
  }
  ck_assert_int_eq(h46017_rejected_clear(rejected), 0);
  memset(&s, 0, sizeof(s));
  ck_assert_int_eq(h46017_rejected_each(rejected, see, &s), 0);
  ck_assert_int_eq(s.entries, 0);

  /* in octets too: one entry of this size fits, two do not */
  h46017_rejected_del(rejected);
  set.max_octets = 1200;
  ck_assert_int_eq(h46017_rejected_new(&rejected, &store, &set, NULL), 0);
  for (int i = 0; i < 3; i++) {
    pki_cert c = pki_leaf("a", NULL);

    ck_assert_int_eq(note(&c, NULL, 2000 + i, id), 0);
    pki_free(&c);
  }
  ck_assert_int_eq(h46017_rejected_each(rejected, see, &s), 0);
  ck_assert_int_eq(s.entries, 1);
  ck_assert_mem_eq(s.last.id, id, 32);
}
END_TEST

START_TEST(a_device_installed_anew_is_recognised_and_replaced) {
  static const pki_spec self = {.cn = {PKI_CN("0090332f688a")}};
  pki_cert old = pki_make(&self, NULL);
  pki_cert fresh = pki_make(&self, NULL);
  h46017_trust_add_options o;
  h46017_trust_entry e;
  uint8_t old_id[32];
  uint8_t id[32];
  char text[4096];
  size_t n = put_pem(text, sizeof(text), &fresh);

  digest(&old, old_id);
  end_entity(&old);
  ck_assert_int_eq(h46017_trust_find_name(trust, "0090332f688a", old_id, &e),
                   H46017_ERR_NOT_FOUND);
  ck_assert_int_eq(note(&fresh, NULL, 1000, id), 0);
  ck_assert_int_eq(h46017_trust_find_name(trust, "0090332f688a", id, &e), 0);
  ck_assert_mem_eq(e.id, old_id, 32);
  h46017_trust_add_options_default(&o);
  o.utc_now = now();
  ck_assert_int_eq(
      h46017_trust_replace(trust, id, (const uint8_t *)text, n, &o, NULL, NULL),
      H46017_ERR_NOT_FOUND);
  ck_assert_int_eq(h46017_trust_replace(trust, e.id, (const uint8_t *)text, n,
                                        &o, NULL, NULL),
                   0);
  ck_assert(!h46017_trust_has(trust, old_id));
  ck_assert_int_eq(outcome(&fresh, NULL), 0);
  ck_assert_int_ne(outcome(&old, NULL), 0);
  /* with itself: still there */
  ck_assert_int_eq(
      h46017_trust_replace(trust, id, (const uint8_t *)text, n, &o, NULL, NULL),
      0);
  ck_assert(h46017_trust_has(trust, id));
  pki_free(&old);
  pki_free(&fresh);
}
END_TEST

START_TEST(a_client_keeps_what_it_refused_too) {
  uint8_t id[32];
  uint8_t want[32];
  seen s = {0};
  pair p;

  pair_init(&p, 0, H46017_TLS_MODERN);
  pki_use(p.cctx, &pair_phone, NULL);
  pki_use(p.sctx, &pair_gk, NULL);
  pki_trust(p.sctx, &pair_root);
  ck_assert_int_eq(h46017_trust_attach(trust, p.cctx, H46017_TLS_CLIENT,
                                       H46017_CLIENT_CERT_REQUIRE),
                   0);
  p.cset.trust = trust;
  p.cset.server_name = "gk.example.net";
  pair_begin(&p);
  pair_run(&p);
  ck_assert_int_eq(p.client.error, H46017_ERR_UNKNOWN_CA);
  ck_assert_int_eq(h46017_rejected_note(rejected, trust,
                                        h46017_tls_ssl(p.client.t),
                                        "192.0.2.1:1234", 5, id),
                   0);
  digest(&pair_gk, want);
  ck_assert_mem_eq(id, want, 32);
  /* once */
  ck_assert_int_eq(h46017_rejected_note(rejected, trust,
                                        h46017_tls_ssl(p.client.t),
                                        "192.0.2.1:1234", 5, id),
                   H46017_ERR_NOT_FOUND);
  ck_assert_int_eq(h46017_rejected_each(rejected, see, &s), 0);
  ck_assert_int_eq((int)s.last.role, (int)H46017_TLS_CLIENT);
  ck_assert_uint_eq(s.last.chain_len, 1);
  pair_free(&p);
}
END_TEST

/* -- memory --------------------------------------------------------------- */

static int change_it(failmem *f, void *arg) {
  h46017_trust *t = NULL;
  uint8_t id[32];
  int rv = h46017_trust_new(&t, NULL, &f->mem);

  (void)arg;
  digest(&pair_root, id);
  if (rv == 0) {
    rv = add_as(t, &pair_root, H46017_TRUST_AUTO);
  }
  if (rv == 0) {
    rv = add_as(t, &pair_phone, H46017_TRUST_AUTO);
  }
  if (rv == 0) {
    rv = h46017_trust_set_kind(t, id, H46017_TRUST_END_ENTITY);
  }
  if (rv == 0) {
    rv = h46017_trust_remove(t, id);
    ck_assert_uint_eq(h46017_trust_count(t), rv == 0 ? 1 : 2);
  }
  h46017_trust_del(t);
  return rv;
}

START_TEST(without_memory_the_list_stays_as_it_was) {
  ck_assert_uint_gt(failmem_sweep(change_it, NULL), 20);
}
END_TEST

static Suite *trust_suite(void) {
  Suite *s = suite_create("trust");
  TCase *tc = tcase_create("trust");
  int both = (int)(sizeof(versions) / sizeof(versions[0]));

  tcase_add_checked_fixture(tc, setup, teardown);
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
  tcase_add_test(tc, only_what_is_valid_now_can_be_added);
  tcase_add_test(tc, without_being_told_only_a_clear_authority_becomes_one);
  tcase_add_test(tc, a_kind_can_be_changed_but_not_against_the_certificate);
  tcase_add_test(tc, a_file_may_hold_many_and_each_is_told);
  tcase_add_test(tc, a_fingerprint_that_was_expected_has_to_fit);
  tcase_add_test(tc,
                 what_is_in_the_store_is_there_the_next_time_and_for_others);
  tcase_add_test(tc, a_damaged_entry_is_passed_over_and_counted);
  tcase_add_test(tc, the_own_chain_is_trusted_on_request_but_never_the_leaf);
  tcase_add_test(tc, hundreds_of_end_entities_are_each_found);
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
  tcase_add_test(tc, a_refused_chain_is_kept_as_it_came_and_can_be_trusted);
  tcase_add_test(tc, the_rejected_list_is_bounded);
  tcase_add_test(tc, a_device_installed_anew_is_recognised_and_replaced);
  tcase_add_test(tc, a_client_keeps_what_it_refused_too);
  tcase_add_test(tc, without_memory_the_list_stays_as_it_was);
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
