/* SPDX-License-Identifier: BSD-2-Clause */
#include "tls_files.h"
#include "report.h"

#include <fcntl.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static FILE *keylog_file;

/* OpenSSL's own words for the last thing that failed */
static const char *openssl_reason(void) {
  const char *text = ERR_reason_error_string(ERR_peek_last_error());
  return text ? text : "no reason given";
}

static int refuse(int code, const char *path) {
  report_code(code, "%s: %s", path, openssl_reason());
  ERR_clear_error();
  return code;
}

/* A program without a terminal cannot ask: an encrypted key is refused. */
static int no_password(char *buf, int size, int rwflag, void *arg) {
  (void)buf;
  (void)size;
  (void)rwflag;
  (void)arg;
  return 0;
}

static int load_own(SSL_CTX *ctx, const tls_files *files) {
  const char *key = files->key ? files->key : files->cert;
  SSL_CTX_set_default_passwd_cb(ctx, no_password);
  if (SSL_CTX_use_certificate_chain_file(ctx, files->cert) != 1) {
    return refuse(H46017_ERR_FORMAT, files->cert);
  }
  ERR_clear_error();
  if (SSL_CTX_use_PrivateKey_file(ctx, key, SSL_FILETYPE_PEM) != 1) {
    unsigned long error = ERR_peek_last_error();
    return refuse(ERR_GET_LIB(error) == ERR_LIB_X509 ? H46017_ERR_KEY_MISMATCH
                                                     : H46017_ERR_FORMAT,
                  key);
  }
  if (SSL_CTX_check_private_key(ctx) != 1) {
    return refuse(H46017_ERR_KEY_MISMATCH, key);
  }
  return 0;
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
  if (code == 0 && files->cert != NULL) {
    code = load_own(ctx, files);
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

int tls_files_cn(const char *cert, char *out, size_t size) {
  FILE *file = fopen(cert, "re");
  X509 *x = file ? PEM_read_X509(file, NULL, NULL, NULL) : NULL;
  if (file != NULL) {
    fclose(file);
  }
  if (x == NULL) {
    return refuse(file ? H46017_ERR_FORMAT : H46017_ERR_STORE_IO, cert);
  }
  const X509_NAME *subject = X509_get_subject_name(x);
  int at = X509_NAME_get_index_by_NID(subject, NID_commonName, -1);
  int more = X509_NAME_get_index_by_NID(subject, NID_commonName, at);
  unsigned char *utf8 = NULL;
  int len = -1;
  if (at >= 0 && more < 0) {
    const ASN1_STRING *value =
        X509_NAME_ENTRY_get_data(X509_NAME_get_entry(subject, at));
    len = ASN1_STRING_to_UTF8(&utf8, value);
  }
  X509_free(x);
  int code = 0;
  if (len <= 0 || (size_t)len >= size || memchr(utf8, 0, (size_t)len)) {
    code = H46017_ERR_CERT_NAME;
    report_code(code, "%s", cert);
  } else {
    memcpy(out, utf8, (size_t)len);
    out[len] = '\0';
  }
  OPENSSL_free(utf8);
  return code;
}
