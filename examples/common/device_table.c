/* SPDX-License-Identifier: BSD-2-Clause */
#include "device_table.h"
#include "options.h"
#include "report.h"
#include "state_dir.h"

#include <h46017/error.h>

#include <ctype.h>
#include <fcntl.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
  SCHEMA_VERSION = 3,
  NAME_MAX_OCTETS = 256, /* BMPString (SIZE (1..256)) */
  BUSY_TIMEOUT = 10000,  /* ms that a writer waits for another */
  BUSY_STEP = 20
};

/* `fold` is a name without case and separators: it finds candidates by index;
 * h46017_device_fits() has the last word. */
static const char schema[] =
    "CREATE TABLE device(name TEXT PRIMARY KEY, auth INTEGER NOT NULL,"
    " match INTEGER NOT NULL, tls_only INTEGER NOT NULL, fingerprint BLOB,"
    " password TEXT, changed INTEGER NOT NULL) WITHOUT ROWID;"
    "CREATE TABLE device_name(device TEXT NOT NULL REFERENCES device(name)"
    " ON DELETE CASCADE, kind INTEGER NOT NULL, name TEXT NOT NULL,"
    " fold TEXT NOT NULL, PRIMARY KEY(device, kind, name)) WITHOUT ROWID;"
    "CREATE INDEX device_name_fold ON device_name(fold);"
    /* which devices have the prefix rule: usually none */
    "CREATE INDEX device_prefix ON device(name) WHERE match=2;"
    /* how many entries were ever made: an entry has its number */
    "CREATE TABLE change(last INTEGER NOT NULL);"
    "INSERT INTO change VALUES(0);"
    "PRAGMA user_version=3;";

/* what makes a table of each earlier version one of the next */
static const char *const steps[SCHEMA_VERSION] = {
    schema,
    "ALTER TABLE device ADD COLUMN password TEXT; PRAGMA user_version=2;",
    "ALTER TABLE device ADD COLUMN changed INTEGER NOT NULL DEFAULT 0;"
    "CREATE TABLE change(last INTEGER NOT NULL);"
    "INSERT INTO change VALUES(0);"
    "PRAGMA user_version=3;",
};

enum { KIND_NAME = 0, KIND_HARDWARE_ID = 1, KIND_ALIAS = 2 };

enum statement {
  GET_DEVICE,
  GET_NAMES,
  GET_PASSWORD,
  FIND_FOLD,
  HAS_PREFIX,
  FIND_PREFIX,
  EACH_NAME,
  NEXT_CHANGE,
  LAST_CHANGE,
  ADD_DEVICE,
  ADD_NAME,
  REMOVE_DEVICE,
  VERSION,
  BEGIN,
  COMMIT,
  ROLLBACK,
  STATEMENTS
};

static const char *const statements[STATEMENTS] = {
    [GET_DEVICE] =
        ("SELECT auth, match, tls_only, fingerprint, changed FROM device"
         " WHERE name=?1"),
    [GET_NAMES] = ("SELECT kind, name FROM device_name"
                   " WHERE device=?1 AND kind<>0 ORDER BY kind, name"),
    [GET_PASSWORD] = "SELECT password FROM device WHERE name=?1",
    [FIND_FOLD] = "SELECT device, name FROM device_name WHERE fold=?1",
    [HAS_PREFIX] = "SELECT 1 FROM device WHERE match=2 LIMIT 1",
    [FIND_PREFIX] = ("SELECT device FROM device_name JOIN device"
                     " ON device.name=device_name.device"
                     " WHERE fold=?1 AND device.match=2"),
    [EACH_NAME] = "SELECT name FROM device ORDER BY name",
    [NEXT_CHANGE] = "UPDATE change SET last=last+1",
    [LAST_CHANGE] = "SELECT last FROM change",
    [ADD_DEVICE] = ("INSERT INTO device SELECT ?1,?2,?3,?4,?5,?6,last"
                    " FROM change"),
    [ADD_NAME] = "INSERT OR IGNORE INTO device_name VALUES(?1,?2,?3,?4)",
    [REMOVE_DEVICE] = "DELETE FROM device WHERE name=?1",
    [VERSION] = "PRAGMA data_version",
    [BEGIN] = "BEGIN IMMEDIATE",
    [COMMIT] = "COMMIT",
    [ROLLBACK] = "ROLLBACK",
};

struct device_table {
  sqlite3 *db;
  sqlite3_stmt *prepared[STATEMENTS];
  char why[256];
};

/* -- opening --------------------------------------------------------------- */

