/* SPDX-License-Identifier: BSD-2-Clause */
#include "asn1/ras_number.h"
#include "octets.h"
#include "ras_sample.h"
#include "runner.h"

#include <h46017/error.h>
#include <h46017/ras.h>

#include <check.h>
#include <stdlib.h>
#include <string.h>

/* -- messages ---------------------------------------------------------------
 */

START_TEST(the_full_rrq_is_viewed) {
  h46017_ras ras;
  sample s = view_hex(FULL_RRQ, &ras);
  const h46017_rrq *rrq = &ras.u.rrq;

  ck_assert_int_eq(ras.kind, H46017_RAS_RRQ);
  ck_assert_uint_eq(ras.request_seq_num, 1);
  ck_assert_uint_eq(ras.protocol_version, 6);
  ck_assert(!rrq->discovery_complete);
  ck_assert_int_eq(rrq->terminal_type, H46017_TERMINAL_TERMINAL);
  ck_assert(rrq->terminal_alias.present);
  ck_assert_uint_eq(rrq->terminal_alias.count, 1);
  ck_assert_int_eq(rrq->terminal_alias.list[0].type, H46017_ALIAS_H323_ID);
  assert_text(rrq->terminal_alias.list[0].text, "0090332f688a");
  assert_no_text(rrq->gatekeeper_identifier);
  ck_assert_uint_eq(rrq->vendor.t35_country_code, 181);
  ck_assert_uint_eq(rrq->vendor.t35_extension, 0);
  ck_assert_uint_eq(rrq->vendor.manufacturer_code, 21324);
  assert_no_text(rrq->vendor.product_id);
  assert_no_text(rrq->vendor.version_id);
  ck_assert_uint_eq(rrq->time_to_live, 120);
  ck_assert(!rrq->keep_alive);
  assert_no_text(rrq->endpoint_identifier);
  ck_assert(!rrq->will_supply_uuies);
  ck_assert(rrq->maintain_connection);
  ck_assert(!rrq->additive_registration);
  ck_assert(!rrq->supports_alt_gk);
  ck_assert(!rrq->multiple_calls);
  ck_assert(!rrq->restart);
  sample_free(&s);
}
END_TEST

START_TEST(the_lightweight_rrq_is_viewed) {
  h46017_ras ras;
  sample s = view_hex(LIGHT_RRQ, &ras);

  ck_assert_uint_eq(ras.request_seq_num, 2);
  ck_assert(ras.u.rrq.discovery_complete);
  ck_assert(ras.u.rrq.keep_alive);
  ck_assert(!ras.u.rrq.terminal_alias.present);
  ck_assert_uint_eq(ras.u.rrq.terminal_alias.count, 0);
  assert_text(ras.u.rrq.gatekeeper_identifier, "gk");
  assert_text(ras.u.rrq.endpoint_identifier, "1_gk");
  sample_free(&s);
}
END_TEST

START_TEST(the_rcf_is_viewed) {
  h46017_ras ras;
  sample s = view_hex(RCF, &ras);

  ck_assert_int_eq(ras.kind, H46017_RAS_RCF);
  ck_assert_uint_eq(ras.u.rcf.terminal_alias.count, 1);
  assert_text(ras.u.rcf.terminal_alias.list[0].text, "0090332f688a");
  assert_text(ras.u.rcf.gatekeeper_identifier, "gk");
  assert_text(ras.u.rcf.endpoint_identifier, "1_gk");
  ck_assert_uint_eq(ras.u.rcf.time_to_live, 120);
  ck_assert(!ras.u.rcf.will_respond_to_irr);
  ck_assert(ras.u.rcf.maintain_connection);
  ck_assert(!ras.u.rcf.supports_additive_registration);
  sample_free(&s);
}
END_TEST

