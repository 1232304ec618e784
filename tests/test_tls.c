/* SPDX-License-Identifier: BSD-2-Clause */
/* The engine: streams, ends, limits, time, memory, callbacks. */
#include "failmem.h"
#include "octets.h"
#include "runner.h"
#include "tlspair.h"

#include <h46017/error.h>

#include <check.h>
#include <stdlib.h>
#include <string.h>

static const int versions[] = {TLS1_2_VERSION, TLS1_3_VERSION};

static uint8_t *pattern(size_t len, uint32_t seed) {
  uint8_t *d = malloc(len);

  ck_assert_ptr_nonnull(d);
  for (size_t i = 0; i < len; i++) {
    seed = seed * 1103515245U + 12345U;
    d[i] = (uint8_t)(seed >> 16);
  }
  return d;
}

static void say(side *s, const uint8_t *data, size_t len) {
  s->app.out = data;
  s->app.out_len = len;
  s->app.out_at = 0;
}

/* -- streams -------------------------------------------------------------- */

START_TEST(any_split_of_the_stream_is_the_same_stream) {
  const size_t up_len = 40000;
  const size_t down_len = 333;
  uint8_t *up = pattern(up_len, 1);
  uint8_t *down = pattern(down_len, 2);
  pair p;

  pair_good_begin(&p, versions[_i % 2]);
  p.chunk = chunk_size(_i / 2);
  say(&p.client, up, up_len); /* waits for the handshake */
  say(&p.server, down, down_len);
  pair_run(&p);
  ck_assert_int_eq(p.client.error, 0);
  ck_assert_int_eq(p.server.error, 0);
  ck_assert_uint_eq(p.server.app.in_len, up_len);
  ck_assert_mem_eq(p.server.app.in, up, up_len);
  ck_assert_uint_eq(p.client.app.in_len, down_len);
  ck_assert_mem_eq(p.client.app.in, down, down_len);
  ck_assert_int_eq(p.client.completed, 1);
  ck_assert_int_eq(p.server.completed, 1);
  ck_assert_int_eq(p.client.app.ups, 1);
  ck_assert_int_eq(p.server.app.ups, 1);
  ck_assert_int_eq(p.client.closed + p.server.closed, 0);
  ck_assert_str_eq(h46017_tls_version(p.client.t),
                   _i % 2 == 0 ? "TLSv1.2" : "TLSv1.3");
  ck_assert_int_eq(strncmp(h46017_tls_cipher(p.server.t), "TLS_", 4), 0);
  ck_assert(!h46017_tls_is_resumed(p.server.t));
  ck_assert(h46017_tls_want_read(p.server.t));
  pair_free(&p);
  free(up);
  free(down);
}
END_TEST

START_TEST(output_waits_where_the_queue_is_full) {
  const size_t len = 200000;
  const uint8_t *tx;
  uint8_t *data = pattern(len, 3);
  pair p;

  pair_good_init(&p, versions[_i]);
  p.sset.max_tx = 4096;
  pair_begin(&p);
  pair_run(&p);
  say(&p.server, data, len);
  ck_assert_int_eq(h46017_tls_pump(p.server.t, p.now), 0);
  ck_assert_uint_gt(h46017_tls_peek_tx(p.server.t, &tx), 1024);
  ck_assert_uint_le(h46017_tls_peek_tx(p.server.t, &tx), 4096);
  ck_assert_uint_lt(p.server.app.out_at, 4096);
  p.chunk = 100;
  pair_run(&p); /* ack_tx takes up the rest */
  ck_assert_uint_eq(p.client.app.in_len, len);
  ck_assert_mem_eq(p.client.app.in, data, len);
  pair_free(&p);
  free(data);
}
END_TEST

