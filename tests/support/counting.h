/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef H46017_TESTS_COUNTING_H
#define H46017_TESTS_COUNTING_H

#include <stddef.h>

/* Basic blocks that were run, and octets that were copied, eight for one block,
 * in what was compiled to be counted (support/counted.h). */
extern size_t counted_blocks;

#endif
