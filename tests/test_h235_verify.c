/* SPDX-License-Identifier: BSD-2-Clause */
/* What a check of tokens takes, and what it refuses. */
#include "checked.h"
#include "failmem.h"
#include "runner.h"

#include <h46017/error.h>

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* -- what is refused --------------------------------------------------------
 */

START_TEST(every_flipped_bit_of_a_protected_rrq_is_refused) {
  checked f;
  h46017_h235_replay *replay = NULL;
  size_t decoded = 0;

  checked_init(&f, "secret");
  ck_assert_int_eq(h46017_h235_replay_new(&replay, 0, NULL), 0);
  f.check.replay = replay;
  f.per = octets_hex(RRQ_HMAC);
  for (size_t bit = 0; bit < f.per.len * 8; bit++) {
    int rv;
    f.per.data[bit / 8] ^= (uint8_t)(0x80 >> bit % 8);
    rv = checked_octets(&f, f.per.data, f.per.len, NULL);
    ck_assert_msg(rv < 0, "bit %zu", bit);
    decoded += h46017_error_class(rv) == H46017_ERROR_TRUST;
    /* within the hash it is the hash that is wrong, and nothing else */
    if (bit / 8 >= HMAC_AT && bit / 8 < HMAC_AT + H235_HMAC_LEN) {
      ck_assert_int_eq(rv, H46017_ERR_PASSWORD_WRONG);
    }
    f.per.data[bit / 8] ^= (uint8_t)(0x80 >> bit % 8);
  }
  ck_assert_uint_gt(decoded, f.per.len * 4); /* not the decoder's doing alone */
  /* and nothing of all that was remembered */
  ck_assert_int_eq(checked_octets(&f, f.per.data, f.per.len, NULL), 0);
  h46017_h235_replay_del(replay);
  checked_free(&f);
}
END_TEST

START_TEST(an_octet_behind_the_message_is_covered_too) {
  checked f;

  checked_init(&f, "secret");
  ck_assert_int_eq(checked_hex(&f, RRQ_HMAC "00", NULL),
                   H46017_ERR_PASSWORD_WRONG);
  checked_free(&f);
}
END_TEST

/* The MD5 kinds say nothing about the message that carries them. */
START_TEST(a_password_hash_does_not_cover_the_message) {
  checked f;

  checked_init(&f, "secret");
  f.per = octets_hex(RRQ_PWD);
  f.per.data[2] ^= 1; /* requestSeqNum */
  ck_assert_int_eq(checked_octets(&f, f.per.data, f.per.len, NULL), 0);
  f.check.kinds = H46017_H235_HMAC; /* who wants more asks for it */
  ck_assert_int_eq(checked_octets(&f, f.per.data, f.per.len, NULL),
                   H46017_ERR_PASSWORD_MISSING);
  f.per.data[PWD_AT] ^= 1; /* what does not count must be right all the same */
  ck_assert_int_eq(checked_octets(&f, f.per.data, f.per.len, NULL),
                   H46017_ERR_PASSWORD_WRONG);
  checked_free(&f);
}
END_TEST

START_TEST(an_altered_message_with_a_proof_of_the_password_says_so) {
  checked f;
  h46017_h235_token t = token_of(H46017_H235_ALL);

  checked_init(&f, "secret");
  checked_protect(&f, &t);
  f.per.data[2] ^= 1;
  ck_assert_int_eq(checked_octets(&f, f.per.data, f.per.len, NULL),
                   H46017_ERR_TOKEN_INTEGRITY);
  checked_free(&f);
}
END_TEST

