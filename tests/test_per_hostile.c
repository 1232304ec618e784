/* SPDX-License-Identifier: BSD-2-Clause */
/* Aligned PER from somebody who means harm. What single encodings mean is in
 * test_per.c; what an input may cost in test_per_work.c. */
#include "asn1/node.h"
#include "bitwriter.h"
#include "octets.h"
#include "runner.h"

#include <h46017/error.h>
#include <h46017/h225.h>

#include <check.h>
#include <stdio.h>
#include <string.h>

#define INPUT_MAX 65536

static h46017_h225 *m;
static uint8_t input[INPUT_MAX];
static uint8_t output[INPUT_MAX + 64];

static void setup(void) {
  ck_assert_int_eq(h46017_h225_new(&m, NULL, NULL), 0);
}

static void teardown(void) {
  h46017_h225_del(m);
}

static bitwriter writer(void) {
  return bitwriter_to(input, INPUT_MAX);
}

static void aligned(bitwriter *w, uint32_t v, unsigned bits) {
  bitwriter_align(w);
  bitwriter_put(w, v, bits);
}

/* Whole octets, as an encoder ends a PDU. */
static size_t finish(bitwriter *w) {
  bitwriter_align(w);
  ck_assert(bitwriter_fits(w));
  return w->pos / 8;
}

static int decode(const char *type, size_t len) {
  return h46017_h225_decode(m, h46017_h225_type_find(type), input, len);
}

/* -- P1 ---------------------------------------------------------------------
 */

static bool has(const h46017_node *n, size_t i) {
  h46017_h225_value v =
      h46017_h225_get(h46017_h225_root(m), n->members[i].name);

  return h46017_h225_value_kind(v) != H46017_H225_ABSENT;
}

/* A preamble, and zeros for the components: the least number, the first
 * alternative, the shortest string. Only an INTEGER without bounds has no value
 * of zero octets. */
static bool preamble_holds(const h46017_h225_type *type, uint32_t combination,
                           size_t bits) {
  const h46017_node *n = type->node;
  bitwriter w = writer();
  size_t bit = bits;
  size_t len = 0;
  int rv;

  memset(input, 0, 4096);
  if (n->extensible) {
    bitwriter_put(&w, 0, 1);
  }
  bitwriter_put(&w, combination, (unsigned)bits);
  rv = h46017_h225_decode(m, type, input, 4096);
  if (rv != 0) {
    ck_assert_msg(rv == H46017_ERR_PER_LENGTH, "%s %x: %d at %s", type->name,
                  combination, rv, h46017_h225_last_error(m)->path);
    return false;
  }
  for (size_t i = 0; i < n->nroot; i++) {
    bool want = true;
    if (n->members[i].optional) {
      bit--;
      want = (combination >> bit & 1) != 0;
    }
    ck_assert_msg(has(n, i) == want, "%s %x: %s", type->name, combination,
                  n->members[i].name);
  }
  ck_assert_int_eq(h46017_h225_encode(m, output, sizeof(output), &len), 0);
  ck_assert_uint_eq(len, 4096);
  ck_assert_mem_eq(output, input, len);
  return true;
}

START_TEST(p1_every_combination_of_optional_components) {
  size_t held = 0;
  size_t refused = 0;
  const h46017_h225_type *type;

  for (size_t t = 0; (type = h46017_h225_type_at(t)) != NULL; t++) {
    size_t bits = type->node->noptional;
    uint32_t step = bits > 10 ? 37 : 1; /* a sample where there are too many */
    if (type->node->kind != H46017_NODE_SEQUENCE) {
      continue;
    }
    for (uint32_t c = 0; c < (uint32_t)1 << bits; c += step) {
      if (preamble_holds(type, c, bits)) {
        held++;
      } else {
        refused++;
      }
    }
  }
  ck_assert_uint_gt(held, 1500);
  ck_assert_uint_lt(refused, held);
}
END_TEST

/* -- P4, P5, P7 -------------------------------------------------------------
 */

