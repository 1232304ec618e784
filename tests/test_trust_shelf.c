/* SPDX-License-Identifier: BSD-2-Clause */
/* A trust list on a store that does what it is told: what is asked of it, what
 * it may leave out, and what becomes of the list where it fails. */
#include "failmem.h"
#include "runner.h"
#include "trusting.h"

#include <h46017/error.h>
#include <h46017/store.h>

#include <check.h>
#include <stdio.h>
#include <string.h>

/* -- the shelf ------------------------------------------------------------ */

enum { SHELF_MAX = 20 };

typedef struct book {
  char name[80];
  char data[4096];
  uint64_t stamp;
} book;

/* In the order of the names; one that is NULL fails nothing. */
typedef struct shelf {
  book books[SHELF_MAX];
  size_t count;
  uint64_t changes;
  int begins;
  int ends;
  int lists;
  int fail_begin;
  int fail_list;
  const char *fail_get; /* these names */
  const char *fail_put;
  const char *fail_remove;
  const char *ghost; /* listed, and not there */
} shelf;

static shelf on;
static h46017_store store;

static size_t shelf_find(const char *name) {
  size_t i = 0;

  while (i < on.count && strcmp(on.books[i].name, name) < 0) {
    i++;
  }
  return i;
}

static bool shelf_has(const char *name) {
  size_t i = shelf_find(name);

  return i < on.count && strcmp(on.books[i].name, name) == 0;
}

static bool is_it(const char *name, const char *which) {
  return which != NULL && (which[0] == '*' || strcmp(name, which) == 0);
}

static int shelf_list(void *object, const char *collection,
                      h46017_store_each each, void *user_data) {
  int rv = 0;

  (void)object;
  ck_assert_str_eq(collection, "trust");
  on.lists++;
  if (on.ghost != NULL) {
    rv = each(on.ghost, user_data);
  }
  for (size_t i = 0; rv == 0 && i < on.count; i++) {
    rv = each(on.books[i].name, user_data);
  }
  return rv != 0 ? rv : on.fail_list;
}

static int shelf_get(void *object, const char *collection, const char *name,
                     h46017_store_take take, void *user_data) {
  (void)object;
  (void)collection;
  if (is_it(name, on.fail_get)) {
    return H46017_ERR_STORE_IO;
  }
  if (!shelf_has(name)) {
    return H46017_ERR_NOT_FOUND;
  }
  return take((const uint8_t *)on.books[shelf_find(name)].data,
              strlen(on.books[shelf_find(name)].data), user_data);
}

static void shelf_set(const char *name, const char *text, size_t len) {
  size_t i = shelf_find(name);

  if (!shelf_has(name)) {
    ck_assert_uint_lt(on.count, SHELF_MAX);
    memmove(&on.books[i + 1], &on.books[i], (on.count - i) * sizeof(book));
    on.count++;
  }
  ck_assert_uint_lt(len, sizeof(on.books[i].data));
  (void)snprintf(on.books[i].name, sizeof(on.books[i].name), "%s", name);
  memcpy(on.books[i].data, text, len);
  on.books[i].data[len] = '\0';
  on.books[i].stamp = ++on.changes;
}

static int shelf_put(void *object, const char *collection, const char *name,
                     const uint8_t *data, size_t len, uint32_t flags) {
  (void)object;
  (void)collection;
  (void)flags;
  if (store.begin != NULL) {
    ck_assert_int_eq(on.begins, on.ends + 1); /* nobody else writes */
  }
  if (is_it(name, on.fail_put)) {
    return H46017_ERR_STORE_IO;
  }
  shelf_set(name, (const char *)data, len);
  return 0;
}

static int shelf_remove(void *object, const char *collection,
                        const char *name) {
  size_t i = shelf_find(name);

  (void)object;
  (void)collection;
  if (is_it(name, on.fail_remove)) {
    return H46017_ERR_STORE_IO;
  }
  if (!shelf_has(name)) {
    return H46017_ERR_NOT_FOUND;
  }
  on.count--;
  memmove(&on.books[i], &on.books[i + 1], (on.count - i) * sizeof(book));
  on.changes++;
  return 0;
}

static uint64_t shelf_changes(void *object, const char *collection) {
  (void)object;
  (void)collection;
  return on.changes;
}

