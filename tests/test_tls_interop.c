/* SPDX-License-Identifier: BSD-2-Clause */
/* The engine over real sockets, with the openssl program as the other side: an
 * independent judge of what we send, and of what we refuse. */
#include "runner.h"
#include "tlspair.h"

#include <h46017/error.h>

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>
#include <fcntl.h>
#include <time.h>

#include <check.h>

extern char **environ;

#define PATIENCE_MS 20000
#define WORDS "a line over TLS\n"
#define SDROW "SLT revo enil a\n"

static const char *const versions[] = {"-tls1_2", "-tls1_3"};

static char dir[] = "/tmp/h46017-tls-XXXXXX";
static pki_cert root;
static pki_cert gk;
static pki_cert phone;
static pki_cert stranger;

static const char *in_dir(const char *name, char *out, size_t size) {
  int n = snprintf(out, size, "%s/%s", dir, name);

  ck_assert(n > 0 && (size_t)n < size);
  return out;
}

static void files_make(void) {
  static const pki_spec server = {.cn = {PKI_CN("gk")},
                                  .san = "DNS:gk.example.net"};
  char path[128];

  ck_assert_ptr_nonnull(mkdtemp(dir));
  root = pki_ca("Example Root");
  gk = pki_make(&server, &root);
  phone = pki_leaf("0090332f688a", &root);
  stranger = pki_leaf("0090332f688a", NULL);
  pki_write(in_dir("root.pem", path, sizeof(path)), &root, false);
  pki_write(in_dir("gk.pem", path, sizeof(path)), &gk, true);
  pki_write(in_dir("phone.pem", path, sizeof(path)), &phone, true);
  pki_write(in_dir("stranger.pem", path, sizeof(path)), &stranger, true);
}

static void files_remove(void) {
  static const char *const names[] = {"root.pem", "gk.pem", "phone.pem",
                                      "stranger.pem", "out"};
  char path[128];

  for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
    (void)unlink(in_dir(names[i], path, sizeof(path)));
  }
  (void)rmdir(dir);
  pki_free(&root);
  pki_free(&gk);
  pki_free(&phone);
  pki_free(&stranger);
}

/* -- the openssl program -------------------------------------------------- */

typedef struct program {
  pid_t pid;
  int in;   /* what it reads */
  int text; /* what it says, in order */
  char said[16384];
  size_t said_len;
} program;

static void program_start(program *g, const char *const *argv) {
  posix_spawn_file_actions_t fa;
  int in[2];
  int text[2];

  memset(g, 0, sizeof(*g));
  ck_assert_int_eq(pipe(in), 0);
  ck_assert_int_eq(pipe(text), 0);
  ck_assert_int_eq(fcntl(in[1], F_SETFD, FD_CLOEXEC), 0);
  ck_assert_int_eq(fcntl(text[0], F_SETFD, FD_CLOEXEC), 0);
  posix_spawn_file_actions_init(&fa);
  posix_spawn_file_actions_adddup2(&fa, in[0], 0);
  posix_spawn_file_actions_adddup2(&fa, text[1], 1);
  posix_spawn_file_actions_adddup2(&fa, text[1], 2);
  ck_assert_int_eq(posix_spawnp(&g->pid, argv[0], &fa, NULL,
                                (char *const *)(uintptr_t)argv, environ),
                   0);
  posix_spawn_file_actions_destroy(&fa);
  (void)close(in[0]);
  (void)close(text[1]);
  g->in = in[1];
  g->text = text[0];
  ck_assert_int_eq(fcntl(g->text, F_SETFL, O_NONBLOCK), 0);
}

static void program_listen(program *g) {
  for (;;) {
    ssize_t n =
        read(g->text, g->said + g->said_len, sizeof(g->said) - 1 - g->said_len);

    if (n <= 0) {
      break;
    }
    g->said_len += (size_t)n;
    g->said[g->said_len] = '\0';
  }
}

static h46017_time clock_now(void) {
  struct timespec ts;

  ck_assert_int_eq(clock_gettime(CLOCK_MONOTONIC, &ts), 0);
  return (h46017_time)ts.tv_sec * 1000 + (h46017_time)ts.tv_nsec / 1000000;
}

/* Ends it: gives it time to say `last` first, or where that is NULL to end by
 * itself. */
static void program_end(program *g, const char *last) {
  h46017_time until = clock_now() + PATIENCE_MS / 4;
  int status;

  (void)close(g->in);
  for (;;) {
    struct timespec wait = {0, 5000000};

    program_listen(g);
    if ((last != NULL && strstr(g->said, last) != NULL) ||
        clock_now() > until) {
      break;
    }
    if (waitpid(g->pid, &status, WNOHANG) == g->pid) {
      program_listen(g);
      (void)close(g->text);
      return;
    }
    (void)nanosleep(&wait, NULL);
  }
  (void)kill(g->pid, SIGTERM);
  (void)waitpid(g->pid, &status, 0);
  program_listen(g);
  (void)close(g->text);
}

