/* SPDX-License-Identifier: BSD-2-Clause */
/* What comes in and goes out, octet by octet. The contract of the calls is in
 * test_tunnel_edge.c. */
#include "octets.h"
#include "runner.h"
#include "tunnel_record.h"

#include <h46017/tpkt.h>

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define RRQ                                                                    \
  "0e800000060008914a0006000000020001400b003000300039003000330033003200660036" \
  "0"                                                                          \
  "0380038006100b500534c348b000000020077010001000180"
#define RCF                                                                    \
  "12c00000060008914a00060001400b00300030003900300033003300320066003600380038" \
  "0"                                                                          \
  "061020067006b060031005f0067006b268a000002007701000180"
#define LIGHT_RRQ                                                              \
  "0e400001060008914a00068000000200400067006b00b500534c348f000000020077018009" \
  "0"                                                                          \
  "60031005f0067006b01000180"
#define RIP "80050000060bb7"
#define DCF "40000a"

/* The documented frames: tshark read each of them. */
#define FRAME_RRQ                                                              \
  "0300005f08020000627e005305281001001081018049014000110000400001003e" RRQ
#define FRAME_RCF                                                              \
  "0300006108020000627e00550528100100108101804b0140001100004000010040" RCF
#define FRAME_LIGHT_RRQ                                                        \
  "03000053 0802000062 7e004705 28100100108101803d014000110000400001 "         \
  "0032" LIGHT_RRQ
#define FRAME_TWO                                                              \
  "03000030 0802000062 7e002405 28100100108101801a014000110001 400001 "        \
  "0007" RIP " 400001 0003" DCF
#define FRAME_RRQ_FACILITY_IE                                                  \
  "0300006108020000621c007e005305281001001081018049014000110000400001003e" RRQ
#define RELEASE                                                                \
  "080280055a7e00260525c0060008914a0006840100150000110010111213141516171819"   \
  "1a1b1c1d1e1f10800180"
#define RELEASE_CAUSE                                                          \
  "080280055a080280907e0023052580060008914a000615000011001011121314151617181"  \
  "91a1b1c1d1e1f10800180"
#define SETUP                                                                  \
  "080200050504038890a570038134327e006a0520b0060008914a000601400b0030003000"   \
  "390030003300330032006600360038003800610200010080750000010203040506070809"   \
  "0a0b0c0d0e0f00d90f8000001100101112131415161718191a1b1c1d1e1f010001000906"   \
  "0031005f0067006b0180018010800180"

/* -- frames made here, independent of the library's writer ------------------
 */

static void put(octets *o, const char *hex) {
  octets tail = octets_hex(hex);
  octets_append(o, tail.data, tail.len);
  octets_free(&tail);
}

static void put_length(octets *o, size_t len) {
  uint8_t two[2] = {(uint8_t)(0x80 | len >> 8), (uint8_t)len};
  if (len < 128) {
    octets_append(o, two + 1, 1);
  } else {
    octets_append(o, two, 2);
  }
}

static void put_open(octets *o, const octets *contents) {
  put_length(o, contents->len);
  octets_append(o, contents->data, contents->len);
}

/* A parameter: id standard `id`, content raw of `len` octets `fill`. */
static void put_raw(octets *o, unsigned id, size_t len, uint8_t fill) {
  uint8_t head[4] = {0x40, (uint8_t)(id >> 8), (uint8_t)id, 0x00};
  octets_append(o, head, 4);
  put_length(o, len);
  for (size_t i = 0; i < len; i++) {
    octets_append(o, &fill, 1);
  }
}

/* A whole TPKT: Q.931 header and elements in hex, the H323-UserInformation. */
static octets frame(const char *q931, const octets *per) {
  octets o = octets_hex("00000000");
  size_t uu = per->len + 1;
  uint8_t head[4] = {0x7e, (uint8_t)(uu >> 8), (uint8_t)uu, 0x05};

  put(&o, q931);
  octets_append(&o, head, 4);
  octets_append(&o, per->data, per->len);
  ck_assert_int_eq(h46017_tpkt_write_header(o.data, o.len - 4), 0);
  return o;
}

