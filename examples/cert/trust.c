/* SPDX-License-Identifier: BSD-2-Clause */
#include "entries.h"

#include "common/hex.h"
#include "common/state_dir.h"
#include "files.h"

#include <errno.h>
#include <openssl/pem.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* The trust list. */

enum {
  TRUST_AS = 256,
  TRUST_LABEL,
  TRUST_FINGERPRINT,
  TRUST_DER,
  TRUST_OUT,
  TRUST_OWN_CHAIN,
  TRUST_DROP
};

typedef struct trust_options {
  const cert_syntax *syntax;
  h46017_trust_kind kind;
  const char *label;
  bool expects;
  uint8_t fingerprint[H46017_CERT_ID_LEN];
  bool der;
  const char *out;
  bool own_chain;
  bool drop;
} trust_options;

static int take(void *arg, int id, const char *value) {
  trust_options *o = arg;
  bool good = true;
  switch (id) {
  case TRUST_AS:
    good = entries_kind(value, &o->kind);
    break;
  case TRUST_LABEL:
    o->label = value;
    break;
  case TRUST_FINGERPRINT:
    value += strspn(value, ": ");
    good = o->expects = hex_sha256(value, ": ", o->fingerprint);
    break;
  case TRUST_DER:
    o->der = true;
    break;
  case TRUST_OUT:
    o->out = value;
    break;
  case TRUST_OWN_CHAIN:
    o->own_chain = true;
    break;
  default:
    o->drop = true;
    break;
  }
  return good ? 0 : cert_bad_value(o->syntax, id, value);
}

/* The list is open, the arguments are read. */
typedef struct trust_run {
  cert *c;
  trust_options options;
  text_list operands;
  trust_state state;
} trust_run;

static int trust_begin(trust_run *r, cert *c, const cert_syntax *syntax,
                       int argc, char **argv) {
  *r = (trust_run){.c = c, .options.syntax = syntax};
  int status =
      cert_arguments(c, syntax, argc, argv, take, &r->options, &r->operands);
  return status ? status : entries_open(c, &r->state);
}

static int trust_end(trust_run *r, int status) {
  trust_state_close(&r->state);
  text_list_clear(&r->operands);
  return status;
}

/* 0, or a status after cert_fail() */
static int find(trust_run *r, const char *digits, h46017_trust_entry *entry) {
  int code = h46017_trust_find(r->state.trust, digits, entry);
  return code ? entries_no_id(r->c, &r->state, code, digits) : 0;
}

/* -- add, replace ---------------------------------------------------------- */

static void fill_options(h46017_trust_add_options *options,
                         const trust_run *r) {
  entries_add_options(options, r->options.kind);
  options->label = r->options.label;
  options->expect = r->options.expects ? r->options.fingerprint : NULL;
}

/* One file; `old` is replaced by it, or NULL. */
static int add_file(trust_run *r, const char *path, const uint8_t *old,
                    entries_added *a) {
  h46017_trust_add_options options;
  file_octets file;
  size_t told = json_array_size(a->added) + json_array_size(a->refused);
  int code;
  a->what = path;
  fill_options(&options, r);
  if (!file_read(path, TRUST_FILE_MAX, &file)) {
    code = H46017_ERR_STORE_IO;
    report_code(code, "%s: %s", path,
                strerror(errno)); /* NOLINT(concurrency-mt-unsafe) */
    return code;
  }
  code = old ? h46017_trust_replace(r->state.trust, old, file.data, file.len,
                                    &options, entries_tell, a)
             : h46017_trust_add(r->state.trust, file.data, file.len, &options,
                                entries_tell, a);
  file_free(&file);
  if (code != 0 &&
      (told == json_array_size(a->added) + json_array_size(a->refused) ||
       json_array_size(a->refused) == 0)) {
    entries_report(a, &r->state, code);
  }
  return code;
}

static int add_own_pem(const uint8_t *data, size_t len, void *user_data) {
  const trust_run *r = user_data;
  h46017_trust_add_options options;
  entries_add_options(&options, H46017_TRUST_AUTO);
  return h46017_trust_add_own_chain(r->state.trust, data, len, options.utc_now);
}

/* The issuers of the certificate in force, never itself: devices of the same
 * maker are trusted then. */
