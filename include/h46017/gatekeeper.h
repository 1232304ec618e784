/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef H46017_GATEKEEPER_H
#define H46017_GATEKEEPER_H

/** @file
 * The gatekeeper's side of H.460.17: one object with all its connections and
 * its registrar inside.
 *
 * Work on one connection may produce output for another, or its end. So the
 * loop of a program is: feed whatever came, then
 *
 *     while (h46017_gatekeeper_next_ready(gk, &conn))
 *       send what h46017_connection_peek_tx(conn) shows, ack it, and
 *       if neither want_read nor want_write: close, transport_down, del
 *     arm the one timer from h46017_gatekeeper_next_expiry(gk)
 *
 * A gatekeeper with all its connections is used by one thread at a time;
 * separate gatekeepers are independent. Callbacks run only inside calls into
 * the same gatekeeper, about any of its connections. In a callback the const
 * functions, h46017_gatekeeper_answer(), _answer_call(), _unregister(),
 * _set_settings(), _drop_call(), _limit_call(), _close() and
 * h46017_connection_close(), _write_signalling() may be called; the rest
 * returns H46017_ERR_REENTRANT (next_ready: false), and deletions take effect
 * when the outer call returns. In log_write and trace the program may only look
 * and delete. What a callback is shown of a registration stays there until it
 * returns, also when the callback ends that registration.
 */

#include <h46017/call.h>
#include <h46017/error.h>
#include <h46017/h225.h>
#include <h46017/h235.h>
#include <h46017/identity.h>
#include <h46017/policy.h>
#include <h46017/q931.h>
#include <h46017/ras.h>
#include <h46017/trace.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct h46017_gatekeeper h46017_gatekeeper;

/** One connection of a gatekeeper. */
typedef struct h46017_connection h46017_connection;

/** What becomes of a name that a registration on another connection holds
 * already. Never more than one identity holds a name, but with ALLOW. */
typedef enum h46017_duplicates {
  H46017_DUPLICATES_REPLACE = 0, /**< a newcomer that proves to be the same (the
                                      certificate's key is the same, or it knows
                                      the device's password) takes the name
                                      over, and the older registration ends with
                                      a URQ. For anybody else the holder is
                                      asked whether it lives: it keeps the name
                                      if it does, and loses it if not */
  H46017_DUPLICATES_REJECT = 1,  /**< nobody takes a name over, whoever it is,
                                      from a holder that lives */
  H46017_DUPLICATES_ALLOW = 2    /**< all hold it, 64 at the most. Found by the
                                      name is the one that registered first;
                                      where the newcomer proves to be the same,
                                      it */
} h46017_duplicates;

