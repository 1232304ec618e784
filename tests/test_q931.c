/* SPDX-License-Identifier: BSD-2-Clause */
#include <h46017/error.h>
#include <h46017/q931.h>

#include "octets.h"
#include "runner.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LENIENT H46017_LENIENT_DEFAULT

/* Parses a copy that ends where its block ends; the view is read out into text
 * before the block goes. */
typedef struct outcome {
  int rv;
  size_t fault;
  h46017_q931 msg;
  char ies[1024]; /* "codeset:id:contents " for each */
  int uu_rv;
  size_t uu_len;
} outcome;

static void outcome_ie(outcome *out, const h46017_q931_ie *ie) {
  size_t at = strlen(out->ies);

  at += (size_t)snprintf(out->ies + at, sizeof(out->ies) - at,
                         "%u:%02x:", ie->codeset, ie->id);
  for (size_t i = 0; i < ie->len && at + 4 < sizeof(out->ies); i++) {
    at += (size_t)snprintf(out->ies + at, sizeof(out->ies) - at, "%02x",
                           ie->contents[i]);
  }
  (void)snprintf(out->ies + at, sizeof(out->ies) - at, " ");
}

static outcome parse_octets(const uint8_t *data, size_t len, uint32_t lenient) {
  outcome out;
  uint8_t *copy = octets_exact(data, len);
  h46017_q931_cursor at = H46017_Q931_CURSOR_INIT;
  h46017_q931_ie ie;
  const uint8_t *per;
  size_t raw;

  memset(&out, 0, sizeof(out));
  out.rv = h46017_q931_parse(&out.msg, copy, len, lenient);
  out.fault = h46017_q931_fault(copy, len, lenient);
  if (out.rv == 0) {
    raw = out.msg.ies;
    while (h46017_q931_next(&out.msg, &at, &ie)) {
      ck_assert_ptr_eq(ie.raw, copy + raw);
      raw += ie.raw_len;
      if (strlen(out.ies) < sizeof(out.ies) - 64) {
        outcome_ie(&out, &ie);
      }
    }
    ck_assert_uint_eq(raw, len); /* nothing is out of reach */
    ck_assert_uint_eq(out.fault, len);
    out.uu_rv = h46017_q931_user_user(&out.msg, &per, &out.uu_len);
  }
  free(copy);
  return out;
}

static outcome parse(const char *hex, uint32_t lenient) {
  octets o = octets_hex(hex);
  outcome out = parse_octets(o.data, o.len, lenient);
  octets_free(&o);
  return out;
}

static void refused(const char *hex, uint32_t lenient, size_t at) {
  outcome out = parse(hex, lenient);
  ck_assert_int_eq(out.rv, H46017_ERR_Q931);
  ck_assert_uint_eq(out.fault, at);
}

START_TEST(q1_refuses_another_discriminator) {
  refused("0902000062", LENIENT, 0);
  refused("0002000062", LENIENT, 0);
  refused("03000004", LENIENT, 0);
  refused("", LENIENT, 0);
}
END_TEST

START_TEST(q2_call_reference_of_0_1_2_octets_no_more) {
  outcome o = parse("080062", LENIENT);
  ck_assert_int_eq(o.rv, 0);
  ck_assert_uint_eq(o.msg.type, H46017_Q931_FACILITY);
  ck_assert_uint_eq(o.msg.call_reference, 0);
  ck_assert_uint_eq(o.msg.call_reference_length, 0);
  ck_assert(!o.msg.call_reference_flag);
  o = parse("08018562", LENIENT);
  ck_assert_int_eq(o.rv, 0);
  ck_assert_uint_eq(o.msg.call_reference, 5);
  ck_assert_uint_eq(o.msg.call_reference_length, 1);
  ck_assert(o.msg.call_reference_flag);
  refused("080062", 0, 1);
  refused("08018562", 0, 1);
  ck_assert_int_eq(parse("0802000062", 0).rv, 0);
  refused("080300000062", LENIENT, 1);
  refused("080f00000000000000000000000000000062", LENIENT, 1);
  refused("08ff000062", LENIENT, 1);
  refused("0812000062", LENIENT, 1);
}
END_TEST

