/* SPDX-License-Identifier: BSD-2-Clause */
/* The input is a script for a gatekeeper, its peers, its program, its memory
 * and its clock. After each step the invariants of doc/invariants.md have to
 * hold. */
#include "fuzz.h"
#include "script.h"

#include "session/invariants.h"

#include <h46017/h46017.h>

#include <stdlib.h>
#include <string.h>

#define CONNECTIONS 4

typedef struct fuzz_world {
  script s;
  scripted_mem mem;
  h46017_gatekeeper *gk;
  h46017_connection *conns[CONNECTIONS];
  h46017_tunnel *writers[CONNECTIONS]; /* put messages into frames */
  h46017_h225 *msg;
  h46017_time now;
  uint64_t question;
  bool later;
  bool shared;   /* a name may have, or have had, several holders */
  bool restless; /* callbacks read the script too */
  bool acting;
  int fail_callback;
  uint32_t random;
} fuzz_world;

static int outcome(fuzz_world *w) {
  return script_fails(&w->fail_callback) ? -1 : 0;
}

static int on_rand(uint8_t *dest, size_t len, void *user_data) {
  fuzz_world *w = user_data;

  script_random(&w->random, dest, len);
  return outcome(w);
}

static const char *const device_ids[] = {"0090332f688a"};

static void fill_answer(fuzz_world *w, h46017_registration_answer *answer) {
  static h46017_device device;
  uint8_t how = script_octet(&w->s);

  h46017_device_default(&device);
  device.name = "lobby";
  device.hardware_ids = device_ids;
  device.hardware_id_count = 1;
  device.auth = (h46017_device_auth)(how >> 4 & 7);
  device.tls_only = (how & 0x80) != 0;
  answer->device = (how & 1) != 0 ? &device : NULL;
  answer->open = (how & 2) != 0;
  answer->refuse = (how & 12) == 12 ? H46017_ERR_REFUSED : 0;
  answer->time_to_live = (how & 4) != 0 ? how : 0;
}

/* What a program may do inside a callback; `c` may be NULL. */
static void act(fuzz_world *w, h46017_gatekeeper *gk, h46017_connection *c) {
  static const uint8_t setup[] = {8, 2, 0, 1, 5};
  h46017_registration_answer answer = {.device = NULL};
  uint8_t what;
  int i;

  if (!w->restless || w->acting) {
    return;
  }
  w->acting = true;
  what = script_octet(&w->s);
  i = what >> 4 & (CONNECTIONS - 1);
  if (c == NULL || (what & 0x80) != 0) {
    c = w->conns[i];
  }
  switch (what & 15) {
  case 0:
    if (c != NULL) {
      (void)h46017_connection_close(c, H46017_ERR_REFUSED, w->now);
    }
    break;
  case 1:
    (void)h46017_gatekeeper_unregister(
        gk, device_ids[0], 12,
        (what & 16) != 0 ? H46017_URQ_MAINTENANCE : H46017_URQ_REASON_ABSENT,
        w->now);
    break;
  case 2:
    for (i = 0; i < CONNECTIONS; i++) {
      if (c != NULL && w->conns[i] == c) {
        w->conns[i] = NULL;
        h46017_connection_del(c);
      }
    }
    break;
  case 3:
    fill_answer(w, &answer);
    (void)h46017_gatekeeper_answer(gk, w->question - (what >> 6), &answer,
                                   w->now);
    break;
  case 4:
    if (c != NULL) {
      (void)h46017_connection_write_signalling(c, setup, sizeof(setup), w->now);
    }
    break;
  case 5:
    w->fail_callback = 1 + (what >> 4);
    break;
  case 6:
    w->mem.fail_in = 1 + (what >> 4);
    break;
  default:
    break;
  }
  w->acting = false;
}

static int on_ras(h46017_gatekeeper *gk, h46017_connection *c, h46017_h225 *msg,
                  const h46017_ras *ras, const uint8_t *per, size_t len,
                  void *user_data) {
  fuzz_world *w = user_data;
  uint8_t verdict = w->restless ? script_octet(&w->s) : 0;

  (void)msg;
  (void)ras;
  (void)per;
  (void)len;
  act(w, gk, c);
  return verdict == 1 ? H46017_ERR_REFUSED : verdict == 2 ? -1 : 0;
}

static int on_building(h46017_gatekeeper *gk, h46017_connection *c,
                       h46017_h225 *msg, h46017_ras_kind kind,
                       void *user_data) {
  (void)msg;
  (void)kind;
  act(user_data, gk, c);
  return outcome(user_data);
}

static int on_signalling(h46017_gatekeeper *gk, h46017_connection *c,
                         const h46017_q931 *msg, const uint8_t *q931,
                         size_t len, void *user_data) {
  (void)msg;
  (void)q931;
  (void)len;
  act(user_data, gk, c);
  return outcome(user_data);
}

