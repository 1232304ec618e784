/* SPDX-License-Identifier: BSD-2-Clause */
/* The straight-line paths of the codec (asn1/per_plain.h) against the engine
 * without them: what one does, the other does. */
#include "asn1/h225_message.h"
#include "asn1/plain_check.h"
#include "octets.h"
#include "runner.h"
#include "vectors.h"

#include "../bench/pdus.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const h46017_plain_limits usual = {(size_t)1 << 20, {64, 65536}};

static bool same(const h46017_h225_type *type, const uint8_t *data, size_t len,
                 const h46017_plain_limits *limits, const char *id) {
  uint8_t *exact = octets_exact(data, len);
  bool accepted = false;
  const char *text =
      h46017_plain_check_decode(type->node, exact, len, limits, &accepted);

  if (text != NULL) {
    ck_abort_msg("%s: %s", id, text);
  }
  free(exact);
  return accepted;
}

/* -- decoding --------------------------------------------------------- */

static void check_record(const vector *v, void *arg) {
  (void)arg;
  ck_assert(same(v->type, v->per.data, v->per.len, &usual, v->id));
}

START_TEST(every_record_is_the_same_structure_and_the_same_octets) {
  static const char *const files[] = {"ras", "uui", "types", "edge",
                                      "unknown-ext"};

  ck_assert_uint_gt(vectors_each(files[_i], check_record, NULL), 0);
}
END_TEST

/* Every bit of it turned over, every cut, every depth, and every budget. */
static void check_spoiled(const h46017_h225_type *type, const octets *o,
                          const char *id) {
  h46017_plain_limits tight = usual;
  bool accepted = false;
  size_t flipped = 0;

  ck_assert(same(type, o->data, o->len, &usual, id));
  for (size_t bit = 0; bit < o->len * 8; bit++) {
    o->data[bit / 8] ^= (uint8_t)(0x80 >> bit % 8);
    flipped += same(type, o->data, o->len, &usual, id);
    o->data[bit / 8] ^= (uint8_t)(0x80 >> bit % 8);
  }
  ck_assert(flipped > 0 && flipped < o->len * 8);
  for (size_t cut = 0; cut < o->len; cut++) {
    (void)same(type, o->data, cut, &usual, id);
  }
  for (tight.per.depth = 1; tight.per.depth < 12; tight.per.depth++) {
    (void)same(type, o->data, o->len, &tight, id);
  }
  tight = usual;
  for (tight.budget = 8; !accepted; tight.budget += 8) {
    accepted = same(type, o->data, o->len, &tight, id);
  }
}

START_TEST(hot_messages_spoiled_in_any_way_are_refused_alike) {
  const bench_pdu *pdu = &bench_pdus[_i];
  octets o = octets_hex(pdu->hex);

  check_spoiled(pdu->ras ? h46017_h225_ras_message()
                         : h46017_h225_user_information(),
                &o, pdu->name);
  octets_free(&o);
}
END_TEST

static void check_confirm(const vector *v, void *arg) {
  size_t *count = arg;
  octets o = {v->per.data, v->per.len};

  /* registrationConfirm is alternative 4 */
  if (v->per.len < 600 && v->per.data[0] >> 2 == 4) {
    check_spoiled(v->type, &o, v->id);
    (*count)++;
  }
}

START_TEST(confirmations_spoiled_in_any_way_are_refused_alike) {
  size_t count = 0;

  vectors_each("ras", check_confirm, &count);
  ck_assert_uint_gt(count, 0);
}
END_TEST

START_TEST(pdus_of_other_stacks_are_the_same) {
  const char *dir = getenv("H46017_VECTORS");
  char line[1024];
  size_t count = 0;
  FILE *f;

  if (dir == NULL) {
    puts("H46017_VECTORS is not set: public PDUs left out");
    return;
  }
  (void)snprintf(line, sizeof(line), "%s/public/MANIFEST.tsv", dir);
  f = fopen(line, "rb");
  ck_assert_msg(f != NULL, "no %s", line);
  while (fgets(line, sizeof(line), f) != NULL) {
    const char *name = strtok(line, "\t");
    const char *kind = strtok(NULL, "\t");
    const h46017_h225_type *type = h46017_h225_type_find(kind);
    char path[1024];
    static char hex[65536];
    FILE *pdu;
    octets o;
    if (type == NULL) {
      continue;
    }
    (void)snprintf(path, sizeof(path), "%s/public/%s.hex", dir, name);
    pdu = fopen(path, "rb");
    ck_assert_msg(pdu != NULL, "no %s", path);
    hex[fread(hex, 1, sizeof(hex) - 1, pdu)] = '\0';
    (void)fclose(pdu);
    o = octets_hex(hex);
    (void)same(type, o.data, o.len, &usual, name);
    octets_free(&o);
    count++;
  }
  (void)fclose(f);
  ck_assert_uint_gt(count, 0);
}
END_TEST

