/* SPDX-License-Identifier: BSD-2-Clause */
#include "files.h"

#include "common/own.h"

#include <openssl/x509v3.h>
#include <stdio.h>
#include <string.h>

/* The credentials of the state directory: made, imported, exported, deleted,
 * the device's or an application's. */

enum {
  OWN_NAME = SPEC_OTHERS,
  OWN_OUT,
  OWN_KEY,
  OWN_PASSWORD,
  OWN_CHAIN,
  OWN_DER,
  OWN_P12,
  OWN_WITH_KEY
};

typedef struct own_options {
  own_run run;
  const char *name;
  const char *out;
  const char *key;
  const char *password;
  bool chain, der, p12, with_key;
} own_options;

static int take(void *arg, int id, const char *value) {
  own_options *o = arg;
  switch (id) {
  case OWN_NAME:
    o->name = value;
    return 0;
  case OWN_OUT:
    o->out = value;
    return 0;
  case OWN_KEY:
    o->key = value;
    return 0;
  case OWN_PASSWORD:
    o->password = value;
    return 0;
  case OWN_CHAIN:
    o->chain = true;
    return 0;
  case OWN_DER:
    o->der = true;
    return 0;
  case OWN_P12:
    o->p12 = true;
    return 0;
  case OWN_WITH_KEY:
    o->with_key = true;
    return 0;
  default:
    return own_take_spec(&o->run, id, value);
  }
}

static int begin(own_options *o, cert *c, const cert_syntax *syntax, int argc,
                 char **argv) {
  *o = (own_options){0};
  return own_begin(&o->run, c, syntax, argc, argv, take, o);
}

/* What was made or read goes into the state directory, or where --out says. */
static int keep(const own_options *o, const h46017_credential *cred,
                const char *did) {
  const cert *c = o->run.c;
  if (o->out != NULL) {
    int status = files_write_pair(c, o->out, cred, true);
    if (status != 0) {
      return status;
    }
  } else {
    const own_store *own = &o->run.own;
    int code = h46017_credentials_put(own->credentials, o->name, cred);
    if (code != 0) {
      return files_fail(c, own, code, o->name ? o->name : "the device");
    }
  }
  if (!c->json) {
    printf("%s%s%s:\n", did, o->name ? " for " : "", o->name ? o->name : "");
    files_print(cred);
  }
  return cert_done(c, c->json ? files_describe(cred) : NULL);
}

/* -- selfsigned, renew ------------------------------------------------------
 */

static int make(const own_options *o) {
  const own_run *r = &o->run;
  h46017_credential *old;
  h46017_credential *cred = NULL;
  int code = spec_old_key(&r->spec, &r->own, o->name, &old);
  if (code == 0) {
    code = h46017_credential_selfsigned(&cred, &r->spec.spec, old, NULL);
  }
  int status = code == 0
                   ? keep(o, cred, "made")
                   : files_fail(r->c, &r->own, code, "making a certificate");
  h46017_credential_del(cred);
  h46017_credential_del(old);
  return status;
}

static int selfsigned(cert *c, int argc, char **argv) {
  static const option_spec specs[] = {
      SPEC_OPTIONS,
      {OWN_NAME, "name", "APP", "an application's, not the device's"},
      {OWN_OUT, "out", "FILE", "to FILE and its key beside it, only"},
  };
  static const cert_syntax syntax = {
      specs,
      sizeof specs / sizeof *specs,
      {"selfsigned --cn NAME|--subject DN [OPTION]...",
       "Makes a key and a certificate that it signs itself: the state\n"
       "directory's own from then on, unless --out is given.",
       "  h46017-cert selfsigned --cn 0090332f688a --san DNS:phone.example\n"},
      0,
      0};
  own_options o;
  int status = begin(&o, c, &syntax, argc, argv);
  if (status == 0) {
    status = spec_whose(&o.run.spec);
  }
  if (status == 0) {
    status = files_open(c, &o.run.own);
  }
  if (status == 0) {
    status = make(&o);
  }
  return own_end(&o.run, status);
}