/* -- sockets -------------------------------------------------------------- */

static int socket_listen(int *pport) {
  struct sockaddr_in a;
  socklen_t len = sizeof(a);
  int fd = socket(AF_INET, SOCK_STREAM, 0);

  ck_assert_int_ge(fd, 0);
  memset(&a, 0, sizeof(a));
  a.sin_family = AF_INET;
  a.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  ck_assert_int_eq(bind(fd, (struct sockaddr *)&a, len), 0);
  ck_assert_int_eq(listen(fd, 1), 0);
  ck_assert_int_eq(getsockname(fd, (struct sockaddr *)&a, &len), 0);
  *pport = ntohs(a.sin_port);
  return fd;
}

static int socket_connect(int port) {
  h46017_time until = clock_now() + PATIENCE_MS;

  for (;;) {
    struct sockaddr_in a;
    struct timespec wait = {0, 20000000};
    int fd = socket(AF_INET, SOCK_STREAM, 0);

    ck_assert_int_ge(fd, 0);
    memset(&a, 0, sizeof(a));
    a.sin_family = AF_INET;
    a.sin_port = htons((uint16_t)port);
    a.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (connect(fd, (struct sockaddr *)&a, sizeof(a)) == 0) {
      return fd;
    }
    (void)close(fd);
    ck_assert_msg(clock_now() < until, "openssl s_server does not listen");
    (void)nanosleep(&wait, NULL);
  }
}

/* What a newcomer's loop is: read, recv, peek, send, ack. Until it is over or
 * `want` octets have come. */
static void drive(side *s, int fd, size_t want, program *g) {
  h46017_time until = clock_now() + PATIENCE_MS;

  for (;;) {
    struct pollfd p = {fd, 0, 0};
    const uint8_t *tx;
    uint8_t rx[1500];
    ssize_t n;
    size_t len = h46017_tls_peek_tx(s->t, &tx);

    if (h46017_tls_want_read(s->t)) {
      p.events |= POLLIN;
    }
    if (len > 0) {
      p.events |= POLLOUT;
    }
    if (p.events == 0 || (want > 0 && s->app.in_len >= want)) {
      return;
    }
    ck_assert_msg(clock_now() < until, "no end in sight: %s", g->said);
    (void)poll(&p, 1, 100);
    program_listen(g);
    if ((p.revents & POLLOUT) != 0) {
      n = send(fd, tx, len, MSG_NOSIGNAL);
      if (n > 0) {
        (void)h46017_tls_ack_tx(s->t, (size_t)n, clock_now());
      } else if (n < 0 && errno != EAGAIN) {
        (void)h46017_tls_transport_down(s->t, H46017_ERR_CLOSED, clock_now());
      }
    }
    if ((p.revents & (POLLIN | POLLHUP | POLLERR)) != 0) {
      n = recv(fd, rx, sizeof(rx), 0);
      if (n > 0) {
        (void)h46017_tls_recv(s->t, rx, (size_t)n, clock_now());
      } else {
        (void)h46017_tls_transport_down(s->t, 0, clock_now());
      }
    }
  }
}

static bool openssl_is_there(void) {
  const char *const argv[] = {"openssl", "version", NULL};
  posix_spawn_file_actions_t fa;
  pid_t pid;
  int status = 1;
  int rv;

  posix_spawn_file_actions_init(&fa);
  posix_spawn_file_actions_addopen(&fa, 1, "/dev/null", O_WRONLY, 0);
  rv = posix_spawnp(&pid, argv[0], &fa, NULL, (char *const *)(uintptr_t)argv,
                    environ);
  posix_spawn_file_actions_destroy(&fa);
  if (rv != 0) {
    return false;
  }
  (void)waitpid(pid, &status, 0);
  return status == 0;
}

/* -- our server, openssl s_client ----------------------------------------- */

