/* SPDX-License-Identifier: BSD-2-Clause */
#include "ep.h"

#include "common/events.h"
#include "common/report.h"
#include "h245.h"

#include <openssl/rand.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* --call and --answer: signalling and H.245, there is no media. */

/* What a call has besides the library's part. */
struct party {
  party *next; /* of the endpoint's */
  char from[128];
  char to[128];
  uint32_t number; /* for who leads in H.245 */
  bool begun;      /* and we have asked */
  int failed;      /* why it is ended here; 0: for no failure */
};

static party *party_make(endpoint *e) {
  party *p = calloc(1, sizeof *p);
  unsigned char random[3];
  if (p == NULL || RAND_bytes(random, sizeof random) != 1) {
    free(p);
    return NULL;
  }
  p->number = (uint32_t)random[0] << 16 | (uint32_t)random[1] << 8 | random[2];
  p->next = e->parties;
  e->parties = p;
  return p;
}

static void party_free(endpoint *e, party *p) {
  for (party **link = &e->parties; *link != NULL; link = &(*link)->next) {
    if (*link == p) {
      *link = p->next;
      free(p);
      return;
    }
  }
}

void calls_forget(endpoint *e) {
  while (e->parties != NULL) {
    party_free(e, e->parties);
  }
}

static void take_name(char *to, size_t size, const h46017_aliases *names) {
  const h46017_text *text = names->count > 0 ? &names->list[0].text : NULL;
  if (text != NULL && text->text != NULL) {
    size_t len = text->len < size ? text->len : size - 1;
    memcpy(to, text->text, len);
    to[len] = '\0';
  }
}

static json_t *call_event(const endpoint *e, const h46017_call *call,
                          const char *name) {
  const party *p = h46017_call_user_data(call);
  json_t *event = endpoint_event(e, name);
  json_object_set_new(event, "call", json_integer(h46017_call_reference(call)));
  json_object_set_new(
      event, "direction",
      json_string(h46017_call_is_ours(call) ? "outgoing" : "incoming"));
  if (p != NULL) {
    events_text(event, "from", p->from, strlen(p->from));
    events_text(event, "to", p->to, strlen(p->to));
  }
  return event;
}

static void emit_state(const endpoint *e, const h46017_call *call,
                       const char *state) {
  json_t *event = call_event(e, call, "call");
  json_object_set_new(event, "state", json_string(state));
  events_emit(event);
}

/* -- a call's steps
 * --------------------------------------------------------------------- */

/* Without the H.245 where the other side does not tunnel it: there is no other
 * way for it. */
static int write_h245(h46017_call *call, uint8_t type,
                      const h245_message *messages, size_t count,
                      h46017_time now) {
  h46017_octets list[2];
  h46017_call_content content;
  h46017_call_content_default(&content);
  for (size_t i = 0; i < count; i++) {
    list[i] = (h46017_octets){messages[i].per, messages[i].len};
  }
  if (h46017_call_is_h245_tunnelled(call)) {
    content.h245 = (h46017_octets_list){list, count};
  }
  return h46017_call_write(call, type, &content, now);
}

/* What cannot be sent ends its call, and nothing else: as the result of a
 * callback it would end the endpoint. Where not even that can be said, the
 * connection is about to go, and its calls with it. */
static void check_sent(const endpoint *e, h46017_call *call, int code) {
  party *p = h46017_call_user_data(call);
  if (code != 0) {
    if (p != NULL) {
      p->failed = code;
    }
    (void)h46017_call_release(call, 41, uv_now(e->app->loop)); /* temporary */
  }
}

static void hang_up(uv_timer_t *timer) {
  endpoint *e = timer->data;
  if (e->call != NULL) {
    h245_message bye;
    h245_end_session(&bye);
    (void)write_h245(e->call, H46017_Q931_RELEASE_COMPLETE, &bye, 1,
                     uv_now(e->app->loop));
    app_touch(e);
  }
}

static h46017_aliases called(const app *p, h46017_alias *to) {
  to->type =
      strncasecmp(p->call, "h323:", 5) == 0 ? H46017_ALIAS_URL_ID : p->identity;
  to->subtype = 0;
  to->text = (h46017_text){p->call, strlen(p->call)};
  return (h46017_aliases){to, 1, true};
}

static h46017_aliases own_names(const endpoint *e) {
  h46017_aliases names = {NULL, 0, false};
  (void)h46017_endpoint_granted(e->ep, e->registration, &names);
  return names;
}

void calls_begin(endpoint *e) {
  h46017_alias to;
  const h46017_aliases list = called(e->app, &to);
  const h46017_aliases own = own_names(e);
  party *p = party_make(e);
  int code = H46017_ERR_NOMEM;
  if (p != NULL) {
    take_name(p->from, sizeof p->from, &own);
    take_name(p->to, sizeof p->to, &list);
    code = h46017_endpoint_call(e->ep, e->registration, &list, 640, p, &e->call,
                                uv_now(e->app->loop));
  }
  if (code != 0) {
    report_code(code, "calling '%s'", e->app->call);
    party_free(e, p);
    app_done(e, STATUS_CALL);
  }
}

