/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef H46017_ASN1_UUI_H
#define H46017_ASN1_UUI_H

/* What the tunnel looks at in every decoded H323-UserInformation, read from
 * the C structure as it is; all else is read through h46017/h225.h. */

#include <h46017/h225.h>

/* h323-message-body is `empty`. */
bool h46017_uui_body_is_empty(const h46017_h225 *m);

/* h245Tunnelling is there and TRUE. */
bool h46017_uui_h245_tunnelling(const h46017_h225 *m);

/* Where a walk over genericData stands; begin with zeros. */
typedef struct h46017_uui_cursor {
  size_t generic;   /* behind the entry that was found */
  size_t parameter; /* the next of its parameters */
} h46017_uui_cursor;

/* Goes to the next entry of genericData whose id is `standard` with this
 * number; an oid or nonStandard with the same number in it is somebody
 * else's. False: there is no more. */
bool h46017_uui_next_generic(const h46017_h225 *m, int64_t id,
                             h46017_uui_cursor *at);

/* The next parameter of the entry that was found. `*praw` is NULL where its id
 * is not `standard` with this number, or its content not `raw`. *Borrows* from
 * `m` or its input. False: there is no more. */
bool h46017_uui_next_parameter(const h46017_h225 *m, int64_t id,
                               h46017_uui_cursor *at, const uint8_t **praw,
                               size_t *plen);

#endif /* H46017_ASN1_UUI_H */
