/* SPDX-License-Identifier: BSD-2-Clause */
/* Every event in every state of the endpoint's machines, brought about from
 * outside, and every alternative of RasMessage: each is handled on purpose. */
#include "octets.h"
#include "played.h"
#include "ras_sample.h"
#include "runner.h"

#include "session/endpoint.h"
#include "session/fsm.h"

#include <check.h>
#include <string.h>

static void begin(played *p) {
  h46017_endpoint_settings s;

  h46017_endpoint_settings_default(&s);
  s.gatekeeper_count = 1;
  ck_assert_int_eq(played_init(p, &s, NULL), 0);
  ck_assert_int_eq(played_add(p, "phone"), 0);
}

static void registered(played *p) {
  ck_assert_int_eq(played_up(p), 0);
  ck_assert_int_eq(played_confirm(p, played_last(p)->seq, "phone", 60), 0);
  ck_assert_int_eq(p->registered, 1);
}

/* Octets from the gatekeeper, in hex. */
static void give_hex(played *p, const char *hex) {
  octets o = octets_hex(hex);
  const uint8_t *data;
  size_t len;

  ck_assert_int_eq(h46017_tunnel_write_ras(p->tunnel, o.data, o.len), 0);
  len = h46017_tunnel_peek_tx(p->tunnel, &data);
  ck_assert_int_eq(h46017_endpoint_recv(p->ep, data, len, p->now), 0);
  ck_assert_int_eq(h46017_tunnel_ack_tx(p->tunnel, len, p->now), 0);
  ck_assert_int_eq(played_until(p, p->now), 0);
  octets_free(&o);
}

/* -- messages -------------------------------------------------------------- */

#define RAS_KINDS (H46017_RAS_ACF_SEQUENCE + 1)
#define NOTHING ((h46017_ras_kind)-2)

/* What a registered endpoint says to a message that it has not asked for. */
static const h46017_ras_kind answers[RAS_KINDS] = {
    [H46017_RAS_GRQ] = H46017_RAS_XRS,  [H46017_RAS_GCF] = NOTHING,
    [H46017_RAS_GRJ] = NOTHING,         [H46017_RAS_RRQ] = H46017_RAS_XRS,
    [H46017_RAS_RCF] = NOTHING,         [H46017_RAS_RRJ] = NOTHING,
    [H46017_RAS_URQ] = H46017_RAS_UCF,  [H46017_RAS_UCF] = NOTHING,
    [H46017_RAS_URJ] = NOTHING,         [H46017_RAS_ARQ] = H46017_RAS_XRS,
    [H46017_RAS_ACF] = NOTHING,         [H46017_RAS_ARJ] = NOTHING,
    [H46017_RAS_BRQ] = H46017_RAS_XRS,  [H46017_RAS_BCF] = NOTHING,
    [H46017_RAS_BRJ] = NOTHING,         [H46017_RAS_DRQ] = H46017_RAS_XRS,
    [H46017_RAS_DCF] = NOTHING,         [H46017_RAS_DRJ] = NOTHING,
    [H46017_RAS_LRQ] = H46017_RAS_XRS,  [H46017_RAS_LCF] = NOTHING,
    [H46017_RAS_LRJ] = NOTHING,         [H46017_RAS_IRQ] = H46017_RAS_IRR,
    [H46017_RAS_IRR] = NOTHING,         [H46017_RAS_NSM] = NOTHING,
    [H46017_RAS_XRS] = NOTHING,         [H46017_RAS_RIP] = NOTHING,
    [H46017_RAS_RAI] = H46017_RAS_XRS,  [H46017_RAS_RAC] = NOTHING,
    [H46017_RAS_IACK] = NOTHING,        [H46017_RAS_INAK] = NOTHING,
    [H46017_RAS_SCI] = H46017_RAS_XRS,  [H46017_RAS_SCR] = NOTHING,
    [H46017_RAS_ACF_SEQUENCE] = NOTHING};