static int shelf_begin(void *object, const char *collection) {
  (void)object;
  ck_assert_str_eq(collection, "trust");
  if (on.fail_begin == 0) {
    on.begins++;
  }
  return on.fail_begin;
}

static void shelf_end(void *object, const char *collection) {
  (void)object;
  ck_assert_str_eq(collection, "trust");
  on.ends++;
}

static uint64_t shelf_stamp(void *object, const char *collection,
                            const char *name) {
  (void)object;
  (void)collection;
  return shelf_has(name) ? on.books[shelf_find(name)].stamp : 0;
}

static void setup(void) {
  memset(&on, 0, sizeof(on));
  on.changes = 1;
  h46017_store_default(&store);
  store.list = shelf_list;
  store.get = shelf_get;
  store.put = shelf_put;
  store.remove = shelf_remove;
  store.changes = shelf_changes;
  store.begin = shelf_begin;
  store.end = shelf_end;
  store.stamp = shelf_stamp;
  trusting_setup(&store);
}

/* -- certificates --------------------------------------------------------- */

static uint8_t phone_id[32];
static uint8_t root_id[32];
static char phone_name[70]; /* of the file that the list would write */
static char root_name[70];
static char phone_text[4000];
static char root_text[4000];

static void name_of(const pki_cert *c, uint8_t id[32], char name[70],
                    char text[4000]) {
  trusting_id(c, id);
  trusting_hex(id, name);
  memcpy(name + 64, ".pem", 5);
  (void)trusting_pem(text, 4000, c);
}

static void setup_names(void) {
  setup();
  name_of(&pair_phone, phone_id, phone_name, phone_text);
  name_of(&pair_root, root_id, root_name, root_text);
}

static void put_text(const char *name, const char *text) {
  shelf_set(name, text, strlen(text));
}

static int refresh(void) {
  return h46017_trust_refresh(trusting_list, NULL);
}

static size_t count(void) {
  return h46017_trust_count(trusting_list);
}

/* What the next process finds. */
static size_t stored(const uint8_t *id) {
  h46017_trust *t = NULL;
  size_t n;

  ck_assert_int_eq(h46017_trust_new(&t, &store, NULL), 0);
  n = id != NULL ? h46017_trust_has(t, id) : h46017_trust_count(t);
  h46017_trust_del(t);
  return n;
}

static h46017_trust_entry entry_of(const uint8_t id[32]) {
  h46017_trust_entry e;
  char hex[65];

  trusting_hex(id, hex);
  ck_assert_int_eq(h46017_trust_find(trusting_list, hex, &e), 0);
  return e;
}

/* -- who writes ----------------------------------------------------------- */

START_TEST(a_change_keeps_others_out_from_its_beginning_to_its_end) {
  trusting_authority(&pair_root);
  ck_assert_int_eq(on.begins, 1);
  ck_assert_int_eq(on.ends, 1);
  ck_assert_int_eq(h46017_trust_remove(trusting_list, root_id), 0);
  ck_assert_int_eq(h46017_trust_remove(trusting_list, root_id),
                   H46017_ERR_NOT_FOUND);
  ck_assert_int_eq(on.begins, 3);
  ck_assert_int_eq(on.ends, 3);
}
END_TEST

START_TEST(without_the_right_to_write_nothing_is_changed) {
  trusting_end_entity(&pair_phone);
  on.fail_begin = H46017_ERR_STORE_IO;
  ck_assert_int_eq(trusting_add(trusting_list, &pair_root, H46017_TRUST_AUTO),
                   H46017_ERR_STORE_IO);
  ck_assert_int_eq(h46017_trust_remove(trusting_list, phone_id),
                   H46017_ERR_STORE_IO);
  ck_assert_int_eq(h46017_trust_clear(trusting_list, NULL),
                   H46017_ERR_STORE_IO);
  ck_assert_int_eq(h46017_trust_set_label(trusting_list, phone_id, "x"),
                   H46017_ERR_STORE_IO);
  ck_assert_uint_eq(count(), 1);
  ck_assert_uint_eq(on.count, 1);
  ck_assert_int_eq(on.ends, 1);
}
END_TEST

