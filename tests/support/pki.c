/* SPDX-License-Identifier: BSD-2-Clause */
#include "pki.h"

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/rsa.h>

#include <check.h>
#include <stdio.h>
#include <string.h>

#define PKI_DAY (24L * 60 * 60)

static void pki_name(X509_NAME *name, const pki_spec *spec) {
  ck_assert_int_eq(X509_NAME_add_entry_by_txt(name, "O", MBSTRING_ASC,
                                              (const unsigned char *)"Example",
                                              -1, -1, 0),
                   1);
  for (int i = 0; i < 3 && spec->cn[i].type != 0; i++) {
    /* as it is: X509_NAME_add_entry would look into it */
    ASN1_STRING *value = ASN1_STRING_type_new(spec->cn[i].type);
    X509_NAME_ENTRY *entry = X509_NAME_ENTRY_new();

    ck_assert_ptr_nonnull(value);
    ck_assert_ptr_nonnull(entry);
    ck_assert_int_eq(
        ASN1_STRING_set(value, spec->cn[i].octets, spec->cn[i].len), 1);
    ck_assert_int_eq(
        X509_NAME_ENTRY_set_object(entry, OBJ_nid2obj(NID_commonName)), 1);
    ck_assert_int_eq(X509_NAME_ENTRY_set_data(entry, spec->cn[i].type,
                                              ASN1_STRING_get0_data(value),
                                              ASN1_STRING_length(value)),
                     1);
    ck_assert_int_eq(X509_NAME_add_entry(name, entry, -1, 0), 1);
    X509_NAME_ENTRY_free(entry);
    ASN1_STRING_free(value);
  }
}

static void pki_extension(X509 *x, int nid, const char *value) {
  X509_EXTENSION *ext = X509V3_EXT_conf_nid(NULL, NULL, nid, value);

  ck_assert_ptr_nonnull(ext);
  ck_assert_int_eq(X509_add_ext(x, ext, -1), 1);
  X509_EXTENSION_free(ext);
}

static void pki_odd_extension(X509 *x) {
  ASN1_OBJECT *oid = OBJ_txt2obj("1.3.6.1.4.1.32473.1", 1);
  ASN1_OCTET_STRING *value = ASN1_OCTET_STRING_new();
  X509_EXTENSION *ext;

  ck_assert_int_eq(
      ASN1_OCTET_STRING_set(value, (const unsigned char *)"\x05\x00", 2), 1);
  ext = X509_EXTENSION_create_by_OBJ(NULL, oid, 1, value);
  ck_assert_ptr_nonnull(ext);
  ck_assert_int_eq(X509_add_ext(x, ext, -1), 1);
  X509_EXTENSION_free(ext);
  ASN1_OCTET_STRING_free(value);
  ASN1_OBJECT_free(oid);
}

static void pki_extensions(X509 *x, const pki_spec *spec) {
  char text[64];

  if (spec->ca) {
    if (spec->pathlen > 0) {
      (void)snprintf(text, sizeof(text), "critical,CA:TRUE,pathlen:%d",
                     spec->pathlen - 1);
    } else {
      (void)snprintf(text, sizeof(text), "critical,CA:TRUE");
    }
    pki_extension(x, NID_basic_constraints, text);
    if (!spec->no_key_usage) {
      pki_extension(x, NID_key_usage,
                    "critical,keyCertSign,cRLSign,"
                    "digitalSignature");
    }
  } else {
    pki_extension(x, NID_basic_constraints, "critical,CA:FALSE");
  }
  if (spec->eku != NULL) {
    pki_extension(x, NID_ext_key_usage, spec->eku);
  }
  if (spec->san != NULL) {
    pki_extension(x, NID_subject_alt_name, spec->san);
  }
  if (spec->permitted != NULL) {
    pki_extension(x, NID_name_constraints, spec->permitted);
  }
  if (spec->odd_extension) {
    pki_odd_extension(x);
  }
}

static void pki_spoil(X509 *x) {
  const ASN1_BIT_STRING *sig;
  unsigned char *octets;

  X509_get0_signature(&sig, NULL, x);
  octets = (unsigned char *)(uintptr_t)ASN1_STRING_get0_data(sig);
  octets[ASN1_STRING_length(sig) - 1] ^= 1;
}

