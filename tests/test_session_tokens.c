/* SPDX-License-Identifier: BSD-2-Clause */
/* Password tokens where they have to be: in every message of a registration,
 * both ways, of the kind that was agreed on, for whom they are meant. */
#include "octets.h"
#include "ras_sample.h"
#include "runner.h"
#include "scene.h"

#include <h46017/error.h>
#include <h46017/h235.h>

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* -- the scene ------------------------------------------------------------ */

/* What came in at the endpoint, and the latest full RRQ at the gatekeeper. */
static struct {
  size_t bare; /* at the endpoint, without an HMAC */
  size_t all;
  char recipient[64]; /* generalID of the latest HMAC */
  uint32_t rrq_kinds;
  uint32_t refusals;    /* log lines about tokens at the gatekeeper */
  uint32_t ep_refusals; /* and at the endpoint */
  size_t said;          /* messages of the endpoint */
  uint64_t arq;         /* requestSeqNum of the latest */
  uint8_t guid[16];     /* what a DRQ is about */
} tap;

/* The kinds of token in a message; `recipient` of its HMAC, if there is one. */
static uint32_t kinds_in(h46017_h225_value m, char *recipient, size_t size) {
  h46017_h225_value list = h46017_h225_get(m, "cryptoTokens");
  uint32_t kinds = h46017_h225_count(h46017_h225_get(m, "tokens")) > 0
                       ? H46017_H235_ACCESS_TOKEN
                       : 0;

  for (size_t i = 0; i < h46017_h225_count(list); i++) {
    h46017_h225_value t = h46017_h225_at(list, i);
    h46017_h225_value id = h46017_h225_get(
        t, "nestedcryptoToken.cryptoHashedToken.hashedVals.generalID");
    size_t len;
    if (h46017_h225_count(h46017_h225_get(t, "cryptoEPPwdHash")) > 0) {
      kinds |= H46017_H235_PWD_HASH;
    } else {
      kinds |= H46017_H235_HMAC;
      (void)h46017_h225_read_text(id, recipient, size, &len);
    }
  }
  return kinds;
}

static void tap_seen(world *w, bool at_gatekeeper, const uint8_t *per,
                     size_t len) {
  h46017_h225 *m = NULL;
  h46017_h225_value message;
  char recipient[64] = "";
  uint32_t kinds;

  (void)w;
  ck_assert_int_eq(h46017_h225_new(&m, NULL, NULL), 0);
  ck_assert_int_eq(h46017_h225_decode(m, h46017_h225_ras_message(), per, len),
                   0);
  message = h46017_h225_at(h46017_h225_root(m), 0);
  kinds = kinds_in(message, recipient, sizeof(recipient));
  if (!at_gatekeeper) {
    tap.all++;
    tap.bare += (kinds & H46017_H235_HMAC) == 0;
    memcpy(tap.recipient, recipient, sizeof(recipient));
  } else {
    tap.said++;
    if (strcmp(h46017_h225_value_name(message), "registrationRequest") == 0) {
      tap.rrq_kinds = kinds;
    }
  }
  (void)h46017_h225_read_uint(
      h46017_h225_get(h46017_h225_root(m), "admissionRequest.requestSeqNum"),
      &tap.arq);
  h46017_h225_del(m);
}

static bool is_refusal(const char *line) {
  return strstr(line, "[H46017-301]") != NULL ||
         strstr(line, "[H46017-320]") != NULL ||
         strstr(line, "[H46017-321]") != NULL ||
         strstr(line, "[H46017-36") != NULL;
}

static void count_refusals(h46017_log_level level, const char *line, size_t len,
                           void *user_data) {
  (void)level;
  (void)len;
  (void)user_data;
  tap.refusals += is_refusal(line);
}

static void count_ep_refusals(h46017_log_level level, const char *line,
                              size_t len, void *user_data) {
  (void)level;
  (void)len;
  (void)user_data;
  tap.ep_refusals += is_refusal(line);
}