/* Each on its own, so that it is the one that is nested too deep. */
START_TEST(structures_nested_too_deep_are_refused_alike) {
  static const struct {
    const char *type;
    const char *hex;
  } all[] = {{"TransportAddress", "00c0a80a1406b8"},
             {"AliasAddress", "4001004100420043"},
             {"VendorIdentifier", "60b500534c00410042"},
             {"EndpointType", "0000"},
             {"EndpointType", "0200"},
             {"EndpointType", "2200b500534c00"},
             {"GenericIdentifier", "000011"},
             {"GenericIdentifier", "003fff"},
             {"GenericData", "000080"},
             {"FeatureDescriptor", "00007f"},
             {"FeatureDescriptor", "4000120000000012"}};

  for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
    octets o = octets_hex(all[i].hex);
    check_spoiled(h46017_h225_type_find(all[i].type), &o, all[i].hex);
    octets_free(&o);
  }
}
END_TEST

/* -- encoding: structures that no decoder makes ------------------------ */

static h46017_h225 *m;
static octets sample_octets;

static void *sample(const char *type, const char *hex) {
  ck_assert_int_eq(h46017_h225_new(&m, NULL, NULL), 0);
  sample_octets = octets_hex(hex);
  ck_assert_int_eq(h46017_h225_decode(m, h46017_h225_type_find(type),
                                      sample_octets.data, sample_octets.len),
                   0);
  return m->root;
}

static void both(const char *what) {
  for (uint32_t depth = 1; depth < 5; depth++) {
    const char *text = h46017_plain_check_encode(m->type->node, m->root, depth);
    ck_assert_msg(text == NULL, "%s, depth %u: %s", what, depth, text);
  }
}

static void done(void) {
  both("as it was");
  h46017_h225_del(m);
  octets_free(&sample_octets);
}

