/* SPDX-License-Identifier: BSD-2-Clause */
/* Entries in a directory: atomic, durable, several writers at once, and what is
 * left when one of them is killed. */
#include "failmem.h"
#include "runner.h"

#include <h46017/error.h>
#include <h46017/store.h>

#include <check.h>
#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static char root[64];
static char path[128]; /* does not exist before something is put */
static h46017_store_dir *dir;
static h46017_store store;

static void setup(void) {
  (void)snprintf(root, sizeof(root), "/tmp/h46017-store-XXXXXX");
  ck_assert_ptr_nonnull(mkdtemp(root));
  (void)snprintf(path, sizeof(path), "%s/state", root);
  ck_assert_int_eq(h46017_store_dir_new(&dir, path, NULL), 0);
  h46017_store_dir_store(dir, &store);
}

static void teardown(void) {
  char command[160];

  h46017_store_dir_del(dir);
  (void)snprintf(command, sizeof(command), "chmod -R u+w %s; rm -rf %s", root,
                 root);
  ck_assert_int_eq(system(command), 0);
}

static int put(const char *name, const char *text, uint32_t flags) {
  return store.put(dir, "things", name, (const uint8_t *)text, strlen(text),
                   flags);
}

static int take_text(const uint8_t *data, size_t len, void *user_data) {
  char *out = user_data;

  ck_assert_uint_lt(len, 4096);
  memcpy(out, data, len);
  out[len] = '\0';
  return 0;
}

static const char *text_of(const char *name) {
  static char text[4096];
  int rv = store.get(dir, "things", name, take_text, text);

  return rv == 0 ? text : h46017_error_name(rv);
}

static int add_name(const char *name, void *user_data) {
  char *out = user_data;

  (void)strcat(strcat(out, name), " ");
  return 0;
}

static const char *names(void) {
  static char out[1024];

  out[0] = '\0';
  ck_assert_int_eq(store.list(dir, "things", add_name, out), 0);
  return out;
}

START_TEST(what_is_put_is_there_until_it_is_removed) {
  ck_assert_str_eq(names(), "");
  ck_assert_str_eq(text_of("b"), "NOT_FOUND");
  ck_assert_int_eq(put("b", "one", 0), 0);
  ck_assert_int_eq(put("a.pem", "two", 0), 0);
  ck_assert_int_eq(put("empty", "", 0), 0);
  ck_assert_str_eq(names(), "a.pem b empty ");
  ck_assert_str_eq(text_of("b"), "one");
  ck_assert_str_eq(text_of("empty"), "");
  ck_assert_int_eq(put("b", "longer than before", 0), 0);
  ck_assert_str_eq(text_of("b"), "longer than before");
  ck_assert_int_eq(store.remove(dir, "things", "b"), 0);
  ck_assert_int_eq(store.remove(dir, "things", "b"), H46017_ERR_NOT_FOUND);
  ck_assert_str_eq(names(), "a.pem empty ");
}
END_TEST

START_TEST(a_stamp_is_another_one_after_a_change) {
  uint64_t stamp;

  ck_assert_uint_eq(store.stamp(dir, "things", "a"), 0);
  ck_assert_int_eq(put("a", "one", 0), 0);
  stamp = store.stamp(dir, "things", "a");
  ck_assert_uint_ne(stamp, 0);
  ck_assert_uint_eq(store.stamp(dir, "things", "a"), stamp);
  ck_assert_int_eq(put("b", "one", 0), 0);
  ck_assert_uint_eq(store.stamp(dir, "things", "a"), stamp);
  ck_assert_int_eq(put("a", "two", 0), 0);
  ck_assert_uint_ne(store.stamp(dir, "things", "a"), stamp);
  ck_assert_uint_eq(store.stamp(dir, "things", "../a"), 0);
}
END_TEST

