/* SPDX-License-Identifier: BSD-2-Clause */
/* How long decoding and encoding take, in relation to copying the octets and
 * to readers written by hand for one message; what the tunnel and the sessions
 * add. doc/performance.md says how to read it.
 *
 *   bench_codec [rounds]
 */
#include "bench.h"
#include "pdus.h"
#include "rrq_reader.h"

#include <h46017/h46017.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PDU_SIZE 512
#define ROUNDS 501

typedef struct codec_subject {
  const bench_pdu *pdu;
  const h46017_h225_type *type;
  uint8_t per[PDU_SIZE];
  uint8_t copy[PDU_SIZE];
  size_t len;
  h46017_h225 *in;
  h46017_h225 *out; /* holds the decoded message for encoding */
  rrq_facts facts;
  size_t allocations; /* of a decode, an encode and a view, once warm */
  const bench_case *memcpy_case;
  const bench_case *reader_case; /* NULL: none is written for it */
  const bench_case *decode_case;
  const bench_case *view_case; /* NULL: not a RAS message */
  const bench_case *encode_case;
} codec_subject;

static codec_subject subjects[BENCH_PDUS];

/* The compiler is to believe that all memory is looked at, and written. */
#define LOOK() __asm__ volatile("" ::: "memory")

static void run_memcpy(void *arg, unsigned times) {
  codec_subject *s = arg;

  for (; times > 0; times--) {
    memcpy(s->copy, s->per, s->len);
    LOOK();
  }
}

static void run_reader(void *arg, unsigned times) {
  codec_subject *s = arg;
  bool ok = true;

  for (; times > 0; times--) {
    ok &= rrq_read(s->per, s->len, &s->facts);
    LOOK();
  }
  bench_check(ok ? 0 : H46017_ERR_RAS, "reader");
}

static void run_decode(void *arg, unsigned times) {
  codec_subject *s = arg;
  int rv = 0;

  for (; times > 0; times--) {
    rv |= h46017_h225_decode(s->in, s->type, s->per, s->len);
  }
  bench_check(rv, "decode");
}

static void run_view(void *arg, unsigned times) {
  codec_subject *s = arg;
  h46017_ras ras;
  int rv = 0;

  for (; times > 0; times--) {
    rv |= h46017_h225_decode(s->in, s->type, s->per, s->len);
    rv |= h46017_ras_view(s->in, &ras);
    LOOK();
  }
  bench_check(rv, "view");
}

static void run_encode(void *arg, unsigned times) {
  codec_subject *s = arg;
  size_t len;
  int rv = 0;

  for (; times > 0; times--) {
    rv |= h46017_h225_encode(s->out, s->copy, sizeof(s->copy), &len);
  }
  bench_check(rv, "encode");
}

static size_t codec_unhex(uint8_t *out, const char *hex) {
  size_t n = 0;

  for (; hex[0] != '\0'; hex += 2) {
    const char digits[3] = {hex[0], hex[1], '\0'};
    out[n++] = (uint8_t)strtoul(digits, NULL, 16);
  }
  return n;
}

/* What the reader takes out must be what the codec does. */
static void codec_check_reader(codec_subject *s) {
  const rrq_facts *f = &s->facts;
  const h46017_rrq *rrq;
  h46017_ras ras;

  bench_check(h46017_ras_view(s->in, &ras), "view");
  rrq = &ras.u.rrq;
  bench_check(
      f->request_seq_num == ras.request_seq_num &&
              f->keep_alive == rrq->keep_alive &&
              f->time_to_live == rrq->time_to_live &&
              f->alias_count == rrq->terminal_alias.count &&
              f->endpoint_identifier.len == rrq->endpoint_identifier.len * 2 &&
              f->gatekeeper_identifier.len == rrq->gatekeeper_identifier.len * 2
          ? 0
          : H46017_ERR_INTERNAL,
      "the reader and the codec differ");
}

static void codec_count_allocations(codec_subject *s) {
  size_t before = bench_heap_now.allocations;

  run_decode(s, 1);
  if (s->pdu->ras) {
    run_view(s, 1);
  }
  run_encode(s, 1);
  s->allocations = bench_heap_now.allocations - before;
}

