/* SPDX-License-Identifier: BSD-2-Clause */
#include "own.h"
#include "events.h"
#include "file.h"
#include "hex.h"
#include "report.h"

#include <errno.h>
#include <openssl/evp.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include <uv.h>

#define COLLECTION "credentials"

int own_open(own_certs *o, const h46017_store *store) {
  o->store = *store;
  return h46017_credentials_new(&o->kept, store, NULL);
}

void own_close(own_certs *o) {
  h46017_credentials_del(o->kept);
  o->kept = NULL;
}

/* -- what is in force ------------------------------------------------------ */

static int refuse(int code, const char *what) {
  report_code(code, "%s", what);
  return code;
}

static int read_file(const char *path, file_octets *out) {
  if (file_read(path, H46017_IMPORT_MAX, out)) {
    return 0;
  }
  int code = errno == EFBIG ? H46017_ERR_IMPORT_LIMIT : H46017_ERR_STORE_IO;
  report_code(code, "%s: %s", path,
              strerror(errno)); /* NOLINT(concurrency-mt-unsafe) */
  return code;
}

static int get_files(const own_choice *o, size_t at,
                     h46017_credential **pcred) {
  const char *cert_path = o->certs.items[at];
  const char *key_path = o->keys.items[at];
  file_octets cert = {0};
  file_octets key = {0};
  uint32_t notes = 0;
  int code = read_file(cert_path, &cert);
  if (code == 0) {
    code = read_file(key_path, &key);
  }
  if (code == 0) {
    /* a program without a terminal cannot ask for a password */
    code = h46017_credential_import(pcred, cert.data, cert.len, key.data,
                                    key.len, NULL, true, &notes, NULL);
    if (code != 0) {
      report_code(code, "%s, %s", cert_path, key_path);
    }
  }
  file_free(&cert);
  file_free(&key);
  if ((notes & H46017_IMPORT_REORDERED) != 0) {
    report("%s: the chain is not in order, the certificate first; it is sent "
           "in order",
           cert_path);
  }
  return code;
}

static const char *what(const own_choice *choice) {
  return choice->app ? choice->app : "the own certificate";
}

int own_get(own_certs *o, const own_choice *choice, h46017_credential **pcred) {
  if (choice->certs.count > 0) {
    return get_files(choice, 0, pcred);
  }
  int code = h46017_credentials_get(o->kept, choice->app, pcred);
  if (code == H46017_ERR_NOT_FOUND && choice->app == NULL) {
    return code;
  }
  return code ? refuse(code, what(choice)) : 0;
}

static bool next_leaf(SSL_CTX *ctx, bool first) {
  return SSL_CTX_set_current_cert(ctx, first ? SSL_CERT_SET_FIRST
                                             : SSL_CERT_SET_NEXT) == 1;
}

/* A context holds one of a kind; another would take its place. */
static bool has_kind(SSL_CTX *ctx, const EVP_PKEY *key) {
  bool has = false;
  for (bool is = next_leaf(ctx, true); is && !has; is = next_leaf(ctx, false)) {
    has = EVP_PKEY_get_base_id(SSL_CTX_get0_privatekey(ctx)) ==
          EVP_PKEY_get_base_id(key);
  }
  return has;
}

static int use_files(const own_choice *choice, size_t at, SSL_CTX *ctx) {
  h46017_credential *cred = NULL;
  int code = get_files(choice, at, &cred);
  if (code == 0) {
    code = has_kind(ctx, h46017_credential_key(cred))
               ? H46017_ERR_KEY_KIND_TWICE
               : h46017_credential_use(cred, ctx);
    code = code ? refuse(code, choice->certs.items[at]) : 0;
  }
  h46017_credential_del(cred);
  return code;
}

static int use_kept(own_certs *o, const own_choice *choice, SSL_CTX *ctx) {
  h46017_credential *cred = NULL;
  int code = own_get(o, choice, &cred);
  if (code == 0) {
    code = h46017_credential_use(cred, ctx);
    code = code ? refuse(code, what(choice)) : 0;
  }
  h46017_credential_del(cred);
  return code;
}

int own_use(own_certs *o, const own_choice *choice, SSL_CTX *ctx,
            h46017_tls_role role) {
  o->changes = o->store.changes(o->store.object, COLLECTION);
  int code = choice->certs.count == 0 ? use_kept(o, choice, ctx) : 0;
  for (size_t i = 0; code == 0 && i < choice->certs.count; i++) {
    code = use_files(choice, i, ctx);
  }
  if (code == 0 && role == H46017_TLS_SERVER) {
    code = h46017_credentials_attach_apps(o->kept, ctx);
    code = code ? refuse(code, "the applications' certificates") : 0;
  }
  return code;
}

bool own_look(own_certs *o) {
  uint64_t changes = o->store.changes(o->store.object, COLLECTION);
  bool changed = changes != o->changes && changes != UINT64_MAX;
  o->changes = changed ? changes : o->changes;
  return changed;
}

/* -- first start ----------------------------------------------------------- */

