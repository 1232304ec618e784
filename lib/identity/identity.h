/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef H46017_IDENTITY_IDENTITY_H
#define H46017_IDENTITY_IDENTITY_H

/* What objects need to keep an identity that a program only lent them. */

#include <h46017/identity.h>

/* The longest CN that can name a device, in octets. X.520 allows 64
 * characters (ub-common-name); certificates that break it exist. */
#define H46017_CN_MAX 256

/* Reads an identity of any program's age into one of the library's size; the
 * texts stay where they are. NULL is "plain TCP, nobody". INVALID_ARGUMENT:
 * see h46017_settings_copy(), or a text or list is NULL and has a length. */
int h46017_identity_read(h46017_identity *out, const h46017_identity *src);

/* A deep copy in one block. `*pout` is set on success only, and freed with
 * h46017_mem_release(). INVALID_ARGUMENT as above, NOMEM. */
int h46017_identity_dup(const h46017_mem *mem, h46017_identity **pout,
                        const h46017_identity *src);

/* The same with `front` octets before it, uninitialised, for the caller:
 * `*pblock` is what is to be freed. `front` is a multiple of the strictest
 * alignment. */
int h46017_identity_dup_behind(const h46017_mem *mem, size_t front,
                               void **pblock, h46017_identity **pout,
                               const h46017_identity *src);

/* True when a CN can name a device at all: valid text, not empty, not longer
 * than H46017_CN_MAX, no control or invisible formatting characters, no blank
 * at either end. */
bool h46017_name_is_clean(const char *name, size_t len);

#endif /* H46017_IDENTITY_IDENTITY_H */
