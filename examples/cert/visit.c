/* SPDX-License-Identifier: BSD-2-Clause */
#include "visit.h"
#include "entries.h"

#include "common/wallclock.h"

#include <h46017/endpoint.h>

#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <openssl/rand.h>
#include <openssl/ssl.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { ECHO_OCTETS = 32 };

typedef struct guest {
  visit *v;
  int fd;
  h46017_endpoint *ep;
  h46017_tls *tls; /* NULL: TCP */
  bool leaving;
  uint8_t sent[ECHO_OCTETS]; /* the first */
  uint8_t got[ECHO_OCTETS];
  size_t sent_len;
  size_t got_len;
} guest;

/* -- the socket ------------------------------------------------------------ */

static int wait_connected(int fd, uint32_t patience) {
  struct pollfd pfd = {.fd = fd, .events = POLLOUT};
  int error = ETIMEDOUT;
  socklen_t len = sizeof error;
  if (poll(&pfd, 1, (int)patience) > 0 &&
      getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &len) != 0) {
    error = errno;
  }
  return error;
}

static int dial_address(const struct addrinfo *a, uint32_t patience,
                        int *error) {
  int fd = socket(a->ai_family, a->ai_socktype | SOCK_CLOEXEC | SOCK_NONBLOCK,
                  a->ai_protocol);
  if (fd < 0) {
    *error = errno;
    return -1;
  }
  *error = connect(fd, a->ai_addr, a->ai_addrlen) == 0 ? 0 : errno;
  if (*error == EINPROGRESS) {
    *error = wait_connected(fd, patience);
  }
  if (*error != 0) {
    close(fd);
    return -1;
  }
  return fd;
}

static int dial(visit *v) {
  const struct addrinfo hints = {.ai_socktype = SOCK_STREAM};
  struct addrinfo *list = NULL;
  char port[8];
  int error = 0;
  int fd = -1;
  snprintf(port, sizeof port, "%u", v->port);
  int rc = getaddrinfo(v->host, port, &hints, &list);
  for (const struct addrinfo *a = list; a != NULL && fd < 0; a = a->ai_next) {
    fd = dial_address(a, v->patience, &error);
  }
  if (list != NULL) {
    freeaddrinfo(list);
  }
  v->connected = fd >= 0;
  if (fd < 0) {
    v->code = H46017_ERR_CONNECT;
    snprintf(v->text, sizeof v->text, "%s",
             rc ? gai_strerror(rc)
                : strerror(error)); /* NOLINT(concurrency-mt-unsafe) */
  }
  return fd;
}

/* -- what the endpoint asks and tells -------------------------------------- */

static int connect_asked(h46017_endpoint *ep, size_t index, void *user_data) {
  (void)ep;
  (void)index;
  (void)user_data;
  return 0; /* it is there already */
}

static int give_random(uint8_t *dest, size_t len, void *user_data) {
  (void)user_data;
  return RAND_bytes(dest, (int)len) == 1 ? 0 : -1;
}

static void answered(visit *v, const char *answer, const h46017_text *name) {
  v->answer = answer;
  snprintf(v->gatekeeper, sizeof v->gatekeeper, "%.*s",
           name->text ? (int)name->len : 0, name->text ? name->text : "");
}

static int registered(h46017_endpoint *ep, uint32_t id, const h46017_ras *rcf,
                      void *user_data) {
  guest *g = user_data;
  (void)ep;
  (void)id;
  answered(g->v, "registrationConfirm", &rcf->u.rcf.gatekeeper_identifier);
  return 0;
}

static int rejected(h46017_endpoint *ep, uint32_t id, const h46017_ras *rrj,
                    int code, void *user_data) {
  guest *g = user_data;
  (void)ep;
  (void)id;
  (void)code;
  answered(g->v, "registrationReject", &rrj->u.rrj.gatekeeper_identifier);
  g->v->reason = h46017_rrj_reason_name(rrj->u.rrj.reason);
  return 0;
}

static int backing_off(h46017_endpoint *ep, uint32_t delay, int code,
                       void *user_data) {
  guest *g = user_data;
  (void)ep;
  (void)delay;
  g->v->code = g->v->code ? g->v->code : code;
  return 0;
}

