/* SPDX-License-Identifier: BSD-2-Clause */
/* Thousands of calls through a gatekeeper at once: all of them end, nothing is
 * left of them, and what one costs has a bound. */
#include "failmem.h"
#include "runner.h"
#include "world.h"

#include "session/endpoint.h"
#include "session/gatekeeper.h"
#include "session/invariants.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What waits to be sent on one connection is bounded: so many at a time. */
#define AT_A_TIME 200

/* Octets of ours that one call may cost the gatekeeper, or both endpoints
 * together, with its share of what finds it and of the timers. */
#define OCTETS_A_CALL 1024

/* Where every step is watched, a tenth of them will do. */
static size_t calls_of(size_t many) {
  return getenv("H46017_NO_TIMES") != NULL ? many / 10 : many;
}

static world w;
static failmem of_gatekeeper, of_endpoints;
static world_line *line[WORLD_LINES];
static size_t up, over;

static int ep_admitted(h46017_endpoint *ep, h46017_call *call,
                       uint32_t bandwidth, const h46017_aliases *destination,
                       void *user_data) {
  const world_line *of = user_data;
  h46017_alias to = {H46017_ALIAS_H323_ID, 0, {NULL, 1}};
  h46017_call_content content;

  (void)ep;
  (void)bandwidth;
  (void)destination;
  if (!h46017_call_is_ours(call)) {
    ck_assert_int_eq(
        h46017_call_write(call, H46017_Q931_CONNECT, NULL, of->w->now), 0);
    return 0;
  }
  to.text.text = h46017_call_user_data(call);
  h46017_call_content_default(&content);
  content.destination = (h46017_aliases){&to, 1, true};
  ck_assert_int_eq(
      h46017_call_write(call, H46017_Q931_SETUP, &content, of->w->now), 0);
  return 0;
}

static int gk_changed(h46017_gatekeeper *gk, const h46017_route *call,
                      void *user_data) {
  (void)gk;
  (void)user_data;
  up += call->state == H46017_ROUTE_CONNECT;
  over += call->state == H46017_ROUTE_RELEASED;
  return 0;
}

static int ep_setup(h46017_calls *calls, h46017_call *call,
                    const h46017_call_message *msg, void *user_data) {
  (void)calls;
  (void)call;
  (void)msg;
  (void)user_data;
  return 0; /* admission first */
}

static void tune_endpoint(h46017_endpoint_callbacks *cb) {
  static h46017_calls_callbacks calls;

  h46017_calls_callbacks_default(&calls);
  calls.setup_received = ep_setup;
  cb->calls = &calls;
  cb->call_admitted = ep_admitted;
}

static void tune_gatekeeper(h46017_gatekeeper_callbacks *cb) {
  cb->signalling_received = NULL;
  cb->log_write = NULL;
  cb->trace = NULL;
  cb->call_changed = gk_changed;
}

static void look(void) {
  const char *broken = h46017_gatekeeper_check_invariants(w.gk);

  for (int i = 0; i < w.line_count && broken == NULL; i++) {
    broken = h46017_endpoint_check_invariants(w.lines[i].ep);
  }
  ck_assert_msg(broken == NULL, "%s", broken);
}

static void run(h46017_time ms) {
  ck_assert_int_eq(world_run(&w, w.now + ms), 0);
}

static const char *const names[WORLD_LINES] = {"a", "b", "c", "d",
                                               "e", "f", "g", "h"};

static void begin(int lines, uint32_t max_calls) {
  h46017_gatekeeper_settings s;
  h46017_endpoint_settings e;

  world_settings(&s);
  s.request_rate = 0;
  s.max_calls = max_calls;
  h46017_endpoint_settings_default(&e);
  e.max_calls = max_calls;
  failmem_init(&of_gatekeeper);
  failmem_init(&of_endpoints);
  world_tune_endpoint = tune_endpoint;
  world_tune_gatekeeper = tune_gatekeeper;
  ck_assert_int_eq(world_init(&w, &s, &of_gatekeeper.mem), 0);
  w.mem = &of_endpoints.mem;
  up = over = 0;
  for (int i = 0; i < lines; i++) {
    ck_assert_int_eq(world_add(&w, &line[i], names[i], &e), 0);
  }
  run(100);
}

/* From each to the one behind it, until there are so many more. */
static void call_around(int lines, size_t count) {
  for (size_t made = 0; made < count; made++) {
    int from = (int)(made % (size_t)lines);
    const char *to = names[(from + 1) % lines];
    h46017_alias alias = {H46017_ALIAS_H323_ID, 0, {to, 1}};
    const h46017_aliases list = {&alias, 1, true};
    h46017_call *call;

    ck_assert_int_eq(h46017_endpoint_call(line[from]->ep, line[from]->reg,
                                          &list, 0, (void *)(uintptr_t)to,
                                          &call, w.now),
                     0);
    if (made % AT_A_TIME == AT_A_TIME - 1 || made + 1 == count) {
      run(1);
    }
  }
}

