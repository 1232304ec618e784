/* SPDX-License-Identifier: BSD-2-Clause */
#include "scene.h"
#include "digest.h"

#include <check.h>
#include <string.h>

scene_record tapped;

void scene_settings(scene *s) {
  memset(s, 0, sizeof(*s));
  digest_crypto(&s->crypto);
  world_settings(&s->gk);
  s->gk.crypto = &s->crypto;
  s->gk.password_over_tcp = true;
  h46017_endpoint_settings_default(&s->ep);
  s->ep.crypto = &s->crypto;
}

int scene_world(scene *s, h46017_device_auth auth, const h46017_mem *mem) {
  world *w = &s->w;
  int rv = world_init(w, &s->gk, mem);

  if (rv == 0) {
    one_device(w, auth);
    w->secret = w->ep_password = "secret";
    w->utc = w->ep_utc = UTC;
  }
  return rv;
}

static void tap_seen(world *w, bool at_gatekeeper, const uint8_t *per,
                     size_t len) {
  h46017_h225 *m = NULL;
  h46017_ras_kind kind;
  uint16_t seq;

  (void)w;
  ck_assert_int_eq(h46017_ras_peek(per, len, &kind, &seq), 0);
  ck_assert_uint_le(len, sizeof(tapped.per[0][0]));
  memcpy(tapped.per[at_gatekeeper][kind], per, len);
  tapped.len[at_gatekeeper][kind] = len;
  ck_assert_int_eq(h46017_h225_new(&m, NULL, NULL), 0);
  ck_assert_int_eq(h46017_h225_decode(m, h46017_h225_ras_message(), per, len),
                   0);
  tapped.bare +=
      h46017_h225_count(h46017_h225_get(h46017_h225_at(h46017_h225_root(m), 0),
                                        "cryptoTokens")) == 0;
  h46017_h225_del(m);
}

void scene_begin(scene *s, h46017_device_auth auth) {
  memset(&tapped, 0, sizeof(tapped));
  scene_settings(s);
  s->w.device.auth = auth;
}

void scene_open(scene *s) {
  ck_assert_int_eq(scene_world(s, s->w.device.auth, NULL), 0);
  s->w.seen = tap_seen;
}

void scene_run(scene *s, h46017_time seconds) {
  ck_assert_int_eq(world_run(&s->w, s->w.now + seconds * 1000), 0);
}

void scene_add(scene *s) {
  ck_assert_int_eq(world_add(&s->w, &s->line, DEVICE, &s->ep), 0);
}
