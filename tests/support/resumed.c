/* SPDX-License-Identifier: BSD-2-Clause */
#include "resumed.h"

#include <check.h>
#include <string.h>

/* Another connection with the contexts of `p`, offering what the last one
 * left. */
void again(pair *p, SSL_SESSION *session) {
  side *all[] = {&p->client, &p->server};

  for (size_t i = 0; i < 2; i++) {
    int64_t utc = all[i]->utc;
    bool no_clock = all[i]->no_clock;

    side_free(all[i]);
    memset(all[i], 0, sizeof(*all[i]));
    all[i]->utc = utc;
    all[i]->no_clock = no_clock;
  }
  p->cset.session = session;
  pair_begin(p);
  p->cset.session = NULL;
  pair_run(p);
}

SSL_SESSION *left_by(const pair *p) {
  SSL_SESSION *s = SSL_get1_session(h46017_tls_ssl(p->client.t));

  ck_assert_ptr_nonnull(s);
  return s;
}

/* Both sides with a list: client's name check and all. */
void meet_gatekeeper(pair *p, int version, h46017_tls_profile profile,
                     const pki_cert *gk, const pki_cert *const *chain) {
  pair_init(p, version, profile);
  pki_use(p->cctx, &pair_phone, NULL);
  ck_assert_int_eq(h46017_trust_attach(trusting_list, p->sctx,
                                       H46017_TLS_SERVER,
                                       H46017_CLIENT_CERT_REQUIRE),
                   0);
  ck_assert_int_eq(h46017_trust_attach(trusting_list, p->cctx,
                                       H46017_TLS_CLIENT,
                                       H46017_CLIENT_CERT_REQUIRE),
                   0);
  p->sset.trust = trusting_list;
  p->cset.trust = trusting_list;
  p->cset.server_name = "gk.example.net";
  pki_use(p->sctx, gk, chain);
}

void meet_begin(pair *p, int version) {
  meet_gatekeeper(p, version, H46017_TLS_MODERN, &pair_gk, NULL);
}

void meet_end(pair *p) {
  pair_begin(p);
  pair_run(p);
  ck_assert_int_eq(p->server.error, 0);
  ck_assert_int_eq(p->client.error, 0);
  ck_assert(!h46017_tls_is_resumed(p->server.t));
}

void meet_twice(pair *p, int version) {
  meet_begin(p, version);
  meet_end(p);
}

void expect_resumed(const pair *p, bool resumed) {
  const h46017_identity *id = h46017_tls_identity(p->server.t);

  ck_assert_msg(p->server.error == 0, "%s", h46017_tls_error_text(p->server.t));
  ck_assert_int_eq(p->client.error, 0);
  ck_assert(h46017_tls_is_resumed(p->server.t) == resumed);
  ck_assert_int_eq((int)id->proof, (int)H46017_PROOF_CERTIFICATE);
  ck_assert_str_eq(id->cn, "0090332f688a");
  ck_assert_ptr_nonnull(id->issuer);
  ck_assert_int_eq((int)h46017_tls_identity(p->client.t)->proof,
                   (int)H46017_PROOF_CERTIFICATE);
}
