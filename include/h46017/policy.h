/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef H46017_POLICY_H
#define H46017_POLICY_H

/** @file
 * May this peer register as this device? One decision table, plain data in,
 * one code of h46017/error.h out.
 */

#include <h46017/identity.h>

#ifdef __cplusplus
extern "C" {
#endif

/** What a device must prove. */
typedef enum h46017_device_auth {
  H46017_AUTH_CERTIFICATE = 0, /**< a certificate whose CN covers the name */
  H46017_AUTH_PASSWORD = 1,    /**< a password token (H.235) */
  H46017_AUTH_EITHER = 2,      /**< one of the two */
  H46017_AUTH_BOTH = 3,        /**< the two together */
  H46017_AUTH_OPEN = 4         /**< nothing */
} h46017_device_auth;

/** Their names as the programs spell them; static text. */
H46017_API const char *h46017_device_auth_name(h46017_device_auth auth);

/** One entry of the device table. Begin with h46017_device_default(). Whoever
 * takes a device *borrows* it for the call only. */
typedef struct h46017_device {
  size_t struct_size;
  const char *name;                /**< NUL-terminated, never empty */
  const char *const *hardware_ids; /**< NUL-terminated texts */
  size_t hardware_id_count;
  const char *const *aliases; /**< names it may register besides */
  size_t alias_count;
  h46017_device_auth auth;
  h46017_match_rule match;
  bool tls_only;        /**< TLS and a certificate besides what `auth` asks:
                             either and open become certificate, password
                             becomes both. It never lets in more */
  bool has_fingerprint; /**< only this very certificate will do */
  uint8_t cert_sha256[32];
} h46017_device;

H46017_API void h46017_device_default_sized(h46017_device *device, size_t size);
/** A device without names: certificate, serial rule. */
#define h46017_device_default(D) h46017_device_default_sized((D), sizeof(*(D)))

/** How well a registration name selects a device: the larger the better. */
typedef enum h46017_device_fit {
  H46017_FIT_NONE = 0,       /**< it is not this device's name */
  H46017_FIT_SERIAL = 1,     /**< a hardware ID covers it under the device's
                                  rule (`…-TEL1`) */
  H46017_FIT_NAME = 2,       /**< its name or one of its aliases */
  H46017_FIT_HARDWARE_ID = 3 /**< one of its hardware IDs */
} h46017_device_fit;

/** How a name selects a device. Of several devices that fit a name equally by
 * serial, the one with the longest hardware ID is meant.
 *
 * @param[in]  name  UTF-8 with its length, *borrowed*
 * @param[out] plen  the octets that fitted: the hardware ID's for
 *                   H46017_FIT_SERIAL, else the name's. Not set for
 *                   H46017_FIT_NONE; may be NULL */
H46017_API h46017_device_fit h46017_device_fits(const h46017_device *device,
                                                const char *name, size_t len,
                                                size_t *plen);

/** What became of a request's password token. */
typedef enum h46017_password_outcome {
  H46017_PASSWORD_ABSENT = 0, /**< there was none */
  H46017_PASSWORD_VALID = 1,
  H46017_PASSWORD_WRONG = 2
} h46017_password_outcome;

/** By what a registration was let in. */
typedef enum h46017_auth_used {
  H46017_AUTH_USED_NONE = 0,
  H46017_AUTH_USED_CERTIFICATE = 1,
  H46017_AUTH_USED_PASSWORD = 2,
  H46017_AUTH_USED_OPEN = 3
} h46017_auth_used;

/** `certificate`, `password`, `open`, `none`; static text. */
H46017_API const char *h46017_auth_used_name(h46017_auth_used auth);

/** Decides whether a peer may register a device under a name.
 *
 * The certificate's CN has to belong to the device: it equals one of the
 * device's hardware IDs, or covers one under the device's rule. It has to cover
 * the name too, unless the entry lists that very name (as its name or an
 * alias).
 *
 * @param[in]  device    the entry the name selected; NULL: there is none
 * @param[in]  peer      who the connection's peer proved to be; never NULL
 * @param[in]  password  the token's outcome
 * @param[in]  name      the registration name claimed, UTF-8
 * @param[out] pused     set on success only; may be NULL. With both demanded it
 *                       is the certificate
 * @retval 0
 * @retval H46017_ERR_UNKNOWN_DEVICE     no device
 * @retval H46017_ERR_TLS_REQUIRED       tls_only, and this is TCP
 * @retval H46017_ERR_PASSWORD_WRONG     a token that does not verify is never
 *                                       forgiven, whatever else is right
 * @retval H46017_ERR_IDENTITY_MISMATCH  a good certificate of somebody else
 * @retval H46017_ERR_CERT_NAME, …       what h46017_identity.error says
 * @retval H46017_ERR_CERT_MISSING       TLS without a certificate
 * @retval H46017_ERR_PASSWORD_MISSING
 * @retval H46017_ERR_UNAUTHENTICATED    TCP, and nothing that would do
 * @retval H46017_ERR_INVALID_ARGUMENT   @p peer or @p name is NULL, or a struct
 *                                       says something this library does not
 *                                       know: nobody is let in
 * @spec innovaphone "Concept H.323 over TCP/TLS"; doc/conformance.md S0-34 */
H46017_API int h46017_policy_decide(const h46017_device *device,
                                    const h46017_identity *peer,
                                    h46017_password_outcome password,
                                    const char *name, size_t name_len,
                                    h46017_auth_used *pused);

#ifdef __cplusplus
}
#endif

#endif /* H46017_POLICY_H */
