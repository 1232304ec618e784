/* SPDX-License-Identifier: BSD-2-Clause */
#include "tls/credential.h"

#include "base/settings.h"
#include "tls/place.h"

#include <stdio.h>
#include <string.h>

#define CREDENTIALS "credentials"
#define CREDENTIALS_DEVICE "device.pem"
#define CREDENTIALS_GENERATED "generated.pem"
#define CREDENTIALS_ENTRY_MAX 101
#define CREDENTIALS_NAMES_MAX 64

int h46017_credentials_new(h46017_credentials **pc, const h46017_store *store,
                           const h46017_mem *mem) {
  h46017_credentials *c;
  h46017_store own;
  h46017_mem m = {0};
  int rv;

  if (pc == NULL || store == NULL) {
    return H46017_ERR_INVALID_ARGUMENT;
  }
  h46017_store_default(&own);
  rv = h46017_settings_copy(&own, sizeof(own), sizeof(own), store);
  if (rv == 0 && (own.list == NULL || own.get == NULL || own.put == NULL ||
                  own.remove == NULL)) {
    rv = H46017_ERR_INVALID_ARGUMENT;
  }
  if (rv == 0) {
    rv = h46017_mem_init(&m, mem);
  }
  if (rv != 0) {
    return rv;
  }
  c = h46017_mem_zalloc(&m, 1, sizeof(*c));
  if (c == NULL) {
    return H46017_ERR_NOMEM;
  }
  c->mem = m;
  c->store = own;
  *pc = c;
  return 0;
}

void h46017_credentials_del(h46017_credentials *c) {
  if (c != NULL) {
    h46017_mem mem = c->mem;

    h46017_mem_release(&mem, c);
  }
}

/* -- entries -------------------------------------------------------------- */

static int credentials_lower(char c) {
  return c >= 'A' && c <= 'Z' ? c + 32 : c;
}

/* The entry for a name; an application's in lower case. */
static bool credentials_entry(const char *name,
                              char out[CREDENTIALS_ENTRY_MAX]) {
  int n;

  if (name == NULL) {
    memcpy(out, CREDENTIALS_DEVICE, sizeof(CREDENTIALS_DEVICE));
    return true;
  }
  n = snprintf(out, CREDENTIALS_ENTRY_MAX, "app-%s.pem", name);
  if (name[0] == '\0' || n < 0 || n >= CREDENTIALS_ENTRY_MAX) {
    return false;
  }
  for (char *p = out; *p != '\0'; p++) {
    *p = (char)credentials_lower(*p);
  }
  return h46017_store_is_name(out);
}

typedef struct credentials_read {
  h46017_credentials *c;
  h46017_credential **pcred;
} credentials_read;

static int credentials_take(const uint8_t *data, size_t len, void *user_data) {
  credentials_read *r = user_data;
  int rv = h46017_credential_import(r->pcred, data, len, NULL, 0, NULL, true,
                                    NULL, &r->c->mem);

  return rv == 0 || rv == H46017_ERR_NOMEM ? rv : H46017_ERR_STORE_CORRUPT;
}

static int credentials_load(h46017_credentials *c, const char *entry,
                            h46017_credential **pcred) {
  credentials_read r = {c, pcred};

  return c->store.get(c->store.object, CREDENTIALS, entry, credentials_take,
                      &r);
}

int h46017_credentials_get(h46017_credentials *c, const char *name,
                           h46017_credential **pcred) {
  char entry[CREDENTIALS_ENTRY_MAX];
  int rv;

  if (c == NULL || pcred == NULL || !credentials_entry(name, entry)) {
    return H46017_ERR_INVALID_ARGUMENT;
  }
  rv = credentials_load(c, entry, pcred);
  return rv == H46017_ERR_NOT_FOUND && name == NULL
             ? credentials_load(c, CREDENTIALS_GENERATED, pcred)
             : rv;
}

typedef struct credentials_write {
  h46017_credentials *c;
  const char *entry;
} credentials_write;

static int credentials_keep(const uint8_t *data, size_t len, void *user_data) {
  credentials_write *w = user_data;

  return w->c->store.put(w->c->store.object, CREDENTIALS, w->entry, data, len,
                         H46017_STORE_SECRET);
}

static int credentials_save(h46017_credentials *c, const char *entry,
                            const h46017_credential *cred) {
  credentials_write w = {c, entry};

  return h46017_credential_export(
      cred, H46017_EXPORT_PEM, H46017_EXPORT_CHAIN | H46017_EXPORT_PRIVATE_KEY,
      NULL, credentials_keep, &w);
}

int h46017_credentials_put(h46017_credentials *c, const char *name,
                           const h46017_credential *cred) {
  char entry[CREDENTIALS_ENTRY_MAX];

  if (c == NULL || cred == NULL || !credentials_entry(name, entry)) {
    return H46017_ERR_INVALID_ARGUMENT;
  }
  return credentials_save(c, entry, cred);
}

int h46017_credentials_put_generated(h46017_credentials *c,
                                     const h46017_credential *cred) {
  return c != NULL && cred != NULL
             ? credentials_save(c, CREDENTIALS_GENERATED, cred)
             : H46017_ERR_INVALID_ARGUMENT;
}

int h46017_credentials_remove(h46017_credentials *c, const char *name) {
  char entry[CREDENTIALS_ENTRY_MAX];

  if (c == NULL || !credentials_entry(name, entry)) {
    return H46017_ERR_INVALID_ARGUMENT;
  }
  return c->store.remove(c->store.object, CREDENTIALS, entry);
}

