/* SPDX-License-Identifier: BSD-2-Clause */
#include "ep.h"

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
    own_tell(&p->own, &p->choice, ctx);
    trust_state_check_own(&p->trusted, ctx);
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
  if (p->choice.cert == NULL && own_look(&p->own)) {
    (void)trust_context(p); /* if it cannot be, the old one stays */
  }
}