/* The usual Facility around genericData given octet by octet. */
static octets frame_generic(const char *q931, const octets *generic) {
  octets per = octets_hex("2810010010810180");
  octets o;

  put_open(&per, generic);
  o = frame(q931, &per);
  octets_free(&per);
  return o;
}

static char *run_octets(const octets *o, size_t chunk,
                        const h46017_tunnel_settings *settings) {
  tunnel_record r;
  char *text;

  tunnel_record_init(&r);
  if (settings != NULL) {
    r.settings = *settings;
  }
  ck_assert_int_eq(tunnel_record_start(&r), 0);
  (void)tunnel_record_feed(&r, o->data, o->len, chunk);
  text = tunnel_record_take(&r);
  tunnel_record_stop(&r);
  return text;
}

static void says(char *text, const char *want) {
  ck_assert_str_eq(text, want);
  free(text);
}

static void hex_says(const char *hex, size_t chunk, const char *want) {
  says(tunnel_record_run(hex, chunk, NULL), want);
}

static void generic_says(const octets *generic, const char *want) {
  octets o = frame_generic("0802000062 1c00", generic);
  says(run_octets(&o, SIZE_MAX, NULL), want);
  octets_free(&o);
}

static void generic_hex_says(const char *hex, const char *want) {
  octets generic = octets_hex(hex);
  generic_says(&generic, want);
  octets_free(&generic);
}

/* -- in ---------------------------------------------------------------------
 */

START_TEST(documented_frames_come_in) {
  size_t chunk = chunk_size(_i);
  hex_says(FRAME_RRQ, chunk, "ras " RRQ "\n");
  hex_says(FRAME_RCF, chunk, "ras " RCF "\n");
  hex_says(FRAME_LIGHT_RRQ, chunk, "ras " LIGHT_RRQ "\n");
  hex_says(FRAME_TWO, chunk, "ras " RIP "\nras " DCF "\n");
  hex_says(FRAME_RRQ_FACILITY_IE, chunk, "ras " RRQ "\n");
  hex_says("03000004", chunk, "keepalive\n");
  hex_says("03000032" RELEASE, chunk,
           "releaseComplete crv 5 flag 1 " RELEASE "\n");
  hex_says("03000033" RELEASE_CAUSE, chunk,
           "releaseComplete crv 5 flag 1 " RELEASE_CAUSE "\n");
  hex_says("03000080" SETUP, chunk, "setup crv 5 flag 0 " SETUP "\n");
}
END_TEST

/* The n-th RAS message of a stream, from the other dissector's list. */
static octets expected_ras(const char *list, const char *stream,
                           const char *direction) {
  octets want = {NULL, 0};
  octets file = octets_file(list);
  char *line;

  octets_append(&file, (const uint8_t *)"", 1);
  line = strtok((char *)file.data, "\n");
  for (; line != NULL; line = strtok(NULL, "\n")) {
    char at[16];
    char way[16];
    int skip = 0;
    ck_assert_int_eq(sscanf(line, "%*s %15s %15s %*s %n", at, way, &skip), 2);
    if (strcmp(at, stream) == 0 && strcmp(way, direction) == 0) {
      octets_append(&want, (const uint8_t *)"ras ", 4);
      octets_append(&want, (const uint8_t *)line + skip, strlen(line + skip));
      octets_append(&want, (const uint8_t *)"\n", 1);
    }
  }
  octets_append(&want, (const uint8_t *)"", 1);
  octets_free(&file);
  return want;
}

typedef struct capture {
  const char *name;
  const char *stream;
  const char *direction;
} capture;

static const capture captures[] = {
    {"register", "s0", "ep2gk"},
    {"register", "s0", "gk2ep"},
    {"call", "s0", "ep2gk"},
    {"call", "s0", "gk2ep"},
    {"call", "s1", "ep2gk"},
    {"call", "s1", "gk2ep"},
    {"password-register", "s0", "ep2gk"},
    {"password-register", "s0", "gk2ep"},
    {"password-register", "s1", "ep2gk"},
    {"password-register", "s1", "gk2ep"},
    {"password-register", "s2", "ep2gk"},
    {"password-register", "s2", "gk2ep"},
};
#define CAPTURES (sizeof(captures) / sizeof(captures[0]))

