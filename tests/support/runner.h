/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef H46017_TESTS_RUNNER_H
#define H46017_TESTS_RUNNER_H

#include <check.h>
#include <stdlib.h>

/* Runs a suite (CK_VERBOSITY says how loudly); for main() to return. */
static inline int run_suite(Suite *s) {
  SRunner *sr = srunner_create(s);
  int failed;

  srunner_run_all(sr, CK_ENV);
  failed = srunner_ntests_failed(sr);
  srunner_free(sr);
  return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

#endif
