/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef EXAMPLES_CERT_FILES_H
#define EXAMPLES_CERT_FILES_H

/* Files and the state directory's credentials, for the commands that make,
 * read and write them. What fails is reported. */

#include "cert.h"

#include "common/file.h"

#include <h46017/credentials.h>

/* 0, or a status after cert_fail(); file_free() it. */
int files_read(const cert *c, const char *path, file_octets *out);

/* The first line of a file, for --password-file; `out` is filled. */
int files_password(const cert *c, const char *path, char *out, size_t size);

/* To `path`, atomically, or to standard output where it is NULL. */
int files_write(const cert *c, const char *path, unsigned mode,
                const unsigned char *data, size_t len);

/* The same as an h46017_output, user_data being a files_target; what
 * cert_fail() returned only says that it has spoken. */
typedef struct files_target {
  const cert *c;
  const char *path;
  unsigned mode;
} files_target;
int files_put(const uint8_t *data, size_t len, void *user_data);

/* FILE's name with `.key` for its ending. */
bool files_key_path(const char *path, char *out, size_t size);

/* Certificates to `path`, the key beside it (0600), the key first: where the
 * certificate is, its key is too. A credential without a key writes none. */
int files_write_pair(const cert *c, const char *path,
                     const h46017_credential *cred, bool chain);

/* Could that be written? Nothing stays. 0, or a status after a report. */
int files_try_pair(const cert *c, const char *path, bool key);

/* The state directory's credentials; files_close() either way. */
typedef struct own_store {
  h46017_store_dir *dir;
  h46017_credentials *credentials;
} own_store;
int files_open(const cert *c, own_store *own);
void files_close(own_store *own);

/* cert_fail() with what the directory says of it, if anything. */
int files_fail(const cert *c, const own_store *own, int code, const char *what);

/* What its certificate says, as JSON members, and how long its chain is. */
json_t *files_describe(const h46017_credential *cred);
/* The main of it for a person. */
void files_print(const h46017_credential *cred);

/* -- what to make: the options that selfsigned, csr, ca and batch share ---- */

enum {
  SPEC_CN = 256,
  SPEC_SUBJECT,
  SPEC_SAN,
  SPEC_DAYS,
  SPEC_KEY,
  SPEC_OTHERS
};

#define SPEC_OPTIONS                                                           \
  {SPEC_CN, "cn", "NAME", "the subject is this CN alone"},                     \
      {SPEC_SUBJECT, "subject", "DN", "the subject: CN=name,O=Example"},       \
      {SPEC_SAN, "san", "KIND:NAME",                                           \
       "DNS:name, IP:address, URI:uri or email:address; repeat"},              \
      {SPEC_DAYS, "days", "N", "of validity; 3650"}, {                         \
    SPEC_KEY, "key", "ec|rsa:BITS|ed25519|reuse",                              \
        "the key to make; ec, which is P-256"                                  \
  }

typedef struct spec_options {
  h46017_cert_spec spec;
  text_list sans;
  bool reuse;
} spec_options;

void spec_init(spec_options *o);
/* False: the value is not valid. */
bool spec_take(spec_options *o, int id, const char *value);
void spec_clear(spec_options *o);

/* 0, or EXIT_USAGE after a report: --cn or --subject, one of them. */
int spec_whose(const spec_options *o);

/* With `--key reuse`, and a warning: the credential whose key is used again,
 * *given*; else NULL. Returns a code. */
int spec_old_key(const spec_options *o, const own_store *own, const char *name,
                 h46017_credential **pold);

/* -- a command that may open the state directory's credentials ------------- */

typedef struct own_run {
  cert *c;
  const cert_syntax *syntax;
  text_list operands;
  spec_options spec;
  own_store own; /* files_open() */
} own_run;

/* Reads the arguments; `take` is given `arg`. A status; own_end() either way,
 * which returns the status it is given. */
int own_begin(own_run *r, cert *c, const cert_syntax *syntax, int argc,
              char **argv, cert_take take, void *arg);
int own_end(own_run *r, int status);

/* Takes an option of SPEC_OPTIONS. */
int own_take_spec(own_run *r, int id, const char *value);

#endif
