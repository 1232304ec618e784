/* SPDX-License-Identifier: BSD-2-Clause */
/* An endpoint whose program acts inside callbacks, and whose peer does not take
 * what it is sent. */
#include "runner.h"

#include <h46017/h46017.h>

#include <check.h>
#include <stdlib.h>
#include <string.h>

#define SECOND ((h46017_time)1000)

typedef struct phone {
  h46017_endpoint *ep;
  h46017_tunnel *gk; /* what the gatekeeper's end reads */
  h46017_ras_kind kinds[16];
  uint16_t seqs[16];
  int got;
  uint32_t second;
  bool delete_in_log;
  int watched;
  void (*in_building)(struct phone *p, h46017_ras_kind kind);
} phone;

static int on_connect(h46017_endpoint *ep, size_t index, void *user_data) {
  (void)ep;
  (void)index;
  (void)user_data;
  return 0;
}

static int on_rand(uint8_t *dest, size_t len, void *user_data) {
  (void)user_data;
  memset(dest, 7, len);
  return 0;
}

static int on_building(h46017_endpoint *ep, h46017_h225 *msg,
                       h46017_ras_kind kind, void *user_data) {
  phone *p = user_data;
  void (*act)(phone *, h46017_ras_kind) = p->in_building;

  (void)ep;
  (void)msg;
  p->in_building = NULL;
  if (act != NULL) {
    act(p, kind);
  }
  return 0;
}

static void on_trace(const h46017_trace_event *ev, void *user_data) {
  phone *p = user_data;

  if (p->ep != NULL) { /* a watcher may only look */
    ck_assert_int_eq(h46017_endpoint_close(p->ep, 0), H46017_ERR_REENTRANT);
    ck_assert_int_eq(h46017_endpoint_remove(p->ep, 1, 0), H46017_ERR_REENTRANT);
    p->watched++;
  }
  if (p->delete_in_log && ev->kind == H46017_TRACE_PDU_SENT) {
    p->delete_in_log = false;
    h46017_endpoint_del(p->ep);
  }
}

static int gk_ras(h46017_tunnel *t, const uint8_t *per, size_t len,
                  void *user_data) {
  phone *p = user_data;

  (void)t;
  ck_assert_int_lt(p->got, 16);
  ck_assert_int_eq(
      h46017_ras_peek(per, len, &p->kinds[p->got], &p->seqs[p->got]), 0);
  p->got++;
  return 0;
}

static h46017_registration registration(const char *name) {
  static h46017_alias alias;
  h46017_registration reg;

  alias = (h46017_alias){H46017_ALIAS_H323_ID, 0, {name, strlen(name)}};
  h46017_registration_default(&reg);
  reg.aliases = &alias;
  reg.alias_count = 1;
  return reg;
}

static void phone_up(phone *p, const h46017_endpoint_settings *s) {
  h46017_registration reg = registration("one");
  h46017_endpoint_callbacks cb;
  h46017_tunnel_callbacks gcb;

  h46017_endpoint_callbacks_default(&cb);
  cb.connect = on_connect;
  cb.rand = on_rand;
  cb.ras_building = on_building;
  cb.trace = on_trace;
  ck_assert_int_eq(h46017_endpoint_new(&p->ep, s, &cb, NULL, p, 0), 0);
  h46017_tunnel_callbacks_default(&gcb);
  gcb.ras_received = gk_ras;
  ck_assert_int_eq(h46017_tunnel_new(&p->gk, NULL, &gcb, NULL, p, 0), 0);
  ck_assert_int_eq(h46017_endpoint_add(p->ep, &reg, NULL, 0), 0);
  ck_assert_int_eq(h46017_endpoint_start(p->ep, 0), 0);
  ck_assert_int_eq(h46017_endpoint_transport_up(p->ep, NULL, 0), 0);
}

