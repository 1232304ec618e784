/* SPDX-License-Identifier: BSD-2-Clause */
#include "tls/internal.h"

#include "base/intmath.h"
#include "base/settings.h"

#include <h46017/clock.h>

#include <stdio.h>
#include <string.h>

#define CLOCK_COLLECTION "clock"
#define CLOCK_ENTRY "floor"
#define CLOCK_RELEASE INT64_C(1735689600) /* 2025-01-01 */
#define CLOCK_STEP 60   /* seconds: what is looked at more often is no step */
#define CLOCK_SAVE 600  /* seconds between two writes */
#define CLOCK_DAY 86400 /* the most of one step */
#define CLOCK_DIGITS 12 /* beyond the year 9999 */
#define CLOCK_LAST INT64_C(999999999999)

struct h46017_clock {
  h46017_mem mem;
  h46017_store store;
  bool stored;
  h46017_clock_settings settings;
  int64_t floor;
  int64_t saved; /* the floor that the store has */

  bool looked;
  bool assumed;
  h46017_time first; /* look: the start */
  h46017_time since; /* and the one that the next step begins at */
  int64_t wall;
};

void h46017_clock_settings_default_sized(h46017_clock_settings *settings,
                                         size_t size) {
  h46017_clock_settings def;

  memset(&def, 0, sizeof(def));
  def.release = CLOCK_RELEASE;
  h46017_settings_fill(settings, size, &def, sizeof(def));
}

/* -- what is kept --------------------------------------------------------- */

static int clock_take(const uint8_t *data, size_t len, void *user_data) {
  int64_t *pfloor = user_data;
  int64_t floor = 0;
  size_t digits = 0;

  while (digits < len && data[digits] >= '0' && data[digits] <= '9' &&
         digits <= CLOCK_DIGITS) {
    floor = floor * 10 + (data[digits++] - '0');
  }
  if (digits > 0 && digits <= CLOCK_DIGITS &&
      (digits == len || data[digits] == '\n')) {
    *pfloor = H46017_MAX(*pfloor, floor);
  }
  return 0;
}

static int clock_read(const h46017_clock *c, int64_t *pfloor) {
  int rv = c->store.get(c->store.object, CLOCK_COLLECTION, CLOCK_ENTRY,
                        clock_take, pfloor);

  return rv == H46017_ERR_NOT_FOUND ? 0 : rv;
}

/* Another process may have seen more. */
static void clock_save(h46017_clock *c) {
  char text[24];
  int64_t floor = c->floor;
  int rv = c->store.begin != NULL
               ? c->store.begin(c->store.object, CLOCK_COLLECTION)
               : 0;
  int len;

  if (rv != 0) {
    return;
  }
  rv = clock_read(c, &floor);
  len = snprintf(text, sizeof(text), "%lld\n", (long long)floor);
  if (rv == 0) {
    rv = c->store.put(c->store.object, CLOCK_COLLECTION, CLOCK_ENTRY,
                      (const uint8_t *)text, (size_t)len, 0);
  }
  if (c->store.end != NULL) {
    c->store.end(c->store.object, CLOCK_COLLECTION);
  }
  if (rv == 0) {
    c->saved = floor;
  }
}

/* -- life ----------------------------------------------------------------- */

static int clock_begin(h46017_clock *c, const h46017_store *store,
                       const h46017_clock_settings *settings) {
  int rv = 0;

  h46017_clock_settings_default(&c->settings);
  if (settings != NULL) {
    rv = h46017_settings_copy(&c->settings, sizeof(c->settings),
                              sizeof(h46017_clock_settings), settings);
  }
  if (rv == 0 && store != NULL) {
    h46017_store_default(&c->store);
    rv = h46017_settings_copy(&c->store, sizeof(c->store), sizeof(h46017_store),
                              store);
    c->stored = true;
  }
  if (rv == 0 && c->stored &&
      (c->store.get == NULL || c->store.put == NULL ||
       c->store.remove == NULL ||
       (c->store.begin == NULL) != (c->store.end == NULL))) {
    rv = H46017_ERR_INVALID_ARGUMENT;
  }
  if (c->settings.release < 0 || c->settings.release > CLOCK_LAST ||
      c->settings.start_up < 0 || c->settings.start_up > CLOCK_LAST) {
    rv = H46017_ERR_INVALID_ARGUMENT;
  }
  c->floor = c->settings.release;
  if (rv == 0 && c->stored) {
    rv = clock_read(c, &c->floor);
  }
  c->saved = c->floor;
  return rv;
}

