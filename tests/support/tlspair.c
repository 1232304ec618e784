/* SPDX-License-Identifier: BSD-2-Clause */
#include "tlspair.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

/* -- behind --------------------------------------------------------------- */

static int behind_recv(void *object, const uint8_t *data, size_t datalen,
                       h46017_time now) {
  behind *b = object;

  b->last = now;
  b->in = realloc(b->in, b->in_len + datalen + 1);
  ck_assert_ptr_nonnull(b->in);
  memcpy(b->in + b->in_len, data, datalen);
  b->in_len += datalen;
  return b->recv_error;
}

static size_t behind_peek(const void *object, const uint8_t **pdata) {
  const behind *b = object;

  *pdata = b->out != NULL ? b->out + b->out_at : NULL;
  return b->out_len - b->out_at;
}

static int behind_ack(void *object, size_t n, h46017_time now) {
  behind *b = object;

  ck_assert_uint_le(n, b->out_len - b->out_at);
  b->out_at += n;
  b->last = now;
  return 0;
}

static int behind_up(void *object, const h46017_identity *peer,
                     h46017_time now) {
  behind *b = object;

  ck_assert_ptr_nonnull(peer);
  ck_assert_int_eq(b->downs, 0);
  b->ups++;
  b->last = now;
  return 0;
}

static int behind_down(void *object, int why, h46017_time now) {
  behind *b = object;

  b->downs++;
  b->down_why = why;
  b->last = now;
  return 0;
}

static bool behind_want_read(const void *object) {
  return !((const behind *)object)->deaf;
}

static bool behind_want_write(const void *object) {
  const behind *b = object;

  return b->out_len > b->out_at;
}

h46017_tls_behind behind_vtable(void) {
  h46017_tls_behind v;

  h46017_tls_behind_default(&v);
  v.recv = behind_recv;
  v.peek_tx = behind_peek;
  v.ack_tx = behind_ack;
  v.transport_up = behind_up;
  v.transport_down = behind_down;
  v.want_read = behind_want_read;
  v.want_write = behind_want_write;
  return v;
}

/* -- a side --------------------------------------------------------------- */

static void side_completed(h46017_tls *t, const h46017_identity *peer,
                           void *user_data) {
  side *s = user_data;

  ck_assert(t == s->t);
  ck_assert(peer == h46017_tls_identity(t));
  s->completed++;
  if (s->on_completed != NULL) {
    s->on_completed(s);
  }
}

static void side_closed(h46017_tls *t, int why, void *user_data) {
  side *s = user_data;

  ck_assert(t == s->t);
  ck_assert_int_eq(why, h46017_tls_error(t));
  s->closed++;
  s->closed_why = why;
  if (s->on_closed != NULL) {
    s->on_closed(s);
  }
}

static bool side_utc(int64_t *seconds, void *user_data) {
  const side *s = user_data;

  *seconds = s->utc;
  return !s->no_clock;
}

static void side_log(h46017_log_level level, const char *line, size_t len,
                     void *user_data) {
  side *s = user_data;
  size_t have = strlen(s->log);

  (void)level;
  if (have + len + 2 < sizeof(s->log)) {
    memcpy(s->log + have, line, len);
    memcpy(s->log + have + len, "\n", 2);
  }
}

int side_new(side *s, SSL_CTX *ctx, h46017_tls_role role,
             const h46017_tls_settings *settings, h46017_time now) {
  h46017_tls_callbacks cb;

  h46017_tls_callbacks_default(&cb);
  cb.handshake_completed = side_completed;
  cb.closed = side_closed;
  cb.log_write = side_log;
  if (s->no_clock || s->utc != 0) {
    cb.utc_now = side_utc;
  }
  return h46017_tls_new(&s->t, ctx, role, settings, &cb, s->mem, s, now);
}

void side_free(side *s) {
  h46017_tls_del(s->t);
  s->t = NULL;
  free(s->app.in);
  s->app.in = NULL;
  s->app.in_len = 0;
}

/* -- the pair ------------------------------------------------------------- */

