/* SPDX-License-Identifier: BSD-2-Clause */
#include "tls/credential.h"

#include <stdio.h>
#include <string.h>

#define CSR_COLLECTION "credentials"
#define CSR_ENTRY_MAX (sizeof("csr-.pem") + H46017_CSR_ID_MAX)

/* The first half of the SHA-256 of the public key: the certificate that comes
 * has the same. */
static bool csr_id(EVP_PKEY *key, char out[H46017_CSR_ID_MAX]) {
  unsigned char hash[32];
  unsigned char *der = NULL;
  unsigned int n = 0;
  int len = i2d_PUBKEY(key, &der);
  bool good = len > 0 &&
              EVP_Digest(der, (size_t)len, hash, &n, EVP_sha256(), NULL) == 1;

  OPENSSL_free(der);
  for (size_t i = 0; good && i < (H46017_CSR_ID_MAX - 1) / 2; i++) {
    (void)snprintf(out + 2 * i, 3, "%02x", hash[i]);
  }
  return good;
}

static bool csr_entry(const char *id, char *out) {
  int n = snprintf(out, CSR_ENTRY_MAX, "csr-%s.pem", id);

  return id[0] != '\0' && n > 0 && n < (int)CSR_ENTRY_MAX &&
         h46017_store_is_name(out);
}

static int csr_add_extension(STACK_OF(X509_EXTENSION) * list, int nid,
                             const char *value) {
  X509_EXTENSION *e = X509V3_EXT_conf_nid(NULL, NULL, nid, value);

  if (e == NULL || sk_X509_EXTENSION_push(list, e) <= 0) {
    X509_EXTENSION_free(e);
    return H46017_ERR_NOMEM;
  }
  return 0;
}

static int csr_extensions(X509_REQ *req, const h46017_cert_spec *spec) {
  STACK_OF(X509_EXTENSION) *list = sk_X509_EXTENSION_new_null();
  GENERAL_NAMES *sans = NULL;
  int rv = list == NULL ? H46017_ERR_NOMEM
                        : csr_add_extension(list, NID_ext_key_usage,
                                            "serverAuth,clientAuth");

  if (rv == 0 && spec->san_count > 0) {
    rv = h46017_san_parse(&sans, spec->sans, spec->san_count);
    if (rv == 0 && X509V3_add1_i2d(&list, NID_subject_alt_name, sans, 0,
                                   X509V3_ADD_APPEND) != 1) {
      rv = H46017_ERR_NOMEM;
    }
  }
  if (rv == 0 && X509_REQ_add_extensions(req, list) != 1) {
    rv = H46017_ERR_NOMEM;
  }
  GENERAL_NAMES_free(sans);
  sk_X509_EXTENSION_pop_free(list, X509_EXTENSION_free);
  return rv;
}

static int csr_make(X509_REQ *req, EVP_PKEY *key,
                    const h46017_cert_spec *spec) {
  int rv = h46017_cert_subject(X509_REQ_get_subject_name(req), spec);

  if (rv == 0) {
    rv = csr_extensions(req, spec);
  }
  if (rv == 0 && (X509_REQ_set_version(req, X509_REQ_VERSION_1) != 1 ||
                  X509_REQ_set_pubkey(req, key) != 1 ||
                  X509_REQ_sign(req, key, h46017_key_digest(key)) <= 0)) {
    rv = H46017_ERR_TLS;
  }
  return rv;
}

static int csr_keep(h46017_credentials *c, X509_REQ *req, EVP_PKEY *key,
                    const char *id) {
  BIO *bio = BIO_new(BIO_s_secmem());
  char entry[CSR_ENTRY_MAX];
  char *octets = NULL;
  long len = 0;
  int rv = H46017_ERR_NOMEM;

  if (bio != NULL && csr_entry(id, entry) &&
      PEM_write_bio_PKCS8PrivateKey(bio, key, NULL, NULL, 0, NULL, NULL) == 1 &&
      PEM_write_bio_X509_REQ(bio, req) == 1) {
    len = BIO_get_mem_data(bio, &octets);
    rv =
        c->store.put(c->store.object, CSR_COLLECTION, entry,
                     (const uint8_t *)octets, (size_t)len, H46017_STORE_SECRET);
    OPENSSL_cleanse(octets, (size_t)len);
  }
  BIO_free(bio);
  return rv;
}

int h46017_csr_new(h46017_credentials *c, const h46017_cert_spec *given,
                   const h46017_credential *reuse, char id[H46017_CSR_ID_MAX]) {
  char name[H46017_CSR_ID_MAX] = "";
  h46017_cert_spec spec;
  EVP_PKEY *key = NULL;
  X509_REQ *req = NULL;
  int rv;

  if (c == NULL || given == NULL || id == NULL) {
    return H46017_ERR_INVALID_ARGUMENT;
  }
  rv = h46017_cert_spec_read(&spec, given);
  if (rv == 0 && reuse != NULL) {
    key = reuse->key;
    rv = key != NULL && EVP_PKEY_up_ref(key) == 1 ? 0 : H46017_ERR_KEY_ABSENT;
  } else if (rv == 0) {
    rv = h46017_key_make(&key, &spec);
  }
  if (rv == 0) {
    req = X509_REQ_new();
    rv = req != NULL ? csr_make(req, key, &spec) : H46017_ERR_NOMEM;
  }
  if (rv == 0) {
    rv = csr_id(key, name) ? csr_keep(c, req, key, name) : H46017_ERR_NOMEM;
  }
  if (rv == 0) {
    memcpy(id, name, sizeof(name));
  }
  X509_REQ_free(req);
  EVP_PKEY_free(key);
  ERR_clear_error();
  return rv;
}

