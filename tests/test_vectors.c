/* SPDX-License-Identifier: BSD-2-Clause */
#include "asn1/node.h"
#include "octets.h"
#include "runner.h"
#include "vectors.h"

#include <h46017/error.h>
#include <h46017/h225.h>

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static h46017_h225 *make_message(void) {
  h46017_h225_settings s;
  h46017_h225 *m;

  h46017_h225_settings_default(&s);
  ck_assert_int_eq(h46017_h225_new(&m, &s, NULL), 0);
  return m;
}

static void decode(h46017_h225 *m, const vector *v, const uint8_t *data,
                   size_t len) {
  int rv = h46017_h225_decode(m, v->type, data, len);
  const h46017_h225_error *e = h46017_h225_last_error(m);

  ck_assert_msg(rv == 0, "%s: %d %s at %zu.%u, %s", v->id, rv, e->text,
                e->offset, e->bit, e->path);
}

/* What `m` holds becomes exactly these octets, in any buffer that takes them.
 */
static void encode_gives(h46017_h225 *m, const char *id, const uint8_t *data,
                         size_t len) {
  uint8_t *out = octets_exact(data, len);
  size_t need = 0;
  int rv = h46017_h225_encode(m, NULL, 0, &need);
  const h46017_h225_error *e = h46017_h225_last_error(m);

  ck_assert_msg(rv == 0, "%s: %d %s at %s", id, rv, e->text, e->path);
  ck_assert_msg(need == len, "%s: %zu octets for %zu", id, need, len);
  memset(out, 0xa5, len);
  ck_assert_int_eq(h46017_h225_encode(m, out, len, &need), 0);
  if (memcmp(out, data, len) != 0) {
    size_t i = 0;
    while (out[i] == data[i]) {
      i++;
    }
    ck_abort_msg("%s: octet %zu is %02x for %02x", id, i, out[i], data[i]);
  }
  free(out);
  /* every smaller one, where there are not too many; one of none asks for the
   * size */
  for (size_t cap = len > 256 ? len - 1 : 1; cap < len; cap++) {
    out = octets_exact(data, cap);
    need = 0;
    ck_assert_int_eq(h46017_h225_encode(m, out, cap, &need),
                     H46017_ERR_BUFFER_TOO_SMALL);
    ck_assert_uint_eq(need, len);
    free(out);
  }
}

static void check_record(const vector *v, void *arg) {
  h46017_h225 *m = arg;
  uint8_t *exact = octets_exact(v->per.data, v->per.len);

  decode(m, v, exact, v->per.len);
  ck_assert_msg(h46017_h225_trailing(m) == 0, "%s: %zu octets behind it", v->id,
                h46017_h225_trailing(m));
  vectors_compare(h46017_h225_root(m), v->json, v->id,
                  strncmp(v->id, "unkext", 6) == 0);
  encode_gives(m, v->id, exact, v->per.len);
  free(exact);
}

static void check_file(const char *file, size_t records) {
  h46017_h225 *m = make_message();

  ck_assert_uint_eq(vectors_each(file, check_record, m), records);
  h46017_h225_del(m);
}

START_TEST(ras_records_decode_to_their_value_and_encode_to_their_octets) {
  check_file("ras", 165);
}
END_TEST

START_TEST(uui_records_decode_to_their_value_and_encode_to_their_octets) {
  check_file("uui", 104);
}
END_TEST

START_TEST(type_records_decode_to_their_value_and_encode_to_their_octets) {
  check_file("types", 1378);
}
END_TEST

START_TEST(edge_records_decode_to_their_value_and_encode_to_their_octets) {
  check_file("edge", 108);
}
END_TEST

START_TEST(what_no_version_knows_is_kept_and_written_back) {
  check_file("unknown-ext", 60);
}
END_TEST

static void check_building(const vector *v, void *arg) {
  h46017_h225 *m = arg;

  vectors_build(m, v->type, v->json);
  encode_gives(m, v->id, v->per.data, v->per.len);
  vectors_compare(h46017_h225_root(m), v->json, v->id, false);
}

