/* SPDX-License-Identifier: BSD-2-Clause */
/* Own keys and certificates: made, issued, requested, kept. */
#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include "failmem.h"
#include "runner.h"

#include <h46017/credentials.h>

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* -- a store in memory ---------------------------------------------------- */

#define ENTRIES 8

typedef struct memory_store {
  struct {
    char name[101];
    uint8_t *data;
    size_t len;
    uint32_t flags;
  } entries[ENTRIES];
  int fail; /* what put answers */
} memory_store;

static int memory_find(const memory_store *m, const char *name) {
  for (int i = 0; i < ENTRIES; i++) {
    if (m->entries[i].data != NULL && strcmp(m->entries[i].name, name) == 0) {
      return i;
    }
  }
  return -1;
}

static int memory_list(void *object, const char *collection,
                       h46017_store_each each, void *user_data) {
  memory_store *m = object;

  ck_assert_str_eq(collection, "credentials");
  for (int i = 0; i < ENTRIES; i++) {
    int rv =
        m->entries[i].data != NULL ? each(m->entries[i].name, user_data) : 0;
    if (rv != 0) {
      return rv;
    }
  }
  return 0;
}

static int memory_get(void *object, const char *collection, const char *name,
                      h46017_store_take take, void *user_data) {
  memory_store *m = object;
  int i = memory_find(m, name);

  (void)collection;
  return i < 0 ? H46017_ERR_NOT_FOUND
               : take(m->entries[i].data, m->entries[i].len, user_data);
}

static int memory_remove(void *object, const char *collection,
                         const char *name) {
  memory_store *m = object;
  int i = memory_find(m, name);

  (void)collection;
  if (i < 0) {
    return H46017_ERR_NOT_FOUND;
  }
  free(m->entries[i].data);
  m->entries[i].data = NULL;
  return 0;
}

static int memory_put(void *object, const char *collection, const char *name,
                      const uint8_t *data, size_t len, uint32_t flags) {
  memory_store *m = object;

  ck_assert(h46017_store_is_name(name));
  if (m->fail != 0) {
    return m->fail;
  }
  (void)memory_remove(object, collection, name);
  for (int i = 0; i < ENTRIES; i++) {
    if (m->entries[i].data == NULL) {
      snprintf(m->entries[i].name, sizeof(m->entries[i].name), "%s", name);
      m->entries[i].data = malloc(len);
      memcpy(m->entries[i].data, data, len);
      m->entries[i].len = len;
      m->entries[i].flags = flags;
      return 0;
    }
  }
  return H46017_ERR_STORE_IO;
}

static void memory_clear(memory_store *m) {
  for (int i = 0; i < ENTRIES; i++) {
    free(m->entries[i].data);
    m->entries[i].data = NULL;
  }
}

static h46017_credentials *open_store(memory_store *m, const h46017_mem *mem) {
  h46017_credentials *c = NULL;
  h46017_store store;

  h46017_store_default(&store);
  store.object = m;
  store.list = memory_list;
  store.get = memory_get;
  store.put = memory_put;
  store.remove = memory_remove;
  return h46017_credentials_new(&c, &store, mem) == 0 ? c : NULL;
}

/* -- helpers -------------------------------------------------------------- */

static h46017_cert_spec spec_for(const char *cn) {
  h46017_cert_spec spec;

  h46017_cert_spec_default(&spec);
  spec.cn = cn;
  return spec;
}

static h46017_credential *selfsigned(const char *cn) {
  h46017_cert_spec spec = spec_for(cn);
  h46017_credential *cred = NULL;

  ck_assert_int_eq(h46017_credential_selfsigned(&cred, &spec, NULL, NULL), 0);
  return cred;
}

static h46017_credential *authority(const char *cn) {
  h46017_cert_spec spec = spec_for(cn);
  h46017_credential *cred = NULL;

  ck_assert_int_eq(h46017_credential_authority(&cred, &spec, NULL), 0);
  return cred;
}

typedef struct octets {
  uint8_t data[64 * 1024];
  size_t len;
} octets;

static int keep(const uint8_t *data, size_t len, void *user_data) {
  octets *o = user_data;

  ck_assert_uint_le(len, sizeof(o->data));
  memcpy(o->data, data, len);
  o->len = len;
  return 0;
}

