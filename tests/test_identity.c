/* SPDX-License-Identifier: BSD-2-Clause */
#include "identity/identity.h"
#include "runner.h"

#include "base/mem.h"

#include <h46017/error.h>

#include <check.h>
#include <stdlib.h>
#include <string.h>

START_TEST(the_default_identity_proves_nobody) {
  h46017_identity id;

  memset(&id, 0xa5, sizeof(id));
  h46017_identity_default(&id);
  ck_assert_uint_eq(id.struct_size, sizeof(id));
  ck_assert(!id.tls);
  ck_assert_int_eq((int)id.proof, (int)H46017_PROOF_NONE);
  ck_assert_int_eq(id.error, 0);
  ck_assert_ptr_null(id.cn);
  ck_assert_uint_eq(id.san_count, 0);
}
END_TEST

START_TEST(two_who_proved_nothing_are_not_the_same) {
  h46017_identity a;
  h46017_identity b;

  h46017_identity_default(&a);
  h46017_identity_default(&b);
  ck_assert(!h46017_identity_is_same(&a, &b));
  a.proof = H46017_PROOF_CERTIFICATE;
  ck_assert(!h46017_identity_is_same(&a, &b));
  ck_assert(!h46017_identity_is_same(&b, &a));
  b.proof = H46017_PROOF_CERTIFICATE;
  a.key_sha256[31] = b.key_sha256[31] = 7;
  ck_assert(h46017_identity_is_same(&a, &b));
  /* a renewed certificate of the same key is the same device */
  a.cert_sha256[0] = 1;
  ck_assert(h46017_identity_is_same(&a, &b));
  a.key_sha256[31] = 8;
  ck_assert(!h46017_identity_is_same(&a, &b));
  ck_assert(!h46017_identity_is_same(NULL, &b));
  ck_assert(!h46017_identity_is_same(&a, NULL));
}
END_TEST

static void fill(h46017_identity *id, h46017_san sans[3], char text[4][40]) {
  (void)strcpy(text[0], "0090332f688a");
  (void)strcpy(text[1], "CN=0090332f688a,O=Example");
  (void)strcpy(text[2], "CN=Example Device CA");
  (void)strcpy(text[3], "phone.example.net");
  h46017_identity_default(id);
  id->tls = true;
  id->proof = H46017_PROOF_CERTIFICATE;
  id->cn = text[0];
  id->cn_len = 12;
  id->subject = text[1];
  id->issuer = text[2];
  sans[0].type = H46017_SAN_DNS;
  sans[0].text = text[3];
  sans[0].len = 17;
  sans[1].type = H46017_SAN_URI;
  sans[1].text = NULL;
  sans[1].len = 0;
  sans[2].type = H46017_SAN_IP;
  sans[2].text = "192.0.2.1 and more";
  sans[2].len = 9;
  id->sans = sans;
  id->san_count = 3;
  id->not_before = -1;
  id->not_after = INT64_MAX;
  memset(id->cert_sha256, 0x11, 32);
  memset(id->key_sha256, 0x22, 32);
}

START_TEST(a_copy_outlives_what_it_was_made_of) {
  h46017_identity id;
  h46017_identity *copy = NULL;
  h46017_san sans[3];
  char text[4][40];

  fill(&id, sans, text);
  ck_assert_int_eq(h46017_identity_dup(h46017_mem_default(), &copy, &id), 0);
  memset(text, 'x', sizeof(text));
  memset(sans, 0xff, sizeof(sans));
  memset(&id, 0xff, sizeof(id));
  ck_assert_uint_eq(copy->struct_size, sizeof(id));
  ck_assert(copy->tls);
  ck_assert_int_eq((int)copy->proof, (int)H46017_PROOF_CERTIFICATE);
  ck_assert_uint_eq(copy->cn_len, 12);
  ck_assert_str_eq(copy->cn, "0090332f688a");
  ck_assert_str_eq(copy->subject, "CN=0090332f688a,O=Example");
  ck_assert_str_eq(copy->issuer, "CN=Example Device CA");
  ck_assert_uint_eq(copy->san_count, 3);
  ck_assert_str_eq(copy->sans[0].text, "phone.example.net");
  ck_assert_uint_eq(copy->sans[0].len, 17);
  ck_assert_ptr_null(copy->sans[1].text);
  ck_assert_str_eq(copy->sans[2].text, "192.0.2.1");
  ck_assert_int_eq(copy->sans[2].type, H46017_SAN_IP);
  ck_assert(copy->not_before == -1 && copy->not_after == INT64_MAX);
  ck_assert_uint_eq(copy->cert_sha256[31], 0x11);
  ck_assert_uint_eq(copy->key_sha256[31], 0x22);
  h46017_mem_release(h46017_mem_default(), copy);
}
END_TEST

