/* SPDX-License-Identifier: BSD-2-Clause */
/* Simulated networks (support/sim.h), some in every run.
 *
 *     H46017_SEEDS=100000 test_simulation     so many
 *     tests/simulate --seeds 1000000 --jobs 8     any number, on several cores
 *     tests/simulate --seed 4711                  this one, with its story */
#include "runner.h"
#include "sim.h"
#include "world.h"

#include "session/endpoint.h"
#include "session/gatekeeper.h"
#include "session/invariants.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

static unsigned long number_from(const char *variable,
                                 unsigned long otherwise) {
  const char *text = getenv(variable);

  return text != NULL && text[0] != '\0' ? strtoul(text, NULL, 10) : otherwise;
}

START_TEST(everybody_is_registered_when_the_weather_clears) {
  unsigned long seeds = number_from(
      "H46017_SEEDS", getenv("H46017_NO_TIMES") != NULL ? 100 : 2000);
  uint64_t calls = 0;
  uint64_t later = 0;
  unsigned long idle = 0; /* two who want one name, and a clock that jumps */
  sim_result result;

  for (unsigned long seed = 1; seed <= seeds; seed++) {
    sim_run(seed, NULL, &result);
    ck_assert_msg(!result.failed, "seed %lu: %s (simulate --seed %lu)", seed,
                  result.why, seed);
    idle += result.registered == 0;
    calls += result.calls;
    later += result.later;
  }
  ck_assert_uint_le(idle, seeds / 1000);
  ck_assert_uint_gt(calls, 0);
  ck_assert_uint_gt(later, 0);
}
END_TEST

START_TEST(the_same_seed_is_the_same_run) {
  FILE *nowhere = fopen("/dev/null", "w");
  sim_result first;
  sim_result again;

  ck_assert_ptr_nonnull(nowhere);
  for (uint64_t seed = 1; seed <= 20; seed++) {
    sim_run(seed, NULL, &first);
    sim_run(seed, NULL, &again);
    ck_assert_uint_eq(first.digest, again.digest);
    ck_assert_uint_eq(first.steps, again.steps);
    sim_run(seed, nowhere, &again); /* told, and looked at more often */
    ck_assert_uint_eq(first.digest, again.digest);
    sim_run(seed + 1, NULL, &again);
    ck_assert_uint_ne(first.digest, again.digest);
  }
  (void)fclose(nowhere);
}
END_TEST

static bool says(const char *broken, const char *number) {
  return broken != NULL && strncmp(broken, number, strlen(number)) == 0;
}

static void broken_endpoint_is_noticed(h46017_endpoint *ep) {
  endpoint_registration *r = ep->registrations;
  const int state = r->state;

  r->told = false;
  ck_assert(says(h46017_endpoint_check_invariants(ep), "INV-31"));
  r->told = true;
  r->state = H46017_REGISTRATION_REGISTERING;
  ck_assert(says(h46017_endpoint_check_invariants(ep), "INV-31"));
  r->state = state;
  r->asked++;
  ck_assert(says(h46017_endpoint_check_invariants(ep), "INV-31"));
  r->asked--;
  r->confirmed++;
  ck_assert(says(h46017_endpoint_check_invariants(ep), "INV-31"));
  r->confirmed--;
  ck_assert_ptr_null(h46017_endpoint_check_invariants(ep));
}

/* A check that finds nothing wrong must be able to. */
START_TEST(what_is_broken_is_noticed) {
  world w;
  world_line *line;
  h46017_connection *c;
  gk_registration *r;
  gk_registration *other;

  (void)world_init(&w, NULL, NULL);
  (void)world_add(&w, &line, "0090332f688a", NULL);
  (void)world_run(&w, w.now + 1000);
  c = line->conn;
  r = c->registrations;
  ck_assert_ptr_null(h46017_gatekeeper_check_invariants(w.gk));
  ck_assert_ptr_null(h46017_endpoint_check_invariants(line->ep));
  broken_endpoint_is_noticed(line->ep);

  other = r->names.list[0].holder;
  r->names.list[0].holder = (gk_registration *)(void *)w.gk;
  ck_assert(says(h46017_gatekeeper_check_invariants(w.gk), "INV-30"));
  r->names.list[0].holder = other;

  r->state = GK_REG_GRACE;
  ck_assert(says(h46017_gatekeeper_check_invariants(w.gk), "INV-31"));
  r->state = GK_REG_REGISTERED;

  c->state = GK_CONN_CLOSED;
  ck_assert(says(h46017_gatekeeper_check_invariants(w.gk), "INV-31"));
  c->state = GK_CONN_UP;

  r->timer.index = 7;
  ck_assert(says(h46017_gatekeeper_check_invariants(w.gk), "INV-34"));
  r->timer.index = 0;

  c->ready = true;
  ck_assert(says(h46017_gatekeeper_check_invariants(w.gk), "INV-35"));
  c->ready = false;

  w.gk->registration_count++;
  ck_assert(says(h46017_gatekeeper_check_invariants(w.gk), "INV-31"));
  w.gk->registration_count--;

  ck_assert_ptr_null(h46017_gatekeeper_check_invariants(w.gk));
  world_free(&w);
}
END_TEST

int main(void) {
  Suite *s = suite_create("simulation");
  TCase *tc = tcase_create("simulation");

  tcase_set_timeout(tc, 0);
  tcase_add_test(tc, everybody_is_registered_when_the_weather_clears);
  tcase_add_test(tc, the_same_seed_is_the_same_run);
  tcase_add_test(tc, what_is_broken_is_noticed);
  suite_add_tcase(s, tc);
  return run_suite(s);
}
