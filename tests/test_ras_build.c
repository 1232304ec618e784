/* SPDX-License-Identifier: BSD-2-Clause */
#include "asn1/ras_address.h"
#include "failmem.h"
#include "octets.h"
#include "ras_sample.h"
#include "runner.h"

#include <h46017/error.h>
#include <h46017/ras.h>

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* -- helpers ----------------------------------------------------------------
 */

/* Builds, encodes and compares. */
static void assert_builds(const h46017_ras *ras, const char *hex) {
  octets expected = octets_hex(hex);
  uint8_t buf[512];
  h46017_h225 *m;
  size_t len = 0;

  ck_assert_int_eq(h46017_h225_new(&m, NULL, NULL), 0);
  ck_assert_int_eq(h46017_ras_build(m, ras), 0);
  ck_assert_int_eq(h46017_h225_encode(m, buf, sizeof(buf), &len), 0);
  ck_assert_uint_eq(len, expected.len);
  ck_assert_mem_eq(buf, expected.data, len);
  h46017_h225_del(m);
  octets_free(&expected);
}

static int build_error(const h46017_ras *ras) {
  h46017_h225 *m;
  int rv;

  ck_assert_int_eq(h46017_h225_new(&m, NULL, NULL), 0);
  rv = h46017_ras_build(m, ras);
  h46017_h225_del(m);
  return rv;
}

/* -- messages ---------------------------------------------------------------
 */

/* Refused unregistrations by hand: 0 01000 0 0, requestSeqNum, the reason. */
static const char *const documented[] = {
    FULL_RRQ,
    LIGHT_RRQ,
    RCF,
    RRJ("00"),           /* discoveryRequired */
    RRJ("70"),           /* transportNotSupported */
    RRJ("4000"),         /* duplicateAlias, naming none */
    RRJ("400101004560"), /* duplicateAlias: dialledDigits 123 */
    RRJ("830100"),       /* securityDenial */
    RRJ("840100"),       /* fullRegistrationRequired */
    RRJ("860100"),       /* invalidTerminalAliases */
    RRJ("8a0100"),       /* registerWithAssignedGK */
    URQ,
    UCF,
    "20000800",     /* notCurrentlyRegistered */
    "20000820",     /* callInProgress */
    "200008800100", /* permissionDenied */
    RIP,
    XRS,
};

START_TEST(documented_octets_are_viewed_and_built_again) {
  h46017_ras ras;
  sample s = view_hex(documented[_i], &ras);

  assert_builds(&ras, documented[_i]);
  sample_free(&s);
}
END_TEST

START_TEST(other_kinds_are_not_built) {
  h46017_ras ras = ras_of((h46017_ras_kind)_i, 1);
  bool built = false;

  switch (_i) {
  case H46017_RAS_RRQ:
  case H46017_RAS_RCF:
  case H46017_RAS_RRJ:
  case H46017_RAS_URQ:
  case H46017_RAS_UCF:
  case H46017_RAS_URJ:
  case H46017_RAS_XRS:
    built = true;
    break;
  case H46017_RAS_RIP:
    ras.u.rip.delay = 1;
    built = true;
    break;
  default:
    break;
  }
  ck_assert_int_eq(build_error(&ras), built ? 0 : H46017_ERR_INVALID_ARGUMENT);
}
END_TEST

/* -- aliases ----------------------------------------------------------------
 */

/* Each kind of alias in a duplicateAlias list. */
#define EVERY_ALIAS                                                            \
  RRJ("4006"                                                                   \
      "04803456789abc"                                                         \
      "40000061"                                                               \
      "800a0007683332333a614062"                                               \
      "82050002614062"                                                         \
      "830400044560"                                                           \
      "8107000a00000106b8")

