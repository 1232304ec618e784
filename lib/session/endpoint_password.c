/* SPDX-License-Identifier: BSD-2-Clause */
#include "session/endpoint.h"

#include "base/intmath.h"
#include "base/mem.h"
#include "session/ras_io.h"

#include <string.h>

/* Password tokens at the endpoint: every message of a registration that has a
 * password goes out with them, and the gatekeeper has to know it too. */

int endpoint_password_set(h46017_endpoint *ep, endpoint_registration *r,
                          const h46017_registration *registration) {
  const uint32_t kinds = registration->password_kinds;
  const h46017_text *first = &registration->aliases[0].text;
  h46017_text user = {registration->user, 0};
  uint32_t random = 0;
  int rv;

  if (registration->password == NULL) {
    return 0;
  }
  if (ep->crypto.digest == NULL || kinds > H46017_H235_ALL) {
    return H46017_ERR_INVALID_ARGUMENT;
  }
  rv = h46017_h235_secret_new(&r->secret, &ep->crypto, registration->password,
                              registration->password_len, &ep->mem);
  if (rv == 0) {
    rv = h46017_h235_replay_new(&r->replay, 0, &ep->mem);
  }
  if (rv == 0) { /* the first name now: refused names change places */
    user.len = user.text != NULL ? strlen(user.text) : 0;
    user = user.text != NULL ? user : *first;
    r->user = h46017_mem_strndup(&ep->mem, user.text, user.len);
    r->user_len = user.len;
    rv = r->user != NULL ? 0 : H46017_ERR_NOMEM;
  }
  if (rv == 0) {
    rv = endpoint_random(ep, UINT32_MAX, &random);
  }
  r->password_kinds = kinds != 0 ? kinds : (uint32_t)H46017_H235_HMAC;
  r->last_random = random;
  return rv;
}

void endpoint_password_free(h46017_endpoint *ep, endpoint_registration *r) {
  h46017_h235_secret_del(r->secret);
  h46017_h235_replay_del(r->replay);
  h46017_mem_release(&ep->mem, r->user);
}

static int password_now(const h46017_endpoint *ep, int64_t *utc) {
  return ep->callbacks.utc_now != NULL &&
                 ep->callbacks.utc_now(utc, ep->user_data)
             ? 0
             : H46017_ERR_CLOCK_NOT_SET;
}

static h46017_text password_user(const endpoint_registration *r) {
  const h46017_text user = {r->user, r->user_len};

  return user;
}

/* -- out ------------------------------------------------------------------- */

int endpoint_password_token(const h46017_endpoint *ep, endpoint_registration *r,
                            h46017_ras_kind kind, h46017_h235_token *token) {
  uint32_t kinds = r->password_kinds;
  int64_t utc = 0;
  int rv = password_now(ep, &utc);

  if (rv != 0) {
    return rv;
  }
  if ((kinds & ep->auth_mode) != 0) { /* of those, what was agreed on */
    kinds &= ep->auth_mode;
  }
  h46017_h235_token_default(token);
  token->kinds = kinds & h46017_h235_kinds_of(kind);
  token->sender = password_user(r);
  if (ep->gatekeeper_identifier_len > 0) {
    token->recipient.text = ep->gatekeeper_identifier;
    token->recipient.len = ep->gatekeeper_identifier_len;
  }
  token->now = utc;
  token->random = ++r->last_random;
  return 0;
}

/* -- in -------------------------------------------------------------------- */

static h46017_text password_gatekeeper(const h46017_endpoint *ep,
                                       const h46017_ras *ras) {
  h46017_text id = {ep->gatekeeper_identifier, ep->gatekeeper_identifier_len};

  if (ras->kind == H46017_RAS_RCF && !ep->gatekeeper_identifier_fixed) {
    id = ras->u.rcf.gatekeeper_identifier; /* this token vouches for it */
  }
  return id;
}

/* Whoever allows something or asks for something has to know the password,
 * where nothing else proves who it is: or anybody on the way could. A refusal
 * may come from one who does not know it, so may what delays (RIP, XRS), and
 * what ends only what we end ourselves (UCF, DCF). */
static bool password_is_demanded(const h46017_endpoint *ep,
                                 const endpoint_registration *r,
                                 h46017_ras_kind kind) {
  if ((r->password_kinds & H46017_H235_HMAC) == 0 || ep->proved) {
    return false;
  }
  if (kind == H46017_RAS_RCF) {
    return r->state != H46017_REGISTRATION_REFRESHING ||
           (ep->settings.lenient & H46017_LENIENT_UNSIGNED_REFRESH) == 0;
  }
  return kind == H46017_RAS_ACF || kind == H46017_RAS_BCF ||
         h46017_ras_is_request(kind);
}

static int password_verify(h46017_endpoint *ep, const endpoint_registration *r,
                           const h46017_ras *ras, const uint8_t *per,
                           size_t len) {
  const h46017_text gatekeeper = password_gatekeeper(ep, ras);
  h46017_text recipients[4];
  size_t count = 0;
  h46017_h235_check check;
  int rv;

  recipients[count++] = r->aliases[0].text;
  recipients[count++] = password_user(r);
  recipients[count++] =
      (h46017_text){r->endpoint_identifier, r->endpoint_identifier_len};
  if (ras->kind == H46017_RAS_RCF) {
    recipients[count++] = ras->u.rcf.endpoint_identifier;
  }
  h46017_h235_check_default(&check);
  check.secret = r->secret;
  check.senders = &gatekeeper;
  check.sender_count = gatekeeper.text != NULL ? 1 : 0;
  check.recipients = recipients;
  check.recipient_count = count;
  check.window = ep->settings.password_window;
  check.kinds = H46017_H235_HMAC;
  check.replay = r->replay;
  rv = password_now(ep, &check.now);
  return rv != 0 ? rv : h46017_h235_verify(ep->in, per, len, &check, NULL);
}

static int password_check_one(h46017_endpoint *ep,
                              const endpoint_registration *r,
                              const h46017_ras *ras, const uint8_t *per,
                              size_t len) {
  int rv = r->secret != NULL ? password_verify(ep, r, ras, per, len) : 0;

  if (rv == H46017_ERR_PASSWORD_MISSING) {
    rv =
        password_is_demanded(ep, r, ras->kind) ? H46017_ERR_UNAUTHENTICATED : 0;
  }
  return rv;
}

bool endpoint_password_check(h46017_endpoint *ep,
                             const endpoint_registration *r,
                             const h46017_ras *ras, const uint8_t *per,
                             size_t len) {
  int rv = 0;

  if (r != NULL) {
    rv = password_check_one(ep, r, ras, per, len);
  } else if (h46017_ras_is_request(ras->kind)) {
    /* It does not say whose it is: anybody's here that it can be. */
    for (r = ep->registrations; r != NULL; r = r->next) {
      rv = password_check_one(ep, r, ras, per, len);
      if (rv == 0) {
        break;
      }
    }
  }
  if (rv == 0) {
    return true;
  }
  h46017_log_code(&ep->log, H46017_LOG_WARN, rv,
                  "%s of the gatekeeper is not taken: %s",
                  h46017_ras_kind_name(ras->kind), h46017_strerror(rv));
  if (ras->kind == H46017_RAS_RCF && r != NULL &&
      r->pending == ras->request_seq_num) {
    endpoint_fail(ep, rv); /* there is nothing to wait for */
  }
  return false;
}
