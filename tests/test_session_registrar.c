/* SPDX-License-Identifier: BSD-2-Clause */
/* What many at once cost the others, and what a gatekeeper grants and tells. */
#include "octets.h"
#include "registrar.h"
#include "runner.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SECOND ((h46017_time)1000)

/* -- what waits ------------------------------------------------------------ */

START_TEST(what_is_about_one_registration_waits_in_order_and_others_do_not) {
  const h46017_registration_answer yes = {.open = true};
  char id[32];
  uint64_t first;
  h46017_ras urq = {.kind = H46017_RAS_URQ, .request_seq_num = 4};
  world w;
  peer p;
  (void)world_init(&w, NULL, NULL);
  peer_init(&p, &w, NULL);
  send_rrq(&p, 1, DEVICE);
  id_of(&w, DEVICE, id);
  w.answered = H46017_LATER;
  send_rrq(&p, 2, DEVICE);
  first = w.question;
  /* Its keep-alive and its URQ wait; a repetition of one gets RIP. */
  send_keep_alive(&p, 3, id);
  ck_assert_int_eq((int)peer_last_kind(&p), (int)H46017_RAS_RIP);
  urq.u.urq.endpoint_identifier = (h46017_text){id, 26};
  urq.u.urq.reason = H46017_URQ_REASON_ABSENT;
  ck_assert_int_eq(peer_send_ras(&p, &urq), 0);
  ck_assert_int_eq((int)peer_last_kind(&p), (int)H46017_RAS_RIP);
  ck_assert_int_eq(peer_send_ras(&p, &urq), 0);
  ck_assert_int_eq((int)peer_last_kind(&p), (int)H46017_RAS_RIP);
  ck_assert_int_eq(world_count(&w, "gk refreshed"), 0);
  ck_assert_int_eq(world_count(&w, "gk unregistered"), 0);
  /* Another registration does not wait, but waits for its own. */
  send_rrq(&p, 5, "lobby");
  send_rrq(&p, 6, "lobby");
  ck_assert_int_eq(world_count(&w, "gk asked"), 3);
  ck_assert_int_eq(h46017_gatekeeper_answer(w.gk, w.question, &yes, w.now), 0);
  ck_assert_int_eq(world_count(&w, "gk asked"), 4);
  ck_assert_ptr_nonnull(find(&w, "lobby"));
  ck_assert_int_eq(h46017_gatekeeper_answer(w.gk, w.question, &yes, w.now), 0);
  /* The first is answered: all that waited is served, in order. */
  world_forget(&w);
  ck_assert_int_eq(h46017_gatekeeper_answer(w.gk, first, &yes, w.now), 0);
  ck_assert_int_eq(strncmp(w.story,
                           "gk registered " DEVICE " by open ttl 120\n"
                           "gk refreshed " DEVICE "\n"
                           "gk unregistered " DEVICE " UNREGISTERED\n",
                           strlen(w.story)),
                   0);
  ck_assert_int_eq(peer_carry(&p), 0);
  ck_assert_int_eq((int)peer_last_kind(&p), (int)H46017_RAS_UCF);
  ck_assert_uint_eq(h46017_gatekeeper_registration_count(w.gk), 1);
  peer_free(&p);
  world_free(&w);
}
END_TEST

