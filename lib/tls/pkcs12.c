/* SPDX-License-Identifier: BSD-2-Clause */
#include "tls/credential.h"

#include <openssl/asn1t.h>
#include <openssl/provider.h>

#include <string.h>

/* -- how much work it asks for -------------------------------------------- */

static int budget_take(h46017_import *in, int64_t iterations) {
  if (iterations < 0 || iterations > (int64_t)in->iterations) {
    return H46017_ERR_IMPORT_LIMIT;
  }
  in->iterations -= (uint32_t)iterations;
  return 0;
}

static int budget_integer(h46017_import *in, const ASN1_INTEGER *value) {
  int64_t iterations = 0;

  return ASN1_INTEGER_get_int64(&iterations, value) == 1
             ? budget_take(in, iterations)
             : H46017_ERR_IMPORT_LIMIT;
}

static int budget_scrypt(h46017_import *in, const ASN1_TYPE *parameter) {
  SCRYPT_PARAMS *scrypt =
      ASN1_TYPE_unpack_sequence(ASN1_ITEM_rptr(SCRYPT_PARAMS), parameter);
  int64_t cost = 0;
  int64_t block = 0;
  int64_t parallel = 0;
  int rv = H46017_ERR_IMPORT_LIMIT;

  if (scrypt != NULL &&
      ASN1_INTEGER_get_int64(&cost, scrypt->costParameter) == 1 &&
      ASN1_INTEGER_get_int64(&block, scrypt->blockSize) == 1 &&
      ASN1_INTEGER_get_int64(&parallel, scrypt->parallelizationParameter) ==
          1 &&
      cost <= H46017_IMPORT_MAX_ITERATIONS && block <= 64 && parallel <= 64) {
    rv = budget_take(in, cost * block * parallel);
  }
  SCRYPT_PARAMS_free(scrypt);
  return rv;
}

static int budget_pbes2(h46017_import *in, const ASN1_TYPE *parameter) {
  PBE2PARAM *pbes2 =
      ASN1_TYPE_unpack_sequence(ASN1_ITEM_rptr(PBE2PARAM), parameter);
  PBKDF2PARAM *pbkdf2 = NULL;
  int rv = H46017_ERR_FORMAT;

  if (pbes2 != NULL) {
    switch (OBJ_obj2nid(pbes2->keyfunc->algorithm)) {
    case NID_id_pbkdf2:
      pbkdf2 = ASN1_TYPE_unpack_sequence(ASN1_ITEM_rptr(PBKDF2PARAM),
                                         pbes2->keyfunc->parameter);
      rv =
          pbkdf2 != NULL ? budget_integer(in, pbkdf2->iter) : H46017_ERR_FORMAT;
      PBKDF2PARAM_free(pbkdf2);
      break;
    case NID_id_scrypt:
      rv = budget_scrypt(in, pbes2->keyfunc->parameter);
      break;
    default:
      break;
    }
  }
  PBE2PARAM_free(pbes2);
  return rv;
}

int h46017_import_budget(h46017_import *in, const X509_ALGOR *algorithm) {
  PBEPARAM *pbe;
  int rv;

  if (OBJ_obj2nid(algorithm->algorithm) == NID_pbes2) {
    return budget_pbes2(in, algorithm->parameter);
  }
  pbe =
      ASN1_TYPE_unpack_sequence(ASN1_ITEM_rptr(PBEPARAM), algorithm->parameter);
  if (pbe == NULL) {
    return H46017_ERR_FORMAT;
  }
  rv = budget_integer(in, pbe->iter);
  PBEPARAM_free(pbe);
  return rv;
}

/* -- decryption ----------------------------------------------------------- */

/* No password and an empty one are different things here, and programs confuse
 * them: `given` is what the operator said, `password` what opens the file. */
typedef struct pkcs12_reader {
  h46017_import *in;
  const char *password;
  int password_len;
  OSSL_LIB_CTX *legacy; /* made when something needs it */
  OSSL_PROVIDER *providers[2];
} pkcs12_reader;

static int pkcs12_wrong(const pkcs12_reader *r) {
  return r->in->password != NULL ? H46017_ERR_BAD_PASSWORD
                                 : H46017_ERR_PASSWORD_NEEDED;
}

/* RC2 and RC4 live in a provider of their own, which the program's own OpenSSL
 * context is not to be loaded with. */
static int pkcs12_context(pkcs12_reader *r, const X509_ALGOR *algorithm,
                          OSSL_LIB_CTX **pctx) {
  int nid = OBJ_obj2nid(algorithm->algorithm);

  *pctx = NULL;
  if (nid != NID_pbe_WithSHA1And40BitRC2_CBC &&
      nid != NID_pbe_WithSHA1And128BitRC2_CBC &&
      nid != NID_pbe_WithSHA1And40BitRC4 &&
      nid != NID_pbe_WithSHA1And128BitRC4) {
    return 0;
  }
  if (r->legacy == NULL) {
    r->legacy = OSSL_LIB_CTX_new();
    if (r->legacy == NULL) {
      return H46017_ERR_NOMEM;
    }
    r->providers[0] = OSSL_PROVIDER_load(r->legacy, "default");
    r->providers[1] = OSSL_PROVIDER_load(r->legacy, "legacy");
  }
  if (r->providers[0] == NULL || r->providers[1] == NULL) {
    return H46017_ERR_LEGACY_ENCRYPTION;
  }
  *pctx = r->legacy;
  return 0;
}

static void pkcs12_close(pkcs12_reader *r) {
  for (size_t i = 0; i < 2; i++) {
    if (r->providers[i] != NULL) {
      OSSL_PROVIDER_unload(r->providers[i]);
    }
  }
  OSSL_LIB_CTX_free(r->legacy);
}

