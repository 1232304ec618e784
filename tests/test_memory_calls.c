/* SPDX-License-Identifier: BSD-2-Clause */
/* Calls through a gatekeeper with every allocation failing in turn: of the
 * gatekeeper's, of the caller's, of the callee's. Two others have been talking
 * since before, and do not notice; and when there is memory again, calls go
 * through as if nothing had been. */
#include "failmem.h"
#include "runner.h"
#include "world.h"

#include "session/endpoint.h"
#include "session/gatekeeper.h"
#include "session/invariants.h"

#include <check.h>
#include <stdio.h>
#include <string.h>

enum { CALLER, CALLEE, ONE, OTHER, PARTIES };
static const char *const names[PARTIES] = {"a", "b", "c", "d"};

typedef struct party {
  h46017_call *call; /* the latest; NULL: over */
  unsigned connected, released;
  size_t h245; /* octets */
} party;

static world w;
static world_line *line[PARTIES];
static party parties[PARTIES];
static failmem *failing;
static bool silent; /* who is called does not answer */
static uint64_t last_id, last_question;

static party *party_of(void *user_data) {
  const world_line *of = user_data;

  return &parties[of->number];
}

/* What a call of ours may come to while memory fails: it did not happen. */
static bool went(int rv) {
  ck_assert_msg(
      rv == 0 || (failing->failed > 0 &&
                  (rv == H46017_ERR_NOMEM || rv == H46017_ERR_INVALID_STATE)),
      "%s", h46017_error_name(rv));
  return rv == 0;
}

static int ep_setup(h46017_calls *calls, h46017_call *call,
                    const h46017_call_message *msg, void *user_data) {
  (void)calls;
  (void)msg;
  party_of(user_data)->call = call;
  return 0;
}

static int ep_admitted(h46017_endpoint *ep, h46017_call *call,
                       uint32_t bandwidth, const h46017_aliases *destination,
                       void *user_data) {
  h46017_alias to = {H46017_ALIAS_H323_ID, 0, {NULL, 1}};
  h46017_call_content content;

  (void)ep;
  (void)bandwidth;
  if (!h46017_call_is_ours(call)) {
    if (!silent) {
      (void)went(h46017_call_write(call, H46017_Q931_CONNECT, NULL, w.now));
    }
    return 0;
  }
  (void)user_data;
  to.text.text = h46017_call_user_data(call);
  h46017_call_content_default(&content);
  content.destination =
      destination->present ? *destination : (h46017_aliases){&to, 1, true};
  (void)went(h46017_call_write(call, H46017_Q931_SETUP, &content, w.now));
  return 0;
}

static int ep_message(h46017_calls *calls, h46017_call *call,
                      const h46017_call_message *msg, void *user_data) {
  (void)calls;
  (void)call;
  party_of(user_data)->connected += msg->q931->type == H46017_Q931_CONNECT;
  return 0;
}

static int ep_h245(h46017_calls *calls, h46017_call *call, const uint8_t *per,
                   size_t len, void *user_data) {
  (void)calls;
  (void)call;
  (void)per;
  party_of(user_data)->h245 += len;
  return 0;
}

static int ep_released(h46017_calls *calls, h46017_call *call,
                       const h46017_call_ended *why, void *user_data) {
  party *p = party_of(user_data);

  (void)calls;
  (void)why;
  p->released++;
  p->call = p->call == call ? NULL : p->call;
  return 0;
}

static void tune_endpoint(h46017_endpoint_callbacks *cb) {
  static h46017_calls_callbacks calls;

  h46017_calls_callbacks_default(&calls);
  calls.setup_received = ep_setup;
  calls.message_received = ep_message;
  calls.h245_received = ep_h245;
  calls.released = ep_released;
  cb->calls = &calls;
  cb->call_admitted = ep_admitted;
}

static const h46017_alias where = {H46017_ALIAS_H323_ID, 0, {"b", 1}};

/* `elsewhere` is answered at once, `later` later. */
static h46017_answered gk_route(h46017_gatekeeper *gk, uint64_t question,
                                const h46017_route_question *asked,
                                h46017_route_answer *answer, void *user_data) {
  char first = asked->called->list[0].text.text[0];

  (void)gk;
  (void)user_data;
  if (asked->callee == NULL && first == 'e') {
    answer->to = &where;
  }
  last_question = question;
  return first == 'l' ? H46017_LATER : H46017_ANSWERED;
}