START_TEST(who_finds_no_room_to_wait_is_refused_and_overtakes_nobody) {
  const h46017_registration_answer yes = {.open = true};
  h46017_gatekeeper_settings s;
  h46017_ras urq = {.kind = H46017_RAS_URQ, .request_seq_num = 4};
  char id[32];
  world w;
  peer p;
  world_settings(&s);
  s.max_pending = 2;
  (void)world_init(&w, &s, NULL);
  peer_init(&p, &w, NULL);
  send_rrq(&p, 1, DEVICE);
  id_of(&w, DEVICE, id);
  w.answered = H46017_LATER;
  send_rrq(&p, 2, DEVICE);
  send_keep_alive(&p, 3, id); /* at the limit: it waits */
  ck_assert_int_eq((int)peer_last_kind(&p), (int)H46017_RAS_RIP);
  urq.u.urq.endpoint_identifier = (h46017_text){id, 26};
  urq.u.urq.reason = H46017_URQ_REASON_ABSENT;
  ck_assert_int_eq(peer_send_ras(&p, &urq), 0);
  ck_assert_int_eq((int)peer_last_kind(&p), (int)H46017_RAS_URJ);
  send_keep_alive(&p, 5, id);
  ck_assert_int_eq((int)peer_last_kind(&p), (int)H46017_RAS_RRJ);
  ck_assert(tells(&w, "gk rejected OVERLOAD resourceUnavailable"));
  ck_assert_int_eq(world_count(&w, "gk unregistered"), 0);
  ck_assert_int_eq(world_count(&w, "gk refreshed"), 0);
  /* What waits for nobody is served. */
  urq.request_seq_num = 6;
  urq.u.urq.endpoint_identifier = (h46017_text){"somebody", 8};
  ck_assert_int_eq(peer_send_ras(&p, &urq), 0);
  ck_assert_int_eq((int)peer_last_kind(&p), (int)H46017_RAS_URJ);
  ck_assert_int_eq(h46017_gatekeeper_answer(w.gk, w.question, &yes, w.now), 0);
  ck_assert_int_eq(world_count(&w, "gk refreshed"), 1);
  ck_assert_uint_eq(h46017_gatekeeper_registration_count(w.gk), 1);
  peer_free(&p);
  world_free(&w);
}
END_TEST

START_TEST(full_rrqs_wait_for_their_turn_and_keep_alives_do_not) {
  h46017_gatekeeper_settings s;
  char id[32];
  world w;
  peer p[8];
  world_settings(&s);
  s.full_rate = 2; /* one at once, then one each half second */
  s.question_timeout = 2000;
  (void)world_init(&w, &s, NULL);
  for (int i = 0; i < 8; i++) {
    char name[8];
    (void)snprintf(name, sizeof(name), "e%d", i);
    peer_init(&p[i], &w, NULL);
    send_rrq(&p[i], 1, name);
  }
  /* One is in, four wait (as many as are served in two seconds), the rest is
   * told to come later. */
  ck_assert_uint_eq(h46017_gatekeeper_registration_count(w.gk), 1);
  ck_assert_int_eq(world_count(&w, "gk rejected OVERLOAD resourceUnavailable"),
                   3);
  ck_assert_int_eq((int)peer_last_kind(&p[4]), (int)H46017_RAS_RIP);
  ck_assert_int_eq((int)peer_last_kind(&p[5]), (int)H46017_RAS_RRJ);
  id_of(&w, "e0", id);
  send_keep_alive(&p[0], 2, id);
  ck_assert(tells(&w, "gk refreshed e0"));
  pass(&w, 499);
  ck_assert_uint_eq(h46017_gatekeeper_registration_count(w.gk), 1);
  pass(&w, 1);
  ck_assert_uint_eq(h46017_gatekeeper_registration_count(w.gk), 2);
  ck_assert_ptr_nonnull(find(&w, "e1"));
  /* One that goes makes room; one that waited too long is refused. */
  peer_free(&p[2]);
  pass(&w, 500);
  ck_assert_ptr_nonnull(find(&w, "e3"));
  pass(&w, 500);
  ck_assert_ptr_nonnull(find(&w, "e4"));
  ck_assert_int_eq(world_count(&w, "gk rejected"), 3);
  for (int i = 0; i < 8; i++) {
    if (i != 2) {
      peer_free(&p[i]);
    }
  }
  world_free(&w);
}
END_TEST

