/* SPDX-License-Identifier: BSD-2-Clause */
#include "played.h"

#include <check.h>
#include <stdio.h>
#include <string.h>

/* -- callbacks ------------------------------------------------------------- */

static int on_connect(h46017_endpoint *ep, size_t index, void *user_data) {
  played *p = user_data;

  (void)ep;
  p->connects++;
  p->index = index;
  return 0;
}

static int on_rand(uint8_t *dest, size_t len, void *user_data) {
  (void)user_data;
  memset(dest, 0, len); /* no jitter: times are exact */
  return 0;
}

static int on_registered(h46017_endpoint *ep, uint32_t id,
                         const h46017_ras *rcf, void *user_data) {
  (void)ep, (void)id, (void)rcf;
  ((played *)user_data)->registered++;
  return 0;
}

static int on_refreshed(h46017_endpoint *ep, uint32_t id, const h46017_ras *rcf,
                        void *user_data) {
  (void)ep, (void)id, (void)rcf;
  ((played *)user_data)->refreshed++;
  return 0;
}

static int on_rejected(h46017_endpoint *ep, uint32_t id, const h46017_ras *rrj,
                       int code, void *user_data) {
  (void)ep, (void)id, (void)rrj;
  ck_assert_int_eq(code, H46017_ERR_REJECTED);
  ((played *)user_data)->rejected++;
  return 0;
}

static int on_unregistered(h46017_endpoint *ep, uint32_t id, int why,
                           void *user_data) {
  played *p = user_data;

  (void)ep, (void)id;
  p->unregistered++;
  p->why = why;
  return 0;
}

static int on_backing_off(h46017_endpoint *ep, uint32_t delay, int code,
                          void *user_data) {
  played *p = user_data;

  (void)ep;
  p->backing_off++;
  p->delay = delay;
  p->why = code;
  return 0;
}

static void put_text(char *out, size_t size, const h46017_text *text) {
  (void)snprintf(out, size, "%.*s", (int)text->len,
                 text->text != NULL ? text->text : "");
}

static void put_names(char *out, size_t size, const h46017_aliases *list) {
  size_t n = 0;

  out[0] = '\0';
  for (size_t i = 0; i < list->count && n < size; i++) {
    n += (size_t)snprintf(out + n, size - n, "%s%.*s", i > 0 ? " " : "",
                          (int)list->list[i].text.len, list->list[i].text.text);
  }
}

static int on_ras(h46017_tunnel *t, const uint8_t *per, size_t len,
                  void *user_data) {
  played *p = user_data;
  played_message *m = &p->got[p->count % PLAYED_MESSAGES];
  h46017_ras ras;

  (void)t;
  p->count++;
  ck_assert_int_eq(
      h46017_h225_decode(p->in, h46017_h225_ras_message(), per, len), 0);
  ck_assert_int_eq(h46017_ras_view(p->in, &ras), 0);
  memset(m, 0, sizeof(*m));
  m->kind = ras.kind;
  m->seq = ras.request_seq_num;
  if (ras.kind == H46017_RAS_RRQ) {
    m->keep_alive = ras.u.rrq.keep_alive;
    m->additive = ras.u.rrq.additive_registration;
    m->discovery_complete = ras.u.rrq.discovery_complete;
    m->supports_alt_gk = ras.u.rrq.supports_alt_gk;
    put_names(m->names, sizeof(m->names), &ras.u.rrq.terminal_alias);
    put_text(m->identifier, sizeof(m->identifier),
             &ras.u.rrq.endpoint_identifier);
    put_text(m->gatekeeper, sizeof(m->gatekeeper),
             &ras.u.rrq.gatekeeper_identifier);
  }
  return 0;
}

/* -- life ------------------------------------------------------------------ */

int played_init(played *p, const h46017_endpoint_settings *settings,
                const h46017_mem *mem) {
  h46017_endpoint_callbacks cb;
  int rv;

  memset(p, 0, sizeof(*p));
  p->now = 1000;
  h46017_endpoint_callbacks_default(&cb);
  cb.connect = on_connect;
  cb.rand = on_rand;
  cb.registered = on_registered;
  cb.refreshed = on_refreshed;
  cb.rejected = on_rejected;
  cb.unregistered = on_unregistered;
  cb.backing_off = on_backing_off;
  ck_assert_int_eq(h46017_h225_new(&p->in, NULL, NULL), 0);
  ck_assert_int_eq(h46017_h225_new(&p->out, NULL, NULL), 0);
  rv = h46017_endpoint_new(&p->ep, settings, &cb, mem, p, p->now);
  return rv != 0 ? rv : h46017_endpoint_start(p->ep, p->now);
}

void played_free(played *p) {
  h46017_endpoint_del(p->ep);
  h46017_tunnel_del(p->tunnel);
  h46017_h225_del(p->in);
  h46017_h225_del(p->out);
}

