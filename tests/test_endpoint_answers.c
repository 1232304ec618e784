/* SPDX-License-Identifier: BSD-2-Clause */
/* What an endpoint does about each answer, and about each request of a
 * gatekeeper to end its registration. */
#include "failmem.h"
#include "octets.h"
#include "played.h"
#include "runner.h"

#include <check.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define SECOND ((h46017_time)1000)

/* An endpoint with the names, connected, its full RRQ sent. */
static void begin(played *p, const h46017_endpoint_settings *s,
                  const char *names) {
  ck_assert_int_eq(played_init(p, s, NULL), 0);
  ck_assert_int_eq(played_add(p, names), 0);
  ck_assert_int_eq(played_up(p), 0);
  ck_assert_int_eq((int)played_last(p)->kind, (int)H46017_RAS_RRQ);
}

static h46017_registration_state state(const played *p) {
  return h46017_endpoint_registration_state(p->ep, p->ids[0]);
}

/* -- RRJ ------------------------------------------------------------------- */

typedef enum reaction {
  AT_ONCE, /* another full RRQ */
  SHORT,   /* held for backoff_first */
  LONG,    /* held for backoff_denied */
  ELSEWHERE
} reaction;

typedef struct row {
  const char *reason;
  reaction to_full;
  reaction to_refresh;
} row;

/* H.225.0 RegistrationRejectReason, all of it. */
static const row reasons[] = {
    {"discoveryRequired", SHORT, AT_ONCE},
    {"invalidRevision", LONG, LONG},
    {"invalidCallSignalAddress", LONG, LONG},
    {"invalidRASAddress", LONG, LONG},
    {"duplicateAlias", SHORT, SHORT},
    {"invalidTerminalType", LONG, LONG},
    {"undefinedReason", SHORT, SHORT},
    {"transportNotSupported", LONG, LONG},
    {"transportQOSNotSupported", LONG, LONG},
    {"resourceUnavailable", ELSEWHERE, ELSEWHERE},
    {"invalidAlias", LONG, LONG},
    {"securityDenial", LONG, LONG},
    {"fullRegistrationRequired", SHORT, AT_ONCE},
    {"additiveRegistrationNotSupported", LONG, LONG},
    {"invalidTerminalAliases", LONG, LONG},
    {"genericDataReason", SHORT, SHORT},
    {"neededFeatureNotSupported", LONG, LONG},
    {"securityError.securityReplay", LONG, LONG},
    {"registerWithAssignedGK", ELSEWHERE, ELSEWHERE},
};
#define REASONS (sizeof(reasons) / sizeof(reasons[0]))

static int reject(played *p, const char *reason) {
  h46017_ras rrj = {.kind = H46017_RAS_RRJ,
                    .request_seq_num = played_last(p)->seq};
  char path[128] = "registrationReject.rejectReason.";

  rrj.u.rrj.reason = H46017_RRJ_UNDEFINED_REASON;
  played_build(p, &rrj);
  ck_assert_uint_lt(strlen(path) + strlen(reason), sizeof(path));
  strcat(path, reason);
  ck_assert_int_eq(h46017_h225_set_present(p->out, path), 0);
  return played_give(p);
}

static void check_reaction(played *p, reaction want, const char *reason) {
  const h46017_time hold = want == LONG ? 60 * SECOND : 1 * SECOND;
  const int rrqs = played_count(p, H46017_RAS_RRQ);

  if (want == ELSEWHERE) {
    ck_assert_msg(!h46017_endpoint_want_read(p->ep), "%s", reason);
    ck_assert_int_eq(h46017_endpoint_error(p->ep), H46017_ERR_REJECTED);
    ck_assert_int_eq(played_down(p, H46017_ERR_CLOSED), 0);
    ck_assert_int_eq(played_until(p, p->now + 2 * SECOND), 0);
    ck_assert_uint_eq(p->index, 1);
    return;
  }
  ck_assert_msg(h46017_endpoint_want_read(p->ep), "%s", reason);
  if (want == AT_ONCE) {
    ck_assert_msg(!played_last(p)->keep_alive, "%s", reason);
    ck_assert_str_eq(played_last(p)->names, "a");
    ck_assert_int_eq((int)state(p), (int)H46017_REGISTRATION_REGISTERING);
    ck_assert_int_eq(p->rejected, 0);
    return;
  }
  ck_assert_int_eq(p->rejected, 1);
  ck_assert_msg(state(p) == H46017_REGISTRATION_HELD, "%s", reason);
  ck_assert_int_eq(played_until(p, p->now + hold - 1), 0);
  ck_assert_msg(played_count(p, H46017_RAS_RRQ) == rrqs, "%s", reason);
  ck_assert_int_eq(played_until(p, p->now + 1), 0);
  ck_assert_msg(played_count(p, H46017_RAS_RRQ) == rrqs + 1, "%s", reason);
  ck_assert(!played_last(p)->keep_alive);
}

