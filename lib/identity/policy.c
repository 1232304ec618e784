/* SPDX-License-Identifier: BSD-2-Clause */
#include <h46017/policy.h>

#include "base/settings.h"
#include "identity/identity.h"

#include <h46017/error.h>

#include <string.h>

const char *h46017_device_auth_name(h46017_device_auth auth) {
  switch (auth) {
  case H46017_AUTH_CERTIFICATE:
    return "certificate";
  case H46017_AUTH_PASSWORD:
    return "password";
  case H46017_AUTH_EITHER:
    return "either";
  case H46017_AUTH_BOTH:
    return "both";
  case H46017_AUTH_OPEN:
    return "open";
  }
  return "unknown";
}

const char *h46017_auth_used_name(h46017_auth_used auth) {
  switch (auth) {
  case H46017_AUTH_USED_NONE:
    return "none";
  case H46017_AUTH_USED_CERTIFICATE:
    return "certificate";
  case H46017_AUTH_USED_PASSWORD:
    return "password";
  case H46017_AUTH_USED_OPEN:
    return "open";
  }
  return "unknown";
}

void h46017_device_default_sized(h46017_device *device, size_t size) {
  h46017_device def;

  memset(&def, 0, sizeof(def));
  h46017_settings_fill(device, size, &def, sizeof(def));
}

/* An entry of any program's age. */
static int policy_read_device(h46017_device *out, const h46017_device *src) {
  int rv;

  h46017_device_default(out);
  rv = h46017_settings_copy(out, sizeof(*out), sizeof(h46017_device), src);
  if ((out->hardware_ids == NULL && out->hardware_id_count > 0) ||
      (out->aliases == NULL && out->alias_count > 0)) {
    rv = H46017_ERR_INVALID_ARGUMENT;
  }
  return rv;
}

static bool policy_is_listed(const char *const *list, size_t count,
                             const char *name, size_t len) {
  for (size_t i = 0; i < count; i++) {
    if (list[i] != NULL &&
        h46017_name_is_equal(list[i], strlen(list[i]), name, len)) {
      return true;
    }
  }
  return false;
}

h46017_device_fit h46017_device_fits(const h46017_device *device,
                                     const char *name, size_t len,
                                     size_t *plen) {
  h46017_device dev;
  size_t longest = 0;

  if (policy_read_device(&dev, device) != 0) {
    return H46017_FIT_NONE;
  }
  if (policy_is_listed(dev.hardware_ids, dev.hardware_id_count, name, len)) {
    if (plen != NULL) {
      *plen = len;
    }
    return H46017_FIT_HARDWARE_ID;
  }
  if ((dev.name != NULL &&
       h46017_name_is_equal(dev.name, strlen(dev.name), name, len)) ||
      policy_is_listed(dev.aliases, dev.alias_count, name, len)) {
    if (plen != NULL) {
      *plen = len;
    }
    return H46017_FIT_NAME;
  }
  for (size_t i = 0; i < dev.hardware_id_count; i++) {
    const char *id = dev.hardware_ids[i];
    size_t id_len = id != NULL ? strlen(id) : 0;

    if (id_len > longest &&
        h46017_name_match(dev.match, id, id_len, name, len) == 0) {
      longest = id_len;
    }
  }
  if (longest == 0) {
    return H46017_FIT_NONE;
  }
  if (plen != NULL) {
    *plen = longest;
  }
  return H46017_FIT_SERIAL;
}

/* Is the certificate one of this device, and does it cover the name? 0, or why
 * it proves nothing here. */
