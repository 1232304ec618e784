/* SPDX-License-Identifier: BSD-2-Clause */
#include <h46017/error.h>
#include <h46017/tpkt.h>

#include "failmem.h"
#include "octets.h"
#include "runner.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What a reader made of a stream: kind, length and a sum of every frame, then
 * how it ended. Two that are equal saw the same. */
typedef struct transcript {
  char text[8192];
  size_t len;
  size_t frames;
  int rv;
  size_t pending;
} transcript;

static void transcript_add(transcript *t, const h46017_tpkt_pdu *pdu) {
  uint32_t sum = 2166136261u;

  for (size_t i = 0; i < pdu->len; i++) {
    sum = (sum ^ pdu->data[i]) * 16777619u;
  }
  t->frames++;
  t->len += (size_t)snprintf(t->text + t->len, sizeof(t->text) - t->len,
                             "%d %zu %08x\n", (int)pdu->kind, pdu->len,
                             (unsigned)sum);
  ck_assert_uint_lt(t->len, sizeof(t->text));
}

/* Feeds the stream in pieces, each in a block of its own that is freed as soon
 * as the reader is through with it. */
static int run(h46017_tpkt *r, const uint8_t *data, size_t len, size_t chunk,
               transcript *t) {
  memset(t, 0, sizeof(*t));
  while (len > 0 && t->rv == 0) {
    size_t n = len < chunk ? len : chunk;
    uint8_t *piece = octets_exact(data, n);
    const uint8_t *p = piece;
    size_t left = n;
    h46017_tpkt_pdu pdu;

    while ((t->rv = h46017_tpkt_read(r, &p, &left, &pdu)) == 0 &&
           pdu.kind != H46017_TPKT_NONE) {
      transcript_add(t, &pdu);
    }
    /* an assertion that holds costs a write(): not one for each octet */
    if (t->rv == 0 && (left != 0 || pdu.data != NULL)) {
      ck_abort_msg("%zu octets not taken", left);
    }
    free(piece);
    data += n;
    len -= n;
  }
  t->pending = h46017_tpkt_pending(r);
  return t->rv;
}

static int run_new(const char *hex, size_t chunk, uint32_t lenient,
                   uint32_t max_pdu, transcript *t) {
  octets o = octets_hex(hex);
  h46017_tpkt_settings s;
  h46017_tpkt *r = NULL;
  int rv;

  h46017_tpkt_settings_default(&s);
  s.lenient = lenient;
  s.max_pdu = max_pdu;
  ck_assert_int_eq(h46017_tpkt_new(&r, &s, NULL), 0);
  rv = run(r, o.data, o.len, chunk, t);
  if (rv != 0) { /* sticky */
    const uint8_t *p = (const uint8_t *)"\x03\0\0\4";
    size_t n = 4;
    h46017_tpkt_pdu pdu;
    ck_assert_int_eq(h46017_tpkt_read(r, &p, &n, &pdu), rv);
    ck_assert_uint_eq(n, 4);
  }
  h46017_tpkt_del(r);
  octets_free(&o);
  return rv;
}

static int run_default(const char *hex, size_t chunk, transcript *t) {
  return run_new(hex, chunk, H46017_LENIENT_DEFAULT, H46017_TPKT_MAX, t);
}

/* The octets a reader takes, the one it objects to included, when they come one
 * by one: less one, the place of the fault. */
static size_t fault_at(const char *hex, uint32_t max_pdu) {
  octets o = octets_hex(hex);
  h46017_tpkt_settings s;
  h46017_tpkt *r = NULL;
  transcript t;
  size_t n = 0;

  h46017_tpkt_settings_default(&s);
  s.max_pdu = max_pdu;
  ck_assert_int_eq(h46017_tpkt_new(&r, &s, NULL), 0);
  while (run(r, o.data + n, 1, 1, &t) == 0) {
    n++;
    ck_assert_uint_lt(n, o.len);
  }
  h46017_tpkt_del(r);
  octets_free(&o);
  return n;
}

