/* SPDX-License-Identifier: BSD-2-Clause */
/* Calls between endpoints through a gatekeeper, all of it in one process. */
#include "octets.h"
#include "world.h"

#include "session/call.h"
#include "session/endpoint.h"
#include "session/gatekeeper.h"
#include "session/invariants.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct party {
  h46017_call *call; /* the latest that came or was begun */
  unsigned setups, admitted, released;
  uint8_t cause;
  int code;
  octets setup; /* the last that came, whole */
  octets h245;
  char to[64];
} party;

static world w;
static party parties[WORLD_LINES];
static h46017_route_state last_state;
static uint64_t last_id;
static int last_code;
static uint8_t last_cause;
static unsigned routes_told, routes_over;
static int route_says;
static const h46017_alias *route_to;
static bool answers; /* callees connect by themselves */

static party *party_of(void *user_data) {
  const world_line *line = user_data;
  return &parties[line->number];
}

static int ep_setup(h46017_calls *calls, h46017_call *call,
                    const h46017_call_message *msg, void *user_data) {
  party *p = party_of(user_data);
  h46017_call_content content;
  (void)calls;
  p->call = call;
  p->setups++;
  octets_free(&p->setup);
  p->setup = (octets){NULL, 0};
  octets_append(&p->setup, msg->q931->data, msg->q931->len);
  h46017_call_content_default(&content);
  ck_assert_int_eq(h46017_call_read(msg, &content), 0);
  if (content.destination.count > 0) {
    (void)snprintf(p->to, sizeof(p->to), "%s",
                   content.destination.list[0].text.text);
  }
  ck_assert_ptr_null(content.endpoint_identifier.text);
  return 0;
}

static int ep_h245(h46017_calls *calls, h46017_call *call, const uint8_t *per,
                   size_t len, void *user_data) {
  (void)calls;
  (void)call;
  octets_append(&party_of(user_data)->h245, per, len);
  return 0;
}

static int ep_released(h46017_calls *calls, h46017_call *call,
                       const h46017_call_ended *why, void *user_data) {
  party *p = party_of(user_data);
  (void)calls;
  p->released++;
  p->cause = why->cause;
  p->code = why->code;
  if (p->call == call) {
    p->call = NULL;
  }
  return 0;
}

static int ep_admitted(h46017_endpoint *ep, h46017_call *call,
                       uint32_t bandwidth, const h46017_aliases *destination,
                       void *user_data) {
  const world_line *line = user_data;
  party *p = party_of(user_data);
  h46017_alias to = {H46017_ALIAS_H323_ID, 0, {p->to, strlen(p->to)}};
  h46017_call_content content;
  (void)ep;
  (void)bandwidth;
  p->admitted++;
  if (h46017_call_is_ours(call)) {
    h46017_call_content_default(&content);
    content.destination =
        destination->present ? *destination : (h46017_aliases){&to, 1, true};
    ck_assert_int_eq(
        h46017_call_write(call, H46017_Q931_SETUP, &content, line->w->now), 0);
  } else if (answers) {
    ck_assert_int_eq(
        h46017_call_write(call, H46017_Q931_CONNECT, NULL, line->w->now), 0);
  }
  return 0;
}

static void tune_endpoint(h46017_endpoint_callbacks *cb) {
  static h46017_calls_callbacks calls;
  h46017_calls_callbacks_default(&calls);
  calls.setup_received = ep_setup;
  calls.h245_received = ep_h245;
  calls.released = ep_released;
  cb->calls = &calls;
  cb->call_admitted = ep_admitted;
}

static int gk_route(h46017_gatekeeper *gk, const h46017_route_question *asked,
                    h46017_route_answer *answer, void *user_data) {
  (void)gk;
  (void)user_data;
  ck_assert_ptr_nonnull(asked->caller);
  answer->to = route_to;
  return route_says;
}