static octets pem_of(const h46017_credential *cred, uint32_t what) {
  octets o = {.len = 0};

  ck_assert_int_eq(
      h46017_credential_export(cred, H46017_EXPORT_PEM, what, NULL, keep, &o),
      0);
  return o;
}

static void subject_is(const h46017_credential *cred, const char *text) {
  char got[256];
  BIO *bio = BIO_new(BIO_s_mem());
  int n;

  X509_NAME_print_ex(bio, X509_get_subject_name(h46017_credential_leaf(cred)),
                     0, XN_FLAG_RFC2253 & ~ASN1_STRFLGS_ESC_MSB);
  n = BIO_read(bio, got, sizeof(got) - 1);
  got[n > 0 ? n : 0] = '\0';
  BIO_free(bio);
  ck_assert_str_eq(got, text);
}

/* -- made ----------------------------------------------------------------- */

START_TEST(a_selfsigned_certificate_is_an_end_entity_for_both_sides) {
  static const struct {
    h46017_key_kind kind;
    uint32_t bits;
    int expected;
    uint32_t usage;
  } keys[] = {
      {H46017_KEY_EC, 0, 256, KU_DIGITAL_SIGNATURE},
      {H46017_KEY_RSA, 1024, 1024, KU_DIGITAL_SIGNATURE | KU_KEY_ENCIPHERMENT},
      {H46017_KEY_RSA, 2048, 2048, KU_DIGITAL_SIGNATURE | KU_KEY_ENCIPHERMENT},
      {H46017_KEY_ED25519, 0, 256, KU_DIGITAL_SIGNATURE},
  };
  h46017_cert_spec spec = spec_for("0090332f688a");
  h46017_credential *cred = NULL;
  X509 *x;
  int days = 0;
  int seconds = 0;

  spec.key = keys[_i].kind;
  spec.rsa_bits = keys[_i].bits;
  ck_assert_int_eq(h46017_credential_selfsigned(&cred, &spec, NULL, NULL), 0);
  x = h46017_credential_leaf(cred);
  ck_assert_int_eq(EVP_PKEY_get_bits(X509_get0_pubkey(x)), keys[_i].expected);
  ck_assert_int_eq(X509_check_ca(x), 0);
  ck_assert_uint_eq(X509_get_key_usage(x), keys[_i].usage);
  ck_assert_uint_eq(X509_get_extended_key_usage(x),
                    XKU_SSL_CLIENT | XKU_SSL_SERVER);
  ck_assert_ptr_nonnull(X509_get0_subject_key_id(x));
  ck_assert_int_eq(X509_verify(x, X509_get0_pubkey(x)), 1);
  ck_assert_int_eq(X509_check_private_key(x, h46017_credential_key(cred)), 1);
  ASN1_TIME_diff(&days, &seconds, X509_get0_notBefore(x),
                 X509_get0_notAfter(x));
  ck_assert_int_eq(days, 3650);
  ck_assert_int_lt(X509_cmp_current_time(X509_get0_notBefore(x)), 0);
  ck_assert_int_ge(ASN1_STRING_length(X509_get0_serialNumber(x)), 8);
  subject_is(cred, "CN=0090332f688a");
  h46017_credential_del(cred);
}
END_TEST

START_TEST(two_first_starts_share_neither_key_nor_serial) {
  h46017_credential *a = selfsigned("x");
  h46017_credential *b = selfsigned("x");

  ck_assert_int_ne(
      EVP_PKEY_eq(h46017_credential_key(a), h46017_credential_key(b)), 1);
  ck_assert_int_ne(
      ASN1_INTEGER_cmp(X509_get0_serialNumber(h46017_credential_leaf(a)),
                       X509_get0_serialNumber(h46017_credential_leaf(b))),
      0);
  h46017_credential_del(a);
  h46017_credential_del(b);
}
END_TEST

START_TEST(a_key_is_used_again_only_when_asked) {
  h46017_cert_spec spec = spec_for("x");
  h46017_credential *a = selfsigned("x");
  h46017_credential *b = NULL;

  ck_assert_int_eq(h46017_credential_selfsigned(&b, &spec, a, NULL), 0);
  ck_assert_int_eq(
      EVP_PKEY_eq(h46017_credential_key(a), h46017_credential_key(b)), 1);
  h46017_credential_del(a);
  h46017_credential_del(b);
}
END_TEST

