/* SPDX-License-Identifier: BSD-2-Clause */
#include "sim_parts.h"

#include <stdlib.h>
#include <string.h>

void sim_host_let_go(sim_host *h) {
  sim_link *l = h->link;

  if (l != NULL) {
    h->link = NULL;
    h->changed = h->s->result->steps;
    l->host = NULL;
    l->reset_at = H46017_TIME_NEVER;
    sim_pipe_finish(h->s, l, &l->up);
  }
}

void sim_host_end(sim_host *h) {
  h46017_endpoint_del(h->ep);
  h->ep = NULL;
  h->connect_at = H46017_TIME_NEVER;
  h->probe_at = H46017_TIME_NEVER;
  sim_calls_forget(h);
  memset(h->ids, 0, sizeof(h->ids));
  for (size_t i = 0; i < SIM_REGISTRATIONS; i++) {
    h->unknown[i] = H46017_TIME_NEVER;
  }
  sim_host_let_go(h);
  if (h->mem.blocks != 0) {
    sim_fail(h->s, "ep%d leaves %zu blocks", h->number, h->mem.blocks);
  }
}

void sim_host_after(sim_host *h, int rv) {
  sim *s = h->s;

  if (h46017_error_is_fatal(rv)) {
    if (!s->storm) {
      sim_fail(s, "ep%d: %s in good weather", h->number, h46017_error_name(rv));
    }
    sim_tell(s, "ep%d is lost: %s", h->number, h46017_error_name(rv));
    sim_host_end(h);
    h->start_at = s->now + 1000 + sim_draw(s, 20000);
  }
}

int sim_host_mischief(sim_host *h) {
  sim *s = h->s;

  if (!s->storm || !s->mischief || !sim_chance(s, 64)) {
    return 0;
  }
  switch (sim_draw(s, 5)) {
  case 0:
    (void)h46017_endpoint_close(h->ep, sim_clock(s));
    return 0;
  case 1:
    (void)h46017_endpoint_remove(h->ep, h->ids[0], sim_clock(s));
    h->ids[0] = 0;
    return 0;
  case 2:
    return -1;
  case 3:
    sim_call_begin(h);
    return 0;
  default:
    (void)h46017_endpoint_write_signalling(
        h->ep, (const uint8_t *)"\x08\x02\x00\x01\x62", 5, sim_clock(s));
    return 0;
  }
}

static int ep_connect(h46017_endpoint *ep, size_t index, void *user_data) {
  sim_host *h = user_data;
  h46017_alternate hint;

  h->wanted = SIM_GATEKEEPERS; /* where nobody is */
  if (index < h->list_count) {
    h->wanted = h->list[index];
  } else if (h46017_endpoint_alternate(ep, index, &hint) != 0) {
    sim_fail(h->s, "ep%d: an alternate that is not there", h->number);
  } else if (strncmp(hint.address, "10.0.0.", 7) == 0) {
    h->wanted = (size_t)(hint.address[7] - '1');
  }
  h->connect_at = h->s->now + sim_draw(h->s, 300);
  return 0;
}

static bool ep_utc(int64_t *seconds, void *user_data) {
  const sim_host *h = user_data;

  *seconds = SIM_UTC + (int64_t)(h->s->now / 1000) + h->wrong_by;
  return true;
}

static int ep_rand(uint8_t *dest, size_t len, void *user_data) {
  return sim_random_octets(((sim_host *)user_data)->s, dest, len);
}

static int ep_state(h46017_endpoint *ep, h46017_endpoint_state from,
                    h46017_endpoint_state to, void *user_data) {
  sim_host *h = user_data;

  (void)ep;
  sim_tell(h->s, "ep%d %s -> %s", h->number, h46017_endpoint_state_name(from),
           h46017_endpoint_state_name(to));
  return sim_host_mischief(h);
}

static int ep_reg_state(h46017_endpoint *ep, uint32_t id,
                        h46017_registration_state from,
                        h46017_registration_state to, void *user_data) {
  sim_host *h = user_data;

  (void)ep;
  h->changed = h->s->result->steps;
  sim_tell(h->s, "ep%d reg%u %s -> %s", h->number, (unsigned)id,
           h46017_registration_state_name(from),
           h46017_registration_state_name(to));
  return sim_host_mischief(h);
}

static int ep_granted(h46017_endpoint *ep, uint32_t id, const h46017_ras *rcf,
                      void *user_data) {
  sim_host *h = user_data;

  (void)ep;
  for (size_t i = 0; i < SIM_REGISTRATIONS; i++) {
    if (h->ids[i] == id) {
      h->ttl[i] = rcf->u.rcf.time_to_live;
    }
  }
  h->s->result->registered++;
  return sim_host_mischief(h);
}

