/* SPDX-License-Identifier: BSD-2-Clause */
#include "sim.h"

#include "session/invariants.h"

#include <h46017/h46017.h>

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#define SECOND ((h46017_time)1000)
#define GATEKEEPERS 3
#define REGISTRATIONS 2
#define NAME_SIZE 32
#define QUESTIONS 16
#define STORM (20 * 60 * SECOND)
#define PATIENCE (4 * 3600 * SECOND)

typedef struct sim sim;
typedef struct sim_gk sim_gk;
typedef struct sim_host sim_host;
typedef struct sim_link sim_link;

/* Memory that is counted, and fails once when told: failmem.h without
 * libcheck, which knows nothing outside its tests. */
typedef struct sim_mem {
  h46017_mem mem;
  size_t calls;
  size_t fail_at; /* the allocation that fails, counted from 1; 0: none */
  size_t blocks;
  size_t octets;
} sim_mem;

/* Octets on their way, in one direction. */
typedef struct sim_pipe {
  uint8_t *data;
  size_t len;
  size_t cap;
  h46017_time due; /* NEVER: nothing is on its way */
  bool fin;        /* the end of the stream follows */
} sim_pipe;

struct sim_link {
  sim_link *next;
  sim_host *host; /* NULL: its endpoint has let go of it */
  sim_gk *gk;
  h46017_connection *conn; /* NULL: its gatekeeper has let go of it */
  sim_pipe up;
  sim_pipe down;
  bool cut;             /* octets vanish, nobody is told */
  bool stalled;         /* nobody reads */
  size_t left;          /* it breaks after so many octets; SIZE_MAX: never */
  h46017_time reset_at; /* the endpoint's side is told that it is gone */
};

struct sim_gk {
  sim *s;
  int number;
  sim_mem mem;
  h46017_gatekeeper *gk; /* NULL: not running */
  h46017_time start_at;
  uint64_t questions[QUESTIONS]; /* to be answered; 0: none */
  h46017_time answer_at[QUESTIONS];
  bool shared; /* a name may have been held by several since it started */
};

struct sim_host {
  sim *s;
  int number;
  bool rival; /* another has the same name */
  sim_mem mem;
  h46017_endpoint *ep;
  h46017_identity identity;
  char names[REGISTRATIONS][NAME_SIZE];
  uint32_t ids[REGISTRATIONS]; /* 0: not added */
  uint32_t ttl[REGISTRATIONS];
  h46017_time unknown[REGISTRATIONS]; /* since when nobody knows of it */
  sim_link *link;
  size_t wanted; /* the gatekeeper to connect to */
  h46017_time connect_at;
  h46017_time start_at; /* of the program, or of the endpoint in it */
};

struct sim {
  uint64_t random;
  h46017_time now;
  bool storm;
  bool skew;     /* a clock that steps back now and then */
  bool mischief; /* callbacks do things */
  bool poor;     /* allocations fail */
  h46017_time gust_at;
  unsigned unreachable; /* gatekeepers: bits */
  sim_gk gks[GATEKEEPERS];
  size_t gk_count;
  sim_host *hosts;
  size_t host_count;
  sim_link *links;
  FILE *story;
  sim_result *result;
};

/* -- chance, and what is said ---------------------------------------------- */

static uint64_t sim_random(sim *s) {
  uint64_t z = s->random += 0x9e3779b97f4a7c15U;

  z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9U;
  z = (z ^ z >> 27) * 0x94d049bb133111ebU;
  return z ^ z >> 31;
}

static uint32_t draw(sim *s, uint32_t bound) {
  return (uint32_t)(sim_random(s) % bound);
}

static bool chance(sim *s, uint32_t in) {
  return draw(s, in) == 0;
}

__attribute__((format(printf, 2, 3))) static void tell(sim *s, const char *fmt,
                                                       ...) {
  char line[200];
  va_list ap;
  int len;

  va_start(ap, fmt);
  len = vsnprintf(line, sizeof(line), fmt, ap);
  va_end(ap);
  for (int i = 0; i < len && i < (int)sizeof(line) - 1; i++) {
    s->result->digest = (s->result->digest ^ (uint8_t)line[i]) * 1099511628211U;
  }
  s->result->digest = (s->result->digest ^ s->now) * 1099511628211U;
  if (s->story != NULL) {
    (void)fprintf(s->story, "%10.3f %s\n", (double)s->now / 1000, line);
  }
}

__attribute__((format(printf, 2, 3))) static void fail(sim *s, const char *fmt,
                                                       ...) {
  va_list ap;

  if (!s->result->failed) {
    s->result->failed = true;
    va_start(ap, fmt);
    (void)vsnprintf(s->result->why, sizeof(s->result->why), fmt, ap);
    va_end(ap);
    tell(s, "FAILED: %s", s->result->why);
  }
}

/* What somebody's clock shows. */
static h46017_time clock_of(sim *s) {
  h46017_time back = s->skew && chance(s, 16) ? draw(s, 5000) : 0;

  return s->now > back ? s->now - back : s->now;
}

static int random_octets(sim *s, uint8_t *dest, size_t len) {
  for (size_t i = 0; i < len; i++) {
    dest[i] = (uint8_t)sim_random(s);
  }
  return s->storm && s->mischief && chance(s, 500) ? -1 : 0;
}

/* -- memory ---------------------------------------------------------------- */

typedef union sim_head {
  size_t size;
  max_align_t align;
} sim_head;