static const struct {
  h46017_rrj_reason reason;
  const char *name;
  const char *hex;
} rejections[] = {
    {H46017_RRJ_DISCOVERY_REQUIRED, "discoveryRequired", RRJ("00")},
    {H46017_RRJ_TRANSPORT_NOT_SUPPORTED, "transportNotSupported", RRJ("70")},
    {H46017_RRJ_SECURITY_DENIAL, "securityDenial", RRJ("830100")},
    {H46017_RRJ_FULL_REGISTRATION_REQUIRED, "fullRegistrationRequired",
     RRJ("840100")},
    {H46017_RRJ_INVALID_TERMINAL_ALIASES, "invalidTerminalAliases",
     RRJ("860100")},
    {H46017_RRJ_REGISTER_WITH_ASSIGNED_GK, "registerWithAssignedGK",
     RRJ("8a0100")},
};

START_TEST(rejections_are_viewed) {
  h46017_ras ras;
  sample s = view_hex(rejections[_i].hex, &ras);

  ck_assert_int_eq(ras.kind, H46017_RAS_RRJ);
  ck_assert_uint_eq(ras.request_seq_num, 2);
  ck_assert_int_eq(ras.u.rrj.reason, rejections[_i].reason);
  ck_assert(!ras.u.rrj.duplicate_alias.present);
  assert_no_text(ras.u.rrj.gatekeeper_identifier);
  ck_assert_str_eq(h46017_rrj_reason_name(ras.u.rrj.reason),
                   rejections[_i].name);
  ck_assert_int_eq(h46017_rrj_reason_find(rejections[_i].name),
                   rejections[_i].reason);
  sample_free(&s);
}
END_TEST

START_TEST(a_duplicate_alias_is_named) {
  h46017_ras ras;
  sample s = view_hex(RRJ("400101004560"), &ras);

  ck_assert_int_eq(ras.u.rrj.reason, H46017_RRJ_DUPLICATE_ALIAS);
  ck_assert(ras.u.rrj.duplicate_alias.present);
  ck_assert_uint_eq(ras.u.rrj.duplicate_alias.count, 1);
  ck_assert_int_eq(ras.u.rrj.duplicate_alias.list[0].type,
                   H46017_ALIAS_DIALLED_DIGITS);
  assert_text(ras.u.rrj.duplicate_alias.list[0].text, "123");
  sample_free(&s);

  s = view_hex(RRJ("4000"), &ras);
  ck_assert(ras.u.rrj.duplicate_alias.present);
  ck_assert_uint_eq(ras.u.rrj.duplicate_alias.count, 0);
  sample_free(&s);
}
END_TEST

START_TEST(urq_and_ucf_are_viewed) {
  h46017_ras ras;
  sample s = view_hex(URQ, &ras);

  ck_assert_int_eq(ras.kind, H46017_RAS_URQ);
  ck_assert_uint_eq(ras.request_seq_num, 9);
  ck_assert_uint_eq(ras.protocol_version, 0);
  ck_assert(!ras.u.urq.endpoint_alias.present);
  assert_text(ras.u.urq.endpoint_identifier, "1_gk");
  assert_no_text(ras.u.urq.gatekeeper_identifier);
  ck_assert_int_eq(ras.u.urq.reason, H46017_URQ_TTL_EXPIRED);
  ck_assert_str_eq(h46017_urq_reason_name(ras.u.urq.reason), "ttlExpired");
  sample_free(&s);

  s = view_hex(UCF, &ras);
  ck_assert_int_eq(ras.kind, H46017_RAS_UCF);
  ck_assert_uint_eq(ras.request_seq_num, 9);
  sample_free(&s);
}
END_TEST

/* X.691 by hand: 0 01000 0 0, requestSeqNum, then the reason's index. */
static const struct {
  h46017_urj_reason reason;
  const char *hex;
} refusals[] = {
    {H46017_URJ_NOT_CURRENTLY_REGISTERED, "20000800"},
    {H46017_URJ_CALL_IN_PROGRESS, "20000820"},
    {H46017_URJ_PERMISSION_DENIED, "200008800100"},
    {H46017_URJ_SECURITY_DENIAL, "200008810100"},
};

START_TEST(refused_unregistrations_are_viewed) {
  h46017_ras ras;
  sample s = view_hex(refusals[_i].hex, &ras);

  ck_assert_int_eq(ras.kind, H46017_RAS_URJ);
  ck_assert_int_eq(ras.u.urj.reason, refusals[_i].reason);
  sample_free(&s);
}
END_TEST