START_TEST(each_reject_reason_has_its_reaction) {
  const row *r = &reasons[(size_t)_i / 2];
  bool refreshing = _i % 2 == 1;
  h46017_endpoint_settings s;
  played p;

  ck_assert_str_eq(h46017_rrj_reason_name((h46017_rrj_reason)(_i / 2)),
                   strncmp(r->reason, "securityError", 13) == 0
                       ? "securityError"
                       : r->reason);
  h46017_endpoint_settings_default(&s);
  s.gatekeeper_count = 2;
  begin(&p, &s, "a");
  if (refreshing) {
    ck_assert_int_eq(played_confirm(&p, played_last(&p)->seq, NULL, 100), 0);
    ck_assert_int_eq(played_until(&p, p.now + 70 * SECOND), 0);
    ck_assert(played_last(&p)->keep_alive);
  }
  ck_assert_int_eq(reject(&p, r->reason), 0);
  check_reaction(&p, refreshing ? r->to_refresh : r->to_full, r->reason);
  ck_assert_int_eq(p.unregistered,
                   refreshing && r->to_refresh != AT_ONCE ? 1 : 0);
  played_free(&p);
}
END_TEST

START_TEST(refusals_are_waited_for_ever_longer_up_to_the_limit) {
  static const unsigned seconds[] = {1, 2, 4, 8, 16, 32, 60, 60};
  played p;

  begin(&p, NULL, "a");
  for (size_t i = 0; i < sizeof(seconds) / sizeof(seconds[0]); i++) {
    const int rrqs = played_count(&p, H46017_RAS_RRQ);
    ck_assert_int_eq(reject(&p, "undefinedReason"), 0);
    ck_assert_int_eq(played_until(&p, p.now + seconds[i] * SECOND - 1), 0);
    ck_assert_int_eq(played_count(&p, H46017_RAS_RRQ), rrqs);
    ck_assert_int_eq(played_until(&p, p.now + 1), 0);
    ck_assert_int_eq(played_count(&p, H46017_RAS_RRQ), rrqs + 1);
  }
  played_free(&p);
}
END_TEST

/* The IRR lists these names, and no other. NULL: the end. */
static void answers_irq(played *p, const char *name, ...) {
  /* An IRQ, requestSeqNum 12. */
  octets irq =
      octets_hex("5600000b0000170000110000000000000000000000000000000000");
  va_list names;
  size_t n = 0;

  ck_assert_int_eq(
      h46017_h225_decode(p->out, h46017_h225_ras_message(), irq.data, irq.len),
      0);
  ck_assert_int_eq(played_give(p), 0);
  octets_free(&irq);
  ck_assert_int_eq((int)played_last(p)->kind, (int)H46017_RAS_IRR);
  va_start(names, name);
  for (; name != NULL; name = va_arg(names, const char *)) {
    char path[64];
    char text[32];
    size_t len = 0;
    (void)snprintf(path, sizeof path,
                   "infoRequestResponse.endpointAlias[%zu].h323-ID", n++);
    ck_assert_int_eq(
        h46017_h225_read_text(h46017_h225_get(h46017_h225_root(p->in), path),
                              text, sizeof text, &len),
        0);
    ck_assert_uint_eq(len, strlen(name));
    ck_assert_mem_eq(text, name, len);
  }
  va_end(names);
  ck_assert_uint_eq(
      h46017_h225_count(h46017_h225_get(h46017_h225_root(p->in),
                                        "infoRequestResponse.endpointAlias")),
      n);
}

START_TEST(a_name_that_is_refused_is_left_out_on_this_connection) {
  h46017_ras rrj = {.kind = H46017_RAS_RRJ};
  played p;

  begin(&p, NULL, "a b c");
  ck_assert_str_eq(played_last(&p)->names, "a b c");
  rrj.request_seq_num = played_last(&p)->seq;
  rrj.u.rrj.reason = H46017_RRJ_UNDEFINED_REASON;
  played_build(&p, &rrj);
  ck_assert_int_eq(
      h46017_h225_set_text(p.out,
                           "registrationReject.rejectReason."
                           "invalidTerminalAliases.terminalAlias[0].h323-ID",
                           "a", 1),
      0);
  ck_assert_int_eq(played_give(&p), 0);
  ck_assert_str_eq(played_last(&p)->names, "c b");
  ck_assert_int_eq(p.rejected, 0);
  ck_assert_int_eq(played_confirm(&p, played_last(&p)->seq, NULL, 100), 0);
  ck_assert_str_eq(played_granted(&p, p.ids[0]), "c b");
  answers_irq(&p, "c", "b", NULL);
  /* Another connection, perhaps another mind. */
  ck_assert_int_eq(played_down(&p, H46017_ERR_CLOSED), 0);
  ck_assert_int_eq(played_until(&p, p.now + 2 * SECOND), 0);
  ck_assert_int_eq(played_up(&p), 0);
  ck_assert_str_eq(played_last(&p)->names, "c b a");
  played_free(&p);
}
END_TEST