START_TEST(an_alias_of_every_type_is_viewed_and_built) {
  static const struct {
    h46017_alias_type type;
    const char *text;
  } expected[] = {
      {H46017_ALIAS_DIALLED_DIGITS, "0123456789"},
      {H46017_ALIAS_H323_ID, "a"},
      {H46017_ALIAS_URL_ID, "h323:a@b"},
      {H46017_ALIAS_EMAIL_ID, "a@b"},
      {H46017_ALIAS_PARTY_NUMBER, "123"},
      {H46017_ALIAS_TRANSPORT_ID, "10.0.0.1:1720"},
  };
  h46017_ras ras;
  sample s = view_hex(EVERY_ALIAS, &ras);

  ck_assert_uint_eq(ras.u.rrj.duplicate_alias.count, 6);
  for (size_t i = 0; i < 6; i++) {
    const h46017_alias *alias = &ras.u.rrj.duplicate_alias.list[i];
    ck_assert_int_eq(alias->type, expected[i].type);
    ck_assert_int_eq(alias->subtype, 0);
    assert_text(alias->text, expected[i].text);
  }
  assert_builds(&ras, EVERY_ALIAS);
  sample_free(&s);
}
END_TEST

/* Builds an RRJ with one alias, encodes, decodes and views it again. */
static void assert_alias_survives(const h46017_alias *alias) {
  h46017_ras in = ras_of(H46017_RAS_RRJ, 1), out;
  uint8_t buf[1200];
  h46017_h225 *m;
  size_t len = 0;

  in.u.rrj.reason = H46017_RRJ_DUPLICATE_ALIAS;
  in.u.rrj.duplicate_alias.list = alias;
  in.u.rrj.duplicate_alias.count = 1;
  in.u.rrj.duplicate_alias.present = true;
  ck_assert_int_eq(h46017_h225_new(&m, NULL, NULL), 0);
  ck_assert_int_eq(h46017_ras_build(m, &in), 0);
  ck_assert_int_eq(h46017_h225_encode(m, buf, sizeof(buf), &len), 0);
  ck_assert_int_eq(h46017_h225_decode(m, h46017_h225_ras_message(), buf, len),
                   0);
  ck_assert_int_eq(h46017_ras_view(m, &out), 0);
  ck_assert_uint_eq(out.u.rrj.duplicate_alias.count, 1);
  ck_assert_int_eq(out.u.rrj.duplicate_alias.list[0].type, alias->type);
  ck_assert_int_eq(out.u.rrj.duplicate_alias.list[0].subtype, alias->subtype);
  assert_text(out.u.rrj.duplicate_alias.list[0].text, alias->text.text);
  h46017_h225_del(m);
}

START_TEST(every_kind_of_party_number_survives) {
  static const struct {
    int kind, types;
  } numbers[] = {{0, 6}, {1, 1}, {2, 1}, {3, 6}, {4, 1}};
  h46017_alias alias = {H46017_ALIAS_PARTY_NUMBER, 0, {"#*,0123456789", 13}};
  h46017_aliases list = {&alias, 1, true};
  h46017_ras ras = ras_of(H46017_RAS_RRQ, 1);

  ras.u.rrq.terminal_alias = list;
  for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
    for (int type = 0; type < numbers[i].types; type++) {
      alias.subtype = numbers[i].kind * 256 + type;
      assert_alias_survives(&alias);
    }
    alias.subtype = numbers[i].kind * 256 + numbers[i].types;
    ck_assert_int_eq(build_error(&ras), H46017_ERR_OUT_OF_RANGE);
  }
  alias.subtype = 5 * 256;
  ck_assert_int_eq(build_error(&ras), H46017_ERR_OUT_OF_RANGE);
  alias.subtype = -1;
  ck_assert_int_eq(build_error(&ras), H46017_ERR_OUT_OF_RANGE);
}
END_TEST

START_TEST(names_beyond_ascii_and_at_their_longest_survive) {
  static char longest[513];
  h46017_alias alias = {H46017_ALIAS_H323_ID, 0, {NULL, 0}};

  alias.text = text_of("Z\xc3\xbcrich \xe5\x8f\xb0 \xf0\x9f\x93\x9e");
  assert_alias_survives(&alias);
  memset(longest, 'x', 512);
  alias.text.text = longest;
  alias.text.len = 512;
  alias.type = H46017_ALIAS_URL_ID;
  assert_alias_survives(&alias);
  longest[256] = '\0';
  alias.text.len = 256;
  alias.type = H46017_ALIAS_H323_ID;
  assert_alias_survives(&alias);
}
END_TEST

