/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef H46017_TESTS_TUNNEL_RECORD_H
#define H46017_TESTS_TUNNEL_RECORD_H

/* A tunnel and everything it reported, as text: two runs that saw the same
 * have the same text. */

#include "octets.h"

#include <h46017/tunnel.h>

typedef struct tunnel_record {
  h46017_tunnel *t;
  h46017_tunnel_settings settings; /* for tunnel_record_start() */
  const h46017_mem *mem;
  h46017_time now;

  octets text;      /* "ras 0e80…\n", "facility crv 5 flag 1 0802…\n",
                       "keepalive\n", "error UUIE\n" */
  octets traced_in; /* the octets of every PDU_RECEIVED, one after the other */
  octets traced_out;
  unsigned ras;
  unsigned signalling;
  unsigned keepalives;
  unsigned log_lines;
  char last_log[512];

  /* what the callbacks do besides: */
  int fail_at; /* the n-th event callback returns 1 */
  int (*on_event)(struct tunnel_record *r);
  void *arg;
  int events;
} tunnel_record;

/* Settings: the defaults, log level DEBUG. */
void tunnel_record_init(tunnel_record *r);
int tunnel_record_start(tunnel_record *r);
void tunnel_record_stop(tunnel_record *r);

/* Feeds octets in pieces of `chunk`, each in a block that ends where it ends
 * and is freed after the call; puts "error NAME" behind when it failed. */
int tunnel_record_feed(tunnel_record *r, const uint8_t *data, size_t len,
                       size_t chunk);
int tunnel_record_feed_hex(tunnel_record *r, const char *hex, size_t chunk);

/* start, feed, stop: the text, to be freed with free(). */
char *tunnel_record_run(const char *hex, size_t chunk,
                        const h46017_tunnel_settings *settings);

/* Takes everything there is to send. */
octets tunnel_record_sent(tunnel_record *r);

/* NUL-terminated view of what was recorded so far. */
const char *tunnel_record_text(tunnel_record *r);

/* The same, yours to free(); the record begins anew. */
char *tunnel_record_take(tunnel_record *r);

#endif /* H46017_TESTS_TUNNEL_RECORD_H */
