/* SPDX-License-Identifier: BSD-2-Clause */
#include "base/map.h"
#include "base/mem.h"
#include "failmem.h"
#include "runner.h"

#include <check.h>
#include <h46017/error.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const uint8_t seed[16] = {1, 2, 3};

START_TEST(finds_what_is_there_and_only_that) {
  h46017_map m;
  h46017_map_entry entries[300];
  char keys[300][8];
  h46017_map_init(&m, h46017_mem_default(), seed);
  ck_assert_ptr_null(h46017_map_find(&m, (const uint8_t *)"x", 1));
  for (int i = 0; i < 300; i++) {
    (void)snprintf(keys[i], sizeof(keys[i]), "k%d", i);
    ck_assert_int_eq(h46017_map_add(&m, &entries[i], (uint8_t *)keys[i],
                                    strlen(keys[i]), keys[i]),
                     0);
  }
  for (int i = 0; i < 300; i += 2) {
    h46017_map_remove(&m, &entries[i]);
  }
  for (int i = 0; i < 300; i++) {
    ck_assert_ptr_eq(h46017_map_find(&m, (uint8_t *)keys[i], strlen(keys[i])),
                     i % 2 == 0 ? NULL : keys[i]);
  }
  ck_assert_uint_eq(m.count, 150);
  h46017_map_free(&m);
}
END_TEST

START_TEST(hash_is_siphash_2_4) {
  /* The test vector of the SipHash paper: key 00..0f, message 00..0e. */
  static const uint8_t paper[16] = {0, 1, 2,  3,  4,  5,  6,  7,
                                    8, 9, 10, 11, 12, 13, 14, 15};
  static const uint8_t message[15] = {0, 1, 2,  3,  4,  5,  6, 7,
                                      8, 9, 10, 11, 12, 13, 14};
  h46017_map m;
  h46017_map_entry e;
  h46017_map_init(&m, h46017_mem_default(), paper);
  ck_assert_int_eq(h46017_map_add(&m, &e, message, sizeof(message), &m), 0);
  ck_assert(e.hash == 0xa129ca6149be45e5U);
  h46017_map_free(&m);
}
END_TEST

/* -- against a model ------------------------------------------------------- */

#define KEYS 2000

/* Keys 0 to KEYS - 1, and whether each is in: what the map has to say too. */
typedef struct model {
  failmem mem;
  h46017_map map;
  h46017_map_entry entries[KEYS];
  uint32_t keys[KEYS];
  bool in[KEYS];
  size_t count;
  uint32_t random;
} model;

static uint32_t model_random(model *x, uint32_t below) {
  x->random = x->random * 1664525U + 1013904223U;
  return (x->random >> 8) % below;
}

static void *model_find(const model *x, size_t i) {
  return h46017_map_find(&x->map, (const uint8_t *)&x->keys[i],
                         sizeof(x->keys[i]));
}

static model *model_new(uint32_t random) {
  model *x = calloc(1, sizeof(*x));
  ck_assert_ptr_nonnull(x);
  failmem_init(&x->mem);
  h46017_map_init(&x->map, &x->mem.mem, seed);
  x->random = random;
  for (uint32_t i = 0; i < KEYS; i++) {
    x->keys[i] = i * 2654435761U;
  }
  return x;
}

static void model_del(model *x) {
  h46017_map_free(&x->map);
  ck_assert_uint_eq(x->mem.blocks, 0);
  free(x);
}

static void model_compare(const model *x) {
  ck_assert_uint_eq(x->map.count, x->count);
  for (size_t i = 0; i < KEYS; i++) {
    ck_assert_ptr_eq(model_find(x, i), x->in[i] ? &x->in[i] : NULL);
  }
}

/* Adds one that is not in. One call makes one bucket, and asks for memory
 * once, at most: nobody pays for the others. */
static int model_add(model *x, size_t i) {
  size_t buckets = x->map.nbuckets;
  size_t calls = x->mem.calls;
  int rv = h46017_map_add(&x->map, &x->entries[i], (uint8_t *)&x->keys[i],
                          sizeof(x->keys[i]), &x->in[i]);
  ck_assert_uint_le(x->mem.calls - calls, 1);
  ck_assert(x->map.nbuckets - buckets <= 1 || buckets == 0);
  if (rv == 0) {
    x->in[i] = true;
    x->count++;
  }
  return rv;
}

