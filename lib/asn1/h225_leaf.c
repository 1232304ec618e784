/* SPDX-License-Identifier: BSD-2-Clause */
#include "asn1/h225_leaf.h"

#include "asn1/h225_text.h"
#include "base/text.h"

#include <h46017/error.h>

#include <string.h>

/* -- checking --------------------------------------------------------- */

static int leaf_mismatch(const char **ptext) {
  *ptext = "the component is of another kind";
  return H46017_ERR_TYPE_MISMATCH;
}

static int leaf_range(const char **ptext, const char *text) {
  *ptext = text;
  return H46017_ERR_OUT_OF_RANGE;
}

static int leaf_check_size(const h46017_node *n, size_t count,
                           const char **ptext) {
  if (count < n->size_lb || count > n->size_ub || count > INT_MAX / 2) {
    return leaf_range(ptext, "the length is outside of the type's SIZE");
  }
  return 0;
}

static int leaf_check_number(const h46017_node *n, const h46017_leaf *leaf,
                             const char **ptext) {
  bool negative = leaf->form == H46017_LEAF_INT && (int64_t)leaf->number < 0;

  if (leaf->form != H46017_LEAF_UINT && leaf->form != H46017_LEAF_INT) {
    return leaf_mismatch(ptext);
  }
  if (n->extensible || n->form == H46017_NUMBER_FREE) {
    return 0;
  }
  if (!negative && leaf->number > INT64_MAX) { /* no type has such a bound */
    return leaf_range(ptext, "the number is outside of the type's bounds");
  }
  if ((int64_t)leaf->number < n->lb || (int64_t)leaf->number > n->ub) {
    return leaf_range(ptext, "the number is outside of the type's bounds");
  }
  return 0;
}

static int leaf_check_wide(const h46017_node *n, const h46017_leaf *leaf,
                           const char **ptext) {
  h46017_leaf number = {H46017_LEAF_INT, 0, NULL, 0};
  int64_t v;

  if (leaf->form != H46017_LEAF_OCTETS) {
    return leaf_check_number(n, leaf, ptext);
  }
  if (leaf->len == 0 || leaf->len > INT_MAX) {
    return leaf_range(ptext, "an INTEGER has one octet or more");
  }
  if (n->extensible || n->form == H46017_NUMBER_FREE) {
    return 0;
  }
  if (!h46017_per_to_int64(leaf->data, leaf->len, &v)) {
    return leaf_range(ptext, "the number is outside of the type's bounds");
  }
  number.number = (uint64_t)v;
  return leaf_check_number(n, &number, ptext);
}

/* The item's number in the list of names; n->nmembers: there is none. */
static size_t leaf_find_item(const h46017_node *n, const h46017_leaf *leaf) {
  const asn_INTEGER_specifics_t *names = n->names;
  size_t i;

  for (i = 0; i < n->nmembers; i++) {
    const asn_INTEGER_enum_map_t *item = &names->value2enum[i];
    if (leaf->form == H46017_LEAF_TEXT
            ? item->enum_len == leaf->len &&
                  memcmp(item->enum_name, leaf->data, leaf->len) == 0
            : (uint64_t)(int64_t)item->nat_value == leaf->number) {
      break;
    }
  }
  return i;
}

static int leaf_check_enum(const h46017_node *n, const h46017_leaf *leaf,
                           const char **ptext) {
  if (leaf->form != H46017_LEAF_TEXT && leaf->form != H46017_LEAF_UINT &&
      leaf->form != H46017_LEAF_INT) {
    return leaf_mismatch(ptext);
  }
  return leaf_find_item(n, leaf) == n->nmembers
             ? leaf_range(ptext, "there is no item of this name or number")
             : 0;
}

static int leaf_check_oid(const h46017_leaf *leaf, const char **ptext) {
  size_t len = leaf->len;

  if (leaf->form == H46017_LEAF_TEXT) {
    len = h46017_text_to_oid((const char *)leaf->data, leaf->len, NULL);
  } else if (leaf->form != H46017_LEAF_OCTETS) {
    return leaf_mismatch(ptext);
  } else if (len > 0 && (leaf->data[len - 1] & 0x80) != 0) {
    len = 0;
  }
  return len == 0 || len > 16383
             ? leaf_range(ptext, "this is not an OBJECT IDENTIFIER")
             : 0;
}

