/* SPDX-License-Identifier: BSD-2-Clause */
#include "asn1/h225_aliases.h"
#include "asn1/h225_message.h"
#include "asn1/ras_address.h"
#include "base/text.h"

#include <h46017/error.h>
#include <h46017/ras.h>

#include <string.h>

/* H.225.0 version that is said to be spoken, unless the program says so. */
#define BUILD_VERSION 7

/* SIZE of the schema's texts, in characters. */
#define BUILD_IDENTIFIER_MAX                                                   \
  128                        /* GatekeeperIdentifier, EndpointIdentifier       \
                              */
#define BUILD_DIGITS_MAX 128 /* dialledDigits, NumberDigits */
#define BUILD_H323_ID_MAX 256
#define BUILD_URL_MAX 512    /* url-ID, email-ID */
#define BUILD_VENDOR_MAX 256 /* productId, versionId */

/* Views go straight into asn1c's structures, which are clear before. What is
 * mandatory is given all of it: see build_lacks(). */
typedef struct ras_builder {
  h46017_h225 *m;
  int error;           /* the first; nothing is allocated behind it */
  const char *message; /* what is built; NULL: a list in another message */
  const char *list;    /* whose element is built; NULL: none */
  size_t index;        /* which of them */
} ras_builder;

static void build_push(h46017_fault *f, const char *name) {
  if (name != NULL) {
    h46017_fault_push(f, name, strlen(name));
  }
}

/* Component `name` of the message, or of the element; NULL: that itself. */
H46017_SELDOM static void build_fail(ras_builder *b, const char *name, int code,
                                     const char *text) {
  h46017_fault f;
  const char *path;

  if (b->error != 0) {
    return;
  }
  h46017_fault_init(&f);
  build_push(&f, name);
  if (b->list != NULL) {
    h46017_fault_push_index(&f, b->index);
    build_push(&f, b->list);
  }
  build_push(&f, b->message);
  path = h46017_fault_path(&f);
  b->error = h46017_h225_fail(b->m, code, path, strlen(path), text);
}

/* -- values ------------------------------------------------------------- */

/* From the message's arena, clear; NULL: something has failed. */
static void *build_alloc(ras_builder *b, size_t size) {
  void *p = b->error == 0 ? h46017_h225_alloc(b->m, size) : NULL;

  if (p == NULL && b->error == 0) {
    b->error = b->m->error.code;
  }
  return p;
}

/* A component that is a pointer comes to be there. False: it does not. */
#define BUILD_NEW(b, pointer)                                                  \
  (((pointer) = build_alloc((b), sizeof(*(pointer)))) != NULL)

static void build_give(asn_struct_ctx_t *ctx) {
  ctx->left = H46017_PER_ALL_GIVEN;
}

/* But for this one. */
H46017_SELDOM static void build_lacks(const ras_builder *b, void *st,
                                      const char *name) {
  const h46017_node *n =
      h46017_node_member(b->m->type->node, b->message, strlen(b->message))
          ->node;
  size_t i = (size_t)(h46017_node_member(n, name, strlen(name)) - n->members);
  asn_struct_ctx_t *ctx = h46017_node_ctx(n, st);

  ctx->left = (ber_tlv_len_t)((size_t)ctx->left & ~((size_t)1 << i));
}

static void build_bool(ras_builder *b, bool value, BOOLEAN_t **out) {
  if (BUILD_NEW(b, *out)) {
    **out = value;
  }
}

static void build_null_if(ras_builder *b, bool there, NULL_t **out) {
  if (there) {
    (void)BUILD_NEW(b, *out);
  }
}

static void build_time_to_live(ras_builder *b, uint32_t seconds,
                               TimeToLive_t **out) {
  if (seconds != 0 && BUILD_NEW(b, *out)) {
    **out = seconds;
  }
}

/* Never NULL but for want of memory, so that an empty string is not an absent
 * one. */
static uint8_t *build_copy(ras_builder *b, const void *data, size_t len) {
  uint8_t *copy = build_alloc(b, len > 0 ? len : 1);

  if (copy != NULL && len > 0) {
    memcpy(copy, data, len);
  }
  return copy;
}

