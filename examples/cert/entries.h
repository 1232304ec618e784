/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef EXAMPLES_CERT_ENTRIES_H
#define EXAMPLES_CERT_ENTRIES_H

/* Trust list and rejected certificates of the state directory, for the
 * commands `trust` and `rejected` of h46017-cert and h46017-ctl. */

#include "cert.h"

#include "common/trust_state.h"

#include <openssl/x509.h>

/* 0, or a status after cert_fail(). Close it either way. */
int entries_open(const cert *c, trust_state *t);

/* cert_fail() with the store's words, if there are any. */
int entries_fail(const cert *c, const trust_state *t, int code,
                 const char *what);

/* The same for an ID that an operator gave, and what to do next where the
 * library speaks of it to programmers; else NULL. */
int entries_no_id(const cert *c, const trust_state *t, int code,
                  const char *digits);
const char *entries_id_next(int code);

/* An entry as JSON, the id in full. */
json_t *entries_describe(const h46017_trust_entry *entry);

/* What a person is told of an entry that was added: which kind it became, and
 * how to change that. */
void entries_print_added(const h46017_trust_entry *entry);

/* `2026-11-25T12:00:00Z`, or JSON null for 0. */
json_t *entries_time(int64_t utc);

/* `authority`, `end-entity`; false: neither. */
bool entries_kind(const char *value, h46017_trust_kind *out);

/* So many digits of an id are enough to tell it from all others; the digits
 * are printed into `out` of 65 octets. At least 12. */
void entries_short(const uint8_t (*ids)[H46017_CERT_ID_LEN], size_t count,
                   const uint8_t id[H46017_CERT_ID_LEN], char *out);

/* What `--as` says, and the time; without a clock nothing is valid. */
void entries_add_options(h46017_trust_add_options *options,
                         h46017_trust_kind kind);

/* Every certificate as it was told, while they are added. */
typedef struct entries_added {
  const cert *c;
  const char *what; /* the file's name, or the rejected one's id */
  const char *next; /* what to do; NULL: what the library says */
  json_t *added;
  json_t *refused;
} entries_added;
void entries_added_init(entries_added *a, const cert *c);
/* An h46017_trust_added; user_data is an entries_added. */
void entries_tell(size_t at, int code, const h46017_trust_entry *entry,
                  void *user_data);
/* Reports a code that nothing was told of. */
void entries_report(const entries_added *a, const trust_state *t, int code);
/* Prints the answer; `code` is what the function that added returned. */
int entries_finish(entries_added *a, int code);

/* The change is in force in a running gatekeeper, if one is to be told. */
size_t entries_changed(const cert *c, const char *drop);

/* What a certificate says, all of it; *given*. */
json_t *entries_describe_x509(X509 *x);

/* What comes from a certificate must not draw on the terminal. */
void entries_print_text(const char *text);

/* The members of a description (*taken*) as lines for a person. */
void entries_print(json_t *members);

#endif
