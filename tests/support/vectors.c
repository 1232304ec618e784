/* SPDX-License-Identifier: BSD-2-Clause */
#include "vectors.h"

#include <h46017/error.h>

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LINE_MAX_OCTETS ((size_t)1 << 20)
#define PATH_MAX_OCTETS 1024

static void vectors_line(const char *line, size_t len,
                         void (*each)(const vector *v, void *arg), void *arg) {
  json_error_t error;
  json_t *record = json_loadb(line, len, JSON_ALLOW_NUL, &error);
  vector v;
  const char *pdu;

  ck_assert_msg(record != NULL, "%s at %d", error.text, error.position);
  memset(&v, 0, sizeof(v));
  (void)snprintf(v.id, sizeof(v.id), "%s",
                 json_string_value(json_object_get(record, "id")));
  pdu = json_string_value(json_object_get(record, "pdu"));
  v.type = h46017_h225_type_find(pdu);
  ck_assert_msg(v.type != NULL, "%s: no type %s", v.id, pdu);
  v.per = octets_hex(json_string_value(json_object_get(record, "aper")));
  v.json = json_object_get(record, "json");
  each(&v, arg);
  octets_free(&v.per);
  json_decref(record);
}

size_t vectors_each(const char *file, void (*each)(const vector *v, void *arg),
                    void *arg) {
  const char *dir = getenv("H46017_VECTOR_DIR");
  char path[PATH_MAX_OCTETS];
  char *line = malloc(LINE_MAX_OCTETS);
  size_t count = 0;
  FILE *f;

  ck_assert_msg(dir != NULL, "H46017_VECTOR_DIR is not set: run meson test");
  (void)snprintf(path, sizeof(path), "%s/%s.jsonl", dir, file);
  f = fopen(path, "rb");
  ck_assert_msg(f != NULL, "cannot read %s", path);
  while (fgets(line, (int)LINE_MAX_OCTETS, f) != NULL) {
    vectors_line(line, strlen(line), each, arg);
    count++;
  }
  (void)fclose(f);
  free(line);
  return count;
}

octets vectors_units(const json_t *json, bool wide) {
  octets wanted = {NULL, 0};
  const json_t *utf16 = json_object_get(json, "_utf16");
  size_t n = 0;

  if (utf16 != NULL) {
    wanted = octets_hex(json_string_value(utf16));
  } else {
    const unsigned char *s = (const unsigned char *)json_string_value(json);
    size_t len = json_string_length(json);
    wanted.data = malloc(len * 2 + 1);
    for (size_t i = 0; i < len;) { /* jansson has seen that it is UTF-8 */
      uint32_t cp = s[i];
      size_t more = cp < 0x80 ? 0 : cp < 0xe0 ? 1 : cp < 0xf0 ? 2 : 3;
      cp = more == 0 ? cp : cp & (0x3fU >> more);
      i++;
      for (; more > 0; more--) {
        cp = cp << 6 | (s[i++] & 0x3fU);
      }
      if (cp > 0xffff) {
        uint32_t high = 0xd800 + ((cp - 0x10000) >> 10);
        wanted.data[wanted.len++] = (uint8_t)(high >> 8);
        wanted.data[wanted.len++] = (uint8_t)high;
        cp = 0xdc00 + ((cp - 0x10000) & 0x3ff);
      }
      wanted.data[wanted.len++] = (uint8_t)(cp >> 8);
      wanted.data[wanted.len++] = (uint8_t)cp;
    }
  }
  if (!wide) {
    for (; n < wanted.len / 2; n++) {
      wanted.data[n] = wanted.data[n * 2 + 1];
    }
    wanted.len = n;
  }
  return wanted;
}

static void compare_octets(const uint8_t *data, size_t len, octets wanted,
                           const char *path) {
  ck_assert_msg(len == wanted.len, "%s: %zu octets for %zu", path, len,
                wanted.len);
  ck_assert_msg(len == 0 || memcmp(data, wanted.data, len) == 0,
                "%s: other octets", path);
  octets_free(&wanted);
}

static void compare_octet_kind(h46017_h225_value v, octets wanted,
                               const char *path) {
  const uint8_t *data;
  size_t len;

  ck_assert_msg(h46017_h225_read_octets(v, &data, &len) == 0, "%s", path);
  compare_octets(data, len, wanted, path);
}

