/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef H46017_IDENTITY_H235_H
#define H46017_IDENTITY_H235_H

/* What the files about password tokens share: h235.c (the password, hashes),
 * h235_verify.c, h235_build.c, h235_replay.c. */

#include <h46017/h235.h>

#define H235_MD5_LEN 16
#define H235_SHA1_LEN 20
#define H235_HMAC_LEN 12 /* of the 20 octets, these travel */

/* H.235.0: ClearToken's password and generalID, with a trailing U+0000 where
 * there is one. */
#define H235_TEXT_MAX 128
#define H235_BMP_MAX (2 * H235_TEXT_MAX)

/* OBJECT IDENTIFIERs as BER contents. Those of H.235.1 have the version in the
 * last arc but one: 1 is taken for 2. */
#define H235_OID_LEN 7
#define H235_OID_A 1 /* tokenOID: the whole message */
#define H235_OID_T 5 /* the ClearToken inside */
#define H235_OID_U 6 /* HMAC-SHA1-96 */

#define H235_OID_2(last) 0x00, 0x08, 0x81, 0x6b, 0x00, 2, (last)

extern const uint8_t h235_oid_prefix[5]; /* 0.0.8.235.0 */
extern const h46017_octets h235_oid_md5; /* 1.2.840.113549.2.5 */
extern const h46017_octets h235_oid_cat; /* 1.2.840.113548.10.1.2.1 */

struct h46017_h235_secret {
  h46017_mem mem;
  h46017_crypto crypto;
  uint8_t key[H235_SHA1_LEN]; /* SHA-1 of the password */
  size_t len;
  size_t bmp_len;
  uint8_t bmp[H235_BMP_MAX];
  char password[]; /* len octets */
};

/* In a time that tells nothing about the octets. */
bool h235_is_equal(const uint8_t *a, const uint8_t *b, size_t len);

/* Is this the password? False where no hash can be had, too. */
bool h235_secret_is(const h46017_h235_secret *s, const char *password,
                    size_t len);

/* The hashes; DIGEST: it cannot be had. `per` is hashed with twelve zero octets
 * at `at`. H.235.1 7 */
int h235_hmac(const h46017_h235_secret *s, const uint8_t *per, size_t len,
              size_t at, uint8_t out[H235_HMAC_LEN]);

/* Over a ClearToken of password, time and name, each text with a trailing
 * U+0000 where `nul` says so. H.225.0 7.5.1, cryptoEPPwdHash */
int h235_pwd_hash(const h46017_h235_secret *s, const uint8_t *name,
                  size_t name_len, uint32_t time, bool nul,
                  uint8_t out[H235_MD5_LEN]);

int h235_access_hash(const h46017_h235_secret *s, uint8_t random, uint32_t time,
                     uint8_t out[H235_MD5_LEN]);

/* -- h235_replay.c -------------------------------------------------------- */

/* One token that verified. */
typedef struct h235_seen {
  uint32_t kind;
  uint32_t time;
  uint64_t hash; /* of its first octets; a token altered is another token */
  bool begins;   /* as in h46017_h235_check */
} h235_seen;

/* REPLAYED, or 0. Nothing is changed. */
int h235_replay_check(const h46017_h235_replay *r, const h235_seen *seen,
                      int64_t now);

/* Makes room for `count` more, so that remembering cannot fail. NOMEM. */
int h235_replay_reserve(h46017_h235_replay *r, size_t count, int64_t now,
                        uint32_t window);
void h235_replay_remember(h46017_h235_replay *r, const h235_seen *seen,
                          int64_t now);

#endif /* H46017_IDENTITY_H235_H */