START_TEST(a_copy_of_nothing_is_plain_tcp) {
  h46017_identity *copy = NULL;

  ck_assert_int_eq(h46017_identity_dup(h46017_mem_default(), &copy, NULL), 0);
  ck_assert_ptr_null(copy->sans);
  ck_assert(!copy->tls);
  ck_assert_int_eq((int)copy->proof, (int)H46017_PROOF_NONE);
  h46017_mem_release(h46017_mem_default(), copy);
}
END_TEST

START_TEST(a_copy_keeps_a_nul_inside_a_text) {
  h46017_identity id;
  h46017_identity *copy = NULL;

  h46017_identity_default(&id);
  id.cn = "a\0b";
  id.cn_len = 3;
  ck_assert_int_eq(h46017_identity_dup(h46017_mem_default(), &copy, &id), 0);
  ck_assert_mem_eq(copy->cn, "a\0b", 4);
  h46017_mem_release(h46017_mem_default(), copy);
}
END_TEST

/* What a program built with a later header has: the same, and more. */
typedef struct identity_v2 {
  h46017_identity v1;
  uint64_t later;
} identity_v2;

START_TEST(an_identity_of_a_newer_program_is_read_where_it_is_known) {
  identity_v2 newer;
  h46017_identity out;

  h46017_identity_default_sized(&newer.v1, sizeof(newer));
  ck_assert_uint_eq(newer.later, 0);
  newer.v1.tls = true;
  ck_assert_int_eq(h46017_identity_read(&out, &newer.v1), 0);
  ck_assert(out.tls);
  ck_assert_uint_eq(out.struct_size, sizeof(out));
  newer.later = 1;
  ck_assert_int_eq(h46017_identity_read(&out, &newer.v1),
                   H46017_ERR_INVALID_ARGUMENT);
}
END_TEST

START_TEST(an_identity_that_was_never_begun_is_refused) {
  h46017_identity id;
  h46017_identity out;
  h46017_identity *copy = NULL;
  h46017_san san = {H46017_SAN_DNS, NULL, 4};

  memset(&id, 0, sizeof(id));
  ck_assert_int_eq(h46017_identity_read(&out, &id),
                   H46017_ERR_INVALID_ARGUMENT);
  h46017_identity_default(&id);
  id.cn_len = 1;
  ck_assert_int_eq(h46017_identity_read(&out, &id),
                   H46017_ERR_INVALID_ARGUMENT);
  h46017_identity_default(&id);
  id.san_count = 1;
  ck_assert_int_eq(h46017_identity_read(&out, &id),
                   H46017_ERR_INVALID_ARGUMENT);
  id.sans = &san;
  ck_assert_int_eq(h46017_identity_dup(h46017_mem_default(), &copy, &id),
                   H46017_ERR_INVALID_ARGUMENT);
  ck_assert_ptr_null(copy);
}
END_TEST

START_TEST(a_length_beyond_memory_is_refused_before_it_is_added_up) {
  h46017_identity id;
  h46017_identity *copy = NULL;

  h46017_identity_default(&id);
  id.cn = "x";
  id.cn_len = SIZE_MAX - 1;
  ck_assert_int_eq(h46017_identity_dup(h46017_mem_default(), &copy, &id),
                   H46017_ERR_INVALID_ARGUMENT);
  ck_assert_ptr_null(copy);
}
END_TEST

static void *no_malloc(size_t size, void *user_data) {
  (void)size;
  (void)user_data;
  return NULL;
}

START_TEST(a_copy_without_memory_changes_nothing) {
  h46017_mem mem = *h46017_mem_default();
  h46017_identity *copy = NULL;

  mem.malloc = no_malloc;
  ck_assert_int_eq(h46017_identity_dup(&mem, &copy, NULL), H46017_ERR_NOMEM);
  ck_assert_ptr_null(copy);
}
END_TEST

int main(void) {
  Suite *s = suite_create("identity");
  TCase *tc = tcase_create("identity");

  tcase_add_test(tc, the_default_identity_proves_nobody);
  tcase_add_test(tc, two_who_proved_nothing_are_not_the_same);
  tcase_add_test(tc, a_copy_outlives_what_it_was_made_of);
  tcase_add_test(tc, a_copy_of_nothing_is_plain_tcp);
  tcase_add_test(tc, a_copy_keeps_a_nul_inside_a_text);
  tcase_add_test(tc, an_identity_of_a_newer_program_is_read_where_it_is_known);
  tcase_add_test(tc, an_identity_that_was_never_begun_is_refused);
  tcase_add_test(tc, a_length_beyond_memory_is_refused_before_it_is_added_up);
  tcase_add_test(tc, a_copy_without_memory_changes_nothing);
  suite_add_tcase(s, tc);
  return run_suite(s);
}
