/* SPDX-License-Identifier: BSD-2-Clause */
/* A store whose entries a stranger wrote: read as a trust list, as rejected
 * certificates, as the clock's floor and as the secret of tickets; and the same
 * octets added to a list as a file is. What was kept of them is read again, and
 * has to be the same. */
#include "fuzz.h"

#include <h46017/clock.h>
#include <h46017/error.h>
#include <h46017/trust.h>

#include <stdlib.h>
#include <string.h>

#define NOW INT64_C(1800000000)
#define ENTRIES 8

typedef struct entry {
  char name[101];
  uint8_t *data;
  size_t len;
} entry;

/* One collection is all of them: each reader finds the stranger's octets. */
typedef struct shelf {
  entry entries[ENTRIES];
} shelf;

static entry *shelf_find(shelf *s, const char *name) {
  for (size_t i = 0; i < ENTRIES; i++) {
    if (s->entries[i].data != NULL && strcmp(s->entries[i].name, name) == 0) {
      return &s->entries[i];
    }
  }
  return NULL;
}

static int shelf_list(void *object, const char *collection,
                      h46017_store_each each, void *user_data) {
  shelf *s = object;
  int rv = 0;

  (void)collection;
  for (size_t i = 0; rv == 0 && i < ENTRIES; i++) {
    if (s->entries[i].data != NULL) {
      rv = each(s->entries[i].name, user_data);
    }
  }
  return rv;
}

static int shelf_get(void *object, const char *collection, const char *name,
                     h46017_store_take take, void *user_data) {
  const entry *e = shelf_find(object, name);

  (void)collection;
  return e == NULL ? H46017_ERR_NOT_FOUND : take(e->data, e->len, user_data);
}

static int shelf_put(void *object, const char *collection, const char *name,
                     const uint8_t *data, size_t len, uint32_t flags) {
  shelf *s = object;
  entry *e = shelf_find(s, name);

  (void)collection;
  (void)flags;
  FUZZ_ASSERT(h46017_store_is_name(name));
  for (size_t i = 0; e == NULL && i < ENTRIES; i++) {
    e = s->entries[i].data == NULL ? &s->entries[i] : NULL;
  }
  if (e == NULL) {
    return H46017_ERR_STORE_IO;
  }
  free(e->data);
  e->data = malloc(len + 1);
  FUZZ_ASSERT(e->data != NULL);
  memcpy(e->data, data, len);
  e->len = len;
  strcpy(e->name, name); /* NOLINT: a name of a store is short */
  return 0;
}

static int shelf_remove(void *object, const char *collection,
                        const char *name) {
  entry *e = shelf_find(object, name);

  (void)collection;
  if (e == NULL) {
    return H46017_ERR_NOT_FOUND;
  }
  free(e->data);
  e->data = NULL;
  return 0;
}

static uint64_t shelf_changes(void *object, const char *collection) {
  static uint64_t number;

  (void)object;
  (void)collection;
  return ++number;
}

static void shelf_store(shelf *s, h46017_store *store) {
  h46017_store_default(store);
  store->object = s;
  store->list = shelf_list;
  store->get = shelf_get;
  store->put = shelf_put;
  store->remove = shelf_remove;
  store->changes = shelf_changes;
}

static void shelf_clear(shelf *s) {
  for (size_t i = 0; i < ENTRIES; i++) {
    free(s->entries[i].data);
    s->entries[i].data = NULL;
  }
}

/* -- what is read -----------------------------------------------------------
 */

static int look_at(const h46017_trust_entry *e, void *user_data) {
  FUZZ_ASSERT(e->label != NULL && e->origin != NULL && e->subject != NULL);
  FUZZ_ASSERT(e->der_len > 0);
  FUZZ_ASSERT(h46017_trust_has(user_data, e->id));
  return 0;
}

static int look_at_rejected(const h46017_rejected_entry *e, void *user_data) {
  (void)user_data;
  FUZZ_ASSERT(e->peer != NULL && e->subject != NULL && e->chain_len > 0);
  return 0;
}

static int copy_entry(const h46017_trust_entry *e, void *user_data) {
  *(h46017_trust_entry *)user_data = *e;
  return 1;
}

static void read_list(const h46017_store *store, h46017_trust **plist) {
  FUZZ_ASSERT(h46017_trust_new(plist, store, NULL) == 0);
  FUZZ_ASSERT(h46017_trust_each(*plist, look_at, *plist) == 0);
}

/* Everything that can be done to an entry, and the store says the same. */
static void change_list(const h46017_store *store) {
  h46017_trust *list = NULL;
  h46017_trust *other = NULL;
  h46017_trust_entry e;

  read_list(store, &list);
  if (h46017_trust_each(list, copy_entry, &e) == 1) {
    uint8_t id[H46017_CERT_ID_LEN];

    memcpy(id, e.id, sizeof(id));
    (void)h46017_trust_set_kind(list, id, H46017_TRUST_END_ENTITY);
    (void)h46017_trust_set_kind(list, id, H46017_TRUST_AUTHORITY);
    read_list(store, &other);
    FUZZ_ASSERT(h46017_trust_count(other) == h46017_trust_count(list));
    h46017_trust_del(other);
    FUZZ_ASSERT(h46017_trust_remove(list, id) == 0);
    read_list(store, &other);
    FUZZ_ASSERT(!h46017_trust_has(other, id));
    h46017_trust_del(other);
  }
  h46017_trust_del(list);
}

static void add_to_list(const h46017_store *store, const uint8_t *data,
                        size_t size) {
  h46017_trust_add_options o;
  h46017_trust *list = NULL;
  h46017_trust *other = NULL;

  read_list(store, &list);
  h46017_trust_add_options_default(&o);
  o.utc_now = NOW;
  (void)h46017_trust_add(list, data, size, &o, NULL, NULL);
  FUZZ_ASSERT(h46017_trust_each(list, look_at, list) == 0);
  read_list(store, &other);
  FUZZ_ASSERT(h46017_trust_count(other) == h46017_trust_count(list));
  FUZZ_ASSERT(h46017_trust_damaged(other) == 0);
  h46017_trust_del(other);
  (void)h46017_trust_add_own_chain(list, data, size, NOW);
  h46017_trust_del(list);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  static shelf s;
  h46017_ticket_keys *keys = NULL;
  h46017_rejected *rejected = NULL;
  h46017_clock *clock = NULL;
  h46017_store store;

  if (size > H46017_STORE_ENTRY_MAX) {
    return 0;
  }
  shelf_store(&s, &store);
  add_to_list(&store, data, size);
  shelf_clear(&s);
  /* under three names: one of a person's, and those that others read */
  (void)shelf_put(&s, "", "by-hand.pem", data, size, 0);
  (void)shelf_put(&s, "", "floor", data, size, 0);
  (void)shelf_put(&s, "", "secret", data, size, 0);
  FUZZ_ASSERT(h46017_rejected_new(&rejected, &store, NULL, NULL) == 0);
  FUZZ_ASSERT(h46017_rejected_each(rejected, look_at_rejected, NULL) == 0);
  h46017_rejected_del(rejected);
  FUZZ_ASSERT(h46017_clock_new(&clock, &store, NULL, NULL) == 0);
  FUZZ_ASSERT(h46017_clock_floor(clock) > 0);
  h46017_clock_del(clock);
  change_list(&store);
  FUZZ_ASSERT(h46017_ticket_keys_new(&keys, &store, NULL) == 0);
  h46017_ticket_keys_del(keys);
  shelf_clear(&s);
  return 0;
}
