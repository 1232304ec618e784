/* SPDX-License-Identifier: BSD-2-Clause */
#include "tls/trust.h"

#include "base/settings.h"

#include <string.h>

/* -- one change ----------------------------------------------------------- */

/* What is in force is copied, changed, and put in its place once, however many
 * entries come and go. */
typedef struct trust_change {
  h46017_trust *trust;
  h46017_trust_snapshot *draft;
  bool changed;
} trust_change;

static int change_begin(trust_change *c, h46017_trust *trust) {
  int rv = h46017_trust_store_begin(trust);

  if (rv != 0) {
    return rv;
  }
  c->trust = trust;
  c->changed = false;
  c->draft = h46017_trust_draft(&trust->mem, h46017_trust_current(trust));
  if (c->draft == NULL) {
    h46017_trust_store_end(trust);
    return H46017_ERR_NOMEM;
  }
  return 0;
}

/* What was kept is in force, also where something failed after it. */
static void change_end(trust_change *c) {
  if (c->changed) {
    h46017_trust_publish(c->trust, c->draft);
  } else {
    h46017_trust_discard(&c->trust->mem, c->draft);
  }
  h46017_trust_store_end(c->trust);
}

/* The item is the draft's when this is 0, and the caller's still when not. */
static int change_put(trust_change *c, h46017_trust_item *item) {
  int rv;

  if (!h46017_trust_draft_put(&c->trust->mem, c->draft, item)) {
    return H46017_ERR_NOMEM;
  }
  rv = h46017_trust_store_put(c->trust, item);
  if (rv != 0) {
    h46017_trust_draft_drop(c->draft, item);
    return rv;
  }
  c->changed = true;
  return 0;
}

static int change_drop(trust_change *c, h46017_trust_item *item) {
  int rv = item != NULL ? h46017_trust_store_remove(c->trust, item)
                        : H46017_ERR_NOT_FOUND;

  if (rv == 0) {
    h46017_trust_draft_drop(c->draft, item);
    c->changed = true;
  }
  return rv;
}

/* -- adding --------------------------------------------------------------- */

void h46017_trust_add_options_default_sized(h46017_trust_add_options *options,
                                            size_t size) {
  h46017_trust_add_options def;

  memset(&def, 0, sizeof(def));
  h46017_settings_fill(options, size, &def, sizeof(def));
}

typedef struct trust_adding {
  trust_change change;
  h46017_trust_add_options options;
  h46017_trust_added added;
  void *user_data;
  size_t at;
  size_t skip; /* the first so many are not added: the leaf of an own chain */
  size_t good;
  uint8_t last[H46017_CERT_ID_LEN]; /* of the good */
  int first;                        /* code */
} trust_adding;

static int change_check(const h46017_trust_add_options *o,
                        const h46017_trust_entry *e) {
  if (o->expect != NULL && memcmp(o->expect, e->id, H46017_CERT_ID_LEN) != 0) {
    return H46017_ERR_FINGERPRINT;
  }
  if (o->utc_now == 0) {
    return H46017_ERR_CLOCK_NOT_SET;
  }
  if (o->utc_now > e->not_after) {
    return H46017_ERR_CERT_EXPIRED;
  }
  return o->utc_now < e->not_before ? H46017_ERR_CERT_NOT_YET_VALID : 0;
}

static int change_fill_item(const h46017_mem *mem, h46017_trust_item *item,
                            const h46017_trust_add_options *o, X509 *x) {
  h46017_trust_entry *e = &item->entry;
  int rv = change_check(o, e);

  if (rv != 0) {
    return rv;
  }
  if (o->kind == H46017_TRUST_AUTHORITY && X509_check_ca(x) == 0) {
    return H46017_ERR_NOT_AN_AUTHORITY;
  }
  if (o->kind != H46017_TRUST_AUTO &&
      !h46017_trust_item_set_kind(item, x, o->kind)) {
    return H46017_ERR_NOMEM;
  }
  e->added_at = o->utc_now;
  if ((o->label != NULL && !h46017_trust_item_set(mem, &e->label, o->label)) ||
      (o->origin != NULL &&
       !h46017_trust_item_set(mem, &e->origin, o->origin))) {
    return H46017_ERR_NOMEM;
  }
  return 0;
}

static int change_add_one(trust_adding *a, X509 *x) {
  const h46017_mem *mem = &a->change.trust->mem;
  h46017_trust_item *item = h46017_trust_item_new(mem, x);
  const h46017_trust_item *there;
  int rv;

  if (item == NULL) {
    return H46017_ERR_NOMEM;
  }
  rv = change_fill_item(mem, item, &a->options, x);
  there = h46017_trust_lookup(a->change.draft, item->entry.id);
  if (rv == 0 && there == NULL) {
    rv = change_put(&a->change, item);
    there = rv == 0 ? item : NULL;
  }
  if (rv == 0) {
    a->good++;
    memcpy(a->last, item->entry.id, sizeof(a->last));
  }
  if (a->added != NULL) {
    a->added(a->at, rv, rv == 0 ? &there->entry : &item->entry, a->user_data);
  }
  if (item->refs == 0) {
    h46017_trust_item_free(mem, item);
  }
  return rv;
}

