/* SPDX-License-Identifier: BSD-2-Clause */
#include "uvlink.h"

#include <h46017/error.h>

#include <stdlib.h>
#include <string.h>

enum {
  CHUNK = 16384,  /* octets that one unfinished write holds */
  INPUT = 65536,  /* octets read at once */
  CONNECT = 5000, /* ms an address has to take a connection */
  LAST = 5000,    /* ms it takes at most to get rid of the last octets */
  LINGER = 2000   /* ms a peer gets to read them */
};

static h46017_time uvlink_now(const uvlink *l) {
  return uv_now(l->tcp.loop);
}

int uvlink_init(uvlink *l, uv_loop_t *loop, const uvlink_ops *ops,
                void *owner) {
  memset(l, 0, sizeof *l);
  int rc = uv_tcp_init(loop, &l->tcp);
  if (rc != 0) {
    return rc;
  }
  uv_timer_init(loop, &l->timer); /* cannot fail */
  l->ops = ops;
  l->owner = owner;
  l->tcp.data = l->timer.data = l;
  l->handles = 2;
  return 0;
}

/* -- ending ---------------------------------------------------------------- */

static void handle_closed(uv_handle_t *handle) {
  uvlink *l = handle->data;
  if (--l->handles == 0) {
    free(l->chunk);
    l->ops->closed(l);
  }
}

/* the last step: the handles go */
static void close_handles(uvlink *l) {
  if (l->state != UVLINK_CLOSED) {
    l->state = UVLINK_CLOSED;
    uv_close((uv_handle_t *)&l->tcp, handle_closed);
    uv_close((uv_handle_t *)&l->timer, handle_closed);
  }
}

/* the object hears of it, then the program, and neither is used again */
static void tell_down(uvlink *l, int why) {
  void *object = l->object;
  if (object == NULL) {
    return;
  }
  l->object = NULL;
  uv_timer_stop(&l->timer);
  l->edge.transport_down(object, why, uvlink_now(l));
  if (l->tls != NULL) {
    why = h46017_tls_error(l->tls);
  }
  l->ops->ended(l, why ? why : H46017_ERR_CLOSED);
  h46017_tls_del(l->tls);
  l->tls = NULL;
}

void uvlink_close(uvlink *l, int why) {
  tell_down(l, why);
  close_handles(l);
}

static void lingered(uv_timer_t *timer) {
  close_handles(timer->data);
}

static void sent_all(uv_shutdown_t *shutdown, int status) {
  uvlink *l = shutdown->data;
  if (status != 0) {
    close_handles(l);
  }
}

/* Nothing more is wanted. Closing a socket with octets unread resets the
 * connection, and the peer may lose what it was told last: so end our half,
 * and wait a moment for the peer's end. */
static void finish(uvlink *l) {
  tell_down(l, H46017_ERR_CLOSED);
  if (l->state != UVLINK_UP) {
    return;
  }
  l->state = UVLINK_LINGERING;
  l->shutdown.data = l;
  uv_timer_start(&l->timer, lingered, LINGER, 0);
  if (uv_shutdown(&l->shutdown, (uv_stream_t *)&l->tcp, sent_all) != 0) {
    close_handles(l);
  }
}

static void tell_worked(uvlink *l) {
  if (l->object != NULL && l->ops->worked != NULL) {
    l->ops->worked(l);
  }
}

/* -- connecting -----------------------------------------------------------
 */

static void not_up(uv_timer_t *timer) {
  uvlink_close(timer->data, H46017_ERR_CONNECT);
}

int uvlink_connect(uvlink *l, uv_connect_t *connect,
                   const struct sockaddr *address, uv_connect_cb done) {
  uv_timer_start(&l->timer, not_up, CONNECT, 0);
  return uv_tcp_connect(connect, &l->tcp, address, done);
}

/* -- sending --------------------------------------------------------------- */

static void sent_chunk(uv_write_t *write, int status) {
  uvlink *l = write->data;
  size_t len = l->chunk_len;
  l->chunk_len = 0;
  if (l->object == NULL) {
    return;
  }
  if (status != 0) {
    uvlink_close(l, H46017_ERR_CLOSED);
    return;
  }
  (void)l->edge.ack_tx(l->object, len, uvlink_now(l));
  uvlink_service(l);
  tell_worked(l);
}

/* The window is good until the next call into the object only, so what the
 * kernel does not take at once is copied, and acknowledged when it is sent. */
static int send_chunk(uvlink *l, const uint8_t *data, size_t len) {
  if (l->chunk == NULL) {
    l->chunk = malloc(CHUNK);
    if (l->chunk == NULL) {
      return UV_ENOMEM;
    }
  }
  len = len < CHUNK ? len : CHUNK;
  memcpy(l->chunk, data, len);
  l->write.data = l;
  uv_buf_t buf = uv_buf_init(l->chunk, (unsigned)len);
  int rc = uv_write(&l->write, (uv_stream_t *)&l->tcp, &buf, 1, sent_chunk);
  l->chunk_len = rc == 0 ? len : 0;
  return rc;
}

