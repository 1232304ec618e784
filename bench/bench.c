/* SPDX-License-Identifier: BSD-2-Clause */
#include "bench.h"

#include <h46017/error.h>

#include <stdalign.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define CASES_MAX 64
#define BATCH_NS 100000.0 /* well below what a scheduler gives at a time */

struct bench_case {
  bench_run *run;
  void *arg;
  unsigned times; /* of a batch */
  double *ns;     /* one a round */
};

static bench_case cases[CASES_MAX];
static size_t case_count;
static size_t round_count;

const bench_case *bench_add(bench_run *run, void *arg) {
  if (case_count == CASES_MAX) {
    bench_check(H46017_ERR_OUT_OF_RANGE, "more cases than there is room for");
  }
  cases[case_count].run = run;
  cases[case_count].arg = arg;
  return &cases[case_count++];
}

static double bench_batch(const bench_case *c, unsigned times) {
  struct timespec begin;
  struct timespec end;

  clock_gettime(CLOCK_MONOTONIC, &begin);
  c->run(c->arg, times);
  clock_gettime(CLOCK_MONOTONIC, &end);
  return (double)(end.tv_sec - begin.tv_sec) * 1e9 +
         (double)(end.tv_nsec - begin.tv_nsec);
}

/* The shortest of a few: another process may have had the others. */
static double bench_shortest(const bench_case *c, unsigned times) {
  double shortest = bench_batch(c, times);

  for (int i = 0; i < 4; i++) {
    double ns = bench_batch(c, times);
    shortest = ns < shortest ? ns : shortest;
  }
  return shortest;
}

/* How many times fill a batch; warms up as it goes. */
static void bench_calibrate(bench_case *c) {
  for (c->times = 1; bench_shortest(c, c->times) < BATCH_NS; c->times *= 2) {
  }
}

void bench_all(unsigned rounds) {
  for (size_t i = 0; i < case_count; i++) {
    cases[i].ns = calloc(rounds, sizeof(double));
    if (cases[i].ns == NULL) {
      bench_check(H46017_ERR_NOMEM, "rounds");
    }
    bench_calibrate(&cases[i]);
  }
  for (round_count = 0; round_count < rounds; round_count++) {
    for (size_t i = 0; i < case_count; i++) {
      cases[i].ns[round_count] =
          bench_batch(&cases[i], cases[i].times) / cases[i].times;
    }
  }
}

static int bench_compare(const void *a, const void *b) {
  double x;
  double y;

  memcpy(&x, a, sizeof(x));
  memcpy(&y, b, sizeof(y));
  return (x > y) - (x < y);
}

/* Takes the array. */
static double bench_median(double *values) {
  double median;

  qsort(values, round_count, sizeof(*values), bench_compare);
  median = values[round_count / 2];
  free(values);
  return median;
}

static double *bench_values(void) {
  double *values = calloc(round_count, sizeof(*values));

  if (values == NULL) {
    bench_check(H46017_ERR_NOMEM, "values");
  }
  return values;
}

double bench_ns(const bench_case *c) {
  double *values = bench_values();

  memcpy(values, c->ns, round_count * sizeof(*values));
  return bench_median(values);
}

double bench_ratio(const bench_case *c, const bench_case *const *parts,
                   size_t count) {
  double *values = bench_values();

  for (size_t i = 0; i < round_count; i++) {
    double sum = 0;
    for (size_t k = 0; k < count; k++) {
      sum += parts[k]->ns[i];
    }
    values[i] = c->ns[i] / sum;
  }
  return bench_median(values);
}

double bench_to(const bench_case *c, const bench_case *base) {
  return bench_ratio(c, &base, 1);
}

void bench_check(int rv, const char *what) {
  if (rv != 0) {
    fprintf(stderr, "bench: %s: %s\n", what, h46017_strerror(rv));
    exit(EXIT_FAILURE);
  }
}

/* -- the heap, counted ----------------------------------------------------- */

bench_heap bench_heap_now;

typedef struct heap_block {
  size_t size;
  alignas(max_align_t) unsigned char data[];
} heap_block;

static heap_block *heap_of(void *ptr) {
  return (heap_block *)(void *)((unsigned char *)ptr -
                                offsetof(heap_block, data));
}

static void *heap_take(heap_block *b, size_t size) {
  if (b == NULL) {
    return NULL;
  }
  b->size = size;
  bench_heap_now.allocations++;
  bench_heap_now.blocks++;
  bench_heap_now.octets += size;
  return b->data;
}

static void heap_forget(const heap_block *b) {
  bench_heap_now.blocks--;
  bench_heap_now.octets -= b->size;
}

static void *heap_malloc(size_t size, void *user_data) {
  (void)user_data;
  return heap_take(malloc(sizeof(heap_block) + size), size);
}

static void *heap_calloc(size_t nmemb, size_t size, void *user_data) {
  (void)user_data;
  return heap_take(calloc(1, sizeof(heap_block) + nmemb * size), nmemb * size);
}

static void heap_free(void *ptr, void *user_data) {
  (void)user_data;
  if (ptr != NULL) {
    heap_forget(heap_of(ptr));
    free(heap_of(ptr));
  }
}

static void *heap_realloc(void *ptr, size_t size, void *user_data) {
  heap_block *b;

  if (ptr == NULL) {
    return heap_malloc(size, user_data);
  }
  heap_forget(heap_of(ptr));
  b = realloc(heap_of(ptr), sizeof(*b) + size);
  if (b == NULL) {
    bench_check(H46017_ERR_NOMEM, "realloc");
  }
  return heap_take(b, size);
}

const h46017_mem bench_mem = {NULL, heap_malloc, heap_free, heap_calloc,
                              heap_realloc};

/* -- programs -------------------------------------------------------------- */

int bench_rand(uint8_t *dest, size_t len, void *user_data) {
  static uint32_t state;

  (void)user_data;
  for (size_t i = 0; i < len; i++) {
    state = state * 1103515245 + 12345;
    dest[i] = (uint8_t)(state >> 16);
  }
  return 0;
}

h46017_answered bench_select_anybody(h46017_gatekeeper *gk, uint64_t question,
                                     const h46017_registration_question *asked,
                                     h46017_registration_answer *answer,
                                     void *user_data) {
  (void)gk;
  (void)question;
  (void)asked;
  (void)user_data;
  answer->open = true;
  return H46017_ANSWERED;
}
