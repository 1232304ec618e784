/* SPDX-License-Identifier: BSD-2-Clause */
#include "checked.h"

#include "digest.h"

#include <h46017/error.h>

#include <check.h>
#include <string.h>

h46017_h235_secret *secret_of(const char *password) {
  h46017_crypto crypto;
  h46017_h235_secret *s = NULL;

  digest_crypto(&crypto);
  ck_assert_int_eq(
      h46017_h235_secret_new(&s, &crypto, password, strlen(password), NULL), 0);
  return s;
}

void checked_init(checked *f, const char *password) {
  memset(f, 0, sizeof(*f));
  f->secret = secret_of(password);
  ck_assert_int_eq(h46017_h225_new(&f->m, NULL, NULL), 0);
  f->senders[0] = text_of("phone1");
  f->recipient = text_of("gk");
  h46017_h235_check_default(&f->check);
  f->check.secret = f->secret;
  f->check.senders = f->senders;
  f->check.sender_count = 1;
  f->check.recipients = &f->recipient;
  f->check.recipient_count = 1;
  f->check.now = WHEN;
}

void checked_free(checked *f) {
  h46017_h225_del(f->m);
  h46017_h235_secret_del(f->secret);
  octets_free(&f->per);
}

int checked_octets(checked *f, const uint8_t *per, size_t len,
                   uint32_t *pkinds) {
  int rv = h46017_h225_decode(f->m, h46017_h225_ras_message(), per, len);

  return rv != 0 ? rv : h46017_h235_verify(f->m, per, len, &f->check, pkinds);
}

int checked_hex(checked *f, const char *hex, uint32_t *pkinds) {
  octets_free(&f->per);
  f->per = octets_hex(hex);
  return checked_octets(f, f->per.data, f->per.len, pkinds);
}

/* What the message holds now, encoded, with the token's hash. */
void checked_encode(checked *f) {
  uint8_t buf[2048];
  size_t len = 0;

  ck_assert_int_eq(h46017_h235_encode(f->m, f->secret, buf, sizeof(buf), &len),
                   0);
  octets_free(&f->per);
  octets_append(&f->per, buf, len);
}

/* The RRQ of the notes without a token. */
void checked_rrq(checked *f) {
  octets_free(&f->per);
  f->per = octets_hex(RRQ_HMAC);
  ck_assert_int_eq(h46017_h225_decode(f->m, h46017_h225_ras_message(),
                                      f->per.data, f->per.len),
                   0);
  ck_assert_int_eq(h46017_h225_remove(f->m, "registrationRequest.cryptoTokens"),
                   0);
}

h46017_h235_token token_of(uint32_t kinds) {
  h46017_h235_token t;

  h46017_h235_token_default(&t);
  t.kinds = kinds;
  t.sender = text_of("phone1");
  t.recipient = text_of("gk");
  t.now = WHEN;
  t.random = 1;
  return t;
}

void checked_protect(checked *f, const h46017_h235_token *t) {
  checked_rrq(f);
  ck_assert_int_eq(h46017_h235_add(f->m, f->secret, t), 0);
  checked_encode(f);
}

void assert_octets(const uint8_t *data, size_t len, const char *hex) {
  octets o = octets_hex(hex);

  ck_assert_uint_eq(len, o.len);
  ck_assert_mem_eq(data, o.data, len);
  octets_free(&o);
}

int checked_made(checked *f, uint32_t kinds, int64_t when, uint32_t random) {
  h46017_h235_token t = token_of(kinds);

  t.now = when;
  t.random = random;
  checked_protect(f, &t);
  return checked_octets(f, f->per.data, f->per.len, NULL);
}
