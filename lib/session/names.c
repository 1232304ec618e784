/* SPDX-License-Identifier: BSD-2-Clause */
#include "session/gatekeeper.h"

#include "base/mem.h"
#include "session/aliases.h"

#include <string.h>

/* Who holds which name: found in constant time, whatever the number. Where
 * duplicates are allowed, the first holder of a name is the one that is found,
 * and the others stand behind it. */

static bool names_said_before(const gk_names *names, size_t i) {
  const h46017_map_entry *e = &names->list[i].entry;

  for (size_t k = 0; k < i; k++) {
    const h46017_map_entry *other = &names->list[k].entry;
    if (other->len == e->len && memcmp(other->key, e->key, e->len) == 0) {
      return true;
    }
  }
  return false;
}

int gk_names_make(const h46017_gatekeeper *gk, const h46017_aliases *aliases,
                  const char *device, gk_names *out) {
  const size_t device_size = device != NULL ? strlen(device) + 1 : 0;
  const size_t aliases_size =
      h46017_aliases_size(aliases->list, aliases->count);
  gk_names n = {.count = aliases->count};
  size_t size = n.count * sizeof(*n.list) + aliases_size + device_size;
  uint8_t *room;

  for (size_t i = 0; i < n.count; i++) {
    size += aliases->list[i].text.len + H46017_ALIAS_KEY_MORE;
  }
  n.list = h46017_mem_alloc(&gk->mem, size);
  if (n.list == NULL) {
    return H46017_ERR_NOMEM;
  }
  memset(n.list, 0, n.count * sizeof(*n.list));
  n.aliases =
      h46017_aliases_copy(n.list + n.count, aliases->list, aliases->count);
  room = (uint8_t *)n.aliases + aliases_size;
  if (device != NULL) {
    n.device = (char *)room;
    memcpy(n.device, device, device_size);
    room += device_size;
  }
  for (size_t i = 0; i < n.count; i++) {
    size_t len = h46017_alias_key(&aliases->list[i], room);
    h46017_map_key(&gk->names, &n.list[i].entry, room, len);
    if (names_said_before(&n, i)) {
      n.list[i].entry.len = 0;
    }
    room += len;
  }
  *out = n;
  return 0;
}

void gk_names_release(const h46017_gatekeeper *gk, gk_names *names) {
  h46017_mem_release(&gk->mem, names->list);
  *names = (gk_names){.count = 0};
}

gk_name *gk_name_first(const h46017_gatekeeper *gk, const gk_name *name) {
  return h46017_map_find_same(&gk->names, &name->entry);
}

gk_name *gk_name_find(const h46017_gatekeeper *gk, const h46017_alias *alias) {
  uint8_t key[H46017_ALIAS_KEY_MAX];
  size_t len = h46017_alias_key(alias, key);

  return len > 0 ? h46017_map_find(&gk->names, key, len) : NULL;
}

/* There is room: what is taken out makes it, or the caller reserved it. */
static void names_put_first(h46017_gatekeeper *gk, gk_name *name) {
  (void)h46017_map_put(&gk->names, &name->entry, name);
}

void gk_names_enter(gk_registration *r,
                    bool (*first)(gk_registration *other, void *arg),
                    void *arg) {
  h46017_gatekeeper *gk = r->gk;

  for (size_t i = 0; i < r->names.count; i++) {
    gk_name *name = &r->names.list[i];
    gk_name *before = gk_name_first(gk, name);
    if (name->entry.len == 0) {
      continue;
    }
    name->holder = r;
    if (before == NULL) {
      names_put_first(gk, name);
    } else if (first(before->holder, arg)) {
      h46017_map_remove(&gk->names, &before->entry);
      before->entry.object = NULL;
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
  if (name->entry.object != NULL) {
    h46017_map_remove(&gk->names, &name->entry);
    if (name->behind != NULL) {
      names_put_first(gk, name->behind);
    }
  } else {
    gk_name *before = gk_name_first(gk, name);
    while (before->behind != name) {
      before = before->behind;
    }
    before->behind = name->behind;
  }
  name->behind = NULL;
  name->holder = NULL;
  name->entry.object = NULL;
}

void gk_names_leave(gk_registration *r) {
  for (size_t i = 0; i < r->names.count; i++) {
    if (r->names.list[i].holder != NULL) {
      names_take_out(r->gk, &r->names.list[i]);
    }
  }
}

bool gk_names_stand(const gk_registration *r, const h46017_aliases *aliases) {
  if (r->pub.alias_count != aliases->count) {
    return false;
  }
  for (size_t i = 0; i < aliases->count; i++) {
    const h46017_alias *a = &r->names.aliases[i];
    const h46017_alias *b = &aliases->list[i];
    if (a->type != b->type || a->subtype != b->subtype ||
        a->text.len != b->text.len ||
        memcmp(a->text.text, b->text.text, a->text.len) != 0) {
      return false;
    }
  }
  for (size_t i = 0; i < r->names.count; i++) {
    const gk_name *name = &r->names.list[i];
    if (name->holder != NULL &&
        (name->entry.object == NULL || name->behind != NULL)) {
      return false;
    }
  }
  return true;
}

/* The registration's own among those that hold a name; NULL: there is none. */
static gk_name *names_own(const gk_registration *r, const h46017_alias *alias) {
  gk_name *name = gk_name_find(r->gk, alias);

  while (name != NULL && name->holder != r) {
    name = name->behind;
  }
  return name;
}

bool gk_registration_reduce(gk_registration *r, const h46017_aliases *gone) {
  size_t kept = 0;

  for (size_t i = 0; i < gone->count; i++) {
    gk_name *name = names_own(r, &gone->list[i]);
    if (name != NULL) {
      names_take_out(r->gk, name);
    }
  }
  for (size_t i = 0; i < r->pub.alias_count; i++) {
    if (names_own(r, &r->names.aliases[i]) != NULL) {
      r->names.aliases[kept++] = r->names.aliases[i];
    }
  }
  if (kept == 0) {
    return false;
  }
  r->pub.alias_count = kept;
  r->rcf = 0;
  return true;
}
