/* SPDX-License-Identifier: BSD-2-Clause */
#include "identity/h235.h"

#include "base/intmath.h"
#include "base/mem.h"

#include <h46017/error.h>

#define REPLAY_MAX 1024
#define REPLAY_FIRST 8

/* A password hash says the second it was made in and nothing else: it is the
 * same for every message of that second, so that it cannot be good for one
 * message only. But those messages come one after the other; what comes so many
 * seconds after the first of them is another's. */
#define PWD_HASH_SPAN 5

typedef struct replay_entry {
  uint64_t hash;
  uint32_t time;
  uint32_t kind;
} replay_entry;

struct h46017_h235_replay {
  h46017_mem mem;
  size_t max;
  size_t room;
  size_t count;
  replay_entry *entries; /* owned, in no order */
  uint32_t floor;        /* what is not younger is forgotten, and refused */
  uint32_t begun;        /* of the latest that began something */
  uint32_t pwd_time;     /* of the latest password hash */
  int64_t pwd_first;     /* when the first of that second came */
};

int h46017_h235_replay_new(h46017_h235_replay **pr, size_t max,
                           const h46017_mem *mem) {
  h46017_mem m;
  h46017_h235_replay *r;
  int rv = h46017_mem_init(&m, mem);

  if (rv != 0) {
    return rv;
  }
  r = h46017_mem_zalloc(&m, 1, sizeof(*r));
  if (r == NULL) {
    return H46017_ERR_NOMEM;
  }
  r->mem = m;
  r->max = max != 0 ? max : REPLAY_MAX;
  *pr = r;
  return 0;
}

void h46017_h235_replay_del(h46017_h235_replay *r) {
  h46017_mem mem;

  if (r == NULL) {
    return;
  }
  mem = r->mem;
  h46017_mem_release(&mem, r->entries);
  h46017_mem_release(&mem, r);
}

/* Its time is over: no check of the time lets it pass any more. */
static bool replay_is_past(uint32_t time, int64_t now, uint32_t window) {
  return (int64_t)time + window < now;
}

bool h46017_h235_replay_is_idle(const h46017_h235_replay *r, int64_t now,
                                uint32_t window) {
  const uint32_t w = window != 0 ? window : H46017_H235_WINDOW;

  for (size_t i = 0; i < r->count; i++) {
    if (!replay_is_past(r->entries[i].time, now, w)) {
      return false;
    }
  }
  return replay_is_past(r->pwd_time, now, w) &&
         replay_is_past(r->floor, now, w);
}

int h235_replay_check(const h46017_h235_replay *r, const h235_seen *seen,
                      int64_t now) {
  if (seen->begins && seen->time < r->begun) {
    return H46017_ERR_TOKEN_REPLAYED;
  }
  if (seen->kind == H46017_H235_PWD_HASH) {
    return seen->time < r->pwd_time || (seen->time == r->pwd_time &&
                                        now > r->pwd_first + PWD_HASH_SPAN)
               ? H46017_ERR_TOKEN_REPLAYED
               : 0;
  }
  if (seen->time <= r->floor) {
    return H46017_ERR_TOKEN_REPLAYED;
  }
  for (size_t i = 0; i < r->count; i++) {
    const replay_entry *e = &r->entries[i];
    if (e->hash == seen->hash && e->time == seen->time &&
        e->kind == seen->kind) {
      return H46017_ERR_TOKEN_REPLAYED;
    }
  }
  return 0;
}

/* Drops everything up to `time`, and never takes it again. */
static void replay_forget(h46017_h235_replay *r, uint32_t time) {
  size_t kept = 0;

  for (size_t i = 0; i < r->count; i++) {
    if (r->entries[i].time > time) {
      r->entries[kept++] = r->entries[i];
    }
  }
  r->count = kept;
  r->floor = H46017_MAX(r->floor, time);
}

static void replay_forget_oldest(h46017_h235_replay *r) {
  uint32_t oldest = UINT32_MAX;

  for (size_t i = 0; i < r->count; i++) {
    oldest = H46017_MIN(oldest, r->entries[i].time);
  }
  replay_forget(r, oldest);
}

int h235_replay_reserve(h46017_h235_replay *r, size_t count, int64_t now,
                        uint32_t window) {
  replay_entry *more;
  size_t room;

  if (r->count + count <= r->room) {
    return 0;
  }
  if (now - window > 0) {
    replay_forget(r, (uint32_t)(now - window - 1));
  }
  while (r->count > 0 && r->count + count > r->max) {
    replay_forget_oldest(r);
  }
  if (r->count + count <= r->room) {
    return 0;
  }
  room = H46017_MAX(H46017_MAX(r->room * 2, r->count + count), REPLAY_FIRST);
  room = H46017_MAX(H46017_MIN(room, r->max), r->count + count);
  more = h46017_mem_resize(&r->mem, r->entries, room * sizeof(*more));
  if (more == NULL) {
    return H46017_ERR_NOMEM;
  }
  r->entries = more;
  r->room = room;
  return 0;
}

void h235_replay_remember(h46017_h235_replay *r, const h235_seen *seen,
                          int64_t now) {
  replay_entry *e;

  if (seen->begins) {
    r->begun = H46017_MAX(r->begun, seen->time);
  }
  if (seen->kind == H46017_H235_PWD_HASH) {
    if (seen->time > r->pwd_time) {
      r->pwd_time = seen->time;
      r->pwd_first = now;
    }
    return;
  }
  e = &r->entries[r->count++]; /* reserved */
  e->hash = seen->hash;
  e->time = seen->time;
  e->kind = seen->kind;
}
