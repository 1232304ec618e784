/* SPDX-License-Identifier: BSD-2-Clause */
#include "tls/trust.h"

#include "identity/identity.h"

#include <openssl/sha.h>

#include <stdalign.h>
#include <stdio.h>
#include <string.h>

/* A device has one or two; the rest is not looked at. */
#define PEER_SAN_MAX 32
#define PEER_IP_TEXT 46 /* eight groups of four, colons and a NUL */

/* What the certificate says while an identity is made of it. */
typedef struct peer_draft {
  h46017_identity id;
  h46017_san sans[PEER_SAN_MAX];
  char ip[PEER_SAN_MAX][PEER_IP_TEXT];
  GENERAL_NAMES *names;
  unsigned char *cn; /* OpenSSL's memory */
  BIO *subject;
  BIO *issuer;
} peer_draft;

/* An identity that goes with its own memory functions. */
typedef union peer_front {
  h46017_mem mem;
  max_align_t align;
} peer_front;

/* -- names ---------------------------------------------------------------- */

/* RFC 5952: the longest run of zero groups, two or more, becomes `::`. */
static void peer_print_ip6(const unsigned char *ip, char *out, size_t size) {
  unsigned group[8];
  int run_at = -1;
  int run_len = 1;
  size_t n = 0;

  for (int i = 0; i < 8; i++) {
    group[i] = (unsigned)ip[2 * i] << 8 | ip[2 * i + 1];
  }
  for (int i = 0; i < 8; i++) {
    int len = 0;

    while (i + len < 8 && group[i + len] == 0) {
      len++;
    }
    if (len > run_len) {
      run_at = i;
      run_len = len;
    }
  }
  for (int i = 0; i < 8; i++) {
    int k;

    if (i == run_at) {
      k = snprintf(out + n, size - n, "::");
      i += run_len - 1;
    } else {
      bool first = i == 0 || (run_at >= 0 && i == run_at + run_len);

      k = snprintf(out + n, size - n, "%s%x", first ? "" : ":", group[i]);
    }
    n += k > 0 ? (size_t)k : 0;
  }
}

static bool peer_print_ip(const ASN1_OCTET_STRING *ip, char *out, size_t size) {
  const unsigned char *d = ASN1_STRING_get0_data(ip);

  switch (ASN1_STRING_length(ip)) {
  case 4:
    (void)snprintf(out, size, "%u.%u.%u.%u", d[0], d[1], d[2], d[3]);
    return true;
  case 16:
    peer_print_ip6(d, out, size);
    return true;
  default:
    return false;
  }
}

/* An IA5String of visible characters, or it is left out. */
static bool peer_is_visible(const ASN1_STRING *s) {
  const unsigned char *d = ASN1_STRING_get0_data(s);
  int len = ASN1_STRING_length(s);

  for (int i = 0; i < len; i++) {
    if (d[i] <= ' ' || d[i] > '~') {
      return false;
    }
  }
  return len > 0;
}

static void peer_take_san(peer_draft *draft, const GENERAL_NAME *name) {
  size_t n = draft->id.san_count;
  h46017_san *san = &draft->sans[n];
  int type = 0;
  const ASN1_STRING *value = GENERAL_NAME_get0_value(name, &type);

  if (type == GEN_IPADD) {
    if (!peer_print_ip(value, draft->ip[n], sizeof(draft->ip[n]))) {
      return;
    }
    san->type = H46017_SAN_IP;
    san->text = draft->ip[n];
    san->len = strlen(san->text);
  } else if (type == GEN_DNS || type == GEN_URI) {
    if (!peer_is_visible(value)) {
      return;
    }
    san->type = type == GEN_DNS ? H46017_SAN_DNS : H46017_SAN_URI;
    san->text = (const char *)ASN1_STRING_get0_data(value);
    san->len = (size_t)ASN1_STRING_length(value);
  } else {
    return;
  }
  draft->id.san_count = n + 1;
}

static void peer_take_sans(peer_draft *draft, const X509 *leaf) {
  draft->names = X509_get_ext_d2i(leaf, NID_subject_alt_name, NULL, NULL);
  for (int i = 0; i < sk_GENERAL_NAME_num(draft->names) &&
                  draft->id.san_count < PEER_SAN_MAX;
       i++) {
    peer_take_san(draft, sk_GENERAL_NAME_value(draft->names, i));
  }
  draft->id.sans = draft->id.san_count > 0 ? draft->sans : NULL;
}

/* The one CN, whatever string type it is written in. Two of them name nobody:
 * libraries disagree on which one counts. */
