/* SPDX-License-Identifier: BSD-2-Clause */
/* An endpoint and a gatekeeper register, over a wire without TLS, and what each
 * sends is written down for the judge:
 *
 *     emit_session PREFIX        writes PREFIX.ep2gk and PREFIX.gk2ep
 *
 * A name that nobody configured is refused (RRJ); the device's is confirmed
 * (RCF), with an alias of every type the gatekeeper lets it have, refreshed
 * (lightweight RRQ), ended by the gatekeeper (URQ, UCF), made again, and ended
 * by the endpoint (URQ, UCF). With EMIT_PASSWORD every message has its tokens.
 * Public headers only. */
#include <h46017/h46017.h>
#ifdef EMIT_PASSWORD
#include <h46017/tls.h>
#endif

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define DEVICE "0090332f688a"
#define MUST(what) must((what), #what, __LINE__)

typedef struct wire {
  h46017_time now;
  h46017_endpoint *ep;
  h46017_gatekeeper *gk;
  h46017_connection *conn;
  FILE *ep2gk;
  FILE *gk2ep;
  unsigned registered;
  unsigned refreshed;
  unsigned rejected;
  unsigned unregistered;
  uint8_t random;
} wire;

static void must(bool what, const char *text, int line) {
  if (!what) {
    (void)fprintf(stderr, "emit_session: line %d: %s\n", line, text);
    exit(EXIT_FAILURE);
  }
}

static int give_random(uint8_t *dest, size_t len, void *user_data) {
  wire *w = user_data;
  for (size_t i = 0; i < len; i++) {
    w->random = (uint8_t)(w->random * 5 + 3);
    dest[i] = w->random;
  }
  return 0;
}

static int begin_connect(h46017_endpoint *ep, size_t index, void *user_data) {
  (void)ep;
  (void)index;
  (void)user_data;
  return 0;
}

static int on_registered(h46017_endpoint *ep, uint32_t id,
                         const h46017_ras *rcf, void *user_data) {
  wire *w = user_data;
  (void)ep;
  (void)id;
  (void)rcf;
  w->registered++;
  return 0;
}

static int on_refreshed(h46017_endpoint *ep, uint32_t id, const h46017_ras *rcf,
                        void *user_data) {
  wire *w = user_data;
  (void)ep;
  (void)id;
  (void)rcf;
  w->refreshed++;
  return 0;
}

static int on_rejected(h46017_endpoint *ep, uint32_t id, const h46017_ras *rrj,
                       int code, void *user_data) {
  wire *w = user_data;
  (void)ep;
  (void)id;
  (void)rrj;
  (void)code;
  w->rejected++;
  return 0;
}

static int on_unregistered(h46017_endpoint *ep, uint32_t id, int why,
                           void *user_data) {
  wire *w = user_data;
  (void)ep;
  (void)id;
  (void)why;
  w->unregistered++;
  return 0;
}

#ifdef EMIT_PASSWORD
#define WITH_PASSWORD true
static h46017_tls_digests *digests;
static void fill_crypto(h46017_crypto *crypto) {
  h46017_crypto_default(crypto);
  MUST(h46017_tls_digests_new(&digests, NULL) == 0);
  h46017_tls_crypto(crypto, digests);
}
static void free_crypto(void) {
  h46017_tls_digests_del(digests);
}
#else
#define WITH_PASSWORD false
static void fill_crypto(h46017_crypto *crypto) {
  h46017_crypto_default(crypto);
}
static void free_crypto(void) {
}
#endif

static bool utc_now(int64_t *seconds, void *user_data) {
  const wire *w = user_data;
  *seconds = 1600000000 + (int64_t)(w->now / 1000);
  return true;
}

static h46017_answered select_device(h46017_gatekeeper *gk, uint64_t question,
                                     const h46017_registration_question *asked,
                                     h46017_registration_answer *answer,
                                     void *user_data) {
  static const char *const names[] = {DEVICE, "4711", "phone@example.org",
                                      "h323:phone@example.org"};
  static h46017_device device;
  const h46017_text *name = &asked->rrq->terminal_alias.list[0].text;

  (void)gk;
  (void)question;
  (void)user_data;
  h46017_device_default(&device);
  device.name = DEVICE;
  device.hardware_ids = names;
  device.hardware_id_count = 1;
  device.aliases = names + 1;
  device.alias_count = 3;
  device.auth = H46017_AUTH_OPEN;
  if (h46017_device_fits(&device, name->text, name->len, NULL) !=
      H46017_FIT_NONE) {
    answer->device = &device;
    answer->secret = WITH_PASSWORD ? "secret" : NULL;
    answer->secret_len = 6;
  }
  return H46017_ANSWERED;
}

static bool carry(wire *w, bool up) {
  const uint8_t *p;
  size_t n = up ? h46017_endpoint_peek_tx(w->ep, &p)
                : h46017_connection_peek_tx(w->conn, &p);
  if (n == 0) {
    return false;
  }
  MUST(fwrite(p, 1, n, up ? w->ep2gk : w->gk2ep) == n);
  if (up) {
    MUST(h46017_connection_recv(w->conn, p, n, w->now) == 0);
    MUST(h46017_endpoint_ack_tx(w->ep, n, w->now) == 0);
  } else {
    MUST(h46017_endpoint_recv(w->ep, p, n, w->now) == 0);
    MUST(h46017_connection_ack_tx(w->conn, n, w->now) == 0);
  }
  return true;
}

