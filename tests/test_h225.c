/* SPDX-License-Identifier: BSD-2-Clause */
#include "failmem.h"
#include "octets.h"
#include "runner.h"

#include "asn1/h225_share.h"

#include <h46017/error.h>
#include <h46017/h225.h>

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The registrations of H.460.17's worked example: in full, and its refresh. */
#define RRQ_FULL                                                               \
  "0e800000060008914a0006000000020001400b003000300039003000330033003200660036" \
  "00"                                                                         \
  "380038006100b500534c348b000000020077010001000180"
#define RRQ_REFRESH                                                            \
  "0e400001060008914a00068000000200400067006b00b500534c348f000000020077018009" \
  "0"                                                                          \
  "60031005f0067006b01000180"
#define RRJ "14000001060008914a0006840100"

static h46017_h225 *m;

static void setup(void) {
  ck_assert_int_eq(h46017_h225_new(&m, NULL, NULL), 0);
}

static void teardown(void) {
  h46017_h225_del(m);
}

static octets rrq; /* decoded messages point into it */

static void decode_ras(const char *hex) {
  octets_free(&rrq);
  rrq = octets_hex(hex);
  ck_assert_int_eq(
      h46017_h225_decode(m, h46017_h225_ras_message(), rrq.data, rrq.len), 0);
}

static void encodes(const char *hex) {
  octets want = octets_hex(hex);
  uint8_t out[1024];
  size_t len = 0;
  int rv = h46017_h225_encode(m, out, sizeof(out), &len);

  ck_assert_msg(rv == 0, "%d at %s", rv, h46017_h225_last_error(m)->path);
  ck_assert_uint_eq(len, want.len);
  ck_assert_mem_eq(out, want.data, len);
  octets_free(&want);
}

static h46017_h225_value at(const char *path) {
  return h46017_h225_get(h46017_h225_root(m), path);
}

static void text_is(const char *path, const char *want) {
  char text[256];
  size_t len = 0;

  ck_assert_int_eq(h46017_h225_read_text(at(path), text, sizeof(text), &len),
                   0);
  ck_assert_str_eq(text, want);
  ck_assert_uint_eq(len, strlen(want));
}

/* The last call failed like this, and said where. */
static void failed_with(int rv, int code, const char *path) {
  const h46017_h225_error *e = h46017_h225_last_error(m);

  ck_assert_int_eq(rv, code);
  ck_assert_int_eq(e->code, code);
  ck_assert_str_eq(e->path, path);
  ck_assert_uint_gt(strlen(e->text), 5);
}

START_TEST(types_are_found_by_any_of_their_names) {
  const h46017_h225_type *t = h46017_h225_type_find("ClearToken");
  size_t n = 0;

  ck_assert_ptr_nonnull(t);
  ck_assert(h46017_h225_type_find("H235.ClearToken") == t);
  ck_assert_str_eq(h46017_h225_type_name(t), "ClearToken");
  ck_assert(h46017_h225_type_find("H225.RasMessage") ==
            h46017_h225_ras_message());
  ck_assert(h46017_h225_type_find("H323-UserInformation") ==
            h46017_h225_user_information());
  ck_assert(h46017_h225_type_find("H235.NonStandardParameter") ==
            h46017_h225_type_find("H235NonStandardParameter"));
  ck_assert(h46017_h225_type_find("NonStandardParameter") !=
            h46017_h225_type_find("H245NonStandardParameter"));
  ck_assert_ptr_null(h46017_h225_type_find("RasMessag"));
  ck_assert_ptr_null(h46017_h225_type_find(""));
  ck_assert_ptr_null(h46017_h225_type_find(NULL));
  for (; h46017_h225_type_at(n) != NULL; n++) {
    t = h46017_h225_type_at(n);
    ck_assert(h46017_h225_type_find(h46017_h225_type_name(t)) == t);
  }
  ck_assert_uint_ge(n, 219);
}
END_TEST

START_TEST(settings_are_checked) {
  h46017_h225_settings s;
  h46017_h225 *other = NULL;

  h46017_h225_settings_default(&s);
  ck_assert_uint_eq(s.max_depth, 64);
  s.max_depth = 0;
  ck_assert_int_eq(h46017_h225_new(&other, &s, NULL),
                   H46017_ERR_INVALID_ARGUMENT);
  s.max_depth = 1025;
  ck_assert_int_eq(h46017_h225_new(&other, &s, NULL),
                   H46017_ERR_INVALID_ARGUMENT);
  h46017_h225_settings_default(&s);
  s.max_memory = 0;
  ck_assert_int_eq(h46017_h225_new(&other, &s, NULL),
                   H46017_ERR_INVALID_ARGUMENT);
  h46017_h225_settings_default(&s);
  s.struct_size = 0;
  ck_assert_int_eq(h46017_h225_new(&other, &s, NULL),
                   H46017_ERR_INVALID_ARGUMENT);
  ck_assert_ptr_null(other);
  h46017_h225_del(NULL);
}
END_TEST

