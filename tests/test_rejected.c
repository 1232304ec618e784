/* SPDX-License-Identifier: BSD-2-Clause */
/* Refused certificates are kept as they came, and trusted from there. */
#include "kept.h"
#include "runner.h"

#include <h46017/error.h>

#include <check.h>
#include <stdio.h>
#include <string.h>

static h46017_rejected *rejected;

static void setup(void) {
  kept_setup();
  ck_assert_int_eq(h46017_rejected_new(&rejected, &kept_unsynced, NULL, NULL),
                   0);
}

static void teardown(void) {
  h46017_rejected_del(rejected);
  kept_teardown();
}

static int note(const pki_cert *client, const pki_cert *const *chain,
                int64_t at, uint8_t id[32]) {
  pair p;
  int rv;

  trusting_meet(&p, 0, H46017_TLS_MODERN, client, chain);
  ck_assert_int_ne(p.server.error, 0);
  rv = h46017_rejected_note(rejected, trusting_list, h46017_tls_ssl(p.server.t),
                            "192.0.2.1:1234", at, id);
  pair_free(&p);
  return rv;
}

typedef struct seen {
  int entries;
  h46017_rejected_entry last;
  char cn[32];
} seen;

static int see(const h46017_rejected_entry *entry, void *user_data) {
  seen *s = user_data;

  s->entries++;
  s->last = *entry;
  (void)snprintf(s->cn, sizeof(s->cn), "%s",
                 entry->cn != NULL ? entry->cn : "");
  ck_assert_str_eq(entry->peer, "192.0.2.1:1234");
  return 0;
}

START_TEST(a_refused_chain_is_kept_as_it_came_and_can_be_trusted) {
  pki_cert other = pki_ca("other authority");
  pki_cert leaf = pki_leaf("0090332f688a", &other);
  const pki_cert *chain[] = {&other, NULL};
  h46017_trust_add_options o;
  uint8_t id[32];
  uint8_t want[32];
  char hex[65];
  seen s = {0};

  trusting_id(&leaf, want);
  ck_assert_int_eq(note(&leaf, chain, 1000, id), 0);
  ck_assert_mem_eq(id, want, 32);
  ck_assert_int_eq(note(&leaf, chain, 2000, id), 0);
  ck_assert_int_eq(h46017_rejected_each(rejected, see, &s), 0);
  ck_assert_int_eq(s.entries, 1);
  ck_assert_uint_eq(s.last.count, 2);
  ck_assert_int_eq(s.last.first_seen, 1000);
  ck_assert_int_eq(s.last.last_seen, 2000);
  ck_assert_int_eq(s.last.code, H46017_ERR_UNKNOWN_CA);
  ck_assert_int_eq((int)s.last.role, (int)H46017_TLS_SERVER);
  ck_assert_uint_eq(s.last.chain_len, 2);
  ck_assert_str_eq(s.cn, "0090332f688a");

  trusting_hex(id, hex);
  hex[10] = '\0';
  h46017_trust_add_options_default(&o);
  o.utc_now = trusting_now();
  ck_assert_int_eq(
      h46017_rejected_trust(rejected, trusting_list, hex, 2, &o, NULL, NULL),
      H46017_ERR_OUT_OF_RANGE);
  ck_assert_int_eq(
      h46017_rejected_trust(rejected, trusting_list, "00ff", 0, &o, NULL, NULL),
      H46017_ERR_NOT_FOUND);
  ck_assert_int_eq(
      h46017_rejected_trust(rejected, trusting_list, "no", 0, &o, NULL, NULL),
      H46017_ERR_INVALID_ARGUMENT);
  ck_assert_int_eq(
      h46017_rejected_trust(rejected, trusting_list, hex, 0, &o, NULL, NULL),
      0);
  ck_assert(h46017_trust_has(trusting_list, id));
  ck_assert_int_eq(trusting_outcome(&leaf, chain), 0);
  memset(&s, 0, sizeof(s));
  ck_assert_int_eq(h46017_rejected_each(rejected, see, &s), 0);
  ck_assert_int_eq(s.entries, 0);

  /* its issuer, from another of its devices */
  pki_free(&leaf);
  leaf = pki_leaf("0090332f688b", &other);
  ck_assert_int_eq(note(&leaf, chain, 3000, id), 0);
  trusting_hex(id, hex);
  ck_assert_int_eq(
      h46017_rejected_trust(rejected, trusting_list, hex, 1, &o, NULL, NULL),
      0);
  trusting_id(&other, want);
  ck_assert(h46017_trust_has(trusting_list, want));
  ck_assert_int_eq(trusting_outcome(&leaf, NULL), 0);
  pki_free(&other);
  pki_free(&leaf);
}
END_TEST

