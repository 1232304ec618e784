/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef H46017_CREDENTIALS_H
#define H46017_CREDENTIALS_H

/** @file
 * Keys and certificates of one's own (libh46017-tls): made, requested from an
 * authority, issued by one, read from what others write, kept in a store.
 *
 * A *credential* is a private key with the certificate for it and the chain of
 * its issuers. It never changes once made. Everything here may take as long as
 * a key takes to make (an RSA key of 4096 bits: seconds); a program with an
 * event loop calls it on a worker thread. Separate objects are independent.
 */

#include <h46017/store.h>
#include <h46017/tls.h>

#ifdef __cplusplus
extern "C" {
#endif

/* What <openssl/types.h> says. */
typedef struct x509_st X509;
typedef struct evp_pkey_st EVP_PKEY;

/** Most octets that are read as a file of certificates and keys. */
#define H46017_IMPORT_MAX (256 * 1024)
/** Most certificates of one. */
#define H46017_IMPORT_MAX_CERTS 32
/** Most rounds of password hashing that one file may ask for, all its parts
 * together. */
#define H46017_IMPORT_MAX_ITERATIONS 2000000

/** @name What to make */
/**@{*/
typedef enum h46017_key_kind {
  H46017_KEY_EC = 0,     /**< P-256 */
  H46017_KEY_RSA = 1,    /**< 1024, 2048 or 4096 bits */
  H46017_KEY_ED25519 = 2 /**< sound, but few phones know it */
} h46017_key_kind;

/** A certificate to be made or asked for. Begin with
 * h46017_cert_spec_default(). Everything is *borrowed* for the call. */
typedef struct h46017_cert_spec {
  size_t struct_size;
  h46017_key_kind key;     /**< H46017_KEY_EC */
  uint32_t rsa_bits;       /**< 2048 */
  const char *cn;          /**< the subject, where it is a CN alone; UTF-8 */
  const char *subject;     /**< or all of it as RFC 4514 has it
                                (`CN=0090332f688a,O=Example`), UTF-8 */
  const char *const *sans; /**< `DNS:…`, `IP:…`, `URI:…` or `email:…` */
  size_t san_count;
  uint32_t days;      /**< of validity: 3650 */
  int64_t not_before; /**< UTC, seconds since 1970; 0: a day before the system's
                           clock, since clocks of devices are not exact */
} h46017_cert_spec;

H46017_API void h46017_cert_spec_default_sized(h46017_cert_spec *spec,
                                               size_t size);
/** Fills in the defaults. Call it before setting anything. */
#define h46017_cert_spec_default(S)                                            \
  h46017_cert_spec_default_sized((S), sizeof(*(S)))
/**@}*/

/** @name A credential */
/**@{*/
typedef struct h46017_credential h46017_credential;

/** Makes a key and a certificate that it signs itself: an end entity (CA:FALSE)
 * for both sides of TLS, with a random serial number.
 *
 * @param[out] pcred  *given*: h46017_credential_del(); set on success only
 * @param[in]  reuse  a credential whose key is used again, against good advice;
 *                    NULL: a new key. *Borrowed*
 * @retval H46017_ERR_INVALID_ARGUMENT  the spec's size, days above 36500
 * @retval H46017_ERR_KEY_TYPE          no such kind or strength of key
 * @retval H46017_ERR_DN                no subject, or one that is not valid
 * @retval H46017_ERR_SAN               a name that is not valid
 * @retval H46017_ERR_NOMEM
 * @retval H46017_ERR_TLS               OpenSSL failed: no random octets
 * @since 0.1 */
H46017_API int h46017_credential_selfsigned(h46017_credential **pcred,
                                            const h46017_cert_spec *spec,
                                            const h46017_credential *reuse,
                                            const h46017_mem *mem);

/** The same for an authority: CA:TRUE with no further authority below it, may
 * sign certificates and revocation lists and nothing else.
 * @return as h46017_credential_selfsigned() */
H46017_API int h46017_credential_authority(h46017_credential **pcred,
                                           const h46017_cert_spec *spec,
                                           const h46017_mem *mem);

/** Has an authority issue a certificate.
 *
 * @param[in] issuer   *borrowed*
 * @param[in] spec     subject, names, key and validity; with @p request the key
 *                     is the request's, and so are subject and names that the
 *                     spec does not give
 * @param[in] request  PKCS#10, PEM or DER, *borrowed*; NULL: a new key. What is
 *                     given has no private key then
 * @param[in] serial   the number, hexadecimal; NULL: a random one
 * @retval H46017_ERR_CERT_CHAIN  @p issuer is no authority
 * @retval H46017_ERR_FORMAT      @p request is none, or its signature is wrong
 * @return or as h46017_credential_selfsigned()
 * @since 0.1 */
H46017_API int h46017_credential_issue(h46017_credential **pcred,
                                       const h46017_credential *issuer,
                                       const h46017_cert_spec *spec,
                                       const uint8_t *request,
                                       size_t request_len, const char *serial,
                                       const h46017_mem *mem);

/** What h46017_credential_import() put right. */
#define H46017_IMPORT_REORDERED 1U /**< the chain was not leaf first */
#define H46017_IMPORT_LEFT_OUT 2U  /**< certificates not of the chain */
#define H46017_IMPORT_NO_KEY 4U    /**< certificates alone, as allowed */

/** Reads certificates and the private key: PEM in any order, with text around
 * (PKCS#1, PKCS#8, EC, encrypted or not; what a key is, its octets say, not
 * its label), DER, or PKCS#12. The certificate is the one that the key belongs
 * to; the chain is put in order behind it.
 *
 * @param[in]  data      *borrowed*; its private key is not copied but by
 *                       OpenSSL
 * @param[in]  key       where the key stands in octets of its own, *borrowed*;
 *                       may be NULL
 * @param[in]  password  NUL-terminated, *borrowed*; NULL: none
 * @param[in]  need_key  false: certificates alone will do
 * @param[out] pnotes    H46017_IMPORT_…; may be NULL
 * @retval H46017_ERR_FORMAT             nothing that is understood, or damaged
 * @retval H46017_ERR_CERT_ABSENT        no certificate in it
 * @retval H46017_ERR_KEY_ABSENT         no private key in it
 * @retval H46017_ERR_KEY_MISMATCH       the key belongs to none of them
 * @retval H46017_ERR_PASSWORD_NEEDED    encrypted, and no password given
 * @retval H46017_ERR_BAD_PASSWORD
 * @retval H46017_ERR_LEGACY_ENCRYPTION  of an old kind that needs OpenSSL's
 *                                       legacy provider, which is not there
 * @retval H46017_ERR_IMPORT_LIMIT       beyond one of the limits above; nothing
 *                                       was decrypted then
 * @retval H46017_ERR_NOMEM
 * @since 0.1 */
H46017_API int h46017_credential_import(h46017_credential **pcred,
                                        const uint8_t *data, size_t len,
                                        const uint8_t *key, size_t key_len,
                                        const char *password, bool need_key,
                                        uint32_t *pnotes,
                                        const h46017_mem *mem);

/** Reads certificates and key from an URI that OpenSSL's stores know (`file:`;
 * `pkcs11:` with a provider for it, not tested), certificates also from
 * @p data, which may be NULL. Nobody is asked at a terminal: a key that is
 * encrypted opens with @p password or not at all.
 * @return as h46017_credential_import(), or
 * @retval H46017_ERR_STORE_IO  there is nothing at that URI */
H46017_API int h46017_credential_load(h46017_credential **pcred,
                                      const char *uri, const uint8_t *data,
                                      size_t len, const char *password,
                                      uint32_t *pnotes, const h46017_mem *mem);

/** Deletes it; NULL is fine. */
H46017_API void h46017_credential_del(h46017_credential *cred);

/** The certificate itself; *borrowed*. */
H46017_API X509 *h46017_credential_leaf(const h46017_credential *cred);
/** Certificates of the chain behind the leaf. */
H46017_API size_t h46017_credential_chain_count(const h46017_credential *cred);
/** One of them, nearest to the leaf first; *borrowed*. NULL beyond the last. */
H46017_API X509 *h46017_credential_chain_at(const h46017_credential *cred,
                                            size_t index);
/** NULL where it has none; *borrowed*. */
H46017_API EVP_PKEY *h46017_credential_key(const h46017_credential *cred);

typedef enum h46017_export_form {
  H46017_EXPORT_PEM = 1,
  H46017_EXPORT_DER = 2,   /**< the leaf */
  H46017_EXPORT_PKCS12 = 3 /**< encrypted with AES-256 where there is a
                                password that is not empty, else not at all */
} h46017_export_form;

#define H46017_EXPORT_CHAIN 1U       /**< the chain too */
#define H46017_EXPORT_PRIVATE_KEY 2U /**< and the private key */
#define H46017_EXPORT_KEY_ALONE 4U   /**< PEM: the private key, nothing else */

/** Writes it down. The octets shown to @p take are wiped afterwards.
 *
 * @param[in] password  of a PKCS#12 or a PEM's key; NULL: none
 * @retval H46017_ERR_INVALID_ARGUMENT  no such form, or DER with more
 * @retval H46017_ERR_KEY_ABSENT        it has no key
 * @retval H46017_ERR_NOMEM
 * @return or what @p take returned
 * @since 0.1 */
H46017_API int h46017_credential_export(const h46017_credential *cred,
                                        h46017_export_form form, uint32_t what,
                                        const char *password,
                                        h46017_store_take take,
                                        void *user_data);

/** Puts it into a context; one of RSA and one of EC may stand side by side.
 * Connections that are there keep what they have.
 * @retval H46017_ERR_KEY_ABSENT
 * @retval H46017_ERR_CERT_WEAK  the context's profile refuses its key
 * @retval H46017_ERR_TLS
 * @since 0.1 */
H46017_API int h46017_credential_use(const h46017_credential *cred,
                                     SSL_CTX *ctx);
/**@}*/

/** @name Kept in a store
 * Collection `credentials`; an entry is one PEM with key and chain, so that a
 * pair is replaced whole:
 *
 * | entry | what |
 * |---|---|
 * | `device.pem` | the user's own |
 * | `generated.pem` | what the program made for itself; in force while there is
 * no `device.pem` |
 * | `app-NAME.pem` | an application's, NAME in lower case |
 * | `csr-ID.pem` | a request that waits for its certificate, and its key |
 */
/**@{*/
typedef struct h46017_credentials h46017_credentials;

/** @param[out] pc     *given*: h46017_credentials_del()
 * @param[in] store  *copied*, its object *borrowed*
 * @retval H46017_ERR_INVALID_ARGUMENT
 * @retval H46017_ERR_NOMEM
 * @since 0.1 */
H46017_API int h46017_credentials_new(h46017_credentials **pc,
                                      const h46017_store *store,
                                      const h46017_mem *mem);
/** NULL is fine. */
H46017_API void h46017_credentials_del(h46017_credentials *c);

/** Reads one.
 *
 * @param[in]  name   an application's; NULL: the device's, the user's before
 *                    the generated
 * @param[out] pcred  *given*
 * @retval H46017_ERR_INVALID_ARGUMENT  not a name
 * @retval H46017_ERR_NOT_FOUND
 * @retval H46017_ERR_STORE_CORRUPT     it is there and cannot be read
 * @retval H46017_ERR_STORE_IO
 * @since 0.1 */
H46017_API int h46017_credentials_get(h46017_credentials *c, const char *name,
                                      h46017_credential **pcred);

/** Keeps one in place of what was there, atomically.
 * @param[in] name  as for h46017_credentials_get()
 * @retval H46017_ERR_KEY_ABSENT  it has no private key
 * @return or as h46017_credentials_get() */
H46017_API int h46017_credentials_put(h46017_credentials *c, const char *name,
                                      const h46017_credential *cred);

/** Keeps what the program made for itself.
 * @return as h46017_credentials_put() */
H46017_API int h46017_credentials_put_generated(h46017_credentials *c,
                                                const h46017_credential *cred);

/** Removes one, key and all; the device's falls back to the generated, which
 * stays.
 * @return as h46017_credentials_get() */
H46017_API int h46017_credentials_remove(h46017_credentials *c,
                                         const char *name);

/** True where the device's is the user's. */
H46017_API bool h46017_credentials_is_user(h46017_credentials *c);

/** Tells the names of the applications'.
 * @return 0, H46017_ERR_STORE_IO, or what @p each returned */
H46017_API int h46017_credentials_each(h46017_credentials *c,
                                       h46017_store_each each, void *user_data);

/** Puts the device's credential into a server's context, and has the
 * applications' chosen by the name a client asks for (SNI: exact, in any letter
 * case; every other name gets the device's). They are read once: to replace
 * them, make a new context. The context keeps what it needs.
 *
 * @return as h46017_credentials_get() and h46017_credential_use()
 * @since 0.1 */
H46017_API int h46017_credentials_attach(h46017_credentials *c, SSL_CTX *ctx);

/** The applications' alone, into a context that shows certificates from
 * elsewhere to every other name.
 *
 * @return as h46017_credentials_get()
 * @since 0.1 */
H46017_API int h46017_credentials_attach_apps(h46017_credentials *c,
                                              SSL_CTX *ctx);
/**@}*/

/** @name Requests (PKCS#10) */
/**@{*/
/** Room for the ID of a request. */
#define H46017_CSR_ID_MAX 33

/** Makes a key and a request for it, and keeps both. What is in force stays.
 *
 * @param[in]  reuse  as for h46017_credential_selfsigned()
 * @param[out] id     the request's
 * @return as h46017_credential_selfsigned(), or H46017_ERR_STORE_IO */
H46017_API int h46017_csr_new(h46017_credentials *c,
                              const h46017_cert_spec *spec,
                              const h46017_credential *reuse,
                              char id[H46017_CSR_ID_MAX]);

/** Tells the IDs of those that wait. */
H46017_API int h46017_csr_each(h46017_credentials *c, h46017_store_each each,
                               void *user_data);

/** Shows a request, to be sent to an authority; never its key.
 *
 * @param[in] id   NULL: the only one
 * @param[in] der  DER, else PEM
 * @retval H46017_ERR_NOT_FOUND  no such one, or not exactly one
 * @return or what @p take returned */
H46017_API int h46017_csr_get(h46017_credentials *c, const char *id, bool der,
                              h46017_store_take take, void *user_data);

/** Takes the certificate that came of a request, with its chain, into force.
 * Until it is, the old one stays.
 *
 * @param[in] data  as for h46017_credential_import(), without a key
 * @param[in] name  as for h46017_credentials_get()
 * @retval H46017_ERR_CSR_ABSENT  no request that waits has its key
 * @return or as h46017_credential_import(), h46017_credentials_put() */
H46017_API int h46017_csr_install(h46017_credentials *c, const uint8_t *data,
                                  size_t len, const char *name);

/** Removes a request and its key: a certificate that comes of it is of no use
 * then.
 * @retval H46017_ERR_NOT_FOUND */
H46017_API int h46017_csr_remove(h46017_credentials *c, const char *id);
/**@}*/

#ifdef __cplusplus
}
#endif

#endif /* H46017_CREDENTIALS_H */