/** Settings; *copied* by h46017_gatekeeper_new(), texts included. */
typedef struct h46017_gatekeeper_settings {
  size_t struct_size;
  const char *identifier;      /**< gatekeeperIdentifier, 1 to 128 characters;
                                    "h46017" */
  uint32_t time_to_live;       /**< seconds granted where the endpoint asks for
                                    none, 120 */
  uint32_t min_time_to_live;   /**< 15 */
  uint32_t max_time_to_live;   /**< 3600 */
  uint32_t grace;              /**< ms after the TTL before a registration
                                    expires, 10000 */
  uint32_t register_timeout;   /**< ms a connection may stand without a
                                    registration, 30000; 0: for ever. Its end
                                    waits for questions that are pending */
  uint32_t question_timeout;   /**< ms until a question left for later is
                                    answered with resourceUnavailable, 10000 */
  uint32_t rip_delay;          /**< ms told in the RIPs that go out while a
                                    question is pending, each before the time of
                                    the one before is over; 1 to 65535, 5000 */
  uint32_t max_connections;    /**< 20000 */
  uint32_t max_registrations;  /**< on one connection, 64 */
  uint32_t max_aliases;        /**< of one registration, 32 */
  uint32_t max_pending;        /**< questions pending on one connection, 64 */
  uint32_t max_bad_ras;        /**< malformed RAS messages before a connection
                                    is closed, 8 */
  size_t max_tx;               /**< octets waiting on one connection, 262144;
                                    half of them may be of calls from others */
  size_t max_pdu;              /**< octets of one TPKT accepted, 65535 */
  uint32_t lenient;            /**< flags of h46017/tunnel.h */
  h46017_log_level log_level;  /**< H46017_LOG_INFO */
  uint32_t ttl_spread;         /**< percent by which a time to live is granted
                                    shorter, at random, so that those who came
                                    together do not refresh together; 0 to 50,
                                    10. Never below min_time_to_live */
  uint32_t registration_grace; /**< ms that a registration whose peer proved who
                                    it is outlives its connection, waiting for
                                    the same peer to come back; 0: none. It is
                                    back with a full RRQ, or with a keep-alive
                                    on a connection of the same certificate; if
                                    it had none, with a keep-alive that has a
                                    token of the `secret` it came with */
  h46017_duplicates duplicates; /**< H46017_DUPLICATES_REPLACE */
  uint32_t probe_timeout;       /**< ms in which a holder has to answer whether
                                     it lives (IRQ; any octet will do), 3000 */
  uint32_t answer_time;  /**< ms in which the repetition of a request (the same
                              connection, kind and requestSeqNum) gets the same
                              answer again and has no other effect, 10000 */
  uint32_t answers_kept; /**< for that, on one connection, 4 */
  uint32_t request_rate; /**< requests a second on one connection, and calls
                              that no ARQ came before; more are refused
                              (resourceUnavailable, gatekeeperResources), and
                              four times as many end it; 500; 0: any number */
  uint32_t full_rate;    /**< full RRQs a second on all connections together;
                              more wait, with RIP, for up to question_timeout,
                              and those beyond are refused
                              (resourceUnavailable). Nothing else waits for
                              them. 2000; 0: any number */
  uint32_t max_registered; /**< registrations on all connections together; 0:
                                any number */
  const char *const *alternates; /**< alternate gatekeepers, the first the best:
                                      NUL-terminated `192.0.2.1:1719` or
                                      `[2001:db8::1]:1719`. Told in an RCF to
                                      those that ask for it (supportsAltGK), in
                                      an RRJ resourceUnavailable and in a URQ
                                      maintenance */
  size_t alternate_count;        /**< up to 16 */
  bool any_identifier; /**< do not mind a full RRQ with the gatekeeperIdentifier
                            of another; else it gets RRJ discoveryRequired.
                            Nor a password token for another */
  const h46017_crypto *crypto; /**< for password tokens, *copied*; NULL: they
                                    cannot be checked, and who gives a password
                                    in an answer refuses the device
                                    (H46017_ERR_DIGEST) */
  uint32_t password_window;    /**< seconds that a token's time may differ from
                                    ours, 300; up to 7200 */
  uint32_t password_kinds;     /**< of tokens that count, H46017_H235_ALL */
  bool password_over_tcp;      /**< a password is enough without TLS too */
  uint32_t password_attempts;  /**< wrong passwords for one device from one
                                    place, after which none is looked at for
                                    password_hold; 5, 0: any number */
  uint32_t password_hold;      /**< ms, 60000; counted from the last one */
  bool security_errors;        /**< say in an RRJ what is wrong with a token
                                    (securityError), not only securityDenial */
  uint32_t max_calls;     /**< on one connection, both directions, 2000; a Setup
                               beyond is answered as busy, cause 17 */
  uint32_t max_bandwidth; /**< of one call, units of 100 bit/s: the most that an
                               ARQ or a BRQ is granted; 0: any */
  uint32_t admission_timeout; /**< ms from an ACF to its Setup, 30000 */
  uint32_t total_bandwidth;   /**< of all calls that were admitted by an ARQ
                                   together, units of 100 bit/s, counted once a
                                   call: what is left is granted, and when nothing
                                   is, an ARQ is refused; 0: any */
  uint32_t irr_frequency; /**< seconds between the IRRs in which an endpoint is
                               asked to report a call, up to 65535; 0: none */
  bool pre_granted;       /**< give leave beforehand (preGrantedARQ): endpoints
                               make and take calls without ARQ and DRQ. What
                               they take of bandwidth is not known then */
  bool password_by_name; /**< our HMAC tokens are for the name that the endpoint
                              called itself by in its full RRQ, not for its
                              endpointIdentifier (generalID): innovaphone r6
                              takes no other */
} h46017_gatekeeper_settings;

