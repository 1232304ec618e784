/* SPDX-License-Identifier: BSD-2-Clause */
/* What a gatekeeper does with requests that are unusual, limits that are
 * reached, and times that are extreme. */
#include "registrar.h"
#include "runner.h"

#include <check.h>
#include <stdlib.h>
#include <stdio.h>
#include <string.h>

#define SECOND ((h46017_time)1000)

static h46017_ras urq(const world *w, const char *holder, const char *name,
                      const char *second) {
  static char id[32];
  static uint16_t seq = 100;
  h46017_ras ras = peer_rrq(7, name, second);
  h46017_aliases names = ras.u.rrq.terminal_alias;
  const h46017_registered *reg = find(w, holder);
  ck_assert_ptr_nonnull(reg);
  memcpy(id, reg->endpoint_identifier, 27);
  ras = (h46017_ras){.kind = H46017_RAS_URQ, .request_seq_num = seq++};
  ras.u.urq.endpoint_alias = names;
  ras.u.urq.endpoint_identifier.text = id;
  ras.u.urq.endpoint_identifier.len = 26;
  ras.u.urq.reason = H46017_URQ_REASON_ABSENT;
  return ras;
}

/* -- requests -------------------------------------------------------------- */

START_TEST(a_urq_for_some_names_leaves_the_others) {
  h46017_ras ras = peer_rrq(1, DEVICE, "lobby");
  world w;
  peer p;
  peer q;
  (void)world_init(&w, NULL, NULL);
  peer_init(&p, &w, NULL);
  peer_init(&q, &w, NULL);
  ck_assert_int_eq(peer_send_ras(&p, &ras), 0);
  /* Another spelling of the MAC address is the same name. */
  ras = urq(&w, DEVICE, "00-90-33-2F-68-8A", "nobody");
  ck_assert_int_eq(peer_send_ras(&p, &ras), 0);
  ck_assert_int_eq((int)peer_last_kind(&p), (int)H46017_RAS_UCF);
  ck_assert_ptr_null(find(&w, DEVICE));
  ck_assert_ptr_nonnull(find(&w, "lobby"));
  ck_assert_uint_eq(find(&w, "lobby")->alias_count, 1);
  ck_assert_str_eq(find(&w, "lobby")->aliases[0].text.text, "lobby");
  ck_assert(tells(&w, "gk refreshed lobby"));
  ck_assert_int_eq(world_count(&w, "gk unregistered"), 0);
  /* The name is free for others. */
  ras = peer_rrq(1, DEVICE, NULL);
  ck_assert_int_eq(peer_send_ras(&q, &ras), 0);
  ck_assert_int_eq((int)peer_last_kind(&q), (int)H46017_RAS_RCF);
  /* The last one takes the registration with it. */
  ras = urq(&w, "lobby", "lobby", NULL);
  ck_assert_int_eq(peer_send_ras(&p, &ras), 0);
  ck_assert_int_eq((int)peer_last_kind(&p), (int)H46017_RAS_UCF);
  ck_assert(tells(&w, "gk unregistered lobby UNREGISTERED"));
  ck_assert_uint_eq(h46017_gatekeeper_registration_count(w.gk), 1);
  peer_free(&p);
  peer_free(&q);
  world_free(&w);
}
END_TEST

START_TEST(an_identifier_of_another_connection_is_worth_nothing) {
  h46017_ras ras = peer_rrq(1, DEVICE, NULL);
  world w;
  peer p;
  peer q;
  (void)world_init(&w, NULL, NULL);
  peer_init(&p, &w, NULL);
  peer_init(&q, &w, NULL);
  ck_assert_int_eq(peer_send_ras(&p, &ras), 0);
  ras = urq(&w, DEVICE, DEVICE, NULL);
  ck_assert_int_eq(peer_send_ras(&q, &ras), 0);
  ck_assert_int_eq((int)peer_last_kind(&q), (int)H46017_RAS_URJ);
  ck_assert_ptr_eq(find(&w, DEVICE)->connection, p.conn);
  /* A lightweight and a full RRQ with it. */
  {
    h46017_text id = ras.u.urq.endpoint_identifier;
    ras = peer_rrq(2, "lobby", NULL);
    ras.u.rrq.endpoint_identifier = id;
    ras.u.rrq.keep_alive = true;
    ck_assert_int_eq(peer_send_ras(&q, &ras), 0);
    ck_assert(tells(&w, "gk rejected WRONG_CONNECTION fullRegistration"));
    ras.u.rrq.keep_alive = false;
    ras.request_seq_num = 3;
    ck_assert_int_eq(peer_send_ras(&q, &ras), 0);
    ck_assert_int_eq((int)peer_last_kind(&q), (int)H46017_RAS_RCF);
    ck_assert_str_ne(find(&w, "lobby")->endpoint_identifier,
                     find(&w, DEVICE)->endpoint_identifier);
  }
  ck_assert_uint_eq(h46017_gatekeeper_registration_count(w.gk), 2);
  peer_free(&p);
  peer_free(&q);
  world_free(&w);
}
END_TEST