static int gk_changed(h46017_gatekeeper *gk, const h46017_route *call,
                      void *user_data) {
  (void)gk;
  (void)user_data;
  last_state = call->state;
  last_id = call->id;
  routes_told++;
  if (call->state == H46017_ROUTE_RELEASED) {
    routes_over++;
    last_code = call->code;
    last_cause = call->cause;
  }
  return 0;
}

static void tune_gatekeeper(h46017_gatekeeper_callbacks *cb) {
  cb->signalling_received = NULL;
  cb->route_call = gk_route;
  cb->call_changed = gk_changed;
}

static world_line *line[3];

/* Everything that must always hold (doc/invariants.md), on both sides. */
static void look(world *of) {
  const char *broken = h46017_gatekeeper_check_invariants(of->gk);

  for (int i = 0; i < of->line_count && broken == NULL; i++) {
    broken = h46017_endpoint_check_invariants(of->lines[i].ep);
  }
  ck_assert_msg(broken == NULL, "%s", broken);
}

static void begin(const h46017_gatekeeper_settings *settings) {
  memset(parties, 0, sizeof(parties));
  routes_told = routes_over = 0;
  route_says = 0;
  route_to = NULL;
  answers = false;
  world_tune_endpoint = tune_endpoint;
  world_tune_gatekeeper = tune_gatekeeper;
  ck_assert_int_eq(world_init(&w, settings, NULL), 0);
  w.moved = look;
  ck_assert_int_eq(world_add(&w, &line[0], "a", NULL), 0);
  ck_assert_int_eq(world_add(&w, &line[1], "b", NULL), 0);
  ck_assert_int_eq(world_add(&w, &line[2], "c", NULL), 0);
  ck_assert_int_eq(world_run(&w, w.now + 100), 0);
}

static void run(void) {
  ck_assert_int_eq(world_run(&w, w.now + 100), 0);
}

static h46017_call *call(int from, const char *to) {
  h46017_alias alias = {H46017_ALIAS_H323_ID, 0, {to, strlen(to)}};
  const h46017_aliases list = {&alias, 1, true};
  h46017_call *made = NULL;
  (void)snprintf(parties[from].to, sizeof(parties[from].to), "%s", to);
  ck_assert_int_eq(h46017_endpoint_call(line[from]->ep, line[from]->reg, &list,
                                        640, NULL, &made, w.now),
                   0);
  parties[from].call = made;
  run();
  return made;
}

static void end(void) {
  look(&w);
  ck_assert_uint_eq(h46017_gatekeeper_call_count(w.gk), 0);
  for (int i = 0; i < WORLD_LINES; i++) {
    octets_free(&parties[i].setup);
    octets_free(&parties[i].h245);
  }
  world_free(&w);
  world_tune_endpoint = NULL;
  world_tune_gatekeeper = NULL;
}

/* A call that rings. */
static void ring(void) {
  (void)call(0, "b");
  ck_assert_int_eq(
      h46017_call_write(parties[1].call, H46017_Q931_ALERTING, NULL, w.now), 0);
  run();
}

static void write_and_run(int who, uint8_t type) {
  ck_assert_int_eq(h46017_call_write(parties[who].call, type, NULL, w.now), 0);
  run();
}

