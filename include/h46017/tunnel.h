/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef H46017_TUNNEL_H
#define H46017_TUNNEL_H

/** @file
 * RAS over a call signalling connection, and nothing else of H.460.17.
 *
 * For a program that has a gatekeeper or an endpoint of its own: octets of the
 * connection go in, RAS messages (PER) and call signalling (Q.931) come out;
 * what the program gives comes out as octets for the connection. The tunnel
 * knows no registration and no call.
 *
 *     read    → h46017_tunnel_recv(t, octets, n, now)   → callbacks
 *     write   ← h46017_tunnel_peek_tx(t, &octets), then _ack_tx(t, sent, now)
 *     wait    until h46017_tunnel_next_expiry(t), then _handle_expiry(t, now)
 *     close   when neither _want_read(t) nor _want_write(t)
 *
 * What holds for every call:
 *
 *  - How the octets were cut into `recv` calls changes nothing.
 *  - Callbacks run inside `recv`, `handle_expiry` and (log_write, trace) the
 *    functions that write; never later. In ras_received, signalling_received
 *    and keepalive_received the program may write and look; `recv`, `ack_tx`
 *    and `handle_expiry` return H46017_ERR_REENTRANT there. `del` is carried
 *    out when the outer call ends, which returns H46017_ERR_CLOSED then and
 *    calls back no more. In log_write and trace it may only look.
 *  - An error of the peer (-2xx) or a fatal one (-9xx) is kept: every call that
 *    would change something returns it again, but for `ack_tx`, so that what is
 *    queued can still be sent.
 *  - `peek_tx`, the functions that take a const tunnel, and `del` do not
 *    allocate; nor does a tunnel that takes and gives RAS messages of the same
 *    sizes again and again.
 *
 * One tunnel is used by one thread at a time; separate ones are independent.
 *
 * @spec H.460.17
 */

#include <h46017/common.h>
#include <h46017/error.h>
#include <h46017/h225.h>
#include <h46017/lenient.h>
#include <h46017/q931.h>
#include <h46017/trace.h>

