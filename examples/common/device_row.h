/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef EXAMPLES_DEVICE_ROW_H
#define EXAMPLES_DEVICE_ROW_H

/* What the table of devices and the choice among them share. */

#include "device_table.h"
#include "options.h"

enum { DEVICE_NAME_MAX = 256 /* octets: BMPString (SIZE (1..256)) */ };

/* A device with the memory its texts live in. */
typedef struct device_row device_row;
struct device_row {
  h46017_device device; /* first: device_free() gets its address */
  char *name;
  text_list hardware_ids;
  text_list aliases;
  int64_t changed;
  password secret;
  device_row *next;
};

/* How a name is looked up: without what stands between its characters, in small
 * letters. `out` has room for `len` octets and a NUL. */
void device_fold(const char *name, size_t len, char *out);

/* The devices that one of the folds, a JSON array, is a name of; with the rule
 * that starts with, by any beginning of them. 0 or a code. */
int device_rows_asked(device_table *t, const char *folds, device_row **list);
void device_rows_free(device_row *list);

#endif