START_TEST(addresses_are_text) {
  static const struct {
    const char *text;
    uint8_t ip[16];
    size_t iplen;
    uint16_t port;
  } good[] = {
      {"0.0.0.0:0", {0}, 4, 0},
      {"255.255.255.255:65535", {255, 255, 255, 255}, 4, 65535},
      {"[::]:1720", {0}, 16, 1720},
      {"[::1]:1", {[15] = 1}, 16, 1},
      {"[1::]:1", {[1] = 1}, 16, 1},
      {"[2001:db8::1]:1300", {0x20, 1, 0x0d, 0xb8, [15] = 1}, 16, 1300},
      {"[1:0:2::3]:5", {0, 1, 0, 0, 0, 2, [15] = 3}, 16, 5},
      /* one group alone is not shortened, the first of equal runs is */
      {"[1:0:2:3:4:5:6:7]:5",
       {0, 1, 0, 0, 0, 2, 0, 3, 0, 4, 0, 5, 0, 6, 0, 7},
       16,
       5},
      {"[1::2:3:0:0:4]:5", {0, 1, [7] = 2, [9] = 3, [15] = 4}, 16, 5},
      {"[fe80:1:2:3:4:5:6:abcd]:5",
       {0xfe, 0x80, 0, 1, 0, 2, 0, 3, 0, 4, 0, 5, 0, 6, 0xab, 0xcd},
       16,
       5},
      {"[ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff]:65535",
       {255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255,
        255, 255},
       16,
       65535},
  };
  static const char *const bad[] = {"",
                                    "1.2.3.4",
                                    "1.2.3:5",
                                    "1.2.3.4.5:6",
                                    "1.2.3.256:1",
                                    "1.2.3.04:1",
                                    "1.2.3.4:",
                                    "1.2.3.4:65536",
                                    "1.2.3.4:1 ",
                                    "1.2.3.4:-1",
                                    "[::1]",
                                    "[::1:5",
                                    "[::1]1",
                                    "[:1]:1",
                                    "[1:]:1",
                                    "[1::2::3]:1",
                                    "[12345::]:1",
                                    "[1:2:3:4:5:6:7]:1",
                                    "[:::]:1",
                                    "[1:2:3:4:5:6:7:8:9]:1",
                                    "[1:2:3:4:5:6:7:8::]:1",
                                    "[g::]:1",
                                    "host:1720"};
  char text[H46017_RAS_ADDRESS_SIZE];
  uint8_t ip[16];
  uint16_t port;
  size_t len;

  for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
    len = h46017_ras_address_format(text, good[i].ip, good[i].iplen,
                                    good[i].port);
    ck_assert_str_eq(text, good[i].text);
    ck_assert_uint_eq(len, strlen(text));
    ck_assert_int_eq(h46017_ras_address_parse(text, len, ip, &len, &port), 0);
    ck_assert_uint_eq(len, good[i].iplen);
    ck_assert_mem_eq(ip, good[i].ip, len);
    ck_assert_uint_eq(port, good[i].port);
  }
  for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
    uint8_t *copy = octets_exact((const uint8_t *)bad[i], strlen(bad[i]));
    ck_assert_msg(h46017_ras_address_parse((const char *)copy, strlen(bad[i]),
                                           ip, &len,
                                           &port) == H46017_ERR_OUT_OF_RANGE,
                  "%s", bad[i]);
    free(copy);
  }
}
END_TEST

START_TEST(a_v6_transport_id_survives) {
  h46017_alias alias = {H46017_ALIAS_TRANSPORT_ID, 0, {NULL, 0}};

  alias.text = text_of("[2001:db8::1]:1300");
  assert_alias_survives(&alias);
}
END_TEST

/* What is not valid text on the wire has none in the view, and the messages
 * stay usable. */
