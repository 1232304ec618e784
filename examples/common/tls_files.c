/* SPDX-License-Identifier: BSD-2-Clause */
#include "tls_files.h"
#include "report.h"

#include <fcntl.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <stdio.h>
#include <unistd.h>

static FILE *keylog_file;

/* OpenSSL's own words for the last thing that failed */
static const char *openssl_reason(void) {
  const char *text = ERR_reason_error_string(ERR_peek_last_error());
  return text ? text : "no reason given";
}

static void keylog_line(const SSL *ssl, const char *line) {
  (void)ssl;
  fprintf(keylog_file, "%s\n", line);
  (void)fflush(keylog_file);
}

int tls_files_context(SSL_CTX **pctx, const tls_files *files) {
  SSL_CTX *ctx =
      SSL_CTX_new(files->role == H46017_TLS_SERVER ? TLS_server_method()
                                                   : TLS_client_method());
  if (ctx == NULL) {
    report_code(H46017_ERR_NOMEM, "TLS");
    return H46017_ERR_NOMEM;
  }
  ERR_clear_error();
  int code = h46017_tls_ctx_defaults(ctx, files->role, files->profile);
  if (code == 0) {
    code = h46017_trust_attach(files->trust, ctx, files->role, files->mode);
  }
  if (code != 0) {
    report_code(code, "TLS: %s", openssl_reason());
  }
  if (code == 0 && files->own != NULL) {
    code = own_use(files->own, &files->choice, ctx, files->role);
  }
  if (code != 0) {
    SSL_CTX_free(ctx);
    return code;
  }
  if (keylog_file != NULL) {
    SSL_CTX_set_keylog_callback(ctx, keylog_line);
  }
  *pctx = ctx;
  return 0;
}

bool tls_files_keylog(const char *path) {
  int fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
  keylog_file = fd >= 0 ? fdopen(fd, "a") : NULL;
  if (keylog_file == NULL) {
    report("cannot write the TLS secrets to %s", path);
    if (fd >= 0) {
      close(fd);
    }
    return false;
  }
  return true;
}

int tls_files_server(SSL_CTX *ctx, const char *name, const char *dn) {
  SSL *ssl = SSL_new(ctx);
  int code = ssl == NULL  ? H46017_ERR_NOMEM
             : dn != NULL ? h46017_tls_expect_subject(ssl, dn)
                          : h46017_tls_expect_name(ssl, name);
  SSL_free(ssl);
  return code;
}
