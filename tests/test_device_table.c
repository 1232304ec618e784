/* SPDX-License-Identifier: BSD-2-Clause */
/* The programs' device table: which device a name means, and that it is found
 * as fast among a hundred thousand as among a hundred. */
#include "common/device_table.h"
#include "common/state_dir.h"
#include "runner.h"

#include <h46017/error.h>

#include <check.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static char dir[64];

static void make_dir(void) {
  (void)snprintf(dir, sizeof(dir), "/tmp/h46017-table-XXXXXX");
  ck_assert_ptr_nonnull(mkdtemp(dir));
}

static void remove_dir(void) {
  static const char *const files[] = {"", "-wal", "-shm"};
  char path[STATE_PATH_MAX];
  char file[STATE_PATH_MAX + 8];

  ck_assert(state_dir_path(dir, STATE_DIR_DEVICES, path, sizeof(path)));
  for (size_t i = 0; i < 3; i++) {
    (void)snprintf(file, sizeof(file), "%s%s", path, files[i]);
    (void)unlink(file);
  }
  ck_assert_int_eq(rmdir(dir), 0);
}

static int select_name(device_table *t, const char *name, h46017_device **out) {
  h46017_alias alias = {H46017_ALIAS_H323_ID, 0, {name, strlen(name)}};

  *out = NULL;
  return device_table_select(t, &alias, 1, H46017_ALIAS_UNKNOWN,
                             H46017_MATCH_PREFIX, out, NULL);
}

static void expect(device_table *t, const char *name, const char *device) {
  h46017_device *found;

  ck_assert_int_eq(select_name(t, name, &found), 0);
  if (device == NULL) {
    ck_assert_msg(found == NULL, "%s is %s", name, found ? found->name : "");
  } else {
    ck_assert_msg(found != NULL, "%s is nobody", name);
    ck_assert_str_eq(found->name, device);
  }
  device_free(found);
}

static void add(device_table *t, const char *name, const char *id,
                h46017_match_rule rule) {
  h46017_device device;

  h46017_device_default(&device);
  device.name = name;
  device.hardware_ids = &id;
  device.hardware_id_count = 1;
  device.match = rule;
  ck_assert_int_eq(device_table_add(t, &device, NULL), 0);
}

START_TEST(a_name_selects_by_each_rule) {
  device_table *t;

  make_dir();
  ck_assert_int_eq(device_table_open(&t, dir), 0);
  add(t, "gateway", "009033010203", H46017_MATCH_SERIAL);
  add(t, "exact", "009033010204", H46017_MATCH_EXACT);
  expect(t, "009033010203-TEL1", "gateway");
  expect(t, "00:90:33:01:02:03", "gateway");
  expect(t, "gateway", "gateway");
  expect(t, "009033010204", "exact");
  expect(t, "009033010204-TEL1", NULL);
  expect(t, "branch-17", NULL);
  /* The rule that starts with: now it is looked for too. */
  add(t, "branch", "branch", H46017_MATCH_PREFIX);
  add(t, "branch office", "branch-17", H46017_MATCH_PREFIX);
  expect(t, "branch-16", "branch");
  expect(t, "branch-17", "branch office");
  expect(t, "branch-1701", "branch office"); /* the longest */
  expect(t, "branc", NULL);
  expect(t, "009033010203-TEL2", "gateway");
  device_table_close(t);
  remove_dir();
}
END_TEST

/* -- how often it asks ----------------------------------------------------- */

static sqlite3 *watched; /* the connection that was opened last */
static unsigned asked;   /* statements that ran on it */
static char last_sql[2048];
static unsigned compiled; /* steps of preparing one */

static int on_statement(unsigned what, void *arg, void *st, void *text) {
  (void)what;
  (void)arg;
  (void)text;
  asked++;
  (void)snprintf(last_sql, sizeof(last_sql), "%s", sqlite3_sql(st));
  return 0;
}

static int on_compile(void *arg, int action, const char *a, const char *b,
                      const char *c, const char *d) {
  (void)arg, (void)action, (void)a, (void)b, (void)c, (void)d;
  compiled++;
  return SQLITE_OK;
}

