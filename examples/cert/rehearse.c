/* SPDX-License-Identifier: BSD-2-Clause */
#include "rehearse.h"

#include <openssl/ssl.h>
#include <string.h>

enum { ROUNDS = 16 }; /* a handshake has three */

/* -- behind the two ends: nobody ------------------------------------------- */

static int nobody_recv(void *object, const uint8_t *data, size_t len,
                       h46017_time now) {
  (void)object;
  (void)data;
  (void)len;
  (void)now;
  return 0;
}

static size_t nobody_peek_tx(const void *object, const uint8_t **pdata) {
  (void)object;
  (void)pdata;
  return 0;
}

static int nobody_ack_tx(void *object, size_t n, h46017_time now) {
  (void)object;
  (void)n;
  (void)now;
  return 0;
}

static bool utc_now(int64_t *seconds, void *user_data) {
  const rehearsal *r = user_data;
  *seconds = r->utc;
  return true;
}

static int end_new(h46017_tls **pt, SSL_CTX *ctx, h46017_tls_role role,
                   const h46017_tls_settings *settings, rehearsal *r) {
  h46017_tls_callbacks callbacks;
  h46017_tls_behind behind;
  h46017_tls_callbacks_default(&callbacks);
  callbacks.utc_now = utc_now;
  int code = h46017_tls_new(pt, ctx, role, settings, &callbacks, NULL, r, 0);
  if (code == 0) {
    h46017_tls_behind_default(&behind);
    behind.recv = nobody_recv;
    behind.peek_tx = nobody_peek_tx;
    behind.ack_tx = nobody_ack_tx;
    code = h46017_tls_attach(*pt, &behind, r);
  }
  return code;
}

/* -- contexts -------------------------------------------------------------- */

/* The least that is asked of ourselves: only the other end judges. */
static int own_context(SSL_CTX *ctx, const rehearsal *r) {
  int code = h46017_tls_ctx_defaults(ctx, r->role, H46017_TLS_LEGACY_SHA1);
  if (code == 0) {
    code = h46017_trust_attach(NULL, ctx, r->role, H46017_CLIENT_CERT_NONE);
  }
  return code ? code : h46017_credential_use(r->own, ctx);
}

static int judge_context(SSL_CTX *ctx, const rehearsal *r,
                         h46017_tls_role role) {
  h46017_credential *cred = NULL;
  h46017_cert_spec spec;
  int code = h46017_tls_ctx_defaults(ctx, role, r->profile);
  if (code == 0) {
    code = h46017_trust_attach(r->trust, ctx, role, H46017_CLIENT_CERT_REQUIRE);
  }
  if (code == 0 && role == H46017_TLS_SERVER) {
    h46017_cert_spec_default(&spec);
    spec.cn = "gatekeeper";
    code = h46017_credential_selfsigned(&cred, &spec, NULL, NULL);
    code = code ? code : h46017_credential_use(cred, ctx);
    h46017_credential_del(cred);
  }
  return code;
}

/* -- the handshake --------------------------------------------------------- */

/* What one has to send, to the other. False: nothing. */
static bool pass(h46017_tls *from, h46017_tls *to) {
  const uint8_t *data = NULL;
  size_t len = h46017_tls_peek_tx(from, &data);
  if (len == 0) {
    return false;
  }
  (void)h46017_tls_recv(to, data, len, 0);
  (void)h46017_tls_ack_tx(from, len, 0);
  return true;
}

static int run(rehearsal *r, SSL_CTX *own_ctx, SSL_CTX *judge_ctx,
               uint8_t entry[H46017_CERT_ID_LEN]) {
  bool server = r->role == H46017_TLS_SERVER;
  h46017_tls_settings settings;
  h46017_tls *own = NULL;
  h46017_tls *judge = NULL;
  h46017_tls_settings_default(&settings);
  settings.server_check = H46017_SERVER_CHECK_NONE;
  int code = end_new(&own, own_ctx, r->role, &settings, r);
  if (code == 0) {
    settings.server_check =
        r->name ? H46017_SERVER_CHECK_NAME : H46017_SERVER_CHECK_TRUSTED;
    settings.server_name = r->name;
    settings.trust = r->trust;
    code =
        end_new(&judge, judge_ctx,
                server ? H46017_TLS_CLIENT : H46017_TLS_SERVER, &settings, r);
  }
  for (int i = 0; code == 0 && i < ROUNDS; i++) {
    bool passed = pass(own, judge);
    if (!pass(judge, own) && !passed) {
      break;
    }
  }
  if (code == 0) {
    const h46017_identity *peer = h46017_tls_identity(judge);
    code = peer ? peer->error : h46017_tls_error(judge);
    code = peer || code ? code : H46017_ERR_TLS;
  }
  if (code == 0) {
    code = h46017_trust_used(r->trust, h46017_tls_ssl(judge), entry);
  }
  h46017_tls_del(own);
  h46017_tls_del(judge);
  return code;
}

int rehearse(const rehearsal *r, uint8_t entry[H46017_CERT_ID_LEN]) {
  bool server = r->role == H46017_TLS_SERVER;
  SSL_CTX *own =
      SSL_CTX_new(server ? TLS_server_method() : TLS_client_method());
  SSL_CTX *judge =
      SSL_CTX_new(server ? TLS_client_method() : TLS_server_method());
  rehearsal copy = *r;
  int code = own && judge ? own_context(own, r) : H46017_ERR_NOMEM;
  if (code == 0) {
    code =
        judge_context(judge, r, server ? H46017_TLS_CLIENT : H46017_TLS_SERVER);
  }
  if (code == 0) {
    code = run(&copy, own, judge, entry);
  }
  SSL_CTX_free(own);
  SSL_CTX_free(judge);
  return code;
}