static int gk_changed(h46017_gatekeeper *gk, const h46017_route *call,
                      void *user_data) {
  (void)gk;
  (void)user_data;
  last_id = call->id;
  return 0;
}

static void tune_gatekeeper(h46017_gatekeeper_callbacks *cb) {
  cb->signalling_received = NULL;
  cb->route_call = gk_route;
  cb->call_changed = gk_changed;
}

static void look(world *of) {
  const char *broken = h46017_gatekeeper_check_invariants(of->gk);

  for (int i = 0; i < of->line_count && broken == NULL; i++) {
    if (of->lines[i].ep != NULL) {
      broken = h46017_endpoint_check_invariants(of->lines[i].ep);
    }
  }
  ck_assert_msg(broken == NULL, "%s", broken);
}

/* The gatekeeper lives whatever fails; an endpoint that does not is deleted by
 * its program. */
static void run(h46017_time ms) {
  h46017_time until = w.now + ms;

  while (world_run(&w, until) != 0) {
    int dead =
        line[CALLER]->ep != NULL && h46017_endpoint_error(line[CALLER]->ep) != 0
            ? CALLER
            : CALLEE;
    ck_assert_ptr_nonnull(line[dead]->ep);
    ck_assert_int_eq(h46017_endpoint_error(line[dead]->ep), H46017_ERR_NOMEM);
    world_remove(&w, line[dead]);
    parties[dead].call = NULL;
  }
}

/* -- the stories ----------------------------------------------------------- */

static void call(int from, const char *to) {
  h46017_alias alias = {H46017_ALIAS_H323_ID, 0, {to, strlen(to)}};
  const h46017_aliases list = {&alias, 1, true};
  h46017_call *made = NULL;

  if (line[from]->ep != NULL &&
      went(h46017_endpoint_call(line[from]->ep, line[from]->reg, &list, 640,
                                (void *)(uintptr_t)to, &made, w.now))) {
    parties[from].call = made;
  }
  run(100);
}

static void say_h245(int from) {
  static const uint8_t h245[300];

  if (parties[from].call != NULL) {
    (void)went(h46017_call_h245(parties[from].call, h245, sizeof(h245), w.now));
  }
  run(100);
}

static void write_one(int from, uint8_t type) {
  if (parties[from].call != NULL) {
    (void)went(h46017_call_write(parties[from].call, type, NULL, w.now));
  }
  run(100);
}

static void talk_and_release(void) {
  call(CALLER, "b");
  say_h245(CALLER);
  say_h245(CALLEE);
  write_one(CALLER, H46017_Q931_INFORMATION);
  write_one(CALLEE, H46017_Q931_FACILITY);
  write_one(CALLEE, H46017_Q931_STATUS_INQUIRY);
  write_one(CALLEE, H46017_Q931_RELEASE_COMPLETE);
}

static void nobody_or_elsewhere(void) {
  call(CALLER, "nobody");
  call(CALLER, "elsewhere");
  write_one(CALLER, H46017_Q931_RELEASE_COMPLETE);
}

static void told_later_and_widened(void) {
  const h46017_route_answer to = {.to = &where};

  last_id = 0;
  call(CALLER, "later");
  (void)h46017_gatekeeper_answer_call(w.gk, last_question, &to, w.now);
  run(100);
  if (parties[CALLER].call != NULL) {
    (void)went(h46017_endpoint_bandwidth(line[CALLER]->ep, parties[CALLER].call,
                                         100, w.now));
  }
  run(100);
  (void)h46017_gatekeeper_limit_call(w.gk, last_id, 64, w.now);
  run(12000); /* a question that could not be answered is over */
  write_one(CALLER, H46017_Q931_RELEASE_COMPLETE);
}

static void the_gatekeeper_ends_it(void) {
  last_id = 0;
  call(CALLER, "b");
  (void)h46017_gatekeeper_drop_call(w.gk, last_id, w.now);
  run(100);
}

static void the_callee_goes(void) {
  call(CALLER, "b");
  if (line[CALLEE]->conn != NULL) {
    world_break(&w, line[CALLEE]);
  }
  run(100);
}

static void nobody_answers(void) {
  silent = true;
  call(CALLER, "b");
  write_one(CALLEE, H46017_Q931_CALL_PROCEEDING);
  write_one(CALLEE, H46017_Q931_ALERTING);
  run(200000);
  silent = false;
}

