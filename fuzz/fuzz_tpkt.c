/* SPDX-License-Identifier: BSD-2-Clause */
/* Octet 0: how to cut; octet 1: strictness and limit; the rest: a stream. Cut
 * or not, the reader must hand out the same frames and end the same way, and
 * the frames, written again, must be the stream. */
#include <h46017/error.h>
#include <h46017/tpkt.h>

#include <stdint.h>

#include "fuzz.h"

typedef struct result {
  uint64_t digest;
  size_t octets; /* of all frames */
  size_t pending;
  int rv;
} result;

static void take(result *r, h46017_tpkt *t, const uint8_t *data, size_t len,
                 const uint8_t *stream) {
  const uint8_t *p = data;
  size_t left = len;
  h46017_tpkt_pdu pdu;

  while ((r->rv = h46017_tpkt_read(t, &p, &left, &pdu)) == 0 &&
         pdu.kind != H46017_TPKT_NONE) {
    FUZZ_ASSERT(pdu.len >= H46017_TPKT_HEADER && pdu.len <= H46017_TPKT_MAX);
    FUZZ_ASSERT((pdu.kind == H46017_TPKT_KEEPALIVE) ==
                (pdu.len == H46017_TPKT_HEADER));
    FUZZ_ASSERT(memcmp(pdu.data, stream + r->octets, pdu.len) == 0);
    r->octets += pdu.len;
    fuzz_digest(&r->digest, pdu.data, pdu.len);
  }
  FUZZ_ASSERT(r->rv != 0 || left == 0);
}

static result run(const uint8_t *data, size_t size, uint8_t how, uint8_t mode,
                  bool whole) {
  result r = {FUZZ_DIGEST_INIT, 0, 0, 0};
  const uint8_t *stream = data;
  h46017_tpkt_settings s;
  h46017_tpkt *t = NULL;

  h46017_tpkt_settings_default(&s);
  s.lenient = (mode & 1) != 0 ? 0 : H46017_LENIENT_DEFAULT;
  s.max_pdu = (mode & 2) != 0 ? H46017_TPKT_HEADER + mode : H46017_TPKT_MAX;
  FUZZ_ASSERT(h46017_tpkt_new(&t, &s, NULL) == 0);
  for (size_t i = 0; size > 0 && r.rv == 0; i++) {
    size_t n = whole ? size : fuzz_chunk(how, i);
    uint8_t *piece;

    n = n < size ? n : size;
    piece = fuzz_exact(data, n);
    take(&r, t, piece, n, stream);
    free(piece);
    data += n;
    size -= n;
  }
  r.pending = h46017_tpkt_pending(t);
  h46017_tpkt_del(t);
  return r;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  result whole;
  result cut;

  if (size < 2) {
    return 0;
  }
  whole = run(data + 2, size - 2, data[0], data[1], true);
  cut = run(data + 2, size - 2, data[0], data[1], false);
  FUZZ_ASSERT(whole.rv == cut.rv && whole.digest == cut.digest);
  FUZZ_ASSERT(whole.octets == cut.octets && whole.rv <= 0);
  if (whole.rv == 0) {
    FUZZ_ASSERT(whole.pending == cut.pending);
    FUZZ_ASSERT(whole.octets + whole.pending == size - 2);
  }
  return 0;
}
