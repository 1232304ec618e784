/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef H46017_ASN1_RAS_NUMBER_H
#define H46017_ASN1_RAS_NUMBER_H

#include <h46017/ras.h>

/* Gives an encoded RAS message, one whose requestSeqNum h46017_ras_peek()
 * reads, another: it has 16 bits of its own on whole octets, whatever it is.
 * False: there is none to be seen, and nothing was done. */
bool h46017_ras_renumber(uint8_t *per, size_t len, uint16_t seq);

#endif /* H46017_ASN1_RAS_NUMBER_H */
