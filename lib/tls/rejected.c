/* SPDX-License-Identifier: BSD-2-Clause */
#include "tls/trust.h"

#include "base/settings.h"

#include <openssl/pem.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define REJECTED_COLLECTION "rejected"
#define REJECTED_PEER_MAX 128
/* That wait for others to be done with the store. */
#define REJECTED_WAITING_MAX 16
/* What goes at once when the list is full: one entry in so many. */
#define REJECTED_SPARE 16

typedef struct rejected_waiting rejected_waiting;
struct rejected_waiting {
  rejected_waiting *next;
  h46017_rejected_entry entry;
  STACK_OF(X509) * chain;
  char peer[REJECTED_PEER_MAX];
};

struct h46017_rejected {
  h46017_mem mem;
  h46017_store store;
  h46017_rejected_settings settings;
  int64_t second; /* the one that `written` counts in */
  uint32_t written;
  rejected_waiting *waiting; /* the first of them */
  rejected_waiting **last;   /* where the next one goes */
  uint32_t waiting_count;
  /* what was there when the store's number of changes was this */
  bool counted;
  uint64_t changes;
  size_t count;
  size_t octets;
};

void h46017_rejected_settings_default_sized(h46017_rejected_settings *settings,
                                            size_t size) {
  h46017_rejected_settings def;

  memset(&def, 0, sizeof(def));
  def.max_entries = 1000;
  def.max_octets = 8 * 1024 * 1024;
  def.max_rate = 10;
  h46017_settings_fill(settings, size, &def, sizeof(def));
}

static int rejected_read_arguments(h46017_rejected *r,
                                   const h46017_store *store,
                                   const h46017_rejected_settings *settings) {
  int rv = h46017_settings_copy(&r->store, sizeof(r->store),
                                sizeof(h46017_store), store);

  h46017_rejected_settings_default(&r->settings);
  if (rv == 0 && settings != NULL) {
    rv = h46017_settings_copy(&r->settings, sizeof(r->settings),
                              sizeof(h46017_rejected_settings), settings);
  }
  if (rv == 0 && (r->store.list == NULL || r->store.get == NULL ||
                  r->store.put == NULL || r->store.remove == NULL ||
                  (r->store.begin == NULL) != (r->store.end == NULL) ||
                  r->settings.max_entries == 0)) {
    rv = H46017_ERR_INVALID_ARGUMENT;
  }
  return rv;
}

int h46017_rejected_new(h46017_rejected **prejected, const h46017_store *store,
                        const h46017_rejected_settings *settings,
                        const h46017_mem *mem) {
  h46017_mem own;
  h46017_rejected *r;
  int rv;

  if (prejected == NULL || store == NULL) {
    return H46017_ERR_INVALID_ARGUMENT;
  }
  rv = h46017_mem_init(&own, mem);
  if (rv != 0) {
    return rv;
  }
  r = h46017_mem_zalloc(&own, 1, sizeof(*r));
  if (r == NULL) {
    return H46017_ERR_NOMEM;
  }
  r->mem = own;
  r->last = &r->waiting;
  h46017_store_default(&r->store);
  rv = rejected_read_arguments(r, store, settings);
  if (rv != 0) {
    h46017_rejected_del(r);
    return rv;
  }
  *prejected = r;
  return 0;
}

/* The first that waits goes. */
static void rejected_pop(h46017_rejected *r) {
  rejected_waiting *w = r->waiting;

  r->waiting = w->next;
  r->last = r->waiting != NULL ? r->last : &r->waiting;
  r->waiting_count--;
  sk_X509_pop_free(w->chain, X509_free);
  h46017_mem_release(&r->mem, w);
}

void h46017_rejected_del(h46017_rejected *rejected) {
  h46017_mem mem;

  if (rejected != NULL) {
    while (rejected->waiting != NULL) {
      rejected_pop(rejected);
    }
    mem = rejected->mem;
    h46017_mem_release(&mem, rejected);
  }
}

/* Without waiting, where the store can. */
static int rejected_begin(const h46017_rejected *r, bool *pbusy) {
  *pbusy = false;
  if (r->store.try_begin != NULL) {
    return r->store.try_begin(r->store.object, REJECTED_COLLECTION, pbusy);
  }
  return r->store.begin != NULL
             ? r->store.begin(r->store.object, REJECTED_COLLECTION)
             : 0;
}

