/* SPDX-License-Identifier: BSD-2-Clause */
/* What a trust list keeps, and what is read of it again. */
#include "kept.h"
#include "runner.h"

#include <h46017/error.h>

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

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
  ck_assert_int_eq(h46017_trust_new(&other, &kept_store, NULL), 0);
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
  return kept_store.put(kept_dir, "trust", name, (const uint8_t *)text,
                        strlen(text), 0);
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

/* The directory's kept_store, counting. */
static struct {
  int reads;
  int writes;
  const char *sealed; /* a name that cannot be written */
} traffic;

static int counted_get(void *object, const char *collection, const char *name,
                       h46017_store_take take, void *user_data) {
  traffic.reads++;
  return kept_store.get(object, collection, name, take, user_data);
}

static int counted_put(void *object, const char *collection, const char *name,
                       const uint8_t *data, size_t len, uint32_t flags) {
  if (traffic.sealed != NULL && strcmp(traffic.sealed, name) == 0) {
    return H46017_ERR_STORE_IO;
  }
  traffic.writes++;
  return kept_unsynced.put(object, collection, name, data, len, flags);
}

static h46017_trust *counted_list(void) {
  h46017_store s = kept_store;
  h46017_trust *t = NULL;

  s.get = counted_get;
  s.put = counted_put;
  ck_assert_int_eq(s.begin(kept_dir, "trust"), 0); /* the directory is made */
  s.end(kept_dir, "trust");
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
    ck_assert_int_eq(kept_store.get(kept_dir, "trust", "a.pem", NULL, NULL),
                     H46017_ERR_NOT_FOUND);
    ck_assert_int_eq(kept_store.get(kept_dir, "trust", "zz.pem", NULL, NULL),
                     H46017_ERR_NOT_FOUND);
    trusting_end_entity(&pair_phone);
  }
  ck_assert_int_eq(h46017_trust_remove(trusting_list, id), 0);
  trusting_authority(&pair_root); /* a change: the kept_store is looked at */
  ck_assert_uint_eq(h46017_trust_count(trusting_list), 1);
}
END_TEST

int main(void) {
  Suite *s = suite_create("trust_store");
  TCase *tc = tcase_create("trust_store");

  tcase_add_checked_fixture(tc, kept_setup, kept_teardown);
  tcase_set_timeout(tc, 120);
  tcase_add_test(tc,
                 what_is_in_the_store_is_there_the_next_time_and_for_others);
  tcase_add_test(tc, a_damaged_entry_is_passed_over_and_counted);
  tcase_add_test(tc, what_came_together_is_one_change);
  tcase_add_test(tc,
                 one_that_cannot_be_kept_is_not_in_force_and_the_others_are);
  tcase_add_test(tc, only_what_changed_is_read_again);
  tcase_add_test(tc,
                 two_files_of_one_certificate_are_one_entry_and_go_together);
  suite_add_tcase(s, tc);
  return run_suite(s);
}
