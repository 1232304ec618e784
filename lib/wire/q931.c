/* SPDX-License-Identifier: BSD-2-Clause */
#include <h46017/q931.h>

#include "base/intmath.h"
#include "base/settings.h"

#include <h46017/error.h>
#include <h46017/tpkt.h>

#include <string.h>

#define Q931_DISCRIMINATOR 0x08
#define Q931_CALL_REFERENCE_LENGTH 2
#define Q931_FLAG 0x80
#define Q931_SINGLE_OCTET 0x80
#define Q931_CODESETS 8

/* Shift, 1001 Nccc: N set is non-locking, ccc the codeset (Q.931 4.5.3). */
#define Q931_SHIFT_MASK 0xf0
#define Q931_SHIFT_ONCE 0x08
#define Q931_SHIFT_CODESET 0x07

/* "X.208 and X.209 coded user information" (H.225.0 7.2.2.31). */
#define Q931_UU_DISCRIMINATOR 0x05

#define Q931_MAX_LEN (H46017_TPKT_MAX - H46017_TPKT_HEADER)

const char *h46017_q931_type_name(uint8_t type) {
  switch (type) {
#define Q931_NAME(name, octet, text)                                           \
  case (octet):                                                                \
    return text;
    H46017_Q931_TYPE_LIST(Q931_NAME)
  default:
    return "unknown";
  }
}

const char *h46017_q931_ie_name(uint8_t codeset, uint8_t id) {
  /* 9x, Bx and Dx carry a value in their lower half; Ax is a type each. */
  uint8_t key =
      id < Q931_SINGLE_OCTET || (id & 0xf0) == 0xa0 ? id : (uint8_t)(id & 0xf0);

  if (codeset != 0 && key != H46017_Q931_IE_SHIFT) {
    return "unknown";
  }
  switch (key) {
    H46017_Q931_IE_LIST(Q931_NAME)
#undef Q931_NAME
  default:
    return "unknown";
  }
}

static bool q931_is_shift(uint8_t id) {
  return (id & Q931_SHIFT_MASK) == H46017_Q931_IE_SHIFT;
}

/* Octets before the contents of an element that is not a single octet. Only
 * the User-User element of codeset 0 has a length of two octets: the one thing
 * in which H.225.0 departs from Q.931 (H.225.0 7.2.2.31). */
static size_t q931_ie_head(uint8_t codeset, uint8_t id) {
  return codeset == 0 && id == H46017_Q931_IE_USER_USER ? 3 : 2;
}

/* Reads the element at the cursor. 1: read; 0: there is none; else negative. */
static int q931_step(const uint8_t *data, size_t len, h46017_q931_cursor *at,
                     h46017_q931_ie *ie) {
  const uint8_t *p = data + at->offset;
  size_t left = len - at->offset;
  size_t head;

  if (left == 0) {
    return 0;
  }
  ie->codeset = at->pending != 0 ? (uint8_t)(at->pending & Q931_SHIFT_CODESET)
                                 : at->locked;
  ie->id = p[0];
  ie->contents = NULL;
  ie->len = 0;
  ie->raw = p;
  ie->raw_len = 1;
  if (q931_is_shift(ie->id)) {
    uint8_t codeset = ie->id & Q931_SHIFT_CODESET;

    ie->codeset = at->locked;
    at->pending = 0;
    if ((ie->id & Q931_SHIFT_ONCE) != 0) {
      at->pending = ie->id;
    } else if (codeset < at->locked) {
      return H46017_ERR_Q931; /* Q.931 4.5.3: upwards only */
    } else {
      at->locked = codeset;
    }
    at->offset += 1;
    return 1;
  }
  at->pending = 0;
  if (ie->id >= Q931_SINGLE_OCTET) {
    at->offset += 1;
    return 1;
  }
  head = q931_ie_head(ie->codeset, ie->id);
  if (left < head) {
    return H46017_ERR_Q931;
  }
  ie->len = head == 3 ? (size_t)p[1] << 8 | p[2] : p[1];
  if (ie->len > left - head) {
    return H46017_ERR_Q931;
  }
  ie->contents = p + head;
  ie->raw_len = head + ie->len;
  at->offset += ie->raw_len;
  return 1;
}

/* Every length fits, and (strict) the ids ascend within a codeset. `*pos`
 * moves to the element that is at fault, or to the end. */
static int q931_check_ies(const uint8_t *data, size_t len, size_t *pos,
                          uint32_t lenient) {
  h46017_q931_cursor at = {*pos, 0, 0};
  uint8_t last[Q931_CODESETS] = {0};
  h46017_q931_ie ie;
  int rv;

  while ((rv = q931_step(data, len, &at, &ie)) == 1) {
    if (ie.id < Q931_SINGLE_OCTET) {
      if (ie.id < last[ie.codeset] &&
          (lenient & H46017_LENIENT_IE_ORDER) == 0) {
        return H46017_ERR_Q931;
      }
      last[ie.codeset] = ie.id;
    }
    *pos = at.offset;
  }
  return rv;
}