START_TEST(an_additive_rrq_adds_names_and_takes_none_away) {
  h46017_gatekeeper_settings s;
  h46017_ras ras = peer_rrq(1, DEVICE, NULL);
  char id[32];
  world w;
  peer p;
  world_settings(&s);
  s.max_aliases = 3;
  (void)world_init(&w, &s, NULL);
  peer_init(&p, &w, NULL);
  ck_assert_int_eq(peer_send_ras(&p, &ras), 0);
  memcpy(id, find(&w, DEVICE)->endpoint_identifier, 27);
  ras = peer_rrq(2, "lobby", NULL);
  ras.u.rrq.additive_registration = true;
  /* It has to say what it adds to. */
  ck_assert_int_eq(peer_send_ras(&p, &ras), 0);
  ck_assert(tells(&w, "gk rejected NOT_REGISTERED fullRegistrationRequired"));
  ras.request_seq_num = 3;
  ras.u.rrq.endpoint_identifier = (h46017_text){id, 26};
  ck_assert_int_eq(peer_send_ras(&p, &ras), 0);
  ck_assert_int_eq((int)peer_last_kind(&p), (int)H46017_RAS_RCF);
  ck_assert_ptr_nonnull(find(&w, DEVICE));
  ck_assert_ptr_eq(find(&w, "lobby"), find(&w, DEVICE));
  ck_assert_uint_eq(find(&w, "lobby")->alias_count, 2);
  ck_assert_str_eq(find(&w, "lobby")->endpoint_identifier, id);
  /* At the limit, and one beyond: then everything is as it was. */
  ras = peer_rrq(4, "three", NULL);
  ras.u.rrq.additive_registration = true;
  ras.u.rrq.endpoint_identifier = (h46017_text){id, 26};
  ck_assert_int_eq(peer_send_ras(&p, &ras), 0);
  ck_assert_uint_eq(find(&w, "three")->alias_count, 3);
  ras = peer_rrq(5, "four", NULL);
  ras.u.rrq.additive_registration = true;
  ras.u.rrq.endpoint_identifier = (h46017_text){id, 26};
  ck_assert_int_eq(peer_send_ras(&p, &ras), 0);
  ck_assert(tells(&w, "gk rejected LIMIT resourceUnavailable"));
  ck_assert_ptr_null(find(&w, "four"));
  ck_assert_uint_eq(find(&w, DEVICE)->alias_count, 3);
  /* A full RRQ without it says all the names there are. */
  ras = peer_rrq(6, "lobby", NULL);
  ck_assert_int_eq(peer_send_ras(&p, &ras), 0);
  ck_assert_ptr_null(find(&w, DEVICE));
  ck_assert_uint_eq(find(&w, "lobby")->alias_count, 1);
  peer_free(&p);
  world_free(&w);
}
END_TEST

/* DEVICE is registered, and the program takes its time from now on. */
static void begin_later(world *w, peer *p, char id[32]) {
  (void)world_init(w, NULL, NULL);
  peer_init(p, w, NULL);
  send_rrq(p, 1, DEVICE);
  id_of(w, DEVICE, id);
  w->answered = H46017_LATER;
}

