/* SPDX-License-Identifier: BSD-2-Clause */
#include "base/map.h"

#include "base/mem.h"

#include <h46017/error.h>

#include <string.h>

/* Spelled out, compilers make one instruction of it. */
static uint64_t map_load64(const uint8_t *p) {
  return (uint64_t)p[0] | (uint64_t)p[1] << 8 | (uint64_t)p[2] << 16 |
         (uint64_t)p[3] << 24 | (uint64_t)p[4] << 32 | (uint64_t)p[5] << 40 |
         (uint64_t)p[6] << 48 | (uint64_t)p[7] << 56;
}

static uint64_t map_load_rest(const uint8_t *p, size_t n) {
  uint64_t v = 0;

  for (size_t i = 0; i < n; i++) {
    v |= (uint64_t)p[i] << (8 * i);
  }
  return v;
}

static uint64_t map_rotl(uint64_t v, unsigned n) {
  return v << n | v >> (64 - n);
}

static void map_sip_rounds(uint64_t v[4], int rounds) {
  while (rounds-- > 0) {
    v[0] += v[1];
    v[1] = map_rotl(v[1], 13) ^ v[0];
    v[0] = map_rotl(v[0], 32);
    v[2] += v[3];
    v[3] = map_rotl(v[3], 16) ^ v[2];
    v[0] += v[3];
    v[3] = map_rotl(v[3], 21) ^ v[0];
    v[2] += v[1];
    v[1] = map_rotl(v[1], 17) ^ v[2];
    v[2] = map_rotl(v[2], 32);
  }
}

/* SipHash-2-4 as Aumasson and Bernstein define it. */
static uint64_t map_hash(const h46017_map *m, const uint8_t *key, size_t len) {
  uint64_t v[4] = {
      m->seed[0] ^ 0x736f6d6570736575U, m->seed[1] ^ 0x646f72616e646f6dU,
      m->seed[0] ^ 0x6c7967656e657261U, m->seed[1] ^ 0x7465646279746573U};
  uint64_t word;
  size_t i = 0;

  for (; len - i >= 8; i += 8) {
    word = map_load64(key + i);
    v[3] ^= word;
    map_sip_rounds(v, 2);
    v[0] ^= word;
  }
  word = map_load_rest(key + i, len - i) | (uint64_t)(len & 0xff) << 56;
  v[3] ^= word;
  map_sip_rounds(v, 2);
  v[0] ^= word;
  v[2] ^= 0xff;
  map_sip_rounds(v, 4);
  return v[0] ^ v[1] ^ v[2] ^ v[3];
}

void h46017_map_init(h46017_map *m, const h46017_mem *mem,
                     const uint8_t seed[16]) {
  memset(m, 0, sizeof(*m));
  m->mem = *mem;
  m->seed[0] = map_load64(seed);
  m->seed[1] = map_load64(seed + 8);
}

/* -- buckets --------------------------------------------------------------- */

#define FIRST_SEGMENT ((size_t)16)

/* Buckets before segment `k`; as many as it has itself, but for the first. */
static size_t map_before(size_t k) {
  return k > 0 ? FIRST_SEGMENT << (k - 1) : 0;
}

static h46017_map_entry **map_bucket(const h46017_map *m, size_t b) {
  size_t k = m->level;

  while (b < map_before(k)) { /* twice on average */
    k--;
  }
  return &m->segments[k][b - map_before(k)];
}

/* One that is not shared out yet holds the entries of the one to come too. */
static h46017_map_entry **map_bucket_of(const h46017_map *m, uint64_t hash) {
  size_t mask = (FIRST_SEGMENT << m->level) - 1;
  size_t b = (size_t)hash & mask;

  return map_bucket(m, b < m->nbuckets ? b : b & mask >> 1);
}