static void tune_endpoint(h46017_endpoint_callbacks *cb) {
  cb->log_write = count_ep_refusals;
}

static void tune(h46017_gatekeeper_callbacks *cb) {
  cb->log_write = count_refusals;
}

static void scene_init(scene *s) {
  memset(&tap, 0, sizeof(tap));
  scene_settings(s);
}

/* Once the settings are as they should be: one device, registered. */
static void tokens_open(scene *s, uint32_t kinds,
                        const h46017_identity *gatekeeper) {
  world *w = &s->w;

  world_tune_gatekeeper = tune;
  ck_assert_int_eq(scene_world(s, H46017_AUTH_PASSWORD, NULL), 0);
  w->ep_kinds = kinds;
  w->seen = tap_seen;
  w->proves = gatekeeper;
  ck_assert_int_eq(world_add(w, &s->line, DEVICE, &s->ep), 0);
  ck_assert_int_eq(world_run(w, w->now + 1000), 0);
  ck_assert_int_eq(world_count(w, "gk registered " DEVICE " by password"), 1);
}

static void scene_free(scene *s) {
  world_free(&s->w);
  world_tune_gatekeeper = NULL;
  world_tune_endpoint = NULL;
}

static const h46017_registered *registered(const scene *s) {
  return h46017_gatekeeper_find(s->w.gk, DEVICE, strlen(DEVICE));
}

/* -- every message -------------------------------------------------------- */

/* RAS octets on the device's own connection, as if it had sent them, or as if
 * the gatekeeper had. */
static void push_to(scene *s, bool to_gatekeeper, const uint8_t *per,
                    size_t len) {
  h46017_tunnel *t = NULL;
  h46017_tunnel_callbacks cb;
  const uint8_t *tpkt;
  size_t n;

  h46017_tunnel_callbacks_default(&cb);
  ck_assert_int_eq(h46017_tunnel_new(&t, NULL, &cb, NULL, NULL, s->w.now), 0);
  ck_assert_int_eq(h46017_tunnel_write_ras(t, per, len), 0);
  n = h46017_tunnel_peek_tx(t, &tpkt);
  ck_assert_int_eq(
      to_gatekeeper ? h46017_connection_recv(s->line->conn, tpkt, n, s->w.now)
                    : h46017_endpoint_recv(s->line->ep, tpkt, n, s->w.now),
      0);
  h46017_tunnel_del(t);
}

static void push(scene *s, const uint8_t *per, size_t len) {
  push_to(s, true, per, len);
  ck_assert_int_eq(world_run(&s->w, s->w.now + 1), 0);
}

/* A message of this kind from the device, or from the gatekeeper: the device's
 * identifier where there is a place for one, and a keep-alive where it is an
 * RRQ. */
static size_t message_from(const scene *s, const char *sender,
                           h46017_ras_kind kind,
                           const h46017_h235_secret *secret, uint32_t random,
                           uint8_t *per, size_t cap) {
  const char *name = h46017_ras_kind_name(kind);
  octets o = octets_hex(sample_of(kind));
  h46017_h235_token t;
  h46017_h225 *m = NULL;
  char path[80];
  size_t len = 0;
  int rv;

  ck_assert_int_eq(h46017_h225_new(&m, NULL, NULL), 0);
  ck_assert_int_eq(
      h46017_h225_decode(m, h46017_h225_ras_message(), o.data, o.len), 0);
  (void)snprintf(path, sizeof(path), "%s.tokens", name);
  (void)h46017_h225_remove(m, path);
  (void)snprintf(path, sizeof(path), "%s.cryptoTokens", name);
  (void)h46017_h225_remove(m, path);
  (void)snprintf(path, sizeof(path), "%s.endpointIdentifier", name);
  rv = h46017_h225_set_text(m, path, registered(s)->endpoint_identifier,
                            strlen(registered(s)->endpoint_identifier));
  ck_assert(rv == 0 || rv == H46017_ERR_NOT_FOUND);
  (void)snprintf(path, sizeof(path), "%s.requestSeqNum", name);
  ck_assert_int_eq(h46017_h225_set_uint(m, path, 1000 + random), 0);
  if (kind == H46017_RAS_RRQ) {
    ck_assert_int_eq(
        h46017_h225_set_bool(m, "registrationRequest.keepAlive", true), 0);
  } else if (kind == H46017_RAS_DRQ) {
    ck_assert_int_eq(
        h46017_h225_set_octets(m, "disengageRequest.callIdentifier.guid",
                               tap.guid, sizeof(tap.guid)),
        0);
  }
  if (secret != NULL) {
    h46017_h235_token_default(&t);
    t.sender = text_of(sender);
    t.now = UTC + (int64_t)(s->w.now / 1000);
    t.random = random;
    ck_assert_int_eq(h46017_h235_add(m, secret, &t), 0);
  }
  ck_assert_int_eq(h46017_h235_encode(m, secret, per, cap, &len), 0);
  h46017_h225_del(m);
  octets_free(&o);
  return len;
}

