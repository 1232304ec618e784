/* SPDX-License-Identifier: BSD-2-Clause */
#include "runner.h"

#include <h46017/policy.h>

#include <h46017/error.h>

#include <check.h>
#include <string.h>

#define SERIAL "0090332f688a"

/* -- the world of the table ----------------------------------------------- */

typedef enum cert_outcome {
  CERT_OK,      /* trusted, CN is the device's */
  CERT_FOREIGN, /* trusted, CN is another device's */
  CERT_BAD,     /* refused by trust (expired) */
  CERT_ABSENT,  /* none was sent */
  CERT_OUTCOMES
} cert_outcome;

static void world_peer(h46017_identity *id, bool tls, cert_outcome cert) {
  h46017_identity_default(id);
  id->tls = tls;
  id->cert_sha256[0] = 1; /* pinned by no entry */
  if (!tls) {
    return;
  }
  switch (cert) {
  case CERT_OK:
    id->proof = H46017_PROOF_CERTIFICATE;
    id->cn = SERIAL;
    id->cn_len = strlen(SERIAL);
    break;
  case CERT_FOREIGN:
    id->proof = H46017_PROOF_CERTIFICATE;
    id->cn = "0090332f688b";
    id->cn_len = strlen(SERIAL);
    break;
  case CERT_BAD:
    id->error = H46017_ERR_CERT_EXPIRED;
    id->cn = SERIAL; /* known, and proves nothing */
    id->cn_len = strlen(SERIAL);
    break;
  case CERT_ABSENT:
  case CERT_OUTCOMES:
    break;
  }
}

static const char *const world_ids[] = {SERIAL};

static void world_device(h46017_device *dev, h46017_device_auth auth,
                         bool tls_only) {
  h46017_device_default(dev);
  dev->name = "lobby";
  dev->hardware_ids = world_ids;
  dev->hardware_id_count = 1;
  dev->auth = auth;
  dev->tls_only = tls_only;
}

static int world_decide(const h46017_device *dev, const h46017_identity *peer,
                        h46017_password_outcome pw, h46017_auth_used *used) {
  return h46017_policy_decide(dev, peer, pw, SERIAL, strlen(SERIAL), used);
}

/* -- the decision table, written out by hand ---------------------- */

/* A cell: the error without H46017_ERR_, or by what it was let in. */
#define in_CERT 1
#define in_PASS 2
#define in_OPEN 3
#define UNAUTH H46017_ERR_UNAUTHENTICATED
#define MISMATCH H46017_ERR_IDENTITY_MISMATCH
#define EXPIRED H46017_ERR_CERT_EXPIRED
#define NOCERT H46017_ERR_CERT_MISSING
#define NOPASS H46017_ERR_PASSWORD_MISSING
#define WRONG H46017_ERR_PASSWORD_WRONG
#define TLSREQ H46017_ERR_TLS_REQUIRED

typedef struct table_row {
  h46017_device_auth auth;
  bool tls_only;
  /* [password absent, valid, wrong] */
  int tcp[3];
  int tls_ok[3];
  int tls_foreign[3];
  int tls_bad[3];
  int tls_absent[3];
} table_row;

