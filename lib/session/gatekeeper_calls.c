/* SPDX-License-Identifier: BSD-2-Clause */
#include "session/gatekeeper.h"

#include "base/intmath.h"
#include "base/mem.h"

#include <string.h>

/* The calls through a gatekeeper: a table a connection, made with its first
 * call; a gk_call with a leg on each side. */

bool gk_routes(const h46017_gatekeeper *gk) {
  return gk->callbacks.signalling_received == NULL;
}

const char *h46017_route_state_name(h46017_route_state state) {
  static const char *const names[] = {
      [H46017_ROUTE_ADMITTED] = "admitted",
      [H46017_ROUTE_SETUP] = "setup",
      [H46017_ROUTE_PROCEEDING] = "proceeding",
      [H46017_ROUTE_ALERTING] = "alerting",
      [H46017_ROUTE_CONNECT] = "connect",
      [H46017_ROUTE_RELEASED] = "released",
  };

  return (size_t)state < sizeof(names) / sizeof(names[0]) ? names[state]
                                                          : "unknown";
}

/* -- a connection's table -------------------------------------------------- */

static int calls_write(h46017_calls *calls, const uint8_t *q931, size_t len,
                       void *user_data) {
  h46017_connection *c = user_data;
  int rv;

  (void)calls;
  if (c->state != GK_CONN_UP) {
    return H46017_ERR_CLOSED;
  }
  rv = h46017_tunnel_write_signalling(&c->tunnel, q931, len);
  if (rv == 0) {
    gk_connection_ready(c);
  }
  return rv;
}

static int calls_rand(uint8_t *dest, size_t len, void *user_data) {
  h46017_connection *c = user_data;

  return c->gk->callbacks.rand(dest, len, c->gk->user_data);
}

/* A failure here is a connection's: it has been dealt with where it was. */
static int calls_setup_received(h46017_calls *calls, h46017_call *call,
                                const h46017_call_message *msg,
                                void *user_data) {
  h46017_connection *c = user_data;
  int rv = c->state == GK_CONN_UP ? gk_route_setup(c, call, msg) : 0;

  (void)calls;
  if (rv != 0) {
    gk_connection_fail(c, rv);
  }
  return 0;
}

static int calls_message_received(h46017_calls *calls, h46017_call *call,
                                  const h46017_call_message *msg,
                                  void *user_data) {
  h46017_connection *c = user_data;
  gk_leg *leg = h46017_call_user_data(call);
  int rv;

  (void)calls;
  if (leg == NULL || c->state != GK_CONN_UP) {
    return 0;
  }
  rv = gk_route_message(leg, msg);
  if (rv != 0) {
    gk_connection_fail(c, rv);
  }
  gk_connection_rearm(c);
  return 0;
}

static int calls_state_changed(h46017_calls *calls, h46017_call *call,
                               h46017_call_state from, h46017_call_state to,
                               void *user_data) {
  (void)calls;
  (void)call;
  (void)from;
  (void)to;
  gk_connection_rearm(user_data);
  return 0;
}

static int calls_released(h46017_calls *calls, h46017_call *call,
                          const h46017_call_ended *why, void *user_data) {
  gk_leg *leg = h46017_call_user_data(call);
  h46017_connection *c = user_data;

  (void)calls;
  if (leg != NULL) {
    leg->call = NULL;
    gk_call_end(leg->of, leg, why->cause, why->code, why->message);
  }
  gk_connection_rearm(c);
  return 0;
}

/* A Call Proceeding of the gatekeeper's own does not speak for the callee:
 * whether that one tunnels H.245 is still to come. H.225.0 7.3.2 */
static int calls_building(h46017_calls *calls, h46017_call *call, uint8_t type,
                          h46017_h225 *msg, void *user_data) {
  (void)calls;
  (void)call;
  (void)user_data;
  return type == H46017_Q931_CALL_PROCEEDING
             ? h46017_h225_set_present(
                   msg, "h323-uu-pdu.provisionalRespToH245Tunnelling")
             : 0;
}

