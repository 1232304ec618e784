/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef H46017_FUZZ_SCRIPT_H
#define H46017_FUZZ_SCRIPT_H

/* An input read as a script: octets that say what to do next, and memory that
 * fails when the script says so. */

#include <h46017/common.h>

#include <stdlib.h>

typedef struct script {
  const uint8_t *data;
  size_t left;
} script;

static inline void script_init(script *s, const uint8_t *data, size_t size) {
  s->data = data;
  s->left = size;
}

static inline bool script_is_over(const script *s) {
  return s->left == 0;
}

/* 0 behind the end. */
static inline uint8_t script_octet(script *s) {
  if (s->left == 0) {
    return 0;
  }
  s->left--;
  return *s->data++;
}

/* An octet of length, then so many; fewer at the end. */
static inline const uint8_t *script_octets(script *s, size_t *plen) {
  size_t len = script_octet(s);
  const uint8_t *p = s->data;

  if (len > s->left) {
    len = s->left;
  }
  s->data += len;
  s->left -= len;
  *plen = len;
  return p;
}

/* Octets that look random, the same in every run of an input. */
static inline void script_random(uint32_t *state, uint8_t *dest, size_t len) {
  for (size_t i = 0; i < len; i++) {
    *state = *state * 1103515245 + 12345;
    dest[i] = (uint8_t)(*state >> 16);
  }
}

/* What is to fail next: counts down, true when that makes it 0. */
static inline bool script_fails(int *fail_in) {
  return *fail_in > 0 && --*fail_in == 0;
}

typedef struct scripted_mem {
  h46017_mem mem;
  size_t blocks;
  int fail_in; /* script_fails() */
} scripted_mem;

static inline void *scripted_mem_realloc(void *ptr, size_t size,
                                         void *user_data) {
  scripted_mem *m = user_data;
  void *p = script_fails(&m->fail_in) ? NULL : realloc(ptr, size);

  m->blocks += p != NULL && ptr == NULL ? 1 : 0;
  return p;
}

static inline void *scripted_mem_malloc(size_t size, void *user_data) {
  return scripted_mem_realloc(NULL, size, user_data);
}

static inline void *scripted_mem_calloc(size_t nmemb, size_t size,
                                        void *user_data) {
  scripted_mem *m = user_data;
  void *p = script_fails(&m->fail_in) ? NULL : calloc(nmemb, size);

  m->blocks += p != NULL ? 1 : 0;
  return p;
}

static inline void scripted_mem_free(void *ptr, void *user_data) {
  scripted_mem *m = user_data;

  m->blocks -= ptr != NULL ? 1 : 0;
  free(ptr);
}

static inline void scripted_mem_init(scripted_mem *m) {
  m->blocks = 0;
  m->fail_in = 0;
  m->mem.user_data = m;
  m->mem.malloc = scripted_mem_malloc;
  m->mem.free = scripted_mem_free;
  m->mem.calloc = scripted_mem_calloc;
  m->mem.realloc = scripted_mem_realloc;
}

#endif /* H46017_FUZZ_SCRIPT_H */
