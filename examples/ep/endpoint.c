/* SPDX-License-Identifier: BSD-2-Clause */
#include "ep.h"

#include "common/events.h"
#include "common/report.h"
#include "common/wallclock.h"

#include <h46017/tls.h>

#include <openssl/rand.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* ms for the way to one gatekeeper. Each name, address and handshake on it has
 * a time of its own; this one lets every address have its turn. */
enum { CONNECT_TIMEOUT = 120000 };

json_t *endpoint_event(const endpoint *e, const char *name) {
  json_t *event = events_new(name);
  json_object_set_new(event, "conn", json_integer(e->number));
  events_text(event, "peer", e->peer, strlen(e->peer));
  json_object_set_new(
      event, "transport",
      json_string(e->app->gatekeepers[e->gatekeeper].tls ? "tls" : "tcp"));
  return event;
}

/* -- what the endpoint asks
 * ----------------------------------------------------- */

/* Where to: an entry of the list, or the address that a gatekeeper named, and
 * then as to the entry that named it. */
static int do_connect(h46017_endpoint *ep, size_t index, void *user_data) {
  endpoint *e = user_data;
  h46017_alternate hint = {.learnt_from = index};
  e->is_alternate = index >= e->app->gatekeeper_count;
  if (e->is_alternate) {
    int code = h46017_endpoint_alternate(ep, index, &hint);
    if (code != 0) {
      return code;
    }
  }
  e->gatekeeper = hint.learnt_from;
  e->to = e->app->gatekeepers[e->gatekeeper];
  if (e->is_alternate) {
    if (e->to.srv) {
      e->to.srv = false;
      e->to.at.port = e->to.tls ? ADDRESS_PORT_TLS : ADDRESS_PORT_TCP;
    }
    snprintf(e->to.at.host, sizeof e->to.at.host, "%s", hint.address);
  }
  connect_start(e);
  return 0;
}

static int do_probe(h46017_endpoint *ep, size_t index, void *user_data) {
  (void)ep;
  return probe_start(user_data, index);
}

static int random_octets(uint8_t *dest, size_t len, void *user_data) {
  (void)user_data;
  return RAND_bytes(dest, (int)len) == 1 ? 0 : H46017_ERR_CALLBACK_FAILURE;
}

/* -- its names
 * ------------------------------------------------------------------ */

/* NAME, or NAME-7 for the seventh of many; USER-7@HOST where it has a host */
static bool put_alias(const endpoint *e, h46017_alias *to,
                      h46017_alias_type type, const char *name, char *room,
                      size_t size) {
  size_t user = strcspn(name, "@");
  int len = e->app->count > 1 ? snprintf(room, size, "%.*s-%u%s", (int)user,
                                         name, e->number, name + user)
                              : snprintf(room, size, "%s", name);
  if (len < 0 || (size_t)len >= size) {
    return false;
  }
  to->type = strncasecmp(name, "h323:", 5) == 0 ? H46017_ALIAS_URL_ID : type;
  to->text = (h46017_text){room, (size_t)len};
  return true;
}

enum { ALIAS_ROOM = 272, ALL_ROOM = (ALIASES_MAX + 1) * ALIAS_ROOM };

/* The names that come first, or those that come later; 0: one is too long. */
static size_t put_aliases(const endpoint *e, bool later, h46017_alias *list,
                          char *room) {
  const app *p = e->app;
  size_t n = 0;
  if (!later && p->hardware_id != NULL) {
    if (!put_alias(e, &list[n], H46017_ALIAS_H323_ID, p->hardware_id, room,
                   ALIAS_ROOM)) {
      return 0;
    }
    n++;
  }
  for (size_t i = 0; i < p->alias_count; i++) {
    const wanted *w = &p->aliases[i];
    if (w->later != later) {
      continue;
    }
    if (!put_alias(e, &list[n],
                   w->type == H46017_ALIAS_UNKNOWN ? p->identity : w->type,
                   w->text, room + n * ALIAS_ROOM, ALIAS_ROOM)) {
      return 0;
    }
    n++;
  }
  return n;
}

static int add_registration(endpoint *e) {
  const app *p = e->app;
  h46017_alias aliases[ALIASES_MAX + 1] = {{0}};
  h46017_registration registration;
  char *room = malloc(ALL_ROOM);
  if (room == NULL) {
    return H46017_ERR_NOMEM;
  }
  h46017_registration_default(&registration);
  registration.aliases = aliases;
  registration.alias_count = put_aliases(e, false, aliases, room);
  if (p->secret.len > 0) {
    registration.password = p->secret.text;
    registration.password_len = p->secret.len;
  }
  int code = h46017_endpoint_add(e->ep, &registration, &e->registration,
                                 uv_now(p->loop));
  free(room);
  return code;
}

