/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef H46017_BASE_INTMATH_H
#define H46017_BASE_INTMATH_H

/* Arithmetic that must not wrap, in one place. */

#include <h46017/common.h>

#define H46017_MIN(a, b) ((a) < (b) ? (a) : (b))
#define H46017_MAX(a, b) ((a) > (b) ? (a) : (b))

/* now + delay, never past the last expressible time. H46017_TIME_NEVER stays
 * never. */
static inline h46017_time h46017_time_add(h46017_time now, uint64_t delay) {
  return delay >= H46017_TIME_NEVER - now ? H46017_TIME_NEVER : now + delay;
}

/* The later of the time last seen and `now`. A `now` of "never" is none that a
 * timer could wait for: it is taken for the last moment before. */
static inline h46017_time h46017_time_seen(h46017_time last, h46017_time now) {
  if (now == H46017_TIME_NEVER) {
    now--;
  }
  return H46017_MAX(last, now);
}

static inline size_t h46017_size_add(size_t a, size_t b) {
  return b > SIZE_MAX - a ? SIZE_MAX : a + b;
}

#endif /* H46017_BASE_INTMATH_H */