START_TEST(a_distinguished_name_is_read_as_rfc_4514_has_it) {
  static const struct {
    const char *text;
    const char *subject; /* NULL: refused */
  } names[] = {
      {"CN=a", "CN=a"},
      {"CN=0090332f688a,O=Example\\, Inc,C=DE",
       "CN=0090332f688a,O=Example\\, Inc,C=DE"},
      {" CN = a , O = b ", "CN=a,O=b"},
      {"CN=\\41\\c3\\a4", "CN=A\xc3\xa4"},
      {"CN=a\\ ", "CN=a\\ "},
      {"CN=a+serialNumber=12,O=b", "CN=a+serialNumber=12,O=b"},
      /* the name of a type in any case, short or long (RFC 4514 2.3, 3) */
      {"cn=a,o=b,Ou=c,l=d,sT=e,c=DE", "CN=a,O=b,OU=c,L=d,ST=e,C=DE"},
      {"CommonName=a,STREET=b,dc=c,uid=d", "CN=a,street=b,DC=c,UID=d"},
      {"cn=A,SERIALNUMBER=12,emailaddress=a@b",
       "CN=A,serialNumber=12,emailAddress=a@b"},
      {"2.5.4.3=a,initials=b", "CN=a,initials=b"},
      {"INITIALS=b,cn=a", NULL},
      {"", NULL},
      {"CN", NULL},
      {"CN=", NULL},
      {"=a", NULL},
      {"CN=a,", NULL},
      {"CN=a;O=b", NULL},
      {"CN=#0c0161", NULL},
      {"CN=a\\", NULL},
      {"CN=a\\0", NULL},
      {"CN=\\00a", NULL},
      {"CN=\\ff", NULL},
      {"NONSENSE=a", NULL},
      {"C=Germany", NULL},
  };

  for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
    h46017_cert_spec spec = spec_for(NULL);
    h46017_credential *cred = NULL;
    int rv;

    spec.subject = names[i].text;
    rv = h46017_credential_selfsigned(&cred, &spec, NULL, NULL);
    if (names[i].subject == NULL) {
      ck_assert_msg(rv == H46017_ERR_DN, "%s: %d", names[i].text, rv);
      ck_assert_ptr_null(cred);
    } else {
      ck_assert_msg(rv == 0, "%s: %d", names[i].text, rv);
      subject_is(cred, names[i].subject);
    }
    h46017_credential_del(cred);
  }
}
END_TEST

START_TEST(alternative_names_of_four_kinds_and_no_other) {
  static const char *const good[] = {"DNS:gk.example", "IP:192.0.2.1",
                                     "IP:2001:db8::1", "URI:h323:4711@gk",
                                     "email:a@example"};
  static const char *const bad[] = {"gk.example", "DNS:",      "IP:gk",
                                    "DNS:a b",    "dirName:x", "DNS:\xc3\xa4"};
  h46017_cert_spec spec = spec_for("x");
  h46017_credential *cred = NULL;

  spec.sans = good;
  spec.san_count = 5;
  ck_assert_int_eq(h46017_credential_selfsigned(&cred, &spec, NULL, NULL), 0);
  ck_assert_int_eq(X509_check_host(h46017_credential_leaf(cred), "gk.example",
                                   0, X509_CHECK_FLAG_NEVER_CHECK_SUBJECT,
                                   NULL),
                   1);
  ck_assert_int_eq(
      X509_check_ip_asc(h46017_credential_leaf(cred), "2001:db8::1", 0), 1);
  h46017_credential_del(cred);
  spec.san_count = 1;
  for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
    spec.sans = &bad[i];
    cred = NULL;
    ck_assert_msg(h46017_credential_selfsigned(&cred, &spec, NULL, NULL) ==
                      H46017_ERR_SAN,
                  "%s", bad[i]);
  }
}
END_TEST

