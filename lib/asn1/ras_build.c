/* SPDX-License-Identifier: BSD-2-Clause */
#include "asn1/h225_aliases.h"
#include "asn1/h225_leaf.h"
#include "asn1/ras_address.h"
#include "base/text.h"

#include <h46017/error.h>
#include <h46017/ras.h>

#include <string.h>

/* H.225.0 version that is said to be spoken, unless the program says so. */
#define BUILD_VERSION 7

/* A structure of the message, and how the walk came to it. Components are set
 * where they lie in asn1c's structures, one after the other, until one fails;
 * what they may be, the node says. */
typedef struct build_place build_place;
struct build_place {
  const build_place *up;   /* NULL: the message itself */
  const h46017_member *as; /* component or alternative of it; NULL: element */
  size_t index;            /* then which one */
  const h46017_node *node;
  void *st; /* NULL: something failed already */
};

typedef struct ras_builder {
  h46017_h225 *m;
  int error;                 /* the first */
  const h46017_node *node;   /* where a component was found last, */
  const h46017_member *last; /* and which one */
} ras_builder;

static void build_fail(ras_builder *b, const build_place *at, int code,
                       const char *text) {
  h46017_fault f;
  const char *path;

  if (b->error != 0) {
    return;
  }
  h46017_fault_init(&f);
  for (; at->up != NULL; at = at->up) {
    if (at->as != NULL) {
      h46017_fault_push(&f, at->as->name, at->as->name_len);
    } else {
      h46017_fault_push_index(&f, at->index);
    }
  }
  path = h46017_fault_path(&f);
  b->error = h46017_h225_fail(b->m, code, path, strlen(path), text);
}

/* -- places ------------------------------------------------------------- */

/* A structure from the message's arena. */
static void *build_alloc(ras_builder *b, const build_place *at, size_t size) {
  void *st = b->error == 0 ? h46017_h225_alloc(b->m, size) : NULL;

  if (st == NULL && b->error == 0) {
    build_fail(b, at, b->m->error.code, b->m->error.text);
  }
  return st;
}

static build_place build_member(ras_builder *b, const build_place *in,
                                const h46017_member *m) {
  build_place place = {in, m, 0, m->node, NULL};

  if (b->error != 0) {
    return place;
  }
  if (!m->pointer) {
    place.st = h46017_at_offset(in->st, m->offset);
    return place;
  }
  memcpy(&place.st, h46017_at_const(in->st, m->offset), sizeof(place.st));
  if (place.st == NULL) {
    place.st = build_alloc(b, &place, m->node->struct_size);
    if (place.st != NULL) {
      h46017_member_link(m, in->st, place.st);
    }
  }
  return place;
}

/* The component of a SEQUENCE that C has at this offset. */
static build_place build_component(ras_builder *b, const build_place *in,
                                   size_t offset) {
  const h46017_member *m = in->node->members;

  /* From offsetof(): it is there. Messages are mostly built in the order of the
   * schema, which asn1c keeps. */
  if (b->node == in->node && b->last->offset <= offset) {
    m = b->last;
  }
  while (m->offset != offset) {
    m++;
  }
  b->node = in->node;
  b->last = m;
  if (b->error == 0 && !m->pointer) {
    h46017_per_give(in->node, in->st, (size_t)(m - in->node->members));
  }
  return build_member(b, in, m);
}

#define BUILD_AT(b, in, type, component)                                       \
  build_component((b), (in), offsetof(type, component))

/* The alternative of a CHOICE that C calls `present`. */
static build_place build_alternative(ras_builder *b, const build_place *in,
                                     int present) {
  if (b->error == 0) {
    h46017_choice_select(in->node, in->st, present);
  }
  return build_member(b, in, &in->node->members[present - 1]);
}

/* Room for so many elements. */
static void build_room(ras_builder *b, const build_place *list, size_t count) {
  h46017_list *l = list->st; /* NULL only after an error */

  if (count == 0 || b->error != 0 || l == NULL) {
    return;
  }
  if (count > b->m->settings.max_elements - b->m->elements) {
    build_fail(b, list, H46017_ERR_PER_BUDGET,
               "more elements than the limit allows");
    return;
  }
  l->array = build_alloc(b, list, count * sizeof(*l->array));
  l->size = l->array != NULL ? (int)count : 0;
  b->m->elements += (uint32_t)count;
}

/* The next element; there is room for it. */
static build_place build_element(ras_builder *b, const build_place *list) {
  const h46017_node *node = list->node->members[0].node;
  build_place place = {list, NULL, 0, node, NULL};
  h46017_list *l = list->st;

  if (b->error != 0 || l == NULL) {
    return place;
  }
  place.index = (size_t)l->count;
  place.st = build_alloc(b, &place, node->struct_size);
  if (place.st != NULL) {
    l->array[l->count++] = place.st;
  }
  return place;
}

