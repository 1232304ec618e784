/* SPDX-License-Identifier: BSD-2-Clause */
#include "session/endpoint.h"

#include "asn1/h225_aliases.h"
#include "base/intmath.h"
#include "base/mem.h"

#include <stdio.h>
#include <string.h>

/* An endpoint's calls: the table of its connection. The gatekeeper's leave for
 * each is in endpoint_admission.c. */

/* What could not be done. The connection ends for it, the endpoint only where
 * nothing else is left; the first reason is the one: where we failed inside of
 * the table, it calls that a callback's failure. */
static int calls_outcome(h46017_endpoint *ep, int rv) {
  if (h46017_error_is_fatal(rv)) {
    ep->fatal = ep->fatal != 0 ? ep->fatal : rv;
    return ep->fatal;
  }
  if (rv != 0) {
    endpoint_fail(ep, rv);
  }
  return 0;
}

/* -- the table's callbacks ------------------------------------------------- */

static int calls_write(h46017_calls *calls, const uint8_t *q931, size_t len,
                       void *user_data) {
  h46017_endpoint *ep = user_data;

  (void)calls;
  return ep->tunnel == NULL || ep->error != 0
             ? H46017_ERR_CLOSED
             : h46017_tunnel_write_signalling(ep->tunnel, q931, len);
}

static int calls_rand(uint8_t *dest, size_t len, void *user_data) {
  h46017_endpoint *ep = user_data;

  return ep->callbacks.rand(dest, len, ep->user_data);
}

/* Names of a Setup that are looked for among those of many registrations. */
#define CALLED_NAMES 4

/* The registration that a Setup is for: the one that holds the called name, the
 * first where it says none; NULL: none is there. */
static endpoint_registration *calls_called(h46017_endpoint *ep,
                                           const h46017_call_message *msg) {
  endpoint_registration *first = endpoint_admission_registration(ep, 0);
  h46017_call_content content;
  h46017_alias digits = {.type = H46017_ALIAS_DIALLED_DIGITS};
  h46017_aliases called;

  h46017_call_content_default(&content);
  if (first == NULL || ep->registration_count == 1 ||
      h46017_call_read(msg, &content) != 0) {
    return first;
  }
  called = content.destination;
  if (called.count == 0) {
    digits.text = content.called_number;
    called = (h46017_aliases){&digits, 1, true};
  }
  called.count = H46017_MIN(called.count, (size_t)CALLED_NAMES);
  for (endpoint_registration *r = first; r != NULL; r = r->next) {
    if (endpoint_admission_registration(ep, r->id) == r &&
        endpoint_names_hold(r, &called)) {
      return r;
    }
  }
  return first;
}

/* The gatekeeper is asked whether it may be taken, while the program looks at
 * it. */
static int calls_setup_received(h46017_calls *calls, h46017_call *call,
                                const h46017_call_message *msg,
                                void *user_data) {
  static const h46017_aliases none = {NULL, 0, false};
  h46017_endpoint *ep = user_data;
  endpoint_registration *r;
  endpoint_call *a = NULL;
  int rv = ep->call_callbacks.setup_received(calls, call, msg, ep->user_data);

  if (rv != 0 || h46017_call_get_state(call) == H46017_CALL_RELEASED) {
    return rv;
  }
  r = calls_called(ep, msg);
  rv = endpoint_admission_make(ep, call, r != NULL ? r->id : 0, true, 1280, &a);
  if (rv == 0) {
    rv = r != NULL ? endpoint_admission_ask(ep, a, r, &none)
                   : endpoint_admission_refuse(ep, a, 31, H46017_ERR_REJECTED);
  }
  return calls_outcome(ep, rv);
}

static int calls_message_received(h46017_calls *calls, h46017_call *call,
                                  const h46017_call_message *msg,
                                  void *user_data) {
  h46017_endpoint *ep = user_data;

  return ep->call_callbacks.message_received(calls, call, msg, ep->user_data);
}

static int calls_h245_received(h46017_calls *calls, h46017_call *call,
                               const uint8_t *per, size_t len,
                               void *user_data) {
  h46017_endpoint *ep = user_data;

  return ep->call_callbacks.h245_received(calls, call, per, len, ep->user_data);
}

static int calls_state_changed(h46017_calls *calls, h46017_call *call,
                               h46017_call_state from, h46017_call_state to,
                               void *user_data) {
  h46017_endpoint *ep = user_data;

  return ep->call_callbacks.state_changed(calls, call, from, to, ep->user_data);
}

static int calls_building(h46017_calls *calls, h46017_call *call, uint8_t type,
                          h46017_h225 *msg, void *user_data) {
  h46017_endpoint *ep = user_data;

  return ep->call_callbacks.building(calls, call, type, msg, ep->user_data);
}

static int calls_released(h46017_calls *calls, h46017_call *call,
                          const h46017_call_ended *why, void *user_data) {
  h46017_endpoint *ep = user_data;
  endpoint_call *a = call->owner;
  h46017_call_ended told = *why;
  int rv = 0;

  if (a != NULL) {
    told.code = a->refused != 0 ? a->refused : told.code;
    if (a->admitted || a->pending != 0) {
      rv = endpoint_send_drq(ep, a);
    }
    endpoint_admission_free(ep, a);
    rv = calls_outcome(ep, rv);
  }
  if (rv != 0 || ep->call_callbacks.released == NULL) {
    return rv;
  }
  return ep->call_callbacks.released(calls, call, &told, ep->user_data);
}

static void calls_log(h46017_log_level level, const char *line, size_t len,
                      void *user_data) {
  endpoint_log_write(level, line, len, user_data);
}