static void rejected_end(const h46017_rejected *r) {
  if (r->store.end != NULL) {
    r->store.end(r->store.object, REJECTED_COLLECTION);
  }
}

/* -- what an entry says --------------------------------------------------- */

static int64_t rejected_number(const uint8_t *data, size_t len,
                               const char *key) {
  char text[32];

  return h46017_trust_header(data, len, key, text, sizeof(text))
             ? strtoll(text, NULL, 10)
             : 0;
}

/* Everything but the certificate's own words. */
static void rejected_read_headers(h46017_rejected_entry *e, const uint8_t *data,
                                  size_t len, char peer[REJECTED_PEER_MAX]) {
  char text[64];

  e->code = h46017_trust_header(data, len, "Code", text, sizeof(text))
                ? h46017_error_find(text)
                : 0;
  e->role = h46017_trust_header(data, len, "Role", text, sizeof(text)) &&
                    strcmp(text, "client") == 0
                ? H46017_TLS_CLIENT
                : H46017_TLS_SERVER;
  e->count = (uint64_t)rejected_number(data, len, "Count");
  e->trust_helps =
      !h46017_trust_header(data, len, "Trust-Helps", text, sizeof(text)) ||
      strcmp(text, "no") != 0;
  e->first_seen = rejected_number(data, len, "First-Seen");
  e->last_seen = rejected_number(data, len, "Last-Seen");
  peer[0] = '\0';
  (void)h46017_trust_header(data, len, "Peer", peer, REJECTED_PEER_MAX);
  e->peer = peer;
}

static bool rejected_put_number(BIO *bio, const char *key, int64_t value) {
  char text[24];

  (void)snprintf(text, sizeof(text), "%lld", (long long)value);
  return h46017_trust_put_header(bio, key, text);
}

static bool rejected_put_name(BIO *bio, const char *key,
                              const X509_NAME *name) {
  BIO *text = NULL;
  const char *words = h46017_tls_print_name(&text, name);
  bool done = words != NULL && h46017_trust_put_header(bio, key, words);

  BIO_free(text);
  return done;
}

static BIO *rejected_write(const h46017_rejected_entry *e,
                           STACK_OF(X509) * chain) {
  const X509 *leaf = sk_X509_value(chain, 0);
  BIO *bio = BIO_new(BIO_s_mem());
  bool done =
      bio != NULL &&
      h46017_trust_put_header(bio, "Code", h46017_error_name(e->code)) &&
      (e->trust_helps || h46017_trust_put_header(bio, "Trust-Helps", "no")) &&
      rejected_put_number(bio, "Count", (int64_t)e->count) &&
      rejected_put_number(bio, "First-Seen", e->first_seen) &&
      rejected_put_number(bio, "Last-Seen", e->last_seen) &&
      h46017_trust_put_header(bio, "Peer", e->peer) &&
      h46017_trust_put_header(
          bio, "Role", e->role == H46017_TLS_CLIENT ? "client" : "server") &&
      rejected_put_name(bio, "Subject", X509_get_subject_name(leaf)) &&
      rejected_put_name(bio, "Issuer", X509_get_issuer_name(leaf));

  for (int i = 0; done && i < sk_X509_num(chain); i++) {
    done = PEM_write_bio_X509(bio, sk_X509_value(chain, i)) == 1;
  }
  if (!done) {
    BIO_free(bio);
    ERR_clear_error();
    return NULL;
  }
  return bio;
}

/* -- bounds --------------------------------------------------------------- */

typedef struct rejected_weight {
  int64_t seen;
  size_t len;
  char name[101];
} rejected_weight;

typedef struct rejected_scale {
  const h46017_rejected *rejected;
  const char *name; /* being looked at */
  rejected_weight *weights;
  size_t count;
  size_t room;
} rejected_scale;

