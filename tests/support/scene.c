/* SPDX-License-Identifier: BSD-2-Clause */
#include "scene.h"
#include "digest.h"

#include <string.h>

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
