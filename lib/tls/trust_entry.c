/* SPDX-License-Identifier: BSD-2-Clause */
#include "tls/trust.h"

#include "base/text.h"

#include <openssl/pem.h>

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ENTRY_TEXT_MAX 1024 /* octets of a header's value */

/* -- names ---------------------------------------------------------------- */

void h46017_trust_hex(const uint8_t id[H46017_CERT_ID_LEN], char out[65]) {
  static const char digits[] = "0123456789abcdef";

  for (size_t i = 0; i < H46017_CERT_ID_LEN; i++) {
    out[2 * i] = digits[id[i] >> 4];
    out[2 * i + 1] = digits[id[i] & 15];
  }
  out[64] = '\0';
}

void h46017_trust_entry_name(const uint8_t id[H46017_CERT_ID_LEN],
                             char out[70]) {
  h46017_trust_hex(id, out);
  memcpy(out + 64, ".pem", sizeof(".pem"));
}

static int entry_digit(char c) {
  return c >= '0' && c <= '9'   ? c - '0'
         : c >= 'a' && c <= 'f' ? c - 'a' + 10
                                : -1;
}

bool h46017_trust_entry_id(const char *name, uint8_t id[H46017_CERT_ID_LEN]) {
  for (size_t i = 0; i < H46017_CERT_ID_LEN; i++) {
    int high = entry_digit(name[2 * i]);
    int low = high >= 0 ? entry_digit(name[2 * i + 1]) : -1;

    if (low < 0) {
      return false;
    }
    id[i] = (uint8_t)(high << 4 | low);
  }
  return strcmp(name + 64, ".pem") == 0;
}

bool h46017_trust_is_digits(const char *digits) {
  size_t len = digits != NULL ? strspn(digits, "0123456789abcdefABCDEF") : 0;

  return len > 0 && len <= 64 && digits[len] == '\0';
}

bool h46017_trust_begins(const uint8_t id[H46017_CERT_ID_LEN],
                         const char *digits) {
  char hex[65];
  size_t len = strlen(digits);

  h46017_trust_hex(id, hex);
  return len <= 64 && h46017_text_equal_nocase(hex, len, digits, len);
}

const char *h46017_trust_kind_name(h46017_trust_kind kind) {
  switch (kind) {
  case H46017_TRUST_AUTO:
    return "auto";
  case H46017_TRUST_AUTHORITY:
    return "authority";
  case H46017_TRUST_END_ENTITY:
    return "end-entity";
  }
  return "unknown";
}

h46017_trust_kind h46017_trust_kind_of(X509 *x) {
  uint32_t flags = X509_get_extension_flags(x);

  /* X509_get_key_usage() says "all" where the extension is not there */
  return (flags & EXFLAG_CA) != 0 && (flags & EXFLAG_KUSAGE) != 0 &&
                 (X509_get_key_usage(x) & KU_KEY_CERT_SIGN) != 0
             ? H46017_TRUST_AUTHORITY
             : H46017_TRUST_END_ENTITY;
}

/* -- an item -------------------------------------------------------------- */

bool h46017_trust_item_set(const h46017_mem *mem, const char **field,
                           const char *text) {
  char *copy = h46017_mem_strndup(mem, text, strlen(text));

  if (copy == NULL) {
    return false;
  }
  h46017_mem_release(mem, (void *)(uintptr_t)*field);
  *field = copy;
  return true;
}

static bool entry_set_name(const h46017_mem *mem, const char **field,
                           const X509_NAME *name) {
  BIO *bio = NULL;
  const char *text = h46017_tls_print_name(&bio, name);
  bool done = text != NULL && h46017_trust_item_set(mem, field, text);

  BIO_free(bio);
  return done;
}

static bool entry_set_der(const h46017_mem *mem, h46017_trust_entry *e,
                          X509 *x) {
  int len = i2d_X509(x, NULL);
  unsigned char *der = len > 0 ? h46017_mem_alloc(mem, (size_t)len) : NULL;
  unsigned char *at = der;

  if (der == NULL) {
    return false;
  }
  e->der = der;
  e->der_len = (size_t)len;
  return i2d_X509(x, &at) == len;
}

static bool entry_fill(const h46017_mem *mem, h46017_trust_entry *e, X509 *x) {
  unsigned char *cn = NULL;
  size_t cn_len = h46017_tls_common_name(x, &cn);
  bool done = true;

  if (cn_len > 0) {
    e->cn = h46017_mem_strndup(mem, (const char *)cn, cn_len);
    done = e->cn != NULL;
  }
  OPENSSL_free(cn);
  return done && entry_set_der(mem, e, x) &&
         X509_digest(x, EVP_sha256(), e->id, NULL) == 1 &&
         h46017_tls_validity(x, &e->not_before, &e->not_after) &&
         entry_set_name(mem, &e->subject, X509_get_subject_name(x)) &&
         entry_set_name(mem, &e->issuer, X509_get_issuer_name(x)) &&
         h46017_trust_item_set(mem, &e->label, "") &&
         h46017_trust_item_set(mem, &e->origin, "file");
}

