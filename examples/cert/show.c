/* SPDX-License-Identifier: BSD-2-Clause */
#include "entries.h"
#include "files.h"

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <stdio.h>
#include <string.h>

enum { SHOW_PASSWORD = 256 };

static int take(void *arg, int id, const char *value) {
  const char **password = arg;
  (void)id;
  *password = value;
  return 0;
}

/* All certificates of PEM, in the order of the file. */
static void read_pem(const file_octets *data, json_t *certificates) {
  BIO *bio = BIO_new_mem_buf(data->data, (int)data->len);
  X509 *x;
  while (bio != NULL &&
         (x = PEM_read_bio_X509(bio, NULL, NULL, NULL)) != NULL) {
    json_array_append_new(certificates, entries_describe_x509(x));
    X509_free(x);
  }
  BIO_free(bio);
  ERR_clear_error();
}

/* DER, PKCS#12: leaf and chain. */
static int read_others(const file_octets *data, const char *password,
                       json_t *certificates) {
  h46017_credential *cred = NULL;
  int code = h46017_credential_import(&cred, data->data, data->len, NULL, 0,
                                      password, false, NULL, NULL);
  if (code != 0) {
    return code;
  }
  json_array_append_new(certificates,
                        entries_describe_x509(h46017_credential_leaf(cred)));
  for (size_t i = 0; i < h46017_credential_chain_count(cred); i++) {
    json_array_append_new(
        certificates,
        entries_describe_x509(h46017_credential_chain_at(cred, i)));
  }
  h46017_credential_del(cred);
  return 0;
}

static int read_certificates(const cert *c, const char *path,
                             const char *password_file, json_t *certificates) {
  file_octets data = {0};
  char password[256] = "";
  int code = 0;
  int status = files_read(c, path, &data);
  if (status == 0 && password_file != NULL) {
    status = files_password(c, password_file, password, sizeof password);
  }
  if (status == 0) {
    read_pem(&data, certificates);
    if (json_array_size(certificates) == 0) {
      code = read_others(&data, password_file ? password : NULL, certificates);
    }
  }
  explicit_bzero(password, sizeof password);
  file_free(&data);
  return code ? cert_fail(c, code, "%s", path) : status;
}

static int show_all(const cert *c, json_t *certificates) {
  if (c->json) {
    /* the first stands for the file; most hold one */
    json_t *members = json_copy(json_array_get(certificates, 0));
    json_object_set(members, "certificates", certificates);
    return cert_done(c, members);
  }
  for (size_t i = 0; i < json_array_size(certificates); i++) {
    printf("%s%zu\n", i ? "\n" : "", i);
    entries_print(json_incref(json_array_get(certificates, i)));
  }
  return EXIT_DONE;
}

static int show(cert *c, int argc, char **argv) {
  static const option_spec specs[] = {
      {SHOW_PASSWORD, "password-file", "F", "its first line opens FILE"},
  };
  static const cert_syntax syntax = {
      specs,
      sizeof specs / sizeof *specs,
      {"show FILE [--password-file F]",
       "Shows what the certificates of a file say: PEM, DER or PKCS#12.",
       "  h46017-cert show phone.pem\n"},
      1,
      1};
  const char *password = NULL;
  text_list operands = {0};
  json_t *certificates = json_array();
  int status =
      cert_arguments(c, &syntax, argc, argv, take, &password, &operands);
  if (status == 0) {
    status = read_certificates(c, operands.items[0], password, certificates);
  }
  if (status == 0) {
    status = show_all(c, certificates);
  }
  json_decref(certificates);
  text_list_clear(&operands);
  return status;
}

const cert_command cert_show = {"show", show,
                                "  show FILE          what certificates say\n"};