START_TEST(a_call_goes_through_with_its_h245) {
  static const uint8_t one[] = {1, 2, 3}, two[] = {4, 5};
  h46017_call *a, *b;
  begin(NULL);
  a = call(0, "b");
  b = parties[1].call;
  ck_assert_ptr_nonnull(b);
  ck_assert_uint_eq(parties[0].admitted, 1);
  ck_assert_uint_eq(parties[1].admitted, 1);
  ck_assert_mem_eq(h46017_call_identifier(a), h46017_call_identifier(b), 16);
  ck_assert_mem_eq(h46017_call_conference(a), h46017_call_conference(b), 16);
  ck_assert_int_eq(last_state, H46017_ROUTE_SETUP);
  write_and_run(1, H46017_Q931_CALL_PROCEEDING);
  ck_assert_int_eq(last_state, H46017_ROUTE_PROCEEDING);
  write_and_run(1, H46017_Q931_ALERTING);
  ck_assert_int_eq(last_state, H46017_ROUTE_ALERTING);
  ck_assert_int_eq(h46017_call_get_state(a), H46017_CALL_DELIVERED);
  write_and_run(1, H46017_Q931_CONNECT);
  ck_assert_int_eq(last_state, H46017_ROUTE_CONNECT);
  ck_assert_int_eq(h46017_call_h245(a, one, 3, w.now), 0);
  ck_assert_int_eq(h46017_call_h245(b, two, 2, w.now), 0);
  run();
  ck_assert_uint_eq(parties[1].h245.len, 3);
  ck_assert_mem_eq(parties[1].h245.data, one, 3);
  ck_assert_uint_eq(parties[0].h245.len, 2);
  ck_assert_mem_eq(parties[0].h245.data, two, 2);
  ck_assert_int_eq(h46017_call_release(_i == 0 ? a : b, 21, w.now), 0);
  run();
  ck_assert_uint_eq(parties[0].released, 1);
  ck_assert_uint_eq(parties[1].released, 1);
  ck_assert_uint_eq(parties[_i == 0 ? 1 : 0].cause, 21);
  ck_assert_int_eq(last_state, H46017_ROUTE_RELEASED);
  ck_assert_int_eq(last_code, H46017_ERR_CALL_RELEASED);
  ck_assert_uint_eq(last_cause, 21);
  end();
}
END_TEST

START_TEST(any_number_of_calls_between_the_same_two) {
  h46017_gatekeeper_settings s;
  world_settings(&s);
  s.request_rate = 0;
  begin(&s);
  answers = true;
  for (int i = 0; i < 200; i++) {
    (void)call(i % 2, i % 2 == 0 ? "b" : "a");
  }
  ck_assert_uint_eq(h46017_gatekeeper_call_count(w.gk), 200);
  ck_assert_uint_eq(h46017_calls_count(h46017_endpoint_calls(line[0]->ep)),
                    200);
  world_break(&w, line[0]);
  run();
  ck_assert_uint_eq(parties[0].released, 200);
  ck_assert_uint_eq(parties[1].released, 200);
  ck_assert_uint_eq(parties[1].cause, 27);
  ck_assert_uint_eq(routes_over, 200);
  end();
}
END_TEST

START_TEST(a_name_that_nobody_holds_is_rejected_at_once) {
  begin(NULL);
  (void)call(0, "nobody");
  ck_assert_uint_eq(parties[0].released, 1);
  ck_assert_int_eq(parties[0].code, H46017_ERR_REJECTED);
  ck_assert_uint_eq(parties[0].cause, 20);
  ck_assert_uint_eq(parties[0].admitted, 0);
  end();
}
END_TEST

START_TEST(the_program_may_refuse_or_send_it_elsewhere) {
  static const h46017_alias c = {H46017_ALIAS_H323_ID, 0, {"c", 1}};
  begin(NULL);
  route_says = H46017_ERR_REFUSED;
  (void)call(0, "b");
  ck_assert_uint_eq(parties[0].released, 1);
  ck_assert_uint_eq(parties[1].setups, 0);
  route_says = 0;
  route_to = &c;
  (void)call(0, "anything");
  ck_assert_uint_eq(parties[2].setups, 1);
  ck_assert_str_eq(parties[2].to, "c");
  write_and_run(2, H46017_Q931_CONNECT);
  write_and_run(0, H46017_Q931_RELEASE_COMPLETE);
  ck_assert_uint_eq(parties[2].released, 1);
  end();
}
END_TEST

