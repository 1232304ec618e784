/* SPDX-License-Identifier: BSD-2-Clause */
#include "tls/internal.h"

#include "base/intmath.h"

#include <limits.h>
#include <string.h>

static int bio_read(BIO *bio, char *out, int size) {
  h46017_tls *t = BIO_get_data(bio);
  size_t n;

  BIO_clear_retry_flags(bio);
  if (size <= 0) {
    return 0;
  }
  if (t->rx_len == 0) {
    BIO_set_retry_read(bio);
    return -1;
  }
  n = H46017_MIN(t->rx_len, (size_t)size);
  memcpy(out, t->rx, n);
  t->rx += n;
  t->rx_len -= n;
  return (int)n;
}

/* All or nothing, and never "later": OpenSSL would have to be asked again, in
 * the middle of reading too. What it writes of itself is bounded by the hard
 * limit; what the object behind writes waits before it comes to that. */
static int bio_write(BIO *bio, const char *data, int len) {
  h46017_tls *t = BIO_get_data(bio);
  int rv;

  BIO_clear_retry_flags(bio);
  if (len <= 0) {
    return 0;
  }
  rv = h46017_txbuf_write(&t->tx, (const uint8_t *)data, (size_t)len);
  if (rv != 0) {
    t->bio_error = rv == H46017_ERR_QUEUE_FULL ? H46017_ERR_FLOOD : rv;
    return -1;
  }
  return len;
}

static long bio_ctrl(BIO *bio, int cmd, long num, void *ptr) {
  (void)bio;
  (void)num;
  (void)ptr;
  return cmd == BIO_CTRL_FLUSH ? 1 : 0;
}

static int bio_create(BIO *bio) {
  BIO_set_init(bio, 1);
  return 1;
}

int h46017_tls_bio_attach(h46017_tls *t) {
  BIO *bio;

  t->method = BIO_meth_new(BIO_TYPE_SOURCE_SINK, "h46017");
  if (t->method == NULL || BIO_meth_set_read(t->method, bio_read) != 1 ||
      BIO_meth_set_write(t->method, bio_write) != 1 ||
      BIO_meth_set_ctrl(t->method, bio_ctrl) != 1 ||
      BIO_meth_set_create(t->method, bio_create) != 1) {
    return H46017_ERR_NOMEM;
  }
  bio = BIO_new(t->method);
  if (bio == NULL) {
    return H46017_ERR_NOMEM;
  }
  BIO_set_data(bio, t);
  SSL_set_bio(t->ssl, bio, bio);
  return 0;
}
