/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef H46017_H235_H
#define H46017_H235_H

/** @file
 * Password tokens in RAS messages (H.235): made, put in, checked.
 *
 * Endpoints and gatekeepers of this library do all this by themselves when they
 * are given a password; a program with a RAS stack of its own calls what is
 * here. Hashes cover the octets of the RAS message as they travel, never the
 * Facility around it and never an encoding made again.
 *
 * There is no hash function in here: h46017_crypto brings one in, and
 * h46017_tls_crypto() (h46017/tls.h) fills it from OpenSSL.
 */

#include <h46017/h225.h>
#include <h46017/ras.h>

#ifdef __cplusplus
extern "C" {
#endif

/** The hash functions that tokens need. */
typedef enum h46017_digest {
  H46017_DIGEST_MD5 = 1, /**< 16 octets */
  H46017_DIGEST_SHA1 = 2 /**< 20 octets */
} h46017_digest;

/** Where hashes come from. Begin with h46017_crypto_default(). Whoever takes
 * one *copies* it; `user_data` is *borrowed* for the life of the object. */
typedef struct h46017_crypto {
  size_t struct_size;
  /** Hashes @p parts as if they stood one behind the other.
   * @return 0; anything else: it cannot be had (H46017_ERR_DIGEST) */
  int (*digest)(h46017_digest which, const h46017_octets *parts, size_t count,
                uint8_t *out, void *user_data);
  void *user_data;
} h46017_crypto;

H46017_API void h46017_crypto_default_sized(h46017_crypto *crypto, size_t size);
#define h46017_crypto_default(C) h46017_crypto_default_sized((C), sizeof(*(C)))

/** The kinds of token, to be combined. */
enum {
  /** H.235.1 procedure I: HMAC-SHA1-96 over the whole message. It proves the
   * password and that nothing was altered. */
  H46017_H235_HMAC = 1,
  /** `cryptoEPPwdHash` (MD5): proves the password at this second, no more. */
  H46017_H235_PWD_HASH = 2,
  /** Cisco's access token (MD5): likewise. */
  H46017_H235_ACCESS_TOKEN = 4,
  H46017_H235_ALL = 7
};

/** The kinds that have a place in a message: the HMAC in every one, the
 * password hash in requests of an endpoint and IRR, the access token in RRQ and
 * ARQ. */
H46017_API uint32_t h46017_h235_kinds_of(h46017_ras_kind kind);

/** Seconds that a token's time may differ from ours, and the most that may be
 * set: there are devices that take summer time for UTC. */
#define H46017_H235_WINDOW 300
#define H46017_H235_WINDOW_MAX 7200

/** A password, ready for use. It is wiped when it is deleted. Constant: any
 * number of threads may use one. */
typedef struct h46017_h235_secret h46017_h235_secret;

/** Makes one.
 *
 * @param[out] ps        set on success only
 * @param[in]  crypto    *copied*
 * @param[in]  password  UTF-8 with its length, 1 to 127 characters of the BMP,
 *                       no NUL; *copied*. H.235.1 and the access token hash
 *                       these octets, the password hash their UTF-16 form
 * @param[in]  mem       *copied*; NULL for the C library's
 * @retval H46017_ERR_TEXT              it is not such text
 * @retval H46017_ERR_OUT_OF_RANGE      empty, or too long
 * @retval H46017_ERR_DIGEST            SHA-1 cannot be had
 * @retval H46017_ERR_INVALID_ARGUMENT  no digest function, or a struct_size
 * @retval H46017_ERR_NOMEM
 * @spec H.235.1 7
 * @since 0.1 */
H46017_API int h46017_h235_secret_new(h46017_h235_secret **ps,
                                      const h46017_crypto *crypto,
                                      const char *password, size_t len,
                                      const h46017_mem *mem);

/** Wipes and deletes; NULL is fine. */
H46017_API void h46017_h235_secret_del(h46017_h235_secret *s);

/** True when both were made of the same password, in a time that does not tell
 * where they differ. False when either is NULL. */
H46017_API bool h46017_h235_secret_is_equal(const h46017_h235_secret *a,
                                            const h46017_h235_secret *b);

/** The tokens of one sender that were accepted, so that none is accepted twice.
 * Its memory is bounded: of more tokens than it holds, those that are forgotten
 * take their second with them, and nothing that old is accepted any more. One
 * object is used by one thread at a time. */
typedef struct h46017_h235_replay h46017_h235_replay;

/** Makes one that is empty.
 *
 * @param max  tokens it holds at the most, 16 octets each; 0: 1024
 * @retval H46017_ERR_NOMEM
 * @since 0.1 */
H46017_API int h46017_h235_replay_new(h46017_h235_replay **pr, size_t max,
                                      const h46017_mem *mem);
H46017_API void h46017_h235_replay_del(h46017_h235_replay *r);

/** True when nothing in it can still be replayed at @p now (UTC, seconds):
 * deleting it is safe then. */
H46017_API bool h46017_h235_replay_is_idle(const h46017_h235_replay *r,
                                           int64_t now, uint32_t window);

/** Against what a message's tokens are checked. Begin with
 * h46017_h235_check_default(). Everything is *borrowed* for the call. */
typedef struct h46017_h235_check {
  size_t struct_size;
  const h46017_h235_secret *secret; /**< never NULL */
  const h46017_text *senders; /**< who may have sent it: aliases, user name,
                                   endpointIdentifier. With none given anybody
                                   may */
  size_t sender_count;
  const h46017_text *recipients; /**< what a token that says for whom it is may
                                      say. With none given anything will do */
  size_t recipient_count;
  int64_t now;     /**< UTC, seconds since 1970 */
  uint32_t window; /**< seconds; H46017_H235_WINDOW */
  uint32_t kinds;  /**< that count; H46017_H235_ALL. One of another kind is
                        checked too, and refused when it is wrong */
  h46017_h235_replay *replay; /**< NULL: replays are not noticed */
  bool begins; /**< it begins a registration: older than the last that did, it
                    is a replay too. So what was accepted before the memory was
                    made, as before a restart, is good for nothing once the
                    sender is back */
} h46017_h235_check;

H46017_API void h46017_h235_check_default_sized(h46017_h235_check *check,
                                                size_t size);
#define h46017_h235_check_default(C)                                           \
  h46017_h235_check_default_sized((C), sizeof(*(C)))

/** Checks every password token of a received RAS message. One that is right is
 * needed; none may be wrong. ClearTokens and cryptoTokens that are not about a
 * password of ours are nobody's business here.
 *
 * @param[in]  m       the message, as decoded
 * @param[in]  per     the exact octets it was decoded from, or a copy of them,
 *                     *borrowed*
 * @param[out] pkinds  the kinds that were right, set on success only; may be
 *                     NULL
 * @retval 0
 * @retval H46017_ERR_PASSWORD_MISSING  there is no token that counts
 * @retval H46017_ERR_PASSWORD_WRONG    a hash is not the password's (with the
 *                                      HMAC alone: or the message was altered)
 * @retval H46017_ERR_TOKEN_INTEGRITY   another token proves the password, but
 *                                      the message was altered on its way
 * @retval H46017_ERR_TOKEN_TIME        made too long ago, or in the future
 * @retval H46017_ERR_TOKEN_REPLAYED    accepted before, or older than `begins`
 *                                      lets pass
 * @retval H46017_ERR_TOKEN_SENDER      made by, or for the alias of, another
 * @retval H46017_ERR_TOKEN_RECIPIENT   made for another
 * @retval H46017_ERR_TOKEN_ALGORITHM   of a procedure that is not done here
 * @retval H46017_ERR_TOKEN_FORMAT      it lacks something, or is twice there
 * @retval H46017_ERR_DIGEST            a hash function cannot be had
 * @retval H46017_ERR_INVALID_ARGUMENT  no secret, a struct_size, or not a RAS
 *                                      message
 * @retval H46017_ERR_NOMEM
 * @spec H.235.1 7 and 8, H.225.0 7.5.1 */
H46017_API int h46017_h235_verify(const h46017_h225 *m, const uint8_t *per,
                                  size_t len, const h46017_h235_check *check,
                                  uint32_t *pkinds);

/** What to put into a message. Begin with h46017_h235_token_default().
 * Everything is *borrowed* for the call. */
typedef struct h46017_h235_token {
  size_t struct_size;
  uint32_t kinds;     /**< H46017_H235_HMAC */
  h46017_text sender; /**< who we are: an alias or identifier; never absent */
  h46017_text recipient; /**< whom it is for; absent where that is not known.
                              Only the HMAC says it */
  int64_t now;           /**< UTC, seconds since 1970 */
  uint32_t random;       /**< never the same twice in a second; of it 31 bits
                              are sent, and 1 for 0 */
} h46017_h235_token;

H46017_API void h46017_h235_token_default_sized(h46017_h235_token *token,
                                                size_t size);
#define h46017_h235_token_default(T)                                           \
  h46017_h235_token_default_sized((T), sizeof(*(T)))

/** Adds tokens to a RAS message that is built in every other way. The HMAC's
 * hash is twelve zero octets until h46017_h235_encode() has put it in.
 *
 * @retval H46017_ERR_INVALID_ARGUMENT  not a RAS message, a kind that is not
 *                                      known, a struct_size, a time that no
 *                                      token can say, no sender
 * @retval H46017_ERR_OUT_OF_RANGE, H46017_ERR_TEXT  a name that cannot be in a
 *                                      token (127 characters at the most)
 * @retval H46017_ERR_DIGEST, H46017_ERR_PER_BUDGET, H46017_ERR_NOMEM
 * After a failure the message is not fit to be sent. */
H46017_API int h46017_h235_add(h46017_h225 *m, const h46017_h235_secret *secret,
                               const h46017_h235_token *token);

/** Encodes a RAS message, and puts the hash into the HMAC token that
 * h46017_h235_add() left open. Without one it is h46017_h225_encode().
 *
 * @return what h46017_h225_encode() says, or
 * @retval H46017_ERR_DIGEST           SHA-1 cannot be had
 * @retval H46017_ERR_OUT_OF_RANGE     the tokens take more than 16383 octets */
H46017_API int h46017_h235_encode(h46017_h225 *m,
                                  const h46017_h235_secret *secret,
                                  uint8_t *buf, size_t cap, size_t *plen);

#ifdef __cplusplus
}
#endif

#endif /* H46017_H235_H */
