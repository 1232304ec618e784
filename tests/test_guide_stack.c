/* SPDX-License-Identifier: BSD-2-Clause */
/* The programmer's guide's code for a program with an H.323 stack, compiled as
 * it stands there: two such programs call each other. What stands here is their
 * stack, which knows octets. */
#include "guide_stack.h"
#include "runner.h"

#include "callworld.h"

#include <check.h>
#include <string.h>

/* -- the stack ------------------------------------------------------------- */

typedef struct stack {
  uint8_t types[16]; /* of what came */
  unsigned count;
  uint8_t reference[2]; /* as in the latest message */
  uint16_t lost;
  uint8_t lost_cause;
  bool silent; /* it does not call after all */
} stack;

void stack_take(void *s, const uint8_t *q931, size_t len) {
  stack *st = s;
  ck_assert_uint_gt(len, 4);
  ck_assert_uint_lt(st->count, sizeof(st->types));
  st->types[st->count++] = q931[4];
  memcpy(st->reference, q931 + 2, 2);
}

void stack_lost(void *s, uint16_t reference, uint8_t cause) {
  stack *st = s;
  st->lost = reference;
  st->lost_cause = cause;
}

/* Where the identifier of its call stands in a message: a captured one has it
 * once. */
static uint8_t *identifier_in(octets *msg) {
  h46017_q931 view;
  h46017_h225 *m;
  const uint8_t *per, *found;
  size_t n;
  ck_assert_int_eq(h46017_q931_parse(&view, msg->data, msg->len, 0), 0);
  ck_assert_int_eq(h46017_q931_user_user(&view, &per, &n), 0);
  ck_assert_int_eq(h46017_h225_new(&m, NULL, NULL), 0);
  ck_assert_int_eq(
      h46017_h225_decode(m, h46017_h225_user_information(), per, n), 0);
  ck_assert_int_eq(
      h46017_h225_read_octets(
          h46017_h225_get(
              h46017_h225_root(m),
              "h323-uu-pdu.h323-message-body.setup.callIdentifier.guid"),
          &found, &n),
      0);
  ck_assert_uint_eq(n, H46017_CALL_GUID);
  n = (size_t)(found - msg->data);
  h46017_h225_del(m);
  return msg->data + n;
}

/* A captured Setup, with the values of this call in it. */
size_t stack_setup(void *s, uint16_t reference, const uint8_t *call_identifier,
                   const uint8_t *conference, const h46017_aliases *destination,
                   uint8_t *q931, size_t room) {
  octets setup = captured_setup();
  size_t len = setup.len;
  (void)conference;
  (void)destination;
  ck_assert_uint_le(len, room);
  memcpy(identifier_in(&setup), call_identifier, H46017_CALL_GUID);
  setup.data[2] = (uint8_t)(reference >> 8);
  setup.data[3] = (uint8_t)reference;
  memcpy(q931, setup.data, len);
  octets_free(&setup);
  return ((const stack *)s)->silent ? 0 : len;
}

/* -- two programs and a gatekeeper ----------------------------------------- */

typedef struct program {
  stack_line l;
  stack s;
  uint32_t registration;
  h46017_connection *conn; /* the gatekeeper's end */
} program;

static program programs[2];
static h46017_gatekeeper *gk;
static uint32_t random_state;

static int give_random(uint8_t *dest, size_t len, void *user_data) {
  (void)user_data;
  for (size_t i = 0; i < len; i++) {
    random_state = random_state * 1103515245 + 12345;
    dest[i] = (uint8_t)(random_state >> 16);
  }
  return 0;
}

static int connecting(h46017_endpoint *ep, size_t index, void *user_data) {
  (void)ep;
  (void)index;
  (void)user_data;
  return 0;
}

static h46017_answered let_in(h46017_gatekeeper *g, uint64_t question,
                              const h46017_registration_question *asked,
                              h46017_registration_answer *given,
                              void *user_data) {
  (void)g;
  (void)question;
  (void)asked;
  (void)user_data;
  given->open = true;
  return H46017_ANSWERED;
}

static void carry(void) {
  bool moved = true;
  while (moved) {
    moved = false;
    for (int i = 0; i < 2; i++) {
      program *p = &programs[i];
      const uint8_t *tx;
      size_t n;
      if (p->conn == NULL) {
        continue;
      }
      n = h46017_endpoint_peek_tx(p->l.endpoint, &tx);
      if (n > 0) {
        ck_assert_int_eq(h46017_connection_recv(p->conn, tx, n, 1), 0);
        ck_assert_int_eq(h46017_endpoint_ack_tx(p->l.endpoint, n, 1), 0);
        moved = true;
      }
      n = h46017_connection_peek_tx(p->conn, &tx);
      if (n > 0) {
        ck_assert_int_eq(h46017_endpoint_recv(p->l.endpoint, tx, n, 1), 0);
        ck_assert_int_eq(h46017_connection_ack_tx(p->conn, n, 1), 0);
        moved = true;
      }
    }
  }
}

