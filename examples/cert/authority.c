/* SPDX-License-Identifier: BSD-2-Clause */
#include "authority.h"

#include "common/state_dir.h"
#include "entries.h"

#include <errno.h>
#include <fcntl.h>
#include <openssl/bn.h>
#include <openssl/rand.h>
#include <openssl/x509.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#define CA_CERT "cacert.pem"
#define CA_KEY "cakey.pem"
#define CA_SERIAL "serial.txt"
#define CA_INDEX "index.txt"

enum { SERIAL_OCTETS = 16, SERIAL_MAX = 64, INDEX_MAX = 64 * 1024 * 1024 };

static bool path_of(const authority *a, const char *name, char *out) {
  return state_dir_path(a->dir, name, out, STATE_PATH_MAX);
}

/* -- reading ----------------------------------------------------------------
 */

int authority_open(const cert *c, const char *dir, authority *a) {
  char cert_path[STATE_PATH_MAX];
  char key_path[STATE_PATH_MAX];
  file_octets data = {0};
  file_octets key = {0};
  *a = (authority){.dir = dir, .lock = -1};
  if (dir == NULL || !path_of(a, CA_CERT, cert_path) ||
      !path_of(a, CA_KEY, key_path)) {
    return EXIT_REFUSED;
  }
  int status = files_read(c, cert_path, &data);
  if (status == 0) {
    status = files_read(c, key_path, &key);
  }
  if (status == 0) {
    int code = h46017_credential_import(&a->ca, data.data, data.len, key.data,
                                        key.len, NULL, true, NULL, NULL);
    status = code == 0 ? 0 : cert_fail(c, code, "%s", dir);
  }
  file_free(&key);
  file_free(&data);
  if (status == 0) {
    a->lock = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (a->lock < 0 || flock(a->lock, LOCK_EX) != 0) {
      status = cert_fail(c, H46017_ERR_STORE_IO, "%s: %s", dir,
                         strerror(errno)); /* NOLINT(concurrency-mt-unsafe) */
    }
  }
  return status;
}

void authority_close(authority *a) {
  h46017_credential_del(a->ca);
  if (a->lock >= 0) {
    close(a->lock);
  }
  *a = (authority){.lock = -1};
}

/* The whole file, NUL-terminated; NULL: not there. */
static char *read_text(const char *path, size_t *plen) {
  FILE *file = fopen(path, "re");
  char *text = NULL;
  size_t len = 0;
  if (file == NULL) {
    return NULL;
  }
  if (fseek(file, 0, SEEK_END) == 0) {
    long size = ftell(file);
    rewind(file);
    text = size >= 0 && size < INDEX_MAX ? malloc((size_t)size + 1) : NULL;
    len = text ? fread(text, 1, (size_t)size, file) : 0;
  }
  fclose(file);
  if (text != NULL) {
    text[len] = '\0';
    *plen = len;
  }
  return text;
}

/* `/CN=name` in the last column of a line that begins with V: valid */
static bool line_is_for(const char *line, size_t len, const char *cn) {
  size_t n = strlen(cn);
  const char *end = line + len;
  if (len < 2 || line[0] != 'V') {
    return false;
  }
  for (const char *p = line; p + 4 + n <= end; p++) {
    if (memcmp(p, "/CN=", 4) == 0 && memcmp(p + 4, cn, n) == 0 &&
        (p + 4 + n == end || p[4 + n] == '/' || p[4 + n] == '\r')) {
      return true;
    }
  }
  return false;
}

bool authority_knows(const authority *a, const char *cn) {
  char path[STATE_PATH_MAX];
  size_t len = 0;
  char *text = path_of(a, CA_INDEX, path) ? read_text(path, &len) : NULL;
  bool known = false;
  for (char *line = text; line != NULL && *line != '\0' && !known;) {
    size_t n = strcspn(line, "\n");
    known = line_is_for(line, n, cn);
    line += n + (line[n] == '\n');
  }
  free(text);
  return known;
}