/* What SQLite calls for each connection that is opened. */
static int watch(sqlite3 *db, char **why, const void *api) {
  (void)why;
  (void)api;
  watched = db;
  (void)sqlite3_set_authorizer(db, on_compile, NULL);
  return sqlite3_trace_v2(db, SQLITE_TRACE_STMT, on_statement, NULL);
}

static device_table *open_watched(void) {
  device_table *t = NULL;

  ck_assert_int_eq(sqlite3_auto_extension((void (*)(void))watch), SQLITE_OK);
  ck_assert_int_eq(device_table_open(&t, dir), 0);
  sqlite3_reset_auto_extension();
  ck_assert_uint_gt(compiled, 0); /* it is counted */
  return t;
}

/* So many statements, which were prepared before, whatever the names are and
 * whatever comes of it. */
static int ask_in(unsigned statements, device_table *t,
                  const char *const *names, size_t count,
                  h46017_alias_type type, h46017_device **out) {
  h46017_alias aliases[32];
  int code;

  for (size_t i = 0; i < count; i++) {
    aliases[i] = (h46017_alias){i == 0 ? H46017_ALIAS_H323_ID
                                       : H46017_ALIAS_DIALLED_DIGITS,
                                0,
                                {names[i], strlen(names[i])}};
  }
  *out = NULL;
  asked = compiled = 0;
  code = device_table_select(t, aliases, count, type, H46017_MATCH_PREFIX, out,
                             NULL);
  ck_assert_uint_eq(asked, statements);
  ck_assert_uint_eq(compiled, 0);
  return code;
}

/* One question: nothing was changed since the last. */
static int ask(device_table *t, const char *const *names, size_t count,
               h46017_alias_type type, h46017_device **out) {
  return ask_in(1, t, names, count, type, out);
}

START_TEST(a_registration_is_one_question) {
  static const char *const ids[] = {"00903301020a", "00903301020b"};
  static const char *const more[] = {"4711", "4712", "4713"};
  static const char *const mine[] = {"00903301020A-TEL1", "4711", "4713", "99",
                                     "x-y-z"};
  static const char *const both[] = {"00903301020a", "0815"};
  static const char *const nobody[] = {"x", "1", "2", "3", "4", "5", "6", "7"};
  static const char *const digits[] = {"x", "4711"};
  password secret = {.len = 6, .text = "secret"};
  h46017_device d;
  h46017_device *found;
  device_table *t;

  make_dir();
  t = open_watched();
  h46017_device_default(&d);
  d.name = "gateway";
  d.hardware_ids = ids;
  d.hardware_id_count = 2;
  d.aliases = more;
  d.alias_count = 3;
  ck_assert_int_eq(device_table_add(t, &d, &secret), 0);
  add(t, "0815", "0815", H46017_MATCH_SERIAL);
  for (int i = 0; i < 2; i++) {
    /* after a change of ours, how long beginnings can be comes first */
    ck_assert_int_eq(ask_in(2, t, mine, 5, H46017_ALIAS_UNKNOWN, &found), 0);
    device_free(found);
    ck_assert_int_eq(ask(t, mine, 5, H46017_ALIAS_UNKNOWN, &found), 0);
    ck_assert_str_eq(found->name, "gateway");
    ck_assert_uint_eq(found->hardware_id_count, 2);
    ck_assert_uint_eq(found->alias_count, 3);
    ck_assert_str_eq(device_password(found)->text, "secret");
    device_free(found);
    ck_assert_int_eq(ask(t, both, 2, H46017_ALIAS_UNKNOWN, &found),
                     H46017_ERR_ALIAS_CONFLICT);
    ck_assert_int_eq(ask(t, nobody, 8, H46017_ALIAS_UNKNOWN, &found), 0);
    ck_assert_ptr_null(found);
    /* Where only some names count, the others are looked at no later. */
    ck_assert_int_eq(ask(t, both, 2, H46017_ALIAS_H323_ID, &found), 0);
    ck_assert_str_eq(found->name, "gateway");
    device_free(found);
    ck_assert_int_eq(ask(t, digits, 2, H46017_ALIAS_H323_ID, &found),
                     H46017_ERR_UNKNOWN_DEVICE);
    ck_assert_ptr_null(found);
    /* once more, where beginnings are looked up too */
    add(t, i == 0 ? "branch" : "b", i == 0 ? "branch" : "b",
        H46017_MATCH_PREFIX);
  }
  device_table_close(t);
  remove_dir();
}
END_TEST

