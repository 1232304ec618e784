/* SPDX-License-Identifier: BSD-2-Clause */
/* An entry of the trust list by itself: what it is called, what is written
 * about it, how it is found. */
#include "runner.h"
#include "tls/trust.h"
#include "failmem.h"
#include "trusting.h"

#include <h46017/error.h>

#include <check.h>
#include <openssl/pem.h>
#include <stdlib.h>
#include <string.h>

#define ZEROS16 "00000000000000000000000000000000" /* octets */

static void setup(void) {
  trusting_setup(NULL);
}

/* -- names ---------------------------------------------------------------- */

START_TEST(an_entry_is_called_by_its_digits) {
  static const struct {
    const char *name;
    int last; /* of the id; -1: it is called otherwise */
  } rows[] = {
      {ZEROS16 ZEROS16 ".pem", 0},
      {ZEROS16 "000000000000000000000000000000"
               "9a.pem",
       0x9a},
      {ZEROS16 "000000000000000000000000000000"
               "f0.pem",
       0xf0},
      {ZEROS16 "000000000000000000000000000000"
               "/0.pem",
       -1},
      {ZEROS16 "000000000000000000000000000000"
               ":0.pem",
       -1},
      {ZEROS16 "000000000000000000000000000000"
               "0`.pem",
       -1},
      {ZEROS16 "000000000000000000000000000000"
               "0g.pem",
       -1},
      {ZEROS16 "000000000000000000000000000000"
               "0F.pem",
       -1},
      {ZEROS16 ZEROS16 "0.pem", -1},
      {ZEROS16 ZEROS16, -1},
      {ZEROS16 ZEROS16 ".pem~", -1},
      {ZEROS16 ".pem", -1},
      {"gk.pem", -1},
      {"", -1},
  };

  for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
    uint8_t id[H46017_CERT_ID_LEN];
    char name[70];
    bool named = h46017_trust_entry_id(rows[i].name, id);

    ck_assert_msg(named == (rows[i].last >= 0), "'%s'", rows[i].name);
    if (named) {
      ck_assert_int_eq(id[H46017_CERT_ID_LEN - 1], rows[i].last);
      h46017_trust_entry_name(id, name);
      ck_assert_str_eq(name, rows[i].name);
    }
  }
}
END_TEST

START_TEST(digits_are_hexadecimal_and_no_more_than_there_are) {
  static const char all[] = "0123456789abcdef0123456789ABCDEF"
                            "0123456789abcdef0123456789abcdef";
  uint8_t id[H46017_CERT_ID_LEN];

  ck_assert(h46017_trust_is_digits(all));
  ck_assert(h46017_trust_is_digits("0"));
  ck_assert(!h46017_trust_is_digits(""));
  ck_assert(!h46017_trust_is_digits(NULL));
  ck_assert(!h46017_trust_is_digits("0g"));
  ck_assert(!h46017_trust_is_digits("0 "));
  ck_assert(!h46017_trust_is_digits("0123456789abcdef0123456789abcdef"
                                    "0123456789abcdef0123456789abcdef0"));
  for (size_t i = 0; i < sizeof(id); i++) {
    id[i] = (uint8_t)(i % 8 * 0x22 + 1);
  }
  id[0] = 0x01;
  id[1] = 0x23;
  ck_assert(h46017_trust_begins(id, "0123"));
  ck_assert(!h46017_trust_begins(id, "0124"));
  ck_assert(!h46017_trust_begins(id, "0123456789abcdef0123456789abcdef"
                                     "0123456789abcdef0123456789abcdef0"));
}
END_TEST

/* -- the lines before the certificate -------------------------------------- */

static bool header(const char *text, size_t len, const char *key,
                   char out[16]) {
  /* exactly as long: a sanitizer sees a read too far */
  uint8_t *data = malloc(len > 0 ? len : 1);
  bool found;

  ck_assert_ptr_nonnull(data);
  memcpy(data, text, len);
  found = h46017_trust_header(data, len, key, out, 16);
  free(data);
  return found;
}

