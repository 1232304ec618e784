/* SPDX-License-Identifier: BSD-2-Clause */
#include "session/gatekeeper.h"

#include "base/intmath.h"
#include "base/mem.h"
#include "identity/h235.h"

#include <string.h>

/* Password tokens at the gatekeeper: what a full RRQ proves with the password
 * that the program has for its device, what every later message of that
 * registration has to prove, and what our own go out with. */

/* -- wrong ones -------------------------------------------------------------
 */

/* Places from which somebody tried; of more, the one that tried longest ago is
 * forgotten, so that nobody can keep a device from a place of its own. */
#define ATTEMPT_PLACES 16

typedef struct gk_attempt {
  char origin[GK_ORIGIN_MAX + 1];
  uint32_t wrong;
  h46017_time last;
} gk_attempt;

/* One device whose password was asked for: the tokens that it has used, and
 * where wrong ones came from. It outlives the registration. */
struct gk_sender {
  gk_sender *next; /* as they came; looked at in turn */
  h46017_map_entry by_name;
  uint32_t users; /* logins */
  h46017_h235_replay *replay;
  gk_attempt *attempts; /* ATTEMPT_PLACES, once there was one */
  size_t name_len;
  char name[];
};

static bool attempt_is_over(const h46017_gatekeeper *gk, const gk_attempt *a) {
  return a->wrong == 0 || gk->now - a->last >= gk->settings.password_hold;
}

static gk_attempt *attempt_find(const gk_sender *s,
                                const h46017_connection *c) {
  for (size_t i = 0; s->attempts != NULL && i < ATTEMPT_PLACES; i++) {
    gk_attempt *a = &s->attempts[i];
    if (a->wrong > 0 && strcmp(a->origin, c->origin) == 0) {
      return a;
    }
  }
  return NULL;
}

static bool attempts_are_used(const gk_sender *s, const h46017_connection *c) {
  const h46017_gatekeeper *gk = c->gk;
  const gk_attempt *a = attempt_find(s, c);

  return a != NULL && gk->settings.password_attempts > 0 &&
         a->wrong >= gk->settings.password_attempts && !attempt_is_over(gk, a);
}

/* Without memory a wrong one is not counted. */
static void attempt_wrong(gk_sender *s, const h46017_connection *c) {
  const h46017_gatekeeper *gk = c->gk;
  gk_attempt *a = attempt_find(s, c);

  if (s->attempts == NULL) {
    s->attempts = h46017_mem_zalloc(&gk->mem, ATTEMPT_PLACES, sizeof(*a));
    if (s->attempts == NULL) {
      return;
    }
  }
  if (a == NULL) {
    a = s->attempts;
    for (size_t i = 0; i < ATTEMPT_PLACES && a->wrong > 0; i++) {
      if (s->attempts[i].wrong == 0 || s->attempts[i].last < a->last) {
        a = &s->attempts[i];
      }
    }
    memcpy(a->origin, c->origin, sizeof(a->origin));
    a->wrong = 0;
  }
  if (attempt_is_over(gk, a)) {
    a->wrong = 0;
  }
  a->wrong++;
  a->last = gk->now;
}

static void attempt_right(gk_sender *s, const h46017_connection *c) {
  gk_attempt *a = attempt_find(s, c);

  if (a != NULL) {
    a->wrong = 0;
  }
}

/* -- devices ----------------------------------------------------------------
 */

static void sender_free(h46017_gatekeeper *gk, gk_sender *s) {
  h46017_h235_replay_del(s->replay);
  h46017_mem_release(&gk->mem, s->attempts);
  h46017_mem_release(&gk->mem, s);
}

static bool sender_is_idle(const h46017_gatekeeper *gk, const gk_sender *s,
                           int64_t utc) {
  if (s->users > 0 || !h46017_h235_replay_is_idle(
                          s->replay, utc, gk->settings.password_window)) {
    return false;
  }
  for (size_t i = 0; s->attempts != NULL && i < ATTEMPT_PLACES; i++) {
    if (!attempt_is_over(gk, &s->attempts[i])) {
      return false;
    }
  }
  return true;
}

/* Each newcomer looks at a few of those that are there: nobody is kept for long
 * after the last trace of it means nothing any more. */
