/* SPDX-License-Identifier: BSD-2-Clause */
/* Whole stories with every allocation of ours failing in turn: NOMEM, nothing
 * left behind, and who is not concerned goes on. The sweeps of single objects
 * are with their tests. */
#include "failmem.h"
#include "octets.h"
#include "runner.h"
#include "tunnel_record.h"
#include "world.h"

#include <h46017/error.h>

#include <check.h>
#include <stdio.h>
#include <string.h>

#define SECOND ((h46017_time)1000)

/* -- codec ------------------------------------------------------------------
 */

#define STEP(CALL)                                                             \
  do {                                                                         \
    if (rv == 0) {                                                             \
      rv = (CALL);                                                             \
    }                                                                          \
  } while (0)

/* A message of strings in fragments, long lists and unknown additions is read,
 * changed at many places, written and read again by another object. */
static int codec(failmem *f, void *arg) {
  static uint8_t out[131072];
  static uint8_t large[40000];
  octets *in = arg;
  h46017_h225 *m = NULL;
  h46017_h225 *back = NULL;
  size_t len = 0;
  char path[96];
  int rv = h46017_h225_new(&m, NULL, &f->mem);

  STEP(h46017_h225_new(&back, NULL, &f->mem));
  STEP(h46017_h225_decode(m, h46017_h225_ras_message(), in->data, in->len));
  for (int i = 0; i < 60; i++) {
    (void)snprintf(path, sizeof(path),
                   "registrationRequest.terminalAlias[%d].h323-ID", i);
    STEP(h46017_h225_set_text(m, path, "somebody", 8));
    (void)snprintf(path, sizeof(path),
                   "registrationRequest.tokens[%d].tokenOID", i < 2 ? i : 2);
    STEP(h46017_h225_set_text(m, path, "0.0.8.235.0.2.1", 15));
    if (i > 1) {
      STEP(h46017_h225_remove(m, "registrationRequest.tokens[0]"));
    }
  }
  STEP(h46017_h225_set_uint(m, "registrationRequest.genericData[0].id.standard",
                            18));
  STEP(h46017_h225_set_uint(
      m, "registrationRequest.genericData[0].parameters[0].id.standard", 1));
  STEP(h46017_h225_set_octets(
      m, "registrationRequest.genericData[0].parameters[0].content.raw", large,
      sizeof(large)));
  if (rv != 0 && rv != H46017_ERR_NOMEM) {
    ck_abort_msg("%s at %s", h46017_error_name(rv),
                 h46017_h225_last_error(m)->path);
  }
  if (rv == H46017_ERR_NOMEM && m != NULL &&
      h46017_h225_count(h46017_h225_root(m)) > 0) {
    /* what failed changed nothing: whatever is held can be written */
    int again = h46017_h225_encode(m, out, sizeof(out), &len);
    ck_assert(again == 0 || again == H46017_ERR_NOMEM ||
              again == H46017_ERR_INCOMPLETE);
  }
  STEP(h46017_h225_encode(m, out, sizeof(out), &len));
  STEP(h46017_h225_decode(back, h46017_h225_ras_message(), out, len));
  h46017_h225_del(m);
  h46017_h225_del(back);
  return rv;
}

START_TEST(a_message_is_read_changed_and_written) {
  octets rrq = octets_hex(
      "0e800000060008914a0006000000020001400b003000390030003300330032006600"
      "36003800380061"
      "00b500534c348b000000020077010001000180");

  ck_assert_uint_gt(failmem_sweep(codec, &rrq), 4);
  octets_free(&rrq);
}
END_TEST

/* -- tunnel -----------------------------------------------------------------
 */

/* Octet by octet, so that everything is gathered; the largest TPKT too; and
 * both kinds of message go out. */
static int tunnel(failmem *f, void *arg) {
  static uint8_t large[65535] = {3, 0, 0xff, 0xff, 8, 2, 0, 5, 5};
  static const uint8_t call[] = {8, 2, 0x80, 5, 2};
  octets *stream = arg;
  tunnel_record r;
  int rv;

  tunnel_record_init(&r);
  r.mem = &f->mem;
  rv = tunnel_record_start(&r);
  STEP(tunnel_record_feed(&r, stream->data, stream->len, 1));
  STEP(h46017_tunnel_write_signalling(r.t, call, sizeof(call)));
  if (rv == 0) {
    for (size_t at = 9; at < sizeof(large); at += 2) { /* single octets */
      large[at] = large[at + (at + 1 < sizeof(large))] = 0xa1;
    }
  }
  STEP(tunnel_record_feed(&r, large, sizeof(large), 4096));
  STEP(h46017_tunnel_write_ras(r.t, large, H46017_TUNNEL_MAX_RAS));
  if (rv == 0) {
    octets sent = tunnel_record_sent(&r);
    ck_assert_uint_gt(sent.len, H46017_TUNNEL_MAX_RAS);
    octets_free(&sent);
  }
  tunnel_record_stop(&r);
  return rv;
}