START_TEST(looking_at_what_is_absent_answers_absent) {
  h46017_h225_value v;
  bool flag;
  uint64_t u;
  const uint8_t *data;
  size_t len;

  ck_assert_int_eq(h46017_h225_value_kind(h46017_h225_root(m)),
                   H46017_H225_ABSENT);
  decode_ras(RRQ_FULL);
  v = at("registrationRequest.nonStandardData.data.x[3]");
  ck_assert_int_eq(h46017_h225_value_kind(v), H46017_H225_ABSENT);
  ck_assert_uint_eq(h46017_h225_count(v), 0);
  ck_assert_int_eq(h46017_h225_value_kind(h46017_h225_at(v, 0)),
                   H46017_H225_ABSENT);
  ck_assert_str_eq(h46017_h225_value_name(v), "");
  ck_assert_int_eq(h46017_h225_read_bool(v, &flag), H46017_ERR_ABSENT);
  ck_assert_int_eq(h46017_h225_read_uint(v, &u), H46017_ERR_ABSENT);
  ck_assert_int_eq(h46017_h225_read_octets(v, &data, &len), H46017_ERR_ABSENT);
  ck_assert_int_eq(h46017_h225_read_bits(v, &data, &len), H46017_ERR_ABSENT);
  ck_assert_int_eq(h46017_h225_read_text(v, NULL, 0, NULL), H46017_ERR_ABSENT);
  static const char *const nothing[] = {
      "gatekeeperRequest",
      "registrationRequest.terminalAlias[1]",
      "registrationRequest.terminalAlias[0].dialledDigits",
      "registrationRequest.",
      "registrationRequest..keepAlive",
      ".registrationRequest",
      "registrationRequest.terminalAlias[",
      "registrationRequest.terminalAlias[]",
      "registrationRequest.terminalAlias[x]",
      "registrationRequest.terminalAlias.[0]",
      "registrationRequest.terminalAlias[99999999999999999999999]",
      "registrationRequest.terminalAlias[0]x",
      "[0]",
      "registrationRequest.requestSeqNum.x"};
  for (size_t i = 0; i < sizeof(nothing) / sizeof(nothing[0]); i++) {
    ck_assert_msg(h46017_h225_value_kind(at(nothing[i])) == H46017_H225_ABSENT,
                  "%s", nothing[i]);
  }
}
END_TEST

START_TEST(reading_another_kind_is_a_mismatch) {
  bool flag;
  uint64_t u;
  const uint8_t *data;
  size_t len;

  decode_ras(RRQ_FULL);
  ck_assert_int_eq(
      h46017_h225_read_bool(at("registrationRequest.requestSeqNum"), &flag),
      H46017_ERR_TYPE_MISMATCH);
  ck_assert_int_eq(
      h46017_h225_read_uint(at("registrationRequest.keepAlive"), &u),
      H46017_ERR_TYPE_MISMATCH);
  ck_assert_int_eq(h46017_h225_read_octets(at("registrationRequest.timeToLive"),
                                           &data, &len),
                   H46017_ERR_TYPE_MISMATCH);
  ck_assert_int_eq(
      h46017_h225_read_bits(at("registrationRequest"), &data, &len),
      H46017_ERR_TYPE_MISMATCH);
  text_is("", "registrationRequest");
  text_is("registrationRequest.terminalAlias[0].h323-ID", "0090332f688a");
  text_is("registrationRequest.protocolIdentifier", "0.0.8.2250.0.6");
}
END_TEST

#define MUST(call) ck_assert_int_eq((call), 0)