static int leaf_check_characters(const h46017_node *n, const h46017_leaf *leaf,
                                 const char **ptext) {
  if (leaf->form == H46017_LEAF_TEXT &&
      !h46017_text_is_valid((const char *)leaf->data, leaf->len)) {
    *ptext = "this is not UTF-8 without NUL";
    return H46017_ERR_TEXT;
  }
  if (leaf->form != H46017_LEAF_TEXT && leaf->form != H46017_LEAF_OCTETS) {
    return leaf_mismatch(ptext);
  }
  for (size_t i = 0; i < leaf->len; i++) {
    if (leaf->data[i] > 127 ||
        (n->alphabet != NULL && n->alphabet->to_index[leaf->data[i]] < 0)) {
      return leaf_range(ptext, "a character outside of the permitted alphabet");
    }
  }
  return leaf_check_size(n, leaf->len, ptext);
}

static int leaf_check_bmp(const h46017_node *n, const h46017_leaf *leaf,
                          const char **ptext) {
  size_t octets = leaf->len;

  if (leaf->form == H46017_LEAF_TEXT) {
    octets = h46017_text_bmp_size((const char *)leaf->data, leaf->len);
    if (octets == 0 && leaf->len > 0) {
      *ptext = "this is not UTF-8 without NUL";
      return H46017_ERR_TEXT;
    }
  } else if (leaf->form != H46017_LEAF_OCTETS) {
    return leaf_mismatch(ptext);
  } else if (octets % 2 != 0) {
    return leaf_range(ptext, "a BMPString has an even number of octets");
  }
  return leaf_check_size(n, octets / 2, ptext);
}

static int leaf_check_form(const h46017_leaf *leaf, h46017_leaf_form form,
                           const char **ptext) {
  return leaf->form == form ? 0 : leaf_mismatch(ptext);
}

int h46017_leaf_check(const h46017_node *n, const h46017_leaf *leaf,
                      const char **ptext) {
  int rv;

  switch ((h46017_node_kind)n->kind) {
  case H46017_NODE_NULL:
  case H46017_NODE_SEQUENCE:
  case H46017_NODE_SEQUENCE_OF:
    return leaf_check_form(leaf, H46017_LEAF_PRESENT, ptext);
  case H46017_NODE_BOOLEAN:
    return leaf_check_form(leaf, H46017_LEAF_BOOL, ptext);
  case H46017_NODE_INTEGER:
    return leaf_check_number(n, leaf, ptext);
  case H46017_NODE_WIDE:
    return leaf_check_wide(n, leaf, ptext);
  case H46017_NODE_ENUM:
    return leaf_check_enum(n, leaf, ptext);
  case H46017_NODE_BITS:
    rv = leaf_check_form(leaf, H46017_LEAF_BITS, ptext);
    return rv != 0 ? rv : leaf_check_size(n, leaf->len, ptext);
  case H46017_NODE_OCTETS:
    rv = leaf_check_form(leaf, H46017_LEAF_OCTETS, ptext);
    return rv != 0 ? rv : leaf_check_size(n, leaf->len, ptext);
  case H46017_NODE_UNKNOWN:
    return leaf_check_form(leaf, H46017_LEAF_OCTETS, ptext);
  case H46017_NODE_OID:
    return leaf_check_oid(leaf, ptext);
  case H46017_NODE_CHARS:
    return leaf_check_characters(n, leaf, ptext);
  case H46017_NODE_BMP:
    return leaf_check_bmp(n, leaf, ptext);
  case H46017_NODE_CHOICE:
    break;
  }
  return leaf_mismatch(ptext);
}

/* -- writing ---------------------------------------------------------- */

/* asn1c's strings, INTEGER and OBJECT IDENTIFIER begin alike. */
static int leaf_write_octets(h46017_h225 *m, uint8_t **pbuf, int *psize,
                             const uint8_t *data, size_t len) {
  /* never NULL, so that an empty string is not an absent one */
  uint8_t *copy = h46017_h225_alloc(m, len > 0 ? len : 1);

  if (copy == NULL) {
    return m->error.code;
  }
  if (len > 0) {
    memcpy(copy, data, len);
  }
  *pbuf = copy;
  *psize = (int)len;
  return 0;
}

static int leaf_write_wide(h46017_h225 *m, INTEGER_t *out,
                           const h46017_leaf *leaf) {
  const uint8_t *data = leaf->data;
  size_t len = leaf->len;
  uint8_t octets[9];

  if (leaf->form != H46017_LEAF_OCTETS) {
    bool negative = leaf->form == H46017_LEAF_INT && (int64_t)leaf->number < 0;
    octets[0] = negative ? 0xff : 0;
    for (size_t i = 0; i < 8; i++) {
      octets[8 - i] = (uint8_t)(leaf->number >> (8 * i) & 0xff);
    }
    data = octets;
    len = sizeof(octets);
  }
  /* the shortest form is the canonical one */
  while (len > 1 && ((data[0] == 0 && (data[1] & 0x80) == 0) ||
                     (data[0] == 0xff && (data[1] & 0x80) != 0))) {
    data++;
    len--;
  }
  return leaf_write_octets(m, &out->buf, &out->size, data, len);
}