static void program_begin(int i, const char *name) {
  program *p = &programs[i];
  h46017_alias alias = {H46017_ALIAS_H323_ID, 0, {name, strlen(name)}};
  h46017_registration reg;
  h46017_endpoint_callbacks cb;
  h46017_calls_callbacks calls;
  h46017_endpoint_callbacks_default(&cb);
  cb.connect = connecting;
  cb.rand = give_random;
  line_attach(&cb, &calls);
  p->l.stack = &p->s;
  p->l.now = 1;
  ck_assert_int_eq(
      h46017_endpoint_new(&p->l.endpoint, NULL, &cb, NULL, &p->l, 1), 0);
  h46017_registration_default(&reg);
  reg.aliases = &alias;
  reg.alias_count = 1;
  ck_assert_int_eq(
      h46017_endpoint_add(p->l.endpoint, &reg, &p->registration, 1), 0);
  ck_assert_int_eq(h46017_endpoint_start(p->l.endpoint, 1), 0);
  ck_assert_int_eq(h46017_connection_new(&p->conn, gk, NULL, NULL, 1), 0);
  ck_assert_int_eq(h46017_endpoint_transport_up(p->l.endpoint, NULL, 1), 0);
  carry();
  ck_assert_int_eq(
      h46017_endpoint_registration_state(p->l.endpoint, p->registration),
      H46017_REGISTRATION_REGISTERED);
}

static void begin_two(void) {
  h46017_gatekeeper_callbacks cb;
  memset(programs, 0, sizeof(programs));
  random_state = 1;
  h46017_gatekeeper_callbacks_default(&cb);
  cb.select_device = let_in;
  cb.rand = give_random;
  ck_assert_int_eq(h46017_gatekeeper_new(&gk, NULL, &cb, NULL, NULL, 1), 0);
  program_begin(0, "ep1");
  program_begin(1, "ep2");
}

static void end_two(void) {
  h46017_gatekeeper_del(gk);
  for (int i = 0; i < 2; i++) {
    h46017_endpoint_del(programs[i].l.endpoint);
  }
}

static int calls_somebody(void) {
  h46017_alias alias = {H46017_ALIAS_H323_ID, 0, {"ep2", 3}};
  const h46017_aliases whom = {&alias, 1, true};
  int rv = line_call(&programs[0].l, programs[0].registration, &whom, 640);
  carry();
  return rv;
}

/* A message as bare as they come, to the call that the latest one was about. */
static int says(int who, uint8_t type) {
  const program *p = &programs[who];
  /* the other side's flag is not ours */
  uint8_t q931[] = {8, 2, p->s.reference[0] ^ 0x80, p->s.reference[1], type};
  h46017_call *call = h46017_calls_find(
      h46017_endpoint_calls(p->l.endpoint), (p->s.reference[0] & 0x80) != 0,
      (uint16_t)((p->s.reference[0] & 0x7f) << 8 | p->s.reference[1]));
  int rv;
  if (call == NULL) {
    return H46017_ERR_NOT_FOUND;
  }
  rv = line_send(&programs[who].l, q931, sizeof(q931));
  carry();
  return rv;
}

static void heard(int who, unsigned n, uint8_t type) {
  ck_assert_uint_eq(programs[who].s.count, n);
  ck_assert_uint_eq(programs[who].s.types[n - 1], type);
}

START_TEST(a_stack_calls_is_called_and_hears_of_every_end) {
  begin_two();
  ck_assert_int_eq(calls_somebody(), 0);
  heard(1, 1, H46017_Q931_SETUP);
  ck_assert_int_eq(says(1, H46017_Q931_ALERTING), 0);
  heard(0, 1, H46017_Q931_ALERTING);
  ck_assert_int_eq(says(1, H46017_Q931_CONNECT), 0);
  heard(0, 2, H46017_Q931_CONNECT);
  ck_assert_int_eq(says(0, H46017_Q931_FACILITY), 0);
  heard(1, 2, H46017_Q931_FACILITY);
  ck_assert_int_eq(says(0, H46017_Q931_ALERTING), H46017_ERR_INVALID_STATE);
  if (_i == 0) {
    ck_assert_int_eq(says(1, H46017_Q931_RELEASE_COMPLETE), 0);
    heard(0, 3, H46017_Q931_RELEASE_COMPLETE);
    ck_assert_int_eq(says(1, H46017_Q931_FACILITY), H46017_ERR_NOT_FOUND);
  } else {
    ck_assert_int_eq(h46017_endpoint_transport_down(programs[0].l.endpoint,
                                                    H46017_ERR_CLOSED, 1),
                     0);
    ck_assert_uint_ne(programs[0].s.lost, 0);
    ck_assert_uint_eq(programs[0].s.lost_cause, 27);
  }
  ck_assert_uint_eq(
      h46017_calls_count(h46017_endpoint_calls(programs[1].l.endpoint)),
      _i == 0 ? 0 : 1);
  end_two();
}
END_TEST

START_TEST(a_stack_that_does_not_call_after_all_ends_the_call) {
  begin_two();
  programs[0].s.silent = true;
  ck_assert_int_eq(calls_somebody(), 0);
  ck_assert_uint_eq(
      h46017_calls_count(h46017_endpoint_calls(programs[0].l.endpoint)), 0);
  ck_assert_uint_eq(h46017_gatekeeper_call_count(gk), 0);
  ck_assert_uint_eq(programs[1].s.count, 0);
  ck_assert_uint_eq(programs[0].s.lost, 0);
  end_two();
}
END_TEST

int main(void) {
  Suite *s = suite_create("guide_stack");
  TCase *tc = tcase_create("guide_stack");
  tcase_add_loop_test(tc, a_stack_calls_is_called_and_hears_of_every_end, 0, 2);
  tcase_add_test(tc, a_stack_that_does_not_call_after_all_ends_the_call);
  suite_add_tcase(s, tc);
  return run_suite(s);
}
