/* SPDX-License-Identifier: BSD-2-Clause */
/* Where a gatekeeper sends an endpoint, and what it is asked first. */
#include "played.h"
#include "runner.h"

#include <check.h>
#include <stdio.h>
#include <string.h>

#define SECOND ((h46017_time)1000)

static h46017_endpoint_settings settings(size_t gatekeepers,
                                         uint32_t alternates) {
  h46017_endpoint_settings s;

  h46017_endpoint_settings_default(&s);
  s.gatekeeper_count = gatekeepers;
  s.max_alternates = alternates;
  return s;
}

static void begin(played *p, const h46017_endpoint_settings *s) {
  ck_assert_int_eq(played_init(p, s, NULL), 0);
  ck_assert_int_eq(played_add(p, "a"), 0);
  ck_assert_int_eq(played_up(p), 0);
}

/* -- gatekeepers that are named -------------------------------------------- */

/* An AlternateGK at `path` of the message being built. */
static void name_gatekeeper(played *p, const char *path, uint8_t last,
                            unsigned priority) {
  const uint8_t ip[4] = {192, 0, 2, last};
  char at[160];

#define AT(what)                                                               \
  ((void)snprintf(at, sizeof(at), "%s." what, path), (const char *)at)
  ck_assert_int_eq(
      h46017_h225_set_octets(p->out, AT("rasAddress.ipAddress.ip"), ip, 4), 0);
  ck_assert_int_eq(
      h46017_h225_set_uint(p->out, AT("rasAddress.ipAddress.port"), 1719), 0);
  ck_assert_int_eq(h46017_h225_set_bool(p->out, AT("needToRegister"), true), 0);
  ck_assert_int_eq(h46017_h225_set_uint(p->out, AT("priority"), priority), 0);
#undef AT
}

static void ask_for(const played *p, size_t index, const char *address,
                    size_t learnt_from) {
  h46017_alternate a;

  ck_assert_uint_eq(p->index, index);
  ck_assert_uint_eq(h46017_endpoint_gatekeeper(p->ep), index);
  ck_assert_int_eq(h46017_endpoint_alternate(p->ep, index, &a), 0);
  ck_assert_str_eq(a.address, address);
  ck_assert_uint_eq(a.learnt_from, learnt_from);
}

/* The connection is lost, or cannot be had, and time passes. */
static void go_on(played *p) {
  const int connects = p->connects;

  ck_assert_int_eq(played_down(p, H46017_ERR_CONNECT), 0);
  ck_assert_int_eq(played_until(p, p->now + 70 * SECOND), 0);
  ck_assert_int_ge(p->connects, connects + 1);
}

START_TEST(alternates_are_tried_after_the_list_in_their_order) {
  h46017_endpoint_settings s = settings(1, 4);
  h46017_alternate a;
  played p;

  s.connect_timeout = 1000000;
  begin(&p, &s);
  ck_assert(played_last(&p)->supports_alt_gk);
  played_build_rcf(&p, played_last(&p)->seq, NULL, 0);
  name_gatekeeper(&p, "registrationConfirm.alternateGatekeeper[0]", 7, 5);
  name_gatekeeper(&p, "registrationConfirm.alternateGatekeeper[1]", 8, 1);
  name_gatekeeper(&p, "registrationConfirm.alternateGatekeeper[2]", 9, 1);
  name_gatekeeper(&p, "registrationConfirm.alternateGatekeeper[3]", 7, 0);
  ck_assert_int_eq(played_give(&p), 0);
  ck_assert_int_eq(p.registered, 1);
  /* lost: first to where it was registered, then to the alternates */
  go_on(&p);
  ck_assert_uint_eq(p.index, 0);
  go_on(&p);
  ask_for(&p, 1, "192.0.2.8", 0);
  go_on(&p);
  ask_for(&p, 2, "192.0.2.9", 0);
  go_on(&p);
  ask_for(&p, 3, "192.0.2.7", 0);
  ck_assert_int_eq(h46017_endpoint_alternate(p.ep, 4, &a),
                   H46017_ERR_NOT_FOUND);
  ck_assert_int_eq(h46017_endpoint_alternate(p.ep, 0, &a),
                   H46017_ERR_NOT_FOUND);
  go_on(&p);
  ck_assert_uint_eq(p.index, 0);
  played_free(&p);
}
END_TEST