static void serve(const char *version, const char *cert, side *s, program *g) {
  SSL_CTX *ctx = SSL_CTX_new(TLS_server_method());
  h46017_tls_behind v = behind_vtable();
  static const char words[] = WORDS;
  char path[3][128];
  char target[32];
  const char *argv[24];
  int n = 0;
  int port = 0;
  int lfd = socket_listen(&port);
  int fd;

  (void)snprintf(target, sizeof(target), "127.0.0.1:%d", port);
  argv[n++] = "openssl";
  argv[n++] = "s_client";
  argv[n++] = "-connect";
  argv[n++] = target;
  argv[n++] = version;
  argv[n++] = "-CAfile";
  argv[n++] = in_dir("root.pem", path[0], sizeof(path[0]));
  argv[n++] = "-verify_return_error";
  argv[n++] = "-verify_hostname";
  argv[n++] = "gk.example.net";
  argv[n++] = "-servername";
  argv[n++] = "gk.example.net";
  if (cert != NULL) {
    argv[n++] = "-cert";
    argv[n++] = in_dir(cert, path[1], sizeof(path[1]));
    argv[n++] = "-key";
    argv[n++] = path[1];
  }
  argv[n] = NULL;
  ck_assert_int_eq(
      h46017_tls_ctx_defaults(ctx, H46017_TLS_SERVER, H46017_TLS_MODERN), 0);
  pki_use(ctx, &gk, NULL);
  pki_trust(ctx, &root);
  program_start(g, argv);
  fd = accept(lfd, NULL, NULL);
  ck_assert_int_ge(fd, 0);
  ck_assert_int_eq(side_new(s, ctx, H46017_TLS_SERVER, NULL, clock_now()), 0);
  ck_assert_int_eq(h46017_tls_attach(s->t, &v, &s->app), 0);
  ck_assert_int_eq(write(g->in, WORDS, strlen(WORDS)), (ssize_t)strlen(WORDS));
  s->app.out = (const uint8_t *)words;
  s->app.out_len = strlen(words);
  drive(s, fd, strlen(WORDS), g);
  if (h46017_tls_error(s->t) == 0) {
    (void)h46017_tls_close(s->t, clock_now());
    drive(s, fd, 0, g);
  }
  /* let it read the rest and end by itself, then see what it says */
  (void)shutdown(fd, SHUT_WR);
  {
    struct pollfd p = {fd, POLLIN, 0};
    uint8_t rest[256];

    while (poll(&p, 1, 5000) > 0 && recv(fd, rest, sizeof(rest), 0) > 0) {
    }
  }
  (void)close(fd);
  (void)close(lfd);
  program_end(g, NULL);
  SSL_CTX_free(ctx);
}

START_TEST(openssl_s_client_is_served) {
  static program g;
  side s;

  memset(&s, 0, sizeof(s));
  serve(versions[_i], "phone.pem", &s, &g);
  ck_assert_msg(s.completed == 1, "%s\n%s", h46017_tls_error_text(s.t), g.said);
  ck_assert_str_eq(h46017_tls_identity(s.t)->cn, "0090332f688a");
  ck_assert_int_eq((int)h46017_tls_identity(s.t)->proof,
                   (int)H46017_PROOF_CERTIFICATE);
  ck_assert_uint_eq(s.app.in_len, strlen(WORDS));
  ck_assert_mem_eq(s.app.in, WORDS, strlen(WORDS));
  ck_assert_msg(strstr(g.said, "Verify return code: 0 (ok)") != NULL, "%s",
                g.said);
  ck_assert_msg(strstr(g.said, WORDS) != NULL, "%s", g.said);
  ck_assert_msg(strstr(g.said, "Compression: NONE") != NULL, "%s", g.said);
  ck_assert_msg(strstr(g.said, "closed") != NULL, "%s", g.said);
  side_free(&s);
}
END_TEST

START_TEST(openssl_s_client_is_refused_without_a_certificate) {
  static program g;
  side s;

  memset(&s, 0, sizeof(s));
  serve(versions[_i], NULL, &s, &g);
  ck_assert_int_eq(h46017_tls_error(s.t), H46017_ERR_CERT_MISSING);
  ck_assert_int_eq(s.app.ups, 0);
  ck_assert_msg(strstr(g.said, _i == 0 ? "alert handshake failure"
                                       : "alert certificate required") != NULL,
                "%s", g.said);
  side_free(&s);
}
END_TEST

START_TEST(openssl_s_client_is_refused_with_a_stranger_s_certificate) {
  static program g;
  side s;

  memset(&s, 0, sizeof(s));
  serve(versions[_i], "stranger.pem", &s, &g);
  ck_assert_int_eq(h46017_tls_error(s.t), H46017_ERR_SELF_SIGNED_UNTRUSTED);
  ck_assert_msg(strstr(g.said, "alert unknown ca") != NULL, "%s", g.said);
  side_free(&s);
}
END_TEST

/* -- our client, openssl s_server ----------------------------------------- */

