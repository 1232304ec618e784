/* SPDX-License-Identifier: BSD-2-Clause */
/* What a gatekeeper that routes calls does not grant: requests of peers that
 * keep to no state machine. */
#include "callworld.h"
#include "ras_sample.h"
#include "registrar.h"
#include "runner.h"

#include "session/gatekeeper.h"

#include <check.h>
#include <stdio.h>
#include <string.h>

static peer p;
static h46017_h225 *m;
static octets loaded; /* which it borrows */
static uint16_t seq;

static void begin_peer(const h46017_gatekeeper_settings *settings) {
  begin(settings);
  seq = 100;
  loaded = (octets){NULL, 0};
  ck_assert_int_eq(h46017_h225_new(&m, NULL, NULL), 0);
  peer_init(&p, &w, NULL);
}

static void end_peer(void) {
  peer_free(&p);
  run(); /* and its calls are over */
  h46017_h225_del(m);
  octets_free(&loaded);
  end();
}

/* A sample of its kind, under a number of its own. */
static void make(h46017_ras_kind kind) {
  char path[64];

  octets_free(&loaded);
  loaded = octets_hex(sample_of(kind));
  ck_assert_int_eq(
      h46017_h225_decode(m, h46017_h225_ras_message(), loaded.data, loaded.len),
      0);
  (void)snprintf(path, sizeof(path), "%s.requestSeqNum",
                 h46017_ras_kind_name(kind));
  ck_assert_int_eq(h46017_h225_set_uint(m, path, ++seq), 0);
}

static void put_text(const char *path, const char *text) {
  ck_assert_int_eq(h46017_h225_set_text(m, path, text, strlen(text)), 0);
}

static void put_guid(const char *path, uint8_t octet) {
  uint8_t guid[16];

  memset(guid, octet, sizeof(guid));
  ck_assert_int_eq(h46017_h225_set_octets(m, path, guid, sizeof(guid)), 0);
}

static void sent(void) {
  static uint8_t per[4096];
  size_t len;

  ck_assert_int_eq(h46017_h225_encode(m, per, sizeof(per), &len), 0);
  ck_assert_int_eq(h46017_tunnel_write_ras(p.tunnel, per, len), 0);
  ck_assert_int_eq(peer_carry(&p), 0);
  look(&w);
}

/* Sends it; what comes has this in it. */
static void sent_gets(h46017_ras_kind kind, const char *component) {
  sent();
  ck_assert_str_eq(h46017_ras_kind_name(peer_last_kind(&p)),
                   h46017_ras_kind_name(kind));
  ck_assert_msg(sample_has(peer_last(&p), kind, component), "%s without %s",
                peer_last(&p), component);
}

static void make_arq(const char *id, uint8_t guid) {
  make(H46017_RAS_ARQ);
  put_text("admissionRequest.endpointIdentifier", id);
  put_guid("admissionRequest.callIdentifier.guid", guid);
  ck_assert_int_eq(
      h46017_h225_set_bool(m, "admissionRequest.answerCall", false), 0);
  ck_assert_int_eq(h46017_h225_set_uint(m, "admissionRequest.bandWidth", 640),
                   0);
  (void)h46017_h225_remove(m, "admissionRequest.destinationInfo");
  put_text("admissionRequest.destinationInfo[0].h323-ID", "b");
}

START_TEST(who_is_not_registered_is_admitted_to_nothing) {
  char id[32];
  begin_peer(NULL);
  make_arq("nobody", 1);
  sent_gets(H46017_RAS_ARJ, "rejectReason.callerNotRegistered");
  /* Somebody else's identifier is worth nothing on this connection. */
  id_of(&w, "a", id);
  make_arq(id, 1);
  sent_gets(H46017_RAS_ARJ, "rejectReason.callerNotRegistered");
  make(H46017_RAS_BRQ);
  sent_gets(H46017_RAS_BRJ, "rejectReason.notBound");
  make(H46017_RAS_BRQ);
  put_text("bandwidthRequest.endpointIdentifier", id);
  sent_gets(H46017_RAS_BRJ, "rejectReason.notBound");
  ck_assert_uint_eq(h46017_gatekeeper_call_count(w.gk), 0);
  end_peer();
}
END_TEST

START_TEST(a_call_is_admitted_once_and_only_with_an_identifier) {
  char id[32];
  begin_peer(NULL);
  send_rrq(&p, ++seq, "d");
  id_of(&w, "d", id);
  make_arq(id, 1);
  sent_gets(H46017_RAS_ACF, "callModel.gatekeeperRouted");
  make_arq(id, 1);
  sent_gets(H46017_RAS_ARJ, "rejectReason.requestDenied");
  ck_assert_uint_eq(h46017_gatekeeper_call_count(w.gk), 1);
  make_arq(id, 2);
  sent_gets(H46017_RAS_ACF, "callModel.gatekeeperRouted");
  make_arq(id, 3);
  ck_assert_int_eq(h46017_h225_remove(m, "admissionRequest.callIdentifier"), 0);
  sent_gets(H46017_RAS_ARJ, "rejectReason.undefinedReason");
  ck_assert_uint_eq(h46017_gatekeeper_call_count(w.gk), 2);
  end_peer();
}
END_TEST