static int map_add_segment(h46017_map *m) {
  size_t k = m->nbuckets > 0 ? m->level + 1 : 0;
  size_t n = k > 0 ? m->nbuckets : FIRST_SEGMENT;
  h46017_map_entry **segment;

  if (k == H46017_MAP_SEGMENTS || n > SIZE_MAX / sizeof(h46017_map_entry *)) {
    return H46017_ERR_NOMEM;
  }
  segment = h46017_mem_alloc(&m->mem, n * sizeof(h46017_map_entry *));
  if (segment == NULL) {
    return H46017_ERR_NOMEM;
  }
  if (k == 0) {
    memset((void *)segment, 0, n * sizeof(h46017_map_entry *));
    m->nbuckets = n;
  } /* else: each is written when it comes into use */
  m->segments[k] = segment;
  m->level = k;
  return 0;
}

/* One bucket more, or the first few. */
static int map_grow(h46017_map *m) {
  size_t half;
  h46017_map_entry **stay;
  h46017_map_entry **go;
  h46017_map_entry *e;

  if (m->nbuckets == 0) {
    return map_add_segment(m);
  }
  if (m->nbuckets == FIRST_SEGMENT << m->level) {
    int rv = map_add_segment(m);
    if (rv != 0) {
      return rv;
    }
  }
  half = map_before(m->level);
  stay = map_bucket(m, m->nbuckets - half);
  go = map_bucket(m, m->nbuckets);
  m->nbuckets++;
  e = *stay;
  while (e != NULL) {
    h46017_map_entry ***end = ((size_t)e->hash & half) != 0 ? &go : &stay;
    **end = e;
    *end = &e->next;
    e = e->next;
  }
  *stay = *go = NULL;
  return 0;
}

/* -- entries --------------------------------------------------------------- */

void h46017_map_free(h46017_map *m) {
  for (size_t k = 0; m->nbuckets > 0 && k <= m->level; k++) {
    h46017_mem_release(&m->mem, (void *)m->segments[k]);
  }
  m->level = m->nbuckets = m->count = 0;
}

int h46017_map_reserve(h46017_map *m, size_t more) {
  while (m->nbuckets < m->count + more) {
    int rv = map_grow(m);
    if (rv != 0) {
      return rv;
    }
  }
  return 0;
}

void h46017_map_key(const h46017_map *m, h46017_map_entry *e,
                    const uint8_t *key, size_t len) {
  e->key = key;
  e->len = len;
  e->hash = map_hash(m, key, len);
}

int h46017_map_put(h46017_map *m, h46017_map_entry *e, void *object) {
  h46017_map_entry **bucket;

  if (m->count >= m->nbuckets && map_grow(m) != 0) {
    return H46017_ERR_NOMEM;
  }
  e->object = object;
  bucket = map_bucket_of(m, e->hash);
  e->next = *bucket;
  *bucket = e;
  m->count++;
  return 0;
}

int h46017_map_add(h46017_map *m, h46017_map_entry *e, const uint8_t *key,
                   size_t len, void *object) {
  h46017_map_key(m, e, key, len);
  return h46017_map_put(m, e, object);
}

void h46017_map_remove(h46017_map *m, h46017_map_entry *e) {
  h46017_map_entry **link = map_bucket_of(m, e->hash);

  while (*link != e) {
    link = &(*link)->next;
  }
  *link = e->next;
  m->count--;
}

void *h46017_map_find_same(const h46017_map *m, const h46017_map_entry *e) {
  const h46017_map_entry *there =
      m->nbuckets > 0 ? *map_bucket_of(m, e->hash) : NULL;

  while (there != NULL &&
         (there->hash != e->hash || there->len != e->len ||
          (there != e && memcmp(there->key, e->key, e->len) != 0))) {
    there = there->next;
  }
  return there != NULL ? there->object : NULL;
}

void *h46017_map_find(const h46017_map *m, const uint8_t *key, size_t len) {
  h46017_map_entry e;

  h46017_map_key(m, &e, key, len);
  return h46017_map_find_same(m, &e);
}
