/* SPDX-License-Identifier: BSD-2-Clause */
/* Registrations by password, both sides and what is between them. */
#include "failmem.h"
#include "octets.h"
#include "runner.h"
#include "scene.h"

#include <h46017/error.h>
#include <h46017/h235.h>

#include <check.h>
#include <stdio.h>
#include <string.h>

#define SECOND ((h46017_time)1000)

/* -- what works -------------------------------------------------------------
 */

static void lives(scene *s) {
  scene_add(s);
  scene_run(s, 100);
  ck_assert(tells(&s->w, "gk registered " DEVICE " by password"));
  ck_assert(tells(&s->w, "ep0 reg1 registered"));
  ck_assert(tells(&s->w, "gk refreshed " DEVICE));
  ck_assert(tells(&s->w, "ep0 reg1 refreshed"));
  ck_assert_int_eq(h46017_endpoint_close(s->line->ep, s->w.now), 0);
  scene_run(s, 1);
  ck_assert(tells(&s->w, "gk unregistered " DEVICE " UNREGISTERED"));
  ck_assert_int_eq(world_count(&s->w, "gk rejected"), 0);
  ck_assert_int_eq(world_count(&s->w, "ep0 backing off"), 0);
}

START_TEST(a_device_lives_by_its_password) {
  scene s;
  scene_begin(&s, H46017_AUTH_PASSWORD);
  scene_open(&s);
  lives(&s);
  /* RRQ, RCF, keep-alives, URQ, UCF: not one went without */
  ck_assert_uint_eq(tapped.bare, 0);
  ck_assert_uint_gt(tapped.len[1][H46017_RAS_URQ], 0);
  ck_assert_uint_gt(tapped.len[0][H46017_RAS_UCF], 0);
  world_free(&s.w);
}
END_TEST

START_TEST(every_combination_of_tokens_will_do) {
  for (uint32_t kinds = 1; kinds <= H46017_H235_ALL; kinds++) {
    scene s;
    scene_begin(&s, H46017_AUTH_PASSWORD);
    scene_open(&s);
    s.w.ep_kinds = kinds;
    lives(&s);
    world_free(&s.w);
  }
}
END_TEST

START_TEST(the_user_may_be_another_of_the_device_s_names) {
  static const char *const aliases[] = {"switchboard"};
  for (int known = 0; known <= 1; known++) {
    scene s;
    scene_begin(&s, H46017_AUTH_PASSWORD);
    scene_open(&s);
    s.w.device.aliases = aliases;
    s.w.device.alias_count = known != 0 ? 1 : 0;
    s.w.ep_user = "switchboard";
    if (known != 0) {
      lives(&s);
    } else {
      scene_add(&s);
      scene_run(&s, 5);
      ck_assert(tells(&s.w, "gk rejected TOKEN_SENDER securityDenial"));
    }
    world_free(&s.w);
  }
}
END_TEST

START_TEST(an_irq_is_asked_and_answered_with_tokens) {
  scene s;
  scene_begin(&s, H46017_AUTH_PASSWORD);
  scene_open(&s);
  scene_add(&s);
  scene_run(&s, 1);
  s.line->cut = true; /* until the gatekeeper asks whether it lives */
  scene_run(&s, 59);
  s.line->cut = false;
  scene_run(&s, 100);
  ck_assert_uint_eq(tapped.bare, 0);
  world_free(&s.w);
}
END_TEST

START_TEST(an_answer_may_come_later) {
  scene s;
  h46017_registration_answer answer = {.secret = "secret", .secret_len = 6};
  scene_begin(&s, H46017_AUTH_PASSWORD);
  scene_open(&s);
  s.w.answered = H46017_LATER;
  scene_add(&s);
  scene_run(&s, 2);
  answer.device = &s.w.device;
  ck_assert_int_eq(
      h46017_gatekeeper_answer(s.w.gk, s.w.question, &answer, s.w.now), 0);
  scene_run(&s, 1);
  ck_assert(tells(&s.w, "gk registered " DEVICE " by password"));
  world_free(&s.w);
}
END_TEST

/* -- what is refused --------------------------------------------------------
 */

/* Runs one attempt; the gatekeeper's words. */
static void refused(scene *s, const char *code) {
  char line[80];
  scene_add(s);
  scene_run(s, 5);
  (void)snprintf(line, sizeof(line), "gk rejected %s securityDenial", code);
  ck_assert_msg(tells(&s->w, line), "%s in: %s", line, s->w.story);
  ck_assert_int_eq(world_count(&s->w, "gk registered"), 0);
  world_free(&s->w);
}

START_TEST(a_wrong_password_is_refused) {
  scene s;
  scene_begin(&s, H46017_AUTH_PASSWORD);
  scene_open(&s);
  s.w.ep_password = "Secret";
  refused(&s, "PASSWORD_WRONG");
}
END_TEST

