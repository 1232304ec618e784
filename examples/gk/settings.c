/* SPDX-License-Identifier: BSD-2-Clause */
#include "settings.h"

#include "common/wallclock.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <uv.h>

#define AT(member) offsetof(config, member)

const setting settings[SETTINGS] = {
    [SET_TCP] = {"listen", "tcp", ADDRESS, AT(tcp), ADDRESS_PORT_TCP, 0, {0}},
    [SET_TLS] =
        {"listen", "tls", ADDRESS, AT(tls[0].at), ADDRESS_PORT_TLS, 0, {0}},
    [SET_CERT] = {"tls", "cert", LIST, AT(tls[0].certs), 0, 0, {0}},
    [SET_KEY] = {"tls", "key", LIST, AT(tls[0].keys), 0, 0, {0}},
    [SET_TRUST] = {"tls", "trust", LIST, AT(trust), 0, 0, {0}},
    [SET_PROFILE] = {"tls",
                     "profile",
                     CHOICE,
                     AT(tls[0].profile),
                     0,
                     0,
                     {"modern", "legacy-device", "legacy-sha1"}},
    [SET_CLIENT_CERT] = {"tls",
                         "client_cert",
                         CHOICE,
                         AT(tls[0].client_cert),
                         0,
                         0,
                         {"none", "request", "require"}},
    [SET_OPEN] = {"registration", "open", FLAG, AT(open), 0, 0, {0}},
    [SET_TTL] = {"registration", "ttl", NUMBER, AT(ttl), 1, 86400, {0}},
    [SET_MIN_TTL] =
        {"registration", "min_ttl", NUMBER, AT(min_ttl), 1, 86400, {0}},
    [SET_MAX_TTL] =
        {"registration", "max_ttl", NUMBER, AT(max_ttl), 1, 86400, {0}},
    [SET_TTL_SPREAD] =
        {"registration", "ttl_spread", NUMBER, AT(ttl_spread), 0, 50, {0}},
    [SET_GRACE] = {"registration", "grace", NUMBER, AT(grace), 1, 3600, {0}},
    [SET_MATCH] = {"registration",
                   "match",
                   CHOICE,
                   AT(match),
                   0,
                   0,
                   {"prefix", "serial", "exact"}},
    [SET_IDENTITY] = {"registration",
                      "identity",
                      CHOICE,
                      AT(identity),
                      0,
                      0,
                      {"all", "h323-id", "digits", "url", "email"}},
    [SET_DUPLICATES] = {"registration",
                        "duplicates",
                        CHOICE,
                        AT(duplicates),
                        0,
                        0,
                        {"replace", "reject", "allow"}},
    [SET_PROBE_TIMEOUT] = {"registration",
                           "probe_timeout",
                           NUMBER,
                           AT(probe_timeout),
                           1,
                           60,
                           {0}},
    [SET_REGISTRATION_GRACE] = {"registration",
                                "registration_grace",
                                NUMBER,
                                AT(registration_grace),
                                0,
                                3600,
                                {0}},
    [SET_ANY_IDENTIFIER] =
        {"registration", "any_identifier", FLAG, AT(any_identifier), 0, 0, {0}},
    [SET_PASSWORD_WINDOW] = {"registration",
                             "password_window",
                             NUMBER,
                             AT(password_window),
                             1,
                             7200,
                             {0}},
    /* in the order of H46017_H235_HMAC and those behind it */
    [SET_PASSWORD_KINDS] = {"registration",
                            "password_kinds",
                            SOME,
                            AT(password_kinds),
                            0,
                            0,
                            {"hmac", "pwd-hash", "access-token"}},
    [SET_PASSWORD_OVER_TCP] = {"registration",
                               "password_over_tcp",
                               FLAG,
                               AT(password_over_tcp),
                               0,
                               0,
                               {0}},
    [SET_PASSWORD_ATTEMPTS] = {"registration",
                               "password_attempts",
                               NUMBER,
                               AT(password_attempts),
                               0,
                               1000,
                               {0}},
    [SET_PASSWORD_HOLD] = {"registration",
                           "password_hold",
                           NUMBER,
                           AT(password_hold),
                           1,
                           86400,
                           {0}},
    [SET_PASSWORD_BY_NAME] = {"registration",
                              "password_by_name",
                              FLAG,
                              AT(password_by_name),
                              0,
                              0,
                              {0}},
    [SET_SECURITY_ERRORS] = {"registration",
                             "security_errors",
                             FLAG,
                             AT(security_errors),
                             0,
                             0,
                             {0}},
    [SET_STRICT] = {"registration", "strict", FLAG, AT(strict), 0, 0, {0}},
    [SET_CONNECTIONS] =
        {"limits", "connections", NUMBER, AT(connections), 1, 1000000, {0}},
    [SET_REGISTRATIONS] =
        {"limits", "registrations", NUMBER, AT(registrations), 1, 65535, {0}},
    [SET_HANDSHAKES] =
        {"limits", "handshakes", NUMBER, AT(handshakes), 1, 1000000, {0}},
    [SET_HANDSHAKE_TIMEOUT] = {"limits",
                               "handshake_timeout",
                               NUMBER,
                               AT(handshake_timeout),
                               1,
                               3600,
                               {0}},
    [SET_REGISTER_TIMEOUT] = {"limits",
                              "register_timeout",
                              NUMBER,
                              AT(register_timeout),
                              0,
                              86400,
                              {0}},
    [SET_ALL_REGISTRATIONS] = {"limits",
                               "all_registrations",
                               NUMBER,
                               AT(all_registrations),
                               0,
                               10000000,
                               {0}},
    [SET_ALIASES] = {"limits", "aliases", NUMBER, AT(aliases), 1, 256, {0}},
    [SET_PENDING_TIMEOUT] =
        {"limits", "pending_timeout", NUMBER, AT(pending_timeout), 1, 600, {0}},
    [SET_RIP_DELAY] =
        {"limits", "rip_delay", NUMBER, AT(rip_delay), 1, 65, {0}},
    [SET_ANSWERS] = {"limits", "answers", NUMBER, AT(answers), 0, 64, {0}},
    [SET_ANSWER_TIME] =
        {"limits", "answer_time", NUMBER, AT(answer_time), 0, 600, {0}},
    [SET_MALFORMED] =
        {"limits", "malformed", NUMBER, AT(malformed), 0, 65535, {0}},
    [SET_PDU] = {"limits", "pdu", NUMBER, AT(pdu), 1024, 65535, {0}},
    [SET_OUTPUT] = {"limits", "output", NUMBER, AT(output), 4096, 1 << 30, {0}},
    [SET_PENDING] = {"limits", "pending", NUMBER, AT(pending), 1, 65535, {0}},
    [SET_REQUEST_RATE] =
        {"limits", "request_rate", NUMBER, AT(request_rate), 0, 1000000, {0}},
    [SET_FULL_RATE] =
        {"limits", "full_rate", NUMBER, AT(full_rate), 0, 1000000, {0}},
    [SET_CALLS] = {"limits", "calls", NUMBER, AT(calls), 1, 65534, {0}},
    [SET_CALL_BANDWIDTH] = {"limits",
                            "call_bandwidth",
                            NUMBER,
                            AT(call_bandwidth),
                            0,
                            UINT32_MAX,
                            {0}},
    [SET_ADMISSION_TIMEOUT] = {"limits",
                               "admission_timeout",
                               NUMBER,
                               AT(admission_timeout),
                               1,
                               3600,
                               {0}},
    [SET_ALL_BANDWIDTH] = {"limits",
                           "all_bandwidth",
                           NUMBER,
                           AT(all_bandwidth),
                           0,
                           UINT32_MAX,
                           {0}},
    [SET_CALL_REPORT] =
        {"limits", "call_report", NUMBER, AT(call_report), 0, 65535, {0}},
    [SET_PRE_GRANTED] =
        {"registration", "pre_granted", FLAG, AT(pre_granted), 0, 0, {0}},
    [SET_IDENTIFIER] =
        {"gatekeeper", "identifier", TEXT, AT(identifier), 0, 0, {0}},
    [SET_ALTERNATE] =
        {"gatekeeper", "alternate", IP_LIST, AT(alternates), 0, 0, {0}},
    [SET_FILE] = {NULL, "config", TEXT, AT(file), 0, 0, {0}},
    [SET_STATE] = {NULL, "state", TEXT, AT(state), 0, 0, {0}},
    [SET_KEYLOG] = {NULL, "keylog", TEXT, AT(keylog), 0, 0, {0}},
    [SET_PCAP] = {NULL, "pcap", TEXT, AT(pcap), 0, 0, {0}},
    [SET_LOG] = {NULL, "log", CHOICE, AT(log), 0, 0, {"text", "json"}},
    [SET_TIME_FLOOR] = {NULL, "time-floor", DATE, AT(time_floor), 0, 0, {0}},
};

