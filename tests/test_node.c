/* SPDX-License-Identifier: BSD-2-Clause */
/* The codec's table from descriptors that h225.asn1 does not have: whatever the
 * engine has no rule for has to be refused, or a later schema would be decoded
 * wrongly without a word. The source itself is included: only its inside takes
 * descriptors one by one. */
#include "runner.h"

#include "asn1/node.c" /* NOLINT(bugprone-suspicious-include) */

#include <check.h>

/* A copy of a type's descriptor, and of what it points to, to be spoilt. */
typedef struct forged {
  asn_TYPE_descriptor_t td;
  asn_TYPE_member_t elements[64];
  struct asn_per_constraints_s pc; /* asn1c's typedefs are const */
  struct asn_SEQUENCE_specifics_s sequence;
  struct asn_CHOICE_specifics_s choice;
  struct asn_INTEGER_specifics_s integer;
} forged;

static forged f;

static void forge(const char *name) {
  asn_TYPE_descriptor_t *td = NULL;

  for (size_t i = 0; i < asn_module_type_count; i++) {
    if (strcmp(asn_module_types[i]->name, name) == 0) {
      td = asn_module_types[i];
    }
  }
  ck_assert_ptr_nonnull(td);
  td->free_struct(td, NULL, 1); /* an alias is filled in */
  memset(&f, 0, sizeof(f));
  f.td = *td;
  ck_assert_int_le(td->elements_count, 64);
  for (int i = 0; i < td->elements_count; i++) {
    f.elements[i] = td->elements[i];
  }
  f.td.elements = f.elements;
  if (td->per_constraints != NULL) {
    f.pc = *td->per_constraints;
    f.td.per_constraints = &f.pc;
  }
  if (td->free_struct == SEQUENCE_free) {
    memcpy(&f.sequence, td->specifics, sizeof(f.sequence));
    f.td.specifics = &f.sequence;
  } else if (td->free_struct == CHOICE_free) {
    memcpy(&f.choice, td->specifics, sizeof(f.choice));
    f.td.specifics = &f.choice;
  } else if (td->uper_decoder == ENUMERATED_decode_uper) {
    memcpy(&f.integer, td->specifics, sizeof(f.integer));
    f.td.specifics = &f.integer;
  }
}

/* A table of its own for every look: what was refused leaves rests. */
static const h46017_node *compiled(const asn_per_constraints_t *pc) {
  node_count = 0;
  member_count = 0;
  alphabet_count = 0;
  key_count = 0;
  memset(node_store, 0, sizeof(node_store));
  return node_compile(&f.td, pc);
}

static void fine(void) {
  ck_assert_ptr_nonnull(compiled(NULL));
}

static void refused(void) {
  ck_assert_ptr_null(compiled(NULL));
}

START_TEST(sequences) {
  forge("RegistrationRequest");
  fine();
  f.sequence.ext_before = 0; /* a second root */
  refused();
  forge("RegistrationRequest");
  for (int i = 0; i < f.td.elements_count; i++) {
    if ((f.elements[i].flags & ATF_POINTER) == 0) {
      continue;
    }
    f.elements[i].flags &= ~ATF_POINTER; /* could not be absent */
    refused();
    f.elements[i].flags |= ATF_POINTER;
    fine();
  }
  {
    static char name[300];
    memset(name, 'n', sizeof(name) - 1);
    f.elements[0].name = name;
    refused();
  }
  forge("RegistrationRequest");
  f.td.elements_count = 0; /* nothing in it: an extension alone */
  f.sequence.ext_after = -1;
  f.sequence.ext_before = 1;
  ck_assert_uint_eq(compiled(NULL)->min_bits, 1);
}
END_TEST

START_TEST(choices) {
  static int order;

  forge("TransportAddress");
  fine();
  f.choice.canonical_order = &order;
  refused();
  forge("TransportAddress");
  f.choice.pres_size = 1;
  refused();
  forge("TransportAddress");
  f.td.per_constraints = NULL;
  refused();
  forge("TransportAddress");
  f.pc.value.flags = APC_UNCONSTRAINED;
  refused();
  forge("TransportAddress");
  f.pc.value.upper_bound = f.td.elements_count; /* more than there are */
  refused();
  f.pc.value.upper_bound = 300; /* an index that is no field of bits */
  refused();
}
END_TEST

START_TEST(enumerations) {
  forge("ScreeningIndicator");
  fine();
  f.integer.extension = 1; /* nothing before the marker */
  refused();
  forge("ScreeningIndicator");
  f.td.specifics = NULL;
  refused();
  forge("ScreeningIndicator");
  f.td.uper_decoder = INTEGER_decode_uper;
  refused();
}
END_TEST