static void build_octets(ras_builder *b, const char *name, const void *data,
                         size_t len, size_t most, OCTET_STRING_t *out) {
  if (data == NULL && len > 0) {
    build_fail(b, name, H46017_ERR_INVALID_ARGUMENT, "no data");
    return;
  }
  if (len > most) {
    build_fail(b, name, H46017_ERR_OUT_OF_RANGE,
               "the length is outside of the type's SIZE");
    return;
  }
  out->buf = build_copy(b, data, len);
  out->size = (int)len;
}

/* Text that must be there: none is as wrong as an empty one. */
static bool build_text(ras_builder *b, const char *name,
                       const h46017_text *in) {
  if (in->text == NULL || in->len == 0) {
    build_fail(b, name, H46017_ERR_OUT_OF_RANGE, "there is no text");
    return false;
  }
  return true;
}

static void build_bmp(ras_builder *b, const char *name, const h46017_text *in,
                      size_t most, BMPString_t *out) {
  size_t size;
  uint8_t *copy;

  if (!build_text(b, name, in)) {
    return;
  }
  size = h46017_text_bmp_size(in->text, in->len);
  if (size == 0 || size > 2 * most) {
    build_fail(b, name, size == 0 ? H46017_ERR_TEXT : H46017_ERR_OUT_OF_RANGE,
               size == 0 ? "this is not UTF-8 without NUL"
                         : "the length is outside of the type's SIZE");
    return;
  }
  copy = build_alloc(b, size);
  if (copy != NULL) {
    h46017_text_to_bmp(in->text, in->len, copy, size);
    out->buf = copy;
    out->size = (int)size;
  }
}

/* IA5String, or of that only what one dials. */
static void build_ia5(ras_builder *b, const char *name, const h46017_text *in,
                      bool digits, IA5String_t *out) {
  if (!build_text(b, name, in)) {
    return;
  }
  if (!h46017_text_is_valid(in->text, in->len)) {
    build_fail(b, name, H46017_ERR_TEXT, "this is not UTF-8 without NUL");
  } else if (!(digits ? h46017_text_is_digits(in->text, in->len)
                      : h46017_text_is_ascii(in->text, in->len))) {
    build_fail(b, name, H46017_ERR_OUT_OF_RANGE,
               "a character outside of the permitted alphabet");
  } else {
    build_octets(b, name, in->text, in->len,
                 digits ? BUILD_DIGITS_MAX : BUILD_URL_MAX, out);
  }
}

/* GatekeeperIdentifier, EndpointIdentifier: there where the view says so. */
static void build_identifier(ras_builder *b, const char *name,
                             const h46017_text *in, BMPString_t **out) {
  if (in->text != NULL && BUILD_NEW(b, *out)) {
    build_bmp(b, name, in, BUILD_IDENTIFIER_MAX, *out);
  }
}

/* -- aliases ------------------------------------------------------------ */

static void build_transport_id(ras_builder *b, const h46017_text *in,
                               TransportAddress_t *out) {
  struct TransportAddress__ipAddress *v4 = &out->choice.ipAddress;
  struct TransportAddress__ip6Address *v6 = &out->choice.ip6Address;
  uint8_t ip[16];
  size_t iplen = 0;
  uint16_t port = 0;
  int rv = in->text != NULL
               ? h46017_ras_address_parse(in->text, in->len, ip, &iplen, &port)
               : H46017_ERR_OUT_OF_RANGE;

  if (rv != 0) {
    build_fail(b, "transportID", rv, "this is not an address and port");
  } else if (iplen == 16) {
    out->present = TransportAddress_PR_ip6Address;
    build_give(&v6->_asn_ctx);
    build_octets(b, "transportID.ip6Address.ip", ip, iplen, iplen, &v6->ip);
    v6->port = port;
  } else {
    out->present = TransportAddress_PR_ipAddress;
    build_give(&v4->_asn_ctx);
    build_octets(b, "transportID.ipAddress.ip", ip, iplen, iplen, &v4->ip);
    v4->port = port;
  }
}

/* `subtype` as h46017_alias has it: 256 times the kind of number, plus its
 * type of number where the kind has one. */
