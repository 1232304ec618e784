/* SPDX-License-Identifier: BSD-2-Clause */
#include "gk.h"

#include "common/events.h"
#include "common/report.h"
#include "common/wallclock.h"

#include <openssl/rand.h>
#include <stdlib.h>
#include <string.h>

static conn *conn_of(const h46017_connection *c) {
  return h46017_connection_user_data(c);
}

/* A registration that has lost its connection has none to tell of. */
static void put_connection(json_t *to, const h46017_connection *connection) {
  const conn *c = connection != NULL ? conn_of(connection) : NULL;
  json_object_set_new(to, "conn",
                      c ? json_integer((json_int_t)c->number) : json_null());
  events_text(to, "peer", c ? c->peer : NULL, c ? strlen(c->peer) : 0);
  json_object_set_new(to, "transport",
                      c ? json_string(c->tls ? "tls" : "tcp") : json_null());
}

static json_t *event_about(const h46017_connection *connection,
                           const char *name) {
  json_t *event = events_new(name);
  put_connection(event, connection);
  return event;
}

static void put_registered(json_t *to, const h46017_registered *reg) {
  const h46017_identity *peer =
      reg->connection ? h46017_connection_peer(reg->connection) : NULL;
  json_object_set_new(to, "names",
                      events_names(reg->aliases, reg->alias_count));
  events_text(to, "endpoint", reg->endpoint_identifier,
              strlen(reg->endpoint_identifier));
  if (reg->device != NULL) {
    events_text(to, "device", reg->device, strlen(reg->device));
  }
  json_object_set_new(to, "auth",
                      json_string(h46017_auth_used_name(reg->auth)));
  if (peer != NULL && peer->proof == H46017_PROOF_CERTIFICATE) {
    events_text(to, "cn", peer->cn, peer->cn_len);
  } else {
    json_object_set_new(to, "cn", json_null());
  }
  json_object_set_new(to, "ttl", json_integer(reg->time_to_live));
}

json_t *registrar_describe(const h46017_registered *reg, h46017_time now) {
  json_t *out = json_object();
  put_registered(out, reg);
  put_connection(out, reg->connection);
  json_object_set_new(
      out, "expires_in",
      json_integer(
          reg->expires > now ? (json_int_t)((reg->expires - now) / 1000) : 0));
  json_object_set_new(
      out, "registered_for",
      json_integer((json_int_t)((now - reg->registered_at) / 1000)));
  if (reg->calls_left != UINT32_MAX) {
    json_object_set_new(out, "calls_left", json_integer(reg->calls_left));
  }
  if (reg->almost_out) {
    json_object_set_new(out, "almost_out", json_true());
  }
  return out;
}

/* -- questions ----------------------------------------------------------------
 */

/* The type of the names that say which device it is; UNKNOWN: all of them. */
static h46017_alias_type identity_type(const gk *g) {
  static const h46017_alias_type types[] = {
      [IDENTITY_ALL] = H46017_ALIAS_UNKNOWN,
      [IDENTITY_H323_ID] = H46017_ALIAS_H323_ID,
      [IDENTITY_DIGITS] = H46017_ALIAS_DIALLED_DIGITS,
      [IDENTITY_URL] = H46017_ALIAS_URL_ID,
      [IDENTITY_EMAIL] = H46017_ALIAS_EMAIL_ID};
  return types[g->config.identity];
}

/* Which device is it? One that other names of it would be, and not those that
 * count, is none: nobody is let in as a stranger under a device's name. */
static int look_up(gk *g, const h46017_alias *names, size_t count,
                   h46017_device **device, bool *own) {
  static const h46017_match_rule rules[] = {
      [MATCH_PREFIX] = H46017_MATCH_PREFIX,
      [MATCH_SERIAL] = H46017_MATCH_SERIAL,
      [MATCH_EXACT] = H46017_MATCH_EXACT};
  return device_table_select(g->devices, names, count, identity_type(g),
                             rules[g->config.match], device, own);
}

/* With one type of names to say which device it is, the others are granted
 * where they are its own, and not another's. */
static void grant(gk *g, const h46017_aliases *asked, const bool *own,
                  h46017_registration_answer *answer) {
  size_t n = 0;
  if (identity_type(g) == H46017_ALIAS_UNKNOWN) {
    return;
  }
  for (size_t i = 0; i < asked->count && n < NAMES_MAX; i++) {
    if (own[i]) {
      g->names[n++] = asked->list[i];
    }
  }
  answer->aliases = g->names;
  answer->alias_count = n;
}

