/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef H46017_BASE_SETTINGS_H
#define H46017_BASE_SETTINGS_H

#include <h46017/common.h>

/* Copies a struct that begins with `size_t struct_size` from a program that
 * may have been built with an older or a newer header: what both know is
 * copied, what only the library knows keeps the value `dst` already holds (its
 * default), what only the program knows must be zero.
 *
 * `dst_size` is the library's size, `least` the size of the first version.
 * INVALID_ARGUMENT: struct_size is 0 or below `least`, or a setting that this
 * library does not know is in use. `dst` is untouched then. */
int h46017_settings_copy(void *dst, size_t dst_size, size_t least,
                         const void *src);

/* Writes the defaults `def` (of `def_size`) into a program's struct of
 * `size` octets, with struct_size set; octets beyond what is known are zeroed.
 */
void h46017_settings_fill(void *out, size_t size, const void *def,
                          size_t def_size);

#endif /* H46017_BASE_SETTINGS_H */
