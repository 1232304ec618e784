/* SPDX-License-Identifier: BSD-2-Clause */
#include "octets.h"
#include "registrar.h"
#include "runner.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SECOND ((h46017_time)1000)

/* A full RRQ, seq 1, h323-ID 0090332f688a, ttl 120. */
#define RRQ                                                                    \
  "0e800000060008914a0006000000020001400b003000300039003000330033003200660036" \
  "00380038006100b500534c348b000000020077010001000180"
/* The same, seq 2. */
#define RRQ_AGAIN                                                              \
  "0e800001060008914a0006000000020001400b003000300039003000330033003200660036" \
  "00380038006100b500534c348b000000020077010001000180"
#define LIGHTWEIGHT_RRQ                                                        \
  "0e400001060008914a00068000000200400067006b00b500534c348f0000000200770180"   \
  "09060031005f0067006b01000180"

START_TEST(the_rrq_of_the_books_is_confirmed) {
  h46017_gatekeeper_settings s;
  world w;
  peer p;
  world_settings(&s);
  s.identifier = "gk";
  (void)world_init(&w, &s, NULL);
  peer_init(&p, &w, NULL);
  ck_assert_int_eq(peer_send(&p, RRQ), 0);
  ck_assert(tells(&w, "gk registered " DEVICE " by open ttl 120"));
  /* RCF, extensions and terminalAlias, the same requestSeqNum. */
  ck_assert_msg(strncmp(peer_last(&p), "12c00000060008914a0007", 22) == 0, "%s",
                peer_last(&p));
  /* A keep-alive with an endpointIdentifier of nobody. */
  ck_assert_int_eq(peer_send(&p, LIGHTWEIGHT_RRQ), 0);
  ck_assert(tells(&w, "gk rejected NOT_REGISTERED fullRegistrationRequired"));
  ck_assert_int_eq(strncmp(peer_last(&p), "14", 2), 0);
  peer_free(&p);
  ck_assert(tells(&w, "gk unregistered " DEVICE " CLOSED"));
  world_free(&w);
}
END_TEST

#define ARQ                                                                    \
  "2780000908300031005f0067006b0100807501400b00300030003900300033003300320066" \
  "00"                                                                         \
  "360038003800614005000005000102030405060708090a0b0c0d0e0f096020000180110010" \
  "1"                                                                          \
  "112131415161718191a1b1c1d1e1f0100"
#define DRQ                                                                    \
  "3e000a060031005f0067006b000102030405060708090a0b0c0d0e0f000523210011001011" \
  "12131415161718191a1b1c1d1e1f0100"

static void name_of(const char *hex, char *name, size_t size) {
  octets o = octets_hex(hex);
  h46017_ras_kind kind;
  uint16_t seq;
  ck_assert_int_eq(h46017_ras_peek(o.data, o.len, &kind, &seq), 0);
  (void)snprintf(name, size, "%s %u", h46017_ras_kind_name(kind),
                 (unsigned)seq);
  octets_free(&o);
}

START_TEST(every_request_gets_the_answer_that_there_is_for_it) {
  static const struct {
    const char *request;
    const char *answer; /* kind and requestSeqNum; NULL: none */
  } rows[] = {
      {ARQ, "admissionReject 10"},
      {DRQ, "disengageReject 11"},
      /* GRQ of the generated vectors, seq 1 */
      {"00000000060008914a0007005712d69cd0300810", "gatekeeperConfirm 1"},
      {"5600000b0000170000110000000000000000000000000000000000",
       "unknownMessageResponse 12"}, /* an IRQ is the gatekeeper's to send */
      {"62000c062003024c00", NULL},  /* an XRS */
      {"1c0008", NULL},              /* a UCF out of the blue */
      {"40000a", NULL},              /* a DCF likewise */
  };
  world w;
  peer p;
  (void)world_init(&w, NULL, NULL);
  peer_init(&p, &w, NULL);
  for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
    char name[64] = "";
    int before = p.got_count;
    ck_assert_int_eq(peer_send(&p, rows[i].request), 0);
    ck_assert_int_eq(p.got_count, before + (rows[i].answer != NULL));
    if (rows[i].answer != NULL) {
      name_of(peer_last(&p), name, sizeof(name));
      ck_assert_str_eq(name, rows[i].answer);
    }
  }
  peer_free(&p);
  world_free(&w);
}
END_TEST

