/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef H46017_CALL_H
#define H46017_CALL_H

/** @file
 * The calls of one connection: any number, both sides may begin one.
 *
 * For a program on the tunnel alone; h46017/endpoint.h and h46017/gatekeeper.h
 * have one of these for each connection. It has no socket and no clock:
 *
 *     tunnel's signalling_received -> h46017_calls_receive(calls, msg, now)
 *     callback `write`             -> h46017_tunnel_write_signalling()
 *     wait until h46017_calls_next_expiry() -> h46017_calls_handle_expiry()
 *     the connection is gone       -> h46017_calls_down()
 *
 * A call is known by who chose its call reference, and the reference: equal
 * references from both sides are two calls. What the table does: allocate
 * references, follow each call's state as H.225.0 keeps it, run its timers,
 * refuse what does not fit, hand out tunnelled H.245 in order. What it does
 * not: media, and H.245 itself.
 *
 * A program with an H.323 stack of its own hands whole messages down with
 * h46017_calls_send() and gets whole messages up, octets untouched. One without
 * has messages made by h46017_call_write() and read by h46017_call_read().
 *
 * Callbacks run only inside calls into the same object. In a callback every
 * function on a call may be called, and the const ones; receive, handle_expiry,
 * down return H46017_ERR_REENTRANT, and del takes effect when the outer call
 * returns. In `building` a message cannot be written (REENTRANT); in log_write
 * and trace the program may only look. A call stays valid until the callback
 * `released` that is about it returns.
 *
 * One object is used by one thread at a time; separate ones are independent.
 *
 * @spec H.225.0 7, Q.931 5
 */

#include <h46017/common.h>
#include <h46017/error.h>
#include <h46017/h225.h>
#include <h46017/q931.h>
#include <h46017/ras.h>
#include <h46017/trace.h>

