/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef H46017_ASN1_RAS_ADDRESS_H
#define H46017_ASN1_RAS_ADDRESS_H

/* Internet addresses with a port as text: `192.0.2.1:1720`,
 * `[2001:db8::1]:1720` (RFC 5952). */

#include <h46017/common.h>

/* `[`, eight groups, `]:`, five digits, NUL */
#define H46017_RAS_ADDRESS_SIZE 49

/* Eight groups and their colons, NUL */
#define H46017_RAS_HOST_SIZE 40

/* The address alone, without brackets; `iplen` is 4 or 16, `out` has room for
 * H46017_RAS_HOST_SIZE. Returns the length without the NUL. */
size_t h46017_ras_host_format(char *out, const uint8_t *ip, size_t iplen);

/* `iplen` is 4 or 16; `out` has room for H46017_RAS_ADDRESS_SIZE. Returns the
 * length without the NUL. */
size_t h46017_ras_address_format(char *out, const uint8_t *ip, size_t iplen,
                                 uint16_t port);

/* The other way. OUT_OF_RANGE: it is not such a text. `ip` has room for 16. */
int h46017_ras_address_parse(const char *text, size_t len, uint8_t *ip,
                             size_t *piplen, uint16_t *pport);

#endif /* H46017_ASN1_RAS_ADDRESS_H */
