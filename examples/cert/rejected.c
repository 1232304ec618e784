/* SPDX-License-Identifier: BSD-2-Clause */
#include "entries.h"

#include "common/events.h"
#include "common/hex.h"

#include <openssl/pem.h>
#include <stdio.h>
#include <string.h>

/* The certificates that were refused. */

enum { REJECTED_AS = 256, REJECTED_DEPTH };

typedef struct rejected_options {
  const cert_syntax *syntax;
  h46017_trust_kind kind;
  uint64_t depth;
} rejected_options;

static int take(void *arg, int id, const char *value) {
  rejected_options *o = arg;
  bool good = id == REJECTED_AS ? entries_kind(value, &o->kind)
                                : options_number(value, 0, 100, &o->depth);
  return good ? 0 : cert_bad_value(o->syntax, id, value);
}

typedef struct rejected_run {
  cert *c;
  rejected_options options;
  text_list operands;
  trust_state state;
  json_t *array; /* of what was found, with --json */
  size_t count;
} rejected_run;

static int rejected_begin(rejected_run *r, cert *c, const cert_syntax *syntax,
                          int argc, char **argv) {
  *r = (rejected_run){.c = c, .options.syntax = syntax};
  int status =
      cert_arguments(c, syntax, argc, argv, take, &r->options, &r->operands);
  return status ? status : entries_open(c, &r->state);
}

static int rejected_end(rejected_run *r, int status) {
  trust_state_close(&r->state);
  text_list_clear(&r->operands);
  json_decref(r->array);
  return status;
}

static void text(json_t *o, const char *key, const char *value) {
  events_text(o, key, value, value ? strlen(value) : 0);
}

/* An entity of the same name that is trusted: a device installed anew, or
 * somebody who poses as it. */
static bool same_name(const rejected_run *r, const h46017_rejected_entry *e,
                      char *hex) {
  h46017_trust_entry other;
  if (h46017_trust_find_name(r->state.trust, e->cn, e->id, &other) != 0) {
    return false;
  }
  hex_print(other.id, H46017_CERT_ID_LEN, hex);
  return true;
}

static json_t *describe(const rejected_run *r, const h46017_rejected_entry *e) {
  char hex[65];
  json_t *o = json_object();
  json_t *code = json_object();
  hex_print(e->id, H46017_CERT_ID_LEN, hex);
  text(o, "id", hex);
  events_code(code, e->code);
  text(o, "code", json_string_value(json_object_get(code, "code")));
  text(o, "meaning", json_string_value(json_object_get(code, "meaning")));
  text(o, "remedy", json_string_value(json_object_get(code, "remedy")));
  json_decref(code);
  text(o, "cn", e->cn);
  text(o, "subject", e->subject);
  text(o, "issuer", e->issuer);
  json_object_set_new(o, "not_before", entries_time(e->not_before));
  json_object_set_new(o, "not_after", entries_time(e->not_after));
  text(o, "peer", e->peer);
  text(o, "role", e->role == H46017_TLS_CLIENT ? "client" : "server");
  json_object_set_new(o, "count", json_integer((json_int_t)e->count));
  json_object_set_new(o, "first_seen", entries_time(e->first_seen));
  json_object_set_new(o, "last_seen", entries_time(e->last_seen));
  json_object_set_new(o, "chain_length",
                      json_integer((json_int_t)e->chain_len));
  text(o, "same_name", same_name(r, e, hex) ? hex : NULL);
  return o;
}

/* -- list, show ------------------------------------------------------------ */

static int list_one(const h46017_rejected_entry *e, void *user_data) {
  rejected_run *r = user_data;
  char hex[65];
  char other[65];
  r->count++;
  if (r->c->json) {
    json_array_append_new(r->array, describe(r, e));
    return 0;
  }
  json_t *seen = entries_time(e->last_seen);
  const char *time = json_string_value(seen);
  hex_print(e->id, H46017_CERT_ID_LEN, hex);
  printf("%.12s  %s  %llu times, last %s from ", hex,
         h46017_error_name(e->code), (unsigned long long)e->count,
         time ? time : "?");
  entries_print_text(e->peer);
  printf("\n  ");
  entries_print_text(e->subject);
  putchar('\n');
  json_decref(seen);
  if (same_name(r, e, other)) {
    printf("  of the same name as %.12s, which is trusted: installed anew, or "
           "an impostor?\n",
           other);
  }
  return 0;
}

static int rejected_list(cert *c, int argc, char **argv) {
  static const cert_syntax syntax = {
      NULL,
      0,
      {"rejected list",
       "Lists the certificates that were shown and refused: id, reason, how\n"
       "often, when and from where last, subject.",
       "  h46017-cert rejected list\n"},
      0,
      0};
  rejected_run r;
  int status = rejected_begin(&r, c, &syntax, argc, argv);
  if (status == 0) {
    r.array = json_array();
    int code = h46017_rejected_each(r.state.rejected, list_one, &r);
    if (code != 0) {
      status = entries_fail(c, &r.state, code, "the rejected certificates");
    } else if (c->json) {
      cert_print(json_incref(r.array));
    } else if (r.count == 0) {
      printf("nobody was refused\n");
    }
  }
  return rejected_end(&r, status);
}

