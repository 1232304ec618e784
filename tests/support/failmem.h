/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef H46017_TESTS_FAILMEM_H
#define H46017_TESTS_FAILMEM_H

/* Memory functions that count, and fail when told: the n-th allocation, or
 * every one from the n-th on. Hand `&f.mem` to what is tested. */

#include <h46017/common.h>

typedef struct failmem {
  h46017_mem mem;
  size_t calls;    /* allocations asked for: malloc, calloc, realloc */
  size_t fail_at;  /* the one that fails, counted from 1; 0: none */
  bool fail_after; /* and every later one */
  bool spared;     /* nothing is counted, nothing fails: before, and after,
                      what is looked at */
  bool elsewhere;  /* the same, while somebody else is served */
  size_t failed;   /* how many failed */
  size_t blocks;   /* blocks alive */
  size_t octets;   /* octets alive */
  size_t peak;     /* the most octets alive at once */
} failmem;

void failmem_init(failmem *f);

/* Runs `scenario` with nothing failing, then once for each allocation that it
 * made with that one failing, then the same with all later ones failing too.
 * The scenario frees what it made and returns 0 or the error it met.
 *
 * Checked (libcheck): without a failure it returns 0; with one it returns
 * NOMEM, or 0 if what failed could be done without; no block is ever left.
 * Returns the number of allocations. */
size_t failmem_sweep(int (*scenario)(failmem *f, void *arg), void *arg);

#endif /* H46017_TESTS_FAILMEM_H */
