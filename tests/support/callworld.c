/* SPDX-License-Identifier: BSD-2-Clause */
#include "callworld.h"

#include "session/invariants.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

world w;
party parties[WORLD_LINES];
world_line *line[3];
h46017_route_state last_state;
uint64_t last_id;
int last_code;
uint8_t last_cause;
unsigned routes_told, routes_over;
unsigned routes_asked, routes_dropped;
uint64_t route_question, route_dropped;
h46017_answered route_when;
int route_says;
const h46017_alias *route_to;
void (*route_hook)(void);
int limited_says;
bool (*admitted_hook)(h46017_call *call);
bool answers;
bool silent;
const char *setup_number;
bool no_random;
void (*tune_further)(h46017_endpoint_callbacks *cb,
                     h46017_calls_callbacks *calls);
static int (*gk_random)(uint8_t *dest, size_t len, void *user_data);

static party *party_of(void *user_data) {
  const world_line *line = user_data;
  return &parties[line->number];
}

static int ep_setup(h46017_calls *calls, h46017_call *call,
                    const h46017_call_message *msg, void *user_data) {
  party *p = party_of(user_data);
  h46017_call_content content;
  (void)calls;
  p->call = call;
  p->setups++;
  octets_free(&p->setup);
  p->setup = (octets){NULL, 0};
  octets_append(&p->setup, msg->q931->data, msg->q931->len);
  h46017_call_content_default(&content);
  ck_assert_int_eq(h46017_call_read(msg, &content), 0);
  if (content.destination.count > 0) {
    (void)snprintf(p->to, sizeof(p->to), "%s",
                   content.destination.list[0].text.text);
  }
  ck_assert_ptr_null(content.endpoint_identifier.text);
  return 0;
}

static int ep_message(h46017_calls *calls, h46017_call *call,
                      const h46017_call_message *msg, void *user_data) {
  party *p = party_of(user_data);
  (void)calls;
  (void)call;
  p->messages++;
  octets_free(&p->latest);
  p->latest = (octets){NULL, 0};
  octets_append(&p->latest, msg->q931->data, msg->q931->len);
  return 0;
}

static int ep_h245(h46017_calls *calls, h46017_call *call, const uint8_t *per,
                   size_t len, void *user_data) {
  (void)calls;
  (void)call;
  octets_append(&party_of(user_data)->h245, per, len);
  return 0;
}

static int ep_released(h46017_calls *calls, h46017_call *call,
                       const h46017_call_ended *why, void *user_data) {
  party *p = party_of(user_data);
  (void)calls;
  p->released++;
  p->cause = why->cause;
  p->code = why->code;
  p->reason = why->reason;
  if (p->call == call) {
    p->call = NULL;
  }
  return 0;
}

static int ep_admitted(h46017_endpoint *ep, h46017_call *call,
                       uint32_t bandwidth, const h46017_aliases *destination,
                       void *user_data) {
  const world_line *line = user_data;
  party *p = party_of(user_data);
  h46017_alias to = {H46017_ALIAS_H323_ID, 0, {p->to, strlen(p->to)}};
  h46017_call_content content;
  (void)ep;
  p->bandwidth = bandwidth;
  p->admitted++;
  if (silent || (admitted_hook != NULL && admitted_hook(call))) {
    return 0;
  }
  if (h46017_call_is_ours(call)) {
    h46017_call_content_default(&content);
    content.destination =
        destination->present ? *destination : (h46017_aliases){&to, 1, true};
    if (setup_number != NULL) {
      content.called_number = (h46017_text){setup_number, strlen(setup_number)};
    }
    ck_assert_int_eq(
        h46017_call_write(call, H46017_Q931_SETUP, &content, line->w->now), 0);
  } else if (answers) {
    ck_assert_int_eq(
        h46017_call_write(call, H46017_Q931_CONNECT, NULL, line->w->now), 0);
  }
  return 0;
}

static int ep_widened(h46017_endpoint *ep, h46017_call *call,
                      uint32_t bandwidth, int code, void *user_data) {
  party *p = party_of(user_data);
  (void)ep;
  (void)call;
  p->widened++;
  p->widened_to = bandwidth;
  p->widened_code = code;
  return 0;
}

static int ep_limited(h46017_endpoint *ep, h46017_call *call,
                      uint32_t bandwidth, void *user_data) {
  (void)ep;
  (void)call;
  (void)bandwidth;
  party_of(user_data)->limited++;
  return limited_says;
}