/* false: the link is over */
static bool send_window(uvlink *l) {
  const uint8_t *data;
  size_t len;
  while (l->chunk_len == 0 && (len = l->edge.peek_tx(l->object, &data)) > 0) {
    len = len < INPUT ? len : INPUT;
    uv_buf_t buf = {.len = len};
    memcpy(&buf.base, &data, sizeof buf.base); /* libuv only reads it */
    int sent = uv_try_write((uv_stream_t *)&l->tcp, &buf, 1);
    if (sent > 0) {
      (void)l->edge.ack_tx(l->object, (size_t)sent, uvlink_now(l));
      continue;
    }
    if (sent == UV_EAGAIN) {
      sent = send_chunk(l, data, len);
    }
    if (sent < 0) {
      uvlink_close(l, H46017_ERR_CLOSED);
      return false;
    }
  }
  return true;
}

static void expired(uv_timer_t *timer) {
  uvlink *l = timer->data;
  if (l->tls != NULL) {
    (void)h46017_tls_handle_expiry(l->tls, uvlink_now(l));
    uvlink_service(l);
    tell_worked(l);
  }
}

/* the peer takes neither its last octets nor the end */
static void stalled(uv_timer_t *timer) {
  uvlink_close(timer->data, H46017_ERR_CLOSED);
}

static void arm(uvlink *l) {
  if (l->last) {
    return;
  }
  if (!l->edge.want_read(l->object)) {
    l->last = true;
    uv_timer_start(&l->timer, stalled, LAST, 0);
    return;
  }
  h46017_time at = l->tls ? h46017_tls_next_expiry(l->tls) : H46017_TIME_NEVER;
  if (at == H46017_TIME_NEVER) {
    uv_timer_stop(&l->timer);
    return;
  }
  h46017_time now = uvlink_now(l);
  uv_timer_start(&l->timer, expired, at > now ? at - now : 0, 0);
}

void uvlink_service(uvlink *l) {
  if (l->state != UVLINK_UP || l->object == NULL) {
    return;
  }
  if (l->tls != NULL) {
    (void)h46017_tls_pump(l->tls, uvlink_now(l));
  }
  if (!send_window(l)) {
    return;
  }
  if (!l->edge.want_write(l->object) && !l->edge.want_read(l->object)) {
    finish(l);
    return;
  }
  arm(l);
}

/* -- reading --------------------------------------------------------------- */

static void give_buffer(uv_handle_t *handle, size_t suggested, uv_buf_t *buf) {
  /* octets are taken in before the next read: one buffer does for all */
  static char input[INPUT];
  (void)handle;
  (void)suggested;
  *buf = uv_buf_init(input, sizeof input);
}

static void received(uv_stream_t *stream, ssize_t nread, const uv_buf_t *buf) {
  uvlink *l = stream->data;
  if (nread == 0) {
    return;
  }
  if (nread < 0) {
    /* 0 lets a TLS engine tell a clean end from a cut */
    int lost = nread == UV_EOF && l->tls != NULL ? 0 : H46017_ERR_CLOSED;
    uvlink_close(l, lost);
    return;
  }
  if (l->object != NULL && l->edge.want_read(l->object)) {
    /* what it returns is kept by the object: want_read, want_write show it */
    (void)l->edge.recv(l->object, (const uint8_t *)buf->base, (size_t)nread,
                       uvlink_now(l));
    uvlink_service(l);
    tell_worked(l);
  } /* else: what a peer says after its last word is not heard */
}

void uvlink_start(uvlink *l, const h46017_tls_behind *edge, void *object) {
  l->edge = *edge;
  l->object = object;
  l->state = UVLINK_UP;
  uv_timer_stop(&l->timer);
  uv_tcp_nodelay(&l->tcp, 1);
  int rc = uv_read_start((uv_stream_t *)&l->tcp, give_buffer, received);
  if (rc != 0) {
    uvlink_close(l, H46017_ERR_CLOSED);
    return;
  }
  uvlink_service(l);
}

/* -- the TLS engine's edge, in the shape of the objects' ------------------- */

static int tls_recv(void *object, const uint8_t *data, size_t len,
                    h46017_time now) {
  return h46017_tls_recv(object, data, len, now);
}

static size_t tls_peek_tx(const void *object, const uint8_t **pdata) {
  return h46017_tls_peek_tx(object, pdata);
}

static int tls_ack_tx(void *object, size_t len, h46017_time now) {
  return h46017_tls_ack_tx(object, len, now);
}

static int tls_transport_down(void *object, int why, h46017_time now) {
  return h46017_tls_transport_down(object, why, now);
}

static bool tls_want_read(const void *object) {
  return h46017_tls_want_read(object);
}

static bool tls_want_write(const void *object) {
  return h46017_tls_want_write(object);
}

void uvlink_start_tls(uvlink *l, h46017_tls *tls) {
  h46017_tls_behind edge;
  h46017_tls_behind_default(&edge);
  edge.recv = tls_recv;
  edge.peek_tx = tls_peek_tx;
  edge.ack_tx = tls_ack_tx;
  edge.transport_down = tls_transport_down;
  edge.want_read = tls_want_read;
  edge.want_write = tls_want_write;
  l->tls = tls;
  uvlink_start(l, &edge, tls);
}
