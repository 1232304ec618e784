/* SPDX-License-Identifier: BSD-2-Clause */
/* What nobody must be able to guess comes from the program's random octets, all
 * of it and from nothing else: endpointIdentifiers, the identifiers of calls,
 * the keys of the hashes. */
#include "callpair.h"
#include "registrar.h"
#include "runner.h"
#include "session/call.h"
#include "session/gatekeeper.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What the source gives to who asks for so many octets: these; to others, what
 * differs each time. */
static uint8_t source[32];
static size_t source_len;
static uint32_t source_state;

static int on_rand(uint8_t *dest, size_t len, void *user_data) {
  (void)user_data;
  for (size_t i = 0; i < len; i++) {
    source_state = source_state * 1664525 + 1013904223;
    dest[i] = len == source_len ? source[i] : (uint8_t)(source_state >> 24);
  }
  return 0;
}

static void tune(h46017_gatekeeper_callbacks *cb) {
  cb->rand = on_rand;
}

static world w;

static void begin(const h46017_gatekeeper_settings *settings) {
  world_tune_gatekeeper = tune;
  (void)world_init(&w, settings, NULL);
}

static void end(void) {
  world_free(&w);
  world_tune_gatekeeper = NULL;
}

/* Whatever the test before has asked for. */
static void differ(void) {
  source_len = 0;
}

/* The identifier of somebody who comes, and goes again. */
static void register_once(const char *name, char id[32]) {
  peer p;

  pass(&w, 10); /* full RRQs have a rate */
  peer_init(&p, &w, NULL);
  send_rrq(&p, 1, name);
  id_of(&w, name, id);
  peer_free(&p);
  ck_assert_uint_eq(strlen(id), GK_IDENTIFIER_LEN);
}

/* -- endpointIdentifiers --------------------------------------------------- */

START_TEST(every_character_of_an_endpoint_identifier_is_random_bits) {
  char letters[32];
  char id[32];
  begin(NULL);
  source_len = GK_IDENTIFIER_LEN;
  /* which letter five bits make: all of them different, and the same in every
   * place */
  for (int value = 0; value < 32; value++) {
    memset(source, value, source_len);
    register_once("a", id);
    letters[value] = id[0];
    for (int i = 0; i < value; i++) {
      ck_assert_int_ne(letters[i], letters[value]);
    }
    ck_assert_uint_eq(strspn(id, (char[]){id[0], 0}), GK_IDENTIFIER_LEN);
  }
  /* and so every identifier says 5 random bits a character */
  for (int round = 0; round < 200; round++) {
    source_len = 0;
    ck_assert_int_eq(on_rand(source, sizeof(source), NULL), 0);
    source_len = GK_IDENTIFIER_LEN;
    register_once("a", id);
    for (int i = 0; i < GK_IDENTIFIER_LEN; i++) {
      ck_assert_int_eq(id[i], letters[source[i] & 31]);
    }
  }
  ck_assert_int_ge(5 * GK_IDENTIFIER_LEN, 64);
  end();
}
END_TEST

/* Neither the time nor who was there before, nor whose gatekeeper it is. */
START_TEST(an_endpoint_identifier_follows_from_nothing_else) {
  char first[32];
  char second[32];
  char other[32];
  begin(NULL);
  source_len = GK_IDENTIFIER_LEN;
  memset(source, 0x5a, sizeof(source));
  register_once("a", first);
  end();

  h46017_gatekeeper_settings s;
  world_settings(&s);
  s.identifier = "another";
  source_len = 0;
  begin(&s);
  pass(&w, 123456);
  for (int i = 0; i < 20; i++) {
    register_once("b", other);
  }
  source_len = GK_IDENTIFIER_LEN;
  register_once("somebody else", second);
  ck_assert_str_eq(first, second);
  ck_assert_str_ne(first, other);
  end();
}
END_TEST

START_TEST(endpoint_identifiers_neither_repeat_nor_follow_each_other) {
  static char ids[1000][32];
  begin(NULL);
  for (size_t i = 0; i < 1000; i++) {
    size_t same = 0;
    size_t again = 0;
    register_once("a", ids[i]);
    for (size_t k = 0; k < i; k++) {
      again += strcmp(ids[k], ids[i]) == 0;
    }
    ck_assert_uint_eq(again, 0);
    for (size_t k = 0; i > 0 && k < GK_IDENTIFIER_LEN; k++) {
      same += ids[i][k] == ids[i - 1][k];
    }
    ck_assert_uint_lt(same, 10); /* of 26, where one in 32 is chance */
  }
  end();
}
END_TEST