static void *mem_malloc(size_t size, void *user_data) {
  sim_mem *m = user_data;
  sim_head *head;

  if (++m->calls == m->fail_at) {
    return NULL;
  }
  head = malloc(sizeof(*head) + size);
  if (head == NULL) {
    abort();
  }
  head->size = size;
  memset(head + 1, 0xa5, size); /* what was not written looks like it */
  m->blocks++;
  m->octets += size;
  return head + 1;
}

static void mem_free(void *ptr, void *user_data) {
  sim_mem *m = user_data;
  sim_head *head = ptr;

  if (ptr != NULL) {
    m->blocks--;
    m->octets -= (--head)->size;
    free(head);
  }
}

static void *mem_calloc(size_t nmemb, size_t size, void *user_data) {
  void *ptr = mem_malloc(nmemb * size, user_data);

  return ptr != NULL ? memset(ptr, 0, nmemb * size) : NULL;
}

static void *mem_realloc(void *ptr, size_t size, void *user_data) {
  void *moved = mem_malloc(size, user_data);

  if (moved != NULL && ptr != NULL) {
    size_t old = ((sim_head *)ptr - 1)->size;
    memcpy(moved, ptr, old < size ? old : size);
    mem_free(ptr, user_data);
  }
  return moved;
}

static void sim_mem_init(sim_mem *m) {
  memset(m, 0, sizeof(*m));
  m->mem.user_data = m;
  m->mem.malloc = mem_malloc;
  m->mem.free = mem_free;
  m->mem.calloc = mem_calloc;
  m->mem.realloc = mem_realloc;
}

/* -- pipes ----------------------------------------------------------------- */

static void pipe_send(sim *s, sim_pipe *p, const uint8_t *data, size_t len) {
  if (p->cap - p->len < len) {
    p->cap = (p->len + len) * 2;
    p->data = realloc(p->data, p->cap);
    if (p->data == NULL) {
      abort();
    }
  }
  if (len > 0) {
    memcpy(p->data + p->len, data, len);
    p->len += len;
  }
  if (p->due == H46017_TIME_NEVER) {
    p->due = s->now + draw(s, 200);
  }
}

static void pipe_finish(sim *s, sim_link *l, sim_pipe *p) {
  if (!l->cut) {
    p->fin = true;
    pipe_send(s, p, NULL, 0);
  }
}

/* -- endpoints ------------------------------------------------------------- */

static void host_let_go(sim_host *h) {
  sim_link *l = h->link;

  if (l != NULL) {
    h->link = NULL;
    l->host = NULL;
    l->reset_at = H46017_TIME_NEVER;
    pipe_finish(h->s, l, &l->up);
  }
}

static void host_end(sim_host *h) {
  h46017_endpoint_del(h->ep);
  h->ep = NULL;
  h->connect_at = H46017_TIME_NEVER;
  memset(h->ids, 0, sizeof(h->ids));
  host_let_go(h);
  if (h->mem.blocks != 0) {
    fail(h->s, "ep%d leaves %zu blocks", h->number, h->mem.blocks);
  }
}

/* What a call returned; a program whose endpoint is lost starts anew. */
static void host_after(sim_host *h, int rv) {
  sim *s = h->s;

  if (h46017_error_is_fatal(rv)) {
    if (!s->storm) {
      fail(s, "ep%d: %s in good weather", h->number, h46017_error_name(rv));
    }
    tell(s, "ep%d is lost: %s", h->number, h46017_error_name(rv));
    host_end(h);
    h->start_at = s->now + 1000 + draw(s, 20000);
  }
}

static int host_mischief(sim_host *h) {
  sim *s = h->s;

  if (!s->storm || !s->mischief || !chance(s, 64)) {
    return 0;
  }
  switch (draw(s, 4)) {
  case 0:
    (void)h46017_endpoint_close(h->ep, clock_of(s));
    return 0;
  case 1:
    (void)h46017_endpoint_remove(h->ep, h->ids[0], clock_of(s));
    h->ids[0] = 0;
    return 0;
  case 2:
    return -1;
  default:
    (void)h46017_endpoint_write_signalling(
        h->ep, (const uint8_t *)"\x08\x02\x00\x01\x62", 5, clock_of(s));
    return 0;
  }
}

static int ep_connect(h46017_endpoint *ep, size_t index, void *user_data) {
  sim_host *h = user_data;

  (void)ep;
  h->wanted = index;
  h->connect_at = h->s->now + draw(h->s, 300);
  return 0;
}

static int ep_rand(uint8_t *dest, size_t len, void *user_data) {
  return random_octets(((sim_host *)user_data)->s, dest, len);
}

static int ep_state(h46017_endpoint *ep, h46017_endpoint_state from,
                    h46017_endpoint_state to, void *user_data) {
  sim_host *h = user_data;

  (void)ep;
  tell(h->s, "ep%d %s -> %s", h->number, h46017_endpoint_state_name(from),
       h46017_endpoint_state_name(to));
  return host_mischief(h);
}

static int ep_reg_state(h46017_endpoint *ep, uint32_t id,
                        h46017_registration_state from,
                        h46017_registration_state to, void *user_data) {
  sim_host *h = user_data;

  (void)ep;
  tell(h->s, "ep%d reg%u %s -> %s", h->number, (unsigned)id,
       h46017_registration_state_name(from),
       h46017_registration_state_name(to));
  return host_mischief(h);
}