/* -- URQ ------------------------------------------------------------------- */

typedef struct urq_row {
  h46017_urq_reason reason;
  reaction want;
} urq_row;

static const urq_row urq_reasons[] = {
    {H46017_URQ_REASON_ABSENT, SHORT},
    {H46017_URQ_REREGISTRATION_REQUIRED, AT_ONCE},
    {H46017_URQ_TTL_EXPIRED, AT_ONCE},
    {H46017_URQ_SECURITY_DENIAL, LONG},
    {H46017_URQ_UNDEFINED_REASON, SHORT},
    {H46017_URQ_MAINTENANCE, ELSEWHERE},
    {H46017_URQ_REGISTER_WITH_ASSIGNED_GK, ELSEWHERE},
};
#define URQ_REASONS (sizeof(urq_reasons) / sizeof(urq_reasons[0]))

static void build_urq(played *p, h46017_urq_reason reason, const char *id) {
  h46017_ras urq = {.kind = H46017_RAS_URQ, .request_seq_num = 77};

  urq.u.urq.reason = reason;
  if (id != NULL) {
    urq.u.urq.endpoint_identifier = (h46017_text){id, strlen(id)};
  }
  played_build(p, &urq);
}

START_TEST(each_reason_to_unregister_has_its_reaction) {
  const urq_row *r = &urq_reasons[_i];
  h46017_endpoint_settings s;
  played p;

  h46017_endpoint_settings_default(&s);
  s.gatekeeper_count = 2;
  begin(&p, &s, "a");
  ck_assert_int_eq(played_confirm(&p, played_last(&p)->seq, NULL, 100), 0);
  build_urq(&p, r->reason, _i % 2 == 0 ? "1_endp" : NULL);
  ck_assert_int_eq(played_give(&p), 0);
  ck_assert_int_eq(played_count(&p, H46017_RAS_UCF), 1);
  ck_assert_int_eq(p.unregistered, 1);
  ck_assert_int_eq(p.why, H46017_ERR_REJECTED);
  p.rejected = r->want == AT_ONCE ? 0 : 1; /* nothing was rejected */
  check_reaction(&p, r->want, h46017_urq_reason_name(r->reason));
  played_free(&p);
}
END_TEST

START_TEST(a_gatekeeper_that_unregisters_again_and_again_is_waited_for) {
  const h46017_time first = 1000;
  played p;

  begin(&p, NULL, "a");
  for (int i = 0; i < 20; i++) {
    if (played_last(&p)->kind == H46017_RAS_RRQ) {
      ck_assert_int_eq(played_confirm(&p, played_last(&p)->seq, NULL, 100), 0);
    }
    build_urq(&p, H46017_URQ_REREGISTRATION_REQUIRED, "1_endp");
    ck_assert_int_eq(played_give(&p), 0);
    ck_assert_int_eq(played_until(&p, p.now + 100), 0);
  }
  ck_assert_uint_lt(p.now, first + 4 * SECOND);
  ck_assert_int_le(played_count(&p, H46017_RAS_RRQ), 4);
  played_free(&p);
}
END_TEST

START_TEST(a_urq_for_nobody_here_is_refused) {
  played p;

  begin(&p, NULL, "a");
  build_urq(&p, H46017_URQ_MAINTENANCE, NULL); /* nobody is registered yet */
  ck_assert_int_eq(played_give(&p), 0);
  ck_assert_int_eq((int)played_last(&p)->kind, (int)H46017_RAS_URJ);
  build_urq(&p, H46017_URQ_MAINTENANCE, "somebody");
  ck_assert_int_eq(played_give(&p), 0);
  ck_assert_int_eq((int)played_last(&p)->kind, (int)H46017_RAS_URJ);
  ck_assert_int_eq((int)state(&p), (int)H46017_REGISTRATION_REGISTERING);
  played_free(&p);
}
END_TEST

/* -- names and times ------------------------------------------------------- */

