/* SPDX-License-Identifier: BSD-2-Clause */
#include "file.h"

#include <errno.h>
#include <openssl/crypto.h>
#include <stdio.h>
#include <stdlib.h>

bool file_read(const char *path, size_t most, file_octets *out) {
  FILE *file = fopen(path, "re");
  unsigned char *data = file ? malloc(most + 1) : NULL;
  int error = data ? 0 : errno;
  *out = (file_octets){data, 0};
  if (data != NULL) {
    setvbuf(file, NULL, _IONBF, 0); /* a key leaves no copy behind */
    out->len = fread(data, 1, most + 1, file);
    error = ferror(file) != 0 ? errno : out->len > most ? EFBIG : 0;
  }
  if (file != NULL) {
    (void)fclose(file);
  }
  if (error != 0) {
    file_free(out);
    errno = error;
  }
  return error == 0;
}

void file_free(file_octets *octets) {
  if (octets->data != NULL) {
    OPENSSL_cleanse(octets->data, octets->len);
  }
  free(octets->data);
  *octets = (file_octets){0};
}