/* What it adds to may change while the program takes its time. */
START_TEST(an_additive_rrq_waits_for_the_program_and_finds_what_is_there_then) {
  static const char *const ids[] = {DEVICE, "lobby"};
  h46017_device device;
  h46017_registration_answer yes = {.open = true, .time_to_live = 60};
  h46017_ras ras;
  char id[32];
  world w;
  peer p;
  begin_later(&w, &p, id);
  ras = peer_rrq(2, "lobby", NULL);
  ras.u.rrq.additive_registration = true;
  ras.u.rrq.endpoint_identifier = (h46017_text){id, strlen(id)};
  ck_assert_int_eq(peer_send_ras(&p, &ras), 0);
  ck_assert_int_eq((int)peer_last_kind(&p), (int)H46017_RAS_RIP);
  ck_assert_int_eq(h46017_gatekeeper_answer(w.gk, w.question, NULL, w.now),
                   H46017_ERR_INVALID_ARGUMENT);
  if (_i == 0) {
    /* It has become another device's. */
    h46017_device_default(&device);
    device.name = "another";
    device.hardware_ids = ids;
    device.hardware_id_count = 2;
    device.auth = H46017_AUTH_OPEN;
    yes.device = &device;
  } else {
    (void)h46017_gatekeeper_unregister(w.gk, DEVICE, strlen(DEVICE),
                                       H46017_URQ_MAINTENANCE, w.now);
    ck_assert_ptr_null(find(&w, DEVICE));
  }
  ck_assert_int_eq(h46017_gatekeeper_answer(w.gk, w.question, &yes, w.now), 0);
  ck_assert(tells(&w, _i == 0 ? "gk rejected ALIAS_CONFLICT"
                              : "gk rejected NOT_REGISTERED"));
  ck_assert_ptr_null(find(&w, "lobby"));
  ck_assert((find(&w, DEVICE) != NULL) == (_i == 0));
  peer_free(&p);
  world_free(&w);
}
END_TEST

START_TEST(a_urq_for_more_names_than_there_may_be_takes_none) {
  h46017_alias list[4];
  h46017_gatekeeper_settings s;
  h46017_ras ras = peer_rrq(1, DEVICE, "lobby");
  world w;
  peer p;
  world_settings(&s);
  s.max_aliases = 3;
  (void)world_init(&w, &s, NULL);
  peer_init(&p, &w, NULL);
  ck_assert_int_eq(peer_send_ras(&p, &ras), 0);
  for (int i = 0; i < 4; i++) {
    list[i] = (h46017_alias){H46017_ALIAS_H323_ID, 0, {"lobby", 5}};
  }
  ras = urq(&w, DEVICE, "lobby", NULL);
  ras.u.urq.endpoint_alias.list = list;
  ras.u.urq.endpoint_alias.count = 4;
  ck_assert_int_eq(peer_send_ras(&p, &ras), 0);
  ck_assert_int_eq((int)peer_last_kind(&p), (int)H46017_RAS_URJ);
  ck_assert_uint_eq(find(&w, "lobby")->alias_count, 2);
  ras.request_seq_num++;
  ras.u.urq.endpoint_alias.count = 3;
  ck_assert_int_eq(peer_send_ras(&p, &ras), 0);
  ck_assert_int_eq((int)peer_last_kind(&p), (int)H46017_RAS_UCF);
  ck_assert_ptr_null(find(&w, "lobby"));
  peer_free(&p);
  world_free(&w);
}
END_TEST

/* Without an endpointIdentifier it means the only one there is, and waits for
 * what is asked about that. */
START_TEST(a_urq_that_names_nobody_waits_for_the_only_one) {
  const h46017_registration_answer yes = {.open = true};
  h46017_ras ras;
  char id[32];
  world w;
  peer p;
  begin_later(&w, &p, id);
  ras = peer_rrq(2, DEVICE, NULL);
  ras.u.rrq.endpoint_identifier = (h46017_text){id, strlen(id)};
  ck_assert_int_eq(peer_send_ras(&p, &ras), 0);
  ras = (h46017_ras){.kind = H46017_RAS_URQ, .request_seq_num = 3};
  ras.u.urq.reason = H46017_URQ_REASON_ABSENT;
  ck_assert_int_eq(peer_send_ras(&p, &ras), 0);
  ck_assert_int_eq((int)peer_last_kind(&p), (int)H46017_RAS_RIP);
  ck_assert_ptr_nonnull(find(&w, DEVICE));
  ck_assert_int_eq(h46017_gatekeeper_answer(w.gk, w.question, &yes, w.now), 0);
  ck_assert_int_eq(peer_carry(&p), 0);
  ck_assert_int_eq((int)peer_last_kind(&p), (int)H46017_RAS_UCF);
  ck_assert_ptr_null(find(&w, DEVICE));
  peer_free(&p);
  world_free(&w);
}
END_TEST