static int make_credential(const own_maker *m, h46017_credential **pcred) {
  h46017_cert_spec spec;
  char san[sizeof m->cn + 4];
  const char *sans[] = {san};
  snprintf(san, sizeof san, "DNS:%s", m->cn);
  h46017_cert_spec_default(&spec);
  spec.cn = m->cn;
  spec.sans = sans;
  spec.san_count = m->server ? 1 : 0;
  spec.not_before = m->not_before;
  return h46017_credential_selfsigned(pcred, &spec, NULL, NULL);
}

static int keep_made(const h46017_store *store, h46017_credentials *kept,
                     const h46017_credential *made) {
  h46017_credential *other = NULL;
  int code = store->begin(store->object, COLLECTION);
  if (code != 0) {
    return code;
  }
  code = h46017_credentials_get(kept, NULL, &other);
  if (code == H46017_ERR_NOT_FOUND) {
    code = h46017_credentials_put_generated(kept, made);
  }
  store->end(store->object, COLLECTION);
  h46017_credential_del(other);
  return code;
}

int own_make(own_maker *m) {
  h46017_store_dir *dir = NULL; /* the loop's is the loop's */
  h46017_store store;
  h46017_credentials *kept = NULL;
  h46017_credential *made = NULL;
  m->why[0] = '\0';
  m->code = make_credential(m, &made);
  if (m->code == 0) {
    m->code = h46017_store_dir_new(&dir, m->state, NULL);
  }
  if (m->code == 0) {
    h46017_store_dir_store(dir, &store);
    m->code = h46017_credentials_new(&kept, &store, NULL);
  }
  if (m->code == 0) {
    m->code = keep_made(&store, kept, made);
    if (m->code == H46017_ERR_STORE_IO) {
      snprintf(m->why, sizeof m->why, "%s", h46017_store_dir_error(dir));
    }
  }
  h46017_credential_del(made);
  h46017_credentials_del(kept);
  h46017_store_dir_del(dir);
  return m->code;
}

/* -- names ----------------------------------------------------------------- */

void own_host_name(char *out, size_t size) {
  /* ub-common-name is 64; a longer host name is cut there, not refused */
  size_t most = size < 65 ? size : 65;
  if (gethostname(out, most) != 0 || out[0] == '\0') {
    snprintf(out, size, "h46017");
  }
  out[most - 1] = '\0';
}

/* The maker's own (not locally administered) before any other. */
void own_device_name(char *out, size_t size) {
  uv_interface_address_t *all = NULL;
  int count = 0;
  const char *best = NULL;
  if (uv_interface_addresses(&all, &count) != 0) {
    count = 0;
  }
  for (int i = 0; i < count; i++) {
    static const char none[6];
    const char *mac = all[i].phys_addr;
    if (!all[i].is_internal && memcmp(mac, none, sizeof none) != 0 &&
        (best == NULL || ((best[0] & 2) != 0 && (mac[0] & 2) == 0))) {
      best = mac;
    }
  }
  if (best != NULL && size > 12) {
    hex_print((const uint8_t *)best, 6, out);
  } else {
    own_host_name(out, size);
  }
  if (count > 0) {
    uv_free_interface_addresses(all, count);
  }
}

/* -- what it says ---------------------------------------------------------- */

bool own_cn(const X509 *x, char *out, size_t size) {
  const X509_NAME *subject = X509_get_subject_name(x);
  int at = X509_NAME_get_index_by_NID(subject, NID_commonName, -1);
  unsigned char *utf8 = NULL;
  int len = -1;
  if (at >= 0 && X509_NAME_get_index_by_NID(subject, NID_commonName, at) < 0) {
    len = ASN1_STRING_to_UTF8(
        &utf8, X509_NAME_ENTRY_get_data(X509_NAME_get_entry(subject, at)));
  }
  bool good =
      len > 0 && (size_t)len < size && memchr(utf8, '\0', (size_t)len) == NULL;
  if (good) {
    memcpy(out, utf8, (size_t)len);
    out[len] = '\0';
  }
  OPENSSL_free(utf8);
  return good;
}

static void tell(const X509 *x, const char *source) {
  unsigned char id[EVP_MAX_MD_SIZE];
  unsigned len = 0;
  char cn[256];
  json_t *event = events_new("credentials");
  bool named = own_cn(x, cn, sizeof cn);
  events_text(event, "cn", named ? cn : NULL, named ? strlen(cn) : 0);
  if (X509_digest(x, EVP_sha256(), id, &len) == 1) {
    events_octets(event, "sha256", id, len);
  }
  json_object_set_new(event, "source", json_string(source));
  events_emit(event);
}

void own_tell(own_certs *o, const own_choice *choice, SSL_CTX *ctx,
              const trust_state *trust) {
  const char *source = choice->certs.count > 0               ? "file"
                       : choice->app                         ? "application"
                       : h46017_credentials_is_user(o->kept) ? "user"
                                                             : "generated";
  for (bool is = next_leaf(ctx, true); is; is = next_leaf(ctx, false)) {
    tell(SSL_CTX_get0_certificate(ctx), source);
    trust_state_check_own(trust, ctx);
  }
}
