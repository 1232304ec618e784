/* SPDX-License-Identifier: BSD-2-Clause */
#define _DEFAULT_SOURCE /* NOLINT: flock(), which POSIX has not */
#include <h46017/store.h>

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/settings.h"

#include <h46017/error.h>

#define DIR_PATH_MAX 3600 /* a collection and a name fit into PATH_MAX */
#define DIR_OPEN_MAX 4    /* collections locked at once */
#define DIR_LOCK ".lock"
#define DIR_NEW ".new" /* written under the lock: one does for all */
#define DIR_COUNTER 20 /* digits of a uint64_t */

typedef struct dir_held {
  char collection[101];
  int fd; /* of .lock, locked */
  unsigned depth;
} dir_held;

struct h46017_store_dir {
  h46017_mem mem;
  dir_held held[DIR_OPEN_MAX];
  char error[256];
  char path[];
};

/* -- what went wrong ------------------------------------------------------ */

static int dir_fail(h46017_store_dir *d, const char *what,
                    const char *collection, const char *name) {
  int error = errno;
  char words[80] = "";

  if (strerror_r(error, words, sizeof(words)) != 0) {
    (void)snprintf(words, sizeof(words), "error %d", error);
  }
  (void)snprintf(d->error, sizeof(d->error), "cannot %s %.120s/%s%s%s: %s",
                 what, d->path, collection, name[0] != '\0' ? "/" : "", name,
                 words);
  return error == ENOENT ? H46017_ERR_NOT_FOUND : H46017_ERR_STORE_IO;
}

/* -- places --------------------------------------------------------------- */

/* What root makes in a directory of somebody else is given to that one: else a
 * program of theirs could not read it. */
static bool dir_give(int fd, int at, const char *above) {
  struct stat st;

  return geteuid() != 0 ||
         (fstatat(at, above, &st, 0) == 0 &&
          (st.st_uid == 0 || fchown(fd, st.st_uid, st.st_gid) == 0));
}

static bool dir_make(const char *path) {
  int fd;

  if (mkdir(path, 0700) != 0) {
    return errno == EEXIST;
  }
  fd = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
  if (fd >= 0) {
    (void)dir_give(fd, fd, "..");
    (void)close(fd);
  }
  return true;
}