static void senders_sweep(h46017_gatekeeper *gk, int64_t utc) {
  for (int i = 0; i < 4 && gk->senders != NULL; i++) {
    gk_sender *s = gk->senders;
    gk->senders = s->next;
    if (gk->senders == NULL) {
      gk->senders_end = &gk->senders;
    }
    if (sender_is_idle(gk, s, utc)) {
      h46017_map_remove(&gk->sender_names, &s->by_name);
      sender_free(gk, s);
    } else {
      s->next = NULL;
      *gk->senders_end = s;
      gk->senders_end = &s->next;
    }
  }
}

static gk_sender *sender_get(h46017_gatekeeper *gk, const char *name,
                             int64_t utc) {
  size_t len = strlen(name);
  gk_sender *s = h46017_map_find(&gk->sender_names, (const uint8_t *)name, len);

  if (s != NULL) {
    return s;
  }
  senders_sweep(gk, utc);
  s = h46017_mem_zalloc(&gk->mem, 1, sizeof(*s) + len);
  if (s == NULL) {
    return NULL;
  }
  s->name_len = len;
  memcpy(s->name, name, len);
  if (h46017_h235_replay_new(&s->replay, 0, &gk->mem) != 0 ||
      h46017_map_add(&gk->sender_names, &s->by_name, (const uint8_t *)s->name,
                     len, s) != 0) {
    sender_free(gk, s);
    return NULL;
  }
  *gk->senders_end = s;
  gk->senders_end = &s->next;
  return s;
}

void gk_passwords_free(h46017_gatekeeper *gk) {
  while (gk->senders != NULL) {
    gk_sender *s = gk->senders;
    gk->senders = s->next;
    sender_free(gk, s);
  }
  h46017_map_free(&gk->sender_names);
  h46017_mem_release(&gk->mem, gk->callers);
}

/* -- what a registration keeps ----------------------------------------------
 */

/* The password that a registration came with. */
struct gk_login {
  uint32_t users;
  gk_sender *sender;
  h46017_h235_secret *secret;
  uint32_t kinds; /* of tokens that the full RRQ had */
  char *caller;   /* owned: who it said it was, where we are to say that too */
  h46017_text *names;
  size_t name_count; /* the device's, beside those of the registration */
};

gk_login *gk_login_hold(gk_login *l) {
  if (l != NULL) {
    l->users++;
  }
  return l;
}

void gk_login_drop(h46017_gatekeeper *gk, gk_login *l) {
  if (l == NULL || --l->users > 0) {
    return;
  }
  if (l->sender != NULL) {
    l->sender->users--;
  }
  h46017_h235_secret_del(l->secret);
  h46017_mem_release(&gk->mem, l->caller);
  h46017_mem_release(&gk->mem, l->names);
  h46017_mem_release(&gk->mem, l);
}

static h46017_text login_text(const char *name) {
  h46017_text text = {name, strlen(name)};

  return text;
}

static const char *login_name(const h46017_device *d, size_t i) {
  const char *name = i == 0 ? d->name
                     : i <= d->hardware_id_count
                         ? d->hardware_ids[i - 1]
                         : d->aliases[i - 1 - d->hardware_id_count];

  return name != NULL ? name : "";
}

/* The device's names, in one block. */
static int login_copy_names(const h46017_gatekeeper *gk, gk_login *l,
                            const h46017_device *d) {
  size_t count = 1 + d->hardware_id_count + d->alias_count;
  size_t size = count * sizeof(*l->names);
  char *room;

  for (size_t i = 0; i < count; i++) {
    size += strlen(login_name(d, i)) + 1;
  }
  l->names = h46017_mem_alloc(&gk->mem, size);
  if (l->names == NULL) {
    return H46017_ERR_NOMEM;
  }
  room = (char *)(l->names + count);
  for (size_t i = 0; i < count; i++) {
    const char *name = login_name(d, i);
    size_t len = strlen(name);
    memcpy(room, name, len + 1);
    l->names[i] = login_text(room);
    room += len + 1;
  }
  l->name_count = count;
  return 0;
}