START_TEST(a_tunnel_gathers_and_sends_the_largest) {
  octets stream =
      octets_file("vectors/gnugk/gnugk-simpleh323-tcp-call.s0.ep2gk.bin");

  ck_assert_uint_gt(failmem_sweep(tunnel, &stream), 5);
  octets_free(&stream);
}
END_TEST

/* -- sessions ---------------------------------------------------------------
 */

static world w;
static world_line *other;
/* The gatekeeper's messages are in use elsewhere: it has to make each. */
static bool starved;
static failmem *failing;

/* What comes from who was there before meets with memory. */
static void arriving(world *of, world_line *line) {
  failing->elsewhere = line == other;
  world_starve(of);
}

static void arrived(world *of) {
  failing->elsewhere = false;
  world_starve(of);
}

/* Somebody is there before, whose endpoint has memory of its own. */
static void begin(failmem *f) {
  f->spared = true;
  failing = f;
  ck_assert_int_eq(world_init(&w, NULL, &f->mem), 0);
  w.arriving = starved ? arriving : NULL;
  w.moved = starved ? arrived : NULL;
  w.mem = NULL;
  ck_assert_int_eq(world_add(&w, &other, "other", NULL), 0);
  ck_assert_int_eq(world_run(&w, SECOND + 500), 0);
  ck_assert_int_eq(world_count(&w, "gk registered other"), 1);
  w.mem = &f->mem;
  f->spared = false;
}

/* Whatever came of the rest, that one has noticed nothing, and is refreshed
 * when its time comes. */
static int end(failmem *f, int rv, bool closed) {
  f->spared = true;
  for (int i = 0; i < w.line_count; i++) {
    if (w.lines[i].ep != NULL && h46017_endpoint_error(w.lines[i].ep) != 0) {
      world_remove(&w, &w.lines[i]); /* as its program does */
    }
  }
  world_forget(&w);
  if (!closed) {
    ck_assert_int_eq(world_run(&w, w.now + 130 * SECOND), 0);
    ck_assert_int_ge(world_count(&w, "gk refreshed other"), 1);
    ck_assert_uint_eq(other->connects, 1);
  }
  world_free(&w);
  return rv;
}

/* Two devices; the wire of one breaks and is made again. */
static int lost_and_found(failmem *f, void *arg) {
  world_line *one;
  world_line *two;
  int rv;

  (void)arg;
  begin(f);
  rv = world_add(&w, &one, "one", NULL);
  STEP(world_add(&w, &two, "two", NULL));
  STEP(world_run(&w, 10 * SECOND));
  if (rv == 0 && one->conn != NULL) {
    world_break(&w, one);
  }
  STEP(world_run(&w, 130 * SECOND));
  return end(f, rv, false);
}

START_TEST(a_lost_connection_is_made_again) {
  starved = _i == 1;
  ck_assert_uint_gt(failmem_sweep(lost_and_found, NULL), 40);
}
END_TEST

/* The program takes its time to answer; the answer comes, or nobody is there
 * any more. */
static int asked(failmem *f, void *arg) {
  const h46017_registration_answer yes = {.open = true, .time_to_live = 60};
  bool answered = arg == NULL;
  world_line *line;
  int rv;

  begin(f);
  w.answered = H46017_LATER;
  rv = world_add(&w, &line, "one", NULL);
  STEP(world_run(&w, 4 * SECOND));
  if (rv == 0 && answered && w.question != 0) {
    rv = h46017_gatekeeper_answer(w.gk, w.question, &yes, w.now);
    rv = rv == H46017_ERR_NOT_FOUND ? 0 : rv; /* dropped with its connection */
  }
  STEP(world_run(&w, 100 * SECOND));
  return end(f, rv, false);
}

START_TEST(a_question_is_answered_late_or_never) {
  static int never;

  starved = _i >= 2;
  ck_assert_uint_gt(failmem_sweep(asked, _i % 2 == 0 ? NULL : &never), 15);
}
END_TEST

