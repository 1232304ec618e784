/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef H46017_BASE_FETCH_H
#define H46017_BASE_FETCH_H

/* Of a million objects, one whose turn it is lies in no cache. What will be
 * looked at is fetched at once, not one after the other: a hint, which never
 * fails, whatever `p` is. */

#include <h46017/common.h>

static inline void h46017_fetch(const void *p, size_t size) {
#ifdef __GNUC__
  /* nothing is added to NULL, not even nothing */
  for (size_t i = 0; p != NULL && i < size; i += 64) {
    __builtin_prefetch((const char *)p + i);
  }
#else
  (void)p;
  (void)size;
#endif
}

#endif /* H46017_BASE_FETCH_H */
