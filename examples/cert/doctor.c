/* SPDX-License-Identifier: BSD-2-Clause */
#include "entries.h"
#include "files.h"
#include "rehearse.h"

#include "common/events.h"
#include "common/hex.h"
#include "common/own.h"
#include "common/wallclock.h"

#include <openssl/x509v3.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* What is wrong, or soon will be, with clock, own certificates and trust list,
 * and what to do about it. */

enum { DAY = 86400, TEXT_MAX = 400 };

typedef enum level { OK, NOTE, WARNING, URGENT, ERROR } level;

static const char *const level_names[] = {"ok", "note", "warning", "urgent",
                                          "error"};

typedef struct doctor {
  cert *c;
  const char *name; /* what clients call the gatekeeper; NULL: not known */
  int64_t floor;
  int64_t now; /* 0: not known */
  bool reset;
  const char *about;
  json_t *findings;
  level worst;
  int code; /* of the first error */
  trust_state trust;
  own_store own;
  h46017_store store;
} doctor;

/* -- findings -------------------------------------------------------------- */

/* `remedy` NULL: the code's, if there is one. */
__attribute__((format(printf, 5, 6))) static void
find(doctor *d, level how, int code, const char *remedy, const char *format,
     ...) {
  char text[TEXT_MAX];
  va_list args;
  va_start(args, format);
  vsnprintf(text, sizeof text, format, args);
  va_end(args);
  if (remedy == NULL && code != 0) {
    remedy = h46017_error_remedy(code);
  }
  json_t *finding = json_object();
  json_object_set_new(finding, "level", json_string(level_names[how]));
  events_text(finding, "about", d->about, strlen(d->about));
  events_text(finding, "text", text, strlen(text));
  events_text(finding, "code", code ? h46017_error_name(code) : NULL,
              code ? strlen(h46017_error_name(code)) : 0);
  events_text(finding, "remedy", remedy, remedy ? strlen(remedy) : 0);
  json_array_append_new(d->findings, finding);
  d->worst = how > d->worst ? how : d->worst;
  if (how == ERROR && d->code == 0) {
    d->code = code;
  }
}

static void print_findings(const doctor *d) {
  size_t i;
  json_t *f;
  json_array_foreach(d->findings, i, f) {
    const char *code = json_string_value(json_object_get(f, "code"));
    const char *remedy = json_string_value(json_object_get(f, "remedy"));
    printf("%-8s ", json_string_value(json_object_get(f, "level")));
    entries_print_text(json_string_value(json_object_get(f, "about")));
    printf(": ");
    entries_print_text(json_string_value(json_object_get(f, "text")));
    printf(code ? " (%s)\n" : "\n", code);
    if (remedy != NULL) {
      printf("         %s\n", remedy);
    }
  }
}

/* -- the clock ------------------------------------------------------------- */

static const char *date(int64_t utc, char out[40]) {
  json_t *text = entries_time(utc);
  const char *value = json_string_value(text);
  snprintf(out, 40, "%.10s", value ? value : "?");
  json_decref(text);
  return out;
}

/* Goes back to the release's floor where asked to; what cannot be is an error
 * like the others. */
static void reset_floor(doctor *d) {
  int code = h46017_clock_reset(d->trust.clock);
  if (code != 0) {
    find(d, ERROR, code, NULL, "its floor: %s",
         trust_state_why(&d->trust, code));
  } else {
    find(d, NOTE, 0, "restart the programs that run: they keep what they had",
         "its floor is the release's again");
  }
}

static void look_at_clock(doctor *d) {
  d->about = "clock";
  if (d->reset) {
    reset_floor(d);
  }
  if (!clock_utc_now(&d->now, &d->floor) ||
      !clock_utc_by(&d->now, d->trust.clock)) {
    int64_t kept = h46017_clock_floor(d->trust.clock);
    char floor[40];
    d->now = 0;
    find(d, ERROR, H46017_ERR_CLOCK_NOT_SET, NULL,
         "it shows a time before %s, which has passed",
         date(kept > d->floor ? kept : d->floor, floor));
    return;
  }
  json_t *text = entries_time(d->now);
  find(d, OK, 0, NULL, "it shows %s", json_string_value(text));
  json_decref(text);
}