static void build_party_number(ras_builder *b, const h46017_alias *in,
                               PartyNumber_t *out) {
  static const char name[] = "partyNumber";
  int type = in->subtype % 256 + 1;
  int types = 1; /* without a type of number */
  NumberDigits_t *digits = NULL;

  out->present = (PartyNumber_PR)(in->subtype / 256 + 1);
  switch (in->subtype < 0 ? PartyNumber_PR_NOTHING : out->present) {
  case PartyNumber_PR_e164Number:
    types = asn_DEF_PublicTypeOfNumber.elements_count;
    out->choice.e164Number.publicTypeOfNumber.present =
        (PublicTypeOfNumber_PR)type;
    build_give(&out->choice.e164Number._asn_ctx);
    digits = &out->choice.e164Number.publicNumberDigits;
    break;
  case PartyNumber_PR_dataPartyNumber:
    digits = &out->choice.dataPartyNumber;
    break;
  case PartyNumber_PR_telexPartyNumber:
    digits = &out->choice.telexPartyNumber;
    break;
  case PartyNumber_PR_privateNumber:
    types = asn_DEF_PrivateTypeOfNumber.elements_count;
    out->choice.privateNumber.privateTypeOfNumber.present =
        (PrivateTypeOfNumber_PR)type;
    build_give(&out->choice.privateNumber._asn_ctx);
    digits = &out->choice.privateNumber.privateNumberDigits;
    break;
  case PartyNumber_PR_nationalStandardPartyNumber:
    digits = &out->choice.nationalStandardPartyNumber;
    break;
  case PartyNumber_PR_NOTHING:
  default:
    build_fail(b, name, H46017_ERR_OUT_OF_RANGE, "no such kind of number");
    return;
  }
  if (type > types) {
    build_fail(b, name, H46017_ERR_OUT_OF_RANGE, "no such type of number");
    return;
  }
  build_ia5(b, name, &in->text, true, digits);
}

static void build_alias(ras_builder *b, const h46017_alias *in,
                        AliasAddress_t *out) {
  out->present = (AliasAddress_PR)((int)in->type + 1);
  switch (in->type) {
  case H46017_ALIAS_DIALLED_DIGITS:
    build_ia5(b, "dialledDigits", &in->text, true, &out->choice.dialledDigits);
    break;
  case H46017_ALIAS_H323_ID:
    build_bmp(b, "h323-ID", &in->text, BUILD_H323_ID_MAX, &out->choice.h323_ID);
    break;
  case H46017_ALIAS_URL_ID:
    build_ia5(b, "url-ID", &in->text, false, &out->choice.url_ID);
    break;
  case H46017_ALIAS_TRANSPORT_ID:
    build_transport_id(b, &in->text, &out->choice.transportID);
    break;
  case H46017_ALIAS_EMAIL_ID:
    build_ia5(b, "email-ID", &in->text, false, &out->choice.email_ID);
    break;
  case H46017_ALIAS_PARTY_NUMBER:
    build_party_number(b, in, &out->choice.partyNumber);
    break;
  case H46017_ALIAS_MOBILE_UIM:
  case H46017_ALIAS_ISUP_NUMBER:
  case H46017_ALIAS_UNKNOWN:
  default:
    build_fail(b, NULL, H46017_ERR_INVALID_ARGUMENT,
               "an alias of a type without text");
    break;
  }
}

/* asn1c gives every SEQUENCE OF a type of its own; they are all alike. */
typedef struct RegistrationRequest__terminalAlias build_list;

static void build_aliases(ras_builder *b, const char *name,
                          const h46017_aliases *in, void *st) {
  build_list *out = st;
  size_t count = in->present ? in->count : 0;

  out->_asn_ctx.left = 1; /* there, though it may be empty */
  if (count == 0) {
    return;
  }
  if (count > b->m->settings.max_elements - b->m->elements) {
    build_fail(b, name, H46017_ERR_PER_BUDGET,
               "more elements than the limit allows");
    return;
  }
  out->list.array = build_alloc(b, count * sizeof(void *));
  b->list = name;
  for (b->index = 0; b->index < count && b->error == 0; b->index++) {
    AliasAddress_t *alias;
    if (BUILD_NEW(b, alias)) {
      out->list.array[out->list.count++] = alias;
      build_alias(b, &in->list[b->index], alias);
    }
  }
  b->list = NULL;
  out->list.size = out->list.count;
  b->m->elements += (uint32_t)count;
}