START_TEST(rip_and_xrs_are_viewed) {
  h46017_ras ras;
  sample s = view_hex(RIP, &ras);

  ck_assert_int_eq(ras.kind, H46017_RAS_RIP);
  ck_assert_uint_eq(ras.request_seq_num, 7);
  ck_assert_uint_eq(ras.u.rip.delay, 3000);
  sample_free(&s);

  s = view_hex(XRS, &ras);
  ck_assert_int_eq(ras.kind, H46017_RAS_XRS);
  ck_assert_uint_eq(ras.request_seq_num, 13);
  ck_assert_uint_eq(ras.u.xrs.message_not_understood_len, 2);
  ck_assert_mem_eq(ras.u.xrs.message_not_understood, "\x4c\x00", 2);
  sample_free(&s);
}
END_TEST

/* The other messages of 8.5: kind and number are all there is. */
static const struct {
  h46017_ras_kind kind;
  uint16_t seq;
  const char *name;
  const char *hex;
} others[] = {
    {H46017_RAS_ARQ, 10, "admissionRequest",
     "2780000908300031005f0067006b0100807501400b003000300039003000330033003200"
     "660036003800380061400500000500010203040506"
     "0708090a0b0c0d0e0f0960200001801100101112131415161718191a1b1c1d1e1f0100"},
    {H46017_RAS_ACF, 10, "admissionConfirm",
     "2b0000094005004000000000000000772c00c0000100020000"},
    {H46017_RAS_ARJ, 10, "admissionReject", "2c000900"},
    {H46017_RAS_DRQ, 11, "disengageRequest",
     "3e000a060031005f0067006b000102030405060708090a0b0c0d0e0f0005232100110010"
     "1112131415161718191a1b1c1d1e1f0100"},
    {H46017_RAS_DCF, 11, "disengageConfirm", "40000a"},
    {H46017_RAS_IRQ, 12, "infoRequest",
     "5600000b0000170000110000000000000000000000000000000000"},
};

START_TEST(other_kinds_have_kind_and_number_only) {
  h46017_ras ras;
  sample s = view_hex(others[_i].hex, &ras);

  ck_assert_int_eq(ras.kind, others[_i].kind);
  ck_assert_uint_eq(ras.request_seq_num, others[_i].seq);
  ck_assert_str_eq(h46017_ras_kind_name(ras.kind), others[_i].name);
  sample_free(&s);
}
END_TEST

/* -- old, new and odd peers ---------------------------------------------------
 */

START_TEST(a_version_2_rrq_has_a_short_extension_bitmap) {
  h46017_ras ras;
  /* eight additions: timeToLive, keepAlive TRUE and willSupplyUUIEs present */
  sample s = view_hex("0e000000060008914a00020000000200b500534c0e8a"
                      "02007701800100",
                      &ras);

  ck_assert_uint_eq(ras.protocol_version, 2);
  ck_assert_uint_eq(ras.u.rrq.time_to_live, 120);
  ck_assert(ras.u.rrq.keep_alive);
  ck_assert(!ras.u.rrq.will_supply_uuies);
  ck_assert(!ras.u.rrq.maintain_connection);
  ck_assert(!ras.u.rrq.terminal_alias.present);
  sample_free(&s);
}
END_TEST

START_TEST(a_version_1_peer_sends_no_additions) {
  h46017_ras ras;
  sample s = view_hex("0c000000060008914a00010000000200b500534c", &ras);

  ck_assert_uint_eq(ras.protocol_version, 1);
  ck_assert_uint_eq(ras.u.rrq.time_to_live, 0);
  ck_assert(!ras.u.rrq.keep_alive);
  sample_free(&s);

  s = view_hex("10000000060008914a000100060031005f0067006b", &ras);
  ck_assert_int_eq(ras.kind, H46017_RAS_RCF);
  assert_text(ras.u.rcf.endpoint_identifier, "1_gk");
  ck_assert_uint_eq(ras.u.rcf.time_to_live, 0);
  ck_assert(!ras.u.rcf.maintain_connection);
  ck_assert(!ras.u.rcf.terminal_alias.present);
  sample_free(&s);

  s = view_hex("1840000800060031005f0067006b", &ras);
  ck_assert_int_eq(ras.u.urq.reason, H46017_URQ_REASON_ABSENT);
  sample_free(&s);

  s = view_hex("60000c", &ras);
  ck_assert_int_eq(ras.kind, H46017_RAS_XRS);
  ck_assert_ptr_null(ras.u.xrs.message_not_understood);
  ck_assert_uint_eq(ras.u.xrs.message_not_understood_len, 0);
  sample_free(&s);
}
END_TEST