START_TEST(what_cannot_be_made_is_refused) {
  h46017_cert_spec spec = spec_for("x");
  h46017_credential *cred = NULL;

  spec.key = H46017_KEY_RSA;
  spec.rsa_bits = 512;
  ck_assert_int_eq(h46017_credential_selfsigned(&cred, &spec, NULL, NULL),
                   H46017_ERR_KEY_TYPE);
  spec = spec_for("x");
  spec.days = 36501;
  ck_assert_int_eq(h46017_credential_selfsigned(&cred, &spec, NULL, NULL),
                   H46017_ERR_INVALID_ARGUMENT);
  spec.days = 36500;
  ck_assert_int_eq(h46017_credential_selfsigned(&cred, &spec, NULL, NULL), 0);
  h46017_credential_del(cred);
  cred = NULL;
  spec = spec_for(NULL);
  ck_assert_int_eq(h46017_credential_selfsigned(&cred, &spec, NULL, NULL),
                   H46017_ERR_DN);
  spec = spec_for("x");
  spec.struct_size = 0;
  ck_assert_int_eq(h46017_credential_selfsigned(&cred, &spec, NULL, NULL),
                   H46017_ERR_INVALID_ARGUMENT);
}
END_TEST

START_TEST(an_authority_issues_and_an_end_entity_does_not) {
  h46017_cert_spec spec = spec_for("0090332f688a");
  h46017_credential *ca = authority("Site");
  h46017_credential *leaf = NULL;
  h46017_credential *under = NULL;

  ck_assert_int_eq(X509_check_ca(h46017_credential_leaf(ca)), 1);
  ck_assert_uint_eq(X509_get_key_usage(h46017_credential_leaf(ca)),
                    KU_KEY_CERT_SIGN | KU_CRL_SIGN);
  ck_assert_int_eq(X509_get_pathlen(h46017_credential_leaf(ca)), 0);
  ck_assert_int_eq(
      h46017_credential_issue(&leaf, ca, &spec, NULL, 0, "0A1B", NULL), 0);
  ck_assert_int_eq((int)ASN1_INTEGER_get(
                       X509_get0_serialNumber(h46017_credential_leaf(leaf))),
                   0x0a1b);
  ck_assert_int_eq(X509_check_ca(h46017_credential_leaf(leaf)), 0);
  ck_assert_uint_eq(h46017_credential_chain_count(leaf), 1);
  ck_assert_int_eq(
      X509_cmp(h46017_credential_chain_at(leaf, 0), h46017_credential_leaf(ca)),
      0);
  ck_assert_ptr_null(h46017_credential_chain_at(leaf, 1));
  ck_assert_int_eq(X509_verify(h46017_credential_leaf(leaf),
                               X509_get0_pubkey(h46017_credential_leaf(ca))),
                   1);
  ck_assert_int_eq(
      h46017_credential_issue(&under, leaf, &spec, NULL, 0, NULL, NULL),
      H46017_ERR_CERT_CHAIN);
  ck_assert_int_eq(
      h46017_credential_issue(&under, ca, &spec, NULL, 0, "xyz", NULL),
      H46017_ERR_TLS);
  h46017_credential_del(leaf);
  h46017_credential_del(ca);
}
END_TEST

/* -- kept ----------------------------------------------------------------- */

START_TEST(the_users_stands_before_the_generated_and_falls_back) {
  memory_store m = {0};
  h46017_credentials *c = open_store(&m, NULL);
  h46017_credential *made = selfsigned("made");
  h46017_credential *users = selfsigned("users");
  h46017_credential *got = NULL;

  ck_assert_int_eq(h46017_credentials_get(c, NULL, &got), H46017_ERR_NOT_FOUND);
  ck_assert_int_eq(h46017_credentials_put_generated(c, made), 0);
  ck_assert(!h46017_credentials_is_user(c));
  ck_assert_int_eq(h46017_credentials_get(c, NULL, &got), 0);
  subject_is(got, "CN=made");
  h46017_credential_del(got);
  ck_assert_int_eq(h46017_credentials_put(c, NULL, users), 0);
  ck_assert(h46017_credentials_is_user(c));
  ck_assert_int_eq(h46017_credentials_get(c, NULL, &got), 0);
  subject_is(got, "CN=users");
  h46017_credential_del(got);
  ck_assert_int_eq(h46017_credentials_remove(c, NULL), 0);
  ck_assert_int_eq(h46017_credentials_remove(c, NULL), H46017_ERR_NOT_FOUND);
  ck_assert_int_eq(h46017_credentials_get(c, NULL, &got), 0);
  subject_is(got, "CN=made");
  for (int i = 0; i < ENTRIES; i++) {
    ck_assert(m.entries[i].data == NULL ||
              m.entries[i].flags == H46017_STORE_SECRET);
  }
  h46017_credential_del(got);
  h46017_credential_del(made);
  h46017_credential_del(users);
  h46017_credentials_del(c);
  memory_clear(&m);
}
END_TEST

