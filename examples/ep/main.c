/* SPDX-License-Identifier: BSD-2-Clause */
#include "ep.h"

#include "common/events.h"
#include "common/process.h"
#include "common/report.h"
#include "common/state_dir.h"
#include "common/tls_files.h"
#include "common/wallclock.h"

#include <openssl/ssl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { CLOSE_TIMEOUT = 4000 /* ms for the last words, and 1 an endpoint */ };

/* -- the loop
 * ------------------------------------------------------------------- */

void app_touch(endpoint *e) {
  if (!e->is_dirty) {
    e->is_dirty = true;
    e->next_dirty = e->app->dirty;
    e->app->dirty = e;
  }
}

int app_status(int code) {
  if (code == H46017_ERR_CLOCK_NOT_SET) {
    return STATUS_CLOCK;
  }
  if (code == H46017_ERR_CERT_REFUSED_BY_PEER) {
    return STATUS_REFUSED;
  }
  if (code == H46017_ERR_REJECTED) {
    return STATUS_REJECTED;
  }
  h46017_error_kind kind = h46017_error_class(code);
  return kind == H46017_ERROR_TRUST || kind == H46017_ERROR_TLS_HELPER
             ? STATUS_SERVER
             : STATUS_CONNECT;
}

/* One endpoint has its outcome: it unregisters, and then it is through. */
void app_done(endpoint *e, int status) {
  if (!e->done) {
    e->done = true; /* once */
    e->app->status = e->app->status ? e->app->status : status;
    endpoint_close(e);
  }
}

void app_opened(endpoint *e) {
  if (e->opening) {
    e->opening = false;
    e->app->opening--;
  }
}

static bool is_through(const endpoint *e) {
  return e->done && !e->through && e->attempt == NULL &&
         h46017_endpoint_get_state(e->ep) == H46017_ENDPOINT_IDLE;
}

/* Many endpoints start a few at a time, each when an earlier one has its
 * outcome: a gatekeeper is not to be hit by all of them at once. */
static void start_more(app *p) {
  while (p->started < p->count && p->opening < OPENING_MAX) {
    endpoint *e = &p->endpoints[p->started++];
    if (!e->done) {
      e->opening = true;
      p->opening++;
      endpoint_start(e);
    }
  }
}

static void before_wait(uv_prepare_t *prepare) {
  app *p = prepare->data;
  for (start_more(p); p->dirty != NULL; start_more(p)) {
    endpoint *e = p->dirty;
    p->dirty = e->next_dirty;
    e->is_dirty = false;
    endpoint_service(e);
    if (is_through(e)) {
      e->through = true;
      p->running--;
    }
  }
  if (p->running == 0) {
    uv_stop(p->loop);
  }
}

static void too_long(uv_timer_t *timer) {
  uv_stop(timer->loop);
}

static void signalled(uv_signal_t *handle, int signum) {
  app *p = handle->data;
  if (signum == SIGHUP) {
    if (p->tls_ctx != NULL && trust_context(p) != 0) {
      report("the old certificate stays in force");
    }
    return;
  }
  if (p->closing) {
    uv_stop(p->loop); /* asked twice: now */
    return;
  }
  p->closing = true;
  uv_timer_start(&p->deadline, too_long, CLOSE_TIMEOUT + p->count, 0);
  for (uint32_t i = 0; i < p->count; i++) {
    /* --once without an outcome is not done as asked */
    app_done(&p->endpoints[i], p->once ? STATUS_CONNECT : EXIT_DONE);
  }
}

/* -- the command line
 * -------------------------------------------------------------- */

enum {
  OPTION_GATEKEEPER = 256,
  OPTION_ALIAS,
  OPTION_H323_ID,
  OPTION_DIGITS,
  OPTION_URL,
  OPTION_EMAIL,
  OPTION_ADD,
  OPTION_IDENTITY,
  OPTION_HARDWARE_ID,
  OPTION_STATE,
  OPTION_CERT,
  OPTION_KEY,
  OPTION_APP,
  OPTION_TRUST,
  OPTION_SERVER_NAME,
  OPTION_SERVER_SAN,
  OPTION_SERVER_DN,
  OPTION_PIN,
  OPTION_INSECURE,
  OPTION_PASSWORD_FILE,
  OPTION_TTL,
  OPTION_KEEPALIVE,
  OPTION_DISCOVER,
  OPTION_FAILBACK,
  OPTION_CALL,
  OPTION_ANSWER,
  OPTION_HANGUP,
  OPTION_ONCE,
  OPTION_COUNT,
  OPTION_DNS,
  OPTION_LOG,
  OPTION_KEYLOG,
  OPTION_PCAP,
  OPTION_TIME_FLOOR
};

