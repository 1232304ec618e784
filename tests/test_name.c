/* SPDX-License-Identifier: BSD-2-Clause */
#include "identity/identity.h"
#include "runner.h"

#include <h46017/error.h>

#include <check.h>
#include <stdlib.h>
#include <string.h>

/* Which of the three rules a row passes. */
#define NONE 0U
#define E 1U
#define S 2U
#define P 4U
#define ALL (E | S | P)

/* A text with its length, so that a NUL in it counts. */
#define T(text) text, sizeof(text) - 1

typedef struct match_row {
  const char *cn;
  size_t cn_len;
  const char *name;
  size_t name_len;
  unsigned passes;
  bool bad_cn; /* refused as a CN, not as a mismatch */
} match_row;

static const match_row match_rows[] = {
    /* what real devices have */
    {T("0090332f688a"), T("0090332f688a"), ALL, false},
    {T("0090332f688a"), T("0090332f688a-TEL1"), S | P, false},
    {T("009033010203"), T("009033010203-PRI2.1"), S | P, false},
    {T("IP222-2f-68-8a"), T("IP222-2f-68-8a"), ALL, false},
    {T("IP222-2f-68-8a"), T("IP222-2f-68-8a-TEL1"), S | P, false},
    {T("softphone-7"), T("softphone-7"), ALL, false},
    {T("J\xc3\xbcrgen"), T("J\xc3\xbcrgen"), ALL, false},
    {T("Front Desk"), T("Front Desk"), ALL, false},
    /* an empty CN is a prefix of everything */
    {T(""), T("0090332f688a"), NONE, true},
    {T(""), T(""), NONE, true},
    {T("0090332f688a"), T(""), NONE, false},
    /* a short CN covers no second device */
    {T("0"), T("0090332f688a"), NONE, false},
    {T("0090"), T("0090332f688a"), NONE, false},
    {T("00903"), T("0090332f688a"), NONE, false},
    {T("009033"), T("0090332f688a"), P, false},
    {T("0090332f688"), T("0090332f688a"), P, false},
    {T("0090332f688a"), T("0090332f688"), NONE, false},
    {T("0090332f688a"), T("0090332f688ab"), P, false},
    {T("0090332f688a"), T("0090332f688b"), NONE, false},
    /* a model is not a serial, though a dash follows it */
    {T("IP222"), T("IP222-2f-68-8a"), NONE, false},
    {T("IP222-"), T("IP222-2f-68-8a"), P, false},
    {T("IP222-2f"), T("IP222-2f-68-8a"), P, false},
    {T("IP222-2f-68"), T("IP222-2f-68-8a"), P, false},
    {T("IP222-2f-68-8"), T("IP222-2f-68-8a"), P, false},
    {T("IP222-2f-68-8a"), T("IP222-2f-68"), NONE, false},
    {T("IP222-2f-68-8a"), T("IP222-2f-68-8b"), NONE, false},
    {T("IP222-2f-68-8a"), T("IP2222f688a"), NONE, false},
    {T("IP222-2f-68-8g"), T("IP222-2f-68-8g-TEL1"), P, false},
    {T("softphone"), T("softphone-7"), P, false},
    {T("a-b"), T("a-b-TEL1"), NONE, false},
    /* the suffix: a dash and words, nothing else */
    {T("0090332f688a"), T("0090332f688a-"), P, false},
    {T("0090332f688a"), T("0090332f688a_TEL1"), P, false},
    {T("0090332f688a"), T("0090332f688aTEL1"), P, false},
    {T("0090332f688a"), T("0090332f688a--TEL1"), P, false},
    {T("0090332f688a"), T("0090332f688a-TEL-1"), P, false},
    {T("0090332f688a"), T("0090332f688a-TEL 1"), P, false},
    {T("0090332f688a"), T("0090332f688a-TEL1 "), NONE, false},
    {T("0090332f688a"), T("0090332f688a-T\xc3\xa9l"), P, false},
    {T("0090332f688a"), T("0090332f688a-*"), P, false},
    {T("0090332f688a"), T("0090332f688a-11-22-33"), P, false},
    {T("0090332f688a"), T("-TEL1"), NONE, false},
    {T("IP222-2f-68-8a"), T("-TEL1"), NONE, false},
    {T("0090332f688a-TEL1"), T("0090332f688a"), NONE, false},
    {T("0090332f688a-TEL1"), T("0090332f688a-TEL1"), ALL, false},
    {T("0090332f688a-TEL1"), T("0090332f688a-TEL10"), P, false},
    /* a serial has no letter case, another name has */
    {T("0090332F688A"), T("0090332f688a"), ALL, false},
    {T("0090332f688a"), T("0090332F688A-tel1"), S | P, false},
    {T("ip222-2F-68-8A"), T("IP222-2f-68-8a"), ALL, false},
    {T("Softphone-7"), T("softphone-7"), NONE, false},
    {T("0090332F"), T("0090332f688a"), P, false},
    {T("0090332F"), T("0090332f"), P, false},
    {T("SOFTPHONE"), T("softphone-7"), NONE, false},
    /* the spellings of one MAC address */
    {T("00:90:33:2f:68:8a"), T("0090332f688a"), ALL, false},
    {T("00-90-33-2F-68-8A"), T("0090332f688a"), ALL, false},
    {T("0090.332f.688a"), T("00-90-33-2F-68-8A"), ALL, false},
    {T("0090332f688a"), T("00:90:33:2F:68:8A-TEL1"), S | P, false},
    {T("00-90-33-2f-68-8a"), T("00-90-33-2f-68-8a-TEL1"), S | P, false},
    {T("0090332f688a"), T("00-90-33-2f-68-8a"), ALL, false},
    {T("0090332f688a"), T("0090-332f-688a"), NONE, false},
    {T("0090332f688a"), T("00:90:33-2f:68:8a"), NONE, false},
    {T("0090332f688a"), T("0:90:33:2f:68:8a"), NONE, false},
    {T("0090332f688a"), T("00.90.33.2f.68.8a"), NONE, false},
    {T("0090332f688a"), T("00 90 33 2f 68 8a"), NONE, false},
    /* a MAC address cut short is no MODEL-xx-xx-xx */
    {T("00-90-33-2f"), T("00-90-33-2f-68"), P, false},
    {T("00-90-33-2f"), T("00-90-33-2f-68-8a"), P, false},
    {T("00:90:33:2f:68"), T("00:90:33:2f:68:8a"), P, false},
    /* the short form lost half of the MAC address: never the same */
    {T("IP222-2f-68-8a"), T("0090332f688a"), NONE, false},
    {T("0090332f688a"), T("IP222-2f-68-8a"), NONE, false},
    /* where C strings end, names do not */
    {T("0090332f688a\0.evil"), T("0090332f688a"), NONE, true},
    {T("0090332f688a\0"), T("0090332f688a"), NONE, true},
    {T("\0"), T("0090332f688a"), NONE, true},
    {T("0090332f688a"), T("0090332f688a\0"), NONE, false},
    {T("0090332f688a"), T("0090332f688a\0-TEL1"), NONE, false},
    /* blanks, controls, wildcards */
    {T("0090332f688a "), T("0090332f688a "), NONE, true},
    {T(" 0090332f688a"), T("0090332f688a"), NONE, true},
    {T(" "), T(" "), NONE, true},
    {T("0090332f688a\xc2\xa0"), T("0090332f688a"), NONE, true},
    {T("\xe3\x80\x80name"), T("name"), NONE, true},
    {T("0090332f688a\n"), T("0090332f688a"), NONE, true},
    {T("name\x7f"), T("name\x7f"), NONE, true},
    {T("name\xc2\x85x"), T("name\xc2\x85x"), NONE, true},
    {T("*"), T("0090332f688a"), NONE, false},
    {T("0090332f688*"), T("0090332f688a"), NONE, false},
    {T("[0-9]*"), T("0090332f688a"), NONE, false},
    /* what looks the same is not */
    {T("\xd0\xb0lice-phone"), T("alice-phone"), NONE, false},
    {T("\xef\xbc\x90"
       "090332f688a"),
     T("0090332f688a"), NONE, false},
    {T("O090332f688a"), T("0090332f688a"), NONE, false},
    {T("Cafe\xcc\x81"), T("Caf\xc3\xa9"), NONE, false},
    {T("ali\xe2\x80\x8b"
       "ce"),
     T("alice"), NONE, true},
    {T("\xe2\x80\xae"
       "a8"),
     T("8a"), NONE, true},
    {T("name\xef\xbb\xbf"), T("name"), NONE, true},
    {T("\xe2\x84\xaa"
       "elvin1"),
     T("kelvin1"), NONE, false},
    /* not text */
    {T("name\xff"), T("name\xff"), NONE, true},
    {T("\xc0\x80"), T("\xc0\x80"), NONE, true},
    {T("\xed\xa0\x80"), T("\xed\xa0\x80"), NONE, true},
    {T("name\xc3"), T("name\xc3\xa9"), NONE, true},
    {T("0090332f688a"), T("0090332f688a-\xff"), NONE, false},
};

