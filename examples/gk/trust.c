/* SPDX-License-Identifier: BSD-2-Clause */
#include "gk.h"

#include "common/report.h"
#include "common/wallclock.h"

#include <string.h>

int trust_read(gk *g, const config *c, h46017_trust **pread) {
  int64_t now = 0;
  *pread = NULL;
  if (c->trust.count == 0) {
    return 0;
  }
  if (!clock_utc_by(&now, g->trust.clock)) {
    report_code(H46017_ERR_CLOCK_NOT_SET, "--trust waits for it");
    return 0;
  }
  return trust_state_read(pread, &c->trust, now);
}

int trust_take(gk *g, const config *c, const h46017_trust *read) {
  int code = read ? trust_state_put(g->trust.trust, read) : 0;
  if (code == 0) {
    g->trust_waits = read == NULL && c->trust.count > 0;
  }
  return code;
}

static int take_files(gk *g) {
  h46017_trust *read = NULL;
  int code = trust_read(g, &g->config, &read);
  code = code ? code : trust_take(g, &g->config, read);
  h46017_trust_del(read);
  return code;
}

bool trust_start(gk *g) {
  int code = trust_state_open(&g->trust, g->config.state, g->config.time_floor);
  if (code != 0) {
    report_code(code, "the trust list of %s: %s", g->config.state,
                trust_state_why(&g->trust, code));
    return false;
  }
  code = h46017_ticket_keys_new(&g->tickets, &g->trust.store, NULL);
  if (code != 0) {
    report_code(code, "ticket keys will not outlive this process: %s",
                trust_state_why(&g->trust, code));
    code = h46017_ticket_keys_new(&g->tickets, NULL, NULL);
  }
  if (code != 0) {
    return false;
  }
  size_t damaged = h46017_trust_damaged(g->trust.trust);
  if (damaged > 0) {
    report_code(H46017_ERR_STORE_CORRUPT, "the trust list passes over %zu",
                damaged);
  }
  return take_files(g) == 0;
}

void trust_look(gk *g) {
  int64_t now = 0;
  if (g->trust_waits && clock_utc_by(&now, g->trust.clock)) {
    g->trust_waits = false;
    (void)take_files(g);
  }
  (void)trust_state_look(&g->trust);
  /* a change of files alone waits for a reload: somebody may be writing them */
  if (own_look(&g->own)) {
    listen_refresh(g);
  }
}

static bool rests_on(const conn *c, const uint8_t *entry) {
  uint8_t used[H46017_CERT_ID_LEN];
  return c->link.tls != NULL &&
         h46017_trust_used(c->gk->trust.trust, h46017_tls_ssl(c->link.tls),
                           used) == 0 &&
         memcmp(used, entry, sizeof used) == 0;
}

size_t trust_changed(gk *g, const uint8_t *drop) {
  size_t count = 0;
  (void)trust_state_look_now(&g->trust);
  for (conn *c = g->conns; drop != NULL && c != NULL; c = c->next) {
    if (c->connection != NULL && rests_on(c, drop)) {
      (void)h46017_connection_close(c->connection, H46017_ERR_CERT_REJECTED,
                                    uv_now(g->loop));
      count++;
    }
  }
  return count;
}
