/* SPDX-License-Identifier: BSD-2-Clause */
/* The contract of the tunnel's calls: time, errors, callbacks, memory. What
 * the octets mean is in test_tunnel.c. */
#include "failmem.h"
#include "octets.h"
#include "runner.h"
#include "tunnel_record.h"

#include <h46017/tpkt.h>

#include <check.h>
#include <stdio.h>
#include <string.h>

#define DCF "40000a"
/* A Facility with one DCF, and with three. */
#define FRAME_DCF                                                              \
  "03000026 0802000062 1c00 7e0018 05 2810010010810180 0e "                    \
  "0140001100004000010003" DCF
#define FRAME_THREE                                                            \
  "03000036 0802000062 1c00 7e0028 05 2810010010810180 1e "                    \
  "0140001100024000010003" DCF "4000010003" DCF "4000010003" DCF
#define KEEPALIVE "03000004"
#define RELEASE "0300000d 08020005 5a 08028090"

static const uint8_t dcf[] = {0x40, 0x00, 0x0a};

static void start(tunnel_record *r) {
  ck_assert_int_eq(tunnel_record_start(r), 0);
}

START_TEST(settings_and_callbacks_are_checked) {
  h46017_tunnel_callbacks cb;
  h46017_tunnel_settings s;
  h46017_tunnel *t = NULL;
  h46017_mem half = {0};

  h46017_tunnel_callbacks_default(&cb);
  h46017_tunnel_settings_default(&s);
  ck_assert_uint_eq(s.max_pdu, 65535);
  ck_assert_uint_eq(s.max_tx, 262144);
  ck_assert_uint_eq(s.max_ras_per_facility, 8);
  ck_assert_uint_eq(s.max_bad_facilities, 8);
  ck_assert_uint_eq(s.pdu_timeout_ms, 10000);
  ck_assert_int_eq(h46017_tunnel_new(&t, NULL, NULL, NULL, NULL, 0),
                   H46017_ERR_INVALID_ARGUMENT);
  ck_assert_int_eq(h46017_tunnel_new(NULL, NULL, &cb, NULL, NULL, 0),
                   H46017_ERR_INVALID_ARGUMENT);
  ck_assert_int_eq(h46017_tunnel_new(&t, &s, &cb, &half, NULL, 0),
                   H46017_ERR_INVALID_ARGUMENT);
  s.max_tx = 0;
  ck_assert_int_eq(h46017_tunnel_new(&t, &s, &cb, NULL, NULL, 0),
                   H46017_ERR_INVALID_ARGUMENT);
  h46017_tunnel_settings_default(&s);
  s.max_ras_per_facility = 0;
  ck_assert_int_eq(h46017_tunnel_new(&t, &s, &cb, NULL, NULL, 0),
                   H46017_ERR_INVALID_ARGUMENT);
  h46017_tunnel_settings_default(&s);
  s.max_pdu = 65536;
  ck_assert_int_eq(h46017_tunnel_new(&t, &s, &cb, NULL, NULL, 0),
                   H46017_ERR_INVALID_ARGUMENT);
  cb.struct_size = 0;
  ck_assert_int_eq(h46017_tunnel_new(&t, NULL, &cb, NULL, NULL, 0),
                   H46017_ERR_INVALID_ARGUMENT);
  ck_assert_ptr_null(t);
  h46017_tunnel_del(NULL);
}
END_TEST

START_TEST(a_tunnel_without_callbacks_takes_everything) {
  octets o = octets_hex(FRAME_THREE KEEPALIVE RELEASE);
  h46017_tunnel_callbacks cb;
  h46017_tunnel *t = NULL;

  h46017_tunnel_callbacks_default(&cb);
  ck_assert_int_eq(h46017_tunnel_new(&t, NULL, &cb, NULL, NULL, 0), 0);
  ck_assert_int_eq(h46017_tunnel_recv(t, o.data, o.len, 0), 0);
  ck_assert_int_eq(h46017_tunnel_recv(t, NULL, 0, 0), 0);
  ck_assert_int_eq(h46017_tunnel_recv(t, NULL, 1, 0),
                   H46017_ERR_INVALID_ARGUMENT);
  ck_assert_int_eq(h46017_tunnel_write_ras(t, dcf, 3), 0);
  h46017_tunnel_del(t); /* with octets waiting */
  octets_free(&o);
}
END_TEST

