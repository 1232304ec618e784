/* SPDX-License-Identifier: BSD-2-Clause */
#include "callpair.h"

#include <h46017/lenient.h>

#include <check.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

__attribute__((format(printf, 2, 3))) static void tell(callside *s,
                                                       const char *fmt, ...) {
  char line[256];
  va_list ap;
  int n;

  va_start(ap, fmt);
  n = vsnprintf(line, sizeof(line), fmt, ap);
  va_end(ap);
  ck_assert_int_gt(n, 0);
  if (s->story_cap - s->story_len < (size_t)n + 2) {
    s->story_cap = s->story_cap * 2 + 512;
    s->story = realloc(s->story, s->story_cap);
    ck_assert_ptr_nonnull(s->story);
  }
  memcpy(s->story + s->story_len, line, (size_t)n);
  s->story_len += (size_t)n;
  s->story[s->story_len++] = '\n';
  s->story[s->story_len] = '\0';
}

static void hook(callside *s, const char *callback, h46017_call *call) {
  if (s->hook != NULL) {
    s->hook(s, callback, call);
  }
}

static int on_write(h46017_calls *calls, const uint8_t *q931, size_t len,
                    void *user_data) {
  callside *s = user_data;
  uint8_t head[2] = {(uint8_t)(len >> 8), (uint8_t)len};

  (void)calls;
  if (s->write_fails != 0) {
    return s->write_fails;
  }
  octets_append(&s->wire, head, 2);
  octets_append(&s->wire, q931, len);
  s->sent++;
  s->last_sent = q931[4];
  return 0;
}

static int on_rand(uint8_t *dest, size_t len, void *user_data) {
  callside *s = user_data;

  for (size_t i = 0; i < len; i++) {
    s->pair->random = s->pair->random * 1103515245 + 12345;
    dest[i] = (uint8_t)(s->pair->random >> 16);
  }
  return 0;
}

static int on_setup(h46017_calls *calls, h46017_call *call,
                    const h46017_call_message *msg, void *user_data) {
  callside *s = user_data;

  (void)calls;
  (void)msg;
  s->latest = call;
  tell(s, "setup %u", (unsigned)h46017_call_reference(call));
  hook(s, "setup", call);
  return s->callback_fails;
}

static int on_message(h46017_calls *calls, h46017_call *call,
                      const h46017_call_message *msg, void *user_data) {
  callside *s = user_data;

  (void)calls;
  tell(s, "message %s %u", h46017_q931_type_name(msg->type),
       (unsigned)h46017_call_reference(call));
  hook(s, "message", call);
  return s->callback_fails;
}

static int on_h245(h46017_calls *calls, h46017_call *call, const uint8_t *per,
                   size_t len, void *user_data) {
  callside *s = user_data;

  (void)calls;
  octets_append(&s->h245, per, len);
  tell(s, "h245 %zu", len);
  hook(s, "h245", call);
  return 0;
}

static int on_state(h46017_calls *calls, h46017_call *call,
                    h46017_call_state from, h46017_call_state to,
                    void *user_data) {
  callside *s = user_data;

  (void)calls;
  tell(s, "state %s %s", h46017_call_state_name(from),
       h46017_call_state_name(to));
  hook(s, "state", call);
  return 0;
}

static int on_released(h46017_calls *calls, h46017_call *call,
                       const h46017_call_ended *why, void *user_data) {
  callside *s = user_data;

  (void)calls;
  s->last_cause = why->cause;
  s->last_code = why->code;
  s->over++;
  tell(s, "released %s %u", h46017_error_name(why->code), (unsigned)why->cause);
  hook(s, "released", call);
  if (s->latest == call) {
    s->latest = NULL;
  }
  return 0;
}

int callpair_init(callpair *p, const h46017_calls_settings *settings,
                  const h46017_mem *mem) {
  h46017_calls_callbacks cb;
  int rv = 0;

  memset(p, 0, sizeof(*p));
  p->now = 1000;
  p->random = 7;
  h46017_calls_callbacks_default(&cb);
  cb.write = on_write;
  cb.rand = on_rand;
  cb.setup_received = on_setup;
  cb.message_received = on_message;
  cb.h245_received = on_h245;
  cb.state_changed = on_state;
  cb.released = on_released;
  for (int i = 0; i < 2 && rv == 0; i++) {
    p->side[i].pair = p;
    p->side[i].number = i;
    rv = h46017_calls_new(&p->side[i].calls, settings, &cb, mem, &p->side[i],
                          p->now);
  }
  return rv;
}

void callpair_free(callpair *p) {
  for (int i = 0; i < 2; i++) {
    h46017_calls_del(p->side[i].calls);
    octets_free(&p->side[i].wire);
    octets_free(&p->side[i].h245);
    free(p->side[i].story);
  }
}

int callpair_feed(callpair *p, int to, const uint8_t *q931, size_t len) {
  uint8_t *exact = octets_exact(q931, len);
  h46017_q931 msg;
  int rv = h46017_q931_parse(&msg, exact, len, H46017_LENIENT_DEFAULT);

  ck_assert_int_eq(rv, 0);
  rv = h46017_calls_receive(p->side[to].calls, &msg, p->now);
  free(exact);
  return rv;
}

