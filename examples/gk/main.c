/* SPDX-License-Identifier: BSD-2-Clause */
#include "gk.h"

#include "common/events.h"
#include "common/process.h"
#include "common/report.h"
#include "common/state_dir.h"
#include "common/tls_files.h"

#include <openssl/ssl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { CLOSE_TIMEOUT = 4000 /* ms for the last words to everybody */ };

/* -- the loop
 * ------------------------------------------------------------------ */

static void expired(uv_timer_t *timer) {
  gk *g = timer->data;
  (void)h46017_gatekeeper_handle_expiry(g->gatekeeper, uv_now(g->loop));
}

/* Who is registered is looked at after every change of the devices, and where
 * there are many, a tenth of the time at the most: a script that adds them one
 * by one keeps nobody waiting. */
static void recheck(gk *g) {
  uint64_t before = uv_hrtime();
  if (g->recheck && before >= g->recheck_from) {
    g->recheck = false;
    registrar_recheck(g);
    uint64_t after = uv_hrtime();
    g->recheck_from = after + 9 * (after - before);
  }
}

static void arm(gk *g) {
  h46017_time at = h46017_gatekeeper_next_expiry(g->gatekeeper);
  uint64_t now = uv_now(g->loop);
  if (g->recheck) {
    uint64_t hr = uv_hrtime();
    uint64_t ms = g->recheck_from > hr ? (g->recheck_from - hr) / 1000000 : 0;
    at = now + ms + 1 < at ? now + ms + 1 : at;
  }
  if (at == H46017_TIME_NEVER) {
    uv_timer_stop(&g->timer);
  } else {
    uv_timer_start(&g->timer, expired, at > now ? at - now : 0, 0);
  }
}

static void finished(gk *g) {
  uv_prepare_stop(&g->prepare);
  uv_stop(g->loop);
}

/* before every wait: whatever came may have made others ready */
static void before_wait(uv_prepare_t *prepare) {
  gk *g = prepare->data;
  h46017_connection *ready;
  recheck(g);
  while (h46017_gatekeeper_next_ready(g->gatekeeper, &ready)) {
    conn *c = h46017_connection_user_data(ready);
    uvlink_service(&c->link);
  }
  arm(g);
  if (g->closing && g->conn_count == 0) {
    finished(g);
  }
}

/* -- the end
 * --------------------------------------------------------------------- */

static void too_long(uv_timer_t *timer) {
  finished(timer->data);
}

void gk_close(gk *g) {
  if (g->closing) {
    finished(g); /* asked twice: now */
    return;
  }
  g->closing = true;
  listen_stop(g);
  control_stop(g);
  (void)h46017_gatekeeper_close(g->gatekeeper, uv_now(g->loop));
  /* who is still shaking hands has nothing to be told */
  for (conn *c = g->conns; c != NULL; c = c->next) {
    if (c->connection == NULL) {
      uvlink_close(&c->link, H46017_ERR_SHUTDOWN);
    }
  }
  uv_timer_start(&g->deadline, too_long, CLOSE_TIMEOUT, 0);
}

/* -- a new configuration
 * ----------------------------------------------------------- */

static bool same_listen(const listen_address *a, const listen_address *b) {
  return a->off == b->off && a->at.port == b->at.port &&
         strcmp(a->at.host, b->at.host) == 0;
}

static bool same_listeners(const config *a, const config *b) {
  bool same = same_listen(&a->tcp, &b->tcp) && a->tls_count == b->tls_count;
  for (uint32_t i = 0; same && i < a->tls_count; i++) {
    const tls_terms *t = config_tls(b, a->tls[i].name);
    same = t != NULL && same_listen(&a->tls[i].at, &t->at);
  }
  return same;
}

