/* SPDX-License-Identifier: BSD-2-Clause */
/* Password tokens: the input is two octets of choices and a RasMessage from a
 * peer. Whatever it says is refused or accepted once; and a message of its kind
 * that we protect verifies, until one of its bits changes. */
#include "fuzz.h"

#include <h46017/error.h>
#include <h46017/h235.h>

#define NOW 1600000000

/* Stands for any hash function. With `*user_data` set it is one that a peer can
 * compute in its head: all zero, so that inputs reach what is behind it. */
static int digest(h46017_digest which, const h46017_octets *parts, size_t count,
                  uint8_t *out, void *user_data) {
  uint64_t h = FUZZ_DIGEST_INIT + (uint64_t)which;
  const bool *weak = user_data;

  for (size_t i = 0; i < count; i++) {
    for (size_t k = 0; k < parts[i].len; k++) {
      h = (h ^ parts[i].data[k]) * 1099511628211u;
    }
  }
  for (size_t i = 0; i < (which == H46017_DIGEST_MD5 ? 16u : 20u); i++) {
    out[i] = *weak ? 0 : (uint8_t)(h >> i % 8 * 8);
  }
  return 0;
}

static void check_verdict(int rv, uint32_t kinds) {
  FUZZ_ASSERT(rv == 0 || rv == H46017_ERR_NOMEM ||
              h46017_error_class(rv) == H46017_ERROR_TRUST);
  FUZZ_ASSERT((rv == 0) == (kinds != 0));
  FUZZ_ASSERT((kinds & ~(uint32_t)H46017_H235_ALL) == 0);
}

/* What a peer sent. */
static void check_received(const h46017_h225 *m, const uint8_t *per, size_t len,
                           h46017_h235_check *check) {
  h46017_h235_replay *replay = NULL;
  uint32_t kinds = 0;
  uint32_t again = 0;
  int rv = h46017_h235_replay_new(&replay, 4, NULL);

  FUZZ_ASSERT(rv == 0);
  check->replay = replay;
  rv = h46017_h235_verify(m, per, len, check, &kinds);
  check_verdict(rv, kinds);
  if (rv == 0 && kinds != H46017_H235_PWD_HASH) {
    rv = h46017_h235_verify(m, per, len, check, &again);
    FUZZ_ASSERT(rv == H46017_ERR_TOKEN_REPLAYED && again == 0);
  }
  check->replay = NULL;
  h46017_h235_replay_del(replay);
}

/* The same message as our own. */
static void check_protected(h46017_h225 *m, const h46017_h235_check *check,
                            uint8_t choice) {
  h46017_h235_token token;
  uint8_t buf[8192];
  size_t len = 0;
  size_t bit;
  uint32_t kinds = 0;

  h46017_h235_token_default(&token);
  token.sender = check->senders[0];
  token.recipient = check->recipients[0];
  token.now = NOW;
  token.random = choice;
  if (h46017_h235_add(m, check->secret, &token) != 0 ||
      h46017_h235_encode(m, check->secret, buf, sizeof(buf), &len) != 0 ||
      h46017_h225_decode(m, h46017_h225_ras_message(), buf, len) != 0) {
    return; /* too much for a message, or for the buffer */
  }
  FUZZ_ASSERT(h46017_h235_verify(m, buf, len, check, &kinds) == 0);
  FUZZ_ASSERT(kinds == H46017_H235_HMAC);
  bit = (size_t)choice * 31 % (len * 8);
  buf[bit / 8] ^= (uint8_t)(0x80 >> bit % 8);
  if (h46017_h225_decode(m, h46017_h225_ras_message(), buf, len) == 0) {
    FUZZ_ASSERT(h46017_h235_verify(m, buf, len, check, NULL) != 0);
  }
}

static bool has_tokens(const h46017_h225 *m) {
  h46017_h225_value v = h46017_h225_at(h46017_h225_root(m), 0);

  return h46017_h225_count(h46017_h225_get(v, "tokens")) > 0 ||
         h46017_h225_count(h46017_h225_get(v, "cryptoTokens")) > 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  const h46017_text senders[] = {{"phone1", 6}};
  const h46017_text recipients[] = {{"gk", 2}};
  h46017_h235_check check;
  h46017_h235_secret *secret = NULL;
  h46017_h225 *m = NULL;
  h46017_crypto crypto;
  bool weak;
  uint8_t *per;

  if (size < 3) {
    return 0;
  }
  weak = (data[0] & 1) != 0;
  h46017_crypto_default(&crypto);
  crypto.digest = digest;
  crypto.user_data = &weak;
  FUZZ_ASSERT(h46017_h235_secret_new(&secret, &crypto, "secret", 6, NULL) == 0);
  FUZZ_ASSERT(h46017_h225_new(&m, NULL, NULL) == 0);
  h46017_h235_check_default(&check);
  check.secret = secret;
  check.senders = senders;
  check.sender_count = (data[0] & 2) != 0 ? 1 : 0;
  check.recipients = recipients;
  check.recipient_count = (data[0] & 4) != 0 ? 1 : 0;
  check.now = NOW;
  check.window = (data[0] & 8) != 0 ? 0 : UINT32_MAX;
  per = fuzz_exact(data + 2, size - 2);
  if (h46017_h225_decode(m, h46017_h225_ras_message(), per, size - 2) == 0) {
    check_received(m, per, size - 2, &check);
    if (!has_tokens(m)) {
      weak = false; /* or no change of a message would change its hash */
      check_protected(m, &check, data[1]);
    }
  }
  h46017_h225_del(m);
  h46017_h235_secret_del(secret);
  free(per);
  return 0;
}
