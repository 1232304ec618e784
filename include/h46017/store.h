/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef H46017_STORE_H
#define H46017_STORE_H

/** @file
 * Where the trust list, the rejected list and credentials are kept
 * (libh46017-tls): a few functions that a program fills in for its flash or its
 * database, and one set that keeps files in a directory.
 *
 * A store holds *entries*: octets under a name, in a *collection*. Names and
 * collections are of one to 100 characters `[a-z0-9._-]` and begin with a
 * letter or digit, so that they are safe as file names everywhere. What is kept
 * under which name stands with the object that keeps it.
 */

#include <h46017/common.h>

#ifdef __cplusplus
extern "C" {
#endif

/** Most octets of one entry. */
#define H46017_STORE_ENTRY_MAX (1024 * 1024)

/** Flags for put. */
#define H46017_STORE_SECRET 1U /**< for the owner's eyes only: a key */

/** Told each entry's name; *borrowed* for the call. Not 0: stop. */
typedef int (*h46017_store_each)(const char *name, void *user_data);

/** Given an entry's octets; *borrowed* for the call. What it returns is what
 * get returns. */
typedef int (*h46017_store_take)(const uint8_t *data, size_t len,
                                 void *user_data);

/** A store. Each function is atomic: after a failure, or a crash inside it,
 * everything is as before or as asked for, nothing in between. What put and
 * remove did is durable when they return (or as durable as a store that is not
 * for what matters says). All return 0 or an error; `object`
 * is the store's own.
 *
 * An object that is given a store *copies* this struct and *borrows* what
 * `object` points to for its own life. */
typedef struct h46017_store {
  size_t struct_size;
  void *object;

  /** Tells every entry of a collection, in the order of the names. The entries
   * are those of the moment of the call; in `each` the store may be used.
   * No such collection: no entry, and no error.
   * @return 0, H46017_ERR_STORE_IO, or what `each` returned */
  int (*list)(void *object, const char *collection, h46017_store_each each,
              void *user_data);

  /** @return what `take` returned, H46017_ERR_NOT_FOUND, H46017_ERR_STORE_IO;
   * H46017_ERR_STORE_CORRUPT: what is there can be no entry (a directory, a
   * file that is too large), and goes for a damaged one */
  int (*get)(void *object, const char *collection, const char *name,
             h46017_store_take take, void *user_data);

  /** Adds or replaces an entry; `data` is *copied*; `flags`:
   * H46017_STORE_SECRET or 0.
   * @retval H46017_ERR_STORE_IO  no room, no permission */
  int (*put)(void *object, const char *collection, const char *name,
             const uint8_t *data, size_t len, uint32_t flags);

  /** @retval H46017_ERR_NOT_FOUND  it was not there */
  int (*remove)(void *object, const char *collection, const char *name);

  /** A number that is another one after anybody changed the collection, also
   * another process. Read it *before* reading entries: then what comes after
   * is not missed. Cheap, does not wait. NULL: nobody else changes it. */
  uint64_t (*changes)(void *object, const char *collection);

  /** Keeps all other writers of a collection out until `end`, so that an entry
   * can be read, changed and put back. The same store may be used inside, and
   * begin again (ends nest). Both NULL: there are no others.
   * @retval H46017_ERR_STORE_IO  not begun; no `end` is due */
  int (*begin)(void *object, const char *collection);
  void (*end)(void *object, const char *collection);

  /** A number that is another one after the entry changed, so that it need not
   * be read again; 0: not known, read it. Read it *before* the entry. NULL:
   * entries are always read.
   * @since 0.1 */
  uint64_t (*stamp)(void *object, const char *collection, const char *name);

  /** As `begin`, and never waits: where others keep writers out *pbusy becomes
   * true, 0 is returned and no `end` is due. NULL: whoever asks waits.
   * @since 0.1 */
  int (*try_begin)(void *object, const char *collection, bool *pbusy);
} h46017_store;

H46017_API void h46017_store_default_sized(h46017_store *store, size_t size);
/** Clears it. Call it before setting anything. */
#define h46017_store_default(S) h46017_store_default_sized((S), sizeof(*(S)))

/** True for what may be the name of an entry or a collection.
 * @param[in] name  NUL-terminated, *borrowed* */
H46017_API bool h46017_store_is_name(const char *name);

/** @name A directory
 * POSIX systems only.
 *
 * An entry is the file `DIRECTORY/collection/name`, with nothing around its
 * octets: what a person wrote there with an editor or `openssl` is an entry,
 * and what is put there is a file for both. Files are 0600 with
 * H46017_STORE_SECRET, else 0644; directories made are 0700. A file is written
 * beside its place, synced, renamed over it, and the directory synced;
 * writers of a collection, in any process, take turns (a lock on the file
 * `.lock` in it, which holds a count for `changes` as well). What a person
 * does shows in `changes` when a name comes or goes.
 *
 * One object is used by one thread at a time; several objects, in one process
 * or many, may stand on the same directory. What root makes in a directory of
 * somebody else is given to its owner. */
/**@{*/
typedef struct h46017_store_dir h46017_store_dir;

/** Opens a directory, which need not exist before something is put.
 *
 * @param[out] pdir  *given*: h46017_store_dir_del(); set on success only
 * @param[in]  path  NUL-terminated, *copied*
 * @param[in]  mem   *copied*; NULL: the C library's
 * @retval H46017_ERR_INVALID_ARGUMENT  NULL, empty, or too long to be a path
 * @retval H46017_ERR_NOMEM
 * @since 0.1 */
H46017_API int h46017_store_dir_new(h46017_store_dir **pdir, const char *path,
                                    const h46017_mem *mem);

/** Closes it; NULL is fine. What uses its store has to go first. */
H46017_API void h46017_store_dir_del(h46017_store_dir *dir);

/** Its functions, for whoever takes a store; good as long as @p dir is.
 * @param[out] store  filled in: no h46017_store_default() needed */
H46017_API void h46017_store_dir_store(h46017_store_dir *dir,
                                       h46017_store *store);

/** The same that does not wait for the disk: what put and remove did outlives
 * the process, whatever ends it, but may be lost, or be found damaged, after
 * the machine itself went down. For what is written in a loop that has others
 * to serve, and can be done without: rejected certificates, the clock's floor.
 * Both may be in use at once.
 * @param[out] store  filled in: no h46017_store_default() needed
 * @since 0.1 */
H46017_API void h46017_store_dir_store_unsynced(h46017_store_dir *dir,
                                                h46017_store *store);

/** What the last H46017_ERR_STORE_IO was about, for a person: path and the
 * system's words; NUL-terminated, *borrowed* until the next call; empty when
 * there was none. */
H46017_API const char *h46017_store_dir_error(const h46017_store_dir *dir);
/**@}*/

#ifdef __cplusplus
}
#endif

#endif /* H46017_STORE_H */
