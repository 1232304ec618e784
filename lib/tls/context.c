/* SPDX-License-Identifier: BSD-2-Clause */
#include "tls/internal.h"

#include <string.h>

/* An own certificate, three intermediates and an authority: no fleet has
 * more. GnuGk and h323plus allow as many. */
#define CONTEXT_DEPTH 5
#define CONTEXT_MAX_CERT_LIST (32 * 1024)
#define CONTEXT_DNS_MAX 253

/* TLS 1.3 suites are OpenSSL's default: all are sound. */
static const char context_modern[] = "ECDHE+AESGCM:ECDHE+CHACHA20";
static const char context_legacy[] =
    "ECDHE+AESGCM:ECDHE+CHACHA20:DHE+AESGCM:ECDHE+AES:DHE+AES:RSA+AESGCM:"
    "RSA+AES:!aNULL:!eNULL:!PSK:!SRP:!aDSS";

static bool context_set_strength(SSL_CTX *ctx, h46017_tls_profile profile) {
  bool modern = profile == H46017_TLS_MODERN;

  /* Level 2 asks for 112 bits: RSA 2048. Level 1 for 80: RSA 1024, and no
   * SHA-1 in signatures since OpenSSL 3. Level 0 asks for nothing: the decision
   * does (decide.c). */
  SSL_CTX_set_security_level(ctx, modern                                ? 2
                                  : profile == H46017_TLS_LEGACY_DEVICE ? 1
                                                                        : 0);
  return SSL_CTX_set_min_proto_version(ctx, TLS1_2_VERSION) == 1 &&
         SSL_CTX_set_max_proto_version(ctx, 0) == 1 &&
         SSL_CTX_set_cipher_list(ctx,
                                 modern ? context_modern : context_legacy) == 1;
}

static bool context_set_verification(SSL_CTX *ctx, h46017_tls_role role) {
  X509_VERIFY_PARAM *param = SSL_CTX_get0_param(ctx);

  SSL_CTX_set_verify_depth(ctx, CONTEXT_DEPTH);
  SSL_CTX_set_max_cert_list(ctx, CONTEXT_MAX_CERT_LIST);
  return X509_VERIFY_PARAM_set_flags(param, X509_V_FLAG_PARTIAL_CHAIN |
                                                X509_V_FLAG_TRUSTED_FIRST) ==
             1 &&
         X509_VERIFY_PARAM_set_purpose(
             param, role == H46017_TLS_SERVER ? X509_PURPOSE_SSL_CLIENT
                                              : X509_PURPOSE_SSL_SERVER) == 1;
}

/* A resumed session was trusted once. Until that can be asked again at every
 * resumption, each connection proves itself anew. The context id is set all
 * the same: without one a program that turns resumption on would see resumed
 * handshakes with client certificates fail. */
static bool context_set_sessions(SSL_CTX *ctx, h46017_tls_role role) {
  static const unsigned char id[] = "h46017";

  SSL_CTX_set_session_cache_mode(ctx, SSL_SESS_CACHE_OFF);
  if (role == H46017_TLS_CLIENT) {
    return true;
  }
  return SSL_CTX_set_num_tickets(ctx, 0) == 1 &&
         SSL_CTX_set_max_early_data(ctx, 0) == 1 &&
         SSL_CTX_set_recv_max_early_data(ctx, 0) == 1 &&
         SSL_CTX_set_session_id_context(ctx, id, sizeof(id) - 1) == 1;
}

int h46017_tls_ctx_defaults(SSL_CTX *ctx, h46017_tls_role role,
                            h46017_tls_profile profile) {
  if (ctx == NULL || (role != H46017_TLS_CLIENT && role != H46017_TLS_SERVER) ||
      (profile != H46017_TLS_MODERN && profile != H46017_TLS_LEGACY_DEVICE &&
       profile != H46017_TLS_LEGACY_SHA1)) {
    return H46017_ERR_INVALID_ARGUMENT;
  }
  ERR_clear_error();
  SSL_CTX_set_options(ctx, SSL_OP_NO_COMPRESSION | SSL_OP_NO_RENEGOTIATION |
                               SSL_OP_CIPHER_SERVER_PREFERENCE |
                               SSL_OP_NO_TICKET);
  SSL_CTX_clear_options(ctx, SSL_OP_IGNORE_UNEXPECTED_EOF |
                                 SSL_OP_LEGACY_SERVER_CONNECT |
                                 SSL_OP_ALLOW_UNSAFE_LEGACY_RENEGOTIATION);
  /* no chain made up of trusted certificates: whom we trust is not what we are
   * to send */
  SSL_CTX_set_mode(ctx, SSL_MODE_NO_AUTO_CHAIN | SSL_MODE_ENABLE_PARTIAL_WRITE |
                            SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER |
                            SSL_MODE_RELEASE_BUFFERS);
  SSL_CTX_set_post_handshake_auth(ctx, 0);
  if (role == H46017_TLS_SERVER && profile != H46017_TLS_MODERN) {
    SSL_CTX_set_dh_auto(ctx, 1);
  }
  if (!context_set_strength(ctx, profile) ||
      !context_set_verification(ctx, role) ||
      !context_set_sessions(ctx, role)) {
    return H46017_ERR_TLS;
  }
  return h46017_trust_attach(NULL, ctx, role, H46017_CLIENT_CERT_REQUIRE);
}

/* Letters, digits, `-` and `_` in labels that are not empty. */
static bool context_is_dns_name(const char *name, size_t len) {
  bool empty = true;

  for (size_t i = 0; i < len; i++) {
    char c = name[i];

    if (c == '.') {
      if (empty) {
        return false;
      }
      empty = true;
    } else if ((c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') ||
               (c >= 'A' && c <= 'Z') || c == '-' || c == '_') {
      empty = false;
    } else {
      return false;
    }
  }
  return !empty;
}

int h46017_tls_expect_name(SSL *ssl, const char *name) {
  X509_VERIFY_PARAM *param;
  char dns[CONTEXT_DNS_MAX + 1];
  size_t len;
  int rv;

  if (ssl == NULL || name == NULL) {
    return H46017_ERR_INVALID_ARGUMENT;
  }
  param = SSL_get0_param(ssl);
  /* an address first: 192.0.2.1 has the letters of a DNS name too */
  rv = X509_VERIFY_PARAM_set1_ip_asc(param, name);
  if (rv == 1) {
    X509_VERIFY_PARAM_set1_host(param, NULL, 0);
    ERR_clear_error();
    return 0;
  }
  ERR_clear_error();
  len = strlen(name);
  if (len > 0 && name[len - 1] == '.') {
    len--; /* fully qualified; certificates do not write the dot */
  }
  if (len > CONTEXT_DNS_MAX || !context_is_dns_name(name, len)) {
    return H46017_ERR_INVALID_ARGUMENT;
  }
  memcpy(dns, name, len);
  dns[len] = '\0';
  X509_VERIFY_PARAM_set_hostflags(param, X509_CHECK_FLAG_NO_WILDCARDS);
  if (X509_VERIFY_PARAM_set1_ip(param, NULL, 0) != 1 ||
      X509_VERIFY_PARAM_set1_host(param, dns, len) != 1 ||
      SSL_set_tlsext_host_name(ssl, dns) != 1) {
    ERR_clear_error();
    return H46017_ERR_NOMEM;
  }
  return 0;
}