START_TEST(silence_is_asked_about_before_it_is_the_end) {
  world w;
  peer p;
  char irr[256];
  octets o;
  const h46017_registered *reg;
  h46017_h225 *m;
  uint8_t per[256];
  size_t len;
  (void)world_init(&w, NULL, NULL);
  peer_init(&p, &w, NULL);
  ck_assert_int_eq(peer_send(&p, RRQ), 0);
  w.now += 120 * SECOND;
  ck_assert_int_eq(h46017_gatekeeper_handle_expiry(w.gk, w.now), 0);
  ck_assert_int_eq(peer_carry(&p), 0);
  name_of(peer_last(&p), irr, sizeof(irr));
  ck_assert_msg(strncmp(irr, "infoRequest ", 12) == 0, "%s", irr);
  /* An IRR is a sign of life: the TTL runs anew. */
  reg = h46017_gatekeeper_find(w.gk, DEVICE, strlen(DEVICE));
  ck_assert_int_eq(h46017_h225_new(&m, NULL, NULL), 0);
  o = octets_hex("58"); /* the index of infoRequestResponse */
  ck_assert_int_eq(h46017_h225_create(m, h46017_h225_ras_message()), 0);
#define IRR "infoRequestResponse."
  ck_assert_int_eq(h46017_h225_set_uint(m, IRR "requestSeqNum", 1), 0);
  ck_assert_int_eq(h46017_h225_set_bool(m, IRR "endpointType.mc", false), 0);
  ck_assert_int_eq(
      h46017_h225_set_bool(m, IRR "endpointType.undefinedNode", false), 0);
  ck_assert_int_eq(h46017_h225_set_text(m, IRR "endpointIdentifier",
                                        reg->endpoint_identifier, 26),
                   0);
  ck_assert_int_eq(h46017_h225_set_octets(m, IRR "rasAddress.ipAddress.ip",
                                          (const uint8_t *)"\0\0\0", 4),
                   0);
  ck_assert_int_eq(h46017_h225_set_uint(m, IRR "rasAddress.ipAddress.port", 0),
                   0);
  ck_assert_int_eq(h46017_h225_set_present(m, IRR "callSignalAddress"), 0);
  ck_assert_int_eq(h46017_h225_encode(m, per, sizeof(per), &len), 0);
  ck_assert_uint_eq(per[0] & 0xfcU, o.data[0]);
  ck_assert_int_eq(h46017_tunnel_write_ras(p.tunnel, per, len), 0);
  ck_assert_int_eq(peer_carry(&p), 0);
  w.now += 119 * SECOND;
  ck_assert_int_eq(h46017_gatekeeper_handle_expiry(w.gk, w.now), 0);
  ck_assert_int_eq(world_count(&w, "gk unregistered"), 0);
  ck_assert_uint_eq(h46017_gatekeeper_registration_count(w.gk), 1);
  h46017_h225_del(m);
  octets_free(&o);
  peer_free(&p);
  world_free(&w);
}
END_TEST

