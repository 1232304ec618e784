/* SPDX-License-Identifier: BSD-2-Clause */
/* What an endpoint's program may ask of it, is shown, and adds. */
#include "callworld.h"
#include "played.h"
#include "runner.h"

#include "session/endpoint.h"

#include <check.h>
#include <stdio.h>
#include <string.h>

#define SECOND ((h46017_time)1000)

/* -- what it is given ------------------------------------------------------ */

static h46017_endpoint_settings settings;
static played p;

static int with_settings(void) {
  h46017_endpoint_callbacks cb;
  h46017_endpoint *ep = NULL;
  int rv;

  ck_assert_int_eq(played_init(&p, NULL, NULL), 0);
  cb = p.ep->callbacks;
  rv = h46017_endpoint_new(&ep, &settings, &cb, NULL, &p, p.now);
  h46017_endpoint_del(ep);
  played_free(&p);
  return rv;
}

static char long_text[258];

static h46017_text text_of(size_t len) {
  memset(long_text, 'x', sizeof(long_text));
  return (h46017_text){long_text, len};
}

START_TEST(a_text_that_has_no_room_in_a_message_is_refused) {
  h46017_endpoint_settings_default(&settings);
  settings.vendor.product_id = text_of(256);
  settings.vendor.version_id = text_of(256);
  ck_assert_int_eq(with_settings(), 0);
  settings.vendor.product_id = text_of(257);
  ck_assert_int_eq(with_settings(), H46017_ERR_INVALID_ARGUMENT);
  settings.vendor.product_id = text_of(1);
  settings.vendor.version_id = text_of(257);
  ck_assert_int_eq(with_settings(), H46017_ERR_INVALID_ARGUMENT);
  settings.vendor.version_id = text_of(1);
  /* gatekeeperIdentifier: 1 to 128 characters */
  settings.gatekeeper_identifier = "";
  ck_assert_int_eq(with_settings(), H46017_ERR_INVALID_ARGUMENT);
  settings.gatekeeper_identifier = "\xff";
  ck_assert_int_eq(with_settings(), H46017_ERR_INVALID_ARGUMENT);
  for (size_t len = 128; len <= 129; len++) {
    (void)text_of(len);
    long_text[len] = '\0';
    settings.vendor.product_id.len = settings.vendor.version_id.len = 0;
    settings.gatekeeper_identifier = long_text;
    ck_assert_int_eq(with_settings(),
                     len == 128 ? 0 : H46017_ERR_INVALID_ARGUMENT);
  }
}
END_TEST

static void said_vendor(h46017_endpoint *ep, const char *component,
                        const char *want) {
  char path[96];
  const uint8_t *data;
  size_t len;
  (void)snprintf(path, sizeof(path), "registrationRequest.endpointVendor.%s",
                 component);
  ck_assert_int_eq(
      h46017_h225_read_octets(h46017_h225_get(h46017_h225_root(ep->out), path),
                              &data, &len),
      0);
  ck_assert_uint_eq(len, strlen(want));
  ck_assert_int_eq(memcmp(data, want, len), 0);
}

START_TEST(product_and_version_are_said_whatever_becomes_of_the_settings) {
  char product[] = "a phone";
  char version[] = "7.1";
  h46017_endpoint_settings_default(&settings);
  settings.vendor.product_id = (h46017_text){product, strlen(product)};
  settings.vendor.version_id = (h46017_text){version, strlen(version)};
  ck_assert_int_eq(played_init(&p, &settings, NULL), 0);
  memset(product, '?', strlen(product));
  memset(version, '?', strlen(version));
  ck_assert_int_eq(played_add(&p, "a"), 0);
  ck_assert_int_eq(played_up(&p), 0);
  said_vendor(p.ep, "productId", "a phone");
  said_vendor(p.ep, "versionId", "7.1");
  played_free(&p);
}
END_TEST

