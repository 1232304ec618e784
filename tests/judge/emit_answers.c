/* SPDX-License-Identifier: BSD-2-Clause */
/* emit_answers PREFIX: what a gatekeeper and an endpoint of ours answer to
 * requests that are not about registration, to PREFIX.gk2ep and PREFIX.ep2gk.
 * The requests are written by hand, in hex. */
#include <h46017/h46017.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define RRQ                                                                    \
  "0e800000060008914a0006000000020001400b003000300039003000330033003200660036" \
  "00380038006100b500534c348b000000020077010001000180"
#define RCF                                                                    \
  "12c00000060008914a00060001400b00300030003900300033003300320066003600380038" \
  "0061020067006b060031005f0067006b268a000002007701000180"
#define ARQ                                                                    \
  "2780000908300031005f0067006b0100807501400b00300030003900300033003300320066" \
  "00"                                                                         \
  "360038003800614005000005000102030405060708090a0b0c0d0e0f096020000180110010" \
  "1"                                                                          \
  "112131415161718191a1b1c1d1e1f0100"
#define DRQ                                                                    \
  "3e000a060031005f0067006b000102030405060708090a0b0c0d0e0f000523210011001011" \
  "12131415161718191a1b1c1d1e1f0100"

/* GRQ, ARQ, DRQ and an IRQ of somebody who is not registered; then RRQ, ARQ,
 * DRQ. */
static const char *const to_gatekeeper[] = {
    "00000000060008914a0007005712d69cd0300810",
    ARQ,
    ("3e000a060031005f0067006b000102030405060708090a0b0c0d0e0f00052321001100101"
     "1"
     "12131415161718191a1b1c1d1e1f0100"),
    "5600000b0000170000110000000000000000000000000000000000",
    RRQ,
    ARQ,
    ("3e000a060031005f0067006b000102030405060708090a0b0c0d0e0f00052321001100101"
     "1"
     "12131415161718191a1b1c1d1e1f0100"),
};

/* RCF to the endpoint's first RRQ (its number goes in), IRQ, URQ of another,
 * DRQ. */
static const char *const to_endpoint[] = {
    RCF,
    "5600000b0000170000110000000000000000000000000000000000",
    "1a40000800060032005f0067006b1408000120",
    ("3e000a060031005f0067006b000102030405060708090a0b0c0d0e0f00052321001100101"
     "1"
     "12131415161718191a1b1c1d1e1f0100"),
};

static size_t from_hex(const char *hex, uint8_t *out) {
  size_t len = strlen(hex) / 2;

  for (size_t i = 0; i < len; i++) {
    unsigned octet;
    if (sscanf(hex + 2 * i, "%2x", &octet) != 1) {
      abort();
    }
    out[i] = (uint8_t)octet;
  }
  return len;
}

static FILE *open_out(const char *prefix, const char *ending) {
  char name[512];
  FILE *f;

  (void)snprintf(name, sizeof(name), "%s.%s", prefix, ending);
  f = fopen(name, "wb");
  if (f == NULL) {
    perror(name);
    exit(EXIT_FAILURE);
  }
  return f;
}

static void must(int rv) {
  if (rv != 0) {
    (void)fprintf(stderr, "emit_answers: %s\n", h46017_strerror(rv));
    exit(EXIT_FAILURE);
  }
}

static int give_random(uint8_t *dest, size_t len, void *user_data) {
  (void)user_data;
  memset(dest, 0, len); /* the endpoint's first requestSeqNum is 1 then */
  return 0;
}

/* One message in a frame. */
static size_t frame(h46017_tunnel *t, const char *hex, const uint8_t **pout) {
  uint8_t per[512];
  size_t len = from_hex(hex, per);

  must(h46017_tunnel_write_ras(t, per, len));
  return h46017_tunnel_peek_tx(t, pout);
}

static h46017_tunnel *make_tunnel(void) {
  h46017_tunnel_callbacks cb;
  h46017_tunnel *t = NULL;

  h46017_tunnel_callbacks_default(&cb);
  must(h46017_tunnel_new(&t, NULL, &cb, NULL, NULL, 0));
  return t;
}

/* -- the gatekeeper ---------------------------------------------------------
 */

