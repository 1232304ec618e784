/* SPDX-License-Identifier: BSD-2-Clause */
#include "tls/credential.h"
#include "tls/place.h"

/* A server told by its whole subject. X509_VERIFY_PARAM has no place for one:
 * it stays with the SSL, and is asked where its certificate is judged. */

static void subject_forget(void *ours) {
  X509_NAME_free(ours);
}

static h46017_tls_place subject_place = {CRYPTO_EX_INDEX_SSL, subject_forget,
                                         0};

int h46017_tls_expect_subject(SSL *ssl, const char *dn) {
  X509_NAME *name;
  int rv;

  if (ssl == NULL || dn == NULL) {
    return H46017_ERR_INVALID_ARGUMENT;
  }
  ERR_clear_error();
  name = X509_NAME_new();
  rv = name != NULL ? h46017_dn_parse(name, dn) : H46017_ERR_NOMEM;
  if (rv == 0) {
    rv = h46017_tls_place_put(&subject_place, ssl, name);
  }
  if (rv != 0) {
    X509_NAME_free(name);
    ERR_clear_error();
  }
  return rv;
}

bool h46017_tls_is_subject(const SSL *ssl, const X509 *leaf) {
  const X509_NAME *name = h46017_tls_place_get(&subject_place, ssl);

  /* case and blanks do not count, nor how the text is encoded */
  return name == NULL || X509_NAME_cmp(X509_get_subject_name(leaf), name) == 0;
}