START_TEST(setters_build_every_value_from_nothing) {
  h46017_h225 *m = make_message();

  vectors_each("ras", check_building, m);
  vectors_each("uui", check_building, m);
  vectors_each("types", check_building, m);
  vectors_each("edge", check_building, m);
  h46017_h225_del(m);
}
END_TEST

/* -- cut short -------------------------------------------------------- */

/* Cuts of a long record that find something new: all near both ends. */
static bool cut_is_interesting(size_t cut, size_t len) {
  return cut < 600 || cut + 32 > len || cut % 8192 < 2;
}

static void check_cuts(const vector *v, void *arg) {
  h46017_h225 *m = arg;

  for (size_t cut = 0; cut < v->per.len; cut++) {
    const h46017_h225_error *e = h46017_h225_last_error(m);
    uint8_t *exact;
    int rv;
    if (!cut_is_interesting(cut, v->per.len)) {
      continue;
    }
    exact = octets_exact(v->per.data, cut);
    rv = h46017_h225_decode(m, v->type, exact, cut);
    /* one assertion a cut: libcheck tells its parent of each */
    ck_assert_msg(
        (rv == H46017_ERR_TRUNCATED || rv == H46017_ERR_PER_CONSTRAINT ||
         rv == H46017_ERR_PER_LENGTH) &&
            e->code == rv && e->offset <= cut && strlen(e->text) > 5 &&
            h46017_h225_message_type(m) == NULL &&
            h46017_h225_root(m).node == NULL,
        "%s cut at %zu: %d %s at %zu, %s", v->id, cut, rv, e->text, e->offset,
        e->path);
    free(exact);
  }
}

START_TEST(no_record_cut_at_any_octet_decodes) {
  static const char *const files[] = {"ras", "uui", "types", "edge",
                                      "unknown-ext"};
  h46017_h225 *m = make_message();

  vectors_each(files[_i], check_cuts, m);
  h46017_h225_del(m);
}
END_TEST

/* -- older senders ---------------------------------------------------- */

/* The SEQUENCE of a PDU whose additions end the encoding, found without the
 * engine: where its extension bitmap stands and what follows it. */
typedef struct tail {
  size_t bitmap; /* bit at which the "normally small" length begins */
  size_t count;  /* bits in the bitmap */
  size_t first;  /* octet of the first open type */
} tail;

static bool bit_at(const uint8_t *data, size_t pos) {
  return (data[pos / 8] >> (7 - pos % 8) & 1) != 0;
}

static size_t bits_at(const uint8_t *data, size_t pos, size_t n) {
  size_t v = 0;

  while (n-- > 0) {
    v = v << 1 | bit_at(data, pos++);
  }
  return v;
}

/* The end of the open type at octet `at`; 0: it does not end within. */
static size_t open_end(const uint8_t *data, size_t len, size_t at) {
  size_t size;

  if (at >= len || data[at] >= 0xc0) {
    return 0; /* no record has fragments here */
  }
  size = data[at++];
  if (size >= 128) {
    if (at >= len) {
      return 0;
    }
    size = (size & 0x3f) << 8 | data[at++];
  }
  return size > len - at ? 0 : at + size;
}

static bool tail_fits(const uint8_t *data, size_t len, size_t pos, tail *out) {
  size_t at;

  if (pos + 7 > len * 8 || bit_at(data, pos)) {
    return false;
  }
  out->bitmap = pos;
  out->count = bits_at(data, pos + 1, 6) + 1;
  if (pos + 7 + out->count > len * 8) {
    return false;
  }
  at = (pos + 7 + out->count + 7) / 8;
  out->first = at;
  for (size_t i = 0; i < out->count; i++) {
    if (bit_at(data, pos + 7 + i)) {
      at = open_end(data, len, at);
      if (at == 0) {
        return false;
      }
    }
  }
  return at == len;
}

/* Writes the PDU again with a bitmap of `count` bits and only the open types
 * that these announce. */