static int build_rrq(h46017_h225 *to) {
  static const struct {
    const char *path;
    char kind; /* u, b(ool false), B(ool true), p(resent), t(ext) */
    const char *text;
    uint64_t number;
  } steps[] = {
      {"requestSeqNum", 'u', NULL, 1},
      {"protocolIdentifier", 't', "0.0.8.2250.0.6", 0},
      {"discoveryComplete", 'b', NULL, 0},
      {"callSignalAddress", 'p', NULL, 0},
      {"rasAddress", 'p', NULL, 0},
      {"terminalType.terminal", 'p', NULL, 0},
      {"terminalType.mc", 'b', NULL, 0},
      {"terminalType.undefinedNode", 'b', NULL, 0},
      {"terminalAlias[0].h323-ID", 't', "0090332f688a", 0},
      {"endpointVendor.vendor.t35CountryCode", 'u', NULL, 181},
      {"endpointVendor.vendor.t35Extension", 'u', NULL, 0},
      {"endpointVendor.vendor.manufacturerCode", 'u', NULL, 21324},
      {"timeToLive", 'u', NULL, 120},
      {"keepAlive", 'b', NULL, 0},
      {"willSupplyUUIEs", 'b', NULL, 0},
      {"maintainConnection", 'B', NULL, 0},
  };
  int rv = h46017_h225_create(to, h46017_h225_ras_message());

  for (size_t i = 0; rv == 0 && i < sizeof(steps) / sizeof(steps[0]); i++) {
    char path[128];
    (void)snprintf(path, sizeof(path), "registrationRequest.%s", steps[i].path);
    if (steps[i].kind == 'u') {
      rv = h46017_h225_set_uint(to, path, steps[i].number);
    } else if (steps[i].kind == 't') {
      rv = h46017_h225_set_text(to, path, steps[i].text, strlen(steps[i].text));
    } else if (steps[i].kind == 'p') {
      rv = h46017_h225_set_present(to, path);
    } else {
      rv = h46017_h225_set_bool(to, path, steps[i].kind == 'B');
    }
  }
  return rv;
}

START_TEST(a_registration_is_built_from_nothing) {
  MUST(build_rrq(m));
  encodes(RRQ_FULL);
}
END_TEST

START_TEST(what_is_mandatory_and_missing_is_named) {
  size_t len;

  MUST(h46017_h225_create(m, h46017_h225_ras_message()));
  failed_with(h46017_h225_encode(m, NULL, 0, &len), H46017_ERR_INCOMPLETE, "");
  MUST(h46017_h225_set_uint(m, "registrationRequest.requestSeqNum", 7));
  failed_with(h46017_h225_encode(m, NULL, 0, &len), H46017_ERR_INCOMPLETE,
              "registrationRequest.protocolIdentifier");
  MUST(h46017_h225_set_text(m, "registrationRequest.protocolIdentifier",
                            "0.0.8.2250.0.7", 14));
  failed_with(h46017_h225_encode(m, NULL, 0, &len), H46017_ERR_INCOMPLETE,
              "registrationRequest.discoveryComplete");
  ck_assert_int_eq(h46017_h225_value_kind(at("registrationRequest."
                                             "discoveryComplete")),
                   H46017_H225_ABSENT);
  MUST(h46017_h225_set_bool(m, "registrationRequest.discoveryComplete", true));
  failed_with(h46017_h225_encode(m, NULL, 0, &len), H46017_ERR_INCOMPLETE,
              "registrationRequest.callSignalAddress");
  MUST(h46017_h225_create(m, h46017_h225_type_find("BandWidth")));
  failed_with(h46017_h225_encode(m, NULL, 0, &len), H46017_ERR_INCOMPLETE, "");
  MUST(h46017_h225_set_uint(m, "", 5));
  encodes("00 05");
}
END_TEST

START_TEST(a_failed_set_leaves_the_message_as_it_was) {
  decode_ras(RRQ_FULL);
  failed_with(
      h46017_h225_set_uint(
          m, "registrationRequest.callSignalAddress[0].ipAddress.port", 65536),
      H46017_ERR_OUT_OF_RANGE,
      "registrationRequest.callSignalAddress[0].ipAddress.port");
  failed_with(h46017_h225_set_uint(m, "registrationReject.requestSeqNum", 0),
              H46017_ERR_OUT_OF_RANGE, "registrationReject.requestSeqNum");
  failed_with(h46017_h225_set_uint(m, "registrationRequest.noSuchThing", 1),
              H46017_ERR_NOT_FOUND, "registrationRequest.noSuchThing");
  failed_with(h46017_h225_set_bool(m, "registrationRequest.timeToLive", true),
              H46017_ERR_TYPE_MISMATCH, "registrationRequest.timeToLive");
  failed_with(h46017_h225_set_text(
                  m, "registrationRequest.terminalAlias[2].h323-ID", "x", 1),
              H46017_ERR_NOT_FOUND,
              "registrationRequest.terminalAlias[2].h323-ID");
  failed_with(
      h46017_h225_set_text(
          m, "registrationRequest.terminalAlias[0].dialledDigits", "12a", 3),
      H46017_ERR_OUT_OF_RANGE,
      "registrationRequest.terminalAlias[0].dialledDigits");
  failed_with(h46017_h225_set_text(
                  m, "registrationRequest.terminalAlias[0].h323-ID", "\xff", 1),
              H46017_ERR_TEXT, "registrationRequest.terminalAlias[0].h323-ID");
  failed_with(h46017_h225_set_text(
                  m, "registrationRequest.terminalAlias[0].h323-ID", "", 0),
              H46017_ERR_OUT_OF_RANGE,
              "registrationRequest.terminalAlias[0].h323-ID");
  failed_with(h46017_h225_set_octets(m, "registrationRequest._ext_40",
                                     (const uint8_t *)"x", 1),
              H46017_ERR_NOT_FOUND, "registrationRequest._ext_40");
  failed_with(
      h46017_h225_set_present(m, "registrationRequest.terminalAlias[0]"),
      H46017_ERR_TYPE_MISMATCH, "registrationRequest.terminalAlias[0]");
  encodes(RRQ_FULL);
}
END_TEST

