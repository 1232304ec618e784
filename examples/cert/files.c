/* SPDX-License-Identifier: BSD-2-Clause */
#include "files.h"
#include "entries.h"

#include "common/state_dir.h"

#include <errno.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/x509.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int files_read(const cert *c, const char *path, file_octets *out) {
  if (file_read(path, H46017_IMPORT_MAX, out)) {
    return 0;
  }
  return errno == EFBIG
             ? cert_fail(c, H46017_ERR_IMPORT_LIMIT, "%s", path)
             : cert_fail(c, H46017_ERR_STORE_IO, "%s: %s", path,
                         strerror(errno)); /* NOLINT(concurrency-mt-unsafe) */
}

int files_password(const cert *c, const char *path, char *out, size_t size) {
  file_octets octets = {0};
  int status = files_read(c, path, &octets);
  if (status != 0 || octets.data == NULL) {
    return status;
  }
  size_t len = 0;
  while (len < octets.len && octets.data[len] != '\n' &&
         octets.data[len] != '\r') {
    len++;
  }
  if (len >= size || memchr(octets.data, '\0', len) != NULL) {
    file_free(&octets);
    return cert_fail(c, H46017_ERR_FORMAT,
                     "%s: a password of at most %zu octets on one line", path,
                     size - 1);
  }
  memcpy(out, octets.data, len);
  out[len] = '\0';
  file_free(&octets);
  return 0;
}

static int written(const cert *c, const char *path, int error) {
  return error == 0
             ? 0
             : cert_fail(c, H46017_ERR_STORE_IO, "%s: %s", path,
                         strerror(error)); /* NOLINT(concurrency-mt-unsafe) */
}

int files_write(const cert *c, const char *path, unsigned mode,
                const unsigned char *data, size_t len) {
  if (path == NULL) {
    return fwrite(data, 1, len, stdout) == len && fflush(stdout) == 0
               ? 0
               : cert_fail(c, H46017_ERR_STORE_IO, "standard output");
  }
  return written(c, path, state_dir_write(path, mode, data, len));
}

bool files_key_path(const char *path, char *out, size_t size) {
  const char *slash = strrchr(path, '/');
  const char *dot = strrchr(slash ? slash : path, '.');
  int stem = (int)(dot && dot != path ? (size_t)(dot - path) : strlen(path));
  int n = snprintf(out, size, "%.*s.key", stem, path);
  return n > 0 && (size_t)n < size && strcmp(out, path) != 0;
}

int files_put(const uint8_t *data, size_t len, void *user_data) {
  const files_target *t = user_data;
  return files_write(t->c, t->path, t->mode, data, len);
}

static int key_beside(const char *path, char *out, size_t size) {
  return files_key_path(path, out, size)
             ? 0
             : report_usage("%s: the key would go to the same file; name "
                            "another",
                            path);
}

int files_try_pair(const cert *c, const char *path, bool key) {
  char key_path[STATE_PATH_MAX];
  int status = key_beside(path, key_path, sizeof key_path);
  if (status == 0 && key) {
    status = written(c, key_path, state_dir_try(key_path));
  }
  return status ? status : written(c, path, state_dir_try(path));
}

int files_write_pair(const cert *c, const char *path,
                     const h46017_credential *cred, bool chain) {
  char key_path[STATE_PATH_MAX];
  int code = key_beside(path, key_path, sizeof key_path);
  if (code != 0) {
    return code;
  }
  if (h46017_credential_key(cred) != NULL) {
    files_target key = {c, key_path, 0600};
    code = h46017_credential_export(cred, H46017_EXPORT_PEM,
                                    H46017_EXPORT_KEY_ALONE, NULL, files_put,
                                    &key);
  }
  if (code == 0) {
    files_target cert_file = {c, path, 0644};
    code = h46017_credential_export(cred, H46017_EXPORT_PEM,
                                    chain ? H46017_EXPORT_CHAIN : 0, NULL,
                                    files_put, &cert_file);
  }
  return code < 0 ? cert_fail(c, code, "%s", path) : code;
}

int files_open(const cert *c, own_store *own) {
  h46017_store store;
  *own = (own_store){0};
  int code = h46017_store_dir_new(&own->dir, c->state, NULL);
  if (code == 0) {
    h46017_store_dir_store(own->dir, &store);
    code = h46017_credentials_new(&own->credentials, &store, NULL);
  }
  return code == 0 ? 0 : cert_fail(c, code, "%s", c->state);
}

