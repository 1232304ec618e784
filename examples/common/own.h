/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef EXAMPLES_OWN_H
#define EXAMPLES_OWN_H

/* Who a program is: the certificate and key that it shows. The state
 * directory's, which h46017-cert manages while programs run, unless the command
 * line names files. */

#include "trust_state.h"

#include <h46017/credentials.h>
#include <jansson.h>

typedef struct own_certs {
  h46017_store store;
  h46017_credentials *kept; /* the state directory's */
  uint64_t changes;         /* see own_look() */
} own_certs;

/* Which of them. */
typedef struct own_choice {
  text_list certs; /* files of the command line, each with a key of another */
  text_list keys;  /* kind; none: the state directory's */
  const char *app; /* an application's; NULL: the device's */
} own_choice;

/* Of a state directory's store, which has to stay. 0 or a code; close it either
 * way. */
int own_open(own_certs *o, const h46017_store *store);
void own_close(own_certs *o);

/* The first in force, *given*. 0, or a code: H46017_ERR_NOT_FOUND without a
 * report (the device has none, own_make() is for that), any other after one. */
int own_get(own_certs *o, const own_choice *choice, h46017_credential **pcred);

/* All of them into a context; a server's gets the applications' too, to be
 * chosen by the name a client asks for. */
int own_use(own_certs *o, const own_choice *choice, SSL_CTX *ctx,
            h46017_tls_role role);

/* True once after somebody changed those of the state directory since own_use()
 * read them. Cheap. */
bool own_look(own_certs *o);

/* What a program makes for itself when it has none: who. */
typedef struct own_maker {
  char state[1024]; /* the directory */
  char cn[256];
  bool server;        /* the CN is a host's: a DNS name too */
  int64_t not_before; /* UTC */
  int code;           /* what own_make() returned */
  char why[256];      /* and, if that says more, the system's words */
} own_maker;

/* Makes a P-256 key and a self-signed certificate for ten years, unless another
 * program did meanwhile, and keeps it. Takes a while, for a worker thread. */
int own_make(own_maker *m);

/* Names for it: the host's; a device's, which is a MAC address if it has one
 * (twelve hex digits), else the host's. */
void own_host_name(char *out, size_t size);
void own_device_name(char *out, size_t size);

/* The one CN of a certificate, UTF-8 without a NUL in it; false: it has not
 * exactly one that fits. */
bool own_cn(const X509 *x, char *out, size_t size);

/* Emits `credentials`: what a context shows from now on, and reports what of it
 * has expired by the clock of `trust`. */
void own_tell(own_certs *o, const own_choice *choice, SSL_CTX *ctx,
              const trust_state *trust);

#endif