static void call(const char *version, const pki_cert *own, const char *name,
                 const char *last, side *s, program *g) {
  SSL_CTX *ctx = SSL_CTX_new(TLS_client_method());
  h46017_tls_behind v = behind_vtable();
  h46017_tls_settings set;
  static const char words[] = WORDS;
  char path[2][128];
  char port_text[16];
  const char *argv[24];
  int n = 0;
  int port = 0;
  int fd = socket_listen(&port); /* a port that is free */

  (void)close(fd);
  (void)snprintf(port_text, sizeof(port_text), "%d", port);
  argv[n++] = "openssl";
  argv[n++] = "s_server";
  argv[n++] = "-accept";
  argv[n++] = port_text;
  argv[n++] = version;
  argv[n++] = "-cert";
  argv[n++] = in_dir("gk.pem", path[0], sizeof(path[0]));
  argv[n++] = "-key";
  argv[n++] = path[0];
  argv[n++] = "-CAfile";
  argv[n++] = in_dir("root.pem", path[1], sizeof(path[1]));
  argv[n++] = "-Verify";
  argv[n++] = "3";
  argv[n++] = "-verify_return_error";
  argv[n++] = "-rev";
  argv[n] = NULL;
  ck_assert_int_eq(
      h46017_tls_ctx_defaults(ctx, H46017_TLS_CLIENT, H46017_TLS_MODERN), 0);
  if (own != NULL) {
    pki_use(ctx, own, NULL);
  }
  pki_trust(ctx, &root);
  program_start(g, argv);
  fd = socket_connect(port);
  h46017_tls_settings_default(&set);
  set.server_name = name;
  ck_assert_int_eq(side_new(s, ctx, H46017_TLS_CLIENT, &set, clock_now()), 0);
  ck_assert_int_eq(h46017_tls_attach(s->t, &v, &s->app), 0);
  s->app.out = (const uint8_t *)words;
  s->app.out_len = strlen(words);
  drive(s, fd, strlen(words), g);
  if (h46017_tls_error(s->t) == 0) {
    (void)h46017_tls_close(s->t, clock_now());
    drive(s, fd, 0, g);
  }
  (void)close(fd);
  program_end(g, last);
  SSL_CTX_free(ctx);
}

START_TEST(openssl_s_server_serves_us) {
  static program g;
  side s;

  memset(&s, 0, sizeof(s));
  call(versions[_i], &phone, "gk.example.net", "CONNECTION CLOSED", &s, &g);
  ck_assert_msg(s.completed == 1, "%s\n%s", h46017_tls_error_text(s.t), g.said);
  ck_assert_int_eq((int)h46017_tls_identity(s.t)->proof,
                   (int)H46017_PROOF_CERTIFICATE);
  ck_assert_uint_eq(s.app.in_len, strlen(SDROW));
  ck_assert_mem_eq(s.app.in, SDROW, strlen(SDROW));
  ck_assert_int_eq(h46017_tls_error(s.t), H46017_ERR_CLOSED);
  side_free(&s);
}
END_TEST

START_TEST(openssl_s_server_refuses_us) {
  const pki_cert *own = _i / 2 == 0 ? NULL : &stranger;
  static program g;
  side s;

  memset(&s, 0, sizeof(s));
  call(versions[_i % 2], own, "gk.example.net", "error:", &s, &g);
  ck_assert_msg(h46017_tls_error(s.t) == H46017_ERR_CERT_REFUSED_BY_PEER,
                "%s (%s)\n%s", h46017_error_name(h46017_tls_error(s.t)),
                h46017_tls_error_text(s.t), g.said);
  ck_assert_int_eq(s.app.downs, 1);
  ck_assert_uint_eq(s.app.in_len, 0);
  side_free(&s);
}
END_TEST

START_TEST(openssl_s_server_is_not_whom_we_asked_for) {
  static program g;
  side s;

  memset(&s, 0, sizeof(s));
  call(versions[_i], &phone, "gk2.example.net", "bad certificate", &s, &g);
  ck_assert_int_eq(h46017_tls_error(s.t), H46017_ERR_SERVER_NAME);
  ck_assert_msg(strstr(g.said, "alert bad certificate") != NULL, "%s", g.said);
  side_free(&s);
}
END_TEST

int main(void) {
  Suite *s = suite_create("tls_interop");
  TCase *tc = tcase_create("openssl");

  (void)signal(SIGPIPE, SIG_IGN);
  if (!openssl_is_there()) {
    (void)fprintf(stderr, "the openssl program is not there: skipped\n");
    return 77;
  }
  tcase_add_unchecked_fixture(tc, files_make, files_remove);
  tcase_set_timeout(tc, 60);
  tcase_add_loop_test(tc, openssl_s_client_is_served, 0, 2);
  tcase_add_loop_test(tc, openssl_s_client_is_refused_without_a_certificate, 0,
                      2);
  tcase_add_loop_test(
      tc, openssl_s_client_is_refused_with_a_stranger_s_certificate, 0, 2);
  tcase_add_loop_test(tc, openssl_s_server_serves_us, 0, 2);
  tcase_add_loop_test(tc, openssl_s_server_refuses_us, 0, 4);
  tcase_add_loop_test(tc, openssl_s_server_is_not_whom_we_asked_for, 0, 2);
  suite_add_tcase(s, tc);
  return run_suite(s);
}
