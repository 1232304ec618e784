/* SPDX-License-Identifier: BSD-2-Clause */
#include "ep.h"

#include "common/report.h"
#include "common/wallclock.h"

/* The files of --trust count as long as this program runs; what is to stay is
 * in the state directory's list. */
static int take_files(app *p) {
  int64_t now = 0;
  p->trust_waits = p->trust.count > 0 && !clock_utc_now(&now, &p->time_floor);
  return p->trust_waits ? 0 : trust_state_add(p->trusted.files, &p->trust, now);
}

int trust_start(app *p) {
  int code = trust_state_open_with(&p->trusted, p->state);
  if (code != 0) {
    report_code(code, "the trust list of %s: %s", p->state,
                trust_state_why(&p->trusted, code));
    return code;
  }
  code = take_files(p);
  (void)trust_state_look_now(&p->trusted);
  return code;
}

void trust_look(app *p) {
  if (p->trust_waits) {
    (void)take_files(p);
  }
  (void)trust_state_look(&p->trusted);
}