static int refused(failmem *f, void *arg) {
  world_line *line;
  int rv;

  (void)arg;
  begin(f);
  w.open = false;
  rv = world_add(&w, &line, "one", NULL);
  STEP(world_run(&w, 200 * SECOND));
  return end(f, rv, false);
}

START_TEST(a_registration_is_refused_again_and_again) {
  starved = _i == 1;
  ck_assert_uint_gt(failmem_sweep(refused, NULL), 20);
}
END_TEST

static const char *const alternates[] = {"192.0.2.1:1719", "[2001:db8::1]:80"};

/* A name is added; the program gives the gatekeeper other settings, and sends
 * somebody away who comes back. */
static int changed(failmem *f, void *arg) {
  static const h46017_alias more = {H46017_ALIAS_DIALLED_DIGITS, 0, {"12", 2}};
  h46017_gatekeeper_settings s;
  world_line *line;
  int rv;

  (void)arg;
  begin(f);
  world_settings(&s);
  s.max_time_to_live = 40;
  s.alternates = alternates;
  s.alternate_count = 2;
  rv = world_add(&w, &line, "one", NULL);
  STEP(world_run(&w, 4 * SECOND));
  STEP(h46017_endpoint_add_aliases(line->ep, line->reg, &more, 1, w.now));
  STEP(world_run(&w, 8 * SECOND));
  STEP(h46017_gatekeeper_set_settings(w.gk, &s, w.now));
  if (rv == 0) {
    (void)h46017_gatekeeper_unregister(w.gk, "one", 3, H46017_URQ_MAINTENANCE,
                                       w.now);
  }
  STEP(world_run(&w, 60 * SECOND));
  return end(f, rv, false);
}

START_TEST(settings_change_and_somebody_is_sent_away) {
  starved = _i == 1;
  ck_assert_uint_gt(failmem_sweep(changed, NULL), 20);
}
END_TEST

/* The gatekeeper goes in good order. */
static int closed(failmem *f, void *arg) {
  world_line *line[3];
  char name[2] = "a";
  int rv = 0;

  (void)arg;
  begin(f);
  for (int i = 0; i < 3; i++) {
    name[0] = (char)('a' + i);
    STEP(world_add(&w, &line[i], name, NULL));
  }
  STEP(world_run(&w, 5 * SECOND));
  STEP(h46017_gatekeeper_close(w.gk, w.now));
  STEP(world_run(&w, 20 * SECOND));
  return end(f, rv, true);
}

START_TEST(a_gatekeeper_closes_in_good_order) {
  starved = _i == 1;
  ck_assert_uint_gt(failmem_sweep(closed, NULL), 40);
}
END_TEST

/* Making them, with what they are given to keep. */
static int made(failmem *f, void *arg) {
  h46017_gatekeeper_settings s;
  h46017_endpoint_settings e;
  world_line *line;
  world of;
  int rv;

  (void)arg;
  world_settings(&s);
  s.identifier = "gatekeeper";
  s.alternates = alternates;
  s.alternate_count = 2;
  h46017_endpoint_settings_default(&e);
  e.gatekeeper_identifier = "gatekeeper";
  rv = world_init(&of, &s, &f->mem);
  STEP(world_add(&of, &line, "one", &e));
  world_free(&of);
  return rv;
}

START_TEST(both_sides_are_made_or_not) {
  ck_assert_uint_gt(failmem_sweep(made, NULL), 8);
}
END_TEST

int main(void) {
  Suite *s = suite_create("memory");
  TCase *tc = tcase_create("sweeps");

  tcase_set_timeout(tc, 120);
  tcase_add_test(tc, a_message_is_read_changed_and_written);
  tcase_add_test(tc, a_tunnel_gathers_and_sends_the_largest);
  tcase_add_loop_test(tc, a_lost_connection_is_made_again, 0, 2);
  tcase_add_loop_test(tc, a_question_is_answered_late_or_never, 0, 4);
  tcase_add_loop_test(tc, a_registration_is_refused_again_and_again, 0, 2);
  tcase_add_loop_test(tc, settings_change_and_somebody_is_sent_away, 0, 2);
  tcase_add_loop_test(tc, a_gatekeeper_closes_in_good_order, 0, 2);
  tcase_add_test(tc, both_sides_are_made_or_not);
  suite_add_tcase(s, tc);
  return run_suite(s);
}
