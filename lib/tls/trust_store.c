/* SPDX-License-Identifier: BSD-2-Clause */
#include "tls/trust.h"

#include <stdlib.h>
#include <string.h>

#define TRUST_COLLECTION "trust"

/* A list that is not stored has a store without functions. */

/* -- writing -------------------------------------------------------------- */

int h46017_trust_store_begin(h46017_trust *t) {
  int rv = 0;

  if (t->store.begin != NULL) {
    rv = t->store.begin(t->store.object, TRUST_COLLECTION);
  }
  if (rv != 0) {
    return rv;
  }
  /* what others changed first: our own change must not hide it */
  rv = h46017_trust_refresh(t, NULL);
  if (rv != 0 && t->store.end != NULL) {
    t->store.end(t->store.object, TRUST_COLLECTION);
  }
  return rv;
}

void h46017_trust_store_end(h46017_trust *t) {
  if (t->store.changes != NULL) {
    t->changes = t->store.changes(t->store.object, TRUST_COLLECTION);
  }
  if (t->store.end != NULL) {
    t->store.end(t->store.object, TRUST_COLLECTION);
  }
}

/* What the item is called there. */
static const char *store_name(const h46017_trust_item *item, char own[70]) {
  h46017_trust_entry_name(item->entry.id, own);
  return item->name != NULL ? item->name : own;
}

static uint64_t store_stamp(const h46017_trust *t, const char *name) {
  return t->store.stamp != NULL
             ? t->store.stamp(t->store.object, TRUST_COLLECTION, name)
             : 0;
}

int h46017_trust_store_put(const h46017_trust *t, h46017_trust_item *item) {
  char own[70];
  char *data = NULL;
  const char *name = store_name(item, own);
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
  rv = t->store.put(t->store.object, TRUST_COLLECTION, name,
                    (const uint8_t *)data, (size_t)len, 0);
  if (rv == 0) {
    item->stamp = store_stamp(t, name);
  }
  BIO_free(bio);
  return rv;
}

int h46017_trust_store_remove(const h46017_trust *t,
                              const h46017_trust_item *item) {
  int rv = 0;

  for (; rv == 0 && t->stored && item != NULL; item = item->twin) {
    char own[70];

    rv = t->store.remove(t->store.object, TRUST_COLLECTION,
                         store_name(item, own));
    rv = rv == H46017_ERR_NOT_FOUND ? 0 : rv;
  }
  return rv;
}

/* -- reading -------------------------------------------------------------- */

typedef struct store_reading {
  h46017_trust *trust;
  h46017_trust_snapshot *draft;
  const char *name; /* of the entry being read */
  uint64_t stamp;   /* its own, from before */
  bool afresh;      /* also what did not change */
  bool again;       /* afresh, please */
  size_t damaged;
} store_reading;

/* The same certificate under two names: the first counts, and both go when it
 * goes. One that is in force stays as it is. */
static bool store_take_twin(h46017_trust_item *first, h46017_trust_item *item) {
  if (first->refs > 1 || item->refs > 0) {
    return false;
  }
  item->twin = first->twin;
  first->twin = item;
  return true;
}

static int store_take(store_reading *r, h46017_trust_item *item) {
  h46017_trust_item *first = h46017_trust_lookup(r->draft, item->entry.id);
  int rv = 0;

  if (first != NULL && store_take_twin(first, item)) {
    return 0;
  }
  if (first != NULL) {
    r->again = true;
  } else if (h46017_trust_draft_put(&r->trust->mem, r->draft, item)) {
    return 0;
  } else {
    rv = H46017_ERR_NOMEM;
  }
  if (item->refs == 0) {
    h46017_trust_item_free(&r->trust->mem, item);
  }
  return rv;
}

static int store_read_octets(const uint8_t *data, size_t len, void *user_data) {
  store_reading *r = user_data;
  const h46017_mem *mem = &r->trust->mem;
  h46017_trust_item *item = NULL;
  char own[70];
  int rv = h46017_trust_item_read(mem, &item, data, len);

  if (rv == H46017_ERR_FORMAT) {
    r->damaged++;
    return 0;
  }
  if (rv != 0) {
    return rv;
  }
  h46017_trust_entry_name(item->entry.id, own);
  if (strcmp(own, r->name) != 0) {
    item->name = h46017_mem_strndup(mem, r->name, strlen(r->name));
    if (item->name == NULL) {
      h46017_trust_item_free(mem, item);
      return H46017_ERR_NOMEM;
    }
  }
  item->stamp = r->stamp;
  return store_take(r, item);
}

/* What is in force already, under the name it would have been given here, and
 * unchanged since. */
static h46017_trust_item *store_known(const store_reading *r) {
  const h46017_trust_snapshot *g = h46017_trust_current(r->trust);
  uint8_t id[H46017_CERT_ID_LEN];
  h46017_trust_item *item;

  if (r->afresh || g == NULL || !h46017_trust_entry_id(r->name, id)) {
    return NULL;
  }
  item = h46017_trust_lookup(g, id);
  return item != NULL && item->name == NULL && item->twin == NULL &&
                 item->stamp != 0 && item->stamp == r->stamp
             ? item
             : NULL;
}

static int store_read_name(const char *name, void *user_data) {
  store_reading *r = user_data;
  const h46017_store *s = &r->trust->store;
  h46017_trust_item *known;
  int rv;

  r->name = name;
  r->stamp = store_stamp(r->trust, name);
  known = store_known(r);
  rv = known != NULL
           ? store_take(r, known)
           : s->get(s->object, TRUST_COLLECTION, name, store_read_octets, r);
  if (rv == H46017_ERR_STORE_CORRUPT) { /* somebody put a directory there */
    r->damaged++;
    return 0;
  }
  return rv == H46017_ERR_NOT_FOUND ? 0 : rv; /* removed meanwhile */
}

/* 0 with a draft of what is there, or an error without. */
static int store_read_all(store_reading *r) {
  const h46017_store *s = &r->trust->store;
  int rv = 0;

  r->damaged = 0;
  r->draft = h46017_trust_draft(&r->trust->mem, NULL);
  if (r->draft == NULL) {
    return H46017_ERR_NOMEM;
  }
  if (r->trust->stored) {
    rv = s->list(s->object, TRUST_COLLECTION, store_read_name, r);
  }
  if (rv != 0 || (r->again && !r->afresh)) {
    h46017_trust_discard(&r->trust->mem, r->draft);
    r->draft = NULL;
  }
  return rv;
}

int h46017_trust_store_read(h46017_trust *t) {
  store_reading r = {.trust = t};
  uint64_t changes = 0;
  int rv;

  if (t->store.changes != NULL) {
    changes = t->store.changes(t->store.object, TRUST_COLLECTION);
  }
  rv = store_read_all(&r);
  if (rv == 0 && r.draft == NULL) {
    r.afresh = true;
    rv = store_read_all(&r);
  }
  if (rv == 0) {
    t->changes = changes;
    t->damaged = r.damaged;
    h46017_trust_publish(t, r.draft);
  }
  return rv;
}

int h46017_trust_refresh(h46017_trust *trust, bool *pchanged) {
  bool changed = trust->store.changes != NULL &&
                 trust->store.changes(trust->store.object, TRUST_COLLECTION) !=
                     trust->changes;
  int rv = changed ? h46017_trust_store_read(trust) : 0;

  if (rv == 0 && pchanged != NULL) {
    *pchanged = changed;
  }
  return rv;
}
