/* SPDX-License-Identifier: BSD-2-Clause */
#include "base/heap.h"

#include "base/mem.h"

#include <h46017/error.h>

#include <string.h>

void h46017_heap_init(h46017_heap *h, const h46017_mem *mem) {
  memset(h, 0, sizeof(*h));
  h->mem = *mem;
}

void h46017_heap_free(h46017_heap *h) {
  while (h->chunk_count > 0) {
    h46017_mem_release(&h->mem, h->chunks[--h->chunk_count]);
  }
  h46017_mem_release(&h->mem, (void *)h->chunks);
  h->chunks = NULL;
  h->count = h->members = h->chunk_room = 0;
}

static int heap_grow(h46017_heap *h) {
  void *slots;

  if (h->chunk_count == h->chunk_room) {
    size_t room = h->chunk_room > 0 ? h->chunk_room * 2 : 4;
    void *chunks =
        h46017_mem_resize(&h->mem, (void *)h->chunks, room * sizeof(void *));
    if (chunks == NULL) {
      return H46017_ERR_NOMEM;
    }
    h->chunks = chunks;
    h->chunk_room = room;
  }
  slots =
      h46017_mem_alloc(&h->mem, H46017_HEAP_CHUNK * sizeof(h46017_heap_slot));
  if (slots == NULL) {
    return H46017_ERR_NOMEM;
  }
  h->chunks[h->chunk_count++] = slots;
  return 0;
}

int h46017_heap_join(h46017_heap *h, h46017_heap_node *node, int kind) {
  if (h->members == h->chunk_count * H46017_HEAP_CHUNK) {
    int rv = heap_grow(h);
    if (rv != 0) {
      return rv;
    }
  }
  h->members++;
  node->expiry = H46017_TIME_NEVER;
  node->index = 0;
  node->kind = kind;
  return 0;
}

static void heap_put(h46017_heap *h, size_t i, h46017_heap_slot slot) {
  *h46017_heap_at(h, i) = slot;
  slot.node->index = i;
}

/* Puts it into place i, or as far above as it belongs; returns where. */
static size_t heap_up(h46017_heap *h, size_t i, h46017_heap_slot slot) {
  while (i > 0) {
    size_t parent = (i - 1) / 2;
    const h46017_heap_slot *above = h46017_heap_at(h, parent);
    if (above->expiry <= slot.expiry) {
      break;
    }
    heap_put(h, i, *above);
    i = parent;
  }
  heap_put(h, i, slot);
  return i;
}

static void heap_down(h46017_heap *h, size_t i, h46017_heap_slot slot) {
  for (;;) {
    size_t child = 2 * i + 1;
    const h46017_heap_slot *below;
    if (child >= h->count) {
      break;
    }
    below = h46017_heap_at(h, child);
    if (child + 1 < h->count &&
        h46017_heap_at(h, child + 1)->expiry < below->expiry) {
      below = h46017_heap_at(h, ++child);
    }
    if (slot.expiry <= below->expiry) {
      break;
    }
    heap_put(h, i, *below);
    i = child;
  }
  heap_put(h, i, slot);
}

/* Whoever comes to the front and was put off goes to its place. */
static void heap_settle(h46017_heap *h) {
  while (h->count > 0) {
    h46017_heap_slot first = *h46017_heap_at(h, 0);
    if (first.expiry == first.node->expiry) {
      break;
    }
    first.expiry = first.node->expiry;
    heap_down(h, 0, first);
  }
}

static void heap_stop(h46017_heap *h, h46017_heap_node *node) {
  size_t i = node->index;
  h46017_heap_slot last = *h46017_heap_at(h, --h->count);

  node->expiry = H46017_TIME_NEVER;
  if (last.node != node) {
    heap_down(h, heap_up(h, i, last), last);
  }
  if (i == 0) {
    heap_settle(h);
  }
}

void h46017_heap_leave(h46017_heap *h, h46017_heap_node *node) {
  h46017_heap_set(h, node, H46017_TIME_NEVER);
  h->members--;
}

void h46017_heap_set(h46017_heap *h, h46017_heap_node *node,
                     h46017_time expiry) {
  h46017_time before = node->expiry;
  h46017_heap_slot slot = {expiry, node};

  if (expiry == before) {
    return;
  }
  if (expiry == H46017_TIME_NEVER) {
    heap_stop(h, node);
    return;
  }
  node->expiry = expiry;
  if (before == H46017_TIME_NEVER) {
    (void)heap_up(h, h->count++, slot);
  } else if (node->index == 0) {
    heap_settle(h);
  } else if (expiry < before && /* else not even its slot is looked at */
             expiry < h46017_heap_at(h, node->index)->expiry) {
    (void)heap_up(h, node->index, slot);
  }
}

h46017_heap_node *h46017_heap_first(const h46017_heap *h) {
  return h->count > 0 ? h46017_heap_at(h, 0)->node : NULL;
}