static int credentials_seen(const uint8_t *data, size_t len, void *user_data) {
  (void)data;
  (void)len;
  (void)user_data;
  return 0;
}

bool h46017_credentials_is_user(h46017_credentials *c) {
  return c->store.get(c->store.object, CREDENTIALS, CREDENTIALS_DEVICE,
                      credentials_seen, NULL) == 0;
}

/* -- lists ---------------------------------------------------------------- */

typedef struct credentials_walk {
  const char *prefix;
  h46017_store_each each;
  void *user_data;
} credentials_walk;

/* PREFIXname.pem is `name` */
static int credentials_each_entry(const char *entry, void *user_data) {
  const credentials_walk *walk = user_data;
  size_t prefix = strlen(walk->prefix);
  size_t len = strlen(entry);
  char name[CREDENTIALS_ENTRY_MAX];

  if (len <= prefix + 4 || len >= sizeof(name) ||
      memcmp(entry, walk->prefix, prefix) != 0 ||
      strcmp(entry + len - 4, ".pem") != 0) {
    return 0;
  }
  memcpy(name, entry + prefix, len - prefix - 4);
  name[len - prefix - 4] = '\0';
  return walk->each(name, walk->user_data);
}

static int credentials_walk_all(h46017_credentials *c, const char *prefix,
                                h46017_store_each each, void *user_data) {
  credentials_walk walk = {prefix, each, user_data};

  if (c == NULL || each == NULL) {
    return H46017_ERR_INVALID_ARGUMENT;
  }
  return c->store.list(c->store.object, CREDENTIALS, credentials_each_entry,
                       &walk);
}

int h46017_credentials_each(h46017_credentials *c, h46017_store_each each,
                            void *user_data) {
  return credentials_walk_all(c, "app-", each, user_data);
}

int h46017_csr_each(h46017_credentials *c, h46017_store_each each,
                    void *user_data) {
  return credentials_walk_all(c, "csr-", each, user_data);
}

/* -- a context ------------------------------------------------------------ */

/* The applications' credentials of one context: made once, read by many
 * threads, gone with the context. */
typedef struct sni_list {
  h46017_mem mem;
  size_t count;
  char names[CREDENTIALS_NAMES_MAX][CREDENTIALS_ENTRY_MAX];
  h46017_credential *creds[CREDENTIALS_NAMES_MAX];
} sni_list;

static void sni_free(void *ours) {
  sni_list *list = ours;
  h46017_mem mem = list->mem;

  for (size_t i = 0; i < list->count; i++) {
    h46017_credential_del(list->creds[i]);
  }
  h46017_mem_release(&mem, list);
}

static h46017_tls_place sni_place = {CRYPTO_EX_INDEX_SSL_CTX, sni_free, 0};

static int sni_choose(SSL *ssl, int *alert, void *arg) {
  const sni_list *list = arg;
  const char *name = SSL_get_servername(ssl, TLSEXT_NAMETYPE_host_name);

  (void)alert;
  for (size_t i = 0; name != NULL && i < list->count; i++) {
    if (OPENSSL_strcasecmp(name, list->names[i]) == 0) {
      const h46017_credential *cred = list->creds[i];

      /* of one kind of key only: the device's of another kind must not win */
      SSL_certs_clear(ssl);
      return SSL_use_cert_and_key(ssl, cred->leaf, cred->key, cred->chain, 1) ==
                     1
                 ? SSL_TLSEXT_ERR_OK
                 : SSL_TLSEXT_ERR_ALERT_FATAL;
    }
  }
  return SSL_TLSEXT_ERR_OK; /* every other name: the device's, no alert */
}

typedef struct sni_filling {
  h46017_credentials *c;
  sni_list *list;
} sni_filling;

static int sni_add(const char *name, void *user_data) {
  sni_filling *f = user_data;
  size_t n = f->list->count;
  int rv;

  if (n == CREDENTIALS_NAMES_MAX) {
    return H46017_ERR_IMPORT_LIMIT;
  }
  rv = h46017_credentials_get(f->c, name, &f->list->creds[n]);
  if (rv == 0) {
    (void)snprintf(f->list->names[n], CREDENTIALS_ENTRY_MAX, "%s", name);
    f->list->count = n + 1;
  }
  return rv;
}

int h46017_credentials_attach_apps(h46017_credentials *c, SSL_CTX *ctx) {
  sni_filling filling = {c, NULL};
  sni_list *list;
  int rv;

  if (c == NULL || ctx == NULL) {
    return H46017_ERR_INVALID_ARGUMENT;
  }
  list = h46017_mem_zalloc(&c->mem, 1, sizeof(*list));
  filling.list = list;
  if (list == NULL) {
    return H46017_ERR_NOMEM;
  }
  list->mem = c->mem;
  rv = h46017_credentials_each(c, sni_add, &filling);
  if (rv == 0) {
    rv = h46017_tls_place_put(&sni_place, ctx, list);
  }
  if (rv != 0) {
    sni_free(list);
    return rv;
  }
  SSL_CTX_set_tlsext_servername_callback(ctx, sni_choose);
  SSL_CTX_set_tlsext_servername_arg(ctx, list);
  return 0;
}

int h46017_credentials_attach(h46017_credentials *c, SSL_CTX *ctx) {
  h46017_credential *device = NULL;
  int rv;

  if (c == NULL || ctx == NULL) {
    return H46017_ERR_INVALID_ARGUMENT;
  }
  rv = h46017_credentials_get(c, NULL, &device);
  if (rv == 0) {
    rv = h46017_credential_use(device, ctx);
  }
  h46017_credential_del(device);
  return rv == 0 ? h46017_credentials_attach_apps(c, ctx) : rv;
}