START_TEST(names_that_are_there_twice_count_once) {
  h46017_ras ras = peer_rrq(1, DEVICE, "00:90:33:2f:68:8A");
  h46017_alias three[3];
  world w;
  peer p;
  (void)world_init(&w, NULL, NULL);
  peer_init(&p, &w, NULL);
  ck_assert_int_eq(peer_send_ras(&p, &ras), 0);
  ck_assert_ptr_nonnull(find(&w, "0090.332F.688A"));
  /* Two registrations of one connection: the names go to the later one. */
  ras = peer_rrq(2, "lobby", NULL);
  ck_assert_int_eq(peer_send_ras(&p, &ras), 0);
  ck_assert_uint_eq(h46017_gatekeeper_registration_count(w.gk), 2);
  three[0] = (h46017_alias){H46017_ALIAS_H323_ID, 0, {"lobby", 5}};
  three[1] = (h46017_alias){H46017_ALIAS_DIALLED_DIGITS, 0, {"4711", 4}};
  three[2] = (h46017_alias){H46017_ALIAS_H323_ID, 0, {DEVICE, 12}};
  ras.request_seq_num = 3;
  ras.u.rrq.terminal_alias.list = three;
  ras.u.rrq.terminal_alias.count = 3;
  ck_assert_int_eq(peer_send_ras(&p, &ras), 0);
  ck_assert_uint_eq(h46017_gatekeeper_registration_count(w.gk), 1);
  ck_assert_uint_eq(find(&w, "4711")->alias_count, 3);
  ck_assert_ptr_eq(find(&w, "4711"), find(&w, DEVICE));
  ck_assert(tells(&w, "gk unregistered " DEVICE " REPLACED"));
  peer_free(&p);
  ck_assert_ptr_null(find(&w, DEVICE));
  world_free(&w);
}
END_TEST

static void refuse_urq(world *w, const char *callback, h46017_connection *c) {
  (void)c;
  if (strcmp(callback, "ras_received") == 0) {
    w->fail_callback = 1;
    w->fail_with = H46017_ERR_REFUSED;
  }
}

START_TEST(the_program_may_refuse_a_urq) {
  h46017_ras ras = peer_rrq(1, DEVICE, NULL);
  world w;
  peer p;
  (void)world_init(&w, NULL, NULL);
  peer_init(&p, &w, NULL);
  ck_assert_int_eq(peer_send_ras(&p, &ras), 0);
  ras = urq(&w, DEVICE, DEVICE, NULL);
  w.hook = refuse_urq;
  ck_assert_int_eq(peer_send_ras(&p, &ras), 0);
  ck_assert_int_eq((int)peer_last_kind(&p), (int)H46017_RAS_URJ);
  ck_assert_ptr_nonnull(find(&w, DEVICE));
  w.hook = NULL;
  peer_free(&p);
  world_free(&w);
}
END_TEST

START_TEST(a_large_message_that_is_not_understood_gets_xrs) {
  static uint8_t data[16371];
  h46017_h225 *msg;
  static uint8_t per[17000];
  size_t len;
  world w;
  peer p;
  (void)world_init(&w, NULL, NULL);
  peer_init(&p, &w, NULL);
  ck_assert_int_eq(h46017_h225_new(&msg, NULL, NULL), 0);
  ck_assert_int_eq(h46017_h225_create(msg, h46017_h225_ras_message()), 0);
  /* An IRQ is the gatekeeper's to send. */
  ck_assert_int_eq(h46017_h225_set_uint(msg, "infoRequest.requestSeqNum", 5),
                   0);
  ck_assert_int_eq(
      h46017_h225_set_uint(msg, "infoRequest.callReferenceValue", 0), 0);
  ck_assert_int_eq(
      h46017_h225_set_octets(msg, "infoRequest.callIdentifier.guid", data, 16),
      0);
  for (int i = 0; i < 3; i++) {
    static const char *const parts[] = {
        "infoRequest.nonStandardData.nonStandardIdentifier."
        "h221NonStandard.t35CountryCode",
        "infoRequest.nonStandardData.nonStandardIdentifier."
        "h221NonStandard.t35Extension",
        "infoRequest.nonStandardData.nonStandardIdentifier."
        "h221NonStandard.manufacturerCode"};
    ck_assert_int_eq(h46017_h225_set_uint(msg, parts[i], 9), 0);
  }
  /* As long as a message may be; its XRS would be longer still. */
  len = 0;
  for (size_t n = 16300; len != H46017_TUNNEL_MAX_RAS;
       n += H46017_TUNNEL_MAX_RAS - len) {
    ck_assert_int_eq(h46017_h225_set_octets(msg,
                                            "infoRequest."
                                            "nonStandardData.data",
                                            data, n),
                     0);
    ck_assert_int_eq(h46017_h225_encode(msg, per, sizeof(per), &len), 0);
  }
  h46017_h225_del(msg);
  ck_assert_int_eq(h46017_tunnel_write_ras(p.tunnel, per, len), 0);
  ck_assert_int_eq(peer_carry(&p), 0);
  ck_assert_int_eq((int)peer_last_kind(&p), (int)H46017_RAS_XRS);
  ck_assert(h46017_connection_want_read(p.conn));
  peer_free(&p);
  world_free(&w);
}
END_TEST

