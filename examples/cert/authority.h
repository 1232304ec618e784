/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef EXAMPLES_CERT_AUTHORITY_H
#define EXAMPLES_CERT_AUTHORITY_H

#include "files.h"

/* An authority in a directory: cacert.pem, cakey.pem, serial.txt (the next
 * number, hexadecimal), and index.txt, what was issued, as `openssl ca` keeps
 * it. Its key is only read. */
typedef struct authority {
  const char *dir;
  h46017_credential *ca;
  int lock; /* of the directory: one issues at a time */
} authority;

/* 0, or a status after a report. authority_close() either way. */
int authority_open(const cert *c, const char *dir, authority *a);
void authority_close(authority *a);

/* True when a certificate for this CN was issued. */
bool authority_knows(const authority *a, const char *cn);

/* Takes the next number, issues, writes it down; for a CN that has a
 * certificate already only `again`. */
int authority_issue(const cert *c, authority *a, const h46017_cert_spec *spec,
                    const file_octets *csr, bool again,
                    h46017_credential **pcred);

#endif
