/* SPDX-License-Identifier: BSD-2-Clause */
/* What a gatekeeper changes in a message of a call on its way, and what not:
 * octets in at one connection, octets out at the other. */
#include "callworld.h"
#include "runner.h"

#include "session/gatekeeper.h"

#include <check.h>
#include <stdio.h>
#include <string.h>

static world_line *ep2;

static void begin_with_ep2(const h46017_gatekeeper_settings *settings) {
  begin(settings);
  ck_assert_int_eq(world_add(&w, &ep2, "ep2", NULL), 0);
  run();
}

static void end_broken(void) {
  world_break(&w, line[0]);
  world_break(&w, ep2);
  run();
  end();
}

/* -- octets ---------------------------------------------------------------- */

static const char *const gone[] = {"tokens",
                                   "cryptoTokens",
                                   "h245Address",
                                   "sourceCallSignalAddress",
                                   "destCallSignalAddress",
                                   "endpointIdentifier"};

#define BODY "h323-uu-pdu.h323-message-body"

/* The path of a component of a message's body, whichever it is. */
static const char *component(const h46017_h225 *m, const char *name) {
  static char path[128];
  (void)snprintf(path, sizeof(path), BODY ".%s.%s",
                 h46017_h225_value_name(h46017_h225_at(
                     h46017_h225_get(h46017_h225_root(m), BODY), 0)),
                 name);
  return path;
}

static h46017_h225_value get(const h46017_h225 *m, const char *name) {
  return h46017_h225_get(h46017_h225_root(m), component(m, name));
}

/* The H.323 part of a message. */
static h46017_h225 *part(const octets *msg) {
  h46017_q931 q931;
  h46017_h225 *m;
  const uint8_t *per;
  size_t len;
  ck_assert_int_eq(h46017_q931_parse(&q931, msg->data, msg->len, 0), 0);
  ck_assert_int_eq(h46017_q931_user_user(&q931, &per, &len), 0);
  ck_assert_int_eq(h46017_h225_new(&m, NULL, NULL), 0);
  ck_assert_int_eq(
      h46017_h225_decode(m, h46017_h225_user_information(), per, len), 0);
  return m;
}

/* What a gatekeeper takes out is taken out, by the codec alone. */
static octets stripped(const octets *msg) {
  h46017_h225 *m = part(msg);
  octets out = {NULL, 0};
  uint8_t buf[4096];
  bool yes;
  size_t len;
  for (size_t i = 0; i < sizeof(gone) / sizeof(gone[0]); i++) {
    (void)h46017_h225_remove(m, component(m, gone[i]));
  }
  if (h46017_h225_read_bool(get(m, "multipleCalls"), &yes) == 0) {
    ck_assert_int_eq(
        h46017_h225_set_bool(m, component(m, "multipleCalls"), true), 0);
  }
  if (h46017_h225_read_bool(get(m, "maintainConnection"), &yes) == 0) {
    ck_assert_int_eq(
        h46017_h225_set_bool(m, component(m, "maintainConnection"), true), 0);
  }
  ck_assert_int_eq(h46017_h225_encode(m, buf, sizeof(buf), &len), 0);
  octets_append(&out, buf, len);
  h46017_h225_del(m);
  return out;
}

/* The message with another H.323 part. Frees `m`. */
static void with_part(octets *msg, h46017_h225 *m) {
  octets out = {NULL, 0};
  uint8_t buf[4096];
  h46017_q931 q931;
  h46017_q931_ie ie;
  uint8_t head[4] = {H46017_Q931_IE_USER_USER, 0, 0, 5};
  size_t len;
  ck_assert_int_eq(h46017_q931_parse(&q931, msg->data, msg->len, 0), 0);
  ck_assert(h46017_q931_find(&q931, H46017_Q931_IE_USER_USER, &ie));
  ck_assert_int_eq(h46017_h225_encode(m, buf, sizeof(buf), &len), 0);
  h46017_h225_del(m);
  head[1] = (uint8_t)((len + 1) >> 8);
  head[2] = (uint8_t)(len + 1);
  octets_append(&out, msg->data, (size_t)(ie.raw - msg->data));
  octets_append(&out, head, sizeof(head));
  octets_append(&out, buf, len);
  octets_free(msg);
  *msg = out;
}