START_TEST(p4_an_open_type_of_any_length_but_the_right_one) {
  /* requestInProgress: an addition `delay` of two octets in a hole of n */
  static const size_t cut[] = {2, 3, 3, 5,
                               5}; /* what has no room begins there */

  for (uint32_t n = 0; n < 200; n++) {
    int rv;
    memset(input, 0, 256);
    input[0] = 0x80;
    input[1] = (uint8_t)n;
    rv = decode("RasMessage", 256);
    if (n < 128) {
      ck_assert_int_eq(rv, n < 5 ? H46017_ERR_TRUNCATED : 0);
      if (n < 5) {
        ck_assert_uint_eq(h46017_h225_last_error(m)->offset, cut[n]);
      }
    } else if (n == 0xc0 || n > 0xc4) { /* no number of fragments */
      ck_assert_int_eq(rv, H46017_ERR_PER_LENGTH);
    } else { /* the long form, of nothing or too much; fragments of 16K */
      ck_assert_int_eq(rv, H46017_ERR_TRUNCATED);
    }
  }
}
END_TEST

/* AlternateTransportAddresses: annexE, SEQUENCE OF TransportAddress, each the
 * ipAddress 0.0.0.0:0, seven octets. */
static size_t addresses(size_t count) {
  bitwriter w = writer();

  memset(input, 0, sizeof(input));
  bitwriter_put(&w, 1, 2);
  if (count < 128) {
    aligned(&w, (uint32_t)count, 8);
  } else {
    aligned(&w, 0x8000U | (uint32_t)count, 16);
  }
  return finish(&w) + count * 7;
}

START_TEST(p7_counts_small_and_large) {
  static const size_t counts[] = {0, 1, 127, 128, 129, 255, 256, 1000, 5000};

  for (size_t i = 0; i < sizeof(counts) / sizeof(counts[0]); i++) {
    size_t len = addresses(counts[i]);
    size_t n = 0;
    ck_assert_int_eq(decode("AlternateTransportAddresses", len), 0);
    ck_assert_uint_eq(
        h46017_h225_count(h46017_h225_get(h46017_h225_root(m), "annexE")),
        counts[i]);
    ck_assert_int_eq(h46017_h225_encode(m, output, sizeof(output), &n), 0);
    ck_assert_uint_eq(n, len);
    ck_assert_mem_eq(output, input, len);
    if (counts[i] > 0) { /* one octet less is too little for as many */
      ck_assert_int_eq(decode("AlternateTransportAddresses", len - 1),
                       H46017_ERR_TRUNCATED);
      ck_assert_uint_eq(h46017_h225_last_error(m)->offset, len - 2); /* port */
    }
  }
  ck_assert_int_eq(decode("AlternateTransportAddresses", addresses(9000)),
                   H46017_ERR_PER_BUDGET); /* of memory: a mebioctet */
}
END_TEST

START_TEST(p7_a_count_of_2_31_is_refused_before_memory_is_taken) {
  bitwriter w = writer();

  /* 64K elements a fragment, again and again: more than all of 2^31 */
  memset(input, 0xc4, sizeof(input));
  bitwriter_put(&w, 1, 2);
  aligned(&w, 0xc4, 8);
  ck_assert_int_eq(decode("AlternateTransportAddresses", INPUT_MAX),
                   H46017_ERR_PER_BUDGET);
  ck_assert_uint_eq(h46017_h225_last_error(m)->offset, 2);
  ck_assert_uint_eq(h46017_h225_memory_used(m), 0);
}
END_TEST

/* -- P14, P15 ---------------------------------------------------------------
 */

/* GenericIdentifier: standard 1. */
static void put_id(bitwriter *w) {
  bitwriter_put(w, 0, 4); /* root, alternative 0 of 3, in the root again */
  aligned(w, 1, 16);
}

