/* SPDX-License-Identifier: BSD-2-Clause */
#include "tls/internal.h"

#include "base/intmath.h"
#include "base/settings.h"

#include <stdio.h>
#include <string.h>

#define ENGINE_HANDSHAKE_MS 10000
#define ENGINE_MAX_TX (256 * 1024)
#define ENGINE_LEAST_TX 4096
/* Beyond max_tx for what OpenSSL writes of itself: a flight of the handshake
 * with the longest certificate list, alerts, key updates. */
#define ENGINE_PROTOCOL_TX (64 * 1024)
/* Header, explicit nonce, padding and tag of one record at the most. */
#define ENGINE_RECORD_EXTRA 256
#define ENGINE_RECORD_MAX 16384
/* Less room than this is not worth a record. */
#define ENGINE_RECORD_LEAST 1024

/* -- settings ------------------------------------------------------------- */

void h46017_tls_settings_default_sized(h46017_tls_settings *settings,
                                       size_t size) {
  h46017_tls_settings def;

  memset(&def, 0, sizeof(def));
  def.handshake_timeout_ms = ENGINE_HANDSHAKE_MS;
  def.max_tx = ENGINE_MAX_TX;
  def.log_level = H46017_LOG_INFO;
  h46017_settings_fill(settings, size, &def, sizeof(def));
}

void h46017_tls_callbacks_default_sized(h46017_tls_callbacks *callbacks,
                                        size_t size) {
  h46017_tls_callbacks def;

  memset(&def, 0, sizeof(def));
  h46017_settings_fill(callbacks, size, &def, sizeof(def));
}

static int engine_read_settings(h46017_tls *t,
                                const h46017_tls_settings *settings,
                                const h46017_tls_callbacks *callbacks) {
  int rv = 0;

  h46017_tls_settings_default(&t->settings);
  h46017_tls_callbacks_default(&t->callbacks);
  if (settings != NULL) {
    rv = h46017_settings_copy(&t->settings, sizeof(t->settings),
                              sizeof(h46017_tls_settings), settings);
  }
  if (rv == 0 && callbacks != NULL) {
    rv = h46017_settings_copy(&t->callbacks, sizeof(t->callbacks),
                              sizeof(h46017_tls_callbacks), callbacks);
  }
  if (rv == 0 && (t->settings.max_tx < ENGINE_LEAST_TX ||
                  t->settings.handshake_timeout_ms == 0)) {
    rv = H46017_ERR_INVALID_ARGUMENT;
  }
  return rv;
}

/* -- the end -------------------------------------------------------------- */

static bool engine_is_live(const h46017_tls *t) {
  return t->error == 0 && !t->deleted;
}

/* Over, for good: tells whoever is concerned, once. */
static void engine_end(h46017_tls *t, int code) {
  void *object = t->object;

  if (t->error != 0) {
    return;
  }
  t->error = code;
  t->state = H46017_TLS_OVER;
  t->deadline = H46017_TIME_NEVER;
  if (t->error_text[0] == '\0') {
    (void)snprintf(t->error_text, sizeof(t->error_text), "%s",
                   h46017_strerror(code));
  }
  if (code == H46017_ERR_CLOSED || code == H46017_ERR_TLS_CLOSED) {
    h46017_log_line(&t->log, H46017_LOG_INFO, "TLS: %s", t->error_text);
  } else {
    h46017_log_code(&t->log, H46017_LOG_WARN, code, "TLS: %s (%s)",
                    h46017_strerror(code), t->error_text);
  }
  if (object != NULL && t->behind.transport_down != NULL) {
    (void)t->behind.transport_down(object, code, t->now);
  }
  if (t->callbacks.closed != NULL && !t->deleted) {
    t->callbacks.closed(t, code, t->user_data);
  }
}

/* OpenSSL gave up. An alert may wait in the queue. */
static void engine_fail(h46017_tls *t, int ssl_error) {
  int code = h46017_tls_failure(t, ssl_error);

  t->broken = true;
  engine_end(t, code);
}

/* Ends it in good order: first what the object behind has to send. */
static void engine_begin_end(h46017_tls *t, int code) {
  if (t->state == H46017_TLS_UP) {
    t->state = H46017_TLS_ENDING;
    t->ending = code;
  }
}

