/* SPDX-License-Identifier: BSD-2-Clause */
/* The input is a script for two endpoints that call each other through one
 * gatekeeper: what they say of their calls, in order or not, what they ask for,
 * what the gatekeeper's program does, what fails, how time goes on. After each
 * step the invariants of doc/invariants.md have to hold. */
#include "fuzz.h"
#include "script.h"

#include "session/invariants.h"

#include <h46017/h46017.h>

#include <stdlib.h>
#include <string.h>

#define SIDES 2

typedef struct fuzz_world fuzz_world;

/* A peer: its calls are kept by the table that an endpoint has. */
typedef struct fuzz_side {
  fuzz_world *w;
  int number;
  h46017_connection *conn; /* NULL: it is not connected */
  h46017_tunnel *tunnel;
  h46017_calls *calls;
  char id[32]; /* its endpointIdentifier; "": none */
} fuzz_side;

struct fuzz_world {
  script s;
  scripted_mem mem;
  h46017_gatekeeper *gk;
  fuzz_side sides[SIDES];
  h46017_h225 *msg;
  h46017_time now;
  uint64_t question;
  uint64_t call; /* the latest told of */
  bool restless; /* callbacks act */
  bool acting;
  int fail_callback;
  uint16_t seq;
  uint32_t random;
};

static int outcome(fuzz_world *w) {
  return script_fails(&w->fail_callback) ? -1 : 0;
}

/* -- the gatekeeper's program ---------------------------------------------- */

static int on_rand(uint8_t *dest, size_t len, void *user_data) {
  fuzz_world *w = user_data;

  script_random(&w->random, dest, len);
  return outcome(w);
}

static h46017_answered on_select(h46017_gatekeeper *gk, uint64_t question,
                                 const h46017_registration_question *asked,
                                 h46017_registration_answer *answer,
                                 void *user_data) {
  (void)gk;
  (void)question;
  (void)asked;
  (void)user_data;
  answer->open = true;
  return H46017_ANSWERED;
}

/* By which the program may send a call elsewhere. */
static void fill_answer(uint8_t how, h46017_route_answer *answer) {
  static const h46017_alias names[] = {
      {H46017_ALIAS_H323_ID, 0, {"a", 1}},
      {H46017_ALIAS_H323_ID, 0, {"b", 1}},
      {H46017_ALIAS_DIALLED_DIGITS, 0, {"4711", 4}},
      {H46017_ALIAS_H323_ID, 0, {"nobody", 6}}};

  answer->to = (how & 8) != 0 ? &names[how & 3] : NULL;
  answer->refuse = (how & 0x30) == 0x30 ? H46017_ERR_REFUSED : 0;
  answer->bandwidth = (how & 0x40) != 0 ? 100 : 0;
}

static void act(fuzz_world *w) {
  h46017_route_answer answer = {.to = NULL};
  h46017_connection *c;
  uint8_t what;

  if (!w->restless || w->acting) {
    return;
  }
  w->acting = true;
  what = script_octet(&w->s);
  c = w->sides[what >> 7].conn;
  switch (what & 7) {
  case 0:
    (void)h46017_gatekeeper_drop_call(w->gk, w->call, w->now);
    break;
  case 1:
    fill_answer(what, &answer);
    (void)h46017_gatekeeper_answer_call(w->gk, w->question, &answer, w->now);
    break;
  case 2:
    if (c != NULL) {
      (void)h46017_connection_close(c, H46017_ERR_SHUTDOWN, w->now);
    }
    break;
  case 3:
    (void)h46017_gatekeeper_limit_call(w->gk, w->call, what, w->now);
    break;
  case 4:
    (void)h46017_gatekeeper_unregister(w->gk, (what & 8) != 0 ? "a" : "b", 1,
                                       H46017_URQ_MAINTENANCE, w->now);
    break;
  case 5:
    w->mem.fail_in = 1 + (what >> 3);
    break;
  default:
    break;
  }
  w->acting = false;
}

static h46017_answered on_route(h46017_gatekeeper *gk, uint64_t question,
                                const h46017_route_question *asked,
                                h46017_route_answer *answer, void *user_data) {
  fuzz_world *w = user_data;
  uint8_t how = script_octet(&w->s);

  (void)gk;
  FUZZ_ASSERT(asked->caller->connection == asked->connection);
  w->question = question;
  fill_answer(how, answer);
  act(w);
  return (how & 4) != 0 ? H46017_LATER : H46017_ANSWERED;
}