#define MATCH_ROWS (sizeof(match_rows) / sizeof(match_rows[0]))

START_TEST(a_row_of_the_match_table_holds_under_every_rule) {
  static const h46017_match_rule rules[] = {
      H46017_MATCH_EXACT, H46017_MATCH_SERIAL, H46017_MATCH_PREFIX};
  static const unsigned bits[] = {E, S, P};
  const match_row *row = &match_rows[_i];
  /* Exact sizes on the heap: a sanitizer sees a read too far. */
  char *cn = malloc(row->cn_len + 1);
  char *name = malloc(row->name_len + 1);

  ck_assert_ptr_nonnull(cn);
  ck_assert_ptr_nonnull(name);
  cn = realloc(cn, row->cn_len > 0 ? row->cn_len : 1);
  name = realloc(name, row->name_len > 0 ? row->name_len : 1);
  memcpy(cn, row->cn, row->cn_len);
  memcpy(name, row->name, row->name_len);
  for (size_t i = 0; i < 3; i++) {
    int want = (row->passes & bits[i]) != 0 ? 0
               : row->bad_cn                ? H46017_ERR_CERT_NAME
                                            : H46017_ERR_IDENTITY_MISMATCH;
    int got = h46017_name_match(rules[i], cn, row->cn_len, name, row->name_len);

    ck_assert_msg(got == want, "row %d, '%s' against '%s' under %s: %s, not %s",
                  _i, row->cn, row->name, h46017_match_rule_name(rules[i]),
                  h46017_error_name(got), h46017_error_name(want));
  }
  free(cn);
  free(name);
}
END_TEST