START_TEST(numbers) {
  const h46017_node *n;

  forge("RequestSeqNum");
  fine();
  f.pc.value.flags |= APC_EXTENSIBLE; /* a long cannot hold what is beyond */
  refused();
  f.pc.value.flags = APC_SEMI_CONSTRAINED;
  refused();
  f.td.uper_decoder = INTEGER_decode_uper; /* but octets can */
  n = compiled(NULL);
  ck_assert_ptr_nonnull(n);
  ck_assert_int_eq(n->kind, H46017_NODE_WIDE);
  ck_assert_int_eq(n->form, H46017_NUMBER_SEMI);
  ck_assert_int_eq((int)n->lb, 1);
  f.pc.value.flags = APC_CONSTRAINED; /* one value only: nothing is sent */
  f.pc.value.upper_bound = f.pc.value.lower_bound;
  ck_assert_int_eq(compiled(NULL)->form, H46017_NUMBER_NONE);
  f.pc.value.lower_bound = 0;
  f.pc.value.upper_bound = 255;
  ck_assert_int_eq(compiled(NULL)->form, H46017_NUMBER_OCTET);
  f.td.all_tags_count = 0; /* of no universal type at all */
  refused();
}
END_TEST

START_TEST(sizes_and_alphabets) {
  const h46017_node *n;

  forge("GatekeeperIdentifier");
  fine();
  f.pc.size.flags |= APC_EXTENSIBLE;
  refused();
  forge("GatekeeperIdentifier");
  f.pc.size.lower_bound = -1;
  refused();
  f.pc.size.flags = APC_UNCONSTRAINED;
  ck_assert_uint_eq(compiled(NULL)->size_ub, H46017_SIZE_UNBOUNDED);
  f.pc.size.flags = APC_SEMI_CONSTRAINED;
  f.pc.size.lower_bound = 1;
  n = compiled(NULL);
  ck_assert_uint_eq(n->size_lb, 1);
  ck_assert_uint_eq(n->size_ub, H46017_SIZE_UNBOUNDED);
  /* IA5String: tag 22 */
  forge("GatekeeperIdentifier");
  {
    static ber_tlv_tag_t ia5 = (ASN_TAG_CLASS_UNIVERSAL | (22 << 2));
    f.td.all_tags = &ia5;
    f.td.all_tags_count = 1;
    f.pc.value.flags = APC_UNCONSTRAINED;
    n = compiled(NULL);
    ck_assert_int_eq(n->char_bits, 8);
    f.pc.value.flags = APC_CONSTRAINED;
    f.pc.value.lower_bound = 'a';
    f.pc.value.upper_bound = 'd';
    n = compiled(NULL);
    ck_assert_int_eq(n->char_bits, 2);
    ck_assert_int_eq(n->alphabet->count, 4);
    f.pc.value.upper_bound = 'a'; /* one character needs no bits: no rule */
    refused();
    f.pc.value.upper_bound = 200;
    refused();
    f.pc.value.lower_bound = -1;
    f.pc.value.upper_bound = 5;
    refused();
    f.pc.value.lower_bound = 'a';
    f.pc.value.upper_bound = 'd';
    alphabet_count = ALPHABET_MAX;
    memset(alphabet_store, 0, sizeof(alphabet_store));
    ck_assert_ptr_null(node_compile(&f.td, NULL));
  }
}
END_TEST

START_TEST(a_full_table_is_refused) {
  forge("RegistrationRequest");
  (void)compiled(NULL);
  f.td.elements_count = 1; /* another type to the table */
  node_count = NODE_MAX;
  {
    forged other = f;
    ck_assert_ptr_null(node_compile(&other.td, &other.pc));
    (void)compiled(NULL);
    member_count = MEMBER_MAX;
    ck_assert_ptr_null(node_compile(&other.td, &other.pc));
    (void)compiled(NULL);
    key_count = KEY_MAX;
    memset(key_store, 0, sizeof(key_store));
    ck_assert_ptr_null(node_compile(&other.td, &other.pc));
  }
  forge("BandWidth");
  (void)compiled(NULL);
  key_count = KEY_MAX;
  memset(key_store, 0, sizeof(key_store));
  ck_assert_ptr_null(node_compile(&f.td, NULL));
  memset(node_store, 0, sizeof(node_store));
  node_count = NODE_MAX;
  key_count = 0;
  ck_assert_ptr_null(node_compile(&f.td, NULL));
}
END_TEST

START_TEST(components_are_found_by_their_whole_name) {
  const h46017_node *n;

  forge("RegistrationRequest");
  n = compiled(NULL);
  ck_assert_ptr_nonnull(h46017_node_member(n, "keepAlive", 9));
  ck_assert_ptr_null(h46017_node_member(n, "keepAlive", 8));
  ck_assert_ptr_null(h46017_node_member(n, "keepAlive2", 10));
  ck_assert_ptr_null(h46017_node_member(n, "", 0));
}
END_TEST

int main(void) {
  Suite *s = suite_create("node");
  TCase *tc = tcase_create("descriptors");

  tcase_add_test(tc, sequences);
  tcase_add_test(tc, choices);
  tcase_add_test(tc, enumerations);
  tcase_add_test(tc, numbers);
  tcase_add_test(tc, sizes_and_alphabets);
  tcase_add_test(tc, a_full_table_is_refused);
  tcase_add_test(tc, components_are_found_by_their_whole_name);
  suite_add_tcase(s, tc);
  return run_suite(s);
}