static void run(wire *w, h46017_time duration) {
  h46017_time until = w->now + duration;
  for (;;) {
    h46017_time next;
    h46017_time other;
    if (carry(w, true) || carry(w, false)) {
      continue;
    }
    next = h46017_endpoint_next_expiry(w->ep);
    other = h46017_gatekeeper_next_expiry(w->gk);
    next = other < next ? other : next;
    if (next > until) {
      w->now = until;
      return;
    }
    w->now = next > w->now ? next : w->now;
    MUST(h46017_endpoint_handle_expiry(w->ep, w->now) == 0);
    MUST(h46017_gatekeeper_handle_expiry(w->gk, w->now) == 0);
  }
}

static void make_both(wire *w) {
  h46017_gatekeeper_callbacks gk;
  h46017_endpoint_callbacks ep;
  h46017_endpoint_settings settings;
  h46017_gatekeeper_settings gk_settings;
  h46017_crypto crypto;

  h46017_gatekeeper_callbacks_default(&gk);
  gk.select_device = select_device;
  gk.rand = give_random;
  gk.utc_now = utc_now;
  fill_crypto(&crypto);
  h46017_gatekeeper_settings_default(&gk_settings);
  gk_settings.crypto = WITH_PASSWORD ? &crypto : NULL;
  gk_settings.password_over_tcp = true;
  MUST(h46017_gatekeeper_new(&w->gk, &gk_settings, &gk, NULL, w, w->now) == 0);
  MUST(h46017_connection_new(&w->conn, w->gk, NULL, NULL, w->now) == 0);

  h46017_endpoint_callbacks_default(&ep);
  ep.connect = begin_connect;
  ep.rand = give_random;
  ep.registered = on_registered;
  ep.refreshed = on_refreshed;
  ep.rejected = on_rejected;
  ep.unregistered = on_unregistered;
  ep.utc_now = utc_now;
  h46017_endpoint_settings_default(&settings);
  settings.keepalive = 20000;
  settings.crypto = WITH_PASSWORD ? &crypto : NULL;
  MUST(h46017_endpoint_new(&w->ep, &settings, &ep, NULL, w, w->now) == 0);
  MUST(h46017_endpoint_start(w->ep, w->now) == 0);
  MUST(h46017_endpoint_transport_up(w->ep, NULL, w->now) == 0);
}

static uint32_t add(wire *w, const h46017_alias *aliases, size_t count) {
  h46017_registration registration;
  uint32_t id = 0;
  h46017_registration_default(&registration);
  registration.aliases = aliases;
  registration.alias_count = count;
  registration.password = WITH_PASSWORD ? "secret" : NULL;
  registration.password_len = 6;
  registration.password_kinds = H46017_H235_ALL;
  MUST(h46017_endpoint_add(w->ep, &registration, &id, w->now) == 0);
  return id;
}

static FILE *create(const char *prefix, const char *ending) {
  char name[512];
  FILE *f;
  (void)snprintf(name, sizeof(name), "%s.%s", prefix, ending);
  f = fopen(name, "wb");
  MUST(f != NULL);
  return f;
}

#define TEXT(T)                                                                \
  { (T), sizeof(T) - 1 }

int main(int argc, char **argv) {
  static const h46017_alias stranger[] = {
      {H46017_ALIAS_H323_ID, 0, TEXT("stranger")}};
  static const h46017_alias device[] = {
      {H46017_ALIAS_H323_ID, 0, TEXT(DEVICE)},
      {H46017_ALIAS_DIALLED_DIGITS, 0, TEXT("4711")},
      {H46017_ALIAS_URL_ID, 0, TEXT("h323:phone@example.org")},
      {H46017_ALIAS_EMAIL_ID, 0, TEXT("phone@example.org")}};
  wire w = {.now = 1000, .random = 1};
  uint32_t id;

  MUST(argc == 2);
  w.ep2gk = create(argv[1], "ep2gk");
  w.gk2ep = create(argv[1], "gk2ep");
  make_both(&w);

  id = add(&w, stranger, 1);
  run(&w, 100);
  MUST(w.rejected == 1 && w.registered == 0);
  MUST(h46017_endpoint_remove(w.ep, id, w.now) == 0);

  (void)add(&w, device, 4);
  run(&w, 100);
  MUST(w.registered == 1 && h46017_gatekeeper_registration_count(w.gk) == 1);

  while (w.refreshed < 3) {
    run(&w, 1000);
  }
  MUST(h46017_gatekeeper_unregister(w.gk, DEVICE, strlen(DEVICE),
                                    H46017_URQ_REREGISTRATION_REQUIRED,
                                    w.now) == 0);
  while (w.registered < 2) {
    run(&w, 1000);
  }
  MUST(w.unregistered == 1);
  MUST(h46017_endpoint_close(w.ep, w.now) == 0);
  run(&w, 10);
  MUST(w.unregistered == 2 && h46017_gatekeeper_registration_count(w.gk) == 0);

  h46017_endpoint_del(w.ep);
  h46017_gatekeeper_del(w.gk);
  free_crypto();
  MUST(fclose(w.ep2gk) == 0 && fclose(w.gk2ep) == 0);
  return EXIT_SUCCESS;
}