size_t h46017_tls_common_name(const X509 *leaf, unsigned char **pcn) {
  const X509_NAME *subject = X509_get_subject_name(leaf);
  int at = X509_NAME_get_index_by_NID(subject, NID_commonName, -1);
  const X509_NAME_ENTRY *entry;
  unsigned char *cn = NULL;
  int len;

  if (at < 0 || X509_NAME_get_index_by_NID(subject, NID_commonName, at) >= 0) {
    return 0;
  }
  entry = X509_NAME_get_entry(subject, at);
  len = ASN1_STRING_to_UTF8(&cn, X509_NAME_ENTRY_get_data(entry));
  if (len < 0 || !h46017_name_is_clean((const char *)cn, (size_t)len)) {
    if (len >= 0) {
      OPENSSL_free(cn);
    }
    ERR_clear_error();
    return 0;
  }
  *pcn = cn;
  return (size_t)len;
}

static void peer_take_cn(peer_draft *draft, const X509 *leaf) {
  draft->id.cn_len = h46017_tls_common_name(leaf, &draft->cn);
  draft->id.cn = (const char *)draft->cn;
}

/* UTF-8 stays readable; what could confuse a terminal is escaped. */
const char *h46017_tls_print_name(BIO **pbio, const X509_NAME *name) {
  char *text = NULL;

  *pbio = BIO_new(BIO_s_mem());
  if (*pbio == NULL ||
      X509_NAME_print_ex(*pbio, name, 0,
                         XN_FLAG_RFC2253 & ~ASN1_STRFLGS_ESC_MSB) < 0 ||
      BIO_write(*pbio, "", 1) != 1 || BIO_get_mem_data(*pbio, &text) <= 0) {
    return NULL;
  }
  return text;
}

/* -- the rest of the certificate ------------------------------------------ */

static int64_t peer_seconds(const ASN1_TIME *time, const ASN1_TIME *epoch) {
  int days = 0;
  int seconds = 0;

  if (ASN1_TIME_diff(&days, &seconds, epoch, time) != 1) {
    return 0;
  }
  return (int64_t)days * 86400 + seconds;
}

bool h46017_tls_validity(const X509 *x, int64_t *pfrom, int64_t *pto) {
  ASN1_TIME *epoch = ASN1_TIME_set(NULL, 0);

  if (epoch == NULL) {
    return false;
  }
  *pfrom = peer_seconds(X509_get0_notBefore(x), epoch);
  *pto = peer_seconds(X509_get0_notAfter(x), epoch);
  ASN1_TIME_free(epoch);
  return true;
}

static bool peer_take_hashes(peer_draft *draft, const X509 *leaf) {
  unsigned char *der = NULL;
  unsigned int len = 0;
  int der_len = i2d_X509_PUBKEY(X509_get_X509_PUBKEY(leaf), &der);
  bool ok = der_len > 0 &&
            EVP_Digest(der, (size_t)der_len, draft->id.key_sha256, &len,
                       EVP_sha256(), NULL) == 1 &&
            X509_digest(leaf, EVP_sha256(), draft->id.cert_sha256, &len) == 1;

  OPENSSL_free(der);
  return ok;
}

static int peer_take_certificate(peer_draft *draft, const X509 *leaf) {
  peer_take_cn(draft, leaf);
  peer_take_sans(draft, leaf);
  draft->id.subject =
      h46017_tls_print_name(&draft->subject, X509_get_subject_name(leaf));
  draft->id.issuer =
      h46017_tls_print_name(&draft->issuer, X509_get_issuer_name(leaf));
  return draft->id.subject != NULL && draft->id.issuer != NULL &&
                 peer_take_hashes(draft, leaf) &&
                 h46017_tls_validity(leaf, &draft->id.not_before,
                                     &draft->id.not_after)
             ? 0
             : H46017_ERR_NOMEM;
}

/* -- the judgement -------------------------------------------------------- */

/* A ticket brings the leaf back and the verdict of that time, not the chain.
 * With a trust list ticket.c asked what that verdict rested on; without one at
 * least the leaf has to be valid still. */