START_TEST(q3_both_flags_and_the_whole_range_of_values) {
  outcome o = parse("0802000005", 0);
  ck_assert_int_eq(o.rv, 0); /* whether a Setup may have it: the caller's */
  ck_assert_uint_eq(o.msg.call_reference, 0);
  ck_assert(!o.msg.call_reference_flag);
  o = parse("0802800062", 0);
  ck_assert_uint_eq(o.msg.call_reference, 0);
  ck_assert(o.msg.call_reference_flag);
  o = parse("0802ffff62", 0);
  ck_assert_uint_eq(o.msg.call_reference, 32767);
  ck_assert(o.msg.call_reference_flag);
  o = parse("08027fff62", 0);
  ck_assert_uint_eq(o.msg.call_reference, 32767);
  ck_assert(!o.msg.call_reference_flag);
}
END_TEST

START_TEST(q4_takes_an_unknown_message_type) {
  outcome o = parse("08020001442801 41", 0);
  ck_assert_int_eq(o.rv, 0);
  ck_assert_uint_eq(o.msg.type, 0x44);
  ck_assert_str_eq(h46017_q931_type_name(0x44), "unknown");
  /* what follows the national escape is no element */
  o = parse("0802000100ff", 0);
  ck_assert_int_eq(o.rv, 0);
  ck_assert_uint_eq(o.msg.ies, 6);
}
END_TEST

START_TEST(q5_element_lengths_0_1_max_and_past_the_end) {
  uint8_t max[5 + 2 + 255] = {8, 2, 0, 1, 5, 0x28, 255};
  outcome o;

  ck_assert_str_eq(parse("0802000105 2800", 0).ies, "0:28: ");
  ck_assert_str_eq(parse("0802000105 280141", 0).ies, "0:28:41 ");
  ck_assert_int_eq(parse_octets(max, sizeof(max), 0).rv, 0);
  o = parse_octets(max, sizeof(max) - 1, 0);
  ck_assert_int_eq(o.rv, H46017_ERR_Q931);
  ck_assert_uint_eq(o.fault, 5);
  refused("0802000105 28", 0, 5);
  refused("0802000105 2801", 0, 5);
  refused("0802000105 280341 42", 0, 5);
  refused("0802000105 7e", 0, 5);
  refused("0802000105 7e00", 0, 5);
  refused("0802000105 7e000205", 0, 5);
  refused("0802000105 7effff05", 0, 5);
}
END_TEST

START_TEST(q6_single_octet_elements_have_no_length) {
  outcome o = parse("0802000105 a1 280141 d1 a0 b7 ff", 0);
  ck_assert_int_eq(o.rv, 0);
  ck_assert_str_eq(o.ies, "0:a1: 0:28:41 0:d1: 0:a0: 0:b7: 0:ff: ");
  ck_assert_str_eq(h46017_q931_ie_name(0, 0xa1), "sendingComplete");
  ck_assert_str_eq(h46017_q931_ie_name(0, 0xa0), "moreData");
  ck_assert_str_eq(h46017_q931_ie_name(0, 0xb7), "congestionLevel");
  ck_assert_str_eq(h46017_q931_ie_name(0, 0xd1), "repeatIndicator");
  ck_assert_str_eq(h46017_q931_ie_name(0, 0x95), "shift");
  ck_assert_str_eq(h46017_q931_ie_name(0, 0xff), "unknown");
}
END_TEST

START_TEST(q7_of_repeated_user_user_elements_the_first_counts) {
  outcome o = parse("0802000105 7e00020511 7e0003051122", 0);
  ck_assert_int_eq(o.rv, 0);
  ck_assert_int_eq(o.uu_rv, 0);
  ck_assert_uint_eq(o.uu_len, 1);
}
END_TEST

