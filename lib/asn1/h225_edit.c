/* SPDX-License-Identifier: BSD-2-Clause */
#include "asn1/h225_leaf.h"
#include "asn1/h225_share.h"

#include <h46017/error.h>

#include <string.h>

/* A set is made in two halves, so that a message stays as it was when one
 * fails. First everything is looked at that needs no memory: does the path
 * exist in the schema, does the value fit its end? Then the path is walked in
 * the message. Where it leaves what is there, the rest is built aside; when
 * all of it stands, with the value, one step links it in. */

typedef enum edit_link {
  LINK_NONE,
  LINK_POINTER, /* an absent component: set the pointer to it */
  LINK_ELEMENT, /* a new element: its pointer is in the array, count it */
  LINK_CHOICE   /* another alternative: copy the CHOICE over the old one */
} edit_link;

typedef struct edit_walk {
  h46017_h225 *m;
  const h46017_node *node; /* where the walk stands */
  void *st;
  edit_link link;
  const h46017_member *link_member; /* POINTER */
  const h46017_node *link_node;     /* CHOICE */
  void *link_st;                    /* the structure that is linked into */
  void *link_new;                   /* what is linked */
  const h46017_node *given_node;    /* the SEQUENCE to tell that component */
  void *given_st;                   /* `given_index` has a value; NULL: none */
  size_t given_index;
} edit_walk;

static int edit_fail(h46017_h225 *m, int code, const char *path,
                     const char *text) {
  return h46017_h225_fail(m, code, path, strlen(path), text);
}

/* -- the schema half -------------------------------------------------- */

/* The type at the end of a path; NULL: there is no such path. Its depth is what
 * it is for the decoder: types that contain others are counted. */
static const h46017_node *edit_find_type(const h46017_node *n, const char *path,
                                         uint32_t *pdepth) {
  h46017_path_step step;
  uint32_t index;

  *pdepth = 0;
  while (*path != '\0') {
    const h46017_member *member;
    (*pdepth)++;
    if (!h46017_path_next(&path, &step)) {
      return NULL;
    }
    if (n->kind == H46017_NODE_SEQUENCE_OF) {
      if (step.name != NULL) {
        return NULL;
      }
      n = n->members[0].node;
      continue;
    }
    if ((n->kind != H46017_NODE_SEQUENCE && n->kind != H46017_NODE_CHOICE) ||
        step.name == NULL) {
      return NULL;
    }
    member = h46017_node_member(n, step.name, step.len);
    if (member != NULL) {
      n = member->node;
    } else {
      return *path == '\0' && n->extensible &&
                     h46017_path_is_unknown(&step, &index)
                 ? &h46017_node_unknown
                 : NULL;
    }
  }
  *pdepth += n->kind >= H46017_NODE_SEQUENCE;
  return n;
}

/* -- the message half ------------------------------------------------- */

/* A component, alternative or element that is not there yet. */
static void *edit_make(edit_walk *w, const h46017_node *n) {
  return h46017_h225_alloc(w->m, n->struct_size);
}

static int edit_enter_pointer(edit_walk *w, const h46017_member *member) {
  void *made = edit_make(w, member->node);

  if (made == NULL) {
    return w->m->error.code;
  }
  if (w->link == LINK_NONE) {
    w->link = LINK_POINTER;
    w->link_member = member;
    w->link_st = w->st;
    w->link_new = made;
  } else {
    h46017_member_link(member, w->st, made);
  }
  w->st = made;
  return 0;
}

static void *edit_unconst(const void *p) {
  void *out;

  memcpy(&out, &p, sizeof(out));
  return out;
}

static int edit_enter_member(edit_walk *w, const h46017_member *member) {
  void *target = edit_unconst(h46017_member_get(member, w->st));
  int rv = 0;

  if (target != NULL) {
    w->st = target;
  } else {
    rv = edit_enter_pointer(w, member);
  }
  w->node = member->node;
  return rv;
}

static int edit_enter_sequence(edit_walk *w, const h46017_member *member) {
  if (!member->pointer) {
    w->given_node = w->node;
    w->given_st = w->st;
    w->given_index = (size_t)(member - w->node->members);
  }
  return edit_enter_member(w, member);
}