static int rejected_weigh(const uint8_t *data, size_t len, void *user_data) {
  rejected_scale *s = user_data;
  rejected_weight *w = s->weights;

  if (s->count == s->room) {
    s->room = s->room > 0 ? s->room * 2 : 64;
    w = h46017_mem_resize(&s->rejected->mem, w, s->room * sizeof(*w));
    if (w == NULL) {
      return H46017_ERR_NOMEM;
    }
    s->weights = w;
  }
  w += s->count++;
  w->seen = rejected_number(data, len, "Last-Seen");
  w->len = len;
  (void)snprintf(w->name, sizeof(w->name), "%s", s->name);
  return 0;
}

static int rejected_weigh_name(const char *name, void *user_data) {
  rejected_scale *b = user_data;
  const h46017_store *s = &b->rejected->store;
  int rv;

  b->name = name;
  rv = s->get(s->object, REJECTED_COLLECTION, name, rejected_weigh, b);
  return rv == H46017_ERR_NOT_FOUND || rv == H46017_ERR_STORE_IO ||
                 rv == H46017_ERR_STORE_CORRUPT
             ? 0
             : rv;
}

static int rejected_older(const void *a, const void *b) {
  const rejected_weight *x = a;
  const rejected_weight *y = b;

  return x->seen != y->seen ? (x->seen < y->seen ? -1 : 1)
                            : strcmp(x->name, y->name);
}

/* One more of so many octets, with a share of the bounds left over, or none. */
static bool rejected_fits(const h46017_rejected *r, size_t more, bool spare) {
  const h46017_rejected_settings *s = &r->settings;
  uint32_t entries = spare ? s->max_entries / REJECTED_SPARE : 0;
  uint32_t octets = spare ? s->max_octets / REJECTED_SPARE : 0;

  return r->count < s->max_entries - entries &&
         r->octets + more <= s->max_octets - octets;
}

/* Those not seen for longest go, some more than there have to: to find them
 * takes reading them all. */
static int rejected_drop(h46017_rejected *r, rejected_scale *s, size_t more) {
  const h46017_store *store = &r->store;

  if (s->count > 1) {
    qsort(s->weights, s->count, sizeof(*s->weights), rejected_older);
  }
  for (size_t i = 0; i < s->count && !rejected_fits(r, more, true); i++) {
    int rv =
        store->remove(store->object, REJECTED_COLLECTION, s->weights[i].name);

    if (rv != 0 && rv != H46017_ERR_NOT_FOUND) {
      return rv;
    }
    r->count--;
    r->octets -= s->weights[i].len;
  }
  return 0;
}

static uint64_t rejected_changes(const h46017_rejected *r) {
  return r->store.changes != NULL
             ? r->store.changes(r->store.object, REJECTED_COLLECTION)
             : 0;
}

/* What is there is known, unless somebody else changed it since. */
static bool rejected_is_counted(const h46017_rejected *r) {
  return r->counted && r->store.changes != NULL &&
         rejected_changes(r) == r->changes;
}

/* Room for one more of `more` octets; it is counted then. */
static int rejected_make_room(h46017_rejected *r, size_t more) {
  rejected_scale s = {.rejected = r};
  int rv;

  if (rejected_is_counted(r) && rejected_fits(r, more, false)) {
    return 0;
  }
  rv = r->store.list(r->store.object, REJECTED_COLLECTION, rejected_weigh_name,
                     &s);
  r->count = s.count;
  r->octets = 0;
  for (size_t i = 0; i < s.count; i++) {
    r->octets += s.weights[i].len;
  }
  if (rv == 0 && !rejected_fits(r, more, false)) {
    rv = rejected_drop(r, &s, more);
  }
  h46017_mem_release(&r->mem, s.weights);
  return rv;
}

/* -- keeping -------------------------------------------------------------- */

typedef struct rejected_old {
  h46017_rejected_entry *entry;
  size_t len;
} rejected_old;

static int rejected_take_old(const uint8_t *data, size_t len, void *user_data) {
  rejected_old *o = user_data;
  h46017_rejected_entry *e = o->entry;
  h46017_rejected_entry old;
  char peer[REJECTED_PEER_MAX];

  memset(&old, 0, sizeof(old));
  rejected_read_headers(&old, data, len, peer);
  e->count += old.count;
  e->first_seen = old.first_seen != 0 ? old.first_seen : e->first_seen;
  o->len = len;
  return 0;
}