/* clang-format off */
static const table_row table[] = {
    {H46017_AUTH_CERTIFICATE, false,
     {UNAUTH, UNAUTH, WRONG}, {in_CERT, in_CERT, WRONG},
     {MISMATCH, MISMATCH, WRONG}, {EXPIRED, EXPIRED, WRONG},
     {NOCERT, NOCERT, WRONG}},
    {H46017_AUTH_CERTIFICATE, true,
     {TLSREQ, TLSREQ, TLSREQ}, {in_CERT, in_CERT, WRONG},
     {MISMATCH, MISMATCH, WRONG}, {EXPIRED, EXPIRED, WRONG},
     {NOCERT, NOCERT, WRONG}},
    {H46017_AUTH_PASSWORD, false,
     {NOPASS, in_PASS, WRONG}, {NOPASS, in_PASS, WRONG},
     {NOPASS, in_PASS, WRONG}, {NOPASS, in_PASS, WRONG},
     {NOPASS, in_PASS, WRONG}},
    {H46017_AUTH_PASSWORD, true,
     {TLSREQ, TLSREQ, TLSREQ}, {NOPASS, in_CERT, WRONG},
     {MISMATCH, MISMATCH, WRONG}, {EXPIRED, EXPIRED, WRONG},
     {NOCERT, NOCERT, WRONG}},
    {H46017_AUTH_EITHER, false,
     {UNAUTH, in_PASS, WRONG}, {in_CERT, in_CERT, WRONG},
     {MISMATCH, in_PASS, WRONG}, {EXPIRED, in_PASS, WRONG},
     {NOCERT, in_PASS, WRONG}},
    {H46017_AUTH_EITHER, true,
     {TLSREQ, TLSREQ, TLSREQ}, {in_CERT, in_CERT, WRONG},
     {MISMATCH, MISMATCH, WRONG}, {EXPIRED, EXPIRED, WRONG},
     {NOCERT, NOCERT, WRONG}},
    {H46017_AUTH_BOTH, false,
     {UNAUTH, UNAUTH, WRONG}, {NOPASS, in_CERT, WRONG},
     {MISMATCH, MISMATCH, WRONG}, {EXPIRED, EXPIRED, WRONG},
     {NOCERT, NOCERT, WRONG}},
    {H46017_AUTH_BOTH, true,
     {TLSREQ, TLSREQ, TLSREQ}, {NOPASS, in_CERT, WRONG},
     {MISMATCH, MISMATCH, WRONG}, {EXPIRED, EXPIRED, WRONG},
     {NOCERT, NOCERT, WRONG}},
    {H46017_AUTH_OPEN, false,
     {in_OPEN, in_PASS, WRONG}, {in_CERT, in_CERT, WRONG},
     {in_OPEN, in_PASS, WRONG}, {in_OPEN, in_PASS, WRONG},
     {in_OPEN, in_PASS, WRONG}},
    {H46017_AUTH_OPEN, true,
     {TLSREQ, TLSREQ, TLSREQ}, {in_CERT, in_CERT, WRONG},
     {MISMATCH, MISMATCH, WRONG}, {EXPIRED, EXPIRED, WRONG},
     {NOCERT, NOCERT, WRONG}},
};
/* clang-format on */

static int table_cell(const table_row *row, bool tls, cert_outcome cert,
                      int pw) {
  if (!tls) {
    return row->tcp[pw];
  }
  switch (cert) {
  case CERT_OK:
    return row->tls_ok[pw];
  case CERT_FOREIGN:
    return row->tls_foreign[pw];
  case CERT_BAD:
    return row->tls_bad[pw];
  case CERT_ABSENT:
  case CERT_OUTCOMES:
    break;
  }
  return row->tls_absent[pw];
}

START_TEST(every_cell_of_the_decision_table) {
  int cells = 0;

  for (size_t r = 0; r < sizeof(table) / sizeof(table[0]); r++) {
    for (int tls = 0; tls < 2; tls++) {
      for (int cert = 0; cert < CERT_OUTCOMES; cert++) {
        for (int pw = 0; pw < 3; pw++) {
          h46017_device dev;
          h46017_identity peer;
          h46017_auth_used used = H46017_AUTH_USED_NONE;
          int want = table_cell(&table[r], tls != 0, (cert_outcome)cert, pw);
          int got;

          world_device(&dev, table[r].auth, table[r].tls_only);
          world_peer(&peer, tls != 0, (cert_outcome)cert);
          got = world_decide(&dev, &peer, (h46017_password_outcome)pw, &used);
          ck_assert_msg(got == (want > 0 ? 0 : want) &&
                            (int)used == (want > 0 ? want : 0),
                        "auth %s%s, %s, certificate %d, password %d: %s by %s",
                        h46017_device_auth_name(table[r].auth),
                        table[r].tls_only ? ", tls only" : "",
                        tls ? "TLS" : "TCP", cert, pw, h46017_error_name(got),
                        h46017_auth_used_name(used));
          cells++;
        }
      }
    }
  }
  ck_assert_int_eq(cells, 10 * 2 * 4 * 3);
}
END_TEST

START_TEST(tls_only_never_lets_in_more) {
  for (int auth = 0; auth <= (int)H46017_AUTH_OPEN; auth++) {
    for (int i = 0; i < 2 * CERT_OUTCOMES * 3; i++) {
      h46017_device dev;
      h46017_identity peer;
      h46017_password_outcome pw = (h46017_password_outcome)(i % 3);

      world_peer(&peer, i % 2 != 0, (cert_outcome)(i / 6));
      world_device(&dev, (h46017_device_auth)auth, true);
      if (world_decide(&dev, &peer, pw, NULL) == 0) {
        dev.tls_only = false;
        ck_assert_int_eq(world_decide(&dev, &peer, pw, NULL), 0);
      }
    }
  }
}
END_TEST

