/* SPDX-License-Identifier: BSD-2-Clause */
#include "cert.h"

#include "common/events.h"

#include <stdio.h>
#include <string.h>

static void print_code(int code, void *user_data) {
  (void)user_data;
  printf("H46017-%d %s: %s\n", -code, h46017_error_name(code),
         h46017_strerror(code));
}

static json_t *describe(int code) {
  json_t *members = json_object();
  events_code(members, code);
  json_object_set_new(members, "reject_reason",
                      json_string(h46017_error_to_ras_reject_reason(code)));
  return members;
}

static void collect(int code, void *user_data) {
  json_array_append_new(user_data, describe(code));
}

static int explain_all(const cert *c) {
  if (!c->json) {
    h46017_error_each(print_code, NULL);
    return EXIT_DONE;
  }
  json_t *codes = json_array();
  h46017_error_each(collect, codes);
  return cert_done(c, json_pack("{s:o}", "codes", codes));
}

static int no_option(void *arg, int id, const char *value) {
  (void)arg;
  (void)id;
  (void)value;
  return EXIT_USAGE;
}

static int explain(cert *c, int argc, char **argv) {
  static const cert_syntax syntax = {
      NULL,
      0,
      {"explain [CODE]",
       "What a code means and what to do about it. CODE is a name or a "
       "number,\n"
       "as messages and logs print them; without one every code is listed.",
       "  h46017-cert explain CERT_EXPIRED\n"
       "  h46017-cert explain H46017-304\n"},
      0,
      1};
  text_list operands = {0};
  int status =
      cert_arguments(c, &syntax, argc, argv, no_option, NULL, &operands);
  const char *name = operands.count > 0 ? operands.items[0] : NULL;
  text_list_clear(&operands);
  if (status != 0) {
    return status;
  }
  if (name == NULL) {
    return explain_all(c);
  }
  int code = h46017_error_find(name);
  if (code == 0) {
    return cert_fail_next(c, H46017_ERR_NOT_FOUND,
                          "'h46017-cert explain' lists the codes",
                          "there is no code '%s'", name);
  }
  if (!c->json) {
    print_code(code, NULL);
    printf("  what to do: %s\n  a gatekeeper rejects with: %s\n",
           h46017_error_remedy(code), h46017_error_to_ras_reject_reason(code));
  }
  return cert_done(c, describe(code));
}

const cert_command cert_explain = {
    "explain", explain, "  explain [CODE]     what a code means, what to do\n"};
