/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef H46017_TESTS_TRUSTING_H
#define H46017_TESTS_TRUSTING_H

/* A trust list, and a client that meets a gatekeeper which has it. */

#include "tlspair.h"

#include <h46017/trust.h>

extern h46017_trust *trusting_list;

/* A fixture: pair_pki_setup(), and a list in `store`; NULL: in memory. */
void trusting_setup(const h46017_store *store);
void trusting_teardown(void);

int64_t trusting_now(void);
void trusting_id(const pki_cert *c, uint8_t id[32]);
void trusting_hex(const uint8_t id[32], char hex[65]);
size_t trusting_pem(char *out, size_t size, const pki_cert *c);

int trusting_add(h46017_trust *t, const pki_cert *c, h46017_trust_kind kind);
void trusting_authority(const pki_cert *c);
void trusting_end_entity(const pki_cert *c);

/* A client with this certificate against a gatekeeper with the list. */
void trusting_meet(pair *p, int version, h46017_tls_profile profile,
                   const pki_cert *client, const pki_cert *const *chain);
/* What that came to at the gatekeeper; 0: certificate good. */
int trusting_outcome(const pki_cert *client, const pki_cert *const *chain);
/* A client with the list, and the phone's certificate, against a gatekeeper
 * with this one. */
void trusting_meet_gatekeeper(pair *p, const pki_cert *gatekeeper);

#endif /* H46017_TESTS_TRUSTING_H */
