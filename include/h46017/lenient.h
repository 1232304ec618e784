/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef H46017_LENIENT_H
#define H46017_LENIENT_H

/** @file
 * What real peers do that the Recommendations do not say, by name.
 *
 * Settings take a set of these; 0 is strict. The default is what the peers
 * seen in the field need. None of them changes what is *sent*.
 */

#include <h46017/common.h>

#ifdef __cplusplus
extern "C" {
#endif

/** One deviation that is tolerated. New ones may come. */
typedef enum h46017_lenient {
  /** The empty TPKT `00 03 00 04`, its first two octets swapped, is a
   * keep-alive. Tandberg endpoints send it. */
  H46017_LENIENT_SWAPPED_KEEPALIVE = 0x0001,

  /** A call reference of no octet, or of one, where H.225.0 7.2.1 demands
   * two. innovaphone devices before firmware r12 send `08 00 62` for
   * tunnelled RAS. */
  H46017_LENIENT_SHORT_CALL_REFERENCE = 0x0002,

  /** Information elements in any order. Q.931 4.5.1 wants them ascending
   * within a codeset; it lets a receiver do without. */
  H46017_LENIENT_IE_ORDER = 0x0004,

  /** Tunnelled RAS under a call reference other than 0. GnuGk before 4.2
   * sent ARQ, DRQ and their answers with the call's. */
  H46017_LENIENT_RAS_CALL_REFERENCE = 0x0008,

  /** Tunnelled RAS with the call reference flag set. GnuGk sends `80 00`
   * while the connection carries a call that the endpoint originated. */
  H46017_LENIENT_RAS_CALL_REFERENCE_FLAG = 0x0010,

  /** Tunnelled RAS in a Facility without a Facility information element;
   * only two implementations are known to send the empty one always. */
  H46017_LENIENT_RAS_NO_FACILITY_IE = 0x0020,

  /** Tunnelled RAS in a Facility whose h323-message-body is not `empty`:
   * neither GnuGk nor h323plus looks at it. */
  H46017_LENIENT_RAS_ANY_BODY = 0x0040,

  /** Tunnelled RAS without h245Tunnelling, or with FALSE: innovaphone devices
   * sometimes leave it out; GnuGk sends its own current state. */
  H46017_LENIENT_RAS_NO_H245_TUNNELLING = 0x0080,

  /** The answer to a lightweight RRQ without a password token, over a transport
   * that does not prove who the gatekeeper is: innovaphone gatekeepers put one
   * into the answer to the full RRQ only. */
  H46017_LENIENT_UNSIGNED_REFRESH = 0x0100
} h46017_lenient;

/** Everything above: the default. */
#define H46017_LENIENT_DEFAULT ((uint32_t)0x01ff)

/** Nothing. */
#define H46017_LENIENT_STRICT ((uint32_t)0)

#ifdef __cplusplus
}
#endif

#endif /* H46017_LENIENT_H */