START_TEST(a_time_outside_of_the_window_is_refused) {
  static const char *const hex[] = {RRQ_HMAC, RRQ_PWD};

  for (size_t i = 0; i < 2; i++) {
    checked f;
    checked_init(&f, "secret");
    f.check.now = WHEN + 300;
    ck_assert_int_eq(checked_hex(&f, hex[i], NULL), 0);
    f.check.now = WHEN + 301;
    ck_assert_int_eq(checked_hex(&f, hex[i], NULL), H46017_ERR_TOKEN_TIME);
    f.check.now = WHEN - 300;
    ck_assert_int_eq(checked_hex(&f, hex[i], NULL), 0);
    f.check.now = WHEN - 301;
    ck_assert_int_eq(checked_hex(&f, hex[i], NULL), H46017_ERR_TOKEN_TIME);
    f.check.window = H46017_H235_WINDOW_MAX;
    f.check.now = WHEN + H46017_H235_WINDOW_MAX;
    ck_assert_int_eq(checked_hex(&f, hex[i], NULL), 0);
    f.check.now++;
    ck_assert_int_eq(checked_hex(&f, hex[i], NULL), H46017_ERR_TOKEN_TIME);
    f.check.now = -1;
    ck_assert_int_eq(checked_hex(&f, hex[i], NULL), H46017_ERR_TOKEN_TIME);
    checked_free(&f);
  }
}
END_TEST

START_TEST(another_sender_or_recipient_is_refused) {
  checked f;

  checked_init(&f, "secret");
  f.senders[0] = text_of("phone2");
  ck_assert_int_eq(checked_hex(&f, RRQ_HMAC, NULL), H46017_ERR_TOKEN_SENDER);
  ck_assert_int_eq(checked_hex(&f, RRQ_PWD, NULL), H46017_ERR_TOKEN_SENDER);
  f.senders[1] = text_of("phone1");
  f.check.sender_count = 2;
  f.recipient = text_of("another");
  ck_assert_int_eq(checked_hex(&f, RRQ_HMAC, NULL), H46017_ERR_TOKEN_RECIPIENT);
  ck_assert_int_eq(checked_hex(&f, RRQ_PWD, NULL), 0);
  f.check.sender_count = 0;
  f.check.recipient_count = 0;
  ck_assert_int_eq(checked_hex(&f, RRQ_HMAC, NULL), 0);
  checked_free(&f);
}
END_TEST

START_TEST(a_message_without_a_token_has_none) {
  checked f;

  checked_init(&f, "secret");
  ck_assert_int_eq(checked_hex(&f, FULL_RRQ, NULL),
                   H46017_ERR_PASSWORD_MISSING);
  checked_free(&f);
}
END_TEST

/* Sets a component of the token of the notes' RRQ, and has the hash made anew:
 * what is refused then is what was set. */

static void begin_token(checked *f) {
  h46017_h235_token t = token_of(H46017_H235_HMAC);

  checked_rrq(f);
  ck_assert_int_eq(h46017_h235_add(f->m, f->secret, &t), 0);
}

static int end_token(checked *f) {
  checked_encode(f);
  return checked_octets(f, f->per.data, f->per.len, NULL);
}

START_TEST(version_1_is_accepted_and_nothing_else) {
  static const char *const places[] = {TOKEN "tokenOID",
                                       TOKEN "hashedVals.tokenOID",
                                       TOKEN "token.algorithmOID"};
  static const int arcs[] = {H235_OID_A, H235_OID_T, H235_OID_U};

  for (int version = 1; version <= 3; version++) {
    checked f;
    checked_init(&f, "secret");
    begin_token(&f);
    for (size_t i = 0; i < 3; i++) {
      char oid[32];
      (void)snprintf(oid, sizeof(oid), "0.0.8.235.0.%d.%d", version, arcs[i]);
      ck_assert_int_eq(h46017_h225_set_text(f.m, places[i], oid, strlen(oid)),
                       0);
    }
    ck_assert_int_eq(end_token(&f),
                     version == 3 ? H46017_ERR_TOKEN_ALGORITHM : 0);
    checked_free(&f);
  }
  for (size_t i = 0; i < 3; i++) {
    checked f;
    checked_init(&f, "secret");
    begin_token(&f);
    ck_assert_int_eq(
        h46017_h225_set_text(f.m, places[i], "0.0.8.235.0.2.2", 15), 0);
    ck_assert_int_eq(end_token(&f), H46017_ERR_TOKEN_ALGORITHM);
    checked_free(&f);
  }
}
END_TEST