static void on_dropped(h46017_gatekeeper *gk, uint64_t question,
                       void *user_data) {
  (void)question;
  act(user_data, gk, NULL);
}

/* Watchers may only look: nothing that they try may do anything. */
static void watch(fuzz_world *w) {
  if (w->gk != NULL) {
    FUZZ_ASSERT(h46017_gatekeeper_close(w->gk, w->now) == H46017_ERR_REENTRANT);
  }
}

static void on_log(h46017_log_level level, const char *line, size_t len,
                   void *user_data) {
  (void)level;
  FUZZ_ASSERT(strlen(line) == len);
  watch(user_data);
}

static void on_trace(const h46017_trace_event *ev, void *user_data) {
  FUZZ_ASSERT(ev->object != NULL);
  watch(user_data);
}

static h46017_answered on_select(h46017_gatekeeper *gk, uint64_t question,
                                 const h46017_registration_question *asked,
                                 h46017_registration_answer *answer,
                                 void *user_data) {
  fuzz_world *w = user_data;

  w->question = question;
  fill_answer(w, answer);
  act(w, gk, asked->connection);
  return w->later ? H46017_LATER : H46017_ANSWERED;
}

static int on_registration(h46017_gatekeeper *gk, const h46017_registered *reg,
                           void *user_data) {
  fuzz_world *w = user_data;
  h46017_connection *c = reg->connection;

  if (w->restless) {
    act(w, gk, c);
    FUZZ_ASSERT(reg->alias_count > 0 && reg->aliases[0].text.text[0] != '\0');
    return outcome(w);
  }
  switch (script_octet(&w->s) & 15) {
  case 0:
    if (c != NULL) {
      (void)h46017_connection_close(c, H46017_ERR_REFUSED, w->now);
    }
    break;
  case 1:
    (void)h46017_gatekeeper_unregister(gk, reg->aliases[0].text.text,
                                       reg->aliases[0].text.len,
                                       H46017_URQ_MAINTENANCE, w->now);
    break;
  case 2:
    for (int i = 0; i < CONNECTIONS; i++) {
      if (c != NULL && w->conns[i] == c) {
        w->conns[i] = NULL;
        h46017_connection_del(c);
      }
    }
    break;
  default:
    break;
  }
  return outcome(w);
}

static int on_unregistered(h46017_gatekeeper *gk, const h46017_registered *reg,
                           int why, void *user_data) {
  (void)why;
  return on_registration(gk, reg, user_data);
}

static int on_lost(h46017_gatekeeper *gk, const h46017_registered *reg,
                   h46017_connection *c, int why, void *user_data) {
  fuzz_world *w = user_data;

  (void)why;
  FUZZ_ASSERT(reg->connection == NULL);
  act(w, gk, c);
  return outcome(w);
}

static int on_rejected(h46017_gatekeeper *gk, h46017_connection *c,
                       const h46017_rrq *rrq, int code,
                       h46017_rrj_reason reason, void *user_data) {
  (void)rrq;
  (void)code;
  (void)reason;
  act(user_data, gk, c);
  return outcome(user_data);
}

/* -- invariants ------------------------------------------------------------ */

static int check_registration(const h46017_registered *reg, void *arg) {
  const fuzz_world *w = arg;

  FUZZ_ASSERT(reg->alias_count > 0);
  FUZZ_ASSERT(strlen(reg->endpoint_identifier) == 26);
  for (size_t i = 0; i < reg->alias_count; i++) {
    const h46017_text *name = &reg->aliases[i].text;
    FUZZ_ASSERT(w->shared ||
                h46017_gatekeeper_find(w->gk, name->text, name->len) == reg);
    FUZZ_ASSERT(h46017_gatekeeper_find(w->gk, name->text, name->len) != NULL);
  }
  return 0;
}

static void check(fuzz_world *w) {
  FUZZ_ASSERT(h46017_gatekeeper_check_invariants(w->gk) == NULL);
  FUZZ_ASSERT(h46017_gatekeeper_each(w->gk, check_registration, w) == 0);
  for (int i = 0; i < CONNECTIONS; i++) {
    const uint8_t *p;
    if (w->conns[i] != NULL) {
      size_t len = h46017_connection_peek_tx(w->conns[i], &p);
      FUZZ_ASSERT(len <= 262144);
      FUZZ_ASSERT(!h46017_connection_want_write(w->conns[i]) || len > 0);
      FUZZ_ASSERT(h46017_connection_error(w->conns[i]) == 0 ||
                  !h46017_connection_want_read(w->conns[i]));
    }
  }
}

/* -- steps ----------------------------------------------------------------- */

