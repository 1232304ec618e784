/* SPDX-License-Identifier: BSD-2-Clause */
#include "session/endpoint.h"

#include "base/intmath.h"
#include "base/mem.h"
#include "base/settings.h"
#include "base/text.h"
#include "session/aliases.h"

#include <stddef.h>
#include <string.h>

/* Sizes of the first version's structs: what an older program may have. */
#define SETTINGS_V1                                                            \
  (offsetof(h46017_endpoint_settings, log_level) + sizeof(h46017_log_level))
#define CALLBACKS_V1                                                           \
  (offsetof(h46017_endpoint_callbacks, trace) + sizeof(h46017_trace))
#define REGISTRATION_V1                                                        \
  (offsetof(h46017_registration, terminal_type) + sizeof(h46017_terminal_type))

void h46017_registration_default_sized(h46017_registration *registration,
                                       size_t size) {
  static const h46017_registration def = {
      .struct_size = sizeof(def), .terminal_type = H46017_TERMINAL_TERMINAL};
  h46017_settings_fill(registration, size, &def, sizeof(def));
}

static const h46017_endpoint_settings endpoint_settings = {
    .struct_size = sizeof(endpoint_settings),
    .gatekeeper_count = 1,
    .time_to_live = 60,
    .connect_timeout = 15000,
    .request_timeout = 8000,
    .refresh_percent = 70,
    .backoff_first = 1000,
    .backoff_max = 60000,
    .backoff_denied = 60000,
    .max_registrations = 64,
    .max_tx = 65536,
    .max_pdu = 65535,
    .lenient = H46017_LENIENT_DEFAULT,
    /* An H.221 code of nobody: programs put their own. */
    .vendor = {.t35_country_code = 181, .manufacturer_code = 21324},
    .log_level = H46017_LOG_INFO,
    .failback = 300000,
    .failback_count = 2,
    .password_window = H46017_H235_WINDOW,
    .max_registering = 8,
    .max_calls = 2000,
};

void h46017_endpoint_settings_default_sized(h46017_endpoint_settings *settings,
                                            size_t size) {
  h46017_settings_fill(settings, size, &endpoint_settings,
                       sizeof(endpoint_settings));
}

void h46017_endpoint_callbacks_default_sized(
    h46017_endpoint_callbacks *callbacks, size_t size) {
  static const h46017_endpoint_callbacks def = {.struct_size = sizeof(def)};
  h46017_settings_fill(callbacks, size, &def, sizeof(def));
}

/* By the program, or by one of its calls. */
static bool endpoint_is_entered(const h46017_endpoint *ep) {
  return ep->depth > 0 || (ep->calls != NULL && ep->calls->depth > 0);
}

int endpoint_enter(h46017_endpoint *ep, h46017_time now) {
  if (endpoint_is_entered(ep)) {
    return H46017_ERR_REENTRANT;
  }
  if (ep->fatal != 0) {
    return ep->fatal;
  }
  ep->now = h46017_time_seen(ep->now, now);
  ep->depth++;
  return 0;
}

static void endpoint_free(h46017_endpoint *ep) {
  h46017_mem mem = ep->mem;

  endpoint_calls_free(ep);
  h46017_tunnel_del(ep->tunnel);
  h46017_h225_del(ep->in);
  h46017_h225_del(ep->out);
  h46017_h225_del(ep->spare);
  while (ep->registrations != NULL) {
    endpoint_registration *r = ep->registrations;
    ep->registrations = r->next;
    endpoint_registration_free(ep, r);
  }
  h46017_mem_release(&mem, ep->scratch);
  h46017_mem_release(&mem, ep->product_id);
  h46017_mem_release(&mem, ep->version_id);
  h46017_mem_release(&mem, ep->gatekeeper_identifier);
  h46017_mem_release(&mem, ep->alternates);
  h46017_mem_release(&mem, ep);
}

void endpoint_left(void *endpoint) {
  h46017_endpoint *ep = endpoint;

  if (ep->doomed && !endpoint_is_entered(ep)) {
    endpoint_free(ep);
  }
}