/* -- reading -------------------------------------------------------------- */

static int csr_read_take(const uint8_t *data, size_t len, void *user_data) {
  h46017_import *in = user_data;
  int rv = h46017_import_read(in, data, len);

  if (rv == 0 && (in->request == NULL || in->key == NULL)) {
    rv = H46017_ERR_STORE_CORRUPT;
  }
  return rv;
}

static int csr_read(h46017_credentials *c, const char *id, h46017_import *in) {
  char entry[CSR_ENTRY_MAX];
  int rv = h46017_import_init(in, NULL);

  if (rv == 0 && !csr_entry(id, entry)) {
    rv = H46017_ERR_INVALID_ARGUMENT;
  }
  return rv != 0 ? rv
                 : c->store.get(c->store.object, CSR_COLLECTION, entry,
                                csr_read_take, in);
}

typedef struct csr_only {
  size_t count;
  char id[H46017_CSR_ID_MAX];
} csr_only;

static int csr_count(const char *id, void *user_data) {
  csr_only *only = user_data;

  only->count++;
  (void)snprintf(only->id, sizeof(only->id), "%s", id);
  return 0;
}

int h46017_csr_get(h46017_credentials *c, const char *id, bool der,
                   h46017_store_take take, void *user_data) {
  csr_only only = {0};
  h46017_import in = {0};
  char *octets = NULL;
  BIO *bio = NULL;
  int rv = 0;

  if (c == NULL || take == NULL) {
    return H46017_ERR_INVALID_ARGUMENT;
  }
  if (id == NULL) {
    rv = h46017_csr_each(c, csr_count, &only);
    if (rv == 0 && only.count != 1) {
      rv = H46017_ERR_NOT_FOUND;
    }
    id = only.id;
  }
  if (rv == 0) {
    rv = csr_read(c, id, &in);
  }
  if (rv == 0) {
    bio = BIO_new(BIO_s_mem());
    rv = bio != NULL && (der ? i2d_X509_REQ_bio(bio, in.request)
                             : PEM_write_bio_X509_REQ(bio, in.request)) == 1
             ? 0
             : H46017_ERR_NOMEM;
  }
  if (rv == 0) {
    long len = BIO_get_mem_data(bio, &octets);

    rv = take((const uint8_t *)octets, (size_t)len, user_data);
  }
  BIO_free(bio);
  h46017_import_clear(&in);
  return rv;
}

/* -- the certificate has come --------------------------------------------- */

/* The request for one of these certificates; the others are its chain. */
static int csr_find(h46017_credentials *c, const h46017_import *certs,
                    h46017_import *request, char id[H46017_CSR_ID_MAX]) {
  int rv = H46017_ERR_NOT_FOUND;

  for (int i = 0; rv == H46017_ERR_NOT_FOUND && i < sk_X509_num(certs->certs);
       i++) {
    EVP_PKEY *key = X509_get0_pubkey(sk_X509_value(certs->certs, i));

    if (key != NULL && csr_id(key, id)) {
      h46017_import_clear(request);
      rv = csr_read(c, id, request);
    }
  }
  return rv == H46017_ERR_NOT_FOUND ? H46017_ERR_CSR_ABSENT : rv;
}

int h46017_csr_install(h46017_credentials *c, const uint8_t *data, size_t len,
                       const char *name) {
  h46017_import certs;
  h46017_import request = {0};
  h46017_credential *cred = NULL;
  char id[H46017_CSR_ID_MAX] = "";
  int rv;

  if (c == NULL || (data == NULL && len > 0)) {
    return H46017_ERR_INVALID_ARGUMENT;
  }
  rv = h46017_import_init(&certs, NULL);
  if (rv == 0) {
    rv = h46017_import_read(&certs, data, len);
  }
  if (rv == 0 && sk_X509_num(certs.certs) == 0) {
    rv = H46017_ERR_CERT_ABSENT;
  }
  if (rv == 0) {
    rv = csr_find(c, &certs, &request, id);
  }
  if (rv == 0) {
    rv = h46017_credential_make(&cred, request.key, certs.certs, NULL, &c->mem);
  }
  if (rv == 0) {
    rv = h46017_credentials_put(c, name, cred);
  }
  /* It is in force from here on. A request that stays by mischance does no
   * harm: it can be installed again, or removed. */
  if (rv == 0) {
    (void)h46017_csr_remove(c, id);
  }
  h46017_credential_del(cred);
  h46017_import_clear(&request);
  h46017_import_clear(&certs);
  return rv;
}

int h46017_csr_remove(h46017_credentials *c, const char *id) {
  char entry[CSR_ENTRY_MAX];

  if (c == NULL || id == NULL || !csr_entry(id, entry)) {
    return H46017_ERR_INVALID_ARGUMENT;
  }
  return c->store.remove(c->store.object, CSR_COLLECTION, entry);
}
