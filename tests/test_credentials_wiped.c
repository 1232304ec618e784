/* SPDX-License-Identifier: BSD-2-Clause */
/* What was a private key in memory is not there any more when the memory is
 * given back: every block that the library or OpenSSL frees is looked at. */
#include "runner.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/x509.h>

#include <h46017/credentials.h>

#include <check.h>
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TEXT_MAX 4096
#define MARK 24

/* Of the key as PEM: what no other text has. */
static struct {
  char octets[MARK];
  bool set;
  uint32_t found;
} mark;

static void look(void *p) {
  const char *at = p;
  size_t size = mark.set && p != NULL ? malloc_usable_size(p) : 0;

  for (; size >= MARK; at++, size--) {
    if (memcmp(at, mark.octets, MARK) == 0) {
      mark.found++;
      return;
    }
  }
}

/* -- both allocators ------------------------------------------------------- */

static void *seen_malloc(size_t size, void *user_data) {
  (void)user_data;
  return calloc(1, size); /* old contents are nobody's */
}

static void seen_free(void *p, void *user_data) {
  (void)user_data;
  look(p);
  free(p);
}

static void *seen_calloc(size_t n, size_t size, void *user_data) {
  (void)user_data;
  return calloc(n, size);
}

/* Moves always: what stays behind is looked at. */
static void *seen_realloc(void *p, size_t size, void *user_data) {
  size_t old = p != NULL ? malloc_usable_size(p) : 0;
  void *q = calloc(1, size);

  if (q != NULL && p != NULL) {
    memcpy(q, p, old < size ? old : size);
    seen_free(p, user_data);
  }
  return q;
}

static void *ssl_malloc(size_t size, const char *file, int line) {
  (void)file;
  (void)line;
  return size > 0 ? seen_malloc(size, NULL) : NULL;
}

static void *ssl_realloc(void *p, size_t size, const char *file, int line) {
  (void)file;
  (void)line;
  if (size > 0) {
    return seen_realloc(p, size, NULL);
  }
  seen_free(p, NULL);
  return NULL;
}

static void ssl_free(void *p, const char *file, int line) {
  (void)file;
  (void)line;
  seen_free(p, NULL);
}

static const h46017_mem seen = {NULL, seen_malloc, seen_free, seen_calloc,
                                seen_realloc};

/* -- one key's life -------------------------------------------------------- */

static char pem[TEXT_MAX];
static size_t pem_len;

static int keep(const uint8_t *data, size_t len, void *user_data) {
  (void)user_data;
  ck_assert_uint_lt(len, sizeof(pem));
  memcpy(pem, data, len);
  pem[len] = '\0';
  pem_len = len;
  return 0;
}

static h46017_credential *make(void) {
  h46017_cert_spec spec;
  h46017_credential *cred = NULL;

  h46017_cert_spec_default(&spec);
  spec.cn = "x";
  ck_assert_int_eq(h46017_credential_selfsigned(&cred, &spec, NULL, &seen), 0);
  return cred;
}

/* The second line of a P-256 key in PKCS#8 begins in the secret itself. */
static void mark_key(const h46017_credential *cred) {
  const char *line;

  ck_assert_int_eq(h46017_credential_export(cred, H46017_EXPORT_PEM,
                                            H46017_EXPORT_KEY_ALONE, NULL, keep,
                                            NULL),
                   0);
  line = strstr(pem, "PRIVATE KEY-----\n");
  ck_assert_ptr_nonnull(line);
  line += strlen("PRIVATE KEY-----\n") + 65;
  memcpy(mark.octets, line, MARK);
  mark.found = 0;
  mark.set = true;
}

/* Credentials in a directory of their own. */
typedef struct keeping {
  char path[32];
  h46017_store_dir *dir;
  h46017_credentials *c;
} keeping;

static void keeping_open(keeping *k) {
  h46017_store store;

  *k = (keeping){.path = "/tmp/h46017-wiped-XXXXXX"};
  ck_assert_ptr_nonnull(mkdtemp(k->path));
  ck_assert_int_eq(h46017_store_dir_new(&k->dir, k->path, &seen), 0);
  h46017_store_dir_store(k->dir, &store);
  ck_assert_int_eq(h46017_credentials_new(&k->c, &store, &seen), 0);
}