static void step_connect(fuzz_world *w, int i) {
  h46017_identity id;
  uint8_t who = script_octet(&w->s);

  if (w->conns[i] != NULL) {
    return;
  }
  h46017_identity_default(&id);
  id.tls = (who & 1) != 0;
  id.proof = (who & 3) == 3 ? H46017_PROOF_CERTIFICATE : H46017_PROOF_NONE;
  id.cn = (who & 4) != 0 ? device_ids[0] : "0090";
  id.cn_len = strlen(id.cn);
  id.key_sha256[0] = who >> 4;
  (void)h46017_connection_new(&w->conns[i], w->gk, (who & 8) != 0 ? NULL : &id,
                              NULL, w->now);
}

static void step_feed(fuzz_world *w, int i) {
  size_t len;
  const uint8_t *data = script_octets(&w->s, &len);

  if (w->conns[i] != NULL) {
    (void)h46017_connection_recv(w->conns[i], data, len, w->now);
  }
}

/* A RAS message in a good frame, in two pieces. */
static void feed_ras(fuzz_world *w, int i, const uint8_t *per, size_t len) {
  const uint8_t *frame;
  size_t n;

  if (w->conns[i] == NULL || len == 0 ||
      h46017_tunnel_write_ras(w->writers[i], per, len) != 0) {
    return;
  }
  n = h46017_tunnel_peek_tx(w->writers[i], &frame);
  (void)h46017_connection_recv(w->conns[i], frame, n / 2, w->now);
  if (w->conns[i] != NULL) {
    (void)h46017_connection_recv(w->conns[i], frame + n / 2, n - n / 2, w->now);
  }
  FUZZ_ASSERT(h46017_tunnel_ack_tx(w->writers[i], n, w->now) == 0);
}

static int first_identifier(const h46017_registered *reg, void *arg) {
  *(const char **)arg = reg->endpoint_identifier;
  return 1;
}

/* A message a real peer would send, as the script says. */
static void step_message(fuzz_world *w, int i) {
  static const char *const names[] = {"0090332f688a", "0090332f688a-TEL1",
                                      "lobby", "4711"};
  uint8_t what = script_octet(&w->s);
  h46017_alias aliases[2] = {{H46017_ALIAS_H323_ID, 0, {NULL, 0}},
                             {H46017_ALIAS_H323_ID, 0, {NULL, 0}}};
  h46017_ras ras = {.kind = (what & 1) != 0 ? H46017_RAS_RRQ : H46017_RAS_URQ,
                    .request_seq_num = (uint16_t)((what >> 2 & 3) + 1)};
  const char *id = NULL;
  uint8_t per[1024];
  size_t len;

  for (int a = 0; a < 2; a++) {
    aliases[a].text.text = names[(what >> (4 + 2 * a)) & 3];
    aliases[a].text.len = strlen(aliases[a].text.text);
  }
  (void)h46017_gatekeeper_each(w->gk, first_identifier, &id);
  if (ras.kind == H46017_RAS_RRQ) {
    ras.u.rrq.keep_alive = (what & 2) != 0;
    ras.u.rrq.terminal_alias.list = aliases;
    ras.u.rrq.terminal_alias.count = 2;
    ras.u.rrq.terminal_alias.present = true;
    ras.u.rrq.endpoint_identifier.text = id;
    ras.u.rrq.endpoint_identifier.len = id != NULL ? strlen(id) : 0;
  } else {
    ras.u.urq.endpoint_identifier.text = id;
    ras.u.urq.endpoint_identifier.len = id != NULL ? strlen(id) : 0;
    ras.u.urq.reason = H46017_URQ_REASON_ABSENT;
    if ((what & 2) != 0) {
      ras.u.urq.endpoint_alias.list = aliases;
      ras.u.urq.endpoint_alias.count = 2;
      ras.u.urq.endpoint_alias.present = true;
    }
  }
  if (h46017_ras_build(w->msg, &ras) == 0 &&
      h46017_h225_encode(w->msg, per, sizeof(per), &len) == 0) {
    feed_ras(w, i, per, len);
  }
}

static void step_raw_ras(fuzz_world *w, int i) {
  size_t len;
  const uint8_t *per = script_octets(&w->s, &len);

  feed_ras(w, i, per, len);
}

static void step_time(fuzz_world *w) {
  uint8_t t = script_octet(&w->s);

  w->now += (uint64_t)t * t * 10;
  FUZZ_ASSERT(h46017_gatekeeper_handle_expiry(w->gk, w->now) == 0);
  FUZZ_ASSERT(h46017_gatekeeper_next_expiry(w->gk) > w->now);
}

static void step_send(fuzz_world *w) {
  h46017_connection *c;

  while (h46017_gatekeeper_next_ready(w->gk, &c)) {
    const uint8_t *p;
    size_t len = h46017_connection_peek_tx(c, &p);
    size_t n = len > 0 ? script_octet(&w->s) % (len + 1) : 0;
    FUZZ_ASSERT(c == w->conns[0] || c == w->conns[1] || c == w->conns[2] ||
                c == w->conns[3]);
    FUZZ_ASSERT(h46017_connection_ack_tx(c, n, w->now) == 0);
  }
}