START_TEST(a_message_is_sent_when_pumped_or_when_something_came) {
  static const uint8_t hello[] = "hello";
  static const uint8_t world[] = "world";
  const uint8_t *tx;
  pair p;

  pair_good_run(&p, versions[_i]);
  say(&p.client, hello, 5);
  ck_assert(!h46017_tls_want_write(p.client.t));
  ck_assert_int_eq(h46017_tls_pump(p.client.t, p.now), 0);
  ck_assert(h46017_tls_want_write(p.client.t));
  ck_assert_uint_gt(h46017_tls_peek_tx(p.client.t, &tx), 5);
  say(&p.server, world, 5); /* the answer, as if made on receipt */
  pair_run(&p);
  ck_assert_uint_eq(p.server.app.in_len, 5);
  ck_assert_uint_eq(p.client.app.in_len, 5);
  ck_assert_mem_eq(p.client.app.in, "world", 5);
  pair_free(&p);
}
END_TEST

/* -- ends ----------------------------------------------------------------- */

START_TEST(a_close_flushes_says_so_and_is_heard) {
  static const uint8_t bye[] = "URQ";
  pair p;

  pair_good_run(&p, versions[_i]);
  say(&p.server, bye, 3);
  ck_assert_int_eq(h46017_tls_close(p.server.t, p.now), 0);
  ck_assert_int_eq(h46017_tls_error(p.server.t), H46017_ERR_CLOSED);
  ck_assert(!h46017_tls_want_read(p.server.t));
  ck_assert(h46017_tls_want_write(p.server.t));
  pair_run(&p);
  ck_assert_uint_eq(p.client.app.in_len, 3);
  ck_assert_int_eq(p.client.error, H46017_ERR_TLS_CLOSED);
  ck_assert_int_eq(p.client.app.down_why, H46017_ERR_TLS_CLOSED);
  ck_assert_int_eq(p.client.closed, 1);
  ck_assert_int_eq(p.server.app.downs, 1);
  ck_assert_int_eq(p.server.app.down_why, H46017_ERR_CLOSED);
  ck_assert_int_eq(p.server.closed, 1);
  ck_assert(!h46017_tls_want_read(p.client.t));
  ck_assert(!h46017_tls_want_write(p.server.t));
  /* again, and whatever else: nothing more happens */
  ck_assert_int_eq(h46017_tls_close(p.server.t, p.now), 0);
  ck_assert_int_eq(h46017_tls_transport_down(p.server.t, 0, p.now),
                   H46017_ERR_CLOSED);
  ck_assert_int_eq(p.server.app.downs, 1);
  ck_assert_int_eq(p.server.closed, 1);
  pair_free(&p);
}
END_TEST

START_TEST(a_close_waits_for_room_to_flush) {
  const size_t len = 30000;
  uint8_t *data = pattern(len, 4);
  pair p;

  pair_good_init(&p, versions[_i]);
  p.sset.max_tx = 4096;
  pair_begin(&p);
  pair_run(&p);
  say(&p.server, data, len);
  (void)h46017_tls_close(p.server.t, p.now);
  ck_assert_int_eq(h46017_tls_error(p.server.t), 0);
  ck_assert(!h46017_tls_want_read(p.server.t));
  pair_run(&p);
  ck_assert_uint_eq(p.client.app.in_len, len);
  ck_assert_int_eq(p.client.error, H46017_ERR_TLS_CLOSED);
  ck_assert_int_eq(h46017_tls_error(p.server.t), H46017_ERR_CLOSED);
  pair_free(&p);
  free(data);
}
END_TEST

START_TEST(what_is_behind_ends_it_by_wanting_nothing) {
  static const uint8_t last[] = "last";
  pair p;

  pair_good_run(&p, versions[_i]);
  p.server.app.deaf = true;
  say(&p.server, last, 4);
  ck_assert_int_eq(h46017_tls_pump(p.server.t, p.now), H46017_ERR_CLOSED);
  pair_run(&p);
  ck_assert_uint_eq(p.client.app.in_len, 4);
  ck_assert_int_eq(p.client.error, H46017_ERR_TLS_CLOSED);
  pair_free(&p);
}
END_TEST