/* F1, F10: a TLS ClientHello, an HTTP request, TPKT version 4 */
START_TEST(f1_refuses_another_version_at_the_first_octet) {
  transcript t;
  size_t chunk = chunk_size(_i);
  ck_assert_int_eq(run_default("04000008 08020000", chunk, &t),
                   H46017_ERR_TPKT);
  ck_assert_int_eq(run_default("16", chunk, &t), H46017_ERR_TPKT);
  ck_assert_int_eq(run_default("1603010200010001fc03", chunk, &t),
                   H46017_ERR_TPKT);
  ck_assert_int_eq(run_default("47", chunk, &t), H46017_ERR_TPKT);
  ck_assert_uint_eq(t.frames, 0);
  ck_assert_uint_eq(fault_at("04000008 08020000", 65535), 0);
  ck_assert_uint_eq(fault_at("1603010200", 65535), 0);
  ck_assert_uint_eq(fault_at("50524f5859", 65535), 0); /* F11: PROXY */
}
END_TEST

START_TEST(f2_takes_any_reserved_octet) {
  transcript t;
  ck_assert_int_eq(
      run_new("03ff0006abcd 03010005ef", chunk_size(_i), 0, 65535, &t), 0);
  ck_assert_uint_eq(t.frames, 2);
  ck_assert_uint_eq(t.pending, 0);
}
END_TEST

START_TEST(f3_refuses_a_length_below_four) {
  static const char *const streams[] = {"03000000", "03000001", "03000002",
                                        "03000003"};
  transcript t;
  for (size_t i = 0; i < 4; i++) {
    ck_assert_int_eq(run_default(streams[i], chunk_size(_i), &t),
                     H46017_ERR_TPKT);
    ck_assert_uint_eq(t.frames, 0);
    ck_assert_uint_eq(fault_at(streams[i], 65535), 3);
  }
}
END_TEST

START_TEST(f4_reports_an_empty_tpkt_as_a_keepalive) {
  transcript t;
  ck_assert_int_eq(
      run_new("03000004 03000005aa 03000004", chunk_size(_i), 0, 65535, &t), 0);
  ck_assert_str_eq(t.text, "2 4 9fc23a72\n1 5 c0c5877d\n2 4 9fc23a72\n");
}
END_TEST

START_TEST(swapped_keepalive_is_a_leniency_and_nothing_else_is) {
  static const char *const others[] = {"00030005", "00030104", "00020004",
                                       "00000004", "0003000400"};
  transcript t;
  size_t chunk = chunk_size(_i);
  ck_assert_int_eq(run_new("00030004 03000005aa", chunk,
                           H46017_LENIENT_SWAPPED_KEEPALIVE, 65535, &t),
                   0);
  ck_assert_uint_eq(t.frames, 2);
  ck_assert_int_eq(run_new("00030004", chunk,
                           H46017_LENIENT_DEFAULT &
                               ~(uint32_t)H46017_LENIENT_SWAPPED_KEEPALIVE,
                           65535, &t),
                   H46017_ERR_TPKT);
  ck_assert_int_eq(run_new("00030004", chunk, 0, 65535, &t), H46017_ERR_TPKT);
  for (size_t i = 0; i < 4; i++) {
    ck_assert_int_eq(run_default(others[i], chunk, &t), H46017_ERR_TPKT);
  }
  /* one whole, then the first octet of another */
  ck_assert_int_eq(run_default(others[4], chunk, &t), 0);
  ck_assert_uint_eq(t.frames, 1);
  ck_assert_uint_eq(t.pending, 1);
}
END_TEST

/* F5, the largest TPKT; F6, its header cut at each octet */
START_TEST(f5_f6_takes_the_largest_tpkt_in_any_pieces) {
  octets o = {NULL, 0};
  h46017_tpkt *r = NULL;
  transcript whole;
  transcript cut;
  static uint8_t largest[65535];

  ck_assert_int_eq(h46017_tpkt_write_header(largest, 65531), 0);
  ck_assert_mem_eq(largest, "\x03\x00\xff\xff", 4);
  for (size_t i = 4; i < sizeof(largest); i++) {
    largest[i] = (uint8_t)(i * 7);
  }
  octets_append(&o, largest, sizeof(largest));
  octets_append(&o, largest, sizeof(largest));
  ck_assert_int_eq(h46017_tpkt_new(&r, NULL, NULL), 0);
  ck_assert_int_eq(run(r, o.data, o.len, SIZE_MAX, &whole), 0);
  ck_assert_uint_eq(whole.frames, 2);
  ck_assert_int_eq(run(r, o.data, o.len, chunk_size(_i), &cut), 0);
  ck_assert_str_eq(cut.text, whole.text);
  for (size_t at = 1; at < 6; at++) {
    transcript rest;
    ck_assert_int_eq(run(r, o.data, at, SIZE_MAX, &cut), 0);
    ck_assert_uint_eq(cut.pending, at);
    ck_assert_int_eq(run(r, o.data + at, o.len - at, SIZE_MAX, &rest), 0);
    ck_assert_str_eq(rest.text, whole.text);
  }
  h46017_tpkt_del(r);
  octets_free(&o);
}
END_TEST

