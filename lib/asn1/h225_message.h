/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef H46017_ASN1_H225_MESSAGE_H
#define H46017_ASN1_H225_MESSAGE_H

/* The inside of a message, for the sources of this folder: the decoded C
 * structure and the arena it lies in. Outside of this folder, messages are
 * read and written through h46017/h225.h. */

#include "asn1/per.h"
#include "base/arena.h"

#include <h46017/h225.h>

struct h46017_h225 {
  h46017_mem mem;
  h46017_arena arena;
  h46017_h225_settings settings;
  const h46017_node_table *table;
  const h46017_h225_type *type; /* NULL: empty */
  void *root;                   /* the type's C structure */
  bool given;                   /* decoded, or something was set */
  const uint8_t *trailing;      /* octets behind the decoded PDU */
  size_t trailing_len;
  uint32_t elements; /* of all SEQUENCE OFs, what was removed included */
  h46017_fault fault;
  h46017_h225_error error; /* made from `fault` */
};

/* The message's C structure where it is of this type, else NULL. It may be
 * read as asn1c's types say, with the notes of asn1/per.h; components are
 * written with the setters, which keep account of what has a value. */
static inline const void *h46017_h225_struct(const h46017_h225 *m,
                                             const h46017_h225_type *type) {
  return m->type == type ? m->root : NULL;
}

static inline const RasMessage_t *h46017_h225_ras(const h46017_h225 *m) {
  return h46017_h225_struct(m, m->table->ras_message);
}

static inline const H323_UserInformation_t *
h46017_h225_uui(const h46017_h225 *m) {
  return h46017_h225_struct(m, m->table->user_information);
}

/* Begins a call that may fail: nothing has. */
void h46017_h225_begin(h46017_h225 *m);

/* Records that the call failed and returns `code`. `path` (may be NULL) is
 * where; `text` is static. */
H46017_SELDOM int h46017_h225_fail(h46017_h225 *m, int code, const char *path,
                                   size_t path_len, const char *text);

/* Records that the arena had nothing to give: PER_BUDGET or NOMEM. */
H46017_SELDOM void h46017_h225_fail_memory(h46017_h225 *m);

/* From the message's arena, cleared; NULL: recorded. */
static inline void *h46017_h225_alloc(h46017_h225 *m, size_t size) {
  void *p = h46017_arena_alloc(&m->arena, size);

  if (p == NULL) {
    h46017_h225_fail_memory(m);
  }
  return p;
}

/* Component `i` of a SEQUENCE where it has a value, else NULL. */
const void *h46017_h225_component(const h46017_node *n, const void *st,
                                  size_t i);

/* h46017_h225_encode(), and where it put the BIT STRING whose octets (as
 * h46017_h225_read_bits() shows them) are `bits`: the octet behind its last, 0
 * where that cannot be said. */
int h46017_h225_encode_find(h46017_h225 *m, uint8_t *buf, size_t cap,
                            size_t *plen, const uint8_t *bits, size_t *pend);

/* One step of a path: a name, or an index in brackets. */
typedef struct h46017_path_step {
  const char *name; /* NULL: an index */
  size_t len;
  size_t index;
} h46017_path_step;

/* Takes the first step off `*path`. False: there is none, or (`*path` not at
 * its end then) it is not written as a path. */
bool h46017_path_next(const char **path, h46017_path_step *step);

/* One step down from a value; absent: there is nothing. */
h46017_h225_value h46017_h225_step(h46017_h225_value v,
                                   const h46017_path_step *step);

/* `_ext_N`; false: it is not such a name. */
bool h46017_path_is_unknown(const h46017_path_step *step, uint32_t *pindex);

#endif /* H46017_ASN1_H225_MESSAGE_H */
