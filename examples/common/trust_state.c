/* SPDX-License-Identifier: BSD-2-Clause */
#include "trust_state.h"
#include "file.h"
#include "hex.h"
#include "report.h"
#include "wallclock.h"

#include <errno.h>
#include <openssl/pem.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define COLLECTION "trust"

/* -- certificates of files ------------------------------------------------- */

typedef struct adding {
  const char *path;
  bool damaged;
} adding;

static void added(size_t at, int code, const h46017_trust_entry *entry,
                  void *user_data) {
  adding *a = user_data;
  if (code != 0) {
    report_code(code, "%s: certificate %zu%s%s is not trusted", a->path, at + 1,
                entry ? ", " : "", entry ? entry->subject : "");
    a->damaged = a->damaged || code == H46017_ERR_FORMAT ||
                 code == H46017_ERR_STORE_IO || code == H46017_ERR_NOMEM;
  }
}

static int add_file(h46017_trust *list, const char *path, int64_t utc_now) {
  h46017_trust_add_options options;
  adding a = {path, false};
  file_octets file;
  if (!file_read(path, TRUST_FILE_MAX, &file)) {
    report_code(H46017_ERR_STORE_IO, "%s: %s", path,
                strerror(errno)); /* NOLINT(concurrency-mt-unsafe) */
    return H46017_ERR_STORE_IO;
  }
  h46017_trust_add_options_default(&options);
  options.utc_now = utc_now;
  int code = h46017_trust_add(list, file.data, file.len, &options, added, &a);
  file_free(&file);
  if (code == H46017_ERR_FORMAT && !a.damaged) {
    a.damaged = true;
    report_code(code, "%s", path);
  }
  return a.damaged ? code : 0;
}

int trust_state_read(h46017_trust **pread, const text_list *files,
                     int64_t utc_now) {
  h46017_trust *list = NULL;
  int code = h46017_trust_new(&list, NULL, NULL);
  if (code != 0) {
    report_code(code, "reading certificates");
  }
  for (size_t i = 0; code == 0 && i < files->count; i++) {
    code = add_file(list, files->items[i], utc_now);
  }
  if (code != 0) {
    h46017_trust_del(list);
    return code;
  }
  *pread = list;
  return 0;
}

typedef struct bundle {
  BIO *pem;
  int64_t utc_now; /* when they were read */
} bundle;

static int bundle_one(const h46017_trust_entry *entry, void *user_data) {
  bundle *b = user_data;
  b->utc_now = entry->added_at;
  return PEM_write_bio(b->pem, PEM_STRING_X509, "", entry->der,
                       (long)entry->der_len) > 0
             ? 0
             : H46017_ERR_NOMEM;
}

/* As one change. */
int trust_state_put(h46017_trust *list, const h46017_trust *read) {
  h46017_trust_add_options options;
  bundle b = {.pem = BIO_new(BIO_s_mem())};
  char *data = NULL;
  int code = b.pem ? h46017_trust_each(read, bundle_one, &b) : H46017_ERR_NOMEM;
  long len = code == 0 ? BIO_get_mem_data(b.pem, &data) : 0;
  h46017_trust_add_options_default(&options);
  options.utc_now = b.utc_now;
  if (len > 0) {
    code = h46017_trust_add(list, (const uint8_t *)data, (size_t)len, &options,
                            NULL, NULL);
  }
  BIO_free(b.pem);
  if (code != 0) {
    report_code(code, "the files' certificates and the trust list");
  }
  return code;
}

int trust_state_add(h46017_trust *list, const text_list *files,
                    int64_t utc_now) {
  h46017_trust *read = NULL;
  int code = trust_state_read(&read, files, utc_now);
  code = code ? code : trust_state_put(list, read);
  h46017_trust_del(read);
  return code;
}

/* -- the directory's list, and files above it ------------------------------ */

typedef struct listing {
  const trust_state *state;
  h46017_store_each each;
  void *user_data;
} listing;

static void entry_name(const uint8_t id[H46017_CERT_ID_LEN], char *out) {
  hex_print(id, H46017_CERT_ID_LEN, out);
  memcpy(out + 64, ".pem", sizeof ".pem");
}

static int list_file(const h46017_trust_entry *entry, void *user_data) {
  const listing *l = user_data;
  char name[70];
  entry_name(entry->id, name);
  return l->each(name, l->user_data);
}

static bool find_file(const trust_state *t, const char *name,
                      h46017_trust_entry *entry) {
  char digits[65];
  char own[70];
  snprintf(digits, sizeof digits, "%.64s", name);
  if (h46017_trust_find(t->files, digits, entry) != 0) {
    return false;
  }
  entry_name(entry->id, own);
  return strcmp(own, name) == 0;
}

static int list_kept(const char *name, void *user_data) {
  const listing *l = user_data;
  h46017_trust_entry entry;
  return find_file(l->state, name, &entry) ? 0 : l->each(name, l->user_data);
}

static int with_list(void *object, const char *collection,
                     h46017_store_each each, void *user_data) {
  const trust_state *t = object;
  listing l = {t, each, user_data};
  if (strcmp(collection, COLLECTION) != 0) {
    return t->store.list(t->store.object, collection, each, user_data);
  }
  int code = h46017_trust_each(t->files, list_file, &l);
  return code != 0 ? code
                   : t->store.list(t->store.object, collection, list_kept, &l);
}

static int with_get(void *object, const char *collection, const char *name,
                    h46017_store_take take, void *user_data) {
  const trust_state *t = object;
  h46017_trust_entry entry;
  if (strcmp(collection, COLLECTION) == 0 && find_file(t, name, &entry)) {
    return take(entry.der, entry.der_len, user_data);
  }
  return t->store.get(t->store.object, collection, name, take, user_data);
}