START_TEST(each_alternative_has_its_answer_or_none_on_purpose) {
  int before;
  played p;

  begin(&p);
  registered(&p);
  before = p.count;
  give_hex(&p, sample_of((h46017_ras_kind)_i));
  if (answers[_i] == NOTHING) {
    ck_assert_int_eq(p.count, before);
  } else {
    ck_assert_int_gt(p.count, before);
    ck_assert_int_eq((int)p.got[before].kind, (int)answers[_i]);
  }
  /* A URQ that names nobody means the only one there is. */
  ck_assert_int_eq(h46017_endpoint_registration_state(p.ep, p.ids[0]) ==
                       H46017_REGISTRATION_REGISTERED,
                   _i != H46017_RAS_URQ);
  ck_assert_int_eq(h46017_endpoint_get_state(p.ep), H46017_ENDPOINT_UP);
  played_free(&p);
}
END_TEST

START_TEST(an_alternative_that_no_version_knows_gets_xrs) {
  int before;
  played p;

  begin(&p);
  registered(&p);
  before = p.count;
  give_hex(&p, "880100");
  ck_assert_int_eq(p.count, before + 1);
  ck_assert_int_eq((int)played_last(&p)->kind, (int)H46017_RAS_XRS);
  played_free(&p);
}
END_TEST

/* -- what the tables say --------------------------------------------------- */

/* What comes of an event fits the table, and is what is expected. */
static void compare(const h46017_fsm *fsm, int state, int event, int expected,
                    int found) {
  const h46017_fsm_state *st = &fsm->states[state];

  ck_assert_msg(found == expected, "%s, %s: %s, not %s", st->name,
                fsm->events[event], fsm->states[found].name,
                fsm->states[expected].name);
  if (h46017_fsm_check(fsm, state, event) != H46017_FSM_HANDLE) {
    ck_assert_msg(expected == state, "%s: %s is not handled", st->name,
                  fsm->events[event]);
  } else {
    ck_assert_msg(expected == state ||
                      (st->next & H46017_FSM_BIT(expected)) != 0,
                  "%s: %s does not lead to %s", st->name, fsm->events[event],
                  fsm->states[expected].name);
  }
}

static void expire(played *p) {
  h46017_time next = h46017_endpoint_next_expiry(p->ep);

  if (next != H46017_TIME_NEVER) {
    ck_assert_int_eq(played_until(p, next), 0);
  }
}

/* -- the connection -------------------------------------------------------- */

#define I H46017_ENDPOINT_IDLE
#define C H46017_ENDPOINT_CONNECTING
#define U H46017_ENDPOINT_UP
#define L H46017_ENDPOINT_CLOSING
#define B H46017_ENDPOINT_BACKOFF

/* UP has no timer of its own: what fires there is a registration's refresh. */
static const int connection_walk[H46017_ENDPOINT_BACKOFF + 1][EP_EV_COUNT] = {
    /*     START UP DOWN TIMER CLOSE */
    [I] = {C, I, I, I, I}, [C] = {C, U, B, B, I}, [U] = {U, U, B, U, L},
    [L] = {L, L, I, L, L}, [B] = {C, B, B, C, I},
};

static void connection_enter(played *p, int state) {
  begin(p); /* CONNECTING */
  if (state == U || state == L) {
    registered(p);
  } else if (state == B) {
    ck_assert_int_eq(played_down(p, H46017_ERR_CONNECT), 0);
  }
  if (state == L || state == I) {
    ck_assert_int_eq(h46017_endpoint_close(p->ep, p->now), 0);
  }
  ck_assert_int_eq(h46017_endpoint_get_state(p->ep), state);
}