static int table_fail(device_table *t, int code, const char *what) {
  snprintf(t->why, sizeof t->why, "%s%s%s", what, t->db ? ": " : "",
           t->db ? sqlite3_errmsg(t->db) : "");
  return code;
}

static int table_code(int rc) {
  switch (rc & 0xff) {
  case SQLITE_NOMEM:
    return H46017_ERR_NOMEM;
  case SQLITE_CORRUPT:
  case SQLITE_NOTADB:
    return H46017_ERR_STORE_CORRUPT;
  default:
    return H46017_ERR_STORE_IO;
  }
}

/* The busy handler is not asked in every case: not while the journal's mode
 * changes, and not while the last of others that used the table cleans up. */
static int table_exec(device_table *t, const char *sql) {
  int rc = sqlite3_exec(t->db, sql, NULL, NULL, NULL);
  for (int waited = 0; (rc & 0xff) == SQLITE_BUSY && waited < BUSY_TIMEOUT;
       waited += BUSY_STEP) {
    sqlite3_sleep(BUSY_STEP);
    rc = sqlite3_exec(t->db, sql, NULL, NULL, NULL);
  }
  return rc;
}

static int table_version(device_table *t, int *version) {
  sqlite3_stmt *st = NULL;
  int rc = sqlite3_prepare_v2(t->db, "PRAGMA user_version", -1, &st, NULL);
  if (rc == SQLITE_OK && sqlite3_step(st) == SQLITE_ROW) {
    *version = sqlite3_column_int(st, 0);
  }
  return sqlite3_finalize(st);
}

/* What is there already is only looked at: who opens a table in use waits for
 * nobody. */
static int table_schema(device_table *t) {
  int version = -1;
  int rc = table_version(t, &version);
  if (rc == SQLITE_OK && version >= 0 && version < SCHEMA_VERSION) {
    rc = table_exec(t, "BEGIN IMMEDIATE");
    if (rc == SQLITE_OK) {
      rc = table_version(t, &version); /* somebody else may have been faster */
    }
    while (rc == SQLITE_OK && version >= 0 && version < SCHEMA_VERSION) {
      rc = table_exec(t, steps[version]);
      version = version == 0 ? SCHEMA_VERSION : version + 1;
    }
    if (rc == SQLITE_OK) {
      rc = table_exec(t, "COMMIT");
    }
  }
  if (rc != SQLITE_OK || version < 0) {
    return table_fail(t, table_code(rc), "making it");
  }
  if (version > SCHEMA_VERSION) {
    snprintf(t->why, sizeof t->why,
             "it was made by a newer version of these programs");
    return H46017_ERR_FORMAT;
  }
  return 0;
}

/* There are passwords in it: nobody else's business, wherever it lies. */
static int table_protect(device_table *t, const char *path) {
  int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  struct stat st;
  bool good =
      fd >= 0 && fstat(fd, &st) == 0 &&
      ((st.st_mode & (S_IRWXG | S_IRWXO)) == 0 || fchmod(fd, 0600) == 0);
  if (fd >= 0) {
    close(fd);
  }
  return good ? 0 : table_fail(t, H46017_ERR_STORE_IO, "protecting it");
}

static int table_setup(device_table *t, const char *path) {
  int failed = table_protect(t, path);
  if (failed != 0) {
    return failed;
  }
  int rc = sqlite3_open_v2(path, &t->db,
                           SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, NULL);
  if (rc != SQLITE_OK) {
    return table_fail(t, table_code(rc), "opening it");
  }
  sqlite3_extended_result_codes(t->db, 1);
  sqlite3_busy_timeout(t->db, BUSY_TIMEOUT);
  /* readers never wait for a writer; a change is on the disk when it is said
   * to be made */
  rc = table_exec(t, "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL;"
                     "PRAGMA foreign_keys=ON; PRAGMA secure_delete=ON");
  if (rc != SQLITE_OK) {
    return table_fail(t, table_code(rc), "opening it");
  }
  int code = table_schema(t);
  if (code != 0) {
    return code;
  }
  for (int i = 0; i < STATEMENTS; i++) {
    rc = sqlite3_prepare_v3(t->db, statements[i], -1, SQLITE_PREPARE_PERSISTENT,
                            &t->prepared[i], NULL);
    if (rc != SQLITE_OK) {
      return table_fail(t, table_code(rc), "reading it");
    }
  }
  return 0;
}

