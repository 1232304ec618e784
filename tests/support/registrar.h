/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef H46017_TESTS_REGISTRAR_H
#define H46017_TESTS_REGISTRAR_H

/* What tests of a gatekeeper's registrar say again and again. */

#include "peer.h"

#define DEVICE "0090332f688a"

/* The world's record has a line that begins so. */
bool tells(const world *w, const char *line);
/* Who holds a name; NULL: nobody. */
const h46017_registered *find(const world *w, const char *name);
/* Its endpointIdentifier. */
void id_of(const world *w, const char *name, char out[32]);
/* Who has proved by a certificate of this key to be `cn`, which is borrowed. */
h46017_identity proved(const char *cn, uint8_t key);
/* The program knows DEVICE, and nobody else may register. */
void one_device(world *w, h46017_device_auth auth);
/* The gatekeeper's time goes on. */
void pass(world *w, h46017_time ms);

void send_rrq(peer *p, uint16_t seq, const char *name);
/* A keep-alive RRQ for an endpointIdentifier, which is borrowed. */
h46017_ras keep_alive(uint16_t seq, const char *id);
void send_keep_alive(peer *p, uint16_t seq, const char *id);

#endif /* H46017_TESTS_REGISTRAR_H */