START_TEST(the_rejected_list_is_bounded) {
  h46017_rejected_settings set;
  uint8_t first[32];
  uint8_t id[32];
  seen s = {0};

  h46017_rejected_del(rejected);
  h46017_rejected_settings_default(&set);
  set.max_entries = 3;
  set.max_rate = 2;
  ck_assert_int_eq(h46017_rejected_new(&rejected, &kept_unsynced, &set, NULL),
                   0);
  for (int i = 0; i < 5; i++) {
    pki_cert c = pki_leaf("a", NULL);

    ck_assert_int_eq(note(&c, NULL, 1000 + i, i == 0 ? first : id), 0);
    pki_free(&c);
  }
  ck_assert_int_eq(h46017_rejected_each(rejected, see, &s), 0);
  ck_assert_int_eq(s.entries, 3);
  for (int i = 0; i < 3; i++) { /* in one second */
    pki_cert c = pki_leaf("a", NULL);

    ck_assert_int_eq(note(&c, NULL, 9000, id), i < 2 ? 0 : H46017_ERR_LIMIT);
    pki_free(&c);
  }
  ck_assert_int_eq(h46017_rejected_clear(rejected), 0);
  memset(&s, 0, sizeof(s));
  ck_assert_int_eq(h46017_rejected_each(rejected, see, &s), 0);
  ck_assert_int_eq(s.entries, 0);

  /* in octets too: one entry of this size fits, two do not */
  h46017_rejected_del(rejected);
  set.max_octets = 1200;
  ck_assert_int_eq(h46017_rejected_new(&rejected, &kept_unsynced, &set, NULL),
                   0);
  for (int i = 0; i < 3; i++) {
    pki_cert c = pki_leaf("a", NULL);

    ck_assert_int_eq(note(&c, NULL, 2000 + i, id), 0);
    pki_free(&c);
  }
  ck_assert_int_eq(h46017_rejected_each(rejected, see, &s), 0);
  ck_assert_int_eq(s.entries, 1);
  ck_assert_mem_eq(s.last.id, id, 32);
}
END_TEST

static int entries_read;

static int get_counted(void *object, const char *collection, const char *name,
                       h46017_store_take take, void *user_data) {
  entries_read++;
  return kept_unsynced.get(object, collection, name, take, user_data);
}

static int note_new(int64_t at, uint8_t id[32]) {
  pki_cert c = pki_leaf("a", NULL);
  int rv = note(&c, NULL, at, id);

  pki_free(&c);
  return rv;
}

static bool is_kept(const uint8_t id[32]) {
  char hex[65];
  seen s = {0};

  trusting_hex(id, hex);
  return h46017_rejected_find(rejected, hex, see, &s) == 0;
}

/* A full list gets room for more than one: a stream of new ones does not read
 * all of it for each. */
START_TEST(a_full_list_is_not_read_for_each) {
  enum { MOST = 32 };
  h46017_rejected_settings set;
  h46017_rejected *other = NULL;
  h46017_store counted = kept_unsynced;
  static uint8_t ids[MOST][32];
  uint8_t id[32];
  seen s = {0};

  h46017_rejected_settings_default(&set);
  ck_assert_uint_eq(set.max_entries, 1000);
  ck_assert_uint_eq(set.max_octets, 8 * 1024 * 1024);
  set.max_entries = MOST;
  counted.get = get_counted;
  entries_read = 0;
  h46017_rejected_del(rejected);
  ck_assert_int_eq(h46017_rejected_new(&rejected, &counted, &set, NULL), 0);
  for (int i = 0; i < MOST; i++) {
    ck_assert_int_eq(note_new(1000 + i, ids[i]), 0);
  }
  ck_assert_int_le(entries_read, MOST); /* each looked for itself */
  ck_assert(is_kept(ids[0]));
  /* one past: two of thirty-two are spared, and those seen least go */
  entries_read = 0;
  ck_assert_int_eq(note_new(2000, id), 0);
  ck_assert_int_eq(entries_read, MOST + 1);
  ck_assert_int_eq(h46017_rejected_each(rejected, see, &s), 0);
  ck_assert_int_eq(s.entries, MOST - MOST / 16);
  for (int i = 0; i < MOST; i++) {
    ck_assert(is_kept(ids[i]) == (i > 2));
  }
  entries_read = 0;
  ck_assert_int_eq(note_new(2001, id), 0);
  ck_assert_int_eq(note_new(2002, id), 0);
  ck_assert_int_eq(entries_read, 2);
  /* another program's count too */
  ck_assert_int_eq(h46017_rejected_new(&other, &kept_unsynced, &set, NULL), 0);
  ck_assert_int_eq(h46017_rejected_clear(other), 0);
  h46017_rejected_del(other);
  for (int i = 0; i < MOST; i++) {
    ck_assert_int_eq(note_new(3000 + i, ids[i]), 0);
  }
  for (int i = 0; i < MOST; i++) {
    ck_assert(is_kept(ids[i]));
  }
}
END_TEST