int device_table_open(device_table **pt, const char *dir) {
  char path[STATE_PATH_MAX];
  if (!state_dir_path(dir, STATE_DIR_DEVICES, path, sizeof path)) {
    return H46017_ERR_STORE_IO;
  }
  device_table *t = calloc(1, sizeof *t);
  if (t == NULL) {
    return H46017_ERR_NOMEM;
  }
  int code = table_setup(t, path);
  if (code != 0) {
    report_code(code, "the device table %s: %s", path, t->why);
    device_table_close(t);
    return code;
  }
  *pt = t;
  return 0;
}

void device_table_close(device_table *t) {
  if (t == NULL) {
    return;
  }
  for (int i = 0; i < STATEMENTS; i++) {
    sqlite3_finalize(t->prepared[i]);
  }
  sqlite3_close(t->db);
  free(t);
}

const char *device_table_why(const device_table *t) {
  return t->why;
}

/* -- statements ------------------------------------------------------------ */

static sqlite3_stmt *begin(device_table *t, enum statement which) {
  sqlite3_stmt *st = t->prepared[which];
  sqlite3_reset(st);
  sqlite3_clear_bindings(st);
  return st;
}

static void bind_text(sqlite3_stmt *st, int at, const char *text, size_t len) {
  sqlite3_bind_text(st, at, text, (int)len, SQLITE_TRANSIENT);
}

/* runs a statement that returns nothing */
static int run(device_table *t, sqlite3_stmt *st) {
  int rc = sqlite3_step(st);
  sqlite3_reset(st);
  return rc == SQLITE_DONE ? 0 : table_fail(t, table_code(rc), "writing it");
}

static void fold_name(const char *name, size_t len, char *out) {
  for (size_t i = 0; i < len; i++) {
    if (name[i] != ':' && name[i] != '-' && name[i] != '.') {
      *out++ = (char)tolower((unsigned char)name[i]);
    }
  }
  *out = '\0';
}

/* -- reading --------------------------------------------------------------- */

/* a device with the memory its texts live in */
typedef struct device_row {
  h46017_device device; /* first: device_free() gets its address */
  char *name;
  text_list hardware_ids;
  text_list aliases;
  int64_t changed;
} device_row;

void device_free(h46017_device *device) {
  device_row *row = (device_row *)device;
  if (row != NULL) {
    text_list_free(&row->hardware_ids);
    text_list_free(&row->aliases);
    free(row->name);
    free(row);
  }
}

static int read_names(device_table *t, device_row *row) {
  sqlite3_stmt *st = begin(t, GET_NAMES);
  bind_text(st, 1, row->name, strlen(row->name));
  int rc;
  while ((rc = sqlite3_step(st)) == SQLITE_ROW) {
    bool alias = sqlite3_column_int(st, 0) == KIND_ALIAS;
    const char *name = (const char *)sqlite3_column_text(st, 1);
    if (name == NULL ||
        !text_list_copy(alias ? &row->aliases : &row->hardware_ids, name)) {
      sqlite3_reset(st);
      return H46017_ERR_NOMEM;
    }
  }
  sqlite3_reset(st);
  row->device.name = row->name;
  row->device.hardware_ids = row->hardware_ids.items;
  row->device.hardware_id_count = row->hardware_ids.count;
  row->device.aliases = row->aliases.items;
  row->device.alias_count = row->aliases.count;
  return rc == SQLITE_DONE ? 0 : table_fail(t, table_code(rc), "reading it");
}

/* what stands in the row of GET_DEVICE */
static void read_columns(sqlite3_stmt *st, device_row *row) {
  h46017_device *device = &row->device;
  h46017_device_default(device);
  row->changed = sqlite3_column_int64(st, 4);
  device->auth = (h46017_device_auth)sqlite3_column_int(st, 0);
  device->match = (h46017_match_rule)sqlite3_column_int(st, 1);
  device->tls_only = sqlite3_column_int(st, 2) != 0;
  if (sqlite3_column_bytes(st, 3) == (int)sizeof device->cert_sha256) {
    memcpy(device->cert_sha256, sqlite3_column_blob(st, 3),
           sizeof device->cert_sha256);
    device->has_fingerprint = true;
  }
}

