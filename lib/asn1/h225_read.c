/* SPDX-License-Identifier: BSD-2-Clause */
#include "asn1/h225_message.h"

#include <h46017/error.h>

#include <string.h>

static const h46017_h225_value read_absent;

static const h46017_node *value_node(h46017_h225_value v) {
  return v.node;
}

static h46017_h225_value value_make(h46017_h225_value parent,
                                    const h46017_node *node, const void *data,
                                    const char *name) {
  h46017_h225_value v = {node, data, name, parent.origin};

  return v;
}

static h46017_h225_value value_unknown(h46017_h225_value parent,
                                       const h46017_unknown *u) {
  return value_make(parent, &h46017_node_unknown, u, u->name);
}

/* -- looking ---------------------------------------------------------- */

h46017_h225_value h46017_h225_root(const h46017_h225 *m) {
  h46017_h225_value v = read_absent;

  if (m->type != NULL &&
      (m->given || m->type->node->kind >= H46017_NODE_SEQUENCE)) {
    v.node = m->type->node;
    v.data = m->root;
    v.name = "";
    v.origin = m;
  }
  return v;
}

h46017_h225_kind h46017_h225_value_kind(h46017_h225_value v) {
  static const h46017_h225_kind kinds[] = {
      [H46017_NODE_NULL] = H46017_H225_NULL,
      [H46017_NODE_BOOLEAN] = H46017_H225_BOOLEAN,
      [H46017_NODE_INTEGER] = H46017_H225_INTEGER,
      [H46017_NODE_WIDE] = H46017_H225_INTEGER,
      [H46017_NODE_ENUM] = H46017_H225_ENUMERATED,
      [H46017_NODE_BITS] = H46017_H225_BIT_STRING,
      [H46017_NODE_OCTETS] = H46017_H225_OCTET_STRING,
      [H46017_NODE_OID] = H46017_H225_OBJECT_IDENTIFIER,
      [H46017_NODE_CHARS] = H46017_H225_IA5_STRING,
      [H46017_NODE_BMP] = H46017_H225_BMP_STRING,
      [H46017_NODE_SEQUENCE] = H46017_H225_SEQUENCE,
      [H46017_NODE_SEQUENCE_OF] = H46017_H225_SEQUENCE_OF,
      [H46017_NODE_CHOICE] = H46017_H225_CHOICE,
      [H46017_NODE_UNKNOWN] = H46017_H225_OCTET_STRING,
  };

  return v.node != NULL ? kinds[value_node(v)->kind] : H46017_H225_ABSENT;
}

const char *h46017_h225_value_name(h46017_h225_value v) {
  return v.name != NULL ? v.name : "";
}

const void *h46017_h225_component(const h46017_node *n, const void *st,
                                  size_t i) {
  const h46017_member *m = &n->members[i];
  const void *target = h46017_member_get(m, st);
  bool there = true;

  if (target == NULL || m->pointer) {
    return target;
  }
  switch ((h46017_node_kind)m->node->kind) {
  case H46017_NODE_SEQUENCE:
    break;
  case H46017_NODE_SEQUENCE_OF:
    there = ((const h46017_list *)target)->count > 0 ||
            h46017_node_ctx_const(m->node, target)->left != 0;
    break;
  case H46017_NODE_CHOICE:
    there = h46017_choice_present(m->node, target) > 0 ||
            h46017_node_ctx_const(m->node, target)->ptr != NULL;
    break;
  case H46017_NODE_NULL:
  case H46017_NODE_BOOLEAN:
  case H46017_NODE_INTEGER:
  case H46017_NODE_WIDE:
  case H46017_NODE_ENUM:
  case H46017_NODE_BITS:
  case H46017_NODE_OCTETS:
  case H46017_NODE_OID:
  case H46017_NODE_CHARS:
  case H46017_NODE_BMP:
  case H46017_NODE_UNKNOWN:
    there = h46017_per_given(n, st, i);
    break;
  }
  return there ? target : NULL;
}

static size_t sequence_count(const h46017_node *n, const void *st) {
  const h46017_unknown_list *unknown = h46017_node_ctx_const(n, st)->ptr;
  size_t count = unknown != NULL ? unknown->count : 0;

  for (size_t i = 0; i < n->nmembers; i++) {
    count += h46017_h225_component(n, st, i) != NULL;
  }
  return count;
}

