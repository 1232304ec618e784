/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef EXAMPLES_STATE_DIR_H
#define EXAMPLES_STATE_DIR_H

/* The directory that the programs share: device table, credentials, control
 * socket. Mode 0700, whatever is in it 0600. */

#include <stdbool.h>
#include <stddef.h>

#define STATE_PATH_MAX 1024 /* octets of a path in it */
#define STATE_DIR_DEFAULT "h46017-state"
#define STATE_DIR_DEVICES "devices.sqlite"
#define STATE_DIR_SOCKET "control.sock"

/* Makes the directory if it is not there; false after a report. */
bool state_dir_make(const char *dir);

/* What root made (fd) in a directory of somebody else, `above` as seen from
 * `at`, is given to that one, whose gatekeeper could not read it otherwise.
 * False: it could not be. */
bool state_dir_give(int fd, int at, const char *above);

/* DIR/NAME into out; false (reported) when it does not fit. */
bool state_dir_path(const char *dir, const char *name, char *out, size_t size);

/* Writes a file whole or not at all: a temporary file beside it, synced, then
 * renamed. Returns 0 or an errno. May run on any thread. */
int state_dir_write(const char *path, unsigned mode, const void *data,
                    size_t len);

/* Could it be written? 0 or an errno; nothing stays. */
int state_dir_try(const char *path);

#endif