static octets capture_stream(const capture *c) {
  char name[128];
  (void)snprintf(name, sizeof(name),
                 "vectors/gnugk/gnugk-simpleh323-tcp-%s.%s.%s.bin", c->name,
                 c->stream, c->direction);
  return octets_file(name);
}

static octets capture_ras(const capture *c) {
  char name[128];
  (void)snprintf(name, sizeof(name),
                 "vectors/gnugk/gnugk-simpleh323-tcp-%s.ras.txt", c->name);
  return expected_ras(name, c->stream, c->direction);
}

/* Only the lines that begin with `ras `. */
static char *ras_lines(const char *text) {
  char *out = calloc(1, strlen(text) + 1);
  ck_assert_ptr_nonnull(out);
  while (*text != '\0') {
    size_t n = strcspn(text, "\n") + 1;
    if (strncmp(text, "ras ", 4) == 0) {
      strncat(out, text, n);
    }
    text += n;
  }
  return out;
}

/* Every stream, whole and in pieces: the same events, every octet used, the RAS
 * octets that tshark found. */
START_TEST(captured_streams_give_the_same_events_in_any_pieces) {
  for (size_t i = 0; i < CAPTURES; i++) {
    octets stream = capture_stream(&captures[i]);
    octets want = capture_ras(&captures[i]);
    char *whole = run_octets(&stream, SIZE_MAX, NULL);
    tunnel_record r;
    char *ras;

    tunnel_record_init(&r);
    ck_assert_int_eq(tunnel_record_start(&r), 0);
    ck_assert_int_eq(
        tunnel_record_feed(&r, stream.data, stream.len, chunk_size(_i)), 0);
    ck_assert_str_eq(tunnel_record_text(&r), whole);
    ck_assert(h46017_tunnel_next_expiry(r.t) == H46017_TIME_NEVER);
    ck_assert_uint_eq(r.traced_in.len, stream.len);
    ck_assert_mem_eq(r.traced_in.data, stream.data, stream.len);
    ras = ras_lines(whole);
    ck_assert_str_eq(ras, (const char *)want.data);
    ck_assert_uint_ge(r.ras, 1);
    ck_assert_uint_eq(r.log_lines, 0);
    free(ras);
    free(whole);
    tunnel_record_stop(&r);
    octets_free(&stream);
    octets_free(&want);
  }
}
END_TEST

/* A stream that ends anywhere: what came whole before, nothing of the rest. */
START_TEST(f8_a_stream_cut_anywhere_gives_what_was_whole) {
  octets stream = capture_stream(&captures[2]);
  char *whole = run_octets(&stream, SIZE_MAX, NULL);

  for (size_t n = 0; n <= stream.len; n++) {
    octets head = {stream.data, n};
    char *text = run_octets(&head, SIZE_MAX, NULL);
    size_t len = strlen(text);
    ck_assert(strncmp(whole, text, len) == 0);
    ck_assert(len == 0 || text[len - 1] == '\n');
    free(text);
  }
  free(whole);
  octets_free(&stream);
}
END_TEST

/* What GnuGk sends on request of its configuration, call reference 0 all of
 * it. The Facility's protocolIdentifier has no octet: no OBJECT IDENTIFIER at
 * all, and no reason to end a connection that it is meant to keep. */
START_TEST(gnugk_keepalives_are_signalling_however_many) {
#define GNUGK_FACILITY                                                         \
  "08020000621c007e00240526800086010013018011000000000000000000000000000000"   \
  "00000100010002800180"
#define GNUGK_INFORMATION                                                      \
  "080200007b14010a7e0021052480060008914a0002011100000000000000000000000000"   \
  "0000000002800180"
  tunnel_record r;

  tunnel_record_init(&r);
  ck_assert_int_eq(tunnel_record_start(&r), 0);
  for (unsigned i = 1; i <= 30; i++) {
    ck_assert_int_eq(tunnel_record_feed_hex(&r,
                                            "03000032" GNUGK_FACILITY
                                            "03000030" GNUGK_INFORMATION,
                                            chunk_size(_i)),
                     0);
    ck_assert_uint_eq(r.signalling, 2 * i);
  }
  ck_assert_uint_eq(r.log_lines, 0);
  tunnel_record_stop(&r);
}
END_TEST