#define BUILD_ALIASES_IF(b, name, in, pointer)                                 \
  do {                                                                         \
    if ((in)->present && BUILD_NEW((b), (pointer))) {                          \
      build_aliases((b), (name), (in), (pointer));                             \
    }                                                                          \
  } while (0)

int h46017_h225_set_aliases(h46017_h225 *m, const char *path,
                            const h46017_aliases *list) {
  ras_builder b = {.m = m};
  h46017_h225_value v;
  void *st;
  int rv = h46017_h225_remove(m, path);

  if (rv != 0 && rv != H46017_ERR_ABSENT) {
    return rv;
  }
  if (!list->present && list->count == 0) {
    return 0;
  }
  rv = h46017_h225_set_present(m, path);
  if (rv != 0) {
    return rv;
  }
  v = h46017_h225_get(h46017_h225_root(m), path);
  memcpy(&st, &v.data, sizeof(st)); /* in the message: it may change */
  h46017_h225_begin(m);
  build_aliases(&b, path, list, st);
  return b.error;
}

/* -- messages ----------------------------------------------------------- */

/* {itu-t(0) recommendation(0) h(8) 2250 version(0) N} */
static void build_protocol(ras_builder *b, uint8_t version,
                           ProtocolIdentifier_t *out) {
  const uint8_t oid[] = {0x00, 0x08, 0x91,
                         0x4a, 0x00, version != 0 ? version : BUILD_VERSION};

  out->buf = build_copy(b, oid, sizeof(oid));
  out->size = (int)sizeof(oid);
}

/* False: it is of no type. */
static bool build_terminal(ras_builder *b, h46017_terminal_type type,
                           EndpointType_t *out) {
  switch (type) {
  case H46017_TERMINAL_TERMINAL:
    return BUILD_NEW(b, out->terminal);
  case H46017_TERMINAL_GATEWAY:
    return BUILD_NEW(b, out->gateway);
  case H46017_TERMINAL_MCU:
    return BUILD_NEW(b, out->mcu);
  case H46017_TERMINAL_GATEKEEPER:
    return BUILD_NEW(b, out->gatekeeper);
  case H46017_TERMINAL_NONE:
    break;
  }
  return false;
}

static void build_vendor_text(ras_builder *b, const char *name,
                              const h46017_text *in, OCTET_STRING_t **out) {
  if (in->text == NULL) {
    return;
  }
  if (build_text(b, name, in) && BUILD_NEW(b, *out)) {
    build_octets(b, name, in->text, in->len, BUILD_VENDOR_MAX, *out);
  }
}

static void build_vendor(ras_builder *b, const h46017_vendor *in,
                         VendorIdentifier_t *out) {
  build_give(&out->_asn_ctx);
  build_give(&out->vendor._asn_ctx);
  out->vendor.t35CountryCode = in->t35_country_code;
  out->vendor.t35Extension = in->t35_extension;
  out->vendor.manufacturerCode = in->manufacturer_code;
  build_vendor_text(b, "endpointVendor.productId", &in->product_id,
                    &out->productId);
  build_vendor_text(b, "endpointVendor.versionId", &in->version_id,
                    &out->versionId);
}

static void build_rrq(ras_builder *b, const h46017_ras *ras,
                      RegistrationRequest_t *out) {
  const h46017_rrq *rrq = &ras->u.rrq;
  EndpointType_t *type = &out->terminalType;

  build_give(&out->_asn_ctx);
  out->requestSeqNum = ras->request_seq_num;
  build_protocol(b, ras->protocol_version, &out->protocolIdentifier);
  out->discoveryComplete = rrq->discovery_complete;
  out->callSignalAddress._asn_ctx.left = 1;
  out->rasAddress._asn_ctx.left = 1;
  build_give(&type->_asn_ctx);
  type->undefinedNode = !build_terminal(b, rrq->terminal_type, type);
  BUILD_ALIASES_IF(b, "terminalAlias", &rrq->terminal_alias,
                   out->terminalAlias);
  build_identifier(b, "gatekeeperIdentifier", &rrq->gatekeeper_identifier,
                   &out->gatekeeperIdentifier);
  build_vendor(b, &rrq->vendor, &out->endpointVendor);
  build_time_to_live(b, rrq->time_to_live, &out->timeToLive);
  build_bool(b, rrq->keep_alive, &out->keepAlive);
  build_identifier(b, "endpointIdentifier", &rrq->endpoint_identifier,
                   &out->endpointIdentifier);
  build_bool(b, rrq->will_supply_uuies, &out->willSupplyUUIEs);
  build_bool(b, rrq->maintain_connection, &out->maintainConnection);
  build_null_if(b, rrq->additive_registration, &out->additiveRegistration);
  build_null_if(b, rrq->supports_alt_gk, &out->supportsAltGK);
  if (rrq->multiple_calls) {
    build_bool(b, true, &out->multipleCalls);
  }
  build_null_if(b, rrq->restart, &out->restart);
}