START_TEST(a_name_longer_than_any_cn_names_nobody) {
  char big[H46017_CN_MAX + 1];

  memset(big, 'a', sizeof(big));
  ck_assert_int_eq(h46017_name_match(H46017_MATCH_EXACT, big, H46017_CN_MAX,
                                     big, H46017_CN_MAX),
                   0);
  ck_assert_int_eq(
      h46017_name_match(H46017_MATCH_EXACT, big, sizeof(big), big, sizeof(big)),
      H46017_ERR_CERT_NAME);
  ck_assert_int_eq(
      h46017_name_match(H46017_MATCH_PREFIX, big, 10, big, sizeof(big)),
      H46017_ERR_IDENTITY_MISMATCH);
}
END_TEST

START_TEST(no_name_at_all_names_nobody) {
  ck_assert_int_eq(h46017_name_match(H46017_MATCH_SERIAL, NULL, 0, "a", 1),
                   H46017_ERR_CERT_NAME);
  ck_assert_int_eq(h46017_name_match(H46017_MATCH_SERIAL, "a", 1, NULL, 0),
                   H46017_ERR_IDENTITY_MISMATCH);
  ck_assert(!h46017_name_is_equal("", 0, "", 0));
  ck_assert(!h46017_name_is_equal(NULL, 0, "a", 1));
  ck_assert(!h46017_name_is_equal("a", 1, NULL, 0));
  ck_assert_int_eq(h46017_name_match(H46017_MATCH_SERIAL, NULL, 12, "a", 1),
                   H46017_ERR_CERT_NAME);
  ck_assert(!h46017_name_is_equal(NULL, 12, "0090332f688a", 12));
  ck_assert(!h46017_name_is_equal("0090332f688a", 12, NULL, 12));
  ck_assert(!h46017_name_is_serial(NULL, 12));
  ck_assert(!h46017_name_is_serial(NULL, 0));
  ck_assert(!h46017_name_is_serial("", 0));
}
END_TEST