/* BRQs of the gatekeeper's: an answer to none of them changes nothing. */
START_TEST(an_answer_to_no_limit_of_ours_is_no_answer) {
  uint64_t before;
  begin_peer(NULL);
  send_rrq(&p, ++seq, "d");
  (void)call(0, "b");
  before = w.gk->bandwidth;
  for (int i = 0; i < 2; i++) {
    int count = p.got_count;
    make(i == 0 ? H46017_RAS_BCF : H46017_RAS_BRJ);
    sent();
    ck_assert_int_eq(p.got_count, count);
  }
  ck_assert_uint_eq(w.gk->bandwidth, before);
  write_and_run(0, H46017_Q931_RELEASE_COMPLETE);
  end_peer();
}
END_TEST

START_TEST(a_setup_beyond_the_calls_of_a_connection_is_refused) {
  h46017_gatekeeper_settings s;
  world_settings(&s);
  s.max_calls = 2;
  begin(&s);
  ck_assert_int_eq(world_add(&w, &line[0], "ep2", NULL), 0);
  run();
  for (uint8_t i = 1; i <= 3; i++) {
    octets another = captured_setup();
    identify(&another, i);
    came(line[1], &another, i);
    octets_free(&another);
  }
  /* The third has been refused, by this side's table or by its limit. */
  ck_assert_uint_eq(h46017_gatekeeper_call_count(w.gk), 2);
  run();
  look(&w);
  world_break(&w, line[1]);
  run();
  end();
}
END_TEST

/* A Setup that no ARQ came before, from line 0; what came for it. */
static uint8_t answer_to_setup(uint8_t number) {
  octets another = captured_setup(), out;
  uint8_t type;

  identify(&another, number);
  came(line[0], &another, number);
  octets_free(&another);
  out = taken(line[0], NULL);
  type = out.len > 4 ? out.data[4] : 0;
  octets_free(&out);
  return type;
}

START_TEST(setups_without_end_are_refused_and_nobody_is_told) {
  enum { RATE = 10 };
  h46017_gatekeeper_settings s;
  unsigned told;
  world_settings(&s);
  s.request_rate = RATE;
  begin(&s);
  w.now += 1000; /* what was said until now is another second's */
  /* Each is a call, which ends: nobody is called "ep2". */
  for (uint8_t i = 1; i <= RATE; i++) {
    ck_assert_uint_eq(answer_to_setup(i), H46017_Q931_RELEASE_COMPLETE);
  }
  told = routes_told;
  ck_assert_uint_eq(routes_over, RATE);
  for (uint8_t i = RATE + 1; i <= 4 * RATE; i++) {
    ck_assert_uint_eq(answer_to_setup(i), H46017_Q931_RELEASE_COMPLETE);
  }
  ck_assert_uint_eq(routes_told, told);
  ck_assert_int_eq(h46017_connection_error(line[0]->conn), 0);
  w.now += 1000;
  ck_assert_uint_eq(answer_to_setup(1), H46017_Q931_RELEASE_COMPLETE);
  ck_assert_uint_eq(routes_over, RATE + 1);
  if (_i == 1) {
    octets last = captured_setup();
    for (uint8_t i = 2; i <= 4 * RATE; i++) {
      ck_assert_uint_eq(answer_to_setup(i), H46017_Q931_RELEASE_COMPLETE);
    }
    ck_assert_int_eq(comes(line[0], &last, 1, false), H46017_ERR_FLOOD);
    octets_free(&last);
  }
  world_break(&w, line[0]);
  run();
  end();
}
END_TEST

START_TEST(a_callee_that_has_no_room_for_another_call_is_busy) {
  h46017_gatekeeper_settings s;
  world_settings(&s);
  s.max_calls = 1;
  begin(&s);
  ring();
  ck_assert_uint_eq(parties[1].setups, 1);
  (void)call(2, "b"); /* c's first, b's second */
  ck_assert_uint_eq(parties[1].setups, 1);
  ck_assert_ptr_null(parties[2].call);
  ck_assert_uint_eq(parties[2].released, 1);
  ck_assert_uint_eq(h46017_gatekeeper_call_count(w.gk), 1);
  write_and_run(0, H46017_Q931_RELEASE_COMPLETE);
  end();
}
END_TEST

int main(void) {
  Suite *s = suite_create("gatekeeper_calls_refused");
  TCase *tc = tcase_create("refused");

  tcase_add_test(tc, who_is_not_registered_is_admitted_to_nothing);
  tcase_add_test(tc, a_call_is_admitted_once_and_only_with_an_identifier);
  tcase_add_test(tc, an_answer_to_no_limit_of_ours_is_no_answer);
  tcase_add_test(tc, a_setup_beyond_the_calls_of_a_connection_is_refused);
  tcase_add_loop_test(tc, setups_without_end_are_refused_and_nobody_is_told, 0,
                      2);
  tcase_add_test(tc, a_callee_that_has_no_room_for_another_call_is_busy);
  suite_add_tcase(s, tc);
  return run_suite(s);
}
