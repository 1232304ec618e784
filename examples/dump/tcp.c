/* SPDX-License-Identifier: BSD-2-Clause */
/* TCP segments of a capture -> octets in order, each direction of each
 * connection alone.
 *
 * What came first is believed, what comes again is passed over, what comes too
 * early waits. A capture may lack what the receiver got: when more waits than
 * may, or at the end, the gap is told and reading goes on behind it, at the
 * next segment that begins like a TPKT with Q.931 in it. The same is done
 * where a capture begins in the middle of a connection. */

#include <stdlib.h>
#include <string.h>

#include <sys/queue.h>

#include "dump.h"

/* Streams followed at a time; the one heard of longest ago goes first. */
#define TCP_MAX_STREAMS 8192
#define TCP_BUCKETS 4096

/* Octets, and segments, that may wait for one stream's missing one. */
#define TCP_MAX_WAITING ((size_t)256 * 1024)
#define TCP_MAX_SEGMENTS 512

/* Octets that may wait for all streams together. */
#define TCP_MAX_WAITING_ALL ((size_t)64 * 1024 * 1024)

/* A segment further away than any receive window is of another connection. */
#define TCP_FAR ((int32_t)0x10000000)

typedef struct early {
  STAILQ_ENTRY(early) next; /* ascending */
  uint32_t seq;
  size_t len;
  uint8_t data[];
} early;

typedef struct flow {
  TAILQ_ENTRY(flow) heard; /* longest ago first */
  LIST_ENTRY(flow) bucket;
  uint8_t key[sizeof(((dump_segment *)0)->key)];
  uint32_t next;  /* sequence number wanted */
  uint32_t first; /* of the first octet, where SYN was seen */
  uint32_t end;   /* behind the last octet, where FIN was seen */
  bool syn;
  bool fin;
  bool seeking; /* for the beginning of a TPKT */
  bool over;    /* what still comes was seen before */
  dump_stream stream;
  STAILQ_HEAD(, early) waiting;
  size_t waiting_len;
  size_t waiting_cnt;
  dump_origin origin; /* of the segment seen last */
} flow;

LIST_HEAD(flow_list, flow);
TAILQ_HEAD(flow_queue, flow);

struct dump_tcp {
  dump *d;
  struct flow_queue heard;
  struct flow_list buckets[TCP_BUCKETS];
  size_t flows;
  size_t waiting_len;
};

static struct flow_list *flow_bucket(dump_tcp *t, const uint8_t *key) {
  uint32_t h = 2166136261U; /* FNV-1a */
  for (size_t i = 0; i < sizeof(((flow *)0)->key); i++) {
    h = (h ^ key[i]) * 16777619U;
  }
  return &t->buckets[h % TCP_BUCKETS];
}

dump_tcp *dump_tcp_new(dump *d) {
  dump_tcp *t = calloc(1, sizeof(*t));
  if (t != NULL) {
    t->d = d;
    TAILQ_INIT(&t->heard);
  }
  return t;
}

static void early_pop(dump_tcp *t, flow *f) {
  early *e = STAILQ_FIRST(&f->waiting);
  STAILQ_REMOVE_HEAD(&f->waiting, next);
  f->waiting_len -= e->len;
  f->waiting_cnt--;
  t->waiting_len -= e->len;
  free(e);
}

/* A TPKT begins where its version, reserved octet, a length and Q.931's
 * discriminator are; or an empty one. */
static bool tpkt_begins(const uint8_t *p, size_t len) {
  return len >= 4 && p[0] == 3 && p[1] == 0 &&
         (len == 4 || p[4] == 8 || (p[2] == 0 && p[3] == 4));
}

/* Octets that are next in order. */
static void flow_take(dump_tcp *t, flow *f, const uint8_t *data, size_t len) {
  f->next += (uint32_t)len;
  if (f->seeking || f->stream.lost) {
    /* A reader that failed once fails for ever: begin with a new one. */
    if (!tpkt_begins(data, len)) {
      return;
    }
    dump_stream_deinit(&f->stream);
    if (dump_stream_init(&f->stream) != 0) {
      f->stream.lost = true;
      return;
    }
    f->seeking = false;
  }
  dump_stream_recv(t->d, &f->stream, &f->origin, data, len);
}

/* Takes what waited and is in order now. */
static void flow_settle(dump_tcp *t, flow *f) {
  early *e;
  while ((e = STAILQ_FIRST(&f->waiting)) != NULL) {
    int32_t ahead = (int32_t)(e->seq - f->next);
    if (ahead > 0) {
      break;
    }
    size_t old = (size_t) - (int64_t)ahead;
    if (old < e->len) {
      flow_take(t, f, e->data + old, e->len - old);
    }
    early_pop(t, f);
  }
}

/* Gives up what is missing before the first segment that waits. */
static void flow_gap(dump_tcp *t, flow *f) {
  early *e = STAILQ_FIRST(&f->waiting);
  if (e == NULL) {
    return;
  }
  if (!f->seeking && !f->stream.lost) {
    dump_error error = dump_error_make(
        H46017_ERR_TRUNCATED,
        f->stream.offset + h46017_tpkt_pending(f->stream.reader),
        "octets of the stream are missing in the capture", "tpkt");
    dump_error_line(t->d, &f->origin, &error, NULL);
  }
  f->seeking = true;
  f->next = e->seq;
  flow_settle(t, f);
}

