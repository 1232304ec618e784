/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef H46017_Q931_H
#define H46017_Q931_H

/** @file
 * Q.931 messages as H.225.0 uses them: a header, information elements, one of
 * which (User-User) carries the H.323 part in PER.
 *
 * Reading makes a view that points into the octets and allocates nothing;
 * every element stays reachable as it came. Writing puts the elements in the
 * order that Q.931 wants, into the caller's buffer.
 *
 * Everything here is a pure function; any thread may call it.
 *
 * @spec H.225.0 7.2, Q.931 4
 */

#include <h46017/common.h>
#include <h46017/lenient.h>

#ifdef __cplusplus
extern "C" {
#endif

/** The largest call reference value. */
#define H46017_Q931_MAX_CALL_REFERENCE 0x7fff

/* clang-format off */
/** X(name, octet, name in text). Those H.225.0 uses, then the rest of Q.931.
 * @spec Q.931 4.4, H.225.0 table 4 */
#define H46017_Q931_TYPE_LIST(X)                                               \
  X(ALERTING, 0x01, "alerting")                                                \
  X(CALL_PROCEEDING, 0x02, "callProceeding")                                   \
  X(PROGRESS, 0x03, "progress")                                                \
  X(SETUP, 0x05, "setup")                                                      \
  X(CONNECT, 0x07, "connect")                                                  \
  X(SETUP_ACKNOWLEDGE, 0x0d, "setupAcknowledge")                               \
  X(CONNECT_ACKNOWLEDGE, 0x0f, "connectAcknowledge")                           \
  X(USER_INFORMATION, 0x20, "userInformation")                                 \
  X(RELEASE_COMPLETE, 0x5a, "releaseComplete")                                 \
  X(FACILITY, 0x62, "facility")                                                \
  X(NOTIFY, 0x6e, "notify")                                                    \
  X(STATUS_INQUIRY, 0x75, "statusInquiry")                                     \
  X(INFORMATION, 0x7b, "information")                                          \
  X(STATUS, 0x7d, "status")                                                    \
  X(NATIONAL_ESCAPE, 0x00, "nationalEscape")                                   \
  X(SUSPEND_REJECT, 0x21, "suspendReject")                                     \
  X(RESUME_REJECT, 0x22, "resumeReject")                                       \
  X(SUSPEND, 0x25, "suspend")                                                  \
  X(RESUME, 0x26, "resume")                                                    \
  X(SUSPEND_ACKNOWLEDGE, 0x2d, "suspendAcknowledge")                           \
  X(RESUME_ACKNOWLEDGE, 0x2e, "resumeAcknowledge")                             \
  X(DISCONNECT, 0x45, "disconnect")                                            \
  X(RESTART, 0x46, "restart")                                                  \
  X(RELEASE, 0x4d, "release")                                                  \
  X(RESTART_ACKNOWLEDGE, 0x4e, "restartAcknowledge")                           \
  X(SEGMENT, 0x60, "segment")                                                  \
  X(CONGESTION_CONTROL, 0x79, "congestionControl")

/** X(name, octet, name in text): information elements of codeset 0. Of the
 * single-octet ones the upper four bits count.
 * @spec Q.931 4.5 */
#define H46017_Q931_IE_LIST(X)                                                 \
  X(BEARER_CAPABILITY, 0x04, "bearerCapability")                               \
  X(CAUSE, 0x08, "cause")                                                      \
  X(CALL_IDENTITY, 0x10, "callIdentity")                                       \
  X(CALL_STATE, 0x14, "callState")                                             \
  X(CHANNEL_IDENTIFICATION, 0x18, "channelIdentification")                     \
  X(FACILITY, 0x1c, "facility")                                                \
  X(PROGRESS_INDICATOR, 0x1e, "progressIndicator")                             \
  X(NETWORK_FACILITIES, 0x20, "networkSpecificFacilities")                     \
  X(NOTIFICATION_INDICATOR, 0x27, "notificationIndicator")                     \
  X(DISPLAY, 0x28, "display")                                                  \
  X(DATE_TIME, 0x29, "dateTime")                                               \
  X(KEYPAD, 0x2c, "keypadFacility")                                            \
  X(SIGNAL, 0x34, "signal")                                                    \
  X(CONNECTED_NUMBER, 0x4c, "connectedNumber")                                 \
  X(CONNECTED_SUBADDRESS, 0x4d, "connectedSubaddress")                         \
  X(CALLING_PARTY_NUMBER, 0x6c, "callingPartyNumber")                          \
  X(CALLING_PARTY_SUBADDRESS, 0x6d, "callingPartySubaddress")                  \
  X(CALLED_PARTY_NUMBER, 0x70, "calledPartyNumber")                            \
  X(CALLED_PARTY_SUBADDRESS, 0x71, "calledPartySubaddress")                    \
  X(REDIRECTING_NUMBER, 0x74, "redirectingNumber")                             \
  X(TRANSIT_NETWORK, 0x78, "transitNetworkSelection")                          \
  X(RESTART_INDICATOR, 0x79, "restartIndicator")                               \
  X(LOW_LAYER, 0x7c, "lowLayerCompatibility")                                  \
  X(HIGH_LAYER, 0x7d, "highLayerCompatibility")                                \
  X(USER_USER, 0x7e, "userUser")                                               \
  X(SHIFT, 0x90, "shift")                                                      \
  X(MORE_DATA, 0xa0, "moreData")                                               \
  X(SENDING_COMPLETE, 0xa1, "sendingComplete")                                 \
  X(CONGESTION_LEVEL, 0xb0, "congestionLevel")                                 \
  X(REPEAT_INDICATOR, 0xd0, "repeatIndicator")
/* clang-format on */

/** Message types, H46017_Q931_<name>; a message may have any other octet. */
typedef enum h46017_q931_type {
#define H46017_Q931_TYPE_ENUM(name, octet, text) H46017_Q931_##name = (octet),
  H46017_Q931_TYPE_LIST(H46017_Q931_TYPE_ENUM)
#undef H46017_Q931_TYPE_ENUM
      H46017_Q931_TYPE_MAX = 0xff /**< no message: the enum's last value */
} h46017_q931_type;

/** Information elements, H46017_Q931_IE_<name>; there may be others. */
typedef enum h46017_q931_ie_id {
#define H46017_Q931_IE_ENUM(name, octet, text) H46017_Q931_IE_##name = (octet),
  H46017_Q931_IE_LIST(H46017_Q931_IE_ENUM)
#undef H46017_Q931_IE_ENUM
      H46017_Q931_IE_MAX = 0xff /**< no element: the enum's last value */
} h46017_q931_ie_id;

/** `facility`, `releaseComplete` …; `unknown`. Static text, never NULL. */
H46017_API const char *h46017_q931_type_name(uint8_t type);

/** `userUser`, `calledPartyNumber` …; `unknown`, as is everything outside of
 * codeset 0 but the shift. Static text, never NULL. */
H46017_API const char *h46017_q931_ie_name(uint8_t codeset, uint8_t id);

/** A message that was read. It *borrows* the octets it was read from. The
 * layout is final; what else a message says is told by functions. */
typedef struct h46017_q931 {
  const uint8_t *data;           /**< the message, from the discriminator on */
  size_t len;                    /**< octets of it */
  size_t ies;                    /**< offset of the first information element */
  uint16_t call_reference;       /**< 0..32767; 0 is the global one, or none */
  bool call_reference_flag;      /**< set: sent *to* the side that chose it */
  uint8_t call_reference_length; /**< octets it had on the wire: 2; 0 or 1 only
                                      with SHORT_CALL_REFERENCE */
  uint8_t type;                  /**< an h46017_q931_type, or any other */
} h46017_q931;

/** Reads a message: the header, and the length of every element.
 *
 * @param[out] msg      set on success only; *borrows* @p data
 * @param[in]  lenient  SHORT_CALL_REFERENCE and IE_ORDER matter here
 * @return 0, or
 * @retval H46017_ERR_Q931  another protocol discriminator, a call reference
 *                          longer than allowed, a locking shift to a lower
 *                          codeset, elements out of order (strict), or the
 *                          octets end inside of something
 * What follows the type `nationalEscape` is nationally specific: no elements.
 * @since 0.1 */
H46017_API int h46017_q931_parse(h46017_q931 *msg, const uint8_t *data,
                                 size_t len, uint32_t lenient);

/** Tells where h46017_q931_parse() refuses a message, for a log line.
 *
 * @return the offset of the octet that must not be there: of the identifier,
 * where an element is at fault or goes past the end. @p len where the header
 * ends too early, and where nothing is refused
 * @since 0.1 */
H46017_API size_t h46017_q931_fault(const uint8_t *data, size_t len,
                                    uint32_t lenient);

/** An information element, read or to be written. The layout is final. */
typedef struct h46017_q931_ie {
  uint8_t codeset;         /**< 0..7: the one in force here */
  uint8_t id;              /**< the octet on the wire; >= 0x80: the element
                                is this one octet */
  const uint8_t *contents; /**< behind the length; for User-User from the
                                protocol discriminator on. Single-octet: NULL */
  size_t len;              /**< octets of @p contents */
  const uint8_t *raw;      /**< read only: the element with id and length */
  size_t raw_len;          /**< octets of @p raw */
} h46017_q931_ie;

/** A place among the elements; start from H46017_Q931_CURSOR_INIT. */
typedef struct h46017_q931_cursor {
  size_t offset;   /**< private */
  uint8_t locked;  /**< private */
  uint8_t pending; /**< private */
} h46017_q931_cursor;
#define H46017_Q931_CURSOR_INIT                                                \
  { 0, 0, 0 }

/** Hands out the next element, in the order of the message. Shift elements
 * come too (H46017_Q931_IE_SHIFT in the upper four bits); the codeset of what
 * follows them is already worked out.
 *
 * @param[in,out] at  the cursor
 * @param[out]    ie  *borrows* the message's octets; set when true
 * @return false behind the last one
 * @since 0.1 */
H46017_API bool h46017_q931_next(const h46017_q931 *msg, h46017_q931_cursor *at,
                                 h46017_q931_ie *ie);

/** Finds the first element of codeset 0 with this id.
 *
 * @param[in]  id  for a single-octet element, the whole octet
 * @param[out] ie  set when found
 * @since 0.1 */
H46017_API bool h46017_q931_find(const h46017_q931 *msg, uint8_t id,
                                 h46017_q931_ie *ie);

/** Finds the H.323 part: what follows the discriminator of the first User-User
 * element of codeset 0, an H323-UserInformation in PER.
 *
 * @param[out] pper  *borrows* the message's octets; set on success only
 * @return 0, or
 * @retval H46017_ERR_ABSENT      no User-User element
 * @retval H46017_ERR_UNEXPECTED  its protocol discriminator is not 5: it
 *                                carries something that is not H.323
 * @retval H46017_ERR_UUIE        it is too short to carry anything
 * @spec H.225.0 7.2.2.31
 * @since 0.1 */
H46017_API int h46017_q931_user_user(const h46017_q931 *msg,
                                     const uint8_t **pper, size_t *plen);

/** A message to be written. Everything is *borrowed* for the call. */
typedef struct h46017_q931_build {
  size_t struct_size;        /**< set by h46017_q931_build_default() */
  uint8_t type;              /**< an h46017_q931_type */
  bool call_reference_flag;  /**< set when the peer chose the call reference */
  uint16_t call_reference;   /**< 0..32767 */
  const h46017_q931_ie *ies; /**< in any order; `raw` is not looked at; shifts
                                  are passed over, the encoder makes its own */
  size_t nies;
  const uint8_t *user_user; /**< H323-UserInformation in PER, without the
                                 discriminator; NULL: none */
  size_t user_user_len;
} h46017_q931_build;

H46017_API void h46017_q931_build_default_sized(h46017_q931_build *build,
                                                size_t size);
/** Clears it. Call it before setting anything. */
#define h46017_q931_build_default(B)                                           \
  h46017_q931_build_default_sized((B), sizeof(*(B)))

/** Writes a message: call reference of two octets, single-octet elements first
 * in the order given, the others ascending (repeated ones in the order given),
 * codeset 0 before the others.
 *
 * @param[out] buf   where to; NULL (with @p cap 0) to learn the size only
 * @param[out] plen  octets written, or needed; set on success and with
 *                   BUFFER_TOO_SMALL
 * @return 0, or
 * @retval H46017_ERR_INVALID_ARGUMENT  struct_size, a codeset above 7, a
 * single- octet element with contents, User-User both as an element and as PER
 * @retval H46017_ERR_OUT_OF_RANGE      the call reference, an element's length,
 *                                      or more in all than a TPKT takes
 * @retval H46017_ERR_BUFFER_TOO_SMALL  nothing was written
 * @since 0.1 */
H46017_API int h46017_q931_encode(const h46017_q931_build *build, uint8_t *buf,
                                  size_t cap, size_t *plen);

#ifdef __cplusplus
}
#endif

#endif /* H46017_Q931_H */
