/* SPDX-License-Identifier: BSD-2-Clause */
#include "h46017-asn1.h"

#include "asn1/h225_aliases.h"
#include "asn1/h225_message.h"
#include "asn1/ras_address.h"
#include "base/text.h"

#include <h46017/error.h>
#include <h46017/ras.h>

#include <string.h>

/* The generated structures are read as they are. Additions that H.225.0 calls
 * mandatory are pointers, NULL where an old peer did not send them. */

typedef struct ras_viewer {
  h46017_h225 *m; /* texts and lists lie in its arena */
  int error;      /* the first */
} ras_viewer;

static void *view_alloc(ras_viewer *v, size_t size) {
  void *p = v->error == 0 ? h46017_h225_alloc(v->m, size) : NULL;

  if (p == NULL && v->error == 0) {
    v->error = h46017_h225_last_error(v->m)->code;
  }
  return p;
}

/* -- texts ------------------------------------------------------------ */

static h46017_text view_octets(ras_viewer *v, const uint8_t *octets,
                               size_t len) {
  h46017_text text = {NULL, 0};
  char *copy = view_alloc(v, len + 1);

  if (copy != NULL) {
    if (len > 0) {
      memcpy(copy, octets, len);
    }
    copy[len] = '\0';
    text.text = copy;
    text.len = len;
  }
  return text;
}

static h46017_text view_octet_string(ras_viewer *v, const OCTET_STRING_t *s) {
  h46017_text none = {NULL, 0};
  return s != NULL ? view_octets(v, s->buf, (size_t)s->size) : none;
}

static h46017_text view_ia5(ras_viewer *v, const IA5String_t *s) {
  h46017_text none = {NULL, 0};

  if (s->size > 0 && memchr(s->buf, '\0', (size_t)s->size) != NULL) {
    return none;
  }
  return view_octets(v, s->buf, (size_t)s->size);
}

static h46017_text view_bmp(ras_viewer *v, const BMPString_t *s) {
  h46017_text text = {NULL, 0};
  size_t size;
  char *out;

  if (s == NULL) {
    return text;
  }
  size = h46017_text_utf8_size(s->buf, (size_t)s->size);
  if (size == 0 && s->size > 0) {
    return text;
  }
  out = view_alloc(v, size + 1);
  if (out != NULL) {
    h46017_text_from_bmp(s->buf, (size_t)s->size, out, size);
    text.text = out;
    text.len = size;
  }
  return text;
}

/* -- aliases ---------------------------------------------------------- */

static h46017_text view_address(ras_viewer *v, const TransportAddress_t *a) {
  h46017_text none = {NULL, 0};
  const OCTET_STRING_t *ip;
  char text[H46017_RAS_ADDRESS_SIZE];
  long port;

  if (a->present == TransportAddress_PR_ipAddress) {
    ip = &a->choice.ipAddress.ip;
    port = a->choice.ipAddress.port;
  } else if (a->present == TransportAddress_PR_ip6Address) {
    ip = &a->choice.ip6Address.ip;
    port = a->choice.ip6Address.port;
  } else {
    return none;
  }
  if (ip->size != 4 && ip->size != 16) {
    return none; /* begun by the program, no address set yet */
  }
  return view_octets(v, (const uint8_t *)text,
                     h46017_ras_address_format(text, ip->buf, (size_t)ip->size,
                                               (uint16_t)port));
}

/* The type-of-number alternative; 255 for one that is not known here. */
static int32_t view_type_of_number(int present) {
  return present > 0 ? present - 1 : 255;
}

static void view_party_number(ras_viewer *v, const PartyNumber_t *number,
                              h46017_alias *out) {
  const NumberDigits_t *digits = NULL;
  int32_t type = 0;

  switch (number->present) {
  case PartyNumber_PR_e164Number:
    digits = &number->choice.e164Number.publicNumberDigits;
    type = view_type_of_number(
        (int)number->choice.e164Number.publicTypeOfNumber.present);
    break;
  case PartyNumber_PR_dataPartyNumber:
    digits = &number->choice.dataPartyNumber;
    break;
  case PartyNumber_PR_telexPartyNumber:
    digits = &number->choice.telexPartyNumber;
    break;
  case PartyNumber_PR_privateNumber:
    digits = &number->choice.privateNumber.privateNumberDigits;
    type = view_type_of_number(
        (int)number->choice.privateNumber.privateTypeOfNumber.present);
    break;
  case PartyNumber_PR_nationalStandardPartyNumber:
    digits = &number->choice.nationalStandardPartyNumber;
    break;
  case PartyNumber_PR_NOTHING:
  default:
    return;
  }
  out->subtype = ((int32_t)number->present - 1) * 256 + type;
  out->text = view_ia5(v, digits);
}