static int edit_enter_choice(edit_walk *w, const h46017_member *member) {
  const h46017_node *n = w->node;
  int wanted = (int)(member - n->members) + 1;

  if (h46017_choice_present(n, w->st) != wanted) {
    if (w->link == LINK_NONE) {
      void *made = edit_make(w, n);
      if (made == NULL) {
        return w->m->error.code;
      }
      w->link = LINK_CHOICE;
      w->link_node = n;
      w->link_st = w->st;
      w->link_new = made;
      w->st = made;
    }
    h46017_choice_select(n, w->st, wanted);
  }
  return edit_enter_member(w, member);
}

/* Room for one more element. */
static int edit_grow_list(edit_walk *w, h46017_list *list) {
  size_t room = list->count >= 4 ? (size_t)list->count * 2 : 4;
  void **array;

  if (list->count < list->size) {
    return 0;
  }
  array = h46017_h225_alloc(w->m, room * sizeof(*array));
  if (array == NULL) {
    return w->m->error.code;
  }
  if (list->count > 0) {
    memcpy(array, list->array, (size_t)list->count * sizeof(*array));
  }
  list->array = array;
  list->size = (int)room;
  return 0;
}

static int edit_append(edit_walk *w) {
  const h46017_node *n = w->node;
  h46017_list *list = w->st;
  void *made;
  int rv;

  if ((size_t)list->count >= n->size_ub) {
    return h46017_h225_fail(w->m, H46017_ERR_OUT_OF_RANGE, NULL, 0,
                            "the type allows no more elements");
  }
  if (w->m->elements >= w->m->settings.max_elements) {
    return h46017_h225_fail(w->m, H46017_ERR_PER_BUDGET, NULL, 0,
                            "more elements than the limit allows");
  }
  rv = edit_grow_list(w, list);
  made = rv == 0 ? edit_make(w, n->members[0].node) : NULL;
  if (made == NULL) {
    return w->m->error.code;
  }
  list->array[list->count] = made;
  w->m->elements++;
  if (w->link == LINK_NONE) {
    w->link = LINK_ELEMENT;
    w->link_st = list;
  } else {
    list->count++;
  }
  w->st = made;
  w->node = n->members[0].node;
  return 0;
}

static int edit_enter_element(edit_walk *w, size_t index) {
  h46017_list *list = w->st;

  if (index > (size_t)list->count) {
    return h46017_h225_fail(w->m, H46017_ERR_NOT_FOUND, NULL, 0,
                            "the index is past the end");
  }
  if (index == (size_t)list->count) {
    return edit_append(w);
  }
  w->st = list->array[index];
  w->node = w->node->members[0].node;
  return 0;
}

/* An addition or alternative not known here can be replaced, not made. */
static int edit_enter_unknown(edit_walk *w, const h46017_path_step *step) {
  asn_struct_ctx_t *ctx = h46017_node_ctx(w->node, w->st);
  h46017_unknown_list *list = ctx->ptr;
  h46017_unknown *u = NULL;
  uint32_t index = 0;

  (void)h46017_path_is_unknown(step, &index);
  if (w->node->kind == H46017_NODE_CHOICE) {
    u = h46017_choice_present(w->node, w->st) == 0 ? ctx->ptr : NULL;
    u = u != NULL && u->index == index ? u : NULL;
  } else if (list != NULL) {
    for (size_t i = 0; i < list->count && u == NULL; i++) {
      u = list->items[i].index == index ? &list->items[i] : NULL;
    }
  }
  if (u == NULL) {
    return h46017_h225_fail(w->m, H46017_ERR_NOT_FOUND, NULL, 0,
                            "no such addition was received");
  }
  w->node = &h46017_node_unknown;
  w->st = u;
  return 0;
}

static int edit_walk_path(edit_walk *w, const char *path) {
  h46017_path_step step;
  int rv = 0;

  while (rv == 0 && h46017_path_next(&path, &step)) {
    const h46017_member *member = NULL;
    w->given_node = NULL;
    if (step.name != NULL) {
      member = h46017_node_member(w->node, step.name, step.len);
    }
    if (step.name == NULL) {
      rv = edit_enter_element(w, step.index);
    } else if (member == NULL) {
      rv = edit_enter_unknown(w, &step);
    } else if (w->node->kind == H46017_NODE_CHOICE) {
      rv = edit_enter_choice(w, member);
    } else {
      rv = edit_enter_sequence(w, member);
    }
  }
  return rv;
}