START_TEST(an_alternate_names_others_for_the_entry_it_stands_for) {
  h46017_endpoint_settings s = settings(2, 4);
  played p;

  s.connect_timeout = 1000000;
  begin(&p, &s);
  go_on(&p); /* the second of the list it is */
  ck_assert_uint_eq(p.index, 1);
  ck_assert_int_eq(played_up(&p), 0);
  played_build_rcf(&p, played_last(&p)->seq, NULL, 0);
  name_gatekeeper(&p, "registrationConfirm.alternateGatekeeper[0]", 7, 0);
  ck_assert_int_eq(played_give(&p), 0);
  go_on(&p);
  ck_assert_uint_eq(p.index, 1);
  go_on(&p);
  ask_for(&p, 2, "192.0.2.7", 1);
  ck_assert_int_eq(played_up(&p), 0);
  played_build_rcf(&p, played_last(&p)->seq, NULL, 0);
  name_gatekeeper(&p, "registrationConfirm.alternateGatekeeper[0]", 8, 0);
  ck_assert_int_eq(played_give(&p), 0);
  /* the one in use stays where it is */
  ask_for(&p, 2, "192.0.2.7", 1);
  go_on(&p);
  ask_for(&p, 2, "192.0.2.7", 1);
  go_on(&p);
  ask_for(&p, 3, "192.0.2.8", 1);
  played_free(&p);
}
END_TEST

/* No trust in who was named, or none of theirs in us: the list has its turn as
 * soon as after any other failure. */
START_TEST(a_hint_that_leads_to_no_trust_is_forgotten) {
  const int denials[] = {H46017_ERR_SERVER_NAME,
                         H46017_ERR_CERT_REFUSED_BY_PEER};
  h46017_endpoint_settings s = settings(1, 4);
  h46017_alternate a;
  played p;
  int connects;

  s.connect_timeout = 1000000;
  begin(&p, &s);
  played_build_rcf(&p, played_last(&p)->seq, NULL, 0);
  name_gatekeeper(&p, "registrationConfirm.alternateGatekeeper[0]", 7, 0);
  name_gatekeeper(&p, "registrationConfirm.alternateGatekeeper[1]", 8, 1);
  ck_assert_int_eq(played_give(&p), 0);
  go_on(&p);
  go_on(&p);
  ask_for(&p, 1, "192.0.2.7", 0);
  connects = p.connects;
  ck_assert_int_eq(played_down(&p, denials[_i]), 0);
  ck_assert_int_eq(played_until(&p, p.now + 2 * SECOND), 0);
  ck_assert_int_eq(p.connects, connects + 1);
  ask_for(&p, 1, "192.0.2.8", 0);
  ck_assert_int_eq(h46017_endpoint_alternate(p.ep, 2, &a),
                   H46017_ERR_NOT_FOUND);
  /* The last goes too, and what is left is the list. */
  ck_assert_int_eq(played_down(&p, denials[_i]), 0);
  ck_assert_int_eq(played_until(&p, p.now + 10 * SECOND), 0);
  ck_assert_int_eq(p.connects, connects + 2);
  ck_assert_uint_eq(p.index, 0);
  ck_assert_int_eq(h46017_endpoint_alternate(p.ep, 1, &a),
                   H46017_ERR_NOT_FOUND);
  /* Which is not forgotten, and waited for. */
  ck_assert_int_eq(played_down(&p, denials[_i]), 0);
  ck_assert_int_eq(played_until(&p, p.now + 40 * SECOND), 0);
  ck_assert_int_eq(p.connects, connects + 2);
  ck_assert_int_eq(played_until(&p, p.now + 40 * SECOND), 0);
  ck_assert_int_eq(p.connects, connects + 3);
  ck_assert_uint_eq(p.index, 0);
  played_free(&p);
}
END_TEST