#ifdef __cplusplus
extern "C" {
#endif

/** One connection's tunnel. */
typedef struct h46017_tunnel h46017_tunnel;

/** Octets of the longest RAS message that h46017_tunnel_write_ras() takes: a
 * longer one would need fragmented PER lengths, which no peer is known to
 * read. */
#define H46017_TUNNEL_MAX_RAS 16371

/** Limits and strictness. */
typedef struct h46017_tunnel_settings {
  size_t struct_size;            /**< set by h46017_tunnel_settings_default() */
  uint32_t lenient;              /**< h46017_lenient; default all */
  uint32_t max_pdu;              /**< octets of a TPKT received, 65535 */
  uint32_t max_tx;               /**< octets waiting to be sent, 262144 */
  uint32_t max_ras_per_facility; /**< 8; one more is H46017_ERR_FLOOD */
  uint32_t max_bad_facilities;   /**< Facility messages without a call whose
                                      H.323 part is malformed: so many are
                                      ignored, one more is H46017_ERR_UUIE; 8 */
  uint32_t pdu_timeout_ms;       /**< from a TPKT's first octet to its last,
                                      10000; 0: any time */
  h46017_log_level log_level;    /**< lines up to it are made; WARN */
  const h46017_h225_settings *h225; /**< *copied*; NULL: the codec's defaults */
} h46017_tunnel_settings;

H46017_API void
h46017_tunnel_settings_default_sized(h46017_tunnel_settings *settings,
                                     size_t size);
/** Fills in the defaults. Call it before setting anything. */
#define h46017_tunnel_settings_default(S)                                      \
  h46017_tunnel_settings_default_sized((S), sizeof(*(S)))

/** What a tunnel reports. Any of them may be NULL. Those that return int
 * return 0; anything else ends the tunnel with H46017_ERR_CALLBACK_FAILURE.
 * Octets and messages are *borrowed* until the callback returns. */
typedef struct h46017_tunnel_callbacks {
  size_t struct_size; /**< set by h46017_tunnel_callbacks_default() */

  /** A RAS message came: its exact octets. They have not been decoded: they
   * may be no RasMessage at all; a program drops it then. */
  int (*ras_received)(h46017_tunnel *t, const uint8_t *per, size_t len,
                      void *user_data);

  /** Any other Q.931 message came: the view and its exact octets (the same as
   * msg->data and msg->len). */
  int (*signalling_received)(h46017_tunnel *t, const h46017_q931 *msg,
                             const uint8_t *q931, size_t len, void *user_data);

  /** An empty TPKT came. No answer is due. */
  int (*keepalive_received)(h46017_tunnel *t, void *user_data);

  h46017_log_write log_write; /**< NULL: nothing is formatted */
  h46017_trace trace;         /**< PDU_RECEIVED and PDU_SENT */
} h46017_tunnel_callbacks;

H46017_API void
h46017_tunnel_callbacks_default_sized(h46017_tunnel_callbacks *callbacks,
                                      size_t size);
/** Clears them. Call it before setting any. */
#define h46017_tunnel_callbacks_default(C)                                     \
  h46017_tunnel_callbacks_default_sized((C), sizeof(*(C)))

/** Makes a tunnel for a connection that is up (behind TLS, where there is TLS).
 *
 * @param[out] pt         set on success only
 * @param[in]  settings   *copied*; NULL for the defaults
 * @param[in]  callbacks  *copied*
 * @param[in]  mem        *copied*; NULL for the C library's
 * @param      user_data  *borrowed*; handed to every callback
 * @return 0, or
 * @retval H46017_ERR_INVALID_ARGUMENT  callbacks is NULL, a struct_size, a
 * limit
 * @retval H46017_ERR_NOMEM
 * @since 0.1 */
H46017_API int h46017_tunnel_new(h46017_tunnel **pt,
                                 const h46017_tunnel_settings *settings,
                                 const h46017_tunnel_callbacks *callbacks,
                                 const h46017_mem *mem, void *user_data,
                                 h46017_time now);

/** Deletes the tunnel and what it has queued; NULL is fine. In a callback: at
 * the end of the outer call. */
H46017_API void h46017_tunnel_del(h46017_tunnel *t);

/** Takes octets from the peer, all of them, or fails.
 *
 * @param[in] data  *borrowed* for the call; may be NULL when @p len is 0
 * @return 0, or
 * @retval H46017_ERR_TPKT              what came is not TPKT
 * @retval H46017_ERR_TOO_LARGE         a TPKT longer than max_pdu
 * @retval H46017_ERR_Q931              a malformed Q.931 message
 * @retval H46017_ERR_UUIE              more than max_bad_facilities
 * @retval H46017_ERR_FLOOD             more than max_ras_per_facility in one
 * @retval H46017_ERR_CALLBACK_FAILURE  a callback said so
 * @retval H46017_ERR_NOMEM
 *   (all of these stay: flush what want_write() still asks for, close, delete)
 * @retval H46017_ERR_REENTRANT         called from a callback; nothing was
 * taken
 * @retval H46017_ERR_INVALID_ARGUMENT  NULL with a length
 * @retval H46017_ERR_CLOSED            a callback called `del`: the tunnel is
 *                                      gone
 * @callbacks all
 * @since 0.1 */
H46017_API int h46017_tunnel_recv(h46017_tunnel *t, const uint8_t *data,
                                  size_t len, h46017_time now);

/** Shows what is to be sent, all of it in one window.
 *
 * @param[out] pdata  *borrowed* until the next call that changes the tunnel
 * @return octets in the window, 0 when there is nothing
 * @since 0.1 */
H46017_API size_t h46017_tunnel_peek_tx(const h46017_tunnel *t,
                                        const uint8_t **pdata);

/** Tells that the first @p n octets of the window were sent; any part of it is
 * fine. Works after an error too.
 *
 * @retval H46017_ERR_INVALID_ARGUMENT  more than the window holds
 * @retval H46017_ERR_REENTRANT         called from a callback
 * @since 0.1 */
H46017_API int h46017_tunnel_ack_tx(h46017_tunnel *t, size_t n,
                                    h46017_time now);

/** When h46017_tunnel_handle_expiry() has something to do;
 * H46017_TIME_NEVER while no TPKT is begun. */
H46017_API h46017_time h46017_tunnel_next_expiry(const h46017_tunnel *t);

/** Does what is due; an early call is harmless.
 *
 * @retval H46017_ERR_PDU_TIMEOUT  a TPKT was begun and not finished in time;
 *                                 stays
 * @retval H46017_ERR_REENTRANT    called from a callback
 * @callbacks log_write
 * @since 0.1 */
H46017_API int h46017_tunnel_handle_expiry(h46017_tunnel *t, h46017_time now);

/** False after an error: nothing is taken any more. */
H46017_API bool h46017_tunnel_want_read(const h46017_tunnel *t);

/** There are octets to send. False after a fatal error (-9xx). */
H46017_API bool h46017_tunnel_want_write(const h46017_tunnel *t);

/** The error that ended the tunnel; 0 while it lives. */
H46017_API int h46017_tunnel_error(const h46017_tunnel *t);

/** @name Writing
 * Each queues one TPKT, whole or not at all. Legal at any time, in callbacks
 * too (but for log_write and trace).
 *
 * @retval H46017_ERR_QUEUE_FULL        max_tx is reached; nothing was queued:
 *                                      send, then try again
 * @retval H46017_ERR_INVALID_ARGUMENT  NULL or no octets
 * @retval H46017_ERR_OUT_OF_RANGE      too many octets for one TPKT
 * @retval H46017_ERR_REENTRANT         called from log_write or trace
 * @retval H46017_ERR_NOMEM             nothing was queued; the tunnel lives on
 * @callbacks trace, log_write */
/**@{*/
/** A RAS message, in a Facility of its own: call reference 0, empty Facility
 * element, body empty, h245Tunnelling TRUE, genericData 17/1.
 *
 * @param[in] per  a RasMessage in PER, *copied*, not looked at; up to
 *                 H46017_TUNNEL_MAX_RAS octets
 * @since 0.1 */
H46017_API int h46017_tunnel_write_ras(h46017_tunnel *t, const uint8_t *per,
                                       size_t len);

/** A whole Q.931 message, its octets untouched.
 * @param[in] q931  *copied*, not looked at
 * @since 0.1 */
H46017_API int h46017_tunnel_write_signalling(h46017_tunnel *t,
                                              const uint8_t *q931, size_t len);

/** An empty TPKT: every known peer takes it, none answers it.
 * @since 0.1 */
H46017_API int h46017_tunnel_write_keepalive(h46017_tunnel *t);
/**@}*/

#ifdef __cplusplus
}
#endif

#endif /* H46017_TUNNEL_H */
