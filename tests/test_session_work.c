/* SPDX-License-Identifier: BSD-2-Clause */
/* What a peer's message may cost the gatekeeper's sessions: as much work as one
 * that comes alone, times a little, however many others it was chosen to be
 * compared with. In numbers that are the same on every machine: the sessions
 * are compiled once more for this (support/counting.h). */
#include "counting.h"
#include "registrar.h"
#include "runner.h"

#include <check.h>
#include <stdio.h>
#include <string.h>

/* As many as the defaults let a peer have. */
enum { NAMES = 32, PENDING = 64 };

static world w;
static peer p;
static uint64_t asked[PENDING]; /* questions, as they came */
static size_t asked_count;

static void begin(void) {
  h46017_gatekeeper_settings s;

  world_settings(&s);
  s.log_level = H46017_LOG_ERROR;
  (void)world_init(&w, &s, NULL);
  w.open = true;
  peer_init(&p, &w, NULL);
  asked_count = 0;
}

static void finish(void) {
  peer_free(&p);
  world_free(&w);
}

/* Carries what waits, the answers too. What the gatekeeper's part of it took.
 */
static size_t carry(void) {
  const uint64_t before = w.question;
  size_t work;

  counted_blocks = 0;
  ck_assert_int_eq(peer_push(&p), 0);
  work = counted_blocks;
  if (w.question != before) {
    asked[asked_count++ % PENDING] = w.question;
  }
  p.got_count = 0;
  ck_assert_int_eq(peer_carry(&p), 0);
  return work;
}

/* A name is two numbers: whose it is, and which of its. */
typedef struct named {
  size_t whose;
  size_t which;
} named;

static h46017_aliases aliases_of(const named names[NAMES]) {
  static char text[NAMES][16];
  static h46017_alias list[NAMES];

  for (size_t i = 0; i < NAMES; i++) {
    (void)snprintf(text[i], sizeof(text[i]), "%zu.%zu", names[i].whose,
                   names[i].which);
    list[i] =
        (h46017_alias){H46017_ALIAS_H323_ID, 0, {text[i], strlen(text[i])}};
  }
  return (h46017_aliases){list, NAMES, true};
}

static size_t say_rrq(const named names[NAMES]) {
  static uint16_t seq;
  h46017_ras rrq = peer_rrq(++seq, "", NULL);

  rrq.u.rrq.terminal_alias = aliases_of(names);
  peer_write(&p, &rrq);
  return carry();
}

/* Answers one that was asked, or the latest of all. */
static size_t refuse(uint64_t question) {
  const h46017_registration_answer no = {.refuse = H46017_ERR_REFUSED};

  counted_blocks = 0;
  ck_assert_int_eq(h46017_gatekeeper_answer(w.gk, question, &no, w.now), 0);
  return counted_blocks;
}

/* Names of its own; the last is the next one's too, if they are a chain. */
static void own_names(named names[NAMES], size_t whose, bool chain) {
  for (size_t i = 0; i < NAMES; i++) {
    names[i] = (named){whose, i};
  }
  if (chain) {
    names[0] = (named){whose - 1, NAMES - 1};
  }
}

/* One name of each. */
static void others_names(named names[NAMES], size_t which) {
  for (size_t i = 0; i < NAMES; i++) {
    names[i] = (named){i, which % NAMES};
  }
}

/* A world whose program answers later; what one request takes in it. */
static size_t begin_with_one(void) {
  named names[NAMES];
  size_t work;

  begin();
  w.answered = H46017_LATER;
  own_names(names, 1000, false);
  work = say_rrq(names) + refuse(w.question);
  asked_count = 0;
#ifdef COUNTED
  ck_assert_uint_gt(work, NAMES);
#endif
  return work;
}

static void keep_most(size_t *most, size_t work) {
  *most = work > *most ? work : *most;
}

static void is_little(const char *what, size_t most, size_t one, size_t times) {
  printf("%s: %zu at the most, alone %zu\n", what, most, one);
  ck_assert_uint_le(most, times * one);
}

START_TEST(requests_that_wait_in_a_chain_cost_little_more_than_one) {
  size_t comes = 0;
  size_t goes = 0;
  named names[NAMES];
  const size_t one = begin_with_one();

  for (size_t i = 0; i < PENDING; i++) {
    own_names(names, i + 1, true);
    keep_most(&comes, say_rrq(names));
  }
  ck_assert_uint_eq(asked_count, 1);
  for (size_t i = 0; i < PENDING; i++) {
    keep_most(&goes, refuse(w.question));
  }
  is_little("comes", comes, one, 12);
  is_little("goes", goes, one, 4);
  finish();
}
END_TEST

/* Some that nobody waits for, some that the rest wait for, answered in either
 * order: what is looked at again after an answer is most then. */
START_TEST(requests_that_wait_for_many_cost_a_few_times_one) {
  enum { FREE = 20, MANY = 22 };
  size_t all = 0;
  named names[NAMES];
  const size_t one = begin_with_one();

  for (size_t i = 0; i < PENDING; i++) {
    if (i < FREE + MANY) {
      own_names(names, i < FREE ? 100 + i : i - FREE, false);
    } else {
      others_names(names, i);
    }
    all += say_rrq(names);
  }
  ck_assert_uint_eq(asked_count, FREE + MANY);
  for (size_t i = 0; i < MANY; i++) {
    all += refuse(asked[_i == 0 ? FREE + i : FREE + MANY - 1 - i]);
  }
  is_little("comes and goes", all / PENDING, one, 30);
  finish();
}
END_TEST

START_TEST(names_that_are_given_back_cost_no_more_than_those_taken) {
  h46017_ras urq = {.kind = H46017_RAS_URQ, .request_seq_num = 1000};
  named names[NAMES];
  char id[32];
  size_t taken;
  size_t given;

  begin();
  own_names(names, 1, false);
  taken = say_rrq(names);
  id_of(&w, "1.0", id);
  own_names(names, 1 + (size_t)_i, _i == 1); /* all, one, none */
  urq.u.urq.endpoint_identifier = (h46017_text){id, strlen(id)};
  urq.u.urq.reason = H46017_URQ_REASON_ABSENT;
  urq.u.urq.endpoint_alias = aliases_of(names);
  peer_write(&p, &urq);
  given = carry();
  is_little("given", given, taken, 1);
  ck_assert(_i == 0 || find(&w, "1.0") != NULL);
  ck_assert((find(&w, "1.31") != NULL) == (_i == 2));
  finish();
}
END_TEST

int main(void) {
  Suite *s = suite_create("session_work");
  TCase *tc = tcase_create("work");

  tcase_add_test(tc, requests_that_wait_in_a_chain_cost_little_more_than_one);
  tcase_add_loop_test(tc, requests_that_wait_for_many_cost_a_few_times_one, 0,
                      2);
  tcase_add_loop_test(
      tc, names_that_are_given_back_cost_no_more_than_those_taken, 0, 3);
  suite_add_tcase(s, tc);
  return run_suite(s);
}
