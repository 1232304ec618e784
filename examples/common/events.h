/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef EXAMPLES_EVENTS_H
#define EXAMPLES_EVENTS_H

/* What happens, one line each on standard output: a JSON object, or the same
 * members as text for a person. */

#include <h46017/ras.h>
#include <jansson.h>
#include <stdbool.h>

/* Chooses the form; text until then. */
void events_init(bool json);

/* A new event of this name, with the time of day. Never NULL: a program that
 * has no memory for a line of text ends. */
json_t *events_new(const char *name);

/* Adds text that may not be UTF-8 (what a peer sent): what jansson refuses
 * becomes `?`. NULL adds JSON null. */
void events_text(json_t *event, const char *key, const char *text, size_t len);

/* Adds octets as hexadecimal digits. */
void events_octets(json_t *event, const char *key, const uint8_t *octets,
                   size_t len);

/* Adds `code` (the name), `id` (H46017-nnn) and, for a person, `meaning` and
 * `remedy`; nothing for 0. */
void events_code(json_t *event, int code);

/* The names of a list of aliases as a JSON array. */
json_t *events_names(const h46017_alias *aliases, size_t count);

/* Prints and releases it. */
void events_emit(json_t *event);

/* RFC 3339, UTC, milliseconds; at least 32 octets. */
void events_time(char *out, size_t size);

#endif