static void phone_carry(phone *p) {
  const uint8_t *octets;
  size_t len = h46017_endpoint_peek_tx(p->ep, &octets);

  ck_assert_int_eq(h46017_tunnel_recv(p->gk, octets, len, 0), 0);
  ck_assert_int_eq(h46017_endpoint_ack_tx(p->ep, len, 0), 0);
}

static void phone_free(phone *p) {
  h46017_endpoint_del(p->ep);
  h46017_tunnel_del(p->gk);
}

static void add_second(phone *p, h46017_ras_kind kind) {
  h46017_registration reg = registration("two");

  ck_assert_int_eq((int)kind, (int)H46017_RAS_RRQ);
  ck_assert_int_eq(h46017_endpoint_add(p->ep, &reg, &p->second, 0), 0);
}

START_TEST(what_ras_building_sends_does_not_disturb_what_is_built) {
  phone p = {.in_building = add_second};

  phone_up(&p, NULL);
  phone_carry(&p);
  ck_assert_int_eq(p.got, 2);
  ck_assert_int_gt(p.watched, 4);
  ck_assert_int_eq((int)p.kinds[0], (int)H46017_RAS_RRQ);
  ck_assert_int_eq((int)p.kinds[1], (int)H46017_RAS_RRQ);
  ck_assert_uint_ne(p.seqs[0], p.seqs[1]);
  phone_free(&p);
}
END_TEST

START_TEST(del_while_signalling_is_written_is_carried_out) {
  static const uint8_t setup[] = {8, 2, 0, 1, 5};
  phone p = {.ep = NULL};

  phone_up(&p, NULL);
  p.delete_in_log = true;
  ck_assert_int_eq(
      h46017_endpoint_write_signalling(p.ep, setup, sizeof(setup), 0), 0);
  p.ep = NULL; /* a leak, if it is not gone */
  phone_free(&p);
}
END_TEST

START_TEST(a_peer_that_takes_nothing_does_not_hold_the_end_up) {
  h46017_time now = 0;
  phone p = {.ep = NULL};

  phone_up(&p, NULL);
  /* Nothing is taken, nothing answered: the RRQ times out, and a little later
   * the rest is given up. */
  while (h46017_endpoint_want_read(p.ep)) {
    now += SECOND;
    ck_assert_int_lt((int)now, 20000);
    ck_assert_int_eq(h46017_endpoint_handle_expiry(p.ep, now), 0);
  }
  ck_assert(h46017_endpoint_want_write(p.ep));
  ck_assert(h46017_endpoint_next_expiry(p.ep) <= now + 5 * SECOND);
  ck_assert_int_eq(h46017_endpoint_handle_expiry(p.ep, now + 5 * SECOND), 0);
  ck_assert(!h46017_endpoint_want_write(p.ep));
  ck_assert_int_eq(h46017_endpoint_transport_down(p.ep, 0, now + 6 * SECOND),
                   0);
  ck_assert_int_eq((int)h46017_endpoint_get_state(p.ep),
                   (int)H46017_ENDPOINT_BACKOFF);
  phone_free(&p);
}
END_TEST

START_TEST(never_is_no_time_to_wait_for) {
  phone p = {.ep = NULL};

  phone_up(&p, NULL);
  ck_assert_int_eq(h46017_endpoint_handle_expiry(p.ep, H46017_TIME_NEVER), 0);
  ck_assert_int_eq(h46017_endpoint_error(p.ep), H46017_ERR_TIMEOUT);
  phone_free(&p);
}
END_TEST

int main(void) {
  Suite *s = suite_create("endpoint_nested");
  TCase *tc = tcase_create("endpoint_nested");
  tcase_add_test(tc, what_ras_building_sends_does_not_disturb_what_is_built);
  tcase_add_test(tc, del_while_signalling_is_written_is_carried_out);
  tcase_add_test(tc, a_peer_that_takes_nothing_does_not_hold_the_end_up);
  tcase_add_test(tc, never_is_no_time_to_wait_for);
  suite_add_tcase(s, tc);
  return run_suite(s);
}