START_TEST(q8_user_user_of_length_0_and_1_is_malformed) {
  outcome o = parse("0802000105 7e0000", 0);
  ck_assert_int_eq(o.rv, 0);
  ck_assert_int_eq(o.uu_rv, H46017_ERR_UUIE);
  ck_assert_int_eq(parse("0802000105 7e000105", 0).uu_rv, H46017_ERR_UUIE);
}
END_TEST

START_TEST(q9_user_user_of_another_discriminator_is_not_h323) {
  outcome o = parse("0802000105 7e00050441424344", 0);
  ck_assert_int_eq(o.rv, 0);
  ck_assert_int_eq(o.uu_rv, H46017_ERR_UNEXPECTED);
  ck_assert_str_eq(o.ies, "0:7e:0441424344 ");
  ck_assert_int_eq(parse("0802000105 7e000104", 0).uu_rv,
                   H46017_ERR_UNEXPECTED);
}
END_TEST

START_TEST(q10_a_message_without_user_user_is_one) {
  outcome o = parse("0802000105", 0);
  ck_assert_int_eq(o.rv, 0);
  ck_assert_int_eq(o.uu_rv, H46017_ERR_ABSENT);
  ck_assert_str_eq(o.ies, "");
}
END_TEST

START_TEST(q11_order_is_a_leniency) {
  static const char late[] = "0802000105 7e00020511 280141";
  outcome o = parse(late, LENIENT);
  ck_assert_int_eq(o.rv, 0);
  ck_assert_int_eq(o.uu_rv, 0);
  ck_assert_str_eq(o.ies, "0:7e:0511 0:28:41 ");
  refused(late, LENIENT & ~(uint32_t)H46017_LENIENT_IE_ORDER, 10);
  /* the same one again is no disorder, nor is another codeset's */
  ck_assert_int_eq(parse("0802000105 1c00 1c00 96 0100 280141", 0).rv, 0);
}
END_TEST

START_TEST(q12_codeset_shifts_are_followed) {
  /* 96: codeset 6, locking. 9d: codeset 5, the next one only. A 7e that is
   * not of codeset 0 has a length of one octet. */
  outcome o = parse("0802000105 280141 9d 7e0102 280142 96 7e0103 280143 9f "
                    "a1 280144",
                    LENIENT);
  ck_assert_int_eq(o.rv, 0);
  ck_assert_str_eq(o.ies, "0:28:41 0:9d: 5:7e:02 0:28:42 0:96: 6:7e:03 "
                          "6:28:43 6:9f: 7:a1: 6:28:44 ");
  ck_assert_int_eq(o.uu_rv, H46017_ERR_ABSENT);
  ck_assert_str_eq(h46017_q931_ie_name(6, 0x28), "unknown");
  ck_assert_str_eq(h46017_q931_ie_name(6, 0x9f), "shift");
  /* back to codeset 0 for one element: a User-User of the H.225.0 kind */
  o = parse("0802000105 96 98 7e00020511", 0);
  ck_assert_int_eq(o.uu_rv, 0);
  ck_assert_uint_eq(o.uu_len, 1);
  /* down again: not allowed; the same: no harm; at the end: nothing to apply
   * to */
  refused("0802000105 96 95 0100", LENIENT, 6);
  ck_assert_int_eq(parse("0802000105 90 96 96 0100", 0).rv, 0);
  ck_assert_str_eq(parse("0802000105 96 9d", 0).ies, "0:96: 6:9d: ");
}
END_TEST

START_TEST(q13_display_is_handed_out_as_it_is) {
  ck_assert_str_eq(parse("0802000105 280541004200ff", 0).ies,
                   "0:28:41004200ff ");
}
END_TEST

START_TEST(a_message_cut_anywhere_is_refused_or_shorter) {
  /* A Setup, cut at each octet: never read past the end (each
   * copy ends where its block does), and whole elements only. */
  octets o = octets_hex("080200200504038890a57003813432 7e0005 0520b00600");
  for (size_t n = 0; n < o.len; n++) {
    outcome out = parse_octets(o.data, n, 0);
    bool whole = n == 5 || n == 10 || n == 15;
    size_t begun = n < 5 ? n : n < 10 ? 5 : n < 15 ? 10 : 15;
    ck_assert_int_eq(out.rv, whole ? 0 : H46017_ERR_Q931);
    ck_assert_uint_eq(out.fault, whole ? n : begun);
  }
  ck_assert_int_eq(parse_octets(o.data, o.len, 0).rv, 0);
  octets_free(&o);
}
END_TEST

