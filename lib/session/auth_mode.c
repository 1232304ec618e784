/* SPDX-License-Identifier: BSD-2-Clause */
#include "session/auth_mode.h"

#include "base/intmath.h"
#include "identity/h235.h"

#include <h46017/error.h>

#include <stdio.h>
#include <string.h>

/* A kind is an algorithm; how it is said besides is by what others say with it:
 * the two that hash a password say so, the access token came with RADIUS. The
 * better ones first. */
static const struct {
  uint32_t kind;
  const char *mechanism;
  uint8_t oid[10];
  uint8_t oid_len;
} modes[] = {
    {H46017_H235_HMAC, "pwdHash", {H235_OID_2(H235_OID_U)}, H235_OID_LEN},
    {H46017_H235_PWD_HASH,
     "pwdHash",
     {0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x02, 0x05},
     8},
    {H46017_H235_ACCESS_TOKEN,
     "authenticationBES.radius",
     {0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0c, 0x0a, 0x01, 0x02, 0x01},
     10},
};

#define MODES (sizeof(modes) / sizeof(modes[0]))
/* Of a list that a peer sends, so many are looked at. */
#define OFFERED_MAX 16

static uint32_t auth_kind_of(h46017_h225_value oid) {
  const uint8_t *data;
  size_t len;

  if (h46017_h225_read_octets(oid, &data, &len) == 0) {
    for (size_t i = 0; i < MODES; i++) {
      if (len == modes[i].oid_len && memcmp(data, modes[i].oid, len) == 0) {
        return modes[i].kind;
      }
    }
  }
  return 0;
}

int h46017_auth_offer(h46017_h225 *grq, uint32_t kinds) {
  char path[80];
  size_t n = 0;
  int rv = 0;

  for (size_t i = 0; rv == 0 && i < MODES; i++) {
    if ((kinds & modes[i].kind) == 0) {
      continue;
    }
    (void)snprintf(path, sizeof(path),
                   "gatekeeperRequest.authenticationCapability[%zu].%s", n,
                   modes[i].mechanism);
    rv = h46017_h225_set_present(grq, path);
    (void)snprintf(path, sizeof(path), "gatekeeperRequest.algorithmOIDs[%zu]",
                   n++);
    if (rv == 0) {
      rv = h46017_h225_set_octets(grq, path, modes[i].oid, modes[i].oid_len);
    }
  }
  return rv;
}

uint32_t h46017_auth_offered(const h46017_h225 *grq) {
  h46017_h225_value list =
      h46017_h225_get(h46017_h225_root(grq), "gatekeeperRequest.algorithmOIDs");
  const size_t count = H46017_MIN(h46017_h225_count(list), OFFERED_MAX);
  uint32_t kinds = 0;

  for (size_t i = 0; i < count; i++) {
    kinds |= auth_kind_of(h46017_h225_at(list, i));
  }
  return kinds;
}

int h46017_auth_choose(h46017_h225 *gcf, uint32_t kind) {
  char path[80];
  int rv;

  for (size_t i = 0; i < MODES; i++) {
    if (modes[i].kind != kind) {
      continue;
    }
    (void)snprintf(path, sizeof(path),
                   "gatekeeperConfirm.authenticationMode.%s",
                   modes[i].mechanism);
    rv = h46017_h225_set_present(gcf, path);
    return rv != 0
               ? rv
               : h46017_h225_set_octets(gcf, "gatekeeperConfirm.algorithmOID",
                                        modes[i].oid, modes[i].oid_len);
  }
  return 0;
}

uint32_t h46017_auth_chosen(const h46017_h225 *gcf) {
  return auth_kind_of(
      h46017_h225_get(h46017_h225_root(gcf), "gatekeeperConfirm.algorithmOID"));
}
