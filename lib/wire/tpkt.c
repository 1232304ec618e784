/* SPDX-License-Identifier: BSD-2-Clause */
#include "wire/inside.h"

#include "base/intmath.h"
#include "base/mem.h"
#include "base/settings.h"

#include <h46017/error.h>

#include <string.h>

#define TPKT_VERSION 3

/* What a reader keeps between two frames: an ordinary RAS message fits, so
 * that one connection cut badly by the network does not allocate for each. */
#define TPKT_KEPT 1024

static const h46017_tpkt_settings tpkt_defaults = {
    sizeof(h46017_tpkt_settings),
    H46017_LENIENT_DEFAULT,
    H46017_TPKT_MAX,
};

void h46017_tpkt_settings_default_sized(h46017_tpkt_settings *settings,
                                        size_t size) {
  h46017_settings_fill(settings, size, &tpkt_defaults, sizeof(tpkt_defaults));
}

int h46017_tpkt_init(h46017_tpkt *r, const h46017_tpkt_settings *settings,
                     const h46017_mem *mem) {
  h46017_tpkt_settings s = tpkt_defaults;
  int rv;

  if (settings != NULL) {
    rv = h46017_settings_copy(&s, sizeof(s), sizeof(s), settings);
    if (rv != 0) {
      return rv;
    }
  }
  if (s.max_pdu < H46017_TPKT_HEADER || s.max_pdu > H46017_TPKT_MAX) {
    return H46017_ERR_INVALID_ARGUMENT;
  }
  memset(r, 0, sizeof(*r));
  r->lenient = s.lenient;
  r->max_pdu = s.max_pdu;
  return h46017_mem_init(&r->mem, mem);
}

void h46017_tpkt_free(h46017_tpkt *r) {
  h46017_mem_release(&r->mem, r->buf);
}

int h46017_tpkt_new(h46017_tpkt **pr, const h46017_tpkt_settings *settings,
                    const h46017_mem *mem) {
  h46017_tpkt made;
  h46017_tpkt *r;
  int rv;

  if (pr == NULL) {
    return H46017_ERR_INVALID_ARGUMENT;
  }
  rv = h46017_tpkt_init(&made, settings, mem);
  if (rv != 0) {
    return rv;
  }
  r = h46017_mem_alloc(&made.mem, sizeof(*r));
  if (r == NULL) {
    return H46017_ERR_NOMEM;
  }
  *r = made;
  *pr = r;
  return 0;
}

void h46017_tpkt_del(h46017_tpkt *r) {
  h46017_mem mem;

  if (r == NULL) {
    return;
  }
  mem = r->mem;
  h46017_tpkt_free(r);
  h46017_mem_release(&mem, r);
}

/* The PDU handed out before is done with: make room for the next. */
static void tpkt_restart(h46017_tpkt *r) {
  r->have = 0;
  r->total = 0;
  r->handed_out = false;
  if (r->cap > TPKT_KEPT) {
    h46017_mem_release(&r->mem, r->buf);
    r->buf = NULL;
    r->cap = 0;
  }
}

static bool tpkt_is_swapped(const uint8_t *head) {
  return head[0] == 0;
}

/* Looks at the first `n` octets of a header, so that what is no TPKT is
 * refused at the first octet that says so, however the octets were cut: a TLS
 * ClientHello on the wrong port does not have to be waited for. */
static int tpkt_check(const h46017_tpkt *r, const uint8_t *head, size_t n) {
  static const uint8_t swapped[H46017_TPKT_HEADER] = {0, TPKT_VERSION, 0, 4};

  if (n == 0) {
    return 0;
  }
  if (tpkt_is_swapped(head)) {
    bool lenient = (r->lenient & H46017_LENIENT_SWAPPED_KEEPALIVE) != 0;
    return lenient && memcmp(head, swapped, n) == 0 ? 0 : H46017_ERR_TPKT;
  }
  if (head[0] != TPKT_VERSION) {
    return H46017_ERR_TPKT;
  }
  /* head[1] is reserved: real equipment sends anything (Cisco AS5300). */
  if (n >= H46017_TPKT_HEADER) {
    uint32_t len = (uint32_t)head[2] << 8 | head[3];

    if (len < H46017_TPKT_HEADER) {
      return H46017_ERR_TPKT;
    }
    if (len > r->max_pdu) {
      return H46017_ERR_TOO_LARGE;
    }
  }
  return 0;
}

static size_t tpkt_total(const uint8_t *head) {
  return tpkt_is_swapped(head) ? H46017_TPKT_HEADER
                               : ((size_t)head[2] << 8 | head[3]);
}