START_TEST(a_thousand_that_come_at_once_do_not_starve_who_is_there) {
  enum { MANY = 1000 };
  h46017_gatekeeper_settings s;
  static peer p[MANY];
  char id[32];
  world w;
  peer old;
  int rounds = 0;
  world_settings(&s);
  s.full_rate = 100;
  (void)world_init(&w, &s, NULL);
  peer_init(&old, &w, NULL);
  send_rrq(&old, 1, "old");
  id_of(&w, "old", id);
  for (int i = 0; i < MANY; i++) {
    char name[16];
    (void)snprintf(name, sizeof(name), "new%d", i);
    peer_init(&p[i], &w, NULL);
    send_rrq(&p[i], 1, name);
  }
  while (h46017_gatekeeper_registration_count(w.gk) < MANY) {
    int before = world_count(&w, "gk refreshed old");
    send_keep_alive(&old, (uint16_t)(2 + rounds), id);
    ck_assert_int_eq(world_count(&w, "gk refreshed old"), before + 1);
    old.got_count = 0;
    pass(&w, 100);
    ck_assert_int_lt(++rounds, 110);
  }
  ck_assert_int_ge(rounds, 98); /* a hundred a second, no more */
  for (int i = 0; i < MANY; i++) {
    peer_free(&p[i]);
  }
  peer_free(&old);
  world_free(&w);
}
END_TEST

START_TEST(requests_on_one_connection_have_a_rate) {
  h46017_gatekeeper_settings s;
  char id[32];
  world w;
  peer p;
  peer other;
  int rv = 0;
  world_settings(&s);
  s.request_rate = 10;
  (void)world_init(&w, &s, NULL);
  peer_init(&p, &w, NULL);
  peer_init(&other, &w, NULL);
  send_rrq(&other, 1, "other");
  for (uint16_t i = 1; i <= 10; i++) {
    send_rrq(&p, i, DEVICE);
    ck_assert_int_eq((int)peer_last_kind(&p), (int)H46017_RAS_RCF);
  }
  for (uint16_t i = 11; i < 15; i++) {
    send_rrq(&p, i, DEVICE);
    ck_assert_int_eq((int)peer_last_kind(&p), (int)H46017_RAS_RRJ);
  }
  /* The program hears of it once in a second. */
  ck_assert_int_eq(world_count(&w, "gk rejected OVERLOAD resourceUnavailable"),
                   1);
  id_of(&w, "other", id);
  send_keep_alive(&other, 2, id); /* of nobody else's concern */
  ck_assert_int_eq((int)peer_last_kind(&other), (int)H46017_RAS_RCF);
  /* A second later all is well again. */
  pass(&w, 1000);
  for (uint16_t i = 21; i <= 30; i++) {
    send_rrq(&p, i, DEVICE);
    ck_assert_int_eq((int)peer_last_kind(&p), (int)H46017_RAS_RCF);
  }
  /* Four times as many end the connection. */
  for (uint16_t i = 31; i <= 60; i++) {
    h46017_ras ras = peer_rrq(i, DEVICE, NULL);
    ck_assert_int_eq(peer_send_ras(&p, &ras), 0);
  }
  {
    h46017_ras ras = peer_rrq(61, DEVICE, NULL);
    rv = peer_send_ras(&p, &ras);
  }
  ck_assert_int_eq(rv, H46017_ERR_FLOOD);
  ck_assert(tells(&w, "gk unregistered " DEVICE " FLOOD"));
  ck_assert_ptr_nonnull(find(&w, "other"));
  peer_free(&p);
  peer_free(&other);
  world_free(&w);
}
END_TEST

START_TEST(a_repetition_has_its_effect_once_and_the_memory_is_bounded) {
  h46017_gatekeeper_settings s;
  world w;
  peer p;
  world_settings(&s);
  s.answers_kept = 2;
  (void)world_init(&w, &s, NULL);
  peer_init(&p, &w, NULL);
  send_rrq(&p, 1, "a");
  send_rrq(&p, 2, "b");
  send_rrq(&p, 1, "a");
  send_rrq(&p, 2, "b");
  ck_assert_int_eq(world_count(&w, "gk registered"), 2);
  ck_assert_int_eq(p.got_count, 4);
  ck_assert_str_eq(p.got[0], p.got[2]);
  ck_assert_str_eq(p.got[1], p.got[3]);
  send_rrq(&p, 3, "c");
  send_rrq(&p, 1, "a"); /* not kept any more: the two latest are */
  ck_assert_int_eq(world_count(&w, "gk registered"), 4);
  ck_assert_uint_eq(h46017_gatekeeper_registration_count(w.gk), 3);
  peer_free(&p);
  world_free(&w);
}
END_TEST

