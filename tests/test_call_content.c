/* SPDX-License-Identifier: BSD-2-Clause */
/* What messages of a call say: made here, read back, and tunnelled H.245. */
#include "callpair.h"
#include "runner.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static callpair p;
static h46017_call_content got;
static uint8_t got_type;
static char got_text[512];
static unsigned got_generic;

static void put_text(const char *name, const h46017_text *text) {
  size_t len = strlen(got_text);
  if (text->text != NULL) {
    ck_assert_uint_eq(strlen(text->text), text->len);
    (void)snprintf(got_text + len, sizeof(got_text) - len, "%s=%s ", name,
                   text->text);
  }
}

static void put_octets(const char *name, const h46017_octets_list *list) {
  for (size_t i = 0; i < list->count; i++) {
    size_t len = strlen(got_text);
    (void)snprintf(got_text + len, sizeof(got_text) - len, "%s%zu:%02x ", name,
                   list->list[i].len, list->list[i].data[0]);
  }
}

/* What lies in the message goes with it: written down as text. */
static int read_message(h46017_calls *calls, h46017_call *call,
                        const h46017_call_message *msg, void *user_data) {
  callside *s = user_data;
  (void)calls;
  got_text[0] = '\0';
  got_type = msg->type;
  s->latest = call;
  h46017_call_content_default(&got);
  ck_assert_int_eq(h46017_call_read(msg, &got), 0);
  for (size_t i = 0; i < got.source.count; i++) {
    put_text("from", &got.source.list[i].text);
  }
  for (size_t i = 0; i < got.destination.count; i++) {
    put_text("to", &got.destination.list[i].text);
  }
  put_text("calling", &got.calling_number);
  put_text("called", &got.called_number);
  put_text("keypad", &got.keypad);
  put_text("display", &got.display);
  put_text("id", &got.endpoint_identifier);
  put_octets("fast", &got.fast_start);
  put_octets("h245-", &got.h245);
  if (msg->uui != NULL) {
    got_generic = (unsigned)h46017_h225_count(
        h46017_h225_get(h46017_h225_root(msg->uui), "h323-uu-pdu.genericData"));
  }
  return 0;
}

static int read_released(h46017_calls *calls, h46017_call *call,
                         const h46017_call_ended *why, void *user_data) {
  return why->message != NULL
             ? read_message(calls, call, why->message, user_data)
             : 0;
}

static int add_generic(h46017_calls *calls, h46017_call *call, uint8_t type,
                       h46017_h225 *msg, void *user_data) {
  (void)calls;
  (void)type;
  (void)user_data;
  /* a message cannot be made while one is */
  ck_assert_int_eq(h46017_call_write(call, H46017_Q931_NOTIFY, NULL, 0),
                   H46017_ERR_REENTRANT);
  return h46017_h225_set_uint(msg, "h323-uu-pdu.genericData[0].id.standard",
                              24);
}

static int write_through(h46017_calls *calls, const uint8_t *q931, size_t len,
                         void *user_data) {
  callside *s = user_data;
  uint8_t head[2] = {(uint8_t)(len >> 8), (uint8_t)len};
  (void)calls;
  octets_append(&s->wire, head, 2);
  octets_append(&s->wire, q931, len);
  return 0;
}

static int fixed_rand(uint8_t *dest, size_t len, void *user_data) {
  (void)user_data;
  memset(dest, 0x5a, len);
  return 0;
}

static void begin(const h46017_calls_settings *settings) {
  h46017_calls_callbacks cb;
  memset(&p, 0, sizeof(p));
  h46017_calls_callbacks_default(&cb);
  cb.write = write_through;
  cb.rand = fixed_rand;
  cb.setup_received = cb.message_received = read_message;
  cb.released = read_released;
  cb.building = add_generic;
  for (int i = 0; i < 2; i++) {
    p.side[i].pair = &p;
    p.side[i].number = i;
    ck_assert_int_eq(
        h46017_calls_new(&p.side[i].calls, settings, &cb, NULL, &p.side[i], 0),
        0);
  }
}

static h46017_call *setup(const h46017_call_content *c) {
  h46017_call *call;
  ck_assert_int_eq(h46017_call_new(p.side[0].calls, NULL, &call, 0), 0);
  ck_assert_int_eq(h46017_call_write(call, H46017_Q931_SETUP, c, 0), 0);
  ck_assert_int_eq(callpair_carry(&p), 0);
  return call;
}

