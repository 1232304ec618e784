/* SPDX-License-Identifier: BSD-2-Clause */
#include "tls/credential.h"
#include "tls/place.h"

/* A server told by its whole subject. X509_VERIFY_PARAM has no place for one:
 * it stays with the SSL, and is asked where its certificate is judged. */

static void subject_forget(void *parent, void *ptr, CRYPTO_EX_DATA *ad, int idx,
                           long argl, void *argp) {
  (void)parent;
  (void)ad;
  (void)idx;
  (void)argl;
  (void)argp;
  X509_NAME_free(ptr);
}

static h46017_tls_place subject_place = {CRYPTO_EX_INDEX_SSL, subject_forget,
                                         0};

int h46017_tls_expect_subject(SSL *ssl, const char *dn) {
  X509_NAME *name;
  X509_NAME *old;
  int index;
  int rv;

  if (ssl == NULL || dn == NULL) {
    return H46017_ERR_INVALID_ARGUMENT;
  }
  ERR_clear_error();
  index = h46017_tls_place_index(&subject_place);
  name = X509_NAME_new();
  rv = index < 0 || name == NULL ? H46017_ERR_NOMEM : h46017_dn_parse(name, dn);
  if (rv == 0) {
    old = SSL_get_ex_data(ssl, index);
    rv = SSL_set_ex_data(ssl, index, name) == 1 ? 0 : H46017_ERR_NOMEM;
    if (rv == 0) {
      X509_NAME_free(old);
      return 0;
    }
  }
  X509_NAME_free(name);
  ERR_clear_error();
  return rv;
}

bool h46017_tls_is_subject(const SSL *ssl, const X509 *leaf) {
  int index = h46017_tls_place_index(&subject_place);
  const X509_NAME *name = index < 0 ? NULL : SSL_get_ex_data(ssl, index);

  /* case and blanks do not count, nor how the text is encoded */
  return name == NULL || X509_NAME_cmp(X509_get_subject_name(leaf), name) == 0;
}