START_TEST(a_wrong_password_is_refused_whatever_else_is_right) {
  h46017_identity id;
  static const h46017_device_auth auths[] = {
      H46017_AUTH_CERTIFICATE, H46017_AUTH_PASSWORD, H46017_AUTH_EITHER,
      H46017_AUTH_BOTH, H46017_AUTH_OPEN};
  h46017_identity_default(&id);
  id.tls = true;
  id.proof = H46017_PROOF_CERTIFICATE;
  id.cn = DEVICE;
  id.cn_len = strlen(DEVICE);
  for (size_t i = 0; i < sizeof(auths) / sizeof(auths[0]); i++) {
    scene s;
    scene_begin(&s, auths[i]);
    scene_open(&s);
    s.w.ep_password = "Secret";
    scene_add(&s);
    s.line->peer = &id;
    scene_run(&s, 5);
    ck_assert(tells(&s.w, "gk rejected PASSWORD_WRONG securityDenial"));
    ck_assert_int_eq(world_count(&s.w, "gk registered"), 0);
    world_free(&s.w);
  }
}
END_TEST

START_TEST(certificate_and_password_are_what_the_device_asks_for) {
  static const struct {
    h46017_device_auth auth;
    bool certificate;
    bool password;
    const char *line;
  } cases[] = {
      {H46017_AUTH_CERTIFICATE, true, false, "registered * certificate"},
      {H46017_AUTH_CERTIFICATE, true, true, "registered * certificate"},
      {H46017_AUTH_CERTIFICATE, false, true, "CERT_MISSING"},
      {H46017_AUTH_PASSWORD, true, false, "PASSWORD_MISSING"},
      {H46017_AUTH_PASSWORD, false, true, "registered * password"},
      {H46017_AUTH_EITHER, true, false, "registered * certificate"},
      {H46017_AUTH_EITHER, false, true, "registered * password"},
      {H46017_AUTH_BOTH, true, false, "PASSWORD_MISSING"},
      {H46017_AUTH_BOTH, false, true, "CERT_MISSING"},
      {H46017_AUTH_BOTH, true, true, "registered * certificate"},
  };
  for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
    h46017_identity id;
    char line[80];
    scene s;
    h46017_identity_default(&id);
    id.tls = true;
    if (cases[i].certificate) {
      id.proof = H46017_PROOF_CERTIFICATE;
      id.cn = DEVICE;
      id.cn_len = strlen(DEVICE);
    }
    scene_begin(&s, cases[i].auth);
    scene_open(&s);
    s.w.ep_password = cases[i].password ? "secret" : NULL;
    scene_add(&s);
    s.line->peer = &id;
    scene_run(&s, 5);
    if (strncmp(cases[i].line, "registered * ", 13) == 0) {
      (void)snprintf(line, sizeof(line), "gk registered " DEVICE " by %s",
                     cases[i].line + 13);
    } else {
      (void)snprintf(line, sizeof(line), "gk rejected %s", cases[i].line);
    }
    ck_assert_msg(tells(&s.w, line), "case %zu: no %s in: %s", i, line,
                  s.w.story);
    world_free(&s.w);
  }
}
END_TEST

START_TEST(no_password_is_refused) {
  scene s;
  scene_begin(&s, H46017_AUTH_PASSWORD);
  scene_open(&s);
  s.w.ep_password = NULL;
  refused(&s, "PASSWORD_MISSING");
}
END_TEST

START_TEST(a_password_in_the_open_is_none_unless_allowed) {
  scene s;
  scene_begin(&s, H46017_AUTH_PASSWORD);
  s.gk.password_over_tcp = false;
  scene_open(&s);
  refused(&s, "PASSWORD_OVER_TCP");
}
END_TEST

START_TEST(a_password_over_tls_is_taken_as_it_is) {
  h46017_identity id;
  scene s;
  h46017_identity_default(&id);
  id.tls = true;
  scene_begin(&s, H46017_AUTH_PASSWORD);
  s.gk.password_over_tcp = false;
  scene_open(&s);
  scene_add(&s);
  s.line->peer = &id;
  scene_run(&s, 5);
  ck_assert(tells(&s.w, "gk registered " DEVICE " by password"));
  world_free(&s.w);
}
END_TEST

START_TEST(a_clock_that_differs_too_much_is_said) {
  static const int64_t skews[] = {-301, 301, -300, 300};
  for (size_t i = 0; i < 4; i++) {
    scene s;
    scene_begin(&s, H46017_AUTH_PASSWORD);
    scene_open(&s);
    s.w.ep_utc = UTC + skews[i];
    if (i < 2) {
      refused(&s, "TOKEN_TIME");
    } else {
      lives(&s);
      world_free(&s.w);
    }
  }
}
END_TEST