static const h46017_alias from[] = {
    {H46017_ALIAS_H323_ID, 0, {"0090332f688a", 12}},
    {H46017_ALIAS_DIALLED_DIGITS, 0, {"31", 2}},
};
static const h46017_alias to[] = {
    {H46017_ALIAS_DIALLED_DIGITS, 0, {"42", 2}},
    {H46017_ALIAS_URL_ID, 0, {"h323:a@b", 8}},
    {H46017_ALIAS_PARTY_NUMBER, 1, {"4930", 4}},
};
static const h46017_octets fast[] = {{(const uint8_t *)"\x11\x12", 2},
                                     {(const uint8_t *)"\x21\x22\x23", 3}};
static const h46017_octets h245[] = {{(const uint8_t *)"\x71\x72", 2},
                                     {(const uint8_t *)"\x81", 1}};

static void fill(h46017_call_content *c) {
  h46017_call_content_default(c);
  c->source = (h46017_aliases){from, 2, true};
  c->destination = (h46017_aliases){to, 3, true};
  c->calling_number = (h46017_text){"31", 2};
  c->called_number = (h46017_text){"42", 2};
  c->keypad = (h46017_text){"7#", 2};
  c->display = (h46017_text){"Zo\xc3\xab", 4};
  c->endpoint_identifier = (h46017_text){"1_gk", 4};
  c->fast_start = (h46017_octets_list){fast, 2};
  c->h245 = (h46017_octets_list){h245, 2};
  c->can_overlap_send = true;
  c->media_wait_for_connect = true;
}

START_TEST(a_setup_says_what_it_was_given) {
  h46017_call_content c;
  begin(NULL);
  fill(&c);
  (void)setup(&c);
  ck_assert_uint_eq(got_type, H46017_Q931_SETUP);
  ck_assert_str_eq(got_text,
                   "from=0090332f688a from=31 to=42 to=h323:a@b to=4930 "
                   "calling=31 called=42 keypad=7# display=Zo\xc3\xab id=1_gk "
                   "fast2:11 fast3:21 h245-2:71 h245-1:81 ");
  ck_assert(got.can_overlap_send);
  ck_assert(got.media_wait_for_connect);
  ck_assert(!got.h245_tunnelling_refused);
  ck_assert_uint_eq(got.bearer.len, 3);
  ck_assert_uint_eq(got_generic, 1); /* what `building` added */
  callpair_free(&p);
}
END_TEST

START_TEST(a_setup_says_nothing_it_was_not_given) {
  begin(NULL);
  (void)setup(NULL);
  ck_assert_str_eq(got_text, "");
  ck_assert(!got.source.present);
  ck_assert(!got.can_overlap_send);
  callpair_free(&p);
}
END_TEST

/* The H.323 part of what lies on the wire. */
static h46017_h225 *decode_sent(int side) {
  h46017_q931 msg = callside_last(&p.side[side]);
  h46017_h225 *m;
  const uint8_t *per;
  size_t len;
  ck_assert_int_eq(h46017_q931_user_user(&msg, &per, &len), 0);
  ck_assert_int_eq(h46017_h225_new(&m, NULL, NULL), 0);
  ck_assert_int_eq(
      h46017_h225_decode(m, h46017_h225_user_information(), per, len), 0);
  ck_assert_uint_eq(h46017_h225_trailing(m), 0);
  return m;
}

static bool has(const h46017_h225 *m, const char *path) {
  return h46017_h225_value_kind(h46017_h225_get(h46017_h225_root(m), path)) !=
         H46017_H225_ABSENT;
}

static bool is_true(const h46017_h225 *m, const char *path) {
  bool yes = false;
  return h46017_h225_read_bool(h46017_h225_get(h46017_h225_root(m), path),
                               &yes) == 0 &&
         yes;
}

#define BODY "h323-uu-pdu.h323-message-body."

