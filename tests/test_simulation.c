/* SPDX-License-Identifier: BSD-2-Clause */
/* Bad weather, from a seed: wires break, go silent, come back; the gatekeeper
 * forgets, takes its time, refuses; programs start and stop; hours pass. After
 * each step what must always hold is checked, and when the weather clears,
 * everybody has to be registered again.
 *
 *     H46017_SEEDS=100000 test_simulation     so many seeds, 300 by default
 *     H46017_SEED=4711 test_simulation        this one, with its story */
#include "world.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SECOND ((h46017_time)1000)
#define STEPS 60

static const char *const names[] = {"0090332f688a", "0090332f688b",
                                    "009033010203-TEL1", "4711",
                                    "IP222-2f-68-8a"};
#define ENDPOINTS (sizeof(names) / sizeof(names[0]))

typedef struct weather {
  world w;
  world_line *lines[ENDPOINTS];
  uint32_t random;
  unsigned long seed; /* as it was read */
  bool loud;
} weather;

static uint32_t draw(weather *x, uint32_t bound) {
  x->random ^= x->random << 13;
  x->random ^= x->random >> 17;
  x->random ^= x->random << 5;
  return x->random % bound;
}

/* -- what must always hold --------------------------------------------------
 */

static int check_one(const h46017_registered *reg, void *arg) {
  const weather *x = arg;
  const world_line *line = h46017_connection_user_data(reg->connection);

  ck_assert_msg(line->conn == reg->connection,
                "seed %lu: a registration without a connection", x->seed);
  for (size_t i = 0; i < reg->alias_count; i++) {
    const h46017_text *name = &reg->aliases[i].text;
    ck_assert_msg(h46017_gatekeeper_find(x->w.gk, name->text, name->len) == reg,
                  "seed %lu: %s is held twice", x->seed, name->text);
  }
  return 0;
}

static int count_one(const h46017_registered *reg, void *arg) {
  (void)reg;
  (*(size_t *)arg)++;
  return 0;
}

static void check(weather *x) {
  size_t count = 0;

  ck_assert_int_eq(h46017_gatekeeper_each(x->w.gk, check_one, x), 0);
  ck_assert_int_eq(h46017_gatekeeper_each(x->w.gk, count_one, &count), 0);
  ck_assert_uint_eq(count, h46017_gatekeeper_registration_count(x->w.gk));
  ck_assert_uint_le(count, ENDPOINTS);
  for (size_t i = 0; i < ENDPOINTS; i++) {
    const world_line *line = x->lines[i];
    h46017_endpoint_state state = h46017_endpoint_get_state(line->ep);
    bool on_wire =
        state == H46017_ENDPOINT_UP || state == H46017_ENDPOINT_CLOSING;
    ck_assert_msg(on_wire == (line->conn != NULL), "seed %lu: state and wire",
                  x->seed);
    ck_assert(h46017_endpoint_next_expiry(line->ep) > x->w.now);
  }
  ck_assert(h46017_gatekeeper_next_expiry(x->w.gk) > x->w.now);
}

/* -- weather ----------------------------------------------------------------
 */

static void answer_late(weather *x) {
  h46017_registration_answer answer = {.open = draw(x, 4) != 0};

  (void)h46017_gatekeeper_answer(x->w.gk, x->w.question, &answer, x->w.now);
}

static void gust(weather *x) {
  world *w = &x->w;
  world_line *line = x->lines[draw(x, ENDPOINTS)];
  const char *name = names[draw(x, ENDPOINTS)];

  switch (draw(x, 12)) {
  case 0:
  case 1:
    if (line->conn != NULL) {
      world_break(w, line);
    }
    break;
  case 2:
    line->cut = line->conn != NULL; /* half open: nobody is told */
    break;
  case 3:
    line->reachable = !line->reachable;
    break;
  case 4:
    line->chunk = draw(x, 3) == 0 ? SIZE_MAX : draw(x, 200) + 1;
    break;
  case 5:
    w->answered = w->answered == H46017_LATER ? H46017_ANSWERED : H46017_LATER;
    break;
  case 6:
    answer_late(x);
    break;
  case 7:
    w->refuse = w->refuse != 0    ? 0
                : draw(x, 2) == 0 ? H46017_ERR_LIMIT
                                  : H46017_ERR_REFUSED;
    break;
  case 8:
    (void)h46017_gatekeeper_unregister(
        w->gk, name, strlen(name),
        draw(x, 2) == 0 ? H46017_URQ_REASON_ABSENT : H46017_URQ_MAINTENANCE,
        w->now);
    break;
  case 9:
    (void)h46017_endpoint_close(line->ep, w->now);
    break;
  case 10:
    (void)h46017_endpoint_start(line->ep, w->now);
    break;
  default:
    if (line->conn != NULL) {
      (void)h46017_connection_close(line->conn, H46017_ERR_SHUTDOWN, w->now);
    }
    break;
  }
}

