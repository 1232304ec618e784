/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef H46017_WIRE_FACILITY_H
#define H46017_WIRE_FACILITY_H

/* The Facility message that carries RAS: reading what is in one, writing one.
 * H.460.17: genericData with id standard 17; each parameter with id standard 1
 * and content raw is a RasMessage. */

#include <h46017/h225.h>
#include <h46017/tunnel.h>

#include "asn1/uui.h"

/* What an H323-UserInformation says about tunnelled RAS. */
typedef struct h46017_facility {
  bool tunnelled;       /* genericData 17 is there: the message is ours */
  bool body_empty;      /* h323-message-body is `empty` */
  bool h245_tunnelling; /* h245Tunnelling is there and TRUE */
  uint32_t ras;         /* RAS messages in it */
  uint32_t ignored;     /* other parameters beside them */
  const uint8_t *only; /* the one RAS message of a plain Facility, NULL where */
  size_t only_len;     /* it was decoded */
} h46017_facility;

/* A plain Facility is octet for octet what h46017_facility_write() makes, which
 * is what all known peers send: it says itself where its RAS message is. Any
 * other is decoded into `m`, which has to hold the message as long as its RAS
 * messages are looked at. Fails with what the codec says. */
int h46017_facility_read(h46017_facility *f, h46017_h225 *m, const uint8_t *per,
                         size_t len);

/* The same without the shorter way. */
int h46017_facility_decode(h46017_facility *f, h46017_h225 *m,
                           const uint8_t *per, size_t len);

/* The next RAS message, in the order of the message, from a cursor of zeros on;
 * *borrows* from `m` or its input. False behind the last. */
bool h46017_facility_next(const h46017_facility *f, const h46017_h225 *m,
                          h46017_uui_cursor *at, const uint8_t **pper,
                          size_t *plen);

/* Octets of the TPKT around a RAS message of `len` <= H46017_TUNNEL_MAX_RAS. */
size_t h46017_facility_size(size_t len);

/* Writes that TPKT. */
void h46017_facility_write(uint8_t *out, const uint8_t *per, size_t len);

#endif /* H46017_WIRE_FACILITY_H */