static int make_endpoint(guest *g) {
  const visit *v = g->v;
  const h46017_alias alias = {
      H46017_ALIAS_H323_ID, 0, {v->name, strlen(v->name)}};
  h46017_endpoint_settings settings;
  h46017_endpoint_callbacks callbacks;
  h46017_registration registration;
  h46017_endpoint_settings_default(&settings);
  settings.request_timeout = v->patience;
  h46017_endpoint_callbacks_default(&callbacks);
  callbacks.connect = connect_asked;
  callbacks.rand = give_random;
  callbacks.registered = registered;
  callbacks.rejected = rejected;
  callbacks.backing_off = backing_off;
  int code =
      h46017_endpoint_new(&g->ep, &settings, &callbacks, NULL, g, clock_ms());
  if (code == 0) {
    h46017_registration_default(&registration);
    registration.aliases = &alias;
    registration.alias_count = 1;
    code = h46017_endpoint_add(g->ep, &registration, NULL, clock_ms());
  }
  return code ? code : h46017_endpoint_start(g->ep, clock_ms());
}

/* -- TLS ------------------------------------------------------------------- */

static bool utc_now(int64_t *seconds, void *user_data) {
  const guest *g = user_data;
  *seconds = g->v->utc;
  return g->v->utc != 0;
}

static void handshake_completed(h46017_tls *t, const h46017_identity *peer,
                                void *user_data) {
  guest *g = user_data;
  visit *v = g->v;
  SSL *ssl = h46017_tls_ssl(t);
  STACK_OF(X509) *chain = SSL_get_peer_cert_chain(ssl);
  v->tls = true;
  snprintf(v->version, sizeof v->version, "%s", h46017_tls_version(t));
  snprintf(v->cipher, sizeof v->cipher, "%s", h46017_tls_cipher(t));
  for (int i = 0; i < sk_X509_num(chain); i++) {
    json_array_append_new(v->chain,
                          entries_describe_x509(sk_X509_value(chain, i)));
  }
  v->trusted = peer->proof == H46017_PROOF_CERTIFICATE &&
               h46017_trust_used(v->trust, ssl, v->entry) == 0;
}

static int start_tls(guest *g) {
  const visit *v = g->v;
  h46017_tls_settings settings;
  h46017_tls_callbacks callbacks;
  h46017_tls_settings_default(&settings);
  settings.handshake_timeout_ms = v->patience;
  settings.server_check = v->check;
  settings.server_name = v->server_name;
  settings.trust = v->trust;
  h46017_tls_callbacks_default(&callbacks);
  callbacks.handshake_completed = handshake_completed;
  callbacks.utc_now = utc_now;
  int code = h46017_tls_new(&g->tls, v->ctx, H46017_TLS_CLIENT, &settings,
                            &callbacks, NULL, g, clock_ms());
  return code ? code : h46017_tls_attach_endpoint(g->tls, g->ep);
}

/* -- the edge, with or without TLS ----------------------------------------- */

static size_t edge_peek(const guest *g, const uint8_t **pdata) {
  return g->tls ? h46017_tls_peek_tx(g->tls, pdata)
                : h46017_endpoint_peek_tx(g->ep, pdata);
}

static void edge_ack(guest *g, size_t n) {
  (void)(g->tls ? h46017_tls_ack_tx(g->tls, n, clock_ms())
                : h46017_endpoint_ack_tx(g->ep, n, clock_ms()));
}

static bool edge_is_open(const guest *g) {
  return g->tls ? h46017_tls_want_read(g->tls) || h46017_tls_want_write(g->tls)
                : h46017_endpoint_want_read(g->ep) ||
                      h46017_endpoint_want_write(g->ep);
}

static void edge_down(guest *g, int why) {
  (void)(g->tls ? h46017_tls_transport_down(g->tls, why, clock_ms())
                : h46017_endpoint_transport_down(
                      g->ep, why ? why : H46017_ERR_CLOSED, clock_ms()));
}

static void note(uint8_t *to, size_t *len, const uint8_t *data, size_t n) {
  size_t room = ECHO_OCTETS - *len;
  n = n < room ? n : room;
  memcpy(to + *len, data, n);
  *len += n;
}

