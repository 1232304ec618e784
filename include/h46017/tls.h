/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef H46017_TLS_H
#define H46017_TLS_H

/** @file
 * TLS for H.460.17 on OpenSSL 3 (libh46017-tls): contexts with sane settings,
 * from a certificate to an identity, and an engine without a socket.
 *
 * A program that runs its own `SSL` takes the first three parts (contexts,
 * server names, identity) and stops there. The engine, `h46017_tls`, is for
 * programs that want TLS to look like everything else in this library:
 *
 *     octets from the socket  -> h46017_tls_recv()
 *     h46017_tls_peek_tx()    -> send -> h46017_tls_ack_tx()
 *     timer armed from h46017_tls_next_expiry() -> h46017_tls_handle_expiry()
 *     the object behind wrote something          -> h46017_tls_pump()
 *     neither want_read nor want_write: close the socket
 *
 * with a tunnel, an endpoint or a gatekeeper's connection attached behind it.
 *
 * This header reads without OpenSSL's; a program includes <openssl/ssl.h>
 * itself.
 */

#include <h46017/endpoint.h>
#include <h46017/gatekeeper.h>
#include <h46017/h235.h>
#include <h46017/identity.h>
#include <h46017/tunnel.h>

#ifdef __cplusplus
extern "C" {
#endif

/* What <openssl/types.h> says; C11 and C++ allow to say it twice. */
typedef struct ssl_st SSL;
typedef struct ssl_ctx_st SSL_CTX;
typedef struct ssl_session_st SSL_SESSION;

/** Which side of the handshake this is. An endpoint is the client, a gatekeeper
 * the server. */
typedef enum h46017_tls_role {
  H46017_TLS_CLIENT = 1,
  H46017_TLS_SERVER = 2
} h46017_tls_role;

/** How old the peers may be. TLS 1.2 is the least in both. */
typedef enum h46017_tls_profile {
  H46017_TLS_MODERN = 0,        /**< RSA from 2048 bits, SHA-2; in TLS 1.2 only
                                     ECDHE with an AEAD cipher */
  H46017_TLS_LEGACY_DEVICE = 1, /**< what stock phones carry besides: RSA from
                                    1024 bits with SHA-256, CBC ciphers and RSA
                                    key exchange in TLS 1.2. SHA-1 signatures
                                    stay refused */
  H46017_TLS_LEGACY_SHA1 = 2    /**< and SHA-1 signatures too: anybody with
                                     enough money can forge one. For a listener
                                     of its own; h46017_trust_attach() refuses
                                     what is weaker still (MD5, RSA below
                                     1024 bits) */
} h46017_tls_profile;

/** What a server wants of its clients. */
typedef enum h46017_client_cert_mode {
  H46017_CLIENT_CERT_REQUIRE = 0, /**< a trusted certificate, or the handshake
                                       fails */
  H46017_CLIENT_CERT_REQUEST = 1, /**< asked for; absent or untrusted it goes
                                       on, and the identity says why it proves
                                       nobody: passwords have to */
  H46017_CLIENT_CERT_NONE = 2     /**< not asked for */
} h46017_client_cert_mode;

/** A trust list: h46017/trust.h. Wherever one is asked for, NULL means that
 * the store of the `SSL_CTX` decides, in which every certificate is an
 * authority (it may issue others). */
typedef struct h46017_trust h46017_trust;

/** @name Contexts */
/**@{*/

/** Settles everything about a fresh `SSL_CTX` but certificate, key and trusted
 * certificates: versions, ciphers and strength by the profile; peer
 * verification on and judged by h46017_trust_attach() without a list
 * (H46017_CLIENT_CERT_REQUIRE); chains of at most five issuers, any trusted
 * one of which may be the anchor; certificate messages of at most 32 KiB; no
 * compression, renegotiation, early data or post-handshake authentication; no
 * resumption, since what a session was trusted for may have been withdrawn; no
 * chain sent but the one the program sets (SSL_CTX_use_certificate_chain_file);
 * modes that suit an engine without a socket (partial writes, moving write
 * buffers, buffers released when idle).
 *
 * Call it before anything else is set; what is set later wins.
 *
 * @retval H46017_ERR_INVALID_ARGUMENT  NULL, or no such role or profile
 * @retval H46017_ERR_TLS               OpenSSL refused a setting
 * @since 0.1 */
H46017_API int h46017_tls_ctx_defaults(SSL_CTX *ctx, h46017_tls_role role,
                                       h46017_tls_profile profile);

/** Says who is trusted in a context of the program's own making, and what is
 * asked of clients (@p mode is for servers; a client always asks).
 *
 * Replaces the context's certificate verification callback: the chain has to
 * lead by signature to a trusted certificate, every certificate of it be valid
 * now, the leaf be for its purpose and, of a client, be no authority. What was
 * wrong is kept with the connection for h46017_identity_from_ssl(), also where
 * the handshake goes on, and the peer gets the alert that says it best.
 *
 * With a list, that list alone decides, as it stands when a handshake begins:
 * an end entity of it by being the very certificate, any other by a chain that
 * leads to an authority of it. A server then also resumes sessions (tickets, of
 * this context only), as long as the entry that a session rested on stands and
 * no certificate of its chain has expired. Without one nothing is resumed.
 *
 * @param[in] trust  *borrowed* for the life of the context; may be NULL
 * @retval H46017_ERR_INVALID_ARGUMENT
 * @retval H46017_ERR_TLS  OpenSSL refused a setting
 * @since 0.1 */
H46017_API int h46017_trust_attach(const h46017_trust *trust, SSL_CTX *ctx,
                                   h46017_tls_role role,
                                   h46017_client_cert_mode mode);
/**@}*/

/** @name Server names */
/**@{*/

/** Makes a client's handshake fail unless the server's certificate is for
 * @p name: a DNS name (subjectAltName; the CN where there is no DNS name among
 * them; no wildcards) or an IP address (subjectAltName only). A DNS name is
 * also sent as SNI. With `X509_CHECK_FLAG_NEVER_CHECK_SUBJECT` set afterwards
 * (X509_VERIFY_PARAM_set_hostflags()) the CN never counts.
 *
 * A client that does not call it, nor lets h46017_tls_new(), accepts any
 * trusted certificate as its gatekeeper, a phone's too.
 *
 * @param[in] ssl   before its handshake
 * @param[in] name  NUL-terminated, *copied*
 * @retval H46017_ERR_INVALID_ARGUMENT  NULL or empty, or no name
 * @retval H46017_ERR_NOMEM
 * @spec RFC 6125
 * @since 0.1 */
H46017_API int h46017_tls_expect_name(SSL *ssl, const char *name);

/** Makes a client's handshake fail unless the whole subject of the server's
 * certificate is this one: the same names in the same order, letter case and
 * blanks aside. It works in contexts that h46017_trust_attach() has seen, after
 * h46017_tls_ctx_defaults() too.
 *
 * @param[in] ssl  before its handshake
 * @param[in] dn   as RFC 4514 has it (`CN=gk,O=Example`), NUL-terminated,
 *                 *copied*
 * @retval H46017_ERR_INVALID_ARGUMENT  NULL
 * @retval H46017_ERR_DN                not a distinguished name
 * @retval H46017_ERR_NOMEM
 * @spec RFC 4514, RFC 5280 7.1
 * @since 0.1 */
H46017_API int h46017_tls_expect_subject(SSL *ssl, const char *dn);

/** Makes a client's handshake fail with H46017_ERR_SERVER_CHANGED unless the
 * server shows this very certificate, which is judged as an end entity of a
 * trust list is: valid now, for servers, strong enough, whoever issued it and
 * whatever name it has. It works in contexts that h46017_trust_attach() has
 * seen.
 *
 * Without @p id this is the first contact: any certificate that is in order by
 * itself passes. It is nobody's proof (the identity says
 * H46017_ERR_UNAUTHENTICATED); the program keeps its SHA-256
 * (`cert_sha256`) for the next time.
 *
 * @param[in] ssl  before its handshake
 * @param[in] id   SHA-256 of the certificate's DER, 32 octets, *copied*; NULL:
 *                 not known yet
 * @retval H46017_ERR_INVALID_ARGUMENT  no SSL
 * @retval H46017_ERR_NOMEM
 * @since 0.1 */
H46017_API int h46017_tls_expect_certificate(SSL *ssl, const uint8_t *id);
/**@}*/

/** @name From a certificate to an identity */
/**@{*/

/** Tells who the peer of an `SSL` proved to be, whoever runs it.
 *
 * Its proof is H46017_PROOF_CERTIFICATE only when verification was on, a chain
 * was built and found good, and, of a device, the leaf has exactly one CN, of
 * valid text, not empty, without control characters; anything else leaves
 * H46017_PROOF_NONE with the reason in `error`. A server may be known by
 * another name than a CN: `cn` may be NULL beside its proof. No certificate at
 * all: error H46017_ERR_CERT_MISSING when one was asked for. What the
 * certificate says is filled in either way, to be shown or kept; it means
 * nothing without the proof.
 *
 * h46017_trust_attach() is not needed, but without it the reason may be less
 * exact.
 *
 * @param[out] pidentity  *given*: h46017_identity_del(); set on success only
 * @param[in]  trust      what the context was attached with; may be NULL
 * @param[in]  ssl        its handshake is complete; may be freed afterwards
 * @param[in]  mem        for the identity; NULL: the C library's
 * @retval H46017_ERR_INVALID_ARGUMENT
 * @retval H46017_ERR_INVALID_STATE  the handshake is not complete
 * @retval H46017_ERR_NOMEM
 * @since 0.1 */
H46017_API int h46017_identity_from_ssl(h46017_identity **pidentity,
                                        const h46017_trust *trust,
                                        const SSL *ssl, const h46017_mem *mem);

/** Deletes what h46017_identity_from_ssl() gave, and only that; NULL is fine.
 * @since 0.1 */
H46017_API void h46017_identity_del(h46017_identity *identity);

/** The code for an `X509_V_ERR_…`, or for what SSL_get_verify_result() says
 * after h46017_trust_attach(); 0 for `X509_V_OK`.
 * @since 0.1 */
H46017_API int h46017_error_from_verify_result(int64_t result);
/**@}*/

/** @name The engine
 * One object a connection, one thread at a time; separate ones are
 * independent, also when they share an `SSL_CTX`. */
/**@{*/
typedef struct h46017_tls h46017_tls;

/** How a client judges the server. */
typedef enum h46017_server_check {
  H46017_SERVER_CHECK_NAME = 0,    /**< trusted, and for `server_name` */
  H46017_SERVER_CHECK_TRUSTED = 1, /**< trusted, whatever its name. Any trusted
                                        certificate can pose as the
                                        gatekeeper */
  H46017_SERVER_CHECK_NONE = 2,    /**< not at all: anybody can. Logged as a
                                        warning at every connection */
  H46017_SERVER_CHECK_SUBJECT = 3, /**< trusted, and `server_name` is its
                                        subject: h46017_tls_expect_subject() */
  H46017_SERVER_CHECK_PIN = 4,     /**< the certificate of `server_pin`, and no
                                        other; without one, the first contact:
                                        h46017_tls_expect_certificate() */
  H46017_SERVER_CHECK_SAN = 5      /**< trusted, and for `server_name` by its
                                        subjectAltName: a CN does not count */
} h46017_server_check;

/** Settings of one connection. Begin with h46017_tls_settings_default(). */
typedef struct h46017_tls_settings {
  size_t struct_size;
  uint32_t handshake_timeout_ms; /**< 10000. From h46017_tls_new() on */
  uint32_t max_tx;               /**< octets waiting to be sent: 262144. Beyond
                                      them the object behind waits */
  h46017_server_check server_check; /**< client: H46017_SERVER_CHECK_NAME */
  const char *server_name;          /**< client: see h46017_tls_expect_name();
                                     *copied* */
  const h46017_trust *trust;        /**< what the context was attached with;
                                     *borrowed* */
  h46017_log_level log_level;       /**< H46017_LOG_INFO */
  SSL_SESSION *session;      /**< client, with a trust list: what an earlier
                                  connection to this server left
                                  (SSL_get1_session()); *borrowed* for the call. It
                                  is resumed if the server lets it, and if list and
                                  name would let its certificate pass today; else
                                  the handshake is a full one. NULL: none */
  const uint8_t *server_pin; /**< client, H46017_SERVER_CHECK_PIN: SHA-256,
                              *copied*; NULL: the first contact */
} h46017_tls_settings;

H46017_API void h46017_tls_settings_default_sized(h46017_tls_settings *settings,
                                                  size_t size);
/** Fills in the defaults. Call it before setting anything. */
#define h46017_tls_settings_default(S)                                         \
  h46017_tls_settings_default_sized((S), sizeof(*(S)))

/** What the engine tells. All may be NULL. None runs inside a call into
 * OpenSSL; all run inside h46017_tls_recv(), _transport_down(), _pump(),
 * _ack_tx(), _handle_expiry() or _close() of the same object. In them
 * h46017_tls_attach…(), _close(), _del() and the const functions may be called;
 * _pump() is allowed and does nothing (it happens anyway); the others return
 * H46017_ERR_REENTRANT. */
typedef struct h46017_tls_callbacks {
  size_t struct_size;
  /** The handshake is complete. @p peer is *borrowed*; it lives as long as the
   * engine. Something has to be attached when this returns. Runs before the
   * transport_up of what is attached. */
  void (*handshake_completed)(h46017_tls *t, const h46017_identity *peer,
                              void *user_data);
  /** The connection is over. @p why is h46017_tls_error(); octets may be left
   * to send. Runs once, after the transport_down of what is attached. */
  void (*closed)(h46017_tls *t, int why, void *user_data);
  /** The time of day for the validity of certificates, UTC, seconds since
   * 1970; false: not known here, and no certificate proves anything
   * (H46017_ERR_CLOCK_NOT_SET). NULL: the system's clock. Runs inside
   * h46017_tls_new(). */
  bool (*utc_now)(int64_t *seconds, void *user_data);
  h46017_log_write log_write;
} h46017_tls_callbacks;

H46017_API void
h46017_tls_callbacks_default_sized(h46017_tls_callbacks *callbacks,
                                   size_t size);
/** Clears them. Call it before setting any. */
#define h46017_tls_callbacks_default(C)                                        \
  h46017_tls_callbacks_default_sized((C), sizeof(*(C)))

/** Begins TLS on a transport that is connected. A client has its first flight
 * to send at once.
 *
 * @param[out] pt         set on success only
 * @param[in]  ctx        a reference is taken: h46017_tls_ctx_defaults(), or a
 *                        context of the program's own making
 * @param[in]  settings   *copied*; NULL: the defaults, which a client cannot
 *                        do with (it has to name the server)
 * @param[in]  callbacks  *copied*; may be NULL
 * @param[in]  mem        *copied*; NULL: the C library's. OpenSSL keeps its own
 * @retval H46017_ERR_INVALID_ARGUMENT  also: H46017_SERVER_CHECK_NAME or
 *                                      _SUBJECT without a name
 * @retval H46017_ERR_DN                a subject that is none
 * @retval H46017_ERR_NOMEM
 * @retval H46017_ERR_TLS               OpenSSL cannot begin with this context
 * @since 0.1 */
H46017_API int h46017_tls_new(h46017_tls **pt, SSL_CTX *ctx,
                              h46017_tls_role role,
                              const h46017_tls_settings *settings,
                              const h46017_tls_callbacks *callbacks,
                              const h46017_mem *mem, void *user_data,
                              h46017_time now);

/** Deletes it, with nothing more sent or told; NULL is fine. In a callback: at
 * the end of the outermost call. What is attached is not touched. */
H46017_API void h46017_tls_del(h46017_tls *t);

/** Takes octets from the transport, all of them, or fails. What they decrypt to
 * goes to the object behind, whose answers are queued before this returns.
 *
 * After an error the object behind has been told (transport_down with the same
 * code); an alert or a last message may wait to be sent: want_write says so.
 *
 * @param[in] data  *borrowed* for the call; may be NULL when @p datalen is 0
 * @retval H46017_ERR_NOT_TLS              the first octet is no TLS (TPKT on
 *                                         the TLS port); stays
 * @retval H46017_ERR_CERT_MISSING, …      the peer's certificate was refused:
 *                                         a code of class 3xx; stays
 * @retval H46017_ERR_CERT_REFUSED_BY_PEER the peer refused ours; in TLS 1.3 a
 *                                         client learns it only after its own
 *                                         handshake is complete; stays
 * @retval H46017_ERR_TLS_CLOSED           the peer ended TLS; stays
 * @retval H46017_ERR_TLS                  see h46017_tls_error_text(); stays
 * @retval H46017_ERR_FLOOD                the peer makes us answer and does not
 *                                         read; stays
 * @retval H46017_ERR_NOMEM                stays
 * @retval H46017_ERR_INVALID_STATE        nothing was attached when the
 *                                         handshake was complete; stays
 * @retval H46017_ERR_REENTRANT            called from a callback
 * @return or what the object behind failed with; stays
 * @callbacks  all
 * @since 0.1 */
H46017_API int h46017_tls_recv(h46017_tls *t, const uint8_t *data,
                               size_t datalen, h46017_time now);

/** Shows what is to be sent, all of it in one window.
 * @param[out] pdata  *borrowed* until the next call that changes the object
 * @return octets in the window, 0 when there is nothing */
H46017_API size_t h46017_tls_peek_tx(const h46017_tls *t,
                                     const uint8_t **pdata);

/** Tells that the first @p n octets of the window were sent; any part of it is
 * fine. Works after an error too. Room in the queue is filled again from the
 * object behind.
 *
 * @retval H46017_ERR_INVALID_ARGUMENT  more than the window holds
 * @retval H46017_ERR_REENTRANT         called from a callback
 * @return or as h46017_tls_pump()
 * @callbacks  closed */
H46017_API int h46017_tls_ack_tx(h46017_tls *t, size_t n, h46017_time now);

/** Takes up what the object behind has to send, as far as there is room. When
 * it wants neither to read nor to write any more, ends TLS with a close_notify
 * (error H46017_ERR_CLOSED).
 *
 * Call it whenever the object behind may have output that did not come of a
 * call into this engine: after its own timers, or a message the program gave
 * it.
 *
 * @return 0, or the error that ended the connection
 * @callbacks  closed */
H46017_API int h46017_tls_pump(h46017_tls *t, h46017_time now);

/** False once nothing is taken any more. */
H46017_API bool h46017_tls_want_read(const h46017_tls *t);
/** There are octets to send. */
H46017_API bool h46017_tls_want_write(const h46017_tls *t);

/** The deadline of the handshake; H46017_TIME_NEVER after it. The object behind
 * has timers of its own. */
H46017_API h46017_time h46017_tls_next_expiry(const h46017_tls *t);

/** Does what is due; an early call is harmless.
 * @retval H46017_ERR_TLS_TIMEOUT  the handshake was not finished in time; stays
 * @retval H46017_ERR_REENTRANT    called from a callback
 * @callbacks  closed */
H46017_API int h46017_tls_handle_expiry(h46017_tls *t, h46017_time now);

/** Ends it: what the object behind has to send, then a close_notify, then wants
 * nothing. During the handshake: at once, silently. Error H46017_ERR_CLOSED.
 * @return 0, also when it is over already
 * @callbacks  closed */
H46017_API int h46017_tls_close(h46017_tls *t, h46017_time now);

/** The transport is gone. Nothing is wanted any more.
 *
 * @param[in] why  0: the peer closed it (end of file). That is
 *                 H46017_ERR_TLS_TRUNCATED unless TLS was ended first; peers
 *                 that never send a close_notify exist, so at the end of a PDU
 *                 it is nothing worse than a close. Otherwise a code for what
 *                 happened to the transport
 * @return the error that stays
 * @callbacks  closed */
H46017_API int h46017_tls_transport_down(h46017_tls *t, int why,
                                         h46017_time now);

/** 0 while it lives, then the error that ended it. */
H46017_API int h46017_tls_error(const h46017_tls *t);

/** OpenSSL's words for that error, or the library's; NUL-terminated, *borrowed*
 * until the object goes; empty while it lives. */
H46017_API const char *h46017_tls_error_text(const h46017_tls *t);

/** Who the peer proved to be; NULL until the handshake is complete. *Borrowed*
 * until the object goes. */
H46017_API const h46017_identity *h46017_tls_identity(const h46017_tls *t);

/** For what is not offered here; *borrowed*. Reading, writing, shutting down or
 * freeing it is not the program's business. */
H46017_API SSL *h46017_tls_ssl(h46017_tls *t);

/** `TLSv1.3`; NULL until the handshake is complete; static text. */
H46017_API const char *h46017_tls_version(const h46017_tls *t);
/** The cipher suite's RFC name; NULL until the handshake is complete; static
 * text. */
H46017_API const char *h46017_tls_cipher(const h46017_tls *t);
/** The session is an earlier one, resumed. */
H46017_API bool h46017_tls_is_resumed(const h46017_tls *t);
/**@}*/

/** @name The object behind */
/**@{*/

/** How the engine speaks to what is behind it. `recv`, `peek_tx` and `ack_tx`
 * are needed, the others may be NULL. They are what the functions of the same
 * name of h46017_tunnel and h46017_endpoint are. */
typedef struct h46017_tls_behind {
  size_t struct_size;
  int (*recv)(void *object, const uint8_t *data, size_t datalen,
              h46017_time now);
  size_t (*peek_tx)(const void *object, const uint8_t **pdata);
  int (*ack_tx)(void *object, size_t n, h46017_time now);
  int (*transport_up)(void *object, const h46017_identity *peer,
                      h46017_time now);
  /** Runs once, also when there was no transport_up. What it returns is not
   * looked at. */
  int (*transport_down)(void *object, int why, h46017_time now);
  bool (*want_read)(const void *object);
  bool (*want_write)(const void *object);
} h46017_tls_behind;

H46017_API void h46017_tls_behind_default_sized(h46017_tls_behind *behind,
                                                size_t size);
/** Clears it. Call it before setting any. */
#define h46017_tls_behind_default(B)                                           \
  h46017_tls_behind_default_sized((B), sizeof(*(B)))

/** Puts an object behind the engine: at any time before the first octet
 * arrives, or at the latest in handshake_completed.
 *
 * @param[in] behind  *copied*
 * @param[in] object  *borrowed* until the engine goes, or h46017_tls_detach()
 * @retval H46017_ERR_INVALID_ARGUMENT
 * @retval H46017_ERR_INVALID_STATE  something is attached, or it is too late
 * @since 0.1 */
H46017_API int h46017_tls_attach(h46017_tls *t, const h46017_tls_behind *behind,
                                 void *object);

/** A tunnel; it hears nothing of the transport's end.
 * @return as h46017_tls_attach() */
H46017_API int h46017_tls_attach_tunnel(h46017_tls *t, h46017_tunnel *tunnel);

/** An endpoint: transport_up with the gatekeeper's identity, transport_down
 * with what went wrong.
 * @return as h46017_tls_attach() */
H46017_API int h46017_tls_attach_endpoint(h46017_tls *t,
                                          h46017_endpoint *endpoint);

/** A gatekeeper's connection, made with the identity that handshake_completed
 * brings, in that callback.
 * @return as h46017_tls_attach() */
H46017_API int h46017_tls_attach_connection(h46017_tls *t,
                                            h46017_connection *connection);

/** Forgets the object behind, which is told nothing more: for a program that
 * deletes it first. In any callback too. */
H46017_API void h46017_tls_detach(h46017_tls *t);
/**@}*/

/** @name The hashes of password tokens */
/**@{*/
/** MD5 and SHA-1 of OpenSSL's default context, looked up once. Constant: any
 * number of threads may use one at the same time. */
typedef struct h46017_tls_digests h46017_tls_digests;

/** Looks them up. One that the providers lack (FIPS has no MD5) is missed when
 * it is needed: H46017_ERR_DIGEST then.
 *
 * @param[out] pd   set on success only
 * @param[in]  mem  *copied*; NULL for the C library's
 * @retval H46017_ERR_NOMEM
 * @since 0.1 */
H46017_API int h46017_tls_digests_new(h46017_tls_digests **pd,
                                      const h46017_mem *mem);

/** NULL is fine. Not before the last object, h46017_h235_secret too, that was
 * made with a crypto of them. */
H46017_API void h46017_tls_digests_del(h46017_tls_digests *d);

/** Fills a crypto begun with h46017_crypto_default().
 *
 * @param[in] digests  *borrowed* for the life of whatever takes the crypto
 * @since 0.1 */
H46017_API void h46017_tls_crypto(h46017_crypto *crypto,
                                  h46017_tls_digests *digests);
/**@}*/

#ifdef __cplusplus
}
#endif

#endif /* H46017_TLS_H */