/* `old` octets are in its place, 0: nothing. */
static int rejected_put(h46017_rejected *r, const char *name,
                        const uint8_t *data, size_t len, size_t old) {
  bool counted = old == 0 || rejected_is_counted(r);
  int rv = old == 0 ? rejected_make_room(r, len) : 0;

  if (rv == 0) {
    rv = r->store.put(r->store.object, REJECTED_COLLECTION, name, data, len, 0);
  }
  r->counted = rv == 0 && counted;
  if (r->counted) {
    r->count += old == 0 ? 1 : 0;
    r->octets += len - old;
    r->changes = rejected_changes(r);
  }
  return rv;
}

static int rejected_keep(h46017_rejected *r, h46017_rejected_entry *e,
                         STACK_OF(X509) * chain) {
  rejected_old old = {.entry = e};
  char name[70];
  char *data = NULL;
  BIO *bio = NULL;
  int rv;

  h46017_trust_entry_name(e->id, name);
  rv = r->store.get(r->store.object, REJECTED_COLLECTION, name,
                    rejected_take_old, &old);
  if (rv == 0 || rv == H46017_ERR_NOT_FOUND) {
    bio = rejected_write(e, chain);
    rv = bio != NULL ? 0 : H46017_ERR_NOMEM;
  }
  if (rv == 0) {
    size_t len = (size_t)BIO_get_mem_data(bio, &data);

    rv = rejected_put(r, name, (const uint8_t *)data, len, old.len);
  }
  BIO_free(bio);
  return rv;
}

/* Inside of begin and end: those that waited. Each is tried once. */
static int rejected_keep_waiting(h46017_rejected *r) {
  int first = 0;

  while (r->waiting != NULL) {
    rejected_waiting *w = r->waiting;
    int rv;

    w->entry.peer = w->peer;
    rv = rejected_keep(r, &w->entry, w->chain);
    first = first != 0 ? first : rv;
    rejected_pop(r);
  }
  return first;
}

int h46017_rejected_flush(h46017_rejected *rejected) {
  bool busy = false;
  int rv = rejected->waiting != NULL ? rejected_begin(rejected, &busy) : 0;

  if (rv == 0 && rejected->waiting != NULL && !busy) {
    rv = rejected_keep_waiting(rejected);
    rejected_end(rejected);
  }
  return rv;
}

bool h46017_rejected_is_waiting(const h46017_rejected *rejected) {
  return rejected->waiting != NULL;
}

/* Takes the chain, if this is 0. */
static int rejected_wait(h46017_rejected *r, const h46017_rejected_entry *e,
                         STACK_OF(X509) * chain) {
  rejected_waiting *w;

  if (r->waiting_count == REJECTED_WAITING_MAX) {
    return H46017_ERR_LIMIT;
  }
  w = h46017_mem_zalloc(&r->mem, 1, sizeof(*w));
  if (w == NULL) {
    return H46017_ERR_NOMEM;
  }
  w->entry = *e;
  w->chain = chain;
  (void)snprintf(w->peer, sizeof(w->peer), "%s", e->peer);
  *r->last = w;
  r->last = &w->next;
  r->waiting_count++;
  return 0;
}

static bool rejected_may_write(h46017_rejected *r, int64_t utc_now) {
  if (r->second != utc_now) {
    r->second = utc_now;
    r->written = 0;
  }
  if (r->written >= r->settings.max_rate) {
    return false;
  }
  r->written++;
  return true;
}

