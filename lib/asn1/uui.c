/* SPDX-License-Identifier: BSD-2-Clause */
#include "asn1/uui.h"

#include "asn1/h225_message.h"

static const H323_UU_PDU_t *uui_pdu(const h46017_h225 *m) {
  const H323_UserInformation_t *uui = h46017_h225_uui(m);

  return uui != NULL ? &uui->h323_uu_pdu : NULL;
}

bool h46017_uui_body_is_empty(const h46017_h225 *m) {
  const H323_UU_PDU_t *pdu = uui_pdu(m);

  return pdu != NULL && pdu->h323_message_body.present ==
                            H323_UU_PDU__h323_message_body_PR_empty;
}

bool h46017_uui_h245_tunnelling(const h46017_h225 *m) {
  const H323_UU_PDU_t *pdu = uui_pdu(m);

  return pdu != NULL && pdu->h245Tunnelling != NULL &&
         *pdu->h245Tunnelling != 0;
}

static bool uui_is(const GenericIdentifier_t *id, int64_t standard) {
  const INTEGER_t *number = &id->choice.standard;
  int64_t value;

  return id->present == GenericIdentifier_PR_standard &&
         h46017_per_to_int64(number->buf, (size_t)number->size, &value) &&
         value == standard;
}

bool h46017_uui_next_generic(const h46017_h225 *m, int64_t id,
                             h46017_uui_cursor *at) {
  const H323_UU_PDU_t *pdu = uui_pdu(m);

  at->parameter = 0;
  if (pdu == NULL || pdu->genericData == NULL) {
    return false;
  }
  while (at->generic < (size_t)pdu->genericData->list.count) {
    if (uui_is(&pdu->genericData->list.array[at->generic++]->id, id)) {
      return true;
    }
  }
  return false;
}

bool h46017_uui_next_parameter(const h46017_h225 *m, int64_t id,
                               h46017_uui_cursor *at, const uint8_t **praw,
                               size_t *plen) {
  const H323_UU_PDU_t *pdu = uui_pdu(m);
  const GenericData_t *generic;
  const EnumeratedParameter_t *p;

  if (pdu == NULL || at->generic == 0) {
    return false;
  }
  generic = pdu->genericData->list.array[at->generic - 1];
  if (generic->parameters == NULL ||
      at->parameter >= (size_t)generic->parameters->list.count) {
    return false;
  }
  p = generic->parameters->list.array[at->parameter++];
  *praw = NULL;
  *plen = 0;
  if (uui_is(&p->id, id) && p->content != NULL &&
      p->content->present == Content_PR_raw) {
    *praw = p->content->choice.raw.buf;
    *plen = (size_t)p->content->choice.raw.size;
  }
  return true;
}