START_TEST(any_random_is_accepted) {
  static const char *const randoms[] = {
      "01",       "80",         "ff",       "80000000",
      "ffffffff", "00ffffffff", "7fffffff", "0102030405060708090a"};

  for (size_t i = 0; i < sizeof(randoms) / sizeof(randoms[0]); i++) {
    octets random = octets_hex(randoms[i]);
    checked f;
    checked_init(&f, "secret");
    begin_token(&f);
    ck_assert_int_eq(h46017_h225_set_octets(f.m, TOKEN "hashedVals.random",
                                            random.data, random.len),
                     0);
    ck_assert_int_eq(end_token(&f), 0);
    octets_free(&random);
    checked_free(&f);
  }
}
END_TEST

START_TEST(a_token_without_recipient_is_accepted_without_sender_not) {
  checked f;

  checked_init(&f, "secret");
  begin_token(&f);
  ck_assert_int_eq(h46017_h225_remove(f.m, TOKEN "hashedVals.generalID"), 0);
  ck_assert_int_eq(end_token(&f), 0);
  begin_token(&f);
  ck_assert_int_eq(h46017_h225_remove(f.m, TOKEN "hashedVals.sendersID"), 0);
  ck_assert_int_eq(end_token(&f), H46017_ERR_TOKEN_SENDER);
  checked_free(&f);
}
END_TEST

START_TEST(a_malformed_token_is_refused) {
  static const uint8_t hash[16] = {0};
  checked f;

  checked_init(&f, "secret");
  begin_token(&f);
  ck_assert_int_eq(h46017_h225_remove(f.m, TOKEN "hashedVals.timeStamp"), 0);
  ck_assert_int_eq(end_token(&f), H46017_ERR_TOKEN_FORMAT);
  for (size_t bits = 88; bits <= 104; bits++) {
    begin_token(&f);
    ck_assert_int_eq(h46017_h225_set_bits(f.m, TOKEN "token.hash", hash, bits),
                     0);
    ck_assert_int_eq(end_token(&f), bits == 96 ? 0 : H46017_ERR_TOKEN_FORMAT);
  }
  checked_free(&f);
}
END_TEST

START_TEST(two_hmacs_in_one_message_are_refused) {
  checked f;
  h46017_h235_token t = token_of(H46017_H235_HMAC);

  checked_init(&f, "secret");
  begin_token(&f);
  ck_assert_int_eq(h46017_h235_add(f.m, f.secret, &t), 0);
  ck_assert_int_eq(end_token(&f), H46017_ERR_TOKEN_FORMAT);
  checked_free(&f);
}
END_TEST

START_TEST(eight_tokens_are_looked_at_and_a_ninth_is_refused) {
  for (int count = 8; count <= 9; count++) {
    checked f;
    h46017_h235_token t = token_of(H46017_H235_PWD_HASH);
    checked_init(&f, "secret");
    checked_rrq(&f);
    for (int i = 0; i < count; i++) {
      ck_assert_int_eq(h46017_h235_add(f.m, f.secret, &t), 0);
    }
    ck_assert_int_eq(end_token(&f), count == 8 ? 0 : H46017_ERR_TOKEN_FORMAT);
    checked_free(&f);
  }
}
END_TEST

START_TEST(tokens_of_others_are_left_alone) {
  checked f;

  checked_init(&f, "secret");
  begin_token(&f);
  ck_assert_int_eq(h46017_h225_set_text(f.m,
                                        "registrationRequest.tokens[0]."
                                        "tokenOID",
                                        "0.0.8.235.0.3.24", 16),
                   0);
  ck_assert_int_eq(end_token(&f), 0);
  checked_free(&f);
}
END_TEST

START_TEST(the_octet_of_an_access_token_has_any_sign) {
  for (int random = -128; random <= 256; random++) {
    checked f;
    h46017_h235_token t = token_of(H46017_H235_ACCESS_TOKEN);
    checked_init(&f, "secret");
    t.random = (uint32_t)random;
    checked_rrq(&f);
    ck_assert_int_eq(h46017_h235_add(f.m, f.secret, &t), 0);
    ck_assert_int_eq(h46017_h225_set_int(
                         f.m, "registrationRequest.tokens[0].random", random),
                     0);
    ck_assert_int_eq(end_token(&f), random < 256 ? 0 : H46017_ERR_TOKEN_FORMAT);
    checked_free(&f);
  }
}
END_TEST

