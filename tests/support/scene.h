/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef H46017_TESTS_SCENE_H
#define H46017_TESTS_SCENE_H

/* A world with one device, whose password is "secret". */

#include "registrar.h"

#define UTC 1600000000

typedef struct scene {
  world w;
  h46017_crypto crypto;
  h46017_gatekeeper_settings gk;
  h46017_endpoint_settings ep;
  world_line *line;
} scene;

/* Clears it, and sets what both sides need for passwords. */
void scene_settings(scene *s);
/* Once the settings are as they should be; as world_init(). End it with
 * world_free(). */
int scene_world(scene *s, h46017_device_auth auth, const h46017_mem *mem);

#endif /* H46017_TESTS_SCENE_H */