/* What was asked for last: those that come later alone, or all. */
static json_t *asked_names(const endpoint *e) {
  h46017_alias aliases[2 * ALIASES_MAX + 1] = {{0}};
  char *room = malloc(2 * ALL_ROOM);
  size_t n = 0;
  if (room != NULL && !e->adding) {
    n = put_aliases(e, false, aliases, room);
  }
  if (room != NULL && e->added) {
    n += put_aliases(e, true, aliases + n, room + n * ALIAS_ROOM);
  }
  json_t *names = events_names(aliases, n);
  free(room);
  return names;
}

/* True: there are names still to be registered. */
static bool add_later(endpoint *e) {
  h46017_alias aliases[ALIASES_MAX + 1] = {{0}};
  char *room = e->added ? NULL : malloc(ALL_ROOM);
  int code = 0;
  size_t n = 0;
  if (room != NULL) {
    n = put_aliases(e, true, aliases, room);
    e->added = true;
  }
  if (n > 0) {
    code = h46017_endpoint_add_aliases(e->ep, e->registration, aliases, n,
                                       uv_now(e->app->loop));
  }
  if (code != 0) {
    report_code(code, "adding '%s'", aliases[0].text.text);
  }
  free(room);
  return n > 0 && code == 0;
}

/* -- what happened
 * ---------------------------------------------------------------- */

static void put_rcf(endpoint *e, json_t *event, const h46017_ras *rcf) {
  const h46017_rcf *u = &rcf->u.rcf;
  json_t *names = events_names(u->terminal_alias.list, u->terminal_alias.count);
  json_object_set_new(event, "names", names);
  if (u->terminal_alias.count > 0) {
    json_decref(e->names);
    e->names = json_incref(names);
  }
  events_text(event, "endpoint", u->endpoint_identifier.text,
              u->endpoint_identifier.len);
  events_text(event, "gatekeeper", u->gatekeeper_identifier.text,
              u->gatekeeper_identifier.len);
  json_object_set_new(event, "ttl", json_integer(u->time_to_live));
}

/* Everything that was to be registered is. */
static void all_registered(endpoint *e) {
  if (e->app->call != NULL && e->call == NULL) {
    calls_begin(e);
  } else if (e->app->once) {
    app_done(e, EXIT_SUCCESS);
  }
}

static int registered(h46017_endpoint *ep, uint32_t id, const h46017_ras *rcf,
                      void *user_data) {
  endpoint *e = user_data;
  (void)ep;
  (void)id;
  json_t *event = endpoint_event(e, "registered");
  put_rcf(e, event, rcf);
  events_emit(event);
  e->failed = 0;
  app_opened(e);
  e->adding = add_later(e);
  if (!e->adding) {
    all_registered(e);
  }
  return 0;
}

static int refreshed(h46017_endpoint *ep, uint32_t id, const h46017_ras *rcf,
                     void *user_data) {
  endpoint *e = user_data;
  (void)ep;
  (void)id;
  json_t *event = endpoint_event(e, "refreshed");
  put_rcf(e, event, rcf);
  events_emit(event);
  if (e->adding) {
    e->adding = false;
    all_registered(e);
  }
  return 0;
}

static int rejected(h46017_endpoint *ep, uint32_t id, const h46017_ras *rrj,
                    int code, void *user_data) {
  endpoint *e = user_data;
  (void)ep;
  (void)id;
  json_t *event = endpoint_event(e, "rejected");
  json_object_set_new(event, "names", asked_names(e));
  json_object_set_new(event, "reason",
                      json_string(h46017_rrj_reason_name(rrj->u.rrj.reason)));
  events_code(event, code);
  events_emit(event);
  app_opened(e);
  e->rejected = true;
  return 0;
}

/* The outcome of --once, unless the endpoint goes on to the next gatekeeper
 * because of it: then its connection ends with that error, and backing_off()
 * follows. */
static void settle_rejection(endpoint *e) {
  if (e->rejected && e->app->once &&
      h46017_endpoint_error(e->ep) != H46017_ERR_REJECTED) {
    app_done(e, STATUS_REJECTED);
  }
  e->rejected = false;
}

static int unregistered(h46017_endpoint *ep, uint32_t id, int why,
                        void *user_data) {
  const endpoint *e = user_data;
  (void)ep;
  (void)id;
  json_t *event = endpoint_event(e, "unregistered");
  json_object_set_new(event, "names",
                      e->names ? json_incref(e->names) : json_array());
  json_object_set_new(event, "why", json_string(h46017_error_name(why)));
  events_emit(event);
  return 0;
}

static int backing_off(h46017_endpoint *ep, uint32_t delay, int code,
                       void *user_data) {
  endpoint *e = user_data;
  (void)ep;
  settle_rejection(e);
  json_t *event = endpoint_event(e, "backoff");
  json_object_set_new(event, "seconds",
                      json_integer((json_int_t)(delay + 999) / 1000));
  events_code(event, code);
  events_emit(event);
  app_opened(e);
  if (!e->is_alternate) {
    e->failed |= 1U << e->gatekeeper;
  }
  if (e->app->once && e->failed == (1U << e->app->gatekeeper_count) - 1) {
    app_done(e, app_status(code));
  }
  return 0;
}