START_TEST(what_is_behind_fails_and_its_last_words_are_sent) {
  static const uint8_t x[] = "garbage";
  static const uint8_t last[] = "status";
  pair p;

  pair_good_run(&p, versions[_i]);
  p.server.app.recv_error = H46017_ERR_TPKT;
  say(&p.server, last, 6);
  say(&p.client, x, 7);
  ck_assert_int_eq(h46017_tls_pump(p.client.t, p.now), 0);
  pair_run(&p);
  ck_assert_int_eq(p.server.error, H46017_ERR_TPKT);
  ck_assert_int_eq(p.server.app.down_why, H46017_ERR_TPKT);
  ck_assert_uint_eq(p.client.app.in_len, 6);
  ck_assert_int_eq(p.client.error, H46017_ERR_TLS_CLOSED);
  pair_free(&p);
}
END_TEST

START_TEST(an_end_of_file_is_no_close) {
  pair p;

  pair_good_run(&p, versions[_i]);
  ck_assert_int_eq(h46017_tls_transport_down(p.server.t, 0, p.now),
                   H46017_ERR_TLS_TRUNCATED);
  ck_assert_int_eq(p.server.app.down_why, H46017_ERR_TLS_TRUNCATED);
  ck_assert_int_eq(
      h46017_tls_transport_down(p.client.t, H46017_ERR_KEEPALIVE, p.now),
      H46017_ERR_KEEPALIVE);
  ck_assert_int_eq(p.client.app.down_why, H46017_ERR_KEEPALIVE);
  ck_assert(!h46017_tls_want_write(p.client.t));
  ck_assert_int_eq(h46017_tls_recv(p.client.t, (const uint8_t *)"x", 1, p.now),
                   H46017_ERR_KEEPALIVE);
  pair_free(&p);
}
END_TEST

START_TEST(a_handshake_cut_anywhere_ends_without_harm) {
  size_t total;
  pair p;

  pair_good_run(&p, versions[_i]);
  total = p.wired;
  pair_free(&p);
  for (size_t cut = 0; cut < total; cut += cut < 64 ? 1 : 37) {
    pair_good_begin(&p, versions[_i]);
    p.chunk = 1;
    while (p.wired < cut) {
      const uint8_t *d;
      side *from = h46017_tls_want_write(p.client.t) ? &p.client : &p.server;
      side *to = from == &p.client ? &p.server : &p.client;
      uint8_t octet;

      if (h46017_tls_peek_tx(from->t, &d) == 0) {
        break;
      }
      octet = d[0];
      ck_assert_int_eq(h46017_tls_ack_tx(from->t, 1, p.now), 0);
      ck_assert_int_eq(h46017_tls_recv(to->t, &octet, 1, p.now), 0);
      p.wired++;
    }
    (void)h46017_tls_transport_down(p.server.t, 0, p.now);
    (void)h46017_tls_transport_down(p.client.t, 0, p.now);
    ck_assert_int_eq(p.server.app.down_why, H46017_ERR_TLS_TRUNCATED);
    ck_assert_int_eq(p.server.closed, 1);
    ck_assert_int_eq(p.client.closed, 1);
    pair_free(&p);
  }
}
END_TEST

START_TEST(an_octet_changed_on_the_way_ends_it) {
  static const uint8_t hello[] = "hello";
  const uint8_t *tx;
  uint8_t copy[256];
  size_t len;
  pair p;

  pair_good_run(&p, versions[_i]);
  say(&p.client, hello, 5);
  (void)h46017_tls_pump(p.client.t, p.now);
  len = h46017_tls_peek_tx(p.client.t, &tx);
  ck_assert_uint_le(len, sizeof(copy));
  memcpy(copy, tx, len);
  copy[len - 1] ^= 1;
  ck_assert_int_eq(h46017_tls_recv(p.server.t, copy, len, p.now),
                   H46017_ERR_TLS);
  ck_assert_uint_eq(p.server.app.in_len, 0);
  ck_assert(h46017_tls_want_write(p.server.t)); /* the alert */
  ck_assert(!h46017_tls_want_read(p.server.t));
  pair_free(&p);
}
END_TEST