static void engine_send_close(h46017_tls *t) {
  ERR_clear_error();
  /* 0 is good: ours is sent, the peer's is not waited for */
  if (SSL_shutdown(t->ssl) < 0) {
    t->broken = true;
    ERR_clear_error();
  }
}

/* -- plaintext out -------------------------------------------------------- */

static size_t engine_room(const h46017_tls *t) {
  size_t len = h46017_txbuf_len(&t->tx);

  return len < t->settings.max_tx ? t->settings.max_tx - len : 0;
}

/* One record's worth. False: nothing there, no room, or it is over. */
static bool engine_write_some(h46017_tls *t) {
  const uint8_t *data = NULL;
  size_t len = t->object != NULL ? t->behind.peek_tx(t->object, &data) : 0;
  size_t room = engine_room(t);
  size_t written = 0;
  int rv;
  int err;

  if (len == 0 ||
      room < ENGINE_RECORD_EXTRA + H46017_MIN(len, ENGINE_RECORD_LEAST)) {
    return false;
  }
  len = H46017_MIN(len, ENGINE_RECORD_MAX);
  len = H46017_MIN(len, room - ENGINE_RECORD_EXTRA);
  ERR_clear_error();
  rv = SSL_write_ex(t->ssl, data, len, &written);
  err = SSL_get_error(t->ssl, rv);
  if (rv != 1) {
    engine_fail(t, err);
    return false;
  }
  rv = t->behind.ack_tx(t->object, written, t->now);
  if (rv != 0) {
    engine_begin_end(t, rv);
  }
  return engine_is_live(t);
}

static bool engine_behind_has_output(const h46017_tls *t) {
  const uint8_t *data = NULL;

  return t->object != NULL && t->behind.peek_tx(t->object, &data) > 0;
}

static bool engine_behind_is_done(const h46017_tls *t) {
  return t->object != NULL && t->behind.want_read != NULL &&
         t->behind.want_write != NULL && !t->behind.want_read(t->object) &&
         !t->behind.want_write(t->object);
}

static void engine_flush(h46017_tls *t) {
  if (t->state != H46017_TLS_UP && t->state != H46017_TLS_ENDING) {
    return;
  }
  while (engine_is_live(t) && engine_write_some(t)) {
  }
  if (!engine_is_live(t)) {
    return;
  }
  if (t->closing || engine_behind_is_done(t)) {
    engine_begin_end(t, H46017_ERR_CLOSED);
  }
  if (t->state == H46017_TLS_ENDING && !engine_behind_has_output(t)) {
    engine_send_close(t);
    engine_end(t, t->ending);
  }
}

/* -- ciphertext in -------------------------------------------------------- */

static void engine_up(h46017_tls *t) {
  int rv = h46017_identity_from_ssl(&t->identity, t->settings.trust, t->ssl,
                                    &t->mem);
  if (rv != 0) {
    engine_end(t, rv);
    return;
  }
  t->state = H46017_TLS_UP;
  t->deadline = H46017_TIME_NEVER;
  h46017_log_line(
      &t->log, H46017_LOG_INFO, "TLS: %s, %s, peer %.*s: %s",
      SSL_get_version(t->ssl), h46017_tls_cipher(t), (int)t->identity->cn_len,
      t->identity->cn != NULL ? t->identity->cn : "",
      t->identity->proof == H46017_PROOF_CERTIFICATE ? "certificate good"
      : t->identity->error != 0 ? h46017_strerror(t->identity->error)
                                : "no certificate asked for");
  if (t->callbacks.handshake_completed != NULL) {
    t->callbacks.handshake_completed(t, t->identity, t->user_data);
  }
  if (!engine_is_live(t)) {
    return;
  }
  if (t->object == NULL && !t->closing) {
    engine_begin_end(t, H46017_ERR_INVALID_STATE);
    return;
  }
  if (t->object != NULL && t->behind.transport_up != NULL) {
    rv = t->behind.transport_up(t->object, t->identity, t->now);
    if (rv != 0) {
      engine_begin_end(t, rv);
    }
  }
}