/* Their changes are seen with the question, which is asked again then. */
START_TEST(what_another_program_changes_is_known_with_the_next_question) {
  static const char *const name[] = {"branch-1701"};
  static const char *const devices[] = {"branch", "branch-1", "branch-17"};
  h46017_device *found;
  device_table *other;
  device_table *t;

  make_dir();
  ck_assert_int_eq(device_table_open(&other, dir), 0);
  t = open_watched();
  ck_assert_int_eq(ask_in(2, t, name, 1, H46017_ALIAS_UNKNOWN, &found), 0);
  ck_assert_ptr_null(found);
  for (size_t i = 0; i < 3; i++) {
    add(other, devices[i], devices[i], H46017_MATCH_PREFIX);
    ck_assert_int_eq(ask_in(3, t, name, 1, H46017_ALIAS_UNKNOWN, &found), 0);
    ck_assert_str_eq(found->name, devices[i]);
    device_free(found);
    ck_assert_int_eq(ask(t, name, 1, H46017_ALIAS_UNKNOWN, &found), 0);
    ck_assert_str_eq(found->name, devices[i]);
    found->match = H46017_MATCH_SERIAL; /* no beginning means it any more */
    ck_assert_int_eq(device_table_replace(other, found, NULL), 0);
    device_free(found);
    ck_assert_int_eq(ask_in(3, t, name, 1, H46017_ALIAS_UNKNOWN, &found), 0);
    ck_assert_ptr_null(found);
  }
  device_table_close(t);
  device_table_close(other);
  remove_dir();
}
END_TEST

/* A name that fits one device by its rule and is another's is the other's. */
START_TEST(a_name_is_of_the_device_that_it_fits_best) {
  static const char *const numbers[] = {"1234567"};
  h46017_alias names[] = {{H46017_ALIAS_H323_ID, 0, {"123456", 6}},
                          {H46017_ALIAS_DIALLED_DIGITS, 0, {"1234567", 7}},
                          {H46017_ALIAS_DIALLED_DIGITS, 0, {"1234568", 7}},
                          {H46017_ALIAS_H323_ID, 0, {NULL, 0}}};
  h46017_device other;
  h46017_device *found = NULL;
  device_table *t;
  bool own[4] = {false, true, false, true};

  make_dir();
  ck_assert_int_eq(device_table_open(&t, dir), 0);
  add(t, "one", "123456", H46017_MATCH_PREFIX);
  h46017_device_default(&other);
  other.name = "other";
  other.aliases = numbers;
  other.alias_count = 1;
  ck_assert_int_eq(device_table_add(t, &other, NULL), 0);
  ck_assert_int_eq(device_table_select(t, names, 4, H46017_ALIAS_H323_ID,
                                       H46017_MATCH_PREFIX, &found, own),
                   0);
  ck_assert_str_eq(found->name, "one");
  ck_assert(own[0] && !own[1] && own[2] && !own[3]);
  device_free(found);
  device_table_close(t);
  remove_dir();
}
END_TEST

/* As it is one name where it is registered: nobody else's. */
START_TEST(the_host_of_a_url_has_no_letter_case) {
  device_table *t;

  make_dir();
  ck_assert_int_eq(device_table_open(&t, dir), 0);
  add(t, "bob", "bob@example.org", H46017_MATCH_SERIAL);
  expect(t, "bob@EXAMPLE.org", "bob");
  expect(t, "bob@example.org", "bob");
  expect(t, "Bob@example.org", NULL);
  device_table_close(t);
  remove_dir();
}
END_TEST

static sqlite3_stmt *statement_with(const char *text) {
  sqlite3_stmt *st = sqlite3_next_stmt(watched, NULL);

  while (strstr(sqlite3_sql(st), text) == NULL) {
    st = sqlite3_next_stmt(watched, st);
  }
  return st;
}

/* Fails where a step looks through a table, but for those that begin as one of
 * `fine` does. Returns how many steps look up folds. */