/* -- time ----------------------------------------------------------------- */

START_TEST(a_handshake_has_a_deadline) {
  pair p;

  pair_good_begin(&p, versions[_i]);
  ck_assert_uint_eq(h46017_tls_next_expiry(p.server.t), p.now + 10000);
  ck_assert_int_eq(h46017_tls_handle_expiry(p.server.t, p.now + 9999), 0);
  ck_assert(h46017_tls_want_read(p.server.t));
  ck_assert_int_eq(h46017_tls_handle_expiry(p.server.t, p.now + 10000),
                   H46017_ERR_TLS_TIMEOUT);
  ck_assert_int_eq(p.server.app.down_why, H46017_ERR_TLS_TIMEOUT);
  ck_assert_uint_eq(p.server.app.last, p.now + 10000);
  ck_assert(!h46017_tls_want_read(p.server.t));
  ck_assert_uint_eq(h46017_tls_next_expiry(p.server.t), H46017_TIME_NEVER);
  pair_free(&p);
  pair_good_run(&p, versions[_i]);
  ck_assert_uint_eq(h46017_tls_next_expiry(p.server.t), H46017_TIME_NEVER);
  ck_assert_int_eq(h46017_tls_handle_expiry(p.server.t, p.now + 99999), 0);
  pair_free(&p);
}
END_TEST

START_TEST(a_deadline_is_what_was_set_and_time_does_not_go_back) {
  pair p;

  pair_good_init(&p, 0);
  p.sset.handshake_timeout_ms = 50;
  p.now = H46017_TIME_NEVER - 10;
  p.cset.handshake_timeout_ms = UINT32_MAX;
  pair_begin(&p);
  ck_assert_uint_eq(h46017_tls_next_expiry(p.client.t), H46017_TIME_NEVER);
  ck_assert_int_eq(h46017_tls_handle_expiry(p.server.t, 5), 0);
  pair_free(&p);
  pair_good_init(&p, 0);
  p.sset.handshake_timeout_ms = 0;
  ck_assert_int_eq(
      side_new(&p.server, p.sctx, H46017_TLS_SERVER, &p.sset, p.now),
      H46017_ERR_INVALID_ARGUMENT);
  pair_free(&p);
}
END_TEST

/* -- callbacks ------------------------------------------------------------ */

static void try_everything(side *s) {
  ck_assert_int_eq(h46017_tls_recv(s->t, (const uint8_t *)"x", 1, 0),
                   H46017_ERR_REENTRANT);
  ck_assert_int_eq(h46017_tls_ack_tx(s->t, 0, 0), H46017_ERR_REENTRANT);
  ck_assert_int_eq(h46017_tls_handle_expiry(s->t, 0), H46017_ERR_REENTRANT);
  ck_assert_int_eq(h46017_tls_transport_down(s->t, 0, 0), H46017_ERR_REENTRANT);
  (void)h46017_tls_pump(s->t, 0);
  (void)h46017_tls_want_write(s->t);
}

START_TEST(a_callback_may_not_call_what_called_it) {
  pair p;

  pair_good_init(&p, versions[_i]);
  p.client.on_completed = p.server.on_completed = try_everything;
  p.client.on_closed = p.server.on_closed = try_everything;
  pair_begin(&p);
  pair_run(&p);
  ck_assert_int_eq(p.client.error, 0);
  ck_assert_int_eq(p.server.error, 0);
  (void)h46017_tls_close(p.client.t, p.now);
  pair_run(&p);
  ck_assert_int_eq(p.server.closed, 1);
  pair_free(&p);
}
END_TEST

static void delete_it(side *s) {
  h46017_tls_del(s->t);
}

