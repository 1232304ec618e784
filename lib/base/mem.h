/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef H46017_BASE_MEM_H
#define H46017_BASE_MEM_H

#include <h46017/common.h>

/* The functions to use where a program gave NULL. */
const h46017_mem *h46017_mem_default(void);

/* Fills `out` from what the program gave: NULL means the C library's. Refuses
 * a set with a function missing. */
int h46017_mem_init(h46017_mem *out, const h46017_mem *given);

void *h46017_mem_alloc(const h46017_mem *mem, size_t size);
void *h46017_mem_zalloc(const h46017_mem *mem, size_t nmemb, size_t size);
void *h46017_mem_resize(const h46017_mem *mem, void *ptr, size_t size);
void h46017_mem_release(const h46017_mem *mem, void *ptr);

/* NUL-terminated copy of `len` octets; NULL without memory. */
char *h46017_mem_strndup(const h46017_mem *mem, const char *s, size_t len);

/* Clears in a way the compiler may not leave out: keys, tokens, passwords. */
void h46017_mem_wipe(void *ptr, size_t len);

/* Everything else in the library allocates through the functions above. */
#if defined(__GNUC__) && defined(H46017_BUILDING) &&                           \
    !defined(H46017_MEM_IMPLEMENTATION)
#include <stdlib.h> /* these name them: they must come before */
#include <string.h>
#pragma GCC poison malloc calloc realloc free strdup strndup
#endif

#endif /* H46017_BASE_MEM_H */