START_TEST(a_line_says_what_it_says_for_its_key_alone) {
  static const struct {
    const char *text;
    const char *value; /* of Label; NULL: none */
  } rows[] = {
      {"Label: a", "a"},
      {"Label: a\n", "a"},
      {"Label: \n", ""},
      {"Label: ", ""},
      {"Kind: x\nLabel: a b\nLabel: c\n", "a b"},
      {"\nLabel: a\n", "a"},
      {"Label: 123456789012345", "123456789012345"},
      {"Label: 1234567890123456", NULL}, /* does not fit */
      {"Label: a\xff", NULL},            /* no text */
      {"Labe", NULL},
      {"Label", NULL},
      {"Label:", NULL},
      {"Label:\na\n", NULL},
      {"Label:a", NULL},
      {"Label a", NULL},
      {"Label. a", NULL},
      {"Labels: a", NULL},
      {"Lapel: a", NULL},
      {" Label: a", NULL},
      {"-----BEGIN CERTIFICATE-----\nLabel: a\n", NULL},
      {"Kind: x\n-\nLabel: a\n", NULL},
      {"", NULL},
  };
  char out[16];

  for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
    bool found = header(rows[i].text, strlen(rows[i].text), "Label", out);

    ck_assert_msg(found == (rows[i].value != NULL), "'%s'", rows[i].text);
    if (found) {
      ck_assert_str_eq(out, rows[i].value);
    }
  }
  ck_assert(!header("Label: a\0b", 10, "Label", out));
}
END_TEST

START_TEST(nothing_that_is_written_begins_another_line) {
  BIO *bio = BIO_new(BIO_s_mem());
  char *data = NULL;
  long len;

  ck_assert(h46017_trust_put_header(bio, "Label",
                                    "a\nKind: authority\r\x1f~\x7f \xc3\xa9"));
  len = BIO_get_mem_data(bio, &data);
  ck_assert_int_eq(len, (int)strlen("Label: a Kind: authority  ~  \xc3\xa9\n"));
  ck_assert_mem_eq(data, "Label: a Kind: authority  ~  \xc3\xa9\n", len);
  BIO_free(bio);
}
END_TEST

/* -- kinds ---------------------------------------------------------------- */

START_TEST(only_what_may_sign_certificates_is_an_authority) {
  static const struct {
    pki_spec spec;
    h46017_trust_kind kind;
  } rows[] = {
      {{.cn = {PKI_CN("a")}, .ca = true}, H46017_TRUST_AUTHORITY},
      {{.cn = {PKI_CN("a")}, .ca = true, .no_key_usage = true},
       H46017_TRUST_END_ENTITY},
      {{.cn = {PKI_CN("a")}}, H46017_TRUST_END_ENTITY},
      {{.cn = {PKI_CN("a")}, .v1 = true}, H46017_TRUST_END_ENTITY},
  };

  for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
    pki_cert c = pki_make(&rows[i].spec, NULL);

    ck_assert_int_eq((int)h46017_trust_kind_of(c.x509), (int)rows[i].kind);
    pki_free(&c);
  }
}
END_TEST

/* keyUsage in the place of the one that pki_make() writes. */
static void use_key_for(X509 *x, const char *usage) {
  X509V3_CTX ctx;
  X509_EXTENSION *e;
  int at = X509_get_ext_by_NID(x, NID_key_usage, -1);

  if (at >= 0) {
    X509_EXTENSION_free(X509_delete_ext(x, at));
  }
  X509V3_set_ctx(&ctx, x, x, NULL, NULL, 0);
  e = X509V3_EXT_conf_nid(NULL, &ctx, NID_key_usage, usage);
  ck_assert_ptr_nonnull(e);
  ck_assert_int_eq(X509_add_ext(x, e, -1), 1);
  X509_EXTENSION_free(e);
}

/* Signed again, and read anew: OpenSSL remembers what extensions said. */
static X509 *signed_anew(const pki_cert *c) {
  unsigned char *der = NULL;
  const unsigned char *at;
  X509 *x;
  int len;

  ck_assert_int_gt(X509_sign(c->x509, c->key, EVP_sha256()), 0);
  len = i2d_X509(c->x509, &der);
  at = der;
  x = d2i_X509(NULL, &at, len);
  ck_assert_ptr_nonnull(x);
  OPENSSL_free(der);
  return x;
}