static int count_look_ups(const char *sql, const char *const fine[2]) {
  char explain[sizeof(last_sql) + 32];
  sqlite3_stmt *st;
  int steps = 0;

  (void)snprintf(explain, sizeof(explain), "EXPLAIN QUERY PLAN %s", sql);
  ck_assert_int_eq(sqlite3_prepare_v2(watched, explain, -1, &st, NULL),
                   SQLITE_OK);
  while (sqlite3_step(st) == SQLITE_ROW) {
    const char *step = (const char *)sqlite3_column_text(st, 3);
    ck_assert_msg(strncmp(step, "SCAN", 4) != 0 ||
                      strncmp(step, fine[0], strlen(fine[0])) == 0 ||
                      strncmp(step, fine[1], strlen(fine[1])) == 0,
                  "%s", step);
    steps += strstr(step, "device_name_fold") != NULL;
  }
  sqlite3_finalize(st);
  return steps;
}

START_TEST(a_question_is_answered_by_indexes) {
  static const char *const name[] = {"00903301020a"};
  static const char *const given[] = {"SCAN asked VIRTUAL",
                                      "SCAN lengths VIRTUAL"};
  static const char *const prefix[] = {
      "SCAN e USING INDEX device_prefix",
      "SCAN e USING COVERING INDEX device_pre"};
  h46017_device *found;
  device_table *t;

  make_dir();
  t = open_watched();
  ck_assert_int_eq(ask_in(2, t, name, 1, H46017_ALIAS_UNKNOWN, &found), 0);
  /* of whole names, and of beginnings */
  ck_assert_int_eq(count_look_ups(last_sql, given), 2);
  ck_assert_int_eq(
      count_look_ups(sqlite3_sql(statement_with("json_group_array")), prefix),
      0);
  device_table_close(t);
  remove_dir();
}
END_TEST

static int steps_of_last(void) {
  return sqlite3_stmt_status(statement_with(last_sql),
                             SQLITE_STMTSTATUS_VM_STEP, 1);
}

/* Who may not even register can ask for as much: one more look-up for each
 * length that a device of the rule has, of 256 that a name may have. */
START_TEST(long_names_cost_little_more_where_beginnings_count) {
  static char room[32][257];
  const char *names[32];
  h46017_device *found;
  device_table *t;
  int without;

  make_dir();
  for (size_t i = 0; i < 32; i++) {
    memset(room[i], 'a', sizeof(room[i]) - 1);
    room[i][i] = 'b';
    room[i][250] = '-'; /* before it is another name */
    names[i] = room[i];
  }
  t = open_watched();
  ck_assert_int_eq(ask_in(2, t, names, 32, H46017_ALIAS_UNKNOWN, &found), 0);
  without = steps_of_last();
  ck_assert_int_gt(without, 64);
  add(t, "branch", "branch office", H46017_MATCH_PREFIX);
  ck_assert_int_eq(ask_in(2, t, names, 32, H46017_ALIAS_UNKNOWN, &found), 0);
  ck_assert_ptr_null(found);
  ck_assert_int_lt(steps_of_last(), 8 * without);
  device_table_close(t);
  remove_dir();
}
END_TEST

/* -- passwords -------------------------------------------------------------
 */

START_TEST(a_password_stays_until_there_is_another) {
  h46017_device device;
  password secret = {.len = 6, .text = "secret"};
  password got;
  device_table *t;

  make_dir();
  ck_assert_int_eq(device_table_open(&t, dir), 0);
  h46017_device_default(&device);
  device.name = "phone";
  ck_assert_int_eq(device_table_add(t, &device, &secret), 0);
  ck_assert_int_eq(device_table_password(t, "phone", &got), 0);
  ck_assert_str_eq(got.text, "secret");
  ck_assert_int_eq(device_table_replace(t, &device, NULL), 0);
  ck_assert_int_eq(device_table_password(t, "phone", &got), 0);
  ck_assert_str_eq(got.text, "secret");
  secret.text[0] = 'S';
  ck_assert_int_eq(device_table_replace(t, &device, &secret), 0);
  ck_assert_int_eq(device_table_password(t, "phone", &got), 0);
  ck_assert_str_eq(got.text, "Secret");
  ck_assert_int_eq(device_table_password(t, "nobody", &got), 0);
  ck_assert_uint_eq(got.len, 0);
  device_table_close(t);
  remove_dir();
}
END_TEST

