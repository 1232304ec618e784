/* SPDX-License-Identifier: BSD-2-Clause */
/* The calls of one connection: states, references, what does not fit. Timers
 * are in test_call_timers.c, what a program may do in test_call_program.c, what
 * messages say in test_call_content.c. */
#include "callpair.h"
#include "runner.h"

#include <h46017/tpkt.h>

#include <check.h>
#include <string.h>

#define SETUP                                                                  \
  "080200050504038890a570038134327e006a0520b0060008914a000601400b0030003000"   \
  "390030003300330032006600360038003800610200010080750000010203040506070809"   \
  "0a0b0c0d0e0f00d90f8000001100101112131415161718191a1b1c1d1e1f010001000906"   \
  "0031005f0067006b0180018010800180"
#define RELEASE                                                                \
  "080280055a7e00260525c0060008914a0006840100150000110010111213141516171819"   \
  "1a1b1c1d1e1f10800180"

static callpair p;

static void begin(const h46017_calls_settings *settings) {
  ck_assert_int_eq(callpair_init(&p, settings, NULL), 0);
}

START_TEST(a_call_goes_through_the_states_of_q931) {
  h46017_call *a, *b;
  begin(NULL);
  a = callpair_out(&p, 0);
  ck_call_state(a, H46017_CALL_INITIATED);
  ck_assert(h46017_call_is_ours(a));
  ck_assert_int_eq(callpair_carry(&p), 0);
  b = p.side[1].latest;
  ck_call_state(b, H46017_CALL_PRESENT);
  ck_assert(!h46017_call_is_ours(b));
  ck_assert_uint_eq(h46017_call_reference(a), h46017_call_reference(b));
  ck_assert_mem_eq(h46017_call_identifier(a), h46017_call_identifier(b), 16);
  ck_assert_mem_eq(h46017_call_conference(a), h46017_call_conference(b), 16);
  ck_assert_mem_ne(h46017_call_identifier(a), h46017_call_conference(a), 16);
  callpair_answer(&p, b, H46017_Q931_SETUP_ACKNOWLEDGE);
  ck_call_state(a, H46017_CALL_OVERLAP_SENDING);
  ck_call_state(b, H46017_CALL_OVERLAP_RECEIVING);
  callpair_answer(&p, a, H46017_Q931_INFORMATION);
  callpair_answer(&p, b, H46017_Q931_CALL_PROCEEDING);
  ck_call_state(a, H46017_CALL_OUTGOING_PROCEEDING);
  ck_call_state(b, H46017_CALL_INCOMING_PROCEEDING);
  callpair_answer(&p, b, H46017_Q931_PROGRESS);
  ck_call_state(a, H46017_CALL_OUTGOING_PROCEEDING);
  callpair_answer(&p, b, H46017_Q931_ALERTING);
  ck_call_state(a, H46017_CALL_DELIVERED);
  ck_call_state(b, H46017_CALL_RECEIVED);
  callpair_answer(&p, b, H46017_Q931_CONNECT);
  ck_call_state(a, H46017_CALL_ACTIVE);
  ck_call_state(b, H46017_CALL_ACTIVE);
  callpair_answer(&p, a, H46017_Q931_NOTIFY);
  callpair_answer(&p, b, H46017_Q931_USER_INFORMATION);
  callpair_answer(&p, b, H46017_Q931_FACILITY);
  ck_assert_int_eq(callside_count(&p.side[1], "message information"), 1);
  ck_assert_int_eq(callside_count(&p.side[1], "message notify"), 1);
  ck_assert_int_eq(callside_count(&p.side[0], "message userInformation"), 1);
  ck_assert_int_eq(callside_count(&p.side[0], "message facility"), 1);
  ck_assert_int_eq(h46017_call_release(a, 0, p.now), 0);
  ck_assert_int_eq(p.side[0].last_code, H46017_ERR_CALL_ENDED);
  ck_assert_int_eq(callpair_carry(&p), 0);
  ck_assert_int_eq(p.side[1].last_code, H46017_ERR_CALL_RELEASED);
  ck_assert_uint_eq(p.side[1].last_cause, 16);
  ck_assert_uint_eq(h46017_calls_count(p.side[0].calls), 0);
  ck_assert_uint_eq(h46017_calls_count(p.side[1].calls), 0);
  callpair_free(&p);
}
END_TEST