/* Every certificate of a chain, as it came. */
static json_t *describe_chain(const h46017_rejected_entry *e) {
  json_t *chain = json_array();
  BIO *bio = BIO_new_mem_buf(e->pem, (int)e->pem_len);
  X509 *x;
  while (bio != NULL &&
         (x = PEM_read_bio_X509(bio, NULL, NULL, NULL)) != NULL) {
    json_array_append_new(chain, entries_describe_x509(x));
    X509_free(x);
  }
  BIO_free(bio);
  return chain;
}

static int show_one(const h46017_rejected_entry *e, void *user_data) {
  rejected_run *r = user_data;
  json_t *members = describe(r, e);
  json_t *chain = describe_chain(e);
  if (r->c->json) {
    json_object_set_new(members, "chain", chain);
    (void)cert_done(r->c, members);
    return 0;
  }
  entries_print(members);
  for (size_t i = 0; i < json_array_size(chain); i++) {
    printf("%s%zu of the chain\n", i ? "\n" : "", i);
    entries_print(json_incref(json_array_get(chain, i)));
  }
  json_decref(chain);
  return 0;
}

static int rejected_show(cert *c, int argc, char **argv) {
  static const cert_syntax syntax = {
      NULL,
      0,
      {"rejected show ID",
       "Shows a refused certificate with the whole chain, as the peer sent it.",
       "  h46017-cert rejected show 3fa29c\n"},
      1,
      1};
  rejected_run r;
  int status = rejected_begin(&r, c, &syntax, argc, argv);
  if (status == 0) {
    const char *id = r.operands.items[0];
    int code = h46017_rejected_find(r.state.rejected, id, show_one, &r);
    status = code ? entries_no_id(c, &r.state, code, id) : 0;
  }
  return rejected_end(&r, status);
}

/* -- trust, clear ---------------------------------------------------------- */

static int trust_one(rejected_run *r, const char *id, entries_added *a) {
  h46017_trust_add_options options;
  size_t told = json_array_size(a->refused);
  entries_add_options(&options, r->options.kind);
  options.origin = "rejected";
  a->what = id;
  int code = h46017_rejected_trust(r->state.rejected, r->state.trust, id,
                                   (uint32_t)r->options.depth, &options,
                                   entries_tell, a);
  if (code != 0 && json_array_size(a->refused) == told) {
    json_t *refused = json_object();
    text(refused, "file", id);
    events_code(refused, code);
    json_array_append_new(a->refused, refused);
    a->next = entries_id_next(code);
    entries_report(a, &r->state, code);
  }
  return code;
}

static int rejected_trust(cert *c, int argc, char **argv) {
  static const option_spec specs[] = {
      {REJECTED_AS, "as", "authority|end-entity",
       "this very one, or it may issue others; end-entity for the leaf"},
      {REJECTED_DEPTH, "depth", "N",
       "not the leaf, but its Nth issuer as it was sent; 0"},
  };
  static const cert_syntax syntax = {
      specs,
      sizeof specs / sizeof *specs,
      {"rejected trust ID... [OPTION]...",
       "Trusts certificates that were refused, and takes them off this list. "
       "First\ncompare the SHA-256 of each with what the device itself shows.",
       "  h46017-cert rejected trust 3fa29c\n"},
      1,
      1000};
  rejected_run r;
  int status = rejected_begin(&r, c, &syntax, argc, argv);
  if (status == 0) {
    entries_added a;
    int code = 0;
    const char *next = NULL; /* of the first that failed */
    entries_added_init(&a, c);
    for (size_t i = 0; i < r.operands.count; i++) {
      a.next = NULL;
      int rv = trust_one(&r, r.operands.items[i], &a);
      next = code ? next : a.next;
      code = code ? code : rv;
    }
    a.next = next;
    (void)entries_changed(c, NULL);
    status = entries_finish(&a, code);
  }
  return rejected_end(&r, status);
}

static int rejected_clear(cert *c, int argc, char **argv) {
  static const cert_syntax syntax = {
      NULL,
      0,
      {"rejected clear", "Forgets them all.", "  h46017-cert rejected clear\n"},
      0,
      0};
  rejected_run r;
  int status = rejected_begin(&r, c, &syntax, argc, argv);
  if (status == 0) {
    int code = h46017_rejected_clear(r.state.rejected);
    status = code ? entries_fail(c, &r.state, code, "the rejected certificates")
                  : cert_done(c, NULL);
  }
  return rejected_end(&r, status);
}

static int rejected(cert *c, int argc, char **argv) {
  static const cert_command verbs[] = {
      {"list", rejected_list, "  rejected list            who, when and why\n"},
      {"show", rejected_show, "  rejected show ID         with its chain\n"},
      {"trust", rejected_trust, "  rejected trust ID...     let them in\n"},
      {"clear", rejected_clear, "  rejected clear           forget them all\n"},
  };
  return cert_verb(c, verbs, sizeof verbs / sizeof *verbs, argc, argv);
}

const cert_command cert_rejected = {
    "rejected", rejected,
    "  rejected list|show|trust|clear\n"
    "                     the certificates that were refused\n"};
