/* SPDX-License-Identifier: BSD-2-Clause */
/* Where an endpoint goes: through its list of gatekeepers and back, and what
 * the answers and silences of one make it do. */
#include "octets.h"
#include "runner.h"
#include "world.h"

#include <check.h>
#include <string.h>

#define DEVICE "0090332f688a"
#define SECOND ((h46017_time)1000)

static bool tells(const world *w, const char *line) {
  return world_count(w, line) > 0;
}

static void init(world *w, world_line **pline, size_t gatekeepers) {
  h46017_endpoint_settings s;

  h46017_endpoint_settings_default(&s);
  s.gatekeeper_count = gatekeepers;
  (void)world_init(w, NULL, NULL);
  (void)world_add(w, pline, DEVICE, &s);
}

START_TEST(the_next_of_the_list_is_tried_when_one_is_down) {
  world w;
  world_line *line;
  init(&w, &line, 3);
  line->unreachable = 3;
  ck_assert_int_eq(world_run(&w, 10 * SECOND), 0);
  ck_assert(tells(&w, "ep0 connect 0"));
  ck_assert(tells(&w, "ep0 connect 1"));
  ck_assert(tells(&w, "ep0 connect 2"));
  ck_assert(tells(&w, "ep0 reg1 registered"));
  ck_assert_uint_eq(h46017_endpoint_gatekeeper(line->ep), 2);
  /* Lost: back to where it was registered, first of all. */
  world_forget(&w);
  world_break(&w, line);
  ck_assert_int_eq(world_run(&w, w.now + 5 * SECOND), 0);
  ck_assert(tells(&w, "ep0 connect 2"));
  ck_assert_int_eq(world_count(&w, "ep0 connect"), 1);
  world_free(&w);
}
END_TEST

START_TEST(a_preferred_gatekeeper_that_stays_back_is_gone_back_to) {
  world w;
  world_line *line;
  init(&w, &line, 3);
  line->unreachable = 3;
  ck_assert_int_eq(world_run(&w, 290 * SECOND), 0);
  ck_assert_int_eq(world_count(&w, "ep0 probe"), 0);
  ck_assert_int_eq(world_run(&w, 320 * SECOND), 0);
  ck_assert(tells(&w, "ep0 probe 0"));
  ck_assert(tells(&w, "ep0 probe 1"));
  /* Back once, gone again, back: that is not twice in a row. */
  line->unreachable = 2;
  ck_assert_int_eq(world_run(&w, 620 * SECOND), 0);
  line->unreachable = 3;
  ck_assert_int_eq(world_run(&w, 920 * SECOND), 0);
  line->unreachable = 2;
  ck_assert_int_eq(world_run(&w, 1220 * SECOND), 0);
  ck_assert_uint_eq(h46017_endpoint_gatekeeper(line->ep), 2);
  ck_assert_int_eq(world_count(&w, "ep0 reg1 registered"), 1);
  world_forget(&w);
  ck_assert_int_eq(world_run(&w, 1530 * SECOND), 0);
  ck_assert_uint_eq(h46017_endpoint_gatekeeper(line->ep), 0);
  ck_assert(tells(&w, "ep0 UP -> CLOSING"));
  ck_assert(tells(&w, "gk unregistered " DEVICE " UNREGISTERED"));
  ck_assert(tells(&w, "ep0 CLOSING -> CONNECTING"));
  ck_assert(tells(&w, "ep0 connect 0"));
  ck_assert(tells(&w, "ep0 reg1 registered"));
  /* At the first of the list there is nothing to look for. */
  world_forget(&w);
  ck_assert_int_eq(world_run(&w, 3000 * SECOND), 0);
  ck_assert_int_eq(world_count(&w, "ep0 probe"), 0);
  world_free(&w);
}
END_TEST