START_TEST(one_without_room_sends_on_to_those_it_names) {
  h46017_endpoint_settings s = settings(3, 4);
  h46017_ras rrj = {.kind = H46017_RAS_RRJ};
  played p;

  begin(&p, &s);
  rrj.request_seq_num = played_last(&p)->seq;
  rrj.u.rrj.reason = H46017_RRJ_RESOURCE_UNAVAILABLE;
  played_build(&p, &rrj);
  name_gatekeeper(&p, "registrationReject.altGKInfo.alternateGatekeeper[0]", 7,
                  0);
  ck_assert_int_eq(
      h46017_h225_set_bool(
          p.out, "registrationReject.altGKInfo.altGKisPermanent", false),
      0);
  ck_assert_int_eq(played_give(&p), 0);
  ck_assert(!h46017_endpoint_want_read(p.ep));
  ck_assert_int_eq(played_down(&p, H46017_ERR_CLOSED), 0);
  ck_assert_int_eq(played_until(&p, p.now + 2 * SECOND), 0);
  ask_for(&p, 3, "192.0.2.7", 0);
  played_free(&p);
}
END_TEST

START_TEST(the_assigned_gatekeeper_stands_before_the_alternates) {
  h46017_endpoint_settings s = settings(1, 2);
  h46017_ras rrj = {.kind = H46017_RAS_RRJ};
  played p;

  begin(&p, &s);
  rrj.request_seq_num = played_last(&p)->seq;
  rrj.u.rrj.reason = H46017_RRJ_REGISTER_WITH_ASSIGNED_GK;
  played_build(&p, &rrj);
  name_gatekeeper(&p, "registrationReject.altGKInfo.alternateGatekeeper[0]", 7,
                  0);
  ck_assert_int_eq(
      h46017_h225_set_bool(
          p.out, "registrationReject.altGKInfo.altGKisPermanent", true),
      0);
  name_gatekeeper(&p, "registrationReject.assignedGatekeeper", 9, 100);
  ck_assert_int_eq(played_give(&p), 0);
  ck_assert_int_eq(played_down(&p, H46017_ERR_CLOSED), 0);
  ck_assert_int_eq(played_until(&p, p.now + 2 * SECOND), 0);
  ask_for(&p, 1, "192.0.2.9", 0);
  played_free(&p);
}
END_TEST

START_TEST(addresses_that_lead_nowhere_are_no_hint) {
  static const uint8_t nowhere[4] = {0};
  static const uint8_t ip6[16] = {0x20, 0x01, 0x0d, 0xb8, [15] = 1};
  h46017_endpoint_settings s = settings(1, 4);
  played p;

  s.connect_timeout = 1000000;
  begin(&p, &s);
  played_build_rcf(&p, played_last(&p)->seq, NULL, 0);
  name_gatekeeper(&p, "registrationConfirm.alternateGatekeeper[0]", 7, 0);
  ck_assert_int_eq(
      h46017_h225_set_octets(
          p.out,
          "registrationConfirm.alternateGatekeeper[0].rasAddress.ipAddress.ip",
          nowhere, sizeof(nowhere)),
      0);
  name_gatekeeper(&p, "registrationConfirm.alternateGatekeeper[1]", 7, 0);
  ck_assert_int_eq(
      h46017_h225_set_octets(
          p.out,
          "registrationConfirm.alternateGatekeeper[1].rasAddress.ip6Address.ip",
          ip6, sizeof(ip6)),
      0);
  ck_assert_int_eq(
      h46017_h225_set_uint(p.out,
                           "registrationConfirm.alternateGatekeeper[1]."
                           "rasAddress.ip6Address.port",
                           1719),
      0);
  ck_assert_int_eq(played_give(&p), 0);
  go_on(&p);
  go_on(&p);
  ask_for(&p, 1, "2001:db8::1", 0);
  go_on(&p);
  ck_assert_uint_eq(p.index, 0);
  played_free(&p);
}
END_TEST

