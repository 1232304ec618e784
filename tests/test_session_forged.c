/* SPDX-License-Identifier: BSD-2-Clause */
/* Messages that somebody else recorded, altered or made, and passwords that
 * are guessed. */
#include "octets.h"
#include "runner.h"
#include "scene.h"

#include <h46017/error.h>
#include <h46017/h235.h>

#include <check.h>
#include <stdio.h>
#include <string.h>

/* -- what others send -------------------------------------------------------
 */

static void send_octets(peer *p, const uint8_t *per, size_t len) {
  ck_assert_int_eq(h46017_tunnel_write_ras(p->tunnel, per, len), 0);
  ck_assert_int_eq(peer_carry(p), 0);
}

START_TEST(a_recorded_rrq_is_refused_on_another_connection) {
  scene s;
  peer p;
  scene_begin(&s, H46017_AUTH_PASSWORD);
  scene_open(&s);
  scene_add(&s);
  scene_run(&s, 5);
  peer_init(&p, &s.w, NULL);
  send_octets(&p, tapped.per[1][H46017_RAS_RRQ], tapped.len[1][H46017_RAS_RRQ]);
  ck_assert(tells(&s.w, "gk rejected TOKEN_REPLAYED securityDenial"));
  /* and as long as its time lasts, whoever has gone meanwhile */
  ck_assert_int_eq(h46017_endpoint_close(s.line->ep, s.w.now), 0);
  scene_run(&s, 200);
  world_forget(&s.w);
  peer_free(&p);
  peer_init(&p, &s.w, NULL);
  send_octets(&p, tapped.per[1][H46017_RAS_RRQ], tapped.len[1][H46017_RAS_RRQ]);
  ck_assert(tells(&s.w, "gk rejected TOKEN_REPLAYED securityDenial"));
  peer_free(&p);
  world_free(&s.w);
}
END_TEST

/* Two full RRQs of one device, one after the other. */
static struct {
  uint8_t per[1500];
  size_t len;
} recorded[2];

static void open_at(scene *s, int64_t utc, int64_t skew) {
  scene_begin(s, H46017_AUTH_PASSWORD);
  scene_open(s);
  s->w.utc = utc;
  s->w.ep_utc = utc + skew;
}

static void record(int64_t skew) {
  scene s;
  open_at(&s, UTC, skew);
  scene_add(&s);
  for (size_t i = 0; i < 2; i++) {
    scene_run(&s, 5);
    ck_assert_int_eq(world_count(&s.w, "gk registered"), (int)i + 1);
    recorded[i].len = tapped.len[1][H46017_RAS_RRQ];
    memcpy(recorded[i].per, tapped.per[1][H46017_RAS_RRQ], recorded[i].len);
    world_break(&s.w, s.line);
  }
  world_free(&s.w);
}

static void send_recorded(scene *s, size_t i) {
  peer p;
  peer_init(&p, &s->w, NULL);
  send_octets(&p, recorded[i].per, recorded[i].len);
  peer_free(&p);
}

/* After a restart nobody knows what was used. A device that is not back may be
 * stood in for; one that is has its own clock for a witness, whatever that
 * says. */
START_TEST(a_recorded_rrq_does_not_replace_who_is_back_after_a_restart) {
  static const int64_t skews[] = {0, -250, 250};
  for (size_t i = 0; i < 3; i++) {
    for (int stood_in = 0; stood_in < 2; stood_in++) {
      scene s;
      record(skews[i]);
      open_at(&s, UTC + 20, skews[i]);
      if (stood_in != 0) {
        send_recorded(&s, 0);
        ck_assert(tells(&s.w, "gk registered " DEVICE " by password"));
      }
      scene_add(&s);
      scene_run(&s, 3);
      ck_assert_ptr_eq(find(&s.w, DEVICE)->connection, s.line->conn);
      send_recorded(&s, 1);
      ck_assert(tells(&s.w, "gk rejected TOKEN_REPLAYED securityDenial"));
      ck_assert_ptr_eq(find(&s.w, DEVICE)->connection, s.line->conn);
      world_free(&s.w);
    }
  }
}
END_TEST