static int with_put(void *object, const char *collection, const char *name,
                    const uint8_t *data, size_t len, uint32_t flags) {
  const trust_state *t = object;
  return t->store.put(t->store.object, collection, name, data, len, flags);
}

static int with_remove(void *object, const char *collection, const char *name) {
  const trust_state *t = object;
  return t->store.remove(t->store.object, collection, name);
}

static uint64_t with_changes(void *object, const char *collection) {
  const trust_state *t = object;
  return t->store.changes(t->store.object, collection) +
         h46017_trust_generation(t->files);
}

static int with_begin(void *object, const char *collection) {
  const trust_state *t = object;
  return t->store.begin(t->store.object, collection);
}

static void with_end(void *object, const char *collection) {
  const trust_state *t = object;
  t->store.end(t->store.object, collection);
}

static void with_files(trust_state *t, h46017_store *store) {
  h46017_store_default(store);
  store->object = t;
  store->list = with_list;
  store->get = with_get;
  store->put = with_put;
  store->remove = with_remove;
  store->changes = with_changes;
  store->begin = with_begin;
  store->end = with_end;
}

/* -- life ------------------------------------------------------------------ */

static int open_dir(trust_state *t, const char *state, int64_t time_floor) {
  h46017_clock_settings clock;
  h46017_clock_settings_default(&clock);
  clock.release = time_floor;
  *t = (trust_state){0};
  int code = h46017_store_dir_new(&t->dir, state, NULL);
  if (code == 0) {
    h46017_store quick; /* written while others wait for the loop */
    h46017_store_dir_store(t->dir, &t->store);
    h46017_store_dir_store_unsynced(t->dir, &quick);
    code = h46017_rejected_new(&t->rejected, &quick, NULL, NULL);
    code = code ? code : h46017_clock_new(&t->clock, &quick, &clock, NULL);
  }
  return code;
}

int trust_state_open(trust_state *t, const char *state, int64_t time_floor) {
  int code = open_dir(t, state, time_floor);
  return code ? code : h46017_trust_new(&t->trust, &t->store, NULL);
}

int trust_state_open_with(trust_state *t, const char *state,
                          int64_t time_floor) {
  h46017_store store;
  int code = open_dir(t, state, time_floor);
  if (code == 0) {
    code = h46017_trust_new(&t->files, NULL, NULL);
  }
  if (code == 0) {
    with_files(t, &store);
    code = h46017_trust_new(&t->trust, &store, NULL);
  }
  return code;
}

const char *trust_state_why(const trust_state *t, int code) {
  return code == H46017_ERR_STORE_IO && t->dir != NULL
             ? h46017_store_dir_error(t->dir)
             : "";
}

void trust_state_close(trust_state *t) {
  if (t->rejected != NULL) {
    (void)h46017_rejected_flush(t->rejected);
  }
  h46017_clock_del(t->clock);
  h46017_rejected_del(t->rejected);
  h46017_trust_del(t->trust);
  h46017_trust_del(t->files);
  h46017_store_dir_del(t->dir);
  *t = (trust_state){0};
}

void trust_state_check_own(const trust_state *t, const SSL_CTX *ctx) {
  int64_t now = 0;
  int code =
      clock_utc_by(&now, t->clock) ? h46017_clock_check_own(now, ctx) : 0;
  if (code != 0) {
    report_code(code, "%s", h46017_strerror(code));
  }
}

/* -- changes --------------------------------------------------------------- */

#define FAILED_REST UINT64_C(1000000000) /* ns: who connects costs no more */

static uint64_t nanoseconds(clockid_t clock) {
  struct timespec now;
  clock_gettime(clock, &now);
  return (uint64_t)now.tv_sec * 1000000000U + (uint64_t)now.tv_nsec;
}

/* False: it could not. */
static bool look(trust_state *t, bool *changed) {
  int code = h46017_trust_refresh(t->trust, changed);
  if (code != 0) {
    report_code(code, "the trust list stays as it was: %s",
                trust_state_why(t, code));
  }
  return code == 0;
}

bool trust_state_look_now(trust_state *t) {
  bool changed = false;
  (void)look(t, &changed);
  return changed;
}

bool trust_state_look(trust_state *t) {
  (void)h46017_rejected_flush(t->rejected);
  if (nanoseconds(CLOCK_MONOTONIC) < t->rest_until) {
    return false;
  }
  /* of our own time: on a busy machine it is others' that passes */
  uint64_t before = nanoseconds(CLOCK_THREAD_CPUTIME_ID);
  bool changed = false;
  bool good = look(t, &changed);
  if (!good || changed) {
    uint64_t took = nanoseconds(CLOCK_THREAD_CPUTIME_ID) - before;
    t->rest_until =
        nanoseconds(CLOCK_MONOTONIC) + (good ? 9 * took : FAILED_REST);
  }
  return changed;
}

void trust_state_note(const trust_state *t, SSL *ssl, const char *peer,
                      json_t *event) {
  uint8_t id[H46017_CERT_ID_LEN];
  char hex[65];
  int code = h46017_rejected_note(t->rejected, t->trust, ssl, peer,
                                  (int64_t)time(NULL), id);
  if (code == 0) {
    hex_print(id, sizeof id, hex);
    json_object_set_new(event, "rejected_id", json_string(hex));
    return;
  }
  json_object_set_new(event, "rejected_id", json_null());
  if (code != H46017_ERR_NOT_FOUND && code != H46017_ERR_LIMIT) {
    report_code(code, "a refused certificate is not recorded: %s",
                trust_state_why(t, code));
  }
}
