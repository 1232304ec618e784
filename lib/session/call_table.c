/* SPDX-License-Identifier: BSD-2-Clause */
#include "session/call.h"

#include "base/intmath.h"
#include "base/mem.h"
#include "base/settings.h"

#include <string.h>

#define SETTINGS_V1                                                            \
  (offsetof(h46017_calls_settings, log_level) + sizeof(h46017_log_level))
#define CALLBACKS_V1                                                           \
  (offsetof(h46017_calls_callbacks, trace) + sizeof(h46017_trace))

#define OWNER(node, type, member)                                              \
  ((type *)(void *)((char *)(node)-offsetof(type, member)))

static const h46017_calls_settings table_settings = {
    .struct_size = sizeof(table_settings),
    .max_calls = 2000,
    .quarantine = 5000,
    .t301 = 180000,
    .t303 = 15000,
    .t304 = 30000,
    .t310 = 60000,
    .t322 = 4000,
    .terminal_type = H46017_TERMINAL_TERMINAL,
    .log_level = H46017_LOG_INFO,
};

void h46017_calls_settings_default_sized(h46017_calls_settings *settings,
                                         size_t size) {
  h46017_settings_fill(settings, size, &table_settings, sizeof(table_settings));
}

void h46017_calls_callbacks_default_sized(h46017_calls_callbacks *callbacks,
                                          size_t size) {
  static const h46017_calls_callbacks def = {.struct_size = sizeof(def)};
  h46017_settings_fill(callbacks, size, &def, sizeof(def));
}

/* -- workspace --------------------------------------------------------------
 */

void h46017_call_workspace_init(call_workspace *w, const h46017_mem *mem) {
  memset(w, 0, sizeof(*w));
  w->mem = *mem;
}

void h46017_call_workspace_free(call_workspace *w) {
  h46017_h225_del(w->in);
  h46017_h225_del(w->out);
  h46017_mem_release(&w->mem, w->scratch);
  w->in = w->out = NULL;
  w->scratch = NULL;
  w->scratch_size = 0;
}

int h46017_call_workspace_need(call_workspace *w) {
  int rv = 0;

  if (w->in == NULL) {
    rv = h46017_h225_new(&w->in, NULL, &w->mem);
  }
  if (rv == 0 && w->out == NULL) {
    rv = h46017_h225_new(&w->out, NULL, &w->mem);
  }
  return rv;
}

/* -- life ------------------------------------------------------------------ */

static void table_trace(const h46017_trace_event *event, void *user_data) {
  h46017_calls *calls = user_data;

  calls->observing++;
  calls->callbacks.trace(event, calls->user_data);
  calls->observing--;
}

static void table_log_write(h46017_log_level level, const char *line,
                            size_t len, void *user_data) {
  h46017_calls *calls = user_data;

  calls->observing++;
  calls->callbacks.log_write(level, line, len, calls->user_data);
  calls->observing--;
}

static bool table_settings_valid(const h46017_calls_settings *s) {
  return s->max_calls > 0 && s->t301 > 0 && s->t303 > 0 && s->t304 > 0 &&
         s->t310 > 0 && s->t322 > 0;
}

int h46017_calls_make(h46017_calls **pcalls,
                      const h46017_calls_settings *settings,
                      const h46017_calls_callbacks *callbacks,
                      const h46017_mem *mem, call_workspace *work,
                      void *user_data, h46017_time now) {
  h46017_calls_settings s = table_settings;
  h46017_calls_callbacks cb = {.struct_size = sizeof(cb)};
  uint8_t seed[18];
  h46017_mem m;
  h46017_calls *calls;
  int rv = h46017_mem_init(&m, mem);

  if (rv == 0 && settings != NULL) {
    rv = h46017_settings_copy(&s, sizeof(s), SETTINGS_V1, settings);
  }
  if (rv == 0) {
    rv = h46017_settings_copy(&cb, sizeof(cb), CALLBACKS_V1, callbacks);
  }
  if (rv != 0) {
    return rv;
  }
  if (pcalls == NULL || cb.write == NULL || cb.rand == NULL ||
      !table_settings_valid(&s)) {
    return H46017_ERR_INVALID_ARGUMENT;
  }
  if (cb.rand(seed, sizeof(seed), user_data) != 0) {
    return H46017_ERR_CALLBACK_FAILURE;
  }
  calls = h46017_mem_zalloc(&m, 1, sizeof(*calls));
  if (calls == NULL) {
    return H46017_ERR_NOMEM;
  }
  calls->mem = m;
  calls->settings = s;
  calls->callbacks = cb;
  calls->user_data = user_data;
  calls->log = (h46017_log){cb.log_write != NULL ? table_log_write : NULL,
                            calls, s.log_level};
  calls->trace = cb.trace != NULL ? table_trace : NULL;
  calls->now = h46017_time_seen(0, now);
  /* Somewhere else after every start: a peer may still hold old calls. */
  calls->last_reference =
      (uint16_t)((seed[16] << 8 | seed[17]) & H46017_Q931_MAX_CALL_REFERENCE);
  h46017_map_init(&calls->references, &m, seed);
  h46017_heap_init(&calls->timers, &m);
  h46017_call_workspace_init(&calls->own, &m);
  calls->work = work != NULL ? work : &calls->own;
  *pcalls = calls;
  return 0;
}

