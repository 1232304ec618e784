/* SPDX-License-Identifier: BSD-2-Clause */
#include "session/gatekeeper.h"

#include "asn1/ras_address.h"
#include "base/mem.h"
#include "base/settings.h"
#include "base/text.h"

#include <stdio.h>
#include <string.h>

#define SETTINGS_V1                                                            \
  (offsetof(h46017_gatekeeper_settings, security_errors) + sizeof(bool))

#define MAX_ALTERNATES 16
#define MAX_TTL_SPREAD 50

static const h46017_gatekeeper_settings settings_default = {
    .struct_size = sizeof(settings_default),
    .identifier = "h46017",
    .time_to_live = 120,
    .min_time_to_live = 15,
    .max_time_to_live = 3600,
    .grace = 10000,
    .register_timeout = 30000,
    .question_timeout = 10000,
    .rip_delay = 5000,
    .max_connections = 20000,
    .max_registrations = 64,
    .max_aliases = 32,
    .max_pending = 64,
    .max_bad_ras = 8,
    .max_tx = 262144,
    .max_pdu = 65535,
    .lenient = H46017_LENIENT_DEFAULT,
    .log_level = H46017_LOG_INFO,
    .ttl_spread = 10,
    .probe_timeout = 3000,
    .answer_time = 10000,
    .answers_kept = 4,
    .request_rate = 500,
    .full_rate = 2000,
    .password_window = H46017_H235_WINDOW,
    .password_kinds = H46017_H235_ALL,
    .password_attempts = 5,
    .password_hold = 60000,
    .max_calls = 2000,
    .admission_timeout = 30000,
};

void h46017_gatekeeper_settings_default_sized(
    h46017_gatekeeper_settings *settings, size_t size) {
  h46017_settings_fill(settings, size, &settings_default,
                       sizeof(settings_default));
}

static bool settings_limits_valid(const h46017_gatekeeper_settings *s) {
  return s->min_time_to_live > 0 &&
         s->min_time_to_live <= s->max_time_to_live && s->time_to_live > 0 &&
         s->question_timeout > 0 && s->rip_delay > 0 && s->rip_delay <= 65535 &&
         s->irr_frequency <= 65535 && s->probe_timeout > 0 &&
         s->max_calls > 0 && s->admission_timeout > 0 &&
         s->ttl_spread <= MAX_TTL_SPREAD && s->max_connections > 0 &&
         s->max_registrations > 0 && s->max_aliases > 0 && s->max_pending > 0 &&
         s->max_tx > 0 && s->max_tx <= UINT32_MAX && s->max_pdu >= 4 &&
         s->max_pdu <= 65535 && s->duplicates >= H46017_DUPLICATES_REPLACE &&
         s->duplicates <= H46017_DUPLICATES_ALLOW;
}

/* `*crypto`: what the settings' leads to, cleared where there is none. */
static bool settings_passwords_valid(const h46017_gatekeeper_settings *s,
                                     h46017_crypto *crypto) {
  h46017_crypto_default(crypto);
  return s->password_window > 0 &&
         s->password_window <= H46017_H235_WINDOW_MAX &&
         s->password_kinds > 0 && s->password_kinds <= H46017_H235_ALL &&
         (s->crypto == NULL ||
          (h46017_settings_copy(crypto, sizeof(*crypto), sizeof(*crypto),
                                s->crypto) == 0 &&
           crypto->digest != NULL));
}

static bool settings_alternates_valid(const h46017_gatekeeper_settings *s) {
  uint8_t ip[16];
  size_t iplen;
  uint16_t port;

  if (s->alternate_count > MAX_ALTERNATES ||
      (s->alternate_count > 0 && s->alternates == NULL)) {
    return false;
  }
  for (size_t i = 0; i < s->alternate_count; i++) {
    const char *text = s->alternates[i];
    if (text == NULL ||
        h46017_ras_address_parse(text, strlen(text), ip, &iplen, &port) != 0) {
      return false;
    }
  }
  return true;
}