H46017_API void
h46017_gatekeeper_settings_default_sized(h46017_gatekeeper_settings *settings,
                                         size_t size);
#define h46017_gatekeeper_settings_default(S)                                  \
  h46017_gatekeeper_settings_default_sized((S), sizeof(*(S)))

/** One registration, as the program sees it; *borrowed*. Append only. */
typedef struct h46017_registered {
  h46017_connection *connection; /**< NULL: it has lost it, and waits for
                                      `registration_grace` */
  const char *endpoint_identifier;
  const h46017_alias *aliases;
  size_t alias_count;
  const char *device; /**< the device's name; NULL when it has none */
  h46017_auth_used auth;
  uint32_t time_to_live;     /**< seconds */
  h46017_time expires;       /**< monotonic, grace not counted */
  h46017_time registered_at; /**< monotonic, of the full RRQ */
  bool replaced;             /**< it took names over from another
                                  registration, or came back on another
                                  connection */
  bool password; /**< it has proved the device's password, whatever `auth` is */
  bool almost_out; /**< its last RAI said that it can hardly take more calls */
  uint32_t calls_left; /**< so many more it can take, by the currentCallCapacity
                            of its last ARQ, BRQ, DRQ, IRR or RAI: the groups of
                            a kind of calls together, the most of the kinds;
                            UINT32_MAX: it has not said. For route_call to heed:
                            nobody is refused by it */
} h46017_registered;

/** A question: which device is this, and may it register? */
typedef struct h46017_registration_question {
  h46017_connection *connection;
  const h46017_identity *peer;
  const h46017_rrq *rrq;
  h46017_h225 *message; /**< the whole RRQ, to read */
  const uint8_t *per;   /**< its exact octets */
  size_t per_len;
} h46017_registration_question;

/** The program's answer. All zero is "there is no such device". */
typedef struct h46017_registration_answer {
  int refuse;                  /**< a code: reject with it; 0: go on */
  const h46017_device *device; /**< the entry the names select, *borrowed* for
                                    the call; the library decides by
                                    h46017_policy_decide() whether the peer may
                                    register it. NULL: none */
  bool open;                   /**< without a device: let it in all the same */
  uint32_t time_to_live;       /**< seconds; 0: by the settings */
  h46017_password_outcome password; /**< of a token the program checked */
  const char *secret; /**< the device's password, UTF-8, *borrowed* for the call
                           (a copy is kept while the registration lives, and
                           wiped): the library checks the tokens of this RRQ and
                           of every later message of the registration, and its
                           own answers carry one. A wrong token is refused
                           whatever the device's auth. NULL: nothing is checked,
                           and `password` counts. Another password for the
                           device counts from its next full RRQ on; who wants
                           that at once asks h46017_registered_password_is()
                           and unregisters it */
  size_t secret_len;
  const h46017_alias *aliases; /**< what is granted instead of what was asked
                                    for, *borrowed* for the call: less, more,
                                    or other names. Every one has to be the
                                    device's, and covered by what the peer
                                    proves, as those asked for have to be
                                    otherwise. NULL: just those */
  size_t alias_count;          /**< 0 with aliases is ALIAS_INVALID */
} h46017_registration_answer;

/** A question: where does this call go? */
typedef struct h46017_route_question {
  h46017_connection *connection;   /**< the caller's */
  const h46017_registered *caller; /**< its registration */
  const h46017_aliases *called;    /**< whom it asks for, as it was sent */
  const h46017_registered *callee; /**< who holds one of these names; NULL */
  const uint8_t *call_identifier;  /**< H46017_CALL_GUID octets */
  uint32_t bandwidth;   /**< asked for in an ARQ, units of 100 bit/s; 0: this is
                             a Setup that no ARQ came before */
  h46017_h225 *message; /**< the whole ARQ or H323-UserInformation, to read */
} h46017_route_question;