/* -- out --------------------------------------------------------------------
 */

static void ras_becomes(const char *ras, const char *frame_hex) {
  octets per = octets_hex(ras);
  octets want = octets_hex(frame_hex);
  octets sent;
  tunnel_record r;

  tunnel_record_init(&r);
  ck_assert_int_eq(tunnel_record_start(&r), 0);
  ck_assert_int_eq(h46017_tunnel_write_ras(r.t, per.data, per.len), 0);
  sent = tunnel_record_sent(&r);
  ck_assert_uint_eq(sent.len, want.len);
  ck_assert_mem_eq(sent.data, want.data, want.len);
  ck_assert_uint_eq(r.traced_out.len, sent.len);
  ck_assert_mem_eq(r.traced_out.data, sent.data, sent.len);
  octets_free(&sent);
  octets_free(&want);
  octets_free(&per);
  tunnel_record_stop(&r);
}

START_TEST(documented_frames_go_out) {
  octets want = octets_hex(SETUP);
  octets sent;
  tunnel_record r;

  ras_becomes(RRQ, FRAME_RRQ_FACILITY_IE);
  ras_becomes(RCF, "0300006308020000621c007e00550528100100108101804b01400011000"
                   "04000010040" RCF);
  ras_becomes(LIGHT_RRQ, "03000055 0802000062 1c00 7e004705 "
                         "28100100108101803d014000110000400001 0032" LIGHT_RRQ);
  tunnel_record_init(&r);
  ck_assert_int_eq(tunnel_record_start(&r), 0);
  ck_assert_int_eq(h46017_tunnel_write_keepalive(r.t), 0);
  ck_assert_int_eq(h46017_tunnel_write_signalling(r.t, want.data, want.len), 0);
  sent = tunnel_record_sent(&r);
  ck_assert_uint_eq(sent.len, 8 + want.len);
  ck_assert_mem_eq(sent.data, "\x03\x00\x00\x04\x03\x00\x00\x80", 8);
  ck_assert_mem_eq(sent.data + 8, want.data, want.len);
  octets_free(&sent);
  octets_free(&want);
  tunnel_record_stop(&r);
}
END_TEST

/* What came in goes out again as it came: GnuGk's and h323plus's encoders put
 * the same octets around a RAS message as we do. Two messages of GnuGk differ,
 * by the call reference flag alone. */
START_TEST(captured_streams_are_written_as_they_were_read) {
  for (size_t i = 0; i < CAPTURES; i++) {
    octets stream = capture_stream(&captures[i]);
    char *text = run_octets(&stream, SIZE_MAX, NULL);
    tunnel_record r;
    octets sent;

    tunnel_record_init(&r);
    ck_assert_int_eq(tunnel_record_start(&r), 0);
    for (char *line = strtok(text, "\n"); line != NULL;
         line = strtok(NULL, "\n")) {
      octets o = octets_hex(strrchr(line, ' ') + 1);
      ck_assert_int_eq(strncmp(line, "ras ", 4) == 0
                           ? h46017_tunnel_write_ras(r.t, o.data, o.len)
                           : h46017_tunnel_write_signalling(r.t, o.data, o.len),
                       0);
      octets_free(&o);
    }
    sent = tunnel_record_sent(&r);
    ck_assert_uint_eq(sent.len, stream.len);
    for (size_t at = 0; at < sent.len; at++) {
      if (sent.data[at] != stream.data[at]) {
        ck_assert_mem_eq(sent.data + at - 2, "\x08\x02\x00\x00\x62", 5);
        ck_assert_mem_eq(stream.data + at - 2, "\x08\x02\x80\x00\x62", 5);
      }
    }
    octets_free(&sent);
    octets_free(&stream);
    free(text);
    tunnel_record_stop(&r);
  }
}
END_TEST

/* Each size at which a length grows by an octet, and the largest: the codec,
 * through another tunnel, finds the message again. */