static int count_rejected(const h46017_rejected_entry *e, void *user_data) {
  *(size_t *)user_data += (size_t)e->count;
  return 0;
}

/* Another process, as far as the lock is concerned. */
START_TEST(a_refused_certificate_waits_for_nobody) {
  h46017_store_dir *other = NULL;
  h46017_store busy;
  uint8_t id[32];
  pair p;
  size_t count = 0;

  ck_assert_int_eq(h46017_store_dir_new(&other, kept_root, NULL), 0);
  h46017_store_dir_store(other, &busy);
  ck_assert_int_eq(busy.begin(other, "rejected"), 0);
  ck_assert_int_eq(note(&pair_phone, NULL, 1000, id), 0);
  ck_assert_int_eq(note(&pair_phone, NULL, 1001, id), 0);
  ck_assert_int_eq(h46017_rejected_each(rejected, count_rejected, &count), 0);
  ck_assert_uint_eq(count, 0);
  ck_assert(h46017_rejected_is_waiting(rejected));
  ck_assert_int_eq(h46017_rejected_flush(rejected), 0);
  ck_assert(h46017_rejected_is_waiting(rejected));
  /* no more than so many are held; the chain stays with the connection */
  trusting_meet(&p, 0, H46017_TLS_MODERN, &pair_phone, NULL);
  for (int i = 2; i < 16; i++) {
    ck_assert_int_eq(note(&pair_phone, NULL, 1000 + i, id), 0);
  }
  ck_assert_int_eq(h46017_rejected_note(rejected, trusting_list,
                                        h46017_tls_ssl(p.server.t), "x", 2000,
                                        id),
                   H46017_ERR_LIMIT);
  busy.end(other, "rejected");
  ck_assert_int_eq(h46017_rejected_note(rejected, trusting_list,
                                        h46017_tls_ssl(p.server.t), "x", 2001,
                                        id),
                   0);
  ck_assert(!h46017_rejected_is_waiting(rejected));
  pair_free(&p);
  ck_assert_int_eq(h46017_rejected_each(rejected, count_rejected, &count), 0);
  ck_assert_uint_eq(count, 17);
  /* and by itself */
  ck_assert_int_eq(busy.begin(other, "rejected"), 0);
  ck_assert_int_eq(note(&pair_phone, NULL, 3000, id), 0);
  busy.end(other, "rejected");
  ck_assert_int_eq(h46017_rejected_flush(rejected), 0);
  ck_assert(!h46017_rejected_is_waiting(rejected));
  count = 0;
  ck_assert_int_eq(h46017_rejected_each(rejected, count_rejected, &count), 0);
  ck_assert_uint_eq(count, 18);
  /* what waits when the list goes is lost with it */
  ck_assert_int_eq(busy.begin(other, "rejected"), 0);
  ck_assert_int_eq(note(&pair_phone, NULL, 4000, id), 0);
  h46017_store_dir_del(other);
}
END_TEST