static int add_own_chain(trust_run *r, entries_added *a) {
  own_store own = {0};
  h46017_credential *cred = NULL;
  a->what = "the own chain";
  if (files_open(r->c, &own) != 0) {
    return H46017_ERR_STORE_IO;
  }
  int code = h46017_credentials_get(own.credentials, NULL, &cred);
  if (code == 0) {
    code = h46017_credential_export(cred, H46017_EXPORT_PEM,
                                    H46017_EXPORT_CHAIN, NULL, add_own_pem, r);
  }
  if (code != 0) {
    a->next = code == H46017_ERR_NOT_FOUND
                  ? "'import' takes a certificate with its chain"
                  : NULL;
    entries_report(a, &r->state, code);
  }
  h46017_credential_del(cred);
  files_close(&own);
  return code;
}

static int trust_add(cert *c, int argc, char **argv) {
  static const option_spec specs[] = {
      {TRUST_AS, "as", "authority|end-entity",
       "it may issue others, or is this very one; the certificate says"},
      {TRUST_LABEL, "label", "TEXT", "words of your own"},
      {TRUST_FINGERPRINT, "expect-fingerprint", "HEX",
       "refuse any other: the SHA-256 that the device itself shows"},
      {TRUST_OWN_CHAIN, "own-chain", NULL,
       "the issuers of the own certificate, as authorities"},
  };
  static const cert_syntax syntax = {
      specs,
      sizeof specs / sizeof *specs,
      {"trust add FILE...|--own-chain [OPTION]...",
       "Trusts the certificates of files, PEM (any number) or DER. Without\n"
       "--as one that says CA:TRUE and may sign certificates (keyUsage)\n"
       "becomes an authority, any other an end entity: this very certificate,\n"
       "which issues nobody. Only what is valid now can be trusted.",
       "  h46017-cert trust add CA/cacert.pem\n"
       "  h46017-cert trust add phone.pem --expect-fingerprint 3F:A2:...\n"},
      0,
      1000};
  trust_run r;
  int code = 0;
  int status = trust_begin(&r, c, &syntax, argc, argv);
  if (status == 0 && (r.operands.count == 0) != r.options.own_chain) {
    status = report_usage("trust what? FILE..., or --own-chain");
  }
  if (status == 0) {
    entries_added a;
    entries_added_init(&a, c);
    code = r.options.own_chain ? add_own_chain(&r, &a) : 0;
    for (size_t i = 0; i < r.operands.count; i++) {
      int rv = add_file(&r, r.operands.items[i], NULL, &a);
      code = code ? code : rv;
    }
    (void)entries_changed(c, NULL);
    status = entries_finish(&a, code);
  }
  return trust_end(&r, status);
}

/* One that was refused, without the chain that it came with. */
typedef struct refused_one {
  trust_run *run;
  const uint8_t *old;
  entries_added *added;
} refused_one;

static int replace_by(const h46017_rejected_entry *e, void *user_data) {
  refused_one *o = user_data;
  h46017_trust_add_options options;
  BIO *bio = BIO_new_mem_buf(e->pem, (int)e->pem_len);
  X509 *leaf = bio ? PEM_read_bio_X509(bio, NULL, NULL, NULL) : NULL;
  unsigned char *der = NULL;
  int len = leaf ? i2d_X509(leaf, &der) : 0;
  fill_options(&options, o->run);
  int code = len > 0 ? h46017_trust_replace(o->run->state.trust, o->old, der,
                                            (size_t)len, &options, entries_tell,
                                            o->added)
                     : H46017_ERR_NOMEM;
  OPENSSL_free(der);
  X509_free(leaf);
  BIO_free(bio);
  return code;
}

static int add_refused(trust_run *r, const char *digits, const uint8_t *old,
                       entries_added *a) {
  refused_one o = {r, old, a};
  a->what = digits;
  int code = h46017_rejected_find(r->state.rejected, digits, replace_by, &o);
  if (code != 0 && json_array_size(a->refused) == 0) {
    a->next = entries_id_next(code);
    entries_report(a, &r->state, code);
  }
  return code;
}

/* What is called like a file is one. */
static int add_new(trust_run *r, const char *what, const uint8_t *old,
                   entries_added *a) {
  bool digits = what[strspn(what, "0123456789abcdefABCDEF")] == '\0';
  return digits && access(what, F_OK) != 0 ? add_refused(r, what, old, a)
                                           : add_file(r, what, old, a);
}