START_TEST(what_others_wrote_has_to_be_read_before_a_change) {
  put_text(phone_name, phone_text);
  on.fail_list = H46017_ERR_STORE_IO;
  ck_assert_int_eq(trusting_add(trusting_list, &pair_root, H46017_TRUST_AUTO),
                   H46017_ERR_STORE_IO);
  ck_assert_int_eq(on.begins, 1);
  ck_assert_int_eq(on.ends, 1);
  on.fail_list = 0;
  trusting_authority(&pair_root);
  ck_assert_uint_eq(count(), 2);
}
END_TEST

/* A store need not have what only several writers need. */
START_TEST(a_store_of_one_writer_s_own_has_less) {
  h46017_trust *t = NULL;
  bool changed = true;

  store.begin = NULL;
  store.end = NULL;
  ck_assert_int_eq(h46017_trust_new(&t, &store, NULL), 0);
  on.fail_list = H46017_ERR_STORE_IO;
  on.changes++;
  ck_assert_int_eq(trusting_add(t, &pair_root, H46017_TRUST_AUTO),
                   H46017_ERR_STORE_IO);
  on.fail_list = 0;
  h46017_trust_del(t);
  store.changes = NULL;
  store.stamp = NULL;
  ck_assert_int_eq(h46017_trust_new(&t, &store, NULL), 0);
  ck_assert_int_eq(trusting_add(t, &pair_root, H46017_TRUST_AUTO), 0);
  ck_assert_int_eq(h46017_trust_refresh(t, &changed), 0);
  ck_assert(!changed);
  ck_assert_uint_eq(h46017_trust_count(t), 1);
  ck_assert_uint_eq(stored(root_id), 1);
  ck_assert_int_eq(h46017_trust_remove(t, root_id), 0);
  h46017_trust_del(t);
}
END_TEST

/* -- what fails ----------------------------------------------------------- */

START_TEST(what_cannot_be_removed_stays_in_force) {
  trusting_end_entity(&pair_phone);
  trusting_authority(&pair_root);
  on.fail_remove = phone_name;
  ck_assert_int_eq(h46017_trust_remove(trusting_list, phone_id),
                   H46017_ERR_STORE_IO);
  ck_assert_uint_eq(count(), 2);
  on.fail_remove = "*";
  ck_assert_int_eq(h46017_trust_clear(trusting_list, NULL),
                   H46017_ERR_STORE_IO);
  ck_assert_uint_eq(count(), 2);
  /* nor is one error hidden by what goes well after it */
  on.fail_remove = memcmp(phone_id, root_id, 32) < 0 ? phone_name : root_name;
  ck_assert_int_eq(h46017_trust_clear(trusting_list, NULL),
                   H46017_ERR_STORE_IO);
  ck_assert_uint_eq(count(), 2);
  on.fail_remove = NULL;
  /* one that somebody removed already is removed */
  ck_assert_int_eq(shelf_remove(NULL, "trust", phone_name), 0);
  on.changes--;
  ck_assert_int_eq(h46017_trust_remove(trusting_list, phone_id), 0);
  ck_assert_uint_eq(count(), 1);
}
END_TEST

START_TEST(what_cannot_be_written_is_not_said) {
  trusting_end_entity(&pair_root);
  on.fail_put = root_name;
  ck_assert_int_eq(h46017_trust_set_label(trusting_list, root_id, "new"),
                   H46017_ERR_STORE_IO);
  ck_assert_int_eq(
      h46017_trust_set_kind(trusting_list, root_id, H46017_TRUST_AUTHORITY),
      H46017_ERR_STORE_IO);
  ck_assert_str_ne(entry_of(root_id).label, "new");
  ck_assert_int_eq((int)entry_of(root_id).kind, (int)H46017_TRUST_END_ENTITY);
  ck_assert_uint_eq(count(), 1);
}
END_TEST

START_TEST(what_cannot_be_read_leaves_the_list_as_it_was) {
  bool changed = true;
  int lists;

  trusting_authority(&pair_root);
  put_text("other.pem", phone_text);
  lists = on.lists;
  on.fail_get = "other.pem";
  ck_assert_int_eq(h46017_trust_refresh(trusting_list, &changed),
                   H46017_ERR_STORE_IO);
  ck_assert_int_eq(on.lists, lists + 1);
  ck_assert(changed); /* not said */
  changed = false;
  on.fail_get = NULL;
  on.fail_list = H46017_ERR_STORE_IO;
  ck_assert_int_eq(h46017_trust_refresh(trusting_list, &changed),
                   H46017_ERR_STORE_IO);
  ck_assert(!changed);
  ck_assert_uint_eq(count(), 1);
  on.fail_list = 0;
  /* what goes between list and reading is not there */
  on.ghost = "gone.pem";
  ck_assert_int_eq(h46017_trust_refresh(trusting_list, &changed), 0);
  ck_assert(changed);
  ck_assert_uint_eq(count(), 2);
  ck_assert_uint_eq(h46017_trust_damaged(trusting_list), 0);
}
END_TEST