static int leaf_write_enum(h46017_h225 *m, const h46017_node *n,
                           ENUMERATED_t *out, const h46017_leaf *leaf) {
  const asn_INTEGER_specifics_t *names = n->names;
  size_t i = leaf_find_item(n, leaf);
  h46017_leaf number = {H46017_LEAF_INT, 0, NULL, 0};

  number.number = (uint64_t)(int64_t)names->value2enum[i].nat_value;
  return leaf_write_wide(m, out, &number);
}

static int leaf_write_bits(h46017_h225 *m, BIT_STRING_t *out,
                           const h46017_leaf *leaf) {
  size_t octets = (leaf->len + 7) / 8;
  unsigned unused = (unsigned)((8 - leaf->len % 8) % 8);
  int rv = leaf_write_octets(m, &out->buf, &out->size, leaf->data, octets);

  if (rv == 0) {
    out->bits_unused = (int)unused;
    if (unused > 0) {
      out->buf[octets - 1] = (uint8_t)(out->buf[octets - 1] & 0xffU << unused);
    }
  }
  return rv;
}

static int leaf_write_oid(h46017_h225 *m, OBJECT_IDENTIFIER_t *out,
                          const h46017_leaf *leaf) {
  const char *text = (const char *)leaf->data;
  size_t len;
  uint8_t *copy;

  if (leaf->form == H46017_LEAF_OCTETS) {
    return leaf_write_octets(m, &out->buf, &out->size, leaf->data, leaf->len);
  }
  len = h46017_text_to_oid(text, leaf->len, NULL);
  copy = h46017_h225_alloc(m, len);
  if (copy == NULL) {
    return m->error.code;
  }
  (void)h46017_text_to_oid(text, leaf->len, copy);
  out->buf = copy;
  out->size = (int)len;
  return 0;
}

static int leaf_write_bmp(h46017_h225 *m, OCTET_STRING_t *out,
                          const h46017_leaf *leaf) {
  const char *text = (const char *)leaf->data;
  size_t len;
  uint8_t *copy;

  if (leaf->form == H46017_LEAF_OCTETS || leaf->len == 0) {
    return leaf_write_octets(m, &out->buf, &out->size, leaf->data, leaf->len);
  }
  len = h46017_text_bmp_size(text, leaf->len);
  copy = h46017_h225_alloc(m, len);
  if (copy == NULL) {
    return m->error.code;
  }
  h46017_text_to_bmp(text, leaf->len, copy, len);
  out->buf = copy;
  out->size = (int)len;
  return 0;
}

static void leaf_write_integer(const h46017_node *n, void *st,
                               const h46017_leaf *leaf) {
  if (n->is_unsigned) {
    unsigned long u = (unsigned long)leaf->number;
    memcpy(st, &u, sizeof(u));
  } else {
    long l = (long)(int64_t)leaf->number;
    memcpy(st, &l, sizeof(l));
  }
}

static int leaf_write_unknown(h46017_h225 *m, h46017_unknown *out,
                              const h46017_leaf *leaf) {
  uint8_t *copy = NULL;
  int size;
  int rv = leaf_write_octets(m, &copy, &size, leaf->data, leaf->len);

  if (rv == 0) {
    out->octets = copy;
    out->len = leaf->len;
  }
  return rv;
}

int h46017_leaf_write(h46017_h225 *m, const h46017_node *n, void *st,
                      const h46017_leaf *leaf) {
  OCTET_STRING_t *string = st;

  switch ((h46017_node_kind)n->kind) {
  case H46017_NODE_BOOLEAN:
    *(BOOLEAN_t *)st = leaf->number != 0;
    return 0;
  case H46017_NODE_INTEGER:
    leaf_write_integer(n, st, leaf);
    return 0;
  case H46017_NODE_WIDE:
    return leaf_write_wide(m, st, leaf);
  case H46017_NODE_ENUM:
    return leaf_write_enum(m, n, st, leaf);
  case H46017_NODE_BITS:
    return leaf_write_bits(m, st, leaf);
  case H46017_NODE_OCTETS:
  case H46017_NODE_CHARS:
    return leaf_write_octets(m, &string->buf, &string->size, leaf->data,
                             leaf->len);
  case H46017_NODE_OID:
    return leaf_write_oid(m, st, leaf);
  case H46017_NODE_BMP:
    return leaf_write_bmp(m, st, leaf);
  case H46017_NODE_UNKNOWN:
    return leaf_write_unknown(m, st, leaf);
  case H46017_NODE_SEQUENCE_OF:
    h46017_node_ctx(n, st)->left = 1;
    return 0;
  case H46017_NODE_NULL:
  case H46017_NODE_SEQUENCE:
  case H46017_NODE_CHOICE:
    break;
  }
  return 0;
}