static void on_dropped(h46017_gatekeeper *gk, uint64_t question,
                       void *user_data) {
  fuzz_world *w = user_data;
  const h46017_route_answer answer = {.to = NULL};

  FUZZ_ASSERT(h46017_gatekeeper_answer_call(gk, question, &answer, w->now) !=
              0);
  act(w);
}

static int on_changed(h46017_gatekeeper *gk, const h46017_route *call,
                      void *user_data) {
  fuzz_world *w = user_data;

  (void)gk;
  FUZZ_ASSERT(call->id != 0 && call->from[0] != '\0');
  FUZZ_ASSERT(call->state != H46017_ROUTE_RELEASED || call->code != 0);
  w->call = call->id;
  act(w);
  return outcome(w);
}

static int on_registered(h46017_gatekeeper *gk, const h46017_registered *reg,
                         void *user_data) {
  fuzz_world *w = user_data;

  (void)gk;
  for (int i = 0; i < SIDES; i++) {
    if (w->sides[i].conn == reg->connection) {
      memcpy(w->sides[i].id, reg->endpoint_identifier,
             strlen(reg->endpoint_identifier) + 1);
    }
  }
  return outcome(w);
}

/* -- the peers ------------------------------------------------------------- */

/* What waits goes to the gatekeeper, in two pieces. */
static void pump(fuzz_side *side) {
  const uint8_t *frame;
  size_t n = h46017_tunnel_peek_tx(side->tunnel, &frame);

  if (n > 0 && side->conn != NULL) {
    (void)h46017_connection_recv(side->conn, frame, n / 3, side->w->now);
    (void)h46017_connection_recv(side->conn, frame + n / 3, n - n / 3,
                                 side->w->now);
  }
  FUZZ_ASSERT(h46017_tunnel_ack_tx(side->tunnel, n, side->w->now) == 0);
}

static int peer_write(h46017_calls *calls, const uint8_t *q931, size_t len,
                      void *user_data) {
  fuzz_side *side = user_data;

  (void)calls;
  return h46017_tunnel_write_signalling(side->tunnel, q931, len);
}

static int peer_rand(uint8_t *dest, size_t len, void *user_data) {
  fuzz_side *side = user_data;

  script_random(&side->w->random, dest, len);
  return 0;
}

static int peer_setup(h46017_calls *calls, h46017_call *call,
                      const h46017_call_message *msg, void *user_data) {
  h46017_call_content content;

  (void)calls;
  (void)call;
  (void)user_data;
  h46017_call_content_default(&content);
  FUZZ_ASSERT(h46017_call_read(msg, &content) == 0);
  /* what says who a leg is goes no further */
  FUZZ_ASSERT(content.endpoint_identifier.text == NULL);
  return 0;
}

/* What the gatekeeper sends is always a message. */
static int peer_ras(h46017_tunnel *t, const uint8_t *per, size_t len,
                    void *user_data) {
  fuzz_side *side = user_data;
  h46017_ras ras;

  (void)t;
  FUZZ_ASSERT(h46017_h225_decode(side->w->msg, h46017_h225_ras_message(), per,
                                 len) == 0);
  FUZZ_ASSERT(h46017_ras_view(side->w->msg, &ras) == 0);
  return 0;
}

static int peer_signalling(h46017_tunnel *t, const h46017_q931 *msg,
                           const uint8_t *q931, size_t len, void *user_data) {
  fuzz_side *side = user_data;

  (void)t;
  (void)q931;
  (void)len;
  FUZZ_ASSERT(msg->call_reference_length == 2);
  FUZZ_ASSERT(h46017_calls_receive(side->calls, msg, side->w->now) == 0);
  return 0;
}

static void make_tunnel(fuzz_side *side) {
  h46017_tunnel_callbacks cb;

  h46017_tunnel_callbacks_default(&cb);
  cb.ras_received = peer_ras;
  cb.signalling_received = peer_signalling;
  h46017_tunnel_del(side->tunnel);
  FUZZ_ASSERT(h46017_tunnel_new(&side->tunnel, NULL, &cb, NULL, side,
                                side->w->now) == 0);
}

static void make_side(fuzz_world *w, int i) {
  fuzz_side *side = &w->sides[i];
  h46017_calls_callbacks cb;

  side->w = w;
  side->number = i;
  h46017_calls_callbacks_default(&cb);
  cb.write = peer_write;
  cb.rand = peer_rand;
  cb.setup_received = peer_setup;
  FUZZ_ASSERT(h46017_calls_new(&side->calls, NULL, &cb, NULL, side, w->now) ==
              0);
  make_tunnel(side);
}

static void send_ras(fuzz_side *side) {
  uint8_t per[1024];
  size_t len;

  if (h46017_h225_encode(side->w->msg, per, sizeof(per), &len) == 0) {
    (void)h46017_tunnel_write_ras(side->tunnel, per, len);
    pump(side);
  }
}