START_TEST(what_a_later_version_adds_is_unknown) {
  h46017_ras ras;
  sample s = view_hex(RRJ("940100"), &ras);

  ck_assert_int_eq(ras.u.rrj.reason, H46017_RRJ_UNKNOWN);
  sample_free(&s);

  s = view_hex("8803000000", &ras);
  ck_assert_int_eq(ras.kind, H46017_RAS_UNKNOWN);
  ck_assert_uint_eq(ras.request_seq_num, 0);
  sample_free(&s);
}
END_TEST

START_TEST(another_object_is_no_protocol_version) {
  h46017_ras ras;
  sample s = view_hex("14000001060008914a010600", &ras);

  ck_assert_uint_eq(ras.protocol_version, 0);
  sample_free(&s);
  s = view_hex("14000001020008" /* 0.0.8 */ "00", &ras);
  ck_assert_uint_eq(ras.protocol_version, 0);
  sample_free(&s);
}
END_TEST

/* -- real peers -------------------------------------------------------------
 */

/* One line of a *.ras.txt: time, stream, direction, message, octets. */
typedef void (*captured_fn)(const char *kind, const char *hex);

static size_t captured_each(const char *file, captured_fn fn) {
  octets text = octets_file(file);
  octets_append(&text, (const uint8_t *)"", 1);
  char *line = (char *)text.data, *end;
  size_t n = 0;

  while ((end = strchr(line, '\n')) != NULL) {
    char *field[5] = {NULL};
    *end = '\0';
    for (size_t i = 0; i < 5 && line != NULL; i++) {
      field[i] = line;
      line = strchr(line, ' ');
      if (line != NULL) {
        *line++ = '\0';
      }
    }
    ck_assert_ptr_nonnull(field[4]);
    fn(field[3], field[4]);
    n++;
    line = end + 1;
  }
  octets_free(&text);
  return n;
}

/* Whatever the message: its kind and number, by both ways. */
static void captured_check(const char *kind, const char *hex) {
  h46017_ras ras;
  h46017_ras_kind peeked;
  uint16_t seq;
  sample s = view_hex(hex, &ras);

  ck_assert_str_eq(h46017_ras_kind_name(ras.kind), kind);
  ck_assert_int_eq(h46017_ras_peek(s.per.data, s.per.len, &peeked, &seq), 0);
  ck_assert_int_eq(peeked, ras.kind);
  ck_assert_uint_eq(seq, ras.request_seq_num);
  ck_assert_uint_ne(seq, 0);
  switch ((int)ras.kind) {
  case H46017_RAS_RRQ:
    ck_assert_uint_eq(ras.protocol_version, 7);
    ck_assert_int_eq(ras.u.rrq.terminal_type, H46017_TERMINAL_TERMINAL);
    ck_assert_uint_eq(ras.u.rrq.vendor.t35_country_code, 9);
    ck_assert_uint_eq(ras.u.rrq.vendor.manufacturer_code, 61);
    /* h323plus sends the terminators along */
    ck_assert_uint_eq(ras.u.rrq.vendor.product_id.len, 17);
    ck_assert_str_eq(ras.u.rrq.vendor.product_id.text, "H323Plus simple");
    ck_assert_str_eq(ras.u.rrq.vendor.version_id.text,
                     "1.28.0 (H323plus v1.28.0)");
    ck_assert_uint_eq(ras.u.rrq.time_to_live, 0); /* it leaves that to us */
    ck_assert(ras.u.rrq.maintain_connection);
    if (ras.u.rrq.keep_alive) {
      ck_assert_ptr_nonnull(ras.u.rrq.endpoint_identifier.text);
      assert_text(ras.u.rrq.gatekeeper_identifier, "GnuGkLab");
    } else {
      ck_assert_uint_eq(ras.u.rrq.terminal_alias.count, 1);
      ck_assert_int_eq(
          strncmp(ras.u.rrq.terminal_alias.list[0].text.text, "ep", 2), 0);
    }
    break;
  case H46017_RAS_RCF:
    assert_text(ras.u.rcf.gatekeeper_identifier, "GnuGkLab");
    ck_assert_ptr_nonnull(strstr(ras.u.rcf.endpoint_identifier.text, "_endp"));
    ck_assert_uint_eq(ras.u.rcf.time_to_live, 19);
    /* maintainConnection is TRUE in the first, FALSE in those to keep alive */
    break;
  case H46017_RAS_RRJ:
    ck_assert_int_eq(ras.u.rrj.reason, H46017_RRJ_SECURITY_DENIAL);
    break;
  case H46017_RAS_URQ:
    ck_assert_ptr_nonnull(ras.u.urq.endpoint_identifier.text);
    break;
  default:
    break;
  }
  sample_free(&s);
}