START_TEST(ras_of_every_critical_size_arrives) {
  static const size_t sizes[] = {1,   2,   116, 117, 118,   126,   127,
                                 128, 129, 255, 256, 16242, 16370, 16371};
  static uint8_t per[H46017_TUNNEL_MAX_RAS + 1];

  memset(per, 0x5a, sizeof(per));
  for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
    tunnel_record a;
    tunnel_record b;
    octets sent;

    tunnel_record_init(&a);
    tunnel_record_init(&b);
    ck_assert_int_eq(tunnel_record_start(&a), 0);
    ck_assert_int_eq(tunnel_record_start(&b), 0);
    ck_assert_int_eq(h46017_tunnel_write_ras(a.t, per, sizes[i]), 0);
    sent = tunnel_record_sent(&a);
    ck_assert_int_eq(tunnel_record_feed(&b, sent.data, sent.len, SIZE_MAX), 0);
    ck_assert_uint_eq(b.ras, 1);
    ck_assert_uint_eq(b.text.len, 4 + 2 * sizes[i] + 1);
    ck_assert_int_eq(strspn(tunnel_record_text(&b) + 4, "5a"), 2 * sizes[i]);
    octets_free(&sent);
    ck_assert_int_eq(h46017_tunnel_write_ras(a.t, per, sizeof(per)),
                     H46017_ERR_OUT_OF_RANGE);
    ck_assert(!h46017_tunnel_want_write(a.t));
    tunnel_record_stop(&a);
    tunnel_record_stop(&b);
  }
}
END_TEST

/* -- bad input --------------------------------------------------------------
 */

START_TEST(t1_feature_17_in_another_message_is_that_message) {
  octets generic = octets_hex("0140001100004000010003" DCF);
  static const char *const types[] = {"08020000 7b", "08020001 05",
                                      "08020000 7d"};
  for (size_t i = 0; i < 3; i++) {
    octets o = frame_generic(types[i], &generic);
    char *text = run_octets(&o, SIZE_MAX, NULL);
    ck_assert_ptr_null(strstr(text, "ras "));
    ck_assert_ptr_nonnull(strstr(text, "crv"));
    free(text);
    octets_free(&o);
  }
  octets_free(&generic);
}
END_TEST

START_TEST(t2_an_oid_or_nonstandard_17_is_somebody_elses) {
  /* oid 0.17; nonStandard of 16 octets */
  octets generic = octets_hex("01 48 01 11 0000 40000100 03" DCF);
  octets o = frame_generic("0802000062", &generic);
  char *text = run_octets(&o, SIZE_MAX, NULL);
  ck_assert_ptr_eq(strstr(text, "facility crv 0 "), text);
  free(text);
  octets_free(&o);
  octets_free(&generic);
  generic =
      octets_hex("01 50 00000000000000000000000000000011 0000 40000100 03" DCF);
  o = frame_generic("0802000062", &generic);
  text = run_octets(&o, SIZE_MAX, NULL);
  ck_assert_ptr_eq(strstr(text, "facility crv 0 "), text);
  free(text);
  octets_free(&o);
  octets_free(&generic);
}
END_TEST

START_TEST(t3_another_parameter_is_passed_over) {
  generic_hex_says("0140001100004000020003" DCF, "");
  generic_hex_says("0140001100014000020003" DCF "40 0001 00 07" RIP,
                   "ras " RIP "\n");
}
END_TEST

START_TEST(t4_content_that_is_not_raw_is_passed_over) {
  generic_hex_says("01400011000000 0001", "");                /* no content */
  generic_hex_says("014000110000400001 1c", "");              /* bool */
  generic_hex_says("014000110000400001 20 05", "");           /* number8 */
  generic_hex_says("014000110000400001 50 0000 00 0005", ""); /* compound */
  generic_hex_says("014000110000400001 08 02 4142", "");      /* text */
  generic_hex_says("014000110001400001 2005 40000100 03" DCF, "ras " DCF "\n");
  generic_hex_says("014000110000400001 00 00", ""); /* raw, empty */
}
END_TEST

