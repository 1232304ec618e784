/* SPDX-License-Identifier: BSD-2-Clause */
#include "tls/place.h"

#include <h46017/error.h>

#include <openssl/err.h>

static void place_forget(void *parent, void *ptr, CRYPTO_EX_DATA *ad, int idx,
                         long argl, void *argp) {
  const h46017_tls_place *place = argp;

  (void)parent;
  (void)ad;
  (void)idx;
  (void)argl;
  if (ptr != NULL) {
    place->forget(ptr);
  }
}

/* OpenSSL's number: asked for once a process. Negative without memory. */
static int place_index(h46017_tls_place *place) {
  int known = atomic_load(&place->known);
  int mine;

  if (known != 0) {
    return known - 1;
  }
  mine = CRYPTO_get_ex_new_index(place->class_index, 0, place, NULL, NULL,
                                 place_forget);
  if (mine >= 0 &&
      !atomic_compare_exchange_strong(&place->known, &known, mine + 1)) {
    /* another thread was faster */
    (void)CRYPTO_free_ex_index(place->class_index, mine);
    return known - 1;
  }
  return mine;
}

static int place_set(const h46017_tls_place *place, int index, void *object,
                     void *ours) {
  switch (place->class_index) {
  case CRYPTO_EX_INDEX_SSL:
    return SSL_set_ex_data(object, index, ours);
  case CRYPTO_EX_INDEX_SSL_CTX:
    return SSL_CTX_set_ex_data(object, index, ours);
  default:
    return X509_set_ex_data(object, index, ours);
  }
}

int h46017_tls_place_put(h46017_tls_place *place, void *object, void *ours) {
  int index = place_index(place);
  void *before = h46017_tls_place_get(place, object);

  if (index < 0 || place_set(place, index, object, ours) != 1) {
    ERR_clear_error();
    return H46017_ERR_NOMEM;
  }
  if (before != NULL) {
    place->forget(before);
  }
  return 0;
}

void *h46017_tls_place_get(h46017_tls_place *place, const void *object) {
  int index = place_index(place);

  if (index < 0) {
    return NULL;
  }
  switch (place->class_index) {
  case CRYPTO_EX_INDEX_SSL:
    return SSL_get_ex_data(object, index);
  case CRYPTO_EX_INDEX_SSL_CTX:
    return SSL_CTX_get_ex_data(object, index);
  default:
    return X509_get_ex_data(object, index);
  }
}