START_TEST(components_are_changed_added_and_removed) {
  decode_ras(RRQ_FULL);
  MUST(h46017_h225_set_text(m, "registrationRequest.terminalAlias[1].url-ID",
                            "h323:a@b", 8));
  ck_assert_uint_eq(h46017_h225_count(at("registrationRequest.terminalAlias")),
                    2);
  text_is("registrationRequest.terminalAlias[1]", "url-ID");
  MUST(h46017_h225_set_text(
      m, "registrationRequest.terminalAlias[1].dialledDigits", "0123456789",
      10));
  text_is("registrationRequest.terminalAlias[1].dialledDigits", "0123456789");
  MUST(h46017_h225_set_uint(m, "registrationRequest.timeToLive", 4294967295U));
  MUST(h46017_h225_set_uint(m, "registrationRequest.timeToLive", 120));
  MUST(h46017_h225_remove(m, "registrationRequest.terminalAlias[1]"));
  encodes(RRQ_FULL);
  failed_with(h46017_h225_remove(m, "registrationRequest.terminalAlias[1]"),
              H46017_ERR_ABSENT, "registrationRequest.terminalAlias[1]");
  failed_with(h46017_h225_remove(m, "registrationRequest.requestSeqNum"),
              H46017_ERR_INVALID_ARGUMENT, "registrationRequest.requestSeqNum");
  failed_with(h46017_h225_remove(m, "registrationRequest"),
              H46017_ERR_INVALID_ARGUMENT, "registrationRequest");
  failed_with(h46017_h225_remove(m, "registrationRequest.x"),
              H46017_ERR_NOT_FOUND, "registrationRequest.x");
  MUST(h46017_h225_remove(m, "registrationRequest.terminalAlias"));
  failed_with(h46017_h225_remove(m, "registrationRequest.terminalAlias"),
              H46017_ERR_ABSENT, "registrationRequest.terminalAlias");
}
END_TEST

/* H323-UserInformation as a peer of version 2 sends it: body `empty`, a bitmap
 * of three of which h245Tunnelling is set. Version 7 has nine. */
START_TEST(an_addition_lengthens_a_short_bitmap) {
  octets pdu = octets_hex("28 10 01 00 04 80 01 80");

  MUST(
      h46017_h225_decode(m, h46017_h225_user_information(), pdu.data, pdu.len));
  encodes("28 10 01 00 04 80 01 80");
  MUST(h46017_h225_set_bool(m, "h323-uu-pdu.h245Tunnelling", false));
  encodes("28 10 01 00 04 80 01 00"); /* it is long enough */
  MUST(h46017_h225_set_octets(m, "h323-uu-pdu.genericData[0].id.nonStandard",
                              (const uint8_t *)"0123456789abcdef", 16));
  encodes("28 10 01 00 10 81 01 00 12 01 10 "
          "30313233343536373839616263646566");
  MUST(h46017_h225_remove(m, "h323-uu-pdu.genericData"));
  encodes("28 10 01 00 04 80 01 00"); /* and is short again */
  MUST(h46017_h225_remove(m, "h323-uu-pdu.h245Tunnelling"));
  encodes("08 10 01 00");
  octets_free(&pdu);
}
END_TEST

START_TEST(unknown_additions_can_be_replaced_and_removed) {
  /* TerminalInfo: no addition is known; three bits, the first and last set */
  octets pdu = octets_hex("81 50 01aa 02bbcc");

  MUST(h46017_h225_decode(m, h46017_h225_type_find("TerminalInfo"), pdu.data,
                          pdu.len));
  ck_assert_uint_eq(h46017_h225_count(h46017_h225_root(m)), 2);
  ck_assert_str_eq(
      h46017_h225_value_name(h46017_h225_at(h46017_h225_root(m), 1)), "_ext_2");
  encodes("81 50 01aa 02bbcc");
  MUST(h46017_h225_set_octets(m, "_ext_2", (const uint8_t *)"xyz", 3));
  encodes("81 50 01aa 0378797a");
  MUST(h46017_h225_remove(m, "_ext_0"));
  failed_with(h46017_h225_remove(m, "_ext_0"), H46017_ERR_ABSENT, "_ext_0");
  encodes("81 10 0378797a");
  MUST(h46017_h225_remove(m, "_ext_2"));
  encodes("00");
  octets_free(&pdu);
}
END_TEST

