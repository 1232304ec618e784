/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef H46017_BASE_HEAP_H
#define H46017_BASE_HEAP_H

/* Timers of many objects, the earliest first. A node sits in the object it
 * times. Room is made when an object joins (the only call that allocates), so
 * that setting, moving and stopping a timer cannot fail.
 *
 * Most timers are put off again and again, and never run out. One that is put
 * off stays where it is, by the time it had there, and goes to its place once
 * it has come to the front: that of the first is always its own. */

#include <h46017/common.h>

typedef struct h46017_heap_node {
  h46017_time expiry; /* H46017_TIME_NEVER: not running */
  size_t index;       /* place in the heap; meaningless when not running */
  int kind;           /* tells the owner's type */
} h46017_heap_node;

/* So that comparing looks into no object. */
typedef struct h46017_heap_slot {
  h46017_time expiry; /* not later than the node's */
  h46017_heap_node *node;
} h46017_heap_slot;

/* Room grows by this many: nobody waits for an array to be copied. */
#define H46017_HEAP_CHUNK ((size_t)256)

typedef struct h46017_heap {
  h46017_mem mem;
  h46017_heap_slot **chunks;
  size_t chunk_count;
  size_t chunk_room; /* of the array of chunks */
  size_t count;      /* running */
  size_t members;    /* joined */
} h46017_heap;

static inline h46017_heap_slot *h46017_heap_at(const h46017_heap *h, size_t i) {
  return &h->chunks[i / H46017_HEAP_CHUNK][i % H46017_HEAP_CHUNK];
}

void h46017_heap_init(h46017_heap *h, const h46017_mem *mem);
void h46017_heap_free(h46017_heap *h);

/* NOMEM: it did not join. */
int h46017_heap_join(h46017_heap *h, h46017_heap_node *node, int kind);
void h46017_heap_leave(h46017_heap *h, h46017_heap_node *node);

/* H46017_TIME_NEVER stops it. */
void h46017_heap_set(h46017_heap *h, h46017_heap_node *node,
                     h46017_time expiry);

/* The earliest running one; NULL when none runs. */
h46017_heap_node *h46017_heap_first(const h46017_heap *h);

#endif /* H46017_BASE_HEAP_H */