/* -- named rows ----------------------------------------------------------- */

START_TEST(nobody_registers_without_an_entry) {
  h46017_identity peer;

  world_peer(&peer, true, CERT_OK);
  ck_assert_int_eq(world_decide(NULL, &peer, H46017_PASSWORD_VALID, NULL),
                   H46017_ERR_UNKNOWN_DEVICE);
}
END_TEST

START_TEST(the_cn_has_to_belong_to_the_device_not_to_the_claim_alone) {
  h46017_device dev;
  h46017_identity peer;
  const char *ids[] = {"0090332f0000"};

  /* the table gives the name to another device; the peer's certificate covers
   * the name it claims, and that is not enough */
  world_device(&dev, H46017_AUTH_CERTIFICATE, false);
  dev.name = SERIAL;
  dev.hardware_ids = ids;
  world_peer(&peer, true, CERT_OK);
  ck_assert_int_eq(world_decide(&dev, &peer, H46017_PASSWORD_ABSENT, NULL),
                   H46017_ERR_IDENTITY_MISMATCH);
  dev.hardware_id_count = 0;
  ck_assert_int_eq(world_decide(&dev, &peer, H46017_PASSWORD_ABSENT, NULL),
                   H46017_ERR_IDENTITY_MISMATCH);
}
END_TEST

START_TEST(the_cn_has_to_cover_a_claim_that_the_entry_does_not_list) {
  h46017_device dev;
  h46017_identity peer;

  world_device(&dev, H46017_AUTH_CERTIFICATE, false);
  world_peer(&peer, true, CERT_OK);
  ck_assert_int_eq(h46017_policy_decide(&dev, &peer, H46017_PASSWORD_ABSENT,
                                        "porch", 5, NULL),
                   H46017_ERR_IDENTITY_MISMATCH);
}
END_TEST

START_TEST(a_name_that_the_entry_lists_needs_its_device_only) {
  const char *aliases[] = {"42"};
  h46017_auth_used used = H46017_AUTH_USED_NONE;
  h46017_device dev;
  h46017_identity peer;

  world_device(&dev, H46017_AUTH_CERTIFICATE, true);
  dev.aliases = aliases;
  dev.alias_count = 1;
  world_peer(&peer, true, CERT_OK);
  ck_assert_int_eq(h46017_policy_decide(&dev, &peer, H46017_PASSWORD_ABSENT,
                                        "lobby", 5, NULL),
                   0);
  ck_assert_int_eq(
      h46017_policy_decide(&dev, &peer, H46017_PASSWORD_ABSENT, "42", 2, &used),
      0);
  ck_assert_int_eq((int)used, (int)H46017_AUTH_USED_CERTIFICATE);
  world_peer(&peer, true, CERT_FOREIGN);
  ck_assert_int_eq(
      h46017_policy_decide(&dev, &peer, H46017_PASSWORD_ABSENT, "42", 2, NULL),
      H46017_ERR_IDENTITY_MISMATCH);
  world_peer(&peer, true, CERT_OK);
  peer.cn = " " SERIAL;
  peer.cn_len = strlen(peer.cn);
  ck_assert_int_eq(
      h46017_policy_decide(&dev, &peer, H46017_PASSWORD_ABSENT, "42", 2, NULL),
      H46017_ERR_CERT_NAME);
}
END_TEST

START_TEST(an_interface_of_a_gateway_registers_with_its_serial) {
  h46017_device dev;
  h46017_identity peer;
  const char *ids[] = {SERIAL "-TEL1", SERIAL "-TEL2"};

  world_device(&dev, H46017_AUTH_CERTIFICATE, true);
  dev.hardware_ids = ids;
  dev.hardware_id_count = 2;
  world_peer(&peer, true, CERT_OK);
  ck_assert_int_eq(h46017_policy_decide(&dev, &peer, H46017_PASSWORD_ABSENT,
                                        SERIAL "-TEL2", 17, NULL),
                   0);
  dev.match = H46017_MATCH_EXACT;
  ck_assert_int_eq(h46017_policy_decide(&dev, &peer, H46017_PASSWORD_ABSENT,
                                        SERIAL "-TEL2", 17, NULL),
                   H46017_ERR_IDENTITY_MISMATCH);
}
END_TEST

