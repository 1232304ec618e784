/* SPDX-License-Identifier: BSD-2-Clause */
#include "tls/trust.h"

#include "base/settings.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TRUST_COLLECTION "trust"

/* -- generations ---------------------------------------------------------- */

h46017_trust_snapshot *h46017_trust_hold(const h46017_trust *trust) {
  h46017_trust_shared *s = trust->shared;
  h46017_trust_snapshot *g;

  (void)atomic_fetch_add(&s->arriving, 1U);
  g = atomic_load(&s->current);
  (void)atomic_fetch_add(&g->refs, 1U);
  (void)atomic_fetch_sub(&s->arriving, 1U);
  return g;
}

void h46017_trust_let_go(h46017_trust_snapshot *g) {
  (void)atomic_fetch_sub(&g->refs, 1U);
}

/* One that was never in force: what is in it is its maker's still. */
static void trust_discard(const h46017_mem *mem, h46017_trust_snapshot *g) {
  if (g == NULL) {
    return;
  }
  for (size_t i = 0; g->items != NULL && i < g->count; i++) {
    g->items[i]->refs--;
  }
  sk_X509_pop_free(g->authorities, X509_free);
  h46017_mem_release(mem, (void *)g->items);
  h46017_mem_release(mem, g->slots);
  h46017_mem_release(mem, g);
}

static void trust_free_generation(const h46017_mem *mem,
                                  h46017_trust_snapshot *g) {
  for (size_t i = 0; g != NULL && i < g->count; i++) {
    if (g->items[i]->refs == 1) {
      h46017_trust_item_free(mem, g->items[i]);
      g->items[i--] = g->items[--g->count];
    }
  }
  trust_discard(mem, g);
}

/* Those that nobody looks into any more. Who arrives after the new one was
 * published finds the new one. */
static void trust_sweep(h46017_trust *t) {
  h46017_trust_snapshot **at = &t->retired;

  if (atomic_load(&t->shared->arriving) != 0) {
    return; /* the next change tries again */
  }
  while (*at != NULL) {
    h46017_trust_snapshot *g = *at;

    if (atomic_load(&g->refs) == 0) {
      *at = g->retired;
      trust_free_generation(&t->mem, g);
    } else {
      at = &g->retired;
    }
  }
}

static void trust_publish(h46017_trust *t, h46017_trust_snapshot *g) {
  h46017_trust_snapshot *old;

  g->number = ++t->numbers;
  old = atomic_exchange(&t->shared->current, g);
  if (old != NULL) {
    old->retired = t->retired;
    t->retired = old;
  }
  trust_sweep(t);
}

/* The id is a hash already; whoever could choose where it falls would have to
 * be an entry first. */
static size_t trust_slot(const uint8_t *id, size_t nslots) {
  size_t h = 0;

  for (size_t i = 0; i < sizeof(h); i++) {
    h = h << 8 | id[i];
  }
  return h & (nslots - 1);
}

const h46017_trust_item *
h46017_trust_lookup(const h46017_trust_snapshot *g,
                    const uint8_t id[H46017_CERT_ID_LEN]) {
  for (size_t i = trust_slot(id, g->nslots); g->slots[i] != 0;
       i = (i + 1) & (g->nslots - 1)) {
    const h46017_trust_item *item = g->items[g->slots[i] - 1];

    if (memcmp(item->entry.id, id, H46017_CERT_ID_LEN) == 0) {
      return item;
    }
  }
  return NULL;
}

static int trust_compare(const void *a, const void *b) {
  const h46017_trust_item *const *x = a;
  const h46017_trust_item *const *y = b;

  return memcmp((*x)->entry.id, (*y)->entry.id, H46017_CERT_ID_LEN);
}

static bool trust_add_authority(h46017_trust_snapshot *g,
                                const h46017_trust_entry *e) {
  const unsigned char *der = e->der;
  X509 *x = d2i_X509(NULL, &der, (long)e->der_len);

  if (x != NULL && sk_X509_push(g->authorities, x) > 0) {
    return true;
  }
  X509_free(x);
  ERR_clear_error();
  return false;
}