/* Those that one side began, or the other's, as far as they still stand. */
static void release(int lines, bool ours, size_t most) {
  size_t n = 0;

  for (int i = 0; i < lines; i++) {
    h46017_call *next = line[i]->ep->calls->first;
    while (next != NULL && n < most) {
      h46017_call *call = next;
      next = call->next; /* the peer's go at once, ours rest */
      if (call->state != H46017_CALL_ACTIVE || call->ours != ours) {
        continue;
      }
      ck_assert_int_eq(h46017_call_release(call, 16, w.now), 0);
      if (++n % AT_A_TIME == 0) {
        run(0);
        next = line[i]->ep->calls->first; /* who knows what went */
      }
    }
  }
  run(1);
}

static void release_all(int lines) {
  release(lines, true, h46017_gatekeeper_call_count(w.gk) / 2);
  release(lines, false, SIZE_MAX);
  ck_assert_uint_eq(h46017_gatekeeper_call_count(w.gk), 0);
  look();
  run(5000); /* references rest */
  for (int i = 0; i < lines; i++) {
    ck_assert_ptr_null(line[i]->ep->admissions);
    ck_assert_ptr_null(line[i]->ep->calls->first);
    ck_assert_ptr_null(line[i]->conn->calls->first);
    ck_assert_uint_eq(line[i]->conn->leg_count, 0);
  }
}

static void end(void) {
  world_free(&w);
  ck_assert_uint_eq(of_gatekeeper.blocks, 0);
  ck_assert_uint_eq(of_gatekeeper.octets, 0);
  ck_assert_uint_eq(of_endpoints.blocks, 0);
  ck_assert_uint_eq(of_endpoints.octets, 0);
  world_tune_endpoint = NULL;
  world_tune_gatekeeper = NULL;
}

/* So many references are left before the next ones go round. */
#define TO_THE_END 20

static void near_the_end(h46017_calls *calls) {
  calls->last_reference = H46017_Q931_MAX_CALL_REFERENCE - TO_THE_END;
}

static size_t of_references_below(const h46017_calls *calls, uint16_t bound) {
  size_t n = 0;

  for (const h46017_call *call = calls->first; call != NULL;
       call = call->next) {
    n += call->ours && call->reference < bound;
  }
  return n;
}

typedef struct held {
  size_t gatekeeper, endpoints;
} held;

static held blocks_held(void) {
  return (held){of_gatekeeper.blocks, of_endpoints.blocks};
}

static held octets_held(void) {
  return (held){of_gatekeeper.octets, of_endpoints.octets};
}

START_TEST(a_thousand_calls_at_once_cost_a_kibibyte_each_and_leave_nothing) {
  const size_t many = calls_of(1000);
  held blocks, octets, cost;

  begin(2, 2000);
  call_around(2, 2); /* what is there once, whatever the number */
  release_all(2);
  octets = octets_held();
  call_around(2, many);
  cost = octets_held();
  cost.gatekeeper = (cost.gatekeeper - octets.gatekeeper) / many;
  cost.endpoints = (cost.endpoints - octets.endpoints) / many;
  ck_assert_uint_ge(cost.gatekeeper, sizeof(gk_call));
  ck_assert_uint_le(cost.gatekeeper, OCTETS_A_CALL);
  ck_assert_uint_ge(cost.endpoints, 2 * sizeof(h46017_call));
  ck_assert_uint_le(cost.endpoints, OCTETS_A_CALL);
  release_all(2);
  /* lists and buffers have grown, and stay so: now once more, the same */
  blocks = blocks_held();
  octets = octets_held();
  near_the_end(line[0]->ep->calls);
  near_the_end(line[1]->conn->calls);
  call_around(2, many);
  look();
  ck_assert_uint_eq(line[0]->conn->leg_count, many);
  ck_assert_uint_eq(line[1]->conn->leg_count, many);
  ck_assert_uint_eq(of_references_below(line[0]->ep->calls, 16384),
                    many / 2 - TO_THE_END);
  ck_assert_uint_eq(of_references_below(line[1]->conn->calls, 16384),
                    many / 2 - TO_THE_END);
  release_all(2);
  ck_assert_uint_eq(blocks_held().gatekeeper, blocks.gatekeeper);
  ck_assert_uint_eq(blocks_held().endpoints, blocks.endpoints);
  ck_assert_uint_eq(octets_held().gatekeeper, octets.gatekeeper);
  ck_assert_uint_eq(octets_held().endpoints, octets.endpoints);
  end();
}
END_TEST

START_TEST(ten_thousand_calls_through_one_gatekeeper_all_end) {
  const size_t many = calls_of(10000);

  begin(WORLD_LINES, 4000);
  call_around(WORLD_LINES, many);
  look();
  ck_assert_uint_eq(h46017_gatekeeper_call_count(w.gk), many);
  ck_assert_uint_eq(up, many);
  for (int i = 0; i < WORLD_LINES; i++) {
    ck_assert_uint_eq(line[i]->conn->leg_count, many / WORLD_LINES * 2);
  }
  release_all(WORLD_LINES);
  ck_assert_uint_eq(over, many);
  end();
}
END_TEST

int main(void) {
  Suite *s = suite_create("gatekeeper_calls_many");
  TCase *tc = tcase_create("gatekeeper_calls_many");

  tcase_set_timeout(tc, 120);
  tcase_add_test(
      tc, a_thousand_calls_at_once_cost_a_kibibyte_each_and_leave_nothing);
  tcase_add_test(tc, ten_thousand_calls_through_one_gatekeeper_all_end);
  suite_add_tcase(s, tc);
  return run_suite(s);
}
