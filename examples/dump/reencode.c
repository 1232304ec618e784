/* SPDX-License-Identifier: BSD-2-Clause */
/* --reencode of a TPKT: decoded, put together again, encoded. What was
 * canonical comes out as it went in. */

#include <stdlib.h>
#include <string.h>

#include "frame.h"

/* User-User's protocol discriminator for H.323. */
#define DISCRIMINATOR_H323 5

/* Decodes and encodes each RAS message, puts it back where it was, and encodes
 * the user-user part. *puu, to be freed, is the contents of the element. */
static int user_user_again(dump *d, uint8_t **puu, size_t *plen,
                           dump_error *e) {
  size_t len = 0;
  int rv = 0;
  ras_cursor c = dump_ras_begin(d);
  while (dump_ras_next(&c)) {
    rv = h46017_h225_decode(d->ras, h46017_h225_ras_message(), c.per, c.len);
    rv = rv != 0 ? rv : dump_encode(d, d->ras, &len);
    if (rv != 0) {
      *e = dump_error_of(d->ras, rv, "ras");
      return rv;
    }
    rv = h46017_h225_set_octets(d->message, c.path, d->buf, len);
    if (rv != 0) {
      *e = dump_error_of(d->message, rv, "uuie");
      return rv;
    }
  }
  rv = dump_encode(d, d->message, &len);
  if (rv != 0) {
    *e = dump_error_of(d->message, rv, "uuie");
    return rv;
  }
  *puu = malloc(len + 1);
  if (*puu == NULL) {
    *e = dump_error_make(H46017_ERR_NOMEM, 0, h46017_strerror(H46017_ERR_NOMEM),
                         "uuie");
    return H46017_ERR_NOMEM;
  }
  (*puu)[0] = DISCRIMINATOR_H323;
  memcpy(*puu + 1, d->buf, len);
  *plen = len + 1;
  return 0;
}

/* Q.931 with the elements that it had, the first User-User but with other
 * contents where `uu` is not NULL; into d->buf. */
static int q931_again(dump *d, const h46017_q931 *msg, const uint8_t *uu,
                      size_t uu_len, size_t *plen) {
  h46017_q931_build build;
  h46017_q931_cursor at = H46017_Q931_CURSOR_INIT;
  h46017_q931_ie *ies = NULL;
  h46017_q931_ie ie;
  size_t cap = 0;
  size_t n = 0;
  int rv = 0;
  h46017_q931_build_default(&build);
  build.type = msg->type;
  build.call_reference = msg->call_reference;
  build.call_reference_flag = msg->call_reference_flag;
  while (rv == 0 && h46017_q931_next(msg, &at, &ie)) {
    if (n == cap) {
      cap = cap == 0 ? 16 : 2 * cap;
      h46017_q931_ie *larger = realloc(ies, cap * sizeof(*ies));
      if (larger == NULL) {
        rv = H46017_ERR_NOMEM;
        break;
      }
      ies = larger;
    }
    if (uu != NULL && ie.codeset == 0 && ie.id == H46017_Q931_IE_USER_USER) {
      ie.contents = uu;
      ie.len = uu_len;
      uu = NULL;
    }
    ies[n++] = ie;
  }
  build.ies = ies;
  build.nies = n;
  if (rv == 0) {
    rv = h46017_q931_encode(&build, NULL, 0, plen);
    if (rv == 0 || rv == H46017_ERR_BUFFER_TOO_SMALL) {
      rv = dump_reserve(d, *plen);
    }
  }
  if (rv == 0) {
    rv = h46017_q931_encode(&build, d->buf, d->buf_cap, plen);
  }
  free(ies);
  return rv;
}

/* A nationally specific message has no elements to write: it, and a keep-alive,
 * come out as they came in. */
int dump_frame_again(dump *d, frame *f) {
  uint8_t header[H46017_TPKT_HEADER];
  uint8_t *uu = NULL;
  size_t uu_len = 0;
  size_t len = f->pdu->len - H46017_TPKT_HEADER;
  int rv = f->error.code;
  if (rv == 0 && f->has_uuie) {
    rv = user_user_again(d, &uu, &uu_len, &f->error);
  }
  bool copied = !f->has_q931 || f->q931.type == H46017_Q931_NATIONAL_ESCAPE;
  if (rv == 0 && !copied) {
    rv = q931_again(d, &f->q931, uu, uu_len, &len);
  }
  free(uu);
  rv = rv != 0 ? rv : h46017_tpkt_write_header(header, len);
  if (rv == 0) {
    text_hex(d->out, header, sizeof(header));
    text_hex(d->out, copied ? f->pdu->data + H46017_TPKT_HEADER : d->buf, len);
  } else if (f->error.code == 0) {
    f->error = dump_error_make(rv, 0, h46017_strerror(rv), "q931");
  }
  putc('\n', d->out);
  return rv;
}
