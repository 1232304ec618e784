/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef H46017_ASN1_RAS_TOKEN_H
#define H46017_ASN1_RAS_TOKEN_H

/* Password tokens, put straight into the structures of a RAS message that is
 * built: a component at a time by its path is a walk through the message for
 * each of ten. */

#include <h46017/ras.h>

/* What is not given is not in the token. Names are BMPString as it stands, at
 * most 128 characters; nothing here is checked again. */
typedef struct h46017_ras_token {
  h46017_octets oid;       /* of a cryptoHashedToken */
  h46017_octets clear_oid; /* of the ClearToken */
  uint32_t time;
  uint32_t random;
  h46017_octets challenge;
  h46017_octets general_id;
  h46017_octets senders_id; /* of a cryptoEPPwdHash: the alias, an h323-ID */
  h46017_octets algorithm;
  h46017_octets hash;
} h46017_ras_token;

/* One each of: ClearToken, cryptoHashedToken, cryptoEPPwdHash. After a failure
 * the message is not fit to be sent. PER_BUDGET, NOMEM; INVALID_ARGUMENT: a
 * message of this kind takes no tokens. */
int h46017_ras_add_clear(h46017_h225 *m, const h46017_ras_token *t);
int h46017_ras_add_hashed(h46017_h225 *m, const h46017_ras_token *t);
int h46017_ras_add_pwd_hash(h46017_h225 *m, const h46017_ras_token *t);

#endif /* H46017_ASN1_RAS_TOKEN_H */