static const option_spec specs[] = {
    {OPTION_GATEKEEPER, "gatekeeper", "LIST",
     "[tls:|tcp:]HOST[:PORT] or [tls:|tcp:]srv:DOMAIN, …; tls: when nothing "
     "is said"},
    {OPTION_ALIAS, "alias", "NAME", "register NAME; repeat"},
    {OPTION_H323_ID, "h323-id", "NAME", "the same, an h323-ID"},
    {OPTION_DIGITS, "digits", "NUMBER", "dialled digits"},
    {OPTION_URL, "url", "URL", "a URL"},
    {OPTION_EMAIL, "email", "ADDRESS", "an e-mail address"},
    {OPTION_ADD, "add", "NAME",
     "a name added once the others are registered; repeat"},
    {OPTION_IDENTITY, "identity", "h323-id|digits|url|email",
     "what --alias, --add and --call name; h323-id"},
    {OPTION_HARDWARE_ID, "hardware-id", "auto|NAME",
     "register NAME first; auto: the CN of the own certificate"},
    {OPTION_STATE, "state", "DIR",
     "trust list, rejected and own certificates; ./h46017-state"},
    {OPTION_CERT, "cert", "FILE",
     "own certificate and chain (PEM); repeat for another kind of key"},
    {OPTION_KEY, "key", "FILE", "its private key (PEM)"},
    {OPTION_APP, "app", "NAME",
     "show an application's certificate (h46017-cert app list)"},
    {OPTION_TRUST, "trust", "FILE",
     "trust its certificates too, this time (PEM, DER); repeat"},
    {OPTION_SERVER_NAME, "server-name", "NAME",
     "the name in the gatekeeper's certificate; its HOST"},
    {OPTION_SERVER_SAN, "server-san", NULL,
     "that name has to be in subjectAltName: a CN is none"},
    {OPTION_SERVER_DN, "server-dn", "DN",
     "the whole subject of the gatekeeper's certificate instead"},
    {OPTION_PIN, "pin", NULL,
     "the certificate that a gatekeeper showed first, and no other"},
    {OPTION_INSECURE, "insecure-server", NULL,
     "believe any gatekeeper: anybody can pose as it"},
    {OPTION_PASSWORD_FILE, "password-file", "FILE",
     "the password, its first line (- for standard input)"},
    {OPTION_TTL, "ttl", "S", "seconds to ask the registration for"},
    {OPTION_KEEPALIVE, "keepalive", "S",
     "seconds between empty TPKTs, for a NAT on the way; none"},
    {OPTION_DISCOVER, "discover", NULL,
     "ask with a GRQ first, over the connection: for a gatekeeper that wants "
     "one"},
    {OPTION_FAILBACK, "failback", "S",
     "seconds between looks for a gatekeeper earlier in the list; 300, 0 "
     "never"},
    {OPTION_CALL, "call", "NAME", "call NAME as soon as registered"},
    {OPTION_ANSWER, "answer", NULL, "take calls that come"},
    {OPTION_HANGUP, "hangup", "S", "seconds after which --call ends; 5"},
    {OPTION_ONCE, "once", NULL, "register (and call), unregister, end"},
    {OPTION_COUNT, "count", "N", "N endpoints, NAME-1 to NAME-N"},
    {OPTION_DNS, "dns", "ADDR[:PORT]",
     "the name server to ask instead of the system's"},
    {OPTION_LOG, "log", "text|json", "form of the events; text"},
    {OPTION_KEYLOG, "keylog", "FILE", "append TLS secrets"},
    {OPTION_PCAP, "pcap", "FILE", "write what TLS hides as a capture"},
    {OPTION_TIME_FLOOR, "time-floor", "DATE",
     "a clock before it counts as not set; the release's"},
};

