/* SPDX-License-Identifier: BSD-2-Clause */
#include "base/arena.h"
#include "base/heap.h"
#include "base/intmath.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/settings.h"
#include "base/text.h"
#include "base/txbuf.h"
#include "runner.h"

#include <h46017/error.h>

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

START_TEST(version_refuses_a_newer_wish) {
  ck_assert_str_eq(h46017_version(0), H46017_VERSION);
  ck_assert_str_eq(h46017_version(H46017_VERSION_NUM), H46017_VERSION);
  ck_assert_ptr_null(h46017_version(H46017_VERSION_NUM + 1));
}
END_TEST

static void error_is_consistent(int code, void *user_data) {
  int *count = user_data;
  char id[24];

  ck_assert_int_lt(code, 0);
  ck_assert_int_eq(h46017_error_find(h46017_error_name(code)), code);
  (void)snprintf(id, sizeof(id), "h46017-%d", -code);
  ck_assert_int_eq(h46017_error_find(id), code);
  (void)snprintf(id, sizeof(id), "%d", -code);
  ck_assert_int_eq(h46017_error_find(id), code);
  ck_assert_uint_gt(strlen(h46017_strerror(code)), 5);
  ck_assert_uint_gt(strlen(h46017_error_remedy(code)), 5);
  ck_assert_uint_gt(strlen(h46017_error_to_ras_reject_reason(code)), 5);
  ck_assert_int_eq((int)h46017_error_class(code), -code / 100);
  ck_assert_int_eq(h46017_error_is_fatal(code), code <= -900);
  (*count)++;
}

START_TEST(every_error_has_name_number_meaning_and_remedy) {
  int count = 0;
  h46017_error_each(error_is_consistent, &count);
  ck_assert_int_gt(count, 60);
  ck_assert_str_eq(h46017_error_name(0), "OK");
  ck_assert_str_eq(h46017_error_name(-1), "UNKNOWN");
  ck_assert_int_eq(h46017_error_find("no such"), 0);
  ck_assert_int_eq(h46017_error_find(NULL), 0);
  ck_assert_int_eq((int)h46017_error_class(-104711), (int)H46017_ERROR_NONE);
  ck_assert_int_eq(h46017_error_find("cert_expired"), -304);
}
END_TEST

typedef struct sample_v1 {
  size_t struct_size;
  uint32_t a;
  uint32_t b;
} sample_v1;
typedef struct sample_v2 {
  size_t struct_size;
  uint32_t a;
  uint32_t b;
  uint64_t c;
} sample_v2;

START_TEST(settings_of_an_older_program_keep_new_defaults) {
  sample_v2 lib = {sizeof(lib), 1, 2, 3};
  sample_v1 app = {sizeof(app), 7, 8};
  ck_assert_int_eq(
      h46017_settings_copy(&lib, sizeof(lib), sizeof(sample_v1), &app), 0);
  ck_assert_uint_eq(lib.struct_size, sizeof(lib));
  ck_assert_uint_eq(lib.a, 7);
  ck_assert_uint_eq(lib.b, 8);
  ck_assert_uint_eq(lib.c, 3);
}
END_TEST

START_TEST(settings_of_a_newer_program_must_be_zero_where_unknown) {
  sample_v1 lib = {sizeof(lib), 1, 2};
  sample_v2 app = {sizeof(app), 7, 8, 0};
  ck_assert_int_eq(
      h46017_settings_copy(&lib, sizeof(lib), sizeof(sample_v1), &app), 0);
  ck_assert_uint_eq(lib.a, 7);
  app.c = 1;
  app.a = 9;
  ck_assert_int_eq(
      h46017_settings_copy(&lib, sizeof(lib), sizeof(sample_v1), &app),
      H46017_ERR_INVALID_ARGUMENT);
  ck_assert_uint_eq(lib.a, 7);
  app.struct_size = 0;
  ck_assert_int_eq(
      h46017_settings_copy(&lib, sizeof(lib), sizeof(sample_v1), &app),
      H46017_ERR_INVALID_ARGUMENT);
}
END_TEST

START_TEST(time_and_size_saturate) {
  ck_assert(h46017_time_add(H46017_TIME_NEVER, 5) == H46017_TIME_NEVER);
  ck_assert(h46017_time_add(10, H46017_TIME_NEVER) == H46017_TIME_NEVER);
  ck_assert(h46017_time_add(10, 5) == 15);
  ck_assert(h46017_size_add(SIZE_MAX, 1) == SIZE_MAX);
}
END_TEST