/* T5: none, one, several; the limit, and one more */
START_TEST(t5_ras_messages_in_one_facility_up_to_the_limit) {
  for (unsigned n = 1; n <= 9; n++) {
    octets generic = octets_hex("01400011");
    uint8_t count[2] = {0, (uint8_t)(n - 1)};
    tunnel_record r;
    octets o;

    octets_append(&generic, count, 2);
    for (unsigned i = 0; i < n; i++) {
      put_raw(&generic, 1, 3, (uint8_t)i);
    }
    o = frame_generic("0802000062", &generic);
    tunnel_record_init(&r);
    ck_assert_int_eq(tunnel_record_start(&r), 0);
    ck_assert_int_eq(tunnel_record_feed(&r, o.data, o.len, chunk_size(_i)),
                     n <= 8 ? 0 : H46017_ERR_FLOOD);
    ck_assert_uint_eq(r.ras, n <= 8 ? n : 0);
    if (n == 3) {
      ck_assert_str_eq(tunnel_record_text(&r),
                       "ras 000000\nras 010101\nras 020202\n");
    }
    tunnel_record_stop(&r);
    octets_free(&o);
    octets_free(&generic);
  }
  /* a GenericData 17 without parameters is a tunnel's message all the same */
  generic_hex_says("0100 0011", "");
  /* the limit counts over several entries; others lie between */
  generic_hex_says("03 40001100004000010003" DCF
                   "000012 40001100004000010007" RIP,
                   "ras " DCF "\nras " RIP "\n");
}
END_TEST

START_TEST(t5_a_thousand_ras_messages_are_a_flood) {
  octets generic = octets_hex("02");
  octets per = octets_hex("2810010010810180");
  octets o;

  for (int entry = 0; entry < 2; entry++) {
    put(&generic, "400011 01f3"); /* 500 parameters */
    for (int i = 0; i < 500; i++) {
      put_raw(&generic, 1, 3, 0x40);
    }
  }
  put_open(&per, &generic);
  o = frame("0802000062", &per);
  says(run_octets(&o, SIZE_MAX, NULL), "error FLOOD\n");
  octets_free(&o);
  octets_free(&per);
  octets_free(&generic);
}
END_TEST

START_TEST(t6_trailing_octets_are_handed_up_and_do_not_matter_outside) {
  /* genericData's open type ends behind `beef`, the message before `dead` */
  octets per = octets_hex("2810010010810180 10 0140001100004000010005" DCF
                          "beef deadbeef");
  octets o = frame("0802000062", &per);

  says(run_octets(&o, SIZE_MAX, NULL), "ras " DCF "beef\n");
  octets_free(&o);
  octets_free(&per);
}
END_TEST

/* T7: what is no RAS at all; T13: RAS that holds a tunnel itself */
START_TEST(t7_t13_ras_octets_are_not_looked_into) {
  generic_hex_says("0140001100004000010004 ffffffff", "ras ffffffff\n");
  generic_hex_says("0140001100004000010001 00", "ras 00\n");
  generic_hex_says("014000110000400001000b 0140001100004000010000",
                   "ras 0140001100004000010000\n");
}
END_TEST

START_TEST(malformed_facilities_without_a_call_are_counted) {
  octets bad = octets_hex("03000010 0802000062 7e0004 05 28 10 01");
  octets late = octets_hex("0300000d 0802000062 7e0001 05");
  octets call = octets_hex("03000010 0802000562 7e0004 05 28 10 01");
  tunnel_record r;

  bad.data[3] = (uint8_t)bad.len;
  late.data[3] = (uint8_t)late.len;
  call.data[3] = (uint8_t)call.len;
  for (uint32_t limit = 0; limit <= 3; limit += 3) {
    tunnel_record_init(&r);
    r.settings.max_bad_facilities = limit;
    ck_assert_int_eq(tunnel_record_start(&r), 0);
    /* a call's are the call's business, and not counted */
    for (int i = 0; i < 20; i++) {
      ck_assert_int_eq(
          tunnel_record_feed(&r, call.data, call.len, chunk_size(_i)), 0);
    }
    ck_assert_uint_eq(r.signalling, 20);
    for (uint32_t i = 0; i < limit; i++) {
      const octets *o = i % 2 == 0 ? &bad : &late;
      ck_assert_int_eq(tunnel_record_feed(&r, o->data, o->len, chunk_size(_i)),
                       0);
      ck_assert_ptr_nonnull(strstr(r.last_log, "[H46017-203]"));
      /* where it is: `bad` ends inside its PDU, `late` has none */
      ck_assert_ptr_nonnull(
          strstr(r.last_log, i % 2 == 0 ? "at octet 12 of the Q.931 message"
                                        : "User-User element is malformed"));
    }
    ck_assert_int_eq(tunnel_record_feed(&r, bad.data, bad.len, chunk_size(_i)),
                     H46017_ERR_UUIE);
    ck_assert_uint_eq(r.signalling, 20);
    ck_assert_uint_eq(r.ras, 0);
    tunnel_record_stop(&r);
  }
  octets_free(&bad);
  octets_free(&late);
  octets_free(&call);
}
END_TEST

