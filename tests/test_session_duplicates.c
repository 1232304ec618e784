/* SPDX-License-Identifier: BSD-2-Clause */
/* Who gets a name that somebody holds. */
#include "octets.h"
#include "registrar.h"
#include "runner.h"

#include <check.h>
#include <stdio.h>
#include <string.h>

#define SECOND ((h46017_time)1000)

/* -- a name that is held --------------------------------------------------- */

START_TEST(two_registrations_of_one_certificate_never_collide) {
  static const char *const names[] = {"009033010203-TEL1", "009033010203-TEL2"};
  h46017_identity gateway = proved("009033010203", 7);
  h46017_endpoint_settings s;
  world_line *lines[2];
  world w;
  (void)world_init(&w, NULL, NULL);
  h46017_endpoint_settings_default(&s);
  for (int i = 0; i < 2; i++) {
    (void)world_add(&w, &lines[i], names[i], &s);
    lines[i]->peer = &gateway;
  }
  ck_assert_int_eq(world_run(&w, 3600 * SECOND), 0);
  for (int i = 0; i < 2; i++) {
    ck_assert_uint_eq(lines[i]->connects, 1);
    ck_assert_ptr_eq(find(&w, names[i])->connection, lines[i]->conn);
  }
  ck_assert_int_eq(world_count(&w, "gk registered"), 2);
  ck_assert_int_gt(world_count(&w, "gk refreshed 009033010203-TEL1"), 20);
  ck_assert_int_gt(world_count(&w, "gk refreshed 009033010203-TEL2"), 20);
  ck_assert_int_eq(world_count(&w, "gk unregistered"), 0);
  ck_assert_int_eq(world_count(&w, "gk rejected"), 0);
  world_free(&w);
}
END_TEST

START_TEST(replacing_one_registration_leaves_the_connection_to_the_others) {
  h46017_identity gateway = proved("009033010203", 7);
  world w;
  peer p;
  peer q;
  (void)world_init(&w, NULL, NULL);
  peer_init(&p, &w, &gateway);
  peer_init(&q, &w, &gateway);
  send_rrq(&p, 1, "009033010203-TEL1");
  send_rrq(&p, 2, "009033010203-TEL2");
  send_rrq(&q, 1, "009033010203-TEL1");
  ck_assert(tells(&w, "gk unregistered 009033010203-TEL1 REPLACED"));
  ck_assert_ptr_eq(find(&w, "009033010203-TEL1")->connection, q.conn);
  ck_assert_ptr_eq(find(&w, "009033010203-TEL2")->connection, p.conn);
  ck_assert_int_eq(peer_carry(&p), 0);
  ck_assert_int_eq((int)peer_last_kind(&p), (int)H46017_RAS_URQ);
  ck_assert(h46017_connection_want_read(p.conn));
  send_rrq(&q, 2, "009033010203-TEL2");
  ck_assert_int_eq(peer_carry(&p), 0);
  ck_assert(!h46017_connection_want_read(p.conn)); /* nothing is left on it */
  peer_free(&p);
  peer_free(&q);
  world_free(&w);
}
END_TEST

START_TEST(the_device_s_password_replaces_too) {
  world w;
  peer p;
  peer q;
  (void)world_init(&w, NULL, NULL);
  one_device(&w, H46017_AUTH_PASSWORD);
  w.password = H46017_PASSWORD_VALID;
  peer_init(&p, &w, NULL);
  peer_init(&q, &w, NULL);
  send_rrq(&p, 1, DEVICE);
  ck_assert(tells(&w, "gk registered " DEVICE " by password"));
  send_rrq(&q, 1, DEVICE);
  ck_assert(tells(&w, "gk unregistered " DEVICE " REPLACED"));
  ck_assert_ptr_eq(find(&w, DEVICE)->connection, q.conn);
  peer_free(&p);
  peer_free(&q);
  world_free(&w);
}
END_TEST