/* What becomes of it with one member set to something else. */
#define POKE(Member, Value)                                                    \
  do {                                                                         \
    __typeof__(Member) before_ = (Member);                                     \
    (Member) = (Value);                                                        \
    both(#Member " = " #Value);                                                \
    (Member) = before_;                                                        \
  } while (0)

static h46017_unknown unknown_item = {
    .index = 9, .octets = (const uint8_t *)"x", .len = 1};
static h46017_unknown_list unknown = {1, &unknown_item};

START_TEST(addresses_that_are_not_as_usual_encode_alike) {
  TransportAddress_t *t = sample("TransportAddress", "00c0a80a1406b8");

  POKE(t->choice.ipAddress.port, 65535);
  POKE(t->choice.ipAddress.port, 65536);
  POKE(t->choice.ipAddress.port, -1);
  POKE(t->choice.ipAddress.ip.size, 3);
  POKE(t->choice.ipAddress.ip.size, 5);
  POKE(t->choice.ipAddress.ip.buf, NULL);
  POKE(t->choice.ipAddress._asn_ctx.left, 0);
  POKE(t->choice.ipAddress._asn_ctx.left, 1);
  POKE(t->choice.ipAddress._asn_ctx.left, 2);
  POKE(t->present, TransportAddress_PR_NOTHING);
  done();
}
END_TEST

START_TEST(names_that_are_not_as_usual_encode_alike) {
  AliasAddress_t *a = sample("AliasAddress", "4001004100420043");
  static uint8_t text[516];

  POKE(a->choice.h323_ID.size, 0);
  POKE(a->choice.h323_ID.size, 3);
  POKE(a->choice.h323_ID.buf, NULL);
  POKE(a->present, AliasAddress_PR_NOTHING);
  a->choice.h323_ID.buf = text;
  POKE(a->choice.h323_ID.size, 512);
  POKE(a->choice.h323_ID.size, 514);
  done();
}
END_TEST

START_TEST(vendors_that_are_not_as_usual_encode_alike) {
  VendorIdentifier_t *v = sample("VendorIdentifier", "60b500534c00410042");

  POKE(v->vendor.t35CountryCode, 256);
  POKE(v->vendor.t35CountryCode, -1);
  POKE(v->vendor.t35Extension, 256);
  POKE(v->vendor.manufacturerCode, 65536);
  POKE(v->vendor._asn_ctx.left, 3);
  POKE(v->vendor._asn_ctx.left, 6);
  POKE(v->vendor._asn_ctx.ptr, &unknown);
  POKE(v->_asn_ctx.ptr, &unknown);
  POKE(v->_asn_ctx.context, 12);
  POKE(v->productId, NULL);
  POKE(v->versionId, NULL);
  POKE(v->productId->size, 0);
  POKE(v->productId->size, 257);
  POKE(v->versionId->buf, NULL);
  done();
}
END_TEST

START_TEST(endpoint_types_that_are_not_as_usual_encode_alike) {
  EndpointType_t *t = sample("EndpointType", "2200b500534c00");
  static NonStandardParameter_t non_standard;
  static BIT_STRING_t set;

  POKE(t->nonStandardData, &non_standard);
  POKE(t->set, &set);
  POKE(t->vendor, NULL);
  POKE(t->terminal, NULL);
  POKE(t->mc, 1);
  POKE(t->undefinedNode, 2);
  POKE(t->_asn_ctx.left, 0x40);
  POKE(t->_asn_ctx.left, 0x80);
  POKE(t->_asn_ctx.ptr, &unknown);
  POKE(t->_asn_ctx.context, 3);
  POKE(t->vendor->vendor.manufacturerCode, -1);
  POKE(t->terminal->nonStandardData, &non_standard);
  POKE(t->terminal->_asn_ctx.ptr, &unknown);
  done();
}
END_TEST

START_TEST(features_that_are_not_as_usual_encode_alike) {
  GenericData_t *g = sample("GenericData", "000080");
  static struct GenericData__parameters parameters;
  static uint8_t octets[] = {0x3f, 0xff, 0x00};

  POKE(g->id.present, GenericIdentifier_PR_NOTHING);
  POKE(g->id.present, GenericIdentifier_PR_oid);
  POKE(g->id.choice.standard.buf, NULL);
  POKE(g->id.choice.standard.size, 0);
  POKE(g->id.choice.standard.size, 1);
  POKE(g->parameters, &parameters);
  POKE(g->_asn_ctx.ptr, &unknown);
  POKE(g->_asn_ctx.context, 3);
  POKE(g->_asn_ctx.left, 0);
  g->id.choice.standard.buf = octets;
  for (octets[0] = 0;; octets[0]++) { /* with and without a sign, too large */
    for (int size = 0; size < 4; size++) {
      POKE(g->id.choice.standard.size, size);
    }
    if (octets[0] == 0xff) {
      break;
    }
  }
  done();
}
END_TEST

static Suite *plain_suite(void) {
  Suite *s = suite_create("plain");
  TCase *tc = tcase_create("decoding");

  tcase_set_timeout(tc, 60);
  tcase_add_loop_test(
      tc, every_record_is_the_same_structure_and_the_same_octets, 0, 5);
  tcase_add_loop_test(tc, hot_messages_spoiled_in_any_way_are_refused_alike, 0,
                      BENCH_PDUS);
  tcase_add_test(tc, confirmations_spoiled_in_any_way_are_refused_alike);
  tcase_add_test(tc, structures_nested_too_deep_are_refused_alike);
  tcase_add_test(tc, pdus_of_other_stacks_are_the_same);
  suite_add_tcase(s, tc);
  tc = tcase_create("encoding");
  tcase_add_test(tc, addresses_that_are_not_as_usual_encode_alike);
  tcase_add_test(tc, names_that_are_not_as_usual_encode_alike);
  tcase_add_test(tc, vendors_that_are_not_as_usual_encode_alike);
  tcase_add_test(tc, endpoint_types_that_are_not_as_usual_encode_alike);
  tcase_add_test(tc, features_that_are_not_as_usual_encode_alike);
  suite_add_tcase(s, tc);
  return s;
}

int main(void) {
  return run_suite(plain_suite());
}