/* A name, or a port alone that was taken for one, cannot be listened on. */
static bool can_listen(const char *host) {
  struct sockaddr_in v4;
  struct sockaddr_in6 v6;
  return host[0] == '\0' || uv_ip4_addr(host, 0, &v4) == 0 ||
         uv_ip6_addr(host, 0, &v6) == 0;
}

static bool put_address(listen_address *to, const char *value, uint16_t port,
                        char *why) {
  listen_address fresh = {.off = strcasecmp(value, "off") == 0};
  if (!fresh.off && (!host_port_parse(value, port, &fresh.at) ||
                     !can_listen(fresh.at.host))) {
    snprintf(why, WHY_SIZE,
             "'%.80s' is neither an IP address with a port (127.0.0.1:%u, "
             "[::1]:%u, *:%u for all) nor off",
             value, port, port, port);
    return false;
  }
  *to = fresh;
  return true;
}

static bool put_flag(bool *to, const char *value, char *why) {
  static const char *const yes[] = {"yes", "true", "on", "1"};
  static const char *const no[] = {"no", "false", "off", "0"};
  for (size_t i = 0; i < 4; i++) {
    if (strcasecmp(value, yes[i]) == 0 || strcasecmp(value, no[i]) == 0) {
      *to = strcasecmp(value, yes[i]) == 0;
      return true;
    }
  }
  snprintf(why, WHY_SIZE, "'%.80s' is neither yes nor no", value);
  return false;
}

