/* SPDX-License-Identifier: BSD-2-Clause */
#include "tls/credential.h"

#include "base/settings.h"

#include <string.h>
#include <time.h>

#define CERT_DAYS_MAX 36500
#define CERT_DAY 86400
#define CERT_SERIAL_OCTETS 16
#define CERT_SERIAL_HEX_MAX 40 /* RFC 5280 4.1.2.2: 20 octets */

static const h46017_cert_spec spec_defaults = {
    .struct_size = sizeof(h46017_cert_spec),
    .rsa_bits = 2048,
    .days = 3650,
};

void h46017_cert_spec_default_sized(h46017_cert_spec *spec, size_t size) {
  h46017_settings_fill(spec, size, &spec_defaults, sizeof(spec_defaults));
}

int h46017_cert_spec_read(h46017_cert_spec *out, const h46017_cert_spec *in) {
  int rv;

  *out = spec_defaults;
  rv = h46017_settings_copy(out, sizeof(*out), sizeof(*out), in);
  if (rv == 0 && (out->days == 0 || out->days > CERT_DAYS_MAX)) {
    rv = H46017_ERR_INVALID_ARGUMENT;
  }
  return rv;
}

int h46017_cert_subject(X509_NAME *name, const h46017_cert_spec *spec) {
  if (spec->subject != NULL) {
    return h46017_dn_parse(name, spec->subject);
  }
  if (spec->cn == NULL || spec->cn[0] == '\0' ||
      X509_NAME_add_entry_by_NID(name, NID_commonName, MBSTRING_UTF8,
                                 (const unsigned char *)spec->cn, -1, -1,
                                 0) != 1) {
    ERR_clear_error();
    return H46017_ERR_DN;
  }
  return 0;
}

/* -- one certificate ------------------------------------------------------ */

static bool cert_add(X509 *x, X509 *issuer, int nid, const char *value) {
  X509V3_CTX ctx;
  X509_EXTENSION *extension;
  bool done;

  X509V3_set_ctx_nodb(&ctx);
  X509V3_set_ctx(&ctx, issuer, x, NULL, NULL, 0);
  extension = X509V3_EXT_conf_nid(NULL, &ctx, nid, value);
  done = extension != NULL && X509_add_ext(x, extension, -1) == 1;
  X509_EXTENSION_free(extension);
  return done;
}

static bool cert_set_serial(X509 *x, const char *serial) {
  unsigned char octets[CERT_SERIAL_OCTETS];
  BIGNUM *number = NULL;
  bool done;

  if (serial != NULL) {
    size_t len = strlen(serial);

    if (len == 0 || len > CERT_SERIAL_HEX_MAX ||
        BN_hex2bn(&number, serial) != (int)len || BN_is_negative(number)) {
      BN_free(number);
      return false;
    }
  } else {
    if (RAND_bytes(octets, sizeof(octets)) != 1) {
      return false;
    }
    octets[0] = (unsigned char)((octets[0] & 0x7f) | 0x40); /* positive */
    number = BN_bin2bn(octets, sizeof(octets), NULL);
  }
  done = number != NULL &&
         BN_to_ASN1_INTEGER(number, X509_get_serialNumber(x)) != NULL;
  BN_free(number);
  return done;
}

static bool cert_set_validity(X509 *x, const h46017_cert_spec *spec) {
  time_t from =
      spec->not_before != 0 ? (time_t)spec->not_before : time(NULL) - CERT_DAY;

  return ASN1_TIME_set(X509_getm_notBefore(x), from) != NULL &&
         ASN1_TIME_adj(X509_getm_notAfter(x), from, (int)spec->days, 0) != NULL;
}

static bool cert_set_device(X509 *x, X509 *issuer) {
  bool rsa = EVP_PKEY_is_a(X509_get0_pubkey(x), "RSA") == 1;

  return cert_add(x, issuer, NID_basic_constraints, "critical,CA:FALSE") &&
         cert_add(x, issuer, NID_key_usage,
                  rsa ? "critical,digitalSignature,keyEncipherment"
                      : "critical,digitalSignature") &&
         cert_add(x, issuer, NID_ext_key_usage, "serverAuth,clientAuth");
}