START_TEST(malformed_ras_is_dropped_and_counted) {
  h46017_gatekeeper_settings s;
  world w;
  peer p;
  world_settings(&s);
  s.max_bad_ras = 3;
  (void)world_init(&w, &s, NULL);
  peer_init(&p, &w, NULL);
  ck_assert_int_eq(peer_send(&p, RRQ), 0);
  for (int i = 0; i < 3; i++) {
    ck_assert_int_eq(peer_send(&p, "0e80"), 0);
  }
  ck_assert_uint_eq(h46017_gatekeeper_registration_count(w.gk), 1);
  ck_assert_int_eq(peer_send(&p, "0e80"), H46017_ERR_RAS);
  ck_assert(!h46017_connection_want_read(p.conn));
  ck_assert(tells(&w, "gk unregistered " DEVICE " RAS"));
  peer_free(&p);
  world_free(&w);
}
END_TEST

START_TEST(a_registration_that_is_not_refreshed_expires) {
  world w;
  peer p;
  (void)world_init(&w, NULL, NULL);
  peer_init(&p, &w, NULL);
  ck_assert_int_eq(peer_send(&p, RRQ), 0);
  w.now += 120 * SECOND - 1;
  ck_assert_int_eq(h46017_gatekeeper_handle_expiry(w.gk, w.now), 0);
  ck_assert_int_eq(world_count(&w, "gk unregistered"), 0);
  w.now += 1;
  ck_assert_int_eq(h46017_gatekeeper_handle_expiry(w.gk, w.now), 0);
  ck_assert_int_eq(world_count(&w, "gk unregistered"), 0); /* grace */
  w.now += 10 * SECOND + 1;
  ck_assert_int_eq(h46017_gatekeeper_handle_expiry(w.gk, w.now), 0);
  ck_assert(tells(&w, "gk unregistered " DEVICE " TTL_EXPIRED"));
  ck_assert_int_eq(peer_carry(&p), 0);
  ck_assert_int_eq(strncmp(peer_last(&p), "1a", 2), 0); /* URQ */
  ck_assert(h46017_connection_want_read(p.conn));
  peer_free(&p);
  world_free(&w);
}
END_TEST

START_TEST(a_connection_without_a_registration_is_closed) {
  world w;
  peer p;
  (void)world_init(&w, NULL, NULL);
  peer_init(&p, &w, NULL);
  w.now += 30 * SECOND;
  ck_assert_int_eq(h46017_gatekeeper_handle_expiry(w.gk, w.now), 0);
  ck_assert(!h46017_connection_want_read(p.conn));
  ck_assert(!h46017_connection_want_write(p.conn));
  ck_assert_int_eq(h46017_connection_error(p.conn), H46017_ERR_TIMEOUT);
  peer_free(&p);
  world_free(&w);
}
END_TEST

/* -- who may ----------------------------------------------------------------
 */

START_TEST(the_certificate_decides_who_registers_a_device) {
  h46017_identity right = proved(DEVICE, 1);
  h46017_identity wrong = proved("0090332f0bad", 2);
  world w;
  peer p[3];
  (void)world_init(&w, NULL, NULL);
  one_device(&w, H46017_AUTH_CERTIFICATE);
  w.device.tls_only = true;
  peer_init(&p[0], &w, &wrong);
  peer_init(&p[1], &w, NULL);
  peer_init(&p[2], &w, &right);
  ck_assert_int_eq(peer_send(&p[0], RRQ), 0);
  ck_assert(tells(&w, "gk rejected IDENTITY_MISMATCH securityDenial"));
  ck_assert_int_eq(peer_send(&p[1], RRQ), 0);
  ck_assert(tells(&w, "gk rejected TLS_REQUIRED securityDenial"));
  ck_assert_int_eq(peer_send(&p[2], RRQ), 0);
  ck_assert(tells(&w, "gk registered " DEVICE " by certificate ttl 120"));
  ck_assert_uint_eq(h46017_gatekeeper_registration_count(w.gk), 1);
  for (int i = 0; i < 3; i++) {
    peer_free(&p[i]);
  }
  world_free(&w);
}
END_TEST

/* Each name is asked about, wherever it stands; nothing is granted of a request
 * with one that is not covered. */
