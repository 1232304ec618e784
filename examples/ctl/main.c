/* SPDX-License-Identifier: BSD-2-Clause */
#include "ctl.h"

#include "common/events.h"
#include "common/options.h"
#include "common/process.h"
#include "common/state_dir.h"

#include "cert/cert.h"

#include <h46017/common.h>

#include <stdio.h>
#include <string.h>

enum { OPTION_STATE = 256, OPTION_JSON };

static const option_spec specs[] = {
    {OPTION_STATE, "state", "DIR", "the gatekeeper's; ./h46017-state"},
    {OPTION_JSON, "json", NULL, "answers for programs"},
};

static const option_text text = {
    "[--state DIR] [--json] COMMAND [ARGUMENT]...",
    "Looks at and changes a gatekeeper (h46017-gk) and its device table.\n\n"
    "The device table, with or without a running gatekeeper:\n"
    "  device add NAME [OPTION]...    NAME alone is also its hardware ID\n"
    "  device set NAME OPTION...      change what the options name\n"
    "  device list | show NAME | remove NAME\n"
    "    --hardware-id ID             what its certificate is for; repeat\n"
    "    --alias A                    a name it may register besides; repeat\n"
    "    --auth certificate|password|either|both|open\n"
    "                                 what it must prove; certificate\n"
    "    --password-file FILE         its password (- for standard input)\n"
    "    --match exact|serial|prefix  how far the certificate's CN reaches; "
    "serial\n"
    "    --tls-only | --no-tls-only   over TLS with its certificate only\n"
    "    --fingerprint SHA256|none    this very certificate only\n\n"
    "Whom it trusts and whom it refused, with or without a running one, which\n"
    "takes a change up at once:\n"
    "  trust list|add|show|set|remove|clear|export|replace\n"
    "  rejected list|show|trust|clear\n"
    "                         see 'h46017-ctl trust --help'\n\n"
    "The running gatekeeper, over the control socket in DIR:\n"
    "  registrations          who is registered\n"
    "  calls                  the calls that are up\n"
    "  stats [--prometheus]   counters\n"
    "  drop NAME              end the registration that holds NAME\n"
    "  reload                 read the configuration file again\n"
    "  log LEVEL              error, warn, info or debug",
    "  h46017-ctl device add 0090332f688a --tls-only\n"
    "  h46017-ctl device add gateway --hardware-id 009033010203 --match "
    "serial\n"
    "  h46017-ctl --json device list\n"
    "  h46017-ctl rejected trust 3fa29c\n"
    "  h46017-ctl drop 0090332f688a\n",
};

int ctl_fail(const ctl *c, int code, const char *what, const char *next) {
  report_code_next(code, next, "%s", what);
  if (c->json) {
    json_t *answer = json_object();
    json_object_set_new(answer, "ok", json_false());
    events_code(answer, code);
    if (next != NULL) {
      json_object_set_new(answer, "remedy", json_string(next));
    }
    events_text(answer, "text", what, strlen(what));
    ctl_print(answer);
  }
  return EXIT_REFUSED;
}

void ctl_done(const ctl *c) {
  if (c->json) {
    json_t *answer = json_object();
    json_object_set_new(answer, "ok", json_true());
    ctl_print(answer);
  }
}

void ctl_print(json_t *value) {
  json_dumpf(value, stdout, JSON_COMPACT | JSON_ENSURE_ASCII);
  fputc('\n', stdout);
  json_decref(value);
}

/* The store is changed; a running gatekeeper takes it up before this returns.
 */
static size_t trust_changed(const char *state, const char *drop) {
  ctl c = {.state = state};
  json_t *request = json_object();
  json_object_set_new(request, "command", json_string("trust-changed"));
  if (drop != NULL) {
    json_object_set_new(request, "drop", json_string(drop));
  }
  json_t *answer = remote_ask(&c, request, true);
  json_int_t dropped = json_integer_value(json_object_get(answer, "dropped"));
  json_decref(answer);
  return dropped > 0 ? (size_t)dropped : 0;
}

int main(int argc, char **argv) {
  ctl c = {.state = STATE_DIR_DEFAULT};
  const char *argument = NULL;
  int first = 0;
  int id;
  report_init("h46017-ctl");
  process_setup();
  while ((id = options_next(specs, sizeof specs / sizeof *specs, &text, argc,
                            argv, &argument, &first)) > 0) {
    if (id == OPTION_STATE) {
      c.state = argument;
    } else {
      c.json = true;
    }
  }
  if (id < 0) {
    return EXIT_USAGE;
  }
  if (first == argc) {
    return report_usage("no command is given");
  }
  argc -= first;
  argv += first;
  if (strcmp(argv[0], "device") == 0) {
    return device_command(&c, argc, argv);
  }
  cert trust = {.state = c.state, .json = c.json, .changed = trust_changed};
  if (strcmp(argv[0], cert_trust.name) == 0) {
    return cert_trust.run(&trust, argc, argv);
  }
  if (strcmp(argv[0], cert_rejected.name) == 0) {
    return cert_rejected.run(&trust, argc, argv);
  }
  return remote_command(&c, argc, argv);
}
