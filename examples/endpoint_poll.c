/* SPDX-License-Identifier: BSD-2-Clause */
/* A phone in one file: registers at a gatekeeper over TLS with its certificate
 * and stays registered, on poll(2) and OpenSSL, nothing else.
 *
 *     endpoint_poll HOST PORT CERT.pem KEY.pem TRUSTED.pem NAME
 *
 * NAME is what to register; the gatekeeper's certificate has to be for HOST.
 * SIGINT or SIGTERM: unregister, close, exit.
 *
 *              ┌───────────────────────────── poll(socket, until expiry) ──┐
 *              ▼                                                           │
 *   readable:  read ──▶ h46017_tls_recv ──▶ (decrypts) ──▶ the endpoint    │
 *   expired:   h46017_tls_handle_expiry, h46017_endpoint_handle_expiry     │
 *   always:    h46017_tls_pump ──▶ h46017_tls_peek_tx ──▶ write ──▶ ack_tx │
 *   neither want_read nor want_write: close, h46017_tls_transport_down ────┘
 *
 * For plain TCP leave the tls object out: h46017_endpoint_recv, _peek_tx and
 * _ack_tx take its place, and transport_up, transport_down are called here.
 */
#include <h46017/h46017.h>
#include <h46017/tls.h>

#include <openssl/rand.h>
#include <openssl/ssl.h>

#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

typedef struct phone {
  const char *host;
  const char *port;
  SSL_CTX *ctx;
  h46017_endpoint *endpoint;
  h46017_tls *tls; /* while there is a connection */
  int fd;          /* likewise; -1 */
  bool wanted;     /* the endpoint asked for a connection */
} phone;

static volatile sig_atomic_t stop;

static void on_signal(int number) {
  (void)number;
  stop = 1;
}

static h46017_time now_ms(void) {
  struct timespec ts;

  (void)clock_gettime(CLOCK_MONOTONIC, &ts);
  return (h46017_time)ts.tv_sec * 1000 + (h46017_time)ts.tv_nsec / 1000000;
}

/* -- what the endpoint asks and tells -------------------------------------- */

static int want_connection(h46017_endpoint *ep, size_t index, void *user_data) {
  phone *p = user_data;

  (void)ep;
  (void)index; /* the list has one gatekeeper */
  p->wanted = true;
  return 0;
}

static int give_random(uint8_t *dest, size_t len, void *user_data) {
  (void)user_data;
  return RAND_bytes(dest, (int)len) == 1 ? 0 : -1;
}

static int registered(h46017_endpoint *ep, uint32_t id, const h46017_ras *rcf,
                      void *user_data) {
  (void)ep;
  (void)id;
  (void)user_data;
  printf("registered, to be refreshed within %u s\n",
         (unsigned)rcf->u.rcf.time_to_live);
  return 0;
}

static int rejected(h46017_endpoint *ep, uint32_t id, const h46017_ras *rrj,
                    int code, void *user_data) {
  (void)ep;
  (void)id;
  (void)user_data;
  printf("rejected: %s (%s)\n", h46017_rrj_reason_name(rrj->u.rrj.reason),
         h46017_error_name(code));
  return 0;
}

static int backing_off(h46017_endpoint *ep, uint32_t delay, int code,
                       void *user_data) {
  (void)ep;
  (void)user_data;
  printf("%s: %s; next attempt in %u s\n", h46017_error_name(code),
         h46017_error_remedy(code), (unsigned)(delay + 999) / 1000);
  return 0;
}

/* A phone hands this to its call control. */
static int signalling_received(h46017_endpoint *ep, const h46017_q931 *msg,
                               const uint8_t *q931, size_t len,
                               void *user_data) {
  (void)ep;
  (void)q931;
  (void)user_data;
  printf("%s for call %u, %zu octets\n", h46017_q931_type_name(msg->type),
         (unsigned)msg->call_reference, len);
  return 0;
}

/* -- the transport --------------------------------------------------------- */