START_TEST(a_device_installed_anew_is_recognised_and_replaced) {
  static const pki_spec self = {.cn = {PKI_CN("0090332f688a")}};
  pki_cert old = pki_make(&self, NULL);
  pki_cert fresh = pki_make(&self, NULL);
  h46017_trust_add_options o;
  h46017_trust_entry e;
  uint8_t old_id[32];
  uint8_t id[32];
  char hex[65];
  char text[4096];
  size_t n = trusting_pem(text, sizeof(text), &fresh);

  trusting_id(&old, old_id);
  trusting_end_entity(&old);
  ck_assert_int_eq(
      h46017_trust_find_name(trusting_list, "0090332f688a", old_id, &e),
      H46017_ERR_NOT_FOUND);
  ck_assert_int_eq(note(&fresh, NULL, 1000, id), 0);
  ck_assert_int_eq(
      h46017_trust_find_name(trusting_list, "0090332f688a", id, &e), 0);
  ck_assert_mem_eq(e.id, old_id, 32);
  h46017_trust_add_options_default(&o);
  o.utc_now = trusting_now();
  ck_assert_int_eq(h46017_trust_replace(trusting_list, id,
                                        (const uint8_t *)text, n, &o, NULL,
                                        NULL),
                   H46017_ERR_NOT_FOUND);
  ck_assert_int_eq(h46017_trust_replace(trusting_list, e.id,
                                        (const uint8_t *)text, n, &o, NULL,
                                        NULL),
                   0);
  ck_assert(!h46017_trust_has(trusting_list, old_id));
  ck_assert_int_eq(trusting_outcome(&fresh, NULL), 0);
  ck_assert_int_ne(trusting_outcome(&old, NULL), 0);
  /* by one that is there: the label is handed on */
  ck_assert_int_eq(trusting_add(trusting_list, &old, H46017_TRUST_AUTO), 0);
  ck_assert_int_eq(h46017_trust_set_label(trusting_list, old_id, "lobby"), 0);
  ck_assert_int_eq(h46017_trust_replace(trusting_list, old_id,
                                        (const uint8_t *)text, n, &o, NULL,
                                        NULL),
                   0);
  ck_assert(!h46017_trust_has(trusting_list, old_id));
  trusting_hex(id, hex);
  ck_assert_int_eq(h46017_trust_find(trusting_list, hex, &e), 0);
  ck_assert_str_eq(e.label, "lobby");
  /* with itself: still there */
  ck_assert_int_eq(h46017_trust_replace(trusting_list, id,
                                        (const uint8_t *)text, n, &o, NULL,
                                        NULL),
                   0);
  ck_assert(h46017_trust_has(trusting_list, id));
  pki_free(&old);
  pki_free(&fresh);
}
END_TEST

START_TEST(a_client_keeps_what_it_refused_too) {
  uint8_t id[32];
  uint8_t want[32];
  seen s = {0};
  pair p;

  trusting_meet_gatekeeper(&p, &pair_gk);
  ck_assert_int_eq(p.client.error, H46017_ERR_UNKNOWN_CA);
  ck_assert_int_eq(h46017_rejected_note(rejected, trusting_list,
                                        h46017_tls_ssl(p.client.t),
                                        "192.0.2.1:1234", 5, id),
                   0);
  trusting_id(&pair_gk, want);
  ck_assert_mem_eq(id, want, 32);
  /* once */
  ck_assert_int_eq(h46017_rejected_note(rejected, trusting_list,
                                        h46017_tls_ssl(p.client.t),
                                        "192.0.2.1:1234", 5, id),
                   H46017_ERR_NOT_FOUND);
  ck_assert_int_eq(h46017_rejected_each(rejected, see, &s), 0);
  ck_assert_int_eq((int)s.last.role, (int)H46017_TLS_CLIENT);
  ck_assert_uint_eq(s.last.chain_len, 1);
  pair_free(&p);
}
END_TEST

/* Refused by the authority that they are of; what it comes to when one trusts
 * the very certificate is what h46017_rejected_trust() says at once. */
static const struct {
  pki_spec spec;
  bool weak_issuer;
  int code;
  bool helps;
} wrongs[] = {
    {{.cn = {PKI_CN("a")}, .rsa_bits = 1024},
     false,
     H46017_ERR_CERT_WEAK,
     false},
    {{.cn = {PKI_CN("a")}, .eku = "serverAuth"},
     false,
     H46017_ERR_CERT_PURPOSE,
     false},
    {{.cn = {PKI_CN("a")}, .odd_extension = true},
     false,
     H46017_ERR_CERT_CRITICAL_EXTENSION,
     false},
    {{.cn = {PKI_CN("a")}}, true, H46017_ERR_CERT_WEAK, true},
    {{.cn = {PKI_CN("a")}, .digest = "SHA1"},
     false,
     H46017_ERR_CERT_WEAK,
     true},
    {{.cn = {PKI_CN("a")}, .bad_signature = true},
     false,
     H46017_ERR_CERT_SIGNATURE,
     true},
    {{.cn = {PKI_CN("a")}, .v1 = true}, false, H46017_ERR_CERT_VERSION, true},
    {{.cn = {PKI_CN("a")}, .ca = true}, false, H46017_ERR_CERT_IS_CA, true},
};

