/* SPDX-License-Identifier: BSD-2-Clause */
#include "address.h"
#include "options.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

bool host_port_parse(const char *text, uint16_t default_port, host_port *out) {
  const char *host = text;
  const char *host_end;
  const char *rest;
  if (text[0] == '[') {
    host = text + 1;
    host_end = strchr(host, ']');
    if (host_end == NULL || host_end == host) {
      return false;
    }
    rest = host_end + 1;
  } else {
    host_end = text + strcspn(text, ":");
    if (strchr(host_end, ':') != NULL && strchr(host_end + 1, ':') != NULL) {
      return false; /* IPv6 without brackets: where would the port begin? */
    }
    rest = host_end;
  }
  size_t len = (size_t)(host_end - host);
  if (len >= sizeof out->host) {
    return false;
  }
  uint64_t port = default_port;
  if (rest[0] == ':') {
    if (!options_number(rest + 1, 0, 65535, &port)) {
      return false;
    }
  } else if (rest[0] != '\0' || len == 0) {
    return false;
  }
  memcpy(out->host, host, len);
  out->host[len] = '\0';
  if (strcmp(out->host, "*") == 0) {
    out->host[0] = '\0';
  }
  out->port = (uint16_t)port;
  return true;
}

static bool skip_prefix(const char **text, const char *prefix) {
  size_t len = strlen(prefix);
  if (strncasecmp(*text, prefix, len) != 0) {
    return false;
  }
  *text += len;
  return true;
}

/* a domain name: letters, digits, hyphens, dots */
static bool domain_parse(const char *text, host_port *out) {
  size_t len = strlen(text);
  if (len == 0 || len >= sizeof out->host ||
      strspn(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
                   "0123456789-._") != len) {
    return false;
  }
  memcpy(out->host, text, len + 1);
  out->port = 0;
  return true;
}

static bool gatekeeper_parse(char *item, gatekeeper_address *out) {
  const char *text = item;
  out->tls = !skip_prefix(&text, "tcp:");
  if (out->tls) {
    (void)skip_prefix(&text, "tls:");
  }
  out->srv = skip_prefix(&text, "srv:");
  if (out->srv) {
    return domain_parse(text, &out->at);
  }
  if (skip_prefix(&text, "h323:")) {
    item[strcspn(item, ";")] = '\0'; /* parameters of the URI */
    const char *at = strrchr(text, '@');
    text = at ? at + 1 : text;
  }
  return host_port_parse(text, out->tls ? ADDRESS_PORT_TLS : ADDRESS_PORT_TCP,
                         &out->at) &&
         out->at.host[0] != '\0' && out->at.port != 0;
}

size_t gatekeeper_list_parse(const char *text, gatekeeper_address *out,
                             size_t max, char *why, size_t why_size) {
  size_t count = 0;
  while (*text != '\0') {
    size_t len = strcspn(text, ",");
    char item[320];
    if (count == max) {
      snprintf(why, why_size, "more than %zu gatekeepers", max);
      return 0;
    }
    if (len >= sizeof item) {
      snprintf(why, why_size, "'%.40s…' is too long", text);
      return 0;
    }
    memcpy(item, text, len);
    item[len] = '\0';
    if (!gatekeeper_parse(item, &out[count])) {
      snprintf(why, why_size,
               "'%.*s' is neither [tls:|tcp:]HOST[:PORT] (IPv6 as [::1]:1300) "
               "nor [tls:|tcp:]srv:DOMAIN",
               (int)len, text);
      return 0;
    }
    count++;
    text += len;
    text += *text == ',';
  }
  if (count == 0) {
    snprintf(why, why_size, "no gatekeeper is named");
  }
  return count;
}

void address_print(const struct sockaddr *address, char *out, size_t size) {
  char text[INET6_ADDRSTRLEN] = "?";
  if (address->sa_family == AF_INET) {
    struct sockaddr_in in;
    memcpy(&in, address, sizeof in);
    inet_ntop(AF_INET, &in.sin_addr, text, sizeof text);
    snprintf(out, size, "%s:%u", text, ntohs(in.sin_port));
  } else if (address->sa_family == AF_INET6) {
    struct sockaddr_in6 in6;
    memcpy(&in6, address, sizeof in6);
    if (IN6_IS_ADDR_V4MAPPED(&in6.sin6_addr)) {
      inet_ntop(AF_INET, &in6.sin6_addr.s6_addr[12], text, sizeof text);
      snprintf(out, size, "%s:%u", text, ntohs(in6.sin6_port));
    } else {
      inet_ntop(AF_INET6, &in6.sin6_addr, text, sizeof text);
      snprintf(out, size, "[%s]:%u", text, ntohs(in6.sin6_port));
    }
  } else {
    snprintf(out, size, "?");
  }
}