static bool trust_index(const h46017_mem *mem, h46017_trust_snapshot *g) {
  g->nslots = 16;
  while (g->nslots < g->count * 2) {
    g->nslots *= 2;
  }
  g->slots = h46017_mem_zalloc(mem, g->nslots, sizeof(*g->slots));
  if (g->slots == NULL) {
    return false;
  }
  for (size_t n = 0; n < g->count; n++) {
    size_t i = trust_slot(g->items[n]->entry.id, g->nslots);

    while (g->slots[i] != 0) {
      i = (i + 1) & (g->nslots - 1);
    }
    g->slots[i] = (uint32_t)n + 1;
  }
  return true;
}

/* Of `count` items, which are counted into it; the array is copied. NULL
 * without memory. */
static h46017_trust_snapshot *trust_build(const h46017_mem *mem,
                                          h46017_trust_item *const *items,
                                          size_t count) {
  h46017_trust_snapshot *g = h46017_mem_zalloc(mem, 1, sizeof(*g));
  bool done;

  if (g == NULL) {
    return NULL;
  }
  g->authorities = sk_X509_new_null();
  g->items = h46017_mem_zalloc(mem, count + 1, sizeof(h46017_trust_item *));
  done = g->authorities != NULL && g->items != NULL;
  if (done && count > 0) {
    memcpy((void *)g->items, (const void *)items,
           count * sizeof(h46017_trust_item *));
    qsort((void *)g->items, count, sizeof(h46017_trust_item *), trust_compare);
  }
  for (size_t i = 0; done && i < count; i++) {
    g->items[i]->refs++;
    g->count++;
    done = g->items[i]->entry.kind != H46017_TRUST_AUTHORITY ||
           trust_add_authority(g, &g->items[i]->entry);
  }
  if (!done || !trust_index(mem, g)) {
    trust_discard(mem, g);
    return NULL;
  }
  return g;
}

/* What is in force; for the changing thread, which needs no hold. */
static h46017_trust_snapshot *trust_current(const h46017_trust *t) {
  return atomic_load(&t->shared->current);
}

/* The next generation: `out` taken out, `in` put in; either may be NULL. */
static int trust_build_next(h46017_trust *t, h46017_trust_snapshot **pg,
                            const h46017_trust_item *out,
                            h46017_trust_item *in) {
  const h46017_trust_snapshot *now = trust_current(t);
  h46017_trust_item **items =
      h46017_mem_zalloc(&t->mem, now->count + 1, sizeof(h46017_trust_item *));
  size_t count = 0;

  if (items == NULL) {
    return H46017_ERR_NOMEM;
  }
  for (size_t i = 0; i < now->count; i++) {
    if (now->items[i] != out) {
      items[count++] = now->items[i];
    }
  }
  if (in != NULL) {
    items[count++] = in;
  }
  *pg = trust_build(&t->mem, items, count);
  h46017_mem_release(&t->mem, (void *)items);
  return *pg != NULL ? 0 : H46017_ERR_NOMEM;
}

/* -- the store ------------------------------------------------------------ */

static int trust_begin(h46017_trust *t) {
  int rv = 0;

  if (t->stored && t->store.begin != NULL) {
    rv = t->store.begin(t->store.object, TRUST_COLLECTION);
  }
  if (rv != 0) {
    return rv;
  }
  /* what others changed first: our own change must not hide it */
  rv = h46017_trust_refresh(t, NULL);
  if (rv != 0 && t->stored && t->store.end != NULL) {
    t->store.end(t->store.object, TRUST_COLLECTION);
  }
  return rv;
}

static void trust_end(h46017_trust *t) {
  if (!t->stored) {
    return;
  }
  if (t->store.changes != NULL) {
    t->changes = t->store.changes(t->store.object, TRUST_COLLECTION);
  }
  if (t->store.end != NULL) {
    t->store.end(t->store.object, TRUST_COLLECTION);
  }
}