int endpoint_leave(h46017_endpoint *ep, int rv) {
  if (ep->depth == 1) {
    endpoint_sweep(ep);
  }
  if (h46017_error_is_fatal(rv) && ep->fatal == 0) {
    ep->fatal = rv;
  }
  ep->depth--;
  endpoint_left(ep);
  return rv;
}

void endpoint_trace(const h46017_trace_event *event, void *user_data) {
  h46017_endpoint *ep = user_data;

  ep->observing++;
  ep->callbacks.trace(event, ep->user_data);
  ep->observing--;
}

void endpoint_log_write(h46017_log_level level, const char *line, size_t len,
                        void *user_data) {
  h46017_endpoint *ep = user_data;

  ep->observing++;
  ep->callbacks.log_write(level, line, len, ep->user_data);
  ep->observing--;
}

int endpoint_callback(h46017_endpoint *ep, int rv) {
  if (rv == 0) {
    return 0;
  }
  ep->fatal = H46017_ERR_CALLBACK_FAILURE;
  return H46017_ERR_CALLBACK_FAILURE;
}

int endpoint_random(h46017_endpoint *ep, uint32_t bound, uint32_t *out) {
  uint8_t octets[4];

  if (ep->callbacks.rand(octets, sizeof(octets), ep->user_data) != 0) {
    return endpoint_callback(ep, 1);
  }
  *out = bound == 0 ? 0
                    : ((uint32_t)octets[0] << 24 | (uint32_t)octets[1] << 16 |
                       (uint32_t)octets[2] << 8 | octets[3]) %
                          bound;
  return 0;
}

static bool endpoint_settings_valid(const h46017_endpoint_settings *s) {
  return s->gatekeeper_count > 0 && s->connect_timeout > 0 &&
         s->request_timeout > 0 && s->refresh_percent >= 10 &&
         s->refresh_percent <= 95 && s->backoff_first > 0 &&
         s->backoff_max >= s->backoff_first && s->max_registrations > 0 &&
         s->failback_count > 0 && s->password_window > 0 &&
         s->password_window <= H46017_H235_WINDOW_MAX &&
         s->max_registering > 0 && s->max_alternates <= 64 && s->max_tx > 0 &&
         s->max_tx <= UINT32_MAX && s->max_pdu >= 4 && s->max_pdu <= 65535;
}

static int endpoint_copy_text(h46017_endpoint *ep, h46017_text *text,
                              char **pcopy) {
  if (text->text == NULL || text->len == 0) {
    memset(text, 0, sizeof(*text));
    return 0;
  }
  if (text->len > 256) {
    return H46017_ERR_INVALID_ARGUMENT;
  }
  *pcopy = h46017_mem_strndup(&ep->mem, text->text, text->len);
  text->text = *pcopy;
  return *pcopy != NULL ? 0 : H46017_ERR_NOMEM;
}

/* What the settings point to has to outlive the program's copy. */
static int endpoint_copy_texts(h46017_endpoint *ep) {
  h46017_endpoint_settings *s = &ep->settings;
  size_t len;
  int rv = endpoint_copy_text(ep, &s->vendor.product_id, &ep->product_id);

  if (rv == 0) {
    rv = endpoint_copy_text(ep, &s->vendor.version_id, &ep->version_id);
  }
  if (rv != 0 || s->gatekeeper_identifier == NULL) {
    return rv;
  }
  len = strlen(s->gatekeeper_identifier);
  if (len == 0 || !h46017_text_is_valid(s->gatekeeper_identifier, len) ||
      h46017_text_bmp_size(s->gatekeeper_identifier, len) > 256) {
    return H46017_ERR_INVALID_ARGUMENT;
  }
  ep->gatekeeper_identifier =
      h46017_mem_strndup(&ep->mem, s->gatekeeper_identifier, len);
  if (ep->gatekeeper_identifier == NULL) {
    return H46017_ERR_NOMEM;
  }
  ep->gatekeeper_identifier_len = len;
  ep->gatekeeper_identifier_fixed = true;
  s->gatekeeper_identifier = ep->gatekeeper_identifier;
  return 0;
}