START_TEST(the_window_may_be_as_wide_as_two_hours) {
  for (int64_t skew = 7200; skew <= 7201; skew++) {
    scene s;
    scene_begin(&s, H46017_AUTH_PASSWORD);
    s.gk.password_window = 7200;
    s.ep.password_window = 7200;
    scene_open(&s);
    s.w.ep_utc = UTC - skew;
    if (skew > 7200) {
      refused(&s, "TOKEN_TIME");
    } else {
      lives(&s);
      world_free(&s.w);
    }
  }
}
END_TEST

START_TEST(without_a_clock_there_are_no_passwords) {
  scene s;
  scene_begin(&s, H46017_AUTH_PASSWORD);
  scene_open(&s);
  s.w.utc = -1;
  refused(&s, "CLOCK_NOT_SET");
  scene_begin(&s, H46017_AUTH_PASSWORD);
  scene_open(&s);
  s.w.ep_utc = -1;
  scene_add(&s);
  scene_run(&s, 1);
  ck_assert(tells(&s.w, "ep0 backing off CLOCK_NOT_SET"));
  ck_assert_int_eq(world_count(&s.w, "gk asked"), 0);
  world_free(&s.w);
}
END_TEST

START_TEST(without_hashes_there_are_no_passwords) {
  h46017_alias name = {H46017_ALIAS_H323_ID, 0, {DEVICE, 12}};
  h46017_registration reg;
  scene s;
  scene_begin(&s, H46017_AUTH_PASSWORD);
  s.gk.crypto = NULL;
  scene_open(&s);
  refused(&s, "DIGEST");
  scene_begin(&s, H46017_AUTH_PASSWORD);
  s.ep.crypto = NULL;
  scene_open(&s);
  s.w.ep_password = NULL;
  scene_add(&s);
  h46017_registration_default(&reg);
  reg.aliases = &name;
  reg.alias_count = 1;
  reg.password = "secret";
  reg.password_len = 6;
  ck_assert_int_eq(h46017_endpoint_add(s.line->ep, &reg, NULL, s.w.now),
                   H46017_ERR_INVALID_ARGUMENT);
  world_free(&s.w);
}
END_TEST

START_TEST(only_the_kinds_of_the_settings_count) {
  for (uint32_t kind = 1; kind <= 4; kind *= 2) {
    scene s;
    scene_begin(&s, H46017_AUTH_PASSWORD);
    s.gk.password_kinds = H46017_H235_HMAC;
    scene_open(&s);
    s.w.ep_kinds = kind;
    if (kind == H46017_H235_HMAC) {
      lives(&s);
      world_free(&s.w);
    } else {
      refused(&s, "PASSWORD_MISSING");
    }
  }
}
END_TEST

START_TEST(the_reason_may_be_said_on_the_wire) {
  scene s;
  h46017_h225 *m = NULL;
  scene_begin(&s, H46017_AUTH_PASSWORD);
  s.gk.security_errors = true;
  scene_open(&s);
  s.w.ep_utc = UTC - 301;
  scene_add(&s);
  scene_run(&s, 5);
  ck_assert(tells(&s.w, "gk rejected TOKEN_TIME securityError"));
  ck_assert(tells(&s.w, "ep0 reg1 rejected securityError"));
  ck_assert_int_eq(h46017_h225_new(&m, NULL, NULL), 0);
  ck_assert_int_eq(h46017_h225_decode(m, h46017_h225_ras_message(),
                                      tapped.per[0][H46017_RAS_RRJ],
                                      tapped.len[0][H46017_RAS_RRJ]),
                   0);
  ck_assert_int_eq(
      h46017_h225_value_kind(h46017_h225_get(
          h46017_h225_root(m), "registrationReject.rejectReason.securityError."
                               "securityWrongSyncTime")),
      H46017_H225_NULL);
  h46017_h225_del(m);
  world_free(&s.w);
}
END_TEST

/* -- the gatekeeper's part --------------------------------------------------
 */

START_TEST(a_gatekeeper_that_does_not_know_the_password_is_left) {
  scene s;
  scene_begin(&s, H46017_AUTH_OPEN);
  scene_open(&s);
  s.w.secret = NULL; /* it lets anybody in */
  scene_add(&s);
  scene_run(&s, 1);
  ck_assert(tells(&s.w, "ep0 backing off UNAUTHENTICATED"));
  ck_assert_int_eq(world_count(&s.w, "ep0 reg1 registered"), 0);
  world_free(&s.w);
  /* the MD5 kinds cannot tell */
  scene_begin(&s, H46017_AUTH_OPEN);
  scene_open(&s);
  s.w.secret = NULL;
  s.w.ep_kinds = H46017_H235_PWD_HASH;
  scene_add(&s);
  scene_run(&s, 1);
  ck_assert(tells(&s.w, "ep0 reg1 registered"));
  world_free(&s.w);
}
END_TEST

