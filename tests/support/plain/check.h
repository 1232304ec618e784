/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef H46017_TESTS_PLAIN_CHECK_H
#define H46017_TESTS_PLAIN_CHECK_H

/* As much of libcheck's interface as the tests use, for where libcheck cannot
 * go: MemorySanitizer wants every line of a program instrumented. No forks, no
 * timeouts; the first assertion that fails ends the program. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct Suite Suite;
typedef struct TCase TCase;
typedef struct SRunner SRunner;
typedef void (*plain_test)(int i);
typedef void (*plain_fixture)(void);

enum print_output { CK_ENV, CK_NORMAL };

#define START_TEST(NAME) static void NAME(int _i __attribute__((unused)))
#define END_TEST

Suite *suite_create(const char *name);
void suite_add_tcase(Suite *s, TCase *tc);
TCase *tcase_create(const char *name);
void tcase_set_timeout(TCase *tc, double seconds);
void tcase_add_checked_fixture(TCase *tc, plain_fixture up, plain_fixture down);
void tcase_add_unchecked_fixture(TCase *tc, plain_fixture up,
                                 plain_fixture down);
void plain_add(TCase *tc, const char *name, plain_test test, int begin,
               int end);
#define tcase_add_test(TC, T) plain_add((TC), #T, (T), 0, 1)
#define tcase_add_loop_test(TC, T, B, E) plain_add((TC), #T, (T), (B), (E))

SRunner *srunner_create(Suite *s);
void srunner_run_all(SRunner *r, enum print_output how);
int srunner_ntests_failed(SRunner *r);
void srunner_free(SRunner *r);

__attribute__((noreturn, format(printf, 3, 4))) void
plain_fail(const char *file, int line, const char *fmt, ...);

#define ck_abort_msg(...) plain_fail(__FILE__, __LINE__, __VA_ARGS__)
#define ck_assert_msg(C, ...)                                                  \
  ((C) ? (void)0 : plain_fail(__FILE__, __LINE__, __VA_ARGS__))
#define ck_assert(C) ck_assert_msg(C, "%s", #C)

#define PLAIN_INT(A, OP, B)                                                    \
  do {                                                                         \
    intmax_t plain_a = (A);                                                    \
    intmax_t plain_b = (B);                                                    \
    ck_assert_msg(plain_a OP plain_b, "%s == %jd, %s == %jd", #A, plain_a, #B, \
                  plain_b);                                                    \
  } while (0)
#define ck_assert_int_eq(A, B) PLAIN_INT(A, ==, B)
#define ck_assert_int_ne(A, B) PLAIN_INT(A, !=, B)
#define ck_assert_int_lt(A, B) PLAIN_INT(A, <, B)
#define ck_assert_int_le(A, B) PLAIN_INT(A, <=, B)
#define ck_assert_int_gt(A, B) PLAIN_INT(A, >, B)
#define ck_assert_int_ge(A, B) PLAIN_INT(A, >=, B)

#define PLAIN_UINT(A, OP, B)                                                   \
  do {                                                                         \
    uintmax_t plain_a = (A);                                                   \
    uintmax_t plain_b = (B);                                                   \
    ck_assert_msg(plain_a OP plain_b, "%s == %ju, %s == %ju", #A, plain_a, #B, \
                  plain_b);                                                    \
  } while (0)
#define ck_assert_uint_eq(A, B) PLAIN_UINT(A, ==, B)
#define ck_assert_uint_ne(A, B) PLAIN_UINT(A, !=, B)
#define ck_assert_uint_lt(A, B) PLAIN_UINT(A, <, B)
#define ck_assert_uint_le(A, B) PLAIN_UINT(A, <=, B)
#define ck_assert_uint_gt(A, B) PLAIN_UINT(A, >, B)
#define ck_assert_uint_ge(A, B) PLAIN_UINT(A, >=, B)

#define PLAIN_PTR(A, OP, B)                                                    \
  do {                                                                         \
    const void *plain_a = (A);                                                 \
    const void *plain_b = (B);                                                 \
    ck_assert_msg(plain_a OP plain_b, "%s == %p, %s == %p", #A, plain_a, #B,   \
                  plain_b);                                                    \
  } while (0)
#define ck_assert_ptr_eq(A, B) PLAIN_PTR(A, ==, B)
#define ck_assert_ptr_ne(A, B) PLAIN_PTR(A, !=, B)
#define ck_assert_ptr_null(A) PLAIN_PTR(A, ==, NULL)
#define ck_assert_ptr_nonnull(A) PLAIN_PTR(A, !=, NULL)

#define PLAIN_STR(A, OP, B)                                                    \
  do {                                                                         \
    const char *plain_a = (A);                                                 \
    const char *plain_b = (B);                                                 \
    ck_assert_msg(strcmp(plain_a, plain_b) OP 0, "%s == \"%s\", %s == \"%s\"", \
                  #A, plain_a, #B, plain_b);                                   \
  } while (0)
#define ck_assert_str_eq(A, B) PLAIN_STR(A, ==, B)
#define ck_assert_str_ne(A, B) PLAIN_STR(A, !=, B)
#define ck_assert_mem_eq(A, B, N)                                              \
  ck_assert_msg(memcmp((A), (B), (N)) == 0, "%s and %s differ", #A, #B)
#define ck_assert_mem_ne(A, B, N)                                              \
  ck_assert_msg(memcmp((A), (B), (N)) != 0, "%s and %s are the same", #A, #B)

#endif /* H46017_TESTS_PLAIN_CHECK_H */