START_TEST(a_registration_that_cannot_be_is_refused_and_the_others_stay) {
  const h46017_alias odd = {H46017_ALIAS_DIALLED_DIGITS, 0, {"12 34", 5}};
  h46017_registration reg;
  uint32_t id = 0;
  h46017_endpoint_settings_default(&settings);
  settings.max_registrations = 2;
  ck_assert_int_eq(played_init(&p, &settings, NULL), 0);
  ck_assert_int_eq(played_add(&p, "a"), 0);
  h46017_registration_default(&reg);
  ck_assert_int_eq(h46017_endpoint_add(p.ep, &reg, &id, p.now),
                   H46017_ERR_INVALID_ARGUMENT);
  reg.aliases = &odd;
  reg.alias_count = 1;
  ck_assert_int_eq(h46017_endpoint_add(p.ep, &reg, &id, p.now),
                   H46017_ERR_INVALID_ARGUMENT);
  reg.alias_count = ENDPOINT_MAX_ALIASES + 1;
  ck_assert_int_eq(h46017_endpoint_add(p.ep, &reg, &id, p.now),
                   H46017_ERR_INVALID_ARGUMENT);
  ck_assert_int_eq(h46017_endpoint_add_aliases(p.ep, p.ids[0], &odd, 1, p.now),
                   H46017_ERR_INVALID_ARGUMENT);
  ck_assert_int_eq(played_add(&p, "b"), 0);
  ck_assert_int_eq(played_add(&p, "c"), H46017_ERR_QUEUE_FULL);
  ck_assert_int_eq(played_up(&p), 0);
  ck_assert_int_eq(played_count(&p, H46017_RAS_RRQ), 2);
  played_free(&p);
}
END_TEST

START_TEST(a_registration_has_so_many_names_and_no_more) {
  h46017_alias list[ENDPOINT_MAX_ALIASES];
  char names[ENDPOINT_MAX_ALIASES][8];
  ck_assert_int_eq(played_init(&p, NULL, NULL), 0);
  ck_assert_int_eq(played_add(&p, "a"), 0);
  for (size_t i = 0; i < ENDPOINT_MAX_ALIASES; i++) {
    (void)snprintf(names[i], sizeof(names[i]), "n%zu", i);
    list[i] =
        (h46017_alias){H46017_ALIAS_H323_ID, 0, {names[i], strlen(names[i])}};
  }
  ck_assert_int_eq(h46017_endpoint_add_aliases(p.ep, p.ids[0], list,
                                               ENDPOINT_MAX_ALIASES, p.now),
                   H46017_ERR_QUEUE_FULL);
  ck_assert_int_eq(h46017_endpoint_add_aliases(p.ep, p.ids[0], list,
                                               ENDPOINT_MAX_ALIASES - 1, p.now),
                   0);
  ck_assert_int_eq(h46017_endpoint_add_aliases(p.ep, p.ids[0],
                                               &list[ENDPOINT_MAX_ALIASES - 1],
                                               1, p.now),
                   H46017_ERR_QUEUE_FULL);
  played_free(&p);
}
END_TEST

/* -- the connection -------------------------------------------------------- */

START_TEST(a_tpkt_that_is_begun_and_not_finished_ends_the_connection) {
  static const uint8_t begun[] = {3, 0, 0, 100, 8};
  h46017_time at;
  ck_assert_int_eq(played_init(&p, NULL, NULL), 0);
  ck_assert_int_eq(played_up(&p), 0);
  ck_assert_int_eq(h46017_endpoint_recv(p.ep, begun, sizeof(begun), p.now), 0);
  at = h46017_endpoint_next_expiry(p.ep);
  ck_assert_uint_eq(at, p.now + 10 * SECOND);
  ck_assert_int_eq(h46017_endpoint_handle_expiry(p.ep, at - 1), 0);
  ck_assert(h46017_endpoint_want_read(p.ep));
  ck_assert_int_eq(h46017_endpoint_handle_expiry(p.ep, at), 0);
  ck_assert(!h46017_endpoint_want_read(p.ep));
  ck_assert_int_eq(h46017_endpoint_error(p.ep), H46017_ERR_PDU_TIMEOUT);
  played_free(&p);
}
END_TEST

