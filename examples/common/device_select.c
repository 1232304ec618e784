/* SPDX-License-Identifier: BSD-2-Clause */
#include "device_row.h"

#include <h46017/error.h>

#include <jansson.h>
#include <stdlib.h>
#include <strings.h>

/* Which device a registration's names mean. */

/* exact is stricter than serial, and serial than prefix */
static void tighten(h46017_device *device, h46017_match_rule loosest) {
  if (loosest == H46017_MATCH_EXACT || (loosest == H46017_MATCH_SERIAL &&
                                        device->match == H46017_MATCH_PREFIX)) {
    device->match = loosest;
  }
}

/* `h323:` in front of a URL is no part of the name */
static h46017_text name_of(const h46017_alias *alias) {
  h46017_text name = alias->text;
  if (alias->type == H46017_ALIAS_URL_ID &&
      strncasecmp(name.text, "h323:", 5) == 0) {
    name.text += 5;
    name.len -= 5;
  }
  return name;
}

bool device_fits(const h46017_device *device, const h46017_alias *alias) {
  if (alias->text.text == NULL) {
    return false;
  }
  h46017_text name = name_of(alias);
  return h46017_device_fits(device, name.text, name.len, NULL) !=
         H46017_FIT_NONE;
}

/* A name may mean a device by the whole of it, or by what stands before its
 * last `-` (an interface's suffix has none in it). */
static bool put_folds(json_t *list, h46017_text name) {
  char fold[DEVICE_NAME_MAX + 1];
  size_t cut = name.len;
  bool good = true;
  for (int i = 0; i < 2 && cut > 0; i++) {
    device_fold(name.text, cut, fold);
    good = good && json_array_append_new(list, json_string(fold)) == 0;
    while (cut > 0 && name.text[cut - 1] != '-') {
      cut--;
    }
    cut -= cut > 0;
  }
  return good;
}

static bool can_mean(const h46017_alias *alias) {
  h46017_text name = alias->text;
  return name.text != NULL && (name = name_of(alias)).len > 0 &&
         name.len <= DEVICE_NAME_MAX;
}

/* The devices that some of the names may mean; h46017_device_fits() has the
 * last word. */
static int candidates(device_table *t, const h46017_alias *aliases,
                      size_t count, device_row **list) {
  json_t *folds = json_array();
  bool good = folds != NULL;
  for (size_t i = 0; i < count; i++) {
    if (can_mean(&aliases[i])) {
      good = good && put_folds(folds, name_of(&aliases[i]));
    }
  }
  char *text = good ? json_dumps(folds, JSON_COMPACT) : NULL;
  json_decref(folds);
  if (text == NULL) {
    return H46017_ERR_NOMEM;
  }
  int code = device_rows_asked(t, text, list);
  free(text);
  return code;
}

static device_row *best_of(device_row *list, h46017_text name) {
  h46017_device_fit best = H46017_FIT_NONE;
  device_row *row = NULL;
  size_t longest = 0; /* of the hardware IDs that fit */
  for (; list != NULL; list = list->next) {
    size_t length = 0;
    h46017_device_fit fit =
        h46017_device_fits(&list->device, name.text, name.len, &length);
    if (fit > best ||
        (fit == best && fit == H46017_FIT_SERIAL && length > longest)) {
      best = fit;
      longest = length;
      row = list;
    }
  }
  return row;
}

/* all the names that mean something mean the same */
typedef struct meaning {
  device_row *row;
  bool conflict;
} meaning;

static void mean(meaning *m, device_row *row) {
  if (row != NULL) {
    m->conflict = m->conflict || (m->row != NULL && m->row != row);
    m->row = row;
  }
}

int device_table_select(device_table *t, const h46017_alias *aliases,
                        size_t count, h46017_alias_type type,
                        h46017_match_rule loosest, h46017_device **out) {
  device_row *list = NULL;
  meaning chosen = {0};
  meaning others = {0};
  int code = candidates(t, aliases, count, &list);
  for (device_row *row = list; row != NULL; row = row->next) {
    tighten(&row->device, loosest);
  }
  for (size_t i = 0; code == 0 && i < count; i++) {
    if (can_mean(&aliases[i])) {
      bool counts = type == H46017_ALIAS_UNKNOWN || type == aliases[i].type;
      mean(counts ? &chosen : &others, best_of(list, name_of(&aliases[i])));
    }
  }
  if (chosen.conflict || (chosen.row == NULL && others.conflict)) {
    code = H46017_ERR_ALIAS_CONFLICT;
  } else if (chosen.row == NULL && others.row != NULL) {
    code = H46017_ERR_UNKNOWN_DEVICE;
  }
  if (code == 0 && chosen.row != NULL) {
    device_row **link = &list;
    while (*link != chosen.row) {
      link = &(*link)->next;
    }
    *link = chosen.row->next;
    *out = &chosen.row->device;
  }
  device_rows_free(list);
  return code;
}