static int change_add_found(X509 *x, void *user_data) {
  trust_adding *a = user_data;
  int rv = 0;

  if (a->at < a->skip) {
    a->at++;
    return 0;
  }
  if (x != NULL) {
    rv = change_add_one(a, x);
  } else {
    rv = H46017_ERR_FORMAT;
    if (a->added != NULL) {
      a->added(a->at, rv, NULL, a->user_data);
    }
  }
  a->at++;
  a->first = a->first != 0 ? a->first : rv;
  return h46017_error_is_fatal(rv) ? rv : 0;
}

/* Inside of a change. */
static int change_add_all(trust_adding *a, const uint8_t *data, size_t len) {
  int rv = h46017_trust_scan(data, len, change_add_found, a);

  return rv != 0 ? rv : a->first;
}

/* Ends with change_end(), if it succeeds. */
static int change_adding_begin(trust_adding *a, h46017_trust *trust,
                               const uint8_t *data, size_t len,
                               const h46017_trust_add_options *options) {
  int rv;

  memset(a, 0, sizeof(*a));
  h46017_trust_add_options_default(&a->options);
  rv = h46017_settings_copy(&a->options, sizeof(a->options),
                            sizeof(h46017_trust_add_options), options);
  return rv != 0 || (data == NULL && len > 0) ? H46017_ERR_INVALID_ARGUMENT
                                              : change_begin(&a->change, trust);
}

int h46017_trust_add(h46017_trust *trust, const uint8_t *data, size_t len,
                     const h46017_trust_add_options *options,
                     h46017_trust_added added, void *user_data) {
  trust_adding a;
  int rv = change_adding_begin(&a, trust, data, len, options);

  if (rv == 0) {
    a.added = added;
    a.user_data = user_data;
    rv = change_add_all(&a, data, len);
    change_end(&a.change);
  }
  return rv;
}

int h46017_trust_add_own_chain(h46017_trust *trust, const uint8_t *data,
                               size_t len, int64_t utc_now) {
  h46017_trust_add_options options;
  trust_adding a;
  int rv;

  h46017_trust_add_options_default(&options);
  options.kind = H46017_TRUST_AUTHORITY;
  options.origin = "own-chain";
  options.utc_now = utc_now;
  rv = change_adding_begin(&a, trust, data, len, &options);
  if (rv == 0) {
    a.skip = 1;
    rv = change_add_all(&a, data, len);
    change_end(&a.change);
  }
  return rv;
}

/* -- removing ------------------------------------------------------------- */

int h46017_trust_remove(h46017_trust *trust,
                        const uint8_t id[H46017_CERT_ID_LEN]) {
  trust_change c;
  int rv = change_begin(&c, trust);

  if (rv == 0) {
    rv = change_drop(&c, h46017_trust_lookup(c.draft, id));
    change_end(&c);
  }
  return rv;
}

int h46017_trust_clear(h46017_trust *trust, const char *origin) {
  const h46017_trust_snapshot *now;
  trust_change c;
  int rv = change_begin(&c, trust);

  if (rv != 0) {
    return rv;
  }
  now = h46017_trust_current(trust);
  for (size_t i = 0; rv == 0 && i < now->count; i++) {
    if (origin == NULL || strcmp(now->items[i]->entry.origin, origin) == 0) {
      rv = change_drop(&c, now->items[i]);
    }
  }
  change_end(&c);
  return rv;
}

/* -- in the place of another ---------------------------------------------- */

static bool change_copy_words(const h46017_mem *mem, h46017_trust_item *copy,
                              const h46017_trust_item *item) {
  copy->entry.added_at = item->entry.added_at;
  if (item->name != NULL) {
    copy->name = h46017_mem_strndup(mem, item->name, strlen(item->name));
  }
  return (item->name == NULL || copy->name != NULL) &&
         h46017_trust_item_set(mem, &copy->entry.label, item->entry.label) &&
         h46017_trust_item_set(mem, &copy->entry.origin, item->entry.origin);
}

