/* SPDX-License-Identifier: BSD-2-Clause */
#include "ctl.h"

#include "common/device_table.h"
#include "common/hex.h"
#include "common/options.h"
#include "common/state_dir.h"

#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
  OPTION_STATE = 256,
  OPTION_JSON,
  OPTION_HARDWARE_ID,
  OPTION_ALIAS,
  OPTION_AUTH,
  OPTION_MATCH,
  OPTION_TLS_ONLY,
  OPTION_NO_TLS_ONLY,
  OPTION_FINGERPRINT,
  OPTION_PASSWORD_FILE
};

static const option_spec specs[] = {
    {OPTION_HARDWARE_ID, "hardware-id", "ID",
     "what its certificate is for; NAME if none is given; repeat"},
    {OPTION_ALIAS, "alias", "A", "a name it may register besides; repeat"},
    {OPTION_AUTH, "auth", "certificate|password|either|both|open",
     "what it must prove; certificate"},
    {OPTION_PASSWORD_FILE, "password-file", "FILE",
     "its password, the file's first line (- for standard input)"},
    {OPTION_MATCH, "match", "exact|serial|prefix",
     "how far the certificate's CN reaches; serial"},
    {OPTION_TLS_ONLY, "tls-only", NULL,
     "over TLS with its certificate only, whatever --auth says"},
    {OPTION_NO_TLS_ONLY, "no-tls-only", NULL, "the opposite"},
    {OPTION_FINGERPRINT, "fingerprint", "SHA256|none",
     "this very certificate only"},
    {OPTION_STATE, "state", "DIR", "the gatekeeper's; ./h46017-state"},
    {OPTION_JSON, "json", NULL, "answers for programs"},
};

static const option_text text = {
    "device add|set NAME [OPTION]... | list | show NAME | remove "
    "NAME",
    "The devices that may register. A running gatekeeper acts on a change at "
    "once.",
    "  h46017-ctl device add 0090332f688a --tls-only\n"
    "  h46017-ctl device set 0090332f688a --alias 4711 --no-tls-only\n"
    "  h46017-ctl device list --json\n",
};

typedef struct wanted {
  const char *verb;
  const char *name;
  text_list hardware_ids;
  text_list aliases;
  h46017_device device; /* members that `given` says */
  password secret;
  bool auth, match, tls_only, fingerprint, password;
} wanted;

/* -- the command line
 * ------------------------------------------------------------- */

static bool parse_auth(const char *value, h46017_device_auth *out) {
  for (h46017_device_auth auth = H46017_AUTH_CERTIFICATE;
       auth <= H46017_AUTH_OPEN; auth++) {
    if (strcmp(value, h46017_device_auth_name(auth)) == 0) {
      *out = auth;
      return true;
    }
  }
  return false;
}

static bool parse_match(const char *value, h46017_match_rule *out) {
  for (h46017_match_rule rule = H46017_MATCH_SERIAL;
       rule <= H46017_MATCH_PREFIX; rule++) {
    if (strcmp(value, h46017_match_rule_name(rule)) == 0) {
      *out = rule;
      return true;
    }
  }
  return false;
}

static int take_option(ctl *c, wanted *w, int id, const char *argument) {
  bool good = true;
  switch (id) {
  case OPTION_STATE:
    c->state = argument;
    break;
  case OPTION_JSON:
    c->json = true;
    break;
  case OPTION_HARDWARE_ID:
    good = text_list_add(&w->hardware_ids, argument);
    break;
  case OPTION_ALIAS:
    good = text_list_add(&w->aliases, argument);
    break;
  case OPTION_AUTH:
    w->auth = good = parse_auth(argument, &w->device.auth);
    break;
  case OPTION_MATCH:
    w->match = good = parse_match(argument, &w->device.match);
    break;
  case OPTION_PASSWORD_FILE:
    w->password = password_read(&w->secret, argument);
    return w->password ? 0 : EXIT_REFUSED;
  case OPTION_TLS_ONLY:
  case OPTION_NO_TLS_ONLY:
    w->tls_only = true;
    w->device.tls_only = id == OPTION_TLS_ONLY;
    break;
  default:
    w->device.has_fingerprint = strcmp(argument, "none") != 0;
    w->fingerprint = good = !w->device.has_fingerprint ||
                            hex_sha256(argument, ":", w->device.cert_sha256);
    break;
  }
  return good ? 0
              : options_bad_value(specs, sizeof specs / sizeof *specs, id,
                                  argument);
}

