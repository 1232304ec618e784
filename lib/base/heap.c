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
  h46017_mem_release(&h->mem, h->slots);
  h->slots = NULL;
  h->count = h->cap = h->members = 0;
}

int h46017_heap_join(h46017_heap *h, h46017_heap_node *node, int kind) {
  if (h->members == h->cap) {
    size_t cap = h->cap > 0 ? h->cap * 2 : 16;
    void *slots;

    if (cap > SIZE_MAX / sizeof(h46017_heap_slot)) {
      return H46017_ERR_NOMEM;
    }
    slots =
        h46017_mem_resize(&h->mem, h->slots, cap * sizeof(h46017_heap_slot));
    if (slots == NULL) {
      return H46017_ERR_NOMEM;
    }
    h->slots = slots;
    h->cap = cap;
  }
  h->members++;
  node->expiry = H46017_TIME_NEVER;
  node->index = 0;
  node->kind = kind;
  return 0;
}

static void heap_put(h46017_heap *h, size_t i, h46017_heap_slot slot) {
  h->slots[i] = slot;
  slot.node->index = i;
}

/* Puts it into place i, or as far above as it belongs; returns where. */
static size_t heap_up(h46017_heap *h, size_t i, h46017_heap_slot slot) {
  while (i > 0) {
    size_t parent = (i - 1) / 2;
    if (h->slots[parent].expiry <= slot.expiry) {
      break;
    }
    heap_put(h, i, h->slots[parent]);
    i = parent;
  }
  heap_put(h, i, slot);
  return i;
}

static void heap_down(h46017_heap *h, size_t i, h46017_heap_slot slot) {
  for (;;) {
    size_t child = 2 * i + 1;
    if (child >= h->count) {
      break;
    }
    if (child + 1 < h->count &&
        h->slots[child + 1].expiry < h->slots[child].expiry) {
      child++;
    }
    if (slot.expiry <= h->slots[child].expiry) {
      break;
    }
    heap_put(h, i, h->slots[child]);
    i = child;
  }
  heap_put(h, i, slot);
}

static void heap_stop(h46017_heap *h, h46017_heap_node *node) {
  size_t i = node->index;
  h46017_heap_slot last = h->slots[--h->count];

  node->expiry = H46017_TIME_NEVER;
  if (last.node != node) {
    heap_down(h, heap_up(h, i, last), last);
  }
}

void h46017_heap_leave(h46017_heap *h, h46017_heap_node *node) {
  h46017_heap_set(h, node, H46017_TIME_NEVER);
  h->members--;
}

void h46017_heap_set(h46017_heap *h, h46017_heap_node *node,
                     h46017_time expiry) {
  bool running = node->expiry != H46017_TIME_NEVER;
  h46017_heap_slot slot = {expiry, node};

  if (expiry == node->expiry) {
    return;
  }
  if (expiry == H46017_TIME_NEVER) {
    heap_stop(h, node);
    return;
  }
  node->expiry = expiry;
  if (!running) {
    (void)heap_up(h, h->count++, slot);
    return;
  }
  heap_down(h, heap_up(h, node->index, slot), slot);
}

h46017_heap_node *h46017_heap_first(const h46017_heap *h) {
  return h->count > 0 ? h->slots[0].node : NULL;
}
