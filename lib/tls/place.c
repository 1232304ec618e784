/* SPDX-License-Identifier: BSD-2-Clause */
#include "tls/place.h"

int h46017_tls_place_index(h46017_tls_place *place) {
  int known = atomic_load(&place->known);
  int mine;

  if (known != 0) {
    return known - 1;
  }
  mine = CRYPTO_get_ex_new_index(place->class_index, 0, NULL, NULL, NULL,
                                 place->forget);
  if (mine >= 0 &&
      !atomic_compare_exchange_strong(&place->known, &known, mine + 1)) {
    /* another thread was faster */
    (void)CRYPTO_free_ex_index(place->class_index, mine);
    return known - 1;
  }
  return mine;
}