START_TEST(a_name_is_safe_as_a_file_s) {
  static const char *const good[] = {"a", "0", "a.b-c_d", "own-key.pem"};
  static const char *const bad[] = {"",   ".",    "..",  ".a",      "-a", "A",
                                    "a/", "../a", "a b", "a\nb",    "*",  "_a",
                                    "~",  "a:b",  "\\",  "\xc3\xa4"};
  char name[103];

  for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
    ck_assert_int_eq(put(good[i], "x", 0), 0);
  }
  for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
    ck_assert_int_eq(put(bad[i], "x", 0), H46017_ERR_INVALID_ARGUMENT);
    ck_assert_str_eq(text_of(bad[i]), "INVALID_ARGUMENT");
    ck_assert_int_eq(store.remove(dir, "things", bad[i]),
                     H46017_ERR_INVALID_ARGUMENT);
    ck_assert_int_eq(store.begin(dir, bad[i]), H46017_ERR_INVALID_ARGUMENT);
  }
  memset(name, 'n', sizeof(name));
  name[100] = '\0';
  ck_assert_int_eq(put(name, "x", 0), 0);
  name[100] = 'n';
  name[101] = '\0';
  ck_assert_int_eq(put(name, "x", 0), H46017_ERR_INVALID_ARGUMENT);
  ck_assert(!h46017_store_is_name(NULL));
}
END_TEST

START_TEST(an_entry_has_a_largest_size) {
  uint8_t *big = calloc(1, H46017_STORE_ENTRY_MAX + 1);
  char file[160];
  int fd;

  ck_assert_int_eq(
      store.put(dir, "things", "big", big, H46017_STORE_ENTRY_MAX + 1, 0),
      H46017_ERR_INVALID_ARGUMENT);
  ck_assert_int_eq(
      store.put(dir, "things", "big", big, H46017_STORE_ENTRY_MAX, 0), 0);
  free(big);
  /* a person can put anything there */
  (void)snprintf(file, sizeof(file), "%s/things/huge", path);
  fd = open(file, O_CREAT | O_WRONLY, 0600);
  ck_assert_int_eq(ftruncate(fd, H46017_STORE_ENTRY_MAX + 1), 0);
  (void)close(fd);
  ck_assert_str_eq(text_of("huge"), "STORE_CORRUPT");
  (void)snprintf(file, sizeof(file), "%s/things/pipe", path);
  ck_assert_int_eq(mkfifo(file, 0600), 0);
  ck_assert_str_eq(text_of("pipe"), "STORE_CORRUPT"); /* and does not wait */
}
END_TEST

static mode_t mode_of(const char *name) {
  char file[160];
  struct stat st;

  (void)snprintf(file, sizeof(file), "%s/%s", path, name);
  ck_assert_int_eq(stat(file, &st), 0);
  return st.st_mode & 0777;
}

START_TEST(a_secret_is_its_owner_s) {
  mode_t before = umask(0);

  ck_assert_int_eq(put("key", "k", H46017_STORE_SECRET), 0);
  ck_assert_int_eq(put("cert", "c", 0), 0);
  ck_assert_int_eq(put("cert2", "c", 4), H46017_ERR_INVALID_ARGUMENT);
  ck_assert_uint_eq(mode_of(""), 0700);
  ck_assert_uint_eq(mode_of("things"), 0700);
  ck_assert_uint_eq(mode_of("things/key"), 0600);
  ck_assert_uint_eq(mode_of("things/cert"), 0644);
  (void)umask(before);
}
END_TEST

START_TEST(a_failure_says_what_and_leaves_all_as_it_was) {
  h46017_store_dir *other = NULL;
  h46017_store s;

  ck_assert_int_eq(h46017_store_dir_new(&other, "", NULL),
                   H46017_ERR_INVALID_ARGUMENT);
  ck_assert_int_eq(h46017_store_dir_new(&other, NULL, NULL),
                   H46017_ERR_INVALID_ARGUMENT);
  ck_assert_int_eq(h46017_store_dir_new(&other, "/dev/null/x", NULL), 0);
  h46017_store_dir_store(other, &s);
  ck_assert_str_eq(h46017_store_dir_error(other), "");
  ck_assert_int_eq(s.put(other, "c", "n", (const uint8_t *)"x", 1, 0),
                   H46017_ERR_STORE_IO);
  ck_assert_ptr_nonnull(strstr(h46017_store_dir_error(other), "/dev/null/x"));
  ck_assert_uint_eq(s.changes(other, "c"), 0);
  h46017_store_dir_del(other);
  h46017_store_dir_del(NULL);
}
END_TEST

