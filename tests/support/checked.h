/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef H46017_TESTS_CHECKED_H
#define H46017_TESTS_CHECKED_H

/* A message, a password, and what is asked of the tokens in it. */

#include "octets.h"
#include "ras_sample.h"

#include "identity/h235.h"

#include <h46017/h235.h>

/* Octets of the protocol notes: gatekeeper `gk`, alias `phone1`, password
 * `secret`, made at 1600000000 with random 1. */
#define WHEN 1600000000
#define RRQ_HMAC                                                               \
  "0e800000060008914a0006000000020001400500700068006f006e0065003100b500534c34" \
  "2b000000460174070008816b000201c500070008816b000205c05f5e0fff0101020067006b" \
  "06800d0a00700068006f006e00650031070008816b0002060060fea31fdbb7a92f01e9df56" \
  "0d010001000180"
#define HMAC_AT 100
#define RRQ_PWD                                                                \
  "0e800000060008914a0006000000020001400500700068006f006e0065003100b500534c34" \
  "2b0000003001040500700068006f006e00650031c05f5e0fff082a864886f70d0205008080" \
  "aab5c809882bf39c9c5be5e6a99344da010001000180"
#define PWD_AT 74

#define TOKEN                                                                  \
  "registrationRequest.cryptoTokens[0].nestedcryptoToken.cryptoHashedToken."

typedef struct checked {
  h46017_crypto crypto;
  h46017_h235_secret *secret;
  h46017_h225 *m;
  octets per;
  h46017_text senders[2];
  h46017_text recipient;
  h46017_h235_check check;
} checked;

h46017_h235_secret *secret_of(const char *password);

/* Of phone1 to gk, with this password, at WHEN. */
void checked_init(checked *f, const char *password);
void checked_free(checked *f);

/* Decodes a message and verifies it. */
int checked_octets(checked *f, const uint8_t *per, size_t len,
                   uint32_t *pkinds);
int checked_hex(checked *f, const char *hex, uint32_t *pkinds);

/* What the message holds now, encoded into `per`, with the token's hash. */
void checked_encode(checked *f);
/* The RRQ of the notes without a token. */
void checked_rrq(checked *f);

/* What the notes' RRQ was made with. */
h46017_h235_token token_of(uint32_t kinds);
/* That RRQ with such a token, encoded. */
void checked_protect(checked *f, const h46017_h235_token *t);
/* And verified. */
int checked_made(checked *f, uint32_t kinds, int64_t when, uint32_t random);

void assert_octets(const uint8_t *data, size_t len, const char *hex);

#endif /* H46017_TESTS_CHECKED_H */
