/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef H46017_ASN1_H225_ALIASES_H
#define H46017_ASN1_H225_ALIASES_H

/* Lists of AliasAddress anywhere in a message, as the views of h46017/ras.h
 * have them; and room in a message's arena for whoever reads it. */

#include <h46017/ras.h>

/* Reads a SEQUENCE OF AliasAddress; absent: `present` is false. Texts lie in
 * the message. PER_BUDGET, NOMEM: no room for them. */
int h46017_h225_read_aliases(h46017_h225 *m, h46017_h225_value v,
                             h46017_aliases *out);

/* Makes the SEQUENCE OF AliasAddress at `path` this list, whatever it was; not
 * there where the list is not `present`. Fails as h46017_ras_build() does. */
int h46017_h225_set_aliases(h46017_h225 *m, const char *path,
                            const h46017_aliases *list);

/* False: an RCF that names no other gatekeeper, as nearly none does. */
bool h46017_h225_may_name_gatekeepers(const h46017_h225 *m);

/* From the message's arena, cleared; NULL: *prv says why. */
void *h46017_h225_room(h46017_h225 *m, size_t size, int *prv);

/* A character string as UTF-8, in the message's arena; one that is absent or
 * not valid has no text. Fails for want of room only. */
int h46017_h225_read_string(h46017_h225 *m, h46017_h225_value v,
                            h46017_text *out);

#endif /* H46017_ASN1_H225_ALIASES_H */