START_TEST(what_the_gatekeeper_grants_is_what_is_held) {
  h46017_alias b = {H46017_ALIAS_H323_ID, 0, {"b", 1}};
  played p;

  begin(&p, NULL, "a b");
  ck_assert_str_eq(played_granted(&p, p.ids[0]), "(not registered)");
  ck_assert_int_eq(played_confirm(&p, played_last(&p)->seq, "b 4711", 100), 0);
  ck_assert_str_eq(played_granted(&p, p.ids[0]), "b 4711");
  /* A refresh without a list says nothing about it, one with a list does. */
  ck_assert_int_eq(played_until(&p, p.now + 70 * SECOND), 0);
  ck_assert(played_last(&p)->keep_alive);
  ck_assert_str_eq(played_last(&p)->names, "");
  ck_assert_int_eq(played_confirm(&p, played_last(&p)->seq, "b 4711 c", 100),
                   0);
  ck_assert_str_eq(played_granted(&p, p.ids[0]), "b 4711 c");
  /* Some are taken away: the registration stays. */
  build_urq(&p, H46017_URQ_UNDEFINED_REASON, "1_endp");
  ck_assert_int_eq(h46017_h225_set_text(
                       p.out, "unregistrationRequest.endpointAlias[0].h323-ID",
                       b.text.text, b.text.len),
                   0);
  ck_assert_int_eq(played_give(&p), 0);
  ck_assert_int_eq((int)played_last(&p)->kind, (int)H46017_RAS_UCF);
  ck_assert_str_eq(played_granted(&p, p.ids[0]), "4711 c");
  ck_assert_int_eq((int)state(&p), (int)H46017_REGISTRATION_REGISTERED);
  /* The last of them: it is over. */
  build_urq(&p, H46017_URQ_UNDEFINED_REASON, "1_endp");
  ck_assert_int_eq(
      h46017_h225_set_text(
          p.out, "unregistrationRequest.endpointAlias[0].h323-ID", "c", 1),
      0);
  ck_assert_int_eq(
      h46017_h225_set_text(
          p.out, "unregistrationRequest.endpointAlias[1].h323-ID", "4711", 4),
      0);
  ck_assert_int_eq(played_give(&p), 0);
  ck_assert_int_eq((int)state(&p), (int)H46017_REGISTRATION_HELD);
  ck_assert_int_eq(p.unregistered, 1);
  /* What it asks for next is what it wants, not what it once got. */
  ck_assert_int_eq(played_until(&p, p.now + SECOND), 0);
  ck_assert_str_eq(played_last(&p)->names, "a b");
  played_free(&p);
}
END_TEST

START_TEST(without_a_time_to_live_nothing_is_refreshed) {
  played p;

  begin(&p, NULL, "a");
  ck_assert_int_eq(played_confirm(&p, played_last(&p)->seq, NULL, 0), 0);
  ck_assert_int_eq(played_until(&p, p.now + 100000 * SECOND), 0);
  ck_assert_int_eq(played_count(&p, H46017_RAS_RRQ), 1);
  ck_assert_int_eq((int)state(&p), (int)H46017_REGISTRATION_REGISTERED);
  played_free(&p);
}
END_TEST

START_TEST(a_refresh_that_is_confirmed_without_one_goes_on_as_before) {
  played p;

  begin(&p, NULL, "a");
  ck_assert_int_eq(played_confirm(&p, played_last(&p)->seq, NULL, 100), 0);
  for (int i = 0; i < 3; i++) {
    ck_assert_int_eq(played_until(&p, p.now + 70 * SECOND - 1), 0);
    ck_assert_int_eq(played_count(&p, H46017_RAS_RRQ), 1 + i);
    ck_assert_int_eq(played_until(&p, p.now + 1), 0);
    ck_assert_int_eq(played_count(&p, H46017_RAS_RRQ), 2 + i);
    ck_assert_int_eq(played_confirm(&p, played_last(&p)->seq, NULL, 0), 0);
  }
  ck_assert_int_eq(p.refreshed, 3);
  played_free(&p);
}
END_TEST

/* What GnuGk says to a keep-alive: maintainConnection FALSE and an address. */
START_TEST(what_a_refresh_says_of_addresses_is_not_acted_on) {
  static const uint8_t ip[4] = {127, 0, 0, 1};
  played p;

  begin(&p, NULL, "a");
  ck_assert_int_eq(played_confirm(&p, played_last(&p)->seq, NULL, 100), 0);
  ck_assert_int_eq(played_until(&p, p.now + 70 * SECOND), 0);
  played_build_rcf(&p, played_last(&p)->seq, NULL, 100);
  ck_assert_int_eq(h46017_h225_set_bool(
                       p.out, "registrationConfirm.maintainConnection", false),
                   0);
  ck_assert_int_eq(h46017_h225_set_octets(
                       p.out,
                       "registrationConfirm.callSignalAddress[0].ipAddress.ip",
                       ip, sizeof(ip)),
                   0);
  ck_assert_int_eq(
      h46017_h225_set_uint(
          p.out, "registrationConfirm.callSignalAddress[0].ipAddress.port",
          1720),
      0);
  ck_assert_int_eq(played_give(&p), 0);
  ck_assert_int_eq(p.refreshed, 1);
  ck_assert(h46017_endpoint_want_read(p.ep));
  ck_assert_int_eq(p.connects, 1);
  ck_assert_int_eq(played_until(&p, p.now + 70 * SECOND), 0);
  ck_assert(played_last(&p)->keep_alive);
  played_free(&p);
}
END_TEST

