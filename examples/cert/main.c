/* SPDX-License-Identifier: BSD-2-Clause */
#include "cert.h"

#include "common/process.h"
#include "common/state_dir.h"

#include <h46017/common.h>

#include <stdio.h>
#include <string.h>

static const cert_command *const commands[] = {
    &cert_selfsigned, &cert_renew,  &cert_csr,     &cert_import,
    &cert_export,     &cert_delete, &cert_app,     &cert_ca,
    &cert_batch,      &cert_show,   &cert_trust,   &cert_rejected,
    &cert_probe,      &cert_doctor, &cert_explain, NULL,
};

static const option_text text = {
    "[--state DIR] [--json] [--yes] COMMAND [ARGUMENT]...",
    "Certificates, keys and trust of the state directory that the programs\n"
    "share; they may be running. 'h46017-cert COMMAND --help' says more of "
    "one.",
    "  h46017-cert selfsigned --cn 0090332f688a\n"
    "  h46017-cert ca init --dir CA --subject CN=Site\n"
    "  h46017-cert batch phones.csv --dir CA --out phones\n"
    "  h46017-cert trust add CA/cacert.pem\n"
    "  h46017-cert rejected list\n"
    "  h46017-cert probe gk.example\n"
    "  h46017-cert doctor\n"
    "  h46017-cert explain CERT_EXPIRED\n",
};

static void print_help(void) {
  printf("usage: %s %s\n\n%s\n\nCommands:\n", report_name(), text.usage,
         text.about);
  for (size_t i = 0; commands[i] != NULL; i++) {
    printf("%s", commands[i]->help);
  }
  printf("\nOptions of every command:\n"
         "      --state DIR          the programs'; ./h46017-state\n"
         "      --json               answers for programs\n"
         "      --yes                do not ask\n"
         "      --help               print this, or help on a command\n"
         "      --version            print the version\n"
         "\nExamples:\n%s",
         text.examples);
}

int main(int argc, char **argv) {
  cert c = {.state = STATE_DIR_DEFAULT};
  int first = 0;
  report_init("h46017-cert");
  process_setup();
  if (h46017_version(H46017_VERSION_NUM) == NULL) {
    report("libh46017 %s is older than this program", h46017_version(0));
    return EXIT_USAGE;
  }
  if (argc > 1 && strcmp(argv[1], "--help") == 0) {
    print_help();
    return EXIT_DONE;
  }
  int status = cert_common(&c, argc, argv, &text, &first);
  if (status != 0) {
    return status;
  }
  for (size_t i = 0; commands[i] != NULL; i++) {
    if (strcmp(argv[first], commands[i]->name) == 0) {
      return commands[i]->run(&c, argc - first, argv + first);
    }
  }
  return report_usage("there is no command '%s'", argv[first]);
}