void files_close(own_store *own) {
  h46017_credentials_del(own->credentials);
  h46017_store_dir_del(own->dir);
  *own = (own_store){0};
}

int files_fail(const cert *c, const own_store *own, int code,
               const char *what) {
  const char *why = code == H46017_ERR_STORE_IO && own->dir != NULL
                        ? h46017_store_dir_error(own->dir)
                        : "";
  return cert_fail_next(c, code,
                        code == H46017_ERR_NOT_FOUND
                            ? "'csr show' and 'app list' list what there is; "
                              "'csr new', 'selfsigned' or 'import' make more"
                            : NULL,
                        "%s%s%s", what, why[0] ? ": " : "", why);
}

/* -- what a certificate says ----------------------------------------------- */

json_t *files_describe(const h46017_credential *cred) {
  json_t *o = entries_describe_x509(h46017_credential_leaf(cred));
  json_object_set_new(
      o, "chain",
      json_integer((json_int_t)h46017_credential_chain_count(cred)));
  return o;
}

void files_print(const h46017_credential *cred) {
  static const char *const keys[] = {"subject",   "issuer", "not_before",
                                     "not_after", "sha256", "key"};
  json_t *all = files_describe(cred);
  json_t *some = json_object();
  for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
    json_object_set(some, keys[i], json_object_get(all, keys[i]));
  }
  entries_print(some);
  json_decref(all);
}

/* -- options ----------------------------------------------------------------
 */

void spec_init(spec_options *o) {
  *o = (spec_options){0};
  h46017_cert_spec_default(&o->spec);
}

static bool parse_key(spec_options *o, const char *value) {
  uint64_t bits = 0;
  o->reuse = strcmp(value, "reuse") == 0;
  if (strcmp(value, "ec") == 0 || o->reuse) {
    o->spec.key = H46017_KEY_EC;
    return true;
  }
  if (strcmp(value, "ed25519") == 0) {
    o->spec.key = H46017_KEY_ED25519;
    return true;
  }
  if (strncmp(value, "rsa:", 4) == 0 &&
      options_number(value + 4, 1024, 4096, &bits)) {
    o->spec.key = H46017_KEY_RSA;
    o->spec.rsa_bits = (uint32_t)bits;
    return true;
  }
  return false;
}

bool spec_take(spec_options *o, int id, const char *value) {
  uint64_t days = 0;
  bool good = true;
  switch (id) {
  case SPEC_CN:
    o->spec.cn = value;
    break;
  case SPEC_SUBJECT:
    o->spec.subject = value;
    break;
  case SPEC_SAN:
    good = text_list_add(&o->sans, value);
    o->spec.sans = o->sans.items;
    o->spec.san_count = o->sans.count;
    break;
  case SPEC_DAYS:
    good = options_number(value, 1, 36500, &days);
    o->spec.days = (uint32_t)days;
    break;
  default:
    good = parse_key(o, value);
    break;
  }
  return good;
}

void spec_clear(spec_options *o) {
  text_list_clear(&o->sans);
}

int spec_whose(const spec_options *o) {
  return !o->spec.cn == !o->spec.subject
             ? report_usage("whose? --cn NAME or --subject DN")
             : 0;
}

int spec_old_key(const spec_options *o, const own_store *own, const char *name,
                 h46017_credential **pold) {
  *pold = NULL;
  if (!o->reuse) {
    return 0;
  }
  report("WARNING: the old key is used again: whoever has it has the new "
         "certificate too");
  return h46017_credentials_get(own->credentials, name, pold);
}

/* -- a command -------------------------------------------------------------
 */

int own_begin(own_run *r, cert *c, const cert_syntax *syntax, int argc,
              char **argv, cert_take take, void *arg) {
  *r = (own_run){.c = c, .syntax = syntax};
  spec_init(&r->spec);
  return cert_arguments(c, syntax, argc, argv, take, arg, &r->operands);
}

int own_end(own_run *r, int status) {
  files_close(&r->own);
  spec_clear(&r->spec);
  text_list_clear(&r->operands);
  return status;
}

int own_take_spec(own_run *r, int id, const char *value) {
  return spec_take(&r->spec, id, value) ? 0
                                        : cert_bad_value(r->syntax, id, value);
}
