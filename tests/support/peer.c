/* SPDX-License-Identifier: BSD-2-Clause */
#include "peer.h"

#include "octets.h"

#include <check.h>
#include <stdio.h>
#include <string.h>

static int peer_ras(h46017_tunnel *t, const uint8_t *per, size_t len,
                    void *user_data) {
  peer *p = user_data;
  char *out = p->got[p->got_count];
  uint16_t seq;

  (void)t;
  ck_assert_int_lt(p->got_count, PEER_MESSAGES);
  ck_assert_int_eq(h46017_ras_peek(per, len, &p->kinds[p->got_count++], &seq),
                   0);
  for (size_t i = 0; i < len && i < sizeof(p->got[0]) / 2; i++) {
    (void)snprintf(out + 2 * i, 3, "%02x", per[i]);
  }
  return 0;
}

void peer_init_apart(peer *p, world *w) {
  h46017_tunnel_callbacks cb;

  memset(p, 0, sizeof(*p));
  p->w = w;
  h46017_tunnel_callbacks_default(&cb);
  cb.ras_received = peer_ras;
  ck_assert_int_eq(h46017_tunnel_new(&p->tunnel, NULL, &cb, NULL, p, w->now),
                   0);
}

void peer_init(peer *p, world *w, const h46017_identity *who) {
  peer_init_apart(p, w);
  ck_assert_int_eq(h46017_connection_new(&p->conn, w->gk, who, p, w->now), 0);
}

void peer_free(peer *p) {
  h46017_connection_del(p->conn);
  h46017_tunnel_del(p->tunnel);
}

int peer_push(peer *p) {
  const uint8_t *octets;
  size_t len = h46017_tunnel_peek_tx(p->tunnel, &octets);
  int rv = 0;

  if (len > 0) {
    rv = h46017_connection_recv(p->conn, octets, len, p->w->now);
    ck_assert_int_eq(h46017_tunnel_ack_tx(p->tunnel, len, p->w->now), 0);
  }
  return rv;
}

int peer_carry(peer *p) {
  int rv = peer_push(p);
  const uint8_t *octets;
  size_t len = h46017_connection_peek_tx(p->conn, &octets);

  if (len > 0) {
    ck_assert_int_eq(h46017_tunnel_recv(p->tunnel, octets, len, p->w->now), 0);
    ck_assert_int_eq(h46017_connection_ack_tx(p->conn, len, p->w->now), 0);
  }
  return rv;
}

int peer_send(peer *p, const char *hex) {
  octets o = octets_hex(hex);

  ck_assert_int_eq(h46017_tunnel_write_ras(p->tunnel, o.data, o.len), 0);
  octets_free(&o);
  return peer_carry(p);
}

void peer_write(peer *p, const h46017_ras *ras) {
  static uint8_t per[20000];
  h46017_h225 *msg;
  size_t len;

  ck_assert_int_eq(h46017_h225_new(&msg, NULL, NULL), 0);
  ck_assert_int_eq(h46017_ras_build(msg, ras), 0);
  ck_assert_int_eq(h46017_h225_encode(msg, per, sizeof(per), &len), 0);
  h46017_h225_del(msg);
  ck_assert_int_eq(h46017_tunnel_write_ras(p->tunnel, per, len), 0);
}

int peer_send_ras(peer *p, const h46017_ras *ras) {
  peer_write(p, ras);
  return peer_carry(p);
}

h46017_ras peer_rrq(uint16_t seq, const char *name, const char *second) {
  static h46017_alias names[8][2]; /* so many at a time */
  static unsigned next;
  h46017_alias *list = names[next++ % 8];
  h46017_ras ras = {.kind = H46017_RAS_RRQ, .request_seq_num = seq};

  list[0] = (h46017_alias){H46017_ALIAS_H323_ID, 0, {name, strlen(name)}};
  if (second != NULL) {
    list[1] = (h46017_alias){H46017_ALIAS_H323_ID, 0, {second, strlen(second)}};
  }
  ras.u.rrq.terminal_alias.list = list;
  ras.u.rrq.terminal_alias.count = second != NULL ? 2 : 1;
  ras.u.rrq.terminal_alias.present = true;
  ras.u.rrq.terminal_type = H46017_TERMINAL_TERMINAL;
  return ras;
}

const char *peer_last(const peer *p) {
  ck_assert_int_gt(p->got_count, 0);
  return p->got[p->got_count - 1];
}

h46017_ras_kind peer_last_kind(const peer *p) {
  ck_assert_int_gt(p->got_count, 0);
  return p->kinds[p->got_count - 1];
}
