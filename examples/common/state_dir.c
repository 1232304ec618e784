/* SPDX-License-Identifier: BSD-2-Clause */
#include "state_dir.h"
#include "report.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

bool state_dir_give(int fd, int at, const char *above) {
  struct stat st;
  return geteuid() != 0 ||
         (fstatat(at, above, &st, 0) == 0 &&
          (st.st_uid == 0 || fchown(fd, st.st_uid, st.st_gid) == 0));
}

bool state_dir_make(const char *dir) {
  if (mkdir(dir, 0700) == 0) {
    int fd = open(dir, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (fd >= 0) {
      (void)state_dir_give(fd, fd, "..");
      close(fd);
    }
    return true;
  }
  struct stat st;
  int error = errno;
  if (error == EEXIST && stat(dir, &st) == 0) {
    if (!S_ISDIR(st.st_mode)) {
      report("%s is not a directory; name another with --state", dir);
      return false;
    }
    return true;
  }
  report("cannot make the state directory %s: %s; name another with --state",
         dir, strerror(error)); /* NOLINT(concurrency-mt-unsafe) */
  return false;
}

bool state_dir_path(const char *dir, const char *name, char *out, size_t size) {
  int len = snprintf(out, size, "%s/%s", dir, name);
  if (len < 0 || (size_t)len >= size) {
    report("the path %s/%s is longer than %zu octets; use a shorter --state",
           dir, name, size - 1);
    return false;
  }
  return true;
}

static int write_all(int fd, const char *data, size_t len) {
  while (len > 0) {
    ssize_t n = write(fd, data, len);
    if (n < 0) {
      if (errno == EINTR) {
        continue;
      }
      return errno;
    }
    data += n;
    len -= (size_t)n;
  }
  return 0;
}

/* the new name itself must reach the disk too */
static void sync_directory(const char *path) {
  char dir[STATE_PATH_MAX];
  const char *slash = strrchr(path, '/');
  snprintf(dir, sizeof dir, "%.*s", slash ? (int)(slash - path) : 1,
           slash ? path : ".");
  int fd = open(dir[0] ? dir : "/", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (fd >= 0) {
    (void)fsync(fd);
    close(fd);
  }
}

/* Beside `path`, 0600; *pfd, or an errno. */
static int open_temporary(const char *path, char *temporary, int *pfd) {
  int n = snprintf(temporary, STATE_PATH_MAX, "%s.XXXXXX", path);
  if (n < 0 || n >= STATE_PATH_MAX) {
    return ENAMETOOLONG;
  }
  *pfd = mkstemp(temporary);
  return *pfd < 0 ? errno : 0;
}

int state_dir_try(const char *path) {
  char temporary[STATE_PATH_MAX];
  struct stat st;
  int fd;
  if (stat(path, &st) == 0 && S_ISDIR(st.st_mode)) {
    return EISDIR;
  }
  int error = open_temporary(path, temporary, &fd);
  if (error == 0) {
    close(fd);
    (void)unlink(temporary);
  }
  return error;
}

int state_dir_write(const char *path, unsigned mode, const void *data,
                    size_t len) {
  char temporary[STATE_PATH_MAX];
  int fd;
  int error = open_temporary(path, temporary, &fd);
  if (error != 0) {
    return error;
  }
  error = write_all(fd, data, len);
  if (error == 0 && fchmod(fd, (mode_t)mode) != 0) {
    error = errno;
  }
  if (error == 0 && fsync(fd) != 0) {
    error = errno;
  }
  if (close(fd) != 0 && error == 0) {
    error = errno;
  }
  if (error == 0 && rename(temporary, path) != 0) {
    error = errno;
  }
  if (error != 0) {
    (void)unlink(temporary);
    return error;
  }
  sync_directory(path);
  return 0;
}