h46017_calls *gk_calls_of(h46017_connection *c) {
  h46017_gatekeeper *gk = c->gk;
  h46017_calls_settings s;
  h46017_calls_callbacks cb;
  int rv;

  if (c->calls != NULL) {
    return c->calls;
  }
  h46017_calls_settings_default(&s);
  s.max_calls = gk->settings.max_calls;
  s.log_level = gk->settings.log_level;
  s.terminal_type = H46017_TERMINAL_GATEKEEPER;
  h46017_calls_callbacks_default(&cb);
  cb.write = calls_write;
  cb.rand = calls_rand;
  cb.setup_received = calls_setup_received;
  cb.message_received = calls_message_received;
  cb.state_changed = calls_state_changed;
  cb.released = calls_released;
  cb.building = calls_building;
  rv = h46017_calls_make(&c->calls, &s, &cb, &gk->mem, &gk->call_work, c,
                         gk->now);
  if (rv != 0) {
    gk_connection_fail(c, rv);
  }
  return c->calls;
}

void gk_call_signalling(h46017_connection *c, const h46017_q931 *msg) {
  h46017_calls *calls = gk_calls_of(c);
  int rv;

  if (calls == NULL) {
    return;
  }
  rv = h46017_calls_receive(calls, msg, c->gk->now);
  if (rv != 0) {
    gk_connection_fail(c, rv == H46017_ERR_QUEUE_FULL ? H46017_ERR_FLOOD : rv);
  }
}

void gk_calls_timer(h46017_connection *c) {
  int rv = c->calls != NULL && c->state == GK_CONN_UP
               ? h46017_calls_handle_expiry(c->calls, c->gk->now)
               : 0;

  if (rv != 0) {
    gk_connection_fail(c, rv == H46017_ERR_QUEUE_FULL ? H46017_ERR_FLOOD : rv);
  }
}

/* -- legs ------------------------------------------------------------------ */

/* False: the callIdentifier names no call. */
static bool leg_key(uint8_t key[GK_LEG_KEY], const h46017_connection *c,
                    const uint8_t *guid, bool answer) {
  static const uint8_t none[H46017_CALL_GUID] = {0};

  memcpy(key, guid, H46017_CALL_GUID);
  key[H46017_CALL_GUID] = answer;
  memcpy(key + H46017_CALL_GUID + 1, &c, sizeof(void *));
  return memcmp(guid, none, sizeof(none)) != 0;
}

int gk_leg_join(gk_leg *leg, h46017_connection *c, gk_registration *r) {
  bool answer = leg == &leg->of->legs[GK_CALLEE];
  int rv = leg_key(leg->key, c, leg->of->guid, answer)
               ? h46017_map_add(&c->gk->legs, &leg->by_key, leg->key,
                                sizeof(leg->key), leg)
               : 0;

  if (rv != 0) {
    return rv;
  }
  leg->connection = c;
  leg->registration = r;
  leg->next = c->legs;
  leg->link = &c->legs;
  if (leg->next != NULL) {
    leg->next->link = &leg->next;
  }
  c->legs = leg;
  c->leg_count++;
  return 0;
}

static void leg_leave(gk_leg *leg) {
  if (leg->connection == NULL) {
    return;
  }
  *leg->link = leg->next;
  if (leg->next != NULL) {
    leg->next->link = leg->link;
  }
  if (leg->by_key.object != NULL) {
    h46017_map_remove(&leg->of->gk->legs, &leg->by_key);
  }
  leg->connection->leg_count--;
  leg->connection = NULL;
}

gk_leg *gk_leg_find(h46017_connection *c, const uint8_t *guid, bool answer) {
  uint8_t key[GK_LEG_KEY];

  return leg_key(key, c, guid, answer)
             ? h46017_map_find(&c->gk->legs, key, sizeof(key))
             : NULL;
}

/* -- calls ----------------------------------------------------------------- */

gk_call *gk_call_make(h46017_connection *c, gk_registration *r,
                      const uint8_t guid[H46017_CALL_GUID]) {
  h46017_gatekeeper *gk = c->gk;
  gk_call *call = h46017_mem_zalloc(&gk->mem, 1, sizeof(*call));
  size_t len;

  if (call == NULL) {
    return NULL;
  }
  call->gk = gk;
  call->legs[GK_CALLER].of = call->legs[GK_CALLEE].of = call;
  memcpy(call->guid, guid, H46017_CALL_GUID);
  call->pub.id = ++gk->last_call;
  if (h46017_heap_join(&gk->timers, &call->timer, GK_TIMER_CALL) != 0) {
    goto no_timer;
  }
  if (h46017_map_add(&gk->call_ids, &call->by_id,
                     (const uint8_t *)&call->pub.id, sizeof(call->pub.id),
                     call) != 0) {
    goto no_id;
  }
  if (gk_leg_join(&call->legs[GK_CALLER], c, r) != 0) {
    goto no_leg;
  }
  len = H46017_MIN(r->names.aliases[0].text.len, sizeof(call->from) - 1);
  memcpy(call->from, r->names.aliases[0].text.text, len);
  call->pub.state = H46017_ROUTE_ADMITTED;
  call->pub.caller = c;
  call->pub.from = call->from;
  call->pub.to = call->to;
  call->pub.call_identifier = call->guid;
  call->pub.began = gk->now;
  call->next = gk->calls;
  if (call->next != NULL) {
    call->next->prev = call;
  }
  gk->calls = call;
  gk->call_count++;
  return call;

no_leg:
  h46017_map_remove(&gk->call_ids, &call->by_id);
no_id:
  h46017_heap_leave(&gk->timers, &call->timer);
no_timer:
  h46017_mem_release(&gk->mem, call);
  return NULL;
}