static size_t message_of(const scene *s, h46017_ras_kind kind,
                         const h46017_h235_secret *secret, uint32_t random,
                         uint8_t *per, size_t cap) {
  return message_from(s, DEVICE, kind, secret, random, per, cap);
}

/* Without, with a wrong one, with the right one: the last is no better than its
 * message, but it is not about tokens any more. What answers it has a token. */
START_TEST(every_kind_of_message_needs_its_token) {
  const h46017_ras_kind kind = (h46017_ras_kind)_i;
  h46017_h235_secret *right = NULL;
  h46017_h235_secret *wrong = NULL;
  uint8_t per[1024];
  scene s;

  if (kind == H46017_RAS_GRQ) {
    return; /* before a registration, and about none */
  }
  scene_init(&s);
  tokens_open(&s, H46017_H235_HMAC, NULL);
  ck_assert_int_eq(h46017_h235_secret_new(&right, &s.crypto, "secret", 6, NULL),
                   0);
  ck_assert_int_eq(h46017_h235_secret_new(&wrong, &s.crypto, "Secret", 6, NULL),
                   0);
  push(&s, per, message_of(&s, kind, NULL, 1, per, sizeof(per)));
  ck_assert_uint_eq(tap.refusals, 1);
  push(&s, per, message_of(&s, kind, wrong, 2, per, sizeof(per)));
  ck_assert_uint_eq(tap.refusals, 2);
  ck_assert_int_eq(world_count(&s.w, "gk refreshed"), 0);
  ck_assert_ptr_nonnull(registered(&s));
  tap.all = tap.bare = 0;
  push(&s, per, message_of(&s, kind, right, 3, per, sizeof(per)));
  ck_assert_uint_eq(tap.refusals, 2);
  ck_assert_uint_eq(tap.bare, 0);
  if (kind == H46017_RAS_RRQ) {
    ck_assert_int_eq(world_count(&s.w, "gk refreshed"), 1);
  } else if (kind == H46017_RAS_URQ) {
    ck_assert_ptr_null(registered(&s));
  }
  h46017_h235_secret_del(right);
  h46017_h235_secret_del(wrong);
  scene_free(&s);
}
END_TEST

/* -- what the gatekeeper says --------------------------------------------- */

/* What is done without a token, because it can come from one who does not know
 * whose it is, or ends only what is ended already. */
static bool is_taken_from_anybody(h46017_ras_kind kind) {
  static const h46017_ras_kind kinds[] = {
      H46017_RAS_GCF,  H46017_RAS_GRJ,  H46017_RAS_RRJ, H46017_RAS_UCF,
      H46017_RAS_URJ,  H46017_RAS_ARJ,  H46017_RAS_BRJ, H46017_RAS_DCF,
      H46017_RAS_DRJ,  H46017_RAS_LCF,  H46017_RAS_LRJ, H46017_RAS_IRR,
      H46017_RAS_XRS,  H46017_RAS_RIP,  H46017_RAS_RAC, H46017_RAS_SCR,
      H46017_RAS_IACK, H46017_RAS_INAK,
  };

  for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
    if (kinds[i] == kind) {
      return true;
    }
  }
  return false;
}

