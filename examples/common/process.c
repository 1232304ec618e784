/* SPDX-License-Identifier: BSD-2-Clause */
#include "process.h"

#include <signal.h>
#include <stddef.h>
#include <sys/resource.h>
#include <sys/stat.h>

void process_setup(void) {
  struct rlimit limit;
  umask(077);
  (void)signal(SIGPIPE, SIG_IGN);
  /* as many as the machine gives */
  if (getrlimit(RLIMIT_NOFILE, &limit) == 0 &&
      limit.rlim_cur < limit.rlim_max) {
    limit.rlim_cur = limit.rlim_max;
    (void)setrlimit(RLIMIT_NOFILE, &limit);
  }
}