static void drop(phone *p) {
  h46017_tls_del(p->tls);
  p->tls = NULL;
  if (p->fd >= 0) {
    (void)close(p->fd);
    p->fd = -1;
  }
}

static void hang_up(phone *p, int why) {
  (void)h46017_tls_transport_down(p->tls, why, now_ms());
  drop(p);
}

/* A connect() that waits keeps the example short; a program that has other
 * things to do connects without blocking. */
static int dial(const phone *p) {
  const struct addrinfo hints = {.ai_socktype = SOCK_STREAM};
  struct addrinfo *list = NULL;
  int fd = -1;

  if (getaddrinfo(p->host, p->port, &hints, &list) != 0) {
    return -1;
  }
  for (const struct addrinfo *a = list; a != NULL && fd < 0; a = a->ai_next) {
    fd = socket(a->ai_family, a->ai_socktype, a->ai_protocol);
    if (fd >= 0 && (connect(fd, a->ai_addr, a->ai_addrlen) != 0 ||
                    fcntl(fd, F_SETFL, O_NONBLOCK) != 0)) {
      (void)close(fd);
      fd = -1;
    }
  }
  freeaddrinfo(list);
  return fd;
}

static void connect_phone(phone *p) {
  h46017_tls_settings settings;
  int rv = H46017_ERR_CONNECT;

  p->wanted = false;
  drop(p); /* an attempt that the endpoint waits for no longer */
  h46017_tls_settings_default(&settings);
  settings.server_name = p->host;
  p->fd = dial(p);
  if (p->fd >= 0) {
    rv = h46017_tls_new(&p->tls, p->ctx, H46017_TLS_CLIENT, &settings, NULL,
                        NULL, p, now_ms());
  }
  if (rv == 0) {
    rv = h46017_tls_attach_endpoint(p->tls, p->endpoint);
  }
  if (rv != 0) {
    drop(p);
    (void)h46017_endpoint_transport_down(p->endpoint, rv, now_ms());
  }
}

static void receive(phone *p) {
  uint8_t buf[2048];
  ssize_t n = read(p->fd, buf, sizeof(buf));

  if (n > 0) {
    /* What fails here shows in want_read and want_write. */
    (void)h46017_tls_recv(p->tls, buf, (size_t)n, now_ms());
  } else if (n == 0) {
    hang_up(p, 0);
  } else if (errno != EAGAIN && errno != EINTR) {
    hang_up(p, H46017_ERR_CLOSED);
  }
}

static void send_waiting(phone *p) {
  const uint8_t *data;
  size_t len;

  (void)h46017_tls_pump(p->tls, now_ms());
  while ((len = h46017_tls_peek_tx(p->tls, &data)) > 0) {
    ssize_t n = send(p->fd, data, len, MSG_NOSIGNAL);
    if (n < 0) {
      if (errno != EAGAIN && errno != EINTR) {
        hang_up(p, H46017_ERR_CLOSED);
      }
      return;
    }
    (void)h46017_tls_ack_tx(p->tls, (size_t)n, now_ms());
  }
  if (!h46017_tls_want_read(p->tls) && !h46017_tls_want_write(p->tls)) {
    hang_up(p, h46017_tls_error(p->tls));
  }
}

/* -- the loop -------------------------------------------------------------- */

static int until_expiry(const phone *p) {
  h46017_time next = h46017_endpoint_next_expiry(p->endpoint);
  h46017_time now = now_ms();

  if (p->tls != NULL && h46017_tls_next_expiry(p->tls) < next) {
    next = h46017_tls_next_expiry(p->tls);
  }
  if (next == H46017_TIME_NEVER) {
    return -1;
  }
  return next <= now ? 0 : next - now > 60000 ? 60000 : (int)(next - now);
}