/* Reads the header and checks the elements; `*pos` is where it stopped. */
static int q931_read(h46017_q931 *m, const uint8_t *data, size_t len,
                     uint32_t lenient, size_t *pos) {
  size_t n;

  *pos = 0;
  if (data == NULL || (len > 0 && data[0] != Q931_DISCRIMINATOR)) {
    return H46017_ERR_Q931;
  }
  *pos = len;
  if (len < 2) {
    return H46017_ERR_Q931;
  }
  /* The upper half of the octet is spare and 0: 0xff is no length of 15. */
  n = data[1];
  if (n > Q931_CALL_REFERENCE_LENGTH ||
      (n < Q931_CALL_REFERENCE_LENGTH &&
       (lenient & H46017_LENIENT_SHORT_CALL_REFERENCE) == 0)) {
    *pos = 1;
    return H46017_ERR_Q931;
  }
  if (len < 2 + n + 1) {
    return H46017_ERR_Q931;
  }
  m->data = data;
  m->len = len;
  m->call_reference_length = (uint8_t)n;
  if (n > 0) {
    m->call_reference_flag = (data[2] & Q931_FLAG) != 0;
    m->call_reference = data[2] & (uint8_t)~Q931_FLAG;
  }
  if (n > 1) {
    m->call_reference = (uint16_t)(m->call_reference << 8 | data[3]);
  }
  m->type = data[2 + n];
  m->ies = m->type == H46017_Q931_NATIONAL_ESCAPE ? len : 2 + n + 1;
  *pos = m->ies;
  return q931_check_ies(data, len, pos, lenient);
}

int h46017_q931_parse(h46017_q931 *msg, const uint8_t *data, size_t len,
                      uint32_t lenient) {
  h46017_q931 m = {0};
  size_t pos;
  int rv = q931_read(&m, data, len, lenient, &pos);

  if (rv == 0) {
    *msg = m;
  }
  return rv;
}

size_t h46017_q931_fault(const uint8_t *data, size_t len, uint32_t lenient) {
  h46017_q931 m = {0};
  size_t pos;

  (void)q931_read(&m, data, len, lenient, &pos);
  return pos;
}

bool h46017_q931_next(const h46017_q931 *msg, h46017_q931_cursor *at,
                      h46017_q931_ie *ie) {
  h46017_q931_ie found;

  if (at->offset < msg->ies) {
    at->offset = msg->ies;
  }
  if (at->offset > msg->len ||
      q931_step(msg->data, msg->len, at, &found) != 1) {
    return false;
  }
  *ie = found;
  return true;
}

bool h46017_q931_find(const h46017_q931 *msg, uint8_t id, h46017_q931_ie *ie) {
  h46017_q931_cursor at = H46017_Q931_CURSOR_INIT;
  h46017_q931_ie found;

  while (h46017_q931_next(msg, &at, &found)) {
    if (found.codeset == 0 && found.id == id) {
      *ie = found;
      return true;
    }
  }
  return false;
}

int h46017_q931_user_user(const h46017_q931 *msg, const uint8_t **pper,
                          size_t *plen) {
  h46017_q931_ie ie;

  if (!h46017_q931_find(msg, H46017_Q931_IE_USER_USER, &ie)) {
    return H46017_ERR_ABSENT;
  }
  if (ie.len == 0) {
    return H46017_ERR_UUIE;
  }
  if (ie.contents[0] != Q931_UU_DISCRIMINATOR) {
    return H46017_ERR_UNEXPECTED;
  }
  if (ie.len == 1) {
    return H46017_ERR_UUIE;
  }
  *pper = ie.contents + 1;
  *plen = ie.len - 1;
  return 0;
}

void h46017_q931_build_default_sized(h46017_q931_build *build, size_t size) {
  static const h46017_q931_build empty = {.struct_size = sizeof(empty)};
  h46017_settings_fill(build, size, &empty, sizeof(empty));
}

/* Where the message goes; with `buf` NULL it is only measured. */
typedef struct q931_out {
  uint8_t *buf;
  size_t len;
} q931_out;

static void q931_put(q931_out *out, const uint8_t *data, size_t len) {
  if (out->buf != NULL && len > 0) {
    memcpy(out->buf + out->len, data, len);
  }
  out->len = h46017_size_add(out->len, len);
}

static void q931_put_octet(q931_out *out, uint8_t octet) {
  q931_put(out, &octet, 1);
}

/* An element's id and length. */
static void q931_put_head(q931_out *out, uint8_t codeset, uint8_t id,
                          size_t len) {
  q931_put_octet(out, id);
  if (q931_ie_head(codeset, id) == 3) {
    q931_put_octet(out, (uint8_t)(len >> 8));
  }
  q931_put_octet(out, (uint8_t)len);
}

static void q931_put_user_user(q931_out *out, const h46017_q931_build *b) {
  q931_put_head(out, 0, H46017_Q931_IE_USER_USER, b->user_user_len + 1);
  q931_put_octet(out, Q931_UU_DISCRIMINATOR);
  q931_put(out, b->user_user, b->user_user_len);
}

