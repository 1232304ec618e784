/* SPDX-License-Identifier: BSD-2-Clause */
/* Every component of every type against every setter and reader, with values
 * that fit and values that do not: what is accepted can be read and written,
 * what is refused is refused with a reason and changes nothing. And structures
 * that no setter makes: the encoder refuses them itself. */
#include "asn1/node.h"
#include "asn1/per.h"
#include "octets.h"
#include "runner.h"

#include <h46017/error.h>
#include <h46017/h225.h>

#include <check.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

static h46017_h225 *m;
static uint8_t before[65536];
static uint8_t after[65536];
static const uint8_t zeros[40000];

static void setup(void) {
  ck_assert_int_eq(h46017_h225_new(&m, NULL, NULL), 0);
}

static void teardown(void) {
  h46017_h225_del(m);
}

/* -- setters ----------------------------------------------------------------
 */

static const uint64_t numbers[] = {0,         1,          255,
                                   256,       70000,      4294967295U,
                                   INT64_MAX, UINT64_MAX, (uint64_t)1 << 32};
static const int64_t signed_numbers[] = {-1, 17, INT64_MIN};
static const size_t lengths[] = {0, 1, 2, 4, 6, 16, 128, 300, 17000};
static const size_t bit_lengths[] = {0, 5, 6, 32, 20000};
static const char *const texts[] = {
    "",
    "a",
    "5",
    "12#*,",
    "a name",
    "0.0.8.2250.0.7",
    "2.999",
    "3.1",
    "1.40",
    "0.",
    ".1",
    "0.0.",
    "0.0.x",
    "1.2.18446744073709551616",
    "2.18446744073709551615",
    "\xff",
    "\xc3\xa4",
    "\xf0\x9f\x98\x80",
    "_ext_1",
    "userProvidedVerifiedAndPassed",
    "_ext_99999999999",
};
#define COUNT(A) (sizeof(A) / sizeof((A)[0]))
#define SETS                                                                   \
  (3 + COUNT(numbers) + COUNT(signed_numbers) + 2 * COUNT(lengths) +           \
   COUNT(bit_lengths) + COUNT(texts))

#define PRESENT 2 /* set_present, of the list below */

/* Octets that end no arc of an OBJECT IDENTIFIER, and are no characters. */
static uint8_t ones[17000];

static int set(size_t i, const char *path) {
  if (i < 2) {
    return h46017_h225_set_bool(m, path, i == 1);
  }
  i -= 2;
  if (i == 0) {
    return h46017_h225_set_present(m, path);
  }
  i -= 1;
  if (i < COUNT(numbers)) {
    return h46017_h225_set_uint(m, path, numbers[i]);
  }
  i -= COUNT(numbers);
  if (i < COUNT(signed_numbers)) {
    return h46017_h225_set_int(m, path, signed_numbers[i]);
  }
  i -= COUNT(signed_numbers);
  if (i < COUNT(lengths)) {
    return h46017_h225_set_octets(m, path, zeros, lengths[i]);
  }
  i -= COUNT(lengths);
  if (i < COUNT(lengths)) {
    return h46017_h225_set_octets(m, path, ones, lengths[i]);
  }
  i -= COUNT(lengths);
  if (i < COUNT(bit_lengths)) {
    return h46017_h225_set_bits(m, path, zeros, bit_lengths[i]);
  }
  i -= COUNT(bit_lengths);
  return h46017_h225_set_text(m, path, texts[i], strlen(texts[i]));
}

/* Every reader takes it or says why not. */
static void readers_agree(const char *path) {
  h46017_h225_value v = h46017_h225_get(h46017_h225_root(m), path);
  const uint8_t *data = NULL;
  char text[65536];
  size_t len = 0;
  uint64_t u = 0;
  int64_t s = 0;
  bool b = false;
  int rv[6];

  rv[0] = h46017_h225_read_bool(v, &b);
  rv[1] = h46017_h225_read_uint(v, &u);
  rv[2] = h46017_h225_read_int(v, &s);
  rv[3] = h46017_h225_read_octets(v, &data, &len);
  rv[4] = h46017_h225_read_bits(v, &data, &len);
  rv[5] = h46017_h225_read_text(v, text, sizeof(text), &len);
  if (rv[1] == 0 && rv[2] == 0) {
    ck_assert_uint_eq(u, (uint64_t)s);
  }
  for (size_t i = 0; i < COUNT(rv); i++) {
    ck_assert(rv[i] == 0 || rv[i] == H46017_ERR_TYPE_MISMATCH ||
              rv[i] == H46017_ERR_OUT_OF_RANGE || rv[i] == H46017_ERR_TEXT ||
              rv[i] == H46017_ERR_ABSENT);
  }
  if (rv[5] == 0 && len > 0) { /* and in too little room: how much it is */
    size_t need = 0;
    ck_assert_int_eq(h46017_h225_read_text(v, text, 0, &need),
                     H46017_ERR_BUFFER_TOO_SMALL);
    ck_assert_uint_eq(need, len);
  }
}