void gk_call_tell(gk_call *call) {
  h46017_gatekeeper *gk = call->gk;
  h46017_connection *c =
      call->pub.caller != NULL ? call->pub.caller : call->pub.callee;

  h46017_log_line(&gk->log, H46017_LOG_INFO,
                  "call %llu from \"%s\" to \"%s\": %s, cause %u",
                  (unsigned long long)call->pub.id, call->from, call->to,
                  h46017_route_state_name(call->pub.state),
                  (unsigned)call->pub.cause);
  if (gk->callbacks.call_changed != NULL) {
    int rv = gk->callbacks.call_changed(gk, &call->pub, gk->user_data);
    if (rv != 0 && c != NULL) {
      gk_connection_fail(c, H46017_ERR_CALLBACK_FAILURE);
    }
  }
}

void gk_call_take(gk_call *call, uint32_t bandwidth) {
  call->gk->bandwidth += bandwidth;
  call->gk->bandwidth -= call->pub.bandwidth;
  call->pub.bandwidth = bandwidth;
}

uint32_t gk_call_may_take(const gk_call *call) {
  const h46017_gatekeeper *gk = call->gk;
  uint64_t others = gk->bandwidth - call->pub.bandwidth;
  uint64_t all = gk->settings.total_bandwidth;

  if (all == 0) {
    return UINT32_MAX;
  }
  return others < all ? (uint32_t)(all - others) : 0;
}

void gk_call_step(gk_call *call, h46017_route_state state) {
  if (call->over || state <= call->pub.state) {
    return;
  }
  call->pub.state = state;
  if (state == H46017_ROUTE_CONNECT) {
    call->pub.connected = call->gk->now;
  }
  gk_call_tell(call);
}

/* Tells one side; a side that cannot be told anything ends, not the other. */
static void call_release_leg(gk_leg *leg, h46017_connection *c, uint8_t cause,
                             const h46017_call_message *msg) {
  h46017_call *call = leg->call;
  bool theirs = false; /* the words of the other side */
  size_t len = 0;
  int rv;

  if (call == NULL || c == NULL || c->state != GK_CONN_UP) {
    return;
  }
  if (msg != NULL && msg->type == H46017_Q931_RELEASE_COMPLETE) {
    theirs = gk_route_rewrite(leg, msg, &len) == 0;
  }
  leg->call = NULL;
  h46017_call_set_user_data(call, NULL);
  rv = theirs ? gk_route_send(c, len) : H46017_ERR_QUEUE_FULL;
  if (rv != 0) { /* not those: ours */
    rv = h46017_call_release(call, cause, c->gk->now);
  }
  if (rv != 0) {
    gk_connection_fail(c, rv == H46017_ERR_QUEUE_FULL ? H46017_ERR_FLOOD : rv);
  }
  gk_connection_rearm(c);
}

