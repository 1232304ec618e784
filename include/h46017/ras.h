/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef H46017_RAS_H
#define H46017_RAS_H

/** @file
 * Plain views of the RAS messages that registration needs.
 *
 * A view is filled from a decoded message (h46017_ras_view()) or fills one
 * (h46017_ras_build()). It names the components a program usually wants, with
 * the defaults of peers too old to send them; everything else of the message
 * stays in reach through h46017/h225.h.
 */

#include <h46017/h225.h>

#ifdef __cplusplus
extern "C" {
#endif

/** The alternatives of RasMessage, in their order. A message that this version
 * does not know is H46017_RAS_UNKNOWN. */
typedef enum h46017_ras_kind {
  H46017_RAS_UNKNOWN = -1,
  H46017_RAS_GRQ = 0,
  H46017_RAS_GCF = 1,
  H46017_RAS_GRJ = 2,
  H46017_RAS_RRQ = 3,
  H46017_RAS_RCF = 4,
  H46017_RAS_RRJ = 5,
  H46017_RAS_URQ = 6,
  H46017_RAS_UCF = 7,
  H46017_RAS_URJ = 8,
  H46017_RAS_ARQ = 9,
  H46017_RAS_ACF = 10,
  H46017_RAS_ARJ = 11,
  H46017_RAS_BRQ = 12,
  H46017_RAS_BCF = 13,
  H46017_RAS_BRJ = 14,
  H46017_RAS_DRQ = 15,
  H46017_RAS_DCF = 16,
  H46017_RAS_DRJ = 17,
  H46017_RAS_LRQ = 18,
  H46017_RAS_LCF = 19,
  H46017_RAS_LRJ = 20,
  H46017_RAS_IRQ = 21,
  H46017_RAS_IRR = 22,
  H46017_RAS_NSM = 23,
  H46017_RAS_XRS = 24,
  H46017_RAS_RIP = 25,
  H46017_RAS_RAI = 26,
  H46017_RAS_RAC = 27,
  H46017_RAS_IACK = 28,
  H46017_RAS_INAK = 29,
  H46017_RAS_SCI = 30,
  H46017_RAS_SCR = 31,
  H46017_RAS_ACF_SEQUENCE = 32
} h46017_ras_kind;

/** `registrationRequest` …; static text, `unknown` for anything else. */
H46017_API const char *h46017_ras_kind_name(h46017_ras_kind kind);

/** Reads kind and requestSeqNum of an encoded RAS message without decoding it
 * as a whole: enough to answer one that does not decode.
 *
 * @param[out] pseq  0 where it cannot be read (it may stand behind optional
 *                   components, as in IRR)
 * @retval H46017_ERR_TRUNCATED  not even the kind is there */
H46017_API int h46017_ras_peek(const uint8_t *per, size_t len,
                               h46017_ras_kind *pkind, uint16_t *pseq);

/** UTF-8 text with its length; `text` is NUL-terminated, never holds a NUL
 * within, and is NULL (with `len` 0) for a component that is absent. */
typedef struct h46017_text {
  const char *text;
  size_t len;
} h46017_text;

/** The alternatives of AliasAddress. */
typedef enum h46017_alias_type {
  H46017_ALIAS_UNKNOWN = -1,
  H46017_ALIAS_DIALLED_DIGITS = 0,
  H46017_ALIAS_H323_ID = 1,
  H46017_ALIAS_URL_ID = 2,
  H46017_ALIAS_TRANSPORT_ID = 3,
  H46017_ALIAS_EMAIL_ID = 4,
  H46017_ALIAS_PARTY_NUMBER = 5,
  H46017_ALIAS_MOBILE_UIM = 6,
  H46017_ALIAS_ISUP_NUMBER = 7
} h46017_alias_type;

/** One alias. A partyNumber has its digits in `text` and in `subtype` what kind
 * of number they are: 256 × the PartyNumber alternative + the type-of-number
 * alternative (0 where there is none, 255 for one that is not known).
 * transportID has its address as `192.0.2.1:1720` or `[2001:db8::1]:1720`;
 * other kinds of address, mobileUIM, isupNumber and unknown alternatives have
 * no text: read them by reflection. Text that is not valid (a lone surrogate,
 * U+0000) makes `text.text` NULL. */
typedef struct h46017_alias {
  h46017_alias_type type;
  int32_t subtype;
  h46017_text text;
} h46017_alias;

/** A list of aliases; `present` tells an empty list from none at all. */
typedef struct h46017_aliases {
  const h46017_alias *list;
  size_t count;
  bool present;
} h46017_aliases;

/** VendorIdentifier. */
typedef struct h46017_vendor {
  uint8_t t35_country_code;
  uint8_t t35_extension;
  uint16_t manufacturer_code;
  h46017_text product_id; /**< octets as they are, not checked to be UTF-8 */
  h46017_text version_id; /**< likewise */
} h46017_vendor;

/** What an endpoint says it is; the first of EndpointType's components that is
 * there. */
typedef enum h46017_terminal_type {
  H46017_TERMINAL_NONE = 0,
  H46017_TERMINAL_TERMINAL = 1,
  H46017_TERMINAL_GATEWAY = 2,
  H46017_TERMINAL_MCU = 3,
  H46017_TERMINAL_GATEKEEPER = 4
} h46017_terminal_type;

/** RegistrationRequest. */
typedef struct h46017_rrq {
  bool discovery_complete;
  h46017_terminal_type terminal_type;
  h46017_aliases terminal_alias;
  h46017_text gatekeeper_identifier;
  h46017_vendor vendor;
  uint32_t time_to_live; /**< seconds; 0: absent */
  bool keep_alive;
  h46017_text endpoint_identifier;
  bool will_supply_uuies;
  bool maintain_connection;
  bool additive_registration;
  bool supports_alt_gk;
  bool multiple_calls; /**< written only when true */
  bool restart;
} h46017_rrq;

/** RegistrationConfirm. */
typedef struct h46017_rcf {
  h46017_aliases terminal_alias;
  h46017_text gatekeeper_identifier;
  h46017_text endpoint_identifier;
  uint32_t time_to_live; /**< seconds; 0: absent, the registration does not
                              expire */
  bool will_respond_to_irr;
  bool maintain_connection;
  bool supports_additive_registration;
} h46017_rcf;

/** The alternatives of RegistrationRejectReason, in their order. */
typedef enum h46017_rrj_reason {
  H46017_RRJ_UNKNOWN = -1,
  H46017_RRJ_DISCOVERY_REQUIRED = 0,
  H46017_RRJ_INVALID_REVISION = 1,
  H46017_RRJ_INVALID_CALL_SIGNAL_ADDRESS = 2,
  H46017_RRJ_INVALID_RAS_ADDRESS = 3,
  H46017_RRJ_DUPLICATE_ALIAS = 4,
  H46017_RRJ_INVALID_TERMINAL_TYPE = 5,
  H46017_RRJ_UNDEFINED_REASON = 6,
  H46017_RRJ_TRANSPORT_NOT_SUPPORTED = 7,
  H46017_RRJ_TRANSPORT_QOS_NOT_SUPPORTED = 8,
  H46017_RRJ_RESOURCE_UNAVAILABLE = 9,
  H46017_RRJ_INVALID_ALIAS = 10,
  H46017_RRJ_SECURITY_DENIAL = 11,
  H46017_RRJ_FULL_REGISTRATION_REQUIRED = 12,
  H46017_RRJ_ADDITIVE_REGISTRATION_NOT_SUPPORTED = 13,
  H46017_RRJ_INVALID_TERMINAL_ALIASES = 14,
  H46017_RRJ_GENERIC_DATA_REASON = 15,
  H46017_RRJ_NEEDED_FEATURE_NOT_SUPPORTED = 16,
  H46017_RRJ_SECURITY_ERROR = 17,
  H46017_RRJ_REGISTER_WITH_ASSIGNED_GK = 18
} h46017_rrj_reason;

/** Its ASN.1 name (`securityDenial`); static text, `unknown` for anything
 * else. */
H46017_API const char *h46017_rrj_reason_name(h46017_rrj_reason reason);

/** The reason with this ASN.1 name; H46017_RRJ_UNKNOWN when there is none. */
H46017_API h46017_rrj_reason h46017_rrj_reason_find(const char *name);

/** RegistrationReject. */
typedef struct h46017_rrj {
  h46017_rrj_reason reason;
  h46017_aliases duplicate_alias; /**< with duplicateAlias only */
  h46017_text gatekeeper_identifier;
} h46017_rrj;

/** The alternatives of UnregRequestReason, in their order. */
typedef enum h46017_urq_reason {
  H46017_URQ_REASON_ABSENT = -2,
  H46017_URQ_REASON_UNKNOWN = -1,
  H46017_URQ_REREGISTRATION_REQUIRED = 0,
  H46017_URQ_TTL_EXPIRED = 1,
  H46017_URQ_SECURITY_DENIAL = 2,
  H46017_URQ_UNDEFINED_REASON = 3,
  H46017_URQ_MAINTENANCE = 4,
  H46017_URQ_SECURITY_ERROR = 5,
  H46017_URQ_REGISTER_WITH_ASSIGNED_GK = 6
} h46017_urq_reason;

H46017_API const char *h46017_urq_reason_name(h46017_urq_reason reason);

/** UnregistrationRequest. */
typedef struct h46017_urq {
  h46017_aliases endpoint_alias; /**< present: only these are removed */
  h46017_text endpoint_identifier;
  h46017_text gatekeeper_identifier;
  h46017_urq_reason reason;
} h46017_urq;

/** The alternatives of UnregRejectReason, in their order. */
typedef enum h46017_urj_reason {
  H46017_URJ_UNKNOWN = -1,
  H46017_URJ_NOT_CURRENTLY_REGISTERED = 0,
  H46017_URJ_CALL_IN_PROGRESS = 1,
  H46017_URJ_UNDEFINED_REASON = 2,
  H46017_URJ_PERMISSION_DENIED = 3,
  H46017_URJ_SECURITY_DENIAL = 4,
  H46017_URJ_SECURITY_ERROR = 5
} h46017_urj_reason;

/** UnregistrationReject. */
typedef struct h46017_urj {
  h46017_urj_reason reason;
} h46017_urj;

/** RequestInProgress. */
typedef struct h46017_rip {
  uint16_t delay; /**< milliseconds, 1..65535 */
} h46017_rip;

/** UnknownMessageResponse. */
typedef struct h46017_xrs {
  const uint8_t *message_not_understood; /**< *borrowed* */
  size_t message_not_understood_len;
} h46017_xrs;

/** One RAS message. Kinds without a member below have kind and request_seq_num
 * only. Append only. */
typedef struct h46017_ras {
  h46017_ras_kind kind;
  uint16_t request_seq_num; /**< 1..65535 */
  uint8_t protocol_version; /**< last arc of protocolIdentifier; 0 where the
                                 message has none. Building: 0 means 7 */
  union {
    h46017_rrq rrq;
    h46017_rcf rcf;
    h46017_rrj rrj;
    h46017_urq urq;
    h46017_urj urj;
    h46017_rip rip;
    h46017_xrs xrs;
  } u;
} h46017_ras;

/** Fills a view from a decoded RasMessage.
 *
 * Texts and lists are *borrowed* from the message (its arena) until it is
 * decoded into, created or deleted.
 * @retval H46017_ERR_INVALID_STATE  @p m holds no RasMessage
 * @retval H46017_ERR_PER_BUDGET, H46017_ERR_NOMEM  no room for the texts */
H46017_API int h46017_ras_view(h46017_h225 *m, h46017_ras *out);

/** Makes @p m a RasMessage with what the view says (RRQ, RCF, RRJ, URQ, UCF,
 * URJ, RIP, XRS). Everything is *copied*. Address lists are empty: on this
 * connection no address means anything. The program may go on setting
 * components through h46017/h225.h before it encodes. After a failure the
 * message is not fit to be encoded.
 *
 * @retval H46017_ERR_INVALID_ARGUMENT  the kind is none of those, or
 *                                      request_seq_num is 0, or the view says
 *                                      something that needs more than it has:
 *                                      a reason securityError or unknown, an
 *                                      alias of a type without text
 * @retval H46017_ERR_TEXT              a text is not valid UTF-8
 * @retval H46017_ERR_OUT_OF_RANGE      a text is empty, too long, or outside of
 *                                      its alphabet (dialledDigits); a delay
 *                                      of 0
 * @retval H46017_ERR_PER_BUDGET, H46017_ERR_NOMEM
 * @spec H.225.0 7.9 to 7.11 */
H46017_API int h46017_ras_build(h46017_h225 *m, const h46017_ras *in);

#ifdef __cplusplus
}
#endif

#endif /* H46017_RAS_H */