START_TEST(a_callee_that_goes_or_refuses_releases_the_caller) {
  begin(NULL);
  (void)call(0, "b");
  world_break(&w, line[1]);
  run();
  ck_assert_uint_eq(parties[0].released, 1);
  ck_assert_uint_eq(parties[0].cause, 27);
  ck_assert_int_eq(last_code, H46017_ERR_CLOSED);
  ck_assert_int_eq(world_run(&w, w.now + 3000), 0); /* it comes back */
  (void)call(0, "b");
  ck_assert_int_eq(h46017_call_release(parties[1].call, 17, w.now), 0);
  run();
  ck_assert_uint_eq(parties[0].released, 2);
  ck_assert_uint_eq(parties[0].cause, 17);
  end();
}
END_TEST

START_TEST(a_caller_that_unregisters_ends_its_calls) {
  begin(NULL);
  answers = true;
  (void)call(0, "b");
  ck_assert_int_eq(
      h46017_gatekeeper_unregister(w.gk, "a", 1, H46017_URQ_MAINTENANCE, w.now),
      0);
  run();
  ck_assert_uint_eq(parties[1].released, 1);
  ck_assert_uint_eq(parties[0].released, 1);
  end();
}
END_TEST

START_TEST(a_forced_drop_ends_both_sides) {
  begin(NULL);
  answers = true;
  (void)call(0, "b");
  ck_assert_int_eq(last_state, H46017_ROUTE_CONNECT);
  ck_assert_int_eq(h46017_gatekeeper_drop_call(w.gk, last_id, w.now), 0);
  run();
  ck_assert_uint_eq(parties[0].released, 1);
  ck_assert_uint_eq(parties[1].released, 1);
  ck_assert_int_eq(last_code, H46017_ERR_CALL_ENDED);
  ck_assert_int_eq(h46017_gatekeeper_drop_call(w.gk, last_id, w.now),
                   H46017_ERR_NOT_FOUND);
  end();
}
END_TEST

START_TEST(both_may_call_each_other_at_the_same_time) {
  h46017_alias alias[2] = {{H46017_ALIAS_H323_ID, 0, {"b", 1}},
                           {H46017_ALIAS_H323_ID, 0, {"a", 1}}};
  h46017_call *made[2];
  begin(NULL);
  answers = true;
  for (int i = 0; i < 2; i++) {
    const h46017_aliases list = {&alias[i], 1, true};
    (void)snprintf(parties[i].to, sizeof(parties[i].to), "%s",
                   alias[i].text.text);
    ck_assert_int_eq(h46017_endpoint_call(line[i]->ep, line[i]->reg, &list, 0,
                                          NULL, &made[i], w.now),
                     0);
  }
  run();
  ck_assert_uint_eq(h46017_gatekeeper_call_count(w.gk), 2);
  for (int i = 0; i < 2; i++) {
    ck_assert_int_eq(h46017_call_get_state(made[i]), H46017_CALL_ACTIVE);
    ck_assert_int_eq(h46017_call_release(made[i], 0, w.now), 0);
  }
  run();
  end();
}
END_TEST

START_TEST(nobody_answers_and_the_timers_run_out) {
  begin(NULL);
  (void)call(0, "b");
  ck_assert_int_eq(world_run(&w, w.now + 20000), 0);
  ck_assert_uint_eq(parties[0].released, 1);
  ck_assert_uint_eq(parties[1].released, 1);
  ck_assert_uint_eq(parties[1].cause, 102);
  end();
}
END_TEST

START_TEST(a_limit_on_calls_holds_at_it_and_one_past) {
  h46017_gatekeeper_settings s;
  world_settings(&s);
  s.max_calls = 2;
  begin(&s);
  answers = true;
  (void)call(0, "b");
  (void)call(0, "b");
  ck_assert_uint_eq(parties[1].setups, 2);
  (void)call(2, "b");
  ck_assert_int_eq(parties[2].code, H46017_ERR_REJECTED);
  ck_assert_uint_eq(parties[1].setups, 2);
  world_break(&w, line[1]);
  run();
  end();
}
END_TEST

