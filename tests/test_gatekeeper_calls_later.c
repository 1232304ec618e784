/* SPDX-License-Identifier: BSD-2-Clause */
/* Calls of which the program says later where they go. */
#include "callworld.h"
#include "runner.h"

#include "session/gatekeeper.h"

#include <check.h>
#include <string.h>

static unsigned rips;

static void seen(world *of, bool at_gatekeeper, const uint8_t *per,
                 size_t len) {
  h46017_ras_kind kind;
  uint16_t seq;
  (void)of;
  if (!at_gatekeeper && h46017_ras_peek(per, len, &kind, &seq) == 0) {
    rips += kind == H46017_RAS_RIP;
  }
}

static void begin_later(const h46017_gatekeeper_settings *settings) {
  begin(settings);
  rips = 0;
  w.seen = seen;
  route_when = H46017_LATER;
}

static void answer(const h46017_alias *to, int refuse) {
  const h46017_route_answer a = {.to = to, .refuse = refuse};
  ck_assert_int_eq(
      h46017_gatekeeper_answer_call(w.gk, route_question, &a, w.now), 0);
  look(&w);
  run();
}

static void nothing_is_asked(void) {
  const h46017_route_answer a = {.to = NULL};
  ck_assert_int_eq(
      h46017_gatekeeper_answer_call(w.gk, route_question, &a, w.now),
      H46017_ERR_NOT_FOUND);
  ck_assert_uint_eq(h46017_gatekeeper_call_count(w.gk), 0);
}

/* -- an ARQ ---------------------------------------------------------------- */

START_TEST(an_admission_waits_with_rip_until_it_is_answered) {
  begin_later(NULL);
  (void)call(0, "b");
  ck_assert_uint_eq(routes_asked, 1);
  ck_assert_uint_eq(rips, 1);
  ck_assert_uint_eq(parties[0].admitted, 0);
  ck_assert_int_eq(world_run(&w, w.now + 4000), 0);
  ck_assert_uint_eq(rips, 2); /* before the first one's time is over */
  answer(NULL, 0);
  ck_assert_uint_eq(parties[0].admitted, 1);
  ck_assert_uint_eq(parties[0].bandwidth, 640);
  ck_assert_uint_eq(parties[1].setups, 1);
  ck_assert_uint_eq(routes_asked, 1); /* not at the Setup again */
  ck_assert_uint_eq(routes_dropped, 0);
  write_and_run(1, H46017_Q931_CONNECT);
  write_and_run(0, H46017_Q931_RELEASE_COMPLETE);
  nothing_is_asked();
  end();
}
END_TEST

START_TEST(an_answer_that_is_late_may_name_another_or_refuse) {
  static const h46017_alias c = {H46017_ALIAS_H323_ID, 0, {"c", 1}};
  begin_later(NULL);
  (void)call(0, "nobody");
  answer(&c, 0);
  ck_assert_uint_eq(parties[2].setups, 1);
  ck_assert_str_eq(parties[2].to, "c");
  write_and_run(2, H46017_Q931_RELEASE_COMPLETE);
  (void)call(0, "b");
  answer(NULL, H46017_ERR_REFUSED);
  ck_assert_uint_eq(parties[0].released, 2);
  ck_assert_int_eq(parties[0].code, H46017_ERR_REJECTED);
  ck_assert_int_eq(last_code, H46017_ERR_REFUSED);
  ck_assert_uint_eq(last_cause, 111);
  (void)call(0, "nobody");
  answer(NULL, 0);
  ck_assert_uint_eq(parties[0].released, 3);
  ck_assert_int_eq(last_code, H46017_ERR_CALL_ROUTE);
  ck_assert_uint_eq(parties[1].setups, 0);
  end();
}
END_TEST

START_TEST(nobody_answers_and_the_admission_is_refused_in_its_time) {
  h46017_time asked;
  begin_later(NULL);
  asked = w.now;
  (void)call(0, "b");
  ck_assert_int_eq(world_run(&w, asked + 9999), 0);
  ck_assert_uint_eq(parties[0].released, 0);
  ck_assert_int_eq(world_run(&w, asked + 10000), 0);
  ck_assert_uint_eq(parties[0].released, 1);
  ck_assert_int_eq(parties[0].code, H46017_ERR_REJECTED);
  ck_assert_int_eq(last_code, H46017_ERR_UNANSWERED);
  ck_assert_uint_eq(route_dropped, route_question);
  ck_assert_uint_eq(routes_dropped, 1);
  nothing_is_asked();
  end();
}
END_TEST