void gk_call_end(gk_call *call, const gk_leg *gone, uint8_t cause, int code,
                 const h46017_call_message *msg) {
  h46017_gatekeeper *gk = call->gk;
  h46017_connection *told[2];

  if (call->over) {
    return;
  }
  call->over = true;
  h46017_heap_leave(&gk->timers, &call->timer);
  if (call->prev != NULL) {
    call->prev->next = call->next;
  } else {
    gk->calls = call->next;
  }
  if (call->next != NULL) {
    call->next->prev = call->prev;
  }
  gk->call_count--;
  gk->bandwidth -= call->pub.bandwidth; /* the program still hears of it */
  h46017_map_remove(&gk->call_ids, &call->by_id);
  call->next = gk->ended_calls;
  gk->ended_calls = call;
  /* Both leave before anybody is told: the program may then close a connection
   * of the call, and would wait for ever for one that is over to leave it. */
  for (int i = 0; i < 2; i++) {
    gk_leg *leg = &call->legs[i];
    told[i] = leg->connection;
    leg_leave(leg);
    if (leg == gone && leg->call != NULL) {
      h46017_call_set_user_data(leg->call, NULL);
      leg->call = NULL;
    }
  }
  if (call->question != NULL) {
    gk_where_drop(call);
  }
  for (int i = 0; i < 2; i++) {
    if (&call->legs[i] != gone) {
      call_release_leg(&call->legs[i], told[i], cause, msg);
    }
  }
  call->pub.state = H46017_ROUTE_RELEASED;
  call->pub.cause = cause;
  call->pub.code = code;
  gk_call_tell(call);
}

void gk_call_timer(gk_call *call) {
  /* admitted, and never begun */
  gk_call_end(call, NULL, 102, H46017_ERR_CALL_TIMEOUT, NULL);
}

void gk_calls_drop(h46017_connection *c, const gk_registration *r, int code) {
  gk_leg *leg = c->legs;

  while (leg != NULL) {
    if (r != NULL && leg->registration != r) {
      leg = leg->next;
      continue;
    }
    /* The connection that goes is told nothing; one whose registration goes
     * hears of its calls. Q.931: destination out of order. */
    if (leg == &leg->of->legs[GK_CALLER]) {
      leg->of->pub.caller = r == NULL ? NULL : c;
    } else {
      leg->of->pub.callee = r == NULL ? NULL : c;
    }
    gk_call_end(leg->of, r == NULL ? leg : NULL, 27, code, NULL);
    leg = c->legs;
  }
}

void gk_release_ended_calls(h46017_gatekeeper *gk) {
  while (gk->ended_calls != NULL) {
    gk_call *call = gk->ended_calls;
    gk->ended_calls = call->next;
    h46017_mem_release(&gk->mem, call->routed);
    h46017_mem_release(&gk->mem, call);
  }
}

void gk_calls_free(h46017_gatekeeper *gk) {
  gk_release_ended_calls(gk);
  h46017_call_workspace_free(&gk->call_work);
  h46017_mem_release(&gk->mem, gk->relay);
  h46017_map_free(&gk->call_ids);
  h46017_map_free(&gk->legs);
}

/* -- for the program ------------------------------------------------------- */

size_t h46017_gatekeeper_call_count(const h46017_gatekeeper *gk) {
  return gk->call_count;
}

int h46017_gatekeeper_each_call(const h46017_gatekeeper *gk,
                                int (*fn)(const h46017_route *call, void *arg),
                                void *arg) {
  for (const gk_call *call = gk->calls; call != NULL; call = call->next) {
    int rv = fn(&call->pub, arg);
    if (rv != 0) {
      return rv;
    }
  }
  return 0;
}

int h46017_gatekeeper_drop_call(h46017_gatekeeper *gk, uint64_t id,
                                h46017_time now) {
  gk_call *call;
  int rv = gk_enter_nested(gk, now);

  if (rv != 0) {
    return rv;
  }
  call = h46017_map_find(&gk->call_ids, (const uint8_t *)&id, sizeof(id));
  if (call == NULL) {
    return gk_leave(gk, H46017_ERR_NOT_FOUND);
  }
  for (int i = 0; i < 2 && !call->over; i++) {
    if (call->legs[i].admitted) {
      gk_send_forced_drop(&call->legs[i]);
    }
  }
  gk_call_end(call, NULL, 16, H46017_ERR_CALL_ENDED, NULL);
  return gk_leave(gk, 0);
}

int h46017_gatekeeper_limit_call(h46017_gatekeeper *gk, uint64_t id,
                                 uint32_t bandwidth, h46017_time now) {
  gk_call *call;
  int rv = gk_enter_nested(gk, now);

  if (rv != 0) {
    return rv;
  }
  call = h46017_map_find(&gk->call_ids, (const uint8_t *)&id, sizeof(id));
  if (call == NULL || call->legs[GK_CALLEE].call == NULL) {
    return gk_leave(gk, H46017_ERR_NOT_FOUND);
  }
  for (int i = 0; i < 2 && !call->over; i++) {
    gk_send_brq(&call->legs[i], bandwidth);
  }
  return gk_leave(gk, 0);
}