static octets tail_shorten(const uint8_t *data, const tail *t, size_t count) {
  octets o = {calloc(t->first + 1, 1), t->first};
  size_t pos = t->bitmap + 7 + count;
  size_t from = t->first;

  for (size_t i = 0; i < t->bitmap; i++) {
    o.data[i / 8] = (uint8_t)(o.data[i / 8] | bit_at(data, i) << (7 - i % 8));
  }
  for (size_t i = 0; i < 6; i++) {
    size_t at = t->bitmap + 1 + i;
    o.data[at / 8] = (uint8_t)(o.data[at / 8] | ((count - 1) >> (5 - i) & 1)
                                                    << (7 - at % 8));
  }
  for (size_t i = 0; i < count; i++) {
    size_t at = t->bitmap + 7 + i;
    o.data[at / 8] =
        (uint8_t)(o.data[at / 8] | bit_at(data, at) << (7 - at % 8));
  }
  o.len = (pos + 7) / 8;
  for (size_t i = 0; i < count; i++) {
    if (bit_at(data, t->bitmap + 7 + i)) {
      size_t end = open_end(data, SIZE_MAX / 2, from);
      octets_append(&o, data + from, end - from);
      from = end;
    }
  }
  return o;
}

typedef struct twins {
  h46017_h225 *m;
  size_t records; /* with additions at their end */
  size_t checked; /* older twins of these */
} twins;

/* Octets of the message in `m` without any addition of the SEQUENCE at
 * `path`. */
static size_t root_only(h46017_h225 *m, const char *path, uint8_t *buf,
                        size_t cap, const uint8_t *data, size_t len,
                        const h46017_h225_type *type) {
  h46017_h225_value v = h46017_h225_get(h46017_h225_root(m), path);
  const h46017_node *n = v.node;
  size_t size = 0;
  bool any = false;

  if (n == NULL || n->kind != H46017_NODE_SEQUENCE) {
    return 0;
  }
  for (size_t i = n->nroot; i < n->nmembers; i++) {
    char member[256];
    (void)snprintf(member, sizeof(member), "%s%s%s", path,
                   *path != '\0' ? "." : "", n->members[i].name);
    any |= h46017_h225_remove(m, member) == 0;
  }
  ck_assert_int_eq(h46017_h225_encode(m, buf, cap, &size), 0);
  ck_assert_int_eq(h46017_h225_decode(m, type, data, len), 0);
  return any ? size : 0;
}

static void check_twins_of(const vector *v, twins *tw, const char *path) {
  static uint8_t buf[1 << 18];
  size_t size = root_only(tw->m, path, buf, sizeof(buf), v->per.data,
                          v->per.len, v->type);
  tail t;
  size_t fits = 0;
  size_t at = 0;

  /* the root part ends in its last octet, on one of eight bits */
  for (size_t pos = size * 8; size > 0 && pos > size * 8 - 8; pos--) {
    if (tail_fits(v->per.data, v->per.len, pos, &t)) {
      fits++;
      at = pos;
    }
  }
  if (fits != 1) {
    return;
  }
  ck_assert(tail_fits(v->per.data, v->per.len, at, &t));
  tw->records++;
  for (size_t count = t.count - 1; count > 0; count--) {
    octets twin;
    if (!bit_at(v->per.data, t.bitmap + 7 + count - 1)) {
      size_t last = count; /* canonical: as many as the sender's version has */
      while (last > 0 && !bit_at(v->per.data, t.bitmap + 7 + last - 1)) {
        last--;
      }
      if (last == 0) {
        break; /* it would not have the extension bit */
      }
    }
    twin = tail_shorten(v->per.data, &t, count);
    decode(tw->m, v, twin.data, twin.len);
    ck_assert_uint_eq(h46017_h225_trailing(tw->m), 0);
    encode_gives(tw->m, v->id, twin.data, twin.len);
    octets_free(&twin);
    tw->checked++;
  }
}

static void check_twins(const vector *v, void *arg) {
  twins *tw = arg;
  const char *path = "";

  if (v->type == h46017_h225_ras_message() && bit_at(v->per.data, 0)) {
    return; /* an alternative in an open type: its own type has its twins */
  }
  decode(tw->m, v, v->per.data, v->per.len);
  if (v->type == h46017_h225_ras_message()) {
    path = h46017_h225_value_name(h46017_h225_at(h46017_h225_root(tw->m), 0));
  } else if (v->type == h46017_h225_user_information()) {
    path = "h323-uu-pdu";
  }
  check_twins_of(v, tw, path);
}

