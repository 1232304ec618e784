/* SPDX-License-Identifier: BSD-2-Clause */
/* Octet 0: how to cut; octet 1: strictness and what the callbacks do; the rest:
 * a stream. Cut or not, the tunnel must report the same and end the same way;
 * and what it writes it must be able to read. */
#include <h46017/error.h>
#include <h46017/tunnel.h>

#include <stdint.h>

#include "fuzz.h"

typedef struct result {
  uint64_t digest;
  uint64_t sent;
  size_t traced; /* octets of all PDUs received */
  unsigned events;
  uint8_t mode;
  int rv;
} result;

static int event(result *r, h46017_tunnel *t, const char *what,
                 const uint8_t *data, size_t len) {
  fuzz_digest(&r->digest, what, strlen(what));
  fuzz_digest(&r->digest, data, len);
  r->events++;
  FUZZ_ASSERT(h46017_tunnel_recv(t, data, len, 0) == H46017_ERR_REENTRANT);
  FUZZ_ASSERT(h46017_tunnel_ack_tx(t, 0, 0) == H46017_ERR_REENTRANT);
  FUZZ_ASSERT(h46017_tunnel_error(t) == 0);
  if ((r->mode & 1) != 0 && len > 0) {
    int rv = h46017_tunnel_write_ras(t, data, len);
    FUZZ_ASSERT(rv == 0 || rv == H46017_ERR_OUT_OF_RANGE ||
                rv == H46017_ERR_QUEUE_FULL);
    fuzz_digest(&r->sent, &rv, sizeof(rv));
  }
  if ((r->mode & 2) != 0 && r->events == 5) {
    h46017_tunnel_del(t);
  }
  return (r->mode & 4) != 0 && r->events == 7 ? 1 : 0;
}

static int on_ras(h46017_tunnel *t, const uint8_t *per, size_t len,
                  void *user_data) {
  FUZZ_ASSERT(len > 0);
  return event(user_data, t, "ras", per, len);
}

static int on_signalling(h46017_tunnel *t, const h46017_q931 *msg,
                         const uint8_t *q931, size_t len, void *user_data) {
  FUZZ_ASSERT(msg->data == q931 && msg->len == len);
  return event(user_data, t, "signalling", q931, len);
}

static int on_keepalive(h46017_tunnel *t, void *user_data) {
  return event(user_data, t, "keepalive", NULL, 0);
}

static void on_trace(const h46017_trace_event *ev, void *user_data) {
  result *r = user_data;

  if (ev->kind == H46017_TRACE_PDU_RECEIVED) {
    r->traced += ev->len;
    fuzz_digest(&r->digest, &ev->pdu, sizeof(ev->pdu));
    fuzz_digest(&r->digest, &ev->code, sizeof(ev->code));
  }
}

static void on_log(h46017_log_level level, const char *line, size_t len,
                   void *user_data) {
  result *r = user_data;

  FUZZ_ASSERT(level >= H46017_LOG_ERROR && strlen(line) == len);
  fuzz_digest(&r->digest, line, len);
}

static h46017_tunnel *make(result *r) {
  h46017_tunnel_settings s;
  h46017_tunnel_callbacks cb;
  h46017_tunnel *t = NULL;

  h46017_tunnel_settings_default(&s);
  s.lenient = (r->mode & 8) != 0 ? 0 : H46017_LENIENT_DEFAULT;
  s.max_tx = (r->mode & 16) != 0 ? 300 : 65536;
  s.log_level = H46017_LOG_DEBUG;
  h46017_tunnel_callbacks_default(&cb);
  cb.ras_received = on_ras;
  cb.signalling_received = on_signalling;
  cb.keepalive_received = on_keepalive;
  cb.trace = on_trace;
  cb.log_write = on_log;
  FUZZ_ASSERT(h46017_tunnel_new(&t, &s, &cb, NULL, r, 0) == 0);
  return t;
}

/* What was written must come in again as so many RAS messages. */
static void read_back(const uint8_t *data, size_t len) {
  result r = {.digest = FUZZ_DIGEST_INIT};
  h46017_tunnel *t = make(&r);

  FUZZ_ASSERT(h46017_tunnel_recv(t, data, len, 0) == 0);
  FUZZ_ASSERT(h46017_tunnel_next_expiry(t) == H46017_TIME_NEVER);
  FUZZ_ASSERT(r.traced == len);
  h46017_tunnel_del(t);
}

static result run(const uint8_t *data, size_t size, uint8_t how, uint8_t mode,
                  bool whole) {
  result r = {
      .digest = FUZZ_DIGEST_INIT, .sent = FUZZ_DIGEST_INIT, .mode = mode};
  h46017_tunnel *t = make(&r);
  const uint8_t *p;

  for (size_t i = 0; size > 0 && r.rv == 0; i++) {
    size_t n = whole ? size : fuzz_chunk(how, i);
    uint8_t *piece;

    n = n < size ? n : size;
    piece = fuzz_exact(data, n);
    r.rv = h46017_tunnel_recv(t, piece, n, i);
    free(piece);
    data += n;
    size -= n;
  }
  if (r.rv == H46017_ERR_CLOSED) {
    return r; /* deleted in a callback */
  }
  FUZZ_ASSERT(h46017_tunnel_error(t) == r.rv);
  FUZZ_ASSERT(h46017_tunnel_want_read(t) == (r.rv == 0));
  size = h46017_tunnel_peek_tx(t, &p);
  fuzz_digest(&r.sent, p, size);
  if (size > 0) {
    read_back(p, size);
  }
  FUZZ_ASSERT(h46017_tunnel_ack_tx(t, size, 0) == 0);
  FUZZ_ASSERT(!h46017_tunnel_want_write(t));
  h46017_tunnel_del(t);
  return r;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  result whole;
  result cut;

  if (size < 2) {
    return 0;
  }
  whole = run(data + 2, size - 2, data[0], data[1], true);
  cut = run(data + 2, size - 2, data[0], data[1], false);
  FUZZ_ASSERT(whole.rv == cut.rv && whole.digest == cut.digest);
  FUZZ_ASSERT(whole.events == cut.events && whole.traced == cut.traced);
  FUZZ_ASSERT(whole.sent == cut.sent && whole.rv <= 0);
  return 0;
}