int h46017_calls_new(h46017_calls **pcalls,
                     const h46017_calls_settings *settings,
                     const h46017_calls_callbacks *callbacks,
                     const h46017_mem *mem, void *user_data, h46017_time now) {
  return h46017_calls_make(pcalls, settings, callbacks, mem, NULL, user_data,
                           now);
}

static void table_release_forgotten(h46017_calls *calls) {
  while (calls->forgotten != NULL) {
    h46017_call *call = calls->forgotten;
    calls->forgotten = call->next;
    h46017_mem_release(&calls->mem, call);
  }
}

static void table_free(h46017_calls *calls) {
  h46017_mem mem = calls->mem;

  while (calls->first != NULL) {
    calls_forget(calls->first);
  }
  table_release_forgotten(calls);
  h46017_map_free(&calls->references);
  h46017_heap_free(&calls->timers);
  h46017_call_workspace_free(&calls->own);
  h46017_mem_release(&mem, calls);
}

void h46017_calls_del(h46017_calls *calls) {
  if (calls == NULL) {
    return;
  }
  if (calls->depth > 0) {
    calls->doomed = true;
    return;
  }
  table_free(calls);
}

int calls_enter_nested(h46017_calls *calls, h46017_time now) {
  int rv;

  if (calls->observing > 0 || calls->doomed) {
    return H46017_ERR_REENTRANT;
  }
  if (calls->error != 0) {
    return calls->error;
  }
  rv = h46017_call_workspace_need(calls->work);
  if (rv != 0) {
    return rv;
  }
  calls->now = h46017_time_seen(calls->now, now);
  calls->depth++;
  return 0;
}

int calls_enter(h46017_calls *calls, h46017_time now) {
  return calls->depth > 0 ? H46017_ERR_REENTRANT
                          : calls_enter_nested(calls, now);
}

int calls_leave(h46017_calls *calls, int rv) {
  if (--calls->depth > 0) {
    return rv;
  }
  table_release_forgotten(calls);
  if (calls->doomed) {
    table_free(calls);
  } else if (calls->left != NULL) {
    calls->left(calls->user_data);
  }
  return rv;
}

int calls_callback(h46017_calls *calls, int rv) {
  if (rv == 0) {
    return 0;
  }
  if (calls->error == 0) {
    calls->error = H46017_ERR_CALLBACK_FAILURE;
  }
  return H46017_ERR_CALLBACK_FAILURE;
}

/* -- references -------------------------------------------------------------
 */

static void table_key(uint8_t key[2], bool ours, uint16_t reference) {
  key[0] = (uint8_t)((ours ? 0x80 : 0) | reference >> 8);
  key[1] = (uint8_t)reference;
}

h46017_call *calls_lookup(const h46017_calls *calls, bool ours,
                          uint16_t reference) {
  uint8_t key[2];

  table_key(key, ours, reference);
  return h46017_map_find(&calls->references, key, sizeof(key));
}

