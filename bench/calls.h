/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef H46017_BENCH_CALLS_H
#define H46017_BENCH_CALLS_H

/* A gatekeeper with two registered peers, and the frames of a call. */

#include <h46017/h46017.h>

#define FRAME_MAX 1024
#define FRAMES_MAX 16

/* What goes in on the way of one call: by whom, and its octets. */
typedef struct frame {
  bool by_caller;
  size_t len;
  uint8_t octets[FRAME_MAX];
} frame;

typedef struct switchboard {
  h46017_gatekeeper *gk;
  h46017_connection *conn[2]; /* caller, callee */
  h46017_time now;
  frame frames[FRAMES_MAX];
  size_t frame_count;
  size_t octets; /* of all of them */
} switchboard;

/* Both are registered, and one call went through to have its frames. */
void switchboard_make(switchboard *b);

/* A frame goes in; what comes out at the other side is there to peek at. A
 * callee's frames go under the reference that its Setup came with. */
size_t switchboard_relay(switchboard *b, const frame *f, uint8_t reference[2],
                         const uint8_t **pout);

/* bench_calls_tls.c: a Setup answered on a connection that is there, and on one
 * that has to be made. */
void bench_calls_tls_add(switchboard *b);
void bench_calls_tls_report(void);

#endif /* H46017_BENCH_CALLS_H */
