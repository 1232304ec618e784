/* SPDX-License-Identifier: BSD-2-Clause */
#include "trusting.h"

#include <check.h>
#include <openssl/pem.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

h46017_trust *trusting_list;

void trusting_setup(const h46017_store *store) {
  ck_assert_int_eq(h46017_trust_new(&trusting_list, store, NULL), 0);
  pair_pki_setup();
}

void trusting_teardown(void) {
  pair_pki_teardown();
  h46017_trust_del(trusting_list);
}

void trusting_hex(const uint8_t id[32], char hex[65]) {
  for (int i = 0; i < 32; i++) {
    (void)snprintf(hex + 2 * i, 3, "%02x", id[i]);
  }
}

int64_t trusting_now(void) {
  return (int64_t)time(NULL);
}

void trusting_id(const pki_cert *c, uint8_t id[32]) {
  ck_assert_int_eq(X509_digest(c->x509, EVP_sha256(), id, NULL), 1);
}

int trusting_add(h46017_trust *t, const pki_cert *c, h46017_trust_kind kind) {
  h46017_trust_add_options o;
  unsigned char *der = NULL;
  int len = i2d_X509(c->x509, &der);
  int rv;

  h46017_trust_add_options_default(&o);
  o.kind = kind;
  o.utc_now = trusting_now();
  rv = h46017_trust_add(t, der, (size_t)len, &o, NULL, NULL);
  OPENSSL_free(der);
  return rv;
}

void trusting_authority(const pki_cert *c) {
  ck_assert_int_eq(trusting_add(trusting_list, c, H46017_TRUST_AUTHORITY), 0);
}

void trusting_end_entity(const pki_cert *c) {
  ck_assert_int_eq(trusting_add(trusting_list, c, H46017_TRUST_END_ENTITY), 0);
}

void trusting_meet(pair *p, int version, h46017_tls_profile profile,
                   const pki_cert *client, const pki_cert *const *chain) {
  pair_init(p, version, profile);
  SSL_CTX_set_security_level(p->cctx, 0); /* the peer may be anything */
  pki_use(p->cctx, client, chain);
  pki_use(p->sctx, &pair_gk, NULL);
  pki_trust(p->cctx, &pair_root);
  ck_assert_int_eq(h46017_trust_attach(trusting_list, p->sctx,
                                       H46017_TLS_SERVER,
                                       H46017_CLIENT_CERT_REQUIRE),
                   0);
  p->sset.trust = trusting_list;
  p->cset.server_name = "gk.example.net";
  pair_begin(p);
  pair_run(p);
}

int trusting_outcome(const pki_cert *client, const pki_cert *const *chain) {
  pair p;
  int code;

  trusting_meet(&p, 0, H46017_TLS_MODERN, client, chain);
  code = p.server.error;
  if (code == 0) {
    ck_assert_int_eq((int)h46017_tls_identity(p.server.t)->proof,
                     (int)H46017_PROOF_CERTIFICATE);
  }
  pair_free(&p);
  return code;
}

size_t trusting_pem(char *out, size_t size, const pki_cert *c) {
  BIO *bio = BIO_new(BIO_s_mem());
  char *text = NULL;
  size_t len;

  ck_assert_int_eq(PEM_write_bio_X509(bio, c->x509), 1);
  len = (size_t)BIO_get_mem_data(bio, &text);
  ck_assert_uint_lt(len, size);
  memcpy(out, text, len);
  out[len] = '\0';
  BIO_free(bio);
  return len;
}

void trusting_meet_gatekeeper(pair *p, const pki_cert *gatekeeper) {
  pair_init(p, 0, H46017_TLS_MODERN);
  pki_use(p->cctx, &pair_phone, NULL);
  pki_use(p->sctx, gatekeeper, NULL);
  pki_trust(p->sctx, &pair_root);
  ck_assert_int_eq(h46017_trust_attach(trusting_list, p->cctx,
                                       H46017_TLS_CLIENT,
                                       H46017_CLIENT_CERT_REQUIRE),
                   0);
  p->cset.trust = trusting_list;
  p->cset.server_name = "gk.example.net";
  pair_begin(p);
  pair_run(p);
}