START_TEST(invalid_text_is_no_text) {
  static const char *const messages[] = {
      RRJ("40014000d800"),   /* h323-ID: an unpaired surrogate */
      RRJ("400140000000"),   /* h323-ID: U+0000 */
      RRJ("40018003000000"), /* url-ID: NUL */
      RRJ("40018203000000"), /* email-ID: NUL */
  };
  static const h46017_alias_type types[] = {
      H46017_ALIAS_H323_ID, H46017_ALIAS_H323_ID, H46017_ALIAS_URL_ID,
      H46017_ALIAS_EMAIL_ID};
  h46017_ras ras;

  for (size_t i = 0; i < 4; i++) {
    sample s = view_hex(messages[i], &ras);
    ck_assert_uint_eq(ras.u.rrj.duplicate_alias.count, 1);
    ck_assert_int_eq(ras.u.rrj.duplicate_alias.list[0].type, types[i]);
    assert_no_text(ras.u.rrj.duplicate_alias.list[0].text);
    sample_free(&s);
  }
}
END_TEST

START_TEST(aliases_without_text_are_typed) {
  h46017_ras ras;
  /* mobileUIM with an empty GSM-UIM, isupNumber dataPartyNumber "1", then an
   * alternative of a later version */
  sample s = view_hex(RRJ("4003"
                          "84024000"
                          "8503100010"
                          "890100"),
                      &ras);
  const h46017_aliases *list = &ras.u.rrj.duplicate_alias;

  ck_assert_uint_eq(list->count, 3);
  ck_assert_int_eq(list->list[0].type, H46017_ALIAS_MOBILE_UIM);
  ck_assert_int_eq(list->list[1].type, H46017_ALIAS_ISUP_NUMBER);
  ck_assert_int_eq(list->list[2].type, H46017_ALIAS_UNKNOWN);
  for (size_t i = 0; i < 3; i++) {
    assert_no_text(list->list[i].text);
  }
  ck_assert_int_eq(build_error(&ras), H46017_ERR_INVALID_ARGUMENT);
  sample_free(&s);
}
END_TEST

/* -- building ---------------------------------------------------------------
 */

static const h46017_alias phone_alias = {
    H46017_ALIAS_H323_ID, 0, {"0090332f688a", 12}};
static const h46017_aliases phone = {&phone_alias, 1, true};

START_TEST(the_version_is_7_unless_said) {
  h46017_ras ras = ras_of(H46017_RAS_RRJ, 2);

  ras.protocol_version = 0;
  ras.u.rrj.reason = H46017_RRJ_DISCOVERY_REQUIRED;
  assert_builds(&ras, "14000001060008914a000700");
}
END_TEST

START_TEST(everything_optional_is_built) {
  h46017_ras in = ras_of(H46017_RAS_RRQ, 65535), out;
  h46017_rrq *rrq = &in.u.rrq;
  h46017_h225 *m;
  uint8_t buf[512];
  size_t len = 0;

  rrq->terminal_type = H46017_TERMINAL_GATEWAY;
  rrq->terminal_alias = phone;
  rrq->vendor.product_id = text_of("phone");
  rrq->vendor.version_id = text_of("1.0\xff"); /* octets, not text */
  rrq->time_to_live = UINT32_MAX;
  rrq->additive_registration = true;
  rrq->supports_alt_gk = true;
  rrq->multiple_calls = true;
  rrq->restart = true;
  rrq->will_supply_uuies = true;
  ck_assert_int_eq(h46017_h225_new(&m, NULL, NULL), 0);
  ck_assert_int_eq(h46017_ras_build(m, &in), 0);
  ck_assert_int_eq(h46017_h225_encode(m, buf, sizeof(buf), &len), 0);
  ck_assert_int_eq(h46017_h225_decode(m, h46017_h225_ras_message(), buf, len),
                   0);
  ck_assert_int_eq(h46017_ras_view(m, &out), 0);
  ck_assert_uint_eq(out.request_seq_num, 65535);
  ck_assert_int_eq(out.u.rrq.terminal_type, H46017_TERMINAL_GATEWAY);
  assert_text(out.u.rrq.vendor.product_id, "phone");
  assert_text(out.u.rrq.vendor.version_id, "1.0\xff");
  ck_assert_uint_eq(out.u.rrq.time_to_live, UINT32_MAX);
  ck_assert(out.u.rrq.additive_registration);
  ck_assert(out.u.rrq.supports_alt_gk);
  ck_assert(out.u.rrq.multiple_calls);
  ck_assert(out.u.rrq.restart);
  ck_assert(out.u.rrq.will_supply_uuies);
  h46017_h225_del(m);
}
END_TEST

