/* SPDX-License-Identifier: BSD-2-Clause */
/* Aligned PER from somebody who means harm: made-up inputs by the thousand,
 * and what they may cost. What single encodings mean is in test_per.c. */
#include "asn1/bits.h"
#include "asn1/node.h"
#include "octets.h"

#include <h46017/error.h>
#include <h46017/h225.h>

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define INPUT_MAX 65536
#define BUDGET ((size_t)1 << 20) /* the default of max_memory */

/* The full registration of H.460.17's worked example. */
#define RRQ_FULL                                                               \
  "0e800000060008914a0006000000020001400b003000390039003000330033003200660036" \
  "0038003800"                                                                 \
  "6100b500534c348b000000020077010001000180"

static h46017_h225 *m;
static uint8_t input[INPUT_MAX];
static uint8_t output[INPUT_MAX + 64];

static void setup(void) {
  ck_assert_int_eq(h46017_h225_new(&m, NULL, NULL), 0);
}

static void teardown(void) {
  h46017_h225_del(m);
}

static h46017_bitwriter writer(void) {
  h46017_bitwriter w = {input, 0, (size_t)INPUT_MAX * 8};

  return w;
}

static void aligned(h46017_bitwriter *w, uint32_t v, unsigned bits) {
  h46017_bits_put_align(w);
  h46017_bits_put(w, v, bits);
}

/* Whole octets, as an encoder ends a PDU. */
static size_t finish(h46017_bitwriter *w) {
  h46017_bits_put_align(w);
  ck_assert(h46017_bits_fit(w));
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
  h46017_bitwriter w = writer();
  size_t bit = bits;
  size_t len = 0;
  int rv;

  memset(input, 0, 4096);
  if (n->extensible) {
    h46017_bits_put(&w, 0, 1);
  }
  h46017_bits_put(&w, combination, (unsigned)bits);
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
  for (uint32_t n = 0; n < 200; n++) {
    int rv;
    memset(input, 0, 256);
    input[0] = 0x80;
    input[1] = (uint8_t)n;
    rv = decode("RasMessage", 256);
    if (n < 128) {
      ck_assert_int_eq(rv, n < 5 ? H46017_ERR_TRUNCATED : 0);
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
  h46017_bitwriter w = writer();

  memset(input, 0, sizeof(input));
  h46017_bits_put(&w, 1, 2);
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
    }
  }
  ck_assert_int_eq(decode("AlternateTransportAddresses", addresses(9000)),
                   H46017_ERR_PER_BUDGET); /* of memory: a mebioctet */
}
END_TEST