/* -- time -------------------------------------------------------------------
 */

START_TEST(a_begun_tpkt_must_be_finished_in_time) {
  tunnel_record r;
  octets o = octets_hex(FRAME_DCF);

  tunnel_record_init(&r);
  r.now = 5000;
  start(&r);
  ck_assert(h46017_tunnel_next_expiry(r.t) == H46017_TIME_NEVER);
  ck_assert_int_eq(tunnel_record_feed(&r, o.data, 1, 1), 0);
  ck_assert_uint_eq(h46017_tunnel_next_expiry(r.t), 15000);
  /* F5: one octet a second extends nothing */
  for (size_t i = 1; i < 9; i++) {
    r.now += 1000;
    ck_assert_int_eq(tunnel_record_feed(&r, o.data + i, 1, 1), 0);
    ck_assert_uint_eq(h46017_tunnel_next_expiry(r.t), 15000);
  }
  r.now = 14999;
  ck_assert_int_eq(h46017_tunnel_handle_expiry(r.t, r.now), 0);
  /* a clock that goes back is taken for standing still */
  ck_assert_int_eq(h46017_tunnel_handle_expiry(r.t, 3), 0);
  r.now = 15000;
  ck_assert_int_eq(h46017_tunnel_handle_expiry(r.t, r.now),
                   H46017_ERR_PDU_TIMEOUT);
  ck_assert_int_eq(h46017_tunnel_error(r.t), H46017_ERR_PDU_TIMEOUT);
  ck_assert(h46017_tunnel_next_expiry(r.t) == H46017_TIME_NEVER);
  ck_assert(!h46017_tunnel_want_read(r.t));
  ck_assert_ptr_nonnull(strstr(r.last_log, "[H46017-208]"));
  tunnel_record_stop(&r);
  octets_free(&o);
}
END_TEST

START_TEST(each_tpkt_has_its_own_time) {
  tunnel_record r;
  octets o = octets_hex(FRAME_DCF KEEPALIVE);

  tunnel_record_init(&r);
  start(&r);
  ck_assert_int_eq(tunnel_record_feed(&r, o.data, 10, 10), 0);
  r.now = 9000;
  /* the rest of the first, the beginning of the second */
  ck_assert_int_eq(tunnel_record_feed(&r, o.data + 10, o.len - 11, 999), 0);
  ck_assert_uint_eq(r.ras, 1);
  ck_assert_uint_eq(h46017_tunnel_next_expiry(r.t), 19000);
  r.now = 8; /* back: clamped */
  ck_assert_int_eq(tunnel_record_feed(&r, o.data + o.len - 1, 1, 1), 0);
  ck_assert_uint_eq(r.keepalives, 1);
  ck_assert(h46017_tunnel_next_expiry(r.t) == H46017_TIME_NEVER);
  ck_assert_int_eq(h46017_tunnel_handle_expiry(r.t, 1000000), 0);
  r.now = 1000;
  ck_assert_int_eq(tunnel_record_feed(&r, o.data, 1, 1), 0);
  ck_assert_uint_eq(h46017_tunnel_next_expiry(r.t), 1010000);
  tunnel_record_stop(&r);
  octets_free(&o);
}
END_TEST

START_TEST(the_pdu_timeout_can_be_off) {
  tunnel_record r;

  tunnel_record_init(&r);
  r.settings.pdu_timeout_ms = 0;
  start(&r);
  ck_assert_int_eq(tunnel_record_feed_hex(&r, "0300", 1), 0);
  ck_assert(h46017_tunnel_next_expiry(r.t) == H46017_TIME_NEVER);
  tunnel_record_stop(&r);
}
END_TEST

/* -- errors -----------------------------------------------------------------
 */

