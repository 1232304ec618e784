/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef EXAMPLES_CERT_REHEARSE_H
#define EXAMPLES_CERT_REHEARSE_H

/* A handshake in memory: what would come of one over the network is found out
 * by having it, not by rules of our own beside the library's. */

#include <h46017/credentials.h>
#include <h46017/trust.h>

typedef struct rehearsal {
  const h46017_credential *own; /* what is shown */
  h46017_tls_role role;         /* by whom: a gatekeeper is the server */
  h46017_tls_profile profile;   /* of whoever judges it */
  const h46017_trust *trust;    /* likewise */
  const char *name;             /* a server's, as clients look for it; NULL:
                                   whatever it is */
  int64_t utc;                  /* the time of day there */
} rehearsal;

/* 0 where it is let in, with the entry of the trust list that it was for; or
 * why not. */
int rehearse(const rehearsal *r, uint8_t entry[H46017_CERT_ID_LEN]);

#endif
