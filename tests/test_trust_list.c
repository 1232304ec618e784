/* SPDX-License-Identifier: BSD-2-Clause */
/* What may be put into a trust list, what is said of it, and what is left of it
 * when something fails. */
#include "failmem.h"
#include "kept.h"
#include "runner.h"

#include <h46017/error.h>

#include <check.h>
#include <stdio.h>
#include <string.h>

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
  ck_assert_int_eq(h46017_trust_new(&again, &kept_store, NULL), 0);
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

static int add_at(const pki_cert *c, int64_t utc) {
  h46017_trust_add_options o;
  unsigned char *der = NULL;
  int len = i2d_X509(c->x509, &der);
  int rv;

  h46017_trust_add_options_default(&o);
  o.utc_now = utc;
  rv = h46017_trust_add(trusting_list, der, (size_t)len, &o, NULL, NULL);
  ck_assert_int_eq(
      h46017_trust_add(trusting_list, NULL, (size_t)len, &o, NULL, NULL),
      H46017_ERR_INVALID_ARGUMENT);
  OPENSSL_free(der);
  return rv;
}

START_TEST(a_certificate_is_valid_from_its_first_second_to_its_last) {
  h46017_trust_entry e;
  char hex[65];
  uint8_t id[32];

  trusting_end_entity(&pair_phone);
  trusting_id(&pair_phone, id);
  trusting_hex(id, hex);
  ck_assert_int_eq(h46017_trust_find(trusting_list, hex, &e), 0);
  ck_assert_int_eq(add_at(&pair_phone, e.not_before - 1),
                   H46017_ERR_CERT_NOT_YET_VALID);
  ck_assert_int_eq(add_at(&pair_phone, e.not_before), 0);
  ck_assert_int_eq(add_at(&pair_phone, e.not_after), 0);
  ck_assert_int_eq(add_at(&pair_phone, e.not_after + 1),
                   H46017_ERR_CERT_EXPIRED);
}
END_TEST

static int replace(const pki_cert *old, const char *text, size_t len) {
  h46017_trust_add_options o;
  uint8_t id[32];

  trusting_id(old, id);
  h46017_trust_add_options_default(&o);
  o.utc_now = trusting_now();
  return h46017_trust_replace(trusting_list, id, (const uint8_t *)text, len, &o,
                              NULL, NULL);
}

static bool has(const pki_cert *c) {
  uint8_t id[32];

  trusting_id(c, id);
  return h46017_trust_has(trusting_list, id);
}

START_TEST(what_comes_in_the_place_of_another_is_of_its_kind) {
  pki_cert other = pki_ca("Example Root");
  uint8_t id[32];
  char hex[65];
  char text[8000];
  size_t len = trusting_pem(text, sizeof(text), &other);
  h46017_trust_entry e;

  trusting_end_entity(&pair_root);
  ck_assert_int_eq(replace(&pair_root, "nothing", 7), H46017_ERR_FORMAT);
  ck_assert(has(&pair_root));
  ck_assert_int_eq(replace(&pair_root, text, len), 0);
  ck_assert(!has(&pair_root));
  trusting_id(&other, id);
  trusting_hex(id, hex);
  ck_assert_int_eq(h46017_trust_find(trusting_list, hex, &e), 0);
  ck_assert_int_eq((int)e.kind, (int)H46017_TRUST_END_ENTITY);
  /* and it may become what it is able to be */
  ck_assert_int_eq(
      h46017_trust_set_kind(trusting_list, id, H46017_TRUST_AUTHORITY), 0);
  /* two of them: the old one goes, whether it is one of them or not */
  len += trusting_pem(text + len, sizeof(text) - len, &pair_root);
  ck_assert_int_eq(trusting_add(trusting_list, &pair_root, H46017_TRUST_AUTO),
                   0);
  ck_assert_int_eq(replace(&pair_root, text, len), 0);
  ck_assert(has(&other));
  ck_assert(!has(&pair_root));
  pki_free(&other);
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

int main(void) {
  Suite *s = suite_create("trust_list");
  TCase *tc = tcase_create("trust_list");

  tcase_add_checked_fixture(tc, kept_setup, kept_teardown);
  tcase_set_timeout(tc, 120);
  tcase_add_test(tc, without_being_told_only_a_clear_authority_becomes_one);
  tcase_add_test(tc, a_kind_can_be_changed_but_not_against_the_certificate);
  tcase_add_test(tc, a_file_may_hold_many_and_each_is_told);
  tcase_add_test(tc, a_fingerprint_that_was_expected_has_to_fit);
  tcase_add_test(tc, only_what_is_valid_now_can_be_added);
  tcase_add_test(tc, the_own_chain_is_trusted_on_request_but_never_the_leaf);
  tcase_add_test(tc, hundreds_of_end_entities_are_each_found);
  tcase_add_test(tc, an_entry_is_given_another_label);
  tcase_add_test(tc, a_certificate_is_valid_from_its_first_second_to_its_last);
  tcase_add_test(tc, what_comes_in_the_place_of_another_is_of_its_kind);
  tcase_add_test(tc, without_memory_the_list_stays_as_it_was);
  suite_add_tcase(s, tc);
  return run_suite(s);
}
