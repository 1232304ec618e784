/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef H46017_TESTS_RESUMED_H
#define H46017_TESTS_RESUMED_H

/* Two sides with one trust list that meet more than once. */

#include "trusting.h"

/* Another connection with the contexts of `p`, offering what the last one
 * left. */
void again(pair *p, SSL_SESSION *session);
SSL_SESSION *left_by(const pair *p);

/* The phone and a gatekeeper, each with the list; and to the end of their first
 * handshake. */
void meet_gatekeeper(pair *p, int version, h46017_tls_profile profile,
                     const pki_cert *gk, const pki_cert *const *chain);
void meet_begin(pair *p, int version);
void meet_end(pair *p);
void meet_twice(pair *p, int version);

/* All went well, with both identities, and it was resumed or was not. */
void expect_resumed(const pair *p, bool resumed);

#endif /* H46017_TESTS_RESUMED_H */
