/* SPDX-License-Identifier: BSD-2-Clause */
/* Which time of day is believed, and that nothing a clock shows can put it out
 * of reach for good. */
#include "failmem.h"
#include "pki.h"
#include "runner.h"

#include <h46017/clock.h>
#include <h46017/error.h>

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define RELEASE INT64_C(1767225600) /* 2026-01-01 */
#define Y2100 INT64_C(4102444800)
#define HOUR INT64_C(3600)
#define DAY (24 * HOUR)

static char root[64];
static h46017_store_dir *dir;
static h46017_store store;
static h46017_clock *clock_;
static h46017_time now; /* monotonic */

static void begin_at(int64_t start_up) {
  h46017_clock_settings s;

  h46017_clock_settings_default(&s);
  s.release = RELEASE;
  s.start_up = start_up;
  h46017_clock_del(clock_);
  clock_ = NULL;
  ck_assert_int_eq(h46017_clock_new(&clock_, &store, &s, NULL), 0);
}

/* The machine starts: monotonic time begins anywhere. */
static void boot(void) {
  now = (h46017_time)(now * 7919 % 1000000);
  begin_at(0);
}

static void setup(void) {
  (void)snprintf(root, sizeof(root), "/tmp/h46017-clock-XXXXXX");
  ck_assert_ptr_nonnull(mkdtemp(root));
  ck_assert_int_eq(h46017_store_dir_new(&dir, root, NULL), 0);
  h46017_store_dir_store_unsynced(dir, &store);
  now = 5;
  clock_ = NULL;
  boot();
}

static void teardown(void) {
  char command[100];

  h46017_clock_del(clock_);
  h46017_store_dir_del(dir);
  (void)snprintf(command, sizeof(command), "rm -rf %s", root);
  ck_assert_int_eq(system(command), 0);
}

/* 0, or why not; the time told is the one shown. */
static int look(int64_t wall) {
  int64_t utc = -1;
  int rv = h46017_clock_look(clock_, wall, now, &utc);

  ck_assert_int_eq(utc, rv == 0 ? wall : -1);
  return rv;
}

/* A machine that runs for so long with a clock that shows this, looking once a
 * minute. */
static void run(int64_t wall, int64_t seconds) {
  for (int64_t t = 0; t <= seconds; t += 60) {
    (void)look(wall + t);
    now += t + 60 <= seconds ? 60000 : 0;
  }
}

START_TEST(below_the_release_the_clock_is_not_set) {
  ck_assert_int_eq(look(0), H46017_ERR_CLOCK_NOT_SET);
  ck_assert_int_eq(look(-1), H46017_ERR_CLOCK_NOT_SET);
  ck_assert_int_eq(look(INT64_MIN), H46017_ERR_CLOCK_NOT_SET);
  ck_assert_int_eq(look(946684800), H46017_ERR_CLOCK_NOT_SET); /* 2000 */
  ck_assert_int_eq(look(RELEASE - 1), H46017_ERR_CLOCK_NOT_SET);
  ck_assert_int_eq(look(RELEASE), 0);
  ck_assert_int_eq(look(INT64_MAX), 0);
  ck_assert_int_eq(h46017_clock_floor(clock_), RELEASE);
}
END_TEST

START_TEST(the_floor_moves_on_with_the_time_that_passed) {
  run(RELEASE + 30 * DAY, 2 * HOUR);
  /* not to what the clock shows: by what passed */
  ck_assert_int_eq(h46017_clock_floor(clock_), RELEASE + 2 * HOUR);
  boot();
  ck_assert_int_eq(h46017_clock_floor(clock_), RELEASE + 2 * HOUR);
  ck_assert_int_eq(look(RELEASE + 2 * HOUR - 1), H46017_ERR_CLOCK_NOT_SET);
  ck_assert_int_eq(look(RELEASE + 2 * HOUR), 0);
}
END_TEST

START_TEST(seconds_add_up_however_often_it_is_looked) {
  for (int i = 0; i <= 1000; i++) {
    (void)look(RELEASE + DAY + i / 4);
    now += 250;
  }
  ck_assert_int_ge(h46017_clock_floor(clock_), RELEASE + 180);
  ck_assert_int_le(h46017_clock_floor(clock_), RELEASE + 250);
}
END_TEST

START_TEST(a_boot_at_2100) {
  int64_t truth = RELEASE + 100 * DAY;

  /* again and again: an hour each, and the true time goes on by as much */
  for (int i = 0; i < 50; i++) {
    boot();
    run(Y2100 + i * DAY, HOUR);
    truth += HOUR;
    ck_assert_int_le(h46017_clock_floor(clock_), truth);
  }
  boot();
  ck_assert_int_eq(look(truth), 0);
}
END_TEST