/* Either side, in each state. */
START_TEST(either_side_releases_in_every_state) {
  h46017_call *side[2];
  int who = _i % 2;
  begin(NULL);
  side[0] = callpair_at(&p, _i / 2, &side[1]);
  ck_assert_int_eq(h46017_call_release(side[who], 41, p.now), 0);
  ck_assert_int_eq(callpair_carry(&p), 0);
  ck_assert_uint_eq(p.side[1 - who].last_cause, 41);
  ck_assert_int_eq(p.side[1 - who].last_code, H46017_ERR_CALL_RELEASED);
  ck_assert_uint_eq(p.side[0].over, 1);
  ck_assert_uint_eq(p.side[1].over, 1);
  callpair_free(&p);
}
END_TEST

START_TEST(releases_that_cross_end_the_call_once_on_both_sides) {
  h46017_call *side[2];
  begin(NULL);
  side[0] = callpair_at(&p, _i, &side[1]);
  ck_assert_int_eq(h46017_call_release(side[0], 16, p.now), 0);
  ck_assert_int_eq(h46017_call_release(side[1], 17, p.now), 0);
  ck_assert_int_eq(callpair_carry(&p), 0);
  for (int i = 0; i < 2; i++) {
    ck_assert_uint_eq(p.side[i].over, 1);
    ck_assert_int_eq(p.side[i].last_code, H46017_ERR_CALL_ENDED);
    ck_assert_uint_eq(p.side[i].last_sent, H46017_Q931_RELEASE_COMPLETE);
  }
  callpair_free(&p);
}
END_TEST

START_TEST(a_call_that_was_only_begun_ends_without_a_word) {
  h46017_call *call;
  begin(NULL);
  ck_assert_int_eq(h46017_call_new(p.side[0].calls, &p, &call, p.now), 0);
  ck_assert_ptr_eq(h46017_call_user_data(call), &p);
  ck_assert_int_eq(h46017_call_write(call, H46017_Q931_FACILITY, NULL, p.now),
                   H46017_ERR_INVALID_STATE);
  ck_assert_int_eq(h46017_call_release(call, 0, p.now), 0);
  ck_assert_uint_eq(p.side[0].sent, 0);
  ck_assert_uint_eq(p.side[0].over, 1);
  callpair_free(&p);
}
END_TEST

START_TEST(equal_references_of_both_sides_are_two_calls) {
  h46017_call *ours[2], *theirs[2];
  uint16_t reference;
  begin(NULL);
  ours[0] = callpair_out(&p, 0);
  reference = h46017_call_reference(ours[0]);
  ck_assert_int_eq(callpair_carry(&p), 0);
  theirs[1] = p.side[1].latest;
  /* the other side begins one under the same number, by a message of its own */
  {
    octets setup = octets_hex(SETUP);
    setup.data[2] = (uint8_t)(reference >> 8);
    setup.data[3] = (uint8_t)reference;
    ck_assert_int_eq(h46017_calls_send(p.side[1].calls, setup.data, setup.len,
                                       &ours[1], p.now),
                     0);
    octets_free(&setup);
  }
  ck_assert_int_eq(callpair_carry(&p), 0);
  theirs[0] = p.side[0].latest;
  ck_assert_ptr_ne(theirs[0], ours[0]);
  ck_assert_uint_eq(h46017_call_reference(theirs[0]), reference);
  callpair_answer(&p, theirs[0], H46017_Q931_ALERTING);
  callpair_answer(&p, theirs[1], H46017_Q931_CONNECT);
  ck_call_state(ours[0], H46017_CALL_ACTIVE);
  ck_call_state(ours[1], H46017_CALL_DELIVERED);
  ck_assert_ptr_eq(h46017_calls_find(p.side[0].calls, true, reference),
                   ours[0]);
  ck_assert_ptr_eq(h46017_calls_find(p.side[0].calls, false, reference),
                   theirs[0]);
  ck_assert_int_eq(h46017_call_release(ours[0], 0, p.now), 0);
  ck_assert_int_eq(callpair_carry(&p), 0);
  ck_call_state(ours[1], H46017_CALL_DELIVERED);
  ck_call_state(theirs[0], H46017_CALL_RECEIVED);
  ck_assert_uint_eq(h46017_calls_count(p.side[0].calls), 1);
  callpair_free(&p);
}
END_TEST

