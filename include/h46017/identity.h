/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef H46017_IDENTITY_H
#define H46017_IDENTITY_H

/** @file
 * Who the peer proved to be, as plain data, and the rules by which a
 * certificate's CN covers a registration name.
 *
 * There is no X.509 here: libh46017-tls makes an identity from an `SSL`, a
 * program with another TLS library fills one itself.
 */

#include <h46017/common.h>

#ifdef __cplusplus
extern "C" {
#endif

/** How an identity was proved. */
typedef enum h46017_identity_proof {
  H46017_PROOF_NONE = 0,       /**< it is not: plain TCP, no certificate, or
                                    one that proves nobody (see `error`) */
  H46017_PROOF_CERTIFICATE = 1 /**< a certificate that is trusted, valid now,
                                    and whose private key the peer holds */
} h46017_identity_proof;

/** What a subjectAltName is. */
typedef enum h46017_san_type {
  H46017_SAN_DNS = 1,
  H46017_SAN_IP = 2,
  H46017_SAN_URI = 3
} h46017_san_type;

/** One subjectAltName. */
typedef struct h46017_san {
  h46017_san_type type;
  const char *text; /**< an IP address in its usual text form */
  size_t len;
} h46017_san;

/** The peer of one connection. Begin with h46017_identity_default(), so that a
 * program built with an older header stays right. Objects that take an
 * identity *copy* it, texts included. */
typedef struct h46017_identity {
  size_t struct_size;
  bool tls; /**< the transport is TLS */
  h46017_identity_proof proof;
  int error;      /**< 0, or why the certificate proves nobody:
                       a code of class 3xx */
  const char *cn; /**< the one CN of the subject, UTF-8, with its
                       length; NULL when there is not exactly one
                       that is valid text */
  size_t cn_len;
  const h46017_san *sans;
  size_t san_count;
  const char *subject;     /**< RFC 4514 text, NUL-terminated, or NULL */
  const char *issuer;      /**< RFC 4514 text, NUL-terminated, or NULL */
  uint8_t cert_sha256[32]; /**< of the leaf's DER */
  uint8_t key_sha256[32];  /**< of its SubjectPublicKeyInfo's DER */
  int64_t not_before;      /**< UTC, seconds since 1970 */
  int64_t not_after;
} h46017_identity;

H46017_API void h46017_identity_default_sized(h46017_identity *identity,
                                              size_t size);
/** An identity that proves nobody, over plain TCP. */
#define h46017_identity_default(I)                                             \
  h46017_identity_default_sized((I), sizeof(*(I)))

/** True when both were proved by a certificate of the same key. False for two
 * peers that proved nothing, and when either is NULL. */
H46017_API bool h46017_identity_is_same(const h46017_identity *a,
                                        const h46017_identity *b);

/** How a certificate's CN has to cover a registration name. */
typedef enum h46017_match_rule {
  H46017_MATCH_SERIAL = 0, /**< equal; or the CN is a complete serial (12
                                hexadecimal digits, or MODEL-xx-xx-xx) and the
                                name goes on with `-` and a suffix of
                                [A-Za-z0-9_.]+ (an interface, `-TEL1`) */
  H46017_MATCH_EXACT = 1,  /**< equal */
  H46017_MATCH_PREFIX = 2  /**< the name starts with the CN, as the field's
                                documents say literally; the CN has at least
                                six characters. Weak: a short CN of a trusted
                                authority covers many devices */
} h46017_match_rule;

/** The rule's name as the programs spell it (`serial`); static text. */
H46017_API const char *h46017_match_rule_name(h46017_match_rule rule);

/** True for a complete serial: 12 hexadecimal digits, also written as a MAC
 * address (six groups of two with `:` or `-`, three of four with `.`), or
 * MODEL-xx-xx-xx (a model of [A-Za-z0-9_.]+, three groups of two hexadecimal
 * digits). A model of two hexadecimal digits is none: `00-90-33-2f` is a MAC
 * address cut short. */
H46017_API bool h46017_name_is_serial(const char *name, size_t len);

/** True when two names are the same device name: equal octet for octet, or the
 * same complete serial, a MAC address in any spelling and either form in any
 * letter case. A short form (`IP222-2f-68-8a`) is never the same as a MAC.
 * Other names are not folded, but for the host of `user@host`, which has no
 * letter case. An empty name equals nothing. */
H46017_API bool h46017_name_is_equal(const char *a, size_t alen, const char *b,
                                     size_t blen);

/** Does a certificate's CN cover a registration name?
 *
 * An empty CN, one that is not valid UTF-8, has control or invisible
 * formatting characters, blanks at its ends or more than 256 octets covers
 * nothing under any rule; no rule knows wildcards.
 *
 * @param[in] cn    UTF-8 with its length, *borrowed*; a NUL in it is an error,
 *                  not an end
 * @param[in] name  the registration name, likewise
 * @retval 0
 * @retval H46017_ERR_CERT_NAME          the CN is not one that can name a
 * device
 * @retval H46017_ERR_IDENTITY_MISMATCH  it does not cover the name
 * @spec innovaphone "Certificate names and trust relationships"
 */
H46017_API int h46017_name_match(h46017_match_rule rule, const char *cn,
                                 size_t cn_len, const char *name,
                                 size_t name_len);

#ifdef __cplusplus
}
#endif

#endif /* H46017_IDENTITY_H */