/* The program's own is not ours to keep. */
static int endpoint_copy_crypto(h46017_endpoint *ep) {
  const h46017_crypto *given = ep->settings.crypto;
  int rv;

  h46017_crypto_default(&ep->crypto);
  ep->settings.crypto = NULL;
  if (given == NULL) {
    return 0;
  }
  rv = h46017_settings_copy(&ep->crypto, sizeof(ep->crypto), sizeof(ep->crypto),
                            given);
  return rv == 0 && ep->crypto.digest == NULL ? H46017_ERR_INVALID_ARGUMENT
                                              : rv;
}

static int endpoint_init(h46017_endpoint *ep) {
  int rv = endpoint_copy_texts(ep);
  uint32_t seq = 0;

  if (rv == 0) {
    rv = endpoint_copy_crypto(ep);
  }

  if (rv == 0) {
    rv = h46017_h225_new(&ep->in, NULL, &ep->mem);
  }
  if (rv == 0) {
    rv = h46017_h225_new(&ep->out, NULL, &ep->mem);
  }
  if (rv == 0 && ep->settings.max_alternates > 0) {
    ep->alternates = h46017_mem_zalloc(&ep->mem, ep->settings.max_alternates,
                                       sizeof(*ep->alternates));
    rv = ep->alternates != NULL ? 0 : H46017_ERR_NOMEM;
  }
  if (rv == 0) {
    rv = endpoint_random(ep, 65535, &seq);
  }
  ep->last_seq = (uint16_t)seq;
  return rv;
}

int h46017_endpoint_new(h46017_endpoint **pep,
                        const h46017_endpoint_settings *settings,
                        const h46017_endpoint_callbacks *callbacks,
                        const h46017_mem *mem, void *user_data,
                        h46017_time now) {
  h46017_endpoint_settings s = endpoint_settings;
  h46017_endpoint_callbacks cb = {.struct_size = sizeof(cb)};
  h46017_mem m;
  h46017_endpoint *ep;
  int rv = h46017_mem_init(&m, mem);

  if (rv == 0 && settings != NULL) {
    rv = h46017_settings_copy(&s, sizeof(s), SETTINGS_V1, settings);
  }
  if (rv == 0) {
    rv = h46017_settings_copy(&cb, sizeof(cb), CALLBACKS_V1, callbacks);
  }
  if (rv != 0) {
    return rv;
  }
  if (pep == NULL || cb.connect == NULL || cb.rand == NULL ||
      !endpoint_settings_valid(&s)) {
    return H46017_ERR_INVALID_ARGUMENT;
  }
  ep = h46017_mem_zalloc(&m, 1, sizeof(*ep));
  if (ep == NULL) {
    return H46017_ERR_NOMEM;
  }
  ep->mem = m;
  ep->settings = s;
  ep->callbacks = cb;
  ep->user_data = user_data;
  h46017_calls_callbacks_default(&ep->call_callbacks);
  ep->log = (h46017_log){cb.log_write != NULL ? endpoint_log_write : NULL, ep,
                         s.log_level};
  ep->trace = cb.trace != NULL ? endpoint_trace : NULL;
  ep->now = h46017_time_seen(0, now);
  ep->state = H46017_ENDPOINT_IDLE;
  ep->timer = ep->keepalive_timer = H46017_TIME_NEVER;
  ep->failback_timer = ep->flush_timer = H46017_TIME_NEVER;
  ep->discovery_timer = H46017_TIME_NEVER;
  rv = cb.calls != NULL
           ? h46017_settings_copy(&ep->call_callbacks,
                                  sizeof(ep->call_callbacks),
                                  sizeof(ep->call_callbacks), cb.calls)
           : 0;
  if (rv == 0) {
    rv = endpoint_init(ep);
  }
  if (rv != 0) {
    endpoint_free(ep);
    return rv;
  }
  *pep = ep;
  return 0;
}

void h46017_endpoint_del(h46017_endpoint *ep) {
  if (ep == NULL) {
    return;
  }
  if (endpoint_is_entered(ep)) {
    ep->doomed = true;
    return;
  }
  endpoint_free(ep);
}