/* Other settings while it runs. */
static void step_settings(fuzz_world *w) {
  static const char *const alternates[] = {"192.0.2.7:1719"};
  h46017_gatekeeper_settings s;
  uint8_t how = script_octet(&w->s);

  h46017_gatekeeper_settings_default(&s);
  s.duplicates = (h46017_duplicates)(how % 3);
  s.registration_grace = (how & 4) != 0 ? 5000 : 0;
  s.full_rate = (how & 8) != 0 ? 1 : 0;
  s.request_rate = (how & 16) != 0 ? 3 : 0;
  s.answers_kept = how >> 6;
  s.alternates = alternates;
  s.alternate_count = (how & 32) != 0;
  w->shared = w->shared || s.duplicates == H46017_DUPLICATES_ALLOW;
  (void)h46017_gatekeeper_set_settings(w->gk, &s, w->now);
}

static void step_end(fuzz_world *w, int i) {
  h46017_connection *c = w->conns[i];
  uint8_t how = script_octet(&w->s) & 3;

  if (c == NULL) {
    return;
  }
  if (how == 0) {
    (void)h46017_connection_close(c, H46017_ERR_SHUTDOWN, w->now);
    return;
  }
  if (how == 1) {
    (void)h46017_connection_transport_down(c, 0, w->now);
  }
  /* The program's callbacks may have deleted it. */
  if (w->conns[i] != NULL) {
    w->conns[i] = NULL;
    h46017_connection_del(c);
  }
}

static void step(fuzz_world *w) {
  uint8_t op = script_octet(&w->s);
  int i = op >> 4 & (CONNECTIONS - 1);
  h46017_registration_answer answer = {.device = NULL};

  switch (op & 15) {
  case 0:
  case 1:
    step_connect(w, i);
    break;
  case 2:
    step_feed(w, i);
    break;
  case 3:
  case 4:
  case 5:
    step_message(w, i);
    break;
  case 6:
    step_raw_ras(w, i);
    break;
  case 7:
    step_time(w);
    break;
  case 8:
    step_send(w);
    break;
  case 9:
    w->fail_callback = script_octet(&w->s) & 7;
    break;
  case 10:
    w->mem.fail_in = script_octet(&w->s) & 15;
    break;
  case 11:
    fill_answer(w, &answer);
    (void)h46017_gatekeeper_answer(w->gk, w->question, &answer, w->now);
    break;
  case 12:
    w->later = !w->later;
    w->restless = (op & 0x80) != 0;
    break;
  case 13:
    (void)h46017_gatekeeper_unregister(w->gk, device_ids[0], 12,
                                       H46017_URQ_TTL_EXPIRED, w->now);
    break;
  case 14:
    step_settings(w);
    break;
  default:
    step_end(w, i);
    break;
  }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  fuzz_world w;
  h46017_gatekeeper_callbacks cb;

  memset(&w, 0, sizeof(w));
  script_init(&w.s, data, size);
  scripted_mem_init(&w.mem);
  w.now = 1;
  h46017_gatekeeper_callbacks_default(&cb);
  cb.select_device = on_select;
  cb.rand = on_rand;
  cb.registered = on_registration;
  cb.refreshed = on_registration;
  cb.unregistered = on_unregistered;
  cb.lost = on_lost;
  cb.rejected = on_rejected;
  cb.question_dropped = on_dropped;
  cb.ras_received = on_ras;
  /* without it, an RCF may be sent again under another number: INV-44 */
  cb.ras_building = (size & 1) == 0 ? on_building : NULL;
  cb.signalling_received = on_signalling;
  cb.log_write = on_log;
  cb.trace = on_trace;
  if (h46017_gatekeeper_new(&w.gk, NULL, &cb, &w.mem.mem, &w, w.now) != 0 ||
      h46017_h225_new(&w.msg, NULL, NULL) != 0) {
    abort();
  }
  for (int i = 0; i < CONNECTIONS; i++) {
    h46017_tunnel_callbacks none;
    h46017_tunnel_callbacks_default(&none);
    FUZZ_ASSERT(h46017_tunnel_new(&w.writers[i], NULL, &none, NULL, NULL, 1) ==
                0);
  }
  while (!script_is_over(&w.s)) {
    step(&w);
    check(&w);
  }
  w.restless = false;
  h46017_gatekeeper_del(w.gk);
  for (int i = 0; i < CONNECTIONS; i++) {
    h46017_tunnel_del(w.writers[i]);
  }
  h46017_h225_del(w.msg);
  FUZZ_ASSERT(w.mem.blocks == 0);
  return 0;
}
