/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef H46017_TLS_PLACE_H
#define H46017_TLS_PLACE_H

#include <openssl/ssl.h>
#include <stdatomic.h>

/* A place of ours in all of OpenSSL's objects of a class, where its callbacks
 * find what is ours. */
typedef struct h46017_tls_place {
  int class_index;            /* CRYPTO_EX_INDEX_SSL, _SSL_CTX or _X509 */
  void (*forget)(void *ours); /* when the object goes, or another comes */
  atomic_int known;           /* OpenSSL's number for it, + 1; 0: not asked */
} h46017_tls_place;

/* Puts what is ours into an object of the class, in the stead of what was
 * there. *Takes* it, if this is 0; NOMEM. Any thread asks for a place. */
int h46017_tls_place_put(h46017_tls_place *place, void *object, void *ours);

/* What is there; NULL: nothing. */
void *h46017_tls_place_get(h46017_tls_place *place, const void *object);

#endif
