/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef H46017_ENDPOINT_H
#define H46017_ENDPOINT_H

/** @file
 * The endpoint's side of H.460.17: one connection to one gatekeeper of a list,
 * any number of registrations on it, kept alive until the program ends them.
 *
 * The endpoint owns no socket and no clock. It says "connect to gatekeeper N"
 * (callback `connect`); the program opens the transport and answers with
 * h46017_endpoint_transport_up() or _transport_down(). From then on:
 *
 *     octets from the peer   -> h46017_endpoint_recv()
 *     h46017_endpoint_peek_tx() -> send -> h46017_endpoint_ack_tx()
 *     timer armed from h46017_endpoint_next_expiry()
 *                            -> h46017_endpoint_handle_expiry()
 *     want_read and want_write both false -> close the transport, then
 *                               h46017_endpoint_transport_down()
 *
 * One endpoint is used by one thread at a time; separate ones are independent.
 * Callbacks run only inside calls into the same endpoint. In a callback the
 * const functions, _add(), _add_aliases(), _remove(), _close(), _call(),
 * _bandwidth(), _resources() and _write_signalling(), and what h46017/call.h
 * lets be called on a call may be called; the rest returns
 * H46017_ERR_REENTRANT, and _del() takes effect when the outer call returns. In
 * log_write and trace the program may only look and delete.
 */

#include <h46017/call.h>
#include <h46017/error.h>
#include <h46017/h225.h>
#include <h46017/h235.h>
#include <h46017/identity.h>
#include <h46017/q931.h>
#include <h46017/ras.h>
#include <h46017/trace.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct h46017_endpoint h46017_endpoint;

/** The state of the connection. New states may come. */
typedef enum h46017_endpoint_state {
  H46017_ENDPOINT_IDLE = 0,       /**< not started, or closed */
  H46017_ENDPOINT_CONNECTING = 1, /**< the program was asked to connect */
  H46017_ENDPOINT_UP = 2,         /**< the transport is there */
  H46017_ENDPOINT_CLOSING = 3,    /**< unregistering, then flushing */
  H46017_ENDPOINT_BACKOFF = 4     /**< waiting to connect again */
} h46017_endpoint_state;

/** The state of one registration. New states may come. */
typedef enum h46017_registration_state {
  H46017_REGISTRATION_UNREGISTERED = 0, /**< waits for the connection */
  H46017_REGISTRATION_REGISTERING = 1,  /**< full RRQ sent */
  H46017_REGISTRATION_REGISTERED = 2,
  H46017_REGISTRATION_REFRESHING = 3,    /**< it is there; an RRQ was sent to
                                              keep it, or to add names */
  H46017_REGISTRATION_UNREGISTERING = 4, /**< URQ sent */
  H46017_REGISTRATION_HELD = 5           /**< refused; waits before it tries
                                              again */
} h46017_registration_state;

/** Their names (`REGISTERED`); static text. */
H46017_API const char *h46017_endpoint_state_name(h46017_endpoint_state state);
H46017_API const char *
h46017_registration_state_name(h46017_registration_state state);

/** What to register. Begin with h46017_registration_default(). *Copied* by
 * h46017_endpoint_add(). */
typedef struct h46017_registration {
  size_t struct_size;
  const h46017_alias *aliases; /**< at least one */
  size_t alias_count;
  h46017_terminal_type terminal_type; /**< a terminal, if nothing is said */
  bool restart;         /**< the first full RRQ says that all calls were lost */
  const char *password; /**< UTF-8 with its length; wiped when the registration
                             goes. NULL: none. Every message of the registration
                             has a token then, and where TLS does not prove the
                             gatekeeper, so must its requests, RCF, ACF, BCF */
  size_t password_len;
  const char *user;        /**< the name that goes with it; NULL: the first
                                alias */
  uint32_t password_kinds; /**< of tokens to send; 0: H46017_H235_HMAC, the one
                                that protects the message too. Without it
                                nothing tells whether the gatekeeper knows the
                                password */
} h46017_registration;