static void engine_handshake(h46017_tls *t) {
  int rv;
  int err;

  ERR_clear_error();
  rv = SSL_do_handshake(t->ssl);
  err = SSL_get_error(t->ssl, rv);
  if (rv == 1) {
    engine_up(t);
  } else if (err != SSL_ERROR_WANT_READ) {
    engine_fail(t, err);
  }
}

/* False: nothing more can come of the octets there are. */
static bool engine_read_some(h46017_tls *t) {
  uint8_t plain[2048];
  size_t len = 0;
  int rv;
  int err;

  ERR_clear_error();
  rv = SSL_read_ex(t->ssl, plain, sizeof(plain), &len);
  err = SSL_get_error(t->ssl, rv);
  if (rv == 1) {
    rv = t->object != NULL ? t->behind.recv(t->object, plain, len, t->now)
                           : H46017_ERR_INVALID_STATE;
    if (rv != 0) {
      engine_begin_end(t, rv);
    }
    engine_flush(t);
    return true;
  }
  if (err == SSL_ERROR_WANT_READ) {
    return t->rx_len > 0; /* a context without SSL_MODE_AUTO_RETRY */
  }
  if (err == SSL_ERROR_ZERO_RETURN) {
    engine_send_close(t);
    engine_end(t, H46017_ERR_TLS_CLOSED);
  } else {
    engine_fail(t, err);
  }
  return false;
}

/* The first record of either side is a handshake message or an alert. TPKT
 * begins with 3, HTTP with a letter. */
static bool engine_is_tls(uint8_t first) {
  return first == 0x16 || first == 0x15;
}

static void engine_take(h46017_tls *t, const uint8_t *data, size_t datalen) {
  if (!t->began && !engine_is_tls(data[0])) {
    t->broken = true;
    engine_end(t, H46017_ERR_NOT_TLS);
    return;
  }
  t->began = true;
  t->rx = data;
  t->rx_len = datalen;
  if (t->state == H46017_TLS_HANDSHAKE) {
    engine_handshake(t);
    engine_flush(t);
  }
  while (engine_is_live(t) && t->state == H46017_TLS_UP &&
         engine_read_some(t)) {
  }
  t->rx = NULL;
  t->rx_len = 0;
}

/* -- life ----------------------------------------------------------------- */

static void engine_free(h46017_tls *t) {
  h46017_mem mem = t->mem;

  if (t->ssl != NULL && !t->broken) {
    /* A connection lost without close_notify is no reason to forget its
     * session: OpenSSL would, and fleets reconnect exactly then. */
    SSL_set_shutdown(t->ssl, SSL_SENT_SHUTDOWN | SSL_RECEIVED_SHUTDOWN);
  }
  SSL_free(t->ssl);
  BIO_meth_free(t->method);
  h46017_txbuf_free(&t->tx);
  h46017_identity_del(t->identity);
  h46017_mem_release(&mem, t);
}

static int engine_prepare_client(h46017_tls *t) {
  X509_VERIFY_PARAM *param = SSL_get0_param(t->ssl);
  int rv;

  SSL_set_connect_state(t->ssl);
  switch (t->settings.server_check) {
  case H46017_SERVER_CHECK_NAME:
    return h46017_tls_expect_name(t->ssl, t->settings.server_name);
  case H46017_SERVER_CHECK_SAN:
    rv = h46017_tls_expect_name(t->ssl, t->settings.server_name);
    X509_VERIFY_PARAM_set_hostflags(param,
                                    X509_CHECK_FLAG_NO_WILDCARDS |
                                        X509_CHECK_FLAG_NEVER_CHECK_SUBJECT);
    return rv;
  case H46017_SERVER_CHECK_SUBJECT:
    return h46017_tls_expect_subject(t->ssl, t->settings.server_name);
  case H46017_SERVER_CHECK_TRUSTED:
    return 0;
  case H46017_SERVER_CHECK_PIN:
    return h46017_tls_expect_certificate(t->ssl, t->settings.server_pin);
  case H46017_SERVER_CHECK_NONE:
    SSL_set_verify(t->ssl, SSL_VERIFY_NONE, NULL);
    h46017_log_code(&t->log, H46017_LOG_WARN, H46017_ERR_UNAUTHENTICATED,
                    "TLS: the server is not verified, as configured");
    return 0;
  }
  return H46017_ERR_INVALID_ARGUMENT;
}

