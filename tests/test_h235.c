/* SPDX-License-Identifier: BSD-2-Clause */
/* The hashes, against documented octets and a capture of others; the
 * password. */
#include "checked.h"
#include "digest.h"
#include "runner.h"

#include <h46017/error.h>

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PWD_WITHOUT_NUL "481181d8079fdf7d30817697d163d500"

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
  checked f;
  uint32_t kinds = 0;
  uint8_t mac[H235_HMAC_LEN];

  checked_init(&f, "secret");
  ck_assert_int_eq(checked_hex(&f, RRQ_HMAC, &kinds), 0);
  ck_assert_uint_eq(kinds, H46017_H235_HMAC);
  ck_assert_int_eq(h235_hmac(f.secret, f.per.data, f.per.len, HMAC_AT, mac), 0);
  assert_octets(mac, sizeof(mac), "fea31fdbb7a92f01e9df560d");
  checked_free(&f);
}
END_TEST

START_TEST(the_documented_hmac_is_what_we_make) {
  checked f;
  h46017_h235_token t = token_of(H46017_H235_HMAC);

  checked_init(&f, "secret");
  checked_protect(&f, &t);
  assert_octets(f.per.data, f.per.len, RRQ_HMAC);
  checked_free(&f);
}
END_TEST

START_TEST(the_documented_password_hash_verifies) {
  checked f;
  uint32_t kinds = 0;

  checked_init(&f, "secret");
  ck_assert_int_eq(checked_hex(&f, RRQ_PWD, &kinds), 0);
  ck_assert_uint_eq(kinds, H46017_H235_PWD_HASH);
  checked_free(&f);
}
END_TEST

START_TEST(the_documented_password_hash_is_what_we_make) {
  checked f;
  h46017_h235_token t = token_of(H46017_H235_PWD_HASH);

  checked_init(&f, "secret");
  checked_protect(&f, &t);
  assert_octets(f.per.data, f.per.len, RRQ_PWD);
  checked_free(&f);
}
END_TEST

START_TEST(a_password_hash_without_nuls_verifies) {
  checked f;
  octets hash = octets_hex(PWD_WITHOUT_NUL);

  checked_init(&f, "secret");
  f.per = octets_hex(RRQ_PWD);
  memcpy(f.per.data + PWD_AT, hash.data, hash.len);
  ck_assert_int_eq(checked_octets(&f, f.per.data, f.per.len, NULL), 0);
  octets_free(&hash);
  checked_free(&f);
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
    checked f;
    int rv;

    checked_init(&f, pw);
    f.per = octets_hex(c.hex);
    ck_assert_int_eq(h46017_h225_decode(f.m, h46017_h225_ras_message(),
                                        f.per.data, f.per.len),
                     0);
    f.check.now = time_of(f.m);
    if (f.check.now == 0) {
      checked_free(&f); /* the RRJ to the wrong password has no token */
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
    checked_free(&f);
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
  ck_assert_int_eq(secret_try("\xef\xbf\xbf", 3), 0);
  ck_assert_int_eq(secret_try(NULL, 0), H46017_ERR_OUT_OF_RANGE);
  ck_assert_int_eq(secret_try(NULL, 1), H46017_ERR_INVALID_ARGUMENT);
}
END_TEST

START_TEST(secrets_are_equal_when_the_passwords_are) {
  h46017_h235_secret *a = secret_of("secret");
  h46017_h235_secret *b = secret_of("secret");
  h46017_h235_secret *c = secret_of("Secret");

  ck_assert(h46017_h235_secret_is_equal(a, b));
  ck_assert(!h46017_h235_secret_is_equal(a, c));
  ck_assert(!h46017_h235_secret_is_equal(a, NULL));
  ck_assert(!h46017_h235_secret_is_equal(NULL, a));
  ck_assert(!h46017_h235_secret_is_equal(NULL, NULL));
  h46017_h235_secret_del(a);
  h46017_h235_secret_del(b);
  h46017_h235_secret_del(c);
}
END_TEST

/* Says that it failed, and has written the right hash all the same. */
static int says_no(h46017_digest which, const h46017_octets *parts,
                   size_t count, uint8_t *out, void *user_data) {
  h46017_crypto crypto;

  digest_crypto(&crypto);
  return crypto.digest(which, parts, count, out, crypto.user_data) == 0 &&
                 !*(const bool *)user_data
             ? 0
             : -1;
}

START_TEST(a_password_is_compared_by_its_hash_if_there_is_one) {
  bool no = false;
  h46017_crypto crypto;
  h46017_h235_secret *s = NULL;

  h46017_crypto_default(&crypto);
  crypto.digest = says_no;
  crypto.user_data = &no;
  ck_assert_int_eq(h46017_h235_secret_new(&s, &crypto, "secret", 6, NULL), 0);
  ck_assert(h235_secret_is(s, "secret", 6));
  ck_assert(!h235_secret_is(s, "secre", 5));
  ck_assert(!h235_secret_is(s, "Secret", 6));
  no = true;
  ck_assert(!h235_secret_is(s, "secret", 6));
  h46017_h235_secret_del(s);
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
  checked f;

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
  checked_init(&f, "secret");
  f.check.secret = s;
  ck_assert_int_eq(checked_hex(&f, RRQ_HMAC, NULL), H46017_ERR_DIGEST);
  ck_assert_int_eq(checked_hex(&f, RRQ_PWD, NULL), H46017_ERR_DIGEST);
  checked_rrq(&f);
  ck_assert_int_eq(h46017_h235_add(f.m, s, &t), 0);
  ck_assert_int_eq(h46017_h235_encode(f.m, s, buf, sizeof(buf), &len),
                   H46017_ERR_DIGEST);
  t = token_of(H46017_H235_PWD_HASH);
  ck_assert_int_eq(h46017_h235_add(f.m, s, &t), H46017_ERR_DIGEST);
  t = token_of(H46017_H235_ACCESS_TOKEN);
  ck_assert_int_eq(h46017_h235_add(f.m, s, &t), H46017_ERR_DIGEST);
  h46017_h235_secret_del(s);
  checked_free(&f);
}
END_TEST

int main(void) {
  Suite *s = suite_create("h235");
  TCase *tc = tcase_create("h235");

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
  tcase_add_test(tc, a_password_is_1_to_127_characters);
  tcase_add_test(tc, secrets_are_equal_when_the_passwords_are);
  tcase_add_test(tc, a_password_is_compared_by_its_hash_if_there_is_one);
  tcase_add_test(tc, a_secret_is_wiped_before_it_is_freed);
  tcase_add_test(tc, a_hash_that_cannot_be_had_is_said);
  suite_add_tcase(s, tc);
  return run_suite(s);
}
