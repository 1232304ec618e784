/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef H46017_TESTS_VECTORS_H
#define H46017_TESTS_VECTORS_H

/* The records of tests/vectors/generated, and messages against their JSON. */

#include "octets.h"

#include <h46017/h225.h>

#include <jansson.h>

typedef struct vector {
  char id[64];
  const h46017_h225_type *type;
  octets per;
  json_t *json;
} vector;

/* Calls `each` with every record of a file (`ras`); returns how many. The
 * environment variable H46017_VECTOR_DIR (set by meson) says where the
 * unpacked files are. */
size_t vectors_each(const char *file, void (*each)(const vector *v, void *arg),
                    void *arg);

/* Fails the test where a value is not what the JSON says; `path` is for the
 * message. `subset`: additions that the JSON does not have are fine. */
void vectors_compare(h46017_h225_value v, const json_t *json, const char *path,
                     bool subset);

/* Octets of a string as JSON has it; freed with octets_free(). BMPString for
 * `wide`, one octet a character otherwise. */
octets vectors_units(const json_t *json, bool wide);

/* Sets everything that the JSON has, through the setters, into a message that
 * was created with the type. */
void vectors_build(h46017_h225 *m, const h46017_h225_type *type,
                   const json_t *json);

#endif /* H46017_TESTS_VECTORS_H */