/* Certificates are judged by the program's clock, if it has one of its own. */
static void engine_set_time(h46017_tls *t) {
  X509_VERIFY_PARAM *param = SSL_get0_param(t->ssl);
  int64_t utc = 0;

  if (t->callbacks.utc_now == NULL) {
    return;
  }
  if (!t->callbacks.utc_now(&utc, t->user_data) || (time_t)utc != utc) {
    utc = (int64_t)H46017_TLS_NO_TIME;
  }
  X509_VERIFY_PARAM_set_time(param, (time_t)utc);
}

static int engine_begin(h46017_tls *t, SSL_CTX *ctx) {
  int rv;

  ERR_clear_error();
  t->ssl = SSL_new(ctx);
  if (t->ssl == NULL) {
    return h46017_tls_failure(t, SSL_ERROR_SSL);
  }
  rv = h46017_tls_bio_attach(t);
  if (rv != 0) {
    return rv;
  }
  engine_set_time(t);
  if (t->role == H46017_TLS_SERVER) {
    SSL_set_accept_state(t->ssl);
    return 0;
  }
  rv = engine_prepare_client(t);
  if (rv == 0 && t->settings.session != NULL) {
    rv = h46017_trust_resume(t->settings.trust, t->ssl, t->settings.session);
  }
  t->settings.server_name = NULL; /* borrowed for the call */
  t->settings.server_pin = NULL;
  t->settings.session = NULL;
  if (rv != 0) {
    return rv;
  }
  ERR_clear_error();
  rv = SSL_do_handshake(t->ssl);
  rv = SSL_get_error(t->ssl, rv);
  return rv == SSL_ERROR_WANT_READ ? 0 : h46017_tls_failure(t, rv);
}

int h46017_tls_new(h46017_tls **pt, SSL_CTX *ctx, h46017_tls_role role,
                   const h46017_tls_settings *settings,
                   const h46017_tls_callbacks *callbacks, const h46017_mem *mem,
                   void *user_data, h46017_time now) {
  h46017_mem own;
  h46017_tls *t;
  int rv;

  if (pt == NULL || ctx == NULL ||
      (role != H46017_TLS_CLIENT && role != H46017_TLS_SERVER)) {
    return H46017_ERR_INVALID_ARGUMENT;
  }
  rv = h46017_mem_init(&own, mem);
  if (rv != 0) {
    return rv;
  }
  t = h46017_mem_zalloc(&own, 1, sizeof(*t));
  if (t == NULL) {
    return H46017_ERR_NOMEM;
  }
  t->mem = own;
  t->role = role;
  t->state = H46017_TLS_HANDSHAKE;
  t->user_data = user_data;
  t->now = now;
  rv = engine_read_settings(t, settings, callbacks);
  if (rv == 0) {
    t->log.write = t->callbacks.log_write;
    t->log.user_data = user_data;
    t->log.level = t->settings.log_level;
    t->deadline = h46017_time_add(now, t->settings.handshake_timeout_ms);
    h46017_txbuf_init(&t->tx, &t->mem,
                      (size_t)t->settings.max_tx + ENGINE_PROTOCOL_TX);
    rv = engine_begin(t, ctx);
  }
  if (rv != 0) {
    engine_free(t);
    return rv;
  }
  *pt = t;
  return 0;
}

/* -- the edge ------------------------------------------------------------- */

static void engine_enter(h46017_tls *t, h46017_time now) {
  t->inside = true;
  t->now = H46017_MAX(t->now, now);
}

/* The end of the outermost call: what callbacks asked for happens now. */
static int engine_leave(h46017_tls *t, int rv) {
  if (engine_is_live(t) && t->closing) {
    if (t->state == H46017_TLS_HANDSHAKE) {
      engine_end(t, H46017_ERR_CLOSED);
    } else {
      engine_flush(t);
    }
  }
  t->inside = false;
  if (t->deleted) {
    engine_free(t);
  }
  return rv;
}

