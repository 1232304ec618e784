/* SPDX-License-Identifier: BSD-2-Clause */
#include "tls/internal.h"

#include "base/settings.h"

#include <string.h>

void h46017_tls_behind_default_sized(h46017_tls_behind *behind, size_t size) {
  h46017_tls_behind def;

  memset(&def, 0, sizeof(def));
  h46017_settings_fill(behind, size, &def, sizeof(def));
}

int h46017_tls_attach(h46017_tls *t, const h46017_tls_behind *behind,
                      void *object) {
  h46017_tls_behind known;
  int rv;

  if (t == NULL || object == NULL) {
    return H46017_ERR_INVALID_ARGUMENT;
  }
  h46017_tls_behind_default(&known);
  rv = h46017_settings_copy(&known, sizeof(known), sizeof(h46017_tls_behind),
                            behind);
  if (rv != 0) {
    return rv;
  }
  if (known.recv == NULL || known.peek_tx == NULL || known.ack_tx == NULL) {
    return H46017_ERR_INVALID_ARGUMENT;
  }
  if (t->object != NULL || t->error != 0 ||
      (t->state != H46017_TLS_HANDSHAKE &&
       !(t->inside && t->state == H46017_TLS_UP))) {
    return H46017_ERR_INVALID_STATE;
  }
  t->behind = known;
  t->object = object;
  return 0;
}

void h46017_tls_detach(h46017_tls *t) {
  t->object = NULL;
}