static const struct {
  const char *file;
  size_t messages;
} captures[] = {
    {"vectors/gnugk/gnugk-simpleh323-tcp-register.ras.txt", 11},
    {"vectors/gnugk/gnugk-simpleh323-tcp-call.ras.txt", 18},
    {"vectors/gnugk/gnugk-simpleh323-tcp-password-register.ras.txt", 18},
};

START_TEST(captured_messages_are_viewed) {
  ck_assert_uint_eq(captured_each(captures[_i].file, captured_check),
                    captures[_i].messages);
}
END_TEST

/* -- peek -------------------------------------------------------------------
 */

static void assert_peeks(const char *hex, h46017_ras_kind kind, uint16_t seq) {
  octets o = octets_hex(hex);
  uint8_t *per = octets_exact(o.data, o.len);
  h46017_ras_kind got_kind = H46017_RAS_IRQ;
  uint16_t got_seq = 4711;

  ck_assert_int_eq(h46017_ras_peek(per, o.len, &got_kind, &got_seq), 0);
  ck_assert_int_eq(got_kind, kind);
  ck_assert_uint_eq(got_seq, seq);
  /* another number where there is one, or room for one: nothing else changes */
  if (h46017_ras_renumber(per, o.len, 4242)) {
    ck_assert_int_eq(h46017_ras_peek(per, o.len, &got_kind, &got_seq), 0);
    ck_assert_uint_eq(got_seq, 4242);
    ck_assert_int_eq(got_kind, kind);
    ck_assert(seq == 0 || h46017_ras_renumber(per, o.len, seq));
  } else {
    ck_assert_uint_eq(seq, 0);
  }
  ck_assert(seq == 0 || memcmp(per, o.data, o.len) == 0);
  ck_assert(!h46017_ras_renumber(per, o.len, 0));
  free(per);
  octets_free(&o);
}

START_TEST(peek_reads_what_does_not_decode) {
  assert_peeks("0e800000ff", H46017_RAS_RRQ, 1);
  assert_peeks("0e80fffeff", H46017_RAS_RRQ, 65535);
  assert_peeks("0e80ffff", H46017_RAS_RRQ, 0); /* there is no 65536 */
  assert_peeks("0e8000", H46017_RAS_RRQ, 0);
  assert_peeks("0e", H46017_RAS_RRQ, 0);
  assert_peeks("64", H46017_RAS_UNKNOWN, 0); /* no 26th root alternative */
  assert_peeks("80", H46017_RAS_RIP, 0);
  assert_peeks("8005000006", H46017_RAS_RIP, 7);
  assert_peeks("808005000006", H46017_RAS_RIP, 7); /* a length of two octets */
  assert_peeks("80c1000006", H46017_RAS_RIP, 0);   /* fragments */
  assert_peeks("88030000", H46017_RAS_UNKNOWN, 0);
  assert_peeks("c0010000", H46017_RAS_UNKNOWN, 0); /* a number above 63 */
}
END_TEST

START_TEST(peek_looks_behind_irr_preamble) {
  /* nonStandardData absent, then present */
  assert_peeks("58000004", H46017_RAS_IRR, 5);
  assert_peeks("59000004", H46017_RAS_IRR, 0);
}
END_TEST

