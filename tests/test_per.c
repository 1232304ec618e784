/* SPDX-License-Identifier: BSD-2-Clause */
#include "asn1/per.h"
#include "bitwriter.h"
#include "octets.h"
#include "runner.h"

#include <h46017/error.h>
#include <h46017/h225.h>

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static h46017_h225 *m;

static void setup(void) {
  ck_assert_int_eq(h46017_h225_new(&m, NULL, NULL), 0);
}

static void teardown(void) {
  h46017_h225_del(m);
}

static int decode_octets(const char *type, const uint8_t *data, size_t len) {
  static uint8_t *exact; /* strings point into it */

  free(exact);
  exact = octets_exact(data, len);
  return h46017_h225_decode(m, h46017_h225_type_find(type), exact, len);
}

static int decode(const char *type, const char *hex) {
  octets o = octets_hex(hex);
  int rv = decode_octets(type, o.data, o.len);

  octets_free(&o);
  return rv;
}

static void fails(const char *type, const char *hex, int code, size_t offset,
                  const char *path) {
  const h46017_h225_error *e = h46017_h225_last_error(m);

  ck_assert_int_eq(decode(type, hex), code);
  ck_assert_str_eq(e->path, path);
  ck_assert_uint_eq(e->offset, offset);
}

static void encodes(const uint8_t *data, size_t len) {
  uint8_t *out = malloc(len + 16);
  size_t n = 0;

  ck_assert_int_eq(h46017_h225_encode(m, out, len + 16, &n), 0);
  ck_assert_uint_eq(n, len);
  ck_assert_mem_eq(out, data, len);
  free(out);
}

static void becomes(const char *type, const char *hex, const char *canonical) {
  octets o = octets_hex(canonical);

  ck_assert_int_eq(decode(type, hex), 0);
  encodes(o.data, o.len);
  octets_free(&o);
}

static void stays(const char *type, const char *hex) {
  becomes(type, hex, hex);
}

static uint64_t number_at(const char *path) {
  uint64_t v = UINT64_MAX;

  ck_assert_int_eq(
      h46017_h225_read_uint(h46017_h225_get(h46017_h225_root(m), path), &v), 0);
  return v;
}

/* In eight octets at a time, and where there are no eight any more: the octets
 * behind the buffer are the heap's. */
START_TEST(reader_takes_any_width_at_any_bit) {
  octets o = octets_hex("123456789abc 0f1e2d3c4b5a");
  uint64_t all = 0x123456789abcULL;

  for (size_t len = 6; len <= o.len; len++) {
    uint8_t *data = octets_exact(o.data, len);
    for (unsigned pos = 0; pos < 16; pos++) {
      for (unsigned n = 1; n <= 32; n++) {
        h46017_bitreader r = h46017_bits_reader(data, len);
        uint64_t want = all >> (48 - pos - n) & ((UINT64_C(1) << n) - 1);
        r.pos = pos;
        ck_assert_uint_eq(h46017_bits_get(&r, n), want);
        ck_assert_uint_eq(r.pos, pos + n);
        ck_assert_uint_eq(h46017_bits_left(&r), len * 8 - pos - n);
      }
    }
    free(data);
  }
  octets_free(&o);
}
END_TEST

START_TEST(writer_puts_any_width_at_any_bit_and_stops_at_the_end) {
  for (unsigned pos = 0; pos < 8; pos++) {
    for (unsigned n = 1; n <= 32; n++) {
      uint8_t out[8];
      bitwriter w = bitwriter_to(out, 6);
      h46017_bitreader r = h46017_bits_reader(out, 6);
      memset(out, 0xee, sizeof(out));
      bitwriter_put(&w, 0x5a, pos);
      bitwriter_put(&w, 0x89abcdef, n);
      bitwriter_put(&w, 1, 1);
      r.pos = pos;
      ck_assert_uint_eq(h46017_bits_get(&r, n),
                        0x89abcdefU & (0xffffffffU >> (32 - n)));
      ck_assert_uint_eq(h46017_bits_get(&r, 1), 1);
      ck_assert(out[6] == 0xee && out[7] == 0xee);
    }
  }
  {
    uint8_t out[2] = {0xee, 0xee};
    bitwriter w = bitwriter_to(out, 1);
    bitwriter_put(&w, 0x1ff, 9);
    ck_assert(!bitwriter_fits(&w));
    ck_assert_uint_eq(w.pos, 9);
    ck_assert(out[0] == 0xee && out[1] == 0xee);
  }
}
END_TEST