static int ep_building(h46017_endpoint *ep, h46017_h225 *msg,
                       h46017_ras_kind kind, void *user_data) {
  (void)ep;
  (void)msg;
  (void)kind;
  return sim_host_mischief(user_data);
}

static int ep_probe(h46017_endpoint *ep, size_t index, void *user_data) {
  sim_host *h = user_data;

  (void)ep;
  h->probed = index;
  h->probe_at = h->s->now + sim_draw(h->s, 3000);
  return sim_host_mischief(h);
}

/* A connection that came up is enough, and says nothing. */
void sim_host_probe(sim_host *h) {
  sim *s = h->s;
  size_t number = h->list[h->probed];
  int rv = 0;

  h->probe_at = H46017_TIME_NEVER;
  if (s->gks[number].gk != NULL && (s->unreachable & 1U << number) == 0) {
    rv = h46017_endpoint_reachable(h->ep, h->probed, sim_clock(s));
  }
  sim_host_after(h, rv);
}

static h46017_alias host_alias(const sim_name *name) {
  h46017_alias alias = {name->type, 0, {name->text, strlen(name->text)}};

  return alias;
}

static void host_add(sim_host *h, size_t i) {
  sim *s = h->s;
  h46017_alias aliases[SIM_NAMES];
  h46017_registration reg;

  for (size_t k = 0; k < h->name_count[i]; k++) {
    aliases[k] = host_alias(&h->names[i][k]);
  }
  h46017_registration_default(&reg);
  reg.aliases = aliases;
  reg.alias_count = h->name_count[i];
  reg.restart = sim_chance(s, 2);
  if (h->has_password) {
    reg.password = h->secret;
    reg.password_len = strlen(h->secret);
  }
  if (h->ids[i] == 0) {
    sim_host_after(h,
                   h46017_endpoint_add(h->ep, &reg, &h->ids[i], sim_clock(s)));
  }
}

void sim_host_add_name(sim_host *h) {
  sim *s = h->s;
  size_t i = sim_draw(s, SIM_REGISTRATIONS);
  size_t k = h->name_count[i];
  h46017_alias alias;

  if (h->ep == NULL || h->ids[i] == 0 || k == SIM_NAMES) {
    return;
  }
  alias = host_alias(&h->names[i][k]);
  sim_tell(s, "ep%d adds %s", h->number, alias.text.text);
  if (h46017_endpoint_add_aliases(h->ep, h->ids[i], &alias, 1, sim_clock(s)) ==
      0) {
    h->name_count[i]++;
  }
}

void sim_host_start(sim_host *h) {
  sim *s = h->s;
  h46017_endpoint_settings settings;
  h46017_endpoint_callbacks cb;
  h46017_calls_callbacks calls;
  int rv = 0;

  h->start_at = H46017_TIME_NEVER;
  if (h->ep == NULL) {
    h46017_endpoint_settings_default(&settings);
    settings.gatekeeper_count = h->list_count;
    settings.keepalive = sim_chance(s, 4) ? 10000 : 0;
    settings.failback = sim_chance(s, 4) ? 20000 : 300000;
    settings.max_alternates = sim_chance(s, 2) ? 1 + sim_draw(s, 4) : 0;
    settings.discover = sim_chance(s, 8);
    settings.max_calls = sim_chance(s, 8) ? 1 : 2000;
    settings.crypto = &s->crypto;
    h46017_endpoint_callbacks_default(&cb);
    cb.connect = ep_connect;
    cb.rand = ep_rand;
    cb.state_changed = ep_state;
    cb.registration_changed = ep_reg_state;
    cb.registered = ep_granted;
    cb.refreshed = ep_granted;
    if (sim_chance(s, 2)) { /* without, a keep-alive may be sent again */
      cb.ras_building = ep_building;
    }
    cb.probe = ep_probe;
    cb.utc_now = ep_utc;
    sim_call_callbacks(&cb, &calls);
    rv = h46017_endpoint_new(&h->ep, &settings, &cb, &h->mem.mem, h, s->now);
  }
  for (size_t i = 0; i < SIM_REGISTRATIONS && rv == 0 && h->ep != NULL; i++) {
    host_add(h, i);
  }
  if (rv == 0 && h->ep != NULL &&
      h46017_endpoint_get_state(h->ep) == H46017_ENDPOINT_IDLE) {
    rv = h46017_endpoint_start(h->ep, sim_clock(s));
    sim_host_after(h, rv);
    rv = 0;
  }
  if (rv != 0 || h->ep == NULL ||
      h46017_endpoint_get_state(h->ep) == H46017_ENDPOINT_CLOSING) {
    h->start_at = s->now + 1000; /* one that is closing has to close first */
  }
}