static int trust_put(h46017_trust *t, const h46017_trust_item *item) {
  char name[70];
  char *data = NULL;
  BIO *bio;
  long len;
  int rv;

  if (!t->stored) {
    return 0;
  }
  bio = h46017_trust_item_write(item);
  if (bio == NULL) {
    return H46017_ERR_NOMEM;
  }
  len = BIO_get_mem_data(bio, &data);
  h46017_trust_entry_name(item->entry.id, name);
  rv = t->store.put(t->store.object, TRUST_COLLECTION, name,
                    (const uint8_t *)data, (size_t)len, 0);
  BIO_free(bio);
  return rv;
}

static int trust_take_out(h46017_trust *t, const h46017_trust_item *item) {
  char name[70];
  int rv;

  if (!t->stored) {
    return 0;
  }
  h46017_trust_entry_name(item->entry.id, name);
  rv = t->store.remove(t->store.object, TRUST_COLLECTION, name);
  return rv == H46017_ERR_NOT_FOUND ? 0 : rv;
}

/* What the store holds, while it is read. */
typedef struct trust_reading {
  h46017_trust *trust;
  h46017_trust_item **items;
  size_t count;
  size_t room;
  size_t damaged;
} trust_reading;

static bool trust_reading_room(trust_reading *r) {
  size_t room = r->room > 0 ? r->room * 2 : 64;
  h46017_trust_item **more;

  if (r->count < r->room) {
    return true;
  }
  more = h46017_mem_resize(&r->trust->mem, (void *)r->items,
                           room * sizeof(h46017_trust_item *));
  if (more == NULL) {
    return false;
  }
  r->items = more;
  r->room = room;
  return true;
}

static int trust_read_one(const uint8_t *data, size_t len, void *user_data) {
  trust_reading *r = user_data;
  h46017_trust_item *item = NULL;
  int rv;

  if (!trust_reading_room(r)) {
    return H46017_ERR_NOMEM;
  }
  rv = h46017_trust_item_read(&r->trust->mem, &item, data, len);
  if (rv == H46017_ERR_FORMAT) {
    r->damaged++;
    return 0;
  }
  if (rv == 0) {
    r->items[r->count++] = item;
  }
  return rv;
}

static int trust_read_name(const char *name, void *user_data) {
  trust_reading *r = user_data;
  const h46017_store *s = &r->trust->store;
  int rv = s->get(s->object, TRUST_COLLECTION, name, trust_read_one, r);

  return rv == H46017_ERR_NOT_FOUND ? 0 : rv; /* removed meanwhile */
}

/* The same certificate under two names: the first counts. */
static void trust_drop_doubles(trust_reading *r) {
  size_t kept = 0;

  if (r->count > 1) {
    qsort((void *)r->items, r->count, sizeof(h46017_trust_item *),
          trust_compare);
  }
  for (size_t i = 0; i < r->count; i++) {
    if (kept > 0 && trust_compare((const void *)&r->items[kept - 1],
                                  (const void *)&r->items[i]) == 0) {
      h46017_trust_item_free(&r->trust->mem, r->items[i]);
      r->damaged++;
    } else {
      r->items[kept++] = r->items[i];
    }
  }
  r->count = kept;
}

static int trust_read(h46017_trust *t) {
  trust_reading r = {.trust = t};
  h46017_trust_snapshot *g = NULL;
  uint64_t changes = 0;
  int rv = 0;

  if (t->stored) {
    if (t->store.changes != NULL) {
      changes = t->store.changes(t->store.object, TRUST_COLLECTION);
    }
    rv = t->store.list(t->store.object, TRUST_COLLECTION, trust_read_name, &r);
  }
  if (rv == 0) {
    trust_drop_doubles(&r);
    g = trust_build(&t->mem, r.items, r.count);
    rv = g != NULL ? 0 : H46017_ERR_NOMEM;
  }
  if (rv != 0) {
    for (size_t i = 0; i < r.count; i++) {
      h46017_trust_item_free(&t->mem, r.items[i]);
    }
  } else {
    t->changes = changes;
    t->damaged = r.damaged;
    trust_publish(t, g);
  }
  h46017_mem_release(&t->mem, (void *)r.items);
  return rv;
}

int h46017_trust_refresh(h46017_trust *trust, bool *pchanged) {
  bool changed = trust->stored && trust->store.changes != NULL &&
                 trust->store.changes(trust->store.object, TRUST_COLLECTION) !=
                     trust->changes;
  int rv = changed ? trust_read(trust) : 0;

  if (rv == 0 && pchanged != NULL) {
    *pchanged = changed;
  }
  return rv;
}