START_TEST(neither_half_of_an_authority_makes_one) {
  static const pki_spec ca = {.cn = {PKI_CN("a")}, .ca = true};
  static const pki_spec leaf = {.cn = {PKI_CN("a")}};
  pki_cert c = pki_make(&ca, NULL);
  pki_cert l = pki_make(&leaf, NULL);
  X509 *x;

  use_key_for(c.x509, "cRLSign");
  x = signed_anew(&c);
  ck_assert_int_eq((int)h46017_trust_kind_of(x), (int)H46017_TRUST_END_ENTITY);
  X509_free(x);
  use_key_for(c.x509, "keyCertSign");
  x = signed_anew(&c);
  ck_assert_int_eq((int)h46017_trust_kind_of(x), (int)H46017_TRUST_AUTHORITY);
  X509_free(x);
  use_key_for(l.x509, "keyCertSign");
  x = signed_anew(&l);
  ck_assert_int_eq((int)h46017_trust_kind_of(x), (int)H46017_TRUST_END_ENTITY);
  X509_free(x);
  pki_free(&c);
  pki_free(&l);
}
END_TEST

START_TEST(kinds_have_the_names_that_files_use) {
  ck_assert_str_eq(h46017_trust_kind_name(H46017_TRUST_AUTO), "auto");
  ck_assert_str_eq(h46017_trust_kind_name(H46017_TRUST_AUTHORITY), "authority");
  ck_assert_str_eq(h46017_trust_kind_name(H46017_TRUST_END_ENTITY),
                   "end-entity");
  ck_assert_str_eq(h46017_trust_kind_name((h46017_trust_kind)9), "unknown");
}
END_TEST

/* -- what a file says ------------------------------------------------------ */

/* A file with these lines before a certificate. */
static int read_file(const char *lines, const pki_cert *c,
                     h46017_trust_item **pitem) {
  char pem[4096];
  size_t n = strlen(lines);

  memcpy(pem, lines, n);
  n += trusting_pem(pem + n, sizeof(pem) - n, c);
  return h46017_trust_item_read(h46017_mem_default(), pitem,
                                (const uint8_t *)pem, n);
}

START_TEST(a_file_s_lines_become_an_entry) {
  h46017_trust_item *item = NULL;

  ck_assert_int_eq(read_file("Kind: end-entity\nAdded: 1234\nLabel: lobby\n"
                             "Origin: rejected\n",
                             &pair_phone, &item),
                   0);
  ck_assert_int_eq((int)item->entry.kind, (int)H46017_TRUST_END_ENTITY);
  ck_assert_int_eq(item->entry.added_at, 1234);
  ck_assert_str_eq(item->entry.label, "lobby");
  ck_assert_str_eq(item->entry.origin, "rejected");
  ck_assert_str_eq(item->entry.cn, "0090332f688a");
  ck_assert_ptr_null(item->authority);
  h46017_trust_item_free(h46017_mem_default(), item);
  /* a plain PEM file is one too */
  ck_assert_int_eq(read_file("", &pair_root, &item), 0);
  ck_assert_int_eq((int)item->entry.kind, (int)H46017_TRUST_AUTHORITY);
  ck_assert_int_eq(item->entry.added_at, 0);
  ck_assert_str_eq(item->entry.label, "");
  ck_assert_str_eq(item->entry.origin, "file");
  ck_assert_ptr_nonnull(item->authority);
  h46017_trust_item_free(h46017_mem_default(), item);
  /* an authority by itself, and an end entity by word */
  ck_assert_int_eq(read_file("Kind: end-entity\n", &pair_root, &item), 0);
  ck_assert_int_eq((int)item->entry.kind, (int)H46017_TRUST_END_ENTITY);
  ck_assert_ptr_null(item->authority);
  h46017_trust_item_free(h46017_mem_default(), item);
}
END_TEST

static void written(const uint8_t *data, size_t len, const char *key,
                    const char *want) {
  char text[64];

  ck_assert(h46017_trust_header(data, len, key, text, sizeof(text)));
  ck_assert_str_eq(text, want);
}

