/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef EXAMPLES_FILE_H
#define EXAMPLES_FILE_H

/* The whole of a file, which may hold a private key: nothing of it is left in
 * memory afterwards. */

#include <stdbool.h>
#include <stddef.h>

typedef struct file_octets {
  unsigned char *data;
  size_t len;
} file_octets;

/* False with errno; EFBIG: more than `most` octets. */
bool file_read(const char *path, size_t most, file_octets *out);

/* Wipes it. */
void file_free(file_octets *octets);

#endif
