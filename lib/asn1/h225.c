/* SPDX-License-Identifier: BSD-2-Clause */
#include "asn1/h225_message.h"

#include "base/mem.h"
#include "base/settings.h"

#include <h46017/error.h>

#include <string.h>

/* The engine recurses: some 300 octets of stack a level, the same amount
 * again for whoever walks the message. */
#define H225_MAX_DEPTH 1024

static const h46017_h225_settings h225_defaults = {
    .struct_size = sizeof(h225_defaults),
    .max_memory = (size_t)1 << 20,
    .max_depth = 64,
    .max_elements = 65536,
    .strict_trailing = false,
};

void h46017_h225_settings_default_sized(h46017_h225_settings *settings,
                                        size_t size) {
  h46017_settings_fill(settings, size, &h225_defaults, sizeof(h225_defaults));
}

/* -- the object ------------------------------------------------------- */

static void h225_empty(h46017_h225 *m) {
  h46017_arena_reset(&m->arena);
  m->type = NULL;
  m->root = NULL;
  m->given = false;
  m->trailing = NULL;
  m->trailing_len = 0;
  m->elements = 0;
}

int h46017_h225_new(h46017_h225 **pm, const h46017_h225_settings *settings,
                    const h46017_mem *mem) {
  h46017_h225_settings s = h225_defaults;
  h46017_mem own;
  h46017_h225 *m;
  int rv;

  if (pm == NULL) {
    return H46017_ERR_INVALID_ARGUMENT;
  }
  if (settings != NULL) {
    rv = h46017_settings_copy(&s, sizeof(s), sizeof(s), settings);
    if (rv != 0) {
      return rv;
    }
  }
  if (s.max_memory == 0 || s.max_depth == 0 || s.max_elements == 0 ||
      s.max_depth > H225_MAX_DEPTH || s.max_elements > INT32_MAX) {
    return H46017_ERR_INVALID_ARGUMENT;
  }
  rv = h46017_mem_init(&own, mem);
  if (rv != 0) {
    return rv;
  }
  if (h46017_node_table_get() == NULL) {
    return H46017_ERR_INTERNAL;
  }
  m = h46017_mem_zalloc(&own, 1, sizeof(*m));
  if (m == NULL) {
    return H46017_ERR_NOMEM;
  }
  m->mem = own;
  m->settings = s;
  m->table = h46017_node_table_get();
  h46017_arena_init(&m->arena, &m->mem, s.max_memory);
  h46017_h225_begin(m);
  *pm = m;
  return 0;
}

void h46017_h225_del(h46017_h225 *m) {
  h46017_mem mem;

  if (m == NULL) {
    return;
  }
  h46017_arena_free(&m->arena);
  mem = m->mem;
  h46017_mem_release(&mem, m);
}

/* -- failures --------------------------------------------------------- */

/* The fault of the last call as the program sees it. */
static int h225_report(h46017_h225 *m, int code) {
  m->error.code = code;
  m->error.offset = m->fault.bit / 8;
  m->error.bit = (unsigned)(m->fault.bit % 8);
  m->error.path = h46017_fault_path(&m->fault);
  m->error.text = m->fault.text;
  return code;
}

void h46017_h225_begin(h46017_h225 *m) {
  h46017_fault_init(&m->fault);
  (void)h225_report(m, 0);
}

int h46017_h225_fail(h46017_h225 *m, int code, const char *path,
                     size_t path_len, const char *text) {
  m->fault.code = code;
  m->fault.text = text;
  if (path != NULL && path_len > 0) {
    h46017_fault_init(&m->fault);
    m->fault.code = code;
    m->fault.text = text;
    h46017_fault_push(&m->fault, path, path_len);
  }
  return h225_report(m, code);
}

void h46017_h225_fail_memory(h46017_h225 *m) {
  (void)h46017_h225_fail(
      m, m->arena.nomem ? H46017_ERR_NOMEM : H46017_ERR_PER_BUDGET, NULL, 0,
      m->arena.nomem ? "no memory"
                     : "the message needs more memory than the limit");
}

const h46017_h225_error *h46017_h225_last_error(const h46017_h225 *m) {
  return &m->error;
}

/* -- types ------------------------------------------------------------ */

const h46017_h225_type *h46017_h225_type_at(size_t index) {
  const h46017_node_table *t = h46017_node_table_get();

  return t != NULL && index < t->ntypes ? &t->types[index] : NULL;
}

static const h46017_h225_type *h225_find(const h46017_node_table *t,
                                         const char *prefix, size_t prefix_len,
                                         const char *name) {
  for (size_t i = 0; i < t->ntypes; i++) {
    const char *flat = t->types[i].flat_name;
    if (strncmp(flat, prefix, prefix_len) == 0 &&
        strcmp(flat + prefix_len, name) == 0) {
      return &t->types[i];
    }
  }
  return NULL;
}

