/* SPDX-License-Identifier: BSD-2-Clause */
#include "h46017-asn1.h"

#include "asn1/ras_number.h"

#include <h46017/error.h>
#include <h46017/ras.h>

#include <string.h>

/* X.691 23: RasMessage has 25 alternatives before its extension marker. */
#define RAS_ROOT_KINDS 25
#define RAS_KINDS 33

/* The enumerations of ras.h count as the CHOICEs do. */
#define SAME(ours, present) _Static_assert((int)(ours) == (int)(present)-1, "")
SAME(H46017_RAS_GRQ, RasMessage_PR_gatekeeperRequest);
SAME(H46017_RAS_XRS, RasMessage_PR_unknownMessageResponse);
SAME(H46017_RAS_RIP, RasMessage_PR_requestInProgress);
SAME(H46017_RAS_ACF_SEQUENCE, RasMessage_PR_admissionConfirmSequence);
SAME(H46017_ALIAS_DIALLED_DIGITS, AliasAddress_PR_dialledDigits);
SAME(H46017_ALIAS_ISUP_NUMBER, AliasAddress_PR_isupNumber);
SAME(H46017_RRJ_DUPLICATE_ALIAS, RegistrationRejectReason_PR_duplicateAlias);
SAME(H46017_RRJ_REGISTER_WITH_ASSIGNED_GK,
     RegistrationRejectReason_PR_registerWithAssignedGK);
SAME(H46017_URQ_REGISTER_WITH_ASSIGNED_GK,
     UnregRequestReason_PR_registerWithAssignedGK);
SAME(H46017_URJ_SECURITY_ERROR, UnregRejectReason_PR_securityError);

/* Their names stand in the descriptors already. */
static const char *ras_choice_name(const asn_TYPE_descriptor_t *type, int i) {
  return i >= 0 && i < type->elements_count ? type->elements[i].name
                                            : "unknown";
}

const char *h46017_ras_kind_name(h46017_ras_kind kind) {
  return ras_choice_name(&asn_DEF_RasMessage, (int)kind);
}

const char *h46017_rrj_reason_name(h46017_rrj_reason reason) {
  return ras_choice_name(&asn_DEF_RegistrationRejectReason, (int)reason);
}

const char *h46017_urq_reason_name(h46017_urq_reason reason) {
  return ras_choice_name(&asn_DEF_UnregRequestReason, (int)reason);
}

h46017_rrj_reason h46017_rrj_reason_find(const char *name) {
  const asn_TYPE_descriptor_t *type = &asn_DEF_RegistrationRejectReason;

  for (int i = 0; name != NULL && i < type->elements_count; i++) {
    if (strcmp(type->elements[i].name, name) == 0) {
      return (h46017_rrj_reason)i;
    }
  }
  return H46017_RRJ_UNKNOWN;
}

/* -- peek ------------------------------------------------------------- */

/* What stands before requestSeqNum in each alternative: the bits of the
 * preamble (extension bit and one a root OPTIONAL, X.691 19). IRR alone has a
 * component before it, nonStandardData, which must be absent. */
static unsigned ras_preamble_bits(h46017_ras_kind kind) {
  static const uint8_t optionals[RAS_KINDS] = {
      [H46017_RAS_GRQ] = 4,          [H46017_RAS_GCF] = 2,
      [H46017_RAS_GRJ] = 2,          [H46017_RAS_RRQ] = 3,
      [H46017_RAS_RCF] = 3,          [H46017_RAS_RRJ] = 2,
      [H46017_RAS_URQ] = 3,          [H46017_RAS_UCF] = 1,
      [H46017_RAS_URJ] = 1,          [H46017_RAS_ARQ] = 7,
      [H46017_RAS_ACF] = 2,          [H46017_RAS_ARJ] = 1,
      [H46017_RAS_BRQ] = 2,          [H46017_RAS_BCF] = 1,
      [H46017_RAS_BRJ] = 1,          [H46017_RAS_DRQ] = 1,
      [H46017_RAS_DCF] = 1,          [H46017_RAS_DRJ] = 1,
      [H46017_RAS_LRQ] = 2,          [H46017_RAS_LCF] = 1,
      [H46017_RAS_LRJ] = 1,          [H46017_RAS_IRQ] = 2,
      [H46017_RAS_IRR] = 3,          [H46017_RAS_NSM] = 0,
      [H46017_RAS_XRS] = 0,          [H46017_RAS_RIP] = 4,
      [H46017_RAS_RAI] = 4,          [H46017_RAS_RAC] = 4,
      [H46017_RAS_IACK] = 4,         [H46017_RAS_INAK] = 5,
      [H46017_RAS_SCI] = 8,          [H46017_RAS_SCR] = 7,
      [H46017_RAS_ACF_SEQUENCE] = 2,
  };
  return 1U + optionals[kind];
}