static void (*const stories[])(void) = {
    talk_and_release,       nobody_or_elsewhere, told_later_and_widened,
    the_gatekeeper_ends_it, the_callee_goes,     nobody_answers};
#define STORIES (int)(sizeof(stories) / sizeof(stories[0]))

/* -- what is around them --------------------------------------------------- */

/* A gatekeeper that has had no call yet has more to take, and one whose
 * messages are in use elsewhere. */
enum {
  GATEKEEPER,
  GATEKEEPER_COLD,
  GATEKEEPER_STARVED,
  A_CALLER,
  A_CALLEE,
  WHOSE
};
typedef struct sweep {
  int whose;
  int story;
} sweep;

/* What comes from the two others meets with memory. */
static void arriving(world *of, world_line *from) {
  failing->elsewhere = from == line[ONE] || from == line[OTHER];
  world_starve(of);
}

static void arrived(world *of) {
  look(of);
  failing->elsewhere = false;
  world_starve(of);
}

static void begin(failmem *f, int whose) {
  memset(parties, 0, sizeof(parties));
  failing = f;
  f->spared = true;
  world_tune_endpoint = tune_endpoint;
  world_tune_gatekeeper = tune_gatekeeper;
  ck_assert_int_eq(
      world_init(&w, NULL, whose <= GATEKEEPER_STARVED ? &f->mem : NULL), 0);
  w.moved = whose == GATEKEEPER_STARVED ? arrived : look;
  w.arriving = whose == GATEKEEPER_STARVED ? arriving : NULL;
  for (int i = 0; i < PARTIES; i++) {
    bool poor = (whose == A_CALLER && i == CALLER) ||
                (whose == A_CALLEE && i == CALLEE);
    w.mem = poor ? &f->mem : NULL;
    ck_assert_int_eq(world_add(&w, &line[i], names[i], NULL), 0);
  }
  w.mem = NULL;
  run(100);
  if (whose != GATEKEEPER_COLD) {
    call(ONE, "d");
    ck_assert_uint_eq(parties[ONE].connected, 1);
  }
}

static void two_others_talk_on(int whose) {
  size_t heard = parties[OTHER].h245;

  if (whose != GATEKEEPER_COLD) {
    say_h245(ONE);
    ck_assert_uint_eq(parties[OTHER].h245, heard + 300);
  }
  for (int i = ONE; i <= OTHER; i++) {
    ck_assert_uint_eq(line[i]->connects, 1);
    ck_assert_uint_eq(parties[i].released, 0);
    ck_assert_ptr_nonnull(h46017_gatekeeper_find(w.gk, names[i], 1));
  }
}

static void calls_go_through_again(void) {
  unsigned before = parties[CALLER].connected;

  for (int i = CALLER; i <= CALLEE; i++) {
    if (line[i]->ep == NULL) { /* its program begins anew */
      world_line *at;
      int count = w.line_count;
      w.line_count = i;
      ck_assert_int_eq(world_add(&w, &at, names[i], NULL), 0);
      w.line_count = count;
    }
  }
  run(600000); /* who was refused for long comes back late */
  call(CALLER, "b");
  ck_assert_uint_eq(parties[CALLER].connected, before + 1);
}

static int scenario(failmem *f, void *arg) {
  const sweep *s = arg;

  begin(f, s->whose);
  f->spared = false;
  stories[s->story]();
  f->spared = true;
  two_others_talk_on(s->whose);
  calls_go_through_again();
  two_others_talk_on(s->whose);
  look(&w);
  world_free(&w);
  world_tune_endpoint = NULL;
  world_tune_gatekeeper = NULL;
  return 0;
}

START_TEST(a_call_whose_memory_fails_hurts_no_other) {
  sweep s = {_i / STORIES, _i % STORIES};

  ck_assert_uint_gt(failmem_sweep(scenario, &s), 1);
}
END_TEST

int main(void) {
  Suite *s = suite_create("memory_calls");
  TCase *tc = tcase_create("sweeps");

  tcase_set_timeout(tc, 120);
  tcase_add_loop_test(tc, a_call_whose_memory_fails_hurts_no_other, 0,
                      WHOSE * STORIES);
  suite_add_tcase(s, tc);
  return run_suite(s);
}