static void edit_commit(edit_walk *w) {
  h46017_list *list = w->link_st;

  if (w->given_node != NULL) {
    h46017_per_give(w->given_node, w->given_st, w->given_index);
  }
  switch (w->link) {
  case LINK_NONE:
    break;
  case LINK_POINTER:
    h46017_member_link(w->link_member, w->link_st, w->link_new);
    break;
  case LINK_ELEMENT:
    list->count++;
    break;
  case LINK_CHOICE:
    memcpy(w->link_st, w->link_new, w->link_node->struct_size);
    break;
  }
}

/* The schema half: the type at the end of the path; NULL: the error says why
 * not. */
static const h46017_node *edit_find(h46017_h225 *m, const char *path,
                                    bool data) {
  const h46017_node *n;
  uint32_t depth;

  h46017_h225_begin(m);
  if (path == NULL || !data) {
    (void)edit_fail(m, H46017_ERR_INVALID_ARGUMENT, "", "no path or no data");
    return NULL;
  }
  if (m->type == NULL) {
    (void)edit_fail(m, H46017_ERR_INVALID_STATE, path, "the message is empty");
    return NULL;
  }
  n = edit_find_type(m->type->node, path, &depth);
  if (n == NULL) {
    (void)edit_fail(m, H46017_ERR_NOT_FOUND, path,
                    "the type has no such component");
  } else if (depth > m->settings.max_depth) {
    (void)edit_fail(m, H46017_ERR_PER_DEPTH, path,
                    "nested deeper than the limit");
    n = NULL;
  }
  return n;
}

/* The message half, as far as the component. */
static int edit_begin(edit_walk *w, h46017_h225 *m, const char *path) {
  memset(w, 0, sizeof(*w));
  w->m = m;
  w->node = m->type->node;
  w->st = m->root;
  return edit_walk_path(w, path);
}

static int edit_set(h46017_h225 *m, const char *path, const h46017_leaf *leaf) {
  const h46017_node *n =
      edit_find(m, path, leaf->data != NULL || leaf->len == 0);
  const char *text = "";
  edit_walk w;
  int rv;

  if (n == NULL) {
    return m->error.code;
  }
  rv = h46017_leaf_check(n, leaf, &text);
  if (rv != 0) {
    return edit_fail(m, rv, path, text);
  }
  rv = edit_begin(&w, m, path);
  if (rv == 0) {
    rv = h46017_leaf_write(m, w.node, w.st, leaf);
  }
  if (rv != 0) {
    return edit_fail(m, rv, path, m->error.text);
  }
  edit_commit(&w);
  m->given = true;
  return 0;
}

/* asn1c describes a SEQUENCE OF anew wherever it stands in the schema. */
static bool edit_is_alike(const h46017_node *a, const h46017_node *b) {
  while (a != b && a->kind == H46017_NODE_SEQUENCE_OF && b->kind == a->kind &&
         a->size_lb == b->size_lb && a->size_ub == b->size_ub) {
    a = a->members[0].node;
    b = b->members[0].node;
  }
  return a == b;
}

int h46017_h225_share(h46017_h225 *m, const char *path, h46017_h225_value v) {
  const h46017_node *n = edit_find(m, path, true);
  edit_walk w;
  int rv;

  if (n == NULL) {
    return m->error.code;
  }
  if (v.node == NULL) {
    return edit_fail(m, H46017_ERR_ABSENT, path, "there is no value");
  }
  if (n->kind == H46017_NODE_UNKNOWN || !edit_is_alike(n, v.node)) {
    return edit_fail(m, H46017_ERR_TYPE_MISMATCH, path,
                     "the value is of another type");
  }
  rv = edit_begin(&w, m, path);
  if (rv != 0) {
    return edit_fail(m, rv, path, m->error.text);
  }
  memcpy(w.st, v.data, n->struct_size);
  edit_commit(&w);
  m->given = true;
  return 0;
}

/* -- the setters ------------------------------------------------------ */

int h46017_h225_set_bool(h46017_h225 *m, const char *path, bool value) {
  h46017_leaf leaf = {H46017_LEAF_BOOL, value, NULL, 0};

  return edit_set(m, path, &leaf);
}

int h46017_h225_set_uint(h46017_h225 *m, const char *path, uint64_t value) {
  h46017_leaf leaf = {H46017_LEAF_UINT, value, NULL, 0};

  return edit_set(m, path, &leaf);
}

int h46017_h225_set_int(h46017_h225 *m, const char *path, int64_t value) {
  h46017_leaf leaf = {H46017_LEAF_INT, (uint64_t)value, NULL, 0};

  return edit_set(m, path, &leaf);
}