/* -- what is granted and told ---------------------------------------------- */

START_TEST(times_to_live_are_spread_downwards_by_a_tenth) {
  uint32_t least = UINT32_MAX;
  uint32_t most = 0;
  unsigned seen[13] = {0};
  int different = 0;
  h46017_gatekeeper_settings s;
  world w;
  peer p;
  h46017_gatekeeper_settings_default(&s);
  s.full_rate = 0;
  (void)world_init(&w, &s, NULL);
  for (int i = 0; i < 300; i++) {
    char name[16];
    uint32_t ttl;
    peer_init(&p, &w, NULL);
    (void)snprintf(name, sizeof(name), "e%d", i);
    send_rrq(&p, 1, name);
    ttl = find(&w, name)->time_to_live;
    least = ttl < least ? ttl : least;
    most = ttl > most ? ttl : most;
    ck_assert_uint_ge(ttl, 108);
    ck_assert_uint_le(ttl, 120);
    seen[ttl - 108]++;
    peer_free(&p);
  }
  for (int i = 0; i < 13; i++) {
    different += seen[i] > 0;
  }
  ck_assert_uint_eq(least, 108);
  ck_assert_uint_eq(most, 120);
  ck_assert_int_eq(different, 13);
  /* Never below the least there is. */
  peer_init(&p, &w, NULL);
  for (uint16_t i = 1; i < 60; i++) {
    h46017_ras ras = peer_rrq(i, "short", NULL);
    ras.u.rrq.time_to_live = 1;
    ck_assert_int_eq(peer_send_ras(&p, &ras), 0);
    ck_assert_uint_eq(find(&w, "short")->time_to_live, 15);
  }
  peer_free(&p);
  world_free(&w);
}
END_TEST

static bool has(const peer *p, const char *hex) {
  return strstr(peer_last(p), hex) != NULL;
}

START_TEST(alternates_are_told_to_those_who_ask_or_have_to_go) {
  static const char *const alternates[] = {"192.0.2.7:1719",
                                           "[2001:db8::7]:1719"};
#define ALTERNATE_4 "c000020706b7"
#define ALTERNATE_6 "20010db800000000000000000000000706b7"
  h46017_gatekeeper_settings s;
  h46017_ras ras = peer_rrq(1, DEVICE, NULL);
  world w;
  peer p;
  peer q;
  world_settings(&s);
  s.alternates = alternates;
  s.alternate_count = 2;
  s.max_registered = 1;
  (void)world_init(&w, &s, NULL);
  peer_init(&p, &w, NULL);
  peer_init(&q, &w, NULL);
  ck_assert_int_eq(peer_send_ras(&p, &ras), 0);
  ck_assert(!has(&p, ALTERNATE_4));
  ras.u.rrq.supports_alt_gk = true;
  ras.request_seq_num = 2;
  ck_assert_int_eq(peer_send_ras(&p, &ras), 0);
  ck_assert_int_eq((int)peer_last_kind(&p), (int)H46017_RAS_RCF);
  ck_assert(has(&p, ALTERNATE_4) && has(&p, ALTERNATE_6));
  /* There is no room for more: somewhere else there may be. */
  send_rrq(&q, 1, "lobby");
  ck_assert(tells(&w, "gk rejected LIMIT resourceUnavailable"));
  ck_assert(has(&q, ALTERNATE_4) && has(&q, ALTERNATE_6));
  /* Other refusals have nothing to do with that. */
  w.refuse = H46017_ERR_REFUSED;
  send_rrq(&q, 2, "lobby");
  ck_assert_int_eq((int)peer_last_kind(&q), (int)H46017_RAS_RRJ);
  ck_assert(!has(&q, ALTERNATE_4));
  ck_assert_int_eq(h46017_gatekeeper_close(w.gk, w.now), 0);
  ck_assert_int_eq(peer_carry(&p), 0);
  ck_assert_int_eq((int)peer_last_kind(&p), (int)H46017_RAS_URQ);
  ck_assert(has(&p, ALTERNATE_4) && has(&p, ALTERNATE_6));
  peer_free(&p);
  peer_free(&q);
  world_free(&w);
}
END_TEST