START_TEST(what_a_crash_left_behind_is_cleared_away) {
  char file[160];
  FILE *f;

  ck_assert_int_eq(put("a", "old", 0), 0);
  (void)snprintf(file, sizeof(file), "%s/things/.new", path);
  f = fopen(file, "w");
  ck_assert_int_ge(fputs("half a", f), 0);
  ck_assert_int_eq(fclose(f), 0);
  ck_assert_str_eq(names(), "a ");
  ck_assert_int_eq(put("b", "new", 0), 0);
  ck_assert_int_ne(access(file, F_OK), 0);
  ck_assert_str_eq(text_of("b"), "new");
}
END_TEST

START_TEST(a_change_by_anybody_is_seen) {
  h46017_store_dir *other = NULL;
  h46017_store s;
  uint64_t was;
  char file[160];
  FILE *f;

  ck_assert_int_eq(h46017_store_dir_new(&other, path, NULL), 0);
  h46017_store_dir_store(other, &s);
  was = store.changes(dir, "things");
  ck_assert_int_eq(s.put(other, "things", "a", (const uint8_t *)"x", 1, 0), 0);
  ck_assert_uint_ne(store.changes(dir, "things"), was);
  was = store.changes(dir, "things");
  ck_assert_uint_eq(store.changes(dir, "things"), was);
  ck_assert_int_eq(s.put(other, "others", "a", (const uint8_t *)"x", 1, 0), 0);
  ck_assert_uint_eq(store.changes(dir, "things"), was);
  ck_assert_int_eq(s.put(other, "things", "a", (const uint8_t *)"x", 1, 0), 0);
  ck_assert_uint_ne(store.changes(dir, "things"), was);
  was = store.changes(dir, "things");
  ck_assert_int_eq(s.remove(other, "things", "a"), 0);
  ck_assert_uint_ne(store.changes(dir, "things"), was);
  was = store.changes(dir, "things");
  (void)snprintf(file, sizeof(file), "%s/things/by-hand", path);
  f = fopen(file, "w");
  ck_assert_int_eq(fclose(f), 0);
  ck_assert_uint_ne(store.changes(dir, "things"), was);
  /* while somebody writes: neither the number before nor the one after */
  was = store.changes(dir, "things");
  ck_assert_int_eq(s.begin(other, "things"), 0);
  ck_assert_uint_ne(store.changes(dir, "things"), was);
  ck_assert_uint_eq(s.changes(other, "things"), was);
  s.end(other, "things");
  ck_assert_uint_eq(store.changes(dir, "things"), was);
  h46017_store_dir_del(other);
}
END_TEST

/* -- root in a directory of somebody else --------------------------------- */

enum { SOMEBODY = 12345, THEIR_GROUP = 12346 };

static void check_owner(const char *name, uid_t uid, gid_t gid) {
  char file[200];
  struct stat st;

  (void)snprintf(file, sizeof(file), "%s/%s", path, name);
  ck_assert_int_eq(lstat(file, &st), 0);
  ck_assert_uint_eq(st.st_uid, uid);
  ck_assert_uint_eq(st.st_gid, gid);
}

static bool may_give(void) {
  if (geteuid() == 0 && chown(root, SOMEBODY, THEIR_GROUP) == 0) {
    return true;
  }
  (void)fprintf(stderr, "passed over: only root can give files away\n");
  return false;
}

START_TEST(what_root_makes_belongs_to_whom_the_directory_does) {
  static const char *const made[] = {"", "things", "things/.lock", "things/a",
                                     "things/b"};

  if (!may_give()) {
    return;
  }
  ck_assert_int_eq(put("a", "one", H46017_STORE_SECRET), 0);
  ck_assert_int_eq(put("b", "one", 0), 0);
  ck_assert_int_eq(put("b", "two", 0), 0);
  for (size_t i = 0; i < sizeof(made) / sizeof(made[0]); i++) {
    check_owner(made[i], SOMEBODY, THEIR_GROUP);
  }
  /* and what is root's stays so */
  ck_assert_int_eq(chown(path, 0, 0), 0);
  ck_assert_int_eq(store.put(dir, "others", "a", (const uint8_t *)"x", 1, 0),
                   0);
  check_owner("others/a", 0, 0);
}
END_TEST

