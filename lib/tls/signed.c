/* SPDX-License-Identifier: BSD-2-Clause */
#include "tls/place.h"
#include "tls/trust.h"

#include <string.h>

/* Who signed a certificate never changes: a note with its X509, which a
 * session keeps. Whether that counts, by the list, the time, the name and the
 * profile, is never noted (doc/adr/0008-a-signature-is-verified-once.md). */

typedef struct signed_note {
  uint8_t id[H46017_CERT_ID_LEN]; /* an X509 can be changed */
  uint8_t issuer[H46017_CERT_ID_LEN];
} signed_note;

static void signed_forget(void *ours) {
  OPENSSL_free(ours);
}

static h46017_tls_place signed_place = {CRYPTO_EX_INDEX_X509, signed_forget, 0};

static bool signed_fill(signed_note *note, const X509 *x, const X509 *issuer) {
  return X509_digest(x, EVP_sha256(), note->id, NULL) == 1 &&
         X509_digest(issuer, EVP_sha256(), note->issuer, NULL) == 1;
}

void h46017_tls_note_signed(X509_STORE_CTX *store) {
  STACK_OF(X509) *chain = X509_STORE_CTX_get0_chain(store);
  /* what others may look at now, of a trust list, is no peer's */
  int peers = X509_STORE_CTX_get_num_untrusted(store);

  if (X509_STORE_CTX_get_error(store) != X509_V_OK) {
    return; /* a callback of the program's passed over something */
  }
  for (int i = 0; i < peers && i + 1 < sk_X509_num(chain); i++) {
    X509 *x = sk_X509_value(chain, i);
    signed_note *note = OPENSSL_malloc(sizeof(*note));

    if (note == NULL || !signed_fill(note, x, sk_X509_value(chain, i + 1)) ||
        h46017_tls_place_put(&signed_place, x, note) != 0) {
      OPENSSL_free(note);
      return; /* it is verified again */
    }
  }
}

static bool signed_is_noted(const X509 *x, const X509 *issuer) {
  const signed_note *note = h46017_tls_place_get(&signed_place, x);
  signed_note is;

  return note != NULL && signed_fill(&is, x, issuer) &&
         memcmp(&is, note, sizeof(is)) == 0;
}

/* OpenSSL's internal_verify(): what it asks beside signatures is the time. */
static int signed_verify(X509_STORE_CTX *store) {
  STACK_OF(X509) *chain = X509_STORE_CTX_get0_chain(store);
  X509_VERIFY_PARAM *param = X509_STORE_CTX_get0_param(store);
  int last = sk_X509_num(chain) - 1;
  /* of the anchor's own signature there is no note */
  bool good = (X509_VERIFY_PARAM_get_flags(param) &
               X509_V_FLAG_CHECK_SS_SIGNATURE) == 0;

  for (int i = 0; good && i <= last; i++) {
    const X509 *x = sk_X509_value(chain, i);

    good = X509_cmp_timeframe(param, X509_get0_notBefore(x),
                              X509_get0_notAfter(x)) == 0 &&
           (i == last || signed_is_noted(x, sk_X509_value(chain, i + 1)));
  }
  return good ? 1 : 0; /* without an error of its own it is UNSPECIFIED */
}

void h46017_tls_believe_signed(X509_STORE_CTX *store) {
  X509_STORE_CTX_set_verify(store, signed_verify);
}
