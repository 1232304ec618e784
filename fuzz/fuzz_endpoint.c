/* SPDX-License-Identifier: BSD-2-Clause */
/* The input is a script for an endpoint: what its gatekeeper sends, what its
 * program does, which callback and which allocation fails, how time goes on.
 * After each step the invariants of doc/invariants.md have to hold. */
#include "fuzz.h"
#include "script.h"

#include "session/invariants.h"

#include <h46017/h46017.h>

#include <stdlib.h>
#include <string.h>

#define REGISTRATIONS 4

typedef struct fuzz_world {
  script s;
  scripted_mem mem;
  h46017_endpoint *ep;
  h46017_tunnel *writer; /* the gatekeeper's: puts messages into frames */
  h46017_tunnel *reader; /* and takes the endpoint's apart */
  h46017_h225 *msg;
  h46017_time now;
  uint32_t ids[REGISTRATIONS];
  uint16_t seq; /* of the endpoint's latest request */
  bool up;
  bool wanted;
  bool restless; /* more callbacks act */
  bool acting;
  int fail_callback;
  uint32_t random;
} fuzz_world;

static int outcome(fuzz_world *w) {
  return script_fails(&w->fail_callback) ? -1 : 0;
}

static int on_rand(uint8_t *dest, size_t len, void *user_data) {
  fuzz_world *w = user_data;

  script_random(&w->random, dest, len);
  return outcome(w);
}

static int on_connect(h46017_endpoint *ep, size_t index, void *user_data) {
  fuzz_world *w = user_data;

  (void)ep;
  FUZZ_ASSERT(index < 3);
  FUZZ_ASSERT(!w->up);
  w->wanted = true;
  return outcome(w);
}

static int on_state(h46017_endpoint *ep, h46017_endpoint_state from,
                    h46017_endpoint_state to, void *user_data) {
  FUZZ_ASSERT(from != to);
  FUZZ_ASSERT(h46017_endpoint_get_state(ep) == to);
  return outcome(user_data);
}

static int act(fuzz_world *w, h46017_endpoint *ep) {
  static const uint8_t setup[] = {8, 2, 0, 1, 5};
  h46017_alias name = {H46017_ALIAS_H323_ID, 0, {"4711", 4}};
  h46017_registration reg;
  uint8_t what;

  if (!w->restless || w->acting) {
    return outcome(w);
  }
  w->acting = true;
  what = script_octet(&w->s);
  switch (what & 7) {
  case 0:
    (void)h46017_endpoint_close(ep, w->now);
    break;
  case 1:
    (void)h46017_endpoint_remove(ep, w->ids[what >> 3 & (REGISTRATIONS - 1)],
                                 w->now);
    break;
  case 2:
    h46017_registration_default(&reg);
    reg.aliases = &name;
    reg.alias_count = 1;
    (void)h46017_endpoint_add(ep, &reg,
                              &w->ids[what >> 3 & (REGISTRATIONS - 1)], w->now);
    break;
  case 3:
    (void)h46017_endpoint_write_signalling(ep, setup, sizeof(setup), w->now);
    break;
  case 4:
    w->mem.fail_in = 1 + (what >> 3);
    break;
  default:
    break;
  }
  w->acting = false;
  return outcome(w);
}

static int on_building(h46017_endpoint *ep, h46017_h225 *msg,
                       h46017_ras_kind kind, void *user_data) {
  (void)msg;
  (void)kind;
  return act(user_data, ep);
}

static int on_ras(h46017_endpoint *ep, h46017_h225 *msg, const h46017_ras *ras,
                  const uint8_t *per, size_t len, void *user_data) {
  (void)msg;
  (void)ras;
  (void)per;
  (void)len;
  return act(user_data, ep);
}

static int on_reg_state(h46017_endpoint *ep, uint32_t id,
                        h46017_registration_state from,
                        h46017_registration_state to, void *user_data) {
  (void)from;
  FUZZ_ASSERT(h46017_endpoint_registration_state(ep, id) == to);
  return act(user_data, ep);
}