/* Ways in which the caller's side goes. */
static void goes(int how) {
  switch (how) {
  case 0:
    world_break(&w, line[0]);
    break;
  case 1:
    ck_assert_int_eq(h46017_gatekeeper_unregister(
                         w.gk, "a", 1, H46017_URQ_MAINTENANCE, w.now),
                     0);
    break;
  case 2:
    ck_assert_int_eq(h46017_call_release(parties[0].call, 16, w.now), 0);
    break;
  default:
    ck_assert_int_eq(h46017_gatekeeper_drop_call(w.gk, w.gk->last_call, w.now),
                     0);
    break;
  }
  run();
}

START_TEST(a_question_is_void_when_its_call_is_over) {
  begin_later(NULL);
  (void)call(0, "b");
  goes(_i);
  ck_assert_uint_eq(route_dropped, route_question);
  ck_assert_uint_eq(routes_dropped, 1);
  ck_assert_uint_eq(parties[0].released, 1);
  ck_assert_uint_eq(parties[0].admitted, 0);
  nothing_is_asked();
  ck_assert_int_eq(world_run(&w, w.now + 20000), 0);
  ck_assert_uint_eq(parties[1].setups, 0);
  end();
}
END_TEST

START_TEST(as_many_questions_pend_as_the_settings_say_and_no_more) {
  h46017_gatekeeper_settings s;
  world_settings(&s);
  s.max_pending = 3;
  begin_later(&s);
  for (int i = 0; i < 3; i++) {
    (void)call(0, "b");
  }
  ck_assert_uint_eq(parties[0].released, 0);
  (void)call(0, "b");
  ck_assert_uint_eq(parties[0].released, 1);
  ck_assert_int_eq(last_code, H46017_ERR_OVERLOAD);
  ck_assert_uint_eq(route_dropped, route_question);
  ck_assert_uint_eq(h46017_gatekeeper_call_count(w.gk), 3);
  (void)call(2, "b"); /* the limit is of one connection */
  ck_assert_uint_eq(h46017_gatekeeper_call_count(w.gk), 4);
  world_break(&w, line[0]);
  world_break(&w, line[2]);
  run();
  ck_assert_uint_eq(routes_dropped, 5);
  end();
}
END_TEST

static void close_the_caller(void) {
  (void)h46017_connection_close(line[0]->conn, H46017_ERR_SHUTDOWN, w.now);
}

static void drop_the_call(void) {
  (void)h46017_gatekeeper_drop_call(w.gk, w.gk->last_call, w.now);
}

/* What is answered at once is not to be answered again. */
static void answer_inside(void) {
  const h46017_route_answer a = {.to = NULL};
  ck_assert_int_eq(
      h46017_gatekeeper_answer_call(w.gk, route_question, &a, w.now),
      H46017_ERR_NOT_FOUND);
  ck_assert_int_eq(
      h46017_gatekeeper_answer_call(w.gk, route_question, NULL, w.now),
      H46017_ERR_INVALID_ARGUMENT);
}

START_TEST(the_call_may_end_while_the_program_is_asked) {
  begin_later(NULL);
  route_when = _i % 2 == 0 ? H46017_LATER : H46017_ANSWERED;
  route_hook = _i < 2 ? close_the_caller : drop_the_call;
  (void)call(0, "b");
  ck_assert_uint_eq(parties[0].released, 1);
  ck_assert_uint_eq(parties[1].setups, 0);
  ck_assert_uint_eq(routes_dropped, _i % 2 == 0 ? 1 : 0);
  nothing_is_asked();
  end();
}
END_TEST

START_TEST(inside_the_question_there_is_nothing_to_answer_yet) {
  begin_later(NULL);
  route_hook = answer_inside;
  (void)call(0, "b");
  answer(NULL, 0);
  ck_assert_uint_eq(parties[1].setups, 1);
  world_break(&w, line[0]);
  run();
  end();
}
END_TEST