H46017_API void
h46017_registration_default_sized(h46017_registration *registration,
                                  size_t size);
#define h46017_registration_default(R)                                         \
  h46017_registration_default_sized((R), sizeof(*(R)))

/** Settings; *copied* by h46017_endpoint_new(), texts included. */
typedef struct h46017_endpoint_settings {
  size_t struct_size;
  size_t gatekeeper_count;  /**< length of the program's list; 1 */
  uint32_t time_to_live;    /**< seconds asked for, 60; the gatekeeper's answer
                                 counts */
  uint32_t connect_timeout; /**< ms until a connection must be up, 15000 */
  uint32_t request_timeout; /**< ms until an answer must be there, 8000; RIP
                                 extends it */
  uint32_t refresh_percent; /**< of the granted TTL, when the refresh is sent
                                 at the latest, 70; jitter goes below it */
  uint32_t backoff_first;   /**< ms before the second attempt, 1000 */
  uint32_t backoff_max;     /**< ms, 60000; doubled from the first up to it */
  uint32_t backoff_denied;  /**< ms at the least after a security refusal,
                                 60000; an alternate that refuses, or is not
                                 trusted, is forgotten instead */
  uint32_t keepalive;       /**< ms between empty TPKTs, 0: none */
  uint32_t max_registrations;        /**< 64 */
  size_t max_tx;                     /**< octets waiting to be sent, 65536 */
  size_t max_pdu;                    /**< octets of one TPKT accepted, 65535 */
  uint32_t lenient;                  /**< flags of h46017/tunnel.h; the default
                                          tolerates what real gatekeepers send */
  const char *gatekeeper_identifier; /**< NULL: take the gatekeeper's */
  h46017_vendor vendor;       /**< product and version texts may be empty */
  h46017_log_level log_level; /**< H46017_LOG_INFO */
  uint32_t failback;          /**< ms between two questions whether a preferred
                                 gatekeeper is back, 300000; 0: never */
  uint32_t failback_count; /**< answers "it is" in a row before it is believed,
                              2 */
  const h46017_crypto *crypto; /**< for passwords, *copied*; NULL: there can be
                                    none */
  uint32_t password_window;    /**< seconds that a token's time may differ from
                                    ours, 300; up to 7200 */
  bool discover; /**< send a GRQ first on each connection: only for a gatekeeper
                      that wants one. The one it is sent to has to answer. A
                      connection on which there is nothing to register when it
                      comes up has none */
  uint32_t max_registering; /**< full RRQs sent on one connection before an
                                 answer is there, 8 */
  uint32_t
      max_alternates; /**< other gatekeepers remembered that this one names,
                           0: their names are not listened to. With some,
                           `connect` asks for indices from gatekeeper_count
                           on: see h46017_endpoint_alternate() */
  uint32_t max_calls; /**< both directions, 2000 */
} h46017_endpoint_settings;

H46017_API void
h46017_endpoint_settings_default_sized(h46017_endpoint_settings *settings,
                                       size_t size);
#define h46017_endpoint_settings_default(S)                                    \
  h46017_endpoint_settings_default_sized((S), sizeof(*(S)))

/** What the program is told and asked. Begin with
 * h46017_endpoint_callbacks_default(). `connect` and `rand` must be set; the
 * others may stay NULL. Those that return int return 0; anything else is
 * H46017_ERR_CALLBACK_FAILURE, which ends the endpoint, except where said
 * otherwise: what a call into the library said, as that a message could not be
 * sent, is no result of theirs. Arguments are *borrowed* for the call. */
