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

h46017_text device_name_of(const h46017_alias *alias) {
  h46017_text name = alias->text;
  if (alias->type == H46017_ALIAS_URL_ID && name.len > 5 &&
      strncasecmp(name.text, "h323:", 5) == 0) {
    name.text += 5;
    name.len -= 5;
  }
  return name;
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
  return name.text != NULL && (name = device_name_of(alias)).len > 0 &&
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
      good = good && put_folds(folds, device_name_of(&aliases[i]));
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

/* The chosen one leaves the list. */
static h46017_device *take_out(device_row **list, device_row *chosen) {
  while (*list != chosen) {
    list = &(*list)->next;
  }
  *list = chosen->next;
  return &chosen->device;
}

/* Which row each name means, and what they mean together: 0 or a code. */
static int choose(device_row *list, const h46017_alias *aliases, size_t count,
                  h46017_alias_type type, device_row **rows,
                  device_row **pchosen) {
  meaning chosen = {0};
  meaning others = {0};
  for (size_t i = 0; i < count; i++) {
    if (can_mean(&aliases[i])) {
      bool counts = type == H46017_ALIAS_UNKNOWN || type == aliases[i].type;
      rows[i] = best_of(list, device_name_of(&aliases[i]));
      mean(counts ? &chosen : &others, rows[i]);
    }
  }
  *pchosen = chosen.row;
  if (chosen.conflict || (chosen.row == NULL && others.conflict)) {
    return H46017_ERR_ALIAS_CONFLICT;
  }
  return chosen.row == NULL && others.row != NULL ? H46017_ERR_UNKNOWN_DEVICE
                                                  : 0;
}

int device_table_select(device_table *t, const h46017_alias *aliases,
                        size_t count, h46017_alias_type type,
                        h46017_match_rule loosest, h46017_device **out,
                        bool *own) {
  device_row *list = NULL;
  device_row *chosen = NULL;
  device_row **rows = calloc(count + 1, sizeof(device_row *));
  int code = rows ? candidates(t, aliases, count, &list) : H46017_ERR_NOMEM;
  for (device_row *row = list; row != NULL; row = row->next) {
    tighten(&row->device, loosest);
  }
  if (code == 0) {
    code = choose(list, aliases, count, type, rows, &chosen);
  }
  for (size_t i = 0; code == 0 && own != NULL && i < count; i++) {
    own[i] = rows[i] != NULL && rows[i] == chosen;
  }
  if (code == 0 && chosen != NULL) {
    *out = take_out(&list, chosen);
  }
  device_rows_free(list);
  free(rows);
  return code;
}