/* -- issuing ----------------------------------------------------------------
 */

/* An even number of digits: `openssl ca` wants octets. */
static int write_serial(const cert *c, const authority *a, const BIGNUM *n) {
  char path[STATE_PATH_MAX];
  char line[SERIAL_MAX + 2];
  char *hex = BN_bn2hex(n);
  int status = EXIT_REFUSED;
  if (hex != NULL && path_of(a, CA_SERIAL, path)) {
    int len = snprintf(line, sizeof line, "%s\n", hex);
    status = files_write(c, path, 0644, (unsigned char *)line, (size_t)len);
  }
  OPENSSL_free(hex);
  return status;
}

/* The number to use; the file has the one after it before anything is signed,
 * so that none is ever used twice. */
static int next_serial(const cert *c, const authority *a, char *out) {
  char path[STATE_PATH_MAX];
  size_t len = 0;
  BIGNUM *n = NULL;
  char *text = path_of(a, CA_SERIAL, path) ? read_text(path, &len) : NULL;
  size_t digits = text ? strspn(text, "0123456789abcdefABCDEF") : 0;
  if (digits == 0 || digits > 40 ||
      text[digits + strspn(text + digits, " \r\n")] != '\0') {
    free(text);
    return cert_fail(c, H46017_ERR_STORE_CORRUPT, "%s", path);
  }
  text[digits] = '\0';
  memcpy(out, text, digits + 1);
  int status = EXIT_REFUSED;
  if (BN_hex2bn(&n, text) > 0 && BN_add_word(n, 1) == 1) {
    status = write_serial(c, a, n);
  }
  BN_free(n);
  free(text);
  return status;
}

static int write_index(const cert *c, const authority *a,
                       const h46017_credential *cred, const char *serial) {
  char path[STATE_PATH_MAX];
  char subject[1024];
  size_t len = 0;
  X509 *x = h46017_credential_leaf(cred);
  const ASN1_TIME *until = X509_get0_notAfter(x);
  if (!path_of(a, CA_INDEX, path)) {
    return EXIT_REFUSED;
  }
  X509_NAME_oneline(X509_get_subject_name(x), subject, sizeof subject);
  char *old = read_text(path, &len);
  size_t size = len + sizeof subject + 160;
  char *all = malloc(size);
  int status = EXIT_REFUSED;
  if (all != NULL) {
    int n = snprintf(all, size, "%sV\t%.*s\t\t%s%s\tunknown\t%s\n",
                     old ? old : "", ASN1_STRING_length(until),
                     (const char *)ASN1_STRING_get0_data(until),
                     strlen(serial) % 2 ? "0" : "", serial, subject);
    status = files_write(c, path, 0644, (unsigned char *)all, (size_t)n);
  }
  free(all);
  free(old);
  return status;
}

/* One of its CNs, wherever that came from: --cn, --subject or a request. */
static bool is_issued(const authority *a, const h46017_credential *cred) {
  const X509_NAME *name = X509_get_subject_name(h46017_credential_leaf(cred));
  bool known = false;
  for (int i = -1; !known && (i = X509_NAME_get_index_by_NID(
                                  name, NID_commonName, i)) >= 0;) {
    char text[600] = "";
    X509_NAME *alone = X509_NAME_new();
    /* as the index has it, which escapes what is not ASCII */
    known =
        alone != NULL &&
        X509_NAME_add_entry(alone, X509_NAME_get_entry(name, i), -1, 0) == 1 &&
        X509_NAME_oneline(alone, text, sizeof text) != NULL &&
        strncmp(text, "/CN=", 4) == 0 && authority_knows(a, text + 4);
    X509_NAME_free(alone);
  }
  return known;
}