/** The program's answer. All zero is "to who holds the name". */
typedef struct h46017_route_answer {
  const h46017_alias *to; /**< another name to call instead, *borrowed* for the
                               call; NULL: the one asked for */
  uint32_t bandwidth;     /**< granted; 0: as the settings say */
  int refuse;             /**< a code: refuse the call (ARJ, or Release
                               Complete), with REFUSED as one that the caller has
                               no right to; 0: go on */
} h46017_route_answer;

/** How far a call has come. New ones may come. */
typedef enum h46017_route_state {
  H46017_ROUTE_ADMITTED = 0, /**< an ACF was sent, its Setup is awaited */
  H46017_ROUTE_SETUP = 1,    /**< the Setup went on to the callee */
  H46017_ROUTE_PROCEEDING = 2,
  H46017_ROUTE_ALERTING = 3,
  H46017_ROUTE_CONNECT = 4,
  H46017_ROUTE_RELEASED = 5
} h46017_route_state;

/** `setup`, `released` …; static text. */
H46017_API const char *h46017_route_state_name(h46017_route_state state);

/** A call between two registered endpoints, as the program sees it; *borrowed*.
 * Append only. */
typedef struct h46017_route {
  uint64_t id; /**< never used again */
  h46017_route_state state;
  h46017_connection *caller;      /**< NULL once that side is gone */
  h46017_connection *callee;      /**< NULL: none yet, or gone */
  const char *from;               /**< a name of the caller */
  const char *to;                 /**< the name called */
  const uint8_t *call_identifier; /**< H46017_CALL_GUID octets */
  h46017_time began;              /**< monotonic: the Setup, or the ARQ */
  h46017_time connected;          /**< 0: never */
  uint32_t bandwidth;             /**< granted to the caller; 0: none asked */
  int code;      /**< RELEASED: CALL_RELEASED: a party did, see `cause`;
                      CALL_ENDED: the gatekeeper did; CALL_TIMEOUT; CALL_ROUTE,
                      CALL_LIMIT; QUEUE_FULL: a side did not take what the
                      other sent; or what ended a connection */
  uint8_t cause; /**< RELEASED: Q.931 */
} h46017_route;

/** What a policy callback returns. */
typedef enum h46017_answered {
  H46017_ANSWERED = 0, /**< the answer is filled in */
  H46017_LATER = 1     /**< h46017_gatekeeper_answer() will follow, or
                            h46017_gatekeeper_answer_call() */
} h46017_answered;

/** What the program is told and asked. Begin with
 * h46017_gatekeeper_callbacks_default(). `select_device` and `rand` must be
 * set; the others may stay NULL. Those that return int return 0; anything else
 * is H46017_ERR_CALLBACK_FAILURE and ends the connection, except where said
 * otherwise. Arguments are *borrowed* for the call. */