static int ep_granted(h46017_endpoint *ep, uint32_t id, const h46017_ras *rcf,
                      void *user_data) {
  sim_host *h = user_data;

  (void)ep;
  for (size_t i = 0; i < REGISTRATIONS; i++) {
    if (h->ids[i] == id) {
      h->ttl[i] = rcf->u.rcf.time_to_live;
    }
  }
  h->s->result->registered++;
  return host_mischief(h);
}

static int ep_building(h46017_endpoint *ep, h46017_h225 *msg,
                       h46017_ras_kind kind, void *user_data) {
  (void)ep;
  (void)msg;
  (void)kind;
  return host_mischief(user_data);
}

static int ep_probe(h46017_endpoint *ep, size_t index, void *user_data) {
  (void)ep;
  (void)index;
  return host_mischief(user_data);
}

static void host_add(sim_host *h, size_t i) {
  h46017_alias alias = {
      H46017_ALIAS_H323_ID, 0, {h->names[i], strlen(h->names[i])}};
  h46017_registration reg;

  h46017_registration_default(&reg);
  reg.aliases = &alias;
  reg.alias_count = 1;
  reg.restart = chance(h->s, 2);
  if (h->ids[i] == 0) {
    host_after(h, h46017_endpoint_add(h->ep, &reg, &h->ids[i], clock_of(h->s)));
  }
}

/* The program starts, or goes on with what it has. */
static void host_start(sim_host *h) {
  sim *s = h->s;
  h46017_endpoint_settings settings;
  h46017_endpoint_callbacks cb;
  int rv = 0;

  h->start_at = H46017_TIME_NEVER;
  if (h->ep == NULL) {
    h46017_endpoint_settings_default(&settings);
    settings.gatekeeper_count = (uint32_t)s->gk_count;
    settings.keepalive = chance(s, 4) ? 10000 : 0;
    settings.failback = chance(s, 4) ? 20000 : 300000;
    h46017_endpoint_callbacks_default(&cb);
    cb.connect = ep_connect;
    cb.rand = ep_rand;
    cb.state_changed = ep_state;
    cb.registration_changed = ep_reg_state;
    cb.registered = ep_granted;
    cb.refreshed = ep_granted;
    cb.ras_building = ep_building;
    cb.probe = ep_probe;
    rv = h46017_endpoint_new(&h->ep, &settings, &cb, &h->mem.mem, h, s->now);
  }
  for (size_t i = 0; i < REGISTRATIONS && rv == 0 && h->ep != NULL; i++) {
    host_add(h, i);
  }
  if (rv == 0 && h->ep != NULL &&
      h46017_endpoint_get_state(h->ep) == H46017_ENDPOINT_IDLE) {
    rv = h46017_endpoint_start(h->ep, clock_of(s));
    host_after(h, rv);
    rv = 0;
  }
  if (rv != 0 || h->ep == NULL ||
      h46017_endpoint_get_state(h->ep) == H46017_ENDPOINT_CLOSING) {
    h->start_at = s->now + 1000; /* one that is closing has to close first */
  }
}

/* What waits goes onto the wire, in whatever pieces the sender takes. */
static void host_pump(sim_host *h) {
  sim *s = h->s;
  sim_link *l = h->link;
  const uint8_t *p;
  size_t len;
  /* A callback may have ended it in a call that a callback made. */
  int rv = h->ep != NULL ? h46017_endpoint_error(h->ep) : 0;

  host_after(h, rv);
  rv = 0;
  while (h->ep != NULL && l != NULL && h->link == l && !l->stalled &&
         (len = h46017_endpoint_peek_tx(h->ep, &p)) > 0 && rv == 0) {
    len = chance(s, 4) ? 1 + draw(s, (uint32_t)len) : len;
    if (!l->cut) {
      pipe_send(s, &l->up, p, len);
    }
    rv = h46017_endpoint_ack_tx(h->ep, len, clock_of(s));
    host_after(h, rv);
  }
  if (h->ep != NULL && h->link != NULL && !h46017_endpoint_want_read(h->ep) &&
      !h46017_endpoint_want_write(h->ep)) {
    host_let_go(h);
    host_after(h, h46017_endpoint_transport_down(h->ep, H46017_ERR_CLOSED,
                                                 clock_of(s)));
  }
}

static void host_lost(sim_host *h, int why) {
  host_let_go(h);
  host_after(h, h46017_endpoint_transport_down(h->ep, why, clock_of(h->s)));
}

/* -- gatekeepers ----------------------------------------------------------- */

static int gk_rand(uint8_t *dest, size_t len, void *user_data) {
  return random_octets(((sim_gk *)user_data)->s, dest, len);
}

static void gk_let_go(sim_link *l) {
  h46017_connection *c = l->conn;

  l->conn = NULL;
  pipe_finish(l->gk->s, l, &l->down);
  h46017_connection_del(c);
}

static void gk_answer(sim_gk *g, size_t i) {
  sim *s = g->s;
  h46017_registration_answer answer = {.open = !s->storm || !chance(s, 8)};
  uint64_t id = g->questions[i];
  int rv;

  answer.time_to_live = chance(s, 4) ? 15 + draw(s, 300) : 0;
  g->questions[i] = 0;
  g->answer_at[i] = H46017_TIME_NEVER;
  rv = h46017_gatekeeper_answer(g->gk, id, &answer, clock_of(s));
  if (rv != 0 && rv != H46017_ERR_NOT_FOUND && rv != H46017_ERR_NOMEM) {
    fail(s, "gk%d answer: %s", g->number, h46017_error_name(rv));
  }
}

