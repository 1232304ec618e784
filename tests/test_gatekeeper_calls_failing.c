/* SPDX-License-Identifier: BSD-2-Clause */
/* Calls through a gatekeeper that has no memory, or no random octets, for what
 * they need: nobody is left in one for ever. */
#include "callworld.h"
#include "failmem.h"
#include "runner.h"

#include <check.h>
#include <stdlib.h>

static bool now_without(h46017_call *of) {
  (void)of;
  no_random = true;
  return false;
}

/* A call's own identifiers are random, and the callee's table of calls is at
 * its end without them: so is its connection. */
START_TEST(a_callee_whose_table_of_calls_fails_is_lost_and_its_caller_told) {
  begin(NULL);
  ring(); /* a table is made */
  write_and_run(0, H46017_Q931_RELEASE_COMPLETE);
  world_forget(&w);
  admitted_hook = now_without;
  (void)call(0, "b");
  no_random = false;
  ck_assert_uint_eq(parties[0].released, 2);
  ck_assert_int_eq(last_code, H46017_ERR_CALL_ROUTE);
  ck_assert_uint_eq(h46017_gatekeeper_call_count(w.gk), 0);
  ck_assert_ptr_null(h46017_gatekeeper_find(w.gk, "b", 1));
  ck_assert_ptr_nonnull(h46017_gatekeeper_find(w.gk, "a", 1));

  admitted_hook = NULL; /* it comes back, and can be called */
  ck_assert_int_eq(world_run(&w, w.now + 5000), 0);
  ring();
  ck_assert_uint_eq(parties[1].setups, 2);
  write_and_run(0, H46017_Q931_RELEASE_COMPLETE);
  ck_assert_uint_eq(parties[0].released, 3);
  ck_assert_uint_eq(parties[1].released, 2);
  end();
}
END_TEST

static void hang_up(int who) {
  if (parties[who].call != NULL) {
    (void)h46017_call_release(parties[who].call, 16, w.now);
  }
}

/* A call is carried as far as it comes; true: something failed on the way. */
static bool call_without(failmem *f, size_t n, bool after) {
  bool failed;

  f->fail_at = f->calls + n;
  f->fail_after = after;
  (void)call(0, "b");
  if (parties[1].call != NULL) {
    (void)h46017_call_write(parties[1].call, H46017_Q931_CONNECT, NULL, w.now);
    run();
  }
  if (parties[0].call != NULL) {
    (void)h46017_call_h245(parties[0].call, (const uint8_t *)"\0\0", 2, w.now);
    run();
  }
  failed = f->failed > 0;
  f->fail_at = 0;
  return failed;
}

START_TEST(whichever_allocation_fails_no_call_stays) {
  const bool after = _i > 0; /* every later one too */
  size_t n = 0;
  failmem f;

  do {
    failmem_init(&f);
    begin_in(&f.mem);
    if (!call_without(&f, ++n, after)) {
      ck_assert_uint_eq(parties[0].released, 0);
    }
    hang_up(0);
    hang_up(1);
    /* Whoever lost its connection has another, and nobody a call. */
    ck_assert_int_eq(world_run(&w, w.now + 10000), 0);
    ck_assert_ptr_nonnull(h46017_gatekeeper_find(w.gk, "a", 1));
    ck_assert_ptr_nonnull(h46017_gatekeeper_find(w.gk, "b", 1));
    for (int i = 0; i < 2; i++) {
      const h46017_calls *calls = h46017_endpoint_calls(line[i]->ep);
      ck_assert_uint_eq(calls != NULL ? h46017_calls_count(calls) : 0, 0);
    }
    end();
    ck_assert_uint_eq(f.blocks, 0);
  } while (f.failed > 0);
  ck_assert_uint_gt(n, 20);
}
END_TEST

int main(void) {
  Suite *s = suite_create("gatekeeper_calls_failing");
  TCase *tc = tcase_create("failing");

  tcase_add_test(
      tc, a_callee_whose_table_of_calls_fails_is_lost_and_its_caller_told);
  tcase_add_loop_test(tc, whichever_allocation_fails_no_call_stays, 0, 2);
  suite_add_tcase(s, tc);
  return run_suite(s);
}