static int peer_judge_resumed(const h46017_trust *trust, const SSL *ssl,
                              const X509 *leaf) {
  const h46017_peer_record *record = h46017_trust_get_record(trust, ssl);
  int64_t utc;
  int64_t from;
  int64_t to;

  if (trust != NULL && SSL_is_server(ssl) != 0 &&
      (record == NULL || !record->matched)) {
    return H46017_ERR_UNAUTHENTICATED;
  }
  if (!h46017_tls_time(SSL_get0_param((SSL *)(uintptr_t)ssl), &utc)) {
    return H46017_ERR_CLOCK_NOT_SET;
  }
  if (!h46017_tls_validity(leaf, &from, &to)) {
    return H46017_ERR_NOMEM;
  }
  if (utc > to) {
    return H46017_ERR_CERT_EXPIRED;
  }
  return utc < from ? H46017_ERR_CERT_NOT_YET_VALID : 0;
}

int h46017_tls_judge(const h46017_trust *trust, const SSL *ssl) {
  X509 *leaf = SSL_get0_peer_certificate(ssl);
  bool asked = (SSL_get_verify_mode(ssl) & SSL_VERIFY_PEER) != 0;
  int code;

  if (leaf == NULL) {
    return asked ? H46017_ERR_CERT_MISSING : 0;
  }
  if (!asked) {
    return H46017_ERR_UNAUTHENTICATED;
  }
  code = h46017_error_from_verify_result(SSL_get_verify_result(ssl));
  if (code != 0) {
    return code;
  }
  if (SSL_session_reused(ssl) != 0) {
    code = peer_judge_resumed(trust, ssl, leaf);
  } else if (sk_X509_num(SSL_get0_verified_chain(ssl)) <= 0) {
    /* a callback of the program said yes and verified nothing */
    code = H46017_ERR_UNAUTHENTICATED;
  }
  /* a list that has this very certificate knows what it is */
  if (code == 0 && trust == NULL && SSL_is_server(ssl) != 0 &&
      X509_check_ca(leaf) != 0) {
    code = H46017_ERR_CERT_IS_CA;
  }
  /* in order by itself, and nothing says whose it is */
  return code == 0 && h46017_tls_pin_of(ssl, leaf) == H46017_TLS_PIN_FIRST
             ? H46017_ERR_UNAUTHENTICATED
             : code;
}

/* -- together ------------------------------------------------------------- */

static void peer_draft_free(const h46017_mem *mem, peer_draft *draft) {
  GENERAL_NAMES_free(draft->names);
  OPENSSL_free(draft->cn);
  BIO_free(draft->subject);
  BIO_free(draft->issuer);
  h46017_mem_release(mem, draft);
}

static int peer_fill(peer_draft *draft, const h46017_trust *trust,
                     const SSL *ssl) {
  const X509 *leaf = SSL_get0_peer_certificate(ssl);
  int rv;

  h46017_identity_default(&draft->id);
  draft->id.tls = true;
  draft->id.error = h46017_tls_judge(trust, ssl);
  if (leaf == NULL) {
    return 0;
  }
  rv = peer_take_certificate(draft, leaf);
  if (rv != 0) {
    return rv;
  }
  /* A device is its CN; a server is whom expect_name() looked for. */
  if (draft->id.error == 0 && draft->id.cn == NULL && SSL_is_server(ssl) != 0) {
    draft->id.error = H46017_ERR_CERT_NAME;
  }
  if (draft->id.error == 0) {
    draft->id.proof = H46017_PROOF_CERTIFICATE;
  }
  return 0;
}

int h46017_identity_from_ssl(h46017_identity **pidentity,
                             const h46017_trust *trust, const SSL *ssl,
                             const h46017_mem *mem) {
  h46017_mem own;
  peer_draft *draft;
  void *block = NULL;
  int rv;

  if (pidentity == NULL || ssl == NULL) {
    return H46017_ERR_INVALID_ARGUMENT;
  }
  if (SSL_is_init_finished(ssl) == 0) {
    return H46017_ERR_INVALID_STATE;
  }
  rv = h46017_mem_init(&own, mem);
  if (rv != 0) {
    return rv;
  }
  draft = h46017_mem_zalloc(&own, 1, sizeof(*draft));
  if (draft == NULL) {
    return H46017_ERR_NOMEM;
  }
  rv = peer_fill(draft, trust, ssl);
  if (rv == 0) {
    rv = h46017_identity_dup_behind(&own, sizeof(peer_front), &block, pidentity,
                                    &draft->id);
  }
  if (rv == 0) {
    ((peer_front *)block)->mem = own;
  }
  peer_draft_free(&own, draft);
  ERR_clear_error();
  return rv;
}

void h46017_identity_del(h46017_identity *identity) {
  peer_front *front;
  h46017_mem mem;

  if (identity == NULL) {
    return;
  }
  front = (peer_front *)(void *)identity - 1;
  mem = front->mem;
  h46017_mem_release(&mem, front);
}
