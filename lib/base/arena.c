/* SPDX-License-Identifier: BSD-2-Clause */
#include "base/arena.h"

#include "base/mem.h"

#include <string.h>

#define ARENA_BLOCK 1024
#define ARENA_BLOCK_KEPT 65536
#define ARENA_PIECE ((size_t)1984)

struct h46017_arena_block {
  h46017_arena_block *next;
  size_t size; /* octets of data, a multiple of the alignment */
  size_t used; /* of these, once it is not the head any more */
  alignas(max_align_t) unsigned char data[];
};

void h46017_arena_init(h46017_arena *a, const h46017_mem *mem, size_t budget) {
  memset(a, 0, sizeof(*a));
  a->mem = *mem;
  a->budget = budget;
}

/* All that was handed out is `spent`: how far can one go now? */
static void arena_set_limit(h46017_arena *a, size_t spent) {
  size_t room = (size_t)((uintptr_t)a->end - (uintptr_t)a->next);
  size_t left = (a->budget - spent) & ~(H46017_ARENA_ALIGN - 1);

  a->spent = spent;
  a->from = a->next;
  a->limit = a->next != NULL ? a->next + (left < room ? left : room) : NULL;
}

/* Makes `b` the block being filled, `used` octets of it gone already. */
static void arena_fill(h46017_arena *a, h46017_arena_block *b) {
  a->head = b;
  a->next = b != NULL ? b->data + b->used : NULL;
  a->end = b != NULL ? b->data + b->size : NULL;
}

static bool arena_grow(h46017_arena *a, size_t size) {
  size_t want = a->head != NULL ? a->head->size * 2 : ARENA_BLOCK;
  h46017_arena_block *b;

  if (want > ARENA_BLOCK_KEPT) {
    want = ARENA_BLOCK_KEPT;
  }
  if (want < size) {
    want = size;
  }
  b = h46017_mem_zalloc(&a->mem, 1, sizeof(*b) + want);
  if (b == NULL) {
    return false;
  }
  if (a->head != NULL) {
    a->head->used = (size_t)(a->next - a->head->data);
  }
  b->next = a->head;
  b->size = want;
  arena_fill(a, b);
  return true;
}

void *h46017_arena_alloc_more(h46017_arena *a, size_t size) {
  size_t used = h46017_arena_used(a);
  size_t left = a->budget - used;
  unsigned char *p;

  a->nomem = false;
  if (size > left) {
    return NULL;
  }
  if (size > SIZE_MAX / 2) {
    a->nomem = true;
    return NULL;
  }
  size = (size + (H46017_ARENA_ALIGN - 1)) & ~(H46017_ARENA_ALIGN - 1);
  if (a->head == NULL || size > (size_t)(a->end - a->next)) {
    bool grown = arena_grow(a, size);
    arena_set_limit(a, used);
    if (!grown) {
      a->nomem = true;
      return NULL;
    }
  }
  p = a->next;
  a->next += size;
  arena_set_limit(a, used + (size < left ? size : left));
  return p;
}

void h46017_arena_back(h46017_arena *a, unsigned char *to) {
  if (to != a->next) {
    memset(to, 0, (size_t)(a->next - to));
  }
  a->next = to;
}

/* In pieces: from 2 KiB on, C libraries leave it to `rep stosb`, which takes
 * half as long again for the few KiB of a message. */
static void arena_clear(unsigned char *p, size_t n) {
  for (; n > ARENA_PIECE; p += ARENA_PIECE, n -= ARENA_PIECE) {
    memset(p, 0, ARENA_PIECE);
  }
  memset(p, 0, n);
}

void h46017_arena_reset(h46017_arena *a) {
  h46017_arena_block *keep = NULL;

  if (a->head != NULL) {
    a->head->used = (size_t)(a->next - a->head->data);
  }
  while (a->head != NULL) {
    h46017_arena_block *b = a->head;
    a->head = b->next;
    if (b->size <= ARENA_BLOCK_KEPT && (keep == NULL || b->size > keep->size)) {
      h46017_mem_release(&a->mem, keep);
      keep = b;
    } else {
      h46017_mem_release(&a->mem, b);
    }
  }
  if (keep != NULL) {
    arena_clear(keep->data, keep->used);
    keep->next = NULL;
    keep->used = 0;
  }
  arena_fill(a, keep);
  arena_set_limit(a, 0);
}

void h46017_arena_free(h46017_arena *a) {
  while (a->head != NULL) {
    h46017_arena_block *b = a->head;
    a->head = b->next;
    h46017_mem_release(&a->mem, b);
  }
  arena_fill(a, NULL);
  arena_set_limit(a, 0);
}
