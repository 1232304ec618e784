/* SPDX-License-Identifier: BSD-2-Clause */
#include "kept.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

char kept_root[64];
h46017_store_dir *kept_dir;
h46017_store kept_store;
h46017_store kept_unsynced;

void kept_setup(void) {
  (void)snprintf(kept_root, sizeof(kept_root), "/tmp/h46017-trust-XXXXXX");
  ck_assert_ptr_nonnull(mkdtemp(kept_root));
  ck_assert_int_eq(h46017_store_dir_new(&kept_dir, kept_root, NULL), 0);
  h46017_store_dir_store(kept_dir, &kept_store);
  h46017_store_dir_store_unsynced(kept_dir, &kept_unsynced);
  trusting_setup(&kept_store);
}

void kept_teardown(void) {
  char command[100];

  trusting_teardown();
  h46017_store_dir_del(kept_dir);
  (void)snprintf(command, sizeof(command), "rm -rf %s", kept_root);
  ck_assert_int_eq(system(command), 0);
}
