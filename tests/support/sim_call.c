/* SPDX-License-Identifier: BSD-2-Clause */
#include "sim_parts.h"

#include <string.h>

/* What the endpoints' programs do about calls: whoever is in one says this and
 * that at times of its own, so that both may well hang up at once. */

static sim_call *call_find(sim_host *h, const h46017_call *call) {
  for (size_t i = 0; i < SIM_CALLS; i++) {
    if (h->calls[i].call == call) {
      return &h->calls[i];
    }
  }
  return NULL;
}

void sim_calls_forget(sim_host *h) {
  for (size_t i = 0; i < SIM_CALLS; i++) {
    h->calls[i] = (sim_call){.act_at = H46017_TIME_NEVER};
  }
}

static int call_setup(h46017_calls *calls, h46017_call *call,
                      const h46017_call_message *msg, void *user_data) {
  sim_host *h = user_data;
  sim *s = h->s;
  sim_call *slot = call_find(h, NULL);

  (void)calls;
  (void)msg;
  if (slot == NULL) {
    (void)h46017_call_release(call, 17, sim_clock(s));
    return 0;
  }
  slot->call = call;
  slot->act_at = s->now + sim_draw(s, 10000);
  if (sim_chance(s, 2)) {
    (void)h46017_call_write(call, H46017_Q931_CALL_PROCEEDING, NULL,
                            sim_clock(s));
  }
  return sim_host_mischief(h);
}

static int call_state(h46017_calls *calls, h46017_call *call,
                      h46017_call_state from, h46017_call_state to,
                      void *user_data) {
  sim_host *h = user_data;

  (void)calls;
  sim_tell(h->s, "ep%d call %u%s %s -> %s", h->number,
           (unsigned)h46017_call_reference(call),
           h46017_call_is_ours(call) ? "" : "'", h46017_call_state_name(from),
           h46017_call_state_name(to));
  return sim_host_mischief(h);
}

static int call_h245(h46017_calls *calls, h46017_call *call, const uint8_t *per,
                     size_t len, void *user_data) {
  sim_host *h = user_data;

  (void)calls;
  if (h46017_call_get_state(call) != H46017_CALL_RELEASED &&
      sim_chance(h->s, 4)) {
    (void)h46017_call_h245(call, per, len, sim_clock(h->s));
  }
  return sim_host_mischief(h);
}

static int call_released(h46017_calls *calls, h46017_call *call,
                         const h46017_call_ended *why, void *user_data) {
  sim_host *h = user_data;
  sim_call *slot = call_find(h, call);

  (void)calls;
  sim_tell(h->s, "ep%d call over: %s %u", h->number,
           h46017_error_name(why->code), (unsigned)why->cause);
  h->over = call;
  if (slot != NULL) {
    *slot = (sim_call){.act_at = H46017_TIME_NEVER};
  }
  return sim_host_mischief(h);
}

static int call_admitted(h46017_endpoint *ep, h46017_call *call,
                         uint32_t bandwidth, const h46017_aliases *destination,
                         void *user_data) {
  sim_host *h = user_data;
  const sim_call *slot = call_find(h, call);
  h46017_call_content content;
  h46017_alias to;

  (void)ep;
  (void)bandwidth;
  if (slot == NULL || !h46017_call_is_ours(call)) {
    return sim_host_mischief(h);
  }
  h46017_call_content_default(&content);
  to = (h46017_alias){
      slot->to->type, 0, {slot->to->text, strlen(slot->to->text)}};
  content.destination =
      destination->present ? *destination : (h46017_aliases){&to, 1, true};
  (void)h46017_call_write(call, H46017_Q931_SETUP, &content, sim_clock(h->s));
  return sim_host_mischief(h);
}

void sim_call_callbacks(h46017_endpoint_callbacks *cb,
                        h46017_calls_callbacks *calls) {
  h46017_calls_callbacks_default(calls);
  calls->setup_received = call_setup;
  calls->h245_received = call_h245;
  calls->state_changed = call_state;
  calls->released = call_released;
  cb->calls = calls;
  cb->call_admitted = call_admitted;
}

/* Anybody, who may be itself, somewhere else, or nowhere. */
void sim_call_begin(sim_host *h) {
  sim *s = h->s;
  const sim_host *other = &s->hosts[sim_draw(s, (uint32_t)s->host_count)];
  const sim_name *to =
      &other->names[sim_draw(s, SIM_REGISTRATIONS)][sim_draw(s, SIM_NAMES)];
  const h46017_alias alias = {to->type, 0, {to->text, strlen(to->text)}};
  const h46017_aliases list = {&alias, 1, true};
  sim_call *slot = call_find(h, NULL);
  h46017_call *call = NULL;

  int rv;

  if (h->ep == NULL || slot == NULL || h->begins) {
    return;
  }
  h->over = NULL;
  h->begins = true;
  slot->to = to;
  rv = h46017_endpoint_call(h->ep, h->ids[sim_draw(s, SIM_REGISTRATIONS)],
                            &list, 640, NULL, &call, sim_clock(s));
  h->begins = false;
  if (rv != 0 || call == h->over) {
    return;
  }
  sim_tell(s, "ep%d calls %s", h->number, to->text);
  slot->call = call;
  slot->act_at = s->now + sim_draw(s, 20000);
}

void sim_call_act(sim_host *h, size_t i) {
  static const uint8_t types[] = {
      H46017_Q931_ALERTING,         H46017_Q931_CONNECT,
      H46017_Q931_INFORMATION,      H46017_Q931_FACILITY,
      H46017_Q931_NOTIFY,           H46017_Q931_PROGRESS,
      H46017_Q931_STATUS_INQUIRY,   H46017_Q931_SETUP_ACKNOWLEDGE,
      H46017_Q931_CONNECT,          H46017_Q931_ALERTING,
      H46017_Q931_RELEASE_COMPLETE, H46017_Q931_USER_INFORMATION};
  sim *s = h->s;
  h46017_call *call = h->calls[i].call;
  uint8_t h245[8] = {0};
  uint32_t what = sim_draw(s, 16);
  int rv;

  h->calls[i].act_at = s->now + sim_draw(s, 10000);
  if (!s->storm || what == 0) {
    rv = h46017_call_release(call, 0, sim_clock(s));
  } else if (what <= sizeof(types)) {
    /* Where it does not fit the state, nothing is sent. */
    rv = h46017_call_write(call, types[what - 1], NULL, sim_clock(s));
  } else {
    rv = h46017_call_h245(call, h245, 1 + sim_draw(s, sizeof(h245)),
                          sim_clock(s));
  }
  sim_host_after(h, rv);
}