START_TEST(the_program_may_grant_other_names_than_were_asked_for) {
  static const char *const more[] = {"4711", "lobby"};
  const h46017_alias granted[] = {
      {H46017_ALIAS_H323_ID, 0, {DEVICE, strlen(DEVICE)}},
      {H46017_ALIAS_DIALLED_DIGITS, 0, {"4711", 4}},
      {H46017_ALIAS_H323_ID, 0, {"somebody", 8}}};
  h46017_identity mine = proved(DEVICE, 1);
  h46017_identity other = proved(DEVICE, 2);
  h46017_ras ras = peer_rrq(1, DEVICE, "unknown");
  world w;
  peer p;
  peer q;
  (void)world_init(&w, NULL, NULL);
  one_device(&w, H46017_AUTH_CERTIFICATE);
  w.device.aliases = more;
  w.device.alias_count = 2;
  peer_init(&p, &w, &mine);
  ck_assert_int_eq(peer_send_ras(&p, &ras), 0);
  ck_assert(tells(&w, "gk rejected ALIAS_CONFLICT"));
  w.grant = granted;
  w.grant_count = 2;
  ras.request_seq_num = 2;
  ck_assert_int_eq(peer_send_ras(&p, &ras), 0);
  ck_assert_int_eq((int)peer_last_kind(&p), (int)H46017_RAS_RCF);
  ck_assert_uint_eq(find(&w, DEVICE)->alias_count, 2);
  ck_assert_ptr_eq(find(&w, "4711"), find(&w, DEVICE));
  ck_assert_ptr_null(find(&w, "unknown"));
  /* None that is not the device's, and not none at all. */
  w.grant_count = 3;
  send_rrq(&p, 3, DEVICE);
  ck_assert_int_eq(world_count(&w, "gk rejected ALIAS_CONFLICT"), 2);
  w.grant_count = 0;
  send_rrq(&p, 4, DEVICE);
  ck_assert(tells(&w, "gk rejected ALIAS_INVALID"));
  /* It is the granted names that somebody else may hold. */
  w.grant = granted + 1;
  w.grant_count = 1;
  peer_init(&q, &w, &other);
  send_rrq(&q, 1, "lobby");
  ck_assert_int_eq((int)peer_last_kind(&q), (int)H46017_RAS_RIP);
  w.grant = NULL; /* the answer is kept meanwhile */
  pass(&w, 3000);
  ck_assert_ptr_eq(find(&w, "4711")->connection, q.conn);
  ck_assert_ptr_null(find(&w, "lobby"));
  ck_assert_ptr_null(find(&w, DEVICE));
  peer_free(&p);
  peer_free(&q);
  world_free(&w);
}
END_TEST

START_TEST(a_request_for_another_gatekeeper_is_told_to_discover) {
  h46017_gatekeeper_settings s;
  h46017_ras ras = peer_rrq(1, DEVICE, NULL);
  world w;
  peer p;
  world_settings(&s);
  (void)world_init(&w, &s, NULL);
  peer_init(&p, &w, NULL);
  ras.u.rrq.gatekeeper_identifier = (h46017_text){"somebody", 8};
  ck_assert_int_eq(peer_send_ras(&p, &ras), 0);
  ck_assert(tells(&w, "gk rejected WRONG_GATEKEEPER discoveryRequired"));
  ras.u.rrq.gatekeeper_identifier = (h46017_text){"h46017", 6};
  ras.request_seq_num = 2;
  ck_assert_int_eq(peer_send_ras(&p, &ras), 0);
  ck_assert_int_eq((int)peer_last_kind(&p), (int)H46017_RAS_RCF);
  s.any_identifier = true;
  ck_assert_int_eq(h46017_gatekeeper_set_settings(w.gk, &s, w.now), 0);
  ras.u.rrq.gatekeeper_identifier = (h46017_text){"somebody", 8};
  ras.request_seq_num = 3;
  ck_assert_int_eq(peer_send_ras(&p, &ras), 0);
  ck_assert_int_eq((int)peer_last_kind(&p), (int)H46017_RAS_RCF);
  /* H.225.0 version 1 knows no tunnel. */
  ras.protocol_version = 1;
  ras.request_seq_num = 4;
  ck_assert_int_eq(peer_send_ras(&p, &ras), 0);
  ck_assert(tells(&w, "gk rejected REVISION invalidRevision"));
  peer_free(&p);
  world_free(&w);
}
END_TEST