/* What a program may do in a callback. */
static int gk_mischief(sim_gk *g, h46017_connection *c) {
  sim *s = g->s;
  sim_link *l = c != NULL ? h46017_connection_user_data(c) : NULL;
  const sim_host *h = &s->hosts[draw(s, (uint32_t)s->host_count)];
  size_t i;

  if (!s->storm || !s->mischief || !chance(s, 64)) {
    return 0;
  }
  switch (draw(s, 6)) {
  case 0:
    if (l != NULL && l->conn != NULL) {
      (void)h46017_connection_close(l->conn, H46017_ERR_REFUSED, clock_of(s));
    }
    return 0;
  case 1:
    if (l != NULL && l->conn != NULL) {
      tell(s, "gk%d deletes the connection of a callback", g->number);
      gk_let_go(l);
    }
    return 0;
  case 2:
    (void)h46017_gatekeeper_unregister(g->gk, h->names[0], strlen(h->names[0]),
                                       H46017_URQ_MAINTENANCE, clock_of(s));
    return 0;
  case 3:
    i = draw(s, QUESTIONS);
    if (g->questions[i] != 0) {
      gk_answer(g, i);
    }
    return 0;
  case 4:
    return -1;
  default:
    return H46017_ERR_REFUSED;
  }
}

static h46017_answered gk_select(h46017_gatekeeper *gk, uint64_t question,
                                 const h46017_registration_question *asked,
                                 h46017_registration_answer *answer,
                                 void *user_data) {
  sim_gk *g = user_data;
  sim *s = g->s;
  size_t i = draw(s, QUESTIONS);

  (void)gk;
  (void)gk_mischief(g, asked->connection);
  answer->open = true;
  if (!chance(s, s->storm ? 2 : 8)) {
    answer->refuse = !s->storm || !chance(s, 8) ? 0
                     : chance(s, 2)             ? H46017_ERR_LIMIT
                                                : H46017_ERR_REFUSED;
    return H46017_ANSWERED;
  }
  /* A question that is forgotten is one that is never answered. */
  if (g->questions[i] != 0 && !s->storm) {
    return H46017_ANSWERED;
  }
  g->questions[i] = question;
  g->answer_at[i] = s->now + draw(s, s->storm ? 15000 : 3000);
  return H46017_LATER;
}

static void gk_dropped(h46017_gatekeeper *gk, uint64_t question,
                       void *user_data) {
  sim_gk *g = user_data;

  (void)gk;
  for (size_t i = 0; i < QUESTIONS; i++) {
    if (g->questions[i] == question) {
      g->questions[i] = 0;
      g->answer_at[i] = H46017_TIME_NEVER;
    }
  }
}

static int gk_told(h46017_gatekeeper *gk, const h46017_registered *reg,
                   void *user_data) {
  sim_gk *g = user_data;

  (void)gk;
  tell(g->s, "gk%d has %s", g->number, reg->aliases[0].text.text);
  return gk_mischief(g, reg->connection);
}

static int gk_unregistered(h46017_gatekeeper *gk, const h46017_registered *reg,
                           int why, void *user_data) {
  sim_gk *g = user_data;

  (void)gk;
  tell(g->s, "gk%d has no %s: %s", g->number, reg->aliases[0].text.text,
       h46017_error_name(why));
  return gk_mischief(g, reg->connection);
}

static int gk_lost(h46017_gatekeeper *gk, const h46017_registered *reg,
                   h46017_connection *c, int why, void *user_data) {
  sim_gk *g = user_data;

  (void)gk;
  (void)c;
  tell(g->s, "gk%d waits for %s: %s", g->number, reg->aliases[0].text.text,
       h46017_error_name(why));
  return gk_mischief(g, NULL);
}

static int gk_rejected(h46017_gatekeeper *gk, h46017_connection *c,
                       const h46017_rrq *rrq, int code,
                       h46017_rrj_reason reason, void *user_data) {
  sim_gk *g = user_data;

  (void)gk;
  (void)rrq;
  (void)reason;
  tell(g->s, "gk%d rejects: %s", g->number, h46017_error_name(code));
  return gk_mischief(g, c);
}

static int gk_building(h46017_gatekeeper *gk, h46017_connection *c,
                       h46017_h225 *msg, h46017_ras_kind kind,
                       void *user_data) {
  (void)gk;
  (void)msg;
  (void)kind;
  return gk_mischief(user_data, c);
}

static int gk_ras(h46017_gatekeeper *gk, h46017_connection *c, h46017_h225 *msg,
                  const h46017_ras *ras, const uint8_t *per, size_t len,
                  void *user_data) {
  (void)gk;
  (void)msg;
  (void)ras;
  (void)per;
  (void)len;
  return gk_mischief(user_data, c);
}

static void gk_settings(sim_gk *g, h46017_gatekeeper_settings *settings) {
  sim *s = g->s;

  h46017_gatekeeper_settings_default(settings);
  settings->registration_grace = chance(s, 2) ? 20000 : 0;
  if (s->storm) {
    settings->time_to_live = 15 + draw(s, 300);
    settings->max_time_to_live = 15 + draw(s, 600);
    settings->duplicates = (h46017_duplicates)draw(s, 3);
    settings->full_rate = chance(s, 2) ? 1 + draw(s, 20) : 2000;
    settings->max_registered = chance(s, 4) ? 1 + draw(s, 8) : 0;
    settings->max_connections = chance(s, 8) ? 1 + draw(s, 4) : 20000;
    settings->answers_kept = draw(s, 5);
  }
  g->shared = g->shared || settings->duplicates == H46017_DUPLICATES_ALLOW;
}