START_TEST(octets_behind_the_pdu_are_kept_or_refused_by_name) {
  h46017_h225_settings s;
  h46017_h225 *strict;
  octets pdu = octets_hex(RRJ "abcd");

  decode_ras(RRJ "abcd");
  ck_assert_uint_eq(h46017_h225_trailing(m), 2);
  encodes(RRJ "abcd");
  h46017_h225_settings_default(&s);
  s.strict_trailing = true;
  MUST(h46017_h225_new(&strict, &s, NULL));
  ck_assert_int_eq(
      h46017_h225_decode(strict, h46017_h225_ras_message(), pdu.data, pdu.len),
      H46017_ERR_PER_TRAILING);
  ck_assert_uint_eq(h46017_h225_last_error(strict)->offset, pdu.len - 2);
  MUST(h46017_h225_decode(strict, h46017_h225_ras_message(), pdu.data,
                          pdu.len - 2));
  h46017_h225_del(strict);
  octets_free(&pdu);
}
END_TEST

/* Decodes with one limit lowered until it fails: the last that did not. */
static int decode_limited(size_t memory, uint32_t depth, uint32_t elements,
                          const char *hex) {
  h46017_h225_settings s;
  h46017_h225 *limited;
  octets pdu = octets_hex(hex);
  int rv;

  h46017_h225_settings_default(&s);
  s.max_memory = memory;
  s.max_depth = depth;
  s.max_elements = elements;
  MUST(h46017_h225_new(&limited, &s, NULL));
  rv =
      h46017_h225_decode(limited, h46017_h225_ras_message(), pdu.data, pdu.len);
  h46017_h225_del(limited);
  octets_free(&pdu);
  return rv;
}

START_TEST(limits_hold_at_the_limit_and_not_one_below) {
  size_t used;
  size_t limit;

  decode_ras(RRQ_FULL);
  used = limit = h46017_h225_memory_used(m);
  ck_assert_int_eq(decode_limited(limit, 64, 65536, RRQ_FULL), 0);
  while (decode_limited(limit - 1, 64, 65536, RRQ_FULL) == 0) {
    limit--; /* what aligns the next block is used, and not needed */
    ck_assert_uint_lt(used - limit, 16);
  }
  ck_assert_int_eq(decode_limited(limit - 1, 64, 65536, RRQ_FULL),
                   H46017_ERR_PER_BUDGET);
  /* RasMessage, RegistrationRequest, terminalAlias, AliasAddress */
  ck_assert_int_eq(decode_limited(used, 4, 65536, RRQ_FULL), 0);
  ck_assert_int_eq(decode_limited(used, 3, 65536, RRQ_FULL),
                   H46017_ERR_PER_DEPTH);
  ck_assert_int_eq(decode_limited(used, 4, 1, RRQ_FULL), 0);
  MUST(h46017_h225_set_text(m, "registrationRequest.terminalAlias[1].h323-ID",
                            "x", 1));
  {
    uint8_t out[256];
    char hex[513];
    size_t len = 0;
    MUST(h46017_h225_encode(m, out, sizeof(out), &len));
    for (size_t i = 0; i < len; i++) {
      (void)snprintf(hex + 2 * i, 3, "%02x", out[i]);
    }
    ck_assert_int_eq(decode_limited(1 << 20, 64, 2, hex), 0);
    ck_assert_int_eq(decode_limited(1 << 20, 64, 1, hex),
                     H46017_ERR_PER_BUDGET);
  }
}
END_TEST

/* One of each way in which the decoder takes memory. */
static const struct {
  const char *type;
  const char *hex;
} hungry[] = {
    {"RasMessage", RRQ_FULL},
    {"AliasAddress", "01 00 bc 10"},          /* characters of four bits */
    {"TransportAddress", "85 03 010203"},     /* an unknown alternative */
    {"TerminalInfo", "81 50 01aa 02bbcc"},    /* unknown additions */
    {"GatekeeperIdentifier", "02 0061 0062"}, /* characters of 16 bits */
    {"RandomVal", "09 008000000000000000"},   /* a number of any width */
    {"ProtocolIdentifier", "06 06 0008914a0006"},
};