/* Who has the identifier of another would be taken for it. */
START_TEST(a_source_that_repeats_itself_registers_nobody) {
  char id[32];
  char again[32];
  peer p;
  peer q;
  begin(NULL);
  source_len = GK_IDENTIFIER_LEN;
  peer_init(&p, &w, NULL);
  peer_init(&q, &w, NULL);
  send_rrq(&p, 1, "a");
  send_rrq(&q, 1, "b");
  ck_assert_int_eq((int)peer_last_kind(&q), (int)H46017_RAS_RRJ);
  ck_assert(tells(&w, "gk rejected CALLBACK_FAILURE undefinedReason"));
  id_of(&w, "a", id);
  send_keep_alive(&q, 2, id);
  ck_assert_int_eq((int)peer_last_kind(&q), (int)H46017_RAS_RRJ);
  send_keep_alive(&p, 2, id);
  ck_assert_int_eq((int)peer_last_kind(&p), (int)H46017_RAS_RCF);
  source[25] = 1;
  send_rrq(&q, 3, "b");
  id_of(&w, "b", again);
  ck_assert_str_ne(id, again);
  ck_assert_uint_eq(h46017_gatekeeper_registration_count(w.gk), 2);
  peer_free(&p);
  peer_free(&q);
  end();
}
END_TEST

/* -- hashes ---------------------------------------------------------------- */

/* 128 bits: a peer that knew them could make all names meet in one bucket. */
START_TEST(the_keys_of_a_gatekeepers_hashes_are_random) {
  for (size_t octet = 0; octet < 16; octet++) {
    source_len = 22; /* what a gatekeeper asks for when it is made */
    memset(source, 0, sizeof(source));
    source[octet] = 0x81;
    begin(NULL);
    const h46017_map *maps[] = {&w.gk->names,     &w.gk->identifiers,
                                &w.gk->questions, &w.gk->call_ids,
                                &w.gk->legs,      &w.gk->sender_names};
    for (size_t i = 0; i < sizeof(maps) / sizeof(maps[0]); i++) {
      ck_assert(maps[i]->seed[octet / 8] == (uint64_t)0x81
                                                << (8 * (octet % 8)));
      ck_assert(maps[i]->seed[1 - octet / 8] == 0);
    }
    end();
  }
}
END_TEST

/* -- calls ----------------------------------------------------------------- */

/* 122 bits each: all but the six in which RFC 4122 says what it is. */
START_TEST(identifiers_of_calls_are_random) {
  source_len = H46017_CALL_GUID;
  for (size_t bit = 0; bit < 8 * H46017_CALL_GUID; bit++) {
    uint8_t expected[H46017_CALL_GUID] = {0};
    callpair p;
    h46017_call *call;
    memset(source, 0, sizeof(source));
    source[bit / 8] = expected[bit / 8] = (uint8_t)(1U << bit % 8);
    expected[6] = (uint8_t)((expected[6] & 0x0f) | 0x40);
    expected[8] = (uint8_t)((expected[8] & 0x3f) | 0x80);
    ck_assert_int_eq(callpair_init(&p, NULL, NULL), 0);
    p.side[0].calls->callbacks.rand = on_rand;
    ck_assert_int_eq(h46017_call_new(p.side[0].calls, NULL, &call, p.now), 0);
    ck_assert_mem_eq(h46017_call_identifier(call), expected, H46017_CALL_GUID);
    ck_assert_mem_eq(h46017_call_conference(call), expected, H46017_CALL_GUID);
    callpair_free(&p);
  }
}
END_TEST

/* A call and its conference each have their own. */
START_TEST(identifiers_of_calls_do_not_repeat) {
  static uint8_t seen[200][H46017_CALL_GUID];
  size_t again = 0;
  callpair p;
  h46017_call *call;
  ck_assert_int_eq(callpair_init(&p, NULL, NULL), 0);
  p.side[0].calls->callbacks.rand = on_rand;
  for (size_t i = 0; i < 200; i += 2) {
    ck_assert_int_eq(h46017_call_new(p.side[0].calls, NULL, &call, p.now), 0);
    memcpy(seen[i], h46017_call_identifier(call), H46017_CALL_GUID);
    memcpy(seen[i + 1], h46017_call_conference(call), H46017_CALL_GUID);
  }
  for (size_t i = 0; i < 200; i++) {
    for (size_t k = 0; k < i; k++) {
      again += memcmp(seen[i], seen[k], H46017_CALL_GUID) == 0;
    }
  }
  ck_assert_uint_eq(again, 0);
  callpair_free(&p);
}
END_TEST

static Suite *session_random_suite(void) {
  Suite *s = suite_create("session_random");
  TCase *tc = tcase_create("session_random");

  tcase_add_checked_fixture(tc, differ, NULL);
  tcase_add_test(tc, every_character_of_an_endpoint_identifier_is_random_bits);
  tcase_add_test(tc, an_endpoint_identifier_follows_from_nothing_else);
  tcase_add_test(tc, endpoint_identifiers_neither_repeat_nor_follow_each_other);
  tcase_add_test(tc, a_source_that_repeats_itself_registers_nobody);
  tcase_add_test(tc, the_keys_of_a_gatekeepers_hashes_are_random);
  tcase_add_test(tc, identifiers_of_calls_are_random);
  tcase_add_test(tc, identifiers_of_calls_do_not_repeat);
  suite_add_tcase(s, tc);
  return s;
}

int main(void) {
  return run_suite(session_random_suite());
}
