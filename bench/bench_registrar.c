/* SPDX-License-Identifier: BSD-2-Clause */
/* What a full RRQ and a keep-alive cost a gatekeeper that has N registrations
 * already, one connection each, visited in random order; a full RRQ of somebody
 * who is registered, and of somebody who has just gone, and is registered anew:
 * without sockets, the requests written by no endpoint, so that only the
 * gatekeeper is timed; beside it the codec operations that are in it, decoding
 * the RRQ and encoding the RCF: of one endpoint's messages again and again, and
 * of as many endpoints' as a batch has, each once. `bench_registrar [N …]`,
 * 1000 100000 1000000 by default; all of them in one process and timed in turn,
 * every ratio the median of each round's. */
#include "bench.h"

#include <h46017/h46017.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define SIZES 3
#define BATCH 200
#define ROUNDS 100
#define MESSAGE_SIZE 512

/* What the codec does for one kind of registration, of a batch's endpoints. */
typedef struct codec {
  h46017_h225 *in;
  h46017_h225 *out[BATCH]; /* their RCFs */
  uint8_t rrq[BATCH][MESSAGE_SIZE];
  size_t len[BATCH];
  double one[ROUNDS]; /* ns each, where they are all the first's */
  double all[ROUNDS];
} codec;

typedef struct crowd {
  size_t size;
  h46017_gatekeeper *gk;
  h46017_connection **conns;
  char (*ids)[32]; /* endpointIdentifiers, by number */
  h46017_time now;
  uint64_t random;
  size_t connection_octets;
  size_t registration_octets;
  size_t resident;     /* octets that came while it was made */
  double anew[ROUNDS]; /* ns each */
  double full[ROUNDS];
  double keep[ROUNDS];
  double worst; /* ns of CPU: the slowest registration on the way */
} crowd;

static h46017_h225 *message;
static h46017_tunnel *writer;

static uint32_t crowd_random(crowd *x) {
  x->random = x->random * 6364136223846793005U + 1442695040888963407U;
  return (uint32_t)(x->random >> 33);
}

static int on_rand(uint8_t *dest, size_t len, void *user_data) {
  for (size_t i = 0; i < len; i++) {
    dest[i] = (uint8_t)crowd_random(user_data);
  }
  return 0;
}

static int on_registered(h46017_gatekeeper *gk, const h46017_registered *reg,
                         void *user_data) {
  crowd *x = user_data;
  size_t i = (size_t)(uintptr_t)h46017_connection_user_data(reg->connection);

  (void)gk;
  memcpy(x->ids[i], reg->endpoint_identifier,
         strlen(reg->endpoint_identifier) + 1);
  return 0;
}

static int on_answer(h46017_tunnel *t, const uint8_t *per, size_t len,
                     void *user_data) {
  (void)t;
  return h46017_h225_decode(user_data, h46017_h225_ras_message(), per, len);
}

