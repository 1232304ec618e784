/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef H46017_BASE_HEAP_H
#define H46017_BASE_HEAP_H

/* Timers of many objects, the earliest first. A node sits in the object it
 * times. Room is made when an object joins (the only call that allocates), so
 * that setting, moving and stopping a timer cannot fail. */

#include <h46017/common.h>

typedef struct h46017_heap_node {
  h46017_time expiry; /* H46017_TIME_NEVER: not running */
  size_t index;       /* place in the heap; meaningless when not running */
  int kind;           /* tells the owner's type */
} h46017_heap_node;

/* The expiry once more, so that comparing looks into no object. */
typedef struct h46017_heap_slot {
  h46017_time expiry;
  h46017_heap_node *node;
} h46017_heap_slot;

typedef struct h46017_heap {
  h46017_mem mem;
  h46017_heap_slot *slots;
  size_t count;   /* running */
  size_t cap;     /* room */
  size_t members; /* joined */
} h46017_heap;

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