START_TEST(peek_finds_the_first_acf_of_a_sequence) {
  assert_peeks("870a01000009", H46017_RAS_ACF_SEQUENCE, 10);
  assert_peeks("870100", H46017_RAS_ACF_SEQUENCE, 0);
  assert_peeks("87", H46017_RAS_ACF_SEQUENCE, 0);
}
END_TEST

START_TEST(peek_needs_one_octet) {
  h46017_ras_kind kind = H46017_RAS_IRQ;
  uint16_t seq = 4711;
  uint8_t nothing = 0;

  ck_assert_int_eq(h46017_ras_peek(&nothing, 0, &kind, &seq),
                   H46017_ERR_TRUNCATED);
  ck_assert_int_eq(kind, H46017_RAS_IRQ);
  ck_assert_uint_eq(seq, 4711);
}
END_TEST

START_TEST(peek_and_view_agree) {
  static const char *const messages[] = {FULL_RRQ, LIGHT_RRQ, RCF, URQ,
                                         UCF,      RIP,       XRS};
  h46017_ras ras;

  for (size_t i = 0; i < sizeof(messages) / sizeof(messages[0]); i++) {
    sample s = view_hex(messages[i], &ras);
    assert_peeks(messages[i], ras.kind, ras.request_seq_num);
    sample_free(&s);
  }
  for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
    assert_peeks(others[i].hex, others[i].kind, others[i].seq);
  }
}
END_TEST

/* -- names ------------------------------------------------------------------
 */

START_TEST(names_are_those_of_the_schema) {
  ck_assert_str_eq(h46017_ras_kind_name(H46017_RAS_GRQ), "gatekeeperRequest");
  ck_assert_str_eq(h46017_ras_kind_name(H46017_RAS_ACF_SEQUENCE),
                   "admissionConfirmSequence");
  ck_assert_str_eq(h46017_ras_kind_name(H46017_RAS_UNKNOWN), "unknown");
  ck_assert_str_eq(h46017_ras_kind_name((h46017_ras_kind)33), "unknown");
  for (int i = 0; i <= (int)H46017_RRJ_REGISTER_WITH_ASSIGNED_GK; i++) {
    h46017_rrj_reason reason = (h46017_rrj_reason)i;
    ck_assert_int_eq(h46017_rrj_reason_find(h46017_rrj_reason_name(reason)), i);
  }
  ck_assert_str_eq(h46017_rrj_reason_name((h46017_rrj_reason)19), "unknown");
  ck_assert_int_eq(h46017_rrj_reason_find("unknown"), H46017_RRJ_UNKNOWN);
  ck_assert_int_eq(h46017_rrj_reason_find(""), H46017_RRJ_UNKNOWN);
  ck_assert_int_eq(h46017_rrj_reason_find(NULL), H46017_RRJ_UNKNOWN);
  ck_assert_str_eq(h46017_urq_reason_name(H46017_URQ_MAINTENANCE),
                   "maintenance");
  ck_assert_str_eq(h46017_urq_reason_name(H46017_URQ_REASON_ABSENT), "unknown");
}
END_TEST

/* What the table of errors answers with is a reason that exists. */
static void reason_exists(int code, void *user_data) {
  (void)user_data;
  ck_assert_int_ne(
      h46017_rrj_reason_find(h46017_error_to_ras_reject_reason(code)),
      H46017_RRJ_UNKNOWN);
}

START_TEST(every_error_has_a_reason_that_exists) {
  h46017_error_each(reason_exists, NULL);
}
END_TEST

/* -- objects ----------------------------------------------------------------
 */

START_TEST(only_a_ras_message_is_viewed) {
  h46017_h225 *m;
  h46017_ras ras = ras_of(H46017_RAS_RIP, 99);

  ck_assert_int_eq(h46017_h225_new(&m, NULL, NULL), 0);
  ck_assert_int_eq(h46017_ras_view(m, &ras), H46017_ERR_INVALID_STATE);
  ck_assert_int_eq(h46017_h225_create(m, h46017_h225_user_information()), 0);
  ck_assert_int_eq(h46017_ras_view(m, &ras), H46017_ERR_INVALID_STATE);
  ck_assert_int_eq(ras.kind, H46017_RAS_RIP);
  ck_assert_uint_eq(ras.request_seq_num, 99);
  ck_assert_int_eq(h46017_h225_create(m, h46017_h225_ras_message()), 0);
  ck_assert_int_eq(h46017_ras_view(m, &ras), 0);
  ck_assert_int_eq(ras.kind, H46017_RAS_UNKNOWN);
  h46017_h225_del(m);
}
END_TEST

