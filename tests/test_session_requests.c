/* SPDX-License-Identifier: BSD-2-Clause */
/* Every alternative of RasMessage that a peer may send to a gatekeeper: each is
 * handled on purpose. */
#include "octets.h"
#include "peer.h"
#include "ras_sample.h"
#include "runner.h"
#include "world.h"

#include <check.h>
#include <stdio.h>
#include <string.h>

#define DEVICE "0090332f688a"
#define NOTHING ((h46017_ras_kind)-2)

/* What answers a message of each kind (sample_of()), and why: where nobody is
 * registered on the connection, and where somebody is. */
static const struct {
  h46017_ras_kind kind;
  h46017_ras_kind answer;
  const char *why[2];
} rows[] = {
    {H46017_RAS_GRQ, H46017_RAS_GCF, {NULL, NULL}},
    {H46017_RAS_GCF, NOTHING, {NULL, NULL}},
    {H46017_RAS_GRJ, NOTHING, {NULL, NULL}},
    {H46017_RAS_RRQ, H46017_RAS_RRJ, {NULL, NULL}},
    {H46017_RAS_RCF, NOTHING, {NULL, NULL}},
    {H46017_RAS_RRJ, NOTHING, {NULL, NULL}},
    {H46017_RAS_URQ,
     H46017_RAS_URJ,
     {"rejectReason.notCurrentlyRegistered", NULL}},
    {H46017_RAS_UCF, NOTHING, {NULL, NULL}},
    {H46017_RAS_URJ, NOTHING, {NULL, NULL}},
    {H46017_RAS_ARQ,
     H46017_RAS_ARJ,
     {"rejectReason.callerNotRegistered", "rejectReason.callerNotRegistered"}},
    {H46017_RAS_ACF, NOTHING, {NULL, NULL}},
    {H46017_RAS_ARJ, NOTHING, {NULL, NULL}},
    {H46017_RAS_BRQ,
     H46017_RAS_BRJ,
     {"rejectReason.notBound", "rejectReason.notBound"}},
    {H46017_RAS_BCF, NOTHING, {NULL, NULL}},
    {H46017_RAS_BRJ, NOTHING, {NULL, NULL}},
    {H46017_RAS_DRQ,
     H46017_RAS_DRJ,
     {"rejectReason.notRegistered", "rejectReason.notRegistered"}},
    {H46017_RAS_DCF, NOTHING, {NULL, NULL}},
    {H46017_RAS_DRJ, NOTHING, {NULL, NULL}},
    {H46017_RAS_LRQ,
     H46017_RAS_LRJ,
     {"rejectReason.notRegistered", "rejectReason.requestDenied"}},
    {H46017_RAS_LCF, NOTHING, {NULL, NULL}},
    {H46017_RAS_LRJ, NOTHING, {NULL, NULL}},
    {H46017_RAS_IRQ, H46017_RAS_XRS, {NULL, NULL}},
    {H46017_RAS_IRR, NOTHING, {NULL, NULL}},
    {H46017_RAS_NSM, NOTHING, {NULL, NULL}},
    {H46017_RAS_XRS, NOTHING, {NULL, NULL}},
    {H46017_RAS_RIP, NOTHING, {NULL, NULL}},
    {H46017_RAS_RAI, H46017_RAS_RAC, {NULL, NULL}},
    {H46017_RAS_RAC, NOTHING, {NULL, NULL}},
    {H46017_RAS_IACK, NOTHING, {NULL, NULL}},
    {H46017_RAS_INAK, NOTHING, {NULL, NULL}},
    {H46017_RAS_SCI,
     H46017_RAS_SCR,
     {"result.notAvailable", "result.notAvailable"}},
    {H46017_RAS_SCR, NOTHING, {NULL, NULL}},
    {H46017_RAS_ACF_SEQUENCE, NOTHING, {NULL, NULL}},
};

#define ROWS ((int)(sizeof(rows) / sizeof(rows[0])))

START_TEST(each_alternative_has_its_answer_or_none_on_purpose) {
  for (int registered = 0; registered < 2; registered++) {
    h46017_ras rrq = peer_rrq(9999, DEVICE, NULL);
    h46017_ras_kind answer = rows[_i].answer;
    int before;
    world w;
    peer p;
    (void)world_init(&w, NULL, NULL);
    peer_init(&p, &w, NULL);
    if (registered == 1) {
      ck_assert_int_eq(peer_send_ras(&p, &rrq), 0);
    }
    before = p.got_count;
    if (registered == 1 && rows[_i].kind == H46017_RAS_URQ) {
      answer = H46017_RAS_UCF; /* it names none: there is one it can mean */
    }
    ck_assert_int_eq((int)rows[_i].kind, _i); /* in the order of the CHOICE */
    ck_assert_int_eq(peer_send(&p, sample_of(rows[_i].kind)), 0);
    ck_assert_int_eq(p.got_count, before + (answer != NOTHING));
    if (answer != NOTHING) {
      const char *why = rows[_i].why[registered];
      ck_assert_int_eq((int)peer_last_kind(&p), (int)answer);
      ck_assert_msg(why == NULL || sample_has(peer_last(&p), answer, why),
                    "%s without %s", peer_last(&p), why);
    }
    ck_assert(h46017_connection_want_read(p.conn));
    ck_assert_uint_eq(h46017_gatekeeper_registration_count(w.gk),
                      registered == 1 && answer != H46017_RAS_UCF);
    peer_free(&p);
    world_free(&w);
  }
}
END_TEST

