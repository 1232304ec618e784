/* SPDX-License-Identifier: BSD-2-Clause */
/* Both sides of H.460.17 in one process: no socket, no clock, no thread. An
 * endpoint registers at a gatekeeper, refreshes for an hour of virtual time,
 * and unregisters. What a program has to do around the library is all here:
 *
 *        endpoint                                        gatekeeper
 *     peek_tx ── octets ──────────────────────────────▶ connection_recv
 *      ack_tx                                            next_ready
 *        recv ◀────────────────────────────── octets ── connection_peek_tx
 *                                                        connection_ack_tx
 *
 *     when nothing moves: now = the earlier of the two next_expiry,
 *                         then both handle_expiry(now)
 *
 * With `--octets PREFIX` it also writes what went each way to PREFIX.ep2gk and
 * PREFIX.gk2ep.
 */
#include <h46017/h46017.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define DEVICE "0090332f688a"
#define HOUR ((h46017_time)3600 * 1000)

typedef struct loopback {
  h46017_time now;
  h46017_endpoint *endpoint;
  h46017_gatekeeper *gatekeeper;
  h46017_connection *connection;
  FILE *ep2gk;
  FILE *gk2ep;
  uint32_t random;
  unsigned registered;
  unsigned refreshed;
  unsigned ended;
  bool failed;
} loopback;

/* -- what the library asks for --------------------------------------------- */

/* Repeatable, so that every run prints the same: a real program takes it from
 * getrandom() or its TLS library. */
static int give_random(uint8_t *dest, size_t len, void *user_data) {
  loopback *lo = user_data;

  for (size_t i = 0; i < len; i++) {
    lo->random = lo->random * 1103515245 + 12345;
    dest[i] = (uint8_t)(lo->random >> 16);
  }
  return 0;
}

static void print_log(h46017_log_level level, const char *line, size_t len,
                      void *user_data) {
  const loopback *lo = user_data;

  (void)level;
  (void)len;
  printf("%8.1f s  %s\n", (double)lo->now / 1000.0, line);
}

/* -- the endpoint's callbacks ---------------------------------------------- */

static int endpoint_connect(h46017_endpoint *ep, size_t index,
                            void *user_data) {
  (void)ep;
  (void)index;
  (void)user_data;
  /* A program with sockets begins a connect() here; ours is made in main(). */
  return 0;
}

static int endpoint_registered(h46017_endpoint *ep, uint32_t id,
                               const h46017_ras *rcf, void *user_data) {
  loopback *lo = user_data;

  (void)ep;
  (void)id;
  printf("%8.1f s  endpoint: registered, ttl %u s\n", (double)lo->now / 1000.0,
         (unsigned)rcf->u.rcf.time_to_live);
  lo->registered++;
  return 0;
}

static int endpoint_unregistered(h46017_endpoint *ep, uint32_t id, int why,
                                 void *user_data) {
  loopback *lo = user_data;

  (void)ep;
  (void)id;
  printf("%8.1f s  endpoint: unregistered, %s\n", (double)lo->now / 1000.0,
         h46017_error_name(why));
  lo->ended++;
  return 0;
}

/* -- the gatekeeper's callbacks -------------------------------------------- */

/* One device, known by its hardware ID; it needs no proof in this example,
 * since there is no TLS. */
static h46017_answered
gatekeeper_select_device(h46017_gatekeeper *gk, uint64_t question,
                         const h46017_registration_question *asked,
                         h46017_registration_answer *answer, void *user_data) {
  static const char *const ids[] = {DEVICE};
  static h46017_device device;
  const h46017_text *name = &asked->rrq->terminal_alias.list[0].text;

  (void)gk;
  (void)question;
  (void)user_data;
  h46017_device_default(&device);
  device.name = DEVICE;
  device.hardware_ids = ids;
  device.hardware_id_count = 1;
  device.auth = H46017_AUTH_OPEN;
  if (h46017_device_fits(&device, name->text, name->len, NULL) !=
      H46017_FIT_NONE) {
    answer->device = &device;
  }
  return H46017_ANSWERED;
}

static int gatekeeper_refreshed(h46017_gatekeeper *gk,
                                const h46017_registered *reg, void *user_data) {
  loopback *lo = user_data;

  (void)gk;
  (void)reg;
  lo->refreshed++;
  return 0;
}

/* -- the loop -------------------------------------------------------------- */

/* Moves up to 100 octets one way: a partial send is as good as a whole one. */
static bool carry(loopback *lo, bool from_endpoint) {
  FILE *copy = from_endpoint ? lo->ep2gk : lo->gk2ep;
  const uint8_t *octets;
  size_t len = from_endpoint
                   ? h46017_endpoint_peek_tx(lo->endpoint, &octets)
                   : h46017_connection_peek_tx(lo->connection, &octets);
  int rv;

  if (len == 0 || lo->failed) {
    return false;
  }
  len = len > 100 ? 100 : len;
  if (copy != NULL && fwrite(octets, 1, len, copy) != len) {
    lo->failed = true;
  }
  if (from_endpoint) {
    rv = h46017_connection_recv(lo->connection, octets, len, lo->now);
    rv = rv != 0 ? rv : h46017_endpoint_ack_tx(lo->endpoint, len, lo->now);
  } else {
    rv = h46017_endpoint_recv(lo->endpoint, octets, len, lo->now);
    rv = rv != 0 ? rv : h46017_connection_ack_tx(lo->connection, len, lo->now);
  }
  if (rv != 0) {
    fprintf(stderr, "loopback: %s\n", h46017_strerror(rv));
    lo->failed = true;
  }
  return !lo->failed;
}