static void view_alias(ras_viewer *v, const AliasAddress_t *a,
                       h46017_alias *out) {
  memset(out, 0, sizeof(*out));
  out->type = (h46017_alias_type)((int)a->present - 1);
  switch (a->present) {
  case AliasAddress_PR_dialledDigits:
    out->text = view_ia5(v, &a->choice.dialledDigits);
    break;
  case AliasAddress_PR_h323_ID:
    out->text = view_bmp(v, &a->choice.h323_ID);
    break;
  case AliasAddress_PR_url_ID:
    out->text = view_ia5(v, &a->choice.url_ID);
    break;
  case AliasAddress_PR_transportID:
    out->text = view_address(v, &a->choice.transportID);
    break;
  case AliasAddress_PR_email_ID:
    out->text = view_ia5(v, &a->choice.email_ID);
    break;
  case AliasAddress_PR_partyNumber:
    view_party_number(v, &a->choice.partyNumber, out);
    break;
  case AliasAddress_PR_mobileUIM:
  case AliasAddress_PR_isupNumber:
  case AliasAddress_PR_NOTHING:
  default:
    break;
  }
}

static h46017_aliases
view_aliases(ras_viewer *v, struct AliasAddress *const *array, int count) {
  h46017_aliases out = {NULL, 0, true};
  h46017_alias *list;

  if (count <= 0) {
    return out;
  }
  list = view_alloc(v, (size_t)count * sizeof(*list));
  if (list != NULL) {
    for (int i = 0; i < count; i++) {
      view_alias(v, array[i], &list[i]);
    }
    out.list = list;
    out.count = (size_t)count;
  }
  return out;
}

/* asn1c gives every SEQUENCE OF a type of its own; NULL: absent. */
#define VIEW_ALIASES(v, of)                                                    \
  ((of) != NULL ? view_aliases((v), (of)->list.array, (of)->list.count)        \
                : (h46017_aliases){NULL, 0, false})

int h46017_h225_read_aliases(h46017_h225 *m, h46017_h225_value v,
                             h46017_aliases *out) {
  ras_viewer viewer = {m, 0};
  const A_SEQUENCE_OF(struct AliasAddress) *list = v.data;
  h46017_aliases read = {NULL, 0, false};

  h46017_h225_begin(m);
  if (h46017_h225_value_kind(v) == H46017_H225_SEQUENCE_OF) {
    read = view_aliases(&viewer, list->array, list->count);
  }
  if (viewer.error == 0) {
    *out = read;
  }
  return viewer.error;
}

bool h46017_h225_may_name_gatekeepers(const h46017_h225 *m) {
  const RasMessage_t *in = h46017_h225_ras(m);
  const RegistrationConfirm_t *rcf;

  if (in == NULL || in->present != RasMessage_PR_registrationConfirm) {
    return true;
  }
  rcf = &in->choice.registrationConfirm;
  return rcf->alternateGatekeeper != NULL || rcf->assignedGatekeeper != NULL;
}

void *h46017_h225_room(h46017_h225 *m, size_t size, int *prv) {
  void *p;

  h46017_h225_begin(m);
  p = h46017_h225_alloc(m, size);
  *prv = p != NULL ? 0 : h46017_h225_last_error(m)->code;
  return p;
}

int h46017_h225_read_string(h46017_h225 *m, h46017_h225_value v,
                            h46017_text *out) {
  h46017_text text = {NULL, 0};
  size_t len = 0;
  char *room;
  int rv = h46017_h225_read_text(v, NULL, 0, &len);

  if (rv == H46017_ERR_BUFFER_TOO_SMALL) {
    room = h46017_h225_room(m, len + 1, &rv);
    if (room == NULL) {
      return rv;
    }
    if (h46017_h225_read_text(v, room, len + 1, &len) == 0) {
      text.text = room;
      text.len = len;
    }
  }
  *out = text;
  return 0;
}

/* -- components ------------------------------------------------------- */

static bool view_bool(const BOOLEAN_t *b) {
  return b != NULL && *b != 0;
}

static uint32_t view_time_to_live(const TimeToLive_t *ttl) {
  return ttl != NULL ? (uint32_t)*ttl : 0;
}

/* The last arc of {itu-t(0) recommendation(0) h(8) 2250 version(0) N}, 0 for
 * another object. */