START_TEST(f7_hands_out_every_pdu_of_one_piece) {
  transcript t;
  ck_assert_int_eq(run_default("03000005aa 03000006bbbb 03000004 03000005cc",
                               chunk_size(_i), &t),
                   0);
  ck_assert_uint_eq(t.frames, 4);
}
END_TEST

START_TEST(f8_a_cut_anywhere_leaves_a_begun_tpkt_and_no_pdu) {
  static const char hex[] = "0300000c0802000062000102";
  octets o = octets_hex(hex);
  for (size_t n = 1; n < o.len; n++) {
    h46017_tpkt *r = NULL;
    transcript t;
    ck_assert_int_eq(h46017_tpkt_new(&r, NULL, NULL), 0);
    ck_assert_int_eq(run(r, o.data, n, chunk_size(_i), &t), 0);
    ck_assert_uint_eq(t.frames, 0);
    ck_assert_uint_eq(t.pending, n);
    h46017_tpkt_del(r);
  }
  octets_free(&o);
}
END_TEST

START_TEST(f9_refuses_garbage_behind_a_tpkt_and_keeps_what_came_before) {
  transcript t;
  ck_assert_int_eq(run_default("03000005aa 03000004 2a", chunk_size(_i), &t),
                   H46017_ERR_TPKT);
  ck_assert_uint_eq(t.frames, 2);
  ck_assert_uint_eq(fault_at("03000005aa 03000004 2a03", 65535), 9);
}
END_TEST

START_TEST(max_pdu_holds_at_the_limit_and_one_above) {
  transcript t;
  size_t chunk = chunk_size(_i);
  ck_assert_int_eq(run_new("0300000aaaaaaaaaaaaa", chunk, 0, 10, &t), 0);
  ck_assert_uint_eq(t.frames, 1);
  /* refused with the header: the body is not waited for */
  ck_assert_int_eq(run_new("0300000b", chunk, 0, 10, &t), H46017_ERR_TOO_LARGE);
  ck_assert_uint_eq(fault_at("0300000b", 10), 3);
  ck_assert_int_eq(run_new("03000004", chunk, 0, 4, &t), 0);
  ck_assert_int_eq(run_new("03000005", chunk, 0, 4, &t), H46017_ERR_TOO_LARGE);
}
END_TEST

START_TEST(settings_out_of_range_are_refused) {
  h46017_tpkt_settings s;
  h46017_tpkt *r = NULL;
  h46017_mem half = {0};
  h46017_tpkt_settings_default(&s);
  ck_assert_uint_eq(s.max_pdu, 65535);
  ck_assert_uint_eq(s.lenient, H46017_LENIENT_DEFAULT);
  s.max_pdu = 3;
  ck_assert_int_eq(h46017_tpkt_new(&r, &s, NULL), H46017_ERR_INVALID_ARGUMENT);
  s.max_pdu = 65536;
  ck_assert_int_eq(h46017_tpkt_new(&r, &s, NULL), H46017_ERR_INVALID_ARGUMENT);
  s.max_pdu = 4;
  s.struct_size = 0;
  ck_assert_int_eq(h46017_tpkt_new(&r, &s, NULL), H46017_ERR_INVALID_ARGUMENT);
  ck_assert_int_eq(h46017_tpkt_new(&r, NULL, &half),
                   H46017_ERR_INVALID_ARGUMENT);
  ck_assert_int_eq(h46017_tpkt_new(NULL, NULL, NULL),
                   H46017_ERR_INVALID_ARGUMENT);
  ck_assert_ptr_null(r);
  h46017_tpkt_del(NULL);
}
END_TEST