START_TEST(every_name_of_a_request_has_to_be_the_device_s_own) {
  static const struct {
    const char *first;
    const char *second;
    const char *told;
  } rows[] = {
      {DEVICE, "0090332f0bad", "gk rejected ALIAS_CONFLICT"},
      {"0090332f0bad", DEVICE, "gk rejected ALIAS_CONFLICT"},
      {DEVICE, DEVICE "0", "gk rejected ALIAS_CONFLICT"},
      {DEVICE "-TEL1", DEVICE, "gk registered " DEVICE "-TEL1 by certificate"},
  };

  for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
    h46017_identity right = proved(DEVICE, 1);
    h46017_ras ras = peer_rrq(1, rows[i].first, rows[i].second);
    world w;
    peer p;
    (void)world_init(&w, NULL, NULL);
    one_device(&w, H46017_AUTH_CERTIFICATE);
    peer_init(&p, &w, &right);
    ck_assert_int_eq(peer_send_ras(&p, &ras), 0);
    ck_assert_msg(tells(&w, rows[i].told), "row %zu", i);
    ck_assert_uint_eq(h46017_gatekeeper_registration_count(w.gk), i == 3);
    peer_free(&p);
    world_free(&w);
  }
}
END_TEST

START_TEST(the_same_identity_replaces_anybody_else_is_a_duplicate) {
  h46017_identity right = proved(DEVICE, 1);
  world w;
  peer p[3];
  (void)world_init(&w, NULL, NULL);
  one_device(&w, H46017_AUTH_CERTIFICATE);
  peer_init(&p[0], &w, &right);
  peer_init(&p[1], &w, &right);
  peer_init(&p[2], &w, NULL);
  ck_assert_int_eq(peer_send(&p[0], RRQ), 0);
  ck_assert_int_eq(peer_send(&p[1], RRQ), 0);
  ck_assert(tells(&w, "gk unregistered " DEVICE " REPLACED"));
  ck_assert(
      tells(&w, "gk registered " DEVICE " by certificate ttl 120 replaced"));
  ck_assert_uint_eq(h46017_gatekeeper_registration_count(w.gk), 1);
  /* The old connection is told and ends: nothing is left on it. */
  ck_assert_int_eq(peer_carry(&p[0]), 0);
  ck_assert_int_eq(strncmp(peer_last(&p[0]), "1a", 2), 0);
  ck_assert(!h46017_connection_want_read(p[0].conn));
  w.device.auth = H46017_AUTH_OPEN;
  ck_assert_int_eq(peer_send(&p[2], RRQ), 0);
  /* The holder is asked whether it lives, and does. */
  ck_assert_int_eq((int)peer_last_kind(&p[2]), (int)H46017_RAS_RIP);
  ck_assert_int_eq(peer_carry(&p[1]), 0);
  ck_assert_int_eq((int)peer_last_kind(&p[1]), (int)H46017_RAS_IRQ);
  ck_assert_int_eq(peer_send(&p[1], "62000c062003024c00"), 0); /* an XRS */
  ck_assert(tells(&w, "gk rejected DUPLICATE_ALIAS duplicateAlias"));
  ck_assert_uint_eq(h46017_gatekeeper_registration_count(w.gk), 1);
  ck_assert_ptr_eq(
      h46017_gatekeeper_find(w.gk, "00:90:33:2F:68:8A", 17)->connection,
      p[1].conn);
  for (int i = 0; i < 3; i++) {
    peer_free(&p[i]);
  }
  world_free(&w);
}
END_TEST