static int login_new(h46017_gatekeeper *gk, const h46017_device *d,
                     const h46017_registration_answer *answer, int64_t utc,
                     gk_login **pl) {
  gk_login *l = h46017_mem_zalloc(&gk->mem, 1, sizeof(*l));
  int rv = l == NULL ? H46017_ERR_NOMEM : 0;

  if (rv != 0) {
    return rv;
  }
  l->users = 1;
  rv = h46017_h235_secret_new(&l->secret, &gk->crypto, answer->secret,
                              answer->secret_len, &gk->mem);
  if (rv == H46017_ERR_TEXT || rv == H46017_ERR_OUT_OF_RANGE) {
    rv = H46017_ERR_PASSWORD_WRONG; /* no token can be of such a password */
  }
  if (rv == 0) {
    rv = login_copy_names(gk, l, d);
  }
  if (rv == 0) {
    l->sender = sender_get(gk, d->name, utc);
    rv = l->sender != NULL ? 0 : H46017_ERR_NOMEM;
  }
  if (rv != 0) {
    gk_login_drop(gk, l);
    return rv;
  }
  l->sender->users++;
  *pl = l;
  return 0;
}

/* -- checking ---------------------------------------------------------------
 */

static int password_now(const h46017_gatekeeper *gk, int64_t *utc) {
  return gk->callbacks.utc_now != NULL &&
                 gk->callbacks.utc_now(utc, gk->user_data)
             ? 0
             : H46017_ERR_CLOCK_NOT_SET;
}

typedef struct password_message {
  const h46017_h225 *msg;
  const uint8_t *per;
  size_t len;
  bool begins; /* a full RRQ of who is not here yet */
} password_message;

/* Names that a sender may call itself by: those of an RRQ or registration, its
 * identifier, its device's. They stand in gk->callers until the next message.
 */
static int password_names(h46017_gatekeeper *gk, const gk_login *l,
                          const h46017_alias *aliases, size_t count,
                          const h46017_text *identifier, size_t *pcount) {
  const size_t room = count + l->name_count + 1;
  size_t n = 0;

  if (gk->callers_room < room) {
    h46017_text *more =
        h46017_mem_resize(&gk->mem, gk->callers, room * sizeof(*more));
    if (more == NULL) {
      return H46017_ERR_NOMEM;
    }
    gk->callers = more;
    gk->callers_room = room;
  }
  for (size_t i = 0; i < count; i++) {
    gk->callers[n++] = aliases[i].text;
  }
  for (size_t i = 0; i < l->name_count; i++) {
    gk->callers[n++] = l->names[i];
  }
  gk->callers[n++] = *identifier;
  *pcount = n;
  return 0;
}

/* Wrong ones are counted; after too many nothing from there is looked at, right
 * or wrong. */
static int password_verify(h46017_connection *c, const gk_login *l,
                           const password_message *m, size_t name_count,
                           uint32_t accepted, int64_t utc, uint32_t *pkinds) {
  const h46017_gatekeeper *gk = c->gk;
  const h46017_text own = login_text(gk->identifier);
  const bool used = attempts_are_used(l->sender, c);
  h46017_h235_check check;
  int rv;

  h46017_h235_check_default(&check);
  check.secret = l->secret;
  check.senders = gk->callers;
  check.sender_count = name_count;
  check.recipients = &own;
  check.recipient_count = gk->settings.any_identifier ? 0 : 1;
  check.now = utc;
  check.window = gk->settings.password_window;
  check.kinds = accepted;
  check.replay = used ? NULL : l->sender->replay;
  check.begins = m->begins;
  rv = h46017_h235_verify(m->msg, m->per, m->len, &check, pkinds);
  if (rv == H46017_ERR_PASSWORD_MISSING) {
    return rv;
  }
  if (used) {
    return H46017_ERR_PASSWORD_ATTEMPTS;
  }
  if (rv == H46017_ERR_PASSWORD_WRONG) {
    attempt_wrong(l->sender, c);
  } else if (rv == 0) {
    attempt_right(l->sender, c);
  }
  return rv;
}