static size_t accepted;
static size_t refused;

/* The path is of `type`, or one component in it. */
static void set_everything(const h46017_h225_type *type, const char *path) {
  for (size_t i = 0; i < SETS; i++) {
    size_t len = 0;
    size_t again = 0;
    int was;
    int rv;
    was = h46017_h225_encode(m, before, sizeof(before), &len);
    rv = set(i, path);
    ck_assert_int_eq(h46017_h225_last_error(m)->code, rv);
    if (rv == 0) {
      accepted++;
      readers_agree(path);
      rv = h46017_h225_encode(m, after, sizeof(after), &again);
      /* an empty list, where one element is the least */
      ck_assert_msg(rv == 0 || rv == H46017_ERR_INCOMPLETE ||
                        (rv == H46017_ERR_OUT_OF_RANGE && i == PRESENT),
                    "%s.%s %zu: %s", h46017_h225_type_name(type), path, i,
                    h46017_error_name(rv));
      continue;
    }
    refused++;
    ck_assert_msg(
        rv == H46017_ERR_TYPE_MISMATCH || rv == H46017_ERR_OUT_OF_RANGE ||
            rv == H46017_ERR_TEXT || rv == H46017_ERR_NOT_FOUND ||
            rv == H46017_ERR_INVALID_ARGUMENT || rv == H46017_ERR_PER_BUDGET,
        "%s.%s %zu: %s", h46017_h225_type_name(type), path, i,
        h46017_error_name(rv));
    if (was == 0) { /* as it was */
      ck_assert_int_eq(h46017_h225_encode(m, after, sizeof(after), &again), 0);
      ck_assert_uint_eq(again, len);
      ck_assert_mem_eq(before, after, len);
    }
  }
}

START_TEST(every_setter_on_every_component_of_every_type) {
  const h46017_h225_type *type;

  memset(ones, 0xff, sizeof(ones));
  for (size_t t = 0; (type = h46017_h225_type_at(t)) != NULL; t++) {
    const h46017_node *n = type->node;
    ck_assert_int_eq(h46017_h225_create(m, type), 0);
    set_everything(type, "");
    if (n->kind == H46017_NODE_SEQUENCE || n->kind == H46017_NODE_CHOICE) {
      for (size_t i = 0; i < n->nmembers; i++) {
        ck_assert_int_eq(h46017_h225_create(m, type), 0);
        set_everything(type, n->members[i].name);
        (void)h46017_h225_remove(m, n->members[i].name);
        ck_assert_int_eq(h46017_h225_remove(m, "nothing of the kind"),
                         H46017_ERR_NOT_FOUND);
      }
    }
  }
  ck_assert_uint_gt(accepted, 3000);
  ck_assert_uint_gt(refused, 20000);
}
END_TEST

START_TEST(paths_that_name_nothing) {
  static const char *const paths[] = {
      "registrationRequest.terminalAlias[",
      "registrationRequest.terminalAlias[]",
      "registrationRequest.terminalAlias[x]",
      "registrationRequest.terminalAlias[99999999999999999999]",
      "registrationRequest.terminalAlias[1",
      "registrationRequest.terminalAlias[7].h323-ID",
      "registrationRequest.terminalAlias.h323-ID",
      "registrationRequest[0]",
      "registrationRequest..terminalAlias",
      ".registrationRequest",
      "registrationRequest.",
      "registrationRequest.requestSeqNum.x",
      "registrationRequest._ext_",
      "registrationRequest._ext_x",
      "registrationRequest._ext_4294967296",
      "registrationRequest._ext_99999999999999",
      "nobody",
  };

  ck_assert_int_eq(h46017_h225_create(m, h46017_h225_ras_message()), 0);
  ck_assert_int_eq(
      h46017_h225_set_uint(m, "registrationRequest.requestSeqNum", 1), 0);
  for (size_t i = 0; i < COUNT(paths); i++) {
    h46017_h225_value v = h46017_h225_get(h46017_h225_root(m), paths[i]);
    int rv = h46017_h225_set_text(m, paths[i], "a", 1);
    ck_assert_int_eq((int)h46017_h225_value_kind(v), (int)H46017_H225_ABSENT);
    ck_assert_uint_eq(h46017_h225_count(v), 0);
    ck_assert_msg(rv == H46017_ERR_NOT_FOUND ||
                      rv == H46017_ERR_TYPE_MISMATCH ||
                      rv == H46017_ERR_INVALID_ARGUMENT,
                  "%s: %s", paths[i], h46017_error_name(rv));
    ck_assert_int_ne(h46017_h225_remove(m, paths[i]), 0);
  }
  ck_assert_int_eq(h46017_h225_set_text(m, NULL, "a", 1),
                   H46017_ERR_INVALID_ARGUMENT);
  ck_assert_int_eq(h46017_h225_remove(m, NULL), H46017_ERR_INVALID_ARGUMENT);
}
END_TEST

