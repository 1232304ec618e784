/* SPDX-License-Identifier: BSD-2-Clause */
/* Any number of simulated networks, on several cores:
 *
 *     simulate --seeds 1000000 [--first 1] [--jobs 2]
 *     simulate --seed 4711          this one, with its story */
#include "sim.h"

#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define NEWS 1000 /* seeds between lines that say how far it is */

/* Every jobs-th seed from `first` on; one that fails is named, and those after
 * it have their turn. */
static int run(uint64_t first, uint64_t end, uint64_t jobs) {
  uint64_t steps = 0;
  uint64_t seeds = 0;
  uint64_t failed = 0;
  uint64_t registered = 0;
  uint64_t calls = 0;

  for (uint64_t seed = first; seed < end; seed += jobs) {
    sim_result result;
    sim_run(seed, NULL, &result);
    seeds++;
    steps += result.steps;
    registered += result.registered;
    calls += result.calls;
    if (result.failed) {
      failed++;
      (void)printf("seed %llu failed: %s\n", (unsigned long long)seed,
                   result.why);
      (void)printf("again, with its story: simulate --seed %llu\n",
                   (unsigned long long)seed);
    }
    if (result.failed || seeds % NEWS == 0) {
      (void)printf("up to %llu: %llu seeds, %llu failed\n",
                   (unsigned long long)seed, (unsigned long long)seeds,
                   (unsigned long long)failed);
      (void)fflush(stdout);
    }
  }
  (void)printf("%llu seeds, %llu failed; %llu steps, %llu registrations and "
               "refreshes, %llu calls answered\n",
               (unsigned long long)seeds, (unsigned long long)failed,
               (unsigned long long)steps, (unsigned long long)registered,
               (unsigned long long)calls);
  return failed > 0;
}

static int run_jobs(uint64_t first, uint64_t seeds, uint64_t jobs) {
  int failed = 0;
  int status;

  (void)fflush(stdout);
  for (uint64_t i = 0; i < jobs; i++) {
    pid_t pid = fork();
    if (pid == 0) {
      int rv = run(first + i, first + seeds, jobs);
      (void)fflush(stdout);
      _exit(rv);
    }
    failed |= pid < 0;
  }
  while (wait(&status) > 0) {
    if (WIFSIGNALED(status)) {
      (void)printf("a job ended by signal %d: from where it was last heard of, "
                   "with --jobs 1 under a debugger\n",
                   WTERMSIG(status));
    }
    failed |= !WIFEXITED(status) || WEXITSTATUS(status) != 0;
  }
  return failed;
}

int main(int argc, char **argv) {
  uint64_t first = 1;
  uint64_t seeds = 1000;
  uint64_t jobs = 1;

  for (int i = 1; i + 1 < argc; i += 2) {
    uint64_t n = strtoull(argv[i + 1], NULL, 10);
    if (strcmp(argv[i], "--seed") == 0) {
      sim_result result;
      sim_run(n, stdout, &result);
      return result.failed;
    }
    if (strcmp(argv[i], "--seeds") == 0) {
      seeds = n;
    } else if (strcmp(argv[i], "--first") == 0) {
      first = n;
    } else if (strcmp(argv[i], "--jobs") == 0 && n > 0) {
      jobs = n;
    } else {
      argc = 0;
    }
  }
  if (argc % 2 == 0) {
    (void)fprintf(stderr, "usage: simulate [--seed N | --seeds N] [--first N] "
                          "[--jobs N]\n");
    return 2;
  }
  return jobs == 1 ? run(first, first + seeds, 1)
                   : run_jobs(first, seeds, jobs);
}