static h46017_answered select_device(h46017_gatekeeper *gatekeeper,
                                     uint64_t question,
                                     const h46017_registration_question *asked,
                                     h46017_registration_answer *answer,
                                     void *user_data) {
  gk *g = user_data;
  const h46017_aliases *names = &asked->rrq->terminal_alias;
  (void)gatekeeper;
  (void)question;
  device_free(g->asked);
  g->asked = NULL;
  bool own[NAMES_MAX] = {false};
  answer->refuse = names->count <= NAMES_MAX
                       ? look_up(g, names->list, names->count, &g->asked, own)
                       : H46017_ERR_LIMIT;
  if (answer->refuse != 0 && answer->refuse != H46017_ERR_UNKNOWN_DEVICE &&
      answer->refuse != H46017_ERR_ALIAS_CONFLICT) {
    report_code(answer->refuse, "the device table: %s",
                device_table_why(g->devices));
  }
  answer->device = g->asked; /* lives until the next question */
  if (g->asked != NULL) {
    const password *secret = device_password(g->asked);
    answer->secret = secret->len > 0 ? secret->text : NULL;
    answer->secret_len = secret->len;
    grant(g, names, own, answer);
  }
  answer->open = g->config.open;
  return H46017_ANSWERED;
}

static int random_octets(uint8_t *dest, size_t len, void *user_data) {
  (void)user_data;
  return RAND_bytes(dest, (int)len) == 1 ? 0 : H46017_ERR_CALLBACK_FAILURE;
}

static bool utc_now(int64_t *seconds, void *user_data) {
  const gk *g = user_data;
  return clock_utc_by(seconds, g->trust.clock);
}

/* -- what happened ------------------------------------------------------------
 */

static int registered(h46017_gatekeeper *gatekeeper,
                      const h46017_registered *reg, void *user_data) {
  gk *g = user_data;
  (void)gatekeeper;
  g->counters.registrations++;
  json_t *event = event_about(reg->connection, "registered");
  put_registered(event, reg);
  json_object_set_new(event, "replaced", json_boolean(reg->replaced));
  events_emit(event);
  return 0;
}

static int refreshed(h46017_gatekeeper *gatekeeper,
                     const h46017_registered *reg, void *user_data) {
  gk *g = user_data;
  (void)gatekeeper;
  g->counters.refreshes++;
  json_t *event = event_about(reg->connection, "refreshed");
  put_registered(event, reg);
  events_emit(event);
  /* somebody may have changed the table without telling */
  int64_t version = device_table_version(g->devices);
  if (version != g->devices_version) {
    gk_devices_changed(g);
  }
  return 0;
}

static int rejected(h46017_gatekeeper *gatekeeper, h46017_connection *c,
                    const h46017_rrq *rrq, int code, h46017_rrj_reason reason,
                    void *user_data) {
  gk *g = user_data;
  (void)gatekeeper;
  g->counters.rejections++;
  const h46017_identity *peer = h46017_connection_peer(c);
  const h46017_aliases *names = &rrq->terminal_alias;
  json_t *event = event_about(c, "rejected");
  /* nobody can have more: who asks for them does not fill the log */
  size_t count = names->count < g->config.aliases ? names->count
                                                  : (size_t)g->config.aliases;
  json_object_set_new(event, "names", events_names(names->list, count));
  json_object_set_new(event, "reason",
                      json_string(h46017_rrj_reason_name(reason)));
  if (peer != NULL && peer->cn != NULL) {
    events_text(event, "cn", peer->cn, peer->cn_len);
  }
  events_code(event, code);
  events_emit(event);
  return 0;
}

static int lost(h46017_gatekeeper *gatekeeper, const h46017_registered *reg,
                h46017_connection *c, int why, void *user_data) {
  gk *g = user_data;
  (void)gatekeeper;
  g->counters.losses++;
  json_t *event = event_about(c, "lost");
  json_object_set_new(event, "names",
                      events_names(reg->aliases, reg->alias_count));
  events_text(event, "endpoint", reg->endpoint_identifier,
              strlen(reg->endpoint_identifier));
  json_object_set_new(event, "why", json_string(h46017_error_name(why)));
  events_emit(event);
  return 0;
}

static int unregistered(h46017_gatekeeper *gatekeeper,
                        const h46017_registered *reg, int why,
                        void *user_data) {
  gk *g = user_data;
  (void)gatekeeper;
  g->counters.unregistrations++;
  json_t *event = event_about(reg->connection, "unregistered");
  json_object_set_new(event, "names",
                      events_names(reg->aliases, reg->alias_count));
  json_object_set_new(event, "why", json_string(h46017_error_name(why)));
  events_emit(event);
  return 0;
}

json_t *registrar_describe_call(const h46017_route *call, h46017_time now) {
  json_t *out = json_object();
  json_object_set_new(out, "call", json_integer((json_int_t)call->id));
  json_object_set_new(out, "state",
                      json_string(h46017_route_state_name(call->state)));
  events_text(out, "from", call->from, strlen(call->from));
  events_text(out, "to", call->to, strlen(call->to));
  json_object_set_new(out, "seconds",
                      json_integer((json_int_t)((now - call->began) / 1000)));
  events_octets(out, "identifier", call->call_identifier, H46017_CALL_GUID);
  json_object_set_new(out, "bandwidth", json_integer(call->bandwidth));
  json_t *callee = json_object();
  put_connection(callee, call->callee);
  json_object_set_new(out, "callee", callee);
  return out;
}

