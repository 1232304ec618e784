/* SPDX-License-Identifier: BSD-2-Clause */
/* An RCF that says what the last one said is not built again (INV-44); one that
 * does not, is. */
#include "octets.h"
#include "runner.h"
#include "scene.h"
#include "session/gatekeeper.h"
#include "session/invariants.h"

#include <check.h>
#include <string.h>

/* A gatekeeper whose program adds nothing to what is sent and routes no calls
 * of its own. */
static void tune(h46017_gatekeeper_callbacks *cb) {
  cb->ras_building = NULL;
  cb->signalling_received = NULL;
}

static world w;
static peer p;
static gk_registration *r;
static char id[32];
static uint16_t seq;
static h46017_h225 *said;
static h46017_ras rcf; /* the last, in `said` */

static void read_last(void) {
  octets o = octets_hex(peer_last(&p));

  ck_assert_int_eq((int)peer_last_kind(&p), (int)H46017_RAS_RCF);
  ck_assert_int_eq(
      h46017_h225_decode(said, h46017_h225_ras_message(), o.data, o.len), 0);
  ck_assert_int_eq(h46017_ras_view(said, &rcf), 0);
  ck_assert_uint_eq(rcf.request_seq_num, seq);
  octets_free(&o);
}

static bool has(const char *path) {
  h46017_h225_value v = h46017_h225_get(h46017_h225_root(said), path);

  return h46017_h225_value_kind(v) != H46017_H225_ABSENT;
}

static void ask(h46017_ras *ras) {
  ras->request_seq_num = ++seq;
  ck_assert_int_eq(peer_send_ras(&p, ras), 0);
  read_last();
  ck_assert_ptr_null(h46017_gatekeeper_check_invariants(w.gk));
}

static void refresh(void) {
  h46017_ras ras = keep_alive(1, id);

  ask(&ras);
}

/* Was the last one made of the one before it? */
static bool again(uint64_t before) {
  return before != 0 && r->rcf == before && p.conn->answered->rcf == before;
}

/* Registered, and refreshed out of what is kept. */
static void begin(const h46017_gatekeeper_settings *settings) {
  h46017_ras ras = peer_rrq(1, DEVICE, "b");
  uint64_t before;

  seq = 0;
  ras.u.rrq.supports_alt_gk = true;
  ras.u.rrq.time_to_live = 100;
  world_tune_gatekeeper = tune;
  (void)world_init(&w, settings, NULL);
  peer_init(&p, &w, NULL);
  ck_assert_int_eq(h46017_h225_new(&said, NULL, NULL), 0);
  ask(&ras);
  id_of(&w, DEVICE, id);
  r = p.conn->registrations;
  before = r->rcf;
  refresh();
  ck_assert(again(before));
}

static void end(void) {
  h46017_h225_del(said);
  peer_free(&p);
  world_free(&w);
  world_tune_gatekeeper = NULL;
}

START_TEST(what_is_sent_again_differs_in_its_number) {
  uint64_t first;
  begin(NULL);
  first = r->rcf;
  for (int i = 0; i < 12; i++) { /* kept answers come and go meanwhile */
    refresh();
    ck_assert(again(first));
    /* requestSeqNum, less one, is in octets 2 and 3 */
    ck_assert_int_eq(strncmp(p.got[0], peer_last(&p), 4), 0);
    ck_assert_str_eq(p.got[0] + 8, peer_last(&p) + 8);
    pass(&w, i * 1000);
  }
  /* What a registration is kept for is checked for every one. */
  r->pub.time_to_live++;
  ck_assert_ptr_nonnull(
      strstr(h46017_gatekeeper_check_invariants(w.gk), "INV-44"));
  end();
}
END_TEST

START_TEST(another_time_to_live_is_said) {
  h46017_ras ras = peer_rrq(1, DEVICE, "b");
  begin(NULL);
  ras.u.rrq.time_to_live = 50;
  ask(&ras);
  ck_assert_uint_eq(rcf.u.rcf.time_to_live, 50);
  refresh();
  ck_assert_uint_eq(rcf.u.rcf.time_to_live, 50);
  end();
}
END_TEST