/* The collection's directory, made where `make` says so. -1 with errno. */
static int dir_open(const h46017_store_dir *d, const char *collection,
                    bool make) {
  char path[DIR_PATH_MAX + 110];

  (void)snprintf(path, sizeof(path), "%s/%s", d->path, collection);
  if (make && (!dir_make(d->path) || !dir_make(path))) {
    return -1;
  }
  return open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

static void dir_close(int fd) {
  if (fd >= 0) {
    (void)close(fd);
  }
}

/* -- the lock and the counter in it --------------------------------------- */

static uint64_t dir_read_counter(int fd) {
  char text[DIR_COUNTER + 1] = "";
  ssize_t n = pread(fd, text, DIR_COUNTER, 0);

  return n > 0 ? strtoull(text, NULL, 10) : 0;
}

static dir_held *dir_find_held(h46017_store_dir *d, const char *collection) {
  for (size_t i = 0; i < DIR_OPEN_MAX; i++) {
    if (d->held[i].depth > 0 &&
        strcmp(d->held[i].collection, collection) == 0) {
      return &d->held[i];
    }
  }
  return NULL;
}

/* Before the change: whoever reads the number waits for the lock, and so sees
 * either neither of the two or both; after a crash in between at worst
 * somebody reads again for nothing. */
static bool dir_count(h46017_store_dir *d, const char *collection) {
  const dir_held *held = dir_find_held(d, collection);
  char text[DIR_COUNTER + 2];
  int len;

  if (held == NULL) {
    return false;
  }
  len = snprintf(text, sizeof(text), "%020llu\n",
                 (unsigned long long)dir_read_counter(held->fd) + 1);

  return pwrite(held->fd, text, (size_t)len, 0) == len;
}

static dir_held *dir_free_held(h46017_store_dir *d) {
  for (size_t i = 0; i < DIR_OPEN_MAX; i++) {
    if (d->held[i].depth == 0) {
      return &d->held[i];
    }
  }
  return NULL;
}

/* No symbolic link: root may write in a directory of somebody else. */
static int dir_lock_file(int at, bool make) {
  const int how = O_RDWR | O_CLOEXEC | O_NOFOLLOW;
  int fd = make ? openat(at, DIR_LOCK, how | O_CREAT | O_EXCL, 0600) : -1;

  if (fd >= 0) {
    (void)dir_give(fd, at, ".");
    return fd;
  }
  return !make || errno == EEXIST ? openat(at, DIR_LOCK, how) : -1;
}

/* `pbusy` NULL: waits. */
static int dir_lock(h46017_store_dir *d, const char *collection, bool *pbusy) {
  int how = pbusy != NULL ? LOCK_EX | LOCK_NB : LOCK_EX;
  dir_held *held = dir_find_held(d, collection);
  int at;
  int rv;

  if (!h46017_store_is_name(collection)) {
    return H46017_ERR_INVALID_ARGUMENT;
  }
  if (held != NULL) {
    held->depth++;
    return 0;
  }
  held = dir_free_held(d);
  if (held == NULL) {
    return H46017_ERR_INVALID_STATE;
  }
  at = dir_open(d, collection, true);
  held->fd = at >= 0 ? dir_lock_file(at, true) : -1;
  while (held->fd >= 0 && flock(held->fd, how) != 0) {
    if (errno != EINTR) {
      dir_close(held->fd); /* keeps errno */
      held->fd = -1;
    }
  }
  if (held->fd < 0 && pbusy != NULL && errno == EWOULDBLOCK) {
    dir_close(at);
    *pbusy = true;
    return 0;
  }
  if (held->fd < 0) {
    rv = dir_fail(d, "lock", collection, "");
    dir_close(at);
    /* a directory above is missing: for a writer that is no "not found" */
    return rv == H46017_ERR_NOT_FOUND ? H46017_ERR_STORE_IO : rv;
  }
  dir_close(at);
  (void)snprintf(held->collection, sizeof(held->collection), "%s", collection);
  held->depth = 1;
  return 0;
}

static int dir_begin(void *object, const char *collection) {
  return dir_lock(object, collection, NULL);
}

static int dir_try_begin(void *object, const char *collection, bool *pbusy) {
  *pbusy = false;
  return dir_lock(object, collection, pbusy);
}

static void dir_end(void *object, const char *collection) {
  dir_held *held = dir_find_held(object, collection);

  if (held != NULL && --held->depth == 0) {
    dir_close(held->fd); /* and with it the lock goes */
  }
}

/* What people did with files counts too: it shows in the directory's time. */
static uint64_t dir_number(int at, int fd) {
  struct stat st;

  if (fstat(at, &st) != 0) {
    return 0;
  }
  return (uint64_t)st.st_mtim.tv_sec * 1000000000U +
         (uint64_t)st.st_mtim.tv_nsec + (fd >= 0 ? dir_read_counter(fd) : 0);
}

/* While a writer is at it: a number of its own, so that whoever reads now
 * reads again afterwards. */
static uint64_t dir_changes(void *object, const char *collection) {
  h46017_store_dir *d = object;
  bool held = dir_find_held(d, collection) != NULL;
  uint64_t number = 0;
  int at = -1;
  int fd = -1;

  if (h46017_store_is_name(collection)) {
    at = dir_open(d, collection, false);
    fd = at >= 0 ? dir_lock_file(at, false) : -1;
  }
  if (fd >= 0 && !held && flock(fd, LOCK_SH | LOCK_NB) != 0) {
    number = UINT64_MAX;
  } else if (at >= 0) {
    number = dir_number(at, fd);
  }
  dir_close(fd);
  dir_close(at);
  return number;
}

/* -- writing -------------------------------------------------------------- */

static bool dir_write_all(int fd, const uint8_t *data, size_t len) {
  while (len > 0) {
    ssize_t n = write(fd, data, len);

    if (n < 0 && errno != EINTR) {
      return false;
    }
    if (n > 0) {
      data += n;
      len -= (size_t)n;
    }
  }
  return true;
}

/* Beside its place. A `.new` that is there was left by a crash. */
static bool dir_write_new(int at, const uint8_t *data, size_t len, mode_t mode,
                          bool sync) {
  bool done;
  int fd;

  (void)unlinkat(at, DIR_NEW, 0);
  fd = openat(at, DIR_NEW, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode);
  if (fd < 0) {
    return false;
  }
  (void)dir_give(fd, at, ".");
  done = dir_write_all(fd, data, len) && (!sync || fsync(fd) == 0);
  return close(fd) == 0 && done;
}

static int dir_write(h46017_store_dir *d, const char *collection,
                     const char *name, const uint8_t *data, size_t len,
                     uint32_t flags, bool sync) {
  mode_t mode = (flags & H46017_STORE_SECRET) != 0 ? 0600 : 0644;
  int rv;
  int at;

  if (!h46017_store_is_name(name) || len > H46017_STORE_ENTRY_MAX ||
      (data == NULL && len > 0) || (flags & ~H46017_STORE_SECRET) != 0) {
    return H46017_ERR_INVALID_ARGUMENT;
  }
  rv = dir_begin(d, collection);
  if (rv != 0) {
    return rv;
  }
  at = dir_open(d, collection, true);
  if (at < 0 || !dir_write_new(at, data, len, mode, sync) ||
      !dir_count(d, collection) || renameat(at, DIR_NEW, at, name) != 0 ||
      (sync && fsync(at) != 0)) {
    (void)dir_fail(d, "write", collection, name);
    rv = H46017_ERR_STORE_IO;
    if (at >= 0) {
      (void)unlinkat(at, DIR_NEW, 0);
    }
  }
  dir_close(at);
  dir_end(d, collection);
  return rv;
}

static int dir_put(void *object, const char *collection, const char *name,
                   const uint8_t *data, size_t len, uint32_t flags) {
  return dir_write(object, collection, name, data, len, flags, true);
}

static int dir_put_unsynced(void *object, const char *collection,
                            const char *name, const uint8_t *data, size_t len,
                            uint32_t flags) {
  return dir_write(object, collection, name, data, len, flags, false);
}

static int dir_unlink(h46017_store_dir *d, const char *collection,
                      const char *name, bool sync) {
  int rv = 0;
  int at;

  if (!h46017_store_is_name(name) || !h46017_store_is_name(collection)) {
    return H46017_ERR_INVALID_ARGUMENT;
  }
  at = dir_open(d, collection, false);
  if (at < 0 || faccessat(at, name, F_OK, 0) != 0) {
    rv = dir_fail(d, "remove", collection, name);
    dir_close(at);
    return rv;
  }
  rv = dir_begin(d, collection);
  if (rv == 0) {
    if (!dir_count(d, collection) || unlinkat(at, name, 0) != 0 ||
        (sync && fsync(at) != 0)) {
      rv = dir_fail(d, "remove", collection, name);
    }
    dir_end(d, collection);
  }
  dir_close(at);
  return rv;
}

static int dir_remove(void *object, const char *collection, const char *name) {
  return dir_unlink(object, collection, name, true);
}

static int dir_remove_unsynced(void *object, const char *collection,
                               const char *name) {
  return dir_unlink(object, collection, name, false);
}

/* -- reading -------------------------------------------------------------- */

/* The whole file, or NULL with errno: EINVAL, EFBIG for what no entry can be.
 */
static uint8_t *dir_read_all(const h46017_store_dir *d, int fd, size_t *plen) {
  struct stat st;
  uint8_t *data;
  size_t len = 0;

  if (fstat(fd, &st) != 0) {
    return NULL;
  }
  if (!S_ISREG(st.st_mode) || st.st_size > H46017_STORE_ENTRY_MAX) {
    errno = S_ISREG(st.st_mode) ? EFBIG : EINVAL;
    return NULL;
  }
  data = h46017_mem_alloc(&d->mem, (size_t)st.st_size + 1);
  if (data == NULL) {
    errno = ENOMEM;
    return NULL;
  }
  while (len < (size_t)st.st_size) {
    ssize_t n = read(fd, data + len, (size_t)st.st_size - len);

    if (n < 0 && errno != EINTR) {
      h46017_mem_release(&d->mem, data);
      return NULL;
    }
    if (n == 0) {
      break;
    }
    len += n > 0 ? (size_t)n : 0;
  }
  data[len] = 0;
  *plen = len;
  return data;
}

static int dir_get(void *object, const char *collection, const char *name,
                   h46017_store_take take, void *user_data) {
  h46017_store_dir *d = object;
  uint8_t *data = NULL;
  size_t len = 0;
  int at;
  int fd;
  int rv;

  if (!h46017_store_is_name(name) || !h46017_store_is_name(collection)) {
    return H46017_ERR_INVALID_ARGUMENT;
  }
  at = dir_open(d, collection, false);
  fd = at >= 0 ? openat(at, name, O_RDONLY | O_CLOEXEC | O_NONBLOCK) : -1;
  if (fd >= 0) {
    data = dir_read_all(d, fd, &len);
  }
  if (data != NULL) {
    rv = take(data, len, user_data);
    h46017_mem_wipe(data, len);
    h46017_mem_release(&d->mem, data);
  } else if (errno == ENOMEM) {
    rv = H46017_ERR_NOMEM;
  } else {
    bool is_none = errno == EFBIG || errno == EINVAL; /* dir_read_all() */
    rv = dir_fail(d, "read", collection, name);
    rv = is_none ? H46017_ERR_STORE_CORRUPT : rv;
  }
  dir_close(fd);
  dir_close(at);
  return rv;
}

/* An entry comes by rename, so the inode tells it from the one before; an
 * editor that writes into the file shows in the times. */
static uint64_t dir_stamp(void *object, const char *collection,
                          const char *name) {
  uint64_t stamp = 0;
  struct stat st;
  int at = -1;

  if (h46017_store_is_name(name) && h46017_store_is_name(collection)) {
    at = dir_open(object, collection, false);
  }
  if (at >= 0 && fstatat(at, name, &st, 0) == 0) {
    stamp = (uint64_t)st.st_ino;
    stamp = stamp * 1000003 + (uint64_t)st.st_ctim.tv_sec;
    stamp = stamp * 1000003 + (uint64_t)st.st_ctim.tv_nsec;
    stamp = stamp * 1000003 + (uint64_t)st.st_size;
  }
  dir_close(at);
  return stamp;
}

typedef struct dir_names {
  const h46017_mem *mem;
  char **names;
  size_t count;
  size_t room;
} dir_names;

static bool dir_names_add(dir_names *n, const char *name) {
  if (n->count == n->room) {
    size_t room = n->room > 0 ? n->room * 2 : 64;
    char **more =
        h46017_mem_resize(n->mem, (void *)n->names, room * sizeof(*more));

    if (more == NULL) {
      return false;
    }
    n->names = more;
    n->room = room;
  }
  n->names[n->count] = h46017_mem_strndup(n->mem, name, strlen(name));
  if (n->names[n->count] == NULL) {
    return false;
  }
  n->count++;
  return true;
}

static int dir_compare(const void *a, const void *b) {
  return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static int dir_read_names(h46017_store_dir *d, const char *collection, DIR *dir,
                          dir_names *n) {
  const struct dirent *entry;

  errno = 0;
  while ((entry = readdir(dir)) != NULL) {
    if (h46017_store_is_name(entry->d_name) &&
        !dir_names_add(n, entry->d_name)) {
      return H46017_ERR_NOMEM;
    }
    errno = 0;
  }
  return errno == 0 ? 0 : dir_fail(d, "list", collection, "");
}

static int dir_list(void *object, const char *collection,
                    h46017_store_each each, void *user_data) {
  h46017_store_dir *d = object;
  dir_names n = {.mem = &d->mem};
  int rv = 0;
  int at;
  DIR *dir;

  if (!h46017_store_is_name(collection)) {
    return H46017_ERR_INVALID_ARGUMENT;
  }
  at = dir_open(d, collection, false);
  dir = at >= 0 ? fdopendir(at) : NULL;
  if (dir == NULL) {
    rv = dir_fail(d, "list", collection, "");
    dir_close(at);
    return rv == H46017_ERR_NOT_FOUND ? 0 : rv;
  }
  rv = dir_read_names(d, collection, dir, &n);
  (void)closedir(dir);
  if (n.count > 1) {
    qsort((void *)n.names, n.count, sizeof(*n.names), dir_compare);
  }
  for (size_t i = 0; i < n.count; i++) {
    if (rv == 0) {
      rv = each(n.names[i], user_data);
    }
    h46017_mem_release(&d->mem, n.names[i]);
  }
  h46017_mem_release(&d->mem, (void *)n.names);
  return rv;
}

/* -- life ----------------------------------------------------------------- */

int h46017_store_dir_new(h46017_store_dir **pdir, const char *path,
                         const h46017_mem *mem) {
  h46017_mem own;
  h46017_store_dir *d;
  size_t len;
  int rv;

  if (pdir == NULL || path == NULL || path[0] == '\0') {
    return H46017_ERR_INVALID_ARGUMENT;
  }
  len = strlen(path);
  if (len > DIR_PATH_MAX) {
    return H46017_ERR_INVALID_ARGUMENT;
  }
  rv = h46017_mem_init(&own, mem);
  if (rv != 0) {
    return rv;
  }
  d = h46017_mem_zalloc(&own, 1, sizeof(*d) + len + 1);
  if (d == NULL) {
    return H46017_ERR_NOMEM;
  }
  d->mem = own;
  memcpy(d->path, path, len + 1);
  *pdir = d;
  return 0;
}

void h46017_store_dir_del(h46017_store_dir *dir) {
  h46017_mem mem;

  if (dir == NULL) {
    return;
  }
  for (size_t i = 0; i < DIR_OPEN_MAX; i++) {
    if (dir->held[i].depth > 0) {
      dir_close(dir->held[i].fd);
    }
  }
  mem = dir->mem;
  h46017_mem_release(&mem, dir);
}

void h46017_store_dir_store(h46017_store_dir *dir, h46017_store *store) {
  h46017_store_default(store);
  store->object = dir;
  store->list = dir_list;
  store->get = dir_get;
  store->put = dir_put;
  store->remove = dir_remove;
  store->changes = dir_changes;
  store->begin = dir_begin;
  store->end = dir_end;
  store->stamp = dir_stamp;
  store->try_begin = dir_try_begin;
}

void h46017_store_dir_store_unsynced(h46017_store_dir *dir,
                                     h46017_store *store) {
  h46017_store_dir_store(dir, store);
  store->put = dir_put_unsynced;
  store->remove = dir_remove_unsynced;
}

const char *h46017_store_dir_error(const h46017_store_dir *dir) {
  return dir->error;
}