static void tpkt_hand_out(h46017_tpkt_pdu *pdu, const uint8_t *data,
                          size_t len) {
  pdu->kind =
      len == H46017_TPKT_HEADER ? H46017_TPKT_KEEPALIVE : H46017_TPKT_PDU;
  pdu->data = data;
  pdu->len = len;
}

/* Room for `need` octets of the frame, growing with what has come: a peer that
 * announces 65535 octets and sends five has cost TPKT_KEPT. */
static int tpkt_grow(h46017_tpkt *r, size_t need) {
  size_t want;
  uint8_t *buf;

  if (r->buf != NULL && need <= r->cap) {
    return 0;
  }
  want = H46017_MAX(need, r->cap * 2);
  want = H46017_MAX(H46017_MIN(want, r->total), TPKT_KEPT);
  buf = h46017_mem_resize(&r->mem, r->buf, want);
  if (buf == NULL) {
    return H46017_ERR_NOMEM;
  }
  r->buf = buf;
  r->cap = want;
  return 0;
}

/* Collects octets of a header that is not whole. */
static int tpkt_take_head(h46017_tpkt *r, const uint8_t **pdata, size_t *plen) {
  size_t n = H46017_MIN(H46017_TPKT_HEADER - r->have, *plen);
  int rv;

  if (n > 0) {
    memcpy(r->head + r->have, *pdata, n);
    r->have += n;
    *pdata += n;
    *plen -= n;
  }
  rv = tpkt_check(r, r->head, r->have);
  if (rv != 0 || r->have < H46017_TPKT_HEADER) {
    return rv;
  }
  r->total = tpkt_total(r->head);
  return 0;
}

/* Collects octets of a frame whose header is whole. */
static int tpkt_take_body(h46017_tpkt *r, const uint8_t **pdata, size_t *plen) {
  size_t n = H46017_MIN(r->total - r->have, *plen);
  int rv;

  if (n == 0) {
    return 0;
  }
  rv = tpkt_grow(r, r->have + n);
  if (rv != 0) {
    return rv;
  }
  if (r->have == H46017_TPKT_HEADER) {
    memcpy(r->buf, r->head, H46017_TPKT_HEADER);
  }
  memcpy(r->buf + r->have, *pdata, n);
  r->have += n;
  *pdata += n;
  *plen -= n;
  return 0;
}

static int tpkt_collect(h46017_tpkt *r, const uint8_t **pdata, size_t *plen,
                        h46017_tpkt_pdu *pdu) {
  int rv;

  if (r->total == 0) {
    rv = tpkt_take_head(r, pdata, plen);
    if (rv != 0 || r->total == 0) {
      return rv;
    }
  }
  rv = tpkt_take_body(r, pdata, plen);
  if (rv == 0 && r->have == r->total) {
    tpkt_hand_out(pdu, r->total == H46017_TPKT_HEADER ? r->head : r->buf,
                  r->total);
    r->handed_out = true;
  }
  return rv;
}

int h46017_tpkt_read(h46017_tpkt *r, const uint8_t **pdata, size_t *plen,
                     h46017_tpkt_pdu *pdu) {
  h46017_tpkt_pdu found = {H46017_TPKT_NONE, NULL, 0};
  int rv = r->error;

  if (rv != 0) {
    return rv;
  }
  if (r->handed_out) {
    tpkt_restart(r);
  }
  if (r->have == 0 && *plen >= H46017_TPKT_HEADER) {
    rv = tpkt_check(r, *pdata, H46017_TPKT_HEADER);
    if (rv == 0 && tpkt_total(*pdata) <= *plen) {
      size_t total = tpkt_total(*pdata);

      tpkt_hand_out(pdu, *pdata, total);
      *pdata += total;
      *plen -= total;
      return 0;
    }
  }
  if (rv == 0) {
    rv = tpkt_collect(r, pdata, plen, &found);
  }
  if (rv != 0) {
    r->error = rv;
    return rv;
  }
  *pdu = found;
  return 0;
}

size_t h46017_tpkt_pending(const h46017_tpkt *r) {
  return r->handed_out ? 0 : r->have;
}

int h46017_tpkt_write_header(uint8_t *out, size_t len) {
  size_t total;

  if (len > H46017_TPKT_MAX - H46017_TPKT_HEADER) {
    return H46017_ERR_OUT_OF_RANGE;
  }
  total = len + H46017_TPKT_HEADER;
  out[0] = TPKT_VERSION;
  out[1] = 0;
  out[2] = (uint8_t)(total >> 8);
  out[3] = (uint8_t)total;
  return 0;
}
