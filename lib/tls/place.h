/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef H46017_TLS_PLACE_H
#define H46017_TLS_PLACE_H

#include <openssl/crypto.h>
#include <stdatomic.h>

/* A place of ours in all of OpenSSL's objects of a class, where its callbacks
 * find what is ours. */
typedef struct h46017_tls_place {
  int class_index;        /* CRYPTO_EX_INDEX_… */
  CRYPTO_EX_free *forget; /* when the object goes */
  atomic_int known;       /* OpenSSL's number for it, + 1; 0: not asked for */
} h46017_tls_place;

/* The number: asked for once a process, by any thread. Negative without
 * memory. */
int h46017_tls_place_index(h46017_tls_place *place);

#endif