/* Every element as it was, but for the H.323 part, which is what the codec
 * makes of it. */
static void arrives(const octets *sent, const octets *came_out) {
  octets expected = stripped(sent);
  h46017_q931 in, out;
  h46017_q931_cursor at_in = H46017_Q931_CURSOR_INIT;
  h46017_q931_cursor at_out = H46017_Q931_CURSOR_INIT;
  h46017_q931_ie ie_in, ie_out;
  const uint8_t *per;
  size_t len;
  ck_assert_int_eq(h46017_q931_parse(&in, sent->data, sent->len, 0), 0);
  ck_assert_int_eq(h46017_q931_parse(&out, came_out->data, came_out->len, 0),
                   0);
  ck_assert_uint_eq(in.type, out.type);
  ck_assert(in.call_reference_flag == out.call_reference_flag);
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
  octets_free(&expected);
}

/* -- a captured call ------------------------------------------------------- */

/* One message goes in under the reference of its leg, and out at the other. */
static void relayed(const char *stream, unsigned n, uint8_t type,
                    uint16_t reference) {
  bool by_caller = stream[1] == '0';
  octets msg = captured(stream, n), out;
  unsigned count = 0;
  ck_assert_uint_eq(msg.data[4], type);
  came_as(by_caller ? line[0] : ep2, &msg, reference, !by_caller);
  out = taken(by_caller ? ep2 : line[0], &count);
  ck_assert_uint_eq(count, 1);
  arrives(&msg, &out);
  octets_free(&msg);
  octets_free(&out);
}

START_TEST(every_message_of_a_captured_call_keeps_its_octets) {
  static const struct {
    const char *stream;
    unsigned n;
    uint8_t type;
  } messages[] = {
      {"s1.ep2gk", 0, H46017_Q931_CALL_PROCEEDING},
      {"s1.ep2gk", 1, H46017_Q931_CONNECT},
      {"s0.ep2gk", 1, H46017_Q931_FACILITY}, /* tunnelled H.245 */
      {"s1.ep2gk", 2, H46017_Q931_FACILITY},
      {"s0.ep2gk", 2, H46017_Q931_FACILITY},
      {"s1.ep2gk", 3, H46017_Q931_FACILITY},
      {"s0.ep2gk", 3, H46017_Q931_FACILITY},
      {"s0.ep2gk", 4, H46017_Q931_FACILITY},
      {"s1.ep2gk", 4, H46017_Q931_FACILITY},
      {"s0.ep2gk", 5, H46017_Q931_FACILITY},
      {"s1.ep2gk", 5, H46017_Q931_FACILITY},
  };
  octets setup = captured_setup(), out;
  uint16_t callee;
  unsigned count = 0;
  begin_with_ep2(NULL);
  came(line[0], &setup, 9);
  out = taken(ep2, &count);
  ck_assert_uint_eq(count, 1);
  arrives(&setup, &out);
  callee = (uint16_t)(out.data[2] << 8 | out.data[3]);
  for (size_t i = 0; i < sizeof(messages) / sizeof(messages[0]); i++) {
    relayed(messages[i].stream, messages[i].n, messages[i].type,
            messages[i].stream[1] == '0' ? 9 : callee);
  }
  /* none of the call's was left out, but for the two releases that crossed */
  ck_assert_uint_eq(captured("s0.ep2gk", 7).len, 0);
  ck_assert_uint_eq(captured("s1.ep2gk", 7).len, 0);
  relayed(_i == 0 ? "s0.ep2gk" : "s1.ep2gk", 6, H46017_Q931_RELEASE_COMPLETE,
          _i == 0 ? 9 : callee);
  ck_assert_uint_eq(h46017_gatekeeper_call_count(w.gk), 0);
  octets_free(&setup);
  octets_free(&out);
  end_broken();
}
END_TEST