/* -- references ------------------------------------------------------------ */

START_TEST(references_go_round_and_rest_after_use) {
  h46017_call *call;
  uint16_t first, last = 0;
  begin(NULL);
  call = callpair_out(&p, 0);
  first = h46017_call_reference(call);
  ck_assert_int_eq(h46017_call_release(call, 0, p.now), 0);
  for (int i = 0; i < 32766; i++) {
    ck_assert_int_eq(h46017_call_new(p.side[0].calls, NULL, &call, p.now), 0);
    last = h46017_call_reference(call);
    ck_assert_uint_ne(last, first);
    ck_assert_uint_ne(last, 0);
    ck_assert_int_eq(h46017_call_release(call, 0, p.now), 0);
  }
  /* all of them rest now */
  ck_assert_int_eq(h46017_call_new(p.side[0].calls, NULL, &call, p.now),
                   H46017_ERR_CALL_REFERENCES);
  p.now += 4999;
  ck_assert_int_eq(h46017_calls_handle_expiry(p.side[0].calls, p.now), 0);
  ck_assert_int_eq(h46017_call_new(p.side[0].calls, NULL, &call, p.now),
                   H46017_ERR_CALL_REFERENCES);
  p.now += 1;
  ck_assert_int_eq(h46017_calls_handle_expiry(p.side[0].calls, p.now), 0);
  ck_assert_int_eq(h46017_call_new(p.side[0].calls, NULL, &call, p.now), 0);
  ck_assert_uint_eq(h46017_call_reference(call), first);
  callpair_free(&p);
}
END_TEST

START_TEST(all_32767_references_can_be_in_use_and_no_more) {
  h46017_calls_settings s;
  h46017_call *call;
  h46017_calls_settings_default(&s);
  s.max_calls = 40000;
  begin(&s);
  for (int i = 0; i < 32767; i++) {
    ck_assert_int_eq(h46017_call_new(p.side[0].calls, NULL, &call, p.now), 0);
  }
  ck_assert_int_eq(h46017_call_new(p.side[0].calls, NULL, &call, p.now),
                   H46017_ERR_CALL_REFERENCES);
  ck_assert_uint_eq(h46017_calls_count(p.side[0].calls), 32767);
  ck_assert_int_eq(h46017_calls_down(p.side[0].calls, 0, p.now), 0);
  ck_assert_uint_eq(p.side[0].over, 32767);
  ck_assert_uint_eq(h46017_calls_count(p.side[0].calls), 0);
  callpair_free(&p);
}
END_TEST

START_TEST(references_the_peer_uses_are_avoided_while_others_are_left) {
  octets setup = octets_hex(SETUP);
  h46017_calls_settings s;
  h46017_call *call;
  h46017_calls_settings_default(&s);
  s.max_calls = 70000;
  begin(&s);
  for (unsigned r = 1; r <= 32767; r++) {
    if (r != 77) {
      setup.data[2] = (uint8_t)(r >> 8);
      setup.data[3] = (uint8_t)r;
      ck_assert_int_eq(callpair_feed(&p, 0, setup.data, setup.len), 0);
    }
  }
  ck_assert_int_eq(h46017_call_new(p.side[0].calls, NULL, &call, p.now), 0);
  ck_assert_uint_eq(h46017_call_reference(call), 77);
  /* better one of theirs than none */
  ck_assert_int_eq(h46017_call_new(p.side[0].calls, NULL, &call, p.now), 0);
  ck_assert_uint_ne(h46017_call_reference(call), 77);
  octets_free(&setup);
  callpair_free(&p);
}
END_TEST