int callpair_feed_hex(callpair *p, int to, const char *hex) {
  octets o = octets_hex(hex);
  int rv = callpair_feed(p, to, o.data, o.len);

  octets_free(&o);
  return rv;
}

bool callpair_carry_one(callpair *p, int from, int *prv) {
  octets *wire = &p->side[from].wire;
  uint8_t message[65535];
  size_t len;

  if (wire->len == 0) {
    return false;
  }
  len = (size_t)wire->data[0] << 8 | wire->data[1];
  memcpy(message, wire->data + 2, len);
  wire->len -= len + 2;
  memmove(wire->data, wire->data + len + 2, wire->len);
  *prv = callpair_feed(p, 1 - from, message, len);
  return true;
}

int callpair_carry(callpair *p) {
  int first = 0;
  bool more = true;

  while (more) {
    more = false;
    for (int i = 0; i < 2; i++) {
      int rv = 0;
      more = callpair_carry_one(p, i, &rv) || more;
      first = first != 0 ? first : rv;
    }
  }
  return first;
}

int callpair_run(callpair *p, h46017_time until) {
  int first = callpair_carry(p);

  for (;;) {
    h46017_time next = until;
    for (int i = 0; i < 2; i++) {
      h46017_time t = h46017_calls_next_expiry(p->side[i].calls);
      next = t < next ? t : next;
    }
    p->now = next > p->now ? next : p->now;
    for (int i = 0; i < 2; i++) {
      int rv = h46017_calls_handle_expiry(p->side[i].calls, p->now);
      first = first != 0 ? first : rv;
      rv = callpair_carry(p);
      first = first != 0 ? first : rv;
    }
    if (next >= until) {
      return first;
    }
  }
}

int callside_count(const callside *s, const char *start) {
  int n = 0;

  for (const char *line = s->story; line != NULL && *line != '\0';) {
    const char *end = strchr(line, '\n');
    n += strncmp(line, start, strlen(start)) == 0 ? 1 : 0;
    line = end != NULL ? end + 1 : NULL;
  }
  return n;
}

void callside_forget(callside *s) {
  s->story_len = 0;
  if (s->story != NULL) {
    s->story[0] = '\0';
  }
}

h46017_q931 callside_last(const callside *s) {
  const uint8_t *at = s->wire.data;
  const uint8_t *end = at + s->wire.len;
  h46017_q931 msg = {0};

  while (at < end) {
    size_t len = (size_t)at[0] << 8 | at[1];
    ck_assert_int_eq(
        h46017_q931_parse(&msg, at + 2, len, H46017_LENIENT_STRICT), 0);
    at += len + 2;
  }
  return msg;
}

/* -- for tests ------------------------------------------------------------- */

h46017_call *callpair_out(callpair *p, int from) {
  h46017_call *call = NULL;
  ck_assert_int_eq(h46017_call_new(p->side[from].calls, NULL, &call, p->now),
                   0);
  ck_assert_int_eq(h46017_call_write(call, H46017_Q931_SETUP, NULL, p->now), 0);
  p->side[from].latest = call;
  return call;
}

void callpair_answer(callpair *p, h46017_call *call, uint8_t type) {
  ck_assert_int_eq(h46017_call_write(call, type, NULL, p->now), 0);
  ck_assert_int_eq(callpair_carry(p), 0);
}

void ck_call_state(const h46017_call *call, h46017_call_state state) {
  ck_assert_str_eq(h46017_call_state_name(h46017_call_get_state(call)),
                   h46017_call_state_name(state));
}

h46017_call *callpair_up(callpair *p, int from, h46017_call **pother) {
  h46017_call *call = callpair_out(p, from);
  ck_assert_int_eq(callpair_carry(p), 0);
  *pother = p->side[1 - from].latest;
  callpair_answer(p, *pother, H46017_Q931_CALL_PROCEEDING);
  callpair_answer(p, *pother, H46017_Q931_ALERTING);
  callpair_answer(p, *pother, H46017_Q931_CONNECT);
  ck_call_state(call, H46017_CALL_ACTIVE);
  ck_call_state(*pother, H46017_CALL_ACTIVE);
  return call;
}

h46017_call *callpair_at(callpair *p, int stage, h46017_call **pother) {
  static const struct {
    uint8_t answers[3];
    h46017_call_state caller;
  } stages[CALLPAIR_STAGES] = {
      {{0, 0, 0}, H46017_CALL_INITIATED},
      {{H46017_Q931_SETUP_ACKNOWLEDGE, 0, 0}, H46017_CALL_OVERLAP_SENDING},
      {{H46017_Q931_CALL_PROCEEDING, 0, 0}, H46017_CALL_OUTGOING_PROCEEDING},
      {{H46017_Q931_CALL_PROCEEDING, H46017_Q931_ALERTING, 0},
       H46017_CALL_DELIVERED},
      {{H46017_Q931_ALERTING, 0, 0}, H46017_CALL_DELIVERED},
      {{H46017_Q931_CONNECT, 0, 0}, H46017_CALL_ACTIVE},
  };
  h46017_call *call = callpair_out(p, 0);
  ck_assert_int_eq(callpair_carry(p), 0);
  *pother = p->side[1].latest;
  for (int i = 0; i < 3 && stages[stage].answers[i] != 0; i++) {
    callpair_answer(p, *pother, stages[stage].answers[i]);
  }
  ck_call_state(call, stages[stage].caller);
  return call;
}