/* -- validity -------------------------------------------------------------- */

/* 90, 30 and 7 days before the end there is something to do. True: valid now.
 */
static bool look_at_validity(doctor *d, int64_t from, int64_t to,
                             const char *what, const char *remedy) {
  char end[40];
  int64_t days = (to - d->now) / DAY;
  date(to, end);
  if (d->now < from) {
    find(d, ERROR, H46017_ERR_CERT_NOT_YET_VALID, NULL, "%s begins on %s", what,
         date(from, end));
  } else if (d->now > to) {
    find(d, ERROR, H46017_ERR_CERT_EXPIRED, remedy, "%s expired on %s", what,
         end);
  } else {
    find(d,
         days < 7    ? URGENT
         : days < 30 ? WARNING
         : days < 90 ? NOTE
                     : OK,
         0, days < 90 ? remedy : NULL, "%s is valid until %s, %lld days", what,
         end, (long long)days);
  }
  return d->now >= from && d->now <= to;
}

static int64_t asn1_utc(const ASN1_TIME *time) {
  struct tm tm = {0};
  return ASN1_TIME_to_tm(time, &tm) == 1 ? (int64_t)timegm(&tm) : 0;
}

static bool look_at_times(doctor *d, const h46017_credential *cred) {
  bool valid = true;
  for (size_t i = 0; i <= h46017_credential_chain_count(cred); i++) {
    const X509 *x = i == 0 ? h46017_credential_leaf(cred)
                           : h46017_credential_chain_at(cred, i - 1);
    char what[48] = "the certificate";
    if (i > 0) {
      snprintf(what, sizeof what, "issuer %zu of the chain", i);
    }
    if (!look_at_validity(d, asn1_utc(X509_get0_notBefore(x)),
                          asn1_utc(X509_get0_notAfter(x)), what,
                          i == 0 ? "renew it: h46017-cert renew, or csr new"
                                 : "have the authority renew its own, and "
                                   "import the new chain")) {
      valid = false;
    }
  }
  return valid;
}

/* -- what a peer would say of it ------------------------------------------- */

typedef struct adding {
  h46017_trust *list;
  int64_t now;
  bool chain;
} adding;

static int add_pem(const uint8_t *data, size_t len, void *user_data) {
  const adding *to = user_data;
  h46017_trust_add_options options;
  if (to->chain) {
    return h46017_trust_add_own_chain(to->list, data, len, to->now);
  }
  h46017_trust_add_options_default(&options);
  options.kind = H46017_TRUST_END_ENTITY;
  options.utc_now = to->now;
  return h46017_trust_add(to->list, data, len, &options, NULL, NULL);
}

/* The list of somebody who trusts the issuers, or, where they are not with it,
 * the certificate itself. */
static int make_list(const doctor *d, const h46017_credential *cred,
                     h46017_trust **plist) {
  adding to = {.now = d->now, .chain = h46017_credential_chain_count(cred) > 0};
  int code = h46017_trust_new(&to.list, NULL, NULL);
  if (code == 0) {
    code = h46017_credential_export(cred, H46017_EXPORT_PEM,
                                    to.chain ? H46017_EXPORT_CHAIN : 0, NULL,
                                    add_pem, &to);
  }
  *plist = to.list;
  return code;
}

