/* SPDX-License-Identifier: BSD-2-Clause */
/* h46017-dump: decode, re-encode, look.
 *
 *     options -> one of four readers -> decode -> JSON, text or octets */

#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include <unistd.h>

#include "dump.h"

#define EXIT_USAGE 2

static const char help[] =
    "Usage: " DUMP_PROGRAM " [OPTION]... [FILE|-]\n"
    "Decodes H.225.0 messages, as they travel over H.460.17 connections.\n"
    "\n"
    "  --input hex    one PDU a line, in hex (the default)\n"
    "  --input bin    one PDU, its octets\n"
    "  --input tpkt   the octets of one direction of a connection\n"
    "  --input pcap   a capture: TCP port 1720 and any --port, UDP port 1719\n"
    "  --type TYPE    of the PDUs of hex and bin; default RasMessage\n"
    "  --port N       look at this TCP port too; may be repeated\n"
    "\n"
    "  --json         one JSON object a line (the default)\n"
    "  --text         indented, for reading\n"
    "  --reencode     decode, encode, print the octets in hex, a line a PDU\n"
    "\n"
    "  --types        list the types and stop\n"
    "  --help, --version\n"
    "\n"
    "Examples:\n"
    "  echo 0e402be8060008914a0007000000 | " DUMP_PROGRAM "\n"
    "  " DUMP_PROGRAM " --type H323-UserInformation --text setup.hex\n"
    "  " DUMP_PROGRAM " --input pcap --port 1300 --text gatekeeper.pcap\n"
    "  tcpdump -i any -U -w - tcp port 1720 | " DUMP_PROGRAM " --input pcap -\n"
    "\n"
    "Exit status: 0 everything was decoded; 1 something was not, or reading\n"
    "or writing failed; 2 bad usage.\n";

static const char *const input_names[] = {"hex", "bin", "tpkt", "pcap"};

enum {
  OPT_TYPE = 256,
  OPT_INPUT,
  OPT_JSON,
  OPT_TEXT,
  OPT_REENCODE,
  OPT_PORT,
  OPT_TYPES,
  OPT_HELP,
  OPT_VERSION
};

static const struct option options[] = {
    {"type", required_argument, NULL, OPT_TYPE},
    {"input", required_argument, NULL, OPT_INPUT},
    {"json", no_argument, NULL, OPT_JSON},
    {"text", no_argument, NULL, OPT_TEXT},
    {"reencode", no_argument, NULL, OPT_REENCODE},
    {"port", required_argument, NULL, OPT_PORT},
    {"types", no_argument, NULL, OPT_TYPES},
    {"help", no_argument, NULL, OPT_HELP},
    {"version", no_argument, NULL, OPT_VERSION},
    {NULL, 0, NULL, 0},
};

/* What the options say beside what `dump` holds. */
typedef struct usage {
  const char *type;
  const char *file;
  bool format; /* one was named */
  bool port;
} usage;

static int usage_failed(const char *what, const char *argument) {
  fprintf(stderr, DUMP_PROGRAM ": %s%s%s; see " DUMP_PROGRAM " --help\n", what,
          argument != NULL ? ": " : "", argument != NULL ? argument : "");
  return EXIT_USAGE;
}

static int usage_format(dump *d, usage *u, dump_format format) {
  if (u->format && d->format != format) {
    return usage_failed("only one of --json, --text and --reencode", NULL);
  }
  u->format = true;
  d->format = format;
  return 0;
}

static int usage_input(dump *d, const char *name) {
  for (size_t i = 0; i < sizeof(input_names) / sizeof(input_names[0]); i++) {
    if (strcmp(name, input_names[i]) == 0) {
      d->input = (dump_input)i;
      return 0;
    }
  }
  return usage_failed("--input is hex, bin, tpkt or pcap, not", name);
}

static int usage_port(dump *d, usage *u, const char *text) {
  char *end;
  errno = 0;
  unsigned long port = strtoul(text, &end, 10);
  if (*text < '0' || *text > '9' || *end != '\0' || errno != 0 || port == 0 ||
      port > 65535) {
    return usage_failed("not a port", text);
  }
  if (d->nports == DUMP_MAX_PORTS) {
    return usage_failed("too many ports", NULL);
  }
  d->ports[d->nports++] = (uint16_t)port;
  u->port = true;
  return 0;
}

static void types_print(void) {
  const h46017_h225_type *type;
  for (size_t i = 0; (type = h46017_h225_type_at(i)) != NULL; i++) {
    puts(h46017_h225_type_name(type));
  }
}

/* Writes what was asked for and stops; a full disk is a failure there too. */
static int stop(void) {
  return fflush(stdout) != 0 || ferror(stdout) ? EXIT_FAILURE : EXIT_SUCCESS;
}