/* -- what a gatekeeper changes, and what not ------------------------------- */

/* Octets of a Setup's H.323 part with what a gatekeeper takes out taken out,
 * by the codec alone. */
static octets stripped(const octets *setup) {
  static const char *const gone[] = {"tokens",
                                     "cryptoTokens",
                                     "h245Address",
                                     "sourceCallSignalAddress",
                                     "destCallSignalAddress",
                                     "endpointIdentifier"};
  octets out = {NULL, 0};
  uint8_t buf[4096];
  h46017_q931 msg;
  h46017_h225 *m;
  const uint8_t *per;
  size_t len;
  char path[128];
  ck_assert_int_eq(h46017_q931_parse(&msg, setup->data, setup->len, 0), 0);
  ck_assert_int_eq(h46017_q931_user_user(&msg, &per, &len), 0);
  ck_assert_int_eq(h46017_h225_new(&m, NULL, NULL), 0);
  ck_assert_int_eq(
      h46017_h225_decode(m, h46017_h225_user_information(), per, len), 0);
  for (size_t i = 0; i < sizeof(gone) / sizeof(gone[0]); i++) {
    (void)snprintf(path, sizeof(path), "h323-uu-pdu.h323-message-body.setup.%s",
                   gone[i]);
    (void)h46017_h225_remove(m, path);
  }
  (void)h46017_h225_set_bool(
      m, "h323-uu-pdu.h323-message-body.setup.multipleCalls", true);
  ck_assert_int_eq(h46017_h225_encode(m, buf, sizeof(buf), &len), 0);
  octets_append(&out, buf, len);
  h46017_h225_del(m);
  return out;
}

/* The Setup among the TPKTs of a captured stream. */
static octets captured_setup(void) {
  octets stream =
      octets_file("vectors/gnugk/gnugk-simpleh323-tcp-call.s0.ep2gk.bin");
  octets setup = {NULL, 0};
  size_t at = 0;
  while (at + 9 < stream.len && setup.len == 0) {
    size_t len = (size_t)stream.data[at + 2] << 8 | stream.data[at + 3];
    if (stream.data[at + 8] == H46017_Q931_SETUP) {
      octets_append(&setup, stream.data + at + 4, len - 4);
    }
    at += len;
  }
  ck_assert_uint_gt(setup.len, 0);
  octets_free(&stream);
  return setup;
}

/* It comes on this connection, under a call reference. */
static void came(world_line *from, octets *setup, uint8_t reference) {
  const uint8_t tpkt[4] = {3, 0, (uint8_t)((setup->len + 4) >> 8),
                           (uint8_t)(setup->len + 4)};
  setup->data[2] = 0;
  setup->data[3] = reference;
  ck_assert_int_eq(h46017_connection_recv(from->conn, tpkt, 4, w.now), 0);
  ck_assert_int_eq(
      h46017_connection_recv(from->conn, setup->data, setup->len, w.now), 0);
}

