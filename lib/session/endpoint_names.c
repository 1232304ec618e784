/* SPDX-License-Identifier: BSD-2-Clause */
#include "session/endpoint.h"

#include "base/intmath.h"
#include "base/mem.h"
#include "session/aliases.h"

#include <h46017/identity.h>

#include <string.h>

/* A registration's names: those the program wants, those of them that the
 * gatekeeper will not have, those it granted. */

/* May other octets be the same name? (h46017_alias_key()) */
static bool names_has_spellings(const h46017_alias *alias) {
  return alias->type == H46017_ALIAS_URL_ID ||
         alias->type == H46017_ALIAS_EMAIL_ID ||
         (alias->type == H46017_ALIAS_H323_ID &&
          h46017_name_is_serial(alias->text.text, alias->text.len));
}

/* One of them at least was checked. Mostly they are the same octets, or have
 * nothing in common: a peer may have many compared. */
static bool names_equal(const h46017_alias *a, const h46017_alias *b) {
  uint8_t mine[H46017_ALIAS_KEY_MAX];
  uint8_t other[H46017_ALIAS_KEY_MAX];
  size_t len;

  if (a->type != b->type ||
      (a->type == H46017_ALIAS_PARTY_NUMBER && a->subtype != b->subtype)) {
    return false;
  }
  if (a->text.len == b->text.len && a->text.text != NULL &&
      b->text.text != NULL &&
      memcmp(a->text.text, b->text.text, a->text.len) == 0) {
    return true;
  }
  if (!names_has_spellings(a) || !names_has_spellings(b)) {
    return false;
  }
  len = h46017_alias_key(a, mine);
  return len > 0 && h46017_alias_key(b, other) == len &&
         memcmp(mine, other, len) == 0;
}

static bool names_has(const h46017_alias *list, size_t count,
                      const h46017_alias *alias) {
  for (size_t i = 0; i < count; i++) {
    if (names_equal(&list[i], alias)) {
      return true;
    }
  }
  return false;
}

/* Those of `a`, then those of `b`, each once, none of `gone`: a copy. */
static int names_make(const h46017_endpoint *ep, const h46017_aliases *a,
                      const h46017_aliases *b, const h46017_aliases *gone,
                      h46017_alias **pcopy, size_t *pcount) {
  const h46017_aliases *const both[] = {a, b};
  h46017_alias *all =
      h46017_mem_alloc(&ep->mem, (a->count + b->count + 1) * sizeof(*all));
  size_t n = 0;
  int rv;

  if (all == NULL) {
    return H46017_ERR_NOMEM;
  }
  for (size_t k = 0; k < 2; k++) {
    for (size_t i = 0; i < both[k]->count; i++) {
      const h46017_alias *alias = &both[k]->list[i];
      if (h46017_alias_check(alias) == 0 && !names_has(all, n, alias) &&
          !names_has(gone->list, gone->count, alias)) {
        all[n++] = *alias;
      }
    }
  }
  rv = h46017_aliases_dup(&ep->mem, all, n, pcopy);
  *pcount = n;
  h46017_mem_release(&ep->mem, all);
  return rv;
}

static const h46017_aliases no_names;

/* Nobody has more: what a peer can make us look at is bounded. */
static h46017_aliases names_bounded(const h46017_aliases *list) {
  h46017_aliases some = *list;

  some.count = H46017_MIN(some.count, (size_t)ENDPOINT_MAX_ALIASES);
  return some;
}

/* -- wanted ---------------------------------------------------------------- */

static size_t names_wanted(const endpoint_registration *r) {
  return r->alias_count - r->refused;
}

size_t endpoint_names_unasked(const endpoint_registration *r) {
  return names_wanted(r) - r->asked;
}

static void names_swap(endpoint_registration *r, size_t i, size_t k) {
  h46017_alias kept = r->aliases[i];

  r->aliases[i] = r->aliases[k];
  r->aliases[k] = kept;
}

