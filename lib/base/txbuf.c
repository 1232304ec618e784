/* SPDX-License-Identifier: BSD-2-Clause */
#include "base/txbuf.h"

#include "base/mem.h"

#include <h46017/error.h>

#include <string.h>

/* An idle connection keeps no more heap than this. */
#define TXBUF_KEPT 512

void h46017_txbuf_init(h46017_txbuf *b, const h46017_mem *mem, size_t limit) {
  memset(b, 0, sizeof(*b));
  b->mem = mem;
  b->limit = limit;
}

void h46017_txbuf_lend(h46017_txbuf *b, uint8_t *room, size_t size) {
  b->room = room;
  b->room_size = size;
  h46017_txbuf_free(b);
}

/* Its heap, if it has any. */
static uint8_t *txbuf_own(const h46017_txbuf *b) {
  return b->data != b->room ? b->data : NULL;
}

void h46017_txbuf_free(h46017_txbuf *b) {
  h46017_mem_release(b->mem, txbuf_own(b));
  b->data = b->room;
  b->cap = b->room_size;
  b->begin = b->end = 0;
}

int h46017_txbuf_reserve(h46017_txbuf *b, size_t len, uint8_t **pdata) {
  size_t waiting = b->end - b->begin;

  if (len > b->limit || waiting > b->limit - len) {
    return H46017_ERR_QUEUE_FULL;
  }
  if (len > b->cap - b->end && b->begin > 0) {
    memmove(b->data, b->data + b->begin, waiting);
    b->begin = 0;
    b->end = waiting;
  }
  if (len > b->cap - b->end) {
    size_t want = b->cap * 2 > waiting + len ? b->cap * 2 : waiting + len;
    uint8_t *data;

    if (want < TXBUF_KEPT) {
      want = TXBUF_KEPT;
    }
    data = h46017_mem_resize(b->mem, txbuf_own(b), want);
    if (data == NULL) {
      return H46017_ERR_NOMEM;
    }
    if (b->data == b->room && waiting > 0) {
      memcpy(data, b->room, waiting);
    }
    b->data = data;
    b->cap = want;
  }
  *pdata = b->data + b->end;
  return 0;
}

void h46017_txbuf_commit(h46017_txbuf *b, size_t len) {
  b->end += len;
}

int h46017_txbuf_write(h46017_txbuf *b, const uint8_t *data, size_t len) {
  uint8_t *room;
  int rv = h46017_txbuf_reserve(b, len, &room);

  if (rv != 0) {
    return rv;
  }
  if (len > 0) {
    memcpy(room, data, len);
  }
  h46017_txbuf_commit(b, len);
  return 0;
}

size_t h46017_txbuf_peek(const h46017_txbuf *b, const uint8_t **pdata) {
  *pdata = b->data != NULL ? b->data + b->begin : NULL;
  return b->end - b->begin;
}

int h46017_txbuf_ack(h46017_txbuf *b, size_t len) {
  if (len > b->end - b->begin) {
    return H46017_ERR_INVALID_ARGUMENT;
  }
  b->begin += len;
  if (b->begin == b->end) {
    b->begin = b->end = 0;
    if (b->cap > TXBUF_KEPT) {
      h46017_txbuf_free(b);
    }
  }
  return 0;
}