/* As where a program decides the second first: nobody else is on it. */
START_TEST(on_its_own_connection_a_device_may_be_heard_in_any_order) {
  scene s;
  peer p;
  record(0);
  open_at(&s, UTC + 20, 0);
  peer_init(&p, &s.w, NULL);
  for (size_t i = 2; i-- > 0;) {
    send_octets(&p, recorded[i].per, recorded[i].len);
    ck_assert_int_eq((int)peer_last_kind(&p), (int)H46017_RAS_RCF);
  }
  peer_free(&p);
  world_free(&s.w);
}
END_TEST

START_TEST(an_altered_rrq_is_refused) {
  scene s;
  uint8_t rrq[1500];
  size_t len;
  scene_begin(&s, H46017_AUTH_PASSWORD);
  scene_open(&s);
  s.w.answered = H46017_LATER; /* so that the original is not used */
  scene_add(&s);
  scene_run(&s, 1);
  len = tapped.len[1][H46017_RAS_RRQ];
  memcpy(rrq, tapped.per[1][H46017_RAS_RRQ], len);
  s.w.answered = H46017_ANSWERED;
  for (size_t i = len - 8; i < len; i++) { /* behind the token */
    peer p;
    peer_init(&p, &s.w, NULL);
    rrq[i] ^= 0x80;
    send_octets(&p, rrq, len);
    rrq[i] ^= 0x80;
    peer_free(&p);
  }
  ck_assert_int_gt(world_count(&s.w, "gk rejected PASSWORD_WRONG"), 0);
  ck_assert_int_eq(world_count(&s.w, "gk registered"), 0);
  world_free(&s.w);
}
END_TEST

/* The registration of a line, from a connection of its own: RAS octets of
 * somebody who got between. */
static int push(scene *s, const uint8_t *per, size_t len) {
  h46017_tunnel *t = NULL;
  h46017_tunnel_callbacks cb;
  const uint8_t *octets;
  size_t n;
  int rv;

  h46017_tunnel_callbacks_default(&cb);
  ck_assert_int_eq(h46017_tunnel_new(&t, NULL, &cb, NULL, NULL, s->w.now), 0);
  ck_assert_int_eq(h46017_tunnel_write_ras(t, per, len), 0);
  n = h46017_tunnel_peek_tx(t, &octets);
  rv = h46017_connection_recv(s->line->conn, octets, n, s->w.now);
  h46017_tunnel_del(t);
  return rv;
}

/* A message of its kind for the registration, without a token. */
static size_t forge(const scene *s, h46017_ras_kind kind, uint8_t *per,
                    size_t cap) {
  const h46017_registered *reg =
      h46017_gatekeeper_find(s->w.gk, DEVICE, strlen(DEVICE));
  h46017_ras ras = {.kind = kind, .request_seq_num = 4711};
  h46017_text id;
  h46017_h225 *m = NULL;
  size_t len = 0;

  ck_assert_ptr_nonnull(reg);
  id =
      (h46017_text){reg->endpoint_identifier, strlen(reg->endpoint_identifier)};
  if (kind == H46017_RAS_RRQ) {
    ras.u.rrq.keep_alive = true;
    ras.u.rrq.endpoint_identifier = id;
    ras.u.rrq.terminal_type = H46017_TERMINAL_TERMINAL;
  } else {
    ras.u.urq.endpoint_identifier = id;
    ras.u.urq.reason = H46017_URQ_REASON_ABSENT;
  }
  ck_assert_int_eq(h46017_h225_new(&m, NULL, NULL), 0);
  ck_assert_int_eq(h46017_ras_build(m, &ras), 0);
  ck_assert_int_eq(h46017_h225_encode(m, per, cap, &len), 0);
  h46017_h225_del(m);
  return len;
}