bool h46017_trust_item_set_kind(h46017_trust_item *item, X509 *x,
                                h46017_trust_kind kind) {
  X509 *authority = kind == H46017_TRUST_AUTHORITY ? x : NULL;

  if (authority != NULL && X509_up_ref(authority) != 1) {
    return false;
  }
  X509_free(item->authority);
  item->authority = authority;
  item->entry.kind = kind;
  return true;
}

h46017_trust_item *h46017_trust_item_new(const h46017_mem *mem, X509 *x) {
  h46017_trust_item *item = h46017_mem_zalloc(mem, 1, sizeof(*item));

  if (item == NULL) {
    return NULL;
  }
  if (!h46017_trust_item_set_kind(item, x, h46017_trust_kind_of(x)) ||
      !entry_fill(mem, &item->entry, x)) {
    h46017_trust_item_free(mem, item);
    ERR_clear_error();
    return NULL;
  }
  return item;
}

static void entry_free(const h46017_mem *mem, h46017_trust_item *item) {
  const h46017_trust_entry *e = &item->entry;

  h46017_mem_release(mem, (void *)(uintptr_t)e->label);
  h46017_mem_release(mem, (void *)(uintptr_t)e->origin);
  h46017_mem_release(mem, (void *)(uintptr_t)e->subject);
  h46017_mem_release(mem, (void *)(uintptr_t)e->issuer);
  h46017_mem_release(mem, (void *)(uintptr_t)e->cn);
  h46017_mem_release(mem, (void *)(uintptr_t)e->der);
  h46017_mem_release(mem, item->name);
  X509_free(item->authority);
  h46017_mem_release(mem, item);
}

void h46017_trust_item_free(const h46017_mem *mem, h46017_trust_item *item) {
  while (item != NULL) {
    h46017_trust_item *twin = item->twin;

    entry_free(mem, item);
    item = twin;
  }
}

/* -- as text -------------------------------------------------------------- */

bool h46017_trust_put_header(BIO *bio, const char *key, const char *value) {
  bool done = BIO_printf(bio, "%s: ", key) > 0;

  for (const char *p = value; done && *p != '\0'; p++) {
    /* a line break would begin another header, dashes at the front a PEM
     * block; this never stands at the front */
    bool control = (unsigned char)*p < 0x20 || *p == 0x7f;

    done = BIO_write(bio, control ? " " : p, 1) == 1;
  }
  return done && BIO_write(bio, "\n", 1) == 1;
}

/* The lines before the first PEM block, or all of them. */
bool h46017_trust_header(const uint8_t *data, size_t len, const char *key,
                         char *out, size_t size) {
  size_t key_len = strlen(key);
  size_t pos = 0;

  while (pos < len && data[pos] != '-') {
    const uint8_t *end = memchr(data + pos, '\n', len - pos);
    size_t stop = end != NULL ? (size_t)(end - data) : len;
    size_t from = pos + key_len + 2;

    if (stop >= from && memcmp(data + pos, key, key_len) == 0 &&
        data[pos + key_len] == ':' && data[pos + key_len + 1] == ' ') {
      size_t n = stop - from;

      if (n >= size) {
        return false;
      }
      memcpy(out, data + from, n);
      out[n] = '\0';
      return h46017_text_is_valid(out, n);
    }
    pos = stop + 1;
  }
  return false;
}

BIO *h46017_trust_item_write(const h46017_trust_item *item) {
  const h46017_trust_entry *e = &item->entry;
  const unsigned char *der = e->der;
  X509 *x = d2i_X509(NULL, &der, (long)e->der_len);
  BIO *bio = BIO_new(BIO_s_mem());
  char added[24];
  bool done;

  (void)snprintf(added, sizeof(added), "%lld", (long long)e->added_at);
  done =
      x != NULL && bio != NULL &&
      h46017_trust_put_header(bio, "Kind", h46017_trust_kind_name(e->kind)) &&
      h46017_trust_put_header(bio, "Label", e->label) &&
      h46017_trust_put_header(bio, "Origin", e->origin) &&
      h46017_trust_put_header(bio, "Added", added) &&
      h46017_trust_put_header(bio, "Subject", e->subject) &&
      h46017_trust_put_header(bio, "Issuer", e->issuer) &&
      PEM_write_bio_X509(bio, x) == 1;
  X509_free(x);
  if (!done) {
    BIO_free(bio);
    ERR_clear_error();
    return NULL;
  }
  return bio;
}

static int entry_first(X509 *x, void *user_data) {
  X509 **px = user_data;

  if (x == NULL) {
    return H46017_ERR_FORMAT;
  }
  if (*px == NULL) {
    X509_up_ref(x);
    *px = x;
  }
  return 0;
}