size_t h46017_h225_count(h46017_h225_value v) {
  const h46017_node *n = value_node(v);

  if (n == NULL) {
    return 0;
  }
  if (n->kind == H46017_NODE_SEQUENCE) {
    return sequence_count(n, v.data);
  }
  if (n->kind == H46017_NODE_SEQUENCE_OF) {
    return (size_t)((const h46017_list *)v.data)->count;
  }
  return n->kind == H46017_NODE_CHOICE &&
         (h46017_choice_present(n, v.data) > 0 ||
          h46017_node_ctx_const(n, v.data)->ptr != NULL);
}

static h46017_h225_value sequence_at(h46017_h225_value v, size_t i) {
  const h46017_node *n = value_node(v);
  const h46017_unknown_list *unknown = h46017_node_ctx_const(n, v.data)->ptr;

  for (size_t k = 0; k < n->nmembers; k++) {
    const void *target = h46017_h225_component(n, v.data, k);
    if (target != NULL && i-- == 0) {
      return value_make(v, n->members[k].node, target, n->members[k].name);
    }
  }
  return unknown != NULL && i < unknown->count
             ? value_unknown(v, &unknown->items[i])
             : read_absent;
}

/* What a CHOICE holds. */
static h46017_h225_value choice_chosen(h46017_h225_value v) {
  const h46017_node *n = value_node(v);
  int present = h46017_choice_present(n, v.data);
  const h46017_unknown *u = h46017_node_ctx_const(n, v.data)->ptr;
  const h46017_member *m;
  const void *target;

  if (present <= 0 || present > n->nmembers) {
    return u != NULL ? value_unknown(v, u) : read_absent;
  }
  m = &n->members[present - 1];
  target = h46017_member_get(m, v.data);
  return target != NULL ? value_make(v, m->node, target, m->name) : read_absent;
}

static h46017_h225_value list_at(h46017_h225_value v, size_t i) {
  const h46017_list *list = v.data;

  return i < (size_t)list->count
             ? value_make(v, value_node(v)->members[0].node, list->array[i], "")
             : read_absent;
}

h46017_h225_value h46017_h225_at(h46017_h225_value v, size_t i) {
  const h46017_node *n = value_node(v);

  if (n == NULL) {
    return read_absent;
  }
  if (n->kind == H46017_NODE_SEQUENCE) {
    return sequence_at(v, i);
  }
  if (n->kind == H46017_NODE_SEQUENCE_OF) {
    return list_at(v, i);
  }
  return n->kind == H46017_NODE_CHOICE && i == 0 ? choice_chosen(v)
                                                 : read_absent;
}

static h46017_h225_value sequence_get(h46017_h225_value v,
                                      const h46017_path_step *step) {
  const h46017_node *n = value_node(v);
  const h46017_unknown_list *unknown = h46017_node_ctx_const(n, v.data)->ptr;
  const h46017_member *m = h46017_node_member(n, step->name, step->len);
  uint32_t index;

  if (m != NULL) {
    const void *target =
        h46017_h225_component(n, v.data, (size_t)(m - n->members));
    return target != NULL ? value_make(v, m->node, target, m->name)
                          : read_absent;
  }
  if (unknown != NULL && h46017_path_is_unknown(step, &index)) {
    for (size_t i = 0; i < unknown->count; i++) {
      if (unknown->items[i].index == index) {
        return value_unknown(v, &unknown->items[i]);
      }
    }
  }
  return read_absent;
}

h46017_h225_value h46017_h225_step(h46017_h225_value v,
                                   const h46017_path_step *step) {
  const h46017_node *n = value_node(v);

  if (n == NULL) {
    return read_absent;
  }
  if (n->kind == H46017_NODE_SEQUENCE_OF) {
    return step->name == NULL ? list_at(v, step->index) : read_absent;
  }
  if (step->name == NULL) {
    return read_absent;
  }
  if (n->kind == H46017_NODE_SEQUENCE) {
    return sequence_get(v, step);
  }
  if (n->kind == H46017_NODE_CHOICE) {
    h46017_h225_value chosen = choice_chosen(v);
    const char *name = h46017_h225_value_name(chosen);
    return strncmp(name, step->name, step->len) == 0 && name[step->len] == '\0'
               ? chosen
               : read_absent;
  }
  return read_absent;
}