static int state_changed(h46017_endpoint *ep, h46017_endpoint_state from,
                         h46017_endpoint_state to, void *user_data) {
  endpoint *e = user_data;
  (void)ep;
  (void)from;
  if (to == H46017_ENDPOINT_BACKOFF || to == H46017_ENDPOINT_IDLE) {
    /* a transport that came too late is not wanted any more */
    app_touch(e);
  }
  return 0;
}

static void trace(const h46017_trace_event *event, void *user_data) {
  endpoint *e = user_data;
  if (event->kind == H46017_TRACE_PDU_RECEIVED ||
      event->kind == H46017_TRACE_PDU_SENT) {
    capture_data(e->app->capture, &e->flow,
                 event->kind == H46017_TRACE_PDU_SENT, event->data, event->len);
  }
}

/* -- making one
 * --------------------------------------------------------------------- */

static void timer_fired(uv_timer_t *timer) {
  endpoint *e = timer->data;
  (void)h46017_endpoint_handle_expiry(e->ep, uv_now(e->app->loop));
  app_touch(e);
}

static void arm(endpoint *e) {
  h46017_time at = h46017_endpoint_next_expiry(e->ep);
  uint64_t now = uv_now(e->app->loop);
  if (at == H46017_TIME_NEVER) {
    uv_timer_stop(&e->timer);
  } else {
    uv_timer_start(&e->timer, timer_fired, at > now ? at - now : 0, 0);
  }
}

static bool utc_now(int64_t *seconds, void *user_data) {
  const endpoint *e = user_data;
  h46017_clock *clock = e->app->trusted.clock; /* NULL: no TLS here */
  return clock != NULL ? clock_utc_by(seconds, clock)
                       : clock_utc_now(seconds, &e->app->time_floor);
}

int endpoint_make(endpoint *e) {
  static const char product[] = "h46017-ep";
  app *p = e->app;
  h46017_endpoint_settings settings;
  h46017_endpoint_callbacks callbacks;
  h46017_calls_callbacks calls;
  h46017_crypto crypto;
  h46017_crypto_default(&crypto);
  h46017_tls_crypto(&crypto, p->digests);
  h46017_endpoint_settings_default(&settings);
  settings.crypto = &crypto;
  settings.gatekeeper_count = p->gatekeeper_count;
  if (p->ttl != 0) {
    settings.time_to_live = p->ttl;
  }
  settings.connect_timeout = CONNECT_TIMEOUT;
  settings.max_alternates = ALTERNATES_MAX;
  settings.keepalive = p->keepalive * 1000;
  settings.discover = p->discover;
  if (p->failback != UINT32_MAX) {
    settings.failback = p->failback * 1000;
  }
  settings.vendor.product_id = (h46017_text){product, sizeof product - 1};
  settings.vendor.version_id =
      (h46017_text){H46017_VERSION, sizeof H46017_VERSION - 1};
  settings.log_level = report_level();
  h46017_endpoint_callbacks_default(&callbacks);
  calls_callbacks(e, &callbacks, &calls);
  callbacks.connect = do_connect;
  callbacks.probe = do_probe;
  callbacks.rand = random_octets;
  callbacks.state_changed = state_changed;
  callbacks.registered = registered;
  callbacks.refreshed = refreshed;
  callbacks.rejected = rejected;
  callbacks.unregistered = unregistered;
  callbacks.backing_off = backing_off;
  callbacks.log_write = report_log;
  callbacks.utc_now = utc_now;
  callbacks.trace = p->capture ? trace : NULL;
  uv_timer_init(p->loop, &e->timer);
  e->timer.data = e;
  int code = h46017_endpoint_new(&e->ep, &settings, &callbacks, NULL, e,
                                 uv_now(p->loop));
  if (code == 0) {
    code = add_registration(e);
  }
  return code;
}

void endpoint_start(endpoint *e) {
  (void)h46017_endpoint_start(e->ep, uv_now(e->app->loop));
  app_touch(e);
}

void endpoint_close(endpoint *e) {
  (void)h46017_endpoint_close(e->ep, uv_now(e->app->loop));
  app_touch(e);
}

/* Before every wait, if something happened to it. */
void endpoint_service(endpoint *e) {
  settle_rejection(e);
  h46017_endpoint_state state = h46017_endpoint_get_state(e->ep);
  if (state == H46017_ENDPOINT_BACKOFF || state == H46017_ENDPOINT_IDLE) {
    connect_abandon(e);
    e->transport_failed = 0;
  }
  connect_service(e);
  arm(e);
}