START_TEST(memory_functions_come_whole_or_not_at_all) {
  h46017_mem given = *h46017_mem_default();
  h46017_mem out;
  char *copy;
  uint8_t secret[] = {1, 2, 3};

  ck_assert_int_eq(h46017_mem_init(&out, NULL), 0);
  ck_assert(out.malloc == given.malloc);
  ck_assert_int_eq(h46017_mem_init(&out, &given), 0);
  given.malloc = NULL;
  ck_assert_int_eq(h46017_mem_init(&out, &given), H46017_ERR_INVALID_ARGUMENT);
  given = *h46017_mem_default();
  given.free = NULL;
  ck_assert_int_eq(h46017_mem_init(&out, &given), H46017_ERR_INVALID_ARGUMENT);
  given = *h46017_mem_default();
  given.calloc = NULL;
  ck_assert_int_eq(h46017_mem_init(&out, &given), H46017_ERR_INVALID_ARGUMENT);
  given = *h46017_mem_default();
  given.realloc = NULL;
  ck_assert_int_eq(h46017_mem_init(&out, &given), H46017_ERR_INVALID_ARGUMENT);
  /* no size that wraps around */
  ck_assert_ptr_null(h46017_mem_zalloc(&out, SIZE_MAX / 2, 3));
  ck_assert_ptr_null(h46017_mem_strndup(&out, "", SIZE_MAX));
  /* of no size is something all the same */
  copy = h46017_mem_alloc(&out, 0);
  ck_assert_ptr_nonnull(copy);
  copy = h46017_mem_resize(&out, copy, 0);
  ck_assert_ptr_nonnull(copy);
  h46017_mem_release(&out, copy);
  copy = h46017_mem_zalloc(&out, 0, 0);
  ck_assert_ptr_nonnull(copy);
  h46017_mem_release(&out, copy);
  h46017_mem_release(&out, NULL);
  copy = h46017_mem_strndup(&out, "text", 2);
  ck_assert_str_eq(copy, "te");
  h46017_mem_release(&out, copy);
  copy = h46017_mem_strndup(&out, NULL, 0);
  ck_assert_str_eq(copy, "");
  h46017_mem_release(&out, copy);
  h46017_mem_wipe(secret, sizeof(secret));
  ck_assert(secret[0] == 0 && secret[1] == 0 && secret[2] == 0);
}
END_TEST

START_TEST(arena_obeys_its_budget_and_settles_on_one_block) {
  h46017_arena a;
  h46017_arena_init(&a, h46017_mem_default(), 4096);
  ck_assert_ptr_nonnull(h46017_arena_alloc(&a, 4000));
  ck_assert_ptr_null(h46017_arena_alloc(&a, 4000));
  ck_assert(!a.nomem);
  h46017_arena_reset(&a);
  for (int i = 0; i < 100; i++) {
    unsigned char *p = h46017_arena_alloc(&a, 3);
    ck_assert_ptr_nonnull(p);
    ck_assert_uint_eq((uintptr_t)p % _Alignof(max_align_t), 0);
    ck_assert(p[0] == 0 && p[2] == 0);
    memset(p, 0xff, 3);
  }
  h46017_arena_reset(&a);
  ck_assert_uint_eq(h46017_arena_used(&a), 0);
  ck_assert_ptr_nonnull(a.head);
  for (int i = 0; i < 100; i++) { /* what was written is gone */
    unsigned char *p = h46017_arena_alloc(&a, 3);
    ck_assert(p[0] == 0 && p[1] == 0 && p[2] == 0);
  }
  ck_assert_ptr_nonnull(h46017_arena_alloc(&a, 0));
  h46017_arena_free(&a);
  ck_assert_ptr_null(a.head);
}
END_TEST

/* Octets count as they are handed out, rounded up; but the last ones of the
 * budget can be had, however many they are. */
START_TEST(arena_gives_to_the_last_octet_of_its_budget) {
  for (size_t budget = 0; budget < 70; budget++) {
    for (int warm = 0; warm < 2; warm++) {
      h46017_arena a;
      size_t left = budget;
      h46017_arena_init(&a, h46017_mem_default(), budget);
      if (warm) { /* a block is there already */
        (void)h46017_arena_alloc(&a, budget);
        h46017_arena_reset(&a);
      }
      for (; left > 16; left -= 16) {
        ck_assert_ptr_nonnull(h46017_arena_alloc(&a, 1));
      }
      ck_assert_ptr_null(h46017_arena_alloc(&a, left + 1));
      ck_assert(!a.nomem);
      ck_assert_uint_eq(h46017_arena_used(&a), budget - left);
      if (left > 0) {
        ck_assert_ptr_nonnull(h46017_arena_alloc(&a, left));
      }
      ck_assert_ptr_null(h46017_arena_alloc(&a, 1));
      ck_assert_uint_eq(h46017_arena_used(&a), budget);
      h46017_arena_free(&a);
    }
  }
}
END_TEST

