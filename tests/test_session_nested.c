/* SPDX-License-Identifier: BSD-2-Clause */
/* What a program may do inside the gatekeeper's callbacks, from every one of
 * them, and what memory that fails does to it. */
#include "failmem.h"
#include "peer.h"
#include "runner.h"
#include "world.h"

#include <check.h>
#include <string.h>

#define DEVICE "0090332f688a"
#define SECOND ((h46017_time)1000)

static h46017_identity proved(void) {
  h46017_identity id;
  h46017_identity_default(&id);
  id.tls = true;
  id.proof = H46017_PROOF_CERTIFICATE;
  id.cn = DEVICE;
  id.cn_len = strlen(DEVICE);
  memset(id.key_sha256, 1, sizeof(id.key_sha256));
  return id;
}

static const char *const device_ids[] = {DEVICE};

/* -- a play with everything in it ------------------------------------------ */

typedef struct play play;
struct play {
  world w;
  peer p[3]; /* twice the device, once somebody */
  const char *callback;
  int nth; /* the so many-th call of it; 0: every one */
  void (*action)(play *pl, h46017_connection *c);
  int seen;
  int acted;
  bool observing; /* in log_write or trace */
  bool acting;
};

static bool alive(const play *pl, int i) {
  return pl->w.gk != NULL && pl->p[i].conn != NULL;
}

static void say(play *pl, int i, const h46017_ras *ras) {
  peer *p = &pl->p[i];
  if (!alive(pl, i) || !h46017_connection_want_read(p->conn)) {
    return;
  }
  peer_write(p, ras);
  (void)peer_push(p);
  if (alive(pl, i)) {
    (void)peer_carry(p);
  }
}

static void say_light(play *pl, int i, h46017_ras_kind kind) {
  const h46017_registered *reg;
  h46017_ras ras = {.kind = kind, .request_seq_num = 9};
  char id[32];
  h46017_text text = {id, 26};
  if (pl->w.gk == NULL ||
      (reg = h46017_gatekeeper_find(pl->w.gk, DEVICE, 12)) == NULL) {
    return;
  }
  memcpy(id, reg->endpoint_identifier, 27);
  if (kind == H46017_RAS_RRQ) {
    ras.u.rrq.keep_alive = true;
    ras.u.rrq.endpoint_identifier = text;
  } else {
    ras.u.urq.endpoint_identifier = text;
    ras.u.urq.reason = H46017_URQ_REASON_ABSENT;
  }
  say(pl, i, &ras);
}

static void answer(play *pl, uint64_t question) {
  const h46017_registration_answer yes = {.device = &pl->w.device};
  if (pl->w.gk != NULL) {
    (void)h46017_gatekeeper_answer(pl->w.gk, question, &yes, pl->w.now);
  }
}

static void pass(play *pl, h46017_time ms) {
  pl->w.now += ms;
  if (pl->w.gk != NULL) {
    ck_assert_int_eq(h46017_gatekeeper_handle_expiry(pl->w.gk, pl->w.now), 0);
  }
  if (pl->w.gk != NULL) {
    ck_assert(h46017_gatekeeper_next_expiry(pl->w.gk) > pl->w.now);
  }
}

static int check_one(const h46017_registered *reg, void *arg) {
  const play *pl = arg;
  for (size_t i = 0; i < reg->alias_count; i++) {
    const h46017_text *name = &reg->aliases[i].text;
    ck_assert_ptr_eq(h46017_gatekeeper_find(pl->w.gk, name->text, name->len),
                     reg);
  }
  return 0;
}

/* The ready list gives each connection once, none that is gone; what stands in
 * the registrar is found, once. */
static void check(play *pl) {
  h46017_connection *c;
  h46017_connection *seen[3] = {NULL, NULL, NULL};
  int n = 0;
  if (pl->w.gk == NULL) {
    return;
  }
  while (h46017_gatekeeper_next_ready(pl->w.gk, &c)) {
    ck_assert_int_lt(n, 3);
    ck_assert(c == pl->p[0].conn || c == pl->p[1].conn || c == pl->p[2].conn);
    ck_assert(c != seen[0] && c != seen[1]);
    seen[n++] = c;
  }
  ck_assert_int_eq(h46017_gatekeeper_each(pl->w.gk, check_one, pl), 0);
}

static void on_callback(world *w, const char *callback, h46017_connection *c) {
  play *pl = w->hook_data;
  if (pl->callback == NULL || pl->acting ||
      strcmp(callback, pl->callback) != 0 ||
      (++pl->seen != pl->nth && pl->nth != 0)) {
    return;
  }
  pl->observing =
      strcmp(callback, "trace") == 0 || strcmp(callback, "log_write") == 0;
  pl->acting = true;
  pl->acted++;
  pl->action(pl, c);
  pl->acting = false;
}

