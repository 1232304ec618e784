/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef H46017_TESTS_TLSPAIR_H
#define H46017_TESTS_TLSPAIR_H

/* Two TLS engines in one process and a wire between them, each with an object
 * behind it that records what it hears and says what it is told to. */

#include "pki.h"

#include <h46017/tls.h>

typedef struct behind {
  uint8_t *in; /* what was received */
  size_t in_len;
  const uint8_t *out; /* what is to be sent, borrowed */
  size_t out_len;
  size_t out_at;
  int ups;
  int downs;
  int down_why;
  int recv_error; /* what recv answers */
  bool deaf;      /* want_read says no */
  h46017_time last;
} behind;

typedef struct side {
  h46017_tls *t;
  behind app;
  int completed; /* calls of handshake_completed */
  int closed;
  int closed_why;
  int error; /* what a call into the engine returned, once it failed */
  bool no_clock;
  int64_t utc; /* 0: the system's */
  char log[4096];
  void (*on_completed)(struct side *s);
  void (*on_closed)(struct side *s);
  const h46017_mem *mem;
} side;

typedef struct pair {
  SSL_CTX *cctx;
  SSL_CTX *sctx;
  side client;
  side server;
  h46017_tls_settings cset;
  h46017_tls_settings sset;
  size_t chunk; /* octets on the wire at a time */
  size_t wired; /* octets moved so far */
  h46017_time now;
} pair;

/* Contexts with the defaults of the library, a version (0: any). */
void pair_init(pair *p, int version, h46017_tls_profile profile);
void pair_free(pair *p);

/* Makes the engines, each with a behind attached. */
void pair_begin(pair *p);

/* Moves octets until nothing moves any more. */
void pair_run(pair *p);

/* A pair where all is well: an authority, a gatekeeper gk.example.net and a
 * phone 0090332f688a of its own. The setup is a fixture: keys are slow. */
extern pki_cert pair_root;
extern pki_cert pair_gk;
extern pki_cert pair_phone;
void pair_pki_setup(void);
void pair_pki_teardown(void);
void pair_good_init(pair *p, int version);
void pair_good_begin(pair *p, int version); /* and the engines */
void pair_good_run(pair *p, int version);   /* and the handshake */

/* One end: the callbacks filled in with those of the recorder. */
int side_new(side *s, SSL_CTX *ctx, h46017_tls_role role,
             const h46017_tls_settings *settings, h46017_time now);
void side_free(side *s);
h46017_tls_behind behind_vtable(void);

#endif /* H46017_TESTS_TLSPAIR_H */