START_TEST(txbuf_keeps_order_and_limit) {
  h46017_txbuf b;
  const uint8_t *p;
  uint8_t sent = 0;
  uint8_t acked = 0;
  h46017_txbuf_init(&b, h46017_mem_default(), 64);
  for (int round = 0; round < 200; round++) {
    uint8_t piece[5];
    size_t n;
    for (size_t i = 0; i < sizeof(piece); i++) {
      piece[i] = sent++;
    }
    if (h46017_txbuf_write(&b, piece, sizeof(piece)) == H46017_ERR_QUEUE_FULL) {
      sent = (uint8_t)(sent - sizeof(piece));
      ck_assert_uint_gt(h46017_txbuf_len(&b), 64 - sizeof(piece));
    }
    n = h46017_txbuf_peek(&b, &p);
    ck_assert_uint_le(n, 64);
    if (round % 3 == 0 && n > 4) {
      for (int i = 0; i < 4; i++) {
        ck_assert_uint_eq(p[i], acked++);
      }
      ck_assert_int_eq(h46017_txbuf_ack(&b, 4), 0);
    }
  }
  ck_assert_int_eq(h46017_txbuf_ack(&b, 1000), H46017_ERR_INVALID_ARGUMENT);
  h46017_txbuf_free(&b);
}
END_TEST

START_TEST(txbuf_uses_the_room_it_was_lent_first) {
  static uint8_t room[16];
  static const uint8_t octets[2000] = {1, 2, 3, 4, 5, 6, 7, 8};
  h46017_txbuf b;
  const uint8_t *p;
  h46017_txbuf_init(&b, h46017_mem_default(), 4000);
  h46017_txbuf_lend(&b, room, sizeof(room));
  for (int round = 0; round < 2; round++) {
    ck_assert_int_eq(h46017_txbuf_write(&b, octets, sizeof(room)), 0);
    ck_assert_uint_eq(h46017_txbuf_peek(&b, &p), sizeof(room));
    ck_assert_ptr_eq(p, room);
    ck_assert_int_eq(h46017_txbuf_ack(&b, 3), 0);
    /* three octets more fit where three have gone; a fourth does not */
    ck_assert_int_eq(h46017_txbuf_write(&b, octets, 3), 0);
    ck_assert_uint_eq(h46017_txbuf_peek(&b, &p), sizeof(room));
    ck_assert_ptr_eq(p, room);
    ck_assert_int_eq(h46017_txbuf_write(&b, octets, 2000), 0);
    ck_assert_uint_eq(h46017_txbuf_peek(&b, &p), sizeof(room) + 2000);
    ck_assert_ptr_ne(p, room);
    ck_assert_mem_eq(p, octets + 3, sizeof(room) - 3);
    ck_assert_mem_eq(p + sizeof(room) - 3, octets, 3);
    ck_assert_mem_eq(p + sizeof(room), octets, 2000);
    /* more than is kept goes back when all is sent */
    ck_assert_int_eq(h46017_txbuf_ack(&b, sizeof(room) + 2000), 0);
    ck_assert_uint_eq(h46017_txbuf_peek(&b, &p), 0);
  }
  ck_assert_int_eq(h46017_txbuf_write(&b, octets, 2000), 0);
  h46017_txbuf_free(&b);
  ck_assert_int_eq(h46017_txbuf_write(&b, octets, 1), 0);
  ck_assert_uint_eq(h46017_txbuf_peek(&b, &p), 1);
  ck_assert_ptr_eq(p, room);
}
END_TEST

