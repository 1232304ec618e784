/* SPDX-License-Identifier: BSD-2-Clause */
/* What an input may cost the decoder: thousands that were chosen to be decoded
 * for long, their memory, and their work in numbers that are the same on every
 * machine and under any load. The codec is compiled once more for this, by a
 * compiler that calls us in every basic block (support/counting.h). */
#include "counting.h"
#include "octets.h"
#include "runner.h"

#include <h46017/error.h>
#include <h46017/h225.h>

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define INPUT_MAX 65536
#define BUDGET ((size_t)1 << 20) /* the default of max_memory */

/* The full registration of H.460.17's worked example. */
#define RRQ_FULL                                                               \
  "0e800000060008914a0006000000020001400b003000390039003000330033003200660036" \
  "0038003800"                                                                 \
  "6100b500534c348b000000020077010001000180"

static h46017_h225 *m;
static uint8_t input[INPUT_MAX];

static void setup(void) {
  ck_assert_int_eq(h46017_h225_new(&m, NULL, NULL), 0);
}

static void teardown(void) {
  h46017_h225_del(m);
}

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

#ifdef COUNTED

static size_t decode_work(const h46017_h225_type *type, size_t len) {
  counted_blocks = 0;
  (void)h46017_h225_decode(m, type, input, len);
  return counted_blocks;
}

static int by_size(const void *a, const void *b) {
  size_t x = *(const size_t *)a;
  size_t y = *(const size_t *)b;

  return x < y ? -1 : x > y;
}

#define KINDS 4

/* Fifty would be allowed; what there is takes less than three. */
#define TIMES 8

/* What honest peers of this size cost. */
static size_t median_work(size_t len) {
  size_t median[KINDS];
  h46017_h225_settings s;
  h46017_h225 *b;

  h46017_h225_settings_default(&s);
  s.max_memory = (size_t)64 << 20;
  ck_assert_int_eq(h46017_h225_new(&b, &s, NULL), 0);
  h46017_h225_del(m);
  ck_assert_int_eq(h46017_h225_new(&m, &s, NULL), 0);
  for (int k = 0; k < KINDS; k++) {
    size_t n = registration(b, k, len);
    ck_assert_uint_gt(n, len / 2);
    median[k] = decode_work(h46017_h225_ras_message(), n);
    ck_assert_int_eq(h46017_h225_last_error(m)->code, 0);
    ck_assert_uint_gt(median[k], n / 8); /* it is counted */
  }
  h46017_h225_del(b);
  h46017_h225_del(m);
  ck_assert_int_eq(h46017_h225_new(&m, NULL, NULL), 0);
  qsort(median, KINDS, sizeof(median[0]), by_size);
  return median[KINDS / 2];
}

START_TEST(p16_no_input_costs_many_times_the_median_of_its_size) {
  static const size_t sizes[] = {1024, 8192, 32768, 60000};
  size_t len = sizes[_i];
  size_t median = median_work(len);
  size_t count = hostile_count();
  size_t most = 0;

  for (int t = 0; t < 2; t++) {
    const h46017_h225_type *type = h46017_h225_type_find(travelling[t]);
    for (size_t i = 0; i < count; i++) {
      size_t work;
      hostile(i, len);
      work = decode_work(type, len);
      most = work > most ? work : most;
      if (work > TIMES * median) {
        ck_abort_msg("input %zu of %zu octets: %zu, the median %zu", i, len,
                     work, median);
      }
    }
  }
  printf("of %zu octets: %zu at the most, the median %zu\n", len, most, median);
}
END_TEST

#endif

int main(void) {
  Suite *s = suite_create("per_work");
  TCase *tc = tcase_create("work");

  tcase_add_checked_fixture(tc, setup, teardown);
  tcase_set_timeout(tc, 300);
  tcase_add_loop_test(tc, p16_no_input_takes_more_than_the_budget, 0, 8);
#ifdef COUNTED
  tcase_add_loop_test(tc, p16_no_input_costs_many_times_the_median_of_its_size,
                      0, 4);
#endif
  suite_add_tcase(s, tc);
  return run_suite(s);
}