static uint16_t next_seq(fuzz_world *w) {
  w->seq = w->seq == 65535 ? 1 : (uint16_t)(w->seq + 1);
  return w->seq;
}

static void connect_side(fuzz_side *side) {
  fuzz_world *w = side->w;
  h46017_alias names[2] = {
      {H46017_ALIAS_H323_ID, 0, {side->number == 0 ? "a" : "b", 1}},
      {H46017_ALIAS_DIALLED_DIGITS, 0, {side->number == 0 ? "42" : "4711", 4}}};
  h46017_ras rrq = {.kind = H46017_RAS_RRQ, .request_seq_num = next_seq(w)};

  if (side->conn != NULL) {
    return;
  }
  make_tunnel(side);
  if (h46017_connection_new(&side->conn, w->gk, NULL, side, w->now) != 0) {
    return;
  }
  names[1].text.len = strlen(names[1].text.text);
  rrq.u.rrq.terminal_alias.list = names;
  rrq.u.rrq.terminal_alias.count = 2;
  rrq.u.rrq.terminal_alias.present = true;
  FUZZ_ASSERT(h46017_ras_build(w->msg, &rrq) == 0);
  send_ras(side);
}

static void disconnect_side(fuzz_side *side, uint8_t how) {
  h46017_connection *c = side->conn;

  if (c == NULL) {
    return;
  }
  if ((how & 1) != 0) {
    (void)h46017_connection_transport_down(c, 0, side->w->now);
  }
  side->conn = NULL;
  side->id[0] = '\0';
  h46017_connection_del(c);
  FUZZ_ASSERT(h46017_calls_down(side->calls, H46017_ERR_CLOSED, side->w->now) ==
              0);
}

/* -- steps ----------------------------------------------------------------- */

typedef struct pick {
  unsigned n;
  h46017_call *call;
} pick;

static int pick_call(h46017_call *call, void *arg) {
  pick *p = arg;

  p->call = call;
  return p->n-- == 0;
}

/* One of a side's calls; NULL: it has none. */
static h46017_call *call_of(const fuzz_side *side, uint8_t which) {
  pick p = {which & 3, NULL};

  (void)h46017_calls_each(side->calls, pick_call, &p);
  return p.call;
}

static void step_call(fuzz_side *side) {
  static const char *const called[] = {"a", "b", "4711", "nobody"};
  fuzz_world *w = side->w;
  uint8_t how = script_octet(&w->s);
  h46017_alias to = {(how & 3) == 2 ? H46017_ALIAS_DIALLED_DIGITS
                                    : H46017_ALIAS_H323_ID,
                     0,
                     {called[how & 3], strlen(called[how & 3])}};
  h46017_octets h245 = {(const uint8_t *)"\x02\x70\x01", 3};
  uint8_t guid[H46017_CALL_GUID] = {0};
  h46017_call_content content;
  h46017_call *call;

  if (h46017_call_new(side->calls, NULL, &call, w->now) != 0) {
    return;
  }
  guid[0] = how >> 6;
  if ((how & 0x20) != 0) {
    (void)h46017_call_identify(call, guid, NULL); /* one of few, or none */
  }
  h46017_call_content_default(&content);
  if ((how & 4) != 0) {
    content.called_number = to.text;
  }
  if ((how & 8) == 0) {
    content.destination = (h46017_aliases){&to, 1, true};
  }
  content.h245.list = &h245;
  content.h245.count = (how & 16) != 0;
  (void)h46017_call_write(call, H46017_Q931_SETUP, &content, w->now);
  pump(side);
}

static void step_say(fuzz_side *side) {
  static const uint8_t types[] = {H46017_Q931_CALL_PROCEEDING,
                                  H46017_Q931_ALERTING,
                                  H46017_Q931_CONNECT,
                                  H46017_Q931_FACILITY,
                                  H46017_Q931_RELEASE_COMPLETE,
                                  H46017_Q931_PROGRESS,
                                  H46017_Q931_SETUP_ACKNOWLEDGE,
                                  H46017_Q931_INFORMATION,
                                  H46017_Q931_STATUS_INQUIRY,
                                  H46017_Q931_STATUS,
                                  H46017_Q931_NOTIFY,
                                  H46017_Q931_USER_INFORMATION,
                                  H46017_Q931_CONNECT,
                                  H46017_Q931_ALERTING,
                                  H46017_Q931_RELEASE_COMPLETE,
                                  H46017_Q931_FACILITY};
  fuzz_world *w = side->w;
  uint8_t what = script_octet(&w->s);
  h46017_call *call = call_of(side, what >> 4);
  h46017_octets h245;
  h46017_call_content content;

  if (call == NULL) {
    return;
  }
  h46017_call_content_default(&content);
  if ((what & 0x80) != 0) {
    h245.data = script_octets(&w->s, &h245.len);
    content.h245.list = &h245;
    content.h245.count = h245.len > 0;
  }
  (void)h46017_call_write(call, types[what & 15], &content, w->now);
  pump(side);
}

