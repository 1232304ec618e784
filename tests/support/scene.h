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

/* What went by in the scene that was opened last: of each kind the last that
 * came in at either side, at the gatekeeper's [1]. */
typedef struct scene_record {
  uint8_t per[2][H46017_RAS_ACF_SEQUENCE + 1][1500];
  size_t len[2][H46017_RAS_ACF_SEQUENCE + 1];
  size_t bare; /* messages without a token */
} scene_record;

extern scene_record tapped;

/* Clears it, and sets what both sides need for passwords. */
void scene_settings(scene *s);
/* Once the settings are as they should be; as world_init(). End it with
 * world_free(). */
int scene_world(scene *s, h46017_device_auth auth, const h46017_mem *mem);

/* The same for a test that ends where one fails, and looks at what goes by:
 * begun, opened once the settings are as they should be, and a line with the
 * device added. */
void scene_begin(scene *s, h46017_device_auth auth);
void scene_open(scene *s);
void scene_add(scene *s);
void scene_run(scene *s, h46017_time seconds);

#endif /* H46017_TESTS_SCENE_H */