START_TEST(writer_puts_up_to_57_bits_and_few_ones_alike) {
  for (unsigned pos = 0; pos < 8; pos++) {
    for (unsigned n = 1; n <= 57; n++) {
      uint64_t v = UINT64_C(0x0923456789abcdef) & (UINT64_MAX >> (64 - n));
      uint8_t out[10];
      uint8_t few[10];
      h46017_bitroom room = {out, 72};
      h46017_bitroom same = {few, 72};
      h46017_bitreader r = h46017_bits_reader(out, 9);
      uint64_t read = 0;
      memset(out, 0xee, sizeof(out));
      memset(few, 0xee, sizeof(few));
      (void)h46017_bits_put(&room, 0, 0x7f, pos);
      ck_assert_uint_eq(h46017_bits_put(&room, pos, v, n), pos + n);
      for (r.pos = pos; r.pos < pos + n;) {
        read = read << 1 | h46017_bits_get(&r, 1);
      }
      ck_assert_uint_eq(read, v);
      ck_assert(out[(pos + n + 7) / 8] == 0xee);
      if (n <= 9) {
        (void)h46017_bits_put(&same, 0, 0x7f, pos);
        ck_assert_uint_eq(h46017_bits_put_few(&same, pos, (unsigned)v, n),
                          pos + n);
        ck_assert_mem_eq(out, few, sizeof(out));
        same.cap = (pos + n - 1) / 8 * 8; /* no room: it is not touched */
        ck_assert_uint_eq(h46017_bits_put_few(&same, pos, 0x1ff >> (9 - n), n),
                          pos + n);
        ck_assert_mem_eq(out, few, sizeof(out));
      }
    }
  }
}
END_TEST

START_TEST(writer_copies_any_number_of_octets_and_no_more) {
  uint8_t source[100];

  for (size_t i = 0; i < sizeof(source); i++) {
    source[i] = (uint8_t)(i + 1);
  }
  for (size_t n = 0; n <= sizeof(source); n++) {
    uint8_t *from = octets_exact(source, n);
    uint8_t out[sizeof(source) + 2];
    h46017_bitroom room = {out, (1 + n) * 8};
    memset(out, 0xee, sizeof(out));
    ck_assert_uint_eq(h46017_bits_put_octets(&room, 8, from, n), (1 + n) * 8);
    ck_assert(out[0] == 0xee && out[1 + n] == 0xee);
    ck_assert(n == 0 || memcmp(out + 1, source, n) == 0);
    if (n > 0) { /* one octet too few */
      memset(out, 0xee, sizeof(out));
      room.cap -= 8;
      ck_assert_uint_eq(h46017_bits_put_octets(&room, 8, from, n), (1 + n) * 8);
      ck_assert(out[1] == 0xee && out[n] == 0xee);
    }
    free(from);
  }
}
END_TEST

START_TEST(numbers_take_the_shortest_twos_complement) {
  static const struct {
    int64_t v;
    size_t len;
  } t[] = {{0, 1},         {127, 1},       {128, 2},       {-128, 1},
           {-129, 2},      {32767, 2},     {32768, 3},     {-32769, 3},
           {INT64_MAX, 8}, {INT64_MIN, 8}, {INT32_MAX, 4}, {-1, 1}};

  for (size_t i = 0; i < sizeof(t) / sizeof(t[0]); i++) {
    uint8_t out[8];
    int64_t back = 0;
    ck_assert_uint_eq(h46017_per_from_int64(t[i].v, out), t[i].len);
    ck_assert(h46017_per_to_int64(out, t[i].len, &back));
    ck_assert(back == t[i].v);
  }
  {
    static const uint8_t wide[] = {0, 0x80, 0, 0, 0, 0, 0, 0, 0};
    static const uint8_t fits[] = {0, 0, 0x7f, 0, 0, 0, 0, 0, 0, 0};
    int64_t v = 0;
    ck_assert(!h46017_per_to_int64(wide, sizeof(wide), &v));
    ck_assert(h46017_per_to_int64(fits, sizeof(fits), &v));
    ck_assert(v == 0x7f00000000000000);
    ck_assert(!h46017_per_to_int64(fits, 0, &v));
  }
}
END_TEST

START_TEST(choice_index_out_of_range_is_refused) {
  fails("TransportAddress", "70", H46017_ERR_PER_CONSTRAINT, 0, "");
  fails("RasMessage", "64", H46017_ERR_PER_CONSTRAINT, 0, "");
}
END_TEST

