/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef H46017_ASN1_H225_SHARE_H
#define H46017_ASN1_H225_SHARE_H

#include <h46017/h225.h>

/* Makes the component at `path` a value that stands elsewhere, in another
 * message or in this: both have it then, and the other one has to live, as it
 * is, until this one has been encoded. Fails as the setters do; ABSENT: there
 * is no value. TYPE_MISMATCH also for `_ext_N`. */
int h46017_h225_share(h46017_h225 *m, const char *path, h46017_h225_value v);

#endif /* H46017_ASN1_H225_SHARE_H */
