/* SPDX-License-Identifier: BSD-2-Clause */
#include "tls/credential.h"

#include <openssl/store.h>
#include <openssl/ui.h>

#include <string.h>

#define IMPORT_URI_MAX 256 /* objects of an URI that are looked at */

int h46017_import_init(h46017_import *in, const char *password) {
  memset(in, 0, sizeof(*in));
  in->password = password;
  in->iterations = H46017_IMPORT_MAX_ITERATIONS;
  in->certs = sk_X509_new_null();
  return in->certs != NULL ? 0 : H46017_ERR_NOMEM;
}

void h46017_import_clear(h46017_import *in) {
  EVP_PKEY_free(in->key);
  X509_REQ_free(in->request);
  sk_X509_pop_free(in->certs, X509_free);
  ERR_clear_error();
}

int h46017_import_cert(h46017_import *in, X509 *cert) {
  if (cert == NULL) {
    return H46017_ERR_FORMAT;
  }
  if (sk_X509_num(in->certs) >= H46017_IMPORT_MAX_CERTS) {
    X509_free(cert);
    return H46017_ERR_IMPORT_LIMIT;
  }
  for (int i = 0; i < sk_X509_num(in->certs); i++) {
    if (X509_cmp(sk_X509_value(in->certs, i), cert) == 0) {
      X509_free(cert); /* twice is once */
      return 0;
    }
  }
  if (sk_X509_push(in->certs, cert) <= 0) {
    X509_free(cert);
    return H46017_ERR_NOMEM;
  }
  return 0;
}

int h46017_import_key(h46017_import *in, EVP_PKEY *key) {
  if (key == NULL) {
    return H46017_ERR_FORMAT;
  }
  if (in->key != NULL) {
    bool same = EVP_PKEY_eq(in->key, key) == 1;

    EVP_PKEY_free(key);
    return same ? 0 : H46017_ERR_KEY_MISMATCH; /* which of the two? */
  }
  in->key = key;
  return 0;
}

/* -- keys ----------------------------------------------------------------- */

int h46017_import_encrypted(h46017_import *in, const X509_SIG *sig) {
  const X509_ALGOR *algorithm = NULL;
  const ASN1_OCTET_STRING *octets = NULL;
  PKCS8_PRIV_KEY_INFO *info;
  EVP_PKEY *key;
  int rv;

  X509_SIG_get0(sig, &algorithm, &octets);
  rv = h46017_import_budget(in, algorithm);
  if (rv != 0) {
    return rv;
  }
  if (in->password == NULL) {
    return H46017_ERR_PASSWORD_NEEDED;
  }
  info = PKCS8_decrypt(sig, in->password, (int)strlen(in->password));
  if (info == NULL) {
    return H46017_ERR_BAD_PASSWORD;
  }
  key = EVP_PKCS82PKEY(info);
  PKCS8_PRIV_KEY_INFO_free(info);
  return h46017_import_key(in, key);
}

/* Whatever the label says: PKCS#1, PKCS#8, EC, and PKCS#8 that is encrypted.
 */
static int import_key_der(h46017_import *in, const uint8_t *der, size_t len) {
  const unsigned char *p = der;
  X509_SIG *sig;
  EVP_PKEY *key = d2i_AutoPrivateKey(NULL, &p, (long)len);
  int rv;

  if (key != NULL) {
    return h46017_import_key(in, key);
  }
  p = der;
  sig = d2i_X509_SIG(NULL, &p, (long)len);
  if (sig == NULL) {
    return H46017_ERR_FORMAT;
  }
  rv = h46017_import_encrypted(in, sig);
  X509_SIG_free(sig);
  return rv;
}

static int import_password(char *out, int size, int writing, void *arg) {
  h46017_import *in = arg;
  const char *password = in->password;
  size_t len = password != NULL ? strlen(password) : 0;

  (void)writing;
  in->asked = true;
  if (password == NULL || len > (size_t)size) {
    return -1;
  }
  for (size_t i = 0; i < len; i++) {
    out[i] = password[i]; /* OpenSSL wants no NUL behind it */
  }
  return (int)len;
}

static int import_wrong_password(const h46017_import *in) {
  return in->password == NULL ? H46017_ERR_PASSWORD_NEEDED
                              : H46017_ERR_BAD_PASSWORD;
}

/* The traditional encryption has its parameters in lines above the base64;
 * its key derivation is a single MD5, so nothing is to be limited. */
static int import_traditional(h46017_import *in, const char *block,
                              size_t len) {
  BIO *bio = BIO_new_mem_buf(block, (int)len);
  EVP_PKEY *key;

  if (bio == NULL) {
    return H46017_ERR_NOMEM;
  }
  key = PEM_read_bio_PrivateKey(bio, NULL, import_password, in);
  BIO_free(bio);
  return key != NULL ? h46017_import_key(in, key) : import_wrong_password(in);
}

/* -- PEM ------------------------------------------------------------------ */

