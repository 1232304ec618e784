/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef EXAMPLES_TLS_FILES_H
#define EXAMPLES_TLS_FILES_H

/* From PEM files to an SSL_CTX, and the credentials a gatekeeper makes for
 * itself at its first start. */

#include <h46017/trust.h>

typedef struct tls_files {
  h46017_tls_role role;
  h46017_tls_profile profile;
  h46017_client_cert_mode mode; /* servers */
  const char *cert;             /* leaf first; NULL: none */
  const char *key;              /* NULL: in `cert` */
  const h46017_trust *trust;    /* borrowed for the life of the context */
} tls_files;

/* Makes a context (SSL_CTX_free it). 0, or a code after a report. */
int tls_files_context(SSL_CTX **pctx, const tls_files *files);

/* Writes the secrets of every connection of these contexts to a file, mode
 * 0600, in SSLKEYLOGFILE format. False after a report. */
bool tls_files_keylog(const char *path);

/* The one CN of the first certificate in a PEM file; size octets at most.
 * 0, or a code after a report. */
int tls_files_cn(const char *cert, char *out, size_t size);

/* An EC P-256 key and a self-signed certificate for the host's name, for ten
 * years, which is no authority. Takes a while: for a worker thread. Returns 0
 * or a code; what went wrong is in `why`. */
int tls_files_make_own(const char *cert, const char *key, int64_t not_before,
                       char *why, size_t why_size);

#endif
