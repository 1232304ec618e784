/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef EXAMPLES_CERT_VISIT_H
#define EXAMPLES_CERT_VISIT_H

/* One connection to whatever is there, and a registration over it: only a
 * gatekeeper with H.460.17 answers an RRQ with an RCF or an RRJ. */

#include "cert.h"

#include <h46017/trust.h>
#include <stdint.h>

typedef struct visit {
  /* what to do; borrowed */
  const char *host;
  uint16_t port;
  const char *name;  /* to ask the registration for */
  uint32_t patience; /* ms, for each step */
  SSL_CTX *ctx;      /* NULL: no TLS */
  h46017_server_check check;
  const char *server_name;
  const h46017_trust *trust;
  int64_t utc; /* 0: not known */

  /* what came of it */
  bool connected;
  bool heard;  /* an octet came back */
  bool echoed; /* it was what we had sent */
  bool tls;    /* the handshake is through */
  char version[16];
  char cipher[64];
  bool trusted;                      /* the server's certificate was, and */
  uint8_t entry[H46017_CERT_ID_LEN]; /* this entry made it so */
  json_t *chain; /* as the server sent it; for the caller to release */
  const char
      *answer; /* `registrationConfirm` or `registrationReject`, or NULL */
  const char *reason; /* of a reject */
  char gatekeeper[64];
  int code;       /* why there is no answer */
  char text[128]; /* the system's or OpenSSL's words for it */
} visit;

/* Returns when it is over, at the latest after a few times its patience. */
void visit_run(visit *v);

#endif