START_TEST(a_captured_setup_keeps_what_is_not_the_gatekeepers_business) {
  octets setup = captured_setup();
  octets expected = stripped(&setup);
  world_line *ep2;
  h46017_q931 in, out;
  h46017_q931_cursor at_in = H46017_Q931_CURSOR_INIT;
  h46017_q931_cursor at_out = H46017_Q931_CURSOR_INIT;
  h46017_q931_ie ie_in, ie_out;
  const uint8_t *per;
  size_t len;
  begin(NULL);
  ck_assert_int_eq(world_add(&w, &ep2, "ep2", NULL), 0);
  run();
  came(line[0], &setup, 1);
  run();
  ck_assert_uint_eq(parties[3].setups, 1);
  ck_assert_int_eq(h46017_q931_parse(&in, setup.data, setup.len, 0), 0);
  ck_assert_int_eq(
      h46017_q931_parse(&out, parties[3].setup.data, parties[3].setup.len, 0),
      0);
  ck_assert(!out.call_reference_flag);
  while (h46017_q931_next(&in, &at_in, &ie_in)) {
    ck_assert(h46017_q931_next(&out, &at_out, &ie_out));
    if (ie_in.id != H46017_Q931_IE_USER_USER) {
      ck_assert_uint_eq(ie_in.raw_len, ie_out.raw_len);
      ck_assert_mem_eq(ie_in.raw, ie_out.raw, ie_in.raw_len);
    }
  }
  ck_assert(!h46017_q931_next(&out, &at_out, &ie_out));
  ck_assert_int_eq(h46017_q931_user_user(&out, &per, &len), 0);
  ck_assert_uint_eq(len, expected.len);
  ck_assert_mem_eq(per, expected.data, len);
  world_break(&w, line[0]);
  run();
  octets_free(&setup);
  octets_free(&expected);
  end();
}
END_TEST

/* -- callIdentifiers ------------------------------------------------------- */

/* What waits to be sent begins with a Release Complete of this call. */
static bool releases(const world_line *to, uint8_t reference) {
  const uint8_t *tx;
  size_t len = h46017_connection_peek_tx(to->conn, &tx);
  return len > 8 && tx[4] == 8 && tx[6] == 0x80 && tx[7] == reference &&
         tx[8] == H46017_Q931_RELEASE_COMPLETE;
}

static void begin_with_ep2(void) {
  world_line *ep2;
  begin(NULL);
  ck_assert_int_eq(world_add(&w, &ep2, "ep2", NULL), 0);
  run();
}

START_TEST(a_call_that_went_in_a_circle_is_refused_and_the_first_stays) {
  octets setup = captured_setup();
  world_line *again;
  begin_with_ep2();
  again = _i == 0 ? line[0] : line[2];
  came(line[0], &setup, 1);
  run();
  ck_assert_uint_eq(parties[3].setups, 1);
  ck_assert_int_eq(last_state, H46017_ROUTE_SETUP);
  came(again, &setup, 2);
  ck_assert(releases(again, 2));
  run();
  ck_assert_uint_eq(parties[3].setups, 1);
  ck_assert_uint_eq(parties[3].released, 0);
  ck_assert_uint_eq(h46017_gatekeeper_call_count(w.gk), 1);
  /* once it is over, the name is free again */
  write_and_run(3, H46017_Q931_RELEASE_COMPLETE);
  ck_assert_uint_eq(h46017_gatekeeper_call_count(w.gk), 0);
  came(again, &setup, 3);
  run();
  ck_assert_uint_eq(parties[3].setups, 2);
  ck_assert_uint_eq(h46017_gatekeeper_call_count(w.gk), 1);
  world_break(&w, again);
  run();
  octets_free(&setup);
  end();
}
END_TEST

/* The call's identifiers become zero, wherever they stand. */
static void without_identifiers(octets *setup) {
  uint8_t guid[H46017_CALL_GUID];
  h46017_q931 msg;
  h46017_h225 *m;
  const uint8_t *per, *found;
  size_t len, zeroed = 0;
  ck_assert_int_eq(h46017_q931_parse(&msg, setup->data, setup->len, 0), 0);
  ck_assert_int_eq(h46017_q931_user_user(&msg, &per, &len), 0);
  ck_assert_int_eq(h46017_h225_new(&m, NULL, NULL), 0);
  ck_assert_int_eq(
      h46017_h225_decode(m, h46017_h225_user_information(), per, len), 0);
  ck_assert_int_eq(
      h46017_h225_read_octets(
          h46017_h225_get(
              h46017_h225_root(m),
              "h323-uu-pdu.h323-message-body.setup.callIdentifier.guid"),
          &found, &len),
      0);
  ck_assert_uint_eq(len, sizeof(guid));
  memcpy(guid, found, sizeof(guid));
  h46017_h225_del(m);
  for (size_t i = 0; i + sizeof(guid) <= setup->len; i++) {
    if (memcmp(setup->data + i, guid, sizeof(guid)) == 0) {
      memset(setup->data + i, 0, sizeof(guid));
      zeroed++;
    }
  }
  ck_assert_uint_gt(zeroed, 0);
}