static void blow(weather *x) {
  static const h46017_time pauses[] = {1, 100, 3000, 20000, 90000, 600000};

  gust(x);
  ck_assert_msg(world_run(&x->w, x->w.now + pauses[draw(x, 6)]) == 0,
                "seed %lu", x->seed);
  check(x);
}

/* Everything works again. The longest anybody may still wait: a refusal held
 * for its longest, on a connection that then turns out to be dead. */
static void clear_up(weather *x) {
  world *w = &x->w;

  w->refuse = 0;
  w->answered = H46017_ANSWERED;
  for (size_t i = 0; i < ENDPOINTS; i++) {
    x->lines[i]->reachable = true;
    x->lines[i]->cut = false;
  }
  /* One that is closing cannot be started before it has closed. */
  ck_assert_int_eq(world_run(w, w->now + 20 * SECOND), 0);
  for (size_t i = 0; i < ENDPOINTS; i++) {
    (void)h46017_endpoint_start(x->lines[i]->ep, w->now);
  }
  ck_assert_int_eq(world_run(w, w->now + 400 * SECOND), 0);
  check(x);
  for (size_t i = 0; i < ENDPOINTS; i++) {
    const world_line *line = x->lines[i];
    h46017_registration_state state =
        h46017_endpoint_registration_state(line->ep, line->reg);
    if (x->loud || state != H46017_REGISTRATION_REGISTERED) {
      (void)fputs(w->story, stdout);
    }
    ck_assert_msg(state == H46017_REGISTRATION_REGISTERED,
                  "seed %lu: %s is not registered but %s", x->seed, names[i],
                  h46017_registration_state_name(state));
    ck_assert(h46017_gatekeeper_find(w->gk, names[i], strlen(names[i])) !=
              NULL);
  }
}

static void one_seed(unsigned long seed, bool loud) {
  weather x;

  memset(&x, 0, sizeof(x));
  x.seed = seed;
  x.random = (uint32_t)(seed * 2654435761U) | 1;
  x.loud = loud;
  (void)world_init(&x.w, NULL, NULL);
  x.w.random = x.random;
  for (size_t i = 0; i < ENDPOINTS; i++) {
    (void)world_add(&x.w, &x.lines[i], names[i], NULL);
  }
  for (int step = 0; step < STEPS; step++) {
    blow(&x);
  }
  clear_up(&x);
  world_free(&x.w);
}

static unsigned long number_from(const char *variable,
                                 unsigned long otherwise) {
  const char *text = getenv(variable);

  return text != NULL && text[0] != '\0' ? strtoul(text, NULL, 10) : otherwise;
}

START_TEST(everybody_is_registered_when_the_weather_clears) {
  unsigned long seed = number_from("H46017_SEED", 0);
  unsigned long seeds = number_from("H46017_SEEDS", 300);

  if (seed != 0) {
    one_seed(seed, true);
    return;
  }
  for (seed = 1; seed <= seeds; seed++) {
    one_seed(seed, false);
  }
}
END_TEST

int main(void) {
  Suite *s = suite_create("simulation");
  TCase *tc = tcase_create("simulation");
  SRunner *sr;
  int failed;
  tcase_set_timeout(tc, 0);
  tcase_add_test(tc, everybody_is_registered_when_the_weather_clears);
  suite_add_tcase(s, tc);
  sr = srunner_create(s);
  srunner_run_all(sr, CK_NORMAL);
  failed = srunner_ntests_failed(sr);
  srunner_free(sr);
  return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