static void gk_start(sim_gk *g) {
  sim *s = g->s;
  h46017_gatekeeper_settings settings;
  h46017_gatekeeper_callbacks cb;

  g->start_at = H46017_TIME_NEVER;
  g->shared = false;
  gk_settings(g, &settings);
  h46017_gatekeeper_callbacks_default(&cb);
  cb.select_device = gk_select;
  cb.question_dropped = gk_dropped;
  cb.rand = gk_rand;
  cb.registered = gk_told;
  cb.refreshed = gk_told;
  cb.rejected = gk_rejected;
  cb.unregistered = gk_unregistered;
  cb.lost = gk_lost;
  cb.ras_received = gk_ras;
  cb.ras_building = gk_building;
  if (h46017_gatekeeper_new(&g->gk, &settings, &cb, &g->mem.mem, g, s->now) !=
      0) {
    g->gk = NULL;
    g->start_at = s->now + 1000;
  }
}

/* Killed: its peers learn it from their transports, where these still work. */
static void gk_kill(sim_gk *g) {
  h46017_gatekeeper_del(g->gk);
  g->gk = NULL;
  memset(g->questions, 0, sizeof(g->questions));
  for (size_t i = 0; i < QUESTIONS; i++) {
    g->answer_at[i] = H46017_TIME_NEVER;
  }
  for (sim_link *l = g->s->links; l != NULL; l = l->next) {
    if (l->gk == g && l->conn != NULL) {
      l->conn = NULL;
      pipe_finish(g->s, l, &l->down);
    }
  }
  if (g->mem.blocks != 0) {
    fail(g->s, "gk%d leaves %zu blocks", g->number, g->mem.blocks);
  }
}

static void gk_pump_link(sim_link *l) {
  sim *s = l->gk->s;
  const uint8_t *p;
  size_t len;

  while (!l->stalled && (len = h46017_connection_peek_tx(l->conn, &p)) > 0) {
    len = chance(s, 4) ? 1 + draw(s, (uint32_t)len) : len;
    if (!l->cut) {
      pipe_send(s, &l->down, p, len);
    }
    if (h46017_connection_ack_tx(l->conn, len, clock_of(s)) != 0) {
      fail(s, "gk%d: what it showed is not taken back", l->gk->number);
      return;
    }
  }
  if (!h46017_connection_want_read(l->conn) &&
      !h46017_connection_want_write(l->conn)) {
    (void)h46017_connection_transport_down(l->conn, 0, clock_of(s));
    if (l->conn != NULL) { /* a callback may have deleted it */
      gk_let_go(l);
    }
  }
}

static void gk_pump(sim_gk *g) {
  h46017_connection *c;

  while (g->gk != NULL && h46017_gatekeeper_next_ready(g->gk, &c)) {
    sim_link *l = NULL;
    for (sim_link *i = g->s->links; i != NULL; i = i->next) {
      l = i->conn == c ? i : l;
    }
    if (l == NULL || l->gk != g) {
      fail(g->s, "INV-35: gk%d hands out a connection that was deleted",
           g->number);
      return;
    }
    gk_pump_link(l);
  }
}

/* -- links ----------------------------------------------------------------- */

static void link_open(sim_host *h) {
  sim *s = h->s;
  sim_gk *g = &s->gks[h->wanted];
  sim_link *l;
  int rv = H46017_ERR_CONNECT;

  h->connect_at = H46017_TIME_NEVER;
  if (h46017_endpoint_get_state(h->ep) != H46017_ENDPOINT_CONNECTING) {
    return;
  }
  l = calloc(1, sizeof(*l));
  if (l == NULL) {
    abort();
  }
  l->gk = g;
  l->left = s->storm && chance(s, 4) ? draw(s, 2000) : SIZE_MAX;
  l->up.due = l->down.due = l->reset_at = H46017_TIME_NEVER;
  l->next = s->links;
  s->links = l;
  if (g->gk != NULL && (s->unreachable & 1U << h->wanted) == 0) {
    rv = h46017_connection_new(&l->conn, g->gk, &h->identity, l, clock_of(s));
  }
  if (rv != 0) {
    host_after(h, h46017_endpoint_transport_down(h->ep, H46017_ERR_CONNECT,
                                                 clock_of(s)));
    return;
  }
  l->host = h;
  h->link = l;
  host_after(h, h46017_endpoint_transport_up(h->ep, NULL, clock_of(s)));
}