START_TEST(nothing_is_given_through_a_symbolic_link) {
  char lock[200];
  char bait[200];
  FILE *f;

  ck_assert_int_eq(put("a", "one", 0), 0);
  (void)snprintf(lock, sizeof(lock), "%s/things/.lock", path);
  (void)snprintf(bait, sizeof(bait), "%s/bait", path);
  f = fopen(bait, "w");
  ck_assert_ptr_nonnull(f);
  ck_assert_int_eq(fclose(f), 0);
  ck_assert_int_eq(unlink(lock), 0);
  ck_assert_int_eq(symlink("../bait", lock), 0);
  if (may_give()) {
    (void)snprintf(lock, sizeof(lock), "%s/things", path);
    ck_assert_int_eq(chown(lock, SOMEBODY, THEIR_GROUP), 0);
  }
  ck_assert_int_eq(put("a", "two", 0), H46017_ERR_STORE_IO);
  ck_assert_str_eq(text_of("a"), "one");
  check_owner("bait", geteuid(), getegid());
}
END_TEST

/* -- several processes ---------------------------------------------------- */

static int take_number(const uint8_t *data, size_t len, void *user_data) {
  (void)len;
  *(int *)user_data = atoi((const char *)data);
  return 0;
}

static void count_up(int rounds) {
  h46017_store_dir *mine = NULL;
  h46017_store s;

  if (h46017_store_dir_new(&mine, path, NULL) != 0) {
    _exit(1);
  }
  h46017_store_dir_store(mine, &s);
  for (int i = 0; i < rounds; i++) {
    char text[16];
    int number = 0;
    int len;

    if (s.begin(mine, "things") != 0 || s.begin(mine, "things") != 0) {
      _exit(2);
    }
    (void)s.get(mine, "things", "sum", take_number, &number);
    len = snprintf(text, sizeof(text), "%d", number + 1);
    if (s.put(mine, "things", "sum", (const uint8_t *)text, (size_t)len, 0) !=
        0) {
      _exit(3);
    }
    s.end(mine, "things");
    s.end(mine, "things");
  }
  h46017_store_dir_del(mine);
  _exit(0);
}

START_TEST(several_processes_lose_nothing) {
  enum { PROCESSES = 4, ROUNDS = 25 };
  pid_t pids[PROCESSES];

  for (int i = 0; i < PROCESSES; i++) {
    pids[i] = fork();
    ck_assert_int_ge(pids[i], 0);
    if (pids[i] == 0) {
      count_up(ROUNDS);
    }
  }
  for (int i = 0; i < PROCESSES; i++) {
    int status = -1;

    ck_assert_int_eq(waitpid(pids[i], &status, 0), pids[i]);
    ck_assert_int_eq(status, 0);
  }
  ck_assert_int_eq(atoi(text_of("sum")), PROCESSES * ROUNDS);
}
END_TEST

/* Entries of a thousand times the same letter, until somebody kills it; after
 * each a line on the pipe. */
static void write_for_ever(int report, bool synced) {
  static uint8_t text[1000];
  h46017_store_dir *mine = NULL;
  h46017_store s;

  if (h46017_store_dir_new(&mine, path, NULL) != 0) {
    _exit(1);
  }
  if (synced) {
    h46017_store_dir_store(mine, &s);
  } else {
    h46017_store_dir_store_unsynced(mine, &s);
  }
  for (int i = 0;; i++) {
    char name[16];

    (void)snprintf(name, sizeof(name), "e%d", i % 7);
    memset(text, 'a' + i % 26, sizeof(text));
    if (s.put(mine, "things", name, text, sizeof(text), 0) != 0 ||
        write(report, text, 1) != 1) {
      _exit(2);
    }
  }
}

static int check_whole(const uint8_t *data, size_t len, void *user_data) {
  ck_assert_uint_eq(len, 1000);
  for (size_t i = 1; i < len; i++) {
    ck_assert_uint_eq(data[i], data[0]);
  }
  *(int *)user_data = data[0];
  return 0;
}