START_TEST(a_full_rrq_again_keeps_the_identifier) {
  world w;
  peer p;
  char identifier[64];
  const h46017_registered *reg;
  (void)world_init(&w, NULL, NULL);
  peer_init(&p, &w, NULL);
  ck_assert_int_eq(peer_send(&p, RRQ), 0);
  reg = h46017_gatekeeper_find(w.gk, DEVICE, strlen(DEVICE));
  ck_assert_ptr_nonnull(reg);
  (void)snprintf(identifier, sizeof(identifier), "%s",
                 reg->endpoint_identifier);
  ck_assert_int_eq(peer_send(&p, RRQ_AGAIN), 0);
  ck_assert_int_eq(world_count(&w, "gk registered"), 2);
  reg = h46017_gatekeeper_find(w.gk, DEVICE, strlen(DEVICE));
  ck_assert_str_eq(reg->endpoint_identifier, identifier);
  ck_assert_int_eq(world_count(&w, "gk unregistered"), 0);
  ck_assert_uint_eq(h46017_gatekeeper_registration_count(w.gk), 1);
  peer_free(&p);
  world_free(&w);
}
END_TEST

/* -- questions --------------------------------------------------------------
 */

START_TEST(a_question_may_be_answered_later) {
  const h46017_registration_answer yes = {.open = true, .time_to_live = 42};
  world w;
  peer p;
  (void)world_init(&w, NULL, NULL);
  w.answered = H46017_LATER;
  peer_init(&p, &w, NULL);
  ck_assert_int_eq(peer_send(&p, RRQ), 0);
  ck_assert_str_eq(peer_last(&p), "80050000001387"); /* RIP, 5000 ms */
  ck_assert_int_eq(peer_send(&p, RRQ), 0); /* again: one question only */
  ck_assert_int_eq(world_count(&w, "gk asked"), 1);
  ck_assert_int_eq(p.got_count, 2);
  ck_assert_int_eq(h46017_gatekeeper_answer(w.gk, w.question, &yes, w.now), 0);
  ck_assert_int_eq(peer_carry(&p), 0);
  ck_assert(tells(&w, "gk registered " DEVICE " by open ttl 42"));
  ck_assert_int_eq(strncmp(peer_last(&p), "12", 2), 0);
  ck_assert_int_eq(h46017_gatekeeper_answer(w.gk, w.question, &yes, w.now),
                   H46017_ERR_NOT_FOUND);
  peer_free(&p);
  world_free(&w);
}
END_TEST

START_TEST(a_question_nobody_answers_is_rejected_in_time) {
  const h46017_registration_answer yes = {.open = true};
  world w;
  peer p;
  (void)world_init(&w, NULL, NULL);
  w.answered = H46017_LATER;
  peer_init(&p, &w, NULL);
  ck_assert_int_eq(peer_send(&p, RRQ), 0);
  w.now += 10 * SECOND;
  ck_assert_int_eq(h46017_gatekeeper_handle_expiry(w.gk, w.now), 0);
  ck_assert(tells(&w, "gk rejected UNANSWERED resourceUnavailable"));
  ck_assert(w.dropped == w.question);
  ck_assert_int_eq(h46017_gatekeeper_answer(w.gk, w.question, &yes, w.now),
                   H46017_ERR_NOT_FOUND);
  peer_free(&p);
  world_free(&w);
}
END_TEST

START_TEST(a_question_goes_with_its_connection) {
  const h46017_registration_answer yes = {.open = true};
  world w;
  peer p;
  (void)world_init(&w, NULL, NULL);
  w.answered = H46017_LATER;
  peer_init(&p, &w, NULL);
  ck_assert_int_eq(peer_send(&p, RRQ), 0);
  ck_assert_int_eq(
      h46017_connection_transport_down(p.conn, H46017_ERR_CLOSED, w.now), 0);
  ck_assert(w.dropped == w.question);
  ck_assert_int_eq(h46017_gatekeeper_answer(w.gk, w.question, &yes, w.now),
                   H46017_ERR_NOT_FOUND);
  ck_assert_int_eq(world_count(&w, "gk registered"), 0);
  peer_free(&p);
  world_free(&w);
}
END_TEST

/* -- the edge ---------------------------------------------------------------
 */