/* -- values ------------------------------------------------------------- */

static void build_leaf(ras_builder *b, build_place at, h46017_leaf leaf) {
  const char *text = "";
  int rv;

  if (b->error != 0) {
    return;
  }
  if (leaf.data == NULL && leaf.len > 0) {
    build_fail(b, &at, H46017_ERR_INVALID_ARGUMENT, "no data");
    return;
  }
  rv = h46017_leaf_check(at.node, &leaf, &text);
  if (rv == 0) {
    rv = h46017_leaf_write(b->m, at.node, at.st, &leaf);
    text = b->m->error.text;
  }
  if (rv != 0) {
    build_fail(b, &at, rv, text);
  }
}

/* NULL, or a SEQUENCE (OF) that is there though nothing is in it. */
static void build_present(ras_builder *b, build_place at) {
  if (b->error == 0 && at.node->kind == H46017_NODE_SEQUENCE_OF) {
    h46017_node_ctx(at.node, at.st)->left = 1;
  }
}

static void build_bool(ras_builder *b, build_place at, bool value) {
  if (b->error == 0 && at.st != NULL) {
    *(BOOLEAN_t *)at.st = value;
  }
}

static void build_uint(ras_builder *b, build_place at, uint64_t value) {
  build_leaf(b, at, (h46017_leaf){H46017_LEAF_UINT, value, NULL, 0});
}

static void build_octets(ras_builder *b, build_place at, const uint8_t *data,
                         size_t len) {
  build_leaf(b, at, (h46017_leaf){H46017_LEAF_OCTETS, 0, data, len});
}

/* Text that must be there: none is as wrong as an empty one. */
static void build_text(ras_builder *b, build_place at,
                       const h46017_text *text) {
  if (text->text == NULL || text->len == 0) {
    build_fail(b, &at, H46017_ERR_OUT_OF_RANGE, "there is no text");
    return;
  }
  build_leaf(b, at,
             (h46017_leaf){H46017_LEAF_TEXT, 0, (const uint8_t *)text->text,
                           text->len});
}

/* Components that are there only where the view says so. */
#define BUILD_PRESENT_IF(b, in, type, component, yes)                          \
  do {                                                                         \
    if (yes) {                                                                 \
      build_present((b), BUILD_AT((b), (in), type, component));                \
    }                                                                          \
  } while (0)

#define BUILD_TEXT_IF(b, in, type, component, given)                           \
  do {                                                                         \
    if ((given)->text != NULL) {                                               \
      build_text((b), BUILD_AT((b), (in), type, component), (given));          \
    }                                                                          \
  } while (0)

#define BUILD_UINT_IF(b, in, type, component, value)                           \
  do {                                                                         \
    if ((value) != 0) {                                                        \
      build_uint((b), BUILD_AT((b), (in), type, component), (value));          \
    }                                                                          \
  } while (0)

/* OCTET STRING (SIZE (1..256)) that holds text in no particular encoding. */
#define BUILD_OCTETS_IF(b, in, type, component, given)                         \
  do {                                                                         \
    if ((given)->text != NULL) {                                               \
      build_octets((b), BUILD_AT((b), (in), type, component),                  \
                   (const uint8_t *)(given)->text, (given)->len);              \
    }                                                                          \
  } while (0)

/* -- aliases ------------------------------------------------------------ */

static void build_transport_id(ras_builder *b, const build_place *alias,
                               const h46017_text *text) {
  build_place id =
      build_alternative(b, alias, (int)AliasAddress_PR_transportID);
  build_place address;
  uint8_t ip[16];
  size_t iplen = 0;
  uint16_t port = 0;
  int rv = text->text != NULL ? h46017_ras_address_parse(text->text, text->len,
                                                         ip, &iplen, &port)
                              : H46017_ERR_OUT_OF_RANGE;

  if (rv != 0) {
    build_fail(b, &id, rv, "this is not an address and port");
  } else if (iplen == 16) {
    address = build_alternative(b, &id, (int)TransportAddress_PR_ip6Address);
    build_octets(b,
                 BUILD_AT(b, &address, struct TransportAddress__ip6Address, ip),
                 ip, iplen);
    build_uint(b,
               BUILD_AT(b, &address, struct TransportAddress__ip6Address, port),
               port);
  } else {
    address = build_alternative(b, &id, (int)TransportAddress_PR_ipAddress);
    build_octets(b,
                 BUILD_AT(b, &address, struct TransportAddress__ipAddress, ip),
                 ip, iplen);
    build_uint(b,
               BUILD_AT(b, &address, struct TransportAddress__ipAddress, port),
               port);
  }
}