static void tune_endpoint(h46017_endpoint_callbacks *cb) {
  static h46017_calls_callbacks calls;
  h46017_calls_callbacks_default(&calls);
  calls.setup_received = ep_setup;
  calls.message_received = ep_message;
  calls.h245_received = ep_h245;
  calls.released = ep_released;
  cb->calls = &calls;
  cb->call_admitted = ep_admitted;
  cb->bandwidth_answered = ep_widened;
  cb->bandwidth_wanted = ep_limited;
  if (tune_further != NULL) {
    tune_further(cb, &calls);
  }
}

static int gk_rand(uint8_t *dest, size_t len, void *user_data) {
  return no_random ? -1 : gk_random(dest, len, user_data);
}

static h46017_answered gk_route(h46017_gatekeeper *gk, uint64_t question,
                                const h46017_route_question *asked,
                                h46017_route_answer *answer, void *user_data) {
  (void)gk;
  (void)user_data;
  ck_assert_ptr_nonnull(asked->caller);
  answer->to = route_to;
  answer->refuse = route_says;
  route_question = question;
  routes_asked++;
  if (route_hook != NULL) {
    route_hook();
  }
  return route_when;
}

static void gk_dropped(h46017_gatekeeper *gk, uint64_t question,
                       void *user_data) {
  (void)gk;
  (void)user_data;
  route_dropped = question;
  routes_dropped++;
}

static int gk_changed(h46017_gatekeeper *gk, const h46017_route *call,
                      void *user_data) {
  (void)gk;
  (void)user_data;
  last_state = call->state;
  last_id = call->id;
  routes_told++;
  if (call->state == H46017_ROUTE_RELEASED) {
    routes_over++;
    last_code = call->code;
    last_cause = call->cause;
  }
  return 0;
}

static void tune_gatekeeper(h46017_gatekeeper_callbacks *cb) {
  gk_random = cb->rand;
  cb->rand = gk_rand;
  cb->signalling_received = NULL;
  cb->route_call = gk_route;
  cb->question_dropped = gk_dropped;
  cb->call_changed = gk_changed;
}

void look(world *of) {
  const char *broken = h46017_gatekeeper_check_invariants(of->gk);

  for (int i = 0; i < of->line_count && broken == NULL; i++) {
    if (of->lines[i].ep != NULL) {
      broken = h46017_endpoint_check_invariants(of->lines[i].ep);
    }
  }
  ck_assert_msg(broken == NULL, "%s", broken);
}

static void begin_with(const h46017_gatekeeper_settings *settings,
                       const h46017_mem *mem) {
  memset(parties, 0, sizeof(parties));
  routes_told = routes_over = routes_asked = routes_dropped = 0;
  route_question = route_dropped = 0;
  route_when = H46017_ANSWERED;
  route_says = 0;
  route_to = NULL;
  route_hook = NULL;
  limited_says = 0;
  admitted_hook = NULL;
  answers = false;
  silent = false;
  setup_number = NULL;
  no_random = false;
  world_tune_endpoint = tune_endpoint;
  world_tune_gatekeeper = tune_gatekeeper;
  ck_assert_int_eq(world_init(&w, settings, mem), 0);
  w.mem = NULL;
  w.moved = look;
  ck_assert_int_eq(world_add(&w, &line[0], "a", NULL), 0);
  ck_assert_int_eq(world_add(&w, &line[1], "b", NULL), 0);
  ck_assert_int_eq(world_add(&w, &line[2], "c", NULL), 0);
  ck_assert_int_eq(world_run(&w, w.now + 100), 0);
}

void begin(const h46017_gatekeeper_settings *settings) {
  begin_with(settings, NULL);
}

void begin_in(const h46017_mem *mem) {
  begin_with(NULL, mem);
}

void run(void) {
  ck_assert_int_eq(world_run(&w, w.now + 100), 0);
}

h46017_call *call(int from, const char *to) {
  h46017_alias alias = {H46017_ALIAS_H323_ID, 0, {to, strlen(to)}};
  const h46017_aliases list = {&alias, 1, true};
  h46017_call *made = NULL;
  (void)snprintf(parties[from].to, sizeof(parties[from].to), "%s", to);
  ck_assert_int_eq(h46017_endpoint_call(line[from]->ep, line[from]->reg, &list,
                                        640, NULL, &made, w.now),
                   0);
  parties[from].call = made;
  run();
  return made;
}