START_TEST(a_holder_that_is_dead_loses_its_name_to_anybody) {
  world w;
  peer p;
  peer q;
  (void)world_init(&w, NULL, NULL);
  peer_init(&p, &w, NULL);
  peer_init(&q, &w, NULL);
  send_rrq(&p, 1, DEVICE);
  send_rrq(&q, 1, DEVICE);
  ck_assert_int_eq((int)peer_last_kind(&q), (int)H46017_RAS_RIP);
  ck_assert_ptr_eq(find(&w, DEVICE)->connection, p.conn);
  /* A repetition meanwhile gets RIP and asks nobody. */
  send_rrq(&q, 1, DEVICE);
  ck_assert_int_eq((int)peer_last_kind(&q), (int)H46017_RAS_RIP);
  ck_assert_int_eq(world_count(&w, "gk asked"), 2);
  pass(&w, 2999);
  ck_assert_ptr_eq(find(&w, DEVICE)->connection, p.conn);
  pass(&w, 1);
  ck_assert(tells(&w, "gk unregistered " DEVICE " KEEPALIVE"));
  ck_assert_ptr_eq(find(&w, DEVICE)->connection, q.conn);
  ck_assert_int_eq(peer_carry(&q), 0);
  ck_assert_int_eq((int)peer_last_kind(&q), (int)H46017_RAS_RCF);
  ck_assert(!h46017_connection_want_read(p.conn));
  ck_assert_int_eq(world_count(&w, "gk asked"), 2);
  peer_free(&p);
  peer_free(&q);
  world_free(&w);
}
END_TEST

START_TEST(who_waits_for_a_name_goes_with_the_gatekeeper) {
  world w;
  peer p;
  peer q;
  (void)world_init(&w, NULL, NULL);
  peer_init(&q, &w, NULL);
  peer_init(&p, &w, NULL); /* goes first */
  send_rrq(&p, 1, DEVICE);
  send_rrq(&q, 1, DEVICE);
  ck_assert_int_eq((int)peer_last_kind(&q), (int)H46017_RAS_RIP);
  p.conn = q.conn = NULL;
  h46017_gatekeeper_del(w.gk);
  w.gk = NULL;
  ck_assert_int_eq(world_count(&w, "gk registered"), 1);
  peer_free(&p);
  peer_free(&q);
  world_free(&w);
}
END_TEST

START_TEST(a_holder_that_lives_keeps_its_name_by_any_octet) {
  static const uint8_t empty_tpkt[] = {3, 0, 0, 4};
  world w;
  peer p;
  peer q[2];
  (void)world_init(&w, NULL, NULL);
  peer_init(&p, &w, NULL);
  peer_init(&q[0], &w, NULL);
  peer_init(&q[1], &w, NULL);
  send_rrq(&p, 1, DEVICE);
  send_rrq(&q[0], 1, DEVICE);
  pass(&w, 1000);
  send_rrq(&q[1], 1, DEVICE);
  pass(&w, 1000);
  /* One octet of an empty TPKT. */
  ck_assert_int_eq(h46017_connection_recv(p.conn, empty_tpkt, 1, w.now), 0);
  for (int i = 0; i < 2; i++) {
    ck_assert_int_eq(peer_carry(&q[i]), 0);
    ck_assert_int_eq((int)peer_last_kind(&q[i]), (int)H46017_RAS_RRJ);
  }
  ck_assert_int_eq(
      world_count(&w, "gk rejected DUPLICATE_ALIAS duplicateAlias"), 2);
  ck_assert_ptr_eq(find(&w, DEVICE)->connection, p.conn);
  ck_assert_int_eq(world_count(&w, "gk unregistered"), 0);
  for (int i = 0; i < 2; i++) {
    peer_free(&q[i]);
  }
  peer_free(&p);
  world_free(&w);
}
END_TEST

START_TEST(who_waits_for_a_name_learns_that_its_holder_went) {
  world w;
  peer p;
  peer q;
  (void)world_init(&w, NULL, NULL);
  peer_init(&p, &w, NULL);
  peer_init(&q, &w, NULL);
  send_rrq(&p, 1, DEVICE);
  send_rrq(&q, 1, DEVICE);
  ck_assert_int_eq(
      h46017_connection_transport_down(p.conn, H46017_ERR_CLOSED, w.now), 0);
  ck_assert_ptr_eq(find(&w, DEVICE)->connection, q.conn);
  /* And who goes while it waits is forgotten. */
  peer_free(&p);
  peer_init(&p, &w, NULL);
  send_rrq(&p, 1, DEVICE);
  peer_free(&p);
  pass(&w, 3000);
  ck_assert_ptr_eq(find(&w, DEVICE)->connection, q.conn);
  peer_free(&q);
  world_free(&w);
}
END_TEST