/* `subtype` as h46017_alias has it: 256 times the kind of number, plus its
 * type of number where the kind has one. */
static void build_party_number(ras_builder *b, const build_place *alias,
                               const h46017_alias *in) {
  build_place party =
      build_alternative(b, alias, (int)AliasAddress_PR_partyNumber);
  build_place number;
  build_place type;
  int kind = in->subtype / 256 + 1;
  int present = in->subtype % 256 + 1;

  if (in->subtype < 0 || kind > party.node->nmembers) {
    build_fail(b, &party, H46017_ERR_OUT_OF_RANGE, "no such kind of number");
    return;
  }
  number = build_alternative(b, &party, kind);
  if (number.node->kind != H46017_NODE_SEQUENCE) { /* digits, no type */
    if (present != 1) {
      build_fail(b, &number, H46017_ERR_OUT_OF_RANGE, "no such type of number");
    }
    build_text(b, number, &in->text);
    return;
  }
  /* PublicPartyNumber, PrivatePartyNumber: type and digits */
  type = build_component(b, &number, number.node->members[0].offset);
  if (present > type.node->nmembers) {
    build_fail(b, &type, H46017_ERR_OUT_OF_RANGE, "no such type of number");
    return;
  }
  build_present(b, build_alternative(b, &type, present));
  build_text(b, build_component(b, &number, number.node->members[1].offset),
             &in->text);
}

static void build_alias(ras_builder *b, const build_place *alias,
                        const h46017_alias *in) {
  switch (in->type) {
  case H46017_ALIAS_DIALLED_DIGITS:
  case H46017_ALIAS_H323_ID:
  case H46017_ALIAS_URL_ID:
  case H46017_ALIAS_EMAIL_ID:
    build_text(b, build_alternative(b, alias, (int)in->type + 1), &in->text);
    break;
  case H46017_ALIAS_TRANSPORT_ID:
    build_transport_id(b, alias, &in->text);
    break;
  case H46017_ALIAS_PARTY_NUMBER:
    build_party_number(b, alias, in);
    break;
  case H46017_ALIAS_MOBILE_UIM:
  case H46017_ALIAS_ISUP_NUMBER:
  case H46017_ALIAS_UNKNOWN:
  default:
    build_fail(b, alias, H46017_ERR_INVALID_ARGUMENT,
               "an alias of a type without text");
    break;
  }
}

static void build_aliases(ras_builder *b, build_place list,
                          const h46017_aliases *aliases) {
  size_t count = aliases->present ? aliases->count : 0;

  build_present(b, list);
  build_room(b, &list, count);
  for (size_t i = 0; i < count && b->error == 0; i++) {
    build_place alias = build_element(b, &list);
    build_alias(b, &alias, &aliases->list[i]);
  }
}

#define BUILD_ALIASES_IF(b, in, type, component, given)                        \
  do {                                                                         \
    if ((given)->present) {                                                    \
      build_aliases((b), BUILD_AT((b), (in), type, component), (given));       \
    }                                                                          \
  } while (0)

int h46017_h225_set_aliases(h46017_h225 *m, const char *path,
                            const h46017_aliases *list) {
  ras_builder b = {m, 0, NULL, NULL};
  build_place at = {NULL, NULL, 0, NULL, NULL};
  h46017_h225_value v;
  int rv = h46017_h225_remove(m, path);

  if (rv != 0 && rv != H46017_ERR_ABSENT) {
    return rv;
  }
  if (!list->present) {
    return 0;
  }
  rv = h46017_h225_set_present(m, path);
  if (rv != 0) {
    return rv;
  }
  v = h46017_h225_get(h46017_h225_root(m), path);
  at.node = v.node;
  memcpy(&at.st, &v.data, sizeof(at.st)); /* in the message: it may change */
  h46017_h225_begin(m);
  build_aliases(&b, at, list);
  return b.error;
}

/* -- messages ----------------------------------------------------------- */

/* {itu-t(0) recommendation(0) h(8) 2250 version(0) N} */
static void build_protocol(ras_builder *b, build_place at, uint8_t version) {
  const uint8_t oid[] = {0x00, 0x08, 0x91,
                         0x4a, 0x00, version != 0 ? version : BUILD_VERSION};

  build_octets(b, at, oid, sizeof(oid));
}