/* Under the widest rule: what follows a name in memory would complete it. */
START_TEST(what_lies_behind_a_name_is_no_part_of_it) {
  static const struct {
    const char *cn;
    const char *name;
    size_t len;
  } rows[] = {
      {"0090332f688a", "0090332f688a", 11},
      {"0090332f688a", "00:90:33:2f:68:8a", 14},
      {"0090332f688a", "00:90:33:2f:68:8a", 15},
      {"0090332f688a", "00:90:33:2f:68:8a", 16},
      {"0090332f688a", "0090.332f.688a", 9},
      {"IP222-2f-68-8a", "IP222-2f-68-8a", 11},
      {"IP222-2f-68-8a", "IP222-2f-68-8a", 13},
      {"softphone-7", "softphone-7", 10},
  };

  for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
    const char *cn = rows[i].cn;

    ck_assert_int_eq(h46017_name_match(H46017_MATCH_PREFIX, cn, strlen(cn),
                                       rows[i].name, strlen(rows[i].name)),
                     0);
    ck_assert_msg(h46017_name_match(H46017_MATCH_PREFIX, cn, strlen(cn),
                                    rows[i].name, rows[i].len) ==
                      H46017_ERR_IDENTITY_MISMATCH,
                  "row %zu", i);
  }
}
END_TEST

START_TEST(a_rule_this_library_does_not_know_covers_only_the_same_name) {
  h46017_match_rule rule = (h46017_match_rule)99;

  ck_assert_str_eq(h46017_match_rule_name(rule), "unknown");
  ck_assert_int_eq(h46017_name_match(rule, "name12", 6, "name12", 6), 0);
  ck_assert_int_eq(h46017_name_match(rule, "name12", 6, "name123", 7),
                   H46017_ERR_IDENTITY_MISMATCH);
}
END_TEST

START_TEST(six_characters_are_counted_not_octets) {
  /* five letters, ten octets */
  static const char five[] = "\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9";

  ck_assert_int_eq(h46017_name_match(H46017_MATCH_PREFIX, T(five),
                                     T("\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3"
                                       "\xa9x")),
                   H46017_ERR_IDENTITY_MISMATCH);
  ck_assert_int_eq(
      h46017_name_match(H46017_MATCH_PREFIX, T("sixsix"), T("sixsixx")), 0);
}
END_TEST