static void on_trace(const h46017_trace_event *ev, void *user_data) {
  fuzz_world *w = user_data;

  FUZZ_ASSERT(ev->object != NULL);
  FUZZ_ASSERT(w->ep == NULL ||
              h46017_endpoint_close(w->ep, w->now) == H46017_ERR_REENTRANT);
}

/* What a program may do inside a callback. */
static int on_event(h46017_endpoint *ep, uint32_t id, int why,
                    void *user_data) {
  fuzz_world *w = user_data;

  (void)why;
  switch (script_octet(&w->s) & 15) {
  case 0:
    (void)h46017_endpoint_close(ep, w->now);
    break;
  case 1:
    (void)h46017_endpoint_remove(ep, id, w->now);
    break;
  case 2:
    FUZZ_ASSERT(h46017_endpoint_handle_expiry(ep, w->now) ==
                H46017_ERR_REENTRANT);
    break;
  default:
    break;
  }
  return outcome(w);
}

static int on_answer(h46017_endpoint *ep, uint32_t id, const h46017_ras *ras,
                     void *user_data) {
  (void)ras;
  return on_event(ep, id, 0, user_data);
}

static int on_rejected(h46017_endpoint *ep, uint32_t id, const h46017_ras *rrj,
                       int code, void *user_data) {
  (void)rrj;
  return on_event(ep, id, code, user_data);
}

/* What the endpoint sends is always a message. */
static int on_sent_ras(h46017_tunnel *t, const uint8_t *per, size_t len,
                       void *user_data) {
  fuzz_world *w = user_data;
  h46017_ras ras;

  (void)t;
  FUZZ_ASSERT(h46017_h225_decode(w->msg, h46017_h225_ras_message(), per, len) ==
              0);
  FUZZ_ASSERT(h46017_ras_view(w->msg, &ras) == 0);
  FUZZ_ASSERT(ras.request_seq_num != 0);
  if (ras.kind == H46017_RAS_RRQ || ras.kind == H46017_RAS_URQ) {
    w->seq = ras.request_seq_num;
  }
  return 0;
}

/* -- steps ----------------------------------------------------------------- */

static void feed_ras(fuzz_world *w, const uint8_t *per, size_t len) {
  const uint8_t *frame;
  size_t n;

  if (!w->up || len == 0 || h46017_tunnel_write_ras(w->writer, per, len) != 0) {
    return;
  }
  n = h46017_tunnel_peek_tx(w->writer, &frame);
  (void)h46017_endpoint_recv(w->ep, frame, n / 2, w->now);
  (void)h46017_endpoint_recv(w->ep, frame + n / 2, n - n / 2, w->now);
  FUZZ_ASSERT(h46017_tunnel_ack_tx(w->writer, n, w->now) == 0);
}

static void step_answer(fuzz_world *w) {
  static const h46017_ras_kind kinds[] = {
      H46017_RAS_RCF, H46017_RAS_RCF, H46017_RAS_RRJ, H46017_RAS_UCF,
      H46017_RAS_URJ, H46017_RAS_RIP, H46017_RAS_URQ, H46017_RAS_XRS};
  uint8_t what = script_octet(&w->s);
  uint8_t more = script_octet(&w->s);
  h46017_text id = {"endpoint", 8};
  h46017_ras ras = {.kind = kinds[what & 7],
                    .request_seq_num =
                        (what & 8) != 0 || w->seq == 0 ? 1 : w->seq};
  uint8_t per[1024];
  size_t len;

  id.len -= what >> 6;
  switch (ras.kind) {
  case H46017_RAS_RCF:
    ras.u.rcf.endpoint_identifier = id;
    ras.u.rcf.gatekeeper_identifier = id;
    ras.u.rcf.time_to_live = more;
    break;
  case H46017_RAS_RRJ:
    ras.u.rrj.reason = (h46017_rrj_reason)(more % 19);
    break;
  case H46017_RAS_URJ:
    ras.u.urj.reason = (h46017_urj_reason)(more % 5);
    break;
  case H46017_RAS_RIP:
    ras.u.rip.delay = (uint16_t)(more * 100 + 1);
    break;
  case H46017_RAS_URQ:
    ras.u.urq.endpoint_identifier = id;
    ras.u.urq.reason = (h46017_urq_reason)(more % 5);
    break;
  default:
    ras.u.xrs.message_not_understood = per;
    ras.u.xrs.message_not_understood_len = 0;
    break;
  }
  if (h46017_ras_build(w->msg, &ras) == 0 &&
      h46017_h225_encode(w->msg, per, sizeof(per), &len) == 0) {
    feed_ras(w, per, len);
  }
}