START_TEST(other_settings_come_whole_or_not_at_all) {
  static const char *const wrong[] = {"192.0.2.7"};
  static const char *const right[] = {"192.0.2.7:1719"};
  h46017_gatekeeper_settings s;
  world w;
  peer p;
  world_settings(&s);
  (void)world_init(&w, &s, NULL);
  peer_init(&p, &w, NULL);
  send_rrq(&p, 1, DEVICE);
  s.time_to_live = 300;
  s.min_time_to_live = 300;
  s.alternates = wrong;
  s.alternate_count = 1;
  ck_assert_int_eq(h46017_gatekeeper_set_settings(w.gk, &s, w.now),
                   H46017_ERR_INVALID_ARGUMENT);
  send_rrq(&p, 2, DEVICE);
  ck_assert_uint_eq(find(&w, DEVICE)->time_to_live, 120);
  s.alternates = right;
  s.alternate_count = 17;
  ck_assert_int_eq(h46017_gatekeeper_set_settings(w.gk, &s, w.now),
                   H46017_ERR_INVALID_ARGUMENT);
  s.alternate_count = 1;
  ck_assert_int_eq(h46017_gatekeeper_set_settings(w.gk, &s, w.now), 0);
  send_rrq(&p, 3, DEVICE);
  ck_assert_uint_eq(find(&w, DEVICE)->time_to_live, 300);
  ck_assert_int_eq(world_count(&w, "gk unregistered"), 0);
  peer_free(&p);
  world_free(&w);
}
END_TEST

START_TEST(without_chance_nobody_is_registered_and_nothing_else_ends) {
  world w;
  peer p;
  peer other;
  (void)world_init(&w, NULL, NULL);
  peer_init(&p, &w, NULL);
  peer_init(&other, &w, NULL);
  send_rrq(&other, 1, "other");
  w.fail_callback = 2; /* ras_received, then rand for the identifier */
  send_rrq(&p, 1, DEVICE);
  ck_assert_int_eq((int)peer_last_kind(&p), (int)H46017_RAS_RRJ);
  ck_assert(tells(&w, "gk rejected CALLBACK_FAILURE undefinedReason"));
  ck_assert_ptr_null(find(&w, DEVICE));
  send_rrq(&p, 2, DEVICE);
  ck_assert_int_eq((int)peer_last_kind(&p), (int)H46017_RAS_RCF);
  ck_assert_uint_eq(h46017_gatekeeper_registration_count(w.gk), 2);
  peer_free(&p);
  peer_free(&other);
  world_free(&w);
}
END_TEST

