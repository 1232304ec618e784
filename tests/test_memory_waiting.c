/* SPDX-License-Identifier: BSD-2-Clause */
/* Requests that wait, and those that are refused, with every allocation of the
 * gatekeeper's failing in turn. It keeps no message: each has to be made. Who
 * sends them loses its connection at the most; who was there before is. */
#include "failmem.h"
#include "ras_sample.h"
#include "registrar.h"
#include "runner.h"

#include "session/gatekeeper.h"
#include "session/invariants.h"

#include <check.h>
#include <string.h>

enum { ONE, TWO, THREE, OTHER, PEERS };

static world w;
static peer p[PEERS];
static char id[PEERS][32]; /* of those that were registered before */
static uint16_t seq;

static void look(void) {
  const char *broken = h46017_gatekeeper_check_invariants(w.gk);

  ck_assert_msg(broken == NULL, "%s", broken);
}

/* Says it, if it is still connected; NULL: takes what waits for it. */
static void say(int who, h46017_ras *ras) {
  world_starve(&w);
  if (!h46017_connection_want_read(p[who].conn)) {
    return;
  }
  if (ras != NULL) {
    ras->request_seq_num = ++seq;
    peer_write(&p[who], ras);
  }
  (void)peer_carry(&p[who]);
  look();
}

static void say_rrq(int who, const char *name) {
  h46017_ras ras = peer_rrq(0, name, NULL);

  say(who, &ras);
}

static void say_keep_alive(int who) {
  h46017_ras ras = keep_alive(0, id[who]);

  say(who, &ras);
}

static void say_urq(int who) {
  h46017_ras ras = {.kind = H46017_RAS_URQ};

  ras.u.urq.endpoint_identifier = (h46017_text){id[who], strlen(id[who])};
  ras.u.urq.reason = H46017_URQ_REASON_ABSENT;
  say(who, &ras);
}

static void wait(h46017_time ms) {
  world_starve(&w);
  pass(&w, ms);
  look();
}

static void answer(uint64_t question) {
  const h46017_registration_answer yes = {.open = true, .time_to_live = 60};
  int rv;

  world_starve(&w);
  rv = h46017_gatekeeper_answer(w.gk, question, &yes, w.now);
  ck_assert_msg(rv == 0 || rv == H46017_ERR_NOMEM || rv == H46017_ERR_NOT_FOUND,
                "%s", h46017_error_name(rv));
  look();
}

/* -- the stories ----------------------------------------------------------- */

/* All about one registration: each after the one before. */
static void one_after_the_other(void) {
  uint64_t first;

  w.answered = H46017_LATER;
  say_rrq(ONE, "0");
  first = w.question;
  say_keep_alive(ONE);
  say_rrq(ONE, "0");
  say_urq(ONE);
  answer(first);
  answer(w.question);
  say(ONE, NULL);
}

/* One full RRQ at once, then one each half second. */
static void in_their_turn(void) {
  for (int i = ONE; i <= THREE; i++) {
    say_rrq(i, i == ONE ? "new0" : i == TWO ? "new1" : "new2");
  }
  for (int i = 0; i < 6; i++) {
    wait(500);
  }
}

/* It holds the name, and is asked whether it lives. */
static void from_one_that_is_dead(void) {
  say_rrq(TWO, "0");
  wait(4000);
  say(TWO, NULL);
}

static void from_one_that_lives(void) {
  say_rrq(TWO, "0");
  say(ONE, NULL);
  say_keep_alive(ONE);
  say(TWO, NULL);
}

static void nobody_answers(void) {
  w.answered = H46017_LATER;
  say_rrq(ONE, "new0");
  say_rrq(ONE, "new0");
  wait(20000);
  say(ONE, NULL);
}

/* Every alternative of RasMessage. */
static void what_is_not_served(void) {
  for (int kind = 0; kind <= (int)H46017_RAS_ACF_SEQUENCE; kind++) {
    world_starve(&w);
    if (h46017_connection_want_read(p[ONE].conn)) {
      (void)peer_send(&p[ONE], sample_of((h46017_ras_kind)kind));
      look();
    }
  }
}

/* Once its share is used up all of them are refused. */
static void more_than_its_share(void) {
  for (int i = 0; i < 6; i++) {
    say_keep_alive(ONE);
  }
  what_is_not_served();
}

/* The RRJ says that the token is wrong, in a component without a view. */
static void a_wrong_password(void) {
  w.password = H46017_PASSWORD_WRONG;
  one_device(&w, H46017_AUTH_PASSWORD);
  say_rrq(ONE, DEVICE);
}

typedef struct story {
  void (*tell)(void);
  uint32_t full_rate;
  uint32_t request_rate;
} story;

static const story stories[] = {
    {one_after_the_other, 0, 0},   {in_their_turn, 2, 0},
    {from_one_that_is_dead, 0, 0}, {from_one_that_lives, 0, 0},
    {nobody_answers, 0, 0},        {what_is_not_served, 0, 0},
    {more_than_its_share, 0, 6},   {a_wrong_password, 0, 0},
};
#define STORIES (int)(sizeof(stories) / sizeof(stories[0]))

/* -- what is around them --------------------------------------------------- */

static int scenario(failmem *f, void *arg) {
  static const char *const names[PEERS] = {"0", "1", "2", "other"};
  const story *s = arg;
  h46017_gatekeeper_settings settings;

  f->spared = true;
  seq = 10;
  world_settings(&settings);
  settings.security_errors = true;
  settings.request_rate = s->request_rate;
  ck_assert_int_eq(world_init(&w, &settings, &f->mem), 0);
  for (int i = 0; i < PEERS; i++) {
    peer_init(&p[i], &w, NULL);
    if (i == ONE || i == OTHER) {
      send_rrq(&p[i], 1, names[i]);
      id_of(&w, names[i], id[i]);
    }
  }
  settings.full_rate = s->full_rate;
  ck_assert_int_eq(h46017_gatekeeper_set_settings(w.gk, &settings, w.now), 0);
  f->spared = false;
  s->tell();
  f->spared = true;
  say_keep_alive(OTHER);
  ck_assert_int_eq((int)peer_last_kind(&p[OTHER]), (int)H46017_RAS_RCF);
  for (int i = 0; i < PEERS; i++) {
    peer_free(&p[i]);
  }
  world_free(&w);
  return 0;
}

START_TEST(who_waits_or_is_refused_hurts_no_other) {
  story s = stories[_i];

  ck_assert_uint_gt(failmem_sweep(scenario, &s), 3);
}
END_TEST

int main(void) {
  Suite *s = suite_create("memory_waiting");
  TCase *tc = tcase_create("sweeps");

  tcase_set_timeout(tc, 120);
  tcase_add_loop_test(tc, who_waits_or_is_refused_hurts_no_other, 0, STORIES);
  suite_add_tcase(s, tc);
  return run_suite(s);
}