/* Some of what is on its way arrives, or the end of the stream does. */
static void link_deliver(sim *s, sim_link *l, bool up) {
  sim_pipe *p = up ? &l->up : &l->down;
  sim_gk *g = l->gk;
  size_t len =
      p->len > 0 && chance(s, 4) ? 1 + draw(s, (uint32_t)p->len) : p->len;
  bool breaks = len >= l->left;
  uint8_t *octets;

  p->due = H46017_TIME_NEVER;
  len = breaks ? l->left : len;
  l->left -= l->left == SIZE_MAX ? 0 : len;
  octets = malloc(len + 1);
  if (octets == NULL) {
    abort();
  }
  if (len > 0) {
    memcpy(octets, p->data, len);
    memmove(p->data, p->data + len, p->len - len);
    p->len -= len;
  }
  if (len > 0 && up && l->conn != NULL) {
    (void)h46017_connection_recv(l->conn, octets, len, clock_of(s));
  } else if (len > 0 && !up && l->host != NULL) {
    host_after(l->host,
               h46017_endpoint_recv(l->host->ep, octets, len, clock_of(s)));
  }
  free(octets);
  if (breaks) {
    tell(s, "a link breaks in the middle");
    l->left = SIZE_MAX;
    p->len = 0;
    p->fin = true;
    if (!l->cut && chance(s, 2)) { /* else the sender is not told */
      pipe_finish(s, l, up ? &l->down : &l->up);
    }
  }
  if (p->len > 0 || (p->fin && !breaks && len > 0)) {
    pipe_send(s, p, NULL, 0);
    return;
  }
  if (!p->fin) {
    return;
  }
  p->fin = false;
  if (up && l->conn != NULL) {
    (void)h46017_connection_transport_down(l->conn, H46017_ERR_CLOSED,
                                           clock_of(s));
    if (l->conn != NULL) {
      gk_let_go(l);
    }
  } else if (!up && l->host != NULL) {
    host_lost(l->host, H46017_ERR_CLOSED);
  }
  gk_pump(g);
}

static void links_sweep(sim *s) {
  for (sim_link **link = &s->links; *link != NULL;) {
    sim_link *l = *link;
    if (l->host == NULL && l->conn == NULL) {
      *link = l->next;
      free(l->up.data);
      free(l->down.data);
      free(l);
    } else {
      link = &l->next;
    }
  }
}

/* -- what must hold -------------------------------------------------------- */

static int check_one(const h46017_registered *reg, void *arg) {
  sim_gk *g = arg;
  const sim_link *l = reg->connection != NULL
                          ? h46017_connection_user_data(reg->connection)
                          : NULL;

  if (l != NULL && l->conn != reg->connection) {
    fail(g->s, "INV-31: gk%d: %s is on a connection that was deleted",
         g->number, reg->aliases[0].text.text);
  }
  for (size_t i = 0; i < reg->alias_count && !g->shared; i++) {
    const h46017_text *name = &reg->aliases[i].text;
    if (h46017_gatekeeper_find(g->gk, name->text, name->len) != reg) {
      fail(g->s, "INV-30: gk%d: %s is held twice", g->number, name->text);
    }
  }
  return 0;
}

/* What waits to be sent is counted apart: it has limits of its own. */
static void check_memory(sim *s, const sim_gk *g) {
  size_t waiting = 0;
  size_t allowed = 131072 + 8192 * h46017_gatekeeper_connection_count(g->gk) +
                   2048 * h46017_gatekeeper_registration_count(g->gk);

  for (const sim_link *l = s->links; l != NULL; l = l->next) {
    const uint8_t *p;
    if (l->gk == g && l->conn != NULL) {
      waiting += h46017_connection_peek_tx(l->conn, &p);
    }
  }
  if (g->mem.octets > allowed + waiting * 2) {
    fail(s, "INV-37: gk%d uses %zu octets, %zu are allowed", g->number,
         g->mem.octets, allowed + waiting * 2);
  }
}

static void check_gk(sim *s, sim_gk *g) {
  const char *broken;

  if (g->gk == NULL) {
    return;
  }
  broken = h46017_gatekeeper_check_invariants(g->gk);
  if (broken != NULL) {
    fail(s, "gk%d: %s", g->number, broken);
    return;
  }
  (void)h46017_gatekeeper_each(g->gk, check_one, g);
  check_memory(s, g);
}

static bool host_is_known(const sim_host *h, size_t i) {
  const h46017_registered *reg;

  if (h->link == NULL || h->link->conn == NULL) {
    return false;
  }
  reg =
      h46017_gatekeeper_find(h->link->gk->gk, h->names[i], strlen(h->names[i]));
  return reg != NULL &&
         (reg->connection == h->link->conn || h->link->gk->shared);
}

/* Nobody believes for longer than it was promised. */
static void check_belief(sim *s, sim_host *h, size_t i) {
  h46017_time limit = (h46017_time)h->ttl[i] * SECOND + 10 * SECOND;

  if (h->ids[i] == 0 ||
      h46017_endpoint_registration_state(h->ep, h->ids[i]) !=
          H46017_REGISTRATION_REGISTERED ||
      host_is_known(h, i)) {
    h->unknown[i] = H46017_TIME_NEVER;
  } else if (h->unknown[i] == H46017_TIME_NEVER) {
    h->unknown[i] = s->now;
  } else if (s->now - h->unknown[i] > limit) {
    fail(s, "INV-38: ep%d believes in a registration nobody knows", h->number);
  }
}

static void check_host(sim *s, sim_host *h) {
  const char *broken =
      h->ep != NULL ? h46017_endpoint_check_invariants(h->ep) : NULL;

  if (broken != NULL) {
    fail(s, "ep%d: %s", h->number, broken);
  }
  if (h->mem.octets > 131072) {
    fail(s, "INV-37: ep%d uses %zu octets", h->number, h->mem.octets);
  }
}

/* When nothing is due. */
static void check_rest(sim *s) {
  for (size_t i = 0; i < s->host_count; i++) {
    for (size_t k = 0; k < REGISTRATIONS && s->hosts[i].ep != NULL; k++) {
      check_belief(s, &s->hosts[i], k);
    }
  }
}

/* -- weather --------------------------------------------------------------- */

static void gust_links(sim *s, sim_link *l) {
  switch (draw(s, 4)) {
  case 0:
    tell(s, "a link goes silent");
    l->cut = true;
    break;
  case 1:
    tell(s, "a link is replaced");
    l->cut = true;
    l->reset_at = s->now + draw(s, 30000);
    break;
  case 2:
    l->left = draw(s, 500);
    break;
  default:
    l->stalled = true;
    break;
  }
}

