/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef EXAMPLES_EP_H245_H
#define EXAMPLES_EP_H245_H

/* What a party without media says in H.245: that it takes nothing (an empty
 * TerminalCapabilitySet), who leads (MasterSlaveDetermination), good-bye. To
 * the library these are octets that it tunnels. */

#include <h46017/call.h>

enum { H245_MAX = 16 };

typedef struct h245_message {
  uint8_t per[H245_MAX];
  size_t len;
} h245_message;

void h245_capabilities(h245_message *out);
/* `number`: 24 random bits, the same all through the call */
void h245_determination(h245_message *out, uint32_t number);
void h245_end_session(h245_message *out);

/* The answer to a message that came; false where there is none. `begun`: this
 * side has sent a MasterSlaveDetermination, and waits for its outcome. */
bool h245_answer(h245_message *out, const uint8_t *per, size_t len,
                 uint32_t number, bool *begun);

#endif
