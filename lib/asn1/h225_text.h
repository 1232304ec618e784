/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef H46017_ASN1_H225_TEXT_H
#define H46017_ASN1_H225_TEXT_H

#include "asn1/h225_message.h"

/* BER contents of a dotted OBJECT IDENTIFIER: how many octets, 0 where it is
 * not one. `out` NULL: only counts. */
size_t h46017_text_to_oid(const char *text, size_t len, uint8_t *out);

/* Name of the item, `_ext_N` for one not known here; NULL: it has no value. */
const char *h46017_enum_name(const h46017_node *n, const ENUMERATED_t *v);

#endif /* H46017_ASN1_H225_TEXT_H */