START_TEST(two_hardware_ids_of_one_device_may_each_be_the_cn) {
  h46017_device dev;
  h46017_identity peer;
  const char *ids[] = {"IP222-2f-68-8a", SERIAL};

  world_device(&dev, H46017_AUTH_CERTIFICATE, false);
  dev.hardware_ids = ids;
  dev.hardware_id_count = 2;
  world_peer(&peer, true, CERT_OK);
  ck_assert_int_eq(world_decide(&dev, &peer, H46017_PASSWORD_ABSENT, NULL), 0);
  ck_assert_int_eq(h46017_policy_decide(&dev, &peer, H46017_PASSWORD_ABSENT,
                                        "IP222-2f-68-8a", 14, NULL),
                   H46017_ERR_IDENTITY_MISMATCH);
  ids[0] = SERIAL;
  ids[1] = "IP222-2f-68-8a";
  ck_assert_int_eq(world_decide(&dev, &peer, H46017_PASSWORD_ABSENT, NULL), 0);
}
END_TEST

START_TEST(an_id_that_is_not_there_is_nobody_s) {
  h46017_device dev;
  h46017_identity peer;
  const char *ids[] = {NULL, SERIAL};

  world_device(&dev, H46017_AUTH_CERTIFICATE, false);
  dev.hardware_ids = ids;
  dev.hardware_id_count = 2;
  dev.name = NULL;
  world_peer(&peer, true, CERT_OK);
  ck_assert_int_eq(world_decide(&dev, &peer, H46017_PASSWORD_ABSENT, NULL), 0);
  ck_assert_int_eq((int)h46017_device_fits(&dev, SERIAL, 12, NULL),
                   (int)H46017_FIT_HARDWARE_ID);
  ck_assert_int_eq((int)h46017_device_fits(&dev, "lobby", 5, NULL),
                   (int)H46017_FIT_NONE);
}
END_TEST

START_TEST(a_pinned_device_takes_no_other_certificate_of_the_same_name) {
  h46017_device dev;
  h46017_identity peer;

  world_device(&dev, H46017_AUTH_CERTIFICATE, false);
  world_peer(&peer, true, CERT_OK);
  dev.has_fingerprint = true;
  ck_assert_int_eq(world_decide(&dev, &peer, H46017_PASSWORD_ABSENT, NULL),
                   H46017_ERR_IDENTITY_MISMATCH);
  dev.cert_sha256[0] = 1;
  ck_assert_int_eq(world_decide(&dev, &peer, H46017_PASSWORD_ABSENT, NULL), 0);
}
END_TEST

START_TEST(a_certificate_without_a_usable_cn_is_nobody_s) {
  h46017_device dev;
  h46017_identity peer;

  world_device(&dev, H46017_AUTH_CERTIFICATE, false);
  world_peer(&peer, true, CERT_OK);
  peer.cn = NULL;
  peer.cn_len = 0;
  ck_assert_int_eq(world_decide(&dev, &peer, H46017_PASSWORD_ABSENT, NULL),
                   H46017_ERR_CERT_NAME);
  peer.cn = "";
  ck_assert_int_eq(world_decide(&dev, &peer, H46017_PASSWORD_ABSENT, NULL),
                   H46017_ERR_CERT_NAME);
}
END_TEST

START_TEST(a_proof_without_tls_proves_nothing) {
  h46017_device dev;
  h46017_identity peer;

  world_device(&dev, H46017_AUTH_CERTIFICATE, false);
  world_peer(&peer, true, CERT_OK);
  peer.tls = false;
  ck_assert_int_eq(world_decide(&dev, &peer, H46017_PASSWORD_ABSENT, NULL),
                   H46017_ERR_UNAUTHENTICATED);
}
END_TEST