#ifdef __cplusplus
extern "C" {
#endif

/** The calls of one connection. */
typedef struct h46017_calls h46017_calls;

/** One call on it. */
typedef struct h46017_call h46017_call;

/** Octets of a callIdentifier and of a conferenceID. */
#define H46017_CALL_GUID 16

/** Where a call stands, as seen from here. New states may come.
 * @spec Q.931 2.1, as H.225.0 7.4 has it */
typedef enum h46017_call_state {
  H46017_CALL_IDLE = 0,                /**< its Setup is still to come */
  H46017_CALL_INITIATED = 1,           /**< Setup sent */
  H46017_CALL_OVERLAP_SENDING = 2,     /**< more digits wanted from here */
  H46017_CALL_OUTGOING_PROCEEDING = 3, /**< Call Proceeding received */
  H46017_CALL_DELIVERED = 4,           /**< Alerting received */
  H46017_CALL_PRESENT = 5,             /**< Setup received */
  H46017_CALL_OVERLAP_RECEIVING = 6,   /**< more digits wanted from the peer */
  H46017_CALL_INCOMING_PROCEEDING = 7, /**< Call Proceeding sent */
  H46017_CALL_RECEIVED = 8,            /**< Alerting sent */
  H46017_CALL_ACTIVE = 9,              /**< Connect sent or received */
  H46017_CALL_RELEASED = 10            /**< over; its reference rests */
} h46017_call_state;

/** Its name (`ACTIVE`); static text. */
H46017_API const char *h46017_call_state_name(h46017_call_state state);

/** What the Call State element says for it: 0, 1, 2, 3, 4, 6, 25, 9, 7, 10, 0.
 * @spec Q.931 4.5.7 */
H46017_API uint8_t h46017_call_state_q931(h46017_call_state state);

/* clang-format off */
/** X(name, alternative of ReleaseCompleteReason, number in it, Q.931 cause)
 * @spec H.225.0 table 5 */
#define H46017_RELEASE_REASON_LIST(X)                                          \
  X(NO_BANDWIDTH, "noBandwidth", 0, 34)                                        \
  X(GATEKEEPER_RESOURCES, "gatekeeperResources", 1, 47)                        \
  X(UNREACHABLE_DESTINATION, "unreachableDestination", 2, 3)                   \
  X(DESTINATION_REJECTION, "destinationRejection", 3, 16)                      \
  X(INVALID_REVISION, "invalidRevision", 4, 88)                                \
  X(NO_PERMISSION, "noPermission", 5, 111)                                     \
  X(UNREACHABLE_GATEKEEPER, "unreachableGatekeeper", 6, 38)                    \
  X(GATEWAY_RESOURCES, "gatewayResources", 7, 42)                              \
  X(BAD_FORMAT_ADDRESS, "badFormatAddress", 8, 28)                             \
  X(ADAPTIVE_BUSY, "adaptiveBusy", 9, 41)                                      \
  X(IN_CONF, "inConf", 10, 17)                                                 \
  X(UNDEFINED_REASON, "undefinedReason", 11, 31)                               \
  X(FACILITY_CALL_DEFLECTION, "facilityCallDeflection", 12, 16)                \
  X(SECURITY_DENIED, "securityDenied", 13, 31)                                 \
  X(CALLED_PARTY_NOT_REGISTERED, "calledPartyNotRegistered", 14, 20)           \
  X(CALLER_NOT_REGISTERED, "callerNotRegistered", 15, 31)                      \
  X(NEW_CONNECTION_NEEDED, "newConnectionNeeded", 16, 47)                      \
  X(NON_STANDARD_REASON, "nonStandardReason", 17, 127)                         \
  X(REPLACE_WITH_CONFERENCE_INVITE, "replaceWithConferenceInvite", 18, 31)     \
  X(GENERIC_DATA_REASON, "genericDataReason", 19, 31)                          \
  X(NEEDED_FEATURE_NOT_SUPPORTED, "neededFeatureNotSupported", 20, 31)         \
  X(TUNNELLED_SIGNALLING_REJECTED, "tunnelledSignallingRejected", 21, 127)     \
  X(INVALID_CID, "invalidCID", 22, 31)                                         \
  X(SECURITY_ERROR, "securityError", 23, 31)                                   \
  X(HOP_COUNT_EXCEEDED, "hopCountExceeded", 24, 31)
/* clang-format on */

/** The alternatives of ReleaseCompleteReason, H46017_RELEASE_<name>. */
typedef enum h46017_release_reason {
  H46017_RELEASE_ABSENT = -1, /**< none, or one that is not known here */
#define H46017_RELEASE_ENUM(name, text, number, cause)                         \
  H46017_RELEASE_##name = (number),
  H46017_RELEASE_REASON_LIST(H46017_RELEASE_ENUM)
#undef H46017_RELEASE_ENUM
} h46017_release_reason;

/** Its ASN.1 name; static text, `unknown` for anything else. */
H46017_API const char *h46017_release_reason_name(h46017_release_reason reason);

/** The Q.931 cause a reason stands for; 31 for one that is not known. */
H46017_API uint8_t h46017_release_cause(h46017_release_reason reason);

/** The reason a cause stands for; of several, the plain one.
 * H46017_RELEASE_ABSENT where none does: the cause says it alone. */
H46017_API h46017_release_reason h46017_release_reason_find(uint8_t cause);

/** A list of runs of octets, *borrowed*. */
typedef struct h46017_octets_list {
  const h46017_octets *list;
  size_t count;
} h46017_octets_list;

/** What a message says, beside what every one of its kind says: to be put into
 * one that is made here, or found in one that came. Everything is *borrowed*;
 * absent is NULL, 0, or what is said. Begin with
 * h46017_call_content_default(). */
typedef struct h46017_call_content {
  size_t struct_size;
  h46017_aliases source;      /**< Setup: who calls */
  h46017_aliases destination; /**< Setup: who is called */
  h46017_text calling_number; /**< Setup: digits of Calling Party Number */
  h46017_text called_number;  /**< Setup, Information: digits of Called Party
                                   Number */
  h46017_text keypad;         /**< Setup, Information */
  h46017_text display;        /**< any but Status and its inquiry; cut to 82
                                   octets */
  h46017_text endpoint_identifier; /**< Setup: who the gatekeeper knows it by */
  h46017_octets bearer;            /**< Setup: contents of Bearer Capability;
                                        written absent: `88 90 a5`, unrestricted
                                        digital, H.221/H.242 */
  h46017_octets_list fast_start;   /**< Setup, Call Proceeding, Progress,
                                        Alerting, Connect, Facility,
                                        Information: H.245 OpenLogicalChannels */
  h46017_octets_list h245;         /**< any: whole H.245 messages, in order */
  uint8_t cause;                   /**< Release Complete, Status; Progress: 0 is
                                        none. Written 0: 16, 30 */
  uint8_t progress;                /**< Progress, Alerting, Call Proceeding,
                                        Connect: description; written 0 in a
                                        Progress: 8, in-band information */
  uint8_t notification;            /**< Notify: description */
  uint8_t call_state;              /**< Status, read only: as Q.931 has it */
  h46017_release_reason reason;    /**< Release Complete; written absent: the
                                        one the cause stands for */
  bool h245_tunnelling_refused;    /**< read only: h245Tunnelling FALSE, and
                                        meant */
  bool fast_connect_refused;       /**< Call Proceeding, Progress, Alerting,
                                        Connect, Facility, Information */
  bool can_overlap_send;           /**< Setup */
  bool media_wait_for_connect;     /**< Setup */
} h46017_call_content;

H46017_API void h46017_call_content_default_sized(h46017_call_content *content,
                                                  size_t size);
/** Clears it. Call it before setting anything. */
#define h46017_call_content_default(C)                                         \
  h46017_call_content_default_sized((C), sizeof(*(C)))

/** A message of a call that came. */
typedef struct h46017_call_message {
  uint8_t type;            /**< an h46017_q931_type */
  const h46017_q931 *q931; /**< the view; its data and len are the octets */
  h46017_h225 *uui;        /**< the H323-UserInformation, decoded; NULL: it
                                has none */
} h46017_call_message;

/** How a call ended. Append only. */
typedef struct h46017_call_ended {
  int code;      /**< CALL_RELEASED: the peer did; CALL_ENDED: we did;
                      CALL_TIMEOUT: a timer did; CALL_LOST: the peer no more
                      knows it; REJECTED: an endpoint's gatekeeper ended it, or
                      did not let it begin; TIMEOUT: nor answered; or what ended
                      the connection */
  uint8_t cause; /**< Q.931, 1 to 127 */
  h46017_release_reason reason;       /**< of the peer's Release Complete */
  const h46017_call_message *message; /**< that one; NULL: there was none */
} h46017_call_ended;

/** Settings; *copied* by h46017_calls_new(). */
typedef struct h46017_calls_settings {
  size_t struct_size;
  uint32_t max_calls;  /**< both directions together, 2000; a Setup beyond is
                            answered with Release Complete, cause 17 */
  uint32_t quarantine; /**< ms a reference rests when its call is over, 5000 */
  uint32_t t301;       /**< ms from Alerting to Connect, 180000 */
  uint32_t t303;       /**< ms from Setup to its first answer, 15000 */
  uint32_t t304;       /**< ms for more to come in overlap sending, 30000 */
  uint32_t t310;       /**< ms from Call Proceeding to what follows, 60000 */
  uint32_t t322;       /**< ms from Status Inquiry to Status, 4000; asked once
                            more, then the call is released */
  h46017_terminal_type
      terminal_type;          /**< said in what is made here: terminal */
  h46017_vendor vendor;       /**< likewise, where its manufacturer is
                                   not 0; texts *borrowed* for the life
                                   of the object */
  h46017_log_level log_level; /**< H46017_LOG_INFO */
} h46017_calls_settings;

H46017_API void
h46017_calls_settings_default_sized(h46017_calls_settings *settings,
                                    size_t size);
/** Fills in the defaults. Call it before setting anything. */
#define h46017_calls_settings_default(S)                                       \
  h46017_calls_settings_default_sized((S), sizeof(*(S)))

/** What the program is told. `write` and `rand` must be set; the others may
 * stay NULL. Those that return int return 0; anything else ends the object:
 * every call returns H46017_ERR_CALLBACK_FAILURE from then on, but for `write`,
 * see there. So what h46017_call_write() and the like said is no result of
 * theirs: where a message cannot be sent, release the call and return 0.
 * Arguments are *borrowed* for the call. */
typedef struct h46017_calls_callbacks {
  size_t struct_size;

  /** Queue one Q.931 message for the peer, whole or not at all. A failure is
   * handed on to who wanted to send; where that was the table itself, it stays
   * the object's error. */
  int (*write)(h46017_calls *calls, const uint8_t *q931, size_t len,
               void *user_data);

  /** Fill @p dest with random octets fit for identifiers. */
  int (*rand)(uint8_t *dest, size_t len, void *user_data);

  /** A Setup came: a new call. NULL: all are refused, cause 88. The program
   * answers now or later; nothing has been sent. */
  int (*setup_received)(h46017_calls *calls, h46017_call *call,
                        const h46017_call_message *msg, void *user_data);

  /** Any other message of a call came that fits its state, its state moved
   * already; but for Release Complete, which `released` brings. */
  int (*message_received)(h46017_calls *calls, h46017_call *call,
                          const h46017_call_message *msg, void *user_data);

  /** A tunnelled H.245 message came, PER, as it is; after message_received
   * (setup_received) and before `released` of the message that brought it, in
   * order. */
  int (*h245_received)(h46017_calls *calls, h46017_call *call,
                       const uint8_t *per, size_t len, void *user_data);

  /** A call's state changed; not to RELEASED, see `released`. */
  int (*state_changed)(h46017_calls *calls, h46017_call *call,
                       h46017_call_state from, h46017_call_state to,
                       void *user_data);

  /** A call is over; the last word about it. */
  int (*released)(h46017_calls *calls, h46017_call *call,
                  const h46017_call_ended *why, void *user_data);

  /** A message is about to be sent that is made here: the program may add to
   * it (genericData, features, tokens). */
  int (*building)(h46017_calls *calls, h46017_call *call, uint8_t type,
                  h46017_h225 *msg, void *user_data);

  h46017_log_write log_write;
  h46017_trace trace; /**< STATE_CHANGED, `call`; `id` is the reference */
} h46017_calls_callbacks;

H46017_API void
h46017_calls_callbacks_default_sized(h46017_calls_callbacks *callbacks,
                                     size_t size);
/** Clears them. Call it before setting any. */
#define h46017_calls_callbacks_default(C)                                      \
  h46017_calls_callbacks_default_sized((C), sizeof(*(C)))

/** Makes a table without calls.
 *
 * @param[out] pcalls     set on success only
 * @param[in]  settings   *copied*; NULL for the defaults
 * @param[in]  callbacks  *copied*
 * @param[in]  mem        *copied*; NULL for the C library's
 * @param[in]  user_data  *borrowed*, given to every callback
 * @retval H46017_ERR_INVALID_ARGUMENT  a struct_size, a setting of 0 where 0
 *                                      makes no sense, a callback missing
 * @retval H46017_ERR_CALLBACK_FAILURE  rand failed
 * @retval H46017_ERR_NOMEM
 * @since 0.1 */
H46017_API int h46017_calls_new(h46017_calls **pcalls,
                                const h46017_calls_settings *settings,
                                const h46017_calls_callbacks *callbacks,
                                const h46017_mem *mem, void *user_data,
                                h46017_time now);

/** Deletes it with every call, without a word to anybody; NULL is fine. Inside
 * a callback: when the outer call returns. */
H46017_API void h46017_calls_del(h46017_calls *calls);

/** Takes a message that came over the connection: what the tunnel's
 * signalling_received brings. Messages without a call (reference 0) are passed
 * over.
 *
 * @param[in] msg  *borrowed* for the call
 * @return 0: it was handed up, answered, or let pass; or
 * @retval H46017_ERR_CALLBACK_FAILURE, H46017_ERR_NOMEM, what `write` said: the
 *         object's error, which stays
 * @retval H46017_ERR_REENTRANT  called from a callback
 * @callbacks all
 * @spec Q.931 5.8, H.225.0 7.6
 * @since 0.1 */
H46017_API int h46017_calls_receive(h46017_calls *calls, const h46017_q931 *msg,
                                    h46017_time now);

/** Sends a whole message of the program's own, its octets untouched, and
 * follows the call by it. A Setup begins a call, under a reference of the
 * program's choice or the one that h46017_call_new() gave.
 *
 * @param[in]  q931   *borrowed* for the call
 * @param[out] pcall  the call it belongs to; may be NULL; set on success only
 * @return 0, or (nothing was sent)
 * @retval H46017_ERR_Q931            it is no Q.931 message, or of reference 0
 * @retval H46017_ERR_NOT_FOUND       there is no call with that reference
 * @retval H46017_ERR_INVALID_STATE   the message does not fit the call's state
 * @retval H46017_ERR_CALL_REFERENCE  a Setup whose reference is in use, or
 * rests
 * @retval H46017_ERR_LIMIT           a Setup beyond max_calls
 * @retval H46017_ERR_NOMEM, or what `write` said
 * @callbacks write, state_changed, released
 * @since 0.1 */
H46017_API int h46017_calls_send(h46017_calls *calls, const uint8_t *q931,
                                 size_t len, h46017_call **pcall,
                                 h46017_time now);

/** The connection is gone: every call is released, with `code` for a reason
 * and cause 27; nothing is written. The table can be used again.
 * @callbacks released
 * @since 0.1 */
H46017_API int h46017_calls_down(h46017_calls *calls, int code,
                                 h46017_time now);

H46017_API h46017_time h46017_calls_next_expiry(const h46017_calls *calls);

/** Does what is due; an early call is harmless. Fails as receive does. */
H46017_API int h46017_calls_handle_expiry(h46017_calls *calls, h46017_time now);

/** Calls that are not over. */
H46017_API size_t h46017_calls_count(const h46017_calls *calls);

/** 0, or the error that stays. */
H46017_API int h46017_calls_error(const h46017_calls *calls);

H46017_API void *h46017_calls_user_data(const h46017_calls *calls);

/** Walks the calls that are not over, in no particular order, until @p fn
 * returns something other than 0, which it returns too. @p fn may release the
 * call it is given, no other. */
H46017_API int h46017_calls_each(const h46017_calls *calls,
                                 int (*fn)(h46017_call *call, void *arg),
                                 void *arg);

/** Finds one that is not over.
 * @param ours  whether this side chose the reference
 * @return NULL: there is none */
H46017_API h46017_call *h46017_calls_find(const h46017_calls *calls, bool ours,
                                          uint16_t reference);

/** @name One call */
/**@{*/
/** Begins a call: gives it a reference, a callIdentifier and a conferenceID.
 * Nothing is sent: the Setup follows. References go round, pass over those that
 * rest, and those that the peer uses for calls of its own as long as there are
 * others: some peers look at the number alone.
 *
 * @param[in]  user_data  *borrowed*; h46017_call_user_data()
 * @param[out] pcall      set on success only
 * @retval H46017_ERR_CALL_REFERENCES   all 32767 are in use, or rest
 * @retval H46017_ERR_LIMIT             max_calls is reached
 * @retval H46017_ERR_CLOSED            called from `released`, in calls_down()
 * @retval H46017_ERR_CALLBACK_FAILURE  rand failed
 * @retval H46017_ERR_NOMEM
 * @since 0.1 */
H46017_API int h46017_call_new(h46017_calls *calls, void *user_data,
                               h46017_call **pcall, h46017_time now);

/** Makes a message and sends it: Setup, Setup Acknowledge, Call Proceeding,
 * Progress, Alerting, Connect, Information, User Information, Notify, Facility,
 * Status, Status Inquiry, Release Complete. h245Tunnelling is TRUE in each, and
 * none has an H.245 address.
 *
 * @param type     an h46017_q931_type
 * @param content  *borrowed*; NULL: nothing but what each of its kind has.
 *                 Members that the kind does not carry are not looked at
 * @return 0, or (nothing was sent, and the call is as it was)
 * @retval H46017_ERR_INVALID_ARGUMENT  another type, or struct_size
 * @retval H46017_ERR_INVALID_STATE     it does not fit the call's state
 * @retval H46017_ERR_H245_TUNNELLING   H.245, and the peer said that it does
 *                                      not tunnel it
 * @retval H46017_ERR_OUT_OF_RANGE, H46017_ERR_TEXT  something does not fit its
 *                                      component
 * @retval H46017_ERR_REENTRANT         called from `building`
 * @retval H46017_ERR_CALLBACK_FAILURE, H46017_ERR_NOMEM, what `write` said
 * @callbacks building, write, state_changed, released
 * @since 0.1 */
H46017_API int h46017_call_write(h46017_call *call, uint8_t type,
                                 const h46017_call_content *content,
                                 h46017_time now);

/** Ends a call: Release Complete with a cause; without a word where its Setup
 * was not sent.
 * @param cause  Q.931, 1 to 127; 0: 16, normal
 * Fails as h46017_call_write() does. */
H46017_API int h46017_call_release(h46017_call *call, uint8_t cause,
                                   h46017_time now);

/** Sends one H.245 message in a Facility of the call. Where another message is
 * due, put it into that one's content instead; a call's first H.245 goes into
 * its Setup.
 * @param[in] per  *borrowed* for the call, not looked at
 * @retval H46017_ERR_INVALID_ARGUMENT  no octets
 * Fails as h46017_call_write() does. */
H46017_API int h46017_call_h245(h46017_call *call, const uint8_t *per,
                                size_t len, h46017_time now);

/** Reads what a message says. Lists and texts lie in the message's arena.
 * @retval H46017_ERR_PER_BUDGET, H46017_ERR_NOMEM  no room for them
 * @retval H46017_ERR_INVALID_ARGUMENT              @p out's struct_size */
H46017_API int h46017_call_read(const h46017_call_message *msg,
                                h46017_call_content *out);

H46017_API h46017_call_state h46017_call_get_state(const h46017_call *call);

/** Whether this side began it, and so chose the reference. */
H46017_API bool h46017_call_is_ours(const h46017_call *call);

/** 1 to 32767. */
H46017_API uint16_t h46017_call_reference(const h46017_call *call);

/** H46017_CALL_GUID octets each, *borrowed* from the call: made here, or those
 * of its Setup; zeros where that had none. */
H46017_API const uint8_t *h46017_call_identifier(const h46017_call *call);
H46017_API const uint8_t *h46017_call_conference(const h46017_call *call);

/** Sets them before the Setup goes out: to join a conference, to forward a
 * call. NULL leaves one as it is.
 * @retval H46017_ERR_INVALID_STATE  the call is not IDLE, or is an endpoint's,
 *                                   whose gatekeeper was asked about it
 *                                   already */
H46017_API int h46017_call_identify(h46017_call *call,
                                    const uint8_t *call_identifier,
                                    const uint8_t *conference);

/** False once the peer said, and meant, that it does not tunnel H.245: there
 * is no other way on this connection. */
H46017_API bool h46017_call_is_h245_tunnelled(const h46017_call *call);

H46017_API h46017_calls *h46017_call_table(const h46017_call *call);
H46017_API void *h46017_call_user_data(const h46017_call *call);
H46017_API void h46017_call_set_user_data(h46017_call *call, void *user_data);
/**@}*/

#ifdef __cplusplus
}
#endif

#endif /* H46017_CALL_H */