/* -- the table --------------------------------------------------------------
 */

int endpoint_calls_open(h46017_endpoint *ep) {
  const h46017_calls_callbacks *given = &ep->call_callbacks;
  h46017_calls_settings s;
  h46017_calls_callbacks cb;
  int rv;

  if (ep->callbacks.calls == NULL || ep->calls != NULL) {
    return 0;
  }
  h46017_calls_settings_default(&s);
  s.max_calls = ep->settings.max_calls != 0 ? ep->settings.max_calls : 2000;
  s.vendor = ep->settings.vendor;
  s.log_level = ep->settings.log_level;
  if (ep->registrations != NULL) {
    s.terminal_type = ep->registrations->terminal_type;
  }
  h46017_calls_callbacks_default(&cb);
  cb.write = calls_write;
  cb.rand = calls_rand;
  cb.released = calls_released;
  cb.setup_received =
      given->setup_received != NULL ? calls_setup_received : NULL;
  cb.message_received =
      given->message_received != NULL ? calls_message_received : NULL;
  cb.h245_received = given->h245_received != NULL ? calls_h245_received : NULL;
  cb.state_changed = given->state_changed != NULL ? calls_state_changed : NULL;
  cb.building = given->building != NULL ? calls_building : NULL;
  cb.log_write = ep->log.write != NULL ? calls_log : NULL;
  cb.trace = ep->trace;
  rv = endpoint_admissions_open(ep);
  if (rv == 0) {
    rv = h46017_calls_new(&ep->calls, &s, &cb, &ep->mem, ep, ep->now);
  }
  if (rv == 0) {
    ep->calls->left = endpoint_left;
  }
  return rv;
}

void endpoint_calls_free(h46017_endpoint *ep) {
  if (ep->calls != NULL) {
    endpoint_admissions_free(ep);
    h46017_calls_del(ep->calls);
    ep->calls = NULL;
  }
}

int endpoint_calls_receive(h46017_endpoint *ep, const h46017_q931 *msg) {
  return calls_outcome(ep, h46017_calls_receive(ep->calls, msg, ep->now));
}

int endpoint_calls_down(h46017_endpoint *ep, int why) {
  int rv = ep->calls != NULL ? h46017_calls_down(ep->calls, why, ep->now) : 0;

  /* the next connection begins anew, whatever the table met on this one */
  if (rv == 0) {
    endpoint_calls_free(ep);
    return 0;
  }
  return calls_outcome(ep, rv);
}

h46017_time endpoint_calls_expiry(const h46017_endpoint *ep) {
  return ep->calls != NULL ? H46017_MIN(h46017_calls_next_expiry(ep->calls),
                                        endpoint_admission_expiry(ep))
                           : H46017_TIME_NEVER;
}

int endpoint_calls_timer(h46017_endpoint *ep) {
  int rv = 0;

  if (ep->calls == NULL) {
    return 0;
  }
  rv = endpoint_admission_timer(ep);
  if (rv == 0 && ep->calls != NULL) {
    rv = h46017_calls_handle_expiry(ep->calls, ep->now);
  }
  return calls_outcome(ep, rv);
}

bool endpoint_calls_ras(h46017_endpoint *ep, const h46017_ras *ras, int *prv) {
  int rv = 0;

  if (ep->calls == NULL || !endpoint_admission_ras(ep, ras, &rv)) {
    return false;
  }
  *prv = calls_outcome(ep, rv);
  return true;
}

/* -- for the program ------------------------------------------------------- */

h46017_calls *h46017_endpoint_calls(const h46017_endpoint *ep) {
  return ep->calls;
}

static int call_begin(h46017_endpoint *ep, uint32_t id,
                      const h46017_aliases *destination, uint32_t bandwidth,
                      void *user_data, h46017_call **pcall) {
  endpoint_registration *r = NULL;
  endpoint_call *a = NULL;
  h46017_call *call = NULL;
  int rv;

  for (r = ep->registrations; r != NULL && r->id != id; r = r->next) {
  }
  if (r == NULL) {
    return H46017_ERR_NOT_FOUND;
  }
  if (ep->calls == NULL || ep->tunnel == NULL || ep->error != 0 ||
      endpoint_admission_registration(ep, id) == NULL) {
    return H46017_ERR_INVALID_STATE;
  }
  rv = h46017_call_new(ep->calls, user_data, &call, ep->now);
  if (rv != 0) {
    return rv;
  }
  rv = endpoint_admission_make(ep, call, id, false, bandwidth, &a);
  if (rv != 0) {
    (void)h46017_call_release(call, 0, ep->now);
    return rv;
  }
  *pcall = call;
  rv = endpoint_admission_ask(ep, a, r, destination);
  /* Where nobody is asked the program has heard that it may, and may have
   * ended the call. */
  if (call->owner == NULL) {
    *pcall = NULL;
  } else if (rv != 0) {
    endpoint_admission_free(ep, a);
    (void)h46017_call_release(call, 0, ep->now);
    *pcall = NULL;
  }
  return rv;
}

int h46017_endpoint_call(h46017_endpoint *ep, uint32_t id,
                         const h46017_aliases *destination, uint32_t bandwidth,
                         void *user_data, h46017_call **pcall,
                         h46017_time now) {
  int rv;

  if (ep->observing > 0) {
    return H46017_ERR_REENTRANT;
  }
  if (ep->fatal != 0) {
    return ep->fatal;
  }
  ep->now = h46017_time_seen(ep->now, now);
  ep->depth++;
  rv = call_begin(ep, id, destination, bandwidth, user_data, pcall);
  return endpoint_leave(ep, rv);
}