typedef struct h46017_gatekeeper_callbacks {
  size_t struct_size;

  /** Which device do the names of this full RRQ select?
   * @param question  never used again; h46017_gatekeeper_answer() takes it */
  h46017_answered (*select_device)(h46017_gatekeeper *gk, uint64_t question,
                                   const h46017_registration_question *asked,
                                   h46017_registration_answer *answer,
                                   void *user_data);

  /** A question left for later is void (connection gone, or too late): free
   * what was kept for it. It may come inside select_device itself, when the
   * program ends the connection there. */
  void (*question_dropped)(h46017_gatekeeper *gk, uint64_t question,
                           void *user_data);

  /** Fill @p dest with random octets fit for secrets. */
  int (*rand)(uint8_t *dest, size_t len, void *user_data);

  int (*registered)(h46017_gatekeeper *gk, const h46017_registered *reg,
                    void *user_data);
  /** A lightweight RRQ came, maybe on another connection after `lost`; or a URQ
   * for some of the names, and @p reg has those that are left. */
  int (*refreshed)(h46017_gatekeeper *gk, const h46017_registered *reg,
                   void *user_data);
  /** An RRQ was refused with @p code, @p reason on the wire. */
  int (*rejected)(h46017_gatekeeper *gk, h46017_connection *c,
                  const h46017_rrq *rrq, int code, h46017_rrj_reason reason,
                  void *user_data);
  /** A registration that `registered` had told of ended. @p why: UNREGISTERED,
   * TTL_EXPIRED, REPLACED (by the same peer), KEEPALIVE (its connection was
   * dead, and another peer wanted its name), or what ended the connection. */
  int (*unregistered)(h46017_gatekeeper *gk, const h46017_registered *reg,
                      int why, void *user_data);

  /** A RAS message came, decoded, with its exact octets, before the gatekeeper
   * acts on it. A code of class 3xx or 4xx rejects a request with it, in the
   * words of that request (RRJ, URJ, ARJ …), and drops anything else without a
   * word; it does not end the connection. */
  int (*ras_received)(h46017_gatekeeper *gk, h46017_connection *c,
                      h46017_h225 *msg, const h46017_ras *ras,
                      const uint8_t *per, size_t len, void *user_data);

  /** The gatekeeper is about to send @p msg: the program may add to it. A
   * message that cannot be encoded after that, or not be tunnelled (it is too
   * long), ends the connection with the codec's error. */
  int (*ras_building)(h46017_gatekeeper *gk, h46017_connection *c,
                      h46017_h225 *msg, h46017_ras_kind kind, void *user_data);

  /** Any other signalling message came, octets untouched. Where this is set
   * calls are the program's business: an ARQ, BRQ or DRQ of a registered
   * endpoint that ras_received lets pass is confirmed (ACF: gatekeeperRouted,
   * with the bandwidth asked for, up to max_bandwidth; ras_building may change
   * it), and the Setup comes here. Where it is NULL the gatekeeper routes calls
   * between its registered endpoints. */
  int (*signalling_received)(h46017_gatekeeper *gk, h46017_connection *c,
                             const h46017_q931 *msg, const uint8_t *q931,
                             size_t len, void *user_data);

  h46017_log_write log_write;
  h46017_trace trace;

  /** A registration lost its connection @p c and waits for the same peer to
   * come back (`registration_grace`): `refreshed` or `registered` tell that it
   * did, `unregistered` that it did not. Its names stay held. */
  int (*lost)(h46017_gatekeeper *gk, const h46017_registered *reg,
              h46017_connection *c, int why, void *user_data);

  /** The time of day, in seconds since 1970 (UTC), for password tokens; false
   * when it is not known, and NULL is that too: then who has to show a password
   * is refused (H46017_ERR_CLOCK_NOT_SET). */
  bool (*utc_now)(int64_t *seconds, void *user_data);
  /** Where does this call go? Asked at the ARQ, or at a Setup that none came
   * before. LATER: the caller gets RIPs meanwhile, or a Call Proceeding, and
   * what it sends goes on after its Setup; when the call ends first,
   * question_dropped tells. NULL: to who holds the name.
   * @param question  never used again; h46017_gatekeeper_answer_call() takes it
   *                  once this has returned LATER */
  h46017_answered (*route_call)(h46017_gatekeeper *gk, uint64_t question,
                                const h46017_route_question *asked,
                                h46017_route_answer *answer, void *user_data);

  /** A call came a step further, or its bandwidth is another; RELEASED is the
   * last word about it. */
  int (*call_changed)(h46017_gatekeeper *gk, const h46017_route *call,
                      void *user_data);
} h46017_gatekeeper_callbacks;

H46017_API void h46017_gatekeeper_callbacks_default_sized(
    h46017_gatekeeper_callbacks *callbacks, size_t size);
#define h46017_gatekeeper_callbacks_default(C)                                 \
  h46017_gatekeeper_callbacks_default_sized((C), sizeof(*(C)))