static bool cert_set_authority(X509 *x) {
  return cert_add(x, x, NID_basic_constraints, "critical,CA:TRUE,pathlen:0") &&
         cert_add(x, x, NID_key_usage, "critical,keyCertSign,cRLSign");
}

static int cert_set_sans(X509 *x, GENERAL_NAMES *names) {
  if (names == NULL || sk_GENERAL_NAME_num(names) == 0) {
    return 0;
  }
  return X509_add1_ext_i2d(x, NID_subject_alt_name, names, 0, 0) == 1
             ? 0
             : H46017_ERR_NOMEM;
}

typedef struct cert_parts {
  EVP_PKEY *key;       /* its public half goes in */
  EVP_PKEY *signer;    /* signs */
  X509 *issuer;        /* NULL: itself */
  X509_NAME *subject;  /* NULL: the spec's */
  GENERAL_NAMES *sans; /* where the spec names none */
  const char *serial;
  bool authority;
} cert_parts;

static int cert_fill(X509 *x, const h46017_cert_spec *spec,
                     const cert_parts *parts) {
  X509 *issuer = parts->issuer != NULL ? parts->issuer : x;
  GENERAL_NAMES *sans = NULL;
  int rv =
      parts->subject != NULL
          ? (X509_set_subject_name(x, parts->subject) == 1 ? 0
                                                           : H46017_ERR_NOMEM)
          : h46017_cert_subject(X509_get_subject_name(x), spec);

  if (rv == 0 && spec->san_count > 0) {
    rv = h46017_san_parse(&sans, spec->sans, spec->san_count);
  }
  if (rv == 0 &&
      (X509_set_version(x, X509_VERSION_3) != 1 ||
       !cert_set_serial(x, parts->serial) || !cert_set_validity(x, spec) ||
       X509_set_issuer_name(x, X509_get_subject_name(issuer)) != 1 ||
       X509_set_pubkey(x, parts->key) != 1 ||
       !(parts->authority ? cert_set_authority(x)
                          : cert_set_device(x, issuer)) ||
       !cert_add(x, issuer, NID_subject_key_identifier, "hash") ||
       (parts->issuer != NULL &&
        !cert_add(x, issuer, NID_authority_key_identifier, "keyid")))) {
    rv = H46017_ERR_TLS;
  }
  if (rv == 0) {
    rv = cert_set_sans(x, sans != NULL ? sans : parts->sans);
  }
  if (rv == 0 &&
      X509_sign(x, parts->signer, h46017_key_digest(parts->signer)) <= 0) {
    rv = H46017_ERR_TLS;
  }
  GENERAL_NAMES_free(sans);
  ERR_clear_error();
  return rv;
}

/* The certificate, with its issuer's chain behind it, as a credential. */
static int cert_make(h46017_credential **pcred, const h46017_cert_spec *spec,
                     const cert_parts *parts, EVP_PKEY *keep,
                     const h46017_credential *above, const h46017_mem *mem) {
  STACK_OF(X509) *certs = sk_X509_new_null();
  X509 *x = X509_new();
  int rv =
      certs == NULL || x == NULL ? H46017_ERR_NOMEM : cert_fill(x, spec, parts);

  if (rv == 0 && X509_add_cert(certs, x, X509_ADD_FLAG_UP_REF) != 1) {
    rv = H46017_ERR_NOMEM;
  }
  if (rv == 0 && above != NULL &&
      (X509_add_cert(certs, above->leaf, X509_ADD_FLAG_UP_REF) != 1 ||
       X509_add_certs(certs, above->chain, X509_ADD_FLAG_UP_REF) != 1)) {
    rv = H46017_ERR_NOMEM;
  }
  if (rv == 0) {
    rv = h46017_credential_make(pcred, keep, certs, NULL, mem);
  }
  X509_free(x);
  sk_X509_pop_free(certs, X509_free);
  return rv;
}