static int trust_it(const uint8_t id[32], uint32_t depth) {
  h46017_trust_add_options o;
  char hex[65];

  trusting_hex(id, hex);
  h46017_trust_add_options_default(&o);
  o.utc_now = trusting_now();
  return h46017_rejected_trust(rejected, trusting_list, hex, depth, &o, NULL,
                               NULL);
}

START_TEST(what_trusting_does_not_help_is_not_trusted) {
  static const pki_spec weak = {
      .cn = {PKI_CN("weak")}, .ca = true, .rsa_bits = 1024};
  pki_cert issuer = pki_make(&weak, &pair_root);
  pki_cert leaf =
      pki_make(&wrongs[_i].spec, wrongs[_i].weak_issuer ? &issuer : &pair_root);
  const pki_cert *chain[] = {&issuer, NULL};
  const pki_cert *const *sent = wrongs[_i].weak_issuer ? chain : NULL;
  uint8_t id[32];
  seen s = {0};

  trusting_authority(&pair_root);
  ck_assert_int_eq(note(&leaf, sent, 1000, id), 0);
  ck_assert_int_eq(h46017_rejected_each(rejected, see, &s), 0);
  ck_assert_int_eq(s.last.code, wrongs[_i].code);
  ck_assert(s.last.trust_helps == wrongs[_i].helps);
  if (wrongs[_i].helps) {
    ck_assert_int_eq(trust_it(id, 0), 0);
    ck_assert(!is_kept(id));
    ck_assert_int_eq(trusting_outcome(&leaf, sent), 0);
  } else {
    ck_assert_int_eq(trust_it(id, 0), wrongs[_i].code);
    ck_assert_int_eq(trust_it(id, 1), wrongs[_i].code);
    ck_assert(is_kept(id));
    ck_assert(!h46017_trust_has(trusting_list, id));
    trusting_end_entity(&leaf); /* it would not have helped */
    ck_assert_int_eq(trusting_outcome(&leaf, sent), wrongs[_i].code);
  }
  pki_free(&issuer);
  pki_free(&leaf);
}
END_TEST

START_TEST(a_server_of_another_name_is_not_trusted_by_its_certificate) {
  pki_cert other = pki_leaf("other.example.net", &pair_root);
  uint8_t id[32];
  pair p;

  trusting_authority(&pair_root);
  trusting_meet_gatekeeper(&p, &other);
  ck_assert_int_eq(p.client.error, H46017_ERR_SERVER_NAME);
  ck_assert_int_eq(h46017_rejected_note(rejected, trusting_list,
                                        h46017_tls_ssl(p.client.t),
                                        "192.0.2.1:1234", 5, id),
                   0);
  ck_assert_int_eq(trust_it(id, 0), H46017_ERR_SERVER_NAME);
  ck_assert(is_kept(id));
  pair_free(&p);
  pki_free(&other);
}
END_TEST

int main(void) {
  Suite *s = suite_create("rejected");
  TCase *tc = tcase_create("rejected");

  tcase_add_checked_fixture(tc, setup, teardown);
  tcase_set_timeout(tc, 120);
  tcase_add_test(tc, a_refused_chain_is_kept_as_it_came_and_can_be_trusted);
  tcase_add_test(tc, the_rejected_list_is_bounded);
  tcase_add_test(tc, a_full_list_is_not_read_for_each);
  tcase_add_test(tc, a_refused_certificate_waits_for_nobody);
  tcase_add_test(tc, a_device_installed_anew_is_recognised_and_replaced);
  tcase_add_test(tc, a_client_keeps_what_it_refused_too);
  tcase_add_loop_test(tc, what_trusting_does_not_help_is_not_trusted, 0,
                      (int)(sizeof(wrongs) / sizeof(wrongs[0])));
  tcase_add_test(tc,
                 a_server_of_another_name_is_not_trusted_by_its_certificate);
  suite_add_tcase(s, tc);
  return run_suite(s);
}