/* Some of what waits is sent, and read at the other end. */
static void step_send(fuzz_world *w) {
  const uint8_t *p;
  size_t len = h46017_endpoint_peek_tx(w->ep, &p);
  size_t n = len > 0 ? script_octet(&w->s) * len / 255 : 0;

  if (n > 0) {
    FUZZ_ASSERT(h46017_tunnel_recv(w->reader, p, n, w->now) == 0);
    if (h46017_endpoint_ack_tx(w->ep, n, w->now) != 0) {
      FUZZ_ASSERT(h46017_error_is_fatal(h46017_endpoint_error(w->ep)));
    }
  }
}

static void make_reader(fuzz_world *w) {
  h46017_tunnel_callbacks cb;

  h46017_tunnel_callbacks_default(&cb);
  cb.ras_received = on_sent_ras;
  h46017_tunnel_del(w->reader);
  FUZZ_ASSERT(h46017_tunnel_new(&w->reader, NULL, &cb, NULL, w, w->now) == 0);
}

static void step_up(fuzz_world *w) {
  if (w->up) {
    FUZZ_ASSERT(h46017_endpoint_transport_up(w->ep, NULL, w->now) != 0);
  } else if (h46017_endpoint_transport_up(w->ep, NULL, w->now) == 0) {
    w->up = true;
    w->wanted = false;
    w->seq = 0;
    make_reader(w);
  }
}

static void step_down(fuzz_world *w) {
  static const int why[] = {0, H46017_ERR_CLOSED, H46017_ERR_UNKNOWN_CA,
                            H46017_ERR_CERT_REFUSED_BY_PEER};

  w->up = false;
  (void)h46017_endpoint_transport_down(w->ep, why[script_octet(&w->s) & 3],
                                       w->now);
}

static void step_add(fuzz_world *w, int i) {
  static const char *const names[REGISTRATIONS] = {"a", "b-TEL1", "c", "d"};
  h46017_alias alias = {H46017_ALIAS_H323_ID, 0, {names[i], strlen(names[i])}};
  h46017_registration reg;

  h46017_registration_default(&reg);
  reg.aliases = &alias;
  reg.alias_count = 1;
  (void)h46017_endpoint_add(w->ep, &reg, &w->ids[i], w->now);
}

static void step_time(fuzz_world *w) {
  uint8_t t = script_octet(&w->s);

  w->now += (uint64_t)t * t * 10;
  if (h46017_endpoint_handle_expiry(w->ep, w->now) == 0) {
    FUZZ_ASSERT(h46017_endpoint_next_expiry(w->ep) > w->now);
  }
}