START_TEST(a_repetition_gets_the_same_octets_again_and_is_shown_to_nobody) {
  char first[1024];
  world w;
  peer p;
  (void)world_init(&w, NULL, NULL);
  peer_init(&p, &w, NULL);
  ck_assert_int_eq(peer_send(&p, sample_of(rows[_i].kind)), 0);
  if (rows[_i].answer != NOTHING && rows[_i].answer != H46017_RAS_XRS) {
    (void)snprintf(first, sizeof(first), "%s", peer_last(&p));
    w.fail_callback = 1; /* ras_received and ras_building would */
    w.now += 9999;
    ck_assert_int_eq(peer_send(&p, sample_of(rows[_i].kind)), 0);
    ck_assert_int_eq(p.got_count, 2);
    ck_assert_str_eq(peer_last(&p), first);
    ck_assert_int_eq(w.fail_callback, 1);
    /* Ten seconds after the answer it is a new request. */
    w.fail_callback = 0;
    w.now += 1;
    ck_assert_int_eq(peer_send(&p, sample_of(rows[_i].kind)), 0);
    ck_assert_int_eq(p.got_count, 3);
  }
  peer_free(&p);
  world_free(&w);
}
END_TEST

static void refuse_what_comes(world *w, const char *callback,
                              h46017_connection *c) {
  (void)c;
  if (strcmp(callback, "ras_received") == 0) {
    w->fail_callback = 1;
    w->fail_with = *(const int *)w->hook_data;
  }
}

/* A request about a call, of the registration that is there. */
static const char *about_a_call(h46017_ras_kind kind, uint32_t bandwidth,
                                world *w) {
  static char hex[2048];
  const h46017_registered *reg =
      h46017_gatekeeper_find(w->gk, DEVICE, strlen(DEVICE));
  octets o = octets_hex(sample_of(kind));
  uint8_t per[1000];
  char path[64];
  size_t len = 0;
  h46017_h225 *m;
  ck_assert_int_eq(h46017_h225_new(&m, NULL, NULL), 0);
  ck_assert_int_eq(
      h46017_h225_decode(m, h46017_h225_ras_message(), o.data, o.len), 0);
  (void)snprintf(path, sizeof(path), "%s.endpointIdentifier",
                 h46017_ras_kind_name(kind));
  ck_assert_int_eq(h46017_h225_set_text(m, path, reg->endpoint_identifier,
                                        strlen(reg->endpoint_identifier)),
                   0);
  if (kind != H46017_RAS_DRQ) {
    (void)snprintf(path, sizeof(path), "%s.bandWidth",
                   h46017_ras_kind_name(kind));
    ck_assert_int_eq(h46017_h225_set_uint(m, path, bandwidth), 0);
  }
  ck_assert_int_eq(h46017_h225_encode(m, per, sizeof(per), &len), 0);
  for (size_t i = 0; i < len; i++) {
    (void)snprintf(hex + 2 * i, 3, "%02x", per[i]);
  }
  h46017_h225_del(m);
  octets_free(&o);
  return hex;
}

/* Where a program has the calls, whoever is registered may make and take them,
 * unless it says otherwise. */