static void build_terminal_type(ras_builder *b, build_place at,
                                h46017_terminal_type type) {
  static const size_t offsets[] = {
      [H46017_TERMINAL_TERMINAL] = offsetof(EndpointType_t, terminal),
      [H46017_TERMINAL_GATEWAY] = offsetof(EndpointType_t, gateway),
      [H46017_TERMINAL_MCU] = offsetof(EndpointType_t, mcu),
      [H46017_TERMINAL_GATEKEEPER] = offsetof(EndpointType_t, gatekeeper),
  };

  if (type != H46017_TERMINAL_NONE) {
    build_present(b, build_component(b, &at, offsets[type]));
  }
  build_bool(b, BUILD_AT(b, &at, EndpointType_t, mc), false);
  build_bool(b, BUILD_AT(b, &at, EndpointType_t, undefinedNode),
             type == H46017_TERMINAL_NONE);
}

static void build_vendor(ras_builder *b, build_place at,
                         const h46017_vendor *vendor) {
  build_place h221 = BUILD_AT(b, &at, VendorIdentifier_t, vendor);

  build_uint(b, BUILD_AT(b, &h221, H221NonStandard_t, t35CountryCode),
             vendor->t35_country_code);
  build_uint(b, BUILD_AT(b, &h221, H221NonStandard_t, t35Extension),
             vendor->t35_extension);
  build_uint(b, BUILD_AT(b, &h221, H221NonStandard_t, manufacturerCode),
             vendor->manufacturer_code);
  BUILD_OCTETS_IF(b, &at, VendorIdentifier_t, productId, &vendor->product_id);
  BUILD_OCTETS_IF(b, &at, VendorIdentifier_t, versionId, &vendor->version_id);
}

/* A component of the message at `in`, whose type is `MESSAGE`. */
#define AT(component) BUILD_AT(b, in, MESSAGE, component)

#define MESSAGE RegistrationRequest_t
static void build_rrq(ras_builder *b, const build_place *in,
                      const h46017_ras *ras) {
  const h46017_rrq *rrq = &ras->u.rrq;

  build_uint(b, AT(requestSeqNum), ras->request_seq_num);
  build_protocol(b, AT(protocolIdentifier), ras->protocol_version);
  build_bool(b, AT(discoveryComplete), rrq->discovery_complete);
  build_present(b, AT(callSignalAddress));
  build_present(b, AT(rasAddress));
  build_terminal_type(b, AT(terminalType), rrq->terminal_type);
  BUILD_ALIASES_IF(b, in, MESSAGE, terminalAlias, &rrq->terminal_alias);
  BUILD_TEXT_IF(b, in, MESSAGE, gatekeeperIdentifier,
                &rrq->gatekeeper_identifier);
  build_vendor(b, AT(endpointVendor), &rrq->vendor);
  BUILD_UINT_IF(b, in, MESSAGE, timeToLive, rrq->time_to_live);
  build_bool(b, AT(keepAlive), rrq->keep_alive);
  BUILD_TEXT_IF(b, in, MESSAGE, endpointIdentifier, &rrq->endpoint_identifier);
  build_bool(b, AT(willSupplyUUIEs), rrq->will_supply_uuies);
  build_bool(b, AT(maintainConnection), rrq->maintain_connection);
  BUILD_PRESENT_IF(b, in, MESSAGE, additiveRegistration,
                   rrq->additive_registration);
  BUILD_PRESENT_IF(b, in, MESSAGE, supportsAltGK, rrq->supports_alt_gk);
  if (rrq->multiple_calls) {
    build_bool(b, AT(multipleCalls), true);
  }
  BUILD_PRESENT_IF(b, in, MESSAGE, restart, rrq->restart);
}
#undef MESSAGE

#define MESSAGE RegistrationConfirm_t
static void build_rcf(ras_builder *b, const build_place *in,
                      const h46017_ras *ras) {
  const h46017_rcf *rcf = &ras->u.rcf;

  build_uint(b, AT(requestSeqNum), ras->request_seq_num);
  build_protocol(b, AT(protocolIdentifier), ras->protocol_version);
  build_present(b, AT(callSignalAddress));
  BUILD_ALIASES_IF(b, in, MESSAGE, terminalAlias, &rcf->terminal_alias);
  BUILD_TEXT_IF(b, in, MESSAGE, gatekeeperIdentifier,
                &rcf->gatekeeper_identifier);
  BUILD_TEXT_IF(b, in, MESSAGE, endpointIdentifier, &rcf->endpoint_identifier);
  BUILD_UINT_IF(b, in, MESSAGE, timeToLive, rcf->time_to_live);
  build_bool(b, AT(willRespondToIRR), rcf->will_respond_to_irr);
  build_bool(b, AT(maintainConnection), rcf->maintain_connection);
  BUILD_PRESENT_IF(b, in, MESSAGE, supportsAdditiveRegistration,
                   rcf->supports_additive_registration);
}
#undef MESSAGE