/* Names, numbers and lists are copied: what they were made from may go. */
START_TEST(every_terminal_type_stands_where_it_belongs) {
  static const h46017_terminal_type types[] = {
      H46017_TERMINAL_TERMINAL, H46017_TERMINAL_GATEWAY, H46017_TERMINAL_MCU,
      H46017_TERMINAL_GATEKEEPER};
  static const char *const components[] = {"terminal", "gateway", "mcu",
                                           "gatekeeper"};
  h46017_ras ras = ras_of(H46017_RAS_RRQ, 1);
  h46017_ras out;
  h46017_h225 *m;
  uint8_t per[256];
  size_t len = 0;
  char path[64];

  ras.u.rrq.terminal_type = types[_i];
  ck_assert_int_eq(h46017_h225_new(&m, NULL, NULL), 0);
  ck_assert_int_eq(h46017_ras_build(m, &ras), 0);
  ck_assert_int_eq(h46017_h225_encode(m, per, sizeof(per), &len), 0);
  ck_assert_int_eq(h46017_h225_decode(m, h46017_h225_ras_message(), per, len),
                   0);
  ck_assert_int_eq(h46017_ras_view(m, &out), 0);
  ck_assert_int_eq((int)out.u.rrq.terminal_type, (int)types[_i]);
  for (int i = 0; i < 4; i++) {
    (void)snprintf(path, sizeof(path), "registrationRequest.terminalType.%s",
                   components[i]);
    ck_assert_int_eq(h46017_h225_value_kind(h46017_h225_get(
                         h46017_h225_root(m), path)) != H46017_H225_ABSENT,
                     i == _i);
  }
  h46017_h225_del(m);
}
END_TEST

START_TEST(what_is_built_is_copied) {
  char name[] = "0090332f688a", gk[] = "gk", ep[] = "1_gk";
  h46017_alias alias = {H46017_ALIAS_H323_ID, 0, {name, 12}};
  h46017_ras ras = ras_of(H46017_RAS_RCF, 1);
  octets expected = octets_hex(RCF);
  uint8_t buf[256];
  h46017_h225 *m;
  size_t len = 0;

  ras.u.rcf.terminal_alias.list = &alias;
  ras.u.rcf.terminal_alias.count = 1;
  ras.u.rcf.terminal_alias.present = true;
  ras.u.rcf.gatekeeper_identifier = text_of(gk);
  ras.u.rcf.endpoint_identifier = text_of(ep);
  ras.u.rcf.time_to_live = 120;
  ras.u.rcf.maintain_connection = true;
  ck_assert_int_eq(h46017_h225_new(&m, NULL, NULL), 0);
  ck_assert_int_eq(h46017_ras_build(m, &ras), 0);
  memset(name, '!', sizeof(name));
  memset(gk, '!', sizeof(gk));
  memset(ep, '!', sizeof(ep));
  memset(&alias, 0, sizeof(alias));
  ck_assert_int_eq(h46017_h225_encode(m, buf, sizeof(buf), &len), 0);
  ck_assert_uint_eq(len, expected.len);
  ck_assert_mem_eq(buf, expected.data, len);
  h46017_h225_del(m);
  octets_free(&expected);
}
END_TEST

