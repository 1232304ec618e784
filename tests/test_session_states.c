/* SPDX-License-Identifier: BSD-2-Clause */
/* Every event in every state of the gatekeeper's machines, brought about from
 * outside: what the tables say is what happens. */
#include "peer.h"
#include "runner.h"
#include "world.h"

#include "session/fsm.h"
#include "session/gatekeeper.h"

#include <check.h>
#include <stdio.h>
#include <string.h>

#define DEVICE "0090332f688a"

/* What the table says of the pair fits what is expected of it. */
static void compare(const h46017_fsm *fsm, int state, int event, int expected) {
  const h46017_fsm_state *st = &fsm->states[state];

  if (h46017_fsm_check(fsm, state, event) == H46017_FSM_HANDLE) {
    ck_assert_msg((st->next & H46017_FSM_BIT(expected)) != 0,
                  "%s: %s does not lead to %s", st->name, fsm->events[event],
                  fsm->states[expected].name);
  } else {
    ck_assert_msg(expected == state, "%s: %s is not handled", st->name,
                  fsm->events[event]);
  }
}

static void check_state(const h46017_fsm *fsm, int state, int event,
                        int expected, int found) {
  ck_assert_msg(found == expected, "%s, %s: %s, not %s",
                fsm->states[state].name, fsm->events[event],
                fsm->states[found].name, fsm->states[expected].name);
}

/* -- a registration -------------------------------------------------------- */

#define D GK_REG_DECIDING
#define R GK_REG_REGISTERED
#define X GK_REG_EXPIRING
#define G GK_REG_GRACE
#define E GK_REG_ENDED

static const int registration_walk[GK_REG_ENDED + 1][GK_REG_EV_COUNT] = {
    /*     GRANTED REFUSED REFRESH TIMER LOST END */
    [D] = {R, E, D, E, E, E}, [R] = {R, R, R, X, G, E},
    [X] = {R, X, R, E, G, E}, [G] = {R, G, R, E, G, E},
    [E] = {E, E, E, E, E, E},
};

typedef struct reg_walk {
  world w;
  peer p;
  peer other; /* the same peer, come back */
  h46017_identity who;
  char id[32];
  uint16_t seq;
} reg_walk;

static int registration_state(const reg_walk *x) {
  const h46017_text id = {x->id, strlen(x->id)};
  const gk_registration *r = gk_find_identifier(x->w.gk, &id);

  if (x->id[0] == '\0') {
    const h46017_registered *reg =
        h46017_gatekeeper_find(x->w.gk, DEVICE, strlen(DEVICE));
    return reg != NULL                    ? (int)R
           : x->p.conn->questions != NULL ? (int)D
                                          : (int)E;
  }
  return r != NULL ? r->state : (int)E;
}

static void rrq(reg_walk *x, peer *p, bool keep_alive) {
  h46017_ras ras = peer_rrq(++x->seq, DEVICE, NULL);
  const char *id = x->id[0] != '\0' ? x->id : "abcdefghjkmnpqrstuvwxyz022";

  ras.u.rrq.keep_alive = keep_alive;
  ras.u.rrq.endpoint_identifier = (h46017_text){id, keep_alive ? 26 : 0};
  if (!keep_alive) {
    ras.u.rrq.endpoint_identifier.text = NULL;
  }
  (void)peer_send_ras(p, &ras);
}

static void expire(reg_walk *x) {
  x->w.now = h46017_gatekeeper_next_expiry(x->w.gk);
  ck_assert_int_eq(h46017_gatekeeper_handle_expiry(x->w.gk, x->w.now), 0);
}

static void go_down(reg_walk *x) {
  ck_assert_int_eq(
      h46017_connection_transport_down(x->p.conn, H46017_ERR_CLOSED, x->w.now),
      0);
}

static void registration_enter(reg_walk *x, int state) {
  h46017_gatekeeper_settings s;
  memset(x, 0, sizeof(*x));
  world_settings(&s);
  s.registration_grace = 20000;
  s.register_timeout = 0;
  s.question_timeout = 2000; /* before the RIP */
  (void)world_init(&x->w, &s, NULL);
  h46017_identity_default(&x->who);
  x->who.tls = true;
  x->who.proof = H46017_PROOF_CERTIFICATE;
  x->who.cn = DEVICE;
  x->who.cn_len = strlen(DEVICE);
  peer_init(&x->p, &x->w, &x->who);
  peer_init(&x->other, &x->w, &x->who);
  if (state == D) {
    x->w.answered = H46017_LATER;
    rrq(x, &x->p, false);
    return;
  }
  rrq(x, &x->p, false);
  (void)snprintf(x->id, sizeof(x->id), "%s",
                 h46017_gatekeeper_find(x->w.gk, DEVICE, strlen(DEVICE))
                     ->endpoint_identifier);
  if (state == X) {
    expire(x);
  } else if (state == G) {
    go_down(x);
  } else if (state == E) {
    ck_assert_int_eq(
        h46017_gatekeeper_unregister(x->w.gk, DEVICE, strlen(DEVICE),
                                     H46017_URQ_MAINTENANCE, x->w.now),
        0);
  }
}

