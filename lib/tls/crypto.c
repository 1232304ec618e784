/* SPDX-License-Identifier: BSD-2-Clause */
#include "tls/internal.h"

#include <openssl/evp.h>

static int crypto_digest(h46017_digest which, const h46017_octets *parts,
                         size_t count, uint8_t *out, void *user_data) {
  const EVP_MD *md = which == H46017_DIGEST_MD5    ? EVP_md5()
                     : which == H46017_DIGEST_SHA1 ? EVP_sha1()
                                                   : NULL;
  EVP_MD_CTX *ctx = EVP_MD_CTX_new();
  bool ok = ctx != NULL && md != NULL && EVP_DigestInit_ex(ctx, md, NULL) == 1;

  (void)user_data;
  for (size_t i = 0; ok && i < count; i++) {
    ok = EVP_DigestUpdate(ctx, parts[i].data, parts[i].len) == 1;
  }
  ok = ok && EVP_DigestFinal_ex(ctx, out, NULL) == 1;
  EVP_MD_CTX_free(ctx); /* wipes what it held */
  if (!ok) {
    ERR_clear_error(); /* our own errors, not the next caller's */
    return H46017_ERR_DIGEST;
  }
  return 0;
}

void h46017_tls_crypto(h46017_crypto *crypto) {
  crypto->digest = crypto_digest;
  crypto->user_data = NULL;
}