START_TEST(silence_is_a_loss_before_the_time_to_live_is_over) {
  played p;

  begin(&p, NULL, "a");
  ck_assert_int_eq(played_confirm(&p, played_last(&p)->seq, NULL, 100), 0);
  ck_assert_int_eq(played_until(&p, p.now + 78 * SECOND - 1), 0);
  ck_assert(h46017_endpoint_want_read(p.ep));
  ck_assert_int_eq(played_until(&p, p.now + 1), 0);
  ck_assert(!h46017_endpoint_want_read(p.ep));
  ck_assert_int_eq(h46017_endpoint_error(p.ep), H46017_ERR_TIMEOUT);
  /* and one RRQ was enough to learn it */
  ck_assert_int_eq(played_count(&p, H46017_RAS_RRQ), 2);
  played_free(&p);
}
END_TEST

/* -- adding names ---------------------------------------------------------- */

static int confirm_additive(played *p, const char *names) {
  played_build_rcf(p, played_last(p)->seq, names, 100);
  ck_assert_int_eq(
      h46017_h225_set_present(
          p->out, "registrationConfirm.supportsAdditiveRegistration"),
      0);
  return played_give(p);
}

START_TEST(names_are_added_by_an_additive_rrq_where_it_is_offered) {
  played p;

  begin(&p, NULL, "a");
  ck_assert_int_eq(confirm_additive(&p, "a"), 0);
  ck_assert_int_eq(played_names(&p, p.ids[0], "b a c"), 0);
  ck_assert(played_last(&p)->additive);
  ck_assert(!played_last(&p)->keep_alive);
  ck_assert_str_eq(played_last(&p)->names, "b c");
  ck_assert_str_eq(played_last(&p)->identifier, "1_endp");
  ck_assert_str_eq(played_granted(&p, p.ids[0]), "a");
  /* confirmed with what was added only */
  ck_assert_int_eq(confirm_additive(&p, "b"), 0);
  ck_assert_str_eq(played_granted(&p, p.ids[0]), "a b");
  ck_assert_int_eq(p.registered, 1);
  ck_assert_int_eq(p.refreshed, 1);
  /* one more, and the answer lists all */
  ck_assert_int_eq(played_names(&p, p.ids[0], "d"), 0);
  ck_assert_str_eq(played_last(&p)->names, "d");
  ck_assert_int_eq(confirm_additive(&p, "a b d"), 0);
  ck_assert_str_eq(played_granted(&p, p.ids[0]), "a b d");
  /* the same again is nothing to ask for */
  ck_assert_int_eq(played_names(&p, p.ids[0], "d"), 0);
  ck_assert_int_eq(played_count(&p, H46017_RAS_RRQ), 3);
  /* a new connection asks for all of them */
  ck_assert_int_eq(played_down(&p, H46017_ERR_CLOSED), 0);
  ck_assert_int_eq(played_until(&p, p.now + 2 * SECOND), 0);
  ck_assert_int_eq(played_up(&p), 0);
  ck_assert_str_eq(played_last(&p)->names, "a b c d");
  ck_assert(!played_last(&p)->additive);
  played_free(&p);
}
END_TEST

START_TEST(names_are_added_by_a_full_rrq_where_it_is_not) {
  played p;

  begin(&p, NULL, "a");
  /* before the answer: they wait for it */
  ck_assert_int_eq(played_names(&p, p.ids[0], "b"), 0);
  ck_assert_int_eq(played_count(&p, H46017_RAS_RRQ), 1);
  ck_assert_int_eq(played_confirm(&p, played_last(&p)->seq, NULL, 100), 0);
  ck_assert(!played_last(&p)->additive);
  ck_assert_str_eq(played_last(&p)->names, "a b");
  ck_assert_int_eq(played_confirm(&p, played_last(&p)->seq, NULL, 100), 0);
  ck_assert_str_eq(played_granted(&p, p.ids[0]), "a b");
  ck_assert_int_eq(played_names(&p, 99, "c"), H46017_ERR_NOT_FOUND);
  ck_assert_int_eq(h46017_endpoint_add_aliases(p.ep, p.ids[0], NULL, 1, p.now),
                   H46017_ERR_INVALID_ARGUMENT);
  played_free(&p);
}
END_TEST