pki_cert pki_make(const pki_spec *spec, const pki_cert *issuer) {
  pki_cert c;
  unsigned char serial[8];
  ASN1_INTEGER *number;
  BIGNUM *bn;
  bool set = spec->from_days != 0 || spec->to_days != 0;
  const pki_cert *signer = issuer != NULL ? issuer : &c;

  c.key = spec->rsa_bits > 0 ? EVP_RSA_gen((unsigned)spec->rsa_bits)
          : spec->ed25519    ? EVP_PKEY_Q_keygen(NULL, NULL, "ED25519")
                             : EVP_EC_gen("P-256");
  c.x509 = X509_new();
  ck_assert_ptr_nonnull(c.key);
  ck_assert_ptr_nonnull(c.x509);
  ck_assert_int_eq(RAND_bytes(serial, sizeof(serial)), 1);
  serial[0] &= 0x7f;
  bn = BN_bin2bn(serial, sizeof(serial), NULL);
  number = BN_to_ASN1_INTEGER(bn, NULL);
  ck_assert_int_eq(X509_set_serialNumber(c.x509, number), 1);
  ASN1_INTEGER_free(number);
  BN_free(bn);
  ck_assert_int_eq(X509_set_version(c.x509, spec->v1 ? 0 : 2), 1);
  ck_assert_ptr_nonnull(X509_gmtime_adj(
      X509_getm_notBefore(c.x509), (set ? spec->from_days : -1) * PKI_DAY));
  ck_assert_ptr_nonnull(X509_gmtime_adj(X509_getm_notAfter(c.x509),
                                        (set ? spec->to_days : 30) * PKI_DAY));
  pki_name(X509_get_subject_name(c.x509), spec);
  ck_assert_int_eq(X509_set_pubkey(c.x509, c.key), 1);
  ck_assert_int_eq(
      X509_set_issuer_name(c.x509, X509_get_subject_name(signer->x509)), 1);
  if (!spec->v1) {
    pki_extensions(c.x509, spec);
  }
  ck_assert_int_gt(
      X509_sign(
          c.x509, signer->key,
          EVP_get_digestbyname(spec->digest != NULL ? spec->digest : "SHA256")),
      0);
  if (spec->bad_signature) {
    pki_spoil(c.x509);
  }
  return c;
}

void pki_free(pki_cert *cert) {
  X509_free(cert->x509);
  EVP_PKEY_free(cert->key);
  cert->x509 = NULL;
  cert->key = NULL;
}

static void pki_set_cn(pki_spec *spec, const char *cn) {
  memset(spec, 0, sizeof(*spec));
  spec->cn[0].type = V_ASN1_UTF8STRING;
  spec->cn[0].octets = cn;
  spec->cn[0].len = (int)strlen(cn);
}

pki_cert pki_ca(const char *cn) {
  pki_spec spec;

  pki_set_cn(&spec, cn);
  spec.ca = true;
  return pki_make(&spec, NULL);
}

pki_cert pki_leaf(const char *cn, const pki_cert *issuer) {
  pki_spec spec;

  pki_set_cn(&spec, cn);
  return pki_make(&spec, issuer);
}

void pki_use(SSL_CTX *ctx, const pki_cert *own, const pki_cert *const *chain) {
  ck_assert_int_eq(SSL_CTX_use_certificate(ctx, own->x509), 1);
  ck_assert_int_eq(SSL_CTX_use_PrivateKey(ctx, own->key), 1);
  for (; chain != NULL && *chain != NULL; chain++) {
    ck_assert_int_eq(SSL_CTX_add1_chain_cert(ctx, (*chain)->x509), 1);
  }
}

void pki_trust(SSL_CTX *ctx, const pki_cert *authority) {
  ck_assert_int_eq(
      X509_STORE_add_cert(SSL_CTX_get_cert_store(ctx), authority->x509), 1);
}

void pki_write(const char *path, const pki_cert *cert, bool with_key) {
  FILE *f = fopen(path, "w");

  ck_assert_ptr_nonnull(f);
  ck_assert_int_eq(PEM_write_X509(f, cert->x509), 1);
  if (with_key) {
    ck_assert_int_eq(
        PEM_write_PrivateKey(f, cert->key, NULL, NULL, 0, NULL, NULL), 1);
  }
  ck_assert_int_eq(fclose(f), 0);
}