/* -- life ----------------------------------------------------------------- */

static void trust_record_free(void *parent, void *ptr, CRYPTO_EX_DATA *ad,
                              int idx, long argl, void *argp) {
  h46017_peer_record *record = ptr;

  (void)parent;
  (void)ad;
  (void)idx;
  (void)argl;
  (void)argp;
  if (record != NULL) {
    sk_X509_pop_free(record->refused, X509_free);
    OPENSSL_free(record);
  }
}

static int trust_begin_life(h46017_trust *t, const h46017_store *store) {
  int rv;

  h46017_store_default(&t->store);
  if (store != NULL) {
    rv = h46017_settings_copy(&t->store, sizeof(t->store), sizeof(h46017_store),
                              store);
    if (rv != 0) {
      return rv;
    }
    if (t->store.list == NULL || t->store.get == NULL || t->store.put == NULL ||
        t->store.remove == NULL ||
        (t->store.begin == NULL) != (t->store.end == NULL)) {
      return H46017_ERR_INVALID_ARGUMENT;
    }
    t->stored = true;
  }
  t->shared = h46017_mem_zalloc(&t->mem, 1, sizeof(*t->shared));
  t->ssl_index = SSL_get_ex_new_index(0, NULL, NULL, NULL, trust_record_free);
  if (t->shared == NULL || t->ssl_index < 0) {
    return H46017_ERR_NOMEM;
  }
  return trust_read(t);
}

int h46017_trust_new(h46017_trust **ptrust, const h46017_store *store,
                     const h46017_mem *mem) {
  h46017_mem own;
  h46017_trust *t;
  int rv;

  if (ptrust == NULL) {
    return H46017_ERR_INVALID_ARGUMENT;
  }
  rv = h46017_mem_init(&own, mem);
  if (rv != 0) {
    return rv;
  }
  t = h46017_mem_zalloc(&own, 1, sizeof(*t));
  if (t == NULL) {
    return H46017_ERR_NOMEM;
  }
  t->mem = own;
  t->ssl_index = -1;
  rv = trust_begin_life(t, store);
  if (rv != 0) {
    h46017_trust_del(t);
    return rv;
  }
  *ptrust = t;
  return 0;
}

void h46017_trust_del(h46017_trust *trust) {
  h46017_mem mem;

  if (trust == NULL) {
    return;
  }
  mem = trust->mem;
  while (trust->retired != NULL) {
    h46017_trust_snapshot *g = trust->retired;

    trust->retired = g->retired;
    trust_free_generation(&mem, g);
  }
  if (trust->shared != NULL) {
    trust_free_generation(&mem, trust_current(trust));
    h46017_mem_release(&mem, trust->shared);
  }
  if (trust->ssl_index >= 0) {
    (void)CRYPTO_free_ex_index(CRYPTO_EX_INDEX_SSL, trust->ssl_index);
  }
  h46017_mem_release(&mem, trust);
}

/* -- looking -------------------------------------------------------------- */

uint64_t h46017_trust_generation(const h46017_trust *trust) {
  return trust_current(trust)->number;
}

size_t h46017_trust_count(const h46017_trust *trust) {
  return trust_current(trust)->count;
}

size_t h46017_trust_damaged(const h46017_trust *trust) {
  return trust->damaged;
}

int h46017_trust_each(const h46017_trust *trust,
                      int (*each)(const h46017_trust_entry *entry,
                                  void *user_data),
                      void *user_data) {
  const h46017_trust_snapshot *g = trust_current(trust);

  for (size_t i = 0; i < g->count; i++) {
    int rv = each(&g->items[i]->entry, user_data);

    if (rv != 0) {
      return rv;
    }
  }
  return 0;
}

