/* SPDX-License-Identifier: BSD-2-Clause */
#include "tls/trust.h"

#include "base/settings.h"

#include <string.h>

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
  return h46017_trust_store_read(t);
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
    h46017_trust_discard(&mem, g);
  }
  if (trust->shared != NULL) {
    h46017_trust_discard(&mem, h46017_trust_current(trust));
    h46017_mem_release(&mem, trust->shared);
  }
  if (trust->ssl_index >= 0) {
    (void)CRYPTO_free_ex_index(CRYPTO_EX_INDEX_SSL, trust->ssl_index);
  }
  h46017_mem_release(&mem, trust);
}

/* -- looking -------------------------------------------------------------- */

uint64_t h46017_trust_generation(const h46017_trust *trust) {
  return h46017_trust_current(trust)->number;
}

size_t h46017_trust_count(const h46017_trust *trust) {
  return h46017_trust_current(trust)->count;
}

size_t h46017_trust_damaged(const h46017_trust *trust) {
  return trust->damaged;
}

int h46017_trust_each(const h46017_trust *trust,
                      int (*each)(const h46017_trust_entry *entry,
                                  void *user_data),
                      void *user_data) {
  const h46017_trust_snapshot *g = h46017_trust_current(trust);

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
  const h46017_trust_snapshot *g = h46017_trust_current(trust);
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
  const h46017_trust_snapshot *g = h46017_trust_current(trust);

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
