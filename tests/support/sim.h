/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef H46017_TESTS_SIM_H
#define H46017_TESTS_SIM_H

/* A whole network in one process, from a seed: gatekeepers that are killed,
 * reloaded and given another policy; endpoints with several of them in their
 * list and alternates that these name, with names of every type, more of them
 * added later, with passwords and clocks that are wrong; calls that both sides
 * begin, and end at any time; links with delay that break at any octet, go
 * silent, are replaced behind a NAT; clocks that jump; programs that answer
 * now, later, never, and do in callbacks what they may; memory that runs out.
 * After each step what doc/invariants.md says is checked; when the weather
 * clears, everybody has to be registered again and every call has to end.
 *
 * The same seed is the same run, event by event. */

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

typedef struct sim_result {
  bool failed;
  char why[160];
  uint64_t steps;
  uint64_t registered; /* registrations and refreshes confirmed */
  uint64_t calls;      /* that were answered */
  uint64_t later;      /* questions where a call goes, answered later */
  uint64_t digest;     /* of everything that happened */
  size_t hosts;
} sim_result;

/* `story`: what happens is written there, a line an event; NULL: nowhere. */
void sim_run(uint64_t seed, FILE *story, sim_result *result);

#endif /* H46017_TESTS_SIM_H */