START_TEST(other_names_are_said) {
  const h46017_alias gone = {H46017_ALIAS_H323_ID, 0, {"b", 1}};
  h46017_ras more = peer_rrq(1, "c", NULL);
  h46017_ras fewer = {.kind = H46017_RAS_URQ};
  begin(NULL);
  fewer.request_seq_num = ++seq;
  fewer.u.urq.endpoint_identifier = (h46017_text){id, strlen(id)};
  fewer.u.urq.endpoint_alias = (h46017_aliases){&gone, 1, true};
  fewer.u.urq.reason = H46017_URQ_REASON_ABSENT;
  ck_assert_int_eq(peer_send_ras(&p, &fewer), 0);
  ck_assert_int_eq((int)peer_last_kind(&p), (int)H46017_RAS_UCF);
  ck_assert_uint_eq(rcf.u.rcf.terminal_alias.count, 2);
  refresh();
  ck_assert_uint_eq(rcf.u.rcf.terminal_alias.count, 1);
  more.u.rrq.additive_registration = true;
  more.u.rrq.endpoint_identifier = (h46017_text){id, strlen(id)};
  ask(&more);
  refresh();
  ck_assert_uint_eq(rcf.u.rcf.terminal_alias.count, 2);
  ck_assert_int_eq(memcmp(rcf.u.rcf.terminal_alias.list[1].text.text, "c", 1),
                   0);
  end();
}
END_TEST

/* A full RRQ that asks for what is there. */
static h46017_ras renewal(void) {
  h46017_ras ras = peer_rrq(1, DEVICE, "b");

  ras.u.rrq.supports_alt_gk = true;
  ras.u.rrq.time_to_live = 100;
  return ras;
}

START_TEST(a_full_rrq_that_changes_nothing_is_answered_as_the_one_before) {
  h46017_ras ras = renewal();
  const gk_name *names;
  uint64_t before;
  begin(NULL);
  before = r->rcf;
  names = r->names.list;
  ask(&ras);
  ck_assert(again(before) && r->names.list == names);
  ras.u.rrq.endpoint_identifier = (h46017_text){id, strlen(id)};
  ask(&ras);
  ck_assert(again(before) && r->names.list == names);
  ck_assert_str_eq(find(&w, "b")->endpoint_identifier, id);
  end();
}
END_TEST

/* Other names, another order of them, another spelling, an identifier that is
 * nobody's. */
START_TEST(a_full_rrq_that_changes_something_is_registered_anew) {
  static const char *const first[] = {"c", "b", "0090332F688A", DEVICE};
  static const char *const second[] = {"b", DEVICE, "b", "b"};
  h46017_ras ras = peer_rrq(1, first[_i], second[_i]);
  const gk_name *names;
  begin(NULL);
  names = r->names.list;
  ras.u.rrq.time_to_live = 100;
  if (_i == 3) {
    ras.u.rrq.endpoint_identifier = (h46017_text){"nobody", 6};
  }
  ask(&ras);
  ck_assert(r->names.list != names && p.conn->registrations == r);
  ck_assert_uint_eq(rcf.u.rcf.terminal_alias.count, 2);
  ck_assert_int_eq(memcmp(rcf.u.rcf.terminal_alias.list[0].text.text, first[_i],
                          strlen(first[_i])),
                   0);
  ck_assert((find(&w, DEVICE) == NULL) == (_i == 0));
  end();
}
END_TEST

/* The program has another device for the same names. */
START_TEST(a_full_rrq_of_another_device_is_registered_anew) {
  static const char *const ids[] = {DEVICE};
  static const char *const more[] = {"b"};
  h46017_ras ras = renewal();
  begin(NULL);
  ck_assert_ptr_null(r->pub.device);
  w.device.hardware_ids = ids;
  w.device.aliases = more;
  w.device.hardware_id_count = w.device.alias_count = 1;
  w.device.auth = H46017_AUTH_OPEN;
  for (int i = 0; i < 3; i++) {
    w.device.name = i < 2 ? "one" : "two";
    ask(&ras);
    ck_assert_str_eq(find(&w, "b")->device, w.device.name);
  }
  end();
}
END_TEST

/* With duplicates allowed, whoever comes again stands before or behind the
 * other as if it were new. */
