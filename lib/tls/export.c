/* SPDX-License-Identifier: BSD-2-Clause */
#include "tls/credential.h"

#include <string.h>

static bool export_key(BIO *bio, EVP_PKEY *key, const char *password) {
  bool encrypt = password != NULL && password[0] != '\0';

  return PEM_write_bio_PKCS8PrivateKey(
             bio, key, encrypt ? EVP_aes_256_cbc() : NULL,
             encrypt ? password : NULL, encrypt ? (int)strlen(password) : 0,
             NULL, NULL) == 1;
}

static bool export_pem(BIO *bio, const h46017_credential *cred, uint32_t what,
                       const char *password) {
  bool alone = (what & H46017_EXPORT_KEY_ALONE) != 0;
  bool good = true;

  if (alone || (what & H46017_EXPORT_PRIVATE_KEY) != 0) {
    good = export_key(bio, cred->key, password);
  }
  if (alone) {
    return good;
  }
  good = good && PEM_write_bio_X509(bio, cred->leaf) == 1;
  for (int i = 0; good && (what & H46017_EXPORT_CHAIN) != 0 &&
                  i < sk_X509_num(cred->chain);
       i++) {
    good = PEM_write_bio_X509(bio, sk_X509_value(cred->chain, i)) == 1;
  }
  return good;
}

static bool export_pkcs12(BIO *bio, const h46017_credential *cred,
                          uint32_t what, const char *password) {
  bool encrypt = password != NULL && password[0] != '\0';
  int nid = encrypt ? NID_aes_256_cbc : -1;
  PKCS12 *p12 = PKCS12_create(
      encrypt ? password : NULL, NULL,
      (what & H46017_EXPORT_PRIVATE_KEY) != 0 ? cred->key : NULL, cred->leaf,
      (what & H46017_EXPORT_CHAIN) != 0 ? cred->chain : NULL, nid, nid, 0,
      encrypt ? 1 : -1, 0);
  bool good = p12 != NULL && i2d_PKCS12_bio(bio, p12) == 1;

  PKCS12_free(p12);
  return good;
}

int h46017_credential_export(const h46017_credential *cred,
                             h46017_export_form form, uint32_t what,
                             const char *password, h46017_store_take take,
                             void *user_data) {
  char *octets = NULL;
  bool secret = (what & (H46017_EXPORT_PRIVATE_KEY | H46017_EXPORT_KEY_ALONE));
  bool good = false;
  long len;
  BIO *bio;
  int rv;

  if (cred == NULL || take == NULL ||
      (form != H46017_EXPORT_PEM && form != H46017_EXPORT_DER &&
       form != H46017_EXPORT_PKCS12) ||
      (form == H46017_EXPORT_DER && what != 0) ||
      (form == H46017_EXPORT_PKCS12 && (what & H46017_EXPORT_KEY_ALONE) != 0)) {
    return H46017_ERR_INVALID_ARGUMENT;
  }
  if (secret && cred->key == NULL) {
    return H46017_ERR_KEY_ABSENT;
  }
  ERR_clear_error();
  /* its memory is wiped when it grows and when it goes */
  bio = BIO_new(BIO_s_secmem());
  if (bio == NULL) {
    return H46017_ERR_NOMEM;
  }
  switch (form) {
  case H46017_EXPORT_PEM:
    good = export_pem(bio, cred, what, password);
    break;
  case H46017_EXPORT_DER:
    good = i2d_X509_bio(bio, cred->leaf) == 1;
    break;
  case H46017_EXPORT_PKCS12:
    good = export_pkcs12(bio, cred, what, password);
    break;
  }
  len = BIO_get_mem_data(bio, &octets);
  rv = good && len > 0 ? take((const uint8_t *)octets, (size_t)len, user_data)
                       : H46017_ERR_NOMEM;
  if (octets != NULL && len > 0) {
    OPENSSL_cleanse(octets, (size_t)len);
  }
  BIO_free(bio);
  ERR_clear_error();
  return rv;
}