/* -- a Setup that no ARQ came before --------------------------------------- */

static world_line *ep2;

static void setup_comes(octets *setup) {
  begin_later(NULL);
  ck_assert_int_eq(world_add(&w, &ep2, "ep2", NULL), 0);
  run();
  *setup = captured_setup();
  came(line[0], setup, 1);
}

/* The type of the Q.931 message that waits to be sent, of the caller's call. */
static uint8_t waits(void) {
  const uint8_t *tx;
  size_t len = h46017_connection_peek_tx(line[0]->conn, &tx);
  return len > 8 && tx[4] == 8 && tx[6] == 0x80 && tx[7] == 1 ? tx[8] : 0;
}

/* It says that the callee's word on tunnelling is still to come. */
static bool waits_provisionally(void) {
  const uint8_t *tx, *per;
  size_t len = h46017_connection_peek_tx(line[0]->conn, &tx);
  h46017_q931 msg;
  h46017_h225 *m;
  bool yes, tunnels = false;
  ck_assert_int_eq(h46017_q931_parse(&msg, tx + 4, len - 4, 0), 0);
  ck_assert_int_eq(h46017_q931_user_user(&msg, &per, &len), 0);
  ck_assert_int_eq(h46017_h225_new(&m, NULL, NULL), 0);
  ck_assert_int_eq(
      h46017_h225_decode(m, h46017_h225_user_information(), per, len), 0);
  yes = h46017_h225_value_kind(
            h46017_h225_get(h46017_h225_root(m),
                            "h323-uu-pdu.provisionalRespToH245Tunnelling")) !=
        H46017_H225_ABSENT;
  (void)h46017_h225_read_bool(
      h46017_h225_get(h46017_h225_root(m), "h323-uu-pdu.h245Tunnelling"),
      &tunnels);
  h46017_h225_del(m);
  return yes && tunnels;
}

START_TEST(a_setup_waits_with_call_proceeding_and_what_follows_it_waits_too) {
  /* a Facility of the call, without an H.323 part */
  static const uint8_t facility[] = {0x03, 0x00, 0x00, 0x0b, 0x08, 0x02,
                                     0x00, 0x01, 0x62, 0x1c, 0x00};
  octets setup;
  setup_comes(&setup);
  ck_assert_uint_eq(routes_asked, 1);
  ck_assert_int_eq(waits(), H46017_Q931_CALL_PROCEEDING);
  ck_assert(waits_provisionally());
  ck_assert_int_eq(
      h46017_connection_recv(line[0]->conn, facility, sizeof(facility), w.now),
      0);
  ck_assert_uint_eq(parties[3].setups, 0);
  look(&w);
  answer(NULL, 0);
  ck_assert_uint_eq(parties[3].setups, 1);
  ck_assert_uint_eq(parties[3].messages, 1);
  ck_assert_uint_eq(parties[3].latest.len, sizeof(facility) - 4);
  ck_assert_uint_eq(parties[3].latest.data[4], H46017_Q931_FACILITY);
  /* the endpoint there has not made this call, and says so */
  ck_assert_uint_eq(parties[3].released, 1);
  ck_assert_uint_eq(routes_over, 1);
  octets_free(&setup);
  end();
}
END_TEST

START_TEST(a_setup_that_is_not_answered_for_is_refused) {
  octets setup;
  setup_comes(&setup);
  ck_assert_uint_eq(
      h46017_connection_ack_tx(
          line[0]->conn,
          h46017_connection_peek_tx(line[0]->conn, &(const uint8_t *){0}),
          w.now),
      0);
  if (_i == 0) {
    ck_assert_int_eq(h46017_gatekeeper_handle_expiry(w.gk, w.now + 9999), 0);
    ck_assert_int_eq(waits(), 0);
    ck_assert_int_eq(h46017_gatekeeper_handle_expiry(w.gk, w.now + 10000), 0);
    ck_assert_int_eq(last_code, H46017_ERR_UNANSWERED);
    ck_assert_uint_eq(last_cause, 47);
  } else {
    const h46017_route_answer no = {.refuse = H46017_ERR_REFUSED};
    ck_assert_int_eq(
        h46017_gatekeeper_answer_call(w.gk, route_question, &no, w.now), 0);
    ck_assert_int_eq(last_code, H46017_ERR_REFUSED);
    ck_assert_uint_eq(last_cause, 111);
  }
  ck_assert_int_eq(waits(), H46017_Q931_RELEASE_COMPLETE);
  nothing_is_asked();
  octets_free(&setup);
  end();
}
END_TEST