/** Makes a gatekeeper without connections.
 *
 * @param[out] pgk        set on success only
 * @param[in]  settings   *copied*; NULL for the defaults
 * @param[in]  callbacks  *copied*
 * @param[in]  mem        *copied*; NULL for the C library's
 * @param[in]  user_data  *borrowed*, given to every callback
 * @retval H46017_ERR_INVALID_ARGUMENT  a struct_size, a value out of its range,
 *                                      or a mandatory callback missing
 * @retval H46017_ERR_CALLBACK_FAILURE  rand failed
 * @retval H46017_ERR_NOMEM
 * @since 0.1 */
H46017_API int
h46017_gatekeeper_new(h46017_gatekeeper **pgk,
                      const h46017_gatekeeper_settings *settings,
                      const h46017_gatekeeper_callbacks *callbacks,
                      const h46017_mem *mem, void *user_data, h46017_time now);

/** Deletes it with every connection, without a word to the peers; NULL is fine.
 * Of the callbacks only question_dropped is called, and what that calls finds
 * every connection closed. Inside a callback: when the outer call returns. */
H46017_API void h46017_gatekeeper_del(h46017_gatekeeper *gk);

/** Hands out, once each, the connections whose output or wants changed since
 * they were handed out last; never one that was deleted.
 * @retval true  @p *pconn is one; false: no more, or this is a callback */
H46017_API bool h46017_gatekeeper_next_ready(h46017_gatekeeper *gk,
                                             h46017_connection **pconn);

H46017_API h46017_time
h46017_gatekeeper_next_expiry(const h46017_gatekeeper *gk);

/** Serves every timer of every connection that is due; early calls are
 * harmless. */
H46017_API int h46017_gatekeeper_handle_expiry(h46017_gatekeeper *gk,
                                               h46017_time now);

/** Answers a question left for later, or, inside select_device, the one that is
 * asked (what select_device returns counts no more then).
 * @retval H46017_ERR_NOT_FOUND         it is void; nothing happened
 * @retval H46017_ERR_INVALID_ARGUMENT  @p answer is NULL
 * @retval H46017_ERR_REENTRANT         called from log_write or trace
 * @retval H46017_ERR_NOMEM             the question stands; try again, or it is
 *                                      rejected in its time */
H46017_API int
h46017_gatekeeper_answer(h46017_gatekeeper *gk, uint64_t question,
                         const h46017_registration_answer *answer,
                         h46017_time now);

/** Says where a call goes that route_call left for later.
 * @param[in] answer  *borrowed* for the call
 * @retval H46017_ERR_NOT_FOUND         it is void; nothing happened
 * @retval H46017_ERR_INVALID_ARGUMENT  @p answer is NULL
 * @retval H46017_ERR_REENTRANT         called from log_write or trace
 * @retval H46017_ERR_NOMEM             the question stands; try again, or the
 *                                      call is refused in its time
 * @since 0.1 */
H46017_API int h46017_gatekeeper_answer_call(h46017_gatekeeper *gk,
                                             uint64_t question,
                                             const h46017_route_answer *answer,
                                             h46017_time now);

/** Begins an orderly end: URQ (maintenance) for every registration, then every
 * connection flushes and wants nothing. New connections are refused. */
H46017_API int h46017_gatekeeper_close(h46017_gatekeeper *gk, h46017_time now);

/** Finds the registration that holds a name; any alias type, and of a
 * partyNumber any type of number. Where several hold it (`duplicates`), one of
 * them.
 * @retval NULL  nobody does. *Borrowed* until the next call that is not const
 */
H46017_API const h46017_registered *
h46017_gatekeeper_find(const h46017_gatekeeper *gk, const char *name,
                       size_t len);

/** Walks all registrations, in no particular order, those without a connection
 * (`registration_grace`) too, until @p fn returns something other than 0, which
 * it returns too. @p fn changes nothing: to end some of them, keep their
 * endpointIdentifiers for h46017_gatekeeper_unregister_endpoint(). */
