/* SPDX-License-Identifier: BSD-2-Clause */
#include "dns.h"

#include "common/report.h"

#include <openssl/rand.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
  DNS_TIMEOUT = 2000, /* ms for the first try; c-ares doubles it */
  DNS_TRIES = 2,
  DNS_CLASS_IN = 1,
  DNS_TYPE_SRV = 33,
  TARGETS_MAX = 16
};

typedef struct watcher {
  uv_poll_t poll;
  dns *dns;
  ares_socket_t socket;
  struct watcher *next;
} watcher;

struct dns {
  uv_loop_t *loop;
  ares_channel channel;
  uv_timer_t timer;
  watcher *watchers;
};

/* -- c-ares on the loop ---------------------------------------------------- */

static void timed_out(uv_timer_t *timer);

static void dns_arm(dns *d) {
  struct timeval room;
  const struct timeval *left = ares_timeout(d->channel, NULL, &room);
  if (left == NULL) {
    uv_timer_stop(&d->timer);
    return;
  }
  uint64_t ms = (uint64_t)left->tv_sec * 1000 + (uint64_t)left->tv_usec / 1000;
  uv_timer_start(&d->timer, timed_out, ms + 1, 0);
}

static void timed_out(uv_timer_t *timer) {
  dns *d = timer->data;
  ares_process_fd(d->channel, ARES_SOCKET_BAD, ARES_SOCKET_BAD);
  dns_arm(d);
}

static void socket_ready(uv_poll_t *poll, int status, int events) {
  const watcher *w = poll->data;
  dns *d = w->dns;
  ares_socket_t s = w->socket;
  bool reads = status != 0 || (events & UV_READABLE) != 0;
  bool writes = status != 0 || (events & UV_WRITABLE) != 0;
  ares_process_fd(d->channel, reads ? s : ARES_SOCKET_BAD,
                  writes ? s : ARES_SOCKET_BAD);
  dns_arm(d);
}

static void watcher_closed(uv_handle_t *handle) {
  free(handle->data);
}

/* c-ares says what it wants to know of a socket; nothing: it closes it */
static void socket_state(void *data, ares_socket_t s, int reads, int writes) {
  dns *d = data;
  watcher **link = &d->watchers;
  while (*link != NULL && (*link)->socket != s) {
    link = &(*link)->next;
  }
  watcher *w = *link;
  if (w != NULL && !reads && !writes) {
    *link = w->next;
    uv_close((uv_handle_t *)&w->poll, watcher_closed);
    return;
  }
  if (w == NULL) {
    w = calloc(1, sizeof *w);
    if (w == NULL || uv_poll_init(d->loop, &w->poll, s) != 0) {
      free(w);
      return; /* the question times out */
    }
    w->dns = d;
    w->socket = s;
    w->poll.data = w;
    w->next = d->watchers;
    d->watchers = w;
  }
  (void)uv_poll_start(&w->poll,
                      (reads ? UV_READABLE : 0) | (writes ? UV_WRITABLE : 0),
                      socket_ready);
}

static int dns_failed(int rc) {
  report("looking names up cannot begin: %s; then: look at /etc/resolv.conf, "
         "or name a server with --dns",
         ares_strerror(rc));
  return rc;
}

int dns_open(dns **out, uv_loop_t *loop, const char *server) {
  dns *d = calloc(1, sizeof *d);
  struct ares_options options = {.timeout = DNS_TIMEOUT,
                                 .tries = DNS_TRIES,
                                 .sock_state_cb = socket_state,
                                 .sock_state_cb_data = d};
  int rc = d ? ares_library_init(ARES_LIB_INIT_ALL) : ARES_ENOMEM;
  if (rc != ARES_SUCCESS) {
    free(d);
    return dns_failed(rc);
  }
  rc = ares_init_options(&d->channel, &options,
                         ARES_OPT_TIMEOUTMS | ARES_OPT_TRIES |
                             ARES_OPT_SOCK_STATE_CB);
  if (rc == ARES_SUCCESS && server != NULL) {
    rc = ares_set_servers_ports_csv(d->channel, server);
    if (rc != ARES_SUCCESS) {
      ares_destroy(d->channel);
    }
  }
  if (rc != ARES_SUCCESS) {
    ares_library_cleanup();
    free(d);
    return dns_failed(rc);
  }
  d->loop = loop;
  uv_timer_init(loop, &d->timer);
  d->timer.data = d;
  *out = d;
  return 0;
}