/* -- questions ------------------------------------------------------------- */

START_TEST(a_long_question_is_kept_alive_by_rip) {
  h46017_gatekeeper_settings s;
  const h46017_registration_answer yes = {.open = true};
  world w;
  world_line *line;
  world_settings(&s);
  s.question_timeout = 60000;
  (void)world_init(&w, &s, NULL);
  w.answered = H46017_LATER;
  (void)world_add(&w, &line, DEVICE, NULL);
  /* An endpoint waits 8 s, and from each RIP on. */
  ck_assert_int_eq(world_run(&w, 40 * SECOND), 0);
  ck_assert_int_eq(world_count(&w, "gk asked"), 1);
  ck_assert_int_eq(world_count(&w, "ep0 backing off"), 0);
  ck_assert_int_eq(h46017_gatekeeper_answer(w.gk, w.question, &yes, w.now), 0);
  ck_assert_int_eq(world_run(&w, 41 * SECOND), 0);
  ck_assert(tells(&w, "ep0 reg1 registered"));
  world_free(&w);
}
END_TEST

START_TEST(asking_for_ever_does_not_keep_a_connection) {
  const h46017_registration_answer no = {.refuse = H46017_ERR_REFUSED};
  world w;
  peer p;
  (void)world_init(&w, NULL, NULL);
  w.answered = H46017_LATER;
  peer_init(&p, &w, NULL);
  for (uint16_t i = 1; i <= 10; i++) {
    h46017_ras ras = peer_rrq(i, DEVICE, NULL);
    if (h46017_connection_want_read(p.conn)) {
      ck_assert_int_eq(peer_send_ras(&p, &ras), 0);
      w.now += 5 * SECOND;
      ck_assert_int_eq(h46017_gatekeeper_handle_expiry(w.gk, w.now), 0);
      ck_assert(h46017_gatekeeper_next_expiry(w.gk) > w.now);
      (void)h46017_gatekeeper_answer(w.gk, w.question, &no, w.now);
      ck_assert_int_eq(h46017_gatekeeper_handle_expiry(w.gk, w.now), 0);
    }
  }
  ck_assert(!h46017_connection_want_read(p.conn));
  ck_assert_int_eq(h46017_connection_error(p.conn), H46017_ERR_TIMEOUT);
  peer_free(&p);
  world_free(&w);
}
END_TEST

START_TEST(questions_and_names_hold_their_limits) {
  h46017_gatekeeper_settings s;
  h46017_ras one = peer_rrq(1, "a", NULL);
  h46017_ras two = peer_rrq(2, "b", NULL);
  h46017_ras three = peer_rrq(3, "c", NULL);
  h46017_ras both = peer_rrq(4, "a", "b");
  world w;
  peer p;
  world_settings(&s);
  s.max_pending = 2;
  s.max_aliases = 1;
  s.max_registrations = 2;
  (void)world_init(&w, &s, NULL);
  peer_init(&p, &w, NULL);
  w.answered = H46017_LATER;
  ck_assert_int_eq(peer_send_ras(&p, &one), 0);
  ck_assert_int_eq(peer_send_ras(&p, &two), 0);
  ck_assert_int_eq((int)peer_last_kind(&p), (int)H46017_RAS_RIP);
  ck_assert_int_eq(peer_send_ras(&p, &three), 0);
  ck_assert(tells(&w, "gk rejected LIMIT resourceUnavailable"));
  w.now += 10 * SECOND;
  ck_assert_int_eq(h46017_gatekeeper_handle_expiry(w.gk, w.now), 0);
  w.answered = H46017_ANSWERED;
  ck_assert_int_eq(peer_send_ras(&p, &both), 0);
  ck_assert_int_eq(world_count(&w, "gk rejected LIMIT"), 2);
  one.request_seq_num = 11;
  two.request_seq_num = 12;
  three.request_seq_num = 13;
  ck_assert_int_eq(peer_send_ras(&p, &one), 0);
  ck_assert_int_eq(peer_send_ras(&p, &two), 0);
  ck_assert_uint_eq(h46017_gatekeeper_registration_count(w.gk), 2);
  ck_assert_int_eq(peer_send_ras(&p, &three), 0);
  ck_assert_int_eq(world_count(&w, "gk rejected LIMIT"), 3);
  one.request_seq_num = 14;
  ck_assert_int_eq(peer_send_ras(&p, &one), 0); /* it is there already */
  ck_assert_int_eq((int)peer_last_kind(&p), (int)H46017_RAS_RCF);
  peer_free(&p);
  world_free(&w);
}
END_TEST