/* What says where a side is, or proves to us who it is, goes no further. */
START_TEST(addresses_and_tokens_of_a_leg_go_no_further) {
  static const uint8_t ip[4] = {192, 0, 2, 1};
  octets setup = captured_setup(), out;
  uint16_t callee;
  h46017_h225 *m;
  begin_with_ep2(NULL);
  came(line[0], &setup, 9);
  out = taken(ep2, NULL);
  callee = (uint16_t)(out.data[2] << 8 | out.data[3]);
  octets_free(&out);
  for (unsigned n = 0; n < 2; n++) { /* Call Proceeding, Connect */
    octets msg = captured("s1.ep2gk", n);
    m = part(&msg);
    ck_assert_int_eq(h46017_h225_set_octets(
                         m, component(m, "h245Address.ipAddress.ip"), ip, 4),
                     0);
    ck_assert_int_eq(
        h46017_h225_set_uint(m, component(m, "h245Address.ipAddress.port"), 1),
        0);
    ck_assert_int_eq(
        h46017_h225_set_text(m, component(m, "tokens[0].tokenOID"), "1.2.3", 5),
        0);
    with_part(&msg, m);
    came_as(ep2, &msg, callee, true);
    out = taken(line[0], NULL);
    arrives(&msg, &out);
    m = part(&out);
    ck_assert_int_eq(h46017_h225_value_kind(get(m, "h245Address")),
                     H46017_H225_ABSENT);
    ck_assert_int_eq(h46017_h225_value_kind(get(m, "tokens")),
                     H46017_H225_ABSENT);
    h46017_h225_del(m);
    octets_free(&msg);
    octets_free(&out);
  }
  octets_free(&setup);
  end_broken();
}
END_TEST

/* What a gatekeeper does not know of is not its business: H.460.19, .24, .26,
 * a vendor's, in the Setup and in a Facility. */
START_TEST(features_and_extensions_pass_byte_for_byte) {
  static const unsigned features[] = {19, 24, 26, 130};
  static const uint8_t raw[] = {0, 1, 2, 0xff, 0x80};
  static const char *const lists[] = {BODY ".setup.supportedFeatures",
                                      "h323-uu-pdu.genericData"};
  octets setup = captured_setup(), out;
  h46017_h225 *m = part(&setup);
  char path[160];
  const uint8_t *found;
  uint64_t id;
  size_t len;
  begin_with_ep2(NULL);
  for (unsigned l = 0; l < 2; l++) {
    for (unsigned i = 0; i < 4; i++) {
#define AT(component)                                                          \
  ((void)snprintf(path, sizeof(path), "%s[%u]." component, lists[l], i), path)
      ck_assert_int_eq(h46017_h225_set_uint(m, AT("id.standard"), features[i]),
                       0);
      ck_assert_int_eq(
          h46017_h225_set_uint(m, AT("parameters[0].id.standard"), i), 0);
      ck_assert_int_eq(h46017_h225_set_octets(
                           m, AT("parameters[0].content.raw"), raw, i + 2),
                       0);
    }
  }
  with_part(&setup, m);
  came(line[0], &setup, 1);
  out = taken(ep2, NULL);
  arrives(&setup, &out);
  m = part(&out);
  for (unsigned l = 0; l < 2; l++) {
    for (unsigned i = 0; i < 4; i++) {
      ck_assert_int_eq(
          h46017_h225_read_uint(
              h46017_h225_get(h46017_h225_root(m), AT("id.standard")), &id),
          0);
      ck_assert_uint_eq(id, features[i]);
      ck_assert_int_eq(h46017_h225_read_octets(
                           h46017_h225_get(h46017_h225_root(m),
                                           AT("parameters[0].content.raw")),
                           &found, &len),
                       0);
      ck_assert_uint_eq(len, i + 2);
      ck_assert_mem_eq(found, raw, len);
#undef AT
    }
  }
  h46017_h225_del(m);
  octets_free(&setup);
  octets_free(&out);
  end_broken();
}
END_TEST