START_TEST(a_budget_too_small_is_refused_wherever_it_ends) {
  for (size_t i = 0; i < sizeof(hungry) / sizeof(hungry[0]); i++) {
    octets pdu = octets_hex(hungry[i].hex);
    size_t budget = 0;
    int rv;
    do {
      h46017_h225_settings s;
      h46017_h225 *x;
      h46017_h225_settings_default(&s);
      s.max_memory = ++budget;
      MUST(h46017_h225_new(&x, &s, NULL));
      rv = h46017_h225_decode(x, h46017_h225_type_find(hungry[i].type),
                              pdu.data, pdu.len);
      ck_assert_msg(rv == 0 || rv == H46017_ERR_PER_BUDGET, "%s of %zu: %s",
                    hungry[i].type, budget, h46017_error_name(rv));
      ck_assert_uint_le(h46017_h225_memory_used(x), budget + 15);
      h46017_h225_del(x);
    } while (rv != 0);
    octets_free(&pdu);
  }
}
END_TEST

START_TEST(what_is_set_has_the_limits_of_what_is_decoded) {
  h46017_h225_settings s;
  h46017_h225 *x;
  char path[64];
  int rv = 0;

  /* without a message there is nothing to set */
  h46017_h225_settings_default(&s);
  s.max_elements = 3;
  s.max_memory = 4096;
  s.max_depth = 4;
  MUST(h46017_h225_new(&x, &s, NULL));
  ck_assert_int_eq(h46017_h225_set_uint(x, "a", 1), H46017_ERR_INVALID_STATE);
  ck_assert_int_eq(h46017_h225_remove(x, "a"), H46017_ERR_INVALID_STATE);
  /* elements: at the limit, and one more */
  MUST(h46017_h225_create(x, h46017_h225_ras_message()));
  for (int i = 0; i < 4; i++) {
    (void)snprintf(path, sizeof(path),
                   "registrationRequest.terminalAlias[%d].h323-ID", i);
    rv = h46017_h225_set_text(x, path, "x", 1);
    ck_assert_int_eq(rv, i < 3 ? 0 : H46017_ERR_PER_BUDGET);
  }
  /* depth: RasMessage to the component of an AliasAddress is four */
  ck_assert_int_eq(
      h46017_h225_set_uint(
          x, "registrationRequest.callSignalAddress[0].ipAddress.port", 1),
      H46017_ERR_PER_DEPTH);
  /* memory: what does not fit is not set, and the rest stands */
  for (size_t len = 8; rv != 0 || len < 16384; len *= 2) {
    static const uint8_t octet[16384];
    rv = h46017_h225_set_octets(x, "registrationRequest.nonStandardData.data",
                                octet, len);
    ck_assert(rv == 0 || rv == H46017_ERR_PER_BUDGET);
    if (rv != 0) {
      break;
    }
  }
  ck_assert_int_eq(rv, H46017_ERR_PER_BUDGET);
  ck_assert_uint_eq(
      h46017_h225_count(h46017_h225_get(h46017_h225_root(x),
                                        "registrationRequest.terminalAlias")),
      3);
  h46017_h225_del(x);
  /* SEQUENCE (SIZE (1..512)) OF, of the schema's own */
  MUST(h46017_h225_create(m, h46017_h225_type_find("GenericData")));
  for (int i = 0; i <= 512; i++) {
    (void)snprintf(path, sizeof(path), "parameters[%d].id.standard", i);
    rv = h46017_h225_set_uint(m, path, 1);
    ck_assert_int_eq(rv, i < 512 ? 0 : H46017_ERR_OUT_OF_RANGE);
  }
}
END_TEST

START_TEST(an_unknown_alternative_can_be_replaced) {
  octets pdu = octets_hex("85 03 010203");

  MUST(h46017_h225_decode(m, h46017_h225_type_find("TransportAddress"),
                          pdu.data, pdu.len));
  MUST(h46017_h225_set_octets(m, "_ext_5", (const uint8_t *)"xyz", 3));
  encodes("85 03 78797a");
  failed_with(h46017_h225_set_octets(m, "_ext_6", (const uint8_t *)"x", 1),
              H46017_ERR_NOT_FOUND, "_ext_6");
  MUST(h46017_h225_set_uint(m, "ipAddress.port", 1));
  failed_with(h46017_h225_set_octets(m, "_ext_5", (const uint8_t *)"x", 1),
              H46017_ERR_NOT_FOUND, "_ext_5");
  octets_free(&pdu);
}
END_TEST

/* A value of one message in another; in a place where the schema has it anew,
 * too. */