START_TEST(a_view_keeps_to_the_budget) {
  octets per = octets_hex(RCF);
  h46017_h225_settings settings;
  h46017_ras ras = ras_of(H46017_RAS_RIP, 99);
  h46017_h225 *m;
  size_t needed;

  ck_assert_int_eq(h46017_h225_new(&m, NULL, NULL), 0);
  ck_assert_int_eq(
      h46017_h225_decode(m, h46017_h225_ras_message(), per.data, per.len), 0);
  needed = h46017_h225_memory_used(m);
  h46017_h225_del(m);

  h46017_h225_settings_default(&settings);
  settings.max_memory = needed + 16;
  ck_assert_int_eq(h46017_h225_new(&m, &settings, NULL), 0);
  ck_assert_int_eq(
      h46017_h225_decode(m, h46017_h225_ras_message(), per.data, per.len), 0);
  ck_assert_int_eq(h46017_ras_view(m, &ras), H46017_ERR_PER_BUDGET);
  ck_assert_int_eq(ras.kind, H46017_RAS_RIP);
  ck_assert_int_eq(h46017_h225_last_error(m)->code, H46017_ERR_PER_BUDGET);
  h46017_h225_del(m);
  octets_free(&per);
}
END_TEST

#define COUNT(ARRAY) ((int)(sizeof(ARRAY) / sizeof((ARRAY)[0])))

static Suite *ras_suite(void) {
  Suite *s = suite_create("ras");
  TCase *tc;

  tc = tcase_create("messages");
  tcase_add_test(tc, the_full_rrq_is_viewed);
  tcase_add_test(tc, the_lightweight_rrq_is_viewed);
  tcase_add_test(tc, the_rcf_is_viewed);
  tcase_add_loop_test(tc, rejections_are_viewed, 0, COUNT(rejections));
  tcase_add_test(tc, a_duplicate_alias_is_named);
  tcase_add_test(tc, urq_and_ucf_are_viewed);
  tcase_add_loop_test(tc, refused_unregistrations_are_viewed, 0,
                      COUNT(refusals));
  tcase_add_test(tc, rip_and_xrs_are_viewed);
  tcase_add_loop_test(tc, other_kinds_have_kind_and_number_only, 0,
                      COUNT(others));
  tcase_add_loop_test(tc, captured_messages_are_viewed, 0, COUNT(captures));
  suite_add_tcase(s, tc);

  tc = tcase_create("old, new and odd peers");
  tcase_add_test(tc, a_version_2_rrq_has_a_short_extension_bitmap);
  tcase_add_test(tc, a_version_1_peer_sends_no_additions);
  tcase_add_test(tc, what_a_later_version_adds_is_unknown);
  tcase_add_test(tc, another_object_is_no_protocol_version);
  suite_add_tcase(s, tc);

  tc = tcase_create("peek and names");
  tcase_add_test(tc, peek_reads_what_does_not_decode);
  tcase_add_test(tc, peek_looks_behind_irr_preamble);
  tcase_add_test(tc, peek_finds_the_first_acf_of_a_sequence);
  tcase_add_test(tc, peek_needs_one_octet);
  tcase_add_test(tc, peek_and_view_agree);
  tcase_add_test(tc, names_are_those_of_the_schema);
  tcase_add_test(tc, every_error_has_a_reason_that_exists);
  suite_add_tcase(s, tc);

  tc = tcase_create("objects");
  tcase_add_test(tc, only_a_ras_message_is_viewed);
  tcase_add_test(tc, a_view_keeps_to_the_budget);
  suite_add_tcase(s, tc);
  return s;
}

int main(void) {
  return run_suite(ras_suite());
}
