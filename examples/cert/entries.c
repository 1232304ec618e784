/* SPDX-License-Identifier: BSD-2-Clause */
#include "entries.h"

#include "common/events.h"
#include "common/hex.h"
#include "common/terminal.h"
#include "common/wallclock.h"

#include <openssl/evp.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

enum { SHORT_ID = 12, LINE_MAX_OCTETS = 1024 };

int entries_open(const cert *c, trust_state *t) {
  int code = trust_state_open(t, c->state, CLOCK_FLOOR);
  return code ? entries_fail(c, t, code, c->state) : 0;
}

const char *entries_id_next(int code) {
  return code == H46017_ERR_NOT_FOUND
             ? "'trust list' and 'rejected list' print the IDs that there are"
         : code == H46017_ERR_INVALID_ARGUMENT
             ? "an ID is hexadecimal digits, as 'trust list' and 'rejected "
               "list' print them"
             : NULL;
}

int entries_fail(const cert *c, const trust_state *t, int code,
                 const char *what) {
  const char *why = trust_state_why(t, code);
  return why[0] ? cert_fail(c, code, "%s: %s", what, why)
                : cert_fail(c, code, "%s", what);
}

int entries_no_id(const cert *c, const trust_state *t, int code,
                  const char *digits) {
  const char *next = entries_id_next(code);
  return next ? cert_fail_next(c, code, next, "%s", digits)
              : entries_fail(c, t, code, digits);
}

size_t entries_changed(const cert *c, const char *drop) {
  return c->changed ? c->changed(c->state, drop) : 0;
}

bool entries_kind(const char *value, h46017_trust_kind *out) {
  for (h46017_trust_kind kind = H46017_TRUST_AUTHORITY;
       kind <= H46017_TRUST_END_ENTITY; kind++) {
    if (strcmp(value, h46017_trust_kind_name(kind)) == 0) {
      *out = kind;
      return true;
    }
  }
  return false;
}

/* -- ids ------------------------------------------------------------------- */

static size_t same_digits(const char *a, const char *b) {
  size_t n = 0;
  while (a[n] != '\0' && a[n] == b[n]) {
    n++;
  }
  return n;
}

void entries_short(const uint8_t (*ids)[H46017_CERT_ID_LEN], size_t count,
                   const uint8_t id[H46017_CERT_ID_LEN], char *out) {
  char other[65];
  size_t digits = SHORT_ID;
  hex_print(id, H46017_CERT_ID_LEN, out);
  for (size_t i = 0; i < count; i++) {
    if (memcmp(ids[i], id, H46017_CERT_ID_LEN) != 0) {
      hex_print(ids[i], H46017_CERT_ID_LEN, other);
      size_t same = same_digits(out, other);
      digits = same >= digits ? same + 1 : digits;
    }
  }
  out[digits] = '\0';
}

/* -- one entry ------------------------------------------------------------- */

json_t *entries_time(int64_t utc) {
  time_t seconds = (time_t)utc;
  struct tm tm;
  char text[40];
  if (utc == 0 || gmtime_r(&seconds, &tm) == NULL ||
      strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", &tm) == 0) {
    return json_null();
  }
  return json_string(text);
}

json_t *entries_describe(const h46017_trust_entry *entry) {
  char hex[65];
  json_t *o = json_object();
  hex_print(entry->id, H46017_CERT_ID_LEN, hex);
  json_object_set_new(o, "id", json_string(hex));
  json_object_set_new(o, "kind",
                      json_string(h46017_trust_kind_name(entry->kind)));
  events_text(o, "cn", entry->cn, entry->cn ? strlen(entry->cn) : 0);
  events_text(o, "label", entry->label, strlen(entry->label));
  events_text(o, "origin", entry->origin, strlen(entry->origin));
  json_object_set_new(o, "added_at", entries_time(entry->added_at));
  events_text(o, "subject", entry->subject, strlen(entry->subject));
  events_text(o, "issuer", entry->issuer, strlen(entry->issuer));
  json_object_set_new(o, "not_before", entries_time(entry->not_before));
  json_object_set_new(o, "not_after", entries_time(entry->not_after));
  return o;
}