/* -- names ---------------------------------------------------------------- */

/* Before and behind the name of our own, which is in force or is not. */
START_TEST(files_of_one_certificate_go_together_in_any_order) {
  static const char *const others[] = {"!.pem", "zz.pem"};

  for (int own_first = 0; own_first < 2; own_first++) {
    for (int i = 0; i < 2; i++) {
      put_text(own_first != 0 ? phone_name : others[i], phone_text);
      ck_assert_int_eq(refresh(), 0);
      put_text(own_first != 0 ? others[i] : phone_name, phone_text);
      ck_assert_int_eq(refresh(), 0);
      ck_assert_uint_eq(count(), 1);
      ck_assert_int_eq(refresh(), 0);
      on.changes++;
      ck_assert_int_eq(refresh(), 0);
      ck_assert_int_eq(h46017_trust_remove(trusting_list, phone_id), 0);
      ck_assert_uint_eq(on.count, 0);
      ck_assert_uint_eq(count(), 0);
    }
  }
}
END_TEST

START_TEST(of_two_files_of_one_certificate_neither_is_removed_alone) {
  put_text("a.pem", phone_text);
  put_text("b.pem", phone_text);
  ck_assert_int_eq(refresh(), 0);
  on.fail_remove = "a.pem";
  ck_assert_int_eq(h46017_trust_remove(trusting_list, phone_id),
                   H46017_ERR_STORE_IO);
  ck_assert(h46017_trust_has(trusting_list, phone_id));
  on.fail_remove = "b.pem";
  ck_assert_int_eq(h46017_trust_remove(trusting_list, phone_id),
                   H46017_ERR_STORE_IO);
  ck_assert(h46017_trust_has(trusting_list, phone_id));
  on.fail_remove = NULL;
  ck_assert_int_eq(h46017_trust_remove(trusting_list, phone_id), 0);
  ck_assert_uint_eq(stored(NULL), 0);
}
END_TEST

START_TEST(a_file_that_was_renamed_is_the_one_that_is_removed) {
  put_text("by-hand.pem", phone_text);
  ck_assert_int_eq(refresh(), 0);
  (void)snprintf(on.books[0].name, sizeof(on.books[0].name), "%s", phone_name);
  on.changes++;
  ck_assert_int_eq(refresh(), 0);
  ck_assert_int_eq(h46017_trust_remove(trusting_list, phone_id), 0);
  ck_assert_uint_eq(stored(NULL), 0);
}
END_TEST

START_TEST(a_file_that_became_another_certificate_does_not_go_with_the_first) {
  trusting_end_entity(&pair_phone);
  put_text("zz.pem", phone_text);
  ck_assert_int_eq(refresh(), 0);
  ck_assert_uint_eq(count(), 1);
  put_text("zz.pem", root_text);
  ck_assert_int_eq(refresh(), 0);
  ck_assert_uint_eq(count(), 2);
  ck_assert_int_eq(h46017_trust_remove(trusting_list, phone_id), 0);
  ck_assert_uint_eq(stored(root_id), 1);
  ck_assert_uint_eq(stored(phone_id), 0);
}
END_TEST

START_TEST(without_stamps_everything_is_read) {
  char text[4096];

  store.stamp = NULL;
  h46017_trust_del(trusting_list);
  ck_assert_int_eq(h46017_trust_new(&trusting_list, &store, NULL), 0);
  trusting_end_entity(&pair_root);
  (void)snprintf(text, sizeof(text), "Kind: authority\n%s", root_text);
  put_text(root_name, text);
  ck_assert_int_eq(refresh(), 0);
  ck_assert_int_eq((int)entry_of(root_id).kind, (int)H46017_TRUST_AUTHORITY);
}
END_TEST