h46017_h225_value h46017_h225_get(h46017_h225_value v, const char *path) {
  h46017_path_step step;

  if (path == NULL) {
    return read_absent;
  }
  while (v.node != NULL && *path != '\0') {
    v = h46017_path_next(&path, &step) ? h46017_h225_step(v, &step)
                                       : read_absent;
  }
  return v;
}

/* -- reading ---------------------------------------------------------- */

/* TYPE_MISMATCH for a value of another kind, ABSENT for none. */
static int read_other(h46017_h225_value v) {
  return v.node == NULL ? H46017_ERR_ABSENT : H46017_ERR_TYPE_MISMATCH;
}

int h46017_h225_read_bool(h46017_h225_value v, bool *out) {
  if (h46017_h225_value_kind(v) != H46017_H225_BOOLEAN) {
    return read_other(v);
  }
  *out = *(const BOOLEAN_t *)v.data != 0;
  return 0;
}

int h46017_h225_read_int(h46017_h225_value v, int64_t *out) {
  const h46017_node *n = value_node(v);
  h46017_h225_kind kind = h46017_h225_value_kind(v);

  if (kind != H46017_H225_INTEGER && kind != H46017_H225_ENUMERATED) {
    return read_other(v);
  }
  if (n->kind == H46017_NODE_INTEGER) {
    *out = h46017_per_native(n, v.data);
    return 0;
  }
  {
    const INTEGER_t *wide = v.data;
    return wide->buf != NULL &&
                   h46017_per_to_int64(wide->buf, (size_t)wide->size, out)
               ? 0
               : H46017_ERR_OUT_OF_RANGE;
  }
}

int h46017_h225_read_uint(h46017_h225_value v, uint64_t *out) {
  int64_t i = 0;
  int rv = h46017_h225_read_int(v, &i);

  if (rv == 0) {
    if (i < 0) {
      return H46017_ERR_OUT_OF_RANGE;
    }
    *out = (uint64_t)i;
  } else if (rv == H46017_ERR_OUT_OF_RANGE) {
    /* 64 bits and a sign */
    const INTEGER_t *wide = v.data;
    if (wide->buf == NULL || wide->size != 9 || wide->buf[0] != 0) {
      return rv;
    }
    *out = 0;
    for (int k = 1; k < 9; k++) {
      *out = *out << 8 | wide->buf[k];
    }
    rv = 0;
  }
  return rv;
}

int h46017_h225_read_octets(h46017_h225_value v, const uint8_t **pdata,
                            size_t *plen) {
  const h46017_node *n = value_node(v);

  if (n == NULL) {
    return H46017_ERR_ABSENT;
  }
  if (n->kind == H46017_NODE_UNKNOWN) {
    const h46017_unknown *u = v.data;
    *pdata = u->octets;
    *plen = u->len;
    return 0;
  }
  if (n->kind == H46017_NODE_WIDE || n->kind == H46017_NODE_OID) {
    const INTEGER_t *wide = v.data;
    *pdata = wide->buf;
    *plen = (size_t)wide->size;
    return 0;
  }
  if (n->kind == H46017_NODE_OCTETS || n->kind == H46017_NODE_CHARS ||
      n->kind == H46017_NODE_BMP) {
    const OCTET_STRING_t *string = v.data;
    *pdata = string->buf;
    *plen = (size_t)string->size;
    return 0;
  }
  return H46017_ERR_TYPE_MISMATCH;
}

int h46017_h225_read_bits(h46017_h225_value v, const uint8_t **pdata,
                          size_t *pbits) {
  const BIT_STRING_t *string = v.data;

  if (h46017_h225_value_kind(v) != H46017_H225_BIT_STRING) {
    return read_other(v);
  }
  *pdata = string->buf;
  *pbits = string->buf != NULL
               ? (size_t)string->size * 8 - (size_t)string->bits_unused
               : 0;
  return 0;
}