START_TEST(another_key_under_the_same_name_is_another_identity) {
  h46017_identity old = proved(DEVICE, 1);
  h46017_identity renewed = proved(DEVICE, 2);
  world w;
  peer p;
  peer q;
  (void)world_init(&w, NULL, NULL);
  one_device(&w, H46017_AUTH_CERTIFICATE);
  peer_init(&p, &w, &old);
  peer_init(&q, &w, &renewed);
  send_rrq(&p, 1, DEVICE);
  send_rrq(&q, 1, DEVICE);
  ck_assert_int_eq((int)peer_last_kind(&q), (int)H46017_RAS_RIP);
  ck_assert_ptr_eq(find(&w, DEVICE)->connection, p.conn);
  pass(&w, 3000);
  ck_assert_ptr_eq(find(&w, DEVICE)->connection, q.conn);
  peer_free(&p);
  peer_free(&q);
  world_free(&w);
}
END_TEST

START_TEST(with_reject_nobody_takes_a_name_from_who_lives) {
  h46017_gatekeeper_settings s;
  h46017_identity same = proved(DEVICE, 1);
  world w;
  peer p;
  peer q;
  world_settings(&s);
  s.duplicates = H46017_DUPLICATES_REJECT;
  (void)world_init(&w, &s, NULL);
  one_device(&w, H46017_AUTH_CERTIFICATE);
  peer_init(&p, &w, &same);
  peer_init(&q, &w, &same);
  send_rrq(&p, 1, DEVICE);
  send_rrq(&q, 1, DEVICE);
  send_keep_alive(&p, 2, find(&w, DEVICE)->endpoint_identifier);
  ck_assert(tells(&w, "gk rejected DUPLICATE_ALIAS duplicateAlias"));
  ck_assert_ptr_eq(find(&w, DEVICE)->connection, p.conn);
  /* A full RRQ of the holder's own connection is no duplicate. */
  send_rrq(&p, 3, DEVICE);
  ck_assert_int_eq((int)peer_last_kind(&p), (int)H46017_RAS_RCF);
  send_rrq(&q, 2, DEVICE);
  pass(&w, 3000);
  ck_assert_ptr_eq(find(&w, DEVICE)->connection, q.conn);
  peer_free(&p);
  peer_free(&q);
  world_free(&w);
}
END_TEST

START_TEST(with_allow_a_name_has_several_holders_and_one_that_is_found) {
  h46017_gatekeeper_settings s;
  h46017_identity twin = proved(DEVICE, 1);
  world w;
  peer p[4];
  world_settings(&s);
  s.duplicates = H46017_DUPLICATES_ALLOW;
  (void)world_init(&w, &s, NULL);
  w.shared = true;
  for (int i = 0; i < 4; i++) {
    peer_init(&p[i], &w, i < 2 ? NULL : &twin);
    send_rrq(&p[i], 1, DEVICE);
    ck_assert_int_eq((int)peer_last_kind(&p[i]), (int)H46017_RAS_RCF);
    /* The first one leads, whoever else comes. */
    ck_assert_ptr_eq(find(&w, DEVICE)->connection, p[0].conn);
  }
  ck_assert_uint_eq(h46017_gatekeeper_registration_count(w.gk), 4);
  /* One in the middle goes; then the first. */
  peer_free(&p[1]);
  peer_free(&p[0]);
  ck_assert_ptr_eq(find(&w, DEVICE)->connection, p[2].conn);
  /* The same again: it is the newest of the same peer that is found. */
  peer_init(&p[0], &w, &twin);
  send_rrq(&p[0], 1, DEVICE);
  ck_assert_ptr_eq(find(&w, DEVICE)->connection, p[0].conn);
  ck_assert_int_eq(world_count(&w, "gk rejected"), 0);
  ck_assert_int_eq(world_count(&w, "gk unregistered"), 2);
  peer_free(&p[0]);
  ck_assert_ptr_eq(find(&w, DEVICE)->connection, p[2].conn);
  /* Back to one holder: the next newcomer of the peer ends the others. */
  s.duplicates = H46017_DUPLICATES_REPLACE;
  ck_assert_int_eq(h46017_gatekeeper_set_settings(w.gk, &s, w.now), 0);
  peer_init(&p[0], &w, &twin);
  send_rrq(&p[0], 1, DEVICE);
  ck_assert_uint_eq(h46017_gatekeeper_registration_count(w.gk), 1);
  peer_free(&p[0]);
  peer_free(&p[2]);
  peer_free(&p[3]);
  ck_assert_ptr_null(find(&w, DEVICE));
  world_free(&w);
}
END_TEST

/* One more than may be asks one of them whether it lives: one that is its own
 * older registration, if there is one. */