START_TEST(facilities_without_h323_are_handed_on) {
  size_t chunk = chunk_size(_i);
  hex_says("03000009 0802000062", chunk, "facility crv 0 flag 0 0802000062\n");
  hex_says("0300000e 0802000062 7e0002 0441", chunk,
           "facility crv 0 flag 0 08020000627e00020441\n");
}
END_TEST

START_TEST(malformed_framing_ends_the_tunnel) {
  size_t chunk = chunk_size(_i);
  tunnel_record r;

  hex_says("03000004 04000008", chunk, "keepalive\nerror TPKT\n");
  hex_says("160301", chunk, "error TPKT\n");
  hex_says("03000003", chunk, "error TPKT\n");
  hex_says("03000009 0902000062", chunk, "error Q931\n");
  hex_says("0300000b 0803000000 62 00", chunk, "error Q931\n");
  hex_says("0300000b 0802000105 2805", chunk, "error Q931\n");
  hex_says("03ff0004 03000009 0802000762", chunk,
           "keepalive\nfacility crv 7 flag 0 0802000762\n");
  tunnel_record_init(&r);
  ck_assert_int_eq(tunnel_record_start(&r), 0);
  ck_assert_int_eq(
      tunnel_record_feed_hex(&r, "0300000e 0802000105 280141 2805", chunk),
      H46017_ERR_Q931);
  ck_assert_ptr_nonnull(strstr(r.last_log, "at octet 8 of 10"));
  tunnel_record_stop(&r);
}
END_TEST

/* -- leniencies: taken by default and with the flag alone, refused without ---
 */

static void leniency(const octets *o, h46017_lenient flag, const char *with,
                     const char *without) {
  h46017_tunnel_settings s;

  says(run_octets(o, SIZE_MAX, NULL), with);
  h46017_tunnel_settings_default(&s);
  ck_assert_uint_eq(s.lenient, H46017_LENIENT_DEFAULT);
  s.lenient = (uint32_t)flag;
  says(run_octets(o, SIZE_MAX, &s), with);
  s.lenient = H46017_LENIENT_DEFAULT & ~(uint32_t)flag;
  says(run_octets(o, SIZE_MAX, &s), without);
  s.lenient = H46017_LENIENT_STRICT;
  says(run_octets(o, SIZE_MAX, &s), without);
}

static void leniency_of(const char *q931, const char *per_hex,
                        h46017_lenient flag, const char *without) {
  octets per = octets_hex(per_hex);
  octets o = frame(q931, &per);

  leniency(&o, flag, "ras " DCF "\n", without);
  octets_free(&o);
  octets_free(&per);
}

#define PER_DCF "28100100108101800e 0140001100004000010003" DCF