/* -- hops ------------------------------------------------------------------ */

START_TEST(a_hop_less_each_time_and_none_is_left_to_go_on_with) {
  octets setup = captured_setup(), out;
  h46017_h225 *m = part(&setup);
  h46017_call_content content;
  unsigned count = 0;
  uint64_t hops;
  begin_with_ep2(NULL);
  if (_i > 0) {
    ck_assert_int_eq(
        h46017_h225_set_uint(m, component(m, "hopCount"), (uint64_t)_i), 0);
  }
  with_part(&setup, m);
  came(line[0], &setup, 1);
  if (_i == 1) {
    h46017_q931 q931;
    h46017_call_message msg = {H46017_Q931_RELEASE_COMPLETE, &q931, NULL};
    out = taken(line[0], &count);
    ck_assert_uint_eq(count, 1);
    ck_assert_int_eq(h46017_q931_parse(&q931, out.data, out.len, 0), 0);
    ck_assert_uint_eq(q931.type, H46017_Q931_RELEASE_COMPLETE);
    msg.uui = part(&out);
    h46017_call_content_default(&content);
    ck_assert_int_eq(h46017_call_read(&msg, &content), 0);
    ck_assert_int_eq(content.reason, H46017_RELEASE_HOP_COUNT_EXCEEDED);
    h46017_h225_del(msg.uui);
    ck_assert_uint_eq(h46017_gatekeeper_call_count(w.gk), 0);
  } else {
    out = taken(ep2, &count);
    ck_assert_uint_eq(count, 1);
    m = part(&out);
    ck_assert_int_eq(h46017_h225_read_uint(get(m, "hopCount"), &hops),
                     _i == 0 ? H46017_ERR_ABSENT : 0);
    ck_assert(_i == 0 || hops == (uint64_t)_i - 1);
    h46017_h225_del(m);
  }
  octets_free(&setup);
  octets_free(&out);
  end_broken();
}
END_TEST

/* -- another number -------------------------------------------------------- */

/* The digits in Called Party Number of the Setup that came; NULL: it has none.
 */
static const char *number_of(const party *p) {
  static char digits[64];
  h46017_q931 q931;
  h46017_q931_ie ie;
  ck_assert_int_eq(h46017_q931_parse(&q931, p->setup.data, p->setup.len,
                                     H46017_LENIENT_IE_ORDER),
                   0);
  if (!h46017_q931_find(&q931, H46017_Q931_IE_CALLED_PARTY_NUMBER, &ie)) {
    return NULL;
  }
  ck_assert_uint_eq(ie.contents[0], 0x81);
  (void)snprintf(digits, sizeof(digits), "%.*s", (int)ie.len - 1,
                 (const char *)ie.contents + 1);
  return digits;
}

static world_line *line_of_digits(const char *digits) {
  h46017_alias number = {
      H46017_ALIAS_DIALLED_DIGITS, 0, {digits, strlen(digits)}};
  ck_assert_int_eq(
      h46017_endpoint_add_aliases(line[1]->ep, line[1]->reg, &number, 1, w.now),
      0);
  run();
  return line[1];
}

START_TEST(the_number_called_is_the_one_that_the_program_names) {
  static const h46017_alias name = {H46017_ALIAS_H323_ID, 0, {"b", 1}};
  static const h46017_alias digits = {
      H46017_ALIAS_DIALLED_DIGITS, 0, {"4711", 4}};
  begin(NULL);
  (void)line_of_digits("4711");
  setup_number = "42";
  (void)call(0, "b"); /* nothing else is said: it stays */
  ck_assert_str_eq(number_of(&parties[1]), "42");
  route_to = &digits;
  (void)call(0, "x");
  ck_assert_uint_eq(parties[1].setups, 2);
  ck_assert_str_eq(number_of(&parties[1]), "4711");
  route_to = &name;
  (void)call(0, "x");
  ck_assert_uint_eq(parties[1].setups, 3);
  ck_assert_ptr_null(number_of(&parties[1]));
  setup_number = NULL;
  route_to = &digits;
  (void)call(0, "x");
  ck_assert_uint_eq(parties[1].setups, 4);
  ck_assert_ptr_null(number_of(&parties[1]));
  world_break(&w, line[0]);
  run();
  end();
}
END_TEST