/* A message that no table would send. */
static void step_raw(fuzz_side *side) {
  fuzz_world *w = side->w;
  size_t len;
  const uint8_t *octets = script_octets(&w->s, &len);

  if (len > 0) {
    (void)h46017_tunnel_write_signalling(side->tunnel, octets, len);
    pump(side);
  }
}

/* ARQ, BRQ, DRQ of a call that there is, or of none. */
static void step_ras(fuzz_side *side) {
  static const char *const roots[] = {"admissionRequest", "bandwidthRequest",
                                      "disengageRequest"};
  fuzz_world *w = side->w;
  uint8_t how = script_octet(&w->s);
  const h46017_call *call = call_of(side, how >> 2);
  uint8_t guid[H46017_CALL_GUID] = {0};
  char path[96];
  int kind = how % 3;
  int rv = h46017_h225_create(w->msg, h46017_h225_ras_message());

#define PATH(component)                                                        \
  ((void)snprintf(path, sizeof(path), "%s." component, roots[kind]), path)
  guid[0] = how >> 6;
  if (call != NULL && (how & 0x20) != 0) {
    memcpy(guid, h46017_call_identifier(call), sizeof(guid));
  }
  rv |= h46017_h225_set_uint(w->msg, PATH("requestSeqNum"), next_seq(w));
  rv |= h46017_h225_set_text(w->msg, PATH("endpointIdentifier"),
                             side->id[0] != '\0' ? side->id : "x",
                             side->id[0] != '\0' ? strlen(side->id) : 1);
  rv |=
      h46017_h225_set_octets(w->msg, PATH("conferenceID"), guid, sizeof(guid));
  rv |= h46017_h225_set_uint(w->msg, PATH("callReferenceValue"), 1);
  rv |= h46017_h225_set_octets(w->msg, PATH("callIdentifier.guid"), guid,
                               sizeof(guid));
  if (kind == 2) {
    rv |= h46017_h225_set_present(w->msg, PATH("disengageReason.normalDrop"));
  } else {
    rv |= h46017_h225_set_uint(w->msg, PATH("bandWidth"), how);
  }
  rv |= h46017_h225_set_bool(
      w->msg, kind == 0 ? PATH("answerCall") : PATH("answeredCall"),
      (how & 0x10) != 0);
  if (kind == 0) {
    rv |= h46017_h225_set_present(w->msg, PATH("callType.pointToPoint"));
    rv |= h46017_h225_set_present(w->msg, PATH("srcInfo"));
    rv |= h46017_h225_set_text(w->msg, PATH("destinationInfo[0].h323-ID"),
                               (how & 4) != 0 ? "a" : "b", 1);
    rv |= h46017_h225_set_bool(w->msg, PATH("activeMC"), false);
    rv |= h46017_h225_set_bool(w->msg, PATH("canMapAlias"), true);
    rv |= h46017_h225_set_bool(w->msg, PATH("willSupplyUUIEs"), false);
  }
#undef PATH
  FUZZ_ASSERT(rv == 0);
  send_ras(side);
}

/* What waits at the gatekeeper reaches its peer. */
static void step_carry(fuzz_world *w) {
  h46017_connection *c;

  while (h46017_gatekeeper_next_ready(w->gk, &c)) {
    fuzz_side *side = h46017_connection_user_data(c);
    const uint8_t *p;
    size_t len = h46017_connection_peek_tx(c, &p);
    if (len > 0) {
      FUZZ_ASSERT(h46017_tunnel_recv(side->tunnel, p, len, w->now) == 0);
      FUZZ_ASSERT(h46017_connection_ack_tx(c, len, w->now) == 0);
    }
  }
  for (int i = 0; i < SIDES; i++) {
    pump(&w->sides[i]); /* what they answered by themselves */
  }
}

static void step_time(fuzz_world *w) {
  uint8_t t = script_octet(&w->s);

  w->now += (uint64_t)t * t * 5;
  FUZZ_ASSERT(h46017_gatekeeper_handle_expiry(w->gk, w->now) == 0);
  FUZZ_ASSERT(h46017_gatekeeper_next_expiry(w->gk) > w->now);
  for (int i = 0; i < SIDES; i++) {
    FUZZ_ASSERT(h46017_calls_handle_expiry(w->sides[i].calls, w->now) == 0);
    pump(&w->sides[i]);
  }
}