static int pkcs12_shrouded(pkcs12_reader *r, const PKCS12_SAFEBAG *bag) {
  const X509_ALGOR *algorithm = NULL;
  const ASN1_OCTET_STRING *octets = NULL;
  PKCS8_PRIV_KEY_INFO *info;
  OSSL_LIB_CTX *ctx = NULL;
  EVP_PKEY *key;
  int rv;

  X509_SIG_get0(PKCS12_SAFEBAG_get0_pkcs8(bag), &algorithm, &octets);
  rv = h46017_import_budget(r->in, algorithm);
  if (rv == 0) {
    rv = pkcs12_context(r, algorithm, &ctx);
  }
  if (rv != 0) {
    return rv;
  }
  info = PKCS12_decrypt_skey_ex(bag, r->password, r->password_len, ctx, NULL);
  if (info == NULL) {
    return pkcs12_wrong(r);
  }
  key = EVP_PKCS82PKEY(info); /* for the context everybody uses */
  PKCS8_PRIV_KEY_INFO_free(info);
  return h46017_import_key(r->in, key);
}

static int pkcs12_bags(pkcs12_reader *r, const STACK_OF(PKCS12_SAFEBAG) * bags,
                       int depth) {
  int rv = 0;

  for (int i = 0; rv == 0 && i < sk_PKCS12_SAFEBAG_num(bags); i++) {
    const PKCS12_SAFEBAG *bag = sk_PKCS12_SAFEBAG_value(bags, i);

    switch (PKCS12_SAFEBAG_get_nid(bag)) {
    case NID_keyBag:
      rv = h46017_import_key(r->in,
                             EVP_PKCS82PKEY(PKCS12_SAFEBAG_get0_p8inf(bag)));
      break;
    case NID_pkcs8ShroudedKeyBag:
      rv = pkcs12_shrouded(r, bag);
      break;
    case NID_certBag:
      if (PKCS12_SAFEBAG_get_bag_nid(bag) == NID_x509Certificate) {
        rv = h46017_import_cert(r->in, PKCS12_SAFEBAG_get1_cert(bag));
      }
      break;
    case NID_safeContentsBag:
      rv = depth > 3
               ? H46017_ERR_IMPORT_LIMIT
               : pkcs12_bags(r, PKCS12_SAFEBAG_get0_safes(bag), depth + 1);
      break;
    default:
      break;
    }
  }
  return rv;
}

static int pkcs12_content(pkcs12_reader *r, PKCS7 *p7) {
  STACK_OF(PKCS12_SAFEBAG) *bags = NULL;
  OSSL_LIB_CTX *ctx = NULL;
  int rv = 0;

  if (PKCS7_type_is_data(p7)) {
    bags = PKCS12_unpack_p7data(p7);
    rv = bags != NULL ? 0 : H46017_ERR_FORMAT;
  } else if (PKCS7_type_is_encrypted(p7) && p7->d.encrypted != NULL &&
             p7->d.encrypted->enc_data->enc_data != NULL) {
    PKCS7_ENC_CONTENT *content = p7->d.encrypted->enc_data;

    rv = h46017_import_budget(r->in, content->algorithm);
    if (rv == 0) {
      rv = pkcs12_context(r, content->algorithm, &ctx);
    }
    if (rv == 0) {
      bags = PKCS12_item_decrypt_d2i_ex(
          content->algorithm, ASN1_ITEM_rptr(PKCS12_SAFEBAGS), r->password,
          r->password_len, content->enc_data, 1, ctx, NULL);
      rv = bags != NULL ? 0 : pkcs12_wrong(r);
    }
  }
  if (rv == 0 && bags != NULL) {
    rv = pkcs12_bags(r, bags, 0);
  }
  sk_PKCS12_SAFEBAG_pop_free(bags, PKCS12_SAFEBAG_free);
  return rv;
}

static int pkcs12_check_mac(pkcs12_reader *r, PKCS12 *p12) {
  const ASN1_INTEGER *iterations = NULL;
  int rv = 0;

  if (PKCS12_mac_present(p12) == 0) {
    return 0;
  }
  PKCS12_get0_mac(NULL, NULL, NULL, &iterations, p12);
  if (iterations != NULL) {
    rv = budget_integer(r->in, iterations);
  }
  if (rv != 0 || PKCS12_verify_mac(p12, r->password, r->password_len) == 1) {
    return rv;
  }
  if (r->in->password == NULL || r->in->password[0] == '\0') {
    /* the other kind of no password */
    r->password = r->password == NULL ? "" : NULL;
    if (PKCS12_verify_mac(p12, r->password, 0) == 1) {
      return 0;
    }
  }
  return pkcs12_wrong(r);
}

int h46017_import_pkcs12(h46017_import *in, PKCS12 *p12) {
  pkcs12_reader r = {.in = in, .password = in->password};
  STACK_OF(PKCS7) * safes;
  int rv;

  if (in->password != NULL) {
    r.password_len = (int)strlen(in->password);
  }
  rv = pkcs12_check_mac(&r, p12);
  safes = rv == 0 ? PKCS12_unpack_authsafes(p12) : NULL;
  if (rv == 0 && safes == NULL) {
    rv = H46017_ERR_FORMAT;
  }
  for (int i = 0; rv == 0 && i < sk_PKCS7_num(safes); i++) {
    rv = pkcs12_content(&r, sk_PKCS7_value(safes, i));
  }
  sk_PKCS7_pop_free(safes, PKCS7_free);
  pkcs12_close(&r);
  ERR_clear_error();
  return rv;
}