START_TEST(closing_while_it_moves_is_the_end) {
  world w;
  world_line *line;
  init(&w, &line, 2);
  line->unreachable = 1;
  ck_assert_int_eq(world_run(&w, 10 * SECOND), 0);
  ck_assert_int_eq(h46017_endpoint_reachable(line->ep, 1, w.now),
                   H46017_ERR_NOT_FOUND);
  ck_assert_int_eq(h46017_endpoint_reachable(line->ep, 0, w.now), 0);
  ck_assert_int_eq(h46017_endpoint_reachable(line->ep, 0, w.now), 0);
  ck_assert_int_eq((int)h46017_endpoint_get_state(line->ep),
                   (int)H46017_ENDPOINT_CLOSING);
  ck_assert_int_eq(h46017_endpoint_close(line->ep, w.now), 0);
  ck_assert_int_eq(world_run(&w, 100 * SECOND), 0);
  ck_assert_int_eq((int)h46017_endpoint_get_state(line->ep),
                   (int)H46017_ENDPOINT_IDLE);
  world_free(&w);
}
END_TEST

START_TEST(a_gatekeeper_without_room_sends_on_to_the_next) {
  world w;
  world_line *line;
  init(&w, &line, 2);
  w.refuse = H46017_ERR_LIMIT;
  ck_assert_int_eq(world_run(&w, 1500), 0);
  w.refuse = 0;
  ck_assert(tells(&w, "ep0 reg1 rejected resourceUnavailable REJECTED"));
  ck_assert_int_eq(world_run(&w, 5 * SECOND), 0);
  ck_assert(tells(&w, "ep0 connect 1"));
  ck_assert(tells(&w, "ep0 reg1 registered"));
  world_free(&w);
}
END_TEST

/* -- an endpoint whose gatekeeper is played by hand ------------------------ */

static int sent_kind(h46017_tunnel *t, const uint8_t *per, size_t len,
                     void *user_data) {
  h46017_ras_kind *last = user_data;
  uint16_t seq;
  (void)t;
  ck_assert_int_eq(h46017_ras_peek(per, len, last, &seq), 0);
  return 0;
}

typedef struct hand {
  h46017_tunnel *tunnel;
  h46017_ras_kind last;
} hand;

static void hand_init(hand *h) {
  h46017_tunnel_callbacks cb;
  h46017_tunnel_callbacks_default(&cb);
  cb.ras_received = sent_kind;
  h->last = H46017_RAS_UNKNOWN;
  ck_assert_int_eq(h46017_tunnel_new(&h->tunnel, NULL, &cb, NULL, &h->last, 0),
                   0);
}

/* Gives the endpoint a message and reads what it answers. */
static void hand_give(hand *h, world_line *line, const char *hex) {
  octets o = octets_hex(hex);
  const uint8_t *p;
  size_t len;
  ck_assert_int_eq(h46017_tunnel_write_ras(h->tunnel, o.data, o.len), 0);
  len = h46017_tunnel_peek_tx(h->tunnel, &p);
  ck_assert_int_eq(h46017_endpoint_recv(line->ep, p, len, line->w->now), 0);
  ck_assert_int_eq(h46017_tunnel_ack_tx(h->tunnel, len, line->w->now), 0);
  octets_free(&o);
  len = h46017_endpoint_peek_tx(line->ep, &p);
  ck_assert_int_eq(h46017_tunnel_recv(h->tunnel, p, len, line->w->now), 0);
  ck_assert_int_eq(h46017_endpoint_ack_tx(line->ep, len, line->w->now), 0);
}

START_TEST(requests_of_the_gatekeeper_are_answered) {
  world w;
  world_line *line;
  hand h;
  init(&w, &line, 1);
  hand_init(&h);
  ck_assert_int_eq(world_run(&w, 2 * SECOND), 0);
  /* An IRQ, seq 12. */
  hand_give(&h, line, "5600000b0000170000110000000000000000000000000000000000");
  ck_assert_int_eq((int)h.last, (int)H46017_RAS_IRR);
  /* A URQ for somebody else, seq 9. */
  hand_give(&h, line, "1a40000800060031005f0067006b1408000120");
  ck_assert_int_eq((int)h.last, (int)H46017_RAS_URJ);
  /* A DRQ: not served yet, so not understood. An XRS: nothing, ever. */
  hand_give(&h, line,
            "3e000a060031005f0067006b000102030405060708090a0b0c0d0e0f00052321"
            "001100101112131415161718191a1b1c1d1e1f0100");
  ck_assert_int_eq((int)h.last, (int)H46017_RAS_XRS);
  h.last = H46017_RAS_UNKNOWN;
  hand_give(&h, line, "62000c062003024c00");
  ck_assert_int_eq((int)h.last, (int)H46017_RAS_UNKNOWN);
  h46017_tunnel_del(h.tunnel);
  world_free(&w);
}
END_TEST