START_TEST(a_program_that_has_the_calls_lets_them_or_refuses_them) {
  static const struct {
    h46017_ras_kind request;
    uint32_t bandwidth;
    h46017_ras_kind answer;
    const char *has;
  } rows[] = {
      {H46017_RAS_ARQ, 640, H46017_RAS_ACF, "callModel.gatekeeperRouted"},
      {H46017_RAS_ARQ, 641, H46017_RAS_ACF, "bandWidth"},
      {H46017_RAS_BRQ, 640, H46017_RAS_BCF, "bandWidth"},
      {H46017_RAS_BRQ, 641, H46017_RAS_BRJ,
       "rejectReason.insufficientResources"},
      {H46017_RAS_DRQ, 0, H46017_RAS_DCF, NULL},
  };
  int code = H46017_ERR_LIMIT;
  for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
    h46017_ras rrq = peer_rrq(1, DEVICE, NULL);
    h46017_gatekeeper_settings s;
    world w;
    peer p;
    world_settings(&s);
    s.max_bandwidth = 640;
    s.answer_time = 0;
    s.pre_granted = true;
    (void)world_init(&w, &s, NULL);
    peer_init(&p, &w, NULL);
    ck_assert_int_eq(peer_send_ras(&p, &rrq), 0);
    ck_assert(sample_has(peer_last(&p), H46017_RAS_RCF, "preGrantedARQ"));
    ck_assert_int_eq(
        peer_send(&p, about_a_call(rows[i].request, rows[i].bandwidth, &w)), 0);
    ck_assert_int_eq((int)peer_last_kind(&p), (int)rows[i].answer);
    ck_assert_msg(rows[i].has == NULL ||
                      sample_has(peer_last(&p), rows[i].answer, rows[i].has),
                  "%s", peer_last(&p));
    w.hook = refuse_what_comes;
    w.hook_data = &code;
    ck_assert_int_eq(
        peer_send(&p, about_a_call(rows[i].request, rows[i].bandwidth, &w)), 0);
    ck_assert_ptr_nonnull(
        strstr(h46017_ras_kind_name(peer_last_kind(&p)), "Reject"));
    w.hook = NULL;
    peer_free(&p);
    world_free(&w);
  }
}
END_TEST

START_TEST(a_veto_is_told_in_the_words_of_the_request) {
  static const struct {
    h46017_ras_kind request;
    h46017_ras_kind answer;
    const char *trust;
    const char *outcome;
  } words[] = {
      {H46017_RAS_GRQ, H46017_RAS_GRJ, "securityDenial", "undefinedReason"},
      {H46017_RAS_RRQ, H46017_RAS_RRJ, "securityDenial", "resourceUnavailable"},
      {H46017_RAS_URQ, H46017_RAS_URJ, "securityDenial", "undefinedReason"},
      {H46017_RAS_ARQ, H46017_RAS_ARJ, "securityDenial", "requestDenied"},
      {H46017_RAS_BRQ, H46017_RAS_BRJ, "securityDenial", "undefinedReason"},
      {H46017_RAS_DRQ, H46017_RAS_DRJ, "securityDenial", "requestToDropOther"},
      {H46017_RAS_LRQ, H46017_RAS_LRJ, "securityDenial", "requestDenied"},
      {H46017_RAS_NSM, NOTHING, NULL, NULL},
      {H46017_RAS_RAI, NOTHING, NULL, NULL},
      {H46017_RAS_SCI, NOTHING, NULL, NULL},
  };
  for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
    int code = _i == 0 ? H46017_ERR_REFUSED : H46017_ERR_LIMIT;
    char path[64];
    world w;
    peer p;
    (void)world_init(&w, NULL, NULL);
    peer_init(&p, &w, NULL);
    w.hook = refuse_what_comes;
    w.hook_data = &code;
    ck_assert_int_eq(peer_send(&p, sample_of(words[i].request)), 0);
    ck_assert_int_eq(p.got_count, words[i].answer != NOTHING);
    if (words[i].answer != NOTHING) {
      ck_assert_int_eq((int)peer_last_kind(&p), (int)words[i].answer);
      (void)snprintf(path, sizeof(path), "rejectReason.%s",
                     _i == 0 ? words[i].trust : words[i].outcome);
      ck_assert_msg(sample_has(peer_last(&p), words[i].answer, path), "%s",
                    peer_last(&p));
    }
    ck_assert(h46017_connection_want_read(p.conn));
    w.hook = NULL;
    peer_free(&p);
    world_free(&w);
  }
}
END_TEST

START_TEST(an_alternative_that_no_version_knows_gets_xrs) {
  world w;
  peer p;
  (void)world_init(&w, NULL, NULL);
  peer_init(&p, &w, NULL);
  ck_assert_int_eq(peer_send(&p, "880100"), 0);
  ck_assert_int_eq((int)peer_last_kind(&p), (int)H46017_RAS_XRS);
  peer_free(&p);
  world_free(&w);
}
END_TEST

static void set_text(h46017_h225 *m, const char *path, const char *text) {
  ck_assert_int_eq(h46017_h225_set_text(m, path, text, strlen(text)), 0);
}

static void send_message(peer *p, h46017_h225 *m) {
  uint8_t per[512];
  size_t len;
  ck_assert_int_eq(h46017_h225_encode(m, per, sizeof(per), &len), 0);
  ck_assert_int_eq(h46017_tunnel_write_ras(p->tunnel, per, len), 0);
  ck_assert_int_eq(peer_carry(p), 0);
}