static int trust_replace(cert *c, int argc, char **argv) {
  static const option_spec specs[] = {
      {TRUST_AS, "as", "authority|end-entity", "the old one's kind"},
      {TRUST_LABEL, "label", "TEXT", "the old one's words"},
      {TRUST_FINGERPRINT, "expect-fingerprint", "HEX",
       "refuse any other: the SHA-256 that the device itself shows"},
  };
  static const cert_syntax syntax = {
      specs,
      sizeof specs / sizeof *specs,
      {"trust replace OLD-ID NEW-FILE|REJECTED-ID [OPTION]...",
       "Puts a certificate in the place of another: a device that was "
       "installed\n"
       "anew, a gatekeeper that h46017-ep pinned. The new one is in force "
       "before\nthe old one is gone.",
       "  h46017-cert trust replace 3fa29c phone-new.pem\n"
       "  h46017-cert trust replace 3fa29c 81b06e   (which was refused)\n"},
      2,
      2};
  trust_run r;
  h46017_trust_entry old;
  int status = trust_begin(&r, c, &syntax, argc, argv);
  if (status == 0) {
    status = find(&r, r.operands.items[0], &old);
  }
  if (status == 0) {
    entries_added a;
    uint8_t id[H46017_CERT_ID_LEN];
    memcpy(id, old.id, sizeof id);
    entries_added_init(&a, c);
    int code = add_new(&r, r.operands.items[1], id, &a);
    (void)entries_changed(c, NULL);
    status = entries_finish(&a, code);
  }
  return trust_end(&r, status);
}

/* -- list, show, export ---------------------------------------------------- */

typedef struct trust_listing {
  json_t *array; /* with --json */
  uint8_t (*ids)[H46017_CERT_ID_LEN];
  size_t count;
  size_t at;
} trust_listing;

static int list_id(const h46017_trust_entry *entry, void *user_data) {
  trust_listing *l = user_data;
  memcpy(l->ids[l->at++], entry->id, H46017_CERT_ID_LEN);
  return 0;
}

static int list_one(const h46017_trust_entry *entry, void *user_data) {
  const trust_listing *l = user_data;
  char id[65];
  if (l->array != NULL) {
    json_array_append_new(l->array, entries_describe(entry));
    return 0;
  }
  json_t *until = entries_time(entry->not_after);
  const char *day = json_string_value(until);
  /* the list is sorted: whatever is alike stands side by side */
  size_t from = l->at > 0 ? l->at - 1 : 0;
  entries_short((const uint8_t(*)[H46017_CERT_ID_LEN])(l->ids + from),
                l->count - from < 3 ? l->count - from : 3, entry->id, id);
  printf("%s  %-10s  until %.10s  ", id, h46017_trust_kind_name(entry->kind),
         day ? day : "?");
  entries_print_text(entry->subject);
  printf("%s", entry->label[0] ? "  # " : "");
  entries_print_text(entry->label);
  putchar('\n');
  json_decref(until);
  return 0;
}

static int list_next(const h46017_trust_entry *entry, void *user_data) {
  trust_listing *l = user_data;
  int code = list_one(entry, l);
  l->at++;
  return code;
}

static int trust_list(cert *c, int argc, char **argv) {
  static const cert_syntax syntax = {
      NULL,
      0,
      {"trust list",
       "Lists whom the programs of this state directory trust: id, kind, end\n"
       "of validity, subject, label.",
       "  h46017-cert trust list\n"},
      0,
      0};
  trust_run r;
  int status = trust_begin(&r, c, &syntax, argc, argv);
  if (status == 0) {
    size_t count = h46017_trust_count(r.state.trust);
    trust_listing l = {.array = c->json ? json_array() : NULL, .count = count};
    l.ids = calloc(count + 1, sizeof *l.ids);
    if (l.ids == NULL) {
      status = cert_fail(c, H46017_ERR_NOMEM, "the trust list");
    } else {
      (void)h46017_trust_each(r.state.trust, list_id, &l);
      l.at = 0;
      (void)h46017_trust_each(r.state.trust, list_next, &l);
    }
    free(l.ids);
    if (count == 0 && !c->json) {
      printf("nobody is trusted\n");
    }
    if (h46017_trust_damaged(r.state.trust) > 0) {
      report_code(H46017_ERR_STORE_CORRUPT, "%zu entries are passed over",
                  h46017_trust_damaged(r.state.trust));
    }
    if (l.array != NULL) {
      cert_print(l.array);
    }
  }
  return trust_end(&r, status);
}