int device_table_get(device_table *t, const char *name, h46017_device **out) {
  sqlite3_stmt *st = begin(t, GET_DEVICE);
  bind_text(st, 1, name, strlen(name));
  int rc = sqlite3_step(st);
  if (rc != SQLITE_ROW) {
    sqlite3_reset(st);
    if (rc == SQLITE_DONE) {
      snprintf(t->why, sizeof t->why,
               "no device is named '%.160s'; 'device list' shows them", name);
      return H46017_ERR_NOT_FOUND;
    }
    return table_fail(t, table_code(rc), "reading it");
  }
  device_row *row = calloc(1, sizeof *row);
  if (row != NULL) {
    read_columns(st, row);
    row->name = strdup(name);
  }
  sqlite3_reset(st);
  int code =
      row != NULL && row->name != NULL ? read_names(t, row) : H46017_ERR_NOMEM;
  if (code != 0) {
    device_free(row != NULL ? &row->device : NULL);
    return code;
  }
  *out = &row->device;
  return 0;
}

int device_table_password(device_table *t, const char *name, password *out) {
  sqlite3_stmt *st = begin(t, GET_PASSWORD);
  bind_text(st, 1, name, strlen(name));
  int rc = sqlite3_step(st);
  int code = 0;
  out->len = 0;
  if (rc == SQLITE_ROW) {
    const char *text = (const char *)sqlite3_column_text(st, 0);
    size_t len = text != NULL ? strlen(text) : 0;
    if (len > PASSWORD_MAX) {
      code = H46017_ERR_STORE_CORRUPT;
    } else if (len > 0) {
      memcpy(out->text, text, len + 1);
      out->len = len;
    }
  } else if (rc != SQLITE_DONE) {
    code = table_fail(t, table_code(rc), "reading it");
  }
  sqlite3_reset(st);
  return code;
}

/* the first column of a statement as a list of texts of its own */
static int read_list(device_table *t, sqlite3_stmt *st, text_list *list) {
  int rc;
  while ((rc = sqlite3_step(st)) == SQLITE_ROW) {
    const char *text = (const char *)sqlite3_column_text(st, 0);
    if (text == NULL || !text_list_copy(list, text)) {
      rc = SQLITE_NOMEM;
      break;
    }
  }
  sqlite3_reset(st);
  return rc == SQLITE_DONE ? 0 : table_fail(t, table_code(rc), "reading it");
}

int device_table_each(device_table *t,
                      int (*fn)(const h46017_device *device, void *arg),
                      void *arg) {
  text_list names = {0};
  int code = read_list(t, begin(t, EACH_NAME), &names);
  for (size_t i = 0; code == 0 && i < names.count; i++) {
    h46017_device *device = NULL;
    code = device_table_get(t, names.items[i], &device);
    if (code == H46017_ERR_NOT_FOUND) {
      code = 0; /* removed meanwhile */
      continue;
    }
    if (code == 0) {
      code = fn(device, arg);
      device_free(device);
    }
  }
  text_list_free(&names);
  return code;
}

static int64_t read_number(sqlite3_stmt *st) {
  int64_t number =
      sqlite3_step(st) == SQLITE_ROW ? sqlite3_column_int64(st, 0) : -1;
  sqlite3_reset(st);
  return number;
}

int64_t device_table_version(device_table *t) {
  return read_number(begin(t, VERSION));
}

int64_t device_table_changes(device_table *t) {
  return read_number(begin(t, LAST_CHANGE));
}

int64_t device_changed(const h46017_device *device) {
  return ((const device_row *)device)->changed;
}

/* -- which device a name means --------------------------------------------- */

typedef struct best_fit {
  h46017_device *device;
  h46017_device_fit fit;
  size_t length; /* of the hardware ID that fitted */
} best_fit;

/* H46017_MATCH_PREFIX: every beginning of the name may be a hardware ID. None
 * of them is looked up where no device has that rule. */
static int prefix_candidates(device_table *t, const char *name, size_t len,
                             text_list *list) {
  char fold[NAME_MAX_OCTETS + 1];
  sqlite3_stmt *st = begin(t, HAS_PREFIX);
  int rc = sqlite3_step(st);
  sqlite3_reset(st);
  if (rc != SQLITE_ROW) {
    return rc == SQLITE_DONE ? 0 : table_fail(t, table_code(rc), "reading it");
  }
  fold_name(name, len, fold);
  int code = 0;
  for (size_t n = strlen(fold); code == 0 && n > 0; n--) {
    st = begin(t, FIND_PREFIX);
    bind_text(st, 1, fold, n);
    code = read_list(t, st, list);
  }
  return code;
}

/* the devices that may fit: by the whole name, and by what stands before its
 * last `-` (an interface's suffix has none in it) */
