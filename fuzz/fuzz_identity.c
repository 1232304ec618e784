/* SPDX-License-Identifier: BSD-2-Clause */
/* Who covers whose name, and who is let in: the input is a certificate's CN, a
 * name, a hardware ID and a few choices; what has to hold of any answer is
 * checked against a model of its own. */
#include "identity/identity.h"

#include "base/mem.h"

#include <h46017/error.h>
#include <h46017/policy.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define HOLDS(x)                                                               \
  do {                                                                         \
    if (!(x)) {                                                                \
      (void)fprintf(stderr, "fuzz_identity: does not hold: %s\n", #x);         \
      abort();                                                                 \
    }                                                                          \
  } while (0)

/* Input: choices, 0x00-free fields separated by 0x1e; lengths are exact. */
#define SEPARATOR 0x1e

typedef struct field {
  char *text; /* on the heap, exactly as long as it is */
  size_t len;
} field;

static field field_take(const uint8_t **pdata, size_t *psize) {
  const uint8_t *end = *psize > 0 ? memchr(*pdata, SEPARATOR, *psize) : NULL;
  size_t len = end != NULL ? (size_t)(end - *pdata) : *psize;
  field f;

  f.len = len;
  f.text = malloc(len > 0 ? len : 1);
  HOLDS(f.text != NULL);
  if (len > 0) {
    memcpy(f.text, *pdata, len);
  }
  *pdata += len + (end != NULL ? 1 : 0);
  *psize -= len + (end != NULL ? 1 : 0);
  return f;
}

static char lower(char c) {
  return (char)(c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c);
}

/* The model: a name without `:`, `-` and `.` in lower case. Whatever a rule
 * covers begins with the CN under it. */
static size_t bare(const field *f, char *out) {
  size_t n = 0;

  for (size_t i = 0; i < f->len; i++) {
    if (f->text[i] != ':' && f->text[i] != '-' && f->text[i] != '.') {
      out[n++] = lower(f->text[i]);
    }
  }
  return n;
}

static void check_match(const field *cn, const field *name) {
  int exact = h46017_name_match(H46017_MATCH_EXACT, cn->text, cn->len,
                                name->text, name->len);
  int serial = h46017_name_match(H46017_MATCH_SERIAL, cn->text, cn->len,
                                 name->text, name->len);
  int prefix = h46017_name_match(H46017_MATCH_PREFIX, cn->text, cn->len,
                                 name->text, name->len);
  bool equal = h46017_name_is_equal(cn->text, cn->len, name->text, name->len);
  bool bad = exact == H46017_ERR_CERT_NAME;

  /* one of three answers; a bad CN is bad under every rule */
  HOLDS(exact == 0 || bad || exact == H46017_ERR_IDENTITY_MISMATCH);
  HOLDS((serial == H46017_ERR_CERT_NAME) == bad);
  HOLDS((prefix == H46017_ERR_CERT_NAME) == bad);
  HOLDS(bad == !h46017_name_is_clean(cn->text, cn->len));
  /* each rule covers what a stricter one does */
  HOLDS(exact != 0 || serial == 0);
  HOLDS(serial != 0 || prefix == 0);
  HOLDS(exact != 0 || equal);
  HOLDS(equal ==
        h46017_name_is_equal(name->text, name->len, cn->text, cn->len));
  if (prefix == 0) {
    char *a;
    char *b;
    size_t alen;
    size_t blen;

    HOLDS(cn->len > 0 && name->len > 0);
    a = malloc(cn->len);
    b = malloc(name->len);
    HOLDS(a != NULL && b != NULL);
    HOLDS(memchr(cn->text, 0, cn->len) == NULL);
    HOLDS(memchr(name->text, 0, name->len) == NULL);
    alen = bare(cn, a);
    blen = bare(name, b);
    HOLDS(alen <= blen && memcmp(a, b, alen) == 0);
    free(a);
    free(b);
  }
  if (serial == 0 && exact != 0) {
    const char *dash = NULL;

    /* a complete serial, then `-` and a suffix without another one */
    HOLDS(h46017_name_is_serial(cn->text, cn->len));
    for (size_t i = 0; i < name->len; i++) {
      dash = name->text[i] == '-' ? name->text + i : dash;
    }
    HOLDS(dash != NULL && dash + 1 < name->text + name->len);
    HOLDS(h46017_name_is_equal(cn->text, cn->len, name->text,
                               (size_t)(dash - name->text)));
  }
}

static void check_policy(uint8_t choice, uint8_t more, const field *cn,
                         const field *name, const field *id) {
  const char *ids[1];
  h46017_device dev;
  h46017_identity peer;
  h46017_identity *copy = NULL;
  h46017_auth_used used = H46017_AUTH_USED_NONE;
  h46017_password_outcome pw = (h46017_password_outcome)((more >> 2) % 4);
  char *id_text = malloc(id->len + 1);
  int rv;

  HOLDS(id_text != NULL);
  memcpy(id_text, id->text, id->len);
  id_text[id->len] = '\0';
  ids[0] = id_text;
  h46017_device_default(&dev);
  dev.name = "device";
  dev.hardware_ids = ids;
  dev.hardware_id_count = 1;
  dev.auth = (h46017_device_auth)(choice % 6);
  dev.match = (h46017_match_rule)((choice >> 3) % 4);
  dev.tls_only = (choice & 0x20) != 0;
  dev.has_fingerprint = (choice & 0x40) != 0;
  h46017_identity_default(&peer);
  peer.tls = (more & 1) != 0;
  peer.proof = (more & 2) != 0 ? H46017_PROOF_CERTIFICATE : H46017_PROOF_NONE;
  peer.error = (more & 0x40) != 0 ? H46017_ERR_CERT_EXPIRED : 0;
  peer.cn = cn->text;
  peer.cn_len = cn->len;
  peer.cert_sha256[0] = (more & 0x80) != 0 ? 1 : 0;

  rv = h46017_policy_decide(&dev, &peer, pw, name->text, name->len, &used);
  HOLDS(rv <= 0 && (rv == 0) == (used != H46017_AUTH_USED_NONE));
  HOLDS(rv != 0 || pw == H46017_PASSWORD_ABSENT || pw == H46017_PASSWORD_VALID);
  HOLDS(rv != 0 || !dev.tls_only ||
        (peer.tls && used == H46017_AUTH_USED_CERTIFICATE));
  HOLDS(used != H46017_AUTH_USED_PASSWORD || pw == H46017_PASSWORD_VALID);
  HOLDS(used != H46017_AUTH_USED_OPEN || dev.auth == H46017_AUTH_OPEN);
  if (used == H46017_AUTH_USED_CERTIFICATE) {
    HOLDS(peer.tls && peer.proof == H46017_PROOF_CERTIFICATE);
    HOLDS(h46017_device_fits(&dev, name->text, name->len, NULL) ==
              H46017_FIT_NAME ||
          h46017_name_match(dev.match, cn->text, cn->len, name->text,
                            name->len) == 0);
    HOLDS(h46017_name_match(dev.match, cn->text, cn->len, id_text,
                            strlen(id_text)) == 0);
    HOLDS(!dev.has_fingerprint || peer.cert_sha256[0] == 0);
  }
  /* a copy is let in where the original is */
  HOLDS(h46017_identity_dup(h46017_mem_default(), &copy, &peer) == 0);
  HOLDS(h46017_policy_decide(&dev, copy, pw, name->text, name->len, &used) ==
        rv);
  h46017_mem_release(h46017_mem_default(), copy);
  (void)h46017_device_fits(&dev, name->text, name->len, NULL);
  free(id_text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  uint8_t choice;
  uint8_t more;
  field cn;
  field name;
  field id;

  if (size < 2) {
    return 0;
  }
  choice = data[0];
  more = data[1];
  data += 2;
  size -= 2;
  cn = field_take(&data, &size);
  name = field_take(&data, &size);
  id = field_take(&data, &size);
  check_match(&cn, &name);
  check_match(&name, &cn);
  check_policy(choice, more, &cn, &name, &id);
  free(cn.text);
  free(name.text);
  free(id.text);
  return 0;
}