int authority_issue(const cert *c, authority *a, const h46017_cert_spec *spec,
                    const file_octets *csr, bool again,
                    h46017_credential **pcred) {
  char serial[SERIAL_MAX];
  int status = next_serial(c, a, serial);
  if (status != 0) {
    return status;
  }
  int code = h46017_credential_issue(pcred, a->ca, spec, csr ? csr->data : NULL,
                                     csr ? csr->len : 0, serial, NULL);
  if (code != 0) {
    return cert_fail(c, code, "issuing a certificate");
  }
  status = !again && is_issued(a, *pcred)
               ? cert_fail(c, H46017_ERR_ALREADY_ISSUED,
                           "the certificate's CN: --yes issues another")
               : write_index(c, a, *pcred, serial);
  if (status != 0) {
    h46017_credential_del(*pcred);
    *pcred = NULL;
  }
  return status;
}

/* -- the commands -----------------------------------------------------------
 */

enum { CA_DIR = SPEC_OTHERS, CA_CSR, CA_OUT, CA_BACKUP, CA_TRUST };

typedef struct ca_options {
  const cert_syntax *syntax;
  spec_options spec;
  const char *dir;
  const char *csr;
  const char *out;
  bool backup;
  bool trust;
} ca_options;

static int take(void *arg, int id, const char *value) {
  ca_options *o = arg;
  switch (id) {
  case CA_DIR:
    o->dir = value;
    return 0;
  case CA_CSR:
    o->csr = value;
    return 0;
  case CA_OUT:
    o->out = value;
    return 0;
  case CA_BACKUP:
    o->backup = true;
    return 0;
  case CA_TRUST:
    o->trust = true;
    return 0;
  default:
    return spec_take(&o->spec, id, value) && !o->spec.reuse
               ? 0
               : cert_bad_value(o->syntax, id, value);
  }
}

static int init_files(const cert *c, const authority *a) {
  char path[STATE_PATH_MAX];
  files_target file = {c, path, 0600};
  unsigned char octets[SERIAL_OCTETS];
  if (!path_of(a, CA_KEY, path) || RAND_bytes(octets, sizeof octets) != 1) {
    return EXIT_REFUSED;
  }
  octets[0] = (unsigned char)((octets[0] & 0x3f) | 0x20); /* room to count */
  BIGNUM *n = BN_bin2bn(octets, sizeof octets, NULL);
  int code = n ? write_serial(c, a, n) : EXIT_REFUSED;
  BN_free(n);
  if (code == 0) {
    code = h46017_credential_export(a->ca, H46017_EXPORT_PEM,
                                    H46017_EXPORT_KEY_ALONE, NULL, files_put,
                                    &file);
  }
  /* the certificate last: where it is, the rest is too */
  if (code == 0) {
    file.mode = 0644;
    code = path_of(a, CA_CERT, path)
               ? h46017_credential_export(a->ca, H46017_EXPORT_PEM, 0, NULL,
                                          files_put, &file)
               : EXIT_REFUSED;
  }
  return code < 0 ? cert_fail(c, code, "%s", a->dir) : code;
}

static int init_authority(cert *c, const ca_options *o) {
  authority a = {.dir = o->dir, .lock = -1};
  char path[STATE_PATH_MAX];
  if (!state_dir_make(o->dir) || !path_of(&a, CA_KEY, path)) {
    return EXIT_REFUSED;
  }
  if (access(path, F_OK) == 0) {
    return cert_fail_next(
        c, H46017_ERR_INVALID_STATE, "name another directory with --dir",
        "%s is there: an authority is never written over", path);
  }
  int code = h46017_credential_authority(&a.ca, &o->spec.spec, NULL);
  int status =
      code == 0 ? init_files(c, &a) : cert_fail(c, code, "making an authority");
  if (status == 0) {
    if (!c->json) {
      printf("an authority in %s; trust %s/%s where its devices register\n",
             o->dir, o->dir, CA_CERT);
      files_print(a.ca);
    }
    status = cert_done(c, c->json ? files_describe(a.ca) : NULL);
  }
  authority_close(&a);
  return status;
}

