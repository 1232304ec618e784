/* SPDX-License-Identifier: BSD-2-Clause */
#include "device_row.h"
#include "report.h"
#include "state_dir.h"

#include <h46017/error.h>

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
  SCHEMA_VERSION = 3,
  BUSY_TIMEOUT = 10000, /* ms that a writer waits for another */
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
  GET_PASSWORD,
  FIND_FOLD,
  SELECT_DEVICES,
  PREFIX_LENGTHS,
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

/* a row for each name of a device */
#define ROWS                                                                   \
  "SELECT d.name, d.auth, d.match, d.tls_only, d.fingerprint, d.changed,"      \
  " d.password, n.kind, n.name "

enum column {
  COL_DEVICE,
  COL_AUTH,
  COL_MATCH,
  COL_TLS_ONLY,
  COL_FINGERPRINT,
  COL_CHANGED,
  COL_PASSWORD,
  COL_KIND,
  COL_NAME
};

/* Whatever a registration's names may mean is one question. What is asked for
 * is a JSON array of folds. With the rule that starts with, a device is meant
 * by beginnings of them too: those as long as a fold of such a device, whose
 * lengths are kept. Names come from anybody, so a name's every beginning would
 * be work for anybody's asking. */
static const char *const statements[STATEMENTS] = {
    [GET_DEVICE] = (ROWS "FROM device d JOIN device_name n ON n.device=d.name"
                         " WHERE d.name=?1 ORDER BY n.kind, n.name"),
    [GET_PASSWORD] = "SELECT password FROM device WHERE name=?1",
    [FIND_FOLD] = "SELECT device, name FROM device_name WHERE fold=?1",
    [SELECT_DEVICES] =
        (ROWS "FROM device d JOIN device_name n ON n.device=d.name"
              " WHERE d.name IN"
              " (SELECT f.device FROM json_each(?1) asked"
              "   CROSS JOIN device_name f ON f.fold=asked.value"
              "  UNION ALL SELECT f.device FROM json_each(?1) asked"
              "   CROSS JOIN json_each(?2) lengths"
              "   CROSS JOIN device_name f"
              "    ON f.fold=substr(asked.value,1,lengths.value)"
              "   CROSS JOIN device e ON e.name=f.device"
              "   WHERE lengths.value<length(asked.value) AND e.match=2)"),
    [PREFIX_LENGTHS] =
        ("SELECT json_group_array(DISTINCT length(f.fold))"
         " FROM device e CROSS JOIN device_name f ON f.device=e.name"
         " WHERE e.match=2 AND f.fold<>''"),
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
  char *lengths;       /* what PREFIX_LENGTHS said; NULL: not asked yet */
  unsigned lengths_of; /* the state of the file that they are of */
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
static int table_protect(device_table *t, const char *dir, const char *path) {
  int fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
  struct stat st;
  if (fd >= 0) {
    (void)state_dir_give(fd, AT_FDCWD, dir); /* as SQLite does with its own */
  } else if (errno == EEXIST) {
    fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  }
  bool good =
      fd >= 0 && fstat(fd, &st) == 0 &&
      ((st.st_mode & (S_IRWXG | S_IRWXO)) == 0 || fchmod(fd, 0600) == 0);
  if (fd >= 0) {
    close(fd);
  }
  return good ? 0 : table_fail(t, H46017_ERR_STORE_IO, "protecting it");
}

static int table_setup(device_table *t, const char *dir, const char *path) {
  int failed = table_protect(t, dir, path);
  if (failed != 0) {
    return failed;
  }
  /* A question makes small tables of its own, and each would begin with room
   * for twenty pages: more than it takes to answer. In vain, and no matter,
   * where SQLite has been used before. */
  (void)sqlite3_config(SQLITE_CONFIG_PAGECACHE, NULL, 0, 0);
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
  int code = table_setup(t, dir, path);
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
  free(t->lengths);
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

void device_fold(const char *name, size_t len, char *out) {
  for (size_t i = 0; i < len; i++) {
    if (name[i] != ':' && name[i] != '-' && name[i] != '.') {
      *out++ = (char)tolower((unsigned char)name[i]);
    }
  }
  *out = '\0';
}

/* -- reading --------------------------------------------------------------- */

void device_free(h46017_device *device) {
  device_row *row = (device_row *)device;
  if (row != NULL) {
    text_list_free(&row->hardware_ids);
    text_list_free(&row->aliases);
    password_clear(&row->secret);
    free(row->name);
    free(row);
  }
}

static int read_password(sqlite3_stmt *st, int column, password *out) {
  const char *text = (const char *)sqlite3_column_text(st, column);
  size_t len = text != NULL ? strlen(text) : 0;
  if (len > PASSWORD_MAX) {
    return H46017_ERR_STORE_CORRUPT;
  }
  if (len > 0) {
    memcpy(out->text, text, len + 1);
  }
  out->len = len;
  return 0;
}

/* what is the same in each of a device's rows */
static int read_device(sqlite3_stmt *st, const char *name, device_row *row) {
  h46017_device *device = &row->device;
  h46017_device_default(device);
  row->name = strdup(name);
  device->name = row->name;
  device->auth = (h46017_device_auth)sqlite3_column_int(st, COL_AUTH);
  device->match = (h46017_match_rule)sqlite3_column_int(st, COL_MATCH);
  device->tls_only = sqlite3_column_int(st, COL_TLS_ONLY) != 0;
  if (sqlite3_column_bytes(st, COL_FINGERPRINT) ==
      (int)sizeof device->cert_sha256) {
    memcpy(device->cert_sha256, sqlite3_column_blob(st, COL_FINGERPRINT),
           sizeof device->cert_sha256);
    device->has_fingerprint = true;
  }
  row->changed = sqlite3_column_int64(st, COL_CHANGED);
  return row->name != NULL ? read_password(st, COL_PASSWORD, &row->secret)
                           : H46017_ERR_NOMEM;
}

static int read_name(sqlite3_stmt *st, device_row *row) {
  const char *name = (const char *)sqlite3_column_text(st, COL_NAME);
  int kind = sqlite3_column_int(st, COL_KIND);
  h46017_device *device = &row->device;
  if (name == NULL) {
    return H46017_ERR_NOMEM;
  }
  if (kind != KIND_NAME &&
      !text_list_copy(kind == KIND_ALIAS ? &row->aliases : &row->hardware_ids,
                      name)) {
    return H46017_ERR_NOMEM;
  }
  device->hardware_ids = row->hardware_ids.items;
  device->hardware_id_count = row->hardware_ids.count;
  device->aliases = row->aliases.items;
  device->alias_count = row->aliases.count;
  return 0;
}

void device_rows_free(device_row *list) {
  while (list != NULL) {
    device_row *next = list->next;
    device_free(&list->device);
    list = next;
  }
}

static device_row *find_row(device_row *list, const char *name) {
  while (list != NULL && strcmp(list->name, name) != 0) {
    list = list->next;
  }
  return list;
}

/* The devices whose rows a statement has, in any order. */
static int read_devices(device_table *t, sqlite3_stmt *st, device_row **list) {
  int code = 0;
  int rc = SQLITE_DONE;
  *list = NULL;
  while (code == 0 && (rc = sqlite3_step(st)) == SQLITE_ROW) {
    const char *name = (const char *)sqlite3_column_text(st, COL_DEVICE);
    device_row *row = name != NULL ? find_row(*list, name) : NULL;
    if (row == NULL && name != NULL && (row = calloc(1, sizeof *row)) != NULL) {
      code = read_device(st, name, row);
      row->next = *list;
      *list = row;
    }
    if (code == 0) {
      code = row != NULL ? read_name(st, row) : H46017_ERR_NOMEM;
    }
  }
  if (code == 0 && rc != SQLITE_DONE) {
    code = table_fail(t, table_code(rc), "reading it");
  }
  sqlite3_reset(st);
  if (code != 0) {
    device_rows_free(*list);
    *list = NULL;
  }
  return code;
}

/* Differs once somebody, this table too, has changed the file; of others'
 * changes those that the last statement saw. No statement itself. */
static unsigned file_state(device_table *t) {
  unsigned state = 0;
  sqlite3_file_control(t->db, NULL, SQLITE_FCNTL_DATA_VERSION, &state);
  return state;
}

static bool knows_lengths(device_table *t) {
  return t->lengths != NULL && t->lengths_of == file_state(t);
}

static int read_lengths(device_table *t) {
  sqlite3_stmt *st = begin(t, PREFIX_LENGTHS);
  int rc = sqlite3_step(st);
  const char *text =
      rc == SQLITE_ROW ? (const char *)sqlite3_column_text(st, 0) : NULL;
  char *lengths = text != NULL ? strdup(text) : NULL;
  sqlite3_reset(st);
  if (lengths == NULL) {
    return rc == SQLITE_ROW ? H46017_ERR_NOMEM
                            : table_fail(t, table_code(rc), "reading it");
  }
  free(t->lengths);
  t->lengths = lengths;
  t->lengths_of = file_state(t);
  return 0;
}

/* Another program's change is seen with the question itself: then the lengths
 * may be those of before, and it is asked once more. */
int device_rows_asked(device_table *t, const char *folds, device_row **list) {
  int code;
  *list = NULL;
  do {
    device_rows_free(*list);
    *list = NULL;
    code = knows_lengths(t) ? 0 : read_lengths(t);
    if (code == 0) {
      sqlite3_stmt *st = begin(t, SELECT_DEVICES);
      bind_text(st, 1, folds, strlen(folds));
      bind_text(st, 2, t->lengths, strlen(t->lengths));
      code = read_devices(t, st, list);
    }
  } while (code == 0 && !knows_lengths(t));
  return code;
}

int device_table_get(device_table *t, const char *name, h46017_device **out) {
  sqlite3_stmt *st = begin(t, GET_DEVICE);
  bind_text(st, 1, name, strlen(name));
  device_row *row;
  int code = read_devices(t, st, &row);
  if (code == 0 && row == NULL) {
    snprintf(t->why, sizeof t->why,
             "no device is named '%.160s'; 'device list' shows them", name);
    code = H46017_ERR_NOT_FOUND;
  }
  if (code == 0) {
    *out = &row->device;
  }
  return code;
}

int device_table_password(device_table *t, const char *name, password *out) {
  sqlite3_stmt *st = begin(t, GET_PASSWORD);
  bind_text(st, 1, name, strlen(name));
  int rc = sqlite3_step(st);
  int code = 0;
  out->len = 0;
  if (rc == SQLITE_ROW) {
    code = read_password(st, 0, out);
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

const password *device_password(const h46017_device *device) {
  return &((const device_row *)device)->secret;
}

/* -- writing --------------------------------------------------------------- */

/* H46017_ERR_DUPLICATE_ALIAS when another device holds the name */
static int check_free(device_table *t, const char *device, const char *name) {
  char fold[DEVICE_NAME_MAX + 1];
  device_fold(name, strlen(name), fold);
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
  if (len == 0 || len > DEVICE_NAME_MAX) {
    snprintf(t->why, sizeof t->why, "a name has 1 to %d octets",
             DEVICE_NAME_MAX);
    return H46017_ERR_INVALID_ARGUMENT;
  }
  int code = check_free(t, device, name);
  if (code != 0) {
    return code;
  }
  char fold[DEVICE_NAME_MAX + 1];
  device_fold(name, len, fold);
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