/* The strictest profile that takes it; -1 and a code: none. */
static int best_profile(const doctor *d, const h46017_credential *cred,
                        const h46017_trust *list, h46017_tls_role role,
                        int *pcode) {
  uint8_t entry[H46017_CERT_ID_LEN];
  rehearsal r = {.own = cred,
                 .role = role,
                 .trust = list,
                 .name = role == H46017_TLS_SERVER ? d->name : NULL,
                 .utc = d->now};
  *pcode = 0;
  for (int profile = H46017_TLS_MODERN; profile <= H46017_TLS_LEGACY_SHA1;
       profile++) {
    r.profile = (h46017_tls_profile)profile;
    int code = rehearse(&r, entry);
    if (code == 0) {
      return profile;
    }
    /* what the strictest says is the point, unless it is strength alone */
    *pcode = *pcode == 0 || *pcode == H46017_ERR_CERT_WEAK ? code : *pcode;
  }
  return -1;
}

static void tell_role(doctor *d, const char *whose, int profile, int code,
                      bool other) {
  static const char *const names[] = {"modern", "legacy-device", "legacy-sha1"};
  if (profile == H46017_TLS_MODERN) {
    find(d, OK, 0, NULL, "good as %s", whose);
  } else if (profile > 0) {
    find(d, WARNING, H46017_ERR_CERT_WEAK, NULL,
         "as %s it is taken only by peers of --profile %s", whose,
         names[profile]);
  } else {
    find(d, other && code != H46017_ERR_SERVER_NAME ? NOTE : ERROR, code, NULL,
         "refused as %s: %s", whose, h46017_strerror(code));
  }
}

static void look_at_trust_in(doctor *d, const h46017_credential *cred,
                             h46017_tls_role role) {
  uint8_t entry[H46017_CERT_ID_LEN];
  h46017_trust_entry found;
  char hex[65];
  const rehearsal r = {.own = cred,
                       .role = role,
                       .profile = H46017_TLS_LEGACY_SHA1,
                       .trust = d->trust.trust,
                       .utc = d->now};
  if (rehearse(&r, entry) != 0) {
    find(d, NOTE, 0,
         "whom it is shown to has to trust it, or its authority: h46017-cert "
         "export, and there h46017-cert trust add FILE",
         "nobody in this trust list vouches for it");
    return;
  }
  hex_print(entry, sizeof entry, hex);
  if (h46017_trust_find(d->trust.trust, hex, &found) == 0) {
    find(d, OK, 0, NULL, "trusted by whoever trusts %s %.12s, %s",
         h46017_trust_kind_name(found.kind), hex, found.subject);
  }
}

static void look_at_roles(doctor *d, const h46017_credential *cred) {
  h46017_trust *list = NULL;
  int codes[2] = {0};
  int profiles[2] = {-1, -1};
  int code = make_list(d, cred, &list);
  if (code == 0) {
    profiles[0] = best_profile(d, cred, list, H46017_TLS_SERVER, &codes[0]);
    profiles[1] = best_profile(d, cred, list, H46017_TLS_CLIENT, &codes[1]);
    tell_role(d, "a gatekeeper's", profiles[0], codes[0], profiles[1] >= 0);
    tell_role(d, "an endpoint's", profiles[1], codes[1], profiles[0] >= 0);
  } else {
    find(d, ERROR, code, NULL, "it cannot be trusted");
  }
  h46017_trust_del(list);
  if (profiles[0] >= 0 || profiles[1] >= 0) {
    look_at_trust_in(d, cred,
                     profiles[0] >= 0 ? H46017_TLS_SERVER : H46017_TLS_CLIENT);
  }
}

/* -- own certificates ------------------------------------------------------ */

/* Names that an issuer may not give are refused in a handshake; this says why.
 */
static void look_at_constraints(doctor *d, X509 *issuer) {
  json_t *said = entries_describe_x509(issuer);
  const char *names =
      json_string_value(json_object_get(said, "name_constraints"));
  if (names != NULL) {
    find(d, NOTE, 0, NULL, "%s vouches for some names only: %s",
         json_string_value(json_object_get(said, "subject")), names);
  }
  json_decref(said);
}