int endpoint_names_append(h46017_endpoint *ep, endpoint_registration *r,
                          const h46017_aliases *more) {
  const h46017_aliases have = {.list = r->aliases, .count = r->alias_count};
  h46017_alias *copy;
  size_t count;
  size_t fresh;
  int rv;

  for (size_t i = 0; i < more->count; i++) {
    if (h46017_alias_check(&more->list[i]) != 0) {
      return H46017_ERR_INVALID_ARGUMENT;
    }
  }
  rv = names_make(ep, &have, more, &no_names, &copy, &count);
  if (rv == 0 && count > ENDPOINT_MAX_ALIASES) {
    h46017_mem_release(&ep->mem, copy);
    rv = H46017_ERR_QUEUE_FULL;
  }
  if (rv != 0) {
    return rv;
  }
  h46017_mem_release(&ep->mem, r->aliases);
  r->aliases = copy;
  fresh = count - r->alias_count;
  r->alias_count = count;
  /* those that are refused stay the last */
  for (size_t i = 0; i < fresh && i < r->refused; i++) {
    names_swap(r, count - fresh - r->refused + i, count - 1 - i);
  }
  return 0;
}

int h46017_endpoint_add_aliases(h46017_endpoint *ep, uint32_t id,
                                const h46017_alias *aliases, size_t count,
                                h46017_time now) {
  const h46017_aliases more = {.list = aliases, .count = count};
  endpoint_registration *r;
  int rv = endpoint_enter_nested(ep, now);

  if (rv != 0) {
    return rv;
  }
  r = endpoint_find(ep, id);
  if (r == NULL || r->removing) {
    return endpoint_leave(ep, H46017_ERR_NOT_FOUND);
  }
  rv = (aliases == NULL && count > 0) || count > ENDPOINT_MAX_ALIASES
           ? H46017_ERR_INVALID_ARGUMENT
           : endpoint_names_append(ep, r, &more);
  if (rv != 0) {
    (void)endpoint_leave(ep, 0); /* no memory for it: the endpoint lives on */
    return rv;
  }
  return endpoint_leave(
      ep, endpoint_event_registration(ep, r, REG_EV_NAMES, NULL, 0));
}

/* -- refused --------------------------------------------------------------- */

/* Goes to the end, behind those that are wanted. */
static void names_refuse(endpoint_registration *r, size_t i) {
  names_swap(r, i, names_wanted(r) - 1);
  r->refused++;
}

void endpoint_names_refuse_asked(endpoint_registration *r) {
  while (r->asked > r->confirmed) {
    names_refuse(r, --r->asked);
  }
}

/* invalidTerminalAliases lists them; only those that can be ours count. */
static bool names_is_listed(h46017_h225_value list, const h46017_alias *alias) {
  static const char *const types[] = {
      [H46017_ALIAS_DIALLED_DIGITS] = "dialledDigits",
      [H46017_ALIAS_H323_ID] = "h323-ID",
      [H46017_ALIAS_URL_ID] = "url-ID",
      [H46017_ALIAS_TRANSPORT_ID] = "transportID",
      [H46017_ALIAS_EMAIL_ID] = "email-ID"};
  char text[H46017_ALIAS_TEXT_MAX + 1];

  if ((size_t)alias->type >= sizeof(types) / sizeof(types[0])) {
    return false;
  }
  /* nobody has more: what a peer can make us look at is bounded */
  for (size_t i = 0; i < h46017_h225_count(list) && i < ENDPOINT_MAX_ALIASES;
       i++) {
    h46017_alias told = {.type = alias->type, .text = {text, 0}};
    h46017_h225_value v =
        h46017_h225_get(h46017_h225_at(list, i), types[alias->type]);
    if (h46017_h225_read_text(v, text, sizeof(text), &told.text.len) == 0 &&
        names_equal(&told, alias)) {
      return true;
    }
  }
  return false;
}

