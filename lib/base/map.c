/* SPDX-License-Identifier: BSD-2-Clause */
#include "base/map.h"

#include "base/mem.h"

#include <h46017/error.h>

#include <string.h>

static uint64_t map_load64(const uint8_t *p, size_t n) {
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
    word = map_load64(key + i, 8);
    v[3] ^= word;
    map_sip_rounds(v, 2);
    v[0] ^= word;
  }
  word = map_load64(key + i, len - i) | (uint64_t)(len & 0xff) << 56;
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
  m->seed[0] = map_load64(seed, 8);
  m->seed[1] = map_load64(seed + 8, 8);
}

void h46017_map_free(h46017_map *m) {
  h46017_mem_release(&m->mem, (void *)m->buckets);
  m->buckets = NULL;
  m->nbuckets = m->count = 0;
}

static int map_grow(h46017_map *m) {
  size_t n = m->nbuckets > 0 ? m->nbuckets * 2 : 16;
  h46017_map_entry **buckets =
      h46017_mem_zalloc(&m->mem, n, sizeof(h46017_map_entry *));

  if (buckets == NULL) {
    return H46017_ERR_NOMEM;
  }
  for (size_t i = 0; i < m->nbuckets; i++) {
    h46017_map_entry *e = m->buckets[i];
    while (e != NULL) {
      h46017_map_entry *next = e->next;
      size_t b = (size_t)e->hash & (n - 1);
      e->next = buckets[b];
      buckets[b] = e;
      e = next;
    }
  }
  h46017_mem_release(&m->mem, (void *)m->buckets);
  m->buckets = buckets;
  m->nbuckets = n;
  return 0;
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

int h46017_map_add(h46017_map *m, h46017_map_entry *e, const uint8_t *key,
                   size_t len, void *object) {
  size_t b;

  if (m->count >= m->nbuckets && map_grow(m) != 0) {
    return H46017_ERR_NOMEM;
  }
  e->key = key;
  e->len = len;
  e->object = object;
  e->hash = map_hash(m, key, len);
  b = (size_t)e->hash & (m->nbuckets - 1);
  e->next = m->buckets[b];
  m->buckets[b] = e;
  m->count++;
  return 0;
}

void h46017_map_remove(h46017_map *m, h46017_map_entry *e) {
  h46017_map_entry **link = &m->buckets[(size_t)e->hash & (m->nbuckets - 1)];

  while (*link != e) {
    link = &(*link)->next;
  }
  *link = e->next;
  m->count--;
}

void *h46017_map_find(const h46017_map *m, const uint8_t *key, size_t len) {
  uint64_t hash;

  if (m->nbuckets == 0) {
    return NULL;
  }
  hash = map_hash(m, key, len);
  for (const h46017_map_entry *e = m->buckets[(size_t)hash & (m->nbuckets - 1)];
       e != NULL; e = e->next) {
    if (e->hash == hash && e->len == len && memcmp(e->key, key, len) == 0) {
      return e->object;
    }
  }
  return NULL;
}
