/* SPDX-License-Identifier: BSD-2-Clause */
#include "asn1/plain_check.h"

#include "base/mem.h"

#include <h46017/error.h>

#include <string.h>

#define TWIN_NODES 1024
#define TWIN_MEMBERS 4096

static const h46017_node *twin_of[TWIN_NODES];
static h46017_node twin_nodes[TWIN_NODES];
static size_t twin_count;
static h46017_member twin_members[TWIN_MEMBERS];
static size_t twin_member_count;

/* The node without plain paths, nor any below it. NULL: too many. */
static const h46017_node *twin_get(const h46017_node *n) {
  h46017_member *members = &twin_members[twin_member_count];
  size_t count = n->kind == H46017_NODE_ENUM ? 0 : n->nmembers;
  h46017_node *twin;

  for (size_t i = 0; i < twin_count; i++) {
    if (twin_of[i] == n) {
      return &twin_nodes[i];
    }
  }
  if (twin_count == TWIN_NODES || count > TWIN_MEMBERS - twin_member_count) {
    return NULL;
  }
  twin_member_count += count;
  twin_of[twin_count] = n;
  twin = &twin_nodes[twin_count++];
  *twin = *n;
  twin->plain = NULL;
  twin->way = n->kind;
  twin->members = members;
  for (size_t i = 0; i < count; i++) {
    members[i] = n->members[i];
    members[i].node = twin_get(n->members[i].node);
    if (members[i].node == NULL) {
      return NULL;
    }
  }
  return twin;
}

/* One way of decoding, and what came of it. */
typedef struct checked {
  const h46017_node *node;
  int rv;
  h46017_per_decoded out;
  size_t used;
  h46017_fault fault;
} checked;

static void check_run(checked *c, h46017_arena *arena, const uint8_t *data,
                      size_t len, const h46017_per_limits *limits) {
  memset(&c->out, 0, sizeof(c->out));
  c->rv =
      h46017_per_decode(c->node, data, len, arena, limits, &c->out, &c->fault);
  c->used = h46017_arena_used(arena);
}

static const char *check_fault(const h46017_fault *a, const h46017_fault *b) {
  if (a->code != b->code) {
    return "another error code";
  }
  if (a->bit != b->bit) {
    return "an error at another bit";
  }
  if (strcmp(a->text, b->text) != 0) {
    return "another error text";
  }
  return strcmp(h46017_fault_path(a), h46017_fault_path(b)) != 0
             ? "an error at another path"
             : NULL;
}

static const char *check_same(const checked *a, const checked *b) {
  if (a->rv != b->rv) {
    return "one accepts what the other refuses, or another error";
  }
  if (a->rv != 0) {
    return check_fault(&a->fault, &b->fault);
  }
  if (a->out.consumed != b->out.consumed) {
    return "the message ends elsewhere";
  }
  if (a->out.elements != b->out.elements) {
    return "another number of elements";
  }
  return a->used != b->used ? "another use of the arena" : NULL;
}

/* Where one block of the arena takes all: the same octets in the same place. */
static const char *check_image(checked *engine, checked *plain,
                               h46017_arena *arena, const uint8_t *data,
                               size_t len, const h46017_per_limits *limits) {
  unsigned char *begin;
  unsigned char *end;
  unsigned char *image;
  size_t size;
  const char *text;

  h46017_arena_reset(arena);
  begin = arena->next;
  end = arena->end;
  check_run(engine, arena, data, len, limits);
  if (begin == NULL || arena->end != end) {
    return NULL;
  }
  size = (size_t)(arena->next - begin);
  image = h46017_mem_alloc(&arena->mem, size);
  if (image == NULL) {
    return "no memory for the check";
  }
  memcpy(image, begin, size);
  h46017_arena_reset(arena);
  check_run(plain, arena, data, len, limits);
  text = check_same(engine, plain);
  if (text == NULL && engine->rv == 0 &&
      (arena->next != begin + size || memcmp(image, begin, size) != 0)) {
    text = "another C structure";
  }
  h46017_mem_release(&arena->mem, image);
  return text;
}

const char *h46017_plain_check_decode(const h46017_node *node,
                                      const uint8_t *data, size_t len,
                                      const h46017_plain_limits *limits,
                                      bool *paccepted) {
  checked engine = {.node = twin_get(node)};
  checked plain = {.node = node};
  h46017_arena arena;
  const char *text;

  if (engine.node == NULL) {
    return "more nodes than the check has room for";
  }
  h46017_arena_init(&arena, h46017_mem_default(), limits->budget);
  check_run(&plain, &arena, data, len, &limits->per);
  h46017_arena_reset(&arena);
  check_run(&engine, &arena, data, len, &limits->per);
  text = check_same(&engine, &plain); /* blocks grew in one of the two */
  for (int i = 0; text == NULL && i < 2; i++) {
    text = check_image(&engine, &plain, &arena, data, len, &limits->per);
  }
  if (text == NULL && plain.rv == 0) { /* the last in the arena was any */
    h46017_arena_reset(&arena);
    check_run(&plain, &arena, data, len, &limits->per);
    text = h46017_plain_check_encode(node, plain.out.root, limits->per.depth);
  }
  if (paccepted != NULL) {
    *paccepted = plain.rv == 0;
  }
  h46017_arena_free(&arena);
  return text;
}

/* Both ways into blocks of exactly `cap` octets. */
static const char *check_room(const h46017_node *engine,
                              const h46017_node *plain, const void *root,
                              uint32_t depth, size_t cap, size_t *pneed) {
  const h46017_mem *mem = h46017_mem_default();
  uint8_t *a = cap > 0 ? h46017_mem_alloc(mem, cap) : NULL;
  uint8_t *b = cap > 0 ? h46017_mem_alloc(mem, cap) : NULL;
  h46017_fault fault_a;
  h46017_fault fault_b;
  size_t len_a = 0;
  size_t len_b = 0;
  const char *text = NULL;
  int rv_a;
  int rv_b;

  if (cap > 0 && (a == NULL || b == NULL)) {
    text = "no memory for the check";
    goto done;
  }
  rv_a = h46017_per_encode(engine, root, a, cap, depth, NULL, &len_a, &fault_a);
  rv_b = h46017_per_encode(plain, root, b, cap, depth, NULL, &len_b, &fault_b);
  if (rv_a != rv_b) {
    text = "one encodes what the other refuses, or another error";
  } else if (len_a != len_b) {
    text = "another length";
  } else if (rv_a != 0) {
    text = check_fault(&fault_a, &fault_b);
  } else if (cap > 0 && memcmp(a, b, len_a) != 0) {
    text = "other octets";
  }
  *pneed = len_a;
done:
  h46017_mem_release(mem, a);
  h46017_mem_release(mem, b);
  return text;
}

const char *h46017_plain_check_encode(const h46017_node *node, const void *root,
                                      uint32_t depth) {
  const h46017_node *engine = twin_get(node);
  size_t need;
  size_t again;
  const char *text;

  if (engine == NULL) {
    return "more nodes than the check has room for";
  }
  text = check_room(engine, node, root, depth, 0, &need);
  if (text == NULL && need > 0) {
    text = check_room(engine, node, root, depth, need, &again);
  }
  if (text == NULL && need > 1) {
    text = check_room(engine, node, root, depth, need - 1, &again);
  }
  return text != NULL || need < 4
             ? text
             : check_room(engine, node, root, depth, need / 2, &again);
}