/* Whatever the order of the elements: two of them are written anew. */
START_TEST(the_number_is_found_behind_the_user_user_element_too) {
  static const uint8_t number[] = {0x70, 3, 0x81, '4', '2'};
  static const h46017_alias digits = {
      H46017_ALIAS_DIALLED_DIGITS, 0, {"4711", 4}};
  octets setup = captured_setup();
  h46017_q931 q931;
  h46017_q931_ie ie;
  begin_with_ep2(NULL);
  (void)line_of_digits("4711");
  route_to = &digits;
  ck_assert_int_eq(h46017_q931_parse(&q931, setup.data, setup.len, 0), 0);
  ck_assert(!h46017_q931_find(&q931, H46017_Q931_IE_CALLED_PARTY_NUMBER, &ie));
  octets_append(&setup, number, sizeof(number));
  came(line[0], &setup, 1);
  run();
  ck_assert_uint_eq(parties[1].setups, 1);
  ck_assert_str_eq(number_of(&parties[1]), "4711");
  ck_assert_int_eq(h46017_q931_parse(&q931, parties[1].setup.data,
                                     parties[1].setup.len,
                                     H46017_LENIENT_IE_ORDER),
                   0);
  ck_assert(h46017_q931_find(&q931, H46017_Q931_IE_USER_USER, &ie));
  world_break(&w, line[0]);
  run();
  octets_free(&setup);
  end();
}
END_TEST

/* -- who does not take what is sent ---------------------------------------- */

/* The last message of a call that waits there says that it is over, and why. */
static void is_over(world_line *there, uint8_t cause) {
  octets out = taken(there, NULL);
  h46017_q931 q931;
  h46017_q931_ie ie;
  ck_assert_int_eq(h46017_q931_parse(&q931, out.data, out.len, 0), 0);
  ck_assert_uint_eq(q931.type, H46017_Q931_RELEASE_COMPLETE);
  ck_assert(h46017_q931_find(&q931, H46017_Q931_IE_CAUSE, &ie));
  ck_assert_uint_eq(ie.contents[1], 0x80 | cause);
  ck_assert_int_eq(h46017_connection_error(there->conn), 0);
  octets_free(&out);
}

/* A Facility until there is no call any more; how many went. */
static unsigned send_until_it_is_over(world_line *from, octets *facility,
                                      uint16_t reference, bool flag) {
  unsigned sent = 0;
  while (h46017_gatekeeper_call_count(w.gk) > 0) {
    ck_assert_uint_lt(++sent, 100);
    came_as(from, facility, reference, flag);
  }
  return sent;
}

START_TEST(a_slow_side_loses_the_call_and_nobody_a_connection) {
  h46017_gatekeeper_settings s;
  octets setup = captured_setup(), facility = captured("s0.ep2gk", 1), out;
  bool slow_callee = _i == 0;
  world_line *fast, *slow;
  uint16_t callee;
  unsigned sent;
  world_settings(&s);
  s.max_tx = 8192;
  begin_with_ep2(&s);
  fast = slow_callee ? line[0] : ep2;
  slow = slow_callee ? ep2 : line[0];
  came(line[0], &setup, 1);
  out = taken(ep2, NULL);
  callee = (uint16_t)(out.data[2] << 8 | out.data[3]);
  octets_free(&out);
  sent = send_until_it_is_over(fast, &facility, slow_callee ? 1 : callee,
                               !slow_callee);
  ck_assert_uint_eq(sent, 4096 / (facility.len + 4) + 1);
  ck_assert_int_eq(last_code, H46017_ERR_QUEUE_FULL);
  ck_assert_uint_eq(last_cause, 47);
  is_over(fast, 47);
  is_over(slow, 47);
  octets_free(&setup);
  octets_free(&facility);
  end_broken();
}
END_TEST