static int take_generated(const uint8_t *data, size_t len, void *user_data) {
  return h46017_credential_import(user_data, data, len, NULL, 0, NULL, true,
                                  NULL, NULL);
}

typedef struct same_name {
  char cn[256];
  char san[264];
  const char *sans[1];
} same_name;

/* What is renewed keeps its name, a DNS name too if it was one: others know it
 * by that. A first one is for the host. */
static void same_name_take(same_name *n, const own_store *own,
                           h46017_cert_spec *spec) {
  h46017_credential *old = NULL;
  h46017_store store;
  bool dns = true;
  h46017_store_dir_store(own->dir, &store);
  if (store.get(store.object, "credentials", "generated.pem", take_generated,
                &old) == 0 &&
      own_cn(h46017_credential_leaf(old), n->cn, sizeof n->cn)) {
    dns = X509_get_ext_by_NID(h46017_credential_leaf(old), NID_subject_alt_name,
                              -1) >= 0;
  } else {
    own_host_name(n->cn, sizeof n->cn);
  }
  h46017_credential_del(old);
  spec->cn = n->cn;
  if (dns && spec->san_count == 0) {
    snprintf(n->san, sizeof n->san, "DNS:%s", n->cn);
    n->sans[0] = n->san;
    spec->sans = n->sans;
    spec->san_count = 1;
  }
}

static int renew_generated(const cert *c, const own_store *own,
                           h46017_cert_spec *spec) {
  h46017_credential *cred = NULL;
  int code = h46017_credential_selfsigned(&cred, spec, NULL, NULL);
  if (code == 0) {
    code = h46017_credentials_put_generated(own->credentials, cred);
  }
  if (code != 0) {
    h46017_credential_del(cred);
    return files_fail(c, own, code, "making a certificate");
  }
  if (!c->json) {
    printf("made:\n");
    files_print(cred);
    if (h46017_credentials_is_user(own->credentials)) {
      printf("  the user's own stays in force\n");
    }
  }
  int status = cert_done(c, c->json ? files_describe(cred) : NULL);
  h46017_credential_del(cred);
  return status;
}

static int renew(cert *c, int argc, char **argv) {
  static const option_spec specs[] = {SPEC_OPTIONS};
  static const cert_syntax syntax = {
      specs,
      sizeof specs / sizeof *specs,
      {"renew [--cn NAME] [OPTION]...",
       "Makes the generated credentials anew: another key, ten more years.\n"
       "Without --cn the name stays, a first one is the host's. The user's "
       "own,\n"
       "if there are any, stay in force.",
       "  h46017-cert renew\n"},
      0,
      0};
  own_options o;
  same_name name;
  int status = begin(&o, c, &syntax, argc, argv);
  h46017_cert_spec *spec = &o.run.spec.spec;
  if (status == 0 && o.run.spec.reuse) {
    status = report_usage("renew makes a new key; selfsigned can reuse one");
  }
  if (status == 0) {
    status = files_open(c, &o.run.own);
  }
  if (status == 0 && spec->cn == NULL && spec->subject == NULL) {
    same_name_take(&name, &o.run.own, spec);
  }
  if (status == 0) {
    status = renew_generated(c, &o.run.own, spec);
  }
  return own_end(&o.run, status);
}

/* -- import -----------------------------------------------------------------
 */

static int import_files(cert *c, const own_options *o, const char *file,
                        h46017_credential **pcred, uint32_t *pnotes) {
  file_octets data = {0};
  file_octets key = {0};
  char password[256];
  int status = files_read(c, file, &data);
  if (status == 0 && o->key != NULL) {
    status = files_read(c, o->key, &key);
  }
  if (status == 0 && o->password != NULL) {
    status = files_password(c, o->password, password, sizeof password);
  }
  if (status == 0) {
    int code = h46017_credential_import(pcred, data.data, data.len, key.data,
                                        key.len, o->password ? password : NULL,
                                        true, pnotes, NULL);
    status = code == 0 ? 0 : cert_fail(c, code, "%s", file);
  }
  explicit_bzero(password, sizeof password);
  file_free(&key);
  file_free(&data);
  return status;
}