static const option_text text = {
    "--gatekeeper LIST [OPTION]...",
    "An H.323 endpoint that registers over one TCP or TLS connection (ITU-T\n"
    "H.460.17), with its certificate alone where it has one.\n\n"
    "Exit status: 0 as asked, 2 bad usage, 10 could not connect, 11 the\n"
    "gatekeeper's certificate was refused or TLS failed, 12 our certificate\n"
    "was refused, 13 the registration was rejected, 14 the call failed, 15 the "
    "clock is not set.",
    "  h46017-ep --gatekeeper gk.example --hardware-id auto --cert dev.pem \\\n"
    "            --key dev-key.pem --trust ca.pem\n"
    "  h46017-ep --gatekeeper tcp:[::1]:1720 --alias 4711 --identity digits "
    "--once\n"
    "  h46017-ep --gatekeeper tls:gk1.example,tls:gk2.example,tcp:gk3.example "
    "\\\n            --alias lobby --trust ca.pem --log json\n"
    "  h46017-ep --gatekeeper srv:example.org,tcp:srv:example.org --alias 4711 "
    "\\\n            --trust ca.pem\n",
};

static bool parse_identity(const char *value, h46017_alias_type *out) {
  static const struct {
    const char *name;
    h46017_alias_type type;
  } known[] = {
      {"h323-id", H46017_ALIAS_H323_ID},
      {"digits", H46017_ALIAS_DIALLED_DIGITS},
      {"url", H46017_ALIAS_URL_ID},
      {"email", H46017_ALIAS_EMAIL_ID},
  };
  for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
    if (strcmp(value, known[i].name) == 0) {
      *out = known[i].type;
      return true;
    }
  }
  return false;
}

static bool parse_number(const char *value, uint64_t least, uint64_t most,
                         uint32_t *out) {
  uint64_t number = 0;
  bool good = options_number(value, least, most, &number);
  *out = (uint32_t)number;
  return good;
}

static bool take_alias(app *p, int id, const char *value) {
  static const h46017_alias_type types[] = {
      [0] = H46017_ALIAS_UNKNOWN,
      [OPTION_H323_ID - OPTION_ALIAS] = H46017_ALIAS_H323_ID,
      [OPTION_DIGITS - OPTION_ALIAS] = H46017_ALIAS_DIALLED_DIGITS,
      [OPTION_URL - OPTION_ALIAS] = H46017_ALIAS_URL_ID,
      [OPTION_EMAIL - OPTION_ALIAS] = H46017_ALIAS_EMAIL_ID,
      [OPTION_ADD - OPTION_ALIAS] = H46017_ALIAS_UNKNOWN};
  if (value[0] == '\0' || p->alias_count == ALIASES_MAX) {
    return false;
  }
  p->aliases[p->alias_count++] = (wanted){.text = value,
                                          .type = types[id - OPTION_ALIAS],
                                          .later = id == OPTION_ADD};
  return true;
}

static bool take_option(app *p, int id, const char *value) {
  switch (id) {
  case OPTION_ALIAS:
  case OPTION_H323_ID:
  case OPTION_DIGITS:
  case OPTION_URL:
  case OPTION_EMAIL:
  case OPTION_ADD:
    return take_alias(p, id, value);
  case OPTION_IDENTITY:
    return parse_identity(value, &p->identity);
  case OPTION_HARDWARE_ID:
    p->hardware_id = value;
    return value[0] != '\0';
  case OPTION_STATE:
    p->state = value;
    return true;
  case OPTION_CERT:
    return text_list_add(&p->choice.certs, value);
  case OPTION_KEY:
    return text_list_add(&p->choice.keys, value);
  case OPTION_APP:
    p->choice.app = value;
    return value[0] != '\0';
  case OPTION_TRUST:
    return text_list_add(&p->trust, value);
  case OPTION_SERVER_NAME:
    p->server_name = value;
    return value[0] != '\0';
  case OPTION_SERVER_SAN:
    p->server_san = true;
    return true;
  case OPTION_SERVER_DN:
    p->server_dn = value;
    return value[0] != '\0';
  case OPTION_PIN:
    p->pin = true;
    return true;
  case OPTION_INSECURE:
    p->insecure = true;
    return true;
  case OPTION_PASSWORD_FILE:
    p->password_file = value;
    return true;
  case OPTION_TTL:
    return parse_number(value, 1, 86400, &p->ttl);
  case OPTION_KEEPALIVE:
    return parse_number(value, 1, 86400, &p->keepalive);
  case OPTION_DISCOVER:
    p->discover = true;
    return true;
  case OPTION_FAILBACK:
    return parse_number(value, 0, 86400, &p->failback);
  case OPTION_CALL:
    p->call = value;
    return value[0] != '\0';
  case OPTION_ANSWER:
    p->answer = true;
    return true;
  case OPTION_HANGUP:
    return parse_number(value, 0, 86400, &p->hangup);
  case OPTION_ONCE:
    p->once = true;
    return true;
  case OPTION_COUNT:
    return parse_number(value, 1, 100000, &p->count);
  case OPTION_DNS:
    p->name_server = value;
    return value[0] != '\0';
  case OPTION_LOG:
    p->json = strcmp(value, "json") == 0;
    return p->json || strcmp(value, "text") == 0;
  case OPTION_KEYLOG:
    p->keylog = value;
    return true;
  case OPTION_PCAP:
    p->pcap = value;
    return true;
  default:
    return clock_parse_date(value, &p->time_floor);
  }
}

