/* SPDX-License-Identifier: BSD-2-Clause */
/* The vectors without libcheck and jansson, which are not at hand for every
 * word size: each record of the files named decodes and encodes again to its
 * octets. plain_vectors FILE.jsonl... */
#include <h46017/h225.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LINE_OCTETS (1 << 20)

/* The text between the quotes behind `key`. */
static char *field(char *line, const char *key, char **pend) {
  char *at = strstr(line, key);

  at = at != NULL ? at + strlen(key) : NULL;
  *pend = at != NULL ? strchr(at, '"') : NULL;
  return *pend != NULL ? at : NULL;
}

static int check_line(h46017_h225 *m, char *line) {
  static uint8_t per[LINE_OCTETS / 2];
  static uint8_t out[LINE_OCTETS / 2];
  char *type_end;
  char *hex_end;
  char *type = field(line, "\"pdu\":\"", &type_end);
  char *hex = field(line, "\"aper\":\"", &hex_end);
  size_t len = 0;
  size_t n = 0;

  if (type == NULL || hex == NULL) {
    return -1;
  }
  *type_end = '\0';
  for (; hex + 1 < hex_end; hex += 2) {
    unsigned octet = 0;
    if (sscanf(hex, "%2x", &octet) != 1) {
      return -1;
    }
    per[len++] = (uint8_t)octet;
  }
  if (h46017_h225_decode(m, h46017_h225_type_find(type), per, len) != 0 ||
      h46017_h225_encode(m, out, sizeof(out), &n) != 0) {
    const h46017_h225_error *e = h46017_h225_last_error(m);
    fprintf(stderr, "%s: %s at %s\n", type, e->text, e->path);
    return -1;
  }
  return n == len && memcmp(per, out, n) == 0 ? 0 : -1;
}

int main(int argc, char **argv) {
  static char line[LINE_OCTETS];
  h46017_h225 *m = NULL;
  unsigned long records = 0;
  unsigned long wrong = 0;

  if (h46017_h225_new(&m, NULL, NULL) != 0) {
    fputs("no message object\n", stderr);
    return 1;
  }
  for (int i = 1; i < argc; i++) {
    FILE *f = fopen(argv[i], "rb");
    if (f == NULL) {
      perror(argv[i]);
      return 1;
    }
    while (fgets(line, sizeof(line), f) != NULL) {
      records++;
      if (check_line(m, line) != 0) {
        wrong++;
        fprintf(stderr, "%s: record %lu is not the same again\n", argv[i],
                records);
      }
    }
    (void)fclose(f);
  }
  h46017_h225_del(m);
  printf("%u-bit words: %lu records, %lu wrong\n",
         (unsigned)(sizeof(size_t) * 8), records, wrong);
  return records > 0 && wrong == 0 ? 0 : 1;
}