START_TEST(later_messages_without_a_token_are_refused) {
  uint8_t per[512];
  scene s;
  size_t len;
  scene_begin(&s, H46017_AUTH_PASSWORD);
  scene_open(&s);
  scene_add(&s);
  scene_run(&s, 5);
  len = forge(&s, H46017_RAS_RRQ, per, sizeof(per));
  ck_assert_int_eq(push(&s, per, len), 0);
  ck_assert(tells(&s.w, "gk rejected PASSWORD_MISSING securityDenial"));
  ck_assert_int_eq(world_count(&s.w, "gk refreshed"), 0);
  len = forge(&s, H46017_RAS_URQ, per, sizeof(per));
  ck_assert_int_eq(push(&s, per, len), 0);
  scene_run(&s, 1);
  ck_assert_int_eq(world_count(&s.w, "gk unregistered"), 0);
  ck_assert_uint_gt(tapped.len[0][H46017_RAS_URJ], 0);
  /* the device itself is not disturbed */
  scene_run(&s, 100);
  ck_assert(tells(&s.w, "gk refreshed"));
  ck_assert_int_eq(world_count(&s.w, "gk unregistered"), 0);
  world_free(&s.w);
}
END_TEST

START_TEST(a_later_message_altered_or_repeated_is_refused) {
  uint8_t rrq[1500];
  size_t len;
  scene s;
  scene_begin(&s, H46017_AUTH_PASSWORD);
  s.gk.answer_time = 0; /* or it would get the same answer again */
  scene_open(&s);
  scene_add(&s);
  scene_run(&s, 50); /* one refresh */
  ck_assert_int_eq(world_count(&s.w, "gk refreshed"), 1);
  len = tapped.len[1][H46017_RAS_RRQ];
  memcpy(rrq, tapped.per[1][H46017_RAS_RRQ], len);
  world_forget(&s.w);
  ck_assert_int_eq(push(&s, rrq, len), 0);
  ck_assert(tells(&s.w, "gk rejected TOKEN_REPLAYED securityDenial"));
  rrq[2] ^= 1; /* requestSeqNum */
  ck_assert_int_eq(push(&s, rrq, len), 0);
  ck_assert(tells(&s.w, "gk rejected PASSWORD_WRONG securityDenial"));
  ck_assert_int_eq(world_count(&s.w, "gk refreshed"), 0);
  world_free(&s.w);
}
END_TEST

/* -- guessing ---------------------------------------------------------------
 */

/* One attempt from a place. */
static void attempt(scene *s, const char *origin, const char *password) {
  h46017_ras rrq = peer_rrq(1, DEVICE, NULL);
  h46017_h235_secret *secret = NULL;
  static uint32_t random;
  h46017_h235_token t;
  h46017_h225 *m = NULL;
  uint8_t per[512];
  size_t len = 0;
  peer p;

  h46017_h235_token_default(&t);
  t.sender = (h46017_text){DEVICE, strlen(DEVICE)};
  t.now = UTC + (int64_t)(s->w.now / 1000);
  t.random = ++random;
  peer_init(&p, &s->w, NULL);
  if (origin != NULL) {
    ck_assert_int_eq(h46017_connection_set_origin(p.conn, origin), 0);
  }
  ck_assert_int_eq(h46017_h235_secret_new(&secret, &s->crypto, password,
                                          strlen(password), NULL),
                   0);
  ck_assert_int_eq(h46017_h225_new(&m, NULL, NULL), 0);
  ck_assert_int_eq(h46017_ras_build(m, &rrq), 0);
  ck_assert_int_eq(h46017_h235_add(m, secret, &t), 0);
  ck_assert_int_eq(h46017_h235_encode(m, secret, per, sizeof(per), &len), 0);
  world_forget(&s->w);
  send_octets(&p, per, len);
  h46017_h225_del(m);
  h46017_h235_secret_del(secret);
  peer_free(&p);
}