static const struct {
  uint8_t type;
  const char *body;
  bool connection, conference, info;
} kinds[] = {
    {H46017_Q931_SETUP_ACKNOWLEDGE, "setupAcknowledge", false, false, false},
    {H46017_Q931_CALL_PROCEEDING, "callProceeding", true, false, true},
    {H46017_Q931_PROGRESS, "progress", true, false, true},
    {H46017_Q931_ALERTING, "alerting", true, false, true},
    {H46017_Q931_CONNECT, "connect", true, true, true},
    {H46017_Q931_INFORMATION, "information", false, false, false},
    {H46017_Q931_USER_INFORMATION, "information", false, false, false},
    {H46017_Q931_NOTIFY, "notify", false, false, false},
    {H46017_Q931_FACILITY, "facility", true, false, false},
    {H46017_Q931_STATUS, "status", false, false, false},
    {H46017_Q931_STATUS_INQUIRY, "statusInquiry", false, false, false},
    {H46017_Q931_RELEASE_COMPLETE, "releaseComplete", false, false, false},
};

static bool has_in(const h46017_h225 *m, int kind, const char *component) {
  char path[128];
  (void)snprintf(path, sizeof(path), BODY "%s.%s", kinds[kind].body, component);
  return has(m, path);
}

START_TEST(every_message_has_what_its_kind_must_have) {
  h46017_call_content c;
  h46017_call *callee;
  h46017_h225 *m;
  int carried = 0;
  begin(NULL);
  (void)setup(NULL);
  callee = p.side[1].latest;
  fill(&c);
  c.fast_connect_refused = true;
  ck_assert_int_eq(h46017_call_write(callee, kinds[_i].type, &c, 0), 0);
  m = decode_sent(1);
  ck_assert(is_true(m, "h323-uu-pdu.h245Tunnelling"));
  ck_assert(has_in(m, _i, "protocolIdentifier"));
  ck_assert(has_in(m, _i, "callIdentifier.guid"));
  ck_assert_int_eq(has_in(m, _i, "conferenceID"), kinds[_i].conference);
  ck_assert_int_eq(has_in(m, _i, "destinationInfo.terminal"), kinds[_i].info);
  ck_assert_int_eq(has_in(m, _i, "multipleCalls"), kinds[_i].connection);
  ck_assert_int_eq(has_in(m, _i, "maintainConnection"), kinds[_i].connection);
  ck_assert(!has_in(m, _i, "h245Address"));
  ck_assert(has(m, "h323-uu-pdu.h245Control[1]"));
  h46017_h225_del(m);
  ck_assert(callpair_carry_one(&p, 1, &carried));
  ck_assert_int_eq(carried, 0);
  ck_assert_uint_eq(got_type, kinds[_i].type);
  ck_assert_ptr_nonnull(strstr(got_text, "h245-2:71 h245-1:81"));
  callpair_free(&p);
}
END_TEST

START_TEST(a_release_gives_both_a_cause_and_its_reason) {
  static const struct {
    uint8_t cause;
    h46017_release_reason reason;
    uint8_t got_cause;
    h46017_release_reason got_reason;
  } rows[] = {
      {0, H46017_RELEASE_ABSENT, 16, H46017_RELEASE_DESTINATION_REJECTION},
      {17, H46017_RELEASE_ABSENT, 17, H46017_RELEASE_IN_CONF},
      {102, H46017_RELEASE_ABSENT, 102, H46017_RELEASE_ABSENT},
      {0, H46017_RELEASE_NEW_CONNECTION_NEEDED, 47,
       H46017_RELEASE_NEW_CONNECTION_NEEDED},
      {21, H46017_RELEASE_SECURITY_DENIED, 21, H46017_RELEASE_SECURITY_DENIED},
      {0, H46017_RELEASE_SECURITY_ERROR, 31, H46017_RELEASE_ABSENT},
  };
  h46017_call_content c;
  begin(NULL);
  (void)setup(NULL);
  h46017_call_content_default(&c);
  c.cause = rows[_i].cause;
  c.reason = rows[_i].reason;
  ck_assert_int_eq(
      h46017_call_write(p.side[1].latest, H46017_Q931_RELEASE_COMPLETE, &c, 0),
      0);
  ck_assert_int_eq(callpair_carry(&p), 0);
  ck_assert_uint_eq(got.cause, rows[_i].got_cause);
  ck_assert_int_eq(got.reason, rows[_i].got_reason);
  callpair_free(&p);
}
END_TEST