static void codec_add(codec_subject *s, const bench_pdu *pdu) {
  bool rrq = pdu - bench_pdus <= BENCH_RRQ_FULL;

  s->pdu = pdu;
  s->type =
      pdu->ras ? h46017_h225_ras_message() : h46017_h225_user_information();
  s->len = codec_unhex(s->per, pdu->hex);
  bench_check(h46017_h225_new(&s->in, NULL, &bench_mem), "message");
  bench_check(h46017_h225_new(&s->out, NULL, &bench_mem), "message");
  bench_check(h46017_h225_decode(s->out, s->type, s->per, s->len), "decode");
  run_encode(s, 1);
  bench_check(memcmp(s->copy, s->per, s->len), "octets changed");
  if (rrq) {
    run_reader(s, 1);
    run_decode(s, 1);
    codec_check_reader(s);
  }
  codec_count_allocations(s); /* the arena finds its size */
  codec_count_allocations(s);
  codec_count_allocations(s);
  s->memcpy_case = bench_add(run_memcpy, s);
  s->reader_case = rrq ? bench_add(run_reader, s) : NULL;
  s->decode_case = bench_add(run_decode, s);
  s->view_case = pdu->ras ? bench_add(run_view, s) : NULL;
  s->encode_case = bench_add(run_encode, s);
}

static void codec_report_reader(const codec_subject *s) {
  if (s->reader_case != NULL) {
    printf(" %7.0f %8.2f", bench_ns(s->reader_case),
           bench_to(s->decode_case, s->reader_case));
  } else {
    printf(" %7s %8s", "-", "-");
  }
}

static void codec_report(void) {
  printf("codec: ns; decode and encode in relation to memcpy (m), a reader "
         "written by hand (r), decode (d)\n\n");
  printf("%-28s %6s %6s %6s %6s %6s %7s %8s %6s %6s %6s\n", "", "octets",
         "memcpy", "decode", "d/m", "+view", "reader", "d/r", "encode", "e/m",
         "e/d");
  for (size_t i = 0; i < BENCH_PDUS; i++) {
    const codec_subject *s = &subjects[i];
    printf("%-28s %6zu %6.1f %6.0f %6.1f", s->pdu->name, s->len,
           bench_ns(s->memcpy_case), bench_ns(s->decode_case),
           bench_to(s->decode_case, s->memcpy_case));
    if (s->view_case != NULL) {
      printf(" %6.0f", bench_ns(s->view_case));
    } else {
      printf(" %6s", "-");
    }
    codec_report_reader(s);
    printf(" %6.0f %6.1f %6.2f\n", bench_ns(s->encode_case),
           bench_to(s->encode_case, s->memcpy_case),
           bench_to(s->encode_case, s->decode_case));
  }
}

static void codec_report_memory(void) {
  printf("\nmemory: octets of the arena, of a decoded message and with its "
         "view; heap allocations\n\n");
  printf("%-28s %8s %8s %12s\n", "", "decoded", "+view", "allocations");
  for (size_t i = 0; i < BENCH_PDUS; i++) {
    codec_subject *s = &subjects[i];
    run_decode(s, 1);
    printf("%-28s %8zu", s->pdu->name, h46017_h225_memory_used(s->in));
    if (s->pdu->ras) {
      run_view(s, 1);
      printf(" %8zu", h46017_h225_memory_used(s->in));
    } else {
      printf(" %8s", "-");
    }
    printf(" %12zu\n", s->allocations);
  }
}

int main(int argc, char **argv) {
  long rounds = argc > 1 ? strtol(argv[1], NULL, 10) : ROUNDS;

  if (argc > 2 || rounds < 1 || rounds > 1000000) {
    fprintf(stderr, "usage: bench_codec [rounds]\n");
    return 2;
  }
  for (size_t i = 0; i < BENCH_PDUS; i++) {
    codec_add(&subjects[i], &bench_pdus[i]);
  }
  bench_exchange_add();
  bench_all((unsigned)rounds);
  codec_report();
  bench_exchange_report();
  codec_report_memory();
  return EXIT_SUCCESS;
}