/* Runs both until `until`, or until the endpoint wants its transport closed. */
static void run(loopback *lo, h46017_time until) {
  while (!lo->failed && (h46017_endpoint_want_read(lo->endpoint) ||
                         h46017_endpoint_want_write(lo->endpoint))) {
    h46017_connection *ready;
    h46017_time next;

    if (carry(lo, true) || carry(lo, false)) {
      continue;
    }
    /* One connection here; with many, this is where their output is sent. */
    while (h46017_gatekeeper_next_ready(lo->gatekeeper, &ready)) {
    }
    next = h46017_endpoint_next_expiry(lo->endpoint);
    if (h46017_gatekeeper_next_expiry(lo->gatekeeper) < next) {
      next = h46017_gatekeeper_next_expiry(lo->gatekeeper);
    }
    if (next > until) {
      lo->now = until;
      return;
    }
    lo->now = next > lo->now ? next : lo->now;
    if (h46017_endpoint_handle_expiry(lo->endpoint, lo->now) != 0 ||
        h46017_gatekeeper_handle_expiry(lo->gatekeeper, lo->now) != 0) {
      lo->failed = true;
    }
  }
}

/* -- making the two -------------------------------------------------------- */

static bool make_gatekeeper(loopback *lo) {
  h46017_gatekeeper_settings settings;
  h46017_gatekeeper_callbacks callbacks;

  h46017_gatekeeper_settings_default(&settings);
  settings.identifier = "loopback";
  h46017_gatekeeper_callbacks_default(&callbacks);
  callbacks.select_device = gatekeeper_select_device;
  callbacks.rand = give_random;
  callbacks.refreshed = gatekeeper_refreshed;
  callbacks.log_write = print_log;
  return h46017_gatekeeper_new(&lo->gatekeeper, &settings, &callbacks, NULL, lo,
                               lo->now) == 0 &&
         h46017_connection_new(&lo->connection, lo->gatekeeper, NULL, NULL,
                               lo->now) == 0;
}

static bool make_endpoint(loopback *lo) {
  static const h46017_alias alias = {
      H46017_ALIAS_H323_ID, 0, {DEVICE, sizeof(DEVICE) - 1}};
  h46017_endpoint_callbacks callbacks;
  h46017_registration registration;

  h46017_endpoint_callbacks_default(&callbacks);
  callbacks.connect = endpoint_connect;
  callbacks.rand = give_random;
  callbacks.registered = endpoint_registered;
  callbacks.unregistered = endpoint_unregistered;
  h46017_registration_default(&registration);
  registration.aliases = &alias;
  registration.alias_count = 1;
  return h46017_endpoint_new(&lo->endpoint, NULL, &callbacks, NULL, lo,
                             lo->now) == 0 &&
         h46017_endpoint_add(lo->endpoint, &registration, NULL, lo->now) == 0 &&
         h46017_endpoint_start(lo->endpoint, lo->now) == 0;
}

static FILE *open_copy(const char *prefix, const char *ending) {
  char name[512];
  FILE *file;

  (void)snprintf(name, sizeof(name), "%s.%s", prefix, ending);
  file = fopen(name, "wb");
  if (file == NULL) {
    perror(name);
    exit(EXIT_FAILURE);
  }
  return file;
}

int main(int argc, char **argv) {
  loopback lo = {.now = 1000, .random = 17};

  if (argc == 3 && strcmp(argv[1], "--octets") == 0) {
    lo.ep2gk = open_copy(argv[2], "ep2gk");
    lo.gk2ep = open_copy(argv[2], "gk2ep");
  } else if (argc != 1) {
    fprintf(stderr, "usage: loopback [--octets PREFIX]\n");
    return 2;
  }
  lo.failed = !make_gatekeeper(&lo) || !make_endpoint(&lo) ||
              h46017_endpoint_transport_up(lo.endpoint, NULL, lo.now) != 0;
  run(&lo, lo.now + HOUR);
  printf("%8.1f s  %zu registered at the gatekeeper, %u refreshes\n",
         (double)lo.now / 1000.0,
         lo.failed ? 0 : h46017_gatekeeper_registration_count(lo.gatekeeper),
         lo.refreshed);

  lo.failed = lo.failed || h46017_endpoint_close(lo.endpoint, lo.now) != 0;
  run(&lo, lo.now + HOUR);
  h46017_endpoint_del(lo.endpoint);
  h46017_gatekeeper_del(lo.gatekeeper);
  if (lo.ep2gk != NULL && (fclose(lo.ep2gk) != 0 || fclose(lo.gk2ep) != 0)) {
    perror("loopback");
    lo.failed = true;
  }
  return !lo.failed && lo.registered == 1 && lo.refreshed > 60 && lo.ended == 1
             ? EXIT_SUCCESS
             : EXIT_FAILURE;
}
