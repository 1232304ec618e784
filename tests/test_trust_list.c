/* SPDX-License-Identifier: BSD-2-Clause */
/* What a trust list and a list of rejected certificates keep, what is read of
 * it again, and what is left of it when something fails. */
#include "failmem.h"
#include "trusting.h"

#include <h46017/error.h>

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static char root[64];
static h46017_store_dir *dir;
static h46017_store store;
static h46017_store unsynced;
static h46017_rejected *rejected;

static void setup(void) {
  (void)snprintf(root, sizeof(root), "/tmp/h46017-trust-XXXXXX");
  ck_assert_ptr_nonnull(mkdtemp(root));
  ck_assert_int_eq(h46017_store_dir_new(&dir, root, NULL), 0);
  h46017_store_dir_store(dir, &store);
  h46017_store_dir_store_unsynced(dir, &unsynced);
  ck_assert_int_eq(h46017_rejected_new(&rejected, &unsynced, NULL, NULL), 0);
  trusting_setup(&store);
}

static void teardown(void) {
  char command[100];

  trusting_teardown();
  h46017_rejected_del(rejected);
  h46017_store_dir_del(dir);
  (void)snprintf(command, sizeof(command), "rm -rf %s", root);
  ck_assert_int_eq(system(command), 0);
}

/* -- the list ------------------------------------------------------ */