START_TEST(unknown_alternatives_are_kept_with_any_index) {
  h46017_h225_value v;

  stays("TransportAddress", "85 03 010203");
  v = h46017_h225_get(h46017_h225_root(m), "_ext_5");
  ck_assert_int_eq(h46017_h225_value_kind(v), H46017_H225_OCTET_STRING);
  ck_assert_uint_eq(h46017_h225_count(h46017_h225_root(m)), 1);
  stays("TransportAddress", "bf 00");          /* index 63, empty */
  stays("TransportAddress", "c0 01 40 01 aa"); /* index 64 */
  ck_assert_str_eq(
      h46017_h225_value_name(h46017_h225_at(h46017_h225_root(m), 0)),
      "_ext_64");
  stays("TransportAddress", "c0 04 ffffffff 01 aa");
  fails("TransportAddress", "c0 05 0100000000 01 aa", H46017_ERR_PER_LENGTH, 2,
        "");
  fails("TransportAddress", "85 03 0102", H46017_ERR_TRUNCATED, 2, "_ext_5");
}
END_TEST

/* TerminalInfo with a bitmap of `n` bits of which the last is set. */
static size_t bitmap_pdu(uint8_t *out, size_t cap, size_t n) {
  bitwriter w = bitwriter_to(out, cap);

  bitwriter_put(&w, 2, 2); /* extended; nonStandardData absent */
  if (n <= 64) {
    bitwriter_put(&w, (uint32_t)n - 1, 7);
  } else {
    bitwriter_put(&w, 1, 1);
    bitwriter_align(&w);
    bitwriter_put(&w, n < 128 ? (uint32_t)n : 0x8000U | (uint32_t)n,
                  n < 128 ? 8 : 16);
  }
  for (size_t i = 1; i < n; i++) {
    bitwriter_put(&w, 0, 1);
  }
  bitwriter_put(&w, 1, 1);
  bitwriter_align(&w);
  bitwriter_put(&w, 0x02abcd, 24);
  return w.pos / 8;
}

START_TEST(extension_bitmaps_of_any_length_are_kept) {
  static const size_t lengths[] = {1, 31, 32, 33, 63, 64, 65, 127, 128, 16383};

  for (size_t i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++) {
    static uint8_t pdu[4096];
    char name[16];
    size_t len;
    memset(pdu, 0, sizeof(pdu));
    len = bitmap_pdu(pdu, sizeof(pdu), lengths[i]);
    (void)snprintf(name, sizeof(name), "_ext_%zu", lengths[i] - 1);
    ck_assert_int_eq(decode_octets("TerminalInfo", pdu, len), 0);
    ck_assert_int_eq(
        h46017_h225_value_kind(h46017_h225_get(h46017_h225_root(m), name)),
        H46017_H225_OCTET_STRING);
    encodes(pdu, len);
  }
  /* a count of 0, and fragments, are nobody's */
  fails("TerminalInfo", "a0 00", H46017_ERR_PER_LENGTH, 2, "");
  fails("TerminalInfo", "a0 c1 00", H46017_ERR_PER_LENGTH, 2, "");
}
END_TEST

START_TEST(open_type_contents_must_not_leave_their_hole) {
  stays("RasMessage", "80 05 00 0006 0bb7");
  ck_assert_uint_eq(number_at("requestInProgress.delay"), 3000);
  fails("RasMessage", "80 04 00 0006 0bb7", H46017_ERR_TRUNCATED, 5,
        "requestInProgress.delay");
  fails("RasMessage", "80 00", H46017_ERR_TRUNCATED, 2, "requestInProgress");
  /* a longer hole: what a later version put behind is skipped */
  becomes("RasMessage", "80 07 00 0006 0bb7 abcd", "80 05 00 0006 0bb7");
  fails("RasMessage", "80 06 00 0006 0bb7", H46017_ERR_TRUNCATED, 2,
        "requestInProgress");
}
END_TEST

