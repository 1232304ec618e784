/* SPDX-License-Identifier: BSD-2-Clause */
/* A main() for a fuzz target where no fuzzer brings one: every argument is a
 * file, or a directory whose files are run in the order of their names. So the
 * corpora replay as ordinary tests, under any compiler, and a finding can be
 * run under a debugger:
 *
 *     fuzz_tpkt fuzz/corpus/tpkt fuzz/regress/tpkt
 *     gdb --args fuzz_tpkt fuzz/regress/tpkt/3b1f…
 *
 * Without arguments one input is read from standard input, which is what AFL
 * wants; with afl-clang-fast that is a persistent loop. */
#include <dirent.h>
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Larger than any input worth keeping; a mistake in the arguments should not
 * eat the machine. */
enum { INPUT_MAX = 16 * 1024 * 1024 };

static void fail(const char *what, const char *path) {
  (void)fprintf(stderr, "%s: %s: %s\n", what, path, strerror(errno));
  exit(EXIT_FAILURE);
}

static uint8_t *read_all(FILE *f, const char *path, size_t *psize) {
  size_t cap = 4096;
  size_t size = 0;
  uint8_t *data = malloc(cap);

  for (;;) {
    size_t n;
    if (data == NULL) {
      fail("no memory", path);
    }
    n = fread(data + size, 1, cap - size, f);
    size += n;
    if (n == 0) {
      break;
    }
    if (size == cap) {
      uint8_t *more;
      if (cap >= INPUT_MAX) {
        errno = EFBIG;
        fail("not an input", path);
      }
      cap *= 2;
      more = realloc(data, cap);
      if (more == NULL) {
        fail("no memory", path);
      }
      data = more;
    }
  }
  if (ferror(f) != 0) {
    fail("cannot read", path);
  }
  *psize = size;
  return data;
}

/* The target sees a block of exactly `size` octets, so that a sanitizer
 * notices a read one past the end. */
static void run(const uint8_t *data, size_t size) {
  uint8_t *exact = malloc(size != 0 ? size : 1);
  if (exact == NULL) {
    fail("no memory", "input");
  }
  if (size != 0) {
    memcpy(exact, data, size);
  }
  (void)LLVMFuzzerTestOneInput(exact, size);
  free(exact);
}

static void run_file(const char *path) {
  size_t size;
  uint8_t *data;
  FILE *f = fopen(path, "rb");
  if (f == NULL) {
    fail("cannot open", path);
  }
  /* said before it runs: after a crash the last line names the input */
  (void)puts(path);
  (void)fflush(stdout);
  data = read_all(f, path, &size);
  (void)fclose(f);
  run(data, size);
  free(data);
}

static int seeds_only(const struct dirent *entry) {
  return entry->d_name[0] != '.';
}

static size_t run_directory(const char *path) {
  struct dirent **names = NULL;
  size_t ran = 0;
  int n = scandir(path, &names, seeds_only, alphasort);
  if (n < 0) {
    fail("cannot list", path);
  }
  for (int i = 0; i < n; i++) {
    size_t len = strlen(path) + strlen(names[i]->d_name) + 2;
    char *file = malloc(len);
    if (file == NULL) {
      fail("no memory", path);
    }
    (void)snprintf(file, len, "%s/%s", path, names[i]->d_name);
    run_file(file);
    ran++;
    free(file);
    free(names[i]);
  }
  free(names);
  return ran;
}

static void run_stdin(void) {
  size_t size;
  uint8_t *data = read_all(stdin, "standard input", &size);
  run(data, size);
  free(data);
}

int main(int argc, char **argv) {
  size_t ran = 0;

  if (argc < 2) {
#ifdef __AFL_HAVE_MANUAL_CONTROL
    __AFL_INIT();
    while (__AFL_LOOP(10000)) {
      run_stdin();
      clearerr(stdin);
    }
#else
    run_stdin();
#endif
    return EXIT_SUCCESS;
  }
  for (int i = 1; i < argc; i++) {
    struct stat st = {0}; /* MSan does not know every libc's stat() */
    if (stat(argv[i], &st) != 0) {
      /* a target that never had a finding has no regress/ directory */
      if (errno == ENOENT) {
        (void)printf("%s: not there\n", argv[i]);
        continue;
      }
      fail("cannot open", argv[i]);
    }
    if (S_ISDIR(st.st_mode)) {
      ran += run_directory(argv[i]);
    } else {
      run_file(argv[i]);
      ran++;
    }
  }
  (void)printf("%zu inputs\n", ran);
  if (ran == 0) {
    (void)fputs("no input at all: a target needs seeds\n", stderr);
    return EXIT_FAILURE;
  }
  return EXIT_SUCCESS;
}
