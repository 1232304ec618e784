/* SPDX-License-Identifier: BSD-2-Clause */
/* The calls of one connection: states, references, timers, reactions. What
 * messages say is in test_call_content.c. */
#include "callpair.h"
#include "failmem.h"

#include <h46017/tpkt.h>

#include <check.h>
#include <stdlib.h>
#include <string.h>

#define SETUP                                                                  \
  "080200050504038890a570038134327e006a0520b0060008914a000601400b0030003000"   \
  "390030003300330032006600360038003800610200010080750000010203040506070809"   \
  "0a0b0c0d0e0f00d90f8000001100101112131415161718191a1b1c1d1e1f010001000906"   \
  "0031005f0067006b0180018010800180"
#define RELEASE                                                                \
  "080280055a7e00260525c0060008914a0006840100150000110010111213141516171819"   \
  "1a1b1c1d1e1f10800180"
/* the same, sent by who called */
#define RELEASE_BY_CALLER                                                      \
  "080200055a080280907e0023052580060008914a000615000011001011121314151617181"  \
  "91a1b1c1d1e1f10800180"

static callpair p;

static void begin(const h46017_calls_settings *settings) {
  ck_assert_int_eq(callpair_init(&p, settings, NULL), 0);
}

static h46017_call *call_out(int from) {
  h46017_call *call = NULL;
  ck_assert_int_eq(h46017_call_new(p.side[from].calls, NULL, &call, p.now), 0);
  ck_assert_int_eq(h46017_call_write(call, H46017_Q931_SETUP, NULL, p.now), 0);
  p.side[from].latest = call;
  return call;
}

static void answer(h46017_call *call, uint8_t type) {
  ck_assert_int_eq(h46017_call_write(call, type, NULL, p.now), 0);
  ck_assert_int_eq(callpair_carry(&p), 0);
}

static void ck_state(const h46017_call *call, h46017_call_state state) {
  ck_assert_str_eq(h46017_call_state_name(h46017_call_get_state(call)),
                   h46017_call_state_name(state));
}

/* A call of side `from` that stands. */
static h46017_call *call_up(int from, h46017_call **pother) {
  h46017_call *call = call_out(from);
  ck_assert_int_eq(callpair_carry(&p), 0);
  *pother = p.side[1 - from].latest;
  answer(*pother, H46017_Q931_CALL_PROCEEDING);
  answer(*pother, H46017_Q931_ALERTING);
  answer(*pother, H46017_Q931_CONNECT);
  ck_state(call, H46017_CALL_ACTIVE);
  ck_state(*pother, H46017_CALL_ACTIVE);
  return call;
}

