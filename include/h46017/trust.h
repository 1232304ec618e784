/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef H46017_TRUST_H
#define H46017_TRUST_H

/** @file
 * Whom a program trusts, and whom it refused (libh46017-tls): the trust list,
 * which h46017_trust_attach() of h46017/tls.h puts to work in any `SSL_CTX`,
 * and the list of rejected certificates, from which an operator trusts one with
 * one command.
 *
 * The trust list has two kinds of entry. An *authority* may issue: whoever's
 * chain leads to it by signature is trusted. An *end entity* is one
 * certificate, this very one, and never issues anything, also where it says
 * CA:TRUE, as self-signed certificates of soft phones do.
 *
 * A change is a new *generation*, in force for every handshake that begins
 * after it; connections that are up stay. Threads: one thread at a time changes
 * a list or looks into it; any number may meanwhile do handshakes with the
 * contexts that it is attached to, and call h46017_trust_has().
 */

#include <h46017/store.h>
#include <h46017/tls.h>

#ifdef __cplusplus
extern "C" {
#endif

/** Octets of a SHA-256, by which certificates are called. */
#define H46017_CERT_ID_LEN 32

/** What an entry of the trust list may do. */
typedef enum h46017_trust_kind {
  H46017_TRUST_AUTO = 0,      /**< to be decided: an authority when
                                   basicConstraints says CA:TRUE and keyUsage
                                   is there with keyCertSign, else an end
                                   entity */
  H46017_TRUST_AUTHORITY = 1, /**< issues others; is nobody itself */
  H46017_TRUST_END_ENTITY = 2 /**< is itself, and issues nobody */
} h46017_trust_kind;

/** The kind as the programs spell it (`end-entity`); static text. */
H46017_API const char *h46017_trust_kind_name(h46017_trust_kind kind);

/** One entry; the texts are NUL-terminated UTF-8. *Borrowed* from the list
 * until its next change. */
typedef struct h46017_trust_entry {
  uint8_t id[H46017_CERT_ID_LEN]; /**< SHA-256 of the certificate's DER */
  h46017_trust_kind kind;
  const char *label;  /**< the operator's words, or empty */
  const char *origin; /**< where it came from: `file`, `rejected`,
                           `own-chain`… */
  int64_t added_at;   /**< UTC, seconds since 1970; 0: not known */
  const char *subject;
  const char *issuer;
  const char *cn; /**< the one CN, or NULL */
  int64_t not_before;
  int64_t not_after;
  const uint8_t *der;
  size_t der_len;
} h46017_trust_entry;

/** @name The trust list */
/**@{*/

/** Makes a trust list, with what the store's collection `trust` holds in it.
 * An entry there is a PEM certificate with a few lines of text before it,
 * called by its SHA-256 in hex and `.pem`; a plain PEM file is one too.
 *
 * @param[out] ptrust  *given*: h46017_trust_del(); set on success only
 * @param[in]  store   *copied*, its object *borrowed*; NULL: kept in memory
 *                     alone
 * @param[in]  mem     *copied*; NULL: the C library's. OpenSSL keeps its own
 * @retval H46017_ERR_INVALID_ARGUMENT
 * @retval H46017_ERR_NOMEM
 * @retval H46017_ERR_STORE_IO       it cannot be read
 * @since 0.1 */
H46017_API int h46017_trust_new(h46017_trust **ptrust,
                                const h46017_store *store,
                                const h46017_mem *mem);

/** Deletes it; NULL is fine. The contexts that it is attached to, and what was
 * made from them, have to be gone. */
H46017_API void h46017_trust_del(h46017_trust *trust);

/** Takes up what others changed in the store, if they did; cheap if not. What
 * did not change is not read again, where the store can tell
 * (h46017_store.stamp) and an entry has the name that it was given here.
 * Entries of the store that are no certificates are passed over
 * (h46017_trust_damaged()).
 *
 * @param[out] pchanged  may be NULL
 * @retval H46017_ERR_STORE_IO  the list stays as it was
 * @retval H46017_ERR_NOMEM     likewise */
H46017_API int h46017_trust_refresh(h46017_trust *trust, bool *pchanged);

/** A number that goes up with every change of the list. */
H46017_API uint64_t h46017_trust_generation(const h46017_trust *trust);

/** How many entries there are. */
H46017_API size_t h46017_trust_count(const h46017_trust *trust);

/** How many entries of the store could not be read at the last refresh. Two
 * files of the same certificate are one entry: the first name counts, and both
 * go when it is removed. */
H46017_API size_t h46017_trust_damaged(const h46017_trust *trust);

/** Tells every entry, in the order of their ids; `each` must not change the
 * list. @return 0, or what `each` returned when it was not 0, at once */
H46017_API int h46017_trust_each(const h46017_trust *trust,
                                 int (*each)(const h46017_trust_entry *entry,
                                             void *user_data),
                                 void *user_data);

/** Finds an entry by the hex digits its id begins with, in any letter case.
 *
 * @retval H46017_ERR_NOT_FOUND
 * @retval H46017_ERR_AMBIGUOUS_ID  several begin so; give more digits
 * @retval H46017_ERR_INVALID_ARGUMENT  no hex digits */
H46017_API int h46017_trust_find(const h46017_trust *trust, const char *digits,
                                 h46017_trust_entry *entry);

/** Is this certificate an entry, of any kind? On any thread. */
H46017_API bool h46017_trust_has(const h46017_trust *trust,
                                 const uint8_t id[H46017_CERT_ID_LEN]);

/** Finds an end entity of the same CN that is another certificate: a device
 * that was installed anew, or somebody who poses as it.
 * @retval H46017_ERR_NOT_FOUND */
H46017_API int h46017_trust_find_name(const h46017_trust *trust, const char *cn,
                                      const uint8_t not_id[H46017_CERT_ID_LEN],
                                      h46017_trust_entry *entry);

/** How certificates are to be added. Begin with
 * h46017_trust_add_options_default(). */
typedef struct h46017_trust_add_options {
  size_t struct_size;
  h46017_trust_kind kind; /**< H46017_TRUST_AUTO */
  const char *label;      /**< *copied*; NULL: none */
  const char *origin;     /**< *copied*; NULL: `file` */
  int64_t utc_now;        /**< UTC, seconds since 1970: only what is valid then
                               is added; 0: not known, and nothing is */
  const uint8_t *expect;  /**< 32 octets: the SHA-256 it must have; NULL: any */
} h46017_trust_add_options;

H46017_API void
h46017_trust_add_options_default_sized(h46017_trust_add_options *options,
                                       size_t size);
/** Fills in the defaults. Call it before setting anything. */
#define h46017_trust_add_options_default(O)                                    \
  h46017_trust_add_options_default_sized((O), sizeof(*(O)))

/** Told of each certificate: 0 and the entry it became, or a code and what is
 * known of it (NULL: nothing, it could not be read). `at` counts from 0. */
typedef void (*h46017_trust_added)(size_t at, int code,
                                   const h46017_trust_entry *entry,
                                   void *user_data);

/** Adds the certificates of PEM text (any number, text around them is passed
 * over) or of DER (one), told apart by content. Each is added or refused by
 * itself; those that are entries already stay as they are, and are told as
 * added.
 *
 * @param[in] data     *borrowed* for the call
 * @param[in] options  NULL is not allowed: the time is needed
 * @param[in] added    may be NULL
 * @return 0 when all were added, or the first code of:
 * @retval H46017_ERR_FORMAT              no certificate; or one is damaged
 * @retval H46017_ERR_CERT_EXPIRED        only what is valid can be trusted
 * @retval H46017_ERR_CERT_NOT_YET_VALID  likewise
 * @retval H46017_ERR_CLOCK_NOT_SET       `utc_now` is not known
 * @retval H46017_ERR_NOT_AN_AUTHORITY    it says that it is none
 * @retval H46017_ERR_FINGERPRINT         it is not the one expected
 * @retval H46017_ERR_STORE_IO            that one was not added
 * @retval H46017_ERR_NOMEM               likewise
 * @since 0.1 */
H46017_API int h46017_trust_add(h46017_trust *trust, const uint8_t *data,
                                size_t len,
                                const h46017_trust_add_options *options,
                                h46017_trust_added added, void *user_data);

/** Adds the issuers of an own chain as authorities, of origin `own-chain`,
 * never the leaf, so that devices of the same maker are trusted. Doing it again
 * changes nothing; one removed since comes back only by calling it.
 *
 * @param[in] data  PEM, leaf first
 * @return as h46017_trust_add() */
H46017_API int h46017_trust_add_own_chain(h46017_trust *trust,
                                          const uint8_t *data, size_t len,
                                          int64_t utc_now);

/** Removes an entry. @retval H46017_ERR_NOT_FOUND @retval H46017_ERR_STORE_IO
 * @retval H46017_ERR_NOMEM */
H46017_API int h46017_trust_remove(h46017_trust *trust,
                                   const uint8_t id[H46017_CERT_ID_LEN]);

/** Removes all entries, or those of one origin.
 * @param[in] origin  NULL: all
 * @return as h46017_trust_remove(); those before the failure are gone */
H46017_API int h46017_trust_clear(h46017_trust *trust, const char *origin);

/** Makes an entry the other kind.
 * @retval H46017_ERR_NOT_FOUND
 * @retval H46017_ERR_NOT_AN_AUTHORITY
 * @retval H46017_ERR_INVALID_ARGUMENT  H46017_TRUST_AUTO
 * @retval H46017_ERR_STORE_IO
 * @retval H46017_ERR_NOMEM */
H46017_API int h46017_trust_set_kind(h46017_trust *trust,
                                     const uint8_t id[H46017_CERT_ID_LEN],
                                     h46017_trust_kind kind);

/** Gives an entry another label.
 * @param[in] label  *copied*
 * @retval H46017_ERR_NOT_FOUND
 * @retval H46017_ERR_INVALID_ARGUMENT  no label
 * @retval H46017_ERR_STORE_IO
 * @retval H46017_ERR_NOMEM */
H46017_API int h46017_trust_set_label(h46017_trust *trust,
                                      const uint8_t id[H46017_CERT_ID_LEN],
                                      const char *label);

/** Puts one certificate in the place of another: kind and label stay unless
 * the options say otherwise. The new one is in force before the old one is
 * gone.
 * @return as h46017_trust_add() and h46017_trust_remove() */
H46017_API int h46017_trust_replace(h46017_trust *trust,
                                    const uint8_t old[H46017_CERT_ID_LEN],
                                    const uint8_t *data, size_t len,
                                    const h46017_trust_add_options *options,
                                    h46017_trust_added added, void *user_data);

/** The entry that made a connection's certificate good: the authority its
 * chain leads to, or the end entity itself. For closing what depended on one.
 * @retval H46017_ERR_NOT_FOUND  it proved nothing, or not by this list */
H46017_API int h46017_trust_used(const h46017_trust *trust, const SSL *ssl,
                                 uint8_t id[H46017_CERT_ID_LEN]);
/**@}*/

/** @name Tickets
 * A server that a trust list is attached to lets its peers resume their
 * sessions for two hours, with keys that a context makes for itself: a restart,
 * a new context or another process asks for a full handshake. Keys that are
 * shared keep a fleet's sessions over all of these.
 *
 * The keys in use follow from a secret and the time: every two hours others,
 * without anything being stored or told. A ticket of another listener is
 * refused also where the secret is the same. Whoever reads the secret can read
 * what was said on resumed TLS 1.2 connections (1.3 agrees on keys anew): it
 * is stored for the owner's eyes only, and removing it makes another one at the
 * next start. */
/**@{*/
typedef struct h46017_ticket_keys h46017_ticket_keys;

/** Takes the secret of the store's collection `tickets`, or makes one there. A
 * damaged one is replaced.
 *
 * @param[out] pkeys  *given*: h46017_ticket_keys_del(), after the contexts; set
 *                    on success only
 * @param[in]  store  *borrowed* for the call; NULL: a secret of this object's
 *                    own, for several contexts of one process
 * @param[in]  mem    *copied*; NULL: the C library's
 * @retval H46017_ERR_INVALID_ARGUMENT
 * @retval H46017_ERR_NOMEM
 * @retval H46017_ERR_STORE_IO
 * @retval H46017_ERR_TLS  no random octets
 * @since 0.1 */
H46017_API int h46017_ticket_keys_new(h46017_ticket_keys **pkeys,
                                      const h46017_store *store,
                                      const h46017_mem *mem);

/** Deletes and wipes them; NULL is fine. */
H46017_API void h46017_ticket_keys_del(h46017_ticket_keys *keys);

/** Has a context seal its tickets with them. Call it after
 * h46017_trust_attach(), which decides what a ticket is good for, and for every
 * context that a connection may be switched to. Constant from then on:
 * handshakes may run on any thread.
 *
 * @param[in] keys      *borrowed* for the context's life
 * @param[in] listener  *copied*: tickets are good where this is the same; at
 *                      most 63 octets, not empty
 * @retval H46017_ERR_INVALID_ARGUMENT
 * @retval H46017_ERR_NOMEM  nothing changed
 * @retval H46017_ERR_TLS    the context is of no use */
H46017_API int h46017_ticket_keys_attach(const h46017_ticket_keys *keys,
                                         SSL_CTX *ctx, const char *listener);
/**@}*/

/** @name Rejected certificates
 * What peers showed and was refused, one entry a leaf, kept in a store's
 * collection `rejected`: PEM, the whole chain as it came, with text before it.
 * Nothing is held in memory: several programs may share it. */
/**@{*/

/** Bounds. Begin with h46017_rejected_settings_default(). */
typedef struct h46017_rejected_settings {
  size_t struct_size;
  uint32_t max_entries; /**< 1000: then those not seen for longest go, one in
                             sixteen at once */
  uint32_t max_octets;  /**< 8388608, of all entries together; likewise */
  uint32_t max_rate;    /**< 10 written in a second; what is beyond is not
                             recorded: a flood costs no more */
} h46017_rejected_settings;

H46017_API void
h46017_rejected_settings_default_sized(h46017_rejected_settings *settings,
                                       size_t size);
/** Fills in the defaults. Call it before setting anything. */
#define h46017_rejected_settings_default(S)                                    \
  h46017_rejected_settings_default_sized((S), sizeof(*(S)))

typedef struct h46017_rejected h46017_rejected;

/** One entry; *borrowed* for the call. */
typedef struct h46017_rejected_entry {
  uint8_t id[H46017_CERT_ID_LEN]; /**< SHA-256 of the leaf */
  int code;                       /**< why it was refused last */
  uint64_t count;                 /**< how often */
  int64_t first_seen;             /**< UTC, seconds since 1970 */
  int64_t last_seen;
  const char *peer;     /**< its address, as the program told it */
  h46017_tls_role role; /**< ours: it was shown to a client or a server */
  const char *subject;
  const char *issuer;
  const char *cn; /**< the one CN, or NULL */
  int64_t not_before;
  int64_t not_after;
  const uint8_t *pem; /**< the chain, as it came */
  size_t pem_len;
  size_t chain_len; /**< certificates in it */
  bool trust_helps; /**< false: `code` is about the leaf itself, or its name,
                         and whoever trusts it refuses it still */
} h46017_rejected_entry;

/** @param[out] prejected  *given*: h46017_rejected_del()
 * @param[in]  store     *copied*, its object *borrowed*
 * @param[in]  settings  *copied*; NULL: the defaults
 * @retval H46017_ERR_INVALID_ARGUMENT @retval H46017_ERR_NOMEM
 * @since 0.1 */
H46017_API int h46017_rejected_new(h46017_rejected **prejected,
                                   const h46017_store *store,
                                   const h46017_rejected_settings *settings,
                                   const h46017_mem *mem);
H46017_API void h46017_rejected_del(h46017_rejected *rejected);

/** Keeps the chain that a handshake with h46017_trust_attach() refused, or let
 * go on unauthenticated. Call it after the handshake, before the SSL goes. It
 * writes one small file, and reads the list where it is full, or where somebody
 * else changed it: in a loop that serves others, give the list a store that
 * does not wait for the disk (h46017_store_dir_store_unsynced()). Nor does it
 * wait for another process that keeps writers out: up to 16 are held in memory
 * then, until the next call or h46017_rejected_flush().
 *
 * @param[in]  trust    what the context is attached to
 * @param[in]  peer     the address, for a person; *copied*
 * @param[in]  utc_now  UTC, seconds since 1970
 * @param[out] id       the leaf's; set on success only; may be NULL
 * @retval H46017_ERR_NOT_FOUND  no certificate was refused
 * @retval H46017_ERR_LIMIT      too many a second, or that wait; not recorded
 * @retval H46017_ERR_STORE_IO   not recorded
 * @retval H46017_ERR_NOMEM      likewise */
H46017_API int h46017_rejected_note(h46017_rejected *rejected,
                                    const h46017_trust *trust, SSL *ssl,
                                    const char *peer, int64_t utc_now,
                                    uint8_t id[H46017_CERT_ID_LEN]);

/** Writes what could not be written when it was noted, if nobody keeps writers
 * out any more. Cheap where nothing waits.
 * @return 0, also when they still wait; H46017_ERR_STORE_IO or _NOMEM: at least
 *         one is not recorded */
H46017_API int h46017_rejected_flush(h46017_rejected *rejected);

/** Something waits for h46017_rejected_flush(). */
H46017_API bool h46017_rejected_is_waiting(const h46017_rejected *rejected);

/** Tells every entry, in the order of their ids; those that are damaged are
 * passed over. @return as h46017_trust_each(), or H46017_ERR_STORE_IO */
H46017_API int h46017_rejected_each(
    h46017_rejected *rejected,
    int (*each)(const h46017_rejected_entry *entry, void *user_data),
    void *user_data);

/** Finds one by the hex digits its id begins with; `found` is told it.
 * @return as h46017_trust_find(), or what `found` returned */
H46017_API int h46017_rejected_find(
    h46017_rejected *rejected, const char *digits,
    int (*found)(const h46017_rejected_entry *entry, void *user_data),
    void *user_data);

/** Trusts a certificate of a rejected chain, and takes the entry off the list.
 *
 * @param[in] digits   as h46017_rejected_find()
 * @param[in] depth    0: the leaf; 1: its issuer as it was sent, and so on
 * @param[in] options  kind H46017_TRUST_AUTO: an end entity for the leaf, an
 *                     authority above it; origin: `rejected`
 * @retval H46017_ERR_OUT_OF_RANGE  the chain is not that long
 * @retval H46017_ERR_CERT_WEAK     it was refused for its own key: it would be
 *                                  still, where the profile stays; so nothing
 *                                  is trusted, and the entry stays. Likewise
 *                                  H46017_ERR_CERT_PURPOSE,
 *                                  H46017_ERR_CERT_CRITICAL_EXTENSION,
 *                                  H46017_ERR_SERVER_NAME and
 *                                  H46017_ERR_SERVER_CHANGED: see
 *                                  h46017_rejected_entry::trust_helps
 * @return or as h46017_trust_add() */
H46017_API int h46017_rejected_trust(h46017_rejected *rejected,
                                     h46017_trust *trust, const char *digits,
                                     uint32_t depth,
                                     const h46017_trust_add_options *options,
                                     h46017_trust_added added, void *user_data);

/** Forgets all. @retval H46017_ERR_STORE_IO */
H46017_API int h46017_rejected_clear(h46017_rejected *rejected);
/**@}*/

#ifdef __cplusplus
}
#endif

#endif /* H46017_TRUST_H */