START_TEST(names_that_are_not_added_leave_what_was_there) {
  played p;

  begin(&p, NULL, "a");
  ck_assert_int_eq(confirm_additive(&p, "a"), 0);
  ck_assert_int_eq(played_names(&p, p.ids[0], "b"), 0);
  ck_assert_int_eq(played_names(&p, p.ids[0], "c"), 0); /* meanwhile */
  ck_assert_int_eq(reject(&p, "undefinedReason"), 0);
  ck_assert_int_eq(p.rejected, 1);
  ck_assert_int_eq(p.unregistered, 0);
  ck_assert_str_eq(played_granted(&p, p.ids[0]), "a");
  ck_assert_str_eq(played_last(&p)->names, "c");
  ck_assert_int_eq(confirm_additive(&p, NULL), 0);
  ck_assert_str_eq(played_granted(&p, p.ids[0]), "a c");
  /* refreshed as ever */
  ck_assert_int_eq(played_until(&p, p.now + 70 * SECOND), 0);
  ck_assert(played_last(&p)->keep_alive);
  /* It promised more than it holds: the full RRQ does it. */
  ck_assert_int_eq(confirm_additive(&p, NULL), 0);
  ck_assert_int_eq(played_names(&p, p.ids[0], "d"), 0);
  ck_assert(played_last(&p)->additive);
  ck_assert_int_eq(reject(&p, "additiveRegistrationNotSupported"), 0);
  ck_assert(!played_last(&p)->additive);
  ck_assert_str_eq(played_last(&p)->names, "a c d");
  played_free(&p);
}
END_TEST

/* A full RRQ that adds names is about a registration that is there. */
START_TEST(names_that_a_full_rrq_does_not_add_leave_what_was_there) {
  static const char *const refusals[] = {
      "duplicateAlias", "undefinedReason",     "securityDenial",
      "invalidAlias",   "resourceUnavailable", "invalidTerminalAliases"};
  played p;

  begin(&p, NULL, "a");
  ck_assert_int_eq(played_confirm(&p, played_last(&p)->seq, NULL, 100), 0);
  ck_assert_int_eq(played_names(&p, p.ids[0], "b"), 0);
  ck_assert_str_eq(played_last(&p)->names, "a b");
  ck_assert_str_eq(played_granted(&p, p.ids[0]), "a"); /* meanwhile */
  ck_assert_int_eq(reject(&p, refusals[_i]), 0);
  ck_assert_int_eq((int)state(&p), (int)H46017_REGISTRATION_REGISTERED);
  ck_assert_int_eq(p.rejected, 1);
  ck_assert_int_eq(p.unregistered, 0);
  ck_assert_str_eq(played_granted(&p, p.ids[0]), "a");
  ck_assert_int_eq(played_count(&p, H46017_RAS_RRQ), 2);
  /* the next one is asked for without it */
  ck_assert_int_eq(played_names(&p, p.ids[0], "c"), 0);
  ck_assert_str_eq(played_last(&p)->names, "a c");
  ck_assert_int_eq(played_confirm(&p, played_last(&p)->seq, NULL, 100), 0);
  ck_assert_str_eq(played_granted(&p, p.ids[0]), "a c");
  ck_assert_int_eq(p.registered, 2);
  ck_assert_int_eq(played_until(&p, p.now + 70 * SECOND), 0);
  ck_assert(played_last(&p)->keep_alive);
  played_free(&p);
}
END_TEST

static int unregister(played *p, h46017_urq_reason reason) {
  h46017_ras urq = {.kind = H46017_RAS_URQ, .request_seq_num = 9};

  urq.u.urq.reason = reason;
  urq.u.urq.endpoint_identifier = (h46017_text){"1_endp", 6};
  played_build(p, &urq);
  return played_give(p);
}

START_TEST(a_urq_that_crosses_names_being_added_ends_the_registration_only) {
  const bool additive = _i == 1;
  played p;

  begin(&p, NULL, "a");
  ck_assert_int_eq(additive
                       ? confirm_additive(&p, NULL)
                       : played_confirm(&p, played_last(&p)->seq, NULL, 100),
                   0);
  ck_assert_int_eq(played_names(&p, p.ids[0], "b"), 0);
  ck_assert_int_eq(unregister(&p, H46017_URQ_UNDEFINED_REASON), 0);
  ck_assert_int_eq((int)played_last(&p)->kind, (int)H46017_RAS_UCF);
  ck_assert_int_eq(p.unregistered, 1);
  ck_assert_int_eq((int)state(&p), (int)H46017_REGISTRATION_HELD);
  ck_assert_int_eq(played_until(&p, p.now + 2 * SECOND), 0);
  ck_assert_str_eq(played_last(&p)->names, "a b");
  ck_assert_int_eq(played_confirm(&p, played_last(&p)->seq, NULL, 100), 0);
  ck_assert_str_eq(played_granted(&p, p.ids[0]), "a b");
  played_free(&p);
}
END_TEST

