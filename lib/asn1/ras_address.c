/* SPDX-License-Identifier: BSD-2-Clause */
#include "asn1/ras_address.h"

#include <h46017/error.h>

#include <stdio.h>
#include <string.h>

#define GROUPS 8

/* The longest run of two zero groups or more, the first of equals
 * (RFC 5952 4.2); GROUPS when there is none. */
static size_t address_gap(const uint16_t *groups, size_t *plen) {
  size_t best = GROUPS;

  *plen = 1;
  for (size_t i = 0; i < GROUPS; i++) {
    size_t n = 0;
    while (i + n < GROUPS && groups[i + n] == 0) {
      n++;
    }
    if (n > *plen) {
      best = i;
      *plen = n;
    }
    i += n;
  }
  return best;
}

static size_t address_format_6(char *out, const uint8_t *ip) {
  uint16_t groups[GROUPS];
  size_t gap, gap_len, n = 0;

  for (size_t i = 0; i < GROUPS; i++) {
    groups[i] = (uint16_t)(ip[2 * i] << 8 | ip[2 * i + 1]);
  }
  gap = address_gap(groups, &gap_len);
  for (size_t i = 0; i < GROUPS; i++) {
    if (i == gap) {
      out[n++] = ':';
      out[n++] = ':';
      i += gap_len - 1;
    } else {
      const char *colon = i > 0 && i != gap + gap_len ? ":" : "";
      n += (size_t)snprintf(out + n, H46017_RAS_HOST_SIZE - n, "%s%x", colon,
                            (unsigned)groups[i]);
    }
  }
  out[n] = '\0';
  return n;
}

size_t h46017_ras_host_format(char *out, const uint8_t *ip, size_t iplen) {
  return iplen == 16
             ? address_format_6(out, ip)
             : (size_t)snprintf(out, H46017_RAS_HOST_SIZE, "%u.%u.%u.%u",
                                (unsigned)ip[0], (unsigned)ip[1],
                                (unsigned)ip[2], (unsigned)ip[3]);
}

size_t h46017_ras_address_format(char *out, const uint8_t *ip, size_t iplen,
                                 uint16_t port) {
  size_t n = 0;

  if (iplen == 16) {
    out[n++] = '[';
  }
  n += h46017_ras_host_format(out + n, ip, iplen);
  if (iplen == 16) {
    out[n++] = ']';
  }
  return n + (size_t)snprintf(out + n, H46017_RAS_ADDRESS_SIZE - n, ":%u",
                              (unsigned)port);
}

/* A number of at most `max`, decimal without leading zeros or hexadecimal of up
 * to four digits; the octets it took, or 0. */
static size_t address_number(const char *text, size_t len, unsigned base,
                             unsigned max, unsigned *out) {
  static const char digits[] = "0123456789abcdef0123456789ABCDEF";
  unsigned value = 0;
  size_t n = 0;

  while (n < len) {
    const char *digit = memchr(digits, text[n], sizeof(digits) - 1);
    unsigned d = digit != NULL ? (unsigned)(digit - digits) % 16 : 16;
    if (d >= base) {
      break;
    }
    value = value * base + d;
    n++;
    if (value > max || (base == 10 ? n > 1 && text[0] == '0' : n > 4)) {
      return 0;
    }
  }
  *out = value;
  return n;
}

static size_t address_parse_4(const char *text, size_t len, uint8_t *ip) {
  size_t at = 0;

  for (size_t i = 0; i < 4; i++) {
    unsigned value;
    size_t n;
    if (i > 0 && (at >= len || text[at++] != '.')) {
      return 0;
    }
    n = address_number(text + at, len - at, 10, 255, &value);
    if (n == 0) {
      return 0;
    }
    ip[i] = (uint8_t)value;
    at += n;
  }
  return at;
}

/* What stands between the brackets; RFC 4291 2.2, without embedded IPv4. */
static bool address_parse_6(const char *text, size_t len, uint8_t *ip) {
  size_t at = 0, i = 0, gap = GROUPS;

  memset(ip, 0, 16);
  while (at < len) {
    unsigned value = 0;
    size_t n;
    if (len - at >= 2 && memcmp(text + at, "::", 2) == 0 && gap == GROUPS) {
      if (i == GROUPS) {
        return false;
      }
      gap = i;
      at += 2;
      if (at == len) {
        break;
      }
    } else if (i > 0 && text[at++] != ':') {
      return false;
    }
    n = i < GROUPS ? address_number(text + at, len - at, 16, 0xffff, &value)
                   : 0;
    if (n == 0) {
      return false;
    }
    ip[2 * i] = (uint8_t)(value >> 8);
    ip[2 * i + 1] = (uint8_t)value;
    i++;
    at += n;
  }
  if (gap == GROUPS) {
    return i == GROUPS;
  }
  if (i == GROUPS) {
    return false; /* it would stand for nothing */
  }
  memmove(ip + 16 - 2 * (i - gap), ip + 2 * gap, 2 * (i - gap));
  memset(ip + 2 * gap, 0, 2 * (GROUPS - i));
  return true;
}

int h46017_ras_address_parse(const char *text, size_t len, uint8_t *ip,
                             size_t *piplen, uint16_t *pport) {
  uint8_t parsed[16];
  size_t at, iplen = 4;
  unsigned port;

  if (len > 0 && text[0] == '[') {
    const char *end = memchr(text, ']', len);
    if (end == NULL ||
        !address_parse_6(text + 1, (size_t)(end - text) - 1, parsed)) {
      return H46017_ERR_OUT_OF_RANGE;
    }
    at = (size_t)(end - text) + 1;
    iplen = 16;
  } else {
    at = address_parse_4(text, len, parsed);
  }
  if (at == 0 || at >= len || text[at] != ':') {
    return H46017_ERR_OUT_OF_RANGE;
  }
  at++;
  if (at == len ||
      address_number(text + at, len - at, 10, 65535, &port) != len - at) {
    return H46017_ERR_OUT_OF_RANGE;
  }
  memcpy(ip, parsed, iplen);
  *piplen = iplen;
  *pport = (uint16_t)port;
  return 0;
}
