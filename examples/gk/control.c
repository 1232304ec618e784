/* SPDX-License-Identifier: BSD-2-Clause */
#include "gk.h"

#include "common/events.h"
#include "common/hex.h"
#include "common/report.h"
#include "common/state_dir.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

/* One request a line, a JSON object {"command": …}; one answer a line:
 * {"ok": true, …} or {"ok": false, "code": …, "text": …}. */

enum { REQUEST_MAX = 4096, CLIENTS_MAX = 16 };

typedef struct client {
  uv_pipe_t pipe;
  control *control;
  struct client *next;
  char line[REQUEST_MAX];
  size_t used;
} client;

struct control {
  gk *gk;
  uv_pipe_t listener;
  char path[sizeof((struct sockaddr_un *)0)->sun_path];
  client *clients;
  unsigned count;
};

/* -- commands
 * -------------------------------------------------------------------- */

static json_t *answer_ok(void) {
  json_t *answer = json_object();
  json_object_set_new(answer, "ok", json_true());
  return answer;
}

static json_t *answer_fail(int code, const char *text) {
  json_t *answer = json_object();
  json_object_set_new(answer, "ok", json_false());
  events_code(answer, code);
  events_text(answer, "text", text, strlen(text));
  return answer;
}

typedef struct listing {
  json_t *array;
  h46017_time now;
} listing;

static int list_one(const h46017_registered *reg, void *arg) {
  listing *list = arg;
  json_array_append_new(list->array, registrar_describe(reg, list->now));
  return 0;
}

static json_t *do_registrations(gk *g, const json_t *request) {
  (void)request;
  listing list = {json_array(), uv_now(g->loop)};
  (void)h46017_gatekeeper_each(g->gatekeeper, list_one, &list);
  json_t *answer = answer_ok();
  json_object_set_new(answer, "registrations", list.array);
  return answer;
}

static int list_call(const h46017_route *call, void *arg) {
  listing *list = arg;
  json_array_append_new(list->array, registrar_describe_call(call, list->now));
  return 0;
}

static json_t *do_calls(gk *g, const json_t *request) {
  (void)request;
  listing list = {json_array(), uv_now(g->loop)};
  (void)h46017_gatekeeper_each_call(g->gatekeeper, list_call, &list);
  json_t *answer = answer_ok();
  json_object_set_new(answer, "calls", list.array);
  return answer;
}

static json_t *do_stats(gk *g, const json_t *request) {
  (void)request;
  const struct {
    const char *name;
    uint64_t value;
  } all[] = {
      {"uptime_seconds", (uv_now(g->loop) - g->started) / 1000},
      {"connections",
       h46017_gatekeeper_connection_count(g->gatekeeper) + g->handshakes},
      {"handshakes", g->handshakes},
      {"registrations", h46017_gatekeeper_registration_count(g->gatekeeper)},
      {"calls", h46017_gatekeeper_call_count(g->gatekeeper)},
      {"connections_total", g->counters.connections},
      {"tls_refused_total", g->counters.tls_refused},
      {"registered_total", g->counters.registrations},
      {"refreshed_total", g->counters.refreshes},
      {"rejected_total", g->counters.rejections},
      {"lost_total", g->counters.losses},
      {"unregistered_total", g->counters.unregistrations},
      {"calls_total", g->counters.calls},
  };
  json_t *stats = json_object();
  for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
    json_object_set_new(stats, all[i].name,
                        json_integer((json_int_t)all[i].value));
  }
  json_t *answer = answer_ok();
  json_object_set_new(answer, "stats", stats);
  return answer;
}

static json_t *do_reload(gk *g, const json_t *request) {
  (void)request;
  return gk_reload(g)
             ? answer_ok()
             : answer_fail(H46017_ERR_INVALID_ARGUMENT,
                           "the new configuration is refused, the old one "
                           "stays; the gatekeeper's own log says why");
}

static json_t *do_drop(gk *g, const json_t *request) {
  const char *name = json_string_value(json_object_get(request, "name"));
  if (name == NULL) {
    return answer_fail(H46017_ERR_INVALID_ARGUMENT, "drop needs a name");
  }
  int code =
      h46017_gatekeeper_unregister(g->gatekeeper, name, strlen(name),
                                   H46017_URQ_MAINTENANCE, uv_now(g->loop));
  return code ? answer_fail(code, "nobody is registered under this name")
              : answer_ok();
}

