/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef EXAMPLES_GK_GK_H
#define EXAMPLES_GK_GK_H

/* The gatekeeper program. Its loop:
 *
 *     socket readable -> uvlink -> [h46017_tls] -> h46017_connection_recv
 *     before every wait (uv_prepare):
 *         h46017_gatekeeper_next_ready -> uvlink_service, until there is none
 *         one uv_timer armed from h46017_gatekeeper_next_expiry
 *
 * main.c     start, signals, end            conn.c     one connection
 * listen.c   sockets, TLS context, reload   registrar.c  callbacks, events
 * control.c  the unix socket                config.c   what it is told
 * trust.c    trust list, rejected           settings.c what can be said
 *            certificates */

#include "config.h"

#include "common/device_table.h"
#include "common/own.h"
#include "common/pcap.h"
#include "common/trust_state.h"
#include "common/uvlink.h"

#include <h46017/gatekeeper.h>
#include <h46017/tls.h>
#include <jansson.h>

enum { NAMES_MAX = 256 /* of one registration */ };

typedef struct gk gk;
typedef struct conn conn;
typedef struct control control;

typedef struct listener {
  gk *gk;
  uv_tcp_t *tcp; /* NULL: not open */
  bool tls;
  char name[32];       /* its terms' */
  SSL_CTX *ctx;        /* for the connections to come; NULL: not yet */
  uint64_t complained; /* when accept() failed last */
} listener;

typedef struct counters {
  uint64_t connections;
  uint64_t tls_refused;
  uint64_t registrations;
  uint64_t refreshes;
  uint64_t rejections;
  uint64_t losses;
  uint64_t unregistrations;
  uint64_t calls;
} counters;

struct gk {
  uv_loop_t *loop;
  int argc;
  char **argv;
  config config;
  device_table *devices;
  h46017_device *asked;          /* the answer to the question being decided */
  h46017_alias names[NAMES_MAX]; /* of that question: see registrar.c */
  int64_t devices_version;
  int64_t
      devices_seen; /* of its changes, when who is registered was looked at */
  h46017_tls_digests *digests; /* of password tokens */
  h46017_gatekeeper *gatekeeper;
  trust_state trust;
  bool trust_waits;            /* --trust, for the clock to be set */
  h46017_ticket_keys *tickets; /* of every context, also after a restart */
  own_certs own;               /* who it is to those */
  bool making;
  listener tcp;
  listener tls[TLS_LISTENERS];
  uint32_t tls_count; /* as many as there were at the start */
  uv_prepare_t prepare;
  uv_timer_t timer;
  uv_timer_t deadline;
  uv_signal_t signals[3];
  uv_work_t work; /* the maker's */
  conn *conns;
  uint32_t conn_count;
  uint32_t handshakes;
  uint64_t conn_number;
  uint64_t started;
  capture *capture;
  control *control;
  counters counters;
  bool recheck;          /* other terms: look at who is registered */
  uint64_t recheck_from; /* but not before, ns */
  bool closing;
  int status;
};

struct conn {
  uvlink link;
  gk *gk;
  conn *next;
  conn *prev;
  uint64_t number;
  char peer[ADDRESS_TEXT];
  bool tls;
  bool handshake; /* not through yet */
  h46017_connection *connection;
  capture_flow flow;
};

/* main.c */
void gk_close(gk *g);  /* begins an orderly end */
bool gk_reload(gk *g); /* false: refused, nothing changed */
void gk_devices_changed(gk *g);

/* trust.c */
bool trust_start(gk *g);
/* The certificates of a configuration's files, *given*; NULL where it has none,
 * or they wait for the clock. 0, or a code after a report */
int trust_read(gk *g, const config *c, h46017_trust **pread);
/* They go into the list. Likewise. */
int trust_take(gk *g, const config *c, const h46017_trust *read);
/* Before a handshake: what others changed counts. */
void trust_look(gk *g);
/* At once; connections that rest on entry `drop` (may be NULL) are closed. The
 * number of these. */
size_t trust_changed(gk *g, const uint8_t *drop);

/* listen.c */
bool listen_start(gk *g);
void listen_stop(gk *g);
void listen_free(gk *g);
/* New contexts by a configuration, for the connections to come: one a listener,
 * for the caller. 0 or a code after a report; NULL where its terms are not in
 * the configuration, or the own certificate is being made: listen_refresh()
 * comes by itself then. */
int listen_contexts(gk *g, const config *c, SSL_CTX *ctxs[TLS_LISTENERS]);
/* Takes those that are there into use by the configuration in force, and says
 * so. */
void listen_take(gk *g, SSL_CTX *const ctxs[TLS_LISTENERS]);
/* Takes up the own certificates anew; what is in force stays if it cannot. */
void listen_refresh(gk *g);

/* conn.c */
void conn_accept(listener *l);
void conn_capture(const h46017_trace_event *event, void *user_data);

/* registrar.c */
void registrar_callbacks(h46017_gatekeeper_callbacks *callbacks);
void registrar_recheck(gk *g);
json_t *registrar_describe(const h46017_registered *reg, h46017_time now);
json_t *registrar_describe_call(const h46017_route *call, h46017_time now);

/* control.c */
bool control_start(gk *g);
void control_stop(gk *g);

#endif