static void timer_closed(uv_handle_t *handle) {
  free(handle->data);
}

void dns_close(dns *d) {
  if (d == NULL) {
    return;
  }
  ares_destroy(d->channel);
  ares_library_cleanup();
  uv_close((uv_handle_t *)&d->timer, timer_closed);
}

/* -- addresses ------------------------------------------------------------- */

static void route_answered(route *r) {
  if (--r->waiting == 0) {
    r->looking = false;
    r->found(r);
  }
}

static void addresses_came(void *arg, int status, int timeouts,
                           struct ares_addrinfo *addresses) {
  route_target *target = arg;
  (void)timeouts;
  if (status == ARES_SUCCESS) {
    target->addresses = addresses;
  } else {
    target->route->why = ares_strerror(status);
  }
  route_answered(target->route);
}

/* c-ares 1.18 asks the name server for "127.0.0.1" too */
static bool take_literal(route_target *target) {
  struct sockaddr_in in;
  struct sockaddr_in6 in6;
  const host_port *at = &target->at;
  if (uv_ip4_addr(at->host, at->port, &in) == 0) {
    memcpy(&target->literal, &in, sizeof in);
    return true;
  }
  if (uv_ip6_addr(at->host, at->port, &in6) == 0) {
    memcpy(&target->literal, &in6, sizeof in6);
    return true;
  }
  return false;
}

/* The answers of all targets are awaited: there are few, they are asked for at
 * once, and a dead server costs its timeout once. */
static void look_up_targets(route *r) {
  static const struct ares_addrinfo_hints hints = {
      .ai_flags = ARES_AI_NUMERICSERV, .ai_socktype = SOCK_STREAM};
  size_t count = r->targets != NULL ? r->target_count : 0;
  r->waiting = count + 1; /* one for this function: answers may come inside */
  for (size_t i = 0; i < count; i++) {
    route_target *target = &r->targets[i];
    char port[8];
    target->route = r;
    if (take_literal(target)) {
      route_answered(r); /* never the last one */
      continue;
    }
    snprintf(port, sizeof port, "%u", target->at.port);
    ares_getaddrinfo(r->dns->channel, target->at.host, port, &hints,
                     addresses_came, target);
  }
  dns_arm(r->dns);
  route_answered(r);
}

/* -- services -------------------------------------------------------------- */

static uint32_t random_below(uint32_t bound) {
  uint32_t number = 0;
  (void)RAND_bytes((unsigned char *)&number, sizeof number);
  return number % bound;
}

/* RFC 2782: by priority; within one, drawn by weight. Small lists: the draw
 * goes over what is left each time. */
static void put_in_order(route_target *targets, size_t count) {
  for (size_t i = 0; i < count; i++) {
    uint16_t best = targets[i].priority;
    uint32_t total = 0;
    for (size_t j = i; j < count; j++) {
      best = targets[j].priority < best ? targets[j].priority : best;
    }
    for (size_t j = i; j < count; j++) {
      /* one more than the weight: those of weight 0 have a small chance too */
      total += targets[j].priority == best ? targets[j].weight + 1U : 0;
    }
    uint32_t draw = random_below(total);
    size_t chosen = i;
    for (size_t j = i; j < count; j++) {
      if (targets[j].priority != best) {
        continue;
      }
      chosen = j;
      if (draw < targets[j].weight + 1U) {
        break;
      }
      draw -= targets[j].weight + 1U;
    }
    route_target first = targets[chosen];
    targets[chosen] = targets[i];
    targets[i] = first;
  }
}