/* device VERB [NAME], options anywhere */
static int read_arguments(ctl *c, wanted *w, int argc, char **argv) {
  const char *argument = NULL;
  int first = 1;
  optind = 0; /* a new list of arguments */
  for (;;) {
    int id = options_next(specs, sizeof specs / sizeof *specs, &text, argc,
                          argv, &argument, &first);
    if (id < 0) {
      return EXIT_USAGE;
    }
    if (id > 0) {
      int status = take_option(c, w, id, argument);
      if (status != 0) {
        return status;
      }
      continue;
    }
    if (first == argc) {
      return 0;
    }
    if (w->verb == NULL) {
      w->verb = argv[first];
    } else if (w->name == NULL) {
      w->name = argv[first];
    } else {
      return report_usage("one name, not '%s' too", argv[first]);
    }
    optind = first + 1;
  }
}

/* -- the commands
 * ------------------------------------------------------------------ */

static json_t *describe(const h46017_device *device) {
  json_t *ids = json_array();
  json_t *aliases = json_array();
  for (size_t i = 0; i < device->hardware_id_count; i++) {
    json_array_append_new(ids, json_string(device->hardware_ids[i]));
  }
  for (size_t i = 0; i < device->alias_count; i++) {
    json_array_append_new(aliases, json_string(device->aliases[i]));
  }
  json_t *out = json_object();
  json_object_set_new(out, "name", json_string(device->name));
  json_object_set_new(out, "hardware_ids", ids);
  json_object_set_new(out, "aliases", aliases);
  json_object_set_new(out, "auth",
                      json_string(h46017_device_auth_name(device->auth)));
  json_object_set_new(out, "match",
                      json_string(h46017_match_rule_name(device->match)));
  json_object_set_new(out, "tls_only", json_boolean(device->tls_only));
  json_t *fingerprint = json_null();
  if (device->has_fingerprint) {
    char hex[HEX_SHA256_TEXT];
    hex_print(device->cert_sha256, HEX_SHA256, hex);
    fingerprint = json_string(hex);
  }
  json_object_set_new(out, "fingerprint", fingerprint);
  return out;
}

static void print_device(const h46017_device *device) {
  printf("%s\n", device->name);
  for (size_t i = 0; i < device->hardware_id_count; i++) {
    printf("  hardware ID  %s\n", device->hardware_ids[i]);
  }
  for (size_t i = 0; i < device->alias_count; i++) {
    printf("  alias        %s\n", device->aliases[i]);
  }
  printf("  proves       %s, CN matched by %s%s\n",
         h46017_device_auth_name(device->auth),
         h46017_match_rule_name(device->match),
         device->tls_only ? ", over TLS with its certificate only" : "");
  if (device->has_fingerprint) {
    char hex[HEX_SHA256_TEXT];
    hex_print(device->cert_sha256, HEX_SHA256, hex);
    printf("  certificate  SHA-256 %s\n", hex);
  }
}

static int collect(const h46017_device *device, void *arg) {
  return json_array_append_new(arg, describe(device)) == 0 ? 0
                                                           : H46017_ERR_NOMEM;
}

static int print_one(const h46017_device *device, void *arg) {
  (void)arg;
  print_device(device);
  return 0;
}

static int do_list(ctl *c, const wanted *w, device_table *t) {
  (void)w;
  if (!c->json) {
    return device_table_each(t, print_one, NULL);
  }
  json_t *array = json_array();
  int code = device_table_each(t, collect, array);
  if (code == 0) {
    ctl_print(array);
  } else {
    json_decref(array);
  }
  return code;
}

static int do_show(ctl *c, const wanted *w, device_table *t) {
  h46017_device *device = NULL;
  int code = device_table_get(t, w->name, &device);
  if (code == 0 && c->json) {
    ctl_print(describe(device));
  } else if (code == 0) {
    print_device(device);
  }
  device_free(device);
  return code;
}

/* a running gatekeeper looks at who is registered under the old terms */
static int changed(const ctl *c) {
  json_t *request = json_object();
  json_object_set_new(request, "command", json_string("devices-changed"));
  json_decref(remote_ask(c, request, true));
  ctl_done(c);
  return 0;
}

/* One that has to show a password that nobody has given it never gets in. */
static int warn_of_password(device_table *t, const h46017_device *device) {
  password secret;
  int code = device_table_password(t, device->name, &secret);
  if (code == 0 && secret.len == 0 &&
      (device->auth == H46017_AUTH_PASSWORD ||
       device->auth == H46017_AUTH_BOTH)) {
    report("'%s' has no password yet: device set %s --password-file FILE",
           device->name, device->name);
  }
  password_clear(&secret);
  return code;
}

static void warn_of_prefix(const h46017_device *device) {
  if (device->match == H46017_MATCH_PREFIX) {
    report("match prefix is weak: a certificate with a short CN stands for "
           "every name that begins like it");
  }
}

