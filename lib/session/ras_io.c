/* SPDX-License-Identifier: BSD-2-Clause */
#include "session/ras_io.h"

#include "base/intmath.h"
#include "base/mem.h"

#include <h46017/error.h>

/* What an XRS gives back of a message: enough to know it by, and never more
 * than the tunnel takes. */
#define XRS_MAX 1024U

static int ras_encode(const h46017_ras_writer *w, size_t *plen) {
  size_t size;
  uint8_t *scratch;
  int rv = h46017_h235_encode(w->message, w->secret, *w->scratch,
                              *w->scratch_size, plen);

  if (rv != H46017_ERR_BUFFER_TOO_SMALL && (rv != 0 || *w->scratch != NULL)) {
    return rv; /* without a buffer it only told the size */
  }
  size = *plen + 64;
  scratch = h46017_mem_resize(w->mem, *w->scratch, size);
  if (scratch == NULL) {
    return H46017_ERR_NOMEM;
  }
  *w->scratch = scratch;
  *w->scratch_size = size;
  return h46017_h235_encode(w->message, w->secret, scratch, size, plen);
}

int h46017_ras_write_built(const h46017_ras_writer *w, h46017_tunnel *t,
                           h46017_ras_kind kind) {
  size_t len = 0;
  int rv = w->building(w->owner, w->message, kind);

  if (rv == 0 && w->secret != NULL) {
    rv = h46017_h235_add(w->message, w->secret, w->token);
  }
  if (rv == 0) {
    rv = ras_encode(w, &len);
  }
  if (rv == 0 && w->plen != NULL) {
    *w->plen = len;
  }
  return rv != 0 ? rv : h46017_tunnel_write_ras(t, *w->scratch, len);
}

int h46017_ras_write(const h46017_ras_writer *w, h46017_tunnel *t,
                     const h46017_ras *ras) {
  int rv = h46017_ras_build(w->message, ras);

  return rv != 0 ? rv : h46017_ras_write_built(w, t, ras->kind);
}

int h46017_ras_read(h46017_h225 *msg, const uint8_t *per, size_t len,
                    const h46017_log *log, h46017_ras *out) {
  int rv = h46017_h225_decode(msg, h46017_h225_ras_message(), per, len);

  if (rv == 0) {
    rv = h46017_ras_view(msg, out);
  }
  if (rv != 0 && !h46017_error_is_fatal(rv)) {
    const h46017_h225_error *e = h46017_h225_last_error(msg);
    h46017_log_code(log, H46017_LOG_WARN, H46017_ERR_RAS,
                    "malformed RAS message: %s (%s) at octet %zu, %s",
                    h46017_strerror(rv), e->text != NULL ? e->text : "",
                    e->offset, e->path != NULL ? e->path : "");
    return H46017_ERR_RAS;
  }
  return rv;
}

bool h46017_ras_is_request(h46017_ras_kind kind) {
  switch (kind) {
  case H46017_RAS_UNKNOWN:
  case H46017_RAS_GRQ:
  case H46017_RAS_RRQ:
  case H46017_RAS_URQ:
  case H46017_RAS_ARQ:
  case H46017_RAS_BRQ:
  case H46017_RAS_DRQ:
  case H46017_RAS_LRQ:
  case H46017_RAS_IRQ:
  case H46017_RAS_NSM:
  case H46017_RAS_RAI:
  case H46017_RAS_SCI:
    return true;
  case H46017_RAS_GCF:
  case H46017_RAS_GRJ:
  case H46017_RAS_RCF:
  case H46017_RAS_RRJ:
  case H46017_RAS_UCF:
  case H46017_RAS_URJ:
  case H46017_RAS_ACF:
  case H46017_RAS_ARJ:
  case H46017_RAS_BCF:
  case H46017_RAS_BRJ:
  case H46017_RAS_DCF:
  case H46017_RAS_DRJ:
  case H46017_RAS_LCF:
  case H46017_RAS_LRJ:
  case H46017_RAS_IRR:
  case H46017_RAS_XRS:
  case H46017_RAS_RIP:
  case H46017_RAS_RAC:
  case H46017_RAS_IACK:
  case H46017_RAS_INAK:
  case H46017_RAS_SCR:
  case H46017_RAS_ACF_SEQUENCE:
    break;
  }
  return false;
}

void h46017_ras_not_understood(h46017_ras *answer, uint16_t seq,
                               const uint8_t *per, size_t len) {
  *answer = (h46017_ras){.kind = H46017_RAS_XRS,
                         .request_seq_num = seq != 0 ? seq : 1};
  answer->u.xrs.message_not_understood = per;
  answer->u.xrs.message_not_understood_len = H46017_MIN(len, XRS_MAX);
}