static int candidates(device_table *t, const char *name, size_t len,
                      text_list *list) {
  char fold[NAME_MAX_OCTETS + 1];
  size_t cut = len;
  for (int i = 0; i < 2; i++) {
    fold_name(name, cut, fold);
    sqlite3_stmt *st = begin(t, FIND_FOLD);
    bind_text(st, 1, fold, strlen(fold));
    int code = read_list(t, st, list);
    if (code != 0) {
      return code;
    }
    while (cut > 0 && name[cut - 1] != '-') {
      cut--;
    }
    if (cut <= 1) {
      break;
    }
    cut--;
  }
  return prefix_candidates(t, name, len, list);
}

/* exact is stricter than serial, and serial than prefix */
static void tighten(h46017_device *device, h46017_match_rule loosest) {
  if (loosest == H46017_MATCH_EXACT || (loosest == H46017_MATCH_SERIAL &&
                                        device->match == H46017_MATCH_PREFIX)) {
    device->match = loosest;
  }
}

static int select_one(device_table *t, const char *name, size_t len,
                      h46017_match_rule loosest, best_fit *best) {
  if (len == 0 || len > NAME_MAX_OCTETS) {
    return 0;
  }
  text_list list = {0};
  int code = candidates(t, name, len, &list);
  for (size_t i = 0; code == 0 && i < list.count; i++) {
    h46017_device *device = NULL;
    size_t length = 0;
    code = device_table_get(t, list.items[i], &device);
    if (code == H46017_ERR_NOT_FOUND) {
      code = 0;
      continue;
    }
    if (code != 0) {
      break;
    }
    tighten(device, loosest);
    h46017_device_fit fit = h46017_device_fits(device, name, len, &length);
    if (fit > best->fit || (fit == best->fit && fit == H46017_FIT_SERIAL &&
                            length > best->length)) {
      device_free(best->device);
      *best = (best_fit){device, fit, length};
    } else {
      device_free(device);
    }
  }
  text_list_free(&list);
  return code;
}

/* `h323:` in front of a URL is no part of the name */
static h46017_text name_of(const h46017_alias *alias) {
  h46017_text name = alias->text;
  if (alias->type == H46017_ALIAS_URL_ID &&
      strncasecmp(name.text, "h323:", 5) == 0) {
    name.text += 5;
    name.len -= 5;
  }
  return name;
}

bool device_fits(const h46017_device *device, const h46017_alias *alias) {
  if (alias->text.text == NULL) {
    return false;
  }
  h46017_text name = name_of(alias);
  return h46017_device_fits(device, name.text, name.len, NULL) !=
         H46017_FIT_NONE;
}

int device_table_select(device_table *t, const h46017_alias *aliases,
                        size_t count, h46017_match_rule loosest,
                        h46017_device **out) {
  best_fit chosen = {0};
  int code = 0;
  for (size_t i = 0; code == 0 && i < count; i++) {
    best_fit one = {0};
    if (aliases[i].text.text == NULL) {
      continue;
    }
    h46017_text name = name_of(&aliases[i]);
    code = select_one(t, name.text, name.len, loosest, &one);
    if (one.device == NULL) {
      continue;
    }
    if (chosen.device == NULL) {
      chosen = one;
    } else {
      if (code == 0 && strcmp(chosen.device->name, one.device->name) != 0) {
        code = H46017_ERR_ALIAS_CONFLICT;
      }
      device_free(one.device);
    }
  }
  if (code != 0) {
    device_free(chosen.device);
    return code;
  }
  *out = chosen.device;
  return 0;
}

/* -- writing --------------------------------------------------------------- */

/* H46017_ERR_DUPLICATE_ALIAS when another device holds the name */
static int check_free(device_table *t, const char *device, const char *name) {
  char fold[NAME_MAX_OCTETS + 1];
  fold_name(name, strlen(name), fold);
  sqlite3_stmt *st = begin(t, FIND_FOLD);
  bind_text(st, 1, fold, strlen(fold));
  int code = 0;
  while (code == 0 && sqlite3_step(st) == SQLITE_ROW) {
    const char *holder = (const char *)sqlite3_column_text(st, 0);
    const char *held = (const char *)sqlite3_column_text(st, 1);
    if (holder != NULL && held != NULL && strcmp(holder, device) != 0 &&
        h46017_name_is_equal(held, strlen(held), name, strlen(name))) {
      snprintf(t->why, sizeof t->why, "'%.80s' is a name of the device '%.80s'",
               name, holder);
      code = H46017_ERR_DUPLICATE_ALIAS;
    }
  }
  sqlite3_reset(st);
  return code;
}