static bool wants_tls(const app *p) {
  for (size_t i = 0; i < p->gatekeeper_count; i++) {
    if (p->gatekeepers[i].tls) {
      return true;
    }
  }
  return false;
}

static int check_options(const app *p) {
  if (p->gatekeeper_count == 0) {
    return report_usage(
        "which gatekeeper? --gatekeeper [tls:|tcp:]HOST[:PORT]|srv:DOMAIN");
  }
  bool digits = p->identity == H46017_ALIAS_DIALLED_DIGITS;
  size_t now = 0;
  for (size_t i = 0; i < p->alias_count; i++) {
    now += !p->aliases[i].later;
    digits = digits || p->aliases[i].type == H46017_ALIAS_DIALLED_DIGITS;
  }
  if (now == 0 && p->hardware_id == NULL) {
    return report_usage("register what? --alias NAME or --hardware-id "
                        "auto|NAME");
  }
  if (p->count > 1 && digits) {
    return report_usage("--count makes NAME-1 and so on, and digits have no "
                        "hyphen: another type of name");
  }
  if ((p->server_name != NULL || p->server_san) + (p->server_dn != NULL) +
          p->pin + p->insecure >
      1) {
    return report_usage("--server-name and --server-san, --server-dn, --pin or "
                        "--insecure-server: one of them");
  }
  if ((p->pin || p->insecure) && p->trust.count > 0) {
    return report_usage("--trust FILE: whom it vouches for is not asked with "
                        "--pin or --insecure-server");
  }
  if (p->choice.certs.count > 0 && p->choice.app != NULL) {
    return report_usage("--cert or --app: one of them");
  }
  if (p->choice.certs.count != p->choice.keys.count) {
    return report_usage("each --cert needs its --key");
  }
  return 0;
}

static int read_options(app *p, int argc, char **argv) {
  const char *argument = NULL;
  int first = 0;
  int id;
  while ((id = options_next(specs, sizeof specs / sizeof *specs, &text, argc,
                            argv, &argument, &first)) > 0) {
    char why[400];
    if (id == OPTION_GATEKEEPER) {
      p->gatekeeper_count = gatekeeper_list_parse(
          argument, p->gatekeepers, GATEKEEPERS_MAX, why, sizeof why);
      if (p->gatekeeper_count == 0) {
        return report_usage("--gatekeeper: %s", why);
      }
    } else if (!take_option(p, id, argument)) {
      return report_usage("--%s: '%s' is not %s",
                          specs[id - OPTION_GATEKEEPER].name, argument,
                          specs[id - OPTION_GATEKEEPER].arg);
    }
  }
  if (id < 0) {
    return EXIT_USAGE;
  }
  if (first < argc) {
    return report_usage("'%s' is not an option", argv[first]);
  }
  return check_options(p);
}

/* -- the beginning
 * -------------------------------------------------------------------- */

static int prepare_identity(app *p) {
  if (p->password_file != NULL &&
      !password_read(&p->secret, p->password_file)) {
    return EXIT_USAGE;
  }
  p->auto_id = p->hardware_id != NULL && strcmp(p->hardware_id, "auto") == 0;
  if (!wants_tls(p) && !p->auto_id) {
    return 0;
  }
  if (trust_start(p) != 0 || trust_own(p) != 0) {
    return EXIT_USAGE;
  }
  if (!wants_tls(p)) {
    return 0;
  }
  if (p->insecure) {
    report("WARNING: --insecure-server: anybody can pose as the gatekeeper");
  }
  if (p->keylog != NULL) {
    report("WARNING: TLS secrets are written to %s", p->keylog);
    if (!tls_files_keylog(p->keylog)) {
      return EXIT_USAGE;
    }
  }
  if (h46017_trust_count(p->trusted.trust) == 0 && !p->insecure && !p->pin) {
    report("the trust list is empty: the gatekeeper's certificate will be "
           "refused, and kept; --trust FILE, or h46017-cert rejected trust ID");
  }
  if (trust_context(p) != 0) {
    return EXIT_USAGE;
  }
  int code =
      p->server_dn ? tls_files_server(p->tls_ctx, NULL, p->server_dn) : 0;
  if (code != 0) {
    report_code(code, "--server-dn '%s'", p->server_dn);
  }
  return code ? EXIT_USAGE : 0;
}