START_TEST(a_damaged_entry_is_told_and_replaces_nothing) {
  memory_store m = {0};
  h46017_credentials *c = open_store(&m, NULL);
  h46017_credential *got = NULL;
  h46017_credential *bare = NULL;
  h46017_credential *made = selfsigned("made");
  octets o = pem_of(made, 0);

  memory_put(&m, "credentials", "device.pem", (const uint8_t *)"x", 1, 0);
  ck_assert_int_eq(h46017_credentials_get(c, NULL, &got),
                   H46017_ERR_STORE_CORRUPT);
  ck_assert_ptr_null(got);
  ck_assert_int_eq(h46017_credential_import(&bare, o.data, o.len, NULL, 0, NULL,
                                            false, NULL, NULL),
                   0);
  ck_assert_int_eq(h46017_credentials_put(c, NULL, bare),
                   H46017_ERR_KEY_ABSENT);
  ck_assert_int_eq(h46017_credentials_put(c, "../x", made),
                   H46017_ERR_INVALID_ARGUMENT);
  m.fail = H46017_ERR_STORE_IO;
  ck_assert_int_eq(h46017_credentials_put(c, "app", made), H46017_ERR_STORE_IO);
  h46017_credential_del(bare);
  h46017_credential_del(made);
  h46017_credentials_del(c);
  memory_clear(&m);
}
END_TEST

/* -- requests ------------------------------------------------------------- */

START_TEST(a_request_becomes_a_certificate_only_where_its_key_is) {
  memory_store m = {0};
  memory_store elsewhere = {0};
  h46017_credentials *c = open_store(&m, NULL);
  h46017_credentials *other = open_store(&elsewhere, NULL);
  h46017_credential *ca = authority("Site");
  h46017_credential *old = selfsigned("old");
  h46017_credential *leaf = NULL;
  h46017_credential *got = NULL;
  const char *san = "DNS:phone.example";
  h46017_cert_spec spec = spec_for("0090332f688a");
  char id[H46017_CSR_ID_MAX];
  octets req = {.len = 0};
  octets pem;

  spec.sans = &san;
  spec.san_count = 1;
  ck_assert_int_eq(h46017_credentials_put(c, NULL, old), 0);
  ck_assert_int_eq(h46017_csr_new(c, &spec, NULL, id), 0);
  ck_assert_int_eq(h46017_csr_get(c, NULL, false, keep, &req), 0);
  req.data[req.len] = '\0';
  ck_assert_ptr_null(strstr((char *)req.data, "PRIVATE"));
  spec = spec_for(NULL);
  ck_assert_int_eq(
      h46017_credential_issue(&leaf, ca, &spec, req.data, req.len, NULL, NULL),
      0);
  ck_assert_ptr_null(h46017_credential_key(leaf));
  subject_is(leaf, "CN=0090332f688a");
  ck_assert_int_eq(X509_check_host(h46017_credential_leaf(leaf),
                                   "phone.example", 0, 0, NULL),
                   1);
  pem = pem_of(leaf, H46017_EXPORT_CHAIN);
  ck_assert_int_eq(h46017_csr_install(other, pem.data, pem.len, NULL),
                   H46017_ERR_CSR_ABSENT);
  /* the store fails: the old pair and the request stay */
  m.fail = H46017_ERR_STORE_IO;
  ck_assert_int_eq(h46017_csr_install(c, pem.data, pem.len, NULL),
                   H46017_ERR_STORE_IO);
  m.fail = 0;
  ck_assert_int_eq(h46017_credentials_get(c, NULL, &got), 0);
  subject_is(got, "CN=old");
  h46017_credential_del(got);
  ck_assert_int_eq(h46017_csr_install(c, pem.data, pem.len, NULL), 0);
  ck_assert_int_eq(h46017_credentials_get(c, NULL, &got), 0);
  subject_is(got, "CN=0090332f688a");
  ck_assert_int_eq(h46017_csr_get(c, NULL, false, keep, &req),
                   H46017_ERR_NOT_FOUND);
  ck_assert_int_eq(h46017_csr_remove(c, id), H46017_ERR_NOT_FOUND);
  h46017_credential_del(got);
  h46017_credential_del(leaf);
  h46017_credential_del(old);
  h46017_credential_del(ca);
  h46017_credentials_del(c);
  h46017_credentials_del(other);
  memory_clear(&m);
}
END_TEST