START_TEST(wrong_passwords_are_limited_by_device_and_place) {
  scene s;
  scene_begin(&s, H46017_AUTH_PASSWORD);
  scene_open(&s);
  for (int i = 0; i < 5; i++) {
    attempt(&s, "192.0.2.1", "guess");
    ck_assert(tells(&s.w, "gk rejected PASSWORD_WRONG"));
  }
  attempt(&s, "192.0.2.1", "guess");
  ck_assert(tells(&s.w, "gk rejected PASSWORD_ATTEMPTS"));
  /* the right one tells nothing either */
  attempt(&s, "192.0.2.1", "secret");
  ck_assert(tells(&s.w, "gk rejected PASSWORD_ATTEMPTS"));
  /* nobody else pays for it */
  attempt(&s, "192.0.2.2", "secret");
  ck_assert(tells(&s.w, "gk registered"));
  attempt(&s, NULL, "secret");
  ck_assert(tells(&s.w, "gk registered"));
  s.w.now += 59999;
  attempt(&s, "192.0.2.1", "secret");
  ck_assert(tells(&s.w, "gk rejected PASSWORD_ATTEMPTS"));
  s.w.now += 1;
  attempt(&s, "192.0.2.1", "secret");
  ck_assert(tells(&s.w, "gk registered"));
  world_free(&s.w);
}
END_TEST

START_TEST(a_right_password_clears_the_count) {
  scene s;
  scene_begin(&s, H46017_AUTH_PASSWORD);
  scene_open(&s);
  for (int i = 0; i < 20; i++) {
    attempt(&s, "192.0.2.1", i % 5 == 4 ? "secret" : "guess");
    ck_assert_int_eq(world_count(&s.w, "gk rejected PASSWORD_ATTEMPTS"), 0);
  }
  world_free(&s.w);
}
END_TEST

START_TEST(many_places_do_not_lock_a_device_out) {
  char origin[32];
  scene s;
  scene_begin(&s, H46017_AUTH_PASSWORD);
  scene_open(&s);
  for (int i = 0; i < 300; i++) {
    (void)snprintf(origin, sizeof(origin), "192.0.2.%d", i / 6);
    s.w.now += 10; /* or they were too many at once */
    attempt(&s, origin, "guess");
    ck_assert(tells(&s.w, i % 6 == 5 ? "gk rejected PASSWORD_ATTEMPTS"
                                     : "gk rejected PASSWORD_WRONG"));
  }
  attempt(&s, "198.51.100.1", "secret");
  ck_assert(tells(&s.w, "gk registered"));
  world_free(&s.w);
}
END_TEST

START_TEST(a_place_is_a_short_text) {
  char origin[65];
  scene s;
  peer p;
  scene_begin(&s, H46017_AUTH_PASSWORD);
  scene_open(&s);
  peer_init(&p, &s.w, NULL);
  memset(origin, 'x', sizeof(origin));
  origin[64] = '\0';
  ck_assert_int_eq(h46017_connection_set_origin(p.conn, origin),
                   H46017_ERR_INVALID_ARGUMENT);
  ck_assert_int_eq(h46017_connection_set_origin(p.conn, origin + 1), 0);
  ck_assert_int_eq(h46017_connection_set_origin(p.conn, ""),
                   H46017_ERR_INVALID_ARGUMENT);
  peer_free(&p);
  world_free(&s.w);
}
END_TEST

static Suite *session_forged_suite(void) {
  Suite *s = suite_create("session_forged");
  TCase *tc = tcase_create("forged");

  tcase_add_test(tc, a_recorded_rrq_is_refused_on_another_connection);
  tcase_add_test(tc,
                 a_recorded_rrq_does_not_replace_who_is_back_after_a_restart);
  tcase_add_test(tc, on_its_own_connection_a_device_may_be_heard_in_any_order);
  tcase_add_test(tc, an_altered_rrq_is_refused);
  tcase_add_test(tc, later_messages_without_a_token_are_refused);
  tcase_add_test(tc, a_later_message_altered_or_repeated_is_refused);
  tcase_add_test(tc, wrong_passwords_are_limited_by_device_and_place);
  tcase_add_test(tc, a_right_password_clears_the_count);
  tcase_add_test(tc, many_places_do_not_lock_a_device_out);
  tcase_add_test(tc, a_place_is_a_short_text);
  suite_add_tcase(s, tc);
  return s;
}

int main(void) {
  return run_suite(session_forged_suite());
}
