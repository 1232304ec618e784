/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef H46017_TRACE_H
#define H46017_TRACE_H

/** @file
 * What an object does, as typed events: every PDU with its octets (enough to
 * write a capture file that Wireshark opens, also where TLS hides the wire),
 * every state with what brought it about and the timer that runs in it, every
 * decision about an identity.
 */

#include <h46017/common.h>

#ifdef __cplusplus
extern "C" {
#endif

/** What happened. New kinds may come; pass over an unknown one. */
typedef enum h46017_trace_kind {
  H46017_TRACE_PDU_RECEIVED = 1,    /**< `pdu`, `data`, `len`, `code` */
  H46017_TRACE_PDU_SENT = 2,        /**< the same; queued for sending */
  H46017_TRACE_STATE_CHANGED = 3,   /**< `object`, `from`, `to`, `event`,
                                         `timer` */
  H46017_TRACE_IDENTITY_DECIDED = 4 /**< `object`, `code`, `event` */
} h46017_trace_kind;

/** What a PDU is. New ones may come. */
typedef enum h46017_trace_pdu {
  H46017_TRACE_PDU_OTHER = 0,     /**< refused or ignored; `code` says why */
  H46017_TRACE_PDU_KEEPALIVE = 1, /**< an empty TPKT */
  H46017_TRACE_PDU_RAS = 2,       /**< a Facility with tunnelled RAS */
  H46017_TRACE_PDU_SIGNALLING = 3 /**< any other Q.931 message */
} h46017_trace_pdu;

/** One event. Filled by the library, *borrowed* for the call; members are
 * appended in later versions. Those that the kind does not name are 0, NULL. */
typedef struct h46017_trace_event {
  h46017_trace_kind kind;
  h46017_time now; /**< the last time the object was told */

  h46017_trace_pdu pdu;
  const uint8_t *data; /**< the whole TPKT, its header included */
  size_t len;          /**< octets of it */

  int code; /**< an h46017_error or 0 */

  const char *object; /**< `connection`, `registration`, `call` … */
  const char *from;   /**< name of the state left */
  const char *to;     /**< name of the state entered */
  const char *event;  /**< what brought it about */

  const char *timer; /**< name of the one that runs in that state; NULL: it
                          ends by no timer */

  const void
      *subject; /**< whom it is about: the h46017_tunnel,
                     h46017_endpoint, h46017_connection or h46017_calls */
  uint32_t id;  /**< a registration's number, or a call's reference; 0
                     for the others */
} h46017_trace_event;

/** Receives one event. It may look at the object and call nothing that changes
 * it. */
typedef void (*h46017_trace)(const h46017_trace_event *event, void *user_data);

#ifdef __cplusplus
}
#endif

#endif /* H46017_TRACE_H */