/* Whatever way it goes: who heard of it hears of its end, once. */
START_TEST(a_registration_that_is_not_made_again_is_told_to_be_over) {
  played p;

  begin(&p, NULL, "a");
  ck_assert_int_eq(reject(&p, "duplicateAlias"), 0);
  ck_assert_int_eq(p.unregistered, 0); /* there was none */
  ck_assert_int_eq(played_until(&p, p.now + 2 * SECOND), 0);
  ck_assert_int_eq(played_confirm(&p, played_last(&p)->seq, NULL, 100), 0);
  ck_assert_int_eq(played_until(&p, p.now + 70 * SECOND), 0);
  ck_assert(played_last(&p)->keep_alive);
  ck_assert_int_eq(reject(&p, "fullRegistrationRequired"), 0);
  ck_assert(!played_last(&p)->keep_alive);
  ck_assert_int_eq(p.unregistered, 0); /* it is to be there again at once */
  if (_i == 0) {
    ck_assert_int_eq(reject(&p, "duplicateAlias"), 0);
    ck_assert_int_eq(p.why, H46017_ERR_REJECTED);
  } else {
    ck_assert_int_eq(played_down(&p, H46017_ERR_CLOSED), 0);
    ck_assert_int_eq(p.why, H46017_ERR_CLOSED);
  }
  ck_assert_int_eq(p.unregistered, 1);
  ck_assert_int_eq(p.registered, 1);
  if (_i == 0) {
    ck_assert_int_eq(played_down(&p, H46017_ERR_CLOSED), 0);
    ck_assert_int_eq(p.unregistered, 1);
  }
  played_free(&p);
}
END_TEST

START_TEST(a_name_that_is_given_twice_is_one) {
  const h46017_alias twice[] = {
      {H46017_ALIAS_H323_ID, 0, {"0090332f688a", 12}},
      {H46017_ALIAS_H323_ID, 0, {"00:90:33:2F:68:8A", 17}},
      {H46017_ALIAS_H323_ID, 0, {"a", 1}},
      {H46017_ALIAS_H323_ID, 0, {"a", 1}}};
  const h46017_registration reg = {.struct_size = sizeof(reg),
                                   .aliases = twice,
                                   .alias_count = 4,
                                   .terminal_type = H46017_TERMINAL_TERMINAL};
  uint32_t id;
  played p;

  ck_assert_int_eq(played_init(&p, NULL, NULL), 0);
  ck_assert_int_eq(h46017_endpoint_add(p.ep, &reg, &id, p.now), 0);
  ck_assert_int_eq(played_up(&p), 0);
  ck_assert_str_eq(played_last(&p)->names, "0090332f688a a");
  ck_assert_int_eq(confirm_additive(&p, NULL), 0);
  ck_assert_int_eq(h46017_endpoint_add_aliases(p.ep, id, twice, 4, p.now), 0);
  ck_assert_int_eq(played_count(&p, H46017_RAS_RRQ), 1);
  ck_assert_int_eq(played_names(&p, id, "b"), 0);
  ck_assert_str_eq(played_last(&p)->names, "b");
  played_free(&p);
}
END_TEST

/* -- many ------------------------------------------------------------------ */

START_TEST(many_registrations_take_turns) {
  h46017_endpoint_settings s;
  char name[8];
  played p;

  h46017_endpoint_settings_default(&s);
  s.max_registering = 4;
  ck_assert_int_eq(played_init(&p, &s, NULL), 0);
  for (int i = 0; i < 10; i++) {
    (void)snprintf(name, sizeof(name), "n%d", i);
    ck_assert_int_eq(played_add(&p, name), 0);
  }
  ck_assert_int_eq(played_up(&p), 0);
  for (int answered = 0; answered < 10; answered++) {
    ck_assert_int_eq(played_count(&p, H46017_RAS_RRQ),
                     answered + 4 < 10 ? answered + 4 : 10);
    ck_assert_int_eq(played_confirm(&p, p.got[answered].seq, NULL, 0), 0);
  }
  ck_assert_int_eq(p.registered, 10);
  played_free(&p);
}
END_TEST

/* -- memory ---------------------------------------------------------------- */

