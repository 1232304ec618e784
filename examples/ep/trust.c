/* SPDX-License-Identifier: BSD-2-Clause */
#include "ep.h"

#include "common/hex.h"
#include "common/report.h"
#include "common/tls_files.h"
#include "common/wallclock.h"

#include <openssl/ssl.h>
#include <stdio.h>
#include <string.h>

/* The files of --trust count as long as this program runs; what is to stay is
 * in the state directory's list. */
static int take_files(app *p) {
  int64_t now = 0;
  p->trust_waits = p->trust.count > 0 && !clock_utc_by(&now, p->trusted.clock);
  return p->trust_waits ? 0 : trust_state_add(p->trusted.files, &p->trust, now);
}

int trust_start(app *p) {
  int code = trust_state_open_with(&p->trusted, p->state, p->time_floor);
  if (code != 0) {
    report_code(code, "the trust list of %s: %s", p->state,
                trust_state_why(&p->trusted, code));
    return code;
  }
  code = take_files(p);
  (void)trust_state_look_now(&p->trusted);
  return code;
}

/* -- --pin ------------------------------------------------------------------
 * A gatekeeper is bound to a certificate by a word in the label of its entry in
 * the trust list, so that whoever may change the list may change that: the
 * gatekeeper as it stands in --gatekeeper, never what DNS or another gatekeeper
 * made of it. */

enum { PIN_WORD = 300, PIN_LABEL = 1000 };

static void pin_word(const gatekeeper_address *to, char word[PIN_WORD]) {
  if (to->srv) {
    snprintf(word, PIN_WORD, "pin:srv:%s", to->at.host);
  } else {
    snprintf(word, PIN_WORD, "pin:%s:%u", to->at.host, to->at.port);
  }
  for (char *c = word; *c; c++) {
    *c = (char)(*c >= 'A' && *c <= 'Z' ? *c - 'A' + 'a' : *c);
  }
}

static bool pin_has_word(const char *label, const char *word) {
  size_t len = strlen(word);
  for (const char *at = label; (at = strstr(at, word)) != NULL; at += len) {
    if ((at == label || at[-1] == ' ') && (at[len] == ' ' || at[len] == '\0')) {
      return true;
    }
  }
  return false;
}

typedef struct pin_search {
  char word[PIN_WORD];
  uint8_t *id;
} pin_search;

static int pin_look(const h46017_trust_entry *entry, void *user_data) {
  const pin_search *s = user_data;
  if (!pin_has_word(entry->label, s->word)) {
    return 0;
  }
  memcpy(s->id, entry->id, H46017_CERT_ID_LEN);
  return 1;
}

bool trust_pinned(const app *p, const gatekeeper_address *to,
                  uint8_t id[H46017_CERT_ID_LEN]) {
  pin_search s = {.id = id};
  pin_word(to, s.word);
  return h46017_trust_each(p->trusted.trust, pin_look, &s) != 0;
}

/* It may be there already, by hand or as another gatekeeper's. */
static int pin_put(app *p, const char *word, SSL *ssl, const char *hex) {
  h46017_trust_entry entry;
  h46017_trust_add_options options;
  X509 *leaf = SSL_get0_peer_certificate(ssl);
  unsigned char *der = NULL;
  int len = leaf ? i2d_X509(leaf, &der) : 0;
  int code = len > 0 ? 0 : H46017_ERR_NOMEM;
  h46017_trust_add_options_default(&options);
  options.kind = H46017_TRUST_END_ENTITY;
  options.label = word;
  options.origin = "pin";
  (void)clock_utc_by(&options.utc_now, p->trusted.clock);
  if (code == 0 && h46017_trust_find(p->trusted.trust, hex, &entry) == 0) {
    char label[PIN_LABEL];
    int n = snprintf(label, sizeof label, "%s%s%s", entry.label,
                     entry.label[0] ? " " : "", word);
    code = n < PIN_LABEL
               ? h46017_trust_set_label(p->trusted.trust, entry.id, label)
               : H46017_ERR_LIMIT;
  } else if (code == 0) {
    code = h46017_trust_add(p->trusted.trust, der, (size_t)len, &options, NULL,
                            NULL);
  }
  OPENSSL_free(der);
  return code;
}