static int play_through(play *pl, const h46017_mem *mem) {
  const h46017_identity right = proved();
  const h46017_ras twice = peer_rrq(1, DEVICE, DEVICE "-TEL1");
  const h46017_ras again = peer_rrq(2, DEVICE, NULL);
  const h46017_ras other = peer_rrq(3, DEVICE "-TEL2", NULL);
  const h46017_ras unknown = {.kind = H46017_RAS_UCF, .request_seq_num = 7};
  static const uint8_t setup[] = {8, 2, 0, 1, 5};
  uint64_t first;
  int rv = world_init(&pl->w, NULL, mem);
  if (rv != 0) {
    return rv;
  }
  pl->w.hook = on_callback;
  pl->w.hook_data = pl;
  pl->w.open = false;
  pl->w.device.name = DEVICE;
  pl->w.device.hardware_ids = device_ids;
  pl->w.device.hardware_id_count = 1;
  for (int i = 0; i < 3; i++) {
    peer_init_apart(&pl->p[i], &pl->w);
  }
  for (int i = 0; i < 3; i++) {
    peer *p = &pl->p[i];
    if (pl->w.gk != NULL) {
      rv = h46017_connection_new(&p->conn, pl->w.gk, i < 2 ? &right : NULL, p,
                                 pl->w.now);
      if (rv != 0 && mem == NULL) {
        ck_abort_msg("no connection");
      }
    }
  }
  say(pl, 0, &twice);
  say_light(pl, 0, H46017_RAS_RRQ);
  check(pl);
  /* Two questions wait; the answer to one takes the other's connection. */
  pl->w.answered = H46017_LATER;
  say(pl, 1, &again);
  first = pl->w.question;
  say(pl, 1, &again);
  say(pl, 0, &other);
  check(pl);
  answer(pl, first);
  check(pl);
  say(pl, 1, &other);
  pass(pl, 11 * SECOND);
  check(pl);
  pl->w.answered = H46017_ANSWERED;
  say(pl, 2, &again); /* refused */
  say(pl, 2, &unknown);
  if (alive(pl, 2) && h46017_connection_want_read(pl->p[2].conn)) {
    ck_assert_int_eq(
        h46017_tunnel_write_signalling(pl->p[2].tunnel, setup, sizeof(setup)),
        0);
    (void)peer_push(&pl->p[2]);
  }
  check(pl);
  say_light(pl, 1, H46017_RAS_URQ);
  say(pl, 1, &again);
  check(pl);
  pass(pl, 120 * SECOND);
  pass(pl, 11 * SECOND);
  check(pl);
  say(pl, 1, &again);
  say(pl, 0, &other);
  pl->w.answered = H46017_LATER;
  say(pl, 1, &twice);
  say(pl, 1, &other);
  check(pl);
  for (int i = 0; i < 2; i++) {
    if (alive(pl, i)) {
      h46017_connection *c = pl->p[i].conn;
      pl->p[i].conn = NULL;
      h46017_connection_del(c);
      check(pl);
    }
  }
  if (pl->w.gk != NULL) {
    ck_assert_int_eq(h46017_gatekeeper_close(pl->w.gk, pl->w.now), 0);
  }
  check(pl);
  for (int i = 0; i < 3; i++) {
    h46017_tunnel_del(pl->p[i].tunnel);
  }
  world_free(&pl->w);
  return 0;
}

/* -- what is done in it ---------------------------------------------------- */

static void expect(const play *pl, int rv, int otherwise) {
  ck_assert_int_eq(rv, pl->observing ? H46017_ERR_REENTRANT : otherwise);
}

static void act_close(play *pl, h46017_connection *c) {
  for (int i = 0; i < 3; i++) {
    if ((c == NULL || c == pl->p[i].conn) && pl->p[i].conn != NULL) {
      expect(pl, h46017_connection_close(pl->p[i].conn, 0, pl->w.now), 0);
    }
  }
}

static void act_unregister(play *pl, h46017_connection *c) {
  int rv;
  (void)c;
  do {
    rv = h46017_gatekeeper_unregister(pl->w.gk, DEVICE, 12,
                                      H46017_URQ_MAINTENANCE, pl->w.now);
  } while (rv == 0);
  expect(pl, rv, H46017_ERR_NOT_FOUND);
}

static void act_delete(play *pl, h46017_connection *c) {
  for (int i = 0; i < 3; i++) {
    if (c == NULL || c == pl->p[i].conn) {
      h46017_connection *gone = pl->p[i].conn;
      if (gone != NULL) {
        h46017_connection_del(gone);
        h46017_connection_del(gone); /* twice is once */
        pl->p[i].conn = NULL;
      }
    }
  }
  if (c != NULL) {
    h46017_connection_del(c); /* also when it is being deleted already */
  }
}