/* -- names, times, wants --------------------------------------------------- */

START_TEST(looking_for_a_name_takes_any_text) {
  static char text[4096];
  world w;
  (void)world_init(&w, NULL, NULL);
  /* U+20AC: three octets of UTF-8 for two of BMPString. */
  for (size_t i = 0; i + 3 <= sizeof(text); i += 3) {
    memcpy(text + i, "\xe2\x82\xac", 3);
  }
  for (size_t len = 0; len <= sizeof(text); len++) {
    ck_assert_ptr_null(h46017_gatekeeper_find(w.gk, text, len));
  }
  ck_assert_int_eq(h46017_gatekeeper_unregister(w.gk, text, 1536,
                                                H46017_URQ_MAINTENANCE, w.now),
                   H46017_ERR_NOT_FOUND);
  world_free(&w);
}
END_TEST

/* Whatever its type of number is; and by the identifier, which is one. */
START_TEST(a_registration_is_found_by_digits_and_ended_by_its_identifier) {
  const h46017_alias number = {
      H46017_ALIAS_PARTY_NUMBER, 3 * 256 + 2, {"4711", 4}};
  h46017_ras ras = peer_rrq(1, DEVICE, NULL);
  const h46017_registered *reg;
  char identifier[64];
  world w;
  peer p;

  (void)world_init(&w, NULL, NULL);
  peer_init(&p, &w, NULL);
  ras.u.rrq.terminal_alias.list = &number;
  ras.u.rrq.terminal_alias.count = 1;
  ck_assert_int_eq(peer_send_ras(&p, &ras), 0);
  reg = h46017_gatekeeper_find(w.gk, "4711", 4);
  ck_assert_ptr_nonnull(reg);
  ck_assert_ptr_null(h46017_gatekeeper_find(w.gk, "4712", 4));
  (void)snprintf(identifier, sizeof(identifier), "%s",
                 reg->endpoint_identifier);
  ck_assert_int_eq(h46017_gatekeeper_unregister_endpoint(
                       w.gk, "nobody's", H46017_URQ_MAINTENANCE, w.now),
                   H46017_ERR_NOT_FOUND);
  ck_assert_int_eq(h46017_gatekeeper_unregister_endpoint(
                       w.gk, identifier, H46017_URQ_SECURITY_ERROR, w.now),
                   H46017_ERR_INVALID_ARGUMENT);
  ck_assert_int_eq(h46017_gatekeeper_unregister(
                       w.gk, "4711", 4, H46017_URQ_REASON_UNKNOWN, w.now),
                   H46017_ERR_INVALID_ARGUMENT);
  ck_assert_uint_eq(h46017_gatekeeper_registration_count(w.gk), 1);
  ck_assert_int_eq(h46017_gatekeeper_unregister_endpoint(
                       w.gk, identifier, H46017_URQ_MAINTENANCE, w.now),
                   0);
  ck_assert_uint_eq(h46017_gatekeeper_registration_count(w.gk), 0);
  ck_assert(h46017_connection_want_read(p.conn));
  ck_assert_int_eq(peer_carry(&p), 0);
  ck_assert_int_eq((int)peer_last_kind(&p), (int)H46017_RAS_URQ);
  peer_free(&p);
  world_free(&w);
}
END_TEST

