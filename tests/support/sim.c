/* SPDX-License-Identifier: BSD-2-Clause */
#include "sim_parts.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#define STORM (20 * 60 * SIM_SECOND)
#define PATIENCE (4 * 3600 * SIM_SECOND)
#define CHECK_ALL 64 /* steps between looks at everybody */

/* -- chance, and what is said ---------------------------------------------- */

uint64_t sim_random(sim *s) {
  uint64_t z = s->random += 0x9e3779b97f4a7c15U;

  z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9U;
  z = (z ^ z >> 27) * 0x94d049bb133111ebU;
  return z ^ z >> 31;
}

uint32_t sim_draw(sim *s, uint32_t bound) {
  return (uint32_t)(sim_random(s) % bound);
}

bool sim_chance(sim *s, uint32_t in) {
  return sim_draw(s, in) == 0;
}

static void digest(sim *s, uint64_t value) {
  s->result->digest = (s->result->digest ^ value) * 1099511628211U;
}

/* What it is about depends on chance so far, which is cheaper to take in. */
void sim_tell(sim *s, const char *fmt, ...) {
  va_list ap;

  digest(s, s->now);
  digest(s, s->random);
  digest(s, (uint8_t)fmt[0]);
  if (s->story != NULL) {
    (void)fprintf(s->story, "%10.3f ", (double)s->now / 1000);
    va_start(ap, fmt);
    (void)vfprintf(s->story, fmt, ap);
    va_end(ap);
    (void)fputc('\n', s->story);
  }
}

void sim_fail(sim *s, const char *fmt, ...) {
  va_list ap;

  if (!s->result->failed) {
    s->result->failed = true;
    va_start(ap, fmt);
    (void)vsnprintf(s->result->why, sizeof(s->result->why), fmt, ap);
    va_end(ap);
    sim_tell(s, "FAILED: %s", s->result->why);
  }
}

h46017_time sim_clock(sim *s) {
  h46017_time back = s->skew && sim_chance(s, 16) ? sim_draw(s, 5000) : 0;

  return s->now > back ? s->now - back : s->now;
}

int sim_random_octets(sim *s, uint8_t *dest, size_t len) {
  for (size_t i = 0; i < len; i++) {
    dest[i] = (uint8_t)sim_random(s);
  }
  if (s->alike && len == 18) { /* a table of calls: its last two octets say
                                  where references begin */
    dest[16] = dest[17] = 0;
  }
  return s->storm && s->mischief && sim_chance(s, 500) ? -1 : 0;
}

/* Not a hash that anybody must not break: nobody tries, and a real one would be
 * a sixth of all that the simulator does. */
static int sim_hash(h46017_digest which, const h46017_octets *parts,
                    size_t count, uint8_t *out, void *user_data) {
  const size_t size = which == H46017_DIGEST_MD5 ? 16 : 20;
  uint64_t h = size;

  (void)user_data;
  for (size_t i = 0; i < count; i++) {
    for (size_t k = 0; k < parts[i].len; k++) {
      h = (h ^ parts[i].data[k]) * 1099511628211U;
    }
  }
  for (size_t i = 0; i < size; i++, h *= 1099511628211U) {
    out[i] = (uint8_t)(h >> 56);
  }
  return 0;
}

/* -- the scheduler --------------------------------------------------------- */

typedef enum sim_kind {
  SIM_GUST,
  SIM_HOST_START,
  SIM_HOST_CONNECT,
  SIM_HOST_EXPIRY,
  SIM_HOST_PROBE,
  SIM_HOST_CALL,
  SIM_GK_START,
  SIM_GK_EXPIRY,
  SIM_GK_ANSWER,
  SIM_LINK_UP,
  SIM_LINK_DOWN,
  SIM_LINK_RESET
} sim_kind;

typedef struct sim_event {
  sim_kind kind;
  void *object;
  size_t index;
  h46017_time now;  /* 0: before anything, and nothing is due */
  uint32_t due;     /* so many are due now: one of them, by lot */
  h46017_time next; /* the earliest of those that are not */
} sim_event;

static void consider(sim *s, sim_event *e, h46017_time at, sim_kind kind,
                     void *object, size_t index) {
  if (at > e->now) {
    e->next = at < e->next ? at : e->next;
  } else if (sim_draw(s, ++e->due) == 0) {
    e->kind = kind;
    e->object = object;
    e->index = index;
  }
}

static void consider_host(sim *s, sim_event *e, sim_host *h) {
  consider(s, e, h->start_at, SIM_HOST_START, h, 0);
  if (h->ep == NULL) {
    return;
  }
  consider(s, e, h->connect_at, SIM_HOST_CONNECT, h, 0);
  consider(s, e, h->probe_at, SIM_HOST_PROBE, h, 0);
  consider(s, e, h46017_endpoint_next_expiry(h->ep), SIM_HOST_EXPIRY, h, 0);
  for (size_t i = 0; i < SIM_CALLS; i++) {
    consider(s, e, h->calls[i].act_at, SIM_HOST_CALL, h, i);
  }
}