/* Returns an exit status, or -1: go on. */
static int usage_option(dump *d, usage *u, int option) {
  int rv = 0;
  switch (option) {
  case OPT_TYPE:
    u->type = optarg;
    break;
  case OPT_INPUT:
    rv = usage_input(d, optarg);
    break;
  case OPT_JSON:
    rv = usage_format(d, u, DUMP_JSON);
    break;
  case OPT_TEXT:
    rv = usage_format(d, u, DUMP_TEXT);
    break;
  case OPT_REENCODE:
    rv = usage_format(d, u, DUMP_REENCODE);
    break;
  case OPT_PORT:
    rv = usage_port(d, u, optarg);
    break;
  case OPT_TYPES:
    types_print();
    return stop();
  case OPT_HELP:
    fputs(help, stdout);
    return stop();
  case OPT_VERSION:
    printf(DUMP_PROGRAM " %s (libh46017 %s)\n", H46017_VERSION,
           h46017_version(0));
    return stop();
  default: /* getopt has said what */
    return usage_failed("bad usage", NULL);
  }
  return rv != 0 ? rv : -1;
}

static int usage_read(dump *d, usage *u, int argc, char **argv) {
  int option;
  while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
    int rv = usage_option(d, u, option);
    if (rv >= 0) {
      return rv;
    }
  }
  if (argc - optind > 1) {
    return usage_failed("only one file at a time", NULL);
  }
  u->file = optind < argc ? argv[optind] : "-";
  bool single = d->input == DUMP_HEX || d->input == DUMP_BIN;
  if (u->type != NULL && !single) {
    return usage_failed("--type goes with --input hex and bin only", NULL);
  }
  if (u->port && d->input != DUMP_PCAP) {
    return usage_failed("--port goes with --input pcap only", NULL);
  }
  d->type = h46017_h225_type_find(u->type != NULL ? u->type : "RasMessage");
  if (d->type == NULL) {
    return usage_failed("no such type (" DUMP_PROGRAM " --types lists them)",
                        u->type);
  }
  return -1;
}

static int dump_file(dump *d, const char *file) {
  if (d->input == DUMP_PCAP) {
    return dump_pcap_file(d, file);
  }
  int rv = -1;
  int fd = strcmp(file, "-") == 0 ? STDIN_FILENO : open(file, O_RDONLY);
  if (fd >= 0) {
    rv = d->input == DUMP_HEX   ? dump_hex_file(d, fd)
         : d->input == DUMP_BIN ? dump_bin_file(d, fd)
                                : dump_tpkt_file(d, fd);
  }
  if (rv != 0) {
    fprintf(stderr, DUMP_PROGRAM ": %s: %s\n", file, strerror(errno));
  }
  if (fd > STDIN_FILENO) {
    close(fd);
  }
  return rv;
}

static int dump_all(dump *d, const char *file) {
  int rv = dump_file(d, file);
  errno = 0;
  if (fflush(d->out) != 0 || dump_out_failed(d)) {
    fprintf(stderr, DUMP_PROGRAM ": writing failed%s%s\n",
            errno != 0 ? ": " : "", errno != 0 ? strerror(errno) : "");
    return EXIT_FAILURE;
  }
  if (d->errors > 0) {
    fprintf(stderr,
            DUMP_PROGRAM ": %" PRIu64 " of %" PRIu64
                         " could not be decoded in full\n",
            d->errors, d->pdus);
  }
  return rv != 0 || d->errors > 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}

int main(int argc, char **argv) {
  static dump d;
  usage u;
  h46017_h225_settings settings;
  if (h46017_version(H46017_VERSION_NUM) == NULL) {
    fprintf(stderr,
            DUMP_PROGRAM ": libh46017 %s is older than this program, %s\n",
            h46017_version(0), H46017_VERSION);
    return EXIT_FAILURE;
  }
  memset(&u, 0, sizeof(u));
  d.out = stdout;
  d.err = stderr;
  d.json.out = stdout;
  d.ports[d.nports++] = 1720;
  int rv = usage_read(&d, &u, argc, argv);
  if (rv >= 0) {
    return rv;
  }
  h46017_h225_settings_default(&settings);
  settings.max_memory = DUMP_MAX_MEMORY;
  settings.max_elements = DUMP_MAX_ELEMENTS;
  rv = h46017_h225_new(&d.message, &settings, NULL);
  rv = rv != 0 ? rv : h46017_h225_new(&d.ras, &settings, NULL);
  if (rv != 0) {
    fprintf(stderr, DUMP_PROGRAM ": %s\n", h46017_strerror(rv));
    rv = EXIT_FAILURE;
  } else {
    rv = dump_all(&d, u.file);
  }
  h46017_h225_del(d.message);
  h46017_h225_del(d.ras);
  free(d.buf);
  return rv;
}