/* The octet where requestSeqNum of the SEQUENCE begins that begins at bit
 * `bit`; 0 where it is not to be read. It is aligned, 16 bits wide and travels
 * one lower than it is. */
static size_t ras_find_seq(const uint8_t *per, size_t len, h46017_ras_kind kind,
                           size_t bit) {
  size_t at = (bit + ras_preamble_bits(kind) + 7) / 8;

  if (at + 2 > len) {
    return 0;
  }
  bit++; /* behind the extension bit: nonStandardData present */
  if (kind == H46017_RAS_IRR && (per[bit / 8] >> (7 - bit % 8) & 1) != 0) {
    return 0;
  }
  return at;
}

/* The octets of a length determinant at `at`; 0: not one of a message that
 * this library would take (16K and above). */
static size_t ras_length_octets(const uint8_t *per, size_t len, size_t at) {
  if (at >= len || per[at] >= 0xc0) {
    return 0;
  }
  return per[at] < 0x80 ? 1 : 2;
}

/* The kind, and the octet where requestSeqNum begins, 0 where it does not. */
static h46017_ras_kind ras_find(const uint8_t *per, size_t len, size_t *pat) {
  h46017_ras_kind kind = H46017_RAS_UNKNOWN;
  unsigned index;

  *pat = 0;
  if ((per[0] & 0x80) == 0) { /* extension bit, 5 bits of index */
    index = per[0] >> 2;
    if (index < RAS_ROOT_KINDS) {
      kind = (h46017_ras_kind)index;
      *pat = ras_find_seq(per, len, kind, 6);
    }
    return kind;
  }
  /* a normally small number, then an open type */
  index = RAS_ROOT_KINDS + (per[0] & 0x3fU);
  if ((per[0] & 0x40) == 0 && index < RAS_KINDS) {
    size_t at = 1 + ras_length_octets(per, len, 1);

    kind = (h46017_ras_kind)index;
    if (kind == H46017_RAS_ACF_SEQUENCE && at > 1) {
      /* the first of the sequence, where it has one */
      size_t count = ras_length_octets(per, len, at);
      at = count == 1 && per[at] > 0 ? at + 1 : 1;
    }
    if (at > 1) {
      *pat = ras_find_seq(per, len, kind, at * 8);
    }
  }
  return kind;
}

int h46017_ras_peek(const uint8_t *per, size_t len, h46017_ras_kind *pkind,
                    uint16_t *pseq) {
  size_t at;

  if (len < 1) {
    return H46017_ERR_TRUNCATED;
  }
  *pkind = ras_find(per, len, &at);
  /* 65536 is none */
  *pseq = at > 0 ? (uint16_t)(((unsigned)per[at] << 8 | per[at + 1]) + 1) : 0;
  return 0;
}

bool h46017_ras_renumber(uint8_t *per, size_t len, uint16_t seq) {
  size_t at;

  if (len < 1 || seq == 0) {
    return false;
  }
  (void)ras_find(per, len, &at);
  if (at == 0) {
    return false;
  }
  per[at] = (uint8_t)((seq - 1U) >> 8);
  per[at + 1] = (uint8_t)(seq - 1U);
  return true;
}