/* A callback may have ended it in a call that a callback made. */
static void host_is_over(sim_host *h) {
  const h46017_calls *calls =
      h->ep != NULL ? h46017_endpoint_calls(h->ep) : NULL;

  sim_host_after(h, h->ep != NULL ? h46017_endpoint_error(h->ep) : 0);
  if (h->ep != NULL && calls != NULL) {
    sim_host_after(h, h46017_calls_error(calls));
  }
}

void sim_host_pump(sim_host *h) {
  sim *s = h->s;
  sim_link *l = h->link;
  const uint8_t *p;
  size_t len;
  int rv = 0;

  host_is_over(h);
  while (h->ep != NULL && l != NULL && h->link == l && !l->stalled &&
         (len = h46017_endpoint_peek_tx(h->ep, &p)) > 0 && rv == 0) {
    len = sim_chance(s, 4) ? 1 + sim_draw(s, (uint32_t)len) : len;
    if (!l->cut) {
      sim_pipe_send(s, &l->up, p, len);
    }
    rv = h46017_endpoint_ack_tx(h->ep, len, sim_clock(s));
    sim_host_after(h, rv);
  }
  if (h->ep != NULL && h->link != NULL && !h46017_endpoint_want_read(h->ep) &&
      !h46017_endpoint_want_write(h->ep)) {
    sim_host_let_go(h);
    sim_host_after(h, h46017_endpoint_transport_down(h->ep, H46017_ERR_CLOSED,
                                                     sim_clock(s)));
  }
  host_is_over(h);
}

void sim_host_lost(sim_host *h, int why) {
  sim_host_let_go(h);
  sim_host_after(h,
                 h46017_endpoint_transport_down(h->ep, why, sim_clock(h->s)));
}

/* -- who it is ------------------------------------------------------------- */

/* Names of every type that has text; the first digits in each are the phone's.
 */
static void host_name(sim_name *name, int phone, size_t i, size_t k) {
  static const struct {
    h46017_alias_type type;
    const char *format;
  } kinds[] = {
      {H46017_ALIAS_H323_ID, "phone%d-TEL%zu%zu"},
      {H46017_ALIAS_DIALLED_DIGITS, "%d*%zu%zu"},
      {H46017_ALIAS_URL_ID, "%d-%zu%zu@sim.example"},
      {H46017_ALIAS_EMAIL_ID, "phone%d-%zu%zu@mail.example"},
      {H46017_ALIAS_PARTY_NUMBER, "%d#%zu%zu"},
  };
  size_t kind = ((size_t)phone + i + k) % (sizeof(kinds) / sizeof(kinds[0]));

  name->type = kinds[kind].type;
  (void)snprintf(name->text, sizeof(name->text), kinds[kind].format, phone, i,
                 k);
}

/* The device that gatekeepers know under its names, where it has a password. */
static void host_device(sim_host *h) {
  size_t n = 0;

  (void)snprintf(h->device_name, sizeof(h->device_name), "phone%d", h->phone);
  (void)snprintf(h->secret, sizeof(h->secret), "secret%d", h->phone);
  for (size_t i = 0; i < SIM_REGISTRATIONS; i++) {
    for (size_t k = 0; k < SIM_NAMES; k++) {
      h->device_names[n++] = h->names[i][k].text;
    }
  }
  h46017_device_default(&h->device);
  h->device.name = h->device_name;
  h->device.aliases = h->device_names;
  h->device.alias_count = n;
  h->device.auth = H46017_AUTH_PASSWORD;
}

void sim_host_make(sim *s, sim_host *h, int number) {
  size_t first = sim_draw(s, (uint32_t)s->gk_count);

  h->s = s;
  h->number = h->phone = number;
  if (number > 0 && sim_chance(s, 8)) {
    h->rival = s->hosts[number - 1].rival = true;
    h->phone = s->hosts[number - 1].phone;
  }
  failmem_init(&h->mem);
  h46017_identity_default(&h->identity);
  if (sim_chance(s, 2)) {
    h->identity.tls = true;
    h->identity.proof = H46017_PROOF_CERTIFICATE;
    h->identity.key_sha256[0] = (uint8_t)(number >> 8);
    h->identity.key_sha256[1] = (uint8_t)number;
  }
  for (size_t i = 0; i < SIM_REGISTRATIONS; i++) {
    for (size_t k = 0; k < SIM_NAMES; k++) {
      host_name(&h->names[i][k], h->phone, i, k);
    }
    h->name_count[i] = 1 + sim_draw(s, 2);
    h->unknown[i] = H46017_TIME_NEVER;
  }
  h->has_password = sim_chance(s, 3);
  host_device(h);
  h->list_count = 1 + sim_draw(s, (uint32_t)s->gk_count);
  for (size_t i = 0; i < h->list_count; i++) {
    h->list[i] = (first + i) % s->gk_count;
  }
  h->connect_at = h->probe_at = H46017_TIME_NEVER;
  h->start_at = s->now + sim_draw(s, 5000);
  sim_calls_forget(h);
}