static void flow_wait(dump_tcp *t, flow *f, uint32_t seq, const uint8_t *data,
                      size_t len) {
  early *before = NULL;
  early *e;
  STAILQ_FOREACH(e, &f->waiting, next) {
    if ((int32_t)(e->seq - seq) > 0) {
      break;
    }
    if (e->seq == seq && e->len >= len) {
      return; /* waits already */
    }
    before = e;
  }
  early *mine = malloc(sizeof(*mine) + len);
  if (mine == NULL) {
    return; /* becomes a gap */
  }
  mine->seq = seq;
  mine->len = len;
  memcpy(mine->data, data, len);
  if (before == NULL) {
    STAILQ_INSERT_HEAD(&f->waiting, mine, next);
  } else {
    STAILQ_INSERT_AFTER(&f->waiting, before, mine, next);
  }
  f->waiting_len += len;
  f->waiting_cnt++;
  t->waiting_len += len;
  while (f->waiting_len > TCP_MAX_WAITING ||
         f->waiting_cnt > TCP_MAX_SEGMENTS ||
         (t->waiting_len > TCP_MAX_WAITING_ALL && f->waiting_cnt > 0)) {
    flow_gap(t, f);
  }
}

/* Ends the stream: what waits is all that will come. The flow stays, to know
 * what is sent again after the end. */
static void flow_end(dump_tcp *t, flow *f) {
  if (f->over) {
    return;
  }
  while (!STAILQ_EMPTY(&f->waiting)) {
    flow_gap(t, f);
  }
  if (!f->seeking) {
    dump_stream_end(t->d, &f->stream, &f->origin);
  }
  dump_stream_deinit(&f->stream);
  f->over = true;
}

static void flow_del(dump_tcp *t, flow *f) {
  flow_end(t, f);
  LIST_REMOVE(f, bucket);
  TAILQ_REMOVE(&t->heard, f, heard);
  t->flows--;
  free(f);
}

static flow *flow_find(dump_tcp *t, const uint8_t *key) {
  flow *f;
  LIST_FOREACH(f, flow_bucket(t, key), bucket) {
    if (memcmp(f->key, key, sizeof(f->key)) == 0) {
      TAILQ_REMOVE(&t->heard, f, heard);
      TAILQ_INSERT_TAIL(&t->heard, f, heard);
      return f;
    }
  }
  return NULL;
}

static flow *flow_new(dump_tcp *t, const uint8_t *key) {
  if (t->flows == TCP_MAX_STREAMS) {
    flow_del(t, TAILQ_FIRST(&t->heard));
  }
  flow *f = calloc(1, sizeof(*f));
  if (f == NULL || dump_stream_init(&f->stream) != 0) {
    free(f);
    return NULL;
  }
  memcpy(f->key, key, sizeof(f->key));
  STAILQ_INIT(&f->waiting);
  LIST_INSERT_HEAD(flow_bucket(t, key), f, bucket);
  TAILQ_INSERT_TAIL(&t->heard, f, heard);
  t->flows++;
  return f;
}

/* The data of a segment, cut to what is new. */
static void flow_data(dump_tcp *t, flow *f, uint32_t seq, const uint8_t *data,
                      size_t len) {
  int32_t ahead = (int32_t)(seq - f->next);
  if (ahead > 0) {
    flow_wait(t, f, seq, data, len);
    return;
  }
  size_t old = (size_t) - (int64_t)ahead;
  if (old < len) {
    flow_take(t, f, data + old, len - old);
    flow_settle(t, f);
  }
}

/* The same ports, but another connection? */
static bool flow_is_other(const flow *f, const dump_segment *s, uint32_t seq) {
  int32_t away = (int32_t)(seq - f->next);
  if (s->syn) {
    return !f->syn || seq != f->first;
  }
  return away > TCP_FAR || away < -TCP_FAR;
}

void dump_tcp_segment(dump_tcp *t, const dump_segment *s) {
  flow *f = flow_find(t, s->key);
  uint32_t seq = s->syn ? s->seq + 1 : s->seq;
  if (f != NULL && flow_is_other(f, s, seq)) {
    flow_del(t, f);
    f = NULL;
  }
  if (f == NULL) {
    if (s->rst || (!s->syn && s->len == 0)) {
      return;
    }
    f = flow_new(t, s->key);
    if (f == NULL) {
      return;
    }
    f->next = f->first = seq;
    f->syn = s->syn;
    f->seeking = !s->syn;
  }
  if (f->over) {
    return;
  }
  f->origin = *s->origin;
  if (s->len > 0) {
    flow_data(t, f, seq, s->data, s->len);
  }
  if (s->fin && !f->fin) {
    f->fin = true;
    f->end = seq + (uint32_t)s->len;
  }
  if (s->rst || (f->fin && (int32_t)(f->end - f->next) <= 0)) {
    flow_end(t, f);
  }
}

void dump_tcp_del(dump_tcp *t) {
  if (t == NULL) {
    return;
  }
  flow *next;
  for (flow *f = TAILQ_FIRST(&t->heard); f != NULL; f = next) {
    next = TAILQ_NEXT(f, heard);
    flow_del(t, f);
  }
  free(t);
}