START_TEST(elements_of_one_octet_come_through) {
  h46017_call_content c;
  h46017_call *callee;
  begin(NULL);
  (void)setup(NULL);
  callee = p.side[1].latest;
  h46017_call_content_default(&c);
  ck_assert_int_eq(h46017_call_write(callee, H46017_Q931_PROGRESS, &c, 0), 0);
  ck_assert_int_eq(callpair_carry(&p), 0);
  ck_assert_uint_eq(got.progress, 8);
  ck_assert_uint_eq(got.cause, 0);
  c.progress = 1;
  c.cause = 17;
  ck_assert_int_eq(h46017_call_write(callee, H46017_Q931_PROGRESS, &c, 0), 0);
  ck_assert_int_eq(callpair_carry(&p), 0);
  ck_assert_uint_eq(got.progress, 1);
  ck_assert_uint_eq(got.cause, 17);
  c.notification = 0x79;
  ck_assert_int_eq(h46017_call_write(callee, H46017_Q931_NOTIFY, &c, 0), 0);
  ck_assert_int_eq(callpair_carry(&p), 0);
  ck_assert_uint_eq(got.notification, 0x79);
  ck_assert_int_eq(h46017_call_write(callee, H46017_Q931_STATUS, NULL, 0), 0);
  ck_assert_int_eq(callpair_carry(&p), 0);
  ck_assert_uint_eq(got.call_state, 6);
  ck_assert_uint_eq(got.cause, 30);
  callpair_free(&p);
}
END_TEST

START_TEST(a_long_display_is_cut_between_characters) {
  h46017_call_content c;
  char text[100];
  begin(NULL);
  memset(text, 'x', sizeof(text));
  memcpy(text + 81, "\xc3\xab", 2); /* would end behind the limit */
  h46017_call_content_default(&c);
  c.display = (h46017_text){text, sizeof(text)};
  (void)setup(&c);
  ck_assert_uint_eq(got.display.len, 81);
  callpair_free(&p);
}
END_TEST

START_TEST(what_does_not_fit_its_component_is_refused) {
  h46017_call_content c;
  h46017_call *call;
  char digits[129];
  uint8_t bearer[17] = {0};
  begin(NULL);
  ck_assert_int_eq(h46017_call_new(p.side[0].calls, NULL, &call, 0), 0);
  memset(digits, '1', sizeof(digits));
  h46017_call_content_default(&c);
  c.called_number = (h46017_text){digits, 128};
  c.bearer = (h46017_octets){bearer, 17};
  ck_assert_int_eq(h46017_call_write(call, H46017_Q931_SETUP, &c, 0),
                   H46017_ERR_OUT_OF_RANGE);
  c.bearer.len = 16;
  c.called_number.len = 129;
  ck_assert_int_eq(h46017_call_write(call, H46017_Q931_SETUP, &c, 0),
                   H46017_ERR_OUT_OF_RANGE);
  c.called_number.len = 128;
  c.struct_size--;
  ck_assert_int_eq(h46017_call_write(call, H46017_Q931_SETUP, &c, 0),
                   H46017_ERR_INVALID_ARGUMENT);
  c.struct_size++;
  ck_assert_int_eq(h46017_call_get_state(call), H46017_CALL_IDLE);
  ck_assert_int_eq(h46017_call_write(call, H46017_Q931_SETUP, &c, 0), 0);
  callpair_free(&p);
}
END_TEST

START_TEST(the_vendor_is_said_where_there_is_one) {
  h46017_calls_settings s;
  h46017_h225 *m;
  h46017_call *call;
  uint64_t code = 0;
  h46017_calls_settings_default(&s);
  s.terminal_type = H46017_TERMINAL_GATEWAY;
  s.vendor.manufacturer_code = 21324;
  s.vendor.product_id = (h46017_text){"box", 3};
  begin(&s);
  ck_assert_int_eq(h46017_call_new(p.side[0].calls, NULL, &call, 0), 0);
  ck_assert_int_eq(h46017_call_write(call, H46017_Q931_SETUP, NULL, 0), 0);
  m = decode_sent(0);
  ck_assert(has(m, BODY "setup.sourceInfo.gateway"));
  ck_assert(has(m, BODY "setup.sourceInfo.vendor.productId"));
  ck_assert_int_eq(
      h46017_h225_read_uint(
          h46017_h225_get(h46017_h225_root(m), BODY
                          "setup.sourceInfo.vendor.vendor.manufacturerCode"),
          &code),
      0);
  ck_assert_uint_eq(code, 21324);
  h46017_h225_del(m);
  callpair_free(&p);
}
END_TEST

/* -- H.245 ----------------------------------------------------------------- */