static void keeping_close(keeping *k) {
  char command[64];

  h46017_credentials_del(k->c);
  h46017_store_dir_del(k->dir);
  (void)snprintf(command, sizeof(command), "rm -rf %s", k->path);
  ck_assert_int_eq(system(command), 0); /* NOLINT: a path of our own */
}

START_TEST(the_hooks_find_what_is_left) {
  h46017_credential *cred = make();
  char *copy;

  mark_key(cred);
  copy = OPENSSL_malloc(pem_len);
  memcpy(copy, pem, pem_len);
  OPENSSL_free(copy);
  ck_assert_uint_eq(mark.found, 1);
  mark.set = false;
  h46017_credential_del(cred);
}
END_TEST

START_TEST(exported_and_imported_a_key_leaves_no_text_behind) {
  h46017_credential *cred = make();
  h46017_credential *back = NULL;

  mark_key(cred);
  ck_assert_int_eq(
      h46017_credential_export(cred, H46017_EXPORT_PEM,
                               H46017_EXPORT_CHAIN | H46017_EXPORT_PRIVATE_KEY,
                               NULL, keep, NULL),
      0);
  ck_assert_uint_eq(mark.found, 0);
  ck_assert_int_eq(h46017_credential_import(&back, (const uint8_t *)pem,
                                            pem_len, NULL, 0, NULL, true, NULL,
                                            &seen),
                   0);
  h46017_credential_del(back);
  h46017_credential_del(cred);
  ck_assert_uint_eq(mark.found, 0);
  mark.set = false;
}
END_TEST

START_TEST(kept_and_read_back_a_key_leaves_no_text_behind) {
  h46017_credential *cred = make();
  h46017_credential *back = NULL;
  keeping k;

  mark_key(cred);
  keeping_open(&k);
  ck_assert_int_eq(h46017_credentials_put(k.c, NULL, cred), 0);
  ck_assert_int_eq(h46017_credentials_get(k.c, NULL, &back), 0);
  ck_assert_int_eq(
      X509_cmp(h46017_credential_leaf(back), h46017_credential_leaf(cred)), 0);
  ck_assert_int_eq(h46017_credentials_remove(k.c, NULL), 0);
  h46017_credential_del(back);
  keeping_close(&k);
  h46017_credential_del(cred);
  ck_assert_uint_eq(mark.found, 0);
  mark.set = false;
}
END_TEST

START_TEST(a_request_s_key_leaves_no_text_behind) {
  char id[H46017_CSR_ID_MAX];
  h46017_cert_spec spec;
  h46017_credential *cred = make();
  keeping k;

  mark_key(cred);
  h46017_cert_spec_default(&spec);
  spec.cn = "x";
  keeping_open(&k);
  ck_assert_int_eq(h46017_csr_new(k.c, &spec, cred, id), 0);
  ck_assert_int_eq(h46017_csr_get(k.c, id, false, keep, NULL), 0);
  ck_assert_ptr_null(strstr(pem, "PRIVATE"));
  ck_assert_int_eq(h46017_csr_remove(k.c, id), 0);
  keeping_close(&k);
  h46017_credential_del(cred);
  ck_assert_uint_eq(mark.found, 0);
  mark.set = false;
}
END_TEST

int main(void) {
  Suite *s = suite_create("credentials_wiped");
  TCase *t = tcase_create("wiped");

  /* before OpenSSL has anything */
  if (CRYPTO_set_mem_functions(ssl_malloc, ssl_realloc, ssl_free) != 1) {
    fprintf(stderr, "OpenSSL's allocator cannot be replaced\n");
    return EXIT_FAILURE;
  }
  tcase_set_timeout(t, 60);
  tcase_add_test(t, the_hooks_find_what_is_left);
  tcase_add_test(t, exported_and_imported_a_key_leaves_no_text_behind);
  tcase_add_test(t, kept_and_read_back_a_key_leaves_no_text_behind);
  tcase_add_test(t, a_request_s_key_leaves_no_text_behind);
  suite_add_tcase(s, t);
  return run_suite(s);
}
