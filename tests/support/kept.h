/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef H46017_TESTS_KEPT_H
#define H46017_TESTS_KEPT_H

/* A trust list that is kept in a directory of its own. */

#include "trusting.h"

#include <h46017/store.h>

extern char kept_root[64];
extern h46017_store_dir *kept_dir;
extern h46017_store kept_store;    /* the list's */
extern h46017_store kept_unsynced; /* the same, quicker */

/* A fixture: the directory, and trusting_setup() in it. */
void kept_setup(void);
void kept_teardown(void);

#endif /* H46017_TESTS_KEPT_H */