int calls_add(h46017_calls *calls, bool ours, uint16_t reference,
              h46017_call **pcall) {
  h46017_call *call;

  if (calls->down) {
    return H46017_ERR_CLOSED;
  }
  if (calls->count >= calls->settings.max_calls) {
    return H46017_ERR_LIMIT;
  }
  call = h46017_mem_zalloc(&calls->mem, 1, sizeof(*call));
  if (call == NULL) {
    return H46017_ERR_NOMEM;
  }
  call->calls = calls;
  call->ours = ours;
  call->reference = reference;
  call->state = H46017_CALL_IDLE;
  call->state_timer = call->inquiry_timer = H46017_TIME_NEVER;
  table_key(call->key, ours, reference);
  if (h46017_heap_join(&calls->timers, &call->timer, 0) != 0) {
    h46017_mem_release(&calls->mem, call);
    return H46017_ERR_NOMEM;
  }
  if (h46017_map_add(&calls->references, &call->by_reference, call->key,
                     sizeof(call->key), call) != 0) {
    h46017_heap_leave(&calls->timers, &call->timer);
    h46017_mem_release(&calls->mem, call);
    return H46017_ERR_NOMEM;
  }
  call->next = calls->first;
  if (call->next != NULL) {
    call->next->prev = call;
  }
  calls->first = call;
  calls->count++;
  *pcall = call;
  return 0;
}

void calls_forget(h46017_call *call) {
  h46017_calls *calls = call->calls;

  if (call->forgotten) {
    return;
  }
  call->forgotten = true;
  h46017_map_remove(&calls->references, &call->by_reference);
  h46017_heap_leave(&calls->timers, &call->timer);
  if (call->prev != NULL) {
    call->prev->next = call->next;
  } else {
    calls->first = call->next;
  }
  if (call->next != NULL) {
    call->next->prev = call->prev;
  }
  call->next = calls->forgotten;
  calls->forgotten = call;
}

/* The next free one, going round. */
static uint16_t table_next_reference(const h46017_calls *calls,
                                     bool avoid_peers) {
  uint16_t reference = calls->last_reference;

  for (uint32_t i = 0; i < H46017_Q931_MAX_CALL_REFERENCE; i++) {
    reference = reference >= H46017_Q931_MAX_CALL_REFERENCE
                    ? 1
                    : (uint16_t)(reference + 1);
    if (calls_lookup(calls, true, reference) == NULL &&
        (!avoid_peers || calls_lookup(calls, false, reference) == NULL)) {
      return reference;
    }
  }
  return 0;
}

static int table_guid(h46017_calls *calls, uint8_t guid[H46017_CALL_GUID]) {
  if (calls_callback(calls, calls->callbacks.rand(guid, H46017_CALL_GUID,
                                                  calls->user_data)) != 0) {
    return H46017_ERR_CALLBACK_FAILURE;
  }
  /* H.225.0 7.6 wants it globally unique: RFC 4122, version 4. */
  guid[6] = (uint8_t)((guid[6] & 0x0f) | 0x40);
  guid[8] = (uint8_t)((guid[8] & 0x3f) | 0x80);
  return 0;
}

static int table_begin(h46017_calls *calls, void *user_data,
                       h46017_call **pcall) {
  uint16_t reference = table_next_reference(calls, true);
  h46017_call *call;
  int rv;

  if (reference == 0) {
    reference = table_next_reference(calls, false);
  }
  if (reference == 0) {
    return H46017_ERR_CALL_REFERENCES;
  }
  rv = calls_add(calls, true, reference, &call);
  if (rv != 0) {
    return rv;
  }
  rv = table_guid(calls, call->identifier);
  if (rv == 0) {
    rv = table_guid(calls, call->conference);
  }
  if (rv != 0) {
    calls->count--;
    calls_forget(call);
    return rv;
  }
  calls->last_reference = reference;
  call->user_data = user_data;
  *pcall = call;
  return 0;
}

int h46017_call_new(h46017_calls *calls, void *user_data, h46017_call **pcall,
                    h46017_time now) {
  int rv = calls_enter_nested(calls, now);

  if (rv != 0) {
    return rv;
  }
  return calls_leave(calls, table_begin(calls, user_data, pcall));
}

/* -- time ------------------------------------------------------------------ */

void calls_rearm(h46017_call *call) {
  if (!call->forgotten) {
    h46017_heap_set(&call->calls->timers, &call->timer,
                    H46017_MIN(call->state_timer, call->inquiry_timer));
  }
}

h46017_time h46017_calls_next_expiry(const h46017_calls *calls) {
  const h46017_heap_node *n =
      calls->error != 0 ? NULL : h46017_heap_first(&calls->timers);

  return n != NULL ? n->expiry : H46017_TIME_NEVER;
}

