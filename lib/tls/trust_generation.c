/* SPDX-License-Identifier: BSD-2-Clause */
#include "tls/trust.h"

#include <stdlib.h>
#include <string.h>

#define GENERATION_ROOM 8 /* items at first; a power of two */

/* -- in force ------------------------------------------------------------- */

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

h46017_trust_snapshot *h46017_trust_current(const h46017_trust *trust) {
  return atomic_load(&trust->shared->current);
}

/* The id is a hash already; whoever could choose where it falls would have to
 * be an entry first. */
static size_t generation_slot(const uint8_t *id, size_t nslots) {
  size_t h = 0;

  for (size_t i = 0; i < sizeof(h); i++) {
    h = h << 8 | id[i];
  }
  return h & (nslots - 1);
}

h46017_trust_item *h46017_trust_lookup(const h46017_trust_snapshot *g,
                                       const uint8_t id[H46017_CERT_ID_LEN]) {
  for (size_t i = generation_slot(id, g->nslots); g->slots[i] != 0;
       i = (i + 1) & (g->nslots - 1)) {
    h46017_trust_item *item = g->items[g->slots[i] - 1];

    if (item != NULL && memcmp(item->entry.id, id, H46017_CERT_ID_LEN) == 0) {
      return item;
    }
  }
  return NULL;
}

/* -- drafts --------------------------------------------------------------- */

static void generation_enter(h46017_trust_snapshot *g, size_t n) {
  size_t i = generation_slot(g->items[n]->entry.id, g->nslots);

  while (g->slots[i] != 0) {
    i = (i + 1) & (g->nslots - 1);
  }
  g->slots[i] = (uint32_t)n + 1;
}

static void generation_index(h46017_trust_snapshot *g) {
  memset(g->slots, 0, g->nslots * sizeof(*g->slots));
  for (size_t n = 0; n < g->count; n++) {
    if (g->items[n] != NULL) {
      generation_enter(g, n);
    }
  }
}

/* Twice the slots, so that a look at them ends soon. */
static bool generation_make_room(const h46017_mem *mem,
                                 h46017_trust_snapshot *g, size_t room) {
  h46017_trust_item **items =
      h46017_mem_zalloc(mem, room, sizeof(h46017_trust_item *));
  uint32_t *slots = h46017_mem_zalloc(mem, room * 2, sizeof(*slots));

  if (items == NULL || slots == NULL) {
    h46017_mem_release(mem, (void *)items);
    h46017_mem_release(mem, slots);
    return false;
  }
  if (g->count > 0) {
    memcpy((void *)items, (const void *)g->items,
           g->count * sizeof(h46017_trust_item *));
  }
  h46017_mem_release(mem, (void *)g->items);
  h46017_mem_release(mem, g->slots);
  g->items = items;
  g->slots = slots;
  g->room = room;
  g->nslots = room * 2;
  generation_index(g);
  return true;
}

h46017_trust_snapshot *h46017_trust_draft(const h46017_mem *mem,
                                          const h46017_trust_snapshot *from) {
  h46017_trust_snapshot *g = h46017_mem_zalloc(mem, 1, sizeof(*g));

  if (g == NULL) {
    return NULL;
  }
  /* borrowed from the items: no generation outlives what is in it */
  g->authorities =
      from != NULL ? sk_X509_dup(from->authorities) : sk_X509_new_null();
  if (g->authorities == NULL ||
      !generation_make_room(mem, g,
                            from != NULL ? from->room : GENERATION_ROOM)) {
    h46017_trust_discard(mem, g);
    return NULL;
  }
  for (size_t i = 0; from != NULL && i < from->count; i++) {
    g->items[i] = from->items[i];
    g->items[i]->refs++;
    g->count++;
  }
  generation_index(g);
  return g;
}

bool h46017_trust_draft_put(const h46017_mem *mem, h46017_trust_snapshot *g,
                            h46017_trust_item *item) {
  if (g->count == g->room && !generation_make_room(mem, g, g->room * 2)) {
    return false;
  }
  if (item->authority != NULL &&
      sk_X509_push(g->authorities, item->authority) <= 0) {
    ERR_clear_error();
    return false;
  }
  g->items[g->count++] = item;
  item->refs++;
  generation_enter(g, g->count - 1);
  return true;
}

void h46017_trust_draft_drop(h46017_trust_snapshot *g,
                             h46017_trust_item *item) {
  for (size_t i = generation_slot(item->entry.id, g->nslots); g->slots[i] != 0;
       i = (i + 1) & (g->nslots - 1)) {
    if (g->items[g->slots[i] - 1] == item) {
      g->items[g->slots[i] - 1] = NULL;
      item->refs--;
      return;
    }
  }
}

void h46017_trust_discard(const h46017_mem *mem, h46017_trust_snapshot *g) {
  if (g == NULL) {
    return;
  }
  for (size_t i = 0; i < g->count; i++) {
    if (g->items[i] != NULL && --g->items[i]->refs == 0) {
      h46017_trust_item_free(mem, g->items[i]);
    }
  }
  sk_X509_free(g->authorities);
  h46017_mem_release(mem, (void *)g->items);
  h46017_mem_release(mem, g->slots);
  h46017_mem_release(mem, g);
}

/* -- from draft to force -------------------------------------------------- */

static int generation_compare(const void *a, const void *b) {
  const h46017_trust_item *const *x = a;
  const h46017_trust_item *const *y = b;

  return memcmp((*x)->entry.id, (*y)->entry.id, H46017_CERT_ID_LEN);
}

/* Allocates nothing: the stack held all of its authorities already. */
static void generation_seal(h46017_trust_snapshot *g) {
  size_t kept = 0;

  for (size_t i = 0; i < g->count; i++) {
    if (g->items[i] != NULL) {
      g->items[kept++] = g->items[i];
    }
  }
  g->count = kept;
  qsort((void *)g->items, kept, sizeof(h46017_trust_item *),
        generation_compare);
  generation_index(g);
  sk_X509_zero(g->authorities);
  for (size_t i = 0; i < kept; i++) {
    if (g->items[i]->authority != NULL) {
      (void)sk_X509_push(g->authorities, g->items[i]->authority);
    }
  }
}

/* Those that nobody looks into any more. Who arrives after the new one was
 * published finds the new one. */
static void generation_sweep(h46017_trust *t) {
  h46017_trust_snapshot **at = &t->retired;

  if (atomic_load(&t->shared->arriving) != 0) {
    return; /* the next change tries again */
  }
  while (*at != NULL) {
    h46017_trust_snapshot *g = *at;

    if (atomic_load(&g->refs) == 0) {
      *at = g->retired;
      h46017_trust_discard(&t->mem, g);
    } else {
      at = &g->retired;
    }
  }
}

void h46017_trust_publish(h46017_trust *t, h46017_trust_snapshot *g) {
  h46017_trust_snapshot *old;

  generation_seal(g);
  g->number = ++t->numbers;
  old = atomic_exchange(&t->shared->current, g);
  if (old != NULL) {
    old->retired = t->retired;
    t->retired = old;
  }
  generation_sweep(t);
}
