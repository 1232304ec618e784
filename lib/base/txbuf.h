/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef H46017_BASE_TXBUF_H
#define H46017_BASE_TXBUF_H

/* Octets waiting to be sent: a bounded queue that always shows everything it
 * holds as one window (peek), and forgets from the front (ack). What is
 * written is written whole or not at all. */

#include <h46017/common.h>

typedef struct h46017_txbuf {
  uint8_t *data;
  size_t cap;
  size_t begin;  /* first octet not yet acknowledged */
  size_t end;    /* behind the last octet */
  size_t limit;  /* octets waiting at the most */
  uint8_t *room; /* what is used before anything is allocated; NULL: none */
  size_t room_size;
  const h46017_mem *mem;
} h46017_txbuf;

/* `mem` is borrowed for good. */
void h46017_txbuf_init(h46017_txbuf *b, const h46017_mem *mem, size_t limit);
/* An empty one may have room of its owner's, beside what else that looks at. It
 * is borrowed for good, and is no limit. */
void h46017_txbuf_lend(h46017_txbuf *b, uint8_t *room, size_t size);
void h46017_txbuf_free(h46017_txbuf *b);

/* Room for `len` octets behind the last, to be filled and then committed. The
 * window is valid until the next call. QUEUE_FULL, NOMEM: nothing changed. */
int h46017_txbuf_reserve(h46017_txbuf *b, size_t len, uint8_t **pdata);
void h46017_txbuf_commit(h46017_txbuf *b, size_t len);

/* reserve, copy, commit. */
int h46017_txbuf_write(h46017_txbuf *b, const uint8_t *data, size_t len);

size_t h46017_txbuf_peek(const h46017_txbuf *b, const uint8_t **pdata);

/* INVALID_ARGUMENT: more than is waiting. */
int h46017_txbuf_ack(h46017_txbuf *b, size_t len);

static inline size_t h46017_txbuf_len(const h46017_txbuf *b) {
  return b->end - b->begin;
}

#endif /* H46017_BASE_TXBUF_H */
