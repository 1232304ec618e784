/* SPDX-License-Identifier: BSD-2-Clause */
#include "digest.h"
#include "failmem.h"
#include "octets.h"
#include "ras_sample.h"

#include "identity/h235.h"

#include <h46017/error.h>
#include <h46017/h235.h>

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

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
#define PWD_WITHOUT_NUL "481181d8079fdf7d30817697d163d500"
#define PWD_AT 74

/* -- a message, a password, a check ----------------------------------------
 */

typedef struct fixture {
  h46017_crypto crypto;
  h46017_h235_secret *secret;
  h46017_h225 *m;
  octets per;
  h46017_text senders[2];
  h46017_text recipient;
  h46017_h235_check check;
} fixture;

static h46017_h235_secret *secret_of(const char *password) {
  h46017_crypto crypto;
  h46017_h235_secret *s = NULL;

  digest_crypto(&crypto);
  ck_assert_int_eq(
      h46017_h235_secret_new(&s, &crypto, password, strlen(password), NULL), 0);
  return s;
}

static void fixture_init(fixture *f, const char *password) {
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

static void fixture_free(fixture *f) {
  h46017_h225_del(f->m);
  h46017_h235_secret_del(f->secret);
  octets_free(&f->per);
}

static int verify_octets(fixture *f, const uint8_t *per, size_t len,
                         uint32_t *pkinds) {
  int rv = h46017_h225_decode(f->m, h46017_h225_ras_message(), per, len);

  return rv != 0 ? rv : h46017_h235_verify(f->m, per, len, &f->check, pkinds);
}

static int verify_hex(fixture *f, const char *hex, uint32_t *pkinds) {
  octets_free(&f->per);
  f->per = octets_hex(hex);
  return verify_octets(f, f->per.data, f->per.len, pkinds);
}

/* What the message holds now, encoded, with the token's hash. */
static void encode(fixture *f) {
  uint8_t buf[2048];
  size_t len = 0;

  ck_assert_int_eq(h46017_h235_encode(f->m, f->secret, buf, sizeof(buf), &len),
                   0);
  octets_free(&f->per);
  octets_append(&f->per, buf, len);
}

/* The RRQ of the notes without a token. */
static void plain_rrq(fixture *f) {
  octets_free(&f->per);
  f->per = octets_hex(RRQ_HMAC);
  ck_assert_int_eq(h46017_h225_decode(f->m, h46017_h225_ras_message(),
                                      f->per.data, f->per.len),
                   0);
  ck_assert_int_eq(h46017_h225_remove(f->m, "registrationRequest.cryptoTokens"),
                   0);
}

static h46017_h235_token token_of(uint32_t kinds) {
  h46017_h235_token t;

  h46017_h235_token_default(&t);
  t.kinds = kinds;
  t.sender = text_of("phone1");
  t.recipient = text_of("gk");
  t.now = WHEN;
  t.random = 1;
  return t;
}

static void protect(fixture *f, const h46017_h235_token *t) {
  plain_rrq(f);
  ck_assert_int_eq(h46017_h235_add(f->m, f->secret, t), 0);
  encode(f);
}

static void assert_octets(const uint8_t *data, size_t len, const char *hex) {
  octets o = octets_hex(hex);

  ck_assert_uint_eq(len, o.len);
  ck_assert_mem_eq(data, o.data, len);
  octets_free(&o);
}

/* -- the tests' own hashes --------------------------------------------------
 */

START_TEST(the_tests_hashes_are_those_of_the_standards) {
  uint8_t out[20];

  digest_of(H46017_DIGEST_MD5, NULL, 0, out);
  assert_octets(out, 16, "d41d8cd98f00b204e9800998ecf8427e");
  digest_of(H46017_DIGEST_MD5, (const uint8_t *)"message digest", 14, out);
  assert_octets(out, 16, "f96b697d7cb7938d525a2f31aaf161d0");
  digest_of(H46017_DIGEST_SHA1, (const uint8_t *)"abc", 3, out);
  assert_octets(out, 20, "a9993e364706816aba3e25717850c26c9cd0d89d");
  digest_of(H46017_DIGEST_SHA1,
            (const uint8_t
                 *)"abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
            56, out);
  assert_octets(out, 20, "84983e441c3bd26ebaae4aa1f95129e5e54670f1");
}
END_TEST

/* -- vectors ----------------------------------------------------------------
 */

START_TEST(the_key_is_sha1_of_the_password) {
  h46017_h235_secret *s = secret_of("secret");

  assert_octets(s->key, 20, "e5e9fa1ba31ecd1ae84f75caaa474f3a663f05f4");
  h46017_h235_secret_del(s);
}
END_TEST

START_TEST(the_documented_hmac_verifies) {
  fixture f;
  uint32_t kinds = 0;
  uint8_t mac[H235_HMAC_LEN];

  fixture_init(&f, "secret");
  ck_assert_int_eq(verify_hex(&f, RRQ_HMAC, &kinds), 0);
  ck_assert_uint_eq(kinds, H46017_H235_HMAC);
  ck_assert_int_eq(h235_hmac(f.secret, f.per.data, f.per.len, HMAC_AT, mac), 0);
  assert_octets(mac, sizeof(mac), "fea31fdbb7a92f01e9df560d");
  fixture_free(&f);
}
END_TEST

START_TEST(the_documented_hmac_is_what_we_make) {
  fixture f;
  h46017_h235_token t = token_of(H46017_H235_HMAC);

  fixture_init(&f, "secret");
  protect(&f, &t);
  assert_octets(f.per.data, f.per.len, RRQ_HMAC);
  fixture_free(&f);
}
END_TEST

START_TEST(the_documented_password_hash_verifies) {
  fixture f;
  uint32_t kinds = 0;

  fixture_init(&f, "secret");
  ck_assert_int_eq(verify_hex(&f, RRQ_PWD, &kinds), 0);
  ck_assert_uint_eq(kinds, H46017_H235_PWD_HASH);
  fixture_free(&f);
}
END_TEST

START_TEST(the_documented_password_hash_is_what_we_make) {
  fixture f;
  h46017_h235_token t = token_of(H46017_H235_PWD_HASH);

  fixture_init(&f, "secret");
  protect(&f, &t);
  assert_octets(f.per.data, f.per.len, RRQ_PWD);
  fixture_free(&f);
}
END_TEST

START_TEST(a_password_hash_without_nuls_verifies) {
  fixture f;
  octets hash = octets_hex(PWD_WITHOUT_NUL);

  fixture_init(&f, "secret");
  f.per = octets_hex(RRQ_PWD);
  memcpy(f.per.data + PWD_AT, hash.data, hash.len);
  ck_assert_int_eq(verify_octets(&f, f.per.data, f.per.len, NULL), 0);
  octets_free(&hash);
  fixture_free(&f);
}
END_TEST

START_TEST(the_documented_access_token_is_what_we_make) {
  h46017_h235_secret *s = secret_of("secret");
  uint8_t out[H235_MD5_LEN];

  ck_assert_int_eq(h235_access_hash(s, 0x2a, WHEN, out), 0);
  assert_octets(out, sizeof(out), "03856b4777656203758a54c86e019fcb");
  h46017_h235_secret_del(s);
}
END_TEST

/* The password hash is over an encoding written by hand: the codec's says the
 * same for any time and length. */
START_TEST(the_hashed_clear_token_is_what_the_codec_encodes) {
  static const uint32_t times[] = {1,        2,          256,       257,
                                   65536,    65537,      0x1000000, 0x1000001,
                                   WHEN - 1, 0x7fffffff, UINT32_MAX};
  char name[128];
  h46017_h225 *m = NULL;

  memset(name, 'n', sizeof(name));
  ck_assert_int_eq(h46017_h225_new(&m, NULL, NULL), 0);
  for (size_t i = 0; i < sizeof(times) / sizeof(times[0]); i++) {
    for (size_t len = 1; len <= 127; len += 63) {
      h46017_h235_secret *s;
      uint8_t bmp[256] = {0};
      uint8_t per[1024];
      uint8_t expected[16];
      uint8_t out[16];
      size_t per_len = 0;

      name[len] = '\0';
      s = secret_of(name);
      name[len] = 'n';
      for (size_t k = 0; k < len; k++) {
        bmp[2 * k + 1] = 'n';
      }
      ck_assert_int_eq(
          h46017_h225_create(m, h46017_h225_type_find("H235.ClearToken")), 0);
      ck_assert_int_eq(h46017_h225_set_text(m, "tokenOID", "0.0", 3), 0);
      ck_assert_int_eq(h46017_h225_set_uint(m, "timeStamp", times[i]), 0);
      ck_assert_int_eq(
          h46017_h225_set_octets(m, "password", bmp, 2 * (len + 1)), 0);
      ck_assert_int_eq(
          h46017_h225_set_octets(m, "generalID", bmp, 2 * (len + 1)), 0);
      ck_assert_int_eq(h46017_h225_encode(m, per, sizeof(per), &per_len), 0);
      digest_of(H46017_DIGEST_MD5, per, per_len, expected);
      ck_assert_int_eq(h235_pwd_hash(s, bmp, 2 * len, times[i], true, out), 0);
      ck_assert_mem_eq(out, expected, sizeof(out));
      h46017_h235_secret_del(s);
    }
  }
  h46017_h225_del(m);
}
END_TEST

/* -- a capture of GnuGk and H323Plus ----------------------------------------
 */

/* tests/vectors/gnugk: each line is time, stream, direction, message, octets.
 */
typedef struct captured {
  char stream[8];
  char direction[8];
  char message[40];
  char hex[2048];
} captured;

static const char *const users[] = {"ep1", "ep2", "ep2"};
static const char *const passwords[] = {"secret1", "secret2", "wrong"};

static const char *next_line(const char *text, captured *c) {
  double time;

  if (sscanf(text, "%lf %7s %7s %39s %2047s", &time, c->stream, c->direction,
             c->message, c->hex) != 5) {
    return NULL;
  }
  text = strchr(text, '\n');
  return text != NULL ? text + 1 : "";
}

/* When the message was made. */
static int64_t time_of(const h46017_h225 *m) {
  h46017_h225_value list =
      h46017_h225_get(h46017_h225_at(h46017_h225_root(m), 0), "cryptoTokens");
  uint64_t t = 0;

  for (size_t i = 0; i < h46017_h225_count(list); i++) {
    (void)h46017_h225_read_uint(
        h46017_h225_get(h46017_h225_at(list, i),
                        "nestedcryptoToken.cryptoHashedToken.hashedVals."
                        "timeStamp"),
        &t);
  }
  return (int64_t)t;
}

/* Verifies all messages of the capture. `password` instead of the right one
 * where it is not NULL. Returns how many were right, counts tokens by kind. */
static size_t verify_capture(const char *password, const char *sender,
                             size_t *ptotal, size_t kinds[3]) {
  octets file = octets_file(
      "vectors/gnugk/gnugk-simpleh323-tcp-password-register.ras.txt");
  h46017_h235_replay *replays[6] = {NULL};
  const char *text;
  captured c;
  size_t right = 0;

  octets_append(&file, (const uint8_t *)"", 1);
  memset(kinds, 0, 3 * sizeof(kinds[0]));
  for (size_t i = 0; i < 6; i++) {
    ck_assert_int_eq(h46017_h235_replay_new(&replays[i], 0, NULL), 0);
  }
  *ptotal = 0;
  text = (const char *)file.data;
  while ((text = next_line(text, &c)) != NULL) {
    const size_t stream = (size_t)(c.stream[1] - '0');
    const bool to_gk = strcmp(c.direction, "ep2gk") == 0;
    const char *pw = password != NULL ? password : passwords[stream];
    h46017_text endpoint = {NULL, 0};
    char id[64] = "";
    char own[64];
    uint32_t found = 0;
    fixture f;
    int rv;

    fixture_init(&f, pw);
    f.per = octets_hex(c.hex);
    ck_assert_int_eq(h46017_h225_decode(f.m, h46017_h225_ras_message(),
                                        f.per.data, f.per.len),
                     0);
    f.check.now = time_of(f.m);
    if (f.check.now == 0) {
      fixture_free(&f); /* the RRJ to the wrong password has no token */
      continue;
    }
    *ptotal += 1;
    (void)snprintf(id, sizeof(id), "%s",
                   sender != NULL ? sender : users[stream]);
    f.senders[0] = to_gk ? text_of(id) : text_of("GnuGkLab");
    if (to_gk && sender == NULL) {
      /* once it has one, an endpoint says its identifier */
      char path[96];
      (void)snprintf(path, sizeof(path), "%s.endpointIdentifier", c.message);
      if (h46017_h225_read_text(h46017_h225_get(h46017_h225_root(f.m), path),
                                own, sizeof(own), &endpoint.len) == 0) {
        endpoint.text = own;
        f.senders[1] = endpoint;
        f.check.sender_count = 2;
      }
      f.recipient = text_of("GnuGkLab");
    } else {
      f.check.recipient_count = 0;
    }
    f.check.replay = replays[2 * stream + to_gk];
    rv = h46017_h235_verify(f.m, f.per.data, f.per.len, &f.check, &found);
    if (rv == 0) {
      right++;
      ck_assert((found & H46017_H235_HMAC) != 0);
      kinds[0] += 1;
      kinds[1] += (found & H46017_H235_PWD_HASH) != 0;
      kinds[2] += (found & H46017_H235_ACCESS_TOKEN) != 0;
      /* and once is enough */
      rv = h46017_h235_verify(f.m, f.per.data, f.per.len, &f.check, &found);
      ck_assert_int_eq(rv, H46017_ERR_TOKEN_REPLAYED);
    } else {
      ck_assert(rv == H46017_ERR_PASSWORD_WRONG ||
                rv == H46017_ERR_TOKEN_SENDER);
    }
    fixture_free(&f);
  }
  for (size_t i = 0; i < 6; i++) {
    h46017_h235_replay_del(replays[i]);
  }
  octets_free(&file);
  return right;
}

START_TEST(every_captured_token_verifies_once) {
  size_t kinds[3];
  size_t total;
  size_t right = verify_capture(NULL, NULL, &total, kinds);

  ck_assert_uint_eq(total, 17);
  ck_assert_uint_eq(right, 17);
  ck_assert_uint_eq(kinds[0], 17);
  ck_assert_uint_ge(kinds[1], 4);
  ck_assert_uint_ge(kinds[2], 3);
}
END_TEST

START_TEST(no_captured_token_verifies_with_a_wrong_password) {
  size_t kinds[3];
  size_t total;

  ck_assert_uint_eq(verify_capture("secret", NULL, &total, kinds), 0);
  ck_assert_uint_eq(total, 17);
}
END_TEST

START_TEST(no_captured_request_verifies_for_another_sender) {
  size_t kinds[3];
  size_t total;
  size_t right = verify_capture(NULL, "ep9", &total, kinds);

  /* the gatekeeper's own are as they were */
  ck_assert_uint_gt(right, 0);
  ck_assert_uint_lt(right, total);
}
END_TEST

/* -- what is refused --------------------------------------------------------
 */

START_TEST(every_flipped_bit_of_a_protected_rrq_is_refused) {
  fixture f;
  h46017_h235_replay *replay = NULL;
  size_t decoded = 0;

  fixture_init(&f, "secret");
  ck_assert_int_eq(h46017_h235_replay_new(&replay, 0, NULL), 0);
  f.check.replay = replay;
  f.per = octets_hex(RRQ_HMAC);
  for (size_t bit = 0; bit < f.per.len * 8; bit++) {
    int rv;
    f.per.data[bit / 8] ^= (uint8_t)(0x80 >> bit % 8);
    rv = verify_octets(&f, f.per.data, f.per.len, NULL);
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
  ck_assert_int_eq(verify_octets(&f, f.per.data, f.per.len, NULL), 0);
  h46017_h235_replay_del(replay);
  fixture_free(&f);
}
END_TEST

START_TEST(an_octet_behind_the_message_is_covered_too) {
  fixture f;

  fixture_init(&f, "secret");
  ck_assert_int_eq(verify_hex(&f, RRQ_HMAC "00", NULL),
                   H46017_ERR_PASSWORD_WRONG);
  fixture_free(&f);
}
END_TEST

/* The MD5 kinds say nothing about the message that carries them. */
START_TEST(a_password_hash_does_not_cover_the_message) {
  fixture f;

  fixture_init(&f, "secret");
  f.per = octets_hex(RRQ_PWD);
  f.per.data[2] ^= 1; /* requestSeqNum */
  ck_assert_int_eq(verify_octets(&f, f.per.data, f.per.len, NULL), 0);
  f.check.kinds = H46017_H235_HMAC; /* who wants more asks for it */
  ck_assert_int_eq(verify_octets(&f, f.per.data, f.per.len, NULL),
                   H46017_ERR_PASSWORD_MISSING);
  f.per.data[PWD_AT] ^= 1; /* what does not count must be right all the same */
  ck_assert_int_eq(verify_octets(&f, f.per.data, f.per.len, NULL),
                   H46017_ERR_PASSWORD_WRONG);
  fixture_free(&f);
}
END_TEST

START_TEST(an_altered_message_with_a_proof_of_the_password_says_so) {
  fixture f;
  h46017_h235_token t = token_of(H46017_H235_ALL);

  fixture_init(&f, "secret");
  protect(&f, &t);
  f.per.data[2] ^= 1;
  ck_assert_int_eq(verify_octets(&f, f.per.data, f.per.len, NULL),
                   H46017_ERR_TOKEN_INTEGRITY);
  fixture_free(&f);
}
END_TEST

START_TEST(a_time_outside_of_the_window_is_refused) {
  static const char *const hex[] = {RRQ_HMAC, RRQ_PWD};

  for (size_t i = 0; i < 2; i++) {
    fixture f;
    fixture_init(&f, "secret");
    f.check.now = WHEN + 300;
    ck_assert_int_eq(verify_hex(&f, hex[i], NULL), 0);
    f.check.now = WHEN + 301;
    ck_assert_int_eq(verify_hex(&f, hex[i], NULL), H46017_ERR_TOKEN_TIME);
    f.check.now = WHEN - 300;
    ck_assert_int_eq(verify_hex(&f, hex[i], NULL), 0);
    f.check.now = WHEN - 301;
    ck_assert_int_eq(verify_hex(&f, hex[i], NULL), H46017_ERR_TOKEN_TIME);
    f.check.window = H46017_H235_WINDOW_MAX;
    f.check.now = WHEN + H46017_H235_WINDOW_MAX;
    ck_assert_int_eq(verify_hex(&f, hex[i], NULL), 0);
    f.check.now++;
    ck_assert_int_eq(verify_hex(&f, hex[i], NULL), H46017_ERR_TOKEN_TIME);
    f.check.now = -1;
    ck_assert_int_eq(verify_hex(&f, hex[i], NULL), H46017_ERR_TOKEN_TIME);
    fixture_free(&f);
  }
}
END_TEST

START_TEST(another_sender_or_recipient_is_refused) {
  fixture f;

  fixture_init(&f, "secret");
  f.senders[0] = text_of("phone2");
  ck_assert_int_eq(verify_hex(&f, RRQ_HMAC, NULL), H46017_ERR_TOKEN_SENDER);
  ck_assert_int_eq(verify_hex(&f, RRQ_PWD, NULL), H46017_ERR_TOKEN_SENDER);
  f.senders[1] = text_of("phone1");
  f.check.sender_count = 2;
  f.recipient = text_of("another");
  ck_assert_int_eq(verify_hex(&f, RRQ_HMAC, NULL), H46017_ERR_TOKEN_RECIPIENT);
  ck_assert_int_eq(verify_hex(&f, RRQ_PWD, NULL), 0);
  f.check.sender_count = 0;
  f.check.recipient_count = 0;
  ck_assert_int_eq(verify_hex(&f, RRQ_HMAC, NULL), 0);
  fixture_free(&f);
}
END_TEST

START_TEST(a_message_without_a_token_has_none) {
  fixture f;

  fixture_init(&f, "secret");
  ck_assert_int_eq(verify_hex(&f, FULL_RRQ, NULL), H46017_ERR_PASSWORD_MISSING);
  fixture_free(&f);
}
END_TEST

/* Sets a component of the token of the notes' RRQ, and has the hash made anew:
 * what is refused then is what was set. */
#define TOKEN                                                                  \
  "registrationRequest.cryptoTokens[0].nestedcryptoToken.cryptoHashedToken."

static void begin_token(fixture *f) {
  h46017_h235_token t = token_of(H46017_H235_HMAC);

  plain_rrq(f);
  ck_assert_int_eq(h46017_h235_add(f->m, f->secret, &t), 0);
}

static int end_token(fixture *f) {
  encode(f);
  return verify_octets(f, f->per.data, f->per.len, NULL);
}

START_TEST(version_1_is_accepted_and_nothing_else) {
  static const char *const places[] = {TOKEN "tokenOID",
                                       TOKEN "hashedVals.tokenOID",
                                       TOKEN "token.algorithmOID"};
  static const int arcs[] = {H235_OID_A, H235_OID_T, H235_OID_U};

  for (int version = 1; version <= 3; version++) {
    fixture f;
    fixture_init(&f, "secret");
    begin_token(&f);
    for (size_t i = 0; i < 3; i++) {
      char oid[32];
      (void)snprintf(oid, sizeof(oid), "0.0.8.235.0.%d.%d", version, arcs[i]);
      ck_assert_int_eq(h46017_h225_set_text(f.m, places[i], oid, strlen(oid)),
                       0);
    }
    ck_assert_int_eq(end_token(&f),
                     version == 3 ? H46017_ERR_TOKEN_ALGORITHM : 0);
    fixture_free(&f);
  }
  for (size_t i = 0; i < 3; i++) {
    fixture f;
    fixture_init(&f, "secret");
    begin_token(&f);
    ck_assert_int_eq(
        h46017_h225_set_text(f.m, places[i], "0.0.8.235.0.2.2", 15), 0);
    ck_assert_int_eq(end_token(&f), H46017_ERR_TOKEN_ALGORITHM);
    fixture_free(&f);
  }
}
END_TEST

START_TEST(any_random_is_accepted) {
  static const char *const randoms[] = {
      "01",       "80",         "ff",       "80000000",
      "ffffffff", "00ffffffff", "7fffffff", "0102030405060708090a"};

  for (size_t i = 0; i < sizeof(randoms) / sizeof(randoms[0]); i++) {
    octets random = octets_hex(randoms[i]);
    fixture f;
    fixture_init(&f, "secret");
    begin_token(&f);
    ck_assert_int_eq(h46017_h225_set_octets(f.m, TOKEN "hashedVals.random",
                                            random.data, random.len),
                     0);
    ck_assert_int_eq(end_token(&f), 0);
    octets_free(&random);
    fixture_free(&f);
  }
}
END_TEST

START_TEST(a_token_without_recipient_is_accepted_without_sender_not) {
  fixture f;

  fixture_init(&f, "secret");
  begin_token(&f);
  ck_assert_int_eq(h46017_h225_remove(f.m, TOKEN "hashedVals.generalID"), 0);
  ck_assert_int_eq(end_token(&f), 0);
  begin_token(&f);
  ck_assert_int_eq(h46017_h225_remove(f.m, TOKEN "hashedVals.sendersID"), 0);
  ck_assert_int_eq(end_token(&f), H46017_ERR_TOKEN_SENDER);
  fixture_free(&f);
}
END_TEST

START_TEST(a_malformed_token_is_refused) {
  static const uint8_t hash[16] = {0};
  fixture f;

  fixture_init(&f, "secret");
  begin_token(&f);
  ck_assert_int_eq(h46017_h225_remove(f.m, TOKEN "hashedVals.timeStamp"), 0);
  ck_assert_int_eq(end_token(&f), H46017_ERR_TOKEN_FORMAT);
  for (size_t bits = 88; bits <= 104; bits++) {
    begin_token(&f);
    ck_assert_int_eq(h46017_h225_set_bits(f.m, TOKEN "token.hash", hash, bits),
                     0);
    ck_assert_int_eq(end_token(&f), bits == 96 ? 0 : H46017_ERR_TOKEN_FORMAT);
  }
  fixture_free(&f);
}
END_TEST

START_TEST(two_hmacs_in_one_message_are_refused) {
  fixture f;
  h46017_h235_token t = token_of(H46017_H235_HMAC);

  fixture_init(&f, "secret");
  begin_token(&f);
  ck_assert_int_eq(h46017_h235_add(f.m, f.secret, &t), 0);
  ck_assert_int_eq(end_token(&f), H46017_ERR_TOKEN_FORMAT);
  fixture_free(&f);
}
END_TEST

START_TEST(eight_tokens_are_looked_at_and_a_ninth_is_refused) {
  for (int count = 8; count <= 9; count++) {
    fixture f;
    h46017_h235_token t = token_of(H46017_H235_PWD_HASH);
    fixture_init(&f, "secret");
    plain_rrq(&f);
    for (int i = 0; i < count; i++) {
      ck_assert_int_eq(h46017_h235_add(f.m, f.secret, &t), 0);
    }
    ck_assert_int_eq(end_token(&f), count == 8 ? 0 : H46017_ERR_TOKEN_FORMAT);
    fixture_free(&f);
  }
}
END_TEST

START_TEST(tokens_of_others_are_left_alone) {
  fixture f;

  fixture_init(&f, "secret");
  begin_token(&f);
  ck_assert_int_eq(h46017_h225_set_text(f.m,
                                        "registrationRequest.tokens[0]."
                                        "tokenOID",
                                        "0.0.8.235.0.3.24", 16),
                   0);
  ck_assert_int_eq(end_token(&f), 0);
  fixture_free(&f);
}
END_TEST

START_TEST(the_octet_of_an_access_token_has_any_sign) {
  for (int random = -128; random <= 256; random++) {
    fixture f;
    h46017_h235_token t = token_of(H46017_H235_ACCESS_TOKEN);
    fixture_init(&f, "secret");
    t.random = (uint32_t)random;
    plain_rrq(&f);
    ck_assert_int_eq(h46017_h235_add(f.m, f.secret, &t), 0);
    ck_assert_int_eq(h46017_h225_set_int(
                         f.m, "registrationRequest.tokens[0].random", random),
                     0);
    ck_assert_int_eq(end_token(&f), random < 256 ? 0 : H46017_ERR_TOKEN_FORMAT);
    fixture_free(&f);
  }
}
END_TEST

/* -- replays ----------------------------------------------------------------
 */

static int verify_made(fixture *f, uint32_t kinds, int64_t when,
                       uint32_t random) {
  h46017_h235_token t = token_of(kinds);

  t.now = when;
  t.random = random;
  protect(f, &t);
  return verify_octets(f, f->per.data, f->per.len, NULL);
}

START_TEST(a_replay_is_refused_as_long_as_its_time_lasts) {
  fixture f;
  h46017_h235_replay *replay = NULL;

  fixture_init(&f, "secret");
  ck_assert_int_eq(h46017_h235_replay_new(&replay, 0, NULL), 0);
  f.check.replay = replay;
  ck_assert_int_eq(verify_made(&f, H46017_H235_HMAC, WHEN, 1), 0);
  for (uint32_t i = 2; i < 100; i++) {
    ck_assert_int_eq(verify_made(&f, H46017_H235_HMAC, WHEN + i % 50, i), 0);
  }
  f.check.now = WHEN + 300;
  ck_assert_int_eq(verify_made(&f, H46017_H235_HMAC, WHEN, 1),
                   H46017_ERR_TOKEN_REPLAYED);
  f.check.now = WHEN + 301;
  ck_assert_int_eq(verify_made(&f, H46017_H235_HMAC, WHEN, 1),
                   H46017_ERR_TOKEN_TIME);
  ck_assert(!h46017_h235_replay_is_idle(replay, WHEN + 349, 300));
  ck_assert(h46017_h235_replay_is_idle(replay, WHEN + 350, 300));
  h46017_h235_replay_del(replay);
  fixture_free(&f);
}
END_TEST

START_TEST(a_refused_message_spends_no_token) {
  fixture f;
  h46017_h235_replay *replay = NULL;

  fixture_init(&f, "secret");
  ck_assert_int_eq(h46017_h235_replay_new(&replay, 0, NULL), 0);
  f.check.replay = replay;
  f.per = octets_hex(RRQ_HMAC);
  f.per.data[HMAC_AT] ^= 1;
  ck_assert_int_eq(verify_octets(&f, f.per.data, f.per.len, NULL),
                   H46017_ERR_PASSWORD_WRONG);
  f.per.data[HMAC_AT] ^= 1;
  ck_assert_int_eq(verify_octets(&f, f.per.data, f.per.len, NULL), 0);
  ck_assert_int_eq(verify_octets(&f, f.per.data, f.per.len, NULL),
                   H46017_ERR_TOKEN_REPLAYED);
  h46017_h235_replay_del(replay);
  fixture_free(&f);
}
END_TEST

START_TEST(a_full_memory_forgets_no_replay) {
  fixture f;
  h46017_h235_replay *replay = NULL;

  fixture_init(&f, "secret");
  ck_assert_int_eq(h46017_h235_replay_new(&replay, 4, NULL), 0);
  f.check.replay = replay;
  for (uint32_t i = 0; i < 20; i++) {
    ck_assert_int_eq(verify_made(&f, H46017_H235_HMAC, WHEN + i, 1), 0);
  }
  for (uint32_t i = 0; i < 20; i++) {
    ck_assert_int_eq(verify_made(&f, H46017_H235_HMAC, WHEN + i, 1),
                     H46017_ERR_TOKEN_REPLAYED);
  }
  /* the price: what is older than what was forgotten comes too late */
  ck_assert_int_eq(verify_made(&f, H46017_H235_HMAC, WHEN + 3, 9),
                   H46017_ERR_TOKEN_REPLAYED);
  ck_assert_int_eq(verify_made(&f, H46017_H235_HMAC, WHEN + 18, 9), 0);
  h46017_h235_replay_del(replay);
  fixture_free(&f);
}
END_TEST

START_TEST(a_password_hash_lasts_for_the_messages_of_its_second) {
  fixture f;
  h46017_h235_replay *replay = NULL;

  fixture_init(&f, "secret");
  ck_assert_int_eq(h46017_h235_replay_new(&replay, 0, NULL), 0);
  f.check.replay = replay;
  ck_assert_int_eq(verify_hex(&f, RRQ_PWD, NULL), 0);
  f.check.now = WHEN + 5;
  ck_assert_int_eq(verify_hex(&f, RRQ_PWD, NULL), 0);
  f.check.now = WHEN + 6;
  ck_assert_int_eq(verify_hex(&f, RRQ_PWD, NULL), H46017_ERR_TOKEN_REPLAYED);
  ck_assert_int_eq(verify_made(&f, H46017_H235_PWD_HASH, WHEN + 1, 1), 0);
  f.check.now = WHEN + 1;
  ck_assert_int_eq(verify_hex(&f, RRQ_PWD, NULL), H46017_ERR_TOKEN_REPLAYED);
  h46017_h235_replay_del(replay);
  fixture_free(&f);
}
END_TEST

/* -- making -----------------------------------------------------------------
 */

START_TEST(all_kinds_together_verify) {
  fixture f;
  h46017_h235_token t = token_of(H46017_H235_ALL);
  uint32_t kinds = 0;

  fixture_init(&f, "secret");
  protect(&f, &t);
  ck_assert_int_eq(verify_octets(&f, f.per.data, f.per.len, &kinds), 0);
  ck_assert_uint_eq(kinds, H46017_H235_ALL);
  fixture_free(&f);
}
END_TEST

/* The hash is found wherever lengths before it move it to. */
START_TEST(names_of_any_length_verify) {
  char name[128];

  memset(name, 'n', sizeof(name));
  for (size_t len = 1; len <= 127; len++) {
    fixture f;
    h46017_h235_token t = token_of(H46017_H235_ALL);
    fixture_init(&f, "secret");
    f.senders[0] = (h46017_text){name, len};
    f.recipient = f.senders[0];
    t.sender = f.senders[0];
    t.recipient = f.senders[0];
    protect(&f, &t);
    ck_assert_int_eq(verify_octets(&f, f.per.data, f.per.len, NULL), 0);
    fixture_free(&f);
  }
}
END_TEST

START_TEST(every_ras_message_takes_the_hmac) {
  for (int kind = 0; kind < H46017_RAS_ACF_SEQUENCE; kind++) {
    const char *name = h46017_ras_kind_name((h46017_ras_kind)kind);
    h46017_h235_token t = token_of(H46017_H235_HMAC);
    char path[160];
    fixture f;

    ck_assert(
        (h46017_h235_kinds_of((h46017_ras_kind)kind) & H46017_H235_HMAC) != 0);
    fixture_init(&f, "secret");
    ck_assert_int_eq(h46017_h225_create(f.m, h46017_h225_ras_message()), 0);
    (void)snprintf(path, sizeof(path), "%s.requestSeqNum", name);
    ck_assert_int_eq(h46017_h225_set_uint(f.m, path, 1), 0);
    ck_assert_int_eq(h46017_h235_add(f.m, f.secret, &t), 0);
    fixture_free(&f);
  }
  ck_assert_uint_eq(h46017_h235_kinds_of(H46017_RAS_ACF_SEQUENCE), 0);
  ck_assert_uint_eq(h46017_h235_kinds_of(H46017_RAS_UNKNOWN), 0);
}
END_TEST

START_TEST(the_random_sent_is_31_bits_and_not_zero) {
  static const uint32_t given[] = {0, 1, 0x80000000u, 0xffffffffu};
  static const int64_t sent[] = {1, 1, 1, 0x7fffffff};

  for (size_t i = 0; i < 4; i++) {
    h46017_h235_token t = token_of(H46017_H235_HMAC);
    int64_t random = 0;
    fixture f;
    fixture_init(&f, "secret");
    t.random = given[i];
    protect(&f, &t);
    ck_assert_int_eq(h46017_h225_decode(f.m, h46017_h225_ras_message(),
                                        f.per.data, f.per.len),
                     0);
    ck_assert_int_eq(
        h46017_h225_read_int(
            h46017_h225_get(h46017_h225_root(f.m), TOKEN "hashedVals.random"),
            &random),
        0);
    ck_assert_int_eq(random, sent[i]);
    fixture_free(&f);
  }
}
END_TEST

START_TEST(a_small_buffer_is_said_and_does_no_harm) {
  fixture f;
  h46017_h235_token t = token_of(H46017_H235_HMAC);
  uint8_t buf[256];
  size_t len = 0;
  size_t size = 0;

  fixture_init(&f, "secret");
  plain_rrq(&f);
  ck_assert_int_eq(h46017_h235_add(f.m, f.secret, &t), 0);
  ck_assert_int_eq(h46017_h235_encode(f.m, f.secret, NULL, 0, &size), 0);
  for (size_t cap = 1; cap < size; cap++) {
    ck_assert_int_eq(h46017_h235_encode(f.m, f.secret, buf, cap, &len),
                     H46017_ERR_BUFFER_TOO_SMALL);
    ck_assert_uint_eq(len, size);
  }
  ck_assert_int_eq(h46017_h235_encode(f.m, f.secret, buf, size, &len), 0);
  assert_octets(buf, len, RRQ_HMAC);
  fixture_free(&f);
}
END_TEST

START_TEST(what_cannot_be_made_is_refused) {
  fixture f;
  h46017_h235_token t = token_of(8);

  fixture_init(&f, "secret");
  plain_rrq(&f);
  ck_assert_int_eq(h46017_h235_add(f.m, f.secret, &t),
                   H46017_ERR_INVALID_ARGUMENT);
  t = token_of(H46017_H235_ALL);
  t.now = 0;
  ck_assert_int_eq(h46017_h235_add(f.m, f.secret, &t),
                   H46017_ERR_INVALID_ARGUMENT);
  t.now = (int64_t)UINT32_MAX + 1;
  ck_assert_int_eq(h46017_h235_add(f.m, f.secret, &t),
                   H46017_ERR_INVALID_ARGUMENT);
  t = token_of(H46017_H235_ALL);
  t.sender = (h46017_text){NULL, 0};
  ck_assert_int_eq(h46017_h235_add(f.m, f.secret, &t),
                   H46017_ERR_INVALID_ARGUMENT);
  t.sender = text_of("\xff");
  ck_assert_int_eq(h46017_h235_add(f.m, f.secret, &t), H46017_ERR_TEXT);
  t = token_of(H46017_H235_HMAC);
  ck_assert_int_eq(h46017_h225_create(f.m, h46017_h225_ras_message()), 0);
  ck_assert_int_eq(h46017_h235_add(f.m, f.secret, &t),
                   H46017_ERR_INVALID_ARGUMENT);
  plain_rrq(&f);
  t = token_of(H46017_H235_HMAC);
  t.struct_size = 1;
  ck_assert_int_eq(h46017_h235_add(f.m, f.secret, &t),
                   H46017_ERR_INVALID_ARGUMENT);
  fixture_free(&f);
}
END_TEST

/* -- the password -----------------------------------------------------------
 */

static int secret_try(const char *password, size_t len) {
  h46017_crypto crypto;
  h46017_h235_secret *s = NULL;
  int rv;

  digest_crypto(&crypto);
  rv = h46017_h235_secret_new(&s, &crypto, password, len, NULL);
  ck_assert_int_eq(s != NULL, rv == 0);
  h46017_h235_secret_del(s);
  return rv;
}

START_TEST(a_password_is_1_to_127_characters) {
  char password[129];

  memset(password, 'p', sizeof(password));
  ck_assert_int_eq(secret_try(password, 0), H46017_ERR_OUT_OF_RANGE);
  ck_assert_int_eq(secret_try(password, 1), 0);
  ck_assert_int_eq(secret_try(password, 127), 0);
  ck_assert_int_eq(secret_try(password, 128), H46017_ERR_OUT_OF_RANGE);
  ck_assert_int_eq(secret_try("a\0b", 3), H46017_ERR_TEXT);
  ck_assert_int_eq(secret_try("\xc3\xa4", 2), 0);
  ck_assert_int_eq(secret_try("\xe4", 1), H46017_ERR_TEXT);
  ck_assert_int_eq(secret_try("\xf0\x9f\x98\x80", 4), H46017_ERR_TEXT);
}
END_TEST

START_TEST(secrets_are_equal_when_the_passwords_are) {
  h46017_h235_secret *a = secret_of("secret");
  h46017_h235_secret *b = secret_of("secret");
  h46017_h235_secret *c = secret_of("Secret");

  ck_assert(h46017_h235_secret_is_equal(a, b));
  ck_assert(!h46017_h235_secret_is_equal(a, c));
  ck_assert(!h46017_h235_secret_is_equal(a, NULL));
  ck_assert(!h46017_h235_secret_is_equal(NULL, NULL));
  h46017_h235_secret_del(a);
  h46017_h235_secret_del(b);
  h46017_h235_secret_del(c);
}
END_TEST

/* A memory that looks at what it gets back. */
static size_t leaks;

static void *watch_malloc(size_t size, void *user_data) {
  (void)user_data;
  return malloc(size);
}

static void *watch_calloc(size_t nmemb, size_t size, void *user_data) {
  (void)user_data;
  return calloc(nmemb, size);
}

static void *watch_realloc(void *ptr, size_t size, void *user_data) {
  (void)user_data;
  return realloc(ptr, size);
}

static void watch_free(void *ptr, void *user_data) {
  const uint8_t *octets = ptr;
  const size_t size = *(const size_t *)user_data;

  for (size_t i = 0; ptr != NULL && i + 6 <= size; i++) {
    leaks += memcmp(octets + i, "secret", 6) == 0;
  }
  free(ptr);
}

START_TEST(a_secret_is_wiped_before_it_is_freed) {
  size_t size = sizeof(h46017_h235_secret) + 6;
  h46017_mem mem = {&size, watch_malloc, watch_free, watch_calloc,
                    watch_realloc};
  h46017_crypto crypto;
  h46017_h235_secret *s = NULL;

  digest_crypto(&crypto);
  leaks = 0;
  ck_assert_int_eq(h46017_h235_secret_new(&s, &crypto, "secret", 6, &mem), 0);
  ck_assert_mem_eq(s->password, "secret", 6);
  h46017_h235_secret_del(s);
  ck_assert_uint_eq(leaks, 0);
}
END_TEST

static int no_digest(h46017_digest which, const h46017_octets *parts,
                     size_t count, uint8_t *out, void *user_data) {
  const bool *never = user_data;

  (void)parts;
  (void)count;
  memset(out, 0, which == H46017_DIGEST_MD5 ? 16 : 20);
  return *never ? -1 : 0;
}

START_TEST(a_hash_that_cannot_be_had_is_said) {
  bool never = true;
  h46017_h235_token t = token_of(H46017_H235_HMAC);
  h46017_crypto crypto;
  h46017_h235_secret *s = NULL;
  uint8_t buf[512];
  size_t len = 0;
  fixture f;

  h46017_crypto_default(&crypto);
  ck_assert_int_eq(h46017_h235_secret_new(&s, &crypto, "secret", 6, NULL),
                   H46017_ERR_INVALID_ARGUMENT);
  crypto.digest = no_digest;
  crypto.user_data = &never;
  ck_assert_int_eq(h46017_h235_secret_new(&s, &crypto, "secret", 6, NULL),
                   H46017_ERR_DIGEST);
  never = false;
  ck_assert_int_eq(h46017_h235_secret_new(&s, &crypto, "secret", 6, NULL), 0);
  never = true;
  fixture_init(&f, "secret");
  f.check.secret = s;
  ck_assert_int_eq(verify_hex(&f, RRQ_HMAC, NULL), H46017_ERR_DIGEST);
  ck_assert_int_eq(verify_hex(&f, RRQ_PWD, NULL), H46017_ERR_DIGEST);
  plain_rrq(&f);
  ck_assert_int_eq(h46017_h235_add(f.m, s, &t), 0);
  ck_assert_int_eq(h46017_h235_encode(f.m, s, buf, sizeof(buf), &len),
                   H46017_ERR_DIGEST);
  t = token_of(H46017_H235_PWD_HASH);
  ck_assert_int_eq(h46017_h235_add(f.m, s, &t), H46017_ERR_DIGEST);
  t = token_of(H46017_H235_ACCESS_TOKEN);
  ck_assert_int_eq(h46017_h235_add(f.m, s, &t), H46017_ERR_DIGEST);
  h46017_h235_secret_del(s);
  fixture_free(&f);
}
END_TEST

START_TEST(a_check_says_what_it_needs) {
  fixture f;

  fixture_init(&f, "secret");
  ck_assert_int_eq(verify_hex(&f, RRQ_HMAC, NULL), 0);
  f.check.secret = NULL;
  ck_assert_int_eq(verify_octets(&f, f.per.data, f.per.len, NULL),
                   H46017_ERR_INVALID_ARGUMENT);
  f.check.secret = f.secret;
  f.check.senders = NULL;
  ck_assert_int_eq(verify_octets(&f, f.per.data, f.per.len, NULL),
                   H46017_ERR_INVALID_ARGUMENT);
  f.check.sender_count = 0;
  f.check.struct_size = 0;
  ck_assert_int_eq(verify_octets(&f, f.per.data, f.per.len, NULL),
                   H46017_ERR_INVALID_ARGUMENT);
  fixture_free(&f);
}
END_TEST

/* -- memory -----------------------------------------------------------------
 */

static int scenario(failmem *mem, void *arg) {
  h46017_crypto crypto;
  h46017_h235_secret *s = NULL;
  h46017_h235_replay *replay = NULL;
  fixture f;
  int rv;

  (void)arg;
  fixture_init(&f, "secret");
  digest_crypto(&crypto);
  rv = h46017_h235_secret_new(&s, &crypto, "secret", 6, &mem->mem);
  if (rv == 0) {
    rv = h46017_h235_replay_new(&replay, 0, &mem->mem);
  }
  for (uint32_t i = 0; rv == 0 && i < 20; i++) {
    f.check.secret = s;
    f.check.replay = replay;
    rv = verify_made(&f, H46017_H235_HMAC, WHEN + i, 1);
  }
  h46017_h235_replay_del(replay);
  h46017_h235_secret_del(s);
  fixture_free(&f);
  return rv;
}

START_TEST(every_allocation_may_fail) {
  ck_assert_uint_gt(failmem_sweep(scenario, NULL), 3);
}
END_TEST

static Suite *h235_suite(void) {
  Suite *s = suite_create("h235");
  TCase *tc = tcase_create("vectors");

  tcase_add_test(tc, the_tests_hashes_are_those_of_the_standards);
  tcase_add_test(tc, the_key_is_sha1_of_the_password);
  tcase_add_test(tc, the_documented_hmac_verifies);
  tcase_add_test(tc, the_documented_hmac_is_what_we_make);
  tcase_add_test(tc, the_documented_password_hash_verifies);
  tcase_add_test(tc, the_documented_password_hash_is_what_we_make);
  tcase_add_test(tc, a_password_hash_without_nuls_verifies);
  tcase_add_test(tc, the_documented_access_token_is_what_we_make);
  tcase_add_test(tc, the_hashed_clear_token_is_what_the_codec_encodes);
  tcase_add_test(tc, every_captured_token_verifies_once);
  tcase_add_test(tc, no_captured_token_verifies_with_a_wrong_password);
  tcase_add_test(tc, no_captured_request_verifies_for_another_sender);
  suite_add_tcase(s, tc);

  tc = tcase_create("refused");
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
  suite_add_tcase(s, tc);

  tc = tcase_create("replays");
  tcase_add_test(tc, a_replay_is_refused_as_long_as_its_time_lasts);
  tcase_add_test(tc, a_refused_message_spends_no_token);
  tcase_add_test(tc, a_full_memory_forgets_no_replay);
  tcase_add_test(tc, a_password_hash_lasts_for_the_messages_of_its_second);
  suite_add_tcase(s, tc);

  tc = tcase_create("making");
  tcase_add_test(tc, all_kinds_together_verify);
  tcase_add_test(tc, names_of_any_length_verify);
  tcase_add_test(tc, every_ras_message_takes_the_hmac);
  tcase_add_test(tc, the_random_sent_is_31_bits_and_not_zero);
  tcase_add_test(tc, a_small_buffer_is_said_and_does_no_harm);
  tcase_add_test(tc, what_cannot_be_made_is_refused);
  suite_add_tcase(s, tc);

  tc = tcase_create("the password");
  tcase_add_test(tc, a_password_is_1_to_127_characters);
  tcase_add_test(tc, secrets_are_equal_when_the_passwords_are);
  tcase_add_test(tc, a_secret_is_wiped_before_it_is_freed);
  tcase_add_test(tc, a_hash_that_cannot_be_had_is_said);
  tcase_add_test(tc, a_check_says_what_it_needs);
  tcase_add_test(tc, every_allocation_may_fail);
  suite_add_tcase(s, tc);
  return s;
}

int main(void) {
  SRunner *sr = srunner_create(h235_suite());
  int failed;

  srunner_run_all(sr, CK_NORMAL);
  failed = srunner_ntests_failed(sr);
  srunner_free(sr);
  return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