START_TEST(text_goes_to_bmp_and_back) {
  static const char utf8[] = "a\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80";
  static const uint8_t bmp[] = {0,    'a',  0,    0xe4, 0x20,
                                0xac, 0xd8, 0x3d, 0xde, 0x00};
  uint8_t out[sizeof(bmp)];
  char back[sizeof(utf8)];
  ck_assert_uint_eq(h46017_text_bmp_size(utf8, strlen(utf8)), sizeof(bmp));
  h46017_text_to_bmp(utf8, strlen(utf8), out, sizeof(bmp));
  ck_assert_mem_eq(out, bmp, sizeof(bmp));
  ck_assert_uint_eq(h46017_text_utf8_size(bmp, sizeof(bmp)), strlen(utf8));
  h46017_text_from_bmp(bmp, sizeof(bmp), back, strlen(utf8));
  ck_assert_str_eq(back, utf8);
}
END_TEST

/* ASCII is looked at in words, the last of which overlap: what is no ASCII is
 * seen wherever it stands. */
START_TEST(text_is_looked_at_to_its_last_character) {
  char text[40];
  char back[4 * sizeof(text) + 1];
  uint8_t bmp[2 * sizeof(text)];

  for (size_t len = 1; len <= sizeof(text); len++) {
    memset(text, 'a', sizeof(text));
    ck_assert_uint_eq(h46017_text_bmp_size(text, len), len * 2);
    h46017_text_to_bmp(text, len, bmp, len * 2);
    ck_assert_uint_eq(h46017_text_utf8_size(bmp, len * 2), len);
    ck_assert_uint_eq(h46017_text_utf8_size(bmp, len * 2 - 1), 0);
    for (size_t at = 0; at < len; at++) {
      text[at] = '\0';
      ck_assert(!h46017_text_is_valid(text, len));
      text[at] = '\x80';
      ck_assert(!h46017_text_is_valid(text, len));
      text[at] = '\x7f';
      ck_assert(h46017_text_is_valid(text, len));
      text[at] = 'a';
      bmp[2 * at + 1] = 0;
      ck_assert_uint_eq(h46017_text_utf8_size(bmp, len * 2), 0);
      bmp[2 * at + 1] = 0xe9;
      ck_assert_uint_eq(h46017_text_utf8_size(bmp, len * 2), len + 1);
      h46017_text_from_bmp(bmp, len * 2, back, len + 1);
      ck_assert_mem_eq(back + at, "\xc3\xa9", 2);
      bmp[2 * at] = 1;
      bmp[2 * at + 1] = 'a';
      ck_assert_uint_eq(h46017_text_utf8_size(bmp, len * 2), len + 1);
      bmp[2 * at] = 0;
    }
    h46017_text_from_bmp(bmp, len * 2, back, len);
    ck_assert_uint_eq(strlen(back), len);
    ck_assert_mem_eq(back, text, len);
  }
}
END_TEST

START_TEST(text_refuses_what_is_not_text) {
  static const char *const bad[] = {"\xc0\x80", "\xed\xa0\x80",
                                    "\xff",     "a\x80",
                                    "\xe2\x82", "\xf4\x90\x80\x80"};
  static const uint8_t lone[] = {0xd8, 0x3d, 0, 'a'};
  static const uint8_t low[] = {0xde, 0x00};
  static const uint8_t nul[] = {0, 0};
  static const uint8_t wide[] = {0, 0xe4, 0xde, 0};
  for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
    ck_assert(!h46017_text_is_valid(bad[i], strlen(bad[i])));
    ck_assert_uint_eq(h46017_text_bmp_size(bad[i], strlen(bad[i])), 0);
  }
  ck_assert(!h46017_text_is_valid("a\0b", 3));
  ck_assert_uint_eq(h46017_text_utf8_size(lone, 4), 0);
  ck_assert_uint_eq(h46017_text_utf8_size(lone, 3), 0);
  ck_assert_uint_eq(h46017_text_utf8_size(low, 2), 0);
  ck_assert_uint_eq(h46017_text_utf8_size(nul, 2), 0);
  /* one octet a character on average, and not ASCII */
  ck_assert_uint_eq(h46017_text_utf8_size(wide, 4), 0);
  ck_assert(h46017_text_equal_nocase("00A", 3, "00a", 3));
  ck_assert(!h46017_text_equal_nocase("00A", 3, "00ab", 4));
}
END_TEST

static char last_line[1024];
static size_t last_len;
static void log_keep(h46017_log_level level, const char *line, size_t len,
                     void *user_data) {
  (void)level;
  (void)user_data;
  ck_assert_uint_eq(strlen(line), len);
  memcpy(last_line, line, len + 1);
  last_len = len;
}