/* -- arguments ---------------------------------------------------------------
 */

START_TEST(arguments_are_looked_at) {
  static const uint8_t rip[] = {0x80, 0x05, 0, 0, 6, 0x0b, 0xb7, 0xaa};
  const h46017_h225_type *ras = h46017_h225_ras_message();
  h46017_h225_settings s;
  h46017_h225 *other = NULL;
  h46017_mem mem = {0};
  size_t len = 0;

  ck_assert_int_eq(h46017_h225_new(NULL, NULL, NULL),
                   H46017_ERR_INVALID_ARGUMENT);
  ck_assert_int_eq(h46017_h225_new(&other, NULL, &mem),
                   H46017_ERR_INVALID_ARGUMENT);
  h46017_h225_settings_default(&s);
  s.max_memory = 0;
  ck_assert_int_eq(h46017_h225_new(&other, &s, NULL),
                   H46017_ERR_INVALID_ARGUMENT);
  h46017_h225_settings_default(&s);
  s.max_depth = 0;
  ck_assert_int_eq(h46017_h225_new(&other, &s, NULL),
                   H46017_ERR_INVALID_ARGUMENT);
  h46017_h225_settings_default(&s);
  s.max_elements = 0;
  ck_assert_int_eq(h46017_h225_new(&other, &s, NULL),
                   H46017_ERR_INVALID_ARGUMENT);
  h46017_h225_settings_default(&s);
  s.max_elements = UINT32_MAX;
  ck_assert_int_eq(h46017_h225_new(&other, &s, NULL),
                   H46017_ERR_INVALID_ARGUMENT);
  ck_assert_ptr_null(other);
  ck_assert_ptr_null(h46017_h225_type_find(NULL));
  ck_assert_ptr_null(h46017_h225_type_find("H225.Nothing"));
  ck_assert_ptr_null(h46017_h225_type_at(SIZE_MAX));

  /* nothing to decode, nowhere to encode to; empty, that is what it is then */
  ck_assert_int_eq(h46017_h225_decode(m, NULL, rip, sizeof(rip)),
                   H46017_ERR_INVALID_ARGUMENT);
  ck_assert_int_eq(h46017_h225_decode(m, ras, NULL, 1),
                   H46017_ERR_INVALID_ARGUMENT);
  ck_assert_int_eq(h46017_h225_decode(m, ras, NULL, 0), H46017_ERR_TRUNCATED);
  ck_assert_int_eq(h46017_h225_create(m, NULL), H46017_ERR_INVALID_ARGUMENT);
  ck_assert_int_eq(h46017_h225_encode(m, before, sizeof(before), &len),
                   H46017_ERR_INVALID_STATE);
  ck_assert_int_eq(h46017_h225_decode(m, ras, rip, sizeof(rip)), 0);
  ck_assert_int_eq(h46017_h225_encode(m, before, sizeof(before), NULL),
                   H46017_ERR_INVALID_ARGUMENT);
  ck_assert_int_eq(h46017_h225_encode(m, NULL, 1, &len),
                   H46017_ERR_INVALID_ARGUMENT);
  /* the size, with the octet behind the PDU; too little room for that one */
  ck_assert_int_eq(h46017_h225_encode(m, NULL, 0, &len), 0);
  ck_assert_uint_eq(len, sizeof(rip));
  ck_assert_int_eq(h46017_h225_encode(m, before, sizeof(rip) - 1, &len),
                   H46017_ERR_BUFFER_TOO_SMALL);
  ck_assert_int_eq(h46017_h225_encode(m, before, sizeof(rip), &len), 0);
  ck_assert_mem_eq(before, rip, sizeof(rip));
}
END_TEST