START_TEST(fragments_are_put_together_and_checked) {
  size_t len = 16384 + 3;
  uint8_t *pdu = malloc(len + 2);
  size_t n;
  const uint8_t *data;

  memset(pdu, 0x5a, len + 2);
  pdu[0] = 0xc1;
  pdu[16385] = 2;
  ck_assert_int_eq(decode_octets("EncodedGeneralToken", pdu, len + 1), 0);
  ck_assert_int_eq(h46017_h225_read_octets(h46017_h225_root(m), &data, &n), 0);
  ck_assert_uint_eq(n, 16386);
  encodes(pdu, len + 1);
  pdu[16385] = 0; /* the last part may be empty */
  ck_assert_int_eq(decode_octets("EncodedGeneralToken", pdu, 16386), 0);
  encodes(pdu, 16386);
  ck_assert_int_eq(decode_octets("EncodedGeneralToken", pdu, 16385),
                   H46017_ERR_TRUNCATED);
  ck_assert_uint_eq(h46017_h225_last_error(m)->offset, 16385);
  for (unsigned n = 0; n < 2; n++) { /* of 16K each: one to four */
    pdu[0] = n == 0 ? 0xc0 : 0xc5;
    ck_assert_int_eq(decode_octets("EncodedGeneralToken", pdu, 16386),
                     H46017_ERR_PER_LENGTH);
    ck_assert_uint_eq(h46017_h225_last_error(m)->offset, 0);
  }
  free(pdu);
}
END_TEST

START_TEST(lengths_in_the_long_form_are_understood) {
  becomes("EncodedGeneralToken", "8003 010203", "03 010203");
  becomes("ProtocolIdentifier", "8002 0008", "02 0008");
}
END_TEST

START_TEST(counts_are_checked_before_memory_is_taken) {
  /* AlternateTransportAddresses: annexE is there, its count */
  fails("AlternateTransportAddresses", "40 bfff", H46017_ERR_TRUNCATED, 3,
        "annexE");
  ck_assert_uint_eq(h46017_h225_memory_used(m), 0);
  fails("AlternateTransportAddresses", "40 c4", H46017_ERR_TRUNCATED, 2,
        "annexE");
  stays("AlternateTransportAddresses", "40 00");
}
END_TEST

START_TEST(numbers_out_of_bounds_are_refused_on_the_wire) {
  /* TimeToLive (1..4294967295): two bits of octet count, value less one */
  stays("TimeToLive", "00 00");
  ck_assert_uint_eq(number_at(""), 1);
  stays("TimeToLive", "c0 fffffffe");
  ck_assert_uint_eq(number_at(""), 4294967295U);
  fails("TimeToLive", "c0 ffffffff", H46017_ERR_PER_CONSTRAINT, 0, "");
  stays("BandWidth", "c0 ffffffff");
  stays("RequestSeqNum", "fffe");
  ck_assert_uint_eq(number_at(""), 65535);
  fails("RequestSeqNum", "ffff", H46017_ERR_PER_CONSTRAINT, 0, "");
}
END_TEST

START_TEST(padding_bits_may_be_anything) {
  becomes("BandWidth", "3f 05", "00 05");
  becomes("AliasAddress", "7f 00 0061", "40 00 0061");
}
END_TEST

START_TEST(object_identifiers_must_end_with_an_arc) {
  char text[64];

  stays("ProtocolIdentifier", "00"); /* GnuGk's keep-alive has it */
  fails("ProtocolIdentifier", "02 0688", H46017_ERR_PER_CONSTRAINT, 2, "");
  fails("ProtocolIdentifier", "03 0608", H46017_ERR_TRUNCATED, 1, "");
  stays("ProtocolIdentifier", "0c 06 ffffffffffffffffffff7f");
  ck_assert_int_eq(
      h46017_h225_read_text(h46017_h225_root(m), text, sizeof(text), NULL),
      H46017_ERR_TEXT);
  stays("ProtocolIdentifier", "0b 06 81ffffffffffffffff7f");
  ck_assert_int_eq(
      h46017_h225_read_text(h46017_h225_root(m), text, sizeof(text), NULL), 0);
  ck_assert_str_eq(text, "0.6.18446744073709551615");
}
END_TEST

START_TEST(characters_outside_of_the_alphabet_are_refused) {
  /* dialledDigits: 13 characters in four bits */
  stays("AliasAddress", "01 00 bc 10");
  fails("AliasAddress", "01 00 0d 10", H46017_ERR_PER_CONSTRAINT, 2,
        "dialledDigits");
  /* url-ID: IA5String in eight */
  stays("AliasAddress", "80 04 0001 61 62");
  fails("AliasAddress", "80 04 0001 61 e2", H46017_ERR_PER_CONSTRAINT, 5,
        "url-ID");
}
END_TEST

START_TEST(bmp_strings_are_any_units_but_not_any_text) {
  char text[16];

  stays("GatekeeperIdentifier", "00 d800");
  ck_assert_int_eq(
      h46017_h225_read_text(h46017_h225_root(m), text, sizeof(text), NULL),
      H46017_ERR_TEXT);
  stays("GatekeeperIdentifier", "02 0061 0000");
  ck_assert_int_eq(
      h46017_h225_read_text(h46017_h225_root(m), text, sizeof(text), NULL),
      H46017_ERR_TEXT);
}
END_TEST