static void consider_gk(sim *s, sim_event *e, sim_gk *g) {
  consider(s, e, g->start_at, SIM_GK_START, g, 0);
  if (g->gk == NULL) {
    return;
  }
  consider(s, e, h46017_gatekeeper_next_expiry(g->gk), SIM_GK_EXPIRY, g, 0);
  for (size_t i = 0; i < SIM_QUESTIONS; i++) {
    consider(s, e, g->questions[i].answer_at, SIM_GK_ANSWER, g, i);
  }
}

/* When something of it is due. */
static h46017_time next_of_host(sim *s, sim_host *h) {
  sim_event e = {.kind = SIM_HOST_START, .next = H46017_TIME_NEVER};

  consider_host(s, &e, h);
  return e.next;
}

static h46017_time next_of_gk(sim *s, sim_gk *g) {
  sim_event e = {.kind = SIM_GK_START, .next = H46017_TIME_NEVER};

  consider_gk(s, &e, g);
  return e.next;
}

/* Who has nothing due says only when. */
static sim_event look_around(sim *s) {
  sim_event e = {.kind = SIM_GUST, .now = s->now, .next = H46017_TIME_NEVER};

  consider(s, &e, s->gust_at, SIM_GUST, NULL, 0);
  for (size_t i = 0; i < s->host_count; i++) {
    sim_host *h = &s->hosts[i];
    if (h->next <= s->now) {
      consider_host(s, &e, h);
    } else if (h->next < e.next) {
      e.next = h->next;
    }
  }
  for (size_t i = 0; i < s->gk_count; i++) {
    sim_gk *g = &s->gks[i];
    if (g->next <= s->now) {
      consider_gk(s, &e, g);
    } else if (g->next < e.next) {
      e.next = g->next;
    }
  }
  for (sim_link *l = s->links; l != NULL; l = l->next) {
    consider(s, &e, l->up.due, SIM_LINK_UP, l, 0);
    consider(s, &e, l->down.due, SIM_LINK_DOWN, l, 0);
    consider(s, &e, l->reset_at, SIM_LINK_RESET, l, 0);
  }
  return e;
}

static void expire_host(sim *s, sim_host *h) {
  int rv = h46017_endpoint_handle_expiry(h->ep, s->now);

  sim_host_after(h, rv);
  if (h->ep != NULL && h46017_endpoint_next_expiry(h->ep) <= s->now) {
    sim_fail(s, "INV-32: ep%d has a timer in the past", h->number);
  }
}

static void expire_gk(sim *s, sim_gk *g) {
  int rv = h46017_gatekeeper_handle_expiry(g->gk, s->now);

  if (rv != 0 || h46017_gatekeeper_next_expiry(g->gk) <= s->now) {
    sim_fail(s, "INV-32: gk%d has a timer in the past", g->number);
  }
}

/* Everybody is looked at, whole. */
static void touch_all(sim *s) {
  for (size_t i = 0; i < s->host_count; i++) {
    s->hosts[i].touched = s->hosts[i].changed = s->result->steps;
  }
  for (size_t i = 0; i < s->gk_count; i++) {
    s->gks[i].touched = s->gks[i].changed = s->result->steps;
    s->gks[i].checked = 0;
  }
}

/* Whom an event may do something to; a gust: anybody. */
static void touch(sim *s, const sim_event *e) {
  sim_host *h = NULL;
  sim_gk *g = NULL;

  switch (e->kind) {
  case SIM_HOST_START:
  case SIM_HOST_EXPIRY:
  case SIM_HOST_PROBE:
  case SIM_HOST_CALL:
    h = e->object;
    break;
  case SIM_HOST_CONNECT:
    h = e->object;
    g = h->wanted < s->gk_count ? &s->gks[h->wanted] : NULL;
    break;
  case SIM_GK_START:
  case SIM_GK_EXPIRY:
  case SIM_GK_ANSWER:
    g = e->object;
    break;
  case SIM_LINK_UP:
    g = ((sim_link *)e->object)->gk;
    break;
  case SIM_LINK_DOWN:
  case SIM_LINK_RESET:
    h = ((sim_link *)e->object)->host;
    break;
  case SIM_GUST:
    touch_all(s);
    break;
  }
  if (h != NULL) {
    h->touched = s->result->steps;
  }
  if (g != NULL) {
    g->touched = s->result->steps;
  }
}

static void act(sim *s, const sim_event *e) {
  sim_link *l = e->object;

  switch (e->kind) {
  case SIM_GUST:
    sim_gust(s);
    break;
  case SIM_HOST_START:
    sim_host_start(e->object);
    break;
  case SIM_HOST_CONNECT:
    sim_link_open(e->object);
    break;
  case SIM_HOST_EXPIRY:
    expire_host(s, e->object);
    break;
  case SIM_HOST_PROBE:
    sim_host_probe(e->object);
    break;
  case SIM_HOST_CALL:
    sim_call_act(e->object, e->index);
    break;
  case SIM_GK_START:
    sim_gk_start(e->object);
    break;
  case SIM_GK_EXPIRY:
    expire_gk(s, e->object);
    break;
  case SIM_GK_ANSWER:
    sim_gk_answer(e->object, e->index);
    break;
  case SIM_LINK_UP:
    sim_link_deliver(s, l, true);
    break;
  case SIM_LINK_DOWN:
    sim_link_deliver(s, l, false);
    break;
  case SIM_LINK_RESET:
    l->reset_at = H46017_TIME_NEVER;
    if (l->host != NULL) {
      sim_host_lost(l->host, H46017_ERR_CLOSED);
    }
    break;
  }
}