START_TEST(the_most_preferred_that_answers_is_gone_to) {
  world_line *to;
  h46017_endpoint_settings_default(&settings);
  settings.gatekeeper_count = 3;
  (void)world_init(&w, NULL, NULL);
  (void)world_add(&w, &to, "a", &settings);
  to->unreachable = 3;
  ck_assert_int_eq(world_run(&w, 10 * SECOND), 0);
  ck_assert_uint_eq(h46017_endpoint_gatekeeper(to->ep), 2);
  /* The second answers once; then both do, and the first is the one. */
  ck_assert_int_eq(h46017_endpoint_reachable(to->ep, 1, w.now), 0);
  ck_assert_int_eq(h46017_endpoint_reachable(to->ep, 0, w.now), 0);
  ck_assert_int_eq(h46017_endpoint_reachable(to->ep, 1, w.now), 0);
  ck_assert_int_eq((int)h46017_endpoint_get_state(to->ep),
                   (int)H46017_ENDPOINT_UP);
  ck_assert_int_eq(h46017_endpoint_reachable(to->ep, 0, w.now), 0);
  ck_assert_int_eq((int)h46017_endpoint_get_state(to->ep),
                   (int)H46017_ENDPOINT_CLOSING);
  to->unreachable = 0;
  ck_assert_int_eq(world_run(&w, 30 * SECOND), 0);
  ck_assert_uint_eq(h46017_endpoint_gatekeeper(to->ep), 0);
  world_free(&w);
}
END_TEST

/* -- calls ----------------------------------------------------------------- */

static size_t shown; /* octets of signalling */
static int show_says;

static int on_signalling(h46017_endpoint *ep, const h46017_q931 *msg,
                         const uint8_t *q931, size_t len, void *user_data) {
  (void)ep;
  (void)user_data;
  ck_assert_ptr_eq(msg->data, q931);
  shown += len;
  return show_says;
}

/* A program that has calls of its own gets every message, whole. */
START_TEST(signalling_is_shown_to_a_program_with_calls_of_its_own) {
  static const uint8_t facility[] = {3, 0, 0,    12,   8, 2,
                                     0, 1, 0x62, 0x28, 1, 65};
  shown = 0;
  show_says = 0;
  ck_assert_int_eq(played_init(&p, NULL, NULL), 0);
  ck_assert_int_eq(played_up(&p), 0);
  ck_assert_int_eq(
      h46017_endpoint_recv(p.ep, facility, sizeof(facility), p.now), 0);
  ck_assert_uint_eq(shown, 0); /* nobody asked to be shown it */
  p.ep->callbacks.signalling_received = on_signalling;
  ck_assert_int_eq(
      h46017_endpoint_recv(p.ep, facility, sizeof(facility), p.now), 0);
  ck_assert_uint_eq(shown, sizeof(facility) - 4);
  show_says = -1;
  ck_assert_int_eq(
      h46017_endpoint_recv(p.ep, facility, sizeof(facility), p.now),
      H46017_ERR_CALLBACK_FAILURE);
  played_free(&p);
}
END_TEST

#define MINE "h323-uu-pdu.nonStandardData.data"
static unsigned built[256];
static unsigned lines, events;
static h46017_endpoint *looking;

static int on_building(h46017_calls *calls, h46017_call *made, uint8_t type,
                       h46017_h225 *msg, void *user_data) {
  (void)calls;
  (void)made;
  (void)user_data;
  built[type]++;
  if (type != H46017_Q931_SETUP) {
    return 0;
  }
  ck_assert_int_eq(
      h46017_h225_set_octets(msg, MINE, (const uint8_t *)"mine", 4), 0);
  return h46017_h225_set_text(
      msg, "h323-uu-pdu.nonStandardData.nonStandardIdentifier.object",
      "1.3.6.1.4.1.4711", 16);
}

