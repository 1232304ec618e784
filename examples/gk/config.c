/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"
#include "settings.h"

#include "common/report.h"
#include "common/state_dir.h"
#include "common/wallclock.h"

#include <h46017/h235.h>

#include <errno.h>
#include <getopt.h>
#include <ini.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool config_put(config *c, const setting *s, const char *value,
                       char *why) {
  return setting_put((char *)c + s->offset, s, value, why);
}

/* -- the file ----------------------------------------------------------------
 */

enum {
  AS_FIRST = INT32_MAX, /* a choice of [tls NAME]: as in [tls] */
  ALTERNATES_MAX = 16
};

static uint32_t find_terms(const config *c, const char *name) {
  uint32_t i = 0;
  while (i < c->tls_count && strcmp(c->tls[i].name, name) != 0) {
    i++;
  }
  return i;
}

const tls_terms *config_tls(const config *c, const char *name) {
  uint32_t i = find_terms(c, name);
  return i < c->tls_count ? &c->tls[i] : NULL;
}

/* Those of [tls NAME], which begin when it is first met. */
static tls_terms *named_terms(config *c, const char *name, char *why) {
  uint32_t i = find_terms(c, name);
  tls_terms *t = &c->tls[i];
  if (name[0] == '\0' || strlen(name) >= sizeof t->name) {
    snprintf(why, WHY_SIZE, "a listener's name has 1 to %zu characters",
             sizeof t->name - 1);
    return NULL;
  }
  if (i == TLS_LISTENERS) {
    snprintf(why, WHY_SIZE, "there are at most %d listeners for TLS",
             TLS_LISTENERS);
    return NULL;
  }
  if (i == c->tls_count) {
    c->tls_count++;
    *t = (tls_terms){
        .at.off = true, .profile = AS_FIRST, .client_cert = AS_FIRST};
    snprintf(t->name, sizeof t->name, "%s", name);
  }
  return t;
}

/* A key of [tls NAME]; NULL: there is none of that name. */
static const setting *named_setting(const char *key) {
  static const int own[] = {SET_CERT, SET_KEY, SET_PROFILE, SET_CLIENT_CERT};
  if (strcmp(key, "listen") == 0) {
    return &settings[SET_TLS];
  }
  for (size_t i = 0; i < sizeof own / sizeof *own; i++) {
    if (strcmp(settings[own[i]].key, key) == 0) {
      return &settings[own[i]];
    }
  }
  return NULL;
}

static bool put_named(config *c, const char *name, const setting *s,
                      const char *value, char *why) {
  tls_terms *t = named_terms(c, name, why);
  return t != NULL &&
         setting_put((char *)t + (s->offset - offsetof(config, tls)), s, value,
                     why);
}

typedef struct reading {
  FILE *file;
  config *c;
  int line;
  int bad_line;
  char why[WHY_SIZE];
  char why_key[80];
} reading;

static void refuse_line(reading *r, const char *key, const char *why) {
  if (r->bad_line == 0) {
    r->bad_line = r->line;
    snprintf(r->why_key, sizeof r->why_key, "%.78s", key);
    if (why != r->why) {
      snprintf(r->why, sizeof r->why, "%s", why);
    }
  }
}

/* inih cuts long lines in two without a word; here they are refused. Nor does
 * it see the blanks at a line's beginning: it would take what is behind them
 * for more of the value above. */
static char *read_line(char *line, int size, void *arg) {
  reading *r = arg;
  char *got = fgets(line, size, r->file);
  if (got == NULL) {
    return NULL;
  }
  r->line++;
  if (strchr(line, '\n') == NULL && !feof(r->file)) {
    refuse_line(r, "", "the line is too long");
  }
  size_t blanks = strspn(line, " \t\v\f\r");
  memmove(line, line + blanks, strlen(line + blanks) + 1);
  return got;
}

static const setting *find_setting(const char *section, const char *key) {
  for (size_t i = 0; i < SETTINGS; i++) {
    if (settings[i].section != NULL &&
        strcmp(settings[i].section, section) == 0 &&
        strcmp(settings[i].key, key) == 0) {
      return &settings[i];
    }
  }
  return NULL;
}

static int handle_key(void *arg, const char *section, const char *name,
                      const char *value) {
  reading *r = arg;
  bool named = strncmp(section, "tls ", 4) == 0;
  const setting *s = named ? named_setting(name) : find_setting(section, name);
  char key[80];
  char why[WHY_SIZE] = "there is no such setting";
  snprintf(key, sizeof key, "[%.30s] %.40s", section, name);
  if (s == NULL || !(named ? put_named(r->c, section + 4, s, value, why)
                           : config_put(r->c, s, value, why))) {
    refuse_line(r, key, why);
    return 0;
  }
  return 1;
}