START_TEST(a_setup_beyond_max_calls_is_refused_as_busy) {
  h46017_calls_settings s;
  h46017_call *call;
  h46017_calls_settings_default(&s);
  s.max_calls = 3;
  begin(&s);
  for (int i = 0; i < 3; i++) {
    (void)callpair_out(&p, 0);
  }
  ck_assert_int_eq(h46017_call_new(p.side[0].calls, NULL, &call, p.now),
                   H46017_ERR_LIMIT);
  ck_assert_int_eq(callpair_carry(&p), 0);
  ck_assert_uint_eq(h46017_calls_count(p.side[1].calls), 3);
  ck_assert_int_eq(callpair_feed_hex(&p, 1, SETUP), 0);
  ck_assert_uint_eq(h46017_calls_count(p.side[1].calls), 3);
  ck_assert_uint_eq(p.side[1].last_sent, H46017_Q931_RELEASE_COMPLETE);
  {
    h46017_q931 msg = callside_last(&p.side[1]);
    h46017_q931_ie ie;
    ck_assert_uint_eq(msg.call_reference, 5);
    ck_assert(msg.call_reference_flag);
    ck_assert(h46017_q931_find(&msg, H46017_Q931_IE_CAUSE, &ie));
    ck_assert_uint_eq(ie.contents[1], 0x80 | 17);
  }
  callpair_free(&p);
}
END_TEST

/* -- whole messages -------------------------------------------------------- */

START_TEST(whole_messages_keep_their_octets) {
  octets setup = octets_hex(SETUP);
  octets release = octets_hex(RELEASE);
  h46017_call *call = NULL;
  static const uint8_t identifier[] = {0x10, 0x11, 0x12, 0x13, 0x14, 0x15,
                                       0x16, 0x17, 0x18, 0x19, 0x1a, 0x1b,
                                       0x1c, 0x1d, 0x1e, 0x1f};
  begin(NULL);
  ck_assert_int_eq(
      h46017_calls_send(p.side[0].calls, setup.data, setup.len, &call, p.now),
      0);
  ck_assert_uint_eq(p.side[0].wire.len, setup.len + 2);
  ck_assert_mem_eq(p.side[0].wire.data + 2, setup.data, setup.len);
  ck_assert_mem_eq(h46017_call_identifier(call), identifier, 16);
  ck_assert_uint_eq(h46017_call_reference(call), 5);
  ck_assert_int_eq(
      h46017_calls_send(p.side[0].calls, setup.data, setup.len, &call, p.now),
      H46017_ERR_CALL_REFERENCE);
  ck_assert_int_eq(h46017_calls_send(p.side[0].calls, release.data, release.len,
                                     NULL, p.now),
                   H46017_ERR_NOT_FOUND);
  ck_assert_int_eq(callpair_carry(&p), 0);
  ck_assert_mem_eq(h46017_call_identifier(p.side[1].latest), identifier, 16);
  /* the callee's stack answers */
  ck_assert_int_eq(h46017_calls_send(p.side[1].calls, release.data, release.len,
                                     NULL, p.now),
                   0);
  ck_assert_mem_eq(p.side[1].wire.data + 2, release.data, release.len);
  ck_assert_int_eq(callpair_carry(&p), 0);
  ck_assert_uint_eq(p.side[0].over, 1);
  ck_assert_uint_eq(p.side[0].last_cause, 47); /* newConnectionNeeded */
  /* it rests */
  ck_assert_int_eq(
      h46017_calls_send(p.side[0].calls, setup.data, setup.len, &call, p.now),
      H46017_ERR_CALL_REFERENCE);
  ck_assert_int_eq(callpair_run(&p, p.now + 5000), 0);
  ck_assert_int_eq(
      h46017_calls_send(p.side[0].calls, setup.data, setup.len, &call, p.now),
      0);
  octets_free(&setup);
  octets_free(&release);
  callpair_free(&p);
}
END_TEST