static void call_everything(world *w, h46017_connection *c) {
  h46017_connection *other = NULL;
  ck_assert_int_eq(h46017_connection_recv(c, NULL, 0, w->now),
                   H46017_ERR_REENTRANT);
  ck_assert_int_eq(h46017_connection_ack_tx(c, 0, w->now),
                   H46017_ERR_REENTRANT);
  ck_assert_int_eq(h46017_gatekeeper_handle_expiry(w->gk, w->now),
                   H46017_ERR_REENTRANT);
  ck_assert_int_eq(h46017_connection_new(&other, w->gk, NULL, NULL, w->now),
                   H46017_ERR_REENTRANT);
  ck_assert_int_eq(h46017_connection_transport_down(c, 0, w->now),
                   H46017_ERR_REENTRANT);
  ck_assert_ptr_null(other);
}

static void delete_connection(world *w, h46017_connection *c) {
  (void)w;
  h46017_connection_del(c);
  h46017_connection_del(c); /* twice is once */
}

static void delete_gatekeeper(world *w, h46017_connection *c) {
  (void)c;
  h46017_gatekeeper_del(w->gk);
  w->gk = NULL;
}

static void close_connection(world *w, h46017_connection *c) {
  ck_assert_int_eq(h46017_connection_close(c, 0, w->now), 0);
}

static void unregister_self(world *w, h46017_connection *c) {
  (void)c;
  ck_assert_int_eq(h46017_gatekeeper_unregister(w->gk, DEVICE, strlen(DEVICE),
                                                H46017_URQ_MAINTENANCE, w->now),
                   0);
}

START_TEST(callbacks_may_do_what_is_legal_only) {
  void (*const what[])(world *, h46017_connection *) = {
      call_everything, close_connection, unregister_self, delete_connection,
      delete_gatekeeper};
  world w;
  peer p;
  (void)world_init(&w, NULL, NULL);
  w.in_registered = what[_i];
  peer_init(&p, &w, NULL);
  if (_i < 3) {
    ck_assert_int_eq(peer_send(&p, RRQ), _i == 1 ? H46017_ERR_CLOSED : 0);
    ck_assert_uint_eq(h46017_gatekeeper_registration_count(w.gk),
                      _i == 0 ? 1 : 0);
    peer_free(&p);
  } else {
    octets o = octets_hex(RRQ);
    const uint8_t *octets_out;
    size_t len;
    ck_assert_int_eq(h46017_tunnel_write_ras(p.tunnel, o.data, o.len), 0);
    len = h46017_tunnel_peek_tx(p.tunnel, &octets_out);
    (void)h46017_connection_recv(p.conn, octets_out, len, w.now);
    octets_free(&o);
    h46017_tunnel_del(p.tunnel);
  }
  world_free(&w);
}
END_TEST

START_TEST(a_peer_that_does_not_read_hurts_itself_only) {
  h46017_gatekeeper_settings s;
  world w;
  peer slow;
  peer good;
  octets o = octets_hex(RRQ);
  world_settings(&s);
  s.max_tx = 4000;
  (void)world_init(&w, &s, NULL);
  peer_init(&slow, &w, NULL);
  peer_init(&good, &w, NULL);
  for (int i = 0; i < 200 && h46017_connection_want_read(slow.conn); i++) {
    const uint8_t *out;
    size_t len;
    ck_assert_int_eq(h46017_tunnel_write_ras(slow.tunnel, o.data, o.len), 0);
    len = h46017_tunnel_peek_tx(slow.tunnel, &out);
    (void)h46017_connection_recv(slow.conn, out, len, w.now);
    ck_assert_int_eq(h46017_tunnel_ack_tx(slow.tunnel, len, w.now), 0);
  }
  ck_assert_int_eq(h46017_connection_error(slow.conn), H46017_ERR_FLOOD);
  ck_assert_int_eq(peer_send(&good, RRQ), 0);
  ck_assert_int_eq(strncmp(peer_last(&good), "12", 2), 0);
  /* It does not take the rest either: five seconds later it wants nothing. */
  ck_assert(h46017_connection_want_write(slow.conn));
  w.now += 5 * SECOND;
  ck_assert_int_eq(h46017_gatekeeper_handle_expiry(w.gk, w.now), 0);
  ck_assert(!h46017_connection_want_write(slow.conn));
  ck_assert(h46017_connection_want_read(good.conn));
  peer_free(&slow);
  peer_free(&good);
  octets_free(&o);
  world_free(&w);
}
END_TEST