static int read_file(config *c, const char *path) {
  reading r = {.c = c};
  r.file = fopen(path, "r");
  if (r.file == NULL) {
    report("%s: %s; nothing of it is used", path,
           strerror(errno)); /* NOLINT(concurrency-mt-unsafe) */
    return EXIT_REFUSED;
  }
  int bad = ini_parse_stream(read_line, &r, handle_key, &r);
  bool failed = ferror(r.file) != 0;
  fclose(r.file);
  if (failed || bad < 0) {
    report("%s: it cannot be read; nothing of it is used", path);
    return EXIT_REFUSED;
  }
  if (r.bad_line == 0 && bad > 0) {
    r.bad_line = bad;
    snprintf(r.why, sizeof r.why, "neither [section] nor key = value");
  }
  if (r.bad_line != 0) {
    report("%s:%d: %s%s%s; nothing of the file is used", path, r.bad_line,
           r.why_key, r.why_key[0] ? ": " : "", r.why);
    return EXIT_REFUSED;
  }
  return 0;
}

/* -- the command line --------------------------------------------------------
 */

enum { OPTION_BASE = 256 }; /* + the setting */

static const option_spec specs[] = {
    {'c', "config", "FILE", "configuration file; SIGHUP reads it again"},
    {OPTION_BASE + SET_TCP, "tcp", "ADDR:PORT|off",
     "listen for TCP; default *:1720, port 0 picks one"},
    {OPTION_BASE + SET_TLS, "tls", "ADDR:PORT|off",
     "listen for TLS; default *:1300, port 0 picks one"},
    {OPTION_BASE + SET_STATE, "state", "DIR",
     "device table, credentials, control socket; ./h46017-state"},
    {OPTION_BASE + SET_OPEN, "open", NULL,
     "let in every name that no device holds: anybody"},
    {OPTION_BASE + SET_CERT, "cert", "FILE",
     "own certificate and chain (PEM), else made at the first start; repeat "
     "for another kind of key"},
    {OPTION_BASE + SET_KEY, "key", "FILE", "its private key (PEM)"},
    {OPTION_BASE + SET_TRUST, "trust", "FILE",
     "put its certificates into the trust list (PEM, DER); repeat"},
    {OPTION_BASE + SET_PROFILE, "profile", "modern|legacy-device|legacy-sha1",
     "legacy-device: RSA-1024 device certificates are taken; legacy-sha1: and "
     "SHA-1 signatures, which can be forged"},
    {OPTION_BASE + SET_CLIENT_CERT, "client-cert", "none|request|require",
     "what TLS clients must show; default require"},
    {OPTION_BASE + SET_LOG, "log", "text|json", "form of the events; text"},
    {OPTION_BASE + SET_KEYLOG, "keylog", "FILE",
     "append TLS secrets, to decrypt captures with"},
    {OPTION_BASE + SET_PCAP, "pcap", "FILE",
     "write what TLS hides as a capture for Wireshark"},
    {OPTION_BASE + SET_TIME_FLOOR, "time-floor", "DATE",
     "a clock before it counts as not set; the release's"},
};

static const option_text text = {
    "[OPTION]...",
    "An H.323 gatekeeper for devices that register over one TCP or TLS "
    "connection\n(ITU-T H.460.17). Without options: TCP 1720, TLS 1300, no "
    "devices: every\nregistration is refused until h46017-ctl device add.",
    "  h46017-ctl device add 0090332f688a --tls-only\n"
    "  h46017-gk --trust device-ca.pem\n"
    "  h46017-gk --tcp 127.0.0.1:0 --tls off --open --log json\n",
};

static int read_options(config *c, int argc, char **argv) {
  const char *argument = NULL;
  int first = 0;
  int id;
  optind = 0; /* read again at every reload */
  while ((id = options_next(specs, sizeof specs / sizeof *specs, &text, argc,
                            argv, &argument, &first)) > 0) {
    const setting *s = &settings[id == 'c' ? SET_FILE : id - OPTION_BASE];
    char why[WHY_SIZE];
    if (!config_put(c, s, argument ? argument : "yes", why)) {
      return report_usage("--%s: %s", id == 'c' ? "config" : s->key, why);
    }
  }
  if (id < 0) {
    return EXIT_USAGE;
  }
  if (first < argc) {
    return report_usage("'%s' is not an option", argv[first]);
  }
  return 0;
}

/* -- all of it ----------------------------------------------------------------
 */