/* A line a step; the last one is the call's record. */
static int call_changed(h46017_gatekeeper *gatekeeper, const h46017_route *call,
                        void *user_data) {
  gk *g = user_data;
  (void)gatekeeper;
  h46017_time now = uv_now(g->loop);
  json_t *event = event_about(call->caller, "call");
  json_t *about = registrar_describe_call(call, now);
  json_object_update(event, about);
  json_decref(about);
  if (call->state == H46017_ROUTE_RELEASED) {
    g->counters.calls++;
    json_object_set_new(event, "cause", json_integer(call->cause));
    json_object_set_new(
        event, "connected",
        json_integer(call->connected != 0
                         ? (json_int_t)((now - call->connected) / 1000)
                         : 0));
    events_code(event, call->code);
  }
  events_emit(event);
  return 0;
}

void registrar_callbacks(h46017_gatekeeper_callbacks *callbacks) {
  h46017_gatekeeper_callbacks_default(callbacks);
  callbacks->select_device = select_device;
  callbacks->rand = random_octets;
  callbacks->registered = registered;
  callbacks->refreshed = refreshed;
  callbacks->rejected = rejected;
  callbacks->unregistered = unregistered;
  callbacks->lost = lost;
  callbacks->call_changed = call_changed;
  callbacks->log_write = report_log;
  callbacks->utc_now = utc_now;
}

/* -- a device changed: who is registered under its old terms?
 * ------------------- */

/* a device that has been given another password proves that one */
static h46017_password_outcome still_proved(gk *g, const h46017_registered *reg,
                                            const char *device) {
  password now = {0};
  h46017_password_outcome proved = H46017_PASSWORD_ABSENT;
  if (reg->password && device_table_password(g->devices, device, &now) == 0 &&
      now.len > 0) {
    proved = h46017_registered_password_is(reg, now.text, now.len)
                 ? H46017_PASSWORD_VALID
                 : H46017_PASSWORD_WRONG;
  }
  password_clear(&now);
  return proved;
}

/* What proved who it is went with its connection, and is looked at again when
 * it is back: until then it stays as long as its device's entry does. */
static bool still_waits(gk *g, const h46017_registered *reg,
                        const h46017_device *device) {
  return reg->device != NULL && strcmp(reg->device, device->name) == 0 &&
         device_changed(device) <= g->devices_seen;
}

static bool still_proves(gk *g, const h46017_registered *reg,
                         const h46017_device *device, const bool *own) {
  const h46017_identity *peer = h46017_connection_peer(reg->connection);
  h46017_password_outcome proved = still_proved(g, reg, device->name);
  for (size_t i = 0; i < reg->alias_count; i++) {
    h46017_text name = device_name_of(&reg->aliases[i]);
    if (!own[i] || h46017_policy_decide(device, peer, proved, name.text,
                                        name.len, NULL) != 0) {
      return false;
    }
  }
  return true;
}

/* would it be let in now, with all of its names? */
static bool still_welcome(gk *g, const h46017_registered *reg) {
  h46017_device *device = NULL;
  bool own[NAMES_MAX] = {false}; /* nobody has more */
  int code = look_up(g, reg->aliases, reg->alias_count, &device, own);
  if (code != 0) { /* a table that cannot be read throws nobody out */
    return code != H46017_ERR_ALIAS_CONFLICT &&
           code != H46017_ERR_UNKNOWN_DEVICE;
  }
  if (device == NULL) {
    return reg->device == NULL && g->config.open;
  }
  bool welcome = reg->connection == NULL ? still_waits(g, reg, device)
                                         : still_proves(g, reg, device, own);
  device_free(device);
  return welcome;
}

/* By their endpointIdentifiers: names may be shared. */
typedef struct unwelcome {
  gk *gk;
  char **endpoints;
  size_t count;
} unwelcome;

static int collect(const h46017_registered *reg, void *arg) {
  unwelcome *list = arg;
  if (still_welcome(list->gk, reg)) {
    return 0;
  }
  char **endpoints =
      realloc(list->endpoints, (list->count + 1) * sizeof *list->endpoints);
  if (endpoints == NULL) {
    return H46017_ERR_NOMEM;
  }
  list->endpoints = endpoints;
  endpoints[list->count] = strdup(reg->endpoint_identifier);
  list->count += endpoints[list->count] != NULL;
  const char *name = reg->alias_count > 0 ? reg->aliases[0].text.text : NULL;
  report_line(H46017_LOG_INFO,
              "'%s' is registered under terms that changed: it is dropped",
              name ? name : reg->endpoint_identifier);
  return 0;
}

void registrar_recheck(gk *g) {
  unwelcome list = {.gk = g};
  int64_t changes = device_table_changes(g->devices);
  (void)h46017_gatekeeper_each(g->gatekeeper, collect, &list);
  g->devices_seen = changes >= 0 ? changes : g->devices_seen;
  for (size_t i = 0; i < list.count; i++) {
    (void)h46017_gatekeeper_unregister_endpoint(
        g->gatekeeper, list.endpoints[i], H46017_URQ_SECURITY_DENIAL,
        uv_now(g->loop));
    free(list.endpoints[i]);
  }
  free(list.endpoints);
}