START_TEST(a_full_rrq_for_a_name_that_is_shared_is_registered_anew) {
  h46017_ras ras = renewal();
  h46017_gatekeeper_settings s;
  const gk_name *names;
  peer other;
  world_settings(&s);
  s.duplicates = H46017_DUPLICATES_ALLOW;
  begin(&s);
  w.shared = true;
  peer_init(&other, &w, NULL);
  send_rrq(&other, 1, "b");
  for (int i = 0; i < 2; i++) { /* first of the two, then second */
    names = r->names.list;
    ck_assert((find(&w, "b")->connection == p.conn) == (i == 0));
    ask(&ras);
    ck_assert_ptr_ne(r->names.list, names);
    ck_assert_ptr_eq(find(&w, "b")->connection, other.conn);
  }
  peer_free(&other);
  end();
}
END_TEST

START_TEST(two_registrations_of_a_connection_are_not_taken_for_each_other) {
  h46017_ras ras = peer_rrq(1, "other", NULL);
  char other[32];
  begin(NULL);
  ask(&ras);
  id_of(&w, "other", other);
  refresh();
  ck_assert_int_eq(memcmp(rcf.u.rcf.endpoint_identifier.text, id, strlen(id)),
                   0);
  ras = keep_alive(1, other);
  ask(&ras);
  ck_assert_int_eq(
      memcmp(rcf.u.rcf.endpoint_identifier.text, other, strlen(other)), 0);
  end();
}
END_TEST

START_TEST(an_answer_to_something_else_is_not_sent_for_an_rcf) {
  h46017_ras urq = {.kind = H46017_RAS_URQ};
  uint64_t before;
  begin(NULL);
  before = r->rcf;
  urq.request_seq_num = ++seq;
  urq.u.urq.endpoint_identifier = (h46017_text){"nobody", 6};
  urq.u.urq.reason = H46017_URQ_REASON_ABSENT;
  ck_assert_int_eq(peer_send_ras(&p, &urq), 0);
  ck_assert_int_eq((int)peer_last_kind(&p), (int)H46017_RAS_URJ);
  refresh();
  ck_assert(!again(before));
  end();
}
END_TEST

/* What the settings add, from then on and as long as they do. */
START_TEST(alternates_and_leave_are_said_when_the_settings_change) {
  static const char *const alternates[] = {"192.0.2.7:1719"};
  h46017_gatekeeper_settings plain;
  h46017_gatekeeper_settings s;
  world_settings(&plain);
  s = plain;
  if (_i == 0) {
    s.alternates = alternates;
    s.alternate_count = 1;
  } else {
    s.pre_granted = true;
  }
  begin(NULL);
  for (int i = 0; i < 2; i++) {
    uint64_t before = r->rcf;
    ck_assert_int_eq(h46017_gatekeeper_set_settings(w.gk, &s, w.now), 0);
    refresh();
    ck_assert(!again(before));
    before = r->rcf;
    refresh();
    ck_assert(again(before));
    ck_assert(has(_i == 0 ? "registrationConfirm.alternateGatekeeper"
                          : "registrationConfirm.preGrantedARQ"));
    ck_assert_int_eq(h46017_gatekeeper_set_settings(w.gk, &plain, w.now), 0);
    refresh();
    ck_assert(!again(before));
    ck_assert(!has("registrationConfirm.preGrantedARQ"));
    ck_assert(!has("registrationConfirm.alternateGatekeeper"));
    before = r->rcf;
    refresh();
    ck_assert(again(before));
  }
  end();
}
END_TEST

/* Who does not want them any more is not told. */
START_TEST(alternates_are_said_as_long_as_they_are_asked_for) {
  static const char *const alternates[] = {"192.0.2.7:1719"};
  h46017_ras ras = renewal();
  h46017_gatekeeper_settings s;
  world_settings(&s);
  s.alternates = alternates;
  s.alternate_count = 1;
  begin(&s);
  ck_assert(has("registrationConfirm.alternateGatekeeper"));
  ras.u.rrq.supports_alt_gk = false;
  ask(&ras);
  ck_assert(!has("registrationConfirm.alternateGatekeeper"));
  refresh();
  ck_assert(!has("registrationConfirm.alternateGatekeeper"));
  ras.u.rrq.supports_alt_gk = true;
  ask(&ras);
  ck_assert(has("registrationConfirm.alternateGatekeeper"));
  end();
}
END_TEST

static int built;