START_TEST(deleted_in_a_callback_it_goes_when_the_call_is_over) {
  pair p;

  pair_good_init(&p, versions[_i]);
  p.server.on_completed = delete_it;
  pair_begin(&p);
  for (int i = 0; i < 10 && p.server.completed == 0; i++) {
    const uint8_t *d;
    uint8_t *copy;
    size_t len = h46017_tls_peek_tx(p.client.t, &d);

    copy = octets_exact(d, len);
    (void)h46017_tls_ack_tx(p.client.t, len, p.now);
    (void)h46017_tls_recv(p.server.t, copy, len, p.now);
    free(copy);
    if (p.server.completed > 0) {
      break;
    }
    len = h46017_tls_peek_tx(p.server.t, &d);
    copy = octets_exact(d, len);
    (void)h46017_tls_ack_tx(p.server.t, len, p.now);
    (void)h46017_tls_recv(p.client.t, copy, len, p.now);
    free(copy);
  }
  ck_assert_int_eq(p.server.completed, 1);
  ck_assert_int_eq(p.server.app.ups, 0);
  ck_assert_int_eq(p.server.closed, 0);
  p.server.t = NULL; /* gone */
  pair_free(&p);
}
END_TEST

static void close_it(side *s) {
  ck_assert_int_eq(h46017_tls_close(s->t, 0), 0);
}

START_TEST(closed_in_a_callback_it_ends_when_the_call_is_over) {
  pair p;

  pair_good_init(&p, versions[_i]);
  p.server.on_completed = close_it;
  pair_begin(&p);
  pair_run(&p);
  ck_assert_int_eq(h46017_tls_error(p.server.t), H46017_ERR_CLOSED);
  ck_assert_int_eq(p.client.error, H46017_ERR_TLS_CLOSED);
  pair_free(&p);
}
END_TEST

static void attach_it(side *s) {
  h46017_tls_behind v = behind_vtable();

  ck_assert_int_eq(h46017_tls_attach(s->t, &v, &s->app), 0);
  ck_assert_int_eq(h46017_tls_attach(s->t, &v, &s->app),
                   H46017_ERR_INVALID_STATE);
}

START_TEST(what_is_behind_may_come_with_the_identity) {
  static const uint8_t hello[] = "hello";
  pair p;

  pair_good_init(&p, versions[_i]);
  p.server.on_completed = attach_it;
  ck_assert_int_eq(
      side_new(&p.server, p.sctx, H46017_TLS_SERVER, &p.sset, p.now), 0);
  ck_assert_int_eq(
      side_new(&p.client, p.cctx, H46017_TLS_CLIENT, &p.cset, p.now), 0);
  attach_it(&p.client);
  say(&p.client, hello, 5);
  pair_run(&p);
  ck_assert_int_eq(p.server.error, 0);
  ck_assert_int_eq(p.server.app.ups, 1);
  ck_assert_uint_eq(p.server.app.in_len, 5);
  h46017_tls_detach(p.server.t);
  (void)h46017_tls_close(p.server.t, p.now);
  ck_assert_int_eq(p.server.app.downs, 0);
  pair_free(&p);
}
END_TEST

START_TEST(nothing_behind_ends_it) {
  h46017_tls_behind v = behind_vtable();
  pair p;

  pair_good_init(&p, versions[_i]);
  ck_assert_int_eq(
      side_new(&p.server, p.sctx, H46017_TLS_SERVER, &p.sset, p.now), 0);
  ck_assert_int_eq(
      side_new(&p.client, p.cctx, H46017_TLS_CLIENT, &p.cset, p.now), 0);
  attach_it(&p.client);
  pair_run(&p);
  ck_assert_int_eq(h46017_tls_error(p.server.t), H46017_ERR_INVALID_STATE);
  ck_assert_int_eq(h46017_tls_attach(p.server.t, &v, &p.server.app),
                   H46017_ERR_INVALID_STATE);
  v.recv = NULL;
  ck_assert_int_eq(h46017_tls_attach(p.client.t, &v, &p.client.app),
                   H46017_ERR_INVALID_ARGUMENT);
  pair_free(&p);
}
END_TEST

