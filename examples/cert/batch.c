/* SPDX-License-Identifier: BSD-2-Clause */
#include "authority.h"

#include "common/state_dir.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* A site's devices in one go. What is there is not made again, so that a batch
 * that was stopped goes on where it was, and run twice does nothing. */

enum {
  BATCH_DIR = SPEC_OTHERS,
  BATCH_OUT,
  LINE_MAX_OCTETS = 1024,
  SANS_MAX = 8
};

typedef struct batch_options {
  const cert_syntax *syntax;
  spec_options spec;
  const char *dir;
  const char *out;
  unsigned made, there;
} batch_options;

static int take(void *arg, int id, const char *value) {
  batch_options *o = arg;
  switch (id) {
  case BATCH_DIR:
    o->dir = value;
    return 0;
  case BATCH_OUT:
    o->out = value;
    return 0;
  default:
    return spec_take(&o->spec, id, value) && !o->spec.reuse
               ? 0
               : cert_bad_value(o->syntax, id, value);
  }
}

/* The name becomes a file's. */
static bool is_name(const char *name) {
  if (!isalnum((unsigned char)name[0]) || strlen(name) > 64) {
    return false;
  }
  for (const char *p = name; *p != '\0'; p++) {
    if (!isalnum((unsigned char)*p) && strchr("-_.", *p) == NULL) {
      return false;
    }
  }
  return true;
}

static char *trimmed(char *text) {
  while (isspace((unsigned char)*text)) {
    text++;
  }
  size_t n = strlen(text);
  while (n > 0 && isspace((unsigned char)text[n - 1])) {
    text[--n] = '\0';
  }
  return text;
}

static int one(const cert *c, batch_options *o, authority *a,
               const h46017_cert_spec *spec) {
  char name[80];
  char path[STATE_PATH_MAX];
  char key_path[STATE_PATH_MAX];
  h46017_credential *cred = NULL;
  snprintf(name, sizeof name, "%s.pem", spec->cn);
  if (!state_dir_path(o->out, name, path, sizeof path) ||
      !files_key_path(path, key_path, sizeof key_path)) {
    return EXIT_REFUSED;
  }
  if (access(path, F_OK) == 0 && access(key_path, F_OK) == 0) {
    o->there++;
    return 0;
  }
  if (authority_knows(a, spec->cn)) {
    report("%s: a certificate was issued before and is not in %s; another is "
           "issued",
           spec->cn, o->out);
  }
  int status = files_try_pair(c, path, true);
  if (status == 0) {
    status = authority_issue(c, a, spec, NULL, true, &cred);
  }
  if (status == 0) {
    status = files_write_pair(c, path, cred, true);
  }
  o->made += status == 0;
  h46017_credential_del(cred);
  return status;
}

/* CN[,KIND:NAME]…; empty lines and those that begin with # are passed over */
static int line(const cert *c, batch_options *o, authority *a, char *text,
                const char *file, unsigned number) {
  const char *sans[SANS_MAX];
  h46017_cert_spec spec = o->spec.spec;
  char *save = NULL;
  char *cn = strtok_r(text, ",", &save);
  spec.cn = cn ? trimmed(cn) : "";
  spec.sans = sans;
  spec.san_count = 0;
  if (!is_name(spec.cn)) {
    return cert_fail(c, H46017_ERR_DN,
                     "%s:%u: '%s' is no name for a device and its files", file,
                     number, spec.cn);
  }
  for (char *san; (san = strtok_r(NULL, ",", &save)) != NULL;) {
    san = trimmed(san);
    if (*san != '\0' && spec.san_count < SANS_MAX) {
      sans[spec.san_count++] = san;
    }
  }
  int status = one(c, o, a, &spec);
  if (status != 0) {
    report("%s:%u: stopped there; run it again to go on", file, number);
  }
  return status;
}

static int all(const cert *c, batch_options *o, const char *file) {
  authority a = {.lock = -1};
  char text[LINE_MAX_OCTETS];
  unsigned number = 0;
  FILE *in = fopen(file, "re");
  if (in == NULL) {
    return cert_fail(c, H46017_ERR_STORE_IO, "%s cannot be read", file);
  }
  int status =
      state_dir_make(o->out) ? authority_open(c, o->dir, &a) : EXIT_REFUSED;
  while (status == 0 && fgets(text, sizeof text, in) != NULL) {
    number++;
    if (strchr(text, '\n') == NULL && feof(in) == 0) {
      status = cert_fail(c, H46017_ERR_FORMAT, "%s:%u: the line is too long",
                         file, number);
    } else if (*trimmed(text) != '\0' && *trimmed(text) != '#') {
      status = line(c, o, &a, trimmed(text), file, number);
    }
    if (isatty(STDERR_FILENO) != 0) {
      fprintf(stderr, "\r%u made, %u there ", o->made, o->there);
    }
  }
  if (isatty(STDERR_FILENO) != 0) {
    fputc('\n', stderr);
  }
  fclose(in);
  authority_close(&a);
  return status;
}

static int batch(cert *c, int argc, char **argv) {
  static const option_spec specs[] = {
      {BATCH_DIR, "dir", "DIR", "the authority's"},
      {BATCH_OUT, "out", "DIR", "for NAME.pem and NAME.key of each"},
      {SPEC_DAYS, "days", "N", "of validity; 3650"},
      {SPEC_KEY, "key", "ec|rsa:BITS|ed25519", "the keys to make; ec"},
  };
  static const cert_syntax syntax = {
      specs,
      sizeof specs / sizeof *specs,
      {"batch FILE.csv --dir DIR --out DIR [OPTION]...",
       "Issues a certificate for each line of FILE: a name (the CN), and\n"
       "alternative names after commas. Those that are in the output "
       "directory\n"
       "are not made again.",
       "  h46017-cert batch phones.csv --dir CA --out phones\n"},
      1,
      1};
  batch_options o = {.syntax = &syntax};
  text_list operands = {0};
  spec_init(&o.spec);
  int status = cert_arguments(c, &syntax, argc, argv, take, &o, &operands);
  if (status == 0 && (o.dir == NULL || o.out == NULL)) {
    status = report_usage("needed: --dir DIR and --out DIR");
  }
  if (status == 0) {
    status = all(c, &o, operands.items[0]);
  }
  if (status == 0) {
    if (!c->json) {
      printf("%u made, %u were there\n", o.made, o.there);
    }
    status = cert_done(
        c, json_pack("{s:i,s:i}", "made", (int)o.made, "there", (int)o.there));
  }
  spec_clear(&o.spec);
  text_list_clear(&operands);
  return status;
}

const cert_command cert_batch = {
    "batch", batch, "  batch FILE.csv     issue for a site's devices\n"};