int h46017_trust_find(const h46017_trust *trust, const char *digits,
                      h46017_trust_entry *entry) {
  const h46017_trust_snapshot *g = trust_current(trust);
  const h46017_trust_item *found = NULL;

  if (!h46017_trust_is_digits(digits)) {
    return H46017_ERR_INVALID_ARGUMENT;
  }
  for (size_t i = 0; i < g->count; i++) {
    if (h46017_trust_begins(g->items[i]->entry.id, digits)) {
      if (found != NULL) {
        return H46017_ERR_AMBIGUOUS_ID;
      }
      found = g->items[i];
    }
  }
  if (found == NULL) {
    return H46017_ERR_NOT_FOUND;
  }
  *entry = found->entry;
  return 0;
}

bool h46017_trust_has(const h46017_trust *trust,
                      const uint8_t id[H46017_CERT_ID_LEN]) {
  h46017_trust_snapshot *g = h46017_trust_hold(trust);
  bool there = h46017_trust_lookup(g, id) != NULL;

  h46017_trust_let_go(g);
  return there;
}

int h46017_trust_find_name(const h46017_trust *trust, const char *cn,
                           const uint8_t not_id[H46017_CERT_ID_LEN],
                           h46017_trust_entry *entry) {
  const h46017_trust_snapshot *g = trust_current(trust);

  for (size_t i = 0; cn != NULL && i < g->count; i++) {
    const h46017_trust_entry *e = &g->items[i]->entry;

    if (e->kind == H46017_TRUST_END_ENTITY && e->cn != NULL &&
        h46017_name_is_equal(e->cn, strlen(e->cn), cn, strlen(cn)) &&
        memcmp(e->id, not_id, H46017_CERT_ID_LEN) != 0) {
      *entry = *e;
      return 0;
    }
  }
  return H46017_ERR_NOT_FOUND;
}

/* -- changing ------------------------------------------------------------- */

void h46017_trust_add_options_default_sized(h46017_trust_add_options *options,
                                            size_t size) {
  h46017_trust_add_options def;

  memset(&def, 0, sizeof(def));
  h46017_settings_fill(options, size, &def, sizeof(def));
}

typedef struct trust_adding {
  h46017_trust *trust;
  h46017_trust_add_options options;
  h46017_trust_added added;
  void *user_data;
  size_t at;
  size_t skip; /* the first so many are not added: the leaf of an own chain */
  int first;   /* code */
} trust_adding;

