/* SPDX-License-Identifier: BSD-2-Clause */
#include "ctl.h"

#include "common/state_dir.h"
#include "common/terminal.h"

#include <h46017/error.h>

#include <errno.h>
#include <stdlib.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

enum { ANSWER_TIMEOUT = 10 /* seconds */ };

static int remote_connect(const ctl *c, bool quiet) {
  struct sockaddr_un address = {.sun_family = AF_UNIX};
  if (!state_dir_path(c->state, STATE_DIR_SOCKET, address.sun_path,
                      sizeof address.sun_path)) {
    return -1;
  }
  int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  struct timeval patience = {.tv_sec = ANSWER_TIMEOUT};
  if (fd >= 0 &&
      setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience) ==
          0 &&
      connect(fd, (const struct sockaddr *)&address, sizeof address) == 0) {
    return fd;
  }
  if (!quiet) {
    report("no gatekeeper answers on %s: %s\n  start h46017-gk, or name its "
           "directory with --state",
           address.sun_path, strerror(errno)); /* NOLINT */
  }
  if (fd >= 0) {
    close(fd);
  }
  return -1;
}

static bool send_all(int fd, const char *text, size_t len) {
  while (len > 0) {
    ssize_t n = send(fd, text, len, MSG_NOSIGNAL);
    if (n < 0 && errno != EINTR) {
      return false;
    }
    text += n > 0 ? n : 0;
    len -= n > 0 ? (size_t)n : 0;
  }
  return true;
}

json_t *remote_ask(const ctl *c, json_t *request, bool quiet) {
  char *line = json_dumps(request, JSON_COMPACT | JSON_ENSURE_ASCII);
  json_t *answer = NULL;
  json_decref(request);
  int fd = line ? remote_connect(c, quiet) : -1;
  if (fd >= 0) {
    json_error_t error = {0};
    if (send_all(fd, line, strlen(line)) && send_all(fd, "\n", 1)) {
      /* reads to the end of the first value: one line is one value */
      answer = json_loadfd(fd, JSON_DISABLE_EOF_CHECK, &error);
    }
    if (answer == NULL && !quiet) {
      report("the gatekeeper gave no answer: %s", error.text);
    }
    close(fd);
  }
  free(line);
  return answer;
}

static int print_registrations(const json_t *answer) {
  const json_t *list = json_object_get(answer, "registrations");
  size_t count = json_array_size(list);
  if (count == 0) {
    printf("nobody is registered\n");
  }
  for (size_t i = 0; i < count; i++) {
    const json_t *one = json_array_get(list, i);
    const json_t *names = json_object_get(one, "names");
    for (size_t n = 0; n < json_array_size(names); n++) {
      const char *name = json_string_value(json_array_get(names, n));
      printf("%s", n ? "," : "");
      terminal_put(stdout, name ? name : "?");
    }
    const char *peer = json_string_value(json_object_get(one, "peer"));
    const char *over = json_string_value(json_object_get(one, "transport"));
    printf("  %s%s%s by %s, expires in %" JSON_INTEGER_FORMAT " s\n",
           peer ? peer : "without a connection", over ? " over " : "",
           over ? over : "", json_string_value(json_object_get(one, "auth")),
           json_integer_value(json_object_get(one, "expires_in")));
  }
  return EXIT_DONE;
}

static int print_calls(const json_t *answer) {
  const json_t *list = json_object_get(answer, "calls");
  size_t count = json_array_size(list);
  if (count == 0) {
    printf("there are no calls\n");
  }
  for (size_t i = 0; i < count; i++) {
    const json_t *one = json_array_get(list, i);
    const char *from = json_string_value(json_object_get(one, "from"));
    const char *to = json_string_value(json_object_get(one, "to"));
    printf("%" JSON_INTEGER_FORMAT "  ",
           json_integer_value(json_object_get(one, "call")));
    terminal_put(stdout, from ? from : "?");
    printf(" to ");
    terminal_put(stdout, to ? to : "?");
    printf(", %s, %" JSON_INTEGER_FORMAT " s\n",
           json_string_value(json_object_get(one, "state")),
           json_integer_value(json_object_get(one, "seconds")));
  }
  return EXIT_DONE;
}

static int print_stats(json_t *answer, bool prometheus) {
  const char *name;
  json_t *value;
  json_object_foreach(json_object_get(answer, "stats"), name, value) {
    size_t len = strlen(name);
    if (prometheus) {
      printf("# TYPE h46017_%s %s\n", name,
             len > 6 && strcmp(name + len - 6, "_total") == 0 ? "counter"
                                                              : "gauge");
    }
    printf("%s%s %" JSON_INTEGER_FORMAT "\n", prometheus ? "h46017_" : "", name,
           json_integer_value(value));
  }
  return EXIT_DONE;
}

typedef struct remote {
  const char *name;
  const char *argument; /* the member its one argument goes to */
  const char *next;     /* what to do where it was asked for in vain */
} remote;

static const remote commands[] = {
    {"registrations", NULL, NULL},
    {"calls", NULL, NULL},
    {"stats", NULL, NULL},
    {"reload", NULL, "correct what its log names, and reload again"},
    {"drop", "name", "'h46017-ctl registrations' lists who is registered"},
    {"log", "level", "give one of these"},
};

static int print_answer(const ctl *c, const remote *command, json_t *answer,
                        bool prometheus) {
  int status = EXIT_DONE;
  if (!json_is_true(json_object_get(answer, "ok"))) {
    const char *text = json_string_value(json_object_get(answer, "text"));
    const char *name = json_string_value(json_object_get(answer, "code"));
    int code = h46017_error_find(name ? name : "INTERNAL");
    const char *next =
        h46017_error_class(code) == H46017_ERROR_CALLER ? command->next : NULL;
    report_code_next(code, next, "%s", text ? text : command->name);
    if (next != NULL) {
      json_object_set_new(answer, "remedy", json_string(next));
    }
    status = EXIT_REFUSED;
  }
  if (c->json) {
    ctl_print(json_incref(answer));
  } else if (status == EXIT_DONE && strcmp(command->name, "stats") == 0) {
    status = print_stats(answer, prometheus);
  } else if (status == EXIT_DONE &&
             strcmp(command->name, "registrations") == 0) {
    status = print_registrations(answer);
  } else if (status == EXIT_DONE && strcmp(command->name, "calls") == 0) {
    status = print_calls(answer);
  }
  return status;
}

int remote_command(const ctl *c, int argc, char **argv) {
  const remote *command = NULL;
  for (size_t i = 0; i < sizeof commands / sizeof *commands; i++) {
    if (strcmp(argv[0], commands[i].name) == 0) {
      command = &commands[i];
    }
  }
  if (command == NULL) {
    return report_usage("there is no command '%s'", argv[0]);
  }
  bool prometheus = argc == 2 && strcmp(command->name, "stats") == 0 &&
                    strcmp(argv[1], "--prometheus") == 0;
  if (!prometheus && argc != (command->argument ? 2 : 1)) {
    return report_usage("%s takes %s", command->name,
                        command->argument ? "one argument" : "no argument");
  }
  json_t *request = json_object();
  json_object_set_new(request, "command", json_string(command->name));
  if (command->argument != NULL) {
    json_object_set_new(request, command->argument, json_string(argv[1]));
  }
  json_t *answer = remote_ask(c, request, false);
  if (answer == NULL) {
    return EXIT_REFUSED;
  }
  int status = print_answer(c, command, answer, prometheus);
  json_decref(answer);
  return status;
}