START_TEST(a_connection_does_what_its_table_says) {
  const h46017_fsm *fsm = &h46017_endpoint_connection_fsm;
  const int event = _i % EP_EV_COUNT;
  const int state = _i / EP_EV_COUNT;
  const bool fits = h46017_fsm_check(fsm, state, event) != H46017_FSM_REFUSE;
  played p;
  int rv = 0;

  ck_assert_int_eq(fsm->state_count, H46017_ENDPOINT_BACKOFF + 1);
  connection_enter(&p, state);
  switch ((endpoint_event)event) {
  case EP_EV_START:
    rv = h46017_endpoint_start(p.ep, p.now);
    ck_assert_int_eq(rv, fits ? 0 : H46017_ERR_INVALID_STATE);
    break;
  case EP_EV_TRANSPORT_UP:
    rv = h46017_endpoint_transport_up(p.ep, NULL, p.now);
    ck_assert_int_eq(rv, fits ? 0 : H46017_ERR_INVALID_STATE);
    break;
  case EP_EV_TRANSPORT_DOWN:
    ck_assert_int_eq(played_down(&p, H46017_ERR_CLOSED), 0);
    break;
  case EP_EV_TIMER:
    expire(&p);
    break;
  case EP_EV_CLOSE:
    ck_assert_int_eq(h46017_endpoint_close(p.ep, p.now), 0);
    break;
  case EP_EV_COUNT:
    break;
  }
  compare(fsm, state, event, connection_walk[state][event],
          (int)h46017_endpoint_get_state(p.ep));
  ck_assert_int_eq(p.connects,
                   1 + (state != C && connection_walk[state][event] == C));
  played_free(&p);
}
END_TEST

/* -- a registration -------------------------------------------------------- */

#define N H46017_REGISTRATION_UNREGISTERED
#define A H46017_REGISTRATION_REGISTERING
#define R H46017_REGISTRATION_REGISTERED
#define F H46017_REGISTRATION_REFRESHING
#define X H46017_REGISTRATION_UNREGISTERING
#define H H46017_REGISTRATION_HELD

/* An answer that nobody waits for changes nothing. A request that is not
 * answered ends the connection, and each registration with that. One that is
 * removed while it registers waits for the answer first. */
static const int registration_walk[H46017_REGISTRATION_HELD +
                                   1][REG_EV_COUNT] = {
    /*     UP DOWN RCF RRJ RIP URQ UCF TIMER NAMES REMOVE */
    [N] = {A, N, N, N, N, N, N, N, N, N}, [A] = {A, N, R, H, A, A, A, N, A, A},
    [R] = {R, N, R, R, R, A, R, F, F, X}, [F] = {F, N, R, A, F, A, F, N, F, X},
    [X] = {X, N, X, X, X, N, N, N, X, X}, [H] = {H, N, H, H, H, H, H, A, H, N},
};

static void answer(played *p, h46017_ras_kind kind) {
  const uint16_t seq = played_last(p)->seq;
  h46017_ras ras = {.kind = kind, .request_seq_num = seq};

  if (kind == H46017_RAS_RCF) {
    played_build_rcf(p, seq, "phone", 60);
    ck_assert_int_eq(
        h46017_h225_set_present(
            p->out, "registrationConfirm.supportsAdditiveRegistration"),
        0);
    ck_assert_int_eq(played_give(p), 0);
    return;
  }
  if (kind == H46017_RAS_RRJ) {
    ras.u.rrj.reason = H46017_RRJ_FULL_REGISTRATION_REQUIRED;
  } else if (kind == H46017_RAS_RIP) {
    ras.u.rip.delay = 20000;
  } else if (kind == H46017_RAS_URQ) {
    ras.u.urq.endpoint_identifier = (h46017_text){"1_endp", 6};
    ras.u.urq.reason = H46017_URQ_REREGISTRATION_REQUIRED;
  }
  played_build(p, &ras);
  ck_assert_int_eq(played_give(p), 0);
}