int gk_settings_read(h46017_gatekeeper_settings *settings,
                     h46017_crypto *crypto,
                     const h46017_gatekeeper_settings *given) {
  h46017_gatekeeper_settings s = settings_default;
  size_t len;

  if (given != NULL) {
    int rv = h46017_settings_copy(&s, sizeof(s), SETTINGS_V1, given);
    if (rv != 0) {
      return rv;
    }
  }
  len = s.identifier != NULL ? strlen(s.identifier) : 0;
  if (len == 0 || !h46017_text_is_valid(s.identifier, len) ||
      h46017_text_bmp_size(s.identifier, len) > 256 ||
      !settings_limits_valid(&s) || !settings_alternates_valid(&s) ||
      !settings_passwords_valid(&s, crypto)) {
    return H46017_ERR_INVALID_ARGUMENT;
  }
  *settings = s;
  return 0;
}

/* -- alternates ------------------------------------------------------------ */

int gk_alternates_dup(const h46017_mem *mem,
                      const h46017_gatekeeper_settings *settings,
                      const char ***pout) {
  size_t count = settings->alternate_count;
  size_t size = count * sizeof(const char *);
  const char **copy;
  char *text;

  *pout = NULL;
  if (count == 0) {
    return 0;
  }
  for (size_t i = 0; i < count; i++) {
    size += strlen(settings->alternates[i]) + 1;
  }
  copy = h46017_mem_alloc(mem, size);
  if (copy == NULL) {
    return H46017_ERR_NOMEM;
  }
  text = (char *)(copy + count);
  for (size_t i = 0; i < count; i++) {
    size_t len = strlen(settings->alternates[i]) + 1;
    memcpy(text, settings->alternates[i], len);
    copy[i] = text;
    text += len;
  }
  *pout = copy;
  return 0;
}

static int alternate_put(h46017_h225 *msg, const char *path, size_t index,
                         const char *text) {
  char at[96];
  uint8_t ip[16];
  size_t iplen = 0;
  uint16_t port = 0;
  const char *kind;
  int rv = h46017_ras_address_parse(text, strlen(text), ip, &iplen, &port);

  kind = iplen == 16 ? "ip6Address" : "ipAddress";
  if (rv == 0) {
    (void)snprintf(at, sizeof(at), "%s[%zu].rasAddress.%s.ip", path, index,
                   kind);
    rv = h46017_h225_set_octets(msg, at, ip, iplen);
  }
  if (rv == 0) {
    (void)snprintf(at, sizeof(at), "%s[%zu].rasAddress.%s.port", path, index,
                   kind);
    rv = h46017_h225_set_uint(msg, at, port);
  }
  if (rv == 0) {
    (void)snprintf(at, sizeof(at), "%s[%zu].needToRegister", path, index);
    rv = h46017_h225_set_bool(msg, at, true);
  }
  if (rv == 0) {
    (void)snprintf(at, sizeof(at), "%s[%zu].priority", path, index);
    rv = h46017_h225_set_uint(msg, at, index);
  }
  return rv;
}

int gk_put_alternates(const h46017_gatekeeper *gk, h46017_h225 *msg,
                      const char *path) {
  int rv = 0;

  for (size_t i = 0; rv == 0 && i < gk->settings.alternate_count; i++) {
    rv = alternate_put(msg, path, i, gk->alternates[i]);
  }
  return rv;
}

/* -- others, while it runs ------------------------------------------------- */

int h46017_gatekeeper_set_settings(h46017_gatekeeper *gk,
                                   const h46017_gatekeeper_settings *settings,
                                   h46017_time now) {
  h46017_gatekeeper_settings s;
  h46017_crypto crypto;
  const char **alternates = NULL;
  int rv = gk_enter_nested(gk, now);

  if (rv != 0) {
    return rv;
  }
  rv = gk_settings_read(&s, &crypto, settings);
  if (rv == 0) {
    rv = gk_alternates_dup(&gk->mem, &s, &alternates);
  }
  if (rv == 0) {
    h46017_mem_release(&gk->mem, (void *)gk->alternates);
    gk->alternates = alternates;
    gk->settings = s;
    gk->settings.identifier = gk->identifier;
    gk->settings.alternates = alternates;
    gk->settings.crypto = NULL; /* the program's is not ours to keep */
    gk->crypto = crypto;
    gk->log.level = s.log_level;
    gk->rcf_void = gk->last_rcf;
  }
  return gk_leave(gk, rv);
}