START_TEST(a_jump_of_the_clock_while_it_runs_is_no_time_that_passed) {
  run(RELEASE + DAY, HOUR);
  run(Y2100, HOUR);             /* somebody typed it */
  run(RELEASE + DAY, HOUR);     /* and corrected it */
  run(RELEASE + 2 * DAY, HOUR); /* and NTP came */
  /* each jump itself counts for no more than the minute it took */
  ck_assert_int_le(h46017_clock_floor(clock_), RELEASE + 4 * HOUR + 240);
  ck_assert_int_ge(h46017_clock_floor(clock_), RELEASE + 4 * HOUR - 240);
}
END_TEST

START_TEST(no_step_is_longer_than_a_day_or_past_the_clock) {
  (void)look(RELEASE + 300 * DAY);
  now += (h46017_time)(30 * DAY) * 1000;
  (void)look(RELEASE + 330 * DAY);
  ck_assert_int_eq(h46017_clock_floor(clock_), RELEASE + DAY);
  /* a monotonic clock that leaps, and a clock that stands */
  now = H46017_TIME_NEVER;
  (void)look(RELEASE + 330 * DAY);
  ck_assert_int_eq(h46017_clock_floor(clock_), RELEASE + DAY);
  ck_assert_int_eq(h46017_clock_reset(clock_), 0);
  now = 0;
  (void)look(RELEASE);
  now += (h46017_time)DAY * 1000;
  (void)look(RELEASE + HOUR);
  ck_assert_int_eq(h46017_clock_floor(clock_), RELEASE + HOUR);
}
END_TEST

START_TEST(time_that_goes_back_changes_nothing) {
  run(RELEASE + DAY, HOUR);
  now -= 1800000;
  (void)look(RELEASE + DAY + HOUR);
  ck_assert_int_eq(h46017_clock_floor(clock_), RELEASE + HOUR);
  ck_assert_int_eq(look(1000), H46017_ERR_CLOCK_NOT_SET);
  ck_assert_int_eq(h46017_clock_floor(clock_), RELEASE + HOUR);
}
END_TEST

START_TEST(a_floor_that_is_wrong_can_be_reset) {
  char text[32];

  (void)snprintf(text, sizeof(text), "%lld\n", (long long)Y2100);
  ck_assert_int_eq(
      store.put(dir, "clock", "floor", (const uint8_t *)text, strlen(text), 0),
      0);
  boot();
  ck_assert_int_eq(h46017_clock_floor(clock_), Y2100);
  ck_assert_int_eq(look(RELEASE + DAY), H46017_ERR_CLOCK_NOT_SET);
  ck_assert_int_eq(h46017_clock_reset(clock_), 0);
  ck_assert_int_eq(look(RELEASE + DAY), 0);
  boot();
  ck_assert_int_eq(look(RELEASE + DAY), 0);
  ck_assert_int_eq(h46017_clock_reset(clock_), 0); /* nothing to reset */
}
END_TEST

START_TEST(a_damaged_floor_is_none) {
  static const char *const texts[] = {
      "",   "now",         "-1\n",          "2100-01-01\n",
      "1x", "4102444800 ", "9999999999999", "99999999999999999999999\n",
      "1\n" /* before the release */};

  for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
    ck_assert_int_eq(store.put(dir, "clock", "floor", (const uint8_t *)texts[i],
                               strlen(texts[i]), 0),
                     0);
    boot();
    ck_assert_msg(h46017_clock_floor(clock_) == RELEASE, "%s", texts[i]);
  }
}
END_TEST

START_TEST(two_programs_keep_what_the_one_that_ran_longer_saw) {
  h46017_clock *first = clock_;

  run(RELEASE + DAY, HOUR);
  clock_ = NULL;
  begin_at(0);
  run(RELEASE + DAY, HOUR);
  ck_assert_int_eq(h46017_clock_floor(clock_), RELEASE + 2 * HOUR);
  h46017_clock_del(clock_);
  clock_ = first; /* knows less, and writes */
  run(RELEASE + DAY + HOUR, HOUR / 2);
  boot();
  ck_assert_int_ge(h46017_clock_floor(clock_), RELEASE + 2 * HOUR - 600);
}
END_TEST

START_TEST(a_start_up_time_stands_in_for_a_clock_that_is_not_set) {
  int64_t start = RELEASE + 10 * DAY;
  int64_t utc = 0;

  begin_at(start);
  ck_assert_int_eq(h46017_clock_look(clock_, 0, now, &utc), 0);
  ck_assert_int_eq(utc, start);
  ck_assert(h46017_clock_is_assumed(clock_));
  now += 90000;
  ck_assert_int_eq(h46017_clock_look(clock_, 90, now, &utc), 0);
  ck_assert_int_eq(utc, start + 90);
  /* and the clock is taken as soon as it is set */
  ck_assert_int_eq(look(RELEASE + 20 * DAY), 0);
  ck_assert(!h46017_clock_is_assumed(clock_));
  /* a start-up time that is known to be past is moved on */
  begin_at(RELEASE - 5 * DAY);
  ck_assert_int_eq(h46017_clock_look(clock_, 0, now, &utc), 0);
  ck_assert_int_eq(utc, h46017_clock_floor(clock_));
}
END_TEST

