/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef H46017_BENCH_PDUS_H
#define H46017_BENCH_PDUS_H

#include <stdbool.h>

typedef struct bench_pdu {
  const char *name;
  bool ras;        /* RasMessage; else H323-UserInformation */
  const char *hex; /* aligned PER */
} bench_pdu;

enum {
  BENCH_RRQ_KEEPALIVE,
  BENCH_RRQ_SIMPLE,
  BENCH_RRQ_FULL,
  BENCH_SETUP_SIMPLE,
  BENCH_SETUP,
  BENCH_FACILITY,
  BENCH_PDUS
};

extern const bench_pdu bench_pdus[BENCH_PDUS];

#endif /* H46017_BENCH_PDUS_H */
