/* SPDX-License-Identifier: BSD-2-Clause */
#include "failmem.h"

#include <h46017/error.h>

#include <check.h>
#include <stdlib.h>
#include <string.h>

/* In front of every block: its size, and room that keeps it aligned. */
typedef union failmem_head {
  size_t size;
  max_align_t align;
} failmem_head;

static bool failmem_must_fail(failmem *f) {
  if (f->spared || f->elsewhere) {
    return false;
  }
  f->calls++;
  if (f->fail_at == 0 || f->calls < f->fail_at ||
      (f->calls > f->fail_at && !f->fail_after)) {
    return false;
  }
  f->failed++;
  return true;
}

/* An assertion of libcheck's that holds is a write to a pipe: too dear here. */
static void failmem_sure(bool holds, const char *what) {
  if (!holds) {
    ck_abort_msg("%s", what);
  }
}

static void failmem_count(failmem *f, size_t more, size_t less) {
  f->octets += more;
  f->octets -= less;
  if (f->octets > f->peak) {
    f->peak = f->octets;
  }
}

static void *failmem_malloc(size_t size, void *user_data) {
  failmem *f = user_data;
  failmem_head *head;

  if (failmem_must_fail(f)) {
    return NULL;
  }
  head = malloc(sizeof(*head) + size);
  failmem_sure(head != NULL, "no memory at all");
  head->size = size;
  /* What was not written must not look like zeros. */
  memset(head + 1, 0xa5, size);
  f->blocks++;
  failmem_count(f, size, 0);
  return head + 1;
}

static void failmem_free(void *ptr, void *user_data) {
  failmem *f = user_data;
  failmem_head *head;

  if (ptr == NULL) {
    return;
  }
  head = (failmem_head *)ptr - 1;
  failmem_sure(f->blocks > 0, "a block too many is freed");
  f->blocks--;
  failmem_count(f, 0, head->size);
  free(head);
}

static void *failmem_calloc(size_t nmemb, size_t size, void *user_data) {
  void *ptr;

  failmem_sure(size == 0 || nmemb <= SIZE_MAX / size, "a size overflows");
  ptr = failmem_malloc(nmemb * size, user_data);
  if (ptr != NULL) {
    memset(ptr, 0, nmemb * size);
  }
  return ptr;
}

/* Always moves: who keeps a pointer into the old block is found out. */
static void *failmem_realloc(void *ptr, size_t size, void *user_data) {
  void *moved = failmem_malloc(size, user_data);

  if (moved != NULL && ptr != NULL) {
    size_t old = ((failmem_head *)ptr - 1)->size;
    memcpy(moved, ptr, old < size ? old : size);
    failmem_free(ptr, user_data);
  }
  return moved;
}

void failmem_init(failmem *f) {
  memset(f, 0, sizeof(*f));
  f->mem.user_data = f;
  f->mem.malloc = failmem_malloc;
  f->mem.free = failmem_free;
  f->mem.calloc = failmem_calloc;
  f->mem.realloc = failmem_realloc;
}

size_t failmem_sweep(int (*scenario)(failmem *f, void *arg), void *arg) {
  failmem f;
  size_t calls;

  failmem_init(&f);
  ck_assert_int_eq(scenario(&f, arg), 0);
  ck_assert_uint_eq(f.blocks, 0);
  calls = f.calls;
  for (size_t i = 1; i <= calls; i++) {
    for (int after = 0; after < 2; after++) {
      int rv;

      failmem_init(&f);
      f.fail_at = i;
      f.fail_after = after != 0;
      rv = scenario(&f, arg);
      ck_assert_msg(rv == H46017_ERR_NOMEM || rv == 0,
                    "allocation %zu failing gave %s", i, h46017_error_name(rv));
      ck_assert_uint_ge(f.failed, 1);
      ck_assert_msg(f.blocks == 0, "allocation %zu failing left %zu blocks", i,
                    f.blocks);
    }
  }
  return calls;
}