static double now_ns(clockid_t clock) {
  struct timespec t;

  clock_gettime(clock, &t);
  return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

/* Octets of this process that are in memory; 0 where nobody says. */
static size_t resident(void) {
  unsigned long pages = 0;
  FILE *f = fopen("/proc/self/statm", "r");

  if (f != NULL) {
    if (fscanf(f, "%*u %lu", &pages) != 1) {
      pages = 0;
    }
    (void)fclose(f);
  }
  return (size_t)pages * (size_t)sysconf(_SC_PAGESIZE);
}

static size_t make_ras(const h46017_ras *ras, uint8_t *per) {
  size_t len;

  bench_check(h46017_ras_build(message, ras), "message");
  bench_check(h46017_h225_encode(message, per, MESSAGE_SIZE, &len), "message");
  return len;
}

/* A frame, whole. */
static size_t make_frame_of(const h46017_ras *ras, uint8_t *frame) {
  uint8_t per[MESSAGE_SIZE];
  size_t len = make_ras(ras, per);
  const uint8_t *p;

  bench_check(h46017_tunnel_write_ras(writer, per, len), "frame");
  len = h46017_tunnel_peek_tx(writer, &p);
  memcpy(frame, p, len);
  bench_check(h46017_tunnel_ack_tx(writer, len, 0), "frame");
  return len;
}

/* One RRQ: its octets, or its frame. */
static size_t make_rrq(const crowd *x, size_t i, bool keep_alive, uint16_t seq,
                       bool frame, uint8_t *out) {
  char name[32];
  h46017_alias alias = {H46017_ALIAS_H323_ID, 0, {name, 0}};
  h46017_ras ras = {.kind = H46017_RAS_RRQ, .request_seq_num = seq};

  alias.text.len = (size_t)snprintf(name, sizeof(name), "phone-%zu", i);
  ras.u.rrq.keep_alive = keep_alive;
  ras.u.rrq.time_to_live = 3600;
  if (keep_alive) {
    ras.u.rrq.endpoint_identifier.text = x->ids[i];
    ras.u.rrq.endpoint_identifier.len = strlen(x->ids[i]);
  } else {
    ras.u.rrq.terminal_alias.list = &alias;
    ras.u.rrq.terminal_alias.count = 1;
    ras.u.rrq.terminal_alias.present = true;
  }
  return frame ? make_frame_of(&ras, out) : make_ras(&ras, out);
}

static size_t make_frame(const crowd *x, size_t i, bool keep_alive,
                         uint16_t seq, uint8_t *frame) {
  return make_rrq(x, i, keep_alive, seq, true, frame);
}

/* The messages of the first endpoints there are. */
static void codec_make(codec *k, const crowd *x, bool keep_alive) {
  h46017_tunnel_callbacks cb;

  bench_check(h46017_h225_new(&k->in, NULL, NULL), "message");
  h46017_tunnel_callbacks_default(&cb);
  cb.ras_received = on_answer;
  for (size_t i = 0; i < BATCH; i++) {
    h46017_connection *c = x->conns[i % x->size];
    uint8_t frame[1024];
    h46017_tunnel *reader;
    const uint8_t *p;
    size_t n;
    bench_check(h46017_h225_new(&k->out[i], NULL, NULL), "message");
    bench_check(h46017_tunnel_new(&reader, NULL, &cb, NULL, k->out[i], 0),
                "tunnel");
    k->len[i] = make_rrq(x, i % x->size, keep_alive, 2, false, k->rrq[i]);
    n = make_frame(x, i % x->size, keep_alive, 2, frame);
    bench_check(h46017_connection_recv(c, frame, n, x->now), "recv");
    n = h46017_connection_peek_tx(c, &p);
    bench_check(h46017_tunnel_recv(reader, p, n, 0), "answer");
    bench_check(h46017_connection_ack_tx(c, n, x->now), "answer");
    bench_check(
        h46017_h225_message_type(k->out[i]) != NULL ? 0 : H46017_ERR_INTERNAL,
        "answer");
    h46017_tunnel_del(reader);
  }
}

static double codec_batch(codec *k, size_t step) {
  uint8_t per[MESSAGE_SIZE];
  double begin = now_ns(CLOCK_MONOTONIC);
  size_t len;
  int rv = 0;

  for (size_t i = 0; i < BATCH; i++) {
    rv |= h46017_h225_decode(k->in, h46017_h225_ras_message(), k->rrq[i * step],
                             k->len[i * step]);
    rv |= h46017_h225_encode(k->out[i * step], per, sizeof(per), &len);
  }
  bench_check(rv, "codec");
  return (now_ns(CLOCK_MONOTONIC) - begin) / BATCH;
}

/* The gatekeeper's part: octets in, the answer out. */
static void serve(const crowd *x, h46017_connection *c, const uint8_t *frame,
                  size_t len) {
  const uint8_t *p;
  size_t n;

  bench_check(h46017_connection_recv(c, frame, len, x->now), "recv");
  n = h46017_connection_peek_tx(c, &p);
  bench_check(n > 0 ? h46017_connection_ack_tx(c, n, x->now)
                    : H46017_ERR_INTERNAL,
              "answer");
  while (h46017_gatekeeper_next_ready(x->gk, &c)) {
  }
}

static void crowd_make(crowd *x, size_t size) {
  h46017_gatekeeper_settings settings;
  h46017_gatekeeper_callbacks cb;
  uint8_t frame[1024];
  size_t connections = 0; /* octets */
  size_t before;
  size_t resident_before = resident();

  memset(x, 0, sizeof(*x));
  x->size = size;
  x->now = 1;
  x->random = 4711;
  x->conns = calloc(size, sizeof(*x->conns));
  x->ids = calloc(size, sizeof(*x->ids));
  if (x->conns == NULL || x->ids == NULL) {
    bench_check(H46017_ERR_NOMEM, "crowd");
  }
  h46017_gatekeeper_settings_default(&settings);
  settings.max_connections = UINT32_MAX;
  settings.full_rate = 0;
  settings.request_rate = 0;
  h46017_gatekeeper_callbacks_default(&cb);
  cb.select_device = bench_select_anybody;
  cb.rand = on_rand;
  cb.registered = on_registered;
  bench_check(
      h46017_gatekeeper_new(&x->gk, &settings, &cb, &bench_mem, x, x->now),
      "gatekeeper");
  before = bench_heap_now.octets;
  for (size_t i = 0; i < size; i++) { /* as they come: a connection registers */
    size_t len = make_frame(x, i, false, 1, frame);
    size_t octets = bench_heap_now.octets;
    double begin;
    bench_check(h46017_connection_new(&x->conns[i], x->gk, NULL,
                                      (void *)(uintptr_t)i, x->now),
                "connection");
    connections += bench_heap_now.octets - octets;
    begin = now_ns(CLOCK_THREAD_CPUTIME_ID);
    serve(x, x->conns[i], frame, len);
    begin = now_ns(CLOCK_THREAD_CPUTIME_ID) - begin;
    x->worst = begin > x->worst ? begin : x->worst;
  }
  x->connection_octets = connections / size;
  x->registration_octets =
      (bench_heap_now.octets - before - connections) / size;
  x->resident = resident() - resident_before;
  bench_check(h46017_gatekeeper_registration_count(x->gk) == size
                  ? 0
                  : H46017_ERR_INTERNAL,
              "registrations");
}

/* Unregisters whom `c` is the connection of. */
static void crowd_forget(const crowd *x, h46017_connection *c, uint16_t seq) {
  h46017_ras ras = {.kind = H46017_RAS_URQ, .request_seq_num = seq};
  uint8_t frame[1024];

  ras.u.urq.reason = H46017_URQ_REASON_ABSENT;
  serve(x, c, frame, make_frame_of(&ras, frame));
}

typedef enum kind { KEEP, FULL, ANEW } kind;

/* A batch of `BATCH`, the frames made and the connections found before the time
 * is taken. */
static double crowd_batch(crowd *x, kind what, uint16_t seq) {
  static uint8_t frames[BATCH][1024];
  static size_t lens[BATCH];
  static h46017_connection *who[BATCH];
  double begin;

  x->now += 11000; /* an answer that is kept is not kept for longer */
  for (size_t i = 0; i < BATCH; i++) {
    size_t one = ((size_t)crowd_random(x) << 16 ^ crowd_random(x)) % x->size;
    who[i] = x->conns[one];
    lens[i] = make_frame(x, one, what == KEEP, (uint16_t)(seq + i), frames[i]);
    if (what == ANEW) {
      crowd_forget(x, who[i], (uint16_t)(seq + i));
    }
  }
  begin = now_ns(CLOCK_MONOTONIC);
  for (size_t i = 0; i < BATCH; i++) {
    serve(x, who[i], frames[i], lens[i]);
  }
  return (now_ns(CLOCK_MONOTONIC) - begin) / BATCH;
}

static int compare(const void *a, const void *b) {
  const double *x = a;
  const double *y = b;

  return (*x > *y) - (*x < *y);
}

static double median(const double *values) {
  double sorted[ROUNDS];

  memcpy(sorted, values, sizeof(sorted));
  qsort(sorted, ROUNDS, sizeof(*sorted), compare);
  return sorted[ROUNDS / 2];
}

static double ratio(const double *a, const double *b) {
  double each[ROUNDS];

  for (size_t i = 0; i < ROUNDS; i++) {
    each[i] = a[i] / b[i];
  }
  return median(each);
}

static const double *crowd_ns(const crowd *x, kind what) {
  return what == KEEP ? x->keep : what == FULL ? x->full : x->anew;
}

static void report(const char *text, const crowd *crowds, size_t count,
                   kind what, const codec *k) {
  const double *first = crowd_ns(&crowds[0], what);

  printf("%s: its codec operations take %.0f ns, of one endpoint %.0f\n\n"
         "%10s %8s %8s %10s %10s\n",
         text, median(k->all), median(k->one), "registered", "ns", "to first",
         "to codec", "to one's");
  for (size_t i = 0; i < count; i++) {
    const double *ns = crowd_ns(&crowds[i], what);
    printf("%10zu %8.0f %8.2f %10.2f %10.2f\n", crowds[i].size, median(ns),
           ratio(ns, first), ratio(ns, k->all), ratio(ns, k->one));
  }
  printf("\n");
}

int main(int argc, char **argv) {
  static crowd crowds[SIZES];
  static codec full_codec;
  static codec keep_codec;
  static const size_t sizes[SIZES] = {1000, 100000, 1000000};
  h46017_tunnel_callbacks none;
  size_t count = argc > 1 ? 0 : SIZES;

  h46017_tunnel_callbacks_default(&none);
  bench_check(h46017_tunnel_new(&writer, NULL, &none, NULL, NULL, 0), "tunnel");
  bench_check(h46017_h225_new(&message, NULL, NULL), "message");
  for (; argc > 1 && count < SIZES && count + 1 < (size_t)argc; count++) {
    crowd_make(&crowds[count], strtoul(argv[count + 1], NULL, 10));
  }
  for (size_t k = 0; argc == 1 && k < SIZES; k++) {
    crowd_make(&crowds[k], sizes[k]);
  }
  codec_make(&full_codec, &crowds[0], false);
  codec_make(&keep_codec, &crowds[0], true);
  for (size_t round = 0; round < ROUNDS; round++) {
    uint16_t seq = (uint16_t)(round * 3 * BATCH % 60000 + 2);
    full_codec.one[round] = codec_batch(&full_codec, 0);
    full_codec.all[round] = codec_batch(&full_codec, 1);
    keep_codec.one[round] = codec_batch(&keep_codec, 0);
    keep_codec.all[round] = codec_batch(&keep_codec, 1);
    for (size_t k = 0; k < count; k++) {
      crowds[k].keep[round] = crowd_batch(&crowds[k], KEEP, seq);
      crowds[k].full[round] =
          crowd_batch(&crowds[k], FULL, (uint16_t)(seq + BATCH));
      crowds[k].anew[round] =
          crowd_batch(&crowds[k], ANEW, (uint16_t)(seq + 2 * BATCH));
    }
  }
  report("full RRQ, registered", crowds, count, FULL, &full_codec);
  report("full RRQ, anew", crowds, count, ANEW, &full_codec);
  report("keep-alive", crowds, count, KEEP, &keep_codec);
  printf("%10s %10s %9s %9s %10s\n", "registered", "oct./conn.", "oct./reg.",
         "res. MiB", "slowest us");
  for (size_t k = 0; k < count; k++) {
    const crowd *x = &crowds[k];
    printf("%10zu %10zu %9zu %9zu %10.0f\n", x->size, x->connection_octets,
           x->registration_octets, x->resident >> 20, x->worst / 1000);
  }
  return 0;
}