static int trust_show(cert *c, int argc, char **argv) {
  static const cert_syntax syntax = {
      NULL,
      0,
      {"trust show ID", "Shows an entry and what its certificate says.",
       "  h46017-cert trust show 3fa29c\n"},
      1,
      1};
  trust_run r;
  h46017_trust_entry entry;
  int status = trust_begin(&r, c, &syntax, argc, argv);
  if (status == 0) {
    status = find(&r, r.operands.items[0], &entry);
  }
  if (status == 0) {
    json_t *members = entries_describe(&entry);
    const unsigned char *der = entry.der;
    X509 *x = d2i_X509(NULL, &der, (long)entry.der_len);
    if (x != NULL) {
      json_t *more = entries_describe_x509(x);
      json_object_update(members, more);
      json_decref(more);
      X509_free(x);
    }
    if (c->json) {
      (void)cert_done(c, members);
    } else {
      entries_print(members);
    }
  }
  return trust_end(&r, status);
}

static int export_one(const h46017_trust_entry *entry, void *user_data) {
  BIO *bio = user_data;
  const unsigned char *der = entry->der;
  X509 *x = d2i_X509(NULL, &der, (long)entry->der_len);
  bool done = x != NULL && BIO_printf(bio, "# %s\n", entry->subject) > 0 &&
              PEM_write_bio_X509(bio, x) == 1;
  X509_free(x);
  return done ? 0 : H46017_ERR_NOMEM;
}

static int export_entries(trust_run *r) {
  const trust_options *o = &r->options;
  h46017_trust_entry entry;
  BIO *bio = BIO_new(BIO_s_mem());
  int status = 0;
  int code = bio ? 0 : H46017_ERR_NOMEM;
  if (code == 0 && r->operands.count == 0) {
    code = h46017_trust_each(r->state.trust, export_one, bio);
  } else if (code == 0) {
    status = find(r, r->operands.items[0], &entry);
    if (status == 0 && o->der) {
      code = BIO_write(bio, entry.der, (int)entry.der_len) > 0
                 ? 0
                 : H46017_ERR_NOMEM;
    } else if (status == 0) {
      code = export_one(&entry, bio);
    }
  }
  if (code != 0) {
    status = cert_fail(r->c, code, "the trust list");
  }
  if (status == 0) {
    unsigned char *data = NULL;
    long len = BIO_get_mem_data(bio, (char **)&data);
    status = files_write(r->c, o->out, 0644, data, (size_t)len);
  }
  BIO_free(bio);
  return status ? status : o->out ? cert_done(r->c, NULL) : EXIT_DONE;
}

static int trust_export(cert *c, int argc, char **argv) {
  static const option_spec specs[] = {
      {TRUST_DER, "der", NULL, "DER, not PEM; one certificate"},
      {TRUST_OUT, "out", "FILE", "where to; standard output"},
  };
  static const cert_syntax syntax = {
      specs,
      sizeof specs / sizeof *specs,
      {"trust export [ID] [OPTION]...",
       "Writes a certificate of the trust list, or all of them, in the order "
       "of\ntheir ids.",
       "  h46017-cert trust export --out trusted.pem\n"},
      0,
      1};
  trust_run r;
  int status = trust_begin(&r, c, &syntax, argc, argv);
  if (status == 0 && r.options.der && r.operands.count == 0) {
    status = report_usage("--der is for one certificate: give its ID");
  }
  if (status == 0) {
    status = export_entries(&r);
  }
  return trust_end(&r, status);
}

/* -- set, remove, clear ---------------------------------------------------- */