/* The sendersID of its HMAC, which was found to be right: there is one. */
static int password_note_caller(const h46017_gatekeeper *gk,
                                const h46017_h225 *rrq, gk_login *l) {
  h46017_h225_value list = h46017_h225_get(h46017_h225_root(rrq),
                                           "registrationRequest.cryptoTokens");
  char name[4 * 128 + 1];
  size_t len;

  for (size_t i = 0; l->caller == NULL && i < h46017_h225_count(list); i++) {
    h46017_h225_value id = h46017_h225_get(
        h46017_h225_at(list, i),
        "nestedcryptoToken.cryptoHashedToken.hashedVals.sendersID");
    if (h46017_h225_read_text(id, name, sizeof(name), &len) == 0) {
      l->caller = h46017_mem_strndup(&gk->mem, name, len);
      if (l->caller == NULL) {
        return H46017_ERR_NOMEM;
      }
    }
  }
  return 0;
}

/* Where it has a registration already it is no stranger with what it said
 * before; and its RRQs may be decided in another order than they came. */
static bool sender_is_here(const h46017_connection *c, const gk_sender *s) {
  for (const gk_registration *r = c->registrations; r != NULL; r = r->next) {
    if (r->login != NULL && r->login->sender == s) {
      return true;
    }
  }
  return false;
}

int gk_password_judge(h46017_connection *c, const h46017_h225 *msg,
                      const h46017_rrq *rrq, const uint8_t *per, size_t len,
                      const h46017_registration_answer *answer, gk_decision *d,
                      h46017_password_outcome *poutcome) {
  h46017_gatekeeper *gk = c->gk;
  password_message m = {msg, per, len, false};
  gk_login *l = NULL;
  size_t count = 0;
  int64_t utc = 0;
  int rv;

  *poutcome = answer->password;
  if (answer->secret == NULL || answer->device == NULL) {
    return 0;
  }
  if (gk->crypto.digest == NULL) {
    return H46017_ERR_DIGEST;
  }
  rv = password_now(gk, &utc);
  if (rv == 0) {
    rv = login_new(gk, answer->device, answer, utc, &l);
  }
  if (rv == 0) {
    rv = password_names(gk, l, rrq->terminal_alias.list,
                        rrq->terminal_alias.count, &rrq->endpoint_identifier,
                        &count);
  }
  if (rv == 0) {
    m.begins = !sender_is_here(c, l->sender);
    rv = password_verify(c, l, &m, count, gk->settings.password_kinds, utc,
                         &l->kinds);
  }
  if (rv == 0 && gk->settings.password_by_name) {
    rv = password_note_caller(gk, msg, l);
  }
  if (rv == 0) {
    *poutcome = H46017_PASSWORD_VALID;
    d->login = l;
    return 0;
  }
  gk_login_drop(gk, l);
  return rv == H46017_ERR_PASSWORD_MISSING ? 0 : rv;
}

/* -- later messages ---------------------------------------------------------
 */

static gk_registration *password_named(const h46017_connection *c,
                                       const h46017_h225 *msg) {
  char id[GK_IDENTIFIER_LEN + 1];
  h46017_text text = {id, 0};
  h46017_h225_value v = h46017_h225_get(
      h46017_h225_at(h46017_h225_root(msg), 0), "endpointIdentifier");

  return h46017_h225_read_text(v, id, sizeof(id), &text.len) == 0
             ? gk_registration_named(c, &text)
             : NULL;
}

gk_registration *gk_registration_of(const h46017_connection *c,
                                    const h46017_h225 *msg) {
  gk_registration *r = password_named(c, msg);

  if (r == NULL && c->registration_count == 1) {
    r = c->registrations;
  }
  return r != NULL && r->pub.connection == c ? r : NULL;
}

static int password_check_one(h46017_connection *c, const gk_registration *r,
                              h46017_ras_kind kind, const password_message *m) {
  h46017_gatekeeper *gk = c->gk;
  const h46017_text identifier = {r->identifier, GK_IDENTIFIER_LEN};
  uint32_t demanded = r->login->kinds & h46017_h235_kinds_of(kind);
  size_t count = 0;
  int64_t utc = 0;
  int rv = password_now(gk, &utc);

  if ((demanded & H46017_H235_HMAC) != 0) {
    demanded = H46017_H235_HMAC; /* who has shown the best goes on with it */
  }
  if (rv == 0) {
    rv = password_names(gk, r->login, r->names.aliases, r->pub.alias_count,
                        &identifier, &count);
  }
  if (rv == 0) {
    rv = password_verify(c, r->login, m, count, demanded, utc, NULL);
  }
  return rv == H46017_ERR_PASSWORD_MISSING && demanded == 0 ? 0 : rv;
}