static int import(cert *c, int argc, char **argv) {
  static const option_spec specs[] = {
      {OWN_KEY, "key", "FILE", "the private key, where FILE has none"},
      {OWN_PASSWORD, "password-file", "F", "its first line opens FILE"},
      {OWN_NAME, "name", "APP", "an application's, not the device's"},
      {OWN_OUT, "out", "FILE", "to FILE and its key beside it, only"},
  };
  static const cert_syntax syntax = {
      specs,
      sizeof specs / sizeof *specs,
      {"import FILE [OPTION]...",
       "Takes a certificate with its chain and private key: PEM in any order,\n"
       "DER or PKCS#12, whatever the file is called.",
       "  h46017-cert import phone.p12 --password-file secret.txt\n"},
      1,
      1};
  own_options o;
  h46017_credential *cred = NULL;
  uint32_t notes = 0;
  int status = begin(&o, c, &syntax, argc, argv);
  if (status == 0) {
    status = import_files(c, &o, o.run.operands.items[0], &cred, &notes);
  }
  if (status == 0) {
    status = files_open(c, &o.run.own);
  }
  if (status == 0) {
    if ((notes & H46017_IMPORT_REORDERED) != 0) {
      report("the chain was not in order; it is now");
    }
    if ((notes & H46017_IMPORT_LEFT_OUT) != 0) {
      report("certificates that are not of its chain were left out");
    }
    status = keep(&o, cred, "imported");
  }
  h46017_credential_del(cred);
  return own_end(&o.run, status);
}

/* -- export -----------------------------------------------------------------
 */

static int export_to(cert *c, const own_options *o,
                     const h46017_credential *cred) {
  char password[256] = "";
  uint32_t what = (o->chain ? H46017_EXPORT_CHAIN : 0) |
                  (o->with_key ? H46017_EXPORT_PRIVATE_KEY : 0);
  files_target t = {c, o->out, o->with_key ? 0600 : 0644};
  int status = o->password
                   ? files_password(c, o->password, password, sizeof password)
                   : 0;
  if (status != 0) {
    return status;
  }
  int code = h46017_credential_export(cred,
                                      o->p12   ? H46017_EXPORT_PKCS12
                                      : o->der ? H46017_EXPORT_DER
                                               : H46017_EXPORT_PEM,
                                      what, o->password ? password : NULL,
                                      files_put, &t);
  explicit_bzero(password, sizeof password);
  if (code != 0) {
    return code < 0 ? cert_fail(c, code, "export") : code;
  }
  return o->out != NULL ? cert_done(c, NULL) : EXIT_DONE;
}

static int export_own(cert *c, int argc, char **argv) {
  static const option_spec specs[] = {
      {OWN_CHAIN, "chain", NULL, "its issuers too"},
      {OWN_DER, "der", NULL, "DER, not PEM; the certificate alone"},
      {OWN_P12, "p12", NULL, "PKCS#12"},
      {OWN_WITH_KEY, "with-private-key", NULL,
       "the private key too; never to standard output"},
      {OWN_PASSWORD, "password-file", "F", "its first line encrypts the key"},
      {OWN_NAME, "name", "APP", "an application's, not the device's"},
      {OWN_OUT, "out", "FILE", "where to; standard output"},
  };
  static const cert_syntax syntax = {
      specs,
      sizeof specs / sizeof *specs,
      {"export [OPTION]...",
       "Writes the certificate in force; the private key only when it is "
       "asked\n"
       "for.",
       "  h46017-cert export --chain\n"
       "  h46017-cert export --p12 --with-private-key --password-file F --out "
       "backup.p12\n"},
      0,
      0};
  own_options o;
  h46017_credential *cred = NULL;
  int status = begin(&o, c, &syntax, argc, argv);
  if (status == 0 && o.with_key && o.out == NULL) {
    status = report_usage("a private key goes to a file: --out FILE");
  }
  if (status == 0 && o.der && (o.p12 || o.chain || o.with_key)) {
    status = report_usage("--der is the certificate alone");
  }
  if (status == 0) {
    status = files_open(c, &o.run.own);
  }
  if (status == 0) {
    const own_store *own = &o.run.own;
    int code = h46017_credentials_get(own->credentials, o.name, &cred);
    status = code == 0 ? export_to(c, &o, cred)
                       : files_fail(c, own, code, "the credentials in force");
  }
  h46017_credential_del(cred);
  return own_end(&o.run, status);
}