START_TEST(only_so_many_are_remembered_and_none_unless_asked_for) {
  static const uint32_t wanted[] = {0, 2};
  h46017_endpoint_settings s = settings(1, wanted[_i]);
  h46017_alternate a;
  char path[64];
  played p;

  begin(&p, &s);
  ck_assert(played_last(&p)->supports_alt_gk == (wanted[_i] > 0));
  played_build_rcf(&p, played_last(&p)->seq, NULL, 0);
  for (unsigned i = 0; i < 5; i++) {
    (void)snprintf(path, sizeof(path),
                   "registrationConfirm.alternateGatekeeper[%u]", i);
    name_gatekeeper(&p, path, (uint8_t)(10 + i), i);
  }
  ck_assert_int_eq(played_give(&p), 0);
  for (size_t i = 0; i < 5; i++) {
    ck_assert_int_eq(h46017_endpoint_alternate(p.ep, 1 + i, &a),
                     i < wanted[_i] ? 0 : H46017_ERR_NOT_FOUND);
  }
  s.max_alternates = 65;
  {
    h46017_endpoint *ep;
    h46017_endpoint_callbacks cb;
    h46017_endpoint_callbacks_default(&cb);
    ck_assert_int_eq(h46017_endpoint_new(&ep, &s, &cb, NULL, NULL, 0),
                     H46017_ERR_INVALID_ARGUMENT);
  }
  played_free(&p);
}
END_TEST

/* -- GRQ ------------------------------------------------------------------- */

static void build_grq_answer(played *p, const char *name, uint16_t seq) {
  static const uint8_t nowhere[4] = {0};
  char at[96];

#define AT(what)                                                               \
  ((void)snprintf(at, sizeof(at), "%s." what, name), (const char *)at)
  ck_assert_int_eq(h46017_h225_create(p->out, h46017_h225_ras_message()), 0);
  ck_assert_int_eq(h46017_h225_set_uint(p->out, AT("requestSeqNum"), seq), 0);
  ck_assert_int_eq(h46017_h225_set_text(p->out, AT("protocolIdentifier"),
                                        "0.0.8.2250.0.7", 14),
                   0);
  if (strcmp(name, "gatekeeperConfirm") == 0) {
    ck_assert_int_eq(h46017_h225_set_octets(
                         p->out, AT("rasAddress.ipAddress.ip"), nowhere, 4),
                     0);
    ck_assert_int_eq(
        h46017_h225_set_uint(p->out, AT("rasAddress.ipAddress.port"), 0), 0);
    ck_assert_int_eq(h46017_h225_set_text(p->out, AT("gatekeeperIdentifier"),
                                          "gk of GCF", 9),
                     0);
  }
#undef AT
}

START_TEST(a_gatekeeper_is_asked_first_only_where_that_is_wanted) {
  h46017_endpoint_settings s = settings(1, 0);
  played p;

  begin(&p, &s);
  ck_assert_int_eq((int)played_last(&p)->kind, (int)H46017_RAS_RRQ);
  ck_assert(!played_last(&p)->discovery_complete);
  ck_assert_str_eq(played_last(&p)->gatekeeper, "");
  played_free(&p);

  s.discover = true;
  begin(&p, &s);
  ck_assert_int_eq(p.count, 1);
  ck_assert_int_eq((int)played_last(&p)->kind, (int)H46017_RAS_GRQ);
  /* one that is added meanwhile waits like the others */
  ck_assert_int_eq(played_add(&p, "b"), 0);
  ck_assert_int_eq(p.count, 1);
  /* an answer to something else is none */
  build_grq_answer(&p, "gatekeeperConfirm",
                   (uint16_t)(played_last(&p)->seq % 65535 + 1));
  ck_assert_int_eq(played_give(&p), 0);
  ck_assert_int_eq(p.count, 1);
  build_grq_answer(&p, "gatekeeperConfirm", played_last(&p)->seq);
  ck_assert_int_eq(played_give(&p), 0);
  ck_assert_int_eq(p.count, 3);
  for (int i = 1; i < 3; i++) {
    ck_assert_int_eq((int)p.got[i].kind, (int)H46017_RAS_RRQ);
    ck_assert(p.got[i].discovery_complete);
    ck_assert_str_eq(p.got[i].gatekeeper, "gk of GCF");
  }
  /* the next connection asks again, and knows nothing of the last */
  ck_assert_int_eq(played_down(&p, H46017_ERR_CLOSED), 0);
  ck_assert_int_eq(played_until(&p, p.now + 2 * SECOND), 0);
  ck_assert_int_eq(played_up(&p), 0);
  ck_assert_int_eq((int)played_last(&p)->kind, (int)H46017_RAS_GRQ);
  played_free(&p);
}
END_TEST