START_TEST(log_lines_stay_one_line_and_bounded) {
  h46017_log log = {log_keep, NULL, H46017_LOG_INFO};
  char big[2000];
  h46017_log_code(&log, H46017_LOG_WARN, H46017_ERR_CERT_EXPIRED, "%s",
                  "evil\nname");
  ck_assert_str_eq(last_line, "[H46017-304] evil?name");
  /* C1 in UTF-8 and as octets, what is no UTF-8; what is stays */
  h46017_log_line(&log, H46017_LOG_INFO, "%s",
                  "\x1b[2J \xc2\x9b"
                  "2J \x9b"
                  "2J \xc0\x9b \xe2\x9b "
                  "\xc2\xa0 \xc3\xbc \xe2\x82\xac \xf0\x9f\x98\x80 \x7f");
  ck_assert_str_eq(last_line, "?[2J ??2J ?2J ?? ?? "
                              "\xc2\xa0 \xc3\xbc \xe2\x82\xac "
                              "\xf0\x9f\x98\x80 ?");
  last_len = 0;
  h46017_log_line(&log, H46017_LOG_DEBUG, "not wanted");
  ck_assert_uint_eq(last_len, 0);
  memset(big, 'x', sizeof(big) - 1);
  big[sizeof(big) - 1] = '\0';
  h46017_log_line(&log, H46017_LOG_INFO, "%s", big);
  ck_assert_uint_eq(last_len, 511);
  ck_assert_str_eq(last_line + 508, "...");
  /* nor is a character left that the end has cut in two */
  memcpy(big + 506, "\xe2\x82\xac", 3);
  h46017_log_line(&log, H46017_LOG_INFO, "%s", big);
  ck_assert_str_eq(last_line + 505, "x??...");
}
END_TEST

START_TEST(heap_gives_the_earliest_first_whatever_moves) {
  h46017_heap h;
  h46017_heap_node nodes[600]; /* more than a chunk */
  h46017_time last = 0;
  uint32_t seed = 1;
  h46017_heap_init(&h, h46017_mem_default());
  for (int i = 0; i < 600; i++) {
    ck_assert_int_eq(h46017_heap_join(&h, &nodes[i], i), 0);
  }
  ck_assert_ptr_null(h46017_heap_first(&h));
  for (int i = 0; i < 5000; i++) {
    h46017_time first = H46017_TIME_NEVER;
    seed = seed * 1103515245 + 12345;
    h46017_heap_set(&h, &nodes[(seed >> 16) % 600],
                    (seed >> 8 & 7) == 0 ? H46017_TIME_NEVER : seed >> 12);
    for (int k = 0; k < 600; k++) {
      first = nodes[k].expiry < first ? nodes[k].expiry : first;
    }
    ck_assert_uint_eq(h46017_heap_first(&h) != NULL
                          ? h46017_heap_first(&h)->expiry
                          : H46017_TIME_NEVER,
                      first);
  }
  h46017_heap_leave(&h, &nodes[3]);
  for (h46017_heap_node *n; (n = h46017_heap_first(&h)) != NULL;) {
    ck_assert(n->expiry >= last);
    last = n->expiry;
    h46017_heap_set(&h, n, H46017_TIME_NEVER);
  }
  ck_assert_uint_eq(h.count, 0);
  h46017_heap_free(&h);
}
END_TEST

int main(void) {
  Suite *s = suite_create("base");
  TCase *tc = tcase_create("base");
  tcase_add_test(tc, version_refuses_a_newer_wish);
  tcase_add_test(tc, every_error_has_name_number_meaning_and_remedy);
  tcase_add_test(tc, settings_of_an_older_program_keep_new_defaults);
  tcase_add_test(tc, settings_of_a_newer_program_must_be_zero_where_unknown);
  tcase_add_test(tc, time_and_size_saturate);
  tcase_add_test(tc, memory_functions_come_whole_or_not_at_all);
  tcase_add_test(tc, arena_obeys_its_budget_and_settles_on_one_block);
  tcase_add_test(tc, arena_gives_to_the_last_octet_of_its_budget);
  tcase_add_test(tc, txbuf_keeps_order_and_limit);
  tcase_add_test(tc, txbuf_uses_the_room_it_was_lent_first);
  tcase_add_test(tc, text_goes_to_bmp_and_back);
  tcase_add_test(tc, text_is_looked_at_to_its_last_character);
  tcase_add_test(tc, text_refuses_what_is_not_text);
  tcase_add_test(tc, heap_gives_the_earliest_first_whatever_moves);
  tcase_add_test(tc, log_lines_stay_one_line_and_bounded);
  suite_add_tcase(s, tc);
  return run_suite(s);
}