static void model_remove(model *x, size_t i) {
  size_t calls = x->mem.calls;
  h46017_map_remove(&x->map, &x->entries[i]);
  ck_assert_uint_eq(x->mem.calls, calls);
  x->in[i] = false;
  x->count--;
}

START_TEST(says_what_a_plain_list_says_whatever_comes_and_goes) {
  model *x = model_new((uint32_t)_i + 1);
  for (int step = 0; step < 12000; step++) {
    /* waves: mostly added, then mostly removed */
    bool fills = step / 3000 % 2 == 0;
    size_t i = model_random(x, KEYS);
    bool add = model_random(x, 4) > 0 ? fills : !fills;
    ck_assert_ptr_eq(model_find(x, i), x->in[i] ? &x->in[i] : NULL);
    if (add && !x->in[i]) {
      ck_assert_int_eq(model_add(x, i), 0);
    } else if (!add && x->in[i]) {
      model_remove(x, i);
    }
    ck_assert_ptr_eq(model_find(x, i), x->in[i] ? &x->in[i] : NULL);
    if (step % 1500 == 0) {
      model_compare(x);
    }
  }
  model_compare(x);
  model_del(x);
}
END_TEST

START_TEST(goes_on_as_it_was_where_there_is_no_memory_to_grow) {
  model *x = model_new(1);
  size_t failures = 0;
  for (size_t i = 0; i < KEYS; i++) {
    /* each allocation fails three times before it succeeds */
    x->mem.fail_at = x->mem.calls + 1;
    for (int rv = model_add(x, i), n = 1; rv != 0; n++) {
      ck_assert_int_eq(rv, H46017_ERR_NOMEM);
      ck_assert_ptr_null(model_find(x, i));
      ck_assert_uint_eq(x->map.count, x->count);
      if (i > 0) { /* meanwhile it works as before */
        size_t other = model_random(x, (uint32_t)i);
        ck_assert_ptr_eq(model_find(x, other), &x->in[other]);
        model_remove(x, other);
        ck_assert_ptr_null(model_find(x, other));
        ck_assert_int_eq(model_add(x, other), 0);
      }
      failures++;
      x->mem.fail_at = n < 3 ? x->mem.calls + 1 : 0;
      rv = model_add(x, i);
    }
  }
  ck_assert_uint_eq(failures, 8 * 3); /* for 16, 32, 64 … 2048 */
  model_compare(x);
  model_del(x);
}
END_TEST

START_TEST(what_was_reserved_is_added_without_memory) {
  model *x = model_new(1);
  for (size_t i = 0; i < 100; i++) {
    ck_assert_int_eq(model_add(x, i), 0);
  }
  x->mem.fail_at = x->mem.calls + 2;
  x->mem.fail_after = true;
  ck_assert_int_eq(h46017_map_reserve(&x->map, 1000), H46017_ERR_NOMEM);
  model_compare(x);
  x->mem.fail_at = 0;
  ck_assert_int_eq(h46017_map_reserve(&x->map, 1000), 0);
  model_compare(x);
  x->mem.fail_at = x->mem.calls + 1;
  for (size_t i = 100; i < 1100; i++) {
    ck_assert_int_eq(model_add(x, i), 0);
  }
  ck_assert_uint_eq(x->mem.failed, 1);
  model_compare(x);
  model_del(x);
}
END_TEST

int main(void) {
  Suite *s = suite_create("map");
  TCase *tc = tcase_create("map");
  tcase_set_timeout(tc, 60);
  tcase_add_test(tc, finds_what_is_there_and_only_that);
  tcase_add_test(tc, hash_is_siphash_2_4);
  tcase_add_loop_test(tc, says_what_a_plain_list_says_whatever_comes_and_goes,
                      0, 3);
  tcase_add_test(tc, goes_on_as_it_was_where_there_is_no_memory_to_grow);
  tcase_add_test(tc, what_was_reserved_is_added_without_memory);
  suite_add_tcase(s, tc);
  return run_suite(s);
}