START_TEST(times_at_their_ends_neither_spin_nor_wrap) {
  h46017_gatekeeper_settings s;
  h46017_ras ras = peer_rrq(1, DEVICE, NULL);
  world w;
  peer p;
  world_settings(&s);
  s.grace = UINT32_MAX;
  s.max_time_to_live = UINT32_MAX;
  (void)world_init(&w, &s, NULL);
  peer_init(&p, &w, NULL);
  ras.u.rrq.time_to_live = UINT32_MAX;
  ck_assert_int_eq(peer_send_ras(&p, &ras), 0);
  ck_assert(find(&w, DEVICE)->expires == w.now + UINT32_MAX * SECOND);
  w.now += UINT32_MAX * SECOND;
  ck_assert_int_eq(h46017_gatekeeper_handle_expiry(w.gk, w.now), 0);
  ck_assert_ptr_nonnull(find(&w, DEVICE)); /* the grace */
  ck_assert(h46017_gatekeeper_next_expiry(w.gk) > w.now + UINT32_MAX);
  ck_assert_int_eq(h46017_gatekeeper_handle_expiry(w.gk, 0), 0); /* the past */
  ck_assert_ptr_nonnull(find(&w, DEVICE));
  /* "Never" as now: all that is due, and no more time to wait for. */
  ck_assert_int_eq(h46017_gatekeeper_handle_expiry(w.gk, H46017_TIME_NEVER), 0);
  ck_assert_ptr_null(find(&w, DEVICE));
  ck_assert(h46017_gatekeeper_next_expiry(w.gk) == H46017_TIME_NEVER);
  peer_free(&p);
  world_free(&w);
}
END_TEST

START_TEST(a_connection_that_has_sent_its_last_is_handed_out) {
  h46017_ras ras = peer_rrq(1, DEVICE, NULL);
  h46017_connection *c = NULL;
  const uint8_t *octets;
  size_t len;
  world w;
  peer p;
  (void)world_init(&w, NULL, NULL);
  peer_init(&p, &w, NULL);
  ck_assert_int_eq(peer_send_ras(&p, &ras), 0);
  ck_assert_int_eq(h46017_connection_close(p.conn, 0, w.now), 0);
  while (h46017_gatekeeper_next_ready(w.gk, &c)) {
  }
  /* The transport takes it in two pieces, when it can. */
  len = h46017_connection_peek_tx(p.conn, &octets);
  ck_assert_uint_gt(len, 1);
  ck_assert_int_eq(h46017_connection_ack_tx(p.conn, 1, w.now), 0);
  ck_assert(!h46017_gatekeeper_next_ready(w.gk, &c));
  ck_assert_int_eq(h46017_connection_ack_tx(p.conn, len - 1, w.now), 0);
  ck_assert(!h46017_connection_want_write(p.conn));
  ck_assert(h46017_gatekeeper_next_ready(w.gk, &c));
  ck_assert_ptr_eq(c, p.conn);
  ck_assert(!h46017_gatekeeper_next_ready(w.gk, &c));
  peer_free(&p);
  world_free(&w);
}
END_TEST

int main(void) {
  Suite *s = suite_create("session_rules");
  TCase *tc = tcase_create("session_rules");
  tcase_add_test(tc, a_urq_for_some_names_leaves_the_others);
  tcase_add_test(tc, an_identifier_of_another_connection_is_worth_nothing);
  tcase_add_test(tc, an_additive_rrq_adds_names_and_takes_none_away);
  tcase_add_loop_test(
      tc, an_additive_rrq_waits_for_the_program_and_finds_what_is_there_then, 0,
      2);
  tcase_add_test(tc, a_urq_for_more_names_than_there_may_be_takes_none);
  tcase_add_test(tc, a_urq_that_names_nobody_waits_for_the_only_one);
  tcase_add_test(tc, names_that_are_there_twice_count_once);
  tcase_add_test(tc, the_program_may_refuse_a_urq);
  tcase_add_test(tc, a_large_message_that_is_not_understood_gets_xrs);
  tcase_add_test(tc, a_long_question_is_kept_alive_by_rip);
  tcase_add_test(tc, asking_for_ever_does_not_keep_a_connection);
  tcase_add_test(tc, questions_and_names_hold_their_limits);
  tcase_add_test(tc, looking_for_a_name_takes_any_text);
  tcase_add_test(tc,
                 a_registration_is_found_by_digits_and_ended_by_its_identifier);
  tcase_add_test(tc, times_at_their_ends_neither_spin_nor_wrap);
  tcase_add_test(tc, a_connection_that_has_sent_its_last_is_handed_out);
  suite_add_tcase(s, tc);
  return run_suite(s);
}
