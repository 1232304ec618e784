/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef H46017_TLS_TRUST_H
#define H46017_TLS_TRUST_H

#include "tls/internal.h"

#include <h46017/trust.h>

#include <stdatomic.h>

/* -- trust_entry.c: one certificate with what is said about it ------------ */

typedef struct h46017_trust_item h46017_trust_item;
struct h46017_trust_item {
  h46017_trust_entry entry; /* its texts and DER are the item's */
  X509 *authority;          /* the certificate, where it issues */
  unsigned refs; /* of generations and drafts; counted by the changing thread */
  char *name;    /* in the store; NULL: HEX.pem */
  uint64_t stamp;          /* of the store's entry; 0: not known */
  h46017_trust_item *twin; /* the same certificate under another name */
};

h46017_trust_item *h46017_trust_item_new(const h46017_mem *mem, X509 *x);
void h46017_trust_item_free(const h46017_mem *mem, h46017_trust_item *item);

/* Makes it an end entity, or an authority; false without memory. */
bool h46017_trust_item_set_kind(h46017_trust_item *item, X509 *x,
                                h46017_trust_kind kind);

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
/* The reverse; false: it is called otherwise. */
bool h46017_trust_entry_id(const char *name, uint8_t id[H46017_CERT_ID_LEN]);
/* Up to 64 hex digits, compared with the front of an id. */
bool h46017_trust_is_digits(const char *digits);
bool h46017_trust_begins(const uint8_t id[H46017_CERT_ID_LEN],
                         const char *digits);

/* -- trust_generation.c --------------------------------------------------- */

typedef struct h46017_trust_snapshot h46017_trust_snapshot;
struct h46017_trust_snapshot {
  atomic_uint refs; /* of threads that look into it */
  uint64_t number;
  STACK_OF(X509) * authorities; /* the items' own */
  h46017_trust_item **items;    /* sorted by id; a draft's are not, and NULL
                                   where one went */
  size_t count;
  size_t room;                    /* for items; a power of two */
  uint32_t *slots;                /* hash table of items: index + 1 */
  size_t nslots;                  /* twice the room */
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
/* For the changing thread, which needs no hold. */
h46017_trust_snapshot *h46017_trust_current(const h46017_trust *trust);
h46017_trust_item *h46017_trust_lookup(const h46017_trust_snapshot *g,
                                       const uint8_t id[H46017_CERT_ID_LEN]);

/* A copy to be changed, `from` NULL: an empty one; NULL without memory. It is
 * published, or discarded. */
h46017_trust_snapshot *h46017_trust_draft(const h46017_mem *mem,
                                          const h46017_trust_snapshot *from);
/* False without memory, and nothing is changed then. */
bool h46017_trust_draft_put(const h46017_mem *mem, h46017_trust_snapshot *g,
                            h46017_trust_item *item);
/* Takes out what is in it; frees nothing. */
void h46017_trust_draft_drop(h46017_trust_snapshot *g, h46017_trust_item *item);
/* Never put in force, or no longer. */
void h46017_trust_discard(const h46017_mem *mem, h46017_trust_snapshot *g);
void h46017_trust_publish(h46017_trust *t, h46017_trust_snapshot *g);

/* -- trust_store.c -------------------------------------------------------- */

/* Between the two nobody else writes, and what is in force is what is there. */
int h46017_trust_store_begin(h46017_trust *t);
void h46017_trust_store_end(h46017_trust *t);
int h46017_trust_store_put(const h46017_trust *t, h46017_trust_item *item);
/* Under all of its names; NULL: nothing to do. */
int h46017_trust_store_remove(const h46017_trust *t,
                              const h46017_trust_item *item);
/* What is there becomes what is in force. */
int h46017_trust_store_read(h46017_trust *t);

/* -- decide.c: the decision ----------------------------------------------- */

/* What the verification of a connection's peer came to; with the SSL. */
typedef struct h46017_peer_record {
  bool matched;
  uint8_t entry[H46017_CERT_ID_LEN]; /* that made it good */
  uint64_t generation;
  int64_t not_after;        /* the earliest of the verified path */
  int code;                 /* why it was refused */
  bool trust_helps;         /* it would not be, as an entry of the list */
  STACK_OF(X509) * refused; /* as it came, leaf first */
} h46017_peer_record;

/* Allocates it where it is not there yet; NULL without memory. */
h46017_peer_record *h46017_trust_record(const h46017_trust *trust, SSL *ssl);
h46017_peer_record *h46017_trust_get_record(const h46017_trust *trust,
                                            const SSL *ssl);

/* A certificate for itself, whoever issued it: 0 or a verify result. */
long h46017_trust_decide_alone(X509_STORE_CTX *store, X509 *leaf);
/* The same for one that a pin decides about. */
long h46017_trust_decide_pinned(X509_STORE_CTX *store, X509 *leaf,
                                h46017_tls_pin pin);

/* Instead of X509_verify_cert(): 0 or a verify result. */
long h46017_trust_decide(const h46017_trust *trust, X509_STORE_CTX *store,
                         SSL *ssl);

/* -- signed.c ------------------------------------------------------------- */

/* Notes with the peer's certificates of a path that was found good by whom each
 * is signed. */
void h46017_tls_note_signed(X509_STORE_CTX *store);
/* Lets such notes stand for signatures, in X509_verify_cert(); where one is
 * missing, it fails. */
void h46017_tls_believe_signed(X509_STORE_CTX *store);

/* -- ticket.c ------------------------------------------------------------- */

/* A server's sessions are resumed as long as what they rested on stands. */
int h46017_trust_attach_tickets(const h46017_trust *trust, SSL_CTX *ctx);

#endif /* H46017_TLS_TRUST_H */