/* The message may be gone on with before it is encoded. */
START_TEST(a_program_may_add_components) {
  h46017_ras ras = ras_of(H46017_RAS_RRJ, 2);
  uint8_t buf[64];
  h46017_h225 *m;
  size_t len = 0;
  octets expected = octets_hex(RRJ("840100"));

  ras.u.rrj.reason = H46017_RRJ_DISCOVERY_REQUIRED;
  ck_assert_int_eq(h46017_h225_new(&m, NULL, NULL), 0);
  ck_assert_int_eq(h46017_ras_build(m, &ras), 0);
  ck_assert_int_eq(
      h46017_h225_set_present(
          m, "registrationReject.rejectReason.fullRegistrationRequired"),
      0);
  ck_assert_int_eq(h46017_h225_encode(m, buf, sizeof(buf), &len), 0);
  ck_assert_uint_eq(len, expected.len);
  ck_assert_mem_eq(buf, expected.data, len);
  h46017_h225_del(m);
  octets_free(&expected);
}
END_TEST

START_TEST(an_rcf_needs_an_endpoint_identifier) {
  h46017_ras ras = ras_of(H46017_RAS_RCF, 1);
  uint8_t buf[64];
  h46017_h225 *m;
  size_t len = 0;

  ck_assert_int_eq(h46017_h225_new(&m, NULL, NULL), 0);
  ck_assert_int_eq(h46017_ras_build(m, &ras), 0);
  ck_assert_int_eq(h46017_h225_encode(m, buf, sizeof(buf), &len),
                   H46017_ERR_INCOMPLETE);
  h46017_h225_del(m);
}
END_TEST

START_TEST(wrong_arguments_are_refused) {
  h46017_ras ras = ras_of(H46017_RAS_UCF, 0);

  ck_assert_int_eq(build_error(&ras), H46017_ERR_INVALID_ARGUMENT);
  ras = ras_of(H46017_RAS_UNKNOWN, 1);
  ck_assert_int_eq(build_error(&ras), H46017_ERR_INVALID_ARGUMENT);
  ras = ras_of(H46017_RAS_RRQ, 1);
  ras.protocol_version = 128;
  ck_assert_int_eq(build_error(&ras), H46017_ERR_INVALID_ARGUMENT);
  ras = ras_of(H46017_RAS_RRQ, 1);
  ras.u.rrq.terminal_type = (h46017_terminal_type)5;
  ck_assert_int_eq(build_error(&ras), H46017_ERR_INVALID_ARGUMENT);
  ras = ras_of(H46017_RAS_RRJ, 1);
  ras.u.rrj.reason = H46017_RRJ_SECURITY_ERROR;
  ck_assert_int_eq(build_error(&ras), H46017_ERR_INVALID_ARGUMENT);
  ras = ras_of(H46017_RAS_URQ, 1);
  ras.u.urq.reason = H46017_URQ_REASON_UNKNOWN;
  ck_assert_int_eq(build_error(&ras), H46017_ERR_INVALID_ARGUMENT);
  ras = ras_of(H46017_RAS_URJ, 1);
  ras.u.urj.reason = (h46017_urj_reason)6;
  ck_assert_int_eq(build_error(&ras), H46017_ERR_INVALID_ARGUMENT);
  ras = ras_of(H46017_RAS_RIP, 1); /* a delay of 0 */
  ck_assert_int_eq(build_error(&ras), H46017_ERR_OUT_OF_RANGE);
}
END_TEST

static const struct {
  h46017_alias_type type;
  const char *text;
  int error;
} bad_aliases[] = {
    {H46017_ALIAS_DIALLED_DIGITS, "12a", H46017_ERR_OUT_OF_RANGE},
    {H46017_ALIAS_DIALLED_DIGITS, "", H46017_ERR_OUT_OF_RANGE},
    {H46017_ALIAS_DIALLED_DIGITS, NULL, H46017_ERR_OUT_OF_RANGE},
    {H46017_ALIAS_H323_ID, "", H46017_ERR_OUT_OF_RANGE},
    {H46017_ALIAS_H323_ID, "\xff", H46017_ERR_TEXT},
    {H46017_ALIAS_H323_ID, "\xed\xa0\x80" /* a surrogate */, H46017_ERR_TEXT},
    {H46017_ALIAS_URL_ID, "Z\xc3\xbcrich", H46017_ERR_OUT_OF_RANGE},
    {H46017_ALIAS_EMAIL_ID, "\xc3", H46017_ERR_TEXT},
    {H46017_ALIAS_PARTY_NUMBER, "1x", H46017_ERR_OUT_OF_RANGE},
    {H46017_ALIAS_TRANSPORT_ID, "10.0.0.1", H46017_ERR_OUT_OF_RANGE},
    {H46017_ALIAS_TRANSPORT_ID, NULL, H46017_ERR_OUT_OF_RANGE},
    {H46017_ALIAS_MOBILE_UIM, "1", H46017_ERR_INVALID_ARGUMENT},
    {H46017_ALIAS_UNKNOWN, "1", H46017_ERR_INVALID_ARGUMENT},
};