typedef struct h46017_endpoint_callbacks {
  size_t struct_size;

  /** Open the transport to gatekeeper @p index (0 … gatekeeper_count - 1) of
   * the program's list; TCP or TLS is what the list says, never less. From
   * gatekeeper_count on, and only with max_alternates: to one that a gatekeeper
   * named, see h46017_endpoint_alternate(). Answer with transport_up or
   * transport_down, later or after this call. An attempt that is still under
   * way when the endpoint leaves CONNECTING (connect_timeout, _close()) is to
   * be given up, without an answer: the next `connect` is another one. */
  int (*connect)(h46017_endpoint *ep, size_t index, void *user_data);

  /** Fill @p dest with random octets fit for identifiers. */
  int (*rand)(uint8_t *dest, size_t len, void *user_data);

  /** The connection's state changed. */
  int (*state_changed)(h46017_endpoint *ep, h46017_endpoint_state from,
                       h46017_endpoint_state to, void *user_data);

  /** A registration's state changed. */
  int (*registration_changed)(h46017_endpoint *ep, uint32_t id,
                              h46017_registration_state from,
                              h46017_registration_state to, void *user_data);

  /** A full RRQ was confirmed, also one that added names or came after
   * fullRegistrationRequired; @p rcf holds the granted aliases and TTL. */
  int (*registered)(h46017_endpoint *ep, uint32_t id, const h46017_ras *rcf,
                    void *user_data);

  /** A lightweight RRQ was confirmed, or an additive one. */
  int (*refreshed)(h46017_endpoint *ep, uint32_t id, const h46017_ras *rcf,
                   void *user_data);

  /** The gatekeeper said no: @p rrj with its reason, @p code is
   * H46017_ERR_REJECTED. */
  int (*rejected)(h46017_endpoint *ep, uint32_t id, const h46017_ras *rrj,
                  int code, void *user_data);

  /** A registration that was there is no more: it comes once for each time that
   * `registered` told of one that is not there already. @p why: UNREGISTERED
   * (our own URQ), REJECTED (the gatekeeper's URQ, or its RRJ), or what ended
   * the connection. */
  int (*unregistered)(h46017_endpoint *ep, uint32_t id, int why,
                      void *user_data);

  /** Nothing will be tried for @p delay ms, because of @p code. */
  int (*backing_off)(h46017_endpoint *ep, uint32_t delay, int code,
                     void *user_data);

  /** A RAS message came, decoded, with its exact octets, before the endpoint
   * acts on it. H46017_ERR_REFUSED makes the endpoint ignore it. */
  int (*ras_received)(h46017_endpoint *ep, h46017_h225 *msg,
                      const h46017_ras *ras, const uint8_t *per, size_t len,
                      void *user_data);

  /** The endpoint is about to send @p msg: the program may add to it
   * (featureSet, genericData, nonStandardData, tokens). */
  int (*ras_building)(h46017_endpoint *ep, h46017_h225 *msg,
                      h46017_ras_kind kind, void *user_data);

  /** Any other signalling message came, octets untouched. */
  int (*signalling_received)(h46017_endpoint *ep, const h46017_q931 *msg,
                             const uint8_t *q931, size_t len, void *user_data);

  h46017_log_write log_write;
  h46017_trace trace;

  /** Is gatekeeper @p index, which stands before the one in use, back? The
   * program finds out (a connection that comes up is enough) and says so with
   * h46017_endpoint_reachable(); saying nothing means no. NULL: the endpoint
   * stays where it is until it loses it. */
  int (*probe)(h46017_endpoint *ep, size_t index, void *user_data);

  /** The time of day, in seconds since 1970 (UTC), for password tokens; false
   * when it is not known, and NULL is that too: then a registration with a
   * password fails with H46017_ERR_CLOCK_NOT_SET. */
  bool (*utc_now)(int64_t *seconds, void *user_data);
  /** What the program is told of calls, *copied*; its `write` and `rand` are
   * not looked at, and its user_data is the endpoint's. NULL: calls are the
   * program's own business, signalling_received and _write_signalling(). */
  const h46017_calls_callbacks *calls;

  /** The gatekeeper lets a call be made (the program sends its Setup now) or
   * taken (it may alert and connect now).
   * @param bandwidth    granted, units of 100 bit/s
   * @param destination  to be called instead of what was asked for, where there
   *                     are any */
  int (*call_admitted)(h46017_endpoint *ep, h46017_call *call,
                       uint32_t bandwidth, const h46017_aliases *destination,
                       void *user_data);

  /** What h46017_endpoint_bandwidth() asked for is answered.
   * @param bandwidth  of the call from now on; with REJECTED the most that the
   *                   gatekeeper would allow
   * @param code       0, REJECTED or TIMEOUT: it is as it was */
  int (*bandwidth_answered)(h46017_endpoint *ep, h46017_call *call,
                            uint32_t bandwidth, int code, void *user_data);

  /** The gatekeeper wants a call to take no more than @p bandwidth, or allows
   * it so much (BRQ). 0: so be it (BCF); REFUSED: it cannot (BRJ). NULL: it is
   * confirmed. */
  int (*bandwidth_wanted)(h46017_endpoint *ep, h46017_call *call,
                          uint32_t bandwidth, void *user_data);
} h46017_endpoint_callbacks;

