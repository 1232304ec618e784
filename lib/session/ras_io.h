/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef H46017_SESSION_RAS_IO_H
#define H46017_SESSION_RAS_IO_H

/* RAS messages between a session and its tunnel, the same for both sides. */

#include <h46017/h235.h>
#include <h46017/ras.h>
#include <h46017/tunnel.h>

#include "base/log.h"

typedef struct h46017_ras_writer {
  const h46017_mem *mem;
  uint8_t **scratch; /* grows to the largest message built */
  size_t *scratch_size;
  size_t *plen; /* octets of the scratch that were sent; NULL: nobody asks */
  h46017_h225 *message;
  int (*building)(void *owner, h46017_h225 *msg, h46017_ras_kind kind);
  void *owner;
  const h46017_h235_secret *secret; /* NULL: no tokens */
  const h46017_h235_token *token;
} h46017_ras_writer;

/* Builds, shows it to the program, adds tokens, encodes, queues. What the
 * tunnel or the codec says; CALLBACK_FAILURE from `building`. */
int h46017_ras_write(const h46017_ras_writer *w, h46017_tunnel *t,
                     const h46017_ras *ras);

/* The same for a message that `w->message` holds already. */
int h46017_ras_write_built(const h46017_ras_writer *w, h46017_tunnel *t,
                           h46017_ras_kind kind);

/* Decodes and views. RAS: it is malformed, and that was logged; fatal errors as
 * they are. */
int h46017_ras_read(h46017_h225 *msg, const uint8_t *per, size_t len,
                    const h46017_log *log, h46017_ras *out);

/* Requests wait for an answer, others do not: an XRS may answer only those,
 * and nothing ever answers an XRS. */
bool h46017_ras_is_request(h46017_ras_kind kind);

/* An XRS to octets that were not understood, the first of them in it. A
 * sequence number that could not be read is answered as 1: the field cannot be
 * left out. */
void h46017_ras_not_understood(h46017_ras *answer, uint16_t seq,
                               const uint8_t *per, size_t len);

#endif /* H46017_SESSION_RAS_IO_H */