static int on_building(h46017_gatekeeper *gk, h46017_connection *c,
                       h46017_h225 *msg, h46017_ras_kind kind,
                       void *user_data) {
  (void)gk;
  (void)c;
  (void)msg;
  (void)user_data;
  built += kind == H46017_RAS_RCF;
  return 0;
}

START_TEST(a_program_that_adds_something_builds_each) {
  begin(NULL);
  built = 0;
  w.gk->callbacks.ras_building = on_building;
  for (int i = 1; i < 4; i++) {
    refresh();
    ck_assert_int_eq(built, i);
    ck_assert_uint_eq(p.conn->answered->rcf, 0);
  }
  end();
}
END_TEST

static unsigned with_token;

static void count_tokens(world *of, bool at_gatekeeper, const uint8_t *per,
                         size_t len) {
  h46017_ras_kind kind = H46017_RAS_UNKNOWN;
  uint16_t number;

  (void)of;
  (void)h46017_ras_peek(per, len, &kind, &number);
  if (at_gatekeeper || kind != H46017_RAS_RCF) {
    return;
  }
  ck_assert_int_eq(
      h46017_h225_decode(said, h46017_h225_ras_message(), per, len), 0);
  with_token += has("registrationConfirm.cryptoTokens");
}

/* Its token is new each time. */
START_TEST(an_rcf_with_a_token_is_built_each_time) {
  scene s;
  scene_settings(&s);
  world_tune_gatekeeper = tune;
  ck_assert_int_eq(scene_world(&s, H46017_AUTH_PASSWORD, NULL), 0);
  ck_assert_int_eq(h46017_h225_new(&said, NULL, NULL), 0);
  s.w.seen = count_tokens;
  with_token = 0;
  ck_assert_int_eq(world_add(&s.w, &s.line, DEVICE, &s.ep), 0);
  ck_assert_int_eq(world_run(&s.w, s.w.now + 300000), 0);
  ck_assert_int_gt(world_count(&s.w, "gk refreshed " DEVICE), 2);
  ck_assert_int_eq((int)with_token,
                   1 + world_count(&s.w, "gk refreshed " DEVICE));
  ck_assert_ptr_null(h46017_gatekeeper_check_invariants(s.w.gk));
  h46017_h225_del(said);
  world_free(&s.w);
  world_tune_gatekeeper = NULL;
}
END_TEST

START_TEST(where_no_answer_is_kept_none_is_sent_again) {
  h46017_gatekeeper_settings s;
  world_settings(&s);
  begin(NULL);
  s.answers_kept = 0;
  ck_assert_int_eq(h46017_gatekeeper_set_settings(w.gk, &s, w.now), 0);
  for (int i = 0; i < 4; i++) {
    refresh();
    ck_assert_uint_eq(rcf.u.rcf.terminal_alias.count, 2);
  }
  end();
}
END_TEST

static Suite *session_rcf_suite(void) {
  Suite *s = suite_create("session_rcf");
  TCase *tc = tcase_create("rcf");

  tcase_add_test(tc, what_is_sent_again_differs_in_its_number);
  tcase_add_test(tc, another_time_to_live_is_said);
  tcase_add_test(tc, other_names_are_said);
  tcase_add_test(tc,
                 a_full_rrq_that_changes_nothing_is_answered_as_the_one_before);
  tcase_add_loop_test(tc, a_full_rrq_that_changes_something_is_registered_anew,
                      0, 4);
  tcase_add_test(tc, a_full_rrq_of_another_device_is_registered_anew);
  tcase_add_test(tc, a_full_rrq_for_a_name_that_is_shared_is_registered_anew);
  tcase_add_test(
      tc, two_registrations_of_a_connection_are_not_taken_for_each_other);
  tcase_add_test(tc, an_answer_to_something_else_is_not_sent_for_an_rcf);
  tcase_add_loop_test(
      tc, alternates_and_leave_are_said_when_the_settings_change, 0, 2);
  tcase_add_test(tc, alternates_are_said_as_long_as_they_are_asked_for);
  tcase_add_test(tc, a_program_that_adds_something_builds_each);
  tcase_add_test(tc, an_rcf_with_a_token_is_built_each_time);
  tcase_add_test(tc, where_no_answer_is_kept_none_is_sent_again);
  suite_add_tcase(s, tc);
  return s;
}

int main(void) {
  return run_suite(session_rcf_suite());
}