START_TEST(bad_aliases_are_refused) {
  h46017_alias alias = {bad_aliases[_i].type, 0, {NULL, 0}};
  h46017_ras ras = ras_of(H46017_RAS_RRQ, 1);

  if (bad_aliases[_i].text != NULL) {
    alias.text = text_of(bad_aliases[_i].text);
  }
  ras.u.rrq.terminal_alias.list = &alias;
  ras.u.rrq.terminal_alias.count = 1;
  ras.u.rrq.terminal_alias.present = true;
  ck_assert_int_eq(build_error(&ras), bad_aliases[_i].error);
}
END_TEST

START_TEST(texts_that_are_too_long_are_refused) {
  static char text[514];
  h46017_alias alias = {H46017_ALIAS_H323_ID, 0, {text, 257}};
  h46017_ras ras = ras_of(H46017_RAS_RRQ, 1);

  memset(text, '1', sizeof(text) - 1);
  ras.u.rrq.terminal_alias.list = &alias;
  ras.u.rrq.terminal_alias.count = 1;
  ras.u.rrq.terminal_alias.present = true;
  ck_assert_int_eq(build_error(&ras), H46017_ERR_OUT_OF_RANGE);
  alias.type = H46017_ALIAS_URL_ID;
  alias.text.len = 513;
  ck_assert_int_eq(build_error(&ras), H46017_ERR_OUT_OF_RANGE);
  alias.type = H46017_ALIAS_DIALLED_DIGITS;
  alias.text.len = 129;
  ck_assert_int_eq(build_error(&ras), H46017_ERR_OUT_OF_RANGE);
  ras.u.rrq.terminal_alias.count = 0;
  ck_assert_int_eq(build_error(&ras), 0);
  ras.u.rrq.gatekeeper_identifier.text = text;
  ras.u.rrq.gatekeeper_identifier.len = 129;
  ck_assert_int_eq(build_error(&ras), H46017_ERR_OUT_OF_RANGE);
  ras.u.rrq.gatekeeper_identifier.len = 0;
  ck_assert_int_eq(build_error(&ras), H46017_ERR_OUT_OF_RANGE);
  ras.u.rrq.gatekeeper_identifier.len = 128;
  ck_assert_int_eq(build_error(&ras), 0);
  ras.u.rrq.vendor.product_id.text = text;
  ras.u.rrq.vendor.product_id.len = 257;
  ck_assert_int_eq(build_error(&ras), H46017_ERR_OUT_OF_RANGE);
  ras.u.rrq.vendor.product_id.len = 256;
  ck_assert_int_eq(build_error(&ras), 0);
}
END_TEST

START_TEST(a_failure_says_where) {
  h46017_alias list[] = {{H46017_ALIAS_H323_ID, 0, {"a", 1}},
                         {H46017_ALIAS_DIALLED_DIGITS, 0, {"12a", 3}}};
  const h46017_aliases names = {list, 2, true};
  h46017_ras ras = ras_of(H46017_RAS_RRQ, 1);
  h46017_h225 *m;

  ck_assert_int_eq(h46017_h225_new(&m, NULL, NULL), 0);
  ras.u.rrq.terminal_alias = names;
  ras.u.rrq.endpoint_identifier.text = ""; /* the second one: not told */
  ck_assert_int_eq(h46017_ras_build(m, &ras), H46017_ERR_OUT_OF_RANGE);
  ck_assert_str_eq(h46017_h225_last_error(m)->path,
                   "registrationRequest.terminalAlias[1].dialledDigits");
  ras.u.rrq.terminal_alias.count = 1;
  ck_assert_int_eq(h46017_ras_build(m, &ras), H46017_ERR_OUT_OF_RANGE);
  ck_assert_str_eq(h46017_h225_last_error(m)->path,
                   "registrationRequest.endpointIdentifier");
  ras = ras_of(H46017_RAS_RRJ, 1);
  ras.u.rrj.reason = H46017_RRJ_DUPLICATE_ALIAS;
  ras.u.rrj.duplicate_alias = names;
  list[0].type = H46017_ALIAS_MOBILE_UIM;
  ck_assert_int_eq(h46017_ras_build(m, &ras), H46017_ERR_INVALID_ARGUMENT);
  ck_assert_str_eq(h46017_h225_last_error(m)->path,
                   "registrationReject.rejectReason.duplicateAlias[0]");
  h46017_h225_del(m);
}
END_TEST