static json_t *do_log(gk *g, const json_t *request) {
  const char *name = json_string_value(json_object_get(request, "level"));
  h46017_log_level level = name ? report_level_find(name) : 0;
  if (level == 0) {
    return answer_fail(H46017_ERR_INVALID_ARGUMENT,
                       "a level is error, warn, info or debug");
  }
  report_set_level(level);
  h46017_gatekeeper_set_log_level(g->gatekeeper, level);
  return answer_ok();
}

static json_t *do_devices_changed(gk *g, const json_t *request) {
  (void)request;
  gk_devices_changed(g);
  return answer_ok();
}

static bool read_id(const char *text, uint8_t id[H46017_CERT_ID_LEN]) {
  return text[strspn(text, "0123456789abcdef")] == '\0' &&
         hex_sha256(text, "", id);
}

static json_t *do_trust_changed(gk *g, const json_t *request) {
  const char *drop = json_string_value(json_object_get(request, "drop"));
  uint8_t id[H46017_CERT_ID_LEN];
  if (drop != NULL && !read_id(drop, id)) {
    return answer_fail(H46017_ERR_INVALID_ARGUMENT, "drop is a SHA-256 in hex");
  }
  size_t dropped = trust_changed(g, drop != NULL ? id : NULL);
  json_t *answer = answer_ok();
  json_object_set_new(answer, "dropped", json_integer((json_int_t)dropped));
  return answer;
}

static json_t *run_command(gk *g, const char *line, size_t len) {
  static const struct {
    const char *name;
    json_t *(*run)(gk *g, const json_t *request);
  } commands[] = {
      {"registrations", do_registrations},
      {"calls", do_calls},
      {"stats", do_stats},
      {"reload", do_reload},
      {"drop", do_drop},
      {"log", do_log},
      {"devices-changed", do_devices_changed},
      {"trust-changed", do_trust_changed},
  };
  json_t *request = json_loadb(line, len, JSON_REJECT_DUPLICATES, NULL);
  const char *name = json_string_value(json_object_get(request, "command"));
  json_t *answer = NULL;
  for (size_t i = 0; name && i < sizeof commands / sizeof *commands; i++) {
    if (strcmp(name, commands[i].name) == 0) {
      answer = commands[i].run(g, request);
      break;
    }
  }
  json_decref(request);
  return answer ? answer
                : answer_fail(H46017_ERR_INVALID_ARGUMENT,
                              "this gatekeeper has no such command");
}

/* -- one client
 * ------------------------------------------------------------------- */

static void client_freed(uv_handle_t *handle) {
  free(handle->data);
}

static void client_close(client *c) {
  if (uv_is_closing((uv_handle_t *)&c->pipe)) {
    return;
  }
  client **at = &c->control->clients;
  while (*at != NULL && *at != c) {
    at = &(*at)->next;
  }
  if (*at == c) {
    *at = c->next;
    c->control->count--;
  }
  uv_close((uv_handle_t *)&c->pipe, client_freed);
}

typedef struct reply {
  uv_write_t write;
  char *text;
} reply;

static void serve(client *c);

static void replied(uv_write_t *write, int status) {
  reply *r = (reply *)write;
  client *c = write->handle->data;
  free(r->text);
  free(r);
  if (status != 0) {
    client_close(c);
  } else {
    serve(c);
  }
}

static void send_answer(client *c, json_t *answer) {
  reply *r = calloc(1, sizeof *r);
  char *text = json_dumps(answer, JSON_COMPACT | JSON_ENSURE_ASCII);
  json_decref(answer);
  size_t len = text ? strlen(text) : 0;
  if (r == NULL || text == NULL) {
    free(r);
    free(text);
    client_close(c);
    return;
  }
  text[len] = '\n'; /* in the place of the NUL */
  r->text = text;
  uv_buf_t buf = uv_buf_init(text, (unsigned)(len + 1));
  if (uv_write(&r->write, (uv_stream_t *)&c->pipe, &buf, 1, replied) != 0) {
    free(r);
    free(text);
    client_close(c);
  }
}