START_TEST(find_looks_at_codeset_0_only) {
  octets o = octets_hex("0802000105 9d 280142 280141 280143 a1");
  h46017_q931 msg;
  h46017_q931_ie ie;
  ck_assert_int_eq(h46017_q931_parse(&msg, o.data, o.len, 0), 0);
  ck_assert(h46017_q931_find(&msg, H46017_Q931_IE_DISPLAY, &ie));
  ck_assert_uint_eq(ie.contents[0], 0x41);
  ck_assert_uint_eq(ie.raw_len, 3);
  ck_assert(h46017_q931_find(&msg, H46017_Q931_IE_SENDING_COMPLETE, &ie));
  ck_assert_ptr_null(ie.contents);
  ck_assert(!h46017_q931_find(&msg, H46017_Q931_IE_CAUSE, &ie));
  octets_free(&o);
}
END_TEST

START_TEST(names_are_those_of_the_h225_bodies) {
  ck_assert_str_eq(h46017_q931_type_name(H46017_Q931_FACILITY), "facility");
  ck_assert_str_eq(h46017_q931_type_name(0x5a), "releaseComplete");
  ck_assert_str_eq(h46017_q931_type_name(0x05), "setup");
  ck_assert_str_eq(h46017_q931_type_name(0x75), "statusInquiry");
  ck_assert_str_eq(h46017_q931_type_name(0x0d), "setupAcknowledge");
  ck_assert_str_eq(h46017_q931_ie_name(0, 0x7e), "userUser");
  ck_assert_str_eq(h46017_q931_ie_name(0, 0x70), "calledPartyNumber");
  ck_assert_str_eq(h46017_q931_ie_name(0, 0x1c), "facility");
}
END_TEST

START_TEST(every_octet_of_the_lists_has_its_name_and_no_other) {
#define LISTED(NAME, OCTET, TEXT) {(OCTET), (TEXT)},
  static const struct {
    uint8_t octet;
    const char *text;
  } types[] = {H46017_Q931_TYPE_LIST(LISTED)},
    ies[] = {H46017_Q931_IE_LIST(LISTED)};
#undef LISTED
  size_t known[2] = {0, 0};

  for (unsigned octet = 0; octet < 256; octet++) {
    known[0] += strcmp(h46017_q931_type_name((uint8_t)octet), "unknown") != 0;
    known[1] += strcmp(h46017_q931_ie_name(0, (uint8_t)octet), "unknown") != 0;
  }
  for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
    ck_assert_str_eq(h46017_q931_type_name(types[i].octet), types[i].text);
  }
  for (size_t i = 0; i < sizeof(ies) / sizeof(ies[0]); i++) {
    ck_assert_str_eq(h46017_q931_ie_name(0, ies[i].octet), ies[i].text);
    /* with a value in its lower half it is the same element */
    if (ies[i].octet >= 0x80 && (ies[i].octet & 0xf0) != 0xa0) {
      ck_assert_str_eq(h46017_q931_ie_name(0, ies[i].octet | 0x0f),
                       ies[i].text);
      known[1] -= 15;
    }
  }
  ck_assert_uint_eq(known[0], sizeof(types) / sizeof(types[0]));
  ck_assert_uint_eq(known[1], sizeof(ies) / sizeof(ies[0]));
}
END_TEST