/* -- each of the three by itself ------------------------------------------- */

#define PWD "registrationRequest.cryptoTokens[0].cryptoEPPwdHash."
#define ACCESS "registrationRequest.tokens[0]."

static void begin(checked *f, uint32_t kinds) {
  h46017_h235_token t = token_of(kinds);

  checked_rrq(f);
  ck_assert_int_eq(h46017_h235_add(f->m, f->secret, &t), 0);
}

static void set_oid(checked *f, const char *place, const char *oid) {
  ck_assert_int_eq(h46017_h225_set_text(f->m, place, oid, strlen(oid)), 0);
}

START_TEST(an_algorithm_is_known_by_all_of_its_identifier) {
  static const struct {
    uint32_t kind;
    const char *place;
    const char *oid;
  } rows[] = {
      {H46017_H235_HMAC, TOKEN "tokenOID", "0.0.8.235.0.2.1.1"},
      {H46017_H235_HMAC, TOKEN "tokenOID", "0.0.8.236.0.2.1"},
      {H46017_H235_PWD_HASH, PWD "token.algorithmOID", "1.2.840.113549.2.6"},
      {H46017_H235_PWD_HASH, PWD "token.algorithmOID", "1.2.840.113549.2.5.1"},
      {H46017_H235_PWD_HASH, PWD "token.algorithmOID", "1.2.840.113549.2"},
  };
  checked f;

  checked_init(&f, "secret");
  for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
    begin(&f, rows[i].kind);
    set_oid(&f, rows[i].place, rows[i].oid);
    ck_assert_int_eq(end_token(&f), H46017_ERR_TOKEN_ALGORITHM);
  }
  /* an access token of another kind is none */
  begin(&f, H46017_H235_ACCESS_TOKEN);
  set_oid(&f, ACCESS "tokenOID", "1.2.840.113548.10.1.2.2");
  ck_assert_int_eq(end_token(&f), H46017_ERR_PASSWORD_MISSING);
  checked_free(&f);
}
END_TEST

START_TEST(each_kind_says_who_sent_it_and_knows_the_password) {
  static const uint32_t kinds[] = {H46017_H235_HMAC, H46017_H235_PWD_HASH,
                                   H46017_H235_ACCESS_TOKEN};
  h46017_h235_secret *wrong = secret_of("Secret");
  checked f;

  checked_init(&f, "secret");
  for (size_t i = 0; i < 3; i++) {
    begin(&f, kinds[i]);
    checked_encode(&f);
    f.senders[0] = text_of("phone2");
    ck_assert_int_eq(checked_octets(&f, f.per.data, f.per.len, NULL),
                     H46017_ERR_TOKEN_SENDER);
    f.senders[0] = text_of("phone1");
    f.check.secret = wrong;
    ck_assert_int_eq(checked_octets(&f, f.per.data, f.per.len, NULL),
                     H46017_ERR_PASSWORD_WRONG);
    f.check.secret = f.secret;
    ck_assert_int_eq(checked_octets(&f, f.per.data, f.per.len, NULL), 0);
  }
  h46017_h235_secret_del(wrong);
  checked_free(&f);
}
END_TEST

static void set_sender(checked *f, const uint8_t *bmp, size_t len) {
  begin_token(f);
  ck_assert_int_eq(
      h46017_h225_set_octets(f->m, TOKEN "hashedVals.sendersID", bmp, len), 0);
}