/* What the library is told of a configuration; borrows from it. */
static void config_settings(const config *c, h46017_tls_digests *digests,
                            h46017_crypto *crypto,
                            h46017_gatekeeper_settings *s) {
  h46017_crypto_default(crypto);
  h46017_tls_crypto(crypto, digests);
  h46017_gatekeeper_settings_default(s);
  s->crypto = crypto;
  s->password_window = c->password_window;
  s->password_kinds = c->password_kinds;
  s->password_by_name = c->password_by_name;
  s->password_over_tcp = c->password_over_tcp;
  s->password_attempts = c->password_attempts;
  s->password_hold = c->password_hold * 1000;
  s->security_errors = c->security_errors;
  s->identifier = c->identifier;
  s->time_to_live = c->ttl;
  s->min_time_to_live = c->min_ttl;
  s->max_time_to_live = c->max_ttl;
  s->ttl_spread = c->ttl_spread;
  s->grace = c->grace * 1000;
  s->duplicates = (h46017_duplicates)c->duplicates;
  s->probe_timeout = c->probe_timeout * 1000;
  s->registration_grace = c->registration_grace * 1000;
  s->any_identifier = c->any_identifier;
  s->max_connections = c->connections;
  s->max_registrations = c->registrations;
  s->max_registered = c->all_registrations;
  s->register_timeout = c->register_timeout * 1000;
  s->max_aliases = c->aliases;
  s->max_pending = c->pending;
  s->question_timeout = c->pending_timeout * 1000;
  s->rip_delay = c->rip_delay * 1000;
  s->answers_kept = c->answers;
  s->answer_time = c->answer_time * 1000;
  s->max_bad_ras = c->malformed;
  s->max_pdu = c->pdu;
  s->max_tx = c->output;
  s->request_rate = c->request_rate;
  s->full_rate = c->full_rate;
  s->max_calls = c->calls;
  s->max_bandwidth = c->call_bandwidth;
  s->admission_timeout = c->admission_timeout * 1000;
  s->total_bandwidth = c->all_bandwidth;
  s->irr_frequency = c->call_report;
  s->pre_granted = c->pre_granted;
  s->alternates = c->alternates.items;
  s->alternate_count = c->alternates.count;
  s->lenient = c->strict ? 0 : s->lenient;
  s->log_level = report_level();
}

static int set_gatekeeper(gk *g, const config *c) {
  h46017_gatekeeper_settings settings;
  h46017_crypto crypto;
  config_settings(c, g->digests, &crypto, &settings);
  int code =
      h46017_gatekeeper_set_settings(g->gatekeeper, &settings, uv_now(g->loop));
  if (code != 0) {
    report_code(code, "the new settings");
  }
  return code;
}

static bool reload_settings(gk *g, const config *fresh,
                            const h46017_trust *read) {
  if (set_gatekeeper(g, fresh) != 0) {
    return false;
  }
  if (trust_take(g, fresh, read) != 0) {
    (void)set_gatekeeper(g, &g->config);
    return false;
  }
  return true;
}

/* What can fail of a new configuration: all of it, or nothing is in force. The
 * trust list, which outlives us, comes last. */
static bool reload_prepare(gk *g, const config *fresh,
                           SSL_CTX *ctxs[TLS_LISTENERS]) {
  h46017_trust *read = NULL;
  uint64_t own_seen = g->own.changes;
  bool made =
      trust_read(g, fresh, &read) == 0 && listen_contexts(g, fresh, ctxs) == 0;
  bool good = made && reload_settings(g, fresh, read);
  for (uint32_t i = 0; made && !good && i < g->tls_count; i++) {
    SSL_CTX_free(ctxs[i]);
  }
  if (!good) {
    g->own.changes = own_seen; /* what was read of them is not shown */
  }
  h46017_trust_del(read);
  return good;
}

bool gk_reload(gk *g) {
  config fresh = {0};
  SSL_CTX *ctxs[TLS_LISTENERS];
  if (config_read(&fresh, g->argc, g->argv) != 0 ||
      !reload_prepare(g, &fresh, ctxs)) {
    report("the old configuration stays in force");
    config_clear(&fresh);
    return false;
  }
  if (!same_listeners(&fresh, &g->config) ||
      strcmp(fresh.identifier, g->config.identifier) != 0) {
    report("addresses and the identifier are taken at the next start");
  }
  config_clear(&g->config);
  g->config = fresh;
  listen_take(g, ctxs);
  g->recheck = true;
  (void)trust_changed(g, NULL);
  events_emit(events_new("reloaded"));
  return true;
}

void gk_devices_changed(gk *g) {
  g->devices_version = device_table_version(g->devices);
  g->recheck = true;
}

static void signalled(uv_signal_t *handle, int signum) {
  gk *g = handle->data;
  if (signum == SIGHUP) {
    (void)gk_reload(g);
  } else {
    gk_close(g);
  }
}