static h46017_identity tls_peer(void) {
  h46017_identity id;
  h46017_identity_default(&id);
  id.tls = true;
  return id;
}

START_TEST(a_tls_connection_that_ends_without_a_word_is_a_refused_certificate) {
  h46017_identity id = tls_peer();
  world w;
  world_line *line;
  init(&w, &line, 1);
  ck_assert_int_eq(h46017_endpoint_transport_up(line->ep, &id, w.now), 0);
  ck_assert_int_eq(
      h46017_endpoint_transport_down(line->ep, H46017_ERR_TLS_TRUNCATED, w.now),
      0);
  ck_assert(tells(&w, "ep0 backing off CERT_REFUSED_BY_PEER"));
  /* It is a matter for a person: not tried again within a good while. */
  ck_assert(h46017_endpoint_next_expiry(line->ep) > w.now + 40 * SECOND);
  world_free(&w);
}
END_TEST

START_TEST(the_end_of_the_connection_answers_a_urq) {
  world w;
  world_line *line;
  init(&w, &line, 1);
  ck_assert_int_eq(world_run(&w, 2 * SECOND), 0);
  ck_assert_int_eq(h46017_endpoint_close(line->ep, w.now), 0);
  world_break(&w, line);
  ck_assert(tells(&w, "ep0 reg1 unregistered UNREGISTERED"));
  ck_assert(tells(&w, "ep0 CLOSING -> IDLE"));
  world_free(&w);
}
END_TEST

/* One side is told that it has to go while it says that it goes: with two
 * registrations, and the connection stays for the other; with one. */
START_TEST(urqs_that_cross_are_one_end) {
  const size_t others = (size_t)_i;
  const h46017_alias name = {H46017_ALIAS_H323_ID, 0, {"other", 5}};
  h46017_registration other;
  uint32_t id;
  world w;
  world_line *line;
  init(&w, &line, 1);
  h46017_registration_default(&other);
  other.aliases = &name;
  other.alias_count = 1;
  if (others > 0) {
    ck_assert_int_eq(h46017_endpoint_add(line->ep, &other, &id, w.now), 0);
  }
  ck_assert_int_eq(world_run(&w, 2 * SECOND), 0);
  ck_assert_uint_eq(h46017_gatekeeper_registration_count(w.gk), 1 + others);
  ck_assert_int_eq(h46017_gatekeeper_unregister(w.gk, DEVICE, strlen(DEVICE),
                                                H46017_URQ_MAINTENANCE, w.now),
                   0);
  ck_assert_int_eq(h46017_endpoint_remove(line->ep, line->reg, w.now), 0);
  ck_assert_int_eq(world_run(&w, 20 * SECOND), 0);
  ck_assert_int_eq(world_count(&w, "gk unregistered " DEVICE), 1);
  ck_assert_int_eq(world_count(&w, "ep0 reg1 unregistered"), 1);
  ck_assert_int_eq(world_count(&w, "ep0 reg1 registered"), 1);
  ck_assert_uint_eq(h46017_gatekeeper_registration_count(w.gk), others);
  ck_assert_uint_eq(line->connects, 1);
  world_free(&w);
}
END_TEST

int main(void) {
  Suite *s = suite_create("endpoint_list");
  TCase *tc = tcase_create("endpoint_list");
  tcase_set_timeout(tc, 60);
  tcase_add_test(tc, the_next_of_the_list_is_tried_when_one_is_down);
  tcase_add_test(tc, a_preferred_gatekeeper_that_stays_back_is_gone_back_to);
  tcase_add_test(tc, closing_while_it_moves_is_the_end);
  tcase_add_test(tc, a_gatekeeper_without_room_sends_on_to_the_next);
  tcase_add_test(tc, requests_of_the_gatekeeper_are_answered);
  tcase_add_test(
      tc, a_tls_connection_that_ends_without_a_word_is_a_refused_certificate);
  tcase_add_test(tc, the_end_of_the_connection_answers_a_urq);
  tcase_add_loop_test(tc, urqs_that_cross_are_one_end, 0, 2);
  suite_add_tcase(s, tc);
  return run_suite(s);
}