void entries_print_added(const h46017_trust_entry *entry) {
  bool authority = entry->kind == H46017_TRUST_AUTHORITY;
  char hex[65];
  hex_print(entry->id, H46017_CERT_ID_LEN, hex);
  printf("trusted as %s: ", h46017_trust_kind_name(entry->kind));
  entries_print_text(entry->subject);
  printf("\n  %s\n  %s; to change that: "
         "%s trust set %.*s --as %s\n",
         hex,
         authority ? "it may issue others" : "this very one, it issues nobody",
         report_name(), SHORT_ID, hex,
         h46017_trust_kind_name(authority ? H46017_TRUST_END_ENTITY
                                          : H46017_TRUST_AUTHORITY));
}

/* -- adding ---------------------------------------------------------------- */

void entries_add_options(h46017_trust_add_options *options,
                         h46017_trust_kind kind) {
  const int64_t floor = CLOCK_FLOOR;
  h46017_trust_add_options_default(options);
  options->kind = kind;
  if (!clock_utc_now(&options->utc_now, &floor)) {
    options->utc_now = 0;
  }
}

void entries_added_init(entries_added *a, const cert *c) {
  *a = (entries_added){.c = c, .added = json_array(), .refused = json_array()};
}

void entries_tell(size_t at, int code, const h46017_trust_entry *entry,
                  void *user_data) {
  entries_added *a = user_data;
  if (code == 0) {
    json_array_append_new(a->added, entries_describe(entry));
    if (!a->c->json) {
      entries_print_added(entry);
    }
    return;
  }
  json_t *refused = entry ? entries_describe(entry) : json_object();
  json_object_set_new(refused, "file", json_string(a->what));
  json_object_set_new(refused, "at", json_integer((json_int_t)at));
  events_code(refused, code);
  json_array_append_new(a->refused, refused);
  report_code(code, "%s: certificate %zu%s%s is not trusted", a->what, at + 1,
              entry ? ", " : "", entry ? entry->subject : "");
}

void entries_report(const entries_added *a, const trust_state *t, int code) {
  const char *why = trust_state_why(t, code);
  report_code_next(code, a->next, "%s%s%s", a->what, why[0] ? ": " : "", why);
}

int entries_finish(entries_added *a, int code) {
  json_t *members = json_object();
  json_object_set_new(members, "added", a->added);
  json_object_set_new(members, "refused", a->refused);
  if (a->next != NULL) {
    json_object_set_new(members, "remedy", json_string(a->next));
  }
  return code == 0 ? cert_done(a->c, members)
                   : cert_refuse(a->c, code, members);
}

/* -- a certificate --------------------------------------------------------- */

static json_t *bio_text(BIO *bio) {
  char *data = NULL;
  long len = BIO_get_mem_data(bio, &data);
  json_t *o = json_object();
  events_text(o, "t", data, len > 0 ? (size_t)len : 0);
  json_t *text = json_incref(json_object_get(o, "t"));
  json_decref(o);
  (void)BIO_reset(bio);
  return text;
}

static json_t *digest_text(const X509 *x, const EVP_MD *md) {
  unsigned char digest[EVP_MAX_MD_SIZE];
  char hex[2 * EVP_MAX_MD_SIZE + 1] = "";
  unsigned n = 0;
  if (md == NULL || X509_digest(x, md, digest, &n) != 1) {
    return json_null(); /* a provider without MD5 */
  }
  hex_print(digest, n, hex);
  return json_string(hex);
}

static json_t *time_text(const ASN1_TIME *time) {
  struct tm tm = {0};
  return ASN1_TIME_to_tm(time, &tm) == 1 ? entries_time(timegm(&tm))
                                         : json_null();
}