START_TEST(with_allow_a_name_has_sixty_four_holders_at_the_most) {
  enum { MOST = 64 };
  static peer p[MOST + 1];
  h46017_identity twin = proved(DEVICE, 1);
  h46017_gatekeeper_settings s;
  char id[32];
  world w;
  world_settings(&s);
  s.duplicates = H46017_DUPLICATES_ALLOW;
  (void)world_init(&w, &s, NULL);
  w.shared = true;
  for (int i = 0; i < MOST; i++) {
    peer_init(&p[i], &w, i == MOST / 2 ? &twin : NULL);
    send_rrq(&p[i], 1, DEVICE);
    ck_assert_int_eq((int)peer_last_kind(&p[i]), (int)H46017_RAS_RCF);
  }
  /* who is there is not in its own way */
  send_rrq(&p[7], 2, DEVICE);
  ck_assert_int_eq((int)peer_last_kind(&p[7]), (int)H46017_RAS_RCF);
  peer_init(&p[MOST], &w, _i == 0 ? NULL : &twin);
  send_rrq(&p[MOST], 1, DEVICE);
  ck_assert_int_eq((int)peer_last_kind(&p[MOST]), (int)H46017_RAS_RIP);
  for (int i = 0; i < MOST; i++) {
    bool asked = i == (_i == 0 ? 0 : MOST / 2);
    ck_assert_int_eq(peer_carry(&p[i]), 0);
    ck_assert((peer_last_kind(&p[i]) == H46017_RAS_IRQ) == asked);
  }
  if (_i == 0) { /* it lives */
    id_of(&w, DEVICE, id);
    send_keep_alive(&p[0], 2, id);
    ck_assert_int_eq(peer_carry(&p[MOST]), 0);
    ck_assert_int_eq((int)peer_last_kind(&p[MOST]), (int)H46017_RAS_RRJ);
    ck_assert(tells(&w, "gk rejected DUPLICATE_ALIAS"));
  } else { /* it does not */
    pass(&w, 3000);
    ck_assert_int_eq(peer_carry(&p[MOST]), 0);
    ck_assert_int_eq((int)peer_last_kind(&p[MOST]), (int)H46017_RAS_RCF);
  }
  ck_assert_uint_eq(h46017_gatekeeper_registration_count(w.gk), MOST);
  for (int i = 0; i <= MOST; i++) {
    peer_free(&p[i]);
  }
  world_free(&w);
}
END_TEST

START_TEST(urls_are_the_same_name_whatever_stands_around_it) {
  static const char *const spellings[] = {
      "h323:alice@Example.ORG", "H323:alice@example.org", "alice@EXAMPLE.org"};
  h46017_alias name = {H46017_ALIAS_URL_ID, 0, {"alice@example.org", 17}};
  h46017_ras ras = peer_rrq(1, DEVICE, NULL);
  world w;
  peer p;
  (void)world_init(&w, NULL, NULL);
  peer_init(&p, &w, NULL);
  ras.u.rrq.terminal_alias.list = &name;
  ck_assert_int_eq(peer_send_ras(&p, &ras), 0);
  for (size_t i = 0; i < 3; i++) {
    ck_assert_ptr_nonnull(find(&w, spellings[i]));
  }
  ck_assert_ptr_null(find(&w, "Alice@example.org"));
  ck_assert_ptr_null(find(&w, "h323:h323:alice@example.org"));
  ck_assert_ptr_null(find(&w, "h323:"));
  peer_free(&p);
  world_free(&w);
}
END_TEST

int main(void) {
  Suite *s = suite_create("session_duplicates");
  TCase *tc = tcase_create("session_duplicates");
  tcase_set_timeout(tc, 60);
  tcase_add_test(tc, two_registrations_of_one_certificate_never_collide);
  tcase_add_test(
      tc, replacing_one_registration_leaves_the_connection_to_the_others);
  tcase_add_test(tc, the_device_s_password_replaces_too);
  tcase_add_test(tc, a_holder_that_is_dead_loses_its_name_to_anybody);
  tcase_add_test(tc, who_waits_for_a_name_goes_with_the_gatekeeper);
  tcase_add_test(tc, a_holder_that_lives_keeps_its_name_by_any_octet);
  tcase_add_test(tc, who_waits_for_a_name_learns_that_its_holder_went);
  tcase_add_test(tc, another_key_under_the_same_name_is_another_identity);
  tcase_add_test(tc, with_reject_nobody_takes_a_name_from_who_lives);
  tcase_add_test(tc,
                 with_allow_a_name_has_several_holders_and_one_that_is_found);
  tcase_add_loop_test(tc, with_allow_a_name_has_sixty_four_holders_at_the_most,
                      0, 2);
  tcase_add_test(tc, urls_are_the_same_name_whatever_stands_around_it);
  suite_add_tcase(s, tc);
  return run_suite(s);
}