START_TEST(calls_whose_identifier_is_all_zero_are_calls_of_their_own) {
  static const uint8_t none[H46017_CALL_GUID];
  octets setup = captured_setup();
  without_identifiers(&setup);
  begin_with_ep2();
  for (uint8_t i = 1; i <= 3; i++) {
    came(line[i < 3 ? 0 : 2], &setup, i);
  }
  ck_assert_uint_eq(h46017_gatekeeper_call_count(w.gk), 3);
  ck_assert_uint_eq(line[0]->conn->leg_count, 2);
  ck_assert_ptr_null(gk_leg_find(line[0]->conn, none, false));
  look(&w);
  /* nothing leads to them, so nobody is admitted to one of them */
  run();
  ck_assert_uint_eq(parties[3].setups, 3);
  ck_assert_uint_eq(parties[3].admitted, 0);
  ck_assert_uint_eq(parties[3].released, 3);
  ck_assert_uint_eq(routes_over, 3);
  octets_free(&setup);
  end();
}
END_TEST

/* -- the check itself ------------------------------------------------------ */

static void noticed(const char *what) {
  const char *broken = h46017_gatekeeper_check_invariants(w.gk);

  ck_assert_ptr_nonnull(broken);
  ck_assert_str_eq(broken, what);
}

/* A check that finds nothing wrong must be able to. INV-40 */
START_TEST(a_broken_table_of_calls_is_noticed) {
  h46017_calls *calls;
  h46017_call *first, *second;
  begin(NULL);
  ring();
  ring();
  calls = line[0]->conn->calls;
  first = calls->first;
  second = first->next;
  calls->count++;
  noticed("INV-40: calls counted wrong");
  calls->count--;
  first->reference ^= 0x4000;
  noticed("INV-40: a call reference that leads elsewhere");
  first->reference ^= 0x4000;
  first->ours = !first->ours;
  noticed("INV-40: a call reference that leads elsewhere");
  first->ours = !first->ours;
  second->prev = NULL;
  noticed("INV-40: a call out of its list");
  second->prev = first;
  first->calls = line[1]->conn->calls;
  noticed("INV-40: a call out of its list");
  first->calls = calls;
  calls->depth++;
  noticed("INV-36: a table of calls that is busy");
  calls->depth--;
  look(&w);
  world_break(&w, line[0]);
  run();
  end();
}
END_TEST

START_TEST(a_broken_call_of_an_endpoint_is_noticed) {
  h46017_endpoint *ep;
  endpoint_call *a;
  h46017_calls *calls;
  begin(NULL);
  ring();
  ep = line[0]->ep;
  a = ep->admissions;
  calls = ep->calls;
  a->pending = 7;
  ck_assert_str_eq(h46017_endpoint_check_invariants(ep),
                   "INV-32: an admission that nothing answers");
  a->pending = 0;
  a->call->calls = line[1]->ep->calls;
  ck_assert_str_eq(h46017_endpoint_check_invariants(ep),
                   "INV-40: an admission of a call that is over");
  a->call->calls = calls;
  ep->calls = NULL;
  ck_assert_str_eq(h46017_endpoint_check_invariants(ep),
                   "INV-40: an admission without a table of calls");
  ep->calls = calls;
  calls->count++;
  ck_assert_str_eq(h46017_endpoint_check_invariants(ep),
                   "INV-40: calls counted wrong");
  calls->count--;
  look(&w);
  world_break(&w, line[0]);
  run();
  end();
}
END_TEST