/* What its queue has no room for is a Setup, or the words of a release. */
START_TEST(a_side_that_takes_nothing_gets_no_call_and_hears_of_ends) {
  h46017_gatekeeper_settings s;
  octets setup = captured_setup(), facility = captured("s0.ep2gk", 1);
  octets release = octets_hex("080200015a08028090");
  size_t before;
  const uint8_t *waits;
  world_settings(&s);
  s.max_tx = 8192;
  begin_with_ep2(&s);
  came(line[0], &setup, 1);
  for (unsigned i = 0; i < 4096 / (facility.len + 4) - 1; i++) {
    came(line[0], &facility, 1);
  }
  ck_assert_uint_eq(h46017_gatekeeper_call_count(w.gk), 1);
  identify(&setup, 2);
  came(line[0], &setup, 2);
  ck_assert_uint_eq(h46017_gatekeeper_call_count(w.gk), 1);
  ck_assert_int_eq(last_code, H46017_ERR_QUEUE_FULL);
  is_over(line[0], 47);
  for (unsigned i = 0; i < 40; i++) {
    uint8_t display[100] = {H46017_Q931_IE_DISPLAY, 98};
    memset(display + 2, 'x', 98);
    octets_append(&release, display, sizeof(display));
  }
  before = h46017_connection_peek_tx(ep2->conn, &waits);
  came(line[0], &release, 1);
  ck_assert_uint_eq(h46017_gatekeeper_call_count(w.gk), 0);
  ck_assert_int_eq(last_code, H46017_ERR_CALL_RELEASED);
  ck_assert_uint_lt(h46017_connection_peek_tx(ep2->conn, &waits), before + 100);
  is_over(ep2, 16);
  octets_free(&release);
  octets_free(&setup);
  octets_free(&facility);
  end_broken();
}
END_TEST

/* The message under a call reference of one octet, as long as a TPKT holds. */
static octets longest(const octets *msg, uint8_t reference) {
  const uint8_t head[] = {8, 1, reference, msg->data[4]};
  octets out = {NULL, 0};
  size_t more = H46017_TPKT_MAX - H46017_TPKT_HEADER - msg->len + 1;
  octets_append(&out, head, sizeof(head));
  octets_append(&out, msg->data + 5, msg->len - 5);
  while (more > 0) {
    size_t len = more > 300 ? 257 : more > 257 ? more / 2 : more;
    uint8_t display[257] = {H46017_Q931_IE_DISPLAY, (uint8_t)(len - 2)};
    octets_append(&out, display, len);
    more -= len;
  }
  ck_assert_uint_eq(out.len, H46017_TPKT_MAX - H46017_TPKT_HEADER);
  return out;
}

/* On the other leg it has a reference of two octets. */
START_TEST(a_message_too_long_for_the_other_leg_costs_the_call_only) {
  static const uint8_t tpkt[4] = {3, 0, 0xff, 0xff};
  h46017_gatekeeper_settings s;
  octets setup = captured_setup(), facility = captured("s0.ep2gk", 1), out;
  octets release = octets_hex("080200015a08028090");
  world_settings(&s);
  s.max_tx = 262144;
  begin_with_ep2(&s);
  came(line[0], &setup, 1);
  if (_i == 0) { /* another call, of what went on: nothing more is taken out */
    octets_free(&setup);
    setup = taken(ep2, NULL);
    came(line[0], &release, 1);
    identify(&setup, 2);
  }
  octets_free(&release);
  release = taken(line[0], NULL);
  octets_free(&release);
  release = taken(ep2, NULL);
  out = longest(_i == 0 ? &setup : &facility, 1);
  ck_assert_int_eq(h46017_connection_recv(line[0]->conn, tpkt, 4, w.now), 0);
  ck_assert_int_eq(
      h46017_connection_recv(line[0]->conn, out.data, out.len, w.now), 0);
  ck_assert_uint_eq(h46017_gatekeeper_call_count(w.gk), 0);
  ck_assert_int_eq(last_code, H46017_ERR_QUEUE_FULL);
  is_over(line[0], 47);
  if (_i == 1) {
    is_over(ep2, 47);
  }
  ck_assert_int_eq(h46017_connection_error(ep2->conn), 0);
  ck_assert(h46017_connection_want_read(ep2->conn));
  octets_free(&out);
  octets_free(&release);
  octets_free(&setup);
  octets_free(&facility);
  end_broken();
}
END_TEST