static h46017_trust_kind kind_of(const pki_spec *spec) {
  pki_cert c = pki_make(spec, NULL);
  h46017_trust_entry e;
  char hex[65];
  uint8_t id[32];

  ck_assert_int_eq(trusting_add(trusting_list, &c, H46017_TRUST_AUTO), 0);
  trusting_id(&c, id);
  for (int i = 0; i < 32; i++) {
    (void)snprintf(hex + 2 * i, 3, "%02X", id[i]);
  }
  ck_assert_int_eq(h46017_trust_find(trusting_list, hex, &e), 0);
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

  ck_assert_int_eq(
      trusting_add(trusting_list, &pair_phone, H46017_TRUST_AUTHORITY),
      H46017_ERR_NOT_AN_AUTHORITY);
  trusting_end_entity(&pair_phone);
  trusting_id(&pair_phone, id);
  ck_assert_int_eq(
      h46017_trust_set_kind(trusting_list, id, H46017_TRUST_AUTHORITY),
      H46017_ERR_NOT_AN_AUTHORITY);
  ck_assert_int_eq(h46017_trust_set_kind(trusting_list, id, H46017_TRUST_AUTO),
                   H46017_ERR_INVALID_ARGUMENT);
  trusting_id(&pair_root, id);
  ck_assert_int_eq(
      h46017_trust_set_kind(trusting_list, id, H46017_TRUST_AUTHORITY),
      H46017_ERR_NOT_FOUND);
  trusting_end_entity(&pair_root);
  ck_assert_int_eq(h46017_trust_clear(trusting_list, NULL), 0);
  trusting_authority(&pair_root);
  ck_assert_int_eq(trusting_outcome(&pair_phone, NULL), 0);
  ck_assert_int_eq(
      h46017_trust_set_kind(trusting_list, id, H46017_TRUST_END_ENTITY), 0);
  ck_assert_int_eq(trusting_outcome(&pair_phone, NULL), H46017_ERR_UNKNOWN_CA);
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

START_TEST(a_file_may_hold_many_and_each_is_told) {
  static const pki_spec past = {
      .cn = {PKI_CN("a")}, .from_days = -10, .to_days = -1};
  static char text[16384];
  pki_cert old = pki_make(&past, NULL);
  h46017_trust_add_options o;
  told t = {0};
  size_t n = 0;

  n += (size_t)sprintf(text + n, "Device certificates\n\n");
  n += trusting_pem(text + n, sizeof(text) - n, &pair_root);
  n += (size_t)sprintf(text + n, "an old one:\r\n");
  n += trusting_pem(text + n, sizeof(text) - n, &old);
  n += (size_t)sprintf(text + n, "-----BEGIN CERTIFICATE-----\n"
                                 "AAAA\n-----END CERTIFICATE-----\n");
  n += (size_t)sprintf(text + n, "-----BEGIN SOMETHING-----\n"
                                 "AAAA\n-----END SOMETHING-----\n");
  n += trusting_pem(text + n, sizeof(text) - n, &pair_phone);
  n += trusting_pem(text + n, sizeof(text) - n, &pair_phone); /* twice */
  h46017_trust_add_options_default(&o);
  o.utc_now = trusting_now();
  o.label = "from\nthe file";
  ck_assert_int_eq(
      h46017_trust_add(trusting_list, (const uint8_t *)text, n, &o, tell, &t),
      H46017_ERR_CERT_EXPIRED);
  ck_assert_uint_eq(t.good, 3);
  ck_assert_uint_eq(t.bad, 2);
  ck_assert_int_eq(t.codes[0], 0);
  ck_assert_int_eq(t.codes[1], H46017_ERR_CERT_EXPIRED);
  ck_assert_int_eq(t.codes[2], H46017_ERR_FORMAT);
  ck_assert_int_eq(t.codes[4], 0);
  ck_assert_uint_eq(h46017_trust_count(trusting_list), 2);
  ck_assert_int_eq(h46017_trust_add(trusting_list, (const uint8_t *)"nothing",
                                    7, &o, NULL, NULL),
                   H46017_ERR_FORMAT);
  ck_assert_int_eq(h46017_trust_add(trusting_list, NULL, 0, &o, NULL, NULL),
                   H46017_ERR_FORMAT);
  pki_free(&old);
}
END_TEST

START_TEST(a_fingerprint_that_was_expected_has_to_fit) {
  h46017_trust_add_options o;
  unsigned char *der = NULL;
  int len = i2d_X509(pair_phone.x509, &der);
  uint8_t id[32];

  trusting_id(&pair_phone, id);
  id[31] ^= 1;
  h46017_trust_add_options_default(&o);
  o.utc_now = trusting_now();
  o.expect = id;
  ck_assert_int_eq(
      h46017_trust_add(trusting_list, der, (size_t)len, &o, NULL, NULL),
      H46017_ERR_FINGERPRINT);
  id[31] ^= 1;
  ck_assert_int_eq(
      h46017_trust_add(trusting_list, der, (size_t)len, &o, NULL, NULL), 0);
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

  trusting_id(&pair_phone, id);
  ck_assert_int_eq(h46017_trust_new(&other, &store, NULL), 0);
  h46017_trust_add_options_default(&o);
  o.utc_now = trusting_now();
  o.label = "the lobby\x1b[2J";
  o.origin = "test";
  generation = h46017_trust_generation(trusting_list);
  ck_assert_int_eq(
      h46017_trust_add(trusting_list, der, (size_t)len, &o, NULL, NULL), 0);
  ck_assert_uint_gt(h46017_trust_generation(trusting_list), generation);
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
  trusting_authority(&pair_root);
  ck_assert_int_eq(h46017_trust_refresh(trusting_list, &changed), 0);
  ck_assert(!changed);
  ck_assert_int_eq(h46017_trust_remove(other, id), 0);
  ck_assert_uint_eq(h46017_trust_count(other), 1);
  ck_assert_int_eq(h46017_trust_remove(trusting_list, id),
                   H46017_ERR_NOT_FOUND);
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

  (void)trusting_pem(text, sizeof(text), &pair_phone);
  ck_assert_int_eq(put_text("by-hand.pem", text), 0);
  ck_assert_int_eq(put_text("broken.pem", "-----BEGIN CERTIFICATE-----\nA\n"),
                   0);
  (void)snprintf(kind, sizeof(kind), "Kind: authority\n%s", text);
  ck_assert_int_eq(put_text("no-authority.pem", kind), 0);
  (void)snprintf(kind, sizeof(kind), "Kind: king\n%s", text);
  ck_assert_int_eq(put_text("king.pem", kind), 0);
  ck_assert_int_eq(h46017_trust_refresh(trusting_list, NULL), 0);
  ck_assert_uint_eq(h46017_trust_count(trusting_list), 1);
  ck_assert_uint_eq(h46017_trust_damaged(trusting_list), 3);
  ck_assert_int_eq(trusting_outcome(&pair_phone, NULL), 0);
}
END_TEST

/* -- reading again -------------------------------------------------------- */

/* The directory's store, counting. */
static struct {
  int reads;
  int writes;
  const char *sealed; /* a name that cannot be written */
} traffic;

static int counted_get(void *object, const char *collection, const char *name,
                       h46017_store_take take, void *user_data) {
  traffic.reads++;
  return store.get(object, collection, name, take, user_data);
}

static int counted_put(void *object, const char *collection, const char *name,
                       const uint8_t *data, size_t len, uint32_t flags) {
  if (traffic.sealed != NULL && strcmp(traffic.sealed, name) == 0) {
    return H46017_ERR_STORE_IO;
  }
  traffic.writes++;
  return unsynced.put(object, collection, name, data, len, flags);
}

static h46017_trust *counted_list(void) {
  h46017_store s = store;
  h46017_trust *t = NULL;

  s.get = counted_get;
  s.put = counted_put;
  ck_assert_int_eq(s.begin(dir, "trust"), 0); /* the directory is made */
  s.end(dir, "trust");
  ck_assert_int_eq(h46017_trust_new(&t, &s, NULL), 0);
  memset(&traffic, 0, sizeof(traffic));
  return t;
}

enum { SOME = 20 };

/* So many certificates in one text. */
static char *some_pem(pki_cert certs[SOME], size_t *plen) {
  char *text = malloc((size_t)SOME * 2048);

  ck_assert_ptr_nonnull(text);
  *plen = 0;
  for (int i = 0; i < SOME; i++) {
    certs[i] = pki_leaf("x", &pair_root);
    *plen += trusting_pem(text + *plen, 2048, &certs[i]);
  }
  return text;
}

static int add_text(h46017_trust *t, const char *text, size_t len) {
  h46017_trust_add_options o;

  h46017_trust_add_options_default(&o);
  o.utc_now = trusting_now();
  return h46017_trust_add(t, (const uint8_t *)text, len, &o, NULL, NULL);
}

START_TEST(what_came_together_is_one_change) {
  pki_cert certs[SOME];
  size_t len = 0;
  char *text = some_pem(certs, &len);
  h46017_trust *t = counted_list();
  uint64_t generation = h46017_trust_generation(t);

  ck_assert_int_eq(add_text(t, text, len), 0);
  ck_assert_uint_eq(h46017_trust_count(t), SOME);
  ck_assert_uint_eq(h46017_trust_generation(t), generation + 1);
  ck_assert_int_eq(traffic.writes, SOME);
  ck_assert_int_eq(add_text(t, text, len), 0);
  ck_assert_uint_eq(h46017_trust_generation(t), generation + 1);
  ck_assert_int_eq(traffic.writes, SOME);
  ck_assert_int_eq(h46017_trust_clear(t, "file"), 0);
  ck_assert_uint_eq(h46017_trust_generation(t), generation + 2);
  ck_assert_uint_eq(h46017_trust_count(t), 0);
  for (int i = 0; i < SOME; i++) {
    pki_free(&certs[i]);
  }
  free(text);
  h46017_trust_del(t);
}
END_TEST

START_TEST(one_that_cannot_be_kept_is_not_in_force_and_the_others_are) {
  pki_cert certs[SOME];
  size_t len = 0;
  char *text = some_pem(certs, &len);
  h46017_trust *t = counted_list();
  uint8_t id[32];
  char name[70];

  trusting_id(&certs[SOME / 2], id);
  trusting_hex(id, name);
  memcpy(name + 64, ".pem", 5);
  traffic.sealed = name;
  ck_assert_int_eq(add_text(t, text, len), H46017_ERR_STORE_IO);
  ck_assert_uint_eq(h46017_trust_count(t), SOME - 1);
  ck_assert(!h46017_trust_has(t, id));
  ck_assert_int_eq(h46017_trust_refresh(trusting_list, NULL), 0);
  ck_assert_uint_eq(h46017_trust_count(trusting_list), SOME - 1);
  traffic.sealed = NULL;
  ck_assert_int_eq(add_text(t, text, len), 0);
  ck_assert(h46017_trust_has(t, id));
  for (int i = 0; i < SOME; i++) {
    trusting_id(&certs[i], id);
    ck_assert(h46017_trust_has(t, id));
    pki_free(&certs[i]);
  }
  free(text);
  h46017_trust_del(t);
}
END_TEST

START_TEST(only_what_changed_is_read_again) {
  pki_cert certs[SOME];
  size_t len = 0;
  char *text = some_pem(certs, &len);
  h46017_trust *t = counted_list();
  h46017_trust_entry e;
  uint8_t id[32];
  uint8_t other[32];
  char hex[65];
  bool changed = false;

  ck_assert_int_eq(add_text(t, text, len), 0);
  memset(&traffic, 0, sizeof(traffic));
  trusting_authority(&pair_root); /* by somebody else */
  ck_assert_int_eq(h46017_trust_refresh(t, &changed), 0);
  ck_assert(changed);
  ck_assert_uint_eq(h46017_trust_count(t), SOME + 1);
  ck_assert_int_eq(traffic.reads, 1);
  /* of the same name, and another kind */
  trusting_id(&pair_root, id);
  ck_assert_int_eq(
      h46017_trust_set_kind(trusting_list, id, H46017_TRUST_END_ENTITY), 0);
  trusting_id(&certs[0], other);
  ck_assert_int_eq(h46017_trust_remove(trusting_list, other), 0);
  ck_assert_int_eq(h46017_trust_refresh(t, &changed), 0);
  ck_assert_int_eq(traffic.reads, 2);
  trusting_hex(id, hex);
  ck_assert_int_eq(h46017_trust_find(t, hex, &e), 0);
  ck_assert_int_eq((int)e.kind, (int)H46017_TRUST_END_ENTITY);
  ck_assert(!h46017_trust_has(t, other));
  ck_assert_uint_eq(h46017_trust_count(t), SOME);
  for (int i = 0; i < SOME; i++) {
    pki_free(&certs[i]);
  }
  free(text);
  h46017_trust_del(t);
}
END_TEST

START_TEST(two_files_of_one_certificate_are_one_entry_and_go_together) {
  char text[4096];
  uint8_t id[32];

  (void)trusting_pem(text, sizeof(text), &pair_phone);
  trusting_id(&pair_phone, id);
  ck_assert_int_eq(put_text("b.pem", text), 0);
  ck_assert_int_eq(h46017_trust_refresh(trusting_list, NULL), 0);
  /* beside one by hand, and beside one of our own that is in force */
  for (int i = 0; i < 2; i++) {
    ck_assert_int_eq(put_text("a.pem", text), 0);
    ck_assert_int_eq(put_text("zz.pem", text), 0);
    ck_assert_int_eq(h46017_trust_refresh(trusting_list, NULL), 0);
    ck_assert_uint_eq(h46017_trust_count(trusting_list), 1);
    ck_assert_uint_eq(h46017_trust_damaged(trusting_list), 0);
    ck_assert_int_eq(
        h46017_trust_set_kind(trusting_list, id, H46017_TRUST_END_ENTITY), 0);
    ck_assert_int_eq(h46017_trust_remove(trusting_list, id), 0);
    ck_assert_uint_eq(h46017_trust_count(trusting_list), 0);
    ck_assert_int_eq(store.get(dir, "trust", "a.pem", NULL, NULL),
                     H46017_ERR_NOT_FOUND);
    ck_assert_int_eq(store.get(dir, "trust", "zz.pem", NULL, NULL),
                     H46017_ERR_NOT_FOUND);
    trusting_end_entity(&pair_phone);
  }
  ck_assert_int_eq(h46017_trust_remove(trusting_list, id), 0);
  trusting_authority(&pair_root); /* a change: the store is looked at */
  ck_assert_uint_eq(h46017_trust_count(trusting_list), 1);
}
END_TEST

/* -- more of what is kept ------------------------------------------------- */

START_TEST(the_own_chain_is_trusted_on_request_but_never_the_leaf) {
  static const pki_spec middle_spec = {.cn = {PKI_CN("middle")}, .ca = true};
  pki_cert middle = pki_make(&middle_spec, &pair_root);
  pki_cert leaf = pki_leaf("me", &middle);
  uint8_t id[32];
  char text[16384];
  size_t n = trusting_pem(text, sizeof(text), &leaf);

  n += trusting_pem(text + n, sizeof(text) - n, &middle);
  n += trusting_pem(text + n, sizeof(text) - n, &pair_root);
  for (int i = 0; i < 2; i++) {
    ck_assert_int_eq(h46017_trust_add_own_chain(trusting_list,
                                                (const uint8_t *)text, n,
                                                trusting_now()),
                     0);
    ck_assert_uint_eq(h46017_trust_count(trusting_list), 2);
  }
  trusting_id(&leaf, id);
  ck_assert(!h46017_trust_has(trusting_list, id));
  ck_assert_int_eq(trusting_outcome(&pair_phone, NULL), 0);
  trusting_end_entity(&pair_phone);
  ck_assert_int_eq(h46017_trust_clear(trusting_list, "own-chain"), 0);
  ck_assert_uint_eq(h46017_trust_count(trusting_list), 1);
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
    ck_assert_int_eq(trusting_add(t, &certs[i], H46017_TRUST_END_ENTITY), 0);
  }
  for (int i = 0; i < MANY; i++) {
    trusting_id(&certs[i], id);
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

  ck_assert_int_eq(trusting_add(trusting_list, &old, H46017_TRUST_AUTO),
                   H46017_ERR_CERT_EXPIRED);
  ck_assert_int_eq(trusting_add(trusting_list, &coming, H46017_TRUST_AUTO),
                   H46017_ERR_CERT_NOT_YET_VALID);
  h46017_trust_add_options_default(&o);
  ck_assert_int_eq(
      h46017_trust_add(trusting_list, der, (size_t)len, &o, NULL, NULL),
      H46017_ERR_CLOCK_NOT_SET);
  ck_assert_int_eq(
      h46017_trust_add(trusting_list, der, (size_t)len, NULL, NULL, NULL),
      H46017_ERR_INVALID_ARGUMENT);
  ck_assert_uint_eq(h46017_trust_count(trusting_list), 0);
  OPENSSL_free(der);
  pki_free(&old);
  pki_free(&coming);
}
END_TEST

/* -- rejected ------------------------------------------------------------- */

static int note(const pki_cert *client, const pki_cert *const *chain,
                int64_t at, uint8_t id[32]) {
  pair p;
  int rv;

  trusting_meet(&p, 0, H46017_TLS_MODERN, client, chain);
  ck_assert_int_ne(p.server.error, 0);
  rv = h46017_rejected_note(rejected, trusting_list, h46017_tls_ssl(p.server.t),
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

  trusting_id(&leaf, want);
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

  trusting_hex(id, hex);
  hex[10] = '\0';
  h46017_trust_add_options_default(&o);
  o.utc_now = trusting_now();
  ck_assert_int_eq(
      h46017_rejected_trust(rejected, trusting_list, hex, 2, &o, NULL, NULL),
      H46017_ERR_OUT_OF_RANGE);
  ck_assert_int_eq(
      h46017_rejected_trust(rejected, trusting_list, "00ff", 0, &o, NULL, NULL),
      H46017_ERR_NOT_FOUND);
  ck_assert_int_eq(
      h46017_rejected_trust(rejected, trusting_list, "no", 0, &o, NULL, NULL),
      H46017_ERR_INVALID_ARGUMENT);
  ck_assert_int_eq(
      h46017_rejected_trust(rejected, trusting_list, hex, 0, &o, NULL, NULL),
      0);
  ck_assert(h46017_trust_has(trusting_list, id));
  ck_assert_int_eq(trusting_outcome(&leaf, chain), 0);
  memset(&s, 0, sizeof(s));
  ck_assert_int_eq(h46017_rejected_each(rejected, see, &s), 0);
  ck_assert_int_eq(s.entries, 0);

  /* its issuer, from another of its devices */
  pki_free(&leaf);
  leaf = pki_leaf("0090332f688b", &other);
  ck_assert_int_eq(note(&leaf, chain, 3000, id), 0);
  trusting_hex(id, hex);
  ck_assert_int_eq(
      h46017_rejected_trust(rejected, trusting_list, hex, 1, &o, NULL, NULL),
      0);
  trusting_id(&other, want);
  ck_assert(h46017_trust_has(trusting_list, want));
  ck_assert_int_eq(trusting_outcome(&leaf, NULL), 0);
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
  ck_assert_int_eq(h46017_rejected_new(&rejected, &unsynced, &set, NULL), 0);
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
  ck_assert_int_eq(h46017_rejected_new(&rejected, &unsynced, &set, NULL), 0);
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

static int count_rejected(const h46017_rejected_entry *e, void *user_data) {
  *(size_t *)user_data += (size_t)e->count;
  return 0;
}

/* Another process, as far as the lock is concerned. */
START_TEST(a_refused_certificate_waits_for_nobody) {
  h46017_store_dir *other = NULL;
  h46017_store busy;
  uint8_t id[32];
  pair p;
  size_t count = 0;

  ck_assert_int_eq(h46017_store_dir_new(&other, root, NULL), 0);
  h46017_store_dir_store(other, &busy);
  ck_assert_int_eq(busy.begin(other, "rejected"), 0);
  ck_assert_int_eq(note(&pair_phone, NULL, 1000, id), 0);
  ck_assert_int_eq(note(&pair_phone, NULL, 1001, id), 0);
  ck_assert_int_eq(h46017_rejected_each(rejected, count_rejected, &count), 0);
  ck_assert_uint_eq(count, 0);
  ck_assert(h46017_rejected_is_waiting(rejected));
  ck_assert_int_eq(h46017_rejected_flush(rejected), 0);
  ck_assert(h46017_rejected_is_waiting(rejected));
  /* no more than so many are held; the chain stays with the connection */
  trusting_meet(&p, 0, H46017_TLS_MODERN, &pair_phone, NULL);
  for (int i = 2; i < 16; i++) {
    ck_assert_int_eq(note(&pair_phone, NULL, 1000 + i, id), 0);
  }
  ck_assert_int_eq(h46017_rejected_note(rejected, trusting_list,
                                        h46017_tls_ssl(p.server.t), "x", 2000,
                                        id),
                   H46017_ERR_LIMIT);
  busy.end(other, "rejected");
  ck_assert_int_eq(h46017_rejected_note(rejected, trusting_list,
                                        h46017_tls_ssl(p.server.t), "x", 2001,
                                        id),
                   0);
  ck_assert(!h46017_rejected_is_waiting(rejected));
  pair_free(&p);
  ck_assert_int_eq(h46017_rejected_each(rejected, count_rejected, &count), 0);
  ck_assert_uint_eq(count, 17);
  /* and by itself */
  ck_assert_int_eq(busy.begin(other, "rejected"), 0);
  ck_assert_int_eq(note(&pair_phone, NULL, 3000, id), 0);
  busy.end(other, "rejected");
  ck_assert_int_eq(h46017_rejected_flush(rejected), 0);
  ck_assert(!h46017_rejected_is_waiting(rejected));
  count = 0;
  ck_assert_int_eq(h46017_rejected_each(rejected, count_rejected, &count), 0);
  ck_assert_uint_eq(count, 18);
  /* what waits when the list goes is lost with it */
  ck_assert_int_eq(busy.begin(other, "rejected"), 0);
  ck_assert_int_eq(note(&pair_phone, NULL, 4000, id), 0);
  h46017_store_dir_del(other);
}
END_TEST

START_TEST(an_entry_is_given_another_label) {
  h46017_trust *again = NULL;
  h46017_trust_entry e;
  uint8_t id[32];
  char hex[65];

  trusting_end_entity(&pair_phone);
  trusting_id(&pair_phone, id);
  trusting_hex(id, hex);
  ck_assert_int_eq(h46017_trust_set_label(trusting_list, id, "front desk"), 0);
  ck_assert_uint_eq(h46017_trust_count(trusting_list), 1);
  ck_assert_int_eq(h46017_trust_new(&again, &store, NULL), 0);
  ck_assert_int_eq(h46017_trust_find(again, hex, &e), 0);
  ck_assert_str_eq(e.label, "front desk");
  ck_assert_int_eq((int)e.kind, (int)H46017_TRUST_END_ENTITY);
  h46017_trust_del(again);
  ck_assert_int_eq(h46017_trust_set_label(trusting_list, id, NULL),
                   H46017_ERR_INVALID_ARGUMENT);
  id[0] ^= 1;
  ck_assert_int_eq(h46017_trust_set_label(trusting_list, id, "a"),
                   H46017_ERR_NOT_FOUND);
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
  char hex[65];
  char text[4096];
  size_t n = trusting_pem(text, sizeof(text), &fresh);

  trusting_id(&old, old_id);
  trusting_end_entity(&old);
  ck_assert_int_eq(
      h46017_trust_find_name(trusting_list, "0090332f688a", old_id, &e),
      H46017_ERR_NOT_FOUND);
  ck_assert_int_eq(note(&fresh, NULL, 1000, id), 0);
  ck_assert_int_eq(
      h46017_trust_find_name(trusting_list, "0090332f688a", id, &e), 0);
  ck_assert_mem_eq(e.id, old_id, 32);
  h46017_trust_add_options_default(&o);
  o.utc_now = trusting_now();
  ck_assert_int_eq(h46017_trust_replace(trusting_list, id,
                                        (const uint8_t *)text, n, &o, NULL,
                                        NULL),
                   H46017_ERR_NOT_FOUND);
  ck_assert_int_eq(h46017_trust_replace(trusting_list, e.id,
                                        (const uint8_t *)text, n, &o, NULL,
                                        NULL),
                   0);
  ck_assert(!h46017_trust_has(trusting_list, old_id));
  ck_assert_int_eq(trusting_outcome(&fresh, NULL), 0);
  ck_assert_int_ne(trusting_outcome(&old, NULL), 0);
  /* by one that is there: the label is handed on */
  ck_assert_int_eq(trusting_add(trusting_list, &old, H46017_TRUST_AUTO), 0);
  ck_assert_int_eq(h46017_trust_set_label(trusting_list, old_id, "lobby"), 0);
  ck_assert_int_eq(h46017_trust_replace(trusting_list, old_id,
                                        (const uint8_t *)text, n, &o, NULL,
                                        NULL),
                   0);
  ck_assert(!h46017_trust_has(trusting_list, old_id));
  trusting_hex(id, hex);
  ck_assert_int_eq(h46017_trust_find(trusting_list, hex, &e), 0);
  ck_assert_str_eq(e.label, "lobby");
  /* with itself: still there */
  ck_assert_int_eq(h46017_trust_replace(trusting_list, id,
                                        (const uint8_t *)text, n, &o, NULL,
                                        NULL),
                   0);
  ck_assert(h46017_trust_has(trusting_list, id));
  pki_free(&old);
  pki_free(&fresh);
}
END_TEST

START_TEST(a_client_keeps_what_it_refused_too) {
  uint8_t id[32];
  uint8_t want[32];
  seen s = {0};
  pair p;

  trusting_meet_gatekeeper(&p, &pair_gk);
  ck_assert_int_eq(p.client.error, H46017_ERR_UNKNOWN_CA);
  ck_assert_int_eq(h46017_rejected_note(rejected, trusting_list,
                                        h46017_tls_ssl(p.client.t),
                                        "192.0.2.1:1234", 5, id),
                   0);
  trusting_id(&pair_gk, want);
  ck_assert_mem_eq(id, want, 32);
  /* once */
  ck_assert_int_eq(h46017_rejected_note(rejected, trusting_list,
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
  trusting_id(&pair_root, id);
  if (rv == 0) {
    rv = trusting_add(t, &pair_root, H46017_TRUST_AUTO);
  }
  if (rv == 0) {
    rv = trusting_add(t, &pair_phone, H46017_TRUST_AUTO);
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

static Suite *trust_list_suite(void) {
  Suite *s = suite_create("trust_list");
  TCase *tc = tcase_create("trust_list");

  tcase_add_checked_fixture(tc, setup, teardown);
  tcase_set_timeout(tc, 120);
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
  tcase_add_test(tc, what_came_together_is_one_change);
  tcase_add_test(tc,
                 one_that_cannot_be_kept_is_not_in_force_and_the_others_are);
  tcase_add_test(tc, only_what_changed_is_read_again);
  tcase_add_test(tc,
                 two_files_of_one_certificate_are_one_entry_and_go_together);
  tcase_add_test(tc, a_refused_chain_is_kept_as_it_came_and_can_be_trusted);
  tcase_add_test(tc, the_rejected_list_is_bounded);
  tcase_add_test(tc, a_device_installed_anew_is_recognised_and_replaced);
  tcase_add_test(tc, a_refused_certificate_waits_for_nobody);
  tcase_add_test(tc, an_entry_is_given_another_label);
  tcase_add_test(tc, a_client_keeps_what_it_refused_too);
  tcase_add_test(tc, without_memory_the_list_stays_as_it_was);
  suite_add_tcase(s, tc);
  return s;
}

int main(void) {
  SRunner *sr = srunner_create(trust_list_suite());
  int failed;

  srunner_run_all(sr, CK_ENV);
  failed = srunner_ntests_failed(sr);
  srunner_free(sr);
  return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
