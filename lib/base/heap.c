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
  h46017_mem_release(&h->mem, (void *)h->nodes);
  h->nodes = NULL;
  h->count = h->cap = h->members = 0;
}

int h46017_heap_join(h46017_heap *h, h46017_heap_node *node, int kind) {
  if (h->members == h->cap) {
    size_t cap = h->cap > 0 ? h->cap * 2 : 16;
    void *nodes;

    if (cap > SIZE_MAX / sizeof(h46017_heap_node *)) {
      return H46017_ERR_NOMEM;
    }
    nodes = h46017_mem_resize(&h->mem, (void *)h->nodes,
                              cap * sizeof(h46017_heap_node *));
    if (nodes == NULL) {
      return H46017_ERR_NOMEM;
    }
    h->nodes = nodes;
    h->cap = cap;
  }
  h->members++;
  node->expiry = H46017_TIME_NEVER;
  node->index = 0;
  node->kind = kind;
  return 0;
}

static void heap_put(h46017_heap *h, size_t i, h46017_heap_node *node) {
  h->nodes[i] = node;
  node->index = i;
}

static void heap_up(h46017_heap *h, size_t i, h46017_heap_node *node) {
  while (i > 0) {
    size_t parent = (i - 1) / 2;
    if (h->nodes[parent]->expiry <= node->expiry) {
      break;
    }
    heap_put(h, i, h->nodes[parent]);
    i = parent;
  }
  heap_put(h, i, node);
}

static void heap_down(h46017_heap *h, size_t i, h46017_heap_node *node) {
  for (;;) {
    size_t child = 2 * i + 1;
    if (child >= h->count) {
      break;
    }
    if (child + 1 < h->count &&
        h->nodes[child + 1]->expiry < h->nodes[child]->expiry) {
      child++;
    }
    if (node->expiry <= h->nodes[child]->expiry) {
      break;
    }
    heap_put(h, i, h->nodes[child]);
    i = child;
  }
  heap_put(h, i, node);
}

static void heap_stop(h46017_heap *h, h46017_heap_node *node) {
  size_t i = node->index;
  h46017_heap_node *last = h->nodes[--h->count];

  node->expiry = H46017_TIME_NEVER;
  if (last != node) {
    heap_up(h, i, last);
    heap_down(h, last->index, last);
  }
}

void h46017_heap_leave(h46017_heap *h, h46017_heap_node *node) {
  h46017_heap_set(h, node, H46017_TIME_NEVER);
  h->members--;
}

void h46017_heap_set(h46017_heap *h, h46017_heap_node *node,
                     h46017_time expiry) {
  bool running = node->expiry != H46017_TIME_NEVER;

  if (expiry == node->expiry) {
    return;
  }
  if (expiry == H46017_TIME_NEVER) {
    heap_stop(h, node);
    return;
  }
  node->expiry = expiry;
  if (!running) {
    heap_up(h, h->count++, node);
    return;
  }
  heap_up(h, node->index, node);
  heap_down(h, node->index, node);
}

h46017_heap_node *h46017_heap_first(const h46017_heap *h) {
  return h->count > 0 ? h->nodes[0] : NULL;
}
