/* SPDX-License-Identifier: BSD-2-Clause */
/* Generations of a trust list: who looks into one keeps it, and nothing else
 * does; and what there is no room for is not in. */
#include "failmem.h"
#include "runner.h"
#include "trusting.h"

#include "tls/trust.h"

#include <check.h>

static uint8_t root_id[H46017_CERT_ID_LEN];
static uint8_t phone_id[H46017_CERT_ID_LEN];

static void setup(void) {
  trusting_setup(NULL);
  trusting_id(&pair_root, root_id);
  trusting_id(&pair_phone, phone_id);
}

START_TEST(a_generation_stays_while_somebody_looks_into_it) {
  h46017_trust_snapshot *g;

  trusting_authority(&pair_root);
  ck_assert_ptr_null(trusting_list->retired);
  g = h46017_trust_hold(trusting_list);
  ck_assert_int_eq(h46017_trust_remove(trusting_list, root_id), 0);
  trusting_end_entity(&pair_phone);
  /* the one between the two is gone, the one that is held is as it was */
  ck_assert_ptr_eq(trusting_list->retired, g);
  ck_assert_ptr_null(g->retired);
  ck_assert_ptr_nonnull(h46017_trust_lookup(g, root_id));
  ck_assert_ptr_null(h46017_trust_lookup(g, phone_id));
  ck_assert_int_eq(sk_X509_num(g->authorities), 1);
  ck_assert(!h46017_trust_has(trusting_list, root_id));
  h46017_trust_let_go(g);
  ck_assert_int_eq(h46017_trust_remove(trusting_list, phone_id), 0);
  ck_assert_ptr_null(trusting_list->retired);
}
END_TEST

START_TEST(nothing_goes_while_somebody_arrives) {
  trusting_authority(&pair_root);
  (void)atomic_fetch_add(&trusting_list->shared->arriving, 1U);
  trusting_end_entity(&pair_phone);
  ck_assert_ptr_nonnull(trusting_list->retired);
  (void)atomic_fetch_sub(&trusting_list->shared->arriving, 1U);
  ck_assert_int_eq(h46017_trust_remove(trusting_list, phone_id), 0);
  ck_assert_ptr_null(trusting_list->retired);
}
END_TEST

enum { ROOM = 8 };

static pki_cert many[ROOM + 1];

static int one_too_many(failmem *f, void *arg) {
  h46017_trust *t = NULL;
  uint8_t id[H46017_CERT_ID_LEN];
  int rv;

  (void)arg;
  f->spared = true;
  ck_assert_int_eq(h46017_trust_new(&t, NULL, &f->mem), 0);
  for (int i = 0; i < ROOM; i++) {
    ck_assert_int_eq(trusting_add(t, &many[i], H46017_TRUST_END_ENTITY), 0);
  }
  f->spared = false;
  rv = trusting_add(t, &many[ROOM], H46017_TRUST_END_ENTITY);
  f->spared = true;
  for (int i = 0; i <= ROOM; i++) {
    trusting_id(&many[i], id);
    ck_assert(h46017_trust_has(t, id) == (i < ROOM || rv == 0));
  }
  ck_assert_uint_eq(h46017_trust_count(t), rv == 0 ? ROOM + 1 : ROOM);
  h46017_trust_del(t);
  f->spared = false;
  return rv;
}

START_TEST(what_there_is_no_room_for_is_not_in) {
  for (int i = 0; i <= ROOM; i++) {
    many[i] = pki_leaf("x", &pair_root);
  }
  ck_assert_uint_gt(failmem_sweep(one_too_many, NULL), 3);
  for (int i = 0; i <= ROOM; i++) {
    pki_free(&many[i]);
  }
}
END_TEST

int main(void) {
  Suite *s = suite_create("trust_generation");
  TCase *tc = tcase_create("trust_generation");

  tcase_add_checked_fixture(tc, setup, trusting_teardown);
  tcase_add_test(tc, a_generation_stays_while_somebody_looks_into_it);
  tcase_add_test(tc, nothing_goes_while_somebody_arrives);
  tcase_add_test(tc, what_there_is_no_room_for_is_not_in);
  suite_add_tcase(s, tc);
  return run_suite(s);
}
