/* SPDX-License-Identifier: BSD-2-Clause */
/* One direction of a connection: octets -> TPKTs.
 *
 *     read -> h46017_tpkt_read until it finds nothing more -> dump_frame */

#include <stdio.h>

#include "dump.h"

int dump_stream_init(dump_stream *s) {
  h46017_tpkt_settings settings;
  h46017_tpkt_settings_default(&settings);
  s->offset = 0;
  s->lost = false;
  s->reader = NULL;
  return h46017_tpkt_new(&s->reader, &settings, NULL);
}

void dump_stream_deinit(dump_stream *s) {
  h46017_tpkt_del(s->reader);
  s->reader = NULL;
}

void dump_stream_recv(dump *d, dump_stream *s, const dump_origin *o,
                      const uint8_t *data, size_t len) {
  h46017_tpkt_pdu pdu;
  int rv = 0;
  if (s->lost) {
    return;
  }
  while (!dump_out_failed(d) &&
         (rv = h46017_tpkt_read(s->reader, &data, &len, &pdu)) == 0 &&
         pdu.kind != H46017_TPKT_NONE) {
    dump_frame(d, o, &pdu);
    s->offset += pdu.len;
  }
  if (rv != 0) {
    dump_error e = dump_error_make(rv, s->offset, h46017_strerror(rv), "tpkt");
    dump_error_line(d, o, &e, NULL);
    s->lost = true;
  }
}

void dump_stream_end(dump *d, dump_stream *s, const dump_origin *o) {
  size_t pending = s->lost ? 0 : h46017_tpkt_pending(s->reader);
  if (pending > 0) {
    dump_error e = dump_error_make(H46017_ERR_TRUNCATED, s->offset + pending,
                                   "the stream ends inside of a TPKT", "tpkt");
    dump_error_line(d, o, &e, NULL);
  }
}

int dump_tpkt_file(dump *d, int fd) {
  static uint8_t chunk[65536];
  dump_stream s;
  ptrdiff_t n = -1;
  if (dump_stream_init(&s) == 0) {
    while (!s.lost && !dump_out_failed(d) &&
           (n = dump_read(d, fd, chunk, sizeof(chunk))) > 0) {
      dump_stream_recv(d, &s, NULL, chunk, (size_t)n);
    }
    dump_stream_end(d, &s, NULL);
    dump_stream_deinit(&s);
  }
  return n < 0 ? -1 : 0;
}