/* -- the beginning
 * ------------------------------------------------------------------- */

static int make_gatekeeper(gk *g) {
  h46017_gatekeeper_settings settings;
  h46017_crypto crypto;
  h46017_gatekeeper_callbacks callbacks;
  int code = h46017_tls_digests_new(&g->digests, NULL);
  if (code != 0) {
    report_code(code, "the hashes of passwords");
    return code;
  }
  config_settings(&g->config, g->digests, &crypto, &settings);
  registrar_callbacks(&callbacks);
  if (g->capture != NULL) {
    callbacks.trace = conn_capture;
  }
  code = h46017_gatekeeper_new(&g->gatekeeper, &settings, &callbacks, NULL, g,
                               uv_now(g->loop));
  if (code != 0) {
    report_code(code, "the gatekeeper '%s'", g->config.identifier);
  }
  return code;
}

static bool start_loop(gk *g) {
  static const int signals[] = {SIGTERM, SIGINT, SIGHUP};
  g->loop->data = g;
  g->started = uv_now(g->loop);
  uv_prepare_init(g->loop, &g->prepare);
  uv_timer_init(g->loop, &g->timer);
  uv_timer_init(g->loop, &g->deadline);
  g->prepare.data = g->timer.data = g->deadline.data = g;
  for (size_t i = 0; i < 3; i++) {
    if (uv_signal_init(g->loop, &g->signals[i]) != 0 ||
        uv_signal_start(&g->signals[i], signalled, signals[i]) != 0) {
      report("cannot take signals");
      return false;
    }
    g->signals[i].data = g;
  }
  uv_prepare_start(&g->prepare, before_wait);
  return true;
}

static bool gk_start(gk *g) {
  events_init(g->config.log == LOG_JSON);
  if (!state_dir_make(g->config.state) ||
      device_table_open(&g->devices, g->config.state) != 0 || !trust_start(g)) {
    return false;
  }
  g->devices_version = device_table_version(g->devices);
  g->devices_seen = device_table_changes(g->devices);
  if (g->config.keylog != NULL && !tls_files_keylog(g->config.keylog)) {
    return false;
  }
  if (g->config.pcap != NULL) {
    g->capture = capture_open(g->config.pcap);
    if (g->capture == NULL) {
      return false;
    }
  }
  return make_gatekeeper(g) == 0 && start_loop(g) && control_start(g) &&
         listen_start(g);
}

static void close_handle(uv_handle_t *handle, void *arg) {
  (void)arg;
  if (!uv_is_closing(handle)) {
    uv_close(handle, NULL);
  }
}

static void gk_stop(gk *g) {
  g->closing = true;
  for (conn *c = g->conns; c != NULL; c = c->next) {
    uvlink_close(&c->link, H46017_ERR_SHUTDOWN);
  }
  listen_stop(g);
  control_stop(g);
  (void)uv_cancel((uv_req_t *)&g->work);
  uv_walk(g->loop, close_handle, NULL);
  (void)uv_run(g->loop, UV_RUN_DEFAULT);
  (void)uv_loop_close(g->loop);
  h46017_gatekeeper_del(g->gatekeeper);
  h46017_tls_digests_del(g->digests);
  device_free(g->asked);
  device_table_close(g->devices);
  listen_free(g);
  own_close(&g->own);
  h46017_ticket_keys_del(g->tickets);
  trust_state_close(&g->trust);
  capture_close(g->capture);
  config_clear(&g->config);
}

int main(int argc, char **argv) {
  static uv_loop_t loop;
  static gk g = {.loop = &loop};
  g.argc = argc;
  g.argv = argv;
  report_init("h46017-gk");
  if (h46017_version(H46017_VERSION_NUM) == NULL) {
    report("libh46017 %s is older than this program", h46017_version(0));
    return EXIT_REFUSED;
  }
  int status = config_read(&g.config, argc, argv);
  if (status != 0) {
    return status;
  }
  process_setup();
  if (uv_loop_init(&loop) != 0) {
    report("cannot make an event loop");
    return EXIT_REFUSED;
  }
  if (gk_start(&g)) {
    (void)uv_run(&loop, UV_RUN_DEFAULT);
  } else {
    g.status = EXIT_REFUSED;
  }
  gk_stop(&g);
  return g.status;
}