int gk_password_check(h46017_connection *c, const h46017_h225 *msg,
                      const h46017_ras *ras, const uint8_t *per, size_t len) {
  const password_message m = {msg, per, len, false};
  const gk_registration *named;
  int rv = 0;

  if (ras->kind == H46017_RAS_GRQ || ras->kind == H46017_RAS_UNKNOWN ||
      (ras->kind == H46017_RAS_RRQ && !ras->u.rrq.keep_alive)) {
    return 0; /* nobody's yet, or the program is asked first */
  }
  named = ras->kind == H46017_RAS_RRQ
              ? gk_registration_named(c, &ras->u.rrq.endpoint_identifier)
              : password_named(c, msg);
  if (named != NULL) {
    /* on another connection it is refused for that */
    return named->login == NULL ||
                   (named->pub.connection != NULL && named->pub.connection != c)
               ? 0
               : password_check_one(c, named, ras->kind, &m);
  }
  /* It does not say whose it is: anybody's here that it can be. */
  for (const gk_registration *r = c->registrations; r != NULL; r = r->next) {
    rv = r->login != NULL ? password_check_one(c, r, ras->kind, &m) : 0;
    if (rv == 0) {
      break;
    }
  }
  return rv;
}

/* -- our own ----------------------------------------------------------------
 */

const h46017_h235_secret *gk_password_token(const gk_registration *r,
                                            h46017_h235_token *token) {
  h46017_gatekeeper *gk;
  int64_t utc;

  if (r == NULL || r->login == NULL ||
      (r->login->kinds & H46017_H235_HMAC) == 0) {
    return NULL; /* the MD5 kinds are an endpoint's only */
  }
  gk = r->gk;
  if (password_now(gk, &utc) != 0) {
    return NULL;
  }
  h46017_h235_token_default(token);
  token->sender = login_text(gk->identifier);
  token->recipient = r->login->caller != NULL
                         ? login_text(r->login->caller)
                         : (h46017_text){r->identifier, GK_IDENTIFIER_LEN};
  token->now = utc;
  token->random = ++gk->last_random;
  return r->login->secret;
}

int h46017_connection_set_origin(h46017_connection *c, const char *origin) {
  size_t len = origin != NULL ? strlen(origin) : 0;

  if (len == 0 || len > GK_ORIGIN_MAX) {
    return H46017_ERR_INVALID_ARGUMENT;
  }
  memcpy(c->origin, origin, len + 1);
  return 0;
}

bool h46017_registered_password_is(const h46017_registered *reg,
                                   const char *password, size_t len) {
  const gk_registration *r =
      (const gk_registration *)(const void *)((const char *)reg -
                                              offsetof(gk_registration, pub));

  return r->login != NULL && password != NULL &&
         h235_secret_is(r->login->secret, password, len);
}

/* -- the reason in a word ---------------------------------------------------
 */

/* H.225.0 SecurityErrors; NULL: it is none of them. */
const char *gk_security_error(int code) {
  static const struct {
    int code;
    const char *name;
  } names[] = {
      {H46017_ERR_TOKEN_TIME, "securityWrongSyncTime"},
      {H46017_ERR_TOKEN_REPLAYED, "securityReplay"},
      {H46017_ERR_TOKEN_RECIPIENT, "securityWrongGeneralID"},
      {H46017_ERR_TOKEN_SENDER, "securityWrongSendersID"},
      {H46017_ERR_TOKEN_INTEGRITY, "securityIntegrityFailed"},
      {H46017_ERR_PASSWORD_WRONG, "securityIntegrityFailed"},
      {H46017_ERR_TOKEN_ALGORITHM, "securityWrongOID"},
  };

  for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
    if (names[i].code == code) {
      return names[i].name;
    }
  }
  return NULL;
}