START_TEST(a_request_with_a_wrong_signature_gets_nothing) {
  memory_store m = {0};
  h46017_credentials *c = open_store(&m, NULL);
  h46017_credential *ca = authority("Site");
  h46017_credential *leaf = NULL;
  h46017_cert_spec spec = spec_for("x");
  char id[H46017_CSR_ID_MAX];
  octets req = {.len = 0};

  ck_assert_int_eq(h46017_csr_new(c, &spec, NULL, id), 0);
  ck_assert_int_eq(h46017_csr_get(c, id, true, keep, &req), 0);
  req.data[req.len - 1] ^= 1;
  ck_assert_int_eq(
      h46017_credential_issue(&leaf, ca, &spec, req.data, req.len, NULL, NULL),
      H46017_ERR_FORMAT);
  ck_assert_int_eq(h46017_csr_remove(c, id), 0);
  h46017_credential_del(ca);
  h46017_credentials_del(c);
  memory_clear(&m);
}
END_TEST

/* -- a context ------------------------------------------------------------ */

/* The CN a server shows to a client that asks for `sni`. */
static void served(SSL_CTX *server_ctx, const char *sni, const char *sigalgs,
                   const char *cn) {
  SSL_CTX *client_ctx = SSL_CTX_new(TLS_client_method());
  SSL *client = SSL_new(client_ctx);
  SSL *server = SSL_new(server_ctx);
  BIO *a = NULL;
  BIO *b = NULL;
  char got[65] = "";

  ck_assert_int_eq(BIO_new_bio_pair(&a, 0, &b, 0), 1);
  SSL_set_bio(client, a, a);
  SSL_set_bio(server, b, b);
  SSL_set_connect_state(client);
  SSL_set_accept_state(server);
  if (sni != NULL) {
    SSL_set_tlsext_host_name(client, sni);
  }
  if (sigalgs != NULL) {
    ck_assert_int_eq(SSL_set1_sigalgs_list(client, sigalgs), 1);
  }
  for (int i = 0; i < 20 && SSL_do_handshake(client) != 1; i++) {
    (void)SSL_do_handshake(server);
  }
  ck_assert_int_eq(SSL_is_init_finished(client), 1);
  X509_NAME_get_text_by_NID(
      X509_get_subject_name(SSL_get0_peer_certificate(client)), NID_commonName,
      got, sizeof(got));
  ck_assert_str_eq(got, cn);
  ERR_clear_error();
  SSL_free(client);
  SSL_free(server);
  SSL_CTX_free(client_ctx);
}

