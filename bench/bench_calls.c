/* SPDX-License-Identifier: BSD-2-Clause */
/* Calls through a gatekeeper: without sockets, and over TCP on this machine
 * against a relay that only carries octets; how often a relayed octet is
 * copied; what a call costs in memory. `bench_calls [rounds]`. */
#include "bench.h"
#include "calls.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define HELD 1000 /* calls at once, for what one costs */

/* -- the gatekeeper -------------------------------------------------------- */

/* What waits there is sent, and nobody reads it. */
static void drain(switchboard *b, int side) {
  const uint8_t *p;
  size_t n = h46017_connection_peek_tx(b->conn[side], &p);

  bench_check(h46017_connection_ack_tx(b->conn[side], n, b->now), "ack");
}

static void register_side(switchboard *b, int side, h46017_tunnel *writer) {
  h46017_alias alias = {
      H46017_ALIAS_H323_ID, 0, {side == 0 ? "caller" : "callee", 6}};
  h46017_ras ras = {.kind = H46017_RAS_RRQ, .request_seq_num = 1};
  h46017_h225 *m;
  uint8_t per[512];
  const uint8_t *p;
  size_t len;

  bench_check(h46017_connection_new(&b->conn[side], b->gk, NULL, NULL, b->now),
              "connection");
  bench_check(h46017_h225_new(&m, NULL, NULL), "message");
  ras.u.rrq.terminal_alias = (h46017_aliases){&alias, 1, true};
  ras.u.rrq.time_to_live = 3600;
  bench_check(h46017_ras_build(m, &ras), "RRQ");
  bench_check(h46017_h225_encode(m, per, sizeof(per), &len), "RRQ");
  bench_check(h46017_tunnel_write_ras(writer, per, len), "RRQ");
  len = h46017_tunnel_peek_tx(writer, &p);
  bench_check(h46017_connection_recv(b->conn[side], p, len, b->now), "RRQ");
  bench_check(h46017_tunnel_ack_tx(writer, len, b->now), "RRQ");
  h46017_h225_del(m);
  drain(b, side);
}

/* -- the frames of a call -------------------------------------------------- */

/* A peer's table, for messages as an endpoint makes them. */
typedef struct peer {
  switchboard *b;
  int side;
  h46017_calls *calls;
  h46017_call *call;
} peer;

static int peer_write(h46017_calls *calls, const uint8_t *q931, size_t len,
                      void *user_data) {
  const peer *p = user_data;
  switchboard *b = p->b;
  frame *f = &b->frames[b->frame_count++];

  (void)calls;
  if (len + 4 > sizeof(f->octets) || b->frame_count > FRAMES_MAX) {
    return H46017_ERR_TOO_LARGE;
  }
  f->by_caller = p->side == 0;
  f->len = len + 4;
  f->octets[0] = 3;
  f->octets[1] = 0;
  f->octets[2] = (uint8_t)(f->len >> 8);
  f->octets[3] = (uint8_t)f->len;
  memcpy(f->octets + 4, q931, len);
  b->octets += f->len;
  return 0;
}

static int peer_setup(h46017_calls *calls, h46017_call *call,
                      const h46017_call_message *msg, void *user_data) {
  peer *p = user_data;

  (void)calls;
  (void)msg;
  p->call = call;
  return 0;
}

static void peer_make(peer *p, switchboard *b, int side) {
  h46017_calls_callbacks cb;

  memset(p, 0, sizeof(*p));
  p->b = b;
  p->side = side;
  h46017_calls_callbacks_default(&cb);
  cb.write = peer_write;
  cb.rand = bench_rand;
  cb.setup_received = peer_setup;
  bench_check(h46017_calls_new(&p->calls, NULL, &cb, NULL, p, b->now), "peer");
}

static void say(const peer *p, uint8_t type,
                const h46017_call_content *content) {
  bench_check(h46017_call_write(p->call, type, content, p->b->now), "message");
}

/* The last frame reaches the other peer. */
static void deliver(const switchboard *b, const peer *to) {
  const frame *f = &b->frames[b->frame_count - 1];
  h46017_q931 msg;

  bench_check(h46017_q931_parse(&msg, f->octets + 4, f->len - 4, 0), "message");
  bench_check(h46017_calls_receive(to->calls, &msg, b->now), "message");
}