START_TEST(a_grq_that_is_rejected_leads_to_the_next) {
  static const char *const reasons[] = {"resourceUnavailable",
                                        "securityDenial"};
  h46017_endpoint_settings s = settings(2, 0);
  char path[64];
  played p;

  s.discover = true;
  begin(&p, &s);
  build_grq_answer(&p, "gatekeeperReject", played_last(&p)->seq);
  (void)snprintf(path, sizeof(path), "gatekeeperReject.rejectReason.%s",
                 reasons[_i]);
  ck_assert_int_eq(h46017_h225_set_present(p.out, path), 0);
  ck_assert_int_eq(played_give(&p), 0);
  ck_assert(!h46017_endpoint_want_read(p.ep));
  ck_assert_int_eq(h46017_endpoint_error(p.ep), H46017_ERR_REJECTED);
  ck_assert_int_eq(played_down(&p, H46017_ERR_CLOSED), 0);
  ck_assert_uint_eq(h46017_endpoint_gatekeeper(p.ep), 1);
  ck_assert(_i == 0 ? p.delay < 2000 : p.delay >= 48000);
  played_free(&p);
}
END_TEST

START_TEST(a_grq_has_to_be_answered_in_time) {
  h46017_endpoint_settings s = settings(1, 0);
  h46017_ras rip = {.kind = H46017_RAS_RIP, .u.rip.delay = 10000};
  played p;

  s.discover = true;
  begin(&p, &s);
  ck_assert_int_eq(played_until(&p, p.now + 8 * SECOND - 1), 0);
  ck_assert(h46017_endpoint_want_read(p.ep));
  rip.request_seq_num = played_last(&p)->seq;
  played_build(&p, &rip);
  ck_assert_int_eq(played_give(&p), 0);
  ck_assert_int_eq(played_until(&p, p.now + 18 * SECOND - 1), 0);
  ck_assert(h46017_endpoint_want_read(p.ep));
  ck_assert_int_eq(played_until(&p, p.now + 1), 0);
  ck_assert(!h46017_endpoint_want_read(p.ep));
  ck_assert_int_eq(h46017_endpoint_error(p.ep), H46017_ERR_TIMEOUT);
  ck_assert_int_eq(p.count, 1);
  played_free(&p);
}
END_TEST

START_TEST(closing_while_it_is_asked_is_the_end) {
  h46017_endpoint_settings s = settings(1, 0);
  played p;

  s.discover = true;
  begin(&p, &s);
  ck_assert_int_eq(h46017_endpoint_close(p.ep, p.now), 0);
  ck_assert(!h46017_endpoint_want_read(p.ep));
  ck_assert_int_eq(played_down(&p, H46017_ERR_CLOSED), 0);
  ck_assert_int_eq((int)h46017_endpoint_get_state(p.ep),
                   (int)H46017_ENDPOINT_IDLE);
  ck_assert_uint_eq(h46017_endpoint_next_expiry(p.ep), H46017_TIME_NEVER);
  played_free(&p);
}
END_TEST

int main(void) {
  Suite *s = suite_create("endpoint_hints");
  TCase *tc = tcase_create("endpoint_hints");

  tcase_add_test(tc, alternates_are_tried_after_the_list_in_their_order);
  tcase_add_test(tc, an_alternate_names_others_for_the_entry_it_stands_for);
  tcase_add_loop_test(tc, a_hint_that_leads_to_no_trust_is_forgotten, 0, 2);
  tcase_add_test(tc, one_without_room_sends_on_to_those_it_names);
  tcase_add_test(tc, the_assigned_gatekeeper_stands_before_the_alternates);
  tcase_add_test(tc, addresses_that_lead_nowhere_are_no_hint);
  tcase_add_loop_test(tc, only_so_many_are_remembered_and_none_unless_asked_for,
                      0, 2);
  tcase_add_test(tc, a_gatekeeper_is_asked_first_only_where_that_is_wanted);
  tcase_add_loop_test(tc, a_grq_that_is_rejected_leads_to_the_next, 0, 2);
  tcase_add_test(tc, a_grq_has_to_be_answered_in_time);
  tcase_add_test(tc, closing_while_it_is_asked_is_the_end);
  suite_add_tcase(s, tc);
  return run_suite(s);
}