START_TEST(a_caller_that_gives_up_takes_its_question_along) {
  static const uint8_t release[] = {0x03, 0x00, 0x00, 0x0d, 0x08, 0x02, 0x00,
                                    0x01, 0x5a, 0x08, 0x02, 0x80, 0x90};
  octets setup;
  setup_comes(&setup);
  ck_assert_int_eq(
      h46017_connection_recv(line[0]->conn, release, sizeof(release), w.now),
      0);
  ck_assert_uint_eq(route_dropped, route_question);
  ck_assert_int_eq(last_code, H46017_ERR_CALL_RELEASED);
  nothing_is_asked();
  octets_free(&setup);
  end();
}
END_TEST

/* A Facility of `size` octets with its TPKT, filled up with Displays. */
static void make_facility(uint8_t *facility, size_t size) {
  const uint8_t head[] = {0x03,          0x00, (uint8_t)(size >> 8),
                          (uint8_t)size, 0x08, 0x02,
                          0x00,          0x01, 0x62};

  memset(facility, 0, size);
  memcpy(facility, head, sizeof(head));
  for (size_t at = sizeof(head); at + 1 < size; at += 2 + facility[at + 1]) {
    size_t left = size - at - 2;
    facility[at] = H46017_Q931_IE_DISPLAY;
    facility[at + 1] = (uint8_t)(left > 100 ? 98 : left);
  }
}

/* Whatever the messages are like: a short one takes memory too. */
START_TEST(more_than_a_message_s_worth_is_not_held) {
  static const size_t sizes[] = {9, 1008, 65535};
  static uint8_t facility[65535];
  const size_t size = sizes[_i];
  const size_t cost = size - 4 + 2 * sizeof(void *);
  octets setup;
  size_t held = 0;
  setup_comes(&setup);
  make_facility(facility, size);
  do {
    ck_assert_int_eq(
        h46017_connection_recv(line[0]->conn, facility, size, w.now), 0);
    ck_assert_int_eq(h46017_connection_error(line[0]->conn), 0);
    held += cost;
  } while (held + size - 4 <= 65535);
  (void)h46017_connection_recv(line[0]->conn, facility, size, w.now);
  ck_assert_int_eq(h46017_connection_error(line[0]->conn), H46017_ERR_FLOOD);
  ck_assert_uint_eq(routes_dropped, 1);
  run();
  octets_free(&setup);
  end();
}
END_TEST

int main(void) {
  Suite *s = suite_create("gatekeeper_calls_later");
  TCase *tc = tcase_create("gatekeeper_calls_later");
  tcase_set_timeout(tc, 60);
  tcase_add_test(tc, an_admission_waits_with_rip_until_it_is_answered);
  tcase_add_test(tc, an_answer_that_is_late_may_name_another_or_refuse);
  tcase_add_test(tc, nobody_answers_and_the_admission_is_refused_in_its_time);
  tcase_add_loop_test(tc, a_question_is_void_when_its_call_is_over, 0, 4);
  tcase_add_test(tc, as_many_questions_pend_as_the_settings_say_and_no_more);
  tcase_add_loop_test(tc, the_call_may_end_while_the_program_is_asked, 0, 4);
  tcase_add_test(tc, inside_the_question_there_is_nothing_to_answer_yet);
  tcase_add_test(
      tc, a_setup_waits_with_call_proceeding_and_what_follows_it_waits_too);
  tcase_add_loop_test(tc, a_setup_that_is_not_answered_for_is_refused, 0, 2);
  tcase_add_test(tc, a_caller_that_gives_up_takes_its_question_along);
  tcase_add_loop_test(tc, more_than_a_message_s_worth_is_not_held, 0, 3);
  suite_add_tcase(s, tc);
  return run_suite(s);
}