static uint8_t view_version(const ProtocolIdentifier_t *id) {
  static const uint8_t h225[] = {0x00, 0x08, 0x91, 0x4a, 0x00};

  if (id->size != (int)sizeof(h225) + 1 ||
      memcmp(id->buf, h225, sizeof(h225)) != 0 || id->buf[5] > 127) {
    return 0;
  }
  return id->buf[5];
}

static h46017_terminal_type view_terminal_type(const EndpointType_t *type) {
  if (type->gatekeeper != NULL) {
    return H46017_TERMINAL_GATEKEEPER;
  }
  if (type->gateway != NULL) {
    return H46017_TERMINAL_GATEWAY;
  }
  if (type->mcu != NULL) {
    return H46017_TERMINAL_MCU;
  }
  return type->terminal != NULL ? H46017_TERMINAL_TERMINAL
                                : H46017_TERMINAL_NONE;
}

static void view_vendor(ras_viewer *v, const VendorIdentifier_t *in,
                        h46017_vendor *out) {
  out->t35_country_code = (uint8_t)in->vendor.t35CountryCode;
  out->t35_extension = (uint8_t)in->vendor.t35Extension;
  out->manufacturer_code = (uint16_t)in->vendor.manufacturerCode;
  out->product_id = view_octet_string(v, in->productId);
  out->version_id = view_octet_string(v, in->versionId);
}

/* -- messages --------------------------------------------------------- */

static void view_rrq(ras_viewer *v, const RegistrationRequest_t *in,
                     h46017_rrq *out) {
  out->discovery_complete = in->discoveryComplete != 0;
  out->terminal_type = view_terminal_type(&in->terminalType);
  out->terminal_alias = VIEW_ALIASES(v, in->terminalAlias);
  out->gatekeeper_identifier = view_bmp(v, in->gatekeeperIdentifier);
  view_vendor(v, &in->endpointVendor, &out->vendor);
  out->time_to_live = view_time_to_live(in->timeToLive);
  out->keep_alive = view_bool(in->keepAlive);
  out->endpoint_identifier = view_bmp(v, in->endpointIdentifier);
  out->will_supply_uuies = view_bool(in->willSupplyUUIEs);
  out->maintain_connection = view_bool(in->maintainConnection);
  out->additive_registration = in->additiveRegistration != NULL;
  out->supports_alt_gk = in->supportsAltGK != NULL;
  out->multiple_calls = view_bool(in->multipleCalls);
  out->restart = in->restart != NULL;
}

static void view_rcf(ras_viewer *v, const RegistrationConfirm_t *in,
                     h46017_rcf *out) {
  out->terminal_alias = VIEW_ALIASES(v, in->terminalAlias);
  out->gatekeeper_identifier = view_bmp(v, in->gatekeeperIdentifier);
  out->endpoint_identifier = view_bmp(v, &in->endpointIdentifier);
  out->time_to_live = view_time_to_live(in->timeToLive);
  out->will_respond_to_irr = view_bool(in->willRespondToIRR);
  out->maintain_connection = view_bool(in->maintainConnection);
  out->supports_additive_registration =
      in->supportsAdditiveRegistration != NULL;
}

static void view_rrj(ras_viewer *v, const RegistrationReject_t *in,
                     h46017_rrj *out) {
  const RegistrationRejectReason_t *reason = &in->rejectReason;

  out->reason = (h46017_rrj_reason)((int)reason->present - 1);
  if (reason->present == RegistrationRejectReason_PR_duplicateAlias) {
    out->duplicate_alias = VIEW_ALIASES(v, &reason->choice.duplicateAlias);
  }
  out->gatekeeper_identifier = view_bmp(v, in->gatekeeperIdentifier);
}

static void view_urq(ras_viewer *v, const UnregistrationRequest_t *in,
                     h46017_urq *out) {
  out->endpoint_alias = VIEW_ALIASES(v, in->endpointAlias);
  out->endpoint_identifier = view_bmp(v, in->endpointIdentifier);
  out->gatekeeper_identifier = view_bmp(v, in->gatekeeperIdentifier);
  out->reason = in->reason != NULL
                    ? (h46017_urq_reason)((int)in->reason->present - 1)
                    : H46017_URQ_REASON_ABSENT;
}

static void view_xrs(const UnknownMessageResponse_t *in, h46017_xrs *out) {
  if (in->messageNotUnderstood != NULL) {
    out->message_not_understood = in->messageNotUnderstood->buf;
    out->message_not_understood_len = (size_t)in->messageNotUnderstood->size;
  }
}

