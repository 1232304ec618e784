/* SPDX-License-Identifier: BSD-2-Clause */
#define H46017_MEM_IMPLEMENTATION
#include "base/mem.h"

#include <h46017/error.h>

#include <stdlib.h>
#include <string.h>

static void *mem_libc_malloc(size_t size, void *user_data) {
  (void)user_data;
  return malloc(size);
}

static void mem_libc_free(void *ptr, void *user_data) {
  (void)user_data;
  free(ptr);
}

static void *mem_libc_calloc(size_t nmemb, size_t size, void *user_data) {
  (void)user_data;
  return calloc(nmemb, size);
}

static void *mem_libc_realloc(void *ptr, size_t size, void *user_data) {
  (void)user_data;
  return realloc(ptr, size);
}

const h46017_mem *h46017_mem_default(void) {
  static const h46017_mem libc = {NULL, mem_libc_malloc, mem_libc_free,
                                  mem_libc_calloc, mem_libc_realloc};
  return &libc;
}

int h46017_mem_init(h46017_mem *out, const h46017_mem *given) {
  if (given == NULL) {
    *out = *h46017_mem_default();
    return 0;
  }
  if (given->malloc == NULL || given->free == NULL || given->calloc == NULL ||
      given->realloc == NULL) {
    return H46017_ERR_INVALID_ARGUMENT;
  }
  *out = *given;
  return 0;
}

void *h46017_mem_alloc(const h46017_mem *mem, size_t size) {
  return mem->malloc(size > 0 ? size : 1, mem->user_data);
}

void *h46017_mem_zalloc(const h46017_mem *mem, size_t nmemb, size_t size) {
  if (size != 0 && nmemb > SIZE_MAX / size) {
    return NULL;
  }
  return mem->calloc(nmemb > 0 ? nmemb : 1, size > 0 ? size : 1,
                     mem->user_data);
}

void *h46017_mem_resize(const h46017_mem *mem, void *ptr, size_t size) {
  return mem->realloc(ptr, size > 0 ? size : 1, mem->user_data);
}

void h46017_mem_release(const h46017_mem *mem, void *ptr) {
  if (ptr != NULL) {
    mem->free(ptr, mem->user_data);
  }
}

char *h46017_mem_strndup(const h46017_mem *mem, const char *s, size_t len) {
  char *copy;

  if (len == SIZE_MAX) {
    return NULL;
  }
  copy = h46017_mem_alloc(mem, len + 1);
  if (copy != NULL) {
    if (len > 0) {
      memcpy(copy, s, len);
    }
    copy[len] = '\0';
  }
  return copy;
}

void h46017_mem_wipe(void *ptr, size_t len) {
  volatile unsigned char *p = ptr;

  while (len-- > 0) {
    *p++ = 0;
  }
}