static int trust_set(cert *c, int argc, char **argv) {
  static const option_spec specs[] = {
      {TRUST_AS, "as", "authority|end-entity", "what the entry is to be"},
      {TRUST_LABEL, "label", "TEXT", "words of your own about it"},
  };
  static const cert_syntax syntax = {
      specs,
      sizeof specs / sizeof *specs,
      {"trust set ID [OPTION]...",
       "Makes an entry the other kind, or gives it another label. What says "
       "that\nit is no authority cannot become one.",
       "  h46017-cert trust set 3fa29c --as end-entity\n"},
      1,
      1};
  trust_run r;
  h46017_trust_entry entry;
  int status = trust_begin(&r, c, &syntax, argc, argv);
  if (status == 0 && r.options.kind == H46017_TRUST_AUTO &&
      r.options.label == NULL) {
    status = report_usage("to what? --as authority|end-entity, --label TEXT");
  }
  if (status == 0) {
    status = find(&r, r.operands.items[0], &entry);
  }
  if (status == 0) {
    uint8_t id[H46017_CERT_ID_LEN];
    memcpy(id, entry.id, sizeof id);
    int code = r.options.kind != H46017_TRUST_AUTO
                   ? h46017_trust_set_kind(r.state.trust, id, r.options.kind)
                   : 0;
    if (code == 0 && r.options.label != NULL) {
      code = h46017_trust_set_label(r.state.trust, id, r.options.label);
    }
    (void)entries_changed(c, NULL);
    status = code ? entries_fail(c, &r.state, code, r.operands.items[0])
                  : cert_done(c, NULL);
  }
  return trust_end(&r, status);
}

static int remove_entry(trust_run *r, const h46017_trust_entry *entry) {
  uint8_t id[H46017_CERT_ID_LEN];
  char hex[65];
  memcpy(id, entry->id, sizeof id);
  hex_print(id, H46017_CERT_ID_LEN, hex);
  int code = h46017_trust_remove(r->state.trust, id);
  if (code != 0) {
    return entries_fail(r->c, &r->state, code, hex);
  }
  size_t dropped = entries_changed(r->c, r->options.drop ? hex : NULL);
  if (r->options.drop && !r->c->json) {
    printf("%zu connections are ended\n", dropped);
  }
  json_t *members = json_object();
  if (r->options.drop) {
    json_object_set_new(members, "dropped", json_integer((json_int_t)dropped));
  }
  return cert_done(r->c, members);
}

static int trust_remove(cert *c, int argc, char **argv) {
  static const option_spec specs[] = {
      {TRUST_DROP, "drop", NULL, "and end the connections that rest on it"},
  };
  /* there is nobody to end connections where no gatekeeper is told */
  const cert_syntax syntax = {
      specs,
      c->changed ? 1 : 0,
      {c->changed ? "trust remove ID [--drop]" : "trust remove ID",
       "Trusts it no more, from the next handshake on; it is not resumed\n"
       "either. Connections that are up stay.",
       "  h46017-cert trust remove 3fa29c\n"},
      1,
      1};
  trust_run r;
  h46017_trust_entry entry;
  int status = trust_begin(&r, c, &syntax, argc, argv);
  if (status == 0) {
    status = find(&r, r.operands.items[0], &entry);
  }
  if (status == 0) {
    status = remove_entry(&r, &entry);
  }
  return trust_end(&r, status);
}

static int trust_clear(cert *c, int argc, char **argv) {
  static const cert_syntax syntax = {
      NULL,
      0,
      {"trust clear",
       "Trusts nobody any more, from the next handshake on. Connections that "
       "are\nup stay. On a terminal it asks first.",
       "  h46017-cert trust clear\n"},
      0,
      0};
  trust_run r;
  int status = trust_begin(&r, c, &syntax, argc, argv);
  if (status == 0) {
    status = cert_confirm_person(c, "trust nobody any more?");
  }
  if (status == 0) {
    int code = h46017_trust_clear(r.state.trust, NULL);
    (void)entries_changed(c, NULL);
    status = code ? entries_fail(c, &r.state, code, "the trust list")
                  : cert_done(c, NULL);
  }
  return trust_end(&r, status);
}

static int trust(cert *c, int argc, char **argv) {
  static const cert_command verbs[] = {
      {"add", trust_add, "  trust add FILE...        PEM or DER\n"},
      {"list", trust_list, "  trust list               whom\n"},
      {"show", trust_show, "  trust show ID            one of them\n"},
      {"set", trust_set,
       "  trust set ID OPTION...   make it the other kind; label it\n"},
      {"remove", trust_remove, "  trust remove ID          no more\n"},
      {"clear", trust_clear, "  trust clear              nobody any more\n"},
      {"export", trust_export, "  trust export [ID]        write it, or all\n"},
      {"replace", trust_replace,
       "  trust replace OLD-ID NEW-FILE\n"
       "                           a device was installed anew\n"},
  };
  return cert_verb(c, verbs, sizeof verbs / sizeof *verbs, argc, argv);
}

const cert_command cert_trust = {
    "trust", trust,
    "  trust add|list|show|set|remove|clear|export|replace\n"
    "                     whom the programs trust\n"};
