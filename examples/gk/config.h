/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef EXAMPLES_GK_CONFIG_H
#define EXAMPLES_GK_CONFIG_H

/* What the gatekeeper is told: defaults, then the configuration file, then the
 * command line. A reload reads all of it anew, and takes it whole or not at
 * all. */

#include "common/address.h"
#include "common/options.h"

#include <stdbool.h>
#include <stdint.h>

typedef struct listen_address {
  host_port at;
  bool off;
} listen_address;

enum client_cert { CLIENT_CERT_NONE, CLIENT_CERT_REQUEST, CLIENT_CERT_REQUIRE };
enum profile { PROFILE_MODERN, PROFILE_LEGACY_DEVICE, PROFILE_LEGACY_SHA1 };
/* h46017_duplicates, in its order */
enum duplicates { DUPLICATES_REPLACE, DUPLICATES_REJECT, DUPLICATES_ALLOW };
enum match { MATCH_PREFIX, MATCH_SERIAL, MATCH_EXACT };
/* Which names of a registration say which device it is. */
enum identity {
  IDENTITY_ALL,
  IDENTITY_H323_ID,
  IDENTITY_DIGITS,
  IDENTITY_URL,
  IDENTITY_EMAIL
};
enum log_format { LOG_TEXT, LOG_JSON };

enum { TLS_LISTENERS = 4 };

/* A listener for TLS and its terms: [tls], and each [tls NAME]. */
typedef struct tls_terms {
  char name[32];     /* empty: [tls], whose address is in [listen] */
  listen_address at; /* read at the start only */
  text_list certs;   /* files, each with its key */
  text_list keys;
  uint32_t profile;
  uint32_t client_cert;
} tls_terms;

/* Texts are the config's own. */
typedef struct config {
  listen_address tcp;           /* [listen]; read at the start only */
  tls_terms tls[TLS_LISTENERS]; /* the first is [tls] */
  uint32_t tls_count;
  text_list trust; /* [tls]: of every listener */
  /* [registration] */
  bool open;
  uint32_t ttl;
  uint32_t min_ttl;
  uint32_t max_ttl;
  uint32_t ttl_spread; /* percent */
  uint32_t grace;      /* seconds after the time to live */
  uint32_t match;    /* enum match: the loosest that counts of a device's own */
  uint32_t identity; /* enum identity */
  uint32_t duplicates;
  uint32_t probe_timeout;      /* seconds */
  uint32_t registration_grace; /* seconds */
  bool any_identifier;
  bool pre_granted;
  uint32_t password_window; /* seconds */
  uint32_t password_kinds;  /* H46017_H235_HMAC and the like */
  bool password_over_tcp;
  uint32_t password_attempts; /* 0: any number */
  uint32_t password_hold;     /* seconds */
  bool password_by_name;
  bool security_errors;
  bool strict;
  /* [limits]; seconds where it is a time */
  uint32_t connections;
  uint32_t registrations;
  uint32_t handshakes;
  uint32_t handshake_timeout;
  uint32_t register_timeout;
  uint32_t all_registrations; /* on all connections; 0: any number */
  uint32_t aliases;           /* of one registration */
  uint32_t pending;           /* on one connection */
  uint32_t pending_timeout;
  uint32_t rip_delay;
  uint32_t answers; /* kept for repetitions, on one connection */
  uint32_t answer_time;
  uint32_t malformed;      /* RAS messages on one connection */
  uint32_t pdu;            /* octets */
  uint32_t output;         /* octets waiting on one connection */
  uint32_t request_rate;   /* a second on one connection; 0: any number */
  uint32_t full_rate;      /* full RRQs a second; 0: any number */
  uint32_t calls;          /* on one connection */
  uint32_t call_bandwidth; /* 100 bit/s; 0: any */
  uint32_t admission_timeout;
  uint32_t all_bandwidth; /* of all calls, 100 bit/s; 0: any */
  uint32_t call_report;   /* seconds between IRRs; 0: none */
  /* [gatekeeper]; the identifier is read at the start only */
  char *identifier;
  text_list alternates;
  /* the command line only */
  char *file;
  char *state;
  char *keylog;
  char *pcap;
  uint32_t log;
  int64_t time_floor;
} config;

/* Reads everything. Returns 0, or after a report EXIT_USAGE or EXIT_REFUSED;
 * then *out is as it was. */
int config_read(config *out, int argc, char **argv);

void config_clear(config *c);

/* The terms of the listener of that name, or NULL. */
const tls_terms *config_tls(const config *c, const char *name);

#endif