int h46017_clock_new(h46017_clock **pclock, const h46017_store *store,
                     const h46017_clock_settings *settings,
                     const h46017_mem *mem) {
  h46017_mem own;
  h46017_clock *c;
  int rv;

  if (pclock == NULL) {
    return H46017_ERR_INVALID_ARGUMENT;
  }
  rv = h46017_mem_init(&own, mem);
  if (rv != 0) {
    return rv;
  }
  c = h46017_mem_zalloc(&own, 1, sizeof(*c));
  if (c == NULL) {
    return H46017_ERR_NOMEM;
  }
  c->mem = own;
  rv = clock_begin(c, store, settings);
  if (rv != 0) {
    h46017_clock_del(c);
    return rv;
  }
  *pclock = c;
  return 0;
}

void h46017_clock_del(h46017_clock *clock) {
  h46017_mem mem;

  if (clock != NULL) {
    mem = clock->mem;
    h46017_mem_release(&mem, clock);
  }
}

/* -- looking -------------------------------------------------------------- */

static h46017_time clock_since(h46017_time now, h46017_time then) {
  return now > then ? now - then : 0;
}

/* What passed by both clocks since the last step. */
static void clock_step(h46017_clock *c, int64_t wall, h46017_time now) {
  h46017_time elapsed = clock_since(now, c->since) / 1000;
  int64_t passed;

  if (c->looked && wall >= c->wall && elapsed < CLOCK_STEP) {
    return; /* it goes on adding up */
  }
  passed = c->looked && wall > c->wall ? wall - c->wall : 0;
  passed = H46017_MIN(passed, CLOCK_DAY);
  if ((uint64_t)passed > elapsed) {
    passed = (int64_t)elapsed;
  }
  c->looked = true;
  c->since = now;
  c->wall = wall;
  c->floor = H46017_MAX(c->floor, H46017_MIN(c->floor + passed, wall));
}

int h46017_clock_look(h46017_clock *clock, int64_t wall, h46017_time now,
                      int64_t *putc) {
  wall = H46017_MAX(wall, 0); /* no clock is set that far back */
  if (!clock->looked) {
    clock->first = now;
  }
  clock_step(clock, wall, now);
  if (clock->stored && clock->floor - clock->saved >= CLOCK_SAVE) {
    clock_save(clock);
  }
  clock->assumed = wall < clock->floor && clock->settings.start_up != 0;
  if (clock->assumed) {
    *putc = H46017_MAX(clock->settings.start_up, clock->floor) +
            (int64_t)(clock_since(now, clock->first) / 1000);
    return 0;
  }
  if (wall < clock->floor) {
    return H46017_ERR_CLOCK_NOT_SET;
  }
  *putc = wall;
  return 0;
}

bool h46017_clock_is_assumed(const h46017_clock *clock) {
  return clock->assumed;
}

int64_t h46017_clock_floor(const h46017_clock *clock) {
  return clock->floor;
}

int h46017_clock_reset(h46017_clock *clock) {
  int rv = clock->stored ? clock->store.remove(clock->store.object,
                                               CLOCK_COLLECTION, CLOCK_ENTRY)
                         : 0;

  if (rv != 0 && rv != H46017_ERR_NOT_FOUND) {
    return rv;
  }
  clock->floor = clock->saved = clock->settings.release;
  clock->looked = false;
  return 0;
}

int h46017_clock_check_own(int64_t utc, const SSL_CTX *ctx) {
  const X509 *own = SSL_CTX_get0_certificate(ctx);
  int64_t from;
  int64_t to;

  if (own == NULL) {
    return 0;
  }
  if (!h46017_tls_validity(own, &from, &to)) {
    return H46017_ERR_NOMEM;
  }
  return utc > to ? H46017_ERR_CLOCK_AHEAD : 0;
}