static void build_rcf(ras_builder *b, const h46017_ras *ras,
                      RegistrationConfirm_t *out) {
  const h46017_rcf *rcf = &ras->u.rcf;

  build_give(&out->_asn_ctx);
  out->requestSeqNum = ras->request_seq_num;
  build_protocol(b, ras->protocol_version, &out->protocolIdentifier);
  out->callSignalAddress._asn_ctx.left = 1;
  BUILD_ALIASES_IF(b, "terminalAlias", &rcf->terminal_alias,
                   out->terminalAlias);
  build_identifier(b, "gatekeeperIdentifier", &rcf->gatekeeper_identifier,
                   &out->gatekeeperIdentifier);
  if (rcf->endpoint_identifier.text != NULL) {
    build_bmp(b, "endpointIdentifier", &rcf->endpoint_identifier,
              BUILD_IDENTIFIER_MAX, &out->endpointIdentifier);
  } else {
    build_lacks(b, out, "endpointIdentifier");
  }
  build_time_to_live(b, rcf->time_to_live, &out->timeToLive);
  build_bool(b, rcf->will_respond_to_irr, &out->willRespondToIRR);
  build_bool(b, rcf->maintain_connection, &out->maintainConnection);
  build_null_if(b, rcf->supports_additive_registration,
                &out->supportsAdditiveRegistration);
}

static void build_rrj(ras_builder *b, const h46017_ras *ras,
                      RegistrationReject_t *out) {
  const h46017_rrj *rrj = &ras->u.rrj;
  RegistrationRejectReason_t *reason = &out->rejectReason;

  build_give(&out->_asn_ctx);
  out->requestSeqNum = ras->request_seq_num;
  build_protocol(b, ras->protocol_version, &out->protocolIdentifier);
  reason->present = (RegistrationRejectReason_PR)((int)rrj->reason + 1);
  if (rrj->reason == H46017_RRJ_DUPLICATE_ALIAS) {
    build_aliases(b, "rejectReason.duplicateAlias", &rrj->duplicate_alias,
                  &reason->choice.duplicateAlias);
  }
  build_identifier(b, "gatekeeperIdentifier", &rrj->gatekeeper_identifier,
                   &out->gatekeeperIdentifier);
}

static void build_urq(ras_builder *b, const h46017_ras *ras,
                      UnregistrationRequest_t *out) {
  const h46017_urq *urq = &ras->u.urq;

  build_give(&out->_asn_ctx);
  out->requestSeqNum = ras->request_seq_num;
  out->callSignalAddress._asn_ctx.left = 1;
  BUILD_ALIASES_IF(b, "endpointAlias", &urq->endpoint_alias,
                   out->endpointAlias);
  build_identifier(b, "endpointIdentifier", &urq->endpoint_identifier,
                   &out->endpointIdentifier);
  build_identifier(b, "gatekeeperIdentifier", &urq->gatekeeper_identifier,
                   &out->gatekeeperIdentifier);
  if (urq->reason != H46017_URQ_REASON_ABSENT && BUILD_NEW(b, out->reason)) {
    out->reason->present = (UnregRequestReason_PR)((int)urq->reason + 1);
  }
}

/* A reason that the views can say: a known one, and not securityError, which
 * is a choice of its own. */