/* EnumeratedParameters inside one another, through `compound` or `nested`. */
static size_t nesting(unsigned levels, bool nested) {
  bitwriter w = writer();

  for (unsigned i = 0; i < levels; i++) {
    bitwriter_put(&w, 1, 2); /* content is there */
    put_id(&w);
    bitwriter_put(&w, nested ? 11 : 10, 5);
    if (nested) {
      bitwriter_put(&w, 0, 4); /* one of 1 to 16 */
      bitwriter_put(&w, 1, 2); /* GenericData: parameters are there */
      put_id(&w);
    }
    aligned(&w, 0, 16); /* one of 1 to 512 */
  }
  bitwriter_put(&w, 0, 2);
  put_id(&w);
  return finish(&w);
}

START_TEST(p14_nesting_to_any_depth_ends_at_the_limit) {
  bool nested = _i == 1;
  unsigned fits = nested ? 12 : 20; /* five types a level, or three, of 64 */
  size_t offset = 0;
  size_t len = 0;

  for (unsigned levels = 0; levels <= fits; levels++) {
    size_t n = 0;
    len = nesting(levels, nested);
    ck_assert_int_eq(decode("EnumeratedParameter", len), 0);
    ck_assert_int_eq(h46017_h225_encode(m, output, sizeof(output), &n), 0);
    ck_assert_uint_eq(n, len);
    ck_assert_mem_eq(output, input, len);
  }
  for (unsigned levels = fits + 1; levels <= 5000; levels++) {
    len = nesting(levels, nested);
    ck_assert_int_eq(decode("EnumeratedParameter", len), H46017_ERR_PER_DEPTH);
    /* always there: what lies deeper is not looked at */
    if (offset == 0) {
      offset = h46017_h225_last_error(m)->offset;
    }
    ck_assert_uint_eq(h46017_h225_last_error(m)->offset, offset);
    levels += levels > 100 ? 300 : 0;
  }
  ck_assert_uint_le(offset, 64 * 16);
}
END_TEST

/* Can the type of `n` contain `what`? */
static bool contains(const h46017_node *n, const h46017_node *what,
                     unsigned depth) {
  if (depth == 0) {
    return false;
  }
  if (n->kind != H46017_NODE_SEQUENCE && n->kind != H46017_NODE_CHOICE &&
      n->kind != H46017_NODE_SEQUENCE_OF) {
    return false;
  }
  for (size_t i = 0; i < n->nmembers; i++) {
    if (n->members[i].node == what ||
        contains(n->members[i].node, what, depth - 1)) {
      return true;
    }
  }
  return false;
}

START_TEST(p15_generic_parameters_alone_contain_themselves) {
  static const char *const recursive[] = {"Content", "EnumeratedParameter",
                                          "GenericData"};
  static const char *const not_so[] = {"CryptoH323Token", "CryptoToken",
                                       "H245.NonStandardParameter",
                                       "AliasAddress", "TransportAddress"};

  for (size_t i = 0; i < sizeof(recursive) / sizeof(recursive[0]); i++) {
    const h46017_h225_type *t = h46017_h225_type_find(recursive[i]);
    ck_assert_ptr_nonnull(t);
    ck_assert(contains(t->node, t->node, 6));
  }
  for (size_t i = 0; i < sizeof(not_so) / sizeof(not_so[0]); i++) {
    const h46017_h225_type *t = h46017_h225_type_find(not_so[i]);
    if (t != NULL) {
      ck_assert_msg(!contains(t->node, t->node, 8), "%s", not_so[i]);
    }
  }
}
END_TEST

int main(void) {
  Suite *s = suite_create("per_hostile");
  TCase *tc = tcase_create("hostile");

  tcase_add_checked_fixture(tc, setup, teardown);
  tcase_set_timeout(tc, 300);
  tcase_add_test(tc, p1_every_combination_of_optional_components);
  tcase_add_test(tc, p4_an_open_type_of_any_length_but_the_right_one);
  tcase_add_test(tc, p7_counts_small_and_large);
  tcase_add_test(tc, p7_a_count_of_2_31_is_refused_before_memory_is_taken);
  tcase_add_loop_test(tc, p14_nesting_to_any_depth_ends_at_the_limit, 0, 2);
  tcase_add_test(tc, p15_generic_parameters_alone_contain_themselves);
  suite_add_tcase(s, tc);
  return run_suite(s);
}