START_TEST(a_call_goes_through_the_states_of_q931) {
  h46017_call *a, *b;
  begin(NULL);
  a = call_out(0);
  ck_state(a, H46017_CALL_INITIATED);
  ck_assert(h46017_call_is_ours(a));
  ck_assert_int_eq(callpair_carry(&p), 0);
  b = p.side[1].latest;
  ck_state(b, H46017_CALL_PRESENT);
  ck_assert(!h46017_call_is_ours(b));
  ck_assert_uint_eq(h46017_call_reference(a), h46017_call_reference(b));
  ck_assert_mem_eq(h46017_call_identifier(a), h46017_call_identifier(b), 16);
  ck_assert_mem_eq(h46017_call_conference(a), h46017_call_conference(b), 16);
  ck_assert_mem_ne(h46017_call_identifier(a), h46017_call_conference(a), 16);
  answer(b, H46017_Q931_SETUP_ACKNOWLEDGE);
  ck_state(a, H46017_CALL_OVERLAP_SENDING);
  ck_state(b, H46017_CALL_OVERLAP_RECEIVING);
  answer(a, H46017_Q931_INFORMATION);
  answer(b, H46017_Q931_CALL_PROCEEDING);
  ck_state(a, H46017_CALL_OUTGOING_PROCEEDING);
  ck_state(b, H46017_CALL_INCOMING_PROCEEDING);
  answer(b, H46017_Q931_PROGRESS);
  ck_state(a, H46017_CALL_OUTGOING_PROCEEDING);
  answer(b, H46017_Q931_ALERTING);
  ck_state(a, H46017_CALL_DELIVERED);
  ck_state(b, H46017_CALL_RECEIVED);
  answer(b, H46017_Q931_CONNECT);
  ck_state(a, H46017_CALL_ACTIVE);
  ck_state(b, H46017_CALL_ACTIVE);
  answer(a, H46017_Q931_NOTIFY);
  answer(b, H46017_Q931_USER_INFORMATION);
  answer(b, H46017_Q931_FACILITY);
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
static const struct {
  uint8_t answers[3];
  h46017_call_state caller;
} stages[] = {
    {{0, 0, 0}, H46017_CALL_INITIATED},
    {{H46017_Q931_SETUP_ACKNOWLEDGE, 0, 0}, H46017_CALL_OVERLAP_SENDING},
    {{H46017_Q931_CALL_PROCEEDING, 0, 0}, H46017_CALL_OUTGOING_PROCEEDING},
    {{H46017_Q931_CALL_PROCEEDING, H46017_Q931_ALERTING, 0},
     H46017_CALL_DELIVERED},
    {{H46017_Q931_ALERTING, 0, 0}, H46017_CALL_DELIVERED},
    {{H46017_Q931_CONNECT, 0, 0}, H46017_CALL_ACTIVE},
};
#define STAGES ((int)(sizeof(stages) / sizeof(stages[0])))

static h46017_call *call_at(int stage, h46017_call **pother) {
  h46017_call *call = call_out(0);
  ck_assert_int_eq(callpair_carry(&p), 0);
  *pother = p.side[1].latest;
  for (int i = 0; i < 3 && stages[stage].answers[i] != 0; i++) {
    answer(*pother, stages[stage].answers[i]);
  }
  ck_state(call, stages[stage].caller);
  return call;
}

START_TEST(either_side_releases_in_every_state) {
  h46017_call *side[2];
  int who = _i % 2;
  begin(NULL);
  side[0] = call_at(_i / 2, &side[1]);
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
  side[0] = call_at(_i, &side[1]);
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
  ours[0] = call_out(0);
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
  answer(theirs[0], H46017_Q931_ALERTING);
  answer(theirs[1], H46017_Q931_CONNECT);
  ck_state(ours[0], H46017_CALL_ACTIVE);
  ck_state(ours[1], H46017_CALL_DELIVERED);
  ck_assert_ptr_eq(h46017_calls_find(p.side[0].calls, true, reference),
                   ours[0]);
  ck_assert_ptr_eq(h46017_calls_find(p.side[0].calls, false, reference),
                   theirs[0]);
  ck_assert_int_eq(h46017_call_release(ours[0], 0, p.now), 0);
  ck_assert_int_eq(callpair_carry(&p), 0);
  ck_state(ours[1], H46017_CALL_DELIVERED);
  ck_state(theirs[0], H46017_CALL_RECEIVED);
  ck_assert_uint_eq(h46017_calls_count(p.side[0].calls), 1);
  callpair_free(&p);
}
END_TEST

/* -- references ------------------------------------------------------------ */

START_TEST(references_go_round_and_rest_after_use) {
  h46017_call *call;
  uint16_t first, last = 0;
  begin(NULL);
  call = call_out(0);
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
    (void)call_out(0);
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
  call = call_up(0, &other);
  p.side[0].write_fails = H46017_ERR_QUEUE_FULL;
  ck_assert_int_eq(h46017_call_release(call, 0, p.now), H46017_ERR_QUEUE_FULL);
  ck_state(call, H46017_CALL_ACTIVE);
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
  ck_state(call, H46017_CALL_PRESENT);
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
  a = call_up(0, &b);
  ck_assert_int_eq(h46017_call_release(a, 0, p.now), 0);
  /* on its way while the release is on its own */
  ck_assert_int_eq(h46017_call_h245(b, (const uint8_t *)"\x01\x02", 2, p.now),
                   0);
  ck_assert_int_eq(callpair_carry(&p), 0);
  ck_assert_uint_eq(p.side[0].h245.len, 0);
  ck_assert_uint_eq(p.side[0].over, 1);
  ck_assert_uint_eq(p.side[1].over, 1);
  /* and for one that the other side began, which does not rest here */
  a = call_up(1, &b);
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

/* -- time ------------------------------------------------------------------ */

static const struct {
  int stage;
  h46017_time due;
  uint8_t cause;
} timers[] = {
    {0, 15000, 102}, /* T303 */
    {1, 30000, 102}, /* T304 */
    {2, 60000, 102}, /* T310 */
    {3, 180000, 19}, /* T301 */
};

START_TEST(a_timer_releases_the_call_when_it_is_due_and_not_before) {
  h46017_call *a, *b;
  h46017_time start;
  begin(NULL);
  a = call_at(timers[_i].stage, &b);
  start = p.now;
  ck_assert(h46017_calls_next_expiry(p.side[0].calls) ==
            start + timers[_i].due);
  p.now = start + timers[_i].due - 1;
  ck_assert_int_eq(h46017_calls_handle_expiry(p.side[0].calls, p.now), 0);
  ck_state(a, stages[timers[_i].stage].caller);
  p.now++;
  ck_assert_int_eq(h46017_calls_handle_expiry(p.side[0].calls, p.now), 0);
  ck_assert_int_eq(p.side[0].last_code, H46017_ERR_CALL_TIMEOUT);
  ck_assert_uint_eq(p.side[0].last_cause, timers[_i].cause);
  ck_assert_int_eq(callpair_carry(&p), 0);
  ck_assert_uint_eq(p.side[1].last_cause, timers[_i].cause);
  ck_assert_int_eq(p.side[1].last_code, H46017_ERR_CALL_RELEASED);
  callpair_free(&p);
}
END_TEST

START_TEST(progress_gives_as_long_as_alerting_does) {
  h46017_call *a, *b;
  begin(NULL);
  a = call_at(2, &b);
  p.now += 30000;
  answer(b, H46017_Q931_PROGRESS);
  ck_state(a, H46017_CALL_OUTGOING_PROCEEDING);
  ck_assert(h46017_calls_next_expiry(p.side[0].calls) == p.now + 180000);
  callpair_free(&p);
}
END_TEST

START_TEST(digits_begin_the_overlap_time_again) {
  h46017_call *a, *b;
  begin(NULL);
  a = call_at(1, &b);
  p.now += 20000;
  answer(a, H46017_Q931_INFORMATION);
  ck_assert(h46017_calls_next_expiry(p.side[0].calls) == p.now + 30000);
  callpair_free(&p);
}
END_TEST

START_TEST(an_inquiry_is_answered_with_the_state) {
  h46017_call *a, *b;
  begin(NULL);
  a = call_up(0, &b);
  ck_assert_int_eq(
      h46017_call_write(a, H46017_Q931_STATUS_INQUIRY, NULL, p.now), 0);
  ck_assert(h46017_calls_next_expiry(p.side[0].calls) == p.now + 4000);
  ck_assert_int_eq(callpair_carry(&p), 0);
  ck_assert_int_eq(callside_count(&p.side[1], "message statusInquiry"), 1);
  ck_assert_int_eq(callside_count(&p.side[0], "message status"), 1);
  ck_assert(h46017_calls_next_expiry(p.side[0].calls) == H46017_TIME_NEVER);
  ck_state(a, H46017_CALL_ACTIVE);
  callpair_free(&p);
}
END_TEST

START_TEST(an_inquiry_that_nobody_answers_is_repeated_once_then_releases) {
  h46017_call *a, *b;
  unsigned sent;
  begin(NULL);
  a = call_up(0, &b);
  sent = p.side[0].sent;
  ck_assert_int_eq(
      h46017_call_write(a, H46017_Q931_STATUS_INQUIRY, NULL, p.now), 0);
  p.now += 3999;
  ck_assert_int_eq(h46017_calls_handle_expiry(p.side[0].calls, p.now), 0);
  ck_assert_uint_eq(p.side[0].sent, sent + 1);
  p.now++;
  ck_assert_int_eq(h46017_calls_handle_expiry(p.side[0].calls, p.now), 0);
  ck_assert_uint_eq(p.side[0].sent, sent + 2);
  ck_assert_uint_eq(p.side[0].last_sent, H46017_Q931_STATUS_INQUIRY);
  p.now += 4000;
  ck_assert_int_eq(h46017_calls_handle_expiry(p.side[0].calls, p.now), 0);
  ck_assert_uint_eq(p.side[0].last_sent, H46017_Q931_RELEASE_COMPLETE);
  ck_assert_int_eq(p.side[0].last_code, H46017_ERR_CALL_TIMEOUT);
  ck_assert_uint_eq(p.side[0].last_cause, 41);
  callpair_free(&p);
}
END_TEST

START_TEST(a_peer_that_no_more_knows_the_call_ends_it) {
  static const uint8_t status[] = {0x08, 0x02, 0,    5,    H46017_Q931_STATUS,
                                   0x08, 0x02, 0x80, 0x9e, 0x14,
                                   0x01, 0x00};
  unsigned sent;
  begin(NULL);
  ck_assert_int_eq(callpair_feed_hex(&p, 1, SETUP), 0);
  sent = p.side[1].sent;
  ck_assert_int_eq(callpair_feed(&p, 1, status, sizeof(status)), 0);
  ck_assert_int_eq(p.side[1].last_code, H46017_ERR_CALL_LOST);
  ck_assert_uint_eq(p.side[1].last_cause, 30);
  ck_assert_uint_eq(p.side[1].sent, sent);
  callpair_free(&p);
}
END_TEST

START_TEST(a_connection_that_goes_takes_its_calls_along) {
  h46017_call *a, *b;
  begin(NULL);
  for (int i = 0; i < STAGES; i++) {
    a = call_at(i, &b);
    ck_assert_ptr_nonnull(a);
  }
  a = call_up(1, &b);
  ck_assert_int_eq(h46017_call_release(a, 0, p.now), 0);
  ck_assert_int_eq(callpair_carry(&p), 0);
  p.side[0].sent = p.side[0].over = 0;
  ck_assert_int_eq(
      h46017_calls_down(p.side[0].calls, H46017_ERR_KEEPALIVE, p.now), 0);
  ck_assert_uint_eq(p.side[0].over, (unsigned)STAGES);
  ck_assert_int_eq(p.side[0].last_code, H46017_ERR_KEEPALIVE);
  ck_assert_uint_eq(p.side[0].last_cause, 27);
  ck_assert_uint_eq(p.side[0].sent, 0);
  ck_assert(h46017_calls_next_expiry(p.side[0].calls) == H46017_TIME_NEVER);
  (void)call_out(0); /* and can be used again */
  callpair_free(&p);
}
END_TEST

/* -- callbacks ------------------------------------------------------------- */

static const char *hooked;

static void release_hook(callside *s, const char *callback, h46017_call *call) {
  if (strcmp(callback, hooked) == 0 &&
      h46017_call_get_state(call) != H46017_CALL_RELEASED) {
    ck_assert_int_eq(h46017_call_release(call, 0, s->pair->now), 0);
  }
}

static const char *const hooks[] = {"setup", "message", "h245", "state"};

START_TEST(a_call_may_be_released_in_every_callback) {
  h46017_call *a, *b;
  static const uint8_t h245[] = {1, 2, 3};
  begin(NULL);
  hooked = hooks[_i];
  a = call_up(0, &b);
  p.side[0].hook = p.side[1].hook = release_hook;
  if (_i == 0 || _i == 3) {
    (void)call_out(0);
    if (_i == 3) {
      (void)h46017_call_release(a, 0, p.now);
    }
  } else {
    ck_assert_int_eq(h46017_call_h245(a, h245, 3, p.now), 0);
  }
  ck_assert_int_eq(callpair_carry(&p), 0);
  ck_assert_uint_ge(p.side[0].over, 1);
  ck_assert_uint_eq(p.side[0].over, p.side[1].over);
  callpair_free(&p);
}
END_TEST

static void reentrant_hook(callside *s, const char *callback,
                           h46017_call *call) {
  h46017_q931 msg = {0};
  (void)callback;
  (void)call;
  ck_assert_int_eq(h46017_calls_receive(s->calls, &msg, 0),
                   H46017_ERR_REENTRANT);
  ck_assert_int_eq(h46017_calls_handle_expiry(s->calls, 0),
                   H46017_ERR_REENTRANT);
  ck_assert_int_eq(h46017_calls_down(s->calls, 0, 0), H46017_ERR_REENTRANT);
}

START_TEST(what_callbacks_may_not_call_is_refused) {
  h46017_call *a, *b;
  begin(NULL);
  p.side[0].hook = p.side[1].hook = reentrant_hook;
  a = call_up(0, &b);
  ck_assert_int_eq(h46017_call_release(a, 0, p.now), 0);
  ck_assert_int_eq(callpair_carry(&p), 0);
  callpair_free(&p);
}
END_TEST

static void delete_hook(callside *s, const char *callback, h46017_call *call) {
  (void)call;
  if (strcmp(callback, hooked) == 0) {
    h46017_calls_del(s->calls);
  }
}

START_TEST(the_table_may_be_deleted_in_every_callback) {
  octets setup = octets_hex(SETUP);
  begin(NULL);
  hooked = _i == 1 ? "released" : hooks[_i];
  p.side[1].hook = delete_hook;
  ck_assert_int_eq(callpair_feed(&p, 1, setup.data, setup.len), 0);
  if (_i == 1) {
    ck_assert_int_eq(callpair_feed_hex(&p, 1, RELEASE_BY_CALLER), 0);
  } else if (_i == 2) {
    /* nothing tunnelled came: it still stands */
    h46017_calls_del(p.side[1].calls);
  }
  p.side[1].calls = NULL;
  octets_free(&setup);
  callpair_free(&p);
}
END_TEST

START_TEST(a_callback_that_fails_ends_the_table) {
  h46017_call *a, *b, *c;
  begin(NULL);
  a = call_up(0, &b);
  p.side[1].callback_fails = -1;
  ck_assert_int_eq(h46017_call_write(a, H46017_Q931_NOTIFY, NULL, p.now), 0);
  ck_assert_int_eq(callpair_carry(&p), H46017_ERR_CALLBACK_FAILURE);
  ck_assert_int_eq(h46017_calls_error(p.side[1].calls),
                   H46017_ERR_CALLBACK_FAILURE);
  ck_assert_int_eq(h46017_call_release(b, 0, p.now),
                   H46017_ERR_CALLBACK_FAILURE);
  ck_assert_int_eq(h46017_call_new(p.side[1].calls, NULL, &c, p.now),
                   H46017_ERR_CALLBACK_FAILURE);
  ck_assert(h46017_calls_next_expiry(p.side[1].calls) == H46017_TIME_NEVER);
  callpair_free(&p);
}
END_TEST

START_TEST(an_answer_of_the_tables_own_that_cannot_be_sent_stays) {
  begin(NULL);
  p.side[1].write_fails = H46017_ERR_QUEUE_FULL;
  ck_assert_int_eq(callpair_feed_hex(&p, 1, "0802800907"),
                   H46017_ERR_QUEUE_FULL);
  ck_assert_int_eq(h46017_calls_error(p.side[1].calls), H46017_ERR_QUEUE_FULL);
  callpair_free(&p);
}
END_TEST

/* -- many, and memory ------------------------------------------------------ */

START_TEST(a_thousand_calls_at_once_on_one_connection) {
  h46017_call *a[1000], *b[1000];
  begin(NULL);
  for (int i = 0; i < 1000; i++) {
    a[i] = call_up(i % 2, &b[i]);
  }
  ck_assert_uint_eq(h46017_calls_count(p.side[0].calls), 1000);
  for (int i = 0; i < 1000; i++) {
    ck_assert_int_eq(h46017_call_release(i % 3 != 0 ? a[i] : b[i], 0, p.now),
                     0);
    ck_assert_int_eq(callpair_carry(&p), 0);
  }
  for (int i = 0; i < 2; i++) {
    ck_assert_uint_eq(p.side[i].over, 1000);
    ck_assert_uint_eq(h46017_calls_count(p.side[i].calls), 0);
  }
  callpair_free(&p);
}
END_TEST

static int memory_scenario(failmem *f, void *arg) {
  static const uint8_t h245[] = {1, 2, 3};
  h46017_call *call = NULL;
  int rv = callpair_init(&p, NULL, &f->mem);

  (void)arg;
  if (rv == 0) {
    rv = h46017_call_new(p.side[0].calls, NULL, &call, p.now);
  }
  if (rv == 0) {
    rv = h46017_call_write(call, H46017_Q931_SETUP, NULL, p.now);
  }
  if (rv == 0) {
    rv = callpair_carry(&p);
  }
  if (rv == 0) {
    rv = h46017_call_write(p.side[1].latest, H46017_Q931_CONNECT, NULL, p.now);
  }
  if (rv == 0) {
    rv = callpair_carry(&p);
  }
  if (rv == 0) {
    rv = h46017_call_h245(call, h245, sizeof(h245), p.now);
  }
  if (rv == 0) {
    rv = callpair_carry(&p);
  }
  if (rv == 0) {
    rv = h46017_call_release(call, 0, p.now);
  }
  if (rv == 0) {
    rv = callpair_carry(&p);
  }
  if (rv == 0) {
    rv = callpair_run(&p, p.now + 6000);
  }
  callpair_free(&p);
  return rv;
}

START_TEST(every_allocation_may_fail) {
  ck_assert_uint_gt(failmem_sweep(memory_scenario, NULL), 5);
}
END_TEST

START_TEST(a_call_takes_less_than_a_kibibyte) {
  failmem f;
  h46017_call *a, *b;
  size_t before;
  failmem_init(&f);
  ck_assert_int_eq(callpair_init(&p, NULL, &f.mem), 0);
  a = call_up(0, &b);
  ck_assert_int_eq(h46017_call_release(a, 0, p.now), 0);
  ck_assert_int_eq(callpair_run(&p, p.now + 6000), 0);
  before = f.octets;
  for (int i = 0; i < 1000; i++) {
    (void)call_up(0, &b);
  }
  ck_assert_uint_lt((f.octets - before) / 2000, 512); /* each side's leg */
  ck_assert_int_eq(h46017_calls_down(p.side[0].calls, 0, p.now), 0);
  ck_assert_int_eq(h46017_calls_down(p.side[1].calls, 0, p.now), 0);
  callpair_free(&p);
  ck_assert_uint_eq(f.blocks, 0);
}
END_TEST

START_TEST(settings_that_make_no_sense_are_refused) {
  h46017_calls_settings s;
  h46017_calls_callbacks cb;
  h46017_calls *calls;
  h46017_calls_callbacks_default(&cb);
  ck_assert_int_eq(h46017_calls_new(&calls, NULL, &cb, NULL, NULL, 0),
                   H46017_ERR_INVALID_ARGUMENT);
  for (int i = 0; i < 5; i++) {
    h46017_calls_settings_default(&s);
    *(i == 0   ? &s.max_calls
      : i == 1 ? &s.t301
      : i == 2 ? &s.t303
      : i == 3 ? &s.t310
               : &s.t322) = 0;
    ck_assert_int_eq(callpair_init(&p, &s, NULL), H46017_ERR_INVALID_ARGUMENT);
    callpair_free(&p);
  }
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
  SRunner *sr;
  int failed;
  tcase_set_timeout(tc, 60);
  tcase_add_test(tc, a_call_goes_through_the_states_of_q931);
  tcase_add_loop_test(tc, either_side_releases_in_every_state, 0, 2 * STAGES);
  tcase_add_loop_test(tc, releases_that_cross_end_the_call_once_on_both_sides,
                      0, STAGES);
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
  tcase_add_loop_test(tc,
                      a_timer_releases_the_call_when_it_is_due_and_not_before,
                      0, (int)(sizeof(timers) / sizeof(timers[0])));
  tcase_add_test(tc, progress_gives_as_long_as_alerting_does);
  tcase_add_test(tc, digits_begin_the_overlap_time_again);
  tcase_add_test(tc, an_inquiry_is_answered_with_the_state);
  tcase_add_test(tc,
                 an_inquiry_that_nobody_answers_is_repeated_once_then_releases);
  tcase_add_test(tc, a_peer_that_no_more_knows_the_call_ends_it);
  tcase_add_test(tc, a_connection_that_goes_takes_its_calls_along);
  tcase_add_loop_test(tc, a_call_may_be_released_in_every_callback, 0, 4);
  tcase_add_test(tc, what_callbacks_may_not_call_is_refused);
  tcase_add_loop_test(tc, the_table_may_be_deleted_in_every_callback, 0, 4);
  tcase_add_test(tc, a_callback_that_fails_ends_the_table);
  tcase_add_test(tc, an_answer_of_the_tables_own_that_cannot_be_sent_stays);
  tcase_add_test(tc, a_thousand_calls_at_once_on_one_connection);
  tcase_add_test(tc, every_allocation_may_fail);
  tcase_add_test(tc, a_call_takes_less_than_a_kibibyte);
  tcase_add_test(tc, settings_that_make_no_sense_are_refused);
  tcase_add_test(tc, causes_and_reasons_translate_both_ways);
  suite_add_tcase(s, tc);
  sr = srunner_create(s);
  srunner_run_all(sr, CK_NORMAL);
  failed = srunner_ntests_failed(sr);
  srunner_free(sr);
  return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