START_TEST(a_gatekeeper_s_token_of_another_time_is_not_taken) {
  scene s;
  scene_begin(&s, H46017_AUTH_PASSWORD);
  s.ep.password_window = 60;
  scene_open(&s);
  s.w.utc = UTC - 100; /* for the gatekeeper the endpoint's time will do */
  scene_add(&s);
  scene_run(&s, 1);
  ck_assert(tells(&s.w, "gk registered"));
  ck_assert(tells(&s.w, "ep0 backing off TOKEN_TIME"));
  ck_assert_int_eq(world_count(&s.w, "ep0 reg1 registered"), 0);
  world_free(&s.w);
}
END_TEST

START_TEST(two_devices_on_one_connection_each_have_their_password) {
  h46017_alias name = {H46017_ALIAS_H323_ID, 0, {DEVICE "-TEL2", 17}};
  h46017_registration reg;
  scene s;
  scene_begin(&s, H46017_AUTH_PASSWORD);
  scene_open(&s);
  scene_add(&s);
  h46017_registration_default(&reg);
  reg.aliases = &name;
  reg.alias_count = 1;
  reg.password = "secret";
  reg.password_len = 6;
  ck_assert_int_eq(h46017_endpoint_add(s.line->ep, &reg, NULL, s.w.now), 0);
  scene_run(&s, 100);
  ck_assert_int_eq(world_count(&s.w, "gk registered"), 2);
  ck_assert_int_ge(world_count(&s.w, "gk refreshed"), 4);
  ck_assert_int_eq(world_count(&s.w, "gk rejected"), 0);
  ck_assert_int_eq(h46017_endpoint_close(s.line->ep, s.w.now), 0);
  scene_run(&s, 1);
  ck_assert_int_eq(world_count(&s.w, "gk unregistered"), 2);
  ck_assert_uint_eq(tapped.bare, 0);
  world_free(&s.w);
}
END_TEST

/* -- memory -----------------------------------------------------------------
 */

static int story(failmem *f, void *arg) {
  scene s;
  int rv;
  (void)arg;
  scene_begin(&s, H46017_AUTH_PASSWORD);
  rv = scene_world(&s, H46017_AUTH_PASSWORD, &f->mem);
  if (rv == 0) {
    rv = world_add(&s.w, &s.line, DEVICE, &s.ep);
  }
  if (rv == 0) {
    rv = world_run(&s.w, s.w.now + 70 * SECOND);
  }
  if (rv == 0 && f->failed == 0) {
    ck_assert(tells(&s.w, "gk refreshed " DEVICE));
  }
  world_free(&s.w);
  return rv;
}

START_TEST(every_allocation_may_fail) {
  ck_assert_uint_gt(failmem_sweep(story, NULL), 20);
}
END_TEST

static Suite *session_password_suite(void) {
  Suite *s = suite_create("session_password");
  TCase *tc = tcase_create("session_password");

  tcase_set_timeout(tc, 60);
  tcase_add_test(tc, a_device_lives_by_its_password);
  tcase_add_test(tc, every_combination_of_tokens_will_do);
  tcase_add_test(tc, the_user_may_be_another_of_the_device_s_names);
  tcase_add_test(tc, an_irq_is_asked_and_answered_with_tokens);
  tcase_add_test(tc, an_answer_may_come_later);
  tcase_add_test(tc, a_wrong_password_is_refused);
  tcase_add_test(tc, a_wrong_password_is_refused_whatever_else_is_right);
  tcase_add_test(tc, certificate_and_password_are_what_the_device_asks_for);
  tcase_add_test(tc, no_password_is_refused);
  tcase_add_test(tc, a_password_in_the_open_is_none_unless_allowed);
  tcase_add_test(tc, a_password_over_tls_is_taken_as_it_is);
  tcase_add_test(tc, a_clock_that_differs_too_much_is_said);
  tcase_add_test(tc, the_window_may_be_as_wide_as_two_hours);
  tcase_add_test(tc, without_a_clock_there_are_no_passwords);
  tcase_add_test(tc, without_hashes_there_are_no_passwords);
  tcase_add_test(tc, only_the_kinds_of_the_settings_count);
  tcase_add_test(tc, the_reason_may_be_said_on_the_wire);
  tcase_add_test(tc, a_gatekeeper_that_does_not_know_the_password_is_left);
  tcase_add_test(tc, a_gatekeeper_s_token_of_another_time_is_not_taken);
  tcase_add_test(tc, two_devices_on_one_connection_each_have_their_password);
  tcase_add_test(tc, every_allocation_may_fail);
  suite_add_tcase(s, tc);
  return s;
}

int main(void) {
  return run_suite(session_password_suite());
}