START_TEST(limits_hold_at_the_limit_and_one_beyond) {
  h46017_gatekeeper_settings s;
  world w;
  peer p[3];
  h46017_connection *c = NULL;
  world_settings(&s);
  s.max_connections = 2;
  (void)world_init(&w, &s, NULL);
  peer_init(&p[0], &w, NULL);
  peer_init(&p[1], &w, NULL);
  ck_assert_int_eq(h46017_connection_new(&c, w.gk, NULL, NULL, w.now),
                   H46017_ERR_LIMIT);
  ck_assert_ptr_null(c);
  peer_free(&p[1]);
  peer_init(&p[1], &w, NULL);
  peer_free(&p[0]);
  peer_free(&p[1]);
  world_free(&w);
}
END_TEST

START_TEST(closing_says_goodbye_to_everybody) {
  world w;
  peer p;
  h46017_connection *c = NULL;
  (void)world_init(&w, NULL, NULL);
  peer_init(&p, &w, NULL);
  ck_assert_int_eq(peer_send(&p, RRQ), 0);
  ck_assert_int_eq(h46017_gatekeeper_close(w.gk, w.now), 0);
  ck_assert(tells(&w, "gk unregistered " DEVICE " SHUTDOWN"));
  ck_assert_int_eq(peer_carry(&p), 0);
  ck_assert_int_eq(strncmp(peer_last(&p), "1a", 2), 0);
  ck_assert(!h46017_connection_want_read(p.conn));
  ck_assert(!h46017_connection_want_write(p.conn));
  ck_assert_int_eq(h46017_connection_new(&c, w.gk, NULL, NULL, w.now),
                   H46017_ERR_INVALID_STATE);
  peer_free(&p);
  world_free(&w);
}
END_TEST

START_TEST(ready_hands_out_each_connection_once) {
  world w;
  peer p[2];
  h46017_connection *c;
  octets o = octets_hex(RRQ);
  int seen = 0;
  (void)world_init(&w, NULL, NULL);
  peer_init(&p[0], &w, NULL);
  peer_init(&p[1], &w, NULL);
  ck_assert(!h46017_gatekeeper_next_ready(w.gk, &c));
  for (int i = 0; i < 2; i++) {
    const uint8_t *out;
    size_t len;
    ck_assert_int_eq(h46017_tunnel_write_ras(p[i].tunnel, o.data, o.len), 0);
    len = h46017_tunnel_peek_tx(p[i].tunnel, &out);
    (void)h46017_connection_recv(p[i].conn, out, len, w.now);
  }
  while (h46017_gatekeeper_next_ready(w.gk, &c)) {
    ck_assert(c == p[0].conn || c == p[1].conn);
    ck_assert(h46017_connection_want_write(c));
    ck_assert_ptr_eq(h46017_connection_gatekeeper(c), w.gk);
    ck_assert(h46017_connection_user_data(c) == &p[0] ||
              h46017_connection_user_data(c) == &p[1]);
    seen++;
  }
  ck_assert_int_eq(seen, 2);
  octets_free(&o);
  peer_free(&p[0]);
  peer_free(&p[1]);
  world_free(&w);
}
END_TEST

static h46017_answered nobody(h46017_gatekeeper *gk, uint64_t question,
                              const h46017_registration_question *asked,
                              h46017_registration_answer *answer,
                              void *user_data) {
  (void)gk;
  (void)question;
  (void)asked;
  (void)answer;
  (void)user_data;
  return H46017_ANSWERED;
}