static void step_settings(fuzz_world *w) {
  h46017_gatekeeper_settings s;
  uint8_t how = script_octet(&w->s);

  h46017_gatekeeper_settings_default(&s);
  s.max_calls = (how & 3) != 0 ? how & 3 : 2000;
  s.max_bandwidth = (how & 4) != 0 ? 50 : 0;
  s.total_bandwidth = (how & 8) != 0 ? 120 : 0;
  s.pre_granted = (how & 16) != 0;
  s.irr_frequency = (how & 32) != 0 ? 5 : 0;
  s.max_pending = (how & 64) != 0 ? 1 : 64;
  (void)h46017_gatekeeper_set_settings(w->gk, &s, w->now);
}

static void step(fuzz_world *w) {
  uint8_t op = script_octet(&w->s);
  fuzz_side *side = &w->sides[op >> 4 & 1];
  h46017_route_answer answer = {.to = NULL};

  switch (op & 15) {
  case 0:
  case 1:
    step_call(side);
    break;
  case 2:
  case 3:
  case 4:
    step_say(side);
    break;
  case 5:
  case 6:
    step_carry(w);
    break;
  case 7:
    step_raw(side);
    break;
  case 8:
    step_ras(side);
    break;
  case 9:
    step_time(w);
    break;
  case 10:
    w->fail_callback = script_octet(&w->s) & 15;
    break;
  case 11:
    w->mem.fail_in = script_octet(&w->s) & 31;
    break;
  case 12:
    fill_answer(script_octet(&w->s), &answer);
    (void)h46017_gatekeeper_answer_call(w->gk, w->question, &answer, w->now);
    break;
  case 13:
    if ((op & 0x20) != 0) {
      (void)h46017_gatekeeper_drop_call(w->gk, w->call, w->now);
    } else {
      (void)h46017_gatekeeper_limit_call(w->gk, w->call, op, w->now);
    }
    break;
  case 14:
    if (side->conn != NULL) {
      disconnect_side(side, op >> 5);
    } else {
      connect_side(side);
    }
    break;
  default:
    step_settings(w);
    w->restless = (op & 0x80) != 0;
    break;
  }
}

static int count_call(const h46017_route *call, void *arg) {
  FUZZ_ASSERT(call->state != H46017_ROUTE_RELEASED);
  ++*(size_t *)arg;
  return 0;
}

static void check(fuzz_world *w) {
  size_t count = 0;

  FUZZ_ASSERT(h46017_gatekeeper_check_invariants(w->gk) == NULL);
  FUZZ_ASSERT(h46017_gatekeeper_each_call(w->gk, count_call, &count) == 0);
  FUZZ_ASSERT(count == h46017_gatekeeper_call_count(w->gk));
  for (int i = 0; i < SIDES; i++) {
    h46017_connection *c = w->sides[i].conn;
    FUZZ_ASSERT(h46017_calls_error(w->sides[i].calls) == 0);
    FUZZ_ASSERT(c == NULL || h46017_connection_error(c) == 0 ||
                !h46017_connection_want_read(c));
  }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  fuzz_world w;
  h46017_gatekeeper_callbacks cb;

  memset(&w, 0, sizeof(w));
  script_init(&w.s, data, size);
  scripted_mem_init(&w.mem);
  w.now = 1;
  h46017_gatekeeper_callbacks_default(&cb);
  cb.select_device = on_select;
  cb.rand = on_rand;
  cb.registered = on_registered;
  cb.route_call = on_route;
  cb.question_dropped = on_dropped;
  cb.call_changed = on_changed;
  FUZZ_ASSERT(h46017_gatekeeper_new(&w.gk, NULL, &cb, &w.mem.mem, &w, w.now) ==
              0);
  FUZZ_ASSERT(h46017_h225_new(&w.msg, NULL, NULL) == 0);
  for (int i = 0; i < SIDES; i++) {
    make_side(&w, i);
    connect_side(&w.sides[i]);
  }
  while (!script_is_over(&w.s)) {
    step(&w);
    check(&w);
  }
  w.restless = false;
  h46017_gatekeeper_del(w.gk);
  for (int i = 0; i < SIDES; i++) {
    h46017_calls_del(w.sides[i].calls);
    h46017_tunnel_del(w.sides[i].tunnel);
  }
  h46017_h225_del(w.msg);
  FUZZ_ASSERT(w.mem.blocks == 0);
  return 0;
}