static void name_text(json_t *o, const char *key, BIO *bio,
                      const X509_NAME *name) {
  (void)X509_NAME_print_ex(
      bio, name, 0, XN_FLAG_RFC2253 & ~(unsigned long)ASN1_STRFLGS_ESC_MSB);
  json_object_set_new(o, key, bio_text(bio));
}

static json_t *extension_text(const X509 *x, int nid, BIO *bio) {
  int at = X509_get_ext_by_NID(x, nid, -1);
  if (at < 0) {
    return json_null();
  }
  (void)X509V3_EXT_print(bio, X509_get_ext(x, at), X509V3_EXT_ERROR_UNKNOWN, 0);
  return bio_text(bio);
}

/* OpenSSL has a line for each; here they are one. */
static json_t *constraints_text(const X509 *x, BIO *bio) {
  json_t *lines = extension_text(x, NID_name_constraints, bio);
  char text[LINE_MAX_OCTETS];
  size_t n = 0;
  const char *p = json_string_value(lines);
  for (; p != NULL && *p != '\0' && n + 1 < sizeof text; p++) {
    text[n] = ' ';
    if (*p != ' ' && *p != '\n') {
      text[n++] = *p;
    } else if (n > 0 && text[n - 1] != ' ') {
      n++;
    }
  }
  while (n > 0 && text[n - 1] == ' ') {
    n--;
  }
  json_decref(lines);
  return n > 0 ? json_stringn(text, n) : json_null();
}

json_t *entries_describe_x509(X509 *x) {
  EVP_PKEY *key = X509_get0_pubkey(x);
  char text[64];
  json_t *o = json_object();
  BIO *bio = BIO_new(BIO_s_mem());
  if (bio == NULL) {
    return o;
  }
  name_text(o, "subject", bio, X509_get_subject_name(x));
  name_text(o, "issuer", bio, X509_get_issuer_name(x));
  json_object_set_new(
      o, "self_signed",
      json_boolean((X509_get_extension_flags(x) & EXFLAG_SS) != 0));
  json_object_set_new(o, "ca", json_boolean(X509_check_ca(x) == 1));
  json_object_set_new(o, "not_before", time_text(X509_get0_notBefore(x)));
  json_object_set_new(o, "not_after", time_text(X509_get0_notAfter(x)));
  snprintf(text, sizeof text, "%s %d", key ? EVP_PKEY_get0_type_name(key) : "?",
           key ? EVP_PKEY_get_bits(key) : 0);
  json_object_set_new(o, "key", json_string(text));
  json_object_set_new(o, "signature",
                      json_string(OBJ_nid2ln(X509_get_signature_nid(x))));
  (void)i2a_ASN1_INTEGER(bio, X509_get0_serialNumber(x));
  json_object_set_new(o, "serial", bio_text(bio));
  json_object_set_new(o, "san", extension_text(x, NID_subject_alt_name, bio));
  json_object_set_new(o, "key_usage", extension_text(x, NID_key_usage, bio));
  json_object_set_new(o, "extended_key_usage",
                      extension_text(x, NID_ext_key_usage, bio));
  json_object_set_new(o, "name_constraints", constraints_text(x, bio));
  json_object_set_new(o, "sha256", digest_text(x, EVP_sha256()));
  json_object_set_new(o, "sha1", digest_text(x, EVP_sha1()));
  json_object_set_new(o, "md5", digest_text(x, EVP_md5()));
  BIO_free(bio);
  return o;
}

void entries_print_text(const char *text) {
  terminal_put(stdout, text);
}

void entries_print(json_t *members) {
  const char *key;
  json_t *value;
  json_object_foreach(members, key, value) {
    if (json_is_string(value) && json_string_length(value) > 0) {
      printf("  %-19s", key);
      entries_print_text(json_string_value(value));
      putchar('\n');
    } else if (json_is_boolean(value)) {
      printf("  %-19s%s\n", key, json_is_true(value) ? "yes" : "no");
    } else if (json_is_integer(value)) {
      printf("  %-19s%" JSON_INTEGER_FORMAT "\n", key,
             json_integer_value(value));
    }
  }
  json_decref(members);
}