START_TEST(tunnelled_h245_comes_in_order_in_whatever_carries_it) {
  h46017_call_content c;
  h46017_call *call, *other;
  octets next = {NULL, 0};
  h46017_octets one;
  uint8_t count = 0;
  callpair pair;
  ck_assert_int_eq(callpair_init(&pair, NULL, NULL), 0);
  ck_assert_int_eq(h46017_call_new(pair.side[0].calls, NULL, &call, 0), 0);
  /* before the Setup there is nothing that could carry it */
  ck_assert_int_eq(h46017_call_h245(call, &count, 1, 0),
                   H46017_ERR_INVALID_STATE);
  h46017_call_content_default(&c);
  c.h245 = (h46017_octets_list){&one, 1};
  one = (h46017_octets){&count, 1};
#define NEXT(side, type)                                                       \
  do {                                                                         \
    count++;                                                                   \
    octets_append(&next, &count, 1);                                           \
    ck_assert_int_eq(h46017_call_write((side), (type), &c, 0), 0);             \
  } while (0)
  NEXT(call, H46017_Q931_SETUP);
  ck_assert_int_eq(callpair_carry(&pair), 0);
  other = pair.side[1].latest;
  for (int i = 0; i < 20; i++) {
    NEXT(call, H46017_Q931_FACILITY);
    NEXT(call, H46017_Q931_NOTIFY);
  }
  NEXT(call, H46017_Q931_RELEASE_COMPLETE);
#undef NEXT
  ck_assert_int_eq(callpair_carry(&pair), 0);
  ck_assert_uint_eq(pair.side[1].h245.len, next.len);
  ck_assert_mem_eq(pair.side[1].h245.data, next.data, next.len);
  ck_assert_uint_eq(pair.side[1].over, 1);
  ck_assert_ptr_nonnull(other);
  octets_free(&next);
  callpair_free(&pair);
}
END_TEST

/* An Alerting that says what `tail` names about tunnelling. */
static void feed_alerting(callpair *pair, const char *tail) {
  h46017_q931 msg;
  h46017_q931_build b;
  h46017_h225 *m;
  uint8_t per[256], q931[512];
  size_t len;
  static const uint8_t guid[16] = {1};
  ck_assert_int_eq(h46017_h225_new(&m, NULL, NULL), 0);
  ck_assert_int_eq(h46017_h225_create(m, h46017_h225_user_information()), 0);
  ck_assert_int_eq(h46017_h225_set_text(m, BODY "alerting.protocolIdentifier",
                                        "0.0.8.2250.0.4", 14),
                   0);
  ck_assert_int_eq(
      h46017_h225_set_bool(m, BODY "alerting.destinationInfo.mc", false), 0);
  ck_assert_int_eq(h46017_h225_set_bool(
                       m, BODY "alerting.destinationInfo.undefinedNode", false),
                   0);
  ck_assert_int_eq(
      h46017_h225_set_octets(m, BODY "alerting.callIdentifier.guid", guid, 16),
      0);
  if (strstr(tail, "false") != NULL) {
    ck_assert_int_eq(
        h46017_h225_set_bool(m, "h323-uu-pdu.h245Tunnelling", false), 0);
  }
  if (strstr(tail, "true") != NULL) {
    ck_assert_int_eq(
        h46017_h225_set_bool(m, "h323-uu-pdu.h245Tunnelling", true), 0);
  }
  if (strstr(tail, "provisional") != NULL) {
    ck_assert_int_eq(h46017_h225_set_present(
                         m, "h323-uu-pdu.provisionalRespToH245Tunnelling"),
                     0);
  }
  ck_assert_int_eq(h46017_h225_encode(m, per, sizeof(per), &len), 0);
  h46017_h225_del(m);
  h46017_q931_build_default(&b);
  b.type = H46017_Q931_ALERTING;
  b.call_reference = h46017_call_reference(pair->side[0].latest);
  b.call_reference_flag = true;
  b.user_user = per;
  b.user_user_len = len;
  ck_assert_int_eq(h46017_q931_encode(&b, q931, sizeof(q931), &len), 0);
  ck_assert_int_eq(h46017_q931_parse(&msg, q931, len, 0), 0);
  ck_assert_int_eq(h46017_calls_receive(pair->side[0].calls, &msg, 0), 0);
}

