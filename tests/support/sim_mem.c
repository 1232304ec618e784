/* SPDX-License-Identifier: BSD-2-Clause */
#include "sim_parts.h"

#include <stdlib.h>
#include <string.h>

typedef union sim_head {
  size_t size;
  max_align_t align;
} sim_head;

static void *mem_malloc(size_t size, void *user_data) {
  sim_mem *m = user_data;
  sim_head *head;

  if (++m->calls == m->fail_at) {
    return NULL;
  }
  head = malloc(sizeof(*head) + size);
  if (head == NULL) {
    abort();
  }
  head->size = size;
  memset(head + 1, 0xa5, size); /* what was not written looks like it */
  m->blocks++;
  m->octets += size;
  return head + 1;
}

static void mem_free(void *ptr, void *user_data) {
  sim_mem *m = user_data;
  sim_head *head = ptr;

  if (ptr != NULL) {
    m->blocks--;
    m->octets -= (--head)->size;
    free(head);
  }
}

static void *mem_calloc(size_t nmemb, size_t size, void *user_data) {
  void *ptr = mem_malloc(nmemb * size, user_data);

  return ptr != NULL ? memset(ptr, 0, nmemb * size) : NULL;
}

static void *mem_realloc(void *ptr, size_t size, void *user_data) {
  void *moved = mem_malloc(size, user_data);

  if (moved != NULL && ptr != NULL) {
    size_t old = ((sim_head *)ptr - 1)->size;
    memcpy(moved, ptr, old < size ? old : size);
    mem_free(ptr, user_data);
  }
  return moved;
}

void sim_mem_init(sim_mem *m) {
  memset(m, 0, sizeof(*m));
  m->mem.user_data = m;
  m->mem.malloc = mem_malloc;
  m->mem.free = mem_free;
  m->mem.calloc = mem_calloc;
  m->mem.realloc = mem_realloc;
}