START_TEST(an_entry_says_whether_it_was_made_since) {
  static const char *const names[] = {"phone", "gateway"};
  h46017_device *device = NULL;
  device_table *t;
  int64_t seen;

  make_dir();
  ck_assert_int_eq(device_table_open(&t, dir), 0);
  add(t, "phone", "phone", H46017_MATCH_SERIAL);
  add(t, "gateway", "gateway", H46017_MATCH_SERIAL);
  seen = device_table_changes(t);
  for (size_t i = 0; i < 2; i++) {
    ck_assert_int_eq(device_table_get(t, names[i], &device), 0);
    ck_assert_int_le(device_changed(device), seen);
    device_free(device);
  }
  /* The latest of all goes: what comes instead is new for all that. */
  ck_assert_int_eq(device_table_remove(t, "gateway"), 0);
  add(t, "gateway", "gateway", H46017_MATCH_SERIAL);
  ck_assert_int_eq(
      device_table_select(
          t, &(h46017_alias){H46017_ALIAS_H323_ID, 0, {"gateway", 7}}, 1,
          H46017_ALIAS_UNKNOWN, H46017_MATCH_PREFIX, &device, NULL),
      0);
  ck_assert_int_gt(device_changed(device), seen);
  seen = device_table_changes(t);
  ck_assert_int_eq(device_table_replace(t, device, NULL), 0);
  device_free(device);
  ck_assert_int_eq(device_table_get(t, "gateway", &device), 0);
  ck_assert_int_gt(device_changed(device), seen);
  device_free(device);
  ck_assert_int_eq(device_table_get(t, "phone", &device), 0);
  ck_assert_int_le(device_changed(device), seen);
  device_free(device);
  device_table_close(t);
  remove_dir();
}
END_TEST

/* What the first version of the programs made. */
START_TEST(a_table_without_passwords_gets_room_for_them) {
  char path[STATE_PATH_MAX];
  password secret = {.len = 6, .text = "secret"};
  h46017_device *device = NULL;
  password got;
  device_table *t;
  sqlite3 *db;

  make_dir();
  ck_assert(state_dir_path(dir, STATE_DIR_DEVICES, path, sizeof(path)));
  ck_assert_int_eq(sqlite3_open(path, &db), SQLITE_OK);
  ck_assert_int_eq(
      sqlite3_exec(
          db,
          "CREATE TABLE device(name TEXT PRIMARY KEY, auth INTEGER NOT NULL,"
          " match INTEGER NOT NULL, tls_only INTEGER NOT NULL,"
          " fingerprint BLOB) WITHOUT ROWID;"
          "CREATE TABLE device_name(device TEXT NOT NULL REFERENCES"
          " device(name) ON DELETE CASCADE, kind INTEGER NOT NULL,"
          " name TEXT NOT NULL, fold TEXT NOT NULL,"
          " PRIMARY KEY(device, kind, name)) WITHOUT ROWID;"
          "CREATE INDEX device_name_fold ON device_name(fold);"
          "INSERT INTO device VALUES('phone',1,0,0,NULL);"
          "INSERT INTO device_name VALUES('phone',0,'phone','phone');"
          "PRAGMA user_version=1;",
          NULL, NULL, NULL),
      SQLITE_OK);
  ck_assert_int_eq(sqlite3_close(db), SQLITE_OK);
  ck_assert_int_eq(device_table_open(&t, dir), 0);
  expect(t, "phone", "phone");
  ck_assert_int_eq(device_table_changes(t), 0);
  ck_assert_int_eq(device_table_password(t, "phone", &got), 0);
  ck_assert_uint_eq(got.len, 0);
  ck_assert_int_eq(device_table_get(t, "phone", &device), 0);
  ck_assert_int_eq(device_table_replace(t, device, &secret), 0);
  device_free(device);
  device_table_close(t);
  ck_assert_int_eq(device_table_open(&t, dir), 0);
  ck_assert_int_eq(device_table_password(t, "phone", &got), 0);
  ck_assert_str_eq(got.text, "secret");
  device_table_close(t);
  remove_dir();
}
END_TEST

