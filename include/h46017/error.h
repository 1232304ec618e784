/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef H46017_ERROR_H
#define H46017_ERROR_H

/** @file
 * One vocabulary for everything that can go wrong, from the log line to the
 * reject reason on the wire.
 *
 * Every function that can fail returns 0 or one of these, negative. The
 * hundreds tell whose problem it is (h46017_error_class()). Numbers and names
 * are stable and never used again for something else. The list below is the
 * only place they are written; `doc/errors.md` is made from it.
 */

#include <h46017/common.h>

#ifdef __cplusplus
extern "C" {
#endif

/* clang-format off */
/** X(name, number, what it means, what to do about it, the
 * RegistrationRejectReason a gatekeeper sends for it) */
#define H46017_ERROR_LIST(X)                                                   \
  /* 1xx: the caller */                                                        \
  X(INVALID_ARGUMENT, 101, "an argument is not valid",                         \
    "correct the call; nothing changed", undefinedReason)                      \
  X(INVALID_STATE, 102, "the object is not in a state that allows this",       \
    "wait for the event that does; nothing changed", undefinedReason)          \
  X(REENTRANT, 103, "called from a callback that may not call it",             \
    "call it after the callback has returned", undefinedReason)                \
  X(QUEUE_FULL, 104, "the queue of octets to send is at its limit",            \
    "send what peek_tx shows, then try again; nothing was queued",             \
    resourceUnavailable)                                                       \
  X(NOT_FOUND, 105, "there is no such thing, or no longer",                    \
    "drop your own record of it", undefinedReason)                             \
  X(BUFFER_TOO_SMALL, 106, "the buffer is too small for the result",           \
    "ask for the size first, or give a larger one", undefinedReason)           \
  X(TYPE_MISMATCH, 107, "the component is of another type",                    \
    "look at its kind before reading or writing it", undefinedReason)          \
  X(OUT_OF_RANGE, 108, "the value does not fit the component's constraint",    \
    "see the type's bounds, size or alphabet", undefinedReason)                \
  X(ABSENT, 109, "the optional component is not there",                        \
    "go on without it", undefinedReason)                                       \
  X(INCOMPLETE, 110, "a mandatory component has no value",                     \
    "set it before encoding; the error's path names it", undefinedReason)      \
  X(CALL_REFERENCE, 130, "the call reference is in use, or rests",             \
    "take another; h46017_call_new() finds one", undefinedReason)              \
  X(CALL_REFERENCES, 131, "every call reference is in use, or rests",          \
    "wait until calls have ended", resourceUnavailable)                        \
  X(H245_TUNNELLING, 132, "the peer does not tunnel H.245",                    \
    "there is no other way on this connection: fast connect, or release",      \
    undefinedReason)                                                           \
  /* 2xx: the peer, protocol */                                                \
  X(TPKT, 201, "the TPKT header is not valid",                                 \
    "close; is this port really spoken to by H.323?", undefinedReason)         \
  X(Q931, 202, "the Q.931 message is malformed",                               \
    "flush what is queued and close", undefinedReason)                         \
  X(UUIE, 203, "the User-User information element is malformed",               \
    "flush what is queued and close", undefinedReason)                         \
  X(RAS, 204, "the RAS message is malformed",                                  \
    "it is dropped and counted; too many end the connection",                  \
    undefinedReason)                                                           \
  X(UNEXPECTED, 205, "the message is not allowed here",                        \
    "it is dropped, or the connection closed", undefinedReason)                \
  X(TOO_LARGE, 206, "the message is larger than the limit",                    \
    "close; raise the limit only if the peer is known to need it",             \
    resourceUnavailable)                                                       \
  X(FLOOD, 207, "the peer sends more than a limit allows",                     \
    "close; see which limit the log names", resourceUnavailable)               \
  X(PDU_TIMEOUT, 208, "a message was begun and not finished in time",          \
    "close; the peer stalls or the network does", undefinedReason)             \
  X(TRUNCATED, 210, "the input ends inside the PDU",                           \
    "look at offset and path: what is missing follows them",                   \
    undefinedReason)                                                           \
  X(PER_CONSTRAINT, 211, "a value is outside of its constraint",               \
    "the sender breaks the ASN.1; see offset and path", undefinedReason)       \
  X(PER_LENGTH, 212, "a length or count is not possible here",                 \
    "the sender breaks the PER; see offset and path", undefinedReason)         \
  X(PER_DEPTH, 213, "the message is nested deeper than the limit",             \
    "an attack, or raise the limit", resourceUnavailable)                      \
  X(PER_BUDGET, 214, "the decoded message needs more memory than the limit",   \
    "an attack, or raise the limit", resourceUnavailable)                      \
  X(PER_TRAILING, 215, "octets follow the end of the PDU",                     \
    "only a strict decoder refuses them", undefinedReason)                     \
  X(TEXT, 216, "a character string is not valid text",                         \
    "the sender's text has a NUL or a lone surrogate", invalidAlias)           \
  /* 3xx: trust */                                                             \
  X(UNAUTHENTICATED, 301, "nothing proves who the peer is",                    \
    "give the device a certificate that is trusted here, or a password",       \
    securityDenial)                                                            \
  X(IDENTITY_MISMATCH, 302, "the certificate's CN is not the name registered", \
    "correct the name, the device's hardware ID or its certificate",           \
    securityDenial)                                                            \
  X(CERT_REJECTED, 303, "the certificate is not accepted",                     \
    "see the log for OpenSSL's reason", securityDenial)                        \
  X(CERT_EXPIRED, 304, "a certificate of the chain has expired",               \
    "renew it; if it is current, set the clock here", securityDenial)          \
  X(CERT_NOT_YET_VALID, 305, "a certificate of the chain is not yet valid",    \
    "set the clock on both sides", securityDenial)                             \
  X(CERT_MISSING, 306, "the peer sent no certificate",                         \
    "install one on the device, or let it use a password", securityDenial)     \
  X(SELF_SIGNED_UNTRUSTED, 307, "the certificate is self-signed and not in the trust list", \
    "add this very certificate to the trust list, or install one of a trusted authority", \
    securityDenial)                                                            \
  X(UNKNOWN_CA, 308, "no certificate of the chain leads to a trusted authority", \
    "add the issuing authority to the trust list", securityDenial)             \
  X(CERT_PURPOSE, 309, "the certificate is not for this purpose",              \
    "its extendedKeyUsage needs clientAuth for a device, serverAuth for a gatekeeper", \
    securityDenial)                                                            \
  X(CERT_CRITICAL_EXTENSION, 310, "the certificate has a critical extension that is not supported", \
    "have it issued without that extension", securityDenial)                   \
  X(CERT_WEAK, 311, "a key or signature of the chain is too weak",             \
    "renew it, or choose the legacy-device profile knowingly", securityDenial) \
  X(CERT_SIGNATURE, 312, "a signature of the chain is not valid",              \
    "the chain is not what its authority signed; an attack or a mix-up",       \
    securityDenial)                                                            \
  X(CERT_NAME, 313, "the certificate's subject names nobody clearly",          \
    "it needs exactly one CN, valid text, not empty", securityDenial)          \
  X(CERT_IS_CA, 314, "a certificate authority was presented as a device",      \
    "issue an end-entity certificate for the device", securityDenial)          \
  X(CERT_CHAIN, 315, "the certificate chain is too long, or not a chain",      \
    "send leaf and intermediates only", securityDenial)                        \
  X(CLOCK_NOT_SET, 316, "the time of day is not known here",                   \
    "set the clock (NTP); if it is right, the floor kept here is wrong: h46017-cert doctor --reset-clock-floor", \
    securityDenial)                                                            \
  X(TLS_REQUIRED, 317, "this device may register over TLS with its certificate only", \
    "use port 1300 and the device's certificate, or clear the device's TLS-only flag", \
    securityDenial)                                                            \
  X(UNKNOWN_DEVICE, 318, "no device is configured under this name",            \
    "add it: h46017-ctl device add NAME", securityDenial)                      \
  X(DUPLICATE_ALIAS, 319, "another device holds this name",                    \
    "give one of the two another name", duplicateAlias)                        \
  X(PASSWORD_WRONG, 320, "the password token does not verify",                 \
    "correct name or password on the device", securityDenial)                  \
  X(PASSWORD_MISSING, 321, "the device must send a password token",            \
    "configure its password", securityDenial)                                  \
  X(SERVER_NAME, 322, "the server's certificate is for another name",          \
    "correct the gatekeeper's name in the configuration or in its certificate", \
    securityDenial)                                                            \
  X(WRONG_CONNECTION, 323, "the registration belongs to another connection",   \
    "register again in full on this connection", fullRegistrationRequired)     \
  X(ALIAS_INVALID, 324, "an alias is empty or not valid",                      \
    "correct the device's names", invalidAlias)                                \
  X(ALIAS_CONFLICT, 325, "the aliases belong to different devices",            \
    "register one device's names at a time", securityDenial)                   \
  X(REFUSED, 326, "the program refused it",                                    \
    "see the program's own log", securityDenial)                               \
  X(TOKEN_TIME, 360, "the password token's time is too far from ours",         \
    "set the clock on both sides (NTP), or allow a wider window",              \
    securityDenial)                                                            \
  X(TOKEN_REPLAYED, 361, "the password token was used before",                 \
    "an attack, unless the device's clock or random source stands still, or "  \
    "its clock was set back",                                                  \
    securityDenial)                                                            \
  X(TOKEN_SENDER, 362, "the password token was made for another name",         \
    "the device's user name must be one of its names here", securityDenial)    \
  X(TOKEN_RECIPIENT, 363, "the password token was made for another gatekeeper or endpoint", \
    "correct the gatekeeper's identifier on the device", securityDenial)       \
  X(TOKEN_ALGORITHM, 364, "the password token is of a kind that is not done here", \
    "have the device use H.235.1 (HMAC-SHA1-96)", securityDenial)              \
  X(TOKEN_FORMAT, 365, "the password token is malformed",                      \
    "the sender breaks H.235; have its software looked at", securityDenial)    \
  X(TOKEN_INTEGRITY, 366, "the message was altered on its way, the password is right", \
    "an attack, or something between that rewrites RAS messages",              \
    securityDenial)                                                            \
  X(PASSWORD_OVER_TCP, 367, "passwords are not taken over a connection that is not TLS", \
    "use the TLS port, or allow passwords over TCP knowingly", securityDenial) \
  X(PASSWORD_ATTEMPTS, 368, "too many wrong passwords from there",             \
    "correct the device's password, then wait until the time is over",         \
    securityDenial)                                                            \
  X(DIGEST, 369, "a hash function that password tokens need is not available", \
    "OpenSSL's provider lacks it (FIPS has no MD5); or none was given",        \
    securityDenial)                                                            \
  X(CERT_VERSION, 340, "a certificate without extensions (X.509 version 1) proves nobody by its issuer", \
    "add this very certificate to the trust list, or have one of version 3 issued", \
    securityDenial)                                                            \
  X(NOT_AN_AUTHORITY, 341, "the certificate says that it is no authority",     \
    "trust it as an end entity", undefinedReason)                              \
  X(FINGERPRINT, 342, "the certificate is not the one expected",               \
    "compare the fingerprint with what the device itself shows", securityDenial) \
  /* 4xx: an outcome */                                                        \
  X(REJECTED, 401, "the gatekeeper rejected the request",                      \
    "see the reject reason", undefinedReason)                                  \
  X(TIMEOUT, 402, "no answer in time",                                         \
    "is there a gatekeeper with H.460.17 at that address?", undefinedReason)   \
  X(KEEPALIVE, 403, "nothing was heard from the peer for too long",            \
    "the connection is taken for lost; connect again", undefinedReason)        \
  X(CLOSED, 404, "the connection is closed",                                   \
    "connect again", undefinedReason)                                          \
  X(NOT_REGISTERED, 405, "there is no such registration",                      \
    "register in full", fullRegistrationRequired)                              \
  X(TTL_EXPIRED, 406, "the registration was not refreshed in time",            \
    "register again", fullRegistrationRequired)                                \
  X(UNREGISTERED, 407, "the registration was ended on request",                \
    "nothing, or register again as the reason says", undefinedReason)          \
  X(SHUTDOWN, 408, "the program is going down",                                \
    "connect to another gatekeeper", resourceUnavailable)                      \
  X(LIMIT, 409, "a limit on registrations or connections is reached",          \
    "try later, or raise the limit", resourceUnavailable)                      \
  X(CONNECT, 410, "the transport connection could not be made",                \
    "check address, port and firewall", undefinedReason)                       \
  X(REPLACED, 411, "the same device registered on another connection",         \
    "nothing: the newer registration is in force", undefinedReason)            \
  X(UNANSWERED, 412, "the program did not answer a question in time",          \
    "see why its look-up takes so long, or raise the limit",                   \
    resourceUnavailable)                                                       \
  X(NOT_ADDITIVE, 413, "names cannot be added to a registration here",         \
    "register in full, with all the names", additiveRegistrationNotSupported)  \
  X(WRONG_GATEKEEPER, 430, "the request is meant for another gatekeeper",      \
    "leave the gatekeeper's identifier out, or correct it", discoveryRequired) \
  X(OVERLOAD, 431, "more is asked at once than is served",                     \
    "try later, or another gatekeeper; or raise the limit", resourceUnavailable) \
  X(REVISION, 432, "the peer's version of H.225.0 is too old",                 \
    "H.460.17 needs version 2 or later", invalidRevision)                      \
  X(CALL_RELEASED, 440, "the other side released the call",                    \
    "see its cause", undefinedReason)                                          \
  X(CALL_ENDED, 441, "this side released the call",                            \
    "nothing", undefinedReason)                                                \
  X(CALL_TIMEOUT, 442, "nothing more was heard of the call in time",           \
    "see which state it waited in; call again", undefinedReason)               \
  X(CALL_LOST, 443, "the other side does not know the call any more",          \
    "call again", undefinedReason)                                             \
  X(CALL_ROUTE, 444, "nobody is registered under the name called",             \
    "see the name, and whether its device is registered", undefinedReason)     \
  X(CALL_LIMIT, 445, "a limit on calls is reached",                            \
    "try later, or raise the limit", resourceUnavailable)                      \
  X(BANDWIDTH, 460, "no bandwidth is left for the call",                       \
    "try later, or raise the limit", resourceUnavailable)                      \
  /* 5xx: store and credentials */                                             \
  X(STORE_IO, 501, "reading or writing the store failed",                      \
    "check space and permissions; nothing held is lost", undefinedReason)      \
  X(STORE_CORRUPT, 502, "an entry of the store is damaged",                    \
    "restore or remove the entry named", undefinedReason)                      \
  X(KEY_MISMATCH, 503, "the private key does not belong to the certificate",   \
    "give the pair that belongs together", undefinedReason)                    \
  X(BAD_PASSWORD, 504, "the password does not open the file",                  \
    "give the right one", undefinedReason)                                     \
  X(FORMAT, 505, "the file is not in a format that is understood",             \
    "PEM, DER and PKCS#12 are", undefinedReason)                               \
  X(AMBIGUOUS_ID, 510, "several entries begin with these digits",              \
    "give more of them", undefinedReason)                                      \
  X(DN, 520, "the distinguished name is not valid",                            \
    "write it as RFC 4514 has it: CN=0090332f688a,O=Example", undefinedReason) \
  X(SAN, 521, "a subject alternative name is not valid",                       \
    "write DNS:name, IP:address, URI:uri or email:address", undefinedReason)   \
  X(KEY_ABSENT, 522, "there is no private key",                                \
    "give the file of the key too", undefinedReason)                           \
  X(CERT_ABSENT, 523, "there is no certificate in the file",                   \
    "give the certificate, and its chain if there is one", undefinedReason)    \
  X(KEY_TYPE, 524, "there is no such kind or strength of key",                 \
    "EC P-256, RSA of 1024, 2048 or 4096 bits and Ed25519 are", undefinedReason) \
  X(PASSWORD_NEEDED, 525, "the file is encrypted",                             \
    "give its password", undefinedReason)                                      \
  X(LEGACY_ENCRYPTION, 526, "the file is encrypted in an old way that is not available here", \
    "install OpenSSL's legacy provider, or export the file anew with AES",     \
    undefinedReason)                                                           \
  X(IMPORT_LIMIT, 527, "the file is larger, or asks for more work, than a limit allows", \
    "it is no file of credentials, or an attack; see where it came from",      \
    undefinedReason)                                                           \
  X(CSR_ABSENT, 528, "no request that waits has this certificate's key",       \
    "install it where the request was made, or import it with its key",        \
    undefinedReason)                                                           \
  X(ALREADY_ISSUED, 529, "the authority has issued a certificate for this name", \
    "use that one; issue another only if it is lost or expires", undefinedReason) \
  X(KEY_KIND_TWICE, 530, "two certificates have the same kind of key",         \
    "give one of each kind (EC, RSA): a peer gets the one it can check",       \
    undefinedReason)                                                           \
  /* 6xx: TLS */                                                               \
  X(TLS, 601, "TLS failed",                                                    \
    "see the log for OpenSSL's reason", undefinedReason)                       \
  X(TLS_CLOSED, 602, "the peer closed the TLS connection",                     \
    "connect again", undefinedReason)                                          \
  X(TLS_TRUNCATED, 603, "the connection ended without a TLS close",            \
    "connect again; inside a message it may be an attack", undefinedReason)    \
  X(NOT_TLS, 604, "the peer does not speak TLS on this port",                  \
    "use the TLS port, 1300, with TLS and 1720 without", undefinedReason)      \
  X(CERT_REFUSED_BY_PEER, 605, "the peer refused our certificate",             \
    "have our certificate trusted there", undefinedReason)                     \
  X(TLS_TIMEOUT, 606, "the TLS handshake was not finished in time",            \
    "the peer stalls or the network does", undefinedReason)                    \
  X(CLOCK_AHEAD, 630, "our own certificate has expired by the time of day",     \
    "correct the clock (NTP) if it is ahead; if it is right, renew the certificate", \
    undefinedReason)                                                           \
  X(SERVER_CHANGED, 631, "the server shows another certificate than before",    \
    "ask who runs it; if it was renewed: h46017-cert trust replace", undefinedReason) \
  /* 9xx: fatal */                                                             \
  X(NOMEM, 901, "no memory",                                                   \
    "delete the object", resourceUnavailable)                                  \
  X(CALLBACK_FAILURE, 902, "a callback of the program reported failure",       \
    "delete the object", undefinedReason)                                      \
  X(INTERNAL, 903, "an invariant of the library does not hold",                \
    "report it; delete the object", undefinedReason)
/* clang-format on */

/** The codes, H46017_ERR_<name> = -<number>. New ones may come: treat an
 * unknown one by its class. */
typedef enum h46017_error {
  H46017_OK = 0,
#define H46017_ERROR_ENUM(name, number, meaning, remedy, reason)               \
  H46017_ERR_##name = -(number),
  H46017_ERROR_LIST(H46017_ERROR_ENUM)
#undef H46017_ERROR_ENUM
} h46017_error;

/** Whose problem an error is. */
typedef enum h46017_error_kind {
  H46017_ERROR_NONE = 0,       /**< the code is 0 or not one of the library's */
  H46017_ERROR_CALLER = 1,     /**< fix the code, or wait; nothing changed */
  H46017_ERROR_PEER = 2,       /**< flush what is queued, close */
  H46017_ERROR_TRUST = 3,      /**< close, tell the security log */
  H46017_ERROR_OUTCOME = 4,    /**< the program's retry policy decides */
  H46017_ERROR_STORE = 5,      /**< tell the operator; nothing held is lost */
  H46017_ERROR_TLS_HELPER = 6, /**< see h46017_tls_error() */
  H46017_ERROR_FATAL = 9       /**< delete the object */
} h46017_error_kind;

/** What the code means, for a person; static text, never NULL. */
H46017_API const char *h46017_strerror(int code);

/** What to do about it, for a person; static text, never NULL. */
H46017_API const char *h46017_error_remedy(int code);

/** The stable name without prefix (`CERT_EXPIRED`); static text; `OK` for 0,
 * `UNKNOWN` for a number that is not in the list. */
H46017_API const char *h46017_error_name(int code);

/** Finds a code by its name (`CERT_EXPIRED`), number (`304`) or id
 * (`H46017-304`), in any letter case.
 *
 * @param[in] text  NUL-terminated, *borrowed*
 * @return the code (negative), or 0 when there is none */
H46017_API int h46017_error_find(const char *text);

/** Whose problem it is. */
H46017_API h46017_error_kind h46017_error_class(int code);

/** True for the errors after which only deletion is left. */
H46017_API bool h46017_error_is_fatal(int code);

/** The RegistrationRejectReason alternative (its ASN.1 name) a gatekeeper
 * answers with; static text, never NULL.
 * @spec H.225.0 RegistrationRejectReason */
H46017_API const char *h46017_error_to_ras_reject_reason(int code);

/** Calls `fn` for every error of the list, in order, so that a program can
 * print them all. */
H46017_API void h46017_error_each(void (*fn)(int code, void *user_data),
                                  void *user_data);

#ifdef __cplusplus
}
#endif

#endif /* H46017_ERROR_H */