H46017_API void
h46017_endpoint_callbacks_default_sized(h46017_endpoint_callbacks *callbacks,
                                        size_t size);
#define h46017_endpoint_callbacks_default(C)                                   \
  h46017_endpoint_callbacks_default_sized((C), sizeof(*(C)))

/** Makes an endpoint, IDLE.
 *
 * @param[out] pep        set on success only
 * @param[in]  settings   *copied*; NULL for the defaults
 * @param[in]  callbacks  *copied*
 * @param[in]  mem        *copied*; NULL for the C library's
 * @param[in]  user_data  *borrowed*, given to every callback
 * @retval H46017_ERR_INVALID_ARGUMENT  a struct_size, a value out of its range,
 *                                      or a mandatory callback missing
 * @retval H46017_ERR_NOMEM
 * @since 0.1 */
H46017_API int h46017_endpoint_new(h46017_endpoint **pep,
                                   const h46017_endpoint_settings *settings,
                                   const h46017_endpoint_callbacks *callbacks,
                                   const h46017_mem *mem, void *user_data,
                                   h46017_time now);

/** Deletes it, without a word to the peer; NULL is fine. Inside a callback:
 * when the outer call returns. */
H46017_API void h46017_endpoint_del(h46017_endpoint *ep);

/** Adds a registration; it is sent as soon as the connection is up, and again
 * on every new one.
 *
 * @param[out] pid  names it in callbacks and in the calls below; never 0
 * @retval H46017_ERR_INVALID_ARGUMENT  no alias, or one that is not valid; a
 *                                      password without a crypto in the
 *                                      settings
 * @retval H46017_ERR_TEXT, H46017_ERR_OUT_OF_RANGE, H46017_ERR_DIGEST  the
 *                                      password: h46017_h235_secret_new()
 * @retval H46017_ERR_QUEUE_FULL        max_registrations is reached
 * @retval H46017_ERR_NOMEM */
H46017_API int h46017_endpoint_add(h46017_endpoint *ep,
                                   const h46017_registration *registration,
                                   uint32_t *pid, h46017_time now);

/** Unregisters (URQ) and forgets a registration.
 * @retval H46017_ERR_NOT_FOUND */
H46017_API int h46017_endpoint_remove(h46017_endpoint *ep, uint32_t id,
                                      h46017_time now);

/** Adds names to a registration: at once, by an additive RRQ where the
 * gatekeeper offers that and by a full one where it does not, if it is
 * registered; otherwise with its next full RRQ. What the gatekeeper refuses of
 * them (callback `rejected`) leaves the registration as it was, and is asked
 * for again on the next connection.
 *
 * @param[in] aliases  *copied*; those it has already are passed over
 * @retval H46017_ERR_NOT_FOUND         no such registration
 * @retval H46017_ERR_INVALID_ARGUMENT  an alias is not valid
 * @retval H46017_ERR_QUEUE_FULL        it would have more than 256
 * @retval H46017_ERR_NOMEM             nothing was added
 * @spec H.225.0 7.9.1
 * @since 0.1 */
H46017_API int h46017_endpoint_add_aliases(h46017_endpoint *ep, uint32_t id,
                                           const h46017_alias *aliases,
                                           size_t count, h46017_time now);

/** Starts: the callback `connect` comes inside this call.
 * @retval H46017_ERR_INVALID_STATE  not IDLE */