/* -- tunnels -------------------------------------------------------------- */

typedef struct ras_seen {
  uint8_t octets[64];
  size_t len;
  int count;
} ras_seen;

static int ras_keep(h46017_tunnel *t, const uint8_t *per, size_t len,
                    void *user_data) {
  ras_seen *seen = user_data;

  (void)t;
  ck_assert_uint_le(len, sizeof(seen->octets));
  memcpy(seen->octets, per, len);
  seen->len = len;
  seen->count++;
  return 0;
}

START_TEST(a_tunnel_over_tls_carries_what_one_over_tcp_does) {
  static const uint8_t urq[] = {0x1a, 0x40, 0x00, 0x08, 0x00, 0x60, 0x03,
                                0x1,  0x00, 0x5f, 0x00, 0x67, 0x00, 0x6b,
                                0x14, 0x08, 0x00, 0x01, 0x20};
  static const uint8_t ucf[] = {0x1c, 0x00, 0x08};
  h46017_tunnel_callbacks cb;
  h46017_tunnel *ep = NULL;
  h46017_tunnel *gk = NULL;
  ras_seen at_ep;
  ras_seen at_gk;
  pair p;

  memset(&at_ep, 0, sizeof(at_ep));
  memset(&at_gk, 0, sizeof(at_gk));
  pair_good_init(&p, versions[_i % 2]);
  p.chunk = chunk_size(_i / 2);
  h46017_tunnel_callbacks_default(&cb);
  cb.ras_received = ras_keep;
  ck_assert_int_eq(h46017_tunnel_new(&ep, NULL, &cb, NULL, &at_ep, p.now), 0);
  ck_assert_int_eq(h46017_tunnel_new(&gk, NULL, &cb, NULL, &at_gk, p.now), 0);
  ck_assert_int_eq(
      side_new(&p.server, p.sctx, H46017_TLS_SERVER, &p.sset, p.now), 0);
  ck_assert_int_eq(
      side_new(&p.client, p.cctx, H46017_TLS_CLIENT, &p.cset, p.now), 0);
  ck_assert_int_eq(h46017_tls_attach_tunnel(p.server.t, gk), 0);
  ck_assert_int_eq(h46017_tls_attach_tunnel(p.client.t, ep), 0);
  ck_assert_int_eq(h46017_tunnel_write_ras(ep, urq, sizeof(urq)), 0);
  pair_run(&p);
  ck_assert_int_eq(at_gk.count, 1);
  ck_assert_uint_eq(at_gk.len, sizeof(urq));
  ck_assert_mem_eq(at_gk.octets, urq, sizeof(urq));
  /* written outside of any call into the engine: pumped */
  ck_assert_int_eq(h46017_tunnel_write_ras(gk, ucf, sizeof(ucf)), 0);
  ck_assert_int_eq(h46017_tls_pump(p.server.t, p.now), 0);
  pair_run(&p);
  ck_assert_int_eq(at_ep.count, 1);
  ck_assert_uint_eq(at_ep.len, sizeof(ucf));
  ck_assert_mem_eq(at_ep.octets, ucf, sizeof(ucf));
  pair_free(&p);
  h46017_tunnel_del(ep);
  h46017_tunnel_del(gk);
}
END_TEST

