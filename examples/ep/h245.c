/* SPDX-License-Identifier: BSD-2-Clause */
#include "h245.h"

#include <string.h>

/* X.691 by hand: the indices of the CHOICEs, one bit each for what may follow,
 * then whole octets. */

enum {
  TERMINAL_TYPE = 50,  /* H.323 table 1: a terminal without an MC */
  NUMBERS = 0x1000000, /* a statusDeterminationNumber is modulo this */
};

/* the first octet of what is looked at */
enum {
  DETERMINATION = 0x01,     /* request 1 */
  CAPABILITIES = 0x02,      /* request 2 */
  DETERMINATION_ACK = 0x20, /* response 1, and half of 0 */
};

static void put(h245_message *out, const uint8_t *octets, size_t len) {
  memcpy(out->per, octets, len);
  out->len = len;
}

void h245_capabilities(h245_message *out) {
  /* sequenceNumber 1, {itu-t recommendation h 245 version 13}, no table */
  static const uint8_t octets[] = {CAPABILITIES, 0x00, 1,    6,    0x00,
                                   0x08,         0x81, 0x75, 0x00, 13};
  put(out, octets, sizeof octets);
}

void h245_determination(h245_message *out, uint32_t number) {
  const uint8_t octets[] = {
      DETERMINATION,           0x00,
      TERMINAL_TYPE,           0x80, /* three octets of number */
      (uint8_t)(number >> 16), (uint8_t)(number >> 8),
      (uint8_t)number};
  put(out, octets, sizeof octets);
}

void h245_end_session(h245_message *out) {
  static const uint8_t octets[] = {0x4a, 0x40}; /* command 5, disconnect */
  put(out, octets, sizeof octets);
}

/* Says what the other side is. */
static void determination_ack(h245_message *out, bool slave) {
  const uint8_t octets[] = {DETERMINATION_ACK, slave ? 0xa0 : 0x80};
  put(out, octets, sizeof octets);
}

/* H.245 C.2: the greater type leads, then the number that is ahead by less than
 * half of all. */
static bool answer_determination(h245_message *out, const uint8_t *per,
                                 size_t len, uint32_t number) {
  static const uint8_t reject[] = {0x21, 0x00}; /* identicalNumbers */
  uint32_t theirs = 0;
  size_t octets = len > 3 ? (size_t)(per[3] >> 6) + 1 : 0;
  if (octets == 0 || len < 4 + octets) {
    return false;
  }
  for (size_t i = 0; i < octets; i++) {
    theirs = theirs << 8 | per[4 + i];
  }
  uint32_t ahead = (theirs - number) % NUMBERS;
  if (per[2] != TERMINAL_TYPE) {
    determination_ack(out, per[2] < TERMINAL_TYPE);
  } else if (ahead == 0 || ahead == NUMBERS / 2) {
    put(out, reject, sizeof reject);
  } else {
    determination_ack(out, ahead < NUMBERS / 2);
  }
  return true;
}

bool h245_answer(h245_message *out, const uint8_t *per, size_t len,
                 uint32_t number, bool *begun) {
  if (len >= 3 && per[0] == CAPABILITIES) {
    const uint8_t octets[] = {0x21, 0x80, per[2]}; /* Ack of that number */
    put(out, octets, sizeof octets);
    return true;
  }
  if (len >= 4 && per[0] == DETERMINATION) {
    *begun = false;
    return answer_determination(out, per, len, number);
  }
  if (len >= 2 && per[0] == DETERMINATION_ACK && (per[1] & 0xc0) == 0x80 &&
      *begun) {
    *begun = false;
    determination_ack(out, (per[1] & 0x20) == 0);
    return true;
  }
  return false;
}
