/* SPDX-License-Identifier: BSD-2-Clause */

/* An application with asn1c code of its own that links libh46017 too. Both
 * codecs must run, each with its own descriptors. */

#include <AliasAddress.h>
#include <RasMessage.h>

#include <h46017/h225.h>

#include <stdio.h>
#include <string.h>

static int neighbour_says(const char *what) {
  (void)fprintf(stderr, "neighbour: %s\n", what);
  return 1;
}

/* The application's: a sequence of two, unaligned PER. */
static int own_codec(void) {
  RasMessage_t in, *out = NULL;
  unsigned char buf[16];
  asn_enc_rval_t er;
  asn_dec_rval_t dr;
  int same;

  if (asn_DEF_RasMessage.elements_count != 2 ||
      asn_DEF_AliasAddress.elements_count != 2 ||
      strcmp(asn_DEF_AliasAddress.elements[0].name, "room") != 0) {
    return neighbour_says("the application's descriptors are not its own");
  }
  memset(&in, 0, sizeof(in));
  in.who.present = AliasAddress_PR_room;
  in.who.choice.room = 1001;
  in.loud = 1;
  er = uper_encode_to_buffer(&asn_DEF_RasMessage, &in, buf, sizeof(buf));
  if (er.encoded != 12) { /* bits: 1 of the choice, 10, 1 */
    return neighbour_says("the application does not encode");
  }
  dr = uper_decode_complete(NULL, &asn_DEF_RasMessage, (void **)&out, buf, 2);
  same = dr.code == RC_OK && out->who.present == AliasAddress_PR_room &&
         out->who.choice.room == 1001 && out->loud;
  ASN_STRUCT_FREE(asn_DEF_RasMessage, out);
  return same ? 0 : neighbour_says("the application does not decode");
}

/* The library's: a choice of 33, aligned PER. An RRJ with duplicateAlias. */
static int library_codec(void) {
  static const uint8_t rrj[] = {0x14, 0x00, 0x00, 0x01, 0x06, 0x00,
                                0x08, 0x91, 0x4a, 0x00, 0x06, 0x40,
                                0x01, 0x01, 0x00, 0x45, 0x60};
  uint8_t again[sizeof(rrj)];
  h46017_h225 *m;
  char digits[8];
  size_t len = 0;
  int rv = h46017_h225_new(&m, NULL, NULL);

  if (rv != 0) {
    return neighbour_says("no message object");
  }
  rv = h46017_h225_decode(m, h46017_h225_ras_message(), rrj, sizeof(rrj));
  if (rv == 0) {
    rv = h46017_h225_read_text(
        h46017_h225_get(
            h46017_h225_root(m),
            "registrationReject.rejectReason.duplicateAlias[0].dialledDigits"),
        digits, sizeof(digits), &len);
  }
  if (rv != 0 || strcmp(digits, "123") != 0) {
    return neighbour_says("the library does not decode");
  }
  rv = h46017_h225_encode(m, again, sizeof(again), &len);
  h46017_h225_del(m);
  return rv == 0 && len == sizeof(rrj) && memcmp(again, rrj, len) == 0
             ? 0
             : neighbour_says("the library does not encode");
}

int main(void) {
  /* twice, each first once: the first use writes into alias descriptors */
  return own_codec() || library_codec() || library_codec() || own_codec();
}