static int do_add(ctl *c, const wanted *w, device_table *t) {
  h46017_device device = w->device;
  const char *const alone[] = {w->name};
  device.name = w->name;
  device.hardware_ids = w->hardware_ids.count ? w->hardware_ids.items : alone;
  device.hardware_id_count = w->hardware_ids.count ? w->hardware_ids.count : 1;
  device.aliases = w->aliases.items;
  device.alias_count = w->aliases.count;
  int code = device_table_add(t, &device, w->password ? &w->secret : NULL);
  if (code == 0) {
    code = warn_of_password(t, &device);
  }
  if (code != 0) {
    return code;
  }
  warn_of_prefix(&device);
  return changed(c);
}

static int do_set(ctl *c, const wanted *w, device_table *t) {
  h46017_device *old = NULL;
  int code = device_table_get(t, w->name, &old);
  if (code != 0) {
    return code;
  }
  h46017_device device = *old; /* texts stay the old one's */
  if (w->hardware_ids.count > 0) {
    device.hardware_ids = w->hardware_ids.items;
    device.hardware_id_count = w->hardware_ids.count;
  }
  if (w->aliases.count > 0) {
    device.aliases = w->aliases.items;
    device.alias_count = w->aliases.count;
  }
  device.auth = w->auth ? w->device.auth : device.auth;
  device.match = w->match ? w->device.match : device.match;
  device.tls_only = w->tls_only ? w->device.tls_only : device.tls_only;
  if (w->fingerprint) {
    device.has_fingerprint = w->device.has_fingerprint;
    memcpy(device.cert_sha256, w->device.cert_sha256,
           sizeof device.cert_sha256);
  }
  code = device_table_replace(t, &device, w->password ? &w->secret : NULL);
  if (code == 0) {
    code = warn_of_password(t, &device);
    warn_of_prefix(&device);
  }
  device_free(old);
  return code ? code : changed(c);
}

static int do_remove(ctl *c, const wanted *w, device_table *t) {
  int code = device_table_remove(t, w->name);
  return code ? code : changed(c);
}

/* What to do next, where the library speaks to programmers. */
static const char *next_step(int code) {
  return code == H46017_ERR_NOT_FOUND
             ? "'h46017-ctl device list' lists the devices"
         : code == H46017_ERR_INVALID_ARGUMENT ? "give another; nothing changed"
                                               : NULL;
}

static bool is_missing(const char *path) {
  return access(path, F_OK) != 0 && errno == ENOENT;
}

/* Only a device that is added makes a table: an empty one where the gatekeeper
 * is not looks like its own. */
static int open_table(const ctl *c, bool adds, device_table **pt) {
  char path[STATE_PATH_MAX];
  char why[STATE_PATH_MAX + 64];
  if (!state_dir_path(c->state, STATE_DIR_DEVICES, path, sizeof path)) {
    return EXIT_REFUSED;
  }
  bool no_dir = is_missing(c->state);
  if (!adds && is_missing(path)) {
    snprintf(why, sizeof why,
             no_dir ? "there is no state directory %s"
                    : "there is no device table in %s",
             c->state);
    return ctl_fail(c, H46017_ERR_STORE_IO, why,
                    "name the gatekeeper's directory with --state");
  }
  if (!state_dir_make(c->state)) {
    return EXIT_REFUSED;
  }
  if (no_dir) {
    report("made %s, which was not there; a gatekeeper in use elsewhere does "
           "not see it: --state",
           c->state);
  }
  return device_table_open(pt, c->state) == 0 ? 0 : EXIT_REFUSED;
}

int device_command(ctl *c, int argc, char **argv) {
  static const struct {
    const char *name;
    bool named; /* takes a NAME */
    int (*run)(ctl *c, const wanted *w, device_table *t);
  } verbs[] = {
      {"add", true, do_add},       {"list", false, do_list},
      {"show", true, do_show},     {"set", true, do_set},
      {"remove", true, do_remove},
  };
  wanted w = {0};
  device_table *t = NULL;
  h46017_device_default(&w.device);
  int status = read_arguments(c, &w, argc, argv);
  if (w.verb == NULL) {
    status = status ? status
                    : report_usage("device add, set, list, show or remove?");
    goto done;
  }
  for (size_t i = 0; status == 0 && i < sizeof verbs / sizeof *verbs; i++) {
    if (strcmp(w.verb, verbs[i].name) != 0) {
      continue;
    }
    if (verbs[i].named != (w.name != NULL)) {
      status = report_usage("device %s takes %s name", w.verb,
                            verbs[i].named ? "a" : "no");
      break;
    }
    status = open_table(c, verbs[i].run == do_add, &t);
    if (status == 0) {
      int code = verbs[i].run(c, &w, t);
      status = code ? ctl_fail(c, code, device_table_why(t), next_step(code))
                    : EXIT_DONE;
    }
    goto done;
  }
  if (status == 0) {
    status = report_usage("there is no 'device %s'", w.verb);
  }
done:
  device_table_close(t);
  password_clear(&w.secret);
  text_list_clear(&w.hardware_ids);
  text_list_clear(&w.aliases);
  return status;
}
