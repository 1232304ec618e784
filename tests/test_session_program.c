/* SPDX-License-Identifier: BSD-2-Clause */
/* What a program adds to the messages a session builds, reads in those that
 * come, and vetoes; on both sides. */
#include "runner.h"

#include <h46017/h46017.h>

#include <check.h>
#include <stdlib.h>
#include <string.h>

#define DEVICE "0090332f688a"

typedef struct sides {
  h46017_gatekeeper *gk;
  h46017_connection *conn;
  h46017_endpoint *ep;
  int veto;         /* what the gatekeeper's program says of an RRQ */
  int ignore;       /* what the endpoint's says of an RCF */
  uint64_t feature; /* read by the gatekeeper's program */
  char data[16];    /* read by the endpoint's, nonStandardData of the RCF */
  int registered;
  int rejected_code;
  h46017_rrj_reason rejected;
} sides;

static int give_random(uint8_t *dest, size_t len, void *user_data) {
  (void)user_data;
  memset(dest, 7, len);
  return 0;
}

/* -- the endpoint's program --------------------------------------------------
 */

static int connect_nothing(h46017_endpoint *ep, size_t index, void *user_data) {
  (void)ep;
  (void)index;
  (void)user_data;
  return 0;
}

/* An RRQ that says it can H.460.17, by a featureSet. */
static int ep_building(h46017_endpoint *ep, h46017_h225 *msg,
                       h46017_ras_kind kind, void *user_data) {
  (void)ep;
  (void)user_data;
  if (kind != H46017_RAS_RRQ) {
    return 0;
  }
#define FEATURES "registrationRequest.featureSet."
  ck_assert_int_eq(
      h46017_h225_set_bool(msg, FEATURES "replacementFeatureSet", false), 0);
  ck_assert_int_eq(h46017_h225_set_uint(
                       msg, FEATURES "supportedFeatures[0].id.standard", 17),
                   0);
  return 0;
}

static int ep_received(h46017_endpoint *ep, h46017_h225 *msg,
                       const h46017_ras *ras, const uint8_t *per, size_t len,
                       void *user_data) {
  sides *s = user_data;
  const uint8_t *data;
  size_t n;
  (void)ep;
  ck_assert_uint_gt(len, 0);
  ck_assert_ptr_nonnull(per);
  if (ras->kind != H46017_RAS_RCF) {
    return 0;
  }
  if (h46017_h225_read_octets(
          h46017_h225_get(h46017_h225_root(msg),
                          "registrationConfirm.nonStandardData.data"),
          &data, &n) == 0) {
    ck_assert_uint_lt(n, sizeof(s->data));
    memcpy(s->data, data, n);
  }
  return s->ignore;
}

static int ep_registered(h46017_endpoint *ep, uint32_t id,
                         const h46017_ras *rcf, void *user_data) {
  sides *s = user_data;
  (void)ep;
  (void)id;
  (void)rcf;
  s->registered++;
  return 0;
}

static int ep_rejected(h46017_endpoint *ep, uint32_t id, const h46017_ras *rrj,
                       int code, void *user_data) {
  sides *s = user_data;
  (void)ep;
  (void)id;
  (void)code;
  s->rejected = rrj->u.rrj.reason;
  return 0;
}

/* -- the gatekeeper's program ------------------------------------------------
 */

static h46017_answered let_in(h46017_gatekeeper *gk, uint64_t question,
                              const h46017_registration_question *asked,
                              h46017_registration_answer *answer,
                              void *user_data) {
  (void)gk;
  (void)question;
  (void)asked;
  (void)user_data;
  answer->open = true;
  return H46017_ANSWERED;
}

static int gk_received(h46017_gatekeeper *gk, h46017_connection *c,
                       h46017_h225 *msg, const h46017_ras *ras,
                       const uint8_t *per, size_t len, void *user_data) {
  sides *s = user_data;
  (void)gk;
  (void)c;
  (void)per;
  (void)len;
  if (ras->kind != H46017_RAS_RRQ) {
    return 0;
  }
  ck_assert_int_eq(
      h46017_h225_read_uint(h46017_h225_get(h46017_h225_root(msg), FEATURES
                                            "supportedFeatures[0].id.standard"),
                            &s->feature),
      0);
  return s->veto;
}

/* An RCF with something of the vendor's own. */
static int gk_building(h46017_gatekeeper *gk, h46017_connection *c,
                       h46017_h225 *msg, h46017_ras_kind kind,
                       void *user_data) {
  (void)gk;
  (void)c;
  (void)user_data;
  if (kind != H46017_RAS_RCF) {
    return 0;
  }
#define NONSTANDARD "registrationConfirm.nonStandardData."
#define H221 NONSTANDARD "nonStandardIdentifier.h221NonStandard."
  ck_assert_int_eq(h46017_h225_set_uint(msg, H221 "t35CountryCode", 181), 0);
  ck_assert_int_eq(h46017_h225_set_uint(msg, H221 "t35Extension", 0), 0);
  ck_assert_int_eq(h46017_h225_set_uint(msg, H221 "manufacturerCode", 21324),
                   0);
  ck_assert_int_eq(h46017_h225_set_octets(msg, NONSTANDARD "data",
                                          (const uint8_t *)"hello", 5),
                   0);
  return 0;
}