static int trust_check(const h46017_trust_add_options *o,
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

static int trust_fill_item(const h46017_mem *mem, h46017_trust_item *item,
                           const h46017_trust_add_options *o, X509 *x) {
  h46017_trust_entry *e = &item->entry;
  int rv = trust_check(o, e);

  if (rv != 0) {
    return rv;
  }
  if (o->kind == H46017_TRUST_AUTHORITY && X509_check_ca(x) == 0) {
    return H46017_ERR_NOT_AN_AUTHORITY;
  }
  e->kind = o->kind != H46017_TRUST_AUTO ? o->kind : e->kind;
  e->added_at = o->utc_now;
  if ((o->label != NULL && !h46017_trust_item_set(mem, &e->label, o->label)) ||
      (o->origin != NULL &&
       !h46017_trust_item_set(mem, &e->origin, o->origin))) {
    return H46017_ERR_NOMEM;
  }
  return 0;
}

/* Built first, then kept, then in force: what fails changes nothing. */
static int trust_insert(h46017_trust *t, h46017_trust_item *item) {
  h46017_trust_snapshot *g = NULL;
  int rv = trust_build_next(t, &g, NULL, item);

  if (rv == 0) {
    rv = trust_put(t, item);
  }
  if (rv == 0) {
    trust_publish(t, g);
    return 0;
  }
  trust_discard(&t->mem, g);
  return rv;
}

static int trust_add_one(trust_adding *a, X509 *x) {
  h46017_trust *t = a->trust;
  h46017_trust_item *item = h46017_trust_item_new(&t->mem, x);
  const h46017_trust_item *there;
  int rv;

  if (item == NULL) {
    return H46017_ERR_NOMEM;
  }
  rv = trust_fill_item(&t->mem, item, &a->options, x);
  there = h46017_trust_lookup(trust_current(t), item->entry.id);
  if (rv == 0 && there == NULL) {
    rv = trust_insert(t, item);
    there = rv == 0 ? item : NULL;
  }
  if (a->added != NULL) {
    a->added(a->at, rv, rv == 0 ? &there->entry : &item->entry, a->user_data);
  }
  if (item->refs == 0) {
    h46017_trust_item_free(&t->mem, item);
  }
  return rv;
}

static int trust_add_found(X509 *x, void *user_data) {
  trust_adding *a = user_data;
  int rv = 0;

  if (a->at < a->skip) {
    a->at++;
    return 0;
  }
  if (x != NULL) {
    rv = trust_add_one(a, x);
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

static int trust_add_all(trust_adding *a, const uint8_t *data, size_t len) {
  int rv = trust_begin(a->trust);

  if (rv != 0) {
    return rv;
  }
  rv = h46017_trust_scan(data, len, trust_add_found, a);
  trust_end(a->trust);
  return rv != 0 ? rv : a->first;
}

static int trust_adding_init(trust_adding *a, h46017_trust *trust,
                             const h46017_trust_add_options *options) {
  memset(a, 0, sizeof(*a));
  a->trust = trust;
  h46017_trust_add_options_default(&a->options);
  return h46017_settings_copy(&a->options, sizeof(a->options),
                              sizeof(h46017_trust_add_options), options);
}

int h46017_trust_add(h46017_trust *trust, const uint8_t *data, size_t len,
                     const h46017_trust_add_options *options,
                     h46017_trust_added added, void *user_data) {
  trust_adding a;
  int rv = trust_adding_init(&a, trust, options);

  if (rv != 0 || (data == NULL && len > 0)) {
    return H46017_ERR_INVALID_ARGUMENT;
  }
  a.added = added;
  a.user_data = user_data;
  return trust_add_all(&a, data, len);
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
  rv = trust_adding_init(&a, trust, &options);
  if (rv != 0 || (data == NULL && len > 0)) {
    return H46017_ERR_INVALID_ARGUMENT;
  }
  a.skip = 1;
  return trust_add_all(&a, data, len);
}

/* Inside trust_begin(). */
static int trust_remove_item(h46017_trust *t, const h46017_trust_item *item) {
  h46017_trust_snapshot *g = NULL;
  int rv;

  if (item == NULL) {
    return H46017_ERR_NOT_FOUND;
  }
  rv = trust_build_next(t, &g, item, NULL);
  if (rv == 0) {
    rv = trust_take_out(t, item);
  }
  if (rv == 0) {
    trust_publish(t, g);
  } else {
    trust_discard(&t->mem, g);
  }
  return rv;
}

int h46017_trust_remove(h46017_trust *trust,
                        const uint8_t id[H46017_CERT_ID_LEN]) {
  int rv = trust_begin(trust);

  if (rv == 0) {
    rv =
        trust_remove_item(trust, h46017_trust_lookup(trust_current(trust), id));
    trust_end(trust);
  }
  return rv;
}

static const h46017_trust_item *trust_first_of(const h46017_trust *t,
                                               const char *origin) {
  const h46017_trust_snapshot *g = trust_current(t);

  for (size_t i = 0; i < g->count; i++) {
    if (origin == NULL || strcmp(g->items[i]->entry.origin, origin) == 0) {
      return g->items[i];
    }
  }
  return NULL;
}

int h46017_trust_clear(h46017_trust *trust, const char *origin) {
  const h46017_trust_item *item;
  int rv = trust_begin(trust);

  if (rv != 0) {
    return rv;
  }
  while (rv == 0 && (item = trust_first_of(trust, origin)) != NULL) {
    rv = trust_remove_item(trust, item);
  }
  trust_end(trust);
  return rv;
}

static int trust_copy_item(h46017_trust *t, h46017_trust_item **pitem,
                           const h46017_trust_item *item,
                           h46017_trust_kind kind) {
  const unsigned char *der = item->entry.der;
  X509 *x = d2i_X509(NULL, &der, (long)item->entry.der_len);
  h46017_trust_item *copy = NULL;
  int rv = H46017_ERR_NOMEM;

  if (x != NULL && kind == H46017_TRUST_AUTHORITY && X509_check_ca(x) == 0) {
    rv = H46017_ERR_NOT_AN_AUTHORITY;
  } else if (x != NULL) {
    copy = h46017_trust_item_new(&t->mem, x);
  }
  X509_free(x);
  if (copy == NULL) {
    return rv;
  }
  copy->entry.kind = kind;
  copy->entry.added_at = item->entry.added_at;
  if (!h46017_trust_item_set(&t->mem, &copy->entry.label, item->entry.label) ||
      !h46017_trust_item_set(&t->mem, &copy->entry.origin,
                             item->entry.origin)) {
    h46017_trust_item_free(&t->mem, copy);
    return H46017_ERR_NOMEM;
  }
  *pitem = copy;
  return 0;
}

static int trust_change_kind(h46017_trust *t, const h46017_trust_item *item,
                             h46017_trust_kind kind) {
  h46017_trust_snapshot *g = NULL;
  h46017_trust_item *copy = NULL;
  int rv;

  if (item == NULL) {
    return H46017_ERR_NOT_FOUND;
  }
  rv = trust_copy_item(t, &copy, item, kind);
  if (rv != 0) {
    return rv;
  }
  rv = trust_build_next(t, &g, item, copy);
  if (rv == 0) {
    rv = trust_put(t, copy);
  }
  if (rv == 0) {
    trust_publish(t, g);
    return 0;
  }
  trust_discard(&t->mem, g);
  h46017_trust_item_free(&t->mem, copy);
  return rv;
}

int h46017_trust_set_kind(h46017_trust *trust,
                          const uint8_t id[H46017_CERT_ID_LEN],
                          h46017_trust_kind kind) {
  int rv;

  if (kind != H46017_TRUST_AUTHORITY && kind != H46017_TRUST_END_ENTITY) {
    return H46017_ERR_INVALID_ARGUMENT;
  }
  rv = trust_begin(trust);
  if (rv == 0) {
    rv = trust_change_kind(trust, h46017_trust_lookup(trust_current(trust), id),
                           kind);
    trust_end(trust);
  }
  return rv;
}

typedef struct trust_replacing {
  h46017_trust_added added;
  void *user_data;
  size_t good;
  uint8_t id[H46017_CERT_ID_LEN]; /* of the new one */
} trust_replacing;

static void trust_replaced(size_t at, int code, const h46017_trust_entry *entry,
                           void *user_data) {
  trust_replacing *r = user_data;

  if (code == 0) {
    r->good++;
    memcpy(r->id, entry->id, sizeof(r->id));
  }
  if (r->added != NULL) {
    r->added(at, code, entry, r->user_data);
  }
}

int h46017_trust_replace(h46017_trust *trust,
                         const uint8_t old[H46017_CERT_ID_LEN],
                         const uint8_t *data, size_t len,
                         const h46017_trust_add_options *options,
                         h46017_trust_added added, void *user_data) {
  trust_replacing r = {.added = added, .user_data = user_data};
  const h46017_trust_item *item;
  trust_adding a;
  uint8_t gone[H46017_CERT_ID_LEN];
  int rv = trust_adding_init(&a, trust, options);

  if (rv != 0 || (data == NULL && len > 0)) {
    return H46017_ERR_INVALID_ARGUMENT;
  }
  memcpy(gone, old, sizeof(gone)); /* `old` may be the list's own */
  rv = trust_begin(trust);
  if (rv != 0) {
    return rv;
  }
  item = h46017_trust_lookup(trust_current(trust), gone);
  rv = item == NULL ? H46017_ERR_NOT_FOUND : 0;
  if (rv == 0) {
    item = h46017_trust_lookup(trust_current(trust), gone);
    a.added = trust_replaced;
    a.user_data = &r;
    a.options.kind =
        a.options.kind != H46017_TRUST_AUTO ? a.options.kind : item->entry.kind;
    a.options.label =
        a.options.label != NULL ? a.options.label : item->entry.label;
    rv = h46017_trust_scan(data, len, trust_add_found, &a);
    rv = rv != 0 ? rv : a.first;
  }
  if (rv == 0 && (r.good != 1 || memcmp(r.id, gone, sizeof(gone)) != 0)) {
    rv = trust_remove_item(trust,
                           h46017_trust_lookup(trust_current(trust), gone));
  }
  trust_end(trust);
  return rv;
}