int trust_pin(app *p, const gatekeeper_address *to, SSL *ssl,
              const h46017_identity *peer) {
  uint8_t known[H46017_CERT_ID_LEN];
  char word[PIN_WORD];
  char hex[65];
  int code = 0;
  pin_word(to, word);
  hex_print(peer->cert_sha256, sizeof peer->cert_sha256, hex);
  /* another endpoint of ours, or another program, may have been faster */
  (void)trust_state_look_now(&p->trusted);
  if (trust_pinned(p, to, known)) {
    code = memcmp(known, peer->cert_sha256, sizeof known) == 0
               ? 0
               : H46017_ERR_SERVER_CHANGED;
  } else {
    code = pin_put(p, word, ssl, hex);
    if (code == 0) {
      report("%s: first contact, its certificate %s counts from now on: "
             "compare it with what the gatekeeper shows",
             word + 4, hex);
    }
  }
  if (code != 0) {
    report_code(code, "%s: %s is not kept: %s", word, hex,
                trust_state_why(&p->trusted, code));
  }
  return code;
}

/* -- who we are ------------------------------------------------------------ */

static int make_own(app *p) {
  own_maker maker = {0};
  int64_t now = p->time_floor;
  (void)clock_utc_by(&now, p->trusted.clock);
  maker.not_before = now - 86400; /* clocks of gatekeepers are not exact */
  snprintf(maker.state, sizeof maker.state, "%s", p->state);
  if (p->hardware_id != NULL && !p->auto_id) {
    snprintf(maker.cn, sizeof maker.cn, "%s", p->hardware_id);
  } else {
    own_device_name(maker.cn, sizeof maker.cn);
  }
  report("making a key and a self-signed certificate for '%s'", maker.cn);
  int code = own_make(&maker);
  if (code != 0) {
    report_code(code, "making a certificate: %s", maker.why);
  }
  return code;
}

int trust_own(app *p) {
  h46017_credential *cred = NULL;
  int code = own_open(&p->own, &p->trusted.store);
  if (code != 0) {
    report_code(code, "the credentials of %s", p->state);
    return code;
  }
  code = own_get(&p->own, &p->choice, &cred);
  if (code == H46017_ERR_NOT_FOUND && p->choice.app == NULL) {
    code = make_own(p);
    code = code ? code : own_get(&p->own, &p->choice, &cred);
  }
  if (code == 0 && p->auto_id) {
    p->hardware_id = p->cn;
    if (!own_cn(h46017_credential_leaf(cred), p->cn, sizeof p->cn)) {
      code = H46017_ERR_CERT_NAME;
      report_code(code, "--hardware-id auto");
    }
  }
  h46017_credential_del(cred);
  return code;
}

int trust_context(app *p) {
  const tls_files files = {.role = H46017_TLS_CLIENT,
                           .own = &p->own,
                           .choice = p->choice,
                           .trust = p->trusted.trust};
  SSL_CTX *ctx = NULL;
  int code = tls_files_context(&ctx, &files);
  if (code == 0) {
    SSL_CTX_free(p->tls_ctx);
    p->tls_ctx = ctx;
    p->tls_ctx_number++; /* sessions of the old one are not resumed */
    own_tell(&p->own, &p->choice, ctx, &p->trusted);
  } else if (code == H46017_ERR_NOT_FOUND && p->choice.app == NULL) {
    report_code(code, "the own certificate");
  }
  return code;
}

void trust_look(app *p) {
  if (p->trust_waits) {
    (void)take_files(p);
  }
  (void)trust_state_look(&p->trusted);
  if (p->choice.certs.count == 0 && own_look(&p->own)) {
    (void)trust_context(p); /* if it cannot be, the old one stays */
  }
}
