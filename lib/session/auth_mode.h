/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef H46017_SESSION_AUTH_MODE_H
#define H46017_SESSION_AUTH_MODE_H

/* Which password token it is to be, agreed on by GRQ and GCF: what the endpoint
 * can make and the one that the gatekeeper chooses. Kinds are H46017_H235_….
 * H.225.0 7.8, H.235.0 */

#include <h46017/h235.h>

/* Into a GRQ; no kinds: nothing. Fails as the setters do. */
int h46017_auth_offer(h46017_h225 *grq, uint32_t kinds);
/* Out of one; 0: none that is done here, or nothing was offered. */
uint32_t h46017_auth_offered(const h46017_h225 *grq);

/* Into a GCF: one kind. Fails as the setters do. */
int h46017_auth_choose(h46017_h225 *gcf, uint32_t kind);
/* Out of one; 0: it chose none that is done here, or none at all. */
uint32_t h46017_auth_chosen(const h46017_h225 *gcf);

#endif /* H46017_SESSION_AUTH_MODE_H */
