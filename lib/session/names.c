/* SPDX-License-Identifier: BSD-2-Clause */
#include "session/gatekeeper.h"

#include "base/mem.h"
#include "session/aliases.h"

#include <string.h>

/* Who holds which name: found in constant time, whatever the number. Where
 * duplicates are allowed, the first holder of a name is the one that is found,
 * and the others stand behind it. */

int gk_names_make(const h46017_gatekeeper *gk, const h46017_aliases *aliases,
                  gk_name **pnames, size_t *pcount) {
  uint8_t key[H46017_ALIAS_KEY_MAX];
  gk_name *names;
  size_t size = aliases->count * sizeof(*names);
  size_t count = 0;
  uint8_t *room;

  for (size_t i = 0; i < aliases->count; i++) {
    size += h46017_alias_key(&aliases->list[i], key);
  }
  names = h46017_mem_zalloc(&gk->mem, 1, size);
  if (names == NULL) {
    return H46017_ERR_NOMEM;
  }
  room = (uint8_t *)(names + aliases->count);
  for (size_t i = 0; i < aliases->count; i++) {
    size_t len = h46017_alias_key(&aliases->list[i], key);
    bool twice = false;
    for (size_t k = 0; k < count && !twice; k++) {
      twice = names[k].entry.len == len &&
              memcmp(names[k].entry.key, key, len) == 0;
    }
    if (!twice) {
      memcpy(room, key, len);
      names[count].entry.key = room;
      names[count++].entry.len = len;
      room += len;
    }
  }
  *pnames = names;
  *pcount = count;
  return 0;
}

static gk_name *names_first(const h46017_gatekeeper *gk, const gk_name *name) {
  return h46017_map_find(&gk->names, name->entry.key, name->entry.len);
}

gk_name *gk_name_find(const h46017_gatekeeper *gk, const h46017_alias *alias) {
  uint8_t key[H46017_ALIAS_KEY_MAX];
  size_t len = h46017_alias_key(alias, key);

  return len > 0 ? h46017_map_find(&gk->names, key, len) : NULL;
}

/* There is room: what is taken out makes it, or the caller reserved it. */
static void names_put_first(h46017_gatekeeper *gk, gk_name *name) {
  h46017_map_entry *e = &name->entry;

  (void)h46017_map_add(&gk->names, e, e->key, e->len, name);
}

void gk_names_enter(gk_registration *r,
                    bool (*first)(gk_registration *other, void *arg),
                    void *arg) {
  h46017_gatekeeper *gk = r->gk;

  for (size_t i = 0; i < r->name_count; i++) {
    gk_name *name = &r->names[i];
    gk_name *before = names_first(gk, name);
    name->holder = r;
    if (before == NULL) {
      names_put_first(gk, name);
    } else if (first(before->holder, arg)) {
      h46017_map_remove(&gk->names, &before->entry);
      name->behind = before;
      names_put_first(gk, name);
    } else {
      while (before->behind != NULL) {
        before = before->behind;
      }
      before->behind = name;
    }
  }
}

static void names_take_out(h46017_gatekeeper *gk, gk_name *name) {
  gk_name *before = names_first(gk, name);

  if (before == name) {
    h46017_map_remove(&gk->names, &name->entry);
    if (name->behind != NULL) {
      names_put_first(gk, name->behind);
    }
  } else {
    while (before->behind != name) {
      before = before->behind;
    }
    before->behind = name->behind;
  }
  name->behind = NULL;
  name->holder = NULL;
}

void gk_names_leave(gk_registration *r) {
  for (size_t i = 0; i < r->name_count; i++) {
    if (r->names[i].holder != NULL) {
      names_take_out(r->gk, &r->names[i]);
    }
  }
  r->name_count = 0;
}

/* Two spellings of one name are one. */
static bool names_has(const h46017_aliases *list, const uint8_t *key,
                      size_t len) {
  uint8_t other[H46017_ALIAS_KEY_MAX];

  for (size_t i = 0; i < list->count; i++) {
    if (h46017_alias_key(&list->list[i], other) == len &&
        memcmp(other, key, len) == 0) {
      return true;
    }
  }
  return false;
}

static bool names_is_gone(const gk_name *name, const h46017_aliases *gone) {
  return name->holder == NULL ||
         names_has(gone, name->entry.key, name->entry.len);
}

bool gk_registration_reduce(gk_registration *r, const h46017_aliases *gone) {
  uint8_t key[H46017_ALIAS_KEY_MAX];
  size_t left = 0;
  size_t kept = 0;

  for (size_t i = 0; i < r->name_count; i++) {
    left += !names_is_gone(&r->names[i], gone);
  }
  if (left == 0) {
    return false;
  }
  for (size_t i = 0; i < r->pub.alias_count; i++) {
    size_t len = h46017_alias_key(&r->aliases[i], key);
    if (!names_has(gone, key, len)) {
      r->aliases[kept++] = r->aliases[i];
    }
  }
  r->pub.alias_count = kept;
  r->rcf = 0;
  for (size_t i = 0; i < r->name_count; i++) {
    if (r->names[i].holder != NULL && names_is_gone(&r->names[i], gone)) {
      names_take_out(r->gk, &r->names[i]);
    }
  }
  return true;
}
