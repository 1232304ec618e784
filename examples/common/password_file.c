/* SPDX-License-Identifier: BSD-2-Clause */
#include "password_file.h"
#include "report.h"

#include <openssl/crypto.h>

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

static bool take_line(password *out, const char *path, FILE *file) {
  char line[PASSWORD_MAX + 3]; /* an octet too many, a line feed, the end */
  bool good = fgets(line, sizeof line, file) != NULL;
  size_t len = good ? strcspn(line, "\r\n") : 0;
  if (!good || len == 0) {
    report("%s has no password in its first line", path);
  } else if (len > PASSWORD_MAX) {
    report("the password in %s is longer than %d octets", path, PASSWORD_MAX);
  } else {
    memcpy(out->text, line, len);
    out->text[len] = '\0';
    out->len = len;
  }
  OPENSSL_cleanse(line, sizeof line);
  return good && len > 0 && len <= PASSWORD_MAX;
}

bool password_read(password *out, const char *path) {
  bool standard = strcmp(path, "-") == 0;
  FILE *file = standard ? stdin : fopen(path, "re");
  struct stat st;
  if (file == NULL) {
    report("%s: %s", path, strerror(errno)); /* NOLINT(concurrency-mt-unsafe) */
    return false;
  }
  /* what it is read with must not be kept by the C library */
  (void)setvbuf(file, NULL, _IONBF, 0);
  if (!standard && fstat(fileno(file), &st) == 0 && S_ISREG(st.st_mode) &&
      (st.st_mode & (S_IRWXG | S_IRWXO)) != 0) {
    report("others may read %s: chmod 600 it", path);
  }
  bool good = take_line(out, path, file);
  if (!standard) {
    (void)fclose(file);
  }
  return good;
}

void password_clear(password *p) {
  OPENSSL_cleanse(p, sizeof *p);
}