H46017_API int h46017_endpoint_start(h46017_endpoint *ep, h46017_time now);

/** Says that a gatekeeper asked about by the callback `probe` can be reached.
 * After failback_count such answers in a row the endpoint unregisters where it
 * is and connects there.
 * @retval H46017_ERR_NOT_FOUND  it was not asked about; nothing happened */
H46017_API int h46017_endpoint_reachable(h46017_endpoint *ep, size_t index,
                                         h46017_time now);

/** Ends gracefully: URQ for every registration, their answers awaited, what is
 * queued flushed; then want_read and want_write are false and the state is
 * IDLE once transport_down was told. Without a connection: IDLE at once. */
H46017_API int h46017_endpoint_close(h46017_endpoint *ep, h46017_time now);

/** Queues one whole Q.931 message as it is.
 * @retval H46017_ERR_INVALID_STATE  the connection is not UP
 * @retval H46017_ERR_QUEUE_FULL     nothing was queued
 * @retval H46017_ERR_OUT_OF_RANGE   too many octets for one TPKT */
H46017_API int h46017_endpoint_write_signalling(h46017_endpoint *ep,
                                                const uint8_t *q931, size_t len,
                                                h46017_time now);

/** Begins a call: asks the gatekeeper (ARQ). `call_admitted` follows, and in it
 * or later the program sends the Setup with h46017_call_write(); or `released`,
 * with REJECTED, TIMEOUT or what ended the connection. When the call is over
 * the gatekeeper is told (DRQ). A gatekeeper that has given leave beforehand
 * (preGrantedARQ) is not asked: `call_admitted` comes inside this call, and no
 * DRQ follows. Needs callbacks.calls.
 *
 * @param      id           the registration that calls
 * @param[in]  destination  whom, *borrowed* for the call
 * @param      bandwidth    units of 100 bit/s, both directions together
 * @param[in]  user_data    *borrowed*; h46017_call_user_data()
 * @param[out] pcall        set on success only, and before `call_admitted`;
 * NULL: the program ended the call in there
 * @retval H46017_ERR_NOT_FOUND      there is no such registration
 * @retval H46017_ERR_INVALID_STATE  it is not registered, or callbacks.calls is
 *                                   NULL
 * @retval H46017_ERR_LIMIT, H46017_ERR_CALL_REFERENCES, H46017_ERR_NOMEM
 * @retval H46017_ERR_INVALID_ARGUMENT, H46017_ERR_OUT_OF_RANGE  an alias
 * @callbacks ras_building
 * @since 0.1 */
H46017_API int h46017_endpoint_call(h46017_endpoint *ep, uint32_t id,
                                    const h46017_aliases *destination,
                                    uint32_t bandwidth, void *user_data,
                                    h46017_call **pcall, h46017_time now);

/** Asks the gatekeeper for another bandwidth of a call (BRQ);
 * `bandwidth_answered` follows.
 * @param bandwidth  units of 100 bit/s, both directions together
 * @retval H46017_ERR_NOT_FOUND      it is no call of this endpoint's
 * @retval H46017_ERR_INVALID_STATE  another request about it is not answered
 *                                   yet, or its registration is gone
 * @callbacks ras_building
 * @spec H.225.0 7.12
 * @since 0.1 */
H46017_API int h46017_endpoint_bandwidth(h46017_endpoint *ep, h46017_call *call,
                                         uint32_t bandwidth, h46017_time now);

/** Tells the gatekeeper whether a registration can take many more calls (RAI),
 * and how many. A gateway says so when that changes.
 * @retval H46017_ERR_NOT_FOUND      there is no such registration
 * @retval H46017_ERR_INVALID_STATE  it is not registered
 * @callbacks ras_building
 * @spec H.225.0 7.16
 * @since 0.1 */
H46017_API int h46017_endpoint_resources(h46017_endpoint *ep, uint32_t id,
                                         bool almost_out, h46017_time now);

/** The table of its calls; NULL without a connection. *Borrowed*: it goes with
 * the connection, and the next one has another. */