START_TEST(an_own_certificate_tells_a_clock_that_is_ahead) {
  SSL_CTX *ctx = SSL_CTX_new(TLS_method());
  int64_t today = (int64_t)time(NULL);
  pki_cert own = pki_leaf("gk", NULL);

  ck_assert_int_eq(h46017_clock_check_own(Y2100, ctx), 0); /* there is none */
  pki_use(ctx, &own, NULL);
  ck_assert_int_eq(h46017_clock_check_own(today, ctx), 0);
  ck_assert_int_eq(h46017_clock_check_own(Y2100, ctx), H46017_ERR_CLOCK_AHEAD);
  pki_free(&own);
  SSL_CTX_free(ctx);
}
END_TEST

static int failing(void *object, const char *collection, const char *name,
                   h46017_store_take take, void *user_data) {
  (void)object;
  (void)collection;
  (void)name;
  (void)take;
  (void)user_data;
  return H46017_ERR_STORE_IO;
}

START_TEST(arguments_and_stores_are_looked_at) {
  h46017_clock_settings s;
  h46017_clock *c = NULL;
  h46017_store broken = store;

  ck_assert_int_eq(h46017_clock_new(NULL, NULL, NULL, NULL),
                   H46017_ERR_INVALID_ARGUMENT);
  broken.end = NULL;
  ck_assert_int_eq(h46017_clock_new(&c, &broken, NULL, NULL),
                   H46017_ERR_INVALID_ARGUMENT);
  broken = store;
  broken.get = failing;
  ck_assert_int_eq(h46017_clock_new(&c, &broken, NULL, NULL),
                   H46017_ERR_STORE_IO);
  h46017_clock_settings_default(&s);
  ck_assert_int_gt(s.release, 0);
  s.release = -1;
  ck_assert_int_eq(h46017_clock_new(&c, NULL, &s, NULL),
                   H46017_ERR_INVALID_ARGUMENT);
  s.release = RELEASE;
  s.start_up = INT64_MAX;
  ck_assert_int_eq(h46017_clock_new(&c, NULL, &s, NULL),
                   H46017_ERR_INVALID_ARGUMENT);
  ck_assert_ptr_null(c);
  /* kept nowhere it works as well */
  ck_assert_int_eq(h46017_clock_new(&c, NULL, NULL, NULL), 0);
  h46017_clock_del(clock_);
  clock_ = c;
  ck_assert_int_eq(look(0), H46017_ERR_CLOCK_NOT_SET);
  run(RELEASE, HOUR);
  ck_assert_int_eq(h46017_clock_reset(clock_), 0);
}
END_TEST

static int make(failmem *f, void *arg) {
  h46017_clock *c = NULL;
  int rv = h46017_clock_new(&c, NULL, NULL, &f->mem);

  (void)arg;
  h46017_clock_del(c);
  return rv;
}

START_TEST(without_memory_there_is_none) {
  ck_assert_uint_eq(failmem_sweep(make, NULL), 1);
}
END_TEST

static Suite *clock_suite(void) {
  Suite *s = suite_create("clock");
  TCase *tc = tcase_create("clock");

  tcase_add_checked_fixture(tc, setup, teardown);
  tcase_set_timeout(tc, 60);
  tcase_add_test(tc, below_the_release_the_clock_is_not_set);
  tcase_add_test(tc, the_floor_moves_on_with_the_time_that_passed);
  tcase_add_test(tc, seconds_add_up_however_often_it_is_looked);
  tcase_add_test(tc, a_boot_at_2100);
  tcase_add_test(tc, a_jump_of_the_clock_while_it_runs_is_no_time_that_passed);
  tcase_add_test(tc, no_step_is_longer_than_a_day_or_past_the_clock);
  tcase_add_test(tc, time_that_goes_back_changes_nothing);
  tcase_add_test(tc, a_floor_that_is_wrong_can_be_reset);
  tcase_add_test(tc, a_damaged_floor_is_none);
  tcase_add_test(tc, two_programs_keep_what_the_one_that_ran_longer_saw);
  tcase_add_test(tc, a_start_up_time_stands_in_for_a_clock_that_is_not_set);
  tcase_add_test(tc, an_own_certificate_tells_a_clock_that_is_ahead);
  tcase_add_test(tc, arguments_and_stores_are_looked_at);
  tcase_add_test(tc, without_memory_there_is_none);
  suite_add_tcase(s, tc);
  return s;
}

int main(void) {
  return run_suite(clock_suite());
}