static int scenario(failmem *f, void *arg) {
  h46017_endpoint_settings s;
  played p;
  int rv;

  (void)arg;
  h46017_endpoint_settings_default(&s);
  s.max_alternates = 4;
  s.discover = true;
  rv = played_init(&p, &s, &f->mem);
  if (rv == 0) {
    rv = played_add(&p, "a b");
  }
  if (rv == 0) {
    rv = played_up(&p);
  }
  if (rv == 0) { /* GCF */
    ck_assert_int_eq((int)played_last(&p)->kind, (int)H46017_RAS_GRQ);
    ck_assert_int_eq(h46017_h225_create(p.out, h46017_h225_ras_message()), 0);
    ck_assert_int_eq(h46017_h225_set_uint(p.out,
                                          "gatekeeperConfirm.requestSeqNum",
                                          played_last(&p)->seq),
                     0);
    ck_assert_int_eq(
        h46017_h225_set_text(p.out, "gatekeeperConfirm.protocolIdentifier",
                             "0.0.8.2250.0.7", 14),
        0);
    ck_assert_int_eq(h46017_h225_set_octets(
                         p.out, "gatekeeperConfirm.rasAddress.ipAddress.ip",
                         (const uint8_t[4]){0}, 4),
                     0);
    ck_assert_int_eq(
        h46017_h225_set_uint(p.out,
                             "gatekeeperConfirm.rasAddress.ipAddress.port", 0),
        0);
    ck_assert_int_eq(
        h46017_h225_set_text(p.out, "gatekeeperConfirm.gatekeeperIdentifier",
                             "gk", 2),
        0);
    rv = played_give(&p);
  }
  if (rv == 0) {
    rv = confirm_additive(&p, "b x");
  }
  if (rv == 0) {
    rv = played_names(&p, p.ids[0], "c d");
  }
  if (rv == 0) {
    rv = confirm_additive(&p, "c");
  }
  if (rv == 0) {
    build_urq(&p, H46017_URQ_UNDEFINED_REASON, "1_endp");
    ck_assert_int_eq(
        h46017_h225_set_text(
            p.out, "unregistrationRequest.endpointAlias[0].h323-ID", "x", 1),
        0);
    rv = played_give(&p);
  }
  if (rv == 0) {
    ck_assert_str_eq(played_granted(&p, p.ids[0]), "b c");
  }
  played_free(&p);
  return rv;
}

START_TEST(every_allocation_may_fail) {
  ck_assert_uint_gt(failmem_sweep(scenario, NULL), 10);
}
END_TEST

int main(void) {
  Suite *s = suite_create("endpoint_answers");
  TCase *tc = tcase_create("endpoint_answers");

  tcase_set_timeout(tc, 60);
  tcase_add_loop_test(tc, each_reject_reason_has_its_reaction, 0, 2 * REASONS);
  tcase_add_test(tc, refusals_are_waited_for_ever_longer_up_to_the_limit);
  tcase_add_test(tc, a_name_that_is_refused_is_left_out_on_this_connection);
  tcase_add_loop_test(tc, each_reason_to_unregister_has_its_reaction, 0,
                      URQ_REASONS);
  tcase_add_test(tc,
                 a_gatekeeper_that_unregisters_again_and_again_is_waited_for);
  tcase_add_test(tc, a_urq_for_nobody_here_is_refused);
  tcase_add_test(tc, what_the_gatekeeper_grants_is_what_is_held);
  tcase_add_test(tc, without_a_time_to_live_nothing_is_refreshed);
  tcase_add_test(tc, a_refresh_that_is_confirmed_without_one_goes_on_as_before);
  tcase_add_test(tc, what_a_refresh_says_of_addresses_is_not_acted_on);
  tcase_add_test(tc, silence_is_a_loss_before_the_time_to_live_is_over);
  tcase_add_test(tc, names_are_added_by_an_additive_rrq_where_it_is_offered);
  tcase_add_test(tc, names_are_added_by_a_full_rrq_where_it_is_not);
  tcase_add_test(tc, names_that_are_not_added_leave_what_was_there);
  tcase_add_loop_test(
      tc, names_that_a_full_rrq_does_not_add_leave_what_was_there, 0, 6);
  tcase_add_loop_test(
      tc, a_urq_that_crosses_names_being_added_ends_the_registration_only, 0,
      2);
  tcase_add_loop_test(
      tc, a_registration_that_is_not_made_again_is_told_to_be_over, 0, 2);
  tcase_add_test(tc, a_name_that_is_given_twice_is_one);
  tcase_add_test(tc, many_registrations_take_turns);
  tcase_add_test(tc, every_allocation_may_fail);
  suite_add_tcase(s, tc);
  return run_suite(s);
}