static int app_start(app *p) {
  static const int signals[] = {SIGTERM, SIGINT, SIGHUP};
  if (dns_open(&p->dns, p->loop, p->name_server) != 0) {
    return EXIT_USAGE;
  }
  p->endpoints = calloc(p->count, sizeof *p->endpoints);
  if (p->endpoints == NULL) {
    report_code(H46017_ERR_NOMEM, "%u endpoints", p->count);
    return STATUS_CONNECT;
  }
  if (h46017_tls_digests_new(&p->digests, NULL) != 0) {
    report_code(H46017_ERR_NOMEM, "the hashes of passwords");
    return STATUS_CONNECT;
  }
  uv_prepare_init(p->loop, &p->prepare);
  uv_timer_init(p->loop, &p->deadline);
  p->prepare.data = p->deadline.data = p;
  for (size_t i = 0; i < sizeof signals / sizeof *signals; i++) {
    uv_signal_init(p->loop, &p->signals[i]);
    uv_signal_start(&p->signals[i], signalled, signals[i]);
    p->signals[i].data = p;
  }
  uv_prepare_start(&p->prepare, before_wait);
  for (uint32_t i = 0; i < p->count; i++) {
    endpoint *e = &p->endpoints[i];
    e->app = p;
    e->number = i + 1;
    int code = endpoint_make(e);
    if (code != 0) {
      report_code(code, "registering '%s'",
                  p->hardware_id ? p->hardware_id : p->aliases[0].text);
      return EXIT_USAGE;
    }
    p->running++;
  }
  return 0;
}

static void close_handle(uv_handle_t *handle, void *arg) {
  (void)arg;
  if (!uv_is_closing(handle)) {
    uv_close(handle, NULL);
  }
}

static void app_stop(app *p) {
  for (uint32_t i = 0; p->endpoints != NULL && i < p->count; i++) {
    connect_abandon(&p->endpoints[i]);
  }
  connect_close_all(p);
  probe_forget_all(p);
  dns_close(p->dns);
  uv_walk(p->loop, close_handle, NULL);
  (void)uv_run(p->loop, UV_RUN_DEFAULT);
  (void)uv_loop_close(p->loop);
  for (uint32_t i = 0; p->endpoints != NULL && i < p->count; i++) {
    h46017_endpoint_del(p->endpoints[i].ep);
    connect_forget(&p->endpoints[i]);
    json_decref(p->endpoints[i].names);
    calls_forget(&p->endpoints[i]);
  }
  free(p->endpoints);
  h46017_tls_digests_del(p->digests);
  password_clear(&p->secret);
  SSL_CTX_free(p->tls_ctx);
  own_close(&p->own);
  trust_state_close(&p->trusted);
  capture_close(p->capture);
  text_list_clear(&p->trust);
  text_list_clear(&p->choice.certs);
  text_list_clear(&p->choice.keys);
}

int main(int argc, char **argv) {
  static uv_loop_t loop;
  static app p = {.identity = H46017_ALIAS_H323_ID,
                  .state = STATE_DIR_DEFAULT,
                  .count = 1,
                  .hangup = 5,
                  .failback = UINT32_MAX,
                  .time_floor = CLOCK_FLOOR};
  p.loop = &loop;
  report_init("h46017-ep");
  if (h46017_version(H46017_VERSION_NUM) == NULL) {
    report("libh46017 %s is older than this program", h46017_version(0));
    return EXIT_USAGE;
  }
  int status = read_options(&p, argc, argv);
  if (status != 0) {
    return status;
  }
  process_setup();
  events_init(p.json);
  status = prepare_identity(&p);
  if (status == 0 && p.pcap != NULL) {
    report("what is said is written to %s, decrypted", p.pcap);
    p.capture = capture_open(p.pcap);
    status = p.capture ? 0 : EXIT_USAGE;
  }
  if (status == 0 && uv_loop_init(&loop) == 0) {
    status = app_start(&p);
    if (status == 0) {
      (void)uv_run(&loop, UV_RUN_DEFAULT);
      status = p.status;
    }
    app_stop(&p);
  }
  return status;
}