static void send_lrq(peer *p, uint16_t seq, const char *alias,
                     const char *name) {
  static const uint8_t nowhere[4];
  char path[96];
  h46017_h225 *m;
  ck_assert_int_eq(h46017_h225_new(&m, NULL, NULL), 0);
  ck_assert_int_eq(h46017_h225_create(m, h46017_h225_ras_message()), 0);
#define LRQ "locationRequest."
  ck_assert_int_eq(h46017_h225_set_uint(m, LRQ "requestSeqNum", seq), 0);
  (void)snprintf(path, sizeof(path), LRQ "destinationInfo[0].%s", alias);
  set_text(m, path, name);
  ck_assert_int_eq(h46017_h225_set_octets(m, LRQ "replyAddress.ipAddress.ip",
                                          nowhere, sizeof(nowhere)),
                   0);
  ck_assert_int_eq(
      h46017_h225_set_uint(m, LRQ "replyAddress.ipAddress.port", 0), 0);
  send_message(p, m);
  h46017_h225_del(m);
}

START_TEST(a_location_is_told_to_those_who_are_registered) {
  h46017_ras rrq = peer_rrq(1, DEVICE, NULL);
  world w;
  peer p;
  peer q;
  (void)world_init(&w, NULL, NULL);
  peer_init(&p, &w, NULL);
  peer_init(&q, &w, NULL);
  ck_assert_int_eq(peer_send_ras(&p, &rrq), 0);
  send_lrq(&q, 1, "h323-ID", DEVICE);
  ck_assert(
      sample_has(peer_last(&q), H46017_RAS_LRJ, "rejectReason.notRegistered"));
  rrq = peer_rrq(2, "lobby", NULL);
  ck_assert_int_eq(peer_send_ras(&q, &rrq), 0);
  send_lrq(&q, 3, "h323-ID", "nobody");
  ck_assert(
      sample_has(peer_last(&q), H46017_RAS_LRJ, "rejectReason.requestDenied"));
  send_lrq(&q, 4, "h323-ID", DEVICE);
  ck_assert_int_eq((int)peer_last_kind(&q), (int)H46017_RAS_LCF);
  /* No address in it means anything: S0-18. */
  ck_assert_msg(strstr(peer_last(&q), "000000000000") != NULL, "%s",
                peer_last(&q));
  peer_free(&p);
  peer_free(&q);
  world_free(&w);
}
END_TEST

START_TEST(discovery_that_asks_for_another_gatekeeper_gets_silence) {
  static const char *const names[] = {"h46017", "somebody else"};
  static const uint8_t nowhere[4];
  world w;
  peer p;
  (void)world_init(&w, NULL, NULL);
  peer_init(&p, &w, NULL);
  for (uint16_t i = 0; i < 2; i++) {
    h46017_h225 *m;
    ck_assert_int_eq(h46017_h225_new(&m, NULL, NULL), 0);
    ck_assert_int_eq(h46017_h225_create(m, h46017_h225_ras_message()), 0);
#define GRQ "gatekeeperRequest."
    ck_assert_int_eq(h46017_h225_set_uint(m, GRQ "requestSeqNum", i + 1U), 0);
    set_text(m, GRQ "protocolIdentifier", "0.0.8.2250.0.6");
    set_text(m, GRQ "gatekeeperIdentifier", names[i]);
    ck_assert_int_eq(h46017_h225_set_octets(m, GRQ "rasAddress.ipAddress.ip",
                                            nowhere, sizeof(nowhere)),
                     0);
    ck_assert_int_eq(
        h46017_h225_set_uint(m, GRQ "rasAddress.ipAddress.port", 0), 0);
    ck_assert_int_eq(h46017_h225_set_bool(m, GRQ "endpointType.mc", false), 0);
    ck_assert_int_eq(
        h46017_h225_set_bool(m, GRQ "endpointType.undefinedNode", false), 0);
    send_message(&p, m);
    h46017_h225_del(m);
    ck_assert_int_eq(p.got_count, 1);
  }
  ck_assert_int_eq((int)peer_last_kind(&p), (int)H46017_RAS_GCF);
  peer_free(&p);
  world_free(&w);
}
END_TEST

int main(void) {
  Suite *s = suite_create("session_requests");
  TCase *tc = tcase_create("session_requests");
  tcase_add_loop_test(tc, each_alternative_has_its_answer_or_none_on_purpose, 0,
                      ROWS);
  tcase_add_loop_test(
      tc, a_repetition_gets_the_same_octets_again_and_is_shown_to_nobody, 0,
      ROWS);
  tcase_add_test(tc, a_program_that_has_the_calls_lets_them_or_refuses_them);
  tcase_add_loop_test(tc, a_veto_is_told_in_the_words_of_the_request, 0, 2);
  tcase_add_test(tc, an_alternative_that_no_version_knows_gets_xrs);
  tcase_add_test(tc, a_location_is_told_to_those_who_are_registered);
  tcase_add_test(tc, discovery_that_asks_for_another_gatekeeper_gets_silence);
  suite_add_tcase(s, tc);
  return run_suite(s);
}