H46017_API int h46017_gatekeeper_each(const h46017_gatekeeper *gk,
                                      int (*fn)(const h46017_registered *reg,
                                                void *arg),
                                      void *arg);

H46017_API size_t
h46017_gatekeeper_connection_count(const h46017_gatekeeper *gk);
H46017_API size_t
h46017_gatekeeper_registration_count(const h46017_gatekeeper *gk);

/** Takes other settings from now on, with nobody dropped. They hold for what
 * comes: a time to live that was granted stays, and who is there stays where a
 * limit is lower now. `identifier` stays what it was, and what a connection
 * that is up has of lenient, max_pdu and max_tx.
 *
 * @param[in] settings  *copied*; NULL for the defaults
 * @retval H46017_ERR_INVALID_ARGUMENT  as in h46017_gatekeeper_new()
 * @retval H46017_ERR_REENTRANT         called from log_write or trace
 * @retval H46017_ERR_NOMEM
 * After a failure the old ones are in force.
 * @since 0.1 */
H46017_API int
h46017_gatekeeper_set_settings(h46017_gatekeeper *gk,
                               const h46017_gatekeeper_settings *settings,
                               h46017_time now);

/** Makes log lines up to another level from now on. What a connection that is
 * up says about its octets stays at the level it began with.
 * @since 0.1 */
H46017_API void h46017_gatekeeper_set_log_level(h46017_gatekeeper *gk,
                                                h46017_log_level level);

/** True when a registration was made with this very password, as the library
 * saw; in a time that does not tell where it differs. For a program whose
 * device has been given another.
 *
 * @param[in] password  UTF-8 with its length, *borrowed*; never logged
 * @since 0.1 */
H46017_API bool h46017_registered_password_is(const h46017_registered *reg,
                                              const char *password, size_t len);

/** Ends the registration that holds a name, with a URQ of this reason; without
 * one for H46017_URQ_REASON_ABSENT.
 * @retval H46017_ERR_INVALID_ARGUMENT  H46017_URQ_SECURITY_ERROR, which is not
 *                                      said without more, or no reason at all
 * @retval H46017_ERR_NOT_FOUND
 * @retval H46017_ERR_REENTRANT  called from log_write or trace */
H46017_API int h46017_gatekeeper_unregister(h46017_gatekeeper *gk,
                                            const char *name, size_t len,
                                            h46017_urq_reason reason,
                                            h46017_time now);

/** The same for the registration of this endpointIdentifier, which is one
 * whatever its names are: what to go by after h46017_gatekeeper_each().
 *
 * @param[in] endpoint_identifier  as h46017_registered has it, *borrowed*
 * @retval H46017_ERR_INVALID_ARGUMENT, H46017_ERR_NOT_FOUND
 * @retval H46017_ERR_REENTRANT  called from log_write or trace
 * @since 0.1 */
H46017_API int h46017_gatekeeper_unregister_endpoint(
    h46017_gatekeeper *gk, const char *endpoint_identifier,
    h46017_urq_reason reason, h46017_time now);

/** Walks the calls, in no particular order, until @p fn returns something other
 * than 0, which it returns too. @p fn changes nothing. */
H46017_API int h46017_gatekeeper_each_call(const h46017_gatekeeper *gk,
                                           int (*fn)(const h46017_route *call,
                                                     void *arg),
                                           void *arg);

H46017_API size_t h46017_gatekeeper_call_count(const h46017_gatekeeper *gk);

/** Ends a call: DRQ (forcedDrop) to who was admitted to it, Release Complete to
 * both sides.
 * @retval H46017_ERR_NOT_FOUND  it is over
 * @retval H46017_ERR_REENTRANT  called from log_write or trace */
H46017_API int h46017_gatekeeper_drop_call(h46017_gatekeeper *gk, uint64_t id,
                                           h46017_time now);

