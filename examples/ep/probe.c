/* SPDX-License-Identifier: BSD-2-Clause */
#include "ep.h"

#include "common/report.h"

#include <stdlib.h>

/* Is a preferred gatekeeper back? A TCP connection that comes up at one of its
 * addresses, and is closed at once, is enough to go by: the endpoint asks
 * several times in a row before it moves. */

struct probe {
  uvlink link;
  route route;
  uv_connect_t connect;
  endpoint *endpoint; /* NULL: nobody waits for the answer any more */
  size_t gatekeeper;
  probe *following; /* in app.probes */
  probe *preceding;
  app *app;
};

static void probe_free(probe *b) {
  if (b->preceding != NULL) {
    b->preceding->following = b->following;
  } else {
    b->app->probes = b->following;
  }
  if (b->following != NULL) {
    b->following->preceding = b->preceding;
  }
  route_clear(&b->route);
  free(b);
}

static void connected(uv_connect_t *connect, int status) {
  probe *b = connect->data;
  endpoint *e = b->endpoint;
  if (status == 0 && e != NULL && e->ep != NULL) {
    /* NOT_FOUND: the endpoint went elsewhere meanwhile */
    (void)h46017_endpoint_reachable(e->ep, b->gatekeeper, uv_now(e->app->loop));
    app_touch(e);
    b->endpoint = NULL;
  }
  uvlink_close(&b->link, H46017_ERR_CLOSED); /* then the next address */
}

static void try_next(probe *b);

static void link_closed(uvlink *l) {
  try_next(l->owner);
}

static const uvlink_ops link_ops = {.closed = link_closed};

static void try_next(probe *b) {
  const host_port *at;
  const struct sockaddr *address =
      b->endpoint ? route_next(&b->route, &at) : NULL;
  if (address == NULL ||
      uvlink_init(&b->link, b->app->loop, &link_ops, b) != 0) {
    probe_free(b);
    return;
  }
  b->connect.data = b;
  if (uvlink_connect(&b->link, &b->connect, address, connected) != 0) {
    uvlink_close(&b->link, H46017_ERR_CONNECT);
  }
}

static void looked_up(route *r) {
  try_next(r->owner);
}

int probe_start(endpoint *e, size_t gatekeeper) {
  probe *b = calloc(1, sizeof *b);
  if (b == NULL) {
    return 0; /* not knowing is the same as no */
  }
  b->app = e->app;
  b->endpoint = e;
  b->gatekeeper = gatekeeper;
  b->following = e->app->probes;
  if (b->following != NULL) {
    b->following->preceding = b;
  }
  e->app->probes = b;
  route_start(&b->route, e->app->dns, &e->app->gatekeepers[gatekeeper],
              looked_up, b);
  return 0;
}

/* Those that still wait for an address end with the answer. */
void probe_forget_all(app *p) {
  for (probe *b = p->probes; b != NULL; b = b->following) {
    b->endpoint = NULL;
    if (b->link.handles > 0) {
      uvlink_close(&b->link, H46017_ERR_CLOSED);
    }
  }
}