static void record_call(switchboard *b) {
  static const uint8_t tcs[180] = {2, 0x70, 1, 6, 0, 8, 0x81, 0x75};
  const h46017_octets h245 = {tcs, sizeof(tcs)};
  h46017_alias alias = {H46017_ALIAS_H323_ID, 0, {"callee", 6}};
  h46017_call_content content;
  peer caller;
  peer callee;

  peer_make(&caller, b, 0);
  peer_make(&callee, b, 1);
  bench_check(h46017_call_new(caller.calls, NULL, &caller.call, b->now),
              "call");
  h46017_call_content_default(&content);
  content.destination = (h46017_aliases){&alias, 1, true};
  content.h245.list = &h245;
  content.h245.count = 1;
  say(&caller, H46017_Q931_SETUP, &content);
  deliver(b, &callee);
  say(&callee, H46017_Q931_CALL_PROCEEDING, NULL);
  deliver(b, &caller);
  say(&callee, H46017_Q931_ALERTING, NULL);
  deliver(b, &caller);
  h46017_call_content_default(&content);
  content.h245.list = &h245;
  content.h245.count = 1;
  say(&callee, H46017_Q931_CONNECT, &content);
  deliver(b, &caller);
  say(&caller, H46017_Q931_FACILITY, &content);
  deliver(b, &callee);
  say(&callee, H46017_Q931_FACILITY, &content);
  deliver(b, &caller);
  say(&caller, H46017_Q931_RELEASE_COMPLETE, NULL);
  h46017_calls_del(caller.calls);
  h46017_calls_del(callee.calls);
}

void switchboard_make(switchboard *b) {
  h46017_gatekeeper_settings s;
  h46017_gatekeeper_callbacks cb;
  h46017_tunnel_callbacks none;
  h46017_tunnel *writer;

  memset(b, 0, sizeof(*b));
  b->now = 1;
  h46017_gatekeeper_settings_default(&s);
  s.request_rate = 0;
  s.max_calls = 5000;
  h46017_gatekeeper_callbacks_default(&cb);
  cb.select_device = bench_select_anybody;
  cb.rand = bench_rand;
  bench_check(h46017_gatekeeper_new(&b->gk, &s, &cb, &bench_mem, b, b->now),
              "gatekeeper");
  h46017_tunnel_callbacks_default(&none);
  bench_check(h46017_tunnel_new(&writer, NULL, &none, NULL, NULL, 1), "tunnel");
  register_side(b, 0, writer);
  register_side(b, 1, writer);
  h46017_tunnel_del(writer);
  record_call(b);
}

size_t switchboard_relay(switchboard *b, const frame *f, uint8_t reference[2],
                         const uint8_t **pout) {
  h46017_connection *in = b->conn[f->by_caller ? 0 : 1];
  h46017_connection *out = b->conn[f->by_caller ? 1 : 0];
  uint8_t octets[FRAME_MAX];
  h46017_connection *c;
  size_t len;

  memcpy(octets, f->octets, f->len);
  if (!f->by_caller) {
    octets[6] = reference[0] | 0x80;
    octets[7] = reference[1];
  }
  bench_check(h46017_connection_recv(in, octets, f->len, b->now), "recv");
  len = h46017_connection_peek_tx(out, pout);
  bench_check(len > 8 ? 0 : H46017_ERR_INTERNAL, "relayed");
  if (f->octets[8] == H46017_Q931_SETUP) {
    reference[0] = (*pout)[6];
    reference[1] = (*pout)[7];
  }
  while (h46017_gatekeeper_next_ready(b->gk, &c)) {
  }
  return len;
}

/* -- without sockets ------------------------------------------------------- */

static switchboard board;
static const bench_case *plain_case;
static const bench_case *copy_case;

static void run_calls(void *arg, unsigned times) {
  switchboard *b = arg;
  const uint8_t *out;

  for (; times > 0; times--) {
    uint8_t reference[2] = {0};
    b->now += 10;
    bench_check(h46017_gatekeeper_handle_expiry(b->gk, b->now), "expiry");
    for (size_t i = 0; i < b->frame_count; i++) {
      const frame *f = &b->frames[i];
      size_t len = switchboard_relay(b, f, reference, &out);
      bench_check(
          h46017_connection_ack_tx(b->conn[f->by_caller ? 1 : 0], len, b->now),
          "ack");
    }
  }
}

/* The same octets from one buffer to another. */
static void run_copies(void *arg, unsigned times) {
  static uint8_t out[FRAMES_MAX][FRAME_MAX];
  const switchboard *b = arg;

  for (; times > 0; times--) {
    for (size_t i = 0; i < b->frame_count; i++) {
      memcpy(out[i], b->frames[i].octets, b->frames[i].len);
      __asm__ volatile("" : : "r"(out[i]) : "memory");
    }
  }
}

