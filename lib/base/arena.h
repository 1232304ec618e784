/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef H46017_BASE_ARENA_H
#define H46017_BASE_ARENA_H

/* A bump allocator with a budget: everything of one message lives in it and
 * goes in one step. Reset keeps the largest block, so that an arena used for
 * one message after the other settles down to no allocation at all. What is
 * handed out is clear: clearing all that a message used, once, when it goes
 * costs less than clearing piece by piece, and leaves nothing behind. */

#include "base/seldom.h"

#include <h46017/common.h>

#include <stdalign.h>

#define H46017_ARENA_ALIGN alignof(max_align_t)

typedef struct h46017_arena_block h46017_arena_block;

typedef struct h46017_arena {
  h46017_mem mem;
  h46017_arena_block *head; /* the block being filled */
  unsigned char *next;      /* what is left of it: clear, aligned */
  unsigned char *limit;     /* so far both it and the budget go, aligned too */
  unsigned char *end;
  unsigned char
      *from; /* in that block: what was handed out before is `spent` */
  size_t spent;
  size_t budget; /* octets handed out at the most, SIZE_MAX: any */
  bool nomem;    /* the last NULL was for want of memory */
} h46017_arena;

void h46017_arena_init(h46017_arena *a, const h46017_mem *mem, size_t budget);

/* Octets handed out since the last reset. */
static inline size_t h46017_arena_used(const h46017_arena *a) {
  return a->spent + ((uintptr_t)a->next - (uintptr_t)a->from);
}

/* What comes next in the block being filled is enough, and so is the budget. */
static inline bool h46017_arena_fits(const h46017_arena *a, size_t size) {
  /* none at all is not simple either: 0 - 1 is more than any room */
  return size - 1 < (uintptr_t)a->limit - (uintptr_t)a->next;
}

/* As h46017_arena_alloc(), where it does not fit. */
H46017_SELDOM void *h46017_arena_alloc_more(h46017_arena *a, size_t size);

/* Aligned for any object, and clear. NULL: the budget is used up (`nomem`
 * false) or there is no memory (`nomem` true). */
static inline void *h46017_arena_alloc(h46017_arena *a, size_t size) {
  unsigned char *p = a->next;

  if (!h46017_arena_fits(a, size)) {
    return h46017_arena_alloc_more(a, size);
  }
  a->next = p + ((size + (H46017_ARENA_ALIGN - 1)) & ~(H46017_ARENA_ALIGN - 1));
  return p;
}

/* Takes back, and clears, what was handed out since `next` was this; all of it
 * did fit. */
void h46017_arena_back(h46017_arena *a, unsigned char *to);

/* Forgets everything, and clears it; keeps one block for the next use. */
void h46017_arena_reset(h46017_arena *a);

/* Gives all memory back; the arena can be used again. */
void h46017_arena_free(h46017_arena *a);

#endif /* H46017_BASE_ARENA_H */