static int ca_init(cert *c, int argc, char **argv) {
  static const option_spec specs[] = {
      {CA_DIR, "dir", "DIR", "where it is to be: a memory card, say"},
      SPEC_OPTIONS,
  };
  static const cert_syntax syntax = {
      specs,
      sizeof specs / sizeof *specs,
      {"ca init --dir DIR --subject DN [OPTION]...",
       "Makes an authority: cacert.pem, cakey.pem and serial.txt in DIR.",
       "  h46017-cert ca init --dir /media/card/CA --subject 'CN=Site,O=Us'\n"},
      0,
      0};
  ca_options o = {.syntax = &syntax};
  text_list operands = {0};
  spec_init(&o.spec);
  int status = cert_arguments(c, &syntax, argc, argv, take, &o, &operands);
  if (status == 0 &&
      (o.dir == NULL || !o.spec.spec.cn == !o.spec.spec.subject)) {
    status = report_usage("needed: --dir DIR, and --subject DN or --cn NAME");
  }
  if (status == 0) {
    status = init_authority(c, &o);
  }
  spec_clear(&o.spec);
  text_list_clear(&operands);
  return status;
}

static int issue_backup(const cert *c, const authority *a,
                        const h46017_credential *cred) {
  char name[96];
  char path[STATE_PATH_MAX];
  BIGNUM *n = ASN1_INTEGER_to_BN(
      X509_get0_serialNumber(h46017_credential_leaf(cred)), NULL);
  char *hex = n ? BN_bn2hex(n) : NULL;
  snprintf(name, sizeof name, "%s.pem", hex ? hex : "backup");
  OPENSSL_free(hex);
  BN_free(n);
  return path_of(a, name, path) ? files_write_pair(c, path, cred, true)
                                : EXIT_REFUSED;
}

typedef struct root_trust {
  trust_state state;
  entries_added told;
} root_trust;

static int add_root(const uint8_t *data, size_t len, void *user_data) {
  root_trust *t = user_data;
  h46017_trust_add_options options;
  entries_add_options(&options, H46017_TRUST_AUTHORITY);
  return h46017_trust_add(t->state.trust, data, len, &options, entries_tell,
                          &t->told);
}

/* The authority's certificate goes into the state directory's trust list, as it
 * is there already or anew. *pentry is *given*. A status. */
static int trust_root(const cert *c, const authority *a, json_t **pentry) {
  root_trust t = {0};
  int status = entries_open(c, &t.state);
  if (status == 0) {
    entries_added_init(&t.told, c);
    t.told.what = a->dir;
    int code = h46017_credential_export(a->ca, H46017_EXPORT_PEM, 0, NULL,
                                        add_root, &t);
    *pentry = json_incref(json_array_get(t.told.added, 0));
    if (code != 0 && json_array_size(t.told.refused) == 0) {
      entries_report(&t.told, &t.state, code);
    }
    if (code != 0) {
      status = entries_finish(&t.told, code);
    } else {
      json_decref(t.told.added);
      json_decref(t.told.refused);
    }
  }
  trust_state_close(&t.state);
  return status;
}

static int issue_files(const cert *c, const authority *a, const ca_options *o,
                       const h46017_credential *cred) {
  int status = o->backup ? issue_backup(c, a, cred) : 0;
  if (status == 0) {
    status = files_write_pair(c, o->out, cred, true);
  }
  if (status != 0) {
    report("it is issued and stands in %s/" CA_INDEX " all the same; --yes "
           "issues another",
           a->dir);
  }
  return status;
}