START_TEST(what_is_no_message_of_a_call_is_not_sent) {
  octets setup = octets_hex(SETUP);
  begin(NULL);
  ck_assert_int_eq(h46017_calls_send(p.side[0].calls, NULL, 0, NULL, p.now),
                   H46017_ERR_Q931);
  ck_assert_int_eq(
      h46017_calls_send(p.side[0].calls, setup.data, 4, NULL, p.now),
      H46017_ERR_Q931);
  setup.data[2] = setup.data[3] = 0;
  ck_assert_int_eq(
      h46017_calls_send(p.side[0].calls, setup.data, setup.len, NULL, p.now),
      H46017_ERR_Q931);
  setup.data[2] = 0x80; /* a Setup is never sent under the peer's reference */
  setup.data[3] = 9;
  ck_assert_int_eq(
      h46017_calls_send(p.side[0].calls, setup.data, setup.len, NULL, p.now),
      H46017_ERR_NOT_FOUND);
  ck_assert_uint_eq(p.side[0].sent, 0);
  octets_free(&setup);
  callpair_free(&p);
}
END_TEST

START_TEST(a_message_that_cannot_be_queued_changes_nothing) {
  octets setup = octets_hex(SETUP);
  h46017_call *call, *other;
  begin(NULL);
  p.side[0].write_fails = H46017_ERR_QUEUE_FULL;
  ck_assert_int_eq(
      h46017_calls_send(p.side[0].calls, setup.data, setup.len, &call, p.now),
      H46017_ERR_QUEUE_FULL);
  ck_assert_uint_eq(h46017_calls_count(p.side[0].calls), 0);
  p.side[0].write_fails = 0;
  call = callpair_up(&p, 0, &other);
  p.side[0].write_fails = H46017_ERR_QUEUE_FULL;
  ck_assert_int_eq(h46017_call_release(call, 0, p.now), H46017_ERR_QUEUE_FULL);
  ck_call_state(call, H46017_CALL_ACTIVE);
  ck_assert_int_eq(h46017_calls_error(p.side[0].calls), 0);
  p.side[0].write_fails = 0;
  ck_assert_int_eq(h46017_call_release(call, 0, p.now), 0);
  octets_free(&setup);
  callpair_free(&p);
}
END_TEST

/* -- what does not fit ----------------------------------------------------- */

/* A bare message under reference 5: type, flag, elements. */
static void feed_bare(int to, uint8_t flag, uint8_t type) {
  uint8_t q931[] = {0x08, 0x02, (uint8_t)(flag ? 0x80 : 0), 5, type};
  ck_assert_int_eq(callpair_feed(&p, to, q931, sizeof(q931)), 0);
}

static uint8_t cause_sent(int side) {
  h46017_q931 msg = callside_last(&p.side[side]);
  h46017_q931_ie ie;
  ck_assert(h46017_q931_find(&msg, H46017_Q931_IE_CAUSE, &ie));
  ck_assert_uint_eq(ie.len, 2);
  return ie.contents[1] & 0x7f;
}

START_TEST(an_unknown_reference_is_answered_as_q931_says) {
  begin(NULL);
  feed_bare(1, 0, H46017_Q931_RELEASE_COMPLETE);
  feed_bare(1, 1, H46017_Q931_RELEASE_COMPLETE);
  feed_bare(1, 0, H46017_Q931_STATUS);
  feed_bare(1, 1, H46017_Q931_SETUP);
  ck_assert_uint_eq(p.side[1].sent, 0);
  feed_bare(1, 0, H46017_Q931_STATUS_INQUIRY);
  ck_assert_uint_eq(p.side[1].last_sent, H46017_Q931_STATUS);
  ck_assert_uint_eq(cause_sent(1), 30);
  {
    h46017_q931 msg = callside_last(&p.side[1]);
    h46017_q931_ie ie;
    ck_assert(h46017_q931_find(&msg, H46017_Q931_IE_CALL_STATE, &ie));
    ck_assert_uint_eq(ie.contents[0], 0);
    ck_assert(msg.call_reference_flag);
  }
  feed_bare(1, 1, H46017_Q931_CONNECT);
  ck_assert_uint_eq(p.side[1].last_sent, H46017_Q931_RELEASE_COMPLETE);
  ck_assert_uint_eq(cause_sent(1), 81);
  ck_assert(!callside_last(&p.side[1]).call_reference_flag);
  ck_assert_uint_eq(p.side[1].sent, 2);
  ck_assert_uint_eq(h46017_calls_count(p.side[1].calls), 0);
  callpair_free(&p);
}
END_TEST

