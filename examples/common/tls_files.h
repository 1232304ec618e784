/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef EXAMPLES_TLS_FILES_H
#define EXAMPLES_TLS_FILES_H

/* An SSL_CTX with who we are and whom we trust in it. */

#include "own.h"

#include <h46017/trust.h>

typedef struct tls_files {
  h46017_tls_role role;
  h46017_tls_profile profile;
  h46017_client_cert_mode mode; /* servers */
  own_certs *own;               /* NULL: nobody */
  own_choice choice;
  const h46017_trust *trust; /* borrowed for the life of the context */
} tls_files;

/* Makes a context (SSL_CTX_free it). 0, or a code after a report;
 * H46017_ERR_NOT_FOUND without one, as own_get(). */
int tls_files_context(SSL_CTX **pctx, const tls_files *files);

/* Can a server be told by it: a name, or its whole subject? 0 or a code. */
int tls_files_server(SSL_CTX *ctx, const char *name, const char *dn);

/* Writes the secrets of every connection of these contexts to a file, mode
 * 0600, in SSLKEYLOGFILE format. False after a report. */
bool tls_files_keylog(const char *path);

#endif