/* The target `.` says that the service is decidedly not there. */
static bool is_target(const struct ares_srv_reply *srv) {
  return srv->host[0] != '\0' && strcmp(srv->host, ".") != 0 &&
         strlen(srv->host) < sizeof((host_port *)0)->host && srv->port != 0;
}

static void take_services(route *r, const struct ares_srv_reply *list) {
  r->targets = calloc(TARGETS_MAX, sizeof *r->targets);
  for (const struct ares_srv_reply *srv = list;
       r->targets != NULL && srv != NULL && r->target_count < TARGETS_MAX;
       srv = srv->next) {
    if (is_target(srv)) {
      route_target *target = &r->targets[r->target_count++];
      snprintf(target->at.host, sizeof target->at.host, "%s", srv->host);
      target->at.port = srv->port;
      target->priority = srv->priority;
      target->weight = srv->weight;
    }
  }
  if (r->targets != NULL) {
    put_in_order(r->targets, r->target_count);
  }
}

static void services_came(void *arg, int status, int timeouts,
                          unsigned char *answer, int len) {
  route *r = arg;
  struct ares_srv_reply *list = NULL;
  (void)timeouts;
  if (status == ARES_SUCCESS) {
    status = ares_parse_srv_reply(answer, len, &list);
  }
  if (status == ARES_SUCCESS) {
    take_services(r, list);
    ares_free_data(list);
  }
  if (r->target_count > 0) {
    look_up_targets(r);
    return;
  }
  /* TLS records that are not there are no reason to go without TLS: tcp:srv:
   * has to say so. */
  r->why = status != ARES_SUCCESS && status != ARES_ENOTFOUND &&
                   status != ARES_ENODATA
               ? ares_strerror(status)
           : r->tls ? "no SRV record _h323rs-sec._tcp (plain TCP has to be "
                      "asked for: tcp:srv:)"
                    : "no SRV record _h323rs._tcp";
  r->waiting = 1;
  route_answered(r);
}

/* -- the route ------------------------------------------------------------- */

void route_start(route *r, dns *d, const gatekeeper_address *to,
                 void (*found)(route *r), void *owner) {
  memset(r, 0, sizeof *r);
  r->dns = d;
  r->found = found;
  r->owner = owner;
  r->tls = to->tls;
  r->looking = true;
  if (to->srv) {
    char name[sizeof to->at.host + 24];
    snprintf(name, sizeof name, "%s.%s",
             to->tls ? "_h323rs-sec._tcp" : "_h323rs._tcp", to->at.host);
    ares_query(d->channel, name, DNS_CLASS_IN, DNS_TYPE_SRV, services_came, r);
    dns_arm(d);
    return;
  }
  r->targets = calloc(1, sizeof *r->targets);
  if (r->targets != NULL) {
    r->targets[0].at = to->at;
    r->target_count = 1;
  } else {
    r->why = ares_strerror(ARES_ENOMEM);
  }
  look_up_targets(r);
}

const struct sockaddr *route_next(route *r, const host_port **at) {
  while (r->target < r->target_count) {
    const route_target *target = &r->targets[r->target];
    if (!r->begun) {
      r->begun = true;
      r->node = target->addresses ? target->addresses->nodes : NULL;
      if (target->literal.ss_family != AF_UNSPEC) {
        *at = &target->at;
        return (const struct sockaddr *)&target->literal;
      }
    }
    if (r->node != NULL) {
      const struct sockaddr *address = r->node->ai_addr;
      r->node = r->node->ai_next;
      *at = &target->at;
      return address;
    }
    r->target++;
    r->begun = false;
  }
  return NULL;
}

void route_clear(route *r) {
  for (size_t i = 0; i < r->target_count; i++) {
    if (r->targets[i].addresses != NULL) {
      ares_freeaddrinfo(r->targets[i].addresses);
    }
  }
  free(r->targets);
  r->targets = NULL;
  r->target_count = 0;
}