START_TEST(messages_without_a_call_are_passed_over) {
  static const uint8_t types[] = {
      H46017_Q931_SETUP,  H46017_Q931_STATUS,  H46017_Q931_STATUS_INQUIRY,
      H46017_Q931_NOTIFY, H46017_Q931_RESTART, H46017_Q931_RELEASE_COMPLETE};
  begin(NULL);
  for (size_t i = 0; i < 2 * sizeof(types); i++) {
    uint8_t q931[] = {0x08, 0x02, (uint8_t)(i % 2 != 0 ? 0x80 : 0), 0,
                      types[i / 2]};
    ck_assert_int_eq(callpair_feed(&p, 1, q931, sizeof(q931)), 0);
  }
  ck_assert_uint_eq(p.side[1].sent, 0);
  ck_assert_ptr_null(p.side[1].story);
  callpair_free(&p);
}
END_TEST

START_TEST(a_setup_that_cannot_be_read_is_refused) {
  octets setup = octets_hex(SETUP);
  begin(NULL);
  feed_bare(1, 0, H46017_Q931_SETUP);
  ck_assert_uint_eq(cause_sent(1), 96);
  setup.data[22] = 0xff; /* inside of the H.323 part */
  setup.data[21] = 0xff;
  ck_assert_int_eq(callpair_feed(&p, 1, setup.data, setup.len), 0);
  ck_assert_uint_eq(cause_sent(1), 100);
  ck_assert_uint_eq(p.side[1].sent, 2);
  ck_assert_uint_eq(h46017_calls_count(p.side[1].calls), 0);
  octets_free(&setup);
  callpair_free(&p);
}
END_TEST

START_TEST(what_does_not_fit_the_state_is_answered_with_status) {
  h46017_call *call;
  uint8_t q931[] = {0x08, 0x02, 0, 5, H46017_Q931_CONNECT};
  begin(NULL);
  ck_assert_int_eq(callpair_feed_hex(&p, 1, SETUP), 0);
  call = p.side[1].latest;
  /* a caller does not connect */
  ck_assert_int_eq(callpair_feed(&p, 1, q931, sizeof(q931)), 0);
  ck_assert_uint_eq(p.side[1].last_sent, H46017_Q931_STATUS);
  ck_assert_uint_eq(cause_sent(1), 101);
  ck_call_state(call, H46017_CALL_PRESENT);
  {
    h46017_q931 msg = callside_last(&p.side[1]);
    h46017_q931_ie ie;
    ck_assert(h46017_q931_find(&msg, H46017_Q931_IE_CALL_STATE, &ie));
    ck_assert_uint_eq(ie.contents[0], 6);
  }
  q931[4] = H46017_Q931_DISCONNECT;
  ck_assert_int_eq(callpair_feed(&p, 1, q931, sizeof(q931)), 0);
  ck_assert_uint_eq(cause_sent(1), 97);
  q931[4] = 0x77; /* nothing that is known */
  ck_assert_int_eq(callpair_feed(&p, 1, q931, sizeof(q931)), 0);
  ck_assert_uint_eq(cause_sent(1), 97);
  ck_assert_uint_eq(p.side[1].sent, 3);
  q931[4] = H46017_Q931_CONNECT_ACKNOWLEDGE;
  ck_assert_int_eq(callpair_feed(&p, 1, q931, sizeof(q931)), 0);
  ck_assert_int_eq(callpair_feed_hex(&p, 1, SETUP), 0); /* once more */
  ck_assert_uint_eq(p.side[1].sent, 3);
  ck_assert_int_eq(callside_count(&p.side[1], "setup"), 1);
  ck_assert_int_eq(h46017_call_write(call, H46017_Q931_SETUP, NULL, p.now),
                   H46017_ERR_INVALID_STATE);
  ck_assert_int_eq(h46017_call_write(call, H46017_Q931_DISCONNECT, NULL, p.now),
                   H46017_ERR_INVALID_ARGUMENT);
  callpair_free(&p);
}
END_TEST