static void build_is(const h46017_q931_build *b, const char *hex) {
  octets want = octets_hex(hex);
  uint8_t *buf = octets_exact(want.data, want.len);
  size_t len = 0;

  ck_assert_int_eq(h46017_q931_encode(b, NULL, 0, &len), 0);
  ck_assert_uint_eq(len, want.len);
  memset(buf, 0xee, want.len);
  len = 0;
  ck_assert_int_eq(h46017_q931_encode(b, buf, want.len - 1, &len),
                   H46017_ERR_BUFFER_TOO_SMALL);
  ck_assert_uint_eq(len, want.len);
  for (size_t i = 0; i < want.len; i++) {
    ck_assert_uint_eq(buf[i], 0xee);
  }
  ck_assert_int_eq(h46017_q931_encode(b, buf, want.len, &len), 0);
  ck_assert_mem_eq(buf, want.data, want.len);
  free(buf);
  octets_free(&want);
}

START_TEST(encode_sorts_elements_and_shifts_codesets) {
  const uint8_t a[] = {0x41};
  const uint8_t b[] = {0x42, 0x43};
  const uint8_t per[] = {0x20, 0xb0};
  const h46017_q931_ie ies[] = {
      {.codeset = 6, .id = 0x02, .contents = a, .len = 1},
      {.id = H46017_Q931_IE_CALLED_PARTY_NUMBER, .contents = b, .len = 2},
      {.codeset = 5, .id = 0x7e, .contents = a, .len = 1},
      {.id = 0x96}, /* passed over */
      {.id = H46017_Q931_IE_DISPLAY, .contents = a, .len = 1},
      {.id = H46017_Q931_IE_SENDING_COMPLETE},
      {.id = H46017_Q931_IE_DISPLAY, .contents = b, .len = 2},
      {.id = H46017_Q931_IE_FACILITY},
      {.codeset = 6, .id = 0x01},
  };
  h46017_q931_build build;

  h46017_q931_build_default(&build);
  build.type = H46017_Q931_SETUP;
  build.call_reference = 5;
  build_is(&build, "0802000505");
  build.call_reference_flag = true;
  build.call_reference = 32767;
  build.ies = ies;
  build.nies = sizeof(ies) / sizeof(ies[0]);
  build_is(&build, "0802ffff05 a1 1c00 280141 28024243 70024243 95 7e0141 "
                   "96 0100 020141");
  build.user_user = per;
  build.user_user_len = sizeof(per);
  build_is(&build, "0802ffff05 a1 1c00 280141 28024243 70024243 7e00030520b0 "
                   "95 7e0141 96 0100 020141");
}
END_TEST

START_TEST(encode_refuses_what_does_not_fit) {
  static const uint8_t big[65536];
  h46017_q931_ie ie = {.id = 0x28, .contents = big, .len = 255};
  h46017_q931_build b;
  size_t len = 7;

  h46017_q931_build_default(&b);
  b.type = H46017_Q931_SETUP;
  b.ies = &ie;
  b.nies = 1;
  ck_assert_int_eq(h46017_q931_encode(&b, NULL, 0, &len), 0);
  ck_assert_uint_eq(len, 5 + 2 + 255);
  ie.len = 256;
  ck_assert_int_eq(h46017_q931_encode(&b, NULL, 0, &len),
                   H46017_ERR_OUT_OF_RANGE);
  ie.len = 1;
  ie.codeset = 8;
  ck_assert_int_eq(h46017_q931_encode(&b, NULL, 0, &len),
                   H46017_ERR_INVALID_ARGUMENT);
  ie.codeset = 0;
  ie.id = 0xa1;
  ck_assert_int_eq(h46017_q931_encode(&b, NULL, 0, &len),
                   H46017_ERR_INVALID_ARGUMENT);
  ie.id = H46017_Q931_IE_USER_USER;
  b.user_user = big;
  b.user_user_len = 1;
  ck_assert_int_eq(h46017_q931_encode(&b, NULL, 0, &len),
                   H46017_ERR_INVALID_ARGUMENT);
  b.nies = 0;
  b.user_user_len = 65531 - 5 - 4;
  ck_assert_int_eq(h46017_q931_encode(&b, NULL, 0, &len), 0);
  ck_assert_uint_eq(len, 65531);
  b.user_user_len++;
  ck_assert_int_eq(h46017_q931_encode(&b, NULL, 0, &len),
                   H46017_ERR_OUT_OF_RANGE);
  b.user_user_len = 1;
  b.call_reference = 32768;
  ck_assert_int_eq(h46017_q931_encode(&b, NULL, 0, &len),
                   H46017_ERR_OUT_OF_RANGE);
  b.call_reference = 1;
  b.struct_size = 3;
  ck_assert_int_eq(h46017_q931_encode(&b, NULL, 0, &len),
                   H46017_ERR_INVALID_ARGUMENT);
  ck_assert_uint_eq(len, 65531);
}
END_TEST