/* -- a hundred thousand ---------------------------------------------------- */

static void fill(int from, int to) {
  char path[STATE_PATH_MAX];
  char sql[512];
  sqlite3 *db;

  ck_assert(state_dir_path(dir, STATE_DIR_DEVICES, path, sizeof(path)));
  ck_assert_int_eq(sqlite3_open(path, &db), SQLITE_OK);
  (void)snprintf(
      sql, sizeof(sql),
      "BEGIN;"
      "WITH RECURSIVE n(i) AS (SELECT %d UNION ALL SELECT i+1 FROM n WHERE "
      "i<%d) INSERT INTO device SELECT "
      "printf('0090%%08x',i),0,0,0,NULL,NULL,0 FROM n;"
      "WITH RECURSIVE n(i) AS (SELECT %d UNION ALL SELECT i+1 FROM n WHERE "
      "i<%d), k(kind) AS (VALUES (0),(1)) INSERT INTO device_name SELECT "
      "printf('0090%%08x',i),kind,printf('0090%%08x',i),printf('0090%%08x',i) "
      "FROM n,k;"
      "COMMIT;",
      from, to - 1, from, to - 1);
  ck_assert_int_eq(sqlite3_exec(db, sql, NULL, NULL, NULL), SQLITE_OK);
  ck_assert_int_eq(sqlite3_close(db), SQLITE_OK);
}

static double now_us(void) {
  struct timespec t;

  (void)clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
  return (double)t.tv_sec * 1e6 + (double)t.tv_nsec / 1e3;
}

/* µs a look-up, the best of some rounds; visited all over the table. */
static double measure(device_table *t, uint32_t count) {
  double best = 1e9;
  uint32_t at = 1;

  for (int round = 0; round < 5; round++) {
    double begin = now_us();
    for (int i = 0; i < 400; i++) {
      char device[32];
      char name[40];
      at = at * 1103515245 + 12345;
      (void)snprintf(device, sizeof(device), "0090%08x",
                     (unsigned)((at >> 8) % count));
      (void)snprintf(name, sizeof(name), "%s-TEL1", device);
      expect(t, name, device);
    }
    begin = (now_us() - begin) / 400;
    best = begin < best ? begin : best;
  }
  return best;
}

START_TEST(a_hundred_thousand_devices_are_no_slower_than_a_hundred) {
  device_table *t;
  double few;
  double many;

  make_dir();
  ck_assert_int_eq(device_table_open(&t, dir), 0);
  fill(0, 100);
  few = measure(t, 100);
  fill(100, 100000);
  many = measure(t, 100000);
  printf("a look-up: %.1f us among 100 devices, %.1f us among 100000\n", few,
         many);
  if (getenv("H46017_NO_TIMES") == NULL) {
    ck_assert_msg(many < 4 * few, "%.1f us, then %.1f us", few, many);
  }
  device_table_close(t);
  remove_dir();
}
END_TEST

int main(void) {
  Suite *s = suite_create("device_table");
  TCase *tc = tcase_create("device_table");
  tcase_set_timeout(tc, 120);
  tcase_add_test(tc, a_password_stays_until_there_is_another);
  tcase_add_test(tc, a_table_without_passwords_gets_room_for_them);
  tcase_add_test(tc, an_entry_says_whether_it_was_made_since);
  tcase_add_test(tc, a_name_selects_by_each_rule);
  tcase_add_test(tc, a_name_is_of_the_device_that_it_fits_best);
  tcase_add_test(tc, the_host_of_a_url_has_no_letter_case);
  tcase_add_test(tc, a_registration_is_one_question);
  tcase_add_test(tc,
                 what_another_program_changes_is_known_with_the_next_question);
  tcase_add_test(tc, a_question_is_answered_by_indexes);
  tcase_add_test(tc, long_names_cost_little_more_where_beginnings_count);
  tcase_add_test(tc, a_hundred_thousand_devices_are_no_slower_than_a_hundred);
  suite_add_tcase(s, tc);
  return run_suite(s);
}