START_TEST(the_name_asked_for_chooses_the_application_or_the_device) {
  memory_store m = {0};
  h46017_credentials *c = open_store(&m, NULL);
  h46017_credential *device = selfsigned("device");
  h46017_credential *app = selfsigned("example.com");
  h46017_cert_spec spec = spec_for("rsa");
  h46017_credential *rsa = NULL;
  SSL_CTX *ctx = SSL_CTX_new(TLS_server_method());

  ck_assert_int_eq(h46017_credentials_put(c, NULL, device), 0);
  ck_assert_int_eq(h46017_credentials_put(c, "Example.com", app), 0);
  ck_assert_int_eq(h46017_credentials_attach(c, ctx), 0);
  ck_assert_int_eq(h46017_credentials_attach(c, ctx), 0); /* once more */
  h46017_credentials_del(c); /* the context keeps what it needs */
  served(ctx, NULL, NULL, "device");
  served(ctx, "example.com", NULL, "example.com");
  served(ctx, "EXAMPLE.com", NULL, "example.com");
  served(ctx, "www.example.com", NULL, "device");
  SSL_CTX_free(ctx);
  /* a device from elsewhere, of two kinds of key: neither beats the name */
  ctx = SSL_CTX_new(TLS_server_method());
  c = open_store(&m, NULL);
  spec.key = H46017_KEY_RSA;
  ck_assert_int_eq(h46017_credential_selfsigned(&rsa, &spec, NULL, NULL), 0);
  ck_assert_int_eq(h46017_credential_use(rsa, ctx), 0);
  ck_assert_int_eq(h46017_credential_use(device, ctx), 0);
  ck_assert_int_eq(h46017_credentials_attach_apps(c, NULL),
                   H46017_ERR_INVALID_ARGUMENT);
  ck_assert_int_eq(h46017_credentials_attach_apps(c, ctx), 0);
  h46017_credentials_del(c);
  served(ctx, "example.com", "rsa_pss_rsae_sha256:ECDSA+SHA256", "example.com");
  served(ctx, "other", "rsa_pss_rsae_sha256", "rsa");
  served(ctx, "other", "ECDSA+SHA256", "device");
  SSL_CTX_free(ctx);
  h46017_credential_del(rsa);
  h46017_credential_del(device);
  h46017_credential_del(app);
  memory_clear(&m);
}
END_TEST

START_TEST(rsa_and_ec_stand_side_by_side) {
  h46017_cert_spec spec = spec_for("rsa");
  h46017_credential *rsa = NULL;
  h46017_credential *ec = selfsigned("ec");
  SSL_CTX *ctx = SSL_CTX_new(TLS_server_method());

  spec.key = H46017_KEY_RSA;
  ck_assert_int_eq(h46017_credential_selfsigned(&rsa, &spec, NULL, NULL), 0);
  ck_assert_int_eq(h46017_credential_use(rsa, ctx), 0);
  ck_assert_int_eq(h46017_credential_use(ec, ctx), 0);
  served(ctx, NULL, "ECDSA+SHA256", "ec");
  served(ctx, NULL, "rsa_pss_rsae_sha256", "rsa");
  SSL_CTX_free(ctx);
  h46017_credential_del(rsa);
  h46017_credential_del(ec);
}
END_TEST

START_TEST(a_weak_key_is_refused_by_the_modern_profile) {
  h46017_cert_spec spec = spec_for("weak");
  h46017_credential *rsa = NULL;
  SSL_CTX *ctx = SSL_CTX_new(TLS_server_method());

  spec.key = H46017_KEY_RSA;
  spec.rsa_bits = 1024;
  ck_assert_int_eq(h46017_credential_selfsigned(&rsa, &spec, NULL, NULL), 0);
  ck_assert_int_eq(
      h46017_tls_ctx_defaults(ctx, H46017_TLS_SERVER, H46017_TLS_MODERN), 0);
  ck_assert_int_eq(h46017_credential_use(rsa, ctx), H46017_ERR_CERT_WEAK);
  ck_assert_int_eq(
      h46017_tls_ctx_defaults(ctx, H46017_TLS_SERVER, H46017_TLS_LEGACY_DEVICE),
      0);
  ck_assert_int_eq(h46017_credential_use(rsa, ctx), 0);
  SSL_CTX_free(ctx);
  h46017_credential_del(rsa);
}
END_TEST

/* -- memory --------------------------------------------------------------- */

static int everything(failmem *f, void *arg) {
  memory_store m = {0};
  h46017_credentials *c = open_store(&m, &f->mem);
  h46017_credential *made = NULL;
  h46017_credential *got = NULL;
  h46017_cert_spec spec = spec_for("x");
  SSL_CTX *ctx = SSL_CTX_new(TLS_server_method());
  int rv = c == NULL
               ? H46017_ERR_NOMEM
               : h46017_credential_selfsigned(&made, &spec, NULL, &f->mem);

  (void)arg;
  if (rv == 0) {
    rv = h46017_credentials_put(c, NULL, made);
  }
  if (rv == 0) {
    rv = h46017_credentials_put(c, "app", made);
  }
  if (rv == 0) {
    rv = h46017_credentials_get(c, NULL, &got);
  }
  if (rv == 0) {
    rv = h46017_credentials_attach(c, ctx);
  }
  SSL_CTX_free(ctx);
  h46017_credential_del(got);
  h46017_credential_del(made);
  h46017_credentials_del(c);
  memory_clear(&m);
  return rv;
}

