/* SPDX-License-Identifier: BSD-2-Clause */
#include "identity/identity.h"

#include "base/intmath.h"
#include "base/mem.h"
#include "base/settings.h"

#include <h46017/error.h>

#include <string.h>

void h46017_identity_default_sized(h46017_identity *identity, size_t size) {
  h46017_identity def;

  memset(&def, 0, sizeof(def));
  h46017_settings_fill(identity, size, &def, sizeof(def));
}

int h46017_identity_read(h46017_identity *out, const h46017_identity *src) {
  h46017_identity known;
  int rv;

  h46017_identity_default(&known);
  if (src != NULL) {
    rv = h46017_settings_copy(&known, sizeof(known), sizeof(h46017_identity),
                              src);
    if (rv != 0) {
      return rv;
    }
  }
  if ((known.cn == NULL && known.cn_len > 0) ||
      (known.sans == NULL && known.san_count > 0)) {
    return H46017_ERR_INVALID_ARGUMENT;
  }
  for (size_t i = 0; i < known.san_count; i++) {
    if (known.sans[i].text == NULL && known.sans[i].len > 0) {
      return H46017_ERR_INVALID_ARGUMENT;
    }
  }
  *out = known;
  return 0;
}

/* The block of a copy: the identity, its SANs, then the texts, each with a
 * NUL. Filled from the front; `size` is right or the block was refused. */
typedef struct identity_block {
  h46017_identity identity;
  h46017_san sans[];
} identity_block;

static size_t identity_text_size(const char *text, size_t len) {
  return text != NULL ? h46017_size_add(len, 1) : 0;
}

static const char *identity_put(char **next, const char *text, size_t len) {
  char *at = *next;

  if (text == NULL) {
    return NULL;
  }
  memcpy(at, text, len);
  at[len] = '\0';
  *next = at + len + 1;
  return at;
}

static size_t identity_block_size(const h46017_identity *id, size_t subject_len,
                                  size_t issuer_len) {
  /* they are in memory already: that product has room */
  size_t size = h46017_size_add(sizeof(identity_block),
                                id->san_count * sizeof(h46017_san));

  for (size_t i = 0; i < id->san_count; i++) {
    size = h46017_size_add(
        size, identity_text_size(id->sans[i].text, id->sans[i].len));
  }
  size = h46017_size_add(size, identity_text_size(id->cn, id->cn_len));
  size = h46017_size_add(size, identity_text_size(id->subject, subject_len));
  return h46017_size_add(size, identity_text_size(id->issuer, issuer_len));
}

int h46017_identity_dup(const h46017_mem *mem, h46017_identity **pout,
                        const h46017_identity *src) {
  void *block;

  return h46017_identity_dup_behind(mem, 0, &block, pout, src);
}

int h46017_identity_dup_behind(const h46017_mem *mem, size_t front,
                               void **pblock, h46017_identity **pout,
                               const h46017_identity *src) {
  h46017_identity known;
  identity_block *block;
  unsigned char *whole;
  size_t subject_len;
  size_t issuer_len;
  size_t size;
  char *next;
  int rv = h46017_identity_read(&known, src);

  if (rv != 0) {
    return rv;
  }
  subject_len = known.subject != NULL ? strlen(known.subject) : 0;
  issuer_len = known.issuer != NULL ? strlen(known.issuer) : 0;
  size = identity_block_size(&known, subject_len, issuer_len);
  size = h46017_size_add(size, front);
  if (size == SIZE_MAX) {
    return H46017_ERR_INVALID_ARGUMENT;
  }
  whole = h46017_mem_alloc(mem, size);
  if (whole == NULL) {
    return H46017_ERR_NOMEM;
  }
  block = (identity_block *)(void *)(whole + front);
  block->identity = known;
  next = (char *)(block->sans + known.san_count);
  for (size_t i = 0; i < known.san_count; i++) {
    block->sans[i] = known.sans[i];
    block->sans[i].text =
        identity_put(&next, known.sans[i].text, known.sans[i].len);
  }
  block->identity.sans = known.san_count > 0 ? block->sans : NULL;
  block->identity.cn = identity_put(&next, known.cn, known.cn_len);
  block->identity.subject = identity_put(&next, known.subject, subject_len);
  block->identity.issuer = identity_put(&next, known.issuer, issuer_len);
  *pblock = whole;
  *pout = &block->identity;
  return 0;
}

bool h46017_identity_is_same(const h46017_identity *a,
                             const h46017_identity *b) {
  h46017_identity ka;
  h46017_identity kb;

  return h46017_identity_read(&ka, a) == 0 &&
         h46017_identity_read(&kb, b) == 0 &&
         ka.proof == H46017_PROOF_CERTIFICATE &&
         kb.proof == H46017_PROOF_CERTIFICATE &&
         memcmp(ka.key_sha256, kb.key_sha256, sizeof(ka.key_sha256)) == 0;
}
