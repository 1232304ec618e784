/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef H46017_SESSION_ALIASES_H
#define H46017_SESSION_ALIASES_H

#include <h46017/ras.h>

/* A deep copy in one block: the list, then its texts. `*pout` is set on
 * success only, and freed with h46017_mem_release(). */
int h46017_aliases_dup(const h46017_mem *mem, const h46017_alias *list,
                       size_t count, h46017_alias **pout);

/* Its size, and the same at a place of that size, fit for pointers. */
size_t h46017_aliases_size(const h46017_alias *list, size_t count);
h46017_alias *h46017_aliases_copy(void *room, const h46017_alias *list,
                                  size_t count);

/* ALIAS_INVALID: of a type that names nobody (transportID, mobileUIM,
 * isupNumber, unknown ones), without text, too long, or text that is not
 * valid or not of the type's alphabet. */
int h46017_alias_check(const h46017_alias *alias);

/* The text without what is no part of the name: `h323:` in front of a URL. */
h46017_text h46017_alias_name(const h46017_alias *alias);

/* Octets of the longest text: 256 UTF-16 units of h323-ID, three octets of
 * UTF-8 each at the most; 512 of IA5 in a url-ID. */
#define H46017_ALIAS_TEXT_MAX (256 * 3)

/* What a key has more than the text: a type, a subtype. */
#define H46017_ALIAS_KEY_MORE 3

#define H46017_ALIAS_KEY_MAX (H46017_ALIAS_KEY_MORE + H46017_ALIAS_TEXT_MAX)

/* The octets by which aliases are told apart: equal for the h323-IDs that
 * h46017_name_is_equal() holds for equal, and for URLs that differ in `h323:`
 * or the letter case of the host; otherwise for what is the same octet for
 * octet. Writes at most H46017_ALIAS_KEY_MORE octets more than the text has,
 * and returns how many; 0 for an alias that h46017_alias_check() refuses. */
size_t h46017_alias_key(const h46017_alias *alias, uint8_t *key);

#endif /* H46017_SESSION_ALIASES_H */