static bool build_reason_is_plain(int reason, int count, int security_error) {
  return reason >= 0 && reason < count && reason != security_error;
}

static bool build_is_possible(const h46017_ras *in) {
  if (in->request_seq_num == 0 || in->protocol_version > 127) {
    return false;
  }
  switch ((int)in->kind) {
  case H46017_RAS_RRQ:
    return (int)in->u.rrq.terminal_type >= H46017_TERMINAL_NONE &&
           (int)in->u.rrq.terminal_type <= H46017_TERMINAL_GATEKEEPER;
  case H46017_RAS_RRJ:
    return build_reason_is_plain(
        (int)in->u.rrj.reason, asn_DEF_RegistrationRejectReason.elements_count,
        H46017_RRJ_SECURITY_ERROR);
  case H46017_RAS_URQ:
    return in->u.urq.reason == H46017_URQ_REASON_ABSENT ||
           build_reason_is_plain((int)in->u.urq.reason,
                                 asn_DEF_UnregRequestReason.elements_count,
                                 H46017_URQ_SECURITY_ERROR);
  case H46017_RAS_URJ:
    return build_reason_is_plain((int)in->u.urj.reason,
                                 asn_DEF_UnregRejectReason.elements_count,
                                 H46017_URJ_SECURITY_ERROR);
  case H46017_RAS_RCF:
  case H46017_RAS_UCF:
  case H46017_RAS_RIP:
  case H46017_RAS_XRS:
    return true;
  default:
    return false;
  }
}

static void build_message(ras_builder *b, const h46017_ras *ras,
                          RasMessage_t *out) {
  RequestInProgress_t *rip = &out->choice.requestInProgress;
  UnknownMessageResponse_t *xrs = &out->choice.unknownMessageResponse;

  switch ((int)ras->kind) {
  case H46017_RAS_RRQ:
    build_rrq(b, ras, &out->choice.registrationRequest);
    break;
  case H46017_RAS_RCF:
    build_rcf(b, ras, &out->choice.registrationConfirm);
    break;
  case H46017_RAS_RRJ:
    build_rrj(b, ras, &out->choice.registrationReject);
    break;
  case H46017_RAS_URQ:
    build_urq(b, ras, &out->choice.unregistrationRequest);
    break;
  case H46017_RAS_URJ:
    build_give(&out->choice.unregistrationReject._asn_ctx);
    out->choice.unregistrationReject.requestSeqNum = ras->request_seq_num;
    out->choice.unregistrationReject.rejectReason.present =
        (UnregRejectReason_PR)((int)ras->u.urj.reason + 1);
    break;
  case H46017_RAS_RIP:
    build_give(&rip->_asn_ctx);
    rip->requestSeqNum = ras->request_seq_num;
    rip->delay = ras->u.rip.delay;
    if (rip->delay == 0) {
      build_fail(b, "delay", H46017_ERR_OUT_OF_RANGE,
                 "the number is outside of the type's bounds");
    }
    break;
  case H46017_RAS_XRS:
    build_give(&xrs->_asn_ctx);
    xrs->requestSeqNum = ras->request_seq_num;
    if (BUILD_NEW(b, xrs->messageNotUnderstood)) {
      build_octets(b, "messageNotUnderstood", ras->u.xrs.message_not_understood,
                   ras->u.xrs.message_not_understood_len, INT_MAX / 2,
                   xrs->messageNotUnderstood);
    }
    break;
  default: /* UCF: requestSeqNum is all */
    build_give(&out->choice.unregistrationConfirm._asn_ctx);
    out->choice.unregistrationConfirm.requestSeqNum = ras->request_seq_num;
    break;
  }
}

int h46017_ras_build(h46017_h225 *m, const h46017_ras *in) {
  ras_builder b = {.m = m};
  RasMessage_t *out;

  if (!build_is_possible(in)) {
    return H46017_ERR_INVALID_ARGUMENT;
  }
  b.error = h46017_h225_create(m, h46017_h225_ras_message());
  if (b.error != 0) {
    return b.error;
  }
  out = m->root;
  out->present = (RasMessage_PR)((int)in->kind + 1);
  b.message = m->type->node->members[in->kind].name;
  build_message(&b, in, out);
  m->given = true;
  return b.error;
}