H46017_API h46017_calls *h46017_endpoint_calls(const h46017_endpoint *ep);

/** @name The edge
 * @see h46017/h46017.h for the contract all objects share */
/**@{*/
/** The transport asked for is there. @param[in] peer  who the gatekeeper proved
 * to be, *borrowed*; NULL for plain TCP. */
H46017_API int h46017_endpoint_transport_up(h46017_endpoint *ep,
                                            const h46017_identity *peer,
                                            h46017_time now);
H46017_API int h46017_endpoint_recv(h46017_endpoint *ep, const uint8_t *data,
                                    size_t datalen, h46017_time now);
H46017_API size_t h46017_endpoint_peek_tx(const h46017_endpoint *ep,
                                          const uint8_t **pdata);
H46017_API int h46017_endpoint_ack_tx(h46017_endpoint *ep, size_t len,
                                      h46017_time now);
H46017_API bool h46017_endpoint_want_read(const h46017_endpoint *ep);
/** There are octets to send. When the connection ended, they may take five
 * seconds to go; then it is false. */
H46017_API bool h46017_endpoint_want_write(const h46017_endpoint *ep);

/** The transport is gone, or could not be had.
 *
 * @param why  a code: CLOSED, CONNECT, CERT_REFUSED_BY_PEER, UNKNOWN_CA …; it
 *             decides how soon the endpoint tries again. A TLS connection that
 *             ends before the gatekeeper has sent a single octet is taken for
 *             CERT_REFUSED_BY_PEER: with TLS 1.3 a refused client learns of it
 *             that late, and not every server says why. */
H46017_API int h46017_endpoint_transport_down(h46017_endpoint *ep, int why,
                                              h46017_time now);
H46017_API h46017_time h46017_endpoint_next_expiry(const h46017_endpoint *ep);
H46017_API int h46017_endpoint_handle_expiry(h46017_endpoint *ep,
                                             h46017_time now);
/**@}*/

/** 0, or the error for which the endpoint itself ended the connection last (not
 * what transport_down said); cleared by the next one. */
H46017_API int h46017_endpoint_error(const h46017_endpoint *ep);

H46017_API h46017_endpoint_state
h46017_endpoint_get_state(const h46017_endpoint *ep);

/** UNREGISTERED also for an id that does not exist. */
H46017_API h46017_registration_state
h46017_endpoint_registration_state(const h46017_endpoint *ep, uint32_t id);

/** The names the gatekeeper granted: its RCF's list, which may be shorter than
 * what was asked for or hold others; what was asked for where the RCF had no
 * list.
 *
 * @param[out] out  *borrowed* until the next call that is not const
 * @retval H46017_ERR_NOT_FOUND  no such registration, or it is not registered
 * @spec H.225.0 7.9.2
 * @since 0.1 */
H46017_API int h46017_endpoint_granted(const h46017_endpoint *ep, uint32_t id,
                                       h46017_aliases *out);

/** A gatekeeper that another one named (alternateGatekeeper, altGKInfo,
 * assignedGatekeeper): a hint where to go when those of the list fail. */
typedef struct h46017_alternate {
  char address[48];   /**< an IPv4 or IPv6 address as text. The port that came
                           with it is a RAS port and means nothing here */
  size_t learnt_from; /**< index in the program's list: connect as to that entry
                           (port, TCP or TLS, the server name its certificate
                           has to be for), but to this address */
  uint8_t priority;   /**< 0 is tried first */
} h46017_alternate;

/** The alternate that `connect` asked for as @p index.
 *
 * @param[out] out  *copied*
 * @retval H46017_ERR_NOT_FOUND  there is no such one, or no longer
 * @since 0.1 */
H46017_API int h46017_endpoint_alternate(const h46017_endpoint *ep,
                                         size_t index, h46017_alternate *out);

/** Which gatekeeper of the list it is connected, or connecting, to; from
 * gatekeeper_count on an alternate. */
H46017_API size_t h46017_endpoint_gatekeeper(const h46017_endpoint *ep);

#ifdef __cplusplus
}
#endif

#endif /* H46017_ENDPOINT_H */