START_TEST(absence_of_the_flag_means_that_the_peer_tunnels) {
  static const struct {
    const char *tail;
    bool tunnelled;
  } rows[] = {
      {"", true},
      {"true", true},
      {"false", false},
      {"false provisional", true},
  };
  callpair pair;
  h46017_call *call;
  static const uint8_t one[] = {1};
  ck_assert_int_eq(callpair_init(&pair, NULL, NULL), 0);
  ck_assert_int_eq(h46017_call_new(pair.side[0].calls, NULL, &call, 0), 0);
  pair.side[0].latest = call;
  ck_assert_int_eq(h46017_call_write(call, H46017_Q931_SETUP, NULL, 0), 0);
  feed_alerting(&pair, rows[_i].tail);
  ck_assert_int_eq(h46017_call_is_h245_tunnelled(call), rows[_i].tunnelled);
  ck_assert_int_eq(h46017_call_h245(call, one, 1, 0),
                   rows[_i].tunnelled ? 0 : H46017_ERR_H245_TUNNELLING);
  ck_assert_int_eq(h46017_call_h245(call, one, 0, 0),
                   H46017_ERR_INVALID_ARGUMENT);
  ck_assert_int_eq(h46017_call_h245(call, NULL, 1, 0),
                   H46017_ERR_INVALID_ARGUMENT);
  feed_alerting(&pair, "true");
  ck_assert(h46017_call_is_h245_tunnelled(call));
  callpair_free(&pair);
}
END_TEST

START_TEST(a_call_can_be_given_identifiers_before_its_setup) {
  static const uint8_t one[16] = {1}, two[16] = {2};
  h46017_call *call;
  begin(NULL);
  ck_assert_int_eq(h46017_call_new(p.side[0].calls, NULL, &call, 0), 0);
  /* RFC 4122, version 4, of what `rand` gave */
  ck_assert_uint_eq(h46017_call_identifier(call)[6] & 0xf0, 0x40);
  ck_assert_uint_eq(h46017_call_identifier(call)[8] & 0xc0, 0x80);
  ck_assert_int_eq(h46017_call_identify(call, one, two), 0);
  ck_assert_int_eq(h46017_call_write(call, H46017_Q931_SETUP, NULL, 0), 0);
  ck_assert_int_eq(h46017_call_identify(call, two, NULL),
                   H46017_ERR_INVALID_STATE);
  ck_assert_int_eq(callpair_carry(&p), 0);
  ck_assert_mem_eq(h46017_call_identifier(p.side[1].latest), one, 16);
  ck_assert_mem_eq(h46017_call_conference(p.side[1].latest), two, 16);
  callpair_free(&p);
}
END_TEST

START_TEST(states_have_the_numbers_of_q931) {
  static const uint8_t numbers[] = {0, 1, 2, 3, 4, 6, 25, 9, 7, 10, 0};
  for (int s = 0; s <= (int)H46017_CALL_RELEASED; s++) {
    ck_assert_uint_eq(h46017_call_state_q931((h46017_call_state)s), numbers[s]);
  }
  ck_assert_uint_eq(h46017_call_state_q931((h46017_call_state)99), 0);
  ck_assert_str_eq(h46017_call_state_name((h46017_call_state)99), "UNKNOWN");
}
END_TEST

int main(void) {
  Suite *s = suite_create("call_content");
  TCase *tc = tcase_create("call_content");
  tcase_add_test(tc, a_setup_says_what_it_was_given);
  tcase_add_test(tc, a_setup_says_nothing_it_was_not_given);
  tcase_add_loop_test(tc, every_message_has_what_its_kind_must_have, 0,
                      (int)(sizeof(kinds) / sizeof(kinds[0])));
  tcase_add_loop_test(tc, a_release_gives_both_a_cause_and_its_reason, 0, 6);
  tcase_add_test(tc, elements_of_one_octet_come_through);
  tcase_add_test(tc, a_long_display_is_cut_between_characters);
  tcase_add_test(tc, what_does_not_fit_its_component_is_refused);
  tcase_add_test(tc, the_vendor_is_said_where_there_is_one);
  tcase_add_test(tc, tunnelled_h245_comes_in_order_in_whatever_carries_it);
  tcase_add_loop_test(tc, absence_of_the_flag_means_that_the_peer_tunnels, 0,
                      4);
  tcase_add_test(tc, a_call_can_be_given_identifiers_before_its_setup);
  tcase_add_test(tc, states_have_the_numbers_of_q931);
  suite_add_tcase(s, tc);
  return run_suite(s);
}