/* Real and published messages, element by element into the encoder: the same
 * octets again, for all of them are in order. */
START_TEST(parse_then_encode_gives_the_same_octets) {
  static const char *const messages[] = {
      "0802000062 1c00 7e000305 2810",
      "080280055a 08028090 "
      "7e0023052580060008914a0006150000110010111213141516171"
      "8191a1b1c1d1e1f10800180",
      "0802000505 04038890a5 7003813432 7e0002 0520",
      "080200007b14010a7e0021052480060008914a0002011100000000000000000000000000"
      "00"
      "00000002800180",
  };
  octets o = octets_hex(messages[_i]);
  h46017_q931 msg;
  h46017_q931_cursor at = H46017_Q931_CURSOR_INIT;
  h46017_q931_ie ies[16];
  h46017_q931_build b;
  uint8_t buf[256];
  size_t len;

  ck_assert_int_eq(h46017_q931_parse(&msg, o.data, o.len, 0), 0);
  h46017_q931_build_default(&b);
  while (h46017_q931_next(&msg, &at, &ies[b.nies])) {
    b.nies++;
  }
  b.ies = ies;
  b.type = msg.type;
  b.call_reference = msg.call_reference;
  b.call_reference_flag = msg.call_reference_flag;
  ck_assert_int_eq(h46017_q931_encode(&b, buf, sizeof(buf), &len), 0);
  ck_assert_uint_eq(len, o.len);
  ck_assert_mem_eq(buf, o.data, o.len);
  octets_free(&o);
}
END_TEST

static Suite *q931_suite(void) {
  Suite *s = suite_create("q931");
  TCase *tc = tcase_create("reading");
  tcase_add_test(tc, q1_refuses_another_discriminator);
  tcase_add_test(tc, q2_call_reference_of_0_1_2_octets_no_more);
  tcase_add_test(tc, q3_both_flags_and_the_whole_range_of_values);
  tcase_add_test(tc, q4_takes_an_unknown_message_type);
  tcase_add_test(tc, q5_element_lengths_0_1_max_and_past_the_end);
  tcase_add_test(tc, q6_single_octet_elements_have_no_length);
  tcase_add_test(tc, q7_of_repeated_user_user_elements_the_first_counts);
  tcase_add_test(tc, q8_user_user_of_length_0_and_1_is_malformed);
  tcase_add_test(tc, q9_user_user_of_another_discriminator_is_not_h323);
  tcase_add_test(tc, q10_a_message_without_user_user_is_one);
  tcase_add_test(tc, q11_order_is_a_leniency);
  tcase_add_test(tc, q12_codeset_shifts_are_followed);
  tcase_add_test(tc, q13_display_is_handed_out_as_it_is);
  tcase_add_test(tc, a_message_cut_anywhere_is_refused_or_shorter);
  tcase_add_test(tc, find_looks_at_codeset_0_only);
  tcase_add_test(tc, names_are_those_of_the_h225_bodies);
  tcase_add_test(tc, every_octet_of_the_lists_has_its_name_and_no_other);
  suite_add_tcase(s, tc);
  tc = tcase_create("writing");
  tcase_add_test(tc, encode_sorts_elements_and_shifts_codesets);
  tcase_add_test(tc, encode_refuses_what_does_not_fit);
  tcase_add_loop_test(tc, parse_then_encode_gives_the_same_octets, 0, 4);
  suite_add_tcase(s, tc);
  return s;
}

int main(void) {
  return run_suite(q931_suite());
}