static bool put_choice(const setting *s, uint32_t *to, const char *value,
                       char *why) {
  int n = snprintf(why, WHY_SIZE, "'%.60s' is none of", value);
  for (uint32_t i = 0; i < CHOICES && s->choices[i] != NULL; i++) {
    if (strcmp(value, s->choices[i]) == 0) {
      *to = i;
      return true;
    }
    n += snprintf(why + n, (size_t)(WHY_SIZE - n), " %s", s->choices[i]);
  }
  return false;
}

/* One choice or more, as bits. */
static bool put_some(const setting *s, uint32_t *to, const char *value,
                     char *why) {
  uint32_t bits = 0;
  for (size_t len; *value != '\0'; value += len) {
    char word[40];
    uint32_t bit = 0;
    len = strcspn(value, ", ");
    snprintf(word, sizeof word, "%.*s", (int)len, value);
    if (len == 0) {
      len = strspn(value, ", ");
    } else if (put_choice(s, &bit, word, why)) {
      bits |= (uint32_t)1 << bit;
    } else {
      return false;
    }
  }
  if (bits == 0) {
    return put_choice(s, to, value, why);
  }
  *to = bits;
  return true;
}

static bool put_text(char **to, const char *value, char *why) {
  char *copy = strdup(value);
  if (copy == NULL || value[0] == '\0') {
    snprintf(why, WHY_SIZE, copy ? "it is empty" : "no memory");
    free(copy);
    return false;
  }
  free(*to);
  *to = copy;
  return true;
}

static bool put_list(text_list *to, const char *value, char *why) {
  if (value[0] == '\0' || !text_list_copy(to, value)) {
    snprintf(why, WHY_SIZE, value[0] ? "no memory" : "it is empty");
    return false;
  }
  return true;
}

/* An address that goes into messages: no name, and spelled in full. */
static bool put_ip(text_list *to, const char *value, char *why) {
  host_port at = {0};
  struct in_addr v4;
  struct in6_addr v6;
  if (!host_port_parse(value, ADDRESS_PORT_RAS, &at) ||
      (inet_pton(AF_INET, at.host, &v4) != 1 &&
       inet_pton(AF_INET6, at.host, &v6) != 1)) {
    snprintf(why, WHY_SIZE,
             "'%.80s' is not IP-ADDRESS[:PORT] (IPv6 as [2001:db8::1]:%u)",
             value, ADDRESS_PORT_RAS);
    return false;
  }
  char full[sizeof at.host + 16];
  snprintf(full, sizeof full, strchr(at.host, ':') ? "[%s]:%u" : "%s:%u",
           at.host, at.port);
  return put_list(to, full, why);
}

static bool put_number(const setting *s, uint32_t *to, const char *value,
                       char *why) {
  uint64_t number = 0;
  if (!options_number(value, s->least, s->most, &number)) {
    snprintf(why, WHY_SIZE, "'%.80s' is not a number from %u to %u", value,
             s->least, s->most);
    return false;
  }
  *to = (uint32_t)number;
  return true;
}

bool setting_put(void *to, const setting *s, const char *value, char *why) {
  switch (s->kind) {
  case ADDRESS:
    return put_address(to, value, (uint16_t)s->least, why);
  case TEXT:
    return put_text(to, value, why);
  case LIST:
    return put_list(to, value, why);
  case IP_LIST:
    return put_ip(to, value, why);
  case FLAG:
    return put_flag(to, value, why);
  case NUMBER:
    return put_number(s, to, value, why);
  case CHOICE:
    return put_choice(s, to, value, why);
  case SOME:
    return put_some(s, to, value, why);
  case DATE:
    if (!clock_parse_date(value, to)) {
      snprintf(why, WHY_SIZE, "'%.40s' is not a date like 2025-01-01", value);
      return false;
    }
    return true;
  }
  return false;
}