/* What the program does once the endpoint wants nothing more. */
static void close_if_done(played *p) {
  if (p->tunnel != NULL && !h46017_endpoint_want_read(p->ep) &&
      !h46017_endpoint_want_write(p->ep)) {
    ck_assert_int_eq(played_down(p, H46017_ERR_CLOSED), 0);
  }
}

static int registration_state(const played *p) {
  return (int)h46017_endpoint_registration_state(p->ep, p->ids[0]);
}

static void registration_enter(played *p, int state) {
  begin(p); /* UNREGISTERED */
  if (state != N) {
    ck_assert_int_eq(played_up(p), 0);
  }
  if (state == H) {
    answer(p, H46017_RAS_RRJ);
  } else if (state != N && state != A) {
    answer(p, H46017_RAS_RCF);
  }
  if (state == F) {
    expire(p);
  } else if (state == X) {
    ck_assert_int_eq(h46017_endpoint_remove(p->ep, p->ids[0], p->now), 0);
    ck_assert_int_eq(played_until(p, p->now), 0);
  }
  ck_assert_int_eq(registration_state(p), state);
}

static void registration_event_of(played *p, int event) {
  static const h46017_ras_kind kinds[REG_EV_COUNT] = {
      [REG_EV_RCF] = H46017_RAS_RCF,
      [REG_EV_RRJ] = H46017_RAS_RRJ,
      [REG_EV_RIP] = H46017_RAS_RIP,
      [REG_EV_URQ] = H46017_RAS_URQ,
      [REG_EV_UCF] = H46017_RAS_UCF};

  switch ((registration_event)event) {
  case REG_EV_UP:
    if (p->tunnel == NULL) {
      ck_assert_int_eq(played_up(p), 0);
    } else {
      ck_assert_int_eq(h46017_endpoint_transport_up(p->ep, NULL, p->now),
                       H46017_ERR_INVALID_STATE);
    }
    break;
  case REG_EV_DOWN:
    ck_assert_int_eq(played_down(p, H46017_ERR_CLOSED), 0);
    break;
  case REG_EV_RCF:
  case REG_EV_RRJ:
  case REG_EV_RIP:
  case REG_EV_URQ:
  case REG_EV_UCF:
    if (p->tunnel != NULL) {
      answer(p, kinds[event]);
    }
    break;
  case REG_EV_TIMER:
    expire(p);
    close_if_done(p);
    break;
  case REG_EV_NAMES:
    (void)played_names(p, p->ids[0], "lobby");
    break;
  case REG_EV_REMOVE:
    (void)h46017_endpoint_remove(p->ep, p->ids[0], p->now);
    break;
  case REG_EV_COUNT:
    break;
  }
}

START_TEST(a_registration_does_what_its_table_says) {
  const h46017_fsm *fsm = &h46017_endpoint_registration_fsm;
  const int event = _i % REG_EV_COUNT;
  const int state = _i / REG_EV_COUNT;
  played p;

  ck_assert_int_eq(fsm->state_count, H46017_REGISTRATION_HELD + 1);
  registration_enter(&p, state);
  registration_event_of(&p, event);
  compare(fsm, state, event, registration_walk[state][event],
          registration_state(&p));
  played_free(&p);
}
END_TEST

int main(void) {
  Suite *s = suite_create("endpoint_states");
  TCase *tc = tcase_create("endpoint_states");
  tcase_add_loop_test(tc, each_alternative_has_its_answer_or_none_on_purpose, 0,
                      RAS_KINDS);
  tcase_add_test(tc, an_alternative_that_no_version_knows_gets_xrs);
  tcase_add_loop_test(tc, a_connection_does_what_its_table_says, 0,
                      (H46017_ENDPOINT_BACKOFF + 1) * EP_EV_COUNT);
  tcase_add_loop_test(tc, a_registration_does_what_its_table_says, 0,
                      (H46017_REGISTRATION_HELD + 1) * REG_EV_COUNT);
  suite_add_tcase(s, tc);
  return run_suite(s);
}
