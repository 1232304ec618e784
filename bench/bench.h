/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef H46017_BENCH_H
#define H46017_BENCH_H

/* A stopwatch for cases that are compared with each other. Machines are noisy
 * and differ, so all cases are timed in turn, in short batches, for many
 * rounds: what disturbs one round disturbs all that is compared in it. Medians
 * are reported, and ratios are medians of each round's ratio. */

#include <h46017/common.h>
#include <h46017/gatekeeper.h>

typedef struct bench_case bench_case;

/* Does what is measured, `times` times. */
typedef void bench_run(void *arg, unsigned times);

/* Exits the program where there are too many. */
const bench_case *bench_add(bench_run *run, void *arg);

/* All cases, round after round. */
void bench_all(unsigned rounds);

/* Nanoseconds one time takes. */
double bench_ns(const bench_case *c);
/* How many times as long as all of `parts` together. */
double bench_ratio(const bench_case *c, const bench_case *const *parts,
                   size_t count);
/* The same for one. */
double bench_to(const bench_case *c, const bench_case *base);

/* A message to stderr and the end, where rv is not 0. */
void bench_check(int rv, const char *what);

/* What has been allocated through `bench_mem`. */
typedef struct bench_heap {
  size_t allocations; /* since the program began */
  size_t blocks;      /* now */
  size_t octets;      /* now */
} bench_heap;

extern bench_heap bench_heap_now;
extern const h46017_mem bench_mem;

/* Callbacks of programs: octets that look random, the same in every run; a
 * gatekeeper at which everybody may register. */
int bench_rand(uint8_t *dest, size_t len, void *user_data);
h46017_answered bench_select_anybody(h46017_gatekeeper *gk, uint64_t question,
                                     const h46017_registration_question *asked,
                                     h46017_registration_answer *answer,
                                     void *user_data);

/* bench_exchange.c: the tunnel and the sessions. */
void bench_exchange_add(void);
void bench_exchange_report(void);

#endif /* H46017_BENCH_H */