START_TEST(an_entry_is_written_with_all_that_is_known_of_it) {
  h46017_trust_item *item = NULL;
  h46017_trust_item *again = NULL;
  uint8_t *data = NULL;
  size_t len;
  BIO *bio;

  ck_assert_int_eq(
      read_file("Added: 1234\nLabel: lobby\nOrigin: pin\n", &pair_phone, &item),
      0);
  bio = h46017_trust_item_write(item);
  ck_assert_ptr_nonnull(bio);
  len = (size_t)BIO_get_mem_data(bio, (char **)&data);
  written(data, len, "Kind", "end-entity");
  written(data, len, "Label", "lobby");
  written(data, len, "Origin", "pin");
  written(data, len, "Added", "1234");
  written(data, len, "Subject", item->entry.subject);
  written(data, len, "Issuer", item->entry.issuer);
  ck_assert_int_eq(
      h46017_trust_item_read(h46017_mem_default(), &again, data, len), 0);
  ck_assert_mem_eq(again->entry.id, item->entry.id, H46017_CERT_ID_LEN);
  BIO_free(bio);
  /* what is no certificate any more is not written */
  item->entry.der_len--;
  ck_assert_ptr_null(h46017_trust_item_write(item));
  h46017_trust_item_free(h46017_mem_default(), item);
  h46017_trust_item_free(h46017_mem_default(), again);
}
END_TEST

static int whole_or_nothing(failmem *f, void *arg) {
  h46017_trust_item *item = h46017_trust_item_new(&f->mem, pair_phone.x509);

  (void)arg;
  if (item == NULL) {
    return H46017_ERR_NOMEM;
  }
  ck_assert_str_eq(item->entry.cn, "0090332f688a");
  ck_assert_ptr_nonnull(item->entry.der);
  ck_assert_ptr_nonnull(item->entry.subject);
  ck_assert_ptr_nonnull(item->entry.issuer);
  ck_assert_str_eq(item->entry.label, "");
  ck_assert_str_eq(item->entry.origin, "file");
  h46017_trust_item_free(&f->mem, item);
  return 0;
}

START_TEST(without_memory_an_entry_is_whole_or_nothing) {
  ck_assert_uint_gt(failmem_sweep(whole_or_nothing, NULL), 5);
}
END_TEST

START_TEST(in_doubt_a_file_is_no_entry) {
  h46017_trust_item *item = NULL;

  ck_assert_int_eq(read_file("Kind: authority\n", &pair_phone, &item),
                   H46017_ERR_FORMAT);
  ck_assert_int_eq(read_file("Kind: anybody\n", &pair_root, &item),
                   H46017_ERR_FORMAT);
  ck_assert_int_eq(read_file("Kind: \n", &pair_root, &item), H46017_ERR_FORMAT);
  ck_assert_int_eq(h46017_trust_item_read(h46017_mem_default(), &item,
                                          (const uint8_t *)"Kind: auto\n", 11),
                   H46017_ERR_FORMAT);
  ck_assert_ptr_null(item);
}
END_TEST

/* -- PEM and DER ----------------------------------------------------------- */

typedef struct scanned {
  int good;
  int bad;
  int stop_at; /* 0: never */
} scanned;

static int count(X509 *x, void *user_data) {
  scanned *s = user_data;

  s->good += x != NULL;
  s->bad += x == NULL;
  return s->good + s->bad == s->stop_at ? 77 : 0;
}

static int scan(const char *data, size_t len, scanned *s, int stop_at) {
  memset(s, 0, sizeof(*s));
  s->stop_at = stop_at;
  return h46017_trust_scan((const uint8_t *)data, len, count, s);
}

static size_t old_pem(char *out, size_t size) {
  BIO *bio = BIO_new(BIO_s_mem());
  unsigned char *der = NULL;
  int len = i2d_X509(pair_phone.x509, &der);
  int n;

  ck_assert_int_gt(PEM_write_bio(bio, PEM_STRING_X509_OLD, "", der, len), 0);
  n = BIO_read(bio, out, (int)size);
  ck_assert_int_gt(n, 0);
  OPENSSL_free(der);
  BIO_free(bio);
  return (size_t)n;
}