/* A request, issued for, installed; what came of it exported and imported. */
static int there_and_back(failmem *f, void *arg) {
  const h46017_credential *ca = arg;
  memory_store m = {0};
  h46017_credentials *c = open_store(&m, &f->mem);
  h46017_credential *leaf = NULL;
  h46017_credential *got = NULL;
  h46017_credential *back = NULL;
  h46017_cert_spec spec = spec_for("x");
  char id[H46017_CSR_ID_MAX];
  octets o = {.len = 0};
  int rv = c == NULL ? H46017_ERR_NOMEM : h46017_csr_new(c, &spec, NULL, id);

  spec = spec_for(NULL);
  if (rv == 0) {
    rv = h46017_csr_get(c, NULL, true, keep, &o);
  }
  if (rv == 0) {
    rv =
        h46017_credential_issue(&leaf, ca, &spec, o.data, o.len, NULL, &f->mem);
  }
  if (rv == 0) {
    o.len = 0;
    rv = h46017_credential_export(leaf, H46017_EXPORT_PEM, H46017_EXPORT_CHAIN,
                                  NULL, keep, &o);
  }
  if (rv == 0) {
    rv = h46017_csr_install(c, o.data, o.len, NULL);
  }
  if (rv == 0) {
    rv = h46017_credentials_get(c, NULL, &got);
  }
  if (rv == 0) {
    o.len = 0;
    rv = h46017_credential_export(
        got, H46017_EXPORT_PKCS12,
        H46017_EXPORT_CHAIN | H46017_EXPORT_PRIVATE_KEY, "pass", keep, &o);
  }
  if (rv == 0) {
    rv = h46017_credential_import(&back, o.data, o.len, NULL, 0, "pass", true,
                                  NULL, &f->mem);
  }
  h46017_credential_del(back);
  h46017_credential_del(got);
  h46017_credential_del(leaf);
  h46017_credentials_del(c);
  memory_clear(&m);
  return rv;
}

START_TEST(each_allocation_of_ours_fails) {
  h46017_credential *ca = authority("Site");

  ck_assert_uint_gt(failmem_sweep(everything, NULL), 4);
  ck_assert_uint_gt(failmem_sweep(there_and_back, ca), 4);
  h46017_credential_del(ca);
}
END_TEST

int main(void) {
  Suite *s = suite_create("credentials");
  TCase *t = tcase_create("made");

  tcase_set_timeout(t, 60);
  tcase_add_loop_test(
      t, a_selfsigned_certificate_is_an_end_entity_for_both_sides, 0, 4);
  tcase_add_test(t, two_first_starts_share_neither_key_nor_serial);
  tcase_add_test(t, a_key_is_used_again_only_when_asked);
  tcase_add_test(t, a_distinguished_name_is_read_as_rfc_4514_has_it);
  tcase_add_test(t, alternative_names_of_four_kinds_and_no_other);
  tcase_add_test(t, what_cannot_be_made_is_refused);
  tcase_add_test(t, an_authority_issues_and_an_end_entity_does_not);
  tcase_add_test(t, the_users_stands_before_the_generated_and_falls_back);
  tcase_add_test(t, a_damaged_entry_is_told_and_replaces_nothing);
  tcase_add_test(t, a_request_becomes_a_certificate_only_where_its_key_is);
  tcase_add_test(t, a_request_with_a_wrong_signature_gets_nothing);
  tcase_add_test(t, the_name_asked_for_chooses_the_application_or_the_device);
  tcase_add_test(t, rsa_and_ec_stand_side_by_side);
  tcase_add_test(t, a_weak_key_is_refused_by_the_modern_profile);
  tcase_add_test(t, each_allocation_of_ours_fails);
  suite_add_tcase(s, t);
  return run_suite(s);
}