/* INV-41 */
START_TEST(a_broken_leg_is_noticed) {
  gk_call *broken;
  gk_leg *caller, *callee;
  gk_registration *r;
  h46017_call *twin;
  begin(NULL);
  ring();
  broken = w.gk->calls;
  caller = &broken->legs[GK_CALLER];
  callee = &broken->legs[GK_CALLEE];
  r = caller->registration;
  twin = callee->call;
  callee->call = NULL;
  noticed("INV-41: a leg without its twin");
  callee->call = caller->call;
  noticed("INV-41: a leg of another's call");
  callee->call = twin;
  caller->registration = NULL;
  noticed("INV-41: a leg without a registration");
  caller->registration = callee->registration;
  noticed("INV-41: a leg without a registration");
  caller->registration = r;
  caller->key[0] ^= 1;
  noticed("INV-41: a callIdentifier that leads elsewhere");
  caller->key[0] ^= 1;
  broken->pub.callee = line[0]->conn;
  noticed("INV-41: a leg on a connection that nobody was told of");
  broken->pub.callee = line[1]->conn;
  broken->pub.state = H46017_ROUTE_ADMITTED;
  noticed("INV-41: a call before its Setup");
  broken->pub.state = H46017_ROUTE_ALERTING;
  caller->connection = line[1]->conn;
  noticed("INV-41: a leg on a connection that is not its own");
  caller->connection = line[0]->conn;
  line[0]->conn->leg_count++;
  noticed("INV-41: legs counted wrong");
  line[0]->conn->leg_count--;
  w.gk->call_count++;
  noticed("INV-41: calls counted wrong");
  w.gk->call_count--;
  broken->pub.id++;
  noticed("INV-41: a call that is not found");
  broken->pub.id--;
  broken->over = true;
  noticed("INV-41: a leg on a connection that is not its own");
  broken->over = false;
  look(&w);
  world_break(&w, line[0]);
  run();
  end();
}
END_TEST

int main(void) {
  Suite *s = suite_create("gatekeeper_calls");
  TCase *tc = tcase_create("gatekeeper_calls");
  SRunner *sr;
  int failed;
  tcase_set_timeout(tc, 60);
  tcase_add_loop_test(tc, a_call_goes_through_with_its_h245, 0, 2);
  tcase_add_test(tc, any_number_of_calls_between_the_same_two);
  tcase_add_test(tc, a_name_that_nobody_holds_is_rejected_at_once);
  tcase_add_test(tc, the_program_may_refuse_or_send_it_elsewhere);
  tcase_add_test(tc, a_callee_that_goes_or_refuses_releases_the_caller);
  tcase_add_test(tc, a_caller_that_unregisters_ends_its_calls);
  tcase_add_test(tc, a_forced_drop_ends_both_sides);
  tcase_add_test(tc, both_may_call_each_other_at_the_same_time);
  tcase_add_test(tc, nobody_answers_and_the_timers_run_out);
  tcase_add_test(tc, a_limit_on_calls_holds_at_it_and_one_past);
  tcase_add_test(tc,
                 a_captured_setup_keeps_what_is_not_the_gatekeepers_business);
  tcase_add_loop_test(
      tc, a_call_that_went_in_a_circle_is_refused_and_the_first_stays, 0, 2);
  tcase_add_test(tc, calls_whose_identifier_is_all_zero_are_calls_of_their_own);
  tcase_add_test(tc, a_broken_table_of_calls_is_noticed);
  tcase_add_test(tc, a_broken_call_of_an_endpoint_is_noticed);
  tcase_add_test(tc, a_broken_leg_is_noticed);
  suite_add_tcase(s, tc);
  sr = srunner_create(s);
  srunner_run_all(sr, CK_NORMAL);
  failed = srunner_ntests_failed(sr);
  srunner_free(sr);
  return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