START_TEST(a_name_ends_where_it_ends) {
  static const uint8_t capital[] = {0, 'a', 1, 0}; /* a and A with a macron */
  static const uint8_t half[] = {0, 'a', 0xd8, 0};
  uint8_t longest[2 * 128];
  char text[129];
  checked f;

  checked_init(&f, "secret");
  f.senders[0] = text_of("a");
  set_sender(&f, capital, sizeof(capital));
  ck_assert_int_eq(end_token(&f), H46017_ERR_TOKEN_SENDER);
  f.senders[0] = text_of("a\xc4\x80");
  set_sender(&f, capital, sizeof(capital));
  ck_assert_int_eq(end_token(&f), 0);
  /* 128 characters, and no U+0000 behind them */
  for (size_t i = 0; i < 128; i++) {
    longest[2 * i] = 0;
    longest[2 * i + 1] = 'n';
    text[i] = 'n';
  }
  f.senders[0] = (h46017_text){text, 128};
  set_sender(&f, longest, sizeof(longest));
  ck_assert_int_eq(end_token(&f), 0);
  /* what is no text is nobody's, whoever may send */
  f.check.sender_count = 0;
  set_sender(&f, half, sizeof(half));
  ck_assert_int_eq(end_token(&f), H46017_ERR_TOKEN_FORMAT);
  checked_free(&f);
}
END_TEST

START_TEST(a_sender_is_one_of_those_that_have_a_name) {
  checked f;

  checked_init(&f, "secret");
  f.senders[0] = (h46017_text){NULL, 6};
  f.senders[1] = text_of("phone1");
  f.check.sender_count = 2;
  ck_assert_int_eq(checked_hex(&f, RRQ_HMAC, NULL), 0);
  f.check.sender_count = 1;
  ck_assert_int_eq(checked_hex(&f, RRQ_HMAC, NULL), H46017_ERR_TOKEN_SENDER);
  checked_free(&f);
}
END_TEST

/* The hash of the documents' token is over its text, whatever alias it is. */
static int with_alias(checked *f, const char *alias, const char *text) {
  char place[120];
  uint8_t bmp[2 * 512];
  uint8_t hash[H235_MD5_LEN];
  size_t len = strlen(text);

  for (size_t i = 0; i < len; i++) {
    bmp[2 * i] = 0;
    bmp[2 * i + 1] = (uint8_t)text[i];
  }
  begin(f, H46017_H235_PWD_HASH);
  (void)snprintf(place, sizeof(place), PWD "alias.%s", alias);
  ck_assert_int_eq(h46017_h225_set_text(f->m, place, text, len), 0);
  ck_assert_int_eq(h235_pwd_hash(f->secret, bmp, 2 * len, WHEN, true, hash), 0);
  ck_assert_int_eq(
      h46017_h225_set_bits(f->m, PWD "token.hash", hash, sizeof(hash) * 8), 0);
  return end_token(f);
}

START_TEST(a_password_hash_names_its_sender_by_any_alias_of_text) {
  char url[513];
  checked f;

  checked_init(&f, "secret");
  f.check.sender_count = 0;
  ck_assert_int_eq(with_alias(&f, "dialledDigits", "4711"), 0);
  f.senders[0] = text_of("4712");
  f.check.sender_count = 1;
  ck_assert_int_eq(with_alias(&f, "dialledDigits", "4711"),
                   H46017_ERR_TOKEN_SENDER);
  f.check.sender_count = 0;
  /* as long as a name in a token is, and no longer */
  memset(url, 'u', sizeof(url));
  url[127] = '\0';
  ck_assert_int_eq(with_alias(&f, "url-ID", url), 0);
  url[127] = 'u';
  url[128] = '\0';
  ck_assert_int_eq(with_alias(&f, "url-ID", url), H46017_ERR_TOKEN_FORMAT);
  url[128] = 'u';
  url[512] = '\0';
  ck_assert_int_eq(with_alias(&f, "url-ID", url), H46017_ERR_TOKEN_FORMAT);
  /* a party's number is a structure */
  begin(&f, H46017_H235_PWD_HASH);
  ck_assert_int_eq(h46017_h225_set_text(f.m,
                                        PWD "alias.partyNumber.e164Number."
                                            "publicNumberDigits",
                                        "4711", 4),
                   0);
  ck_assert_int_eq(
      h46017_h225_set_present(
          f.m, PWD "alias.partyNumber.e164Number.publicTypeOfNumber.unknown"),
      0);
  ck_assert_int_eq(end_token(&f), H46017_ERR_TOKEN_FORMAT);
  checked_free(&f);
}
END_TEST