/* What the step left to be sent goes out, and all that it touched is checked.
 */
static void settle(sim *s) {
  for (size_t i = 0; i < s->host_count; i++) {
    if (s->hosts[i].touched == s->result->steps) {
      sim_host_pump(&s->hosts[i]);
    }
  }
  for (size_t i = 0; i < s->gk_count; i++) {
    if (s->gks[i].touched == s->result->steps) {
      sim_gk_pump(&s->gks[i]);
    }
  }
  sim_links_sweep(s);
  for (size_t i = 0; i < s->gk_count; i++) {
    if (s->gks[i].touched == s->result->steps) {
      sim_check_gk(s, &s->gks[i]);
      s->gks[i].next = next_of_gk(s, &s->gks[i]);
    }
  }
  for (size_t i = 0; i < s->host_count; i++) {
    if (s->hosts[i].touched == s->result->steps) {
      sim_check_host(s, &s->hosts[i]);
      s->hosts[i].next = next_of_host(s, &s->hosts[i]);
    }
  }
}

/* One thing that is due is done; where nothing is, time goes on: false. */
static bool step(sim *s) {
  sim_event e = look_around(s);

  if (e.due == 0) {
    sim_check_rest(s);
    s->rested = s->result->steps;
    s->now = e.next == H46017_TIME_NEVER ? s->now + SIM_SECOND : e.next;
    return false;
  }
  s->result->steps++;
  if (s->story != NULL || s->result->steps % CHECK_ALL == 0) {
    touch_all(s);
  }
  digest(s, s->random + (uint64_t)e.kind);
  touch(s, &e);
  act(s, &e);
  settle(s);
  return true;
}

/* -- a run ----------------------------------------------------------------- */

/* Every hundredth network is a large one. */
static size_t sim_size(sim *s) {
  return sim_chance(s, 1000) ? 100 + sim_draw(s, 200)
         : sim_chance(s, 50) ? 20 + sim_draw(s, 20)
                             : 1 + sim_draw(s, 6);
}

static void sim_make(sim *s, uint64_t seed) {
  s->random = seed;
  s->now = 1 + sim_draw(s, 1000000);
  s->storm = true;
  s->skew = sim_chance(s, 3);
  s->mischief = sim_chance(s, 2);
  s->poor = sim_chance(s, 3);
  s->alike = sim_chance(s, 2);
  h46017_crypto_default(&s->crypto);
  s->crypto.digest = sim_hash;
  s->gust_at = s->now + 5000;
  s->gk_count = 1 + sim_draw(s, SIM_GATEKEEPERS);
  s->host_count = sim_size(s);
  s->result->hosts = s->host_count;
  s->hosts = calloc(s->host_count, sizeof(*s->hosts));
  if (s->hosts == NULL) {
    abort();
  }
  for (size_t i = 0; i < s->gk_count; i++) {
    sim_gk *g = &s->gks[i];
    g->s = s;
    g->number = (int)i;
    failmem_init(&g->mem);
    for (size_t k = 0; k < SIM_QUESTIONS; k++) {
      g->questions[k].answer_at = H46017_TIME_NEVER;
    }
    sim_gk_start(g);
  }
  for (size_t i = 0; i < s->host_count; i++) {
    sim_host_make(s, &s->hosts[i], (int)i);
  }
  settle(s);
}

static void sim_end(sim *s) {
  for (size_t i = 0; i < s->gk_count; i++) {
    if (s->gks[i].gk != NULL) {
      sim_gk_kill(&s->gks[i]);
    }
  }
  for (size_t i = 0; i < s->host_count; i++) {
    sim_host_end(&s->hosts[i]);
  }
  sim_links_sweep(s);
  if (s->links != NULL) {
    sim_fail(s, "a link that nobody lets go of");
  }
  free(s->hosts);
}

void sim_run(uint64_t seed, FILE *story, sim_result *result) {
  sim s;
  h46017_time until;

  memset(&s, 0, sizeof(s));
  memset(result, 0, sizeof(*result));
  result->digest = 14695981039346656037U;
  s.story = story;
  s.result = result;
  sim_make(&s, seed);
  /* Large networks see less of it, so that no seed takes long. */
  until = s.now + (s.host_count > 10 ? STORM / 10 : STORM);
  while (!result->failed && s.now < until) {
    (void)step(&s);
  }
  if (!result->failed) {
    sim_clear_up(&s);
    touch_all(&s);
    settle(&s);
    until = s.now + PATIENCE;
  }
  while (!result->failed && (step(&s) || !sim_is_well(&s))) {
    if (s.now > until) {
      sim_fail(&s,
               "INV-39, INV-43: somebody is not registered in good weather, or "
               "a call goes on");
    }
  }
  touch_all(&s);
  settle(&s);
  sim_end(&s);
}