#define MESSAGE RegistrationReject_t
static void build_rrj(ras_builder *b, const build_place *in,
                      const h46017_ras *ras) {
  const h46017_rrj *rrj = &ras->u.rrj;
  build_place reason;

  build_uint(b, AT(requestSeqNum), ras->request_seq_num);
  build_protocol(b, AT(protocolIdentifier), ras->protocol_version);
  reason = AT(rejectReason);
  if (rrj->reason == H46017_RRJ_DUPLICATE_ALIAS) {
    build_aliases(
        b,
        build_alternative(b, &reason,
                          (int)RegistrationRejectReason_PR_duplicateAlias),
        &rrj->duplicate_alias);
  } else {
    build_present(b, build_alternative(b, &reason, (int)rrj->reason + 1));
  }
  BUILD_TEXT_IF(b, in, MESSAGE, gatekeeperIdentifier,
                &rrj->gatekeeper_identifier);
}
#undef MESSAGE

#define MESSAGE UnregistrationRequest_t
static void build_urq(ras_builder *b, const build_place *in,
                      const h46017_ras *ras) {
  const h46017_urq *urq = &ras->u.urq;

  build_uint(b, AT(requestSeqNum), ras->request_seq_num);
  build_present(b, AT(callSignalAddress));
  BUILD_ALIASES_IF(b, in, MESSAGE, endpointAlias, &urq->endpoint_alias);
  BUILD_TEXT_IF(b, in, MESSAGE, endpointIdentifier, &urq->endpoint_identifier);
  BUILD_TEXT_IF(b, in, MESSAGE, gatekeeperIdentifier,
                &urq->gatekeeper_identifier);
  if (urq->reason != H46017_URQ_REASON_ABSENT) {
    build_place reason = AT(reason);
    build_present(b, build_alternative(b, &reason, (int)urq->reason + 1));
  }
}
#undef MESSAGE

#define MESSAGE UnregistrationReject_t
static void build_urj(ras_builder *b, const build_place *in,
                      const h46017_ras *ras) {
  build_place reason;

  build_uint(b, AT(requestSeqNum), ras->request_seq_num);
  reason = AT(rejectReason);
  build_present(b, build_alternative(b, &reason, (int)ras->u.urj.reason + 1));
}
#undef MESSAGE

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

static void build_message(ras_builder *b, const build_place *in,
                          const h46017_ras *ras) {
  switch ((int)ras->kind) {
  case H46017_RAS_RRQ:
    build_rrq(b, in, ras);
    break;
  case H46017_RAS_RCF:
    build_rcf(b, in, ras);
    break;
  case H46017_RAS_RRJ:
    build_rrj(b, in, ras);
    break;
  case H46017_RAS_URQ:
    build_urq(b, in, ras);
    break;
  case H46017_RAS_URJ:
    build_urj(b, in, ras);
    break;
  case H46017_RAS_RIP:
    build_uint(b, BUILD_AT(b, in, RequestInProgress_t, requestSeqNum),
               ras->request_seq_num);
    build_uint(b, BUILD_AT(b, in, RequestInProgress_t, delay),
               ras->u.rip.delay);
    break;
  case H46017_RAS_XRS:
    build_uint(b, BUILD_AT(b, in, UnknownMessageResponse_t, requestSeqNum),
               ras->request_seq_num);
    build_octets(
        b, BUILD_AT(b, in, UnknownMessageResponse_t, messageNotUnderstood),
        ras->u.xrs.message_not_understood,
        ras->u.xrs.message_not_understood_len);
    break;
  default: /* UCF: requestSeqNum is all */
    build_uint(b, BUILD_AT(b, in, UnregistrationConfirm_t, requestSeqNum),
               ras->request_seq_num);
    break;
  }
}

int h46017_ras_build(h46017_h225 *m, const h46017_ras *in) {
  ras_builder b = {m, 0, NULL, NULL};
  build_place message = {NULL, NULL, 0, NULL, NULL};
  build_place body;

  if (!build_is_possible(in)) {
    return H46017_ERR_INVALID_ARGUMENT;
  }
  b.error = h46017_h225_create(m, h46017_h225_ras_message());
  if (b.error != 0) {
    return b.error;
  }
  message.node = m->type->node;
  message.st = m->root;
  body = build_alternative(&b, &message, (int)in->kind + 1);
  build_message(&b, &body, in);
  m->given = true;
  return b.error;
}