START_TEST(an_access_token_has_sixteen_octets_and_one) {
  static const uint8_t octets17[17] = {0};
  checked f;

  checked_init(&f, "secret");
  for (size_t len = 15; len <= 17; len++) {
    begin(&f, H46017_H235_ACCESS_TOKEN);
    ck_assert_int_eq(
        h46017_h225_set_octets(f.m, ACCESS "challenge", octets17, len), 0);
    ck_assert_int_eq(end_token(&f), len == 16 ? H46017_ERR_PASSWORD_WRONG
                                              : H46017_ERR_TOKEN_FORMAT);
  }
  begin(&f, H46017_H235_ACCESS_TOKEN);
  ck_assert_int_eq(h46017_h225_set_int(f.m, ACCESS "random", -129), 0);
  ck_assert_int_eq(end_token(&f), H46017_ERR_TOKEN_FORMAT);
  checked_free(&f);
}
END_TEST

START_TEST(of_several_faults_the_first_is_said) {
  static const uint8_t hash[16] = {0};
  checked f;

  checked_init(&f, "secret");
  begin(&f, H46017_H235_ACCESS_TOKEN | H46017_H235_PWD_HASH);
  ck_assert_int_eq(h46017_h225_set_int(f.m, ACCESS "random", 256), 0);
  set_oid(&f, PWD "token.algorithmOID", "1.2.840.113549.2.6");
  ck_assert_int_eq(end_token(&f), H46017_ERR_TOKEN_FORMAT);
  /* a hash without the message in it does not blame the message */
  begin(&f, H46017_H235_ACCESS_TOKEN | H46017_H235_PWD_HASH);
  ck_assert_int_eq(h46017_h225_set_bits(f.m, PWD "token.hash", hash, 128), 0);
  ck_assert_int_eq(end_token(&f), H46017_ERR_PASSWORD_WRONG);
  checked_free(&f);
}
END_TEST

START_TEST(eight_tokens_are_remembered_too) {
  h46017_h235_token t = token_of(H46017_H235_PWD_HASH);
  h46017_h235_replay *replay = NULL;
  uint32_t kinds = 99;
  checked f;

  checked_init(&f, "secret");
  ck_assert_int_eq(h46017_h235_replay_new(&replay, 0, NULL), 0);
  f.check.replay = replay;
  checked_rrq(&f);
  for (int i = 0; i < 8; i++) {
    ck_assert_int_eq(h46017_h235_add(f.m, f.secret, &t), 0);
  }
  ck_assert_int_eq(end_token(&f), 0);
  f.check.now = WHEN + 6;
  ck_assert_int_eq(checked_octets(&f, f.per.data, f.per.len, &kinds),
                   H46017_ERR_TOKEN_REPLAYED);
  ck_assert_uint_eq(kinds, 99);
  h46017_h235_replay_del(replay);
  checked_free(&f);
}
END_TEST

/* In the first seconds of 1970 nothing is over: what is taken stays. */
START_TEST(a_message_takes_no_more_room_than_it_has_tokens) {
  h46017_h235_replay *replay = NULL;
  failmem mem;
  checked f;

  checked_init(&f, "secret");
  failmem_init(&mem);
  ck_assert_int_eq(h46017_h235_replay_new(&replay, 0, &mem.mem), 0);
  f.check.replay = replay;
  f.check.now = 10;
  for (uint32_t i = 1; i <= 8; i++) {
    ck_assert_int_eq(checked_made(&f, H46017_H235_HMAC, 10, i), 0);
  }
  ck_assert_uint_eq(mem.calls, 2);
  h46017_h235_replay_del(replay);
  checked_free(&f);
}
END_TEST

/* -- the check ------------------------------------------------------------- */