static int change_copy(const h46017_mem *mem, h46017_trust_item **pcopy,
                       const h46017_trust_item *item, h46017_trust_kind kind) {
  const unsigned char *der = item->entry.der;
  X509 *x = d2i_X509(NULL, &der, (long)item->entry.der_len);
  h46017_trust_item *copy = NULL;
  int rv = H46017_ERR_NOMEM;

  if (x != NULL && kind == H46017_TRUST_AUTHORITY && X509_check_ca(x) == 0) {
    rv = H46017_ERR_NOT_AN_AUTHORITY;
  } else if (x != NULL) {
    copy = h46017_trust_item_new(mem, x);
  }
  if (copy != NULL && h46017_trust_item_set_kind(copy, x, kind) &&
      change_copy_words(mem, copy, item)) {
    *pcopy = copy;
    copy = NULL;
    rv = 0;
  }
  h46017_trust_item_free(mem, copy);
  X509_free(x);
  ERR_clear_error();
  return rv;
}

/* A copy that says something else about it, `label` NULL: not that. */
static int change_say(trust_change *c, h46017_trust_item *item,
                      h46017_trust_kind kind, const char *label) {
  const h46017_mem *mem = &c->trust->mem;
  h46017_trust_item *copy = NULL;
  int rv = change_copy(mem, &copy, item, kind);

  if (rv != 0) {
    return rv;
  }
  if (label != NULL && !h46017_trust_item_set(mem, &copy->entry.label, label)) {
    rv = H46017_ERR_NOMEM;
  }
  rv = rv != 0 ? rv : change_put(c, copy);
  if (rv != 0) {
    h46017_trust_item_free(mem, copy);
    return rv;
  }
  h46017_trust_draft_drop(c->draft, item);
  /* under other names it would still be what it was */
  return h46017_trust_store_remove(c->trust, item->twin);
}

int h46017_trust_set_kind(h46017_trust *trust,
                          const uint8_t id[H46017_CERT_ID_LEN],
                          h46017_trust_kind kind) {
  trust_change c;
  int rv;

  if (kind != H46017_TRUST_AUTHORITY && kind != H46017_TRUST_END_ENTITY) {
    return H46017_ERR_INVALID_ARGUMENT;
  }
  rv = change_begin(&c, trust);
  if (rv == 0) {
    h46017_trust_item *item = h46017_trust_lookup(c.draft, id);

    rv = item != NULL ? change_say(&c, item, kind, NULL) : H46017_ERR_NOT_FOUND;
    change_end(&c);
  }
  return rv;
}

int h46017_trust_set_label(h46017_trust *trust,
                           const uint8_t id[H46017_CERT_ID_LEN],
                           const char *label) {
  trust_change c;
  int rv =
      label != NULL ? change_begin(&c, trust) : H46017_ERR_INVALID_ARGUMENT;

  if (rv == 0) {
    h46017_trust_item *item = h46017_trust_lookup(c.draft, id);

    rv = item != NULL ? change_say(&c, item, item->entry.kind, label)
                      : H46017_ERR_NOT_FOUND;
    change_end(&c);
  }
  return rv;
}

/* One that was there already gets the label too. */
static int change_hand_on(trust_adding *a) {
  h46017_trust_item *there = h46017_trust_lookup(a->change.draft, a->last);

  return there == NULL || strcmp(there->entry.label, a->options.label) == 0
             ? 0
             : change_say(&a->change, there, there->entry.kind,
                          a->options.label);
}

/* Inside of a change. The new one first: when it does not come, the old one
 * stays. */
static int change_replace(trust_adding *a, h46017_trust_item *item,
                          const uint8_t *data, size_t len) {
  int rv;

  if (item == NULL) {
    return H46017_ERR_NOT_FOUND;
  }
  if (a->options.kind == H46017_TRUST_AUTO) {
    a->options.kind = item->entry.kind;
  }
  if (a->options.label == NULL) {
    a->options.label = item->entry.label;
  }
  rv = change_add_all(a, data, len);
  if (rv == 0 &&
      (a->good != 1 || memcmp(a->last, item->entry.id, sizeof(a->last)) != 0)) {
    rv = change_hand_on(a);
    rv = rv != 0 ? rv : change_drop(&a->change, item);
  }
  return rv;
}

int h46017_trust_replace(h46017_trust *trust,
                         const uint8_t old[H46017_CERT_ID_LEN],
                         const uint8_t *data, size_t len,
                         const h46017_trust_add_options *options,
                         h46017_trust_added added, void *user_data) {
  uint8_t gone[H46017_CERT_ID_LEN];
  trust_adding a;
  int rv;

  memcpy(gone, old, sizeof(gone)); /* `old` may be the list's own */
  rv = change_adding_begin(&a, trust, data, len, options);
  if (rv == 0) {
    a.added = added;
    a.user_data = user_data;
    rv = change_replace(&a, h46017_trust_lookup(a.change.draft, gone), data,
                        len);
    change_end(&a.change);
  }
  return rv;
}
