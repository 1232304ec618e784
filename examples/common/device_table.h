/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef EXAMPLES_DEVICE_TABLE_H
#define EXAMPLES_DEVICE_TABLE_H

/* The devices that may register, in an SQLite file of the state directory.
 * Several programs may have it open: what one writes, the others read with
 * their next question. Functions return 0 or a code of h46017/error.h;
 * device_table_why() has what to tell a person besides. */

#include "password_file.h"

#include <h46017/policy.h>
#include <h46017/ras.h>

#include <stdbool.h>
#include <stdint.h>

typedef struct device_table device_table;

/* Opens DIR/devices.sqlite, made if it is not there. */
int device_table_open(device_table **pt, const char *dir);
void device_table_close(device_table *t);

/* What the last failure of this table was; static or until the next call. */
const char *device_table_why(const device_table *t);

/* `secret`: its password; NULL for none.
 * H46017_ERR_DUPLICATE_ALIAS: there is a device of this name already, or one
 * of its names is another device's.
 * H46017_ERR_INVALID_ARGUMENT: a name is empty or too long. */
int device_table_add(device_table *t, const h46017_device *device,
                     const password *secret);

/* Puts another entry in the place of the one with this name;
 * H46017_ERR_NOT_FOUND if there is none. Its password stays unless there is
 * another. */
int device_table_replace(device_table *t, const h46017_device *device,
                         const password *secret);

/* A device's password; of no length where it has none. It is kept as it is:
 * the access token and the password hash are made of the password itself, and
 * what H.235.1 needs of it, its SHA-1, would let in whoever reads it just as
 * well. */
int device_table_password(device_table *t, const char *name, password *out);

int device_table_remove(device_table *t, const char *name);

/* H46017_ERR_NOT_FOUND. Release the device with device_free(). */
int device_table_get(device_table *t, const char *name, h46017_device **out);

/* Every device, by name, until fn returns other than 0. */
int device_table_each(device_table *t,
                      int (*fn)(const h46017_device *device, void *arg),
                      void *arg);

/* The device that a registration's names select: of all names the one that
 * fits best. *out stays NULL when there is none. Only names of `type` count
 * (UNKNOWN: all). A device's own rule counts up to `loosest`, and is that at
 * the most in what comes out. `own`, an element for each alias, says which of
 * them mean that device and no other; NULL: nobody asks. However many names
 * there are, and whatever the rules, this asks SQLite once, as long as nobody
 * changes the table.
 * H46017_ERR_ALIAS_CONFLICT: the names are of different devices;
 * H46017_ERR_UNKNOWN_DEVICE: only names that do not count are a device's. */
int device_table_select(device_table *t, const h46017_alias *aliases,
                        size_t count, h46017_alias_type type,
                        h46017_match_rule loosest, h46017_device **out,
                        bool *own);

/* What came with such a device: as device_table_password(). */
const password *device_password(const h46017_device *device);

/* The name that an alias is: `h323:` in front of a URL is no part of it. */
h46017_text device_name_of(const h46017_alias *alias);

/* Changes whenever another program has changed the table. */
int64_t device_table_version(device_table *t);

/* How many entries were ever made in it, in the place of others too; -1: it
 * cannot be read. */
int64_t device_table_changes(device_table *t);

/* Which of these the entry is that this device was read from: one made since
 * has a greater number. */
int64_t device_changed(const h46017_device *device);

void device_free(h46017_device *device);

#endif
