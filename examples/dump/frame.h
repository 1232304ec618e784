/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef H46017_EXAMPLES_DUMP_FRAME_H
#define H46017_EXAMPLES_DUMP_FRAME_H

/* One TPKT taken apart; frame.c and reencode.c share it. */

#include "dump.h"

typedef struct frame {
  const h46017_tpkt_pdu *pdu;
  h46017_q931 q931;
  bool has_q931;
  bool has_uuie; /* d->message holds it */
  dump_error error;
} frame;

/* A walk over the tunnelled RAS messages of d->message. */
typedef struct ras_cursor {
  h46017_h225_value data; /* the list of generic data */
  size_t i;
  size_t k; /* the next parameter of its i-th */
  const uint8_t *per;
  size_t len;
  char path[96]; /* of the RAS message, for the setters */
} ras_cursor;

ras_cursor dump_ras_begin(const dump *d);
bool dump_ras_next(ras_cursor *c);

/* reencode.c: writes the line. Returns 0, or what went wrong: f->error. */
int dump_frame_again(dump *d, frame *f);

#endif