START_TEST(an_error_stays_and_what_is_queued_can_still_be_sent) {
  const uint8_t *p;
  tunnel_record r;

  tunnel_record_init(&r);
  start(&r);
  ck_assert_int_eq(h46017_tunnel_write_ras(r.t, dcf, 3), 0);
  ck_assert_int_eq(tunnel_record_feed_hex(&r, "04", 1), H46017_ERR_TPKT);
  ck_assert_int_eq(tunnel_record_feed_hex(&r, KEEPALIVE, 9), H46017_ERR_TPKT);
  ck_assert_int_eq(h46017_tunnel_write_ras(r.t, dcf, 3), H46017_ERR_TPKT);
  ck_assert_int_eq(h46017_tunnel_write_signalling(r.t, dcf, 3),
                   H46017_ERR_TPKT);
  ck_assert_int_eq(h46017_tunnel_write_keepalive(r.t), H46017_ERR_TPKT);
  ck_assert_int_eq(h46017_tunnel_handle_expiry(r.t, 1), H46017_ERR_TPKT);
  ck_assert_int_eq(h46017_tunnel_error(r.t), H46017_ERR_TPKT);
  ck_assert(!h46017_tunnel_want_read(r.t));
  ck_assert(h46017_tunnel_want_write(r.t));
  ck_assert_uint_eq(h46017_tunnel_peek_tx(r.t, &p), 0x26);
  ck_assert_int_eq(h46017_tunnel_ack_tx(r.t, 0x26, 2), 0);
  ck_assert(!h46017_tunnel_want_write(r.t));
  ck_assert_uint_eq(r.keepalives, 0);
  tunnel_record_stop(&r);
}
END_TEST

START_TEST(a_callback_that_fails_ends_the_tunnel) {
  for (int n = 1; n <= 5; n++) {
    tunnel_record r;

    tunnel_record_init(&r);
    r.fail_at = n;
    start(&r);
    ck_assert_int_eq(h46017_tunnel_write_ras(r.t, dcf, 3), 0);
    ck_assert_int_eq(
        tunnel_record_feed_hex(&r, FRAME_THREE KEEPALIVE RELEASE KEEPALIVE,
                               chunk_size(_i)),
        H46017_ERR_CALLBACK_FAILURE);
    ck_assert_int_eq(r.events, n);
    ck_assert_int_eq(h46017_tunnel_error(r.t), H46017_ERR_CALLBACK_FAILURE);
    ck_assert(!h46017_tunnel_want_read(r.t));
    ck_assert(!h46017_tunnel_want_write(r.t));
    tunnel_record_stop(&r);
  }
}
END_TEST

START_TEST(max_pdu_holds_at_the_limit_and_one_above) {
  tunnel_record r;

  for (uint32_t limit = 0x25; limit <= 0x26; limit++) {
    tunnel_record_init(&r);
    r.settings.max_pdu = limit;
    start(&r);
    ck_assert_int_eq(tunnel_record_feed_hex(&r, FRAME_DCF, chunk_size(_i)),
                     limit == 0x26 ? 0 : H46017_ERR_TOO_LARGE);
    ck_assert_uint_eq(r.ras, limit == 0x26 ? 1 : 0);
    tunnel_record_stop(&r);
  }
}
END_TEST

/* -- sending ----------------------------------------------------------------
 */

START_TEST(what_is_acked_in_any_pieces_is_what_was_written) {
  octets sent = {NULL, 0};
  tunnel_record r;
  int written = 0;

  tunnel_record_init(&r);
  start(&r);
  while (written < 40 || h46017_tunnel_want_write(r.t)) {
    const uint8_t *p;
    const uint8_t *again;
    size_t n;

    if (written < 40) {
      uint8_t per[5] = {(uint8_t)written, 1, 2, 3, 4};
      ck_assert_int_eq(h46017_tunnel_write_ras(r.t, per, sizeof(per)), 0);
      written++;
    }
    n = h46017_tunnel_peek_tx(r.t, &p);
    ck_assert_uint_eq(h46017_tunnel_peek_tx(r.t, &again), n);
    ck_assert_ptr_eq(p, again);
    ck_assert_int_eq(h46017_tunnel_ack_tx(r.t, n + 1, 0),
                     H46017_ERR_INVALID_ARGUMENT);
    n = n < chunk_size(_i) ? n : chunk_size(_i);
    octets_append(&sent, p, n);
    ck_assert_int_eq(h46017_tunnel_ack_tx(r.t, n, 0), 0);
  }
  ck_assert_uint_eq(sent.len, 40 * 0x28);
  ck_assert_uint_eq(r.traced_out.len, sent.len);
  ck_assert_mem_eq(r.traced_out.data, sent.data, sent.len);
  octets_free(&sent);
  tunnel_record_stop(&r);
}
END_TEST