/* -- registrations --------------------------------------------------------- */

static int endpoint_make_registration(h46017_endpoint *ep,
                                      const h46017_registration *given,
                                      endpoint_registration **pr) {
  h46017_registration reg = {.struct_size = sizeof(reg)};
  endpoint_registration *r;
  h46017_aliases names;
  int rv = h46017_settings_copy(&reg, sizeof(reg), REGISTRATION_V1, given);

  if (rv != 0) {
    return rv;
  }
  if (reg.alias_count == 0 || reg.aliases == NULL ||
      reg.alias_count > ENDPOINT_MAX_ALIASES) {
    return H46017_ERR_INVALID_ARGUMENT;
  }
  r = h46017_mem_zalloc(&ep->mem, 1, sizeof(*r));
  if (r == NULL) {
    return H46017_ERR_NOMEM;
  }
  r->state = H46017_REGISTRATION_UNREGISTERED;
  r->timer = H46017_TIME_NEVER;
  r->terminal_type = reg.terminal_type;
  r->restart = reg.restart;
  names = (h46017_aliases){.list = reg.aliases, .count = reg.alias_count};
  rv = endpoint_names_append(ep, r, &names);
  if (rv == 0) {
    rv = endpoint_password_set(ep, r, &reg);
  }
  if (rv != 0) {
    endpoint_registration_free(ep, r);
    return rv;
  }
  *pr = r;
  return 0;
}

int endpoint_enter_nested(h46017_endpoint *ep, h46017_time now) {
  if (ep->observing > 0) {
    return H46017_ERR_REENTRANT;
  }
  if (ep->fatal != 0) {
    return ep->fatal;
  }
  ep->now = h46017_time_seen(ep->now, now);
  ep->depth++;
  return 0;
}

int h46017_endpoint_add(h46017_endpoint *ep,
                        const h46017_registration *registration, uint32_t *pid,
                        h46017_time now) {
  endpoint_registration *r;
  endpoint_registration **link;
  int rv = endpoint_enter_nested(ep, now);

  if (rv != 0) {
    return rv;
  }
  if (ep->registration_count >= ep->settings.max_registrations) {
    return endpoint_leave(ep, H46017_ERR_QUEUE_FULL);
  }
  rv = endpoint_make_registration(ep, registration, &r);
  if (rv != 0) {
    /* The endpoint lives on: what was not added is the caller's to see. */
    ep->depth--;
    return rv;
  }
  r->id = ++ep->last_id;
  for (link = &ep->registrations; *link != NULL; link = &(*link)->next) {
  }
  *link = r;
  ep->registration_count++;
  if (pid != NULL) {
    *pid = r->id;
  }
  return endpoint_leave(ep, endpoint_register_next(ep));
}

endpoint_registration *endpoint_find(const h46017_endpoint *ep, uint32_t id) {
  endpoint_registration *r = ep->registrations;

  while (r != NULL && r->id != id) {
    r = r->next;
  }
  return r;
}

int h46017_endpoint_remove(h46017_endpoint *ep, uint32_t id, h46017_time now) {
  endpoint_registration *r;
  int rv = endpoint_enter_nested(ep, now);

  if (rv != 0) {
    return rv;
  }
  r = endpoint_find(ep, id);
  if (r == NULL || r->removing) {
    return endpoint_leave(ep, H46017_ERR_NOT_FOUND);
  }
  r->removing = true;
  return endpoint_leave(ep,
                        endpoint_event_registration(ep, r, REG_EV_REMOVE, NULL,
                                                    H46017_ERR_UNREGISTERED));
}

/* -- the connection -------------------------------------------------------- */

int h46017_endpoint_start(h46017_endpoint *ep, h46017_time now) {
  int rv = endpoint_enter(ep, now);

  if (rv != 0) {
    return rv;
  }
  return endpoint_leave(ep, endpoint_event_connection(ep, EP_EV_START, 0));
}