/* The same octets, at two places of two messages. */
static void same(const h46017_h225 *a, const char *here, const h46017_h225 *b,
                 const char *there) {
  const uint8_t *x, *y;
  size_t nx, ny;
  ck_assert_int_eq(h46017_h225_read_octets(
                       h46017_h225_get(h46017_h225_root(a), here), &x, &nx),
                   0);
  ck_assert_int_eq(h46017_h225_read_octets(
                       h46017_h225_get(h46017_h225_root(b), there), &y, &ny),
                   0);
  ck_assert_uint_eq(nx, ny);
  ck_assert_mem_eq(x, y, nx);
}

/* The Call Proceeding of the gatekeeper's own that waits at the caller. */
static void proceeding_was_sent(void) {
  octets out = taken(line[0], NULL);
  ck_assert_uint_eq(out.data[4], H46017_Q931_CALL_PROCEEDING);
  octets_free(&out);
}

/* While the program thought about it the caller was given one by us. */
START_TEST(a_second_call_proceeding_goes_on_as_forwarded_elements) {
#define PROCEEDING BODY ".callProceeding."
#define FACILITY BODY ".facility."
  static const uint8_t olc[] = {0x00, 0x01, 0x02};
  static const uint8_t h245[] = {0x02, 0x70};
  const h46017_route_answer go = {.to = NULL};
  octets setup = captured_setup(), msg = captured("s1.ep2gk", 0), out;
  h46017_h225 *in = part(&msg), *m;
  h46017_q931 q931;
  h46017_q931_ie ie;
  bool yes;
  char reason[32];
  size_t len;
  begin_with_ep2(NULL);
  route_when = H46017_LATER;
  came(line[0], &setup, 9);
  proceeding_was_sent();
  ck_assert_int_eq(
      h46017_gatekeeper_answer_call(w.gk, route_question, &go, w.now), 0);
  out = taken(ep2, NULL);
  ck_assert_int_eq(
      h46017_h225_set_octets(in, PROCEEDING "fastStart[0]", olc, 3), 0);
  ck_assert_int_eq(
      h46017_h225_set_octets(in, "h323-uu-pdu.h245Control[0]", h245, 2), 0);
  ck_assert_int_eq(
      h46017_h225_set_text(in, PROCEEDING "tokens[0].tokenOID", "1.2.3", 5), 0);
  ck_assert_int_eq(
      h46017_h225_set_uint(
          in, PROCEEDING "featureSet.supportedFeatures[0].id.standard", 24),
      0);
  ck_assert_int_eq(
      h46017_h225_set_bool(in, PROCEEDING "featureSet.replacementFeatureSet",
                           false),
      0);
  with_part(&msg, in);
  in = part(&msg);
  came_as(ep2, &msg, (uint16_t)(out.data[2] << 8 | out.data[3]), true);
  octets_free(&out);
  out = taken(line[0], NULL);
  ck_assert_int_eq(h46017_q931_parse(&q931, out.data, out.len, 0), 0);
  ck_assert_uint_eq(q931.type, H46017_Q931_FACILITY);
  ck_assert_uint_eq(q931.call_reference, 9);
  ck_assert(q931.call_reference_flag);
  ck_assert(h46017_q931_find(&q931, H46017_Q931_IE_FACILITY, &ie));
  ck_assert(!h46017_q931_find(&q931, H46017_Q931_IE_BEARER_CAPABILITY, &ie));
  m = part(&out);
  ck_assert_int_eq(h46017_h225_read_text(
                       h46017_h225_get(h46017_h225_root(m), FACILITY "reason"),
                       reason, sizeof(reason), &len),
                   0);
  ck_assert_str_eq(reason, "forwardedElements");
  same(m, FACILITY "callIdentifier.guid", in, PROCEEDING "callIdentifier.guid");
  same(m, FACILITY "protocolIdentifier", in, PROCEEDING "protocolIdentifier");
  same(m, FACILITY "fastStart[0]", in, PROCEEDING "fastStart[0]");
  same(m, "h323-uu-pdu.h245Control[0]", in, "h323-uu-pdu.h245Control[0]");
  ck_assert_int_eq(h46017_h225_read_bool(get(m, "maintainConnection"), &yes),
                   0);
  ck_assert(yes);
  ck_assert_int_ne(
      h46017_h225_value_kind(get(m, "featureSet.supportedFeatures[0]")),
      H46017_H225_ABSENT);
  ck_assert_int_eq(h46017_h225_value_kind(get(m, "tokens")),
                   H46017_H225_ABSENT);
  ck_assert_int_eq(last_state, H46017_ROUTE_PROCEEDING);
  h46017_h225_del(m);
  h46017_h225_del(in);
  octets_free(&out);
  octets_free(&msg);
  octets_free(&setup);
  end_broken();
}
END_TEST

