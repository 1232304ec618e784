/* SPDX-License-Identifier: BSD-2-Clause */
#include "tls/internal.h"

#include <openssl/evp.h>

/* Looking a function up takes longer than hashing a RAS message with it: they
 * are fetched once. What OpenSSL fetched does not change, so that threads may
 * share it; the context that hashes is one of each call. */
struct h46017_tls_digests {
  h46017_mem mem;
  EVP_MD *md5; /* NULL: the providers have none */
  EVP_MD *sha1;
};

int h46017_tls_digests_new(h46017_tls_digests **pd, const h46017_mem *mem) {
  h46017_mem m;
  h46017_tls_digests *d;
  int rv = h46017_mem_init(&m, mem);

  if (rv != 0) {
    return rv;
  }
  d = h46017_mem_zalloc(&m, 1, sizeof(*d));
  if (d == NULL) {
    return H46017_ERR_NOMEM;
  }
  d->mem = m;
  d->md5 = EVP_MD_fetch(NULL, "MD5", NULL);
  d->sha1 = EVP_MD_fetch(NULL, "SHA1", NULL);
  ERR_clear_error(); /* our own errors, not the next caller's */
  *pd = d;
  return 0;
}

void h46017_tls_digests_del(h46017_tls_digests *d) {
  h46017_mem mem;

  if (d == NULL) {
    return;
  }
  mem = d->mem;
  EVP_MD_free(d->md5);
  EVP_MD_free(d->sha1);
  h46017_mem_release(&mem, d);
}

static int crypto_digest(h46017_digest which, const h46017_octets *parts,
                         size_t count, uint8_t *out, void *user_data) {
  const h46017_tls_digests *d = user_data;
  const EVP_MD *md = which == H46017_DIGEST_MD5    ? d->md5
                     : which == H46017_DIGEST_SHA1 ? d->sha1
                                                   : NULL;
  EVP_MD_CTX *ctx = md != NULL ? EVP_MD_CTX_new() : NULL;
  bool ok = ctx != NULL && EVP_DigestInit_ex(ctx, md, NULL) == 1;

  for (size_t i = 0; ok && i < count; i++) {
    ok = EVP_DigestUpdate(ctx, parts[i].data, parts[i].len) == 1;
  }
  ok = ok && EVP_DigestFinal_ex(ctx, out, NULL) == 1;
  EVP_MD_CTX_free(ctx); /* wipes what it held */
  if (!ok) {
    ERR_clear_error();
    return H46017_ERR_DIGEST;
  }
  return 0;
}

void h46017_tls_crypto(h46017_crypto *crypto, h46017_tls_digests *digests) {
  crypto->digest = crypto_digest;
  crypto->user_data = digests;
}
