/* SPDX-License-Identifier: BSD-2-Clause */
#include "ras_sample.h"

#include <h46017/error.h>

#include <check.h>
#include <stdio.h>
#include <string.h>

static sample sample_octets(octets per) {
  sample s = {NULL, per};

  ck_assert_int_eq(h46017_h225_new(&s.m, NULL, NULL), 0);
  if (h46017_h225_decode(s.m, h46017_h225_ras_message(), s.per.data,
                         s.per.len) != 0) {
    const h46017_h225_error *e = h46017_h225_last_error(s.m);
    ck_abort_msg("octet %zu, %s: %s", e->offset, e->path, e->text);
  }
  return s;
}

void sample_free(sample *s) {
  h46017_h225_del(s->m);
  octets_free(&s->per);
}

sample view_hex(const char *hex, h46017_ras *ras) {
  sample s = sample_octets(octets_hex(hex));

  memset(ras, 0x5a, sizeof(*ras));
  ck_assert_int_eq(h46017_ras_view(s.m, ras), 0);
  return s;
}

h46017_text text_of(const char *text) {
  h46017_text t = {text, strlen(text)};
  return t;
}

h46017_ras ras_of(h46017_ras_kind kind, uint16_t seq) {
  h46017_ras ras;

  memset(&ras, 0, sizeof(ras));
  ras.kind = kind;
  ras.request_seq_num = seq;
  ras.protocol_version = 6;
  return ras;
}

bool sample_has(const char *hex, h46017_ras_kind kind, const char *path) {
  char full[128];
  octets o = octets_hex(hex);
  h46017_h225 *m;
  bool there;

  ck_assert_int_eq(h46017_h225_new(&m, NULL, NULL), 0);
  ck_assert_int_eq(
      h46017_h225_decode(m, h46017_h225_ras_message(), o.data, o.len), 0);
  (void)snprintf(full, sizeof(full), "%s.%s", h46017_ras_kind_name(kind), path);
  there = h46017_h225_value_kind(h46017_h225_get(h46017_h225_root(m), full)) !=
          H46017_H225_ABSENT;
  h46017_h225_del(m);
  octets_free(&o);
  return there;
}

const char *sample_of(h46017_ras_kind kind) {
  static const char *const hex[] = {
      [H46017_RAS_GRQ] = "00000000060008914a0007005712d69cd0300810",
      [H46017_RAS_GCF] =
          "050000000e48ed3ccee69914b96bb316c5475d40ffff17cb121fab869be76468c5"
          "2bd612d66fc6ff9d1efd402df27be320995882b2f486cce26b35cf",
      [H46017_RAS_GRJ] = "0880004f035504030c006d00710030006f006d00610038800100",
      [H46017_RAS_RRQ] =
          "0cc0fffe092b06010401868d1f01000200bd084436ffff000e5a9a4b0000000820"
          "01068093aa04a0073206040029004500524090ff000a0c3e8c7ac3845a2358b01a"
          "7d8dd2",
      [H46017_RAS_RCF] =
          "110000000355040300060008914a000701840159806ffa8b11cda5143a73352ad4"
          "ad11dcc190d67ea316003100360062006f00370030003800650036006700380065",
      [H46017_RAS_RRJ] = "140069c7060011837c000186022000",
      [H46017_RAS_URQ] = "18800114000003550403013e",
      [H46017_RAS_UCF] = "1c004b",
      [H46017_RAS_URJ] = "21fffe81010040b07500e100",
      [H46017_RAS_ARQ] =
          "2604fffe6140006700720066006400680030018203000038c0ffffffff5d4c3f40"
          "e2ec5acbc2d956c264feda1cfba558f24960200001801100f81327cd8b6861f852"
          "1e245d2a1ee1420100",
      [H46017_RAS_ACF] = "29000000c0062328911900ff7bffff03f2294255ce",
      [H46017_RAS_ARJ] = "2cb394860100",
      [H46017_RAS_BRQ] =
          "3100fe2e12007600200055005a03b100e90022003d004c0043a649740a98e6d58f"
          "6e570bdcf320227400e548795b",
      [H46017_RAS_BCF] = "34d86ac09025e1e0",
      [H46017_RAS_BRJ] = "38fffe4072",
      [H46017_RAS_DRQ] = "3c011900007993e6ed4ffeadad7e72753a68ac2f9344012600",
      [H46017_RAS_DCF] = "41557c40ffff00000329de64",
      [H46017_RAS_DRJ] = "44008e810140",
      [H46017_RAS_LRQ] =
          "4880fffe01030025c365c0010001f6406b1e7e3e93b5de7066c4b74a5281694c",
      [H46017_RAS_LCF] =
          "4ca14c60060011837c000103b1310f3061ce4126da4c2e46bf0712d25bcdfda95f"
          "ee",
      [H46017_RAS_LRJ] = "50fffe870100",
      [H46017_RAS_IRQ] = "5400fffe0000",
      [H46017_RAS_IRR] =
          "5800fffe881030049a13af7d0c0031006a0020003000620078006660100fe024a0"
          "77dfe7c676931e00dff9c7050aed384b36b20b4e6aacb00330b721d909c84c6de2"
          "2b6014aababb14cb0030302e6cb1bd33bcf3e0487f740ff9ae8c55656464970c00"
          "5e164fa5ab533c09cce03de5056f765e7a33683e1e6e1adc",
      [H46017_RAS_NSM] = "5c58cc00060008914a000403c1c21a",
      [H46017_RAS_XRS] = "60fffe",
      [H46017_RAS_RIP] = "800500fffe156f",
      [H46017_RAS_RAI] =
          "812100fffe14295377e7c38c4460e388a435cce1f92bdabfa206000030011c0501"
          "0080",
      [H46017_RAS_RAC] = "8205008a130100",
      [H46017_RAS_IACK] = "830908c2110355040302c0",
      [H46017_RAS_INAK] = "840400011700",
      [H46017_RAS_SCI] =
          "85420600d2a60001401e8000070008834c11000106c00300006c0d00004b5c751d"
          "d77691f1a56340060008914a0004c0017f044001000300060011837c00011c8b1c"
          "f150",
      [H46017_RAS_SCR] = "8603002701",
      [H46017_RAS_ACF_SEQUENCE] = "870100",
  };

  ck_assert_int_lt((int)kind, (int)(sizeof(hex) / sizeof(hex[0])));
  return hex[kind];
}