static const char *import_find(const char *at, const char *end,
                               const char *what) {
  size_t len = strlen(what);

  for (; (size_t)(end - at) >= len; at++) {
    at = memchr(at, what[0], (size_t)(end - at) - len + 1);
    if (at == NULL) {
      return NULL;
    }
    if (memcmp(at, what, len) == 0) {
      return at;
    }
  }
  return NULL;
}

/* Blanks are passed over wherever they stand: the documents show blocks whose
 * line ends became blanks. */
static int import_base64(const char *text, size_t len, uint8_t *out,
                         size_t *plen) {
  EVP_ENCODE_CTX *ctx = EVP_ENCODE_CTX_new();
  int n = 0;
  int more = 0;
  bool good;

  if (ctx == NULL) {
    return H46017_ERR_NOMEM;
  }
  EVP_DecodeInit(ctx);
  /* OpenSSL stops at a hyphen and says all is well: another block's line */
  good = memchr(text, '-', len) == NULL &&
         EVP_DecodeUpdate(ctx, out, &n, (const unsigned char *)text,
                          (int)len) >= 0 &&
         EVP_DecodeFinal(ctx, out + n, &more) == 1;
  EVP_ENCODE_CTX_free(ctx);
  *plen = good ? (size_t)(n + more) : 0;
  return good && *plen > 0 ? 0 : H46017_ERR_FORMAT;
}

static bool import_label_is(const char *label, size_t len, const char *end) {
  size_t n = strlen(end);

  return len >= n && memcmp(label + len - n, end, n) == 0;
}

static int import_der_of(h46017_import *in, const char *label, size_t label_len,
                         const uint8_t *der, size_t len) {
  const unsigned char *p = der;

  if (import_label_is(label, label_len, "PRIVATE KEY")) {
    return import_key_der(in, der, len);
  }
  if (import_label_is(label, label_len, "TRUSTED CERTIFICATE")) {
    return h46017_import_cert(in, d2i_X509_AUX(NULL, &p, (long)len));
  }
  if (import_label_is(label, label_len, "CERTIFICATE REQUEST")) {
    if (in->request == NULL) {
      in->request = d2i_X509_REQ(NULL, &p, (long)len);
    }
    return in->request != NULL ? 0 : H46017_ERR_FORMAT;
  }
  if (import_label_is(label, label_len, "CERTIFICATE")) {
    X509 *x = d2i_X509(NULL, &p, (long)len);

    if (x != NULL && p != der + len) {
      X509_free(x);
      x = NULL;
    }
    return h46017_import_cert(in, x);
  }
  return 0; /* EC PARAMETERS and what else is none of ours */
}

static int import_block(h46017_import *in, const char *block, size_t block_len,
                        const char *label, size_t label_len, const char *body,
                        size_t body_len) {
  uint8_t *der;
  size_t len = 0;
  int rv;

  if (import_find(body, body + body_len, "Proc-Type:") != NULL) {
    return import_label_is(label, label_len, "PRIVATE KEY")
               ? import_traditional(in, block, block_len)
               : H46017_ERR_FORMAT;
  }
  der = OPENSSL_malloc(body_len + 4);
  if (der == NULL) {
    return H46017_ERR_NOMEM;
  }
  rv = import_base64(body, body_len, der, &len);
  if (rv == 0) {
    rv = import_der_of(in, label, label_len, der, len);
  }
  OPENSSL_clear_free(der, body_len + 4);
  return rv;
}

static int import_pem(h46017_import *in, const char *text, size_t len) {
  static const char dashes[] = "-----";
  const char *end = text + len;
  const char *at = text;

  while ((at = import_find(at, end, "-----BEGIN ")) != NULL) {
    const char *block = at;
    const char *label = at + sizeof("-----BEGIN ") - 1;
    const char *body = import_find(label, end, dashes);
    const char *stop;
    const char *after;
    int rv;

    if (body == NULL) {
      return H46017_ERR_FORMAT;
    }
    stop = import_find(body + 5, end, "-----END ");
    if (stop == NULL ||
        (size_t)(end - stop) <
            sizeof("-----END ") - 1 + (size_t)(body - label) + 5 ||
        memcmp(stop + sizeof("-----END ") - 1, label,
               (size_t)(body - label) + 5) != 0) {
      return H46017_ERR_FORMAT;
    }
    after = stop + sizeof("-----END ") - 1 + (body - label) + 5;
    rv = import_block(in, block, (size_t)(after - block), label,
                      (size_t)(body - label), body + 5,
                      (size_t)(stop - body) - 5);
    if (rv != 0) {
      return rv;
    }
    at = after;
  }
  return 0;
}

/* -- whatever it is ------------------------------------------------------- */