START_TEST(a_whole_frame_is_handed_out_where_it_lies) {
  const uint8_t stream[] = {3, 0, 0, 6, 1, 2, 3, 0, 0, 5, 9};
  const uint8_t *p = stream;
  size_t left = sizeof(stream);
  h46017_tpkt_pdu pdu;
  h46017_tpkt *r = NULL;
  failmem f;
  size_t calls;

  failmem_init(&f);
  ck_assert_int_eq(h46017_tpkt_new(&r, NULL, &f.mem), 0);
  calls = f.calls;
  ck_assert_int_eq(h46017_tpkt_read(r, &p, &left, &pdu), 0);
  ck_assert_ptr_eq(pdu.data, stream);
  ck_assert_uint_eq(pdu.len, 6);
  ck_assert_int_eq(h46017_tpkt_read(r, &p, &left, &pdu), 0);
  ck_assert_ptr_eq(pdu.data, stream + 6);
  ck_assert_uint_eq(left, 0);
  ck_assert_uint_eq(f.calls, calls);
  h46017_tpkt_del(r);
  ck_assert_uint_eq(f.blocks, 0);
}
END_TEST

START_TEST(memory_follows_what_came_not_what_was_announced) {
  const uint8_t begun[] = {3, 0, 0xff, 0xff, 1, 2};
  h46017_tpkt *r = NULL;
  uint8_t *rest = calloc(1, 65535);
  transcript t;
  failmem f;
  size_t idle;

  failmem_init(&f);
  ck_assert_int_eq(h46017_tpkt_new(&r, NULL, &f.mem), 0);
  idle = f.octets;
  ck_assert_uint_lt(idle, 256);
  ck_assert_int_eq(run(r, begun, 4, SIZE_MAX, &t), 0);
  ck_assert_uint_eq(f.octets, idle);
  ck_assert_int_eq(run(r, begun + 4, 2, SIZE_MAX, &t), 0);
  ck_assert_uint_le(f.octets, idle + 1024);
  ck_assert_int_eq(run(r, rest, 65535 - 6, 100, &t), 0);
  ck_assert_uint_eq(t.frames, 1);
  /* one buffer, two while it grows, and nothing of it when idle again */
  ck_assert_uint_le(f.peak, idle + 65535 + 65535);
  ck_assert_uint_eq(f.octets, idle);
  h46017_tpkt_del(r);
  ck_assert_uint_eq(f.blocks, 0);
  free(rest);
}
END_TEST

START_TEST(the_same_size_again_and_again_does_not_allocate) {
  uint8_t frame[1024] = {3, 0, 4, 0};
  h46017_tpkt *r = NULL;
  transcript t;
  failmem f;
  size_t calls;

  failmem_init(&f);
  ck_assert_int_eq(h46017_tpkt_new(&r, NULL, &f.mem), 0);
  ck_assert_int_eq(run(r, frame, sizeof(frame), 100, &t), 0);
  calls = f.calls;
  for (int i = 0; i < 50; i++) {
    ck_assert_int_eq(run(r, frame, sizeof(frame), 100, &t), 0);
    ck_assert_uint_eq(t.frames, 1);
  }
  ck_assert_uint_eq(f.calls, calls);
  h46017_tpkt_del(r);
}
END_TEST

static int allocate_scenario(failmem *f, void *arg) {
  uint8_t frame[5000] = {3, 0, 5000 >> 8, 5000 & 0xff};
  h46017_tpkt *r = NULL;
  transcript t;
  int rv = h46017_tpkt_new(&r, NULL, &f->mem);

  (void)arg;
  if (rv == 0) {
    rv = run(r, frame, sizeof(frame), 500, &t);
  }
  h46017_tpkt_del(r);
  return rv;
}

START_TEST(every_failing_allocation_is_nomem_and_leaves_nothing) {
  ck_assert_uint_ge(failmem_sweep(allocate_scenario, NULL), 3);
}
END_TEST