static int view_and_build(failmem *f, void *arg) {
  const octets *per = arg;
  h46017_h225 *in = NULL, *out = NULL;
  uint8_t buf[256];
  h46017_ras ras;
  size_t len = 0;
  int rv = h46017_h225_new(&in, NULL, &f->mem);

  if (rv == 0) {
    rv = h46017_h225_new(&out, NULL, &f->mem);
  }
  if (rv == 0) {
    rv = h46017_h225_decode(in, h46017_h225_ras_message(), per->data, per->len);
  }
  if (rv == 0) {
    rv = h46017_ras_view(in, &ras);
  }
  if (rv == 0) {
    rv = h46017_ras_build(out, &ras);
  }
  if (rv == 0) {
    rv = h46017_h225_encode(out, buf, sizeof(buf), &len);
  }
  h46017_h225_del(in);
  h46017_h225_del(out);
  return rv;
}

START_TEST(memory_may_fail_anywhere) {
  octets per = octets_hex(RCF);

  ck_assert_uint_gt(failmem_sweep(view_and_build, &per), 2);
  octets_free(&per);
}
END_TEST

#define COUNT(ARRAY) ((int)(sizeof(ARRAY) / sizeof((ARRAY)[0])))

static Suite *ras_build_suite(void) {
  Suite *s = suite_create("ras_build");
  TCase *tc;

  tc = tcase_create("messages");
  tcase_add_loop_test(tc, documented_octets_are_viewed_and_built_again, 0,
                      COUNT(documented));
  tcase_add_loop_test(tc, other_kinds_are_not_built, -1, 34);
  suite_add_tcase(s, tc);

  tc = tcase_create("aliases");
  tcase_add_test(tc, an_alias_of_every_type_is_viewed_and_built);
  tcase_add_test(tc, every_kind_of_party_number_survives);
  tcase_add_test(tc, names_beyond_ascii_and_at_their_longest_survive);
  tcase_add_test(tc, addresses_are_text);
  tcase_add_test(tc, a_v6_transport_id_survives);
  tcase_add_test(tc, invalid_text_is_no_text);
  tcase_add_test(tc, aliases_without_text_are_typed);
  suite_add_tcase(s, tc);

  tc = tcase_create("building");
  tcase_add_test(tc, the_version_is_7_unless_said);
  tcase_add_test(tc, everything_optional_is_built);
  tcase_add_loop_test(tc, every_terminal_type_stands_where_it_belongs, 0, 4);
  tcase_add_test(tc, what_is_built_is_copied);
  tcase_add_test(tc, a_program_may_add_components);
  tcase_add_test(tc, an_rcf_needs_an_endpoint_identifier);
  tcase_add_test(tc, wrong_arguments_are_refused);
  tcase_add_loop_test(tc, bad_aliases_are_refused, 0, COUNT(bad_aliases));
  tcase_add_test(tc, texts_that_are_too_long_are_refused);
  tcase_add_test(tc, a_failure_says_where);
  suite_add_tcase(s, tc);

  tc = tcase_create("memory");
  tcase_add_test(tc, memory_may_fail_anywhere);
  suite_add_tcase(s, tc);
  return s;
}

int main(void) {
  return run_suite(ras_build_suite());
}
