/* SPDX-License-Identifier: BSD-2-Clause */
#include "ep.h"

#include "common/events.h"

#include <stdlib.h>
#include <string.h>

/* --call and --answer: signalling only, there is no media. */

static void emit_call(const endpoint *e, const h46017_call *call,
                      const char *state) {
  json_t *event = endpoint_event(e, "call");
  json_object_set_new(event, "call", json_integer(h46017_call_reference(call)));
  json_object_set_new(event, "state", json_string(state));
  json_object_set_new(
      event, "direction",
      json_string(h46017_call_is_ours(call) ? "outgoing" : "incoming"));
  events_emit(event);
}

static void hang_up(uv_timer_t *timer) {
  endpoint *e = timer->data;
  if (e->call != NULL) {
    (void)h46017_call_release(e->call, 0, uv_now(e->app->loop));
    app_touch(e);
  }
}

static h46017_aliases called(const app *p, h46017_alias *to) {
  to->type =
      strncmp(p->call, "h323:", 5) == 0 ? H46017_ALIAS_URL_ID : p->identity;
  to->subtype = 0;
  to->text = (h46017_text){p->call, strlen(p->call)};
  return (h46017_aliases){to, 1, true};
}

void calls_begin(endpoint *e) {
  h46017_alias to;
  const h46017_aliases list = called(e->app, &to);
  int code = h46017_endpoint_call(e->ep, e->registration, &list, 640, NULL,
                                  &e->call, uv_now(e->app->loop));
  if (code != 0) {
    app_done(e, STATUS_CALL);
  }
}

static int admitted(h46017_endpoint *ep, h46017_call *call, uint32_t bandwidth,
                    const h46017_aliases *destination, void *user_data) {
  endpoint *e = user_data;
  h46017_call_content content;
  h46017_alias to;
  (void)ep;
  (void)bandwidth;
  if (!h46017_call_is_ours(call)) {
    return h46017_call_write(call, H46017_Q931_CONNECT, NULL,
                             uv_now(e->app->loop));
  }
  h46017_call_content_default(&content);
  content.destination =
      destination->present ? *destination : called(e->app, &to);
  return h46017_call_write(call, H46017_Q931_SETUP, &content,
                           uv_now(e->app->loop));
}

static int setup_received(h46017_calls *calls, h46017_call *call,
                          const h46017_call_message *msg, void *user_data) {
  endpoint *e = user_data;
  uint64_t now = uv_now(e->app->loop);
  (void)calls;
  (void)msg;
  emit_call(e, call, "setup");
  return e->app->answer
             ? h46017_call_write(call, H46017_Q931_ALERTING, NULL, now)
             : h46017_call_release(call, 21, now); /* call rejected */
}

static int state_changed(h46017_calls *calls, h46017_call *call,
                         h46017_call_state from, h46017_call_state to,
                         void *user_data) {
  endpoint *e = user_data;
  (void)calls;
  (void)from;
  if (to == H46017_CALL_OUTGOING_PROCEEDING) {
    emit_call(e, call, "proceeding");
  } else if (to == H46017_CALL_DELIVERED || to == H46017_CALL_RECEIVED) {
    emit_call(e, call, "alerting");
  } else if (to == H46017_CALL_ACTIVE) {
    emit_call(e, call, "connect");
    if (call == e->call) {
      e->connected = true;
      uv_timer_start(&e->hang_up, hang_up, (uint64_t)e->app->hangup * 1000, 0);
    }
  }
  app_touch(e);
  return 0;
}

static int released(h46017_calls *calls, h46017_call *call,
                    const h46017_call_ended *why, void *user_data) {
  endpoint *e = user_data;
  (void)calls;
  json_t *event = endpoint_event(e, "call");
  json_object_set_new(event, "call", json_integer(h46017_call_reference(call)));
  json_object_set_new(event, "state", json_string("released"));
  json_object_set_new(event, "cause", json_integer(why->cause));
  events_code(event, why->code);
  events_emit(event);
  if (call == e->call) {
    e->call = NULL;
    uv_timer_stop(&e->hang_up);
    if (e->app->once) {
      app_done(e, e->connected ? EXIT_SUCCESS : STATUS_CALL);
    }
  }
  app_touch(e);
  return 0;
}

void calls_callbacks(endpoint *e, h46017_endpoint_callbacks *callbacks,
                     h46017_calls_callbacks *calls) {
  uv_timer_init(e->app->loop, &e->hang_up);
  e->hang_up.data = e;
  if (e->app->call == NULL && !e->app->answer) {
    return;
  }
  h46017_calls_callbacks_default(calls);
  calls->setup_received = setup_received;
  calls->state_changed = state_changed;
  calls->released = released;
  callbacks->calls = calls;
  callbacks->call_admitted = admitted;
}