static int put_name(device_table *t, const char *device, int kind,
                    const char *name) {
  size_t len = strlen(name);
  if (len == 0 || len > NAME_MAX_OCTETS) {
    snprintf(t->why, sizeof t->why, "a name has 1 to %d octets",
             NAME_MAX_OCTETS);
    return H46017_ERR_INVALID_ARGUMENT;
  }
  int code = check_free(t, device, name);
  if (code != 0) {
    return code;
  }
  char fold[NAME_MAX_OCTETS + 1];
  fold_name(name, len, fold);
  sqlite3_stmt *st = begin(t, ADD_NAME);
  bind_text(st, 1, device, strlen(device));
  sqlite3_bind_int(st, 2, kind);
  bind_text(st, 3, name, len);
  bind_text(st, 4, fold, strlen(fold));
  return run(t, st);
}

static int put_device(device_table *t, const h46017_device *device,
                      const password *secret) {
  int code = run(t, begin(t, NEXT_CHANGE));
  if (code != 0) {
    return code;
  }
  sqlite3_stmt *st = begin(t, ADD_DEVICE);
  bind_text(st, 1, device->name, strlen(device->name));
  sqlite3_bind_int(st, 2, (int)device->auth);
  sqlite3_bind_int(st, 3, (int)device->match);
  sqlite3_bind_int(st, 4, device->tls_only);
  if (device->has_fingerprint) {
    sqlite3_bind_blob(st, 5, device->cert_sha256,
                      (int)sizeof device->cert_sha256, SQLITE_TRANSIENT);
  }
  if (secret != NULL && secret->len > 0) {
    /* no copy of it that nobody clears */
    sqlite3_bind_text(st, 6, secret->text, (int)secret->len, SQLITE_STATIC);
  }
  code = run(t, st);
  sqlite3_clear_bindings(st);
  if (code == 0) {
    code = put_name(t, device->name, KIND_NAME, device->name);
  }
  for (size_t i = 0; code == 0 && i < device->hardware_id_count; i++) {
    code = put_name(t, device->name, KIND_HARDWARE_ID, device->hardware_ids[i]);
  }
  for (size_t i = 0; code == 0 && i < device->alias_count; i++) {
    code = put_name(t, device->name, KIND_ALIAS, device->aliases[i]);
  }
  return code;
}

/* ends a transaction as its outcome says */
static int finish(device_table *t, int code) {
  if (code == 0) {
    code = run(t, begin(t, COMMIT));
  }
  if (code != 0) {
    char why[sizeof t->why];
    memcpy(why, t->why, sizeof why);
    (void)run(t, begin(t, ROLLBACK));
    memcpy(t->why, why, sizeof why);
  }
  return code;
}

static int check_absent(device_table *t, const char *name) {
  h46017_device *there = NULL;
  int code = device_table_get(t, name, &there);
  device_free(there);
  if (code == 0) {
    snprintf(
        t->why, sizeof t->why,
        "there is a device named '%.160s' already; 'device set' changes it",
        name);
    return H46017_ERR_DUPLICATE_ALIAS;
  }
  return code == H46017_ERR_NOT_FOUND ? 0 : code;
}

int device_table_add(device_table *t, const h46017_device *device,
                     const password *secret) {
  int code = run(t, begin(t, BEGIN));
  if (code != 0) {
    return code;
  }
  code = check_absent(t, device->name);
  return finish(t, code ? code : put_device(t, device, secret));
}

static int delete_device(device_table *t, const char *name) {
  sqlite3_stmt *st = begin(t, REMOVE_DEVICE);
  bind_text(st, 1, name, strlen(name));
  int code = run(t, st);
  if (code == 0 && sqlite3_changes(t->db) == 0) {
    snprintf(t->why, sizeof t->why,
             "no device is named '%.160s'; 'device list' shows them", name);
    code = H46017_ERR_NOT_FOUND;
  }
  return code;
}

int device_table_replace(device_table *t, const h46017_device *device,
                         const password *secret) {
  password old = {.len = 0};
  int code = run(t, begin(t, BEGIN));
  if (code != 0) {
    return code;
  }
  code = device_table_password(t, device->name, &old);
  if (code == 0) {
    code = delete_device(t, device->name);
  }
  code = finish(t, code ? code : put_device(t, device, secret ? secret : &old));
  password_clear(&old);
  return code;
}

int device_table_remove(device_table *t, const char *name) {
  int code = run(t, begin(t, BEGIN));
  if (code != 0) {
    return code;
  }
  return finish(t, delete_device(t, name));
}