START_TEST(certificates_are_found_whatever_is_between_them) {
  static const char key[] = "-----BEGIN PUBLIC KEY-----\nAAAA\n"
                            "-----END PUBLIC KEY-----\n";
  static const char torn[] = "-----BEGIN CERTIFICATE-----\nAAAA\n"
                             "-----END CERTIFICATE-----\n";
  static const char noise[] = "-----BEGIN CERTIFICATE-----\n!!!!\n"
                              "-----END CERTIFICATE-----\n";
  char text[16384];
  size_t n = 0;
  size_t one;
  scanned s;

  ck_assert_int_eq(scan("", 0, &s, 0), 0);
  ck_assert_int_eq(s.bad, 1);
  ck_assert_int_eq(scan("hello", 5, &s, 0), 0);
  ck_assert_int_eq(s.bad, 1);
  ck_assert_int_eq(scan(key, strlen(key), &s, 0), 0);
  ck_assert_int_eq(s.bad, 1);
  one = trusting_pem(text, sizeof(text), &pair_phone);
  ck_assert_int_eq(scan(text, one, &s, 0), 0);
  ck_assert_int_eq(s.good, 1);
  ck_assert_int_eq(s.bad, 0);
  n = one;
  n += (size_t)snprintf(text + n, sizeof(text) - n, "0 words\n%s%s", key, torn);
  n += trusting_pem(text + n, sizeof(text) - n, &pair_root);
  ck_assert_int_eq(scan(text, n, &s, 0), 0);
  ck_assert_int_eq(s.good, 2);
  ck_assert_int_eq(s.bad, 1);
  ck_assert_int_eq(scan(text, n, &s, 2), 77);
  ck_assert_int_eq(s.good, 1);
  ck_assert_int_eq(s.bad, 1);
  /* cut off in the middle */
  ck_assert_int_eq(scan(text, one / 2, &s, 0), 0);
  ck_assert_int_eq(s.good, 0);
  ck_assert_int_eq(s.bad, 1);
  /* no base64, and then a good one */
  n = strlen(noise);
  memcpy(text, noise, n);
  n += trusting_pem(text + n, sizeof(text) - n, &pair_root);
  ck_assert_int_eq(scan(text, n, &s, 0), 0);
  ck_assert_int_eq(s.good, 1);
  ck_assert_int_eq(s.bad, 1);
  /* as it was called long ago */
  n = old_pem(text, sizeof(text));
  ck_assert_int_eq(scan(text, n, &s, 0), 0);
  ck_assert_int_eq(s.good, 1);
  ck_assert_int_eq(s.bad, 0);
  /* a text that begins as DER does */
  text[0] = '0';
  ck_assert_int_eq(scan(text, n, &s, 0), 0);
  ck_assert_int_eq(s.good, 0);
  ck_assert_int_eq(s.bad, 1);
}
END_TEST

START_TEST(a_der_file_is_one_certificate_and_nothing_else) {
  unsigned char *der = NULL;
  int len = i2d_X509(pair_phone.x509, &der);
  char *more = malloc((size_t)len + 1);
  scanned s;

  ck_assert_ptr_nonnull(more);
  memcpy(more, der, (size_t)len);
  more[len] = 0;
  ck_assert_int_eq(scan((const char *)der, (size_t)len, &s, 1), 77);
  ck_assert_int_eq(s.good, 1);
  ck_assert_int_eq(scan(more, (size_t)len + 1, &s, 0), 0);
  ck_assert_int_eq(s.good, 0);
  ck_assert_int_eq(s.bad, 1);
  ck_assert_int_eq(scan(more, (size_t)len - 1, &s, 0), 0);
  ck_assert_int_eq(s.good, 0);
  ck_assert_int_eq(s.bad, 1);
  free(more);
  OPENSSL_free(der);
}
END_TEST

/* -- in a list ------------------------------------------------------------- */

static int some_list(void *object, const char *collection,
                     h46017_store_each each, void *user_data) {
  (void)object;
  (void)collection;
  (void)each;
  (void)user_data;
  return 0;
}

static int some_get(void *object, const char *collection, const char *name,
                    h46017_store_take take, void *user_data) {
  (void)object;
  (void)collection;
  (void)name;
  (void)take;
  (void)user_data;
  return H46017_ERR_NOT_FOUND;
}

static int some_put(void *object, const char *collection, const char *name,
                    const uint8_t *data, size_t len, uint32_t flags) {
  (void)object;
  (void)collection;
  (void)name;
  (void)data;
  (void)len;
  (void)flags;
  return 0;
}

static int some_remove(void *object, const char *collection, const char *name) {
  (void)object;
  (void)collection;
  (void)name;
  return 0;
}

static int some_begin(void *object, const char *collection) {
  (void)object;
  (void)collection;
  return 0;
}

static void some_end(void *object, const char *collection) {
  (void)object;
  (void)collection;
}

static void some_store(h46017_store *s) {
  h46017_store_default(s);
  s->list = some_list;
  s->get = some_get;
  s->put = some_put;
  s->remove = some_remove;
}

