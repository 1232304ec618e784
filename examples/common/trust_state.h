/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef EXAMPLES_TRUST_STATE_H
#define EXAMPLES_TRUST_STATE_H

/* The trust list and the rejected certificates of a state directory. Several
 * programs may have the same ones open. */

#include "options.h"

#include <h46017/clock.h>
#include <h46017/trust.h>
#include <jansson.h>

typedef struct trust_state {
  h46017_store_dir *dir;
  h46017_trust *trust;
  h46017_rejected *rejected;
  h46017_trust *files; /* in force as long as this program runs, or NULL */
  h46017_store store;  /* the directory's */
  h46017_clock *clock; /* whose floor is kept there too */
  uint64_t rest_until; /* see trust_state_look() */
} trust_state;

/* 0 or a code; close it either way, after the contexts. time_floor: the least
 * that a clock shows which is set. */
int trust_state_open(trust_state *t, const char *state, int64_t time_floor);

/* The same, with what is added to t->files in force besides, which is not
 * written down. *t must stay where it is. */
int trust_state_open_with(trust_state *t, const char *state,
                          int64_t time_floor);
void trust_state_close(trust_state *t);

/* Path and the system's words for H46017_ERR_STORE_IO, else empty. */
const char *trust_state_why(const trust_state *t, int code);

/* Octets of a file of certificates at most. */
#define TRUST_FILE_MAX ((size_t)16 * 1024 * 1024)

/* The certificates of files, as a list of its own, *given*. What is not valid
 * now is reported and passed over: an authority that expired is no reason not
 * to start. 0, or a code after a report: a file that cannot be read. */
int trust_state_read(h46017_trust **pread, const text_list *files,
                     int64_t utc_now);
/* Puts what was read into the list. 0, or a code after a report. */
int trust_state_put(h46017_trust *list, const h46017_trust *read);
/* Both: all files are read before the list changes. */
int trust_state_add(h46017_trust *list, const text_list *files,
                    int64_t utc_now);

/* Reports an own certificate that has expired by the clock. */
void trust_state_check_own(const trust_state *t, const SSL_CTX *ctx);

/* Takes up what other programs changed. Called before every handshake it
 * takes at most a tenth of the time: after a long look it rests. True: the
 * list is another. */
bool trust_state_look(trust_state *t);

/* At once. */
bool trust_state_look_now(trust_state *t);

/* Keeps what a handshake refused, and adds `rejected_id` to an event: null
 * where no certificate was refused or recorded. */
void trust_state_note(const trust_state *t, SSL *ssl, const char *peer,
                      json_t *event);

#endif