static void compare_text(h46017_h225_value v, const json_t *json,
                         const char *path) {
  static char text[65536];
  size_t len;
  int rv = h46017_h225_read_text(v, text, sizeof(text), &len);

  ck_assert_msg(rv == 0, "%s: text %d", path, rv);
  ck_assert_msg(strcmp(text, json_string_value(json)) == 0, "%s: %s for %s",
                path, text, json_string_value(json));
  ck_assert_uint_eq(len, strlen(text));
  ck_assert_int_ne(h46017_h225_read_text(v, text, len, &len), 0);
  ck_assert_int_eq(h46017_h225_read_text(v, text, len + 1, &len), 0);
}

static void compare_string(h46017_h225_value v, const json_t *json,
                           const char *path) {
  bool wide = h46017_h225_value_kind(v) == H46017_H225_BMP_STRING;

  compare_octet_kind(v, vectors_units(json, wide), path);
  if (json_is_string(json)) {
    compare_text(v, json, path);
  }
}

static void compare_sequence(h46017_h225_value v, const json_t *json,
                             const char *path, bool subset) {
  const char *key;
  json_t *member;
  char below[PATH_MAX_OCTETS];
  size_t unknown = 0;

  for (size_t i = 0; i < h46017_h225_count(v); i++) {
    const char *name = h46017_h225_value_name(h46017_h225_at(v, i));
    unknown += strncmp(name, "_ext_", 5) == 0;
    ck_assert(h46017_h225_get(v, name).data == h46017_h225_at(v, i).data);
  }
  json_object_foreach((json_t *)(uintptr_t)json, key, member) {
    (void)snprintf(below, sizeof(below), "%s.%s", path, key);
    vectors_compare(h46017_h225_get(v, key), member, below, subset);
    unknown -= strncmp(key, "_ext_", 5) == 0;
  }
  ck_assert_msg(h46017_h225_count(v) - unknown == json_object_size(json),
                "%s: %zu components for %zu", path, h46017_h225_count(v),
                json_object_size(json));
  ck_assert_msg(subset || unknown == 0, "%s: unknown additions", path);
}

static void compare_list(h46017_h225_value v, const json_t *json,
                         const char *path, bool subset) {
  char below[PATH_MAX_OCTETS];

  ck_assert_msg(h46017_h225_count(v) == json_array_size(json),
                "%s: %zu elements for %zu", path, h46017_h225_count(v),
                json_array_size(json));
  for (size_t i = 0; i < json_array_size(json); i++) {
    (void)snprintf(below, sizeof(below), "%s[%zu]", path, i);
    vectors_compare(h46017_h225_at(v, i), json_array_get(json, i), below,
                    subset);
  }
}

static void compare_bits(h46017_h225_value v, const json_t *json,
                         const char *path) {
  const uint8_t *data;
  size_t bits;

  ck_assert_int_eq(h46017_h225_read_bits(v, &data, &bits), 0);
  ck_assert_msg((json_int_t)bits == json_integer_value(json_array_get(json, 1)),
                "%s: %zu bits", path, bits);
  compare_octets(data, (bits + 7) / 8,
                 octets_hex(json_string_value(json_array_get(json, 0))), path);
}

static void compare_choice(h46017_h225_value v, const json_t *json,
                           const char *path, bool subset) {
  const char *key =
      json_object_iter_key(json_object_iter((json_t *)(uintptr_t)json));
  char below[PATH_MAX_OCTETS];

  ck_assert_uint_eq(json_object_size(json), 1);
  ck_assert_msg(h46017_h225_count(v) == 1, "%s: nothing chosen", path);
  ck_assert_str_eq(h46017_h225_value_name(h46017_h225_at(v, 0)), key);
  ck_assert(h46017_h225_get(v, key).data == h46017_h225_at(v, 0).data);
  (void)snprintf(below, sizeof(below), "%s.%s", path, key);
  vectors_compare(h46017_h225_at(v, 0), json_object_get(json, key), below,
                  subset);
}

void vectors_compare(h46017_h225_value v, const json_t *json, const char *path,
                     bool subset) {
  bool flag;
  int64_t number;

  switch (h46017_h225_value_kind(v)) {
  case H46017_H225_ABSENT:
    ck_abort_msg("%s is absent", path);
    break;
  case H46017_H225_NULL:
    ck_assert_msg(json_is_null(json), "%s", path);
    break;
  case H46017_H225_BOOLEAN:
    ck_assert_int_eq(h46017_h225_read_bool(v, &flag), 0);
    ck_assert_msg(json_is_boolean(json) && json_is_true(json) == flag, "%s",
                  path);
    break;
  case H46017_H225_INTEGER:
    ck_assert_int_eq(h46017_h225_read_int(v, &number), 0);
    ck_assert_msg(json_is_integer(json) && json_integer_value(json) == number,
                  "%s: %lld", path, (long long)number);
    break;
  case H46017_H225_BIT_STRING:
    compare_bits(v, json, path);
    break;
  case H46017_H225_OCTET_STRING:
    ck_assert_msg(json_is_string(json), "%s", path);
    compare_octet_kind(v, octets_hex(json_string_value(json)), path);
    break;
  case H46017_H225_ENUMERATED:
  case H46017_H225_OBJECT_IDENTIFIER:
    compare_text(v, json, path);
    break;
  case H46017_H225_IA5_STRING:
  case H46017_H225_BMP_STRING:
    compare_string(v, json, path);
    break;
  case H46017_H225_SEQUENCE:
    compare_sequence(v, json, path, subset);
    break;
  case H46017_H225_SEQUENCE_OF:
    compare_list(v, json, path, subset);
    break;
  case H46017_H225_CHOICE:
    compare_choice(v, json, path, subset);
    break;
  }
}