static int list_on(const h46017_store *s) {
  h46017_trust *t = NULL;
  int rv = h46017_trust_new(&t, s, NULL);

  h46017_trust_del(t);
  return rv;
}

START_TEST(a_list_needs_a_store_that_can_do_it_all) {
  h46017_mem broken = *h46017_mem_default();
  h46017_trust *t = NULL;
  h46017_store s;

  some_store(&s);
  ck_assert_int_eq(list_on(&s), 0);
  s.begin = some_begin;
  ck_assert_int_eq(list_on(&s), H46017_ERR_INVALID_ARGUMENT);
  s.end = some_end;
  ck_assert_int_eq(list_on(&s), 0);
  s.begin = NULL;
  ck_assert_int_eq(list_on(&s), H46017_ERR_INVALID_ARGUMENT);
  some_store(&s);
  s.list = NULL;
  ck_assert_int_eq(list_on(&s), H46017_ERR_INVALID_ARGUMENT);
  some_store(&s);
  s.get = NULL;
  ck_assert_int_eq(list_on(&s), H46017_ERR_INVALID_ARGUMENT);
  some_store(&s);
  s.put = NULL;
  ck_assert_int_eq(list_on(&s), H46017_ERR_INVALID_ARGUMENT);
  some_store(&s);
  s.remove = NULL;
  ck_assert_int_eq(list_on(&s), H46017_ERR_INVALID_ARGUMENT);
  some_store(&s);
  s.struct_size = 0;
  ck_assert_int_eq(list_on(&s), H46017_ERR_INVALID_ARGUMENT);
  ck_assert_int_eq(h46017_trust_new(NULL, NULL, NULL),
                   H46017_ERR_INVALID_ARGUMENT);
  broken.free = NULL;
  ck_assert_int_eq(h46017_trust_new(&t, NULL, &broken),
                   H46017_ERR_INVALID_ARGUMENT);
  ck_assert_ptr_null(t);
}
END_TEST

static int stop_at_first(const h46017_trust_entry *entry, void *user_data) {
  (void)entry;
  return ++*(int *)user_data == 1 ? 77 : 0;
}

START_TEST(an_entry_is_found_by_what_its_id_begins_with) {
  h46017_trust_entry e;
  uint8_t id[32];
  char hex[65];
  char digit[2] = "";
  int told = 0;
  int hits = 0;

  trusting_end_entity(&pair_phone);
  trusting_id(&pair_phone, id);
  trusting_hex(id, hex);
  ck_assert_int_eq(h46017_trust_find(trusting_list, hex, &e), 0);
  ck_assert_mem_eq(e.id, id, 32);
  ck_assert_int_eq(h46017_trust_find(trusting_list, "", &e),
                   H46017_ERR_INVALID_ARGUMENT);
  ck_assert_int_eq(h46017_trust_find(trusting_list, "x", &e),
                   H46017_ERR_INVALID_ARGUMENT);
  hex[63] = (char)(hex[63] == '0' ? '1' : '0');
  ck_assert_int_eq(h46017_trust_find(trusting_list, hex, &e),
                   H46017_ERR_NOT_FOUND);
  /* seventeen of them: two begin alike */
  for (int i = 0; i < 17; i++) {
    pki_cert c = pki_leaf("another", &pair_root);

    trusting_end_entity(&c);
    pki_free(&c);
  }
  for (int i = 0; i < 16; i++) {
    int rv;

    digit[0] = "0123456789abcdef"[i];
    rv = h46017_trust_find(trusting_list, digit, &e);
    ck_assert(rv == 0 || rv == H46017_ERR_NOT_FOUND ||
              rv == H46017_ERR_AMBIGUOUS_ID);
    hits += rv == H46017_ERR_AMBIGUOUS_ID;
  }
  ck_assert_int_gt(hits, 0);
  ck_assert_int_eq(h46017_trust_each(trusting_list, stop_at_first, &told), 77);
  ck_assert_int_eq(told, 1);
}
END_TEST