/* T322: asked once more, then nobody is there to tell.  Q.931 5.8.10 */
static int table_inquiry_timer(h46017_call *call) {
  call->inquiry_timer = H46017_TIME_NEVER;
  if (call->inquiries < 2) {
    return h46017_call_write(call, H46017_Q931_STATUS_INQUIRY, NULL,
                             call->calls->now);
  }
  return call_end(call, 41, H46017_ERR_CALL_TIMEOUT);
}

int h46017_calls_handle_expiry(h46017_calls *calls, h46017_time now) {
  int rv = calls_enter(calls, now);
  h46017_heap_node *n;

  if (rv != 0) {
    return rv;
  }
  while (rv == 0 && !calls->doomed &&
         (n = h46017_heap_first(&calls->timers)) != NULL &&
         n->expiry <= calls->now) {
    h46017_call *call = OWNER(n, h46017_call, timer);
    if (call->inquiry_timer <= calls->now) {
      rv = table_inquiry_timer(call);
    } else {
      call->state_timer = H46017_TIME_NEVER;
      rv = call_timer(call);
    }
    calls_rearm(call);
  }
  if (rv != 0 && calls->error == 0) {
    calls->error = rv;
  }
  return calls_leave(calls, rv);
}

int h46017_calls_down(h46017_calls *calls, int code, h46017_time now) {
  const h46017_call_ended why = {code != 0 ? code : H46017_ERR_CLOSED, 27,
                                 H46017_RELEASE_ABSENT, NULL};
  h46017_call *call;
  int rv = 0;

  if (calls->depth > 0 || calls->observing > 0) {
    return H46017_ERR_REENTRANT;
  }
  calls->now = h46017_time_seen(calls->now, now);
  calls->depth++;
  calls->down = true;
  /* What rests does so no more: its connection is gone. */
  while ((call = calls->first) != NULL && !calls->doomed) {
    if (call->state != H46017_CALL_RELEASED) {
      int one = call_move(call, CALL_EV_DOWN, &why);
      rv = rv != 0 ? rv : one;
    }
    calls_forget(call);
  }
  calls->down = false;
  return calls_leave(calls, rv);
}

/* -- looking --------------------------------------------------------------- */

size_t h46017_calls_count(const h46017_calls *calls) {
  return calls->count;
}

int h46017_calls_error(const h46017_calls *calls) {
  return calls->error;
}

void *h46017_calls_user_data(const h46017_calls *calls) {
  return calls->user_data;
}

int h46017_calls_each(const h46017_calls *calls,
                      int (*fn)(h46017_call *call, void *arg), void *arg) {
  h46017_call *next;

  for (h46017_call *call = calls->first; call != NULL; call = next) {
    int rv;
    next = call->next; /* `fn` may release it */
    rv = call->state != H46017_CALL_RELEASED ? fn(call, arg) : 0;
    if (rv != 0) {
      return rv;
    }
  }
  return 0;
}

h46017_call *h46017_calls_find(const h46017_calls *calls, bool ours,
                               uint16_t reference) {
  h46017_call *call = calls_lookup(calls, ours, reference);

  return call != NULL && call->state != H46017_CALL_RELEASED ? call : NULL;
}

h46017_call_state h46017_call_get_state(const h46017_call *call) {
  return (h46017_call_state)call->state;
}

bool h46017_call_is_ours(const h46017_call *call) {
  return call->ours;
}

uint16_t h46017_call_reference(const h46017_call *call) {
  return call->reference;
}

const uint8_t *h46017_call_identifier(const h46017_call *call) {
  return call->identifier;
}

const uint8_t *h46017_call_conference(const h46017_call *call) {
  return call->conference;
}

int h46017_call_identify(h46017_call *call, const uint8_t *call_identifier,
                         const uint8_t *conference) {
  /* the gatekeeper was asked about an endpoint's call by those it has */
  if (call->state != H46017_CALL_IDLE || call->owner != NULL) {
    return H46017_ERR_INVALID_STATE;
  }
  if (call_identifier != NULL) {
    memcpy(call->identifier, call_identifier, H46017_CALL_GUID);
  }
  if (conference != NULL) {
    memcpy(call->conference, conference, H46017_CALL_GUID);
  }
  return 0;
}

bool h46017_call_is_h245_tunnelled(const h46017_call *call) {
  return !call->h245_refused;
}

h46017_calls *h46017_call_table(const h46017_call *call) {
  return call->calls;
}

void *h46017_call_user_data(const h46017_call *call) {
  return call->user_data;
}

void h46017_call_set_user_data(h46017_call *call, void *user_data) {
  call->user_data = user_data;
}