START_TEST(a_tunnel_that_breaks_ends_its_tls) {
  static const uint8_t garbage[] = {9, 9, 9, 9, 9};
  h46017_tls_behind v = behind_vtable();
  h46017_tunnel_callbacks cb;
  h46017_tunnel *gk = NULL;
  pair p;

  pair_good_init(&p, versions[_i]);
  h46017_tunnel_callbacks_default(&cb);
  ck_assert_int_eq(h46017_tunnel_new(&gk, NULL, &cb, NULL, NULL, p.now), 0);
  ck_assert_int_eq(
      side_new(&p.server, p.sctx, H46017_TLS_SERVER, &p.sset, p.now), 0);
  ck_assert_int_eq(
      side_new(&p.client, p.cctx, H46017_TLS_CLIENT, &p.cset, p.now), 0);
  ck_assert_int_eq(h46017_tls_attach_tunnel(p.server.t, gk), 0);
  ck_assert_int_eq(h46017_tls_attach(p.client.t, &v, &p.client.app), 0);
  say(&p.client, garbage, sizeof(garbage));
  pair_run(&p);
  ck_assert_int_eq(p.server.error, H46017_ERR_TPKT);
  ck_assert_int_eq(p.client.error, H46017_ERR_TLS_CLOSED);
  pair_free(&p);
  h46017_tunnel_del(gk);
}
END_TEST

/* -- memory --------------------------------------------------------------- */

/* A whole life, its server (arg NULL) or its client on a memory that fails. */
static int life(failmem *f, void *arg) {
  static const uint8_t hello[] = "hello";
  h46017_tls_behind v = behind_vtable();
  side *s;
  pair p;
  int rv;

  pair_good_init(&p, TLS1_3_VERSION);
  s = arg == NULL ? &p.server : &p.client;
  s->mem = &f->mem;
  rv = side_new(&p.server, p.sctx, H46017_TLS_SERVER, &p.sset, p.now);
  if (rv == 0) {
    rv = side_new(&p.client, p.cctx, H46017_TLS_CLIENT, &p.cset, p.now);
  }
  if (rv == 0) {
    ck_assert_int_eq(h46017_tls_attach(p.server.t, &v, &p.server.app), 0);
    ck_assert_int_eq(h46017_tls_attach(p.client.t, &v, &p.client.app), 0);
    say(&p.client, hello, 5);
    say(&p.server, hello, 5);
    pair_run(&p);
    rv = s->error;
    ck_assert_int_eq(s->app.downs, rv != 0 ? 1 : 0);
    ck_assert_int_eq(s->closed, rv != 0 ? 1 : 0);
  }
  pair_free(&p);
  return rv;
}

START_TEST(every_allocation_of_ours_may_fail) {
  static int client;

  ck_assert_uint_gt(failmem_sweep(life, NULL), 3);
  ck_assert_uint_gt(failmem_sweep(life, &client), 3);
}
END_TEST

START_TEST(arguments_are_looked_at) {
  SSL_CTX *ctx = SSL_CTX_new(TLS_method());
  h46017_tls_settings set;
  h46017_tls *t = NULL;

  ck_assert_int_eq(
      h46017_tls_ctx_defaults(NULL, H46017_TLS_SERVER, H46017_TLS_MODERN),
      H46017_ERR_INVALID_ARGUMENT);
  ck_assert_int_eq(
      h46017_tls_ctx_defaults(ctx, (h46017_tls_role)0, H46017_TLS_MODERN),
      H46017_ERR_INVALID_ARGUMENT);
  ck_assert_int_eq(
      h46017_tls_ctx_defaults(ctx, H46017_TLS_SERVER, (h46017_tls_profile)9),
      H46017_ERR_INVALID_ARGUMENT);
  ck_assert_int_eq(h46017_trust_attach(NULL, ctx, H46017_TLS_SERVER,
                                       (h46017_client_cert_mode)9),
                   H46017_ERR_INVALID_ARGUMENT);
  ck_assert_int_eq(
      h46017_tls_new(&t, NULL, H46017_TLS_SERVER, NULL, NULL, NULL, NULL, 0),
      H46017_ERR_INVALID_ARGUMENT);
  ck_assert_int_eq(
      h46017_tls_new(&t, ctx, (h46017_tls_role)3, NULL, NULL, NULL, NULL, 0),
      H46017_ERR_INVALID_ARGUMENT);
  h46017_tls_settings_default(&set);
  set.max_tx = 4095;
  ck_assert_int_eq(
      h46017_tls_new(&t, ctx, H46017_TLS_SERVER, &set, NULL, NULL, NULL, 0),
      H46017_ERR_INVALID_ARGUMENT);
  set.struct_size = 0;
  ck_assert_int_eq(
      h46017_tls_new(&t, ctx, H46017_TLS_SERVER, &set, NULL, NULL, NULL, 0),
      H46017_ERR_INVALID_ARGUMENT);
  ck_assert_ptr_null(t);
  h46017_tls_del(NULL);
  ck_assert_int_eq(
      h46017_tls_new(&t, ctx, H46017_TLS_SERVER, NULL, NULL, NULL, NULL, 0), 0);
  ck_assert_int_eq(h46017_tls_recv(t, NULL, 3, 0), H46017_ERR_INVALID_ARGUMENT);
  ck_assert_int_eq(h46017_tls_recv(t, NULL, 0, 0), 0);
  ck_assert_int_eq(h46017_tls_ack_tx(t, 1, 0), H46017_ERR_INVALID_ARGUMENT);
  ck_assert_ptr_null(h46017_tls_version(t));
  ck_assert_ptr_null(h46017_tls_cipher(t));
  ck_assert_ptr_null(h46017_tls_identity(t));
  ck_assert_str_eq(h46017_tls_error_text(t), "");
  h46017_tls_del(t);
  SSL_CTX_free(ctx);
}
END_TEST