/* -- delete, app ------------------------------------------------------------
 */

static int no_options(void *arg, int id, const char *value) {
  (void)arg;
  (void)id;
  (void)value;
  return EXIT_USAGE;
}

static int remove_own(cert *c, const char *name) {
  own_store own = {0};
  const char *what = name ? name : "the user's credentials";
  int status = cert_confirm(c, "delete %s and the private key for good?", what);
  if (status == 0) {
    status = files_open(c, &own);
  }
  if (status == 0) {
    int code = h46017_credentials_remove(own.credentials, name);
    status = code == 0 ? cert_done(c, NULL) : files_fail(c, &own, code, what);
  }
  files_close(&own);
  return status;
}

static int delete_own(cert *c, int argc, char **argv) {
  static const cert_syntax syntax = {
      NULL,
      0,
      {"delete",
       "Deletes the user's certificate, chain and private key; the generated\n"
       "ones are in force again.",
       "  h46017-cert delete --yes\n"},
      0,
      0};
  text_list operands = {0};
  int status =
      cert_arguments(c, &syntax, argc, argv, no_options, NULL, &operands);
  text_list_clear(&operands);
  return status != 0 ? status : remove_own(c, NULL);
}

typedef struct app_list {
  const cert *c;
  json_t *names;
} app_list;

static int app_seen(const char *name, void *user_data) {
  app_list *list = user_data;
  if (!list->c->json) {
    printf("%s\n", name);
  }
  json_array_append_new(list->names, json_string(name));
  return 0;
}

static int apps(cert *c, int argc, char **argv) {
  static const cert_syntax syntax = {
      NULL,
      0,
      {"app list | remove NAME",
       "The applications' certificates; 'selfsigned --name' and 'import "
       "--name'\n"
       "make them. A client that asks for NAME is shown NAME's.",
       "  h46017-cert app list\n"},
      1,
      2};
  text_list operands = {0};
  own_store own = {0};
  app_list list = {c, NULL};
  int status =
      cert_arguments(c, &syntax, argc, argv, no_options, NULL, &operands);
  if (status == 0 && operands.count == 2 &&
      strcmp(operands.items[0], "remove") == 0) {
    status = remove_own(c, operands.items[1]);
  } else if (status == 0 && operands.count == 1 &&
             strcmp(operands.items[0], "list") == 0) {
    status = files_open(c, &own);
    list.names = json_array();
    if (status == 0) {
      int code = h46017_credentials_each(own.credentials, app_seen, &list);
      status = code == 0 ? 0 : files_fail(c, &own, code, "the applications");
    }
    if (status == 0 && c->json) {
      cert_print(json_incref(list.names));
    }
    json_decref(list.names);
  } else if (status == 0) {
    status = report_usage("%s", syntax.text.usage);
  }
  files_close(&own);
  text_list_clear(&operands);
  return status;
}

const cert_command cert_selfsigned = {
    "selfsigned", selfsigned,
    "  selfsigned         make a key and certificate\n"};
const cert_command cert_renew = {
    "renew", renew, "  renew              make the generated ones anew\n"};
const cert_command cert_import = {
    "import", import, "  import FILE        take a certificate and its key\n"};
const cert_command cert_export = {
    "export", export_own,
    "  export             write the certificate in force\n"};
const cert_command cert_delete = {
    "delete", delete_own,
    "  delete             fall back to the generated ones\n"};
const cert_command cert_app = {
    "app", apps, "  app list|remove    the applications' certificates\n"};