/* One without an H.323 part has nothing to say after ours. */
START_TEST(a_second_call_proceeding_that_says_nothing_goes_no_further) {
  const h46017_route_answer go = {.to = NULL};
  octets setup = captured_setup(), out;
  octets msg = octets_hex("0802000102");
  unsigned count = 0;
  begin_with_ep2(NULL);
  route_when = H46017_LATER;
  came(line[0], &setup, 9);
  proceeding_was_sent();
  ck_assert_int_eq(
      h46017_gatekeeper_answer_call(w.gk, route_question, &go, w.now), 0);
  out = taken(ep2, NULL);
  came_as(ep2, &msg, (uint16_t)(out.data[2] << 8 | out.data[3]), true);
  octets_free(&out);
  out = taken(line[0], &count);
  ck_assert_uint_eq(count, 0);
  ck_assert_int_eq(h46017_connection_error(ep2->conn), 0);
  ck_assert_uint_eq(h46017_gatekeeper_call_count(w.gk), 1);
  octets_free(&out);
  octets_free(&msg);
  octets_free(&setup);
  end_broken();
}
END_TEST

int main(void) {
  Suite *s = suite_create("gatekeeper_calls_relay");
  TCase *tc = tcase_create("gatekeeper_calls_relay");
  tcase_set_timeout(tc, 60);
  tcase_add_loop_test(tc, every_message_of_a_captured_call_keeps_its_octets, 0,
                      2);
  tcase_add_test(tc, addresses_and_tokens_of_a_leg_go_no_further);
  tcase_add_test(tc, features_and_extensions_pass_byte_for_byte);
  tcase_add_loop_test(tc, a_hop_less_each_time_and_none_is_left_to_go_on_with,
                      0, 4);
  tcase_add_test(tc, the_number_called_is_the_one_that_the_program_names);
  tcase_add_test(tc, the_number_is_found_behind_the_user_user_element_too);
  tcase_add_loop_test(tc, a_slow_side_loses_the_call_and_nobody_a_connection, 0,
                      2);
  tcase_add_test(tc, a_side_that_takes_nothing_gets_no_call_and_hears_of_ends);
  tcase_add_loop_test(
      tc, a_message_too_long_for_the_other_leg_costs_the_call_only, 0, 2);
  tcase_add_test(tc, a_second_call_proceeding_goes_on_as_forwarded_elements);
  tcase_add_test(tc,
                 a_second_call_proceeding_that_says_nothing_goes_no_further);
  suite_add_tcase(s, tc);
  return run_suite(s);
}