START_TEST(a_value_is_shared_where_the_type_is_the_same) {
  static const uint8_t octet[] = {7};
  h46017_h225 *to;
#define FROM "h323-uu-pdu.h323-message-body.callProceeding."
#define TO "h323-uu-pdu.h323-message-body.facility."
  MUST(h46017_h225_new(&to, NULL, NULL));
  MUST(h46017_h225_create(m, h46017_h225_user_information()));
  MUST(h46017_h225_create(to, h46017_h225_user_information()));
  MUST(h46017_h225_set_octets(m, FROM "fastStart[0]", octet, 1));
  MUST(h46017_h225_set_bool(m, FROM "destinationInfo.mc", true));
  MUST(h46017_h225_share(to, TO "fastStart", at(FROM "fastStart")));
  MUST(h46017_h225_share(to, TO "destinationInfo", at(FROM "destinationInfo")));
  ck_assert_uint_eq(
      h46017_h225_count(h46017_h225_get(h46017_h225_root(to), TO "fastStart")),
      1);
  ck_assert_int_eq(
      h46017_h225_share(to, TO "destinationInfo", at(FROM "fastStart")),
      H46017_ERR_TYPE_MISMATCH);
  ck_assert_int_eq(h46017_h225_share(to, TO "fastStart", at(FROM "featureSet")),
                   H46017_ERR_ABSENT);
  ck_assert_int_eq(
      h46017_h225_share(to, TO "nothing", at(FROM "destinationInfo")),
      H46017_ERR_NOT_FOUND);
  ck_assert_int_eq(h46017_h225_share(to, TO "_ext_3", at(FROM "fastStart")),
                   H46017_ERR_TYPE_MISMATCH);
  h46017_h225_del(to);
}
END_TEST

/* 16384 elements and more are counted in parts: C1, so many, a count. */
START_TEST(lists_in_fragments_come_and_go) {
  enum { COUNT = 16384 + 3, EACH = 7 };
  size_t len = 2 + 1 + 16384 * EACH - 1 + 1 + 3 * EACH;
  uint8_t *pdu = calloc(1, len);
  uint8_t *out = calloc(1, len);
  h46017_h225_settings s;
  h46017_h225 *x;
  size_t n = 0;

  ck_assert(pdu != NULL && out != NULL);
  pdu[0] = 0x40; /* annexE is there */
  pdu[1] = 0xc1;
  pdu[2 + 16384 * EACH] = 3;
  h46017_h225_settings_default(&s);
  s.max_memory = (size_t)16 << 20;
  MUST(h46017_h225_new(&x, &s, NULL));
  MUST(h46017_h225_decode(
      x, h46017_h225_type_find("AlternateTransportAddresses"), pdu, len));
  ck_assert_uint_eq(
      h46017_h225_count(h46017_h225_get(h46017_h225_root(x), "annexE")), COUNT);
  MUST(h46017_h225_encode(x, out, len, &n));
  ck_assert_uint_eq(n, len);
  ck_assert_mem_eq(out, pdu, len);
  /* the last part is missing; is one too long for what there is */
  ck_assert_int_eq(h46017_h225_decode(
                       x, h46017_h225_type_find("AlternateTransportAddresses"),
                       pdu, 2 + 16384 * EACH),
                   H46017_ERR_TRUNCATED);
  ck_assert_uint_eq(h46017_h225_last_error(x)->offset, 2 + 16384 * EACH);
  pdu[2 + 16384 * EACH] = 4;
  ck_assert_int_eq(
      h46017_h225_decode(
          x, h46017_h225_type_find("AlternateTransportAddresses"), pdu, len),
      H46017_ERR_TRUNCATED);
  h46017_h225_del(x);
  free(pdu);
  free(out);
}
END_TEST

START_TEST(nesting_ends_at_the_limit) {
  char path[4096] = "content";
  h46017_h225_settings s;
  h46017_h225 *deep;
  uint8_t out[4096];
  size_t len = 0;
  int rv = 0;
  unsigned levels = 0;

  h46017_h225_settings_default(&s);
  s.max_depth = 200;
  MUST(h46017_h225_new(&deep, &s, NULL));
  MUST(h46017_h225_create(deep, h46017_h225_type_find("EnumeratedParameter")));
  MUST(h46017_h225_set_uint(deep, "id.standard", 1));
  while (levels < 60) {
    char leaf[4200];
    size_t n = strlen(path);
    (void)snprintf(path + n, sizeof(path) - n, ".compound[0]");
    (void)snprintf(leaf, sizeof(leaf), "%s.id.standard", path);
    rv = h46017_h225_set_uint(deep, leaf, 1);
    if (rv != 0) {
      break;
    }
    n = strlen(path);
    (void)snprintf(path + n, sizeof(path) - n, ".content");
    levels++;
  }
  /* EnumeratedParameter, Content, SEQUENCE OF: three a level */
  ck_assert_int_eq(rv, 0);
  MUST(h46017_h225_encode(deep, out, sizeof(out), &len));
  ck_assert_int_eq(
      h46017_h225_decode(m, h46017_h225_type_find("EnumeratedParameter"), out,
                         len),
      H46017_ERR_PER_DEPTH);
  ck_assert_uint_gt(strlen(h46017_h225_last_error(m)->path), 200);
  ck_assert_int_eq(strncmp(h46017_h225_last_error(m)->path, "\xe2\x80\xa6", 3),
                   0);
  MUST(h46017_h225_decode(deep, h46017_h225_type_find("EnumeratedParameter"),
                          out, len));
  h46017_h225_del(deep);
}
END_TEST