static int issue(cert *c, const ca_options *o) {
  authority a = {.lock = -1};
  file_octets csr = {0};
  h46017_credential *cred = NULL;
  json_t *trusted = NULL;
  int status = authority_open(c, o->dir, &a);
  if (status == 0 && o->csr != NULL) {
    status = files_read(c, o->csr, &csr);
  }
  /* first: a certificate that was issued cannot be taken back */
  if (status == 0) {
    status = files_try_pair(c, o->out, o->csr == NULL);
  }
  if (status == 0 && o->trust) {
    status = trust_root(c, &a, &trusted);
  }
  if (status == 0) {
    status = authority_issue(c, &a, &o->spec.spec, o->csr ? &csr : NULL, c->yes,
                             &cred);
  }
  if (status == 0) {
    status = issue_files(c, &a, o, cred);
  }
  if (status == 0) {
    json_t *members = c->json ? files_describe(cred) : NULL;
    if (!c->json) {
      printf("issued: %s\n", o->out);
      files_print(cred);
    } else if (trusted != NULL) {
      json_object_set(members, "trusted", trusted);
    }
    status = cert_done(c, members);
  }
  json_decref(trusted);
  h46017_credential_del(cred);
  file_free(&csr);
  authority_close(&a);
  return status;
}

static int ca_issue(cert *c, int argc, char **argv) {
  static const option_spec specs[] = {
      {CA_DIR, "dir", "DIR", "the authority's"},
      {CA_CSR, "csr", "FILE", "for this request's key, and its subject"},
      {CA_OUT, "out", "FILE", "the certificate and chain; the key beside it"},
      {CA_BACKUP, "backup", NULL, "a copy of both in the authority's DIR"},
      {CA_TRUST, "trust", NULL, "trust the authority: state directory's list"},
      SPEC_OPTIONS,
  };
  static const cert_syntax syntax = {
      specs,
      sizeof specs / sizeof *specs,
      {"ca issue --dir DIR --cn NAME|--subject DN|--csr FILE --out "
       "FILE [OPTION]...",
       "Issues a certificate for a new key or for a request's.",
       "  h46017-cert ca issue --dir CA --cn 0090332f688a --out phone.pem\n"},
      0,
      0};
  ca_options o = {.syntax = &syntax};
  text_list operands = {0};
  spec_init(&o.spec);
  int status = cert_arguments(c, &syntax, argc, argv, take, &o, &operands);
  if (status == 0 && (o.dir == NULL || o.out == NULL ||
                      (o.spec.spec.cn == NULL && o.spec.spec.subject == NULL &&
                       o.csr == NULL))) {
    status = report_usage("needed: --dir DIR, --out FILE, and --cn NAME, "
                          "--subject DN or --csr FILE");
  }
  if (status == 0) {
    status = issue(c, &o);
  }
  spec_clear(&o.spec);
  text_list_clear(&operands);
  return status;
}

static int ca_show(cert *c, int argc, char **argv) {
  static const option_spec specs[] = {
      {CA_DIR, "dir", "DIR", "the authority's"},
  };
  static const cert_syntax syntax = {specs,
                                     sizeof specs / sizeof *specs,
                                     {"ca show --dir DIR",
                                      "Shows an authority.",
                                      "  h46017-cert ca show --dir CA\n"},
                                     0,
                                     0};
  ca_options o = {.syntax = &syntax};
  authority a = {.lock = -1};
  text_list operands = {0};
  int status = cert_arguments(c, &syntax, argc, argv, take, &o, &operands);
  if (status == 0 && o.dir == NULL) {
    status = report_usage("needed: --dir DIR");
  }
  if (status == 0) {
    status = authority_open(c, o.dir, &a);
  }
  if (status == 0) {
    if (!c->json) {
      files_print(a.ca);
    }
    status = cert_done(c, c->json ? files_describe(a.ca) : NULL);
  }
  authority_close(&a);
  text_list_clear(&operands);
  return status;
}

static int ca(cert *c, int argc, char **argv) {
  static const cert_command verbs[] = {
      {"init", ca_init, "  ca init            make an authority\n"},
      {"issue", ca_issue, "  ca issue           issue a certificate\n"},
      {"show", ca_show, "  ca show            show the authority\n"},
  };
  return cert_verb(c, verbs, sizeof verbs / sizeof *verbs, argc, argv);
}

const cert_command cert_ca = {
    "ca", ca, "  ca init|issue|show an authority of one's own\n"};