START_TEST(each_leniency_has_a_switch) {
  octets swapped = octets_hex("00030004");

  leniency(&swapped, H46017_LENIENT_SWAPPED_KEEPALIVE, "keepalive\n",
           "error TPKT\n");
  octets_free(&swapped);
  leniency_of("0800 62 1c00", PER_DCF, H46017_LENIENT_SHORT_CALL_REFERENCE,
              "error Q931\n");
  leniency_of("080100 62 1c00", PER_DCF, H46017_LENIENT_SHORT_CALL_REFERENCE,
              "error Q931\n");
  leniency_of("0802000062 280141 1c00", PER_DCF, H46017_LENIENT_IE_ORDER,
              "error Q931\n");
  leniency_of("0802000562 1c00", PER_DCF, H46017_LENIENT_RAS_CALL_REFERENCE,
              "");
  leniency_of("0802800562 1c00", PER_DCF, H46017_LENIENT_RAS_CALL_REFERENCE,
              "");
  leniency_of("0802800062 1c00", PER_DCF,
              H46017_LENIENT_RAS_CALL_REFERENCE_FLAG, "");
  leniency_of("0802000062", PER_DCF, H46017_LENIENT_RAS_NO_FACILITY_IE, "");
  /* h245Tunnelling absent; FALSE */
  leniency_of("0802000062 1c00", "2810010010010e 0140001100004000010003" DCF,
              H46017_LENIENT_RAS_NO_H245_TUNNELLING, "");
  leniency_of("0802000062 1c00",
              "28100100108101000e 0140001100004000010003" DCF,
              H46017_LENIENT_RAS_NO_H245_TUNNELLING, "");
  /* body facility, as in GnuGk's empty-Facility keep-alive */
  leniency_of("0802000062 1c00",
              "26800086010013018011000000000000000000000000000000"
              "000001000100"
              "10810180 0e 0140001100004000010003" DCF,
              H46017_LENIENT_RAS_ANY_BODY, "");
}
END_TEST

START_TEST(strict_takes_what_is_as_it_should_be) {
  h46017_tunnel_settings s;

  h46017_tunnel_settings_default(&s);
  s.lenient = H46017_LENIENT_STRICT;
  says(tunnel_record_run(FRAME_RRQ_FACILITY_IE, SIZE_MAX, &s), "ras " RRQ "\n");
  for (size_t i = 0; i < CAPTURES; i++) {
    octets stream = capture_stream(&captures[i]);
    char *strict = run_octets(&stream, SIZE_MAX, &s);
    ck_assert_ptr_null(strstr(strict, "error"));
    free(strict);
    octets_free(&stream);
  }
}
END_TEST

static Suite *tunnel_suite(void) {
  Suite *s = suite_create("tunnel");
  TCase *tc = tcase_create("in");
  tcase_add_loop_test(tc, documented_frames_come_in, 0, CHUNK_SIZES);
  tcase_add_loop_test(tc, captured_streams_give_the_same_events_in_any_pieces,
                      0, CHUNK_SIZES);
  tcase_add_test(tc, f8_a_stream_cut_anywhere_gives_what_was_whole);
  tcase_add_loop_test(tc, gnugk_keepalives_are_signalling_however_many, 0,
                      CHUNK_SIZES);
  tcase_set_timeout(tc, 60);
  suite_add_tcase(s, tc);
  tc = tcase_create("out");
  tcase_add_test(tc, documented_frames_go_out);
  tcase_add_test(tc, captured_streams_are_written_as_they_were_read);
  tcase_add_test(tc, ras_of_every_critical_size_arrives);
  suite_add_tcase(s, tc);
  tc = tcase_create("bad input");
  tcase_add_test(tc, t1_feature_17_in_another_message_is_that_message);
  tcase_add_test(tc, t2_an_oid_or_nonstandard_17_is_somebody_elses);
  tcase_add_test(tc, t3_another_parameter_is_passed_over);
  tcase_add_test(tc, t4_content_that_is_not_raw_is_passed_over);
  tcase_add_loop_test(tc, t5_ras_messages_in_one_facility_up_to_the_limit, 0,
                      CHUNK_SIZES);
  tcase_add_test(tc, t5_a_thousand_ras_messages_are_a_flood);
  tcase_add_test(tc,
                 t6_trailing_octets_are_handed_up_and_do_not_matter_outside);
  tcase_add_test(tc, t7_t13_ras_octets_are_not_looked_into);
  tcase_add_loop_test(tc, malformed_facilities_without_a_call_are_counted, 0,
                      CHUNK_SIZES);
  tcase_add_loop_test(tc, facilities_without_h323_are_handed_on, 0,
                      CHUNK_SIZES);
  tcase_add_loop_test(tc, malformed_framing_ends_the_tunnel, 0, CHUNK_SIZES);
  suite_add_tcase(s, tc);
  tc = tcase_create("leniencies");
  tcase_add_test(tc, each_leniency_has_a_switch);
  tcase_add_test(tc, strict_takes_what_is_as_it_should_be);
  suite_add_tcase(s, tc);
  return s;
}

int main(void) {
  return run_suite(tunnel_suite());
}