int h46017_endpoint_close(h46017_endpoint *ep, h46017_time now) {
  int rv = endpoint_enter_nested(ep, now);

  if (rv != 0) {
    return rv;
  }
  ep->moving = false; /* a move that is under way becomes the end */
  return endpoint_leave(ep, endpoint_event_connection(ep, EP_EV_CLOSE, 0));
}

int h46017_endpoint_transport_up(h46017_endpoint *ep,
                                 const h46017_identity *peer, h46017_time now) {
  int rv = endpoint_enter(ep, now);

  if (rv != 0) {
    return rv;
  }
  if (peer != NULL && peer->tls && peer->cn != NULL) {
    h46017_log_line(&ep->log, H46017_LOG_INFO, "gatekeeper %zu is \"%.*s\"",
                    ep->gatekeeper, (int)H46017_MIN(peer->cn_len, 64U),
                    peer->cn);
  }
  ep->tls = peer != NULL && peer->tls;
  ep->proved = ep->tls && peer->proof == H46017_PROOF_CERTIFICATE;
  return endpoint_leave(ep,
                        endpoint_event_connection(ep, EP_EV_TRANSPORT_UP, 0));
}

int h46017_endpoint_transport_down(h46017_endpoint *ep, int why,
                                   h46017_time now) {
  int rv = endpoint_enter(ep, now);

  if (rv != 0) {
    return rv;
  }
  return endpoint_leave(
      ep, endpoint_event_connection(ep, EP_EV_TRANSPORT_DOWN,
                                    why != 0 ? why : H46017_ERR_CLOSED));
}

int h46017_endpoint_recv(h46017_endpoint *ep, const uint8_t *data,
                         size_t datalen, h46017_time now) {
  int rv = endpoint_enter(ep, now);

  if (rv != 0) {
    return rv;
  }
  if (ep->tunnel == NULL) {
    return endpoint_leave(ep, H46017_ERR_INVALID_STATE);
  }
  if (ep->error != 0) {
    return endpoint_leave(ep, ep->error);
  }
  ep->heard = ep->heard || datalen > 0;
  rv = h46017_tunnel_recv(ep->tunnel, data, datalen, ep->now);
  if (ep->fatal != 0) {
    rv = ep->fatal;
  } else if (rv != 0 && rv != H46017_ERR_INVALID_ARGUMENT) {
    endpoint_fail(ep, rv);
  }
  endpoint_check_drained(ep);
  return endpoint_leave(ep, rv);
}

size_t h46017_endpoint_peek_tx(const h46017_endpoint *ep,
                               const uint8_t **pdata) {
  if (ep->tunnel == NULL || ep->fatal != 0) {
    *pdata = NULL;
    return 0;
  }
  return h46017_tunnel_peek_tx(ep->tunnel, pdata);
}

int h46017_endpoint_ack_tx(h46017_endpoint *ep, size_t len, h46017_time now) {
  int rv = endpoint_enter(ep, now);

  if (rv != 0) {
    return rv;
  }
  rv = ep->tunnel == NULL ? H46017_ERR_INVALID_STATE
                          : h46017_tunnel_ack_tx(ep->tunnel, len, ep->now);
  return endpoint_leave(ep, rv);
}

bool h46017_endpoint_want_read(const h46017_endpoint *ep) {
  return ep->fatal == 0 && ep->error == 0 && ep->tunnel != NULL &&
         h46017_tunnel_want_read(ep->tunnel);
}

bool h46017_endpoint_want_write(const h46017_endpoint *ep) {
  return ep->fatal == 0 && ep->tunnel != NULL &&
         h46017_tunnel_want_write(ep->tunnel) && !ep->flushed;
}

int h46017_endpoint_write_signalling(h46017_endpoint *ep, const uint8_t *q931,
                                     size_t len, h46017_time now) {
  int rv = endpoint_enter_nested(ep, now);

  if (rv != 0) {
    return rv;
  }
  rv = ep->state != H46017_ENDPOINT_UP || ep->error != 0
           ? H46017_ERR_INVALID_STATE
           : h46017_tunnel_write_signalling(ep->tunnel, q931, len);
  (void)endpoint_leave(ep, 0); /* no memory for it is the caller's to see */
  return rv;
}