static int run(phone *p) {
  bool stopping = false;
  int rv = h46017_endpoint_start(p->endpoint, now_ms());

  while (rv == 0) {
    struct pollfd pfd = {.fd = p->fd, .events = POLLIN};

    if (stop != 0 && !stopping) {
      stopping = true;
      rv = h46017_endpoint_close(p->endpoint, now_ms());
    }
    if (p->wanted) {
      connect_phone(p);
    }
    if (p->tls != NULL) {
      send_waiting(p);
    }
    if (stopping && p->tls == NULL) {
      break;
    }
    pfd.fd = p->fd;
    if (p->tls != NULL && h46017_tls_want_write(p->tls)) {
      pfd.events |= POLLOUT;
    }
    if (poll(&pfd, p->fd >= 0 ? 1 : 0, until_expiry(p)) > 0 &&
        (pfd.revents & (POLLIN | POLLHUP | POLLERR)) != 0) {
      receive(p);
    }
    if (p->tls != NULL) {
      (void)h46017_tls_handle_expiry(p->tls, now_ms());
    }
    rv = h46017_endpoint_handle_expiry(p->endpoint, now_ms());
  }
  if (p->tls != NULL) {
    hang_up(p, H46017_ERR_CLOSED);
  }
  return rv;
}

/* -- setting up ------------------------------------------------------------ */

static SSL_CTX *make_context(const char *cert, const char *key,
                             const char *trusted) {
  SSL_CTX *ctx = SSL_CTX_new(TLS_client_method());

  if (ctx != NULL &&
      (h46017_tls_ctx_defaults(ctx, H46017_TLS_CLIENT, H46017_TLS_MODERN) !=
           0 ||
       SSL_CTX_use_certificate_chain_file(ctx, cert) != 1 ||
       SSL_CTX_use_PrivateKey_file(ctx, key, SSL_FILETYPE_PEM) != 1 ||
       SSL_CTX_load_verify_locations(ctx, trusted, NULL) != 1)) {
    SSL_CTX_free(ctx);
    ctx = NULL;
  }
  return ctx;
}

static int make_endpoint(phone *p, const char *name) {
  const h46017_alias alias = {H46017_ALIAS_H323_ID, 0, {name, strlen(name)}};
  h46017_endpoint_callbacks callbacks;
  h46017_registration registration;
  int rv;

  h46017_endpoint_callbacks_default(&callbacks);
  callbacks.connect = want_connection;
  callbacks.rand = give_random;
  callbacks.registered = registered;
  callbacks.rejected = rejected;
  callbacks.backing_off = backing_off;
  callbacks.signalling_received = signalling_received;
  rv = h46017_endpoint_new(&p->endpoint, NULL, &callbacks, NULL, p, now_ms());
  if (rv == 0) {
    h46017_registration_default(&registration);
    registration.aliases = &alias;
    registration.alias_count = 1;
    rv = h46017_endpoint_add(p->endpoint, &registration, NULL, now_ms());
  }
  return rv;
}

int main(int argc, char **argv) {
  struct sigaction action;
  phone p = {.fd = -1};
  int rv;

  if (argc != 7) {
    fprintf(stderr, "usage: endpoint_poll HOST PORT CERT.pem KEY.pem "
                    "TRUSTED.pem NAME\n");
    return 2;
  }
  memset(&action, 0, sizeof(action));
  action.sa_handler = on_signal;
  (void)sigaction(SIGINT, &action, NULL);
  (void)sigaction(SIGTERM, &action, NULL);
  (void)setvbuf(stdout, NULL, _IOLBF, 0);
  p.host = argv[1];
  p.port = argv[2];
  p.ctx = make_context(argv[3], argv[4], argv[5]);
  if (p.ctx == NULL) {
    fprintf(stderr, "endpoint_poll: the certificate, its key or the trusted "
                    "certificates cannot be used\n");
    return 1;
  }
  rv = make_endpoint(&p, argv[6]);
  if (rv == 0) {
    rv = run(&p);
  }
  if (rv != 0) {
    fprintf(stderr, "endpoint_poll: %s: %s\n", h46017_strerror(rv),
            h46017_error_remedy(rv));
  }
  h46017_endpoint_del(p.endpoint);
  SSL_CTX_free(p.ctx);
  return rv == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