START_TEST(messages_of_older_senders_keep_their_shorter_bitmaps) {
  twins tw = {make_message(), 0, 0};

  vectors_each("ras", check_twins, &tw);
  ck_assert_uint_gt(tw.records, 50);
  vectors_each("uui", check_twins, &tw);
  ck_assert_uint_gt(tw.records, 80);
  vectors_each("types", check_twins, &tw);
  ck_assert_uint_gt(tw.records, 200);
  printf("%zu older twins of %zu records\n", tw.checked, tw.records);
  ck_assert_uint_gt(tw.checked, 500);
  h46017_h225_del(tw.m);
}
END_TEST

/* -- PDUs found in public --------------------------------------------- */

static void check_public(h46017_h225 *m, const char *dir, const char *name,
                         const h46017_h225_type *type) {
  char path[1024];
  static char hex[65536];
  FILE *f;
  size_t n;
  vector v = {.type = type};

  (void)snprintf(v.id, sizeof(v.id), "%s", name);
  (void)snprintf(path, sizeof(path), "%s/public/%s.hex", dir, name);
  f = fopen(path, "rb");
  ck_assert_msg(f != NULL, "cannot read %s", path);
  n = fread(hex, 1, sizeof(hex) - 1, f);
  hex[n] = '\0';
  (void)fclose(f);
  v.per = octets_hex(hex);
  if (strcmp(name, "otp_setup_netmeeting") == 0) {
    /* damaged where it was published: Wireshark calls it malformed too */
    ck_assert_int_eq(h46017_h225_decode(m, type, v.per.data, v.per.len),
                     H46017_ERR_PER_CONSTRAINT);
    octets_free(&v.per);
    return;
  }
  decode(m, &v, v.per.data, v.per.len);
  encode_gives(m, name, v.per.data, v.per.len);
  octets_free(&v.per);
}

START_TEST(pdus_of_other_stacks_decode_and_encode_to_their_octets) {
  const char *dir = getenv("H46017_VECTORS");
  h46017_h225 *m;
  char line[1024];
  size_t count = 0;
  FILE *f;

  if (dir == NULL) {
    puts("H46017_VECTORS is not set: public PDUs left out");
    return;
  }
  m = make_message();
  (void)snprintf(line, sizeof(line), "%s/public/MANIFEST.tsv", dir);
  f = fopen(line, "rb");
  ck_assert_msg(f != NULL, "no %s", line);
  while (fgets(line, sizeof(line), f) != NULL) {
    char *name = strtok(line, "\t");
    const char *kind = strtok(NULL, "\t");
    const h46017_h225_type *type = h46017_h225_type_find(kind);
    if (type != NULL) {
      check_public(m, dir, name, type);
      count++;
    }
  }
  (void)fclose(f);
  ck_assert_uint_gt(count, 0);
  h46017_h225_del(m);
}
END_TEST

static Suite *vectors_suite(void) {
  Suite *s = suite_create("vectors");
  TCase *tc = tcase_create("records");

  tcase_set_timeout(tc, 60);
  tcase_add_test(tc,
                 ras_records_decode_to_their_value_and_encode_to_their_octets);
  tcase_add_test(tc,
                 uui_records_decode_to_their_value_and_encode_to_their_octets);
  tcase_add_test(tc,
                 type_records_decode_to_their_value_and_encode_to_their_octets);
  tcase_add_test(tc,
                 edge_records_decode_to_their_value_and_encode_to_their_octets);
  tcase_add_test(tc, what_no_version_knows_is_kept_and_written_back);
  tcase_add_test(tc, setters_build_every_value_from_nothing);
  tcase_add_loop_test(tc, no_record_cut_at_any_octet_decodes, 0, 5);
  tcase_add_test(tc, messages_of_older_senders_keep_their_shorter_bitmaps);
  tcase_add_test(tc, pdus_of_other_stacks_decode_and_encode_to_their_octets);
  suite_add_tcase(s, tc);
  return s;
}

int main(void) {
  return run_suite(vectors_suite());
}
