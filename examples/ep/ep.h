/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef EXAMPLES_EP_EP_H
#define EXAMPLES_EP_EP_H

/* The endpoint program: N endpoints on one loop, one connection each.
 *
 *     h46017_endpoint asks to connect -> connect.c opens TCP [and TLS]
 *     socket readable -> uvlink -> [h46017_tls] -> h46017_endpoint_recv
 *     before every wait (uv_prepare), for each endpoint something happened to:
 *         uvlink_service; its uv_timer armed from h46017_endpoint_next_expiry
 *
 * main.c      options, start, end     endpoint.c  one endpoint, its events
 * connect.c   getting a transport    probe.c     looking for a better one
 * calls.c     --call and --answer    h245.c      what they say in H.245
 * dns.c       names, SRV records     trust.c     whom the endpoint
 *                                                 believes, who it is */

#include "common/address.h"
#include "common/options.h"
#include "common/own.h"
#include "common/password_file.h"
#include "common/pcap.h"
#include "common/trust_state.h"
#include "common/uvlink.h"
#include "dns.h"

#include <h46017/endpoint.h>
#include <h46017/tls.h>
#include <jansson.h>

/* Exit statuses, besides those of report.h. */
enum {
  STATUS_CONNECT = 10,  /* could not connect */
  STATUS_SERVER = 11,   /* the gatekeeper's certificate, or TLS */
  STATUS_REFUSED = 12,  /* our certificate was refused */
  STATUS_REJECTED = 13, /* the registration was */
  STATUS_CALL = 14,     /* the call failed */
  STATUS_CLOCK = 15     /* the clock is not set */
};

enum {
  GATEKEEPERS_MAX = 16,
  ALTERNATES_MAX = 8,
  OPENING_MAX = 128,
  ALIASES_MAX = 16
};

typedef struct app app;
typedef struct endpoint endpoint;
typedef struct attempt attempt;
typedef struct probe probe;
typedef struct party party;

/* A name to register. */
typedef struct wanted {
  const char *text;
  h46017_alias_type type; /* UNKNOWN: what --identity says */
  bool later;             /* once the others are registered */
} wanted;

struct app {
  uv_loop_t *loop;
  gatekeeper_address gatekeepers[GATEKEEPERS_MAX];
  size_t gatekeeper_count;
  wanted aliases[ALIASES_MAX];
  size_t alias_count;
  const char *hardware_id; /* `auto`: cn */
  bool auto_id;
  char cn[256];
  h46017_alias_type identity;
  const char *state;
  own_choice choice; /* --cert, --key, --app */
  text_list trust;   /* files */
  const char *server_name;
  const char *server_dn;
  bool server_san; /* a CN is no name */
  bool insecure;
  bool pin;           /* the certificate that was seen first, and no other */
  uint32_t ttl;       /* seconds asked for; 0: the library's */
  uint32_t keepalive; /* seconds between empty TPKTs; 0: none */
  bool discover;      /* a GRQ first */
  uint32_t failback;  /* seconds between probes; UINT32_MAX: the library's */
  const char *call;   /* NULL: none */
  bool answer;
  uint32_t hangup; /* seconds */
  bool once;
  bool json;
  uint32_t count;
  const char *name_server; /* NULL: the system's */
  const char *keylog;
  const char *pcap;
  int64_t time_floor;
  const char *password_file; /* NULL: none */
  password secret;

  trust_state trusted;
  bool trust_waits; /* the files, for the clock to be set */
  own_certs own;
  SSL_CTX *tls_ctx;
  h46017_tls_digests *digests; /* of password tokens */
  uint32_t tls_ctx_number;     /* another certificate, another number */
  dns *dns;
  capture *capture;
  endpoint *endpoints;
  uint32_t running; /* endpoints not through yet */
  uint32_t started; /* of them; the others wait for those to come up */
  uint32_t opening; /* started, without an outcome so far: OPENING_MAX */
  endpoint *dirty;
  attempt *attempts; /* all that libuv has not let go of */
  probe *probes;     /* likewise */
  uv_prepare_t prepare;
  uv_signal_t signals[3];
  uv_timer_t deadline;
  bool closing;
  int status;
};

struct endpoint {
  app *app;
  uint32_t number; /* 1… */
  h46017_endpoint *ep;
  uint32_t registration;
  bool added;        /* the names that come later were given to it */
  bool adding;       /* and are not registered yet */
  json_t *names;     /* that are registered, or were last */
  h46017_call *call; /* the one --call made */
  party *parties;    /* of all its calls */
  bool connected;
  bool rejected; /* and not yet known whether that is the outcome */
  uv_timer_t hang_up;
  attempt *attempt; /* the transport, there or coming */
  uv_timer_t timer;
  endpoint *next_dirty;
  bool is_dirty;
  bool opening;      /* counted in app.opening */
  bool done;         /* it has its outcome and ends */
  bool through;      /* it has ended */
  uint32_t failed;   /* a bit for each gatekeeper that could not be had */
  size_t gatekeeper; /* index in the list: it, or the one that named `to` */
  gatekeeper_address to;
  bool is_alternate;    /* `to` was named by a gatekeeper */
  int transport_failed; /* a code to tell before the next wait */
  SSL_SESSION *session; /* what the last connection left, to be resumed at */
  size_t session_at;    /* this gatekeeper, */
  uint32_t session_ctx; /* as whom we were then */
  char peer[ADDRESS_TEXT];
  capture_flow flow;
};

/* main.c */
void app_touch(endpoint *e); /* something happened to it */
void app_done(endpoint *e, int status);
void app_opened(endpoint *e); /* it has an outcome, good or bad */
int app_status(int code);     /* the exit status for a failure */

/* endpoint.c */
int endpoint_make(endpoint *e);
void endpoint_start(endpoint *e);
void endpoint_close(endpoint *e);
void endpoint_service(endpoint *e);
json_t *endpoint_event(const endpoint *e, const char *name);

/* calls.c */
void calls_begin(endpoint *e);
void calls_forget(endpoint *e);
/* `calls` is copied with the callbacks */
void calls_callbacks(endpoint *e, h46017_endpoint_callbacks *callbacks,
                     h46017_calls_callbacks *calls);

/* connect.c */
void connect_start(endpoint *e);
void connect_service(endpoint *e);
void connect_abandon(endpoint *e);
void connect_forget(endpoint *e); /* what it would resume */
void connect_close_all(app *p);

/* trust.c */
int trust_start(app *p); /* 0, or a code after a report */
void trust_look(app *p); /* before a handshake: what changed meanwhile */
/* --pin: what a gatekeeper of the list is bound to; false: nothing yet. */
bool trust_pinned(const app *p, const gatekeeper_address *to,
                  uint8_t id[H46017_CERT_ID_LEN]);
/* Binds it to this peer. 0, or a code after a report. */
int trust_pin(app *p, const gatekeeper_address *to, SSL *ssl,
              const h46017_identity *peer);
/* Who we are, made when there is nothing. 0, or a code after a report. */
int trust_own(app *p);
/* A new context for the connections to come. 0, or a code after a report: the
 * old one stays. */
int trust_context(app *p);

/* probe.c */
int probe_start(endpoint *e, size_t gatekeeper);
void probe_forget_all(app *p);

#endif