int h46017_rejected_note(h46017_rejected *rejected, const h46017_trust *trust,
                         SSL *ssl, const char *peer, int64_t utc_now,
                         uint8_t id[H46017_CERT_ID_LEN]) {
  h46017_peer_record *record = h46017_trust_get_record(trust, ssl);
  h46017_rejected_entry e;
  bool busy;
  int rv;

  if (record == NULL || sk_X509_num(record->refused) <= 0) {
    return H46017_ERR_NOT_FOUND;
  }
  if (!rejected_may_write(rejected, utc_now)) {
    return H46017_ERR_LIMIT;
  }
  memset(&e, 0, sizeof(e));
  if (X509_digest(sk_X509_value(record->refused, 0), EVP_sha256(), e.id,
                  NULL) != 1) {
    return H46017_ERR_NOMEM;
  }
  e.code = record->code;
  e.trust_helps = record->trust_helps;
  e.count = 1;
  e.first_seen = e.last_seen = utc_now;
  e.peer = peer != NULL ? peer : "";
  e.role = SSL_is_server(ssl) != 0 ? H46017_TLS_SERVER : H46017_TLS_CLIENT;
  rv = rejected_begin(rejected, &busy);
  if (rv == 0 && busy) {
    rv = rejected_wait(rejected, &e, record->refused);
  } else if (rv == 0) {
    (void)rejected_keep_waiting(rejected);
    rv = rejected_keep(rejected, &e, record->refused);
    rejected_end(rejected);
  }
  if (rv == 0) {
    /* once: the connection may live on, and its memory is wanted */
    if (!busy) {
      sk_X509_pop_free(record->refused, X509_free);
    }
    record->refused = NULL;
    if (id != NULL) {
      memcpy(id, e.id, H46017_CERT_ID_LEN);
    }
  }
  return rv;
}

/* -- looking -------------------------------------------------------------- */

typedef struct rejected_looking {
  const h46017_rejected *rejected;
  const char *digits; /* NULL: all */
  int (*each)(const h46017_rejected_entry *entry, void *user_data);
  void *user_data;
  char name[101]; /* found */
} rejected_looking;

typedef struct rejected_chain {
  X509 *leaf;
  size_t count;
} rejected_chain;

static int rejected_count_chain(X509 *x, void *user_data) {
  rejected_chain *chain = user_data;

  if (x == NULL) {
    return H46017_ERR_FORMAT;
  }
  if (chain->count++ == 0) {
    X509_up_ref(x);
    chain->leaf = x;
  }
  return 0;
}

static int rejected_show(const uint8_t *data, size_t len, void *user_data) {
  const rejected_looking *l = user_data;
  rejected_chain chain = {0};
  h46017_trust_item *item = NULL;
  h46017_rejected_entry e;
  char peer[REJECTED_PEER_MAX];
  int rv = h46017_trust_scan(data, len, rejected_count_chain, &chain);

  if (rv == 0) {
    item = h46017_trust_item_new(&l->rejected->mem, chain.leaf);
    rv = item != NULL ? 0 : H46017_ERR_NOMEM;
  }
  X509_free(chain.leaf);
  if (rv != 0) {
    return rv == H46017_ERR_FORMAT ? 0 : rv; /* a person's file, damaged */
  }
  memset(&e, 0, sizeof(e));
  rejected_read_headers(&e, data, len, peer);
  memcpy(e.id, item->entry.id, sizeof(e.id));
  e.subject = item->entry.subject;
  e.issuer = item->entry.issuer;
  e.cn = item->entry.cn;
  e.not_before = item->entry.not_before;
  e.not_after = item->entry.not_after;
  e.pem = data;
  e.pem_len = len;
  e.chain_len = chain.count;
  rv = l->each(&e, l->user_data);
  h46017_trust_item_free(&l->rejected->mem, item);
  return rv;
}

static int rejected_show_name(const char *name, void *user_data) {
  rejected_looking *l = user_data;
  const h46017_store *s = &l->rejected->store;
  int rv = s->get(s->object, REJECTED_COLLECTION, name, rejected_show, l);

  return rv == H46017_ERR_NOT_FOUND || rv == H46017_ERR_STORE_CORRUPT ? 0 : rv;
}

int h46017_rejected_each(h46017_rejected *rejected,
                         int (*each)(const h46017_rejected_entry *entry,
                                     void *user_data),
                         void *user_data) {
  rejected_looking l = {
      .rejected = rejected, .each = each, .user_data = user_data};

  return rejected->store.list(rejected->store.object, REJECTED_COLLECTION,
                              rejected_show_name, &l);
}

static bool rejected_name_begins(const char *name, const char *digits) {
  for (; *digits != '\0'; digits++, name++) {
    int c = *digits >= 'A' && *digits <= 'F' ? *digits + 32 : *digits;

    if (*name != c) {
      return false;
    }
  }
  return true;
}

