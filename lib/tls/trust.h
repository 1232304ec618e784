/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef H46017_TLS_TRUST_H
#define H46017_TLS_TRUST_H

#include "tls/internal.h"

#include <h46017/trust.h>

#include <stdatomic.h>

/* -- trust_entry.c: one certificate with what is said about it ------------ */

typedef struct h46017_trust_item {
  h46017_trust_entry entry; /* its texts and DER are the item's */
  unsigned refs;            /* of generations; counted by the changing thread */
} h46017_trust_item;

h46017_trust_item *h46017_trust_item_new(const h46017_mem *mem, X509 *x);
void h46017_trust_item_free(const h46017_mem *mem, h46017_trust_item *item);

/* Replaces a text; false without memory. */
bool h46017_trust_item_set(const h46017_mem *mem, const char **field,
                           const char *text);

/* What CA:TRUE and keyCertSign together say. */
h46017_trust_kind h46017_trust_kind_of(X509 *x);

/* Text before the certificate, and the certificate: what the store keeps. NULL
 * without memory. */
BIO *h46017_trust_item_write(const h46017_trust_item *item);
/* The reverse; FORMAT, NOMEM. */
int h46017_trust_item_read(const h46017_mem *mem, h46017_trust_item **pitem,
                           const uint8_t *data, size_t len);

/* The value of a line `key: value` in the text before the first PEM block, into
 * out; false when there is none, or it does not fit. */
bool h46017_trust_header(const uint8_t *data, size_t len, const char *key,
                         char *out, size_t size);
/* Writes such a line; what could end it is left out. */
bool h46017_trust_put_header(BIO *bio, const char *key, const char *value);

/* Calls `found` for each certificate of PEM or DER; x NULL where it is
 * damaged. 0, or what `found` returned. *Borrowed* by `found`. */
int h46017_trust_scan(const uint8_t *data, size_t len,
                      int (*found)(X509 *x, void *user_data), void *user_data);

void h46017_trust_hex(const uint8_t id[H46017_CERT_ID_LEN], char out[65]);
/* HEX.pem */
void h46017_trust_entry_name(const uint8_t id[H46017_CERT_ID_LEN],
                             char out[70]);
/* Up to 64 hex digits, compared with the front of an id. */
bool h46017_trust_is_digits(const char *digits);
bool h46017_trust_begins(const uint8_t id[H46017_CERT_ID_LEN],
                         const char *digits);

/* -- trust.c: generations ------------------------------------------------- */

typedef struct h46017_trust_snapshot h46017_trust_snapshot;
struct h46017_trust_snapshot {
  atomic_uint refs; /* of threads that look into it */
  uint64_t number;
  STACK_OF(X509) * authorities;
  h46017_trust_item **items; /* sorted by id */
  size_t count;
  uint32_t *slots; /* hash table of items: index + 1; a power of two of them */
  size_t nslots;
  h46017_trust_snapshot *retired; /* the next that waits for its readers */
};

/* What threads share. A reader announces itself, takes the pointer and counts
 * itself into the generation; the changing thread frees a generation only when
 * nobody is between the two, and nobody is counted. */
typedef struct h46017_trust_shared {
  _Atomic(h46017_trust_snapshot *) current;
  atomic_uint arriving;
} h46017_trust_shared;

struct h46017_trust {
  h46017_mem mem;
  h46017_store store;
  bool stored;
  uint64_t changes; /* of the store, when it was read */
  size_t damaged;
  uint64_t numbers;
  int ssl_index; /* of h46017_peer_record in an SSL */
  h46017_trust_snapshot *retired;
  h46017_trust_shared *shared; /* apart: a const list can be read */
};

h46017_trust_snapshot *h46017_trust_hold(const h46017_trust *trust);
void h46017_trust_let_go(h46017_trust_snapshot *g);
const h46017_trust_item *
h46017_trust_lookup(const h46017_trust_snapshot *g,
                    const uint8_t id[H46017_CERT_ID_LEN]);

/* -- decide.c: the decision ----------------------------------------------- */

/* What the verification of a connection's peer came to; with the SSL. */
typedef struct h46017_peer_record {
  bool matched;
  uint8_t entry[H46017_CERT_ID_LEN]; /* that made it good */
  uint64_t generation;
  int64_t not_after;        /* the earliest of the verified path */
  int code;                 /* why it was refused */
  STACK_OF(X509) * refused; /* as it came, leaf first */
} h46017_peer_record;

/* Allocates it where it is not there yet; NULL without memory. */
h46017_peer_record *h46017_trust_record(const h46017_trust *trust, SSL *ssl);
h46017_peer_record *h46017_trust_get_record(const h46017_trust *trust,
                                            const SSL *ssl);

/* Instead of X509_verify_cert(): 0 or a verify result. */
long h46017_trust_decide(const h46017_trust *trust, X509_STORE_CTX *store,
                         SSL *ssl);

/* -- ticket.c ------------------------------------------------------------- */

/* A server's sessions are resumed as long as what they rested on stands. */
int h46017_trust_attach_tickets(const h46017_trust *trust, SSL_CTX *ctx);

#endif /* H46017_TLS_TRUST_H */
