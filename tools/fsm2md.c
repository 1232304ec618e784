/* SPDX-License-Identifier: BSD-2-Clause */
/* Prints the state machines as Markdown with Mermaid diagrams, from the tables
 * the library runs on: doc/state-machine.md is this program's output. */
#include "session/fsm.h"

#include <stdio.h>

static void print_list(const char *const *names, int count, uint32_t mask) {
  const char *comma = "";

  for (int i = 0; i < count; i++) {
    if ((mask & H46017_FSM_BIT(i)) != 0) {
      printf("%s%s", comma, names[i]);
      comma = ", ";
    }
  }
}

static void print_machine(const char *title, const h46017_fsm *fsm) {
  const char *states[32];

  for (int s = 0; s < fsm->state_count; s++) {
    states[s] = fsm->states[s].name;
  }
  printf("\n## %s\n\n```mermaid\nstateDiagram-v2\n  [*] --> %s\n", title,
         states[0]);
  for (int s = 0; s < fsm->state_count; s++) {
    for (int to = 0; to < fsm->state_count; to++) {
      if ((fsm->states[s].next & H46017_FSM_BIT(to)) != 0) {
        printf("  %s --> %s\n", states[s], states[to]);
      }
    }
  }
  printf("```\n\n| state | handles | lets pass | may be followed by | ends by "
         "|\n|---|---|---|---|---|\n");
  for (int s = 0; s < fsm->state_count; s++) {
    const h46017_fsm_state *st = &fsm->states[s];
    printf("| %s | ", st->name);
    print_list(fsm->events, fsm->event_count, st->handles);
    printf(" | ");
    print_list(fsm->events, fsm->event_count, st->ignores);
    printf(" | ");
    print_list(states, fsm->state_count, st->next);
    if (st->timer != NULL) {
      printf(" | timer `%s` |\n", st->timer);
    } else {
      printf(" | %s |\n", st->waits_for);
    }
  }
}

int main(void) {
  printf("# The state machines\n\n"
         "Made from the tables in `lib/session` by `tools/fsm2md.c`; do not "
         "edit. An event\nthat a state neither handles nor lets pass is "
         "refused, and changes nothing.\n");
  print_machine("Endpoint: the connection", &h46017_endpoint_connection_fsm);
  print_machine("Endpoint: a registration", &h46017_endpoint_registration_fsm);
  print_machine("Gatekeeper: a connection", &h46017_gatekeeper_connection_fsm);
  print_machine("Gatekeeper: a registration",
                &h46017_gatekeeper_registration_fsm);
  print_machine("A call, either side", &h46017_call_fsm);
  return 0;
}