START_TEST(addresses_in_an_rrq_mean_nothing) {
  static const uint8_t elsewhere[] = {192, 0, 2, 66};
  h46017_ras ras = peer_rrq(1, DEVICE, NULL);
  uint8_t per[512];
  size_t len;
  h46017_h225 *m;
  world w;
  peer p;
  peer q;
  (void)world_init(&w, NULL, NULL);
  peer_init(&p, &w, NULL);
  peer_init(&q, &w, NULL);
  ck_assert_int_eq(h46017_h225_new(&m, NULL, NULL), 0);
  /* Two endpoints that say to be at one address, which is neither's. */
  for (int i = 0; i < 2; i++) {
    static const char *const lists[] = {"callSignalAddress", "rasAddress"};
    if (i == 1) {
      ras = peer_rrq(1, "lobby", NULL);
    }
    ck_assert_int_eq(h46017_ras_build(m, &ras), 0);
    for (int k = 0; k < 2; k++) {
      char path[80];
      (void)snprintf(path, sizeof(path),
                     "registrationRequest.%s[0].ipAddress.ip", lists[k]);
      ck_assert_int_eq(
          h46017_h225_set_octets(m, path, elsewhere, sizeof(elsewhere)), 0);
      (void)snprintf(path, sizeof(path),
                     "registrationRequest.%s[0].ipAddress.port", lists[k]);
      ck_assert_int_eq(h46017_h225_set_uint(m, path, 1720), 0);
    }
    ck_assert_int_eq(h46017_h225_encode(m, per, sizeof(per), &len), 0);
    ck_assert_int_eq(
        h46017_tunnel_write_ras(i == 0 ? p.tunnel : q.tunnel, per, len), 0);
    ck_assert_int_eq(peer_carry(i == 0 ? &p : &q), 0);
  }
  ck_assert_int_eq((int)peer_last_kind(&p), (int)H46017_RAS_RCF);
  ck_assert_int_eq((int)peer_last_kind(&q), (int)H46017_RAS_RCF);
  ck_assert(strstr(peer_last(&q), "c0000242") == NULL);
  ck_assert_ptr_eq(find(&w, DEVICE)->connection, p.conn);
  ck_assert_ptr_eq(find(&w, "lobby")->connection, q.conn);
  h46017_h225_del(m);
  peer_free(&p);
  peer_free(&q);
  world_free(&w);
}
END_TEST

START_TEST(no_address_in_an_rcf_and_the_connection_is_kept) {
  octets o;
  h46017_h225 *m;
  bool keep = false;
  world w;
  peer p;
  (void)world_init(&w, NULL, NULL);
  peer_init(&p, &w, NULL);
  send_rrq(&p, 1, DEVICE);
  o = octets_hex(peer_last(&p));
  ck_assert_int_eq(h46017_h225_new(&m, NULL, NULL), 0);
  ck_assert_int_eq(
      h46017_h225_decode(m, h46017_h225_ras_message(), o.data, o.len), 0);
  ck_assert_uint_eq(
      h46017_h225_count(h46017_h225_get(
          h46017_h225_root(m), "registrationConfirm.callSignalAddress")),
      0);
  ck_assert_int_eq(
      h46017_h225_read_bool(
          h46017_h225_get(h46017_h225_root(m),
                          "registrationConfirm.maintainConnection"),
          &keep),
      0);
  ck_assert(keep);
  h46017_h225_del(m);
  octets_free(&o);
  peer_free(&p);
  world_free(&w);
}
END_TEST

int main(void) {
  Suite *s = suite_create("session_registrar");
  TCase *tc = tcase_create("session_registrar");
  tcase_set_timeout(tc, 60);
  tcase_add_test(
      tc, what_is_about_one_registration_waits_in_order_and_others_do_not);
  tcase_add_test(tc, who_finds_no_room_to_wait_is_refused_and_overtakes_nobody);
  tcase_add_test(tc, full_rrqs_wait_for_their_turn_and_keep_alives_do_not);
  tcase_add_test(tc, a_thousand_that_come_at_once_do_not_starve_who_is_there);
  tcase_add_test(tc, requests_on_one_connection_have_a_rate);
  tcase_add_test(tc,
                 a_repetition_has_its_effect_once_and_the_memory_is_bounded);
  tcase_add_test(tc, times_to_live_are_spread_downwards_by_a_tenth);
  tcase_add_test(tc, alternates_are_told_to_those_who_ask_or_have_to_go);
  tcase_add_test(tc, the_program_may_grant_other_names_than_were_asked_for);
  tcase_add_test(tc, a_request_for_another_gatekeeper_is_told_to_discover);
  tcase_add_test(tc, other_settings_come_whole_or_not_at_all);
  tcase_add_test(tc, without_chance_nobody_is_registered_and_nothing_else_ends);
  tcase_add_test(tc, addresses_in_an_rrq_mean_nothing);
  tcase_add_test(tc, no_address_in_an_rcf_and_the_connection_is_kept);
  suite_add_tcase(s, tc);
  return run_suite(s);
}