/* The gatekeeper lets it ring, and nobody is there to pick up. */
static int answer(h46017_call *call, party *p, h46017_time now) {
  h245_message first[2];
  int code = h46017_call_write(call, H46017_Q931_ALERTING, NULL, now);
  if (code != 0) {
    return code;
  }
  h245_capabilities(&first[0]);
  h245_determination(&first[1], p->number);
  p->begun = true;
  return write_h245(call, H46017_Q931_CONNECT, first, 2, now);
}

static int admitted(h46017_endpoint *ep, h46017_call *call, uint32_t bandwidth,
                    const h46017_aliases *destination, void *user_data) {
  endpoint *e = user_data;
  party *p = h46017_call_user_data(call);
  h46017_time now = uv_now(e->app->loop);
  h46017_call_content content;
  h46017_alias to;
  (void)ep;
  (void)bandwidth;
  if (!h46017_call_is_ours(call)) {
    if (e->app->answer && p != NULL && p->failed == 0) {
      check_sent(e, call, answer(call, p, now));
    } else { /* it could not be told when it came */
      (void)h46017_call_release(call, 21, now);
    }
    return 0;
  }
  h46017_call_content_default(&content);
  content.source = own_names(e);
  content.destination =
      destination->present ? *destination : called(e->app, &to);
  check_sent(e, call,
             h46017_call_write(call, H46017_Q931_SETUP, &content, now));
  return 0;
}

/* -- what happened
 * ---------------------------------------------------------------- */

static int setup_received(h46017_calls *calls, h46017_call *call,
                          const h46017_call_message *msg, void *user_data) {
  endpoint *e = user_data;
  h46017_time now = uv_now(e->app->loop);
  h46017_call_content content;
  party *p = party_make(e);
  (void)calls;
  h46017_call_set_user_data(call, p);
  if (p == NULL) {
    (void)h46017_call_release(call, 47, now); /* resources */
    return 0;
  }
  h46017_call_content_default(&content);
  if (h46017_call_read(msg, &content) == 0) {
    take_name(p->from, sizeof p->from, &content.source);
    take_name(p->to, sizeof p->to, &content.destination);
  }
  emit_state(e, call, "setup");
  if (e->app->answer) {
    /* it rings when the gatekeeper has said that the call may be taken */
    check_sent(e, call,
               h46017_call_write(call, H46017_Q931_CALL_PROCEEDING, NULL, now));
  } else {
    (void)h46017_call_release(call, 21, now); /* call rejected */
  }
  return 0;
}

static void connected(endpoint *e, h46017_call *call) {
  emit_state(e, call, "connect");
  if (call == e->call) {
    h245_message first;
    h245_capabilities(&first);
    (void)h46017_call_h245(call, first.per, first.len, uv_now(e->app->loop));
    e->connected = true;
    uv_timer_start(&e->hang_up, hang_up, (uint64_t)e->app->hangup * 1000, 0);
  }
}

static int state_changed(h46017_calls *calls, h46017_call *call,
                         h46017_call_state from, h46017_call_state to,
                         void *user_data) {
  endpoint *e = user_data;
  (void)calls;
  (void)from;
  if (to == H46017_CALL_INITIATED) {
    emit_state(e, call, "setup");
  } else if (to == H46017_CALL_OUTGOING_PROCEEDING ||
             to == H46017_CALL_INCOMING_PROCEEDING) {
    emit_state(e, call, "proceeding");
  } else if (to == H46017_CALL_DELIVERED || to == H46017_CALL_RECEIVED) {
    emit_state(e, call, "alerting");
  } else if (to == H46017_CALL_ACTIVE) {
    connected(e, call);
  }
  app_touch(e);
  return 0;
}

static int h245_received(h46017_calls *calls, h46017_call *call,
                         const uint8_t *per, size_t len, void *user_data) {
  endpoint *e = user_data;
  party *p = h46017_call_user_data(call);
  json_t *event = call_event(e, call, "h245");
  h245_message reply;
  (void)calls;
  events_octets(event, "octets", per, len);
  events_emit(event);
  if (p != NULL && h245_answer(&reply, per, len, p->number, &p->begun)) {
    (void)h46017_call_h245(call, reply.per, reply.len, uv_now(e->app->loop));
    app_touch(e);
  }
  return 0;
}

static int released(h46017_calls *calls, h46017_call *call,
                    const h46017_call_ended *why, void *user_data) {
  endpoint *e = user_data;
  party *p = h46017_call_user_data(call);
  (void)calls;
  json_t *event = call_event(e, call, "call");
  json_object_set_new(event, "state", json_string("released"));
  json_object_set_new(event, "cause", json_integer(why->cause));
  events_code(event, p != NULL && p->failed != 0 ? p->failed : why->code);
  events_emit(event);
  party_free(e, p);
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
  h46017_calls_callbacks_default(calls);
  calls->setup_received = setup_received;
  calls->h245_received = h245_received;
  calls->state_changed = state_changed;
  calls->released = released;
  callbacks->calls = calls;
  callbacks->call_admitted = admitted;
}