static int selfsigned_make(h46017_credential **pcred,
                           const h46017_cert_spec *given,
                           const h46017_credential *reuse, bool authority,
                           const h46017_mem *mem) {
  h46017_cert_spec spec;
  EVP_PKEY *key = NULL;
  int rv;

  if (pcred == NULL || given == NULL) {
    return H46017_ERR_INVALID_ARGUMENT;
  }
  rv = h46017_cert_spec_read(&spec, given);
  if (rv != 0) {
    return rv;
  }
  if (reuse != NULL) {
    if (reuse->key == NULL) {
      return H46017_ERR_KEY_ABSENT;
    }
    key = reuse->key;
    EVP_PKEY_up_ref(key);
  } else {
    rv = h46017_key_make(&key, &spec);
  }
  if (rv == 0) {
    const cert_parts parts = {
        .key = key, .signer = key, .authority = authority};

    rv = cert_make(pcred, &spec, &parts, key, NULL, mem);
  }
  EVP_PKEY_free(key);
  return rv;
}

int h46017_credential_selfsigned(h46017_credential **pcred,
                                 const h46017_cert_spec *spec,
                                 const h46017_credential *reuse,
                                 const h46017_mem *mem) {
  return selfsigned_make(pcred, spec, reuse, false, mem);
}

int h46017_credential_authority(h46017_credential **pcred,
                                const h46017_cert_spec *spec,
                                const h46017_mem *mem) {
  return selfsigned_make(pcred, spec, NULL, true, mem);
}

/* -- issued --------------------------------------------------------------- */

static GENERAL_NAMES *request_sans(X509_REQ *request) {
  STACK_OF(X509_EXTENSION) *extensions = X509_REQ_get_extensions(request);
  GENERAL_NAMES *sans =
      X509V3_get_d2i(extensions, NID_subject_alt_name, NULL, NULL);

  sk_X509_EXTENSION_pop_free(extensions, X509_EXTENSION_free);
  ERR_clear_error();
  return sans;
}

static int issue_request(h46017_credential **pcred,
                         const h46017_credential *issuer,
                         const h46017_cert_spec *spec, X509_REQ *request,
                         const char *serial, const h46017_mem *mem) {
  EVP_PKEY *key = X509_REQ_get0_pubkey(request);
  X509_NAME *subject = X509_REQ_get_subject_name(request);
  bool own = spec->subject != NULL || spec->cn != NULL;
  GENERAL_NAMES *sans;
  int rv;

  /* who asks must hold the key */
  if (key == NULL || X509_REQ_verify(request, key) != 1) {
    ERR_clear_error();
    return H46017_ERR_FORMAT;
  }
  if (!own && X509_NAME_entry_count(subject) == 0) {
    return H46017_ERR_DN;
  }
  sans = request_sans(request);
  {
    const cert_parts parts = {.key = key,
                              .signer = issuer->key,
                              .issuer = issuer->leaf,
                              .subject = own ? NULL : subject,
                              .sans = sans,
                              .serial = serial};

    rv = cert_make(pcred, spec, &parts, NULL, issuer, mem);
  }
  GENERAL_NAMES_free(sans);
  return rv;
}

int h46017_credential_issue(h46017_credential **pcred,
                            const h46017_credential *issuer,
                            const h46017_cert_spec *given,
                            const uint8_t *request, size_t request_len,
                            const char *serial, const h46017_mem *mem) {
  h46017_cert_spec spec;
  EVP_PKEY *key = NULL;
  int rv;

  if (pcred == NULL || issuer == NULL || given == NULL) {
    return H46017_ERR_INVALID_ARGUMENT;
  }
  if (issuer->key == NULL) {
    return H46017_ERR_KEY_ABSENT;
  }
  if (X509_check_ca(issuer->leaf) != 1) {
    return H46017_ERR_CERT_CHAIN;
  }
  rv = h46017_cert_spec_read(&spec, given);
  if (rv == 0 && request != NULL) {
    h46017_import in;

    rv = h46017_import_init(&in, NULL);
    if (rv == 0) {
      rv = h46017_import_read(&in, request, request_len);
    }
    if (rv == 0) {
      rv = in.request == NULL
               ? H46017_ERR_FORMAT
               : issue_request(pcred, issuer, &spec, in.request, serial, mem);
    }
    h46017_import_clear(&in);
    return rv;
  }
  if (rv == 0) {
    rv = h46017_key_make(&key, &spec);
  }
  if (rv == 0) {
    const cert_parts parts = {.key = key,
                              .signer = issuer->key,
                              .issuer = issuer->leaf,
                              .serial = serial};

    rv = cert_make(pcred, &spec, &parts, key, issuer, mem);
  }
  EVP_PKEY_free(key);
  return rv;
}