/* False: the connection is gone. */
static bool send_some(guest *g) {
  const uint8_t *data = NULL;
  size_t len;
  if (g->tls != NULL) {
    (void)h46017_tls_pump(g->tls, clock_ms());
  }
  while ((len = edge_peek(g, &data)) > 0) {
    ssize_t n = send(g->fd, data, len, MSG_NOSIGNAL);
    if (n < 0 && (errno == EAGAIN || errno == EINTR)) {
      return true;
    }
    if (n < 0) {
      edge_down(g, H46017_ERR_CLOSED);
      return false;
    }
    note(g->sent, &g->sent_len, data, (size_t)n);
    edge_ack(g, (size_t)n);
  }
  return edge_is_open(g);
}

static bool receive_some(guest *g) {
  uint8_t data[2048];
  ssize_t n = read(g->fd, data, sizeof data);
  if (n < 0 && (errno == EAGAIN || errno == EINTR)) {
    return true;
  }
  if (n <= 0) {
    edge_down(g, n == 0 ? 0 : H46017_ERR_CLOSED);
    return false;
  }
  note(g->got, &g->got_len, data, (size_t)n);
  (void)(g->tls ? h46017_tls_recv(g->tls, data, (size_t)n, clock_ms())
                : h46017_endpoint_recv(g->ep, data, (size_t)n, clock_ms()));
  return true;
}

static int until_expiry(const guest *g) {
  h46017_time next = h46017_endpoint_next_expiry(g->ep);
  h46017_time now = clock_ms();
  if (g->tls != NULL && h46017_tls_next_expiry(g->tls) < next) {
    next = h46017_tls_next_expiry(g->tls);
  }
  return next <= now ? 0 : next - now > 1000 ? 1000 : (int)(next - now);
}

/* Until there is an answer and its goodbye is said, or there is none. */
static void run(guest *g) {
  h46017_time end = clock_ms() + 3 * (h46017_time)g->v->patience;
  while (send_some(g) && clock_ms() < end) {
    struct pollfd pfd = {.fd = g->fd, .events = POLLIN};
    const uint8_t *data = NULL;
    pfd.events |= edge_peek(g, &data) > 0 ? POLLOUT : 0;
    if (poll(&pfd, 1, until_expiry(g)) > 0 &&
        (pfd.revents & (POLLIN | POLLHUP | POLLERR)) != 0 && !receive_some(g)) {
      return;
    }
    if (g->tls != NULL) {
      (void)h46017_tls_handle_expiry(g->tls, clock_ms());
    }
    (void)h46017_endpoint_handle_expiry(g->ep, clock_ms());
    if (g->v->answer != NULL && !g->leaving) {
      g->leaving = true; /* a registration is given back */
      (void)h46017_endpoint_close(g->ep, clock_ms());
    }
  }
}

static void conclude(guest *g) {
  visit *v = g->v;
  v->heard = g->got_len > 0;
  v->echoed = g->got_len >= 4 && g->got_len <= g->sent_len &&
              memcmp(g->got, g->sent, g->got_len) == 0;
  if (v->answer != NULL) {
    v->code = 0;
    return;
  }
  if (g->tls != NULL && !v->tls && h46017_tls_error(g->tls) != 0) {
    v->code = h46017_tls_error(g->tls);
  }
  v->code = v->code ? v->code : H46017_ERR_TIMEOUT;
  if (g->tls != NULL) {
    snprintf(v->text, sizeof v->text, "%s", h46017_tls_error_text(g->tls));
  }
}

void visit_run(visit *v) {
  guest g = {.v = v, .fd = dial(v)};
  v->chain = json_array();
  if (g.fd < 0) {
    return;
  }
  v->code = make_endpoint(&g);
  if (v->code == 0) {
    v->code = v->ctx ? start_tls(&g)
                     : h46017_endpoint_transport_up(g.ep, NULL, clock_ms());
  }
  if (v->code == 0) {
    run(&g);
    conclude(&g);
  }
  h46017_tls_del(g.tls);
  h46017_endpoint_del(g.ep);
  close(g.fd);
}
