/* SPDX-License-Identifier: BSD-2-Clause */
#include "files.h"

#include <stdio.h>
#include <string.h>

enum { CSR_DER = SPEC_OTHERS, CSR_OUT, CSR_NAME };

typedef struct csr_options {
  own_run run;
  const char *out;
  const char *name;
  bool der;
} csr_options;

static int take(void *arg, int id, const char *value) {
  csr_options *o = arg;
  switch (id) {
  case CSR_DER:
    o->der = true;
    return 0;
  case CSR_OUT:
    o->out = value;
    return 0;
  case CSR_NAME:
    o->name = value;
    return 0;
  default:
    return own_take_spec(&o->run, id, value);
  }
}

static int csr_begin(csr_options *o, cert *c, const cert_syntax *syntax,
                     int argc, char **argv) {
  *o = (csr_options){0};
  return own_begin(&o->run, c, syntax, argc, argv, take, o);
}

static int show_request(const csr_options *o, const char *id) {
  const own_run *r = &o->run;
  files_target t = {r->c, o->out, 0644};
  int code = h46017_csr_get(r->own.credentials, id, o->der, files_put, &t);
  return code < 0 ? files_fail(r->c, &r->own, code,
                               id ? id : "the one request that waits")
                  : code;
}

static int make(const csr_options *o) {
  const own_run *r = &o->run;
  char id[H46017_CSR_ID_MAX];
  h46017_credential *old;
  int code = spec_old_key(&r->spec, &r->own, NULL, &old);
  if (code == 0) {
    code = h46017_csr_new(r->own.credentials, &r->spec.spec, old, id);
  }
  h46017_credential_del(old);
  if (code != 0) {
    return files_fail(r->c, &r->own, code, "making a request");
  }
  if (o->out != NULL) {
    int status = show_request(o, id);
    if (status != 0) {
      return status;
    }
  }
  if (!r->c->json) {
    printf("request %s waits for its certificate; send it to the authority,\n"
           "then: h46017-cert csr install FILE\n",
           id);
  }
  return cert_done(r->c, json_pack("{s:s}", "id", id));
}