/* -- over TCP -------------------------------------------------------------- */

/* A peer's socket, and the relay's end of it. */
typedef struct wire {
  int peer;
  int relay;
} wire;

static wire wires[2];
static const bench_case *tcp_case;
static const bench_case *relay_case;

static void wire_check(bool ok, const char *what) {
  if (!ok) {
    perror(what);
    exit(EXIT_FAILURE);
  }
}

static void wire_make(wire *w) {
  struct sockaddr_in at = {.sin_family = AF_INET};
  socklen_t len = sizeof(at);
  int one = 1;
  int listener = socket(AF_INET, SOCK_STREAM, 0);

  at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  wire_check(bind(listener, (struct sockaddr *)&at, len) == 0, "bind");
  wire_check(listen(listener, 1) == 0, "listen");
  wire_check(getsockname(listener, (struct sockaddr *)&at, &len) == 0, "name");
  w->peer = socket(AF_INET, SOCK_STREAM, 0);
  wire_check(connect(w->peer, (struct sockaddr *)&at, len) == 0, "connect");
  w->relay = accept(listener, NULL, NULL);
  wire_check(w->relay >= 0, "accept");
  (void)close(listener);
  (void)setsockopt(w->peer, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
  (void)setsockopt(w->relay, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
}

static void wire_write(int fd, const uint8_t *octets, size_t len) {
  wire_check(write(fd, octets, len) == (ssize_t)len, "write");
}

/* One frame, whole. */
static size_t wire_read(int fd, uint8_t octets[FRAME_MAX], size_t want) {
  size_t got = 0;

  do {
    ssize_t n = read(fd, octets + got, FRAME_MAX - got);
    wire_check(n > 0, "read");
    got += (size_t)n;
  } while (got < want);
  return got;
}

static void tcp_call(switchboard *b, bool bare) {
  uint8_t reference[2] = {0, 1};
  uint8_t octets[FRAME_MAX];
  const uint8_t *out = octets;

  b->now += 10;
  bench_check(h46017_gatekeeper_handle_expiry(b->gk, b->now), "expiry");
  for (size_t i = 0; i < b->frame_count; i++) {
    const frame *f = &b->frames[i];
    const wire *from = &wires[f->by_caller ? 0 : 1];
    const wire *to = &wires[f->by_caller ? 1 : 0];
    size_t len;
    wire_write(from->peer, f->octets, f->len);
    len = wire_read(from->relay, octets, f->len);
    if (!bare) {
      len = switchboard_relay(b, f, reference, &out);
    }
    wire_write(to->relay, out, len);
    if (!bare) {
      bench_check(
          h46017_connection_ack_tx(b->conn[f->by_caller ? 1 : 0], len, b->now),
          "ack");
    }
    (void)wire_read(to->peer, octets, len);
  }
}

static void run_tcp(void *arg, unsigned times) {
  for (; times > 0; times--) {
    tcp_call(arg, false);
  }
}

static void run_relay(void *arg, unsigned times) {
  for (; times > 0; times--) {
    tcp_call(arg, true);
  }
}

/* -- memory ---------------------------------------------------------------- */

/* Octets that one of many calls at once costs the gatekeeper. */
static size_t memory_of_a_call(void) {
  static switchboard b;
  static uint8_t guid[H46017_CALL_GUID];
  frame setup;
  size_t at = 0;
  size_t before;
  size_t after;

  switchboard_make(&b);
  run_calls(&b, 1); /* what stays stays */
  b.now += 10000;
  bench_check(h46017_gatekeeper_handle_expiry(b.gk, b.now), "expiry");
  setup = b.frames[0];
  {
    h46017_q931 q931;
    h46017_h225 *m;
    const uint8_t *per;
    const uint8_t *found;
    size_t len;
    bench_check(h46017_q931_parse(&q931, setup.octets + 4, setup.len - 4, 0),
                "Setup");
    bench_check(h46017_q931_user_user(&q931, &per, &len), "Setup");
    bench_check(h46017_h225_new(&m, NULL, NULL), "Setup");
    bench_check(h46017_h225_decode(m, h46017_h225_user_information(), per, len),
                "Setup");
    bench_check(
        h46017_h225_read_octets(
            h46017_h225_get(
                h46017_h225_root(m),
                "h323-uu-pdu.h323-message-body.setup.callIdentifier.guid"),
            &found, &len),
        "Setup");
    memcpy(guid, found, sizeof(guid));
    h46017_h225_del(m);
  }
  while (memcmp(setup.octets + at, guid, sizeof(guid)) != 0) {
    at++;
  }
  before = bench_heap_now.octets;
  for (unsigned i = 0; i < HELD; i++) {
    uint8_t reference[2] = {0};
    const uint8_t *out;
    setup.octets[at] = (uint8_t)(i >> 8);
    setup.octets[at + 1] = (uint8_t)i;
    setup.octets[6] = (uint8_t)((i + 1) >> 8);
    setup.octets[7] = (uint8_t)(i + 1);
    (void)switchboard_relay(&b, &setup, reference, &out);
    drain(&b, 1);
  }
  after = bench_heap_now.octets;
  bench_check(h46017_gatekeeper_call_count(b.gk) == HELD ? 0
                                                         : H46017_ERR_INTERNAL,
              "calls");
  h46017_gatekeeper_del(b.gk);
  return (after - before) / HELD;
}

/* -- octets copied --------------------------------------------------------- */

#ifdef BENCH_COPIES
/* The library's own are these: whatever it copies in blocks of any size that
 * the compiler does not write out. */
static bool counting;
static size_t copied;

void *memcpy(void *restrict to, const void *restrict from, size_t n) {
  unsigned char *t = to;
  const unsigned char *f = from;

  copied += counting ? n : 0;
  for (size_t i = 0; i < n; i++) {
    t[i] = f[i];
  }
  return to;
}

void *__memcpy_chk(void *restrict to, const void *restrict from, size_t n,
                   size_t room);
void *__memcpy_chk(void *restrict to, const void *restrict from, size_t n,
                   size_t room) {
  if (room < n) {
    abort();
  }
  return memcpy(to, from, n);
}

static void count_copies(void) {
  static const char *const names[] = {
      "Setup",    "Call Proceeding", "Alerting",        "Connect",
      "Facility", "Facility",        "Release Complete"};
  switchboard *b = &board;
  uint8_t reference[2];
  const uint8_t *out;

  switchboard_make(b);
  run_calls(b, 10);
  printf("%-18s %8s %8s %6s\n", "message", "octets", "copied", "times");
  for (size_t i = 0; i < b->frame_count; i++) {
    const frame *f = &b->frames[i];
    size_t len;
    copied = 0;
    counting = true;
    len = switchboard_relay(b, f, reference, &out);
    counting = false;
    copied -= f->len; /* the benchmark's own */
    printf("%-18s %8zu %8zu %6.2f\n", names[i], f->len, copied,
           (double)copied / (double)f->len);
    bench_check(
        h46017_connection_ack_tx(b->conn[f->by_caller ? 1 : 0], len, b->now),
        "ack");
  }
}
#endif

int main(int argc, char **argv) {
  unsigned rounds = argc > 1 ? (unsigned)strtoul(argv[1], NULL, 10) : 101;

#ifdef BENCH_COPIES
  if (argc == 1) {
    count_copies();
    return 0;
  }
#endif
  switchboard_make(&board);
  wire_make(&wires[0]);
  wire_make(&wires[1]);
  plain_case = bench_add(run_calls, &board);
  copy_case = bench_add(run_copies, &board);
  tcp_case = bench_add(run_tcp, &board);
  relay_case = bench_add(run_relay, &board);
#ifdef BENCH_TLS
  bench_calls_tls_add(&board);
#endif
  bench_all(rounds > 0 ? rounds : 1);
  printf("a call of %zu messages, %zu octets: ns\n\n", board.frame_count,
         board.octets);
  printf("%-36s %8.0f\n", "through the gatekeeper", bench_ns(plain_case));
  printf("%-36s %8.0f\n", "  a message",
         bench_ns(plain_case) / (double)board.frame_count);
  printf("%-36s %8.0f\n", "  to copying its octets",
         bench_to(plain_case, copy_case));
  printf("%-36s %8.0f\n", "over TCP, through the gatekeeper",
         bench_ns(tcp_case));
  printf("%-36s %8.0f\n", "over TCP, octets carried only",
         bench_ns(relay_case));
  printf("%-36s %8.2f\n", "  the one to the other",
         bench_to(tcp_case, relay_case));
  printf("%-36s %8zu\n", "octets a call holds", memory_of_a_call());
#ifdef BENCH_TLS
  bench_calls_tls_report();
#endif
  return 0;
}