/** Tells the endpoints of a call how much bandwidth it may have from now on
 * (BRQ). They may refuse; once the caller has confirmed, `call_changed` says
 * what the call has.
 * @param bandwidth  units of 100 bit/s
 * @retval H46017_ERR_NOT_FOUND      it is over, or its Setup has not come
 * @retval H46017_ERR_REENTRANT      called from log_write or trace
 * @spec H.225.0 7.12
 * @since 0.1 */
H46017_API int h46017_gatekeeper_limit_call(h46017_gatekeeper *gk, uint64_t id,
                                            uint32_t bandwidth,
                                            h46017_time now);

/** @name One connection */
/**@{*/
/** A transport came up.
 *
 * @param[out] pc         set on success only
 * @param[in]  peer       who it proved to be, *copied*; NULL for plain TCP
 * @param[in]  user_data  *borrowed*; h46017_connection_user_data()
 * @retval H46017_ERR_LIMIT             max_connections is reached: close it
 * @retval H46017_ERR_INVALID_STATE     the gatekeeper is closing
 * @retval H46017_ERR_INVALID_ARGUMENT  @p peer's struct_size
 * @retval H46017_ERR_REENTRANT         called from a callback
 * @retval H46017_ERR_NOMEM */
H46017_API int h46017_connection_new(h46017_connection **pc,
                                     h46017_gatekeeper *gk,
                                     const h46017_identity *peer,
                                     void *user_data, h46017_time now);

/** Deletes it; registrations that are still on it end (CLOSED), without grace:
 * that is for h46017_connection_transport_down(). NULL is fine.
 * Inside a callback they end at once (but for log_write and trace), and it goes
 * when the outer call returns. */
H46017_API void h46017_connection_del(h46017_connection *c);

H46017_API int h46017_connection_recv(h46017_connection *c, const uint8_t *data,
                                      size_t datalen, h46017_time now);
H46017_API size_t h46017_connection_peek_tx(const h46017_connection *c,
                                            const uint8_t **pdata);
H46017_API int h46017_connection_ack_tx(h46017_connection *c, size_t len,
                                        h46017_time now);
H46017_API bool h46017_connection_want_read(const h46017_connection *c);
H46017_API bool h46017_connection_want_write(const h46017_connection *c);

/** The transport is gone: the registrations on it end at once, or wait for
 * their peer (`registration_grace`). */
H46017_API int h46017_connection_transport_down(h46017_connection *c, int why,
                                                h46017_time now);

/** Begins its end: URQ (@p why says the reason), flush, want nothing. */
H46017_API int h46017_connection_close(h46017_connection *c, int why,
                                       h46017_time now);

/** Queues one whole Q.931 message as it is; on failure nothing was queued.
 * @retval H46017_ERR_INVALID_STATE     the connection ends
 * @retval H46017_ERR_QUEUE_FULL        max_tx is reached
 * @retval H46017_ERR_INVALID_ARGUMENT  no octets
 * @retval H46017_ERR_OUT_OF_RANGE      too many for one TPKT
 * @retval H46017_ERR_REENTRANT         called from log_write or trace
 * @retval H46017_ERR_NOMEM */
H46017_API int h46017_connection_write_signalling(h46017_connection *c,
                                                  const uint8_t *q931,
                                                  size_t len, h46017_time now);

/** 0, or the error that ended it. */
H46017_API int h46017_connection_error(const h46017_connection *c);
H46017_API void *h46017_connection_user_data(const h46017_connection *c);
H46017_API const h46017_identity *
h46017_connection_peer(const h46017_connection *c);
H46017_API h46017_gatekeeper *
h46017_connection_gatekeeper(const h46017_connection *c);

/** Says where the peer is, so that wrong passwords are counted by device and
 * place: an address without its port. Connections of which nobody has said it
 * are places of their own. In callbacks too.
 *
 * @param[in] origin  NUL-terminated, 1 to 63 octets, *copied*
 * @retval H46017_ERR_INVALID_ARGUMENT
 * @since 0.1 */
H46017_API int h46017_connection_set_origin(h46017_connection *c,
                                            const char *origin);
/**@}*/

#ifdef __cplusplus
}
#endif

#endif /* H46017_GATEKEEPER_H */