/* On plain TCP anybody on the way can say anything: what asks for something, or
 * allows it, is not heard without the password, and nothing at all with a wrong
 * one. Signed it is answered, where there is an answer. */
START_TEST(every_kind_of_demand_of_the_gatekeeper_needs_its_token) {
  const h46017_ras_kind kind = (h46017_ras_kind)_i;
  const bool anybody = is_taken_from_anybody(kind);
  h46017_h235_secret *secrets[3] = {NULL, NULL, NULL}; /* none, wrong, right */
  uint8_t per[1024];
  scene s;

  scene_init(&s);
  world_tune_endpoint = tune_endpoint;
  tokens_open(&s, H46017_H235_HMAC, NULL);
  ck_assert_int_eq(
      h46017_h235_secret_new(&secrets[1], &s.crypto, "Secret", 6, NULL), 0);
  ck_assert_int_eq(
      h46017_h235_secret_new(&secrets[2], &s.crypto, "secret", 6, NULL), 0);
  for (uint32_t how = 0; how < 3; how++) {
    const size_t len = message_from(&s, "h46017", kind, secrets[how], how + 1,
                                    per, sizeof(per));
    const bool answered = how == 2 && !anybody && kind != H46017_RAS_NSM &&
                          kind != H46017_RAS_RCF && kind != H46017_RAS_ACF &&
                          kind != H46017_RAS_BCF;

    tap.ep_refusals = tap.said = 0;
    push_to(&s, false, per, len);
    ck_assert_uint_eq(tap.ep_refusals, how == 1 || (how == 0 && !anybody));
    ck_assert_int_eq(h46017_endpoint_registration_state(s.line->ep, 1) ==
                         H46017_REGISTRATION_REGISTERED,
                     kind != H46017_RAS_URQ || how != 2);
    ck_assert_int_eq(world_run(&s.w, s.w.now + 1), 0);
    ck_assert_uint_eq(tap.said, answered ? 1 : 0);
  }
  h46017_h235_secret_del(secrets[1]);
  h46017_h235_secret_del(secrets[2]);
  scene_free(&s);
}
END_TEST

/* -- several on one connection -------------------------------------------- */

static struct { int admitted, released; } calls_seen;

static int call_admitted(h46017_endpoint *ep, h46017_call *call,
                         uint32_t bandwidth, const h46017_aliases *destination,
                         void *user_data) {
  (void)ep;
  (void)call;
  (void)bandwidth;
  (void)destination;
  (void)user_data;
  calls_seen.admitted++;
  return 0;
}

static int call_released(h46017_calls *calls, h46017_call *call,
                         const h46017_call_ended *why, void *user_data) {
  (void)calls;
  (void)call;
  (void)why;
  (void)user_data;
  calls_seen.released++;
  return 0;
}

static void tune_calls(h46017_endpoint_callbacks *cb) {
  static h46017_calls_callbacks calls;
  h46017_calls_callbacks_default(&calls);
  calls.released = call_released;
  cb->calls = &calls;
  cb->call_admitted = call_admitted;
  cb->log_write = count_ep_refusals;
}

/* An ACF for the endpoint, as if the gatekeeper had sent it. */
static void admit(scene *s, uint16_t seq, const h46017_h235_secret *secret) {
  octets o = octets_hex(sample_of(H46017_RAS_ACF));
  h46017_h235_token token;
  h46017_h225 *m = NULL;
  uint8_t per[512];
  size_t len = 0;

  ck_assert_int_eq(h46017_h225_new(&m, NULL, NULL), 0);
  ck_assert_int_eq(
      h46017_h225_decode(m, h46017_h225_ras_message(), o.data, o.len), 0);
  ck_assert_int_eq(
      h46017_h225_set_uint(m, "admissionConfirm.requestSeqNum", seq), 0);
  if (secret != NULL) {
    h46017_h235_token_default(&token);
    token.sender = text_of("h46017");
    token.now = UTC + (int64_t)(s->w.now / 1000);
    token.random = 4711;
    ck_assert_int_eq(h46017_h235_add(m, secret, &token), 0);
  }
  ck_assert_int_eq(h46017_h235_encode(m, secret, per, sizeof(per), &len), 0);
  push_to(s, false, per, len);
  h46017_h225_del(m);
  octets_free(&o);
}

