/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef H46017_TLS_INTERNAL_H
#define H46017_TLS_INTERNAL_H

/* What the files of libh46017-tls share. OpenSSL's headers come first: the
 * poison of base/mem.h must not meet them. */

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <openssl/x509_vfy.h>
#include <openssl/x509v3.h>

#include <h46017/error.h>
#include <h46017/tls.h>

#include "base/log.h"
#include "base/mem.h"
#include "base/txbuf.h"

/* -- verify.c ------------------------------------------------------------- */

/* A verify result for a code of ours that X509_V_ERR_… has no number for. It
 * travels where OpenSSL keeps its own: no memory beside the SSL is needed. */
long h46017_tls_own_verify_result(int code);

/* "The time of day is not known": what a context's check time is set to then.
 * It is what time(3) says when it does not know either. */
#define H46017_TLS_NO_TIME ((time_t)-1)

/* -- peer.c --------------------------------------------------------------- */

/* The judgement alone: 0, or why the peer proved nothing. */
int h46017_tls_judge(const h46017_trust *trust, const SSL *ssl);

/* The one CN, as UTF-8 in OpenSSL's memory; 0: there is not exactly one that
 * can name somebody. */
size_t h46017_tls_common_name(const X509 *x, unsigned char **pcn);
/* RFC 4514 text, in the BIO that it makes; NULL without memory. */
const char *h46017_tls_print_name(BIO **pbio, const X509_NAME *name);
/* Seconds since 1970; false without memory. */
bool h46017_tls_validity(const X509 *x, int64_t *pfrom, int64_t *pto);
/* The time a connection's certificates are judged by; false: not known. */
bool h46017_tls_time(const X509_VERIFY_PARAM *param, int64_t *putc);

/* -- subject.c ------------------------------------------------------------ */

/* It is whom h46017_tls_expect_subject() asked for, if it did. */
bool h46017_tls_is_subject(const SSL *ssl, const X509 *leaf);

/* -- pin.c ---------------------------------------------------------------- */

/* What the certificate is to h46017_tls_expect_certificate(). */
typedef enum h46017_tls_pin {
  H46017_TLS_PIN_NONE,  /* not asked for */
  H46017_TLS_PIN_FIRST, /* the first that is seen */
  H46017_TLS_PIN_SAME,
  H46017_TLS_PIN_OTHER
} h46017_tls_pin;

/* `ssl` may be NULL. */
h46017_tls_pin h46017_tls_pin_of(const SSL *ssl, const X509 *leaf);

/* -- ticket.c ------------------------------------------------------------- */

/* Seconds that a session can be resumed in. */
#define H46017_TLS_TICKET_LIFE 7200

/* A client offers an earlier session, if its server would pass today. */
int h46017_trust_resume(const h46017_trust *trust, SSL *ssl,
                        SSL_SESSION *session);

/* -- engine.c, bio.c ------------------------------------------------------ */

typedef enum h46017_tls_state {
  H46017_TLS_HANDSHAKE = 1,
  H46017_TLS_UP = 2,
  H46017_TLS_ENDING = 3, /* flushing; `ending` is the code to come */
  H46017_TLS_OVER = 4    /* `error` is the code */
} h46017_tls_state;

struct h46017_tls {
  h46017_mem mem;
  h46017_tls_settings settings;
  h46017_tls_callbacks callbacks;
  void *user_data;
  h46017_log log;

  SSL *ssl;
  BIO_METHOD *method; /* one each: a shared one would be a global */
  h46017_tls_role role;
  h46017_tls_state state;
  h46017_time now;
  h46017_time deadline;

  const uint8_t *rx; /* what h46017_tls_recv() has and OpenSSL has not */
  size_t rx_len;
  h46017_txbuf tx;
  int bio_error; /* why the queue refused what OpenSSL wrote */

  h46017_tls_behind behind;
  void *object; /* NULL: nothing attached */

  h46017_identity *identity;
  int ending;
  int error;
  char error_text[120];

  bool began;  /* an octet came */
  bool broken; /* OpenSSL's state is not to be kept */
  bool inside; /* a call is going on */
  bool closing;
  bool deleted;
};

/* A source and sink that keeps nothing: it reads from `rx`, writes to `tx`. */
int h46017_tls_bio_attach(h46017_tls *t);

/* Drains OpenSSL's error queue after `ssl_error`: the code for it, and its
 * words into `error_text`. */
int h46017_tls_failure(h46017_tls *t, int ssl_error);

#endif /* H46017_TLS_INTERNAL_H */