START_TEST(max_tx_holds_at_the_limit_and_one_above) {
  static uint8_t big[65532];
  tunnel_record r;
  octets sent;

  tunnel_record_init(&r);
  r.settings.max_tx = 0x26 + 4;
  start(&r);
  ck_assert_int_eq(h46017_tunnel_write_ras(r.t, dcf, 3), 0);
  ck_assert_int_eq(h46017_tunnel_write_ras(r.t, dcf, 3), H46017_ERR_QUEUE_FULL);
  ck_assert_int_eq(h46017_tunnel_write_signalling(r.t, dcf, 1),
                   H46017_ERR_QUEUE_FULL);
  ck_assert_int_eq(h46017_tunnel_write_keepalive(r.t), 0);
  ck_assert_int_eq(h46017_tunnel_write_keepalive(r.t), H46017_ERR_QUEUE_FULL);
  ck_assert_int_eq(h46017_tunnel_error(r.t), 0);
  sent = tunnel_record_sent(&r);
  ck_assert_uint_eq(sent.len, 0x26 + 4);
  octets_free(&sent);
  ck_assert_int_eq(h46017_tunnel_write_ras(r.t, dcf, 3), 0);
  ck_assert_int_eq(h46017_tunnel_write_ras(r.t, dcf, 0),
                   H46017_ERR_INVALID_ARGUMENT);
  ck_assert_int_eq(h46017_tunnel_write_ras(r.t, NULL, 3),
                   H46017_ERR_INVALID_ARGUMENT);
  ck_assert_int_eq(h46017_tunnel_write_signalling(r.t, NULL, 3),
                   H46017_ERR_INVALID_ARGUMENT);
  ck_assert_int_eq(h46017_tunnel_write_signalling(r.t, big, 65532),
                   H46017_ERR_OUT_OF_RANGE);
  tunnel_record_stop(&r);
  tunnel_record_init(&r);
  start(&r);
  ck_assert_int_eq(h46017_tunnel_write_signalling(r.t, big, 65531), 0);
  tunnel_record_stop(&r);
}
END_TEST

/* -- callbacks --------------------------------------------------------------
 */

static int try_everything(tunnel_record *r) {
  const uint8_t *p;

  ck_assert_int_eq(h46017_tunnel_recv(r->t, dcf, 3, 0), H46017_ERR_REENTRANT);
  ck_assert_int_eq(h46017_tunnel_ack_tx(r->t, 0, 0), H46017_ERR_REENTRANT);
  ck_assert_int_eq(h46017_tunnel_handle_expiry(r->t, 0), H46017_ERR_REENTRANT);
  ck_assert_int_eq(h46017_tunnel_error(r->t), 0);
  ck_assert(h46017_tunnel_want_read(r->t));
  (void)h46017_tunnel_peek_tx(r->t, &p);
  (void)h46017_tunnel_next_expiry(r->t);
  ck_assert_int_eq(h46017_tunnel_write_ras(r->t, dcf, 3), 0);
  ck_assert_int_eq(h46017_tunnel_write_keepalive(r->t), 0);
  return 0;
}

START_TEST(callbacks_may_write_and_look_and_nothing_else) {
  tunnel_record r;
  octets sent;

  tunnel_record_init(&r);
  r.on_event = try_everything;
  start(&r);
  ck_assert_int_eq(
      tunnel_record_feed_hex(&r, FRAME_THREE KEEPALIVE RELEASE, chunk_size(_i)),
      0);
  ck_assert_int_eq(r.events, 5);
  sent = tunnel_record_sent(&r);
  ck_assert_uint_eq(sent.len, 5 * (0x26 + 4));
  octets_free(&sent);
  tunnel_record_stop(&r);
}
END_TEST

static int delete_it(tunnel_record *r) {
  h46017_tunnel_del(r->t);
  h46017_tunnel_del(r->t); /* as good as once */
  ck_assert_int_eq(h46017_tunnel_write_ras(r->t, dcf, 3), H46017_ERR_CLOSED);
  return 0;
}