static size_t split(const char *names, char *room, h46017_alias *list,
                    size_t max) {
  size_t n = 0;

  (void)snprintf(room, 512, "%s", names);
  for (char *name = strtok(room, " "); name != NULL && n < max;
       name = strtok(NULL, " ")) {
    list[n++] = (h46017_alias){H46017_ALIAS_H323_ID, 0, {name, strlen(name)}};
  }
  return n;
}

int played_add(played *p, const char *names) {
  h46017_registration reg;
  h46017_alias list[16];
  char room[512];
  int rv;

  h46017_registration_default(&reg);
  reg.alias_count = split(names, room, list, 16);
  reg.aliases = list;
  rv = h46017_endpoint_add(p->ep, &reg, &p->ids[p->id_count], p->now);
  if (rv == 0) {
    p->id_count++;
    rv = played_until(p, p->now);
  }
  return rv;
}

int played_names(played *p, uint32_t id, const char *names) {
  h46017_alias list[16];
  char room[512];
  size_t n = split(names, room, list, 16);
  int rv = h46017_endpoint_add_aliases(p->ep, id, list, n, p->now);

  return rv != 0 ? rv : played_until(p, p->now);
}

/* -- the wire -------------------------------------------------------------- */

static int played_take(played *p) {
  const uint8_t *data;
  size_t len = h46017_endpoint_peek_tx(p->ep, &data);

  if (len == 0 || p->tunnel == NULL) {
    return 0;
  }
  ck_assert_int_eq(h46017_tunnel_recv(p->tunnel, data, len, p->now), 0);
  return h46017_endpoint_ack_tx(p->ep, len, p->now);
}

int played_up(played *p) {
  h46017_tunnel_callbacks cb;
  int rv;

  h46017_tunnel_callbacks_default(&cb);
  cb.ras_received = on_ras;
  h46017_tunnel_del(p->tunnel);
  ck_assert_int_eq(h46017_tunnel_new(&p->tunnel, NULL, &cb, NULL, p, p->now),
                   0);
  rv = h46017_endpoint_transport_up(p->ep, NULL, p->now);
  return rv != 0 ? rv : played_take(p);
}

int played_down(played *p, int why) {
  return h46017_endpoint_transport_down(p->ep, why, p->now);
}

int played_until(played *p, h46017_time then) {
  int rv = 0;

  while (rv == 0 && h46017_endpoint_next_expiry(p->ep) <= then) {
    h46017_time next = h46017_endpoint_next_expiry(p->ep);
    p->now = next > p->now ? next : p->now;
    rv = h46017_endpoint_handle_expiry(p->ep, p->now);
    if (rv == 0) {
      rv = played_take(p);
    }
  }
  p->now = then;
  return rv != 0 ? rv : played_take(p);
}

int played_give(played *p) {
  uint8_t per[4096];
  const uint8_t *data;
  size_t len;
  int rv;

  ck_assert_int_eq(h46017_h225_encode(p->out, per, sizeof(per), &len), 0);
  ck_assert_int_eq(h46017_tunnel_write_ras(p->tunnel, per, len), 0);
  len = h46017_tunnel_peek_tx(p->tunnel, &data);
  rv = h46017_endpoint_recv(p->ep, data, len, p->now);
  ck_assert_int_eq(h46017_tunnel_ack_tx(p->tunnel, len, p->now), 0);
  return rv != 0 ? rv : played_take(p);
}

void played_build(played *p, const h46017_ras *ras) {
  ck_assert_int_eq(h46017_ras_build(p->out, ras), 0);
}

void played_build_rcf(played *p, uint16_t seq, const char *names,
                      uint32_t ttl) {
  h46017_ras ras = {.kind = H46017_RAS_RCF, .request_seq_num = seq};
  h46017_alias list[16];
  char room[512];

  if (names != NULL) {
    ras.u.rcf.terminal_alias.count = split(names, room, list, 16);
    ras.u.rcf.terminal_alias.list = list;
    ras.u.rcf.terminal_alias.present = true;
  }
  ras.u.rcf.endpoint_identifier = (h46017_text){"1_endp", 6};
  ras.u.rcf.gatekeeper_identifier = (h46017_text){"gk", 2};
  ras.u.rcf.time_to_live = ttl;
  played_build(p, &ras);
}

int played_confirm(played *p, uint16_t seq, const char *names, uint32_t ttl) {
  played_build_rcf(p, seq, names, ttl);
  return played_give(p);
}

/* -- looking --------------------------------------------------------------- */

const played_message *played_last(const played *p) {
  ck_assert_int_gt(p->count, 0);
  return &p->got[(p->count - 1) % PLAYED_MESSAGES];
}

int played_count(const played *p, h46017_ras_kind kind) {
  int n = 0;

  for (int i = 0; i < p->count && i < PLAYED_MESSAGES; i++) {
    n += p->got[i].kind == kind;
  }
  return n;
}

const char *played_granted(const played *p, uint32_t id) {
  static char text[512];
  h46017_aliases list;

  if (h46017_endpoint_granted(p->ep, id, &list) != 0) {
    return "(not registered)";
  }
  put_names(text, sizeof(text), &list);
  return text;
}