/* A bit for each id of a codeset that the message has. */
typedef struct q931_ids {
  bool any;
  bool has[256];
} q931_ids;

static void q931_collect_ids(const h46017_q931_build *b, uint8_t codeset,
                             q931_ids *ids) {
  memset(ids, 0, sizeof(*ids));
  for (size_t i = 0; i < b->nies; i++) {
    if (b->ies[i].codeset == codeset && !q931_is_shift(b->ies[i].id)) {
      ids->any = true;
      ids->has[b->ies[i].id] = true;
    }
  }
}

/* The elements of one codeset: single octets first and in the order given
 * (some say something about what follows), then ascending. One pass for each
 * id that is there: a message of 30000 elements that a peer had us repeat does
 * not cost 30000 squared. */
static void q931_put_codeset(q931_out *out, const h46017_q931_build *b,
                             uint8_t codeset) {
  q931_ids ids;

  q931_collect_ids(b, codeset, &ids);
  if (ids.any && codeset > 0) {
    q931_put_octet(out, (uint8_t)(H46017_Q931_IE_SHIFT | codeset));
  }
  for (size_t i = 0; i < b->nies; i++) {
    uint8_t id = b->ies[i].id;
    if (id >= Q931_SINGLE_OCTET && b->ies[i].codeset == codeset &&
        !q931_is_shift(id)) {
      q931_put_octet(out, id);
    }
  }
  for (unsigned id = 0; id < Q931_SINGLE_OCTET; id++) {
    for (size_t i = 0; ids.has[id] && i < b->nies; i++) {
      const h46017_q931_ie *ie = &b->ies[i];
      if (ie->id == id && ie->codeset == codeset) {
        q931_put_head(out, codeset, ie->id, ie->len);
        q931_put(out, ie->contents, ie->len);
      }
    }
    if (codeset == 0 && id == H46017_Q931_IE_USER_USER &&
        b->user_user != NULL) {
      q931_put_user_user(out, b);
    }
  }
}

static void q931_put_message(q931_out *out, const h46017_q931_build *b) {
  q931_put_octet(out, Q931_DISCRIMINATOR);
  q931_put_octet(out, Q931_CALL_REFERENCE_LENGTH);
  q931_put_octet(out, (uint8_t)(b->call_reference >> 8 |
                                (b->call_reference_flag ? Q931_FLAG : 0)));
  q931_put_octet(out, (uint8_t)b->call_reference);
  q931_put_octet(out, b->type);
  for (uint8_t codeset = 0; codeset < Q931_CODESETS; codeset++) {
    q931_put_codeset(out, b, codeset);
  }
}

static int q931_check_ie(const h46017_q931_build *b, const h46017_q931_ie *ie) {
  size_t max = q931_ie_head(ie->codeset, ie->id) == 3 ? Q931_MAX_LEN : 0xff;

  if (ie->codeset >= Q931_CODESETS || (ie->contents == NULL && ie->len > 0) ||
      (ie->id >= Q931_SINGLE_OCTET && ie->len > 0) ||
      (b->user_user != NULL && ie->codeset == 0 &&
       ie->id == H46017_Q931_IE_USER_USER)) {
    return H46017_ERR_INVALID_ARGUMENT;
  }
  return ie->len > max ? H46017_ERR_OUT_OF_RANGE : 0;
}

static int q931_check_build(const h46017_q931_build *b) {
  if ((b->ies == NULL && b->nies > 0) ||
      (b->user_user == NULL && b->user_user_len > 0)) {
    return H46017_ERR_INVALID_ARGUMENT;
  }
  if (b->call_reference > H46017_Q931_MAX_CALL_REFERENCE ||
      b->user_user_len > Q931_MAX_LEN || b->nies > Q931_MAX_LEN) {
    return H46017_ERR_OUT_OF_RANGE;
  }
  for (size_t i = 0; i < b->nies; i++) {
    int rv = q931_check_ie(b, &b->ies[i]);
    if (rv != 0) {
      return rv;
    }
  }
  return 0;
}

int h46017_q931_encode(const h46017_q931_build *build, uint8_t *buf, size_t cap,
                       size_t *plen) {
  h46017_q931_build b = {.struct_size = sizeof(b)};
  q931_out out = {NULL, 0};
  int rv = h46017_settings_copy(&b, sizeof(b), sizeof(b), build);

  if (rv == 0) {
    rv = q931_check_build(&b);
  }
  if (rv != 0) {
    return rv;
  }
  q931_put_message(&out, &b);
  if (out.len > Q931_MAX_LEN) {
    return H46017_ERR_OUT_OF_RANGE;
  }
  *plen = out.len;
  if (out.len > cap || buf == NULL) {
    return buf == NULL && cap == 0 ? 0 : H46017_ERR_BUFFER_TOO_SMALL;
  }
  out.buf = buf;
  out.len = 0;
  q931_put_message(&out, &b);
  return 0;
}