/* -- building --------------------------------------------------------- */

static void build_below(h46017_h225 *m, const char *path, const json_t *json);

static void build_ok(h46017_h225 *m, int rv) {
  const h46017_h225_error *e = h46017_h225_last_error(m);

  ck_assert_msg(rv == 0, "%d %s at %s", rv, e->text, e->path);
}

/* Strings do not say in JSON what they are: the schema does, by refusing. */
static void build_string(h46017_h225 *m, const char *path, const json_t *json) {
  const char *text = json_string_value(json);
  int rv = h46017_h225_set_text(m, path, text, json_string_length(json));

  if (rv == H46017_ERR_TYPE_MISMATCH) {
    octets hex = octets_hex(text);
    build_ok(m, h46017_h225_set_octets(m, path, hex.data, hex.len));
    octets_free(&hex);
    return;
  }
  build_ok(m, rv);
}

/* The only strings that text cannot set are BMPStrings and IA5Strings with
 * U+0000; which of the two, the lengths tell. */
static void build_units(h46017_h225 *m, const char *path, const json_t *json) {
  octets units = vectors_units(json, true);
  int rv = h46017_h225_set_octets(m, path, units.data, units.len);

  octets_free(&units);
  if (rv != 0) {
    units = vectors_units(json, false);
    build_ok(m, h46017_h225_set_octets(m, path, units.data, units.len));
    octets_free(&units);
  }
}

static bool build_is_bits(const json_t *json) {
  return json_array_size(json) == 2 &&
         json_is_string(json_array_get(json, 0)) &&
         json_is_integer(json_array_get(json, 1));
}

static void build_array(h46017_h225 *m, const char *path, const json_t *json) {
  char below[PATH_MAX_OCTETS];

  if (build_is_bits(json)) {
    octets bits = octets_hex(json_string_value(json_array_get(json, 0)));
    build_ok(m, h46017_h225_set_bits(
                    m, path, bits.data,
                    (size_t)json_integer_value(json_array_get(json, 1))));
    octets_free(&bits);
    return;
  }
  if (json_array_size(json) == 0) {
    build_ok(m, h46017_h225_set_present(m, path));
  }
  for (size_t i = 0; i < json_array_size(json); i++) {
    (void)snprintf(below, sizeof(below), "%s[%zu]", path, i);
    build_below(m, below, json_array_get(json, i));
  }
}

static void build_object(h46017_h225 *m, const char *path, const json_t *json) {
  char below[PATH_MAX_OCTETS];
  const char *key;
  json_t *member;

  if (json_object_size(json) == 0) {
    build_ok(m, h46017_h225_set_present(m, path));
  }
  json_object_foreach((json_t *)(uintptr_t)json, key, member) {
    (void)snprintf(below, sizeof(below), "%s%s%s", path,
                   *path != '\0' ? "." : "", key);
    build_below(m, below, member);
  }
}

static void build_below(h46017_h225 *m, const char *path, const json_t *json) {
  if (json_object_get(json, "_utf16") != NULL) {
    build_units(m, path, json);
  } else if (json_is_object(json)) {
    build_object(m, path, json);
  } else if (json_is_array(json)) {
    build_array(m, path, json);
  } else if (json_is_string(json)) {
    build_string(m, path, json);
  } else if (json_is_integer(json)) {
    build_ok(m, h46017_h225_set_int(m, path, json_integer_value(json)));
  } else if (json_is_boolean(json)) {
    build_ok(m, h46017_h225_set_bool(m, path, json_is_true(json)));
  } else {
    build_ok(m, h46017_h225_set_present(m, path));
  }
}

void vectors_build(h46017_h225 *m, const h46017_h225_type *type,
                   const json_t *json) {
  build_ok(m, h46017_h225_create(m, type));
  build_below(m, "", json);
}