static int csr_new(cert *c, int argc, char **argv) {
  static const option_spec specs[] = {
      SPEC_OPTIONS,
      {CSR_OUT, "out", "FILE", "write the request too"},
      {CSR_DER, "der", NULL, "DER, not PEM"},
  };
  static const cert_syntax syntax = {
      specs,
      sizeof specs / sizeof *specs,
      {"csr new --cn NAME|--subject DN [OPTION]...",
       "Makes a key and a request for an authority to certify it. What is in\n"
       "force stays until the certificate is installed.",
       "  h46017-cert csr new --cn 0090332f688a --out phone.csr\n"},
      0,
      0};
  csr_options o;
  int status = csr_begin(&o, c, &syntax, argc, argv);
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

typedef struct csr_list {
  const cert *c;
  json_t *ids;
} csr_list;

static int seen(const char *id, void *user_data) {
  csr_list *list = user_data;
  if (!list->c->json) {
    printf("%s\n", id);
  }
  json_array_append_new(list->ids, json_string(id));
  return 0;
}

static int list_requests(cert *c, const own_store *own) {
  csr_list list = {c, json_array()};
  int code = h46017_csr_each(own->credentials, seen, &list);
  if (code == 0 && c->json) {
    cert_print(json_incref(list.ids));
  }
  json_decref(list.ids);
  return code == 0 ? 0 : files_fail(c, own, code, "the requests");
}

/* An ID may be cut short as long as it is one request's. */
typedef struct csr_match {
  const char *prefix;
  size_t count;
  char id[H46017_CSR_ID_MAX];
} csr_match;

static int match(const char *id, void *user_data) {
  csr_match *m = user_data;
  if (strncmp(id, m->prefix, strlen(m->prefix)) == 0) {
    m->count++;
    snprintf(m->id, sizeof m->id, "%s", id);
  }
  return 0;
}

/* The one that the operand names. */
static int find(const own_run *r, csr_match *m) {
  *m = (csr_match){.prefix = r->operands.items[0]};
  int code = h46017_csr_each(r->own.credentials, match, m);
  if (code == 0 && m->count != 1) {
    code = m->count == 0 ? H46017_ERR_NOT_FOUND : H46017_ERR_AMBIGUOUS_ID;
  }
  return code == 0 ? 0 : files_fail(r->c, &r->own, code, m->prefix);
}

static int csr_show(cert *c, int argc, char **argv) {
  static const cert_syntax syntax = {
      NULL,
      0,
      {"csr show", "Lists the requests that wait.", "  h46017-cert csr show\n"},
      0,
      0};
  csr_options o;
  int status = csr_begin(&o, c, &syntax, argc, argv);
  if (status == 0) {
    status = files_open(c, &o.run.own);
  }
  if (status == 0) {
    status = list_requests(c, &o.run.own);
  }
  return own_end(&o.run, status);
}

static int csr_export(cert *c, int argc, char **argv) {
  static const option_spec specs[] = {
      {CSR_OUT, "out", "FILE", "where to; standard output"},
      {CSR_DER, "der", NULL, "DER, not PEM"},
  };
  static const cert_syntax syntax = {
      specs,
      sizeof specs / sizeof *specs,
      {"csr export [ID] [OPTION]...",
       "Writes a request, never its key. Without ID: the only one.",
       "  h46017-cert csr export --der --out phone.csr\n"},
      0,
      1};
  csr_options o;
  csr_match m;
  int status = csr_begin(&o, c, &syntax, argc, argv);
  bool named = o.run.operands.count == 1;
  if (status == 0) {
    status = files_open(c, &o.run.own);
  }
  if (status == 0 && named) {
    status = find(&o.run, &m);
  }
  if (status == 0) {
    status = show_request(&o, named ? m.id : NULL);
  }
  return own_end(&o.run, status);
}

static int csr_install(cert *c, int argc, char **argv) {
  static const option_spec specs[] = {
      {CSR_NAME, "name", "APP", "an application's, not the device's"},
  };
  static const cert_syntax syntax = {
      specs,
      sizeof specs / sizeof *specs,
      {"csr install FILE [--name APP]",
       "Takes the certificate that came of a request, with its chain, into\n"
       "force. It must be for the key of a request that waits here.",
       "  h46017-cert csr install phone.pem\n"},
      1,
      1};
  csr_options o;
  file_octets file = {0};
  int status = csr_begin(&o, c, &syntax, argc, argv);
  if (status == 0) {
    status = files_read(c, o.run.operands.items[0], &file);
  }
  if (status == 0) {
    status = files_open(c, &o.run.own);
  }
  if (status == 0) {
    int code =
        h46017_csr_install(o.run.own.credentials, file.data, file.len, o.name);
    status = code == 0
                 ? cert_done(c, NULL)
                 : files_fail(c, &o.run.own, code, o.run.operands.items[0]);
  }
  file_free(&file);
  return own_end(&o.run, status);
}

static int csr_delete(cert *c, int argc, char **argv) {
  static const cert_syntax syntax = {
      NULL,
      0,
      {"csr delete ID",
       "Deletes a request and its private key: a certificate that comes of it\n"
       "is of no use then.",
       "  h46017-cert csr delete 3f\n"},
      1,
      1};
  csr_options o;
  csr_match m;
  int status = csr_begin(&o, c, &syntax, argc, argv);
  if (status == 0) {
    status = files_open(c, &o.run.own);
  }
  if (status == 0) {
    status = find(&o.run, &m);
  }
  if (status == 0) {
    status = cert_confirm(c,
                          "a certificate that comes of request %s will be of "
                          "no use: delete it and its private key?",
                          m.id);
  }
  if (status == 0) {
    int code = h46017_csr_remove(o.run.own.credentials, m.id);
    status =
        code == 0 ? cert_done(c, NULL) : files_fail(c, &o.run.own, code, m.id);
  }
  return own_end(&o.run, status);
}

static int csr(cert *c, int argc, char **argv) {
  static const cert_command verbs[] = {
      {"new", csr_new, "  csr new            make a key and a request\n"},
      {"show", csr_show, "  csr show           list those that wait\n"},
      {"export", csr_export, "  csr export [ID]    write a request\n"},
      {"install", csr_install, "  csr install FILE   the certificate came\n"},
      {"delete", csr_delete, "  csr delete ID      and its private key\n"},
  };
  return cert_verb(c, verbs, sizeof verbs / sizeof *verbs, argc, argv);
}

const cert_command cert_csr = {
    "csr", csr,
    "  csr new|show|export|install|delete\n"
    "                     requests to an authority\n"};