static void look_at_chain(doctor *d, const h46017_credential *cred,
                          uint32_t notes) {
  size_t count = h46017_credential_chain_count(cred);
  X509 *last = count > 0 ? h46017_credential_chain_at(cred, count - 1)
                         : h46017_credential_leaf(cred);
  if ((notes & H46017_IMPORT_REORDERED) != 0) {
    find(d, WARNING, 0, "h46017-cert export --chain, and import that",
         "the chain is not in order, the certificate first; it is shown in "
         "order");
  }
  if ((notes & H46017_IMPORT_LEFT_OUT) != 0) {
    find(d, NOTE, 0, NULL, "certificates that are not of its chain are there");
  }
  for (size_t i = 0; i < count; i++) {
    look_at_constraints(d, h46017_credential_chain_at(cred, i));
  }
  if ((X509_get_extension_flags(last) & EXFLAG_SS) == 0) {
    json_t *said = entries_describe_x509(last);
    find(d, NOTE, 0,
         "peers that trust an authority above have to get the chain up to it: "
         "import the certificate with its issuers",
         "the chain ends below %s",
         json_string_value(json_object_get(said, "issuer")));
    json_decref(said);
  }
}

static void look_at_own(doctor *d, const h46017_credential *cred,
                        uint32_t notes) {
  char cn[256];
  if (own_cn(h46017_credential_leaf(cred), cn, sizeof cn)) {
    find(d, OK, 0, NULL, "it is for '%s', and the key belongs to it", cn);
  } else {
    find(d, ERROR, H46017_ERR_CERT_NAME, NULL, "%s",
         h46017_strerror(H46017_ERR_CERT_NAME));
  }
  look_at_chain(d, cred, notes);
  if (d->now != 0 && look_at_times(d, cred)) {
    look_at_roles(d, cred);
  }
}

typedef struct reading {
  h46017_credential *cred;
  uint32_t notes;
} reading;

/* Not h46017_credentials_get(): it says that it is damaged, not how. */
static int read_own(const uint8_t *data, size_t len, void *user_data) {
  reading *r = user_data;
  return h46017_credential_import(&r->cred, data, len, NULL, 0, NULL, true,
                                  &r->notes, NULL);
}

static int look_at_entry(doctor *d, const char *entry, const char *about) {
  reading r = {0};
  int code = d->store.get(d->store.object, "credentials", entry, read_own, &r);
  d->about = about;
  if (code == 0) {
    look_at_own(d, r.cred, r.notes);
  } else if (code != H46017_ERR_NOT_FOUND) {
    find(d, ERROR, code, NULL, "credentials/%s: %s", entry,
         h46017_strerror(code));
  }
  h46017_credential_del(r.cred);
  return code;
}

static int look_at_app(const char *name, void *user_data) {
  char entry[128];
  snprintf(entry, sizeof entry, "app-%s.pem", name);
  (void)look_at_entry(user_data, entry, name);
  return 0;
}

static void look_at_credentials(doctor *d) {
  if (look_at_entry(d, "device.pem", "own certificate") ==
          H46017_ERR_NOT_FOUND &&
      look_at_entry(d, "generated.pem", "generated certificate") ==
          H46017_ERR_NOT_FOUND) {
    d->about = "own certificate";
    find(d, NOTE, 0, "nothing, or h46017-cert import FILE",
         "there is none; a program makes one at its start");
  }
  (void)h46017_credentials_each(d->own.credentials, look_at_app, d);
}

/* -- the trust list -------------------------------------------------------- */