const h46017_h225_type *h46017_h225_type_find(const char *name) {
  const h46017_node_table *t = h46017_node_table_get();

  if (name == NULL || t == NULL) {
    return NULL;
  }
  if (strncmp(name, "H225.", 5) == 0) {
    return h225_find(t, "", 0, name + 5);
  }
  if (strncmp(name, "H235.", 5) == 0 || strncmp(name, "H245.", 5) == 0) {
    const h46017_h225_type *own = h225_find(t, name, 4, name + 5);
    return own != NULL ? own : h225_find(t, "", 0, name + 5);
  }
  for (size_t i = 0; i < t->ntypes; i++) {
    if (strcmp(t->types[i].name, name) == 0 ||
        strcmp(t->types[i].flat_name, name) == 0) {
      return &t->types[i];
    }
  }
  return NULL;
}

const char *h46017_h225_type_name(const h46017_h225_type *type) {
  return type->name;
}

const h46017_h225_type *h46017_h225_ras_message(void) {
  const h46017_node_table *t = h46017_node_table_get();

  return t != NULL ? t->ras_message : NULL;
}

const h46017_h225_type *h46017_h225_user_information(void) {
  const h46017_node_table *t = h46017_node_table_get();

  return t != NULL ? t->user_information : NULL;
}

/* -- whole messages --------------------------------------------------- */

int h46017_h225_decode(h46017_h225 *m, const h46017_h225_type *type,
                       const uint8_t *data, size_t datalen) {
  h46017_per_limits limits = {m->settings.max_depth, m->settings.max_elements};
  h46017_per_decoded out;
  int rv;

  h225_empty(m);
  h46017_h225_begin(m);
  if (type == NULL || (data == NULL && datalen > 0)) {
    return h46017_h225_fail(m, H46017_ERR_INVALID_ARGUMENT, NULL, 0,
                            "no type or no data");
  }
  rv = h46017_per_decode(type->node, data, datalen, &m->arena, &limits, &out,
                         &m->fault);
  if (rv == 0 && out.consumed < datalen && m->settings.strict_trailing) {
    rv = H46017_ERR_PER_TRAILING;
    m->fault.bit = out.consumed * 8;
    m->fault.text = "octets behind the end of the PDU";
  }
  if (rv != 0) {
    h225_empty(m);
    return h225_report(m, rv);
  }
  m->type = type;
  m->root = out.root;
  m->given = true;
  m->elements = out.elements;
  m->trailing = data + out.consumed;
  m->trailing_len = datalen - out.consumed;
  return 0;
}

int h46017_h225_create(h46017_h225 *m, const h46017_h225_type *type) {
  void *root;

  h225_empty(m);
  h46017_h225_begin(m);
  if (type == NULL) {
    return h46017_h225_fail(m, H46017_ERR_INVALID_ARGUMENT, NULL, 0, "no type");
  }
  root = h46017_h225_alloc(m, type->node->struct_size);
  if (root == NULL) {
    return m->error.code;
  }
  m->type = type;
  m->root = root;
  return 0;
}

/* Before anything was encoded. */
H46017_SELDOM static int h225_refuse(h46017_h225 *m, int code,
                                     const char *text) {
  h46017_h225_begin(m);
  return h46017_h225_fail(m, code, NULL, 0, text);
}

static int h225_encode(h46017_h225 *m, h46017_per_mark *mark, uint8_t *buf,
                       size_t cap, size_t *plen) {
  size_t len = 0;
  int rv;

  if (plen == NULL || (buf == NULL && cap > 0)) {
    return h225_refuse(m, H46017_ERR_INVALID_ARGUMENT, "nowhere to write to");
  }
  if (m->type == NULL) {
    return h225_refuse(m, H46017_ERR_INVALID_STATE, "the message is empty");
  }
  if (!m->given && m->type->node->kind < H46017_NODE_SEQUENCE) {
    return h225_refuse(m, H46017_ERR_INCOMPLETE, "it has no value");
  }
  rv = h46017_per_encode(m->type->node, m->root, buf, cap,
                         m->settings.max_depth, mark, &len, &m->fault);
  if (rv == H46017_ERR_BUFFER_TOO_SMALL && cap == 0) {
    rv = 0; /* only the size was asked for */
  }
  if (rv != 0 && rv != H46017_ERR_BUFFER_TOO_SMALL) {
    return h225_report(m, rv);
  }
  if (m->trailing_len > 0 && rv == 0 && cap > 0) {
    if (m->trailing_len > cap - len) {
      rv = H46017_ERR_BUFFER_TOO_SMALL;
      m->fault.text = "the buffer is too small";
    } else {
      memcpy(buf + len, m->trailing, m->trailing_len);
    }
  }
  *plen = len + m->trailing_len;
  return h225_report(m, rv);
}

int h46017_h225_encode(h46017_h225 *m, uint8_t *buf, size_t cap, size_t *plen) {
  return h225_encode(m, NULL, buf, cap, plen);
}

int h46017_h225_encode_find(h46017_h225 *m, uint8_t *buf, size_t cap,
                            size_t *plen, const uint8_t *bits, size_t *pend) {
  h46017_per_mark mark = {bits, 0};
  int rv = h225_encode(m, &mark, buf, cap, plen);

  *pend = mark.end;
  return rv;
}

const h46017_h225_type *h46017_h225_message_type(const h46017_h225 *m) {
  return m->type;
}

size_t h46017_h225_trailing(const h46017_h225 *m) {
  return m->trailing_len;
}

size_t h46017_h225_memory_used(const h46017_h225 *m) {
  return h46017_arena_used(&m->arena);
}
