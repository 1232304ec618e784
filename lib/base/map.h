/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef H46017_BASE_MAP_H
#define H46017_BASE_MAP_H

/* Octet strings to objects, in constant time also when a peer chooses the keys:
 * the hash (SipHash-2-4) is keyed. An entry sits in the object it leads to and
 * borrows its key from there. Adding is the only call that allocates.
 *
 * It grows by linear hashing: a bucket at a time, whose entries are shared out
 * between it and a new last one. So no single call pays for all that are there,
 * and there is no state between two sizes. Buckets stand in segments, each as
 * large as all before it, that never move. */

#include <h46017/common.h>

typedef struct h46017_map_entry h46017_map_entry;
struct h46017_map_entry {
  h46017_map_entry *next;
  const uint8_t *key;
  size_t len;
  uint64_t hash;
  void *object;
};

/* 16 << 27 buckets at most, where that much memory can be had. */
#define H46017_MAP_SEGMENTS 28

typedef struct h46017_map {
  h46017_mem mem;
  h46017_map_entry **segments[H46017_MAP_SEGMENTS];
  size_t level;    /* the last segment there is */
  size_t nbuckets; /* in use: all of those before, some of the last one's */
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
/* The same in two steps: with its key, an entry can be looked for, and put in
 * later, and is hashed once. */
void h46017_map_key(const h46017_map *m, h46017_map_entry *e,
                    const uint8_t *key, size_t len);
int h46017_map_put(h46017_map *m, h46017_map_entry *e, void *object);
void h46017_map_remove(h46017_map *m, h46017_map_entry *e);

/* The object of the entry with the key of `e`, or NULL. */
void *h46017_map_find_same(const h46017_map *m, const h46017_map_entry *e);
/* The object, or NULL. */
void *h46017_map_find(const h46017_map *m, const uint8_t *key, size_t len);

#endif /* H46017_BASE_MAP_H */