static int import_der(h46017_import *in, const uint8_t *der, size_t len) {
  const unsigned char *p = der;
  X509 *x = d2i_X509(NULL, &p, (long)len);
  X509_REQ *request;
  PKCS12 *p12;

  if (x != NULL && p == der + len) {
    return h46017_import_cert(in, x);
  }
  X509_free(x);
  p = der;
  p12 = d2i_PKCS12(NULL, &p, (long)len);
  if (p12 != NULL) {
    int rv = h46017_import_pkcs12(in, p12);

    PKCS12_free(p12);
    return rv;
  }
  p = der;
  request = d2i_X509_REQ(NULL, &p, (long)len);
  if (request != NULL && in->request == NULL) {
    in->request = request;
    return 0;
  }
  X509_REQ_free(request);
  return import_key_der(in, der, len);
}

int h46017_import_read(h46017_import *in, const uint8_t *data, size_t len) {
  const char *text = (const char *)data;

  if (len > H46017_IMPORT_MAX) {
    return H46017_ERR_IMPORT_LIMIT;
  }
  if (len == 0) {
    return H46017_ERR_FORMAT;
  }
  if (import_find(text, text + len, "-----BEGIN ") != NULL) {
    return import_pem(in, text, len);
  }
  return data[0] == 0x30 ? import_der(in, data, len) : H46017_ERR_FORMAT;
}

static int import_finish(h46017_credential **pcred, h46017_import *in,
                         bool need_key, uint32_t *pnotes,
                         const h46017_mem *mem) {
  if (sk_X509_num(in->certs) == 0) {
    return H46017_ERR_CERT_ABSENT;
  }
  if (in->key == NULL && need_key) {
    return H46017_ERR_KEY_ABSENT;
  }
  return h46017_credential_make(pcred, in->key, in->certs, pnotes, mem);
}

int h46017_credential_import(h46017_credential **pcred, const uint8_t *data,
                             size_t len, const uint8_t *key, size_t key_len,
                             const char *password, bool need_key,
                             uint32_t *pnotes, const h46017_mem *mem) {
  h46017_import in;
  int rv;

  if (pcred == NULL || (data == NULL && len > 0) ||
      (key == NULL && key_len > 0)) {
    return H46017_ERR_INVALID_ARGUMENT;
  }
  ERR_clear_error();
  rv = h46017_import_init(&in, password);
  if (rv == 0) {
    rv = h46017_import_read(&in, data, len);
  }
  if (rv == 0 && key != NULL) {
    rv = h46017_import_read(&in, key, key_len);
  }
  if (rv == 0) {
    rv = import_finish(pcred, &in, need_key, pnotes, mem);
  }
  h46017_import_clear(&in);
  return rv;
}

static int import_store(h46017_import *in, OSSL_STORE_CTX *store) {
  int rv = 0;

  for (int n = 0; rv == 0 && OSSL_STORE_eof(store) == 0; n++) {
    OSSL_STORE_INFO *info = OSSL_STORE_load(store);

    if (n > IMPORT_URI_MAX) {
      rv = H46017_ERR_IMPORT_LIMIT;
    } else if (info == NULL) {
      continue; /* nothing that OpenSSL knows; what is missing is told later */
    } else if (OSSL_STORE_INFO_get_type(info) == OSSL_STORE_INFO_PKEY) {
      rv = h46017_import_key(in, OSSL_STORE_INFO_get1_PKEY(info));
    } else if (OSSL_STORE_INFO_get_type(info) == OSSL_STORE_INFO_CERT) {
      rv = h46017_import_cert(in, OSSL_STORE_INFO_get1_CERT(info));
    }
    OSSL_STORE_INFO_free(info);
  }
  return rv == 0 && in->key == NULL && in->asked ? import_wrong_password(in)
                                                 : rv;
}

static int import_uri(h46017_import *in, const char *uri) {
  UI_METHOD *ui = UI_UTIL_wrap_read_pem_callback(import_password, 0);
  OSSL_STORE_CTX *store =
      ui != NULL ? OSSL_STORE_open(uri, ui, in, NULL, NULL) : NULL;
  int rv = H46017_ERR_STORE_IO;

  if (store != NULL) {
    rv = import_store(in, store);
    OSSL_STORE_close(store);
  }
  UI_destroy_method(ui);
  return rv;
}

int h46017_credential_load(h46017_credential **pcred, const char *uri,
                           const uint8_t *data, size_t len,
                           const char *password, uint32_t *pnotes,
                           const h46017_mem *mem) {
  h46017_import in;
  int rv;

  if (pcred == NULL || uri == NULL || (data == NULL && len > 0)) {
    return H46017_ERR_INVALID_ARGUMENT;
  }
  ERR_clear_error();
  rv = h46017_import_init(&in, password);
  if (rv == 0 && data != NULL) {
    rv = h46017_import_read(&in, data, len);
  }
  if (rv == 0) {
    rv = import_uri(&in, uri);
  }
  if (rv == 0) {
    rv = import_finish(pcred, &in, true, pnotes, mem);
  }
  h46017_import_clear(&in);
  return rv;
}