static int policy_certificate(const h46017_device *dev,
                              const h46017_identity *peer, const char *name,
                              size_t name_len) {
  bool mine = false;
  int rv;

  if (!peer->tls) {
    return H46017_ERR_UNAUTHENTICATED;
  }
  if (peer->proof != H46017_PROOF_CERTIFICATE) {
    return peer->error != 0 ? peer->error : H46017_ERR_CERT_MISSING;
  }
  if (dev->has_fingerprint && memcmp(dev->cert_sha256, peer->cert_sha256,
                                     sizeof(dev->cert_sha256)) != 0) {
    return H46017_ERR_IDENTITY_MISMATCH;
  }
  /* A name that the entry lists (an extension number, a person) is the entry's
   * to give; any other is claimed, and the CN has to cover it. */
  if (h46017_device_fits(dev, name, name_len, NULL) != H46017_FIT_NAME) {
    rv = h46017_name_match(dev->match, peer->cn, peer->cn_len, name, name_len);
    if (rv != 0) {
      return rv;
    }
  } else if (!h46017_name_is_clean(peer->cn, peer->cn_len)) {
    return H46017_ERR_CERT_NAME;
  }
  /* H.460.17 names only what the peer claims; whose name that is, only the
   * table knows: the CN has to belong to the entry, not to the claim alone. */
  for (size_t i = 0; i < dev->hardware_id_count && !mine; i++) {
    const char *id = dev->hardware_ids[i];

    mine = id != NULL && h46017_name_match(dev->match, peer->cn, peer->cn_len,
                                           id, strlen(id)) == 0;
  }
  return mine ? 0 : H46017_ERR_IDENTITY_MISMATCH;
}

/* What the entry asks for, with `tls_only` folded in: it adds TLS and a
 * certificate, and never takes a demand away. */
static h46017_device_auth policy_demand(const h46017_device *dev) {
  if (!dev->tls_only) {
    return dev->auth;
  }
  return dev->auth == H46017_AUTH_PASSWORD || dev->auth == H46017_AUTH_BOTH
             ? H46017_AUTH_BOTH
             : H46017_AUTH_CERTIFICATE;
}

/* The table proper. `cert` and `pass` are 0 or why they prove nothing. */
static int policy_combine(h46017_device_auth demand, int cert, int pass,
                          h46017_auth_used *used) {
  switch (demand) {
  case H46017_AUTH_CERTIFICATE:
    *used = H46017_AUTH_USED_CERTIFICATE;
    return cert;
  case H46017_AUTH_PASSWORD:
    *used = H46017_AUTH_USED_PASSWORD;
    return pass;
  case H46017_AUTH_EITHER:
    *used =
        cert == 0 ? H46017_AUTH_USED_CERTIFICATE : H46017_AUTH_USED_PASSWORD;
    return pass == 0 ? 0 : cert;
  case H46017_AUTH_BOTH:
    *used = H46017_AUTH_USED_CERTIFICATE;
    return cert != 0 ? cert : pass;
  case H46017_AUTH_OPEN:
    *used = cert == 0   ? H46017_AUTH_USED_CERTIFICATE
            : pass == 0 ? H46017_AUTH_USED_PASSWORD
                        : H46017_AUTH_USED_OPEN;
    return 0;
  }
  return H46017_ERR_INVALID_ARGUMENT;
}

int h46017_policy_decide(const h46017_device *device,
                         const h46017_identity *peer,
                         h46017_password_outcome password, const char *name,
                         size_t name_len, h46017_auth_used *pused) {
  h46017_device dev;
  h46017_identity who;
  h46017_auth_used used = H46017_AUTH_USED_NONE;
  int rv;

  if (peer == NULL || name == NULL) {
    return H46017_ERR_INVALID_ARGUMENT;
  }
  if (device == NULL) {
    return H46017_ERR_UNKNOWN_DEVICE;
  }
  rv = policy_read_device(&dev, device);
  if (rv == 0) {
    rv = h46017_identity_read(&who, peer);
  }
  if (rv != 0) {
    return rv;
  }
  if (dev.tls_only && !who.tls) {
    return H46017_ERR_TLS_REQUIRED;
  }
  /* Somebody tries passwords: a certificate does not make that right. */
  if (password != H46017_PASSWORD_ABSENT && password != H46017_PASSWORD_VALID) {
    return H46017_ERR_PASSWORD_WRONG;
  }
  rv = policy_combine(
      policy_demand(&dev), policy_certificate(&dev, &who, name, name_len),
      password == H46017_PASSWORD_VALID ? 0 : H46017_ERR_PASSWORD_MISSING,
      &used);
  if (rv == 0 && pused != NULL) {
    *pused = used;
  }
  return rv;
}