START_TEST(a_malformed_part_of_a_call_is_answered_with_status_100) {
  static const uint8_t bad[] = {
      0x08, 0x02, 0, 5, H46017_Q931_FACILITY, 0x7e, 0, 3, 0x05, 0xff, 0xff};
  static const uint8_t bad_status[] = {
      0x08, 0x02, 0, 5, H46017_Q931_STATUS, 0x7e, 0, 3, 0x05, 0xff, 0xff};
  static const uint8_t bad_release[] = {
      0x08, 0x02, 0,    5,   H46017_Q931_RELEASE_COMPLETE, 0x7e, 0,
      3,    0x05, 0xff, 0xff};
  begin(NULL);
  ck_assert_int_eq(callpair_feed_hex(&p, 1, SETUP), 0);
  ck_assert_int_eq(callpair_feed(&p, 1, bad, sizeof(bad)), 0);
  ck_assert_uint_eq(cause_sent(1), 100);
  ck_assert_uint_eq(p.side[1].sent, 1);
  ck_assert_int_eq(callpair_feed(&p, 1, bad_status, sizeof(bad_status)), 0);
  ck_assert_uint_eq(p.side[1].sent, 1); /* no Status to a Status */
  ck_assert_int_eq(callpair_feed(&p, 1, bad_release, sizeof(bad_release)), 0);
  ck_assert_uint_eq(p.side[1].over, 1); /* an end is an end */
  callpair_free(&p);
}
END_TEST

START_TEST(a_message_for_a_released_call_is_harmless) {
  h46017_call *a, *b;
  begin(NULL);
  a = callpair_up(&p, 0, &b);
  ck_assert_int_eq(h46017_call_release(a, 0, p.now), 0);
  /* on its way while the release is on its own */
  ck_assert_int_eq(h46017_call_h245(b, (const uint8_t *)"\x01\x02", 2, p.now),
                   0);
  ck_assert_int_eq(callpair_carry(&p), 0);
  ck_assert_uint_eq(p.side[0].h245.len, 0);
  ck_assert_uint_eq(p.side[0].over, 1);
  ck_assert_uint_eq(p.side[1].over, 1);
  /* and for one that the other side began, which does not rest here */
  a = callpair_up(&p, 1, &b);
  ck_assert_int_eq(h46017_call_release(b, 0, p.now), 0);
  ck_assert_int_eq(h46017_call_h245(a, (const uint8_t *)"\x01\x02", 2, p.now),
                   0);
  ck_assert_int_eq(callpair_carry(&p), 0);
  ck_assert_uint_eq(p.side[0].h245.len, 0);
  ck_assert_uint_eq(p.side[0].over, 2);
  ck_assert_uint_eq(p.side[1].over, 2);
  callpair_free(&p);
}
END_TEST

/* -- causes ---------------------------------------------------------------- */