START_TEST(p7_a_count_of_2_31_is_refused_before_memory_is_taken) {
  h46017_bitwriter w = writer();

  /* 64K elements a fragment, again and again: more than all of 2^31 */
  memset(input, 0xc4, sizeof(input));
  h46017_bits_put(&w, 1, 2);
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
static void put_id(h46017_bitwriter *w) {
  h46017_bits_put(w, 0, 4); /* root, alternative 0 of 3, in the root again */
  aligned(w, 1, 16);
}

/* EnumeratedParameters inside one another, through `compound` or `nested`. */
static size_t nesting(unsigned levels, bool nested) {
  h46017_bitwriter w = writer();

  for (unsigned i = 0; i < levels; i++) {
    h46017_bits_put(&w, 1, 2); /* content is there */
    put_id(&w);
    h46017_bits_put(&w, nested ? 11 : 10, 5);
    if (nested) {
      h46017_bits_put(&w, 0, 4); /* one of 1 to 16 */
      h46017_bits_put(&w, 1, 2); /* GenericData: parameters are there */
      put_id(&w);
    }
    aligned(&w, 0, 16); /* one of 1 to 512 */
  }
  h46017_bits_put(&w, 0, 2);
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

/* -- P16: what an input may cost --------------------------------------------
 */

static const char *const travelling[] = {"RasMessage", "H323-UserInformation"};

/* Octets that were chosen to be decoded for long: every possible first octet,
 * or a good message cut anywhere, and then the same octet over and over. */
#define FILLS 13
#define NOISE 12 /* not an octet: what chance brings */
static const uint8_t fills[FILLS] = {0x00, 0x01, 0x08, 0x10, 0x3f, 0x40, 0x55,
                                     0x7f, 0x80, 0xbf, 0xc1, 0xff, 0};

static size_t good_len;

static void hostile(size_t number, size_t len) {
  size_t fill = number % FILLS;
  size_t head = number / FILLS;

  memset(input, fills[fill], len);
  if (fill == NOISE) {
    uint32_t x = (uint32_t)number | 1;
    for (size_t i = 0; i < len; i++) {
      x ^= x << 13;
      x ^= x >> 17;
      x ^= x << 5;
      input[i] = (uint8_t)x;
    }
  }
  if (head < 256) {
    input[0] = (uint8_t)head;
  } else {
    octets good = octets_hex(RRQ_FULL);
    size_t n = head - 256 < len ? head - 256 : len;
    memcpy(input, good.data, n < good.len ? n : good.len);
    octets_free(&good);
  }
}

static size_t hostile_count(void) {
  octets good = octets_hex(RRQ_FULL);

  good_len = good.len;
  octets_free(&good);
  return FILLS * (256 + good_len + 1);
}

static double decode_time(const h46017_h225_type *type, size_t len, int *prv) {
  clock_t began = clock();

  *prv = h46017_h225_decode(m, type, input, len);
  return (double)(clock() - began) / CLOCKS_PER_SEC;
}

/* The budget, and errors of the peer's, for whatever comes. */
static void cost_is_bounded(const h46017_h225_type *type, size_t len) {
  int rv = h46017_h225_decode(m, type, input, len);

  ck_assert_msg(rv == 0 || rv == H46017_ERR_TRUNCATED ||
                    rv == H46017_ERR_PER_CONSTRAINT ||
                    rv == H46017_ERR_PER_LENGTH || rv == H46017_ERR_PER_DEPTH ||
                    rv == H46017_ERR_PER_BUDGET,
                "%s", h46017_error_name(rv));
  ck_assert_uint_le(h46017_h225_memory_used(m), BUDGET);
  if (rv != 0) { /* the place is inside of what was sent */
    ck_assert_uint_le(h46017_h225_last_error(m)->offset, len);
    ck_assert_uint_eq(h46017_h225_memory_used(m), 0);
  }
}

START_TEST(p16_no_input_takes_more_than_the_budget) {
  static const size_t sizes[] = {16, 256, 4096, INPUT_MAX};
  const h46017_h225_type *type = h46017_h225_type_find(travelling[_i % 2]);
  size_t count = hostile_count();

  for (size_t i = 0; i < count; i++) {
    hostile(i, sizes[_i / 2]);
    cost_is_bounded(type, sizes[_i / 2]);
  }
}
END_TEST

/* A registration of about `len` octets, of one kind of content. */
static size_t registration(h46017_h225 *b, int kind, size_t len) {
  static const uint8_t blob[INPUT_MAX];
  octets good = octets_hex(RRQ_FULL);
  char path[96];
  size_t have = 0;
  size_t n = 0;

  ck_assert_int_eq(
      h46017_h225_decode(b, h46017_h225_ras_message(), good.data, good.len), 0);
  for (unsigned i = 0; have < len - 200; i++) {
    switch (kind) {
    case 0:
      (void)snprintf(path, sizeof(path),
                     "registrationRequest.terminalAlias[%u].dialledDigits", i);
      n = 7;
      ck_assert_int_eq(h46017_h225_set_text(b, path, "0123456789", 10), 0);
      break;
    case 1:
      (void)snprintf(path, sizeof(path),
                     "registrationRequest.terminalAlias[%u].h323-ID", i);
      n = 42;
      ck_assert_int_eq(
          h46017_h225_set_text(b, path, "a name of twenty....", 20), 0);
      break;
    case 2:
      (void)snprintf(path, sizeof(path),
                     "registrationRequest.rasAddress[%u].ipAddress.ip", i);
      n = 7;
      ck_assert_int_eq(h46017_h225_set_octets(b, path, blob, 4), 0);
      (void)snprintf(path, sizeof(path),
                     "registrationRequest.rasAddress[%u].ipAddress.port", i);
      ck_assert_int_eq(h46017_h225_set_uint(b, path, 1719), 0);
      break;
    default:
      (void)snprintf(path, sizeof(path),
                     "registrationRequest.terminalAlias[%u].url-ID", i);
      n = 104;
      {
        char url[101];
        memset(url, 'u', sizeof(url));
        ck_assert_int_eq(h46017_h225_set_text(b, path, url, 100), 0);
      }
      break;
    }
    have += n;
  }
  ck_assert_int_eq(h46017_h225_encode(b, input, sizeof(input), &have), 0);
  octets_free(&good);
  return have;
}

static int by_size(const void *a, const void *b) {
  double x = *(const double *)a;
  double y = *(const double *)b;

  return x < y ? -1 : x > y;
}

/* The quickest of some, in seconds for one. */
static double steady_time(const h46017_h225_type *type, size_t len,
                          unsigned turns) {
  double best = 1e9;

  for (unsigned again = 0; again < 20; again++) {
    clock_t began = clock();
    double took;
    for (unsigned i = 0; i < turns; i++) {
      (void)h46017_h225_decode(m, type, input, len);
    }
    took = (double)(clock() - began) / CLOCKS_PER_SEC / turns;
    best = took < best ? took : best;
  }
  return best;
}

#define KINDS 4

START_TEST(p16_no_input_takes_fifty_times_the_median_of_its_size) {
  static const size_t sizes[] = {1024, 8192, 32768, 60000};
  size_t len = sizes[_i];
  double median[KINDS];
  h46017_h225_settings s;
  h46017_h225 *b;
  double most;
  size_t count = hostile_count();

  if (getenv("H46017_NO_TIMES") != NULL) {
    puts("what a sanitizer adds is not the codec's: times left out");
    return;
  }
  /* what honest peers of this size cost */
  h46017_h225_settings_default(&s);
  s.max_memory = (size_t)64 << 20;
  ck_assert_int_eq(h46017_h225_new(&b, &s, NULL), 0);
  h46017_h225_del(m);
  ck_assert_int_eq(h46017_h225_new(&m, &s, NULL), 0);
  for (int k = 0; k < KINDS; k++) {
    size_t n = registration(b, k, len);
    ck_assert_uint_gt(n, len / 2);
    ck_assert_int_eq(h46017_h225_decode(m, h46017_h225_ras_message(), input, n),
                     0);
    median[k] = steady_time(h46017_h225_ras_message(), n,
                            (unsigned)(4 * INPUT_MAX / len));
  }
  h46017_h225_del(b);
  qsort(median, KINDS, sizeof(median[0]), by_size);
  most = 50 * median[KINDS / 2];
  h46017_h225_del(m);
  ck_assert_int_eq(h46017_h225_new(&m, NULL, NULL), 0);
  for (int t = 0; t < 2; t++) {
    const h46017_h225_type *type = h46017_h225_type_find(travelling[t]);
    for (size_t i = 0; i < count; i++) {
      int rv;
      hostile(i, len);
      if (decode_time(type, len, &rv) > most) {
        /* once may be chance, and somebody else's program */
        double took = steady_time(type, len, 1);
        ck_assert_msg(took <= most, "input %zu of %zu octets: %g s, %g s", i,
                      len, took, most / 50);
      }
    }
  }
}
END_TEST

int main(void) {
  Suite *s = suite_create("per_hostile");
  TCase *tc = tcase_create("hostile");
  SRunner *r;
  int failed;

  tcase_add_checked_fixture(tc, setup, teardown);
  tcase_set_timeout(tc, 300);
  tcase_add_test(tc, p1_every_combination_of_optional_components);
  tcase_add_test(tc, p4_an_open_type_of_any_length_but_the_right_one);
  tcase_add_test(tc, p7_counts_small_and_large);
  tcase_add_test(tc, p7_a_count_of_2_31_is_refused_before_memory_is_taken);
  tcase_add_loop_test(tc, p14_nesting_to_any_depth_ends_at_the_limit, 0, 2);
  tcase_add_test(tc, p15_generic_parameters_alone_contain_themselves);
  tcase_add_loop_test(tc, p16_no_input_takes_more_than_the_budget, 0, 8);
  tcase_add_loop_test(tc, p16_no_input_takes_fifty_times_the_median_of_its_size,
                      0, 4);
  suite_add_tcase(s, tc);
  r = srunner_create(s);
  srunner_run_all(r, CK_ENV);
  failed = srunner_ntests_failed(r);
  srunner_free(r);
  return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