/* Likewise a DRQ for a call. */
static void drop(scene *s, const h46017_call *call,
                 const h46017_h235_secret *secret) {
  uint8_t per[512];

  memcpy(tap.guid, h46017_call_identifier(call), sizeof(tap.guid));
  push_to(s, false, per,
          message_from(s, "h46017", H46017_RAS_DRQ, secret, 4712, per,
                       sizeof(per)));
}

/* An ARQ has the token of the registration that calls, and so must its ACF. */
START_TEST(a_call_is_asked_for_with_its_registration_s_password) {
  const h46017_alias name = {H46017_ALIAS_H323_ID, 0, {DEVICE "-TEL2", 17}};
  const h46017_alias whom = {H46017_ALIAS_H323_ID, 0, {"whom", 4}};
  const h46017_aliases destination = {&whom, 1, true};
  h46017_h235_secret *secret = NULL;
  h46017_registration reg;
  h46017_call *call;
  uint32_t second = 0;
  uint8_t per[512];
  uint32_t refused;
  scene s;

  memset(&calls_seen, 0, sizeof(calls_seen));
  scene_init(&s);
  world_tune_endpoint = tune_calls;
  tokens_open(&s, H46017_H235_HMAC, NULL);
  h46017_registration_default(&reg);
  reg.aliases = &name;
  reg.alias_count = 1;
  reg.password = "secret";
  reg.password_len = 6;
  ck_assert_int_eq(h46017_endpoint_add(s.line->ep, &reg, &second, s.w.now), 0);
  ck_assert_int_eq(world_run(&s.w, s.w.now + 1000), 0);
  ck_assert_int_eq(world_count(&s.w, "gk registered"), 2);
  /* the gatekeeper takes it as the second's, and says yes with a token */
  ck_assert_int_eq(h46017_endpoint_call(s.line->ep, second, &destination, 640,
                                        NULL, &call, s.w.now),
                   0);
  ck_assert_int_eq(world_run(&s.w, s.w.now + 1000), 0);
  ck_assert_uint_eq(tap.refusals, 0);
  ck_assert_uint_eq(tap.bare, 0);
  ck_assert_int_eq(calls_seen.admitted, 1);
  ck_assert_int_eq(h46017_call_release(call, 16, s.w.now), 0);
  ck_assert_int_eq(world_run(&s.w, s.w.now + 1000), 0);
  ck_assert_uint_eq(tap.refusals, 0);
  /* nobody else says yes; a DRQ went out since the last ARQ */
  calls_seen.admitted = 0;
  s.line->cut = true;
  ck_assert_int_eq(h46017_endpoint_call(s.line->ep, second, &destination, 640,
                                        NULL, &call, s.w.now),
                   0);
  ck_assert_int_eq(world_run(&s.w, s.w.now + 1), 0);
  ck_assert_int_eq(
      h46017_h235_secret_new(&secret, &s.crypto, "secret", 6, NULL), 0);
  admit(&s, (uint16_t)(tap.arq + 2), NULL);
  ck_assert_int_eq(calls_seen.admitted, 0);
  admit(&s, (uint16_t)(tap.arq + 2), secret);
  ck_assert_int_eq(calls_seen.admitted, 1);
  /* nor does anybody else end it */
  drop(&s, call, NULL);
  ck_assert_uint_eq(h46017_calls_count(h46017_endpoint_calls(s.line->ep)), 1);
  drop(&s, call, secret);
  ck_assert_uint_eq(h46017_calls_count(h46017_endpoint_calls(s.line->ep)), 0);
  /* an IRQ does not say whose it is: one of them has to know its sender */
  refused = tap.ep_refusals;
  push_to(
      &s, false, per,
      message_from(&s, "h46017", H46017_RAS_IRQ, NULL, 4713, per, sizeof(per)));
  ck_assert_uint_eq(tap.ep_refusals, refused + 1);
  push_to(&s, false, per,
          message_from(&s, "h46017", H46017_RAS_IRQ, secret, 4714, per,
                       sizeof(per)));
  ck_assert_uint_eq(tap.ep_refusals, refused + 1);
  h46017_h235_secret_del(secret);
  scene_free(&s);
}
END_TEST