/* X(component of the CHOICE) */
#define VIEW_KINDS(X)                                                          \
  X(gatekeeperRequest)                                                         \
  X(gatekeeperConfirm)                                                         \
  X(gatekeeperReject)                                                          \
  X(registrationRequest)                                                       \
  X(registrationConfirm)                                                       \
  X(registrationReject)                                                        \
  X(unregistrationRequest)                                                     \
  X(unregistrationConfirm)                                                     \
  X(unregistrationReject)                                                      \
  X(admissionRequest)                                                          \
  X(admissionConfirm)                                                          \
  X(admissionReject)                                                           \
  X(bandwidthRequest)                                                          \
  X(bandwidthConfirm)                                                          \
  X(bandwidthReject)                                                           \
  X(disengageRequest)                                                          \
  X(disengageConfirm)                                                          \
  X(disengageReject)                                                           \
  X(locationRequest)                                                           \
  X(locationConfirm)                                                           \
  X(locationReject)                                                            \
  X(infoRequest)                                                               \
  X(infoRequestResponse)                                                       \
  X(nonStandardMessage)                                                        \
  X(unknownMessageResponse)                                                    \
  X(requestInProgress)                                                         \
  X(resourcesAvailableIndicate)                                                \
  X(resourcesAvailableConfirm)                                                 \
  X(infoRequestAck)                                                            \
  X(infoRequestNak)                                                            \
  X(serviceControlIndication)                                                  \
  X(serviceControlResponse)

static uint16_t view_seq(const RasMessage_t *in) {
  switch (in->present) {
#define VIEW_SEQ(name)                                                         \
  case RasMessage_PR_##name:                                                   \
    return (uint16_t)in->choice.name.requestSeqNum;
    VIEW_KINDS(VIEW_SEQ)
#undef VIEW_SEQ
  case RasMessage_PR_admissionConfirmSequence:
    if (in->choice.admissionConfirmSequence.list.count > 0) {
      return (uint16_t)in->choice.admissionConfirmSequence.list.array[0]
          ->requestSeqNum;
    }
    return 0;
  case RasMessage_PR_NOTHING:
  default:
    return 0;
  }
}

static uint8_t view_protocol_version(const RasMessage_t *in) {
  switch ((int)in->present) {
#define VIEW_VERSION(name)                                                     \
  case RasMessage_PR_##name:                                                   \
    return view_version(&in->choice.name.protocolIdentifier);
    VIEW_VERSION(gatekeeperRequest)
    VIEW_VERSION(gatekeeperConfirm)
    VIEW_VERSION(gatekeeperReject)
    VIEW_VERSION(registrationRequest)
    VIEW_VERSION(registrationConfirm)
    VIEW_VERSION(registrationReject)
    VIEW_VERSION(resourcesAvailableIndicate)
    VIEW_VERSION(resourcesAvailableConfirm)
#undef VIEW_VERSION
  default:
    return 0;
  }
}

int h46017_ras_view(h46017_h225 *m, h46017_ras *out) {
  const RasMessage_t *in = h46017_h225_ras(m);
  ras_viewer v = {m, 0};
  h46017_ras ras;

  h46017_h225_begin(m);
  if (in == NULL) {
    return h46017_h225_fail(m, H46017_ERR_INVALID_STATE, NULL, 0,
                            "the object holds no RasMessage");
  }
  memset(&ras, 0, sizeof(ras));
  ras.kind = (h46017_ras_kind)((int)in->present - 1);
  ras.request_seq_num = view_seq(in);
  ras.protocol_version = view_protocol_version(in);
  switch ((int)in->present) {
  case RasMessage_PR_registrationRequest:
    view_rrq(&v, &in->choice.registrationRequest, &ras.u.rrq);
    break;
  case RasMessage_PR_registrationConfirm:
    view_rcf(&v, &in->choice.registrationConfirm, &ras.u.rcf);
    break;
  case RasMessage_PR_registrationReject:
    view_rrj(&v, &in->choice.registrationReject, &ras.u.rrj);
    break;
  case RasMessage_PR_unregistrationRequest:
    view_urq(&v, &in->choice.unregistrationRequest, &ras.u.urq);
    break;
  case RasMessage_PR_unregistrationReject:
    ras.u.urj.reason = (h46017_urj_reason)((int)in->choice.unregistrationReject
                                               .rejectReason.present -
                                           1);
    break;
  case RasMessage_PR_requestInProgress:
    ras.u.rip.delay = (uint16_t)in->choice.requestInProgress.delay;
    break;
  case RasMessage_PR_unknownMessageResponse:
    view_xrs(&in->choice.unknownMessageResponse, &ras.u.xrs);
    break;
  default:
    break;
  }
  if (v.error == 0) {
    *out = ras;
  }
  return v.error;
}
