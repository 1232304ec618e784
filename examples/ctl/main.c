/* SPDX-License-Identifier: BSD-2-Clause */
#include "ctl.h"

#include "common/events.h"
#include "common/options.h"
#include "common/process.h"
#include "common/state_dir.h"

#include <h46017/common.h>

#include <stdio.h>
#include <string.h>

enum { OPTION_STATE = 256, OPTION_JSON };

static const option_spec specs[] = {
    {OPTION_STATE, "state", "DIR", "the gatekeeper's; ./h46017-state"},
    {OPTION_JSON, "json", NULL, "answers for programs"},
};

static const option_text text = {
    "h46017-ctl [--state DIR] [--json] COMMAND [ARGUMENT]...",
    "Looks at and changes a gatekeeper (h46017-gk) and its device table.\n\n"
    "The device table, with or without a running gatekeeper:\n"
    "  device add NAME [OPTION]...    NAME alone is also its hardware ID\n"
    "  device set NAME OPTION...      change what the options name\n"
    "  device list | show NAME | remove NAME\n"
    "    --hardware-id ID             what its certificate is for; repeat\n"
    "    --alias A                    a name it may register besides; repeat\n"
    "    --auth certificate|open      what it must prove; certificate\n"
    "    --match exact|serial|prefix  how far the certificate's CN reaches; "
    "serial\n"
    "    --tls-only | --no-tls-only   over TLS with its certificate only\n"
    "    --fingerprint SHA256|none    this very certificate only\n\n"
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
    "  h46017-ctl drop 0090332f688a\n",
};

int ctl_fail(const ctl *c, int code, const char *what) {
  report_code(code, "%s", what);
  if (c->json) {
    json_t *answer = json_object();
    json_object_set_new(answer, "ok", json_false());
    events_code(answer, code);
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
  return strcmp(argv[first], "device") == 0
             ? device_command(&c, argc - first, argv + first)
             : remote_command(&c, argc - first, argv + first);
}