/* -- which ---------------------------------------------------------------- */

/* What the endpoint can make, what the gatekeeper takes: what the RRQ has where
 * the gatekeeper proves who it is, and where it does not. */
static const struct {
  uint32_t made, taken, proved, open;
} agreements[] = {
    {H46017_H235_ALL, H46017_H235_ALL, H46017_H235_HMAC, H46017_H235_HMAC},
    {H46017_H235_ALL, H46017_H235_PWD_HASH, H46017_H235_PWD_HASH,
     H46017_H235_PWD_HASH | H46017_H235_HMAC},
    {H46017_H235_ALL, H46017_H235_ACCESS_TOKEN, H46017_H235_ACCESS_TOKEN,
     H46017_H235_ACCESS_TOKEN | H46017_H235_HMAC},
    {H46017_H235_PWD_HASH | H46017_H235_ACCESS_TOKEN, H46017_H235_ALL,
     H46017_H235_PWD_HASH, H46017_H235_PWD_HASH},
    {H46017_H235_ACCESS_TOKEN, H46017_H235_ALL, H46017_H235_ACCESS_TOKEN,
     H46017_H235_ACCESS_TOKEN},
};

static const h46017_identity *tls_gatekeeper(h46017_identity *id) {
  h46017_identity_default(id);
  id->tls = true;
  id->proof = H46017_PROOF_CERTIFICATE;
  id->cn = "gk";
  id->cn_len = 2;
  return id;
}

START_TEST(grq_and_gcf_agree_on_the_token) {
  for (int proved = 0; proved < 2; proved++) {
    h46017_identity id;
    scene s;
    scene_init(&s);
    s.ep.discover = true;
    s.gk.password_kinds = agreements[_i].taken;
    tokens_open(&s, agreements[_i].made,
                proved != 0 ? tls_gatekeeper(&id) : NULL);
    ck_assert_uint_eq(tap.rrq_kinds, proved != 0 ? agreements[_i].proved
                                                 : agreements[_i].open);
    ck_assert_uint_eq(tap.refusals, 0);
    scene_free(&s);
  }
}
END_TEST

START_TEST(without_a_grq_every_token_is_sent) {
  scene s;
  scene_init(&s);
  tokens_open(&s, H46017_H235_ALL, NULL);
  ck_assert_uint_eq(tap.rrq_kinds, H46017_H235_ALL);
  scene_free(&s);
}
END_TEST

/* One that takes no passwords here, or none of these, chooses none; what the
 * endpoint sends then is what it was told to. */
START_TEST(a_gatekeeper_chooses_none_that_it_would_not_take) {
  for (int how = 0; how < 3; how++) {
    scene s;

    scene_init(&s);
    s.ep.discover = true;
    s.gk.password_over_tcp = how != 0;
    s.gk.password_kinds = how == 1 ? H46017_H235_HMAC : H46017_H235_ALL;
    s.gk.crypto = how == 2 ? NULL : s.gk.crypto;
    ck_assert_int_eq(world_init(&s.w, &s.gk, NULL), 0);
    s.w.ep_password = "secret";
    s.w.utc = s.w.ep_utc = UTC;
    s.w.ep_kinds = H46017_H235_PWD_HASH | H46017_H235_ACCESS_TOKEN;
    s.w.seen = tap_seen;
    ck_assert_int_eq(world_add(&s.w, &s.line, DEVICE, &s.ep), 0);
    ck_assert_int_eq(world_run(&s.w, s.w.now + 1000), 0);
    ck_assert_uint_eq(tap.rrq_kinds,
                      H46017_H235_PWD_HASH | H46017_H235_ACCESS_TOKEN);
    scene_free(&s);
  }
}
END_TEST

