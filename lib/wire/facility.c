/* SPDX-License-Identifier: BSD-2-Clause */
#include "wire/facility.h"

#include <h46017/error.h>
#include <h46017/tpkt.h>

#include <string.h>

#define FACILITY_FEATURE 17    /* H.460.17 */
#define FACILITY_RAS_MESSAGE 1 /* its one parameter */

/* -- what stands around a RAS message -------------------------------------- */

static const uint8_t facility_uu_pdu[] = {
    0x28,
    0x10, /* no user-data; additions follow; body is addition 1, `empty` */
    0x01,
    0x00, /* open type, 1 octet: NULL */
    0x10,
    0x81, /* 9 additions: h245Tunnelling and genericData are there */
    0x01,
    0x80, /* open type, 1 octet: h245Tunnelling TRUE */
};

static const uint8_t facility_generic_data[] = {
    0x01,             /* one GenericData */
    0x40, 0x00, 0x11, /* with parameters; id standard 17 */
    0x00, 0x00,       /* one parameter (count - 1) */
    0x40, 0x00, 0x01, /* with content; id standard 1 */
    0x00,             /* content raw */
};

/* -- reading -------------------------------------------------------------- */

/* The octets of the next parameter of the entry of genericData that was found;
 * none where it is not a RAS message. */
static bool facility_parameter(const h46017_h225 *m, h46017_uui_cursor *at,
                               const uint8_t **pper, size_t *plen) {
  return h46017_uui_next_parameter(m, FACILITY_RAS_MESSAGE, at, pper, plen);
}

int h46017_facility_decode(h46017_facility *f, h46017_h225 *m,
                           const uint8_t *per, size_t len) {
  h46017_uui_cursor at = {0, 0};
  int rv = h46017_h225_decode(m, h46017_h225_user_information(), per, len);

  if (rv != 0) {
    return rv;
  }
  memset(f, 0, sizeof(*f));
  f->body_empty = h46017_uui_body_is_empty(m);
  f->h245_tunnelling = h46017_uui_h245_tunnelling(m);
  while (h46017_uui_next_generic(m, FACILITY_FEATURE, &at)) {
    f->tunnelled = true;
    while (facility_parameter(m, &at, &per, &len)) {
      if (len > 0) {
        f->ras++;
      } else {
        f->ignored++;
      }
    }
  }
  return 0;
}

/* Octets that are always the same. */
static bool facility_skip(const uint8_t **pper, size_t *plen,
                          const uint8_t *octets, size_t n) {
  if (*plen < n || memcmp(*pper, octets, n) != 0) {
    return false;
  }
  *pper += n;
  *plen -= n;
  return true;
}

/* A length in its shortest form, of all that follows it. */
static bool facility_skip_length(const uint8_t **pper, size_t *plen) {
  const uint8_t *p = *pper;
  size_t n = *plen > 0 && p[0] >= 0x80 ? 2 : 1;
  size_t length;

  if (*plen < n) {
    return false;
  }
  length = n == 1 ? p[0] : (size_t)p[0] << 8 | p[1];
  if (n == 2) {
    length -= 0x8000; /* 0x4000 and more: a fragment */
    if (length < 128 || length >= 0x4000) {
      return false;
    }
  }
  *pper += n;
  *plen -= n;
  return length == *plen;
}

static bool facility_is_plain(const uint8_t **pper, size_t *plen) {
  return facility_skip(pper, plen, facility_uu_pdu, sizeof(facility_uu_pdu)) &&
         facility_skip_length(pper, plen) &&
         facility_skip(pper, plen, facility_generic_data,
                       sizeof(facility_generic_data)) &&
         facility_skip_length(pper, plen) && *plen > 0;
}

int h46017_facility_read(h46017_facility *f, h46017_h225 *m, const uint8_t *per,
                         size_t len) {
  const uint8_t *only = per;
  size_t only_len = len;

  if (!facility_is_plain(&only, &only_len)) {
    return h46017_facility_decode(f, m, per, len);
  }
  *f = (h46017_facility){.tunnelled = true,
                         .body_empty = true,
                         .h245_tunnelling = true,
                         .ras = 1,
                         .only = only,
                         .only_len = only_len};
  return 0;
}

bool h46017_facility_next(const h46017_facility *f, const h46017_h225 *m,
                          h46017_uui_cursor *at, const uint8_t **pper,
                          size_t *plen) {
  if (f->only != NULL) {
    *pper = f->only;
    *plen = f->only_len;
    return at->generic++ == 0;
  }
  do {
    while (facility_parameter(m, at, pper, plen)) {
      if (*plen > 0) {
        return true;
      }
    }
  } while (h46017_uui_next_generic(m, FACILITY_FEATURE, at));
  return false;
}

/* -- writing -------------------------------------------------------------- */

/* Everything before the RAS octets is constant but for six lengths, nested in
 * each other: TPKT, User-User, genericData's open type, the OCTET STRING. */

static const uint8_t facility_q931[] = {
    0x08, 0x02, 0x00, 0x00, /* Q.931; call reference 0, flag 0 */
    0x62,                   /* Facility */
    0x1c, 0x00,             /* Facility element, empty: GnuGk and h323plus
                               always send it */
};

/* X.691 10.9.3.6, 10.9.3.7: a length below 128 takes one octet, one below
 * 16384 two. */
static size_t facility_length_size(size_t len) {
  return len < 128 ? 1 : 2;
}

static size_t facility_generic_size(size_t len) {
  return sizeof(facility_generic_data) + facility_length_size(len) + len;
}

static size_t facility_per_size(size_t len) {
  size_t generic = facility_generic_size(len);

  return sizeof(facility_uu_pdu) + facility_length_size(generic) + generic;
}

size_t h46017_facility_size(size_t len) {
  /* id, two octets of length and discriminator of the User-User element */
  return H46017_TPKT_HEADER + sizeof(facility_q931) + 4 +
         facility_per_size(len);
}

static uint8_t *facility_put(uint8_t *out, const uint8_t *data, size_t len) {
  memcpy(out, data, len);
  return out + len;
}

static uint8_t *facility_put_length(uint8_t *out, size_t len) {
  if (facility_length_size(len) == 2) {
    *out++ = (uint8_t)(0x80 | len >> 8);
  }
  *out++ = (uint8_t)len;
  return out;
}

void h46017_facility_write(uint8_t *out, const uint8_t *per, size_t len) {
  size_t user_user = 1 + facility_per_size(len);

  (void)h46017_tpkt_write_header(out, h46017_facility_size(len) -
                                          H46017_TPKT_HEADER);
  out += H46017_TPKT_HEADER;
  out = facility_put(out, facility_q931, sizeof(facility_q931));
  *out++ = H46017_Q931_IE_USER_USER;
  *out++ = (uint8_t)(user_user >> 8);
  *out++ = (uint8_t)user_user;
  *out++ = 0x05; /* H.225.0 7.2.2.31: PER follows */
  out = facility_put(out, facility_uu_pdu, sizeof(facility_uu_pdu));
  out = facility_put_length(out, facility_generic_size(len));
  out = facility_put(out, facility_generic_data, sizeof(facility_generic_data));
  out = facility_put_length(out, len);
  (void)facility_put(out, per, len);
}
