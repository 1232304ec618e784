/* SPDX-License-Identifier: BSD-2-Clause */
#include "state_dir.h"
#include "tls_files.h"

#include <errno.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { DAYS = 3650, SERIAL_OCTETS = 16 };

static bool add_extension(X509 *x, int nid, const char *value) {
  X509V3_CTX ctx;
  X509V3_set_ctx_nodb(&ctx);
  X509V3_set_ctx(&ctx, x, x, NULL, NULL, 0);
  X509_EXTENSION *extension = X509V3_EXT_conf_nid(NULL, &ctx, nid, value);
  bool done = extension != NULL && X509_add_ext(x, extension, -1) == 1;
  X509_EXTENSION_free(extension);
  return done;
}

static bool set_serial(X509 *x) {
  unsigned char octets[SERIAL_OCTETS];
  if (RAND_bytes(octets, sizeof octets) != 1) {
    return false;
  }
  octets[0] &= 0x7f; /* RFC 5280 4.1.2.2: positive */
  octets[0] |= 0x40;
  BIGNUM *number = BN_bin2bn(octets, sizeof octets, NULL);
  bool done = number != NULL &&
              BN_to_ASN1_INTEGER(number, X509_get_serialNumber(x)) != NULL;
  BN_free(number);
  return done;
}

static bool fill(X509 *x, EVP_PKEY *key, const char *host, int64_t not_before) {
  char san[320];
  snprintf(san, sizeof san, "DNS:%s", host);
  X509_NAME *name = X509_get_subject_name(x);
  ASN1_TIME *from = ASN1_TIME_set(NULL, not_before);
  ASN1_TIME *to = ASN1_TIME_adj(NULL, not_before, DAYS, 0);
  bool done =
      from != NULL && to != NULL && X509_set_version(x, X509_VERSION_3) == 1 &&
      set_serial(x) && X509_set1_notBefore(x, from) == 1 &&
      X509_set1_notAfter(x, to) == 1 &&
      X509_NAME_add_entry_by_NID(name, NID_commonName, MBSTRING_UTF8,
                                 (const unsigned char *)host, -1, -1, 0) == 1 &&
      X509_set_issuer_name(x, name) == 1 && X509_set_pubkey(x, key) == 1 &&
      add_extension(x, NID_basic_constraints, "critical,CA:FALSE") &&
      add_extension(x, NID_key_usage, "critical,digitalSignature") &&
      add_extension(x, NID_ext_key_usage, "serverAuth,clientAuth") &&
      add_extension(x, NID_subject_key_identifier, "hash") &&
      add_extension(x, NID_subject_alt_name, san) &&
      X509_sign(x, key, EVP_sha256()) > 0;
  ASN1_TIME_free(from);
  ASN1_TIME_free(to);
  return done;
}

static int write_bio(const char *path, BIO *bio, char *why, size_t why_size) {
  char *data = NULL;
  long len = BIO_get_mem_data(bio, &data);
  int error = state_dir_write(path, 0600, data, len > 0 ? (size_t)len : 0);
  if (error != 0) {
    snprintf(why, why_size, "%s: error %d", path, error);
    return H46017_ERR_STORE_IO;
  }
  return 0;
}

int tls_files_make_own(const char *cert, const char *key, int64_t not_before,
                       char *why, size_t why_size) {
  char host[256] = "";
  /* ub-common-name is 64; a longer host name is cut there, not refused */
  if (gethostname(host, 64) != 0 || host[0] == '\0') {
    snprintf(host, sizeof host, "h46017-gk");
  }
  int code = H46017_ERR_TLS;
  X509 *x = X509_new();
  EVP_PKEY *pair = EVP_EC_gen("P-256");
  BIO *cert_bio = BIO_new(BIO_s_mem());
  BIO *key_bio = BIO_new(BIO_s_secmem());
  if (x == NULL || pair == NULL || cert_bio == NULL || key_bio == NULL ||
      !fill(x, pair, host, not_before) ||
      PEM_write_bio_X509(cert_bio, x) != 1 ||
      PEM_write_bio_PKCS8PrivateKey(key_bio, pair, NULL, NULL, 0, NULL, NULL) !=
          1) {
    const char *reason = ERR_reason_error_string(ERR_peek_last_error());
    snprintf(why, why_size, "%s", reason ? reason : "no reason given");
    goto done;
  }
  /* the certificate last: where it is, its key is too */
  code = write_bio(key, key_bio, why, why_size);
  if (code == 0) {
    code = write_bio(cert, cert_bio, why, why_size);
  }
done:
  ERR_clear_error();
  X509_free(x);
  EVP_PKEY_free(pair);
  BIO_free(cert_bio);
  BIO_free(key_bio);
  return code;
}