static void gust_programs(sim *s, sim_host *h, sim_gk *g) {
  h46017_gatekeeper_settings settings;

  switch (draw(s, 6)) {
  case 0:
    if (h->ep != NULL) {
      tell(s, "ep%d crashes", h->number);
      host_end(h);
      h->start_at = s->now + draw(s, 30000);
    }
    break;
  case 1:
    if (h->ep != NULL) {
      host_after(h, h46017_endpoint_close(h->ep, clock_of(s)));
      h->start_at = s->now + 1000 + draw(s, 60000);
    }
    break;
  case 2:
    h->start_at = s->now;
    break;
  case 3:
    if (g->gk != NULL) {
      tell(s, "gk%d is killed", g->number);
      gk_kill(g);
      g->start_at = s->now + draw(s, 60000);
    }
    break;
  case 4:
    if (g->gk != NULL) {
      gk_settings(g, &settings);
      (void)h46017_gatekeeper_set_settings(g->gk, &settings, clock_of(s));
    }
    break;
  default:
    if (g->gk != NULL) {
      (void)h46017_gatekeeper_unregister(g->gk, h->names[0],
                                         strlen(h->names[0]),
                                         H46017_URQ_MAINTENANCE, clock_of(s));
    }
    break;
  }
}

static void gust(sim *s) {
  sim_host *h = &s->hosts[draw(s, (uint32_t)s->host_count)];
  sim_gk *g = &s->gks[draw(s, (uint32_t)s->gk_count)];

  s->gust_at = s->now + draw(s, 30000);
  switch (draw(s, 6)) {
  case 0:
  case 1:
    if (h->link != NULL) {
      gust_links(s, h->link);
    }
    break;
  case 2:
    s->unreachable ^= 1U << g->number;
    break;
  case 3:
    if (s->poor) {
      h->mem.fail_at = h->mem.calls + 1 + draw(s, 40);
      g->mem.fail_at = g->mem.calls + 1 + draw(s, 40);
    }
    break;
  case 4:
    if (s->skew && chance(s, 4)) {
      s->now += draw(s, 24 * 3600) * SECOND;
      tell(s, "the clock jumps");
    }
    for (sim_link *l = s->links; l != NULL; l = l->next) {
      l->stalled = false;
    }
    break;
  default:
    gust_programs(s, h, g);
    break;
  }
}

static void clear_up(sim *s) {
  tell(s, "the weather clears");
  s->storm = false;
  s->gust_at = H46017_TIME_NEVER;
  s->unreachable = 0;
  for (size_t i = 0; i < s->gk_count; i++) {
    h46017_gatekeeper_settings settings;
    s->gks[i].mem.fail_at = 0;
    gk_settings(&s->gks[i], &settings);
    if (s->gks[i].gk == NULL) {
      gk_start(&s->gks[i]);
    } else if (h46017_gatekeeper_set_settings(s->gks[i].gk, &settings,
                                              s->now) != 0) {
      fail(s, "gk%zu does not take its settings", i);
    }
  }
  for (size_t i = 0; i < s->host_count; i++) {
    s->hosts[i].mem.fail_at = 0;
    s->hosts[i].start_at = s->now;
  }
  for (sim_link *l = s->links; l != NULL; l = l->next) {
    l->stalled = false;
  }
}

static bool all_is_well(const sim *s) {
  for (size_t i = 0; i < s->host_count; i++) {
    const sim_host *h = &s->hosts[i];
    for (size_t k = 0; k < REGISTRATIONS && !h->rival; k++) {
      if (h->ep == NULL || h->ids[k] == 0 || !host_is_known(h, k) ||
          h46017_endpoint_registration_state(h->ep, h->ids[k]) !=
              H46017_REGISTRATION_REGISTERED) {
        return false;
      }
    }
  }
  return true;
}

/* -- the scheduler --------------------------------------------------------- */

typedef enum sim_kind {
  SIM_GUST,
  SIM_HOST_START,
  SIM_HOST_CONNECT,
  SIM_HOST_EXPIRY,
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
  uint32_t due;     /* so many are due now: one of them, by lot */
  h46017_time next; /* the earliest of those that are not */
} sim_event;

static void consider(sim *s, sim_event *e, h46017_time at, sim_kind kind,
                     void *object, size_t index) {
  if (at > s->now) {
    e->next = at < e->next ? at : e->next;
  } else if (draw(s, ++e->due) == 0) {
    e->kind = kind;
    e->object = object;
    e->index = index;
  }
}