static int no_chance(uint8_t *dest, size_t len, void *user_data) {
  (void)user_data;
  memset(dest, 7, len);
  return 0;
}

static void see_level(h46017_log_level level, const char *line, size_t len,
                      void *user_data) {
  int *seen = user_data;
  (void)line;
  (void)len;
  *seen |= 1 << level;
}

/* a connection that speaks something else */
static void meet_a_stranger(h46017_gatekeeper *gk) {
  static const uint8_t http[] = "GET / HTTP/1.1\r\n";
  h46017_connection *c = NULL;
  ck_assert_int_eq(h46017_connection_new(&c, gk, NULL, NULL, 1), 0);
  ck_assert_int_eq(h46017_connection_recv(c, http, sizeof http - 1, 1),
                   H46017_ERR_TPKT);
  h46017_connection_del(c);
}

START_TEST(the_log_level_can_be_changed_while_it_runs) {
  h46017_gatekeeper_settings settings;
  h46017_gatekeeper_callbacks cb;
  h46017_gatekeeper *gk = NULL;
  int seen = 0;
  h46017_gatekeeper_settings_default(&settings);
  settings.log_level = H46017_LOG_ERROR;
  h46017_gatekeeper_callbacks_default(&cb);
  cb.select_device = nobody;
  cb.rand = no_chance;
  cb.log_write = see_level;
  ck_assert_int_eq(h46017_gatekeeper_new(&gk, &settings, &cb, NULL, &seen, 0),
                   0);
  meet_a_stranger(gk);
  ck_assert_int_eq(seen & 1 << H46017_LOG_WARN, 0);
  h46017_gatekeeper_set_log_level(gk, H46017_LOG_WARN);
  meet_a_stranger(gk);
  ck_assert_int_ne(seen & 1 << H46017_LOG_WARN, 0);
  seen = 0;
  h46017_gatekeeper_set_log_level(gk, H46017_LOG_ERROR);
  meet_a_stranger(gk);
  ck_assert_int_eq(seen & 1 << H46017_LOG_WARN, 0);
  h46017_gatekeeper_del(gk);
}
END_TEST

int main(void) {
  Suite *s = suite_create("gatekeeper");
  TCase *tc = tcase_create("gatekeeper");
  tcase_add_test(tc, the_rrq_of_the_books_is_confirmed);
  tcase_add_test(tc, every_request_gets_the_answer_that_there_is_for_it);
  tcase_add_test(tc, silence_is_asked_about_before_it_is_the_end);
  tcase_add_test(tc, malformed_ras_is_dropped_and_counted);
  tcase_add_test(tc, a_registration_that_is_not_refreshed_expires);
  tcase_add_test(tc, a_connection_without_a_registration_is_closed);
  tcase_add_test(tc, the_certificate_decides_who_registers_a_device);
  tcase_add_test(tc, every_name_of_a_request_has_to_be_the_device_s_own);
  tcase_add_test(tc, the_same_identity_replaces_anybody_else_is_a_duplicate);
  tcase_add_test(tc, a_full_rrq_again_keeps_the_identifier);
  tcase_add_test(tc, a_question_may_be_answered_later);
  tcase_add_test(tc, a_question_nobody_answers_is_rejected_in_time);
  tcase_add_test(tc, a_question_goes_with_its_connection);
  tcase_add_loop_test(tc, callbacks_may_do_what_is_legal_only, 0, 5);
  tcase_add_test(tc, a_peer_that_does_not_read_hurts_itself_only);
  tcase_add_test(tc, limits_hold_at_the_limit_and_one_beyond);
  tcase_add_test(tc, closing_says_goodbye_to_everybody);
  tcase_add_test(tc, ready_hands_out_each_connection_once);
  tcase_add_test(tc, the_log_level_can_be_changed_while_it_runs);
  suite_add_tcase(s, tc);
  return run_suite(s);
}