START_TEST(causes_and_reasons_translate_both_ways) {
  static const struct {
    const char *name;
    uint8_t cause;
  } rows[] = {
      {"noBandwidth", 34},
      {"gatekeeperResources", 47},
      {"unreachableDestination", 3},
      {"destinationRejection", 16},
      {"invalidRevision", 88},
      {"noPermission", 111},
      {"unreachableGatekeeper", 38},
      {"gatewayResources", 42},
      {"badFormatAddress", 28},
      {"adaptiveBusy", 41},
      {"inConf", 17},
      {"undefinedReason", 31},
      {"facilityCallDeflection", 16},
      {"securityDenied", 31},
      {"calledPartyNotRegistered", 20},
      {"callerNotRegistered", 31},
      {"newConnectionNeeded", 47},
      {"nonStandardReason", 127},
      {"replaceWithConferenceInvite", 31},
      {"genericDataReason", 31},
      {"neededFeatureNotSupported", 31},
      {"tunnelledSignallingRejected", 127},
      {"invalidCID", 31},
      {"securityError", 31},
      {"hopCountExceeded", 31},
  };
  for (int i = 0; i < 25; i++) {
    h46017_release_reason r = (h46017_release_reason)i;
    ck_assert_str_eq(h46017_release_reason_name(r), rows[i].name);
    ck_assert_uint_eq(h46017_release_cause(r), rows[i].cause);
    /* back to it, or to the plain one of the same cause */
    ck_assert_uint_eq(
        h46017_release_cause(h46017_release_reason_find(rows[i].cause)),
        rows[i].cause);
  }
  ck_assert_int_eq(h46017_release_reason_find(16),
                   H46017_RELEASE_DESTINATION_REJECTION);
  ck_assert_int_eq(h46017_release_reason_find(31),
                   H46017_RELEASE_UNDEFINED_REASON);
  ck_assert_int_eq(h46017_release_reason_find(47),
                   H46017_RELEASE_GATEKEEPER_RESOURCES);
  ck_assert_int_eq(h46017_release_reason_find(127),
                   H46017_RELEASE_TUNNELLED_SIGNALLING_REJECTED);
  ck_assert_int_eq(h46017_release_reason_find(102), H46017_RELEASE_ABSENT);
  ck_assert_str_eq(h46017_release_reason_name(H46017_RELEASE_ABSENT),
                   "unknown");
  ck_assert_uint_eq(h46017_release_cause(H46017_RELEASE_ABSENT), 31);
}
END_TEST

int main(void) {
  Suite *s = suite_create("call");
  TCase *tc = tcase_create("call");
  tcase_set_timeout(tc, 60);
  tcase_add_test(tc, a_call_goes_through_the_states_of_q931);
  tcase_add_loop_test(tc, either_side_releases_in_every_state, 0,
                      2 * CALLPAIR_STAGES);
  tcase_add_loop_test(tc, releases_that_cross_end_the_call_once_on_both_sides,
                      0, CALLPAIR_STAGES);
  tcase_add_test(tc, a_call_that_was_only_begun_ends_without_a_word);
  tcase_add_test(tc, equal_references_of_both_sides_are_two_calls);
  tcase_add_test(tc, references_go_round_and_rest_after_use);
  tcase_add_test(tc, all_32767_references_can_be_in_use_and_no_more);
  tcase_add_test(tc,
                 references_the_peer_uses_are_avoided_while_others_are_left);
  tcase_add_test(tc, a_setup_beyond_max_calls_is_refused_as_busy);
  tcase_add_test(tc, whole_messages_keep_their_octets);
  tcase_add_test(tc, what_is_no_message_of_a_call_is_not_sent);
  tcase_add_test(tc, a_message_that_cannot_be_queued_changes_nothing);
  tcase_add_test(tc, an_unknown_reference_is_answered_as_q931_says);
  tcase_add_test(tc, messages_without_a_call_are_passed_over);
  tcase_add_test(tc, a_setup_that_cannot_be_read_is_refused);
  tcase_add_test(tc, what_does_not_fit_the_state_is_answered_with_status);
  tcase_add_test(tc, a_malformed_part_of_a_call_is_answered_with_status_100);
  tcase_add_test(tc, a_message_for_a_released_call_is_harmless);
  tcase_add_test(tc, causes_and_reasons_translate_both_ways);
  suite_add_tcase(s, tc);
  return run_suite(s);
}