START_TEST(a_message_used_again_and_again_allocates_nothing) {
  failmem f;
  h46017_h225 *again;
  octets pdu = octets_hex(RRQ_REFRESH);
  uint8_t out[256];
  size_t len;
  size_t calls = 0;

  failmem_init(&f);
  MUST(h46017_h225_new(&again, NULL, &f.mem));
  for (int i = 0; i < 100; i++) {
    if (i == 4) {
      calls = f.calls;
    }
    MUST(h46017_h225_decode(again, h46017_h225_ras_message(), pdu.data,
                            pdu.len));
    MUST(h46017_h225_encode(again, out, sizeof(out), &len));
    MUST(build_rrq(again));
    MUST(h46017_h225_encode(again, out, sizeof(out), &len));
  }
  ck_assert_uint_eq(f.calls, calls);
  h46017_h225_del(again);
  ck_assert_uint_eq(f.blocks, 0);
  octets_free(&pdu);
}
END_TEST

static int sweep(failmem *f, void *arg) {
  octets *pdu = arg;
  h46017_h225 *x = NULL;
  uint8_t out[512];
  size_t len;
  int rv = h46017_h225_new(&x, NULL, &f->mem);

  if (rv == 0) {
    rv = h46017_h225_decode(x, h46017_h225_ras_message(), pdu->data, pdu->len);
  }
  for (int i = 0; rv == 0 && i < 20; i++) {
    char path[64];
    (void)snprintf(path, sizeof(path),
                   "registrationRequest.terminalAlias[%d].email-ID", i + 1);
    rv = h46017_h225_set_text(x, path, "a@b", 3);
    if (rv != 0) { /* as it was: it still encodes */
      ck_assert_int_eq(h46017_h225_encode(x, out, sizeof(out), &len), 0);
    }
  }
  if (rv == 0) {
    rv = h46017_h225_encode(x, out, sizeof(out), &len);
  }
  if (rv == 0) {
    rv = build_rrq(x);
  }
  h46017_h225_del(x);
  return rv;
}

START_TEST(every_failing_allocation_is_survived) {
  octets pdu = octets_hex(RRQ_FULL);

  ck_assert_uint_gt(failmem_sweep(sweep, &pdu), 2);
  octets_free(&pdu);
}
END_TEST

int main(void) {
  Suite *s = suite_create("h225");
  TCase *tc = tcase_create("api");

  tcase_add_checked_fixture(tc, setup, teardown);
  tcase_add_test(tc, types_are_found_by_any_of_their_names);
  tcase_add_test(tc, settings_are_checked);
  tcase_add_test(tc, looking_at_what_is_absent_answers_absent);
  tcase_add_test(tc, reading_another_kind_is_a_mismatch);
  tcase_add_test(tc, a_registration_is_built_from_nothing);
  tcase_add_test(tc, what_is_mandatory_and_missing_is_named);
  tcase_add_test(tc, a_failed_set_leaves_the_message_as_it_was);
  tcase_add_test(tc, components_are_changed_added_and_removed);
  tcase_add_test(tc, an_addition_lengthens_a_short_bitmap);
  tcase_add_test(tc, unknown_additions_can_be_replaced_and_removed);
  tcase_add_test(tc, octets_behind_the_pdu_are_kept_or_refused_by_name);
  tcase_add_test(tc, limits_hold_at_the_limit_and_not_one_below);
  tcase_add_test(tc, a_budget_too_small_is_refused_wherever_it_ends);
  tcase_add_test(tc, what_is_set_has_the_limits_of_what_is_decoded);
  tcase_add_test(tc, an_unknown_alternative_can_be_replaced);
  tcase_add_test(tc, a_value_is_shared_where_the_type_is_the_same);
  tcase_add_test(tc, lists_in_fragments_come_and_go);
  tcase_add_test(tc, nesting_ends_at_the_limit);
  tcase_add_test(tc, a_message_used_again_and_again_allocates_nothing);
  tcase_add_test(tc, every_failing_allocation_is_survived);
  suite_add_tcase(s, tc);
  return run_suite(s);
}
