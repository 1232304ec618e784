/* SPDX-License-Identifier: BSD-2-Clause */
/* Separate objects on separate threads, beginning at the same moment: nothing
 * is shared but the codec's table, which the first to come builds. Meant for
 * ThreadSanitizer; true without it too. */
#include "octets.h"
#include "runner.h"
#include "world.h"

#include <h46017/h225.h>

#include <check.h>
#include <pthread.h>
#include <string.h>

#define THREADS 6
#define RRJ "14000001060008914a0006840100"

static pthread_barrier_t begin;

static void together(void *(*work)(void *)) {
  pthread_t threads[THREADS];
  int numbers[THREADS];

  ck_assert_int_eq(pthread_barrier_init(&begin, NULL, THREADS), 0);
  for (int i = 0; i < THREADS; i++) {
    numbers[i] = i;
    ck_assert_int_eq(pthread_create(&threads[i], NULL, work, &numbers[i]), 0);
  }
  for (int i = 0; i < THREADS; i++) {
    void *done = NULL;
    ck_assert_int_eq(pthread_join(threads[i], &done), 0);
    ck_assert_ptr_eq(done, &numbers[i]);
  }
  ck_assert_int_eq(pthread_barrier_destroy(&begin), 0);
}

/* The first use of the codec in this process, by all of them at once. */
static void *decode_first(void *arg) {
  octets pdu = octets_hex(RRJ);
  h46017_h225 *m = NULL;
  uint8_t out[64];
  size_t len = 0;

  (void)pthread_barrier_wait(&begin);
  ck_assert_int_eq(h46017_h225_new(&m, NULL, NULL), 0);
  for (int i = 0; i < 100; i++) {
    ck_assert_int_eq(
        h46017_h225_decode(m, h46017_h225_ras_message(), pdu.data, pdu.len), 0);
    ck_assert_int_eq(h46017_h225_encode(m, out, sizeof(out), &len), 0);
    ck_assert_uint_eq(len, pdu.len);
    ck_assert_mem_eq(out, pdu.data, len);
  }
  ck_assert_ptr_nonnull(h46017_h225_type_find("EnumeratedParameter"));
  h46017_h225_del(m);
  octets_free(&pdu);
  return arg;
}

START_TEST(the_codec_s_table_is_built_once_for_all) {
  together(decode_first);
}
END_TEST

/* A gatekeeper, its endpoints and their clock: one thread's. */
static void *live(void *arg) {
  world w;
  world_line *line[3];
  const char *const names[] = {"one", "two", "three"};

  (void)world_init(&w, NULL, NULL);
  for (int i = 0; i < 3; i++) {
    (void)world_add(&w, &line[i], names[i], NULL);
    line[i]->chunk = (size_t)(*(const int *)arg + 1) * 7;
  }
  (void)pthread_barrier_wait(&begin);
  ck_assert_int_eq(world_run(&w, 600000), 0);
  ck_assert_int_eq(world_count(&w, "gk registered"), 3);
  ck_assert_int_gt(world_count(&w, "gk refreshed"), 3);
  world_break(&w, line[1]);
  ck_assert_int_eq(world_run(&w, 900000), 0);
  for (int i = 0; i < 3; i++) {
    ck_assert_int_eq(h46017_endpoint_close(line[i]->ep, w.now), 0);
  }
  ck_assert_int_eq(world_run(&w, w.now + 1000), 0);
  ck_assert_int_eq(world_count(&w, "gk unregistered"), 4);
  world_free(&w);
  return arg;
}

START_TEST(gatekeepers_on_several_threads_know_nothing_of_each_other) {
  together(live);
}
END_TEST

int main(void) {
  Suite *s = suite_create("threads");
  TCase *tc = tcase_create("independence");

  /* first: nothing has used the codec yet */
  tcase_add_test(tc, the_codec_s_table_is_built_once_for_all);
  tcase_add_test(tc, gatekeepers_on_several_threads_know_nothing_of_each_other);
  suite_add_tcase(s, tc);
  return run_suite(s);
}
