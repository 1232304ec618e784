/* SPDX-License-Identifier: BSD-2-Clause */
#include "tls/credential.h"

/* The chain: who issued the last one, by name and signature, until one issued
 * itself or nobody is there. Each is taken once, so a loop ends. */
static int credential_order(STACK_OF(X509) * in, int leaf,
                            STACK_OF(X509) * chain, bool *in_order) {
  X509 *last = sk_X509_value(in, leaf);
  int at = leaf;

  *in_order = leaf == 0;
  while (X509_check_issued(last, last) != X509_V_OK) {
    int found = -1;

    for (int i = 0; i < sk_X509_num(in) && found < 0; i++) {
      X509 *x = sk_X509_value(in, i);
      bool used = x == sk_X509_value(in, leaf);

      for (int k = 0; k < sk_X509_num(chain); k++) {
        used = used || sk_X509_value(chain, k) == x;
      }
      if (!used && X509_check_issued(x, last) == X509_V_OK &&
          X509_verify(last, X509_get0_pubkey(x)) == 1) {
        found = i;
      }
    }
    ERR_clear_error();
    if (found < 0) {
      return 0;
    }
    *in_order = *in_order && found == at + 1;
    at = found;
    last = sk_X509_value(in, found);
    if (X509_add_cert(chain, last, X509_ADD_FLAG_UP_REF) != 1) {
      return H46017_ERR_NOMEM;
    }
  }
  return 0;
}

static int credential_leaf(EVP_PKEY *key, STACK_OF(X509) * certs) {
  if (key == NULL) {
    return 0;
  }
  for (int i = 0; i < sk_X509_num(certs); i++) {
    if (X509_check_private_key(sk_X509_value(certs, i), key) == 1) {
      ERR_clear_error();
      return i;
    }
  }
  ERR_clear_error();
  return -1;
}

int h46017_credential_make(h46017_credential **pcred, EVP_PKEY *key,
                           STACK_OF(X509) * certs, uint32_t *pnotes,
                           const h46017_mem *mem) {
  h46017_credential *cred;
  bool in_order = true;
  h46017_mem own;
  uint32_t notes = key == NULL ? H46017_IMPORT_NO_KEY : 0;
  int leaf;
  int rv = h46017_mem_init(&own, mem);

  if (rv != 0) {
    return rv;
  }
  if (sk_X509_num(certs) <= 0) {
    return H46017_ERR_CERT_ABSENT;
  }
  leaf = credential_leaf(key, certs);
  if (leaf < 0) {
    return H46017_ERR_KEY_MISMATCH;
  }
  cred = h46017_mem_zalloc(&own, 1, sizeof(*cred));
  if (cred == NULL) {
    return H46017_ERR_NOMEM;
  }
  cred->mem = own;
  cred->leaf = sk_X509_value(certs, leaf);
  X509_up_ref(cred->leaf);
  if (key != NULL) {
    EVP_PKEY_up_ref(key);
    cred->key = key;
  }
  cred->chain = sk_X509_new_null();
  rv = cred->chain == NULL
           ? H46017_ERR_NOMEM
           : credential_order(certs, leaf, cred->chain, &in_order);
  if (rv != 0) {
    h46017_credential_del(cred);
    return rv;
  }
  notes |= in_order ? 0 : H46017_IMPORT_REORDERED;
  notes |= sk_X509_num(cred->chain) + 1 < sk_X509_num(certs)
               ? H46017_IMPORT_LEFT_OUT
               : 0;
  if (pnotes != NULL) {
    *pnotes = notes;
  }
  *pcred = cred;
  return 0;
}

void h46017_credential_del(h46017_credential *cred) {
  h46017_mem mem;

  if (cred == NULL) {
    return;
  }
  mem = cred->mem;
  EVP_PKEY_free(cred->key);
  X509_free(cred->leaf);
  sk_X509_pop_free(cred->chain, X509_free);
  h46017_mem_release(&mem, cred);
}

X509 *h46017_credential_leaf(const h46017_credential *cred) {
  return cred->leaf;
}

size_t h46017_credential_chain_count(const h46017_credential *cred) {
  return (size_t)sk_X509_num(cred->chain);
}

X509 *h46017_credential_chain_at(const h46017_credential *cred, size_t index) {
  return index < h46017_credential_chain_count(cred)
             ? sk_X509_value(cred->chain, (int)index)
             : NULL;
}

EVP_PKEY *h46017_credential_key(const h46017_credential *cred) {
  return cred->key;
}

int h46017_credential_use(const h46017_credential *cred, SSL_CTX *ctx) {
  if (cred == NULL || ctx == NULL) {
    return H46017_ERR_INVALID_ARGUMENT;
  }
  if (cred->key == NULL) {
    return H46017_ERR_KEY_ABSENT;
  }
  ERR_clear_error();
  if (SSL_CTX_use_cert_and_key(ctx, cred->leaf, cred->key, cred->chain, 1) !=
      1) {
    int reason = ERR_GET_REASON(ERR_peek_error());

    ERR_clear_error();
    return reason == SSL_R_EE_KEY_TOO_SMALL ||
                   reason == SSL_R_CA_KEY_TOO_SMALL ||
                   reason == SSL_R_CA_MD_TOO_WEAK
               ? H46017_ERR_CERT_WEAK
               : H46017_ERR_TLS;
  }
  return 0;
}
