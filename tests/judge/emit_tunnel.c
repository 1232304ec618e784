/* SPDX-License-Identifier: BSD-2-Clause */
/* emit_tunnel: RAS messages in hex, one a line, on standard input; what a
 * tunnel makes of them on standard output, with a keep-alive behind each. */
#include <h46017/error.h>
#include <h46017/tunnel.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MAX_LINE (2 * H46017_TUNNEL_MAX_RAS + 2)

static size_t from_hex(const char *line, uint8_t *out) {
  size_t n = 0;
  unsigned octet;

  while (sscanf(line + 2 * n, "%2x", &octet) == 1) {
    out[n++] = (uint8_t)octet;
  }
  return n;
}

static int check(int rv) {
  if (rv != 0) {
    (void)fprintf(stderr, "%s\n", h46017_strerror(rv));
  }
  return rv;
}

int main(void) {
  static char line[MAX_LINE];
  static uint8_t per[MAX_LINE / 2];
  h46017_tunnel_callbacks cb;
  h46017_tunnel *t = NULL;
  const uint8_t *p;
  int rv;

  h46017_tunnel_callbacks_default(&cb);
  rv = check(h46017_tunnel_new(&t, NULL, &cb, NULL, NULL, 0));
  while (rv == 0 && fgets(line, sizeof(line), stdin) != NULL) {
    size_t n = from_hex(line, per);

    rv = check(h46017_tunnel_write_ras(t, per, n));
    if (rv == 0) {
      rv = check(h46017_tunnel_write_keepalive(t));
    }
    n = h46017_tunnel_peek_tx(t, &p);
    if (fwrite(p, 1, n, stdout) != n) {
      rv = 1;
    }
    (void)h46017_tunnel_ack_tx(t, n, 0);
  }
  h46017_tunnel_del(t);
  return rv == 0 && fflush(stdout) == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