static int rejected_match_name(const char *name, void *user_data) {
  rejected_looking *l = user_data;

  if (!rejected_name_begins(name, l->digits)) {
    return 0;
  }
  if (l->name[0] != '\0') {
    return H46017_ERR_AMBIGUOUS_ID;
  }
  (void)snprintf(l->name, sizeof(l->name), "%s", name);
  return 0;
}

int h46017_rejected_find(h46017_rejected *rejected, const char *digits,
                         int (*found)(const h46017_rejected_entry *entry,
                                      void *user_data),
                         void *user_data) {
  rejected_looking l = {.rejected = rejected,
                        .digits = digits,
                        .each = found,
                        .user_data = user_data};
  const h46017_store *s = &rejected->store;
  int rv;

  if (!h46017_trust_is_digits(digits)) {
    return H46017_ERR_INVALID_ARGUMENT;
  }
  rv = s->list(s->object, REJECTED_COLLECTION, rejected_match_name, &l);
  if (rv == 0 && l.name[0] == '\0') {
    rv = H46017_ERR_NOT_FOUND;
  }
  return rv != 0 ? rv
                 : s->get(s->object, REJECTED_COLLECTION, l.name, rejected_show,
                          &l);
}

/* -- changing ------------------------------------------------------------- */

typedef struct rejected_trusting {
  h46017_trust *trust;
  h46017_trust_add_options options;
  h46017_trust_added added;
  void *user_data;
  uint32_t depth;
  uint32_t at;
  bool found;
  uint8_t id[H46017_CERT_ID_LEN]; /* the entry's */
} rejected_trusting;

static int rejected_trust_one(X509 *x, void *user_data) {
  rejected_trusting *t = user_data;
  unsigned char *der = NULL;
  int len;
  int rv;

  if (x == NULL || t->at++ != t->depth) {
    return 0;
  }
  t->found = true;
  len = i2d_X509(x, &der);
  if (len <= 0) {
    return H46017_ERR_NOMEM;
  }
  rv = h46017_trust_add(t->trust, der, (size_t)len, &t->options, t->added,
                        t->user_data);
  OPENSSL_free(der);
  return rv;
}

static int rejected_trust_found(const h46017_rejected_entry *entry,
                                void *user_data) {
  rejected_trusting *t = user_data;
  int rv;

  if (!entry->trust_helps && entry->code != 0) {
    return entry->code;
  }
  memcpy(t->id, entry->id, sizeof(t->id));
  rv = h46017_trust_scan(entry->pem, entry->pem_len, rejected_trust_one, t);
  return rv == 0 && !t->found ? H46017_ERR_OUT_OF_RANGE : rv;
}

int h46017_rejected_trust(h46017_rejected *rejected, h46017_trust *trust,
                          const char *digits, uint32_t depth,
                          const h46017_trust_add_options *options,
                          h46017_trust_added added, void *user_data) {
  rejected_trusting t = {
      .trust = trust, .added = added, .user_data = user_data, .depth = depth};
  char name[70];
  int rv;

  h46017_trust_add_options_default(&t.options);
  rv = h46017_settings_copy(&t.options, sizeof(t.options),
                            sizeof(h46017_trust_add_options), options);
  if (rv != 0) {
    return rv;
  }
  if (t.options.kind == H46017_TRUST_AUTO) {
    t.options.kind =
        depth == 0 ? H46017_TRUST_END_ENTITY : H46017_TRUST_AUTHORITY;
  }
  if (t.options.origin == NULL) {
    t.options.origin = "rejected";
  }
  rv = h46017_rejected_find(rejected, digits, rejected_trust_found, &t);
  if (rv == 0) {
    h46017_trust_entry_name(t.id, name);
    rv = rejected->store.remove(rejected->store.object, REJECTED_COLLECTION,
                                name);
  }
  return rv == H46017_ERR_NOT_FOUND && t.found ? 0 : rv;
}

static int rejected_remove_name(const char *name, void *user_data) {
  const h46017_rejected *r = user_data;
  int rv = r->store.remove(r->store.object, REJECTED_COLLECTION, name);

  return rv == H46017_ERR_NOT_FOUND ? 0 : rv;
}

int h46017_rejected_clear(h46017_rejected *rejected) {
  return rejected->store.list(rejected->store.object, REJECTED_COLLECTION,
                              rejected_remove_name, rejected);
}