static sim_event look_around(sim *s) {
  sim_event e = {.kind = SIM_GUST, .next = H46017_TIME_NEVER};

  consider(s, &e, s->gust_at, SIM_GUST, NULL, 0);
  for (size_t i = 0; i < s->host_count; i++) {
    sim_host *h = &s->hosts[i];
    consider(s, &e, h->start_at, SIM_HOST_START, h, 0);
    if (h->ep != NULL) {
      consider(s, &e, h->connect_at, SIM_HOST_CONNECT, h, 0);
      consider(s, &e, h46017_endpoint_next_expiry(h->ep), SIM_HOST_EXPIRY, h,
               0);
    }
  }
  for (size_t i = 0; i < s->gk_count; i++) {
    sim_gk *g = &s->gks[i];
    consider(s, &e, g->start_at, SIM_GK_START, g, 0);
    if (g->gk != NULL) {
      consider(s, &e, h46017_gatekeeper_next_expiry(g->gk), SIM_GK_EXPIRY, g,
               0);
    }
    for (size_t k = 0; k < QUESTIONS && g->gk != NULL; k++) {
      consider(s, &e, g->answer_at[k], SIM_GK_ANSWER, g, k);
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

  host_after(h, rv);
  if (h->ep != NULL && h46017_endpoint_next_expiry(h->ep) <= s->now) {
    fail(s, "INV-32: ep%d has a timer in the past", h->number);
  }
}

static void expire_gk(sim *s, sim_gk *g) {
  int rv = h46017_gatekeeper_handle_expiry(g->gk, s->now);

  if (rv != 0 || h46017_gatekeeper_next_expiry(g->gk) <= s->now) {
    fail(s, "INV-32: gk%d has a timer in the past", g->number);
  }
}

static void act(sim *s, const sim_event *e) {
  sim_link *l = e->object;

  switch (e->kind) {
  case SIM_GUST:
    gust(s);
    break;
  case SIM_HOST_START:
    host_start(e->object);
    break;
  case SIM_HOST_CONNECT:
    link_open(e->object);
    break;
  case SIM_HOST_EXPIRY:
    expire_host(s, e->object);
    break;
  case SIM_GK_START:
    gk_start(e->object);
    break;
  case SIM_GK_EXPIRY:
    expire_gk(s, e->object);
    break;
  case SIM_GK_ANSWER:
    gk_answer(e->object, e->index);
    break;
  case SIM_LINK_UP:
    link_deliver(s, l, true);
    break;
  case SIM_LINK_DOWN:
    link_deliver(s, l, false);
    break;
  case SIM_LINK_RESET:
    l->reset_at = H46017_TIME_NEVER;
    if (l->host != NULL) {
      host_lost(l->host, H46017_ERR_CLOSED);
    }
    break;
  }
}

static void step(sim *s) {
  sim_event e = look_around(s);

  if (e.due == 0) {
    check_rest(s);
    s->now = e.next == H46017_TIME_NEVER ? s->now + SECOND : e.next;
    return;
  }
  s->result->steps++;
  act(s, &e);
  for (size_t i = 0; i < s->host_count; i++) {
    host_pump(&s->hosts[i]);
  }
  for (size_t i = 0; i < s->gk_count; i++) {
    gk_pump(&s->gks[i]);
  }
  links_sweep(s);
  for (size_t i = 0; i < s->gk_count; i++) {
    check_gk(s, &s->gks[i]);
  }
  for (size_t i = 0; i < s->host_count; i++) {
    check_host(s, &s->hosts[i]);
  }
}

/* -- a run ----------------------------------------------------------------- */

/* Every hundredth network is a large one. */
static size_t sim_size(sim *s) {
  return chance(s, 1000) ? 100 + draw(s, 200)
         : chance(s, 50) ? 20 + draw(s, 20)
                         : 1 + draw(s, 6);
}

static void sim_make_host(sim *s, sim_host *h, int number) {
  int name = number;

  h->s = s;
  h->number = number;
  if (number > 0 && chance(s, 8)) {
    h->rival = s->hosts[number - 1].rival = true;
    name = number - 1;
  }
  sim_mem_init(&h->mem);
  h46017_identity_default(&h->identity);
  if (chance(s, 2)) {
    h->identity.tls = true;
    h->identity.proof = H46017_PROOF_CERTIFICATE;
    h->identity.key_sha256[0] = (uint8_t)(number >> 8);
    h->identity.key_sha256[1] = (uint8_t)number;
  }
  for (size_t i = 0; i < REGISTRATIONS; i++) {
    (void)snprintf(h->names[i], NAME_SIZE, "phone%d-TEL%zu", name, i + 1);
    h->unknown[i] = H46017_TIME_NEVER;
  }
  h->connect_at = H46017_TIME_NEVER;
  h->start_at = s->now + draw(s, 5000);
}

static void sim_make(sim *s, uint64_t seed) {
  s->random = seed;
  s->now = 1 + draw(s, 1000000);
  s->storm = true;
  s->skew = chance(s, 3);
  s->mischief = chance(s, 2);
  s->poor = chance(s, 3);
  s->gust_at = s->now + 5000;
  s->gk_count = 1 + draw(s, GATEKEEPERS);
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
    sim_mem_init(&g->mem);
    for (size_t k = 0; k < QUESTIONS; k++) {
      g->answer_at[k] = H46017_TIME_NEVER;
    }
    gk_start(g);
  }
  for (size_t i = 0; i < s->host_count; i++) {
    sim_make_host(s, &s->hosts[i], (int)i);
  }
}

static void sim_end(sim *s) {
  for (size_t i = 0; i < s->gk_count; i++) {
    if (s->gks[i].gk != NULL) {
      gk_kill(&s->gks[i]);
    }
  }
  for (size_t i = 0; i < s->host_count; i++) {
    host_end(&s->hosts[i]);
  }
  links_sweep(s);
  if (s->links != NULL) {
    fail(s, "a link that nobody lets go of");
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
    step(&s);
  }
  if (!result->failed) {
    clear_up(&s);
    until = s.now + PATIENCE;
  }
  while (!result->failed && !all_is_well(&s)) {
    step(&s);
    if (s.now > until) {
      fail(&s, "INV-39: somebody is not registered in good weather");
    }
  }
  sim_end(&s);
}