START_TEST(serials_are_recognised_whole) {
  static const struct {
    const char *text;
    bool serial;
  } rows[] = {
      {"0090332f688a", true},      {"0090332F688A", true},
      {"00:90:33:2f:68:8a", true}, {"00-90-33-2f-68-8a", true},
      {"0090.332f.688a", true},    {"IP222-2f-68-8a", true},
      {"A-00-00-00", true},        {"IP_22.1-FF-ff-00", true},
      {"ABC-12-34-56", true},      {"0090332f688", false},
      {"0090332f688ab", false},    {"0090332f688g", false},
      {"00:90:33:2f:68", false},   {"00:90:33:2f:68:8a:", false},
      {"00-90-33-2f", false},      {"-2f-68-8a", false},
      {"IP222-2f-68", false},      {"IP222-2f-68-8a-TEL1", false},
      {"IP-222-2f-68-8a", false},  {"IP222-2f-68-8g", false},
      {"IP222_2f-68-8a", false},   {"IP 222-2f-68-8a", false},
  };

  for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
    ck_assert_msg(h46017_name_is_serial(rows[i].text, strlen(rows[i].text)) ==
                      rows[i].serial,
                  "'%s'", rows[i].text);
  }
}
END_TEST

/* As H.323 URLs and mail addresses have it; of the user it does count. */
START_TEST(a_host_has_no_letter_case) {
  ck_assert(h46017_name_is_equal(T("bob@EXAMPLE.org"), T("bob@example.ORG")));
  ck_assert(h46017_name_is_equal(T("a@b@HOST"), T("a@b@host")));
  ck_assert(!h46017_name_is_equal(T("a@B@host"), T("a@b@host")));
  ck_assert(!h46017_name_is_equal(T("Bob@example.org"), T("bob@example.org")));
  ck_assert(!h46017_name_is_equal(T("bob@example.org"), T("bob@example.com")));
  ck_assert(!h46017_name_is_equal(T("b@ob"), T("bo@b")));
  ck_assert(!h46017_name_is_equal(T("EXAMPLE.org"), T("example.org")));
  ck_assert(h46017_name_is_equal(T("bob@"), T("bob@")));
  ck_assert(!h46017_name_is_equal(T("bob@"), T("Bob@")));
}
END_TEST

START_TEST(equality_does_not_depend_on_the_order) {
  for (size_t i = 0; i < MATCH_ROWS; i++) {
    const match_row *r = &match_rows[i];

    ck_assert_msg(
        h46017_name_is_equal(r->cn, r->cn_len, r->name, r->name_len) ==
            h46017_name_is_equal(r->name, r->name_len, r->cn, r->cn_len),
        "row %zu", i);
    ck_assert(r->cn_len == 0 ||
              h46017_name_is_equal(r->cn, r->cn_len, r->cn, r->cn_len));
  }
}
END_TEST

static size_t utf8(uint32_t cp, char *out) {
  if (cp < 0x80) {
    out[0] = (char)cp;
    return 1;
  }
  if (cp < 0x800) {
    out[0] = (char)(0xc0 | cp >> 6);
    out[1] = (char)(0x80 | (cp & 0x3f));
    return 2;
  }
  if (cp < 0x10000) {
    out[0] = (char)(0xe0 | cp >> 12);
    out[1] = (char)(0x80 | (cp >> 6 & 0x3f));
    out[2] = (char)(0x80 | (cp & 0x3f));
    return 3;
  }
  out[0] = (char)(0xf0 | cp >> 18);
  out[1] = (char)(0x80 | (cp >> 12 & 0x3f));
  out[2] = (char)(0x80 | (cp >> 6 & 0x3f));
  out[3] = (char)(0x80 | (cp & 0x3f));
  return 4;
}

/* Every character there is, inside a name and at its ends, against lists
 * written one by one. */