static int look_at_trusted(const h46017_trust_entry *entry, void *user_data) {
  doctor *d = user_data;
  char end[40];
  int64_t days = (entry->not_after - d->now) / DAY;
  if (d->now != 0 && d->now > entry->not_after) {
    find(d, WARNING, H46017_ERR_CERT_EXPIRED,
         "h46017-cert trust replace ID NEW-FILE, or trust remove ID",
         "%s expired on %s and vouches for nobody", entry->subject,
         date(entry->not_after, end));
  } else if (d->now != 0 && days < 90) {
    find(d,
         days < 7    ? URGENT
         : days < 30 ? WARNING
                     : NOTE,
         0, "h46017-cert trust replace ID NEW-FILE, once there is one",
         "%s expires on %s, in %lld days", entry->subject,
         date(entry->not_after, end), (long long)days);
  }
  return 0;
}

static void look_at_list(doctor *d) {
  size_t count = h46017_trust_count(d->trust.trust);
  size_t damaged = h46017_trust_damaged(d->trust.trust);
  d->about = "trust list";
  if (damaged > 0) {
    find(d, WARNING, H46017_ERR_STORE_CORRUPT, NULL, "%zu entries are damaged",
         damaged);
  }
  if (count == 0) {
    find(d, NOTE, 0,
         "h46017-cert trust add FILE, or h46017-cert rejected trust ID",
         "nobody is trusted");
  } else {
    find(d, OK, 0, NULL, "%zu are trusted", count);
    (void)h46017_trust_each(d->trust.trust, look_at_trusted, d);
  }
}

/* -- the command ----------------------------------------------------------- */

enum { DOCTOR_NAME = 256, DOCTOR_FLOOR, DOCTOR_RESET };

static int take(void *arg, int id, const char *value) {
  doctor *d = arg;
  if (id == DOCTOR_NAME) {
    d->name = value;
    return 0;
  }
  if (id == DOCTOR_RESET) {
    d->reset = true;
    return 0;
  }
  return clock_parse_date(value, &d->floor)
             ? 0
             : report_usage("--time-floor: '%s' is not a date", value);
}

static int answer(doctor *d) {
  if (!d->c->json) {
    print_findings(d);
  }
  json_t *members = json_object();
  json_object_set_new(members, "worst", json_string(level_names[d->worst]));
  json_object_set(members, "findings", d->findings);
  return d->worst == ERROR ? cert_refuse(d->c, d->code, members)
                           : cert_done(d->c, members);
}

static int examine(cert *c, int argc, char **argv) {
  static const option_spec specs[] = {
      {DOCTOR_NAME, "name", "NAME",
       "how endpoints call this gatekeeper: host name or address"},
      {DOCTOR_FLOOR, "time-floor", "DATE",
       "a clock before it counts as not set; the release's"},
      {DOCTOR_RESET, "reset-clock-floor", NULL,
       "forget the latest time seen, which proved wrong"},
  };
  static const cert_syntax syntax = {
      specs,
      sizeof specs / sizeof *specs,
      {"doctor [--name NAME] [--reset-clock-floor]",
       "Looks at clock, own certificates and trust list: what is wrong or "
       "soon\n"
       "will be, and what to do about it. Whether peers take a certificate is\n"
       "found out by a handshake in memory, in either role and by each "
       "profile.",
       "  h46017-cert doctor\n"
       "  h46017-cert doctor --name gk.example\n"},
      0,
      0};
  text_list operands = {0};
  doctor d = {.c = c, .floor = CLOCK_FLOOR, .findings = json_array()};
  int status = cert_arguments(c, &syntax, argc, argv, take, &d, &operands);
  if (status == 0) {
    status = entries_open(c, &d.trust);
  }
  if (status == 0) {
    status = files_open(c, &d.own);
  }
  if (status == 0) {
    h46017_store_dir_store(d.own.dir, &d.store);
    look_at_clock(&d);
    look_at_credentials(&d);
    look_at_list(&d);
    status = answer(&d);
  }
  files_close(&d.own);
  trust_state_close(&d.trust);
  json_decref(d.findings);
  text_list_clear(&operands);
  return status;
}

const cert_command cert_doctor = {
    "doctor", examine, "  doctor             what is wrong, what to do\n"};
