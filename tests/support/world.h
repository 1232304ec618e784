/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef H46017_TESTS_WORLD_H
#define H46017_TESTS_WORLD_H

/* A gatekeeper, endpoints, the wires between them, and the clock: all of it in
 * one process and repeatable. What happens is written down as text, a line an
 * event, to be looked for or compared. */

#include <h46017/h46017.h>

#define WORLD_LINES 8

typedef struct world world;

/* An endpoint and its wire. */
typedef struct world_line {
  world *w;
  int number;
  h46017_endpoint *ep;     /* NULL: removed */
  h46017_connection *conn; /* the gatekeeper's end; NULL: no wire */
  uint32_t reg;
  size_t chunk;         /* octets carried at once; SIZE_MAX: all */
  bool wanted;          /* the endpoint asked for a connection */
  bool reachable;       /* the gatekeeper answers; false: connecting fails */
  uint32_t unreachable; /* those of the list that do not: bits */
  uint32_t probed;      /* those asked about: bits */
  size_t index;         /* the one to connect to */
  bool cut;             /* octets vanish both ways, nobody is told */
  const h46017_identity *peer; /* who the endpoint proves to be */
  uint32_t connects;
  uint64_t carried; /* octets, both ways */
} world_line;

struct world {
  h46017_time now;
  const h46017_mem *mem;
  h46017_gatekeeper *gk;
  world_line lines[WORLD_LINES];
  int line_count;
  uint32_t random;
  char *story;
  size_t story_len;
  size_t story_cap;

  /* What the gatekeeper's program answers. */
  h46017_device device; /* the only one; name NULL: there is none */
  bool open;
  h46017_password_outcome password;
  h46017_answered answered;
  uint64_t question; /* the latest */
  uint64_t dropped;  /* the latest */
  int refuse;
  const h46017_alias *grant; /* instead of the names asked for; NULL: those */
  size_t grant_count;
  bool shared;       /* a name may have several holders */
  int fail_callback; /* counts down; at 0 the next callback fails */
  int fail_with;     /* so; 0: with -1 */

  /* Called inside every callback of the gatekeeper, when set: the callback's
   * name, and the connection it is about, NULL where it is about none. */
  void (*hook)(world *w, const char *callback, h46017_connection *c);
  void *hook_data;

  /* Passwords: what the gatekeeper's program knows, what endpoints that are
   * added have (NULL: none), the time of day at 0 ms; -1: it is not known. */
  const char *secret;
  const char *ep_password;
  const char *ep_user;
  uint32_t ep_kinds;
  int64_t utc;
  int64_t ep_utc;
  const h46017_identity *proves; /* who the gatekeeper proves to be; NULL */

  /* Every RAS message as it comes in at either side, when set. */
  void (*seen)(world *w, bool at_gatekeeper, const uint8_t *per, size_t len);

  /* Called before what an endpoint sent reaches the gatekeeper, when set. */
  void (*arriving)(world *w, world_line *line);

  /* Called between two steps, whenever something has moved, when set. */
  void (*moved)(world *w);

  /* Called inside `registered` of the gatekeeper, when set. */
  void (*in_registered)(world *w, h46017_connection *c);
};

/* The defaults, but that times to live are granted as they are asked for. */
void world_settings(h46017_gatekeeper_settings *settings);

/* Set before a world is made: changes what is told to whom. NULL: nothing. */
extern void (*world_tune_gatekeeper)(h46017_gatekeeper_callbacks *callbacks);
extern void (*world_tune_endpoint)(h46017_endpoint_callbacks *callbacks);

/* Both NULL for defaults (world_settings()). Ends the test on failure unless
 * `mem` is given, when the error is returned. */
int world_init(world *w, const h46017_gatekeeper_settings *settings,
               const h46017_mem *mem);
int world_add(world *w, world_line **pline, const char *alias,
              const h46017_endpoint_settings *settings);

/* Until nothing happens before `until`; the clock stands there then. Returns
 * the first fatal error that a call returned. */
int world_run(world *w, h46017_time until);

/* The wire breaks, and both sides are told. */
void world_break(world *w, world_line *line);

/* The endpoint is deleted, and its connection with it: a program does that
 * after a fatal error. */
void world_remove(world *w, world_line *line);

/* Takes the messages away that the gatekeeper keeps: as if they were in use
 * elsewhere, so that the next one has to be made. */
void world_starve(world *w);

void world_free(world *w);

/* Looks for a line that starts so; counts them. */
int world_count(const world *w, const char *start);
void world_forget(world *w); /* the story so far */

#endif /* H46017_TESTS_WORLD_H */