static int gk_rejected(h46017_gatekeeper *gk, h46017_connection *c,
                       const h46017_rrq *rrq, int code,
                       h46017_rrj_reason reason, void *user_data) {
  sides *s = user_data;
  (void)gk;
  (void)c;
  (void)rrq;
  (void)reason;
  s->rejected_code = code;
  return 0;
}

/* -- both --------------------------------------------------------------------
 */

static void sides_init(sides *s) {
  const h46017_alias alias = {
      H46017_ALIAS_H323_ID, 0, {DEVICE, strlen(DEVICE)}};
  h46017_endpoint_callbacks ep;
  h46017_gatekeeper_callbacks gk;
  h46017_registration reg;

  memset(s, 0, sizeof(*s));
  s->rejected = H46017_RRJ_UNKNOWN;
  h46017_gatekeeper_callbacks_default(&gk);
  gk.select_device = let_in;
  gk.rand = give_random;
  gk.ras_received = gk_received;
  gk.ras_building = gk_building;
  gk.rejected = gk_rejected;
  ck_assert_int_eq(h46017_gatekeeper_new(&s->gk, NULL, &gk, NULL, s, 0), 0);
  ck_assert_int_eq(h46017_connection_new(&s->conn, s->gk, NULL, NULL, 0), 0);
  h46017_endpoint_callbacks_default(&ep);
  ep.connect = connect_nothing;
  ep.rand = give_random;
  ep.ras_received = ep_received;
  ep.ras_building = ep_building;
  ep.registered = ep_registered;
  ep.rejected = ep_rejected;
  ck_assert_int_eq(h46017_endpoint_new(&s->ep, NULL, &ep, NULL, s, 0), 0);
  h46017_registration_default(&reg);
  reg.aliases = &alias;
  reg.alias_count = 1;
  ck_assert_int_eq(h46017_endpoint_add(s->ep, &reg, NULL, 0), 0);
  ck_assert_int_eq(h46017_endpoint_start(s->ep, 0), 0);
  ck_assert_int_eq(h46017_endpoint_transport_up(s->ep, NULL, 0), 0);
}

/* The RRQ there, the answer back. */
static void sides_exchange(sides *s) {
  const uint8_t *p;
  size_t len = h46017_endpoint_peek_tx(s->ep, &p);
  ck_assert_int_eq(h46017_connection_recv(s->conn, p, len, 0), 0);
  ck_assert_int_eq(h46017_endpoint_ack_tx(s->ep, len, 0), 0);
  len = h46017_connection_peek_tx(s->conn, &p);
  ck_assert_int_eq(h46017_endpoint_recv(s->ep, p, len, 0), 0);
  ck_assert_int_eq(h46017_connection_ack_tx(s->conn, len, 0), 0);
}

static void sides_free(sides *s) {
  h46017_endpoint_del(s->ep);
  h46017_gatekeeper_del(s->gk);
}

START_TEST(what_a_program_adds_is_read_on_the_other_side) {
  sides s;
  sides_init(&s);
  sides_exchange(&s);
  ck_assert_int_eq(s.registered, 1);
  ck_assert_uint_eq(s.feature, 17);
  ck_assert_str_eq(s.data, "hello");
  sides_free(&s);
}
END_TEST

START_TEST(the_gatekeeper_s_program_may_refuse_with_a_reason) {
  static const struct {
    int veto;
    h46017_rrj_reason reason;
  } rows[] = {
      {H46017_ERR_REFUSED, H46017_RRJ_SECURITY_DENIAL},
      {H46017_ERR_LIMIT, H46017_RRJ_RESOURCE_UNAVAILABLE},
      {H46017_ERR_ALIAS_INVALID, H46017_RRJ_INVALID_ALIAS},
  };
  sides s;
  sides_init(&s);
  s.veto = rows[_i].veto;
  sides_exchange(&s);
  ck_assert_int_eq(s.registered, 0);
  ck_assert_int_eq(s.rejected_code, rows[_i].veto);
  ck_assert_int_eq((int)s.rejected, (int)rows[_i].reason);
  ck_assert(h46017_connection_want_read(s.conn));
  ck_assert_uint_eq(h46017_gatekeeper_registration_count(s.gk), 0);
  sides_free(&s);
}
END_TEST

START_TEST(the_endpoint_s_program_may_have_a_message_ignored) {
  sides s;
  sides_init(&s);
  s.ignore = H46017_ERR_REFUSED;
  sides_exchange(&s);
  ck_assert_int_eq(s.registered, 0);
  ck_assert(h46017_endpoint_want_read(s.ep));
  sides_free(&s);
}
END_TEST

int main(void) {
  Suite *s = suite_create("session_program");
  TCase *tc = tcase_create("session_program");
  tcase_add_test(tc, what_a_program_adds_is_read_on_the_other_side);
  tcase_add_loop_test(tc, the_gatekeeper_s_program_may_refuse_with_a_reason, 0,
                      3);
  tcase_add_test(tc, the_endpoint_s_program_may_have_a_message_ignored);
  suite_add_tcase(s, tc);
  return run_suite(s);
}