/* -- for whom ------------------------------------------------------------- */

START_TEST(our_tokens_are_for_the_identifier_or_for_the_name) {
  for (int by_name = 0; by_name < 2; by_name++) {
    scene s;
    scene_init(&s);
    s.gk.password_by_name = by_name != 0;
    tokens_open(&s, H46017_H235_HMAC, NULL);
    ck_assert_str_eq(tap.recipient, by_name != 0
                                        ? DEVICE
                                        : registered(&s)->endpoint_identifier);
    ck_assert_int_eq(world_run(&s.w, s.w.now + 100000), 0);
    ck_assert_int_gt(world_count(&s.w, "ep0 reg1 refreshed"), 0);
    ck_assert_str_eq(tap.recipient, by_name != 0
                                        ? DEVICE
                                        : registered(&s)->endpoint_identifier);
    scene_free(&s);
  }
}
END_TEST

/* -- another password ----------------------------------------------------- */

START_TEST(another_password_counts_from_the_next_full_rrq) {
  scene s;
  scene_init(&s);
  tokens_open(&s, H46017_H235_HMAC, NULL);
  ck_assert(h46017_registered_password_is(registered(&s), "secret", 6));
  ck_assert(!h46017_registered_password_is(registered(&s), "secre", 5));
  ck_assert(!h46017_registered_password_is(registered(&s), "other", 5));
  ck_assert(!h46017_registered_password_is(registered(&s), NULL, 0));
  s.w.secret = "other";
  ck_assert_int_eq(world_run(&s.w, s.w.now + 100000), 0);
  ck_assert_int_gt(world_count(&s.w, "gk refreshed"), 0);
  ck_assert_uint_eq(tap.refusals, 0);
  /* or at once, by a program that wants it so */
  ck_assert_int_eq(
      h46017_gatekeeper_unregister(s.w.gk, DEVICE, strlen(DEVICE),
                                   H46017_URQ_REREGISTRATION_REQUIRED, s.w.now),
      0);
  ck_assert_int_eq(world_run(&s.w, s.w.now + 5000), 0);
  ck_assert_int_gt(world_count(&s.w, "gk rejected PASSWORD_WRONG"), 0);
  ck_assert_ptr_null(registered(&s));
  scene_free(&s);
}
END_TEST

int main(void) {
  Suite *s = suite_create("session_tokens");
  TCase *tc = tcase_create("tokens");

  tcase_set_timeout(tc, 60);
  tcase_add_loop_test(tc, every_kind_of_message_needs_its_token, 0,
                      H46017_RAS_ACF_SEQUENCE);
  tcase_add_loop_test(tc,
                      every_kind_of_demand_of_the_gatekeeper_needs_its_token, 0,
                      H46017_RAS_ACF_SEQUENCE);
  tcase_add_test(tc, a_call_is_asked_for_with_its_registration_s_password);
  tcase_add_loop_test(tc, grq_and_gcf_agree_on_the_token, 0,
                      sizeof(agreements) / sizeof(agreements[0]));
  tcase_add_test(tc, without_a_grq_every_token_is_sent);
  tcase_add_test(tc, a_gatekeeper_chooses_none_that_it_would_not_take);
  tcase_add_test(tc, our_tokens_are_for_the_identifier_or_for_the_name);
  tcase_add_test(tc, another_password_counts_from_the_next_full_rrq);
  suite_add_tcase(s, tc);
  return run_suite(s);
}