START_TEST(unknown_items_of_an_enumeration_are_kept) {
  char text[16];
  int64_t v;

  stays("ScreeningIndicator", "60"); /* networkProvided */
  stays("ScreeningIndicator", "85"); /* behind the marker: 5 */
  ck_assert_int_eq(
      h46017_h225_read_text(h46017_h225_root(m), text, sizeof(text), NULL), 0);
  ck_assert_str_eq(text, "_ext_5");
  ck_assert_int_eq(h46017_h225_read_int(h46017_h225_root(m), &v),
                   H46017_ERR_OUT_OF_RANGE);
}
END_TEST

START_TEST(integers_of_any_width_keep_their_octets) {
  const uint8_t *data;
  size_t len;
  uint64_t u;
  int64_t i;

  stays("RandomVal", "09 008000000000000000");
  ck_assert_int_eq(h46017_h225_read_int(h46017_h225_root(m), &i),
                   H46017_ERR_OUT_OF_RANGE);
  ck_assert_int_eq(h46017_h225_read_uint(h46017_h225_root(m), &u), 0);
  ck_assert(u == UINT64_C(1) << 63);
  stays("RandomVal", "0c 7fffffffffffffffffffffff");
  ck_assert_int_eq(h46017_h225_read_uint(h46017_h225_root(m), &u),
                   H46017_ERR_OUT_OF_RANGE);
  ck_assert_int_eq(h46017_h225_read_octets(h46017_h225_root(m), &data, &len),
                   0);
  ck_assert_uint_eq(len, 12);
  fails("RandomVal", "00", H46017_ERR_PER_LENGTH, 1, "");
  /* GenericIdentifier.standard: INTEGER (0..16383, ...) */
  stays("GenericIdentifier", "00 0011");
  stays("GenericIdentifier", "10 02 4000");
  ck_assert_uint_eq(number_at("standard"), 16384);
}
END_TEST

START_TEST(errors_name_the_place) {
  /* the full RRQ of H.460.17 with the second digit of its alias spoilt */
  fails("RasMessage",
        "0e80 0000 060008914a0006 00 00 00 0200 01 01 00 bd b500534c"
        "348b000000020077010001000180",
        H46017_ERR_PER_CONSTRAINT, 19,
        "registrationRequest.terminalAlias[0].dialledDigits");
  ck_assert_uint_eq(h46017_h225_last_error(m)->bit, 4);
}
END_TEST

int main(void) {
  Suite *s = suite_create("per");
  TCase *tc = tcase_create("engine");

  tcase_add_checked_fixture(tc, setup, teardown);
  tcase_add_test(tc, reader_takes_any_width_at_any_bit);
  tcase_add_test(tc, writer_puts_any_width_at_any_bit_and_stops_at_the_end);
  tcase_add_test(tc, writer_puts_up_to_57_bits_and_few_ones_alike);
  tcase_add_test(tc, writer_copies_any_number_of_octets_and_no_more);
  tcase_add_test(tc, numbers_take_the_shortest_twos_complement);
  tcase_add_test(tc, choice_index_out_of_range_is_refused);
  tcase_add_test(tc, unknown_alternatives_are_kept_with_any_index);
  tcase_add_test(tc, extension_bitmaps_of_any_length_are_kept);
  tcase_add_test(tc, open_type_contents_must_not_leave_their_hole);
  tcase_add_test(tc, fragments_are_put_together_and_checked);
  tcase_add_test(tc, lengths_in_the_long_form_are_understood);
  tcase_add_test(tc, counts_are_checked_before_memory_is_taken);
  tcase_add_test(tc, numbers_out_of_bounds_are_refused_on_the_wire);
  tcase_add_test(tc, padding_bits_may_be_anything);
  tcase_add_test(tc, object_identifiers_must_end_with_an_arc);
  tcase_add_test(tc, characters_outside_of_the_alphabet_are_refused);
  tcase_add_test(tc, bmp_strings_are_any_units_but_not_any_text);
  tcase_add_test(tc, unknown_items_of_an_enumeration_are_kept);
  tcase_add_test(tc, integers_of_any_width_keep_their_octets);
  tcase_add_test(tc, errors_name_the_place);
  suite_add_tcase(s, tc);
  return run_suite(s);
}