static int check_entry(const char *name, void *user_data) {
  int letter = 0;

  (void)user_data;
  ck_assert_int_eq(store.get(dir, "things", name, check_whole, &letter), 0);
  return 0;
}

/* H46017_KILL_ROUNDS=1000 for the long run. */
static int kill_rounds(void) {
  const char *told = getenv("H46017_KILL_ROUNDS");

  return told != NULL ? atoi(told) : 20;
}

/* With the disk waited for, and without. */
START_TEST(killed_at_any_moment_nothing_is_half_there) {
  int rounds = kill_rounds();

  for (int i = 0; i < rounds; i++) {
    struct timespec pause = {.tv_nsec = (i * 37 % 50) * 20000L};
    int ends[2];
    char last[2] = "";
    char c;
    int done = 0;
    int letter = 0;
    char name[16];
    pid_t pid;

    ck_assert_int_eq(pipe(ends), 0);
    pid = fork();
    ck_assert_int_ge(pid, 0);
    if (pid == 0) {
      (void)close(ends[0]);
      write_for_ever(ends[1], _i == 0);
    }
    (void)close(ends[1]);
    ck_assert_int_eq(read(ends[0], &c, 1), 1); /* it is at it */
    done++;
    last[0] = c;
    (void)nanosleep(&pause, NULL);
    ck_assert_int_eq(kill(pid, SIGKILL), 0);
    while (read(ends[0], &c, 1) == 1) {
      last[0] = c;
      done++;
    }
    (void)close(ends[0]);
    ck_assert_int_eq(waitpid(pid, NULL, 0), pid);
    ck_assert_int_eq(store.list(dir, "things", check_entry, NULL), 0);
    /* what was reported as done is there, or what came after it */
    (void)snprintf(name, sizeof(name), "e%d", (done - 1) % 7);
    ck_assert_int_eq(store.get(dir, "things", name, check_whole, &letter), 0);
    ck_assert_int_eq(letter, last[0]);
  }
}
END_TEST

static int keep_and_look(failmem *f, void *arg) {
  h46017_store_dir *d = NULL;
  h46017_store s;
  char text[4096];
  char list[1024] = "";
  int rv = h46017_store_dir_new(&d, path, &f->mem);

  (void)arg;
  if (rv == 0) {
    h46017_store_dir_store(d, &s);
    rv = s.put(d, "things", "a", (const uint8_t *)"x", 1, 0);
  }
  if (rv == 0) {
    rv = s.get(d, "things", "a", take_text, text);
  }
  if (rv == 0) {
    rv = s.list(d, "things", add_name, list);
  }
  h46017_store_dir_del(d);
  return rv;
}

START_TEST(without_memory_nothing_is_lost) {
  ck_assert_uint_gt(failmem_sweep(keep_and_look, NULL), 3);
}
END_TEST

static Suite *store_suite(void) {
  Suite *s = suite_create("store");
  TCase *tc = tcase_create("store");

  tcase_add_checked_fixture(tc, setup, teardown);
  tcase_set_timeout(tc, 600 + 5 * kill_rounds());
  tcase_add_test(tc, what_is_put_is_there_until_it_is_removed);
  tcase_add_test(tc, a_stamp_is_another_one_after_a_change);
  tcase_add_test(tc, a_name_is_safe_as_a_file_s);
  tcase_add_test(tc, an_entry_has_a_largest_size);
  tcase_add_test(tc, a_secret_is_its_owner_s);
  tcase_add_test(tc, a_failure_says_what_and_leaves_all_as_it_was);
  tcase_add_test(tc, what_a_crash_left_behind_is_cleared_away);
  tcase_add_test(tc, a_change_by_anybody_is_seen);
  tcase_add_test(tc, what_root_makes_belongs_to_whom_the_directory_does);
  tcase_add_test(tc, nothing_is_given_through_a_symbolic_link);
  tcase_add_test(tc, several_processes_lose_nothing);
  tcase_add_loop_test(tc, killed_at_any_moment_nothing_is_half_there, 0, 2);
  tcase_add_test(tc, without_memory_nothing_is_lost);
  suite_add_tcase(s, tc);
  return s;
}

int main(void) {
  return run_suite(store_suite());
}