void end(void) {
  look(&w);
  ck_assert_uint_eq(h46017_gatekeeper_call_count(w.gk), 0);
  for (int i = 0; i < WORLD_LINES; i++) {
    octets_free(&parties[i].setup);
    octets_free(&parties[i].latest);
    octets_free(&parties[i].h245);
  }
  world_free(&w);
  world_tune_endpoint = NULL;
  world_tune_gatekeeper = NULL;
}

void ring(void) {
  (void)call(0, "b");
  ck_assert_int_eq(
      h46017_call_write(parties[1].call, H46017_Q931_ALERTING, NULL, w.now), 0);
  run();
}

void write_and_run(int who, uint8_t type) {
  ck_assert_int_eq(h46017_call_write(parties[who].call, type, NULL, w.now), 0);
  run();
}

octets captured(const char *stream, unsigned n) {
  char name[64];
  octets all, msg = {NULL, 0};
  (void)snprintf(name, sizeof(name),
                 "vectors/gnugk/gnugk-simpleh323-tcp-call.%s.bin", stream);
  all = octets_file(name);
  for (size_t at = 0; at + 9 < all.len && msg.len == 0;) {
    const uint8_t *tpkt = all.data + at;
    size_t len = (size_t)tpkt[2] << 8 | tpkt[3];
    if ((tpkt[6] != 0 || tpkt[7] != 0) && n-- == 0) {
      octets_append(&msg, tpkt + 4, len - 4);
    }
    at += len;
  }
  octets_free(&all);
  return msg;
}

octets captured_setup(void) {
  octets setup = captured("s0.ep2gk", 0);
  ck_assert_uint_gt(setup.len, 4);
  ck_assert_uint_eq(setup.data[4], H46017_Q931_SETUP);
  return setup;
}

void identify(octets *setup, uint8_t octet) {
  uint8_t guid[H46017_CALL_GUID];
  h46017_q931 msg;
  h46017_h225 *m;
  const uint8_t *per, *found;
  size_t len, written = 0;
  ck_assert_int_eq(h46017_q931_parse(&msg, setup->data, setup->len, 0), 0);
  ck_assert_int_eq(h46017_q931_user_user(&msg, &per, &len), 0);
  ck_assert_int_eq(h46017_h225_new(&m, NULL, NULL), 0);
  ck_assert_int_eq(
      h46017_h225_decode(m, h46017_h225_user_information(), per, len), 0);
  ck_assert_int_eq(
      h46017_h225_read_octets(
          h46017_h225_get(
              h46017_h225_root(m),
              "h323-uu-pdu.h323-message-body.setup.callIdentifier.guid"),
          &found, &len),
      0);
  ck_assert_uint_eq(len, sizeof(guid));
  memcpy(guid, found, sizeof(guid));
  h46017_h225_del(m);
  for (size_t i = 0; i + sizeof(guid) <= setup->len; i++) {
    if (memcmp(setup->data + i, guid, sizeof(guid)) == 0) {
      memset(setup->data + i, octet, sizeof(guid));
      written++;
    }
  }
  ck_assert_uint_gt(written, 0);
}

int comes(world_line *from, octets *msg, uint16_t reference, bool flag) {
  const uint8_t tpkt[4] = {3, 0, (uint8_t)((msg->len + 4) >> 8),
                           (uint8_t)(msg->len + 4)};
  msg->data[2] = (uint8_t)((flag ? 0x80 : 0) | reference >> 8);
  msg->data[3] = (uint8_t)reference;
  ck_assert_int_eq(h46017_connection_recv(from->conn, tpkt, 4, w.now), 0);
  return h46017_connection_recv(from->conn, msg->data, msg->len, w.now);
}

void came_as(world_line *from, octets *msg, uint16_t reference, bool flag) {
  ck_assert_int_eq(comes(from, msg, reference, flag), 0);
}

void came(world_line *from, octets *setup, uint8_t reference) {
  came_as(from, setup, reference, false);
}

octets taken(world_line *from, unsigned *pcount) {
  octets msg = {NULL, 0};
  const uint8_t *tx;
  size_t len;
  unsigned count = 0;
  while ((len = h46017_connection_peek_tx(from->conn, &tx)) > 0) {
    size_t one = (size_t)tx[2] << 8 | tx[3];
    ck_assert_uint_ge(len, one);
    if (tx[6] != 0 || tx[7] != 0) {
      octets_free(&msg);
      msg = (octets){NULL, 0};
      octets_append(&msg, tx + 4, one - 4);
      count++;
    }
    ck_assert_int_eq(h46017_connection_ack_tx(from->conn, one, w.now), 0);
  }
  if (pcount != NULL) {
    *pcount = count;
  }
  return msg;
}