bool endpoint_names_refused(h46017_endpoint *ep, endpoint_registration *r) {
  h46017_h225_value list = h46017_h225_get(
      h46017_h225_root(ep->in),
      "registrationReject.rejectReason.invalidTerminalAliases.terminalAlias");
  size_t listed = 0;

  for (size_t i = 0; i < names_wanted(r); i++) {
    listed += names_is_listed(list, &r->aliases[i]);
  }
  if (listed == 0 || listed == names_wanted(r)) {
    return false; /* it is not a matter of some of them */
  }
  for (size_t i = names_wanted(r); i-- > 0;) {
    if (names_is_listed(list, &r->aliases[i])) {
      names_refuse(r, i);
    }
  }
  r->asked = H46017_MIN(r->asked, names_wanted(r));
  return true;
}

/* -- granted --------------------------------------------------------------- */

static h46017_aliases names_granted(const endpoint_registration *r) {
  const h46017_aliases list = {
      .list = r->granted != NULL ? r->granted : r->aliases,
      .count = r->granted != NULL ? r->granted_count : r->confirmed,
      .present = true};

  return list;
}

static bool names_are(const h46017_alias *list, size_t count,
                      const h46017_aliases *other) {
  if (count != other->count) {
    return false;
  }
  for (size_t i = 0; i < count; i++) {
    if (!names_has(other->list, other->count, &list[i])) {
      return false;
    }
  }
  return true;
}

static void names_set_granted(h46017_endpoint *ep, endpoint_registration *r,
                              h46017_alias *list, size_t count) {
  h46017_mem_release(&ep->mem, r->granted);
  r->granted = list;
  r->granted_count = count;
}

/* A full RRQ is confirmed with all that is granted, an additive one with what
 * it adds or with all: what was there stays. Without a list it is what was
 * asked for. */
int endpoint_names_granted(h46017_endpoint *ep, endpoint_registration *r,
                           const h46017_aliases *list) {
  const h46017_aliases told = names_bounded(list);
  const h46017_aliases before = names_granted(r);
  const bool additive = r->rrq == ENDPOINT_RRQ_ADDITIVE;
  h46017_alias *copy = NULL;
  size_t count = 0;

  if (told.count == 0 || names_are(r->aliases, r->asked, &told)) {
    if (!additive || r->granted == NULL) {
      names_set_granted(ep, r, NULL, 0);
    }
  } else if (r->granted == NULL ||
             !names_are(r->granted, r->granted_count, &told)) {
    int rv = names_make(ep, additive ? &before : &no_names, &told, &no_names,
                        &copy, &count);
    if (rv != 0) {
      return rv;
    }
    names_set_granted(ep, r, copy, count);
  }
  r->confirmed = r->asked;
  return 0;
}

int endpoint_names_reduce(h46017_endpoint *ep, endpoint_registration *r,
                          const h46017_aliases *gone) {
  const h46017_aliases before = names_granted(r);
  const h46017_aliases told = names_bounded(gone);
  h46017_alias *copy;
  size_t count;
  int rv = names_make(ep, &before, &no_names, &told, &copy, &count);

  if (rv == 0) {
    names_set_granted(ep, r, copy, count);
  }
  return rv;
}

void endpoint_names_forget(h46017_endpoint *ep, endpoint_registration *r) {
  r->confirmed = r->asked = r->refused = 0;
  r->additive = false;
  names_set_granted(ep, r, NULL, 0);
}

bool endpoint_names_hold(const endpoint_registration *r,
                         const h46017_aliases *some) {
  const h46017_aliases granted = names_granted(r);

  for (size_t i = 0; i < some->count; i++) {
    if (some->list[i].text.text != NULL &&
        names_has(granted.list, granted.count, &some->list[i])) {
      return true;
    }
  }
  return false;
}

int h46017_endpoint_granted(const h46017_endpoint *ep, uint32_t id,
                            h46017_aliases *out) {
  const endpoint_registration *r = endpoint_find(ep, id);

  if (r == NULL || r->endpoint_identifier == NULL) {
    return H46017_ERR_NOT_FOUND;
  }
  *out = names_granted(r);
  return 0;
}