static void act_delete_others(play *pl, h46017_connection *c) {
  for (int i = 0; i < 3; i++) {
    if (c != pl->p[i].conn && pl->p[i].conn != NULL) {
      h46017_connection *gone = pl->p[i].conn;
      pl->p[i].conn = NULL;
      h46017_connection_del(gone);
    }
  }
}

static void act_delete_gatekeeper(play *pl, h46017_connection *c) {
  h46017_gatekeeper *gk = pl->w.gk;
  (void)c;
  pl->w.gk = NULL;
  h46017_gatekeeper_del(gk);
}

static void act_answer(play *pl, h46017_connection *c) {
  const h46017_registration_answer yes = {.device = &pl->w.device};
  (void)c;
  for (uint64_t q = 0; q <= pl->w.question; q++) {
    int rv = h46017_gatekeeper_answer(pl->w.gk, q, &yes, pl->w.now);
    expect(pl, rv, rv == 0 ? 0 : H46017_ERR_NOT_FOUND);
  }
}

static void act_write(play *pl, h46017_connection *c) {
  static const uint8_t setup[] = {8, 2, 0, 1, 5};
  for (int i = 0; i < 3; i++) {
    if ((c == NULL || c == pl->p[i].conn) && pl->p[i].conn != NULL) {
      int rv = h46017_connection_write_signalling(pl->p[i].conn, setup,
                                                  sizeof(setup), pl->w.now);
      expect(pl, rv, rv == 0 ? 0 : H46017_ERR_INVALID_STATE);
    }
  }
}

static void act_shut(play *pl, h46017_connection *c) {
  (void)c;
  expect(pl, h46017_gatekeeper_close(pl->w.gk, pl->w.now), 0);
}

static void act_forbidden(play *pl, h46017_connection *c) {
  h46017_connection *none = NULL;
  if (c == NULL) {
    c = pl->p[2].conn;
  }
  ck_assert(!h46017_gatekeeper_next_ready(pl->w.gk, &none));
  ck_assert_int_eq(
      h46017_connection_new(&none, pl->w.gk, NULL, NULL, pl->w.now),
      H46017_ERR_REENTRANT);
  ck_assert_int_eq(h46017_gatekeeper_handle_expiry(pl->w.gk, pl->w.now),
                   H46017_ERR_REENTRANT);
  if (c != NULL) {
    ck_assert_int_eq(h46017_connection_recv(c, NULL, 0, pl->w.now),
                     H46017_ERR_REENTRANT);
    ck_assert_int_eq(h46017_connection_ack_tx(c, 0, pl->w.now),
                     H46017_ERR_REENTRANT);
    ck_assert_int_eq(h46017_connection_transport_down(c, 0, pl->w.now),
                     H46017_ERR_REENTRANT);
  }
  ck_assert_ptr_null(none);
}

static const char *const callbacks[] = {"ras_received",
                                        "ras_building",
                                        "signalling_received",
                                        "select_device",
                                        "question_dropped",
                                        "registered",
                                        "refreshed",
                                        "rejected",
                                        "unregistered",
                                        "log_write",
                                        "trace"};

static void (*const actions[])(play *, h46017_connection *) = {
    act_close,    act_unregister, act_delete, act_delete_others,
    act_answer,   act_write,      act_shut,   act_delete_gatekeeper,
    act_forbidden};

#define ACTIONS (int)(sizeof(actions) / sizeof(actions[0]))
#define CALLBACKS (int)(sizeof(callbacks) / sizeof(callbacks[0]))

START_TEST(from_every_callback_every_call_is_safe) {
  int acted = 0;
  for (int nth = 0; nth < 40; nth++) {
    static play pl;
    memset(&pl, 0, sizeof(pl));
    pl.callback = callbacks[_i / ACTIONS];
    pl.action = actions[_i % ACTIONS];
    pl.nth = nth;
    ck_assert_int_eq(play_through(&pl, NULL), 0);
    acted += pl.acted;
    if (pl.acted == 0) {
      break; /* it is not called so often */
    }
  }
  ck_assert_int_gt(acted, 1); /* the play calls it */
}
END_TEST

static int play_with_memory(failmem *f, void *arg) {
  static play pl;
  const h46017_mem *mem = &f->mem;
  (void)arg;
  memset(&pl, 0, sizeof(pl));
  return play_through(&pl, mem);
}

START_TEST(every_failing_allocation_ends_one_connection_at_the_most) {
  ck_assert_uint_gt(failmem_sweep(play_with_memory, NULL), 40);
}
END_TEST

int main(void) {
  Suite *s = suite_create("session_nested");
  TCase *tc = tcase_create("session_nested");
  tcase_set_timeout(tc, 60);
  tcase_add_loop_test(tc, from_every_callback_every_call_is_safe, 0,
                      ACTIONS * CALLBACKS);
  tcase_add_test(tc, every_failing_allocation_ends_one_connection_at_the_most);
  suite_add_tcase(s, tc);
  return run_suite(s);
}
