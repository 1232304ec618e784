/* SPDX-License-Identifier: BSD-2-Clause */
/* h46017-dump: a capture, or the octets of a connection, in each of the three
 * forms. The first octet chooses; the rest is the input.
 *
 * What must hold of what comes out: a JSON or re-encoded PDU is one line, no
 * more; nothing that the peer sent reaches a terminal as a control sequence;
 * the octets of a connection give the same in one piece as octet by octet. */
#include "dump.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define HOLDS(x)                                                               \
  do {                                                                         \
    if (!(x)) {                                                                \
      (void)fprintf(stderr, "fuzz_dump: does not hold: %s\n", #x);             \
      abort();                                                                 \
    }                                                                          \
  } while (0)

typedef struct run {
  char *out;
  size_t len;
  uint64_t pdus;
  uint64_t errors;
} run;

static void pcap_run(dump *d, const uint8_t *data, size_t size) {
  /* fmemopen() takes no const and no empty buffer */
  uint8_t *copy = malloc(size + 1);
  FILE *stream;

  HOLDS(copy != NULL);
  memcpy(copy, data, size);
  stream = fmemopen(copy, size > 0 ? size : 1, "rb");
  HOLDS(stream != NULL);
  (void)dump_pcap_stream(d, stream, "input");
  free(copy);
}

static void tpkt_run(dump *d, const uint8_t *data, size_t size, size_t piece) {
  dump_stream s;

  HOLDS(dump_stream_init(&s) == 0);
  for (size_t at = 0; at < size; at += piece) {
    dump_stream_recv(d, &s, NULL, data + at,
                     size - at < piece ? size - at : piece);
  }
  dump_stream_end(d, &s, NULL);
  dump_stream_deinit(&s);
}

/* piece 0: a capture. */
static run run_make(dump_format format, const uint8_t *data, size_t size,
                    size_t piece) {
  dump d;
  run r;

  memset(&r, 0, sizeof(r));
  memset(&d, 0, sizeof(d));
  d.format = format;
  d.ports[d.nports++] = 1720;
  d.out = open_memstream(&r.out, &r.len);
  d.err = fopen("/dev/null", "w");
  HOLDS(d.out != NULL && d.err != NULL);
  d.json.out = d.out;
  HOLDS(h46017_h225_new(&d.message, NULL, NULL) == 0);
  HOLDS(h46017_h225_new(&d.ras, NULL, NULL) == 0);
  if (piece == 0) {
    pcap_run(&d, data, size);
  } else {
    tpkt_run(&d, data, size, piece);
  }
  h46017_h225_del(d.message);
  h46017_h225_del(d.ras);
  free(d.buf);
  HOLDS(fclose(d.out) == 0);
  (void)fclose(d.err);
  r.pdus = d.pdus;
  r.errors = d.errors;
  return r;
}

static void run_check(const run *r, dump_format format) {
  uint64_t lines = 0;

  for (size_t i = 0; i < r->len; i++) {
    unsigned char c = (unsigned char)r->out[i];
    lines += c == '\n';
    HOLDS(c == '\n' || (c >= 0x20 && c != 0x7f));
    /* U+0080 to U+009F: terminals take some of them for escapes */
    HOLDS(format != DUMP_TEXT || c != 0xc2 || i + 1 == r->len ||
          (unsigned char)r->out[i + 1] >= 0xa0);
  }
  HOLDS(r->len == 0 || r->out[r->len - 1] == '\n');
  if (format == DUMP_TEXT) {
    HOLDS(lines >= r->pdus);
  } else {
    HOLDS(lines == r->pdus);
  }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  dump_format format;
  bool pcap;
  run r;

  if (size == 0) {
    return 0;
  }
  format = (dump_format)(data[0] % 3);
  pcap = data[0] % 6 >= 3;
  r = run_make(format, data + 1, size - 1, pcap ? 0 : size);
  run_check(&r, format);
  if (!pcap) {
    run again = run_make(format, data + 1, size - 1, 1);
    HOLDS(again.len == r.len && memcmp(again.out, r.out, r.len) == 0);
    HOLDS(again.errors == r.errors);
    free(again.out);
  }
  free(r.out);
  return 0;
}