static bool config_default(config *c) {
  *c = (config){
      .tcp.at.port = ADDRESS_PORT_TCP,
      .tls = {{.at.at.port = ADDRESS_PORT_TLS,
               .client_cert = CLIENT_CERT_REQUIRE}},
      .tls_count = 1,
      .ttl = 120,
      .min_ttl = 15,
      .max_ttl = 3600,
      .ttl_spread = 10,
      .grace = 10,
      .probe_timeout = 3,
      .password_window = 300,
      .password_kinds = H46017_H235_ALL,
      .password_attempts = 5,
      .password_hold = 60,
      .connections = 20000,
      .registrations = 64,
      .handshakes = 1000,
      .handshake_timeout = 10,
      .register_timeout = 30,
      .aliases = 32,
      .pending = 64,
      .pending_timeout = 10,
      .rip_delay = 5,
      .answers = 4,
      .answer_time = 10,
      .malformed = 8,
      .pdu = 65535,
      .output = 262144,
      .request_rate = 500,
      .full_rate = 2000,
      .calls = 2000,
      .admission_timeout = 30,
      .identifier = strdup("h46017"),
      .state = strdup(STATE_DIR_DEFAULT),
      .time_floor = CLOCK_FLOOR,
  };
  return c->identifier != NULL && c->state != NULL;
}

/* A mistake of no one line: the file's if there is one, else the command
 * line's. Returns EXIT_USAGE. */
__attribute__((format(printf, 2, 3))) static int
refuse_whole(const config *c, const char *format, ...) {
  char why[WHY_SIZE];
  va_list args;
  va_start(args, format);
  vsnprintf(why, sizeof why, format, args);
  va_end(args);
  if (c->file == NULL) {
    return report_usage("%s", why);
  }
  report("%s: %s; nothing of the file is used", c->file, why);
  return EXIT_USAGE;
}

static int check_listeners(const config *c) {
  bool off = c->tcp.off && c->tls[0].at.off;
  for (uint32_t i = 0; i < c->tls_count; i++) {
    const tls_terms *t = &c->tls[i];
    if (i > 0 && t->at.off) {
      return refuse_whole(c, "[tls %s] does not say where to listen", t->name);
    }
    if (t->certs.count != t->keys.count) {
      return refuse_whole(c, "each cert needs its key");
    }
  }
  return off && c->tls_count == 1
             ? refuse_whole(c, "tcp and tls are both off: nobody could connect")
             : 0;
}

/* What a [tls NAME] does not say is as in [tls]. */
static void inherit(config *c) {
  for (uint32_t i = 1; i < c->tls_count; i++) {
    tls_terms *t = &c->tls[i];
    if (t->profile == AS_FIRST) {
      t->profile = c->tls[0].profile;
    }
    if (t->client_cert == AS_FIRST) {
      t->client_cert = c->tls[0].client_cert;
    }
  }
}

static int config_check(const config *c) {
  int status = check_listeners(c);
  if (status != 0) {
    return status;
  }
  if (c->alternates.count > ALTERNATES_MAX) {
    return refuse_whole(c, "at most %d alternates", ALTERNATES_MAX);
  }
  if (c->min_ttl > c->max_ttl || c->ttl < c->min_ttl || c->ttl > c->max_ttl) {
    return refuse_whole(c,
                        "ttl must be from min_ttl to max_ttl (%u is not from "
                        "%u to %u)",
                        c->ttl, c->min_ttl, c->max_ttl);
  }
  return 0;
}

/* Reads the file that the options name, and the options again: they stand
 * above it. */
static int read_below(config *options, int argc, char **argv) {
  config *both = malloc(sizeof *both);
  int status = EXIT_REFUSED;
  if (both == NULL || !config_default(both)) {
    report_code(H46017_ERR_NOMEM, "reading the configuration");
    free(both);
    return status;
  }
  status = read_file(both, options->file);
  if (options->tls[0].certs.count > 0 || options->tls[0].keys.count > 0) {
    text_list_free(&both->tls[0].certs);
    text_list_free(&both->tls[0].keys);
  }
  if (status == 0) {
    status = read_options(both, argc, argv);
  }
  config_clear(options);
  *options = *both;
  free(both);
  return status;
}

int config_read(config *out, int argc, char **argv) {
  config fresh;
  int status = EXIT_REFUSED;
  if (config_default(&fresh)) {
    status = read_options(&fresh, argc, argv);
  } else {
    report_code(H46017_ERR_NOMEM, "reading the configuration");
  }
  if (status == 0 && fresh.file != NULL) {
    status = read_below(&fresh, argc, argv);
  }
  if (status == 0) {
    status = config_check(&fresh);
  }
  if (status != 0) {
    config_clear(&fresh);
    return status;
  }
  inherit(&fresh);
  config_clear(out);
  *out = fresh;
  return 0;
}

void config_clear(config *c) {
  for (uint32_t i = 0; i < c->tls_count; i++) {
    text_list_free(&c->tls[i].certs);
    text_list_free(&c->tls[i].keys);
  }
  text_list_free(&c->trust);
  free(c->identifier);
  text_list_free(&c->alternates);
  free(c->file);
  free(c->state);
  free(c->keylog);
  free(c->pcap);
  *c = (config){0};
}