START_TEST(what_this_library_does_not_know_lets_nobody_in) {
  h46017_device dev;
  h46017_identity peer;
  h46017_auth_used used = H46017_AUTH_USED_NONE;

  world_peer(&peer, true, CERT_OK);
  world_device(&dev, (h46017_device_auth)77, false);
  ck_assert_int_eq(world_decide(&dev, &peer, H46017_PASSWORD_VALID, &used),
                   H46017_ERR_INVALID_ARGUMENT);
  world_device(&dev, H46017_AUTH_EITHER, false);
  ck_assert_int_eq(
      world_decide(&dev, &peer, (h46017_password_outcome)77, &used),
      H46017_ERR_PASSWORD_WRONG);
  dev.struct_size = 0;
  ck_assert_int_eq(world_decide(&dev, &peer, H46017_PASSWORD_VALID, &used),
                   H46017_ERR_INVALID_ARGUMENT);
  world_device(&dev, H46017_AUTH_OPEN, false);
  peer.struct_size = 3;
  ck_assert_int_eq(world_decide(&dev, &peer, H46017_PASSWORD_VALID, &used),
                   H46017_ERR_INVALID_ARGUMENT);
  ck_assert_int_eq(world_decide(&dev, NULL, H46017_PASSWORD_VALID, &used),
                   H46017_ERR_INVALID_ARGUMENT);
  world_peer(&peer, true, CERT_OK);
  ck_assert_int_eq(
      h46017_policy_decide(&dev, &peer, H46017_PASSWORD_VALID, NULL, 0, &used),
      H46017_ERR_INVALID_ARGUMENT);
  ck_assert_int_eq((int)used, (int)H46017_AUTH_USED_NONE);
}
END_TEST

START_TEST(a_list_that_is_not_there_is_refused) {
  h46017_device dev;
  h46017_identity peer;

  world_peer(&peer, true, CERT_OK);
  world_device(&dev, H46017_AUTH_OPEN, false);
  dev.hardware_ids = NULL;
  ck_assert_int_eq(world_decide(&dev, &peer, H46017_PASSWORD_ABSENT, NULL),
                   H46017_ERR_INVALID_ARGUMENT);
  ck_assert_int_eq((int)h46017_device_fits(&dev, "lobby", 5, NULL),
                   (int)H46017_FIT_NONE);
  dev.hardware_id_count = 0;
  ck_assert_int_eq(world_decide(&dev, &peer, H46017_PASSWORD_ABSENT, NULL), 0);
  dev.alias_count = 1;
  ck_assert_int_eq(world_decide(&dev, &peer, H46017_PASSWORD_ABSENT, NULL),
                   H46017_ERR_INVALID_ARGUMENT);
}
END_TEST

START_TEST(every_refusal_has_a_reason_for_the_wire) {
  static const int codes[] = {UNAUTH, MISMATCH, EXPIRED, NOCERT,
                              NOPASS, WRONG,    TLSREQ};

  for (size_t i = 0; i < sizeof(codes) / sizeof(codes[0]); i++) {
    ck_assert_str_eq(h46017_error_to_ras_reject_reason(codes[i]),
                     "securityDenial");
    ck_assert_int_eq((int)h46017_error_class(codes[i]),
                     (int)H46017_ERROR_TRUST);
  }
}
END_TEST

/* -- which device a name means -------------------------------------------- */

START_TEST(a_name_selects_by_hardware_id_then_name_then_serial) {
  h46017_device dev;
  const char *ids[] = {SERIAL, SERIAL "-FXS", "IP222-2f-68-8a"};
  const char *aliases[] = {"42", "lobby.west"};
  static const struct {
    const char *name;
    h46017_device_fit fit;
    size_t len;
  } rows[] = {
      {SERIAL, H46017_FIT_HARDWARE_ID, 12},
      {"00:90:33:2F:68:8A", H46017_FIT_HARDWARE_ID, 17},
      {SERIAL "-FXS", H46017_FIT_HARDWARE_ID, 16},
      {"lobby", H46017_FIT_NAME, 5},
      {"42", H46017_FIT_NAME, 2},
      {"lobby.west", H46017_FIT_NAME, 10},
      {SERIAL "-TEL1", H46017_FIT_SERIAL, 12},
      {"IP222-2f-68-8a-TEL1", H46017_FIT_SERIAL, 14},
      {"Lobby", H46017_FIT_NONE, 99},
      {"lobby-1", H46017_FIT_NONE, 99},
      {"4", H46017_FIT_NONE, 99},
      {"0090", H46017_FIT_NONE, 99},
      {"", H46017_FIT_NONE, 99},
      {SERIAL "-", H46017_FIT_NONE, 99},
      {SERIAL "-FXS-1", H46017_FIT_NONE, 99},
  };

  h46017_device_default(&dev);
  dev.name = "lobby";
  dev.hardware_ids = ids;
  dev.hardware_id_count = 3;
  dev.aliases = aliases;
  dev.alias_count = 2;
  for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
    size_t len = 99;

    ck_assert_msg(h46017_device_fits(&dev, rows[i].name, strlen(rows[i].name),
                                     &len) == rows[i].fit,
                  "'%s'", rows[i].name);
    ck_assert_msg(len == rows[i].len, "'%s': %zu", rows[i].name, len);
  }
  ck_assert_int_eq((int)h46017_device_fits(&dev, NULL, 0, NULL),
                   (int)H46017_FIT_NONE);
  ck_assert_int_eq((int)h46017_device_fits(&dev, NULL, 5, NULL),
                   (int)H46017_FIT_NONE);
  ck_assert_int_eq((int)h46017_device_fits(NULL, "a", 1, NULL),
                   (int)H46017_FIT_NONE);
  dev.match = H46017_MATCH_EXACT;
  ck_assert_int_eq((int)h46017_device_fits(&dev, SERIAL "-TEL1", 17, NULL),
                   (int)H46017_FIT_NONE);
}
END_TEST

