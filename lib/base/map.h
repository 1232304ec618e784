/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef H46017_BASE_MAP_H
#define H46017_BASE_MAP_H

/* Octet strings to objects, in constant time also when a peer chooses the keys:
 * the hash (SipHash-2-4) is keyed. An entry sits in the object it leads to and
 * borrows its key from there. Adding is the only call that allocates. */

#include <h46017/common.h>

typedef struct h46017_map_entry h46017_map_entry;
struct h46017_map_entry {
  h46017_map_entry *next;
  const uint8_t *key;
  size_t len;
  uint64_t hash;
  void *object;
};

typedef struct h46017_map {
  h46017_mem mem;
  h46017_map_entry **buckets;
  size_t nbuckets; /* a power of two, or 0 */
  size_t count;
  uint64_t seed[2];
} h46017_map;

void h46017_map_init(h46017_map *m, const h46017_mem *mem,
                     const uint8_t seed[16]);
void h46017_map_free(h46017_map *m);

/* Room for `more` entries beside those that are there, so that adding them
 * cannot fail. NOMEM: nothing changed. */
int h46017_map_reserve(h46017_map *m, size_t more);

/* The caller has made sure that the key is not there yet. NOMEM: not added. */
int h46017_map_add(h46017_map *m, h46017_map_entry *e, const uint8_t *key,
                   size_t len, void *object);
void h46017_map_remove(h46017_map *m, h46017_map_entry *e);

/* The object, or NULL. */
void *h46017_map_find(const h46017_map *m, const uint8_t *key, size_t len);

#endif /* H46017_BASE_MAP_H */