START_TEST(what_is_said_of_an_entry_stays_with_what_is_changed) {
  char text[4096];
  h46017_trust_entry e;

  (void)snprintf(text, sizeof(text),
                 "Label: main\nOrigin: site\nAdded: 1000\nKind: end-entity\n%s",
                 root_text);
  put_text("by-hand.pem", text);
  ck_assert_int_eq(refresh(), 0);
  e = entry_of(root_id);
  ck_assert_str_eq(e.label, "main");
  ck_assert_str_eq(e.origin, "site");
  ck_assert_int_eq(
      h46017_trust_set_kind(trusting_list, root_id, H46017_TRUST_AUTHORITY), 0);
  e = entry_of(root_id);
  ck_assert_int_eq((int)e.kind, (int)H46017_TRUST_AUTHORITY);
  ck_assert_str_eq(e.label, "main");
  ck_assert_str_eq(e.origin, "site");
  ck_assert_int_eq(h46017_trust_set_label(trusting_list, root_id, "second"), 0);
  e = entry_of(root_id);
  ck_assert_int_eq((int)e.kind, (int)H46017_TRUST_AUTHORITY);
  ck_assert_str_eq(e.label, "second");
  ck_assert_str_eq(e.origin, "site");
  ck_assert_uint_eq(on.count, 1);
  ck_assert_str_eq(on.books[0].name, "by-hand.pem");
}
END_TEST

/* -- memory --------------------------------------------------------------- */

static int change_stored(failmem *f, void *arg) {
  h46017_trust *t = NULL;
  int rv;

  (void)arg;
  on.count = 0;
  put_text("by-hand.pem", root_text);
  put_text("second.pem", root_text);
  put_text(phone_name, phone_text);
  rv = h46017_trust_new(&t, &store, &f->mem);
  if (rv == 0) {
    ck_assert_uint_eq(h46017_trust_count(t), 2);
    rv = h46017_trust_set_label(t, root_id, "with memory");
    ck_assert_uint_eq(h46017_trust_count(t), 2);
  }
  if (rv == 0) {
    rv = h46017_trust_set_kind(t, root_id, H46017_TRUST_END_ENTITY);
    ck_assert_uint_eq(h46017_trust_count(t), 2);
  }
  if (rv == 0) {
    h46017_trust_entry e;
    char hex[65];

    trusting_hex(root_id, hex);
    ck_assert_int_eq(h46017_trust_find(t, hex, &e), 0);
    ck_assert_str_eq(e.label, "with memory");
    ck_assert_int_eq((int)e.kind, (int)H46017_TRUST_END_ENTITY);
    ck_assert(shelf_has("by-hand.pem"));
    ck_assert_uint_eq(on.count, 2);
  }
  h46017_trust_del(t);
  ck_assert_int_eq(on.begins, on.ends);
  return rv;
}

START_TEST(without_memory_what_is_stored_stays_in_order) {
  ck_assert_uint_gt(failmem_sweep(change_stored, NULL), 20);
}
END_TEST

int main(void) {
  Suite *s = suite_create("trust_shelf");
  TCase *tc = tcase_create("trust_shelf");

  tcase_add_checked_fixture(tc, setup_names, trusting_teardown);
  tcase_set_timeout(tc, 120);
  tcase_add_test(tc, a_change_keeps_others_out_from_its_beginning_to_its_end);
  tcase_add_test(tc, without_the_right_to_write_nothing_is_changed);
  tcase_add_test(tc, what_others_wrote_has_to_be_read_before_a_change);
  tcase_add_test(tc, a_store_of_one_writer_s_own_has_less);
  tcase_add_test(tc, what_cannot_be_removed_stays_in_force);
  tcase_add_test(tc, what_cannot_be_written_is_not_said);
  tcase_add_test(tc, what_cannot_be_read_leaves_the_list_as_it_was);
  tcase_add_test(tc, files_of_one_certificate_go_together_in_any_order);
  tcase_add_test(tc, of_two_files_of_one_certificate_neither_is_removed_alone);
  tcase_add_test(tc, a_file_that_was_renamed_is_the_one_that_is_removed);
  tcase_add_test(
      tc, a_file_that_became_another_certificate_does_not_go_with_the_first);
  tcase_add_test(tc, without_stamps_everything_is_read);
  tcase_add_test(tc, what_is_said_of_an_entry_stays_with_what_is_changed);
  tcase_add_test(tc, without_memory_what_is_stored_stays_in_order);
  suite_add_tcase(s, tc);
  return run_suite(s);
}