void pair_init(pair *p, int version, h46017_tls_profile profile) {
  memset(p, 0, sizeof(*p));
  p->chunk = SIZE_MAX;
  p->now = 1000;
  p->cctx = SSL_CTX_new(TLS_client_method());
  p->sctx = SSL_CTX_new(TLS_server_method());
  ck_assert_int_eq(h46017_tls_ctx_defaults(p->cctx, H46017_TLS_CLIENT, profile),
                   0);
  ck_assert_int_eq(h46017_tls_ctx_defaults(p->sctx, H46017_TLS_SERVER, profile),
                   0);
  if (version != 0) {
    ck_assert_int_eq(SSL_CTX_set_max_proto_version(p->cctx, version), 1);
    ck_assert_int_eq(SSL_CTX_set_min_proto_version(p->sctx, version), 1);
  }
  h46017_tls_settings_default(&p->cset);
  h46017_tls_settings_default(&p->sset);
  p->cset.server_name = "gk.example.net";
}

void pair_begin(pair *p) {
  h46017_tls_behind v = behind_vtable();

  ck_assert_int_eq(
      side_new(&p->server, p->sctx, H46017_TLS_SERVER, &p->sset, p->now), 0);
  ck_assert_int_eq(
      side_new(&p->client, p->cctx, H46017_TLS_CLIENT, &p->cset, p->now), 0);
  ck_assert_int_eq(h46017_tls_attach(p->server.t, &v, &p->server.app), 0);
  ck_assert_int_eq(h46017_tls_attach(p->client.t, &v, &p->client.app), 0);
}

void pair_free(pair *p) {
  side_free(&p->client);
  side_free(&p->server);
  SSL_CTX_free(p->cctx);
  SSL_CTX_free(p->sctx);
}

static bool pair_move(pair *p, side *from, side *to) {
  const uint8_t *data;
  size_t len;
  uint8_t *copy;
  int rv;

  if (from->t == NULL || to->t == NULL) {
    return false;
  }
  len = h46017_tls_peek_tx(from->t, &data);
  ck_assert(h46017_tls_want_write(from->t) == (len > 0));
  if (len == 0) {
    return false;
  }
  if (len > p->chunk) {
    len = p->chunk;
  }
  /* what ends where its block ends, and is gone after the call */
  copy = malloc(len);
  ck_assert_ptr_nonnull(copy);
  memcpy(copy, data, len);
  p->wired += len;
  rv = h46017_tls_ack_tx(from->t, len, p->now);
  if (rv != 0) {
    from->error = rv;
  }
  rv = h46017_tls_recv(to->t, copy, len, p->now);
  if (rv != 0 && to->error == 0) {
    to->error = rv;
  }
  free(copy);
  return true;
}

void pair_run(pair *p) {
  bool moved = true;

  while (moved) {
    moved = pair_move(p, &p->client, &p->server);
    moved = pair_move(p, &p->server, &p->client) || moved;
  }
}

/* -- a pair where all is well --------------------------------------------- */

/* One PKI for all: made once, keys are slow. */
pki_cert pair_root;
pki_cert pair_gk;
pki_cert pair_phone;

void pair_pki_setup(void) {
  static const pki_spec server = {.cn = {PKI_CN("gk.example.net")},
                                  .san = "DNS:gk.example.net,IP:192.0.2.1"};

  pair_root = pki_ca("Example Root");
  pair_gk = pki_make(&server, &pair_root);
  pair_phone = pki_leaf("0090332f688a", &pair_root);
}

void pair_pki_teardown(void) {
  pki_free(&pair_root);
  pki_free(&pair_gk);
  pki_free(&pair_phone);
}

void pair_good_init(pair *p, int version) {
  pair_init(p, version, H46017_TLS_MODERN);
  pki_use(p->cctx, &pair_phone, NULL);
  pki_use(p->sctx, &pair_gk, NULL);
  pki_trust(p->cctx, &pair_root);
  pki_trust(p->sctx, &pair_root);
}

void pair_good_begin(pair *p, int version) {
  pair_good_init(p, version);
  pair_begin(p);
}

void pair_good_run(pair *p, int version) {
  pair_good_begin(p, version);
  pair_run(p);
  ck_assert_int_eq(p->client.error, 0);
  ck_assert_int_eq(p->server.error, 0);
  ck_assert_ptr_nonnull(h46017_tls_identity(p->server.t));
}