START_TEST(every_character_is_allowed_or_refused_by_name) {
  static const uint32_t hidden[] = {
      0x007f, 0x00ad, 0x200b, 0x200e, 0x200f, 0x2028, 0x2029, 0x202a,
      0x202b, 0x202c, 0x202d, 0x202e, 0x2060, 0x2061, 0x2062, 0x2063,
      0x2064, 0x2065, 0x2066, 0x2067, 0x2068, 0x2069, 0x206a, 0x206b,
      0x206c, 0x206d, 0x206e, 0x206f, 0xfeff};
  static const uint32_t blank[] = {
      0x0020, 0x00a0, 0x1680, 0x2000, 0x2001, 0x2002, 0x2003, 0x2004, 0x2005,
      0x2006, 0x2007, 0x2008, 0x2009, 0x200a, 0x202f, 0x205f, 0x3000};

  for (uint32_t cp = 1; cp <= 0x10ffff; cp++) {
    bool is_hidden = cp < 32 || (cp > 127 && cp < 160) || cp >> 7 == 0x1c00;
    bool is_blank = false;
    char name[8] = "a";
    size_t n;

    if (cp >= 0xd800 && cp <= 0xdfff) {
      continue;
    }
    for (size_t i = 0; i < sizeof(hidden) / sizeof(hidden[0]); i++) {
      is_hidden = is_hidden || hidden[i] == cp;
    }
    for (size_t i = 0; i < sizeof(blank) / sizeof(blank[0]); i++) {
      is_blank = is_blank || blank[i] == cp;
    }
    n = utf8(cp, name + 1);
    name[n + 1] = 'b';
    if (h46017_name_is_clean(name, n + 2) != !is_hidden ||
        h46017_name_is_clean(name, n + 1) != !(is_hidden || is_blank) ||
        h46017_name_is_clean(name + 1, n + 1) != !(is_hidden || is_blank)) {
      ck_abort_msg("U+%04X", (unsigned)cp);
    }
  }
}
END_TEST

START_TEST(a_suffix_and_a_model_are_words) {
  static const char words[] = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ_."
                              "abcdefghijklmnopqrstuvwxyz";
  static const char hex[] = "0123456789ABCDEFabcdef";

  for (int c = 1; c < 128; c++) {
    char suffix[] = "0090332f688a-TEL?";
    char model[] = "I?-00-00-00";
    char mac[] = "0090332f688?";
    bool word = strchr(words, c) != NULL;

    suffix[16] = (char)c;
    model[1] = (char)c;
    mac[11] = (char)c;
    ck_assert_msg((h46017_name_match(H46017_MATCH_SERIAL, suffix, 12, suffix,
                                     17) == 0) == word,
                  "%d", c);
    ck_assert_msg(h46017_name_is_serial(model, 11) == word, "%d", c);
    ck_assert_msg(h46017_name_is_serial(mac, 12) == (strchr(hex, c) != NULL),
                  "%d", c);
  }
}
END_TEST

START_TEST(rules_have_the_names_that_the_programs_use) {
  ck_assert_str_eq(h46017_match_rule_name(H46017_MATCH_EXACT), "exact");
  ck_assert_str_eq(h46017_match_rule_name(H46017_MATCH_SERIAL), "serial");
  ck_assert_str_eq(h46017_match_rule_name(H46017_MATCH_PREFIX), "prefix");
}
END_TEST

int main(void) {
  Suite *s = suite_create("name");
  TCase *tc = tcase_create("name");

  tcase_add_loop_test(tc, a_row_of_the_match_table_holds_under_every_rule, 0,
                      (int)MATCH_ROWS);
  tcase_add_test(tc, a_name_longer_than_any_cn_names_nobody);
  tcase_add_test(tc, no_name_at_all_names_nobody);
  tcase_add_test(tc, what_lies_behind_a_name_is_no_part_of_it);
  tcase_add_test(tc,
                 a_rule_this_library_does_not_know_covers_only_the_same_name);
  tcase_add_test(tc, six_characters_are_counted_not_octets);
  tcase_add_test(tc, serials_are_recognised_whole);
  tcase_add_test(tc, a_host_has_no_letter_case);
  tcase_add_test(tc, equality_does_not_depend_on_the_order);
  tcase_add_test(tc, every_character_is_allowed_or_refused_by_name);
  tcase_add_test(tc, a_suffix_and_a_model_are_words);
  tcase_add_test(tc, rules_have_the_names_that_the_programs_use);
  suite_add_tcase(s, tc);
  return run_suite(s);
}