void h46017_tls_del(h46017_tls *t) {
  if (t == NULL) {
    return;
  }
  if (t->inside) {
    t->deleted = true;
    t->object = NULL;
    return;
  }
  engine_free(t);
}

int h46017_tls_recv(h46017_tls *t, const uint8_t *data, size_t datalen,
                    h46017_time now) {
  if (t->inside) {
    return H46017_ERR_REENTRANT;
  }
  if (t->error != 0) {
    return t->error;
  }
  if (data == NULL && datalen > 0) {
    return H46017_ERR_INVALID_ARGUMENT;
  }
  if (t->state == H46017_TLS_ENDING || datalen == 0) {
    return 0; /* nothing the peer says matters any more */
  }
  engine_enter(t, now);
  engine_take(t, data, datalen);
  return engine_leave(t, t->error);
}

size_t h46017_tls_peek_tx(const h46017_tls *t, const uint8_t **pdata) {
  return h46017_txbuf_peek(&t->tx, pdata);
}

int h46017_tls_ack_tx(h46017_tls *t, size_t n, h46017_time now) {
  int rv;

  if (t->inside) {
    return H46017_ERR_REENTRANT;
  }
  rv = h46017_txbuf_ack(&t->tx, n);
  if (rv != 0) {
    return rv;
  }
  return t->error != 0 ? 0 : h46017_tls_pump(t, now);
}

int h46017_tls_pump(h46017_tls *t, h46017_time now) {
  if (t->inside || t->error != 0) {
    return t->error;
  }
  engine_enter(t, now);
  engine_flush(t);
  return engine_leave(t, t->error);
}

bool h46017_tls_want_read(const h46017_tls *t) {
  if (t->error != 0 || t->closing || t->state == H46017_TLS_ENDING) {
    return false;
  }
  return t->state == H46017_TLS_HANDSHAKE || t->object == NULL ||
         t->behind.want_read == NULL || t->behind.want_read(t->object);
}

bool h46017_tls_want_write(const h46017_tls *t) {
  return h46017_txbuf_len(&t->tx) > 0;
}

h46017_time h46017_tls_next_expiry(const h46017_tls *t) {
  return t->deadline;
}

int h46017_tls_handle_expiry(h46017_tls *t, h46017_time now) {
  if (t->inside) {
    return H46017_ERR_REENTRANT;
  }
  if (t->error != 0) {
    return t->error;
  }
  engine_enter(t, now);
  if (t->now >= t->deadline) {
    t->broken = true;
    engine_end(t, H46017_ERR_TLS_TIMEOUT);
  }
  return engine_leave(t, t->error);
}

int h46017_tls_close(h46017_tls *t, h46017_time now) {
  t->closing = true;
  if (!t->inside) {
    engine_enter(t, now);
    (void)engine_leave(t, 0);
  }
  return 0;
}

int h46017_tls_transport_down(h46017_tls *t, int why, h46017_time now) {
  if (t->inside) {
    return H46017_ERR_REENTRANT;
  }
  engine_enter(t, now);
  engine_end(t, why != 0                        ? why
                : t->state == H46017_TLS_ENDING ? t->ending
                                                : H46017_ERR_TLS_TRUNCATED);
  h46017_txbuf_free(&t->tx);
  return engine_leave(t, t->error);
}

/* -- what it is ----------------------------------------------------------- */

int h46017_tls_error(const h46017_tls *t) {
  return t->error;
}

const char *h46017_tls_error_text(const h46017_tls *t) {
  return t->error_text;
}

const h46017_identity *h46017_tls_identity(const h46017_tls *t) {
  return t->identity;
}

SSL *h46017_tls_ssl(h46017_tls *t) {
  return t->ssl;
}

const char *h46017_tls_version(const h46017_tls *t) {
  return t->identity != NULL ? SSL_get_version(t->ssl) : NULL;
}

const char *h46017_tls_cipher(const h46017_tls *t) {
  const SSL_CIPHER *cipher = SSL_get_current_cipher(t->ssl);

  return t->identity != NULL && cipher != NULL
             ? SSL_CIPHER_standard_name(cipher)
             : NULL;
}

bool h46017_tls_is_resumed(const h46017_tls *t) {
  return t->identity != NULL && SSL_session_reused(t->ssl) != 0;
}
