/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef H46017_BASE_SELDOM_H
#define H46017_BASE_SELDOM_H

/* A function that most messages do not come to: it, and what leads to it, is
 * compiled apart from the way of all others. A keep-alive's way through both
 * sessions is longer than the instruction cache of most processors. */
#ifdef __GNUC__
#define H46017_SELDOM __attribute__((noinline, cold))
#else
#define H46017_SELDOM
#endif

#endif /* H46017_BASE_SELDOM_H */