START_TEST(del_in_a_callback_is_carried_out_at_the_end) {
  static const char *const streams[] = {FRAME_THREE KEEPALIVE,
                                        KEEPALIVE KEEPALIVE, RELEASE KEEPALIVE};
  for (size_t i = 0; i < 3; i++) {
    tunnel_record r;
    failmem f;

    failmem_init(&f);
    tunnel_record_init(&r);
    r.mem = &f.mem;
    r.on_event = delete_it;
    start(&r);
    ck_assert_int_eq(tunnel_record_feed_hex(&r, streams[i], chunk_size(_i)),
                     H46017_ERR_CLOSED);
    ck_assert_int_eq(r.events, 1);
    ck_assert_uint_eq(f.blocks, 0);
    r.t = NULL;
    tunnel_record_stop(&r);
  }
}
END_TEST

static int watcher_codes[6];

static void watch(h46017_tunnel *t, int at) {
  watcher_codes[at] = h46017_tunnel_write_ras(t, dcf, 3);
  watcher_codes[at + 1] = h46017_tunnel_recv(t, dcf, 3, 0);
  watcher_codes[at + 2] = h46017_tunnel_ack_tx(t, 0, 0);
}

static void watcher_log(h46017_log_level level, const char *line, size_t len,
                        void *user_data) {
  (void)level;
  (void)line;
  (void)len;
  watch(*(h46017_tunnel **)user_data, 0);
}

static void watcher_trace(const h46017_trace_event *ev, void *user_data) {
  (void)ev;
  watch(*(h46017_tunnel **)user_data, 3);
}

START_TEST(watchers_may_only_look) {
  octets o = octets_hex(KEEPALIVE "04");
  h46017_tunnel_callbacks cb;
  h46017_tunnel *t = NULL;

  h46017_tunnel_callbacks_default(&cb);
  cb.log_write = watcher_log;
  cb.trace = watcher_trace;
  ck_assert_int_eq(h46017_tunnel_new(&t, NULL, &cb, NULL, &t, 0), 0);
  ck_assert_int_eq(h46017_tunnel_recv(t, o.data, o.len, 0), H46017_ERR_TPKT);
  for (int i = 0; i < 6; i++) {
    ck_assert_int_eq(watcher_codes[i], H46017_ERR_REENTRANT);
  }
  h46017_tunnel_del(t);
  octets_free(&o);
}
END_TEST

static void deleting_trace(const h46017_trace_event *ev, void *user_data) {
  (void)ev;
  h46017_tunnel_del(*(h46017_tunnel **)user_data);
}

START_TEST(del_while_writing_is_carried_out_at_the_end) {
  h46017_tunnel_callbacks cb;
  h46017_tunnel *t = NULL;
  failmem f;

  failmem_init(&f);
  h46017_tunnel_callbacks_default(&cb);
  cb.trace = deleting_trace;
  ck_assert_int_eq(h46017_tunnel_new(&t, NULL, &cb, &f.mem, &t, 0), 0);
  ck_assert_int_eq(h46017_tunnel_write_keepalive(t), H46017_ERR_CLOSED);
  ck_assert_uint_eq(f.blocks, 0);
}
END_TEST

START_TEST(nothing_is_formatted_below_the_log_level) {
  tunnel_record r;

  tunnel_record_init(&r);
  r.settings.log_level = H46017_LOG_ERROR;
  start(&r);
  ck_assert_int_eq(tunnel_record_feed_hex(&r, "0300000c 0802000062 7e0000", 99),
                   0);
  ck_assert_uint_eq(r.log_lines, 0); /* a malformed Facility is a warning */
  ck_assert_int_eq(tunnel_record_feed_hex(&r, "04", 99), H46017_ERR_TPKT);
  ck_assert_uint_eq(r.log_lines, 1);
  ck_assert_ptr_nonnull(strstr(r.last_log, "[H46017-201]"));
  tunnel_record_stop(&r);
}
END_TEST

/* -- memory -----------------------------------------------------------------
 */

static int answer(tunnel_record *r) {
  return h46017_tunnel_write_ras(r->t, dcf, 3) == 0 ? 0 : 1;
}