START_TEST(what_left_a_draft_is_not_found_in_it) {
  const h46017_mem *mem = h46017_mem_default();
  h46017_trust_snapshot *draft;
  h46017_trust_item *item;
  uint8_t phone[32];
  uint8_t root[32];

  trusting_end_entity(&pair_phone);
  trusting_authority(&pair_root);
  trusting_id(&pair_phone, phone);
  trusting_id(&pair_root, root);
  draft = h46017_trust_draft(mem, h46017_trust_current(trusting_list));
  ck_assert_ptr_nonnull(draft);
  item = h46017_trust_lookup(draft, phone);
  ck_assert_ptr_nonnull(item);
  h46017_trust_draft_drop(draft, item);
  ck_assert_ptr_null(h46017_trust_lookup(draft, phone));
  ck_assert_ptr_nonnull(h46017_trust_lookup(draft, root));
  h46017_trust_discard(mem, draft);
  ck_assert(h46017_trust_has(trusting_list, phone));
}
END_TEST

START_TEST(only_an_end_entity_of_this_very_name_is_found_by_it) {
  static const pki_spec nameless = {.cn = {{0, NULL, 0}}};
  static const pki_spec ca = {.cn = {PKI_CN("phone-7")}, .ca = true};
  pki_cert same = pki_leaf("phone-7", &pair_root);
  pki_cert nobody = pki_make(&nameless, &pair_root);
  pki_cert authority = pki_make(&ca, NULL);
  h46017_trust_entry e;
  uint8_t mine[32];
  uint8_t none[32] = {0};
  char hex[65];

  trusting_end_entity(&pair_phone);
  trusting_end_entity(&nobody);
  trusting_authority(&authority);
  ck_assert_int_eq(h46017_trust_find_name(trusting_list, "phone-7", none, &e),
                   H46017_ERR_NOT_FOUND);
  trusting_end_entity(&same);
  trusting_id(&same, mine);
  trusting_id(&nobody, none);
  trusting_hex(none, hex);
  ck_assert_int_eq(h46017_trust_find(trusting_list, hex, &e), 0);
  ck_assert_ptr_null(e.cn);
  ck_assert_int_eq(h46017_trust_find_name(trusting_list, "phone-7", none, &e),
                   0);
  ck_assert_mem_eq(e.id, mine, 32);
  ck_assert_int_eq(h46017_trust_find_name(trusting_list, "phone-7", mine, &e),
                   H46017_ERR_NOT_FOUND);
  ck_assert_int_eq(h46017_trust_find_name(trusting_list, "phone-8", none, &e),
                   H46017_ERR_NOT_FOUND);
  ck_assert_int_eq(h46017_trust_find_name(trusting_list, NULL, none, &e),
                   H46017_ERR_NOT_FOUND);
  pki_free(&same);
  pki_free(&nobody);
  pki_free(&authority);
}
END_TEST

static Suite *trust_entry_suite(void) {
  Suite *s = suite_create("trust_entry");
  TCase *tc = tcase_create("trust_entry");

  tcase_add_checked_fixture(tc, setup, trusting_teardown);
  tcase_add_test(tc, an_entry_is_called_by_its_digits);
  tcase_add_test(tc, digits_are_hexadecimal_and_no_more_than_there_are);
  tcase_add_test(tc, a_line_says_what_it_says_for_its_key_alone);
  tcase_add_test(tc, nothing_that_is_written_begins_another_line);
  tcase_add_test(tc, only_what_may_sign_certificates_is_an_authority);
  tcase_add_test(tc, neither_half_of_an_authority_makes_one);
  tcase_add_test(tc, kinds_have_the_names_that_files_use);
  tcase_add_test(tc, a_file_s_lines_become_an_entry);
  tcase_add_test(tc, an_entry_is_written_with_all_that_is_known_of_it);
  tcase_add_test(tc, without_memory_an_entry_is_whole_or_nothing);
  tcase_add_test(tc, in_doubt_a_file_is_no_entry);
  tcase_add_test(tc, certificates_are_found_whatever_is_between_them);
  tcase_add_test(tc, a_der_file_is_one_certificate_and_nothing_else);
  tcase_add_test(tc, a_list_needs_a_store_that_can_do_it_all);
  tcase_add_test(tc, an_entry_is_found_by_what_its_id_begins_with);
  tcase_add_test(tc, what_left_a_draft_is_not_found_in_it);
  tcase_add_test(tc, only_an_end_entity_of_this_very_name_is_found_by_it);
  suite_add_tcase(s, tc);
  return s;
}

int main(void) {
  return run_suite(trust_entry_suite());
}