static void decide(reg_walk *x, int refuse) {
  h46017_registration_answer answer = {.open = true, .refuse = refuse};
  (void)h46017_gatekeeper_answer(x->w.gk, x->w.question, &answer, x->w.now);
}

static void registration_event(reg_walk *x, int state, int event) {
  peer *p = state == G ? &x->other : &x->p;

  switch ((gk_registration_event)event) {
  case GK_REG_EV_GRANTED:
  case GK_REG_EV_REFUSED:
    x->w.refuse = event == GK_REG_EV_GRANTED ? 0 : H46017_ERR_REFUSED;
    if (state == D) {
      decide(x, x->w.refuse);
    } else {
      rrq(x, p, false);
    }
    break;
  case GK_REG_EV_REFRESH:
    rrq(x, p, true);
    break;
  case GK_REG_EV_TIMER:
    if (h46017_gatekeeper_next_expiry(x->w.gk) != H46017_TIME_NEVER) {
      expire(x);
    }
    break;
  case GK_REG_EV_LOST:
    go_down(x);
    break;
  case GK_REG_EV_END:
    if (state == D) {
      (void)h46017_connection_close(x->p.conn, 0, x->w.now);
    } else {
      (void)h46017_gatekeeper_unregister(x->w.gk, DEVICE, strlen(DEVICE),
                                         H46017_URQ_MAINTENANCE, x->w.now);
    }
    break;
  case GK_REG_EV_COUNT:
    break;
  }
}

START_TEST(a_registration_does_what_its_table_says) {
  const h46017_fsm *fsm = &h46017_gatekeeper_registration_fsm;
  int event = _i % GK_REG_EV_COUNT;
  int state = _i / GK_REG_EV_COUNT;
  int expected = registration_walk[state][event];
  reg_walk x;

  ck_assert_int_eq(fsm->state_count, GK_REG_ENDED + 1);
  compare(fsm, state, event, expected);
  registration_enter(&x, state);
  ck_assert_int_eq(registration_state(&x), state);
  registration_event(&x, state, event);
  check_state(fsm, state, event, expected, registration_state(&x));
  peer_free(&x.p);
  peer_free(&x.other);
  world_free(&x.w);
}
END_TEST

/* -- a connection ---------------------------------------------------------- */

#define U GK_CONN_UP
#define C GK_CONN_CLOSING
#define O GK_CONN_CLOSED

static const int connection_walk[GK_CONN_CLOSED + 1][GK_CONN_EV_COUNT] = {
    /*     CLOSE ERROR TIMER DOWN */
    [U] = {C, C, C, O},
    [C] = {C, C, O, O},
    [O] = {O, O, O, O},
};

START_TEST(a_connection_does_what_its_table_says) {
  static const uint8_t garbage[] = {'G', 'E', 'T', ' '};
  const h46017_fsm *fsm = &h46017_gatekeeper_connection_fsm;
  int event = _i % GK_CONN_EV_COUNT;
  int state = _i / GK_CONN_EV_COUNT;
  int expected = connection_walk[state][event];
  world w;
  peer p;

  ck_assert_int_eq(fsm->state_count, GK_CONN_CLOSED + 1);
  compare(fsm, state, event, expected);
  (void)world_init(&w, NULL, NULL);
  peer_init(&p, &w, NULL);
  if (state == C) {
    ck_assert_int_eq(h46017_connection_close(p.conn, 0, w.now), 0);
  } else if (state == O) {
    ck_assert_int_eq(
        h46017_connection_transport_down(p.conn, H46017_ERR_CLOSED, w.now), 0);
  }
  ck_assert_int_eq(p.conn->state, state);
  switch ((gk_connection_event)event) {
  case GK_CONN_EV_CLOSE:
    ck_assert_int_eq(h46017_connection_close(p.conn, 0, w.now), 0);
    break;
  case GK_CONN_EV_ERROR:
    ck_assert_int_ne(
        h46017_connection_recv(p.conn, garbage, sizeof(garbage), w.now), 0);
    break;
  case GK_CONN_EV_TIMER:
    if (h46017_gatekeeper_next_expiry(w.gk) != H46017_TIME_NEVER) {
      w.now = h46017_gatekeeper_next_expiry(w.gk);
    }
    ck_assert_int_eq(h46017_gatekeeper_handle_expiry(w.gk, w.now), 0);
    break;
  case GK_CONN_EV_DOWN:
    ck_assert_int_eq(
        h46017_connection_transport_down(p.conn, H46017_ERR_CLOSED, w.now), 0);
    break;
  case GK_CONN_EV_COUNT:
    break;
  }
  check_state(fsm, state, event, expected, p.conn->state);
  peer_free(&p);
  world_free(&w);
}
END_TEST

int main(void) {
  Suite *s = suite_create("session_states");
  TCase *tc = tcase_create("session_states");
  tcase_add_loop_test(tc, a_registration_does_what_its_table_says, 0,
                      (GK_REG_ENDED + 1) * GK_REG_EV_COUNT);
  tcase_add_loop_test(tc, a_connection_does_what_its_table_says, 0,
                      (GK_CONN_CLOSED + 1) * GK_CONN_EV_COUNT);
  suite_add_tcase(s, tc);
  return run_suite(s);
}
