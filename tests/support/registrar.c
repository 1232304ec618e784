/* SPDX-License-Identifier: BSD-2-Clause */
#include "registrar.h"

#include <check.h>
#include <stdio.h>
#include <string.h>

bool tells(const world *w, const char *line) {
  return world_count(w, line) > 0;
}

const h46017_registered *find(const world *w, const char *name) {
  return h46017_gatekeeper_find(w->gk, name, strlen(name));
}

void id_of(const world *w, const char *name, char out[32]) {
  ck_assert_ptr_nonnull(find(w, name));
  (void)snprintf(out, 32, "%s", find(w, name)->endpoint_identifier);
}

h46017_identity proved(const char *cn, uint8_t key) {
  h46017_identity id;
  h46017_identity_default(&id);
  id.tls = true;
  id.proof = H46017_PROOF_CERTIFICATE;
  id.cn = cn;
  id.cn_len = strlen(cn);
  memset(id.key_sha256, key, sizeof(id.key_sha256));
  memset(id.cert_sha256, key, sizeof(id.cert_sha256));
  return id;
}

void one_device(world *w, h46017_device_auth auth) {
  static const char *const device_ids[] = {DEVICE};
  w->open = false;
  w->device.name = DEVICE;
  w->device.hardware_ids = device_ids;
  w->device.hardware_id_count = 1;
  w->device.auth = auth;
}

void pass(world *w, h46017_time ms) {
  w->now += ms;
  ck_assert_int_eq(h46017_gatekeeper_handle_expiry(w->gk, w->now), 0);
}

void send_rrq(peer *p, uint16_t seq, const char *name) {
  h46017_ras ras = peer_rrq(seq, name, NULL);
  ck_assert_int_eq(peer_send_ras(p, &ras), 0);
}

h46017_ras keep_alive(uint16_t seq, const char *id) {
  h46017_ras ras = peer_rrq(seq, DEVICE, NULL);
  ras.u.rrq.keep_alive = true;
  ras.u.rrq.endpoint_identifier = (h46017_text){id, strlen(id)};
  ras.u.rrq.terminal_alias.present = false;
  ras.u.rrq.terminal_alias.count = 0;
  return ras;
}

void send_keep_alive(peer *p, uint16_t seq, const char *id) {
  h46017_ras ras = keep_alive(seq, id);
  ck_assert_int_eq(peer_send_ras(p, &ras), 0);
}