START_TEST(ras_after_ras_of_the_same_size_allocates_nothing) {
  tunnel_record r;
  failmem f;
  size_t calls = 0;
  size_t held = 0;

  failmem_init(&f);
  tunnel_record_init(&r);
  r.mem = &f.mem;
  r.on_event = answer;
  start(&r);
  for (int i = 0; i < 30; i++) {
    octets sent;
    ck_assert_int_eq(
        tunnel_record_feed_hex(&r, FRAME_THREE RELEASE, chunk_size(_i)), 0);
    sent = tunnel_record_sent(&r);
    octets_free(&sent);
    if (i == 2) { /* the codec's arena has found its size */
      calls = f.calls;
      held = f.octets;
    }
  }
  ck_assert_uint_eq(r.ras, 90);
  ck_assert_uint_eq(f.calls, calls);
  ck_assert_uint_eq(f.octets, held);
  tunnel_record_stop(&r);
  ck_assert_uint_eq(f.blocks, 0);
}
END_TEST

/* Takes a captured stream in pieces and answers each RAS message. */
static int allocate_scenario(failmem *f, void *arg) {
  octets *stream = arg;
  octets sent;
  tunnel_record r;
  int rv;

  tunnel_record_init(&r);
  r.mem = &f->mem;
  rv = tunnel_record_start(&r);
  if (rv == 0) {
    rv = tunnel_record_feed(&r, stream->data, stream->len, 100);
  }
  for (int i = 0; i < 50 && rv == 0; i++) {
    rv = h46017_tunnel_write_ras(r.t, stream->data, 100);
    if (rv == H46017_ERR_NOMEM) { /* lives on, and nothing was queued */
      ck_assert_int_eq(h46017_tunnel_error(r.t), 0);
      sent = tunnel_record_sent(&r);
      ck_assert_uint_eq(sent.len % 135, 0);
      octets_free(&sent);
    }
  }
  tunnel_record_stop(&r);
  return rv;
}

START_TEST(every_failing_allocation_is_nomem_and_leaves_nothing) {
  octets stream =
      octets_file("vectors/gnugk/gnugk-simpleh323-tcp-call.s0.ep2gk.bin");

  ck_assert_uint_ge(failmem_sweep(allocate_scenario, &stream), 5);
  octets_free(&stream);
}
END_TEST

static Suite *tunnel_edge_suite(void) {
  Suite *s = suite_create("tunnel_edge");
  TCase *tc = tcase_create("life and time");
  tcase_add_test(tc, settings_and_callbacks_are_checked);
  tcase_add_test(tc, a_tunnel_without_callbacks_takes_everything);
  tcase_add_test(tc, a_begun_tpkt_must_be_finished_in_time);
  tcase_add_test(tc, each_tpkt_has_its_own_time);
  tcase_add_test(tc, the_pdu_timeout_can_be_off);
  suite_add_tcase(s, tc);
  tc = tcase_create("errors and limits");
  tcase_add_test(tc, an_error_stays_and_what_is_queued_can_still_be_sent);
  tcase_add_loop_test(tc, a_callback_that_fails_ends_the_tunnel, 0,
                      CHUNK_SIZES);
  tcase_add_loop_test(tc, max_pdu_holds_at_the_limit_and_one_above, 0,
                      CHUNK_SIZES);
  tcase_add_loop_test(tc, what_is_acked_in_any_pieces_is_what_was_written, 0,
                      CHUNK_SIZES);
  tcase_add_test(tc, max_tx_holds_at_the_limit_and_one_above);
  suite_add_tcase(s, tc);
  tc = tcase_create("callbacks");
  tcase_add_loop_test(tc, callbacks_may_write_and_look_and_nothing_else, 0,
                      CHUNK_SIZES);
  tcase_add_loop_test(tc, del_in_a_callback_is_carried_out_at_the_end, 0,
                      CHUNK_SIZES);
  tcase_add_test(tc, watchers_may_only_look);
  tcase_add_test(tc, del_while_writing_is_carried_out_at_the_end);
  tcase_add_test(tc, nothing_is_formatted_below_the_log_level);
  suite_add_tcase(s, tc);
  tc = tcase_create("memory");
  tcase_add_loop_test(tc, ras_after_ras_of_the_same_size_allocates_nothing, 0,
                      CHUNK_SIZES);
  tcase_add_test(tc, every_failing_allocation_is_nomem_and_leaves_nothing);
  suite_add_tcase(s, tc);
  return s;
}

int main(void) {
  return run_suite(tunnel_edge_suite());
}