static int entry_read_kind(h46017_trust_item *item, X509 *x, const char *text) {
  h46017_trust_kind kind;

  if (strcmp(text, "authority") == 0 && X509_check_ca(x) != 0) {
    kind = H46017_TRUST_AUTHORITY;
  } else if (strcmp(text, "end-entity") == 0) {
    kind = H46017_TRUST_END_ENTITY;
  } else {
    return H46017_ERR_FORMAT; /* when in doubt, no trust */
  }
  return h46017_trust_item_set_kind(item, x, kind) ? 0 : H46017_ERR_NOMEM;
}

static int entry_read_headers(const h46017_mem *mem, h46017_trust_item *item,
                              X509 *x, const uint8_t *data, size_t len) {
  h46017_trust_entry *e = &item->entry;
  char text[ENTRY_TEXT_MAX];

  if (h46017_trust_header(data, len, "Kind", text, sizeof(text))) {
    int rv = entry_read_kind(item, x, text);

    if (rv != 0) {
      return rv;
    }
  }
  if (h46017_trust_header(data, len, "Added", text, sizeof(text))) {
    e->added_at = strtoll(text, NULL, 10);
  }
  if (h46017_trust_header(data, len, "Label", text, sizeof(text)) &&
      !h46017_trust_item_set(mem, &e->label, text)) {
    return H46017_ERR_NOMEM;
  }
  if (h46017_trust_header(data, len, "Origin", text, sizeof(text)) &&
      !h46017_trust_item_set(mem, &e->origin, text)) {
    return H46017_ERR_NOMEM;
  }
  return 0;
}

int h46017_trust_item_read(const h46017_mem *mem, h46017_trust_item **pitem,
                           const uint8_t *data, size_t len) {
  h46017_trust_item *item = NULL;
  X509 *x = NULL;
  int rv = h46017_trust_scan(data, len, entry_first, &x);

  if (rv == 0) {
    item = h46017_trust_item_new(mem, x);
    rv = item == NULL ? H46017_ERR_NOMEM
                      : entry_read_headers(mem, item, x, data, len);
  }
  X509_free(x);
  if (rv != 0) {
    h46017_trust_item_free(mem, item);
    return rv;
  }
  *pitem = item;
  return 0;
}

/* -- PEM and DER ---------------------------------------------------------- */

/* Exactly one certificate, with nothing after it. */
static X509 *entry_from_der(const uint8_t *der, size_t len) {
  const unsigned char *at = der;
  X509 *x = d2i_X509(NULL, &at, (long)len); /* INT_MAX at the most */

  if ((size_t)(at - der) != len) {
    X509_free(x);
    x = NULL;
  }
  ERR_clear_error();
  return x;
}

static int entry_tell(X509 *x, int (*found)(X509 *x, void *user_data),
                      void *user_data) {
  int rv = found(x, user_data);

  X509_free(x);
  return rv;
}

static bool entry_is_certificate(const char *name) {
  return strcmp(name, PEM_STRING_X509) == 0 ||
         strcmp(name, PEM_STRING_X509_OLD) == 0;
}

/* Text between the blocks and blocks of other things are passed over. */
static int entry_scan_pem(BIO *bio, int (*found)(X509 *x, void *user_data),
                          void *user_data) {
  bool any = false;
  int rv = 0;

  while (rv == 0) {
    char *name = NULL;
    char *header = NULL;
    unsigned char *der = NULL;
    long len = 0;

    if (PEM_read_bio(bio, &name, &header, &der, &len) != 1) {
      unsigned long e = ERR_peek_last_error();

      ERR_clear_error();
      if (ERR_GET_LIB(e) == ERR_LIB_PEM &&
          ERR_GET_REASON(e) == PEM_R_NO_START_LINE) {
        break; /* the end */
      }
      any = true; /* a block, but a damaged one */
      rv = found(NULL, user_data);
      continue;
    }
    if (entry_is_certificate(name)) {
      any = true;
      rv = entry_tell(entry_from_der(der, (size_t)len), found, user_data);
    }
    OPENSSL_free(name);
    OPENSSL_free(header);
    OPENSSL_clear_free(der, (size_t)len);
  }
  return any ? rv : found(NULL, user_data);
}

int h46017_trust_scan(const uint8_t *data, size_t len,
                      int (*found)(X509 *x, void *user_data), void *user_data) {
  BIO *bio;
  int rv;

  ERR_clear_error();
  if (len == 0 || len > INT_MAX) {
    return found(NULL, user_data);
  }
  if (data[0] == 0x30) { /* a SEQUENCE: DER. PEM's text is no certificate */
    X509 *x = entry_from_der(data, len);

    if (x != NULL) {
      return entry_tell(x, found, user_data);
    }
  }
  bio = BIO_new_mem_buf(data, (int)len);
  if (bio == NULL) {
    return H46017_ERR_NOMEM;
  }
  rv = entry_scan_pem(bio, found, user_data);
  BIO_free(bio);
  return rv;
}