/* -- structures that no setter makes ----------------------------------------
 */

static int encode_raw(const h46017_node *n, const void *st) {
  h46017_fault fault;
  size_t len = 0;

  h46017_fault_init(&fault);
  return h46017_per_encode(n, st, after, sizeof(after), 64, NULL, &len, &fault);
}

/* Refused, each in its own word, or within the bounds of this type. */
static void refuses_or_takes(const h46017_node *n, const void *st, int code) {
  int rv = encode_raw(n, st);

  ck_assert_msg(rv == 0 || rv == code || rv == H46017_ERR_OUT_OF_RANGE, "%s",
                h46017_error_name(rv));
}

static void strings(const h46017_node *n) {
  static uint8_t octets[40000];
  OCTET_STRING_t s = {0};
  BIT_STRING_t b = {0};

  memset(octets, 0xee, sizeof(octets));
  for (int size = -1; size <= 20000; size = size < 300 ? size + 1 : size * 3) {
    s.buf = size < 0 ? NULL : octets;
    s.size = size < 0 ? 0 : size;
    b.buf = s.buf;
    b.size = s.size;
    b.bits_unused = size > 0 ? size % 8 : 0;
    refuses_or_takes(
        n, n->kind == H46017_NODE_BITS ? (const void *)&b : (const void *)&s,
        H46017_ERR_INCOMPLETE);
  }
  if (n->kind == H46017_NODE_CHARS) {
    s.buf = octets;
    s.size = (int)(n->size_lb > 0 ? n->size_lb : 1);
    ck_assert_int_eq(encode_raw(n, &s), H46017_ERR_OUT_OF_RANGE);
  }
}

static void number(const h46017_node *n) {
  static const long values[] = {LONG_MIN, -1, 0, 1, 255, 65536, LONG_MAX};

  for (size_t i = 0; i < COUNT(values); i++) {
    int64_t v = n->is_unsigned ? (int64_t)(unsigned long)values[i] : values[i];
    int rv = encode_raw(n, &values[i]);
    bool inside = v >= n->lb && v <= n->ub;
    if (n->form <= H46017_NUMBER_VARIABLE && !n->extensible) {
      ck_assert_int_eq(rv, inside ? 0 : H46017_ERR_OUT_OF_RANGE);
    }
  }
}

static void wide(const h46017_node *n) {
  static uint8_t octets[20000] = {0x7f};
  INTEGER_t v = {0};

  refuses_or_takes(n, &v, H46017_ERR_INCOMPLETE);
  v.buf = octets;
  for (v.size = 1; v.size < 20000; v.size = v.size * 2 + 1) {
    refuses_or_takes(n, &v, H46017_ERR_OUT_OF_RANGE);
  }
}

START_TEST(the_encoder_trusts_no_structure) {
  const h46017_h225_type *type;
  size_t tried = 0;

  for (size_t t = 0; (type = h46017_h225_type_at(t)) != NULL; t++) {
    const h46017_node *n = type->node;
    for (size_t i = 0; i <= n->nmembers; i++) {
      /* the type itself, and what it is made of */
      const h46017_node *x = i == 0                        ? n
                             : n->kind == H46017_NODE_ENUM ? NULL
                             : n->kind < H46017_NODE_SEQUENCE
                                 ? NULL
                                 : n->members[i - 1].node;
      if (x == NULL) {
        continue;
      }
      tried++;
      switch (x->kind) {
      case H46017_NODE_OCTETS:
      case H46017_NODE_BITS:
      case H46017_NODE_CHARS:
      case H46017_NODE_BMP:
      case H46017_NODE_OID:
        strings(x);
        break;
      case H46017_NODE_INTEGER:
        number(x);
        break;
      case H46017_NODE_WIDE:
      case H46017_NODE_ENUM:
        wide(x);
        break;
      default:
        break;
      }
    }
  }
  ck_assert_uint_gt(tried, 500);
}
END_TEST

int main(void) {
  Suite *s = suite_create("h225_matrix");
  TCase *tc = tcase_create("matrix");

  tcase_add_checked_fixture(tc, setup, teardown);
  tcase_set_timeout(tc, 300);
  tcase_add_test(tc, every_setter_on_every_component_of_every_type);
  tcase_add_test(tc, paths_that_name_nothing);
  tcase_add_test(tc, arguments_are_looked_at);
  tcase_add_test(tc, the_encoder_trusts_no_structure);
  suite_add_tcase(s, tc);
  return run_suite(s);
}