static void step(fuzz_world *w) {
  uint8_t op = script_octet(&w->s);
  const uint8_t *data;
  size_t len;

  switch (op & 15) {
  case 0:
  case 1:
    step_up(w);
    break;
  case 2:
    data = script_octets(&w->s, &len);
    (void)h46017_endpoint_recv(w->ep, data, len, w->now);
    break;
  case 3:
    data = script_octets(&w->s, &len);
    feed_ras(w, data, len);
    break;
  case 4:
  case 5:
  case 6:
    step_answer(w);
    break;
  case 7:
  case 8:
    step_time(w);
    break;
  case 9:
    step_send(w);
    break;
  case 10:
    w->fail_callback = script_octet(&w->s) & 7;
    w->restless = (op & 0x80) != 0;
    break;
  case 11:
    w->mem.fail_in = script_octet(&w->s) & 15;
    break;
  case 12:
    step_add(w, op >> 4 & 3);
    break;
  case 13:
    (void)h46017_endpoint_remove(w->ep, w->ids[op >> 4 & 3], w->now);
    break;
  case 14:
    (void)((op & 16) != 0 ? h46017_endpoint_close(w->ep, w->now)
                          : h46017_endpoint_start(w->ep, w->now));
    break;
  default:
    step_down(w);
    break;
  }
}

static void check(const fuzz_world *w) {
  const uint8_t *p;
  size_t len = h46017_endpoint_peek_tx(w->ep, &p);
  h46017_endpoint_state state = h46017_endpoint_get_state(w->ep);

  FUZZ_ASSERT(h46017_endpoint_check_invariants(w->ep) == NULL);
  FUZZ_ASSERT(len <= 65536);
  FUZZ_ASSERT(!h46017_endpoint_want_write(w->ep) || len > 0);
  FUZZ_ASSERT(!h46017_endpoint_want_read(w->ep) ||
              state == H46017_ENDPOINT_UP || state == H46017_ENDPOINT_CLOSING);
  FUZZ_ASSERT(h46017_endpoint_gatekeeper(w->ep) < 3);
  if (h46017_error_is_fatal(h46017_endpoint_error(w->ep))) {
    FUZZ_ASSERT(!h46017_endpoint_want_read(w->ep));
    FUZZ_ASSERT(!h46017_endpoint_want_write(w->ep));
    FUZZ_ASSERT(h46017_endpoint_next_expiry(w->ep) == H46017_TIME_NEVER);
  }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  fuzz_world w;
  h46017_endpoint_settings settings;
  h46017_endpoint_callbacks cb;
  h46017_tunnel_callbacks none;

  memset(&w, 0, sizeof(w));
  script_init(&w.s, data, size);
  scripted_mem_init(&w.mem);
  w.now = 1;
  h46017_endpoint_settings_default(&settings);
  settings.gatekeeper_count = 3;
  settings.keepalive = script_octet(&w.s) * (uint32_t)100;
  h46017_endpoint_callbacks_default(&cb);
  cb.connect = on_connect;
  cb.rand = on_rand;
  cb.state_changed = on_state;
  cb.registered = on_answer;
  cb.refreshed = on_answer;
  cb.rejected = on_rejected;
  cb.unregistered = on_event;
  /* without it, a keep-alive may be sent again under another number: INV-47 */
  cb.ras_building = (size & 1) == 0 ? on_building : NULL;
  cb.ras_received = on_ras;
  cb.registration_changed = on_reg_state;
  cb.trace = on_trace;
  FUZZ_ASSERT(
      h46017_endpoint_new(&w.ep, &settings, &cb, &w.mem.mem, &w, w.now) == 0);
  FUZZ_ASSERT(h46017_h225_new(&w.msg, NULL, NULL) == 0);
  h46017_tunnel_callbacks_default(&none);
  FUZZ_ASSERT(h46017_tunnel_new(&w.writer, NULL, &none, NULL, NULL, 1) == 0);
  make_reader(&w);
  step_add(&w, 0);
  (void)h46017_endpoint_start(w.ep, w.now);
  while (!script_is_over(&w.s)) {
    step(&w);
    check(&w);
  }
  h46017_endpoint_del(w.ep);
  h46017_tunnel_del(w.writer);
  h46017_tunnel_del(w.reader);
  h46017_h225_del(w.msg);
  FUZZ_ASSERT(w.mem.blocks == 0);
  return 0;
}