START_TEST(a_check_says_what_it_needs) {
  checked f;

  checked_init(&f, "secret");
  ck_assert_int_eq(checked_hex(&f, RRQ_HMAC, NULL), 0);
  f.check.secret = NULL;
  ck_assert_int_eq(checked_octets(&f, f.per.data, f.per.len, NULL),
                   H46017_ERR_INVALID_ARGUMENT);
  f.check.secret = f.secret;
  f.check.senders = NULL;
  ck_assert_int_eq(checked_octets(&f, f.per.data, f.per.len, NULL),
                   H46017_ERR_INVALID_ARGUMENT);
  f.check.sender_count = 0;
  ck_assert_int_eq(checked_octets(&f, f.per.data, f.per.len, NULL), 0);
  f.check.recipients = NULL;
  ck_assert_int_eq(checked_octets(&f, f.per.data, f.per.len, NULL),
                   H46017_ERR_INVALID_ARGUMENT);
  f.check.recipient_count = 0;
  f.check.kinds = 0; /* any */
  ck_assert_int_eq(checked_octets(&f, f.per.data, f.per.len, NULL), 0);
  ck_assert_int_eq(h46017_h235_verify(f.m, NULL, f.per.len, &f.check, NULL),
                   H46017_ERR_INVALID_ARGUMENT);
  /* not the octets that were decoded */
  ck_assert_int_eq(
      h46017_h235_verify(f.m, f.per.data, H235_HMAC_LEN, &f.check, NULL),
      H46017_ERR_TOKEN_FORMAT);
  ck_assert_int_eq(
      h46017_h225_create(f.m, h46017_h225_type_find("H235.ClearToken")), 0);
  ck_assert_int_eq(
      h46017_h235_verify(f.m, f.per.data, f.per.len, &f.check, NULL),
      H46017_ERR_INVALID_ARGUMENT);
  f.check.struct_size = 0;
  ck_assert_int_eq(checked_octets(&f, f.per.data, f.per.len, NULL),
                   H46017_ERR_INVALID_ARGUMENT);
  checked_free(&f);
}
END_TEST

int main(void) {
  Suite *s = suite_create("h235_verify");
  TCase *tc = tcase_create("h235_verify");

  tcase_add_test(tc, every_flipped_bit_of_a_protected_rrq_is_refused);
  tcase_add_test(tc, an_octet_behind_the_message_is_covered_too);
  tcase_add_test(tc, a_password_hash_does_not_cover_the_message);
  tcase_add_test(tc, an_altered_message_with_a_proof_of_the_password_says_so);
  tcase_add_test(tc, a_time_outside_of_the_window_is_refused);
  tcase_add_test(tc, another_sender_or_recipient_is_refused);
  tcase_add_test(tc, a_message_without_a_token_has_none);
  tcase_add_test(tc, version_1_is_accepted_and_nothing_else);
  tcase_add_test(tc, any_random_is_accepted);
  tcase_add_test(tc, a_token_without_recipient_is_accepted_without_sender_not);
  tcase_add_test(tc, a_malformed_token_is_refused);
  tcase_add_test(tc, two_hmacs_in_one_message_are_refused);
  tcase_add_test(tc, eight_tokens_are_looked_at_and_a_ninth_is_refused);
  tcase_add_test(tc, tokens_of_others_are_left_alone);
  tcase_add_test(tc, the_octet_of_an_access_token_has_any_sign);
  tcase_add_test(tc, an_algorithm_is_known_by_all_of_its_identifier);
  tcase_add_test(tc, each_kind_says_who_sent_it_and_knows_the_password);
  tcase_add_test(tc, a_name_ends_where_it_ends);
  tcase_add_test(tc, a_sender_is_one_of_those_that_have_a_name);
  tcase_add_test(tc, a_password_hash_names_its_sender_by_any_alias_of_text);
  tcase_add_test(tc, an_access_token_has_sixteen_octets_and_one);
  tcase_add_test(tc, of_several_faults_the_first_is_said);
  tcase_add_test(tc, eight_tokens_are_remembered_too);
  tcase_add_test(tc, a_message_takes_no_more_room_than_it_has_tokens);
  tcase_add_test(tc, a_check_says_what_it_needs);
  suite_add_tcase(s, tc);
  return run_suite(s);
}