/* -- time ------------------------------------------------------------------ */

h46017_time h46017_endpoint_next_expiry(const h46017_endpoint *ep) {
  h46017_time next = H46017_MIN(ep->timer, ep->keepalive_timer);

  next = H46017_MIN(next, ep->failback_timer);
  next = H46017_MIN(next, ep->flush_timer);
  next = H46017_MIN(next, ep->discovery_timer);
  if (ep->fatal != 0) {
    return H46017_TIME_NEVER;
  }
  if (ep->tunnel != NULL && ep->error == 0) {
    next = H46017_MIN(next, h46017_tunnel_next_expiry(ep->tunnel));
    next = H46017_MIN(next, endpoint_calls_expiry(ep));
  }
  for (const endpoint_registration *r = ep->registrations; r != NULL;
       r = r->next) {
    next = H46017_MIN(next, r->timer);
  }
  return next;
}

static int endpoint_keepalive(h46017_endpoint *ep) {
  int rv;

  if (ep->keepalive_timer > ep->now || ep->tunnel == NULL) {
    return 0;
  }
  ep->keepalive_timer = h46017_time_add(ep->now, ep->settings.keepalive);
  if (h46017_tunnel_want_write(ep->tunnel)) {
    return 0; /* what waits keeps the path open as well */
  }
  rv = h46017_tunnel_write_keepalive(ep->tunnel);
  return rv == H46017_ERR_QUEUE_FULL ? 0 : rv;
}

int h46017_endpoint_handle_expiry(h46017_endpoint *ep, h46017_time now) {
  int rv = endpoint_enter(ep, now);

  if (rv != 0) {
    return rv;
  }
  if (ep->flush_timer <= ep->now) {
    ep->flush_timer = H46017_TIME_NEVER;
    ep->flushed = true;
  }
  if (ep->tunnel != NULL && ep->error == 0) {
    rv = h46017_tunnel_handle_expiry(ep->tunnel, ep->now);
    if (rv != 0) {
      endpoint_fail(ep, rv);
      rv = 0;
    }
  }
  if (ep->discovery_timer <= ep->now) {
    ep->discovery_timer = H46017_TIME_NEVER;
    endpoint_fail(ep, H46017_ERR_TIMEOUT);
  }
  if (ep->tunnel != NULL && ep->error == 0) {
    rv = endpoint_calls_timer(ep);
  }
  if (rv == 0 && ep->timer <= ep->now) {
    rv = endpoint_event_connection(ep, EP_EV_TIMER, 0);
  }
  for (endpoint_registration *r = ep->registrations; r != NULL && rv == 0;
       r = r->next) {
    if (r->timer <= ep->now) {
      rv = endpoint_event_registration(ep, r, REG_EV_TIMER, NULL, 0);
    }
  }
  if (rv == 0) {
    rv = endpoint_register_next(ep); /* somebody's turn may have come */
  }
  if (rv == 0) {
    rv = endpoint_keepalive(ep);
  }
  if (rv == 0 && ep->failback_timer <= ep->now) {
    rv = endpoint_failback_timer(ep);
  }
  endpoint_check_drained(ep);
  return endpoint_leave(ep, rv);
}

/* -- looking --------------------------------------------------------------- */

int h46017_endpoint_error(const h46017_endpoint *ep) {
  return ep->fatal != 0 ? ep->fatal : ep->error;
}

h46017_endpoint_state h46017_endpoint_get_state(const h46017_endpoint *ep) {
  return (h46017_endpoint_state)ep->state;
}

h46017_registration_state
h46017_endpoint_registration_state(const h46017_endpoint *ep, uint32_t id) {
  const endpoint_registration *r = endpoint_find(ep, id);

  return r != NULL ? (h46017_registration_state)r->state
                   : H46017_REGISTRATION_UNREGISTERED;
}

size_t h46017_endpoint_gatekeeper(const h46017_endpoint *ep) {
  return ep->gatekeeper;
}
