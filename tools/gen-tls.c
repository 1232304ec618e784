/* SPDX-License-Identifier: BSD-2-Clause */
/* Writes a page anew, with the tables in it that the library itself answers,
 * each between `<!-- begin NAME … -->` and `<!-- end -->`:
 *     ninja -C build tls-doc */
#include <h46017/error.h>
#include <h46017/policy.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SERIAL "0090332f688a"
#define OTHER "0090332f688b"

/* -- may this peer register as this device -------------------------------- */

typedef enum outcome { GOOD, FOREIGN, REFUSED, ABSENT, OUTCOMES } outcome;

static void fill_peer(h46017_identity *peer, bool tls, outcome which) {
  h46017_identity_default(peer);
  peer->tls = tls;
  if (tls && which != ABSENT) {
    peer->cn = which == FOREIGN ? OTHER : SERIAL;
    peer->cn_len = strlen(SERIAL);
    peer->proof =
        which == REFUSED ? H46017_PROOF_NONE : H46017_PROOF_CERTIFICATE;
    peer->error = which == REFUSED ? H46017_ERR_CERT_EXPIRED : 0;
  }
}

static const char *decide(h46017_device_auth auth, bool tls_only, bool tls,
                          outcome which, h46017_password_outcome password) {
  static const char *const ids[] = {SERIAL};
  h46017_auth_used used = H46017_AUTH_USED_NONE;
  h46017_identity peer;
  h46017_device device;
  int code;

  h46017_device_default(&device);
  device.name = "lobby";
  device.hardware_ids = ids;
  device.hardware_id_count = 1;
  device.auth = auth;
  device.tls_only = tls_only;
  fill_peer(&peer, tls, which);
  code = h46017_policy_decide(&device, &peer, password, SERIAL, strlen(SERIAL),
                              &used);
  if (code == H46017_ERR_CERT_EXPIRED) {
    return "its code"; /* any that a refused certificate has */
  }
  return code != 0 ? h46017_error_name(code) : h46017_auth_used_name(used);
}

static void print_cell(FILE *out, h46017_device_auth auth, bool tls_only,
                       bool tls, outcome which) {
  const char *absent =
      decide(auth, tls_only, tls, which, H46017_PASSWORD_ABSENT);
  const char *valid = decide(auth, tls_only, tls, which, H46017_PASSWORD_VALID);
  const char *wrong = decide(auth, tls_only, tls, which, H46017_PASSWORD_WRONG);

  /* what the page says in a sentence */
  if (strcmp(wrong, "PASSWORD_WRONG") != 0 &&
      strcmp(wrong, "TLS_REQUIRED") != 0) {
    (void)fprintf(stderr, "a wrong password is let off: %s\n", wrong);
    exit(EXIT_FAILURE);
  }
  if (strcmp(absent, valid) == 0) {
    (void)fprintf(out, " %s |", absent);
  } else {
    (void)fprintf(out, " %s · %s |", absent, valid);
  }
}

static void print_decisions(FILE *out) {
  (void)fputs("| auth | TCP | TLS, the device's certificate | another device's "
              "| a refused one | none |\n|---|---|---|---|---|---|\n",
              out);
  for (int auth = 0; auth <= (int)H46017_AUTH_OPEN; auth++) {
    for (int only = 0; only < 2; only++) {
      (void)fprintf(out, "| %s%s |",
                    h46017_device_auth_name((h46017_device_auth)auth),
                    only ? ", tls_only" : "");
      print_cell(out, (h46017_device_auth)auth, only != 0, false, ABSENT);
      for (int which = GOOD; which < OUTCOMES; which++) {
        print_cell(out, (h46017_device_auth)auth, only != 0, true,
                   (outcome)which);
      }
      (void)fputc('\n', out);
    }
  }
}

/* -- the handshake failed: what now --------------------------------------- */

/* Of trust, those that can be the end of a handshake. */
static bool ends_a_handshake(int code) {
  static const int codes[] = {
      H46017_ERR_CERT_MISSING,    H46017_ERR_SELF_SIGNED_UNTRUSTED,
      H46017_ERR_UNKNOWN_CA,      H46017_ERR_CERT_EXPIRED,
      H46017_ERR_CERT_REJECTED,   H46017_ERR_CERT_NOT_YET_VALID,
      H46017_ERR_CERT_PURPOSE,    H46017_ERR_CERT_CRITICAL_EXTENSION,
      H46017_ERR_CERT_WEAK,       H46017_ERR_CERT_SIGNATURE,
      H46017_ERR_CERT_NAME,       H46017_ERR_CERT_IS_CA,
      H46017_ERR_CERT_CHAIN,      H46017_ERR_CERT_VERSION,
      H46017_ERR_CLOCK_NOT_SET,   H46017_ERR_SERVER_NAME,
      H46017_ERR_UNAUTHENTICATED,
  };

  for (size_t i = 0; i < sizeof(codes) / sizeof(codes[0]); i++) {
    if (codes[i] == code) {
      return true;
    }
  }
  return h46017_error_class(code) == H46017_ERROR_TLS_HELPER;
}

static void print_failure(int code, void *user_data) {
  if (ends_a_handshake(code)) {
    (void)fprintf(user_data, "| %s | %s | %s |\n", h46017_error_name(code),
                  h46017_strerror(code), h46017_error_remedy(code));
  }
}

static void print_failures(FILE *out) {
  (void)fputs("| the log says | that is | what now |\n|---|---|---|\n", out);
  h46017_error_each(print_failure, out);
}

/* -- the page ------------------------------------------------------------- */

static const struct {
  const char *name;
  void (*print)(FILE *out);
} sections[] = {{"decisions", print_decisions}, {"failures", print_failures}};

static void print_section(const char *line, FILE *out, int *pdone) {
  for (size_t i = 0; i < sizeof(sections) / sizeof(sections[0]); i++) {
    size_t len = strlen(sections[i].name);

    if (strncmp(line, sections[i].name, len) == 0 && line[len] == ' ') {
      (void)fputc('\n', out);
      sections[i].print(out);
      (void)fputc('\n', out);
      (*pdone)++;
    }
  }
}

int main(int argc, char **argv) {
  static const char begin[] = "<!-- begin ";
  static const char end[] = "<!-- end -->";
  FILE *page = argc == 2 ? fopen(argv[1], "r") : NULL;
  bool inside = false;
  char line[1024];
  int done = 0;

  if (page == NULL) {
    perror(argc == 2 ? argv[1] : "gen-tls PAGE");
    return EXIT_FAILURE;
  }
  while (fgets(line, sizeof(line), page) != NULL) {
    inside = inside && strncmp(line, end, strlen(end)) != 0;
    if (!inside) {
      (void)fputs(line, stdout);
    }
    if (strncmp(line, begin, strlen(begin)) == 0) {
      print_section(line + strlen(begin), stdout, &done);
      inside = true;
    }
  }
  (void)fclose(page);
  if (inside || done != (int)(sizeof(sections) / sizeof(sections[0]))) {
    (void)fprintf(stderr, "%s: a section is missing\n", argv[1]);
    return EXIT_FAILURE;
  }
  return EXIT_SUCCESS;
}