START_TEST(captured_streams_give_the_same_frames_in_any_pieces) {
  static const char *const names[] = {"call.s0.ep2gk", "call.s1.gk2ep",
                                      "register.s0.gk2ep",
                                      "password-register.s1.ep2gk"};
  for (size_t i = 0; i < 4; i++) {
    char name[128];
    h46017_tpkt *r = NULL;
    transcript whole;
    transcript cut;
    octets o;

    (void)snprintf(name, sizeof(name),
                   "vectors/gnugk/gnugk-simpleh323-tcp-%s.bin", names[i]);
    o = octets_file(name);
    ck_assert_int_eq(h46017_tpkt_new(&r, NULL, NULL), 0);
    ck_assert_int_eq(run(r, o.data, o.len, SIZE_MAX, &whole), 0);
    ck_assert_uint_ge(whole.frames, 4);
    ck_assert_int_eq(run(r, o.data, o.len, chunk_size(_i), &cut), 0);
    ck_assert_str_eq(cut.text, whole.text);
    ck_assert_uint_eq(cut.pending, 0);
    h46017_tpkt_del(r);
    octets_free(&o);
  }
}
END_TEST

START_TEST(write_header_counts_itself_and_knows_the_limit) {
  uint8_t head[4] = {9, 9, 9, 9};
  ck_assert_int_eq(h46017_tpkt_write_header(head, 65532),
                   H46017_ERR_OUT_OF_RANGE);
  ck_assert_mem_eq(head, "\x09\x09\x09\x09", 4);
  ck_assert_int_eq(h46017_tpkt_write_header(head, 0), 0);
  ck_assert_mem_eq(head, "\x03\x00\x00\x04", 4);
  ck_assert_int_eq(h46017_tpkt_write_header(head, 0x1234), 0);
  ck_assert_mem_eq(head, "\x03\x00\x12\x38", 4);
}
END_TEST

static Suite *tpkt_suite(void) {
  Suite *s = suite_create("tpkt");
  TCase *tc = tcase_create("reading");
  tcase_add_loop_test(tc, f1_refuses_another_version_at_the_first_octet, 0,
                      CHUNK_SIZES);
  tcase_add_loop_test(tc, f2_takes_any_reserved_octet, 0, CHUNK_SIZES);
  tcase_add_loop_test(tc, f3_refuses_a_length_below_four, 0, CHUNK_SIZES);
  tcase_add_loop_test(tc, f4_reports_an_empty_tpkt_as_a_keepalive, 0,
                      CHUNK_SIZES);
  tcase_add_loop_test(tc, swapped_keepalive_is_a_leniency_and_nothing_else_is,
                      0, CHUNK_SIZES);
  tcase_add_loop_test(tc, f5_f6_takes_the_largest_tpkt_in_any_pieces, 0,
                      CHUNK_SIZES);
  tcase_add_loop_test(tc, f7_hands_out_every_pdu_of_one_piece, 0, CHUNK_SIZES);
  tcase_add_loop_test(tc, f8_a_cut_anywhere_leaves_a_begun_tpkt_and_no_pdu, 0,
                      CHUNK_SIZES);
  tcase_add_loop_test(
      tc, f9_refuses_garbage_behind_a_tpkt_and_keeps_what_came_before, 0,
      CHUNK_SIZES);
  tcase_add_loop_test(tc, max_pdu_holds_at_the_limit_and_one_above, 0,
                      CHUNK_SIZES);
  tcase_add_loop_test(tc, captured_streams_give_the_same_frames_in_any_pieces,
                      0, CHUNK_SIZES);
  suite_add_tcase(s, tc);
  tc = tcase_create("memory");
  tcase_add_test(tc, settings_out_of_range_are_refused);
  tcase_add_test(tc, a_whole_frame_is_handed_out_where_it_lies);
  tcase_add_test(tc, memory_follows_what_came_not_what_was_announced);
  tcase_add_test(tc, the_same_size_again_and_again_does_not_allocate);
  tcase_add_test(tc, every_failing_allocation_is_nomem_and_leaves_nothing);
  suite_add_tcase(s, tc);
  tc = tcase_create("writing");
  tcase_add_test(tc, write_header_counts_itself_and_knows_the_limit);
  suite_add_tcase(s, tc);
  return s;
}

int main(void) {
  return run_suite(tpkt_suite());
}