int h46017_h225_set_octets(h46017_h225 *m, const char *path,
                           const uint8_t *data, size_t len) {
  h46017_leaf leaf = {H46017_LEAF_OCTETS, 0, data, len};

  return edit_set(m, path, &leaf);
}

int h46017_h225_set_bits(h46017_h225 *m, const char *path, const uint8_t *data,
                         size_t bits) {
  h46017_leaf leaf = {H46017_LEAF_BITS, 0, data, bits};

  return edit_set(m, path, &leaf);
}

int h46017_h225_set_text(h46017_h225 *m, const char *path, const char *text,
                         size_t len) {
  h46017_leaf leaf = {H46017_LEAF_TEXT, 0, (const uint8_t *)text, len};

  return edit_set(m, path, &leaf);
}

int h46017_h225_set_present(h46017_h225 *m, const char *path) {
  h46017_leaf leaf = {H46017_LEAF_PRESENT, 0, NULL, 0};

  return edit_set(m, path, &leaf);
}

/* -- removing --------------------------------------------------------- */

static void edit_remove_item(h46017_unknown_list *list, size_t i) {
  list->count--;
  memmove(&list->items[i], &list->items[i + 1],
          (list->count - i) * sizeof(*list->items));
}

static int edit_remove_unknown(const h46017_node *n, void *st,
                               const h46017_path_step *step) {
  h46017_unknown_list *list = h46017_node_ctx(n, st)->ptr;
  uint32_t index;

  if (list != NULL && h46017_path_is_unknown(step, &index)) {
    for (size_t i = 0; i < list->count; i++) {
      if (list->items[i].index == index) {
        edit_remove_item(list, i);
        return 0;
      }
    }
  }
  return H46017_ERR_ABSENT;
}

static int edit_remove_component(const h46017_node *n, void *st,
                                 const h46017_path_step *step) {
  const h46017_member *member = h46017_node_member(n, step->name, step->len);
  size_t i;

  if (member == NULL) {
    return edit_remove_unknown(n, st, step);
  }
  i = (size_t)(member - n->members);
  if (h46017_h225_component(n, st, i) == NULL) {
    return H46017_ERR_ABSENT;
  }
  if (i < n->nroot && !member->optional) {
    return H46017_ERR_INVALID_ARGUMENT;
  }
  h46017_member_link(member, st, NULL);
  return 0;
}

static int edit_remove_element(h46017_list *list, size_t index) {
  if (index >= (size_t)list->count) {
    return H46017_ERR_ABSENT;
  }
  list->count--;
  memmove(&list->array[index], &list->array[index + 1],
          ((size_t)list->count - index) * sizeof(*list->array));
  return 0;
}

static int edit_remove_last(h46017_h225_value parent,
                            const h46017_path_step *step) {
  const h46017_node *n = parent.node;
  void *st = edit_unconst(parent.data);

  if (n == NULL) {
    return H46017_ERR_ABSENT;
  }
  if (n->kind == H46017_NODE_SEQUENCE_OF) {
    return edit_remove_element(st, step->index);
  }
  if (n->kind == H46017_NODE_SEQUENCE) {
    return edit_remove_component(n, st, step);
  }
  /* a CHOICE without a choice is no value */
  return h46017_h225_step(parent, step).node == NULL
             ? H46017_ERR_ABSENT
             : H46017_ERR_INVALID_ARGUMENT;
}

int h46017_h225_remove(h46017_h225 *m, const char *path) {
  h46017_h225_value v;
  h46017_path_step step;
  const char *rest = path;
  uint32_t depth;
  int rv;

  h46017_h225_begin(m);
  if (path == NULL || *path == '\0') {
    return edit_fail(m, H46017_ERR_INVALID_ARGUMENT, "", "no path");
  }
  if (m->type == NULL) {
    return edit_fail(m, H46017_ERR_INVALID_STATE, path, "the message is empty");
  }
  if (edit_find_type(m->type->node, path, &depth) == NULL) {
    return edit_fail(m, H46017_ERR_NOT_FOUND, path,
                     "the type has no such component");
  }
  v = h46017_h225_root(m);
  (void)h46017_path_next(&rest, &step);
  while (*rest != '\0') {
    v = h46017_h225_step(v, &step);
    (void)h46017_path_next(&rest, &step);
  }
  rv = edit_remove_last(v, &step);
  if (rv != 0) {
    return edit_fail(m, rv, path,
                     rv == H46017_ERR_ABSENT ? "it is not there"
                                             : "it is mandatory");
  }
  return 0;
}
