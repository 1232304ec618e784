/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef H46017_EXAMPLES_DUMP_H
#define H46017_EXAMPLES_DUMP_H

/* What the files of h46017-dump share.
 *
 *   main.c         options, help, exit status
 *   input.c        --input hex and bin: single PDUs
 *   tpkt_stream.c  --input tpkt: octets -> TPKTs, for pcap too
 *   pcap.c         --input pcap: packets -> TCP segments, UDP datagrams
 *   tcp.c          TCP segments -> octets in order
 *   frame.c        one TPKT: Q.931, user-user part, tunnelled RAS
 *   json.c         a JSON writer; any value of a message as JSON
 *   text.c         the same for people
 *   report.c       errors, in the form asked for
 *
 * Of the library only the public headers are used: what this program shows of
 * a message, it found by the reflection API alone. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <h46017/error.h>
#include <h46017/h225.h>
#include <h46017/q931.h>
#include <h46017/tpkt.h>

#define DUMP_PROGRAM "h46017-dump"

/* Octets of the longest single PDU taken (--input hex and bin), so that no
 * input makes the program grow without end. */
#define DUMP_MAX_PDU ((size_t)4 * 1024 * 1024)

/* Memory a decoded message may take; a tool that looks at files may be more
 * generous than a server. */
#define DUMP_MAX_MEMORY ((size_t)64 * 1024 * 1024)

#define DUMP_MAX_ELEMENTS ((uint32_t)1024 * 1024)

#define DUMP_MAX_PORTS 16

typedef enum dump_format { DUMP_JSON, DUMP_TEXT, DUMP_REENCODE } dump_format;
typedef enum dump_input { DUMP_HEX, DUMP_BIN, DUMP_TPKT, DUMP_PCAP } dump_input;

/* A writer of JSON text; nothing is held back. */
typedef struct json {
  FILE *out;
  bool comma; /* something stands before, on this level */
} json;

typedef struct dump {
  dump_format format;
  dump_input input;
  const h46017_h225_type *type; /* of single PDUs */
  uint16_t ports[DUMP_MAX_PORTS];
  size_t nports;

  FILE *out;
  FILE *err;
  json json;
  h46017_h225 *message; /* a single PDU, or a TPKT's user-user part */
  h46017_h225 *ras;     /* a RAS message in it */
  uint8_t *buf;         /* what was encoded last */
  size_t buf_cap;
  uint64_t pdus;   /* looked at so far */
  uint64_t errors; /* of them could not be decoded */
} dump;

/* What is wrong with a PDU. `code` 0: nothing. */
typedef struct dump_error {
  int code;
  uint64_t offset;
  unsigned bit;
  const char *path;
  const char *text;
  const char *layer; /* tpkt, q931, uuie, ras; NULL for a single PDU */
} dump_error;

/* Where a message of a capture comes from. */
typedef struct dump_origin {
  int64_t seconds;
  uint32_t micros;
  char from[64];
  char to[64];
} dump_origin;

/* input.c. These, and every dump_…_file(), return 0, or -1 when reading failed
 * (errno tells why); what cannot be decoded is no failure here. */
int dump_hex_file(dump *d, int fd);
int dump_bin_file(dump *d, int fd);
/* Reads what has come, at most n octets; 0 at the end. What was written goes
 * out first: whoever feeds us line by line waits for it. */
ptrdiff_t dump_read(dump *d, int fd, void *buf, size_t n);
bool dump_out_failed(const dump *d);
/* Encodes `m` into d->buf. Returns 0 or an error of the library's. */
int dump_encode(dump *d, h46017_h225 *m, size_t *plen);
/* Makes d->buf at least n octets long. */
int dump_reserve(dump *d, size_t n);

/* tpkt_stream.c: one direction of one connection. */
typedef struct dump_stream {
  h46017_tpkt *reader;
  uint64_t offset; /* of the next TPKT, in the stream */
  bool lost;       /* the reader failed: nothing more comes out of it */
} dump_stream;
int dump_stream_init(dump_stream *s);
void dump_stream_deinit(dump_stream *s);
/* `o` may be NULL. */
void dump_stream_recv(dump *d, dump_stream *s, const dump_origin *o,
                      const uint8_t *data, size_t len);
void dump_stream_end(dump *d, dump_stream *s, const dump_origin *o);
int dump_tpkt_file(dump *d, int fd);

/* tcp.c: TCP segments put in order. */
typedef struct dump_tcp dump_tcp;
typedef struct dump_segment {
  uint8_t key[36]; /* source address, its port, destination, its port */
  uint32_t seq;
  bool syn, fin, rst;
  const uint8_t *data;
  size_t len;
  const dump_origin *origin;
} dump_segment;
dump_tcp *dump_tcp_new(dump *d);
void dump_tcp_segment(dump_tcp *t, const dump_segment *s);
/* Ends every stream, then deletes it. */
void dump_tcp_del(dump_tcp *t);

/* pcap.c. Says itself what failed. The stream is closed. */
int dump_pcap_file(dump *d, const char *file);
int dump_pcap_stream(dump *d, FILE *stream, const char *name);

/* frame.c */
void dump_frame(dump *d, const dump_origin *o, const h46017_tpkt_pdu *pdu);
/* A RAS message in a datagram of its own. */
void dump_datagram(dump *d, const dump_origin *o, const uint8_t *per,
                   size_t len);

/* report.c */
/* The last failure of `m`. */
dump_error dump_error_of(const h46017_h225 *m, int code, const char *layer);
dump_error dump_error_make(int code, uint64_t offset, const char *text,
                           const char *layer);
/* Counts it and writes it as the member "error" of an open JSON object, as a
 * line of text, or to stderr. `where` names the input line or the like for
 * stderr; NULL: the origin, or nothing. */
void dump_error_json(dump *d, const dump_error *e);
void dump_error_text(dump *d, const dump_error *e, int depth);
void dump_error_stderr(dump *d, const dump_error *e, const char *where);
/* A line of its own for an error. */
void dump_error_line(dump *d, const dump_origin *o, const dump_error *e,
                     const char *where);
void dump_origin_json(dump *d, const dump_origin *o);
void dump_origin_text(dump *d, const dump_origin *o);

/* json.c */
void json_open(json *j, char bracket);
void json_close(json *j, char bracket);
void json_key(json *j, const char *name);
void json_text(json *j, const char *text);
void json_hex(json *j, const uint8_t *data, size_t len);
void json_uint(json *j, uint64_t value);
void json_int(json *j, int64_t value);
void json_bool(json *j, bool value);
void json_null(json *j);
void json_end_line(json *j);
/* A value of a message. Returns 0 or the library's error; what could not be
 * read stands there as null then. */
int json_value(json *j, h46017_h225_value v);

/* text.c */
void text_hex(FILE *out, const uint8_t *data, size_t len);
/* The value behind `label`, indented by `depth`; ends its last line. */
int text_value(FILE *out, const char *label, h46017_h225_value v, int depth);

/* An OBJECT IDENTIFIER or the name of an item as text: in `small`, or in memory
 * to be freed when it is longer. NULL when there is none. */
char *dump_read_text(h46017_h225_value v, char *small, size_t cap, int *prv);

#endif
