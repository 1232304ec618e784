/* SPDX-License-Identifier: BSD-2-Clause */
#include "sim_parts.h"

#include <stdlib.h>
#include <string.h>

void sim_pipe_send(sim *s, sim_pipe *p, const uint8_t *data, size_t len) {
  if (p->cap - p->len < len) {
    p->cap = (p->len + len) * 2;
    p->data = realloc(p->data, p->cap);
    if (p->data == NULL) {
      abort();
    }
  }
  if (len > 0) {
    memcpy(p->data + p->len, data, len);
    p->len += len;
  }
  if (p->due == H46017_TIME_NEVER) {
    p->due = s->now + sim_draw(s, 200);
  }
}

void sim_pipe_finish(sim *s, sim_link *l, sim_pipe *p) {
  if (!l->cut) {
    p->fin = true;
    sim_pipe_send(s, p, NULL, 0);
  }
}

void sim_link_open(sim_host *h) {
  sim *s = h->s;
  sim_gk *g = h->wanted < s->gk_count ? &s->gks[h->wanted] : NULL;
  sim_link *l;
  int rv = H46017_ERR_CONNECT;

  h->connect_at = H46017_TIME_NEVER;
  if (h46017_endpoint_get_state(h->ep) != H46017_ENDPOINT_CONNECTING) {
    return;
  }
  if (g == NULL) {
    sim_host_after(h, h46017_endpoint_transport_down(h->ep, H46017_ERR_CONNECT,
                                                     sim_clock(s)));
    return;
  }
  l = calloc(1, sizeof(*l));
  if (l == NULL) {
    abort();
  }
  l->gk = g;
  l->shown_at = H46017_TIME_NEVER;
  l->left = s->storm && sim_chance(s, 4) ? sim_draw(s, 2000) : SIZE_MAX;
  l->up.due = l->down.due = l->reset_at = H46017_TIME_NEVER;
  l->next = s->links;
  s->links = l;
  if (g->gk != NULL && (s->unreachable & 1U << h->wanted) == 0) {
    rv = h46017_connection_new(&l->conn, g->gk, &h->identity, l, sim_clock(s));
  }
  if (rv != 0) {
    sim_host_after(h, h46017_endpoint_transport_down(h->ep, H46017_ERR_CONNECT,
                                                     sim_clock(s)));
    return;
  }
  l->host = h;
  h->link = l;
  h->changed = s->result->steps;
  sim_host_after(h, h46017_endpoint_transport_up(h->ep, NULL, sim_clock(s)));
}

void sim_link_deliver(sim *s, sim_link *l, bool up) {
  sim_pipe *p = up ? &l->up : &l->down;
  sim_gk *g = l->gk;
  size_t len = p->len > 0 && sim_chance(s, 4)
                   ? 1 + sim_draw(s, (uint32_t)p->len)
                   : p->len;
  bool breaks = len >= l->left;
  uint8_t *octets;

  p->due = H46017_TIME_NEVER;
  len = breaks ? l->left : len;
  l->left -= l->left == SIZE_MAX ? 0 : len;
  octets = malloc(len + 1);
  if (octets == NULL) {
    abort();
  }
  if (len > 0) {
    memcpy(octets, p->data, len);
    memmove(p->data, p->data + len, p->len - len);
    p->len -= len;
  }
  if (len > 0 && up && l->conn != NULL) {
    s->speaking = l;
    (void)h46017_connection_recv(l->conn, octets, len, sim_clock(s));
    s->speaking = NULL;
  } else if (len > 0 && !up && l->host != NULL) {
    sim_host_after(
        l->host, h46017_endpoint_recv(l->host->ep, octets, len, sim_clock(s)));
  }
  free(octets);
  if (breaks) {
    sim_tell(s, "a link breaks in the middle");
    l->left = SIZE_MAX;
    p->len = 0;
    p->fin = true;
    if (!l->cut && sim_chance(s, 2)) { /* else the sender is not told */
      sim_pipe_finish(s, l, up ? &l->down : &l->up);
    }
  }
  if (p->len > 0 || (p->fin && !breaks && len > 0)) {
    sim_pipe_send(s, p, NULL, 0);
    return;
  }
  if (!p->fin) {
    return;
  }
  p->fin = false;
  if (up && l->conn != NULL) {
    (void)h46017_connection_transport_down(l->conn, H46017_ERR_CLOSED,
                                           sim_clock(s));
    if (l->conn != NULL) {
      sim_gk_let_go(l);
    }
  } else if (!up && l->host != NULL) {
    sim_host_lost(l->host, H46017_ERR_CLOSED);
  }
  sim_gk_pump(g);
}

void sim_links_sweep(sim *s) {
  for (sim_link **link = &s->links; *link != NULL;) {
    sim_link *l = *link;
    if (l->host == NULL && l->conn == NULL) {
      *link = l->next;
      free(l->up.data);
      free(l->down.data);
      free(l);
    } else {
      link = &l->next;
    }
  }
}
