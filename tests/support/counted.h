/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef H46017_TESTS_COUNTED_H
#define H46017_TESTS_COUNTED_H

/* Put before every source that is compiled to be counted (counting.h): the
 * octets of a copy count too, which is one basic block whatever its length. */

#include <string.h>

void counted_octets(size_t n);

#define memcpy(to, from, n) (counted_octets(n), (memcpy)(to, from, n))
#define memmove(to, from, n) (counted_octets(n), (memmove)(to, from, n))
#define memset(to, c, n) (counted_octets(n), (memset)(to, c, n))

#endif /* H46017_TESTS_COUNTED_H */