START_TEST(the_longest_hardware_id_is_told) {
  h46017_device dev;
  const char *ids[] = {"name-a", "name-ab", "name-a"};
  size_t len = 0;

  h46017_device_default(&dev);
  dev.name = "x";
  dev.match = H46017_MATCH_PREFIX;
  dev.hardware_ids = ids;
  dev.hardware_id_count = 3;
  ck_assert_int_eq((int)h46017_device_fits(&dev, "name-abc", 8, &len),
                   (int)H46017_FIT_SERIAL);
  ck_assert_uint_eq(len, 7);
}
END_TEST

START_TEST(names_are_those_that_the_programs_use) {
  ck_assert_str_eq(h46017_device_auth_name(H46017_AUTH_CERTIFICATE),
                   "certificate");
  ck_assert_str_eq(h46017_device_auth_name(H46017_AUTH_PASSWORD), "password");
  ck_assert_str_eq(h46017_device_auth_name(H46017_AUTH_EITHER), "either");
  ck_assert_str_eq(h46017_device_auth_name(H46017_AUTH_BOTH), "both");
  ck_assert_str_eq(h46017_device_auth_name(H46017_AUTH_OPEN), "open");
  ck_assert_str_eq(h46017_device_auth_name((h46017_device_auth)9), "unknown");
  ck_assert_str_eq(h46017_auth_used_name(H46017_AUTH_USED_NONE), "none");
  ck_assert_str_eq(h46017_auth_used_name(H46017_AUTH_USED_OPEN), "open");
  ck_assert_str_eq(h46017_auth_used_name((h46017_auth_used)9), "unknown");
}
END_TEST

int main(void) {
  Suite *s = suite_create("policy");
  TCase *tc = tcase_create("policy");

  tcase_add_test(tc, every_cell_of_the_decision_table);
  tcase_add_test(tc, tls_only_never_lets_in_more);
  tcase_add_test(tc, nobody_registers_without_an_entry);
  tcase_add_test(tc, the_cn_has_to_belong_to_the_device_not_to_the_claim_alone);
  tcase_add_test(tc, the_cn_has_to_cover_a_claim_that_the_entry_does_not_list);
  tcase_add_test(tc, a_name_that_the_entry_lists_needs_its_device_only);
  tcase_add_test(tc, an_interface_of_a_gateway_registers_with_its_serial);
  tcase_add_test(tc, two_hardware_ids_of_one_device_may_each_be_the_cn);
  tcase_add_test(tc, an_id_that_is_not_there_is_nobody_s);
  tcase_add_test(tc,
                 a_pinned_device_takes_no_other_certificate_of_the_same_name);
  tcase_add_test(tc, a_certificate_without_a_usable_cn_is_nobody_s);
  tcase_add_test(tc, a_proof_without_tls_proves_nothing);
  tcase_add_test(tc, what_this_library_does_not_know_lets_nobody_in);
  tcase_add_test(tc, a_list_that_is_not_there_is_refused);
  tcase_add_test(tc, every_refusal_has_a_reason_for_the_wire);
  tcase_add_test(tc, a_name_selects_by_hardware_id_then_name_then_serial);
  tcase_add_test(tc, the_longest_hardware_id_is_told);
  tcase_add_test(tc, names_are_those_that_the_programs_use);
  suite_add_tcase(s, tc);
  return run_suite(s);
}
