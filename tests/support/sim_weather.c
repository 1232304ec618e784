/* SPDX-License-Identifier: BSD-2-Clause */
#include "sim_parts.h"

#include <string.h>

static void gust_links(sim *s, sim_link *l) {
  switch (sim_draw(s, 4)) {
  case 0:
    sim_tell(s, "a link goes silent");
    l->cut = true;
    break;
  case 1:
    sim_tell(s, "a link is replaced");
    l->cut = true;
    l->reset_at = s->now + sim_draw(s, 30000);
    break;
  case 2:
    l->left = sim_draw(s, 500);
    break;
  default:
    l->stalled = true;
    break;
  }
}

static void gust_programs(sim *s, sim_host *h, sim_gk *g) {
  switch (sim_draw(s, 12)) {
  case 0:
    if (h->ep != NULL) {
      sim_tell(s, "ep%d crashes", h->number);
      sim_host_end(h);
      h->start_at = s->now + sim_draw(s, 30000);
    }
    break;
  case 1:
    if (h->ep != NULL) {
      sim_host_after(h, h46017_endpoint_close(h->ep, sim_clock(s)));
      h->start_at = s->now + 1000 + sim_draw(s, 60000);
    }
    break;
  case 2:
    h->start_at = s->now;
    break;
  case 3:
    if (g->gk != NULL) {
      sim_tell(s, "gk%d is killed", g->number);
      sim_gk_kill(g);
      g->start_at = s->now + sim_draw(s, 60000);
    }
    break;
  case 4:
    if (g->gk != NULL) {
      sim_gk_reload(g, sim_chance(s, 4));
    }
    break;
  case 5:
    sim_host_add_name(h);
    break;
  case 6:
    h->wrong_by = sim_chance(s, 2) ? (int64_t)sim_draw(s, 2000) - 1000 : 0;
    break;
  case 7:
    sim_call_begin(h);
    break;
  case 8:
  case 9:
  case 10:
    sim_meddle(s, h);
    break;
  default:
    if (g->gk != NULL) {
      (void)h46017_gatekeeper_unregister(g->gk, h->names[0][0].text,
                                         strlen(h->names[0][0].text),
                                         H46017_URQ_MAINTENANCE, sim_clock(s));
    }
    break;
  }
}

void sim_gust(sim *s) {
  sim_host *h = &s->hosts[sim_draw(s, (uint32_t)s->host_count)];
  sim_gk *g = &s->gks[sim_draw(s, (uint32_t)s->gk_count)];

  s->gust_at = s->now + sim_draw(s, 30000);
  switch (sim_draw(s, 7)) {
  case 0:
  case 1:
    if (h->link != NULL) {
      gust_links(s, h->link);
    }
    break;
  case 2:
    s->unreachable ^= 1U << g->number;
    break;
  case 3:
    if (s->poor) {
      h->mem.fail_at = h->mem.calls + 1 + sim_draw(s, 40);
      g->mem.fail_at = g->mem.calls + 1 + sim_draw(s, 40);
    }
    break;
  case 4:
    if (s->skew && sim_chance(s, 4)) {
      s->now += sim_draw(s, 24 * 3600) * SIM_SECOND;
      sim_tell(s, "the clock jumps");
    }
    for (sim_link *l = s->links; l != NULL; l = l->next) {
      l->stalled = false;
    }
    break;
  case 5:
    for (size_t i = 0; i < 4; i++) {
      sim_call_begin(&s->hosts[sim_draw(s, (uint32_t)s->host_count)]);
    }
    break;
  default:
    gust_programs(s, h, g);
    break;
  }
}

void sim_clear_up(sim *s) {
  sim_tell(s, "the weather clears");
  s->storm = false;
  s->gust_at = H46017_TIME_NEVER;
  s->unreachable = 0;
  for (size_t i = 0; i < s->gk_count; i++) {
    s->gks[i].mem.fail_at = 0;
    if (s->gks[i].gk == NULL) {
      sim_gk_start(&s->gks[i]);
    } else {
      sim_gk_reload(&s->gks[i], false);
    }
  }
  for (size_t i = 0; i < s->host_count; i++) {
    s->hosts[i].mem.fail_at = 0;
    s->hosts[i].wrong_by = 0;
    s->hosts[i].start_at = s->now;
  }
  for (sim_link *l = s->links; l != NULL; l = l->next) {
    l->stalled = false;
  }
}