static void give_room(uv_handle_t *handle, size_t suggested, uv_buf_t *buf) {
  client *c = handle->data;
  (void)suggested;
  *buf = uv_buf_init(c->line + c->used, (unsigned)(sizeof c->line - c->used));
}

static void received(uv_stream_t *stream, ssize_t nread, const uv_buf_t *buf) {
  client *c = stream->data;
  (void)buf;
  if (nread < 0) { /* also UV_ENOBUFS: a line that does not fit */
    client_close(c);
    return;
  }
  c->used += (size_t)nread;
  serve(c);
}

/* Who does not take its answers is not heard meanwhile. */
static void serve(client *c) {
  uv_stream_t *stream = (uv_stream_t *)&c->pipe;
  char *end;
  while (!uv_is_closing((uv_handle_t *)stream) &&
         uv_stream_get_write_queue_size(stream) == 0 &&
         (end = memchr(c->line, '\n', c->used)) != NULL) {
    size_t len = (size_t)(end - c->line);
    send_answer(c, run_command(c->control->gk, c->line, len));
    c->used -= len + 1;
    memmove(c->line, end + 1, c->used);
  }
  if (uv_is_closing((uv_handle_t *)stream)) {
    return;
  }
  if (uv_stream_get_write_queue_size(stream) > 0) {
    (void)uv_read_stop(stream);
    return;
  }
  int rc = uv_read_start(stream, give_room, received);
  if (rc != 0 && rc != UV_EALREADY) {
    client_close(c);
  }
}

static void incoming(uv_stream_t *server, int status) {
  control *ctl = server->data;
  client *c = status == 0 ? calloc(1, sizeof *c) : NULL;
  if (c == NULL) {
    return;
  }
  uv_pipe_init(server->loop, &c->pipe, 0);
  c->pipe.data = c;
  c->control = ctl;
  c->next = ctl->clients;
  ctl->clients = c;
  ctl->count++;
  if (uv_accept(server, (uv_stream_t *)&c->pipe) != 0 ||
      ctl->count > CLIENTS_MAX) {
    client_close(c);
    return;
  }
  serve(c);
}

/* -- the socket
 * -------------------------------------------------------------------- */

/* A socket that nobody answers on was left by a gatekeeper that was killed. */
static bool somebody_listens(const char *path) {
  struct sockaddr_un address = {.sun_family = AF_UNIX};
  int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  snprintf(address.sun_path, sizeof address.sun_path, "%s", path);
  bool there = fd >= 0 && connect(fd, (const struct sockaddr *)&address,
                                  sizeof address) == 0;
  if (fd >= 0) {
    close(fd);
  }
  return there;
}

static void control_freed(uv_handle_t *handle) {
  free(handle->data);
}

bool control_start(gk *g) {
  control *ctl = calloc(1, sizeof *ctl);
  if (ctl == NULL) {
    return false;
  }
  ctl->gk = g;
  if (!state_dir_path(g->config.state, STATE_DIR_SOCKET, ctl->path,
                      sizeof ctl->path)) {
    free(ctl);
    return false;
  }
  if (somebody_listens(ctl->path)) {
    report("a gatekeeper runs on %s already; stop it, or use another --state",
           g->config.state);
    free(ctl);
    return false;
  }
  (void)unlink(ctl->path);
  uv_pipe_init(g->loop, &ctl->listener, 0);
  ctl->listener.data = ctl;
  g->control = ctl;
  mode_t before = umask(0177); /* 0600 from its first moment */
  int rc = uv_pipe_bind(&ctl->listener, ctl->path);
  (void)umask(before);
  if (rc == 0) {
    rc = uv_listen((uv_stream_t *)&ctl->listener, CLIENTS_MAX, incoming);
  }
  if (rc != 0) {
    report("cannot make the control socket %s: %s", ctl->path, uv_strerror(rc));
    return false;
  }
  return true;
}

void control_stop(gk *g) {
  control *ctl = g->control;
  if (ctl == NULL) {
    return;
  }
  g->control = NULL;
  while (ctl->clients != NULL) {
    client_close(ctl->clients);
  }
  uv_close((uv_handle_t *)&ctl->listener, control_freed);
  /* libuv removes the socket's file itself */
}