/* Who looks on may change nothing. */
static void look_on(const world_line *who) {
  h46017_call *made;
  if (looking != NULL && who->ep == looking) {
    ck_assert_int_eq(
        h46017_endpoint_call(looking, 1, NULL, 640, NULL, &made, w.now),
        H46017_ERR_REENTRANT);
    ck_assert_int_eq(h46017_endpoint_close(looking, w.now),
                     H46017_ERR_REENTRANT);
  }
}

static void on_log(h46017_log_level level, const char *text, size_t len,
                   void *user_data) {
  (void)level;
  ck_assert_uint_eq(strlen(text), len);
  lines++;
  look_on(user_data);
}

static void on_trace(const h46017_trace_event *event, void *user_data) {
  events += event->object != NULL && strcmp(event->object, "call") == 0;
  look_on(user_data);
}

static void tune_all(h46017_endpoint_callbacks *cb,
                     h46017_calls_callbacks *calls) {
  calls->building = on_building;
  cb->log_write = on_log;
  cb->trace = on_trace;
}

START_TEST(calls_are_built_traced_and_logged_for_the_program) {
  unsigned before;
  memset(built, 0, sizeof(built));
  lines = events = 0;
  looking = NULL;
  tune_further = tune_all;
  begin(NULL);
  looking = line[0]->ep;
  answers = true;
  (void)call(0, "b");
  ck_assert_ptr_nonnull(parties[1].call);
  ck_assert_uint_eq(built[H46017_Q931_SETUP], 1);
  ck_assert_uint_eq(built[H46017_Q931_CONNECT], 1);
  ck_assert_uint_gt(events, 0);
  /* What it added came. */
  {
    h46017_q931 msg;
    h46017_h225 *m;
    const uint8_t *per;
    size_t len;
    ck_assert_int_eq(h46017_q931_parse(&msg, parties[1].setup.data,
                                       parties[1].setup.len,
                                       H46017_LENIENT_DEFAULT),
                     0);
    ck_assert_int_eq(h46017_q931_user_user(&msg, &per, &len), 0);
    ck_assert_int_eq(h46017_h225_new(&m, NULL, NULL), 0);
    ck_assert_int_eq(
        h46017_h225_decode(m, h46017_h225_user_information(), per, len), 0);
    ck_assert_int_eq(
        h46017_h225_read_octets(h46017_h225_get(h46017_h225_root(m), MINE),
                                &per, &len),
        0);
    ck_assert(len == 4 && memcmp(per, "mine", 4) == 0);
    h46017_h225_del(m);
  }
  /* A call that is answered wrongly is something to be told of. */
  before = lines;
  {
    static const uint8_t odd[] = {3, 0, 0, 9, 8, 2, 0, 99, 0x05};
    (void)h46017_endpoint_recv(line[0]->ep, odd, sizeof(odd), w.now);
  }
  ck_assert_uint_gt(lines, before);
  looking = NULL;
  write_and_run(0, H46017_Q931_RELEASE_COMPLETE);
  ck_assert_uint_eq(built[H46017_Q931_RELEASE_COMPLETE], 1);
  tune_further = NULL;
  end();
}
END_TEST

static Suite *endpoint_program_suite(void) {
  Suite *s = suite_create("endpoint_program");
  TCase *tc = tcase_create("program");

  tcase_add_test(tc, a_text_that_has_no_room_in_a_message_is_refused);
  tcase_add_test(tc,
                 product_and_version_are_said_whatever_becomes_of_the_settings);
  tcase_add_test(tc,
                 a_registration_that_cannot_be_is_refused_and_the_others_stay);
  tcase_add_test(tc, a_registration_has_so_many_names_and_no_more);
  tcase_add_test(tc, a_tpkt_that_is_begun_and_not_finished_ends_the_connection);
  tcase_add_test(tc, the_most_preferred_that_answers_is_gone_to);
  tcase_add_test(tc, signalling_is_shown_to_a_program_with_calls_of_its_own);
  tcase_add_test(tc, calls_are_built_traced_and_logged_for_the_program);
  suite_add_tcase(s, tc);
  return s;
}

int main(void) {
  return run_suite(endpoint_program_suite());
}