int main(void) {
  Suite *s = suite_create("tls");
  TCase *tc = tcase_create("engine");

  tcase_add_unchecked_fixture(tc, pair_pki_setup, pair_pki_teardown);
  tcase_set_timeout(tc, 60);
  tcase_add_loop_test(tc, any_split_of_the_stream_is_the_same_stream, 0,
                      2 * CHUNK_SIZES);
  tcase_add_loop_test(tc, output_waits_where_the_queue_is_full, 0, 2);
  tcase_add_loop_test(tc, a_message_is_sent_when_pumped_or_when_something_came,
                      0, 2);
  tcase_add_loop_test(tc, a_close_flushes_says_so_and_is_heard, 0, 2);
  tcase_add_loop_test(tc, a_close_waits_for_room_to_flush, 0, 2);
  tcase_add_loop_test(tc, what_is_behind_ends_it_by_wanting_nothing, 0, 2);
  tcase_add_loop_test(tc, what_is_behind_fails_and_its_last_words_are_sent, 0,
                      2);
  tcase_add_loop_test(tc, an_end_of_file_is_no_close, 0, 2);
  tcase_add_loop_test(tc, a_handshake_cut_anywhere_ends_without_harm, 0, 2);
  tcase_add_loop_test(tc, an_octet_changed_on_the_way_ends_it, 0, 2);
  tcase_add_loop_test(tc, a_handshake_has_a_deadline, 0, 2);
  tcase_add_test(tc, a_deadline_is_what_was_set_and_time_does_not_go_back);
  tcase_add_loop_test(tc, a_callback_may_not_call_what_called_it, 0, 2);
  tcase_add_loop_test(tc, deleted_in_a_callback_it_goes_when_the_call_is_over,
                      0, 2);
  tcase_add_loop_test(tc, closed_in_a_callback_it_ends_when_the_call_is_over, 0,
                      2);
  tcase_add_loop_test(tc, what_is_behind_may_come_with_the_identity, 0, 2);
  tcase_add_loop_test(tc, nothing_behind_ends_it, 0, 2);
  tcase_add_loop_test(tc, a_tunnel_over_tls_carries_what_one_over_tcp_does, 0,
                      2 * CHUNK_SIZES);
  tcase_add_loop_test(tc, a_tunnel_that_breaks_ends_its_tls, 0, 2);
  tcase_add_test(tc, every_allocation_of_ours_may_fail);
  tcase_add_test(tc, arguments_are_looked_at);
  suite_add_tcase(s, tc);
  return run_suite(s);
}