static h46017_answered let_in(h46017_gatekeeper *gk, uint64_t question,
                              const h46017_registration_question *asked,
                              h46017_registration_answer *answer,
                              void *user_data) {
  (void)gk, (void)question, (void)asked, (void)user_data;
  answer->open = true;
  return H46017_ANSWERED;
}

static void emit_gatekeeper(FILE *out) {
  h46017_gatekeeper_callbacks cb;
  h46017_gatekeeper *gk = NULL;
  h46017_connection *c = NULL;
  h46017_tunnel *t = make_tunnel();

  h46017_gatekeeper_callbacks_default(&cb);
  cb.select_device = let_in;
  cb.rand = give_random;
  must(h46017_gatekeeper_new(&gk, NULL, &cb, NULL, NULL, 0));
  must(h46017_connection_new(&c, gk, NULL, NULL, 0));
  for (size_t i = 0; i < sizeof(to_gatekeeper) / sizeof(to_gatekeeper[0]);
       i++) {
    const uint8_t *octets;
    size_t len = frame(t, to_gatekeeper[i], &octets);
    must(h46017_connection_recv(c, octets, len, 0));
    must(h46017_tunnel_ack_tx(t, len, 0));
  }
  /* And what it asks when the endpoint is silent: IRQ, then URQ. */
  must(h46017_gatekeeper_handle_expiry(gk, 120000));
  must(h46017_gatekeeper_handle_expiry(gk, 140000));
  {
    const uint8_t *octets;
    size_t len = h46017_connection_peek_tx(c, &octets);
    if (fwrite(octets, 1, len, out) != len) {
      perror("emit_answers");
    }
  }
  h46017_gatekeeper_del(gk);
  h46017_tunnel_del(t);
}

/* -- the endpoint -----------------------------------------------------------
 */

static int connect_nothing(h46017_endpoint *ep, size_t index, void *user_data) {
  (void)ep, (void)index, (void)user_data;
  return 0;
}

static void emit_endpoint(FILE *out) {
  static const h46017_alias aliases[] = {
      {H46017_ALIAS_H323_ID, 0, {"0090332f688a", 12}},
      {H46017_ALIAS_DIALLED_DIGITS, 0, {"4711", 4}},
      {H46017_ALIAS_URL_ID, 0, {"h323:a@b", 8}},
      {H46017_ALIAS_EMAIL_ID, 0, {"a@b", 3}},
      {H46017_ALIAS_PARTY_NUMBER, 0, {"123", 3}},
  };
  h46017_endpoint_callbacks cb;
  h46017_registration reg;
  h46017_endpoint *ep = NULL;
  h46017_tunnel *t = make_tunnel();
  const uint8_t *octets;
  size_t len;

  h46017_endpoint_callbacks_default(&cb);
  cb.connect = connect_nothing;
  cb.rand = give_random;
  h46017_registration_default(&reg);
  reg.aliases = aliases;
  reg.alias_count = sizeof(aliases) / sizeof(aliases[0]);
  must(h46017_endpoint_new(&ep, NULL, &cb, NULL, NULL, 0));
  must(h46017_endpoint_add(ep, &reg, NULL, 0));
  must(h46017_endpoint_start(ep, 0));
  must(h46017_endpoint_transport_up(ep, NULL, 0));
  for (size_t i = 0; i < sizeof(to_endpoint) / sizeof(to_endpoint[0]); i++) {
    len = frame(t, to_endpoint[i], &octets);
    must(h46017_endpoint_recv(ep, octets, len, 0));
    must(h46017_tunnel_ack_tx(t, len, 0));
  }
  len = h46017_endpoint_peek_tx(ep, &octets);
  if (fwrite(octets, 1, len, out) != len) {
    perror("emit_answers");
  }
  h46017_endpoint_del(ep);
  h46017_tunnel_del(t);
}

int main(int argc, char **argv) {
  FILE *gk2ep;
  FILE *ep2gk;

  if (argc != 2) {
    return 2;
  }
  gk2ep = open_out(argv[1], "gk2ep");
  ep2gk = open_out(argv[1], "ep2gk");
  emit_gatekeeper(gk2ep);
  emit_endpoint(ep2gk);
  return fclose(gk2ep) == 0 && fclose(ep2gk) == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
